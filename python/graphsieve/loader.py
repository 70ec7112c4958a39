# SPDX-License-Identifier: Apache-2.0
"""Batches for any PyG model, whose neighbours are sampled by attention score."""
from __future__ import annotations

import functools
import os
import pathlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from graphsieve import _engine
from graphsieve._check import Error, check_tensor, check_whole, path_exists
from graphsieve.ops import Edges, check_edges, draw_places
from graphsieve.progress import note
from graphsieve.runs import Run

__all__ = ["SampledLoader"]


class SampledLoader(DataLoader[Any]):
    """A replacement for PyG's NeighborLoader that draws a batch's neighbours by a trained estimator's attention scores.

    data: PyG's Data with the edges that the run was trained on. run: a run folder with scores (a finished `graphsieve run` or `estimate`).
    num_neighbors: in-edges drawn per node, one number per hop, the batch's own nodes first; -1: all edges. batch_size: nodes per batch.
    input_nodes: ids or a mask of the nodes to make batches of (default: all). shuffle: a different order in every epoch. seed: seed of the
    draws and the order, which both depend on (seed, epoch) only. edge_types: draw only edges of these types (0 graph, 1 expander, 2 self
    loop; default: all). transform: is called with each batch. time_attr: the name of node times in `data`; a node is then drawn only if its
    time is not after that of the node of the batch that it is drawn for, and each of these has a graph of its own. input_time: times of
    input_nodes in place of their times in `data`. options: those of torch's DataLoader, such as num_workers, pin_memory,
    persistent_workers, prefetch_factor, multiprocessing_context; the batches are the same for any number of workers.

    A batch is a Data: x, y and other node tensors of its nodes, n_id [nodes] (the batch's own nodes first), batch_size, edge_index
    [2, edges] numbered within the batch, edge_type [edges], e_id [edges] (positions in data.edge_index; -1: an edge that the data does not
    have), edge_attr and other edge tensors (0 for e_id -1), input_id (positions in input_nodes), num_sampled_nodes and num_sampled_edges
    (one number per hop), and with time_attr `batch` [nodes] (the number of the node that each was drawn for).

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
                 edge_types: Sequence[int] | None = None, transform: Callable[[Any], Any] | None = None, time_attr: str | None = None,
                 input_time: Tensor | None = None, **options: Any) -> None:
        check_whole("batch_size", batch_size, 1)
        check_whole("seed", seed)
        refused = options.keys() & {"dataset", "sampler", "batch_sampler", "collate_fn"}
        if refused:
            raise Error(f"{min(refused)}: is the loader's own; expected input_nodes, shuffle or transform")
        batches = _Batches(data, run, num_neighbors, input_nodes, int(seed), edge_types, transform, time_attr, input_time)
        self.data, self.shuffle, self.seed, self.input_nodes = data, shuffle, seed, batches.input_nodes
        self.num_neighbors = batches.num_neighbors
        self._order = _Order(len(batches.input_nodes), bool(shuffle), int(seed))
        options["worker_init_fn"] = functools.partial(_begin_worker, options.get("worker_init_fn"))
        super().__init__(self._order, batch_size=batch_size, sampler=self._order, drop_last=drop_last, collate_fn=batches, **options)

    @property
    def epoch(self) -> int:
        """The number of the next epoch, on which its draws and order depend."""
        return self._order.epoch

    @epoch.setter
    def epoch(self, number: int) -> None:
        self._order.epoch = number


def _begin_worker(then: Callable[[int], None] | None, number: int) -> None:
    """Begins a worker's process: as torch does, each computes with one thread."""
    _engine.set_num_threads(1)
    if then is not None:
        then(number)


class _Order(Sampler[tuple[int, int]], Dataset[tuple[int, int]]):
    """The order of an epoch: pairs of the epoch and a position in input_nodes. As a data set, it returns the pairs as they are."""

    def __init__(self, count: int, shuffle: bool, seed: int) -> None:
        self.count, self.shuffle, self.seed, self.epoch = count, shuffle, seed, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, pair: tuple[int, int]) -> tuple[int, int]:
        return pair

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        order = torch.arange(self.count)
        if self.shuffle:
            order = torch.randperm(self.count, generator=torch.Generator().manual_seed((self.seed * 1_000_003 + epoch) % 2**63))
        return ((epoch, place) for place in order.tolist())


