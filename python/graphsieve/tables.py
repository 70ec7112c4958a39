# SPDX-License-Identifier: Apache-2.0
"""Graphs of a node table and an edge table, converted as `graphsieve convert` converts files (docs/tables.md)."""
from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsieve import _engine
from graphsieve._check import Error, check_path

__all__ = ["Tables"]


def is_table(value: Any) -> bool:
    """True for a DataFrame of pandas or polars and for a table of Arrow."""
    return hasattr(value, "column_names") or hasattr(value, "columns") and (hasattr(value, "to_parquet") or hasattr(value, "write_parquet"))


class Tables:
    """A node table and an edge table: a graph for `graph_of` and `NodeClassifier`.

    nodes, edges: DataFrames of pandas or polars, tables of Arrow, or paths of CSV or Parquet files. The options are those of
    `graphsieve convert`, with the same defaults: id, source, destination, edge_type, split: names of columns. label: one name, or
    several for several labels per node; [] for none; None: "label" if there is such a column. task: "classification", or "regression"
    for labels that are numbers to predict. split_by, train_until, validate_until: a column of dates that makes the split, and the last
    dates of training and validation. columns, drop: feature columns, and columns to leave out. fill: a number for all columns, or
    {"age": "mean", "size": 0}. indicator, cyclic: columns with further features. degree_features: features of the nodes' degrees.
    missing: texts that count as missing. id_type: "integer" or "text". delimiter, decimal, thousands: characters of CSV files.
    drop_dangling: leave out edges whose ids no node has. directed: keep the directions of the edges. unknown: what becomes of a text
    that training did not have, "zeros" or "refuse".

    Two tables without options are given as a tuple, (nodes, edges). Needs pyarrow.

    >>> import pyarrow as pa
    >>> nodes = pa.table({"id": range(40), "size": [i / 7 for i in range(40)], "label": ["even", "odd"] * 20})
    >>> edges = pa.table({"source": range(40), "destination": [(i + 2) % 40 for i in range(40)]})
    >>> graphsieve.graph_of(Tables(nodes, edges, degree_features=True)).class_values.tolist()
    ['even', 'odd']
    """

    def __init__(self, nodes: Any, edges: Any, *, id: str = "", source: str = "", destination: str = "", edge_type: str = "",
                 label: str | Sequence[str] | None = None, task: str = "classification", split: str = "", split_by: str = "",
                 train_until: str = "", validate_until: str = "", columns: Sequence[str] = (), drop: Sequence[str] = (),
                 id_type: str = "", fill: float | Mapping[str, float | str] | None = None, indicator: Sequence[str] = (),
                 cyclic: Sequence[str] = (), degree_features: bool = False, missing: Sequence[str] | None = None, delimiter: str = "",
                 decimal: str = "", thousands: str = "", drop_dangling: bool = False, directed: bool = False,
                 unknown: str = "zeros") -> None:
        if unknown not in ("zeros", "refuse"):
            raise Error(f"unknown is {unknown!r}, expected 'zeros' or 'refuse'")
        if task not in ("classification", "regression"):
            raise Error(f"task is {task!r}, expected 'classification' or 'regression'")
        for option, value in (("columns", columns), ("drop", drop), ("indicator", indicator), ("cyclic", cyclic), ("missing", missing)):
            if isinstance(value, str):
                raise Error(f"{option} is {value!r}, expected a list of texts")
        self.nodes, self.edges = nodes, edges
        fills = {str(column): str(value) for column, value in fill.items()} if isinstance(fill, Mapping) else {}
        self.options: dict[str, Any] = {
            "id": id, "source": source, "destination": destination, "edge_type": edge_type, "split": split, "columns": list(columns),
            "split_by": split_by, "train_until": train_until, "validate_until": validate_until, "regression": task == "regression",
            "labels": [label] if isinstance(label, str) else None if label is None else list(label), "drop": list(drop),
            "id_type": id_type, "fill": None if fill is None or fills else float(fill), "fills": fills,  # type: ignore[arg-type]
            "indicators": list(indicator), "cyclic": list(cyclic), "degree_features": bool(degree_features),
            "missing": None if missing is None else list(missing), "delimiter": delimiter, "decimal": decimal, "thousands": thousands,
            "drop_dangling": bool(drop_dangling), "directed": bool(directed), "refuse_unknown": unknown == "refuse"}

    def graph(self, name: str, like: str | os.PathLike[str] | None, note: Callable[[str], None], regression: bool = False) -> _engine.Graph:
        """Returns the engine's graph. `like`: the schema.json of a run, whose features it then has. regression: whatever `task` is."""
        try:
            import pyarrow  # noqa: F401  loads the libraries that the module for tables uses

            from graphsieve import _tables
        except ImportError as error:
            raise Error(f"tables need Apache Arrow (pip install pyarrow): {error}") from None
        with tempfile.TemporaryDirectory(prefix="graphsieve-") as folder:
            out = pathlib.Path(folder) / "graph"
            nodes = _file(self.nodes, pathlib.Path(folder) / "nodes.parquet", self.options["id"] or "id")
            edges = _file(self.edges, pathlib.Path(folder) / "edges.parquet", None)
            _tables.convert(nodes, edges, out, name=name, like="" if like is None else os.fspath(like), note=note,
                            **self.options | {"regression": regression or self.options["regression"]})
            return _engine.load_graph(out, in_memory=True)


def _file(table: Any, path: pathlib.Path, index: str | None) -> Any:
    """Returns the path of a table: its own, or that of a Parquet file with its content. `index`: a column that may be pandas' index."""
    if isinstance(table, (str, os.PathLike)):
        check_path("table", table)
        return table
    import pyarrow
    import pyarrow.parquet
    what = path.stem
    try:
        if isinstance(table, pyarrow.Table):
            arrow = table
        elif hasattr(table, "to_arrow"):  # polars
            arrow = table.to_arrow()
        elif hasattr(table, "reset_index"):  # pandas
            names = [str(column) for column in table.columns]
            indexed = index is not None and index not in names and index in (table.index.names or [])
            arrow = pyarrow.Table.from_pandas(table.reset_index() if indexed else table, preserve_index=False)
        else:
            raise Error(f"{what}: {type(table).__name__}, expected a DataFrame, a table of Arrow or a path")
        pyarrow.parquet.write_table(arrow, path)
    except pyarrow.ArrowException as error:
        raise Error(f"{what}: cannot be written as a table of Arrow: {error}") from None
    return path
