# SPDX-License-Identifier: Apache-2.0
"""SampledLoader: batches that a PyG model takes, drawn by score."""
import threading
import unittest
import unittest.mock

from python_testing import HAS_PYG, SHORT, Data, EngineTest, Graph, np, pyg_like, settings_args, torch, without_checksums

import graphsieve
from graphsieve.runs import Run

SETTINGS = {**SHORT, "graph.expander_degree": 3}


class Loader(EngineTest):
    def setUp(self):
        super().setUp()
        self.data = Data(**vars(pyg_like(Graph())))
        self.model = graphsieve.NodeClassifier(settings=SETTINGS, progress=False, out=self.dir / "run").fit(self.data)
        self.inputs = Run(self.model.run_).inputs(self.data)

    def loader(self, **options):
        return graphsieve.SampledLoader(self.data, self.model.run_, **{"num_neighbors": [4, 3], "batch_size": 16, **options})

    def test_a_batch_is_a_part_of_the_graph(self):
        loader = self.loader()
        batches = list(loader)
        self.assertEqual((len(batches), len(loader)), (5, 5))
        self.assertEqual(torch.cat([b.n_id[:b.batch_size] for b in batches]).tolist(), list(range(80)))
        graph = self.inputs.attention_graph
        row = torch.repeat_interleave(torch.arange(80), graph.row_start.diff())
        all_edges = set(zip(graph.source.tolist(), row.tolist(), graph.type.tolist()))
        for batch in batches:
            self.assertTrue(torch.equal(batch.x, self.data.x[batch.n_id]))
            self.assertTrue(torch.equal(batch.y, self.data.y[batch.n_id]))
            self.assertEqual(len(batch.n_id.unique()), len(batch.n_id))
            edges = list(zip(*batch.n_id[batch.edge_index].tolist(), batch.edge_type.tolist()))
            self.assertEqual(len(set(edges)), len(edges))
            self.assertLessEqual(set(edges), all_edges)

    def test_every_node_of_a_hop_has_its_draws(self):
        graph = self.inputs.attention_graph
        row = torch.repeat_interleave(torch.arange(80), graph.row_start.diff())
        degree = torch.bincount(row[graph.type == 0], minlength=80)  # of an expander's edges two may be the same
        for batch in self.loader(edge_types=[0]):
            drawn = torch.bincount(batch.edge_index[1], minlength=len(batch.n_id))
            own = batch.n_id[:batch.batch_size]
            self.assertEqual(drawn[:batch.batch_size].tolist(), degree[own].clamp_max(4).tolist())

    def test_draws_follow_the_scores(self):
        """How often an edge is drawn goes with its score."""
        score, graph = self.inputs.scores[-1], self.inputs.attention_graph
        rounds = 60
        loader = self.loader(num_neighbors=[2], batch_size=80)
        counts = torch.zeros(80, 80)
        for _ in range(rounds):
            batch = next(iter(loader))
            source, destination = batch.n_id[batch.edge_index]
            counts.index_put_((destination, source), torch.ones(len(source)), accumulate=True)
        row = torch.repeat_interleave(torch.arange(80), graph.row_start.diff())
        share = counts[row, graph.source.long()] / rounds
        correlation = torch.corrcoef(torch.stack([share, score]))[0, 1].item()
        self.assertGreater(correlation, 0.5)

    def test_seed_epoch_and_shuffle(self):
        def ids(loader):
            return [b.n_id.tolist() for b in loader]

        a, b = self.loader(shuffle=True, seed=1), self.loader(shuffle=True, seed=1)
        first = ids(a)
        self.assertEqual(first, ids(b))
        self.assertNotEqual(first, ids(a))
        self.assertEqual(sorted(i for n in (x.n_id[:x.batch_size] for x in self.loader(shuffle=True)) for i in n.tolist()), list(range(80)))

    def test_input_nodes_and_types(self):
        mask = self.data.train_mask[:, 0]
        batches = list(self.loader(input_nodes=mask, edge_types=[0]))
        self.assertEqual(torch.cat([b.n_id[:b.batch_size] for b in batches]).tolist(), mask.nonzero().flatten().tolist())
        self.assertEqual({t for b in batches for t in b.edge_type.tolist()}, {0})

    def same(self, a, b):
        a, b = a.to_dict(), b.to_dict()
        self.assertEqual(a.keys(), b.keys())
        for name, value in a.items():
            if isinstance(value, torch.Tensor):
                self.assertTrue(torch.equal(value, b[name]), name)
            else:
                self.assertEqual(value, b[name])

    @unittest.skipUnless(HAS_PYG, "PyG is not there")
    def test_workers_make_the_same_batches(self):
        self.data.edge_attr = torch.randn(self.data.edge_index.shape[1], 2)
        loader = self.loader(shuffle=True)
        expected = list(loader) + list(loader)
        for options in ({"num_workers": 1}, {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 3},
                        {"num_workers": 1, "multiprocessing_context": "spawn"}):
            with self.subTest(**options):
                loader = self.loader(shuffle=True, **options)
                found = list(loader) + list(loader)
                self.assertEqual(len(found), len(expected))
                for a, b in zip(found, expected, strict=True):
                    self.same(a, b)

    def test_all_neighbours(self):
        graph = self.inputs.attention_graph
        row = torch.repeat_interleave(torch.arange(80), graph.row_start.diff())
        for batch in self.loader(num_neighbors=[-1], batch_size=10):
            own = batch.n_id[:batch.batch_size]
            expected = torch.isin(row, own)
            edges = torch.stack([batch.n_id[batch.edge_index[0]], batch.n_id[batch.edge_index[1]], batch.edge_type], 1).tolist()
            self.assertEqual(sorted(edges), sorted(torch.stack([graph.source[expected].long(), row[expected],
                                                                graph.type[expected].long()], 1).tolist()))

    def test_ids_and_features_of_edges(self):
        edges = self.data.edge_index.shape[1]
        self.data.edge_attr = torch.arange(2.0 * edges).view(edges, 2) + 1
        self.data.edge_weight = torch.arange(edges) + 1
        seen = set()
        for batch in self.loader():
            known = batch.e_id >= 0
            self.assertTrue(torch.equal(known, batch.edge_type == 0))
            pairs = batch.n_id[batch.edge_index][:, known].sort(0)[0]
            self.assertTrue(torch.equal(pairs, self.data.edge_index[:, batch.e_id[known]].sort(0)[0]))
            self.assertTrue(torch.equal(batch.edge_attr[known], self.data.edge_attr[batch.e_id[known]]))
            self.assertTrue(torch.equal(batch.edge_weight[known], self.data.edge_weight[batch.e_id[known]]))
            self.assertEqual(batch.edge_attr[~known].abs().sum(), 0)
            self.assertEqual((sum(batch.num_sampled_nodes), sum(batch.num_sampled_edges)), (len(batch.n_id), batch.edge_index.shape[1]))
            self.assertEqual((batch.num_sampled_nodes[0], len(batch.num_sampled_nodes), len(batch.num_sampled_edges)), (batch.batch_size, 3, 2))
            seen |= set(batch.edge_type.tolist())
        self.assertEqual(seen, {0, 2})

    def test_an_edge_listed_in_both_directions_has_its_own_position(self):
        self.data.edge_index = torch.cat([self.data.edge_index, self.data.edge_index.flip(0)], 1)
        self.data.edge_attr = torch.arange(self.data.edge_index.shape[1])
        for batch in self.loader(edge_types=[0]):
            self.assertTrue(torch.equal(batch.n_id[batch.edge_index], self.data.edge_index[:, batch.edge_attr]))

    def test_times(self):
        self.data.time = torch.from_numpy(np.random.default_rng(0).integers(0, 20, 80))
        for options in ({"num_neighbors": [4, 3]}, {"num_neighbors": [-1, 2]}, {"num_neighbors": [3], "input_time": torch.full((80,), 10)}):
            with self.subTest(**options):
                latest = options.get("input_time", self.data.time)
                loader = self.loader(time_attr="time", **options)
                kept = 0
                for batch, again in zip(loader, self.loader(time_attr="time", **options), strict=True):
                    self.same(batch, again)
                    first = batch.n_id[:batch.batch_size]
                    self.assertEqual(batch.batch[:batch.batch_size].tolist(), list(range(batch.batch_size)))
                    drawn = torch.ones(len(batch.n_id), dtype=torch.bool)
                    drawn[:batch.batch_size] = False
                    self.assertTrue((batch.time <= latest[first][batch.batch])[drawn].all())
                    source, destination = batch.edge_index
                    self.assertTrue(torch.equal(batch.batch[source], batch.batch[destination]))
                    pairs = torch.stack([batch.batch, batch.n_id])
                    self.assertEqual(len(pairs.unique(dim=1)[0]), len(batch.n_id))
                    per_node = torch.bincount(destination, minlength=len(batch.n_id))[:batch.batch_size]
                    if options["num_neighbors"][0] != -1:
                        self.assertLessEqual(int(per_node.max()), options["num_neighbors"][0])
                    kept += len(source)
                self.assertGreater(kept, 0)

    def test_times_leave_all_edges_where_all_are_early(self):
        self.data.time = torch.zeros(80, dtype=torch.int64)
        timed, plain = (self.loader(num_neighbors=[-1], **options) for options in ({"time_attr": "time"}, {}))
        for a, b in zip(timed, plain, strict=True):
            self.assertEqual(a.edge_index.shape, b.edge_index.shape)
            self.assertEqual(sorted(a.n_id[a.edge_index].T.tolist()), sorted(b.n_id[b.edge_index].T.tolist()))

    def test_transform_and_what_is_refused(self):
        self.assertEqual([b for b in self.loader(transform=lambda batch: batch.batch_size)], [16] * 5)
        self.data.time = torch.zeros(80)
        for sentence, options in (("transform is 3, expected a function", {"transform": 3}), ("sampler: is the loader's own", {"sampler": [1]}),
                                  ("time_attr is 'no', expected the name", {"time_attr": "no"}),
                                  ("input_time: given without time_attr", {"input_time": torch.zeros(80)}),
                                  (r"input_time: expected a tensor \[80\]", {"time_attr": "time", "input_time": torch.zeros(3)}),
                                  ("num_neighbors is -2, expected a whole number from 1", {"num_neighbors": [-2]})):
            with self.assertRaisesRegex(graphsieve.Error, sentence):
                self.loader(**options)
        with self.assertRaisesRegex(ValueError, "num_workers"):
            self.loader(num_workers=-1)

    def test_bad_use(self):
        for sentence, options in (("num_neighbors is 0, expected a whole number from 1", {"num_neighbors": [0]}),
                                  ("num_neighbors is 2.5, expected a whole number", {"num_neighbors": [2.5]}),
                                  ("num_neighbors is 3, expected a list", {"num_neighbors": 3}),
                                  (r"num_neighbors is \[\], expected a list", {"num_neighbors": []}),
                                  ("seed is -1, expected a whole number from 0", {"seed": -1}),
                                  ("seed is 18446744073709551616, expected a whole number 0 to", {"seed": 2**64}),
                                  (r"edge_types is \[7\], expected some of \[0, 2\]", {"edge_types": [7]}),
                                  (r"edge_types is \[\], expected some of", {"edge_types": []}),
                                  ("num_neighbors has 9 hops", {"num_neighbors": [2] * 9}),
                                  ("batch_size is 0, expected a whole number from 1", {"batch_size": 0}),
                                  ("input_nodes: holds 0 to 99, expected nodes 0 to 79", {"input_nodes": torch.tensor([0, 99])}),
                                  ("input_nodes: a node appears twice", {"input_nodes": torch.tensor([1, 1])}),
                                  ("input_nodes: a mask of 3, expected 80", {"input_nodes": torch.ones(3, dtype=torch.bool)})):
            with self.assertRaisesRegex(graphsieve.Error, sentence):
                self.loader(**options)
        with self.assertRaisesRegex(graphsieve.Error, "data: list without edge_index, expected PyG's Data"):
            graphsieve.SampledLoader([], self.model.run_, [2])
        self.data = Data(**vars(pyg_like(Graph(seed=2))))
        with self.assertRaisesRegex(graphsieve.Error, "was trained on another graph; its edges are not those of edge_index"):
            self.loader()
        self.data = Data(**vars(pyg_like(Graph(nodes=81))))
        with self.assertRaisesRegex(graphsieve.Error, "was trained on another graph, of 80 nodes; the data has 81"):
            self.loader()
        self.data = Data(**vars(pyg_like(Graph())))
        self.data.edge_index = self.data.edge_index.int()
        with self.assertRaisesRegex(graphsieve.Error, "edge_index: int32, expected int64"):
            self.loader()

    def test_an_epoch_that_was_stopped_leaves_nothing_behind(self):
        """As Ctrl-C within a batch does."""
        expected = [b.n_id.tolist() for b in self.loader()]
        loader = self.loader()
        batches = iter(loader)
        next(batches)
        with unittest.mock.patch.object(loader.collate_fn, "_draw", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            next(batches)
        loader.epoch = 0
        self.assertEqual([b.n_id.tolist() for b in loader], expected)

    def test_threads_share_a_loader(self):
        loader, wrong = self.loader(batch_size=4), []

        def pass_over():
            for batch in (b for _ in range(8) for b in loader):
                nodes = len(batch.n_id)
                if len(batch.n_id.unique()) != nodes or not 0 <= batch.edge_index.min() <= batch.edge_index.max() < nodes:
                    wrong.append(batch)

        threads = [threading.Thread(target=pass_over) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((loader.epoch, wrong), (32, []))

    def test_more_draws_than_edges_are_all_edges(self):
        sizes = [[b.edge_index.shape[1] for b in self.loader(num_neighbors=[k, k])] for k in (80, 10**12)]
        self.assertEqual(sizes[0], sizes[1])

    def test_damaged_scores(self):
        scores = without_checksums(self.model.run_) / "scores"
        for name, damage, sentence in (("layer_0", lambda a: a - 2, "edge [0-9]+ has the score .*, expected a finite number from 0"),
                                       ("layer_0", lambda a: a * float("nan"), "edge 0 has the score nan"),
                                       ("layer_1", lambda a: a[1:], "expected [0-9]+ scores from 0, one per edge"),
                                       ("layer_1", lambda a: a.astype("f8"), "layer_1.npy: holds another type than '<f4'"),
                                       ("row_start", lambda a: a[::-1], "row_start.npy: expected to ascend"),
                                       ("source", lambda a: a + 80, "edges.source: holds"), ("type", lambda a: a[1:], "type.npy: has [0-9]+ entries"),
                                       ("layer_3", None, "layer_3.npy: 72 bytes of data"), ("source", None, "source.npy: 72 bytes of data")):
            whole = (scores / f"{name}.npy").read_bytes()
            with self.subTest(name=name, sentence=sentence):
                if damage:
                    np.save(scores / f"{name}.npy", damage(np.load(scores / f"{name}.npy")))
                else:
                    (scores / f"{name}.npy").write_bytes(whole[:200])
                with self.assertRaisesRegex(graphsieve.Error, sentence):
                    self.loader()
            (scores / f"{name}.npy").write_bytes(whole)

    def test_a_run_of_the_program_on_the_same_edges(self):
        """The program's run of the file, and data with each edge in both directions."""
        run = self.run_folder(self.graph(), *settings_args(SETTINGS), name="program")
        expected = [b.n_id.tolist() for b in self.loader()]
        self.data.edge_index = torch.cat([self.data.edge_index, self.data.edge_index.flip(0)], 1)
        loader = graphsieve.SampledLoader(self.data, run, num_neighbors=[4, 3], batch_size=16)
        self.assertEqual([b.n_id.tolist() for b in loader], expected)
        (run / "scores" / "layer_0.npy").unlink()
        with self.assertRaisesRegex(graphsieve.Error, "this run has no estimator, so no scores to draw by"):
            graphsieve.SampledLoader(self.data, run, num_neighbors=[4])

    @unittest.skipUnless(HAS_PYG, "PyG is not there")
    def test_a_pyg_model_trains_on_it(self):
        from torch_geometric.nn import GraphSAGE
        model = GraphSAGE(6, 16, num_layers=2, out_channels=3)
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        losses = []
        for _ in range(8):
            for batch in self.loader(shuffle=True):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(batch.x, batch.edge_index)[:batch.batch_size], batch.y[:batch.batch_size])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        self.assertLess(sum(losses[-5:]), 0.7 * sum(losses[:5]))


if __name__ == "__main__":
    unittest.main()
