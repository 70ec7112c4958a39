# SPDX-License-Identifier: Apache-2.0
"""Batches for any PyG model, whose neighbours are sampled by attention score."""
from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from graphsieve import _engine
from graphsieve._check import Error, check_tensor, check_whole, path_exists
from graphsieve.ops import Edges, check_edges, draw
from graphsieve.runs import Run

__all__ = ["SampledLoader"]


class SampledLoader:
    """A replacement for PyG's NeighborLoader that draws a batch's neighbours by a trained estimator's attention scores.

    data: PyG's Data with the edges that the run was trained on. run: a run folder with scores (a finished `graphsieve run` or `estimate`).
    num_neighbors: in-edges drawn per node, one number per hop, the batch's own nodes first. batch_size: nodes per batch. input_nodes:
    ids or a mask of the nodes to make batches of (default: all). shuffle: a different order in every epoch. seed: seed of the draws and
    the order, which both depend on (seed, epoch) only. edge_types: draw only edges of these types (0 graph, 1 expander, 2 self loop;
    default: all).

    A batch is a Data: x, y and other node tensors of its nodes, n_id [nodes] (the batch's own nodes first), batch_size, edge_index
    [2, edges] numbered within the batch, edge_type [edges], and input_id (positions in input_nodes).

    >>> ring = torch.arange(40)
    >>> data = Data(x=torch.eye(40), edge_index=torch.stack([ring, (ring + 1) % 40]), y=ring % 2)      # torch_geometric.data.Data
    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False).fit(data)
    >>> for batch in SampledLoader(data, model.run_, num_neighbors=[2, 2], batch_size=20, edge_types=[0]):
    ...     print(batch.batch_size, batch.x[:batch.batch_size].shape, batch.edge_index.shape[0])
    20 torch.Size([20, 40]) 2
    20 torch.Size([20, 40]) 2
    """

    def __init__(self, data: Any, run: str | os.PathLike[str], num_neighbors: Sequence[int], *, batch_size: int = 1,
                 input_nodes: Tensor | None = None, shuffle: bool = False, seed: int = 0, drop_last: bool = False,
                 edge_types: Sequence[int] | None = None) -> None:
        if getattr(data, "edge_index", None) is None:
            raise Error(f"data: {type(data).__name__} without edge_index, expected PyG's Data")
        check_whole("batch_size", batch_size, 1)
        check_whole("seed", seed)
        if not isinstance(num_neighbors, Iterable) or not list(num_neighbors):
            raise Error(f"num_neighbors is {num_neighbors!r}, expected a list, one number a hop")
        for k in num_neighbors:
            check_whole("num_neighbors", k, 1)
        self.data = data
        self.batch_size, self.shuffle, self.seed, self.drop_last = batch_size, shuffle, seed, drop_last
        self.num_neighbors = [int(k) for k in num_neighbors]
        self.epoch = 0
        self._nodes = data.num_nodes
        self.input_nodes = _node_ids(input_nodes, self._nodes)
        trained = Run(run)
        self._graph, scores = _scored_graph(trained)
        _check_same_graph(trained.path, self._graph, data.edge_index, self._nodes)
        if len(scores) < len(self.num_neighbors):
            raise Error(f"num_neighbors has {len(self.num_neighbors)} hops, but {trained.path} holds scores of {len(scores)} layers")
        last = len(scores) - 1
        self._scores = [scores[last - hop] for hop in range(len(self.num_neighbors))]  # the batch's own layer first
        self._layers = [last - hop for hop in range(len(self.num_neighbors))]
        if edge_types is not None:
            self._keep_types(edge_types)
        self._most = int(self._graph.row_start.diff().max())  # more draws than a row has edges would only repeat edges

    def _keep_types(self, edge_types: Sequence[int]) -> None:
        """Removes all edges of other types from the graph and the scores."""
        known = self._graph.type.unique().tolist()
        if not isinstance(edge_types, Iterable) or not list(edge_types) or not set(edge_types) <= set(known):
            raise Error(f"edge_types is {edge_types!r}, expected some of {known}, the attention graph's")
        kept = torch.isin(self._graph.type, torch.tensor(list(edge_types), dtype=torch.uint8))
        row = torch.repeat_interleave(torch.arange(self._nodes), self._graph.row_start.diff())[kept]
        start = torch.zeros(self._nodes + 1, dtype=torch.int64)
        start[1:] = torch.bincount(row, minlength=self._nodes).cumsum(0)
        self._graph = Edges(start, self._graph.source[kept], self._graph.type[kept])
        self._scores = [score[kept] for score in self._scores]

    def __len__(self) -> int:
        n = len(self.input_nodes)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        order = torch.arange(len(self.input_nodes))
        if self.shuffle:
            order = torch.randperm(len(order), generator=torch.Generator().manual_seed((self.seed * 1_000_003 + epoch) % 2**63))
        local = torch.full((self._nodes,), -1, dtype=torch.int64)  # of this epoch only: another one may be running too
        for i in range(len(self)):
            yield self._batch(order[i * self.batch_size:(i + 1) * self.batch_size], epoch, local)

    def _batch(self, places: Tensor, epoch: int, local: Tensor) -> Any:
        """Returns the batch of these positions in input_nodes. `local` [nodes] has the number of each node in the batch, or -1."""
        seeds = self.input_nodes[places]
        local[seeds] = torch.arange(len(seeds))
        nodes, frontier = [seeds], seeds
        count = len(seeds)
        sources, destinations, types = [], [], []
        for hop, k in enumerate(self.num_neighbors):
            index, kind, row = self._draw(frontier, k, hop, epoch)
            new = index[local[index] < 0].unique()
            local[new] = torch.arange(count, count + len(new))
            count += len(new)
            sources.append(local[index])
            destinations.append(local[frontier[row]])
            types.append(kind)
            nodes.append(new)
            frontier = new
        n_id = torch.cat(nodes)
        local[n_id] = -1
        return self._data(n_id, torch.stack([torch.cat(sources), torch.cat(destinations)]), torch.cat(types), places, len(seeds))

    def _draw(self, rows: Tensor, k: int, hop: int, epoch: int) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the distinct drawn edges of `rows`: their sources, their types, and the positions of their rows in `rows`."""
        key = _engine.sample_key("graph_reservoir", self.seed, epoch, self._layers[hop])
        index, kind = draw(self._graph, min(k, self._most), self._scores[hop], rows.int(), "weighted", key)
        row = torch.arange(len(rows)).unsqueeze(1).expand_as(index)
        keep = index >= 0
        keep[:, 1:] &= ((index[:, 1:] != index[:, :-1]) | (kind[:, 1:] != kind[:, :-1]))  # draws are in the graph's order
        return index[keep].long(), kind[keep], row[keep]

    def _data(self, n_id: Tensor, edge_index: Tensor, edge_type: Tensor, places: Tensor, batch_size: int) -> Any:
        batch = type(self.data)()
        for name, value in self.data.to_dict().items():
            if isinstance(value, Tensor) and value.dim() > 0 and value.shape[0] == self._nodes and not name.startswith("edge_"):
                batch[name] = value[n_id]
        batch.edge_index, batch.edge_type, batch.n_id = edge_index, edge_type.long(), n_id
        batch.input_id, batch.batch_size = places, batch_size
        batch.num_nodes = len(n_id)
        return batch


def _scored_graph(run: Run) -> tuple[Edges, list[Tensor]]:
    """Returns a run's attention graph and the scores of each layer (docs/run-folder.md). Throws Error if they are not valid."""
    folder = run.path / "scores"
    if not path_exists(folder / "layer_0.npy"):
        raise Error(f"{run.path}: this run has no estimator, so no scores to draw by")
    arrays, layers = _engine.read_scores(run.path)
    graph = Edges(*map(torch.from_numpy, arrays))
    scores = [torch.from_numpy(layer) for layer in layers]
    try:
        check_edges(graph, len(graph.row_start) - 1, len(graph.row_start) - 1, 256)
    except Error as e:
        raise Error(f"{folder}: {e}") from None
    if len(scores) != run.recipe["estimator.layers"]:
        raise Error(f"{folder}: scores of {len(scores)} layers, expected {run.recipe['estimator.layers']}")
    for layer, score in enumerate(scores):
        if len(score) != len(graph.source) or not bool((score >= 0).all()) or not bool(score.isfinite().all()):
            raise Error(f"{folder / f'layer_{layer}.npy'}: expected {len(graph.source)} scores from 0, one per edge")
    return graph, scores


