# SPDX-License-Identifier: Apache-2.0
"""Runs into trackers: a list, TensorBoard, MLflow and W&B, finished and while they go on."""
import importlib.util
import json
import os
import subprocess
import sys
import types
import unittest
import unittest.mock

from python_testing import SHORT, EngineTest, Graph, pyg_like, settings_args

import graphsieve
from graphsieve import tracking


class Recorded:
    """A tracker that keeps what it hears."""

    def __init__(self, look=lambda: None):
        self.heard, self._look = [], look

    def start(self, name, recipe):
        self.heard.append(("start", name, recipe["network.width"]))

    def epoch(self, number, values):
        self._look()
        self.heard.append((number, values))

    def end(self, figures):
        self.heard.append(("end", figures))


def records(run):
    """metrics.jsonl as {(stage, epoch): the rest}."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {(line.pop("stage"), line.pop("epoch")): line for line in lines}


class Tracking(EngineTest):
    def test_a_finished_run(self):
        run = self.run_folder(self.graph(), *settings_args(SHORT), "--set", "network.norms_every=2")
        tracker = Recorded()
        self.assertEqual(tracking.log(run, tracker), ["run"])
        self.assertEqual(tracker.heard[0], ("start", "run", 8))
        expected = records(run)
        self.assertEqual(len(tracker.heard), 2 + len(expected))
        for (number, values), (stage, epoch) in zip(tracker.heard[1:-1], expected):
            self.assertEqual(number, epoch)
            for key in ("loss", "lr", "val"):
                self.assertEqual(values[f"{stage}/{key}"], expected[stage, epoch][key])
        names = set().union(*(values for _, values in tracker.heard[1:-1]))
        self.assertLessEqual({"network/vector_norms/0", "network/operator_norms/input.project"}, names)
        one = self.result(run)["runs"][0]
        figures = tracker.heard[-1][1]
        self.assertEqual((figures["test"], figures["network/seconds"]), (one["test"], one["network"]["seconds"]))

    def test_several_runs_in_one_folder(self):
        run = self.run_folder(self.graph(), *settings_args(SHORT), "--repeats", 2)
        tracker = Recorded()
        self.assertEqual(tracking.log(run, tracker), ["run/split-0-seed-0", "run/split-0-seed-1"])
        self.assertEqual([h[1] for h in tracker.heard if h[0] == "start"], ["run/split-0-seed-0", "run/split-0-seed-1"])

    def test_while_it_goes_on(self):
        out = self.dir / "live"
        before_the_end = []
        tracker = Recorded(lambda: before_the_end.append(not out.exists()))
        settings = {**SHORT, "estimator.epochs": 60, "network.epochs": 60}
        model = graphsieve.NodeClassifier(settings=settings, out=out, progress=False, trackers=[tracker]).fit(graphsieve.minesweeper(30))
        self.assertTrue(before_the_end[0])
        later = Recorded()
        tracking.log(model.run_, later)
        self.assertEqual(tracker.heard, later.heard)

    def test_a_run_that_is_stopped_has_no_figures(self):
        def stop():
            raise RuntimeError("enough")

        tracker = Recorded(stop)
        model = graphsieve.NodeClassifier(settings={**SHORT, "estimator.epochs": 10000}, progress=False, trackers=[tracker])
        with self.assertRaisesRegex(RuntimeError, "enough"):
            model.fit(graphsieve.minesweeper(30))
        self.assertEqual(tracker.heard[-1], ("end", {}))

    @unittest.skipUnless(importlib.util.find_spec("tensorboard"), "TensorBoard is not there")
    def test_tensorboard(self):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        run = self.run_folder(self.graph(), *settings_args(SHORT))
        self.command(run, "--tensorboard", self.dir / "logs")
        events = EventAccumulator(str(self.dir / "logs" / "run")).Reload()
        for (stage, epoch), record in records(run).items():
            scalar = events.Scalars(f"{stage}/loss")[epoch]
            self.assertEqual(scalar.step, epoch)
            self.assertAlmostEqual(scalar.value, record["loss"], places=5)
        self.assertAlmostEqual(events.Scalars("result/test")[0].value, self.result(run)["runs"][0]["test"], places=5)

    @unittest.skipUnless(importlib.util.find_spec("mlflow"), "MLflow is not there")
    def test_mlflow(self):
        from mlflow import MlflowClient
        uri = f"sqlite:///{self.dir / 'mlflow.db'}"
        model = graphsieve.NodeClassifier(settings=SHORT, progress=False, trackers=[tracking.MLflow("mine", uri)])
        model.fit(pyg_like(Graph()))
        client = MlflowClient(uri)
        [run] = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
        self.assertEqual((run.info.status, run.data.params["network.width"]), ("FINISHED", "8"))
        self.assertEqual(run.data.metrics["result/test"], model.result_["runs"][0]["test"])
        history = {m.step: m.value for m in client.get_metric_history(run.info.run_id, "network/loss")}
        self.assertEqual(history, {epoch: r["loss"] for (stage, epoch), r in records(model.run_).items() if stage == "network"})

    def test_wandb_by_a_stand_in(self):
        """Which calls of W&B are made: a module that notes them stands in."""
        heard, summary = [], {}
        run = types.SimpleNamespace(define_metric=lambda name, step_metric=None: heard.append(("metric", name, step_metric)),
                                    log=heard.append, summary=summary, finish=lambda exit_code: heard.append(("finish", exit_code)))
        module = types.SimpleNamespace(init=lambda **options: heard.append(("init", options)) or run)
        with unittest.mock.patch.dict(sys.modules, {"wandb": module}):
            tracker = tracking.WandB("mine", mode="offline")
        model = graphsieve.NodeClassifier(settings=SHORT, progress=False, trackers=[tracker]).fit(pyg_like(Graph()))
        (_, options), *rest = heard
        self.assertEqual((options["project"], options["mode"], options["config"]["network.width"]), ("mine", "offline", 8))
        self.assertIn(("metric", "network/*", "network/epoch"), rest)
        logged = [values for values in rest if isinstance(values, dict)]
        for values, ((stage, epoch), record) in zip(logged, records(model.run_).items(), strict=True):
            self.assertEqual((values[f"{stage}/epoch"], values[f"{stage}/loss"]), (epoch, record["loss"]))
        self.assertEqual((summary["result/test"], heard[-1]), (model.result_["runs"][0]["test"], ("finish", 0)))
        with self.assertRaisesRegex(graphsieve.Error, "pip install 'graphsieve\\[wandb\\]'"), unittest.mock.patch.dict(sys.modules, {"wandb": None}):
            tracking.WandB()

    @unittest.skipUnless(importlib.util.find_spec("wandb"), "W&B is not there")
    def test_wandb_offline(self):
        run = self.run_folder(self.graph(), *settings_args(SHORT))
        environment = {"WANDB_MODE": "offline", "WANDB_DIR": str(self.dir), "WANDB_SILENT": "true"}
        with unittest.mock.patch.dict(os.environ, environment):
            self.assertEqual(self.command(run, "--wandb", "mine").stdout, "run\n")
        [file] = (self.dir / "wandb").glob("offline-run-*/*.wandb")
        content = file.read_bytes()
        for text in (b"network/loss", b"estimator/epoch", b"result/test"):
            self.assertIn(text, content)

    def command(self, *args, code=0):
        done = subprocess.run([sys.executable, "-m", "graphsieve.tracking", *map(str, args)], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_the_command_says_what_is_wrong(self):
        self.assertIn("expected --tensorboard DIR, --mlflow EXPERIMENT or --wandb PROJECT", self.command(self.dir, code=2).stderr)
        if importlib.util.find_spec("tensorboard"):
            sentence = f"error: {self.dir}: not a run folder; expected one with a result.json\n"
        else:
            sentence = "error: TensorBoard is not there; pip install 'graphsieve[tensorboard]'\n"
        self.assertEqual(self.command(self.dir, "--tensorboard", self.dir / "logs", code=1).stderr, sentence)


if __name__ == "__main__":
    unittest.main()
