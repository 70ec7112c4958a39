#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linear attention over all nodes behind the blocks of a plain transformer (Polynormer, Deng et al. 2024): one JSON line with the
values at the best epoch by validation.

    global_attention.py FILE minesweeper|photo SPLIT SEED LAYERS

SPLIT is the number of a given mask, or the seed of a random 60/20/20 split. The local network trains alone for the first epochs; its
best weights then get LAYERS global layers: with q = sigmoid(W h) and v = V h, each head pools Σ_j (q_i·q_j) v_j / Σ_j (q_i·q_j) = a_i,
and h becomes Drop(ReLU(O (LayerNorm(a) ⊙ (G h + sigmoid(b))))). With LAYERS 0 the local network trains on.
"""
import json
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch_geometric.utils import add_self_loops, remove_self_loops

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "build" / "release" / "python")]
from baselines import auc, load  # noqa: E402
from leading_network import split_of  # noqa: E402
from graphsieve import nn  # noqa: E402

LOCAL = {
    "minesweeper": dict(layers=6, dropout=0.2, lr=0.005, decay=0.0, local=60, epochs=200),
    "photo": dict(layers=3, dropout=0.5, lr=0.002, decay=1e-3, local=60, epochs=200),
}
WIDTH, HEADS = 64, 4


class GlobalLayer(torch.nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.map, self.value, self.gate, self.out = (torch.nn.Linear(WIDTH, WIDTH, bias=i != 2) for i in range(4))
        self.norm, self.share, self.dropout = torch.nn.LayerNorm(WIDTH), torch.nn.Parameter(torch.zeros(WIDTH)), dropout

    def forward(self, h):
        q, v = (x.view(len(h), HEADS, -1) for x in (self.map(h).sigmoid(), self.value(h)))
        pooled = torch.einsum("nhd,hde->nhe", q, torch.einsum("nhd,nhe->hde", q, v))
        pooled = (pooled / torch.einsum("nhd,hd->nh", q, q.sum(0)).unsqueeze(2)).flatten(1)
        return F.dropout(self.out(self.norm(pooled) * (self.gate(h) + self.share.sigmoid())).relu(), self.dropout, self.training)


class Network(torch.nn.Module):
    def __init__(self, features, classes, c, layers):
        super().__init__()
        self.local = nn.Plain(features, classes, WIDTH, layers=c["layers"], ffn_width=WIDTH, norm="batch", dropout=c["dropout"])
        self.norm = torch.nn.LayerNorm(WIDTH)
        self.layers = torch.nn.ModuleList(GlobalLayer(c["dropout"]) for _ in range(layers))
        self.last = torch.nn.Linear(WIDTH, classes)

    def forward(self, x, edges, all_of_it):
        if not (all_of_it and self.layers):
            return self.local(x, edges)
        h = self.norm(self.local.hidden(x, edges))
        for layer in self.layers:
            h = layer(h)
        return self.last(h)


def parts(path, name, split):
    """Node numbers of the training, validation and test part."""
    if name == "minesweeper":
        return list(split_of(split, path).values())
    order = np.random.default_rng(int(split)).permutation(len(np.load(path)["labels"]))
    return [torch.as_tensor(p) for p in np.split(order, [6 * len(order) // 10, 8 * len(order) // 10])]


def main(path, name, split, seed, layers):
    torch.set_num_threads(1)
    torch.manual_seed(int(seed))
    c, (x, y, edges) = LOCAL[name], load(path)
    edges = add_self_loops(remove_self_loops(edges)[0], num_nodes=len(x))[0]
    train, *others = parts(path, name, split)
    network = Network(x.shape[1], int(y.max()) + 1, c, int(layers))
    optimiser = torch.optim.AdamW(network.parameters(), lr=c["lr"], weight_decay=c["decay"])

    def value(out, nodes):
        if name == "minesweeper":
            return auc((out[nodes, 1] - out[nodes, 0]).numpy(), (y[nodes] == 1).numpy())
        return (out[nodes].argmax(1) == y[nodes]).float().mean().item()

    best, weights, start = (-1.0, 0.0, 0), None, time.perf_counter()
    for epoch in range(1, c["epochs"] + 1):
        if epoch == c["local"] + 1 and network.layers:
            network.local.load_state_dict(weights)
        network.train()
        optimiser.zero_grad()
        F.cross_entropy(network(x, edges, epoch > c["local"])[train], y[train]).backward()
        optimiser.step()
        network.eval()
        with torch.no_grad():
            out = network(x, edges, epoch > c["local"])
        val, test = (value(out, nodes) for nodes in others)
        if val > best[0]:
            best, weights = (val, test, epoch), {k: w.clone() for k, w in network.local.state_dict().items()}
    print(json.dumps({"val": 100 * best[0], "test": 100 * best[1], "best_epoch": best[2], "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main(*sys.argv[1:])
