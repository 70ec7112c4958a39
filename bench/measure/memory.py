# SPDX-License-Identifier: Apache-2.0
"""Memory: resident bytes of training at the recipe's width, tensor bytes of one step against plain tensor operations."""
import json

from measure.program import ROOT, VENV_PYTHON, run
from measure.rows import Rows

MIB = 2**20
EPOCHS = 5  # memory does not grow with the epochs


def settings(*pairs):
    return [w for p in pairs for w in ("--set", p)]


def memory(bench):
    rows = Rows("memory")
    for name in bench.names("tolokers"):
        resident(bench, rows, name)
        for model in ("exphormer", "spexphormer"):
            step(bench, rows, name, model)


def resident(bench, rows, name):
    """Each network in a process of its own, so that nothing that an earlier stage left is used again."""
    epochs = settings(f"network.epochs={EPOCHS}", f"estimator.epochs={EPOCHS}")

    def above_start(result):
        one = result["runs"][0]["network"]
        return {"mib": (one["peak_resident_bytes"] - one["resident_bytes_at_start"]) / MIB,
                "peak_tensor_mib": one["peak_tensor_bytes"] / MIB, "at_start_mib": one["resident_bytes_at_start"] / MIB}

    def full():
        result, _, command = bench.graphsieve(bench.file(name), *settings("model=exphormer"), *epochs, threads=1)
        return above_start(result), command

    def sparse():
        scores = bench.attention_graph(name)
        result, _, command = bench.graphsieve("--scores", scores, *epochs, command="train", threads=1)
        return above_start(result), command
    bench.row(rows, {"what": "resident", "data": name, "model": "exphormer"}, full)
    bench.row(rows, {"what": "resident", "data": name, "model": "spexphormer"}, sparse)


def step(bench, rows, name, model):
    """One training step at width 64: the engine's allocator count beside the profiler's count of the same step."""
    def measure():
        width = ["network.width=64", "network.dropout=0"]
        folder = bench.attention_graph(name, f"model={model}", *width, again=True)
        if model == "spexphormer":
            run([bench.binary, "sparsify", folder, "--quiet", "--out", folder / "sparse"])
        graph = folder if model == "spexphormer" else bench.attention_graph(name)
        ours = json.loads((folder / "result.json").read_text())["runs"][0]["network"]["peak_tensor_bytes"]
        command = [VENV_PYTHON, ROOT / "bench" / "peers" / "plain_step.py", folder, graph, bench.file(name)]
        plain = json.loads(run(command).splitlines()[-1])
        return {"ours_mib": ours / MIB, "plain_mib": plain["peak_bytes"] / MIB, "plain_held_mib": plain["held_bytes"] / MIB,
                "times_less": plain["peak_bytes"] / ours, "same_output_error": plain["output_error"]}, command
    bench.row(rows, {"what": "step", "data": name, "model": model, "width": 64}, measure)
