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
# Of the nodes to train on, these shares: two lengths of an epoch, to tell what is a batch's from what is the epoch's.
SHARES = (0.01, 0.03)
RECIPE_SHARE = 0.5


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
        for draw, peers in (("reservoir", {"numpy": weighted}), ("uniform", {"numpy": uniform, "pyg": neighbor_loader})):
            bench.row(rows, {"data": name, "batch": BATCH, "k": f"{K}-{K}", "draw": draw}, lambda: measure(bench, graph, scores, draw, peers))


def measure(bench, graph, scores, draw, peers):
    values = {}
    for threads in (1, 2):
        points = []
        for share in SHARES:
            sets = [w for s in ["network.epochs=1", f"network.sampler=graph_{draw}", f"data.train_fraction={share}"] for w in ("--set", s)]
            result, _, command = bench.graphsieve("--scores", scores, *sets, command="train", threads=threads)
            network = result["runs"][0]["network"]
            points.append((-(-int(NODES * share) // BATCH), network["sampling_seconds"] * 1000))
            values[f"waiting_share_{threads}"] = network["waiting_seconds"] / network["seconds"]
        (few, of_few), (many, of_many) = points
        each = (of_many - of_few) / (many - few)
        epoch = of_few - few * each
        values[f"epoch_ms_{threads}"] = epoch
        values[f"engine_ms_{threads}"] = each + epoch / (NODES * RECIPE_SHARE / BATCH)
    for peer, ms in peers.items():
        try:
            values[f"{peer}_ms"] = ms(bench, graph, scores)
            values[f"times_faster_than_{peer}"] = values[f"{peer}_ms"] / values["engine_ms_1"]
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


def weighted(bench, graph, scores):
    """k in-edges of the attention graph without replacement by score: the k largest log(u) / score of each node."""
    row_start, source, *score = loaded(scores / "scores", "row_start", "source", *(f"layer_{l}" for l in range(LAYERS)))

    def draw(random, layer, held):
        degree = row_start[held + 1] - row_start[held]
        node = np.repeat(np.arange(len(held)), degree)
        before = np.cumsum(degree) - degree
        edge = np.arange(len(node)) + np.repeat(row_start[held] - before, degree)
        key = np.log(random.random(len(edge), dtype=np.float32)) / score[layer][edge]
        order = np.lexsort((-key, node))
        return source[edge[order[np.arange(len(node)) - np.repeat(before, degree) < K]]]

    return numpy_ms(row_start, *loaded(graph, "features"), draw)


def uniform(bench, graph, scores):
    """k in-edges of the graph with replacement, which is less work than without, as the engine draws."""
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
