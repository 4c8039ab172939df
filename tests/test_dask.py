"""Every public function on Dask's arrays: lazy, with NumPy's bits on threads, processes and a cluster; sweeps there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import joblib
import numpy as np
import pytest
import xarray as xr
from dask.distributed import Client, LocalCluster
from typer.testing import CliRunner

import fastact
from fastact import cli, parallel
from fastact._units import GATED_UNITS, RESIZING_UNITS, ROW_FUNCTIONS
from fastact.experiments import data, sweep

from .cases import CASES, bits, outputs

SHAPE = (6, 8)
CHUNKS = (2, 5)  # not along rows alone, and the last chunk smaller

Call = tuple[Callable[..., Any], tuple[np.ndarray, ...], dict[str, Any]]


def table(seed: int, shape: tuple[int, ...] = SHAPE, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng([5, seed]).normal(0, 2, shape).astype(dtype)


def calls() -> Iterator[tuple[str, str, Call]]:
    """For every public function its name, an id, and a call: a function, arrays, keywords."""
    wide = (SHAPE[0], 2 * SHAPE[1])
    for case in CASES:
        names = [str(case), *(alias + case.form.suffix for alias in case.row.aliases)]
        arrays = tuple(table(i) for i in range(case.arguments))
        if case.form.name == "backward_from_output":
            arrays = (arrays[0], np.random.default_rng(3).uniform(0.05, 0.95, SHAPE).astype(np.float32))
        for name in names:
            yield name, name, (getattr(fastact, name), arrays, {})
    for row in ROW_FUNCTIONS.values():
        for form in row.forms:
            name = row.name + form.suffix
            of_numbers = form.signature.startswith("()")
            for axis in (-1, 0, (0, 1)):
                arrays = tuple(table(i) for i in range(len(form.inputs)))
                if of_numbers:
                    arrays = (np.asarray(arrays[0].sum(axis)), *arrays[1:])
                yield name, f"{name} along {axis}", (getattr(fastact, name), arrays, {"axis": axis})
    for unit in GATED_UNITS.values():
        yield unit.name, unit.name, (getattr(fastact, unit.name), (table(0), table(1)), {})
        name = f"{unit.name}_backward"
        yield name, name, (getattr(fastact, name), (table(0), table(1), table(2)), {})
        split, backward = (form.name for form in unit.split_forms)
        yield split, split, (getattr(fastact, split), (table(0, wide),), {})
        yield backward, backward, (getattr(fastact, backward), (table(0), table(1, wide)), {})
    assert set(RESIZING_UNITS) == {"maxout", "crelu"}
    yield "maxout", "maxout", (fastact.maxout, (table(0),), {"num_pieces": 4})
    narrow = table(0, (SHAPE[0], SHAPE[1] // 4))
    yield "maxout_backward", "maxout_backward", (fastact.maxout_backward, (narrow, table(1)), {"num_pieces": 4})
    yield "crelu", "crelu", (fastact.crelu, (table(0),), {})
    yield "crelu_backward", "crelu_backward", (fastact.crelu_backward, (table(0, wide), table(1)), {})


CALLS = list(calls())
EVERY_CALL = pytest.mark.parametrize("call", [call for _, _, call in CALLS], ids=[text for _, text, _ in CALLS])
NOT_OF_ARRAYS = {"for_instruction_set", "get_include", "show_config"}


def test_every_public_function_is_called():
    public = {name for name in fastact.__all__ if callable(getattr(fastact, name))} - NOT_OF_ARRAYS
    assert {name for name, _, _ in CALLS} == public
    assert public <= set(parallel.__all__)


def chunked(array: np.ndarray) -> da.Array:
    return da.from_array(array, chunks=CHUNKS[-array.ndim :] if array.ndim else ())


def never(array: np.ndarray) -> da.Array:
    """An array of the same shape, chunks and dtype that fails when its values are asked for."""

    def explode(*_: Any) -> np.ndarray:
        raise AssertionError("computed")

    return da.map_blocks(explode, chunked(array), dtype=array.dtype, meta=np.empty((0,) * array.ndim, array.dtype))


def same(lazy: Any, expected: Any) -> bool:
    return all(
        got.dtype == want.dtype and np.shape(got) == np.shape(want) and np.array_equal(bits(got), bits(want))
        for got, want in zip(outputs(lazy), outputs(expected), strict=True)
    )


@EVERY_CALL
def test_nothing_is_computed_before_it_is_asked_for(call: Call):
    function, arrays, keywords = call
    for got, want in zip(
        outputs(function(*map(never, arrays), **keywords)), outputs(function(*arrays, **keywords)), strict=True
    ):
        assert isinstance(got, da.Array)
        assert got.shape == np.shape(want)
        assert got.dtype == want.dtype
        assert isinstance(got._meta, np.ndarray)
        assert got._meta.dtype == want.dtype


@EVERY_CALL
def test_threads_give_the_bits_of_numpy(call: Call):
    function, arrays, keywords = call
    lazy = function(*map(chunked, arrays), **keywords)
    assert same(dask.compute(*outputs(lazy), scheduler="threads"), function(*arrays, **keywords))


@pytest.mark.parametrize(
    "name", [name for name, _, (_, _, keywords) in CALLS if not keywords and not re.search("split|crelu", name)]
)
def test_chunks_of_elementwise_functions_are_those_of_the_operands(name: str):
    function, arrays, _ = next(call for other, _, call in CALLS if other == name)
    for got in outputs(function(*map(chunked, arrays))):
        assert got.chunks == chunked(arrays[0]).chunks


def test_every_row_is_in_one_chunk_and_the_other_axes_keep_theirs():
    x = da.from_array(table(0, (6, 8, 9)), chunks=(2, 3, 4))
    assert fastact.softmax(x).chunks == ((2, 2, 2), (3, 3, 2), (9,))
    assert fastact.softmax(x, axis=1).chunks == ((2, 2, 2), (8,), (4, 4, 1))
    assert fastact.softmax(x, axis=(1, 2)).chunks[0] == (2, 2, 2)
    assert fastact.logsumexp(x, axis=0, keepdims=True).shape == (1, 8, 9)


TWO = [name for name, _, (function, _, _) in CALLS if getattr(function, "nout", 1) == 2]


def test_two_outputs_are_meant():
    assert {"gelu_with_derivative", "swiglu_backward"} <= set(TWO)


@pytest.mark.parametrize("name", ["gelu_with_derivative", "elu_with_derivative"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.bool_])
def test_two_outputs_of_every_dtype(name: str, dtype: type):
    function, x = getattr(fastact, name), table(0).astype(dtype)
    assert same(dask.compute(*function(chunked(x))), function(x))
    assert same(dask.compute(*function(chunked(x), dtype=np.float64)), function(x, dtype=np.float64))


def test_two_outputs_broadcast_and_let_python_numbers_follow():
    x, column = table(0), table(1, (6, 1))
    for arguments in (
        (chunked(x), 2.0, column),
        (2, x, chunked(column)),
        (np.float32(2), chunked(x), 1),
        (x, x, chunked(x)),
    ):
        plain = [a.compute() if isinstance(a, da.Array) else a for a in arguments]
        got = fastact.swiglu_backward(*arguments)
        assert all(isinstance(one, da.Array) for one in got)
        assert same(dask.compute(*got), fastact.swiglu_backward(*plain))
    slopes = da.from_array(table(1, (8,)) ** 2 + 1, chunks=3)
    assert same(
        dask.compute(*fastact.softplus_with_derivative(chunked(x), beta=slopes)),
        fastact.softplus_with_derivative(x, beta=slopes.compute()),
    )


def test_two_outputs_refuse_what_lazy_arrays_do_not_have():
    x = chunked(table(0))
    with pytest.raises(TypeError, match="gelu_with_derivative: where must not be given where operands are Dask arrays"):
        fastact.gelu_with_derivative(x, where=x > 0)
    with pytest.raises(TypeError, match="gelu_with_derivative: out must not"):
        fastact.gelu_with_derivative(x, out=(x, x))
    with pytest.raises(TypeError, match="computes in float16, float32 and float64"):
        fastact.gelu_with_derivative(x.astype(complex))
    with pytest.raises(TypeError, match="positional arguments"):
        fastact.gelu_with_derivative(x, x, x, x)


def test_a_call_that_numpy_refuses_fails_as_before():
    for wrong in ("text", object(), np.ones(3, complex), None):
        with pytest.raises(TypeError) as caught:
            fastact.gelu_with_derivative(wrong)
        assert caught.value.__context__ is None
        assert "ask" not in str(caught.value)


def test_two_outputs_through_xarray():
    x = table(0)
    array = xr.DataArray(chunked(x), dims=("row", "column"))
    got = fastact.gelu_with_derivative(array)
    for one, want in zip(got, fastact.gelu_with_derivative(x), strict=True):
        assert isinstance(one.data, da.Array)
        assert np.array_equal(one.values, want)


# Slopes that are drawn ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rrelu", "erelu"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_drawn_slopes_stay_lazy_and_the_same(name: str, dtype: type):
    function = getattr(fastact, name)
    x = table(0, (40, 30), dtype)
    lazy = da.from_array(x, chunks=(15, 30))
    y, slope = function(lazy, rng=np.random.default_rng(1))
    assert y.dtype == slope.dtype == dtype
    assert slope.chunks == lazy.chunks
    values, slopes = dask.compute(y, slope)
    again = slope.compute(scheduler="sync")
    assert np.array_equal(bits(slopes), bits(again))  # computed twice, forward and backward say
    other = function(lazy, rng=np.random.default_rng(1))[1].compute()
    assert np.array_equal(bits(slopes), bits(other))
    assert len(np.unique(slopes[:15, 0])) > 1
    assert not np.array_equal(slopes[:10], slopes[15:25])  # chunks draw each their own
    low, high = {"rrelu": (1 / 8, 1 / 3), "erelu": (0.5, 1.5)}[name]
    assert slopes.min() >= dtype(low)
    assert slopes.max() <= dtype(high)
    sign = x < 0 if name == "rrelu" else x > 0
    assert np.allclose(values[sign], (x * slopes)[sign], rtol=1e-2)
    rng = np.random.default_rng(1)
    first, second = (function(lazy, rng=rng)[1].compute() for _ in range(2))
    assert not np.array_equal(first, second)
    never_computed = function(never(x), rng=rng)
    assert all(isinstance(one, da.Array) for one in never_computed)


def test_bounds_of_drawn_slopes_may_be_arrays():
    x = chunked(table(0))
    lower = np.linspace(0.1, 0.2, 8, dtype=np.float32)
    for given in (lower, da.from_array(lower, chunks=3)):
        slope = fastact.rrelu(x, lower=given, upper=0.25, rng=np.random.default_rng(1))[1]
        values = slope.compute()
        assert values.shape == SHAPE
        assert (values >= lower).all()
        assert (values <= 0.25).all()
    width = da.from_array(np.full(8, 0.25, np.float32), chunks=3)
    slopes = fastact.erelu(table(0), alpha=width, rng=np.random.default_rng(1))[1].compute()
    assert slopes.min() >= 0.75


# Elsewhere ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def phish() -> Any:
    return fastact.custom("x*tanh(gelu(x))", name="phish_on_dask")


@pytest.fixture(scope="module")
def steep() -> Any:
    return fastact.custom("where(x > 0, x, a*sin(x))", name="steep_on_dask", parameters={"a": 0.5})


def everything(*own: Any) -> list[tuple[Any, Any]]:
    """What is lazy and what it must be, of every public function, parallel ones and definitions."""
    found = []
    for name, _, (function, arrays, keywords) in CALLS:
        lazy = function(*map(chunked, arrays), **keywords)
        found += zip(outputs(lazy), outputs(function(*arrays, **keywords)), strict=True)
        if name in ("gelu", "softmax", "swiglu_backward", "elu_with_derivative"):
            lazy = getattr(parallel, name)(*map(chunked, arrays), **keywords)
            found += zip(outputs(lazy), outputs(function(*arrays, **keywords)), strict=True)
    x = table(0)
    for function in own:
        for form in (function, function.derivative, function.with_derivative):
            found += zip(outputs(form(chunked(x))), outputs(form(x)), strict=True)
        found.append((function.backward(chunked(x), chunked(x)), function.backward(x, x)))
    return found


def test_processes(phish: Any, steep: Any):
    found = everything(phish, steep)
    assert all(isinstance(lazy, da.Array) for lazy, _ in found)
    computed = dask.compute(*(lazy for lazy, _ in found), scheduler="processes", num_workers=2)
    assert all(same(got, want) for got, (_, want) in zip(computed, found, strict=True))


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Of a cluster of two processes on this machine."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_a_cluster_of_processes(client: Client, phish: Any, steep: Any):
    found = everything(phish, steep)
    computed = client.gather(client.compute([lazy for lazy, _ in found]))
    assert all(same(got, want) for got, (_, want) in zip(computed, found, strict=True))


@pytest.mark.usefixtures("client")
def test_a_sweep_on_a_cluster_has_the_same_rows(phish: Any):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    little = data.Dataset("clusters", rng.normal(size=(90, 5)) + np.eye(5)[y] * 4, y, ("a", "b", "c"))
    settings = sweep.Settings(activations=("tanh", phish.spec.name), depths=(1, 2), widths=(6,), seeds=(0, 1), epochs=2)
    seen: list[bool] = []
    with joblib.parallel_config("dask"):
        got = sweep.run(settings, little, on_row=lambda _, taken_over: seen.append(taken_over))
    here = sweep.run(settings, little)
    assert [{**row, "seconds": 0} for row in got] == [{**row, "seconds": 0} for row in here]
    assert seen == [False] * len(settings)
    assert {row["status"] for row in got} == {"ok"}


def test_the_command_trains_on_a_cluster(client: Client, tmp_path: Path):
    arguments = ["--activations", "tanh", "--depths", "1", "--widths", "4", "--epochs", "1", "--seeds", "0,1"]
    address = client.scheduler_info()["address"]
    arguments += ["--output", str(tmp_path / "rows.json"), "--scheduler", address]

    def transitions() -> int:
        return client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)

    before = transitions()
    result = CliRunner().invoke(cli.make_app(), ["sweep", *arguments])
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert transitions() > before  # it was the cluster that trained


# The example --------------------------------------------------------------------------------------------------------

EXAMPLE = Path(__file__).parents[1] / "examples" / "dask" / "cluster.py"


@pytest.mark.skipif(not EXAMPLE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_example_runs_in_an_empty_directory(tmp_path: Path):
    arguments = ["--elements", "1e6", "--chunk", "1e5", "--epochs", "1", "--seeds", "1"]
    # ResourceWarning: sockets that asyncio closes when it collects garbage.
    warned = ["-W", "error", "-W", "ignore::ResourceWarning"]
    done = subprocess.run(
        [sys.executable, *warned, shutil.copy(EXAMPLE, tmp_path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "2 worker processes"
    assert lines[1].startswith("1e+06 elements, 0.004 GB, in 10 chunks: ")
    mean, integral, increase = map(float, re.findall(r"\d+\.\d+", lines[2]))
    assert mean == pytest.approx(0.5, abs=1e-7)
    assert integral == pytest.approx(increase, abs=1e-5)
    assert lines[3].startswith("40 networks: ")
    assert len(lines) == 4 + 1 + 40
