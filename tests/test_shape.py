"""What a row states about the shape of its function, executed: monotone, odd, range, limits, kinks, sup|f'|, NaN.

The mathematics that the float results are compared with comes from the row and from the oracle, never from fastact.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastact
from fastact._schema import Activation, number

from . import oracle
from .cases import (
    CASES,
    DTYPES,
    OWN_FORMULAS,
    Case,
    all_halves,
    bits,
    call,
    every_exponent,
    outputs,
    parameter_grid,
    samples,
)

ROWS = list(fastact.activations.values())
VALUES = [case for case in OWN_FORMULAS if case.form.kind == "value"]
DERIVATIVES = [case for case in OWN_FORMULAS if case.form.kind == "derivative"]
WITH_LIMITS = [case for case in OWN_FORMULAS if case.form.kind in ("value", "derivative", "second_derivative")]
WINDOW = 4096


def numbers(case: Case, dtype: type) -> np.ndarray:
    """Every float16, or a dense sample of float32 and float64 with the infinities; no NaN."""
    if dtype is np.float16:
        x = all_halves()
    else:
        x = np.concatenate([every_exponent(dtype, 20), samples(case, dtype, 100_000, case.defaults(dtype))])
    return x[~np.isnan(x)]


def windows(case: Case, dtype: type, parameters: tuple[float, ...]) -> np.ndarray:
    """Windows of consecutive floats, one per row, ascending: all over the bit patterns, and around the hard places."""
    rng = np.random.default_rng(11)
    info, unsigned = np.finfo(dtype), bits(dtype(0)).dtype
    hard = samples(case, dtype, 1200, parameters)
    hard = rng.permutation(hard[np.isfinite(hard)])[:150]
    binades = np.abs(every_exponent(dtype, 2))
    starts = np.concatenate([hard, *(sign * rng.choice(binades, 40) for sign in (1, -1))])
    # Sign and magnitude to an integer that grows with the float.
    patterns = bits(np.abs(starts)).astype(np.int64) * np.where(np.signbit(starts), -1, 1)
    end = int(bits(info.max)) - WINDOW
    patterns = np.clip(patterns - WINDOW // 2, -end, end)[:, None] + np.arange(WINDOW)
    magnitude = np.abs(patterns).astype(unsigned).view(dtype)
    return np.where(patterns < 0, -magnitude, magnitude)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", VALUES, ids=str)
def test_monotone_wherever_the_mathematics_is(case: Case, dtype: type):
    judged = 0
    for parameters in parameter_grid(case, dtype):
        x = windows(case, dtype, parameters)
        slope = oracle.fast(case.row.name, "derivative", x, *parameters)
        y = call(case, x, parameters)
        change = (y[:, 1:] > y[:, :-1]).astype(int) - (y[:, 1:] < y[:, :-1])
        # Away from the roots of f' the sign of the oracle's f' is sure.
        rising, falling = (
            (slope >= 0).all(axis=1),
            (slope < -1e-6 * np.abs(slope).max(axis=1, keepdims=True)).all(axis=1),
        )
        # A row with an extremum may step back by one unit in the last place where a step of x moves f by less than the
        # error that the row allows: near the extremum only correct rounding could keep the order.
        unit = np.spacing(np.abs(y[:, :-1]))
        allowed = np.where(case.row.monotone, 0, unit)
        with np.errstate(over="ignore", invalid="ignore"):
            moved = np.abs(slope[:, :-1]) * np.spacing(np.abs(x[:, :-1]))
            allowed = np.where(moved >= unit * case.row.accuracy[np.dtype(dtype).name], 0, allowed)
        for at in case.row.kinks_at(**dict(zip(case.row.defaults, parameters, strict=True))):
            if (
                math.isfinite(at)
                and jump(case.row, "value", at, parameters, -210) > jump(case.row, "value", at, parameters, -200) / 2
            ):  # f' says nothing of a jump
                whole = (x[:, 0] > at) | (x[:, -1] < at)
                rising, falling = rising & whole, falling & whole
        judged += int(rising.sum() + falling.sum())
        if case.row.monotone and parameters == parameter_grid(case, dtype)[0]:
            assert (slope >= 0).all(), "the row says monotone, the oracle does not"
        for direction, which in ((1, rising), (-1, falling)):
            with np.errstate(invalid="ignore"):  # inf - inf
                back = np.abs(np.diff(y))
            wrong = (change * direction < 0) & ~(back <= allowed) & which[:, None]
            if wrong.any():
                i, j = np.argwhere(wrong)[0]
                pytest.fail(
                    f"{case}{parameters} in {np.dtype(dtype)}: f({x[i, j]!r}) = {y[i, j]!r} but "
                    f"f({x[i, j + 1]!r}) = {y[i, j + 1]!r}; {int(wrong.sum())} such steps"
                )
    assert judged > 150


@pytest.mark.parametrize("case", VALUES, ids=str)
def test_monotone_over_every_float16(case: Case):
    if not case.row.monotone:
        assert case.row.derivative_roots or case.row.period or case.row.at_zero[1] == 0, "neither monotone nor a root"
        return
    x = np.sort(all_halves()[~np.isnan(all_halves())])
    y = call(case, x, case.defaults(np.float16))
    assert (y[1:] >= y[:-1]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [case for case in OWN_FORMULAS if case.row.odd], ids=str)
def test_odd_functions_are_odd_bit_for_bit_and_their_derivatives_even(case: Case, dtype: type):
    x = numbers(case, dtype)
    if case.form.name == "backward_from_output":
        x = x[np.abs(x) <= case.row.range.upper]
    positive, negative = call(case, x, case.defaults(dtype)), call(case, -x, case.defaults(dtype))
    itself_odd = case.form.kind in ("value", "second_derivative")
    number = ~np.isnan(positive)  # sin has no limits at infinity
    assert number[np.isfinite(x)].all()
    assert np.array_equal(np.isnan(negative), ~number)
    assert np.array_equal(bits(negative[number]), bits(-positive if itself_odd else positive)[number])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_odd_is_stated_where_it_holds(row: Activation):
    x = np.linspace(0.1, 9, 100)
    defaults = row.defaults.values()
    plus, minus = oracle.fast(row.name, "value", x, *defaults), oracle.fast(row.name, "value", -x, *defaults)
    assert row.odd == np.allclose(plus, -minus, rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", VALUES, ids=str)
def test_values_lie_in_the_range(case: Case, dtype: type):
    y = call(case, numbers(case, dtype), case.defaults(dtype))
    bound = case.row.accuracy[np.dtype(dtype).name]
    for end, beyond in ((case.row.range.lower, np.less), (case.row.range.upper, np.greater)):
        if math.isinf(end):
            continue
        # An end that the dtype has is never crossed; one between two floats, by no more than the function's error.
        rounded = dtype(end)
        allowed = 0.0 if float(rounded) == end else (bound + 1) * abs(float(np.spacing(rounded)))
        outward = -1 if beyond is np.less else 1
        assert not beyond(y.astype(np.float64), float(rounded) + outward * allowed).any()


def extremum(row: Activation, form: str, sign: int) -> float:
    """The largest value of sign * f or sign * f' over the reals: the best of a grid, refined by ternary search."""
    x = np.concatenate([np.linspace(-30, 30, 60_001), [-1e30, 1e30]])
    values = sign * oracle.fast(row.name, form, x, *row.defaults.values())
    best = int(np.argmax(values))
    if abs(x[best]) > 29:
        return float(values[best])

    def exact(at: float) -> float:
        return sign * oracle.exact(row.name, form, at, *row.defaults.values())

    low, high = float(x[best]) - 1e-3, float(x[best]) + 1e-3
    for _ in range(80):
        third = (high - low) / 3
        if exact(low + third) < exact(high - third):
            low += third
        else:
            high -= third
    return float(max(exact(low), exact(high), values[best]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_range_is_reached(row: Activation):
    for end, reached in (
        (row.range.lower, -extremum(row, "value", -1)),
        (row.range.upper, extremum(row, "value", 1)),
    ):
        assert abs(reached) > 1e20 if math.isinf(end) else math.isclose(reached, end, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", WITH_LIMITS, ids=str)
def test_limits(case: Case, dtype: type):
    limits = case.row.limits_of(case.form.name)
    bound = case.row.accuracy_of(case.form.name)[np.dtype(dtype).name]
    at = call(case, np.array([-np.inf, np.inf], dtype), case.defaults(dtype))
    for y, limit in zip(at, limits, strict=True):
        if math.isnan(limit):
            assert np.isnan(y)
        elif math.isinf(limit):
            assert y == limit
        else:
            # A limit that is a default parameter is one as rounded to the dtype.
            rounded = {float(dtype(p)) for p in case.row.defaults.values()}
            exact = next((p for p in rounded if math.isclose(p, limit, rel_tol=1e-3)), limit)
            assert oracle.ulp_error_exact(y, oracle.mp.mpf(exact)) <= bound


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", WITH_LIMITS, ids=str)
def test_the_limits_are_those_of_the_mathematics(case: Case, dtype: type):
    for parameters in parameter_grid(case, dtype):
        x = np.array([-np.inf, np.inf], dtype)
        bound = case.row.accuracy_of(case.form.name)[np.dtype(dtype).name]
        for at, y in zip(x, call(case, x, parameters), strict=True):
            truth = oracle.exact(case.row.name, case.form.name, float(at), *parameters)
            assert oracle.ulp_error_exact(y, truth) <= bound, (at, parameters)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", DERIVATIVES, ids=str)
def test_kinks(case: Case, dtype: type):
    """f' at each kink as the row says, for every parameter value, from both zeros, in every form."""
    names = [parameter.name for parameter in case.row.parameters]
    bound = case.row.derivative_accuracy[np.dtype(dtype).name]
    for parameters in parameter_grid(case, dtype):
        for at, slope in case.row.kinks_at(**dict(zip(names, parameters, strict=True))).items():
            if float(dtype(at)) != at or jump(case.row, "derivative", at, parameters) == 0:
                continue  # where the pieces meet there is no float
            x = np.array([at, -at] if at == 0 else [at], dtype)
            scalars = [dtype(p) for p in parameters]
            both = getattr(fastact, case.row.name + "_with_derivative")(x, *scalars)[1]
            back = getattr(fastact, case.row.name + "_backward")(dtype(1), x, *scalars)
            for got in (*call(case, x, parameters), *both, *back):
                assert oracle.ulp_error_exact(got, oracle.mp.mpf(slope)) <= bound, (at, parameters)


def jump(row: Activation, form: str, at: float, parameters: tuple[float, ...], exponent: int = -80) -> float:
    """How far f or f' jumps at a point: how much it changes within a power of two on both sides."""
    step = oracle.mp.mpf(2) ** exponent

    def value(where: oracle.mp.mpf) -> oracle.mp.mpf:
        return oracle.TRUTHS[row.name].exact(form)(where, *map(oracle.mp.mpf, parameters))

    return float(abs(value(at + step) - value(at - step)))


def curvature_jump(row: Activation, at: float) -> float:
    """How far f'' jumps at a point, from one-sided differences of f'."""
    step = oracle.mp.mpf(2) ** -60
    defaults = [oracle.mp.mpf(value) for value in row.defaults.values()]
    inner, outer = (
        [oracle.TRUTHS[row.name].derivative(at + s * sign, *defaults) for sign in (-1, 1)] for s in (step, 2 * step)
    )
    left, right = (inner[0] - outer[0]) / step, (outer[1] - inner[1]) / step
    return float(abs(left - right))


def places(row: Activation) -> set[float]:
    """Where the pieces of any activation of the table may meet."""
    return {*row.kinks_at(), 0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -0.5, *row.defaults.values()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_kinks_are_listed_where_they_are(row: Activation):
    """f and f' jump nowhere but at the kinks, and at each kink one of them does, for some parameters."""
    defaults = tuple(row.defaults.values())
    for at in places(row) - set(row.kinks_at()):
        assert jump(row, "value", at, defaults) < 1e-9
        assert jump(row, "derivative", at, defaults) < 1e-9
    grid = parameter_grid(Case(row, row.forms[0]), np.float64)
    for i in range(len(row.kinks)):
        jumps = []
        for parameters in grid:
            kinks = row.kinks_at(**dict(zip(row.defaults, parameters, strict=True)))
            at = list(kinks)[min(i, len(kinks) - 1)]
            if math.isfinite(at):
                jumps += [jump(row, form, at, parameters) for form in ("value", "derivative")]
        assert max(jumps) > 1e-6


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_smoothness(row: Activation):
    defaults = tuple(row.defaults.values())
    jumps = [max(jump(row, form, at, defaults) for at in places(row)) for form in ("value", "derivative")]
    jumps.append(max(curvature_jump(row, at) for at in places(row)))
    smooth = next((order - 1 for order, height in enumerate(jumps) if height > 1e-9), math.inf)
    assert row.smoothness == smooth
    assert row.differentiable == (smooth >= 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_hard_saturation_begins_where_the_row_says(row: Activation):
    defaults = tuple(row.defaults.values())
    for edge, sign, saturation in zip((row.constant_below, row.constant_above), (-1, 1), row.saturation, strict=True):
        far = oracle.exact(row.name, "value", sign * 1e3, *defaults)
        if edge is None:
            assert saturation != "hard"
            assert oracle.exact(row.name, "value", sign * 8.0, *defaults) != far or row.limits[sign > 0] != far
            continue
        at = number(edge, row.defaults)
        assert saturation == "hard"
        for further in (0.25, 7.0):
            assert oracle.exact(row.name, "value", at + sign * further, *defaults) == far
            assert oracle.exact(row.name, "derivative", at + sign * further, *defaults) == 0
        assert oracle.exact(row.name, "value", at - sign * 2.0**-20, *defaults) != far


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_start_at_zero(row: Activation):
    for form, stated in zip(("value", "derivative"), row.at_zero, strict=True):
        truth = oracle.exact(row.name, form, 0.0, *row.defaults.values())
        assert math.isclose(float(truth), stated, rel_tol=2**-52, abs_tol=0)


def test_derived_properties():
    rows = fastact.activations
    assert rows["tanh"].saturation == ("soft", "soft")
    assert rows["relu"].saturation == ("hard", "none")
    assert rows["softplus"].saturation == ("soft", "none")
    assert rows["identity"].near_zero == "f(x) ~ x"
    assert rows["sigmoid"].near_zero == "f(x) ~ 0.5 + 0.25 x"
    assert rows["relu"].near_zero == "f(x) ~ 0"
    assert [name for name in ("tanh", "sigmoid", "relu") if rows[name].zero_centred] == ["tanh"]
    assert [name for name in ("tanh", "sigmoid", "relu") if rows[name].bounded] == ["tanh", "sigmoid"]
    assert (rows["gelu"].lipschitz, rows["relu"].differentiable) == (rows["gelu"].sup_derivative, False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", DERIVATIVES, ids=str)
def test_the_derivative_stays_below_its_supremum(case: Case, dtype: type):
    slope = np.abs(call(case, numbers(case, dtype), case.defaults(dtype)).astype(np.float64))
    supremum = case.row.sup_derivative
    rounded = dtype(supremum)
    bound = case.row.derivative_accuracy[np.dtype(dtype).name]
    allowed = 0.0 if float(rounded) == supremum else (bound + 1) * float(np.spacing(rounded))
    assert np.nanmax(slope) <= float(rounded) + allowed  # sin' has no limits at infinity


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_supremum_is_reached(row: Activation):
    reached = max(extremum(row, "derivative", 1), extremum(row, "derivative", -1))
    assert (
        reached > 1e20 if math.isinf(row.sup_derivative) else math.isclose(reached, row.sup_derivative, rel_tol=1e-14)
    )


@pytest.mark.parametrize("case", [case for case in WITH_LIMITS if case.form.kind != "value"], ids=str)
def test_the_roots_of_the_derivatives_are_all_listed(case: Case):
    """But for one at 0, where nothing cancels, and those of a periodic f'."""
    row, form = case.row, case.form.name
    x = np.linspace(-50, 50, 200_002)
    slope = oracle.fast(row.name, form, x, *row.defaults.values())
    changes = x[1:][np.sign(slope[1:]) * np.sign(slope[:-1]) < 0]
    if row.period is None:
        jumps = [at for at, there in row.kinks_at().items() if there != 0]
        real = [at for at in changes if abs(at) > 1e-3 and all(abs(at - kink) > 1e-3 for kink in jumps)]
        assert len(real) == len([root for root in row.roots_of(form) if root != 0])
    for root in row.roots_of(form):
        assert abs(oracle.exact(row.name, form, root, *row.defaults.values())) < 2**-50
    if form == "derivative":
        assert row.monotone == (not (slope < 0).any())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_nan_in_any_operand_gives_nan_in_every_output(case: Case, dtype: type):
    ufunc = case.ufunc()
    ordinary = np.array([-np.inf, -200, -1.5, -0.0, 0.0, 0.25, 1.0, 70.0, np.inf] * 5, dtype)
    for position in range(ufunc.nin):
        for filler in (ordinary, np.ones_like(ordinary)):
            operands = [filler] * case.arguments + [
                np.full(ordinary.shape, p, dtype) for p in case.row.defaults.values()
            ]
            operands[position] = np.full(ordinary.shape, np.nan, dtype)
            for result in outputs(ufunc(*operands)):
                assert np.isnan(result).all(), position
            # One number for the parameter takes another path than an array of them.
            operands[case.arguments :] = [operand[0] for operand in operands[case.arguments :]]
            for result in outputs(ufunc(*operands)):
                assert np.isnan(result).all(), position


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_nan_from_numbers(case: Case, dtype: type):
    """At every number, the infinities too; a gradient that is finite, for 0 * inf is NaN by definition."""
    x = numbers(case, dtype)
    if case.form.name == "backward_from_output":
        x = x[(x >= case.row.range.lower) & (x <= case.row.range.upper)]
    limited = [math.isnan(limit) for limit in (*case.row.limits, *case.row.derivative_limits)]
    if any(limited):
        x = x[np.isfinite(x)]
    for parameters in parameter_grid(case, dtype):
        operands = [dtype(1)] * (case.arguments - 1) + [x, *(dtype(p) for p in parameters)]
        with np.errstate(over="ignore"):
            results = outputs(case.ufunc()(*operands))
        for result in results:
            bad = np.isnan(result)
            assert not bad.any(), (parameters, x[bad][:5])
