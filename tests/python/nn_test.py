# SPDX-License-Identifier: Apache-2.0
"""The networks as torch modules: the engine's outputs from its run folders, weights both ways, PyG's layer."""
import concurrent.futures
import csv
import json
import math
import multiprocessing
import unittest

from python_testing import SHORT, EngineTest, np, random_edges, settings_args, torch

import graphsieve
from graphsieve import _edges, nn, ops
from graphsieve.runs import Run


def predicted(folder):
    """Probabilities of a run's predictions.csv."""
    with open(folder / "predictions.csv") as file:
        return torch.tensor([[float(v) for k, v in row.items() if k.startswith("p_")] for row in csv.DictReader(file)])


def in_another_process(function, *arguments):
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    process.join()


class Networks(EngineTest):
    def check(self, *settings, name="run", **options):
        folder = self.run_folder(self.graph(**options), *settings_args(SHORT), *settings, name=name)
        network, inputs = nn.from_run(folder), Run(folder).inputs()
        with torch.no_grad():
            logits = network(inputs.x, inputs.layers)
        torch.testing.assert_close(logits.softmax(1), predicted(folder), rtol=0, atol=2e-6)
        return folder, network, inputs

    def test_spexphormer_and_its_estimator(self):
        folder, network, inputs = self.check()
        self.assertIsInstance(network, nn.Spexphormer)
        scores = nn.Estimator.from_run(folder).scores(inputs.x, inputs.attention_graph)
        for ours, theirs in zip(scores, inputs.scores, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-6)

    def test_other_networks_heads_norms_and_two_classes(self):
        self.check("--set", "network.heads=2", "--set", "network.norm=graph", "--set", "network.output_layers=2", classes=2)
        self.check("--set", "model=exphormer", "--set", "network.pre_layers=1", "--set", "network.heads=4", name="exphormer")
        self.check("--recipe", "plain", "--set", "network.heads=2", name="plain")
        self.check("--recipe", "plain", "--set", "network.heads=2", "--set", "network.attention=gcn", name="gcn")

    def test_every_setting_of_the_blocks(self):
        blocks = [("network.norm=layer",), ("network.skip=none",), ("network.skip=linear",), ("network.activation=relu",),
                  ("network.ffn=false",), ("network.scaled_logits=true",),
                  ("network.input_dropout=0.2",), ("network.attention=mean",), ("network.attention=gat",)]
        for i, settings in enumerate([*blocks, tuple(setting for block in blocks for setting in block)]):
            self.check(*settings_args(dict(setting.split("=") for setting in settings)), name=f"run-{i}")

    def test_labels_as_inputs(self):
        folder = self.run_folder(self.graph(), *settings_args(SHORT), *settings_args({"data.label_inputs": "true"}))
        inputs, network = Run(folder).inputs(), nn.from_run(folder)
        split = json.loads((folder / "split.json").read_text())
        self.assertEqual(inputs.labels.sum().item(), len(split["train"]))
        with torch.no_grad():
            p = network(inputs.x, inputs.layers, labels=inputs.labels).softmax(1)
        others = split["val"] + split["test"]  # a training node's own label is hidden from its prediction
        torch.testing.assert_close(p[others], predicted(folder)[others], rtol=0, atol=2e-6)
        with self.assertRaisesRegex(graphsieve.Error, r"labels: \[2, 3\], expected"):
            network(inputs.x, inputs.layers, labels=inputs.labels[:2])

    def test_saved_weights_are_the_programs(self):
        folder, network, inputs = self.check()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(1.25)
            expected = network(inputs.x, inputs.layers).softmax(1)
        network.save(folder)
        (folder / "predictions.csv").unlink()
        self.call("predict", folder, "--out", folder / "predictions.csv")
        torch.testing.assert_close(predicted(folder), expected, rtol=0, atol=2e-6)
        again = nn.from_run(folder).state_dict()
        for name, tensor in network.state_dict().items():
            self.assertTrue(torch.equal(tensor, again[name]), name)

    def test_what_does_not_fit_is_refused(self):
        folder, network, _ = self.check()
        with self.assertRaisesRegex(graphsieve.Error, "its network is spexphormer, expected plain"):
            nn.Plain.from_run(folder)
        with self.assertRaisesRegex(graphsieve.Error, "tensor 'input.project.bias' is .8. in the run, .16. in the network"):
            nn.Spexphormer(6, 3, 16, layers=4, edge_types=3).save(folder)
        with self.assertRaisesRegex(graphsieve.Error, "not a run folder"):
            nn.from_run(self.dir)
        with self.assertRaisesRegex(graphsieve.Error, "x: 5 columns, expected 6"):
            network(torch.zeros(80, 5), [])
        with self.assertRaisesRegex(graphsieve.Error, "edges for 0 layers, the network has 4"):
            network(torch.zeros(80, 6), [])

    def test_training_in_torch_lowers_the_loss(self):
        _, network, inputs = self.check()
        labels = torch.randint(0, 3, (80,), generator=torch.Generator().manual_seed(0))
        network.train()
        optimizer = torch.optim.Adam(network.parameters(), 0.01)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(inputs.x, inputs.layers), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], losses[0] * 0.9)


