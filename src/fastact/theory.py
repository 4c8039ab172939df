"""What the table predicts for wide networks: moments of activations of normal numbers, and the edge of chaos.

In a wide network with weights of variance w^2 / n (n inputs) and biases of variance b^2, pre-activations are normal
with a variance q that passes from layer to layer as

    q <- w^2 E f(sqrt(q) Z)^2 + b^2,    Z standard normal,

and gradients grow by the factor w^2 E f'(sqrt(q) Z)^2 on their way down. Where q stays and that factor is 1, signals
and gradients go through any depth: the edge of chaos.

Poole et al., Exponential expressivity in deep neural networks through transient chaos, NeurIPS 2016;
Schoenholz et al., Deep information propagation, ICLR 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

import fastact

# Beyond 12 standard deviations lies less than 1e-32 of the normal distribution.
END = 12.0
POINTS = 40  # of Gauss and Legendre in each interval of length 1
NEAR = 40  # up to where all activations have intervals of length 1 of their own
FAR = 12_000  # up to where those have that oscillate: 12 standard deviations for a variance of 1e6


@lru_cache(maxsize=1)
def _legendre() -> tuple[Any, Any]:
    return np.polynomial.legendre.leggauss(POINTS)


def _expectation(function: Any, breaks: list[float]) -> float:
    """E function(Z) for a function that is smooth between the breaks."""
    edges = np.unique(np.concatenate([np.arange(-END, END + 1.0), [x for x in breaks if abs(x) < END]]))
    nodes, weights = _legendre()
    half = np.diff(edges)[:, np.newaxis] / 2.0
    z = edges[:-1, np.newaxis] + half * (1.0 + nodes)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return float(np.sum(function(z) * density * weights * half))


def _moment(activation: str, derivative: bool, variance: float, parameters: dict[str, float]) -> float:
    function = fastact.registered(activation)
    row = function.spec
    if derivative:
        function = function.derivative
    if not isinstance(variance, Real) or not 0.0 < variance < math.inf:
        raise ValueError(f"variance must be a number in (0, inf), got {variance!r:.60}")
    deviation = math.sqrt(variance)
    # Between kinks; and every activation is smooth on the scale of 1, or has its pieces meet at small integers. One
    # that oscillates goes on to do so where the others are as at infinity.
    reach = NEAR
    if any(map(math.isnan, row.derivative_limits)):
        reach = min(max(reach, math.ceil(END * deviation)), FAR)
    breaks = [point / deviation for point in (*row.kinks_at(**parameters), *range(-reach, reach + 1))]
    with np.errstate(over="ignore"):
        return _expectation(lambda z: np.square(function(deviation * z, **parameters)), breaks)


def second_moment(activation: str, variance: float = 1.0, **parameters: float) -> float:
    """E f(X)^2 for normal X of mean 0.

    Parameters
    ----------
    activation : str
        A name in ``fastact.activations``, or one that was given to `fastact.custom`.
    variance : float, default 1
        Of X, in (0, inf). By quadrature, which follows an activation that oscillates, such as sin and snake, for
        variances up to 1e6 and frequencies up to 10.
    **parameters : float
        Of the activation.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For an unknown activation, a variance that is not allowed, or a parameter outside its domain.
    """
    return _moment(activation, False, variance, parameters)


def second_moment_of_derivative(activation: str, variance: float = 1.0, **parameters: float) -> float:
    """E f'(X)^2 for normal X of mean 0; parameters, result and errors are those of `second_moment`."""
    return _moment(activation, True, variance, parameters)


@dataclass(frozen=True)
class CriticalPoint:
    """A point on the edge of chaos: standard deviations, times the root of the inputs for weights; the variance q."""

    weight_std: float
    bias_std: float
    variance: float


def edge_of_chaos(activation: str, bias_std: float = 0.0, **parameters: float) -> CriticalPoint:
    """The edge of chaos of a wide network of one activation: the point with the smallest variance q.

    Parameters
    ----------
    activation : str
        A name in ``fastact.activations``, or one that was given to `fastact.custom`.
    bias_std : float, default 0
        Standard deviation b of the biases, in [0, inf).
    **parameters : float
        Of the activation.

    Returns
    -------
    CriticalPoint
        For b = 0 and f(0) = 0 the limit for q to 0, of which ``variance`` says 1e-10.

    Raises
    ------
    ValueError
        For an unknown activation or bad parameter, and where there is no such point for 1e-10 <= q <= 1e6.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.edge_of_chaos("relu").weight_std ** 2, 9)
    2.0
    """
    if not isinstance(bias_std, Real) or not 0.0 <= bias_std < math.inf:
        raise ValueError(f"bias_std must be a number in [0, inf), got {bias_std!r:.60}")

    def missing(q: float) -> float:
        """How much variance of the biases the edge asks for at q, less what there is, over q."""
        slope = second_moment_of_derivative(activation, q, **parameters)
        value = second_moment(activation, q, **parameters)
        return 1.0 - value / (slope * q) - bias_std**2 / q if slope > 0 else -math.inf

    def point(q: float) -> CriticalPoint:
        return CriticalPoint(1.0 / math.sqrt(second_moment_of_derivative(activation, q, **parameters)), bias_std, q)

    grid = np.geomspace(1e-10, 1e6, 129)
    before = missing(grid[0])
    if abs(before) < 1e-6:
        return point(float(grid[0]))
    for lower, upper in pairwise(grid):
        after = missing(upper)
        if before * after <= 0.0 and math.isfinite(before) and math.isfinite(after):
            return point(_root(missing, lower, upper, before))
        before = after
    raise ValueError(f"bias_std must be one for which {activation} has an edge of chaos, got {bias_std:g}")


def _root(function: Any, lower: float, upper: float, at_lower: float) -> float:
    """Bisection, on the scale of logarithms, to rounding."""
    for _ in range(80):
        middle = math.sqrt(lower * upper)
        if not lower < middle < upper:
            break
        if function(middle) * at_lower > 0.0:
            lower = middle
        else:
            upper = middle
    return math.sqrt(lower * upper)
