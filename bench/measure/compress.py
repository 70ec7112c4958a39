# SPDX-License-Identifier: Apache-2.0
"""Compressions of wide plain transformers, and what the narrow estimator's scores are worth."""
import json
import statistics

from measure.program import CACHE, run
from measure.rows import Rows

DATA = ("minesweeper", "tolokers", "photo")
SEEDS = range(5)
WIDTHS = (4, 8, 16, 32)
# What `plain` chooses by validation at width 64.
WIDE = {"minesweeper": {"lr": 0.01}, "tolokers": {"lr": 0.01}, "photo": {"lr": 0.001}}
WIDE_ALL = {"epochs": 200, "dropout": 0.5, "width": 64, "ffn_width": 64}


def compress(bench):
    rows = Rows("compress")
    for name in bench.names(*DATA):
        for seed in SEEDS:  # split and seed i, trained once and then one compression each
            wide = Wide(bench, name, seed)
            bench.row(rows, {"data": name, "what": "wide", "seed": seed}, wide.figures)
            wide.row(rows, {"what": "distilled", "width": 4}, "--method", "distilled", "--width", 4)
            wide.row(rows, {"what": "auto", "max_loss": 0.005}, "--method", "auto", "--max-loss", 0.005)
        wide = Wide(bench, name, 0)
        for width in WIDTHS:
            wide.row(rows, {"what": "jl", "width": width}, "--method", "jl", "--width", width)
            wide.row(rows, {"what": "jl, one try", "width": width}, "--method", "jl", "--width", width, "--tries", 1)
            wide.row(rows, {"what": "fitted, attention", "width": width}, "--method", "fitted", "--part", "attention", "--width", width)
            wide.row(rows, {"what": "fitted", "width": width}, "--method", "fitted", "--width", width)
            wide.row(rows, {"what": "low-rank", "width": width}, "--method", "low-rank", "--width", width)
            if width < 16:  # above, d ln d asks for most of the 64 units
                wide.row(rows, {"what": "leverage", "width": width}, "--method", "leverage", "--width", width)
            wide.row(rows, {"what": "cluster", "width": width}, "--method", "cluster", "--width", width)


class Wide:
    """A wide network's run folder, trained when it is first needed."""

    def __init__(self, bench, name, seed):
        self.bench, self.name, self.seed = bench, name, seed
        self.folder = CACHE / f"wide-{name}-{seed}"
        settings = [w for k, v in {**WIDE_ALL, **WIDE[name]}.items() for w in ("--set", f"network.{k}={v}")]
        self.command = [bench.binary, "run", bench.file(name), "--recipe", "plain", "--split", seed, "--seed", seed, *settings,
                        "--quiet", "--overwrite", "--out", self.folder]

    def trained(self):
        if not (self.folder / "result.json").exists():
            run(self.command)
        return self.folder

    def figures(self):
        result = json.loads((self.trained() / "result.json").read_text())
        norms = json.loads(run([self.bench.binary, "inspect", self.folder, "--destinations", 100, "--json", "--quiet"]))
        one = result["runs"][0]
        return {"test": 100 * one["test"], "val": 100 * one["val"], "seconds": result["seconds"], "parameters": one["network"]["parameters"],
                "operator_norm": norms["operator_norm_mean"], "vector_norm": norms["vector_norm_mean"]}, self.command

    def row(self, rows, key, *arguments):
        def measure():
            out = CACHE / "narrow"
            command = [self.bench.binary, "compress", self.trained(), *arguments, "--quiet", "--overwrite", "--out", out, "--json"]
            return figures(json.loads(run(command))), command
        self.bench.row(rows, {"data": self.name, **key, "seed": self.seed}, measure)


def figures(report):
    """What a row keeps of compression.json."""
    m = report["measured"]
    kept = {"test": 100 * m["narrow"]["test"], "val": 100 * m["narrow"]["val"], "wide_test": 100 * m["wide"]["test"],
            "wide_val": 100 * m["wide"]["val"], "width": m["narrow"]["width"], "parameters": m["narrow"]["parameters"],
            "parameters_saved": m["wide"]["parameters"] / m["narrow"]["parameters"],
            "multiply_adds_saved": m["wide"]["multiply_adds"] / m["narrow"]["multiply_adds"],
            "prediction_faster": m["wide"]["prediction_seconds"] / m["narrow"]["prediction_seconds"],
            "error_mean": m["output_error"]["mean"], "error_p99": m["output_error"]["p99"], "error_max": m["output_error"]["max"],
            "output_length": m["output_error"]["mean_output_length"], "seconds": report["seconds"]}
    layers = report["promise"].get("layers", [])
    if report["method"] == "jl":
        kept["logit_error"] = statistics.mean(l["mean_square_logit_error"] for l in layers) ** 0.5
        kept["width_asked"] = report["promise"]["width_asked_per_head"]
    if report["method"] == "leverage":
        kept["factors_at_99"] = {str(n): max(d["factor_at_99"] for l in layers for d in l["draws"] if d["units"] == n)
                                 for n in {d["units"] for l in layers for d in l["draws"]}}
        kept["epsilon"] = max(l["epsilon"] for l in layers)
    if report["method"] == "cluster":
        of_layers = report["assumption"]["layers"]
        kept["clusters"] = max(l["clusters"] for l in of_layers)
        kept["radius"] = max(l["radius"] for l in of_layers)
        kept["separation"] = max(l["separation"] for l in of_layers)
    if report["method"] == "low-rank":
        kept["epsilon"] = report["assumption"]["epsilon"]
    return kept


def samplers(bench):
    rows = Rows("samplers")
    for name in bench.names(*DATA):
        for seed in SEEDS:
            for sampler in ("graph_reservoir", "graph_uniform", "graph_max"):
                def measure():
                    result, _, command = bench.graphsieve(bench.file(name), "--split", seed, "--seed", seed, "--set", f"network.sampler={sampler}")
                    one = result["runs"][0]
                    return {"test": 100 * one["test"], "val": 100 * one["val"]}, command
                bench.row(rows, {"data": name, "sampler": sampler, "seed": seed}, measure)
        for width in (8, 16, 32):
            estimators(bench, rows, name, width, 64)
        estimators(bench, rows, name, 4, 64)


def estimators(bench, rows, name, narrow, wide):
    """Attention of an estimator of one width against another's, on the same edges."""
    def measure():
        folders = []
        for width in (narrow, wide):
            folder = CACHE / f"estimator-{name}-{width}"
            if not (folder / "result.json").exists():
                run([bench.binary, "estimate", bench.file(name), "--set", f"estimator.width={width}", "--quiet", "--overwrite", "--out", folder])
            folders.append(folder)
        command = [bench.binary, "inspect", *folders, "--json", "--quiet"]
        layers = json.loads(run(command))["comparison"]["layers"]
        def mean(scores, field):
            defined = [m for m in (l[scores][field]["mean"] for l in layers) if m is not None]  # no correlation with constants
            return statistics.mean(defined) if defined else None
        return {f"{scores}_{field}": mean(scores, field) for scores in ("agreement", "uniform", "random")
                for field in ("energy_values", "energy_neighbours", "total_variation", "overlap", "mass_covered", "spearman")}, command
    bench.row(rows, {"data": name, "narrow": narrow, "wide": wide}, measure)
