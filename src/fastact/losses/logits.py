"""Losses from logits, with the softmax or sigmoid fused.

For one sample with logits x and label t, and e_k = exp(x_k - max x), the textbook forms log(sum e) - (x_t - max x) and
softmax(x)_t - 1 cancel where the prediction is confident and right. There R, the sum of e without e_t, is formed first:

    value       log1p(R)
    gradient    e_k / (1 + R) for k != t, -R / (1 + R) at t

so that every value and every gradient keeps its relative precision, however small; e below the smallest subnormal
number count as 0. The kernel is cross_entropy.h.

With a distribution t as target the same is done for all k: with r_k, the sum of softmax(x) without its k-th number,
and T_k, the sum of t without t_k,

    value       sum_k t_k (log1p(R) + max x - x_k)          R without the e of the maximum; no term is negative
    gradient    softmax(x)_k T_k - t_k r_k                  for a one-hot target one of the terms is 0
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import fastact

from .._schema import Parameter
from ._checks import UNIT
from ._loss import loss
from ._rows import sums_of_others, times
from .kernels import cross_entropy as kernel


@loss(
    formula="""
    L_i = log(sum_k exp(x_ik)) - x_it,  t = labels_i
    L_i = sum_k t_ik (log(sum_j exp(x_ij)) - x_ik)   for a distribution t_i, or with smoothing
    """,
    gradient_formula="""
    dL_i/dx_ik = softmax(x_i)_k - [k = t],  t = labels_i
    dL_i/dx_ik = softmax(x_i)_k sum_j t_ij - t_ik    for a distribution t_i, or with smoothing
    """,
    note="A row of logits with NaN or +inf, or with -inf alone, gives NaN.",
    reference="The convention is that of ``torch.nn.functional.cross_entropy``, whose mean is over samples too.",
    example="""
    >>> losses.cross_entropy([[1000.0, 0.0]], [1])
    1000.0
    >>> losses.cross_entropy_gradient([[100.0, 0.0]], [0])
    array([[-3.72007598e-44,  3.72007598e-44]])
    """,
    target="labels",
    distributions=True,
    logits=True,
    rows=True,
    target_domain=UNIT,
    target_meaning="Integers in [0, classes); or, of shape (samples, classes), one-hot rows or other distributions.",
    arguments=("logits", "labels"),
    parameters=(
        Parameter(
            "label_smoothing",
            0.0,
            UNIT,
            "The share a of the target that is spread evenly over all classes: (1 - a) t + a / classes.",
        ),
    ),
)
def cross_entropy(x: NDArray, t: NDArray, out: NDArray | None, label_smoothing: float) -> Iterator[NDArray]:
    """Cross-entropy of softmax(logits) against integer labels or distributions, in nats."""
    if t.ndim == 2 or label_smoothing:
        yield from _against_distributions(x, _smoothed(t, x, label_smoothing), out)
        return
    x, gradient = _for_kernel(x, out)
    value = np.empty(len(x), x.dtype)
    kernel(x.T, np.ascontiguousarray(t), None, 1.0, gradient.T, value)
    yield value
    yield gradient


def _for_kernel(x: NDArray, out: NDArray | None) -> tuple[NDArray, NDArray]:
    """Logits and room for their gradient, ``out`` if it can be, both in the same order of memory."""
    if not (x.flags.forc and x.flags.aligned and x.dtype.isnative):
        x = x.astype(x.dtype.newbyteorder("="), order="C")
    if out is None or not (out.flags.aligned and out.dtype.isnative):
        return x, np.empty_like(x)
    same = (x.flags.c_contiguous and out.flags.c_contiguous) or (x.flags.f_contiguous and out.flags.f_contiguous)
    # A sample's gradient is written before the next one's logits are read: it may be the same memory, but not shifted.
    shifted = np.may_share_memory(x, out) and x.ctypes.data != out.ctypes.data
    return x, out if same and not shifted else np.empty_like(x)


def _smoothed(t: NDArray, x: NDArray, share: float) -> NDArray:
    """Targets as distributions, with a share of them spread evenly."""
    if t.ndim == 1:
        distribution = np.zeros_like(x)
        distribution[np.arange(len(t)), t] = 1.0 - share
    else:
        distribution = t * (1.0 - share)
    distribution += share / x.shape[1]
    return distribution


def _against_distributions(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    below = x - np.maximum.reduce(x, axis=1, keepdims=True)
    e = np.exp(below)
    others = sums_of_others(e)
    # Where e is 1, at a maximum, the others are all that log1p needs.
    rest = np.minimum.reduce(others, axis=1, keepdims=True)
    yield np.add.reduce(times(t, np.log1p(rest) - below), axis=1)
    e *= sums_of_others(t)
    others *= t
    e -= others
    yield np.divide(e, 1.0 + rest, out=out)


@loss(
    formula="L_ik = t_ik softplus(-x_ik) + (1 - t_ik) softplus(x_ik)",
    gradient_formula="dL_ik/dx_ik = (1 - t_ik) sigmoid(x_ik) - t_ik sigmoid(-x_ik)",
    reference="``torch.nn.functional.binary_cross_entropy_with_logits``, whose mean is over all numbers too.",
    example="""
    >>> losses.bce_with_logits([-1000.0], [1.0])
    1000.0
    """,
    logits=True,
    target_domain=UNIT,
    aliases=("binary_cross_entropy_with_logits",),
)
def bce_with_logits(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """Binary cross-entropy of sigmoid(prediction) against targets in [0, 1], in nats; the mean over the outputs."""
    # softplus' = sigmoid, from the same exponential
    if_absent, probability = fastact.softplus_with_derivative(x)
    if_present, absent = fastact.softplus_with_derivative(-x)
    yield times(t, if_present) + times(1.0 - t, if_absent)
    yield np.subtract((1.0 - t) * probability, t * absent, out=out)
