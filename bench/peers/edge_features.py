# SPDX-License-Identifier: Apache-2.0
"""An attention layer with features of edges: forward and backward on tolokers, by PyG's TransformerConv or by SparseAttention.

    edge_features.py FILE.npz pyg|graphsieve|check ROUNDS

Width 64 in and out, 4 heads, 8 random features per edge, one thread. Prints a JSON object: median seconds of a step (forward and backward)
and MiB at the peak beyond the data and the libraries' code; with `check`, the largest difference of output and gradients between SparseAttention in float32 and
TransformerConv in float64, relative to the largest value.
"""
import json
import pathlib
import resource
import statistics
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from baselines import load  # noqa: E402

WIDTH, HEADS, FEATURES = 64, 4, 8


def layer_of(library):
    if library == "pyg":
        from torch_geometric.nn import TransformerConv as Conv
    else:
        from graphsieve.nn import SparseAttention as Conv
    return Conv(WIDTH, WIDTH // HEADS, heads=HEADS, edge_dim=FEATURES)


def step(layer, x, edges, attr, grad):
    for t in (x, attr, *layer.parameters()):
        t.grad = None
    out = layer(x, edges, attr)
    out.backward(grad)
    return out


def main(file, what, rounds):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rows, _, edges = load(file)
    n = len(rows)
    x, attr, grad = torch.randn(n, WIDTH), torch.randn(edges.shape[1], FEATURES), torch.randn(n, WIDTH)
    if what == "check":
        results, state = [], layer_of("pyg").state_dict()
        for library, kind in (("graphsieve", torch.float32), ("pyg", torch.float64)):
            layer = layer_of(library)
            layer.load_state_dict(state)
            layer = layer.to(kind)
            leaves = [t.to(kind).clone().requires_grad_() for t in (x, attr)]
            out = step(layer, leaves[0], edges, leaves[1], grad.to(kind))
            results.append({"out": out.detach(), "x": leaves[0].grad, "edge_attr": leaves[1].grad,
                            **{name: p.grad for name, p in layer.named_parameters()}})
        ours, exact = results
        # The gradient of the keys' bias is 0: it moves all logits of a row alike.
        print(json.dumps({name: ((ours[name] - t).abs().max() / t.abs().max()).item() for name, t in exact.items() if name != "lin_key.bias"}))
        return
    layer = layer_of(what)
    leaves = [t.requires_grad_() for t in (x, attr)]
    few = torch.randint(10, (2, 20))
    step(layer, x[:10].detach().requires_grad_(), few, attr[:20].detach().requires_grad_(), grad[:10])  # loads the code
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(int(rounds) + 1):  # the first one converts the edges, and is not counted
        start = time.perf_counter()
        step(layer, leaves[0], edges, leaves[1], grad)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"step_seconds": statistics.median(seconds[1:]), "peak_mib": (peak - before) / 1024, "edges": edges.shape[1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
