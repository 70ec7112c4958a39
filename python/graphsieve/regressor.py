# SPDX-License-Identifier: Apache-2.0
"""Node regression with the interface of scikit-learn."""
from __future__ import annotations

from typing import Any

import numpy as np

from graphsieve.model import NodeModel

__all__ = ["NodeRegressor"]


class NodeRegressor(NodeModel):
    """A sparse graph transformer that predicts one or several numbers per node.

    The labels of the data are numbers [n] or [n, numbers]; NaN is missing. Training standardises them, and predictions have their
    unit. The recipe's data.loss is mse, mae or huber, and data.metric is rmse, mae or r2. The arguments are those of
    `graphsieve.model.NodeModel`: recipe, settings, split, seed, threads, memory, device, out, overwrite, resume, progress, trackers.
    After fit: run_ (the run folder), result_ (its result.json), n_features_in_.

    >>> import scipy.sparse
    >>> ring = scipy.sparse.diags_array([1., 1.], offsets=[1, -39], shape=(40, 40))
    >>> sizes = np.arange(40.)
    >>> model = NodeRegressor(settings={"estimator.epochs": 2, "network.epochs": 2}, progress=False)
    >>> model.fit((ring, np.eye(40), sizes / 7)).predict().shape
    (40,)
    """

    _label_kinds = ("numbers",)

    def predict(self, data: Any = None) -> np.ndarray:
        """Returns the numbers, float32 [n] or [n, numbers]. data: default, that of fit."""
        p = self._predict(data)[1]
        return p[:, 0].copy() if p.shape[1] == 1 else p.copy()

    def table(self, data: Any = None, embeddings: bool = False) -> dict[str, np.ndarray]:
        """Returns columns by name, with one entry per node, for pandas.DataFrame, polars.DataFrame and pyarrow.table.

        They are `node` (the user's own id), `predicted` (for several numbers predicted_NAME) and, with `embeddings`, h_0, h_1, …
        """
        graph, p, hidden = self._predict(data)
        names = ["predicted"] if p.shape[1] == 1 else [f"predicted_{name}" for name in self._trained_on.class_values]
        columns = {"node": graph.ids} | {name: p[:, c] for c, name in enumerate(names)}
        return columns | {f"h_{i}": hidden[:, i] for i in range(hidden.shape[1] if embeddings else 0)}
