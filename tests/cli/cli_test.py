#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the program from outside. GRAPHSIEVE_PROGRAM names it; bin/graphsieve if not set."""
import json
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("GRAPHSIEVE_PROGRAM", str(ROOT / "bin" / "graphsieve"))
GRAPH = "minesweeper:12"
SHORT = ["--set", "estimator.epochs=2", "--set", "network.epochs=2"]
COMMANDS = ["run", "estimate", "sparsify", "train", "predict", "datasets"]


class CliTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def call(self, *args, code=0):
        """Runs the program in a folder of the test's own and checks its exit code."""
        result = subprocess.run([PROGRAM, *args], cwd=self.dir, capture_output=True, text=True, timeout=300)
        self.assertEqual(result.returncode, code, f"{args}\n{result.stdout}\n{result.stderr}")
        return result

    def refused(self, *args, code, word):
        result = self.call(*args, code=code)
        self.assertEqual(result.stdout, "")
        self.assertIn("error: ", result.stderr)
        self.assertIn(word, result.stderr)
        self.assertLessEqual(len(result.stderr.splitlines()), 15)
        for noise in ("terminate called", "Exception raised from", "c10::"):
            self.assertNotIn(noise, result.stderr)
        return result


class Help(CliTest):
    def test_version(self):
        self.assertRegex(self.call("--version").stdout, r"^graphsieve \d+\.\d+\.\d+\n$")

    def test_help_of_each_command_has_examples(self):
        listed = self.call("--help").stdout
        for command in COMMANDS:
            self.assertIn(command, listed)
            text = self.call(command, "--help")
            self.assertIn(f"  graphsieve {command}", text.stdout)
            self.assertEqual(text.stderr, "")

    def test_docs_are_up_to_date(self):
        self.assertNotIn("docs", self.call("--help").stdout)
        for page in ("recipes", "commands"):
            committed = (ROOT / "docs" / f"{page}.md").read_text()
            self.assertTrue(committed == self.call("docs", page).stdout, f"bin/graphsieve docs {page} > docs/{page}.md")

    def test_datasets(self):
        listed = self.call("datasets").stdout
        for name in ("minesweeper", "tolokers", "photo", "plain"):
            self.assertIn(name, listed)


class Refusals(CliTest):
    def test_command_line(self):
        self.refused(code=2, word="command")
        self.refused("walk", code=2, word="walk")
        self.refused("run", code=2, word="GRAPH")
        self.refused("run", GRAPH, "--bogus", code=2, word="--bogus")
        self.refused("run", GRAPH, "--threads", "0", code=2, word="--threads")
        self.refused("run", GRAPH, "--seed", "-1", code=2, word="seed")
        self.refused("run", GRAPH, "--repeats", "0", code=2, word="--repeats")
        self.refused("predict", "nowhere", code=2, word="--out")
        for device in ("gpu", "cuda:", "cuda:x", "cuda:999", "cuda:-1", "cpu:0", "CUDA", ""):
            self.refused("run", GRAPH, "--device", device, code=2, word="expected cpu, cuda, or cuda:N")

    def test_settings(self):
        cases = {"network.widht=8": "did you mean network.width?", "network.width=wide": "network.width",
                 "network.k=[0,0,0,0]": "network.k", "network.k=1-2": "network.k", "model=plian": "did you mean plain?",
                 "network.dropout=1": "network.dropout", "network.heads=5": "heads", "network.width": "key=value"}
        for setting, word in cases.items():
            with self.subTest(setting):
                self.refused("run", GRAPH, "--set", setting, "--out", "bad", code=2, word=word)
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_recipes(self):
        self.refused("run", GRAPH, "--recipe", "minesweper", code=2, word="did you mean minesweeper?")
        self.refused("run", GRAPH, "--recipe", "none.yaml", code=2, word="none.yaml")
        (self.dir / "my.yaml").write_text("extends: minesweeper\nnetwork:\n  widht: 3\n")
        self.refused("run", GRAPH, "--recipe", "my.yaml", code=2, word="my.yaml:3: unknown key network.widht")

    def test_graphs_and_splits(self):
        self.refused("run", "missing.npz", code=1, word="missing.npz")
        self.refused("run", "minesweeper:x", code=2, word="minesweeper:x")
        (self.dir / "text.npz").write_text("not a zip file\n")
        self.refused("run", "text.npz", code=1, word="text.npz")
        self.refused("run", GRAPH, "--split", "one", code=2, word="split")
        self.refused("run", GRAPH, "--split", "99", *SHORT, "--out", "bad", code=1, word="split")
        self.assertFalse((self.dir / "bad").exists())

    def test_folders(self):
        (self.dir / "mine").mkdir()
        (self.dir / "mine" / "keep.txt").write_text("kept")
        self.refused("run", GRAPH, *SHORT, "--out", "mine", code=1, word="mine")
        self.refused("run", GRAPH, *SHORT, "--out", "mine", "--overwrite", code=1, word="mine")
        self.assertEqual((self.dir / "mine" / "keep.txt").read_text(), "kept")
        for command in (["sparsify", "mine"], ["predict", "mine", "--out", "p.csv"], ["train", "--scores", "mine"]):
            self.refused(*command, code=1, word="mine")

    def test_stages_need_an_estimator(self):
        self.refused("estimate", GRAPH, "--set", "model=plain", code=2, word="model is plain")


