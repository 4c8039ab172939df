"""Functions of rows against mpmath, central differences, SciPy and PyTorch; their bits, axes, containers and errors."""

from __future__ import annotations

import copy
import doctest
import inspect
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

import fastact
from fastact._units import ROW_FUNCTIONS, RowForm, RowFunction

from .cases import DTYPES, bits
from .oracle import mp

CONFIGURATION = fastact.show_config("dict")
USABLE = CONFIGURATION["usable here"]
FUSED = [name for name in USABLE if name != "baseline"]
FLOATS = (np.float32, np.float64)


@dataclass(frozen=True)
class RowCase:
    """One form of one function of rows."""

    row: RowFunction
    form: RowForm

    def __str__(self) -> str:
        return self.row.name + self.form.suffix

    def function(self, namespace: Any = fastact) -> Any:
        return getattr(namespace, str(self))

    @property
    def reduces(self) -> bool:
        """Whether the result has one number for each row."""
        return self.form.signature.endswith("->()")

    @property
    def of_numbers(self) -> bool:
        """Whether grad has one number for each row."""
        return self.form.signature.startswith("()")

    def operands(self, x: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """x and, for a backward form, a gradient; the output of the function where that is asked."""
        if self.form.kind == "value":
            return [x]
        shape = x.shape[:-1] if self.of_numbers else x.shape
        grad = rng.normal(0, 1, shape).astype(x.dtype)
        return [grad, self.function_of_value(x) if self.form.kind == "backward_from_output" else x]

    def function_of_value(self, x: np.ndarray) -> np.ndarray:
        return getattr(fastact, self.row.name)(x)


CASES = [RowCase(row, form) for row in ROW_FUNCTIONS.values() for form in row.forms]
VALUES = [case for case in CASES if case.form.kind == "value"]
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=str)
DTYPE = pytest.mark.parametrize("dtype", DTYPES)
FLOAT = pytest.mark.parametrize("dtype", FLOATS)


# The truth: each function and its gradient over lists of mpmath numbers, without cancellation ----------------------


def exponentials(x: list[Any]) -> list[Any]:
    most = max(x)
    return [mp.exp(v - most) if v - most > -100_000 else mp.mpf(0) for v in x]


def softmax(x: list[Any]) -> list[Any]:
    e = exponentials(x)
    total = mp.fsum(e)
    return [v / total for v in e]


def log_sum(x: list[Any]) -> tuple[Any, Any]:
    """max x, and log(sum exp(x - max x))."""
    e = exponentials(x)
    e.remove(1)
    return max(x), mp.log1p(mp.fsum(e))


def sparsemax(x: list[Any]) -> list[Any]:
    """By sorting, equation (4) of the paper."""
    tau, total = mp.mpf(0), mp.mpf(0)
    for k, v in enumerate(sorted(x, reverse=True), 1):
        total += v
        if 1 + k * v > total:
            tau = (total - 1) / k
    return [max(v - tau, mp.mpf(0)) for v in x]


def negative(x: list[Any]) -> list[Any]:
    return [-v for v in x]


def softmax_backward_from_output(grad: list[Any], y: list[Any]) -> list[Any]:
    dot = mp.fsum(a * b for a, b in zip(grad, y, strict=True))
    return [b * (a - dot) for a, b in zip(grad, y, strict=True)]


def log_softmax_backward_from_output(grad: list[Any], y: list[Any]) -> list[Any]:
    total = mp.fsum(grad)
    return [a - mp.exp(max(b, mp.mpf(-100_000))) * total for a, b in zip(grad, y, strict=True)]


def sparsemax_backward_from_output(grad: list[Any], y: list[Any]) -> list[Any]:
    support = [g for g, v in zip(grad, y, strict=True) if v > 0]
    mean = mp.fsum(support) / len(support)
    return [g - mean if v > 0 else mp.mpf(0) for g, v in zip(grad, y, strict=True)]


def log_softmax(x: list[Any]) -> list[Any]:
    most, log = log_sum(x)
    return [(v - most) - log for v in x]


TRUTHS: dict[str, Callable[..., list[Any]]] = {
    "softmax": softmax,
    "softmax_backward": lambda grad, x: softmax_backward_from_output(grad, softmax(x)),
    "softmax_backward_from_output": softmax_backward_from_output,
    "log_softmax": log_softmax,
    "log_softmax_backward": lambda grad, x: log_softmax_backward_from_output(grad, log_softmax(x)),
    "log_softmax_backward_from_output": log_softmax_backward_from_output,
    "softmin": lambda x: softmax(negative(x)),
    "softmin_backward": lambda grad, x: negative(softmax_backward_from_output(grad, softmax(negative(x)))),
    "softmin_backward_from_output": lambda grad, y: negative(softmax_backward_from_output(grad, y)),
    "logsumexp": lambda x: [sum(log_sum(x))],
    "logsumexp_backward": lambda grad, x: [grad[0] * v for v in softmax(x)],
    "sparsemax": sparsemax,
    "sparsemax_backward": lambda grad, x: sparsemax_backward_from_output(grad, sparsemax(x)),
    "sparsemax_backward_from_output": sparsemax_backward_from_output,
}


def largest_products(case: RowCase, grad: list[Any], x: list[Any]) -> list[Any]:
    """For each element, the largest that the formula of a gradient can add: ``backward_error_of`` of the row."""
    most = max(map(abs, grad))
    if case.row.name in ("softmax", "softmin"):
        y = x if case.form.kind == "backward_from_output" else TRUTHS[case.row.name](x)
        return [v * most for v in y]
    if case.row.name == "log_softmax":
        y = x if case.form.kind == "backward_from_output" else log_softmax(x)
        total = mp.fsum(map(abs, grad))
        return [max(abs(g), mp.exp(max(v, mp.mpf(-100_000))) * total) for g, v in zip(grad, y, strict=True)]
    if case.row.name == "logsumexp":
        return list(map(abs, TRUTHS["logsumexp_backward"](grad, x)))
    return [most] * len(x)


