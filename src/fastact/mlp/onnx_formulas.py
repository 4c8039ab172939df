"""The activations in ONNX's elementary operators, as expressions.

`Value` is a tensor of a graph that is being written: arithmetic on it adds nodes. The formulas are the textbook's in
the form that does not overflow; they keep no digits beyond those that the runtime's own operators keep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import fastact


class Graph:
    """Nodes and constants of a graph in the order that they are made in, in one floating dtype."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def op(self, kind: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
        """The value, or the values, of a new node; inputs may be numbers and arrays, which become constants."""
        from onnx import helper

        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        values = [x if isinstance(x, Value) else self.constant(x) for x in inputs]
        self.nodes.append(helper.make_node(kind, [value.name for value in values], names, **attributes))
        made = tuple(Value(self, name) for name in names)
        return made[0] if outputs == 1 else made

    def constant(self, array: Any, name: str = "") -> Value:
        """A constant; floating numbers take the graph's dtype, integers are int64."""
        from onnx import numpy_helper

        array = np.asarray(array)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else self.dtype)
        name = name or f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return Value(self, name)


class Value:
    """A tensor of a graph."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def _(self, kind: str, *others: Any) -> Value:
        # Python's numbers are floating here: 1 - x.
        floats = [float(other) if isinstance(other, int) else other for other in others]
        return self.graph.op(kind, self, *floats)

    def __add__(self, other: Any) -> Value:
        return self._("Add", other)

    def __sub__(self, other: Any) -> Value:
        return self._("Sub", other)

    def __mul__(self, other: Any) -> Value:
        return self._("Mul", other)

    def __truediv__(self, other: Any) -> Value:
        return self._("Div", other)

    def __gt__(self, other: Any) -> Value:
        return self._("Greater", other)

    def __lt__(self, other: Any) -> Value:
        return self._("Less", other)

    def __neg__(self) -> Value:
        return self._("Neg")

    def __abs__(self) -> Value:
        return self._("Abs")

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Value:
        return (-self) + other

    def at_most(self, other: Any) -> Value:
        """The smaller of both."""
        return self._("Min", other)

    def at_least(self, other: Any) -> Value:
        """The larger of both."""
        return self._("Max", other)

    def where(self, yes: Any, no: Any) -> Value:
        """One or the other, by this condition."""
        return self._("Where", yes, no)

    def f(self, kind: str) -> Value:
        """One of ONNX's functions of one tensor: Exp, Log, Tanh, Sqrt."""
        return self._(kind)


def _softplus(x: Value) -> Value:
    return x.at_least(0) + ((-abs(x)).f("Exp") + 1).f("Log")


def _expm1(x: Value) -> Value:
    """exp(x) - 1 = tanh(x / 2) (exp(x) + 1), for x up to 0, without cancellation."""
    x = x.at_most(0)
    return (x / 2).f("Tanh") * (x.f("Exp") + 1)


def _leaky(x: Value, negative_slope: Any) -> Value:
    return (x > 0).where(x, x * negative_slope)


def _srelu(x: Value, t_left: Any, a_left: Any, t_right: Any, a_right: Any) -> Value:
    right = (x - t_right) * a_right + t_right
    left = (x - t_left) * a_left + t_left
    return (x < t_right).where((x > t_left).where(x, left), right)


def _gelu_tanh(x: Value) -> Value:
    u = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
    return x * (u.f("Tanh") + 1) * 0.5


def _relu6(x: Value) -> Value:
    return x.at_least(0).at_most(6)


_SELU_SCALE, _SELU_LIMIT = fastact.activations["selu"].derivative_limits[1], fastact.activations["selu"].limits[0]

FORMULAS: dict[str, Callable[..., Value]] = {
    "identity": lambda x: x,
    "relu": lambda x: x.f("Relu"),
    "leaky_relu": _leaky,
    "prelu": lambda x, weight: _leaky(x, weight),  # noqa: PLW0108
    "rrelu": lambda x, lower, upper: _leaky(x, (lower + upper) / 2),
    "erelu": lambda x, alpha: x.f("Relu"),  # noqa: ARG005
    "relu6": _relu6,
    "srelu": _srelu,
    "elu": lambda x, alpha: (x > 0).where(x, _expm1(x) * alpha),
    "selu": lambda x: (x > 0).where(x * _SELU_SCALE, _expm1(x) * -_SELU_LIMIT),
    "celu": lambda x, alpha: (x > 0).where(x, _celu_left(x, alpha)),
    "sigmoid": lambda x: x.f("Sigmoid"),
    "tanh": lambda x: x.f("Tanh"),
    "softplus": lambda x, beta: _softplus(x * beta) / beta,
    "gelu": lambda x: x * ((x / math.sqrt(2)).f("Erf") + 1) * 0.5,
    "square": lambda x: x * x,
    "signed_square": lambda x: x * abs(x),
    "squared_relu": lambda x: x.f("Relu") * x.f("Relu"),
    "hard_sigmoid": lambda x: _relu6(x + 3) / 6,
    "hard_swish": lambda x: x * _relu6(x + 3) / 6,
    "hard_tanh": lambda x, min_val, max_val: x.at_least(min_val).at_most(max_val),
    "soft_shrink": lambda x, lambd: (x - lambd).at_least(0) + (x + lambd).at_most(0),
    "hard_shrink": lambda x, lambd: (abs(x) > lambd).where(x, 0.0),
    "threshold": lambda x, threshold, value: (x > threshold).where(x, value),
    "sparse_plus": lambda x: (x < 1).where((x + 1).at_least(0) * (x + 1).at_least(0) / 4, x),
    "sparse_sigmoid": lambda x: ((x + 1) / 2).at_least(0).at_most(1),
    "clipped_linear": lambda x, slope, offset, min_val, max_val: (
        (x * slope + offset).at_least(min_val).at_most(max_val)
    ),
    "exponential": lambda x: x.f("Exp"),
    "gaussian": lambda x: (-(x * x)).f("Exp"),
    "silu": lambda x: x * x.f("Sigmoid"),
    "swish": lambda x, beta: x * (x * beta).f("Sigmoid"),
    "quick_gelu": lambda x: x * (x * 1.702).f("Sigmoid"),
    "gelu_tanh": _gelu_tanh,
    "mish": lambda x: x * _softplus(x).f("Tanh"),
    "log_sigmoid": lambda x: -_softplus(-x),
    "tanh_shrink": lambda x: x - x.f("Tanh"),
    "softcap": lambda x, cap: (x / cap).f("Tanh") * cap,
    "squareplus": lambda x, b: (x + (x * x + b).f("Sqrt")) / 2,
    "softsign": lambda x: x / (abs(x) + 1),
    "dish": lambda x: x * (x / (x * x + 1).f("Sqrt") + 1) * 0.5,
    "bent_identity": lambda x: ((x * x + 1).f("Sqrt") - 1) / 2 + x,
    "sin": lambda x: x.f("Sin"),
    "cos": lambda x: x.f("Cos"),
    "snake": lambda x, a: x + (x * a).f("Sin") * (x * a).f("Sin") / a,
    "arctan": lambda x: x.f("Atan"),
    "erf": lambda x: x.f("Erf"),
}
"""Every activation of the catalogue in evaluation, by name: of a value and of its parameters, numbers or arrays."""


def _celu_left(x: Value, alpha: float) -> Value:
    # With a negative alpha x / alpha is positive, where x is not.
    return ((x / alpha).f("Exp") - 1) * alpha if alpha < 0 else _expm1(x / alpha) * alpha
