"""Building mini-batches: the engine's draws, blocks and feature rows against the same sampling in NumPy, one core each."""
import time

import numpy as np

from measure.program import CACHE, run
from measure.rows import Rows

PRODUCTS = ["--nodes", "2400000", "--degree", "52", "--classes", "47", "--columns", "100"]
BATCH, K, LAYERS = 1000, 10, 2
# A fiftieth of the nodes to train on: 48 batches an epoch.
SETTINGS = ["estimator.epochs=1", "network.epochs=2", "network.eval_every=2", "data.train_fraction=0.02"]


def batches(bench):
    rows = Rows("batches")
    for name in bench.names("products"):
        graph = CACHE / "products"
        if not (graph / "graph.json").exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            run([bench.binary, "generate", *PRODUCTS, "--out", graph, "--quiet"])
        bench.row(rows, {"data": name, "batch": BATCH, "k": f"{K}-{K}"}, lambda: measure(bench, graph))


def measure(bench, graph):
    sets = [w for s in SETTINGS for w in ("--set", s)]
    values = {}
    for threads in (1, 2):
        result, _, command = bench.graphsieve(graph, "--recipe", "amazon2m", *sets, threads=threads)
        network = result["runs"][0]["network"]
        count = network["epochs"] * -(-int(2400000 * 0.02) // BATCH)
        values[f"engine_ms_{threads}"] = network["sampling_seconds"] / count * 1000
        values[f"waiting_share_{threads}"] = network["waiting_seconds"] / network["seconds"]
    values["numpy_ms"] = numpy_ms(graph)
    values["times_faster"] = values["numpy_ms"] / values["engine_ms_1"]
    return values, command


def numpy_ms(graph):
    """Median of ten batches: k uniform draws with replacement of every node and layer, relabelled, features read."""
    arrays = {n: np.load(graph / f"{n}.npy", mmap_mode="r") for n in ("row_start", "source", "features")}
    row_start, source = np.array(arrays["row_start"]), arrays["source"]
    nodes, random, times = len(row_start) - 1, np.random.default_rng(0), []
    place = np.full(nodes, -1, np.int64)
    for _ in range(12):
        batch = random.choice(nodes, BATCH, replace=False)
        start = time.perf_counter()
        held = batch
        for _ in range(LAYERS):
            degree = row_start[held + 1] - row_start[held]
            kept = held[degree > 0]
            picks = row_start[kept, None] + (random.random((len(kept), K)) * (row_start[kept + 1] - row_start[kept])[:, None]).astype(np.int64)
            drawn = source[picks]
            fresh = np.setdiff1d(np.unique(drawn), held, assume_unique=True)
            held = np.concatenate([held, fresh])
            place[held] = np.arange(len(held))
            index = place[drawn]
            place[held] = -1
        features = arrays["features"][held]
        times.append(time.perf_counter() - start)
        assert index.min() >= 0 and len(features) == len(held)
    return float(np.median(times[2:]) * 1000)
