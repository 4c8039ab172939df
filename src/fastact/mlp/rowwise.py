"""Layers over the outputs of each sample together: softmax and its relatives, for losses that take probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact

from . import _checks
from .layer import Buffers, Layer

FUNCTIONS = ("softmax", "log_softmax", "softmin", "sparsemax")


@dataclass(eq=False)
class Rowwise(Layer):
    """A function of all inputs of a sample.

    Parameters
    ----------
    function : {"softmax", "log_softmax", "softmin", "sparsemax"}
        By its name in fastact. With the loss "cross_entropy", which takes logits, none is needed.
    """

    function: str = "softmax"

    def __post_init__(self) -> None:
        _checks.choice("function", self.function, FUNCTIONS)
        self._forward: Any = getattr(fastact, self.function)
        self._backward: Any = self._forward.backward

    def connect(self, inputs: int) -> int:
        return inputs

    def forward(self, at: Buffers) -> None:
        """f(x)."""
        self._forward(at.x, axis=0, out=at.y)

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:  # noqa: ARG002
        """f(x), which the way back needs."""
        self.forward(at)

    def backward(self, at: Buffers) -> None:
        """f's own backward form."""
        if at.dx is not None:
            self._backward(at.dy, at.x, axis=0, out=at.dx)
