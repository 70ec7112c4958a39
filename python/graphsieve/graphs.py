# SPDX-License-Identifier: Apache-2.0
"""Conversion of graphs from the forms that users have to the form of the engine."""
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from graphsieve import _engine
from graphsieve._check import Error, check_path, check_tensor, check_whole, path_exists
from graphsieve.progress import note
from graphsieve.tables import Tables, is_table

__all__ = ["Graph", "graph_of", "minesweeper"]

Arrays = dict[str, np.ndarray]
SPLITS = ("train", "val", "test")
MOST_DENSE_BYTES = 4 << 30
IGNORED = -100  # torch's ignore_index: no label


class Parts(NamedTuple):
    """What a graph is made of: arrays as in an .npz file, labels as they were given, the user's ids, and edge types with their names."""

    arrays: Arrays
    labels: Any
    ids: np.ndarray | None = None
    edge_types: tuple[np.ndarray, list[str]] | None = None


class Graph:
    """A checked graph, made by `graph_of` or `minesweeper`.

    nodes, features, classes: counts. label_kind: "single" (one class per node), "multi" (several 0/1 labels per node) or "numbers" (to
    predict by regression; `classes` is how many per node). recipe: the published recipe that fits. ids: the user's own node ids [nodes].
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
        self.label_kind: str = engine.label_kind
        self.multi_label: bool = self.label_kind == "multi"
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

    def with_labels(self, nodes: Any, y: Any, regression: bool = False) -> Graph:
        """Returns the graph with the labels `y` of `nodes` in place of its own labels and splits; all other nodes have none.

        nodes: numbers of nodes [m] or [m, 1], or a mask [nodes]. y: one class per node [m] (numbers or texts), several labels 0 or 1
        per node [m, labels], or with `regression` numbers [m] or [m, numbers]. Throws Error if y does not fit the nodes.

        >>> minesweeper(10).with_labels([5, 7, 9], ["mine", "none", "none"]).class_values.tolist()
        ['mine', 'none']
        """
        chosen = node_numbers(nodes, self.nodes)
        given = np.asarray(y)
        if len(given) != len(chosen) or given.ndim not in (1, 2):
            raise Error(f"y: shape {list(given.shape)}, expected the labels of {len(chosen)} nodes")
        given = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
        class_values = None
        if regression or given.ndim == 2:
            labels = np.full((self.nodes, *given.shape[1:]), np.nan)
            labels[chosen] = _targets(given, "y")
        else:
            missing = [i for i, v in enumerate(given.tolist()) if v is None or v != v]
            if missing:
                raise Error(f"y: entry {missing[0]} is {given[missing[0]]}, expected a class")
            class_values, numbers = np.unique(given, return_inverse=True)
            labels = np.full(self.nodes, -1)
            labels[chosen] = numbers
        names = [str(value) for value in class_values] if class_values is not None else []
        engine = _engine.with_labels(self.engine, {"node_numbers" if regression else "node_labels": labels}, names, self.engine.name)
        return Graph(engine, self._ids, class_values)

    def with_split(self, split: Mapping[str, Any]) -> Graph:
        """Returns the graph with one split in place of its own ones.

        split: the nodes of "train", "val" and "test", each as numbers of nodes, as a mask [nodes], or as "all", which are all nodes
        that no other part has. A part that is absent has no nodes.

        >>> minesweeper(10).with_split({"train": "all", "val": [0, 1, 2]})
        Graph(generated-minesweeper: 100 nodes, 7 features, 2 classes)
        """
        unknown = set(split) - set(SPLITS)
        if unknown or "train" not in split:
            raise Error(f"split: the parts {', '.join(map(str, split)) or 'none'}, expected train, and perhaps val and test")
        masks = {part: np.zeros(self.nodes, bool) for part in SPLITS}
        rest = [part for part, nodes in split.items() if isinstance(nodes, str)]
        for part in rest:
            if split[part] != "all" or len(rest) > 1:
                raise Error(f"split: {part} is {split[part]!r}, expected numbers of nodes, a mask, or for one part 'all'")
        for part in [part for part in SPLITS if part in split and part not in rest] + rest:
            taken = np.logical_or.reduce(list(masks.values()))
            if part in rest:
                masks[part] = ~taken
                continue
            masks[part][node_numbers(split[part], self.nodes, f"split: {part}")] = True
            both = np.flatnonzero(taken & masks[part])
            if len(both):
                raise Error(f"split: node {both[0]} is in {part} and in another part")
        engine = _engine.with_labels(self.engine, {f"{part}_masks": mask for part, mask in masks.items()}, [], self.engine.name)
        return Graph(engine, self._ids, self._class_values)

    def __copy__(self) -> Graph:
        return self  # a Graph never changes

    def __deepcopy__(self, memo: Any) -> Graph:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Error("a Graph is not pickled; give what it was made of to graphsieve.graph_of in the other process")

    def __repr__(self) -> str:
        return f"Graph({self.engine.name}: {self.nodes} nodes, {self.features} features, {self.classes} classes)"


def node_numbers(nodes: Any, count: int, what: str = "nodes") -> np.ndarray:
    """Returns numbers of nodes [m] or [m, 1], or a mask [count], as distinct numbers int64 [m] in their order."""
    given = np.asarray(nodes.cpu() if isinstance(nodes, torch.Tensor) else nodes)
    if given.dtype == bool:
        if given.shape != (count,):
            raise Error(f"{what}: a mask of shape {list(given.shape)}, expected [{count}]")
        return np.flatnonzero(given)
    given = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    if given.ndim != 1 or given.dtype.kind not in "iu" and given.size:
        raise Error(f"{what}: {given.dtype} {list(given.shape)}, expected numbers of nodes, integers [m], or a mask [{count}]")
    outside = given[(given < 0) | (given >= count)] if given.size else given
    if outside.size:
        raise Error(f"{what}: node {outside[0]}, expected 0 to {count - 1}")
    numbers = given.astype(np.int64)
    values, times = np.unique(numbers, return_counts=True)
    if (times > 1).any():
        raise Error(f"{what}: node {values[times > 1][0]} occurs {times[times > 1][0]} times, expected each node once")
    return numbers


def minesweeper(side: int = 100, seed: int = 0) -> Graph:
    """Returns the generated minesweeper graph with side x side nodes.

    >>> minesweeper(10)
    Graph(generated-minesweeper: 100 nodes, 7 features, 2 classes)
    """
    check_whole("side", side, 2, 2**31 - 1)
    check_whole("seed", seed, most=2**64 - 1)
    return Graph(_engine.minesweeper(int(seed), int(side)))


def graph_of(data: Any, *, name: str = "data", labels: int | None = None, directed: bool = False,
             like: str | os.PathLike[str] | None = None, regression: bool = False) -> Graph:
    """Returns `data` as a checked Graph. `data` is

    - a path: an .npz or .mat file, or a graph folder (docs/input-files.md);
    - PyG's Data: x [n, d], dense or sparse; edge_index [2, E] or adj_t; y [n], [n, 1] or [n, labels]; optionally edge_type [E]
      (integers); and all or none of train_mask, val_mask, test_mask, or of train_idx, val_idx (valid_idx), test_idx;
    - (A, X, y) or (A, X): a SciPy sparse matrix or array A [n, n], where A[i, j] != 0 is an edge from i to j; X [n, d] dense or
      sparse; y [n], numbers or texts, or [n, labels];
    - (nodes, edges): two DataFrames or tables of Arrow, or `Tables` with options (docs/tables.md);
    - a NetworkX graph whose nodes have "x", a list of numbers, "y", a number or text, and optionally "split" ("train", "val", "test"
      or None) or the truth values train_mask, val_mask, test_mask.

    A label of -1, -100, NaN, None or "" is missing. Integers that are not all of 0 ... C - 1 are the names of the classes. Weights
    and attributes of edges are not used; a GraphsieveWarning says so. `labels` is the number of labels per node if all labels may be
    missing, as for prediction. `regression`: the labels of arrays, DataFrames and NetworkX graphs are numbers to predict, one or several
    per node, of which NaN is missing. `directed` keeps the directions of edges with types (for other edges, the recipe's graph.directed
    decides). `like`: the schema.json of a run; tables then become the features that it was trained with. `name` begins messages, and
    is the name of the data set as the stem of a file would be. Throws Error, with the row and
    the value, if anything does not fit.

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
    if isinstance(data, tuple) and len(data) == 2 and all(map(is_table, data)):
        data = Tables(*data)
    if isinstance(data, Tables):
        return Graph(data.graph(name, like, note, regression))
    if isinstance(data, tuple):
        parts = _of_matrices(data, name)
    elif hasattr(data, "edge_index") or getattr(data, "adj_t", None) is not None:
        parts = _of_pyg(data, name)
    elif hasattr(data, "adj") and hasattr(data, "nodes"):
        parts = _of_networkx(data, name)
    else:
        raise Error(f"{name}: {type(data).__name__}, expected a path, PyG's Data, (A, X, y), (nodes, edges) or a NetworkX graph")
    arrays, given = parts.arrays, parts.labels
    nodes = len(arrays["node_features"]) if "node_features" in arrays else int(arrays["adj_shape"][0])
    if given is None:
        if labels is None:
            raise Error(f"{name}: no labels; expected y, one per node")
        given = np.full((nodes, labels), np.nan if regression else -1)
    numbers, class_values = (_targets(given, name), None) if regression else _class_numbers(given, name)
    arrays["node_numbers" if regression else "node_labels" if "node_features" in arrays else "labels"] = numbers
    native = {key: np.ascontiguousarray(a, a.dtype.newbyteorder("=")) for key, a in arrays.items()}
    types, type_names = parts.edge_types or (np.zeros(0, np.uint8), [])
    engine = _engine.graph_of_arrays(native, name, labels is None, **_engine_ids(parts.ids, name), edge_type=types.tolist(),
                                     edge_type_names=type_names, directed=bool(directed),
                                     class_names=[] if class_values is None else [str(value) for value in class_values])
    return Graph(engine, parts.ids, class_values)


