#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""graphsieve plan: what it tells, and that runs within a budget give the same bits."""
import json
import unittest

from engine_testing import SHORT, EngineTest, sets


class Plan(EngineTest):
    def plan(self, graph, *args, code=0):
        return json.loads(self.call("plan", graph, "--json", "--quiet", *args, code=code).stdout)

    def test_tells_both_stages(self):
        planned = self.plan(self.graph(nodes=500), *SHORT)
        self.assertEqual([s["stage"] for s in planned["stages"]], ["estimator", "network"])
        self.assertEqual([s["epochs"] for s in planned["stages"]], [3, 3])
        self.assertTrue(planned["fits"])
        self.assertEqual(planned["memory_bytes"], max(s["memory_bytes"] for s in planned["stages"]))
        self.assertEqual(planned["scratch_bytes"], 0)
        self.assertGreater(planned["seconds"], 0)
        one = self.plan(self.graph(nodes=500), *sets(model="exphormer"), "--no-time")
        self.assertEqual([s["stage"] for s in one["stages"]], ["network"])
        self.assertIsNone(one["seconds"])

    def test_counts_edges_exactly(self):
        graph = self.graph(nodes=300)
        for settings in ([], sets(graph__expander_edges="false"), sets(graph__self_loops="false")):
            run = self.result(self.run_folder(graph, *SHORT, *settings, "--overwrite"))
            planned = self.plan(graph, "--no-time", *settings)
            self.assertEqual(planned["attention_edges"], run["graph"]["attention_edges"])
            self.assertAlmostEqual(planned["edge_share"], run["runs"][0]["network"]["edge_share"], 12)
        self.assertIsNone(self.plan(graph, "--no-time", *sets(model="exphormer"))["edge_share"])

    def test_a_k_that_leaves_nothing_out_is_said(self):
        sparse, dense = self.graph(degree=2), self.graph(degree=40, name="dense.npz")
        sign = "k is at or above the in-degrees of most nodes"
        for graph, said in ((sparse, True), (dense, False)):
            self.assertEqual(sign in self.call("plan", graph, "--no-time").stderr, said)
            checked = self.call("check", graph).stdout
            self.assertEqual(f"recipe default, network.k=10: {sign}" in checked, said, checked)
            self.assertEqual(any(sign in line for line in json.loads(self.call("check", graph, "--json").stdout)["advice"]), said)
        self.assertNotIn(sign, self.call("plan", sparse, "--no-time", *sets(model="exphormer")).stderr)

    def test_what_recomputation_would_save_is_said(self):
        graph = self.graph(nodes=20000, degree=10)
        for stage, settings in (("network", sets(model="exphormer", network__width=32)),
                                ("estimator", sets(estimator__width=16, estimator__layers=4, network__width=8, network__batch_size=100))):
            key = f"--set {stage}.recompute=true"
            self.assertIn(key, self.call("plan", graph, "--no-time", *settings).stdout)
            planned = self.plan(graph, "--no-time", *settings)["stages"][0]
            followed = self.plan(graph, "--no-time", *settings, *key.split())
            self.assertLess(planned["recomputed_memory_bytes"], 0.9 * planned["memory_bytes"])
            self.assertAlmostEqual(followed["stages"][0]["memory_bytes"] / planned["recomputed_memory_bytes"], 1, 2)
            self.assertNotIn("recompute", self.call("plan", graph, "--no-time", *settings, *key.split()).stdout)

    def test_plan_and_run_decide_alike(self):
        self.call("generate", "--nodes", 3000, "--degree", 8, "--columns", 16, "--out", "some", "--quiet")
        keys = ("draws_whole_graph", "batches_per_read", "evaluated_at_once")
        seen = set()
        for batch_size in (0, 40, 400):
            for k, sampler in ((2, "graph_reservoir"), (6, "graph_reservoir"), (2, "batch_reservoir")):
                settings = sets(estimator__epochs=1, network__epochs=1, network__width=8, network__layers=2, estimator__layers=2,
                                network__k=f"{k}-{k}", network__batch_size=batch_size, network__sampler=sampler,
                                data__split="random", data__train_fraction=0.94, data__val_fraction=0.03)
                for memory in ([], ["--memory", "600MiB"]):
                    planned = self.plan("some", "--no-time", *memory, *settings)["stages"][1]
                    run = self.result(self.run_folder("some", *settings, *memory, "--overwrite"))["runs"][0]["network"]
                    decided = tuple(planned[key] for key in keys)
                    self.assertEqual(decided, tuple(run[key] for key in keys), (batch_size, k, sampler, memory))
                    seen.add(decided)
        self.assertGreater(len(seen), 2, seen)

    def test_a_smaller_batch_is_chosen(self):
        self.call("generate", "--nodes", 60000, "--degree", 20, "--columns", 16, "--out", "large", "--quiet")
        large = sets(network__batch_size=20000, network__k="10-10", network__layers=2, estimator__layers=2, network__width=64)
        free = self.plan("large", "--no-time", *large)
        budget = free["memory_bytes"] // 2
        within = self.plan("large", "--no-time", "--memory", budget, *large)
        self.assertTrue(within["fits"])
        self.assertLess(within["batch_size"], free["batch_size"])
        self.assertLessEqual(within["memory_bytes"], budget)
        told = self.call("plan", "large", "--no-time", "--memory", budget, *large).stdout
        self.assertIn(f"--set network.batch_size={within['batch_size']}", told)

    def test_batches_of_stage_1_need_less(self):
        self.call("generate", "--nodes", 60000, "--degree", 20, "--columns", 16, "--out", "large", "--quiet")
        two = sets(network__k="5-5", network__layers=2, estimator__layers=2, estimator__norm="batch", estimator__fan_out=4)
        whole, batched = (self.plan("large", "--no-time", *two, *sets(estimator__batch_size=size))["stages"][0] for size in (0, 200))
        self.assertEqual([whole["steps"], batched["steps"]], [1, 150])
        self.assertLess(batched["memory_bytes"], whole["memory_bytes"] * 0.85)

    def test_a_budget_too_small_is_refused(self):
        asked = self.call("plan", self.graph(), "--memory", "1MiB", code=1)
        self.assertRegex(asked.stderr, "memory is 1048576 bytes, expected at least [0-9]+")
        asked = self.call("run", self.graph(), "--memory", "1MiB", code=1)
        self.assertRegex(asked.stderr, "memory is 1048576 bytes, expected at least [0-9]+")

    def test_within_a_budget_the_same_bits(self):
        self.call("generate", "--nodes", 60000, "--degree", 20, "--columns", 16, "--out", "large", "--quiet")
        short = [*SHORT, *sets(graph__expander_edges="true", network__batch_size=20000, network__k="10-10", network__layers=2,
                               network__width=64, estimator__layers=2, estimator__epochs=1, network__epochs=1)]
        planned = self.plan("large", "--no-time", "--memory", "180MiB", *short)
        self.assertGreater(planned["scratch_bytes"], 0)
        free, within = self.run_folder("large", *short, name="free"), self.run_folder("large", *short, "--memory", "180MiB", name="within")
        for file in ("predictions.csv", "network.safetensors", "estimator.safetensors", "scores/layer_0.npy"):
            self.assertEqual((free / file).read_bytes(), (within / file).read_bytes(), file)


if __name__ == "__main__":
    unittest.main()
