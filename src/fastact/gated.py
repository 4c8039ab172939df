"""Gated linear units a * act(b): fused ufuncs of two inputs, and functions that split one array into a and b.

Made from the table in ``_units.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arguments import as_array, halves, one_axis, output, refuse_masked
from ._documentation import DOCUMENTATION
from ._units import GATED_UNITS, GatedUnit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray  # a millisecond of the import


def names() -> dict[str, str]:
    """The names of the ufuncs, by public name."""
    return {public: public for name in GATED_UNITS for public in (name, f"{name}_backward")}


def _split_functions(unit: GatedUnit, ufunc: np.ufunc, backward: np.ufunc) -> tuple[Callable[..., Any], ...]:
    def split(x: ArrayLike, axis: int = -1, **keywords: Any) -> Any:
        public = f"{unit.name}_split"
        x = as_array(x)
        return ufunc(*halves(public, x, one_axis(public, axis, x.ndim)), **keywords)

    def split_backward(grad: ArrayLike, x: ArrayLike, axis: int = -1, *, out: NDArray[Any] | None = None) -> Any:
        public = f"{unit.name}_split_backward"
        grad, x = as_array(grad), as_array(x)
        refuse_masked(public, grad=grad, x=x)
        axis = one_axis(public, axis, x.ndim)
        a, b = halves(public, x, axis)
        if grad.shape != a.shape:
            raise ValueError(f"{public}: grad must have the shape {a.shape}, got {grad.shape}")
        if out is None and not (type(grad) is type(x) is np.ndarray):
            return np.concatenate(backward(grad, a, b), axis)
        dtype = backward.resolve_dtypes((grad.dtype, a.dtype, b.dtype, None, None))[-1]
        out = output(public, out, x.shape, dtype, grad, x)
        if out is None:
            out = np.empty(x.shape, dtype)
        backward(grad, a, b, out=halves(public, out, axis))
        return out

    for function, form in zip((split, split_backward), unit.split_forms, strict=True):
        function.__name__ = function.__qualname__ = form.name
    split.backward = split_backward  # type: ignore[attr-defined]
    return split, split_backward


def make(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Any]:
    """Every public function of this module, by name, from ufuncs of one instruction set."""
    public: dict[str, Any] = {}
    for unit in GATED_UNITS.values():
        value: Any = ufuncs[unit.name]
        backward: Any = ufuncs[f"{unit.name}_backward"]
        split, split_backward = _split_functions(unit, value, backward)
        functions: tuple[Any, ...] = (value, backward, split, split_backward)
        for function in functions:
            function.__module__ = "fastact"
            function.spec = unit
            function.__doc__ = DOCUMENTATION[function.__name__]
            public[function.__name__] = function
        value.backward, value.split = backward, split
    return public
