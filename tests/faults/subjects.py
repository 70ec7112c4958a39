# SPDX-License-Identifier: Apache-2.0
"""Folders whose files are damaged, and the calls that read them."""

import shutil
from typing import Any, NamedTuple

from inputs import RUN, SMALL
from scenarios import FIT
from workspace import bits, printed

THREADS = ["--threads", "1"]
UNFINISHED = ["run", "{stock}/graph", *SMALL, *RUN, "--no-report", "--out", "out"]
STUDY = ["study", "width", "{stock}/graph", "--values", "4,8", "--epochs", "1", *SMALL, *THREADS, "--out", "out"]


class Reader(NamedTuple):
    name: str
    command: list
    results: tuple = ()  # files and folders that the call makes; what it prints counts where there are none


class Subject(NamedTuple):
    name: str
    make: Any  # make(workspace) returns the folder that is copied
    at: str  # where it stands in the working folder
    readers: list
    other: Any = None  # makes a folder of the same kind with other content: its files are stale here
    whole: bool = False  # True where every byte is to be damaged; of the others a twentieth is


def stocked(name):
    def make(workspace):
        workspace.need("run", name)
        return workspace.stock / name

    return make


def made(name, command, path):
    """The result of a call, kept as an input."""

    def make(workspace):
        kept = workspace.folder / "subjects" / name
        if not kept.exists():
            workspace.need("graph", "run", "plain")
            workspace.fresh()
            ended = workspace.call(command)
            if ended.code != 0:
                raise RuntimeError(ended.err)
            shutil.copytree(workspace.work / path, kept)
        return kept

    return make


def killed(name, command, share):
    """What a run leaves that is killed after this share of its renames."""

    def make(workspace):
        kept = workspace.folder / "subjects" / name
        if not kept.exists():
            workspace.need("graph")
            log = workspace.folder / "renames.log"
            workspace.fresh()
            workspace.call(
                command,
                {"FAILING_CALLS_ROOT": workspace.folder, "FAILING_CALLS_KINDS": "rename", "FAILING_CALLS_LOG": log},
            )
            renames = len(log.read_text().splitlines())
            log.unlink()
            workspace.fresh()
            k = max(1, round(share * renames))
            workspace.failing_call(command, "rename", k, "SIGKILL")
            shutil.copytree(workspace.work / ".out.unfinished", kept)
        return kept

    return make


LOAD = """model = graphsieve.NodeClassifier.load("run")
print(model.predict_proba().tobytes().hex(), model.transform().tobytes().hex(), model.result_, model.classes_)
"""
MODULES = """from graphsieve import nn
from graphsieve.runs import Run
run = Run("run")
inputs = run.inputs()
for name, tensor in [*nn.from_run("run").state_dict().items(), *nn.Estimator.from_run("run").state_dict().items()]:
    print(name, tensor.numpy().tobytes().hex())
for layer in inputs.layers:
    print([part.numpy().tobytes().hex() for part in layer[:3]])
print(run.recipe, [x.numpy().tobytes().hex() for x in [inputs.x, *inputs.scores]])
"""
GRAPH = """model = graphsieve.NodeClassifier.load("{stock}/run", "graph")
print(model.predict_proba().tobytes().hex(), model.classes_)
"""

