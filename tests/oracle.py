"""The truth: every activation of the table, its derivative and its derivative from the output, from mpmath.

Two independent statements for each row, neither taken from the code under test:

* `Truth.value`, `.derivative`, `.second`, `.from_output`, `.by_parameter`: the textbook definition for mpmath numbers
  at `PRECISION` bits, in a form that leaves at least 100 correct bits wherever float64 can go.
* `Truth.fast_*`: the same for whole float64 arrays, from libm and scipy.special, correct to `FAST_ERROR` (relative;
  absolute near a root of f'). `test_oracle.py` holds that against mpmath. Enough to judge float16 and float32.

A derivative at a kink is the one that CATALOGUE.md lists, which is PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
from scipy import special

mp = mpmath.mp.clone()
PRECISION = 240
mp.prec = PRECISION

# Relative error of the fast forms: 2^-38 is 2^-14 ULP of float32.
FAST_ERROR = 2.0**-38

# The input of a limit: out of float64 even times a tiny parameter, and no trouble for mpmath's exponential.
_FAR = mp.mpf(2) ** 4000

_ROOT2 = mp.sqrt(2)

# Beyond it erfc is less than 10^(-10^23), and mpmath 1.4 without gmpy2 raises OverflowError for the square.
_ERFC_END = mp.mpf(2) ** 40

Exact = Callable[..., Any]
Fast = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Truth:
    """One activation: exact forms over mpmath numbers (x, *parameters), fast forms over float64 arrays."""

    value: Exact
    derivative: Exact
    fast_value: Fast
    fast_derivative: Fast
    from_output: Exact | None = None
    fast_from_output: Fast | None = None
    second: Exact | None = None
    fast_second: Fast | None = None
    by_parameter: dict[str, tuple[Exact, Fast]] = field(default_factory=dict)

    @property
    def _forms(self) -> dict[str, tuple[Exact | None, Fast | None]]:
        return {
            "value": (self.value, self.fast_value),
            "derivative": (self.derivative, self.fast_derivative),
            "second_derivative": (self.second, self.fast_second),
            "backward_from_output": (self.from_output, self.fast_from_output),
        } | {f"derivative_{name}": pair for name, pair in self.by_parameter.items()}

    def exact(self, form: str) -> Exact:
        """The mpmath function of a form with a formula of its own; "backward_from_output" with grad = 1."""
        function, _ = self._forms[form]
        assert function is not None, f"the oracle has no {form}"
        return function

    def fast(self, form: str) -> Fast:
        """The float64 function of a form."""
        _, function = self._forms[form]
        assert function is not None, f"the oracle has no fast {form}"
        return function


def _one(_: Any) -> Any:
    return mp.mpf(1)


def _step(x: Any, below: Any, above: Any) -> Any:
    return above if x > 0 else below


def _normal_distribution(x: Any) -> Any:
    z = -x / _ROOT2
    return mp.erfc(_ERFC_END if z > _ERFC_END else z) / 2


def _gelu_derivative(x: Any) -> Any:
    return _normal_distribution(x) + x * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _fast_gelu_derivative(x: np.ndarray) -> np.ndarray:
    held = np.clip(x, -1e4, 1e4)  # inf * 0 is NaN
    return special.ndtr(held) + held * np.exp(-held * held / 2) / math.sqrt(2 * math.pi)


TRUTHS: dict[str, Truth] = {
    "identity": Truth(
        value=lambda x: x,
        derivative=_one,
        from_output=_one,
        fast_value=lambda x: x,
        fast_derivative=np.ones_like,
        fast_from_output=np.ones_like,
    ),
    "relu": Truth(
        value=lambda x: _step(x, mp.mpf(0), x),
        derivative=lambda x: _step(x, mp.mpf(0), mp.mpf(1)),
        from_output=lambda y: _step(y, mp.mpf(0), mp.mpf(1)),
        fast_value=lambda x: np.maximum(x, 0.0),
        fast_derivative=lambda x: np.where(x > 0, 1.0, 0.0),
        fast_from_output=lambda y: np.where(y > 0, 1.0, 0.0),
    ),
    "leaky_relu": Truth(
        value=lambda x, slope: _step(x, slope * x, x),
        derivative=lambda x, slope: _step(x, slope, mp.mpf(1)),
        from_output=lambda y, slope: _step(y, slope, mp.mpf(1)),
        fast_value=lambda x, slope: np.where(x > 0, x, slope * np.clip(x, -1e300, 1e300)),
        fast_derivative=lambda x, slope: np.where(x > 0, 1.0, slope),
        fast_from_output=lambda y, slope: np.where(y > 0, 1.0, slope),
    ),
    "sigmoid": Truth(
        value=lambda x: 1 / (1 + mp.exp(-x)),
        derivative=lambda x: 1 / (2 * mp.cosh(x / 2)) ** 2,
        from_output=lambda y: y - y * y,
        fast_value=special.expit,
        fast_derivative=lambda x: np.square(0.5 / np.cosh(x / 2)),
        fast_from_output=lambda y: y * (1 - y),
    ),
    "tanh": Truth(
        value=mp.tanh,
        derivative=lambda x: mp.sech(x) ** 2,
        from_output=lambda y: 1 - y * y,
        fast_value=np.tanh,
        fast_derivative=lambda x: np.square(1 / np.cosh(x)),
        fast_from_output=lambda y: (1 - y) * (1 + y),
    ),
    "softplus": Truth(
        value=lambda x, beta: mp.log1p(mp.exp(beta * x)) / beta,
        derivative=lambda x, beta: 1 / (1 + mp.exp(-beta * x)),
        from_output=lambda y, beta: -mp.expm1(-beta * y),
        fast_value=lambda x, beta: np.logaddexp(0, beta * x) / beta,
        fast_derivative=lambda x, beta: special.expit(beta * x),
        fast_from_output=lambda y, beta: -np.expm1(-beta * y),
    ),
    "gelu": Truth(
        value=lambda x: x * _normal_distribution(x),
        derivative=_gelu_derivative,
        fast_value=lambda x: np.maximum(x, -1e4) * special.ndtr(x),
        fast_derivative=_fast_gelu_derivative,
    ),
    # Piecewise polynomials ------------------------------------------------------------------------------------------
    # Exponentials and logarithms ------------------------------------------------------------------------------------
    # Roots and quotients --------------------------------------------------------------------------------------------
    # Trigonometric and error functions ------------------------------------------------------------------------------
}


def exact(name: str, form: str, x: float, *parameters: float) -> Any:
    """The exact value of one form at a float: an mpmath number, NaN for NaN, the limit (or 2^4000 or so) at +-inf."""
    if math.isnan(x) or any(map(math.isnan, parameters)):
        return mp.nan
    at = mp.mpf(x) if math.isfinite(x) else mp.sign(x) * _FAR
    return TRUTHS[name].exact(form)(at, *map(mp.mpf, parameters))


def fast(name: str, form: str, x: np.ndarray, *parameters: float) -> np.ndarray:
    """The same for an array, in float64, with relative error at most `FAST_ERROR`."""
    wide = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        result = TRUTHS[name].fast(form)(wide, *map(float, parameters))
    return np.where(np.isnan(wide), np.nan, result)


# Distances ----------------------------------------------------------------------------------------------------------


def _ulp_exponents(dtype: Any) -> tuple[int, int, int]:
    """Exponents of the last place of the smallest and of the largest binade, and the bits after the leading one."""
    info = np.finfo(dtype)
    bits = info.nmant
    return int(info.minexp) - bits, int(info.maxexp) - 1 - bits, bits


def ulp_error(computed: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """|computed - truth| in units in the last place of the truth, elementwise, for float16 and float32.

    The unit is the spacing of the computed dtype in the binade of the truth: that of the subnormals below the normal
    range, that of the last binade above it, where an infinite result counts as the power of two that the dtype just
    misses. NaN where NaN is due has no error; in any other place, or missing, an infinite one.

    Parameters
    ----------
    computed : ndarray of float16 or float32
    truth : ndarray of float64
    """
    low, high, bits = _ulp_exponents(computed.dtype)
    end = 2.0 ** (high + bits + 1)
    _, exponent = np.frexp(truth)
    ulp = np.ldexp(1.0, np.clip(exponent - 1 - bits, low, high))
    with np.errstate(invalid="ignore"):
        error = np.abs(np.clip(computed.astype(np.float64), -end, end) - np.clip(truth, -end, end)) / ulp
    nan = np.isnan(truth)
    return np.where(nan | np.isnan(computed), np.where(nan & np.isnan(computed), 0.0, np.inf), error)


def ulp_error_exact(computed: Any, truth: Any) -> float:
    """The same for one NumPy scalar of any dtype and an mpmath number."""
    if mp.isnan(truth) or np.isnan(computed):
        return 0.0 if mp.isnan(truth) and np.isnan(computed) else math.inf
    low, high, bits = _ulp_exponents(computed.dtype)
    end = mp.ldexp(mp.mpf(1), high + bits + 1)
    unit = high if mp.isinf(truth) else low if truth == 0 else min(max(mp.mag(truth) - 1 - bits, low), high)
    held = max(min(mp.mpf(float(computed)), end), -end) - max(min(truth, end), -end)
    return float(mp.ldexp(abs(held), -unit))
