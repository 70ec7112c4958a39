# SPDX-License-Identifier: Apache-2.0
"""Settings of the short runs, and the inputs that they share."""

import gzip
import sys

import numpy as np
from program import ROOT

sys.path.insert(0, str(ROOT / "tests" / "program"))
from engine_testing import Graph, sets  # noqa: E402

FREE_K = sets(
    estimator__epochs=1,
    estimator__layers=2,
    network__epochs=2,
    network__layers=2,
    network__width=8,
    network__heads=2,
    network__ffn_width=8,
    graph__expander_degree=2,
    graph__expander_tries=2,
)
SMALL = FREE_K + sets(network__k="4-4")
PLAIN = sets(
    model="plain", network__epochs=2, network__layers=2, network__width=8, network__heads=1, network__ffn_width=8
)
RUN = ["--threads", "1", "--checkpoint", "0"]


def small_graph(stock):
    Graph(nodes=40, features=4).write(stock / "graph.npz")


def other_graph(stock):
    """Of the same sizes, so that its files have the same lengths where they can."""
    graph = Graph(nodes=40, features=4)
    graph.node_features = -graph.node_features
    graph.node_labels = (graph.node_labels + 1) % 3
    graph.edges = np.sort(39 - graph.edges, 1)
    graph.train_masks, graph.test_masks = graph.test_masks, graph.train_masks
    graph.write(stock / "other.npz")


def tables(stock):
    """Node and edge tables as CSV and Parquet."""
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    graph = Graph(nodes=40, features=3)
    part = np.where(graph.train_masks[0], "train", np.where(graph.val_masks[0], "val", "test"))
    nodes = {
        "id": [f"n{i}" for i in range(40)],
        "class": graph.node_labels,
        "part": part,
        "colour": np.array(["red", "green", "blue"])[np.arange(40) % 3],
    }
    nodes |= {f"x{i}": graph.node_features[:, i] for i in range(3)}
    edges = {
        "from": [f"n{i}" for i in graph.edges[:, 0]],
        "to": [f"n{i}" for i in graph.edges[:, 1]],
        "kind": np.array(["knows", "pays"])[np.arange(len(graph.edges)) % 2],
    }
    for name, columns in (("nodes", nodes), ("edges", edges)):
        table = pyarrow.table({key: pyarrow.array(column) for key, column in columns.items()})
        pyarrow.csv.write_csv(table, stock / f"{name}.csv")
        pyarrow.parquet.write_table(table, stock / f"{name}.parquet")


def ogb(stock):
    """A data set as the Open Graph Benchmark's loader unpacks it."""
    graph = Graph(nodes=40, features=3)
    files = {
        "raw/num-node-list": [[40]],
        "raw/edge": graph.edges,
        "raw/node-feat": graph.node_features,
        "raw/node-label": graph.node_labels[:, None],
    }
    for part, mask in (("train", graph.train_masks[0]), ("valid", graph.val_masks[0]), ("test", graph.test_masks[0])):
        files[f"split/time/{part}"] = np.flatnonzero(mask)[:, None]
    for path, rows in files.items():
        file = stock / "ogbn_small" / f"{path}.csv.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(",".join(map(str, row)) + "\n" for row in rows)
        file.write_bytes(gzip.compress(text.encode(), mtime=0))


# Inputs by name: a function that writes them into the folder of inputs, or what they are made of and the program's
# arguments.
STOCK = {
    "graph.npz": small_graph,
    "tables": tables,
    "ogb": ogb,
    "other.npz": other_graph,
    "other graph": (("other.npz",), ["convert", "{stock}/other.npz", "--out", "{stock}/other graph"]),
    "graph": (("graph.npz",), ["convert", "{stock}/graph.npz", "--out", "{stock}/graph"]),
    "run": (("graph",), ["run", "{stock}/graph", *SMALL, *RUN, "--out", "{stock}/run"]),
    "plain": (("graph",), ["run", "{stock}/graph", *PLAIN, *RUN, "--out", "{stock}/plain"]),
    "scores": (("graph",), ["estimate", "{stock}/graph", *SMALL, *RUN, "--out", "{stock}/scores"]),
    "two": (("graph",), ["run", "{stock}/graph", *SMALL, *RUN, "--split", "0,1", "--out", "{stock}/two"]),
}