def plain_attention(layer, x, index, kind=None):
    """SparseAttention in plain tensor operations."""
    heads, d = layer.heads, layer.out_channels
    q, k, v = (linear(x).view(-1, heads, d) for linear in (layer.lin_query, layer.lin_key, layer.lin_value))
    product = q[index[1]] * k[index[0]] / math.sqrt(d)
    if kind is not None:
        product = product * layer.edge_scale.view(-1, heads, d)[kind]
    logit = product.sum(2)
    if kind is not None:
        logit = logit + layer.edge_bias[kind]
    weight = logit.exp()
    total = torch.zeros(len(x), heads, dtype=x.dtype).index_add(0, index[1], weight)
    out = torch.zeros(len(x), heads, d, dtype=x.dtype).index_add(0, index[1], (weight / total[index[1]]).unsqueeze(2) * v[index[0]])
    out = out.flatten(1) if layer.concat else out.mean(1)
    return out + layer.lin_skip(x) if layer.root_weight else out


class Layer(unittest.TestCase):
    def test_is_its_formula(self):
        index, kind = random_edges(9, 9, 30, 3)
        for options in ({}, {"edge_types": 3}, {"concat": False}, {"root_weight": False, "bias": False}):
            torch.manual_seed(1)
            layer = nn.SparseAttention(5, 4, heads=2, **options).double()
            if "edge_types" in options:
                torch.nn.init.normal_(layer.edge_scale), torch.nn.init.normal_(layer.edge_bias)
            x = torch.randn(9, 5, dtype=torch.float64, requires_grad=True)
            types = kind if "edge_types" in options else None
            ours, oracle = layer(x, index, edge_type=types), plain_attention(layer, x, index, types)
            torch.testing.assert_close(ours, oracle)
            inputs = (x, *(p for name, p in layer.named_parameters() if layer.root_weight or "skip" not in name))
            for a, b in zip(torch.autograd.grad(ours.square().sum(), inputs), torch.autograd.grad(oracle.square().sum(), inputs)):
                torch.testing.assert_close(a, b)

    def test_compiles_whole_with_edges(self):
        index, _ = random_edges(9, 9, 30)
        layer, x = nn.SparseAttention(5, 4, heads=2), torch.randn(9, 5)
        edges = ops.edges_of(index, 9)
        compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(x, edges), layer(x, index))
        network = nn.Spexphormer(5, 3, 8, heads=2)
        compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(x, edges), network(x, edges))

    def test_a_graph_that_was_written_to_is_converted_anew(self):
        index, _ = random_edges(9, 9, 30)
        layer, x = nn.SparseAttention(5, 4), torch.randn(9, 5)
        before = layer(x, index)
        self.assertTrue(torch.equal(layer(x, index), before))
        index[0] = (index[0] + 1) % 9
        torch.testing.assert_close(layer(x, index), plain_attention(layer, x, index))

    def test_an_edit_by_any_way_is_noticed(self):
        layer, x = nn.SparseAttention(5, 4, edge_types=3), torch.randn(9, 5)
        for parameter in layer.parameters():  # so that the types make a difference
            torch.nn.init.normal_(parameter)
        index, kind = random_edges(9, 9, 30, types=3)
        mapped = index.numpy().copy()
        buffer = bytearray(index.numpy().tobytes())
        shared = index.clone().share_memory_()
        wide = torch.zeros(4, 60, dtype=torch.int64)
        strided = wide[::2, ::2]
        strided.copy_(index)

        def set_by_data(tensor):
            tensor.data[1, 4] = (tensor.data[1, 4] + 1) % 9

        def swap(tensor):  # the same numbers in other places
            a = tensor.numpy()
            a[:, [2, 5]] = a[:, [5, 2]]
            a[0, [3, 7]] = a[0, [7, 3]]

        def edited(array):
            array[0, 11] = (array[0, 11] + 4) % 9

        cases = {"numpy": (index.clone(), lambda t: edited(t.numpy())),
                 "an array's tensor": (torch.from_numpy(mapped), lambda t: edited(mapped)),
                 "data": (index.clone(), set_by_data),
                 "a swap": (index.clone(), swap),
                 "DLPack": (index.clone(), lambda t: edited(torch.from_dlpack(t))),
                 "a view": (strided, lambda t: edited(wide.numpy()[::2, ::2])),
                 "a buffer": (torch.frombuffer(buffer, dtype=torch.int64).view(2, 30),
                              lambda t: edited(np.frombuffer(buffer, np.int64).reshape(2, 30))),
                 "another process": (shared, lambda t: in_another_process(edited, t)),
                 "other memory": (index.clone(), lambda t: setattr(t, "data", index.roll(1, 1).flip(0)))}
        for name, (tensor, edit) in cases.items():
            with self.subTest(name):
                before = layer(x, tensor, edge_type=kind)
                self.assertTrue(torch.equal(layer(x, tensor.clone(), edge_type=kind), before))
                kept = tensor.clone()
                edit(tensor)
                self.assertFalse(torch.equal(kept, tensor))
                expected = layer(x, ops.edges_of(tensor, 9, edge_type=kind, edge_types=3))
                self.assertTrue(torch.equal(layer(x, tensor, edge_type=kind), expected))
        types = kind.clone()
        before = layer(x, index, edge_type=types)
        types.numpy()[:] = (types.numpy() + 1) % 3
        self.assertFalse(torch.equal(layer(x, index, edge_type=types), before))
        self.assertTrue(torch.equal(layer(x, index, edge_type=types), layer(x, ops.edges_of(index, 9, edge_type=types, edge_types=3))))
        with self.assertRaisesRegex(graphsieve.Error, "edge_index: float64, expected int64"):  # of the same bytes
            layer(x, index.view(torch.float64), edge_type=kind)

    def test_the_devices_checksum_tells_what_the_hosts_tells(self):
        index, _ = random_edges(9, 9, 30)
        swapped = index.clone()
        swapped[:, [0, 1]] = index[:, [1, 0]]
        seen = [_edges._checksum_on_device(t) for t in (index, index.flip(0), index.roll(1, 1), swapped, index + 1, index[:, 1:], -index,
                                                        torch.zeros_like(index), torch.zeros(2, 29).long(), torch.zeros(2, 0).long())]
        self.assertEqual(len(set(seen)), len(seen))
        self.assertEqual(_edges._checksum_on_device(index.clone()), seen[0])

    def test_threads_share_the_remembered_graphs(self):
        layer, x = nn.SparseAttention(5, 4), torch.randn(9, 5)
        graphs = [random_edges(9, 9, 30, seed=seed)[0] for seed in range(20)]
        expected = [layer(x, ops.edges_of(graph, 9)) for graph in graphs]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for i, out in enumerate(pool.map(lambda i: layer(x, graphs[i % 20]), range(400))):
                self.assertTrue(torch.equal(out, expected[i % 20]))

    def test_bad_input_is_refused(self):
        layer = nn.SparseAttention(5, 4)
        index = torch.tensor([[0, 1], [1, 0]])
        for x, edge_index, sentence in ((torch.zeros(2, 4), index, "x: 4 columns, expected 5"),
                                        (torch.zeros(2, 5).int(), index, "x: int32, expected float32 or float64 or bfloat16 or float16"),
                                        (torch.zeros(2, 5), index + 1, "edge_index: row 0: edge 1: node 2, expected 0 to 1"),
                                        (torch.zeros(2, 5), index.int(), "edge_index: int32, expected int64"),
                                        (torch.zeros(2, 5), index.numpy(), "edge_index: ndarray, expected a torch.Tensor"),
                                        (torch.zeros(2, 5), None, "edge_index: NoneType, expected a torch.Tensor"),
                                        (torch.zeros(2, 5).to_sparse(), index, "x: torch.sparse_coo, expected a dense tensor"),
                                        (torch.zeros(2, 5, device="meta"), index, "linear: tensors on cpu and meta")):
            with self.assertRaisesRegex(graphsieve.Error, sentence):
                layer(x, edge_index)

    def test_sizes_that_do_not_fit_are_refused(self):
        for sentence, make in (("heads is 0, expected a whole number from 1", lambda: nn.SparseAttention(5, 4, heads=0)),
                               ("in_channels is -2, expected", lambda: nn.SparseAttention(-2, 4)),
                               ("edge_types is False, expected a whole number 1 to 256", lambda: nn.SparseAttention(5, 4, edge_types=False)),
                               ("width is 0, expected", lambda: nn.Exphormer(5, 3, 0)), ("heads is 0", lambda: nn.Plain(5, 3, 8, heads=0)),
                               ("classes is 0, expected", lambda: nn.Exphormer(5, 0, 8)),
                               ("layers is 0", lambda: nn.Exphormer(5, 3, 8, layers=0)),
                               ("output_layers is 0", lambda: nn.Exphormer(5, 3, 8, output_layers=0)),
                               (r"dropout is 2, expected a number in \[0, 1\)", lambda: nn.Exphormer(5, 3, 8, dropout=2)),
                               ("temperature is 0, expected a number above 0", lambda: nn.Estimator(5, 3, 4, temperature=0))):
            with self.subTest(sentence=sentence), self.assertRaisesRegex(graphsieve.Error, sentence):
                make()
        index = torch.tensor([[0, 1], [1, 0]])
        with self.assertRaisesRegex(graphsieve.Error, "edges: a list that holds Tensor, expected Edges"):
            nn.Exphormer(5, 3, 8)(torch.zeros(2, 5), [index, index])
        with self.assertRaisesRegex(graphsieve.Error, "x: 3 columns, expected 5"):
            nn.Estimator(5, 3, 4).scores(torch.zeros(2, 3), index)


if __name__ == "__main__":
    unittest.main()
