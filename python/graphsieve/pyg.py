# SPDX-License-Identifier: Apache-2.0
"""The attention layer as one of PyG's own layers, for code that asks for those: explainers, `to_hetero`, hooks. Needs torch_geometric."""
from __future__ import annotations

from typing import Any

from torch_geometric.nn import MessagePassing, TransformerConv

from graphsieve.attention_layer import AttentionForward

__all__ = ["SparseAttention"]


class SparseAttention(AttentionForward, TransformerConv):  # type: ignore[misc]
    """PyG's TransformerConv, computed by graphsieve's kernels: its subclass, with its arguments, weights and output.

    While one of PyG's explainers has set a mask for the edges, and with flow="target_to_source", the layer computes as TransformerConv
    does, with a row of the layer's width per edge.

    >>> isinstance(SparseAttention(8, 4, heads=2), TransformerConv)
    True
    """

    # PyG replaces a class's `propagate` by generated code, and uses what was there before while it explains. A subclass would find the
    # generated code of its base class there, which knows no masks.
    propagate = MessagePassing.propagate

    def forward(self, x: Any, edge_index: Any, edge_attr: Any = None, return_attention_weights: bool | None = None) -> Any:
        if self.explain or self.flow != "source_to_target" or self.aggr != "add":
            return TransformerConv.forward(self, x, edge_index, edge_attr, return_attention_weights)
        return self.attend(x, edge_index, edge_attr, return_attention_weights, None)
