"""Graphs in the forms that people have them, as the engine takes them."""
from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch

from graphsieve import _engine
from graphsieve._check import Error, check_tensor

__all__ = ["Graph", "graph_of", "minesweeper"]

Arrays = dict[str, np.ndarray]


class Graph:
    """A graph for node classification, checked: made by `graph_of` or `minesweeper`.

    nodes, features, classes: counts; recipe: the published recipe that fits; ids: the user's own node ids [nodes];
    class_values: what each class is called [classes].

    >>> graph = minesweeper(10)
    >>> graph.classes, graph.recipe, graph.ids[:3].tolist()
    (2, 'minesweeper', [0, 1, 2])
    """

    def __init__(self, engine: _engine.Graph, ids: np.ndarray | None = None, class_values: np.ndarray | None = None) -> None:
        self.engine = engine
        self.nodes: int = engine.nodes
        self.features: int = engine.features
        self.classes: int = engine.classes
        self.multi_label: bool = engine.multi_label
        self.recipe: str = engine.recipe
        self._ids = ids
        self._class_values = class_values

    @property
    def ids(self) -> np.ndarray:
        if self._ids is None:
            names = self.engine.node_names()
            self._ids = np.arange(self.nodes) if names == [str(i) for i in range(self.nodes)] else np.array(names)
        return self._ids

    @property
    def class_values(self) -> np.ndarray:
        if self._class_values is not None:
            return self._class_values
        names = self.engine.class_names
        return np.array(names) if names else np.arange(self.classes)

    def __repr__(self) -> str:
        return f"Graph({self.engine.name}: {self.nodes} nodes, {self.features} features, {self.classes} classes)"


def minesweeper(side: int = 100, seed: int = 0) -> Graph:
    """The generated minesweeper graph, side x side nodes.

    >>> minesweeper(10)
    Graph(generated-minesweeper: 100 nodes, 7 features, 2 classes)
    """
    return Graph(_engine.minesweeper(seed, side))


def graph_of(data: Any, *, name: str = "data", labels: int | None = None) -> Graph:
    """`data` as a checked Graph. It may be

    - a path: an .npz or .mat file, or a graph folder (docs/input-files.md);
    - PyG's Data: x [n, d], edge_index [2, E], y [n], [n, 1] or [n, labels], and all or none of train_mask, val_mask, test_mask;
    - (A, X, y) or (A, X): a SciPy sparse matrix or array A [n, n], A[i, j] != 0 an edge i to j; X [n, d] dense or sparse; y [n],
      numbers or texts, or [n, labels];
    - a NetworkX graph whose nodes have "x", a list of numbers, and "y", a number or text.

    A label of -1, NaN, None or "" is missing. `labels`, of each node: then all may be missing. `name` begins messages, and is the
    data set's name as a file's stem is. Throws Error on what does not fit, with the row and the value.

    >>> import scipy.sparse
    >>> ring = scipy.sparse.diags_array([1., 1.], offsets=[1, -3], shape=(4, 4))
    >>> graph_of((ring, np.eye(4), ["a", "b", "a", "b"])).class_values.tolist()
    ['a', 'b']
    """
    if isinstance(data, Graph):
        return data
    if isinstance(data, (str, os.PathLike)):
        if not os.path.exists(data):
            raise Error(f"graph {os.fspath(data)}: no such file; expected the path of an .npz, a .mat or a graph folder")
        return Graph(_engine.load_graph(data))
    ids = None
    if isinstance(data, tuple):
        arrays, given = _of_matrices(data, name)
    elif hasattr(data, "edge_index"):
        arrays, given = _of_pyg(data, name)
    elif hasattr(data, "adj") and hasattr(data, "nodes"):
        arrays, given, ids = _of_networkx(data, name)
    else:
        raise Error(f"{name}: {type(data).__name__}, expected a path, PyG's Data, (A, X, y) or a NetworkX graph")
    nodes = len(arrays["node_features"]) if "node_features" in arrays else int(arrays["adj_shape"][0])
    if given is None:
        if labels is None:
            raise Error(f"{name}: no labels; expected y, one a node")
        given = np.full((nodes, labels), -1)
    numbers, class_values = _class_numbers(np.asarray(given))
    arrays["node_labels" if "node_features" in arrays else "labels"] = numbers
    engine = _engine.graph_of_arrays({key: np.ascontiguousarray(a) for key, a in arrays.items()}, name, labels is None)
    return Graph(engine, ids, class_values)


