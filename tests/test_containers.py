"""Other libraries' arrays: every form keeps the container, and the values are those of the arrays inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import fastact

from .cases import CASES, DTYPES, Case, bits, outputs

LENGTH = 12
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=str)
KEYWORD = pytest.mark.parametrize("case", [case for case in CASES if case.row.parameters], ids=str)
DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def arguments(case: Case, dtype: type = np.float32) -> list[np.ndarray]:
    """Ordinary inputs, one array for each argument; outputs of f where that is asked."""
    values = [np.linspace(0.05, 0.95, LENGTH)] * case.arguments
    if case.form.name != "backward_from_output":
        values[-1] = np.linspace(-5, 5, LENGTH)
    return [value.astype(dtype) for value in values]


def check(case: Case, dtype: type, wrap: Callable[[np.ndarray], Any], unwrap: Callable[[Any], np.ndarray]) -> list[Any]:
    """Call with every argument wrapped, then each alone beside plain arrays; return all results."""
    plain = arguments(case, dtype)
    expected = outputs(case.function(*plain))
    results = []
    for wrapped in ({*range(case.arguments)}, *({i} for i in range(case.arguments))):
        got = outputs(case.function(*(wrap(x) if i in wrapped else x for i, x in enumerate(plain))))
        for result, want in zip(got, expected, strict=True):
            values = np.asarray(unwrap(result))
            assert values.dtype == dtype
            assert np.array_equal(bits(values), bits(want))
        results += got
    return results


def compute(lazy: Any) -> np.ndarray:
    return lazy.compute(scheduler="threads")


@DTYPE
@EVERY_CASE
def test_dask(case: Case, dtype: type):
    if case.ufunc().nout > 1:
        lazy = da.from_array(arguments(case, dtype)[0], chunks=5)
        results = da.apply_gufunc(case.function, "()->(),()", lazy)
        for result, want in zip(results, case.function(*arguments(case, dtype)), strict=True):
            assert np.array_equal(bits(compute(result)), bits(want))
        return
    for result in check(case, dtype, lambda x: da.from_array(x, chunks=5), compute):
        assert isinstance(result, da.Array)
        assert result.dtype == dtype


@KEYWORD
def test_dask_parameters_stay_lazy(case: Case):
    """A lazy parameter is not computed to see whether it lies in its domain."""

    @dask.delayed
    def explode() -> np.ndarray:
        raise AssertionError("computed")

    lazy = da.from_delayed(explode(), (LENGTH,), np.float32)
    for parameter in case.row.parameters:
        if case.ufunc().nout > 1:
            continue
        result = case.function(*arguments(case), **{parameter.name: lazy})
        assert isinstance(result, da.Array)
        values = da.full(LENGTH, parameter.default, chunks=5, dtype=np.float32)
        result = case.function(*arguments(case), **{parameter.name: values})
        assert np.array_equal(compute(result), case.function(*arguments(case)))


def test_gradients_of_drawn_slopes_stay_lazy():
    @dask.delayed
    def explode() -> np.ndarray:
        raise AssertionError("computed")

    for backward in (fastact.rrelu_backward, fastact.erelu_backward):
        grad, x, slope = (np.linspace(-1, 2, LENGTH, dtype=np.float32) + i for i in range(3))
        lazy = [da.from_array(array, chunks=5) for array in (grad, x, slope)]
        got = backward(*lazy[:2], slope=lazy[2])
        assert isinstance(got, da.Array)
        assert got.dtype == np.float32
        assert np.array_equal(compute(got), backward(grad, x, slope=slope))
        frame = backward(*(pd.DataFrame({"a": array}) for array in (grad, x)), slope=pd.DataFrame({"a": slope}))
        assert np.array_equal(frame["a"], backward(grad, x, slope=slope))
        never = da.from_delayed(explode(), (LENGTH,), np.float32)
        assert isinstance(backward(never, never, slope=never), da.Array)


@KEYWORD
def test_eager_parameters_are_checked_beside_dask_arrays(case: Case):
    lazy = [da.from_array(x, chunks=5) for x in arguments(case)]
    for parameter in case.row.parameters:
        outside = next(value for value in (-1.0, np.inf, -np.inf) if value not in case.domain(parameter))
        with pytest.raises(ValueError, match=parameter.name):
            case.function(*lazy, **{parameter.name: outside})


EAGER = {
    "pandas Series": pd.Series,
    "pandas DataFrame": lambda values: pd.DataFrame({"a": values}),
    "xarray": lambda values: xr.DataArray(values, dims="a"),
    "masked": np.ma.masked_array,
    "subclass": lambda values: np.asarray(values).view(np.memmap),
}


@pytest.mark.parametrize("kind", EAGER)
@KEYWORD
def test_domains_are_checked_in_eager_containers(case: Case, kind: str):
    for parameter in case.row.parameters:
        outside = next(value for value in (-1.0, np.inf, -np.inf) if value not in case.domain(parameter))
        values = np.full(LENGTH, parameter.default)
        values[3] = outside
        with pytest.raises(ValueError, match=f"{case}: {parameter.name}"):
            case.function(*arguments(case, np.float64), **{parameter.name: EAGER[kind](values)})


@DTYPE
@EVERY_CASE
def test_xarray(case: Case, dtype: type):
    def wrap(x: np.ndarray) -> xr.DataArray:
        return xr.DataArray(x.reshape(3, 4), dims=("row", "column"), coords={"row": [10, 20, 30]}, name="it")

    plain = [wrap(x) for x in arguments(case, dtype)]
    expected = outputs(case.function(*arguments(case, dtype)))
    for result, want in zip(outputs(case.function(*plain)), expected, strict=True):
        assert isinstance(result, xr.DataArray)
        assert result.dims == ("row", "column")
        assert list(result.coords["row"]) == [10, 20, 30]
        assert result.dtype == dtype
        assert np.array_equal(bits(result.values.ravel()), bits(want))


@EVERY_CASE
def test_xarray_broadcasts_by_name_and_holds_dask(case: Case):
    x = arguments(case)[-1]
    named = [xr.DataArray(x, dims=f"d{i}") for i in range(case.arguments)]
    expected = outputs(case.function(*np.meshgrid(*[x] * case.arguments, indexing="ij")))
    for result, want in zip(outputs(case.function(*named)), expected, strict=True):
        assert result.dims == tuple(f"d{i}" for i in range(case.arguments))
        assert np.array_equal(result.values, want)
    if case.ufunc().nout == 1:
        lazy = case.function(*(array.chunk(5) for array in named))
        assert isinstance(lazy.data, da.Array)
        assert np.array_equal(lazy.compute().values, expected[0])


@pytest.mark.parametrize("dtype", DTYPES[1:])
@EVERY_CASE
def test_pandas_series(case: Case, dtype: type):
    index = pd.Index([f"r{i}" for i in range(LENGTH)], name="key")
    for result in check(case, dtype, lambda x: pd.Series(x, index=index, name="it"), lambda s: s.to_numpy()):
        assert isinstance(result, pd.Series)
        assert result.index.equals(index)


@EVERY_CASE
def test_pandas_frames_and_alignment(case: Case):
    plain = arguments(case, np.float64)
    frames = [pd.DataFrame({"a": x, "b": x[::-1]}, index=range(5, 5 + LENGTH)) for x in plain]
    for result, want, again in zip(
        outputs(case.function(*frames)),
        outputs(case.function(*plain)),
        outputs(case.function(*(x[::-1] for x in plain))),
        strict=True,
    ):
        assert isinstance(result, pd.DataFrame)
        assert list(result.columns) == ["a", "b"]
        assert np.array_equal(result["a"], want)
        assert np.array_equal(result["b"], again)
        assert result.index.equals(frames[0].index)
    if case.arguments == 2:  # Series align by their index, as with NumPy's own ufuncs
        grad, x = (pd.Series(values) for values in plain)
        assert np.array_equal(case.function(grad, x.iloc[::-1]), case.function(*plain))


@DTYPE
@EVERY_CASE
def test_masked_arrays(case: Case, dtype: type):
    plain = arguments(case, dtype)
    masks = [np.arange(LENGTH) % (3 + i) == 0 for i in range(case.arguments)]
    masked = [np.ma.masked_array(x, mask) for x, mask in zip(plain, masks, strict=True)]
    for result, want in zip(outputs(case.function(*masked)), outputs(case.function(*plain)), strict=True):
        assert isinstance(result, np.ma.MaskedArray)
        assert np.array_equal(np.ma.getmaskarray(result), np.any(masks, axis=0))
        assert result.dtype == dtype
        assert np.array_equal(bits(result.compressed()), bits(want[~np.any(masks, axis=0)]))


class Labelled(np.ndarray):
    """A subclass with an attribute that views and results inherit."""

    label = None

    def __array_finalize__(self, parent: Any) -> None:
        self.label = getattr(parent, "label", None)


@DTYPE
@EVERY_CASE
def test_ndarray_subclasses(case: Case, dtype: type):
    def wrap(x: np.ndarray) -> Labelled:
        wrapped = x.view(Labelled)
        wrapped.label = "mine"
        return wrapped

    for result in check(case, dtype, wrap, np.asarray):
        assert type(result) is Labelled


class Recorder:
    """A foreign container that only implements the ufunc protocol."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        return ufunc.__name__, method, len(inputs), keywords


@EVERY_CASE
def test_the_ufunc_protocol_is_reached(case: Case):
    name, method, count, keywords = case.function(*[Recorder()] * case.arguments, where=True)
    assert (name, method) == (case.ufunc().__name__, "__call__")
    assert count == case.ufunc().nin
    assert keywords == {"where": True}


@EVERY_CASE
def test_memory_maps(case: Case, tmp_path: Any):
    plain = arguments(case)
    mapped = np.memmap(tmp_path / "x", dtype=np.float32, mode="w+", shape=(LENGTH,))
    mapped[:] = plain[-1]
    for result, want in zip(outputs(case.function(*plain[:-1], mapped)), outputs(case.function(*plain)), strict=True):
        assert np.array_equal(result, want)
