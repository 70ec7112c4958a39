# SPDX-License-Identifier: Apache-2.0
"""Node classification with the interface of scikit-learn."""
from __future__ import annotations

from typing import Any

import numpy as np

from graphsieve import plots
from graphsieve._check import Error
from graphsieve._sklearn import ClassifierMixin
from graphsieve.model import NodeModel

__all__ = ["NodeClassifier"]


class NodeClassifier(ClassifierMixin, NodeModel):
    """A sparse graph transformer for node classification: one class per node, or several labels per node.

    The arguments are those of `graphsieve.model.NodeModel`: recipe, settings, split, seed, threads, memory, device, out, overwrite,
    resume, progress, trackers, graph, validation_fraction. After fit: run_ (the run folder), result_ (its result.json), classes_,
    n_features_in_. It is a classifier of scikit-learn where that is installed.

    >>> model = NodeClassifier(settings={"estimator.epochs": 2, "network.epochs": 2}, progress=False)
    >>> graph = graphsieve.minesweeper(20)
    >>> model.fit(graph).predict(graph).shape
    (400,)
    >>> model.predict_proba(graph).shape, model.transform(graph).shape
    ((400, 2), (400, 32))
    """

    _label_kinds = ("single", "multi")

    @property
    def classes_(self) -> np.ndarray:
        """The names of the classes, or of the labels of a node; an AttributeError before fit."""
        return self._names

    def predict(self, data: Any = None) -> np.ndarray:
        """Returns the class of each node [n] or, with several labels per node, 0 or 1 [n, labels]. data: default, that of fit."""
        return self._decisions(self._predict(data).values)

    def _decisions(self, p: np.ndarray) -> np.ndarray:
        """Returns what the probabilities decide, with the run's thresholds (data.threshold) if it has any."""
        learned = self.result_["runs"][0].get("learned", {})
        thresholds = learned.get("thresholds")
        if self._kind == "multi":
            return (p > 0.5 if thresholds is None else p >= np.array(thresholds)).astype(np.int64)
        if thresholds is None:
            return self.classes_[p.argmax(1)]
        positive = [str(value) for value in self.classes_].index(learned["positive_class"])
        return self.classes_[np.where(p[:, positive] >= np.float64(thresholds[0]), positive, 1 - positive)]

    def predict_proba(self, data: Any = None) -> np.ndarray:
        """Returns the probabilities, float32 [n, classes]."""
        return self._predict(data).values.copy()

    def score(self, data: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the share of the nodes whose class, or all of whose labels, are predicted; weighted by `sample_weight` [n]."""
        predicted, given = self.predict(data), np.asarray(y)
        if given.shape != predicted.shape:
            raise Error(f"y: shape {list(given.shape)}, expected {list(predicted.shape)}, the labels of the nodes of data")
        right = predicted == given
        return float(np.average(right if right.ndim == 1 else right.all(1), weights=sample_weight))

    def plot_confusion(self, axes: Any = None) -> Any:
        """Draws how many test nodes of each class were predicted as each class, and returns the figure of matplotlib."""
        self._fitted()
        return plots.confusion(self.run_, axes)

    def table(self, data: Any = None, embeddings: bool = False) -> dict[str, np.ndarray]:
        """Returns columns by name, with one entry per node, for pandas.DataFrame, polars.DataFrame and pyarrow.table.

        They are `node` (the user's own id), `predicted`, `p_CLASS` and, with `embeddings`, h_0, h_1, …

        >>> import networkx as nx
        >>> G = nx.cycle_graph(40, create_using=nx.Graph)
        >>> nx.set_node_attributes(G, {i: {"x": [i % 2, 1.0], "y": "even" if i % 2 == 0 else "odd"} for i in G})
        >>> model = NodeClassifier(settings={"estimator.epochs": 1, "network.epochs": 1}, progress=False).fit(G)
        >>> list(model.table())
        ['node', 'predicted', 'p_even', 'p_odd']
        """
        found = self._predict(data)
        p, hidden, predicted = found.values, found.embeddings, self._decisions(found.values)
        if self._kind == "multi":
            predicted = np.array(["|".join(map(str, row)) for row in predicted])
        columns = {"node": found.ids, "predicted": predicted}
        columns |= {f"p_{value}": p[:, c] for c, value in enumerate(self.classes_)}
        return columns | {f"h_{i}": hidden[:, i] for i in range(hidden.shape[1] if embeddings else 0)}
