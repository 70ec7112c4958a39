# SPDX-License-Identifier: Apache-2.0
"""What makes the scores of narrow estimators agree with those of a wide one: several starts averaged, another temperature, and
attention that is distilled from the wide one. Prints one JSON object per variant, means over layers and nodes.

    narrow_scores.py --graph FILE.npz --wide RUN [--wide RUN] --narrow RUN [--narrow RUN …] [--epochs N]

All runs are `graphsieve estimate` of one graph without expander edges, which differ by seed: their edges are the same.
"""
import argparse
import json
import pathlib

import numpy as np
import torch

from plain_torch import forward, load_edges, load_safetensors

NODES = 3000    # destinations that are compared
POWERS = (0.25, 0.5, 1, 2, 4, 8)


def scores_of(folder):
    paths = sorted(pathlib.Path(folder).glob("scores/layer_*.npy"), key=lambda p: int(p.stem.split("_")[1]))
    return [np.load(p).astype(np.float64) for p in paths]


class Rows:
    """The edges of some destinations, to compare scores on."""

    def __init__(self, folder, k):
        self.k = k
        self.start = np.load(pathlib.Path(folder) / "scores" / "row_start.npy")
        nodes = np.flatnonzero(np.diff(self.start) > k)
        self.nodes = nodes if len(nodes) <= NODES else np.random.default_rng(0).choice(nodes, NODES, replace=False)

    def normalised(self, layer):
        sums = np.add.reduceat(layer, self.start[:-1][np.diff(self.start) > 0])
        whole = np.zeros(len(self.start) - 1)
        whole[np.diff(self.start) > 0] = sums
        return layer / np.repeat(np.maximum(whole, 1e-300), np.diff(self.start))

    def agreement(self, narrow, wide):
        """overlap of the k heaviest (ties at random), Spearman's correlation, total variation, energy distance of neighbours."""
        random, found = np.random.default_rng(1), []
        for a, b in zip(narrow, wide):
            for i in self.nodes:
                x, y = a[self.start[i]:self.start[i + 1]], b[self.start[i]:self.start[i + 1]]
                top = [set(np.lexsort((random.random(len(z)), -z))[:self.k]) for z in (x, y)]
                ranks = [np.argsort(np.argsort(z)) for z in (x, y)]
                spearman = np.corrcoef(*ranks)[0, 1] if np.ptp(x) > 0 and np.ptp(y) > 0 else np.nan
                found.append((len(top[0] & top[1]) / self.k, spearman, np.abs(x - y).sum() / 2, np.square(x - y).sum()))
        overlap, spearman, variation, energy = np.nanmean(np.array(found), 0)
        return {"overlap": overlap, "spearman": spearman, "total_variation": variation, "energy_neighbours": energy}


def distilled(graph, narrow, wide, epochs):
    """The narrow estimator trained on towards the wide one's attention, by the mean cross-entropy of its scores."""
    with np.load(graph) as file:
        x = torch.from_numpy(file["node_features"].astype(np.float32))
    w = {name: t.requires_grad_("running" not in name)
         for name, t in load_safetensors(pathlib.Path(narrow) / "estimator.safetensors").items()}
    edges = load_edges(pathlib.Path(narrow) / "scores")
    layers = [(edges, len(x))] * len(wide)
    target = [torch.from_numpy(s.astype(np.float32)) for s in wide]
    optimizer = torch.optim.Adam([t for t in w.values() if t.requires_grad], lr=0.01)
    for _ in range(epochs):
        scores = []
        forward(x, w, layers, "estimator", 1, training=True, scores=scores)
        loss = -sum((t * a.squeeze(1).clamp_min(1e-12).log()).sum() for t, a in zip(target, scores)) / len(x) / len(target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scores = []
    with torch.no_grad():
        forward(x, w, layers, "estimator", 1, scores=scores)
    return [s.squeeze(1).double().numpy() for s in scores]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--wide", action="append", required=True)
    parser.add_argument("--narrow", action="append", required=True)
    parser.add_argument("--k", type=int, default=10, help="of the heaviest edges")
    parser.add_argument("--epochs", type=int, default=100)
    args = parser.parse_args()
    rows = Rows(args.wide[0], args.k)
    wide, narrow = [scores_of(f) for f in args.wide], [scores_of(f) for f in args.narrow]
    random = np.random.default_rng(2)
    noise = [rows.normalised(random.exponential(size=len(layer))) for layer in wide[0]]
    variants = {"uniform": [rows.normalised(np.ones(len(layer))) for layer in wide[0]], "random": noise, "narrow": narrow[0],
                f"mean of {len(narrow)} starts": [np.mean(layers, 0) for layers in zip(*narrow)]}
    if len(wide) > 1:
        variants["another wide start"] = wide[1]
    for power in POWERS:
        if power != 1:
            variants[f"temperature {1 / power:g}"] = [rows.normalised(layer ** power) for layer in narrow[0]]
    variants["distilled attention"] = distilled(args.graph, args.narrow[0], wide[0], args.epochs)
    for name, scores in variants.items():
        found = {key: None if np.isnan(value) else value for key, value in rows.agreement(scores, wide[0]).items()}
        print(json.dumps({"variant": name, **found}), flush=True)


if __name__ == "__main__":
    main()
