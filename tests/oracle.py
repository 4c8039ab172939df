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


def _clip(x: Any, least: Any, most: Any) -> Any:
    return min(max(x, least), most)


def _finite(x: np.ndarray) -> np.ndarray:
    """x, with large numbers for the infinities: 0 * inf is NaN."""
    return np.clip(x, -1e300, 1e300)


_PRELU = Truth(
    value=lambda x, weight: _step(x, weight * x, x),
    derivative=lambda x, weight: _step(x, weight, mp.mpf(1)),
    from_output=lambda y, weight: _step(y, weight, mp.mpf(1)),
    fast_value=lambda x, weight: np.where(x > 0, x, weight * _finite(x)),
    fast_derivative=lambda x, weight: np.where(x > 0, 1.0, weight),
    fast_from_output=lambda y, weight: np.where(y > 0, 1.0, weight),
    by_parameter={"weight": (lambda x, _: min(x, mp.mpf(0)), lambda x, _: np.minimum(x, 0.0))},
)


def _srelu(right: Callable[..., Any], left: Callable[..., Any], inside: Callable[..., Any]) -> tuple[Exact, Fast]:
    """Both forms of a function in three pieces, each of x, its threshold and its slope."""

    def exact_form(x: Any, t_left: Any, a_left: Any, t_right: Any, a_right: Any) -> Any:
        if x >= t_right:
            return right(x, t_right, a_right)
        return left(x, t_left, a_left) if x <= t_left else inside(x)

    def fast_form(x: np.ndarray, t_left: float, a_left: float, t_right: float, a_right: float) -> np.ndarray:
        x = _finite(x)
        below = np.where(x <= t_left, left(x, t_left, a_left), inside(x))
        return np.where(x >= t_right, right(x, t_right, a_right), below)

    return exact_form, fast_form


def _line(x: Any, t: Any, a: Any) -> Any:
    return t + a * (x - t)


def _nothing(x: Any, *_: Any) -> Any:
    return 0 * x


def _beyond(x: Any, t: Any, _: Any) -> Any:
    return x - t


_SRELU = _srelu(_line, _line, lambda x: x)
_SRELU_SLOPE = _srelu(lambda x, _, a: 0 * x + a, lambda x, _, a: 0 * x + a, lambda x: 0 * x + 1)


def _hard_swish_derivative(x: Any) -> Any:
    return (x / 3 + mp.mpf(1) / 2) if abs(x) < 3 else _step(x, mp.mpf(0), mp.mpf(1))


# s x + o strictly between the ends, with nothing lost where the product is much smaller than they are.
def _within(x: Any, slope: Any, offset: Any, least: Any, most: Any) -> Any:
    return (slope * x > least - offset) & (slope * x < most - offset)


def _root(x: Any, b: Any) -> Any:
    return mp.sqrt(x * x + b)


def _squareplus(x: Any, b: Any) -> Any:
    return b / (_root(x, b) - x) / 2 if x < 0 else (x + _root(x, b)) / 2


def _squareplus_derivative(x: Any, b: Any) -> Any:
    return _squareplus(x, b) / _root(x, b) if x or b else mp.mpf(0)


def _fast_squareplus(x: np.ndarray, b: float) -> np.ndarray:
    a = np.abs(x)
    m = (np.hypot(a, math.sqrt(b)) + a) / 2
    return np.where(x < 0, b / 4 / np.where(m == 0, 1.0, m), m)


def _fast_squareplus_derivative(x: np.ndarray, b: float) -> np.ndarray:
    x = _finite(x)
    root = np.hypot(x, math.sqrt(b))
    return np.where(root == 0, 0.0, _fast_squareplus(x, b) / root)


def _fast_squareplus_from_output(y: np.ndarray, b: float) -> np.ndarray:
    return np.where(y > 0, 1 / (1 + b / 4 / np.square(y)), 0.0)


# For x < 0 without the difference 1 - |x| / r = 1 / (r (r + |x|)).
def _dish(x: Any) -> Any:
    r = _root(x, 1)
    return x / (2 * r * (r - x)) if x < 0 else x * (x / r + 1) / 2


