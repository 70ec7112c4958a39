# SPDX-License-Identifier: Apache-2.0
"""The attention layer for PyG models: its forward pass, and the layer itself, `graphsieve.nn.SparseAttention`."""
from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.parameter import UninitializedParameter

from graphsieve import ops
from graphsieve._check import Error, check_floating, check_share, check_whole
from graphsieve._edges import as_edges
from graphsieve.ops import Edges

__all__ = ["SparseAttention"]


class AttentionForward:
    """The forward pass of an attention layer by the kernels, for a module with the attributes of PyG's TransformerConv."""

    in_channels: int | tuple[int, int]
    out_channels: int
    heads: int
    concat: bool
    root_weight: bool
    dropout: float
    edge_dim: int | None
    training: bool
    lin_key: torch.nn.Linear
    lin_query: torch.nn.Linear
    lin_value: torch.nn.Linear
    lin_skip: torch.nn.Linear
    lin_edge: torch.nn.Linear | None
    lin_beta: torch.nn.Linear | None
    edge_types: int = 1
    edge_scale: Tensor
    edge_bias: Tensor

    def attend(self, x: Tensor | tuple[Tensor, Tensor], edge_index: Any, edge_attr: Tensor | None, return_attention_weights: bool | None,
               edge_type: Tensor | None) -> Any:
        """Returns the layer's output, and with return_attention_weights the edges with their weights."""
        source, destination = self._rows(x)
        given = source.dtype
        source, destination = (_computed(t) for t in (source, destination))
        index, edge_attr = _edge_index(edge_index, edge_attr, destination.shape[0], source.shape[0])
        self._check_edge_attr(edge_attr, index)
        wants_weights = return_attention_weights is not None
        positions = edge_attr is not None or wants_weights
        edges = as_edges(index, source.shape[0], destination.shape[0], edge_type, self.edge_types, positions)
        query = _apply(self.lin_query, destination)
        key_value = _apply_both(self.lin_key, self.lin_value, source)
        scale = offset = None
        if self.edge_types > 1:
            scale, offset = self.edge_scale / math.sqrt(self.out_channels), self.edge_bias
            scale, offset = (t.to(torch.float64 if query.dtype == torch.float64 else torch.float32) for t in (scale, offset))
        features = None
        if edge_attr is not None:
            features = edge_attr.to(query.dtype)
            query = torch.cat([query, self._edge_query(query)], 1)
        dropout = self.dropout if self.training else 0.0
        out, log_sum = ops.sparse_attention_with_sums(query, key_value, edges, scale, offset, self.heads, features=features,
                                                      dropout=dropout, key=_random_key() if dropout > 0 else 0)
        if edge_attr is not None:
            out = self._with_features(out)
        if not self.concat:
            out = out.view(-1, self.heads, self.out_channels).mean(1)
        if self.root_weight:
            skip = _apply(self.lin_skip, destination)
            if self.lin_beta is None:
                out = out + skip
            else:
                gate = _apply(self.lin_beta, torch.cat([out, skip, out - skip], 1)).sigmoid()
                out = gate * skip + (1 - gate) * out
        if given == torch.float16 and not _in_autocast(source):
            out = out.half()
        if not wants_weights:
            return out
        scores = ops.sparse_attention_scores(query, key_value, edges, log_sum, scale, offset, self.heads, features=features)
        assert edges.position is not None
        weights = torch.empty_like(scores).index_copy_(0, edges.position.long(), scores).to(out.dtype)
        if hasattr(edge_index, "set_value"):  # torch_sparse.SparseTensor
            return out, edge_index.set_value(weights, layout="coo")
        return out, (edge_index, weights)

    def _rows(self, x: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Returns the rows of the sources and the destinations, checked."""
        pair = isinstance(x, (tuple, list))
        if pair and (len(x) != 2 or any(not isinstance(t, Tensor) for t in x)):
            raise Error("x: expected a tensor, or a pair of tensors of sources and destinations")
        rows = tuple(x) if pair else (x, x)
        sides = _sides(self.in_channels)
        for side, t, expected in zip(("x[0]", "x[1]") if pair else ("x", "x"), rows, sides, strict=True):
            check_floating(side, t, dims=2, half=True)
            if expected not in (-1, t.shape[1]):
                raise Error(f"{side}: {t.shape[1]} columns, expected {expected}")
        if rows[0].dtype != rows[1].dtype:
            raise Error(f"x[1]: {rows[1].dtype}, expected {rows[0].dtype} as x[0]")
        return rows[0], rows[1]

    def _check_edge_attr(self, edge_attr: Tensor | None, index: Tensor | Edges) -> None:
        if (edge_attr is None) != (self.edge_dim is None):
            raise Error("edge_attr: given, but the layer has no edge_dim (edge types are given as edge_type=)" if self.edge_dim is None
                        else f"edge_attr: None, expected {self.edge_dim} features per edge")
        if edge_attr is not None and (edge_attr.dim() != 2 or edge_attr.shape[1] != self.edge_dim):
            raise Error(f"edge_attr: shape {list(edge_attr.shape)}, expected [edges, {self.edge_dim}]")
        if edge_attr is not None and isinstance(index, Tensor) and len(edge_attr) != index.shape[-1]:
            raise Error(f"edge_attr: {len(edge_attr)} rows, expected {index.shape[-1]}, one per column of edge_index")

    def _edge_query(self, query: Tensor) -> Tensor:
        """Returns Wᵀ q / sqrt(out) per head, [n, heads * edge_dim]: q (W e) is (Wᵀ q) e."""
        assert self.lin_edge is not None
        weight = self.lin_edge.weight.to(query.dtype).view(self.heads, self.out_channels, -1)
        heads = query.view(-1, self.heads, self.out_channels) / math.sqrt(self.out_channels)
        return torch.einsum("nhc,hcf->nhf", heads, weight).flatten(1)

    def _with_features(self, out: Tensor) -> Tensor:
        """Returns the sums of the values plus W times the means of the edges' features, which follow them in `out`."""
        assert self.lin_edge is not None and self.edge_dim is not None
        values, means = out.split([self.heads * self.out_channels, self.heads * self.edge_dim], 1)
        weight = self.lin_edge.weight.to(out.dtype).view(self.heads, self.out_channels, -1)
        return values + torch.einsum("nhf,hcf->nhc", means.view(-1, self.heads, self.edge_dim), weight).flatten(1)


class SparseAttention(AttentionForward, torch.nn.Module):
    """Attention over a graph's edges, a replacement for PyG's TransformerConv with its arguments, weights and output.

    out_i = W_skip x_i + sum over edges j -> i of softmax_j(q_i (k_j + W_edge e_ij) / sqrt(out) * s_t + b_t) (v_j + W_edge e_ij), where
    s_t and b_t are learned for each edge type t if edge_types > 1, and otherwise 1 and 0. The heads are concatenated (concat) or
    averaged. beta: a learned gate between the sum and the skip connection. edge_dim: number of features e_ij per edge; they enter the
    kernels as they are, so that no tensor has a row of the layer's width per edge. in_channels: a number, a pair (sources,
    destinations), or -1 to take it from the first input. edge_types is the one argument that TransformerConv has not.

    forward(x, edge_index, edge_attr=None, return_attention_weights=None, *, edge_type=None):
    - x: [n, in], or a pair (sources [m, in], destinations [n, in]); float32, float64, bfloat16 or float16. Within torch.autocast the
      layer computes in autocast's type.
    - edge_index: [2, E] int64 with rows of sources and destinations; `graphsieve.ops.Edges`; or the transposed adjacency matrix adj_t
      [n, m] as a sparse torch tensor or a torch_sparse.SparseTensor, whose values are edge_attr if edge_attr is not given.
    - edge_attr: [E, edge_dim] in the order of edge_index (of `Edges`: in the order in which they were made, with positions=True).
    - edge_type: [E] of integers.
    Returns [n, heads * out], or [n, out] without concat. If return_attention_weights is True or False, returns the pair of it and
    (edge_index, weights [E, heads]), or a SparseTensor with the weights as values if one was given. Throws Error if an argument does not
    fit.

    >>> layer = SparseAttention(8, 4, heads=2, edge_dim=3)
    >>> layer(torch.randn(3, 8), torch.tensor([[1, 2, 0], [0, 0, 1]]), torch.randn(3, 3)).shape
    torch.Size([3, 8])
    """

    def __init__(self, in_channels: int | tuple[int, int], out_channels: int, heads: int = 1, concat: bool = True, beta: bool = False,
                 dropout: float = 0.0, edge_dim: int | None = None, bias: bool = True, root_weight: bool = True, *,
                 edge_types: int = 1) -> None:
        super().__init__()
        sides = _sides(in_channels)
        if len(sides) != 2:
            raise Error(f"in_channels is {in_channels}, expected a number or a pair of numbers")
        for side in sides:
            if side != -1:
                check_whole("in_channels", side, 1)
        check_whole("out_channels", out_channels, 1)
        check_whole("heads", heads, 1)
        check_whole("edge_types", edge_types, 1, 256)
        if edge_dim is not None:
            check_whole("edge_dim", edge_dim, 1)
        check_share("dropout", dropout)
        self.in_channels, self.out_channels, self.heads, self.edge_types = in_channels, out_channels, heads, edge_types
        self.concat, self.root_weight, self.edge_dim, self.dropout = concat, root_weight, edge_dim, dropout
        self.beta = beta and root_weight
        width, result = heads * out_channels, heads * out_channels if concat else out_channels
        self.lin_key = _linear(sides[0], width, bias)
        self.lin_query = _linear(sides[1], width, bias)
        self.lin_value = _linear(sides[0], width, bias)
        self.lin_edge = None if edge_dim is None else torch.nn.Linear(edge_dim, width, False)
        self.lin_skip = _linear(sides[1], result, bias)  # exists without root_weight too, as in PyG
        self.lin_beta = torch.nn.Linear(3 * result, 1, False) if self.beta else None
        if edge_types > 1:
            self.edge_scale = torch.nn.Parameter(torch.ones(edge_types, width))
            self.edge_bias = torch.nn.Parameter(torch.zeros(edge_types, heads))

    def reset_parameters(self) -> None:
        """Draws new weights."""
        for module in self.children():
            if not isinstance(module.weight, UninitializedParameter):
                module.reset_parameters()  # type: ignore[operator]
        if self.edge_types > 1:
            torch.nn.init.ones_(self.edge_scale)
            torch.nn.init.zeros_(self.edge_bias)

    def forward(self, x: Tensor | tuple[Tensor, Tensor], edge_index: Any, edge_attr: Tensor | None = None,
                return_attention_weights: bool | None = None, *, edge_type: Tensor | None = None) -> Any:
        return self.attend(x, edge_index, edge_attr, return_attention_weights, edge_type)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, heads={self.heads}, edge_types={self.edge_types}"


def _random_key() -> int:
    """Returns a key from torch's generator, so that torch.manual_seed repeats what is dropped."""
    return int(torch.randint(2**62, ()))


def _sides(in_channels: int | tuple[int, int]) -> tuple[int, int]:
    """Returns the numbers of columns of the sources and of the destinations."""
    return in_channels if isinstance(in_channels, tuple) else (in_channels, in_channels)


def _linear(inputs: int, outputs: int, bias: bool) -> torch.nn.Linear:
    return torch.nn.LazyLinear(outputs, bias) if inputs == -1 else torch.nn.Linear(inputs, outputs, bias)


def _in_autocast(x: Tensor) -> bool:
    return x.device.type in ("cpu", "cuda") and torch.is_autocast_enabled(x.device.type)


def _computed(x: Tensor) -> Tensor:
    """Returns x in the type in which the layer computes: autocast's if it is on, and float32 in place of float16, which the kernels for
    the CPU do not have."""
    if _in_autocast(x) and x.dtype != torch.float64:
        x = x.to(torch.get_autocast_dtype(x.device.type))
    return x.float() if x.dtype == torch.float16 and x.device.type == "cpu" else x


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    weight, bias = weight.to(x.dtype), None if bias is None else bias.to(x.dtype)
    return ops.linear(x, weight, bias) if x.dtype in (torch.float32, torch.float64) else F.linear(x, weight, bias)


def _apply(linear: torch.nn.Linear, x: Tensor) -> Tensor:
    """Returns the linear map of x, in the type of x."""
    _take_columns(linear, x)
    return _product(x, linear.weight, linear.bias)


def _take_columns(linear: torch.nn.Linear, x: Tensor) -> None:
    """Makes the weights of a map whose number of inputs was left open."""
    if isinstance(linear.weight, UninitializedParameter):
        linear(x[:0].to(linear.bias.dtype if linear.bias is not None else torch.get_default_dtype()))


def _apply_both(first: torch.nn.Linear, second: torch.nn.Linear, x: Tensor) -> Tensor:
    """Returns both linear maps of x, side by side."""
    _take_columns(first, x)
    _take_columns(second, x)
    bias = None if first.bias is None else torch.cat([first.bias, second.bias])
    return _product(x, torch.cat([first.weight, second.weight]), bias)


def _edge_index(edges: Any, edge_attr: Tensor | None, destinations: int, sources: int) -> tuple[Tensor | Edges, Tensor | None]:
    """Returns the edges as edge_index or Edges, with their features. A sparse matrix is the transposed adjacency matrix: its rows are
    the destinations."""
    if isinstance(edges, Edges):
        return edges, edge_attr
    if hasattr(edges, "coo") and not isinstance(edges, Tensor):  # torch_sparse.SparseTensor
        row, column, value = edges.coo()
        size = tuple(edges.sizes()[:2])
    elif isinstance(edges, Tensor) and edges.layout != torch.strided:
        coo = edges.to_sparse_coo().coalesce()
        (row, column), value, size = coo.indices(), coo.values(), tuple(coo.shape[:2])
        value = value if value.dim() > 1 else None  # ones, or weights, which are not features
    else:
        return edges, edge_attr
    if size != (destinations, sources):
        raise Error(f"adj_t: shape {list(size)}, expected [{destinations}, {sources}], destinations by sources")
    return torch.stack([column, row]), value if edge_attr is None else edge_attr
