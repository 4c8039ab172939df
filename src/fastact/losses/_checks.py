"""Checks of what a loss is given: arrays ready for its formula, or an error that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._arguments import floating, refuse_masked
from .._schema import Interval

REAL = Interval(-np.inf, np.inf)
UNIT = Interval(0.0, 1.0, lower_closed=True, upper_closed=True)
NOT_NEGATIVE = Interval(0.0, np.inf, lower_closed=True)
NOT_POSITIVE = Interval(-np.inf, 0.0, lower_closed=True, upper_closed=True)

REDUCTIONS = ("mean", "sum", "none")


def array(name: str, value: Any) -> NDArray[Any]:
    """A NumPy array of the numbers given; pandas' are taken without their labels."""
    if type(value) is np.ndarray:
        return value
    refuse_masked("losses", **{name: value})
    try:
        return np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be an array: {error}") from None


def reduction_name(reduction: Any) -> None:
    """One of the reductions."""
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r:.60}")


def prediction(name: str, value: Any, domain: Interval, *, rows: bool) -> NDArray[np.floating]:
    """Predictions (samples, outputs), or (samples,) unless a loss is one of whole rows, within their domain.

    Where the domain is all real numbers NaN and infinity pass: they are the prediction's own, and the loss says so.
    """
    x = floating(name, array(name, value), half=False)
    if x.ndim not in ((2,) if rows else (1, 2)) or 0 in x.shape:
        shape = "the shape (samples, classes)" if rows else "the shape (samples, outputs) or (samples,)"
        raise ValueError(f"{name} must have {shape}, nothing of it 0, got {x.shape}")
    if domain is not REAL:
        within(name, x, domain)
    return x


def within(name: str, values: NDArray[Any], domain: Interval) -> None:
    """Raise ValueError unless every number is in the domain; NaN is in none."""
    smallest, largest = values.min(), values.max()
    if smallest not in domain or largest not in domain:
        raise ValueError(f"{name} must be in {domain}, got {smallest:g} to {largest:g}")


def labels(name: str, t: NDArray[Any], samples: int, classes: int, *, distributions: bool) -> NDArray[np.integer]:
    """One class of each sample, as an integer in [0, classes); the error says whether distributions are taken too."""
    if t.dtype.kind not in "iu" or t.shape != (samples,):
        others = f" or have the shape {(samples, classes)}" if distributions else ""
        raise ValueError(f"{name} must be {samples} integers{others}, got {t.dtype} of shape {t.shape}")
    if t.min() < 0 or t.max() >= classes:
        raise ValueError(f"{name} must be in [0, {classes}), got {t.min()} to {t.max()}")
    return t.astype(np.intp, copy=False)


def dense(name: str, t: NDArray[Any], x: NDArray[np.floating], domain: Interval) -> NDArray[np.floating]:
    """Targets of the prediction's shape, finite in its dtype and within their domain."""
    t = floating(name, t)
    if t.shape != x.shape:
        raise ValueError(f"{name} must have the prediction's shape {x.shape}, got {t.shape}")
    with np.errstate(over="ignore"):
        t = t.astype(x.dtype, copy=False)
    within(name, t, domain)
    return t


def sample_weight(value: Any, x: NDArray[np.floating]) -> NDArray[np.floating] | None:
    """A weight of each sample in [0, inf), of the prediction's dtype."""
    if value is None:
        return None
    weight = floating("sample_weight", array("sample_weight", value))
    if weight.shape != x.shape[:1]:
        raise ValueError(f"sample_weight must have the shape {x.shape[:1]}, got {weight.shape}")
    with np.errstate(over="ignore"):
        weight = weight.astype(x.dtype, copy=False)
    within("sample_weight", weight, NOT_NEGATIVE)
    return weight


def parameter(name: str, value: Any, domain: Interval) -> float:
    """A number in a parameter's domain."""
    number = float(value) if isinstance(value, (int, float, np.integer, np.floating)) else np.nan
    if isinstance(value, (bool, np.bool_)) or number not in domain:
        raise ValueError(f"{name} must be a number in {domain}, got {value!r:.60}")
    return number


def output(out: Any, x: NDArray[np.floating]) -> None:
    """Raise unless the gradient can be written there."""
    if out is None:
        return
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, got {type(out).__name__}")
    if out.shape != x.shape or out.dtype != x.dtype:
        raise ValueError(f"out must be {x.dtype} of shape {x.shape}, got {out.dtype} of shape {out.shape}")
    if not out.flags.writeable:
        raise ValueError("out must be writeable")
