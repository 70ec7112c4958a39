#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run that was trained on tables scores other tables: what the columns, classes and nodes mean is the training data's."""
import csv
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, sets

CITIES = ["Oslo", "Rome", "Lima"]


class Tables:
    """Accounts with columns of several types, and typed edges; rows may be changed before they are written."""

    def __init__(self, nodes=90, seed=0):
        random = np.random.default_rng(seed)
        self.nodes = [{"id": f"user-{i}", "size": round(float(random.normal(100, 50)), 2), "open": ["true", "false"][i % 2],
                       "city": CITIES[i % 3], "joined": f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}",
                       "label": ["cat", "dog", "emu"][int(random.integers(3))]} for i in range(nodes)]
        ends = {(int(a), int(b)) for a, b in random.integers(0, nodes, (3 * nodes, 2)) if a < b}
        self.edges = [{"source": f"user-{a}", "destination": f"user-{b}", "kind": ["pays", "knows"][(a + b) % 2]} for a, b in sorted(ends)]

    def write(self, folder, name=""):
        for table, rows in (("nodes", self.nodes), ("edges", self.edges)):
            with open(folder / f"{table}{name}.csv", "w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


class Scoring(EngineTest):
    def setUp(self):
        super().setUp()
        self.tables = Tables()
        self.tables.write(self.dir)

    def train(self, convert=(), settings=()):
        self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--edge-type", "kind", *convert, "--out", "graph", "--overwrite")
        self.run_folder("graph", "--overwrite", *SHORT, *sets(data__features="standardised"), *settings)

    def score(self, name, *args, code=0):
        """Scores the tables of that name; returns the predictions by node, and what was said."""
        out = self.dir / f"scores{name}.csv"
        shown = self.call("predict", "run", "--nodes", f"nodes{name}.csv", "--edges", f"edges{name}.csv", "--out", out, "--overwrite", *args,
                          code=code)
        return (self.by_node(out) if code == 0 else None), shown.stderr

    @staticmethod
    def by_node(path):
        with open(path, newline="") as file:
            return {row["node"]: (row["predicted"], {k: v for k, v in row.items() if k.startswith("p_")}) for row in csv.DictReader(file)}

    def trained_on(self):
        return self.by_node(self.dir / "run" / "predictions.csv")

    def test_the_same_tables_give_the_same_bits(self):
        self.train(convert=("--degree-features", "--cyclic", "joined"))
        scores, _ = self.score("")
        self.assertEqual(scores, self.trained_on())
        self.assertTrue((self.dir / "run" / "schema.json").is_file())

    def test_rows_and_columns_in_another_order(self):
        random = np.random.default_rng(1)
        for settings in ((), sets(model="exphormer", network__norm="graph"), sets(network__sampler="batch_reservoir", network__batch_size=20)):
            self.train(settings=settings)
            other = Tables()
            columns = random.permutation(list(other.nodes[0]))
            other.nodes = [{c: other.nodes[i][c] for c in columns} for i in random.permutation(len(other.nodes))]
            other.edges = [other.edges[i] for i in random.permutation(len(other.edges))]
            other.write(self.dir, "2")
            scores, said = self.score("2")
            self.assertEqual(list(scores), [row["id"] for row in other.nodes], "the order of the table")
            self.assertEqual(scores, self.trained_on(), settings)
            self.call("convert", "--nodes", "nodes2.csv", "--edges", "edges2.csv", "--edge-type", "kind", "--out", "graph2", "--overwrite")
            self.call("predict", "run", "graph2", "--out", "folder.csv", "--overwrite")
            self.assertEqual(self.by_node(self.dir / "folder.csv"), self.trained_on())

    def test_no_labels_fewer_categories_and_fewer_classes(self):
        self.train()
        for change in (lambda row: row.pop("label"), lambda row: row.update(label=""), lambda row: row.update(label="dog")):
            other = Tables()
            for row in other.nodes:
                change(row)
            other.write(self.dir, "2")
            scores, _ = self.score("2")
            self.assertEqual(scores, self.trained_on())
        for row in other.nodes:
            row["city"] = "Rome"
        other.write(self.dir, "2")
        scores, _ = self.score("2")
        self.assertEqual(list(scores), list(self.trained_on()))
        self.assertEqual(list(scores["user-0"][1]), ["p_cat", "p_dog", "p_emu"])
        self.call("convert", "--nodes", "nodes2.csv", "--edges", "edges2.csv", "--edge-type", "kind", "--out", "graph2")
        self.call("predict", "run", "graph2", "--out", "folder.csv")
        self.assertEqual(self.by_node(self.dir / "folder.csv"), scores)

    def test_what_does_not_fit_is_refused_by_name(self):
        self.train()
        cases = {
            "no column 'size' for features, which the model was trained with; did you mean sizes?; its columns":
                lambda t: [row.update(sizes=row.pop("size")) for row in t.nodes],
            "column 'size': 'large', expected a number": lambda t: t.nodes[7].update(size="large"),
            "column 'joined': 'May', expected a date": lambda t: t.nodes[7].update(joined="May"),
            "column 'size': no number, and the training data had one in every row": lambda t: t.nodes[7].update(size=""),
            "edge type 'owns' is none of those that the model was trained on: 'knows', 'pays'": lambda t: t.edges[3].update(kind="owns"),
            "class 'fox' is none of those that the run was trained on: cat, dog, emu": lambda t: t.nodes[3].update(label="fox"),
        }
        for message, change in cases.items():
            other = Tables()
            change(other)
            other.write(self.dir, "2")
            _, said = self.score("2", code=1)
            self.assertIn(message, said)
            self.assertFalse((self.dir / "scores2.csv").exists())

    def test_unknown_categories_and_extra_columns(self):
        self.train()
        other = Tables()
        other.nodes[4]["city"] = other.nodes[5]["city"] = "Rome2"
        for row in other.nodes:
            row["height"] = 7
        other.write(self.dir, "2")
        scores, said = self.score("2")
        self.assertIn("column 'city': 2 rows have a text that the training data did not have ('Rome2')", said)
        self.assertIn("columns that the model was not trained with are not used: 'height'", said)
        _, said = self.score("2", "--unknown", "refuse", code=1)
        self.assertIn("nodes2.csv: line 6, column 'city': 'Rome2', expected a text that the model was trained with", said)
        # The same from a folder that was converted by itself.
        self.call("convert", "--nodes", "nodes2.csv", "--edges", "edges2.csv", "--edge-type", "kind", "--out", "graph2")
        said = self.call("predict", "run", "graph2", "--out", "folder.csv").stderr
        self.assertIn("column 'city': 2 nodes have a text that the training data did not have: 'Rome2'", said)
        self.assertIn("column 'height'", said)
        self.assertEqual(self.by_node(self.dir / "folder.csv"), scores)
        said = self.call("predict", "run", "graph2", "--out", "none.csv", "--unknown", "refuse", code=1).stderr
        self.assertIn("graph2: column 'city': 2 nodes have a text", said)

    def test_training_statistics_are_used(self):
        self.train()
        other = Tables()
        other.nodes = other.nodes[:40]
        there = {row["id"] for row in other.nodes}
        other.edges = [e for e in other.edges if e["source"] in there and e["destination"] in there]
        other.write(self.dir, "2")
        # The features of the first 40 nodes, standardised as in training: an extreme node must not move them.
        scores, _ = self.score("2")
        other.nodes.append({**other.nodes[0], "id": "extreme", "size": 1e9})
        other.write(self.dir, "2")
        again, _ = self.score("2")
        again.pop("extreme")
        self.assertEqual(again, scores)

    def test_new_nodes_leave_the_old_ones_alone(self):
        for settings in ((), sets(model="exphormer", network__norm="graph"), sets(model="plain", graph__expander_edges="true")):
            self.train(settings=settings)
            other = Tables()
            other.nodes += [{**other.nodes[i], "id": f"new-{i}", "size": 1e4} for i in range(50)]
            # Edges go from old nodes to new ones alone: the graph is directed here.
            other.write(self.dir, "2")
            scores, said = self.score("2")
            new = {name: scores.pop(name) for name in list(scores) if name.startswith("new-")}
            self.assertEqual(len(new), 50)
            self.assertEqual(scores, self.trained_on(), settings)

    def test_new_nodes_with_edges_into_them(self):
        self.train(convert=("--directed",), settings=sets(graph__directed="true"))
        other = Tables()
        other.nodes = [{**other.nodes[i], "id": f"new-{i}"} for i in range(20)] + other.nodes
        other.edges += [{"source": f"user-{i}", "destination": f"new-{i % 20}", "kind": "pays"} for i in range(90)]
        other.write(self.dir, "2")
        scores, _ = self.score("2")
        self.assertEqual(list(scores)[:20], [f"new-{i}" for i in range(20)])
        self.assertEqual({k: v for k, v in scores.items() if k.startswith("user")}, self.trained_on())

    def test_no_node_is_known(self):
        self.train()
        other = Tables()
        for row in other.nodes:
            row["id"] = row["id"].replace("user", "other")
        for row in other.edges:
            row.update(source=row["source"].replace("user", "other"), destination=row["destination"].replace("user", "other"))
        other.write(self.dir, "2")
        scores, said = self.score("2")
        self.assertIn("no node is one of the training data", said)
        self.assertEqual(len(scores), 90)

    def test_explain_a_scored_graph(self):
        self.train()
        other = Tables()
        other.nodes.insert(0, {**other.nodes[0], "id": "new"})
        other.edges.append({"source": "user-3", "destination": "new", "kind": "pays"})
        other.write(self.dir, "2")
        self.call("convert", "--nodes", "nodes2.csv", "--edges", "edges2.csv", "--edge-type", "kind", "--out", "graph2")
        explained = json.loads(self.call("explain", "run", "--graph", "graph2", "--node", "new", "--json").stdout)
        self.assertIn("new", json.dumps(explained))

    def test_graphs_without_labels_are_not_trained_on(self):
        for row in self.tables.nodes:
            row.pop("label")
        self.tables.write(self.dir)
        said = self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--out", "graph")
        self.assertIn("no labels", said.stdout)
        self.assertIn("scored but not trained on", said.stderr)
        self.call("check", "graph")
        for command in (["run", "graph", "--out", "run"], ["plan", "graph"]):
            self.assertIn("graph: has no labels, so that it can be scored but not trained on", self.call(*command, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
