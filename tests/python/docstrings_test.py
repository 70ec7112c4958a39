"""Every example in the package's docstrings runs, and every public name has a docstring."""
import doctest
import importlib
import inspect
import unittest

import python_testing  # noqa: F401

import graphsieve

MODULES = ("ops", "nn", "graphs", "classifier", "loader", "runs")
WITHOUT_EXAMPLE = {"Attention", "Edges", "NeighborLoader", "Run", "RunInputs", "Transformer", "from_run", "Graph", "SampledLoader"}


class Docstrings(unittest.TestCase):
    def test_examples_run(self):
        for name in MODULES:
            module = importlib.import_module(f"graphsieve.{name}")
            with self.subTest(module=name):
                failed, _ = doctest.testmod(module, extraglobs={"graphsieve": graphsieve}, optionflags=doctest.NORMALIZE_WHITESPACE)
                self.assertEqual(failed, 0)

    def test_public_names_have_one(self):
        for name in MODULES:
            module = importlib.import_module(f"graphsieve.{name}")
            for public in module.__all__:
                thing = getattr(module, public)
                self.assertTrue(inspect.getdoc(thing), f"{name}.{public}")
                if public not in WITHOUT_EXAMPLE:
                    self.assertIn(">>>", thing.__doc__, f"{name}.{public} has no example")


if __name__ == "__main__":
    unittest.main()
