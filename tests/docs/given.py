# SPDX-License-Identifier: Apache-2.0
"""What the pages' Python blocks take as given: the user's data."""
import torch
from python_testing import Data, Graph, pyg_like

import graphsieve  # noqa: F401

graph = Graph()
features, labels, edges = graph.node_features, graph.node_labels, graph.edges
data = Data(**vars(pyg_like(graph)))
for part in ("train_mask", "val_mask", "test_mask"):
    setattr(data, part, getattr(data, part)[:, 0])
x, edge_index = torch.randn(80, 64), data.edge_index
edge_type = torch.zeros(edge_index.shape[1], dtype=torch.long)
edge_attr = torch.randn(edge_index.shape[1], 8)


def model(x, edge_index):
    return x
