# SPDX-License-Identifier: Apache-2.0
"""The experiments of the theory of compressibility: width 64 twenty times, width 4 a hundred times, the baselines."""
import itertools

from measure.accuracy import one_run
from measure.program import CACHE, ROOT, json_lines, run
from measure.rows import Rows

DATA = ("minesweeper", "tolokers", "photo")
RECIPE = {64: "plain", 4: "plain-narrow"}
RUNS = {64: 20, 4: 100}
RATES, EPOCHS = (0.1, 0.01, 0.001), (50, 100, 150, 200)
DROPOUT = {64: 0.5, 4: 0.2}  # the paper names none; these are what `plain` chooses by validation
BASELINES = {"mlp": ("MLP", 0.01), "gcn": ("GCN", 0.01), "gcn-skip": ("GCN with skips", 0.003)}  # names in the table, and rates
BASELINE_RUNS = 10
GIVEN_MASKS = 10


def theory(bench):
    rows = Rows("theory")
    for name in bench.names(*DATA):
        baselines(bench, rows, name)
    for name, width in itertools.product(bench.names(*DATA), RUNS):
        points = [{"lr": lr, "epochs": epochs} for lr in RATES for epochs in EPOCHS]
        def settings(point):
            return [f"network.{k}={v}" for k, v in {**point, "dropout": DROPOUT[width]}.items()]
        grid = [one_run(bench, rows, {"data": name, "width": width, "search": "grid", **p}, name, 0, 0, settings(p), RECIPE[width])
                for p in points]
        chosen = max(zip(grid, points), key=lambda g: g[0]["values"]["val"])[1]
        for seed in range(RUNS[width]):
            one_run(bench, rows, {"data": name, "width": width, "search": "chosen", "seed": seed, **chosen}, name,
                    seed % GIVEN_MASKS, seed, settings(chosen), RECIPE[width])


def baselines(bench, rows, name):
    for kind, seed in itertools.product(BASELINES, range(BASELINE_RUNS)):
        def measure():
            folder = CACHE / f"split-{name}-{seed}"
            if not (folder / "split.json").exists():
                run([bench.binary, "run", bench.file(name), "--recipe", "plain-narrow", "--split", seed, "--set", "network.epochs=1",
                     "--quiet", "--overwrite", "--out", folder])
            command = [bench.peer_python(), ROOT / "bench" / "peers" / "baselines.py", bench.file(name), folder / "split.json", kind, seed]
            return json_lines(run(command))[0], command
        bench.row(rows, {"data": name, "baseline": kind, "seed": seed}, measure)
