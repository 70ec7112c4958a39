#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the sh and python blocks of README.md and docs/*.md, page by page, each page in a folder of its own.

A comment before a block, `<!-- not run: why -->`, leaves it out; the test says so by page, line and reason. A comment
`<!-- needs: module -->` leaves it out where the Python module is not installed. A comment `<!-- given: your.npz runs/a -->` puts
graphs and runs there first; tables and graph.npz are always there. Trainings are cut short (bin/graphsieve), and make only looks
whether its target is there (bin/make)."""
import csv
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "docs"
sys.path.insert(0, str(ROOT / "tests" / "program"))

from engine_testing import PROGRAM, Graph, sets  # noqa: E402

BLOCK = re.compile(r"(?:^<!-- (?:not run: (?P<reason>.*?)|needs: (?P<module>\w+)) -->\n)?"
                   r"^```(?P<language>sh|python|yaml)\n(?P<text>.*?)^```", re.S | re.M)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Given:
    """What pages may ask for, made once."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        Graph().write(self.folder / "graph.npz")
        self.call("convert", "graph.npz", "--out", "graph")
        self.call("run", "graph.npz", "--out", "run", *sets(estimator__epochs=2, network__epochs=2))

    def call(self, *args):
        subprocess.run([PROGRAM, *args], cwd=self.folder, check=True, capture_output=True, text=True)

    def put(self, name, to):
        to.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".npz"):
            shutil.copy(self.folder / "graph.npz", to)
        else:
            shutil.copytree(self.folder / ("run" if name.startswith("runs/") else "graph"), to)

    @staticmethod
    def tables(to):
        def write(name, rows):
            with open(to / name, "w", newline="") as file:
                csv.writer(file).writerows(rows)

        users = []
        for i in range(1, 60):
            label, part = (("no", "yes", "no")[i % 3], ("train", "val", "test")[i // 3 % 3]) if i % 4 else ("", "")
            users.append([f"user-{i}", 20 + i % 50, ("NO", "DE")[i % 2], label, part])
        pairs = [[f"user-{i}", f"user-{(i * s) % 59 + 1}"] for i in range(1, 60) for s in (1, 2, 5)]
        write("accounts.csv", [["account", "age", "country", "fraud", "part"], *users])
        write("transfers.csv", [["payer", "payee"], *pairs])
        write("accounts-tomorrow.csv", [["account", "country", "age"], *([u[0], u[2], u[1]] for u in reversed(users))])
        write("transfers-tomorrow.csv", [["payer", "payee"], *pairs[::-1]])
        write("n.csv", [["id", "age", "label"], *([u[0], u[1], u[3]] for u in users)])
        write("e.csv", [["source", "destination"], *pairs])
        import pyarrow.csv
        import pyarrow.parquet
        pyarrow.parquet.write_table(pyarrow.csv.read_csv(to / "transfers.csv"), to / "payments.parquet")


class Docs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.given = Given(folder.name)

    def environment(self):
        python = [str(ROOT / "tests" / "python"), str(HERE), str(ROOT / "tests" / "program"), os.environ.get("PYTHONPATH", "")]
        return {**os.environ, "GRAPHSIEVE_PROGRAM": PROGRAM, "GRAPHSIEVE_ROOT": str(ROOT), "PYTHONPATH": ":".join(python),
                "PATH": f"{HERE / 'bin'}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run_block(self, folder, language, text):
        """A yaml block is the file that its first line names."""
        if language == "yaml":
            (folder / re.match(r"# ([\w.-]+\.yaml)", text)[1]).write_text(text)
            return
        if language == "sh":
            command = ["bash", "-euo", "pipefail", "-c", text]
        else:
            command = [sys.executable, "-c", f"from given import *\n{text}"]
        shown = subprocess.run(command, cwd=folder, env=self.environment(), capture_output=True, text=True, timeout=600)
        self.assertEqual(shown.returncode, 0, f"{text}\n{shown.stdout}\n{shown.stderr}")

    def page(self, page):
        text = page.read_text()
        blocks = [b for b in BLOCK.finditer(text)]
        if not blocks:
            self.skipTest("no blocks")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "bin").symlink_to(HERE / "bin")
            self.given.tables(folder)
            self.given.put("graph.npz", folder / "graph.npz")
            for given in re.findall(r"<!-- given: (.*?) -->", text):
                for wanted in given.split():
                    self.given.put(wanted, folder / wanted)
            for block in blocks:
                line = text.count("\n", 0, block.start("text"))
                with self.subTest(page=page.name, line=line):
                    if block["reason"]:
                        self.skipTest(block["reason"])
                    if block["module"] and importlib.util.find_spec(block["module"]) is None:
                        self.skipTest(f"{block['module']} is not installed")
                    if block["language"] == "python" and importlib.util.find_spec("graphsieve") is None:
                        self.skipTest("the Python package is not built")
                    self.run_block(folder, block["language"], block["text"])


def add(page):
    setattr(Docs, f"test_{page.stem.replace('-', '_')}", lambda self: self.page(page))


for page in PAGES:
    add(page)

if __name__ == "__main__":
    unittest.main(verbosity=2)  # says what is not run
