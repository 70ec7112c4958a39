# SPDX-License-Identifier: Apache-2.0
"""What users pass from Python is understood as they mean it, or refused, or a warning says what is not used."""
import csv
import json
import unittest
import warnings

import networkx
import scipy.sparse

from python_testing import SHORT, EngineTest, Graph, np, pyg_like, settings_args, torch

import graphsieve
from graphsieve.progress import GraphsieveWarning

try:
    import pyarrow
except ImportError:
    pyarrow = None
try:
    import pandas
except ImportError:
    pandas = None


def classifier(**options):
    return graphsieve.NodeClassifier(**{"settings": SHORT, "progress": False, **options})


class GraphsTest(EngineTest):
    def said(self, data, **options):
        """The graph of the data, and the warnings."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            graph = graphsieve.graph_of(data, **options)
        return graph, [str(w.message) for w in caught if issubclass(w.category, GraphsieveWarning)]

    def refused(self, message, data):
        with self.assertRaisesRegex(graphsieve.Error, message):
            graphsieve.graph_of(data)


class PyG(GraphsTest):
    def test_adj_t_and_sparse_x_are_the_same_graph(self):
        plain, _ = self.said(pyg_like(Graph()))
        data = pyg_like(Graph())
        source, destination = data.edge_index
        size = (len(data.x), len(data.x))
        data.adj_t = torch.sparse_coo_tensor(torch.stack([destination, source]), torch.ones(len(source)), size).coalesce()
        del data.edge_index
        self.assertEqual(self.said(data)[0].engine.fingerprint, self.said(data)[0].engine.fingerprint)
        model = classifier().fit(pyg_like(Graph()))
        np.testing.assert_array_equal(model.predict_proba(data), model.predict_proba())
        data.adj_t = data.adj_t.to_sparse_csr()
        np.testing.assert_array_equal(model.predict_proba(data), model.predict_proba())
        data = pyg_like(Graph())
        data.x = data.x.to_sparse_coo()
        self.assertEqual(self.said(data)[0].engine.fingerprint, plain.engine.fingerprint)
        data.x = pyg_like(Graph()).x.to_sparse_csr()
        self.assertEqual(self.said(data)[0].engine.fingerprint, plain.engine.fingerprint)

    def test_edge_types(self):
        data = pyg_like(Graph())
        data.edge_type = torch.arange(data.edge_index.shape[1]) % 2 * 5
        graph, _ = self.said(data)
        other = pyg_like(Graph())
        other.edge_type = torch.arange(data.edge_index.shape[1]) % 3 * 5
        self.assertNotEqual(graph.engine.fingerprint, self.said(other)[0].engine.fingerprint)
        model = classifier().fit(data)
        self.assertEqual(model.result_["graph"]["edge_type_names"], ["0", "5"])
        with self.assertRaisesRegex(graphsieve.Error, "edge type '10' is none of those"):
            model.predict(other)
        data.edge_type = torch.zeros(3, dtype=torch.long)
        self.refused(r"edge_type: int64 \[3\], expected integers", data)
        data.edge_type = torch.rand(data.edge_index.shape[1])
        self.refused("edge_type: float32", data)

    def test_weights_and_attributes_are_told(self):
        data = pyg_like(Graph())
        data.edge_attr = torch.rand(data.edge_index.shape[1], 3)
        self.assertEqual(self.said(data)[1], ["data: edge_attr is not used: an edge may have a type (edge_type), but no weight and no features"])
        data = pyg_like(Graph())
        data.edge_weight = torch.rand(data.edge_index.shape[1])
        self.assertIn("edge_weight is not used", self.said(data)[1][0])

    def test_lists_of_nodes_as_splits(self):
        data, graph = pyg_like(Graph()), Graph()
        for part in ("train", "val", "test"):
            delattr(data, f"{part}_mask")
            setattr(data, "valid_idx" if part == "val" else f"{part}_idx", torch.from_numpy(np.flatnonzero(getattr(graph, f"{part}_masks")[0])))
        model = classifier(out=self.dir / "run").fit(data)
        split = json.loads((self.dir / "run" / "split.json").read_text())
        self.assertEqual(split["train"], np.flatnonzero(graph.train_masks[0]).tolist())
        self.assertEqual(model.result_["graph"]["nodes"], 80)
        del data.test_idx
        self.refused("has train_idx, val_idx alone", data)
        data.test_idx = torch.tensor([80])
        self.refused("test_idx: expected numbers of nodes from 0 to 79", data)


class Labels(GraphsTest):
    def data(self, y):
        data = pyg_like(Graph())
        data.y = torch.as_tensor(y)
        return data

    def test_integers_that_do_not_begin_with_0_are_names(self):
        labels = Graph().node_labels
        for values in ([1, 2, 3], [3, 7, 1000000000]):
            graph, said = self.said(self.data(np.array(values)[labels]))
            self.assertEqual((graph.classes, graph.class_values.tolist()), (3, values))
            self.assertIn(f"data: y: the integers {values[0]}, {values[1]}", said[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = classifier(out=self.dir / "run").fit(self.data(np.array([3, 7, 9])[labels]))
        self.assertLessEqual(set(model.predict()), {3, 7, 9})
        with open(self.dir / "run" / "predictions.csv") as file:
            self.assertEqual([row["label"] for row in csv.DictReader(file)], [str([3, 7, 9][c]) for c in labels])

    def test_missing_labels(self):
        labels = Graph().node_labels.copy()
        for missing in (-1, -100):
            labels[:5] = missing
            graph, said = self.said(self.data(labels))
            self.assertEqual((graph.classes, said), (3, []))
        self.refused("y: holds -1 and 1 alone", self.data(np.where(Graph().node_labels == 1, 1, -1)))
        masked = np.ma.masked_array(Graph().node_labels, mask=np.arange(80) < 5)
        a = scipy.sparse.csr_array((np.ones(len(Graph().edges)), tuple(Graph().edges.T)), shape=(80, 80))
        self.assertEqual(self.said((a, Graph().node_features, masked))[0].classes, 3)

    def test_one_hot(self):
        self.refused("each row has exactly one 1", self.data(np.eye(3, dtype=np.int64)[Graph().node_labels]))
        several = np.eye(3, dtype=np.int64)[Graph().node_labels]
        several[0] = [1, 1, 0]
        self.assertTrue(self.said(self.data(several))[0].multi_label)


class NetworkX(GraphsTest):
    def nodes(self, ids):
        graph, given = networkx.Graph(), Graph()
        graph.add_edges_from((ids[a], ids[b]) for a, b in given.edges)
        graph.add_nodes_from(ids)
        for i, node in enumerate(ids):
            graph.nodes[node].update(x=given.node_features[i].tolist(), y=int(given.node_labels[i]))
        return graph

    def test_the_run_folder_has_the_users_ids(self):
        for ids in ([f"user-{i}" for i in range(80)], [(i, "a") for i in range(80)], list(range(1000, 1080)), list(np.arange(80)[::-1].tolist())):
            graph = self.nodes(ids)
            model = classifier(out=self.dir / "run", overwrite=True).fit(graph)
            with open(self.dir / "run" / "predictions.csv") as file:
                rows = {row["node"]: row for row in csv.DictReader(file)}
            self.assertEqual(set(rows), {str(node) for node in ids})
            for node in ids:
                self.assertEqual(int(rows[str(node)]["label"]), graph.nodes[node]["y"])
            table = model.table()
            self.assertEqual(set(table["node"].tolist()), set(ids))
        graph = self.nodes([1, "1", *range(2, 80)])
        self.refused("nodes 1 and '1' are both called '1'", graph)

    def test_the_order_of_the_nodes_does_not_matter(self):
        graph = self.nodes([f"user-{i}" for i in range(80)])
        model = classifier().fit(graph)
        expected = dict(zip(model.table()["node"], model.predict_proba().tolist(), strict=True))
        other = networkx.Graph()
        other.add_nodes_from(reversed(list(graph.nodes(data=True))))
        other.add_edges_from(graph.edges)
        table = model.table(other)
        for i, node in enumerate(table["node"]):
            self.assertEqual([table[f"p_{c}"][i] for c in range(3)], [np.float32(p) for p in expected[node]])

    def test_splits_and_attributes_of_edges(self):
        graph, given = self.nodes(list(range(80))), Graph()
        for i, part in enumerate(np.where(given.train_masks[0], "train", np.where(given.val_masks[0], "val", "test"))):
            graph.nodes[i]["split"] = str(part)
        first = next(iter(graph.edges))
        graph.edges[first]["weight"] = 2.0
        made, said = self.said(graph)
        self.assertEqual(said, ["data: attributes of edges are not used: weight"])
        model = classifier().fit(made)
        with open(model.run_ / "predictions.csv") as file:
            parts = {row["node"]: row["split"] for row in csv.DictReader(file)}
        self.assertEqual(parts, {str(i): graph.nodes[i]["split"] for i in range(80)})
        graph.nodes[0]["split"] = "training"
        self.refused("node 0: split is 'training', expected 'train', 'val', 'test' or None", graph)
        for i in range(80):
            del graph.nodes[i]["split"]
            graph.nodes[i].update(train_mask=bool(given.train_masks[0][i]), val_mask=bool(given.val_masks[0][i]), test_mask=bool(given.test_masks[0][i]))
        model = classifier().fit(graph)
        with open(model.run_ / "predictions.csv") as file:
            self.assertEqual({row["node"]: row["split"] for row in csv.DictReader(file)}, parts)


class Matrices(GraphsTest):
    def test_weights_are_told(self):
        graph = Graph()
        values = np.arange(1, len(graph.edges) + 1, dtype=float)
        for features in (graph.node_features, scipy.sparse.csr_array(graph.node_features)):
            a = scipy.sparse.csr_array((values, tuple(graph.edges.T)), shape=(80, 80))
            self.assertIn("the values of A are not used", self.said((a, features, graph.node_labels))[1][0])
            a.data[:] = 1
            self.assertEqual(self.said((a, features, graph.node_labels))[1], [])

    def test_statistics_of_training(self):
        graph = Graph()
        a = scipy.sparse.csr_array((np.ones(len(graph.edges)), tuple(graph.edges.T)), shape=(80, 80))
        model = classifier(settings={**SHORT, "data.features": "standardised"}).fit((a, graph.node_features, graph.node_labels))
        p = model.predict_proba((a, graph.node_features))
        np.testing.assert_array_equal(p, model.predict_proba())
        self.assertGreater(abs(p - model.predict_proba((a, graph.node_features * 10 + 5))).max(), 1e-3)


@unittest.skipUnless(pyarrow, "pyarrow is not there")
class DataFrames(GraphsTest):
    def tables(self, **columns):
        graph = Graph()
        nodes = {"id": [f"user-{i}" for i in range(80)], "city": [["Oslo", "Rome"][i % 2] for i in range(80)],
                 "label": [["cat", "dog", "emu"][c] for c in graph.node_labels]}
        nodes |= {f"x{c}": graph.node_features[:, c] for c in range(6)} | columns
        edges = {"source": [f"user-{a}" for a, _ in graph.edges], "destination": [f"user-{b}" for _, b in graph.edges]}
        return pyarrow.table(nodes), pyarrow.table(edges)

    def test_fit_and_score(self):
        nodes, edges = self.tables()
        model = classifier(out=self.dir / "run").fit((nodes, edges))
        self.assertEqual(model.classes_.tolist(), ["cat", "dog", "emu"])
        with open(self.dir / "run" / "predictions.csv") as file:
            self.assertEqual(next(csv.DictReader(file))["node"], "user-0")
        expected = {n: p.tolist() for n, p in zip(model.table()["node"], model.predict_proba(), strict=True)}
        # Tomorrow: no labels, other orders of rows and columns, one more column and one more node.
        order = np.random.default_rng(0).permutation(80)
        other = nodes.take(order).select(["x3", "city", "x1", "x0", "id", "x2", "x5", "x4"]).append_column("more", pyarrow.array([1] * 80))
        got = model.table((other, edges))
        self.assertEqual(got["node"].tolist(), [f"user-{i}" for i in order])
        for i, node in enumerate(got["node"]):
            self.assertEqual([got[f"p_{c}"][i] for c in ("cat", "dog", "emu")], [np.float32(p) for p in expected[node]])
        with self.assertRaisesRegex(graphsieve.Error, "no column 'x4' for features, which the model was trained with"):
            model.predict((nodes.drop_columns(["x4"]), edges))

    def test_is_the_programs_run_to_the_bit(self):
        import pyarrow.csv
        nodes, edges = self.tables(size=[None if i % 9 == 0 else i for i in range(80)])
        for table, name in ((nodes, "nodes"), (edges, "edges")):
            pyarrow.csv.write_csv(table, self.dir / f"{name}.csv")
        options = dict(fill={"size": "median"}, indicator=["size"], degree_features=True, drop=["x5"])
        self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--fill", "size=median", "--indicator", "size", "--degree-features",
                  "--drop", "x5", "--out", "folder")
        run = self.run_folder("folder", *settings_args(SHORT))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = classifier(out=self.dir / "of-tables").fit(graphsieve.Tables(nodes, edges, **options))
        for file in ("predictions.csv", "network.safetensors", "schema.json", "split.json"):
            if file == "schema.json":
                a, b = (json.loads((folder / file).read_text())["columns"] for folder in (run, model.run_))
                self.assertEqual(a, b)
            elif file == "network.safetensors":
                self.assertEqual((run / file).read_bytes(), (model.run_ / file).read_bytes())
        np.testing.assert_array_equal(model.predict_proba(self.dir / "folder"), model.predict_proba())

    def test_numbers_and_dates(self):
        joined = [f"2026-{1 + i % 12:02d}-01" for i in range(80)]
        nodes, edges = self.tables(price=[None if i % 9 == 0 else 1000.0 * i for i in range(80)], joined=joined)
        options = {"label": "price", "drop": ["label"], "split_by": "joined", "train_until": "2026-06-30", "validate_until": "2026-09-30"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = graphsieve.NodeRegressor(settings=SHORT, progress=False, out=self.dir / "run").fit(graphsieve.Tables(nodes, edges, **options))
            again = graphsieve.graph_of(graphsieve.Tables(nodes, edges, task="regression", **options))
        self.assertEqual(again.engine.fingerprint, model.result_["graph"]["fingerprint"])
        split = json.loads((self.dir / "run" / "split.json").read_text())
        months = {part: {int(joined[i][5:7]) for i in split[part]} for part in split}
        self.assertEqual(months, {"train": set(range(1, 7)), "val": set(range(7, 10)), "test": set(range(10, 13))})
        p = model.predict()
        np.testing.assert_array_equal(model.predict((nodes.drop_columns(["price"]), edges)), p)
        self.assertGreater(p.max(), 1000, "in the unit of the prices")

    def test_what_is_refused(self):
        nodes, edges = self.tables()
        for message, tables in ((": column 'size' of type number cannot be filled with 'most'", graphsieve.Tables(*self.tables(size=range(80)), fill={"size": "most"})),
                                ("no column 'acount' for ids", graphsieve.Tables(nodes, edges, id="acount")),
                                ("edges: list, expected a DataFrame", graphsieve.Tables(nodes, [1]))):
            self.refused(message, tables)
        with self.assertRaisesRegex(graphsieve.Error, "unknown is 'ignore', expected 'zeros' or 'refuse'"):
            graphsieve.Tables(nodes, edges, unknown="ignore")
        with self.assertRaisesRegex(graphsieve.Error, "drop is 'x1', expected a list of texts"):
            graphsieve.Tables(nodes, edges, drop="x1")
        with self.assertRaisesRegex(graphsieve.Error, "has no labels, so that it can be scored but not trained on"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                classifier().fit((nodes.drop_columns(["label"]), edges))

    @unittest.skipUnless(pandas, "pandas is not there")
    def test_pandas_with_the_ids_as_index(self):
        nodes, edges = self.tables()
        frame = nodes.to_pandas().set_index("id")
        graph, _ = self.said((frame, edges.to_pandas()))
        self.assertEqual(graph.engine.fingerprint, self.said((nodes, edges))[0].engine.fingerprint)


if __name__ == "__main__":
    unittest.main()
