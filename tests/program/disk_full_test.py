#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up in the middle: nothing is left behind, and the message names the file."""
import pathlib
import resource
import signal
import unittest

import numpy as np

from engine_testing import EngineTest


def limited(size):
    """For preexec_fn: a write beyond `size` bytes of a file fails (EFBIG), as on a full disk."""
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return apply


class DiskFull(EngineTest):
    def table(self):
        with open(self.dir / "nodes.csv", "w") as file:
            file.write("id,x,label\n" + "".join(f"n{i},{i % 50},{i % 3}\n" for i in range(20000)))
        ends = np.random.default_rng(0).integers(0, 20000, (100000, 2))
        with open(self.dir / "edges.csv", "w") as file:
            file.write("source,destination\n" + "".join(f"n{s},n{d}\n" for s, d in ends))
        return ["convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--memory", "64KiB", "--out", "out/folder"]

    def assert_nothing_left(self, result, parts):
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, r"error: \S+: writing failed: ")
        self.assertTrue(any(part in result.stderr for part in parts), result.stderr)
        out = self.dir / "out"
        self.assertEqual(list(out.rglob("*")) if out.exists() else [], [], "nothing is left behind")

    def test_a_file_that_may_not_grow(self):
        generate = ["generate", "--nodes", 20000, "--degree", 10, "--memory", "1MiB", "--out", "out/folder"]
        for command, size, parts in ((self.table(), 40000, ["ids", "run-"]), (self.table(), 500000, ["source.npy", "ids", "run-"]),
                                     (generate, 40000, ["features.npy"]), (generate, 1000000, ["features.npy", "source.npy", "run-"])):
            with self.subTest(command=command[0], size=size):
                self.assert_nothing_left(self.call(*command, code=1, preexec_fn=limited(size)), parts)

    def test_a_full_file_system(self):
        """The same on a real one, of 3 MB, where one may be mounted."""
        self.table()
        mount = self.small_file_system("3m")
        generate = ["generate", "--nodes", "100000", "--degree", "10", "--out", mount / "graph"]
        for command in ([*self.table()[:-1], mount / "folder"], generate):
            with self.subTest(command=command[0]):
                shown = self.call(*command, code=1).stderr
                self.assertIn("No space left on device", shown)
                self.assertEqual(list(pathlib.Path(mount).iterdir()), [], "nothing is left behind")


if __name__ == "__main__":
    unittest.main()
