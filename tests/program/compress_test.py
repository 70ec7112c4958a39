#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compress: run folders that work as any other, and bad input refused."""
import json
import shutil
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, plain_torch, predictions, sets

PLAIN = sets(model="plain", network__epochs=20, network__width=16, network__ffn_width=16, network__heads=1, network__layers=2)
SPARSE = SHORT + sets(network__width=16, network__heads=2, network__pre_layers=1)


class Compress(EngineTest):
    def wide(self, *settings):
        return self.run_folder(self.graph(), *(settings or PLAIN), name="wide")

    def compress(self, run, method, *args, name="narrow"):
        out = self.dir / name
        report = json.loads(self.call("compress", run, "--method", method, *args, "--out", out, "--json").stdout)
        return out, report

    def fails(self, code, text, *args):
        self.assertIn(text, self.call(*args, code=code).stderr)

    def check_folder(self, out, report):
        """Predictions are the network's, again from the folder, and the figures those of the predictions."""
        self.call("predict", out, "--out", self.dir / "again.csv", "--overwrite")
        np.testing.assert_array_equal(predictions(out / "predictions.csv")[1], predictions(self.dir / "again.csv")[1])
        result = json.loads((out / "result.json").read_text())
        self.assertEqual(result["test_mean"], report["measured"]["narrow"]["test"])
        self.assertEqual(result["compression"]["method"], report["method"])
        weights = plain_torch().load_safetensors(out / "network.safetensors")
        count = sum(w.numel() for name, w in weights.items() if "running" not in name)
        self.assertEqual(result["runs"][0]["network"]["parameters"], count)
        self.assertEqual(report["measured"]["narrow"]["bytes"], 4 * count)
        self.call("inspect", out)

    def test_every_method_on_the_plain_transformer(self):
        run = self.wide()
        for method, args in {"jl": ["--width", 8, "--matrix", "sign"], "low-rank": ["--width", 8], "exact": ["--width", 16],
                             "leverage": ["--width", 4], "cluster": ["--width", 4], "fitted": ["--width", 4],
                             "distilled": ["--width", 4, "--epochs", 20], "auto": ["--max-loss", 0.2, "--epochs", 5]}.items():
            with self.subTest(method):
                out, report = self.compress(run, method, *args, name=method)
                self.check_folder(out, report)
        error = json.loads((self.dir / "exact/compression.json").read_text())["measured"]["output_error"]
        self.assertLess(error["relative_mean"], 1e-8)
        narrow = json.loads((self.dir / "distilled/compression.json").read_text())["measured"]["narrow"]
        self.assertEqual(narrow["width"], 4)
        self.assertEqual(len((self.dir / "distilled/metrics.jsonl").read_text().splitlines()), 20)

    def test_clusters_with_random_matrices_in_the_first_layer(self):
        for name, settings in {"plain": PLAIN, "pre": PLAIN + sets(network__pre_layers=1), "sparse": SPARSE}.items():
            with self.subTest(name):
                run = self.run_folder(self.graph(), *settings, name=f"wide-{name}")
                out, report = self.compress(run, "cluster", "--width", 4, "--first-layer", "jl", name=f"narrow-{name}")
                self.check_folder(out, report)
                self.assertIn("first_width: 16", (out / "recipe.yaml").read_text())
                self.assertFalse(report["assumption"]["holds"])  # 4 dimensions are far fewer than the union bound asks for
                self.assertGreater(report["assumption"]["width_asked"], 4)
        self.fails(2, "--first-layer", "compress", run, "--method", "cluster", "--width", 4, "--first-layer", "both")

    def test_what_is_said_is_what_was_found(self):
        run = self.wide()
        for method, args in {"jl": ["--width", 8], "low-rank": ["--width", 12], "cluster": ["--width", 4], "fitted": ["--width", 8]}.items():
            with self.subTest(method):
                out = self.dir / f"said-{method}"
                text = self.call("compress", run, "--method", method, *args, "--out", out).stdout
                report = json.loads((out / "compression.json").read_text())
                promise, error = report["promise"], report["measured"]["output_error"]
                holds = report["assumption"]["holds"]
                self.assertIn("assumption: " + {None: "makes none", True: "holds", False: "does not hold"}[holds], text)
                if "output_error" in promise:
                    self.assertLessEqual(error["max"], promise["output_error"] if holds or method != "jl" else np.inf)
                    self.assertIn(f"promise: no output is off by more than {promise['output_error']:.4g}", text)
                    if promise["output_error"] >= promise["largest_output"]:
                        self.assertTrue(promise["vacuous"])
                    self.assertEqual(promise["vacuous"], "the theorem says nothing" in text)
                else:
                    self.assertIn("promise: none", text)
                narrow, wide = report["measured"]["narrow"], report["measured"]["wide"]
                for cost, words in {"parameters": "parameters", "multiply_adds": "multiply-adds"}.items():
                    grown = narrow[cost] > wide[cost]
                    self.assertEqual(grown, cost in report["measured"]["grown"])
                    self.assertEqual(grown, f"costs more than the network before it: {words}" in text)

    def test_sampled_and_full_networks_with_edge_types(self):
        for model in ("spexphormer", "exphormer"):
            run = self.run_folder(self.graph(), *SPARSE, *sets(model=model), name=model)
            for method, args in {"jl": ["--width", 8], "fitted": ["--width", 8], "distilled": ["--width", 4, "--epochs", 10],
                                 "fitted-again": ["--width", 8, "--part", "attention"]}.items():
                with self.subTest(model=model, method=method):
                    out, report = self.compress(run, method.removesuffix("-again"), *args, name=f"{model}-{method}")
                    self.check_folder(out, report)
            again, report = self.compress(self.dir / f"{model}-fitted", "fitted", "--width", 2, name=f"{model}-twice")
            self.check_folder(again, report)

    def test_trains_on(self):
        out, report = self.compress(self.wide(), "fitted", "--width", 8)
        more = self.dir / "more"
        self.call("run", self.graph(), "--weights", out, "--set", "network.epochs=3", "--set", "network.lr=1e-9",
                  "--set", "network.dropout=0", "--out", more)
        value = json.loads((more / "result.json").read_text())["runs"][0]["val"]
        self.assertAlmostEqual(value, report["measured"]["narrow"]["val"], delta=0.02)  # hardly moved
        self.fails(1, "have seen", "run", self.graph(), "--weights", out, "--split", 1, "--out", self.dir / "leak")

    def test_same_bits_at_any_thread_count(self):
        run = self.wide()
        weights = []
        for threads in (1, 2, 4):
            out, _ = self.compress(run, "distilled", "--width", 4, "--epochs", 5, "--threads", threads, name=f"t{threads}")
            weights.append((out / "network.safetensors").read_bytes())
        self.assertEqual(weights[0], weights[1])
        self.assertEqual(weights[0], weights[2])

    def test_bad_input(self):
        run = self.wide()
        out = self.dir / "bad"
        bad = lambda code, text, *args: self.fails(code, text, "compress", *args, "--out", out)
        bad(1, "expected 1 to 16", run, "--method", "fitted", "--width", 17)
        bad(1, "expected 1 to 16", run, "--method", "fitted")
        bad(1, "rank", run, "--method", "exact", "--width", 2)
        bad(1, "expected a width d with", run, "--method", "leverage", "--width", 12)
        bad(1, "whole network", run, "--method", "distilled", "--width", 4, "--part", "attention")
        bad(2, "expected a whole number from 0", run, "--method", "fitted", "--width", 4, "--seed", -3)
        bad(2, "smaller", run, "--method", "smaller", "--width", 4)
        bad(1, "not a run folder", self.dir, "--method", "fitted", "--width", 4)
        bad(1, "another graph", run, "--method", "fitted", "--width", 4, "--graph", self.graph(seed=1, name="other.npz"))
        estimate = self.dir / "estimate"
        self.call("estimate", self.graph(), *SHORT, "--out", estimate)
        bad(1, "no network", estimate, "--method", "fitted", "--width", 4)
        norm = self.run_folder(self.graph(), *PLAIN, *sets(network__norm="graph"), name="graph-norm")
        bad(1, "no affine map", norm, "--method", "fitted", "--width", 4)
        self.assertFalse(out.exists())
        self.fails(2, "is RUN as well", "compress", run, "--method", "fitted", "--width", 4, "--out", run)
        broken = self.dir / "broken"
        shutil.copytree(run, broken)
        (broken / "network.safetensors").write_bytes(b"x" * 40)
        bad(1, "network.safetensors", broken, "--method", "fitted", "--width", 4)
        (broken / "network.safetensors").unlink()
        bad(1, "network.safetensors", broken, "--method", "fitted", "--width", 4)
        sparse = self.run_folder(self.graph(), *SPARSE, name="sparse")
        (sparse / "scores/layer_1.npy").unlink()
        bad(1, "layer_1.npy: cannot be read: No such file or directory", sparse, "--method", "fitted", "--width", 4)
        shutil.rmtree(sparse / "scores")
        (sparse / "estimator.safetensors").unlink()
        bad(1, "estimator.safetensors", sparse, "--method", "fitted", "--width", 4)
        several = self.run_folder(self.graph(), *PLAIN, "--repeats", 2, name="several")
        bad(1, "sums up 2 runs", several, "--method", "fitted", "--width", 4)


if __name__ == "__main__":
    unittest.main()
