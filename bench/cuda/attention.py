#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sparse attention and reservoir sampling on an NVIDIA GPU, against the bare gather, PyG and plain torch, compiled;
answers checked first.

    attention.py BUILD [--data FOLDER] [--only tolokers,products,hubs] [--repeats 20]

BUILD: a build tree of the preset cuda or cuda-ops. FOLDER: holds tolokers.npz; without it that graph is left out, and with it PyG.
Prints a JSON object a line: medians of CUDA events, in milliseconds, and most memory that torch's allocator gave out, in MiB.
"""
import argparse
import ctypes
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch

HEADS, TYPES, CLAMP = 4, 3, 8.0
PRODUCTS = (2_400_000, 124_000_000)  # nodes and attention edges of ogbn-products
HERE = pathlib.Path(__file__).resolve().parent


class Graph:
    """CSR by destination and by source, on the GPU."""

    def __init__(self, name, nodes, destination, source):
        self.name, self.nodes, self.edges = name, nodes, len(source)
        self.row_start, self.index, order = self.csr(destination, source)
        types = torch.randint(TYPES, (self.edges,), dtype=torch.uint8, device="cuda")
        self.t_row_start, self.t_index, t_order = self.csr(source, destination)
        self.type = types[order]  # mixed within a row, which is the harder case
        self.t_type = types[t_order]

    def csr(self, rows, columns):
        order = torch.argsort(rows, stable=True)
        start = torch.zeros(self.nodes + 1, dtype=torch.int64, device="cuda")
        start[1:] = torch.cumsum(torch.bincount(rows, minlength=self.nodes), 0)
        return start, columns[order].to(torch.int32), order

    def sort_types(self):
        """Types ascend within a row, as the engine's graphs have them."""
        rows = torch.repeat_interleave(torch.arange(self.nodes, device="cuda"), self.row_start.diff())
        order = torch.argsort(rows * TYPES + self.type, stable=True)
        self.index, self.type = self.index[order], self.type[order]
        rows = torch.repeat_interleave(torch.arange(self.nodes, device="cuda"), self.t_row_start.diff())
        order = torch.argsort(rows * TYPES + self.t_type, stable=True)
        self.t_index, self.t_type = self.t_index[order], self.t_type[order]
        return self


def tolokers(folder):
    edges = torch.from_numpy(np.load(folder / "tolokers.npz")["edges"].astype(np.int64)).cuda()
    nodes = int(edges.max()) + 1
    both, own = torch.cat([edges, edges.flip(1)]), torch.arange(nodes, device="cuda")
    shift = [torch.randperm(nodes, device="cuda") for _ in range(14)]  # expander edges and a self loop, as the recipe has
    destination = torch.cat([both[:, 0], own] + [own] * len(shift))
    return Graph("tolokers", nodes, destination, torch.cat([both[:, 1], own] + shift)).sort_types()


def products():
    nodes, edges = PRODUCTS
    return Graph("products", nodes, torch.randint(nodes, (edges,), device="cuda"), torch.randint(nodes, (edges,), device="cuda")).sort_types()


def hubs():
    """Degrees by a power law: a third of the edges at hubs, the largest of about a million."""
    nodes, edges = 1_000_000, 30_000_000
    u = torch.rand(edges, device="cuda", dtype=torch.float64)
    destination = (nodes * u**3).long().clamp_max(nodes - 1)
    destination[:1_000_000] = 0
    return Graph("hubs", nodes, destination, torch.randint(nodes, (edges,), device="cuda")).sort_types()


def milliseconds(call, repeats):
    times = []
    for i in range(repeats + 3):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call()
        end.record()
        end.synchronize()
        if i >= 3:
            times.append(start.elapsed_time(end))
    return statistics.median(times)


