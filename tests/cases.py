"""What the tests iterate over: every form of every row, parameter values, and inputs that are hard somewhere."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact
from fastact.catalogue import Activation, Form, Interval, Parameter

DTYPES = (np.float16, np.float32, np.float64)
BITS = {np.dtype(np.float16): np.uint16, np.dtype(np.float32): np.uint32, np.dtype(np.float64): np.uint64}


@dataclass(frozen=True)
class Case:
    """One form of one activation."""

    row: Activation
    form: Form

    def __str__(self) -> str:
        return self.row.name + self.form.suffix

    @property
    def function(self) -> Any:
        """The public callable."""
        return getattr(fastact, str(self))

    def ufunc(self, namespace: Any = fastact) -> np.ufunc:
        """The ufunc: the public callable itself, or what is inside the keyword function."""
        function = getattr(namespace, str(self))
        return function if isinstance(function, np.ufunc) else function.ufunc

    @property
    def arguments(self) -> int:
        """The number of array arguments, without parameters."""
        return len(self.form.inputs)

    def domain(self, parameter: Parameter) -> Interval:
        """Where a parameter of this form may lie."""
        return parameter.domain_of(self.form)

    def allowed(self, parameters: Any) -> bool:
        """Whether parameter values, in order, satisfy the inequalities between them."""
        values = dict(zip(self.row.defaults, parameters, strict=True))
        holds = {"<": operator.lt, "<=": operator.le}
        return all(
            holds[relation](values[left], values[right]) for left, relation, right in self.row.order_of(self.form)
        )

    def accepts(self, parameters: tuple[float, ...]) -> bool:
        """Whether parameter values, in order, lie in their domains and satisfy the inequalities."""
        inside = (v in self.domain(p) for v, p in zip(parameters, self.row.parameters, strict=True))
        return all(inside) and self.allowed(parameters)

    def defaults(self, dtype: Any) -> tuple[Any, ...]:
        """The default parameters as scalars of the dtype."""
        return tuple(dtype(value) for value in self.row.defaults.values())

    def operands(self, dtype: Any, length: int, seed: int = 0, vary: bool = False) -> list[np.ndarray]:
        """Arguments and parameters for the ufunc: hard and ordinary inputs mixed, parameters constant or varying."""
        rng = np.random.default_rng([seed, length])
        out = []
        for name in self.form.inputs:
            ordinary = rng.normal(0, 4, length)
            if name == "y":
                ordinary = np.clip(rng.normal(0, 0.7, length), self.row.range.lower, self.row.range.upper)
            special = special_values(dtype)
            picked = rng.random(length) < 0.2
            out.append(np.where(picked, rng.choice(special, length), ordinary.astype(dtype)).astype(dtype))
        for parameter in self.row.parameters:
            grid = [v for v in (parameter.default, 0.5, 1.0, 0.125, 2.0) if v in self.domain(parameter)]
            out.append(rng.choice(grid, length).astype(dtype) if vary else np.full(length, parameter.default, dtype))
        return out


CASES = [Case(row, form) for row in fastact.activations.values() for form in row.forms]

# The forms that compute something of their own; the others are held to these bit for bit.
OWN_FORMULAS = [case for case in CASES if case.form.own]

# Tried for every parameter where its domain has them: 0, signs, ordinary values, and far out.
PARAMETER_VALUES = (0.01, 0.2, 0.0, -0.5, 1.0, 2.0, 0.1, 0.5, 10.0, 1e-30, 1e30)


# Inside most domains as they stand, but 0 or infinite once rounded to float32.
FAR_VALUES = (1e-50, -1e-50, 1e300, -1e300)


def as_rounded(values: tuple[float, ...], dtype: Any) -> tuple[float, ...]:
    """What is computed with where such parameters are given to arrays of a dtype."""
    with np.errstate(over="ignore", under="ignore"):
        return tuple(float(dtype(value)) for value in values)


def given_parameters(case: Case, values: tuple[float, ...]) -> list[tuple[float, ...]]:
    """The default parameters, then each varied alone; those that the form allows, as they stand."""
    defaults = tuple(case.row.defaults.values())
    varied = [
        (*defaults[:i], value, *defaults[i + 1 :])
        for i in range(len(defaults))
        for value in values
        if value != defaults[i]
    ]
    return [defaults, *(tried for tried in varied if case.accepts(tried))]


def parameter_grid(case: Case, dtype: Any) -> list[tuple[float, ...]]:
    """Values of all parameters, rounded to the dtype: the defaults, then each parameter varied alone."""
    rounded = [as_rounded(given, dtype) for given in given_parameters(case, PARAMETER_VALUES)]
    return [parameters for parameters in rounded if case.accepts(parameters)]


def lost_by_rounding(case: Case, dtype: Any) -> list[tuple[float, ...]]:
    """Parameters that the form allows as they stand, but not as rounded to the dtype: what is not in the grid."""
    given = given_parameters(case, PARAMETER_VALUES + FAR_VALUES)
    return [parameters for parameters in given if not case.accepts(as_rounded(parameters, dtype))]


def special_values(dtype: Any) -> np.ndarray:
    """Zeros, subnormals, the ends of the range, infinities, NaN, and points where formulas branch."""
    info = np.finfo(dtype)
    magnitudes = [
        0,
        info.smallest_subnormal,
        info.tiny,
        info.tiny / 2,
        info.eps,
        0.5,
        1,
        2,
        3,
        6,
        info.max,
        np.inf,
        np.nan,
    ]
    return np.array([sign * dtype(value) for value in magnitudes for sign in (1, -1)], dtype)


def all_halves() -> np.ndarray:
    """Every float16."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def every_exponent(dtype: Any, per_binade: int, seed: int = 1) -> np.ndarray:
    """Random floats in every binade of both signs, subnormals included, with the first and last of each."""
    info = np.finfo(dtype)
    bits = BITS[np.dtype(dtype)]
    rng = np.random.default_rng(seed)
    exponents = np.arange(0, (1 << info.nexp) - 1, dtype=np.uint64)[:, None] << np.uint64(info.nmant)
    mantissas = rng.integers(0, 1 << info.nmant, (len(exponents), per_binade), dtype=np.uint64)
    mantissas[:, :1], mantissas[:, 1:2] = 0, (1 << info.nmant) - 1
    positive = (exponents | mantissas).ravel().astype(bits).view(dtype)
    return np.concatenate([positive, -positive])


