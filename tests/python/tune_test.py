# SPDX-License-Identifier: Apache-2.0
"""The search for a recipe: its trials, its results, and that it goes on where it stopped."""
import importlib.util
import json
import subprocess
import sys
import unittest

from python_testing import SHORT, EngineTest

import graphsieve
from graphsieve import tune as search

SETTINGS = [f"{key}={value}" for key, value in SHORT.items()]
SPACE = ["network.lr=1e-3..1e-1:log", "network.k=2..12", "network.heads=1,2,4"]


@unittest.skipUnless(importlib.util.find_spec("optuna"), "Optuna is not installed")
class Tune(EngineTest):
    def tuned(self, name, trials, **options):
        said = []
        request = {"settings": SETTINGS, "space": search.parse_space(SPACE), "threads": 1} | options
        found = search.tune(self.graph(), search.Search(self.dir / name, trials=trials, say=said.append, **request))
        return found, said

    def test_the_search_and_its_files(self):
        found, said = self.tuned("whole", 4)
        self.assertEqual([trial["number"] for trial in found["trials"]], [0, 1, 2, 3])
        values = [trial["value"] for trial in found["trials"] if trial["value"] is not None]
        self.assertEqual(found["best_value"], max(values))
        # The first trial is the recipe itself, and its value that of a run with these settings.
        first = graphsieve.NodeClassifier("default", settings=dict(SHORT), progress=False).fit(self.graph())
        self.assertEqual(found["trials"][0]["value"], first.result_["runs"][0]["val"])
        folder = self.dir / "whole"
        best = graphsieve.NodeClassifier(folder / "best.yaml", progress=False).fit(self.graph()).result_["runs"][0]
        self.assertEqual(best["val"], found["best_value"])
        self.assertEqual(found["runs"][0]["test"], best["test"])
        self.assertIn("best.yaml", (folder / "report.html").read_text())
        self.assertEqual(json.loads((folder / "tune.json").read_text())["best"], found["best"])
        self.assertEqual(found["trials"][0]["settings"], {"network.lr": 0.005, "network.k": 10, "network.heads": "4"})
        self.assertTrue(any("trial 4 of 4" in line for line in said))

    def test_a_recipe_outside_the_space_is_named(self):
        _, said = self.tuned("outside", 1, space=search.parse_space(["network.k=2..6"]), final=())
        self.assertIn("the recipe itself is not tried: network.k=10 lies outside the values that are searched", said)

    def test_a_search_goes_on_to_the_same_trials(self):
        whole, _ = self.tuned("whole", 7)
        self.tuned("parts", 2)
        calls = []

        class Stop(BaseException):
            pass

        class Stopping(search._Report):
            def epoch(self, number, values):
                super().epoch(number, values)
                calls.append(number)
                if len(calls) == 4:
                    raise Stop

        kept, search._Report = search._Report, Stopping
        try:
            with self.assertRaises(Stop):
                self.tuned("parts", 7)
        finally:
            search._Report = kept
        parts, _ = self.tuned("parts", 7)
        for ours, theirs in zip(parts["trials"], whole["trials"], strict=True):
            for key in ("number", "state", "value", "settings"):
                self.assertEqual(ours[key], theirs[key])
        self.assertEqual(parts["best"], whole["best"])

    def test_bad_trials_are_failures_and_bad_requests_errors(self):
        found, said = self.tuned("odd", 4, space=search.parse_space(["network.heads=1,3"]), seed=1)
        states = {trial["state"] for trial in found["trials"]}
        self.assertIn("fail", states)
        self.assertTrue(any("network.heads is 3" in line for line in said))
        for space, message in ((["network.lr=5"], None), (["network.lr"], "expected KEY=LOW"), (["network.lr=2..1"], "LOW at most HIGH"),
                               (["network.lr=0..1:log"], "LOW above 0"), (["network.lr=a..b"], "are no numbers"),
                               (["network.speed=1..2"], "is no key of a recipe")):
            if message is None:
                search.parse_space(space)
                continue
            with self.assertRaisesRegex(graphsieve.Error, message):
                self.tuned("bad", 1, space=search.parse_space(space))
        with self.assertRaisesRegex(graphsieve.Error, "holds a search with another seed"):
            self.tuned("odd", 4, space=search.parse_space(["network.heads=1,3"]), seed=4)
        with self.assertRaisesRegex(graphsieve.Error, "split is 2, but graph has 2 given splits"):
            self.tuned("many", 1, final=(2,))
        (self.dir / "mine").mkdir()
        (self.dir / "mine" / "thesis.txt").write_text("mine")
        with self.assertRaisesRegex(graphsieve.Error, "is no folder of a search"):
            self.tuned("mine", 1)

    def test_the_command(self):
        graph = self.graph()
        command = [sys.executable, "-m", "graphsieve", "tune", graph, "--out", self.dir / "tuned", "--trials", "2", "--final", "0"]
        command.append("--json")
        done = subprocess.run([*command, *(word for setting in SETTINGS for word in ("--set", setting))], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["trials"]), 2)
        bad = subprocess.run([*command, "--search", "network.lr"], capture_output=True, text=True)
        self.assertEqual(bad.returncode, 1)
        self.assertIn("error: search 'network.lr'", bad.stderr)
        named = self.call("tune", graph, "--trials", "2", code=2).stderr
        self.assertIn(f"python -m graphsieve tune {graph} --trials 2", named)


if __name__ == "__main__":
    unittest.main()
