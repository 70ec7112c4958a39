# SPDX-License-Identifier: Apache-2.0
"""`graphsieve plan` against what runs then hold: anonymous memory, looked at every few milliseconds from outside."""
import json
import pathlib
import subprocess
import tempfile
import time

from measure.program import CACHE, FILES, run
from measure.rows import Rows

MIB = 2**20
SHORT = ["estimator.epochs=3", "network.epochs=3", "network.eval_every=1"]  # memory does not grow with the epochs
RECIPES = {"recipe": [], "exphormer": ["model=exphormer"], "width 128": ["network.width=128", "network.heads=2"],
           "width 16, k 4": ["network.width=16", "network.heads=2", "network.k=4"], "estimator 32": ["estimator.width=32"],
           "small batches": ["network.batch_size=200"]}
GENERATED = {"power law 200k": ["--nodes", "200000", "--degree", "20"],
             "half 300k": ["--nodes", "300000", "--degree", "12", "--columns", "128", "--features", "float16"]}
MORE = {"recipe": [], "amazon2m": ["network.batch_size=1000", "network.width=128", "network.k=10-10", "network.layers=2",
                                   "estimator.layers=2"],
        "exphormer": ["model=exphormer", "network.width=32"], "plain": ["model=plain", "graph.expander_edges=false", "network.width=32"]}


def plan(bench):
    rows = Rows("plan")
    for name in bench.names(*FILES):
        for recipe, settings in RECIPES.items():
            pair(bench, rows, name, bench.file(name), recipe, settings)
    for name in bench.names("minesweeper:200", "minesweeper:350"):
        for recipe in ("recipe", "exphormer", "estimator 32"):
            pair(bench, rows, name, name, recipe, ["graph.expander_tries=0", *RECIPES[recipe]])
    for name in bench.names(*GENERATED):
        for recipe, settings in MORE.items():
            pair(bench, rows, name, generated(bench, name), recipe, settings)


def generated(bench, name):
    folder = CACHE / name.replace(" ", "-")
    if not (folder / "graph.json").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        run([bench.binary, "generate", *GENERATED[name], "--out", folder, "--quiet"])
    return folder


def pair(bench, rows, name, graph, recipe, settings):
    sets = [w for s in [*SHORT, *settings] for w in ("--set", s)]

    def measure():
        command = [bench.binary, "plan", graph, *sets, "--json", "--quiet"]
        planned = json.loads(run(command))
        held, result = anonymous_peak([bench.binary, "run", graph, *sets, "--quiet"])
        seconds = [result["runs"][0][s["stage"]]["seconds"] for s in planned["stages"]]
        return {"planned_mib": planned["memory_bytes"] / MIB, "measured_mib": held / MIB,
                "ratio": planned["memory_bytes"] / held, "planned_seconds": planned["seconds"], "seconds": sum(seconds)}, command
    bench.row(rows, {"data": name, "recipe": recipe}, measure)


def anonymous_peak(command):
    """(bytes, result.json): the most that the process held in no file."""
    with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as folder:
        out = pathlib.Path(folder) / "run"
        process = subprocess.Popen([str(c) for c in [*command, "--out", out]], stdout=subprocess.DEVNULL)
        most = 0
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                break
            most = max([most, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))])
            time.sleep(0.003)
        process.wait()
        return most, json.loads((out / "result.json").read_text())
