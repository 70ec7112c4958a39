# SPDX-License-Identifier: Apache-2.0
"""Conversion of graphs from the forms that users have to the form of the engine."""
from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch

from graphsieve import _engine
from graphsieve._check import Error, check_path, check_tensor, check_whole, path_exists

__all__ = ["Graph", "graph_of", "minesweeper"]

Arrays = dict[str, np.ndarray]


class Graph:
    """A checked graph for node classification, made by `graph_of` or `minesweeper`.

    nodes, features, classes: counts. recipe: the published recipe that fits. ids: the user's own node ids [nodes].
    class_values: the name of each class [classes].

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

    def __copy__(self) -> Graph:
        return self  # a Graph never changes

    def __deepcopy__(self, memo: Any) -> Graph:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Error("a Graph is not pickled; give what it was made of to graphsieve.graph_of in the other process")

    def __repr__(self) -> str:
        return f"Graph({self.engine.name}: {self.nodes} nodes, {self.features} features, {self.classes} classes)"


def minesweeper(side: int = 100, seed: int = 0) -> Graph:
    """Returns the generated minesweeper graph with side x side nodes.

    >>> minesweeper(10)
    Graph(generated-minesweeper: 100 nodes, 7 features, 2 classes)
    """
    check_whole("side", side, 2, 2**31 - 1)
    check_whole("seed", seed, most=2**64 - 1)
    return Graph(_engine.minesweeper(int(seed), int(side)))


def graph_of(data: Any, *, name: str = "data", labels: int | None = None) -> Graph:
    """Returns `data` as a checked Graph. `data` is

    - a path: an .npz or .mat file, or a graph folder (docs/input-files.md);
    - PyG's Data: x [n, d], edge_index [2, E], y [n], [n, 1] or [n, labels], and all or none of train_mask, val_mask, test_mask;
    - (A, X, y) or (A, X): a SciPy sparse matrix or array A [n, n], where A[i, j] != 0 is an edge from i to j; X [n, d] dense or
      sparse; y [n], numbers or texts, or [n, labels];
    - a NetworkX graph whose nodes have "x", a list of numbers, and "y", a number or text.

    A label of -1, NaN, None or "" is missing. `labels` is the number of labels per node if all labels may be missing, as for
    prediction. `name` begins messages, and is the name of the data set as the stem of a file would be. Throws Error, with the row
    and the value, if anything does not fit.

    >>> import scipy.sparse
    >>> ring = scipy.sparse.diags_array([1., 1.], offsets=[1, -3], shape=(4, 4))
    >>> graph_of((ring, np.eye(4), ["a", "b", "a", "b"])).class_values.tolist()
    ['a', 'b']
    """
    if isinstance(data, Graph):
        return data
    if not isinstance(name, str):
        raise Error(f"name: {type(name).__name__}, expected a text")
    if labels is not None:
        check_whole("labels", labels, 1, 2**31 - 1)
    if isinstance(data, (str, os.PathLike)):
        check_path("graph", data)
        if not path_exists(data):
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
            raise Error(f"{name}: no labels; expected y, one per node")
        given = np.full((nodes, labels), -1)
    numbers, class_values = _class_numbers(given, name)
    arrays["node_labels" if "node_features" in arrays else "labels"] = numbers
    native = {key: np.ascontiguousarray(a, a.dtype.newbyteorder("=")) for key, a in arrays.items()}
    engine = _engine.graph_of_arrays(native, name, labels is None)
    return Graph(engine, ids, class_values)


def _class_numbers(labels: Any, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns labels as numbers, and the values of the classes if labels are texts, which are numbered alphabetically.

    A masked entry of a masked array is a missing label.
    """
    if np.ma.is_masked(labels):
        mask, labels = np.ma.getmaskarray(labels), np.ma.getdata(labels).astype(object)
        labels[mask] = None
    try:
        array = np.asarray(labels)
        if array.dtype.kind == "U" and not isinstance(labels, np.ndarray):  # NumPy turns numbers and NaNs among texts into texts
            array = np.array(labels, object)
    except ValueError:
        raise Error(f"{name}: y: rows of unlike length, expected one label a node, or as many 0 and 1 for each") from None
    if array.dtype.kind in "biuf":
        return array.astype(np.float64) if array.dtype.kind == "f" else array, None
    if array.dtype.kind not in "OUSM":
        raise Error(f"{name}: y: {array.dtype}, expected numbers or texts")
    given = [v.item() if isinstance(v, np.generic) or isinstance(v, torch.Tensor) and v.numel() == 1 else v for v in array.ravel()]
    if array.dtype.kind == "O":
        for i, v in enumerate(given):
            if not (v is None or isinstance(v, (bool, int, float, str))):
                raise Error(f"{name}: y: entry {i} is {type(v).__name__}, expected a number or a text")
            if isinstance(v, str) and "\0" in v:  # NumPy would drop it at the end of a text
                raise Error(f"{name}: y: entry {i} is {v!r}, expected a text without a null character")
    missing = np.array([v is None or v == "" or v != v for v in given], bool)
    if array.dtype.kind == "O" and not any(isinstance(v, str) and v for v in given):
        return np.array([np.nan if m else v for v, m in zip(given, missing, strict=True)], np.float64).reshape(array.shape), None
    texts = np.where(missing, "", (np.array(given, object) if array.dtype.kind == "O" else array.ravel()).astype(str))
    values = np.unique(texts[~missing])
    return np.where(missing, -1, np.searchsorted(values, texts)), values


