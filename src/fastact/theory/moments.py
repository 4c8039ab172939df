"""Second moments of activations, and of their derivatives, of normal numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

import fastact

from . import quadrature
from .quadrature import Array

# Most activations are smooth on this scale, and as at infinity further out.
LATTICE = np.arange(-40.0, 41.0, quadrature.UNIT)
KEPT = 4096
"""Moments that are kept: every step of an iteration asks for some, and so does every layer of a network."""
# Where float64 ends for a square, in variances; beyond stand the limits.
SMALLEST, LARGEST = 1e-200, 1e300


def checked(name: str, value: Any, lower: float, upper: float = math.inf, *, closed: bool = False) -> float:
    """A number in (lower, upper), or in [lower, upper] if ``closed``, an infinite upper bound left out."""
    known = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    number = float(value) if known else math.nan
    inside = lower <= number <= upper if closed else lower < number < upper
    if not inside or math.isinf(number):
        right = "]" if closed and math.isfinite(upper) else ")"
        raise ValueError(
            f"{name} must be a number in {'[' if closed else '('}{lower:g}, {upper:g}{right}, got {value!r:.60}"
        )
    return number


class Activation:
    """An activation of given parameters as a function of float64 arrays, whose moments are computed once.

    Parameters
    ----------
    activation : str or what `fastact.custom` made
        As of `fastact.registered`.
    parameters : mapping of str to float
        Of the activation.
    """

    def __init__(self, activation: Any, parameters: Mapping[str, float]) -> None:
        self.function = fastact.registered(activation)
        self.row = self.function.spec
        self.name = self.row.name
        self.parameters = tuple(sorted(parameters.items()))
        self.at_zero = float(self.function(0.0, **parameters))  # an error in the parameters comes here
        self.kinks = _kinks(self.function, self.parameters)

    @property
    def jumps(self) -> bool:
        """Whether f itself has a jump: the two sides do not meet at a kink, or where quadrature halved to the end."""
        places = np.concatenate([self.kinks, self._mean("signed", 1.0).cuts])
        sides = [
            np.abs(np.diff(self.function(places + step * np.array([[-1.0], [1.0]]), **dict(self.parameters)), axis=0))
            for step in (1e-4, 1e-6)
        ]
        return bool((sides[1] > np.maximum(1e-5, 0.5 * sides[0])).any())

    @property
    def oscillates(self) -> bool:
        """Whether f' has no limit."""
        return any(map(math.isnan, self.row.derivative_limits))

    def moment(self, variance: float, kind: str = "value") -> float:
        """A mean over normal numbers of that variance, in [0, inf]: see `_mean`; 0 and inf stand for the limits."""
        if kind == "value" and variance < SMALLEST:
            return self.at_zero**2
        return self._mean(kind, variance).value

    def _mean(self, kind: str, variance: float) -> quadrature.Mean:
        return _mean(self.function, self.parameters, kind, float(min(max(variance, SMALLEST), LARGEST)))

    def cross_moment(self, correlation: float, variance: float, *, derivative: bool = False) -> float:
        """E f(X) f(Y), or of f', for normal X and Y of that variance and correlation."""
        kind = "derivative" if derivative else "value"
        if correlation == 1.0:
            return self.moment(variance, kind)
        variance = min(max(variance, SMALLEST), LARGEST)
        return _cross_moment(self.function, self.parameters, derivative, variance, correlation)


def _standardised(
    function: Any, parameters: tuple[tuple[str, float], ...], derivative: bool, variance: float
) -> tuple[Callable[[Array], Any], Array]:
    """The function of a standard normal number, and where to cut."""
    deviation, keywords = math.sqrt(variance), dict(parameters)
    called = function.derivative if derivative else function
    # For smaller variances the pieces of the line are shorter than that.
    lattice = LATTICE if deviation > 1.0 else LATTICE[:0]
    cuts = np.concatenate([_kinks(function, parameters), lattice]) / deviation
    return lambda z: called(deviation * z, **keywords), cuts


def _kinks(function: Any, parameters: tuple[tuple[str, float], ...]) -> Array:
    return np.array([at for at in function.spec.kinks_at(**dict(parameters)) if math.isfinite(at)])


@lru_cache(maxsize=KEPT)
def _mean(function: Any, parameters: tuple[tuple[str, float], ...], kind: str, variance: float) -> quadrature.Mean:
    """By kind: "value" E f^2, "derivative" E f'^2, "signed" E f, "growth" the derivative of E f^2 by log variance.

    The last is E f(X)^2 (X^2 / q - 1) / 2 for X of variance q, by differentiating the density: f may have any kinks
    and jumps.
    """
    f, cuts = _standardised(function, parameters, kind == "derivative", variance)
    if kind == "signed":
        return quadrature.mean(lambda z: f(z) * quadrature.root_of_density(z) ** 2, cuts)
    if kind == "growth":
        return quadrature.mean(lambda z: np.square(f(z) * quadrature.root_of_density(z)) * (0.5 * (z * z - 1.0)), cuts)
    return quadrature.normal_mean(f, cuts)


