# SPDX-License-Identifier: Apache-2.0
"""Test values of the recipes that are tuned for a graph, split by split, on the splits that published networks use."""
import pathlib

from measure.accuracy import figures
from measure.program import Failed
from measure.rows import Rows

TEN = range(10)
SEEDS = range(3)  # of the one published split
# Per recipe: the data set, and the file of the published split in DATA/splits where rows are published on one.
RECIPES = {
    "minesweeper-tuned": ("minesweeper", None),
    "minesweeper-labels": ("minesweeper", None),
    "photo-tuned": ("photo", "amazon-photo_split.npz"),
    "computers-tuned": ("computers", "amazon-computer_split.npz"),
    "cs-tuned": ("cs", "coauthor-cs_split.npz"),
}


def tuned(bench):
    """`--only` takes recipes and data sets."""
    rows = Rows("tuned")
    for recipe, (name, published) in RECIPES.items():
        if not (bench.wants(recipe) or bench.wants(name)):
            continue
        for seed in SEEDS if published else ():
            one(bench, rows, recipe, name, "published", seed, ["--split-file", split_file(bench, published)])
        for split in TEN:
            one(bench, rows, recipe, name, split, split, ["--split", split])


def one(bench, rows, recipe, name, split, seed, words):
    def measure():
        result, _, command = bench.graphsieve(bench.file(name), "--recipe", recipe, "--seed", seed, *words)
        return figures(result), command
    return bench.row(rows, {"data": name, "recipe": recipe, "split": split, "seed": seed}, measure)


def split_file(bench, name):
    path = pathlib.Path(bench.args.data or ".") / "splits" / name
    if not path.exists():
        raise Failed(f"splits/{name} is not in the data folder")
    return path.resolve()