def _check_same_graph(run: pathlib.Path, graph: Edges, edge_index: Tensor, nodes: int) -> None:
    """Throws Error unless the data's edges in the attention graph are those of `edge_index`, in both directions and without loops."""
    check_tensor("edge_index", edge_index, torch.int64, dims=2)
    rows = len(graph.row_start) - 1
    if rows != nodes:
        raise Error(f"{run}: was trained on another graph, of {rows} nodes; the data has {nodes}")
    row = torch.repeat_interleave(torch.arange(nodes), graph.row_start.diff())
    ours = (row * nodes + graph.source)[graph.type == 0].unique()
    source, destination = torch.cat([edge_index, edge_index.flip(0)], 1)[:, (edge_index[0] != edge_index[1]).repeat(2)]
    if not torch.equal(ours, (destination * nodes + source).unique()):
        raise Error(f"{run}: was trained on another graph; its edges are not those of edge_index")


def _node_ids(nodes: Tensor | None, count: int) -> Tensor:
    """Returns the ids of input_nodes, which are ids or a mask. Throws Error if they are out of range or repeated."""
    if nodes is None:
        return torch.arange(count)
    check_tensor("input_nodes", nodes, torch.bool, torch.int64, torch.int32, dims=1)
    if nodes.dtype == torch.bool:
        if len(nodes) != count:
            raise Error(f"input_nodes: a mask of {len(nodes)}, expected {count}, one per node")
        return nodes.nonzero().flatten()
    if len(nodes) and (int(nodes.min()) < 0 or int(nodes.max()) >= count):
        raise Error(f"input_nodes: holds {int(nodes.min())} to {int(nodes.max())}, expected nodes 0 to {count - 1}")
    if len(nodes.unique()) != len(nodes):
        raise Error("input_nodes: a node appears twice")
    return nodes.long()