def numbers(row: Any) -> list[Any]:
    return [mp.mpf(float(v)) for v in np.atleast_1d(row)]


def test_every_form_has_its_truth():
    assert {str(case) for case in CASES} == set(TRUTHS)


@pytest.mark.parametrize("case", [case for case in CASES if case.form.kind == "backward"], ids=str)
def test_gradients_are_the_slopes_of_the_function(case: RowCase):
    """Central differences of the true function in multiple precision."""
    rng = np.random.default_rng(2)
    step = mp.mpf(2) ** -60
    for n in (1, 2, 5):
        x = numbers(rng.normal(0, 1, n))
        grad = numbers(rng.normal(0, 1, 1 if case.of_numbers else n))
        value = TRUTHS[case.row.name]
        got = TRUTHS[str(case)](grad, x)
        for i in range(n):
            above, below = [*x], [*x]
            above[i] += step
            below[i] -= step
            slopes = [(a - b) / (2 * step) for a, b in zip(value(above), value(below), strict=True)]
            assert abs(mp.fsum(g * s for g, s in zip(grad, slopes, strict=True)) - got[i]) < mp.mpf(2) ** -80


# Accuracy -----------------------------------------------------------------------------------------------------------


def rows(dtype: Any, seed: int = 0, lengths: tuple[int, ...] = (1, 2, 3, 7, 16, 17, 33, 100)) -> Iterator[np.ndarray]:
    """Rows of several lengths: near and far, around a large number, led by one, nearly equal, with -inf among them."""
    rng = np.random.default_rng([5, seed])
    far = 300 if dtype is np.float64 else 45
    for n in lengths:
        x = rng.normal(0, 1, n)
        led = np.full(n, -2.3)
        led[rng.integers(n)] = 0
        peak = 3 * x
        peak[rng.integers(n)] += 25
        some = np.where(np.arange(n) % 3 == 1, -np.inf, 2 * x)
        for row in (3 * x, 40 * x, 2 * x + 1000, led, peak, 1e4 * x, far * x, 0.01 * x - math.log(n), some):
            yield row.astype(dtype)


