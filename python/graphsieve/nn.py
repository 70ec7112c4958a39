# SPDX-License-Identifier: Apache-2.0
"""Networks as torch modules: an attention layer for PyG models, and the engine's networks, with weights from and to run folders.

The modules of the engine's networks have the engine's names (docs/run-folder.md), so state_dict() and a run's safetensors agree. Their
inputs are x [n, features] and the edges of each layer: an edge_index or, better, `graphsieve.ops.Edges`, which are made once.
"""
from __future__ import annotations

import functools
import json
import math
import os
import pathlib
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from graphsieve import _engine, ops
from graphsieve._check import Error, check_floating, check_share, check_whole
from graphsieve._edges import as_edges
from graphsieve.attention_layer import SparseAttention
from graphsieve.ops import Edges
from graphsieve.runs import Run

__all__ = ["Block", "Estimator", "Exphormer", "Linear", "Norm", "Plain", "SparseAttention", "Spexphormer", "Transformer", "from_run"]

_TINY = 1e-3  # a row shorter than this is not scaled to length 1


class Linear(torch.nn.Linear):
    """The linear map x Wᵀ + b by `graphsieve.ops.linear`, with the weights of torch.nn.Linear and the same bits at any number of threads.

    >>> Linear(3, 2)(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def forward(self, x: Tensor) -> Tensor:
        return ops.linear(x, self.weight, self.bias)


class Norm(torch.nn.Module):
    """A normalisation over the nodes of x [n, width].

    kind: "batch" (running statistics in evaluation), "graph" (GraphNorm, always with the statistics of the current graph), "layer"
    (LayerNorm of each row) or "none".

    >>> Norm("graph", 3)(torch.zeros(5, 3)).shape
    torch.Size([5, 3])
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        if kind not in ("batch", "graph", "layer", "none"):
            raise Error(f"norm is '{kind}', expected batch, graph, layer or none")
        self.kind = kind
        if kind == "none":
            return
        self.weight = torch.nn.Parameter(torch.ones(width))
        self.bias = torch.nn.Parameter(torch.zeros(width))
        if kind == "graph":
            self.mean_scale = torch.nn.Parameter(torch.ones(width))
        elif kind == "batch":
            self.register_buffer("running_mean", torch.zeros(width))
            self.register_buffer("running_var", torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "none":
            return x
        if self.kind == "layer":
            return F.layer_norm(x, [x.shape[1]], self.weight, self.bias)
        if self.kind == "graph":
            return ops.node_norm(x, self.weight, self.bias, self.mean_scale)[0]
        if not self.training:
            return ops.node_norm(x, self.weight, self.bias, mean=self.running_mean, var=self.running_var)[0]
        y, mean, var = ops.node_norm(x, self.weight, self.bias)
        with torch.no_grad():
            n = x.shape[0]
            self.running_mean.mul_(0.9).add_(mean, alpha=0.1)
            self.running_var.mul_(0.9).add_(var, alpha=0.1 * (n / (n - 1) if n > 1 else 1))
        return y


@functools.cache
def _registry() -> dict[str, dict[str, Any]]:
    """The engine's networks by name, with the form of their attention."""
    return {network["name"]: network for network in json.loads(_engine.networks())}


def _network(name: str) -> dict[str, Any]:
    """What the engine's registry knows of a network. Throws Error if there is none with this name."""
    if name not in _registry():
        raise Error(f"there is no network '{name}', expected one of {', '.join(_registry())}")
    return _registry()[name]


class Convolution(torch.nn.Module):
    """A block's sum over in-edges with the weights of a graph convolution: "mean" (GraphSAGE), "gcn", or "gat" with the slope 0.2
    (docs/method.md). The edges' types have no influence."""

    _SLOPE = 0.2

    def __init__(self, weights: str, width: int, heads: int, edge_types: int) -> None:
        super().__init__()
        self.weights, self.width, self.heads, self.edge_types = weights, width, heads, edge_types
        self.keys = heads if weights == "gat" else 0
        if self.keys:
            self.query = Linear(width, heads, bias=False)
        self.key_value = Linear(width, self.keys + width, bias=False)

    @staticmethod
    def _degree(edges: Edges) -> Tensor:
        return edges.row_start.diff().clamp_min(1).float()

    def _operands(self, to: Tensor, h: Tensor, edges: Edges) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of the operator, without those of the softmax. A head's query and key are (a.h, 1) and (1, b.h), or 0."""
        keys, values = self.key_value(h).split([self.keys, self.width], 1)
        if self.weights == "gat":
            x = self.query(to)
            query, keys = (torch.stack(both, 2).flatten(1) for both in ((x, torch.ones_like(x)), (torch.ones_like(keys), keys)))
        else:
            query, keys = to.new_zeros(to.shape[0], self.heads), h.new_zeros(h.shape[0], self.heads)
        scale = query.new_ones(self.edge_types, query.shape[1])
        named: dict[str, Any] = {"negative_slope": self._SLOPE if self.weights == "gat" else 1.0}
        if self.weights == "gcn":
            if to.shape[0] != h.shape[0]:
                raise Error(f"gcn needs the in-edges of all nodes, got those of {to.shape[0]} of {h.shape[0]} nodes")
            named["log_weight"] = -0.5 * self._degree(edges).log()[edges.source.long()]
        return (query, torch.cat([keys, values], 1), edges, scale, None, self.heads), named

    def forward(self, to: Tensor, h: Tensor, edges: Edges, temperature: float = 1.0) -> Tensor:
        """Returns the sums [destinations, width] for `to` [destinations, width] over `h` [sources, width]."""
        given, named = self._operands(to, h, edges)
        out, log_sum = ops.sparse_attention_with_sums(*given, **named)
        if self.weights != "gcn":
            return out
        factor = log_sum.exp() * self._degree(edges).rsqrt().unsqueeze(1)
        return (out.view(out.shape[0], self.heads, -1) * factor.unsqueeze(2)).flatten(1)

    def scores(self, to: Tensor, h: Tensor, edges: Edges, temperature: float = 1.0) -> Tensor:
        """Returns the values of the softmax [edges, heads]."""
        with torch.no_grad():
            (query, kv, edges, scale, bias, heads), named = self._operands(to, h, edges)
            _, log_sum = ops.sparse_attention_with_sums(query, kv, edges, scale, bias, heads, **named)
            return ops.sparse_attention_scores(query, kv, edges, log_sum, scale, bias, heads, **named)


class Attention(torch.nn.Module):
    """A block's attention, of the form of one of the engine's networks: "estimator", "exphormer", "plain", "spexphormer"
    (docs/method.md)."""

    def __init__(self, form: str, width: int, heads: int, edge_types: int, clamp: float, scaled_logits: bool = False) -> None:
        super().__init__()
        self.scaled_logits = scaled_logits
        self.form, self.width, self.heads, self.edge_types, self.clamp = _network(form), width, heads, edge_types, clamp
        self.query = Linear(width, width, bias=False)
        self.key_value = Linear(width, 2 * width, bias=False)
        typed = self.form["scale"] != "none"
        if typed or self.form["type_bias"]:
            self.edge_type = torch.nn.Parameter(torch.randn(edge_types, width))
        if typed:
            self.edge_scale = Linear(width, width, bias=False)
        if self.form["type_bias"]:
            self.edge_bias = Linear(width, heads)
        if self.form["unit_values"]:
            self.value_scale = torch.nn.Parameter(torch.tensor([0.25]))

    def tables(self, temperature: float) -> tuple[Tensor, Tensor]:
        """Returns the tables of the logits: type_scale [types, width] and type_bias [types, heads]."""
        types, heads, d = self.edge_types, self.heads, self.width // self.heads
        divisor = (math.sqrt(d) if self.form["root_width"] or self.scaled_logits else 1.0) * temperature
        bias = self.edge_bias(self.edge_type) if self.form["type_bias"] else self.query.weight.new_zeros(types, heads)
        if self.form["scale"] == "none":
            return self.query.weight.new_full((types, self.width), 1 / divisor), bias / temperature
        scale = self.edge_scale(self.edge_type)
        if self.form["scale"] == "summed":
            scale = scale.view(types, heads, d).sum(2, keepdim=True).expand(types, heads, d).reshape(types, self.width)
        return scale / divisor, bias / temperature

    def keys_and_values(self, h: Tensor) -> Tensor:
        kv = self.key_value(h)
        if not self.form["unit_values"]:
            return kv
        k, v = kv.split(self.width, 1)
        return torch.cat([k, v / v.norm(2, 1, keepdim=True).clamp_min(_TINY) * self.value_scale], 1)

    def forward(self, to: Tensor, h: Tensor, edges: Edges, temperature: float = 1.0) -> Tensor:
        """Returns the attention [destinations, width] of `to` [destinations, width] over `h` [sources, width]."""
        return ops.sparse_attention(self.query(to), self.keys_and_values(h), edges, *self.tables(temperature), self.heads, self.clamp)

    def scores(self, to: Tensor, h: Tensor, edges: Edges, temperature: float = 1.0) -> Tensor:
        """Returns the values of the softmax [edges, heads]."""
        with torch.no_grad():
            query, kv, tables = self.query(to), self.keys_and_values(h), self.tables(temperature)
            _, log_sum = ops.sparse_attention_with_sums(query, kv, edges, *tables, self.heads, self.clamp)
            return ops.sparse_attention_scores(query, kv, edges, log_sum, *tables, self.heads, self.clamp)


class Block(torch.nn.Module):
    """A block: h <- Norm(h + Drop(Attn(h))), h <- Norm(h + FFN(h)) with FFN = Lin, ReLU, Drop, Lin, Drop.

    skip: "identity", "linear" for maps on the residual paths, or "none" for no such paths. activation: "none", or "relu" for
    Drop(ReLU(Norm(...))) in each half in place of the dropout before the sum. ffn=False: attention alone. scaled_logits: divides the
    logits by the root of a head's width. attention: "model" for the attention of `form`, or "mean", "gcn" or "gat" for a `Convolution`.

    forward(h [sources, width], edges, temperature=1.0) returns [destinations, width]; the destinations are the first sources.

    >>> edges = ops.edges_of(torch.tensor([[1, 2], [0, 0]]), sources=3, destinations=1)
    >>> Block("spexphormer", width=8, heads=2)(torch.randn(3, 8), edges).shape
    torch.Size([1, 8])
    """

    def __init__(self, form: str, width: int, heads: int = 1, edge_types: int = 1, ffn_width: int | None = None, norm: str = "none",
                 dropout: float = 0.0, clamp: float = math.inf, *, skip: str = "identity", activation: str = "none", ffn: bool = True,
                 scaled_logits: bool = False, attention: str = "model") -> None:
        super().__init__()
        for name, value, words in (("skip", skip, ("identity", "linear", "none")), ("activation", activation, ("none", "relu")),
                                   ("attention", attention, ("model", "mean", "gcn", "gat"))):
            if value not in words:
                raise Error(f"{name} is {value!r}, expected {', '.join(words[:-1])} or {words[-1]}")
        self.dropout, self.relu, self.has_ffn = dropout, activation == "relu", ffn
        self.attention = (Attention(form, width, heads, edge_types, clamp, scaled_logits) if attention == "model"
                          else Convolution(attention, width, heads, edge_types))
        self.attention_norm = Norm(norm, width)
        self.has_skip = skip != "none"
        self.attention_skip = Linear(width, width) if skip == "linear" else torch.nn.Identity()
        if ffn:
            self.ffn_in = Linear(width, ffn_width or 2 * width)
            self.ffn_out = Linear(ffn_width or 2 * width, width)
            self.ffn_norm = Norm(norm, width)
            self.ffn_skip = Linear(width, width) if skip == "linear" else torch.nn.Identity()

    def drop(self, h: Tensor) -> Tensor:
        return F.dropout(h, self.dropout, self.training) if self.dropout else h

    def _joined(self, path: Tensor, residual: Tensor, norm: torch.nn.Module) -> Tensor:
        path = path if self.relu else self.drop(path)
        joined: Tensor = norm(path + residual if self.has_skip else path)
        return self.drop(ops.relu_dropout(joined)) if self.relu else joined

    def forward(self, h: Tensor, edges: Edges, temperature: float = 1.0) -> Tensor:
        to = h[: edges.row_start.shape[0] - 1]
        out = self._joined(self.attention(to, h, edges, temperature), self.attention_skip(to), self.attention_norm)
        if self.has_ffn:
            f = self.drop(ops.relu_dropout(self.ffn_in(out)))
            out = self._joined(self.ffn_out(f), self.ffn_skip(out), self.ffn_norm)
        return out


class _Input(torch.nn.Module):
    """Maps features to width: a linear map, to which a map of the labels is added if labels are inputs, then `pre` layers of Lin,
    BatchNorm, ReLU and scaling of each row to length 1."""

    def __init__(self, features: int, width: int, pre: int, label_columns: int) -> None:
        super().__init__()
        self.pre, self.label_columns = pre, label_columns
        self.project = Linear(features, width)
        if label_columns:
            self.labels = Linear(label_columns, width, bias=False)
        for i in range(pre):
            self.add_module(f"pre_{i}_linear", Linear(width, width, bias=False))
            self.add_module(f"pre_{i}_norm", Norm("batch", width))

    def forward(self, x: Tensor, labels: Tensor | None) -> Tensor:
        h: Tensor = self.project(x)
        if labels is not None:
            if not self.label_columns or labels.shape != (x.shape[0], self.label_columns):
                raise Error(f"labels: {list(labels.shape)}, expected [{x.shape[0]}, {self.label_columns}]" if self.label_columns
                            else "labels: given to a network that takes none")
            h = h + self.labels(labels)
        for i in range(self.pre):
            h = ops.relu_dropout(self.get_submodule(f"pre_{i}_norm")(self.get_submodule(f"pre_{i}_linear")(h)))
            h = h / h.norm(2, 1, keepdim=True).clamp_min(_TINY)
        return h


Network = TypeVar("Network", bound="Transformer")


class Transformer(torch.nn.Module):
    """The common base of the four networks `Estimator`, `Exphormer`, `Spexphormer` and `Plain`: input layers, blocks, output layers.

    forward(x, edges, temperature=None): x [n, features]; edges: an edge_index [2, E] or Edges for all layers, or a list with one Edges
    per layer, whose destinations are the first of its sources. Returns logits [destinations of the last layer, classes].
    one_logit: with two classes, the first class has the logit 0. input_dropout: of the input layers' output. The other settings
    of blocks are those of `Block`. label_columns: above 0, forward takes `labels` [n, label_columns] too, with a row of zeros where a
    node's label is hidden or not known (docs/method.md, labels as inputs).

    >>> network = Exphormer(features=6, classes=3, width=8)
    >>> network.hidden(torch.randn(4, 6), torch.tensor([[1, 2, 0], [0, 0, 1]])).shape
    torch.Size([4, 8])
    """

    form: ClassVar[str]  # its name in the engine's registry
    weights_file: ClassVar[str] = "network.safetensors"

    def __init__(self, features: int, classes: int, width: int, heads: int = 1, layers: int = 2, edge_types: int = 1, *,
                 ffn_width: int | None = None, pre_layers: int = 0, output_layers: int = 1, norm: str = "batch", dropout: float = 0.0,
                 clamp: float | None = None, one_logit: bool = False, temperature: float = 1.0, skip: str = "identity",
                 activation: str = "none", ffn: bool = True, scaled_logits: bool = False, attention: str = "model",
                 input_dropout: float = 0.0, label_columns: int = 0) -> None:
        super().__init__()
        for name, value, least in (("features", features, 1), ("classes", classes, 1), ("width", width, 1), ("heads", heads, 1),
                                   ("layers", layers, 1), ("pre_layers", pre_layers, 0), ("output_layers", output_layers, 1),
                                   ("label_columns", label_columns, 0)):
            check_whole(name, value, least)
        check_whole("edge_types", edge_types, 1, 256)
        for name, share in (("dropout", dropout), ("input_dropout", input_dropout)):
            check_share(name, share)
        if not isinstance(temperature, (int, float)) or not temperature > 0:
            raise Error(f"temperature is {temperature}, expected a number above 0")
        if clamp is not None and (not isinstance(clamp, (int, float)) or not clamp > 0):
            raise Error(f"clamp is {clamp}, expected a number above 0")
        if width % heads:
            raise Error(f"width is {width}, expected a multiple of the {heads} heads")
        self.layers, self.output_layers, self.edge_types = layers, output_layers, edge_types
        self.one_logit, self.temperature, self.input_dropout = one_logit, temperature, input_dropout
        self.input = _Input(features, width, pre_layers, label_columns)
        for i in range(layers):
            bound = clamp or self._own("clamp") or math.inf
            self.add_module(f"layer_{i}", Block(self.form, width, heads, edge_types, ffn_width, norm, dropout, bound, skip=skip,
                                                     activation=activation, ffn=ffn, scaled_logits=scaled_logits, attention=attention))
        for i in range(output_layers):
            last = i + 1 == output_layers
            self.add_module(f"output_{i}", Linear(width, (1 if one_logit else classes) if last else width))

    @classmethod
    def _own(cls, fact: str) -> Any:
        return _network(cls.form)[fact]

    def block(self, layer: int) -> Block:
        block = self.get_submodule(f"layer_{layer}")
        assert isinstance(block, Block)
        return block

    def _check_x(self, x: Tensor) -> None:
        check_floating("x", x, dims=2)
        if x.shape[1] != self.input.project.in_features:
            raise Error(f"x: {x.shape[1]} columns, expected {self.input.project.in_features}")

    def hidden(self, x: Tensor, edges: Tensor | Edges | Sequence[Edges], edge_type: Tensor | None = None,
               temperature: float | None = None, labels: Tensor | None = None) -> Tensor:
        """Returns the input of the output layers: [destinations of the last layer, width]."""
        self._check_x(x)
        each = self._layers(edges, edge_type, x.shape[0])
        h: Tensor = self.input(x, labels)
        h = F.dropout(h, self.input_dropout, self.training) if self.input_dropout else h
        for i, layer in enumerate(each):
            h = self.block(i)(h, layer, self.temperature if temperature is None else temperature)
        return h

    def forward(self, x: Tensor, edges: Tensor | Edges | Sequence[Edges], edge_type: Tensor | None = None,
                temperature: float | None = None, labels: Tensor | None = None) -> Tensor:
        h = self.hidden(x, edges, edge_type, temperature, labels)
        for i in range(self.output_layers):
            h = self.get_submodule(f"output_{i}")(ops.relu_dropout(h) if i else h)
        return F.pad(h, (1, 0)) if self.one_logit else h

    def _layers(self, edges: Tensor | Edges | Sequence[Edges], edge_type: Tensor | None, nodes: int) -> Sequence[Edges]:
        if not isinstance(edges, Sequence) or isinstance(edges, Edges):
            return [as_edges(edges, nodes, nodes, edge_type, self.edge_types)] * self.layers
        if len(edges) != self.layers:
            raise Error(f"the input has edges for {len(edges)} layers, the network has {self.layers}")
        for layer in edges:
            if not isinstance(layer, Edges):
                raise Error(f"edges: a list that holds {type(layer).__name__}, expected Edges, made by graphsieve.ops.edges_of")
        return edges

    @classmethod
    def from_run(cls: type[Network], folder: str | os.PathLike[str]) -> Network:
        """Returns the trained network of a run folder, in evaluation mode. Throws Error if the run has another kind of network."""
        run = Run(folder)
        tensors = run.tensors(cls.weights_file)
        network = cls(**cls._arguments(run, tensors))
        network._take(tensors, run.path / cls.weights_file)
        return network.eval()

    @classmethod
    def _arguments(cls, run: Run, tensors: dict[str, Tensor]) -> dict[str, Any]:
        if run.recipe["model"] != cls.form:
            raise Error(f"{run.path}: its network is {run.recipe['model']}, expected {cls.form}")
        r = {key.removeprefix("network."): value for key, value in run.recipe.items() if key.startswith("network.")}
        if r["form"] != "standard":
            raise Error(f"{run.path}: network.form is {r['form']}, expected standard; compressed networks are not torch modules yet")
        return dict(run.sizes(tensors, r["output_layers"]), width=r["width"], heads=r["heads"], layers=r["layers"],
                    ffn_width=r["ffn_width"] or cls._own("ffn_factor") * r["width"], pre_layers=r["pre_layers"],
                    output_layers=r["output_layers"], norm=r["norm"], dropout=r["dropout"], clamp=r["clamp"] or None,
                    **{key: r[key] for key in ("skip", "activation", "ffn", "scaled_logits", "attention", "input_dropout") if key in r})

    def _take(self, tensors: dict[str, Tensor], where: pathlib.Path) -> None:
        ours = self.state_dict()
        for name in sorted(ours.keys() | tensors.keys()):
            if name not in tensors or name not in ours:
                raise Error(f"{where}: tensor '{name}' is {'missing' if name in ours else 'not one of the network'}")
            if ours[name].shape != tensors[name].shape:
                raise Error(f"{where}: tensor '{name}' is {list(tensors[name].shape)}, expected {list(ours[name].shape)}")
        self.load_state_dict(tensors)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Replaces the weights in a run folder by those of this network, with which the program then predicts.

        Throws Error unless the folder is a run's and its network has the same tensors. The run's figures and predictions stay unchanged.
        """
        run = Run(folder)
        theirs = run.tensors(self.weights_file, verified=False)  # they are replaced even if they are damaged
        ours = {name: t.detach() for name, t in self.state_dict().items()}
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in ours or name not in theirs or ours[name].shape != theirs[name].shape:
                shape = [list(t[name].shape) if name in t else None for t in (ours, theirs)]
                raise Error(f"{run.path / self.weights_file}: tensor '{name}' is {shape[1]} in the run, {shape[0]} in the network")
        _engine.replace_tensors(run.path, self.weights_file, {name: t.float().contiguous().numpy() for name, t in ours.items()})


class Spexphormer(Transformer):
    """The sparse wide network, for edges drawn by an estimator's scores. Its attention logits are sum q k E1_t + E2_t, clamped.

    >>> network = Spexphormer(features=6, classes=3, width=8, heads=2, edge_types=3)
    >>> edges = ops.edges_of(torch.tensor([[1, 2, 0], [0, 0, 1]]), 4, edge_type=torch.tensor([0, 1, 2]), edge_types=3)
    >>> network(torch.randn(4, 6), edges).shape
    torch.Size([4, 3])
    """

    form = "spexphormer"


class Exphormer(Transformer):
    """The full wide network. Its attention logits are sum q k E_t / sqrt(d), clamped.

    >>> Exphormer(features=6, classes=3, width=8)(torch.randn(4, 6), torch.tensor([[1, 2, 0], [0, 0, 1]])).shape
    torch.Size([4, 3])
    """

    form = "exphormer"


class Plain(Transformer):
    """The plain transformer on the graph's edges. Its attention logits are q k / sqrt(d).

    >>> Plain(features=6, classes=3, width=8)(torch.randn(4, 6), torch.tensor([[1, 2, 0], [0, 0, 1]])).shape
    torch.Size([4, 3])
    """

    form = "plain"


class Estimator(Transformer):
    """The narrow network whose attention is the score of each edge. Its logits are ((q k) / sqrt(d) sum E1_t + E2_t) / temperature.

    >>> estimator = Estimator(features=6, classes=3, width=4, edge_types=1, norm="graph", pre_layers=1)
    >>> edges = ops.edges_of(torch.tensor([[1, 2, 0], [0, 0, 1]]), 4)
    >>> [s.shape for s in estimator.scores(torch.randn(4, 6), edges)]
    [torch.Size([3]), torch.Size([3])]
    """

    form = "estimator"
    weights_file = "estimator.safetensors"

    @classmethod
    def _arguments(cls, run: Run, tensors: dict[str, Tensor]) -> dict[str, Any]:
        r = {key.removeprefix("estimator."): value for key, value in run.recipe.items() if key.startswith("estimator.")}
        return dict(run.sizes(tensors, 1), width=r["width"], layers=r["layers"], pre_layers=r["pre_layers"], norm=r["norm"],
                    clamp=r["clamp"], temperature=run.run["estimator"].get("temperature", 1.0))

    def scores(self, x: Tensor, edges: Tensor | Edges | Sequence[Edges], edge_type: Tensor | None = None, *,
               labels: Tensor | None = None) -> list[Tensor]:
        """Returns the attention score of every edge, float32 [edges] per layer. The scores of each destination sum to 1."""
        self._check_x(x)
        out = []
        with torch.no_grad():
            h: Tensor = self.input(x, labels)
            for i, layer in enumerate(self._layers(edges, edge_type, x.shape[0])):
                block = self.block(i)
                out.append(block.attention.scores(h[: layer.row_start.shape[0] - 1], h, layer, self.temperature).mean(1))
                h = block(h, layer, self.temperature)
        return out


def from_run(folder: str | os.PathLike[str]) -> Transformer:
    """Returns the trained network of a run folder in evaluation mode, an object of its class: `Spexphormer`, `Exphormer` or `Plain`.

    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False)
    >>> model = model.fit(graphsieve.minesweeper(20))
    >>> type(from_run(model.run_)).__name__
    'Spexphormer'
    """
    model = Run(folder).recipe["model"]
    for cls in (Spexphormer, Exphormer, Plain):
        if cls.form == model:
            return cls.from_run(folder)
    _network(model)
    return cast(type[Transformer], type(model.capitalize(), (Transformer,), {"form": model})).from_run(folder)