def peak_mib(call):
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def bare_gather_of(folder):
    library = pathlib.Path(folder) / "libbare_gather.so"
    subprocess.run(["nvcc", "-std=c++20", "-arch=native", "-O3", "-shared", "-Xcompiler", "-fPIC", HERE / "bare_gather.cu", "-o", library], check=True)
    function = ctypes.CDLL(str(library)).bare_gather
    function.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p]

    def gather(rows, index):
        """Exclusive ors of the rows of every 64 edges."""
        out = torch.empty((len(index) + 63) // 64, rows.shape[1], dtype=rows.dtype, device="cuda")
        code = function(rows.data_ptr(), rows.shape[1] * rows.element_size(), index.data_ptr(), len(index), out.data_ptr(),
                        torch.cuda.current_stream().cuda_stream)
        if code:
            raise RuntimeError(f"bare_gather: CUDA error {code}")
        return out

    rows, index = torch.randn(1000, 256, device="cuda"), torch.randint(1000, (6405,), dtype=torch.int32, device="cuda")
    for width in (16, 256):
        bits = rows[:, :width].contiguous().view(torch.int32)
        expected = bits[index[-5].long()]
        for e in range(-4, 0):
            expected = expected ^ bits[index[e].long()]
        if not torch.equal(gather(bits, index)[-1], expected):
            raise SystemExit("the bare gather reads other rows than the edges name")
    return gather


def plain(query, key_value, graph, scale, bias, rows):
    """The attention of some destinations in float64."""
    width, d = query.shape[1], query.shape[1] // HEADS
    out = []
    for i in rows.tolist():
        span = slice(int(graph.row_start[i]), int(graph.row_start[i + 1]))
        other, kind = graph.index[span].long(), graph.type[span].long()
        k, v = key_value[other].double().split(width, 1)
        logit = (query[i].double() * k * scale[kind].double()).view(-1, HEADS, d).sum(2) + bias[kind].double()
        p = logit.clamp(-CLAMP, CLAMP).softmax(0)
        out.append((p[:, :, None] * v.view(-1, HEADS, d)).sum(0).flatten())
    return torch.stack(out)


def attention(graph, width, dtype, gather, repeats):
    ops = torch.ops.graphsieve
    query, grad = (torch.randn(graph.nodes, width, device="cuda").to(dtype) for _ in range(2))
    key_value = torch.randn(graph.nodes, 2 * width, device="cuda").to(dtype)
    scale, bias = torch.randn(TYPES, width, device="cuda") / (width // HEADS) ** 0.5, torch.randn(TYPES, HEADS, device="cuda")
    edges = (graph.row_start, graph.index, graph.type, graph.t_row_start, graph.t_index, graph.t_type)
    forward = lambda: ops.sparse_attention(query, key_value, *edges, scale, bias, HEADS, CLAMP)
    out, log_sum = forward()
    rows = torch.randint(graph.nodes, (20,))
    expected = plain(query, key_value, graph, scale, bias, rows)
    error = float((out[rows].double() - expected).abs().max() / expected.abs().max())
    if not error < (1e-4 if dtype == torch.float32 else 2e-2):
        raise SystemExit(f"{graph.name} {width} {dtype}: differs from plain attention by {error}")
    backward = lambda: ops.sparse_attention_backward(grad, query, key_value, out, log_sum, *edges, scale, bias, HEADS, CLAMP, [True] * 4)
    if not all(torch.equal(a, b) for a, b in zip(backward(), backward())):
        raise SystemExit(f"{graph.name} {width} {dtype}: two backward passes differ")
    packed = torch.cat([query, grad], 1)
    gather_forward = lambda: gather(key_value, graph.index)

    def gather_backward():
        gather_forward()
        gather(packed, graph.t_index)
    ms = {name: milliseconds(call, repeats) for name, call in
          {"gather": gather_forward, "forward": forward, "gather_backward": gather_backward, "backward": backward}.items()}
    gathered_bytes = graph.edges * 2 * width * query.element_size()
    return {"what": "attention", "graph": graph.name, "nodes": graph.nodes, "edges": graph.edges, "width": width, "type": str(dtype), "error": error,
            **{f"{k}_ms": v for k, v in ms.items()}, "forward_share": ms["gather"] / ms["forward"], "backward_share": ms["gather_backward"] / ms["backward"],
            "gather_gb_per_s": gathered_bytes / ms["gather"] / 1e6, "forward_mib": peak_mib(forward), "backward_mib": peak_mib(backward)}


def pyg(graph, width, repeats):
    from torch_geometric.nn import TransformerConv
    conv = TransformerConv(width, width // HEADS, heads=HEADS, root_weight=False).cuda()
    x = torch.randn(graph.nodes, width, device="cuda", requires_grad=True)
    destination = torch.repeat_interleave(torch.arange(graph.nodes, device="cuda"), graph.row_start.diff())
    edge_index = torch.stack([graph.index.long(), destination])

    def both():
        conv(x, edge_index).sum().backward()

    zero = torch.zeros_like(graph.type)
    t_zero = torch.zeros_like(graph.t_type)
    scale, bias = torch.full((1, width), (width // HEADS) ** -0.5, device="cuda"), torch.zeros(1, HEADS, device="cuda")
    weights = torch.cat([conv.lin_key.weight, conv.lin_value.weight]), torch.cat([conv.lin_key.bias, conv.lin_value.bias])

    def ours():
        kv = torch.nn.functional.linear(x, *weights)
        out, _ = torch.ops.graphsieve.sparse_attention(conv.lin_query(x), kv, graph.row_start, graph.index, zero, graph.t_row_start, graph.t_index, t_zero, scale, bias, HEADS,
                                                       float("inf"))
        out.sum().backward()
    weights = tuple(w.detach() for w in weights)
    return {"what": "pyg", "graph": graph.name, "width": width, "pyg_ms": milliseconds(both, repeats), "ours_ms": milliseconds(ours, repeats),
            "pyg_mib": peak_mib(both), "ours_mib": peak_mib(ours)}


def edge_by_edge(query, key_value, destination, index, kind, scale, bias):
    """The same attention in plain torch operations, with tensors of edges times width. Clamped logits need no maximum."""
    nodes, width = query.shape
    k, v = key_value.index_select(0, index).split(width, 1)
    logit = (query.index_select(0, destination) * k * scale.index_select(0, kind)).view(-1, HEADS, width // HEADS).sum(2)
    p = (logit + bias.index_select(0, kind)).clamp(-CLAMP, CLAMP).exp()
    total = torch.zeros(nodes, HEADS, device=p.device).index_add(0, destination, p)
    out = torch.zeros(nodes, HEADS, width // HEADS, device=p.device).index_add(0, destination, p[:, :, None] * v.view(-1, HEADS, width // HEADS))
    return (out / total[:, :, None]).flatten(1)


def compiled(graph, width, repeats):
    """Both ways, against plain operations through torch.compile."""
    query, grad = (torch.randn(graph.nodes, width, device="cuda", requires_grad=r) for r in (True, False))
    key_value = torch.randn(graph.nodes, 2 * width, device="cuda", requires_grad=True)
    scale, bias = torch.randn(TYPES, width, device="cuda") / (width // HEADS) ** 0.5, torch.randn(TYPES, HEADS, device="cuda")
    destination = torch.repeat_interleave(torch.arange(graph.nodes, device="cuda"), graph.row_start.diff())
    index, kind = graph.index.long(), graph.type.long()
    edges = (graph.row_start, graph.index, graph.type, graph.t_row_start, graph.t_index, graph.t_type)
    call = torch.compile(edge_by_edge)
    plainly = lambda: call(query, key_value, destination, index, kind, scale, bias)
    ours = lambda: torch.ops.graphsieve.sparse_attention(query, key_value, *edges, scale, bias, HEADS, CLAMP)[0]
    expected = plainly()
    error = float((ours() - expected).detach().abs().max() / expected.detach().abs().max())
    if not error < 1e-4:
        raise SystemExit(f"{graph.name} {width}: differs from plain torch operations by {error}")
    both = {"compiled": lambda: plainly().backward(grad), "ours": lambda: ours().backward(grad)}
    return {"what": "compiled", "graph": graph.name, "width": width, **{f"{name}_ms": milliseconds(work, repeats) for name, work in both.items()},
            **{f"{name}_mib": peak_mib(work) for name, work in both.items()}}


def sampling(graph, repeats):
    weight = torch.rand(graph.edges, device="cuda")
    call = lambda: torch.ops.graphsieve.reservoir_sample(graph.row_start, graph.index, graph.type, weight, None, 10, 0, 7)
    index, position = call()
    rows = torch.arange(0, graph.nodes, max(1, graph.nodes // 1000), dtype=torch.int32)
    on_cpu = torch.ops.graphsieve.reservoir_sample(graph.row_start.cpu(), graph.index.cpu(), graph.type.cpu(), weight.cpu(), rows, 10, 0, 7)
    if not (torch.equal(index.cpu()[rows.long()], on_cpu[0]) and torch.equal(position.cpu()[rows.long()], on_cpu[1])):
        raise SystemExit(f"{graph.name}: other edges are drawn than on the CPU")
    ms = milliseconds(call, repeats)
    return {"what": "sampling", "graph": graph.name, "edges": graph.edges, "ms": ms, "edges_per_second": graph.edges / ms * 1e3}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--only", default="tolokers,products,hubs")
    parser.add_argument("--repeats", type=int, default=20)
    a = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("error: no NVIDIA GPU that torch can use")
    torch.ops.load_library(next(a.build.rglob("libgraphsieve.so")))
    torch.manual_seed(1)
    print(json.dumps({"what": "machine", "gpu": torch.cuda.get_device_name(), "torch": torch.__version__}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        gather = bare_gather_of(folder)
        for name in a.only.split(","):
            if name == "tolokers" and not a.data:
                print("note: no --data, tolokers is left out", file=sys.stderr)
                continue
            graph = {"tolokers": lambda: tolokers(a.data), "products": products, "hubs": hubs}[name]()
            for width in (64, 128):
                for dtype in (torch.bfloat16, torch.float32):
                    print(json.dumps(attention(graph, width, dtype, gather, a.repeats)), flush=True)
            print(json.dumps(sampling(graph, a.repeats)), flush=True)
            if name == "tolokers":
                print(json.dumps(pyg(graph, 64, a.repeats)), flush=True)
                print(json.dumps(compiled(graph, 64, a.repeats)), flush=True)


if __name__ == "__main__":
    main()
