"""Layers of learned sums: dense, maxout, and an activation by itself.

Arrays are kept with one column per sample, so that the units' biases and activations run over contiguous memory. What a
layer computes in a step is bound to its arrays when a batch size is planned (``_ops.pyx``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from . import _checks
from ._kernels import Pointwise, Product, RowSums
from .elementwise import Derivatives, Elementwise, Learn, OneActivation
from .layer import Buffers, Draw, Layer


@dataclass(eq=False)
class Affine(Layer):
    """What dense and maxout layers share: z = a W + b, penalties on W."""

    units: int

    weight: NDArray = field(init=False, repr=False)
    bias: NDArray | None = field(init=False, repr=False)
    weight_gradient: NDArray = field(init=False, repr=False)
    bias_gradient: NDArray | None = field(init=False, repr=False)

    use_bias: bool = field(default=True, kw_only=True)
    l1: float = field(default=0.0, kw_only=True)
    l2: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        self.units = _checks.integer("units", self.units, 1)
        self.use_bias = _checks.boolean("use_bias", self.use_bias)
        self.l1 = _checks.number("l1", self.l1, 0.0, closed=True)
        self.l2 = _checks.number("l2", self.l2, 0.0, closed=True)

    @property
    def sums(self) -> int:
        """How many sums there are: the columns of the weights."""
        return self.units

    def connect(self, inputs: int) -> int:
        self.inputs = inputs
        return self.units

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.inputs, self.sums)} | ({"bias": (self.sums,)} if self.use_bias else {})

    def attach(
        self,
        arrays: Mapping[str, NDArray],
        gradients: Mapping[str, NDArray],
        dtype: np.dtype,  # noqa: ARG002
        derivatives: Derivatives,  # noqa: ARG002
    ) -> None:
        self.weight, self.bias = arrays["weight"], arrays.get("bias")
        self.weight_gradient, self.bias_gradient = gradients["weight"], gradients.get("bias")

    def initialise(self, draw: Draw) -> None:
        draw(self.weight)

    def plan_sums(self, at: Buffers, z: NDArray, dz: NDArray) -> None:
        """Bind z = W^T x + b, and its derivatives dL/dW = x dz^T, dL/db = sum of dz, dL/dx = W dz."""
        at.sum = Product(self.weight.T, at.x, z, self.bias)
        at.sum_backward = [Product(at.x, dz.T, self.weight_gradient)]
        if self.bias_gradient is not None:
            at.sum_backward.append(RowSums(dz, self.bias_gradient))
        if at.dx is not None:
            at.sum_backward.append(Product(self.weight, dz, at.dx))

    def penalise(self) -> float:
        """l1 sum abs W + l2 sum W^2, whose derivatives are added to the gradients."""
        penalty = 0.0
        if self.l2:
            penalty += self.l2 * float(np.vdot(self.weight, self.weight))
            self.weight_gradient += (2.0 * self.l2) * self.weight
        if self.l1:
            penalty += self.l1 * float(np.abs(self.weight).sum())
            self.weight_gradient += self.l1 * np.sign(self.weight)
        return penalty


@dataclass(eq=False)
class Dense(Affine):
    """A layer a -> f(a W + b) of a `Network`.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str or sequence, default "identity"
        A name in ``fastact.activations`` or one that was given to `fastact.custom`, or what that returned; the
        attribute is the name, also in place of an alias. Or one for each unit: a sequence of them and of pairs with
        parameters.
    parameters : mapping of str to float, optional
        Parameters of the activation, within their domains; those left out have their defaults. Where they are learned,
        their initial values.
    learn : None, "layer" or "unit"
        Learn the learnable parameters of the activation (prelu, srelu, swish, snake): one value for the layer (for
        each run of neighbouring units of the same activation), or one for each unit. A value that a step takes out of
        its domain is put back to the nearest within.
    use_bias : bool, default True
        Whether there is a b.
    l1, l2 : float, default 0
        In [0, inf). The loss grows by l1 times the sum of abs W and l2 times the sum of W^2.

    Attributes
    ----------
    weight : ndarray, shape (inputs, units)
        View into the network's parameters; there once the layer is part of a network, as are the following.
    bias : ndarray, shape (units,), or None
        View into the network's parameters.
    weight_gradient, bias_gradient : ndarray
        Views into the network's gradients.

    Raises
    ------
    ValueError
        For an argument that is not allowed; the message names it.
    """

    activation: str | Sequence[OneActivation] = "identity"
    parameters: Mapping[str, float] = field(default_factory=dict)
    learn: Learn | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.elementwise = Elementwise(self.units, self.activation, self.parameters, self.learn)
        self.activation = self.elementwise.named
        if isinstance(self.activation, str):
            self.parameters = dict(self.elementwise.runs[0].parameters)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return super().shapes() | self.elementwise.shapes()

    def attach(
        self, arrays: Mapping[str, NDArray], gradients: Mapping[str, NDArray], dtype: np.dtype, derivatives: Derivatives
    ) -> None:
        super().attach(arrays, gradients, dtype, derivatives)
        self.elementwise.attach(arrays, gradients, dtype, derivatives)

    def initialise(self, draw: Draw) -> None:
        super().initialise(draw)
        self.elementwise.initialise()

    def plan(self, at: Buffers) -> None:
        # The pre-activations are overwritten by the outputs, unless the parameters' derivatives need them.
        at.z = np.empty_like(at.y) if self.learn else at.y
        if not self.elementwise.linear:
            at.slopes = at.dz = np.empty_like(at.y)
            at.activate = self.elementwise.bound(at.z, at.y, at.slopes)
            at.chain = Pointwise(np.multiply, at.slopes, at.dy, at.slopes)
        self.plan_sums(at, at.z, at.dz)

    def forward(self, at: Buffers) -> None:
        """f(z)."""
        at.sum()
        if at.slopes is not None:
            at.activate.forward()

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """f(z), and f'(z) in one pass."""
        at.sum()
        if at.slopes is not None:
            at.activate.forward_with_derivative(rng)

    def backward(self, at: Buffers) -> None:
        """dL/dz = f'(z) dL/dy takes the place of f'(z)."""
        if self.learn:
            self.elementwise.backward_to_parameters(at.z, at.dy)
        if at.slopes is not None:
            at.chain()
        for derivative in at.sum_backward:
            derivative()

    def constrain(self) -> None:
        if self.learn:
            self.elementwise.constrain()


