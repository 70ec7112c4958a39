#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The best published network of a public graph as a plain PyG script: one JSON line with its value at the best epoch.

    leading_network.py NAME FILE SPLIT SEED [KEY=VALUE …]

NAME: a key of PUBLISHED. FILE: the graph's .npz. SPLIT: the number of a given mask, an .npz with train, valid and test, or a
split.json of a run folder. The networks and their constants are those that tunedGNN publishes (Luo et al., "Classic GNNs are
strong baselines", NeurIPS 2024): layers x <- Drop(ReLU(Norm(Conv(x) + W x))), a linear read-out, cross-entropy, Adam at a
constant rate, validation after every epoch. KEY=VALUE changes a constant.
"""
import json
import pathlib
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch_geometric.nn import GATConv, GCNConv, SAGEConv
from torch_geometric.utils import add_self_loops, remove_self_loops

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from baselines import auc, load  # noqa: E402

# sums: each row of the features is divided by its sum.
PUBLISHED = {
    "minesweeper": dict(sums=False, conv="gcn", layers=12, width=64, dropout=0.2, norm="batch", skip=True, lr=0.01, decay=0.0, epochs=2000),
    "photo": dict(sums=True, conv="sage", layers=6, width=64, dropout=0.2, norm="layer", skip=True, lr=0.001, decay=5e-5, epochs=1000),
    "computers": dict(sums=True, conv="gat", layers=2, width=64, dropout=0.5, norm="layer", skip=False, lr=0.001, decay=5e-5, epochs=1000),
    "cs": dict(sums=True, conv="sage", layers=2, width=512, dropout=0.5, norm="layer", skip=True, lr=0.001, decay=5e-4, epochs=1500),
}


class Network(torch.nn.Module):
    def __init__(self, features, classes, c):
        super().__init__()
        width, self.dropout = c["width"], c["dropout"]
        conv = {"gcn": lambda a: GCNConv(a, width, cached=True, add_self_loops=False),
                "gat": lambda a: GATConv(a, width, add_self_loops=False, bias=False),
                "sage": lambda a: SAGEConv(a, width)}[c["conv"]]
        inputs = [features] + [width] * (c["layers"] - 1)
        self.convs = torch.nn.ModuleList(map(conv, inputs))
        self.skips = torch.nn.ModuleList(torch.nn.Linear(a, width) for a in inputs) if c["skip"] else None
        norm = torch.nn.LayerNorm if c["norm"] == "layer" else torch.nn.BatchNorm1d
        self.norms = torch.nn.ModuleList(norm(width) for _ in inputs)
        self.last = torch.nn.Linear(width, classes)

    def forward(self, x, edges):
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            out = conv(x, edges)
            if self.skips:
                out = out + self.skips[i](x)
            x = F.dropout(norm(out).relu(), self.dropout, self.training)
        return self.last(x)


def split_of(path, graph):
    """Ids of the nodes of each part."""
    if path.isdigit():
        masks = np.load(graph)
        found = {part: np.flatnonzero(masks[f"{part}_masks"][int(path)]) for part in ("train", "val", "test")}
    else:
        file = json.loads(pathlib.Path(path).read_text()) if path.endswith(".json") else np.load(path)
        found = {"train": file["train"], "val": file["val" if "val" in file else "valid"], "test": file["test"]}
    return {part: torch.as_tensor(np.asarray(ids)) for part, ids in found.items()}


def main(name, path, split, seed, *changes):
    torch.manual_seed(int(seed))
    constants = dict(PUBLISHED[name])
    for change in changes:
        key, value = change.split("=", 1)
        constants[key] = type(constants[key])(json.loads(value)) if not isinstance(constants[key], str) else value
    x, y, edges = load(path)
    if constants["sums"]:
        x = x / x.sum(1, keepdim=True).clamp_min(1)
    edges = add_self_loops(remove_self_loops(edges)[0], num_nodes=len(x))[0]
    split, classes = split_of(split, path), int(y.max()) + 1
    network = Network(x.shape[1], classes, constants)
    optimiser = torch.optim.Adam(network.parameters(), lr=constants["lr"], weight_decay=constants["decay"])

    def value(out, part):
        nodes = split[part]
        if classes == 2:
            return auc((out[nodes, 1] - out[nodes, 0]).numpy(), (y[nodes] == 1).numpy())
        return (out[nodes].argmax(1) == y[nodes]).float().mean().item()

    best, seconds, start = (-1.0, 0.0, 0), [], time.perf_counter()
    for epoch in range(1, constants["epochs"] + 1):
        begun = time.perf_counter()
        network.train()
        optimiser.zero_grad()
        F.cross_entropy(network(x, edges)[split["train"]], y[split["train"]]).backward()
        optimiser.step()
        network.eval()
        with torch.no_grad():
            out = network(x, edges)
        best = max(best, (value(out, "val"), value(out, "test"), epoch), key=lambda found: found[0])
        seconds.append(time.perf_counter() - begun)
        if epoch % 100 == 0:
            print(f"epoch {epoch}: val {100 * best[0]:.2f} test {100 * best[1]:.2f}", file=sys.stderr, flush=True)
    print(json.dumps({"val": 100 * best[0], "test": 100 * best[1], "best_epoch": best[2], "seconds": time.perf_counter() - start,
                      "epoch_seconds": statistics.median(seconds)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
