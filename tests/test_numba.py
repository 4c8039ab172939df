"""Inside code that Numba compiles: every function, bit for bit what the ufuncs give, cached safely."""

# Numba compiles functions, and not the ufunc that a lambda calls.
# ruff: noqa: PLW0108

from __future__ import annotations

import importlib.metadata
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core import types
from numba.core.errors import TypingError
from numba.core.runtime import _nrt_python, rtsys

import fastact
from fastact import _jit, _numba_calls, numba_ext
from fastact._units import ROW_FUNCTIONS

from .cases import CASES, Case, bits, outputs, parameter_grid, special_values

ROOT = Path(__file__).parents[1]
DTYPES = (np.float32, np.float64)


def public_functions() -> dict[str, np.ufunc]:
    """The ufunc of every public name that has one."""
    found = {name: getattr(fastact, name) for name in fastact.__all__}
    found = {name: getattr(function, "ufunc", function) for name, function in found.items()}
    return {name: function for name, function in found.items() if isinstance(function, np.ufunc)}


PUBLIC = public_functions()
ELEMENTWISE = sorted(name for name, ufunc in PUBLIC.items() if ufunc.signature is None)
ROWS = sorted(name for name, ufunc in PUBLIC.items() if ufunc.signature is not None)
CHUNKS = [ELEMENTWISE[i::4] for i in range(4)]
WITH_PARAMETERS = [case for case in CASES if case.row.parameters]


def needed(name: str) -> int:
    """The number of arguments without a default."""
    function = getattr(fastact, name)
    if isinstance(function, np.ufunc):
        return function.nin
    return sum(
        p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD
        for p in inspect.signature(function).parameters.values()
    )


def compiled(arguments: str, calls: list[str], signature: Any = None, **options: Any) -> Callable[..., Any]:
    """A jitted function whose value is the tuple of several calls."""
    namespace: dict[str, Any] = {"fastact": fastact}
    exec(f"def function({arguments}):\n    return ({', '.join(calls)},)\n", namespace)
    return numba.njit(*([] if signature is None else [signature]), **options)(namespace["function"])


def assert_same(got: Any, expected: Any, what: str) -> None:
    """Equal dtypes, shapes and bits, any NaN for a NaN: of two that meet, either may be kept.

    Scalars come back from jitted code as Python floats, and are compared as such.
    """
    assert len(outputs(got)) == len(outputs(expected)), what
    for one, other in zip(outputs(got), outputs(expected), strict=True):
        assert np.shape(one) == np.shape(other), what
        dtype = np.float64
        if isinstance(one, np.ndarray):
            dtype = other.dtype
            assert one.dtype == dtype, what
        one_bits, other_bits = bits(np.asarray(one, dtype)), bits(np.asarray(other, dtype))
        assert np.all((one_bits == other_bits) | (np.isnan(one) & np.isnan(other))), what


def inputs(dtype: Any, *shape: int, seed: int = 0) -> np.ndarray:
    """Ordinary numbers, and hard ones among them."""
    rng = np.random.default_rng([seed, *shape])
    ordinary = rng.normal(0, 3, shape).astype(dtype)
    return np.where(rng.random(shape) < 0.2, rng.choice(special_values(dtype), shape), ordinary)


# Every function ------------------------------------------------------------------------------------------------------


def test_the_functions_of_the_tables_are_all_that_are_public():
    known = {id(getattr(fastact, callee.name)) for callee in _numba_calls.callees()}
    assert known == {id(getattr(fastact, name)) for name in PUBLIC}


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalars(dtype: Any):
    real = numba.from_dtype(np.dtype(dtype))
    calls = [f"fastact.{name}({', '.join('uvw'[: needed(name)])})" for name in ELEMENTWISE]
    function = compiled("u, v, w", calls, (real, real, real))
    for call, type_ in zip(calls, function.nopython_signatures[0].return_type.types, strict=True):
        assert all(part == real for part in (type_ if isinstance(type_, types.BaseTuple) else [type_])), call
    for trial in range(12):
        arguments = inputs(dtype, 3, seed=trial)
        with np.errstate(over="ignore"):
            expected = [getattr(fastact, name)(*arguments[: needed(name)]) for name in ELEMENTWISE]
        for name, result, wanted in zip(ELEMENTWISE, function(*arguments), expected, strict=True):
            assert_same(result, wanted, f"{name} of {arguments}")


