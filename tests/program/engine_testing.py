# SPDX-License-Identifier: Apache-2.0
"""What the tests of the whole engine share: small graphs in the heterophilous layout, and calls of the program."""
import importlib.util
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("GRAPHSIEVE_PROGRAM", str(ROOT / "bin" / "graphsieve"))


def plain_torch():
    """bench/peers/plain_torch.py, the networks in plain tensor operations."""
    spec = importlib.util.spec_from_file_location("plain_torch", ROOT / "bench" / "peers" / "plain_torch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sets(**values):
    """network__width=8 as --set network.width=8."""
    return [arg for key, value in values.items() for arg in ("--set", f"{key.replace('__', '.')}={value}")]


# Of a run folder: files with times and memory in them, and the card with their checksums.
TIMED = ("result.json", "report.json", "report.html", "card.json")
SHORT = sets(estimator__epochs=3, network__epochs=3)


def without_checksums(run):
    """Makes a run folder one of format 1, from before there were checksums, so that what stands behind them is read."""
    (run / "card.json").unlink()
    result = json.loads((run / "result.json").read_text())
    del result["format"]
    (run / "result.json").write_text(json.dumps(result, indent=2))
    return run


def without_card_checksum(folder):
    """Makes a graph folder one of version 2, whose card has no checksum of itself; it lists no files, so none is verified."""
    card = json.loads((folder / "graph.json").read_text())
    del card["checksum"]
    (folder / "graph.json").write_text(json.dumps({**card, "version": 2, "files": {}}, indent=2))
    return folder


class Graph:
    """A random graph of a few communities, whose labels they are; arrays may be changed before it is written."""

    def __init__(self, nodes=80, classes=3, degree=4, features=6, seed=0):
        random = np.random.default_rng(seed)
        self.node_labels = random.integers(0, classes, nodes)
        near = random.integers(0, nodes, (nodes * degree, 2))
        alike = self.node_labels[near[:, 0]] == self.node_labels[near[:, 1]]
        near = near[(near[:, 0] != near[:, 1]) & (alike | (random.random(len(near)) < 0.3))]
        self.edges = np.unique(np.sort(near, 1), axis=0)
        self.node_features = (random.normal(size=(nodes, features)) + self.node_labels[:, None]).astype(np.float32)
        part = random.permuted(np.tile(np.arange(nodes) * 4 // nodes, (2, 1)), axis=1)
        self.train_masks, self.val_masks, self.test_masks = part < 2, part == 2, part == 3

    def write(self, path):
        np.savez(path, **self.__dict__)
        return str(path)


class EngineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def call(self, *args, code=0, **options):
        command = [PROGRAM, *(str(a) for a in args)]
        result = subprocess.run(command, cwd=self.dir, capture_output=True, text=True, timeout=300, **options)
        self.assertEqual(result.returncode, code, f"{command}\n{result.stdout}\n{result.stderr}")
        return result

    def run_folder(self, graph, *args, name="run", report=False, threads=1):
        """Trains and returns the run folder; notes stay in self.notes."""
        out = self.dir / name
        self.notes = self.call("run", graph, "--threads", threads, "--out", out, *([] if report else ["--no-report"]), *args).stderr
        return out

    def small_file_system(self, size):
        """A folder with a file system of its own, of so many bytes ("64k", "3m"). The test is skipped where none can be mounted."""
        mount = self.dir / "small"
        mount.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", mount], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"cannot mount a file system here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", mount], check=True)
        return mount

    def graph(self, change=None, name="graph.npz", **options):
        graph = Graph(**options)
        if change:
            change(graph)
        return graph.write(self.dir / name)

    @staticmethod
    def result(folder):
        return json.loads((folder / "result.json").read_text())

    @staticmethod
    def epochs(folder, stage):
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        return [line for line in lines if line["stage"] == stage]

    def assert_same_files(self, a, b):
        """Both folders hold the same files with the same bytes, times and memory aside."""
        names = sorted(p.relative_to(a) for p in a.rglob("*") if p.is_file())
        self.assertEqual(names, sorted(p.relative_to(b) for p in b.rglob("*") if p.is_file()))
        for name in names:
            if name.name not in TIMED:
                self.assertTrue((a / name).read_bytes() == (b / name).read_bytes(), f"{name} differs")


def predictions(path):
    """Columns of predictions.csv: node, split, label, predicted as text, and the probabilities [nodes, classes]."""
    rows = [line.split(",") for line in pathlib.Path(path).read_text().splitlines()[1:]]
    return [row[:4] for row in rows], np.array([[float(x) for x in row[4:]] for row in rows])
