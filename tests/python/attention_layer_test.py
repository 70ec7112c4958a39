# SPDX-License-Identifier: Apache-2.0
"""SparseAttention in place of PyG's TransformerConv: every argument, against PyG's layer and against plain tensor operations."""
import itertools
import math
import unittest

from python_testing import HAS_PYG, random_edges, torch

import graphsieve
from graphsieve import nn, ops


def plain(layer, x, index, attr=None):
    """The layer's formula with a row per edge, without dropout and edge types. Returns the output and the weights of the edges."""
    source, destination = x if isinstance(x, tuple) else (x, x)
    heads, d = layer.heads, layer.out_channels

    def of(linear, rows):
        return linear(rows).view(-1, heads, d)

    query = of(layer.lin_query, destination)[index[1]]
    key, value = of(layer.lin_key, source)[index[0]], of(layer.lin_value, source)[index[0]]
    if attr is not None:
        edge = of(layer.lin_edge, attr)
        key, value = key + edge, value + edge
    weight = ((query * key).sum(2) / math.sqrt(d)).exp()
    total = torch.zeros(len(destination), heads, dtype=weight.dtype).index_add(0, index[1], weight)
    weight = weight / total[index[1]]
    out = torch.zeros(len(destination), heads, d, dtype=weight.dtype).index_add(0, index[1], weight.unsqueeze(2) * value)
    out = out.flatten(1) if layer.concat else out.mean(1)
    if layer.root_weight:
        skip = layer.lin_skip(destination)
        if layer.lin_beta is None:
            return out + skip, weight
        gate = layer.lin_beta(torch.cat([out, skip, out - skip], 1)).sigmoid()
        out = gate * skip + (1 - gate) * out
    return out, weight


OPTIONS = ({}, {"concat": False}, {"beta": True}, {"beta": True, "concat": False}, {"root_weight": False, "beta": True}, {"bias": False})


