# SPDX-License-Identifier: Apache-2.0
"""k chosen from the scores: what each epsilon comes to, and what the choice costs."""
import json
import pathlib
import tempfile
import time

from measure.program import CACHE, run
from measure.rows import Rows

DATA = ("minesweeper", "tolokers", "photo")
EPSILONS = {"mass": (0.3, 0.2, 0.1, 0.05), "operator_norm": (0.5, 0.3)}
SEEDS = range(3)
LARGE = "minesweeper:350"  # 122,500 nodes, 4.8 M attention edges


def epsilon(bench):
    rows = Rows("epsilon")
    for seed in SEEDS:  # split and seed i: the recipe's k, then every choice on the scores of that run
        for name in bench.names(*DATA):
            bench.row(rows, {"data": name, "epsilon": 0, "seed": seed}, lambda: recipe_run(bench, name, seed))
            for of, values in EPSILONS.items():
                for value in values:
                    bench.row(rows, {"data": name, "of": of, "epsilon": value, "seed": seed}, lambda: chosen_run(bench, name, seed, of, value))
    for of in EPSILONS if bench.wants("generated") else ():
        bench.row(rows, {"data": LARGE, "of": of}, lambda: cost(bench, of))


def recipe_run(bench, name, seed):
    folder, command = scores(bench, name, seed)
    with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as temporary:  # for the curve
        out = pathlib.Path(temporary) / "sparse"
        run([bench.binary, "sparsify", folder, "--epsilon", 0.5, "--quiet", "--out", out])
        return figures(folder, out / "epsilon.json"), command


def chosen_run(bench, name, seed, of, value):
    with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as temporary:
        out = pathlib.Path(temporary) / "run"
        command = [bench.binary, "train", "--scores", scores(bench, name, seed)[0], "--epsilon", value, "--set", f"network.epsilon_of={of}",
                   "--quiet"]
        run([*command, "--out", out])
        return figures(out, out / "epsilon.json"), command


def scores(bench, name, seed):
    """The run folder of the published recipe, made once, and its command."""
    folder = CACHE / f"epsilon-{name}-{seed}"
    command = [bench.binary, "run", bench.file(name), "--split", seed, "--seed", seed, "--quiet", "--overwrite", "--out", folder]
    if not (folder / "result.json").exists():
        run(command)
    return folder, command


def figures(folder, curves):
    one = json.loads((folder / "result.json").read_text())["runs"][0]
    layers = json.loads(curves.read_text())["layers"]
    errors = [dict(zip(l["curve"]["k"], l["curve"]["error"]))[k] for l, k in zip(layers, one["k"])]
    return {"k": one["k"], "errors": errors, "within": all(l["within"] for l in layers), "test": 100 * one["test"],
            "val": 100 * one["val"], "seconds": one["network"]["seconds"], "edge_share": one["network"]["edge_share"]}


def cost(bench, of):
    """Draws with k chosen against draws with the same k given."""
    folder = CACHE / "epsilon-generated"
    if not (folder / "result.json").exists():
        run([bench.binary, "estimate", LARGE, "--set", "estimator.epochs=3", "--quiet", "--overwrite", "--out", folder])
    edges = json.loads((folder / "result.json").read_text())["graph"]["attention_edges"]
    def seconds(*arguments):
        with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as temporary:
            out = pathlib.Path(temporary) / "sparse"
            command = [bench.binary, "sparsify", folder, *arguments, "--threads", 1, "--quiet"]
            start = time.perf_counter()
            run([*command, "--out", out])
            wall = time.perf_counter() - start
            told = out / "epsilon.json"
            return wall, command, json.loads(told.read_text())["layers"] if told.exists() else None
    chosen, command, layers = seconds("--epsilon", 0.3, "--epsilon-of", of)
    given = seconds("--k", "-".join(str(l["chosen"]) for l in layers))[0]
    return {"k": [l["chosen"] for l in layers], "tried": sum(len(l["curve"]["k"]) for l in layers), "edges": edges, "layers": len(layers),
            "seconds": chosen - given, "edges_per_second": len(layers) * edges / (chosen - given)}, command
