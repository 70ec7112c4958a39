# SPDX-License-Identifier: Apache-2.0
"""A PyG user's script: node classification on an .npz file of the heterophilous layout.

    pyg_user.py DATA.npz [EPOCHS [SEED]]

Prints a JSON object: seconds of a training epoch (median), most resident memory beyond the data's, ROC AUC of the epoch with
the best validation value. bench/measure/python.py runs it as it stands, and with its one line that names the layer changed.
"""
import json
import resource
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch_geometric.data import Data
from torch_geometric.nn import TransformerConv as Conv
from torch_geometric.utils import to_undirected

WIDTH, HEADS = 64, 4


class Net(torch.nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.first = torch.nn.Linear(features, WIDTH)
        self.conv = Conv(WIDTH, WIDTH // HEADS, heads=HEADS)
        self.norm = torch.nn.BatchNorm1d(WIDTH)
        self.last = torch.nn.Linear(WIDTH, classes)

    def forward(self, x, edge_index):
        h = F.relu(self.first(x))
        return self.last(F.relu(self.norm(h + self.conv(h, edge_index))))


def resident_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def roc_auc(score, positive):
    rank = torch.empty(len(score), dtype=torch.float64)
    rank[score.argsort()] = torch.arange(1, len(score) + 1, dtype=torch.float64)
    ones = int(positive.sum())
    return float((rank[positive].sum() - ones * (ones + 1) / 2) / (ones * (len(score) - ones)))


def main(path, epochs=50, seed=0):
    file = np.load(path)
    data = Data(x=torch.from_numpy(file["node_features"]).float(), y=torch.from_numpy(file["node_labels"]).long(),
                edge_index=to_undirected(torch.from_numpy(file["edges"].T.copy()).long()))
    train, val, test = (torch.from_numpy(file[f"{part}_masks"][0].astype(bool)) for part in ("train", "val", "test"))
    torch.manual_seed(int(seed))
    model = Net(data.x.shape[1], int(data.y.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), 0.01, weight_decay=1e-3)
    before, seconds, best = resident_mib(), [], (0.0, 0.0)
    for _ in range(int(epochs)):
        start = time.perf_counter()
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(data.x, data.edge_index)[train], data.y[train]).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        model.eval()
        with torch.no_grad():
            score = model(data.x, data.edge_index).softmax(1)[:, 1]
        best = max(best, tuple(roc_auc(score[m], data.y[m] == 1) for m in (val, test)))
    print(json.dumps({"epoch_seconds": statistics.median(seconds[1:]), "peak_mib": resident_mib() - before, "val": best[0],
                      "test": best[1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