def _engine_ids(ids: np.ndarray | None, name: str) -> dict[str, list[Any]]:
    """Returns the user's ids as the engine takes them: integers of 64 bits, or else texts."""
    if ids is None:
        return {}
    values = ids.tolist()
    if values == list(range(len(values))):
        return {}
    if all(isinstance(v, int) and not isinstance(v, bool) and -2**63 <= v < 2**63 for v in values):
        return {"integer_ids": values}
    texts = [str(v) for v in values]
    if len(set(texts)) < len(texts):
        first: dict[str, Any] = {}
        for text, value in zip(texts, values, strict=True):
            if text in first:
                raise Error(f"{name}: nodes {first[text]!r} and {value!r} are both called {text!r}, expected another text for each node")
            first[text] = value
    return {"text_ids": texts}


def _targets(labels: Any, name: str) -> np.ndarray:
    """Returns labels that are numbers to predict as float64; None and masked entries are missing."""
    if np.ma.is_masked(labels):
        labels = np.ma.filled(labels.astype(np.float64), np.nan)
    try:
        array = np.asarray(labels)
        if array.dtype.kind not in "biufO":
            raise Error(f"{name}: y: {array.dtype}, expected numbers")
        return array.astype(np.float64)
    except (ValueError, TypeError) as e:
        raise e if isinstance(e, Error) else Error(f"{name}: y: {e}; expected one number per node, or as many for each") from None


