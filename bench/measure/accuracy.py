# SPDX-License-Identifier: Apache-2.0
"""Test values: Spexphormer, full Exphormer and the plain transformer."""
import itertools

from measure.program import stage_max
from measure.rows import Rows

DATA = ("minesweeper", "tolokers", "photo", "computers", "cs")
GIVEN_MASKS = ("minesweeper", "tolokers")
SPLITS = range(10)
STARTS = 5
PLAIN_DATA = ("minesweeper", "tolokers", "photo")
PLAIN_GRID = [{"lr": lr, "epochs": epochs, "dropout": dropout}
              for lr, epochs, dropout in itertools.product((0.01, 0.001), (100, 200), (0.2, 0.5))]
PLAIN_RUNS = 5


def figures(result):
    """What a row keeps of one run."""
    one = result["runs"][0]
    return {"test": 100 * one["test"], "val": 100 * one["val"], "seconds": result["seconds"],
            "stage_seconds": {s: one[s]["seconds"] for s in ("estimator", "network") if one[s]},
            "peak_tensor_bytes": stage_max(one, "peak_tensor_bytes"),
            "network_peak_tensor_bytes": one["network"]["peak_tensor_bytes"], "peak_rss_bytes": result["peak_rss_bytes"],
            "edge_share": one["network"]["edge_share"], "best_epoch": one["best_epoch"], "metric": result["metric"]}


def one_run(bench, rows, key, name, split, seed, settings=(), recipe=None):
    def measure():
        words = [bench.file(name), "--split", split, "--seed", seed]
        words += ["--recipe", recipe] if recipe else []
        words += [w for s in settings for w in ("--set", s)]
        result, _, command = bench.graphsieve(*words)
        return figures(result), command
    return bench.row(rows, key, measure)


def accuracy(bench):
    rows = Rows("accuracy")
    for name in bench.names(*DATA):
        for split in SPLITS:  # repeat i: split i, seed i, an estimator of its own
            one_run(bench, rows, {"data": name, "split": split, "seed": split}, name, split, split)
        for seed in range(1, 5) if name in GIVEN_MASKS else ():  # with split 0, seed 0: the first mask alone
            one_run(bench, rows, {"data": name, "split": 0, "seed": seed}, name, 0, seed)
        release(bench, rows, name)


def release(bench, rows, name):
    """One estimator, five second stages, split 0."""
    def measure():
        result, _, command = bench.graphsieve(bench.file(name), "--split", 0, "--repeats", 5, "--set", "protocol=release")
        tests = [100 * r["test"] for r in result["runs"]]
        return {"tests": tests, "test": sum(tests) / len(tests), "seconds": result["seconds"]}, command
    bench.row(rows, {"data": name, "protocol": "release"}, measure)


def starts(bench):
    """The estimator that validates best of five random starts; all else as in the published recipe."""
    rows = Rows("starts")
    for name in bench.names(*DATA):
        for split in SPLITS:
            one_run(bench, rows, {"data": name, "split": split, "seed": split}, name, split, split, [f"estimator.restarts={STARTS}"])


def full(bench):
    rows = Rows("full")
    for name in bench.names(*DATA):
        for split in SPLITS:
            one_run(bench, rows, {"data": name, "split": split, "seed": split}, name, split, split, ["model=exphormer"])


def plain(bench):
    rows = Rows("plain")
    for name in bench.names(*PLAIN_DATA):
        for width in (64, 4):
            size = [f"network.width={width}", f"network.ffn_width={width}"]
            grid = []
            for point in PLAIN_GRID:
                key = {"data": name, "width": width, "search": "grid", **point}
                settings = size + [f"network.{k}={v}" for k, v in point.items()]
                grid.append((one_run(bench, rows, key, name, 0, 0, settings, "plain")["values"]["val"], settings, point))
            _, settings, point = max(grid, key=lambda g: g[0])
            for split in range(PLAIN_RUNS):
                key = {"data": name, "width": width, "search": "chosen", "split": split, **point}
                one_run(bench, rows, key, name, split, 0, settings, "plain")
