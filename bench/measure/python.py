# SPDX-License-Identifier: Apache-2.0
"""The Python package in PyG users' scripts: the attention layer beside TransformerConv, SampledLoader beside NeighborLoader."""
import os
import tempfile

from measure.program import CACHE, ROOT, Failed, json_lines, run
from measure.rows import Rows

SEEDS, EPOCHS, LOADER_EPOCHS, STEPS = 3, 50, 50, 5
THEIRS = "from torch_geometric.nn import TransformerConv as Conv"
OURS = "from graphsieve.nn import SparseAttention as Conv"
PEERS = ROOT / "bench" / "peers"


def python(bench):
    rows = Rows("python")
    package = bench.build_folder / "python"
    if not any((package / "graphsieve").glob("_engine*.so")):
        raise Failed("the Python package is not built; make build")
    env = dict(os.environ, PYTHONPATH=f"{package}:{PEERS}")
    for name in bench.names("tolokers"):
        for what in ("pyg", "graphsieve", "check"):
            bench.row(rows, {"what": "edge features", "data": name, "library": what},
                      lambda name=name, what=what: edge_features(bench, name, what, env))
        for seed in range(SEEDS):
            for library in ("pyg", "graphsieve"):
                bench.row(rows, {"what": "layer", "data": name, "library": library, "seed": seed},
                          lambda name=name, seed=seed, library=library: layer(bench, name, library, seed, env))
            for loader in ("sampled", "neighbor"):
                bench.row(rows, {"what": "loader", "data": name, "loader": loader, "seed": seed},
                          lambda name=name, seed=seed, loader=loader: batches(bench, name, loader, seed, env))


def layer(bench, name, library, seed, env):
    """The script as it stands, or with the one line changed."""
    text = (PEERS / "pyg_user.py").read_text()
    if text.count(THEIRS + "\n") != 1:
        raise Failed(f"pyg_user.py: expected one line '{THEIRS}'")
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(text.replace(THEIRS, OURS) if library == "graphsieve" else text)
        script.flush()
        out = run([bench.peer_python(), script.name, bench.file(name), EPOCHS, seed], env=env)
    return json_lines(out)[-1], [bench.peer_python(), PEERS / "pyg_user.py", bench.file(name), EPOCHS, seed]


def edge_features(bench, name, what, env):
    """Seconds by the allocator as it is, and memory with what is freed given back, which it otherwise may keep."""
    command = [bench.peer_python(), PEERS / "edge_features.py", bench.file(name), what, STEPS]
    values = json_lines(run(command, env=env))[-1]
    if what != "check":
        values["peak_mib"] = json_lines(run(command, env=dict(env, MALLOC_MMAP_THRESHOLD_="1048576")))[-1]["peak_mib"]
    return values, command


def batches(bench, name, loader, seed, env):
    scores = CACHE / f"{name}-estimator"
    if not (scores / "result.json").exists():
        run([bench.binary, "estimate", bench.file(name), "--quiet", "--overwrite", "--out", scores])
    if loader == "neighbor" and not has_neighbor_sampling(bench):
        return {"missing": "pyg-lib or torch-sparse"}, [bench.peer_python(), "-c", "import torch_sparse"]
    command = [bench.peer_python(), PEERS / "pyg_loaders.py", bench.file(name), scores, loader, LOADER_EPOCHS, seed]
    return json_lines(run(command, env=env))[-1], command


def has_neighbor_sampling(bench):
    probe = "import torch_geometric.typing as t; print(t.WITH_PYG_LIB or t.WITH_TORCH_SPARSE)"
    return run([bench.peer_python(), "-c", probe]).strip() == "True"