class Runs(CliTest):
    def test_table_and_default_folders(self):
        for number in (1, 2):
            result = self.call("run", GRAPH, *SHORT, "--threads", "1")
            lines = result.stdout.splitlines()
            self.assertEqual(lines[-1], f"runs/generated-minesweeper-{number}")
            self.assertIn("test", lines[-2])
            self.assertTrue((self.dir / lines[-1] / "result.json").is_file())
            self.assertIn("note: recipe minesweeper", result.stderr)

    def test_not_a_terminal_is_plain(self):
        result = self.call("run", GRAPH, *SHORT)
        self.assertNotIn("\r", result.stderr + result.stdout)
        self.assertNotIn("\033", result.stderr + result.stdout)
        self.assertTrue(all(line.startswith("note: ") for line in result.stderr.splitlines()), result.stderr)

    def test_terminal_has_a_bar(self):
        main, side = pty.openpty()
        env = {**os.environ, "TERM": "xterm"}
        process = subprocess.Popen([PROGRAM, "run", GRAPH, *SHORT], cwd=self.dir, env=env, stderr=side,
                                   stdout=subprocess.DEVNULL)
        os.close(side)
        shown = b""
        try:
            while part := os.read(main, 4096):
                shown += part
        except OSError:  # Linux's way to say that the other end is closed
            pass
        os.close(main)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertIn(b"2/2", shown)
        self.assertIn(b"\r", shown)

    def test_json_and_quiet(self):
        result = self.call("run", GRAPH, *SHORT, "--json", "--quiet", "--repeats", "2", "--seed", "5", "--out", "a/b/")
        self.assertEqual(result.stderr, "")
        shown = json.loads(result.stdout)
        self.assertEqual([run["seed"] for run in shown["runs"]], [5, 6])
        self.assertEqual(shown, json.loads((self.dir / "a" / "b" / "result.json").read_text()))

    def test_overwrite_replaces_a_run(self):
        for extra in ([], ["--overwrite"]):
            self.call("run", GRAPH, *SHORT, "--out", "one", *extra)
        self.refused("run", GRAPH, *SHORT, "--out", "one", code=1, word="one")

    def test_splits(self):
        result = self.call("run", GRAPH, *SHORT, "--split", "0,2", "--json")
        self.assertEqual([run["split"] for run in json.loads(result.stdout)["runs"]], [0, 2])

    def test_models_without_an_estimator(self):
        for model in ("exphormer", "plain"):
            result = self.call("run", GRAPH, *SHORT, "--set", f"model={model}", "--json")
            self.assertIsNone(json.loads(result.stdout)["runs"][0]["estimator"])

    def test_stage_by_stage(self):
        self.call("estimate", GRAPH, *SHORT, "--seed", "3", "--out", "scores")
        self.assertIsNone(json.loads((self.dir / "scores" / "result.json").read_text())["runs"][0]["network"])
        self.call("train", "--scores", "scores", "--set", "network.width=16", "--out", "trained")
        self.call("sparsify", "scores", "--k", "3", "--out", "sparse")
        self.assertTrue((self.dir / "sparse" / "layer_0_source.npy").is_file())
        self.call("predict", "trained", "--out", "p.csv", "--embeddings", "e.npy")
        self.assertTrue((self.dir / "p.csv").read_text().startswith("node,split,label,predicted,p_0"))
        self.assertTrue((self.dir / "e.npy").is_file())
        self.refused("predict", "trained", "--out", "p.csv", code=1, word="p.csv")


class Interrupts(CliTest):
    def interrupted(self, signal_number, code):
        long = ["--set", "estimator.epochs=1000000", "--out", "stopped"]
        process = subprocess.Popen([PROGRAM, "run", "minesweeper:40", *long], cwd=self.dir, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn("note: ", process.stderr.readline())  # the graph is there, training begins
        time.sleep(0.5)
        process.send_signal(signal_number)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (code, ""), err)
        self.assertIn("interrupted", err)
        # nothing but what --resume needs
        self.assertEqual([p.name for p in self.dir.iterdir()], [".stopped.unfinished"])
        self.assertIn("--resume --out ", err)

    def test_ctrl_c(self):
        self.interrupted(signal.SIGINT, 130)

    def test_terminate(self):
        self.interrupted(signal.SIGTERM, 143)


if __name__ == "__main__":
    unittest.main()
