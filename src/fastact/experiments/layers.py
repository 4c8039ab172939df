"""Layers that experiments put between those of a network: they listen, move outputs, or penalise them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from fastact import mlp
from fastact.mlp.layer import Buffers


@dataclass(eq=False)
class _Between(mlp.Layer):
    """A layer of as many outputs as inputs, whose derivative is 1 where nothing else is said."""

    def connect(self, inputs: int) -> int:
        """As many outputs as inputs."""
        return inputs

    def forward(self, at: Buffers) -> None:
        """Everything passes."""
        at.y[...] = at.x

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:  # noqa: ARG002
        """The same as `forward`."""
        self.forward(at)

    def backward(self, at: Buffers) -> None:
        """dL/dx = dL/dy."""
        if at.dx is not None:
            at.dx[...] = at.dy


@dataclass(eq=False)
class Tap(_Between):
    """Passes everything on and remembers what passed last, in training too, where dropout and normalisation act.

    Attributes
    ----------
    mean, variance : float
        Of the outputs over all units and samples, in float64; NaN before there was one.
    gradient_norm : float
        L2 norm of dL/dy over all units and samples.
    """

    mean: float = field(init=False, default=math.nan)
    variance: float = field(init=False, default=math.nan)
    gradient_norm: float = field(init=False, default=math.nan)

    def forward(self, at: Buffers) -> None:
        """Everything passes, and its moments are taken."""
        at.y[...] = at.x
        values = at.x.astype(np.float64)
        self.mean, self.variance = float(values.mean()), float(values.var())

    def backward(self, at: Buffers) -> None:
        """dL/dx = dL/dy, and its norm is taken."""
        super().backward(at)
        self.gradient_norm = float(np.linalg.norm(at.dy.astype(np.float64)))


@dataclass(eq=False)
class Shift(_Between):
    """x -> x + by.

    Parameters
    ----------
    by : float
        Any finite number.
    """

    by: float = 0.0

    def forward(self, at: Buffers) -> None:
        """x + by."""
        np.add(at.x, at.dtype.type(self.by), out=at.y)


@dataclass(eq=False)
class ActivityPenalty(_Between):
    """Passes everything on, and adds to the loss l1 times the sum of absolute outputs of a sample, mean over samples.

    Parameters
    ----------
    l1 : float, default 0
        In [0, inf).
    """

    l1: float = 0.0

    def plan(self, at: Buffers) -> None:
        """Room for the signs."""
        at.sign = np.empty_like(at.y)

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """Everything passes, and is added up."""
        super().forward_with_derivative(at, rng)
        np.sign(at.x, out=at.sign)
        self._penalty = self.l1 * float(np.vdot(at.x, at.sign)) / at.size

    def backward(self, at: Buffers) -> None:
        """dL/dx = dL/dy + l1 sign(x) / samples."""
        if at.dx is not None:
            np.multiply(at.sign, at.dtype.type(self.l1 / at.size), out=at.dx)
            at.dx += at.dy

    def penalise(self) -> float:
        """The penalty of the last pass; its derivative went back with the others."""
        return self._penalty