@dataclass(eq=False)
class Maxout(Affine):
    """A layer whose every unit is the largest of several sums a W + b: a convex activation that is learned.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    pieces : int, default 2
        Sums for each unit, at least 1. Those of a unit are neighbouring columns of the weights.
    use_bias, l1, l2
        As for `Dense`.

    Attributes
    ----------
    weight, weight_gradient : ndarray, shape (inputs, units * pieces)
    bias, bias_gradient : ndarray, shape (units * pieces,), or None

    References
    ----------
    Goodfellow et al., Maxout networks, ICML 2013.
    """

    pieces: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pieces = _checks.integer("pieces", self.pieces, 1)

    @property
    def sums(self) -> int:
        return self.units * self.pieces

    def plan(self, at: Buffers) -> None:
        at.z = np.empty((self.sums, at.size), at.dtype)
        at.pieces = at.z.reshape(self.units, self.pieces, at.size)
        at.dz = np.empty_like(at.z)
        self.plan_sums(at, at.z, at.dz)
        at.dpieces = at.dz.reshape(at.pieces.shape)
        at.chosen = np.empty((self.units, 1, at.size), np.intp)

    def forward(self, at: Buffers) -> None:
        """max z."""
        at.sum()
        np.maximum.reduce(at.pieces, axis=1, out=at.y)

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:  # noqa: ARG002
        """max z, and which of them it is: the first of several."""
        self.forward(at)
        at.pieces.argmax(axis=1, out=at.chosen[:, 0])

    def backward(self, at: Buffers) -> None:
        """dL/dz is dL/dy for the largest, and 0 for the others."""
        at.dz[...] = 0.0
        np.put_along_axis(at.dpieces, at.chosen, at.dy[:, np.newaxis], axis=1)
        for derivative in at.sum_backward:
            derivative()


@dataclass(eq=False)
class Activation(Layer):
    """An activation by itself: x -> f(x), after batch normalisation for example.

    Parameters
    ----------
    activation, parameters, learn
        As for `Dense`; a sequence has one for each input.
    """

    activation: str | Sequence[OneActivation] = "identity"
    parameters: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    learn: Learn | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        units = 1 if isinstance(self.activation, str) or not isinstance(self.activation, Sequence) else None
        self.activation = Elementwise(units or len(self.activation), self.activation, self.parameters, self.learn).named
        self.parameters = dict(self.parameters)

    def connect(self, inputs: int) -> int:
        self.elementwise = Elementwise(inputs, self.activation, self.parameters, self.learn)
        return inputs

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.elementwise.shapes()

    def attach(
        self, arrays: Mapping[str, NDArray], gradients: Mapping[str, NDArray], dtype: np.dtype, derivatives: Derivatives
    ) -> None:
        self.elementwise.attach(arrays, gradients, dtype, derivatives)

    def initialise(self, draw: Draw) -> None:  # noqa: ARG002
        self.elementwise.initialise()

    def plan(self, at: Buffers) -> None:
        at.slopes = at.dz = np.empty_like(at.y)
        at.activate = self.elementwise.bound(at.x, at.y, at.dz)

    def forward(self, at: Buffers) -> None:
        """f(x)."""
        at.activate.forward()

    def forward_with_derivative(self, at: Buffers, rng: np.random.Generator | None) -> None:
        """f(x), and f'(x) in one pass."""
        at.activate.forward_with_derivative(rng)

    def backward(self, at: Buffers) -> None:
        """dL/dx = f'(x) dL/dy."""
        if self.learn:
            self.elementwise.backward_to_parameters(at.x, at.dy)
        np.multiply(at.dz, at.dy, out=at.dz)
        if at.dx is not None:
            at.dx[...] = at.dz

    def constrain(self) -> None:
        if self.learn:
            self.elementwise.constrain()
