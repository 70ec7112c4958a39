# SPDX-License-Identifier: Apache-2.0
"""The operators as functions on torch tensors: differentiable, usable in torch.compile, with the same bits at any number of threads.

They are the torch operators torch.ops.graphsieve.NAME; the functions of this module add types, defaults and checks.
src/graphsieve/ops/NAME/README.md has the formulas, the cost and the numerics of each.
"""
from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from graphsieve import _engine  # its libraries register the operators
from graphsieve._check import Error, check_tensor, check_whole

__all__ = ["Edges", "edges_of", "dropout_add", "expand_block", "gather_rows", "linear", "node_norm", "relu_dropout", "reservoir_sample",
           "sparse_attention", "sparse_attention_scores", "sparse_linear"]

_ops = torch.ops.graphsieve


def _call(op: Any, *args: Any) -> Any:
    """Calls an operator. If it refuses the arguments, its message becomes an Error."""
    if torch.compiler.is_compiling():
        return op(*args)
    _engine.note_torch_threads()
    name = op.__name__.split(".")[0]
    tensors = [argument for argument in args if isinstance(argument, Tensor)]
    for tensor in tensors:
        check_tensor(name, tensor, meta=True)
    devices = sorted({tensor.device.type for tensor in tensors if tensor.is_floating_point()})  # edges may be on another device
    if len(devices) > 1:
        raise Error(f"{name}: tensors on {' and '.join(devices)}, expected one device")
    try:
        return op(*args)
    except (RuntimeError, IndexError) as e:
        sentence = str(e).split("\n")[0]
        raise (MemoryError if "can't allocate memory" in sentence else Error)(sentence) from None


class Edges(NamedTuple):
    """The in-edges of destinations, row after row, and the same edges by source for the backward pass. Made by `edges_of`.

    row_start int64 [destinations + 1], source int32 [edges], type uint8 [edges]; t_row_start int64 [sources + 1], t_destination
    int32 and t_type uint8 [edges]. Without these three, the graph must be symmetric. position and t_position int32 [edges]: the column
    of edge_index that each edge has, for features of edges; None unless they were asked for.

    >>> edges_of(torch.tensor([[1, 2, 0], [0, 0, 1]]), sources=3).t_destination.tolist()
    [1, 0, 0]
    """

    row_start: Tensor
    source: Tensor
    type: Tensor
    t_row_start: Tensor | None = None
    t_destination: Tensor | None = None
    t_type: Tensor | None = None
    position: Tensor | None = None
    t_position: Tensor | None = None


def _rows(key: Tensor, count: int) -> Tensor:
    """Returns the position at which each of `count` rows begins among its keys in ascending order."""
    start = torch.zeros(count + 1, dtype=torch.int64, device=key.device)
    start[1:] = torch.bincount(key, minlength=count).cumsum(0)
    return start


def edges_of(edge_index: Tensor, sources: int, destinations: int | None = None, edge_type: Tensor | None = None,
             edge_types: int = 1, positions: bool = False) -> Edges:
    """Returns PyG's edge_index [2, E] int64, whose rows are sources and destinations, in the form of the operators.

    `sources` and `destinations` (default: equal to sources) are the numbers of nodes on each side. edge_type [E] has integers from 0 to
    edge_types - 1 (int64, int32 or uint8). Rows are sorted by (type, source). positions: keep Edges.position, which features of edges
    need, in 8 bytes per edge. Throws Error, naming the edge, if an index or a type is
    out of range.

    >>> edges = edges_of(torch.tensor([[1, 2, 0], [0, 0, 1]]), sources=3)
    >>> edges.row_start.tolist(), edges.source.tolist()
    ([0, 2, 3, 3], [1, 2, 0])
    """
    _engine.note_torch_threads()
    destinations = sources if destinations is None else destinations
    for name, count in (("sources", sources), ("destinations", destinations)):
        check_whole(name, count, most=2**31 - 1)
    check_whole("edge_types", edge_types, 1, 256)
    check_tensor("edge_index", edge_index, torch.int64, dims=2)
    if edge_index.shape[0] != 2:
        raise Error(f"edge_index: shape {list(edge_index.shape)}, expected [2, edges]")
    for row, count in ((0, sources), (1, destinations)):
        _check_range(f"edge_index: row {row}", edge_index[row], "node", count)
    source, destination = edge_index
    kind = _types(edge_type, edge_index, edge_types)
    row_start, others, types, position = _side(destination, kind, source, (destinations, edge_types, sources), positions)
    t_row_start, t_others, t_types, t_position = _side(source, kind, destination, (sources, edge_types, destinations), positions)
    return Edges(row_start, others, types, t_row_start, t_others, t_types, position, t_position)


