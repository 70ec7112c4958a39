# SPDX-License-Identifier: Apache-2.0
"""PyG's GraphSAGE trained on batches of PyG's NeighborLoader, or of our SampledLoader: the same model, sizes and seeds.

    pyg_loaders.py DATA.npz RUN sampled|neighbor [EPOCHS [SEED]]

RUN: a run folder with scores of the same file. Prints a JSON object: seconds of an epoch (median), the part in which the loader
worked, edges of an epoch's batches, ROC AUC (two classes) or accuracy on all edges at the epoch with the best validation value.
"""
import json
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from pyg_user import roc_auc
from torch_geometric.data import Data
from torch_geometric.loader import NeighborLoader
from torch_geometric.nn import GraphSAGE
from torch_geometric.utils import to_undirected

WIDTH, NEIGHBOURS, BATCH = 64, [10, 10], 1024


def loader_of(kind, data, run, train, seed):
    options = {"num_neighbors": NEIGHBOURS, "batch_size": BATCH, "input_nodes": train, "shuffle": True}
    if kind == "neighbor":
        return NeighborLoader(data, **options)
    from graphsieve import SampledLoader
    return SampledLoader(data, run, seed=seed, edge_types=[0], **options)


def value(logits, y, mask):
    if logits.shape[1] == 2:
        return roc_auc(logits[mask].softmax(1)[:, 1], y[mask] == 1)
    return float((logits[mask].argmax(1) == y[mask]).double().mean())


def main(path, run, kind, epochs=50, seed=0):
    file = np.load(path)
    data = Data(x=torch.from_numpy(file["node_features"]).float(), y=torch.from_numpy(file["node_labels"]).long(),
                edge_index=to_undirected(torch.from_numpy(file["edges"].T.copy()).long()))
    train, val, test = (torch.from_numpy(file[f"{part}_masks"][0].astype(bool)) for part in ("train", "val", "test"))
    torch.manual_seed(int(seed))
    model = GraphSAGE(data.x.shape[1], WIDTH, num_layers=len(NEIGHBOURS), out_channels=int(data.y.max()) + 1, dropout=0.2)
    optimizer = torch.optim.AdamW(model.parameters(), 0.01, weight_decay=1e-3)
    loader, seconds, loading, edges, best = loader_of(kind, data, run, train, int(seed)), [], [], 0, (0.0, 0.0)
    for _ in range(int(epochs)):
        model.train()
        edges, waited, start = 0, 0.0, time.perf_counter()
        asked = start
        for batch in loader:
            waited += time.perf_counter() - asked
            edges += batch.edge_index.shape[1]
            optimizer.zero_grad()
            out = model(batch.x, batch.edge_index)[:batch.batch_size]
            F.cross_entropy(out, batch.y[:batch.batch_size]).backward()
            optimizer.step()
            asked = time.perf_counter()
        seconds.append(time.perf_counter() - start)
        loading.append(waited)
        model.eval()
        with torch.no_grad():
            logits = model(data.x, data.edge_index)
        best = max(best, tuple(value(logits, data.y, mask) for mask in (val, test)))
    print(json.dumps({"epoch_seconds": statistics.median(seconds), "loading_seconds": statistics.median(loading), "edges": edges,
                      "val": best[0], "test": best[1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
