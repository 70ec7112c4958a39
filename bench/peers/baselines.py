#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MLP and GCN of PyG on a public .npz file and a split.json: one JSON line with the test value at the best epoch.

    baselines.py FILE SPLIT_JSON mlp|gcn|gcn-skip SEED

`mlp` and `gcn` are two layers of width 64. `gcn-skip` has the residual blocks of the GCN that is published for the
heterophilous graphs (Platonov et al., ICLR 2023), x <- x + Linear(GELU(Linear(A LayerNorm(x)))) with GCN's weights A, five of them
of width 64.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch_geometric.nn import GCNConv
from torch_geometric.utils import to_undirected

WIDTH, LAYERS, DROPOUT, EPOCHS, RATE = 64, 2, 0.5, 200, 0.01


def load(path):
    data = np.load(path, allow_pickle=False)
    if "node_features" in data:
        x, y = data["node_features"], data["node_labels"]
        edges = torch.from_numpy(data["edges"].astype(np.int64)).t()
    else:
        from scipy.sparse import csr_matrix
        matrix = lambda p: csr_matrix((data[p + "_data"], data[p + "_indices"], data[p + "_indptr"]), shape=data[p + "_shape"])
        x, y = (matrix("attr").toarray() > 0), data["labels"]
        edges = torch.from_numpy(np.stack(matrix("adj").nonzero()).astype(np.int64))
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y.astype(np.int64)), to_undirected(edges)


class Network(torch.nn.Module):
    def __init__(self, kind, features, classes):
        super().__init__()
        widths = [features] + [WIDTH] * (LAYERS - 1) + [classes]
        layer = (lambda a, b: GCNConv(a, b, cached=True)) if kind == "gcn" else torch.nn.Linear
        self.kind, self.layers = kind, torch.nn.ModuleList(layer(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x, edges):
        for i, layer in enumerate(self.layers):
            if i:
                x = F.dropout(x.relu(), DROPOUT, self.training)
            x = layer(x, edges) if self.kind == "gcn" else layer(x)
        return x


class SkipNetwork(torch.nn.Module):
    BLOCKS, DROPOUT, RATE = 5, 0.2, 0.003

    def __init__(self, features, classes):
        super().__init__()
        linear, dropout = torch.nn.Linear, torch.nn.Dropout(self.DROPOUT)
        self.first = torch.nn.Sequential(linear(features, WIDTH), dropout, torch.nn.GELU())
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(WIDTH) for _ in range(self.BLOCKS))
        self.convs = torch.nn.ModuleList(GCNConv(WIDTH, WIDTH, cached=True) for _ in range(self.BLOCKS))
        self.ends = torch.nn.ModuleList(torch.nn.Sequential(dropout, torch.nn.GELU(), linear(WIDTH, WIDTH), dropout)
                                        for _ in range(self.BLOCKS))
        self.last = torch.nn.Sequential(torch.nn.LayerNorm(WIDTH), linear(WIDTH, classes))

    def forward(self, x, edges):
        x = self.first(x)
        for norm, conv, end in zip(self.norms, self.convs, self.ends):
            x = x + end(conv(norm(x), edges))
        return self.last(x)


def auc(score, positive):
    """Mann-Whitney, ties counted half."""
    values, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    p, n = positive.sum(), (~positive).sum()
    return (rank[positive].sum() - p * (p + 1) / 2) / (p * n)


def main():
    path, split_path, kind, seed = sys.argv[1:]
    torch.manual_seed(int(seed))
    x, y, edges = load(path)
    split = {k: torch.tensor(v) for k, v in json.load(open(split_path)).items() if k in ("train", "val", "test")}
    classes = int(y.max()) + 1
    network = SkipNetwork(x.shape[1], classes) if kind == "gcn-skip" else Network(kind, x.shape[1], classes)
    rate = network.RATE if kind == "gcn-skip" else RATE
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-3)

    def value(part):
        with torch.no_grad():
            out = network(x, edges)[split[part]]
        if classes == 2:
            return auc(out.softmax(1)[:, 1].numpy(), (y[split[part]] == 1).numpy())
        return (out.argmax(1) == y[split[part]]).float().mean().item()

    best = (-1.0, 0.0)
    for _ in range(EPOCHS):
        network.train()
        optimiser.zero_grad()
        F.cross_entropy(network(x, edges)[split["train"]], y[split["train"]]).backward()
        optimiser.step()
        network.eval()
        best = max(best, (value("val"), value("test")))
    print(json.dumps({"val": 100 * best[0], "test": 100 * best[1]}))


if __name__ == "__main__":
    main()
