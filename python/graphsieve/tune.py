# SPDX-License-Identifier: Apache-2.0
"""Search for a recipe by validation alone, with Optuna.

    python -m graphsieve tune graph.npz --out tuned --trials 30
    python -m graphsieve tune graph.npz --out tuned --trials 60      # goes on with the same search
    graphsieve run graph.npz --recipe tuned/best.yaml --split all

The trials stand in tuned/trials.db (SQLite, Optuna's own storage). A trial depends only on its number, the seed and the trials before
it, so a search that was interrupted and continued ends with the same trials as one that was not. The first trial is the recipe
itself, unless one of its values lies outside the space.
"""
from __future__ import annotations

import contextlib
import dataclasses
import html
import json
import os
import pathlib
import shutil
import statistics
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphsieve import _engine
from graphsieve._check import Error
from graphsieve.classifier import NodeClassifier
from graphsieve.graphs import Graph, graph_of
from graphsieve.progress import GraphsieveWarning
from graphsieve.regressor import NodeRegressor

__all__ = ["Choices", "Search", "Span", "parse_space", "tune"]

SMALLER_IS_BETTER = ("rmse", "mae", "log_loss")
_STARTUP_TRIALS = 5  # trials that are drawn at random, and that are never pruned, before the sampler and the pruner have data


