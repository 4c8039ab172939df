"""The edge of chaos: the weights and biases with which neither signals nor gradients vanish or explode."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .moments import Activation, checked
from .phases import CRITICAL, SAME, bisected

VARIANCES = np.geomspace(1e-10, 1e6, 129)
LIMIT, NEAR = 1e-24, 1e-4
"""Variances that stand for the limit of 0, and for what is near it."""
LINE = tuple(np.geomspace(1e-3, 1e2, 41).tolist())
"""Variances for which `critical_line` gives points, unless it is told others."""


@dataclass(frozen=True)
class CriticalPoint:
    """A point on the edge of chaos.

    Attributes
    ----------
    weight_std : float
        Standard deviation of the weights times the root of the number of inputs.
    bias_std : float
        Of the biases.
    variance : float
        q, that of the pre-activations, which one layer hands on to the next.
    stable : bool
        Whether larger variances near q do not move away from it. For gelu, silu and their like at bias_std = 0 they do:
        signals that do not start near 0 grow with depth, ever faster.
    """

    weight_std: float
    bias_std: float
    variance: float
    stable: bool = True


def edge_of_chaos(activation: Any, bias_std: float = 0.0, **parameters: float) -> CriticalPoint:
    """The edge of chaos of a wide network of one activation: the point with the smallest variance q.

    There V(q) = q and chi_1 = 1:  w^2 = 1 / E f'(sqrt(q) Z)^2,  b^2 = q - w^2 E f(sqrt(q) Z)^2.

    Parameters
    ----------
    activation : str or what `fastact.custom` made
        As of `second_moment`.
    bias_std : float, default 0
        Standard deviation b of the biases, in [0, inf).
    **parameters : float
        Of the activation.

    Returns
    -------
    CriticalPoint
        For b = 0 and f(0) = 0 the limit for q to 0, of which ``variance`` says 1e-10. It need not be ``stable``;
        `critical_line` has only points that are.

    Raises
    ------
    ValueError
        For an unknown activation or bad parameter, and where there is no such point for 1e-10 <= q <= 1e6: for an
        activation that jumps there is none.

    References
    ----------
    Poole et al., 2016; Schoenholz et al., 2017; for other activations than tanh, Hayou et al., On the impact of the
    activation function on deep neural networks training, ICML 2019.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.edge_of_chaos("relu").weight_std ** 2, 9)
    2.0
    >>> round(theory.edge_of_chaos("gelu", 0.1).weight_std ** 2, 4)
    2.9828
    """
    bias_std = checked("bias_std", bias_std, 0.0, closed=True)
    f = Activation(activation, parameters)

    def missing(q: float) -> float:
        """How much variance of the biases the edge asks for at q, less what there is, over q."""
        slope, value = f.moment(q, "derivative"), f.moment(q)
        return 1.0 - value / (slope * q) - bias_std**2 / q if slope > 0 else -math.inf

    def point(q: float) -> CriticalPoint:
        slope = f.moment(q, "derivative")
        stable = f.moment(q, "growth") <= slope * q * (1.0 + CRITICAL)
        return CriticalPoint(1.0 / math.sqrt(slope), bias_std, q, stable)

    if not f.jumps:
        least = float(VARIANCES[0])
        before = missing(least)
        if abs(before) < 1e-6:
            # f' at 0, from both sides; and whether f bends so that variances a little larger grow.
            slope = f.moment(LIMIT, "derivative")
            return CriticalPoint(1.0 / math.sqrt(slope), bias_std, least, f.moment(NEAR) <= slope * NEAR * (1.0 + SAME))
        for lower, upper in pairwise(VARIANCES.tolist()):
            after = missing(upper)
            if before * after <= 0.0 and math.isfinite(before) and math.isfinite(after):
                return point(bisected(missing, lower, upper, before))
            before = after
    raise ValueError(f"bias_std must be one for which {f.name} has an edge of chaos, got {bias_std:g}")


def critical_line(activation: Any, variances: Iterable[float] = LINE, **parameters: float) -> tuple[CriticalPoint, ...]:
    """The edge of chaos as a curve in the plane of weight_std and bias_std, with q for its parameter.

    Parameters
    ----------
    activation, **parameters
        As of `edge_of_chaos`.
    variances : iterable of float, default 41 from 1e-3 to 100
        q, each in (0, inf).

    Returns
    -------
    tuple of CriticalPoint
        In the order of the variances. Those are left out for which b^2 would be negative, or at which the variance
        does not stay: dV/dq > 1. For relu every variance has the same point, and the curve is that.

    Raises
    ------
    ValueError
        As for `edge_of_chaos`, where no variance has a point.

    Examples
    --------
    >>> from fastact import theory
    >>> [(round(p.weight_std**2, 3), round(p.bias_std**2, 3)) for p in theory.critical_line("tanh", (0.1, 0.5, 1.0))]
    [(1.178, 0.001), (1.688, 0.038), (2.153, 0.151)]
    """
    f = Activation(activation, parameters)
    points = []
    for given in variances:
        q = checked("variances", given, 0.0)
        slope = f.moment(q, "derivative")
        if f.jumps or not 0.0 < slope < math.inf:
            continue
        bias_variance = q - f.moment(q) / slope
        if bias_variance < -SAME * q or f.moment(q, "growth") > slope * q * (1.0 + CRITICAL):
            continue
        points.append(CriticalPoint(1.0 / math.sqrt(slope), math.sqrt(max(bias_variance, 0.0)), q))
    if not points:
        raise ValueError(f"variances must be some for which {f.name} has an edge of chaos")
    return tuple(points)