def _numpy(what: str, tensor: torch.Tensor) -> np.ndarray:
    """Returns the values of a dense tensor of real numbers on the CPU."""
    check_tensor(what, tensor)
    if tensor.is_complex():
        raise Error(f"{what}: {str(tensor.dtype).removeprefix('torch.')}, expected real numbers")
    if tensor.is_quantized:
        raise Error(f"{what}: {str(tensor.dtype).removeprefix('torch.')}, expected numbers that are not quantized")
    tensor = tensor.detach().resolve_neg()
    known = not tensor.is_floating_point() or tensor.dtype in (torch.float16, torch.float32, torch.float64)
    return (tensor if known else tensor.float()).numpy()


def _features(name: str, x: Any) -> np.ndarray:
    """Returns dense features as float32."""
    try:
        array = _numpy(f"{name}: X", x) if isinstance(x, torch.Tensor) else np.asarray(x)
        if array.dtype.kind in "cmMV":
            raise Error(f"{name}: X: {array.dtype}, expected real numbers")
        if np.ma.is_masked(x):
            row, column = (int(i[0]) for i in np.atleast_2d(np.ma.getmaskarray(x)).nonzero())
            raise Error(f"{name}: X: row {row}, column {column} is masked, expected a number")
        with np.errstate(over="ignore"):  # a number that does not fit float32 becomes infinite, which is refused
            return array.astype(np.float32)
    except (ValueError, TypeError) as e:
        raise e if isinstance(e, Error) else Error(f"{name}: X: {e}; expected rows of numbers of one length") from None


def _of_pyg(data: Any, name: str) -> tuple[Arrays, Any]:
    """Returns the arrays and the labels of PyG's Data; the labels are None if it has none."""
    for key, what, shape in (("x", "node features", "[nodes, features]"), ("edge_index", "edges", "[2, edges]")):
        if getattr(data, key, None) is None:
            raise Error(f"{name}: no {what}; expected {key}, {shape}")
    if getattr(data.x, "layout", None) in (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc):
        raise Error(f"{name}: x: {data.x.layout}, expected a dense tensor; sparse features as (A, X, y) of SciPy's matrices")
    given = {key: _numpy(f"{name}: {key}", getattr(data, key)) for key in ("x", "edge_index", "train_mask", "val_mask", "test_mask")
             if getattr(data, key, None) is not None}
    index = given["edge_index"]
    if index.ndim != 2 or index.shape[0] != 2:
        raise Error(f"{name}: edge_index: shape {list(index.shape)}, expected [2, edges]")
    if index.dtype.kind not in "iu":
        raise Error(f"{name}: edge_index: {index.dtype}, expected int64")
    arrays = {"node_features": _features(name, given["x"]), "edges": index.T}
    arrays |= {f"{key}s": mask for key, mask in given.items() if key.endswith("_mask")}
    y = getattr(data, "y", None)
    if y is not None:
        check_tensor(f"{name}: y", y)
    if y is not None and y.dim() == 2 and y.shape[1] == 1 and not y.dtype.is_floating_point:  # classes in a column, as OGB has them
        y = y[:, 0]
    return arrays, None if y is None else _numpy(f"{name}: y", y)