def _side(row: Tensor, kind: Tensor, other: Tensor, bounds: tuple[int, int, int],
          positions: bool) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Returns the edges by `row`: the beginning of each row, the other ends, the types, and with `positions` the columns of edge_index."""
    order = _order(row, kind, other, bounds)
    return _rows(row, bounds[0]), other[order].int(), kind[order], order.int() if positions else None


def _order(first: Tensor, second: Tensor, third: Tensor, bounds: tuple[int, int, int]) -> Tensor:
    """Returns the order of the entries by (first, second, third). All numbers of a tensor are below its bound."""
    if math.prod(bounds) <= 2**63 - 1:
        key = first * bounds[1]  # changed in place, since it is as large as the graph
        return key.add_(second).mul_(bounds[2]).add_(third).argsort(stable=True)
    # One number for all three would not fit in 64 bits.
    by_third = torch.argsort(third, stable=True)
    return by_third[torch.argsort((first * bounds[1] + second)[by_third], stable=True)]


def _check_range(what: str, values: Tensor, name: str, count: int) -> None:
    wrong = (values < 0) | (values >= count)
    if bool(wrong.any()):
        edge = int(wrong.nonzero()[0])
        raise Error(f"{what}: edge {edge}: {name} {int(values[edge])}, expected 0 to {count - 1}")


def _types(edge_type: Tensor | None, edge_index: Tensor, count: int) -> Tensor:
    edges = edge_index.shape[1]
    if edge_type is None:
        if count > 1:
            raise Error(f"edge_type: None, expected one of {count} types per edge")
        return torch.zeros(edges, dtype=torch.uint8, device=edge_index.device)
    check_tensor("edge_type", edge_type, torch.int64, torch.int32, torch.uint8, dims=1)
    if len(edge_type) != edges:
        raise Error(f"edge_type: {len(edge_type)} entries, expected {edges}, one per edge")
    _check_range("edge_type", edge_type, "type", count)
    return edge_type.byte()


def _check_rows(start: Tensor, index: Tensor, kind: Tensor, names: tuple[str, str, str], rows: int, columns: int, types: int) -> None:
    check_tensor(names[0], start, torch.int64, dims=1)
    check_tensor(names[1], index, torch.int32, dims=1)
    if len(start) != rows + 1:
        raise Error(f"{names[0]}: {len(start) - 1} rows, expected {rows}")
    if int(start[0]) != 0 or int(start[-1]) != len(index) or bool((start[1:] < start[:-1]).any()):
        raise Error(f"{names[0]}: expected to ascend from 0 to {len(index)}, the number of entries")
    _check_bounds(names[1], index, "nodes", columns)
    check_tensor(names[2], kind, torch.uint8, dims=1)
    if len(kind) != len(index):
        raise Error(f"{names[2]}: {len(kind)} entries, expected {len(index)}")
    _check_bounds(names[2], kind, "types", types)


def _check_bounds(what: str, values: Tensor, name: str, count: int) -> None:
    if len(values):
        least, most = map(int, values.aminmax())
        if least < 0 or most >= count:
            raise Error(f"{what}: holds {least} to {most}, expected {name} 0 to {count - 1}")


def _check_is_edges(edges: Edges) -> None:
    if not isinstance(edges, Edges):
        raise Error(f"edges: {type(edges).__name__}, expected Edges, made by graphsieve.ops.edges_of")


def check_edges(edges: Edges, destinations: int, sources: int, types: int) -> None:
    """Throws Error unless edges are within the tensors that they are used with.

    Nothing is checked if values are not known: in torch.compile and for tensors without memory.
    """
    if torch.compiler.is_compiling() or any(type(t) is not Tensor or t.device.type == "meta" for t in edges if t is not None):
        return
    _check_rows(edges.row_start, edges.source, edges.type, ("edges.row_start", "edges.source", "edges.type"), destinations, sources,
                types)
    if edges.t_row_start is not None and edges.t_destination is not None and edges.t_type is not None:
        _check_rows(edges.t_row_start, edges.t_destination, edges.t_type, ("edges.t_row_start", "edges.t_destination", "edges.t_type"),
                    sources, destinations, types)


def sparse_attention(query: Tensor, key_value: Tensor, edges: Edges, type_scale: Tensor | None = None, type_bias: Tensor | None = None,
                     heads: int = 1, clamp: float = float("inf"), log_weight: Tensor | None = None,
                     negative_slope: float = 1.0, *, features: Tensor | None = None, dropout: float = 0.0, key: int = 0) -> Tensor:
    """Returns the multi-head attention of destinations over their in-edges.

    This is softmax of clamp(leaky(sum of q k scale[t] + bias[t]), +-clamp), times v, where leaky multiplies negative numbers by
    negative_slope (above 0; another one than 1 on the CPU only). query [destinations, H dk] and key_value
    [sources, H dk + H dv] (the keys and values of a source next to each other) are float32, bfloat16 or float64. type_scale
    [types, H dk] (default: 1 / sqrt(dk), one type) and type_bias [types, H] (default: 0) are float32, or float64 with float64.
    log_weight float32 [edges] is added to the logits after the clamp: the finite logarithms of the edges' weights, in the order of
    `edges` (CPU only). Returns [destinations, H dv], with zeros for a destination without edges. Differentiable in the other four
    tensors.

    features [rows, F] of query's type (CPU only): the features of edge_index's columns, for edges made with positions=True. query is
    [destinations, H dk + H F] then: F numbers u per head follow the queries, u . x of an edge's features x is added to its logit, and
    the result [destinations, H dv + H F] has the means of x under the softmax after those of v. Differentiable in features.
    dropout, at least 0 and below 1 (CPU only): the probability with which an edge and head is left out of the result but not of the
    softmax's denominator; what stays is multiplied by 1 / (1 - dropout). The key and the ends of the edge decide.

    >>> edges = edges_of(torch.tensor([[1, 2], [0, 0]]), sources=3)
    >>> key_value = torch.tensor([[0., 0.], [0., 4.], [1.0986123, 8.]])      # keys 0 and ln 3, values 4 and 8
    >>> sparse_attention(torch.ones(3, 1), key_value, edges)[0]
    tensor([7.0000])
    """
    return sparse_attention_with_sums(query, key_value, edges, type_scale, type_bias, heads, clamp, log_weight, negative_slope,
                                      features=features, dropout=dropout, key=key)[0]


def sparse_attention_with_sums(query: Tensor, key_value: Tensor, edges: Edges, type_scale: Tensor | None = None,
                               type_bias: Tensor | None = None, heads: int = 1, clamp: float = float("inf"),
                               log_weight: Tensor | None = None, negative_slope: float = 1.0, *, features: Tensor | None = None,
                               dropout: float = 0.0, key: int = 0) -> tuple[Tensor, Tensor]:
    """Returns the result of `sparse_attention`, and log_sum [destinations, H] for `sparse_attention_scores`."""
    scale, bias = _operands(query, key_value, edges, type_scale, type_bias, heads, features)
    rows = (None, None) if features is None else (edges.position, edges.t_position)
    return _call(_ops.sparse_attention.default, query, key_value, *edges[:6], scale, bias, heads, clamp, log_weight, negative_slope,
                 features, *rows, dropout, key)


def _operands(query: Tensor, key_value: Tensor, edges: Edges, scale: Tensor | None, bias: Tensor | None,
              heads: int, features: Tensor | None) -> tuple[Tensor, Tensor]:
    """Checks the arguments and returns type_scale and type_bias, with their defaults if they are None."""
    _check_is_edges(edges)
    if not torch.compiler.is_compiling():
        check_whole("heads", heads, 1)
    for name, rows in (("query", query), ("key_value", key_value)):
        check_tensor(name, rows, torch.float32, torch.bfloat16, torch.float64, dims=2, meta=True)
    edge_columns = 0 if features is None else _edge_columns(features, edges, query, heads)
    keys = query.shape[1] - edge_columns
    if not torch.compiler.is_compiling() and (keys <= 0 or keys % heads):
        behind = f" before the {edge_columns} of the features" if edge_columns else ""
        raise Error(f"query: {keys} columns{behind}, expected a multiple of the {heads} heads")
    for name, table in (("type_scale", scale), ("type_bias", bias)):
        if table is not None:
            check_tensor(name, table, torch.float32, torch.float64, dims=2, meta=True)
    dtype = torch.float64 if query.dtype == torch.float64 else torch.float32
    if scale is None:
        scale = torch.full((1 if bias is None else bias.shape[0], keys), (keys / heads) ** -0.5, dtype=dtype, device=query.device)
    if bias is None:
        bias = torch.zeros(scale.shape[0], heads, dtype=dtype, device=query.device)
    check_edges(edges, query.shape[0], key_value.shape[0], scale.shape[0])
    return scale, bias


def _edge_columns(features: Tensor, edges: Edges, query: Tensor, heads: int) -> int:
    """Returns the number of query's columns that belong to the features. Throws Error if the features do not fit the edges."""
    check_tensor("features", features, query.dtype, dims=2, meta=True)
    if edges.position is None:
        raise Error("features: given with edges without positions, expected edges_of(..., positions=True)")
    if len(features) < len(edges.source):
        raise Error(f"features: {len(features)} rows, expected {len(edges.source)}, one per column of edge_index")
    return heads * features.shape[1]


