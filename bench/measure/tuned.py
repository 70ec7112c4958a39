# SPDX-License-Identifier: Apache-2.0
"""Test values of the recipes that are tuned for a graph, split by split, on the splits that published networks use."""
import json
import pathlib

from measure.accuracy import figures
from measure.program import ROOT, Failed, run
from measure.rows import Rows

TEN = range(10)
SEEDS = range(3)  # of the one published split
# Per recipe: the data set, and the file of the published split in DATA/splits where rows are published on one.
RECIPES = {
    "minesweeper-tuned": ("minesweeper", None),
    "minesweeper-labels": ("minesweeper", None),
    "minesweeper-half": ("minesweeper", None),
    "tolokers-tuned": ("tolokers", None),
    "photo-tuned": ("photo", "amazon-photo_split.npz"),
    "computers-tuned": ("computers", "amazon-computer_split.npz"),
    "cs-tuned": ("cs", "coauthor-cs_split.npz"),
}

# Per variant of a recipe: the recipe, the data set and the changed settings. Uniform draws do not need the estimator.
VARIANTS = {
    "minesweeper-half, uniform": ("minesweeper-half", "minesweeper",
                                  ["network.sampler=graph_uniform", "estimator.epochs=1", "estimator.restarts=1"]),
}
# Per recipe whose time is compared with a plain PyG script of the leading network: the split, and changes of the script's constants.
# 200 epochs instead of 1,500 for cs: both networks are best before epoch 100, and the script takes seconds for an epoch.
LEADING = {"minesweeper-tuned": ("0", []), "photo-tuned": ("published", []), "computers-tuned": ("published", []),
           "cs-tuned": ("published", ["epochs=200"])}


def tuned(bench):
    """`--only` takes recipes, data sets, `variants` and `leading`."""
    rows = Rows("tuned")
    for recipe, (name, published) in RECIPES.items():
        if not (bench.wants(recipe) or bench.wants(name)):
            continue
        for seed in SEEDS if published else ():
            one(bench, rows, recipe, name, "published", seed, ["--split-file", split_file(bench, published)])
        for split in TEN:
            one(bench, rows, recipe, name, split, split, ["--split", split])
    for variant, (recipe, name, settings) in VARIANTS.items():
        changes = [word for setting in settings for word in ("--set", setting)]
        for split in TEN if bench.wants("variants") else ():
            one(bench, rows, recipe, name, split, split, ["--split", split, *changes], variant)
    if bench.wants("leading"):
        for recipe, (split, changes) in LEADING.items():
            leading(bench, rows, recipe, split, changes)


def leading(bench, rows, recipe, split, changes):
    """Ours and a PyG script of the leading network, one after the other on one thread."""
    name, published = RECIPES[recipe]

    def measure():
        ours_at, theirs_at = ["--split", split], split
        if split == "published":
            theirs_at = split_file(bench, published)
            ours_at = ["--split-file", theirs_at]
        ours, _, _ = bench.graphsieve(bench.file(name), "--recipe", recipe, "--seed", 0, "--threads", 1, *ours_at)
        script = ROOT / "bench" / "peers" / "leading_network.py"
        command = ["env", "OMP_NUM_THREADS=1", bench.peer_python(), script, name, bench.file(name), theirs_at, 0, *changes]
        ours = {**figures(ours), "epochs": ours["runs"][0]["network"]["epochs"]}
        return {"ours": ours, "pyg": json.loads(run(command))}, command
    return bench.row(rows, {"data": name, "compared": recipe, "split": split}, measure)


def one(bench, rows, recipe, name, split, seed, words, variant=None):
    def measure():
        result, _, command = bench.graphsieve(bench.file(name), "--recipe", recipe, "--seed", seed, *words)
        return figures(result), command
    return bench.row(rows, {"data": name, "recipe": variant or recipe, "split": split, "seed": seed}, measure)


def split_file(bench, name):
    path = pathlib.Path(bench.args.data or ".") / "splits" / name
    if not path.exists():
        raise Failed(f"splits/{name} is not in the data folder")
    return path.resolve()
