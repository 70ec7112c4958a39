#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""inspect against SciPy and NumPy on the arrays that runs leave."""
import json
import unittest

import numpy as np
import scipy.stats

from engine_testing import EngineTest, SHORT, plain_torch, sets


class Inspect(EngineTest):
    def inspect(self, *args):
        return json.loads(self.call("inspect", *args, "--json").stdout)

    def scores(self, run, layer):
        start = np.load(run / "scores/row_start.npy")
        score = np.load(run / f"scores/layer_{layer}.npy").astype(np.float64)
        return [score[a:b] for a, b in zip(start[:-1], start[1:])]

    def test_two_estimators_as_scipy_has_it(self):
        graph = self.graph()
        narrow = self.run_folder(graph, *SHORT, name="narrow")
        wide = self.run_folder(graph, *SHORT, *sets(estimator__width=8), name="wide")
        found = self.inspect(wide, narrow, "--k", 5)
        self.assertEqual(found["comparison"]["narrow"], str(narrow))
        for layer in found["comparison"]["layers"]:
            rows = list(zip(self.scores(narrow, layer["layer"]), self.scores(wide, layer["layer"])))
            mean = lambda f, keep=lambda a, b: True: np.mean([f(a, b) for a, b in rows if keep(a, b)])
            varied = lambda a, b: np.ptp(a) > 0 and np.ptp(b) > 0
            def top(a):
                """The chance of each score to be among the five largest, where ties are broken at random."""
                if len(a) <= 5:
                    return np.ones(len(a))
                least = np.sort(a)[-5]
                return (a > least) + (a == least) * (5 - np.sum(a > least)) / np.sum(a == least)
            expected = {
                "energy_values_root": mean(scipy.stats.energy_distance),
                "energy_values": mean(lambda a, b: scipy.stats.energy_distance(a, b) ** 2),
                "energy_neighbours": mean(lambda a, b: np.sum((a - b) ** 2)),
                "pearson": mean(lambda a, b: scipy.stats.pearsonr(a, b)[0], varied),
                "spearman": mean(lambda a, b: scipy.stats.spearmanr(a, b)[0], varied),
                "total_variation": mean(lambda a, b: np.abs(a - b).sum() / 2),
                "overlap": mean(lambda a, b: np.sum(top(a) * top(b)) / min(5, len(b))),
                "mass_covered": mean(lambda a, b: np.sum(b * top(a))),
            }
            for name, value in expected.items():
                self.assertAlmostEqual(layer["agreement"][name]["mean"], value, delta=1e-9, msg=name)
            factor = np.concatenate([a[b > 0] / b[b > 0] for a, b in rows])
            for q in layer["agreement"]["underestimation"]:
                self.assertAlmostEqual(q["factor"], np.quantile(factor, q["quantile"]), delta=1e-9 * abs(q["factor"]) + 1e-12)
            self.assertGreater(layer["uniform"]["energy_neighbours"]["mean"], 0)
        for layer in found["attention"]:
            rows = self.scores(wide, layer["layer"])
            entropy = np.mean([scipy.stats.entropy(a / a.sum()) / np.log(len(a)) for a in rows if len(a) > 1])
            self.assertAlmostEqual(layer["statistics"]["entropy"]["mean"], entropy, delta=1e-6)  # rows sum to 1 in float32

    def test_norms_are_singular_values(self):
        run = self.run_folder(self.graph(), *SHORT, *sets(model="plain"), name="plain")
        found = self.inspect(run)
        weights = plain_torch().load_safetensors(run / "network.safetensors")
        self.assertGreater(len(found["operator_norms"]), 10)
        for map in found["operator_norms"]:
            name = map["map"]
            if name.endswith(("key", "value")):
                both = weights[name.rsplit(".", 1)[0] + ".key_value.weight"]
                half = len(both) // 2
                weight = both[:half] if name.endswith("key") else both[half:]
            else:
                weight = weights[name + ".weight"]
            exact = np.linalg.norm(np.asarray(weight, dtype=np.float64), 2)
            self.assertLessEqual(map["norm"], exact * (1 + 1e-9), name)
            self.assertGreater(map["norm"], exact * (1 - 1e-2), name)
        self.assertEqual([v["layer"] for v in found["vector_norms"]], list(range(len(found["vector_norms"]))))

    def test_norms_are_recorded_while_training(self):
        run = self.run_folder(self.graph(), *sets(model="plain", network__epochs=7, network__norms_every=3), name="plain")
        recorded = [e for e in self.epochs(run, "network") if "operator_norms" in e]
        self.assertEqual([e["epoch"] for e in recorded], [2, 5, 6])
        found = self.inspect(run)
        self.assertEqual([e["epoch"] for e in found["norms_by_epoch"]], [2, 5, 6])
        best = self.result(run)["runs"][0]["best_epoch"]
        for e in recorded:
            if e["epoch"] == best:
                for key in ("vector_norms", "middle_norms"):
                    self.assertEqual(len(e[key]), len(found[key]), key)
                    for at, now in zip(e[key], found[key]):
                        self.assertAlmostEqual(at, now["mean"], delta=1e-5)
        self.assertEqual(found["boundedness"]["verdict"], "unknown")  # three epochs have norms
        more = self.inspect(self.run_folder(self.graph(), *sets(model="plain", network__epochs=8, network__norms_every=2), name="more"))
        self.assertIn(more["boundedness"]["verdict"], ("settled", "growing"))
        self.assertGreaterEqual(more["boundedness"]["alpha"] ** 0.5, max(v["max"] for v in more["middle_norms"]) - 1e-5)
        never = self.run_folder(self.graph(), *SHORT, *sets(model="plain", network__norms_every=0), name="never")
        self.assertFalse(any("operator_norms" in e for e in self.epochs(never, "network")))

    def test_sampled_destinations_come_with_an_interval(self):
        run = self.run_folder("minesweeper:30", *SHORT)
        exact, some = self.inspect(run), self.inspect(run, "--destinations", 300)
        self.assertEqual(some["destinations"], 300)
        for all_of, part in zip(exact["attention"], some["attention"]):
            for name, s in part["statistics"].items():
                self.assertLessEqual(abs(s["mean"] - all_of["statistics"][name]["mean"]), 4 * s["half_width"] + 1e-12, name)
        self.assertIn("entropy", self.call("inspect", run).stdout)

    def test_runs_that_do_not_belong_together(self):
        graph = self.graph()
        expander = SHORT + sets(graph__expander_edges="true")
        one = self.run_folder(graph, *expander, name="one")
        other_edges = self.run_folder(graph, *expander, "--seed", 5, name="two")
        self.assertIn("other edges", self.call("inspect", one, other_edges, code=1).stderr)
        other_graph = self.run_folder("minesweeper:12", *SHORT, name="three")
        self.assertIn("error: ", self.call("inspect", one, other_graph, code=1).stderr)
        self.assertIn("error: ", self.call("inspect", self.dir, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
