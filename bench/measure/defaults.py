# SPDX-License-Identifier: Apache-2.0
"""The default settings against ten others, on made-up graphs (made_up.py).

The ten are changes of the default recipe as it was when they were written down, so that they stay the same when the default changes
("fixed, …"). As a second, stricter comparison, each of the changes is made to today's default."""
import pathlib
import tempfile

from measure import made_up
from measure.program import CACHE, run
from measure.rows import Rows

SPLITS = "0,1,2,3"  # with two, the mean of churn moved by two points by the draw alone
SMALLER_IS_BETTER = ("rmse", "mae", "log_loss")
# Today's names of what the recipe `default` was when the ten changes were written down, before any default was chosen by them.
FIRST_DEFAULT = ["graph.expander_edges=true", "network.refill=true", "network.scaled_logits=false", "network.ema_decay=0",
                 "network.dropout=0.2", "network.epochs=150", "network.patience=0"]
GRID = {
    "standardised": ["data.features=standardised"],
    "as found": ["data.features=as_found"],
    "slow": ["network.lr=0.001", "network.epochs=300"],
    "fast": ["network.lr=0.01"],
    "wide": ["network.width=128", "data.features=standardised"],
    "shallow": ["estimator.layers=2", "network.layers=2", "data.features=standardised"],
    "dropout": ["network.dropout=0.5", "data.features=standardised"],
    "many edges": ["network.k=20", "data.features=standardised"],
    "no expander": ["graph.expander_edges=false", "data.features=standardised"],
    "all edges": ["model=exphormer", "data.features=standardised"],
}


def defaults(bench):
    rows = Rows("defaults")
    for name in bench.names(*made_up.TUNED, *made_up.LATER):
        fixed = {fixed_name(setting): FIRST_DEFAULT + changes for setting, changes in GRID.items()}
        for setting, changes in {"default": [], **fixed, **GRID}.items():
            bench.row(rows, {"data": name, "setting": setting}, lambda: one(bench, name, changes))


def fixed_name(setting):
    return f"fixed, {setting}"


def one(bench, name, changes):
    graph = CACHE / f"made-up-{name}"
    if not (graph / "graph.json").exists():
        with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as folder:
            run([bench.binary, "convert", *made_up.tables(name, pathlib.Path(folder)), "--quiet", "--out", graph])
    settings = [word for change in changes for word in ("--set", change)]
    result, _, command = bench.graphsieve(graph, "--split", SPLITS, *settings)
    return {"metric": result["metric"], "val": mean(result, "val"), "test": mean(result, "test"), "seconds": result["seconds"]}, command


def mean(result, part):
    values = [one[part] for one in result["runs"]]
    return sum(values) / len(values)


def against_best(rows, name, fixed):
    """The default's values, the name and values of the best of the ten by test value, and the share of the best that the default
    reaches: its test value over the best one; of errors, the inverse. fixed: the ten fixed settings, else the changes of today's
    default. None if a row is missing."""
    settings = {"default": "default", **{setting: fixed_name(setting) if fixed else setting for setting in GRID}}
    found = {short: row["values"] for short, key in settings.items() if (row := rows.get({"data": name, "setting": key}))}
    if len(found) < len(settings):
        return None
    default = found.pop("default")
    smaller = default["metric"] in SMALLER_IS_BETTER
    best = (min if smaller else max)(found, key=lambda setting: found[setting]["test"])
    share = default["test"] / found[best]["test"]
    return default, best, found[best], 1 / share if smaller else share
