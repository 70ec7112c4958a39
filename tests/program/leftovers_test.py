#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an earlier command left, finished or not, neither blocks a later one nor is taken for what it is not."""
import json
import shutil
import signal
import subprocess
import time
import unittest

from engine_testing import PROGRAM, EngineTest, sets

TINY = sets(estimator__epochs=2, network__epochs=2, network__width=8, graph__expander_degree=3)


class Leftovers(EngineTest):
    def setUp(self):
        super().setUp()
        self.data = self.graph(nodes=60)

    def run_args(self, name, *args, graph=None):
        return ["run", graph or self.data, "--threads", 1, "--out", name, *TINY, *args]

    def test_runs_at_once_get_a_number_each(self):
        processes = [subprocess.Popen([PROGRAM, "run", self.data, "--threads", "1", "--seed", str(seed), "--no-report", "-q", *TINY],
                                      cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for seed in range(8)]
        for process in processes:
            _, error = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, error)
        seeds = {json.loads((self.dir / "runs" / f"graph-{n}" / "result.json").read_text())["runs"][0]["seed"] for n in range(1, 9)}
        self.assertEqual(seeds, set(range(8)))
        self.assertEqual(len(list((self.dir / "runs").iterdir())), 8)

    def test_a_missing_report_is_written_by_resume(self):
        self.call(*self.run_args("a"))
        (self.dir / "a" / "report.html").unlink()
        (self.dir / "a" / "report.json").unlink()
        self.call(*self.run_args("a", "--resume"))
        self.assertTrue((self.dir / "a" / "report.html").exists())

    def test_a_report_that_fails_is_said_and_has_an_exit_code(self):
        self.call(*self.run_args("a", "--no-report"))
        (self.dir / "a" / "report.json").mkdir()
        done = self.call(*self.run_args("a", "--resume", "-q"), code=3)
        self.assertIn("error: the run is complete, but its report is not written: ", done.stderr)
        self.assertIn("report.json", done.stderr)
        self.assertIn("test ", done.stdout)  # the figures are printed all the same

    def test_a_finished_run_beside_unfinished_work(self):
        self.call(*self.run_args("a"))
        shutil.copytree(self.dir / "a", self.dir / ".a.unfinished")  # as a kill while the old run was replaced leaves it
        self.call(*self.run_args("a", "--resume"))
        self.assertFalse((self.dir / ".a.unfinished").exists())
        (self.dir / "a" / "checkpoint").mkdir()
        (self.dir / "a" / "checkpoint" / "lock").touch()
        self.call(*self.run_args("a", "--resume"))
        self.assertFalse((self.dir / "a" / "checkpoint").exists())
        self.assertEqual(self.call("predict", "a", "--out", "p.csv").returncode, 0)
        self.assertEqual((self.dir / "p.csv").read_bytes(), (self.dir / "a" / "predictions.csv").read_bytes())

    def test_a_finished_run_of_another_request_is_not_taken(self):
        self.call(*self.run_args("a", "--no-report"))
        for other in (["--split", 1], ["--repeats", 2], ["--seed", 1], ["--set", "network.width=4"]):
            done = self.call(*self.run_args("a", "--resume", *other), code=1)
            self.assertIn("the finished run has another", done.stderr)
        done = self.call("estimate", self.data, "--threads", 1, "--out", "a", "--resume", *TINY, code=1)
        self.assertIn("the finished run has another command", done.stderr)
        self.call(*self.run_args("a", "--no-report", "--resume", "--overwrite", "--seed", 1))
        self.assertEqual(self.result(self.dir / "a")["runs"][0]["seed"], 1)

    def test_leftovers_of_killed_commands_are_taken_over(self):
        self.call(*self.run_args("a", "--no-report"))
        before = sorted(p.name for p in self.dir.iterdir())
        for name in (".p.csv.graphsieve-partial", ".h.npy.graphsieve-partial"):
            (self.dir / name).write_text("half")
        (self.dir / ".g.graphsieve-partial" / "scratch").mkdir(parents=True)
        (self.dir / ".g.graphsieve-partial" / "labels.npy").write_text("half")
        self.call("predict", "a", "--out", "p.csv", "--embeddings", "h.npy")
        self.call("convert", self.data, "--out", "g")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), sorted([*before, "p.csv", "h.npy", "g"]))

    def test_predict_that_died_between_its_two_files(self):
        self.call(*self.run_args("a", "--no-report"))
        self.call("predict", "a", "--out", "p.csv", "--embeddings", "h.npy")
        (self.dir / "p.csv").unlink()
        self.call("predict", "a", "--out", "p.csv", "--embeddings", "h.npy")  # the same embeddings again
        (self.dir / "p.csv").unlink()
        (self.dir / "h.npy").write_text("mine")
        self.assertIn("h.npy: exists already", self.call("predict", "a", "--out", "p.csv", "--embeddings", "h.npy", code=1).stderr)
        self.assertEqual((self.dir / "h.npy").read_text(), "mine")

    def test_a_study_goes_on_after_any_interruption(self):
        args = ["study", "width", self.data, "--values", "2,4", "--threads", "1", "--recipe", "minesweeper", *TINY]
        whole = self.figures(self.call(*args, "--out", "whole"))
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for seconds in (0.05, 0.3, 0.6, 0.9):
                process = subprocess.Popen([PROGRAM, *map(str, args), "--out", "cut"], cwd=self.dir, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                time.sleep(seconds)
                process.send_signal(stop)
                process.wait(timeout=60)
            self.assertEqual(self.figures(self.call(*args, "--out", "cut")), whole)
            self.assertEqual([p.name for p in (self.dir / "cut").rglob(".*")], [])
            shutil.rmtree(self.dir / "cut")

    def figures(self, done):
        """The points' values and metrics; the last study's."""
        folder = self.dir / done.stdout.split("study folder: ")[1].strip()
        points = json.loads((folder / "study.json").read_text())["points"]
        return [(p["value"], p["seed"], p["val"], p["test"], p["attention_edges"]) for p in points]


if __name__ == "__main__":
    unittest.main()
