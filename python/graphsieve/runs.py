# SPDX-License-Identifier: Apache-2.0
"""Reading of a run folder (docs/run-folder.md)."""
from __future__ import annotations

import json
import math
import os
import pathlib
import re
from typing import Any, NamedTuple

import torch
from torch import Tensor

from graphsieve import _engine
from graphsieve._check import Error, check_path
from graphsieve._edges import with_transpose
from graphsieve.graphs import Graph, graph_of, minesweeper
from graphsieve.ops import Edges

__all__ = ["Run", "RunInputs"]


class RunInputs(NamedTuple):
    """The inputs of a run's networks.

    x: features float32 [n, features], treated as the recipe says. attention_graph: the attention graph. layers: the network's edges,
    one Edges per layer, of the best epoch's draw. scores: the estimator's scores, float32 [edges of the attention graph] per layer.
    labels: the training labels that the networks take as inputs, float32 [n, label columns]; None if they take none.

    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False)
    >>> model = model.fit(graphsieve.minesweeper(20))
    >>> inputs = Run(model.run_).inputs()
    >>> inputs.x.shape, len(inputs.layers)
    (torch.Size([400, 7]), 4)
    """

    x: Tensor
    attention_graph: Edges
    layers: list[Edges]
    scores: list[Tensor]
    labels: Tensor | None = None


def path_of_text(text: str) -> str:
    r"""Returns the path of a text in result.json, where a byte that is not UTF-8 is written as \xNN (docs/run-folder.md)."""
    return os.fsdecode(re.sub(rb"\\x([0-9a-fA-F]{2})", lambda byte: bytes([int(byte[1], 16)]), text.encode()))


def read_result(run: pathlib.Path) -> dict[str, Any]:
    """Returns a run folder's result.json, verified. Throws Error unless it has at least a graph and runs."""
    file = run / "result.json"
    parts = json.loads(_engine.result_text(run))
    graph, runs = parts.get("graph"), parts.get("runs")
    fits = isinstance(graph, dict) and {"source", "fingerprint", "nodes", "features", "classes", "edge_types"} <= graph.keys()
    if not (fits and isinstance(runs, list) and all(isinstance(one, dict) and {"split", "seed"} <= one.keys() for one in runs)):
        raise Error(f"{file}: not a run's result; expected an object with 'graph' and a list 'runs'")
    return parts


class Run:
    """The files result.json, recipe.yaml and weights of one run, not of a folder that sums up several runs.

    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False)
    >>> run = Run(model.fit(graphsieve.minesweeper(20)).run_)
    >>> run.recipe["model"], run.result["graph"]["nodes"]
    ('spexphormer', 400)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        check_path("folder", folder)
        self.path = pathlib.Path(folder)
        self.result = read_result(self.path)
        if len(self.result["runs"]) != 1:
            raise Error(f"{self.path}: a summary of {len(self.result['runs'])} runs, expected one of its folders")
        self.run: dict[str, Any] = self.result["runs"][0]
        self.recipe: dict[str, Any] = _engine.run_recipe_values(self.path)

    def tensors(self, file: str, verified: bool = True) -> dict[str, Tensor]:
        """Returns the tensors of a safetensors file by name. Throws Error if the file does not match its checksum in the run."""
        arrays = _engine.read_run_tensors(self.path, file) if verified else _engine.read_tensors(self.path / file)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def sizes(self, tensors: dict[str, Tensor], output_layers: int) -> dict[str, Any]:
        """Returns the sizes of the networks that follow from the graph."""
        graph = self.result["graph"]
        rows = tensors[f"output_{output_layers - 1}.weight"].shape[0]
        labels = tensors.get("input.labels.weight")
        return {"label_columns": 0 if labels is None else labels.shape[1],
                "features": graph["features"], "classes": graph["classes"], "edge_types": graph["edge_types"],
                "one_logit": rows == 1 and graph["classes"] == 2}

    def graph(self, data: Any = None) -> Graph:
        """Returns `data` as a Graph, or the graph that result.json names."""
        if data is not None:
            return graph_of(data, labels=1, regression=self.result["graph"].get("labels") == "numbers")
        named = self.result["graph"]
        if named["source"] == "generated":
            return minesweeper(math.isqrt(named["nodes"]), named["generator_seed"])
        if named["source"] == "memory":
            raise Error(f"{self.path}: was trained on a graph in memory; expected it as data")
        return graph_of(path_of_text(named["source"]))

    def inputs(self, data: Any = None) -> RunInputs:
        """Returns the inputs of the networks for the graph of the run: `data` as for NodeClassifier, or the file that result.json names."""
        graph = self.graph(data)
        got = _engine.run_inputs(graph.engine, self.path)

        def edges(arrays: Any) -> Edges:
            return with_transpose(Edges(*map(torch.from_numpy, arrays)), graph.nodes)

        return RunInputs(torch.from_numpy(got["features"]), edges(got["attention_graph"]), [edges(layer) for layer in got["layers"]],
                         [torch.from_numpy(layer) for layer in got["scores"]],
                         None if got["labels"] is None else torch.from_numpy(got["labels"]))