def ulps(computed: np.ndarray, truth: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each error in ULP of the exact result, and absolute."""
    info = np.finfo(computed.dtype)
    least = int(info.minexp) - info.nmant
    for value, exact in zip(np.atleast_1d(computed), truth, strict=True):
        if mp.isinf(exact) or np.isinf(value):
            assert value == exact
            continue
        unit = least if exact == 0 else max(mp.mag(exact) - 1 - info.nmant, least)
        error = abs(mp.mpf(float(value)) - exact)
        yield mp.ldexp(error, -int(unit)), error


def judge(case: RowCase, dtype: Any, namespace: Any, operands: list[np.ndarray]) -> None:
    with np.errstate(over="ignore"):
        got = case.function(namespace)(*operands)
    assert got.dtype == dtype
    exact = [numbers(operand) for operand in operands]
    if case.form.kind != "value":  # a number that counts as -inf does, and with which mpmath can calculate
        exact = [[v if mp.isfinite(v) else mp.sign(v) * 10**9 for v in row] for row in exact]
    truth = TRUTHS[str(case)](*exact)
    which = FLOATS.index(dtype)
    if case.form.kind == "value":
        allowed = case.row.absolute[which] * (log_sum(exact[0])[1] if case.row.name == "logsumexp" else 1)
        for ulp, error in ulps(got, truth):
            assert ulp <= case.row.accuracy[np.dtype(dtype).name] or error <= allowed, (operands, got, ulp)
    else:
        eps, tiny = mp.mpf(float(np.finfo(dtype).eps)), mp.mpf(float(np.finfo(dtype).smallest_subnormal))
        uncounted = mp.mpf(0)  # what a softmax that may count as 0 takes from the result
        if case.row.name != "sparsemax" and (case.form.kind == "backward" or case.row.name == "log_softmax"):
            uncounted = mp.fsum(map(abs, exact[0])) * tiny / 8
        for (_, error), product in zip(ulps(got, truth), largest_products(case, *exact), strict=True):
            assert error <= case.row.backward_error * eps * product + 2 * tiny + uncounted, (operands, got)


@FLOAT
@pytest.mark.parametrize("name", USABLE)
@EVERY_CASE
def test_accuracy(case: RowCase, name: str, dtype: type):
    namespace = fastact.for_instruction_set(name)
    rng = np.random.default_rng(4)
    for row in rows(dtype):
        x = -row if case.row.name == "softmin" else row
        operands = case.operands(x, rng)
        judge(case, dtype, namespace, operands)
        if case.form.kind != "value" and not case.of_numbers:  # of one element, as a loss of one class gives
            operands[0] = np.where(np.arange(x.size) == rng.integers(x.size), dtype(1), dtype(0))
            judge(case, dtype, namespace, operands)


@FLOAT
@pytest.mark.parametrize("name", USABLE)
def test_accuracy_where_the_maximum_and_the_logarithm_cancel(name: str, dtype: type):
    case = next(case for case in VALUES if case.row.name == "logsumexp")
    rng = np.random.default_rng(8)
    x = rng.normal(0, 1, (3000, 2)) * rng.choice([0.01, 0.3, 1, 3], (3000, 1))
    x = (x - rng.choice([0.5, 0.7, 1, 2], (3000, 1))).astype(dtype)
    got = case.function(fastact.for_instruction_set(name))(x)
    for row, value in zip(x, got, strict=True):
        (exact,) = TRUTHS["logsumexp"](numbers(row))
        ((ulp, error),) = ulps(value, [exact])
        allowed = case.row.absolute[FLOATS.index(dtype)] * log_sum(numbers(row))[1]
        assert ulp <= case.row.accuracy[np.dtype(dtype).name] or error <= allowed, (row, value, ulp)


@FLOAT
@pytest.mark.parametrize("name", USABLE)
@pytest.mark.parametrize("n", [2, 127, 129, 1000, 5000])
def test_numbers_of_long_columns_go_anywhere(n: int, name: str, dtype: type):
    """Not beside each other, in either direction, and few or many; what lies between them stays."""
    case = next(case for case in VALUES if case.row.reduces)
    function = case.function(fastact.for_instruction_set(name))
    x = np.random.default_rng(n).normal(0, 3, (n, 37)).astype(dtype)
    expected = np.array([function(np.ascontiguousarray(x[:, r])) for r in range(37)])
    for count in (1, 2, 15, 16, 17, 37):
        for step in (2, 3, -1, -2):
            memory = np.full(37 * 3, 7, dtype)
            out = memory[::step][:count]
            function(x[:, :count], axis=0, out=out)
            assert np.array_equal(bits(out), bits(expected[:count])), (count, step)
            assert (np.delete(memory, np.arange(37 * 3)[::step][:count]) == 7).all()


BACKWARDS = [case for case in CASES if case.form.kind != "value"]


@FLOAT
@pytest.mark.parametrize("name", USABLE)
@pytest.mark.parametrize("case", BACKWARDS, ids=str)
def test_accuracy_of_large_and_small_gradients(case: RowCase, name: str, dtype: type):
    """Also where a softmax is subnormal, of which a large gradient shows the digits."""
    namespace = fastact.for_instruction_set(name)
    rng = np.random.default_rng(6)
    end = -90 if dtype is np.float32 else -712
    subnormal = [np.array([0, end - 10.5, end, -1, end - 3.1, -np.inf, end - 100], dtype)]
    subnormal += [row + dtype(1000) for row in subnormal]
    for row in (*subnormal, *rows(dtype, 3, (1, 3, 17, 40))):
        for size in (1e6, 1e-6, 1e25, 1e-30):
            operands = case.operands(-row if case.row.name == "softmin" else row, rng)
            operands[0] = (operands[0] * dtype(size)).astype(dtype)
            judge(case, dtype, namespace, operands)


def test_a_gradient_through_a_subnormal_softmax():
    """The finding by hand: exp(-100.5) has five digits as a float32, and a million times it has all."""
    x = np.float32([0, -100.5])
    exact = 1e6 * math.exp(-100.5)
    for got in (fastact.logsumexp_backward(np.float32(1e6), x), fastact.softmax_backward(np.float32([0, 1e6]), x)):
        assert got[1] == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("name", USABLE)
def test_a_sum_of_gradients_beyond_the_largest_float(name: str):
    """Where its share of the sum brings it back, a gradient of log_softmax is finite, from the output as from x."""
    namespace = fastact.for_instruction_set(name)
    for logits, grads in (
        ([0, -1, -2, -100], [1e38, 3e38, 2e38, 1.5]),
        ([0, -1.66, -1.66, -3.66], [1e38, -1.75e38, -1.75e38, 0]),  # the sum is a float, and its distance to one is not
        ([0, -9, -9, -9], [-1.7e38, -1.6e38, 2, 3]),
    ):
        x, grad = np.float32([*logits, -np.inf, -np.inf]), np.float32([*grads, -7, 1e-30])
        total = mp.fsum(numbers(grad))
        exact = [float(g - mp.exp(v) * total) for g, v in zip(numbers(grad), log_softmax(numbers(x)[:4]), strict=False)]
        for got in (
            namespace.log_softmax_backward(grad, x),
            namespace.log_softmax_backward_from_output(grad, namespace.log_softmax(x)),
        ):
            assert got[:4] == pytest.approx(exact, rel=1e-6)
            assert got[4:].tolist() == grad[4:].tolist()


@FLOAT
@pytest.mark.parametrize("case", BACKWARDS, ids=str)
def test_no_gradient_where_there_is_no_share(case: RowCase, dtype: type):
    """-inf, as masked logits have, passes nothing on, however large the gradients of the others."""
    x = np.array([0, -np.inf, 1, -np.inf], dtype)
    if case.row.name == "softmin":
        x = -x
    operands = case.operands(x, np.random.default_rng(1))
    operands[0] = dtype(1e30) if case.of_numbers else np.array([1e30, 0, -3e30, 0], dtype)
    assert (case.function()(*operands)[1::2] == 0).all()


@FLOAT
@pytest.mark.parametrize("case", VALUES, ids=str)
def test_accuracy_of_long_rows(case: RowCase, dtype: type):
    for row in rows(dtype, 1, (1000, 4000)):
        judge(case, dtype, fastact, [-row if case.row.name == "softmin" else row])
    # Equal terms, whose rounding errors all have one sign.
    x = np.full(4000, -2.3, dtype)
    x[17] = 0
    judge(case, dtype, fastact, [x])


@FLOAT
def test_a_gradient_keeps_its_digits_where_one_number_leads(dtype: type):
    """1 - y is lost in y, but not in x: relative errors stay small where the result is far below eps."""
    x = np.array([0, -40, -60, -41.5], dtype)
    grad = np.array([0.3, -1.2, 0.7, 2.5], dtype)
    exact = numbers(x)
    for name, gradient in (("softmax_backward", grad), ("log_softmax_backward", np.array([1, 0, 0, 0], dtype))):
        got = getattr(fastact, name)(gradient, x)
        truth = TRUTHS[name](numbers(gradient), exact)
        assert all(ulp <= 8 for ulp, _ in ulps(got, truth)), (name, got, truth)
    led = fastact.log_softmax(x)
    assert all(ulp <= 2 for ulp, _ in ulps(led, log_softmax(exact)))
    got = fastact.log_softmax_backward_from_output(np.array([1, 0, 0, 0], dtype), led)
    assert got[0] == pytest.approx(float(-mp.expm1(mp.mpf(float(led[0])))), rel=1e-6)


@EVERY_CASE
def test_float16_is_float32_rounded_once(case: RowCase):
    rng = np.random.default_rng(8)
    for shape in ((40, 7), (3, 300), (5, 1000)):
        x = rng.normal(0, 3, shape).astype(np.float16)
        halves = case.operands(x, rng)
        got = case.function()(*halves)
        assert got.dtype == np.float16
        wide = case.function()(*(half.astype(np.float32) for half in halves))
        assert np.array_equal(bits(got), bits(wide.astype(np.float16)))


@FLOAT
def test_agrees_with_scipy(dtype: type):
    x = np.random.default_rng(3).normal(0, 5, (4, 5, 6)).astype(dtype)
    tolerance = {"rtol": 32 * np.finfo(dtype).eps, "atol": 32 * np.finfo(dtype).eps}
    for axis in (-1, 0, 1, (0, 2), (1,), (2, 0), None):
        for name in ("softmax", "log_softmax"):
            np.testing.assert_allclose(
                getattr(fastact, name)(x, axis=axis), getattr(special, name)(x, axis=axis), **tolerance
            )
        for keepdims in (False, True):
            expected = special.logsumexp(x, axis=axis, keepdims=keepdims)
            got = fastact.logsumexp(x, axis=axis, keepdims=keepdims)
            assert np.shape(got) == np.shape(expected)
            np.testing.assert_allclose(got, expected, **tolerance)
            back = fastact.logsumexp_backward(np.ones_like(expected), x, axis=axis, keepdims=keepdims)
            np.testing.assert_allclose(back, special.softmax(x, axis=axis), **tolerance)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "logsumexp"])
def test_gradients_agree_with_pytorch(name: str):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(3)
    for axis in (0, 1, 2):
        x = rng.normal(0, 2, (3, 4, 5))
        tensor = torch.tensor(x, requires_grad=True)
        of = {"softmin": torch.nn.functional.softmin}.get(name) or getattr(torch, name)
        y = of(tensor, axis)
        grad = rng.normal(0, 1, tuple(y.shape))
        y.backward(torch.tensor(grad))
        got = getattr(fastact, f"{name}_backward")(grad, x, axis=axis)
        np.testing.assert_allclose(got, tensor.grad, rtol=1e-12, atol=1e-15)
        if name != "logsumexp":
            from_output = getattr(fastact, f"{name}_backward_from_output")(grad, y.detach().numpy(), axis=axis)
            np.testing.assert_allclose(from_output, tensor.grad, rtol=1e-12, atol=1e-15)


# Infinities, NaN, silence -------------------------------------------------------------------------------------------

INF, NAN = math.inf, math.nan
SPECIAL = [
    ("softmax", [INF, 0, 3], [1, 0, 0]),
    ("softmax", [INF, 0, INF], [NAN] * 3),
    ("softmax", [-INF, -INF], [NAN] * 2),
    ("softmax", [-INF, 1, -INF], [0, 1, 0]),
    ("softmax", [INF, NAN], [NAN] * 2),
    ("softmax", [INF, -INF], [1, 0]),
    ("softmin", [-INF, 0, 3], [1, 0, 0]),
    ("softmin", [INF, INF], [NAN] * 2),
    ("softmin", [INF, 5], [0, 1]),
    ("softmin", [-INF, -INF], [NAN] * 2),
    ("log_softmax", [INF, 0, -INF], [0, -INF, -INF]),
    ("log_softmax", [INF, INF], [NAN] * 2),
    ("log_softmax", [-INF, -INF], [NAN] * 2),
    ("log_softmax", [-INF, 2], [-INF, 0]),
    ("logsumexp", [INF, 0], INF),
    ("logsumexp", [INF, INF], INF),
    ("logsumexp", [INF, -INF], INF),
    ("logsumexp", [-INF, -INF], -INF),
    ("logsumexp", [-INF, 4], 4),
    ("logsumexp", [INF, NAN], NAN),
    ("logsumexp", [-INF, NAN], NAN),
    ("sparsemax", [INF, 0], [1, 0]),
    ("sparsemax", [INF, INF], [NAN] * 2),
    ("sparsemax", [-INF, -INF], [NAN] * 2),
    ("sparsemax", [-INF, 0], [0, 1]),
]


@DTYPE
@pytest.mark.parametrize(("name", "row", "expected"), SPECIAL)
def test_infinities(name: str, row: list[float], expected: Any, dtype: type):
    for repeats in (0, 15, 100):  # the last chunk, whole chunks
        filler = np.full(repeats, INF if name == "softmin" else -INF, dtype)
        x = np.concatenate([np.array(row, dtype), filler])
        with np.errstate(all="raise"):
            got = getattr(fastact, name)(x)
        if name == "logsumexp":
            np.testing.assert_equal(got, dtype(expected))
        else:
            np.testing.assert_equal(got[: len(row)], np.array(expected, dtype))


@DTYPE
@EVERY_CASE
def test_a_nan_makes_its_row_nan_and_no_other(case: RowCase, dtype: type):
    rng = np.random.default_rng(1)
    for n in (1, 3, 16, 40):
        for sign in (1, -1):
            x = rng.normal(0, 1, (3, n)).astype(dtype)
            operands = case.operands(x, rng)
            for position in range(len(operands)):
                spoilt = [operand.copy() for operand in operands]
                flat = np.atleast_1d(spoilt[position][1])
                flat[rng.integers(flat.size)] = np.copysign(np.nan, sign)
                spoilt[position][1] = flat if spoilt[position].ndim == 2 else flat[0]
                with np.errstate(all="raise"):
                    got = case.function()(*spoilt)
                assert np.isfinite(got[[0, 2]]).all()
                if case.row.name == "sparsemax" and position == 0 and case.form.kind != "value":
                    continue  # a gradient outside the support does not count
                if str(case) == "log_softmax_backward_from_output" and position == 1:
                    assert np.isnan(got[1]).sum() == 1  # no other number depends on it
                    continue
                assert np.isnan(got[1]).all(), (n, position)


@DTYPE
@EVERY_CASE
def test_silence_and_overflow(case: RowCase, dtype: type):
    """Nothing is signalled but an overflow, and that exactly where finite numbers give an infinity."""
    info = np.finfo(dtype)
    seen: list[str] = []
    values = np.array(
        [info.max, -info.max, info.max / 2, info.tiny, info.smallest_subnormal, 0, 1, -700, -60_000], dtype
    )
    rng = np.random.default_rng(1)
    with np.errstate(all="call", call=lambda kind, _: seen.append(kind)):
        for n in (1, 2, 9, 33):
            for _ in range(20):
                x = rng.choice(values, n)
                operands = [x]
                if case.form.kind != "value":
                    y = case.function_of_value(x) if case.form.kind == "backward_from_output" else x
                    operands = [rng.choice(values, () if case.of_numbers else n), y]
                seen.clear()
                got = case.function()(*operands)
                if all(np.isfinite(operand).all() for operand in operands):
                    assert seen == (["overflow"] if np.isinf(got).any() else []), (operands, got)
                else:  # beside an infinity of the inputs, one that float16 rounds to is signalled
                    assert seen in ([], ["overflow"] if np.isinf(got).any() else []), (operands, got)
    if dtype is np.float32:
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
            fastact.log_softmax(np.array([3e38, -3e38], dtype))


@DTYPE
@EVERY_CASE
def test_silence_and_overflow_of_many_rows(case: RowCase, dtype: type):
    """The same of rows and of columns, into rows, columns and an input: of tame ones, and with one that is not."""
    info = np.finfo(dtype)
    seen: list[str] = []
    rng = np.random.default_rng(2)
    values = np.array([info.max, -info.max, info.max / 2, info.tiny, 0, 1, -700], dtype)
    for n in (2, 9, 33, 150):
        for rows, wild in ((5, True), (16, True), (40, True), (40, False)):
            x = rng.normal(0, 1, (rows, n)).astype(dtype)
            if wild:
                x[rows // 2] = rng.choice(values, n)
            with np.errstate(over="ignore"):
                operands = case.operands(x, rng)
            if wild and case.form.kind != "value":
                operands[0][rows // 2] = rng.choice(values[:3], () if case.of_numbers else n)
            for layout in ("rows", "columns"):
                order = "C" if layout == "rows" else "F"
                given = [np.array(operand, order=order) for operand in operands]
                empty = np.empty(rows if case.row.reduces and case.form.kind == "value" else (rows, n), dtype)
                outs = [None, np.array(empty, order="C"), np.array(empty, order="F")]
                outs += [given[-1]] if empty.shape == x.shape else [np.empty(2 * rows, dtype)[::2]]
                for out in outs:
                    seen.clear()
                    with np.errstate(all="call", call=lambda kind, _: seen.append(kind)):
                        got = case.function()(*given, out=out)
                    finite = all(np.isfinite(operand).all() for operand in operands)
                    expected = ["overflow"] if np.isinf(got).any() else []
                    assert seen == expected if finite else seen in ([], expected), (n, rows, layout)


# The same bits ------------------------------------------------------------------------------------------------------


def table(dtype: Any, shape: tuple[int, ...], seed: int = 3) -> np.ndarray:
    """Rows with numbers far from 0 among them."""
    x = np.random.default_rng(seed).normal(0, 4, shape)
    x.ravel()[::17] *= 30
    return x.astype(dtype)


def near_table(dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Rows all near 0, which kernels of columns take, but for one in forty that one number leads."""
    x = np.random.default_rng(9).normal(0, 3, shape)
    x[17::40, -1] += 35
    return x.astype(dtype)


def same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    both = np.isnan(a) & np.isnan(b) if a.shape == b.shape else False
    return a.shape == b.shape and a.dtype.itemsize == b.dtype.itemsize and bool(((bits(a) == bits(b)) | both).all())


def alone(case: RowCase, operands: list[np.ndarray]) -> np.ndarray:
    """Each row in a call of its own, from fresh memory."""
    return np.stack([case.function()(*(operand[i].copy() for operand in operands)) for i in range(len(operands[-1]))])


@DTYPE
@EVERY_CASE
def test_layouts(case: RowCase, dtype: type):
    rng = np.random.default_rng(2)
    tables = [table(dtype, shape) for shape in ((37, 1), (37, 10), (18, 16), (19, 37), (3, 300))]
    tables += [near_table(dtype, shape) for shape in ((50, 3), (35, 16), (19, 37), (33, 128), (20, 200))]
    for x in tables:
        operands = case.operands(x, rng)
        expected = alone(case, operands)
        call = case.function()
        assert same(call(*operands), expected)

        def spread(operand: np.ndarray) -> np.ndarray:
            wide = np.zeros([2 * size for size in operand.shape], operand.dtype)
            cut = tuple(slice(None, None, 2) for _ in operand.shape)
            wide[cut] = operand
            return wide[cut]

        def unaligned(operand: np.ndarray) -> np.ndarray:
            record = np.zeros(operand.shape, [("pad", "u1"), ("value", operand.dtype)])
            record["value"] = operand
            return record["value"]

        layouts: list[Callable[[np.ndarray], np.ndarray]] = [
            np.asfortranarray,
            spread,
            unaligned,
            lambda operand: operand[::-1].copy()[::-1],
            lambda operand: np.flip(np.flip(operand).copy()),
            lambda operand: operand.astype(operand.dtype.newbyteorder()),
        ]
        for layout in layouts:
            moved = [layout(operand) for operand in operands]
            assert same(call(*moved), expected)
            for j in range(len(operands)):
                assert same(call(*operands[:j], moved[j], *operands[j + 1 :]), expected)
            out = layout(np.zeros_like(expected))
            assert call(*operands, out=out) is out
            assert same(out, expected)
        frozen = [operand.copy() for operand in operands]
        for operand in frozen:
            operand.flags.writeable = False
        assert same(call(*frozen), expected)
        for j, operand in enumerate(operands):
            if operand.shape == expected.shape:
                fresh = [other.copy() for other in operands]
                assert same(call(*fresh, out=fresh[j]), expected)
                fresh = [other.copy() for other in operands]
                assert same(call(*fresh, out=fresh[j][::-1]), expected)


@DTYPE
@EVERY_CASE
def test_every_alignment(case: RowCase, dtype: type):
    rng = np.random.default_rng(2)
    for n in (5, 16, 50):
        operands = case.operands(table(dtype, (1, n)), rng)
        expected = alone(case, operands)
        for offset in range(0, 64, np.dtype(dtype).itemsize):
            moved = []
            for operand in [*operands, expected]:
                raw = np.empty(operand.nbytes + 128, np.uint8)
                start = -raw.ctypes.data % 64 + offset
                view = raw[start : start + operand.nbytes].view(dtype).reshape(operand.shape)
                view[...] = operand
                moved.append(view)
            moved[-1][...] = 0
            case.function()(*moved[:-1], out=moved[-1])
            assert same(moved[-1], expected), offset


@DTYPE
@EVERY_CASE
def test_axes(case: RowCase, dtype: type):
    rng = np.random.default_rng(2)
    operands = case.operands(table(dtype, (4, 5, 30)), rng)
    expected = case.function()(*operands)
    for axis in (-3, -2, -1, 0, 1, 2):
        moved = [np.moveaxis(o, -1, axis) if o.ndim == 3 else o for o in operands]
        got = case.function()(*moved, axis=axis)
        assert same(got, expected if case.reduces else np.moveaxis(expected, -1, axis))
        assert same(case.function()(*moved, axis=np.int64(axis)), got)
        assert same(case.function()(*moved, axis=(axis,)), got)
    flat = case.operands(table(dtype, (2, 60)), np.random.default_rng(5))
    expected = case.function()(*flat)
    folded = [o.reshape(2, 3, 4, 5) if o.ndim == 2 else o for o in flat]
    got = case.function()(*folded, axis=(1, 2, 3))
    assert same(got, expected if case.reduces else expected.reshape(2, 3, 4, 5))
    turned = [o.transpose(2, 0, 3, 1) if o.ndim == 4 else o for o in folded]
    got = case.function()(*turned, axis=(-1, 0, 2))
    assert same(got, expected if case.reduces else expected.reshape(2, 3, 4, 5).transpose(2, 0, 3, 1))
    out = np.zeros_like(got)
    assert case.function()(*turned, axis=(3, 0, 2), out=out) is out
    assert same(out, got)
    every = [o[0] for o in folded]
    assert same(case.function()(*every, axis=None), expected[0] if case.reduces else expected[0].reshape(3, 4, 5))


@FLOAT
@EVERY_CASE
def test_instruction_sets(case: RowCase, dtype: type):
    """Bit for bit the same wherever there is an fma."""
    if len(FUSED) < 2:
        pytest.skip("this CPU has not two of them")
    rng = np.random.default_rng(2)
    namespaces = [fastact.for_instruction_set(name) for name in FUSED]
    for x in rows(dtype, 2, (1, 3, 8, 16, 31, 64, 100, 1000)):
        operands = case.operands(x, rng)
        first, *others = (case.function(namespace)(*operands) for namespace in namespaces)
        assert all(same(first, other) for other in others)


@pytest.mark.parametrize("case", VALUES, ids=str)
@given(data=st.data())
def test_any_shape_axis_and_stride(case: RowCase, data: st.DataObject):
    """Each row as alone, for any cut of any array."""
    shape = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    x = table(data.draw(st.sampled_from(DTYPES)), tuple(2 * size for size in shape))
    cut = tuple(slice(None, None, data.draw(st.sampled_from([1, 2, -1, -2]))) for _ in shape)
    x = x[cut].transpose(data.draw(st.permutations(range(len(shape)))))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    got = case.function()(x, axis=axis)
    lines = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])
    expected = np.stack([case.function()(line.copy()) for line in lines])
    if not case.reduces:
        got = np.moveaxis(got, axis, -1).reshape(-1, x.shape[axis])
    assert same(np.ravel(got), np.ravel(expected))


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=50))
def test_properties_of_any_row(row: list[float]):
    x = np.array(row)
    y = fastact.softmax(x)
    assert np.all((y >= 0) & (y <= 1))
    assert y.sum() == pytest.approx(1, abs=1e-14)
    assert np.array_equal(fastact.softmin(-x), y)
    order = np.argsort(x, kind="stable")
    for name in ("softmax", "log_softmax", "sparsemax"):
        with np.errstate(over="ignore"):
            assert np.all(np.diff(getattr(fastact, name)(x)[order]) >= 0), name
    assert fastact.sparsemax(x).sum() == pytest.approx(1, abs=1e-14)
    assert fastact.logsumexp(x) >= x.max()