def _dish_derivative(x: Any) -> Any:
    r = _root(x, 1)
    return ((1 / (r * (r - x)) if x < 0 else 1 + x / r) + x / r**3) / 2


def _fast_dish(x: np.ndarray) -> np.ndarray:
    r = np.hypot(1.0, x)
    below = _finite(x) / (2 * np.hypot(1.0, _finite(x)) * (r - x))
    return np.where(x < 0, below, x * (_finite(x) / np.hypot(1.0, _finite(x)) + 1) / 2)


def _fast_dish_derivative(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, -1e100, 1e100)
    r = np.hypot(1.0, x)
    return (np.where(x < 0, 1 / (r * (r - x)), 1 + x / r) + x / (r * r * r)) / 2


# Beyond it e^z is nothing, or more than anything, and mpmath could not hold e^(2^4000).
_EXP_END = mp.mpf(2) ** 40


def _exp(z: Any) -> Any:
    return mp.exp(max(min(z, _EXP_END), -_EXP_END))


def _logistic(z: Any) -> Any:
    return 1 / (1 + _exp(-z))


def _density(z: Any) -> Any:
    """s(z) s(-z)."""
    return _logistic(z) * _logistic(-z)


def _fast_logistic(z: np.ndarray) -> np.ndarray:
    """Where scipy.special.expit is 0 already, from -709.8 on, too."""
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1.0) / (1 + e)


def _fast_density(z: np.ndarray) -> np.ndarray:
    return _fast_logistic(z) * _fast_logistic(-z)


def _held(x: np.ndarray) -> np.ndarray:
    """x where it is finite in float32, for inf * 0 is NaN."""
    return np.clip(x, -1e60, 1e60)


def _elu(x: Any, scale: Any, alpha: Any, width: Any) -> Any:
    return _step(x, scale * alpha * mp.expm1(max(min(x / width, _EXP_END), -_EXP_END)), scale * x)


# Of the paper, as real numbers.
_SELU_SCALE = mp.mpf("1.0507009873554804934193349852946")
_SELU_ALPHA = mp.mpf("1.6732632423543772848170429916717")
_SELU = (_SELU_SCALE, _SELU_ALPHA)
_FAST_SELU = (float(_SELU_SCALE), float(_SELU_SCALE * _SELU_ALPHA))
_FAST_SELU_REST = float(_SELU_SCALE * _SELU_ALPHA - _FAST_SELU[1])


def _gate(x: Any, z: Any) -> Any:
    return x * _logistic(z)


def _gate_derivative(x: Any, z: Any, dz: Any) -> Any:
    return _logistic(z) * (1 + x * dz * _logistic(-z))


def _gate_second(x: Any, z: Any, dz: Any, ddz: Any) -> Any:
    return _density(z) * (2 * dz + x * ddz + x * dz**2 * (_logistic(-z) - _logistic(z)))


