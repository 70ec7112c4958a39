# SPDX-License-Identifier: Apache-2.0
"""A cache of graphs in the form of the operators: an edge_index is converted once, and not in every layer and step.

The memory of a tensor can change without a trace in torch: through a NumPy array over it, `.data`, DLPack or another process.
Therefore a graph is identified by a checksum of its contents, which takes a small part of the time of one layer.
"""
from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor

from graphsieve import _engine
from graphsieve._check import Error, check_tensor
from graphsieve.ops import Edges, edges_of

_KEPT = 8  # graphs in the cache
_cache: OrderedDict[tuple[object, ...], Edges] = OrderedDict()  # shared by threads: each operation on it is atomic in Python


def cached_edges(edge_index: Tensor, sources: int, destinations: int, edge_type: Tensor | None, edge_types: int,
                 positions: bool = False) -> Edges:
    """Returns `edges_of` these arguments, without a conversion if the same contents have been converted before."""
    if torch.compiler.is_compiling():
        raise Error("edge_index: a tensor within torch.compile, expected Edges; convert it before with graphsieve.ops.edges_of")
    check_tensor("edge_index", edge_index)
    if edge_type is not None:
        check_tensor("edge_type", edge_type)
    key = (_identity(edge_index), None if edge_type is None else _identity(edge_type), sources, destinations, edge_types, positions)
    edges = _cache.pop(key, None)
    if edges is None:
        edges = edges_of(edge_index, sources, destinations, edge_type, edge_types, positions)
    _cache[key] = edges  # now the last in order; the first ones are removed
    while len(_cache) > _KEPT:
        try:
            _cache.popitem(last=False)
        except KeyError:  # another thread has just emptied the cache
            break
    return edges


def as_edges(edges: Tensor | Edges, sources: int, destinations: int, edge_type: Tensor | None, edge_types: int,
             positions: bool = False) -> Edges:
    """Returns Edges as they are, or an edge_index in the form of the operators. Throws Error if they do not fit the numbers of nodes."""
    if not isinstance(edges, Edges):
        return cached_edges(edges, sources, destinations, edge_type, edge_types, positions)
    if edge_type is not None:
        raise Error("edge_type: given beside Edges, which hold their own")
    if edges.row_start.shape[0] > destinations + 1:
        raise Error(f"edges: {edges.row_start.shape[0] - 1} destinations, expected at most the {destinations} rows of x")
    if edges.t_row_start is not None and edges.t_row_start.shape[0] != sources + 1:
        raise Error(f"edges: {edges.t_row_start.shape[0] - 1} sources, expected the {sources} rows of x")
    if positions and edges.position is None:
        raise Error("edges: no positions, expected Edges made by edges_of(..., positions=True)")
    return edges


def _identity(tensor: Tensor) -> tuple[object, ...]:
    """Returns what identifies the contents of a tensor: device, type, shape and a checksum of the values."""
    contents = tensor.detach().resolve_neg().contiguous()
    checksum = _engine.checksum(contents.numpy()) if contents.device.type == "cpu" else _checksum_on_device(contents)
    return tensor.device, tensor.dtype, tensor.shape, checksum


def _checksum_on_device(contents: Tensor) -> tuple[int, ...]:
    """Returns a checksum computed on the tensor's device: sums of products that mix each value with its position."""
    values = contents.reshape(-1).long()
    mixed = values * 0x1E3779B97F4A7C15 + torch.arange(1, len(values) + 1, device=values.device) * 0x3F58476D1CE4E5B9
    mixed = (mixed ^ (mixed >> 29)) * 0x14D049BB133111EB
    mixed = mixed ^ (mixed >> 32)
    return tuple(torch.stack([mixed.sum(), (mixed * (mixed | 1)).sum()]).tolist())


def with_transpose(edges: Edges, sources: int) -> Edges:
    """Returns edges by destination, with the same edges by source added."""
    destinations = len(edges.row_start) - 1
    row = torch.repeat_interleave(torch.arange(destinations, device=edges.source.device), edges.row_start.diff())
    order = torch.argsort(edges.source.long() * 256 + edges.type.long(), stable=True)
    start = torch.zeros(sources + 1, dtype=torch.int64, device=edges.source.device)
    start[1:] = torch.bincount(edges.source.long(), minlength=sources).cumsum(0)
    return Edges(edges.row_start, edges.source, edges.type, start, row[order].int(), edges.type[order])
