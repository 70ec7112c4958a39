#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Input files that are damaged, of another kind, or become shorter while they are in use: an error names the file and
what is wrong, and nothing is published."""
import itertools
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest

from engine_testing import PROGRAM, SHORT, EngineTest, sets, without_card_checksum, without_checksums

LONG = "n" * 256
WRONG = ["-1", "2.5", "1e400", '"text"', "null", "[]", "18446744073709551616"]


turn = itertools.count()


def few(all):
    """Two of them, other ones each time: all together would take minutes; tests/io tries them in process."""
    at = next(turn)
    return [all[(2 * at + i) % len(all)] for i in range(2)]


class InputFiles(EngineTest):
    def refused(self, *args, words, code=1, **options):
        shown = self.call(*args, code=code, **options).stderr
        self.assertIn("error: ", shown)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(str(word), shown)
        for foreign in ("json.exception", "basic_", "filesystem error", "c10", "std::", "yaml-cpp", "terminate", "internal error"):
            self.assertNotIn(foreign, shown)
        return shown

    def changed(self, path, keys, value):
        """Writes the JSON file with the value, a JSON text, at the place."""
        whole = json.loads(path.read_text())
        place = whole
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = "@"
        path.write_text(json.dumps(whole).replace('"@"', value))


class DamagedJson(InputFiles):
    def test_result_json(self):
        run = without_checksums(self.run_folder(self.graph(), *SHORT))
        file = run / "result.json"
        text = file.read_text()
        inside = [["graph", "features"], ["graph", "classes"], ["graph", "attention_seed"], ["graph", "nodes"], ["graph", "edge_types"],
                  ["runs", 0, "seed"], ["runs", 0, "split"], ["runs", 0, "best_epoch"], ["runs", 0, "network", "epochs"],
                  ["runs", 0, "per_class", 0, "support"]]
        for keys in inside:
            shown = ".".join(str(key) for key in keys).replace(".0", "[0]")
            for value in few(WRONG):
                file.write_text(text)
                self.changed(file, keys, value)
                words = [f"{file}: ", "1e400 is too large" if value == "1e400" else f"'{shown}' is "]
                self.refused("inspect", run, words=words)
        for value in ('"text"', "true", "[]"):
            for keys in (["graph", "fingerprint"], ["graph", "source"], ["runs", 0, "val"], ["runs", 0, "estimator", "temperature"]):
                if value == '"text"' and keys[0] == "graph":
                    continue
                file.write_text(text)
                self.changed(file, keys, value)
                self.refused("inspect", run, words=[f"{file}: '", " is "])
        for broken, words in (("[" * 66000, "nest more than 64 deep"), ('{"a":' * 66000, "nest more than 64 deep"), ("", "it is empty"),
                              ("{", "it ends too early"), ("[1]", "expected a JSON object"), ('{"graph": {}, "runs": 3}', "'runs' is 3"),
                              (text.replace('"runs"', '"graph": 3, "runs"', 1), "appears twice")):
            file.write_text(broken)
            for command in few([["predict", run, "--out", "p.csv"], ["report", run], ["inspect", run], ["compress", run, "--method", "exact"],
                                ["sparsify", run], ["train", "--scores", run], ["explain", run, "--node", 1]]):
                self.refused(*command, words=[file, words])
        file.write_bytes(text.encode().replace(b'"accuracy"', b'"\xff"'))
        self.refused("report", run, words=[file, "not UTF-8", "at 'metric'"])
        self.assertFalse((self.dir / "p.csv").exists())

    def test_a_split_a_header_and_lines(self):
        run = without_checksums(self.run_folder(self.graph(), *SHORT))
        (run / "split.json").write_text("[" * 66000)
        self.refused("predict", run, "--out", "p.csv", words=[run / "split.json", "nest more than 64 deep"])
        (run / "split.json").write_text('{"train": [0, 1000000000], "val": [1], "test": [2]}')
        for command in (["predict", run, "--out", "p.csv"], ["compress", run, "--method", "fitted", "--width", 4, "--out", "c"]):
            self.refused(*command, words=[run / "split.json", "train holds node 1000000000, expected 0 to 79"])
        header = b"[" * 66000
        (run / "network.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
        self.refused("inspect", run, words=[run / "network.safetensors", "nest more than 64 deep"])

    def test_a_graph_folder(self):
        self.call("convert", self.graph(), "--out", "graph")
        file = without_card_checksum(self.dir / "graph") / "graph.json"
        text = file.read_text()
        for keys in (["nodes"], ["edges"], ["splits"], ["version"], ["features", "columns"], ["labels", "classes"], ["directed"]):
            for value in few(WRONG):
                file.write_text(text)
                self.changed(file, keys, value)
                self.refused("check", "graph", words=f"'{'.'.join(keys)}'")
        for value in ("1000000000000", "4611686018427387904"):
            file.write_text(text)
            self.changed(file, ["labels", "classes"], value)
            self.refused("run", "graph", "--out", "run", words=f"'labels.classes' is {value}, expected at most 80")
        file.write_text("[" * 66000)
        self.refused("check", "graph", words="nest more than 64 deep")


class OtherKinds(InputFiles):
    def test_folders_and_pipes(self):
        run = self.run_folder(self.graph(), *SHORT)
        for name in ("result.json", "recipe.yaml", "split.json", "network.safetensors"):
            whole = (run / name).read_bytes()
            (run / name).unlink()
            (run / name).mkdir()
            self.refused("predict", run, "--out", "p.csv", words=[run / name, "is a folder, expected a file"])
            (run / name).rmdir()
            os.mkfifo(run / name)
            self.refused("predict", run, "--out", "p.csv", words=[run / name, "is a pipe, expected a file"])
            (run / name).unlink()
            (run / name).write_bytes(whole)
        self.refused("run", self.dir / "graph.npz", "--recipe", "/proc/self/mem", "--out", "r", words="/proc/self/mem", code=2)

    def test_names_that_are_too_long(self):
        run = self.run_folder(self.graph(), *SHORT)
        shown = "n" * 40 + "..." + "n" * 20
        for command in (["run", LONG], ["check", LONG], ["convert", LONG, "--out", "x"], ["predict", LONG, "--out", "x"],
                        ["run", "graph.npz", "--out", LONG], ["run", "graph.npz", "--recipe", f"./{LONG}"], ["report", LONG],
                        ["convert", "graph.npz", "--out", LONG], ["generate", "--nodes", "100", "--out", LONG],
                        ["convert", "--nodes", f"{LONG}.csv", "--edges", f"{LONG}.csv", "--out", "x"],
                        ["predict", run, "--out", LONG], ["predict", run, "--out", "p.csv", "--embeddings", LONG],
                        ["compress", run, "--method", "fitted", "--width", "4", "--out", LONG], ["sparsify", run, "--out", LONG],
                        ["explain", run, "--node", "1", "--out", LONG], ["report", run, "--out", LONG], ["inspect", LONG],
                        ["train", "--scores", LONG], ["run", "graph.npz", "--weights", LONG],
                        ["study", "width", "graph.npz", "--values", "4", "--epochs", "1", "--out", LONG]):
            with self.subTest(command=command):
                told = self.refused(*command, words="File name too long", code=1)
                self.assertNotIn(LONG, told)
                self.assertIn(shown[:43], told)

    def test_outputs_that_are_one_file(self):
        run = self.run_folder(self.graph(), *SHORT)
        (self.dir / "link").symlink_to(self.dir)
        for other in ("p", "./p", "link/p", self.dir / "p"):
            self.refused("predict", run, "--out", "p", "--embeddings", other, words="is --out as well", code=2)
        self.refused("predict", run, "graph.npz", "--out", "./graph.npz", "--overwrite", words="is GRAPH as well", code=2)
        self.refused("compress", run, "--method", "exact", "--out", f"{run}/.", "--overwrite", words="is RUN as well", code=2)
        self.refused("report", run, "--out", run, "--overwrite", words="is RUN as well", code=2)
        self.refused("run", "graph.npz", "--out", "graph.npz", "--overwrite", words="is GRAPH as well", code=2)


class Shorter(InputFiles):
    """A file that is mapped becomes shorter."""

    def graph_folder(self):
        self.call("generate", "--nodes", 3000, "--degree", 8, "--columns", 64, "--out", "graph")
        return self.dir / "graph"

    def start(self, *args):
        process = subprocess.Popen([PROGRAM, *map(str, args)], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def test_during_a_run(self):
        for name, bytes_left in (("features.npy", 4096), ("source.npy", 200), ("features.npy", None)):
            graph = self.graph_folder()
            process = self.start("run", "graph", "--out", "run", "--checkpoint", 0, "--threads", 2, "--no-report",
                                 *sets(estimator__epochs=1, network__epochs=100000, network__norms_every=0))
            metrics = self.dir / ".run.unfinished" / "metrics.jsonl"
            deadline = time.monotonic() + 120
            while process.poll() is None and time.monotonic() < deadline:
                if metrics.exists() and '"network"' in metrics.read_text():
                    break
                time.sleep(0.05)
            size = (graph / name).stat().st_size
            os.truncate(graph / name, bytes_left or size - 10)
            shown = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 1, shown)
            self.assertIn(f"{name}: became shorter while it was in use: {bytes_left or size - 10} bytes, before {size}", shown[1])
            self.assertIn("goes on", shown[1])
            self.assertFalse((self.dir / "run").exists())
            self.assertTrue(list((self.dir / ".run.unfinished").rglob("checkpoint-*.safetensors")))
            self.assertEqual([p for p in (self.dir / ".run.unfinished").rglob(".*partial*")], [])
            shutil.rmtree(self.dir / ".run.unfinished")
            shutil.rmtree(graph)

    def test_at_any_moment(self):
        """The outcome depends on the moment, but it is never a signal, and never a success without the whole file."""
        graph = self.graph_folder()
        run = self.run_folder(graph, *SHORT)
        names = {"check": "features.npy", "predict": "features.npy", "sparsify": "layer_0.npy"}
        for command in (["check", "graph"], ["predict", run, "--out", "p.csv"], ["sparsify", run, "--out", "s"]):
            folder = run / "scores" if command[0] == "sparsify" else graph
            file = folder / names[command[0]]
            whole = file.read_bytes()
            for pause in (0.0, 0.1, 0.2, 0.3, 0.5):
                process = self.start(*command)
                time.sleep(pause)
                os.truncate(file, 100)
                shown = process.communicate(timeout=120)
                file.write_bytes(whole)
                self.assertIn(process.returncode, (0, 1), shown)
                if process.returncode == 1:
                    self.assertIn(file.name, shown[1])
                    self.assertFalse((self.dir / "p.csv").exists())
                    self.assertFalse((self.dir / "s").exists())
                (self.dir / "p.csv").unlink(missing_ok=True)
                shutil.rmtree(self.dir / "s", ignore_errors=True)


class FullDisk(InputFiles):
    def test_compress_names_the_reason(self):
        run = self.run_folder(self.graph(nodes=2000), *SHORT)
        mount = self.small_file_system("64k")
        self.refused("compress", run, "--method", "fitted", "--width", 8, "--out", mount / "out", words=[mount, "No space left on device"])
        self.assertEqual(list(mount.iterdir()), [])


class Memory(InputFiles):
    def test_too_little_is_said(self):
        """Own allocations fail with exit code 1; libtorch's may not be reached at all at the lower limits."""
        graph = self.graph()
        self.call("convert", graph, "--out", "folder")
        for command in (["check", "folder"], ["check", graph]):
            for limit in (400, 500, 600, 700, 800):
                def limited(limit=limit):
                    resource.setrlimit(resource.RLIMIT_AS, (limit << 20, limit << 20))
                result = subprocess.run([PROGRAM, *command], cwd=self.dir, capture_output=True, text=True, preexec_fn=limited)
                self.assertIn(result.returncode, (0, 1, 127, -signal.SIGABRT), result.stderr)
                if result.returncode == -signal.SIGABRT:  # while libtorch is loaded, before the program begins
                    self.assertIn("bad_alloc", result.stderr)


