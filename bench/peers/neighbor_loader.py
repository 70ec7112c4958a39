#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyG's NeighborLoader on a graph folder, one core, no worker: the median time of a batch as one JSON line.

    neighbor_loader.py FOLDER BATCH K LAYERS BATCHES
"""
import json
import statistics
import sys
import time

import numpy as np
import torch
from torch_geometric.data import Data
from torch_geometric.loader import NeighborLoader

folder, (batch, k, layers, batches) = sys.argv[1], map(int, sys.argv[2:])
torch.set_num_threads(1)
row_start, source, features = (torch.from_numpy(np.load(f"{folder}/{n}.npy")) for n in ("row_start", "source", "features"))
nodes = len(row_start) - 1
destination = torch.repeat_interleave(torch.arange(nodes), row_start.diff())
data = Data(x=features, edge_index=torch.stack([source.long(), destination]))
chosen = torch.randperm(nodes, generator=torch.Generator().manual_seed(0))[:batch * batches]
loader = iter(NeighborLoader(data, num_neighbors=[k] * layers, batch_size=batch, input_nodes=chosen, num_workers=0, is_sorted=True))
times = []
for _ in range(batches):
    start = time.perf_counter()
    made = next(loader)
    times.append(time.perf_counter() - start)
    assert made.batch_size == batch and made.x.shape == (made.num_nodes, features.shape[1])
print(json.dumps({"ms": 1000 * statistics.median(times[2:])}))
