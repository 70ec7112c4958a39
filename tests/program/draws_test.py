#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Predictions as the mean of several draws of edges."""
import csv
import json
import shutil
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, sets


class Draws(EngineTest):
    def probabilities(self, *args, name="p.csv"):
        self.call("predict", "run", "--out", name, "--overwrite", *args)
        with open(self.dir / name) as file:
            rows = list(csv.DictReader(file))
        return np.array([[float(v) for k, v in row.items() if k.startswith("p_")] for row in rows]), rows

    def test_the_mean_and_its_standard_error(self):
        self.graph()
        self.run_folder("graph.npz", *SHORT, *sets(network__k=2, network__eval_draws=3, network__eval_every=3))
        each = np.stack([self.probabilities("--draws", 1, "--draw", draw)[0] for draw in range(4)])
        self.assertGreater(np.abs(each[0] - each[1]).max(), 1e-3)
        mean, _ = self.probabilities()  # the recipe's three draws
        np.testing.assert_allclose(mean, each[:3].mean(0), atol=2e-6)
        last, rows = self.probabilities("--draws", 2, "--draw", 2, "--standard-error")
        np.testing.assert_allclose(last, each[2:].mean(0), atol=2e-6)
        error = each[2:].std(0, ddof=1).max(1) / np.sqrt(2)
        np.testing.assert_allclose([float(row["standard_error"]) for row in rows], error, atol=2e-6)
        # The values of the run are those of the mean.
        predicted, run = self.by_node("run/predictions.csv"), json.loads((self.dir / "run" / "result.json").read_text())["runs"][0]
        split = json.loads((self.dir / "run" / "split.json").read_text())
        right = [predicted[str(node)]["label"] == predicted[str(node)]["predicted"] for node in split["test"]]
        self.assertAlmostEqual(run["test"], np.mean(right), places=6)
        # Lists of nodes get the same predictions.
        (self.dir / "ids.txt").write_text("5\n7\n")
        few, _ = self.probabilities("--ids", "ids.txt")
        np.testing.assert_allclose(few, mean[[5, 7]], atol=2e-6)

    def test_without_refill_nothing_is_left_to_chance_where_k_is_above_the_degrees(self):
        self.graph()
        for refill, batch, sampler in ((True, 0, "graph_reservoir"), (False, 0, "graph_reservoir"), (False, 20, "batch_importance")):
            with self.subTest(refill=refill, batch=batch):
                self.run_folder("graph.npz", *SHORT, *sets(network__k=60, network__refill=str(refill).lower(), network__batch_size=batch,
                                                           network__sampler=sampler), "--overwrite")
                one, other = (self.probabilities("--draws", 1, "--draw", draw)[0] for draw in (0, 1))
                self.assertEqual(np.array_equal(one, other), not refill)
                self.call("sparsify", "run", "--out", "drawn")
                source = np.load(self.dir / "drawn" / "layer_0_source.npy")
                start = np.load(self.dir / "run" / "scores" / "row_start.npy")
                np.testing.assert_array_equal((source >= 0).sum(1), np.full(len(source), 60) if refill else np.diff(start))
                shutil.rmtree(self.dir / "drawn")

    def by_node(self, path):
        with open(self.dir / path) as file:
            return {row["node"]: row for row in csv.DictReader(file)}

    def test_what_makes_no_sense_is_refused(self):
        self.graph()
        self.assertIn("network.eval_draws is 2, but model is plain",
                      self.call("run", "graph.npz", "--recipe", "plain", *sets(network__eval_draws=2), code=2).stderr)
        self.run_folder("graph.npz", *SHORT)
        self.assertIn("a standard error needs two draws or more",
                      self.call("predict", "run", "--out", "p.csv", "--standard-error", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