# First-class functions ----------------------------------------------------------------------------------------------


@EVERY_CASE
def test_names_attributes_documentation(case: RowCase):
    function = case.function()
    assert function.__name__ == function.__qualname__ == str(case)
    assert function.ufunc.__name__ == f"{case}.ufunc"
    assert function.__module__ == function.ufunc.__module__ == "fastact"
    assert isinstance(function.ufunc, np.ufunc)
    assert function.ufunc.signature == case.form.signature
    assert function.ufunc.types == [f"{c * len(case.form.inputs)}->{c}" for c in "efd"]
    assert function.spec is case.row
    if case.form.kind == "value":
        assert {form.name for form in case.row.forms} - {"value"} == {
            name for name in ("backward", "backward_from_output") if hasattr(function, name)
        }
        assert function.backward is getattr(fastact, f"{case.row.name}_backward")
    for text in (case.row.formula, case.row.reference, "axis : int, tuple of int or None, default -1"):
        assert text in function.__doc__
    for name in case.form.inputs:
        assert f"{name} : array_like" in function.__doc__
    parameters = inspect.signature(function).parameters
    keepdims = ["keepdims"] if case.row.reduces else []
    assert list(parameters) == [*case.form.inputs, "axis", *keepdims, "keywords"]
    assert parameters["axis"].default == -1
    for thing in (function, function.ufunc):
        assert pickle.loads(pickle.dumps(thing)) is thing
        assert copy.deepcopy(thing) is thing


