"""The error of every formula against mpmath, held to the bound of its row: the number that the documentation prints.

float16 is judged over all its values, float32 over all exponents and a dense sample of every hard place, both in ULP of
the oracle's fast form; float64 over a smaller sample of the same kind against mpmath itself. Parameters are taken as
rounded to the computing dtype. (All 2^32 float32 inputs are a matter of minutes; CONTRIBUTING names the command.)
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastact._schema import NEAR_ROOT, NEAR_ROOT_ERROR

from . import oracle
from .cases import DTYPES, OWN_FORMULAS, Case, all_halves, call, every_exponent, parameter_grid, samples

ABSOLUTE = {dtype: NEAR_ROOT_ERROR[np.dtype(dtype).name] for dtype in DTYPES}


def near_root(case: Case, x: np.ndarray) -> np.ndarray:
    near = np.zeros(x.shape, bool)
    for root in case.row.roots_of(case.form.name):
        with np.errstate(invalid="ignore"):  # signalling NaNs
            near |= np.abs(x.astype(np.float64) - root) <= NEAR_ROOT
    return near


def cancelling(case: Case, parameters: tuple[float, ...]) -> float:
    """The size of what cancels at infinitely many roots, to which the absolute error is relative."""
    return case.row.cancelling(case.form.name, **dict(zip(case.row.defaults, parameters, strict=True)))


def bound(case: Case, dtype: type) -> float:
    return case.row.accuracy_of(case.form.name)[np.dtype(dtype).name]


def in_domain(case: Case, x: np.ndarray) -> np.ndarray:
    """Inputs that the form is defined on: outputs of f for a form of the output."""
    if case.form.name != "backward_from_output":
        return x
    return x[np.isnan(x) | ((x >= case.row.range.lower) & (x <= case.row.range.upper))]


def check_fast(case: Case, x: np.ndarray, parameters: tuple[float, ...]) -> None:
    """Hold float16 or float32 results to the bound, by the oracle's fast form."""
    computed = call(case, x, parameters)
    truth = oracle.fast(case.row.name, case.form.name, x, *parameters)
    error = oracle.ulp_error(computed, truth)
    dtype = x.dtype.type
    # The truth itself is known to this many ULP.
    slack = oracle.FAST_ERROR * 2.0 ** (np.finfo(dtype).nmant + 1) if bound(case, dtype) else 0.0
    wrong = error > bound(case, dtype) + slack
    excused = near_root(case, x)
    if wrong.any() and excused.any():
        absolute = np.abs(computed[excused].astype(np.float64) - truth[excused])
        # A half is rounded once more, after the error of the float.
        rounding = np.abs(np.spacing(computed[excused])).astype(np.float64) * 0.5 if dtype is np.float16 else 0.0
        wrong[excused] &= absolute > ABSOLUTE[dtype] + rounding
    if wrong.any() and (size := cancelling(case, parameters)):
        wrong &= ~(np.abs(computed.astype(np.float64) - truth) <= ABSOLUTE[dtype] * size)
    worst = int(np.argmax(np.where(wrong, error, -1.0)))
    assert not wrong.any(), (
        f"{case}{parameters} in {x.dtype}: {error[worst]:.4g} ULP at x = {float(x[worst]).hex()} = {x[worst]!r}: "
        f"{computed[worst]!r}, truth {truth[worst]!r}; {int(wrong.sum())} of {x.size} above {bound(case, dtype)}"
    )


def check_exact(case: Case, x: np.ndarray, parameters: tuple[float, ...]) -> None:
    """Hold results of any dtype to the bound, by mpmath, one by one."""
    dtype = x.dtype.type
    computed = call(case, x, parameters)
    size = cancelling(case, parameters)
    for at, got, near in zip(x, computed, near_root(case, x), strict=True):
        truth = oracle.exact(case.row.name, case.form.name, float(at), *parameters)
        error = oracle.ulp_error_exact(got, truth)
        allowed = ABSOLUTE[dtype] * max(size, float(near))
        if error <= bound(case, dtype) or (allowed and abs(oracle.mp.mpf(float(got)) - truth) <= allowed):
            continue
        pytest.fail(
            f"{case}{parameters} in {x.dtype}: {error:.4g} ULP at x = {float(at).hex()} = {at!r}: {got!r}, "
            f"truth {oracle.mp.nstr(truth, 20)}; allowed {bound(case, dtype)}"
        )


@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
def test_every_float16(case: Case):
    for parameters in parameter_grid(case, np.float16):
        check_fast(case, in_domain(case, all_halves()), parameters)


@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
def test_float32(case: Case):
    grid = parameter_grid(case, np.float32)
    check_fast(case, in_domain(case, every_exponent(np.float32, 200)), grid[0])
    for parameters in grid:
        count = 400_000 if parameters == grid[0] else 100_000
        check_fast(case, samples(case, np.float32, count, parameters), parameters)


