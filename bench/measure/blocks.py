# SPDX-License-Identifier: Apache-2.0
"""What each block of a network gives: a plain transformer on ten splits of two graphs, with one setting changed at a time."""
from measure.accuracy import figures
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
    "product gate": ["network.gate=product"],
    "sum of all blocks": ["network.read_out=sum"],
    "input dropout": ["network.input_dropout=0.2"],
    "mean": ["network.attention=mean"],
    "GCN": ["network.attention=gcn"],
    "GAT": ["network.attention=gat"],
    "average of the weights": ["network.ema_decay=0.98"],
}


def blocks(bench):
    """Split by split, so that an interrupted measurement compares all blocks on the same splits."""
    rows = Rows("blocks")
    for split in SPLITS:
        for name in bench.names(*BASES):
            for block, changes in BLOCKS.items():
                one(bench, rows, name, split, block, [*BASES[name], *changes])


def one(bench, rows, name, split, block, settings):
    def measure():
        words = [word for setting in settings for word in ("--set", setting)]
        result, _, command = bench.graphsieve(bench.file(name), "--recipe", "plain", "--split", split, "--seed", split, *words)
        return figures(result), command
    return bench.row(rows, {"data": name, "block": block, "split": split}, measure)


def gains(rows, name):
    """Per block: its test values, and its differences from the base on the splits that have both."""
    base = {row["key"]["split"]: row["values"]["test"] for row in rows.all(data=name, block="base")}
    found = {}
    for block in BLOCKS:
        of = {row["key"]["split"]: row["values"]["test"] for row in rows.all(data=name, block=block) if row["key"]["split"] in base}
        if of:
            found[block] = list(of.values()), [value - base[split] for split, value in of.items()]
    return found
