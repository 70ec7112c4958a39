# SPDX-License-Identifier: Apache-2.0
"""python -m measure.tables_of GRAPH TABLES LABELLED: a graph folder as the two tables a user would have, nodes.parquet (id, label,
f_0, f_1, …; a share LABELLED of the labels) and edges.parquet (source, destination; each edge once)."""
import pathlib
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1 << 18  # written at a time


def main():
    graph, tables, labelled = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), float(sys.argv[3])
    arrays = {n: np.load(graph / f"{n}.npy", mmap_mode="r") for n in ("row_start", "source", "features", "labels")}
    nodes = len(arrays["row_start"]) - 1
    tables.mkdir(parents=True, exist_ok=True)
    blocks = [(b, min(nodes, b + ROWS)) for b in range(0, nodes, ROWS)]
    write(tables / "nodes.parquet", (node_rows(arrays, labelled, *block) for block in blocks))
    write(tables / "edges.parquet", (edge_rows(arrays, *block) for block in blocks))


def write(path, parts):
    """Whole or not at all."""
    begun, writer = path.with_suffix(".unfinished"), None
    for part in parts:
        writer = writer or pq.ParquetWriter(begun, part.schema, compression="NONE", use_dictionary=False)
        writer.write_table(part)
    writer.close()
    begun.rename(path)


def node_rows(arrays, labelled, begin, end):
    features = np.asarray(arrays["features"][begin:end], np.float32)
    ids = np.arange(begin, end)
    without = ids * 0x9E3779B1 % (1 << 32) >= labelled * (1 << 32)
    columns = {"id": ids, "label": pa.array(np.asarray(arrays["labels"][begin:end]), mask=without)}
    columns.update((f"f_{c}", np.ascontiguousarray(features[:, c])) for c in range(features.shape[1]))
    return pa.table(columns)


def edge_rows(arrays, begin, end):
    start = np.asarray(arrays["row_start"][begin:end + 1])
    source = np.asarray(arrays["source"][start[0]:start[-1]])
    destination = np.repeat(np.arange(begin, end, dtype=np.int32), np.diff(start))
    once = source < destination
    return pa.table({"source": source[once], "destination": destination[once]})


if __name__ == "__main__":
    main()
