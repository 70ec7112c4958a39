# SPDX-License-Identifier: Apache-2.0
"""A short run of every command, on inputs that all drivers share. A driver disturbs the run and looks at what came of
it."""

from typing import NamedTuple

from inputs import FREE_K, RUN, SMALL, sets


class Scenario(NamedTuple):
    """One call. `{stock}` in it stands for the folder of the inputs; the call runs in an empty folder of its own."""

    name: str
    command: list  # the program's arguments; or "python" and the code
    needs: tuple = ()  # names of STOCK
    results: tuple = ()  # files and folders that the call makes; where there are none, its stdout is the result
    copies: tuple = ()  # of `needs`: copied into the working folder, since the call changes them
    proceed: tuple = ()  # further arguments with which a call goes on after one that was disturbed
    replaces: bool = False  # True if the call takes --overwrite
    readable: list = []  # a call that works at any moment, whatever disturbed the first


def python(name, code, needs, results=(), proceed=("", ""), **options):
    """Code in which the text proceed[0] is replaced by proceed[1] where the call goes on."""
    return Scenario(name, ["python", code], needs, results, proceed=proceed, **options)


def convert(name, *arguments, **options):
    return Scenario(name, ["convert", *arguments, "--out", "out"], results=("out",), replaces=True, **options)


def compress(method, *arguments, run="plain"):
    return Scenario(
        f"compress {method} of {run}",
        ["compress", f"{{stock}}/{run}", "--method", method, *arguments, "--threads", "1", "--out", "out"],
        ("graph", run),
        ("out",),
        replaces=True,
    )


def run(name, *arguments, command="run", needs=("graph",), **options):
    return Scenario(
        name,
        [command, *arguments, *RUN, "--out", "out"],
        needs,
        ("out",),
        proceed=("--resume",),
        replaces=True,
        **options,
    )


def study(axis, *arguments, needs=("graph",)):
    return Scenario(f"study {axis}", ["study", axis, *arguments, "--threads", "1", "--out", "out"], needs, ("out",))


FIT = """import numpy as np
settings = {"estimator.epochs": 1, "estimator.layers": 2, "network.epochs": 2, "network.layers": 2, "network.width": 8,
            "network.heads": 2, "network.ffn_width": 8, "network.k": [4, 4], "graph.expander_degree": 2,
            "graph.expander_tries": 2}
model = graphsieve.NodeClassifier(settings=settings, threads=1, progress=False, out="out", overwrite=False)
model.fit("{stock}/graph")
"""
LOAD = """import numpy as np
model = graphsieve.NodeClassifier.load("{stock}/run")
print(model.predict_proba().tobytes().hex(), model.transform().tobytes().hex())
"""
SAVE = """model = graphsieve.NodeClassifier.load("{stock}/run")
model.save("out")
"""
SAVE_NETWORK = """import torch
from graphsieve import nn
network = nn.from_run("{stock}/run")
with torch.no_grad():
    for weights in network.parameters():
        weights.mul_(0.5)
network.save("run")
"""
READ_NETWORK = """from graphsieve import nn
nn.from_run("run")
"""
TABLES = ["--source", "from", "--destination", "to", "--label", "class", "--split", "part"]

