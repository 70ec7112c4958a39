# SPDX-License-Identifier: Apache-2.0
"""The number of threads that a new process starts with: cores of its affinity mask, OMP_NUM_THREADS, torchrun's variables."""
import os
import unittest

from python_testing import EngineTest

import graphsieve

VARIABLES = ("OMP_NUM_THREADS", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID")


class NumberOfThreads(EngineTest):
    def threads(self, cores=None, **variables):
        """What num_threads() is first in a process with these cores and variables."""
        read, write = os.pipe()
        pid = os.fork()  # faster than a new interpreter; nothing here has asked for the number before
        if pid == 0:
            for name in VARIABLES:
                os.environ.pop(name, None)
            os.environ.update(variables)
            if cores:
                os.sched_setaffinity(0, cores)
            os.write(write, str(graphsieve.num_threads()).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            count = int(pipe.read())
        os.waitpid(pid, 0)
        return count

    def test_at_the_start(self):
        mask = sorted(os.sched_getaffinity(0))
        usable = self.threads()
        self.assertTrue(1 <= usable <= len(mask))
        self.assertEqual(self.threads(cores=mask[:1]), 1)
        self.assertEqual(self.threads(OMP_NUM_THREADS="1"), 1)
        self.assertEqual(self.threads(OMP_NUM_THREADS="1,4"), 1)
        self.assertEqual(self.threads(OMP_NUM_THREADS="junk"), usable)
        self.assertEqual(self.threads(OMP_NUM_THREADS="4096"), usable)
        torchrun = {"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "none"}
        self.assertEqual(self.threads(LOCAL_WORLD_SIZE="1", **torchrun), usable)
        self.assertEqual(self.threads(LOCAL_WORLD_SIZE="2", **torchrun), max(1, usable // 2))
        self.assertEqual(self.threads(LOCAL_WORLD_SIZE="1000", **torchrun), 1)

    def test_what_is_refused(self):
        for count in 0, -1, 1025, 2**40, 2.0, "2", True, None:
            with self.assertRaisesRegex(graphsieve.Error, f"count is {count!r}, expected a whole number 1 to 1024"):
                graphsieve.set_num_threads(count)


if __name__ == "__main__":
    unittest.main()