@pytest.mark.parametrize("names", CHUNKS, ids=lambda names: f"{names[0]}...")
@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_any_strides_broadcast(dtype: Any, names: list[str]):
    """Compiled once for arrays of any layout, and called with all of them."""
    if dtype is np.float32:
        names = names[::5]
    array = types.Array(numba.from_dtype(np.dtype(dtype)), 2, "A")
    calls = [f"fastact.{name}({', '.join('uvw'[: needed(name)])})" for name in names]
    function = compiled("u, v, w", calls, (array, array, array))
    whole = [inputs(dtype, 34, 46, seed=seed) for seed in range(3)]
    layouts = {
        "contiguous": whole,
        "strided": [a[::2, 1::3] for a in whole],
        "reversed": [a[::-1, ::-1] for a in whole],
        "transposed": [a.T for a in whole],
        "mixed": [np.asfortranarray(whole[0]), whole[1], whole[2][::-1]],
        "broadcast": [whole[0][:, :1], whole[1][:1], whole[2]],
        "repeated": [np.lib.stride_tricks.as_strided(a[0], a.shape, (0, a.strides[1])) for a in whole],
        "rows too short for SIMD": [a[:, :3] for a in whole],
        "one": [a[:1, :1] for a in whole],
        "empty": [a[:0] for a in whole],
    }
    for layout, arrays in layouts.items():
        with np.errstate(over="ignore"):
            for name, result in zip(names, function(*arrays), strict=True):
                assert_same(result, getattr(fastact, name)(*arrays[: needed(name)]), f"{name}, {layout}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_parameters_by_position_and_keyword(dtype: Any):
    calls, expected = [], []
    x = dtype(-0.75)
    for case in WITH_PARAMETERS:
        grid = parameter_grid(case, np.float64)
        arguments = ["x"] * case.arguments
        keywords = [f"{name}={value!r}" for name, value in zip(case.row.defaults, grid[-1], strict=True)]
        calls += [
            f"fastact.{case}({', '.join([*arguments, *map(repr, grid[1])])})",
            f"fastact.{case}({', '.join([*arguments, *reversed(keywords)])})",
        ]
        expected += [case.function(*[x] * case.arguments, *values) for values in (grid[1], grid[-1])]
    real = numba.from_dtype(np.dtype(dtype))
    function = compiled("x", calls, (real,))
    for call, result, wanted in zip(calls, function(x), expected, strict=True):
        assert_same(result, wanted, call)


@pytest.mark.parametrize("cases", [WITH_PARAMETERS[::2], WITH_PARAMETERS[1::2]], ids=["half", "other half"])
def test_parameters_that_are_arrays(cases: list[Case]):
    """As the ufuncs, which do not look at their domains."""
    array = types.Array(types.float64, 2, "A")
    arguments = [["uv"[i] for i in range(case.arguments)] + ["pqrs"[i] for i in range(len(case.row.parameters))]
                 for case in cases]  # fmt: skip
    calls = [f"fastact.{case}({', '.join(names)})" for case, names in zip(cases, arguments, strict=True)]
    function = compiled("u, v, p, q, r, s", calls, (array,) * 6)
    rng = np.random.default_rng(8)
    given = {"u": inputs(np.float64, 6, 11), "v": inputs(np.float64, 6, 1, seed=1)}
    given |= {name: rng.choice([0.125, 0.5, 1.0, 2.0], shape)
              for name, shape in zip("pqrs", ((1, 11), (6, 1), (6, 11), (1, 1)), strict=True)}  # fmt: skip
    with np.errstate(over="ignore"):
        for case, names, result in zip(cases, arguments, function(*given.values()), strict=True):
            assert_same(result, case.ufunc()(*(given[name] for name in names)), str(case))


def refusal(function: Callable[..., Any], arguments: list[float], parameters: dict[str, float]) -> str:
    """Why a keyword function refuses parameters, without the value that it got; empty if it does not."""
    try:
        function(*arguments, **parameters)
    except ValueError as error:
        return str(error).partition(", got")[0]
    return ""


def test_domains_of_scalar_parameters_are_those_of_the_keyword_functions():
    refused = 0
    cases = [case for case in WITH_PARAMETERS if case.form.kind in ("value", "backward_from_output")]
    for case in cases:
        names = list(case.row.defaults)
        call = f"fastact.{case}({', '.join(['x'] * case.arguments + names)})"
        function = compiled(", ".join(["x", *names]), [call], (types.float64,) * (1 + len(names)))
        for name in names:
            for value in (-np.inf, -1.0, -0.0, 0.0, 0.25, 1.0, 7.0, np.inf, np.nan):
                parameters = case.row.defaults | {name: value}
                arguments = [0.5] * case.arguments
                message = refusal(case.function, arguments, parameters)
                if message:
                    refused += 1
                    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
                        function(0.5, *parameters.values())
                else:
                    expected = case.function(*arguments, **parameters)
                    assert_same(function(0.5, *parameters.values())[0], expected, f"{case} {name}={value}")
    assert refused > len(cases)


# Types ---------------------------------------------------------------------------------------------------------------


@numba.njit
def sigmoid(x):
    return fastact.sigmoid(x)


@numba.njit
def elu(x, alpha):
    return fastact.elu(x, alpha)


@numba.njit
def sigmoid_backward(grad, x):
    return fastact.sigmoid_backward(grad, x)


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int32, np.int64, np.uint64, *DTYPES])
def test_what_is_computed_in_which_dtype(dtype: Any):
    array = np.arange(8).astype(dtype)
    assert_same(sigmoid(array), fastact.sigmoid(array), "array")
    assert_same(sigmoid(array[1]), fastact.sigmoid(array[1]), "scalar")
    floats = np.linspace(-2, 2, 8, dtype=np.float32)
    assert_same(sigmoid_backward(floats, array), fastact.sigmoid_backward(floats, array), "with float32")
    assert_same(sigmoid_backward(array, floats[::2][:1]), fastact.sigmoid_backward(array, floats[:1]), "broadcast")


