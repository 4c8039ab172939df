"""What can be said of a defined activation: limits, range, kinks and the like, found numerically in float64.

They are what the rows of the catalogue state of theirs, at the default parameters, and good to plot, to choose an
initialiser and to bound a gradient. They are found on a grid, not proven: what happens between its points, or beyond
1e64, is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import fastact
from fastact.catalogue import Accuracy, Activation, Interval, Parameter

from . import expression
from .expression import Node

_FAR = 10.0 ** np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64])
_GRID = np.unique(np.concatenate([np.linspace(-40, 40, 8001), np.sinh(np.linspace(-14, 14, 2001))]))
_MAX_ROOTS = 8

Function = Callable[[np.ndarray], np.ndarray]

_NUMPY: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in (
        *expression.ARITHMETIC,
        *expression.COMPARISONS,
        *expression.LOGICAL,
        *expression.PLAIN,
        *expression.PRIMITIVES,
        *expression.COMPOSED,
    )
}


def evaluator(output: Node, parameters: Mapping[str, float]) -> Function:
    """An expression as a function of float64 arrays, by NumPy's functions one after the other."""
    order = expression.topological([output])

    def evaluate(x: np.ndarray) -> np.ndarray:
        done: dict[Node, Any] = {}
        with np.errstate(all="ignore"):
            for at in order:
                args = [done[arg] for arg in at.args]
                if at.op == "x":
                    done[at] = x
                elif at.op == "parameter":
                    done[at] = parameters[at.value]
                elif at.op == "constant":
                    done[at] = float(at.value)
                elif at.op == "call":
                    function = getattr(fastact, at.value)
                    done[at] = getattr(function, "ufunc", function)(*args)
                else:
                    done[at] = _NUMPY[at.op](*args)
            result = np.broadcast_to(np.asarray(done[output], np.float64), np.shape(x))
            return np.where(np.isnan(x), x, result)

    return evaluate


def limit(function: Function, side: float) -> float:
    """The limit at -inf or inf; NaN where there seems to be none."""
    values = function(side * _FAR)
    *_, b, c, d = values
    if abs(d) < 1e-20 and abs(d) <= abs(c) <= abs(b):
        return 0.0
    if (
        math.isfinite(d)
        and math.isclose(b, d, rel_tol=1e-12, abs_tol=1e-30)
        and math.isclose(c, d, rel_tol=1e-12, abs_tol=1e-30)
    ):
        return float(d) + 0.0
    tail = values[np.argmax(np.isnan(values)) :] if np.isnan(values).all() else values[~np.isnan(values)]
    # Once it is infinite it may become NaN by subtraction: what it did before counts.
    tail = tail[-6:]
    steps = np.diff(np.where(np.isinf(tail), np.copysign(1e308, tail), tail))
    if len(tail) >= 3 and (steps >= 0).all() and steps.any() and tail[-1] > 0:
        return math.inf
    if len(tail) >= 3 and (steps <= 0).all() and steps.any() and tail[-1] < 0:
        return -math.inf
    if len(tail) and np.isinf(tail).all():
        return float(tail[-1])
    return math.nan


def limits(function: Function) -> tuple[float, float]:
    """The limits at -inf and inf."""
    return limit(function, -1.0), limit(function, 1.0)


def missing_limits(function: Function) -> tuple[float | None, float | None]:
    """The limits at -inf and inf where the expression itself gives NaN there."""
    ends = function(np.array([-math.inf, math.inf]))
    found = limits(function)
    return tuple(  # type: ignore[return-value]
        None if not math.isnan(end) or math.isnan(value) else value for end, value in zip(ends, found, strict=True)
    )


def kinks(derivative: Function) -> list[float]:
    """Where f' jumps, between -1e5 and 1e5."""
    left, right = _GRID[:-1].copy(), _GRID[1:].copy()
    below, above = derivative(left), derivative(right)
    usual = np.isfinite(below) & np.isfinite(above)
    for _ in range(60):
        middle = 0.5 * (left + right)
        between = derivative(middle)
        lower = np.abs(between - below) > np.abs(above - between)
        right, above = np.where(lower, middle, right), np.where(lower, between, above)
        left, below = np.where(lower, left, middle), np.where(lower, below, between)
    scale = np.maximum(np.abs(below), np.abs(above))
    jumps = usual & np.isfinite(scale) & (np.abs(above - below) > 1e-3 * scale + 1e-5)
    found: list[float] = []
    for at in 0.5 * (left[jumps] + right[jumps]):
        value = float(round(at, 9)) + 0.0
        if not any(math.isclose(value, other, abs_tol=1e-6) for other in found):
            found.append(value)
    return found


