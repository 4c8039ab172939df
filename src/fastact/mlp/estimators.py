"""scikit-learn's estimators on a `Network`: MLPClassifier and MLPRegressor.

Parameters, attributes and stopping are named and meant as in ``sklearn.neural_network``, where they exist there. What
is different: every activation and optimiser of fastact by name, batch normalisation, dropout, weights of classes, and
any loss of numbers for the regressor. This module and `_perceptron` alone need scikit-learn.

Design
------
An estimator owns a `Network` and what scikit-learn's conventions add to it: it turns classes into labels, weights of
samples into such of mean 1, and its ``random_state`` into the network's seed, and it watches the epochs of one call of
`Network.fit` from the callback, which ends the training by raising.

A sample of weight 0 is left out before anything else is done, so that it has no part in batches, classes or means; one
of a class of weight 0 only makes its class known. The penalty is divided by the weight of a batch. So a weight of 2 is
the same as the sample twice, where one batch has all.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target

import fastact
from fastact import losses

from . import _checks
from ._parameters import constructor, documented
from ._perceptron import Perceptron

# What scikit-learn calls a loss, where that is another name.
_THEIR_LOSSES = {"squared_error": "mean_squared_error", "absolute_error": "mean_absolute_error"}

# The losses that a regressor may have, aliases included.
_REGRESSION = [
    name
    for row in losses.LOSSES.values()
    if row.target == "dense" and not row.logits and not row.rows and row.target_domain.upper == math.inf
    for name in (row.name, *row.aliases)
]


def _balanced(y: NDArray, weight: NDArray) -> NDArray:
    """A weight of each sample with which all classes weigh the same, and all samples together what they did."""
    classes, labels = np.unique(y, return_inverse=True)
    total = np.bincount(labels, weights=weight)
    return (total.sum() / (len(classes) * total))[labels]


@documented
class MLPClassifier(ClassifierMixin, Perceptron):
    """A multi-layer perceptron that classifies: one class for each sample, or several labels.

    It minimises the cross-entropy of softmax, with an output for each class; of sigmoid, with one output for two
    classes and one for each of several labels.

    Parameters
    ----------
    {parameters}
    class_weight : dict or "balanced", optional
        Weights by class in [0, inf), 1 for those left out; "balanced" is samples / (classes * samples of the class),
        samples counted by their weights. Not all samples may weigh 0.

    Attributes
    ----------
    classes_ : ndarray
        The classes, sorted; of several labels their numbers.
    {attributes}

    Examples
    --------
    >>> from fastact.mlp import MLPClassifier
    >>> net = MLPClassifier((8,), "gelu", solver="lbfgs", random_state=0)
    >>> net.fit([[0.0], [1.0], [2.0], [3.0]], ["no", "yes", "yes", "no"]).predict([[1.5]])
    array(['yes'], dtype='<U3')
    """

    __init__ = constructor({}, {"class_weight": None})

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> MLPClassifier:
        """Train on samples (samples, features) of classes (samples,), or of labels (samples, labels) that are 0 or 1.

        Parameters
        ----------
        X : array_like, shape (samples, features)
            Trained in float32 if it is float32, else in float64.
        y : array_like, shape (samples,) or (samples, labels)
            At least two classes.
        sample_weight : array_like, shape (samples,), optional
            In [0, inf), not all 0; only their ratios count.

        Raises
        ------
        ValueError
            For parameters or data that are not allowed.
        FloatingPointError
            If the training diverges.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(Perceptron._takes_batches)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> MLPClassifier:
        """One epoch more over these samples; the first call needs all ``classes`` that there will be.

        Parameters and errors are those of `fit`. Where samples have several labels ``classes`` may be left out.
        """
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict(self, X: ArrayLike) -> NDArray:
        """The most probable class of each sample (samples, features), or its labels with a probability above 1/2."""
        outputs = self._outputs(X)
        if self._multilabel:
            return self._decided(outputs)
        return self.classes_[self._decided(outputs).ravel()]

    def predict_proba(self, X: ArrayLike) -> NDArray:
        """The probability of each class, or of each label by itself: an array (samples, classes or labels)."""
        outputs = self._outputs(X)
        if self.out_activation_ == "softmax":
            return fastact.softmax(outputs, axis=1)
        return fastact.sigmoid(self._both_sides(outputs))

    def predict_log_proba(self, X: ArrayLike) -> NDArray:
        """The logarithms of `predict_proba`, finite even where a probability is too small for its dtype."""
        outputs = self._outputs(X)
        if self.out_activation_ == "softmax":
            return fastact.log_softmax(outputs, axis=1)
        return fastact.log_sigmoid(self._both_sides(outputs))

    def _both_sides(self, outputs: NDArray) -> NDArray:
        """The logits of both classes from that of the second; those of several labels as they are."""
        return outputs if self._multilabel else np.hstack([-outputs, outputs])

    def _decided(self, outputs: NDArray) -> NDArray:
        """The number of the class of each sample; 0 or 1 for each label, and for two classes."""
        return outputs.argmax(axis=1) if self.out_activation_ == "softmax" else (outputs > 0).astype(int)

    def _targets(
        self, y: NDArray, weight: NDArray | None, *, first: bool, incremental: bool, classes: Any = None
    ) -> tuple[NDArray, NDArray | None]:
        """The numbers of classes, or 0 and 1 for each label, and for two classes; and weights, of classes too."""
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind == "multiclass-multioutput":
            raise ValueError("y must have one class for each sample, or labels that are 0 or 1")
        multilabel = kind == "multilabel-indicator"
        if first:
            if incremental and classes is None and not multilabel:
                raise ValueError("classes must be given in the first call of partial_fit")
            known = np.arange(y.shape[1]) if multilabel else np.unique(y if classes is None else classes)
            if not multilabel and len(known) < 2:
                raise ValueError(f"y must have at least 2 classes, got {len(known)} class")
        else:
            known = self.classes_
            if classes is not None and not np.array_equal(np.unique(classes), known):
                raise ValueError(f"classes must be those of the first call, {known}, got {classes!r:.60}")
            if multilabel != self._multilabel or (multilabel and y.shape[1] != len(known)):
                raise ValueError(f"y must be as in the fit before, got {kind} of shape {y.shape}")
        targets = y
        if not multilabel:
            unknown = np.setdiff1d(y, known)
            if len(unknown):
                raise ValueError(f"y must have the classes {known} alone, got {unknown[:5]}")
            targets = np.searchsorted(known, y)
        weight = self._weighted_by_class(y, weight, incremental=incremental)
        self.classes_, self._multilabel = known, multilabel
        self.out_activation_ = "softmax" if not multilabel and len(known) > 2 else "sigmoid"
        self._loss = "cross_entropy" if self.out_activation_ == "softmax" else "bce_with_logits"
        self.n_outputs_ = 1 if not multilabel and len(known) == 2 else len(known)
        return targets.reshape(len(y), -1) if self.out_activation_ == "sigmoid" else targets, weight

    def _weighted_by_class(self, y: NDArray, weight: NDArray | None, *, incremental: bool) -> NDArray | None:
        if self.class_weight is None:
            return weight
        weight = np.ones(len(y)) if weight is None else weight
        if not isinstance(self.class_weight, str) or self.class_weight != "balanced":
            weight = weight * compute_sample_weight(self.class_weight, y)
            if not np.isfinite(weight).all() or weight.min() < 0 or not weight.any():
                raise ValueError(
                    f"class_weight must have weights in [0, inf) that leave samples, got {self.class_weight!r:.60}"
                )
            return weight
        if incremental:
            raise ValueError("class_weight must not be 'balanced' for partial_fit, which does not see all samples")
        return weight * math.prod(_balanced(column, weight) for column in y.reshape(len(y), -1).T)

    def _stratification(self, y: NDArray) -> NDArray | None:
        return None if self._multilabel else y.ravel()

    def _score(self, X: NDArray, y: NDArray, weight: NDArray | None) -> float:
        return float(accuracy_score(y, self._decided(self.network_.forward(X)), sample_weight=weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@documented
class MLPRegressor(MultiOutputMixin, RegressorMixin, Perceptron):
    """A multi-layer perceptron that predicts a number for each sample, or several.

    Parameters
    ----------
    loss : str, default "squared_error"
        A loss of numbers in ``fastact.losses``: "mean_squared_error", which is "squared_error", too (without a factor
        1/2); "mean_absolute_error" ("absolute_error"), "mean_absolute_percentage_error", "huber", "log_cosh"; and
        "poisson" and "mean_squared_logarithmic_error", for which the outputs go through the exponential function.
    {parameters}

    Attributes
    ----------
    {attributes}

    Examples
    --------
    >>> from fastact.mlp import MLPRegressor
    >>> net = MLPRegressor("huber", (8,), "tanh", solver="lbfgs", random_state=0)
    >>> net.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0]).predict([[2.0]]).round(1)
    array([4.])
    """

    __init__ = constructor({"loss": "squared_error"}, {})

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> MLPRegressor:
        """Train on samples (samples, features) and numbers (samples,) or (samples, outputs).

        Parameters
        ----------
        X, sample_weight
            As for `MLPClassifier.fit`, with its errors.
        y : array_like, shape (samples,) or (samples, outputs)
            In the domain of the loss.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(Perceptron._takes_batches)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> MLPRegressor:
        """One epoch more over these samples; parameters and errors are those of `fit`."""
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayLike) -> NDArray:
        """The numbers of each sample (samples, features): an array (samples,), or (samples, outputs) of several."""
        outputs = self._outputs(X)
        return outputs.ravel() if self.n_outputs_ == 1 else outputs

    def _targets(
        self,
        y: NDArray,
        weight: NDArray | None,
        *,
        first: bool,
        incremental: bool,  # noqa: ARG002
    ) -> tuple[NDArray, NDArray | None]:
        """Numbers (samples, outputs), and the weights."""
        y = y.reshape(len(y), -1)
        if not first and y.shape[1] != self.n_outputs_:
            raise ValueError(f"y must have {self.n_outputs_} outputs as in the fit before, got {y.shape[1]}")
        name = _THEIR_LOSSES.get(self.loss, self.loss) if isinstance(self.loss, str) else self.loss
        loss = losses.get(_checks.choice("loss", name, _REGRESSION))
        loss.checked_target(y, np.empty(y.shape))
        self._loss, self.n_outputs_ = loss.name, y.shape[1]
        self.out_activation_ = "exponential" if loss.target_domain.lower == 0.0 else "identity"
        self._last_activation = self.out_activation_
        return y, weight

    def _stratification(self, y: NDArray) -> None:  # noqa: ARG002
        return None

    def _score(self, X: NDArray, y: NDArray, weight: NDArray | None) -> float:
        return float(r2_score(y, self.network_.forward(X), sample_weight=weight))
