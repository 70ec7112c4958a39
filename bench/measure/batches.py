# SPDX-License-Identifier: Apache-2.0
"""Building mini-batches on one core: the engine's draws, blocks and feature rows against the same sampling in NumPy, and against
PyG's NeighborLoader where torch-sparse is installed beside it."""
import json
import subprocess
import time

import numpy as np

from measure.program import CACHE, ROOT, Failed, run
from measure.rows import Rows

NODES = 2400000
PRODUCTS = ["--nodes", str(NODES), "--degree", "52", "--classes", "47", "--columns", "100"]
BATCH, K, LAYERS, TIMED = 1000, 10, 2, 12
RECIPE_SHARE = 0.5  # of the nodes, to train on: 1200 batches an epoch
# A narrow network, for the time of the batches alone; and some batches of the recipe's, for how long its steps wait.
NARROW = ["network.width=8", "network.heads=1", f"data.train_fraction={RECIPE_SHARE}"]
SOME = ["data.train_fraction=0.03"]


def products(bench):
    """A graph folder, and a run folder with scores of it."""
    graph, scores = CACHE / "products", CACHE / "products-scores"
    if not (graph / "graph.json").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        run([bench.binary, "generate", *PRODUCTS, "--out", graph, "--quiet"])
    if not (scores / "result.json").exists():
        estimate(bench, graph, scores)
    return graph, scores


def estimate(bench, graph, out):
    run([bench.binary, "estimate", graph, "--recipe", "amazon2m", "--set", "estimator.epochs=1", "--quiet", "--overwrite", "--out", out])


def batches(bench):
    rows = Rows("batches")
    for name in bench.names("products"):
        graph, scores = products(bench)
        for draw, peers in PEERS.items():
            bench.row(rows, {"data": name, "batch": BATCH, "k": f"{K}-{K}", "draw": draw}, lambda: measure(bench, graph, scores, draw, peers))


def measure(bench, graph, scores, draw, peers):
    def stage(settings, threads):
        sets = [w for s in ["network.epochs=1", f"network.sampler=graph_{draw}", *settings] for w in ("--set", s)]
        result, _, command = bench.graphsieve("--scores", scores, *sets, command="train", threads=threads)
        return result["runs"][0]["network"], command

    of_recipe, _ = stage(SOME, 2)
    narrow, command = stage(NARROW, 1)
    values = {"engine_ms": narrow["sampling_seconds"] * 1000 / (NODES * RECIPE_SHARE / BATCH),
              "waiting_share": of_recipe["waiting_seconds"] / of_recipe["seconds"]}
    for peer, ms in peers.items():
        try:
            values[f"{peer}_ms"] = ms(bench, graph, scores)
            values[f"times_faster_than_{peer}"] = values[f"{peer}_ms"] / values["engine_ms"]
        except Failed as error:
            print(f"batches: {peer} is left out: {error}")
    return values, command


def mapped(bench):
    """An epoch of stage 2 after the first one, the graph being mapped from its folder or read from an .npz into memory."""
    rows = Rows("mapped")
    for name in bench.names("products"):
        file, folder, scores = CACHE / "products.npz", CACHE / "products-converted", CACHE / "products-converted-scores"
        if not (scores / "result.json").exists():
            as_npz(products(bench)[0], file)
            run([bench.binary, "convert", file, "--overwrite", "--out", folder, "--quiet"])
            estimate(bench, folder, scores)
        for where, graph in (("mapped", folder), ("memory", file)):
            bench.row(rows, {"data": name, "graph": where}, lambda: epoch_seconds(bench, graph, scores))


def epoch_seconds(bench, file, scores):
    seconds = {}
    for epochs in (1, 3):
        sets = [f"network.epochs={epochs}", f"network.eval_every={epochs}", "data.split=random", "data.train_fraction=0.05"]
        result, _, command = bench.graphsieve(file, "--recipe", "amazon2m", "--scores", scores, *[w for s in sets for w in ("--set", s)],
                                              command="train")
        seconds[epochs] = result["runs"][0]["network"]["seconds"]
    return {"first_seconds": seconds[1], "later_seconds": (seconds[3] - seconds[1]) / 2}, command


def as_npz(graph, to):
    row_start, source, features, labels = (np.load(graph / f"{n}.npy") for n in ("row_start", "source", "features", "labels"))
    node = np.repeat(np.arange(len(labels), dtype=np.int32), np.diff(row_start))
    kept = node < source
    np.savez(to, node_features=features, node_labels=labels, edges=np.stack([node[kept], source[kept]], 1))


def numpy_ms(row_start, features, draw):
    """Median of ten batches: layer by layer what `draw` gives for the nodes held, relabelled; features are read at the end."""
    nodes, random, times = len(row_start) - 1, np.random.default_rng(0), []
    place = np.full(nodes, -1, np.int64)
    for _ in range(TIMED):
        batch = random.choice(nodes, BATCH, replace=False)
        start = time.perf_counter()
        held = batch
        for layer in reversed(range(LAYERS)):
            drawn = draw(random, layer, held)
            fresh = np.setdiff1d(np.unique(drawn), held, assume_unique=True)
            held = np.concatenate([held, fresh])
            place[held] = np.arange(len(held))
            index = place[drawn]
            place[held] = -1
        read = features[held]
        times.append(time.perf_counter() - start)
        assert index.min() >= 0 and len(read) == len(held)
    return float(np.median(times[2:]) * 1000)


def loaded(folder, *names):
    """In memory, as the engine's after the first batches."""
    return [np.load(folder / f"{n}.npy") for n in names]


def by_score(bench, graph, scores):
    return keyed(graph, scores, lambda uniform, score: np.log1p(-uniform) / score)


def evenly(bench, graph, scores):
    return keyed(graph, scores, lambda uniform, score: uniform)


def keyed(graph, scores, key_of):
    """k in-edges of the attention graph without replacement: those of the k largest keys of each node."""
    row_start, source, *score = loaded(scores / "scores", "row_start", "source", *(f"layer_{l}" for l in range(LAYERS)))

    def draw(random, layer, held):
        degree = row_start[held + 1] - row_start[held]
        node = np.repeat(np.arange(len(held)), degree)
        before = np.cumsum(degree) - degree
        edge = np.arange(len(node)) + np.repeat(row_start[held] - before, degree)
        key = key_of(random.random(len(edge), dtype=np.float32), score[layer][edge])
        order = np.lexsort((-key, node))
        return source[edge[order[np.arange(len(node)) - np.repeat(before, degree) < K]]]

    return numpy_ms(row_start, *loaded(graph, "features"), draw)


def replacing(bench, graph, scores):
    """k in-edges of the graph with replacement, which needs no keys: less work than what the engine does."""
    row_start, source = loaded(graph, "row_start", "source")

    def draw(random, layer, held):
        degree = row_start[held + 1] - row_start[held]
        kept = degree > 0
        return source[row_start[held[kept], None] + (random.random((kept.sum(), K)) * degree[kept, None]).astype(np.int64)]

    return numpy_ms(row_start, *loaded(graph, "features"), draw)


def neighbor_loader(bench, graph, scores):
    command = [bench.peer_python(), ROOT / "bench" / "peers" / "neighbor_loader.py", graph, str(BATCH), str(K), str(LAYERS), str(TIMED)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)["ms"]


PEERS = {"reservoir": {"numpy": by_score}, "uniform": {"numpy": evenly, "replacing": replacing, "pyg": neighbor_loader}}