def _extreme(function: Function, sign: float, ends: tuple[float, float]) -> tuple[float, bool]:
    """The supremum (1) or infimum (-1), and whether a point of the grid or near it has it."""
    values = sign * function(_GRID)
    finite = np.isfinite(values)
    at_ends = max((sign * end for end in ends if not math.isnan(end)), default=-math.inf)
    if math.isinf(at_ends) and at_ends > 0:
        return sign * at_ends, False
    if (values == math.inf).any():
        return sign * math.inf, False
    if not finite.any():
        return math.nan, False
    best = int(np.argmax(np.where(finite, values, -math.inf)))
    left, right = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    top = values[best]
    for _ in range(8):
        near = np.linspace(left, right, 33)
        found = np.where(np.isfinite(y := sign * function(near)), y, -math.inf)
        top = max(top, found.max())
        place = int(np.argmax(found))
        left, right = near[max(place - 1, 0)], near[min(place + 1, 32)]
    if at_ends >= top:
        # It is reached at a point, or if f is constant from some point on; not where it only rounds to it.
        equal = values == top
        alone = equal[1:-1] & ~equal[:-2] & ~equal[2:]
        reached = at_ends == top and (alone.any() or equal[np.abs(_GRID) < 15].sum() > 100)
        return sign * at_ends + 0.0, bool(reached)
    return float(sign * top), True


def _roots(function: Function) -> tuple[float, ...]:
    """Where a function changes its sign by passing through 0; none if there are many."""
    values = function(_GRID)
    changes = np.flatnonzero((values[:-1] * values[1:] < 0) & np.isfinite(values[:-1]) & np.isfinite(values[1:]))
    touched = [float(x) for x in _GRID[1:-1][(values[1:-1] == 0) & (values[:-2] * values[2:] < 0)]]
    if len(changes) + len(touched) > _MAX_ROOTS:
        return ()
    for i in changes:
        left, right = _GRID[i], _GRID[i + 1]
        for _ in range(80):
            middle = 0.5 * (left + right)
            if (function(np.array([middle]))[0] < 0) == (values[i] < 0):
                left = middle
            else:
                right = middle
        if abs(function(np.array([left]))[0]) < 1e-6:
            touched.append(float(left))
    return tuple(sorted(touched))


@np.errstate(all="ignore")
def facts(value: Node, derivative: Node, parameters: Mapping[str, float]) -> dict[str, Any]:
    """The fields of a row that are found numerically, as plain data."""
    f, slope = evaluator(value, parameters), evaluator(derivative, parameters)
    ends, slope_ends = limits(f), limits(slope)
    y, s = f(_GRID), slope(_GRID)
    jumps = kinks(slope)
    lower, lower_closed = _extreme(f, -1.0, ends)
    upper, upper_closed = _extreme(f, 1.0, ends)
    steepest = max(abs(_extreme(slope, sign, slope_ends)[0]) for sign in (-1.0, 1.0))
    if math.isnan(steepest):
        steepest = math.inf
    seen = np.isfinite(y) & np.isfinite(s)
    continuous = all(
        abs(a - b) <= 1e-6 * (1 + abs(a)) for a, b in (f(np.array([at - 1e-9, at + 1e-9])) for at in jumps)
    )
    at_zero = [float(function(np.zeros(1))[0]) + 0.0 for function in (f, slope)]
    flat: dict[str, float | None] = {"constant_below": None, "constant_above": None}
    for at in jumps:
        if (s[at - 1e-8 > _GRID] == 0).all() and (y[at - 1e-8 > _GRID] == y[0]).all():
            flat["constant_below"] = at
        if (
            flat["constant_above"] is None
            and (s[at + 1e-8 < _GRID] == 0).all()
            and (y[at + 1e-8 < _GRID] == y[-1]).all()
        ):
            flat["constant_above"] = at
    opposite = f(-_GRID)
    return {
        "limits": ends,
        "derivative_limits": slope_ends,
        "range": (lower, upper, lower_closed, upper_closed),
        "sup_derivative": steepest,
        "at_zero": at_zero,
        "kinks": [[at, float(slope(np.array([at]))[0])] for at in jumps],
        "smoothness": (0 if continuous else -1) if jumps else math.inf,
        "derivative_roots": _roots(slope),
        "monotone": bool((s[seen] >= 0).all() or (s[seen] <= 0).all()),
        "odd": bool(np.allclose(opposite[seen], -y[seen], rtol=1e-12, atol=1e-300, equal_nan=True)),
        **flat,
    }


UNBOUNDED = Accuracy(math.inf, math.inf, math.inf)


def row(
    name: str,
    formula: str,
    derivative_formula: str,
    parameters: Mapping[str, float],
    parameter_formulas: Mapping[str, str],
    found: Mapping[str, Any],
    reference: str,
) -> Activation:
    """The row of a defined activation. No error bounds: they are infinite."""
    reals = Interval(-math.inf, math.inf)
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
    lower, upper, lower_closed, upper_closed = given.pop("range")
    return Activation(
        name=name,
        summary="Defined by its user.",
        formula=f"f(x) = {formula}",
        derivative_formula=f"f'(x) = {derivative_formula}",
        accuracy=UNBOUNDED,
        derivative_accuracy=UNBOUNDED,
        reference=reference or "-",
        parameters=tuple(
            Parameter(
                key,
                default,
                reals,
                "of the definition",
                derivative_formula=f"df/d{key} = {parameter_formulas[key]}" if key in parameter_formulas else "",
                derivative_accuracy=UNBOUNDED if key in parameter_formulas else None,
            )
            for key, default in parameters.items()
        ),
        range=Interval(lower, upper, lower_closed=lower_closed, upper_closed=upper_closed),
        kinks=dict(given.pop("kinks")),
        **given,
    )
