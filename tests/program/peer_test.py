#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine against plain tensor operations, with the weights and edges that a run folder holds."""
import unittest

import numpy as np
import torch

from engine_testing import EngineTest, SHORT, Graph, plain_torch, predictions, sets

peer = plain_torch()


class Peer(EngineTest):
    def setUp(self):
        super().setUp()
        self.data = Graph(nodes=120)
        self.x = torch.from_numpy(self.data.node_features)
        self.file = self.data.write(self.dir / "graph.npz")

    def same_predictions(self, folder, weights, layers, form, heads, **options):
        with torch.no_grad():
            logits = peer.forward(self.x, weights, layers, form, heads, **options)
        ours = predictions(folder / "predictions.csv")[1]
        np.testing.assert_allclose(ours, logits.softmax(1).numpy(), atol=2e-5)

    def expected_edges(self):
        """(source, destination) of the data's edges, both ways."""
        return {(int(a), int(b)) for a, b in np.concatenate([self.data.edges, self.data.edges[:, ::-1]])}

    def test_estimator_scores_and_attention_graph(self):
        folder = self.run_folder(self.file, *sets(estimator__epochs=12, network__epochs=2, estimator__wait=2))
        w = peer.load_safetensors(folder / "estimator.safetensors")
        edges = peer.load_edges(folder / "scores")
        scores = []
        with torch.no_grad():
            peer.forward(self.x, w, [(edges, 120)] * 4, "estimator", 1,
                         temperature=self.result(folder)["runs"][0]["estimator"]["temperature"], scores=scores)
        for l, score in enumerate(scores):
            ours = np.load(folder / "scores" / f"layer_{l}.npy")
            np.testing.assert_allclose(ours, score[:, 0].numpy(), atol=2e-5, err_msg=f"layer {l}")
        source, destination, kind = edges
        graph = {(int(a), int(b)) for a, b in zip(source[kind == 0], destination[kind == 0])}
        self.assertEqual(graph, self.expected_edges())
        self.assertTrue((source[kind == 2] == destination[kind == 2]).all())
        self.assertEqual(int((kind == 2).sum()), 120)

    def test_estimator_with_batch_norm_and_two_pre_layers(self):
        folder = self.run_folder(self.file, *sets(estimator__epochs=3, network__epochs=1, estimator__norm="batch",
                                                  estimator__pre_layers=2, estimator__width=8))
        w = peer.load_safetensors(folder / "estimator.safetensors")
        scores = []
        with torch.no_grad():
            peer.forward(self.x, w, [(peer.load_edges(folder / "scores"), 120)] * 4, "estimator", 1, scores=scores,
                         temperature=self.result(folder)["runs"][0]["estimator"]["temperature"])
        for l, score in enumerate(scores):
            np.testing.assert_allclose(np.load(folder / "scores" / f"layer_{l}.npy"), score[:, 0].numpy(), atol=2e-5)

    def test_plain_network(self):
        folder = self.run_folder(self.file, *sets(model="plain", network__epochs=5, network__heads=1, network__width=16,
                                                  graph__expander_edges="false", graph__self_loops="false"))
        both = np.concatenate([self.data.edges, self.data.edges[:, ::-1]])
        source, destination = torch.from_numpy(both).long().T
        edges = (source, destination, torch.zeros_like(source))
        w = peer.load_safetensors(folder / "network.safetensors")
        self.same_predictions(folder, w, [(edges, 120)] * 4, "plain", 1)

    def test_exphormer(self):
        folder = self.run_folder(self.file, *sets(model="exphormer", network__epochs=5, network__heads=2,
                                                  network__width=16, network__pre_layers=1, network__output_layers=2))
        graph = self.run_folder(self.file, *SHORT, name="graph-of-the-same-seed")
        w = peer.load_safetensors(folder / "network.safetensors")
        self.same_predictions(folder, w, [(peer.load_edges(graph / "scores"), 120)] * 4, "exphormer", 2)

    def test_spexphormer_on_its_drawn_graph(self):
        folder = self.run_folder(self.file, *sets(estimator__epochs=3, network__epochs=5, network__heads=2,
                                                  network__width=16, network__k="7-3-3-3", network__scaled_logits="false"))
        best = self.result(folder)["runs"][0]["best_epoch"]
        self.call("sparsify", folder, "--epoch", best, "--out", "drawn")
        layers = []
        for l in range(4):
            source = torch.from_numpy(np.load(self.dir / "drawn" / f"layer_{l}_source.npy")).long()
            kind = torch.from_numpy(np.load(self.dir / "drawn" / f"layer_{l}_type.npy")).long()
            destination = torch.arange(120).repeat_interleave(source.shape[1])
            drawn = source.flatten() >= 0  # a node with fewer than k edges has each once
            layers.append(((source.flatten()[drawn], destination[drawn], kind.flatten()[drawn]), 120))
        self.same_predictions(folder, peer.load_safetensors(folder / "network.safetensors"), layers, "spexphormer", 2)


if __name__ == "__main__":
    unittest.main()
