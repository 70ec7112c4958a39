# SPDX-License-Identifier: Apache-2.0
"""What the models take from scikit-learn where it is installed: its base classes, and its error for a model that is not fitted yet.

Without scikit-learn, the same names are empty classes, and the models have get_params, set_params, score and all else of their own.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from graphsieve._check import Error

__all__ = ["BaseEstimator", "ClassifierMixin", "NotFittedError", "RegressorMixin"]

if TYPE_CHECKING:
    class BaseEstimator: ...
    class ClassifierMixin: ...
    class RegressorMixin: ...
    class _OfScikitLearn(ValueError): ...
else:
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
        from sklearn.exceptions import NotFittedError as _OfScikitLearn
    except Exception:  # it is absent, or damaged, which must not keep anyone from graphsieve
        class BaseEstimator: ...
        class ClassifierMixin: ...
        class RegressorMixin: ...
        class _OfScikitLearn(ValueError): ...


class NotFittedError(Error, _OfScikitLearn):
    """The model has not been fitted yet. It is scikit-learn's error of that name too, where scikit-learn is installed."""
