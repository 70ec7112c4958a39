# SPDX-License-Identifier: Apache-2.0
"""What each block of a network gives: a plain transformer on ten splits of two graphs, with one setting changed at a time."""
import json

from measure.accuracy import one_run
from measure.program import ROOT, run
from measure.rows import Rows

SPLITS = range(10)
COMMON = ["graph.self_loops=true"]
BASES = {
    "minesweeper": [*COMMON, "network.layers=6", "network.lr=0.005", "network.weight_decay=0"],
    "photo": [*COMMON, "data.features=binary", "network.layers=3", "network.lr=0.002", "network.dropout=0.5"],
}
BLOCKS = {
    "base": [],
    "LayerNorm": ["network.norm=layer"],
    "linear skips": ["network.skip=linear"],
    "no skips": ["network.skip=none"],
    "ReLU after the sum": ["network.activation=relu"],
    "no FFN": ["network.ffn=false"],
    "input dropout": ["network.input_dropout=0.2"],
    "mean": ["network.attention=mean"],
    "GCN": ["network.attention=gcn"],
    "GAT": ["network.attention=gat"],
    "average of the weights": ["network.ema_decay=0.98"],
}
# Blocks that graphsieve had when their rows were measured. They gained on no graph and are gone.
REMOVED = ("product gate", "sum of all blocks")
# A block that graphsieve does not have, in a Python script on its layers (bench/peers/global_attention.py), by its number of layers.
SCRIPT = {"base, as a script": 0, "two layers of global attention, as a script": 2}
OTHER_BASE = {block: "base, as a script" for block in SCRIPT}


def blocks(bench):
    """Split by split, so that an interrupted measurement compares all blocks on the same splits. The scripts, which take longest, come last."""
    rows = Rows("blocks")
    for split in SPLITS:
        for name in bench.names(*BASES):
            for block, changes in BLOCKS.items():
                key = {"data": name, "block": block, "split": split}
                one_run(bench, rows, key, name, split, split, [*BASES[name], *changes], "plain")
    for split in SPLITS:
        for name in bench.names(*BASES):
            for block, layers in SCRIPT.items():
                script(bench, rows, name, split, block, layers)


def script(bench, rows, name, split, block, layers):
    def measure():
        command = [bench.peer_python(), ROOT / "bench" / "peers" / "global_attention.py", bench.file(name), name, split, split, layers]
        return json.loads(run(command)), command
    return bench.row(rows, {"data": name, "block": block, "split": split}, measure)


def base_of(block):
    return OTHER_BASE.get(block, "base")


def gains(rows, name):
    """Per block: its test values, and its differences from its base on the splits that have both."""
    found = {}
    for block in (*BLOCKS, *REMOVED, *SCRIPT):
        tests, base = ({row["key"]["split"]: row["values"]["test"] for row in rows.all(data=name, block=b)} for b in (block, base_of(block)))
        both = tests.keys() & base.keys()
        if both:
            found[block] = [tests[split] for split in both], [tests[split] - base[split] for split in both]
    return found
