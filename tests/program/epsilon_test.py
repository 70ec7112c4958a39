#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--epsilon: k chosen from the scores, kept in the run folder, the same after a kill."""
import collections
import json
import subprocess
import time
import unittest

import numpy as np

from engine_testing import PROGRAM, SHORT, EngineTest, sets


def recipe_of(folder):
    """network.k and network.epsilon of recipe.yaml."""
    lines = dict(line.strip().split(": ", 1) for line in (folder / "recipe.yaml").read_text().split("network:\n")[1].splitlines())
    return json.loads(lines["k"]), float(lines["epsilon"])


class Epsilon(EngineTest):
    def chosen(self, folder):
        """k of each layer, after a look at everything that tells it."""
        told = json.loads((folder / "epsilon.json").read_text())
        k = [layer["chosen"] for layer in told["layers"]]
        run = self.result(folder)["runs"][0]
        asked = {"minesweeper": [12, 5, 5, 5], "default": [10, 10, 10, 10]}[self.result(folder)["recipe"]]
        self.assertEqual(recipe_of(folder)[0], asked, "the recipe stays as it was asked for")
        self.assertEqual(run["k"], k)
        if run["network"]:
            nodes = self.result(folder)["graph"]["nodes"]
            self.assertEqual(run["network"]["edges_per_layer"], [nodes * x for x in k])
        for layer in told["layers"]:
            curve = dict(zip(layer["curve"]["k"], layer["curve"]["error"]))
            self.assertEqual(layer["error"], curve[layer["chosen"]])
            self.assertEqual(layer["within"], layer["error"] <= told["epsilon"])
        return k

    def mass_kept(self, folder, sparse):
        """Of each layer of a sparsified folder, counted edge by edge."""
        start, source, kind = (np.load(folder / "scores" / f"{n}.npy") for n in ("row_start", "source", "type"))
        kept = []
        for l in range(4):
            score = np.load(folder / "scores" / f"layer_{l}.npy").astype(np.float64)
            drawn, types = (np.load(sparse / f"layer_{l}_{n}.npy") for n in ("source", "type"))
            shares = []
            for i, (a, b) in enumerate(zip(start[:-1], start[1:])):
                left = collections.Counter(zip(drawn[i].tolist(), types[i].tolist()))  # an expander edge may stand twice in a row
                inside = []
                for edge in zip(source[a:b].tolist(), kind[a:b].tolist()):
                    inside.append(left[edge] > 0)
                    left[edge] -= 1
                shares.append(score[a:b][inside].sum() / score[a:b].sum())
            kept.append(np.mean(shares))
        return np.array(kept)

    def test_the_smallest_k_within_epsilon(self):
        run = self.run_folder("minesweeper:14", *SHORT, "--epsilon", 0.3)
        k = self.chosen(run)
        self.assertEqual(self.notes.count(" of the attention mass"), 4, self.notes)
        self.call("sparsify", run, "--epoch", 0, "--out", "at")
        self.call("sparsify", run, "--epoch", 0, "--k", "-".join(str(max(1, x - 1)) for x in k), "--out", "below")
        at, below = self.mass_kept(run, self.dir / "at"), self.mass_kept(run, self.dir / "below")
        errors = [layer["error"] for layer in json.loads((run / "epsilon.json").read_text())["layers"]]
        np.testing.assert_allclose(1 - at, errors, atol=1e-6)
        self.assertTrue((at >= 0.7 - 1e-6).all(), at)
        self.assertTrue(((below < 0.7) | (np.array(k) == 1)).all(), below)

    def test_what_comes_after_uses_the_chosen_k(self):
        run = self.run_folder(self.graph(nodes=150, degree=8), *SHORT, "--epsilon", 0.2)
        k = self.chosen(run)
        self.assertEqual(recipe_of(run)[1], 0.2)
        self.call("predict", run, "--out", "p.csv")
        self.assertEqual((self.dir / "p.csv").read_bytes(), (run / "predictions.csv").read_bytes())
        self.call("sparsify", run, "--out", "s")
        self.assertEqual([l["k"] for l in json.loads((self.dir / "s" / "sparsified.json").read_text())["layers"]], k)
        self.call("inspect", run, "--json")
        self.call("compress", run, "--method", "low-rank", "--width", 8, "--out", "c")
        self.assertEqual(self.result(self.dir / "c")["runs"][0]["k"], k)
        # again from the same scores, and with a k of one's own
        self.call("train", "--scores", run, "--out", "t")
        self.assertEqual(self.chosen(self.dir / "t"), k)
        self.assertEqual((self.dir / "t" / "predictions.csv").read_bytes(), (run / "predictions.csv").read_bytes())
        self.call("train", "--scores", run, "--out", "own", "--set", "network.k=3")
        self.assertEqual(recipe_of(self.dir / "own"), ([3] * 4, 0))
        self.assertFalse((self.dir / "own" / "epsilon.json").exists())

    def test_says_where_drawing_saves_nothing(self):
        self.run_folder(self.graph(), *SHORT, "--epsilon", 0.01)
        self.assertEqual(self.notes.count("so that drawing saves nothing here"), 4, self.notes)
        self.run_folder(self.graph(), *SHORT, "--epsilon", 0.9, name="sparse")
        self.assertNotIn("saves nothing", self.notes)

    def test_after_stage_one_alone(self):
        run = self.run_folder(self.graph(), *SHORT, "--epsilon", 0.2)
        self.call("estimate", self.graph(), *SHORT, "--epsilon", 0.2, "--threads", 2, "--out", "e")
        self.assertEqual(self.chosen(self.dir / "e"), self.chosen(run))

    def test_operator_norm_by_singular_values(self):
        run = self.run_folder(self.graph(nodes=60), *SHORT, "--epsilon", 0.8, *sets(network__epsilon_of="operator_norm"))
        self.chosen(run)
        self.assertIn("in operator norm", self.notes)
        start, source, kind = (np.load(run / "scores" / f"{n}.npy") for n in ("row_start", "source", "type"))
        for l, layer in enumerate(json.loads((run / "epsilon.json").read_text())["layers"]):
            score = np.load(run / "scores" / f"layer_{l}.npy").astype(np.float64)
            for k, error in list(zip(layer["curve"]["k"], layer["curve"]["error"]))[:12:3]:
                name = f"s{l}-{k}"
                self.call("sparsify", run, "--k", k, "--out", name)
                drawn, types = (np.load(self.dir / name / f"layer_{l}_{n}.npy") for n in ("source", "type"))
                whole, part = np.zeros((60, 60)), np.zeros((60, 60))
                for i, (a, b) in enumerate(zip(start[:-1], start[1:])):
                    np.add.at(whole[i], source[a:b], score[a:b])
                    of = {e: s for e, s in zip(zip(source[a:b], kind[a:b]), score[a:b])}
                    for edge in zip(drawn[i], types[i]):
                        if edge[0] >= 0:  # a node with fewer than k edges has each once
                            part[i, edge[0]] += of[edge]
                part /= part.sum(1, keepdims=True)
                self.assertAlmostEqual(error, np.linalg.norm(whole - part, 2) / np.linalg.norm(whole, 2), delta=2e-3 * error)

    def test_each_run_of_several_chooses_its_own(self):
        data = self.graph(nodes=150, degree=8)
        summary = self.run_folder(data, *SHORT, "--split", "0,1", "--repeats", 2, "--epsilon", 0.2)
        self.assertEqual(recipe_of(summary)[1], 0.2)
        runs = self.result(summary)["runs"]
        for run in runs:
            one = summary / f"split-{run['split']}-seed-{run['seed']}"
            self.assertEqual(self.chosen(one), run["k"])
            self.call("predict", one, "--out", f"{one.name}.csv")
            self.assertEqual((self.dir / f"{one.name}.csv").read_bytes(), (one / "predictions.csv").read_bytes())

    def test_said_where_no_k_is_within(self):
        run = self.run_folder(self.graph(), *SHORT, "--epsilon", 1e-9, *sets(network__epsilon_of="operator_norm"))
        self.chosen(run)
        self.assertIn("comes within epsilon 1e-09", self.notes)
        self.assertFalse(json.loads((run / "epsilon.json").read_text())["layers"][0]["within"])

    def test_sparsify_chooses(self):
        run = self.run_folder(self.graph(), *SHORT)
        for args in (["--epsilon", 0.3], ["--epsilon", 0.6, "--epsilon-of", "operator_norm", "--sampler", "graph_max"]):
            name = f"s{len(args)}"
            self.call("sparsify", run, "--epoch", 2, "--out", name, *args)
            told = json.loads((self.dir / name / "epsilon.json").read_text())
            k = [layer["chosen"] for layer in told["layers"]]
            self.assertEqual([l["k"] for l in json.loads((self.dir / name / "sparsified.json").read_text())["layers"]], k)
            self.assertEqual((told["epsilon"], told["epoch"]), (args[1], 2))
            if len(args) == 2:
                self.assertTrue((self.mass_kept(run, self.dir / name) >= 0.7 - 1e-6).all())

    def test_bad_values_are_refused(self):
        for value in ("0", "1", "-0.1", "1.5", "nan", "inf", "x"):
            asked = self.call("run", "minesweeper:8", f"--epsilon={value}", code=2)
            self.assertIn("above 0 and below 1", asked.stderr, value)
        asked = self.call("run", "minesweeper:8", "--epsilon", 0.1, "--set", "model=exphormer", code=2)
        self.assertIn("network.epsilon is 0.1, but model is exphormer, which draws no edges", asked.stderr)
        asked = self.call("run", "minesweeper:8", "--epsilon", 0.1, "--set", "network.k=3", code=2)
        self.assertIn("--epsilon chooses network.k", asked.stderr)
        run = self.run_folder(self.graph(), *SHORT)
        self.call("sparsify", run, "--epsilon", 0.1, "--k", 3, "--out", "s", code=2)
        self.call("sparsify", run, "--epsilon-of", "mass", "--out", "s", code=2)
        asked = self.call("sparsify", run, "--epsilon", 0.1, "--epsilon-of", "norm", "--out", "s", code=2)
        self.assertIn("network.epsilon_of is 'norm'; expected one of mass, operator_norm", asked.stderr)

    def test_plan_says_what_it_does_not_know(self):
        told = self.call("plan", "minesweeper:8", "--no-time", *sets(network__epsilon=0.1)).stderr
        self.assertIn("planned with network.k as it stands", told)

    def test_killed_and_resumed(self):
        data = self.graph(nodes=200, degree=6)
        args = [PROGRAM, "run", data, "--threads", "2", "--checkpoint", "0", "--epsilon", "0.15", "--repeats", "2",
                *sets(estimator__epochs=6, network__epochs=8)]
        subprocess.run([*args, "--out", "whole"], cwd=self.dir, check=True, capture_output=True)
        begun = self.dir / ".cut.unfinished"
        # when the first run's k is chosen, and when the second run's is
        for seed, wait in ((0, 0), (0, 0.05), (1, 0), (1, 0.05)):
            process = subprocess.Popen([*args, "--out", "cut", "--resume"], cwd=self.dir, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            while process.poll() is None and not (begun / f"split-0-seed-{seed}" / "epsilon.json").exists():
                time.sleep(0.001)
            time.sleep(wait)
            process.kill()
            process.wait()
        subprocess.run([*args, "--out", "cut", "--resume"], cwd=self.dir, check=True, capture_output=True)
        self.assert_same_files(self.dir / "whole", self.dir / "cut")
        for seed in (0, 1):
            self.chosen(self.dir / "cut" / f"split-0-seed-{seed}")


if __name__ == "__main__":
    unittest.main()
