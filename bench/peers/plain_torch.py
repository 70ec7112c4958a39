# SPDX-License-Identifier: Apache-2.0
"""The networks in plain tensor operations, as a user would write them: the oracle of the engine's whole forward and
backward pass, and the peer for its memory and time. Reads weights from a run folder's safetensors by their names.

Nothing here is clever on purpose: it gathers q, k, v and the edge embedding for every edge, m x D each.
"""
import functools
import json
import math
import os
import pathlib
import struct
import subprocess

import numpy as np
import torch
import torch.nn.functional as F

TINY = 1e-3  # length below which the engine stretches no row (nn/layers.h, kTiny)


def load_safetensors(path):
    raw = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + size])
    header.pop("__metadata__", None)
    data = raw[8 + size:]
    return {name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy())
            for name, t in header.items()}


def load_edges(folder):
    """source, destination, type of the attention graph that the run folder holds."""
    start, source, kind = (torch.from_numpy(np.load(pathlib.Path(folder) / f"{n}.npy")).long()
                           for n in ("row_start", "source", "type"))
    destination = torch.repeat_interleave(torch.arange(len(start) - 1), start.diff())
    return source, destination, kind


def norm(h, w, name, training):
    if name + ".mean_scale" in w:
        z = h - w[name + ".mean_scale"] * h.mean(0)
        return z / (z.square().mean(0) + 1e-5).sqrt() * w[name + ".weight"] + w[name + ".bias"]
    if name + ".weight" not in w:
        return h
    return F.batch_norm(h, w[name + ".running_mean"], w[name + ".running_var"], w[name + ".weight"], w[name + ".bias"],
                        training, 0.1, 1e-5)


def softmax_by_row(logit, destination, n):
    top = torch.full((n, logit.shape[1]), -math.inf).index_reduce(0, destination, logit.detach(), "amax")
    weight = (logit - top[destination]).exp()
    return weight / torch.zeros(n, logit.shape[1]).index_add(0, destination, weight)[destination]


@functools.cache
def networks():
    """The program's registry of networks, by name."""
    program = os.environ.get("GRAPHSIEVE_PROGRAM", pathlib.Path(__file__).resolve().parents[2] / "bin" / "graphsieve")
    listed = subprocess.run([program, "docs", "networks"], capture_output=True, check=True, text=True).stdout
    return {network["name"]: network for network in json.loads(listed)}


def network_form(form):
    """The form of a network's attention; `form` is its name in the registry."""
    return networks()[form]


def attention(h_destination, h, w, p, edges, form, heads, temperature, scores):
    source, destination, kind = edges
    q = F.linear(h_destination, w[p + "query.weight"])
    k, v = F.linear(h, w[p + "key_value.weight"]).split(q.shape[1], 1)
    n, d = len(q), q.shape[1] // heads
    q, k, v = (x.view(-1, heads, d) for x in (q, k, v))
    product, form = q[destination] * k[source], network_form(form)
    if form["scale"] != "none":
        e1 = F.linear(w[p + "edge_type"], w[p + "edge_scale.weight"]).view(-1, heads, d)[kind]
        product = product * (e1.sum(2, keepdim=True) if form["scale"] == "summed" else e1)
    logit = product.sum(2) / (math.sqrt(d) if form["root_width"] else 1)
    if form["type_bias"]:
        logit = logit + F.linear(w[p + "edge_type"], w[p + "edge_bias.weight"], w[p + "edge_bias.bias"])[kind]
    logit = logit / temperature
    if form["clamp"] is not None:
        logit = logit.clamp(-form["clamp"], form["clamp"])
    if form["unit_values"]:
        v = F.normalize(v.flatten(1), eps=TINY).view_as(v) * w[p + "value_scale"]
    a = softmax_by_row(logit, destination, n)
    if scores is not None:
        scores.append(a)
    return torch.zeros(n, heads, d).index_add(0, destination, a.unsqueeze(2) * v[source]).flatten(1)


def forward(x, w, layers, form, heads, temperature=1.0, training=False, dropout=0.0, scores=None):
    """layers: (source, destination, type) of each layer, and how many destinations it has."""
    h = F.linear(x, w["input.project.weight"], w["input.project.bias"])
    i = 0
    while f"input.pre_{i}_linear.weight" in w:
        h = F.normalize(norm(F.linear(h, w[f"input.pre_{i}_linear.weight"]), w, f"input.pre_{i}_norm", training).relu(), eps=TINY)
        i += 1
    drop = lambda t: F.dropout(t, dropout, training)
    for l, (edges, destinations) in enumerate(layers):
        p = f"layer_{l}."
        to = h[:destinations]
        to = norm(to + drop(attention(to, h, w, p + "attention.", edges, form, heads, temperature, scores)), w,
                  p + "attention_norm", training)
        f = drop(F.linear(to, w[p + "ffn_in.weight"], w[p + "ffn_in.bias"]).relu())
        f = drop(F.linear(f, w[p + "ffn_out.weight"], w[p + "ffn_out.bias"]))
        h = norm(to + f, w, p + "ffn_norm", training)
    i = 0
    while f"output_{i}.weight" in w:
        h = F.linear(h.relu() if i else h, w[f"output_{i}.weight"], w[f"output_{i}.bias"])
        i += 1
    return F.pad(h, (1, 0)) if h.shape[1] == 1 else h  # two classes by one logit: the first class's is 0
