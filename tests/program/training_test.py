#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Learning, stopping, failing, and the folders of several runs."""
import resource
import unittest

import numpy as np

from engine_testing import EngineTest, PROGRAM, SHORT, predictions, sets


class Training(EngineTest):
    def test_learns_communities(self):
        graph = self.graph(nodes=200, degree=8)
        for model in ("spexphormer", "exphormer", "plain"):
            run = self.run_folder(graph, *sets(model=model, estimator__epochs=15, network__epochs=25, network__lr=0.01),
                                  name=model)
            self.assertGreater(self.result(run)["test_mean"], 0.6, model)

    def test_figures_are_those_of_the_best_epoch(self):
        run = self.run_folder(self.graph(), *sets(estimator__epochs=8, network__epochs=8))
        for stage in ("estimator", "network"):
            figures, epochs = self.result(run)["runs"][0][stage], self.epochs(run, stage)
            best = max(range(8), key=lambda e: epochs[e]["val"])
            self.assertEqual((figures["best_epoch"], figures["val"], figures["test"]),
                             (best, epochs[best]["val"], epochs[best]["test"]))
        rows, p = predictions(run / "predictions.csv")
        right = [row[2] == row[3] for row in rows if row[1] == "test"]
        self.assertAlmostEqual(np.mean(right), self.result(run)["test_mean"], places=6)

    def test_recomputed_blocks_leave_the_same_bytes_and_take_less_memory(self):
        graph = self.graph(nodes=3000)
        settings = dict(model="exphormer", network__epochs=3, network__width=32, network__layers=4, network__dropout=0.3)
        kept, again = (self.run_folder(graph, *sets(**settings, network__recompute=flag), name=flag) for flag in ("false", "true"))
        for name in ("network.safetensors", "predictions.csv", "metrics.jsonl"):
            self.assertEqual((kept / name).read_bytes(), (again / name).read_bytes(), name)
        kept, again = (self.result(run)["runs"][0]["network"]["peak_tensor_bytes"] for run in (kept, again))
        self.assertLess(again, 0.7 * kept)

    def test_a_recomputing_estimator_leaves_the_same_bytes_and_takes_less_memory(self):
        graph = self.graph(nodes=3000)
        for norm in ("batch", "graph"):
            settings = dict(estimator__epochs=3, estimator__width=16, estimator__norm=norm, network__epochs=1)
            kept, again = (self.run_folder(graph, *sets(**settings, estimator__recompute=flag), name=f"{norm}-{flag}")
                           for flag in ("false", "true"))
            for name in ("estimator.safetensors", "network.safetensors", "predictions.csv", "metrics.jsonl"):
                self.assertEqual((kept / name).read_bytes(), (again / name).read_bytes(), name)
            kept, again = (self.result(run)["runs"][0]["estimator"]["peak_tensor_bytes"] for run in (kept, again))
            self.assertLess(again, 0.8 * kept)

    def test_reduced_precision_learns_with_the_same_bits_at_any_number_of_threads(self):
        graph = self.graph(nodes=200, degree=8)
        settings = sets(estimator__epochs=15, network__epochs=25, network__lr=0.01, network__precision="bfloat16", network__batch_size=50)
        one, three = (self.run_folder(graph, *settings, threads=threads, name=str(threads)) for threads in (1, 3))
        self.assertGreater(self.result(one)["test_mean"], 0.6)
        for name in ("network.safetensors", "predictions.csv", "metrics.jsonl"):
            self.assertEqual((one / name).read_bytes(), (three / name).read_bytes(), name)
        self.call("compress", one, "--method", "jl", "--width", "8", "--out", "narrow")
        self.assertIn("precision: float32", (self.dir / "narrow" / "recipe.yaml").read_text())

    def test_early_stopping(self):
        run = self.run_folder(self.graph(), *sets(estimator__epochs=1000, estimator__patience=1, network__epochs=1000,
                                                  network__patience=2))
        for stage, patience in (("estimator", 1), ("network", 2)):
            figures = self.result(run)["runs"][0][stage]
            self.assertLess(figures["epochs"], 1000)
            self.assertEqual(figures["epochs"], figures["best_epoch"] + patience + 1)
            self.assertEqual(len(self.epochs(run, stage)), figures["epochs"])

    def test_evaluation_every_third_epoch(self):
        run = self.run_folder(self.graph(), *sets(estimator__epochs=2, network__epochs=7, network__eval_every=3))
        self.assertEqual([e["epoch"] for e in self.epochs(run, "network") if "val" in e], [2, 5, 6])

    def not_finite(self, graph, *args, stage):
        shown = self.call("run", graph, "--out", "bad", *args, code=1)
        errors = [line for line in shown.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, shown.stderr)
        self.assertRegex(errors[0], rf"the {stage}'s loss or gradient is \S+ in epoch \d+, first (after|in)")
        self.assertEqual(shown.stdout, "")
        self.assertFalse((self.dir / "bad").exists())
        return errors[0]

    def test_huge_features_stop_with_epoch_and_layer(self):
        graph = self.graph(lambda g: g.__dict__.update(node_features=g.node_features * np.float32(1e37)))
        told = self.not_finite(graph, *SHORT, *sets(network__norm="none", model="plain", data__features="as_found", network__lr=0.01),
                               stage="network")
        self.assertRegex(told, "epoch [0-4],")
        self.assertRegex(told, "after the input layers|after layer 0|after the output layers|in the gradients")

    def test_huge_rate_stops(self):
        huge = sets(model="plain", network__epochs=50, network__lr=1e30, network__norm="none", network__clip_norm=0,
                    network__warmup=0)
        told = self.not_finite(self.graph(), *huge, stage="network")
        self.assertIn("network.lr", told)

    def test_estimator_that_diverges_is_named(self):
        huge = sets(estimator__epochs=50, estimator__lr=1e30, estimator__norm="none", estimator__clip_norm=0,
                    estimator__warmup=0)
        self.not_finite(self.graph(), *huge, stage="estimator")


