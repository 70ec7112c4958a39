# SPDX-License-Identifier: Apache-2.0
"""Models on the Hugging Face Hub, by the conventions of huggingface_hub: save_pretrained, from_pretrained, push_to_hub.

A saved model is its run folder (docs/run-folder.md) with two more files: config.json, which tells from_pretrained the kind of the model
and its classes, and README.md, the model card. What only describes the training data stays behind: predictions, worst errors, the report,
and the scores with the graph's edges, which predict computes again.
"""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from graphsieve import _engine
from graphsieve._check import Error, check_path, path_exists

if TYPE_CHECKING:
    from graphsieve.model import NodeModel

__all__ = ["download", "model_card", "push", "read_config", "save"]

CONFIG, CARD = "config.json", "README.md"
LEFT_BEHIND = ("predictions.csv", "quality.json", "report.html", "report.json", "scores")
TASKS = {"NodeClassifier": "node-classification", "NodeRegressor": "node-regression"}


def model_card(model: NodeModel) -> str:
    """Returns a model card in Markdown, made from the run: the graph, the recipe, the values and how to use the model.

    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False)
    >>> print(model_card(model.fit(graphsieve.minesweeper(20))).splitlines()[1])
    library_name: graphsieve
    """
    result, kind = model.result_, type(model).__name__
    run, graph = result["runs"][0], result["graph"]
    metric = result["metric"]
    values = {part: run[part] for part in ("val", "test") if run.get(part) is not None}
    metrics = "".join(f"\n      - {{type: {metric}, name: '{metric}, {part}', value: {value}}}" for part, value in values.items())
    name = json.dumps(str(graph["name"]))
    table = "".join(f"| {metric}, {'validation' if part == 'val' else part} nodes | {value:.4g} |\n" for part, value in values.items())
    network = run.get("network") or run["estimator"]
    return f"""---
library_name: graphsieve
pipeline_tag: graph-ml
tags: [graph-ml, {TASKS[kind]}, graph-transformer]
model-index:
  - name: {name}
    results:
    - task: {{type: {TASKS[kind]}}}
      dataset: {{name: {name}, type: {name}}}
      metrics:{metrics or " []"}
---
# {kind} for {graph['name']}
A sparse graph transformer, trained by graphsieve {result['version']} with the recipe `{result['recipe']}` ({result['model']}).

| | |
|---|---|
| nodes, edges | {graph['nodes']:,}, {graph['edges']:,} |
| features, classes or numbers per node | {graph['features']}, {graph['classes']} |
{table}| best epoch, parameters | {run['best_epoch']}, {network['parameters']:,} |
| seed, split | {run['seed']}, {run['split']} |

```python
import graphsieve

model = graphsieve.{kind}.from_pretrained("THIS REPOSITORY")
model.predict(data)  # a graph with the same feature columns
```
The repository is a run folder: `recipe.yaml` has every setting, and `graphsieve predict` takes the folder as well.
"""


def save(model: NodeModel, folder: str | os.PathLike[str]) -> None:
    """Writes the run folder, config.json and the model card to `folder`, which must not exist. It appears when it is complete.

    >>> model = graphsieve.NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False)
    >>> save(model.fit(graphsieve.minesweeper(20)), "saved")
    """
    model._fitted()
    check_path("folder", folder)
    target = pathlib.Path(folder)
    if path_exists(target):
        raise Error(f"{target}: already exists; name another")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _engine.copy_run(model.run_, partial / "run")
        for name in LEFT_BEHIND:
            if (partial / "run" / name).is_dir():
                shutil.rmtree(partial / "run" / name)
            else:
                (partial / "run" / name).unlink(missing_ok=True)
        config = model._facts() | {"library_name": "graphsieve", "kind": type(model).__name__}
        (partial / "run" / CONFIG).write_text(json.dumps(config, indent=1))
        (partial / "run" / CARD).write_text(model_card(model))
        (partial / "run").rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def read_config(folder: pathlib.Path, kind: str) -> dict[str, Any]:
    """Returns config.json of a saved model. Throws Error unless the model is of this kind.

    >>> read_config(pathlib.Path("nowhere"), "NodeClassifier")
    Traceback (most recent call last):
    graphsieve.Error: nowhere/config.json: cannot be read: No such file or directory; expected a folder of save_pretrained
    """
    file = folder / CONFIG
    try:
        config = json.loads(file.read_text())
    except OSError as error:
        raise Error(f"{file}: cannot be read: {error.strerror}; expected a folder of save_pretrained") from None
    except ValueError as error:
        raise Error(f"{file}: not JSON: {error}") from None
    if not isinstance(config, dict) or config.get("kind") not in TASKS:
        raise Error(f"{file}: no model of graphsieve; expected a folder of save_pretrained")
    if config["kind"] != kind:
        raise Error(f"{file}: a {config['kind']}, expected a {kind}")
    return config


def download(name: str | os.PathLike[str], **options: Any) -> pathlib.Path:
    """Returns `name` itself if it is a folder, or the folder to which the Hub's repository of that name has been downloaded.

    options: those of huggingface_hub.snapshot_download, such as revision, token, cache_dir, local_files_only.

    >>> download(".")
    PosixPath('.')
    """
    if os.path.isdir(name):
        return pathlib.Path(name)
    return pathlib.Path(_hub().snapshot_download(os.fspath(name), **options))


def push(model: NodeModel, repository: str, *, private: bool | None = None, token: str | bool | None = None, branch: str | None = None,
         commit_message: str = "A model of graphsieve") -> str:
    """Uploads the model to a repository of the Hub ("you/name"), which is made if it is absent. Returns the address of the commit.

    >>> push(model, "you/fraud")                                                       # doctest: +SKIP
    """
    hub = _hub()
    api = hub.HfApi(token=token)
    with tempfile.TemporaryDirectory(prefix="graphsieve-") as folder:
        path = os.path.join(folder, "model")
        save(model, path)
        made = api.create_repo(repo_id=repository, private=private, exist_ok=True).repo_id
        return str(api.upload_folder(repo_id=made, folder_path=path, revision=branch, commit_message=commit_message))


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise Error("the Hub needs the package huggingface_hub; pip install huggingface_hub") from None
    return huggingface_hub
