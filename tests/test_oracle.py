"""The oracle itself: fast forms against mpmath, derivatives against differences, distances against cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fastact
from fastact._schema import NEAR_ROOT

from . import oracle
from .cases import OWN_FORMULAS, Case, parameter_grid, samples

mp = oracle.mp


def test_every_row_has_its_truth():
    assert set(oracle.TRUTHS) == set(fastact.activations)


@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
def test_fast_forms_agree_with_mpmath(case: Case):
    for parameters in parameter_grid(case, np.float32):
        for dtype, count in ((np.float16, 60), (np.float32, 200)):
            inputs = samples(case, dtype, count, parameters)
            got = oracle.fast(case.row.name, case.form.name, inputs, *parameters)
            for x, y in zip(inputs, got, strict=True):
                truth = oracle.exact(case.row.name, case.form.name, float(x), *parameters)
                if mp.isnan(truth):
                    assert np.isnan(y)
                    continue
                near_root = any(abs(x - root) < NEAR_ROOT for root in case.row.roots_of(case.form.name))
                # Below 1e-60 is below every float32: there only the magnitude has to be right.
                size = case.row.cancelling(case.form.name, **dict(zip(case.row.defaults, parameters, strict=True)))
                allowed = oracle.FAST_ERROR * ((1 if near_root else abs(truth)) + size) + mp.mpf(10) ** -60
                held = max(min(truth, mp.mpf(10) ** 60), -(mp.mpf(10) ** 60))
                assert abs(max(min(mp.mpf(float(y)), mp.mpf(10) ** 60), -(mp.mpf(10) ** 60)) - held) <= allowed, x


@pytest.mark.parametrize("name", oracle.TRUTHS)
def test_derivatives_are_those_of_the_values(name: str):
    truth, row = oracle.TRUTHS[name], fastact.activations[name]
    defaults = [mp.mpf(value) for value in row.defaults.values()]
    step = mp.mpf(2) ** -60
    for point in np.random.default_rng(3).normal(0, 4, 40):
        x = mp.mpf(float(point))
        if any(abs(x - kink) < step for kink in row.kinks_at()):
            continue
        difference = (truth.value(x + step, *defaults) - truth.value(x - step, *defaults)) / (2 * step)
        assert abs(difference - truth.derivative(x, *defaults)) < mp.mpf(2) ** -100
        if truth.second is not None:
            difference = (truth.derivative(x + step, *defaults) - truth.derivative(x - step, *defaults)) / (2 * step)
            assert abs(difference - truth.second(x, *defaults)) < mp.mpf(2) ** -100
        for parameter, (by_parameter, _) in truth.by_parameter.items():
            i = list(row.defaults).index(parameter)
            above, below = defaults.copy(), defaults.copy()
            above[i] += step
            below[i] -= step
            difference = (truth.value(x, *above) - truth.value(x, *below)) / (2 * step)
            assert abs(difference - by_parameter(x, *defaults)) < mp.mpf(2) ** -50
        if truth.from_output is not None:
            again = truth.from_output(truth.value(x, *defaults), *defaults)
            assert abs(again - truth.derivative(x, *defaults)) < mp.mpf(2) ** -200


@pytest.mark.parametrize(
    ("computed", "truth", "error"),
    [
        (np.float32(1), 1.0, 0),
        (np.float32(1), 1 + 2.0**-24, 0.5),
        (np.nextafter(np.float32(1), np.float32(2)), 1.0, 1),
        (np.nextafter(np.float32(1), np.float32(0)), 1.0, 0.5),
        (np.float32(0), 2.0**-149, 1),
        (np.float32(0), 2.0**-150, 0.5),
        (np.float32(2.0**-149), 2.0**-151, 0.75),
        (np.float32(-0.0), 0.0, 0),
        (np.float32(np.inf), 1e300, 0),
        (np.float32(np.inf), 2.0**128, 0),
        (np.float32(np.inf), float(np.finfo(np.float32).max), 1),
        (np.finfo(np.float32).max, 1e39, 1),
        (np.float32(np.inf), -1e39, 2.0**25),
        (np.float16(np.inf), 65520.0, 0.5),
        (np.float16(0), 2.0**-24, 1),
        (np.float32(np.nan), 1.0, math.inf),
        (np.float32(1), math.nan, math.inf),
        (np.float32(np.nan), math.nan, 0),
    ],
)
def test_distances(computed: np.floating, truth: float, error: float):
    assert oracle.ulp_error(np.array([computed]), np.array([truth]))[0] == error
    assert oracle.ulp_error_exact(computed, mp.mpf(truth)) == error


def test_distances_in_float64():
    one = np.float64(1)
    assert oracle.ulp_error_exact(one, mp.mpf(1) + mp.mpf(2) ** -53) == 0.5
    assert oracle.ulp_error_exact(np.float64(0), mp.mpf(2) ** -1076) == 0.25
    assert oracle.ulp_error_exact(np.float64(0), mp.mpf(2) ** -5000) == 0
    assert oracle.ulp_error_exact(np.float64(np.inf), mp.mpf(2) ** 2000) == 0
    assert oracle.ulp_error_exact(np.finfo(np.float64).max, mp.mpf(2) ** 2000) == 1
