#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Labels as inputs (data.label_inputs): what a label may change, and what it may not, through every command."""
import csv
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, sets

SHOWN = sets(data__label_inputs="true")


class Tables:
    """Nodes in three communities with a label each, as tables."""

    def __init__(self, nodes=60, seed=0):
        random = np.random.default_rng(seed)
        self.label = random.integers(0, 3, nodes)
        self.size = np.round(random.normal(size=nodes), 3)
        near = random.integers(0, nodes, (6 * nodes, 2))
        near = near[(near[:, 0] < near[:, 1]) & (self.label[near[:, 0]] == self.label[near[:, 1]])]
        self.edges = np.unique(near, axis=0)

    def write(self, folder, name="", ids=None, label=True):
        ids = np.arange(len(self.label)) if ids is None else ids
        with open(folder / f"nodes{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "size"] + ["label"] * label)
            for i in ids:
                writer.writerow([f"n{i}", self.size[i]] + [f"class {self.label[i]}"] * label)
        with open(folder / f"edges{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["source", "destination"])
            writer.writerows([f"n{a}", f"n{b}"] for a, b in self.edges if a in ids and b in ids)


class LabelInputs(EngineTest):
    def setUp(self):
        super().setUp()
        self.tables = Tables()
        self.tables.write(self.dir)
        self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--out", "graph")
        self.run_folder("graph", *SHORT, *SHOWN)

    def predicted(self, *args):
        self.call("predict", "run", *args, "--out", "p.csv", "--overwrite")
        with open(self.dir / "p.csv") as file:
            return {row["node"]: [float(v) for k, v in row.items() if k.startswith("p_")] for row in csv.DictReader(file)}

    def test_the_run_says_it_and_gives_its_own_predictions_again(self):
        self.assertIs(self.result(self.dir / "run")["label_inputs"], True)
        shown = self.call("report", "run")
        self.assertEqual(shown.returncode, 0)
        self.assertIn("labels as inputs", (self.dir / "run" / "report.html").read_text())
        table = self.call("run", "graph", *SHORT, *SHOWN, "--out", "again", "--no-report").stdout
        self.assertIn("labels as inputs", table)
        self.call("predict", "run", "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (self.dir / "run" / "predictions.csv").read_bytes())

    def test_another_graph_shows_the_training_labels_and_never_its_own(self):
        own = self.predicted()
        # The same tables with other labels, and without labels: the labels of the run folder are shown.
        self.tables.write(self.dir, "-bare", label=False)
        bare = self.predicted("--nodes", "nodes-bare.csv", "--edges", "edges-bare.csv")
        self.tables.label = (self.tables.label + 1) % 3
        self.tables.write(self.dir, "-other")
        other = self.predicted("--nodes", "nodes-other.csv", "--edges", "edges-other.csv")
        self.assertEqual(bare, other)
        np.testing.assert_allclose([bare[n] for n in own], [own[n] for n in own], atol=2e-6)

    def test_a_node_less_takes_its_label_along(self):
        split = json.loads((self.dir / "run" / "split.json").read_text())
        gone = split["train"][0]
        kept = np.setdiff1d(np.arange(60), [gone])
        self.tables.write(self.dir, "-less", ids=kept)
        less = self.predicted("--nodes", "nodes-less.csv", "--edges", "edges-less.csv")
        self.assertNotIn(f"n{gone}", less)
        self.assertEqual(len(less), 59)

    def test_no_common_node(self):
        with open(self.dir / "nodes-new.csv", "w") as file:
            file.write("id,size\na,0.5\nb,1\n")
        (self.dir / "edges-new.csv").write_text("source,destination\na,b\n")
        shown = self.call("predict", "run", "--nodes", "nodes-new.csv", "--edges", "edges-new.csv", "--out", "p.csv")
        self.assertIn("no labels are inputs", shown.stderr)

    def test_other_commands(self):
        self.call("inspect", "run", "--graph", "graph", "--json")
        self.call("plan", "graph", *SHOWN, "--no-time")
        self.call("sparsify", "run", "--out", "sparse")
        node = self.call("explain", "run", "--node", "n3", "--json").stdout
        p = json.loads(node)["node"]["classes"]
        mine = self.predicted()["n3"]
        self.assertAlmostEqual(max(c["probability"] for c in p), max(mine), places=5)

    def test_batches_directions_all_networks_and_kinds_of_labels(self):
        for i, settings in enumerate(({"network__batch_size": 9, "estimator__batch_size": 11}, {"model": "exphormer"}, {"model": "plain"},
                                      {"network__sampler": "batch_reservoir", "network__batch_size": 9})):
            self.run_folder("graph", *SHORT, *SHOWN, *sets(**settings), name=f"run-{i}")
            self.call("predict", f"run-{i}", "--out", f"p-{i}.csv")
            self.assertEqual((self.dir / f"p-{i}.csv").read_bytes(), (self.dir / f"run-{i}" / "predictions.csv").read_bytes())
        self.run_folder("graph", *SHORT, *SHOWN, *sets(model="plain", network__norm="batch"), name="wide")
        self.call("compress", "wide", "--method", "low-rank", "--width", 8, "--out", "narrow")
        self.call("compress", "wide", "--method", "distilled", "--width", 8, "--epochs", 2, "--out", "distilled")

    def test_a_network_that_draws_edges_learns_from_its_neighbours_labels(self):
        # The features are noise, so that only labels tell the classes. With one batch an epoch, as with several, most
        # labels have to be shown while others count.
        Tables(nodes=600, seed=1).write(self.dir)
        self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--out", "large")
        for batch_size in (0, 100):
            settings = sets(model="spexphormer", network__batch_size=batch_size, network__epochs=60, network__layers=2, estimator__layers=2,
                            estimator__epochs=30, network__k="4-4", graph__expander_edges="false", network__lr=0.01)
            with_labels, without = (self.result(self.run_folder("large", *settings, *more, "--overwrite"))["test_mean"]
                                    for more in (SHOWN, ()))
            self.assertGreater(with_labels, 0.8, batch_size)
            self.assertLess(without, 0.6, batch_size)

    def test_threads_and_resume_give_the_same_bits(self):
        two = self.run_folder("graph", *SHORT, *SHOWN, name="two", threads=2)
        self.assert_same_files(self.dir / "run", two)

    def test_missing_labels_are_damage(self):
        (self.dir / "run" / "label_inputs.npy").unlink()
        self.assertIn("label_inputs.npy", self.call("predict", "run", "--out", "p.csv", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
