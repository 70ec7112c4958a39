#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Numbers to predict: from tables and arrays through every command, in their own unit."""
import csv
import json
import math
import unittest

import numpy as np

from engine_testing import EngineTest, Graph, sets

LONG = sets(estimator__epochs=20, network__epochs=60, network__width=32)


class Regression(EngineTest):
    def tables(self, nodes=240, name=""):
        """Flats whose price is three thousand per square metre, and twice that in the first half of a street."""
        random = np.random.default_rng(0)
        size = random.uniform(20, 120, nodes)
        price = size * np.where(np.arange(nodes) < nodes // 2, 6000, 3000)
        with open(self.dir / f"nodes{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([["id", "size", "kind", "price"], *(
                [f"flat-{i}", round(s, 1), "ab"[i % 2], "" if i % 10 == 0 else round(p)] for i, (s, p) in enumerate(zip(size, price)))])
        with open(self.dir / f"edges{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([["source", "destination"], *(
                [f"flat-{i}", f"flat-{i + d}"] for i in range(nodes) for d in (1, 2, 3) if i + d < nodes)])

    def trained(self, *settings):
        self.tables()
        self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--label", "price", "--task", "regression", "--out", "graph",
                  "--overwrite")
        self.run_folder("graph", "--overwrite", *LONG, *settings)
        return self.result(self.dir / "run")

    def rows(self, path):
        with open(self.dir / path, newline="") as file:
            return {row["node"]: row for row in csv.DictReader(file)}

    def test_the_figures_are_those_of_the_predictions(self):
        result = self.trained()
        rows = self.rows("run/predictions.csv")
        self.assertEqual(len(rows), 240)
        self.assertEqual(rows["flat-10"]["label"], "")
        true, predicted = np.array([[float(r["label"]), float(r["predicted"])] for r in rows.values() if r["split"] == "test"]).T
        rmse = math.sqrt(np.mean((true - predicted) ** 2))
        self.assertEqual(result["metric"], "rmse")
        self.assertAlmostEqual(result["runs"][0]["test"] / rmse, 1, 5)
        self.assertLess(rmse, 0.6 * true.std(), "better than the mean")
        quality = json.loads((self.dir / "run" / "quality.json").read_text())
        test = next(part for part in quality["splits"] if part["split"] == "test")
        self.assertAlmostEqual(test["mae"] / np.mean(np.abs(true - predicted)), 1, 5)
        self.assertAlmostEqual(test["r2"], 1 - np.sum((true - predicted) ** 2) / np.sum((true - true.mean()) ** 2), 5)
        learned = result["runs"][0]["learned"]
        train = np.array([float(r["label"]) for r in rows.values() if r["split"] == "train"])
        self.assertAlmostEqual(learned["means"][0] / train.mean(), 1, 6)
        self.assertAlmostEqual(learned["deviations"][0] / train.std(), 1, 6)
        self.call("report", "run")
        page = (self.dir / "run" / "report.html").read_text()
        for words in ("Predicted against true", "Residuals", "largest errors", "rmse"):
            self.assertIn(words, page)

    def test_other_data_keeps_the_unit_that_was_learned(self):
        self.trained()
        trained = self.rows("run/predictions.csv")
        table = (self.dir / "nodes.csv").read_text().splitlines()
        (self.dir / "nodes2.csv").write_text("\n".join(line.rsplit(",", 1)[0] for line in table) + "\n")  # without the prices
        self.call("predict", "run", "--nodes", "nodes2.csv", "--edges", "edges.csv", "--out", "scores.csv")
        for node, row in self.rows("scores.csv").items():
            self.assertAlmostEqual(float(row["predicted"]) / float(trained[node]["predicted"]), 1, 6)
            self.assertEqual(row["label"], "")

    def test_other_commands(self):
        self.trained()
        explained = json.loads(self.call("explain", "run", "--node", "flat-5", "--json").stdout)
        self.assertIsInstance(explained["node"]["predicted"], float)
        self.assertEqual(explained["node"]["classes"], [])
        self.assertTrue(explained["features"])
        for method in ("fitted", "distilled"):
            self.call("compress", "run", "--method", method, "--width", 16, "--out", method, *(["--epochs", 5] if method == "distilled" else []))
            self.assertGreater(self.result(self.dir / method)["runs"][0]["test"], 0)
        checked = json.loads(self.call("check", "graph", "--json").stdout)
        self.assertEqual(checked["labels"]["kind"], "numbers")
        self.assertEqual(checked["labels"]["numbers"][0]["nodes"], 216)
        self.call("plan", "graph")
        self.call("report", "run", "fitted", "--out", "both.html")

    def test_losses_and_the_best_epoch(self):
        for loss in ("mae", "huber"):
            self.trained(*sets(data__loss=loss, data__metric="mae"))
            epochs = [json.loads(line) for line in (self.dir / "run" / "metrics.jsonl").read_text().splitlines()]
            values = [e["val"] for e in epochs if e["stage"] == "network"]
            self.assertEqual(self.result(self.dir / "run")["runs"][0]["val"], min(values), "the smallest error is the best")

    def test_several_numbers_and_arrays(self):
        graph = Graph()
        del graph.node_labels
        random = np.random.default_rng(0)
        graph.node_numbers = np.stack([graph.node_features[:, 0] * 1000 + random.normal(0, 1, 80), graph.node_features[:, 1]], 1)
        graph.node_numbers[3] = np.nan
        graph.write(self.dir / "numbers.npz")
        self.run_folder("numbers.npz", *sets(estimator__epochs=3, network__epochs=3))
        self.assertEqual(self.result(self.dir / "run")["metric"], "r2")
        row = self.rows("run/predictions.csv")["3"]
        self.assertEqual(list(row), ["node", "split", "label_0", "label_1", "predicted_0", "predicted_1"])
        self.assertEqual((row["label_0"], row["split"]), ("", "none"))
        self.call("convert", "numbers.npz", "--out", "folder")
        self.run_folder("folder", "--overwrite", *sets(estimator__epochs=3, network__epochs=3))
        self.assertEqual(self.rows("run/predictions.csv")["3"], row)

    def test_refusals(self):
        self.tables()
        table = ["--nodes", "nodes.csv", "--edges", "edges.csv", "--out", "x"]
        for words, args in (("column 'kind' is not a column of numbers", ["--label", "kind", "--task", "regression"]),
                            ("expected a class from 0", ["--label", "size", "--drop", "price"]),
                            ("--task regression predicts numbers", ["--label", "size", "--drop", "price"])):
            self.assertIn(words, self.call("convert", *table, *args, code=1).stderr)
        self.call("convert", *table[:4], "--label", "price", "--task", "regression", "--out", "graph")
        for key, value in (("metric", "roc_auc"), ("threshold", "f1"), ("class_weights", "balanced"), ("calibration", "temperature")):
            said = self.call("run", "graph", "--out", "r", *sets(**{f"data__{key}": value}), code=1).stderr
            self.assertIn(f"data.{key} is {value}, which is for classes", said)
        graph = Graph()
        graph.node_numbers = graph.node_labels / 2
        graph.write(self.dir / "both.npz")
        self.assertIn("has both node_labels and node_numbers", self.call("check", "both.npz", code=1).stderr)
        del graph.node_labels
        graph.node_numbers[5] = np.inf
        graph.write(self.dir / "infinite.npz")
        self.assertIn("node 5: inf, expected a number", self.call("check", "infinite.npz", code=1).stderr)
        self.run_folder("graph", *sets(estimator__epochs=2, network__epochs=2))
        Graph(features=3).write(self.dir / "classes.npz")
        said = self.call("predict", "run", "classes.npz", "--out", "p.csv", code=1).stderr
        self.assertIn("has one class per node, the run was trained on numbers to predict", said)


if __name__ == "__main__":
    unittest.main()
