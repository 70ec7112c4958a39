#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MATLAB files in the layout of the non-homophilous benchmarks, from outside: the same graph as from .npz."""
import unittest

import numpy as np
import scipy.io
import scipy.sparse

from engine_testing import EngineTest, Graph, SHORT


class Mat(EngineTest):
    def write(self, name="graph.mat", change=None, compressed=True):
        graph = Graph()
        graph.node_labels[3] = -1
        arrays = {"edge_index": graph.edges.T, "node_feat": graph.node_features, "label": graph.node_labels[None], "num_nodes": 80}
        if change:
            change(arrays)
        scipy.io.savemat(self.dir / name, arrays, do_compression=compressed)
        return graph

    def test_gives_what_the_npz_gives(self):
        graph = self.write()
        self.write("plain.mat", compressed=False)
        np.savez(self.dir / "graph.npz", node_features=graph.node_features, node_labels=graph.node_labels, edges=graph.edges)
        for file in ("graph.npz", "graph.mat", "plain.mat"):
            self.call("convert", file, "--out", file[:5] + file[-3:])
        for name in ("row_start", "source", "features", "labels"):
            expected = np.load(self.dir / "graphnpz" / f"{name}.npy")
            for folder in ("graphmat", "plainmat"):
                np.testing.assert_array_equal(np.load(self.dir / folder / f"{name}.npy"), expected, err_msg=name)
        self.assert_same_files(self.run_folder(self.dir / "graph.npz", *SHORT, name="a"), self.run_folder(self.dir / "graph.mat", *SHORT, name="b"))

    def test_other_types_and_shapes(self):
        graph = self.write(change=lambda a: a.update(edge_index=a["edge_index"].astype(np.int32), label=a["label"].T.astype(float),
                                                     node_feat=a["node_feat"].astype(float)))
        self.call("convert", "graph.mat", "--out", "folder")
        np.testing.assert_array_equal(np.load(self.dir / "folder/labels.npy"), graph.node_labels)
        np.testing.assert_array_equal(np.load(self.dir / "folder/features.npy"), graph.node_features)

    def test_refuses(self):
        def refused(message, change):
            self.write(change=change)
            self.assertIn(message, self.call("convert", "graph.mat", "--out", "x", code=1).stderr)
            self.assertFalse((self.dir / "x").exists())
        refused("graph.mat: array 'label' is missing", lambda a: a.pop("label"))
        refused("graph.mat: array 'edge_index': row 0: node 80, expected 0 to 79", lambda a: a["edge_index"].__setitem__((0, 0), 80))
        refused("array 'label': 79 labels, expected 80", lambda a: a.update(label=a["label"][:, 1:]))
        refused("array 'num_nodes': is not the 80 rows of node_feat", lambda a: a.update(num_nodes=81))
        refused("array 'node_feat': is no dense matrix of real numbers", lambda a: a.update(node_feat="text"))
        refused("array 'node_feat': is no dense matrix of real numbers", lambda a: a.update(node_feat=scipy.sparse.eye(80)))
        refused("expected [edges, 2]", lambda a: a.update(edge_index=a["edge_index"].T))
        self.assertIn("nowhere.mat: no such file", self.call("run", "nowhere.mat", code=1).stderr)

    def test_damage_is_found(self):
        for compressed in (True, False):
            self.write(compressed=compressed)
            data = (self.dir / "graph.mat").read_bytes()
            for length in (0, 50, 130, 200, len(data) // 2, len(data) - 300, len(data) - 1):
                (self.dir / "cut.mat").write_bytes(data[:length])
                self.assertIn("cut.mat: ", self.call("convert", "cut.mat", "--out", "x", code=1).stderr)
            for at in range(140, len(data), 97) if compressed else []:
                (self.dir / "changed.mat").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1:])
                self.assertIn("changed.mat: ", self.call("convert", "changed.mat", "--out", "x", code=1).stderr, f"byte {at}")
        (self.dir / "new.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(200, b" "))
        self.assertIn("version 7.3 (HDF5)", self.call("convert", "new.mat", "--out", "x", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
