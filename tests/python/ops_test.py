# SPDX-License-Identifier: Apache-2.0
"""The operators as torch operators: opcheck, torch.compile, gradients in double precision, errors."""
import math
import types
import unittest
import unittest.mock

from python_testing import random_edges, torch

import graphsieve
from graphsieve import ops

raw = torch.ops.graphsieve


def grad(*shape, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


def edges_for_test(types=2):
    index, kind = random_edges(6, 5, 14, types)
    return ops.edges_of(index, 6, 5, kind, types)


def attention_inputs(dtype=torch.float32, heads=2):
    rows = grad(5, 4 * heads, dtype=dtype), grad(6, 8 * heads, dtype=dtype)
    return rows, (grad(2, 4 * heads, dtype=dtype), grad(2, heads, dtype=dtype))


def csr(dense):
    rows, columns = dense.nonzero().unbind(1)
    start = torch.zeros(len(dense) + 1, dtype=torch.int64)
    start[1:] = torch.bincount(rows, minlength=len(dense)).cumsum(0)
    return start, columns.int(), dense[rows, columns]


class Opcheck(unittest.TestCase):
    def check(self, op, *args):
        for test, result in torch.library.opcheck(op, args).items():
            self.assertEqual(result, "SUCCESS", test)

    def test_sparse_attention(self):
        (query, kv), tables = attention_inputs()
        edges = edges_for_test()
        self.check(raw.sparse_attention.default, query, kv, *edges[:6], *tables, 2, 8.0)
        out, log_sum = raw.sparse_attention(query, kv, *edges[:6], *tables, 2, 8.0)
        plain = [t.detach() for t in (query, kv, *tables)]
        self.check(raw.sparse_attention_backward.default, torch.randn(5, 8), plain[0], plain[1], out.detach(), log_sum.detach(), *edges[:6],
                   *plain[2:], 2, 8.0, [True] * 4 + [False])
        self.check(raw.sparse_attention_scores.default, plain[0], plain[1], 8, *edges[:3], *plain[2:], 2, 8.0, log_sum.detach())
        edges = ops.edges_of(*random_edges(6, 5, 14, 2)[:1], 6, 5, random_edges(6, 5, 14, 2)[1], 2, positions=True)
        query, more = torch.cat([query, grad(5, 6)], 1).detach().requires_grad_(), (None, 1.0, grad(14, 3), *edges[6:], 0.3, 5)
        self.check(raw.sparse_attention.default, query, kv, *edges[:6], *tables, 2, 8.0, *more)
        out, log_sum = (t.detach() for t in raw.sparse_attention(query, kv, *edges[:6], *tables, 2, 8.0, *more))
        self.check(raw.sparse_attention_backward.default, torch.randn(5, 14), query.detach(), plain[1], out, log_sum, *edges[:6],
                   *plain[2:], 2, 8.0, [True] * 5, None, 1.0, more[2].detach(), *edges[6:], 0.3, 5)

    def test_linear(self):
        self.check(raw.linear.default, grad(7, 5), grad(3, 5), grad(3))
        self.check(raw.linear.default, grad(7, 5), grad(3, 5), None)
        self.check(raw.linear_backward.default, torch.randn(7, 3), torch.randn(7, 5), torch.randn(3, 5), [True, False, True])

    def test_node_norm(self):
        self.check(raw.node_norm.default, grad(7, 5), grad(5), grad(5), grad(5), None, None, 1e-5)
        self.check(raw.node_norm.default, grad(7, 5), None, grad(5), grad(5), torch.randn(5), torch.rand(5), 1e-5)
        self.check(raw.node_norm_backward.default, torch.randn(7, 5), torch.randn(7, 5), None, torch.randn(5), torch.randn(5),
                   torch.rand(5), 1e-5, True)

    def test_dropout(self):
        self.check(raw.dropout_add.default, grad(7, 5), grad(7, 5), 0.3, 5)
        self.check(raw.dropout_add.default, grad(7, 5), None, 0.3, 5)
        self.check(raw.dropout_add_backward.default, torch.randn(7, 5), 0.3, 5)
        self.check(raw.relu_dropout.default, grad(7, 5), 0.3, 5)
        self.check(raw.relu_dropout_backward.default, torch.randn(7, 5), torch.randn(7, 5), 0.3)

    def test_sparse_linear(self):
        dense = torch.randn(6, 4) * (torch.rand(6, 4) < 0.5)
        args = (*csr(dense), *csr(dense.T.contiguous()))
        self.check(raw.sparse_linear.default, *args, grad(3, 4), grad(3))
        self.check(raw.sparse_linear_backward.default, torch.randn(6, 3), *args[3:], True)

    def test_draws(self):
        edges = edges_for_test()
        self.check(raw.gather_rows.default, torch.randn(5, 3), torch.tensor([4, 0]).int())
        self.check(raw.reservoir_sample.default, *edges[:3], torch.rand(14), torch.tensor([1, 3]).int(), 2, 0, 7)
        self.check(raw.reservoir_sample.default, *edges[:3], None, None, 2, 1, 7)
        every_source_new = torch.tensor([[0, 2], [4, 5]]).int()  # what stands behind the sources is not defined otherwise
        self.check(raw.expand_block.default, torch.tensor([3, 1]).int(), every_source_new, torch.zeros(2, 2).byte(),
                   torch.full((6,), -1).int())


class Compile(unittest.TestCase):
    def test_the_functions_compile_whole(self):
        edges = edges_for_test()
        (query, kv), (scale, bias) = attention_inputs()
        weight, weights = grad(8, 8), grad(8)

        def step(query, kv, scale, bias, weight, weights):
            h = ops.sparse_attention(ops.linear(query, weight), kv, edges, scale, bias, 2, 8.0)
            return ops.relu_dropout(ops.node_norm(ops.dropout_add(h, query), weights, weights)[0]).sum()

        inputs = (query, kv, scale, bias, weight, weights)
        expected = step(*inputs)
        gradients = torch.autograd.grad(expected, inputs)
        for dynamic in (False, True):
            compiled = torch.compile(step, fullgraph=True, backend="aot_eager", dynamic=dynamic)
            out = compiled(*inputs)
            torch.testing.assert_close(out, expected)
            torch.testing.assert_close(torch.autograd.grad(out, inputs), gradients)


class Gradients(unittest.TestCase):
    def check(self, function, *inputs):
        self.assertTrue(torch.autograd.gradcheck(function, inputs))

    def test_in_double(self):
        double = torch.float64
        edges = edges_for_test()
        rows, tables = attention_inputs(double)
        for clamp in (math.inf, 0.7):
            self.check(lambda q, kv, s, b, c=clamp: ops.sparse_attention(q, kv, edges, s, b, 2, c), *rows, *tables)
        x, w, b = grad(7, 5, dtype=double), grad(3, 5, dtype=double), grad(3, dtype=double)
        self.check(ops.linear, x, w, b)
        d = [grad(5, dtype=double) for _ in range(3)]
        self.check(lambda x, a, b: ops.node_norm(x, a, b)[0], x, d[0], d[1])
        self.check(lambda x, a, b, c: ops.node_norm(x, a, b, c)[0], x, *d)
        self.check(lambda x, y: ops.dropout_add(x, y, 0.4, 3), x, grad(7, 5, dtype=double))
        self.check(lambda x: ops.relu_dropout(x, 0.4, 3), x)
        sparse = (torch.randn(6, 5, dtype=double) * (torch.rand(6, 5) < 0.5)).to_sparse_csr()
        self.check(lambda w, b: ops.sparse_linear(sparse, w, b), w, b)

    def test_float_gradients_are_those_of_double(self):
        """The transposed edges that edges_of makes: the vector code walks them, the double reference does not."""
        edges = edges_for_test()
        rows, tables = attention_inputs()
        doubles = [t.detach().double().requires_grad_() for t in (*rows, *tables)]
        ops.sparse_attention(*rows, edges, *tables, 2).square().sum().backward()
        ops.sparse_attention(*doubles[:2], edges, *doubles[2:], 2).square().sum().backward()
        for ours, oracle in zip((*rows, *tables), doubles):
            torch.testing.assert_close(ours.grad.double(), oracle.grad, rtol=1e-4, atol=1e-4)


class Edges(unittest.TestCase):
    def test_are_the_edge_index_by_row_and_by_source(self):
        index, kind = random_edges(6, 5, 14, 3)
        edges = ops.edges_of(index, 6, 5, kind, 3)
        expected = sorted(zip(index[1].tolist(), kind.tolist(), index[0].tolist()))
        row = torch.repeat_interleave(torch.arange(5), edges.row_start.diff())
        self.assertEqual(list(zip(row.tolist(), edges.type.tolist(), edges.source.tolist())), expected)
        row = torch.repeat_interleave(torch.arange(6), edges.t_row_start.diff())
        self.assertEqual(sorted(zip(edges.t_destination.tolist(), edges.t_type.tolist(), row.tolist())), expected)

    def test_order_of_edges_in_graphs_too_large_for_one_key(self):
        numbers = [torch.randint(high, (200,)) for high in (3, 2, 5)]
        self.assertTrue(torch.equal(ops._order(*numbers, (2**31 - 1, 256, 2**31 - 1)), ops._order(*numbers, (3, 2, 5))))

    def test_without_any(self):
        edges = ops.edges_of(torch.zeros(2, 0, dtype=torch.int64), 3)
        out = ops.sparse_attention(torch.ones(3, 1), torch.ones(3, 2), edges)
        self.assertEqual(out.tolist(), [[0], [0], [0]])


class Errors(unittest.TestCase):
    def fails(self, sentence, function, *args, **options):
        with self.assertRaises(graphsieve.Error) as caught:
            function(*args, **options)
        self.assertIsInstance(caught.exception, ValueError)
        self.assertIn(sentence, str(caught.exception))

    def test_edge_index(self):
        good = torch.tensor([[0, 1], [1, 0]])
        self.fails("edge_index: row 0: edge 1: node 2, expected 0 to 1", ops.edges_of, torch.tensor([[0, 2], [1, 0]]), 2)
        self.fails("edge_index: row 1: edge 0: node -1, expected 0 to 1", ops.edges_of, torch.tensor([[0, 1], [-1, 0]]), 2)
        self.fails("edge_index: int32, expected int64", ops.edges_of, good.int(), 2)
        self.fails("edge_index: shape [3, 2], expected [2, edges]", ops.edges_of, torch.zeros(3, 2).long(), 2)
        self.fails("edge_type: edge 0: type 4, expected 0 to 1", ops.edges_of, good, 2, edge_type=torch.tensor([4, 0]), edge_types=2)
        self.fails("sources is 2.5, expected a whole number 0 to 2147483647", ops.edges_of, good, 2.5)
        self.fails("sources is 2147483648, expected a whole number 0 to 2147483647", ops.edges_of, good, 2**31)
        self.fails("destinations is -3, expected a whole number", ops.edges_of, good, 2, -3)
        self.fails("edge_types is 0, expected a whole number 1 to 256", ops.edges_of, good, 2, edge_types=0)
        self.fails("edge_index: torch.sparse_coo, expected a dense tensor", ops.edges_of, good.to_sparse(), 2)
        self.fails("edge_type: 1 entries, expected 2, one per edge", ops.edges_of, good, 2, edge_type=torch.tensor([0]), edge_types=2)

    def test_operators(self):
        self.fails("linear: x must be [n, in] and weight [out, in], got [2, 3] and [4, 4]", ops.linear, torch.randn(2, 3),
                   torch.randn(4, 4))
        self.fails("must be float32 or float64", ops.relu_dropout, torch.ones(2, dtype=torch.int64))
        self.fails("rule: 'best', expected weighted, uniform, largest", ops.reservoir_sample, edges_for_test(), 2, rule="best")
        self.fails("heads is 0, expected a whole number from 1", ops.sparse_attention, torch.zeros(5, 8), torch.zeros(5, 16),
                   edges_for_test(), heads=0)
        self.fails("edges: Tensor, expected Edges", ops.sparse_attention, torch.zeros(5, 8), torch.zeros(5, 16), torch.zeros(2, 3).long())
        far = edges_for_test()._replace(row_start=edges_for_test().row_start * 1000)
        self.fails("edges.row_start: expected to ascend from 0 to", ops.reservoir_sample, far, 2, rule="uniform")
        self.fails("edges.row_start: expected to ascend", ops.reservoir_sample, far, 2, rows=torch.tensor([2]).int(), rule="uniform")
        self.fails("rows: holds 9 to 9, expected rows 0 to 4", ops.reservoir_sample, edges_for_test(), 2, rows=torch.tensor([9]).int(),
                   rule="uniform")
        self.fails("expected nodes 0 to 3", ops.expand_block, torch.tensor([9]).int(), torch.zeros(1, 1).int(), torch.zeros(1, 1).byte(), 4)

    def test_wrong_types_and_values(self):
        edges, query, kv = edges_for_test(), torch.zeros(5, 8), torch.zeros(6, 16)
        for value in float("nan"), float("inf"), -1.0:
            weight = torch.ones(len(edges.source))
            weight[3] = value
            self.fails(f"weight: edge 3: {value}, expected a finite number from 0", ops.reservoir_sample, edges, 2, weight)
        self.fails("rule: '[1]', expected weighted", ops.reservoir_sample, edges, 2, rule=[1])
        self.fails("heads is 2.0, expected a whole number", ops.sparse_attention, query, kv, edges, heads=2.0)
        self.fails("query: 8 columns, expected a multiple of the 1099511627776 heads", ops.sparse_attention, query, kv, edges, heads=2**40)
        self.fails("query: 0 columns, expected a multiple", ops.sparse_attention, query[:, :0], kv, edges)
        self.fails("type_scale: list, expected a torch.Tensor", ops.sparse_attention, query, kv, edges, [1])
        self.fails("x: list, expected a torch.Tensor", ops.sparse_linear, [1], query)
        self.fails("destinations: list, expected a torch.Tensor", ops.expand_block, [1], [[2]], [[3]], 4)
        self.fails("rows[0] is -1, expected 0 to 4", ops.gather_rows, query, torch.tensor([-1]).int())
        self.fails("eps is -1.0, expected a number from 0", ops.node_norm, query, torch.ones(8), torch.ones(8), eps=-1.0)

    def test_edges_that_do_not_fit_the_tensors(self):
        index, kind = random_edges(6, 5, 14, 2)
        edges = ops.edges_of(index, 6, 5, kind, 2)
        kv, scale = torch.randn(6, 16), torch.randn(2, 8)
        query = torch.randn(5, 8)
        wrong = edges.source.clone()
        wrong[3] = 6
        for sentence, q, rows, given, table in (
                ("edges.row_start: 5 rows, expected 4", query[:4], kv, edges, scale),
                ("edges.source: holds 0 to 5, expected nodes 0 to 4", query, kv[:5], edges, scale),
                ("edges.type: holds 0 to 1, expected types 0 to 0", query, kv, edges, scale[:1]),
                ("edges.source: holds 0 to 6, expected nodes 0 to 5", query, kv, edges._replace(source=wrong), scale),
                ("edges.source: int64, expected int32", query, kv, edges._replace(source=edges.source.long()), scale),
                ("edges.type: 13 entries, expected 14", query, kv, edges._replace(type=edges.type[1:]), scale),
                ("edges.row_start: expected to ascend from 0 to 14", query, kv, edges._replace(row_start=edges.row_start.flip(0)), scale),
                ("edges.t_row_start: 5 rows, expected 6", query, kv, edges._replace(t_row_start=edges.t_row_start[1:]), scale),
                ("query: int64, expected float32 or bfloat16 or float64", query.long(), kv, edges, scale),
                ("key_value: shape [6], expected 2 dimensions", query, kv[:, 0], edges, scale)):
            self.fails(sentence, ops.sparse_attention, q, rows, given, table, heads=2)
        self.fails("x: `0 <= col_indices < ncols` is not satisfied", ops.sparse_linear,
                   torch.sparse_csr_tensor([0, 1, 2], [0, 7], [1., 2.], (2, 3), check_invariants=False), torch.randn(4, 3))

    def test_second_derivatives_are_refused(self):
        weight = torch.randn(4, 3, requires_grad=True)
        with self.assertRaisesRegex(RuntimeError, "linear: has no second derivative"):
            torch.autograd.grad(ops.linear(torch.randn(5, 3), weight).sum(), weight, create_graph=True)

    def test_a_tensor_of_another_device(self):
        """There is no other device here: what says to be on one stands in for it."""
        elsewhere = unittest.mock.Mock(spec=torch.Tensor, device=torch.device("cuda:0"))
        sentence = "on cuda:0, expected cpu"
        self.fails("edge_index: " + sentence, ops.edges_of, elsewhere, 2)
        self.fails("linear: " + sentence, ops.linear, elsewhere, elsewhere)
        self.fails("query: " + sentence, ops.sparse_attention, elsewhere, elsewhere, edges_for_test())
        self.fails("x: " + sentence, graphsieve.nn.SparseAttention(2, 2), elsewhere, torch.zeros(2, 0).long())
        self.fails("data: x: " + sentence, graphsieve.graph_of, types.SimpleNamespace(x=elsewhere, edge_index=torch.zeros(2, 0).long()))
        no_memory = torch.zeros(2, 3, device="meta")
        self.fails("linear: tensors on cpu and meta, expected one device", ops.linear, no_memory, torch.zeros(4, 3))
        self.fails("sparse_attention: tensors on cpu and meta", ops.sparse_attention, torch.zeros(5, 8), torch.zeros(6, 16, device="meta"),
                   edges_for_test(), torch.zeros(2, 8))
        self.fails("edge_index: on meta, expected cpu", ops.edges_of, torch.zeros(2, 3, device="meta").long(), 2)


if __name__ == "__main__":
    unittest.main()
