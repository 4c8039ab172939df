"""Means of functions of standard normal numbers, by quadrature that refines where a function asks for it.

Gauss-Hermite quadrature takes a function for a polynomial on the whole line: of relu's kink it sees nothing, and its
error falls only as the root of the number of points. Here the line is cut at the points where an activation has its
kinks, and on lattices between whose points most activations are smooth; each piece takes Gauss's and Legendre's rule,
and is halved until the rule on the halves agrees with the rule on the whole. That follows what is sharp, what
oscillates and what jumps too, wherever the table or `fastact.custom` did not know it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

POINTS = 20  # of the rule on each piece
TOLERANCE = 1e-13  # of a piece, beside the whole
PIECES = 300_000  # of one halving: more is an activation that no quadrature follows
HALVINGS = 200
UNIT = 2.0  # standard deviations that the rule takes at once: the density needs no less
# Standard deviations. Beyond the first lies less than 1e-32 of the normal distribution; where the function grows so
# fast that it counts, the next is tried. Beyond the last, the density's root leaves float64.
ENDS = (12.0, 24.0, 48.0)


class TooFastError(ValueError):
    """The integrand oscillates so fast that quadrature cannot follow."""


@lru_cache(maxsize=1)
def legendre() -> tuple[Array, Array]:
    """Nodes and weights on (-1, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    return nodes, weights


def root_of_density(z: Array) -> Array:
    """The root of the standard normal density: it keeps its digits for twice as far as the density."""
    return np.exp(-0.25 * z * z) * (2.0 * math.pi) ** -0.25


@dataclass(frozen=True, eq=False)
class Mean:
    """A mean, and the cuts between which its integrand was smooth: from ``-end`` to ``end``.

    Infinite where the integral does not converge, or the integrand leaves float64 before it is small.
    """

    value: float
    cuts: Array
    end: float


def mean(integrand: Function, cuts: Iterable[float], *, size: float = 0.0) -> Mean:
    """The integral over the line of a function that contains the density.

    ``size`` is what errors are small beside, if that is more than the integral of the absolute value: where an
    integrand is a difference of rounded numbers, no halving makes it smooth.

    Raises
    ------
    ValueError
        If the function is NaN somewhere, or oscillates so fast that no quadrature follows.
    """
    given = np.asarray(list(cuts), np.float64)
    for end in ENDS:
        inner = given[np.abs(given) < end]
        edges = np.unique(np.concatenate([np.arange(-end, end + 1.0, UNIT), inner]))
        found, tails = _between(integrand, edges, size)
        if math.isinf(found.value) or tails <= TOLERANCE:
            return found
    return Mean(math.inf, found.cuts, found.end)


def _between(integrand: Function, edges: Array, size: float) -> tuple[Mean, float]:
    """The integral between the outer edges, and which share of it lies in the outermost standard deviations."""
    nodes, weights = legendre()

    def rule(left: Array, right: Array) -> Array:
        half = 0.5 * (right - left)[:, np.newaxis]
        with np.errstate(over="ignore", invalid="ignore"):
            values = integrand(left[:, np.newaxis] + half * (1.0 + nodes))
            return np.asarray((values * (weights * half)).sum(axis=1))

    left, right = edges[:-1], edges[1:]
    whole, end = rule(left, right), float(edges[-1])
    total, absolute, tails = 0.0, 0.0, 0.0
    cuts = [edges]
    for _ in range(HALVINGS):
        if np.isnan(whole).any():
            raise ValueError("activation must be a number everywhere; its mean has a NaN")
        if np.isinf(whole).any():
            return Mean(math.inf, edges, end), 0.0
        middle = 0.5 * (left + right)
        lower, upper = rule(left, middle), rule(middle, right)
        both = lower + upper
        scale = max(size, absolute + float(np.abs(both).sum()))
        # At the resolution of float64 there is nothing left to halve. A NaN is found at the next turn.
        done = (np.abs(both - whole) <= TOLERANCE * scale) | (middle <= left) | (middle >= right)
        total += float(both[done].sum())
        absolute += float(np.abs(both[done]).sum())
        tails += float(np.abs(both[done & (np.maximum(-left, right) > end - 1.0)]).sum())
        if done.all():
            share = tails / max(size, absolute) if absolute else 0.0
            return Mean(total, np.unique(np.concatenate(cuts)), end), share
        rest = ~done
        cuts.append(middle[rest])
        left, right = np.concatenate([left[rest], middle[rest]]), np.concatenate([middle[rest], right[rest]])
        whole = np.concatenate([lower[rest], upper[rest]])
        if len(left) > PIECES:
            raise TooFastError("activation must not oscillate so fast that quadrature cannot follow at this variance")
    # What still changes after so many halvings does so at a single point, where it grows like 1 / abs z or faster.
    return Mean(math.inf, np.unique(np.concatenate(cuts)), end), 0.0


def conditional_mean(function: Function, z: Array, cuts: Array, correlation: float, end: float) -> Array:
    """E[function(Y) | Z = z] for standard normal Y and Z of that correlation, in (-1, 1).

    ``cuts`` are those between which the function is smooth; ``z`` has any shape.
    """
    nodes, weights = legendre()
    spread = math.sqrt((1.0 - correlation) * (1.0 + correlation))
    flat = np.asarray(z, np.float64).reshape(-1, 1)
    units = np.arange(-end, end + 1.0, UNIT)
    out = np.empty(flat.shape[0])
    at_once = max(1, 2_000_000 // ((len(cuts) + len(units)) * POINTS))
    for start in range(0, len(flat), at_once):
        at = flat[start : start + at_once]
        # Pieces outside have length 0 there.
        own = np.clip((cuts - correlation * at) / spread, -end, end)
        edges = np.sort(np.concatenate([own, np.broadcast_to(units, (len(at), len(units)))], axis=1), axis=1)
        half = 0.5 * np.diff(edges, axis=1)[:, :, np.newaxis]
        y = edges[:, :-1, np.newaxis] + half * (1.0 + nodes)
        with np.errstate(over="ignore"):
            values = function(correlation * at[:, :, np.newaxis] + spread * y) * root_of_density(y) ** 2
        out[start : start + at_once] = (values * (weights * half)).sum(axis=(1, 2))
    return out.reshape(np.shape(z))


def normal_mean(function: Callable[[Array], Any], cuts: Iterable[float]) -> Mean:
    """E function(Z)^2 for standard normal Z: squared with the density's root, so that neither overflows alone."""
    return mean(lambda z: np.square(function(z) * root_of_density(z)), cuts)
