"""Losses with their gradients: cross-entropy from logits.

A loss of the prediction x comes in three forms: the value, the gradient with respect to x, and both in one pass.

For one sample with logits x and label t, and e_k = exp(x_k - max x), the textbook forms log(sum e) - (x_t - max x) and
softmax(x)_t - 1 cancel where the prediction is confident and right. Here R, the sum of e without e_t, is formed first:

    value       log1p(R + (e_t - 1)) - (x_t - max x)        e_t - 1 is exactly 0 where x_t is the maximum
    gradient    e_k / (R + e_t) for k != t, -R / (R + e_t) at t

so that every value and every gradient keeps its relative precision, however small.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arguments import floating

Reduction = Literal["mean", "sum", "none"]

_REDUCTIONS = ("mean", "sum", "none")


def cross_entropy(logits: ArrayLike, labels: ArrayLike, *, reduction: Reduction = "mean") -> float | NDArray:
    """Cross-entropy of softmax(logits) against integer labels, in nats.

        L_i = log(sum_k exp(x_ik)) - x_it,  t = labels_i

    Parameters
    ----------
    logits : array_like, shape (samples, classes)
        float32 or float64; integers and bools are taken as float64. A row with NaN or +inf gives NaN.
    labels : array_like of integers, shape (samples,)
        In [0, classes).
    reduction : {"mean", "sum", "none"}
        What is returned of the samples' losses.

    Returns
    -------
    float or ndarray, shape (samples,)
        The array, of the logits' dtype, for ``reduction="none"``. Sums run in float64.

    Raises
    ------
    TypeError
        For logits that are complex, longdouble, float16 or no numbers.
    ValueError
        For shapes that do not fit, labels that are not integers in range, an unknown reduction.

    References
    ----------
    The convention is that of ``torch.nn.functional.cross_entropy``.

    Examples
    --------
    >>> from fastact import losses
    >>> losses.cross_entropy([[1000.0, 0.0]], [1])
    1000.0
    """
    return cross_entropy_value_and_gradient(logits, labels, reduction=reduction)[0]


def cross_entropy_gradient(
    logits: ArrayLike, labels: ArrayLike, *, reduction: Reduction = "mean", out: NDArray | None = None
) -> NDArray:
    """Gradient of `cross_entropy` with respect to the logits.

        dL_i/dx_ik = softmax(x_i)_k - [k = t],  t = labels_i;  divided by the number of samples for "mean"

    For ``reduction="none"`` row i is the gradient of the loss of sample i. Parameters and errors are those of
    `cross_entropy_value_and_gradient`.

    Returns
    -------
    ndarray, shape (samples, classes)
        ``out`` if it was given.

    Examples
    --------
    >>> from fastact import losses
    >>> losses.cross_entropy_gradient([[100.0, 0.0]], [0])
    array([[-3.72007598e-44,  3.72007598e-44]])
    """
    return cross_entropy_value_and_gradient(logits, labels, reduction=reduction, out=out)[1]


def cross_entropy_value_and_gradient(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    reduction: Reduction = "mean",
    out: NDArray | None = None,
    validate: bool = True,
) -> tuple[float | NDArray, NDArray]:
    """`cross_entropy` and `cross_entropy_gradient` from one exponential.

    Parameters
    ----------
    logits, labels, reduction
        As for `cross_entropy`.
    out : ndarray, shape (samples, classes), optional
        Receives the gradient; of the logits' dtype, any strides; may be the logits themselves.
    validate : bool, default True
        False skips all checks, for a caller that has made them (the logits are then a float array, the labels an
        array of integers in range), and leaves floating-point warnings to the caller's ``np.errstate``.

    Returns
    -------
    value : float or ndarray
        As from `cross_entropy`.
    gradient : ndarray, shape (samples, classes)
        ``out`` if it was given.

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`; also for an ``out`` that does not fit. Nothing is written then.
    """
    if validate:
        x, t = _validated(logits, labels, reduction, out)
        with np.errstate(all="ignore"):
            return _reduced(*_value_and_gradient(x, t, out), reduction)
    return _reduced(*_value_and_gradient(np.asarray(logits), np.asarray(labels), out), reduction)


def _reduced(value: NDArray, gradient: NDArray, reduction: str) -> tuple[Any, NDArray]:
    """The samples' losses and their gradient, by the reduction."""
    if reduction == "none":
        return value, gradient
    summed = float(np.add.reduce(value, dtype=np.float64))
    if reduction == "sum":
        return summed, gradient
    gradient /= len(value)
    return summed / len(value), gradient


def _value_and_gradient(x: NDArray, t: NDArray, out: NDArray | None) -> tuple[NDArray, NDArray]:
    """Each sample's loss and its gradient with respect to the sample's logits."""
    samples = np.arange(len(t))
    gradient = np.subtract(x, np.maximum.reduce(x, axis=1, keepdims=True), out=out)
    at_label = gradient[samples, t]
    np.exp(gradient, out=gradient)
    e_label = np.exp(at_label)
    gradient[samples, t] = 0.0
    rest = np.add.reduce(gradient, axis=1)
    gradient[samples, t] = -rest
    gradient /= (rest + e_label)[:, np.newaxis]
    return np.log1p(rest + (e_label - 1.0)) - at_label, gradient


def _validated(
    logits: ArrayLike, labels: ArrayLike, reduction: str, out: NDArray | None
) -> tuple[NDArray[np.floating], NDArray[np.integer]]:
    """The logits as a float array and the labels as an integer array, or an error that names the argument."""
    if reduction not in _REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(_REDUCTIONS)}, got {reduction!r}")
    x, t = floating("logits", np.asarray(logits), half=False), np.asarray(labels)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"logits must have the shape (samples, classes), both at least 1, got {x.shape}")
    if t.dtype.kind not in "iu" or t.shape != x.shape[:1]:
        raise ValueError(f"labels must be {x.shape[0]} integers, got {t.dtype} of shape {t.shape}")
    if t.min() < 0 or t.max() >= x.shape[1]:
        raise ValueError(f"labels must be in [0, {x.shape[1]}), got {t.min()} to {t.max()}")
    if out is not None and not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, got {type(out).__name__}")
    if out is not None and (out.shape != x.shape or out.dtype != x.dtype):
        raise ValueError(f"out must be {x.dtype} of shape {x.shape}, got {out.dtype} of shape {out.shape}")
    return x, t