def _fast_gate(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    return x * _fast_logistic(z)


def _fast_gate_derivative(x: np.ndarray, z: np.ndarray, dz: Any) -> np.ndarray:
    return _fast_logistic(z) * (1 + x * dz * _fast_logistic(-z))


# -z at the root of s(z) (1 + z s(-z)), the derivative of gates with z = beta x: 1 + e^-r = r.
_LINEAR_ROOT = mp.findroot(lambda r: 1 + mp.exp(-r) - r, 1.28)


def _fast_linear_gate_derivative(z: np.ndarray) -> np.ndarray:
    """Right in relative error near the root, which beta moves: 1 + e^z + z = u + (r - 1) (e^u - 1) with u = r + z."""
    root = float(_LINEAR_ROOT)
    u = (np.clip(z, -1e60, 2) + root) + float(_LINEAR_ROOT - root)
    near = _fast_logistic(z) * _fast_logistic(-z) * (u + (root - 1) * np.expm1(u))
    return np.where(z < 0, near, _fast_gate_derivative(_held(z), z, 1.0))


def _fast_gate_second(x: np.ndarray, z: np.ndarray, dz: Any, ddz: Any) -> np.ndarray:
    return _fast_density(z) * (2 * dz + x * ddz - x * dz**2 * np.tanh(z / 2))


# z and its derivatives for x s(z) = x (1 + tanh(z / 2)) / 2, the definition of gelu_tanh.
_GELU_CUBE = mp.mpf("0.044715")
_GELU_SLOPE = 2 * mp.sqrt(2 / mp.pi)


def _gelu_tanh_exponent(x: Any) -> tuple[Any, Any, Any]:
    cube = 3 * _GELU_CUBE * x**2
    return _GELU_SLOPE * (x + _GELU_CUBE * x**3), _GELU_SLOPE * (1 + cube), _GELU_SLOPE * 6 * _GELU_CUBE * x


def _fast_gelu_tanh_exponent(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    slope, cube = 2 * math.sqrt(2 / math.pi), 0.044715
    # A product, not a power, which takes NumPy a hundred times as long.
    return slope * (x + cube * (x * x * x)), slope * (1 + 3 * cube * x**2), slope * 6 * cube * x


def _mish_gate(x: Any) -> tuple[Any, Any, Any]:
    """T = tanh(softplus(x)) and its derivatives: T' = (1 - T^2) s(x), T = n / (n + 2), n = e^x (e^x + 2)."""
    e, s = _exp(x), _logistic(x)
    n = e * (e + 2)
    gate, slope = n / (n + 2), 4 * (n + 1) / (n + 2) ** 2 * s
    return gate, slope, slope * (_logistic(-x) - 2 * gate * s)


def _fast_mish_gate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    soft, s = np.logaddexp(0, x), _fast_logistic(x)
    gate, slope = np.tanh(soft), np.square(1 / np.cosh(soft)) * s
    return gate, slope, slope * (_fast_logistic(-x) - 2 * gate * s)


def _tanh_shrink(x: Any) -> Any:
    if abs(x) < mp.mpf(2) ** -40:  # where the difference would keep too few bits
        return x**3 / 3 - 2 * x**5 / 15 + 17 * x**7 / 315
    return x - mp.tanh(x)


def _fast_tanh_shrink(x: np.ndarray) -> np.ndarray:
    # Lambert's continued fraction, tanh x = x / (1 + x^2 / F): x - tanh x = x^3 / (F + x^2).
    near = np.clip(x, -1, 1)
    square, fraction = near * near, np.full_like(near, 25.0)
    for odd in range(23, 1, -2):
        fraction = odd + square / fraction
    return np.where(np.abs(x) < 1, near * square / (fraction + square), x - np.tanh(x))


def _without_limits(function: Exact) -> Exact:
    """A function without limits at infinity."""
    return lambda x, *parameters: mp.nan if abs(x) >= _FAR else function(x, *parameters)


def _snake_by_a(x: Any, a: Any) -> Any:
    return x * mp.sin(2 * a * x) / a - (mp.sin(a * x) / a) ** 2


def _fast_snake(x: np.ndarray, a: float) -> np.ndarray:
    wave = np.square(np.sin(a * x)) / a
    return np.where(np.isinf(x), x, x + wave)


def _fast_snake_by_a(x: np.ndarray, a: float) -> np.ndarray:
    t = np.where(np.abs(a * x) < 1e-5, x, np.sin(a * x) / a)
    return t * (2 * x * np.cos(a * x) - t)


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
        second=lambda x: -_density(x) * mp.tanh(x / 2),
        fast_second=lambda x: -_fast_density(x) * np.tanh(x / 2),
    ),
    "tanh": Truth(
        value=mp.tanh,
        derivative=lambda x: mp.sech(x) ** 2,
        from_output=lambda y: 1 - y * y,
        fast_value=np.tanh,
        fast_derivative=lambda x: np.square(1 / np.cosh(x)),
        fast_from_output=lambda y: (1 - y) * (1 + y),
        second=lambda x: -2 * mp.tanh(x) * mp.sech(x) ** 2,
        fast_second=lambda x: -2 * np.tanh(x) * np.square(1 / np.cosh(x)),
    ),
    "softplus": Truth(
        value=lambda x, beta: mp.log1p(mp.exp(beta * x)) / beta,
        derivative=lambda x, beta: 1 / (1 + mp.exp(-beta * x)),
        from_output=lambda y, beta: -mp.expm1(-beta * y),
        fast_value=lambda x, beta: np.logaddexp(0, beta * x) / beta,
        fast_derivative=lambda x, beta: special.expit(beta * x),
        fast_from_output=lambda y, beta: -np.expm1(-beta * y),
        second=lambda x, beta: beta * _density(beta * x),
        fast_second=lambda x, beta: beta * _fast_density(beta * x),
    ),
    "gelu": Truth(
        value=lambda x: x * _normal_distribution(x),
        derivative=_gelu_derivative,
        second=lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi) * (2 - x * x),
        fast_value=lambda x: np.maximum(x, -1e4) * special.ndtr(x),
        fast_derivative=_fast_gelu_derivative,
        fast_second=lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (2 - np.square(np.clip(x, -1e4, 1e4))),
    ),
    # Piecewise polynomials ------------------------------------------------------------------------------------------
    "prelu": _PRELU,
    "rrelu": Truth(
        value=lambda x, lower, upper: _step(x, (lower + upper) / 2 * x, x),
        derivative=lambda x, lower, upper: _step(x, (lower + upper) / 2, mp.mpf(1)),
        fast_value=lambda x, lower, upper: np.where(x > 0, x, (lower + upper) / 2 * _finite(x)),
        fast_derivative=lambda x, lower, upper: np.where(x > 0, 1.0, (lower + upper) / 2),
    ),
    "relu6": Truth(
        value=lambda x: _clip(x, mp.mpf(0), mp.mpf(6)),
        derivative=lambda x: mp.mpf(0 < x < 6),
        from_output=lambda y: mp.mpf(0 < y < 6),
        fast_value=lambda x: np.clip(x, 0.0, 6.0),
        fast_derivative=lambda x: np.where((x > 0) & (x < 6), 1.0, 0.0),
        fast_from_output=lambda y: np.where((y > 0) & (y < 6), 1.0, 0.0),
    ),
    "srelu": Truth(
        value=_SRELU[0],
        derivative=_SRELU_SLOPE[0],
        fast_value=_SRELU[1],
        fast_derivative=_SRELU_SLOPE[1],
        by_parameter={
            "t_left": _srelu(_nothing, lambda x, _, a: 0 * x + (1 - a), _nothing),
            "a_left": _srelu(_nothing, _beyond, _nothing),
            "t_right": _srelu(lambda x, _, a: 0 * x + (1 - a), _nothing, _nothing),
            "a_right": _srelu(_beyond, _nothing, _nothing),
        },
    ),
    "erelu": Truth(
        value=lambda x, _: _step(x, mp.mpf(0), x),
        derivative=lambda x, _: _step(x, mp.mpf(0), mp.mpf(1)),
        fast_value=lambda x, _: np.maximum(x, 0.0),
        fast_derivative=lambda x, _: np.where(x > 0, 1.0, 0.0),
    ),
    "square": Truth(
        value=lambda x: x * x,
        derivative=lambda x: 2 * x,
        fast_value=np.square,
        fast_derivative=lambda x: 2 * x,
        second=lambda _: mp.mpf(2),
        fast_second=lambda x: np.full_like(x, 2.0),
    ),
    "signed_square": Truth(
        value=lambda x: x * abs(x),
        derivative=lambda x: 2 * abs(x),
        fast_value=lambda x: x * np.abs(x),
        fast_derivative=lambda x: 2 * np.abs(x),
    ),
    "squared_relu": Truth(
        value=lambda x: _step(x, mp.mpf(0), x * x),
        derivative=lambda x: _step(x, mp.mpf(0), 2 * x),
        from_output=lambda y: 2 * mp.sqrt(y),
        fast_value=lambda x: np.square(np.maximum(x, 0.0)),
        fast_derivative=lambda x: 2 * np.maximum(x, 0.0),
        fast_from_output=lambda y: 2 * np.sqrt(y),
    ),
    "hard_sigmoid": Truth(
        value=lambda x: _clip(x + 3, mp.mpf(0), mp.mpf(6)) / 6,
        derivative=lambda x: mp.mpf(abs(x) < 3) / 6,
        from_output=lambda y: mp.mpf(0 < y < 1) / 6,
        fast_value=lambda x: np.clip(x + 3, 0, 6) / 6,
        fast_derivative=lambda x: np.where(np.abs(x) < 3, 1 / 6, 0.0),
        fast_from_output=lambda y: np.where((y > 0) & (y < 1), 1 / 6, 0.0),
    ),
    "hard_swish": Truth(
        value=lambda x: x * _clip(x + 3, mp.mpf(0), mp.mpf(6)) / 6,
        derivative=_hard_swish_derivative,
        fast_value=lambda x: np.maximum(x, -1e300) * (np.clip(x + 3, 0, 6) / 6),
        fast_derivative=lambda x: np.where(np.abs(x) < 3, x / 3 + 0.5, np.where(x > 0, 1.0, 0.0)),
    ),
    "hard_tanh": Truth(
        value=_clip,
        derivative=lambda x, least, most: mp.mpf(least < x < most),
        from_output=lambda y, least, most: mp.mpf(least < y < most),
        fast_value=np.clip,
        fast_derivative=lambda x, least, most: np.where((x > least) & (x < most), 1.0, 0.0),
        fast_from_output=lambda y, least, most: np.where((y > least) & (y < most), 1.0, 0.0),
    ),
    "soft_shrink": Truth(
        value=lambda x, lambd: x - _clip(x, -lambd, lambd),
        derivative=lambda x, lambd: mp.mpf(abs(x) > lambd),
        from_output=lambda y, _: mp.mpf(y != 0),
        fast_value=lambda x, lambd: x - np.clip(x, -lambd, lambd),
        fast_derivative=lambda x, lambd: np.where(np.abs(x) > lambd, 1.0, 0.0),
        fast_from_output=lambda y, _: np.where(y != 0, 1.0, 0.0),
    ),
    "hard_shrink": Truth(
        value=lambda x, lambd: x if abs(x) > lambd else mp.mpf(0),
        derivative=lambda x, lambd: mp.mpf(abs(x) > lambd),
        from_output=lambda y, _: mp.mpf(y != 0),
        fast_value=lambda x, lambd: np.where(np.abs(x) > lambd, x, 0.0),
        fast_derivative=lambda x, lambd: np.where(np.abs(x) > lambd, 1.0, 0.0),
        fast_from_output=lambda y, _: np.where(y != 0, 1.0, 0.0),
    ),
    "threshold": Truth(
        value=lambda x, threshold, value: x if x > threshold else value,
        derivative=lambda x, threshold, _: mp.mpf(x > threshold),
        from_output=lambda y, threshold, _: mp.mpf(y > threshold),
        fast_value=lambda x, threshold, value: np.where(x > threshold, x, value),
        fast_derivative=lambda x, threshold, _: np.where(x > threshold, 1.0, 0.0),
        fast_from_output=lambda y, threshold, _: np.where(y > threshold, 1.0, 0.0),
    ),
    "sparse_plus": Truth(
        value=lambda x: _step(x, mp.mpf(0), x) if abs(x) >= 1 else (x + 1) ** 2 / 4,
        derivative=lambda x: _clip((x + 1) / 2, mp.mpf(0), mp.mpf(1)),
        from_output=lambda y: min(mp.sqrt(y), mp.mpf(1)),
        fast_value=lambda x: np.where(x > 1, x, np.square(np.clip(x + 1, 0, 2)) / 4),
        fast_derivative=lambda x: np.clip(x + 1, 0, 2) / 2,
        fast_from_output=lambda y: np.minimum(np.sqrt(y), 1.0),
    ),
    "sparse_sigmoid": Truth(
        value=lambda x: _clip((x + 1) / 2, mp.mpf(0), mp.mpf(1)),
        derivative=lambda x: mp.mpf(abs(x) < 1) / 2,
        from_output=lambda y: mp.mpf(0 < y < 1) / 2,
        fast_value=lambda x: np.clip(x + 1, 0, 2) / 2,
        fast_derivative=lambda x: np.where(np.abs(x) < 1, 0.5, 0.0),
        fast_from_output=lambda y: np.where((y > 0) & (y < 1), 0.5, 0.0),
    ),
    "clipped_linear": Truth(
        value=lambda x, slope, offset, least, most: _clip(slope * x + offset, least, most),
        derivative=lambda x, slope, *line: slope if _within(x, slope, *line) else mp.mpf(0),
        from_output=lambda y, slope, _, least, most: slope if least < y < most else mp.mpf(0),
        fast_value=lambda x, slope, offset, least, most: np.clip(slope * _finite(x) + offset, least, most),
        fast_derivative=lambda x, slope, *line: np.where(_within(x, slope, *line), slope, 0.0),
        fast_from_output=lambda y, slope, _, least, most: np.where((y > least) & (y < most), slope, 0.0),
    ),
    # Exponentials and logarithms ------------------------------------------------------------------------------------
    "exponential": Truth(
        value=_exp,
        derivative=_exp,
        second=_exp,
        from_output=lambda y: y,
        fast_value=np.exp,
        fast_derivative=np.exp,
        fast_second=np.exp,
        fast_from_output=lambda y: y,
    ),
    "gaussian": Truth(
        value=lambda x: _exp(-x * x),
        derivative=lambda x: -2 * x * _exp(-x * x),
        second=lambda x: (4 * x * x - 2) * _exp(-x * x),
        fast_value=lambda x: np.exp(-x * x),
        fast_derivative=lambda x: -2 * _held(x) * np.exp(-x * x),
        fast_second=lambda x: (4 * _held(x) ** 2 - 2) * np.exp(-x * x),
    ),
    "elu": Truth(
        value=lambda x, alpha: _elu(x, 1, alpha, 1),
        derivative=lambda x, alpha: _step(x, alpha * _exp(x), mp.mpf(1)),
        from_output=lambda y, alpha: _step(y, y + alpha, mp.mpf(1)),
        fast_value=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
        fast_derivative=lambda x, alpha: np.where(x > 0, 1.0, alpha * np.exp(x)),
        fast_from_output=lambda y, alpha: np.where(y > 0, 1.0, y + alpha),
    ),
    "selu": Truth(
        value=lambda x: _elu(x, *_SELU, 1),
        derivative=lambda x: _step(x, _SELU_SCALE * _SELU_ALPHA * _exp(x), _SELU_SCALE),
        from_output=lambda y: _step(y, y + _SELU_SCALE * _SELU_ALPHA, _SELU_SCALE),
        fast_value=lambda x: np.where(x > 0, _FAST_SELU[0] * x, _FAST_SELU[1] * np.expm1(x)),
        fast_derivative=lambda x: np.where(x > 0, _FAST_SELU[0], _FAST_SELU[1] * np.exp(x)),
        fast_from_output=lambda y: np.where(y > 0, _FAST_SELU[0], (y + _FAST_SELU[1]) + _FAST_SELU_REST),
    ),
    "celu": Truth(
        value=lambda x, alpha: _elu(x, 1, alpha, alpha),
        derivative=lambda x, alpha: _step(x, _exp(x / alpha), mp.mpf(1)),
        from_output=lambda y, alpha: _step(y, 1 + y / alpha, mp.mpf(1)),
        fast_value=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x / alpha)),
        fast_derivative=lambda x, alpha: np.where(x > 0, 1.0, np.exp(x / alpha)),
        fast_from_output=lambda y, alpha: np.where(y > 0, 1.0, 1 + y / alpha),
    ),
    "silu": Truth(
        value=lambda x: _gate(x, x),
        derivative=lambda x: _gate_derivative(x, x, 1),
        second=lambda x: _gate_second(x, x, 1, 0),
        fast_value=lambda x: _fast_gate(_held(x), x),
        fast_derivative=_fast_linear_gate_derivative,
        fast_second=lambda x: _fast_gate_second(_held(x), x, 1.0, 0.0),
    ),
    "swish": Truth(
        value=lambda x, beta: _gate(x, beta * x),
        derivative=lambda x, beta: _gate_derivative(x, beta * x, beta),
        by_parameter={
            "beta": (
                lambda x, beta: x**2 * _density(beta * x),
                lambda x, beta: _held(x) ** 2 * _fast_density(beta * _held(x)),
            )
        },
        fast_value=lambda x, beta: _fast_gate(_held(x), beta * _held(x)),
        fast_derivative=lambda x, beta: _fast_linear_gate_derivative(beta * _held(x)),
    ),
    "quick_gelu": Truth(
        value=lambda x: _gate(x, mp.mpf("1.702") * x),
        derivative=lambda x: _gate_derivative(x, mp.mpf("1.702") * x, mp.mpf("1.702")),
        fast_value=lambda x: _fast_gate(_held(x), 1.702 * x),
        fast_derivative=lambda x: _fast_linear_gate_derivative(1.702 * x),
    ),
    "gelu_tanh": Truth(
        value=lambda x: _gate(x, _gelu_tanh_exponent(x)[0]),
        derivative=lambda x: _gate_derivative(x, *_gelu_tanh_exponent(x)[:2]),
        second=lambda x: _gate_second(x, *_gelu_tanh_exponent(x)),
        fast_value=lambda x: _fast_gate(_held(x), _fast_gelu_tanh_exponent(_held(x))[0]),
        fast_derivative=lambda x: _fast_gate_derivative(_held(x), *_fast_gelu_tanh_exponent(_held(x))[:2]),
        fast_second=lambda x: _fast_gate_second(_held(x), *_fast_gelu_tanh_exponent(_held(x))),
    ),
    "mish": Truth(
        value=lambda x: x * _mish_gate(x)[0],
        derivative=lambda x: _mish_gate(x)[0] + x * _mish_gate(x)[1],
        second=lambda x: 2 * _mish_gate(x)[1] + x * _mish_gate(x)[2],
        fast_value=lambda x: _held(x) * _fast_mish_gate(x)[0],
        fast_derivative=lambda x: _fast_mish_gate(x)[0] + _held(x) * _fast_mish_gate(x)[1],
        fast_second=lambda x: 2 * _fast_mish_gate(x)[1] + _held(x) * _fast_mish_gate(x)[2],
    ),
    "log_sigmoid": Truth(
        value=lambda x: min(x, 0) - mp.log1p(_exp(-abs(x))),
        derivative=lambda x: _logistic(-x),
        second=lambda x: -_density(x),
        from_output=lambda y: -mp.expm1(max(y, -_EXP_END)),
        fast_value=lambda x: -np.logaddexp(0, -x),
        fast_derivative=lambda x: special.expit(-x),
        fast_second=lambda x: -_fast_density(x),
        fast_from_output=lambda y: -np.expm1(y),
    ),
    "tanh_shrink": Truth(
        value=_tanh_shrink,
        derivative=lambda x: mp.tanh(x) ** 2,
        fast_value=_fast_tanh_shrink,
        fast_derivative=lambda x: np.square(np.tanh(x)),
    ),
    "softcap": Truth(
        value=lambda x, cap: cap * mp.tanh(x / cap),
        derivative=lambda x, cap: mp.sech(x / cap) ** 2,
        from_output=lambda y, cap: (1 - y / cap) * (1 + y / cap),
        fast_value=lambda x, cap: cap * np.tanh(x / cap),
        fast_derivative=lambda x, cap: np.square(1 / np.cosh(x / cap)),
        fast_from_output=lambda y, cap: (cap - y) / cap * ((cap + y) / cap),
    ),
    # Roots and quotients --------------------------------------------------------------------------------------------
    "squareplus": Truth(
        value=_squareplus,
        derivative=_squareplus_derivative,
        from_output=lambda y, b: y * y / (y * y + b / 4) if y else mp.mpf(0),
        fast_value=_fast_squareplus,
        fast_derivative=_fast_squareplus_derivative,
        fast_from_output=_fast_squareplus_from_output,
    ),
    "softsign": Truth(
        value=lambda x: x / (1 + abs(x)),
        derivative=lambda x: 1 / (1 + abs(x)) ** 2,
        from_output=lambda y: (1 - abs(y)) ** 2,
        fast_value=lambda x: _finite(x) / (1 + np.abs(_finite(x))),
        fast_derivative=lambda x: np.square(1 / (1 + np.abs(x))),
        fast_from_output=lambda y: np.square(1 - np.abs(y)),
        second=lambda x: -2 * mp.sign(x) / (1 + abs(x)) ** 3,
        fast_second=lambda x: -2 * np.sign(x) / (1 + np.abs(x)) / np.square(1 + np.abs(x)),
    ),
    "dish": Truth(
        value=_dish,
        derivative=_dish_derivative,
        fast_value=_fast_dish,
        fast_derivative=_fast_dish_derivative,
    ),
    "bent_identity": Truth(
        value=lambda x: x + x * x / (_root(x, 1) + 1) / 2,
        derivative=lambda x: 1 + x / (2 * _root(x, 1)),
        fast_value=lambda x: (
            x + np.square(np.clip(x, -1e150, 1e150)) / (np.hypot(np.clip(x, -1e150, 1e150), 1) + 1) / 2
        ),
        fast_derivative=lambda x: 1 + _finite(x) / (2 * np.hypot(_finite(x), 1)),
    ),
    # Trigonometric and error functions ------------------------------------------------------------------------------
    "sin": Truth(
        value=_without_limits(mp.sin),
        derivative=_without_limits(mp.cos),
        second=_without_limits(lambda x: -mp.sin(x)),
        fast_value=np.sin,
        fast_derivative=np.cos,
        fast_second=lambda x: -np.sin(x),
    ),
    "cos": Truth(
        value=_without_limits(mp.cos),
        derivative=_without_limits(lambda x: -mp.sin(x)),
        second=_without_limits(lambda x: -mp.cos(x)),
        fast_value=np.cos,
        fast_derivative=lambda x: -np.sin(x),
        fast_second=lambda x: -np.cos(x),
    ),
    "snake": Truth(
        value=lambda x, a: x + mp.sin(a * x) ** 2 / a,
        derivative=_without_limits(lambda x, a: 1 + mp.sin(2 * a * x)),
        fast_value=_fast_snake,
        fast_derivative=lambda x, a: np.square(np.sin(a * x) + np.cos(a * x)),
        by_parameter={"a": (_without_limits(_snake_by_a), _fast_snake_by_a)},
    ),
    "arctan": Truth(
        value=mp.atan,
        derivative=lambda x: 1 / (1 + x * x),
        second=lambda x: -2 * x / (1 + x * x) ** 2,
        fast_value=np.arctan,
        fast_derivative=lambda x: 1 / (1 + x * x),
        fast_second=lambda x: -2 * np.clip(x, -1e60, 1e60) / np.square(1 + np.square(np.clip(x, -1e60, 1e60))),
    ),
    "erf": Truth(
        value=lambda x: mp.sign(x) if abs(x) > _ERFC_END else mp.erf(x),
        derivative=lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        second=lambda x: -4 / mp.sqrt(mp.pi) * x * mp.exp(-x * x),
        fast_value=special.erf,
        fast_derivative=lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
        fast_second=lambda x: -4 / math.sqrt(math.pi) * np.clip(x, -1e4, 1e4) * np.exp(-x * x),
    ),
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
    # The exponent's bits alone are the power of two below |truth|: several times as fast as frexp and ldexp.
    binade = (truth.view(np.int64) & 0x7FF0000000000000).view(np.float64)
    with np.errstate(invalid="ignore"):
        ulp = np.minimum(np.maximum(binade, 2.0 ** (low + bits)), 2.0 ** (high + bits))
        error = np.minimum(np.maximum(computed.astype(np.float64), -end), end)
        error -= np.minimum(np.maximum(truth, -end), end)
        np.abs(error, out=error)
        error /= ulp
    error *= 2.0**bits
    nan = np.isnan(error)
    if nan.any():
        both = np.isnan(truth) & np.isnan(computed)
        error[nan] = np.where(both[nan], 0.0, np.inf)
    return error


def ulp_error_exact(computed: Any, truth: Any) -> float:
    """The same for one NumPy scalar of any dtype and an mpmath number."""
    if mp.isnan(truth) or np.isnan(computed):
        return 0.0 if mp.isnan(truth) and np.isnan(computed) else math.inf
    low, high, bits = _ulp_exponents(computed.dtype)
    end = mp.ldexp(mp.mpf(1), high + bits + 1)
    unit = high if mp.isinf(truth) else low if truth == 0 else min(max(mp.mag(truth) - 1 - bits, low), high)
    held = max(min(mp.mpf(float(computed)), end), -end) - max(min(truth, end), -end)
    return float(mp.ldexp(abs(held), -unit))
