"""Losses of the distance between predicted and true numbers. Conventions are Keras'; e is prediction - target."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import fastact

from .._schema import Interval, Parameter
from ._checks import NOT_NEGATIVE
from ._loss import loss

POSITIVE = Interval(0.0, math.inf)


@loss(
    formula="L_ik = (x_ik - t_ik)^2",
    gradient_formula="dL_ik/dx_ik = 2 (x_ik - t_ik)",
    reference="``keras.losses.mean_squared_error``, ``torch.nn.functional.mse_loss``.",
    example="""
    >>> losses.mean_squared_error([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 6.0]], reduction="none")
    array([0., 2.])
    """,
    aliases=("mse",),
)
def mean_squared_error(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """Mean over the outputs of the squared errors."""
    e = x - t
    yield e * e
    yield np.multiply(e, 2.0, out=out)


@loss(
    formula="L_ik = abs(x_ik - t_ik)",
    gradient_formula="dL_ik/dx_ik = sign(x_ik - t_ik), 0 at 0",
    reference="``keras.losses.mean_absolute_error``, ``torch.nn.functional.l1_loss``.",
    example="""
    >>> losses.mean_absolute_error([1.0, 2.0], [1.5, 4.0])
    1.25
    """,
    aliases=("mae",),
)
def mean_absolute_error(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """Mean over the outputs of the absolute errors."""
    e = x - t
    yield abs(e)
    yield np.sign(e, out=out)


@loss(
    formula="L_ik = 100 abs(x_ik - t_ik) / max(abs(t_ik), epsilon)",
    gradient_formula="dL_ik/dx_ik = 100 sign(x_ik - t_ik) / max(abs(t_ik), epsilon), 0 at 0",
    reference="``keras.losses.mean_absolute_percentage_error``.",
    example="""
    >>> losses.mean_absolute_percentage_error([110.0, 3.0], [100.0, 4.0], reduction="none")
    array([10., 25.])
    """,
    parameters=(Parameter("epsilon", 1e-7, POSITIVE, "The smallest that a target counts for."),),
    aliases=("mape",),
)
def mean_absolute_percentage_error(x: NDArray, t: NDArray, out: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Mean over the outputs of the absolute errors in percent of the target."""
    e, size = x - t, np.maximum(abs(t), epsilon)
    yield abs(e) / size * 100.0
    yield np.divide(100.0 * np.sign(e), size, out=out)