def test_python_numbers():
    assert sigmoid(2) == sigmoid(2.0) == fastact.sigmoid(2.0)
    assert sigmoid(True) == fastact.sigmoid(True)


def test_scalars_take_the_dtype_of_arrays():
    x = inputs(np.float32, 40)
    for alpha in (0.3, 2, np.float32(0.3), True):
        assert_same(elu(x, alpha), fastact.elu(x, float(alpha)), f"alpha={alpha!r}")
    assert_same(sigmoid_backward(0.1, x), fastact.sigmoid_backward(0.1, x), "a number as gradient")
    assert_same(sigmoid_backward(x, 0.1), fastact.sigmoid_backward(x, 0.1), "a number as input")


def test_a_float32_scalar_with_a_number_as_parameter_stays_float32():
    assert elu.compile((types.float32, types.float64)) is not None
    signature = next(s for s in elu.nopython_signatures if s.args == (types.float32, types.float64))
    assert signature.return_type == types.float32
    assert np.float32(elu(np.float32(-1.3), 0.3)) == fastact.elu(np.float32(-1.3), 0.3)


@pytest.mark.parametrize("layout", ["C", "F"])
def test_the_result_has_the_layout_of_the_input(layout: str):
    x = np.asarray(inputs(np.float64, 3, 4, 5), order=layout)  # type: ignore[call-overload]
    y = sigmoid(x)
    assert y.flags[f"{layout}_CONTIGUOUS"]
    assert_same(y, fastact.sigmoid(x), layout)


