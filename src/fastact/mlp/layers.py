"""The dense layer: an affine map, an activation, and the derivatives of both.

Arrays are kept with one column per sample, and a constant row of ones below the inputs makes the bias one more row of
weights. So one matrix product yields the pre-activations, one the gradients of weights and biases together, and every
elementwise pass runs over contiguous memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _checks

Derivatives = Literal["exact", "textbook"]


def _sigmoid_textbook(y: NDArray, slopes: NDArray) -> None:
    np.subtract(1.0, y, out=slopes)
    np.multiply(y, slopes, out=slopes)


def _tanh_textbook(y: NDArray, slopes: NDArray) -> None:
    np.multiply(y, y, out=slopes)
    np.subtract(1.0, slopes, out=slopes)


# y (1 - y) and 1 - y^2 from the rounded output: 0 as soon as y rounds to 1.
TEXTBOOK = {"sigmoid": _sigmoid_textbook, "tanh": _tanh_textbook}


@dataclass(eq=False)
class Dense:
    """A layer a -> f(a W + b) of a `Network`.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str, or an activation of `fastact.custom` that has a name, default "identity"
        A name in ``fastact.activations`` or one that was given to `fastact.custom`. The attribute is the name; an alias
        is replaced by it.
    parameters : mapping of str to float, optional
        Parameters of the activation, within their domains; those left out have their defaults.

    Attributes
    ----------
    weight : ndarray, shape (inputs, units)
        View into the network's parameters; there once the layer is part of a network, as are the following.
    bias : ndarray, shape (units,)
        View into the network's parameters.
    weight_gradient, bias_gradient : ndarray
        Views into the network's gradients.

    Raises
    ------
    ValueError
        For an argument that is not allowed; the message names it.
    """

    units: int
    activation: Any = "identity"
    parameters: Mapping[str, float] = field(default_factory=dict)

    weight: NDArray = field(init=False, repr=False)
    bias: NDArray = field(init=False, repr=False)
    weight_gradient: NDArray = field(init=False, repr=False)
    bias_gradient: NDArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.units = _checks.integer("units", self.units, 1)
        row = _checks.activation(self.activation).spec
        self.activation = row.name
        domains = {parameter.name: parameter.domain for parameter in row.parameters}
        parameters = dict(self.parameters)
        for name, value in parameters.items():
            if name not in domains:
                allowed = ", ".join(domains) or "none"
                raise ValueError(f"parameters of {row.name} must be among: {allowed}; got {name!r}")
            if not isinstance(value, Real) or value not in domains[name]:
                raise ValueError(f"parameters: {name} of {row.name} must be in {domains[name]}, got {value!r:.60}")
        self.parameters = {name: float(value) for name, value in parameters.items()}
        values = row.defaults | self.parameters
        for left, relation, right in row.broken_order(values):
            raise ValueError(
                f"parameters: {left} of {row.name} must be {relation} {right}, "
                f"got {values[left]:g} and {values[right]:g}"
            )

    def attach(self, block: NDArray, gradient_block: NDArray, derivatives: Derivatives) -> None:
        """Take the memory for weights and, in the last row, biases, and for their gradients: (inputs + 1, units)."""
        self.weight, self.bias = block[:-1], block[-1]
        self.weight_gradient, self.bias_gradient = gradient_block[:-1], gradient_block[-1]
        self._block_transposed, self._gradient_block = block.T, gradient_block
        activation = _checks.activation(self.activation)
        # One that rounding to the network's dtype takes out of its domain is refused here, before anything is trained.
        activation(block.dtype.type(0), **self.parameters)
        self._activate: Callable[..., Any] = partial(activation, **self.parameters)
        self._activate_with_derivative: Callable[..., Any] = partial(activation.with_derivative, **self.parameters)
        self._textbook = TEXTBOOK.get(self.activation) if derivatives == "textbook" else None

    def forward(self, inputs: NDArray, outputs: NDArray) -> None:
        """Outputs (units, samples) from inputs (inputs + 1, samples) whose last row is 1."""
        np.matmul(self._block_transposed, inputs, out=outputs)
        self._activate(outputs, out=outputs)

    def forward_with_derivative(self, inputs: NDArray, outputs: NDArray, slopes: NDArray) -> None:
        """Also f' at the pre-activations, (units, samples), in one pass."""
        np.matmul(self._block_transposed, inputs, out=outputs)
        if self._textbook is None:
            self._activate_with_derivative(outputs, out=(outputs, slopes))
        else:
            self._activate(outputs, out=outputs)
            self._textbook(outputs, slopes)

    def backward(self, inputs: NDArray, slopes: NDArray, gradient: NDArray, input_gradient: NDArray | None) -> None:
        """The chain rule: fills the layer's gradients and, if asked for, dL/dinputs of shape (inputs, samples).

        `gradient` is dL/doutputs; `slopes` comes in as f' and goes out as dL/dpre-activations, both (units, samples).
        `input_gradient` may share memory with `gradient`.
        """
        np.multiply(slopes, gradient, out=slopes)
        np.matmul(inputs, slopes.T, out=self._gradient_block)
        if input_gradient is not None:
            np.matmul(self.weight, slopes, out=input_gradient)
