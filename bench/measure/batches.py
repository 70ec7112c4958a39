"""Building mini-batches: the engine's draws, blocks and feature rows against the same sampling in NumPy, one core each."""
import time

import numpy as np

from measure.program import CACHE, run
from measure.rows import Rows

NODES = 2400000
PRODUCTS = ["--nodes", str(NODES), "--degree", "52", "--classes", "47", "--columns", "100"]
BATCH, K, LAYERS = 1000, 10, 2
# Of the nodes to train on, these shares: two lengths of an epoch, to tell what is a batch's from what is the epoch's.
SHARES = (0.01, 0.03)
RECIPE_SHARE = 0.5
SETTINGS = ["network.epochs=1"]


def batches(bench):
    rows = Rows("batches")
    for name in bench.names("products"):
        graph = CACHE / "products"
        if not (graph / "graph.json").exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            run([bench.binary, "generate", *PRODUCTS, "--out", graph, "--quiet"])
        bench.row(rows, {"data": name, "batch": BATCH, "k": f"{K}-{K}"}, lambda: measure(bench, graph))


def measure(bench, graph):
    scores = CACHE / "products-scores"
    if not (scores / "result.json").exists():
        run([bench.binary, "estimate", graph, "--recipe", "amazon2m", "--set", "estimator.epochs=1", "--quiet", "--overwrite", "--out", scores])
    values = {}
    for threads in (1, 2):
        points = []
        for share in SHARES:
            sets = [w for s in [*SETTINGS, f"data.train_fraction={share}"] for w in ("--set", s)]
            result, _, command = bench.graphsieve("--scores", scores, *sets, command="train", threads=threads)
            network = result["runs"][0]["network"]
            points.append((-(-int(NODES * share) // BATCH), network["sampling_seconds"] * 1000))
            values[f"waiting_share_{threads}"] = network["waiting_seconds"] / network["seconds"]
        (few, of_few), (many, of_many) = points
        each = (of_many - of_few) / (many - few)
        epoch = of_few - few * each
        values[f"epoch_ms_{threads}"] = epoch
        values[f"engine_ms_{threads}"] = each + epoch / (NODES * RECIPE_SHARE / BATCH)
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