@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
def test_float32_against_mpmath_itself(case: Case):
    for parameters in parameter_grid(case, np.float32):
        check_exact(case, samples(case, np.float32, 150, parameters), parameters)


@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
def test_float64(case: Case):
    grid = parameter_grid(case, np.float64)
    for parameters in grid:
        count = 2_000 if parameters == grid[0] else 200
        check_exact(case, samples(case, np.float64, count, parameters), parameters)


# Where the grids of parameters and inputs do not meet: results that overflow, or do not, from e^z beyond 2^1780
# times a tiny alpha; and a line of slope 1 whose threshold is much larger than x.
EXTREMES = [
    ("celu", np.float64, (-3.5e255, -1e-30, -1.2e-275, -1.25e-275), (-5e-259,)),
    ("celu", np.float64, (-1e-30, -1.25e-275, -1.28e-275, -1.38e-275), (-1e-278,)),
    ("celu_derivative", np.float64, (-1e-30, -7e-276, -7.1e-276), (-1e-278,)),
    ("srelu", np.float32, (1e-20, -1e-12, 0.5, 3e38, np.inf), (-2.0, 0.25, -1.0, 1.0)),
    ("srelu", np.float32, (-1e-20, -0.5, -3e38, -np.inf), (1.0, 1.0, 2.0, 0.25)),
    ("srelu", np.float64, (1e-40, -1e-50, 0.5, 1e308), (-2.0, 0.25, -1.0, 1.0)),
    ("clipped_linear", np.float64, (1e308, 1.6e308, -1.0, np.inf, -np.inf), (1.0, 0.0, 0.0, 1.5e308)),
    ("clipped_linear", np.float64, (1e308, 9e307, 5e307, 0.0), (2.0, -1e308, 0.0, 1.5e308)),
    ("clipped_linear", np.float64, (1.0, -1.0, 0.5, 1e-308, 0.0), (1e308, 1e308, -1.7e308, 1.7e308)),
    ("clipped_linear", np.float64, (np.inf, -np.inf, 1e308), (1e-300, 1.0, -1e30, 1e30)),
    ("clipped_linear", np.float64, (1.7e308, -1.7e308, 1e-320), (1.7e308, 3.0, -1.7e308, 1.7e308)),
    ("clipped_linear_derivative", np.float64, (np.inf, -np.inf, 1.0, 1e8, 2e8), (1e300, 0.0, 0.0, 1.7e308)),
    ("clipped_linear_derivative", np.float64, (1.0, 1 + 2.0**-52, -1.0), (1e308, -1e308, 0.0, 1e308)),
    ("squareplus", np.float64, (-2.6444571533779957e-136, -1.8928e-136, -1e-200, -1e3, 1.0), (1e-300,)),
    ("squareplus", np.float64, (-6.3e-141, -1e-162, 0.0, 1e-160), (5e-324,)),
    ("squareplus", np.float64, (-1e200, -1e140, 1e200), (1e-200,)),
    ("squareplus_derivative", np.float64, (-2.6444571533779957e-136, -1e-150, -1e-100, 1e-150), (1e-300,)),
    ("squareplus_derivative", np.float64, (-1.8928e-136, -3e-136, -1e-140), (1e-290,)),
    ("rrelu_derivative", np.float64, (-1.0, 0.0), (5e-324, 5e-324)),
    ("rrelu_derivative", np.float64, (-1.0, 0.0), (1.7e308, 1.7e308)),
    ("rrelu", np.float64, (-1e300, -1.0), (5e-324, 1.5e-323)),
    ("rrelu_derivative", np.float32, (-1.0, 0.0), (1e-45, 1e-45)),
]


@pytest.mark.parametrize(("name", "dtype", "inputs", "parameters"), EXTREMES)
def test_extremes(name: str, dtype: type, inputs: tuple[float, ...], parameters: tuple[float, ...]):
    (case,) = [case for case in OWN_FORMULAS if str(case) == name]
    check_exact(case, np.array(inputs, dtype), tuple(float(dtype(p)) for p in parameters))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
@given(data=st.data())
def test_any_float_at_any_parameter(case: Case, dtype: type, data: st.DataObject):
    width = np.finfo(dtype).bits
    x = in_domain(case, np.array([data.draw(st.floats(width=width))], dtype))
    parameters = []
    for parameter in case.row.parameters:
        domain = case.domain(parameter)
        low, high = max(domain.lower, -(2.0**40)), min(domain.upper, 2.0**40)
        floats = st.floats(max(low, 2.0**-40), high, width=width)
        if low < 0:
            floats |= st.floats(low, min(high, -(2.0**-40)), width=width)
        parameters.append(data.draw(floats.filter(domain.__contains__)))
    check_exact(case, x, tuple(parameters))
