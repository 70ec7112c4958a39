# SPDX-License-Identifier: Apache-2.0
"""Graphs that are large for the machine, every step under a limit of memory that the kernel keeps: generate, convert, both
stages, predict."""
import json
import shutil
import subprocess

from measure.cgroup import NoCgroup, run_within
from measure.program import CACHE, ROOT, VENV_PYTHON, Failed
from measure.rows import Rows

GIB = 1 << 30

# The size of ogbn-products under the recipe for it; and a quarter of ogbn-papers100M, of which 1.4 % of the nodes have labels.
CASES = {
    "products": {
        "limit": 6, "labelled": "1",
        "generate": ["--nodes", 2_400_000, "--degree", 52, "--classes", 47, "--columns", 100],
        "settings": ["estimator.epochs=20", "network.epochs=2"],
        "recipe": "amazon2m", "features": "float32", "more": [],
    },
    # Without a budget, so that no array lies in a scratch file: what every step of a run holds at most.
    "products-held": {
        "limit": 8, "budget": False, "labelled": "1",
        "generate": ["--nodes", 2_400_000, "--degree", 52, "--classes", 47, "--columns", 100],
        "settings": ["estimator.epochs=2", "network.epochs=1"],
        "recipe": "amazon2m", "features": "float32", "more": [],
    },
    "papers28": {
        "limit": 8, "labelled": "0.014",
        "generate": ["--nodes", 28_000_000, "--degree", 29, "--classes", 172, "--columns", 128, "--features", "float16"],
        "settings": ["data.train_fraction=0.51", "data.val_fraction=0.1", "graph.expander_degree=5", "estimator.epochs=2",
                     "estimator.batch_size=4000", "estimator.eval_every=2", "network.epochs=1"],
        "recipe": "amazon2m", "features": "float16", "more": ["--predictions", "split"],
    },
}


def large(bench):
    rows = Rows("large")
    for name in bench.names(*CASES):
        case = Case(bench, name)
        for step in ("generate", "convert", "estimate", "train", "predict"):
            bench.row(rows, {"data": name, "step": step}, getattr(case, step))


class Case:
    def __init__(self, bench, name):
        self.bench, self.name, self.case = bench, name, CASES[name]
        self.folder = CACHE / "large" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.limit = self.case["limit"] * GIB

    def within(self, *words):
        command = [self.bench.binary, *words]
        try:
            out, figures, told = run_within(command, self.limit, ROOT)
        except NoCgroup as error:
            raise Failed(str(error)) from error
        if figures is None:
            raise Failed(f"{words[0]} of {self.name} {told}")
        return out, {"limit_gib": self.case["limit"], **figures}, command

    def budget(self):
        return ["--memory", f"{self.case['limit']}GiB"] if self.case.get("budget", True) else []

    def generate(self):
        shutil.rmtree(self.folder / "generated", ignore_errors=True)
        _, figures, command = self.within("generate", *self.case["generate"], "--out", self.folder / "generated", "--quiet")
        return figures, command

    def convert(self):
        """From the tables that a user has, which are made without a limit; the generated folder goes."""
        tables, generated = self.folder / "tables", self.folder / "generated"
        if not (tables / "edges.parquet").exists():
            subprocess.run([VENV_PYTHON, "-m", "measure.tables_of", generated, tables, self.case["labelled"]], check=True, cwd=ROOT / "bench")
        shutil.rmtree(self.folder / "graph", ignore_errors=True)
        _, figures, command = self.within("convert", "--nodes", tables / "nodes.parquet", "--edges", tables / "edges.parquet", "--id", "id",
                                          "--label", "label", "--features", self.case["features"], "--memory", f"{self.case['limit'] // 4}GiB", "--out", self.folder / "graph", "--quiet")
        shutil.rmtree(tables)
        return figures, command

    def run_folder(self, step):
        return self.folder / f"run-{step}"

    def settings(self):
        return [w for s in self.case["settings"] for w in ("--set", s)]

    def stage(self, step, name, *words):
        out = self.run_folder(step)
        shutil.rmtree(out, ignore_errors=True)
        _, figures, command = self.within(step, *words, self.folder / "graph", "--recipe", self.case["recipe"], *self.settings(),
                                          *self.budget(), "--out", out, "--quiet")
        result = json.loads((out / "result.json").read_text())
        stage = result["runs"][0][name]
        epochs = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        figures.update(epochs=stage["epochs"], stage_seconds=stage["seconds"], val=stage["val"], scratch_bytes=stage["peak_scratch_bytes"],
                       attention_edges=result["graph"]["attention_edges"], sampling_seconds=stage["sampling_seconds"],
                       waiting_seconds=stage["waiting_seconds"], evaluations=sum("val" in e for e in epochs if e["stage"] == name))
        return figures, command

    def estimate(self):
        return self.stage("estimate", "estimator")

    def train(self):
        return self.stage("train", "network", "--scores", self.run_folder("estimate"), *self.case["more"])

    def predict(self):
        out = self.folder / "predictions.csv"
        _, figures, command = self.within("predict", self.run_folder("train"), *self.case["more"], *self.budget(), "--overwrite", "--out", out,
                                          "--quiet")
        return figures, command
