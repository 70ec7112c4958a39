#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Metrics, thresholds and calibration of a run, splits without some part, predictions of some nodes, and notes about other data."""
import csv
import json
import unittest

import numpy as np

from engine_testing import SHORT, EngineTest, Graph, sets


def rare(seed=0):
    """Two classes, a sixth of the nodes in the second one."""
    graph = Graph(nodes=120, classes=6, seed=seed)
    graph.node_labels = (graph.node_labels == 5).astype(np.int64)
    return graph


class Decisions(EngineTest):
    def rows(self, path="run/predictions.csv"):
        with open(self.dir / path, newline="") as file:
            return list(csv.DictReader(file))

    def trained(self, *settings, graph=None):
        (graph or rare()).write(self.dir / "graph.npz")
        self.run_folder("graph.npz", "--overwrite", *SHORT, *settings)
        return self.result(self.dir / "run")["runs"][0]

    @staticmethod
    def f1(rows, threshold, part):
        chosen = [(float(r["p_1"]) >= threshold, r["label"] == "1") for r in rows if r["split"] == part]
        right = sum(a and b for a, b in chosen)
        return 2 * right / max(1, sum(a for a, _ in chosen) + sum(b for _, b in chosen))

    def test_the_threshold_is_the_best_on_validation_and_decides_everywhere(self):
        run = self.trained(*sets(data__threshold="f1", data__metric="f1"))
        (threshold,) = run["learned"]["thresholds"]
        self.assertEqual(run["learned"]["positive_class"], "1")
        rows = self.rows()
        best = max(self.f1(rows, float(r["p_1"]), "val") for r in rows if r["split"] == "val")
        self.assertAlmostEqual(self.f1(rows, threshold, "val"), best)
        self.assertAlmostEqual(run["val"], best)
        self.assertAlmostEqual(run["test"], self.f1(rows, threshold, "test"))
        for row in rows:
            self.assertEqual(row["predicted"], str(int(float(row["p_1"]) >= threshold)))
        self.call("predict", "run", "--out", "again.csv")
        self.assertEqual(self.rows("again.csv"), rows)
        node = next(r["node"] for r in rows if (float(r["p_1"]) >= threshold) != (float(r["p_1"]) > 0.5))
        explained = json.loads(self.call("explain", "run", "--node", node, "--json").stdout)
        self.assertEqual(explained["node"]["predicted"], next(r["predicted"] for r in rows if r["node"] == node))
        self.assertEqual(explained["decided"]["class"], explained["node"]["predicted"])

    def test_calibration_lowers_the_log_loss_and_keeps_the_order(self):
        plain = self.trained(*sets(data__metric="log_loss"))
        before = [float(r["p_1"]) for r in self.rows()]
        run = self.trained(*sets(data__metric="log_loss", data__calibration="temperature"))
        after = [float(r["p_1"]) for r in self.rows()]
        self.assertLessEqual(run["val"], plain["val"] + 1e-9)
        self.assertNotEqual(run["learned"]["temperature"], 1)
        self.assertEqual(np.argsort(before, kind="stable").tolist(), np.argsort(after, kind="stable").tolist())
        self.call("report", "run")
        page = (self.dir / "run" / "report.html").read_text()
        self.assertIn("Probabilities are calibrated", page)

    def test_the_best_epoch_has_the_smallest_log_loss(self):
        run = self.trained(*sets(data__metric="log_loss", network__epochs=8))
        epochs = [json.loads(line) for line in (self.dir / "run" / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual(run["val"], min(e["val"] for e in epochs if e["stage"] == "network"))

    def test_metrics_are_those_of_the_predictions(self):
        for metric, k in (("precision_at_5", 5), ("precision_at_1000", 1000)):
            run = self.trained(*sets(data__metric=metric))
            test = sorted(((float(r["p_1"]), r["label"] == "1") for r in self.rows() if r["split"] == "test"), reverse=True)
            self.assertAlmostEqual(run["test"], np.mean([right for _, right in test[:k]]))
        self.assertIn("did you mean accuracy", self.call("run", "graph.npz", "--out", "x", *sets(data__metric="acuracy"), code=2).stderr)

    def test_a_split_without_validation_or_test(self):
        run = self.trained(*sets(data__validation="none"))
        self.assertIsNone(run["val"])
        self.assertEqual(run["best_epoch"], 2)
        split = json.loads((self.dir / "run" / "split.json").read_text())
        self.assertEqual((len(split["train"]), split["val"]), (90, []))
        run = self.trained(*sets(data__split="random", data__train_fraction=0.8, data__val_fraction=0.2))
        self.assertIsNone(run["test"])
        run = self.trained(*sets(data__split="random", data__validation="none", data__train_fraction=0.8, data__val_fraction=0.2))
        self.assertEqual((run["val"], run["test"]), (None, None))
        self.call("report", "run")
        self.call("plan", "graph.npz", *sets(data__split="random", data__validation="none", data__train_fraction=0.8, data__val_fraction=0.2))
        graph = rare()
        graph.train_masks, graph.val_masks, graph.test_masks = (np.zeros(120, bool) for _ in range(3))
        graph.train_masks[:90] = True
        graph.write(self.dir / "graph.npz")
        said = self.call("run", "graph.npz", "--out", "x", *SHORT, code=1).stderr
        self.assertIn("split 0 has no validation nodes", said)
        self.trained(*sets(data__validation="none"), graph=graph)

    def test_predictions_of_some_nodes(self):
        for settings in ((), sets(model="exphormer"), sets(network__norm="graph")):
            self.trained(*settings)
            (self.dir / "ids.txt").write_text("7\r\n3\n\n7\n")
            self.call("predict", "run", "--ids", "ids.txt", "--out", "some.csv", "--overwrite")
            some, every = self.rows("some.csv"), {r["node"]: r for r in self.rows()}
            self.assertEqual([r["node"] for r in some], ["3", "7"])
            for row in some:
                self.assertAlmostEqual(float(row["p_1"]), float(every[row["node"]]["p_1"]), 6)
                self.assertEqual(row["split"], every[row["node"]]["split"])
        (self.dir / "ids.txt").write_text("7\n500\n")
        self.assertIn("ids.txt: line 2: '500' is the id of no node", self.call("predict", "run", "--ids", "ids.txt", "--out", "x.csv", code=1).stderr)
        (self.dir / "ids.txt").write_text("\n")
        self.assertIn("holds no ids", self.call("predict", "run", "--ids", "ids.txt", "--out", "x.csv", code=1).stderr)

    def test_scales_and_shifts(self):
        graph = rare()
        graph.node_features = graph.node_features.astype(np.float32)
        graph.node_features[:, 0] *= 5000
        graph.write(self.dir / "graph.npz")
        said = self.call("run", "graph.npz", "--out", "run", *SHORT).stderr
        self.assertIn("the features' scales differ by a factor of", said)
        self.assertTrue((self.dir / "run" / "feature_scales.npy").is_file())
        self.call("run", "graph.npz", "--out", "raw", *SHORT, *sets(data__features="as_found"))
        self.assertFalse((self.dir / "raw" / "feature_scales.npy").exists())
        self.assertIn("data.features=standardised", self.call("check", "graph.npz").stdout)
        before = self.rows()
        graph.node_features[:10, 0] += 1e6
        graph.write(self.dir / "other.npz")
        said = self.call("predict", "run", "other.npz", "--out", "other.csv").stderr
        self.assertIn("'feature 0' of 10 of 120 nodes is outside of training's range", said)
        # Scoring keeps the treatment of training, also of a graph whose scales are alike.
        alike = rare()
        alike.write(self.dir / "alike.npz")
        self.call("predict", "run", "alike.npz", "--out", "alike.csv")
        self.assertNotEqual(self.rows("alike.csv"), before)

    def test_baselines_beside_the_metric(self):
        rare().write(self.dir / "graph.npz")
        self.call("run", "graph.npz", "--out", "run", *SHORT)
        report = json.loads((self.dir / "run" / "report.json").read_text())
        simple = report["runs"][0]["detail"]["baselines"]
        self.assertEqual(simple["guess"]["test"], 0.5)
        self.assertGreater(simple["linear"]["val"], 0)
        self.assertIn("a linear model of features and degree, without edges", (self.dir / "run" / "report.html").read_text())
        (self.dir / "graph.npz").unlink()
        later = json.loads(self.call("report", "run", "--json").stdout)
        self.assertEqual(later["runs"][0]["detail"]["baselines"], simple, "from the earlier report")


if __name__ == "__main__":
    unittest.main()
