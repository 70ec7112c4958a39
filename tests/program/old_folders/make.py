#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folders that tests/program/old_folders_test.py reads: make.py PROGRAM, with a program of that version.

The folder of this script holds what commit 3cb954f wrote, before folders had their present readers. It is written once
and never again: a folder that a later program wrote would prove nothing.
"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SHORT = ["--set", "estimator.epochs=2", "--set", "network.epochs=2", "--set", "network.width=8", "--set", "network.layers=2",
         "--set", "estimator.layers=2", "--set", "network.k=3"]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()

    def call(*arguments):
        subprocess.run([program, *(str(a) for a in arguments)], cwd=HERE, check=True)

    n = 30
    with tempfile.TemporaryDirectory() as folder:
        tables = pathlib.Path(folder)
        (tables / "nodes.csv").write_text("id,size,colour,label,a,b\n" + "".join(
            f"user-{i},{i * 7 % 11 / 4},{('red', 'green', 'blue')[i % 3]},{('cat', 'dog')[i % 2]},{i % 2},{int(i % 5 == 0)}\n" for i in range(n)))
        (tables / "edges.csv").write_text("source,destination,kind\n" + "".join(
            f"user-{i},user-{(i + step) % n},{kind}\n" for i in range(n) for step, kind in ((1, "knows"), (4, "pays"), (9, "knows"))))
        for graph, labels in (("graph", ["label"]), ("graph-labels", ["a", "b"])):
            call("convert", "--nodes", tables / "nodes.csv", "--edges", tables / "edges.csv", "--edge-type", "kind",
                 "--columns", "size,colour", "--label", ",".join(labels), "--out", graph)
    for model in ("spexphormer", "exphormer", "plain"):
        call("run", "minesweeper:6", *SHORT, "--set", f"model={model}", "--out", f"run-{model}")
    call("run", "graph", *SHORT, "--out", "run-tables")
    call("run", "graph-labels", *SHORT, "--out", "run-labels")
    call("run", "minesweeper:6", *SHORT, "--repeats", 2, "--out", "run-repeats")
    call("run", "minesweeper:6", *SHORT, "--set", "network.sampler=batch_reservoir", "--set", "network.batch_size=10", "--out", "run-batches")
    call("compress", "run-spexphormer", "--method", "fitted", "--width", 4, "--out", "run-compressed")
    # Reports are not read back, and the folders are used at another place than where they were written.
    for path in HERE.rglob("*"):
        if path.name in ("report.html", "report.json"):
            path.unlink()
        elif path.name in ("result.json", "compression.json"):
            path.write_text(path.read_text().replace(f"{HERE}/", ""))


if __name__ == "__main__":
    main()
