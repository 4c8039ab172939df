"""Checks of arguments: each returns the value it was given, ready for use, or raises ValueError naming the argument."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def integer(name: str, value: Any, minimum: int) -> int:
    """An integer of at least `minimum`; bools do not count as integers."""
    try:
        result = operator.index(value)
    except TypeError:
        result = minimum - 1
    if result < minimum or isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be an integer of at least {minimum}, got {value!r:.60}")
    return result


def number(name: str, value: Any, lower: float, upper: float = math.inf, *, closed: bool = False) -> float:
    """A real number in (lower, upper), or in [lower, upper) where `closed`."""
    result = float(value) if isinstance(value, Real) else math.nan
    if not (lower < result < upper or (closed and result == lower)):
        raise ValueError(f"{name} must be a number in {'[' if closed else '('}{lower:g}, {upper:g}), got {value!r:.60}")
    return result


def boolean(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False, got {value!r:.60}")
    return bool(value)


def choice(name: str, value: Any, allowed: Collection[str]) -> str:
    """One of the allowed names, which are listed if it is not; a collection may know more of them than it lists."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r:.60}")
    return value


def samples(X: ArrayLike, inputs: int, dtype: np.dtype) -> NDArray:
    """Finite real samples of shape (samples, inputs), at least one, in the given dtype."""
    array = _real_array("X", X)
    if array.ndim != 2 or array.shape[1] != inputs or not len(array):
        raise ValueError(f"X must have the shape (samples, {inputs}) with at least 1 sample, got {array.shape}")
    return _finite("X", array, dtype)


def labels(y: ArrayLike, count: int, classes: int) -> NDArray[np.intp]:
    """Integer labels in [0, classes), of shape (count,)."""
    array = _array("y", y)
    if array.dtype.kind not in "iub" or array.shape != (count,):
        raise ValueError(f"y must be {count} integer labels, one per sample, got {array.dtype} of shape {array.shape}")
    if array.min() < 0 or array.max() >= classes:
        raise ValueError(f"y must have labels in [0, {classes}), got {array.min()} to {array.max()}")
    return array.astype(np.intp, copy=False)


def dense(y: ArrayLike, count: int, outputs: int, dtype: np.dtype) -> NDArray:
    """Finite real targets of shape (count, outputs), in the given dtype; (count,) will do for one output."""
    array = _real_array("y", y)
    if array.shape == (count,) and outputs == 1:
        array = array[:, np.newaxis]
    if array.shape != (count, outputs):
        raise ValueError(f"y must have the shape {(count, outputs)}, a row per sample, got {array.shape}")
    return _finite("y", array, dtype)


def weights(name: str, value: ArrayLike, count: int, dtype: np.dtype) -> NDArray:
    """Finite weights, none negative and not all 0, of shape (count,), in the given dtype."""
    array = _array(name, value)
    if array.dtype.kind not in "fiub" or array.shape != (count,):
        raise ValueError(f"{name} must be {count} numbers, one per sample, got {array.dtype} of shape {array.shape}")
    with np.errstate(all="ignore"):
        array = array.astype(dtype)
    if not np.isfinite(array).all() or array.min() < 0 or not array.any():
        raise ValueError(f"{name} must be finite in {dtype}, none negative and not all 0")
    return array


def _real_array(name: str, value: ArrayLike) -> NDArray:
    array = _array(name, value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be an array of real numbers, got {array.dtype}")
    return array


def _finite(name: str, array: NDArray, dtype: np.dtype) -> NDArray:
    """The array in a dtype, in which it must be finite."""
    with np.errstate(all="ignore"):
        array = array.astype(dtype, copy=False)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite in {dtype}: it has NaN, infinity or a value too large")
    return array


def _array(name: str, value: ArrayLike) -> NDArray:
    try:
        return np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be an array: {error}") from None
