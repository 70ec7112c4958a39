#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""predict, train --scores and sparsify on what a run left."""
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, Graph, predictions, sets


class Predict(EngineTest):
    def test_same_graph_gives_the_same_file(self):
        for model in ("spexphormer", "exphormer", "plain"):
            run = self.run_folder("minesweeper:12", *SHORT, *sets(model=model), name=model)
            self.assertEqual(self.call("predict", run, "--out", f"{model}.csv").stderr.count("estimator runs again"), 0)
            self.assertEqual((self.dir / f"{model}.csv").read_bytes(), (run / "predictions.csv").read_bytes(), model)

    def test_batch_sampler_and_a_file(self):
        run = self.run_folder(self.graph(), *SHORT, *sets(network__sampler="batch_reservoir", network__batch_size=20))
        self.call("predict", run, "--out", "p.csv", "--threads", 2)
        self.assertEqual((self.dir / "p.csv").read_bytes(), (run / "predictions.csv").read_bytes())

    def test_a_run_of_several_repeats_one_by_one(self):
        summary = self.run_folder(self.graph(), *SHORT, "--repeats", 2, "--seed", 4)
        one = summary / "split-0-seed-5"
        self.call("predict", one, "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (one / "predictions.csv").read_bytes())
        self.assertIn("error: ", self.call("predict", summary, "--out", "q.csv", code=1).stderr)

    def tables(self, name, classes, labelled=60):
        """A graph folder of 60 nodes whose labels, texts, are `classes` in turn; of the first `labelled` nodes."""
        n = 60
        (self.dir / "n.csv").write_text("id,a,label\n" + "".join(
            f"u{i},{i % 3},{classes[i % len(classes)] if i < labelled else ''}\n" for i in range(n)))
        (self.dir / "e.csv").write_text("source,destination\n" + "".join(f"u{i},u{(i + j) % n}\n" for i in range(n) for j in (1, 3, 7)))
        self.call("convert", "--nodes", "n.csv", "--edges", "e.csv", "--out", name)
        return name

    def test_classes_of_another_graph_are_matched_by_name(self):
        run = self.run_folder(self.tables("g", ["cat", "dog", "emu"]), *SHORT)
        self.assertEqual(self.result(run)["graph"]["class_names"], ["cat", "dog", "emu"])
        fewer = self.tables("fewer", ["emu", "dog"], labelled=8)
        self.call("predict", run, fewer, "--out", "p.csv")
        lines = [line.split(",") for line in (self.dir / "p.csv").read_text().splitlines()]
        self.assertEqual(lines[0], ["node", "split", "label", "predicted", "p_cat", "p_dog", "p_emu"])
        self.assertEqual([line[2] for line in lines[1:11]], ["emu", "dog"] * 4 + ["", ""])
        other = self.tables("other", ["dog", "fox", "emu"])
        refused = self.call("predict", run, other, "--out", "q.csv", code=1).stderr
        self.assertIn("class 'fox' is none of those that the run was trained on: cat, dog, emu", refused)

    def test_changed_graph_runs_the_estimator_again(self):
        graph = self.graph(nodes=100)
        run = self.run_folder(graph, *SHORT)
        changed = Graph(nodes=100)
        changed.edges = changed.edges[:-20]
        file = changed.write(self.dir / "changed.npz")
        shown = self.call("predict", run, file, "--out", "p.csv", "--embeddings", "e.npy")
        self.assertIn("the estimator runs again", shown.stderr)
        rows, p = predictions(self.dir / "p.csv")
        np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)
        self.assertEqual(len(rows), 100)
        self.assertEqual(np.load(self.dir / "e.npy").shape, (100, 64))

    def test_larger_graph_with_the_same_features(self):
        run = self.run_folder(self.graph(nodes=60), *SHORT)
        self.call("predict", run, self.graph(nodes=90, seed=1, name="larger.npz"), "--out", "p.csv")
        self.assertEqual(len(predictions(self.dir / "p.csv")[0]), 90)

    def test_graph_with_other_features_is_refused(self):
        run = self.run_folder(self.graph(features=6), *SHORT)
        shown = self.call("predict", run, self.graph(features=5, name="other.npz"), "--out", "p.csv", code=1)
        self.assertIn("has 5 features per node, the run was trained on 6", shown.stderr)


class Stages(EngineTest):
    def test_estimate_then_train_is_run(self):
        graph = self.graph()
        run = self.run_folder(graph, *SHORT, "--seed", 2)
        self.call("estimate", graph, *SHORT, "--seed", 2, "--threads", 1, "--out", "scores")
        self.call("train", "--scores", "scores", "--threads", 1, "--out", "trained")
        for name in ("network.safetensors", "predictions.csv", "estimator.safetensors", "scores/layer_3.npy",
                     "split.json"):
            self.assertEqual((run / name).read_bytes(), (self.dir / "trained" / name).read_bytes(), name)
        self.assertTrue((self.dir / "trained/scores/layer_0.npy").samefile(self.dir / "scores/scores/layer_0.npy"))

    def test_scores_of_another_graph_are_refused(self):
        self.call("estimate", self.graph(), *SHORT, "--out", "scores")
        other = self.graph(seed=5, name="other.npz")
        self.assertIn("another graph", self.call("train", other, "--scores", "scores", "--out", "x", code=1).stderr)
        self.assertFalse((self.dir / "x").exists())

    def test_sparsified_edges_are_in_the_attention_graph(self):
        run = self.run_folder(self.graph(), *SHORT)
        start, source, kind = (np.load(run / "scores" / f"{n}.npy") for n in ("row_start", "source", "type"))
        rows = [set(zip(source[a:b].tolist(), kind[a:b].tolist())) for a, b in zip(start[:-1], start[1:])]
        for sampler in ("graph_reservoir", "graph_importance", "graph_uniform", "graph_max"):
            self.call("sparsify", run, "--k", "4-3-2-1", "--sampler", sampler, "--epoch", 3, "--out", sampler)
            for l, k in enumerate((4, 3, 2, 1)):
                drawn, types = (np.load(self.dir / sampler / f"layer_{l}_{n}.npy") for n in ("source", "type"))
                self.assertEqual((drawn.shape, types.shape), ((80, k), (80, k)))
                for row, *edges in zip(rows, drawn.tolist(), types.tolist()):
                    self.assertLessEqual({edge for edge in zip(*edges) if edge[0] >= 0}, row)

    def test_largest_scores_are_kept(self):
        run = self.run_folder(self.graph(), *SHORT, *sets(graph__expander_edges="true"))
        self.call("sparsify", run, "--k", 3, "--sampler", "graph_max", "--out", "largest")
        start, source, score = (np.load(run / "scores" / f"{n}.npy") for n in ("row_start", "source", "layer_2"))
        drawn = np.load(self.dir / "largest" / "layer_2_source.npy")
        for i, (a, b) in enumerate(zip(start[:-1], start[1:])):
            best = source[a:b][np.argsort(-score[a:b], kind="stable")[:3]]
            self.assertEqual(sorted(drawn[i]), sorted(best), i)

    def test_sparsified_json_names_epoch_and_layers(self):
        run = self.run_folder(self.graph(), *SHORT)
        self.call("sparsify", run, "--k", 2, "--epoch", 7, "--out", "s")
        told = json.loads((self.dir / "s" / "sparsified.json").read_text())
        self.assertEqual((told["epoch"], [l["k"] for l in told["layers"]]), (7, [2, 2, 2, 2]))


if __name__ == "__main__":
    unittest.main()
