"""The dropouts: in training some inputs are put to nothing at random, in evaluation all pass.

p is the probability of dropping. The expected value is that of evaluation; alpha dropout keeps mean and variance of
what SELU makes of standardised inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact

from . import _checks
from .layer import Buffers, Layer

SELU_LIMIT = fastact.activations["selu"].limits[0]


@dataclass(eq=False)
class Dropout(Layer):
    """x -> x m / (1 - p) with m = 0 with probability p, else 1, drawn for every element.

    Parameters
    ----------
    p : float, default 0.5
        In [0, 1).

    References
    ----------
    Srivastava et al., Dropout, JMLR 15, 2014, scaled in training.
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        self.p = _checks.number("p", self.p, 0.0, 1.0, closed=True)

    def connect(self, inputs: int) -> int:
        return inputs

    def plan(self, at: Buffers) -> None:
        at.factor = np.empty_like(at.y)
        at.training = False

    def draw(self, at: Buffers, rng: np.random.Generator) -> None:
        """Fill at.factor with 1 where an element is kept and 0 where it is dropped."""
        rng.random(out=at.factor, dtype=at.dtype.type)
        np.greater_equal(at.factor, self.p, out=at.factor, casting="unsafe")

    def forward(self, at: Buffers) -> None:
        """Everything passes."""
        at.y[...] = at.x

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """x times what was drawn."""
        at.training = rng is not None
        if rng is None:
            self.forward(at)
            return
        self.draw(at, rng)
        np.multiply(at.factor, 1.0 / (1.0 - self.p), out=at.factor)
        np.multiply(at.x, at.factor, out=at.y)

    def backward(self, at: Buffers) -> None:
        """dL/dy times what was drawn."""
        if at.dx is not None:
            if at.training:
                np.multiply(at.dy, at.factor, out=at.dx)
            else:
                at.dx[...] = at.dy


@dataclass(eq=False)
class AlphaDropout(Dropout):
    """x -> a (x m + l (1 - m)) + b with m as for `Dropout` and l the limit of SELU at -inf.

        a = ((1 - p) (1 + p l^2))^(-1/2),    b = -a p l

    so that mean 0 and variance 1, which SELU keeps, are kept.

    Parameters
    ----------
    p : float, default 0.5
        In [0, 1).

    References
    ----------
    Klambauer et al., Self-normalizing neural networks, NeurIPS 2017, section "New dropout technique".
    """

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """Dropped elements become the limit, and all are put right in mean and variance."""
        at.training = rng is not None
        if rng is None:
            self.forward(at)
            return
        self.draw(at, rng)
        a = 1.0 / math.sqrt((1.0 - self.p) * (1.0 + self.p * SELU_LIMIT**2))
        # a x m + (a l + b) - a l m, with a m kept for the way back
        np.multiply(at.factor, a, out=at.factor)
        np.subtract(at.x, SELU_LIMIT, out=at.y)
        np.multiply(at.y, at.factor, out=at.y)
        np.add(at.y, a * SELU_LIMIT * (1.0 - self.p), out=at.y)


@dataclass(eq=False)
class _MapDropout(Dropout):
    """Dropout of whole feature maps."""

    shape: tuple[int, ...] = ()

    dimensions = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        shape: Any = self.shape
        if not isinstance(shape, (tuple, list)) or len(shape) != 1 + self.dimensions:
            raise ValueError(f"shape must be (channels, and {self.dimensions} lengths), got {shape!r:.60}")
        self.shape = tuple(_checks.integer("shape", length, 1) for length in shape)

    def connect(self, inputs: int) -> int:
        if math.prod(self.shape) != inputs:
            raise ValueError(f"shape must hold the {inputs} inputs of the layer, got {self.shape}")
        return inputs

    def draw(self, at: Buffers, rng: np.random.Generator) -> None:
        channels = self.shape[0]
        kept = rng.random((channels, 1, at.size), dtype=at.dtype.type) >= self.p
        at.factor.reshape(channels, -1, at.size)[...] = kept


@dataclass(eq=False)
class Dropout2d(_MapDropout):
    """Dropout of whole feature maps: one draw for each channel of each sample.

    Parameters
    ----------
    p : float, default 0.5
        In [0, 1).
    shape : (channels, height, width)
        How the inputs are laid out: the product is their number.

    References
    ----------
    Tompson et al., Efficient object localization using convolutional networks, CVPR 2015, as ``torch.nn.Dropout2d``.
    """

    dimensions = 2


@dataclass(eq=False)
class Dropout3d(_MapDropout):
    """Dropout of whole feature maps of three dimensions.

    Parameters
    ----------
    p : float, default 0.5
        In [0, 1).
    shape : (channels, depth, height, width)
        How the inputs are laid out: the product is their number.

    References
    ----------
    As `Dropout2d`; as ``torch.nn.Dropout3d``.
    """

    dimensions = 3
