#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""explain against NumPy on what runs leave."""
import csv
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, Graph, predictions, sets


class Explain(EngineTest):
    def explain(self, *args):
        return json.loads(self.call("explain", *args, "--json").stdout)

    def test_scores_draws_and_predictions(self):
        run = self.run_folder(self.graph(), *SHORT, *sets(network__k="6-5-4-3"))
        rows, p = predictions(run / "predictions.csv")
        self.call("sparsify", run, "--epoch", self.result(run)["runs"][0]["best_epoch"], "--out", "drawn")
        start, source, kind = (np.load(run / "scores" / f"{n}.npy") for n in ("row_start", "source", "type"))
        for node in (0, 17, 79):
            found = self.explain(run, "--node", node, "--edges", 1000)
            self.assertEqual([found["node"][k] for k in ("node", "split", "label", "predicted")], rows[node])
            for c in found["node"]["classes"]:
                self.assertAlmostEqual(c["probability"], p[node, int(c["class"])], places=5)
            self.assertEqual([l["layer"] for l in found["layers"]], [3, 2, 1, 0])
            here = slice(start[node], start[node + 1])
            for layer in found["layers"]:
                l = layer["layer"]
                score = np.load(run / f"scores/layer_{l}.npy")[here]
                drawn, types = (np.load(self.dir / "drawn" / f"layer_{l}_{n}.npy")[node] for n in ("source", "type"))
                self.assertEqual(layer["draws"], min((6, 5, 4, 3)[l], len(score)))
                self.assertAlmostEqual(sum(e["score"] for e in layer["edges"]), 1, places=5)
                self.assertAlmostEqual(sum(e["attention"] or 0 for e in layer["edges"]), 1, places=5)
                for e in layer["edges"]:
                    t = ["graph", "expander", "self loop"].index(e["type"])
                    these = (source[here] == int(e["node"])) & (kind[here] == t)
                    self.assertEqual(e["parallel"], these.sum())
                    self.assertAlmostEqual(e["score"], score[these].sum(), places=6)
                    self.assertEqual(e["draws"], ((drawn == int(e["node"])) & (types == t)).sum())
                    self.assertEqual([e[k] for k in ("node", "split", "label", "predicted")], rows[int(e["node"])])
            self.assertAlmostEqual(sum(n["flow"] for n in self.explain(run, "--node", node)["nodes"]),
                                   sum(n["flow"] for n in found["nodes"]))
            self.assertLessEqual(sum(n["flow"] for n in found["nodes"]), 1 + 1e-6)

    def test_contributions_are_the_gradient(self):
        """Of a network of one layer, by differences: a feature of one node is changed in the file."""
        for model in ("spexphormer", "plain"):
            graph = Graph(nodes=40, features=3)
            options = [*SHORT, *sets(model=model, network__layers=1, estimator__layers=1, network__k=3, data__features="as_found")]
            run = self.run_folder(graph.write(self.dir / f"{model}.npz"), *options, name=model)
            found = self.explain(run, "--node", 5)
            decided = found["decided"]
            margin = self.margin(run, decided)
            self.assertAlmostEqual(decided["margin"], margin, places=4)
            if model == "spexphormer":
                continue  # another graph makes other scores and draws
            step, feature = 1e-2, found["features"][0]
            column = feature["feature"]
            values = []
            for sign in (1, -1):
                changed = Graph(nodes=40, features=3)
                changed.node_features[5, column] += sign * step
                self.call("predict", run, changed.write(self.dir / "changed.npz"), "--out", f"p{sign}.csv")
                values.append(self.margin(self.dir / f"p{sign}.csv", decided))
            gradient = (values[0] - values[1]) / (2 * step)
            self.assertAlmostEqual(feature["value"], graph.node_features[5, column], places=5)
            self.assertAlmostEqual(feature["own"], gradient * graph.node_features[5, column], delta=2e-2)

    @staticmethod
    def margin(file, decided):
        _, p = predictions(file / "predictions.csv" if file.is_dir() else file)
        return np.log(p[5, int(decided["class"])] / p[5, int(decided["against"])])

    def test_every_kind_of_network(self):
        for name, settings in {"exphormer": sets(model="exphormer"), "plain": sets(model="plain"), "graph": sets(network__norm="graph"),
                               "batch": sets(network__sampler="batch_reservoir", network__batch_size=20)}.items():
            run = self.run_folder(self.graph(), *SHORT, *settings, name=name)
            rows, p = predictions(run / "predictions.csv")
            found = self.explain(run, "--node", 11)
            self.assertEqual(found["node"]["predicted"], rows[11][3], name)
            self.assertAlmostEqual(found["node"]["classes"][0]["probability"], p[11].max(), places=4, msg=name)
            self.assertTrue(np.isfinite([f["contribution"] for f in found["features"]]).all())
            for layer in found["layers"]:
                self.assertAlmostEqual(sum(e["attention"] or 0 for e in layer["edges"]) + layer["left_out_attention"], 1, places=4)
            self.assertIn("layer 3", self.call("explain", run, "--node", 11).stdout)

    def test_same_at_any_number_of_threads(self):
        run = self.run_folder(self.graph(), *SHORT)
        self.assertEqual(self.explain(run, "--node", 3, "--threads", 1), self.explain(run, "--node", 3, "--threads", 3))

    def test_stage_1_alone(self):
        self.call("estimate", self.graph(), *SHORT, "--out", "scores")
        found = self.explain("scores", "--node", 2)
        self.assertIsNone(found["features"])
        self.assertGreater(found["layers"][0]["edges"][0]["score"], 0)

    def test_own_ids_and_names(self):
        hostile = "</script><img src=x onerror=alert(1)>\x1b[2J"
        with open(self.dir / "n.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "f", "g", "label", "split"])
            for i in range(60):
                table.writerow([f"user {i}<b>", i % 7 / 7, i % 3, hostile if i % 2 else "fine, really", ("train", "val", "test")[i % 3]])
        with open(self.dir / "e.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["source", "destination"])
            for i in range(60):
                table.writerows([[f"user {i}<b>", f"user {(i + s) % 60}<b>"] for s in (1, 2, 7)])
        self.call("convert", "--nodes", "n.csv", "--edges", "e.csv", "--out", "own")
        run = self.run_folder("own", *SHORT, report=True)
        found = self.explain(run, "--node", "user 8<b>")
        self.assertEqual(found["node"]["node"], "user 8<b>")
        self.assertEqual(found["node"]["label"], "fine, really")
        self.assertNotIn("\x1b", self.call("explain", run, "--node", "user 9<b>").stdout)
        self.call("report", run, "--node", "user 8<b>", "--node", "user 9<b>", "--out", "page.html")
        for page in (self.dir / "page.html", run / "report.html"):
            text = page.read_text()
            self.assertNotIn("<img", text)
            self.assertEqual(text.count("</script"), 2)
            self.assertIn("&lt;img src=x", text)
        self.call("explain", run, "--node", "user 8<b>", "--out", "node.html")
        self.assertIn("<svg", (self.dir / "node.html").read_text())

    def test_what_cannot_be_explained(self):
        run = self.run_folder(self.graph(), *SHORT)
        shown = self.call("explain", run, "--node", "80", code=1).stderr
        self.assertIn("node '80'", shown)
        self.assertIn("such as 0 or 79", shown)
        self.assertIn("not a run folder", self.call("explain", self.dir, "--node", 1, code=1).stderr)
        other = self.call("explain", run, "--node", 1, "--graph", self.graph(seed=4, name="o.npz"))
        self.assertIn("the graph is not the one that was trained on", other.stderr)
        few = self.graph(nodes=40, name="few.npz")
        self.assertIn("node '60': not in", self.call("explain", run, "--node", 60, "--graph", few, code=1).stderr)
        many = self.run_folder(self.graph(), *SHORT, "--repeats", 2, name="many")
        self.assertIn("sums up 2 runs", self.call("explain", many, "--node", 1, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
