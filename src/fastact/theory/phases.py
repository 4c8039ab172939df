"""Where many layers lead: fixed points of variance and correlation, phases, and how many layers it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .layers import correlated, mapped, slope_at_one, stds
from .moments import Activation, checked

SAME = 1e-12  # relative; quadrature errs by less
CRITICAL = 1e-9
"""A slope that differs from 1 by less is 1."""
# Among these variances fixed points are looked for.
VARIANCES = np.geomspace(1e-10, 1e12, 177)
OSCILLATING = 1e4
"""Up to where they are, for an activation that goes on to oscillate: quadrature takes long to follow it further."""
STEPS = 30
"""Layers that are computed one by one, before the way that the variance is on decides where it ends."""


def depth_scale(slope: float) -> float:
    """The number of layers over which what is multiplied by ``slope`` in each changes by a factor of e.

    xi = -1 / log abs slope, positive: also where it grows.

    Parameters
    ----------
    slope : float
        Any number, ``inf`` among them.

    Returns
    -------
    float
        In [0, inf]; ``inf`` for a slope of 1 or -1, but for rounding, and 0 for slopes of 0 and ``inf``.

    Raises
    ------
    ValueError
        For NaN.

    Examples
    --------
    >>> from fastact import theory
    >>> theory.depth_scale(1.0), round(theory.depth_scale(0.5), 6)
    (inf, 1.442695)
    """
    if math.isnan(slope):
        raise ValueError("slope must be a number, got nan")
    size = abs(slope)
    if abs(size - 1.0) < CRITICAL:
        return math.inf
    return 0.0 if size == 0.0 or math.isinf(size) else 1.0 / abs(math.log(size))


@dataclass(frozen=True)
class FixedPoint:
    """A variance that stays from layer to layer.

    Attributes
    ----------
    variance : float
    slope : float
        dV/dq there.
    """

    variance: float
    slope: float

    @property
    def stable(self) -> bool:
        """Whether variances near it come nearer: no slope is below -1/2, as Z^2 - 1 is never below -1."""
        return self.slope < 1.0


@dataclass(frozen=True)
class MeanField:
    """What deep layers of a wide network do.

    Attributes
    ----------
    weight_std, bias_std : float
        w and b.
    variance : float
        q*, to which the variance of pre-activations goes.
    variance_slope : float
        dV/dq there.
    chi : float
        chi_1 = w^2 E f'(sqrt(q*) Z)^2: the slope of the correlation map at 1, and the factor of squared gradients.
    correlation : float
        c*, to which the correlation of two inputs goes: 1 in the ordered phase, less in the chaotic one.
    correlation_slope : float
        dC/dc there; chi_1 in the ordered phase.
    """

    weight_std: float
    bias_std: float
    variance: float
    variance_slope: float
    chi: float
    correlation: float
    correlation_slope: float

    @property
    def phase(self) -> str:
        """ "ordered" for chi_1 < 1, "chaotic" for chi_1 > 1, "critical" between: the edge of chaos."""
        if abs(self.chi - 1.0) < CRITICAL:
            return "critical"
        return "ordered" if self.chi < 1.0 else "chaotic"

    @property
    def variance_depth(self) -> float:
        """xi_q, in layers: abs(q_l - q*) ~ exp(-l / xi_q)."""
        return depth_scale(self.variance_slope)

    @property
    def correlation_depth(self) -> float:
        """xi_c, in layers: abs(c_l - c*) ~ exp(-l / xi_c). Infinite at the edge of chaos."""
        return depth_scale(self.correlation_slope)

    @property
    def gradient_depth(self) -> float:
        """Layers over which squared gradients shrink, or in the chaotic phase grow, by a factor of e."""
        return depth_scale(self.chi)


def bisected(function: Callable[[float], float], lower: float, upper: float, at_lower: float) -> float:
    """The root between two positive numbers, on the scale of logarithms, to rounding."""
    for _ in range(80):
        middle = math.sqrt(lower * upper)
        if not lower < middle < upper:
            break
        if function(middle) * at_lower > 0.0:
            lower = middle
        else:
            upper = middle
    return math.sqrt(lower * upper)


def _excess(f: Activation, weight_std: float, bias_std: float, q: float) -> float:
    """V(q) / q - 1, and 0 where that is rounding."""
    excess = mapped(f, weight_std, bias_std, q) / q - 1.0
    return 0.0 if abs(excess) < SAME else excess


def _slope(f: Activation, weight_std: float, q: float) -> float:
    """dV/dq."""
    q = max(q, float(VARIANCES[0]))
    return weight_std**2 * f.moment(q, "growth") / q


def _found(f: Activation, weight_std: float, bias_std: float) -> tuple[list[float], bool]:
    """Fixed points by size, and whether all that were looked at are."""

    def excess(q: float) -> float:
        return _excess(f, weight_std, bias_std, q)

    points = [0.0] if mapped(f, weight_std, bias_std, 0.0) == 0.0 else []
    end = OSCILLATING if f.oscillates else math.inf
    changing = [(q, value) for q in VARIANCES.tolist() if q < end and (value := excess(q))]
    for (lower, before), (upper, after) in pairwise(changing):
        if before * after < 0.0:
            points.append(bisected(excess, lower, upper, before))
    return points, not changing


def fixed_points(
    activation: Any, weight_std: float, bias_std: float = 0.0, **parameters: float
) -> tuple[FixedPoint, ...]:
    """The variances of pre-activations that stay from layer to layer: V(q) = w^2 E f(sqrt(q) Z)^2 + b^2 = q.

    Parameters
    ----------
    activation, weight_std, bias_std, **parameters
        As of `variance_map`.

    Returns
    -------
    tuple of FixedPoint
        By size: 0, if it is one, and those between 1e-10 and 1e12 (1e4 for an activation that oscillates, as sin
        and snake do). Empty if there is none. Between two stable ones stands one that is not.

    Raises
    ------
    ValueError
        As for `variance_map`, and where every variance stays, as with relu on the edge of chaos.

    Examples
    --------
    With f(x) = x^2, V(q) = 3 w^2 q^2: variances below 1/3 vanish, those above explode.

    >>> from fastact import theory
    >>> [(round(point.variance, 6), point.stable) for point in theory.fixed_points("square", 1.0)]
    [(0.0, True), (0.333333, False)]
    """
    f = Activation(activation, parameters)
    weight_std, bias_std = stds(weight_std, bias_std)
    points, everywhere = _found(f, weight_std, bias_std)
    if everywhere:
        raise ValueError(f"weight_std must be one at which variances move; at {weight_std:g} {f.name} keeps every one")
    return tuple(FixedPoint(q, _slope(f, weight_std, q)) for q in points)


def fixed_point(
    activation: Any, weight_std: float, bias_std: float = 0.0, *, start: float = 1.0, **parameters: float
) -> float:
    """The variance that pre-activations have after many layers, if it begins with ``start``.

    Parameters
    ----------
    activation, weight_std, bias_std, **parameters
        As of `variance_map`.
    start : float, default 1
        The first layer's variance, in (0, inf).

    Returns
    -------
    float
        In [0, inf]; ``inf`` where it grows beyond 1e12, and 0 where signals vanish. A start that is itself a fixed
        point stays, stable or not.

    Raises
    ------
    ValueError
        As for `variance_map`.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.fixed_point("selu", 1.0), 9), theory.fixed_point("relu", 1.0), theory.fixed_point("relu", 2.0)
    (1.0, 0.0, inf)
    """
    start = checked("start", start, 0.0)
    return _limit(Activation(activation, parameters), *stds(weight_std, bias_std), start)


def _limit(f: Activation, weight_std: float, bias_std: float, q: float) -> float:
    # No slope is below -1/2, so that the variance may pass a fixed point, but ends by going one way.
    for _ in range(STEPS):
        if q > VARIANCES[-1] or q < VARIANCES[0] or not _excess(f, weight_std, bias_std, q):
            break
        q = mapped(f, weight_std, bias_std, q)
    if q > VARIANCES[-1]:
        return math.inf
    excess = _excess(f, weight_std, bias_std, max(q, float(VARIANCES[0])))
    if not excess and q >= VARIANCES[0]:
        return q
    points, _ = _found(f, weight_std, bias_std)
    if excess > 0.0:
        return min((point for point in points if point > q), default=math.inf)
    return max((point for point in points if point < q), default=0.0)


def mean_field(
    activation: Any, weight_std: float, bias_std: float = 0.0, *, start: float = 1.0, **parameters: float
) -> MeanField:
    """Fixed points of variance and correlation of a wide network, its phase, and its depth scales.

    Parameters
    ----------
    activation, weight_std, bias_std, start, **parameters
        As of `fixed_point`.

    Returns
    -------
    MeanField
        Where variances go to 0, it holds the limits of its slopes there, and all inputs come together at 0.

    Raises
    ------
    ValueError
        As for `variance_map`, and where the variance grows without bound: there is no fixed point to speak of.

    References
    ----------
    Schoenholz et al., Deep information propagation, ICLR 2017, eq. 7 and 9 (the depth scales).

    Examples
    --------
    >>> from fastact import theory
    >>> found = theory.mean_field("tanh", 1.5, 0.05**0.5)
    >>> found.phase, round(found.variance, 4), round(found.correlation, 4), round(found.correlation_depth, 2)
    ('chaotic', 0.8894, 0.5672, 15.12)
    """
    f = Activation(activation, parameters)
    weight_std, bias_std = stds(weight_std, bias_std)
    q = _limit(f, weight_std, bias_std, checked("start", start, 0.0))
    if math.isinf(q):
        raise ValueError(
            f"weight_std and bias_std must be such that variances settle; with {weight_std:g} and {bias_std:g} those "
            f"of {f.name} grow from {start:g} without bound"
        )
    at_one = slope_at_one(f, weight_std, q)
    correlation, slope = 1.0, at_one
    if at_one > 1.0 + CRITICAL and q > 0.0:
        correlation, slope = _parted(f, weight_std, bias_std, q)
    return MeanField(weight_std, bias_std, q, _slope(f, weight_std, q), at_one, correlation, slope)


def _parted(f: Activation, weight_std: float, bias_std: float, q: float) -> tuple[float, float]:
    """c* < 1 and the correlation map's slope there.

    C is a power series in c without negative coefficients, so that C(c) - c is convex on [0, 1], with a root at 1 where
    it rises: Newton's steps from 0 never pass the other root.
    """
    jumps = f.jumps

    def slope(c: float) -> float:
        if not jumps:
            return weight_std**2 * f.cross_moment(c, q, derivative=True)
        step = 1e-4 * (1.0 - c)
        ends = (correlated(f, c + sign * step, q, weight_std, bias_std) for sign in (1.0, -1.0))
        return (next(ends) - next(ends)) / (2.0 * step)

    c = 0.0
    for _ in range(100):
        excess, rate = correlated(f, c, q, weight_std, bias_std) - c, slope(c)
        step = excess / (1.0 - rate) if rate < 1.0 else 0.0
        if step <= 1e-13:
            break
        c = min(c + step, 1.0)
    return c, slope(c)