@dataclasses.dataclass(frozen=True)
class Span:
    """Values of a key from `low` to `high`; `log`: drawn uniformly in the logarithm.

    >>> Span(1e-4, 1e-2, log=True).holds(0.003)
    True
    """

    low: float
    high: float
    log: bool = False

    def ask(self, trial: Any, key: str, whole: bool) -> Any:
        if whole:
            return trial.suggest_int(key, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(key, self.low, self.high, log=self.log)

    def holds(self, value: Any) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclasses.dataclass(frozen=True)
class Choices:
    """The values of a key, as texts of YAML.

    >>> Choices(("batch", "layer")).holds("layer")
    True
    """

    values: tuple[str, ...]

    def ask(self, trial: Any, key: str, whole: bool) -> Any:
        return trial.suggest_categorical(key, list(self.values))

    def holds(self, value: Any) -> bool:
        return _text(value) in self.values


Space = Mapping[str, "Span | Choices"]

DEFAULT_SPACE: Space = {
    "network.k": Span(3, 20),
    "network.width": Choices(("32", "64", "96", "128")),
    "network.layers": Span(2, 6),
    "network.dropout": Span(0.0, 0.6),
    "network.lr": Span(1e-3, 2e-2, log=True),
    "network.norm": Choices(("batch", "layer")),
}


def parse_space(texts: Sequence[str]) -> dict[str, Span | Choices]:
    """Returns the search space of texts such as "network.lr=1e-4..1e-2:log", "network.k=3..20" and "network.norm=batch,layer".

    >>> parse_space(["network.lr=1e-4..1e-2:log", "network.width=32,64"])
    {'network.lr': Span(low=0.0001, high=0.01, log=True), 'network.width': Choices(values=('32', '64'))}
    """
    space: dict[str, Span | Choices] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        low, dots, high = values.partition("..")
        if not equals or not values:
            raise Error(f"search '{text}': expected KEY=LOW..HIGH, KEY=LOW..HIGH:log or KEY=A,B,…")
        if not dots:
            space[key] = Choices(tuple(values.split(",")))
            continue
        high, colon, scale = high.partition(":")
        try:
            span = Span(float(low), float(high), log=scale == "log")
        except ValueError:
            raise Error(f"search '{text}': '{low}..{high}' are no numbers") from None
        if (colon and scale != "log") or not span.low <= span.high or (span.log and span.low <= 0):
            raise Error(f"search '{text}': expected LOW..HIGH with LOW at most HIGH, or LOW..HIGH:log with LOW above 0")
        space[key] = span
    return space


@dataclasses.dataclass
class Search:
    """A search: what is trained, and where its trials stand.

    recipe: as for NodeClassifier; None: the recipe that fits the data. settings: keys that stay as they are, "KEY=VALUE".
    space: the keys that are searched. splits: numbers of the splits whose mean validation value is the value of a trial.
    final: numbers of the splits on which the best recipe is trained at the end; None: 0, 1, 2, or those that the graph has.
    trials: number of trials in all.
    threads: as for NodeClassifier. say: is called with each line of progress.

    >>> Search(pathlib.Path("tuned"), settings=["network.epochs=50"], trials=10).splits
    (0,)
    """

    out: pathlib.Path
    recipe: str | None = None
    settings: Sequence[str] = ()
    space: Space = dataclasses.field(default_factory=lambda: dict(DEFAULT_SPACE))
    splits: Sequence[int] = (0,)
    final: Sequence[int] | None = None
    trials: int = 30
    seed: int = 0
    threads: int | None = None
    say: Callable[[str], None] = print


def tune(data: Any, search: Search) -> dict[str, Any]:
    """Searches, trains the best recipe on the final splits, and returns the content of search.out/tune.json.

    data: as for NodeClassifier.fit; arrays with numbers to predict as a Graph, graph_of(data, regression=True). Leaves in search.out:
    trials.db, best.yaml (the best recipe), tune.json, report.html, and the run folders of the final splits. A search whose folder
    exists is continued. Throws Error if the folder holds another search, or anything else.

    >>> tune("bank", Search(pathlib.Path("tuned"), trials=10))  # doctest: +SKIP
    """
    optuna = _optuna()
    graph = graph_of(data)
    recipe = search.recipe or graph.recipe
    values = _engine.recipe_values(recipe, list(search.settings))
    for key in search.space:
        if key not in values:
            raise Error(f"search: '{key}' is no key of a recipe")
    final = _final_splits(graph, values, search)
    request = {"graph": graph.engine.fingerprint, "recipe": values, "seed": search.seed, "splits": list(search.splits),
               "space": {key: repr(of) for key, of in search.space.items()}, "version": _engine.version}
    _begin(search.out, request)
    smaller = _metric(values, graph) in SMALLER_IS_BETTER
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{(search.out / 'trials.db').absolute()}", study_name="graphsieve", load_if_exists=True,
        direction="minimize" if smaller else "maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=values["network.epochs"] // 4))
    while (trial := _next_trial(optuna, study, search, values)) is not None:
        _run_trial(optuna, study, trial, graph, recipe, search)
    complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    if not complete:
        raise Error(f"{search.out}: no trial of {len(study.trials)} came to an end")
    best = study.best_trial
    settings = [*search.settings, *(f"{key}={value}" for key, value in best.params.items())]
    runs = _final_runs(graph, recipe, settings, final, search)
    found = {"metric": _metric(values, graph), "trials": [_trial_json(trial) for trial in study.trials], "best": best.number,
             "best_value": best.value, "settings": settings, "runs": runs}
    for key in ("val", "test"):
        numbers = [run[key] for run in runs if run[key] is not None]
        if numbers:
            found[f"{key}_mean"] = statistics.fmean(numbers)
            found[f"{key}_std"] = statistics.stdev(numbers) if len(numbers) > 1 else 0.0
    _write(search.out / "tune.json", json.dumps({"request": request, **found}, indent=2) + "\n")
    _write(search.out / "report.html", _page(graph.engine.name, found, (search.out / "best.yaml").read_text(), smaller))
    return found


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise Error("Optuna is not there; pip install 'graphsieve[tune]'") from None
    return optuna


def _final_splits(graph: Graph, values: Mapping[str, Any], search: Search) -> Sequence[int]:
    """Returns the splits on which the best recipe is trained. Throws Error if the graph does not have one of the search's splits."""
    given = graph.engine.given_splits if values["data.split"] in ("auto", "given") else 0
    final = list(range(min(3, given or 3))) if search.final is None else search.final
    for split in (*search.splits, *final):
        if split < 0 or (given and split >= given):
            raise Error(f"split is {split}, but {graph.engine.name} has {given} given splits; expected 0 to {given - 1}" if given
                        else f"split is {split}, expected 0 or more")
    return final


def _metric(values: Mapping[str, Any], graph: Graph) -> str:
    """Returns the metric of a recipe, or the one that "auto" stands for (docs/recipes.md)."""
    if values["data.metric"] != "auto":
        return str(values["data.metric"])
    if graph.label_kind == "numbers":
        return "rmse" if graph.classes == 1 else "r2"
    return "roc_auc" if graph.label_kind == "multi" or graph.classes == 2 else "accuracy"


def _begin(out: pathlib.Path, request: Mapping[str, Any]) -> None:
    """Makes the folder of a search, or checks that it holds the same search."""
    card = out / "search.json"
    if not out.exists():
        out.mkdir(parents=True)
    elif not card.exists():
        if any(out.iterdir()):
            raise Error(f"{out}: is no folder of a search; name another")
    else:
        begun = json.loads(card.read_text())
        ours = json.loads(json.dumps(request))
        for key, value in ours.items():
            if begun.get(key) != value:
                raise Error(f"{out}: holds a search with another {key}; name another folder")
        return
    _write(card, json.dumps(request, indent=2) + "\n")


def _next_trial(optuna: Any, study: Any, search: Search, values: Mapping[str, Any]) -> Any:
    """Returns the trial that was interrupted, or the next one; None if there are enough."""
    trials = study.trials
    for trial in trials:
        if trial.state == optuna.trial.TrialState.RUNNING:
            # Its parameters are stored. What it had not been asked for yet is drawn as it would have been.
            study.sampler = _sampler(optuna, search.seed, trial.number)
            return optuna.trial.Trial(study, trial._trial_id)
    if len(trials) >= search.trials:
        return None
    if not trials:
        ours = {key: _text(_one(values[key])) if isinstance(of, Choices) else _one(values[key]) for key, of in search.space.items()}
        outside = [f"{key}={_text(value)}" for key, value in ours.items() if not search.space[key].holds(value)]
        if outside:
            search.say(f"the recipe itself is not tried: {', '.join(outside)} lies outside the values that are searched")
        else:
            study.enqueue_trial(ours)
    study.sampler = _sampler(optuna, search.seed, len(trials))
    return study.ask()


def _sampler(optuna: Any, seed: int, number: int) -> Any:
    """Returns the sampler of one trial, seeded by the trial's number, so that it does not depend on when the process began."""
    return optuna.samplers.TPESampler(seed=(seed * 1_000_003 + number) % 2**32, n_startup_trials=_STARTUP_TRIALS, multivariate=True)


def _one(value: Any) -> Any:
    """Returns the number that a list of equal numbers stands for (network.k), or the value itself."""
    return value[0] if isinstance(value, list) and len(set(value)) == 1 else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


class _Report:
    """A tracker that reports each validation value to a trial, and ends the trial if it is pruned."""

    def __init__(self, optuna: Any, trial: Any) -> None:
        self._optuna, self._trial = optuna, trial

    def start(self, name: str, recipe: Mapping[str, Any]) -> None:
        pass

    def epoch(self, number: int, values: Mapping[str, float]) -> None:
        value = values.get("network/val")
        if value is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a repeated trial has reported its first epochs before
            self._trial.report(value, number)
        if self._trial.should_prune():
            raise self._optuna.TrialPruned

    def end(self, figures: Mapping[str, float]) -> None:
        pass


def _run_trial(optuna: Any, study: Any, trial: Any, graph: Graph, recipe: str, search: Search) -> None:
    whole = {key: isinstance(_one(value), int) for key, value in _engine.recipe_values(recipe, list(search.settings)).items()}
    params = {key: of.ask(trial, key, whole[key]) for key, of in search.space.items()}
    settings = [*search.settings, *(f"{key}={value}" for key, value in params.items())]
    epochs = _engine.recipe_values(recipe, list(search.settings))["network.epochs"]
    kept: list[float] = []
    best = study.best_value if any(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials) else None
    with tempfile.TemporaryDirectory(prefix="graphsieve-tune-") as folder:
        try:
            _engine.recipe_values(recipe, settings)
        except Error as error:
            return _tell(study, trial, None, optuna.trial.TrialState.FAIL, f"{error}", search)
        try:
            for i, split in enumerate(search.splits):
                out = pathlib.Path(folder) / str(split)
                # Only the first split can prune: a trial of several splits is judged by all of them, or ended early by one.
                trackers = [_Report(optuna, trial)] if i == 0 else []
                run = _trained(graph, recipe, settings, split, out, search, trackers)
                kept.append(run["val"])
        except optuna.TrialPruned:
            return _tell(study, trial, None, optuna.trial.TrialState.PRUNED, f"pruned before epoch {epochs}", search)
        except Error as error:
            return _tell(study, trial, None, optuna.trial.TrialState.FAIL, f"{error}", search)
        value = statistics.fmean(kept)
        study_smaller = study.direction == optuna.study.StudyDirection.MINIMIZE
        if best is None or (value < best if study_smaller else value > best):
            text = (pathlib.Path(folder) / str(search.splits[0]) / "recipe.yaml").read_text()
            _write(search.out / "best.yaml", text)
    _tell(study, trial, value, optuna.trial.TrialState.COMPLETE, f"validation {value:.5g}", search)


def _tell(study: Any, trial: Any, value: float | None, state: Any, words: str, search: Search) -> None:
    study.tell(trial, value, state=state)
    shown = ", ".join(f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in trial.params.items())
    search.say(f"trial {trial.number + 1} of {search.trials}: {words}  ({shown})")


def _trained(graph: Graph, recipe: str, settings: Sequence[str], split: int, out: pathlib.Path, search: Search,
             trackers: Sequence[Any] = ()) -> dict[str, Any]:
    """Trains one run and returns its entry of result.json."""
    kind = NodeRegressor if graph.label_kind == "numbers" else NodeClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphsieveWarning)  # every trial would repeat the notes about the data
        model = kind(recipe, settings=dict(setting.split("=", 1) for setting in settings), split=split, seed=search.seed, out=out,
                     threads=search.threads, progress=False, trackers=list(trackers))
        model.fit(graph)
    return model.result_["runs"][0]


