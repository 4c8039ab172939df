"""Functions that change the length of an axis, maxout and crelu: values, gradients, out=, containers and errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import fastact
from fastact._units import RESIZING_UNITS

from .cases import DTYPES, bits

DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def table(dtype: Any, shape: tuple[int, ...], seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 4, shape).astype(dtype)


def same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    both = np.isnan(a) & np.isnan(b) if a.shape == b.shape else False
    return a.shape == b.shape and a.dtype.itemsize == b.dtype.itemsize and bool(((bits(a) == bits(b)) | both).all())


@DTYPE
def test_maxout(dtype: type):
    x = table(dtype, (4, 6, 5))
    for axis in (0, 1, -1, -2):
        length = x.shape[axis]
        for pieces in (p for p in range(1, length + 1) if length % p == 0):
            got = fastact.maxout(x, pieces, axis)
            rest = np.moveaxis(x, axis, -1)
            units = [rest[..., i : i + pieces] for i in range(0, length, pieces)]
            assert same(got, np.moveaxis(np.stack([unit.max(-1) for unit in units], -1), -1, axis))
            grad = np.random.default_rng(1).normal(0, 1, got.shape).astype(dtype)
            back = np.moveaxis(fastact.maxout.backward(grad, x, pieces, axis), axis, -1)
            for i, unit in enumerate(units):
                mine = back[..., i * pieces : (i + 1) * pieces]
                assert np.array_equal(mine != 0, unit == unit.max(-1, keepdims=True))
                assert same(mine.sum(-1), np.moveaxis(grad, axis, -1)[..., i])
    assert same(fastact.maxout(dtype([1, np.nan, 2, 3]), 2), dtype([np.nan, 3]))
    assert same(fastact.maxout_backward(dtype([5, 7]), dtype([1, 1, 2, 2]), 2), dtype([5, 0, 7, 0]))


@DTYPE
def test_crelu(dtype: type):
    x = table(dtype, (3, 4))
    for axis in (0, 1, -1):
        got = fastact.crelu(x, axis)
        assert same(got, np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis))
        first, second = np.split(np.arange(1, got.size + 1, dtype=dtype).reshape(got.shape), 2, axis)
        grad = np.concatenate([first, second], axis)
        assert same(
            fastact.crelu.backward(grad, x, axis), np.where(x > 0, first, np.where(x < 0, -second, 0)).astype(dtype)
        )
    assert not fastact.crelu_backward(np.ones(2, dtype), np.zeros(1, dtype)).any()


def test_integers_become_float64():
    assert fastact.maxout([1, 2, 3, 4], 2).dtype == fastact.crelu([True, False]).dtype == np.float64


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fastact.maxout(np.zeros(5), 2), ValueError, "num_pieces must be at least 1 and divide the length 5"),
        (lambda: fastact.maxout(np.zeros(4), 0), ValueError, "num_pieces must be at least 1"),
        (lambda: fastact.maxout(np.zeros(4), -2), ValueError, "num_pieces must be at least 1"),
        (lambda: fastact.maxout(np.zeros(4), 2.0), TypeError, "num_pieces must be an integer"),
        (lambda: fastact.maxout(np.zeros(4), 2, 1), ValueError, "axis 1 is out of bounds"),
        (lambda: fastact.maxout(np.zeros(4), 2, 0.5), TypeError, "axis must be an integer"),
        (lambda: fastact.maxout(np.zeros((4, 4)), 2, True), TypeError, "axis must be an integer"),
        (lambda: fastact.maxout(np.zeros(4), True), TypeError, "num_pieces must be an integer"),
        (lambda: fastact.crelu(np.zeros((4, 4)), False), TypeError, "axis must be an integer"),
        (lambda: fastact.maxout(np.zeros(4, complex), 2), TypeError, "maxout: x must be float16, float32 or float64"),
        (lambda: fastact.maxout(3.0, 1), ValueError, "axis -1 is out of bounds"),
        (lambda: fastact.maxout_backward(np.zeros(3), np.zeros(4), 2), ValueError, r"grad must have the shape \(2,\)"),
        (lambda: fastact.crelu(np.zeros(4), 1), ValueError, "axis 1 is out of bounds"),
        (lambda: fastact.crelu(3.0), ValueError, "axis -1 is out of bounds"),
        (lambda: fastact.crelu("abc"), TypeError, "crelu: x must be float16, float32 or float64"),
        (lambda: fastact.crelu_backward(np.zeros(4), np.zeros(4)), ValueError, r"grad must have the shape \(8,\)"),
    ],
)
def test_errors_of_maxout_and_crelu(call: Callable[[], Any], error: type, message: str):
    with pytest.raises(error, match=message):
        call()


# out=, and other containers, of every function ----------------------------------------------------------------------

CALLS: dict[str, tuple[Callable[..., Any], ...]] = {
    # The function of its arrays and keywords, and the shapes of the arrays, the result's last.
    "maxout": (lambda x, **k: fastact.maxout(x, 3, 1, **k), ((4, 6, 2), (4, 2, 2))),
    "maxout_backward": (lambda g, x, **k: fastact.maxout_backward(g, x, 3, 1, **k), ((4, 2, 2), (4, 6, 2), (4, 6, 2))),
    "crelu": (lambda x, **k: fastact.crelu(x, 1, **k), ((4, 3, 2), (4, 6, 2))),
    "crelu_backward": (lambda g, x, **k: fastact.crelu_backward(g, x, 1, **k), ((4, 6, 2), (4, 3, 2), (4, 3, 2))),
}
EVERY_CALL = pytest.mark.parametrize("name", CALLS)


def prepared(name: str, dtype: Any) -> tuple[Callable[..., Any], list[np.ndarray], np.ndarray]:
    """The function, arrays for it, and its result."""
    call, shapes = CALLS[name]
    arrays = [table(dtype, shape, 3 + i) for i, shape in enumerate(shapes[:-1])]
    result = call(*arrays)
    assert result.shape == shapes[-1]
    assert result.dtype == dtype
    return call, arrays, result


def test_every_function_is_called():
    assert set(CALLS) == {form.name for unit in RESIZING_UNITS.values() for form in unit.forms}
    for unit in RESIZING_UNITS.values():
        for form in unit.forms:
            function = getattr(fastact, form.name)
            assert (function.__module__, function.__name__, function.__qualname__) == ("fastact", form.name, form.name)
            parameters = inspect.signature(function).parameters
            assert ", ".join(parameters) == ", ".join(
                part.partition(":")[0] for part in form.signature.split(", ") if part != "*"
            )
            assert parameters["out"].kind is inspect.Parameter.KEYWORD_ONLY


@DTYPE
@EVERY_CALL
def test_out(name: str, dtype: type):
    call, arrays, expected = prepared(name, dtype)
    for given in (
        np.empty_like,
        lambda a: np.empty_like(a, order="F"),
        lambda a: np.empty((*a.shape, 2), dtype)[..., 0],
    ):
        out = given(expected)
        out[...] = 7
        assert call(*arrays, out=out) is out
        assert same(out, expected)
    out = np.empty_like(expected)
    assert call(*arrays, out=(out,)) is out
    wide = np.empty(expected.shape, np.float64)
    assert call(*arrays, out=wide) is wide
    assert np.array_equal(wide, expected.astype(np.float64))


@DTYPE
@EVERY_CALL
def test_out_may_overlap_the_inputs(name: str, dtype: type):
    call, arrays, expected = prepared(name, dtype)
    for position, array in enumerate(arrays):
        for shift in (0, 1, 3):
            memory = np.zeros(array.size + expected.size + 3, dtype)
            inside = memory[shift : shift + array.size].reshape(array.shape)
            inside[...] = array
            out = memory[: expected.size].reshape(expected.shape)
            call(*(inside if i == position else other for i, other in enumerate(arrays)), out=out)
            assert same(out, expected), (position, shift)


@EVERY_CALL
def test_an_out_that_does_not_fit_changes_nothing(name: str):
    call, arrays, expected = prepared(name, np.float64)
    frozen = np.full(expected.shape, 7.0)
    frozen.flags.writeable = False
    wrong = [
        (np.full((1, *expected.shape), 7.0), ValueError, "must have the shape"),
        (np.full(expected.shape, 7), TypeError, "must be of a dtype"),
        (frozen, ValueError, "must be writeable"),
        (expected.tolist(), TypeError, "must be a NumPy array"),
    ]
    for out, error, message in wrong:
        with pytest.raises(error, match=f"^{name}: out {message}"):
            call(*arrays, out=out)
        if isinstance(out, np.ndarray):
            assert (out == 7).all()


@EVERY_CALL
def test_dask_arrays_stay_lazy(name: str):
    @dask.delayed
    def explode() -> np.ndarray:
        raise AssertionError("computed")

    call, arrays, expected = prepared(name, np.float32)
    got = call(*(da.from_array(array, chunks=(2, -1, 1)) for array in arrays))
    assert isinstance(got, da.Array)
    assert got.dtype == np.float32
    assert same(got.compute(), expected)
    assert isinstance(call(*(da.from_delayed(explode(), array.shape, array.dtype) for array in arrays)), da.Array)
    with pytest.raises(TypeError, match="out must be a NumPy array"):
        call(*(da.from_array(array) for array in arrays), out=np.empty_like(expected))


@EVERY_CALL
def test_masked_arrays_are_refused(name: str):
    """Their masks would be lost."""
    call, arrays, _ = prepared(name, np.float32)
    for position in range(len(arrays)):
        spoilt = [np.ma.masked_array(a, a > 0) if i == position else a for i, a in enumerate(arrays)]
        with pytest.raises(TypeError, match=f"^{name}: .* must not be a masked array"):
            call(*spoilt)


@EVERY_CALL
def test_lists_and_subclasses(name: str):
    call, arrays, expected = prepared(name, np.float64)
    assert same(call(*(array.tolist() for array in arrays)), expected)
    assert same(call(*(array.view(np.memmap) for array in arrays)), expected)
