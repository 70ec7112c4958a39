# SPDX-License-Identifier: Apache-2.0
"""Tensor bytes of one training step in plain tensor operations, for a run of the engine.

    plain_step.py RUN GRAPH FILE.npz

RUN holds the weights (network.safetensors), recipe and split; GRAPH is the run folder whose scores/ holds the attention
graph; RUN/sparse, where there is one (graphsieve sparsify), the drawn edges of each layer. Prints a JSON object:

peak_bytes    the most bytes that tensors held at once in forward, loss, backward and the optimiser's step. Every
              allocation and release of torch's CPU allocator is taken from its profiler, added up in order, on top of
              what was held before: features, edges, weights.
held_bytes    what was held before.
output_error  the largest difference from the run's predictions, in evaluation mode: the same network is measured. The
              sparse one has other draws than the run's best epoch unless that is epoch 0; null then.
"""
import csv
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plain_torch  # noqa: E402

FORMS = {"exphormer": "exphormer", "spexphormer": "spexphormer", "plain": "plain"}


def sparse_layers(folder, train, layers):
    """The edges of each layer, last to first: destinations first among the sources, numbered in each layer."""
    need, out = train, []
    for l in reversed(range(layers)):
        source = np.load(folder / f"layer_{l}_source.npy")[need]
        kind = np.load(folder / f"layer_{l}_type.npy")[need]
        new = np.setdiff1d(source[source >= 0], need)
        nodes = np.concatenate([need, new])
        local = np.full(nodes.max() + 1, -1)
        local[nodes] = np.arange(len(nodes))
        destination = np.repeat(np.arange(len(need)), source.shape[1]).reshape(source.shape)
        kept = source >= 0
        edges = tuple(torch.from_numpy(a.astype(np.int64)) for a in (local[source[kept]], destination[kept], kind[kept]))
        out.append((edges, len(need)))
        need = nodes
    return need, out[::-1]


def allocations(profile):
    """Bytes of every allocation (+) and release (-) of the CPU allocator, in order of time."""
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]" and e.device_type() == torch.device("cpu").type
              or e.name() == "[memory]" and "CPU" in str(e.device_type())]
    return [e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]


def held(tensors):
    """Bytes of the distinct storages."""
    return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}.values())


def main(run, graph, file):
    torch.set_num_threads(1)
    run = pathlib.Path(run)
    result = json.loads((run / "result.json").read_text())
    recipe = (run / "recipe.yaml").read_text().split("network:")[1]
    heads = int(recipe.split("heads:")[1].split()[0])
    data, split = np.load(file), json.loads((run / "split.json").read_text())
    x, y = torch.from_numpy(data["node_features"].astype(np.float32)), torch.from_numpy(data["node_labels"].astype(np.int64))
    train = np.array(split["train"])
    w = plain_torch.load_safetensors(run / "network.safetensors")
    n, depth = len(x), 1 + max(int(k.split(".")[0][6:]) for k in w if k.startswith("layer_"))
    form = FORMS[result["model"]]
    error = None
    if (run / "sparse").exists():
        nodes, layers = sparse_layers(run / "sparse", train, depth)
        x, y, pick = x[nodes], y[train], slice(0, len(train))
    else:
        edges = plain_torch.load_edges(pathlib.Path(graph) / "scores")
        layers, pick, y = [(edges, n)] * depth, torch.from_numpy(train), y[train]
        with torch.no_grad():
            ours = predictions(run / "predictions.csv")
            error = (plain_torch.forward(x, w, layers, form, heads).softmax(1) - ours).abs().max().item()
    parameters = [t.requires_grad_() for name, t in w.items() if "running" not in name]
    optimiser = torch.optim.AdamW(parameters)
    before = held([x, y, *w.values(), *(t for edges, _ in layers for t in edges)])
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        loss = F.cross_entropy(plain_torch.forward(x, w, layers, form, heads, training=True)[pick], y)
        loss.backward()
        optimiser.step()
    now = peak = 0
    for bytes_ in allocations(profile):
        now += bytes_
        peak = max(peak, now)
    print(json.dumps({"peak_bytes": before + peak, "held_bytes": before, "output_error": error}))


def predictions(path):
    with open(path, newline="") as lines:
        rows = list(csv.reader(lines))
    first = rows[0].index("p_0")
    return torch.tensor([[float(v) for v in row[first:]] for row in rows[1:]])


if __name__ == "__main__":
    main(*sys.argv[1:])