SCENARIOS = [
    run("run", "{stock}/graph", *SMALL),
    run("run of an .npz file", "{stock}/graph.npz", *SMALL, "--no-report", needs=("graph.npz",)),
    run("run of two splits", "{stock}/graph", *SMALL, "--split", "0,1", "--no-report"),
    run("run of a full network", "{stock}/graph", *SMALL, *sets(model="exphormer"), "--no-report"),
    run("run that chooses k", "{stock}/graph", *FREE_K, "--epsilon", "0.3", "--no-report"),
    run("run with a memory limit", "{stock}/graph", *SMALL, "--memory", "256MiB", "--no-report"),
    run(
        "run by batches",
        "{stock}/graph",
        *SMALL,
        *sets(estimator__batch_size=20, network__batch_size=20),
        "--no-report",
    ),
    run("run with weights", "{stock}/graph", *SMALL, "--weights", "{stock}/run", "--no-report", needs=("graph", "run")),
    Scenario(
        "run without a name",
        ["run", "{stock}/graph", *SMALL, *RUN, "--no-report"],
        ("graph",),
        ("runs/graph-1",),
        proceed=("--out", "runs/graph-1", "--resume"),
    ),
    run("estimate", "{stock}/graph", *SMALL, command="estimate"),
    run("train", "--scores", "{stock}/scores", *SMALL, command="train", needs=("graph", "scores")),
    Scenario(
        "predict",
        ["predict", "{stock}/run", "--threads", "1", "--out", "p.csv", "--embeddings", "h.npy"],
        ("graph", "run"),
        ("p.csv", "h.npy"),
        replaces=True,
    ),
    Scenario(
        "predict on a graph",
        ["predict", "{stock}/run", "{stock}/graph.npz", "--threads", "1", "--out", "p.csv"],
        ("graph", "graph.npz", "run"),
        ("p.csv",),
        replaces=True,
    ),
    Scenario("sparsify", ["sparsify", "{stock}/run", "--threads", "1", "--out", "out"], ("graph", "run"), ("out",)),
    compress("jl", "--width", "4"),
    compress("exact", "--width", "8"),
    compress("low-rank", "--width", "4"),
    compress("leverage", "--width", "4"),
    compress("cluster", "--width", "4"),
    compress("fitted", "--width", "4"),
    compress("fitted", "--width", "4", run="run"),
    compress("distilled", "--width", "4", "--epochs", "2"),
    compress("auto", "--epochs", "2", "--max-loss", "0.9"),
    Scenario("report", ["report", "run", "--threads", "1", "--overwrite"], ("graph", "run"), ("run",), copies=("run",)),
    Scenario(
        "report of two runs",
        ["report", "{stock}/run", "{stock}/plain", "--threads", "1", "--out", "page.html"],
        ("graph", "run", "plain"),
        ("page.html",),
        replaces=True,
    ),
    Scenario("report as JSON", ["report", "{stock}/run", "--threads", "1", "--json"], ("graph", "run")),
    Scenario(
        "explain",
        ["explain", "{stock}/run", "--node", "3", "--threads", "1", "--out", "page.html"],
        ("graph", "run"),
        ("page.html",),
        replaces=True,
    ),
    Scenario(
        "explain as JSON", ["explain", "{stock}/run", "--node", "3", "--threads", "1", "--json"], ("graph", "run")
    ),
    study("width", "{stock}/graph", "--values", "4,8", "--epochs", "1", *SMALL),
    study("k", "{stock}/graph", "--values", "3", "--epochs", "1", *SMALL),
    study("density", "{stock}/graph", "--values", "2,3", "--epochs", "1", *SMALL),
    study("size", "--values", "6,7", "--epochs", "1", *SMALL, needs=()),
    convert("convert an .npz file", "{stock}/graph.npz", needs=("graph.npz",)),
    convert(
        "convert CSV tables", "--nodes", "{stock}/nodes.csv", "--edges", "{stock}/edges.csv", *TABLES, needs=("tables",)
    ),
    convert(
        "convert Parquet tables",
        "--nodes",
        "{stock}/nodes.parquet",
        "--edges",
        "{stock}/edges.parquet",
        *TABLES,
        "--edge-type",
        "kind",
        "--memory",
        "64KiB",
        needs=("tables",),
    ),
    convert("convert a data set of OGB", "--ogb", "{stock}/ogbn_small", needs=("ogb",)),
    Scenario(
        "generate",
        ["generate", "--nodes", "200", "--degree", "4", "--columns", "4", "--threads", "1", "--out", "out"],
        results=("out",),
        replaces=True,
    ),
    Scenario("check", ["check", "{stock}/graph", "--json"], ("graph",)),
    Scenario("check an .npz file", ["check", "{stock}/graph.npz", "--json"], ("graph.npz",)),
    Scenario("inspect", ["inspect", "{stock}/run", "--threads", "1", "--json"], ("graph", "run")),
    Scenario(
        "inspect two runs",
        ["inspect", "{stock}/scores", "{stock}/run", "--threads", "1", "--json"],
        ("graph", "run", "scores"),
    ),
    Scenario("plan", ["plan", "{stock}/graph", *SMALL, "--no-time", "--threads", "1", "--json"], ("graph",)),
    python("fit in Python", FIT, ("graph",), ("out",), ("overwrite=False", "resume=True"), replaces=True),
    python("load in Python", LOAD, ("graph", "run")),
    python("save in Python", SAVE, ("graph", "run"), ("out",)),
    python(
        "save weights in Python",
        SAVE_NETWORK,
        ("graph", "run"),
        ("run",),
        copies=("run",),
        readable=["python", READ_NETWORK],
    ),
]


def proceeding(scenario):
    """The command that goes on after a call that was disturbed."""
    if scenario.command[0] == "python":
        return ["python", scenario.command[1].replace(*scenario.proceed)]
    return [*scenario.command, *scenario.proceed]


def replacing(scenario):
    """The command that replaces older results."""
    if scenario.command[0] == "python":
        return ["python", scenario.command[1].replace("overwrite=False", "overwrite=True")]
    return [*scenario.command, "--overwrite"]
