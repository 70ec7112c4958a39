#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Node and edge tables into graph folders, from outside."""
import gzip
import json
import time
import unittest

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from engine_testing import EngineTest, Graph, SHORT, predictions, sets


def text(rows):
    return "\n".join(",".join(str(c) for c in row) for row in rows) + "\n"


class Tables(EngineTest):
    NODES = "id,age,city,label\nn1,30,Rome,0\nn2,41.5,Oslo,1\nn3,22,Rome,0\nn4,35,,1\n"
    EDGES = "source,destination\nn1,n2\nn2,n3\nn3,n4\nn2,n1\nn3,n3\n"

    def files(self, nodes=NODES, edges=EDGES):
        (self.dir / "nodes.csv").write_text(nodes)
        (self.dir / "edges.csv").write_text(edges)

    def convert(self, *args, code=0, nodes="nodes.csv", edges="edges.csv", out="folder"):
        return self.call("convert", "--nodes", nodes, "--edges", edges, "--out", out, "--overwrite", *args, code=code)

    def array(self, name, folder="folder"):
        return np.load(self.dir / folder / f"{name}.npy")

    def card(self):
        return json.loads((self.dir / "folder" / "graph.json").read_text())

    def assert_same_but_for_the_name(self, file, message=None):
        """The file of "folder" and of "other" hold the same; a card has the graph's name and, of that, another checksum."""
        a, b = ((self.dir / folder / file).read_bytes() for folder in ("folder", "other"))
        if file == "graph.json":
            a, b = ({**json.loads(card), "checksum": None, "name": None} for card in (a, b))
        self.assertEqual(a, b, message)

    def refused(self, message, *args, **files):
        self.files(**files)
        shown = self.convert(*args, code=1).stderr
        self.assertIn(message, shown)
        self.assertFalse((self.dir / "folder").exists(), "whole or not at all")

    def test_texts_numbers_and_categories(self):
        self.files()
        result = self.convert()
        self.assertIn("4 nodes, 3 undirected edges, 3 features, 2 classes", result.stdout)
        self.assertIn("self loops left out", result.stderr)
        np.testing.assert_array_equal(self.array("row_start"), [0, 1, 3, 5, 6])
        np.testing.assert_array_equal(self.array("source"), [1, 0, 2, 1, 3, 2])
        np.testing.assert_array_equal(self.array("features"), [[30, 0, 1], [41.5, 1, 0], [22, 0, 1], [35, 0, 0]])  # age, Oslo, Rome
        np.testing.assert_array_equal(self.array("labels"), [0, 1, 0, 1])
        self.assertEqual(self.array("node_id_text").tobytes(), b"n1n2n3n4")
        self.call("check", "folder")

    def test_directions_and_chosen_columns(self):
        self.files()
        self.convert("--directed", "--columns", "age")
        np.testing.assert_array_equal(self.array("row_start"), [0, 1, 2, 3, 4])
        np.testing.assert_array_equal(self.array("source"), [1, 0, 1, 2])
        self.assertEqual(self.card()["features"]["columns"], 1)

    def test_a_run_names_nodes_and_classes_as_the_tables_do(self):
        graph = Graph(nodes=60, classes=3)
        name = ["red, dark", "blue", 'the "other"']
        rows = [["id", "kind", "part", *(f"x{i}" for i in range(6))]]
        part = np.where(graph.train_masks[0], "train", np.where(graph.val_masks[0], "val", "test"))
        for i in range(60):
            kind = '"' + name[graph.node_labels[i]].replace('"', '""') + '"'
            rows.append([1000 - i, kind, part[i], *graph.node_features[i]])
        self.files(text(rows), text([["from", "to"], *(1000 - graph.edges)]))
        self.convert("--source", "from", "--destination", "to", "--label", "kind", "--split", "part")
        self.assertEqual(self.card()["labels"]["names"], sorted(name))
        np.testing.assert_array_equal(self.array("node_id"), 1000 - np.arange(60))
        run = self.run_folder(self.dir / "folder", *SHORT)
        table = pyarrow.csv.read_csv(run / "predictions.csv")
        self.assertEqual(table["node"].to_pylist(), [1000 - i for i in range(60)])
        self.assertEqual(table["label"].to_pylist(), [name[c] for c in graph.node_labels])
        self.assertEqual(table["split"].to_pylist(), part.tolist())
        self.assertLessEqual(set(table["predicted"].to_pylist()), set(name))
        self.assertIn("p_red, dark", table.column_names)
        # The same graph by numbers gives the same network.
        order = np.argsort(np.argsort(name))
        other = self.graph(lambda g: g.__dict__.update(node_labels=order[graph.node_labels], node_features=graph.node_features,
                                                       edges=graph.edges, train_masks=graph.train_masks[:1],
                                                       val_masks=graph.val_masks[:1], test_masks=graph.test_masks[:1]))
        same = self.run_folder(other, *SHORT, name="same")
        np.testing.assert_array_equal(predictions(same / "predictions.csv")[1],
                                      np.array([table[c].to_pylist() for c in table.column_names[4:]]).T)

    def test_parquet_and_packed_csv_are_the_same(self):
        self.files()
        self.convert()
        pa.parquet.write_table(pyarrow.csv.read_csv(self.dir / "nodes.csv"), self.dir / "nodes.parquet")
        pa.parquet.write_table(pyarrow.csv.read_csv(self.dir / "edges.csv"), self.dir / "edges.parquet")
        (self.dir / "edges.csv.gz").write_bytes(gzip.compress((self.dir / "edges.csv").read_bytes()))
        (self.dir / "nodes.tsv").write_text(self.NODES.replace(",", "\t"))
        for nodes, edges in (("nodes.parquet", "edges.parquet"), ("nodes.tsv", "edges.csv.gz")):
            # An empty text is missing in both.
            self.convert(nodes=nodes, edges=edges, out="other")
            for name in ("row_start", "source", "labels", "node_id_text"):
                np.testing.assert_array_equal(self.array(name), self.array(name, "other"), err_msg=f"{nodes} {name}")
            np.testing.assert_array_equal(self.array("features"), self.array("features", "other"), err_msg=nodes)

    def test_integers_before_fractions_and_late_rows(self):
        rows = [["id", "x", "label"], *([i, i, i % 2] for i in range(300000)), [300000, 0.25, 1]]
        self.files(text(rows), text([["source", "destination"], [0, 300000], [5, 6]]))
        self.convert("--memory", "64KiB")
        self.assertEqual(self.array("features")[-1, 0], 0.25)
        self.assertEqual(self.card()["ids"], "none")
        self.assertEqual(self.array("source").tolist(), [300000, 6, 5, 0])

    def test_many_edges_in_little_memory(self):
        random = np.random.default_rng(0)
        edges = random.integers(0, 500, (60000, 2))
        self.files(text([["id", "x", "label"], *([i, i * 0.5, i % 3] for i in range(500))]), text([["source", "destination"], *edges]))
        self.convert("--memory", "64KiB")
        both = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
        both = both[both[:, 0] != both[:, 1]]
        np.testing.assert_array_equal(self.array("source"), both[:, 1])
        np.testing.assert_array_equal(np.diff(self.array("row_start")), np.bincount(both[:, 0], minlength=500))
        self.convert("--memory", "100MiB", out="other")
        self.assert_same_but_for_the_name("graph.json")

    def test_several_labels_and_missing_ones(self):
        self.files("id,x,a,b\n7,1,0,1\n9,2,,0\n8,3,1,-1\n", "source,destination\n7,8\n9,8\n")
        self.convert("--label", "a,b")
        np.testing.assert_array_equal(self.array("labels"), [[0, 1], [np.nan, 0], [1, np.nan]])
        np.testing.assert_array_equal(self.array("node_id"), [7, 9, 8])
        self.files("id,x,label\n7,1,\n9,2,0\n8,3,-1\n", "source,destination\n7,8\n9,8\n")
        self.convert()
        np.testing.assert_array_equal(self.array("labels"), [-1, 0, -1])

    def test_true_and_false(self):
        self.files("id,sure,x,label\n1,true,2,false\n2,false,3,true\n", "source,destination\n1,2\n")
        self.convert()
        np.testing.assert_array_equal(self.array("features"), [[1, 2], [0, 3]])
        np.testing.assert_array_equal(self.array("labels"), [0, 1])

    def test_edge_types(self):
        self.files(edges="source,destination,kind\nn1,n2,pays\nn2,n3,knows\nn1,n2,knows\nn2,n1,knows\nn3,n4,pays\nn3,n3,pays\n")
        self.assertIn("4 nodes, 4 undirected edges of 2 types", self.convert("--edge-type", "kind").stdout)
        np.testing.assert_array_equal(self.array("row_start"), [0, 2, 5, 7, 8])
        np.testing.assert_array_equal(self.array("source"), [1, 1, 0, 2, 0, 1, 3, 2])
        np.testing.assert_array_equal(self.array("edge_type"), [0, 1, 0, 0, 1, 0, 1, 1])
        self.assertEqual((self.card()["edge_types"], self.card()["version"]), (["knows", "pays"], 3))
        report = json.loads(self.call("check", "folder", "--json").stdout)
        self.assertEqual(report["edge_types"], [{"name": "knows", "edges": 2}, {"name": "pays", "edges": 2}])
        self.assertIn("knows: 2", self.call("check", "folder").stdout)
        self.files(edges="source,destination,kind\nn1,n2,10\nn2,n3,-5\nn4,n2,9\n")
        self.convert("--edge-type", "kind", "--directed")
        self.assertEqual(self.card()["edge_types"], ["-5", "9", "10"])
        np.testing.assert_array_equal(self.array("edge_type"), [1, 2, 0])
        np.testing.assert_array_equal(self.array("source"), [3, 0, 1])

    def test_edge_types_refused(self):
        self.refused("edges.csv: line 3, column 'kind': no edge type", "--edge-type", "kind", edges="source,destination,kind\nn1,n2,a\nn2,n3,\n")
        self.refused("expected integers or texts as edge types", "--edge-type", "kind", edges="source,destination,kind\nn1,n2,0.5\n")
        self.refused("no column 'kind' for edge types (--edge-type)", "--edge-type", "kind")
        many = text([["source", "destination", "kind"], *(["n1", "n2", k] for k in range(65))])
        self.refused("column 'kind' holds more than 64 different edge types", "--edge-type", "kind", edges=many)

    def test_labels_told_by_edge_types_alone_are_learnt(self):
        random = np.random.default_rng(0)
        nodes, rows = 300, [["source", "destination", "kind"]]
        label = random.permutation(nodes) % 2
        for i in range(nodes):  # each node has five neighbours of its own; the type of these edges is its class
            rows += [[i, nodes + 5 * i + j, "ab"[label[i]]] for j in range(5)]
        part = ["train", "val", "test"]
        table = [["id", "x", "label", "part"], *([i, 1, label[i], part[i % 3]] for i in range(nodes)),
                 *([nodes + i, 1, "", ""] for i in range(5 * nodes))]
        self.files(text(table), text(rows))
        settings = sets(graph__expander_edges="false", graph__self_loops="true", estimator__epochs=20, network__epochs=80,
                        network__k=5, network__layers=2, estimator__layers=2)
        tests = {}
        for kind in ([], ["--edge-type", "kind"]):
            self.convert("--split", "part", *kind)
            run = self.run_folder(self.dir / "folder", *settings, name=f"run{len(kind)}")
            tests[len(kind)] = self.result(run)["runs"][0]["test"]
        self.assertGreater(tests[2], 0.9)
        self.assertLess(tests[0], 0.7)
        self.assertEqual(self.result(run)["graph"]["edge_types"], 4)
        self.call("predict", run, "folder", "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (run / "predictions.csv").read_bytes())
        self.convert("--split", "part")
        self.assertIn("folder: its edges have no types, the model was trained on edges with types",
                      self.call("predict", run, "folder", "--out", "q.csv", code=1).stderr)
        self.assertFalse((self.dir / "q.csv").exists())

    def test_one_edge_type_is_none(self):
        graph = Graph(nodes=60)
        self.files(text([["id", "label", *(f"x{i}" for i in range(6))], *([i, y, *x] for i, (y, x) in enumerate(zip(graph.node_labels, graph.node_features)))]),
                   text([["source", "destination", "kind"], *([*e, "only"] for e in graph.edges)]))
        runs = []
        for name, kind in (("without", []), ("with", ["--edge-type", "kind"])):
            self.convert(*kind)
            runs.append(self.run_folder(self.dir / "folder", *SHORT, name=name))
        self.assertEqual(*((run / "predictions.csv").read_bytes() for run in runs))

    def test_ids_that_do_not_fit_in_memory(self):
        random = np.random.default_rng(2)
        nodes, edges = 20000, 30000
        ends = random.integers(0, nodes, (edges, 2))
        kinds = random.integers(0, 3, edges)
        for name, ids in (("texts", [f"account-{i * 7919 % nodes:x}" for i in range(nodes)]),
                          ("integers", [(i * 7919 % nodes) * 10**12 - 5 for i in range(nodes)])):
            self.files(text([["id", "x", "label"], *([ids[i], i % 50, i % 3] for i in range(nodes))]),
                       text([["source", "destination", "kind"], *([ids[s], ids[d], "abc"[k]] for (s, d), k in zip(ends, kinds))]))
            for options in ([], ["--directed", "--edge-type", "kind"]):
                self.assertIn("sorted on disk", self.convert("--memory", "64KiB", *options, out="folder").stderr)
                self.assertNotIn("sorted on disk", self.convert("--memory", "64MiB", *options, out="other").stderr)
                files = sorted(p.name for p in (self.dir / "other").iterdir())
                self.assertEqual(files, sorted(p.name for p in (self.dir / "folder").iterdir()))
                for file in files:
                    self.assert_same_but_for_the_name(file, f"{name} {options} {file}")
            # Errors are the same as well.
            edge_rows = (self.dir / "edges.csv").read_text().splitlines()
            node_rows = (self.dir / "nodes.csv").read_text().splitlines()
            stranger = "stranger" if name == "texts" else "77"
            for column, row in (("source", 17000), ("destination", 20011)):
                broken = edge_rows.copy()
                for r in (row, 25000):
                    cells = broken[r].split(",")
                    cells[column == "destination"] = stranger
                    broken[r] = ",".join(cells)
                self.files((self.dir / "nodes.csv").read_text(), "\n".join(broken))
                message = [self.convert("--memory", memory, code=1, out="none").stderr.splitlines()[-1] for memory in ("64KiB", "64MiB")]
                self.assertEqual(*message)
                self.assertIn(f"edges.csv: line {row + 1}, column '{column}': no node has the id", message[0])
                for memory in ("64KiB", "64MiB"):
                    self.assertIn("2 edges with an id that no node has left out", self.convert("--memory", memory, "--drop-dangling").stderr)
            node_rows[12345] = node_rows[7].split(",")[0] + "," + node_rows[12345].split(",", 1)[1]
            self.files("\n".join(node_rows), "\n".join(edge_rows))
            for memory in ("64KiB", "64MiB"):
                shown = self.convert("--memory", memory, code=1, out="none").stderr
                self.assertIn(f"nodes.csv: lines 8 and 12346 have the same id '{ids[6]}'", shown)
                self.assertFalse((self.dir / "none").exists())

    def test_missing_numbers(self):
        holes = self.NODES.replace("22,", ",")
        self.refused("nodes.csv: line 4, column 'age': no number; --fill age=mean or --fill VALUE puts one in its place", nodes=holes)
        self.assertIn("column 'age': 1 missing value set to 7", self.convert("--fill", 7).stderr)
        self.assertEqual(self.array("features")[2, 0], 7)

    def test_fills_indicators_and_columns_left_out(self):
        self.files("Unnamed: 0,id,a,b,c,label\n0,n1,1,,x,0\n1,n2,,5,,1\n2,n3,4,6,y,0\n3,n4,10,8,x,1\n")
        said = self.convert("--fill", "a=mean", "--fill", "b=median", "--indicator", "a,c", "--drop", "label")
        np.testing.assert_allclose(self.array("features"),  # a, a missing; b; c=x, c=y, c missing
                                   [[1, 0, 6, 1, 0, 0], [5, 1, 5, 0, 0, 1], [4, 0, 6, 0, 1, 0], [10, 0, 8, 1, 0, 0]])
        for note in ("column 'a': 1 missing value set to 5, the mean", "column 'b': 1 missing value set to 6, the median",
                     "column 'Unnamed: 0' is left out: pandas stores the index of a table", "the graph has no labels"):
            self.assertIn(note, said.stderr)
        for message, options in (("column 'c' of type category cannot be filled with 'mean'", ["--fill", "c=mean"]),
                                 ("'zz', named for --fill, is no feature column", ["--fill", "zz=1"]),
                                 ("column 'a' holds number values; --cyclic takes columns of dates", ["--cyclic", "a"]),
                                 ("--fill: 'much', expected a number, or COLUMN=mean", ["--fill", "much"])):
            self.assertIn(message, self.convert(*options, code=2 if "much" in options else 1).stderr)

    def test_degree_features(self):
        edges = "source,destination,kind\nn1,n2,a\nn1,n3,a\nn1,n4,b\nn2,n3,b\n"
        self.files(edges=edges)
        self.convert("--columns", "age", "--degree-features")
        np.testing.assert_allclose(self.array("features")[:, 1], np.log1p([3, 2, 2, 1]), rtol=1e-6)
        self.convert("--columns", "age", "--degree-features", "--edge-type", "kind", "--directed")
        np.testing.assert_allclose(self.array("features")[:, 1:], np.log1p([[0, 2, 0, 1], [1, 0, 0, 1], [1, 0, 1, 0], [0, 0, 1, 0]]), rtol=1e-6)

    def test_numbers_of_other_countries(self):
        self.files("id;x;y;label\nn1;1.234,5;7;0\nn2;-2,25;1.000.000;1\nn3;0,5;12.3;0\nn4;1;8;1\n",
                   "source;destination\nn1;n2\nn2;n3\nn3;n4\n")
        self.convert("--delimiter", ";", "--decimal", ",", "--thousands", ".", code=0)
        # 12.3 is no number, since its group has one digit: the column is one of texts.
        self.assertEqual(self.array("features").shape, (4, 5))
        self.files("id;x;label\nn1;1.234,5;0\nn2;-2,25;1\nn3;0,5;0\nn4;1.000;1\n", "source;destination\nn1;n2\nn2;n3\nn3;n4\n")
        self.convert("--delimiter", ";", "--decimal", ",", "--thousands", ".")
        np.testing.assert_array_equal(self.array("features")[:, 0], [1234.5, -2.25, 0.5, 1000])
        self.assertIn("is the character of both --", self.convert("--decimal", ",", code=1).stderr)

    def test_types_of_parquet(self):
        import datetime
        import decimal
        self.files()
        table = pa.table({
            "id": pa.array([2**64 - 1, 7, 8, 2**63], pa.uint64()), "price": [decimal.Decimal(v) for v in ("1.50", "2.25", "-3.00", "0.00")],
            "age": pa.array([datetime.timedelta(hours=h) for h in (12, 24, 36, 0)]), "e": pa.array([[1, 2], [3, 4], [5, 6], [7, 8]], pa.list_(pa.int8())),
            "f": pa.array([[0.5], [1.5], [2.5], [3.5]], pa.list_(pa.float32(), 1)), "kind": pa.array(["x", "y", "x", "x"]).dictionary_encode(),
            "at": pa.array([datetime.datetime(2025, 1, 1, 12, tzinfo=datetime.timezone.utc)] * 4), "label": [0, 1, 0, 1]})
        edges = pa.table({"source": pa.array([2**64 - 1, 7, 8], pa.uint64()), "destination": pa.array([7, 8, 2**63], pa.uint64())})
        pa.parquet.write_table(table, self.dir / "nodes.parquet")
        pa.parquet.write_table(edges, self.dir / "edges.parquet")
        self.convert(nodes="nodes.parquet", edges="edges.parquet")
        np.testing.assert_array_equal(self.array("features"), [[1.5, .5, 1, 2, .5, 1, 0, .5], [2.25, 1, 3, 4, 1.5, 0, 1, .5],
                                                               [-3, 1.5, 5, 6, 2.5, 1, 0, .5], [0, 0, 7, 8, 3.5, 1, 0, .5]])
        self.assertEqual(self.array("node_id_text").tobytes(), b"18446744073709551615789223372036854775808")
        hashes = table.set_column(0, "id", pa.array([bytes([i, 255]) for i in range(4)], pa.binary(2)))
        pa.parquet.write_table(hashes, self.dir / "nodes.parquet")
        pa.parquet.write_table(pa.table({"source": pa.array([b"\0\xff", b"\1\xff"]), "destination": pa.array([b"\2\xff", b"\3\xff"])}), self.dir / "edges.parquet")
        self.convert(nodes="nodes.parquet", edges="edges.parquet")
        self.assertEqual(self.array("node_id_text").tobytes(), b"00ff01ff02ff03ff")

    def test_ids_that_are_texts_of_digits(self):
        self.files("id,x,label\n007,1,0\n7,2,1\n08,3,0\n", "source,destination\n007,7\n7,08\n")
        self.convert()
        self.assertEqual(self.array("node_id_text").tobytes(), b"007708")
        self.assertIn("lines 2 and 3 have the same id '7'", self.convert("--id-type", "integer", code=1).stderr)
        self.files("id,x,label\n3,1,0\n4,2,1\n5,3,0\n", "source,destination\n3,4\n4,5\n")
        self.convert("--id-type", "text")
        self.assertEqual(self.array("node_id_text").tobytes(), b"345")
        self.files("id,x,label\n1.5,1,0\n2,2,1\n", "source,destination\n2,2\n")
        self.assertIn("line 2, column 'id': '1.5', expected an integer of 64 bits", self.convert(code=1).stderr)

    def test_dangling_edges(self):
        self.refused("edges.csv: line 3, column 'destination': no node has the id 'n9'; --drop-dangling", edges="source,destination\nn1,n2\nn2,n9\n")
        self.assertIn("1 edges with an id that no node has left out", self.convert("--drop-dangling").stderr)
        self.assertEqual(self.card()["edges"], 2)

    def test_refuses_with_file_and_row(self):
        edit = self.NODES.replace
        self.refused("nodes.csv: lines 2 and 4 have the same id 'n1'", nodes=edit("n3", "n1"))
        self.refused("nodes.csv: lines 4 and 5 have the same id '7'", nodes="id,age,label\n0,1,0\n1,1,0\n7,2,1\n7,1,1\n")
        self.refused("edges.csv: line 2, column 'source': no id", edges="source,destination\n,n1\nn1,n2\n")
        self.refused("nodes.csv: line 3, column 'id': no id", nodes=edit("n2,", ","))
        self.refused("no column 'lable' for labels (--label); did you mean label?", "--label", "lable")
        self.refused("its columns are id, age, city, label", "--label", "zzz")
        self.refused("no column 'source' for sources (--source)", edges="from,to\nn1,n2\n")
        self.refused("line 3, column 'label': 1.5, expected a class", nodes=edit("Oslo,1", "Oslo,1.5"))
        self.refused("two columns are called 'age'", nodes=edit("city", "age"))
        self.refused("does not hold integers, as the ids of nodes.csv do", nodes=edit("n", ""), edges=self.EDGES)
        self.refused("nodes.csv: line 6: 2 cells, expected 4 as in the header", nodes=self.NODES + "n5,1\n")  # a cell is missing
        self.refused("line 5, column 'label': 'weird', expected train, val, test or nothing".replace("label", "city"), "--split", "city",
                     nodes=edit("Rome", "train").replace("Oslo", "val").replace("35,,", "35,weird,"))
        self.refused("edges.csv: no edges", edges="source,destination\n")
        self.refused("no edge but self loops", edges="source,destination\nn1,n1\n")
        self.refused("nodes.csv: no rows", nodes="id,age,city,label\n")
        self.refused("no column is left for features", nodes="id,label\nn1,0\nn2,1\nn3,0\nn4,0\n")
        self.refused("age", nodes=edit("41.5", "1e99"))
        self.refused("expected at least", "--memory", "100")
        self.assertIn("nowhere.csv: no such file", self.convert(nodes="nowhere.csv", code=1).stderr)
        many = text([["id", "name", "label"], *([f"n{i}", f"name{i}", 0] for i in range(1200))])
        self.refused("column 'name' holds more than 1000 different texts", nodes=many)
        self.call("convert", "--nodes", "nodes.csv", "--out", "x", code=2)
        self.call("convert", "--out", "x", code=2)
        self.refused("leave it out (--drop name)", nodes=many)

    def both_forms(self, nodes=NODES, edges=EDGES):
        """The tables as CSV and as Parquet."""
        self.files(nodes, edges)
        for name in ("nodes", "edges"):
            pa.parquet.write_table(pyarrow.csv.read_csv(self.dir / f"{name}.csv"), self.dir / f"{name}.parquet")

    def test_a_column_has_one_use(self):
        self.both_forms(edges="source,destination,kind\nn1,n2,a\nn2,n3,b\n")
        uses = {"--id label --label label": "'label' is named for ids (--id) and for labels (--label)",
                "--label id": "'id' is named for ids (--id) and for labels (--label)",
                "--split label --label label": "'label' is named for labels (--label) and for splits (--split)",
                "--split id": "'id' is named for ids (--id) and for splits (--split)",
                "--columns age,age": "'age' is named twice for features (--columns)",
                "--columns id": "'id' is named for ids (--id) and for features (--columns)",
                "--drop age --columns age": "'age' is named for columns to leave out (--drop) and for features (--columns)",
                "--columns label,age --label label": "'label' is named for labels (--label) and for features (--columns)",
                "--split city --columns city": "'city' is named for splits (--split) and for features (--columns)",
                "--label label,label": "'label' is named twice for labels (--label)",
                "--source destination": "'destination' is named for sources (--source) and for destinations (--destination)",
                "--destination source": "'source' is named for sources (--source) and for destinations (--destination)",
                "--edge-type source": "'source' is named for sources (--source) and for edge types (--edge-type)",
                "--edge-type destination": "'destination' is named for destinations (--destination) and for edge types (--edge-type)"}
        for form in ("csv", "parquet"):
            for options, message in uses.items():
                shown = self.convert(*options.split(), nodes=f"nodes.{form}", edges=f"edges.{form}", code=1).stderr
                table = "edges" if "source" in message or "destination" in message else "nodes"
                self.assertIn(f"{table}.{form}: column {message}, expected one use for each column", shown)
        self.assertEqual([p.name for p in self.dir.iterdir() if p.is_dir()], [], "nothing is left behind")

    def test_lines_of_the_file(self):
        quoted = 'id,text,x,label\n1,"a\nb",1,0\n\n2,"c ""d""\r\n",2,1\r\n3,e,wrong,0\n'
        edges = "source,destination\n1,2\n"
        rows = "".join(f"{i},{i},0\n" for i in range(300000))
        self.refused("nodes.csv: line 300004, column 'x': 'wrong', expected a number, as in nearly all other rows; --missing 'wrong' takes", nodes=f"id,x,label\n\n{rows}300000,1,1\n300001,wrong,1\n", edges=edges)
        self.refused("nodes.csv: line 7, column 'id': no id", nodes=quoted.replace("3,e,wrong", ",e,3"), edges=edges)
        self.refused("nodes.csv: lines 2 and 5 have the same id '1'", nodes=quoted.replace("\n2,", "\n1,").replace("wrong", "3"), edges=edges)
        self.refused("nodes.csv: line 7: 3 cells, expected 4", nodes=quoted.replace("e,wrong", "e"), edges=edges)
        self.refused("nodes.csv: line 3: a quote opens a cell here and none closes it", nodes='id,text,label\n1,a,0\n2,"b,1\n3,c,0\n', edges=edges)
        self.both_forms(nodes="id,x,label\n1,1,0\n2,,1\n3,2,1\n", edges=edges)
        self.assertIn("nodes.parquet: row 2, column 'x': no number", self.convert(nodes="nodes.parquet", code=1).stderr)
        self.both_forms(nodes="id,x,label\n1,1,0\n2,3,1\n1,2,1\n", edges=edges)
        self.assertIn("nodes.parquet: rows 1 and 3 have the same id '1'", self.convert(nodes="nodes.parquet", code=1).stderr)
        self.both_forms(nodes="id,x,a,b\n1,1,0,1\n2,2,zero,1\n", edges=edges)
        self.assertIn("nodes.parquet: row 2, column 'a': 'zero', expected a number",
                      self.convert("--label", "a,b", nodes="nodes.parquet", code=1).stderr)

    def test_quoted_line_ends_at_the_edge_of_a_block(self):
        rows = "".join(f'{i},"two\nlines {i % 7}",{i % 2}\n' for i in range(400000))  # more than two blocks of 4 MiB
        self.files("id,text,label\n" + rows, "source,destination\n0,399999\n")
        self.convert()
        self.assertEqual(self.array("features").shape, (400000, 7))
        np.testing.assert_array_equal(self.array("features").sum(0), np.bincount(np.arange(400000) % 7))

    def test_content_that_is_no_csv(self):
        import bz2, io
        csv = self.NODES.encode()
        parquet = io.BytesIO()
        pa.parquet.write_table(pa.table({"id": [1], "label": [0]}), parquet)
        for content, message in ((gzip.compress(csv), "holds gzip data; name it with .gz at the end"), (bz2.compress(csv), "holds bzip2 data"),
                                 (b"\x28\xb5\x2f\xfd" + csv, "holds zstd data"), (b"PK\x03\x04" + csv, "holds a zip archive or an Excel workbook"),
                                 (parquet.getvalue(), "holds a Parquet table; name it .parquet"), (b"\n <!DOCTYPE html><html>", "holds a web page (HTML)"),
                                 (self.NODES.encode("utf-16"), "is text in UTF-16; save it as CSV in UTF-8"), (self.NODES.encode("utf-16-be"), "is text in UTF-16"),
                                 (self.NODES.encode("utf-32"), "is text in UTF-32"), (csv.replace(b"Oslo", b"Os\0lo"), "holds a NUL byte (at byte "),
                                 (csv.replace(b",", b";"), "has cells separated by ';'; give --delimiter ';'"), (csv.replace(b",", b"\t"), "has cells separated by tabs; name it .tsv"),
                                 (csv.replace(b",", b"|"), "has cells separated by '|'"), (b"", "is empty"), (b"\xef\xbb\xbf\n", "is empty")):
            self.files()
            (self.dir / "nodes.csv").write_bytes(content)
            shown = self.convert(code=1).stderr
            self.assertIn(f"error: nodes.csv: {message}", shown)
            self.assertEqual(shown.count("\n"), 1, shown)
        (self.dir / "nodes.tsv").write_bytes(csv)
        self.assertIn("nodes.tsv: has cells separated by commas, not by tabs; name it .csv", self.convert(nodes="nodes.tsv", code=1).stderr)
        for name in ("nodes.csv.gz", "nodes.csv.zst"):
            (self.dir / name).write_bytes(csv)
            self.assertIn(f"{name}: its compressed data are damaged, cut off, or of another kind", self.convert(nodes=name, code=1).stderr)
        (self.dir / "nodes.csv.gz").write_bytes(gzip.compress(csv * 1000)[:-30])
        self.assertIn("nodes.csv.gz: its compressed data are damaged", self.convert(nodes="nodes.csv.gz", code=1).stderr)
        for content, message in ((csv, "does not begin as a Parquet file"), (gzip.compress(csv), "holds gzip data"), (parquet.getvalue()[:-5], "does not end as a Parquet file"),
                                 (b"", "is empty"), (b"PAR1" + bytes(100) + b"PAR1", "its card at the end cannot be decoded; the file is damaged")):
            (self.dir / "nodes.parquet").write_bytes(content)
            self.assertIn(f"error: nodes.parquet: {message}", self.convert(nodes="nodes.parquet", code=1).stderr)
        self.files(nodes="\ufeff" + self.NODES)
        self.convert()

    def test_paths_that_are_no_files(self):
        self.files()
        long = "n" * 256 + ".csv"
        for args in (["--nodes", long, "--edges", "edges.csv"], [long]):
            shown = self.call("convert", *args, "--out", "folder", code=1).stderr
            self.assertIn("File name too long", shown)
        (self.dir / "folder.csv").mkdir()
        self.assertIn("folder.csv: is a folder, expected a file", self.convert(nodes="folder.csv", code=1).stderr)

    def test_texts_that_are_not_utf8(self):
        for where, message in ((b"n2", b"line 3, column 'id': 'n2\\xe9' is not UTF-8; save the table as UTF-8"), (b"Oslo", b"line 3, column 'city': 'Oslo\\xe9' is not UTF-8"),
                               (b"age", b"the name of column 2, 'age\\xe9', is not UTF-8")):
            self.files()
            (self.dir / "nodes.csv").write_bytes(self.NODES.encode().replace(where, where + b"\xe9"))
            self.assertIn(b"error: nodes.csv: " + message, self.convert(code=1).stderr.encode())
        self.files(nodes=self.NODES.replace(",0\n", ",no\n").replace(",1\n", ",yes\n"))
        (self.dir / "nodes.csv").write_bytes((self.dir / "nodes.csv").read_bytes().replace(b"yes", b"s\xed"))
        self.assertIn("line 3, column 'label': 's\\xed' is not UTF-8", self.convert(code=1).stderr)
        self.files(edges="source,destination,kind\nn1,n2,a\n")
        (self.dir / "edges.csv").write_bytes(b"source,destination,kind\nn1,n2,a\nn2,n3,\xff\n")
        self.assertIn("edges.csv: line 3, column 'kind': '\\xff' is not UTF-8", self.convert("--edge-type", "kind", code=1).stderr)
        self.both_forms()
        column = pa.Array.from_buffers(pa.utf8(), 4, [None, pa.py_buffer(np.arange(5, dtype=np.int32).tobytes()), pa.py_buffer(b"ab\xe9c")])
        pa.parquet.write_table(pa.parquet.read_table(self.dir / "nodes.parquet").set_column(2, "city", column), self.dir / "nodes.parquet")
        self.assertIn("nodes.parquet: row 3, column 'city': '\\xe9' is not UTF-8", self.convert(nodes="nodes.parquet", code=1).stderr)

    def test_values_that_are_no_cells(self):
        self.both_forms()
        table = pa.parquet.read_table(self.dir / "nodes.parquet")
        for values, message in (([[1.0], [2.0], [], None], "row 3, column 'vector': a list of 0, expected 1 numbers, as in the rows before"),
                                ([[1.0], None, [2.0], [3.0]], "row 2, column 'vector': no value; --fill vector=0"),
                                ([[1.0], [None], [2.0], [3.0]], "row 2, column 'vector': no number at position 0 of the list"),
                                ([["a"]] * 4, "column 'vector' holds values of type list<"),
                                ([{"a": 1}] * 4, "column 'vector' holds values of type struct<")):
            pa.parquet.write_table(table.append_column("vector", pa.array(values)), self.dir / "nodes.parquet")
            self.assertIn(message, self.convert(nodes="nodes.parquet", code=1).stderr)
        self.convert("--columns", "age", nodes="nodes.parquet")
        np.testing.assert_array_equal(self.array("features")[:, 0], [30, 41.5, 22, 35])

    def test_split_by_date(self):
        rows = [["id", "x", "joined", "label"], *([i, i, f"2025-{1 + i // 3:02d}-{1 + i % 28:02d}" if i % 7 else "", i % 2] for i in range(36))]
        self.files(text(rows), text([["source", "destination"], *([i, (i + 1) % 36] for i in range(36))]))
        date = [row[2] for row in rows[1:]]
        self.convert("--split-by", "joined", "--train-until", "2025-06-30", "--validate-until", "2025-09-30")
        expected = [0 if not d else 1 if d <= "2025-06-30" else 2 if d <= "2025-09-30" else 3 for d in date]
        np.testing.assert_array_equal(self.array("splits")[0], expected)
        np.testing.assert_array_equal(self.array("features")[:, 0], range(36))
        self.assertEqual(self.array("features").shape[1], 1)
        self.convert("--split-by", "joined", "--train-until", "2025-06-30")
        early = sorted((d, i) for i, d in enumerate(date) if d and d <= "2025-06-30")
        val = {i for _, i in early[len(early) * 4 // 5:]}
        expected = [0 if not d else 3 if d > "2025-06-30" else 2 if i in val else 1 for i, d in enumerate(date)]
        np.testing.assert_array_equal(self.array("splits")[0], expected)
        for message, options in (("--train-until is 'June', expected a date", ["--split-by", "joined", "--train-until", "June"]),
                                 ("--train-until belongs to --split-by", ["--train-until", "2025-06-30"]),
                                 ("expected a date after --train-until", ["--split-by", "joined", "--train-until", "2025-06-30", "--validate-until", "2025-05-30"]),
                                 ("column 'x': '0', expected a date", ["--split-by", "x", "--train-until", "2025-06-30"])):
            self.assertIn(message, self.convert(*options, code=1).stderr)

    def test_wide_tables_take_linear_time(self):
        random = np.random.default_rng(0)
        (self.dir / "edges.csv").write_text(text([["source", "destination"], *([i, (i + 1) % 60] for i in range(60))]))
        for form in ("csv", "parquet"):
            seconds = {}
            for columns in (5000, 20000):
                values = random.integers(0, 9, (60, columns))
                table = pa.table({"id": np.arange(60), **{f"c{i}": values[:, i] for i in range(columns)}, "label": np.arange(60) % 3})
                name = f"wide{columns}.{form}"
                pyarrow.csv.write_csv(table, self.dir / name) if form == "csv" else pa.parquet.write_table(table, self.dir / name)
                start = time.perf_counter()
                self.convert(nodes=name)
                seconds[columns] = time.perf_counter() - start
                np.testing.assert_array_equal(self.array("features"), values)
            self.assertLess(seconds[20000], 8 * seconds[5000] + 1, form)  # four times the columns


class Ogb(EngineTest):
    """A data set as the Open Graph Benchmark's own loader leaves it on disk."""

    def folder(self, name="ogbn_small", multi=False, change=None):
        graph = Graph(nodes=60, classes=3)
        labels = (graph.node_labels[:, None] == np.arange(3)).astype(float) if multi else graph.node_labels[:, None].astype(float)
        labels[4] = np.nan
        files = {"raw/num-node-list": [[60]], "raw/edge": graph.edges, "raw/node-feat": graph.node_features, "raw/node-label": labels}
        for part, mask in (("train", graph.train_masks[0]), ("valid", graph.val_masks[0]), ("test", graph.test_masks[0])):
            files[f"split/time/{part}"] = np.flatnonzero(mask)[:, None]
        if change:
            change(files)
        for path, rows in files.items():
            file = self.dir / name / f"{path}.csv.gz"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(gzip.compress(text(rows).encode()))
        return graph, self.dir / name

    def test_gives_what_the_npz_gives(self):
        graph, folder = self.folder()
        self.assertIn("60 nodes", self.call("convert", "--ogb", folder, "--out", "ogb").stdout)
        graph.node_labels[4] = -1
        graph.train_masks, graph.val_masks, graph.test_masks = graph.train_masks[:1], graph.val_masks[:1], graph.test_masks[:1]
        self.call("convert", graph.write(self.dir / "graph.npz"), "--out", "npz")
        for name in ("row_start", "source", "labels"):
            np.testing.assert_array_equal(np.load(self.dir / "ogb" / f"{name}.npy"), np.load(self.dir / "npz" / f"{name}.npy"), err_msg=name)
        np.testing.assert_allclose(np.load(self.dir / "ogb/features.npy"), graph.node_features, rtol=1e-6)
        part = np.load(self.dir / "ogb/splits.npy")
        np.testing.assert_array_equal(part, np.load(self.dir / "npz/splits.npy"))
        self.assertEqual(part[0, 4], 0, "a node without a label is in no part")
        self.run_folder(self.dir / "ogb", *SHORT)

    def binary(self, name="binary", save=np.savez_compressed, order="C", change=None):
        """The same data set in the form of ogbn-papers100M."""
        graph, folder = self.folder(name)
        label = graph.node_labels[:, None].astype(np.float32)
        label[4] = np.nan
        arrays = {"edge_index": np.asarray(graph.edges.T, order=order), "num_nodes_list": np.array([60]),
                  "num_edges_list": np.array([len(graph.edges)]), "node_feat": graph.node_features, "node_year": np.full((60, 1), 2000)}
        labels = {"node_label": label}
        for file in (folder / "raw").iterdir():
            file.unlink()
        if change:
            change(arrays, labels)
        save(folder / "raw/data.npz", **arrays)
        save(folder / "raw/node-label.npz", **labels)
        return folder

    def test_binary_form(self):
        self.folder()
        self.call("convert", "--ogb", "ogbn_small", "--out", "csv")
        forms = {"deflated": {}, "stored": {"save": np.savez}, "fortran": {"order": "F"},
                 "half": {"change": lambda a, l: a.update(node_feat=a["node_feat"].astype(np.float16))},
                 "narrow": {"change": lambda a, l: (a.update(edge_index=a["edge_index"].astype(">i4")), l.update(node_label=l["node_label"][:, 0]))}}
        for name, options in forms.items():
            self.call("convert", "--ogb", self.binary(name, **options), "--out", f"from-{name}")
            for file in ("row_start", "source", "labels", "splits", "features"):
                expected, found = (np.load(self.dir / folder / f"{file}.npy") for folder in ("csv", f"from-{name}"))
                tolerance = (1e-3 if name == "half" else 1e-6) if file == "features" else 0
                np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=f"{name} {file}")

    def test_binary_form_in_pieces(self):
        random = np.random.default_rng(1)
        edges = random.integers(0, 3000, (2, 200000))
        folder = self.binary(change=lambda a, l: (a.update(edge_index=edges, num_nodes_list=[3000], node_feat=random.random((3000, 300), np.float32)),
                                                  l.update(node_label=np.zeros((3000, 1)))))
        self.call("convert", "--ogb", folder, "--out", "x", "--memory", "64KiB", "--directed")
        both = np.unique(edges[:, edges[0] != edges[1]][::-1], axis=1)
        np.testing.assert_array_equal(np.load(self.dir / "x/source.npy"), both[1])
        with np.load(folder / "raw/data.npz") as arrays:
            np.testing.assert_array_equal(np.load(self.dir / "x/features.npy"), arrays["node_feat"])

    def test_binary_form_refused(self):
        def refused(message, change=None, damage=None):
            folder = self.binary(f"d{len(list(self.dir.iterdir()))}", change=change)
            if damage:
                path = folder / "raw/data.npz"
                path.write_bytes(damage(path.read_bytes()))
            shown = self.call("convert", "--ogb", folder, "--out", "x", code=1).stderr
            self.assertIn(message, shown)
            self.assertFalse((self.dir / "x").exists())
        refused("data.npz: array 'edge_index' is missing", lambda a, l: a.pop("edge_index"))
        refused("data.npz: array 'edge_index': expected a shape [2, edges]", lambda a, l: a.update(edge_index=a["edge_index"].T))
        refused("array 'edge_index': row 2: node 60, expected 0 to 59", lambda a, l: a["edge_index"].__setitem__((1, 1), 60))
        refused("array 'node_feat': 59 rows, expected 60", lambda a, l: a.update(node_feat=a["node_feat"][1:]))
        refused("is in Fortran order", lambda a, l: a.update(node_feat=np.asfortranarray(a["node_feat"])))
        refused("column 2 is nan", lambda a, l: a["node_feat"].__setitem__((7, 2), np.nan))
        refused("array 'num_nodes_list': several graphs", lambda a, l: a.update(num_nodes_list=[30, 30]))
        refused("array 'node_label': row 6: 0.5, expected a class or nan", lambda a, l: l["node_label"].__setitem__(5, 0.5))
        refused("an object array", lambda a, l: a.update(node_feat=np.array([None] * 60)))
        refused("data.npz", damage=lambda data: data[:len(data) // 2])
        refused("data.npz", damage=lambda data: data[:300] + bytes(100) + data[400:])

    def test_features_from_edges(self):
        random = np.random.default_rng(0)
        def change(files):
            files.pop("raw/node-feat")
            files["raw/edge-feat"] = random.random((len(files["raw/edge"]), 8)).astype(np.float32)
            files["raw/node_species"] = [[9606]] * 60
            self.feat, self.edge = files["raw/edge-feat"], files["raw/edge"]
        self.folder(change=change, multi=True)
        for how in ("mean", "sum"):
            for directed in ([], ["--directed"]):
                self.call("convert", "--ogb", "ogbn_small", "--node-features-from-edges", how, "--out", "x", "--overwrite", *directed)
                expected, count = np.zeros((60, 8)), np.zeros((60, 1))
                for ends in [self.edge[:, 1]] if directed else self.edge.T:
                    np.add.at(expected, ends, self.feat)
                    np.add.at(count, ends, 1)
                expected /= np.maximum(count, 1) if how == "mean" else 1
                np.testing.assert_allclose(np.load(self.dir / "x/features.npy"), expected, rtol=1e-5)
        refused = self.call("convert", "--ogb", "ogbn_small", "--out", "y", code=1).stderr
        self.assertIn("features on edges alone (as ogbn-proteins); --node-features-from-edges", refused)
        for rows, message in ((-1, "fewer rows than edges"), (1, "more rows than edges")):
            def wrong(files):
                change(files)
                files["raw/edge-feat"] = np.resize(self.feat, (len(self.feat) + rows, 8))
            _, folder = self.folder(name=f"wrong{rows}", change=wrong)
            self.assertIn(message, self.call("convert", "--ogb", folder, "--node-features-from-edges", "sum", "--out", "y", code=1).stderr)
        self.folder(name="plain")
        self.assertIn("no features on edges", self.call("convert", "--ogb", "plain", "--node-features-from-edges", "sum", "--out", "y", code=1).stderr)
        self.call("convert", "--ogb", "plain", "--node-features-from-edges", "max", "--out", "y", code=2)

    def test_several_labels(self):
        self.folder(multi=True)
        self.call("convert", "--ogb", "ogbn_small", "--out", "ogb")
        self.assertEqual(np.load(self.dir / "ogb/labels.npy").shape, (60, 3))

    def test_refuses(self):
        def refused(message, change):
            _, folder = self.folder(name=f"d{len(list(self.dir.iterdir()))}", change=change)
            self.assertIn(message, self.call("convert", "--ogb", folder, "--out", "x", code=1).stderr)
            self.assertFalse((self.dir / "x").exists())
        refused("edge.csv.gz: line 1: node 60, expected 0 to 59", lambda f: f.update({"raw/edge": [[60, 1], [1, 2]]}))
        refused("node-label.csv.gz: 59 rows, expected 60", lambda f: f.update({"raw/node-label": f["raw/node-label"][1:]}))
        refused("node-feat.csv.gz: 59 rows, expected 60", lambda f: f.update({"raw/node-feat": f["raw/node-feat"][1:]}))
        refused("node-feat.csv.gz: more than 60 rows", lambda f: f.update({"raw/node-feat": [*f["raw/node-feat"], f["raw/node-feat"][0]]}))
        refused("num-node-list.csv.gz: several graphs", lambda f: f.update({"raw/num-node-list": [[30], [30]]}))
        refused("features on edges alone", lambda f: f.update({"raw/edge-feat": f.pop("raw/node-feat")}))
        refused("edge.csv.gz: no such file", lambda f: f.pop("raw/edge"))
        refused("node 3", lambda f: f.update({"split/time/test": [[3], [3]]}))
        self.assertIn("no folder raw in it", self.call("convert", "--ogb", self.dir, "--out", "x", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
