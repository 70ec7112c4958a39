#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the project's figures and writes docs/benchmarks.md.

    bench/figures.py GROUP… [--data FOLDER] [--only NAME,…] [--again]     rows to bench/results/GROUP.jsonl
    bench/figures.py tables                                               docs/benchmarks.md from the rows
    bench/figures.py list                                                 the groups

A row that is there is not measured again unless --again is given, so an interrupted call goes on where it stopped.
Needs bin/graphsieve (make build) and Python 3.11; groups `memory` and `kernels` use .venv's torch.
"""
import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from measure import accuracy, agreement, batches, blocks, compress, defaults, epsilon, growth, importance, kernels, large, memory, parallel, plan, program, python, speed, tables, theory, tuned  # noqa: E402

GROUPS = {
    "accuracy": (accuracy.accuracy, "Spexphormer by the published recipes: ten splits, the first mask, the release's protocol"),
    "tuned": (tuned.tuned, "the recipes tuned for a graph: ten splits, and the split of published networks"),
    "blocks": (blocks.blocks, "what each block of a network gives, on ten splits of two graphs"),
    "starts": (accuracy.starts, "the same with the best of five estimators by validation"),
    "full": (accuracy.full, "full Exphormer on the same splits: value, memory, time"),
    "plain": (accuracy.plain, "plain transformer of widths 64 and 4, constants chosen by validation"),
    "time": (speed.whole_run, "the whole two-stage run on one core, scaled by the bare gather"),
    "profile": (speed.profile, "where the time of a run goes (perf)"),
    "memory": (memory.memory, "resident memory of training, tensor bytes of one step against plain tensor operations"),
    "plan": (plan.plan, "memory that `graphsieve plan` tells against what runs hold"),
    "batches": (batches.batches, "building mini-batches against the same sampling in NumPy and NeighborLoader, and how long steps wait for them"),
    "mapped": (batches.mapped, "an epoch of stage 2 from a mapped graph folder against the same graph in memory"),
    "large": (large.large, "products-size and papers-size graphs under a limit of memory: generate, convert, both stages, predict"),
    "growth": (growth.growth, "memory and time with the number of nodes and the degree, full Exphormer against Spexphormer"),
    "threads": (speed.threads, "one thread against two"),
    "parallel": (parallel.parallel, "runs at several numbers of threads, and the time in which one thread works alone, by operation"),
    "compress": (compress.compress, "wide networks made narrower: every method, norms, the smallest width within half a point"),
    "theory": (theory.theory, "the experiments of the theory of compressibility: widths 64 and 4 many times, MLP, GCN"),
    "samplers": (compress.samplers, "draws by score against uniform ones, and narrow estimators against wide ones"),
    "importance": (importance.importance, "unbiased draws with weighted edges against renormalised draws: spectral errors and test values"),
    "agreement": (agreement.agreement, "what makes narrow estimators' scores agree with a wide one's: starts, temperature, distillation"),
    "defaults": (defaults.defaults, "the default settings against ten others, on made-up graphs of ten kinds"),
    "epsilon": (epsilon.epsilon, "k chosen from the scores: k, kept attention, value and time of several epsilons"),
    "kernels": (kernels.kernels, "kernels against the bare gather, and against PyG's TransformerConv"),
    "python": (python.python, "the Python package in PyG users' scripts: the layer against TransformerConv, the loader against NeighborLoader"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="+", help="list, tables, all, or " + ", ".join(GROUPS))
    parser.add_argument("--data", default=os.environ.get("GRAPHSIEVE_DATA"), help="folder of the public .npz files (default: $GRAPHSIEVE_DATA)")
    parser.add_argument("--only", default="", help="names of data sets or cases, comma-separated")
    parser.add_argument("--again", action="store_true", help="measure rows that are there already")
    parser.add_argument("--threads", type=int, help="threads of groups whose values do not depend on them (default: usable cores)")
    parser.add_argument("--build", default=program.ROOT / "build" / "release", help="build tree (default: build/release)")
    args = parser.parse_args()
    if args.groups == ["list"]:
        for name, (_, text) in GROUPS.items():
            print(f"{name:10} {text}")
        return
    if args.groups == ["tables"]:
        print(tables.write())
        return
    names = list(GROUPS) if args.groups == ["all"] else args.groups
    unknown = [n for n in names if n not in GROUPS]
    if unknown:
        parser.error(f"unknown group {unknown[0]}; expected {', '.join(GROUPS)}, all, list or tables")
    bench = program.Bench(args)
    failed = 0
    for name in names:
        try:
            GROUPS[name][0](bench)
        except program.Failed as error:  # the other groups may still work
            print(f"error: {name}: {error}", file=sys.stderr)
            failed = 1
    sys.exit(failed)


if __name__ == "__main__":
    main()