class Folders(EngineTest):
    FILES = {"card.json", "result.json", "recipe.yaml", "split.json", "metrics.jsonl", "estimator.safetensors", "estimator_norms.safetensors",
             "feature_ranges.npy", "network.safetensors", "predictions.csv", "quality.json", "scores"}

    def test_all_splits_and_repeats(self):
        cases = (("splits", ["--split", "all"], ["split-0-seed-0", "split-1-seed-0"]),
                 ("repeats", ["--repeats", 2, "--seed", 7], ["split-0-seed-7", "split-0-seed-8"]))
        for name, args, folders in cases:
            run = self.run_folder(self.graph(), *SHORT, *args, name=name)
            self.assertEqual({p.name for p in run.iterdir()}, {"card.json", "result.json", "recipe.yaml", *folders})
            summary = self.result(run)
            for folder, figures in zip(folders, summary["runs"]):
                self.assertEqual({p.name for p in (run / folder).iterdir()}, self.FILES)
                self.assertEqual(self.result(run / folder)["runs"], [figures])
            tests = [figures["test"] for figures in summary["runs"]]
            self.assertAlmostEqual(summary["test_mean"], np.mean(tests), places=9)
            self.assertAlmostEqual(summary["test_std"], np.std(tests, ddof=1), places=6)

    def test_one_run_stands_in_the_folder_itself(self):
        self.assertEqual({p.name for p in self.run_folder(self.graph(), *SHORT).iterdir()}, self.FILES)

    def test_release_protocol_trains_one_estimator(self):
        run = self.run_folder(self.graph(), *SHORT, *sets(protocol="release"), "--repeats", 3)
        folders = [run / f"split-0-seed-{seed}" for seed in range(3)]
        for name in ("estimator.safetensors", "scores/layer_0.npy", "scores/source.npy"):
            self.assertEqual(len({(f / name).read_bytes() for f in folders}), 1, name)
        self.assertEqual(len({(f / "network.safetensors").read_bytes() for f in folders}), 3)
        self.assertEqual([len(self.epochs(f, "estimator")) for f in folders], [3, 0, 0])
        self.assertEqual(len({str(r["estimator"]) for r in self.result(run)["runs"]}), 1)
        self.call("predict", folders[2], "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (folders[2] / "predictions.csv").read_bytes())

    def test_release_protocol_of_the_estimator_alone_keeps_its_figures(self):
        self.call("estimate", self.graph(), *SHORT, *sets(protocol="release"), "--repeats", 2, "--out", "e")
        runs = self.result(self.dir / "e")["runs"]
        self.assertEqual((runs[1]["val"], runs[1]["test"]), (runs[0]["val"], runs[0]["test"]))

    def test_own_estimator_each_repeat_by_default(self):
        run = self.run_folder(self.graph(), *SHORT, "--repeats", 2)
        self.assertEqual(len({(run / f"split-0-seed-{s}" / "estimator.safetensors").read_bytes() for s in (0, 1)}), 2)

    def test_best_of_several_starts_is_kept(self):
        graph = self.graph()
        one = self.run_folder(graph, *SHORT, name="one")
        run = self.run_folder(graph, *SHORT, *sets(estimator__restarts=3), name="three")
        epochs = self.epochs(run, "estimator")
        best = [max(e["val"] for e in epochs if e.get("start", 0) == start) for start in range(3)]
        self.assertEqual(len({e["loss"] for e in epochs if e["epoch"] == 0}), 3)  # starts differ
        self.assertEqual(self.result(run)["runs"][0]["estimator"]["val"], max(best))
        # The first start is the one that a single start would be.
        single = self.epochs(one, "estimator")
        self.assertEqual([e["loss"] for e in epochs if "start" not in e], [e["loss"] for e in single])

    def test_estimator_that_only_guesses_is_said(self):
        def change(graph):
            graph.node_features[:] = 1
            graph.node_labels[:] = np.arange(80) % 10 == 0
        self.run_folder(self.graph(change), *SHORT, *sets(data__metric="accuracy"))
        self.assertIn("about what guessing gives", self.notes)

    @unittest.skipIf("/tsan/" in PROGRAM, "the thread sanitizer's own files meet the limit, too")
    def test_full_disk_leaves_nothing(self):
        graph = self.graph(nodes=400)
        for limit in (100, 3000, 30000):
            shown = self.call("run", graph, *SHORT, *sets(graph__expander_edges="true"), "--out", "full", code=1,
                              restore_signals=False,  # SIGXFSZ ignored
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.assertRegex(shown.stderr.splitlines()[-1], r"^error: \S*full\S*: .*(disk|large)", str(limit))
            self.assertEqual([p.name for p in self.dir.iterdir()], ["graph.npz"])


if __name__ == "__main__":
    unittest.main()
