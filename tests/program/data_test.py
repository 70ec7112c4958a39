#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Odd graphs, labels and settings: all run, and what is odd is said."""
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, predictions, sets

GRAPH_EDGES_ALONE = sets(graph__expander_edges="false", graph__self_loops="false")


class Graphs(EngineTest):
    def counts(self, *args, **options):
        graph = self.result(self.run_folder(self.graph(**options), *SHORT, *args))["graph"]
        return graph["edges"], graph["attention_edges"]

    def test_each_kind_of_edge_can_be_left_out(self):
        degree = sets(graph__expander_degree=5, graph__expander_edges="true")
        edges, all_kinds = self.counts(*degree)
        self.assertEqual(all_kinds, edges + 80 * 10 + 80)
        for number, (key, left) in enumerate({"graph_edges": 80 * 11, "expander_edges": edges + 80,
                                              "self_loops": edges + 80 * 10}.items()):
            without = sets(**{f"graph__{key}": "false"})
            run = self.run_folder(self.graph(), *SHORT, *degree, *without, name=f"run-{number}")
            self.assertEqual(self.result(run)["graph"]["attention_edges"], left, key)
            self.call("predict", run, "--out", f"{key}.csv")
            self.assertEqual((self.dir / f"{key}.csv").read_bytes(), (run / "predictions.csv").read_bytes())

    def test_directed(self):
        for number, model in enumerate(("spexphormer", "exphormer")):
            directed = sets(graph__directed="true", model=model)
            run = self.run_folder(self.graph(), *SHORT, *directed, name=f"run-{number}")
            self.assertEqual(self.result(run)["graph"]["edges"], len(np.load(self.dir / "graph.npz")["edges"]))

    def test_directed_edges_reach_their_destination(self):
        def arrow(graph):
            graph.edges = np.array([[3, 7], [3, 8]])
        run = self.run_folder(self.graph(arrow), *SHORT, *sets(graph__directed="true", graph__expander_edges="false"))
        start, source, kind = (np.load(run / "scores" / f"{n}.npy") for n in ("row_start", "source", "type"))
        self.assertEqual(source[start[7]:start[8]].tolist(), [3, 7])
        self.assertEqual(source[start[3]:start[4]].tolist(), [3])

    def test_isolated_nodes_loops_and_duplicates(self):
        def change(graph):
            graph.edges = graph.edges[(graph.edges >= 10).all(1)]
            graph.edges = np.concatenate([graph.edges, graph.edges[:7, ::-1], [[20, 20], [21, 21], [21, 21]]])
        for number, kinds in enumerate(([], GRAPH_EDGES_ALONE)):
            run = self.run_folder(self.graph(change), *SHORT, *kinds, name=f"run-{number}")
            self.assertIn("3 self loops in the data dropped", self.notes)
            self.assertRegex(self.notes, r"\d\d nodes have no edge in the data")
            self.call("predict", run, "--out", f"p{number}.csv")
            self.assertTrue(np.isfinite(predictions(self.dir / f"p{number}.csv")[1]).all())

    def test_isolated_nodes_in_batches(self):
        def change(graph):
            graph.edges = graph.edges[(graph.edges >= 40).all(1)]
        run = self.run_folder(self.graph(change), *SHORT, *GRAPH_EDGES_ALONE, *sets(network__batch_size=9))
        self.assertTrue(np.isfinite(predictions(run / "predictions.csv")[1]).all())

    def test_graph_without_edges_is_refused(self):
        def change(graph):
            graph.edges = np.zeros((0, 2), np.int64)
        self.assertIn("without edges", self.call("run", self.graph(change), "--out", "run", code=1).stderr)

    def test_one_edge_alone(self):
        def change(graph):
            graph.edges = np.array([[2, 3]])
        run = self.run_folder(self.graph(change), *SHORT, *GRAPH_EDGES_ALONE)
        self.assertEqual(self.result(run)["graph"]["attention_edges"], 2)
        self.assertTrue(np.isfinite(predictions(run / "predictions.csv")[1]).all())

    def test_hub_joined_to_every_node(self):
        def change(graph):
            graph.edges = np.concatenate([graph.edges, [[0, i] for i in range(1, 150)]])
        self.run_folder(self.graph(change, nodes=150), *SHORT)
        self.assertIn("the largest node has 149 of 150 nodes as neighbours", self.notes)

    def test_few_nodes(self):
        for nodes in (8, 12):
            graph = self.graph(nodes=nodes, classes=2)
            self.run_folder(graph, *SHORT, *sets(data__metric="accuracy"), name=f"n{nodes}")


