#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""study: points as run folders, resumed, summed up."""
import json
import unittest

import numpy as np

from engine_testing import EngineTest, sets

FEW = ("--epochs", 3, *sets(network__width=16))


class Study(EngineTest):
    def study(self, *args, out="study"):
        return json.loads(self.call("study", *args, "--threads", 1, "--out", self.dir / out, "--json").stdout)

    def test_width_agrees_with_inspect(self):
        found = self.study("width", self.graph(), "--values", "4,8", "--repeats", 2, "--epochs", 3)
        self.assertEqual([p["value"] for p in found["points"]], [4, 8, 4, 8])
        inspected = json.loads(self.call("inspect", self.dir / "study/width-4-seed-1", self.dir / "study/width-8-seed-1",
                                         "--seed", 1, "--json").stdout)
        layers = inspected["comparison"]["layers"]
        of_point = next(p for p in found["points"] if p["value"] == 4 and p["seed"] == 1)
        for scores in ("agreement", "uniform"):
            self.assertAlmostEqual(of_point[scores]["energy_values"], np.mean([l[scores]["energy_values"]["mean"] for l in layers]))
        four = found["summary"][0]
        tests = [p["test"] for p in found["points"] if p["value"] == 4]
        self.assertAlmostEqual(four["test"]["mean"], np.mean(tests))
        self.assertAlmostEqual(four["test"]["std"], np.std(tests, ddof=1))
        result = self.result(self.dir / "study/width-4-seed-1")
        self.assertEqual((result["runs"][0]["split"], result["runs"][0]["seed"]), (1, 1))

    def test_goes_on_where_it_stopped(self):
        graph = self.graph()
        first = self.study("k", graph, "--values", 2, *FEW)
        before = {p: p.stat().st_mtime_ns for p in self.dir.glob("study/*/result.json")}
        self.assertEqual(len(before), 5)  # scores, four samplers
        both = self.study("k", graph, "--values", "2,4", *FEW)
        self.assertEqual(both["points"][:4], first["points"])
        for path, time in before.items():
            self.assertEqual(path.stat().st_mtime_ns, time)
        error = {(p["value"], p["variant"]): p["spectral_error"] for p in both["points"]}
        for sampler in ("graph_reservoir", "graph_importance", "graph_uniform", "graph_max"):
            self.assertLess(error[4, sampler], error[2, sampler])

    def test_density_and_size_hold_both_models(self):
        found = self.study("density", self.graph(), "--values", "2,6", *FEW)
        self.assertEqual([(r["value"], r["variant"]) for r in found["summary"]],
                         [(v, m) for v in (2, 6) for m in ("exphormer", "spexphormer")])
        edges = [r["attention_edges"]["mean"] for r in found["summary"]]
        self.assertGreater(edges[2], edges[0])
        self.assertEqual(set(found["pays_from"]), {"peak_bytes", "seconds_per_epoch"})
        for point in found["points"]:  # the attention graph and the scores are held too, which are no tensors
            stages = [stage for stage in ("estimator", "network") if f"{stage}_peak_bytes" in point]
            self.assertEqual(point["peak_bytes"], max(point[f"{stage}_peak_bytes"] for stage in stages))
            self.assertGreaterEqual(point["peak_bytes"], point["peak_tensor_bytes"])
        found = self.study("size", "--values", "12,16", *FEW, out="size")
        self.assertEqual([r["nodes"]["mean"] for r in found["summary"]], [144, 144, 256, 256])

    def test_plain_network_widths(self):
        found = self.study("width", self.graph(), "--recipe", "plain", "--values", "4,8", "--epochs", 3, "--set", "network.heads=1")
        self.assertIn("energy_neighbours", found["points"][0]["agreement"])

    def test_any_key(self):
        found = self.study("network.dropout", self.graph(), "--values", "0.5,0,0.5", "--repeats", 2, *FEW)
        self.assertEqual(found["values"], [0.5, 0])  # in the order in which they were given, each once
        self.assertEqual([(r["value"], r["val"]["count"]) for r in found["summary"]], [(0.5, 2), (0, 2)])
        recipe = (self.dir / "study/network.dropout-0.5-seed-1/recipe.yaml").read_text()
        self.assertIn("dropout: 0.5", recipe)
        words = self.study("network.norm", self.graph(), "--values", "batch,layer", *FEW, out="words")
        self.assertEqual(words["values"], ["batch", "layer"])
        shown = self.call("study", "network.norm", self.graph(), "--values", "batch,layer", *FEW, "--threads", 1, "--out", "words").stdout
        self.assertRegex(shown, r"(?m)^ +layer")

    def test_bad_input(self):
        graph = self.graph()
        fails = lambda code, text, *args: self.assertIn(text, self.call("study", *args, code=code).stderr)
        self.study("width", graph, "--values", 4, "--epochs", 2)
        fails(1, "holds another study", "width", graph, "--values", 4, "--epochs", 3, "--out", self.dir / "study")
        fails(1, "holds another study", "width", self.graph(seed=4, name="other.npz"), "--values", 4, "--epochs", 2, "--out", self.dir / "study")
        run = self.run_folder(graph, *sets(estimator__epochs=1, network__epochs=1))
        fails(1, "and no study", "width", graph, "--values", 4, "--out", run)
        fails(2, "GRAPH is missing", "width")
        fails(2, "expected no GRAPH", "size", graph)
        fails(1, "needs spexphormer", "k", graph, "--recipe", "plain", "--out", self.dir / "none")
        fails(1, "multiple of heads", "width", graph, "--recipe", "plain", "--set", "network.heads=2", "--values", "3", "--out", self.dir / "odd")
        self.assertEqual(self.call("study", "depth", graph, code=2).stdout, "")
        fails(2, "did you mean network.dropout?", "network.dropuot", graph, "--values", "0.1")
        fails(1, "values are missing", "network.dropout", graph, "--out", self.dir / "none")
        fails(1, "network.dropout is 2", "network.dropout", graph, "--values", "2", "--out", self.dir / "none")
        self.assertFalse((self.dir / "none").exists())
        fails(2, "--values: '1.5'", "k", graph, "--values", "1.5", "--out", self.dir / "none")


if __name__ == "__main__":
    unittest.main()
