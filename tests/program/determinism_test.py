#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same bits at any thread count and in every later run."""
import unittest

from engine_testing import EngineTest, SHORT, sets


class Threads(EngineTest):
    def same_at_1_2_4_threads(self, *args):
        for threads in (1, 2, 4):
            self.call("run", "minesweeper:20", *args, "--threads", threads, "--out", f"threads-{threads}")
        for threads in (2, 4):
            self.assert_same_files(self.dir / "threads-1", self.dir / f"threads-{threads}")

    def test_run(self):
        self.same_at_1_2_4_threads(*SHORT)

    def test_batches_drawn_one_by_one_and_two_repeats(self):
        by_batch = sets(network__batch_size=100, network__sampler="batch_reservoir")
        self.same_at_1_2_4_threads(*SHORT, "--repeats", 2, *by_batch)

    def test_batches_of_the_epochs_draw(self):
        self.same_at_1_2_4_threads(*SHORT, *sets(network__batch_size=33, network__pre_layers=1, network__width=20))

    def test_exphormer(self):
        self.same_at_1_2_4_threads(*SHORT, *sets(model="exphormer", network__heads=2))


class Again(EngineTest):
    def test_two_runs_are_the_same_and_another_seed_is_not(self):
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            self.run_folder("minesweeper:12", *SHORT, "--seed", seed, name=name)
        self.assert_same_files(self.dir / "a", self.dir / "b")
        for name in ("estimator.safetensors", "network.safetensors", "scores/source.npy"):
            self.assertNotEqual((self.dir / "a" / name).read_bytes(), (self.dir / "c" / name).read_bytes())

    def test_a_repeat_is_the_run_of_its_seed(self):
        both = self.run_folder("minesweeper:12", *SHORT, "--seed", 5, "--repeats", 2, name="both")
        one = self.run_folder("minesweeper:12", *SHORT, "--seed", 6, name="one")
        self.assert_same_files(both / "split-0-seed-6", one)


if __name__ == "__main__":
    unittest.main()