def test_arrays_of_no_and_of_many_dimensions():
    zero = np.array(0.5)
    assert type(sigmoid(zero)) is float
    assert sigmoid(zero) == fastact.sigmoid(0.5)
    many = inputs(np.float64, *[2] * 9)[:, ::-1].transpose(2, 0, 1, 8, 7, 6, 5, 3, 4)
    assert_same(sigmoid(many), fastact.sigmoid(many), "nine dimensions")
    assert_same(sigmoid_backward(many[0], many), fastact.sigmoid_backward(many[0], many), "fewer dimensions")


def test_read_only_arrays():
    x = inputs(np.float64, 10)
    x.flags.writeable = False
    assert_same(sigmoid(x), fastact.sigmoid(x), "read-only")
    assert_same(sigmoid(np.broadcast_to(x, (3, 10))), fastact.sigmoid(np.broadcast_to(x, (3, 10))), "broadcast")


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match=r"^sigmoid_backward: operands could not be broadcast together"):
        sigmoid_backward(np.ones(3), np.ones(4))


def test_functions_imported_by_name_and_aliases():
    from fastact import gelu_derivative as slope

    alias, name = next((alias, row.name) for row in fastact.activations.values() for alias in row.aliases)
    function = numba.njit(lambda x: slope(x))
    assert function(0.3) == fastact.gelu_derivative(0.3)
    assert compiled("x", [f"fastact.{alias}(x)"])(0.3) == (getattr(fastact, name)(0.3),)


# out -----------------------------------------------------------------------------------------------------------------


@numba.njit
def sigmoid_into(x, out):
    return fastact.sigmoid(x, out)


@numba.njit
def elu_into(x, alpha, out):
    return fastact.elu(x, alpha, out=out)


@numba.njit
def both_into(x, out):
    return fastact.gelu_with_derivative(x, out=out)


def test_out():
    x = inputs(np.float64, 4, 6)
    out = np.empty((6, 4)).T
    result = sigmoid_into(x, out)
    assert result.base is out or np.shares_memory(result, out)
    assert_same(out, fastact.sigmoid(x), "out")
    assert_same(elu_into(x[0], 0.5, out), fastact.elu(np.broadcast_to(x[0], (4, 6)), 0.5), "broadcast into out")
    assert_same(sigmoid_into(0.5, out), np.full((4, 6), fastact.sigmoid(0.5)), "a number into out")
    zero = np.empty(())
    sigmoid_into(0.5, zero)
    assert_same(zero, np.asarray(fastact.sigmoid(0.5)), "a number into an array of no dimensions")
    pair = np.empty_like(x), np.empty_like(x)
    both_into(x, pair)
    assert_same(pair, fastact.gelu_with_derivative(x), "two")
    with pytest.raises(ValueError, match="sigmoid: operands could not be broadcast"):
        sigmoid_into(x, np.empty((4, 5)))
    with pytest.raises(ValueError, match="sigmoid: operands could not be broadcast"):
        sigmoid_into(x, np.empty((1, 6)))


@pytest.mark.parametrize("view", [
    (np.s_[:-1], np.s_[1:]), (np.s_[1:], np.s_[:-1]), (np.s_[:], np.s_[:]), (np.s_[:], np.s_[::-1]),
    (np.s_[::2], np.s_[:20]), (np.s_[:, :5], np.s_[:, 5:10]), (np.s_[:, :6], np.s_[:, 5:11]), (np.s_[:1], np.s_[:]),
], ids=str)  # fmt: skip
def test_out_may_overlap_the_input(view: tuple[Any, Any]):
    array = inputs(np.float64, 40, 11)
    x, out = array[view[0]], array[view[1]]
    expected = np.broadcast_to(fastact.sigmoid(x), out.shape).copy()
    sigmoid_into(x, out)
    assert_same(out, expected, str(view))


