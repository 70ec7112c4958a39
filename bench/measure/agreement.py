# SPDX-License-Identifier: Apache-2.0
"""What makes the scores of narrow estimators agree with those of a wide one (bench/peers/narrow_scores.py)."""
from measure.program import CACHE, VENV_PYTHON, json_lines, run
from measure.rows import ROOT, Rows

DATA = {"minesweeper": 4, "tolokers": 10}  # k of the heaviest edges
NARROW, WIDE = 4, 64
STARTS, WIDE_STARTS = range(1, 6), range(2)


def agreement(bench):
    rows = Rows("agreement")
    for name in bench.names(*DATA):
        if rows.all(data=name) and not bench.args.again:
            continue
        command = [VENV_PYTHON, ROOT / "bench" / "peers" / "narrow_scores.py", "--graph", bench.file(name), "--k", DATA[name]]
        for option, width, seeds in (("--wide", WIDE, WIDE_STARTS), ("--narrow", NARROW, STARTS)):
            for seed in seeds:
                command += [option, estimator(bench, name, width, seed)]
        for found in json_lines(run(command)):
            variant = found.pop("variant")
            bench.row(rows, {"data": name, "variant": variant}, lambda: (found, command))


def estimator(bench, name, width, seed):
    """A run of stage 1 on the graph's own edges, whose seed changes the start alone."""
    folder = CACHE / f"agreement-{name}-{width}-{seed}"
    if not (folder / "result.json").exists():
        run([bench.binary, "estimate", bench.file(name), "--split", 0, "--seed", seed, "--set", f"estimator.width={width}",
             "--set", "graph.expander_edges=false", "--no-report", "--quiet", "--overwrite", "--out", folder])
    return folder
