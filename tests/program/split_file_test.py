#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Splits from a file of their own, in every form."""
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, sets


class SplitFile(EngineTest):
    def setUp(self):
        super().setUp()
        self.write_graph()
        nodes = np.random.default_rng(1).permutation(80)
        self.split = {"train": sorted(nodes[:40].tolist()), "val": sorted(nodes[40:60].tolist()), "test": sorted(nodes[60:].tolist())}

    def write_graph(self):
        self.graph()

    def trained(self, file, *args, code=0):
        shown = self.call("run", "graph.npz", "--split-file", file, "--out", "run", "--overwrite", *SHORT, *args, code=code)
        return json.loads((self.dir / "run" / "split.json").read_text()) if code == 0 else shown.stderr

    def test_every_form_gives_the_same_split(self):
        np.savez(self.dir / "published.npz", train=self.split["train"], valid=self.split["val"], test=self.split["test"])
        masks = {f"{part}_mask": np.isin(np.arange(80), nodes) for part, nodes in self.split.items()}
        np.savez(self.dir / "masks.npz", **masks)
        np.savez(self.dir / "columns.npz", **{name + "s": np.stack([mask, mask], 1) for name, mask in masks.items()})
        (self.dir / "split.json").write_text(json.dumps({"train": self.split["train"], "valid": self.split["val"], "test": self.split["test"]}))
        (self.dir / "list.json").write_text(json.dumps([self.split, self.split]))
        part = {node: name for name, nodes in self.split.items() for node in nodes}
        (self.dir / "split.csv").write_text("id,part\n" + "".join(f"{node},{part[node]}\n" for node in range(80)))
        for file in ("published.npz", "masks.npz", "columns.npz", "split.json", "list.json", "split.csv"):
            with self.subTest(file):
                self.assertEqual(self.trained(file), self.split)
        self.call("run", "graph.npz", "--split-file", "list.json", "--split", "all", "--out", "both", *SHORT)
        self.assertEqual(json.loads((self.dir / "both" / "split-1-seed-0" / "split.json").read_text()), self.split)
        # predictions.csv has the columns of such a table, and a run's own split.json is such a file.
        self.trained("published.npz")
        for file in ("predictions.csv", "split.json"):
            (self.dir / file).write_bytes((self.dir / "run" / file).read_bytes())
            self.assertEqual(self.trained(file), self.split)
        result = json.loads((self.dir / "run" / "result.json").read_text())
        self.assertEqual(result["split_file"], "split.json")

    def test_a_random_recipe_takes_the_files_split(self):
        (self.dir / "split.json").write_text(json.dumps(self.split))
        self.assertEqual(self.trained("split.json", *sets(data__split="random")), self.split)
        self.call("explain", "run", "--node", "3", "--graph", "graph.npz")
        self.call("plan", "graph.npz", "--split-file", "split.json", "--no-time")

    def test_what_does_not_fit_is_refused(self):
        for split, message in (({**self.split, "train": [80]}, "split.json: train: node 80, expected a whole number from 0 to 79"),
                               ({**self.split, "train": [0.5]}, "node 0.5, expected a whole number"),
                               ({**self.split, "test": self.split["train"]}, "is in both train and test"),
                               ({**self.split, "train": []}, "train"), ({**self.split, "train": "all"}, "expected a list of node numbers")):
            (self.dir / "split.json").write_text(json.dumps(split))
            self.assertIn(message, self.trained("split.json", code=1))
        (self.dir / "split.csv").write_text("id,part\n0,train\nfox,test\n")
        self.assertIn("split.csv: line 3: 'fox' is the id of no node of", self.trained("split.csv", code=1))
        (self.dir / "split.csv").write_text("id\n0\n")
        self.assertIn("split.csv", self.trained("split.csv", code=1))
        np.savez(self.dir / "short.npz", train_mask=np.ones(79, bool))
        self.assertIn("expected a list of node numbers, or masks of the 80 nodes", self.trained("short.npz", code=1))
        np.savez(self.dir / "none.npz", other=[1])
        self.assertIn("expected arrays train, valid and test", self.trained("none.npz", code=1))

    def test_scores_and_weights_of_another_split_are_refused(self):
        (self.dir / "split.json").write_text(json.dumps(self.split))
        self.trained("split.json")
        other = {**self.split, "train": self.split["test"], "test": self.split["train"]}
        (self.dir / "other.json").write_text(json.dumps(other))
        for option in ("--scores", "--weights"):
            command = "train" if option == "--scores" else "run"
            shown = self.call(command, "graph.npz", option, "run", "--split-file", "other.json", "--out", "again", *SHORT, code=1)
            self.assertIn("was trained on split 0 of other nodes", shown.stderr)

    def test_a_class_capped_split(self):
        self.call("run", "graph.npz", "--out", "run", *SHORT, *sets(data__split="class_capped"))
        split = json.loads((self.dir / "run" / "split.json").read_text())
        labels = np.load(self.dir / "graph.npz")["node_labels"]
        counts, of_train = np.bincount(labels), np.bincount(labels[split["train"]])
        cap = round(0.6 * 80 / 3)
        self.assertEqual(of_train.tolist(), np.minimum(counts, cap).tolist())
        self.assertEqual(len(split["val"]), 16)


if __name__ == "__main__":
    unittest.main()
