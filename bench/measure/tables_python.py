# SPDX-License-Identifier: Apache-2.0
"""Table of docs/benchmarks.md about the Python package in PyG users' scripts."""
import statistics

from measure.rows import Rows

NAMES = {"pyg": "PyG's TransformerConv", "graphsieve": "graphsieve's SparseAttention", "neighbor": "PyG's NeighborLoader",
         "sampled": "graphsieve's SampledLoader"}


def section(table, machines):
    rows = Rows("python")
    if not rows.all():
        return ""

    def kept(**key):
        return [r["values"] for r in rows.all(**key) if "missing" not in r["values"]]

    def mean(found, field, digits, scale=1.0):
        return f"{scale * statistics.mean(v[field] for v in found):,.{digits}f}"

    def auc(found):
        tests = [100 * v["test"] for v in found]
        return f"{statistics.mean(tests):.2f}" + (f" ± {statistics.stdev(tests):.2f}" if len(tests) > 1 else "")

    layers = {library: kept(what="layer", library=library) for library in ("pyg", "graphsieve")}
    body = [[NAMES[name], len(found), auc(found), mean(found, "epoch_seconds", 3), mean(found, "peak_mib", 0)]
            for name, found in layers.items() if found]
    if all(layers.values()):
        ratio = {field: statistics.mean(v[field] for v in layers["pyg"]) / statistics.mean(v[field] for v in layers["graphsieve"])
                 for field in ("epoch_seconds", "peak_mib")}
        body.append(["times less (asked: same test, ≥ 5, ≥ 5)", "", "", *(f"{r:.1f}" for r in ratio.values())])
    loaders = {loader: kept(what="loader", loader=loader) for loader in ("neighbor", "sampled")}
    batches = [[NAMES[name], len(found), auc(found), mean(found, "epoch_seconds", 3), mean(found, "loading_seconds", 3),
                mean(found, "edges", 0)] if found else [NAMES[name], 0, "needs pyg-lib or torch-sparse, which are not there", "", "", ""]
               for name, found in loaders.items()]
    steps = {library: kept(what="edge features", library=library) for library in ("pyg", "graphsieve", "check")}
    featured = ""
    if all(steps.values()):
        pyg, ours = steps["pyg"][0], steps["graphsieve"][0]
        ratio = [pyg[field] / ours[field] for field in ("step_seconds", "peak_mib")]
        lines = [[NAMES[library], f"{steps[library][0]['step_seconds']:.3f}", f"{steps[library][0]['peak_mib']:,.0f}"]
                 for library in ("pyg", "graphsieve")]
        lines.append(["times less (asked: ≥ 15, ≥ 15)", *(f"{r:.1f}" for r in ratio)])
        featured = f"""
`bench/peers/edge_features.py`: forward and backward of one layer with 8 features per edge (`edge_dim=8`) on tolokers, width 64, 4 heads,
one thread. Our output and gradients, in float32, differ from PyG's in float64 by at most {max(steps["check"][0].values()):.1e} of the
largest value.

{table(["layer", "seconds a step", "MiB beyond the data"], lines)}
"""
    return f"""## PyG users' scripts
`bench/peers/pyg_user.py`: one attention layer of width 64 and 4 heads between linear ones on tolokers, PyG's script as it stands
and with one line changed,

```diff
-from torch_geometric.nn import TransformerConv as Conv
+from graphsieve.nn import SparseAttention as Conv
```

{table(["layer", "seeds", "test ROC AUC, %", "seconds an epoch", "MiB beyond the data"], body)}
{featured}
`bench/peers/pyg_loaders.py`: PyG's GraphSAGE of width 64 on batches of 1,024 nodes with ten neighbours in each of two hops, by
PyG's loader and by attention scores of `graphsieve estimate`, the same edges to draw from.

{table(["loader", "seeds", "test ROC AUC, %", "seconds an epoch", "of these drawing", "edges drawn an epoch"], batches)}

`bench/figures.py python`. {machines(rows)}
"""