@pytest.mark.parametrize("case", VALUES, ids=str)
def test_the_example_of_the_docstring_prints_what_it_says(case: RowCase):
    example = doctest.DocTestParser().get_doctest(case.function().__doc__, {}, str(case), None, None)
    assert len(example.examples) == 2
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


@EVERY_CASE
def test_dtypes(case: RowCase):
    count = len(case.form.inputs)
    for given_as, expected in ((np.int8, np.float64), (bool, np.float64), (np.float16, np.float16)):
        operands = case.operands(np.ones((2, 3), given_as), np.random.default_rng(1))
        assert case.function()(*operands).dtype == (np.float64 if expected is np.float64 else expected)
    x = np.ones((2, 3), np.float32)
    operands = case.operands(x, np.random.default_rng(1))
    assert case.function()(*operands).dtype == np.float32
    assert case.function()(*operands, dtype=np.float64).dtype == np.float64
    assert case.function()(*(operand.tolist() for operand in operands)).dtype == np.float64
    for wrong in (np.complex64, np.longdouble, object, "U1"):
        with pytest.raises(TypeError, match=r"float16, float32 and float64|could not be cast|did not contain"):
            case.function()(*[x.astype(wrong)] * count)


@pytest.mark.parametrize("case", VALUES, ids=str)
def test_dask_arrays(case: RowCase):
    x = table(np.float32, (6, 8))
    lazy = da.from_array(x, chunks=(2, 8))
    got = case.function()(lazy)
    assert isinstance(got, da.Array)
    assert same(got.compute(), case.function()(x))


