# SPDX-License-Identifier: Apache-2.0
"""Training figures for programs that track runs: TensorBoard's event files, MLflow and W&B, each written by its own library.

    python -m graphsieve.tracking runs/mine --tensorboard logs
    python -m graphsieve.tracking runs/mine --mlflow minesweeper          # the experiment's name
    python -m graphsieve.tracking runs/mine --wandb minesweeper           # the project's name

A run that is still training is tracked with NodeClassifier(trackers=[TensorBoard("logs")]). The figures are those of a run folder:
metrics.jsonl, recipe.yaml and result.json (docs/run-folder.md).
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from graphsieve import _engine
from graphsieve._check import Error
from graphsieve.runs import read_result

__all__ = ["MLflow", "TensorBoard", "Tracker", "WandB", "follow", "log"]

Recipe = Mapping[str, Any]
Record = Mapping[str, float]


class Tracker(Protocol):
    """The interface to which runs are written, one after the other."""

    def start(self, name: str, recipe: Recipe) -> None:
        """Is called when a run begins, with the recipe's keys and values."""

    def epoch(self, number: int, values: Record) -> None:
        """Is called with the figures of an epoch, such as "network/loss". The epochs of each stage count from 0."""

    def end(self, figures: Record) -> None:
        """Is called at the end with the figures in result.json ("val", "test", "network/seconds", …); {} if the run was stopped."""