def _class_numbers(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Texts become numbers, in the order of the alphabet."""
    if labels.dtype.kind in "biuf":
        return labels, None
    missing = np.array([v is None or v == "" or v != v for v in labels.ravel().tolist()])
    texts = np.where(missing, "", labels.ravel().astype(str))
    values = np.unique(texts[~missing])
    return np.where(missing, -1, np.searchsorted(values, texts)), values


def _of_pyg(data: Any, name: str) -> tuple[Arrays, Any]:
    for key, what, shape in (("x", "node features", "[nodes, features]"), ("edge_index", "edges", "[2, edges]")):
        if getattr(data, key, None) is None:
            raise Error(f"{name}: no {what}; expected {key}, {shape}")
    for key in ("x", "edge_index", "y", "train_mask", "val_mask", "test_mask"):
        if getattr(data, key, None) is not None:
            check_tensor(f"{name}: {key}", getattr(data, key))
    if data.x.layout != torch.strided:
        raise Error(f"{name}: x: {data.x.layout}, expected a dense tensor; sparse features as (A, X, y) of SciPy's matrices")
    index = data.edge_index
    if index.dim() != 2 or index.shape[0] != 2:
        raise Error(f"{name}: edge_index: shape {list(index.shape)}, expected [2, edges]")
    if index.dtype.is_floating_point:
        raise Error(f"{name}: edge_index: {str(index.dtype).removeprefix('torch.')}, expected int64")
    arrays = {"node_features": data.x.detach().float().numpy(), "edges": index.t().numpy()}
    for part in ("train", "val", "test"):
        mask = getattr(data, f"{part}_mask", None)
        if mask is not None:
            arrays[f"{part}_masks"] = mask.numpy()
    y = getattr(data, "y", None)
    if y is not None and y.dim() == 2 and y.shape[1] == 1 and not y.dtype.is_floating_point:  # classes in a column, as OGB has them
        y = y[:, 0]
    return arrays, None if y is None else y.numpy()


def _of_matrices(data: tuple[Any, ...], name: str) -> tuple[Arrays, Any]:
    if len(data) not in (2, 3):
        raise Error(f"{name}: a tuple of {len(data)}, expected (A, X) or (A, X, y)")
    adjacency, features = data[:2]
    labels = data[2] if len(data) == 3 else None
    if not hasattr(adjacency, "tocoo"):
        raise Error(f"{name}: A is {type(adjacency).__name__}, expected a SciPy sparse matrix or array")
    rows = adjacency.shape[0]
    if adjacency.shape != (rows, rows):
        raise Error(f"{name}: A: {adjacency.shape[0]} x {adjacency.shape[1]}, expected a square")
    if features.shape[0] != rows:
        raise Error(f"{name}: X has {features.shape[0]} rows, expected {rows}, one a node")
    if not hasattr(features, "tocsr"):
        coo = adjacency.tocoo()
        kept = coo.data != 0
        edges = np.stack([coo.row[kept], coo.col[kept]], 1).astype(np.int64)
        return {"node_features": np.asarray(features, np.float32), "edges": edges}, labels
    a, x = adjacency.tocsr(), features.tocsr()
    a.eliminate_zeros()
    return {"adj_indptr": a.indptr, "adj_indices": a.indices, "adj_shape": np.array(a.shape), "attr_indptr": x.indptr,
            "attr_indices": x.indices, "attr_data": x.data.astype(np.float32), "attr_shape": np.array(x.shape)}, labels


def _of_networkx(graph: Any, name: str) -> tuple[Arrays, Any, np.ndarray]:
    ids = list(graph.nodes)
    place = {node: i for i, node in enumerate(ids)}
    for node in ids:
        if "x" not in graph.nodes[node]:
            raise Error(f"{name}: node {node!r} has no 'x', expected a list of numbers, its features")
    try:
        features = np.array([graph.nodes[node]["x"] for node in ids], np.float32)
    except (ValueError, TypeError):
        raise Error(f"{name}: the 'x' of its nodes are not lists of numbers of one length") from None
    labels = [graph.nodes[node].get("y", None) for node in ids]
    numbers = all(v is None or isinstance(v, (int, float, np.number)) for v in labels)
    if numbers:
        labels = [-1 if v is None else v for v in labels]
    edges = np.array([(place[u], place[v]) for u, v in graph.edges()], np.int64).reshape(-1, 2)
    names = np.empty(len(ids), object)
    names[:] = ids
    return ({"node_features": features.reshape(len(ids), -1), "edges": edges},
            np.array(labels, float if numbers else object), names)