def _final_runs(graph: Graph, recipe: str, settings: Sequence[str], final: Sequence[int], search: Search) -> list[dict[str, Any]]:
    """Trains the best recipe on the final splits. A run of an earlier call with other settings is replaced."""
    runs = []
    for split in final:
        out = search.out / f"split-{split}"
        found = _finished(out, settings)
        if found is None:
            shutil.rmtree(out, ignore_errors=True)
            found = _trained(graph, recipe, settings, split, out, search)
            _write(search.out / f"split-{split}.settings", json.dumps(list(settings)))
        runs.append({"split": split, "val": found["val"], "test": found["test"], "seconds": found["network"]["seconds"]})
        search.say(f"the best recipe on split {split}: validation {found['val']:.5g}, test {found['test']:.5g}")
    return runs


def _finished(out: pathlib.Path, settings: Sequence[str]) -> dict[str, Any] | None:
    """Returns the entry of a run with these settings that an earlier call has trained; None if there is none."""
    note = out.parent / f"{out.name}.settings"
    with contextlib.suppress(OSError, ValueError, Error):
        if json.loads(note.read_text()) == list(settings):
            return json.loads(_engine.result_text(out))["runs"][0]
    return None


def _trial_json(trial: Any) -> dict[str, Any]:
    return {"number": trial.number, "state": trial.state.name.lower(), "value": trial.value, "settings": trial.params,
            "epochs": len(trial.intermediate_values),
            "seconds": trial.duration.total_seconds() if trial.duration is not None else None}