class _Batches:
    """Makes a batch of positions in input_nodes, in any process."""

    def __init__(self, data: Any, run: str | os.PathLike[str], num_neighbors: Sequence[int], input_nodes: Tensor | None, seed: int,
                 edge_types: Sequence[int] | None, transform: Callable[[Any], Any] | None, time_attr: str | None,
                 input_time: Tensor | None) -> None:
        if getattr(data, "edge_index", None) is None:
            raise Error(f"data: {type(data).__name__} without edge_index, expected PyG's Data")
        if not isinstance(num_neighbors, Iterable) or not list(num_neighbors):
            raise Error(f"num_neighbors is {num_neighbors!r}, expected a list, one number a hop")
        for k in num_neighbors:
            if k != -1:
                check_whole("num_neighbors", k, 1)
        if transform is not None and not callable(transform):
            raise Error(f"transform is {transform!r}, expected a function of a batch")
        self.data, self.seed, self.transform = data, seed, transform
        self.num_neighbors = [int(k) for k in num_neighbors]
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
        self._edge = _places_in(data.edge_index, self._graph, self._nodes)
        self._most = int(self._graph.row_start.diff().max())  # more draws than a row has edges would only repeat edges
        self._time, self._input_time = self._times(time_attr, input_time)
        self._of_thread = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_of_thread"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._of_thread = threading.local()

    def _keep_types(self, edge_types: Sequence[int]) -> None:
        """Removes all edges of other types from the graph and the scores."""
        known = self._graph.type.unique().tolist()
        if not isinstance(edge_types, Iterable) or not list(edge_types) or not set(edge_types) <= set(known):
            raise Error(f"edge_types is {edge_types!r}, expected some of {known}, the attention graph's")
        kept = torch.isin(self._graph.type, torch.tensor(list(edge_types), dtype=torch.uint8))
        row = torch.repeat_interleave(torch.arange(self._nodes), self._graph.row_start.diff())[kept]
        self._graph = Edges(_row_start(row, self._nodes), self._graph.source[kept], self._graph.type[kept])
        self._scores = [score[kept] for score in self._scores]

    def _times(self, time_attr: str | None, input_time: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """Returns the times of all nodes and of input_nodes; None without time_attr."""
        if time_attr is None:
            if input_time is not None:
                raise Error("input_time: given without time_attr, expected the name of the nodes' times too")
            return None, None
        time = getattr(self.data, time_attr, None)
        if not isinstance(time, Tensor) or time.shape != (self._nodes,):
            raise Error(f"time_attr is '{time_attr}', expected the name of a tensor [{self._nodes}] in data, a time per node")
        given = time[self.input_nodes] if input_time is None else input_time
        if not isinstance(given, Tensor) or given.shape != self.input_nodes.shape:
            raise Error(f"input_time: expected a tensor [{len(self.input_nodes)}], a time per input node")
        return time, given

    def __call__(self, pairs: list[tuple[int, int]]) -> Any:
        """Returns the batch of pairs of one epoch and a position in input_nodes."""
        places, epoch = torch.tensor([place for _, place in pairs]), pairs[0][0]
        batch = (self._batch if self._time is None else self._timed_batch)(places, epoch)
        return batch if self.transform is None else self.transform(batch)

    def _batch(self, places: Tensor, epoch: int) -> Any:
        """Returns the batch of these positions in input_nodes, which has each node once."""
        local = getattr(self._of_thread, "local", None)  # [nodes]: the number of each node in the batch, or -1
        if local is None:
            local = self._of_thread.local = torch.full((self._nodes,), -1, dtype=torch.int64)
        frontier = self.input_nodes[places]
        nodes, edges, counts = [frontier], [], [len(places)]
        try:
            local[frontier] = torch.arange(len(frontier))
            for hop, k in enumerate(self.num_neighbors):
                drawn, row = self._draw(frontier, k, hop, epoch)
                source = self._graph.source[drawn].long()
                new = source[local[source] < 0].unique()
                nodes.append(new)
                local[new] = torch.arange(sum(counts), sum(counts) + len(new))
                counts.append(len(new))
                edges.append((torch.stack([local[source], local[frontier[row]]]), drawn))
                frontier = new
        finally:
            local[torch.cat(nodes)] = -1
        return self._data(torch.cat(nodes), edges, places, counts)

    def _timed_batch(self, places: Tensor, epoch: int) -> Any:
        """Returns the batch of these positions, in which each has a graph of its own, of nodes that are not later than itself."""
        assert self._time is not None and self._input_time is not None
        frontier, tree = self.input_nodes[places], torch.arange(len(places))
        latest = self._input_time[places]
        nodes, trees, edges, counts = [frontier], [tree], [], [len(places)]
        known, number = (tree * self._nodes + frontier).sort()  # of each pair of tree and node: its number in the batch
        first = torch.arange(len(places))  # the number of each frontier node in the batch
        for hop, k in enumerate(self.num_neighbors):
            edge, row = self._all_edges(frontier)
            early = self._time[self._graph.source[edge].long()] <= latest[tree[row]]
            row, edge = row[early], edge[early]
            if k != -1:
                part = Edges(_row_start(row, len(frontier)), self._graph.source[edge], self._graph.type[edge])
                most = int(part.row_start.diff().max()) if len(frontier) else 0
                key = _engine.sample_key("graph_reservoir", self.seed, epoch, self._layers[hop])
                places_drawn = draw_places(part, max(1, min(k, most)), self._scores[hop][edge], None, "weighted",
                                           key + int(places[0]))[1] if len(row) else torch.zeros(0, 1, dtype=torch.int64)
                kept = places_drawn[places_drawn >= 0].unique()
                row, edge = row[kept], edge[kept]
            pair = tree[row] * self._nodes + self._graph.source[edge].long()
            fresh = pair[~torch.isin(pair, known)].unique()
            known, order = torch.cat([known, fresh]).sort()
            number = torch.cat([number, torch.arange(sum(counts), sum(counts) + len(fresh))])[order]
            edges.append((torch.stack([number[torch.searchsorted(known, pair)], first[row]]), edge))
            first = torch.arange(sum(counts), sum(counts) + len(fresh))
            counts.append(len(fresh))
            frontier, tree = fresh % self._nodes, fresh // self._nodes
            nodes.append(frontier)
            trees.append(tree)
        batch = self._data(torch.cat(nodes), edges, places, counts)
        batch.batch = torch.cat(trees)
        return batch

    def _all_edges(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Returns all edges of `rows`: their places in the graph, and the positions of their rows in `rows`."""
        begin = self._graph.row_start[rows]
        degree = self._graph.row_start[rows + 1] - begin
        row = torch.repeat_interleave(torch.arange(len(rows)), degree)
        return torch.arange(len(row)) - torch.repeat_interleave(degree.cumsum(0) - degree, degree) + begin[row], row

    def _draw(self, rows: Tensor, k: int, hop: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Returns the distinct drawn edges of `rows`: their places in the graph, and the positions of their rows in `rows`."""
        if k == -1:
            return self._all_edges(rows)
        key = _engine.sample_key("graph_reservoir", self.seed, epoch, self._layers[hop])
        source, place = draw_places(self._graph, min(k, self._most), self._scores[hop], rows.int(), "weighted", key)
        row = torch.arange(len(rows)).unsqueeze(1).expand_as(place)
        kind = self._graph.type[place.clamp(0, max(0, len(self._graph.type) - 1))]
        keep = place >= 0
        keep[:, 1:] &= ((source[:, 1:] != source[:, :-1]) | (kind[:, 1:] != kind[:, :-1]))  # draws are in the graph's order
        return place[keep], row[keep]

    def _data(self, n_id: Tensor, edges: list[tuple[Tensor, Tensor]], places: Tensor, counts: list[int]) -> Any:
        """Returns the batch of these nodes, and of each hop's edges: numbered within the batch, and their places in the graph."""
        batch, drawn = type(self.data)(), torch.cat([place for _, place in edges])
        e_id = self._edge[drawn].long()
        all_edges = self.data.edge_index.shape[1]
        for name, value in self.data.to_dict().items():
            if not isinstance(value, Tensor) or value.dim() == 0 or name in ("edge_index", "edge_type"):
                continue
            if name.startswith("edge_") and value.shape[0] == all_edges:
                batch[name] = torch.where((e_id < 0).view(-1, *[1] * (value.dim() - 1)), torch.zeros_like(value[:1]), value[e_id.clamp(0)])
            elif value.shape[0] == self._nodes and not name.startswith("edge_"):
                batch[name] = value[n_id]
        batch.edge_index, batch.edge_type = torch.cat([pair for pair, _ in edges], 1), self._graph.type[drawn].long()
        batch.n_id, batch.e_id, batch.input_id, batch.batch_size = n_id, e_id, places, len(places)
        batch.num_sampled_nodes, batch.num_sampled_edges = counts, [len(place) for _, place in edges]
        batch.num_nodes = len(n_id)
        return batch


def _row_start(row: Tensor, rows: int) -> Tensor:
    """Returns where each row begins in a list of edges sorted by row: int64 [rows + 1]."""
    start = torch.zeros(rows + 1, dtype=torch.int64)
    start[1:] = torch.bincount(row, minlength=rows).cumsum(0)
    return start


def _places_in(edge_index: Tensor, graph: Edges, nodes: int) -> Tensor:
    """Returns, for each edge of the attention graph, its first position in edge_index, int32; -1 for expander edges and self loops.

    An edge whose reverse alone is in edge_index has the position of the reverse.
    """
    place = torch.full((len(graph.source),), -1, dtype=torch.int32)
    if edge_index.shape[1] == 0:
        return place
    row = torch.repeat_interleave(torch.arange(nodes), graph.row_start.diff())
    ours = (graph.type == 0).nonzero().flatten()
    key, order = (edge_index[1] * nodes + edge_index[0]).sort(stable=True)
    for wanted in (graph.source[ours].long() * nodes + row[ours], row[ours] * nodes + graph.source[ours].long()):  # the reverse first
        at = torch.searchsorted(key, wanted).clamp_max(len(key) - 1)
        found = key[at] == wanted
        place[ours[found]] = order[at[found]].int()
    return place


def _scored_graph(run: Run) -> tuple[Edges, list[Tensor]]:
    """Returns a run's attention graph and the scores of each layer (docs/run-folder.md). Throws Error if they are not valid."""
    folder = run.path / "scores"
    if not path_exists(folder / "layer_0.npy"):
        raise Error(f"{run.path}: this run has no estimator, so no scores to draw by")
    if run.recipe["data.label_inputs"]:
        note(f"{run.path}: its scores have seen the labels of the training nodes (data.label_inputs): a network that is trained on these "
             "labels should not draw by them")
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
