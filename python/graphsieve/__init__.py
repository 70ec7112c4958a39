"""Sparse graph transformers for node classification.

    import graphsieve

    model = graphsieve.NodeClassifier("minesweeper").fit(data)     # PyG Data, SciPy and NumPy, NetworkX, a path
    classes = model.predict(data)

`graphsieve.nn` has the networks as torch modules, `graphsieve.ops` the operators below them, `graphsieve.SampledLoader`
batches by attention score for any PyG model.
"""
import torch as _torch  # noqa: F401  the engine's libraries need torch's, which this loads

from graphsieve import _engine, nn, ops
from graphsieve._engine import Error, num_threads, recipe_names, set_num_threads
from graphsieve.classifier import NodeClassifier
from graphsieve.graphs import Graph, graph_of, minesweeper
from graphsieve.loader import SampledLoader

Error.__module__ = "graphsieve"
__version__: str = _engine.version
__all__ = ["Error", "Graph", "NodeClassifier", "SampledLoader", "graph_of", "minesweeper", "nn", "num_threads", "ops", "recipe_names",
           "set_num_threads"]
