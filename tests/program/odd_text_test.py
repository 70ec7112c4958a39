#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Texts and paths that are odd: not UTF-8, controls of a terminal, formulas of a spreadsheet."""
import csv
import json
import os
import pathlib
import subprocess
import unittest

from engine_testing import EngineTest, Graph, PROGRAM, SHORT, without_card_checksum


class OddText(EngineTest):
    def raw(self, *args, code=0):
        """Calls the program and returns stdout and stderr as bytes."""
        result = subprocess.run([PROGRAM, *args], cwd=self.dir, capture_output=True, timeout=300)
        self.assertEqual(result.returncode, code, f"{args}\n{result.stdout}\n{result.stderr}")
        return result.stdout, result.stderr

    def tables(self, ids, classes=("a", "b"), name="folder", kinds=("x",), code=0):
        """A graph folder of 60 nodes with these ids, classes and kinds of edges, in turn."""
        graph = Graph(nodes=60, classes=2)
        ids = [*ids, *(f"n{i}" for i in range(60 - len(ids)))]
        with open(self.dir / "nodes.csv", "w", newline="") as file:
            write = csv.writer(file)
            write.writerow(["id", "kind", *(f"x{i}" for i in range(6))])
            write.writerows([id, classes[y], *x] for id, y, x in zip(ids, graph.node_labels, graph.node_features))
        with open(self.dir / "edges.csv", "w", newline="") as file:
            write = csv.writer(file)
            write.writerow(["source", "destination", "type"])
            write.writerows([ids[a], ids[b], kinds[(a + b) % len(kinds)]] for a, b in graph.edges)
        return self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--label", "kind", "--edge-type", "type", "--out", name, code=code)

    def test_a_path_that_is_not_utf8(self):
        folder = os.fsencode(self.dir) + b"/caf\xe9\\x41"
        os.mkdir(folder)
        graph = folder + b"/gr\xff.npz"
        os.rename(os.fsencode(self.graph()), graph)
        self.raw(b"run", graph, *map(os.fsencode, SHORT), b"--out", b"r\xfen")
        result = json.loads(pathlib.Path(os.fsdecode(os.fsencode(self.dir) + b"/r\xfen/result.json")).read_text(encoding="utf-8"))
        self.assertTrue(result["graph"]["source"].endswith("/caf\\xe9\\x5cx41/gr\\xff.npz"), result["graph"])
        self.assertEqual(result["graph"]["name"], "gr\\xff")
        self.raw(b"predict", b"r\xfen", b"--out", b"p\xff.csv")
        self.raw(b"report", b"r\xfen", b"--json")
        self.raw(b"explain", b"r\xfen", b"--node", b"3", b"--json")
        self.raw(b"inspect", b"r\xfen", b"--json")
        self.raw(b"check", graph, b"--json")
        self.raw(b"sparsify", b"r\xfen", b"--out", b"s\xff", b"-q")
        self.raw(b"compress", b"r\xfen", b"--method", b"fitted", b"--width", b"4", b"--out", b"c\xff", b"-q")
        self.raw(b"predict", b"c\xff", b"--out", b"q\xff.csv")
        self.raw(b"convert", graph, b"--out", b"g\xff")
        self.raw(b"run", b"g\xff", *map(os.fsencode, SHORT), b"--no-report")
        self.assertTrue((self.dir / "runs/gr\\xff-1/result.json").exists())
        page = pathlib.Path(os.fsdecode(os.fsencode(self.dir) + b"/r\xfen/report.html")).read_text(encoding="utf-8")
        self.assertIn("graphsieve run $&#39;" if "$&#39;" in page else "graphsieve run $'", page)
        _, shown = self.raw(b"check", b"not\xffhere", code=1)
        self.assertIn(b"not\\xffhere", shown)

    def test_what_steers_a_terminal_is_escaped(self):
        odd = "n\u202eabc\x1b[2J\u009b31m\nerror: forged"
        self.tables([odd, "\u2066x"], classes=("a\u202e", "b\x07"), kinds=("k\u2028", "l\x1b]0;t\x07"))
        run = self.run_folder(self.dir / "folder", *SHORT)
        shown = [self.call("check", "folder"), self.call("explain", run, "--node", odd), self.call("explain", run, "--node", odd, "--json"),
                 self.call("check", "folder", "--json"), self.call("explain", run, "--node", odd + "?", code=1)]
        nodes = (self.dir / "nodes.csv").read_text()
        (self.dir / "nodes.csv").write_text(nodes.replace('"n\u202e', '"m\u202e'))
        shown.append(self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--label", "kind", "--out", "other", code=1))
        for result in shown:
            for text in (result.stdout, result.stderr):
                self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
                self.assertNotIn("\nerror: forged", text)
        self.assertIn("k\\u2028: ", shown[0].stdout)
        self.assertIn("node n\\u202eabc\\u001b[2J\\u009b31m\\nerror: forged (", shown[1].stdout)
        self.assertIn("no node has the id 'n\\u202eabc", shown[-1].stderr)
        self.assertEqual(json.loads(shown[2].stdout)["node"]["node"], odd)

    def test_a_spreadsheet_runs_no_id(self):
        ids = ["=1+1", "+2", "-3", "@SUM(A1)", "\t=1", "'=x", "plain;x", "'plain", "\uff1d1"]
        safe = ["'=1+1", "'+2", "'-3", "'@SUM(A1)", "'\t=1", "''=x", "plain;x", "'plain", "'\uff1d1"]
        self.tables(ids, classes=("=a", "b"))
        run = self.run_folder(self.dir / "folder", *SHORT, report=True)

        def column(path, name):
            with open(path, newline="") as file:
                return [row[name] for row in csv.DictReader(file)]
        self.assertEqual(column(run / "predictions.csv", "node")[:len(ids)], safe)
        self.assertLessEqual(set(column(run / "predictions.csv", "label")), {"'=a", "b"})
        self.assertIn("p_=a", (run / "predictions.csv").read_text().splitlines()[0])
        quality = json.loads((run / "report.json").read_text())["runs"][0]["detail"]["quality"]
        self.assertEqual((quality["classes"], {row["class"] for row in quality["class_balance"]["rows"]}), (2, {"=a", "b"}))
        self.call("predict", run, "--out", "raw.csv", "--raw-ids")
        self.assertEqual(column(self.dir / "raw.csv", "node")[:len(ids)], ids)
        raw = self.run_folder(self.dir / "folder", *SHORT, "--raw-ids", name="raw")
        self.assertEqual((raw / "predictions.csv").read_bytes(), (self.dir / "raw.csv").read_bytes())

    def test_negative_integers_stay(self):
        self.tables([])
        lines = (self.dir / "nodes.csv").read_text().splitlines()
        (self.dir / "nodes.csv").write_text("\n".join(line.replace("n", "-", 1) if i else line for i, line in enumerate(lines)) + "\n")
        lines = (self.dir / "edges.csv").read_text().splitlines()
        (self.dir / "edges.csv").write_text("\n".join(line.replace("n", "-") if i else line for i, line in enumerate(lines)) + "\n")
        self.call("convert", "--nodes", "nodes.csv", "--edges", "edges.csv", "--label", "kind", "--out", "negative")
        run = self.run_folder(self.dir / "negative", *SHORT)
        self.assertTrue((run / "predictions.csv").read_text().splitlines()[6].startswith("-5,"))

    def test_a_folder_whose_ids_are_not_utf8(self):
        self.tables(["ab", "cd"])
        path = without_card_checksum(self.dir / "folder") / "node_id_text.npy"
        path.write_bytes(path.read_bytes().replace(b"abcd", b"a\xe9cd"))
        self.assertIn("node_id_text.npy: the id of node 0, 'a\\xe9', is not UTF-8", self.call("run", "folder", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
