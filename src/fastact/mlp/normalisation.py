"""Batch normalisation: every feature with mean 0 and variance 1 over the batch, then scaled and shifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from . import _checks
from .elementwise import Derivatives
from .layer import Buffers, Draw, Layer


@dataclass(eq=False)
class BatchNormalisation(Layer):
    """x -> scale (x - mean) / sqrt(variance + epsilon) + shift, for each feature by itself.

    In training mean and (biased) variance are those of the batch, and the running ones move towards them; in
    evaluation they are the running ones.

    Parameters
    ----------
    momentum : float, default 0.1
        Share of the batch's mean and unbiased variance in the new running ones, in (0, 1).
    epsilon : float, default 1e-5
        In (0, inf).
    affine : bool, default True
        Whether scale and shift are learned, from 1 and 0 on; else they stay so.

    Attributes
    ----------
    scale, shift, scale_gradient, shift_gradient : ndarray, shape (features,), or None
        Views into the network's parameters and gradients.
    running_mean, running_variance : ndarray, shape (features,)
        From 0 and 1 on, in the network's dtype.

    References
    ----------
    Ioffe & Szegedy, Batch normalization, ICML 2015, algorithms 1 and 2, in the convention of ``torch.nn.BatchNorm1d``
    (but that a batch of one sample is allowed: its outputs are the shift).
    """

    momentum: float = 0.1
    epsilon: float = 1e-5
    affine: bool = True

    scale: NDArray | None = field(init=False, repr=False, default=None)
    shift: NDArray | None = field(init=False, repr=False, default=None)
    running_mean: NDArray = field(init=False, repr=False)
    running_variance: NDArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.momentum = _checks.number("momentum", self.momentum, 0.0, 1.0)
        self.epsilon = _checks.number("epsilon", self.epsilon, 0.0)
        self.affine = _checks.boolean("affine", self.affine)

    def connect(self, inputs: int) -> int:
        self.features = inputs
        return inputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"scale": (self.features,), "shift": (self.features,)} if self.affine else {}

    def attach(
        self,
        arrays: Mapping[str, NDArray],
        gradients: Mapping[str, NDArray],
        dtype: np.dtype,
        derivatives: Derivatives,  # noqa: ARG002
    ) -> None:
        self.scale, self.shift = arrays.get("scale"), arrays.get("shift")
        self.scale_gradient, self.shift_gradient = gradients.get("scale"), gradients.get("shift")
        self.running_mean, self.running_variance = np.zeros(self.features, dtype), np.ones(self.features, dtype)

    def initialise(self, draw: Draw) -> None:  # noqa: ARG002
        if self.scale is not None:
            self.scale[...] = 1.0

    def state(self) -> dict[str, NDArray]:
        return {"running_mean": self.running_mean, "running_variance": self.running_variance}

    def plan(self, at: Buffers) -> None:
        at.normalised = np.empty_like(at.y)
        at.scratch = np.empty_like(at.y)
        at.over_deviation = np.empty((self.features, 1), at.dtype)
        at.training = False

    def _normalise(self, at: Buffers, mean: NDArray, variance: NDArray) -> None:
        np.divide(1.0, np.sqrt(variance + self.epsilon), out=at.over_deviation)
        np.subtract(at.x, mean, out=at.normalised)
        np.multiply(at.normalised, at.over_deviation, out=at.normalised)
        if self.scale is None or self.shift is None:
            at.y[...] = at.normalised
        else:
            np.multiply(at.normalised, self.scale[:, np.newaxis], out=at.y)
            np.add(at.y, self.shift[:, np.newaxis], out=at.y)

    def forward(self, at: Buffers) -> None:
        """By the running statistics."""
        self._normalise(at, self.running_mean[:, np.newaxis], self.running_variance[:, np.newaxis])

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """In training by the batch's statistics, which depend on x too."""
        at.training = rng is not None
        if not at.training:
            self.forward(at)
            return
        mean = np.mean(at.x, axis=1, keepdims=True)
        np.subtract(at.x, mean, out=at.scratch)
        np.square(at.scratch, out=at.scratch)
        variance = np.mean(at.scratch, axis=1, keepdims=True)
        self._normalise(at, mean, variance)
        unbiased = variance * (at.size / max(1, at.size - 1))
        self.running_mean += self.momentum * (mean[:, 0] - self.running_mean)
        self.running_variance += self.momentum * (unbiased[:, 0] - self.running_variance)

    def backward(self, at: Buffers) -> None:
        """With n = normalised, g = dL/dn: dL/dx = (g - mean g - n mean(g n)) / deviation; evaluating g / deviation."""
        np.multiply(at.dy, at.normalised, out=at.scratch)
        along = np.add.reduce(at.scratch, axis=1, keepdims=True)
        total = np.add.reduce(at.dy, axis=1, keepdims=True)
        factor = at.over_deviation
        if self.scale is not None and self.scale_gradient is not None and self.shift_gradient is not None:
            self.scale_gradient[...], self.shift_gradient[...] = along[:, 0], total[:, 0]
            factor = factor * self.scale[:, np.newaxis]
        if at.dx is None:
            return
        if at.training:
            np.multiply(at.normalised, along / -at.size, out=at.dx)
            np.subtract(at.dx, total / at.size, out=at.dx)
            np.add(at.dx, at.dy, out=at.dx)
            np.multiply(at.dx, factor, out=at.dx)
        else:
            np.multiply(at.dy, factor, out=at.dx)
