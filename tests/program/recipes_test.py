#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every published recipe trains on a made-up graph with the features and classes of its data set."""
import unittest

import numpy as np

from engine_testing import ROOT, EngineTest, sets

FEW = sets(network__epochs=2)


class Recipes(EngineTest):
    def shapes(self):
        """Features and classes of the known data sets, by recipe."""
        rows = [line.split() for line in self.call("datasets").stdout.splitlines()]
        return {row[1]: (int(row[3]), int(row[4])) for row in rows
                if len(row) > 5 and row[5] in ("accuracy", "roc_auc")}

    def test_each_trains(self):
        shapes = self.shapes()
        recipes = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
        self.assertLessEqual(set(shapes), set(recipes))
        for recipe in recipes:
            # A recipe such as minesweeper-labels is for the data set that its name begins with.
            known = recipe if recipe in shapes else recipe.rsplit("-", 1)[0]
            features, classes = shapes.get(known, (6, 3))
            several = known == "proteins"

            def change(graph, classes=classes, several=several):
                random = np.random.default_rng(1)
                graph.node_labels[:] = random.permutation(np.arange(240) % (2 if several else classes))
                if several:
                    graph.node_labels = random.integers(0, 2, (240, classes))

            with self.subTest(recipe):
                graph = self.graph(change, nodes=240, features=features, name=f"{recipe}.npz")
                text = (ROOT / "recipes" / f"{recipe}.yaml").read_text()
                few = [*FEW, *(sets(estimator__epochs=2) if "estimator:" in text else [])]
                self.run_folder(graph, "--recipe", recipe, *few, name=f"run-{recipe}")


if __name__ == "__main__":
    unittest.main()
