# SPDX-License-Identifier: Apache-2.0
"""Time: the whole run against the authors' release, threads, and where it goes."""
import pathlib
import re
import statistics
import shutil
import tempfile

from measure.program import Failed, run
from measure.rows import Rows

# Seconds of the authors' release (estimator + network), on a core whose bare gather takes RELEASE_GATHER_MS.
RELEASE_SECONDS = {"tolokers": 292 + 368, "minesweeper": 92 + 95, "photo": 113 + 104}
RELEASE_GATHER_MS = 27.0


def gather_ms(bench):
    """Tolokers' attention graph, K and V in one row of 2 x 64 float32."""
    lines, _ = bench.program("gather_bench", "--graph", bench.attention_graph("tolokers"))
    return lines[0]["gather_ms"]


def whole_run(bench):
    rows = Rows("time")
    for name in bench.names(*RELEASE_SECONDS):
        def measure():
            before = gather_ms(bench)
            result, wall, command = bench.graphsieve(bench.file(name), "--split", 0, threads=1)
            after = gather_ms(bench)
            gather, one = (before + after) / 2, result["runs"][0]
            scaled = RELEASE_SECONDS[name] * gather / RELEASE_GATHER_MS
            return {"seconds": wall, "estimator_seconds": one["estimator"]["seconds"], "network_seconds": one["network"]["seconds"],
                    "sampling_seconds": one["network"]["sampling_seconds"], "gather_ms_before": before, "gather_ms_after": after,
                    "release_seconds": RELEASE_SECONDS[name], "release_seconds_scaled": scaled,
                    "times_faster": scaled / wall}, command
        bench.row(rows, {"data": name, "threads": 1}, measure)


ROUNDS = 5


def threads(bench):
    rows = Rows("threads")
    for name in bench.names("tolokers", "minesweeper", "photo"):
        def measure():
            seconds, command = {}, None
            for count in (1, 2):
                _, seconds[count], command = bench.graphsieve(bench.file(name), "--split", 0, threads=count)
            return {"seconds_1": seconds[1], "seconds_2": seconds[2], "times_faster": seconds[1] / seconds[2]}, command
        bench.row(rows, {"what": "run", "data": name}, measure)
    if not bench.wants("attention"):
        return

    def kernel():
        found = {1: [], 2: []}
        for _ in range(ROUNDS):  # in turn, so that a busy neighbour meets both
            for count in found:
                lines, command = bench.program("attention_bench", "--graph", bench.attention_graph("tolokers"), "--threads", count)
                found[count].append(next(line for line in lines if line["storage"] == "float32"))
        values = {}
        for way in ("forward", "backward"):
            one, two = (statistics.median(f[f"{way}_ms"] for f in found[c]) for c in (1, 2))
            values |= {f"{way}_ms_1": one, f"{way}_ms_2": two, f"{way}_times_faster": one / two}
        return values, command
    bench.row(rows, {"what": "attention kernel", "data": "tolokers"}, kernel)


# The first pattern that a line of perf's report (library and symbol) fits names its part.
PARTS = [("sampling", r"(?i)reservoir|RowSampler|sample_rows|expand_block|epoch_sample|draw_layer"),
         ("norm, dropout, activation", r"N_\w+::(Elements|ApplyRows|Apply|Gradient(Rows|Sums)|Moments|Statistics|ColumnSums|Centres|SumOf)\b"
                                       r"|(?i:node_?norm|dropout|relu)"),
         # oneDNN's compiled kernels have no symbols
         ("matrix products", r"(?i)\[JIT\]|anon\b|\[unknown\]|perf-\d+\.map|cpublas|mkl|gemm|gemv|linear|N_\w+::(Panel|ProductRows|SumBlock|AddParts)\b"),
         ("attention", r"sparse_attention|SparseAttention|N_\w+::(Forward|Backward|buffers_of_thread|pad_rows|score_row|Staged|Wide)|tls_get_addr"),
         ("torch's element-wise operations", r"at::native|c10::function_ref|at::"),
         ("memory, kernel", r"\[k\]|memset|memcpy|memmove|malloc|unlink_chunk|_int_free|futex")]


def profile(bench):
    rows = Rows("profile")
    if not shutil.which("perf"):
        raise Failed("perf is not installed")
    for name in bench.names("tolokers", "minesweeper", "photo"):
        def measure():
            with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as folder:
                data, out = pathlib.Path(folder) / "perf.data", pathlib.Path(folder) / "run"
                command = [bench.binary, "run", bench.file(name), "--split", "0", "--threads", "1"]
                run(["perf", "record", "-F", "199", "-o", data, "--", *command, "--quiet", "--out", out])
                text = run(["perf", "report", "-i", data, "--stdio", "--no-children", "-F", "overhead,dso,sym", "-g", "none",
                            "-w", "8,60,400"])
            return shares(text), command
        bench.row(rows, {"data": name, "threads": 1}, measure)


def shares(report):
    """Per cent by part, and the heaviest symbols."""
    parts, heaviest = {name: 0.0 for name, _ in PARTS} | {"rest": 0.0}, []
    for line in report.splitlines():
        found = re.match(r"\s*([\d.]+)%\s+(.*\S)", line)
        if not found:
            continue
        share, symbol = float(found[1]), found[2]
        part = next((name for name, pattern in PARTS if re.search(pattern, symbol)), "rest")
        parts[part] += share
        if len(heaviest) < 30:
            heaviest.append([share, part, re.sub(r"\s+", " ", symbol)[:140]])
    return {**parts, "heaviest": heaviest}
