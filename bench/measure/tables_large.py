# SPDX-License-Identifier: Apache-2.0
"""Tables of docs/benchmarks.md about large graphs: limits of memory, growth with nodes and degree."""
import math
import statistics

from measure.rows import Rows

GIB, EDGES = 1 << 30, {"products": 60.5e6, "products-held": 60.5e6, "papers28": 387.7e6}
RECIPE_EPOCHS = {"estimate": 200, "train": 200}  # recipes/amazon2m.yaml
DRAWN = 10 + 10 * 11  # in-edges that a node's output is computed from, k being 10-10
LABELLED = 392_000  # of papers28: trained on and evaluated
# Nodes, undirected edges and training nodes (OGB's page of data sets), 128 features in half precision as here.
PAPERS28 = {"nodes": 28_000_000, "edges": 387_700_000, "train": 199_920}
PAPERS100M = {"nodes": 111_059_956, "edges": 1_615_685_872, "train": 1_207_179}


def seconds(value):
    return f"{value:.0f} s" if value < 600 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def projection(table, rows):
    """papers100M from papers28. Each group of batches reads the whole file of features in its order."""
    v = {r["key"]["step"]: r["values"] for r in rows.all(data="papers28")}
    if not {"convert", "estimate", "train"} <= set(v):
        return ""
    ratio = {of: PAPERS100M[of] / PAPERS28[of] for of in PAPERS28}
    edges, epoch = ratio["edges"], ratio["train"]
    body = [["convert", seconds(v["convert"]["seconds"]), f"edges: {edges:.2f} x", seconds(v["convert"]["seconds"] * edges)]]
    for step, name in (("estimate", "an epoch of stage 1"), ("train", "an epoch of stage 2, evaluation included")):
        n = v[step]["epochs"]
        works = (v[step]["stage_seconds"] - v[step]["waiting_seconds"]) / n
        body.append([f"{name}: arithmetic", seconds(works), f"training nodes: {epoch:.2f} x", seconds(works * epoch)])
        made = v[step]["sampling_seconds"] / n
        body.append([f"{name}: its batches, made meanwhile", seconds(made), f"training nodes and bytes of features: {epoch * ratio['nodes']:.1f} x",
                     seconds(made * epoch * ratio["nodes"])])
        rest = v[step]["seconds"] - v[step]["stage_seconds"]
        body.append([f"{step}: before and after its epochs (attention graph, {'scores' if step == 'estimate' else 'predictions of the split'})",
                     seconds(rest), f"edges: {edges:.2f} x", seconds(rest * edges)])
    folder = (8 * PAPERS100M["nodes"] + 8 * PAPERS100M["edges"] + 256 * PAPERS100M["nodes"] + 4 * PAPERS100M["nodes"]) / GIB
    scratch = max(v[s]["scratch_bytes"] for s in ("estimate", "train")) / GIB
    return f"""A projection to ogbn-papers100M (111 million nodes, 1.6 billion edges, 1.2 million training nodes) in the same 8 GiB on the same disk:

{table(["", "papers28", "grows with", "papers100M"], body)}

Each group of batches reads the file of features once in its order, and an epoch takes about the longer of the two. The graph folder takes {folder:.0f} GiB of disk, scratch files about {scratch * edges:.0f} GiB. What lies beyond the limit is in scratch
files already; it grows, and is read in order.
"""


def large(table, machines):
    rows = Rows("large")
    body = []
    for r in rows.all():
        v, name, step = r["values"], r["key"]["data"], r["key"]["step"]
        note = ""
        if "epochs" in v:
            note = f"{v['epochs']} epoch{'s' * (v['epochs'] > 1)}, {seconds(v['stage_seconds'] / v['epochs'])} each; scratch {v['scratch_bytes'] / GIB:.1f} GiB"
            if step == "train":
                note += f"; steps waited {100 * v['waiting_seconds'] / v['stage_seconds']:.1f} %"
            if name == "papers28" and step == "train":
                a_second = LABELLED / v["stage_seconds"]
                note += f"; {a_second:,.0f} nodes a second trained on or evaluated, {a_second * DRAWN:,.0f} drawn edges"
            elif name == "papers28":
                note += f"; {PAPERS28['train'] * v['epochs'] / v['stage_seconds']:,.0f} training nodes a second; steps waited {100 * v['waiting_seconds'] / v['stage_seconds']:.0f} %: bound by reading features"
        elif step in ("generate", "convert"):
            note = f"{EDGES[name] / v['seconds'] / 1e6:.2f} million edges a second"
        body.append([name, step, f"{v['limit_gib']} GiB", seconds(v["seconds"]), f"{v['anonymous_bytes'] / GIB:.2f} GiB",
                     f"{v['peak_bytes'] / GIB:.2f} GiB", note])
    text = table(["graph", "step", "limit", "time", "anonymous memory", "with pages of files", ""], body)
    if not body:
        return ""
    return f"""## Graphs that are large for the machine
*products*: 2.4 million nodes, 60.5 million undirected edges, 100 features, 47 classes, the recipe `amazon2m`. *papers28*: 28 million nodes,
388 million edges, 128 half-precision features, 172 classes of which 1.4 % of the nodes have one; stage 1 by mini-batches, 200
batches of stage 2. Every step runs in a control group with the limit, which counts the pages of mapped files too: where these
fill it, the system drops some. Tables and scratch files lie on the same disk.

{text}

{full_recipe(rows)}
{projection(table, rows)}
`bench/figures.py large` (root, for the control group; 60 GB of disk). {machines(rows)}
"""


