"""The network: parameters in one flat vector, buffers planned once per batch size, training and prediction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

import fastact
from fastact import losses

from . import _checks
from .initialisers import INITIALISERS
from .layers import Dense, Derivatives
from .optimisers import Adam, Optimiser
from .statistics import LayerStatistics, backward_statistics, forward_statistics

CHUNK = 1024
"""Samples that a prediction takes at a time: its memory does not grow with the number of samples."""

PLANS = 4
"""Batch sizes whose buffers are kept: the batch, the rest of the epoch, a prediction and its rest."""


@dataclass
class History:
    """What a call of `Network.fit` saw.

    Attributes
    ----------
    loss : list of float
        Mean loss over the samples of each epoch, each taken just before the step that it led to.
    """

    loss: list[float] = field(default_factory=list)


class Plan:
    """Every buffer that a batch of a given size needs.

    Attributes
    ----------
    samples : ndarray, shape (size, inputs + 1)
        The batch, and a last column of ones.
    labels : ndarray of intp, shape (size,)
        Its labels.
    inputs : list of ndarray, each (inputs of the layer + 1, size)
        What each layer gets; the last row is 1. The first is ``samples`` transposed.
    outputs : list of ndarray, each (units, size)
        What each layer gives: the next one's inputs without the last row.
    slopes : list of ndarray, each (units, size)
        f' at the pre-activations after the pass forward, dL/dpre-activations after the pass back.
    gradients : list of ndarray, each (units, size)
        dL/doutputs, alive for one layer at a time: all share one memory.
    """

    def __init__(self, size: int, widths: Sequence[int], dtype: np.dtype) -> None:
        inputs, *units = widths
        self.samples = np.ones((size, inputs + 1), dtype)
        self.labels = np.zeros(size, np.intp)
        activations = [np.ones((width + 1, size), dtype) for width in units]
        self.inputs = [self.samples.T, *activations[:-1]]
        self.outputs = [activation[:-1] for activation in activations]
        self.slopes = [np.empty((width, size), dtype) for width in units]
        shared = np.empty(max(units) * size, dtype)
        self.gradients = [shared[: width * size].reshape(width, size) for width in units]


class Network:
    """A multi-layer perceptron that classifies: dense layers, cross-entropy from the last layer's outputs (logits).

    Parameters
    ----------
    layers : sequence of Dense
        At least one. The last has one unit per class, at least 2, and usually the activation "identity".
        The network works on copies.
    inputs : int
        Number of features, at least 1.
    dtype : {"float32", "float64"}
        Of parameters, activations and gradients.
    seed : int, default 0
        At least 0. It alone decides the initial weights and the order of the samples: two runs agree bit for bit.
        Weights are drawn in float64, so a float32 network starts from the rounded weights of the float64 one.
    initialiser : str, default "xavier_uniform"
        Distribution of the initial weights: "xavier_uniform" (alias "xavier"), "xavier_normal", "he_uniform" or
        "he_normal" (alias "he"). Biases start at 0.
    gain : float, default 1
        In (0, inf); multiplies the initial weights.
    derivatives : {"exact", "textbook"}
        "textbook" takes sigmoid' as y (1 - y) and tanh' as 1 - y^2 from the rounded output y, to show what is lost;
        all else is exact in either case.

    Attributes
    ----------
    parameters, gradients : ndarray, 1-D
        All weights and biases, and the derivatives of the last loss with respect to them.
    layers : list of Dense
        Their weights, biases and gradients are views into these two.

    Raises
    ------
    ValueError
        For an argument that is not allowed, here and in every method; the message names it, and nothing has changed.
    """

    def __init__(
        self,
        layers: Sequence[Dense],
        inputs: int,
        *,
        dtype: DTypeLike = "float32",
        seed: int = 0,
        initialiser: str = "xavier_uniform",
        gain: float = 1.0,
        derivatives: Derivatives = "exact",
    ) -> None:
        layers = list(layers)
        if not layers or not all(isinstance(layer, Dense) for layer in layers):
            raise ValueError(f"layers must be a sequence of at least one Dense, got {layers!r:.60}")
        if layers[-1].units < 2:
            raise ValueError(f"layers: the last must have one unit per class, at least 2, got {layers[-1].units}")
        draw = INITIALISERS[_checks.choice("initialiser", initialiser, INITIALISERS)]
        gain = _checks.number("gain", gain, 0.0)
        self.inputs = _checks.integer("inputs", inputs, 1)
        self.dtype = _float_dtype(dtype)
        _checks.choice("derivatives", derivatives, ("exact", "textbook"))
        self.derivatives: Derivatives = derivatives
        self.layers = layers
        self.rng = np.random.default_rng(_checks.integer("seed", seed, 0))
        widths = self._widths
        size = sum((n + 1) * m for n, m in pairwise(widths))
        self.parameters = np.zeros(size, self.dtype)
        self._attach()
        for layer in self.layers:
            layer.weight[...] = gain * draw(self.rng, *layer.weight.shape)

    @property
    def classes(self) -> int:
        """Number of classes: the units of the last layer."""
        return self.layers[-1].units

    @property
    def _widths(self) -> list[int]:
        return [self.inputs, *(layer.units for layer in self.layers)]

    def _attach(self) -> None:
        """Give fresh copies of the layers their parts of the flat vectors."""
        self.gradients = np.zeros_like(self.parameters)
        self._plans: dict[int, Plan] = {}
        self.layers = [replace(layer) for layer in self.layers]
        start = 0
        for inputs, layer in zip(self._widths, self.layers, strict=False):
            stop = start + (inputs + 1) * layer.units
            shape = (inputs + 1, layer.units)
            layer.attach(
                self.parameters[start:stop].reshape(shape), self.gradients[start:stop].reshape(shape), self.derivatives
            )
            start = stop

    def __getstate__(self) -> dict[str, Any]:
        """Without views and buffers, which `__setstate__` makes anew: pickled views would be copies."""
        state = self.__dict__ | {"layers": [replace(layer) for layer in self.layers]}
        del state["gradients"], state["_plans"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._attach()

    def __repr__(self) -> str:
        return f"Network({self.layers!r}, inputs={self.inputs}, dtype={self.dtype.name!r})"

    def _plan(self, size: int) -> Plan:
        """The buffers for a batch size; those of the size not used for longest make room for new ones."""
        plan = self._plans.pop(size, None) or Plan(size, self._widths, self.dtype)
        self._plans[size] = plan
        if len(self._plans) > PLANS:
            del self._plans[next(iter(self._plans))]
        return plan

    def _forward_with_derivatives(self, plan: Plan) -> None:
        for layer, inputs, outputs, slopes in zip(self.layers, plan.inputs, plan.outputs, plan.slopes, strict=True):
            layer.forward_with_derivative(inputs, outputs, slopes)

    def _backpropagate(self, plan: Plan) -> float:
        """The mean loss of the planned batch; fills the gradients from what the pass forward left in the plan."""
        loss, _ = losses.cross_entropy_value_and_gradient(
            plan.outputs[-1].T, plan.labels, out=plan.gradients[-1].T, validate=False
        )
        for i in reversed(range(len(self.layers))):
            below = plan.gradients[i - 1] if i else None
            self.layers[i].backward(plan.inputs[i], plan.slopes[i], plan.gradients[i], below)
        return float(loss)

    def _load(self, X: ArrayLike, y: ArrayLike) -> Plan:
        """A plan that holds the given samples and labels, checked."""
        X = _checks.samples(X, self.inputs, self.dtype)
        y = _checks.labels(y, len(X), self.classes)
        plan = self._plan(len(X))
        plan.samples[:, :-1] = X
        plan.labels[:] = y
        return plan

    def loss_and_gradients(self, X: ArrayLike, y: ArrayLike) -> float:
        """The mean cross-entropy over the samples, in nats; fills ``gradients`` with its derivatives.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
            Finite numbers.
        y : array_like of integers, shape (samples,)
            Labels in [0, classes).
        """
        plan = self._load(X, y)
        with np.errstate(all="ignore"):
            self._forward_with_derivatives(plan)
            return self._backpropagate(plan)

    def statistics(self, X: ArrayLike, y: ArrayLike) -> list[LayerStatistics]:
        """Statistics of every layer from one pass forward and back over all samples; fills ``gradients`` as well.

        Parameters are those of `loss_and_gradients`.
        """
        plan = self._load(X, y)
        with np.errstate(all="ignore"):
            self._forward_with_derivatives(plan)
            forward = [
                forward_statistics(*of_layer) for of_layer in zip(self.layers, plan.outputs, plan.slopes, strict=True)
            ]
            self._backpropagate(plan)
        return [
            LayerStatistics(layer=i, activation=layer.activation, **forward[i], **backward_statistics(layer, deltas))
            for i, (layer, deltas) in enumerate(zip(self.layers, plan.slopes, strict=True))
        ]

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int = 10,
        batch_size: int = 32,
        optimiser: Optimiser | None = None,
        shuffle: bool = True,
        callback: Callable[[int, float], object] | None = None,
    ) -> History:
        """Train from the present parameters on.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
            Finite numbers. One copy is made.
        y : array_like of integers, shape (samples,)
            Labels in [0, classes).
        epochs, batch_size : int
            At least 1. The last batch of an epoch is smaller where the batch size does not divide the samples.
        optimiser : Optimiser, optional
            A new ``Adam()`` by default. One that trained this network before goes on with its moments.
        shuffle : bool, default True
            Whether each epoch takes the samples in a new random order.
        callback : callable, optional
            Called after each epoch with the number of finished epochs and the epoch's mean loss. What it raises ends
            the training and leaves the network as trained so far.

        Raises
        ------
        ValueError
            For bad arguments, before anything changes.
        FloatingPointError
            If an epoch's loss or the parameters after it are not finite: the training has diverged.
        """
        X = _checks.samples(X, self.inputs, self.dtype)
        y = _checks.labels(y, len(X), self.classes)
        epochs = _checks.integer("epochs", epochs, 1)
        batch_size = min(_checks.integer("batch_size", batch_size, 1), len(X))
        optimiser = Adam() if optimiser is None else optimiser
        if not isinstance(optimiser, Optimiser):
            raise ValueError(f"optimiser must be an Optimiser such as SGD or Adam, got {optimiser!r:.60}")
        if not isinstance(shuffle, (bool, np.bool_)):
            raise ValueError(f"shuffle must be True or False, got {shuffle!r:.60}")
        if callback is not None and not callable(callback):
            raise ValueError(f"callback must be callable or None, got {callback!r:.60}")
        optimiser.attach(self.parameters)

        samples = np.ones((len(X), self.inputs + 1), self.dtype)
        samples[:, :-1] = X
        order = np.arange(len(X))
        history = History()
        for epoch in range(1, epochs + 1):
            if shuffle:
                self.rng.shuffle(order)
            total = 0.0
            with np.errstate(all="ignore"):
                for start in range(0, len(X), batch_size):
                    batch = order[start : start + batch_size]
                    plan = self._plan(len(batch))
                    # mode="clip" only because "raise" would go through a temporary array
                    samples.take(batch, axis=0, out=plan.samples, mode="clip")
                    y.take(batch, out=plan.labels, mode="clip")
                    self._forward_with_derivatives(plan)
                    total += self._backpropagate(plan) * len(batch)
                    optimiser.step(self.parameters, self.gradients)
            loss = total / len(X)
            if not all(map(math.isfinite, (loss, self.parameters.min(), self.parameters.max()))):
                raise FloatingPointError(f"training diverged in epoch {epoch} (loss {loss}): lower the learning_rate")
            history.loss.append(loss)
            if callback is not None:
                callback(epoch, loss)
        return history

    def forward(self, X: ArrayLike) -> NDArray:
        """The logits, an array (samples, classes) of the network's dtype, for finite samples (samples, inputs)."""
        X = _checks.samples(X, self.inputs, self.dtype)
        logits = np.empty((len(X), self.classes), self.dtype)
        with np.errstate(all="ignore"):
            for start in range(0, len(X), CHUNK):
                chunk = X[start : start + CHUNK]
                plan = self._plan(len(chunk))
                plan.samples[:, :-1] = chunk
                for layer, inputs, outputs in zip(self.layers, plan.inputs, plan.outputs, strict=True):
                    layer.forward(inputs, outputs)
                logits[start : start + CHUNK] = plan.outputs[-1].T
        return logits

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """The most probable label of each of the samples (samples, inputs); the smallest of several."""
        return self.forward(X).argmax(axis=1)

    def predict_proba(self, X: ArrayLike) -> NDArray:
        """The probability of each class, softmax of the logits: an array (samples, classes)."""
        logits = self.forward(X)
        return fastact.softmax(logits, axis=1, out=logits)

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """The share of samples (samples, inputs) whose predicted label is the one in y: the accuracy."""
        predicted = self.predict(X)
        return float((predicted == _checks.labels(y, len(predicted), self.classes)).mean())


def _float_dtype(dtype: DTypeLike) -> np.dtype:
    try:
        result = np.dtype(dtype)
    except TypeError:
        result = None
    if result not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r:.60}")
    return result