def never_computed(shape: tuple[int, ...], dtype: Any) -> da.Array:
    """A Dask array that fails when its values are asked for."""

    @dask.delayed
    def explode() -> np.ndarray:
        raise AssertionError("computed")

    return da.from_delayed(explode(), shape, dtype)


@EVERY_CASE
@pytest.mark.parametrize("axis", [-1, 1, (1,), (0, 1), (1, 2), None, np.int64(0)])
def test_dask_arrays_stay_lazy(case: RowCase, axis: Any):
    x = table(np.float64, (4, 3, 2))
    axes = {None: (0, 1, 2)}.get(axis, axis)
    operands = case.operands(x, np.random.default_rng(3))
    if case.of_numbers:
        operands[0] = np.ones(np.sum(x, axis=axes).shape)
    expected = case.function()(*operands, axis=axis)
    got = case.function()(*(da.from_array(operand, chunks=-1) for operand in operands), axis=axis)
    assert isinstance(got, da.Array)
    assert same(got.compute(), expected)
    lazy = case.function()(*(never_computed(operand.shape, operand.dtype) for operand in operands), axis=axis)
    assert isinstance(lazy, da.Array)
    if axis == (1,):
        with pytest.raises(TypeError, match="out must be a NumPy array"):
            case.function()(*(da.from_array(o, chunks=-1) for o in operands), axis=axis, out=np.empty(expected.shape))