def _check_compressed(what: str, matrix: Any) -> None:
    """Throws Error if a SciPy matrix in the form csr, csc or bsr has indices outside its arrays, which SciPy does not check."""
    if not (hasattr(matrix, "indptr") and hasattr(matrix, "indices")):
        return
    start, entries = np.asarray(matrix.indptr), len(matrix.indices)
    if not (len(start) and start[0] == 0 and start[-1] <= entries and bool((start[1:] >= start[:-1]).all())):
        raise Error(f"{what}: indptr, expected to ascend from 0 to at most {entries}, the number of indices")
    block = matrix.blocksize if matrix.format == "bsr" else (1, 1)
    rows, columns = (size // of_block for size, of_block in zip(matrix.shape, block, strict=True))
    lines, most = (columns, rows) if matrix.format == "csc" else (rows, columns)
    if len(start) != lines + 1 or len(matrix.data) < start[-1]:
        raise Error(f"{what}: indptr of {len(start) - 1} rows or columns and {len(matrix.data)} values, expected {lines} and {start[-1]}")
    indices = matrix.indices[:start[-1]]
    if len(indices) and not (0 <= indices.min() and indices.max() < most):
        raise Error(f"{what}: indices hold {indices.min()} to {indices.max()}, expected 0 to {most - 1}")


def _of_matrices(data: tuple[Any, ...], name: str) -> tuple[Arrays, Any]:
    """Returns the arrays and the labels of (A, X) or (A, X, y). Sparse features stay sparse."""
    if len(data) not in (2, 3):
        raise Error(f"{name}: a tuple of {len(data)}, expected (A, X) or (A, X, y)")
    adjacency, features = data[:2]
    labels = data[2] if len(data) == 3 else None
    if not hasattr(adjacency, "tocoo"):
        raise Error(f"{name}: A is {type(adjacency).__name__}, expected a SciPy sparse matrix or array")
    rows = adjacency.shape[0]
    if adjacency.shape != (rows, rows):
        raise Error(f"{name}: A: {adjacency.shape[0]} x {adjacency.shape[1]}, expected a square")
    _check_compressed(f"{name}: A", adjacency)
    _check_compressed(f"{name}: X", features)
    dense = not hasattr(features, "tocsr")
    if dense:
        features = _features(name, features)
    if features.shape[:1] != (rows,):
        raise Error(f"{name}: X has {features.shape[0] if features.shape else 0} rows, expected {rows}, one per node")
    if isinstance(labels, torch.Tensor):
        labels = _numpy(f"{name}: y", labels)
    if dense:
        try:
            coo = adjacency.tocoo()
        except ValueError as e:
            raise Error(f"{name}: A: {e}") from None
        kept = coo.data != 0
        return {"node_features": features, "edges": np.stack([coo.row[kept], coo.col[kept]], 1).astype(np.int64)}, labels
    a, x = adjacency.tocsr(), features.tocsr()
    if x.dtype.kind == "c":
        raise Error(f"{name}: X: {x.dtype}, expected real numbers")
    if not a.data.all():  # in a copy, since `a` may be the user's own matrix
        a = a.copy()
        a.eliminate_zeros()
    return {"adj_indptr": a.indptr, "adj_indices": a.indices, "adj_shape": np.array(a.shape), "attr_indptr": x.indptr,
            "attr_indices": x.indices, "attr_data": _features(name, x.data), "attr_shape": np.array(x.shape)}, labels


def _of_networkx(graph: Any, name: str) -> tuple[Arrays, Any, np.ndarray]:
    """Returns the arrays, the labels and the node ids of a NetworkX graph."""
    ids = list(graph.nodes)
    if not ids:
        raise Error(f"{name}: no nodes, expected at least one")
    place = {node: i for i, node in enumerate(ids)}
    for node in ids:
        if "x" not in graph.nodes[node]:
            raise Error(f"{name}: node {node!r} has no 'x', expected a list of numbers, its features")
    try:
        features = np.array([graph.nodes[node]["x"] for node in ids], np.float32)
    except (ValueError, TypeError, RuntimeError):
        raise Error(f"{name}: the 'x' of its nodes are not lists of numbers of one length") from None
    labels = np.empty(len(ids), object)
    labels[:] = [graph.nodes[node].get("y", None) for node in ids]
    edges = np.array([(place[u], place[v]) for u, v in graph.edges()], np.int64).reshape(-1, 2)
    names = np.empty(len(ids), object)
    names[:] = ids
    return {"node_features": features.reshape(len(ids), -1), "edges": edges}, labels, names