def test_wrong_outputs_are_typing_errors():
    x = np.ones(3)
    readonly = np.ones(3)
    readonly.flags.writeable = False
    for out in (np.empty(3, np.float32), readonly, np.empty(()), 1.0, (x, x)):
        with pytest.raises(TypingError, match=r"fastact\.sigmoid: out must be an array of float64"):
            sigmoid_into(x, out)
    with pytest.raises(TypingError, match=r"fastact\.gelu_with_derivative: out must be 2 arrays of float64"):
        both_into(x, np.empty(3))


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [
    np.ones(3, np.float16), np.ones(3, np.complex64), 1j, "text", None, (1.0, 2.0), np.ones(2, "M8[s]"), np.float16(1),
], ids=lambda value: getattr(getattr(value, "dtype", None), "name", str(value)))  # fmt: skip
def test_what_is_not_computed_is_a_typing_error(wrong: Any):
    with pytest.raises(TypingError, match=r"fastact\.sigmoid: x must be a number or an array of float32 or float64"):
        sigmoid(wrong)
    with pytest.raises(TypingError, match=r"fastact\.elu: alpha must be a number or an array of float32 or float64"):
        elu(1.0, wrong)


@pytest.mark.parametrize(("call", "message"), [
    ("fastact.sigmoid(x, None, x)", r"fastact\.sigmoid: takes 2 positional arguments, got 3"),
    ("fastact.sigmoid()", r"fastact\.sigmoid: missing a required"),
    ("fastact.sigmoid(x, where=True)", r"fastact\.sigmoid: got an unexpected keyword argument 'where'"),
    ("fastact.elu(x, 1.0, None)", r"fastact\.elu: takes 2 positional arguments, got 3"),
    ("fastact.elu(x, beta=1.0)", r"fastact\.elu: got an unexpected keyword argument 'beta'"),
    ("fastact.rrelu(x, rng=None)", r"fastact\.rrelu: got an unexpected keyword argument 'rng'"),
    ("fastact.softmax(x)", r"fastact\.softmax: x must be an array of one dimension or more"),
    ("fastact.softmax(np.ones((2, 2)), axis=None)", r"fastact\.softmax: axis must be an integer"),
    ("fastact.softmax(np.ones((2, 2)), axis=(0, 1))", r"fastact\.softmax: axis must be an integer"),
    ("fastact.logsumexp(np.ones(2), keepdims=True)", r"fastact\.logsumexp: got an unexpected keyword argument"),
    ("fastact.softmax_backward(np.ones(2), np.ones((2, 2)))", r"equally many dimensions"),
    ("fastact.logsumexp_backward(np.ones(2), np.ones(2))", r"grad must have one number for each row"),
])  # fmt: skip
def test_wrong_calls_are_typing_errors(call: str, message: str):
    namespace: dict[str, Any] = {"fastact": fastact, "np": np}
    exec(f"def function(x):\n    return {call}\n", namespace)
    with pytest.raises(TypingError, match=message):
        numba.njit(namespace["function"])(1.0)


# Rows ----------------------------------------------------------------------------------------------------------------


def row_operands(name: str, x: np.ndarray, axis: int, seed: int = 5) -> list[np.ndarray]:
    """Inputs of a function of rows: gradients, and x or an output."""
    form = next(form for row in ROW_FUNCTIONS.values() for form in row.forms if row.name + form.suffix == name)
    grad = inputs(x.dtype.type, *x.shape, seed=seed)
    grad = grad.take(0, axis) if form.signature.startswith("()") else grad
    return [x if argument != "grad" else grad for argument in form.inputs]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROWS)
