"""edge_index as the operators' edges, remembered: a graph is converted once, not in every layer and step."""
from __future__ import annotations

import weakref
from collections import OrderedDict

import torch
from torch import Tensor

from graphsieve._check import Error, check_tensor
from graphsieve.ops import Edges, edges_of

_KEPT = 8  # graphs
_cache: OrderedDict[tuple[object, ...], tuple[weakref.ref[Tensor], weakref.ref[Tensor] | None, Edges]] = OrderedDict()


def cached_edges(edge_index: Tensor, sources: int, destinations: int, edge_type: Tensor | None, edge_types: int) -> Edges:
    """`edges_of`, at once for tensors that were converted before and have not been written to since."""
    if torch.compiler.is_compiling():
        raise Error("edge_index: a tensor within torch.compile, expected Edges; convert it before with graphsieve.ops.edges_of")
    check_tensor("edge_index", edge_index)
    if edge_type is not None:
        check_tensor("edge_type", edge_type)
    if edge_index.is_inference() or (edge_type is not None and edge_type.is_inference()):  # these count no versions
        return edges_of(edge_index, sources, destinations, edge_type, edge_types)
    key = (id(edge_index), edge_index._version, id(edge_type), None if edge_type is None else edge_type._version, sources,
           destinations, edge_types)
    kept = _cache.get(key)
    if kept and kept[0]() is edge_index and (kept[1]() if kept[1] else None) is edge_type:
        _cache.move_to_end(key)
        return kept[2]
    edges = edges_of(edge_index, sources, destinations, edge_type, edge_types)
    _cache[key] = (weakref.ref(edge_index), None if edge_type is None else weakref.ref(edge_type), edges)
    while len(_cache) > _KEPT:
        _cache.popitem(last=False)
    return edges


def with_transpose(edges: Edges, sources: int) -> Edges:
    """Edges by destination, with the same by source added."""
    destinations = len(edges.row_start) - 1
    row = torch.repeat_interleave(torch.arange(destinations, device=edges.source.device), edges.row_start.diff())
    order = torch.argsort(edges.source.long() * 256 + edges.type.long(), stable=True)
    start = torch.zeros(sources + 1, dtype=torch.int64, device=edges.source.device)
    start[1:] = torch.bincount(edges.source.long(), minlength=sources).cumsum(0)
    return Edges(edges.row_start, edges.source, edges.type, start, row[order].int(), edges.type[order])
