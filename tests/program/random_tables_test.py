#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random tables with odd cells, as CSV and as Parquet: the graph folder has the values that were written, as pandas reads them."""
import csv
import datetime
import json
import random
import unittest

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from engine_testing import EngineTest

try:
    import pandas
except ImportError:
    pandas = None

TEXTS = ["red", "NA", "null", "None", "nan", 'a "quoted" one', "comma, here", "line\nend", "Straße", " margin ", "0x1", "1e5x", "TRUE?", "é", "-"]
EPOCH = datetime.datetime(1970, 1, 1)


def number(draw):
    return draw.choice([draw.randrange(-1000, 1000), round(draw.uniform(-5, 5), 3), draw.uniform(-1, 1) * 10.0 ** draw.randrange(-20, 20), 0])


class Column:
    """A column of one type, with its values (None: missing), its cells in CSV, and the features that it should become."""

    def __init__(self, draw, name, kind, rows):
        self.name, self.kind = name, kind
        texts = draw.sample(TEXTS, draw.randrange(2, 8))
        make = {"integer": lambda: draw.randrange(-2**40, 2**40), "number": lambda: number(draw), "truth": lambda: draw.random() < 0.5,
                "text": lambda: draw.choice(texts),
                "date": lambda: datetime.date(1970, 1, 1) + datetime.timedelta(days=draw.randrange(30000)),
                "moment": lambda: EPOCH + datetime.timedelta(seconds=draw.randrange(2_000_000_000)),
                "time": lambda: datetime.time(draw.randrange(24), draw.randrange(60), draw.randrange(60))}[kind]
        missing = draw.choice([0, 0.2])
        self.values = [None if draw.random() < missing else make() for _ in range(rows)]
        if kind == "number":
            self.values[0] = 0.5  # so that not all are integers
        if all(v is None for v in self.values):
            self.values[0] = make()

    def cell(self, value):
        if value is None:
            return ""
        if self.kind == "truth":
            return "true" if value else "false"
        return value.isoformat() if self.kind in ("date", "moment", "time") else repr(value) if self.kind == "number" else str(value)

    def arrow(self):
        types = {"integer": pa.int64(), "number": pa.float64(), "truth": pa.bool_(), "text": pa.string(), "date": pa.date32(),
                 "moment": pa.timestamp("us"), "time": pa.time64("us")}
        return pa.array([float(v) if self.kind == "number" and v is not None else v for v in self.values], types[self.kind])

    def features(self, fill):
        """The feature columns [rows, width]; a missing number is `fill`."""
        there = [v for v in self.values if v is not None]
        if self.kind == "text":
            names = sorted(set(there), key=lambda t: t.encode())
            return np.array([[float(v == name) for name in names] for v in self.values])
        def days(v):
            return (datetime.datetime(v.year, v.month, v.day) - EPOCH).days if self.kind == "date" else (v - EPOCH).total_seconds() / 86400
        if self.kind in ("date", "moment"):
            origin = np.floor(min(days(v) for v in there))
            values = [None if v is None else days(v) - origin for v in self.values]
        elif self.kind == "time":
            values = [None if v is None else v.hour + v.minute / 60 + v.second / 3600 for v in self.values]
        else:
            values = self.values
        return np.array([[fill if v is None else float(v)] for v in values])

    def pandas_agrees(self, read):
        """True if pandas read the column's values."""
        for value, got in zip(self.values, read, strict=True):
            if value is None:
                if not pandas.isna(got):
                    return False
            elif self.kind == "number":
                if not np.isclose(float(got), value, rtol=1e-15):
                    return False
            elif self.kind in ("date", "moment"):
                if pandas.Timestamp(got) != pandas.Timestamp(value):
                    return False
            elif self.kind == "time":
                if str(got) != value.isoformat():
                    return False
            elif self.kind == "truth":
                if str(got).lower() != str(value).lower():
                    return False
            elif got != value:
                return False
        return True


class RandomTables(EngineTest):
    def test_values_arrive(self):
        for seed in range(25):
            draw = random.Random(seed)
            rows = draw.randrange(5, 45)
            kinds = draw.choices(["integer", "number", "truth", "text", "date", "moment", "time"], k=draw.randrange(1, 8))
            columns = [Column(draw, f"{kind} {i}", kind, rows) for i, kind in enumerate(kinds)]
            ids = [f"n{i}" for i in draw.sample(range(1000), rows)]
            header = ["id", *(c.name for c in columns)]
            delimiter = draw.choice([",", ";", "|"])
            quoting = draw.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
            with open(self.dir / "nodes.csv", "w", newline="") as file:
                writer = csv.writer(file, quoting=quoting, delimiter=delimiter, lineterminator=draw.choice(["\n", "\r\n"]))
                writer.writerow(header)
                writer.writerows([name, *(c.cell(c.values[i]) for c in columns)] for i, name in enumerate(ids))
            edges = [[ids[i], ids[(i + 1) % rows]] for i in range(rows)]
            with open(self.dir / "edges.csv", "w", newline="") as file:
                csv.writer(file, delimiter=delimiter).writerows([["source", "destination"], *edges])
            pa.parquet.write_table(pa.table({"id": ids} | {c.name: c.arrow() for c in columns}), self.dir / "nodes.parquet")
            pa.parquet.write_table(pa.table({"source": [e[0] for e in edges], "destination": [e[1] for e in edges]}), self.dir / "edges.parquet")
            expected = np.concatenate([c.features(-7) for c in columns], 1)
            for form in ("csv", "parquet"):
                self.call("convert", "--nodes", f"nodes.{form}", "--edges", f"edges.{form}", "--fill", -7, "--overwrite", "--out", "folder",
                          *(["--delimiter", delimiter] if form == "csv" else []))
                features = np.load(self.dir / "folder" / "features.npy")
                np.testing.assert_allclose(features, expected.astype(np.float32), rtol=1e-6, atol=1e-30, err_msg=f"seed {seed}, {form}, {header}")
                types = [c["type"] for c in json.loads((self.dir / "folder" / "schema.json").read_text())["columns"]]
                names = {"integer": "number", "number": "number", "truth": "truth", "text": "category", "date": "date", "moment": "date",
                         "time": "time_of_day"}
                self.assertEqual(types, [names[c.kind] for c in columns], f"seed {seed}, {form}")
            if pandas is not None:
                read = pandas.read_csv(self.dir / "nodes.csv", sep=delimiter, keep_default_na=False, na_values=[""])
                for c in columns:
                    self.assertTrue(c.pandas_agrees(read[c.name].tolist()), f"seed {seed}, {c.name}: {read[c.name].tolist()}, {c.values}")


if __name__ == "__main__":
    unittest.main()
