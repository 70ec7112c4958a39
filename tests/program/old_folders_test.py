#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Folders that an earlier program wrote (old_folders, by make.py there) load for every command that reads a run."""
import json
import shutil
import unittest

from engine_testing import ROOT, EngineTest, predictions

OLD = ROOT / "tests" / "program" / "old_folders"
RUNS = sorted(path.name for path in OLD.glob("run-*"))
TRAINED = [name for name in RUNS if name != "run-repeats"]
# The user's id of a node of the run's graph.
NODE = {"run-tables": "user-3", "run-labels": "user-3"}


class OldFolders(EngineTest):
    def setUp(self):
        super().setUp()
        # Reports are written into run folders, and runs name their graphs by paths below the current folder.
        shutil.copytree(OLD, self.dir, dirs_exist_ok=True)

    def test_there_are_folders_of_every_kind(self):
        self.assertEqual(len(RUNS), 8, RUNS)

    def test_predict_gives_the_predictions_that_the_run_wrote(self):
        for run in TRAINED:
            self.call("predict", run, "--out", f"{run}.csv")
            texts, p = predictions(self.dir / f"{run}.csv")
            old_texts, old = predictions(self.dir / run / "predictions.csv")
            self.assertEqual(texts, old_texts, run)
            self.assertLess(abs(p - old).max(), 1e-6, run)

    def test_report(self):
        for run in RUNS:
            report = json.loads(self.call("report", run, "--json").stdout)
            old = self.result(self.dir / run)
            self.assertEqual([one["test"] for one in report["runs"][0]["runs"]], [one["test"] for one in old["runs"]], run)
            self.call("report", run)
            self.assertTrue((self.dir / run / "report.html").is_file())

    def test_inspect_explain_sparsify_and_compress(self):
        for run in TRAINED:
            inspected = json.loads(self.call("inspect", run, "--json").stdout)
            self.assertEqual(inspected["model"], self.result(self.dir / run)["model"])
            self.assertTrue(inspected["operator_norms"], run)
            explained = json.loads(self.call("explain", run, "--node", NODE.get(run, "3"), "--json").stdout)
            self.assertTrue(explained, run)
        for run in ("run-spexphormer", "run-tables", "run-labels", "run-batches"):
            self.call("sparsify", run, "--out", f"{run}-drawn")
        for run in ("run-spexphormer", "run-exphormer", "run-plain", "run-tables", "run-labels"):
            self.call("compress", run, "--method", "fitted", "--width", 4, "--out", f"{run}-narrow")

    def test_graph_folders_train(self):
        for graph in ("graph", "graph-labels"):
            self.call("check", graph)
            self.run_folder(graph, "--set", "estimator.epochs=1", "--set", "network.epochs=1", name=f"new-{graph}")

    def test_python_reads_them(self):
        try:
            from graphsieve.runs import Run
        except ImportError:
            self.skipTest("the Python package was not built")
        for name in TRAINED:
            run = Run(self.dir / name)
            self.assertEqual(run.result["graph"]["nodes"], 30 if name in NODE else 36)
            self.assertTrue(run.tensors("network.safetensors"))


if __name__ == "__main__":
    unittest.main()
