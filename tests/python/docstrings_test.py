# SPDX-License-Identifier: Apache-2.0
"""Every public name has a docstring with an example, and all examples run."""
import contextlib
import doctest
import importlib
import inspect
import tempfile
import unittest

from python_testing import Data

import graphsieve

MODULES = ("ops", "nn", "attention_layer", "graphs", "classifier", "regressor", "loader", "runs", "tracking", "tune", "hub", "plots")


class Docstrings(unittest.TestCase):
    def test_examples_run(self):
        for name in MODULES:
            module = importlib.import_module(f"graphsieve.{name}")
            with self.subTest(module=name), tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                failed, _ = doctest.testmod(module, extraglobs={"graphsieve": graphsieve, "Data": Data},
                                            optionflags=doctest.NORMALIZE_WHITESPACE)
                self.assertEqual(failed, 0)

    def test_public_names_have_one(self):
        for name in MODULES:
            module = importlib.import_module(f"graphsieve.{name}")
            for public in module.__all__:
                thing = getattr(module, public)
                self.assertTrue(inspect.getdoc(thing), f"{name}.{public}")
                if getattr(thing, "_is_protocol", False):
                    continue
                self.assertIn(">>>", thing.__doc__, f"{name}.{public} has no example")


if __name__ == "__main__":
    unittest.main()