class Labels(EngineTest):
    def test_several_labels_a_node_with_missing_ones(self):
        def change(graph):
            labels = (np.random.default_rng(1).random((80, 3)) < 0.4).astype(np.float32)
            labels[5:20, 1] = np.nan
            labels[30] = np.nan
            graph.node_labels = labels
        run = self.run_folder(self.graph(change), *SHORT, *sets(network__batch_size=15))
        result = self.result(run)
        self.assertEqual((result["metric"], result["graph"]["classes"]), ("roc_auc", 3))
        self.assertEqual(len(result["runs"][0]["per_class"]), 3)
        p = predictions(run / "predictions.csv")[1]
        self.assertTrue(((p >= 0) & (p <= 1)).all())
        self.call("predict", run, "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (run / "predictions.csv").read_bytes())

    def test_unlabelled_nodes(self):
        def change(graph):
            graph.node_labels[::5] = -1
        run = self.run_folder(self.graph(change), *SHORT)
        self.assertIn("16 of 80 nodes have no label", self.notes)
        split = json.loads((run / "split.json").read_text())
        self.assertEqual([i for part in ("train", "val", "test") for i in split[part] if i % 5 == 0], [])

    def test_class_without_training_nodes(self):
        def change(graph):
            rare = np.arange(80) % 20 == 0
            graph.node_labels[:] = graph.node_labels % 2
            graph.node_labels[rare] = 2
            graph.train_masks[:, rare] = False
        for weights in ("none", "balanced"):
            run = self.run_folder(self.graph(change), *SHORT, *sets(data__class_weights=weights), name=weights)
            self.assertIn("class 2 has no training node", self.notes)
            self.assertTrue(np.isfinite(predictions(run / "predictions.csv")[1]).all())

    def test_balanced_weights_change_the_loss_of_uneven_classes(self):
        def change(graph):
            graph.node_labels[:] = np.arange(80) % 10 == 0
        losses = [self.epochs(self.run_folder(self.graph(change), *SHORT, *sets(data__class_weights=w), name=w),
                              "estimator")[0]["loss"] for w in ("none", "balanced")]
        self.assertNotAlmostEqual(losses[0], losses[1], places=4)

    def test_metrics_and_feature_treatments(self):
        graph = self.graph(lambda g: g.__dict__.update(node_features=np.abs(g.node_features)))
        for features, metric in (("binary", "accuracy"), ("row_sum", "macro_f1"), ("standardised", "roc_auc")):
            run = self.run_folder(graph, *SHORT, *sets(data__features=features, data__metric=metric), name=metric)
            self.assertEqual(self.result(run)["metric"], metric)
            self.assertTrue(0 <= self.result(run)["test_mean"] <= 1)

    def test_validation_metric_that_is_not_defined(self):
        def change(graph):
            graph.node_labels[:] = graph.node_labels > 0
            graph.val_masks &= graph.node_labels == 1
        for every in (1, 2):
            options = sets(estimator__epochs=4, network__epochs=4, estimator__eval_every=every,
                           network__eval_every=every)
            run = self.result(self.run_folder(self.graph(change), *options, name=f"every-{every}"))["runs"][0]
            self.assertIsNone(run["network"]["val"])
            self.assertEqual(run["network"]["best_epoch"] % every, every - 1, "an epoch that was not evaluated")


if __name__ == "__main__":
    unittest.main()
