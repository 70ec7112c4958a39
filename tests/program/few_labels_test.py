#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Graphs too large for steps on the whole: mini-batches in stage 1, few labelled nodes, many classes."""
import unittest

import numpy as np

from engine_testing import EngineTest, predictions, sets

LARGE = sets(estimator__epochs=6, estimator__layers=2, estimator__norm="batch", network__layers=2, network__k="5-5", network__epochs=6,
             network__batch_size=40, data__train_fraction=0.02, data__val_fraction=0.01)


def few_labels(graph):
    """One node in twenty has a label."""
    graph.node_labels = graph.node_labels.copy()
    graph.node_labels[np.arange(len(graph.node_labels)) % 20 > 0] = -1
    for name in ("train_masks", "val_masks", "test_masks"):
        masks = getattr(graph, name).copy()
        masks[:, graph.node_labels < 0] = False
        setattr(graph, name, masks)


class FewLabels(EngineTest):
    def test_batches_in_stage_1_learn(self):
        graph = self.graph(nodes=600, degree=8)
        whole, batched = (self.run_folder(graph, *sets(estimator__epochs=40, network__epochs=1, estimator__norm="batch", **more), name=name)
                          for name, more in (("whole", {}), ("batched", {"estimator__batch_size": 50, "estimator__fan_out": 6})))
        values = [self.result(r)["runs"][0]["estimator"]["val"] for r in (whole, batched)]
        self.assertGreater(values[0], 0.7)  # a third is guessing
        self.assertGreater(values[1], 0.7)
        self.assertNotEqual((whole / "estimator.safetensors").read_bytes(), (batched / "estimator.safetensors").read_bytes())

    def test_batches_in_stage_1_at_any_number_of_threads(self):
        graph = self.graph(nodes=400)
        batched = sets(estimator__batch_size=30, estimator__fan_out=4)
        for threads in (1, 2):
            self.call("run", graph, "--threads", threads, "--out", f"of-{threads}", *LARGE, *batched)
        self.assert_same_files(self.dir / "of-1", self.dir / "of-2")

    def test_evaluation_around_the_labelled_nodes_is_that_of_the_whole_graph(self):
        graph = self.graph(few_labels, nodes=6000)
        near = self.run_folder(graph, *LARGE, name="near")
        # One part in a batch of all nodes: reaches more than the graph has, so the whole is evaluated.
        shown = self.epochs(near, "network")
        p = dict(zip([r[0] for r in predictions(near / "predictions.csv")[0]], predictions(near / "predictions.csv")[1]))
        rows = predictions(near / "predictions.csv")[0]
        self.assertEqual(len(rows), 6000)
        best = max(e["val"] for e in shown if "val" in e)
        right = [r[2] == r[3] for r in rows if r[1] == "val"]
        self.assertAlmostEqual(best, np.mean(right), places=6)
        test = self.result(near)["runs"][0]["test"]
        self.assertAlmostEqual(test, np.mean([r[2] == r[3] for r in rows if r[1] == "test"]), places=6)
        split = self.run_folder(graph, *LARGE, "--predictions", "split", name="split")
        of_split, q = predictions(split / "predictions.csv")
        self.assertEqual([r for r in rows if r[1] != "none"], of_split)
        np.testing.assert_allclose([p[r[0]] for r in of_split], q, atol=2e-6)
        self.assertEqual((near / "network.safetensors").read_bytes(), (split / "network.safetensors").read_bytes())
        self.call("predict", split, "--predictions", "split", "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (split / "predictions.csv").read_bytes())
        self.call("predict", split, "--out", "all.csv", "--memory", "1GiB")
        self.assertEqual((self.dir / "all.csv").read_bytes(), (near / "predictions.csv").read_bytes())

    def test_a_changed_graph_has_no_split_to_predict(self):
        run = self.run_folder(self.graph(nodes=400), *LARGE)
        other = self.graph(nodes=400, seed=1, name="other.npz")
        self.assertIn("another graph", self.call("predict", run, other, "--predictions", "split", "--out", "p.csv", code=1).stderr)
        self.assertFalse((self.dir / "p.csv").exists())

    def test_many_classes_have_one_column(self):
        run = self.run_folder(self.graph(nodes=900, classes=150), *LARGE, *sets(network__epochs=1, estimator__epochs=1))
        lines = (run / "predictions.csv").read_text().splitlines()
        self.assertEqual(lines[0], "node,split,label,predicted,probability")
        self.assertEqual(len(lines), 901)
        self.assertTrue(all(0 < float(line.split(",")[4]) <= 1 for line in lines[1:]))


if __name__ == "__main__":
    unittest.main()
