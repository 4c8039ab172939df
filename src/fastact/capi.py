"""The kernels for code that calls functions by address: SciPy, ctypes, cffi, Numba, and modules in C and Cython.

Functions of one number, ``"scalar"``, exist for every form with one output; functions of contiguous arrays,
``"array"``, and of strided ones, ``"strided"``, for all elementwise forms. They are the kernels that the ufuncs run on
this machine and give their bits, need no GIL and may run in several threads. ``fastact/table.h`` in
`fastact.get_include()` lists them with their arguments.

``API`` is the capsule that ``fastact_import()`` of ``fastact/fastact.h`` takes, ``API_VERSION`` and ``ABI_VERSION``
are what it checks. Cython modules ``cimport`` the functions from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

import fastact

from . import _capi
from ._capi import ABI_VERSION, API, API_VERSION, __pyx_capi__
from .catalogue import ACTIVATIONS

__all__ = [
    "ABI_VERSION",
    "API",
    "API_VERSION",
    "__pyx_capi__",
    "address",
    "ctypes_function",
    "low_level_callable",
    "signature",
]

Kind = Literal["scalar", "array", "strided"]

_INFIXES = {"scalar": "", "array": "_array", "strided": "_strided"}
_SUFFIXES = {np.dtype(np.float32): "_f32", np.dtype(np.float64): "_f64"}


def _canonical(name: str) -> str:
    """The name of a form, an alias replaced."""
    for row in ACTIVATIONS.values():
        for alias in row.aliases:
            suffix = name.removeprefix(alias)
            if name.startswith(alias) and any(form.suffix == suffix for form in row.forms):
                return row.name + suffix
    return name


def _capsule(name: str, dtype: DTypeLike, kind: str) -> Any:
    """The capsule of a function, or an error that names the argument that is wrong."""
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {name!r:.60}")
    if kind not in _INFIXES:
        raise ValueError(f"kind must be one of {', '.join(map(repr, _INFIXES))}, got {kind!r:.60}")
    suffix = _SUFFIXES.get(np.dtype(dtype))
    if suffix is None:
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r:.60}")
    canonical = _canonical(name)
    if f"fastact_{canonical}_array{suffix}" not in __pyx_capi__:
        raise ValueError(f"name must be an activation, one of its forms or a gated unit, got {name!r:.60}")
    capsule = __pyx_capi__.get(f"fastact_{canonical}{_INFIXES[kind]}{suffix}")
    if capsule is None:
        raise ValueError(f"kind must be 'array' or 'strided' for {name}, which has two outputs, got {kind!r}")
    return capsule


def address(name: str, dtype: DTypeLike = np.float64, kind: Kind = "scalar") -> int:
    """The address of a kernel's C function, valid as long as the process lives.

    Parameters
    ----------
    name : str
        An elementwise function of ``fastact``: "gelu", "elu_derivative", "swiglu_backward".
    dtype : float32 or float64
        The precision.
    kind : {"scalar", "array", "strided"}
        ``result f(inputs..., parameters...)``; ``void f(inputs..., outputs..., length, parameters...)`` on pointers to
        contiguous elements; or the same with each pointer followed by its stride in bytes. `signature` gives the type.

    Returns
    -------
    int
        The address.

    Raises
    ------
    ValueError
        If there is no such function.
    TypeError
        If name is no str, or dtype no dtype.
    """
    return _capi.pointer(_capsule(name, dtype, kind))


def signature(name: str, dtype: DTypeLike = np.float64, kind: Kind = "scalar") -> str:
    """The C type of the function at `address`: ``"double (double)"``.

    Parameters
    ----------
    name, dtype, kind
        As of `address`.

    Returns
    -------
    str
        The function's type; with ``(*)`` before the arguments it is that of a pointer to it, as cffi's ``cast`` wants.

    Raises
    ------
    ValueError, TypeError
        As of `address`.
    """
    return _capi.text(_capsule(name, dtype, kind))


def ctypes_function(name: str, dtype: DTypeLike = np.float64, kind: Kind = "scalar") -> Any:
    """The function at `address` for ctypes, with the types of its arguments; a call releases the GIL.

    Parameters
    ----------
    name, dtype, kind
        As of `address`.

    Returns
    -------
    ctypes function
        It takes NumPy arrays of the dtype for pointers (contiguous ones where the kind is "array", writeable ones for
        outputs; anything else raises ``ctypes.ArgumentError``) and ints for lengths and strides. Lengths are not
        checked against the arrays. Parameters have no defaults.

    Raises
    ------
    ValueError, TypeError
        As of `address`.
    """
    import ctypes

    number = {"float": ctypes.c_float, "double": ctypes.c_double, "ptrdiff_t": ctypes.c_ssize_t, "void": None}
    flags: list[Any] = ["ALIGNED"] + ["C_CONTIGUOUS"] * (kind == "array")

    def argument(text: str) -> Any:
        if not text.endswith("*"):
            return number[text]
        writeable = ["WRITEABLE"] * ("const" not in text)
        return np.ctypeslib.ndpointer(np.dtype(dtype), flags=flags + writeable)

    result, _, arguments = signature(name, dtype, kind).rstrip(")").partition(" (")
    prototype = ctypes.CFUNCTYPE(number[result], *map(argument, arguments.split(", ")))
    return prototype(address(name, dtype, kind))


def low_level_callable(
    name: str,
    kind: Literal["scalar", "filter", "filter1d"] = "scalar",
    *,
    weights: Sequence[float] | None = None,
    **parameters: float,
) -> Any:
    """A ``scipy.LowLevelCallable`` of a function of one input: SciPy calls the float64 kernel without Python.

    Parameters
    ----------
    name : str
        A form with one input and one output: "sigmoid_derivative".
    kind : {"scalar", "filter", "filter1d"}
        What calls it: ``scipy.integrate.quad`` and its relatives; ``scipy.ndimage.generic_filter``; or
        ``scipy.ndimage.generic_filter1d``.
    weights : sequence of floats, optional
        For filters: the function is applied to the sum of the window's elements times these weights, added in order, so
        that there must be as many as the window has elements. Without them the window must be of one element, whose
        function value is the result. SciPy raises a RuntimeError where the sizes differ.
    **parameters : float
        Parameters of the activation; those not given have their defaults.

    Returns
    -------
    scipy.LowLevelCallable
        The function.

    Raises
    ------
    ValueError
        If there is no such function, or a parameter lies outside of its domain.
    TypeError
        If a parameter is unknown or no number, or weights are given for a kind that is not a filter.

    Examples
    --------
    >>> from scipy.integrate import quad
    >>> round(quad(low_level_callable("sigmoid_derivative"), -float("inf"), float("inf"))[0], 9)
    1.0
    """
    from scipy import LowLevelCallable

    if kind not in _capi.CALLBACKS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, _capi.CALLBACKS))}, got {kind!r:.60}")
    if weights is not None and kind == "scalar":
        raise TypeError("weights are for the kinds 'filter' and 'filter1d', got them for 'scalar'")
    direct = _capsule(name, np.float64, "scalar")
    values = _bound_parameters(name, parameters)
    if kind == "scalar" and not values:
        return LowLevelCallable(direct)
    bound = _capi.bind(_canonical(name), values, None if weights is None else [float(weight) for weight in weights])
    return LowLevelCallable(_capi.CALLBACKS[kind], bound)


def _bound_parameters(name: str, given: dict[str, float]) -> list[float]:
    """The parameters of a form of one input, in order; checked as the public function checks them."""
    rows = {row.name + form.suffix: row for row in ACTIVATIONS.values() for form in row.forms if len(form.inputs) == 1}
    row = rows.get(_canonical(name))
    if row is None:
        raise ValueError(f"name must be a function of one input, got {name!r}")
    if unknown := sorted(given.keys() - row.defaults.keys()):
        raise TypeError(f"{name} has no parameter {unknown[0]!r}; it has: {', '.join(row.defaults) or 'none'}")
    for parameter, value in given.items():
        if np.ndim(value):
            raise TypeError(f"{name}: {parameter} must be one number, got an array of {np.ndim(value)} dimensions")
    if given:
        getattr(fastact, name)(0.0, **given)
    return [float(value) for value in (row.defaults | given).values()]
