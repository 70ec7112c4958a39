# SPDX-License-Identifier: Apache-2.0
"""Node regression with the interface of scikit-learn."""
from __future__ import annotations

from typing import Any

import numpy as np

from graphsieve._check import Error
from graphsieve._sklearn import RegressorMixin
from graphsieve.model import NodeModel

__all__ = ["NodeRegressor"]


class NodeRegressor(RegressorMixin, NodeModel):
    """A sparse graph transformer that predicts one or several numbers per node.

    The labels of the data are numbers [n] or [n, numbers]; NaN is missing. Training standardises them, and predictions have their
    unit. The recipe's data.loss is mse, mae or huber, and data.metric is rmse, mae or r2. The arguments are those of
    `graphsieve.model.NodeModel`: recipe, settings, split, seed, threads, memory, device, out, overwrite, resume, progress, trackers,
    graph, validation_fraction. After fit: run_ (the run folder), result_ (its result.json), n_features_in_. It is a regressor of
    scikit-learn where that is installed.

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
        p = self._predict(data).values
        return p[:, 0].copy() if p.shape[1] == 1 else p.copy()

    def score(self, data: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R², 1 − (sum of squared errors) / (sum of squared deviations from the mean), as the mean over the numbers of a node;
        weighted by `sample_weight` [n]."""
        predicted, given = self.predict(data).astype(np.float64), np.asarray(y, np.float64)
        if given.shape != predicted.shape:
            raise Error(f"y: shape {list(given.shape)}, expected {list(predicted.shape)}, the numbers of the nodes of data")
        mean = np.average(given, axis=0, weights=sample_weight)
        errors, deviations = (np.average(d**2, axis=0, weights=sample_weight) for d in (given - predicted, given - mean))
        return float(np.mean(np.where(deviations > 0, 1 - errors / np.where(deviations > 0, deviations, 1), np.where(errors > 0, 0, 1))))

    def table(self, data: Any = None, embeddings: bool = False) -> dict[str, np.ndarray]:
        """Returns columns by name, with one entry per node, for pandas.DataFrame, polars.DataFrame and pyarrow.table.

        They are `node` (the user's own id), `predicted` (for several numbers predicted_NAME) and, with `embeddings`, h_0, h_1, …
        """
        found = self._predict(data)
        p, hidden = found.values, found.embeddings
        names = ["predicted"] if p.shape[1] == 1 else [f"predicted_{name}" for name in self._names]
        columns = {"node": found.ids} | {name: p[:, c] for c, name in enumerate(names)}
        return columns | {f"h_{i}": hidden[:, i] for i in range(hidden.shape[1] if embeddings else 0)}