ERRORS = [
    (lambda f: f(np.zeros((3, 0))), ValueError, "axis must not be empty"),
    (lambda f: f(np.zeros((3, 0)), axis=None), ValueError, "axis must not be empty"),
    (lambda f: f.ufunc(np.zeros((3, 0))), ValueError, "axis must not be empty"),
    (lambda f: f(np.zeros(())), ValueError, "not have enough dimensions|out of bounds"),
    (lambda f: f(np.zeros((2, 3)), axis=2), ValueError, "axis 2 is out of bounds"),
    (lambda f: f(np.zeros((2, 3)), axis=(0, 2)), ValueError, "axis 2 is out of bounds"),
    (lambda f: f(np.zeros((2, 3)), axis=(0, 0)), ValueError, "repeated axis"),
    (lambda f: f(np.zeros((2, 3)), axis=1.0), TypeError, "axis must be an integer, a tuple of integers or None"),
    (lambda f: f(np.zeros((2, 3)), axis=True), TypeError, "axis must be an integer, a tuple of integers or None"),
    (
        lambda f: f(np.zeros((2, 3)), axis=(0, np.True_)),
        TypeError,
        "axis must be an integer, a tuple of integers or None",
    ),
    (lambda f: f(np.zeros((0, 0))), ValueError, "axis must not be empty"),
    (lambda f: f(np.zeros((0, 0)), axis=(1,)), ValueError, "axis must not be empty"),
    (lambda f: f.ufunc(np.zeros((2, 0, 0))), ValueError, "axis must not be empty"),
    (lambda f: f(np.zeros((2, 3)), axis="last"), TypeError, "axis must be an integer, a tuple of integers or None"),
    (lambda f: f(np.zeros((2, 3)), where=True), TypeError, "where"),
]


