# SPDX-License-Identifier: Apache-2.0
"""Sparse graph transformers for node classification and regression.

    import graphsieve

    model = graphsieve.NodeClassifier("minesweeper").fit(data)     # PyG, DataFrames, SciPy and NumPy, NetworkX, a path
    classes = model.predict(data)

`graphsieve.nn` has the networks as torch modules, `graphsieve.ops` the operators that they use, and
`graphsieve.SampledLoader` makes batches for any PyG model whose neighbours are sampled by attention score.
"""
import torch as _torch  # noqa: F401  loads torch's libraries, which the engine's libraries need

from graphsieve import _engine, nn, ops
from graphsieve._check import check_whole as _check_whole
from graphsieve._engine import Error, num_threads, recipe_names
from graphsieve.classifier import NodeClassifier
from graphsieve.graphs import Graph, graph_of, minesweeper
from graphsieve.loader import SampledLoader
from graphsieve.progress import GraphsieveWarning
from graphsieve.regressor import NodeRegressor
from graphsieve.tables import Tables


def set_num_threads(count: int) -> None:
    """Sets the number of threads that the engine and the operators use, 1 to 1024. Results are the same for any number."""
    _check_whole("count", count, 1, 1024)
    _engine.set_num_threads(int(count))


Error.__module__ = GraphsieveWarning.__module__ = "graphsieve"
__version__: str = _engine.version
__all__ = ["Error", "Graph", "GraphsieveWarning", "NodeClassifier", "NodeRegressor", "SampledLoader", "Tables", "graph_of",
           "minesweeper", "nn", "num_threads", "ops", "recipe_names", "set_num_threads"]