class TensorBoard:
    """Writes event files to `folder`/RUN. Needs the tensorboard package.

    >>> tracker = TensorBoard("logs")                                                  # doctest: +SKIP
    >>> graphsieve.NodeClassifier("minesweeper", trackers=[tracker]).fit(data)         # doctest: +SKIP
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise Error("TensorBoard is not there; pip install 'graphsieve[tensorboard]'") from None
        self._writer_of = SummaryWriter
        self._folder = pathlib.Path(folder)

    def start(self, name: str, recipe: Recipe) -> None:
        self._writer = self._writer_of(str(self._folder / name))
        self._recipe = {key: value if isinstance(value, (bool, int, float)) else str(value) for key, value in recipe.items()}

    def epoch(self, number: int, values: Record) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, number)

    def end(self, figures: Record) -> None:
        if figures:
            self._writer.add_hparams(self._recipe, {f"result/{name}": value for name, value in figures.items()}, run_name=".")
        self._writer.close()


class MLflow:
    """Writes runs of `experiment`, with parameters and metrics, to `uri` or MLFLOW_TRACKING_URI. Needs the mlflow package.

    >>> tracker = MLflow("minesweeper")                                                # doctest: +SKIP
    >>> graphsieve.NodeClassifier("minesweeper", trackers=[tracker]).fit(data)         # doctest: +SKIP
    """

    def __init__(self, experiment: str = "graphsieve", uri: str | None = None) -> None:
        try:
            from mlflow import MlflowClient, entities
        except ImportError:
            raise Error("MLflow is not there; pip install 'graphsieve[mlflow]'") from None
        self._client, self._entities = MlflowClient(uri), entities
        found = self._client.get_experiment_by_name(experiment)
        self._experiment = found.experiment_id if found else self._client.create_experiment(experiment)

    def start(self, name: str, recipe: Recipe) -> None:
        self._run = self._client.create_run(self._experiment, run_name=name).info.run_id
        self._client.log_batch(self._run, params=[self._entities.Param(key, str(value)) for key, value in recipe.items()])

    def epoch(self, number: int, values: Record) -> None:
        now = int(time.time() * 1000)
        self._client.log_batch(self._run, metrics=[self._entities.Metric(key, value, now, number) for key, value in values.items()])

    def end(self, figures: Record) -> None:
        self.epoch(0, {f"result/{name}": value for name, value in figures.items()})
        self._client.set_terminated(self._run, "FINISHED" if figures else "KILLED")


class WandB:
    """Writes runs of `project` with the wandb package, where its environment variables say: WANDB_MODE=offline writes files alone.

    Further arguments are those of wandb.init, such as entity, group, tags or dir.

    >>> tracker = WandB("minesweeper", mode="offline")                                 # doctest: +SKIP
    >>> graphsieve.NodeClassifier("minesweeper", trackers=[tracker]).fit(data)         # doctest: +SKIP
    """

    def __init__(self, project: str = "graphsieve", **options: Any) -> None:
        try:
            import wandb
        except ImportError:
            raise Error("W&B is not there; pip install 'graphsieve[wandb]'") from None
        self._wandb, self._options = wandb, {"project": project, **options}

    def start(self, name: str, recipe: Recipe) -> None:
        self._run = self._wandb.init(name=name, config=dict(recipe), **self._options)
        self._stages: set[str] = set()

    def epoch(self, number: int, values: Record) -> None:
        for stage in {name.partition("/")[0] for name in values} - self._stages:  # each stage counts its epochs from 0
            self._run.define_metric(f"{stage}/epoch")
            self._run.define_metric(f"{stage}/*", step_metric=f"{stage}/epoch")
            self._stages.add(stage)
        self._run.log({**values, **{f"{name.partition('/')[0]}/epoch": number for name in values}})

    def end(self, figures: Record) -> None:
        for name, value in figures.items():
            self._run.summary[f"result/{name}"] = value
        self._run.finish(exit_code=0 if figures else 1)


def log(run: str | os.PathLike[str], *trackers: Tracker) -> list[str]:
    """Writes a finished run folder, or each run of a folder of several runs, to all trackers. Returns the names of the runs.

    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, out="run", progress=False)
    >>> log(model.fit(graphsieve.minesweeper(20)).run_)
    ['run']
    """
    folder = pathlib.Path(run)
    result = read_result(folder)
    several = len(result["runs"]) > 1
    names = []
    for one in result["runs"]:
        part = f"split-{one['split']}-seed-{one['seed']}"
        at, name = (folder / part, f"{folder.name}/{part}") if several else (folder, folder.resolve().name)
        with follow(at, name, _engine.recipe_values(str(at / "recipe.yaml")), trackers) as following:
            following.finish(at)
        names.append(name)
    return names


class follow:
    """Passes new lines of a run's metrics.jsonl on to trackers. As a context manager, it begins and ends the trackers' runs.

    >>> class Printed:
    ...     def start(self, name, recipe): print(name)
    ...     def epoch(self, number, values): print(number, values)
    ...     def end(self, figures): print(figures)
    >>> with open("metrics.jsonl", "w") as file:
    ...     _ = file.write('{"stage": "network", "epoch": 0, "loss": 0.5}' + chr(10))
    >>> with follow(".", "mine", {}, [Printed()]) as following:
    ...     following.look()
    mine
    0 {'network/loss': 0.5}
    {}
    """

    def __init__(self, folder: str | os.PathLike[str], name: str, recipe: Recipe, trackers: Sequence[Tracker]) -> None:
        self.folder = pathlib.Path(folder)
        self.figures: Record = {}  # figures of the result, once the run has ended
        self._name, self._recipe, self._trackers = name, recipe, trackers
        self._read = 0  # bytes of the file that have been read

    def __enter__(self) -> follow:
        for tracker in self._trackers:
            tracker.start(self._name, self._recipe)
        return self

    def __exit__(self, *error: object) -> None:
        for tracker in self._trackers:
            tracker.end(self.figures)

    def finish(self, folder: pathlib.Path) -> None:
        """Reads the remaining lines and the result from the finished run folder."""
        self.folder = folder
        self.look()
        self.figures = _figures(read_result(folder)["runs"][0])

    def look(self) -> None:
        """Reads the lines that have been written since the last call, and passes them on."""
        try:
            with open(self.folder / "metrics.jsonl", "rb") as file:
                file.seek(self._read)
                lines = file.read()
        except FileNotFoundError:
            return
        whole = lines[:lines.rfind(b"\n") + 1]  # the last line may still be written
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                record = json.loads(line)
                stage = record.pop("stage") + (f"-start-{record.pop('start')}" if "start" in record else "")
                number = record.pop("epoch")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise Error(f"{self.folder / 'metrics.jsonl'}: not an epoch's record: {line[:80]!r}") from None
            values = {f"{stage}/{name}": value for name, value in _numbers(record)}
            for tracker in self._trackers:
                tracker.epoch(number, values)


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yields the numbers within objects and lists, each with its path; other values are ignored."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from _numbers(one, f"{name}/{key}" if name else str(key))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, value


def _figures(run: Mapping[str, Any]) -> Record:
    """Returns the figures of one of result.json's runs: its metric values, and the figures of each stage."""
    kept = {key: run.get(key) for key in ("val", "test", "best_epoch")}
    return dict(_numbers(kept)) | {f"{stage}/{name}": value for stage in ("estimator", "network")
                                   for name, value in _numbers(run.get(stage))}


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m graphsieve.tracking", description="A finished run into TensorBoard, MLflow or W&B.")
    parser.add_argument("run", help="a run folder")
    parser.add_argument("--tensorboard", metavar="DIR", help="event files in DIR/RUN")
    parser.add_argument("--mlflow", metavar="EXPERIMENT", help="a run of that experiment, where MLFLOW_TRACKING_URI says")
    parser.add_argument("--wandb", metavar="PROJECT", help="a run of that project, where W&B's environment variables say")
    args = parser.parse_args()
    if not (args.tensorboard or args.mlflow or args.wandb):
        parser.error("nothing to track with; expected --tensorboard DIR, --mlflow EXPERIMENT or --wandb PROJECT")
    try:
        trackers: list[Tracker] = []
        if args.tensorboard:
            trackers.append(TensorBoard(args.tensorboard))
        if args.mlflow:
            trackers.append(MLflow(args.mlflow))
        if args.wandb:
            trackers.append(WandB(args.wandb))
        for name in log(args.run, *trackers):
            print(name)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
