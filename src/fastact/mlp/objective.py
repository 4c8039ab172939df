"""What a network minimises: a loss of ``fastact.losses`` between its outputs and targets of the kind that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import fastact
from fastact import losses
from fastact.losses.kernels import cross_entropy

from . import _checks


class Objective:
    """A loss by its name, for outputs (outputs, samples) and their targets.

    Parameters
    ----------
    loss : str
        Name or alias in ``fastact.losses``.
    parameters : mapping of str to float
        Keywords of the loss, such as ``label_smoothing`` of "cross_entropy".
    outputs : int
        Of the network.

    Attributes
    ----------
    labels : bool
        Whether targets are integer labels; else they are numbers (samples, outputs).
    """

    def __init__(self, loss: Any, parameters: Any, outputs: int) -> None:
        if not isinstance(loss, str):
            raise ValueError(f"loss must be a name in fastact.losses, got {loss!r:.60}")
        self.record = losses.get(loss)
        if not isinstance(parameters, Mapping):
            raise ValueError(f"loss_parameters must map names to numbers, got {parameters!r:.60}")
        self.name: str = self.record.name
        self.parameters = self.record.checked_parameters(parameters)
        self.outputs = outputs
        self.labels: bool = self.record.target == "labels"
        if self.labels and outputs < 2:
            raise ValueError(f"layers: the last must have one unit per class, at least 2, got {outputs}")
        self.fused = self.name == "cross_entropy" and not self.parameters

    def checked(self, y: ArrayLike, count: int, dtype: np.dtype) -> NDArray:
        """Targets for so many samples, as the buffers of a plan hold them: labels, or numbers (samples, outputs)."""
        if self.labels:
            return _checks.labels(y, count, self.outputs)
        targets = _checks.dense(y, count, self.outputs, dtype)
        try:  # what is outside the domain of the loss, such as probabilities above 1
            self.record.checked_target(targets, targets)
        except ValueError as error:
            raise ValueError(f"y does not fit the loss {self.name}: {error}") from None
        return targets

    def value_and_gradient(self, outputs: NDArray, targets: NDArray, weights: NDArray | None, out: NDArray) -> float:
        """The mean loss of a batch and its gradient, in ``out``.

        Parameters
        ----------
        outputs, out : ndarray, shape (outputs, samples)
        targets : ndarray, shape (samples,) or (samples, outputs)
            As `checked` made them.
        weights : ndarray, shape (samples,), or None
            Of the outputs' dtype; they multiply the samples' losses, whose sum is divided by the number of samples.
        """
        if self.fused:
            size = outputs.shape[1]
            return cross_entropy(outputs, targets, weights, 1.0 / size, out) / size
        value, _ = self.record.value_and_gradient(
            outputs.T, targets, sample_weight=weights, out=out.T, validate=False, **self.parameters
        )
        return float(value)

    def probabilities(self, outputs: NDArray) -> NDArray:
        """Probabilities from outputs (samples, outputs), in place."""
        if self.record.logits:
            function: Any = fastact.softmax if self.labels else fastact.sigmoid
            return function(outputs, axis=1, out=outputs) if self.labels else function(outputs, out=outputs)
        if self.name in PROBABILITIES:
            return outputs
        if self.name == "nll":
            return np.exp(outputs, out=outputs)
        raise ValueError(f"predict_proba needs a loss of probabilities or logits, this network's is {self.name!r}")


PROBABILITIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "kl_divergence")