def _class_numbers(labels: Any, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns labels as numbers, and the values of the classes if these are not 0, 1, ...: texts in alphabetical order, or integers.

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
        return _named_integers(array.astype(np.float64) if array.dtype.kind == "f" else array, name)
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
        numbers = np.array([np.nan if m else v for v, m in zip(given, missing, strict=True)], np.float64)
        return _named_integers(numbers.reshape(array.shape), name)
    texts = np.where(missing, "", (np.array(given, object) if array.dtype.kind == "O" else array.ravel()).astype(str))
    values = np.unique(texts[~missing])
    return np.where(missing, -1, np.searchsorted(values, texts)), values


def _named_integers(labels: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns labels as the engine takes them, and the values of the classes if these are integers other than 0 ... C - 1."""
    missing = labels != labels if labels.dtype.kind == "f" else np.zeros(labels.shape, bool)
    missing |= (labels == -1) | (labels == IGNORED) if labels.dtype.kind != "b" else missing
    if labels.ndim == 2 and labels.shape[1] > 1:
        rows = labels[~missing.any(1)]
        if len(rows) >= 10 and ((rows == 0) | (rows == 1)).all() and (rows.sum(1) == 1).all():
            raise Error(f"{name}: y: each row has exactly one 1, which looks like one class in one-hot form; expected y.argmax(1), one "
                        "class per node, or rows of several labels")
        return np.where(missing, np.nan, labels.astype(np.float64)), None
    present = labels[~missing]
    if labels.ndim != 1 or labels.dtype.kind == "b" or not len(present) or (present != np.floor(present)).any() or (present < 0).any():
        return labels, None  # the engine names the entry that does not fit
    values = np.unique(present).astype(np.int64)
    if values.tolist() == list(range(len(values))):
        return np.where(missing, -1, labels).astype(np.int64), None
    if values.tolist() == [1] and (labels[missing] == -1).any():
        raise Error(f"{name}: y: holds -1 and 1 alone, and -1 means that a node has no label; expected two classes as 0 and 1")
    shown = ", ".join(map(str, values[:10])) + (", ..." if len(values) > 10 else "")
    note(f"{name}: y: the integers {shown} are the names of {len(values)} classes")
    return np.where(missing, -1, np.searchsorted(values, np.where(missing, values[0], labels))), values


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


def _is_sparse(tensor: Any) -> bool:
    return getattr(tensor, "layout", None) in (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc)


def _pyg_edges(data: Any, name: str) -> np.ndarray:
    """Returns the edges [2, E] of PyG's Data: of edge_index, or of adj_t, whose row i holds the sources of node i."""
    index: Any = getattr(data, "edge_index", None)
    adj: Any = getattr(data, "adj_t", None)
    if index is None and adj is None:
        raise Error(f"{name}: no edges; expected edge_index, [2, edges], or adj_t")
    if index is None:
        if _is_sparse(adj):
            pairs = adj.to_sparse_coo().coalesce()
            (row, col), value = pairs.indices(), pairs.values()
        elif callable(getattr(adj, "coo", None)):  # torch_sparse's SparseTensor
            row, col, value = adj.coo()
        else:
            raise Error(f"{name}: adj_t: {type(adj).__name__}, expected a sparse tensor")
        if value is not None and value.numel() and not bool((value == value.flatten()[0]).all()):
            note(f"{name}: the values of adj_t are not used: an edge has no weight")
        return np.stack([_numpy(f"{name}: adj_t", col), _numpy(f"{name}: adj_t", row)])
    edges = _numpy(f"{name}: edge_index", index)
    if edges.ndim != 2 or edges.shape[0] != 2:
        raise Error(f"{name}: edge_index: shape {list(edges.shape)}, expected [2, edges]")
    if edges.dtype.kind not in "iu":
        raise Error(f"{name}: edge_index: {edges.dtype}, expected int64")
    return edges


def _pyg_splits(data: Any, name: str, nodes: int) -> Arrays:
    """Returns the masks of PyG's Data, given as masks or as lists of nodes (train_idx, val_idx or valid_idx, test_idx)."""
    masks = {f"{part}_masks": _numpy(f"{name}: {part}_mask", getattr(data, f"{part}_mask")) for part in SPLITS
             if getattr(data, f"{part}_mask", None) is not None}
    if masks:
        return masks
    for part in SPLITS:
        for key in ([f"{part}_idx"] if part != "val" else ["val_idx", "valid_idx"]):
            index = getattr(data, key, None)
            if index is None:
                continue
            index = _numpy(f"{name}: {key}", index) if isinstance(index, torch.Tensor) else np.asarray(index)
            if index.ndim != 1 or index.dtype.kind not in "iu" or (len(index) and not (0 <= index.min() and index.max() < nodes)):
                raise Error(f"{name}: {key}: expected numbers of nodes from 0 to {nodes - 1}")
            mask = np.zeros(nodes, bool)
            mask[index] = True
            masks[f"{part}_masks"] = mask
    if masks and len(masks) < len(SPLITS):
        raise Error(f"{name}: has {', '.join(sorted(masks)).replace('_masks', '_idx')} alone, expected train_idx, val_idx and test_idx")
    return masks


def _of_pyg(data: Any, name: str) -> Parts:
    """Returns the parts of PyG's Data; the labels are None if it has none."""
    x = getattr(data, "x", None)
    if x is None:
        raise Error(f"{name}: no node features; expected x, [nodes, features]")
    index = _pyg_edges(data, name)
    if _is_sparse(x) or callable(getattr(x, "to_dense", None)) and not isinstance(x, torch.Tensor):
        sizes = list(x.size() if callable(x.size) else x.sizes())
        if int(np.prod(sizes)) * 4 > MOST_DENSE_BYTES:
            raise Error(f"{name}: x: a sparse tensor of {sizes[0]} x {sizes[1]} takes more than 4 GiB as a dense one; expected sparse "
                        "features as (A, X, y) of SciPy's matrices")
        x = x.to_dense()
    features = _features(name, _numpy(f"{name}: x", x))
    arrays = {"node_features": features, "edges": index.T} | _pyg_splits(data, name, len(features))
    for key in ("edge_attr", "edge_weight"):
        if getattr(data, key, None) is not None:
            note(f"{name}: {key} is not used: an edge may have a type (edge_type), but no weight and no features")
    y = getattr(data, "y", None)
    if y is not None:
        check_tensor(f"{name}: y", y)
    if y is not None and y.dim() == 2 and y.shape[1] == 1 and not y.dtype.is_floating_point:  # classes in a column, as OGB has them
        y = y[:, 0]
    return Parts(arrays, None if y is None else _numpy(f"{name}: y", y), None, _pyg_edge_types(data, name, index.shape[1]))


def _pyg_edge_types(data: Any, name: str, edges: int) -> tuple[np.ndarray, list[str]] | None:
    """Returns the numbers and the names of the edges' types; the types are the different integers of edge_type, in ascending order."""
    given = getattr(data, "edge_type", None)
    if given is None:
        return None
    types = _numpy(f"{name}: edge_type", given) if isinstance(given, torch.Tensor) else np.asarray(given)
    if types.ndim == 2 and types.shape[1] == 1:
        types = types[:, 0]
    if types.shape != (edges,) or types.dtype.kind not in "iu":
        raise Error(f"{name}: edge_type: {types.dtype} {list(types.shape)}, expected integers [{edges}], one per edge")
    values = np.unique(types)
    if len(values) > 64:
        raise Error(f"{name}: edge_type: {len(values)} different types, expected at most 64")
    return np.searchsorted(values, types).astype(np.uint8), [str(value) for value in values]


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


def _of_matrices(data: tuple[Any, ...], name: str) -> Parts:
    """Returns the parts of (A, X) or (A, X, y). Sparse features stay sparse."""
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
        _note_weights(name, coo.data[kept])
        return Parts({"node_features": features, "edges": np.stack([coo.row[kept], coo.col[kept]], 1).astype(np.int64)}, labels)
    a, x = adjacency.tocsr(), features.tocsr()
    if x.dtype.kind == "c":
        raise Error(f"{name}: X: {x.dtype}, expected real numbers")
    if not a.data.all():  # in a copy, since `a` may be the user's own matrix
        a = a.copy()
        a.eliminate_zeros()
    _note_weights(name, a.data)
    return Parts({"adj_indptr": a.indptr, "adj_indices": a.indices, "adj_shape": np.array(a.shape), "attr_indptr": x.indptr,
                  "attr_indices": x.indices, "attr_data": _features(name, x.data), "attr_shape": np.array(x.shape)}, labels)


def _note_weights(name: str, values: np.ndarray) -> None:
    if len(values) and (values != values[0]).any():
        note(f"{name}: the values of A are not used: an edge is where A is not 0, and has no weight")


def _networkx_splits(graph: Any, name: str, ids: list[Any]) -> Arrays:
    """Returns the masks of a NetworkX graph, from the nodes' "split" or from their masks."""
    nodes = [graph.nodes[node] for node in ids]
    keys = [f"{part}_mask" for part in SPLITS]
    if any("split" in node for node in nodes):
        parts = np.array([node.get("split") or "" for node in nodes], object)
        for node, part in zip(ids, parts, strict=True):
            if part not in ("", *SPLITS):
                raise Error(f"{name}: node {node!r}: split is {part!r}, expected 'train', 'val', 'test' or None")
        return {f"{part}_masks": parts == part for part in SPLITS}
    if not any(key in node for node in nodes for key in keys):
        return {}
    masks = np.array([[bool(node.get(key, False)) for key in keys] for node in nodes])
    return {f"{key}s": masks[:, part] for part, key in enumerate(keys)}


def _of_networkx(graph: Any, name: str) -> Parts:
    """Returns the parts of a NetworkX graph."""
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
    dropped = sorted({str(key) for *_, attributes in graph.edges(data=True) for key in attributes})
    if dropped:
        note(f"{name}: attributes of edges are not used: {', '.join(dropped[:5])}{', ...' if len(dropped) > 5 else ''}")
    names = np.empty(len(ids), object)
    names[:] = ids
    arrays: Arrays = {"node_features": features.reshape(len(ids), -1), "edges": edges}
    arrays |= _networkx_splits(graph, name, ids)
    return Parts(arrays, labels, names)