@pytest.mark.parametrize("case", VALUES, ids=str)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors_name_what_is_wrong(case: RowCase, call: Callable[[Any], Any], error: type, message: str):
    with pytest.raises(error, match=message):
        call(case.function())


def test_a_wrong_out_or_gradient_changes_nothing():
    x = np.zeros((2, 3))
    for keywords in ({"axis": -1}, {"axis": (0, 1)}, {"axis": None}):
        out = np.full((3, 2), 7.0)
        with pytest.raises(ValueError, match=r"out|Output|operand"):
            fastact.softmax(x, out=out, **keywords)
        assert (out == 7).all()
    with pytest.raises(ValueError, match="mismatch"):
        fastact.softmax_backward(np.zeros((2, 2)), x)
    with pytest.raises(ValueError, match="one number for each row"):
        fastact.logsumexp_backward(np.zeros((2, 2)), x, keepdims=True)
    with pytest.raises(TypeError, match="cast"):
        fastact.softmax(x, axis=None, out=np.zeros((2, 3), np.int64))


def test_keepdims_is_of_functions_that_lose_an_axis():
    for x in (np.zeros((2, 3)), [[0.0, 1.0]]):
        with pytest.raises(TypeError, match="keepdims"):
            fastact.softmax(x, axis=(0,), keepdims=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_masked_arrays_are_refused(case: RowCase):
    """Their masked numbers would be summed as all others."""
    x = np.ma.masked_array(np.ones((2, 3)), [[True, False, False]] * 2)
    operands = case.operands(np.ones((2, 3)), np.random.default_rng(1))
    for position, name in enumerate(case.form.inputs):
        for axis in (-1, (0, 1), None):
            spoilt = [x if i == position else operand for i, operand in enumerate(operands)]
            with pytest.raises(TypeError, match=rf"^{case}: {name} must not be a masked array.*filled"):
                case.function()(*spoilt, axis=axis)


def test_empty_batches():
    assert fastact.softmax(np.zeros((0, 4))).shape == (0, 4)
    assert fastact.logsumexp(np.zeros((0, 4))).shape == (0,)


# What calls by several axes add -------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [row for row in ROW_FUNCTIONS.values() if not row.reduces], ids=lambda f: f.name)
@pytest.mark.parametrize(("axis", "row"), [(np.int64(-1), (3,)), (None, (3,)), ((-1,), (3,)), ((-2, -1), (2, 3))])
def test_gradients_broadcast_for_every_kind_of_axis(function: RowFunction, axis: Any, row: tuple[int, ...]):
    """A gradient of more dimensions than x: as if x had been broadcast by hand."""
    rng = np.random.default_rng(3)
    x, grad = rng.normal(0, 0.1, row), rng.normal(size=(1 if axis is None else 4, *row))
    backward = getattr(fastact, f"{function.name}_backward")
    got, want = backward(grad, x, axis=axis), backward(grad, np.broadcast_to(x, grad.shape).copy(), axis=axis)
    assert got.shape == grad.shape
    assert np.array_equal(bits(got), bits(want))
    assert np.abs(got).max() > 1e-3


def test_a_gradient_for_each_row_broadcasts_over_rows_and_axes():
    x = np.random.default_rng(4).normal(size=(3, 2, 2))
    grad = np.random.default_rng(5).normal(size=(5, 3))
    want = grad[..., None, None] * special.softmax(x, axis=(1, 2))
    backward = fastact.logsumexp_backward
    np.testing.assert_allclose(backward(grad[0], x, axis=(1, 2)), want[0], rtol=1e-14)
    np.testing.assert_allclose(backward(grad[0][:, None, None], x, axis=(1, 2), keepdims=True), want[0], rtol=1e-14)
    for axis in (None, (0, 2)):
        np.testing.assert_allclose(backward(2.0, x, axis=axis), 2 * special.softmax(x, axis=axis), rtol=1e-14)
    with pytest.raises(ValueError, match="logsumexp_backward: grad must have one number for each row"):
        backward(np.ones((3, 2, 2)), x, axis=(1, 2), keepdims=True)


def test_empty_batches_of_rows_of_several_axes():
    assert fastact.softmax(np.empty((0, 2, 3)), axis=(1, 2)).shape == (0, 2, 3)
    assert fastact.logsumexp(np.empty((0, 2, 3)), axis=(1, 2)).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 200])
def test_overflow_is_signalled_in_place_too(dtype: type, rows: int):
    largest = np.finfo(dtype).max
    with np.errstate(all="raise"):
        for row in ([1.0, 2.0], [-np.inf, 2.0]):
            x = np.tile(np.array(row, dtype), (rows, 1))
            fastact.log_softmax(x, out=x)
        x = np.tile(np.array([largest, -largest], dtype), (rows, 1))
        with pytest.raises(FloatingPointError, match="overflow"):
            fastact.log_softmax(x)
        with pytest.raises(FloatingPointError, match="overflow"):
            fastact.log_softmax(x, out=x)