@loss(
    formula="L_ik = (log(1 + max(x_ik, epsilon)) - log(1 + max(t_ik, epsilon)))^2",
    gradient_formula="""
    dL_ik/dx_ik = 2 (log(1 + x_ik) - log(1 + max(t_ik, epsilon))) / (1 + x_ik),  0 where x_ik < epsilon
    """,
    note="""
    The difference of the logarithms is taken as log(1 + abs(x - t) / (1 + min(x, t))), which does not cancel.
    """,
    reference="``keras.losses.mean_squared_logarithmic_error``.",
    example="""
    >>> losses.mean_squared_logarithmic_error([0.0, 1e300], [0.0, 1e300])
    0.0
    """,
    target_domain=NOT_NEGATIVE,
    parameters=(Parameter("epsilon", 1e-7, POSITIVE, "The smallest that predictions and targets count for."),),
    aliases=("msle",),
)
def mean_squared_logarithmic_error(x: NDArray, t: NDArray, out: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Mean over the outputs of the squared errors of the logarithms of 1 + x."""
    a, b = np.maximum(x, epsilon), np.maximum(t, epsilon)
    e = np.copysign(np.log1p(abs(a - b) / (1.0 + np.minimum(a, b))), a - b)
    yield e * e
    e *= 2.0
    e[x < epsilon] = 0.0
    yield np.divide(e, 1.0 + a, out=out)


@loss(
    formula="L_ik = e^2 / 2 for abs(e) <= delta, delta (abs(e) - delta / 2) beyond,  e = x_ik - t_ik",
    gradient_formula="dL_ik/dx_ik = e for abs(e) <= delta, delta sign(e) beyond,  e = x_ik - t_ik",
    reference="Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964;\n"
    "``keras.losses.huber``, ``torch.nn.functional.huber_loss``.",
    example="""
    >>> losses.huber([0.5, 1e300], [0.0, 0.0], reduction="none")
    array([1.25e-001, 1.00e+300])
    """,
    parameters=(Parameter("delta", 1.0, POSITIVE, "The error at which it changes."),),
)
def huber(x: NDArray, t: NDArray, _: NDArray | None, delta: float) -> Iterator[NDArray]:
    """Mean over the outputs of Huber's loss: squared where the error is small, absolute where it is large."""
    e = x - t
    near = np.clip(e, -delta, delta)
    # Within delta it is e^2 / 2, as near = e; beyond, delta (abs(e) - delta / 2).
    yield near * (e - near / 2.0)
    yield near


@loss(
    formula="L_ik = log(cosh(x_ik - t_ik))",
    gradient_formula="dL_ik/dx_ik = tanh(x_ik - t_ik)",
    note="""
    Small errors e go through log(1 + sinh(e)^2) / 2 and keep their relative precision, where the form for large ones,
    abs(e) + log(1 + exp(-2 abs(e))) - log(2), cancels.
    """,
    reference="``keras.losses.log_cosh``.",
    example="""
    >>> losses.log_cosh([1e-100, 1e300], [0.0, 0.0], reduction="none")
    array([5.e-201, 1.e+300])
    """,
    aliases=("logcosh",),
)
def log_cosh(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """Mean over the outputs of the logarithm of the errors' hyperbolic cosine."""
    e = x - t
    size = abs(e)
    small = np.sinh(np.minimum(size, 1.0))
    large = size + np.log1p(np.exp(-2.0 * size)) - math.log(2.0)
    yield np.where(size < 1.0, np.log1p(small * small) / 2.0, large)
    yield fastact.tanh(e, out=out)


@loss(
    formula="L_ik = x_ik - t_ik log(x_ik + epsilon)",
    gradient_formula="dL_ik/dx_ik = (x_ik + epsilon - t_ik) / (x_ik + epsilon)",
    reference="``keras.losses.poisson``; ``torch.nn.functional.poisson_nll_loss`` with ``log_input=False``.",
    example="""
    >>> losses.poisson([1.0, 2.0], [0.0, 0.0], reduction="none")
    array([1., 2.])
    """,
    prediction_domain=NOT_NEGATIVE,
    target_domain=NOT_NEGATIVE,
    parameters=(Parameter("epsilon", 1e-7, POSITIVE, "What is added to the rate in the logarithm."),),
)
def poisson(x: NDArray, t: NDArray, out: NDArray | None, epsilon: float) -> Iterator[NDArray]:
    """Mean over the outputs of the Poisson loss of predicted rates, without the constant of the target alone."""
    rate = x + epsilon
    yield x - t * np.log(rate)
    yield np.divide(x - t + epsilon, rate, out=out)


def _unit_rows(a: NDArray) -> tuple[NDArray, NDArray]:
    """Rows by their Euclidean norm, and the norms; rows of zeros as they are. Squares neither over- nor underflow."""
    largest = abs(a).max(axis=1, keepdims=True)
    scaled = a / np.where(largest > 0.0, largest, 1.0)
    length = np.sqrt(np.add.reduce(scaled * scaled, axis=1, keepdims=True))
    length[largest == 0.0] = 1.0
    return scaled / length, length * largest


@loss(
    formula="L_i = - sum_k x_ik t_ik / (norm(x_i) norm(t_i)),  0 for a row of zeros",
    gradient_formula="""
    dL_i/dx_ik = - (t_ik / norm(t_i) + L_i x_ik / norm(x_i)) / norm(x_i),  0 for a row of zeros
    """,
    note="The gradient's rounding errors are relative to 1 / norm(x_i), even where the rows agree and it is 0.",
    reference="``keras.losses.cosine_similarity``, the cosine proximity of its first versions.",
    example="""
    >>> losses.cosine_similarity([[1e200, 0.0], [1.0, 1.0]], [[2.0, 0.0], [-1.0, 1.0]], reduction="none")
    array([-1.,  0.])
    """,
    rows=True,
    aliases=("cosine_proximity",),
)
def cosine_similarity(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """The negative cosine of the angle between predicted and true rows: -1 where they have one direction."""
    (u, length), (v, _) = _unit_rows(x), _unit_rows(t)
    cosine = np.add.reduce(u * v, axis=1)
    yield 0.0 - cosine
    u *= cosine[:, np.newaxis]
    u -= v
    u[length[:, 0] == 0.0] = 0.0
    length[length == 0.0] = 1.0
    yield np.divide(u, length, out=out)