def sparse_attention_scores(query: Tensor, key_value: Tensor, edges: Edges, log_sum: Tensor, type_scale: Tensor | None = None,
                            type_bias: Tensor | None = None, heads: int = 1, clamp: float = float("inf"),
                            log_weight: Tensor | None = None, negative_slope: float = 1.0, *,
                            features: Tensor | None = None) -> Tensor:
    """Returns the values of the softmax [edges, H], in the order of `edges`. The arguments are those of the call of
    `sparse_attention_with_sums` that gave log_sum. Not differentiable.

    >>> edges = edges_of(torch.tensor([[1, 2], [0, 0]]), sources=3)
    >>> query, key_value = torch.ones(3, 1), torch.tensor([[0., 0.], [0., 4.], [1.0986123, 8.]])
    >>> _, log_sum = sparse_attention_with_sums(query, key_value, edges)
    >>> sparse_attention_scores(query, key_value, edges, log_sum)
    tensor([[0.2500],
            [0.7500]])
    """
    scale, bias = _operands(query, key_value, edges, type_scale, type_bias, heads, features)
    values = key_value.shape[1] - scale.shape[1]
    return _call(_ops.sparse_attention_scores.default, query, key_value, values, *edges[:3], scale, bias, heads, clamp, log_sum,
                 log_weight, negative_slope, features, None if features is None else edges.position)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Returns x Wᵀ + b, [n, out], for x [n, in], weight [out, in] and bias [out]; float32 or float64.

    >>> linear(torch.tensor([[1., 2.]]), torch.tensor([[3., 4.]]))
    tensor([[11.]])
    """
    return _call(_ops.linear.default, x, weight, bias)


def node_norm(x: Tensor, weight: Tensor, bias: Tensor, mean_scale: Tensor | None = None, mean: Tensor | None = None,
              var: Tensor | None = None, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """Normalises x [n, D] over the nodes: BatchNorm, or GraphNorm if mean_scale [D] is given.

    weight and bias are [D]; mean and var [D] are given or those of x. Returns y [n, D], and the mean and the biased variance that were
    used. Differentiable in x, mean_scale, weight and bias.

    >>> y, mean, var = node_norm(torch.tensor([[1.], [3.]]), torch.ones(1), torch.zeros(1), eps=0.)
    >>> y.flatten().tolist(), mean.item(), var.item()
    ([-1.0, 1.0], 2.0, 1.0)
    """
    if not torch.compiler.is_compiling() and not (isinstance(eps, (int, float)) and eps >= 0):
        raise Error(f"eps is {eps!r}, expected a number from 0")
    return _call(_ops.node_norm.default, x, mean_scale, weight, bias, mean, var, eps)


def dropout_add(x: Tensor, residual: Tensor | None = None, p: float = 0.0, key: int = 0) -> Tensor:
    """Returns residual + dropout(x), where the mask is a function of (key, element) only. x and residual have one shape.

    >>> dropout_add(torch.ones(2), torch.ones(2))
    tensor([2., 2.])
    """
    return _call(_ops.dropout_add.default, x, residual, p, key)


def relu_dropout(x: Tensor, p: float = 0.0, key: int = 0) -> Tensor:
    """Returns dropout(max(x, 0)) for x of any shape, with the mask of dropout_add.

    >>> relu_dropout(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return _call(_ops.relu_dropout.default, x, p, key)


def sparse_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Returns x Wᵀ + b, [n, out], for a sparse CSR matrix x [n, in], weight [out, in] and bias [out]. Differentiable in weight and bias.

    >>> x = torch.tensor([[0., 2.], [0., 0.]])
    >>> rows = torch.sparse_csr_tensor([0, 1, 1], [1], [2.], (2, 2))
    >>> sparse_linear(rows, torch.tensor([[3., 4.]]))
    tensor([[8.],
            [0.]])
    """
    if not isinstance(x, Tensor):
        raise Error(f"x: {type(x).__name__}, expected a torch.Tensor")
    if x.layout != torch.sparse_csr:
        raise Error(f"x: layout {x.layout}, expected torch.sparse_csr")
    if not torch.compiler.is_compiling():
        try:
            torch.sparse_csr_tensor(x.crow_indices(), x.col_indices(), x.values(), x.shape, check_invariants=True)
        except RuntimeError as e:
            raise Error(f"x: {e}") from None
    t = x.to_sparse_csc()
    parts = [x.crow_indices().long(), x.col_indices().int(), x.values(), t.ccol_indices().long(), t.row_indices().int(), t.values()]
    return _call(_ops.sparse_linear.default, *(p.contiguous() for p in parts), weight, bias)


def gather_rows(x: Tensor, rows: Tensor) -> Tensor:
    """Returns rows of a matrix by number, [r, d], for x [n, d] of any type and rows int32 [r]. There is no gradient.

    >>> gather_rows(torch.tensor([[1.], [2.]]), torch.tensor([1], dtype=torch.int32))
    tensor([[2.]])
    """
    return _call(_ops.gather_rows.default, x, rows)


_RULES = {"weighted": 0, "uniform": 1, "largest": 2}


def reservoir_sample(edges: Edges, k: int, weight: Tensor | None = None, rows: Tensor | None = None, rule: str = "weighted",
                     key: int = 0) -> tuple[Tensor, Tensor]:
    """Draws k in-edges of every row, or of each of `rows` (int32): by weight without replacement, uniformly, or the largest.

    weight: float32 [edges], finite and >= 0; None for "uniform". Returns sources int32 [rows, k] and types uint8 [rows, k]. A row with
    fewer than k edges keeps all of them and draws the rest from them again; a row without edges has -1. The draw depends on the key, the
    row and the edge only.

    >>> edges = edges_of(torch.tensor([[1, 2, 0], [0, 0, 0]]), sources=3)
    >>> reservoir_sample(edges, 2, torch.tensor([0., .5, .5]))[0][0]
    tensor([1, 2], dtype=torch.int32)
    """
    if not isinstance(rule, str) or rule not in _RULES:
        raise Error(f"rule: '{rule}', expected {', '.join(_RULES)}")
    _check_is_edges(edges)
    if weight is not None and not torch.compiler.is_compiling() and type(weight) is Tensor and weight.device.type != "meta":
        check_tensor("weight", weight, torch.float32, dims=1)
        if not bool(((weight >= 0) & (weight < torch.inf)).all()):
            edge = int((~((weight >= 0) & (weight < torch.inf))).nonzero()[0])
            raise Error(f"weight: edge {edge}: {float(weight[edge])}, expected a finite number from 0")
    return draw(edges, k, weight, rows, rule, key)


def draw(edges: Edges, k: int, weight: Tensor | None, rows: Tensor | None, rule: str, key: int) -> tuple[Tensor, Tensor]:
    """Draws edges as `reservoir_sample` does, with weights that have been checked before."""
    sources, places = draw_places(edges, k, weight, rows, rule, key)
    if not len(edges.type):
        return sources, torch.zeros_like(sources, dtype=torch.uint8)
    return sources, torch.where(places < 0, 0, edges.type[places.clamp(0, len(edges.type) - 1)])


def draw_places(edges: Edges, k: int, weight: Tensor | None, rows: Tensor | None, rule: str, key: int) -> tuple[Tensor, Tensor]:
    """Draws edges as `draw` does. Returns their sources int32 [rows, k] and their places in edges.source, int64 [rows, k]; −1: no edge."""
    if rows is not None:
        check_tensor("rows", rows, torch.int32, dims=1)
        _check_bounds("rows", rows, "rows", edges.row_start.shape[0] - 1)
    if not torch.compiler.is_compiling() and type(edges.row_start) is Tensor and edges.row_start.device.type == "cpu":
        start, end = (edges.row_start[:-1], edges.row_start[1:]) if rows is None else (edges.row_start[rows], edges.row_start[rows + 1])
        if bool(((start < 0) | (start > end) | (end > len(edges.source))).any()):
            raise Error(f"edges.row_start: expected to ascend from 0 to {len(edges.source)}, the number of entries")
    sources, position = _call(_ops.reservoir_sample.default, edges.row_start, edges.source, edges.type, weight, rows, k, _RULES[rule],
                              key)
    begin = edges.row_start[:-1] if rows is None else edges.row_start[rows]
    return sources, torch.where(position < 0, -1, begin[:, None] + position)


def expand_block(destinations: Tensor, index: Tensor, type: Tensor, nodes: int) -> tuple[Tensor, Edges]:
    """Makes a layer of a batch from destinations int32 [d] and their drawn sources, in a graph of `nodes` nodes.

    index int32 [d, k] has the drawn sources and type uint8 [d, k] the types of the drawn edges. Returns sources int32 (the destinations
    first, each node once) and the edges between sources and destinations, numbered within the batch.

    >>> sources, edges = expand_block(torch.tensor([7, 2]).int(), torch.tensor([[2, 9], [7, 9]]).int(), torch.zeros(2, 2).byte(), 10)
    >>> sources.tolist(), edges.source.tolist()
    ([7, 2, 9], [1, 2, 0, 2])
    """
    check_whole("nodes", nodes, most=2**31 - 1)
    check_tensor("destinations", destinations, torch.int32, dims=1)
    check_tensor("index", index, torch.int32, dims=2)
    check_tensor("type", type, torch.uint8, dims=2)
    _check_bounds("destinations", destinations, "nodes", nodes)
    _check_bounds("index", index[index != -1], "nodes", nodes)
    local = torch.full((nodes,), -1, dtype=torch.int32, device=index.device)
    sources, count, start, i, t, t_start, t_i, t_t = _call(_ops.expand_block.default, destinations, index, type, local)
    n, e = int(count), int(start[-1])
    return sources[:n], Edges(start, i[:e], t[:e], t_start[:n + 1], t_i[:e], t_t[:e])
