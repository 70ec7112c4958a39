# SPDX-License-Identifier: Apache-2.0
"""NodeRegressor: numbers in their own unit, the program's bits, and what is refused."""
import unittest

import scipy.sparse

from python_testing import SHORT, EngineTest, Graph, np, pyg_like, settings_args, torch

import graphsieve


class Regressor(EngineTest):
    def numbers(self):
        graph = Graph()
        del graph.node_labels
        graph.node_numbers = graph.node_features[:, 0].astype(np.float64) * 300 + 7
        return graph

    def model(self, **options):
        return graphsieve.NodeRegressor(**{"settings": SHORT, "progress": False, **options})

    def matrices(self, graph, y):
        n = len(graph.node_features)
        adjacency = scipy.sparse.csr_array((np.ones(len(graph.edges)), tuple(graph.edges.T)), shape=(n, n))
        return adjacency, graph.node_features, y

    def test_is_the_programs_run_to_the_bit(self):
        graph = self.numbers()
        graph.write(self.dir / "numbers.npz")
        run = self.run_folder(self.dir / "numbers.npz", *settings_args(SHORT))
        model = self.model(out=self.dir / "path").fit(self.dir / "numbers.npz")
        self.assert_same_files(run, model.run_)
        rows = (run / "predictions.csv").read_text().splitlines()[1:]
        np.testing.assert_array_equal(model.predict(), np.array([row.split(",")[3] for row in rows], np.float32))

    def test_forms_of_data(self):
        graph = self.numbers()
        y = graph.node_numbers
        of_matrices = self.model().fit(self.matrices(graph, y))
        self.assertEqual(of_matrices.predict().shape, (80,))
        self.assertEqual(list(of_matrices.table()), ["node", "predicted"])
        graph.node_labels = np.zeros(80, np.int64)
        data = pyg_like(graph)
        data.y = torch.tensor(y)[:, None]
        np.testing.assert_array_equal(self.model().fit(data).result_["runs"][0]["learned"]["means"],
                                      graphsieve.NodeRegressor.load(self.saved(self.model().fit(data)), data).result_["runs"][0]["learned"]["means"])
        two = self.model().fit(self.matrices(graph, np.stack([y, -y], 1)))
        self.assertEqual(two.predict().shape, (80, 2))
        masked = self.model().fit(self.matrices(graph, np.ma.masked_less(y, 0)))
        self.assertEqual(masked.predict().shape, (80,))

    def saved(self, model):
        model.save(self.dir / "saved")
        return self.dir / "saved"

    def test_scores_data_without_numbers(self):
        graph = self.numbers()
        model = self.model().fit(self.matrices(graph, graph.node_numbers))
        a, x, _ = self.matrices(graph, None)
        np.testing.assert_array_equal(model.predict((a, x)), model.predict())

    def test_refusals(self):
        graph = self.numbers()
        graph.write(self.dir / "numbers.npz")
        with self.assertRaisesRegex(graphsieve.Error, "numbers to predict, which graphsieve.NodeRegressor learns"):
            graphsieve.NodeClassifier(settings=SHORT, progress=False).fit(self.dir / "numbers.npz")
        with self.assertRaisesRegex(graphsieve.Error, "one class per node, which graphsieve.NodeClassifier learns"):
            self.model().fit(self.graph())
        for y, words in ((["a"] * 80, "y: .*expected"), (np.full(80, np.inf), "expected a number"), ([1.0], "expected 80")):
            with self.assertRaisesRegex(graphsieve.Error, words):
                self.model().fit(self.matrices(graph, y))


if __name__ == "__main__":
    unittest.main()
