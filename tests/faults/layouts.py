# SPDX-License-Identifier: Apache-2.0
"""Folders that look like ours, or hold what is precious to someone, where a command is asked to write. Each layout
prepares the working folder and gives a command; `refused` layouts must end with a clean error and change nothing,
`replaced` ones must work."""

import json
import os
import shutil

from inputs import RUN, SMALL
from preparing import (
    Layout,
    added,
    at_target,
    device,
    folder_with,
    link,
    mounted,
    ours,
    precious,
    text,
    tree,
    unfinished,
)
from scenarios import FIT

OUT = ["--out", "out", "--overwrite"]
WRITERS = {  # commands that replace folders, and the folder of ours that each may replace
    "run": (["run", "{stock}/graph", *SMALL, *RUN, "--no-report", *OUT], "run"),
    "estimate": (["estimate", "{stock}/graph", *SMALL, *RUN, *OUT], "scores"),
    "train": (["train", "--scores", "{stock}/scores", *SMALL, *RUN, "--no-report", *OUT], "run"),
    "compress": (["compress", "{stock}/plain", "--method", "low-rank", "--width", "4", *OUT], "run"),
    "convert": (["convert", "{stock}/graph.npz", *OUT], "graph"),
    "generate": (["generate", "--nodes", "100", "--degree", "4", "--columns", "4", *OUT], "graph"),
    "fit": (["python", FIT.replace("overwrite=False", "overwrite=True")], "run"),
}
NEEDS = ("graph.npz", "graph", "run", "plain", "scores", "two")


def foreign_json():
    """result.json and graph.json as other programs write them."""
    accuracy, graph = json.dumps({"accuracy": 0.9}), json.dumps({"nodes": [{"id": 1}], "links": []})
    for marker, content in (
        ("result_json", accuracy),
        ("result_json", json.dumps({"runs": [], "graph": {}})),
        ("result_json", ""),
        ("result_json", "[1]"),
        ("graph_json", graph),
        ("graph_json", "{}"),
        ("graph_json", json.dumps({"format": "other graph", "version": 1, "files": {}})),
    ):
        for more in ({}, {"thesis.txt": "years of work\n"}):
            yield marker, content, more


def folders_not_ours():
    for command, (arguments, kind) in WRITERS.items():
        for marker, content, more in foreign_json():
            if (marker == "graph_json") == (kind == "graph"):
                what = f"{marker.replace('_json', '.json')} is {content!r}{' beside a file' if more else ''}"
                yield Layout(
                    f"{command}: a foreign {what}", folder_with(**{marker: content}, **more), arguments, "refused"
                )
        yield Layout(f"{command}: a foreign folder", folder_with(notes="mine\n"), arguments, "refused")
        yield Layout(f"{command}: a file", at_target(text()), arguments, "refused")
        yield Layout(f"{command}: a link to a folder", at_target(link("precious")), arguments, "refused")
        yield Layout(f"{command}: a link to nothing", at_target(link("nowhere")), arguments, "refused")
        yield Layout(f"{command}: a named pipe", at_target(os.mkfifo), arguments, "refused")
        other = "run" if kind == "graph" else "graph"
        yield Layout(f"{command}: a folder of ours of another kind", ours(other), arguments, "refused")


def foreign_in_ours():
    things = {
        "a file": ("notes.txt", text()),
        "a hidden file": (".notes", text()),
        "an empty folder": ("plots", lambda p: p.mkdir()),
        "a file in a folder": ("plots/a.png", text()),
        "a link to a file": ("link", link("../precious/thesis.txt")),
        "a link to a folder": ("link", link("../precious")),
        "a named pipe": ("pipe", os.mkfifo),
        "a copy of a file": ("result.json.bak", text()),
        "a repository": (".git/HEAD", text("ref: refs/heads/main\n")),
    }
    for command, (arguments, kind) in WRITERS.items():
        for what, (path, make) in things.items():
            yield Layout(f"{command}: {what} in a folder of ours", added(kind, path, make), arguments, "refused")
        if kind != "graph":
            yield Layout(
                f"{command}: a file in our scores", added(kind, "scores/notes.txt", text()), arguments, "refused"
            )
            yield Layout(
                f"{command}: a file in a folder of two runs",
                added("two", "split-0-seed-0/notes.txt", text()),
                arguments,
                "refused",
            )
            yield Layout(f"{command}: a folder of two runs of ours", ours("two"), arguments, "replaced", ("out",))
        yield Layout(f"{command}: a folder of ours", ours(kind), arguments, "replaced", ("out",))
        yield Layout(f"{command}: an empty folder", at_target(lambda p: p.mkdir()), arguments, "replaced", ("out",))


