#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Graphs as folders of mapped arrays, from outside: the same results as from the file they were made of."""
import json
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, predictions, sets


class GraphFolder(EngineTest):
    def folder(self, graph, *args, name="folder"):
        self.call("convert", graph, "--out", self.dir / name, *args)
        return self.dir / name

    def test_every_command_gives_what_the_file_gives(self):
        graph = self.graph()
        folder = self.folder(graph)
        for model in ("spexphormer", "exphormer"):
            a = self.run_folder(graph, *SHORT, *sets(model=model, network__batch_size=20), name=f"file-{model}")
            b = self.run_folder(folder, *SHORT, *sets(model=model, network__batch_size=20), name=f"folder-{model}")
            self.assert_same_files(a, b)
            self.assertEqual(self.result(a)["graph"]["fingerprint"], self.result(b)["graph"]["fingerprint"])
        self.call("predict", b, graph, "--out", "one.csv")
        self.call("predict", a, folder, "--out", "two.csv")
        self.assertEqual((self.dir / "one.csv").read_bytes(), (self.dir / "two.csv").read_bytes())
        self.call("predict", b, "--out", "three.csv")  # the run's own graph, by its path
        self.assertEqual((self.dir / "three.csv").read_bytes(), (self.dir / "two.csv").read_bytes())
        self.call("compress", self.dir / "folder-exphormer", "--method", "fitted", "--width", 2, "--out", self.dir / "small")

    def test_numpy_reads_it(self):
        folder = self.folder(self.graph(), "--features", "float16")
        card = json.loads((folder / "graph.json").read_text())
        start, source = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("row_start", "source"))
        self.assertEqual((len(start), len(source)), (card["nodes"] + 1, card["edges"]))
        features = np.load(folder / "features.npy", mmap_mode="r")
        self.assertEqual((features.dtype, features.shape), (np.float16, (80, 6)))
        with np.load(self.dir / "graph.npz") as file:
            np.testing.assert_array_equal(features, file["node_features"].astype(np.float16))
            np.testing.assert_array_equal(np.load(folder / "labels.npy"), file["node_labels"])

    def test_half_precision_trains(self):
        folder = {t: self.folder(self.graph(), "--features", t, name=t) for t in ("float32", "float16", "bfloat16")}
        p = {t: predictions(self.run_folder(f, *SHORT, name=f"run-{t}") / "predictions.csv")[1] for t, f in folder.items()}
        self.assertLess(abs(p["float16"] - p["float32"]).max(), 0.02)
        self.assertLess(abs(p["bfloat16"] - p["float32"]).max(), 0.1)
        self.assertGreater(abs(p["bfloat16"] - p["float32"]).max(), 0)

    def test_directions(self):
        graph = self.graph()
        directed = self.folder(graph, "--directed", name="directed")
        a = self.run_folder(graph, *SHORT, *sets(graph__directed="true"), name="a")
        b = self.run_folder(directed, *SHORT, *sets(graph__directed="true"), name="b")
        self.assert_same_files(a, b)
        message = self.call("run", directed, *SHORT, code=1).stderr
        self.assertIn("holds the directed graph, and graph.directed is false; convert it without --directed", message)

    def test_refuses(self):
        graph = self.graph()
        self.folder(graph)
        self.assertIn("exists already", self.call("convert", graph, "--out", "folder", code=1).stderr)
        self.call("convert", graph, "--out", "folder", "--overwrite")
        self.assertIn("no such file", self.call("convert", "nowhere.npz", "--out", "x", code=1).stderr)
        self.call("convert", graph, "--out", "x", "--features", "int8", code=2)
        (self.dir / "folder" / "source.npy").write_bytes(b"x" * (self.dir / "folder" / "source.npy").stat().st_size)
        self.assertIn("source.npy: is damaged, or was changed", self.call("run", "folder", code=1).stderr)

    def test_check_reports_what_is_odd(self):
        def change(graph):
            graph.edges = np.concatenate([graph.edges[(graph.edges != 5).all(1)], [[7, 7], graph.edges[0]], [[2, i] for i in range(20, 60)]])
            graph.node_features[:, 3] = 4
            graph.node_features[9] = 0
            graph.node_labels[::5] = -1
        file = self.graph(change)
        for source in (file, self.folder(self.graph(change))):
            report = json.loads(self.call("check", source, "--json").stdout)
            listed = source == file
            self.assertEqual((report["nodes"], report["loops"], report["isolated"]), (80, int(listed), 1))
            self.assertEqual(report["duplicates"] > 0, listed)
            self.assertEqual((report["features"]["zero_rows"], report["features"]["constant_columns"]), (1, []))
            self.assertEqual(report["labels"]["unlabelled"], 16)
            self.assertEqual(sum(report["labels"]["counts"]), 64)
            self.assertEqual(report["largest_node"], 2)
            self.assertGreater(report["homophily"], report["chance_homophily"])
            text = self.call("check", source).stdout
            self.assertIn("16 nodes without a label", text)
            self.assertIn("1 nodes have no feature other than 0", text)
        with np.load(file) as arrays:
            u, v = np.unique(np.sort(arrays["edges"][(arrays["edges"][:, 0] != arrays["edges"][:, 1])], 1), axis=0).T
            y = arrays["node_labels"]
        self.assertEqual(report["edges"], len(u))
        both = (y[u] >= 0) & (y[v] >= 0)
        self.assertAlmostEqual(report["homophily"], (y[u] == y[v])[both].mean(), places=6)
        degree = np.sort(np.bincount(np.concatenate([u, v]), minlength=80))
        self.assertEqual((report["degrees"]["median"], report["degrees"]["max"]), (degree[40], degree[-1]))

    def test_check_finds_damage(self):
        folder = self.folder(self.graph())
        path = folder / "features.npy"
        data = bytearray(path.read_bytes())
        data[-2] ^= 1
        path.write_bytes(data)
        self.assertIn("features.npy: is damaged, or was changed", self.call("check", folder, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
