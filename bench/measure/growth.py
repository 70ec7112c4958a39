# SPDX-License-Identifier: Apache-2.0
"""How memory and time grow with the number of nodes and with the degree, full Exphormer against Spexphormer by mini-batches."""
import json
import shutil

from measure.program import CACHE, run
from measure.rows import Rows

NODES = [10_000, 100_000, 1_000_000, 10_000_000]
DEGREES = [5, 20, 50, 150, 500]
DEGREE, AT_NODES = 20, 100_000
MOST_BYTES, MOST_SECONDS = 10 << 30, 600  # larger and longer runs are planned, not run
SETTINGS = ["network.layers=2", "network.width=64", "network.k=10-10", "estimator.layers=2", "estimator.norm=batch", "graph.expander_degree=5",
            "graph.expander_tries=0", "estimator.eval_every=2", "network.eval_every=2", "estimator.epochs=2", "network.epochs=2",
            "data.split=random", "data.train_fraction=0.5", "data.val_fraction=0.25"]
# Per network: the model, and the settings that make it as small as it gets beside its plain form.
MODELS = {"exphormer": ("exphormer", []), "exphormer, recomputed": ("exphormer", ["network.recompute=true"]),
          "spexphormer": ("spexphormer", ["network.batch_size=1000", "network.eval_precision=bfloat16", "estimator.recompute=true"])}


def growth(bench):
    rows = Rows("growth")
    cases = [(n, DEGREE) for n in NODES] + [(AT_NODES, d) for d in DEGREES if d != DEGREE]
    for nodes, degree in cases:
        name = f"n{nodes}-d{degree}"
        if not bench.wants(name):
            continue
        for model in MODELS:
            bench.row(rows, {"nodes": nodes, "degree": degree, "model": model}, lambda: measure(bench, name, nodes, degree, model))
        shutil.rmtree(CACHE / "growth" / name, ignore_errors=True)


def measure(bench, name, nodes, degree, model):
    graph = CACHE / "growth" / name
    if not (graph / "graph.json").exists():
        graph.parent.mkdir(parents=True, exist_ok=True)
        run([bench.binary, "generate", "--nodes", nodes, "--degree", degree, "--columns", 64, "--overwrite", "--out", graph, "--quiet"])
    of, changes = MODELS[model]
    sets = [w for s in [f"model={of}", *SETTINGS, *changes] for w in ("--set", s)]
    planned = json.loads(run([bench.binary, "plan", graph, "--recipe", "default", *sets, "--json", "--quiet"]))
    values = {"planned_bytes": planned["memory_bytes"], "planned_seconds": planned["seconds"], "attention_edges": planned["attention_edges"]}
    command = [bench.binary, "plan", graph, "--recipe", "default", *sets]
    if planned["memory_bytes"] < MOST_BYTES and planned["seconds"] < MOST_SECONDS:
        result, _, command = bench.graphsieve(graph, "--recipe", "default", *sets)
        stages = [result["runs"][0][s] for s in ("estimator", "network") if result["runs"][0][s]]
        values["seconds"] = sum(s["seconds"] for s in stages)
        values["peak_bytes"] = max(s["peak_ram_bytes"] for s in stages)
    return values, command