def places():
    """Folders that are never removed, though they are ours."""
    run, graph, fit = (WRITERS[name][0] for name in ("run", "convert", "fit"))
    for command, arguments, kind in (("run", run, "run"), ("convert", graph, "graph"), ("fit", fit, "run")):
        here = [a.replace('out="out"', 'out="."') if a != "out" else "." for a in arguments]
        yield Layout(f"{command}: the working directory, as .", ours(kind), here, "refused", folder="out")
        beside = [a.replace('out="out"', 'out="../out"') if a != "out" else "../out" for a in arguments]
        yield Layout(f"{command}: the working directory, by its name", ours(kind), beside, "refused", folder="out")
        if kind == "run":
            yield Layout(
                f"{command}: a parent of the working directory",
                ours("run"),
                [a.replace("../out", "../../out") for a in beside],
                "refused",
                folder="out/scores",
            )
        yield Layout(
            f"{command}: the home directory", ours(kind), arguments, "refused", environment={"HOME": "{work}/out"}
        )
    yield Layout("run: a mount point", mounted, run, "refused")
    yield Layout("convert: its own input", ours("graph"), ["convert", "out", *OUT], "refused")
    yield Layout("run: the graph's folder", ours("graph"), ["run", "out", *SMALL, *RUN, *OUT], "refused")
    yield Layout(
        "train: the run with the scores", ours("scores"), ["train", "--scores", "out", *SMALL, *RUN, *OUT], "refused"
    )
    yield Layout(
        "run: the run with the weights",
        ours("run"),
        ["run", "{stock}/graph", "--weights", "out", *SMALL, *RUN, *OUT],
        "refused",
    )
    yield Layout(
        "run: a parent of the run with the weights",
        ours("two"),
        ["run", "{stock}/graph", "--weights", "out/split-0-seed-0", *SMALL, *RUN, *OUT],
        "refused",
    )
    yield Layout(
        "compress: the run that is compressed",
        ours("plain"),
        ["compress", "out", "--method", "exact", "--width", "8", *OUT],
        "refused",
    )


def unfinished_folders():
    bad = {
        "a link to a precious folder": link("precious"),
        "a link to nothing": link("nowhere"),
        "a file": text(),
        "a foreign file": tree(thesis="mine\n"),
        "a foreign hidden file": tree(**{".thesis": "mine\n"}),
        "a foreign file in checkpoint": tree(checkpoint__thesis="mine\n"),
        "a foreign file beside the lock": tree(checkpoint__lock="", thesis="mine\n"),
        "checkpoint is a link": tree(checkpoint="-> ../precious"),
        "the lock is a link": tree(checkpoint__lock="-> ../../precious/thesis.txt"),
        "a link in it": tree(scores="-> ../precious"),
    }
    for command in ("run", "fit"):
        arguments = WRITERS[command][0]
        for what, make in bad.items():
            for option in ("--overwrite", "--resume"):
                if command == "fit":
                    changed = ["python", FIT.replace("overwrite=False", f"{option[2:]}=True")]
                else:
                    changed = [option if a == "--overwrite" else a for a in arguments]
                yield Layout(f"{command} {option}: unfinished: {what}", unfinished(make), changed, "refused")
        for what, make in {"empty": tree(), "only a lock": tree(checkpoint__lock="")}.items():
            yield Layout(
                f"{command}: unfinished: {what}", unfinished(make), arguments, "replaced", (".out.unfinished", "out")
            )
    for what, make in {"a folder": tree(thesis="mine\n"), "a link": link("precious"), "a file": text()}.items():
        for name in (".out.graphsieve-partial", ".out.graphsieve-partial-1", ".out.partial-1", ".out.old-1"):

            def prepare(w, make=make, name=name):
                ours("run")(w)
                make(w.work / name)

            yield Layout(f"run: {what} named {name}", prepare, WRITERS["run"][0], "replaced", ("out",))


def single_files():
    commands = {
        "predict": ["predict", "{stock}/run", "--out", "out"],
        "predict's embeddings": ["predict", "{stock}/run", "--out", "p.csv", "--embeddings", "out"],
        "report": ["report", "{stock}/run", "--out", "out"],
        "explain": ["explain", "{stock}/run", "--node", "3", "--out", "out"],
    }
    bad = {
        "an empty folder": lambda p: p.mkdir(),
        "a folder": tree(thesis="mine\n"),
        "a link to a file": link("precious/thesis.txt"),
        "a link to a folder": link("precious"),
        "a link to nothing": link("nowhere"),
        "a named pipe": os.mkfifo,
        "a device": device,
    }
    for command, arguments in commands.items():
        for what, make in bad.items():
            yield Layout(f"{command}: {what}", at_target(make), [*arguments, "--overwrite"], "refused")
        yield Layout(f"{command}: a file without --overwrite", at_target(text()), arguments, "refused")
        yield Layout(f"{command}: a file", at_target(text()), [*arguments, "--overwrite"], "replaced", ("out",))
    for file in ("result.json", "network.safetensors", "recipe.yaml", "scores/layer_0.npy", "split.json"):
        for command in ("predict", "report", "explain"):
            arguments = [a.replace("{stock}/run", "out") for a in commands[command]][:-1] + [
                f"out/{file}",
                "--overwrite",
            ]
            yield Layout(f"{command}: the run's own {file}", ours("run"), arguments, "refused")

    def with_graph(w):
        precious(w)
        shutil.copy(w.stock / "graph.npz", w.work)
        (w.work / "hard.npz").hardlink_to(w.work / "graph.npz")

    for command, extra in (
        ("predict", ["graph.npz"]),
        ("report", ["--graph", "graph.npz"]),
        ("explain", ["--graph", "graph.npz"]),
    ):
        base = commands[command][:-2]
        yield Layout(
            f"{command}: its graph", with_graph, [*base, *extra, "--out", "graph.npz", "--overwrite"], "refused"
        )
        yield Layout(
            f"{command}: its graph by another path",
            with_graph,
            [*base, *extra, "--out", "precious/../graph.npz", "--overwrite"],
            "refused",
        )
    for other in ("x", "./x", "precious/../x"):
        yield Layout(
            f"predict: embeddings into the same file, {other}",
            precious,
            ["predict", "{stock}/run", "--out", "x", "--embeddings", other, "--overwrite"],
            "refused",
        )


def all_layouts():
    return [*folders_not_ours(), *foreign_in_ours(), *places(), *unfinished_folders(), *single_files()]
