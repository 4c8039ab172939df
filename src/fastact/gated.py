"""Gated linear units a * act(b): fused ufuncs of two inputs, and functions that split one array into a and b.

Made from the table in ``_units.py``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import ArrayLike

from ._units import GATED_UNITS, GatedUnit

_DTYPES = """TypeError
    For complex, longdouble, object and other dtypes that are not computed."""

_VALUE = """{name}(a, b, /, out=None, *, where=True, ...)

{summary} Elementwise, of two inputs.

    {formula}

Parameters
----------
a, b : array_like
    float16, float32 or float64 (integers and bools are taken as float64); they broadcast.
**keywords
    Those of every NumPy ufunc: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ...

Returns
-------
ndarray or scalar
    Of the common dtype.

Raises
------
{dtypes}

Notes
-----
Bit for bit a times fastact.{activation}(b), rounded once: 0 * inf is NaN, as everywhere in IEEE arithmetic.
Maximum error: {value.float32:g} ULP in float32, {value.float64:g} in float64, {value.float16:g} in float16.

References
----------
{reference}
"""

_BACKWARD = """{name}_backward(grad, a, b, /, out=(None, None), *, where=True, ...)

The gradients passed back through {name} at inputs a and b.

    {backward_formula}

Parameters
----------
grad, a, b : array_like
    Gradient with respect to the output, and the inputs; they broadcast.
**keywords
    Those of every NumPy ufunc: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ...

Returns
-------
grad_a, grad_b : ndarray or scalar
    Gradients with respect to a and to b, of the common dtype.

Raises
------
{dtypes}

Notes
-----
The second is grad * (a * f'(b)), f being fastact.{activation}, each product rounded; 0 * inf is NaN.
Maximum error where a times the slope and the results are normal numbers: {backward.float32:g} ULP in float32,
{backward.float64:g} in float64; near a root of f' that of f', times grad * a.

References
----------
{reference}
"""

_SPLIT = """{summary} Of the two halves of an array along an axis.

    {formula}, a the first half of x and b the second

Parameters
----------
x : array_like
    float16, float32 or float64 (integers and bools are taken as float64).
axis : int, default -1
    The axis that is cut; its length must be even.
**keywords
    Those of `{name}`.

Returns
-------
ndarray
    Of the dtype of x, half as long along the axis.

Raises
------
ValueError
    For an axis that does not exist, or of odd length.
{dtypes}

References
----------
{reference}
"""

_SPLIT_BACKWARD = """The gradient passed back through {name}_split at input x.

    {backward_formula}, side by side

Parameters
----------
grad : array_like
    Gradient with respect to the output; half as long as x along the axis.
x : array_like
    Input of the function.
axis : int, default -1
    As it was given to `{name}_split`.

Returns
-------
ndarray
    Of the shape of x and the common dtype.

Raises
------
ValueError
    For an axis that does not exist, or of odd length, and for a grad of another shape than the output.
{dtypes}

References
----------
{reference}
"""


def names() -> dict[str, str]:
    """The names of the ufuncs, by public name."""
    return {public: public for name in GATED_UNITS for public in (name, f"{name}_backward")}


def _halves(public: str, x: Any, axis: int) -> tuple[Any, Any, int]:
    """Both halves along the axis, as views, and the axis as an index from 0. An array stays of its kind.

    But for labelled ones such as pandas', whose halves would be aligned by their labels.
    """
    if not hasattr(x, "__array_function__"):
        x = np.asanyarray(x)
    try:
        axis = normalize_axis_index(operator.index(axis), len(x.shape), f"{public}: axis")
    except TypeError:
        raise TypeError(f"{public}: axis must be an integer, got {axis!r:.60}") from None
    if x.shape[axis] % 2:
        raise ValueError(f"{public}: the length of axis {axis} must be even, got {x.shape[axis]}")
    before, middle = (slice(None),) * axis, x.shape[axis] // 2
    first, second = (*before, slice(None, middle)), (*before, slice(middle, None))
    return x[first], x[second], axis


def _split_functions(unit: GatedUnit, ufunc: np.ufunc, backward: np.ufunc) -> tuple[Callable[..., Any], ...]:
    def split(x: ArrayLike, axis: int = -1, **keywords: Any) -> Any:
        a, b, _ = _halves(f"{unit.name}_split", x, axis)
        return ufunc(a, b, **keywords)

    def split_backward(grad: ArrayLike, x: ArrayLike, axis: int = -1) -> Any:
        public = f"{unit.name}_split_backward"
        a, b, axis = _halves(public, x, axis)
        if np.shape(grad) != a.shape:
            raise ValueError(f"{public}: grad must have the shape {a.shape}, got {np.shape(grad)}")
        if not all(type(array) is np.ndarray for array in (grad, x)):
            return np.concatenate(backward(grad, a, b), axis)
        dtype = backward.resolve_dtypes((grad.dtype, a.dtype, b.dtype, None, None))[-1]  # type: ignore[union-attr]
        out = np.empty(x.shape, dtype)  # type: ignore[union-attr]
        backward(grad, a, b, out=_halves(public, out, axis)[:2])
        return out

    split.__name__ = split.__qualname__ = f"{unit.name}_split"
    split_backward.__name__ = split_backward.__qualname__ = f"{unit.name}_split_backward"
    split.backward = split_backward  # type: ignore[attr-defined]
    return split, split_backward


def make(ufuncs: dict[str, np.ufunc]) -> dict[str, Any]:
    """Every public function of this module, by name, from ufuncs of one instruction set."""
    public: dict[str, Any] = {}
    for unit in GATED_UNITS.values():
        value: Any = ufuncs[unit.name]
        backward: Any = ufuncs[f"{unit.name}_backward"]
        split, split_backward = _split_functions(unit, value, backward)
        texts: dict[Any, str] = {value: _VALUE, backward: _BACKWARD, split: _SPLIT, split_backward: _SPLIT_BACKWARD}
        for function, text in texts.items():
            function.__module__ = "fastact"
            function.spec = unit
            function.__doc__ = text.format(
                name=unit.name,
                activation=unit.activation,
                summary=unit.summary,
                formula=unit.formula,
                backward_formula=unit.backward_formula,
                value=unit.accuracy,
                backward=unit.backward_accuracy,
                dtypes=_DTYPES,
                reference=unit.reference,
            )
            public[function.__name__] = function
        value.backward, value.split = backward, split
    return public
