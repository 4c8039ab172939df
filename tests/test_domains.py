"""Parameters that NumPy rounds out of their domains before anything is computed, and the comparisons that let most in.

A Python number takes the dtype of the arrays beside it: what is legal as it stands may be 0 or infinite there.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastact
from fastact._domains import computing
from tools.keyword_functions import ordinary, ordinary_order

from .cases import CASES, DTYPES, Case, lost_by_rounding, outputs, parameter_grid

KEYWORD = [case for case in CASES if case.row.parameters]
EVERY_CASE = pytest.mark.parametrize("case", KEYWORD, ids=str)
DTYPE = pytest.mark.parametrize("dtype", DTYPES)
LETTERS = {np.float16: "e", np.float32: "f", np.float64: "d"}


def inputs(case: Case, dtype: type) -> list[np.ndarray]:
    return [np.linspace(0, 0.9, 3, dtype=dtype)] * case.arguments


def refused(case: Case, rounding: type, parameters: tuple[Any, ...], *arrays: Any, **keywords: Any) -> None:
    """A ValueError that names function, parameter, what is allowed and dtype; nothing is written."""
    out = tuple(np.full(3, 7.0, np.float64) for _ in case.form.outputs)
    names = "|".join(case.row.defaults)
    with pytest.raises(ValueError, match=rf"^{case}: ({names}) must be .* as rounded to {np.dtype(rounding)}, got"):
        case.function(*arrays, *parameters, out=out, **keywords)
    assert all((array == 7).all() for array in out)


@DTYPE
@EVERY_CASE
def test_what_rounding_takes_out_of_a_domain_is_refused(case: Case, dtype: type):
    lost = lost_by_rounding(case, dtype)
    if dtype is np.float64:
        assert not lost
        return
    # 0 and infinity are what rounding reaches.
    domains = map(case.domain, case.row.parameters)
    assert bool(lost) == any(math.isinf(d.upper) or (d.lower == 0 and not d.lower_closed) for d in domains)
    letter = LETTERS[dtype]
    ufunc = case.ufunc()
    signature = f"{letter * ufunc.nin}->{letter * ufunc.nout}"
    for parameters in lost:
        refused(case, dtype, parameters, *inputs(case, dtype))
        refused(case, dtype, parameters, *inputs(case, np.float64), dtype=dtype)
        refused(case, dtype, parameters, *inputs(case, np.float64), signature=signature)
        arrays = [np.full(3, value) for value in parameters]
        refused(case, dtype, tuple(arrays), *inputs(case, dtype), dtype=dtype)
        # In float64 they are what they are.
        case.function(*inputs(case, np.float64), *parameters)
        case.function(*inputs(case, dtype), *parameters, dtype=np.float64)
        case.function(*inputs(case, dtype), *map(np.float64, parameters))
        # The ufunc itself takes anything.
        with np.errstate(all="ignore"):
            ufunc(*inputs(case, dtype), *parameters)


@DTYPE
@EVERY_CASE
def test_what_rounding_leaves_in_a_domain_is_computed(case: Case, dtype: type):
    for parameters in parameter_grid(case, dtype):
        with np.errstate(over="ignore"):
            results = outputs(case.function(*inputs(case, dtype), *parameters))
            expected = outputs(case.ufunc()(*inputs(case, dtype), *map(dtype, parameters)))
        for result, want in zip(results, expected, strict=True):
            assert np.array_equal(result, want, equal_nan=True)
            assert result.dtype == dtype


def test_the_findings_that_led_here():
    one = np.ones(1, np.float32)
    for call in (
        lambda: fastact.celu(one, 1e-50),
        lambda: fastact.softcap(np.float32(0), cap=1e-50),
        lambda: fastact.softplus(one, beta=1e-50),
        lambda: fastact.leaky_relu(np.zeros(1, np.float32), 1e300),
        lambda: fastact.swish(one, 1e300),
    ):
        with pytest.raises(ValueError, match="as rounded to float32"):
            call()
    with pytest.raises(
        ValueError, match=r"^softplus: beta must be in \(0, inf\) as rounded to float16, got 1000000000"
    ):
        fastact.softplus(np.float16(1), beta=1e9)


def test_the_dtype_is_that_of_all_operands():
    x = np.ones(3, np.float16)
    with pytest.raises(ValueError, match="as rounded to float16, got 1e-30"):
        fastact.elu_backward(x, x, 1e-30)
    with pytest.raises(ValueError, match="float16"):
        fastact.elu(x.tolist(), 1e-30, dtype="e")
    fastact.elu_backward(x.astype(np.float32), x, 1e-30)
    fastact.elu(x.astype(np.int64), 1e-30)
    fastact.elu(1.0, 1e-300)
    fastact.elu([1, 2], 1e-300)
    # One parameter's dtype decides on another's.
    with pytest.raises(ValueError, match=r"^srelu: a_right must be .* float16, got 100000"):
        fastact.srelu(x, np.zeros(3, np.float16), a_right=100000.0)
    fastact.srelu(x, np.zeros(3, np.float32), a_right=100000.0)
    # Results are only cast to the dtype of out.
    with pytest.raises(ValueError, match="float16"):
        fastact.elu(x, 1e-30, out=np.empty(3))
    assert fastact.elu(x.astype(np.float32), 1e-30, out=x).dtype == np.float16


def test_integers_of_python_yield_too():
    x = np.ones(3, np.float16)
    with pytest.raises(ValueError, match=r"^elu: alpha must be .* float16, got 70000"):
        fastact.elu(x, 70000)
    assert fastact.elu(x.astype(np.float32), 10**30).dtype == np.float32  # in none of NumPy's integer dtypes
    with pytest.raises(ValueError, match=r"^elu: alpha must be in \(0, inf\), got 1000"):
        fastact.elu(x, 10**400)
    assert fastact.elu(x, True).dtype == np.float16


def test_an_order_that_rounding_breaks():
    x = np.linspace(-1, 1, 5, dtype=np.float16)
    with pytest.raises(ValueError, match=r"^hard_tanh: min_val must be < max_val as rounded to float16, got 1\.0 and"):
        fastact.hard_tanh(x, 1.0, 1.0001)
    for low, high in ((0.0, 1e-9), (-1e-9, 0.0), (-1.0001, -1.0)):
        with pytest.raises(ValueError, match="must be <"):
            fastact.hard_tanh(x, low, high)
    fastact.hard_tanh(x.astype(np.float32), 1.0, 1.0001)
    fastact.rrelu(x, 0.1, 0.1 + 1e-9)


def test_nan_and_refusals_of_the_ufunc_pass():
    x = np.ones(3, np.float32)
    assert np.isnan(fastact.celu(x, math.nan)).all()
    for keywords in ({"dtype": complex}, {"dtype": np.int64}, {"signature": "nonsense"}):
        with pytest.raises((TypeError, ValueError)) as caught:
            fastact.celu(x, 1e-50, **keywords)
        assert "alpha must be" not in str(caught.value)


def test_frames_keep_their_dtypes_to_themselves():
    frame = pd.DataFrame({"a": np.ones(2, np.float32), "b": np.ones(2)})
    assert fastact.elu(frame, 1e-9).shape == (2, 2)
    series = frame["a"]
    with pytest.raises(ValueError, match="float32"):
        fastact.elu(series, 1e-50)


@pytest.mark.parametrize("dtype", [*DTYPES, np.int8, np.int32, bool])
@pytest.mark.parametrize("scalar", [1.5, 2, True, np.float32(2), np.float64(2), [1.0], np.ones(1, np.float16)])
@pytest.mark.parametrize("keywords", [{}, {"dtype": "f"}, {"signature": (None, None, np.float16)}], ids=str)
def test_the_dtype_is_foreseen(dtype: type, scalar: Any, keywords: dict[str, Any]):
    for operands in ((np.ones(1, dtype), scalar), (scalar, np.ones(1, dtype)), (scalar, scalar)):
        assert computing(fastact.elu.ufunc, operands, keywords) == fastact.elu.ufunc(*operands, **keywords).dtype


# The comparisons in front -------------------------------------------------------------------------------------------


@EVERY_CASE
def test_default_parameters_pass_at_once(case: Case):
    names = case.row.defaults
    for parameter in case.row.parameters:
        assert eval(ordinary(parameter.name, case.domain(parameter)), {}, names)
    for relation in case.row.order_of(case.form):
        assert eval(ordinary_order(*relation), {}, names)


# Around every edge, and where float16 ends.
EDGES = [0.0, 1.0, 2.0**-14, 2.0**-24, 2.0**-25, 65504.0, 65520.0, 5e-324, math.inf, math.nan]
NUMBERS = st.floats() | st.builds(
    lambda edge, sign, factor: sign * edge * factor,
    st.sampled_from(EDGES),
    st.sampled_from([1, -1]),
    st.floats(0.99, 1.01) | st.just(1.0),
)


@EVERY_CASE
@given(data=st.data())
def test_what_passes_at_once_stays_in_its_domain_in_every_dtype(case: Case, data: st.DataObject):
    values = {name: data.draw(NUMBERS, name) for name in case.row.defaults}
    order = [ordinary_order(*relation) for relation in case.row.order_of(case.form)]
    domains = [(parameter, case.domain(parameter)) for parameter in case.row.parameters]
    tests = [*(ordinary(parameter.name, domain) for parameter, domain in domains), *order]
    if not all(eval(test, {}, values) for test in tests):
        return
    for dtype in DTYPES:
        with np.errstate(all="ignore"):
            rounded = [float(dtype(value)) for value in values.values()]
        assert case.accepts(tuple(rounded))


def test_only_floats_pass_at_once():
    domain = fastact.activations["elu"].parameters[0].domain
    for value, passes in ((1.0, True), (1, False), (True, False), (np.float64(1), False), (np.ones(2), False)):
        assert eval(ordinary("alpha", domain), {}, {"alpha": value}) is passes


@pytest.mark.parametrize("name", ["hard_tanh", "clipped_linear"])
def test_a_strict_order_near_zero(name: str):
    (relation,) = fastact.activations[name].parameter_order
    source = ordinary_order(*relation)
    for low, high in itertools.product([-1.0, -1e-9, 0.0, 1e-9, 1.0], repeat=2):
        if eval(source, {}, {"min_val": low, "max_val": high}):
            assert np.float16(low) < np.float16(high)