class Layer(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        self.index, _ = random_edges(9, 9, 40)

    def test_is_its_formula_with_features_of_edges(self):
        for options, dim, heads in itertools.product(OPTIONS, (None, 1, 4, 6), (1, 3)):
            with self.subTest(**options, edge_dim=dim, heads=heads):
                layer = nn.SparseAttention(5, 4, heads=heads, edge_dim=dim, **options).double()
                x = torch.randn(9, 5, dtype=torch.float64, requires_grad=True)
                attr = None if dim is None else torch.randn(40, dim, dtype=torch.float64, requires_grad=True)
                ours, (index, weight) = layer(x, self.index, attr, return_attention_weights=True)
                oracle, expected = plain(layer, x, self.index, attr)
                torch.testing.assert_close(ours, oracle)
                torch.testing.assert_close(weight, expected)
                self.assertIs(index, self.index)
                used = [p for name, p in layer.named_parameters() if layer.root_weight or "skip" not in name]
                inputs = [x, *([] if attr is None else [attr]), *used]
                grads = [torch.autograd.grad(out.square().sum(), inputs) for out in (ours, oracle)]
                for a, b in zip(*grads):
                    torch.testing.assert_close(a, b)

    @unittest.skipUnless(HAS_PYG, "PyG is not there")
    def test_is_pygs_layer_with_its_weights(self):
        from torch_geometric.nn import TransformerConv
        x, attr = torch.randn(9, 6), torch.randn(40, 3)
        for options, dim in itertools.product(OPTIONS, (None, 3)):
            for channels in (6, (6, 6), (-1, 6), -1):
                theirs = TransformerConv(channels, 8, heads=2, edge_dim=dim, **options)
                ours = nn.SparseAttention(channels, 8, heads=2, edge_dim=dim, **options)
                given = (x, self.index) if dim is None else (x, self.index, attr)
                ours(*given), theirs(*given)  # which makes the weights that were left open
                ours.load_state_dict(theirs.state_dict())
                torch.testing.assert_close(ours(*given), theirs(*given), rtol=1e-4, atol=1e-5)
                a, b = ours(*given, return_attention_weights=False), theirs(*given, return_attention_weights=False)
                torch.testing.assert_close(a[1][1], b[1][1], rtol=1e-4, atol=1e-5)

    def test_sources_and_destinations_may_be_two_sets(self):
        index, _ = random_edges(6, 11, 50)
        x = torch.randn(11, 5, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
        index = index if index[0].max() >= 6 else index.flip(0)
        attr = torch.randn(50, 2, dtype=torch.float64)
        layer = nn.SparseAttention((5, 3), 4, heads=2, edge_dim=2).double()
        torch.testing.assert_close(layer(x, index, attr), plain(layer, x, index, attr)[0])

    def test_a_sparse_matrix_is_the_transposed_adjacency_matrix(self):
        index = torch.unique(self.index, dim=1)
        layer, x = nn.SparseAttention(5, 4), torch.randn(9, 5)
        ones = torch.ones(index.shape[1])
        matrix = torch.sparse_coo_tensor(index.flip(0), ones, (9, 9))
        for adj_t in (matrix, matrix.to_sparse_csr()):
            torch.testing.assert_close(layer(x, adj_t), layer(x, index))
        attr = torch.randn(index.shape[1], 3)
        layer = nn.SparseAttention(5, 4, edge_dim=3)
        matrix = torch.sparse_coo_tensor(index.flip(0), attr, (9, 9, 3))
        torch.testing.assert_close(layer(x, matrix), layer(x, index, attr))

        class SparseTensor:  # as that of torch_sparse
            def __init__(self, row, column, value, sizes):
                self.coo, self.sizes = lambda: (row, column, value), lambda: sizes
        torch.testing.assert_close(layer(x, SparseTensor(index[1], index[0], attr, [9, 9])), layer(x, index, attr))
        with self.assertRaisesRegex(graphsieve.Error, r"adj_t: shape \[9, 8\], expected \[9, 9\], destinations by sources"):
            layer(x, SparseTensor(index[1], index[0], attr, [9, 8]))

    def test_half_precision_and_autocast(self):
        x, attr = torch.randn(9, 16), torch.randn(40, 4)
        layer = nn.SparseAttention(16, 8, heads=2, edge_dim=4)
        exact = layer(x, self.index, attr)
        for kind in (torch.bfloat16, torch.float16):
            half = nn.SparseAttention(16, 8, heads=2, edge_dim=4)
            half.load_state_dict(layer.state_dict())
            out = half.to(kind)(x.to(kind), self.index, attr.to(kind))
            self.assertEqual(out.dtype, kind)
            torch.testing.assert_close(out.float(), exact, rtol=0.05, atol=0.05)
            out.float().square().sum().backward()
            self.assertTrue(all(p.grad.isfinite().all() for p in half.parameters()))
        with torch.autocast("cpu", torch.bfloat16):
            out = layer(x, self.index, attr)
        self.assertEqual(out.dtype, torch.bfloat16)
        torch.testing.assert_close(out.float(), exact, rtol=0.05, atol=0.05)

    def test_dropout_of_the_weights(self):
        layer, x = nn.SparseAttention(5, 4, heads=2, dropout=0.5), torch.randn(9, 5)
        layer.eval()
        exact = layer(x, self.index)
        layer.train()
        with torch.no_grad():
            torch.manual_seed(0)
            first = layer(x, self.index)
            mean = sum(layer(x, self.index) for _ in range(2000)) / 2000
            torch.manual_seed(0)
            self.assertTrue(torch.equal(layer(x, self.index), first))
        self.assertFalse(torch.allclose(first, exact))
        torch.testing.assert_close(mean, exact.detach(), rtol=0, atol=0.1)

    def test_gradients_of_features_by_finite_differences(self):
        edges = ops.edges_of(self.index[:, :12], 9, positions=True)
        query = torch.randn(9, 2 * (3 + 2), dtype=torch.float64, requires_grad=True)
        key_value = torch.randn(9, 2 * (3 + 4), dtype=torch.float64, requires_grad=True)
        features = torch.randn(12, 2, dtype=torch.float64, requires_grad=True)
        torch.autograd.gradcheck(lambda q, kv, x: ops.sparse_attention(q, kv, edges, heads=2, features=x, dropout=0.3, key=5),
                                 (query, key_value, features))

    @unittest.skipUnless(HAS_PYG, "PyG is not there")
    def test_pygs_explainer_masks_edges(self):
        from torch_geometric.explain import Explainer, GNNExplainer
        from torch_geometric.nn import MessagePassing, TransformerConv

        from graphsieve.pyg import SparseAttention
        layers = []
        for cls in (SparseAttention, TransformerConv):
            torch.manual_seed(1)
            layer = cls(5, 4, heads=2, edge_dim=3)
            self.assertIsInstance(layer, MessagePassing)
            layers.append(layer)
        x, attr = torch.randn(9, 5), torch.randn(40, 3)
        torch.testing.assert_close(layers[0](x, self.index, attr), layers[1](x, self.index, attr), rtol=1e-4, atol=1e-5)
        masks = []
        for layer in layers:
            torch.manual_seed(2)
            explainer = Explainer(layer, GNNExplainer(epochs=5), explanation_type="model", edge_mask_type="object", node_mask_type=None,
                                  model_config=dict(mode="multiclass_classification", task_level="node", return_type="raw"))
            masks.append(explainer(x, self.index, edge_attr=attr).edge_mask)
        torch.testing.assert_close(masks[0], masks[1])
        self.assertGreater(masks[0].std(), 0)
        torch.testing.assert_close(layers[0](x, self.index, attr), layers[1](x, self.index, attr), rtol=1e-4, atol=1e-5)

    def test_is_drawn_anew(self):
        layer = nn.SparseAttention(5, 4, edge_dim=2, beta=True, edge_types=2)
        before = {name: p.clone() for name, p in layer.named_parameters()}
        torch.nn.init.zeros_(layer.edge_scale)
        layer.reset_parameters()
        same = [name for name, p in layer.named_parameters() if torch.equal(p, before[name])]
        self.assertEqual(same, ["edge_scale", "edge_bias"])
        nn.SparseAttention(-1, 4).reset_parameters()

    def test_bad_input_is_refused(self):
        x, attr = torch.zeros(9, 5), torch.zeros(40, 3)
        with_edges, without = nn.SparseAttention(5, 4, edge_dim=3), nn.SparseAttention(5, 4)
        edges = ops.edges_of(self.index, 9)
        for call, sentence in ((lambda: without(x, self.index, attr), "edge_attr: given, but the layer has no edge_dim"),
                               (lambda: with_edges(x, self.index), "edge_attr: None, expected 3 features per edge"),
                               (lambda: with_edges(x, self.index, attr[:, :2]), r"edge_attr: shape \[40, 2\], expected \[edges, 3\]"),
                               (lambda: with_edges(x, self.index, attr[:39]), "edge_attr: 39 rows, expected 40, one per column of edge_index"),
                               (lambda: with_edges(x, edges, attr), "edges: no positions, expected Edges made by"),
                               (lambda: without((x, x, x), self.index), "x: expected a tensor, or a pair of tensors"),
                               (lambda: without((x, x.double()), self.index), r"x\[1\]: torch.float64, expected torch.float32"),
                               (lambda: without((x, x[:, :4]), self.index), r"x\[1\]: 4 columns, expected 5"),
                               (lambda: without(x.int(), self.index), "x: int32, expected float32"),
                               (lambda: nn.SparseAttention((5,), 4), r"in_channels is \(5,\), expected a number or a pair"),
                               (lambda: nn.SparseAttention(5, 4, dropout=1.0), "dropout is 1.0, expected"),
                               (lambda: nn.SparseAttention(5, 4, edge_dim=0), "edge_dim is 0, expected")):
            with self.subTest(sentence=sentence), self.assertRaisesRegex(graphsieve.Error, sentence):
                call()
        with self.assertRaisesRegex(graphsieve.Error, "features: 39 rows, expected 40"):
            ops.sparse_attention(torch.zeros(9, 4), torch.zeros(9, 4), ops.edges_of(self.index, 9, positions=True), features=attr[:39, :2])


if __name__ == "__main__":
    unittest.main()
