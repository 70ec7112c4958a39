# SPDX-License-Identifier: Apache-2.0
"""PyG's own unit tests of TransformerConv with our layer in its place. GRAPHSIEVE_PYG_TESTS names a checkout of PyG; without it, or
without pytest, the test is skipped."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import unittest

from python_testing import HAS_PYG

CHECKOUT = os.environ.get("GRAPHSIEVE_PYG_TESTS")
PROGRAM = """
import sys
import pytest
import torch_geometric.nn
from graphsieve.pyg import SparseAttention
attributes = {"propagate": torch_geometric.nn.MessagePassing.propagate, "__module__": "graphsieve.pyg"}
torch_geometric.nn.TransformerConv = type("TransformerConv", (SparseAttention,), attributes)
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--noconftest", *sys.argv[1:]]))
"""


class Suite(unittest.TestCase):
    @unittest.skipUnless(CHECKOUT, "GRAPHSIEVE_PYG_TESTS is not set to a checkout of PyG")
    @unittest.skipUnless(HAS_PYG and importlib.util.find_spec("pytest"), "PyG or pytest is not there")
    def test_transformer_conv(self):
        file = pathlib.Path(CHECKOUT) / "test" / "nn" / "conv" / "test_transformer_conv.py"
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM, str(file)], capture_output=True, text=True)
        print(done.stdout, file=sys.stderr)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"[1-9]\d* passed")


if __name__ == "__main__":
    unittest.main()