def test_rows(name: str, dtype: Any):
    function = getattr(fastact, name)
    x = np.random.default_rng(3).normal(0, 3, (5, 6, 7)).astype(dtype)
    count = needed(name)
    arguments = ", ".join("uv"[:count])
    jitted = compiled(f"{arguments}, axis", [f"fastact.{name}({arguments}, axis)", f"fastact.{name}({arguments})"])
    with np.errstate(over="ignore"):
        for layout, array in {"C": x, "reversed": x[::-1, ::2, ::-1], "moved": x.transpose(2, 0, 1)}.items():
            # The gradient for the last axis has another shape than that for the others.
            operands = row_operands(name, array, -1)
            by_axis, by_default = jitted(*operands, 2)
            assert_same(by_axis, function(*operands, axis=2), f"{layout}, axis 2")
            assert_same(by_default, function(*operands), f"{layout}, no axis")
        jitted = compiled(f"{arguments}, axis", [f"fastact.{name}({arguments}, axis=axis)"])
        for axis in (0, 1, -2):
            operands = row_operands(name, x, axis)
            assert_same(jitted(*operands, axis)[0], function(*operands, axis=axis), f"axis {axis}")
        vector = row_operands(name, x[0, 0], -1)
        if np.ndim(vector[0]):
            assert_same(jitted(*vector, 0)[0], function(*vector), "one row")
            with pytest.raises(ValueError, match=f"^{name}: axis must not be empty"):
                jitted(*(array[:0] for array in vector), 0)
            for axis in (1, -2):
                with pytest.raises(ValueError, match=f"^{name}: axis is out of bounds"):
                    jitted(*vector, axis)


def test_gradients_of_rows_broadcast():
    x = inputs(np.float64, 3, 4, 5)
    each = numba.njit(lambda grad, x: fastact.logsumexp_backward(grad, x))
    for grad in (0.5, np.ones(4), np.ones((3, 1)), np.ones((1, 4))):
        assert_same(each(grad, x), fastact.logsumexp_backward(grad, x), str(np.shape(grad)))
    rows = numba.njit(lambda grad, x: fastact.softmax_backward(grad, x))
    assert_same(rows(x[:1], x), fastact.softmax_backward(x[:1], x), "rows")
    with pytest.raises(ValueError, match=r"^softmax_backward: operands could not be broadcast"):
        rows(x[..., :1], x)


def test_rows_into_out_that_overlaps():
    into = numba.njit(lambda x, axis, out: fastact.softmax(x, axis, out=out))
    for axis in (0, 1):
        array = inputs(np.float64, 9, 8)
        expected = fastact.softmax(array[1:], axis=axis)
        into(array[1:], axis, array[:-1])
        assert_same(array[:-1], expected, f"axis {axis}")
        expected = fastact.softmax(array, axis=axis)
        into(array, axis, array)
        assert_same(array, expected, f"in place, axis {axis}")


# Where it is used ----------------------------------------------------------------------------------------------------


@numba.njit(parallel=True)
def parallel_rows(x):
    y = np.empty_like(x)
    for i in numba.prange(x.shape[0]):
        y[i] = fastact.silu(x[i])
        y[i, 0] = fastact.elu(x[i, 0], alpha=0.5)
    return y


def test_prange():
    x = inputs(np.float64, 50, 33)
    expected = fastact.silu(x)
    expected[:, 0] = fastact.elu(x[:, 0], 0.5)
    assert_same(parallel_rows(x), expected, "prange")


def test_vectorize_and_guvectorize_stay_silent():
    """NumPy looks at the floating-point status after their loops: only overflow may be seen."""
    vectorized = numba.vectorize(["f4(f4)", "f8(f8)"])(lambda x: fastact.gelu(x) + fastact.exponential_derivative(x))
    scan = numba.guvectorize(["(f8[:], f8[:])"], "(n)->(n)")(_accumulated)
    for dtype in DTYPES:
        x = np.concatenate([special_values(dtype), inputs(dtype, 200)])
        x = x[~(x > 80)]
        with np.errstate(all="raise"):
            y = fastact.gelu(x)
            expected = y + fastact.exponential_derivative(x)
            assert_same(vectorized(x), expected, "vectorize")
    x = inputs(np.float64, 6, 20)
    assert_same(scan(x), np.stack([_accumulated_by_numpy(row) for row in x]), "guvectorize")
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert vectorized(np.float64(1000)) == np.inf


def _accumulated(x, out):
    fastact.tanh(x, out)
    for i in range(1, x.size):
        out[i] += fastact.sigmoid(out[i - 1])


