# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package share. Where the package is not built they are skipped, all of them."""
import importlib.util
import pathlib
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "program"))

if importlib.util.find_spec("graphsieve") is None:
    print("skipped: the Python package is not built (nanobind is not there)")
    sys.exit(77)

import numpy as np  # noqa: E402
import torch  # noqa: E402

from engine_testing import EngineTest, Graph, without_checksums  # noqa: E402, F401

SHORT = {"estimator.epochs": 3, "network.epochs": 3, "network.width": 8}
if importlib.util.find_spec("torch_geometric") is None:  # that of the benchmarks, on top of the same torch
    sys.path += [str(p) for p in (ROOT / ".venv-bench" / "lib").glob("python3*/site-packages")]
HAS_PYG = importlib.util.find_spec("torch_geometric") is not None


class DataLike(types.SimpleNamespace):
    """What the package needs of PyG's Data."""

    @property
    def num_nodes(self):
        return self.__dict__.get("nodes", len(self.x))

    @num_nodes.setter
    def num_nodes(self, count):
        self.nodes = count

    def to_dict(self):
        return dict(vars(self))

    def __setitem__(self, name, value):
        setattr(self, name, value)


if HAS_PYG:
    from torch_geometric.data import Data
else:
    Data = DataLike


def settings_args(settings):
    return [arg for key, value in settings.items() for arg in ("--set", f"{key}={value}")]


def pyg_like(graph):
    """The arrays of an engine test's graph, under the names that PyG's Data has for them."""
    return types.SimpleNamespace(x=torch.from_numpy(graph.node_features), edge_index=torch.from_numpy(graph.edges.T.copy()),
                                 y=torch.from_numpy(graph.node_labels), train_mask=torch.from_numpy(graph.train_masks.T.copy()),
                                 val_mask=torch.from_numpy(graph.val_masks.T.copy()),
                                 test_mask=torch.from_numpy(graph.test_masks.T.copy()))


def random_edges(sources, destinations, count, types=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    index = torch.stack([torch.randint(0, sources, (count,), generator=generator),
                         torch.randint(0, destinations, (count,), generator=generator)])
    return index, torch.randint(0, types, (count,), generator=generator)


__all__ = ["Data", "EngineTest", "Graph", "HAS_PYG", "ROOT", "SHORT", "np", "pyg_like", "random_edges", "settings_args", "torch"]