ON_GRAPH = [
    Reader("check", ["check", "graph", "--json"]),
    Reader("run", ["run", "graph", *SMALL, *RUN, "--no-report", "--out", "out"], ("out",)),
    Reader("predict", ["predict", "{stock}/run", "graph", *THREADS, "--out", "p.csv"], ("p.csv",)),
    Reader("convert", ["convert", "graph", "--out", "out"], ("out",)),
    Reader("load in Python", ["python", GRAPH]),
]
ON_RUN = [
    Reader("predict", ["predict", "run", *THREADS, "--out", "p.csv", "--embeddings", "h.npy"], ("p.csv", "h.npy")),
    Reader("explain", ["explain", "run", "--node", "3", *THREADS, "--json"]),
    Reader("inspect", ["inspect", "run", *THREADS, "--json"]),
    Reader("report", ["report", "run", *THREADS, "--json"]),
    Reader("report without a graph", ["report", "run", "--no-graph", *THREADS, "--json"]),
    Reader("sparsify", ["sparsify", "run", *THREADS, "--out", "out"], ("out",)),
    Reader("compress", ["compress", "run", "--method", "fitted", "--width", "4", *THREADS, "--out", "out"], ("out",)),
    Reader("train", ["train", "--scores", "run", *SMALL, *RUN, "--no-report", "--out", "out"], ("out",)),
    Reader(
        "run with its weights",
        ["run", "{stock}/graph", "--weights", "run", *SMALL, *RUN, "--no-report", "--out", "out"],
        ("out",),
    ),
    Reader("load in Python", ["python", LOAD]),
    Reader("modules in Python", ["python", MODULES]),
]
ON_TWO = [
    Reader("report", ["report", "two", "--no-graph", *THREADS, "--json"]),
    Reader("predict", ["predict", "two/split-1-seed-0", *THREADS, "--out", "p.csv"], ("p.csv",)),
]
ON_COMPRESSED = [
    Reader("predict", ["predict", "small", *THREADS, "--out", "p.csv"], ("p.csv",)),
    Reader("report", ["report", "small", *THREADS, "--json"]),
    Reader("inspect", ["inspect", "small", *THREADS, "--json"]),
]


def resumed(command, python=False):
    readers = [Reader("run --resume", [*command, "--resume"], ("out",))]
    return readers + (
        [Reader("fit in Python", ["python", FIT.replace("overwrite=False", "resume=True")], ("out",))] if python else []
    )


TWO = [*UNFINISHED, "--split", "0,1"]
SUBJECTS = [
    Subject("graph folder", stocked("graph"), "graph", ON_GRAPH, stocked("other graph"), True),
    Subject("run folder", stocked("run"), "run", ON_RUN, made("other run", [*UNFINISHED, "--seed", "1"], "out"), True),
    Subject("run folder of two splits", stocked("two"), "two", ON_TWO, made("other two", [*TWO, "--seed", "1"], "out")),
    Subject(
        "compressed run folder",
        made(
            "small",
            ["compress", "{stock}/plain", "--method", "fitted", "--width", "4", *THREADS, "--out", "small"],
            "small",
        ),
        "small",
        ON_COMPRESSED,
    ),
    *(
        Subject(
            f"unfinished folder at {share:.0%}",
            killed(f"unfinished-{share}", UNFINISHED, share),
            ".out.unfinished",
            resumed(UNFINISHED, python=True),
            killed("unfinished-0.5", UNFINISHED, 0.5),
            share == 0.8,
        )
        for share in (0.3, 0.6, 0.8, 1.0)
    ),
    *(
        Subject(
            f"unfinished folder of two splits at {share:.0%}",
            killed(f"unfinished-two-{share}", TWO, share),
            ".out.unfinished",
            resumed(TWO),
            killed("unfinished-two-0.6", TWO, 0.6),
        )
        for share in (0.5, 0.7, 1.0)
    ),
    Subject("study folder", made("study", STUDY, "out"), "out", [Reader("study", STUDY, ("out",))]),
]


def outcome(workspace, reader, ended):
    """What a call came to: everything that it made, or what it printed."""
    found = {name: bits(workspace.work / name) or {} for name in reader.results}
    return found if reader.results else ended.out


def same(found, expected, damaged):
    """True if two outcomes are the same: what is printed byte by byte where two undisturbed calls print the same.
    damaged: folder and file, left out where the file is in a result: a call that does not read the file lets it be."""
    first, second = expected
    if isinstance(found, str):
        return printed(found) == printed(first) if first != second else found == first
    folder, file = damaged
    return all(
        {n: data for n, data in files.items() if (name, n) != (folder, file)}
        == {n: data for n, data in first[name].items() if (name, n) != (folder, file)}
        for name, files in found.items()
    )
