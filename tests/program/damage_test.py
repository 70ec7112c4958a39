#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damage to files that the program reads back is noticed, from the program and from Python; tests/faults has the sweeps."""
import json
import shutil
import unittest

import numpy as np

from engine_testing import EngineTest, sets

TINY = sets(estimator__epochs=2, network__epochs=2, network__width=8, graph__expander_degree=3)


def flip(path, at=None):
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3 if at is None else at] ^= 1
    path.write_bytes(bytes(data))


class Damage(EngineTest):
    def setUp(self):
        super().setUp()
        self.data = self.graph(nodes=60)
        self.out = self.run_folder(self.data, *TINY)
        self.whole = self.dir / "whole"
        shutil.copytree(self.out, self.whole)

    def mended(self):
        shutil.rmtree(self.out)
        shutil.copytree(self.whole, self.out)

    def refused(self, *args, word="is damaged"):
        done = self.call(*args, code=1)
        self.assertIn(word, done.stderr)
        return done.stderr

    def test_a_flip_in_each_file(self):
        readers = {"network.safetensors": ["predict", "run", "--out", "p.csv"], "feature_ranges.npy": ["predict", "run", "--out", "p.csv"],
                   "scores/layer_0.npy": ["predict", "run", "--out", "p.csv"],
                   "scores/row_start.npy": ["sparsify", "run"], "scores/source.npy": ["sparsify", "run"], "scores/type.npy": ["sparsify", "run"],
                   "estimator_norms.safetensors": ["predict", "run", self.graph(nodes=50, name="other.npz"), "--out", "p.csv"],
                   "estimator.safetensors": ["train", "--scores", "run", "--out", "t", *TINY], "result.json": ["predict", "run", "--out", "p.csv"],
                   "recipe.yaml": ["inspect", "run"], "split.json": ["predict", "run", "--out", "p.csv"],
                   "metrics.jsonl": ["report", "run"], "predictions.csv": ["report", "run"],
                   "quality.json": ["report", "run"], "card.json": ["inspect", "run"]}
        self.assertEqual({str(p.relative_to(self.out)) for p in self.out.rglob("*") if p.is_file()} - set(readers), set(
            f"scores/layer_{i}.npy" for i in range(1, 4)))
        for name, command in readers.items():
            with self.subTest(name):
                flip(self.out / name)
                self.assertIn(name.split("/")[-1], self.refused(*command, word=""))
                self.mended()

    def test_a_removed_card_is_damage_and_an_old_folder_is_read_with_a_note(self):
        (self.out / "card.json").unlink()
        self.assertIn("card.json", self.refused("predict", "run", "--out", "p.csv"))
        result = json.loads((self.out / "result.json").read_text())
        del result["format"]
        (self.out / "result.json").write_text(json.dumps(result))
        done = self.call("predict", "run", "--out", "p.csv")
        self.assertIn("note: run is of an earlier version and has no checksums", done.stderr)
        self.assertEqual((self.dir / "p.csv").read_bytes(), (self.out / "predictions.csv").read_bytes())

    def test_numbers_that_cannot_be(self):
        (self.out / "card.json").unlink()
        result = json.loads((self.out / "result.json").read_text())
        del result["format"]
        (self.out / "result.json").write_text(json.dumps(result))
        scores = np.load(self.out / "scores" / "layer_1.npy")
        for bad in (np.nan, np.inf, -0.5):
            changed = scores.copy()
            changed[7] = bad
            np.save(self.out / "scores" / "layer_1.npy", changed)
            self.assertIn("edge 7 has the score", self.refused("predict", "run", "--out", "p.csv", word="layer_1.npy"))
        np.save(self.out / "scores" / "layer_1.npy", scores)
        weights = bytearray((self.out / "network.safetensors").read_bytes())
        weights[-4:] = np.float32(np.nan).tobytes()
        (self.out / "network.safetensors").write_bytes(bytes(weights))
        self.refused("predict", "run", "--out", "p.csv", word="holds a number that is not finite")

    def test_a_graph_folder(self):
        self.call("convert", self.data, "--out", "g")
        for file in sorted((self.dir / "g").iterdir()):
            with self.subTest(file.name):
                whole = file.read_bytes()
                flip(file)
                self.assertIn(file.name, self.refused("run", "g", *TINY, "--out", "r", word=""))
                self.assertIn(file.name, self.refused("check", "g", word=""))
                file.write_bytes(whole)

    def test_what_a_checkpoint_refers_to(self):
        settings = sets(estimator__epochs=2, network__epochs=2000, network__width=8, graph__expander_degree=3)
        command = ["run", self.data, "--threads", "1", "--checkpoint", "0", "--out", "cut", "--no-report", *settings]
        import signal
        import subprocess
        import time
        from engine_testing import PROGRAM
        process = subprocess.Popen([PROGRAM, *command], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        unfinished = self.dir / ".cut.unfinished"
        while not (unfinished / "scores" / "type.npy").exists() or (unfinished / "metrics.jsonl").read_text().count("network") < 3:
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        keep = self.dir / "keep"
        shutil.copytree(unfinished, keep)
        for name in ("scores/layer_0.npy", "scores/source.npy", "estimator.safetensors", "split.json", "metrics.jsonl"):
            with self.subTest(name):
                shutil.rmtree(unfinished, ignore_errors=True)
                shutil.copytree(keep, unfinished)
                flip(unfinished / name, 5)
                process = subprocess.Popen([PROGRAM, *command, "--resume"], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                lines = [process.stderr.readline() for _ in range(5)]
                process.kill()
                process.communicate()
                self.assertIn("a damaged checkpoint is passed over", "".join(lines))
                self.assertIn("begins anew", "".join(lines))


if __name__ == "__main__":
    unittest.main()
