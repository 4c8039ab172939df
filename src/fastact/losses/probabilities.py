"""Losses of probabilities. Conventions are Keras', with its epsilon below which a probability counts as epsilon.

Keras bounds probabilities from above, too, where the logarithm would need no bound. Here the logarithm of p and that of
1 - p are bounded each by itself, so that a confident and right prediction keeps the relative precision of its loss.
Where a probability is below epsilon its loss is constant, and so its gradient is 0: train from logits, or with a
smaller epsilon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .._schema import Interval, Parameter
from ._checks import NOT_POSITIVE, UNIT
from ._loss import loss
from ._rows import sums_of_others, times

EPSILON = Parameter("epsilon", 1e-7, Interval(0.0, 0.5), "A probability below it counts as it, and has the gradient 0.")


def _some_probability(x: NDArray) -> None:
    """Raise ValueError for a row without any probability."""
    if not x.any(axis=1).all():
        raise ValueError("prediction must have a number above 0 in every row: rows are divided by their sum")


def _quotient(numerator: NDArray, denominator: NDArray, where: NDArray) -> NDArray:
    """The quotient where asked for, else 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(denominator), where=where)


@loss(
    formula="L_ik = - t_ik log(max(x_ik, epsilon)) - (1 - t_ik) log(max(1 - x_ik, epsilon))",
    gradient_formula="""
    dL_ik/dx_ik = (1 - t_ik) / (1 - x_ik) - t_ik / x_ik,  without the part whose logarithm is that of epsilon
    """,
    reference="``keras.losses.binary_crossentropy``; ``torch.nn.functional.binary_cross_entropy``, which bounds the\n"
    "logarithms by -100 instead.",
    example="""
    >>> losses.binary_crossentropy([0.5, 1.0], [1, 1], reduction="none").round(4)
    array([0.6931, 0.    ])
    """,
    prediction_domain=UNIT,
    target_domain=UNIT,
    parameters=(EPSILON,),
)
def binary_crossentropy(x: NDArray, t: NDArray, _: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Mean over the outputs of the cross-entropy of predicted probabilities against targets in [0, 1], in nats."""
    absent, epsilon = 1.0 - x, _at_least_normal(epsilon, x)
    surprise = abs(np.log(np.maximum(x, epsilon))), abs(np.maximum(np.log1p(-x), math.log(epsilon)))
    yield times(t, surprise[0]) + times(1.0 - t, surprise[1])
    # The same as the difference of both quotients, but that x - t does not cancel.
    slope = (x - t) / (x * absent)
    np.divide(1.0 - t, absent, out=slope, where=x < epsilon)
    np.divide(-t, x, out=slope, where=absent < epsilon)
    yield slope


def _at_least_normal(epsilon: float, x: NDArray) -> float:
    """epsilon, where it is not too small for the dtype."""
    return max(epsilon, float(np.finfo(x.dtype).tiny))


@loss(
    formula="L_i = - sum_k t_ik log(max(q_ik, epsilon)),  q_ik = x_ik / sum_j x_ij",
    gradient_formula="dL_i/dx_ik = sum_j t'_ij / sum_j x_ij - t'_ik / x_ik,  t' = t where q >= epsilon, else 0",
    note="The logarithm of q_k is taken as - log(1 + R_k / x_k), R_k the sum of the row without x_k.",
    reference="``keras.losses.categorical_crossentropy``.",
    example="""
    >>> losses.categorical_crossentropy([[1.0, 1e-20]], [[1, 0]])
    1e-20
    """,
    rows=True,
    prediction_domain=UNIT,
    target_domain=UNIT,
    parameters=(EPSILON,),
    prediction_check=_some_probability,
)
def categorical_crossentropy(x: NDArray, t: NDArray, out: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Cross-entropy of predicted probabilities against distributions such as one-hot rows, in nats."""
    epsilon = _at_least_normal(epsilon, x)
    others = sums_of_others(x)
    total = np.add.reduce(x, axis=1, keepdims=True)
    counted = x >= epsilon * total
    surprise = np.where(counted, np.log1p(others / x), -math.log(epsilon))
    yield np.add.reduce(times(t, surprise), axis=1)
    t = t * counted
    yield np.divide(sums_of_others(t) - _quotient(t * others, x, t != 0), total, out=out)


@loss(
    formula="L_i = - log(max(q_it, epsilon)),  q_ik = x_ik / sum_j x_ij,  t = target_i",
    gradient_formula="dL_i/dx_ik = 1 / sum_j x_ij - [k = t] / x_it where q_it >= epsilon, else 0",
    note="The logarithm of q_t is taken as - log(1 + R / x_t), R the sum of the row without x_t.",
    reference="``keras.losses.sparse_categorical_crossentropy``.",
    example="""
    >>> losses.sparse_categorical_crossentropy([[1.0, 1e-20]], [0])
    1e-20
    """,
    target="labels",
    rows=True,
    prediction_domain=UNIT,
    target_meaning="In [0, classes).",
    parameters=(EPSILON,),
    prediction_check=_some_probability,
)
def sparse_categorical_crossentropy(x: NDArray, t: NDArray, _: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Cross-entropy of predicted probabilities against integer labels, in nats."""
    epsilon, samples = _at_least_normal(epsilon, x), np.arange(len(x))
    at_label, others = x[samples, t], x.copy()
    others[samples, t] = 0.0
    rest = np.add.reduce(others, axis=1)
    total = rest + at_label
    counted = at_label >= epsilon * total
    yield np.where(counted, np.log1p(rest / at_label), -math.log(epsilon))
    others[...] = np.where(counted, 1.0 / total, 0.0)[:, np.newaxis]
    others[samples, t] = np.where(counted, -rest / at_label / total, 0.0)
    yield others


@loss(
    formula="L_i = sum_k t_ik log(t_ik / max(x_ik, epsilon)),  0 log(0) = 0",
    gradient_formula="dL_i/dx_ik = - t_ik / x_ik, 0 where x_ik < epsilon",
    note="Keras counts targets below epsilon as epsilon, too: a difference of at most 1e-7 log(1e7) for each.",
    reference="``keras.losses.kl_divergence``; ``torch.nn.functional.kl_div`` of the predictions' logarithms.",
    example="""
    >>> losses.kl_divergence([[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [1.0, 0.0]], reduction="none").round(4)
    array([0.    , 0.6931])
    """,
    rows=True,
    prediction_domain=UNIT,
    target_domain=UNIT,
    parameters=(EPSILON,),
    aliases=("kullback_leibler_divergence", "kld"),
)
def kl_divergence(x: NDArray, t: NDArray, out: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Kullback-Leibler divergence of the target from the prediction, in nats."""
    epsilon = _at_least_normal(epsilon, x)
    q = np.maximum(x, epsilon)
    # Where both are near, the logarithm of their quotient is precise only through their difference.
    excess = (t - q) / q
    logarithm = np.where(excess > -0.5, np.log1p(excess), np.log(t / q))
    yield np.add.reduce(times(t, logarithm), axis=1)
    yield np.negative(_quotient(t, x, x >= epsilon), out=out)


@loss(
    formula="L_i = - x_it,  t = target_i",
    gradient_formula="dL_i/dx_ik = -[k = t]",
    reference="``torch.nn.functional.nll_loss``, whose mean is over samples too.",
    example="""
    >>> losses.nll([[-1000.0, 0.0]], [0])
    1000.0
    """,
    target="labels",
    rows=True,
    prediction_domain=NOT_POSITIVE,
    target_meaning="In [0, classes).",
    aliases=("nll_loss",),
)
def nll(x: NDArray, t: NDArray, _: NDArray | None) -> Iterator[NDArray]:
    """Negative log-likelihood of integer labels under predicted log-probabilities, in nats."""
    samples = np.arange(len(x))
    yield 0.0 - x[samples, t]
    gradient = np.zeros_like(x)
    gradient[samples, t] = -1.0
    yield gradient
