#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report's JSON against NumPy on what runs leave."""
import json
import shutil
import unittest

import numpy as np

from engine_testing import EngineTest, SHORT, Graph, predictions, sets, without_checksums


def area(score, positive):
    """ROC AUC by all pairs, ties half."""
    a, b = score[positive], score[~positive]
    return ((a[:, None] > b[None]) + 0.5 * (a[:, None] == b[None])).mean()


class Report(EngineTest):
    def report(self, *args):
        return json.loads(self.call("report", *args, "--json").stdout)

    def test_a_run_leaves_a_page(self):
        run = self.run_folder(self.graph(), *SHORT, report=True)
        page = (run / "report.html").read_text()
        self.assertLess(len(page), 6e6)
        self.assertIn("How good it is", page)
        self.assertNotIn("src=", page.split("<script")[0])
        self.assertEqual(json.loads((run / "report.json").read_text())["missing"], [])
        plain = self.run_folder(self.graph(), *SHORT, name="plain")
        self.assertFalse((plain / "report.html").exists())

    def test_graph(self):
        graph = Graph(nodes=120)
        run = self.run_folder(graph.write(self.dir / "g.npz"), *SHORT)
        facts = self.report(run)["graph"]["facts"]
        edges = np.unique(np.sort(graph.edges, 1), axis=0)
        degree = np.bincount(edges.ravel(), minlength=120)
        self.assertEqual(facts["edges"], len(edges))
        for bin in facts["degree_bins"]:
            self.assertEqual(bin["nodes"], ((degree >= bin["from"]) & (degree <= bin["to"])).sum())
        self.assertEqual(sum(b["nodes"] for b in facts["degree_bins"]), 120)
        alike = graph.node_labels[edges[:, 0]] == graph.node_labels[edges[:, 1]]
        self.assertAlmostEqual(facts["homophily"], alike.mean())
        self.assertEqual(facts["degrees"]["max"], degree.max())

    def test_quality(self):
        for classes in (2, 4):
            graph = Graph(nodes=300, classes=classes)
            run = self.run_folder(graph.write(self.dir / f"{classes}.npz"), *sets(estimator__epochs=5, network__epochs=8), name=str(classes))
            quality = self.report(run)["runs"][0]["detail"]["quality"]
            rows, p = predictions(run / "predictions.csv")
            part = np.array([r[1] for r in rows])
            label, predicted = (np.array([int(r[c]) for r in rows]) for c in (2, 3))
            for split in quality["splits"]:
                here = part == split["split"]
                self.assertEqual(split["nodes"], here.sum())
                self.assertAlmostEqual(split["accuracy"], (label == predicted)[here].mean())
                loss = -np.log(p[here, label[here]]).mean()
                self.assertAlmostEqual(split["log_loss"], loss, places=5)
                shown = [1] if classes == 2 else range(classes)
                aucs = np.mean([area(p[here, c], label[here] == c) for c in shown])
                self.assertAlmostEqual(split["roc_auc"], aucs, delta=2e-3)
                f1 = [2 * ((label == c) & (predicted == c) & here).sum() /
                      max(1, ((label == c) & here).sum() + ((predicted == c) & here).sum()) for c in range(classes)]
                self.assertAlmostEqual(split["macro_f1"], np.mean(f1))
            test = part == "test"
            order = [int(c) for c in quality["confusion"]["classes"]]
            expected = [[((label == a) & (predicted == b) & test).sum() for b in order] for a in order]
            self.assertEqual(quality["confusion"]["rows"], np.array(expected).tolist())
            counts = np.bincount(label, minlength=classes)
            for row in quality["class_balance"]["rows"]:
                self.assertEqual(row["nodes"], counts[int(row["class"])])
            confidence, right = p.max(1)[test], (label == predicted)[test]
            bins = np.clip((confidence * 10).astype(int), 0, 9)
            error = sum(abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / test.sum()
            self.assertAlmostEqual(quality["calibration"]["error"], error, places=6)
            for curve in quality["curves"]["rows"]:
                c = int(curve["class"])
                self.assertAlmostEqual(curve["roc_auc"], area(p[test, c], label[test] == c), delta=2e-3)
                self.assertEqual(curve["roc"][0], [0, 0])
                self.assertEqual(curve["roc"][-1], [1, 1])
                self.assertLess(len(curve["roc"]), 210)
                x, y = np.array(curve["roc"]).T
                self.assertAlmostEqual(np.trapezoid(y, x), curve["roc_auc"], delta=2e-2)
                self.assertEqual(curve["precision_recall"][-1][0], 1)
            figures = {r["class"]: r for r in self.result(run)["runs"][0]["per_class"]}
            for row in quality["worst"]["rows"]:
                self.assertAlmostEqual(row["f1"] or 0, figures[int(row["class"])]["f1"])

    def test_attention_is_that_of_the_drawn_edges(self):
        run = self.run_folder(self.graph(), *SHORT, *sets(network__k="5-4-3-2"))
        attention = self.report(run)["runs"][0]["detail"]["attention"]
        epoch = self.result(run)["runs"][0]["best_epoch"]
        self.call("sparsify", run, "--epoch", epoch, "--out", "drawn")
        start, source, kind = (np.load(run / "scores" / f"{n}.npy") for n in ("row_start", "source", "type"))
        names = ["graph", "expander", "self loop"]
        for l, layer in enumerate(attention["layers"]):
            score = np.load(run / f"scores/layer_{l}.npy").astype(float)
            drawn, types = (np.load(self.dir / "drawn" / f"layer_{l}_{n}.npy") for n in ("source", "type"))
            row = np.repeat(np.arange(80), np.diff(start))
            kept = np.array([any((drawn[i] == s) & (types[i] == t)) for i, s, t in zip(row, source, kind)])
            share = score / np.bincount(row, score)[row] / 80
            doubled = len(set(zip(row, source, kind))) < len(row)
            for type in layer["types"]:
                these = kind == names.index(type["type"])
                self.assertEqual(type["edges"], these.sum())
                self.assertAlmostEqual(type["mass"], share[these].sum(), places=6)
                if not doubled:
                    self.assertEqual(type["kept"], (kept & these).sum())
                    self.assertAlmostEqual(type["kept_mass"], share[these & kept].sum(), places=6)
            heaviest = np.mean([np.sort(score[a:b])[::-1][:3].sum() / score[a:b].sum() for a, b in zip(start, start[1:])])
            self.assertAlmostEqual(layer["heaviest"][2], heaviest, places=6)
            self.assertEqual(layer["k"], (5, 4, 3, 2)[l])

    def test_curves_and_recipe(self):
        run = self.run_folder(self.graph(), *sets(estimator__epochs=2, network__epochs=7, network__width=12, network__norms_every=3))
        detail = self.report(run)["runs"][0]["detail"]
        network = next(c for c in detail["curves"] if c["stage"] == "network")
        lines = self.epochs(run, "network")
        for key in ("epoch", "loss", "val", "test", "lr", "grad_norm"):
            self.assertEqual(network[key], [line[key] for line in lines])
        norms = [np.mean([v for m, v in line["operator_norms"].items() if m.startswith("layer_")]) if "operator_norms" in line else None
                 for line in lines]
        for a, b in zip(network["operator_norm"], norms):
            self.assertEqual(a is None, b is None)
            if b is not None:
                self.assertAlmostEqual(a, b)
        changes = {c["key"]: c["value"] for c in detail["recipe"]["changes"]}
        self.assertEqual(changes["network.width"], "12")
        again = detail["command"].split()
        self.assertEqual(again[:2], ["graphsieve", "run"])
        self.call(*again[1:], "--out", "again", "--threads", 1)
        self.assertEqual((run / "network.safetensors").read_bytes(), (self.dir / "again" / "network.safetensors").read_bytes())

    def test_long_curves_are_thinned(self):
        run = without_checksums(self.run_folder(self.graph(), *SHORT))
        lines = [{"stage": "network", "epoch": i, "loss": i, "val": 0.5, "test": 0.5, "lr": 1} for i in range(5000)]
        (run / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\nbroken{\n")
        report = self.report(run)
        curve = report["runs"][0]["detail"]["curves"][0]
        self.assertTrue(any("metrics.jsonl: line 5001: not valid JSON" in m for m in report["missing"]), report["missing"])
        self.assertEqual((len(curve["epoch"]), curve["epoch"][0], curve["epoch"][-1], curve["epochs"]), (300, 0, 4999, 5000))

    def test_memory_planned_and_measured(self):
        run = self.run_folder(self.graph(), *SHORT)
        planned = self.report(run)["runs"][0]["detail"]["planned"]
        plan = json.loads(self.call("plan", self.dir / "graph.npz", *SHORT, "--no-time", "--json").stdout)
        for key in ("full_attention_bytes",):
            self.assertEqual(planned[key], plan[key])
        for key in ("memory_bytes", "full_exphormer_bytes"):
            self.assertLess(abs(planned[key] / plan[key] - 1), 0.3, key)

    def test_without_the_graph(self):
        run = self.run_folder(self.graph(), *SHORT, report=True)
        before = self.report(run)
        (self.dir / "graph.npz").unlink()
        after = self.report(run)
        self.assertEqual(before["graph"]["facts"], after["graph"]["facts"])
        self.assertIn("those of an earlier report", after["missing"][0])
        self.assertEqual(before["runs"][0]["detail"]["quality"], after["runs"][0]["detail"]["quality"])
        for name in ("report.json", "metrics.jsonl", "predictions.csv", "quality.json"):
            (run / name).unlink()
        shutil.rmtree(run / "scores")
        bare = self.report(run)
        self.assertIsNone(bare["graph"]["facts"])
        self.assertGreaterEqual(len(bare["missing"]), 4)
        self.assertIn("metrics.jsonl is gone", "\n".join(bare["missing"]))
        self.call("report", run)
        self.assertIn("What is missing", (run / "report.html").read_text())
        self.assertIn("graph is needed", self.call("report", run, "--node", 1, "--out", "x.html", code=1).stderr)
        (run / "recipe.yaml").unlink()
        self.assertIn("recipe.yaml: cannot be read: No such file", self.call("report", run, code=1).stderr)

    def test_a_graph_that_is_there_and_cannot_be_read(self):
        run = self.run_folder(self.graph(), *SHORT)
        (self.dir / "graph.npz").write_bytes(b"damaged")
        self.assertIn("graph.npz: Not a zip archive", self.call("report", run, code=1).stderr)
        self.assertIn("--no-graph", self.call("report", run, code=1).stderr)
        self.call("report", run, "--no-graph")

    def test_a_changed_graph_is_not_taken_for_the_old_one(self):
        run = self.run_folder(self.graph(), *SHORT)
        self.graph(seed=9)
        self.assertIn("no longer the one", self.report(run)["missing"][0])

    def test_several_runs(self):
        graph = self.graph()
        one = self.run_folder(graph, *SHORT, name="one")
        two = self.run_folder(graph, *SHORT, *sets(model="exphormer"), name="two")
        many = self.run_folder(graph, *SHORT, "--repeats", 2, name="many")
        found = self.report(one, two, many)
        self.assertEqual([r["model"] for r in found["runs"]], ["spexphormer", "exphormer", "spexphormer"])
        self.assertEqual(len(found["runs"][2]["runs"]), 2)
        self.assertIn("split-0-seed-0", found["runs"][2]["detail"]["folder"])
        self.assertIsNone(found["runs"][1]["detail"]["attention"])
        self.call("report", one, two, many, "--out", "all.html")
        self.assertIn("Comparison", (self.dir / "all.html").read_text())
        self.assertIn("already exists", self.call("report", one, two, "--out", "all.html", code=1).stderr)
        self.call("report", one, two, "--out", "all.html", "--overwrite")

    def test_stage_1_alone_and_a_compressed_run(self):
        self.call("estimate", self.graph(), *SHORT, "--out", "scores")
        found = self.report("scores")["runs"][0]["detail"]
        self.assertTrue(found["command"].startswith("graphsieve estimate "))
        self.assertIsNone(found["quality"])
        self.assertEqual(len(found["attention"]["layers"]), 4)
        run = self.run_folder(self.graph(), *SHORT, *sets(model="plain"))
        self.call("compress", run, "--method", "fitted", "--width", 4, "--out", "small")
        small = self.report("small")["runs"][0]
        self.assertEqual(small["compression"]["method"], "fitted")
        self.call("report", "small", "--out", "small.html")
        self.assertIn("Compression", (self.dir / "small.html").read_text())

    def test_what_is_no_run_is_refused(self):
        run = self.run_folder(self.graph(), *SHORT)
        self.assertIn("not a run folder", self.call("report", self.dir, code=1).stderr)
        other = self.run_folder("minesweeper:12", *SHORT, name="other")
        self.assertIn("another graph", self.call("report", run, other, code=1).stderr)
        broken = self.dir / "broken"
        without_checksums(shutil.copytree(run, broken))
        (broken / "quality.json").write_text("[1]")
        self.assertIn("quality.json: expected a JSON object", self.call("report", broken, code=1).stderr)
        (broken / "quality.json").unlink()
        (broken / "result.json").write_text("[1]")
        self.assertIn("error: ", self.call("report", broken, code=1).stderr)
        shutil.copyfile(run / "predictions.csv", broken / "predictions.csv")
        for part, key, value, sentence in (("graph", "fingerprint", 3, "'graph.fingerprint' is 3, expected a text"),
                                           ("graph", "nodes", "x", "'graph.nodes' is \"x\", expected a whole number"),
                                           ("graph", "source", None, "'graph.source' is null, expected a text"),
                                           ("runs", "best_epoch", None, "'runs[0].best_epoch' is null, expected a whole number")):
            result = json.loads((run / "result.json").read_text())
            del result["format"]
            (result["graph"] if part == "graph" else result["runs"][0])[key] = value
            (broken / "result.json").write_text(json.dumps(result))
            self.assertIn(sentence, self.call("report", broken, code=1).stderr)

    def test_edges_of_the_scores_that_do_not_fit_each_other(self):
        run = self.run_folder(self.graph(), *SHORT)
        scores = run / "scores"
        for name, damage in (("row_start", lambda a: a * 1000), ("row_start", lambda a: a[::-1]), ("row_start", lambda a: a[:0]),
                             ("type", lambda a: a[1:])):
            whole = (scores / f"{name}.npy").read_bytes()
            np.save(scores / f"{name}.npy", damage(np.load(scores / f"{name}.npy")))
            self.assertIn(f"{name}.npy: ", self.call("report", run, code=1).stderr)
            (scores / f"{name}.npy").write_bytes(whole)


if __name__ == "__main__":
    unittest.main()