def _accumulated_by_numpy(x: np.ndarray) -> np.ndarray:
    out = fastact.tanh(x)
    for i in range(1, x.size):
        out[i] += fastact.sigmoid(out[i - 1])
    return out


@pytest.mark.parametrize("options", [{"nogil": True}, {"fastmath": True}, {"boundscheck": True}, {"inline": "always"}],
                         ids=str)  # fmt: skip
def test_options_of_the_compiler(options: dict[str, Any]):
    function = numba.njit(**options)(lambda x: fastact.mish(x))
    outer = numba.njit(lambda x: function(x))
    x = inputs(np.float64, 100)
    assert_same(outer(x), fastact.mish(x), str(options))
    assert outer(0.3) == fastact.mish(0.3)


def test_threads_without_the_interpreter_lock():
    function = numba.njit(nogil=True)(lambda x: fastact.gelu_with_derivative(x))
    x = inputs(np.float32, 8, 5000)
    function(x[0])
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            for row, result in zip(x, pool.map(function, x), strict=True):
                assert_same(result, fastact.gelu_with_derivative(row), "threads")


def test_calls_among_array_expressions_are_not_fused():
    """An elementwise loop over scalar calls would be right, but several times slower: the array is one call."""
    function = numba.njit(lambda x: 2 * fastact.tanh(x) + fastact.sigmoid(x))
    x = inputs(np.float64, 1000)
    assert_same(function(x), 2 * fastact.tanh(x) + fastact.sigmoid(x), "expression")
    # What is not fused is no array expression of one element, which calls scalars.
    assert function.inspect_llvm(function.signatures[0]).count("fastact_jit_find") > 0


def test_nothing_leaks():
    x, integers, out = inputs(np.float64, 30, 4), np.arange(30), np.empty((30, 4))
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    for _ in range(10):
        sigmoid(x)
        sigmoid(integers)
        sigmoid_into(x, out)
        both_into(x, (out, out.copy()))
    after = rtsys.get_allocation_stats()
    _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc == after.free - before.free > 0


# The entry point and caches ------------------------------------------------------------------------------------------


def test_the_entry_point_is_declared():
    (found,) = [
        point
        for point in importlib.metadata.entry_points(group="numba_extensions", name="init")
        if point.module.startswith("fastact")
    ]
    assert found.load() is numba_ext.init


def test_a_second_call_of_init_changes_nothing():
    sigmoid(1.0)
    codegen = numba.core.registry.cpu_target.target_context.codegen()
    key = codegen.magic_tuple()
    assert key.count(f"fastact {_jit.identity}") == 1
    numba_ext.init()
    assert codegen.magic_tuple() == key
    assert numba.njit(lambda x: fastact.sigmoid(x))(1.0) == fastact.sigmoid(1.0)


CACHED = '''
import numba as nb, numpy as np
from fastact import gelu, logsumexp
import fastact

@nb.njit
def inner(x): return fastact.gelu(x)

@nb.njit("f8(f8)", cache=True)
def scalar(x): return gelu(x)

@nb.njit("f8[:](f8[:])", cache=True, nogil=True)
def array(x): return fastact.gelu(x)

@nb.njit("f8(f8)", cache=True)
def outer(x): return inner(x)

@nb.njit("f8[:](f8[:])", cache=True, parallel=True)
def parallel(x):
    y = np.empty_like(x)
    for i in nb.prange(x.size):
        y[i] = fastact.gelu(x[i])
    return y

@nb.njit("f8(f8[:])", cache=True)
def rows(x): return logsumexp(x)

@nb.vectorize(["f8(f8)"], cache=True)
def vectorized(x): return fastact.gelu(x)

@nb.guvectorize(["(f8[:], f8[:])"], "(n)->(n)", cache=True)
def generalized(x, y): fastact.gelu(x, y)
'''  # fmt: skip

