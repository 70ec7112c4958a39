# SPDX-License-Identifier: Apache-2.0
"""What NodeClassifier and NodeRegressor have in common: the engine's two training stages with the interface of scikit-learn."""
from __future__ import annotations

import contextlib
import html
import inspect
import os
import pathlib
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphsieve import _engine, hub, plots
from graphsieve._check import Error, check_path, check_whole, path_exists
from graphsieve._sklearn import BaseEstimator, NotFittedError
from graphsieve.graphs import Graph, graph_of, node_numbers
from graphsieve.progress import Listener, Progress
from graphsieve.runs import Run

if TYPE_CHECKING:
    from typing_extensions import Self

    from graphsieve.tracking import Tracker

__all__ = ["NodeModel"]

WORDS = {"single": "one class per node", "multi": "several labels per node", "numbers": "numbers to predict"}


class Predictions(NamedTuple):
    """Predictions (of classes: probabilities) float32 [m, columns] and embeddings float32 [m, width] of some nodes of a graph."""

    graph: Graph
    nodes: slice | np.ndarray
    values: np.ndarray
    embeddings: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """The user's ids of the nodes."""
        return self.graph.ids[self.nodes]


class NodeModel(BaseEstimator):
    """A sparse graph transformer for the nodes of a graph, trained by the engine with the same bits as by `graphsieve run`.

    recipe: a published recipe (`graphsieve.recipe_names()`) or a YAML file; None: the recipe that fits the data.
    settings: keys of the recipe to change, {"network.width": 128, "network.k": [12, 5, 5, 5]}.
    split: number of the given masks, or of the keyed random split if there are none; or the nodes themselves, {"train": …, "val": …,
    "test": …}, each as numbers of nodes, as a mask, or as "all" (see `Graph.with_split`).
    seed: random seed (splits have their own). threads: number of threads; None: usable cores. Results are the same for any number.
    memory: memory limit in bytes; None: no limit. device: "cpu", "cuda" or "cuda:N"; the latter need an engine that was built with
    kernels for GPUs. out: the run folder; None: a temporary folder, which is removed with the object.
    overwrite: replace an existing run folder. resume: continue an unfinished run. progress: show bars and information on stderr;
    anything odd about the data or the run is a `GraphsieveWarning` in either case.
    trackers: objects of `graphsieve.tracking` (TensorBoard, MLflow), which receive the figures of every epoch during training.
    graph: one graph of which only some nodes are trained on. The inputs of fit, predict and score are then numbers of nodes, so that
    scikit-learn's functions divide the nodes, as in `cross_val_score(NodeClassifier(graph=data), nodes, y[nodes])`. The labels of `graph`
    are not read. validation_fraction: with `graph`, the share of fit's nodes that choose the best epoch; 0: the last epoch counts.

    After fit: run_ (the run folder), result_ (its result.json), n_features_in_. fit leaves torch as it was: the number of threads,
    the default type and the allocator are changed only during the call. Ctrl-C stops the training at the next step.
    """

    _label_kinds: tuple[str, ...]  # the kinds of labels that the model learns: "single", "multi", "numbers"

    run_: pathlib.Path
    result_: dict[str, Any]
    n_features_in_: int

    def __init__(self, recipe: str | os.PathLike[str] | None = None, *, settings: Mapping[str, Any] | None = None,
                 split: int | Mapping[str, Any] = 0, seed: int = 0, threads: int | None = None, memory: int | None = None,
                 device: str = "cpu", out: str | os.PathLike[str] | None = None, overwrite: bool = False, resume: bool = False,
                 progress: bool = True, trackers: Sequence[Tracker] = (), graph: Any = None, validation_fraction: float = 0.1) -> None:
        self.recipe = recipe
        self.settings = settings
        self.split = split
        self.seed = seed
        self.threads = threads
        self.memory = memory
        self.device = device
        self.out = out
        self.overwrite = overwrite
        self.resume = resume
        self.progress = progress
        self.trackers = trackers
        self.graph = graph
        self.validation_fraction = validation_fraction

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the constructor's arguments, as scikit-learn requires."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Changes arguments of the constructor, and with the names settings__KEY keys of the recipe."""
        known = self.get_params()
        for name, value in params.items():
            if name.startswith("settings__"):
                self.settings = {**(self.settings or {}), name.removeprefix("settings__"): value}
            elif name in known:
                setattr(self, name, value)
            else:
                raise Error(f"parameter '{name}': unknown, expected one of {', '.join(known)}, or settings__ and a key of the recipe")
        return self

    def fit(self, data: Any, y: Any = None) -> Self:
        """Trains on `data`: a path, PyG's Data, (A, X, y), (nodes, edges), a NetworkX graph, or a Graph (see `graphsieve.graph_of`).

        If the model has a `graph`, data is numbers of nodes [m] and y their labels (see `Graph.with_labels`).
        """
        self._check_arguments()
        graph, chosen = self._training_graph(data, y)
        self._check_labels(graph)
        recipe = graph.recipe if self.recipe is None else os.fspath(self.recipe)
        settings = [f"{key}={_yaml(value)}" for key, value in {**chosen, **dict(self.settings or {})}.items()]
        out = self._temporary() if self.out is None else pathlib.Path(self.out)
        if self.resume and path_exists(out / "result.json") and not (self.overwrite and _engine.has_unfinished(out)):
            other = self._difference(Run(out), graph, _engine.recipe_values(recipe, settings))
            if not other:
                _engine.tidy_finished(out)
                self._take(out, graph)
                return self
            if not self.overwrite:
                raise Error(f"{out}: a finished run with {other} to go on with it; name another with out, or replace it with overwrite")
        if path_exists(out) and not (self.overwrite or self.resume):
            raise Error(f"{out}: already exists; name another with out, or replace it with overwrite")
        with self._engine_call() as listener:
            if self.recipe is None:
                listener.information(f"recipe {recipe}, recognised by: {graph.engine.recognised}" if graph.engine.recognised else
                                     f"recipe {recipe}: {graph.engine.name} is no known data set; choose another with recipe")
            with self._tracked(graph, recipe, settings, out, listener) as hearing:
                _engine.run(graph.engine, recipe, settings, out, overwrite=bool(self.overwrite), resume=bool(self.resume),
                            splits=[self._split_number], seed=int(self.seed), memory=int(self.memory or 0), device=str(self.device),
                            threads=int(self.threads or 0), listener=hearing)
        self._take(out, graph)
        return self

    @property
    def _split_number(self) -> int:
        return 0 if isinstance(self.split, Mapping) else int(self.split)

    def _training_graph(self, data: Any, y: Any) -> tuple[Graph, dict[str, Any]]:
        """Returns the graph with its labels and splits, and settings that these ask for."""
        self._nodes: tuple[np.ndarray, np.ndarray] | None = None  # with `graph`: the nodes that fit was given, and their labels
        if self.graph is not None:
            if y is None:
                raise Error("y: absent, expected the labels of the nodes, one entry per node")
            base = self._base_graph()
            self._nodes = node_numbers(data, base.nodes), np.asarray(y)
            return self._labelled(base), self._split_settings(len(self._nodes[0]))
        if y is not None:
            if not (isinstance(data, tuple) and len(data) == 2):
                raise Error("y: given beside data that has labels of its own; expected it with (A, X), or with numbers of nodes of `graph`")
            data = (*data, y)
        graph = self._graph_of(data)
        return (graph.with_split(self.split), {"data.split": "given"}) if isinstance(self.split, Mapping) else (graph, {})

    def _base_graph(self) -> Graph:
        """Returns `graph` as a Graph, whose labels do not matter."""
        regression = "numbers" in self._label_kinds
        return self.graph if isinstance(self.graph, Graph) else graph_of(self.graph, labels=1, regression=regression)

    def _labelled(self, base: Graph) -> Graph:
        """Returns `base` with the labels of the nodes that fit was given."""
        assert self._nodes is not None
        graph = base.with_labels(*self._nodes, regression="numbers" in self._label_kinds)
        return graph if self.validation_fraction else graph.with_split({"train": self._nodes[0]})

    def _split_settings(self, count: int) -> dict[str, Any]:
        """Returns the settings that divide so many nodes into training and validation nodes."""
        share = self.validation_fraction
        if not (isinstance(share, (int, float, np.number)) and 0 <= share < 1):
            raise Error(f"validation_fraction is {share!r}, expected 0, or a number between 0 and 1")
        if share == 0:
            return {"data.split": "given", "data.validation": "none"}
        if int(share * count) < 1:
            raise Error(f"nodes: {count}, of which validation_fraction {share} chooses none; expected more nodes, or validation_fraction=0")
        return {"data.split": "random", "data.train_fraction": 1 - float(share), "data.val_fraction": float(share)}

    def _check_arguments(self) -> None:
        if not isinstance(self.split, Mapping):
            check_whole("split", self.split)
        elif self.graph is not None:
            raise Error("split: names nodes, and so does fit of a model with a graph; expected a number")
        check_whole("seed", self.seed, most=2**64 - 1)
        if self.threads is not None:
            check_whole("threads", self.threads, 1, 1024)
        if self.memory is not None:
            check_whole("memory", self.memory)
        for name, path in (("recipe", self.recipe), ("out", self.out)):
            if path is not None:
                check_path(name, path)
        for name, value in (("overwrite", self.overwrite), ("resume", self.resume)):
            if not isinstance(value, (bool, np.bool_)):
                raise Error(f"{name} is {value!r}, expected True or False")
        if self.settings is not None and not isinstance(self.settings, Mapping):
            raise Error(f"settings: {type(self.settings).__name__}, expected a dict of a recipe's keys, such as {{'network.width': 64}}")
        if not isinstance(self.trackers or (), Iterable):
            raise Error(f"trackers: {self.trackers!r}, expected objects with start, epoch and end")
        for tracker in self.trackers or ():
            if not all(callable(getattr(tracker, method, None)) for method in ("start", "epoch", "end")):
                raise Error(f"trackers: {tracker!r}, expected objects with start, epoch and end")

    def _difference(self, run: Run, graph: Graph, recipe: dict[str, Any]) -> str:
        """Returns the first thing in which a finished run differs from what fit would make; empty if there is none."""
        theirs = {"seed": run.run["seed"], "split": run.run["split"], "graph": run.result["graph"]["fingerprint"]} | run.recipe
        ours = {"seed": self.seed, "split": self._split_number, "graph": graph.engine.fingerprint} | recipe
        for name, value in ours.items():
            if theirs.get(name) != value and not (name == "network.k" and recipe["network.epsilon"]):  # the run chose its own k
                return f"{name} {theirs.get(name)}, expected {value}"
        return ""

    @contextlib.contextmanager
    def _tracked(self, graph: Graph, recipe: str, settings: list[str], out: pathlib.Path, listener: Listener) -> Iterator[Any]:
        """Yields a listener that also lets the trackers read the run's figures."""
        if not self.trackers:
            yield listener
            return
        from graphsieve import tracking  # imported here, as it is also a program: python -m graphsieve.tracking
        name = f"{graph.engine.name}-split-{self._split_number}-seed-{self.seed}" if self.out is None else out.name
        unfinished = out.absolute().parent / f".{out.name}.unfinished"
        with tracking.follow(unfinished, name, _engine.recipe_values(recipe, settings), self.trackers) as following:
            yield _Watched(listener, following.look)
            following.finish(out)

    def _temporary(self) -> pathlib.Path:
        """Returns a run folder that is removed together with this object."""
        folder = tempfile.mkdtemp(prefix="graphsieve-")
        weakref.finalize(self, _remove_folder, folder, os.getpid())
        return pathlib.Path(folder) / "run"

    def _graph_of(self, data: Any, labels: int | None = None, like: pathlib.Path | None = None) -> Graph:
        """Returns `data` as a Graph whose labels are what the model learns."""
        return graph_of(data, labels=labels, like=like, regression="numbers" in self._label_kinds)

    def _check_labels(self, graph: Graph) -> None:
        """Throws Error if the model does not learn labels of this kind."""
        if graph.label_kind not in self._label_kinds:
            other = "NodeRegressor" if graph.label_kind == "numbers" else "NodeClassifier"
            raise Error(f"data: its labels are {WORDS[graph.label_kind]}, which graphsieve.{other} learns")

    def _take(self, out: pathlib.Path, graph: Graph) -> None:
        run = Run(out)
        self.run_, self.result_ = out, run.result
        self.n_features_in_ = graph.features
        self._kind = graph.label_kind
        self._columns = graph.classes
        self._names = graph.class_values  # of the classes, or of the labels or numbers of a node
        self._predicted: tuple[Graph, Any, np.ndarray, np.ndarray] | None = None
        self._trained_on: Graph | None = graph

    @contextlib.contextmanager
    def _engine_call(self) -> Iterator[Listener]:
        """Yields a listener for one call of the engine."""
        listener = Progress() if self.progress else Listener()
        try:
            yield listener
        finally:
            listener.close()

    @classmethod
    def load(cls, run: str | os.PathLike[str], data: Any = None) -> Self:
        """Returns the model of a run folder. `data`: the graph that it was trained on; default: the file that the run names."""
        model, found = cls(out=run), Run(run)
        graph = found.graph(data)
        model._check_labels(graph)
        if graph.classes != found.result["graph"]["classes"] or len(graph.class_values) != graph.classes:
            raise Error(f"{found.path}: was trained on {found.result['graph']['classes']} classes, the data has {len(graph.class_values)}; "
                        "expected the graph it was trained on, with its labels")
        model._take(found.path, graph)
        return model

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Copies the run folder, which `graphsieve predict` and all other commands accept."""
        self._fitted()
        check_path("folder", folder)
        if path_exists(folder):
            raise Error(f"{os.fspath(folder)}: already exists; name another")
        _engine.copy_run(self.run_, folder)

    def _fitted(self) -> None:
        if not hasattr(self, "run_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet; call fit first")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "run_")

    def __sklearn_tags__(self) -> Any:
        """Returns scikit-learn's description of an estimator: any input, numbers of nodes included, and no checks of it."""
        from sklearn.utils import TransformerTags
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.transformer_tags = TransformerTags()
        tags.no_validation, tags.input_tags.one_d_array = True, True
        tags.target_tags.required, tags.target_tags.multi_output = self.graph is not None, True
        return tags

    def _predict(self, data: Any) -> Predictions:
        """Returns the predictions for `data`. Those of the last Graph are kept while the run's files stay the same."""
        self._fitted()
        chosen = slice(None) if self.graph is None or data is None else node_numbers(data, self._graph_of_fit().nodes)
        schema = self.run_ / "schema.json"
        graph = self._graph_of_fit() if data is None or self.graph is not None else self._graph_of(
            data, self._columns if self._kind != "single" else 1, schema if path_exists(schema) else None)
        files = _state_of_files(self.run_)
        if self._predicted is None or self._predicted[:2] != (graph, files):
            if graph.features != self.n_features_in_ and not path_exists(schema):  # the engine finds columns by their names
                raise Error(f"data: {graph.features} features per node, the run was trained on {self.n_features_in_}")
            if graph.classes > 0 and graph.label_kind != self._kind:
                raise Error(f"data: its labels are {WORDS[graph.label_kind]}, the run was trained on {WORDS[self._kind]}")
            if self.threads is not None:
                check_whole("threads", self.threads, 1, 1024)
            with self._engine_call() as listener:
                predicted = _engine.predict(graph.engine, self.run_, str(self.device), int(self.threads or 0), listener)
                self._predicted = (graph, files, *predicted)
        graph, _, predictions, embeddings = self._predicted
        return Predictions(graph, chosen, predictions[chosen], embeddings[chosen])

    def _graph_of_fit(self) -> Graph:
        """Returns the graph that fit was given. A model that was unpickled makes it of `graph`, if it has one."""
        if self._trained_on is None and self.graph is not None:
            self._trained_on = self._labelled(self._base_graph())
        if self._trained_on is None:
            raise Error(f"this {type(self).__name__} has not kept the graph that it was trained on; expected a graph as data")
        return self._trained_on

    def transform(self, data: Any = None) -> np.ndarray:
        """Returns the embeddings, which are the input of the network's output layers: float32 [n, width]."""
        return self._predict(data).embeddings.copy()

    def plot_curves(self, axes: Any = None) -> Any:
        """Draws the value of every epoch with matplotlib, into `axes` or a new figure, and returns the figure."""
        self._fitted()
        return plots.curves(self.run_, axes)

    def plot_attention_kept(self, axes: Any = None) -> Any:
        """Draws the share of a node's attention that its k strongest edges have, over k, and returns the figure."""
        self._fitted()
        return plots.attention_kept(self.run_, axes)

    def _facts(self) -> dict[str, Any]:
        """Returns what a saved model keeps beside its run folder, for JSON."""
        return {"features": self.n_features_in_, "label_kind": self._kind, "columns": self._columns,
                "classes": [value.item() if isinstance(value, np.generic) else value for value in self._names]}

    def _take_facts(self, run: pathlib.Path, facts: dict[str, Any]) -> None:
        """Takes a run folder without its graph, with what _facts() kept."""
        self.run_, self.result_ = run, Run(run).result
        self.n_features_in_, self._kind, self._columns = facts["features"], facts["label_kind"], facts["columns"]
        self._names = np.array(facts["classes"])
        self._predicted = self._trained_on = None

    def save_pretrained(self, save_directory: str | os.PathLike[str], *, push_to_hub: bool = False, repo_id: str | None = None,
                        **push: Any) -> None:
        """Writes the run folder with a model card to a new folder.

        push_to_hub: upload it too, to `repo_id` or the folder's name, with the options of push_to_hub().
        """
        hub.save(self, save_directory)
        if push_to_hub:
            hub.push(self, repo_id or pathlib.Path(save_directory).name, **push)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Uploads the fitted model with a model card to the Hugging Face Hub. Options: private, token, branch, commit_message."""
        return hub.push(self, repo_id, **options)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike[str], **download: Any) -> Self:
        """Returns a model of a folder of save_pretrained, or of a repository of the Hub; predict then needs data.

        Options: those of huggingface_hub.snapshot_download, such as revision, token, cache_dir, local_files_only.
        """
        folder = hub.download(pretrained_model_name_or_path, **download)
        model = cls()
        model._take_facts(folder, hub.read_config(folder, cls.__name__))
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Returns what pickle and copy keep: the arguments and, of a fitted model, the bytes of its run folder, without the graph."""
        state = {name: value for name, value in self.__dict__.items() if name not in ("run_", "_predicted", "_trained_on")}
        if hasattr(self, "run_"):
            with tempfile.TemporaryDirectory(prefix="graphsieve-") as folder:  # a copy that no other process changes meanwhile
                copy = pathlib.Path(folder) / "run"
                _engine.copy_run(self.run_, copy)
                state["_files"] = {str(file.relative_to(copy)): file.read_bytes() for file in sorted(copy.rglob("*")) if file.is_file()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        files = state.pop("_files", None)
        self.__dict__.update(state)
        if files is None:
            return
        self.run_ = self._temporary()
        for name, content in files.items():
            file = self.run_ / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self._predicted = self._trained_on = None

    def _repr_html_(self) -> str:
        """Returns what a notebook shows: the arguments and, of a fitted model, the head of its report."""
        text = f"<code>{html.escape(repr(self))}</code>"
        if not hasattr(self, "run_"):
            return text
        result = self.result_
        run, graph = result["runs"][0], result["graph"]
        rows = {"graph": f"{graph['name']}, {graph['nodes']:,} nodes, {graph['edges']:,} edges, {graph['features']} features",
                "recipe": f"{result['recipe']} ({result['model']})", "best epoch": run["best_epoch"],
                **{f"{result['metric']}, {part}": f"{run[part]:.4g}" for part in ("val", "test") if run.get(part) is not None},
                "run folder": self.run_}
        cells = "".join(f"<tr><th style='text-align:left'>{html.escape(str(name))}</th><td style='text-align:left'>"
                        f"{html.escape(str(value))}</td></tr>" for name, value in rows.items())
        return f"{text}<table>{cells}</table>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}  # in place of scikit-learn's diagram

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, value in self.get_params().items()
                   if value != inspect.signature(type(self)).parameters[name].default]
        return f"{type(self).__name__}({', '.join(changed)})"


def _remove_folder(folder: str, owner: int) -> None:
    """Removes a temporary folder, in the process `owner` only: a forked child ends with copies of its parent's objects."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _state_of_files(run: pathlib.Path) -> list[tuple[str, int, int, int]]:
    """Returns the state of all files in the run folder, which changes when a file is written or replaced."""
    state = []
    for folder, _, files in os.walk(run):
        for name in files:
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):  # the file has just been replaced
                stat = os.stat(path)
                state.append((path, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return sorted(state)


class _Watched:
    """A listener that also lets the trackers read the run's figures at every step."""

    def __init__(self, listener: Listener, look: Callable[[], None]) -> None:
        self.note, self.information, self.stage = listener.note, listener.information, listener.stage
        self._step, self._look = listener.step, look

    def step(self, done: int, status: str) -> None:
        self._step(done, status)
        self._look()


def _yaml(value: Any) -> str:
    """Returns a setting's value as YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, (list, tuple)) else str(value)
