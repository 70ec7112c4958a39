# SPDX-License-Identifier: Apache-2.0
"""Draws whose edges are weighted so that they are unbiased, against draws whose scores are divided by their sum: spectral errors and
test values at equal k, on the scores of one estimator (`study k`)."""
import json
import pathlib
import tempfile

from measure.program import run
from measure.rows import Rows

DATA = ("minesweeper", "tolokers", "photo")
K = (3, 5)
REPEATS = 3
SAMPLERS = ("graph_reservoir", "graph_importance", "graph_uniform", "graph_max")
FIGURES = ("test", "val", "spectral_error", "spectral_error_unbiased")


def importance(bench):
    rows = Rows("importance")
    for name in bench.names(*DATA):
        for k in K:
            bench.row(rows, {"data": name, "k": k, "repeats": REPEATS}, lambda: one(bench, name, k))


def one(bench, name, k):
    with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as folder:
        command = [bench.binary, "study", "k", bench.file(name), "--recipe", name, "--values", k, "--repeats", REPEATS, "--quiet"]
        if bench.args.threads:
            command += ["--threads", bench.args.threads]
        run([*command, "--out", pathlib.Path(folder) / "study"])
        summary = json.loads((pathlib.Path(folder) / "study" / "study.json").read_text())["summary"]
    found = {entry["variant"]: entry for entry in summary}
    return {sampler: {figure: found[sampler].get(figure, {}).get("mean") for figure in FIGURES} for sampler in SAMPLERS}, command
