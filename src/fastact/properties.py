"""What the table says of an activation and what follows from it, as plain data; and from where the unit is on.

Most properties stand in the row or follow from it. Where a unit switches on does neither: it is found numerically, from
the derivative that fastact computes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, TypedDict

import numpy as np

import fastact

from ._schema import Activation, number

# f' is computed to 3 ULP and its supremum found to less than one: so close to half of it, either side may be right.
_UNCERTAIN = 4 * float(np.finfo(np.float64).eps)


class ParameterProperties(TypedDict):
    """A parameter of an activation."""

    name: str
    default: float
    domain: str
    meaning: str
    learnable: bool
    derivative_formula: str | None


class Properties(TypedDict):
    """The properties of an activation, at its default parameters."""

    name: str
    aliases: list[str]
    summary: str
    formula: str
    derivative_formula: str
    second_derivative_formula: str | None
    from_output: str | None
    parameters: list[ParameterProperties]
    range: str
    infimum: float
    supremum: float
    limits: list[float]
    derivative_limits: list[float]
    bounded: bool
    zero_centred: bool
    monotone: bool
    odd: bool
    sup_derivative: float
    lipschitz: float
    smoothness: str
    differentiable: bool
    saturation_left: str
    saturation_right: str
    constant_below: float | None
    constant_above: float | None
    threshold: float | None
    near_zero: str
    kinks: list[tuple[float, float]]
    error_bounds: dict[str, dict[str, float]]
    reference: str


def rows(names: Iterable[str]) -> list[Activation]:
    """The rows of activations by name or alias.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    list of Activation
        In the order of the names.

    Raises
    ------
    ValueError
        If there is none of a name; the message has the names that look most like it.
    """
    found = []
    for name in names:
        if name not in fastact.activations:
            known = [known for row in fastact.activations.values() for known in (row.name, *row.aliases)]
            close = get_close_matches(name.lower().replace("-", "_"), known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(fastact.activations)}"
            raise ValueError(f"there is no activation {name!r}: {hint}")
        found.append(fastact.activations[name])
    return found


def properties(row: Activation, /) -> Properties:
    """All properties of an activation at its default parameters, as plain data.

    Parameters
    ----------
    row : Activation
        One of ``fastact.activations.values()``, or the ``.spec`` of a public function.

    Returns
    -------
    dict
        As :class:`Properties` lists. Infinite and absent limits are floats (inf, NaN), what does not exist is None.
        ``smoothness`` is "smooth", "C1" (f'' jumps), "C0" (f' jumps) or "discontinuous". ``saturation_left`` and
        ``saturation_right`` are "hard" (constant beyond some point), "soft" (f tends to a finite limit and f' to 0) or
        "none". ``threshold`` is :func:`activation_threshold`. ``kinks`` are pairs of x and f' there. ``error_bounds``
        are in units in the last place, by form and dtype.
    """
    below, above = saturation_edges(row)
    return {
        "name": row.name,
        "aliases": list(row.aliases),
        "summary": row.summary,
        "formula": row.formula,
        "derivative_formula": row.derivative_formula,
        "second_derivative_formula": row.second_derivative_formula or None,
        "from_output": row.from_output or None,
        "parameters": [
            {
                "name": parameter.name,
                "default": parameter.default,
                "domain": str(parameter.domain),
                "meaning": parameter.meaning,
                "learnable": parameter.learnable,
                "derivative_formula": parameter.derivative_formula or None,
            }
            for parameter in row.parameters
        ],
        "range": str(row.range),
        "infimum": row.range.lower,
        "supremum": row.range.upper,
        "limits": list(row.limits),
        "derivative_limits": list(row.derivative_limits),
        "bounded": row.bounded,
        "zero_centred": row.zero_centred,
        "monotone": row.monotone,
        "odd": row.odd,
        "sup_derivative": row.sup_derivative,
        "lipschitz": row.lipschitz,
        "smoothness": _smoothness(row.smoothness),
        "differentiable": row.differentiable,
        "saturation_left": row.saturation[0],
        "saturation_right": row.saturation[1],
        "constant_below": below,
        "constant_above": above,
        "threshold": activation_threshold(row),
        "near_zero": row.near_zero,
        "kinks": list(row.kinks_at().items()),
        "error_bounds": {
            form.name: {dtype: row.accuracy_of(form.name)[dtype] for dtype in ("float16", "float32", "float64")}
            for form in row.forms
            if form.own
        },
        "reference": row.reference,
    }


def _smoothness(order: float) -> str:
    return "discontinuous" if order < 0 else "smooth" if math.isinf(order) else f"C{order:.0f}"


def saturation_edges(row: Activation, /, **parameters: float) -> tuple[float | None, float | None]:
    """The points below and above which f is constant, for given parameters; None where it is constant nowhere."""
    values = _values(row, parameters)
    below, above = (None if at is None else number(at, values) for at in (row.constant_below, row.constant_above))
    if below is not None and above is not None and below > above:  # a negative slope turns the ramp round
        below, above = above, below
    return below, above


def activation_threshold(row: Activation, /, **parameters: float) -> float | None:
    """Where the unit switches on.

    That is the point below which f is constant, where there is one. Else, for an f' that tends to 0 at -inf and is
    bounded, it is the least x at which f' reaches half of its supremum.

    Parameters
    ----------
    row : Activation
        One of ``fastact.activations.values()``, or the ``.spec`` of a public function.
    **parameters : float
        Those of the activation; the ones not given have their defaults.

    Returns
    -------
    float or None
        None for an activation that is on everywhere, as the identity, or whose f' is unbounded, as the exponential's.

    Raises
    ------
    TypeError
        For a parameter that the activation does not have.
    ValueError
        For one outside its domain.
    """
    slope = derivative(row, **parameters)
    if slope(-math.inf) != 0:
        return None
    edge, _ = saturation_edges(row, **parameters)
    if edge is not None:
        return edge if math.isfinite(edge) else None
    x = sample_points(row, **parameters)
    slopes = slope(x)
    half = _supremum(slope, x, slopes) / 2
    if not 0 < half < math.inf:
        return None
    low, middle, high = (_reaches(slope, x, slopes, half * (1 + e)) for e in (-_UNCERTAIN, 0.0, _UNCERTAIN))
    # Where the true point is known to be 0 or a kink but for rounding, it is that.
    for exact in (0.0, *row.kinks_at(**_values(row, parameters))):
        if low[0] <= exact <= high[1]:
            return exact
    return middle[1]


def derivative(row: Activation, /, **parameters: float) -> Callable[[Any], Any]:
    """f' as a function of x alone, in float64."""
    function = getattr(fastact, f"{row.name}_derivative")
    values = _values(row, parameters)
    function(0.0, **values)  # raises for a parameter outside its domain

    def slope(x: Any) -> Any:
        with np.errstate(over="ignore"):  # that f' is infinite says enough
            return function(np.asarray(x, np.float64), **values)

    return slope


def sample_points(row: Activation, /, **parameters: float) -> np.ndarray:
    """Ascending points of all magnitudes, -inf and inf, and dense around where the pieces meet, at all scales."""
    values = _values(row, parameters)
    positive = np.ldexp(np.linspace(1, 2, 16, endpoint=False), np.arange(-1022, 1024)[:, None]).ravel()
    edges = [edge for edge in saturation_edges(row, **parameters) if edge is not None]
    centres = [0.0, *row.kinks_at(**values), *edges]
    sizes = [abs(value) for value in values.values() if value and math.isfinite(value)]
    scales = {1.0, *sizes, *(1 / size for size in sizes)}
    near = [centre + scale * np.linspace(-50, 50, 2001) for centre in centres for scale in scales]
    points = np.concatenate([positive, -positive, [0.0, -math.inf, math.inf], *near])
    return np.unique(points[~np.isnan(points)])


def _values(row: Activation, parameters: dict[str, float]) -> dict[str, float]:
    for name in parameters:
        if name not in row.defaults:
            raise TypeError(f"{row.name} has no parameter {name!r}; it has {', '.join(row.defaults) or 'none'}")
    return row.defaults | {name: float(value) for name, value in parameters.items()}


def _supremum(slope: Callable[[Any], Any], x: np.ndarray, slopes: np.ndarray) -> float:
    """The supremum of f': its largest value on the points, refined by ternary search."""
    best = int(np.argmax(slopes))
    reached = float(slopes[best])
    low, high = float(x[max(best - 1, 0)]), float(x[min(best + 1, len(x) - 1)])
    if not math.isfinite(reached) or not math.isfinite(high - low):
        return reached
    for _ in range(100):
        third = (high - low) / 3
        left, right = float(slope(low + third)), float(slope(high - third))
        reached = max(reached, left, right)
        if left < right:
            low += third
        else:
            high -= third
    return reached


def _reaches(slope: Callable[[Any], Any], x: np.ndarray, slopes: np.ndarray, level: float) -> tuple[float, float]:
    """Two neighbouring floats, between which f' first reaches a level."""
    first = int(np.argmax(slopes >= level))
    if not slopes[first] >= level:
        return math.inf, math.inf
    below, above = (max(min(float(at), 1e308), -1e308) for at in (x[first - 1], x[first]))
    while below < (middle := below / 2 + above / 2) < above:
        if slope(middle) >= level:
            above = middle
        else:
            below = middle
    return below, above
