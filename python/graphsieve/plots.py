# SPDX-License-Identifier: Apache-2.0
"""Pictures of a fitted model, as figures of matplotlib.

    model.plot_curves().savefig("curves.png")

The functions take a run folder; the models' methods plot_curves, plot_attention_kept and plot_confusion call them. Each draws into
`axes`, or into a new figure, and returns the figure. Throws ImportError without matplotlib.
"""
from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from graphsieve import _engine
from graphsieve._check import Error
from graphsieve.runs import read_result

__all__ = ["attention_kept", "confusion", "curves"]


def _axes(axes: Any, title: str) -> Any:
    if axes is None:
        from matplotlib import pyplot
        axes = pyplot.subplots(layout="constrained")[1]
    axes.set_title(title)
    return axes


def _lines(run: pathlib.Path) -> list[dict[str, Any]]:
    """Returns the records of metrics.jsonl."""
    file = run / "metrics.jsonl"
    if not file.exists():
        raise Error(f"{file}: is missing; the curves are drawn from it")
    return [json.loads(line) for line in file.read_text().splitlines()]


def curves(run: pathlib.Path, axes: Any = None) -> Any:
    """Draws the validation and test value of each epoch, a pair of lines for each stage, with the best epoch marked.

    >>> curves(pathlib.Path("runs/mine")).savefig("picture.png")   # doctest: +SKIP
    """
    axes = _axes(axes, "Value of each epoch")
    records, result = _lines(run), read_result(run)
    for stage, colour in (("estimator", "tab:orange"), ("network", "tab:blue")):
        evaluated = [r for r in records if r["stage"] == stage and r.get("start", 0) == 0]
        for part, style in (("val", "-"), ("test", ":")):
            found = [(r["epoch"], r[part]) for r in evaluated if r.get(part) is not None]
            if found:
                axes.plot(*zip(*found, strict=True), style, color=colour, label=f"{stage}, {part}")
    best = result["runs"][0]["best_epoch"]
    axes.axvline(best, color="grey", linewidth=0.8, label=f"best epoch, {best}")
    axes.set_xlabel("epoch")
    axes.set_ylabel(result["metric"])
    axes.legend()
    return axes.figure


def attention_kept(run: pathlib.Path, axes: Any = None) -> Any:
    """Draws, for each layer, the share of a node's attention that its k strongest edges have, over k, as the mean over the nodes.

    >>> attention_kept(pathlib.Path("runs/mine")).savefig("picture.png")   # doctest: +SKIP
    """
    axes = _axes(axes, "Attention of the k strongest edges of a node")
    (row_start, _, _), layers = _engine.read_scores(run)
    degree = np.diff(row_start)
    rows = np.repeat(np.arange(len(degree)), degree)
    rank = np.arange(len(rows)) - np.repeat(row_start[:-1], degree)
    most = int(min(64, degree.max(initial=1)))
    nodes = max(1, int((degree > 0).sum()))
    for layer, scores in enumerate(layers):
        strongest_first = scores[np.lexsort((-scores, rows))]
        kept = np.bincount(rank, weights=strongest_first)[:most].cumsum() / nodes
        axes.plot(np.arange(1, most + 1), kept, label=f"layer {layer + 1}")
    axes.set_xlabel("k, edges kept per node")
    axes.set_ylabel("share of the attention")
    axes.set_ylim(0, 1.02)
    axes.legend()
    return axes.figure


def confusion(run: pathlib.Path, axes: Any = None) -> Any:
    """Draws how many test nodes of each class were predicted as each class.

    >>> confusion(pathlib.Path("runs/mine")).savefig("picture.png")   # doctest: +SKIP
    """
    file = run / "quality.json"
    quality = json.loads(file.read_text()) if file.exists() else {}
    if "confusion" not in quality:
        raise Error(f"{file}: has no confusion matrix, which is made where each node has one class and a split has test nodes")
    axes = _axes(axes, "Test nodes")
    classes, counts = list(quality["confusion"]["classes"]), np.array(quality["confusion"]["rows"])
    if len(counts) > len(classes):  # of many classes, the rarer ones are one
        classes.append("others")
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(*counts.shape):
        axes.text(j, i, counts[i, j], ha="center", va="center", color="white" if shares[i, j] > 0.5 else "black")
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("class")
    return axes.figure