def full_recipe(rows):
    """Epochs of the recipe for ogbn-products' size, at the speed of those that were run."""
    epoch = {}
    for step in ("estimate", "train"):
        r = rows.get({"data": "products", "step": step})
        if not r:
            return ""
        epoch[step] = r["values"]["stage_seconds"] / r["values"]["epochs"]
    first, second = (RECIPE_EPOCHS[s] * epoch[s] for s in ("estimate", "train"))
    return f"""The whole recipe on *products*: {RECIPE_EPOCHS['estimate']} epochs of stage 1 of {epoch['estimate']:.0f} s, {seconds(first)}, and \
{RECIPE_EPOCHS['train']} of stage 2 of {epoch['train']:.0f} s, {seconds(second)}, on two cores.
"""


def slope(points):
    """Of log y over log x."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mx, my = statistics.mean(xs), statistics.mean(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)


def crossing(wide, narrow):
    """Where two measured curves meet, on a line between points in logarithms; None where they do not."""
    both = sorted(set(wide) & set(narrow))
    for a, b in zip(both, both[1:]):
        at_a, at_b = math.log(wide[a] / narrow[a]), math.log(wide[b] / narrow[b])
        if at_a < 0 <= at_b:
            return math.exp(math.log(a) + (math.log(b) - math.log(a)) * -at_a / (at_b - at_a))
    return None


def everywhere(wide, narrow):
    less = [narrow[x] < wide[x] for x in set(wide) & set(narrow)]
    return "everywhere less" if all(less) else "everywhere more" if not any(less) else "both"


def growth(table, machines):
    rows = Rows("growth")
    if not rows.all():
        return ""
    body = []
    for r in sorted(rows.all(), key=lambda r: (r["key"]["degree"], r["key"]["nodes"], r["key"]["model"])):
        v = r["values"]
        body.append([f"{r['key']['nodes']:,}", r["key"]["degree"], r["key"]["model"], f"{v['planned_bytes'] / GIB:.2f} GiB",
                     f"{v['peak_bytes'] / GIB:.2f} GiB" if "peak_bytes" in v else "", f"{v['seconds']:.1f} s" if "seconds" in v else "",
                     f"{v['planned_seconds']:.1f} s"])
    lines = []
    for by, fixed in (("nodes", "degree"), ("degree", "nodes")):
        of = {}
        for model in ("exphormer", "spexphormer"):
            at = {r["key"][by]: r["values"] for r in rows.all(model=model)
                  if r["key"][fixed] == (20 if fixed == "degree" else 100_000)}
            of[model] = {"memory": {x: v["planned_bytes"] for x, v in at.items()},
                         "time": {x: v["seconds"] for x, v in at.items() if "seconds" in v}}
        for what in ("memory", "time"):
            points = {m: list(of[m][what].items()) for m in of}
            if min(len(p) for p in points.values()) < 2:
                continue
            meets = crossing(of["exphormer"][what], of["spexphormer"][what])
            lines.append([f"{what} with {by}", *(f"{slope(points[m]):.2f}" for m in points),
                          f"{meets:,.0f}" if meets else everywhere(of["exphormer"][what], of["spexphormer"][what])])
    return f"""## Growth with nodes and degree
Two epochs of each stage: the full Exphormer, all edges in every step, against Spexphormer in batches of 1000 nodes, k 10-10, its stage 1
on the whole graph. Width 64, two layers. Half of the nodes are trained on, so that an epoch of batches makes a step for every 2000
nodes of the graph, and the full network's one step: by batches it costs less memory, and more time until degrees are high. Memory of large arrays as planned and as measured; runs that need more than 10 GiB or
ten minutes are planned alone.

{table(["nodes", "degree", "model", "planned", "measured", "time", "planned time"], body)}

Slopes of logarithms, and from where on Spexphormer takes less:

{table(["", "exphormer", "spexphormer", "crossing"], lines)}

`bench/figures.py growth`. {machines(rows)}
"""
