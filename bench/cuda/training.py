#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training on an NVIDIA GPU: is it what the CPU does, twice the same, how fast, in how much memory?

    training.py PROGRAM [--data FOLDER] [--device cuda] [--nodes 2400000] [--only losses,repeats,precision,epoch,memory]

PROGRAM: graphsieve, built with the preset cuda. FOLDER: holds tolokers.npz, for the first three; without it a generated minesweeper
graph stands in. --nodes: of the generated graph for the last two, with 52 neighbours each as in ogbn-products. Prints a JSON object
a line.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

STEPS = 100


class Bench:
    def __init__(self, arguments, folder):
        self.program, self.device, self.folder = arguments.program, arguments.device, folder
        given = arguments.data and arguments.data / "tolokers.npz"
        self.small = str(given) if given and given.exists() else "minesweeper:100"
        self.nodes = arguments.nodes
        self._large = None

    def call(self, *words, environment=None):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, env={**os.environ, **(environment or {})})
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout

    def run(self, command, graph, name, *settings, device=None, more=(), environment=None):
        out = self.folder / name
        self.call(command, graph, "--out", out, "--device", device or self.device, "--no-report", "-q", *more,
                  *(word for setting in settings for word in ("--set", setting)), environment=environment)
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        return out, json.loads((out / "result.json").read_text())["runs"][0], lines

    def large(self):
        if self._large is None:
            self._large = self.folder / "large"
            self.call("generate", "--nodes", self.nodes, "--degree", 52, "--classes", 47, "--columns", 100, "--out", self._large, "-q")
        return self._large

    def losses(self):
        """Of every step of the full network, on both; the largest relative difference up to some steps. Differences in last bits grow with
        the steps: beside it, those of two runs on the CPU, of which one takes another of MKL's ways through a matrix product."""
        settings = ["model=exphormer", f"network.epochs={STEPS}", "network.norms_every=0", "network.lr=0.001"]
        cpu, gpu = (self.run("run", self.small, f"losses-{name}", *settings, device=device)[2]
                    for name, device in (("cpu", "cpu"), ("device", self.device)))
        other = self.run("run", self.small, "losses-other", *settings, device="cpu", environment={"MKL_CBWR": "COMPATIBLE"})[2]

        def difference(losses):
            each = [abs(a["loss"] - b["loss"]) / abs(a["loss"]) for a, b in zip(cpu, losses, strict=True)]
            return {steps: max(each[:steps]) for steps in (1, 5, 10, 20, 50, STEPS)}
        return {"steps": STEPS, "asked": 1e-4, "largest_relative_difference": difference(gpu), "of_two_cpu_runs": difference(other)}

    def repeats(self):
        """Both stages twice, in batches: the same bytes?"""
        settings = ["estimator.epochs=20", "network.epochs=20", "network.batch_size=2000"]
        first, second = (self.run("run", self.small, name, *settings)[0] for name in ("first", "second"))
        files = ["metrics.jsonl", "predictions.csv", "estimator.safetensors", "network.safetensors"]
        return {"same": {name: (first / name).read_bytes() == (second / name).read_bytes() for name in files}}

    def precision(self):
        exact, reduced = (self.run("run", self.small, name, "model=exphormer", f"network.epochs={STEPS}", f"network.precision={name}")[1]
                          for name in ("float32", "bfloat16"))
        return {name: {"val": run["val"], "test": run["test"], "seconds": run["network"]["seconds"],
                       "peak_device_mib": run["network"]["peak_device_bytes"] / 2**20}
                for name, run in (("float32", exact), ("bfloat16", reduced))}

    def epoch(self):
        """Of stage 2: width 128, k = 10 and 10, batches of 1000."""
        shape = ["estimator.layers=2", "network.layers=2", "network.k=10", "network.width=128", "network.batch_size=1000",
                 "data.train_fraction=0.08", "data.val_fraction=0.02", "graph.expander_degree=2"]
        estimate = self.run("estimate", self.large(), "scores", *shape, "estimator.epochs=2")[0]
        one, three = (self.run("train", self.large(), f"epochs-{n}", *shape, f"network.epochs={n}", f"network.eval_every={n}",
                               more=["--scores", estimate])[1]["network"] for n in (1, 3))
        each = {key: (three[key] - one[key]) / 2 for key in ("seconds", "sampling_seconds", "waiting_seconds")}  # evaluated once, both
        return {"nodes": self.nodes, "asked_seconds": 4.8, **each, "peak_device_mib": three["peak_device_bytes"] / 2**20}

    def memory(self):
        """The full Exphormer of width 128, beside what plan says."""
        rows = {}
        for recompute in ("true", "false"):
            settings = ["model=exphormer", "network.width=128", "network.layers=2", "network.epochs=2", "graph.expander_degree=2",
                        f"network.recompute={recompute}"]
            planned = json.loads(self.call("plan", self.large(), "--no-time", "--json", "-q",
                                           *(word for setting in settings for word in ("--set", setting))))
            network = self.run("run", self.large(), f"memory-{recompute}", *settings)[1]["network"]
            rows[f"recompute={recompute}"] = {"planned_gib": planned["memory_bytes"] / 2**30, "seconds": network["seconds"],
                                              "peak_device_gib": network["peak_device_bytes"] / 2**30}
        return {"nodes": self.nodes, "asked_gib": 24, **rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--nodes", type=int, default=2_400_000)
    parser.add_argument("--only", default="losses,repeats,precision,epoch,memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, pathlib.Path(folder))
        for name in arguments.only.split(","):
            print(json.dumps({"measure": name, "device": arguments.device, **getattr(bench, name)()}), flush=True)


if __name__ == "__main__":
    main()
