#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every metric of a run against scikit-learn's, computed from the run's predictions; skipped without scikit-learn."""
import csv
import importlib.util
import json
import unittest

import numpy as np

from engine_testing import SHORT, EngineTest, Graph, sets

if importlib.util.find_spec("sklearn"):
    from sklearn import metrics as sk
else:
    sk = None


@unittest.skipIf(sk is None, "scikit-learn is not there")
class Metrics(EngineTest):
    def of_test_nodes(self, *settings):
        """Returns the test value of a run on graph.npz, and labels, predictions and probabilities of its test nodes."""
        self.run_folder("graph.npz", "--overwrite", *SHORT, *settings)
        with open(self.dir / "run" / "predictions.csv", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
        p = np.array([[float(value) for key, value in row.items() if key.startswith("p_")] for row in rows])
        return self.result(self.dir / "run")["runs"][0]["test"], [r["label"] for r in rows], [r["predicted"] for r in rows], p

    def compare(self, graph, values):
        graph.write(self.dir / "graph.npz")
        for metric, of in values.items():
            test, label, predicted, p = self.of_test_nodes(*sets(data__metric=metric))
            self.assertAlmostEqual(test, of(np.array(label), np.array(predicted), p), 6, metric)
        quality = json.loads((self.dir / "run" / "quality.json").read_text())
        part = next(part for part in quality["splits"] if part["split"] == "test")
        for metric in part.keys() & values.keys():
            self.assertAlmostEqual(part[metric], values[metric](np.array(label), np.array(predicted), p), 6, metric)

    @staticmethod
    def decided():
        return {"accuracy": lambda y, d, p: sk.accuracy_score(y, d), "balanced_accuracy": lambda y, d, p: sk.balanced_accuracy_score(y, d),
                "macro_f1": lambda y, d, p: sk.f1_score(y, d, average="macro")}

    def two_classes(self, seed):
        graph = Graph(nodes=150, classes=5, seed=seed)
        graph.node_labels = (graph.node_labels == 4).astype(np.int64)
        return graph

    def test_two_classes(self):
        for seed in range(2):
            self.compare(self.two_classes(seed), self.decided() | {
                "f1": lambda y, d, p: sk.f1_score(y == "1", d == "1"),
                "roc_auc": lambda y, d, p: sk.roc_auc_score(y == "1", p[:, 1]),
                "average_precision": lambda y, d, p: sk.average_precision_score(y == "1", p[:, 1]),
                "log_loss": lambda y, d, p: sk.log_loss(y, p)})

    def test_ties(self):
        graph = self.two_classes(0)
        graph.node_features[:] = 1  # nodes with the same surroundings get the same probability
        graph.edges = np.array([[i, i + 1] for i in range(0, 150, 2)])
        graph.write(self.dir / "graph.npz")
        _, label, _, p = self.of_test_nodes(*sets(graph__expander_edges="false"))
        self.assertLess(len(set(p[:, 1])), len(p) / 4, "there are ties")
        # The figures of the written predictions: a tie is one to the last bit, and training evaluates other rows at once.
        quality = json.loads((self.dir / "run" / "quality.json").read_text())
        part = next(part for part in quality["splits"] if part["split"] == "test")
        for metric, of in (("roc_auc", sk.roc_auc_score), ("average_precision", sk.average_precision_score)):
            self.assertAlmostEqual(part[metric], of(np.array(label) == "1", p[:, 1]), 6, metric)

    def test_one_class_alone(self):
        graph = self.two_classes(0)
        graph.test_masks = graph.test_masks & (graph.node_labels == 0)
        graph.write(self.dir / "graph.npz")
        for metric, expected in (("roc_auc", None), ("average_precision", None), ("accuracy", self.decided()["accuracy"])):
            test, label, predicted, _ = self.of_test_nodes(*sets(data__metric=metric))
            if expected is None:
                self.assertIsNone(test)  # scikit-learn warns that it is not defined
            else:
                self.assertAlmostEqual(test, expected(label, predicted, None))

    def test_several_classes(self):
        def one_against_rest(of):
            return lambda y, d, p: np.mean([of(y == str(c), p[:, c]) for c in range(4) if (y == str(c)).any()])
        self.compare(Graph(nodes=150, classes=4), self.decided() | {
            "roc_auc": one_against_rest(sk.roc_auc_score), "average_precision": one_against_rest(sk.average_precision_score),
            "log_loss": lambda y, d, p: sk.log_loss(y, p, labels=["0", "1", "2", "3"])})

    def test_several_labels(self):
        graph = Graph(nodes=150, classes=4)
        graph.node_labels = np.stack([graph.node_labels == c for c in range(3)], 1).astype(np.float32)

        def matrix(values):
            return np.array([[int(v) for v in value.split("|")] for value in values])
        self.compare(graph, {
            "accuracy": lambda y, d, p: (matrix(y) == matrix(d)).mean(),
            "macro_f1": lambda y, d, p: sk.f1_score(matrix(y), matrix(d), average="macro", zero_division=0) if matrix(d).any(0).all() else
            np.mean([sk.f1_score(a, b, zero_division=0) for a, b in zip(matrix(y).T, matrix(d).T) if a.any() or b.any()]),
            "roc_auc": lambda y, d, p: sk.roc_auc_score(matrix(y), p),
            "average_precision": lambda y, d, p: sk.average_precision_score(matrix(y), p),
            "log_loss": lambda y, d, p: np.mean([sk.log_loss(a, b) for a, b in zip(matrix(y).T, p.T)])})

    def test_numbers(self):
        graph = Graph(nodes=150)
        del graph.node_labels
        graph.node_numbers = graph.node_features[:, 0] * 30 + 5
        graph.write(self.dir / "graph.npz")
        for metric, of in (("rmse", sk.root_mean_squared_error), ("mae", sk.mean_absolute_error), ("r2", sk.r2_score)):
            test, label, predicted, _ = self.of_test_nodes(*sets(data__metric=metric))
            self.assertAlmostEqual(test, of([float(v) for v in label], [float(v) for v in predicted]), 4, metric)


if __name__ == "__main__":
    unittest.main()