@lru_cache(maxsize=KEPT)
def _cross_moment(
    function: Any, parameters: tuple[tuple[str, float], ...], derivative: bool, variance: float, correlation: float
) -> float:
    f, cuts = _standardised(function, parameters, derivative, variance)
    resolved = _mean(function, parameters, "derivative" if derivative else "value", variance)
    if math.isinf(resolved.value):
        raise ValueError("activation must have a finite second moment at this variance")
    if correlation == -1.0:

        def integrand(z: Array) -> Array:
            root = quadrature.root_of_density(z)
            return np.asarray((f(z) * root) * (f(-z) * root))

        return quadrature.mean(integrand, [*cuts, *-cuts], size=resolved.value).value

    def product(z: Array) -> Array:
        root = quadrature.root_of_density(z)
        other = quadrature.conditional_mean(f, z, resolved.cuts, correlation, resolved.end)
        return np.asarray((f(z) * root) * (other * root))

    # Near a kink the inner mean changes within the spread of Y about X, however small that is.
    spread = math.sqrt((1.0 - correlation) * (1.0 + correlation))
    near = spread * 4.0 ** np.arange(math.ceil(-math.log(spread, 4.0)) + 1)
    kinks = math.copysign(1.0, correlation) * _kinks(function, parameters)
    about = kinks[:, np.newaxis] / math.sqrt(variance) + np.concatenate([-near, near])
    return quadrature.mean(product, [*resolved.cuts, *about.ravel()], size=resolved.value).value


def second_moment(activation: Any, variance: float = 1.0, **parameters: float) -> float:
    """E f(X)^2 for normal X of mean 0.

    Parameters
    ----------
    activation : str or what `fastact.custom` made
        A name in ``fastact.activations``, or one that was given to `fastact.custom`, or what that returned.
    variance : float, default 1
        Of X, in (0, inf).
    **parameters : float
        Of the activation.

    Returns
    -------
    float
        To about 12 digits; ``inf`` where the mean does not exist, or f^2 leaves float64 before it stops to count.

    Raises
    ------
    ValueError
        For an unknown activation, a variance that is not allowed, or a parameter outside its domain; for an activation
        that is NaN somewhere, or oscillates more than a million times within the distribution.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.second_moment("relu", 3.0), 12)  # half of E X^2
    1.5
    """
    return Activation(activation, parameters).moment(checked("variance", variance, 0.0))


def second_moment_of_derivative(activation: Any, variance: float = 1.0, **parameters: float) -> float:
    """E f'(X)^2 for normal X of mean 0; parameters, result and errors are those of `second_moment`.

    f' is what backpropagation takes, so that a jump of f counts nothing.
    """
    return Activation(activation, parameters).moment(checked("variance", variance, 0.0), "derivative")


def cross_moment(activation: Any, correlation: float, variance: float = 1.0, **parameters: float) -> float:
    """E f(X) f(Y) for normal X and Y of mean 0, of the same variance, and of a correlation.

    Parameters
    ----------
    activation, variance, **parameters
        As of `second_moment`.
    correlation : float
        Of X and Y, in [-1, 1].

    Returns
    -------
    float
        To about 10 digits.

    Raises
    ------
    ValueError
        As for `second_moment`, for a correlation that is not allowed, and where E f^2 is infinite.

    Examples
    --------
    >>> import math
    >>> from fastact import theory
    >>> z = 2 * 0.5 / (1 + 2)  # Williams, Computing with infinite networks, 1996: 2 / pi arcsin(2 c / (1 + 2 q))
    >>> abs(theory.cross_moment("erf", 0.5) - 2 / math.pi * math.asin(z)) < 1e-12
    True
    """
    correlation = checked("correlation", correlation, -1.0, 1.0, closed=True)
    return Activation(activation, parameters).cross_moment(correlation, checked("variance", variance, 0.0))


def cross_moment_of_derivative(
    activation: Any, correlation: float, variance: float = 1.0, **parameters: float
) -> float:
    """E f'(X) f'(Y); parameters, result and errors are those of `cross_moment`."""
    correlation = checked("correlation", correlation, -1.0, 1.0, closed=True)
    variance = checked("variance", variance, 0.0)
    return Activation(activation, parameters).cross_moment(correlation, variance, derivative=True)
