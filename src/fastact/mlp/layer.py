"""What every layer is to the network: an op and its derivative over buffers that were planned once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .elementwise import Derivatives

Draw = Callable[[NDArray], None]
"""Fills weights (inputs, units) with initial values."""

Self = TypeVar("Self", bound="Layer")


class Buffers:
    """The arrays of one layer for batches of one size; a layer adds its own in `Layer.plan`.

    Attributes
    ----------
    x : ndarray, shape (inputs, size)
        The inputs, one column for each sample. Rows are contiguous but for those of the first layer, whose columns are.
    y : ndarray, shape (outputs, size)
        The outputs, which are the next layer's x.
    dy : ndarray, shape (outputs, size)
        dL/dy.
    dx : ndarray, shape (inputs, size), or None
        dL/dx, in memory of its own; None for the first layer.
    slopes : ndarray, shape (outputs, size), or None
        f' of an activation after the pass forward, where the layer has one that is not the identity.
    dz : ndarray
        dL/dz after the pass back, z what the activation is applied to; dL/dy for layers without an activation.
    """

    def __init__(self, x: NDArray, y: NDArray, dy: NDArray, dx: NDArray | None) -> None:
        self.x, self.y, self.dy, self.dx = x, y, dy, dx
        self.size, self.dtype = y.shape[1], y.dtype
        self.slopes: NDArray | None = None
        self.dz = dy

    if TYPE_CHECKING:  # what a layer adds

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...


@dataclass(eq=False)
class Layer(ABC):
    """One step of a network. Its fields are what it was made of; everything else comes with the network."""

    arrays: dict[str, NDArray] = field(init=False, repr=False, default_factory=dict)

    @property
    def weighted(self) -> bool:
        """Whether there is a matrix of weights."""
        return hasattr(self, "weight")

    def fresh(self: Self) -> Self:
        """A layer made of the same arguments."""
        return replace(self)

    @abstractmethod
    def connect(self, inputs: int) -> int:
        """Take the number of inputs and say that of outputs; ValueError if they do not fit."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what is learned, by name, in the order of the flat vector."""
        return {}

    def attach(
        self, arrays: Mapping[str, NDArray], gradients: Mapping[str, NDArray], dtype: np.dtype, derivatives: Derivatives
    ) -> None:
        """Take the memory of what is learned, and of the gradients."""

    def initialise(self, draw: Draw) -> None:
        """Fill what is learned."""

    def state(self) -> dict[str, NDArray]:
        """Arrays that training changes without learning them, by name."""
        return {}

    def plan(self, at: Buffers) -> None:
        """Add what the layer itself needs for batches of that size."""

    @abstractmethod
    def forward(self, at: Buffers) -> None:
        """Fill y from x, for a prediction."""

    @abstractmethod
    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """Fill y from x and keep what `backward` needs. In training there is a generator to draw from."""

    @abstractmethod
    def backward(self, at: Buffers) -> None:
        """The chain rule: fill the layer's gradients and dx, unless it is None, from dy."""

    def penalise(self) -> float:
        """What the layer adds to the loss by itself, having added its derivatives to the gradients."""
        return 0.0

    def constrain(self) -> None:
        """Put what is learned back to where it is defined, after a step."""