USE = """
import json, numpy as np, cached
hits = {n: sum(getattr(cached, n).stats.cache_hits.values()) for n in ("scalar", "array", "outer", "parallel", "rows")}
misses = sum(sum(getattr(cached, n).stats.cache_misses.values()) for n in hits)
x = np.linspace(-2, 2, 9)
results = {n: getattr(cached, n)(x) for n in ("array", "parallel", "vectorized", "generalized")}
results |= {n: np.array([getattr(cached, n)(v) for v in x]) for n in ("scalar", "outer")}
results["rows"] = np.array([cached.rows(x)])
print(json.dumps([hits, misses, {n: [v.hex() for v in y.tolist()] for n, y in results.items()}]))
"""

# As another fastact would compile: nothing is called, since its identity is not that of the library.
MAKE_OLD = "from fastact import _jit; _jit.identity = '0.0.1/0'; import cached"


def run(code: str, directory: Path) -> str:
    """What a program prints in a process of its own."""
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2", "NUMBA_CACHE_DIR": ""}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, cwd=directory,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def assert_right(results: dict[str, list[str]]) -> None:
    """Every cached function gives what the ufuncs give."""
    x = np.linspace(-2, 2, 9)
    wanted = [v.hex() for v in fastact.gelu(x).tolist()]
    assert results.pop("rows") == [float(fastact.logsumexp(x)).hex()]
    assert results
    for name, values in results.items():
        assert values == wanted, name


def test_caches(tmp_path: Path):
    """What another fastact cached is compiled again; what this one cached is loaded by the next process."""
    (tmp_path / "cached.py").write_text(CACHED)
    run(MAKE_OLD, tmp_path)
    old = list((tmp_path / "__pycache__").glob("*.nbc"))
    assert len(old) >= 8
    hits, misses, results = json.loads(run(USE, tmp_path))
    assert (set(hits.values()), misses) == ({0}, len(hits))
    assert_right(results)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "__pycache__").glob("*.nb*")}
    assert len(files) > 2 * len(old)
    hits, misses, results = json.loads(run(USE, tmp_path))
    assert (set(hits.values()), misses) == ({1}, 0)
    assert_right(results)
    # Nor was anything written again, for those that keep no statistics.
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "__pycache__").glob("*.nb*")} == files


def test_code_of_another_fastact_that_is_run_all_the_same_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_jit, "identity", "0.0.1/0")
    scalar = numba.njit("f8(f8)")(lambda x: fastact.gelu(x))
    array = numba.njit("f8[:](f8[:])")(lambda x: fastact.gelu(x))
    monkeypatch.undo()
    for function, argument in ((scalar, 1.0), (array, np.ones(3))):
        with pytest.raises(
            RuntimeError, match=r"^fastact\.gelu: this code was compiled with fastact 0\.0\.1/0, .*delete"
        ):
            function(argument)


# The example ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not (ROOT / "examples").is_dir(), reason="the source tree is not here, only an installed fastact")
def test_the_page_runs_and_the_example_gives_what_the_ufuncs_give(tmp_path: Path):
    shutil.copy(ROOT / "examples" / "numba" / "memory.py", tmp_path)
    (page,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "numba.md").read_text(), flags=re.DOTALL)
    (tmp_path / "page.py").write_text(page)
    _, printed, rest, slope = run(
        "import page, memory, numpy as np; print('|'); memory.main(); w = np.linspace(0.5, 2.0, 1501);"
        "rest = memory.states_of_rest(w, -3.0, 0.02, 4000, 0.05);"
        "print('|', rest.tobytes().hex(), '|', memory.slopes(w, rest).tobytes().hex())",
        tmp_path,
    ).split("|")
    weights = np.linspace(0.5, 2.0, 1501)
    low, high = np.full_like(weights, -3.0), np.full_like(weights, 3.0)
    for _ in range(4000):
        low += 0.05 * (-low + weights * fastact.tanh(low) + 0.02)
        high += 0.05 * (-high + weights * fastact.tanh(high) + 0.02)
    assert f"from w = {weights[high - low > 0.5].min():.3f} on" in printed
    assert rest.strip() == low.tobytes().hex()
    assert slope.strip() == (weights * fastact.tanh_derivative(low) - 1).tobytes().hex()
