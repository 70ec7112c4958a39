# SPDX-License-Identifier: Apache-2.0
"""Kernels: against the bare gather, draws per second, against torch's operations, against PyG."""
import json

from measure.program import ROOT, json_lines, run
from measure.rows import Rows

LARGE = "1000000:25"


def kernels(bench):
    rows = Rows("kernels")
    graphs = {"tolokers": lambda: ["--graph", bench.attention_graph("tolokers")], "25M": lambda: ["--random", LARGE]}
    for name in bench.names(*graphs):
        if all(rows.get({"what": "attention", "graph": name, "storage": s}) for s in ("float32", "bfloat16")) and not bench.args.again:
            continue
        lines, command = bench.program("attention_bench", *graphs[name]())
        for line in lines:  # one program, a row for each storage
            put(bench, rows, {"what": "attention", "graph": name, "storage": line["storage"]}, line, command)
    if bench.wants("reservoir"):
        for target, what in (("reservoir_bench", "reservoir"), ("block_bench", "expand_block")):
            if rows.all(what=what) and not bench.args.again:
                continue
            lines, command = bench.program(target, "--graph", bench.attention_graph("tolokers"))
            for line in lines:
                put(bench, rows, {"what": what, "graph": "tolokers", "k": int(line.get("k", 10))}, line, command)
    if bench.wants("ops"):
        operators(bench, rows)
    if bench.wants("pyg"):
        pyg(bench, rows)


def put(bench, rows, key, values, command):
    bench.args.again, again = True, bench.args.again
    bench.row(rows, key, lambda: (values, command))
    bench.args.again = again


WHOLE_GRAPH = ("sparse_attention", "reservoir_sample", "expand_block")  # programs of their own kind


def operators(bench, rows):
    """The small operators against torch's own."""
    names = sorted(p.name.removesuffix("_bench.cc") for p in (ROOT / "bench" / "ops").glob("*_bench.cc"))
    for name in names:
        if name in WHOLE_GRAPH or rows.all(what="operator", operator=name) and not bench.args.again:
            continue
        bench.build(f"{name}_bench")
        command = [bench.build_folder / "bench" / f"{name}_bench", "--benchmark_format=json"]
        for b in json.loads(run(command))["benchmarks"]:
            if "ratio" in b:
                key = {"what": "operator", "operator": name, "case": b["name"].removesuffix("/min_time:0.050")}
                put(bench, rows, key, {f: b[f] for f in ("best_us", "torch_us", "ratio")}, command)


def pyg(bench, rows):
    def measure():
        bench.build("graphsieve")
        library = bench.build_folder / "src" / "graphsieve" / "libgraphsieve.so"
        command = [bench.peer_python(), ROOT / "bench" / "peers" / "transformer_conv.py", bench.attention_graph("tolokers"), library]
        return json_lines(run(command))[-1], command
    bench.row(rows, {"what": "pyg", "graph": "tolokers"}, measure)