# Where exponentials, Gaussian tails and their products leave the normal range, vanish or become 1, for some dtype.
_EDGES = (0, 1, 2, 3, 6, 5.5, 8.3, 9, 12.5, 13.2, 14.2, 16.6, 17, 18.4, 19.1, 33.3, 36.7, 37.5, 38.5, 44, 52)
_EDGES += (87.3, 88.7, 103.3, 104, 106, 372.5, 354, 708.4, 709.8, 744.4, 745.1, 748)


def samples(case: Case, dtype: Any, count: int, parameters: tuple[float, ...] = ()) -> np.ndarray:
    """About ``count`` inputs for one form: all exponents, special values, ordinary ones, and windows of floats around
    the edges, kinks and roots, at the scale of each parameter too. For a form of the output, inside the range."""
    rng = np.random.default_rng([7, count])
    row = case.row
    quarter = count // 4
    binades = every_exponent(dtype, 2)
    scales = [1.0, *(1 / p for p in parameters if p != 0)]
    roots = row.roots_of(case.form.name)
    kinks = row.kinks_at(**dict(zip(row.defaults, parameters, strict=True))) if parameters else row.kinks_at()
    points = np.concatenate([_EDGES, np.negative(_EDGES), roots, list(kinks)])
    parts = [special_values(dtype).astype(np.float64), rng.choice(binades, min(quarter, len(binades)), replace=False)]
    for scale in scales:
        share = quarter // len(scales)
        centres = rng.choice(points, share)
        near = centres * (1 + rng.integers(-40, 40, share) * float(np.finfo(dtype).eps)) + rng.normal(0, 0.3, share) * (
            rng.random(share) < 0.5
        )
        parts += [points * scale, near * scale, rng.normal(0, 4, share) * scale]
        parts += [rng.uniform(-20, 20, share // 2) * scale, rng.uniform(-760, 760, share - share // 2) * scale]
    if dtype is not np.float16:
        for root in roots:
            parts.append(root + rng.uniform(-(2**-4), 2**-4, quarter // 2))
    if case.form.name == "backward_from_output":
        # Both ends of the range, seen from near and far.
        low, high = row.range.lower, row.range.upper
        for end in (low, high):
            if np.isfinite(end):
                parts.append(end + (1 if end == low else -1) * 2.0 ** rng.uniform(-60, 0, quarter))
        if np.isfinite(low) and np.isfinite(high):
            parts.append(rng.uniform(low, high, quarter))
    with np.errstate(over="ignore"):
        out = np.concatenate(parts).astype(dtype)
    if case.form.name == "backward_from_output":
        out = out[np.isnan(out) | ((out >= row.range.lower) & (out <= row.range.upper))]
    return out


def call(case: Case, x: np.ndarray, parameters: tuple[float, ...], namespace: Any = fastact) -> np.ndarray:
    """One of `OWN_FORMULAS` at x; the form of the output with grad = 1, so that it is f' itself."""
    scalars = [x.dtype.type(p) for p in parameters]
    leading = [x.dtype.type(1)] * (case.arguments - 1)
    with np.errstate(over="ignore"):
        return case.ufunc(namespace)(*leading, x, *scalars)


def bits(array: Any) -> np.ndarray:
    """The bit patterns of an array of floats."""
    array = np.asarray(array)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(native).view(BITS[native.dtype]).reshape(array.shape)


def outputs(result: Any) -> tuple[np.ndarray, ...]:
    """The outputs of a call, or a list of what they should be, as a tuple, also where there is one."""
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)
