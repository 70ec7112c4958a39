# SPDX-License-Identifier: Apache-2.0
"""PyG's TransformerConv against the engine's operator: tolokers' attention graph, width 64, 4 heads, one thread.

    transformer_conv.py RUN LIBRARY

Both get the same q, k, v: with type_scale 1/sqrt(d), no bias and no clamp the operator is TransformerConv's attention.
What is timed is the attention alone (`propagate`), forward and backward, in turns; the linear maps before it are not. The
answers and gradients are compared first. Prints a JSON object.
"""
import json
import math
import statistics
import sys
import time

import torch
from torch_geometric.nn import TransformerConv

import pathlib
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plain_torch  # noqa: E402

WIDTH, HEADS, ROUNDS = 64, 4, 3


def timed(call):
    start = time.perf_counter()
    out = call()
    return out, time.perf_counter() - start


def main(run, library):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    torch.ops.load_library(library)
    source, destination, kind = plain_torch.load_edges(pathlib.Path(run) / "scores")
    n, d = int(destination.max()) + 1, WIDTH // HEADS
    row_start = torch.zeros(n + 1, dtype=torch.long)
    row_start[1:] = torch.bincount(destination, minlength=n).cumsum(0)
    index, types = source.int(), kind.to(torch.uint8)
    edge_index = torch.stack([source, destination])
    q, k, v, grad = (torch.randn(n, WIDTH) for _ in range(4))
    ours_in = [t.requires_grad_() for t in (q.clone(), torch.cat([k, v], 1))]
    peer_in = [t.view(n, HEADS, d).clone().requires_grad_() for t in (q, k, v)]
    scale, bias = torch.full((3, WIDTH), 1 / math.sqrt(d)), torch.zeros(3, HEADS)
    conv = TransformerConv(WIDTH, d, heads=HEADS, bias=False, root_weight=False)

    def ours():
        return torch.ops.graphsieve.sparse_attention(ours_in[0], ours_in[1], row_start, index, types, None, None, None, scale,
                                                     bias, HEADS, math.inf)[0]

    def peer():
        return conv.propagate(edge_index, query=peer_in[0], key=peer_in[1], value=peer_in[2], edge_attr=None).view(n, WIDTH)

    def step(call, inputs):
        for t in inputs:
            t.grad = None
        out, forward = timed(call)
        _, backward = timed(lambda: out.backward(grad))
        return out.detach(), forward, backward

    seconds = {"ours": [], "peer": []}
    for round_ in range(ROUNDS + 1):
        out, *ours_seconds = step(ours, ours_in)
        peer_out, *peer_seconds = step(peer, peer_in)
        if round_ == 0:
            error = (out - peer_out).abs().max().item()
            pairs = zip([ours_in[0].grad, *ours_in[1].grad.split(WIDTH, 1)], [t.grad.view(n, WIDTH) for t in peer_in])
            gradient_error = max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs)
            if error > 1e-4 or gradient_error > 1e-4:
                sys.exit(f"the answers differ: output by {error}, gradients by {gradient_error}")
            continue
        seconds["ours"].append(ours_seconds)
        seconds["peer"].append(peer_seconds)
    (forward, backward), (peer_forward, peer_backward) = ([statistics.median(way) for way in zip(*seconds[who])] for who in ("ours", "peer"))
    print(json.dumps({"error": error, "gradient_error": gradient_error, "forward_ms": forward * 1e3, "backward_ms": backward * 1e3,
                      "pyg_forward_ms": peer_forward * 1e3, "pyg_backward_ms": peer_backward * 1e3,
                      "forward_times_faster": peer_forward / forward, "backward_times_faster": peer_backward / backward}))


if __name__ == "__main__":
    main(*sys.argv[1:])
