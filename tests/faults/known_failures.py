"""Failures that are known and not yet mended: they are counted by themselves, and the tests pass with them. Whoever
mends a fault removes its row."""

import re

# (test, pattern of "CASE: WHY", what is wrong)
KNOWN = [
    ("kills", "save weights in Python", "weights and card are two files: where the process dies between them, saving again mends it"),
    ("failing_calls", "prints something else", "report leaves out a graph that cannot be read, with a note"),
    ("failing_calls", "gives no reason", "predictions.csv that cannot be opened is taken for one without a head"),
    ("failing_calls", "save weights in Python", "weights and card are two files: where the second fails, the first stands"),
]


def of(test):
    """The patterns of a test."""
    return [re.compile(pattern) for name, pattern, _ in KNOWN if name == test]