class Numbers(InputFiles):
    def test_numbers_on_the_command_line(self):
        graph = self.graph()
        run = self.run_folder(graph, *SHORT)
        for seed in ("18446744073709551616", "-1", "1e3", "0x10", " 1", "1.5", "9" * 40):
            for command in few([["run", graph], ["estimate", graph], ["train", "--scores", run], ["inspect", run], ["generate", "--out", "g"],
                                ["study", "width", graph], ["compress", run, "--method", "jl", "--width", "2"]]):
                self.refused(*command, f"--seed={seed}", words="expected a whole number from 0 to 18446744073709551615", code=2)
        for command in (["run", graph, "--memory=99999999999999999999"], ["run", graph, "--memory=16EiB"], ["run", graph, "--memory=-1"],
                        ["run", graph, "--repeats=99999999999999999999"], ["run", graph, "--split=99999999999999999999"],
                        ["run", graph, "--set", "network.width=99999999999999999999"], ["run", graph, "--set", "network.k=99999999999999999999"],
                        ["run", graph, "--threads=99999999999999999999"], ["run", graph, "--checkpoint=1e400"], ["run", graph, "--checkpoint=nan"],
                        ["run", "minesweeper:99999999999999999999"], ["run", "minesweeper:12:18446744073709551616"], ["run", "minesweeper:12:-1"],
                        ["inspect", run, "--k=99999999999999999999"], ["sparsify", run, "--epoch=99999999999999999999"],
                        ["sparsify", run, "--k=99999999999999999999"], ["explain", run, "--node=1", "--edges=99999999999999999999"],
                        ["generate", "--out=g", "--nodes=99999999999999999999"], ["generate", "--out=g", "--degree=1e400"],
                        ["generate", "--out=g", "--classes=99999999999999999999"], ["generate", "--out=g", "--noise=nan"],
                        ["compress", run, "--method=jl", "--width=99999999999999999999"], ["compress", run, "--method=jl", "--epsilon=1e400"],
                        ["study", "width", graph, "--values=4,99999999999999999999"]):
            with self.subTest(command=command):
                self.refused(*command, words="", code=2)
        self.call("run", graph, *SHORT, "--seed", "010", "--out", "ten", "--no-report")
        self.assertEqual(self.result(self.dir / "ten")["runs"][0]["seed"], 10)
        self.call("run", graph, *SHORT, "--seed", 2**64 - 1, "--out", "most", "--no-report")
        self.assertEqual(self.result(self.dir / "most")["runs"][0]["seed"], 2**64 - 1)

    def test_hostile_recipes(self):
        graph = self.graph()
        for name, text, words in (("cycle", "network: &n\n  self: *n\n", "inside the value that it refers to"), ("deep", "a: " + "[" * 5000, "deep"),
                                  ("two", "model: plain\n---\nmodel: plain\n", "second document"), ("binary", "\0\1\2", "not UTF-8")):
            (self.dir / f"{name}.yaml").write_text(text)
            self.refused("run", graph, "--recipe", f"{name}.yaml", "--out", "r", words=[f"{name}.yaml:", words], code=2)


if __name__ == "__main__":
    unittest.main()