def _write(path: pathlib.Path, text: str) -> None:
    """Writes a file that appears whole or not at all."""
    part = path.with_name(f".{path.name}.partial")
    part.write_text(text)
    os.replace(part, path)


_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;font-size:14px}td,th{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left}pre{background:#f4f4f4;padding:1rem;overflow:auto}svg{width:100%;height:auto}
tr.best{background:#e8f3e8}@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}pre{background:#242424}
tr.best{background:#1f3a1f}td,th{border-color:#444}}"""


def _page(name: str, found: Mapping[str, Any], recipe: str, smaller: bool) -> str:
    """Returns the report page: the best recipe, its values on the final splits, a chart and a table of the trials."""
    e = html.escape
    keys = sorted({key for trial in found["trials"] for key in trial["settings"]})
    rows = []
    ordered = sorted(found["trials"], key=lambda t: (t["value"] is None, (t["value"] or 0) * (1 if smaller else -1), t["number"]))
    for trial in ordered:
        value = "" if trial["value"] is None else f"{trial['value']:.5g}"
        cells = [str(trial["number"] + 1), trial["state"], value, *(_shown(trial["settings"].get(key)) for key in keys)]
        best = ' class="best"' if trial["number"] == found["best"] else ""
        rows.append(f"<tr{best}>{''.join(f'<td>{e(cell)}</td>' for cell in cells)}</tr>")
    final = "".join(f"<tr><td>{run['split']}</td><td>{_shown(run['val'])}</td><td>{_shown(run['test'])}</td></tr>" for run in found["runs"])
    mean = ""
    if "test_mean" in found:
        mean = (f"<p>Mean over {len(found['runs'])} splits: validation {found['val_mean']:.5g} ± {found['val_std']:.2g}, "
                f"test {found['test_mean']:.5g} ± {found['test_std']:.2g}.</p>")
    heads = "".join(f"<th>{e(head)}</th>" for head in ("trial", "state", "validation", *keys))
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Search for a recipe: {e(name)}</title><style>{_STYLE}</style>
<h1>Search for a recipe: {e(name)}</h1>
<p>{len(found['trials'])} trials; the best one is trial {found['best'] + 1} with {e(found['metric'])} {found['best_value']:.5g} on the
validation nodes. No test value was looked at before the search had ended.</p>
<h2>The best recipe on several splits</h2>{mean}
<table><thead><tr><th>split</th><th>validation</th><th>test</th></tr></thead><tbody>{final}</tbody></table>
<h2>Trials</h2>{_chart(found)}
<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>
<h2>best.yaml</h2><pre>{e(recipe)}</pre></html>
"""


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _chart(found: Mapping[str, Any]) -> str:
    """Returns the values of the complete trials by their numbers as SVG."""
    points = [(trial["number"], trial["value"]) for trial in found["trials"] if trial["value"] is not None]
    if len(points) < 2:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    width, height, count = 720, 240, max(number for number, _ in points)

    def place(number: int, value: float) -> tuple[float, float]:
        return 50 + (width - 70) * number / max(1, count), 20 + (height - 50) * (high - value) / ((high - low) or 1)

    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{"#2a7" if number == found["best"] else "#57a"}">'
                   f"<title>trial {number + 1}: {value:.5g}</title></circle>"
                   for number, value in points for x, y in [place(number, value)])
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Validation value of each trial">'
            f'<g font-size="12" fill="currentColor"><text x="4" y="24">{high:.4g}</text><text x="4" y="{height - 26}">{low:.4g}</text>'
            f'<text x="50" y="{height - 6}">trial 1</text><text x="{width - 70}" y="{height - 6}">trial {count + 1}</text></g>{dots}</svg>')
