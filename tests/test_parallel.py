"""``fastact.parallel``: the bits, conventions and errors of the serial functions, by calls that did run on threads."""

from __future__ import annotations

import ctypes
import ctypes.util
import pickle
import platform
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastact
from fastact import _parallel, _threads
from fastact._units import GATED_UNITS, ROW_FUNCTIONS
from fastact.parallel import ParallelUfunc, of

from .cases import CASES, DTYPES, Case, bits, outputs

parallel = fastact.parallel
SIZE = 3 * _parallel.SMALL_CALL + 77
rng = np.random.default_rng(5)

_threads.start()
if not _threads._layer or _threads._pool() < 2:
    pytest.skip(f"no two threads here: {_threads.describe()}", allow_module_level=True)


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Two threads for whatever is not small, as if everything were worth it."""
    before = _parallel.state()
    parallel.set_num_threads(2)
    _parallel.configure(threshold=0.0)
    yield
    _parallel.configure(**{name: before[name] for name in ("limit", "threshold", "drive")})


def count() -> int:
    return _parallel.state()["calls"]


def same(result: Any, wanted: Any) -> None:
    """The same types, shapes, strides and bits."""
    for one, other in zip(outputs(result), outputs(wanted), strict=True):
        assert type(one) is type(other)
        assert (one.dtype, one.shape, one.strides) == (other.dtype, other.shape, other.strides)
        if one.dtype.char == "g":  # has bytes that mean nothing
            assert np.array_equal(one, other, equal_nan=True)
        else:
            assert one.tobytes("A") == other.tobytes("A")


def compare(function: Callable[..., Any], serial: Callable[..., Any], *operands: Any, **keywords: Any) -> None:
    """Held to the serial function, and to having run on threads; ``out`` is copied for each."""
    before = count()
    with np.errstate(all="ignore"):
        results = []
        for called in (function, serial):
            if "out" in keywords:
                keywords["out"] = keywords["out"].copy()
            results.append(called(*operands, **keywords))
            assert count() > before, "it was serial"
            assert results[-1] is keywords.get("out", results[-1])
    same(*results)


def normal(shape: Any, dtype: Any = np.float32) -> Any:
    return rng.normal(0, 3, shape).astype(dtype)


# The functions --------------------------------------------------------------------------------------------------------


def test_the_names_are_those_of_fastact():
    others = {"__version__", "activations", "for_instruction_set", "get_include", "show_config"}
    assert set(parallel.__all__) == set(fastact.__all__) - others | {"of", "get_num_threads", "set_num_threads"}
    assert set(dir(parallel)) == set(parallel.__all__)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_form_gives_the_same_bits(case: Case):
    function, serial = getattr(parallel, str(case)), getattr(fastact, str(case))
    for dtype in DTYPES:
        operands = case.operands(dtype, SIZE)
        compare(function, serial, *operands[: case.arguments])
        if case.row.parameters:
            compare(function.ufunc, serial.ufunc, *case.operands(dtype, SIZE, vary=True))
    assert function.__module__ == "fastact.parallel"
    assert (function.__doc__, function.spec) == (serial.__doc__, serial.spec)
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("row", fastact.activations.values(), ids=lambda row: row.name)
def test_forms_are_attributes(row: Any):
    for form in row.forms[1:]:
        assert getattr(getattr(parallel, row.name), form.name) is getattr(parallel, row.name + form.suffix)


@pytest.mark.parametrize("row", ROW_FUNCTIONS.values(), ids=lambda row: row.name)
@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), None])
def test_functions_of_rows(row: Any, axis: Any):
    x = normal((60, 9, 31))
    for form in row.forms:
        function, serial = getattr(parallel, row.name + form.suffix), getattr(fastact, row.name + form.suffix)
        operands = []
        if len(form.inputs) > 1:
            reduced = form.signature.startswith("()")
            operands.append(normal(fastact.logsumexp(x, axis=axis).shape if reduced else x.shape))
        before = count()
        wanted = serial(*operands, x, axis=axis)
        result = function(*operands, x, axis=axis)
        assert count() > before or axis is None  # all of x is one row then
        assert result.shape == wanted.shape
        assert np.array_equal(bits(result), bits(wanted))
        if axis == -1:
            for dtype in DTYPES:
                compare(function, serial, *(array.astype(dtype) for array in operands), x.astype(dtype))
            out = np.empty_like(wanted)
            compare(function, serial, *operands, x[::-1].astype(np.float64), out=out, casting="unsafe")


def test_a_gufunc_in_place_is_serial_and_right():
    x = normal((400, 30))
    wanted = fastact.softmax(x)
    before = count()
    parallel.softmax(x, out=x)
    assert count() == before
    assert np.array_equal(bits(x), bits(wanted))


@pytest.mark.parametrize("unit", GATED_UNITS)
def test_gated_units(unit: str):
    a, b, grad = (normal((90, 200)) for _ in range(3))
    function, serial = getattr(parallel, unit), getattr(fastact, unit)
    compare(function, serial, a, b)
    compare(function.backward, serial.backward, grad, a, b)
    compare(function.split, serial.split, a)
    compare(function.split.backward, serial.split.backward, grad[:, :100], a)


def test_functions_that_change_an_axis():
    x = normal((90, 200))
    compare(parallel.crelu, fastact.crelu, x)
    compare(parallel.crelu.backward, fastact.crelu.backward, normal((90, 400)), x)
    same(parallel.maxout(x, 4), fastact.maxout(x, 4))


def test_slopes_that_are_drawn():
    x = normal(SIZE)
    for name in ("rrelu", "erelu"):
        function, serial = getattr(parallel, name), getattr(fastact, name)
        before = count()
        with np.errstate(all="ignore"):
            result, slope = function(x, rng=np.random.default_rng(3))
            same((result, slope), serial(x, rng=np.random.default_rng(3)))
        assert count() > before
        compare(function.backward, serial.backward, x, x, slope=slope)


# Operands -------------------------------------------------------------------------------------------------------------

X = normal((24, 40, 50))
LAYOUTS: dict[str, Any] = {
    "contiguous": X,
    "fortran": np.asfortranarray(X),
    "transposed": X.transpose(2, 0, 1),
    "every second": normal((24, 40, 100))[..., ::2],
    "backwards": X[::-1, :, ::-1],
    "columns": normal((9000, 7))[:, 1:4],
    "few rows": normal((3, 9000))[:2],
    "repeated": np.broadcast_to(normal((40, 1)), (24, 40, 50)),
    "byte-swapped": X.astype(">f4"),
    "unaligned": np.frombuffer(b"\0" + X.tobytes(), np.uint8)[1:].view(np.float32).reshape(X.shape),
    "read-only": np.frombuffer(X.tobytes(), np.float32),
    "float16": X.astype(np.float16),
    "bool": X > 0,
    "int8": (X * 9).astype(np.int8),
    "uint64": np.abs(X * 1e9).astype(np.uint64),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name: str):
    x = LAYOUTS[name]
    compare(parallel.gelu, fastact.gelu, x)
    compare(parallel.gelu_with_derivative, fastact.gelu_with_derivative, x)
    compare(parallel.elu_backward, fastact.elu_backward, x, x, alpha=0.5)
    compare(parallel.gelu, fastact.gelu, x, order="F")
    compare(parallel.gelu, fastact.gelu, x, dtype=np.float64)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_of_outputs(name: str):
    model = LAYOUTS[name]
    x = normal(model.shape)
    if name in ("repeated", "read-only", "bool", "int8", "uint64"):
        before = count()
        function = parallel.gelu if name != "repeated" else parallel.relu
        out = np.zeros(()) if name == "repeated" else model
        with pytest.raises((TypeError, ValueError)):
            function(x, out=out)
        assert count() == before
        return
    outs = [np.empty_like(model), np.empty_like(model)]
    views = [out[...] for out in outs]
    if name == "every second":
        views = [np.zeros((*model.shape[:-1], 2 * model.shape[-1]), np.float32)[..., ::2] for _ in outs]
    before = count()
    assert parallel.silu(x, out=views[0]) is views[0]
    assert count() > before
    fastact.silu(x, out=views[1])
    assert views[0].tobytes() == views[1].tobytes()


def test_broadcasting():
    x, weight = normal((8, 16, 12, 12)), normal((16, 1, 1))
    compare(parallel.prelu, fastact.prelu, x, weight)
    compare(parallel.prelu_backward, fastact.prelu_backward, x, x[:1], weight)
    compare(parallel.swiglu, fastact.swiglu, normal((300, 1)), normal((1, 300)))
    compare(parallel.swiglu, fastact.swiglu, normal((100, 100)), normal(100), out=np.empty((3, 100, 100), np.float32))


def test_scalars_and_dtypes():
    x = normal(SIZE)
    for weight in (0.5, 2, True, np.float32(0.5), np.float64(0.5), np.float16(0.5), np.array(0.25)):
        compare(parallel.prelu, fastact.prelu, x, weight)
    ints = np.arange(SIZE)
    compare(parallel.prelu, fastact.prelu, ints, x)
    compare(parallel.gelu, fastact.gelu, ints, dtype="f4", casting="unsafe")
    compare(parallel.gelu, fastact.gelu, x, signature=(np.float64, None))
    compare(parallel.gelu, fastact.gelu, x, sig="d->d")
    compare(parallel.gelu, fastact.gelu, x, subok=False, where=True)
    compare(parallel.gelu, fastact.gelu, x.astype(np.float64), out=np.empty(SIZE, np.float16))
    compare(parallel.gelu, fastact.gelu, x, out=np.empty(SIZE, np.int64), casting="unsafe")


def test_outputs():
    x = normal(SIZE)
    out, slope = np.empty_like(x), np.empty_like(x)
    before = count()
    assert parallel.gelu(x, out) is out
    assert parallel.gelu(x, out=(out,)) is out
    results = parallel.gelu_with_derivative(x, out=(None, slope))
    assert results[1] is slope
    assert parallel.elu(x, 0.5, out=out) is out
    assert count() == before + 4
    same(results, fastact.gelu_with_derivative(x))
    same(out, fastact.elu(x, 0.5))
    inplace = x.copy()
    assert parallel.gelu(inplace, out=inplace) is inplace
    assert count() == before + 5
    same(inplace, fastact.gelu(x))


@pytest.mark.parametrize("shift", [slice(1, None), slice(None, -1), slice(None, None, -1)])
def test_overlap_is_serial_and_right(shift: slice):
    one, other = normal(SIZE), None
    other = one.copy()
    before = count()
    target = slice(None, -1) if shift.start == 1 else slice(1, None) if shift.step is None else slice(None)
    parallel.gelu(one[shift], out=one[target])
    assert count() == before
    fastact.gelu(other[shift], out=other[target])
    same(one, other)


def test_outputs_that_overlap_are_serial():
    x, memory = normal(SIZE), np.empty(2 * SIZE, np.float32)
    before = count()
    parallel.gelu_with_derivative(x, out=(memory[:SIZE], memory[1 : SIZE + 1]))
    window = np.lib.stride_tricks.as_strided(memory, (SIZE,), (0,))
    parallel.gelu(x, out=window)
    assert count() == before


def test_what_is_left_to_the_ufunc():
    x = normal(SIZE)
    before = count()
    where = x > 0
    assert np.array_equal(
        bits(parallel.gelu(x, where=where, out=np.zeros_like(x))[where]), bits(fastact.gelu(x)[where])
    )
    assert type(parallel.gelu(np.ma.masked_less(x, 0))) is np.ma.MaskedArray
    assert isinstance(parallel.gelu(x.view(np.recarray)), np.recarray)
    same(parallel.gelu(list(x)), fastact.gelu(list(x)))
    assert of(np.add).reduce(x) == np.add.reduce(x)
    same(of(np.add).accumulate(x), np.add.accumulate(x))
    same(of(np.add)(x[:3], 1), np.add(x[:3], 1))
    assert type(parallel.gelu(1.0)) is np.float64
    assert count() == before


def test_dask_arrays_stay_lazy():
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    x = normal((200, 100))
    lazy = parallel.gelu(da.from_array(x, chunks=50))
    assert hasattr(lazy, "__dask_graph__")
    assert np.array_equal(bits(lazy.compute(scheduler="sync")), bits(fastact.gelu(x)))


BIG = normal(SIZE)
MISTAKES: dict[str, Callable[[Any], Any]] = {
    "shapes": lambda f: f.swiglu(BIG, BIG[:-1]),
    "shape of out": lambda f: f.gelu(BIG, out=np.empty(3)),
    "read-only out": lambda f: f.gelu(BIG, out=np.frombuffer(BIG.tobytes(), np.float32)),
    "cast of out": lambda f: f.gelu(BIG, out=np.empty(SIZE, np.int32)),
    "no cast": lambda f: f.gelu(BIG, out=np.empty(SIZE, np.float64), casting="no"),
    "casting": lambda f: f.gelu(BIG, casting="wild"),
    "order": lambda f: f.gelu(BIG, order="Z"),
    "dtype": lambda f: f.gelu(BIG, dtype="complex64"),
    "dtype twice": lambda f: f.gelu(BIG, dtype="f4", signature="f->f"),
    "complex": lambda f: f.gelu(BIG.astype(complex)),
    "object": lambda f: f.gelu(BIG.astype(object)),
    "text": lambda f: f.gelu(BIG.astype(str)),
    "longdouble": lambda f: f.gelu(BIG.astype(np.longdouble)),
    "keyword": lambda f: f.gelu(BIG, wrong=1),
    "out twice": lambda f: f.gelu(BIG, BIG, out=BIG),
    "too many": lambda f: f.gelu(BIG, BIG, BIG),
    "too few": lambda f: f.swiglu(BIG),
    "one of two": lambda f: f.gelu_with_derivative(BIG, out=BIG),
    "domain": lambda f: f.softplus(BIG, beta=-1.0),
    "axis": lambda f: f.softmax(BIG, axis=9),
    "cores": lambda f: f.softmax_backward(BIG[: 64 * 64].reshape(64, 64), BIG[: 64 * 65].reshape(64, 65)),
    "out of rows": lambda f: f.softmax(BIG[: 64 * 64].reshape(64, 64), out=np.empty(5)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_those_of_the_ufunc(name: str):
    kept = BIG.copy()
    before = count()
    with pytest.raises(Exception) as wanted:  # noqa: PT011
        MISTAKES[name](fastact)
    with pytest.raises(type(wanted.value)) as found:
        MISTAKES[name](parallel)
    assert str(found.value) == str(wanted.value)
    assert count() == before
    assert np.array_equal(BIG, kept)


@given(data=st.data())
def test_any_call(data: st.DataObject):
    """Dimensions, strides, dtypes, broadcasting and outputs, drawn."""
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 7, 33, 130]), min_size=1, max_size=3)))
    shape = (data.draw(st.sampled_from([4500, 61 * 74])) // max(1, np.prod(shape)) + 1, *shape)
    operands = []
    for _ in range(2):
        dtype = data.draw(st.sampled_from(["f2", "f4", "f8", ">f4", "i4", "?"]))
        own = tuple(1 if data.draw(st.integers(0, 4)) == 0 else n for n in shape)
        step = data.draw(st.sampled_from([1, 2, -1, -3]))
        wide = normal((*own[:-1], own[-1] * abs(step)), np.float64).astype(dtype)
        operands.append(wide[..., ::step].transpose() if data.draw(st.booleans()) else wide[..., ::step])
    if operands[0].shape[::-1] == operands[1].shape or operands[0].ndim != operands[1].ndim:
        operands[1] = operands[1].transpose()
    keywords: dict[str, Any] = {"order": data.draw(st.sampled_from("KCFA"))}
    if data.draw(st.booleans()):
        keywords["dtype"] = data.draw(st.sampled_from(["f4", "f8"]))
        keywords["casting"] = "unsafe"
    with np.errstate(all="ignore"):
        try:
            wanted = fastact.swiglu(*operands, **keywords)
        except ValueError:
            with pytest.raises(ValueError, match="broadcast"):
                parallel.swiglu(*operands, **keywords)
            return
        before = count()
        same(parallel.swiglu(*operands, **keywords), wanted)
        assert count() == before + (wanted.size >= _parallel.SMALL_CALL)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("order", ["C", "F", "reversed", "moved"])
def test_rows_are_laid_out_as_the_serial_ones(axis: int, order: str):
    x = normal((16, 40, 30))
    x = {"C": x, "F": np.asfortranarray(x), "reversed": x[::-1, :, ::-1], "moved": np.moveaxis(x, 0, 1)}[order]
    before = count()
    same(parallel.softmax(x, axis=axis), fastact.softmax(x, axis=axis))
    same(parallel.softmax_backward(x, x, axis=axis), fastact.softmax_backward(x, x, axis=axis))
    same(parallel.logsumexp(x, axis=axis), fastact.logsumexp(x, axis=axis))
    assert count() == before + 3


# Floating-point state -------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """Every worker on a thread that was there before, and none on the thread that calls."""
    kind = ctypes.CFUNCTYPE(None, ctypes.c_size_t, ctypes.c_ssize_t)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()

        def drive(work: int, task: int, workers: int) -> None:
            for worker in range(workers):
                pool.submit(kind(work), task, worker).result()

        _parallel.configure(drive=drive)
        yield


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("at", [0, SIZE - 1])
def test_exceptions_of_any_thread_are_reported(at: int):
    x = np.ones(SIZE, np.float32)
    x[at] = 200
    before = count()
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow encountered in exponential"):
        parallel.exponential(x)
    with pytest.warns(RuntimeWarning, match="overflow encountered in exponential"):
        parallel.exponential(x)
    seen = []
    with np.errstate(over="call", call=lambda kind, flag: seen.append((kind, flag))):
        parallel.exponential(x)
    assert seen == [("overflow", 2)]
    x[at] = 0
    with np.errstate(all="ignore", divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        of(np.reciprocal)(x)
    x[at] = -1
    with np.errstate(all="ignore", invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
        of(np.sqrt)(x)
    assert count() == before + 5


def test_silence():
    x = np.concatenate([normal(SIZE), [np.nan, np.inf, -np.inf, 0]]).astype(np.float32)
    before = count()
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel.gelu(x)
        parallel.sigmoid_derivative(x)
        of(np.isnan)(x)
        of(np.multiply)(np.arange(SIZE), 2**62)  # integers overflow silently
    assert count() == before + 4


@pytest.mark.usefixtures("elsewhere")
def test_the_rounding_mode_is_that_of_the_caller():
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    numerator, denominator = np.ones(SIZE), np.full(SIZE, 3.0)
    nearest = library.fegetround()
    upward = {"x86_64": 0x800}.get(platform.machine(), 0x400000)
    library.fesetround(upward)
    try:
        result = of(np.divide)(numerator, denominator)
    finally:
        library.fesetround(nearest)
    assert np.all(result == np.nextafter(1 / 3, 1))


# Ufuncs of others -----------------------------------------------------------------------------------------------------

NUMPY = [name for name in sorted(np.__all__) if isinstance(getattr(np, name), np.ufunc)]


@pytest.mark.parametrize("name", NUMPY)
def test_ufuncs_of_numpy(name: str):
    ufunc = getattr(np, name)
    function = of(ufunc)
    tried = 0
    for dtype in ("?", "i2", "i8", "u4", "f2", "f4", "f8", "c8", "g"):
        operands = [np.abs(normal((90, 70), np.float64)).astype(dtype) + np.array(1, dtype) for _ in range(ufunc.nin)]
        with np.errstate(all="ignore"):
            try:
                wanted = ufunc(*operands)
            except (TypeError, ValueError):
                continue
            before = count()
            same(function(*operands), wanted)
            tried += count() - before
    objects = {"matmul", "matvec", "vecmat", "isnat", "str_len"}
    assert tried > 0 or name in objects or ufunc.signature, name


@pytest.mark.parametrize("name", ["expit", "erf", "ndtr", "xlogy", "gammaln", "betainc", "jv", "airy", "wofz"])
def test_ufuncs_of_scipy(name: str):
    special = pytest.importorskip("scipy.special", reason="scipy is not installed")
    ufunc = getattr(special, name)
    operands = [np.abs(normal(SIZE, np.float64)) / 12 for _ in range(ufunc.nin)]
    compare(of(ufunc), ufunc, *operands)


@pytest.mark.parametrize("at", [0, -1])
def test_errors_of_scipy_are_reported(at: int):
    special = pytest.importorskip("scipy.special", reason="scipy is not installed")
    x = np.ones(SIZE)
    x[at] = 0
    digamma = of(special.digamma)
    compare(digamma, special.digamma, x)
    with special.errstate(all="raise"), pytest.raises(special.SpecialFunctionError, match="psi: singularity"):
        digamma(x)
    with special.errstate(all="warn"), pytest.warns(special.SpecialFunctionWarning, match="psi: singularity"):
        digamma(x)


def test_an_exception_that_a_loop_left_behind_is_raised():
    def broken(*task: int) -> None:  # noqa: ARG001
        raise SystemError("returned a result with an exception set") from KeyError("of a loop")

    _parallel.configure(drive=broken)
    with pytest.raises(KeyError, match="of a loop"):
        of(np.sin)(BIG)


def test_of():
    assert of(np.sin) is of(np.sin)
    assert of(of(np.sin)) is of(np.sin)
    assert of(fastact.gelu) is parallel.gelu
    assert of(fastact.elu) is parallel.elu
    assert of(fastact.elu.ufunc) is parallel.elu.ufunc
    assert of(np.sin).nin == 1
    assert of(np.sin).types == np.sin.types
    assert repr(of(np.sin)) == "<parallel ufunc 'sin'>"
    again = pickle.loads(pickle.dumps(of(np.sin)))
    assert again.serial is np.sin
    with pytest.raises(AttributeError):
        _ = of(np.sin).nonsense


@pytest.mark.parametrize("wrong", [np.frompyfunc(abs, 1, 1), abs, np.sum, None, "sin"])
def test_of_refuses_what_is_no_loop_over_numbers(wrong: Any):
    with pytest.raises(TypeError, match="ufunc must"):
        of(wrong)
    with pytest.raises(TypeError, match="ufunc must"):
        ParallelUfunc(wrong)


def test_loops_over_other_things_are_serial():
    before = count()
    objects = np.arange(SIZE).astype(object)
    assert np.array_equal(of(np.add)(objects, 1), objects + 1)
    dates = np.arange(SIZE).astype("M8[D]")
    assert np.array_equal(of(np.subtract)(dates, dates[0]), dates - dates[0])
    assert np.array_equal(of(np.less)(objects, 5), np.arange(SIZE) < 5)
    assert count() == before
    with pytest.raises(OverflowError):
        of(np.add)(np.zeros(SIZE, np.uint8), 300)


def test_calls_within_a_worker_are_serial():
    """A loop that calls back into Python, as no ufunc of numbers should: it neither hangs nor starts threads."""
    from numba.np.ufunc import _internal

    x, nested, idents = normal(SIZE), [], set()
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)

    @kind
    def loop(args: int, dimensions: int, steps: int, data: int) -> None:  # noqa: ARG001
        idents.add(threading.get_ident())
        before = count()
        result = parallel.gelu(x)
        nested.append((count() - before, np.array_equal(bits(result), bits(fastact.gelu(x)))))

    address = ctypes.cast(loop, ctypes.c_void_p).value
    double = np.dtype(np.float64).num
    ufunc = _internal.fromfunc("calls_back", "", [address], [[double, double]], 1, 1, [None], None, -1)
    of(ufunc)(np.zeros(40 * SIZE))
    assert nested
    assert all(of_one == (0, True) for of_one in nested)


# What is worth it -----------------------------------------------------------------------------------------------------


def test_small_calls_are_serial():
    before = count()
    small = normal(_parallel.SMALL_CALL - 1)
    same(parallel.gelu(small), fastact.gelu(small))
    _parallel.configure(threshold=1e12)
    same(parallel.gelu(BIG), fastact.gelu(BIG))
    parallel.set_num_threads(1)
    _parallel.configure(threshold=0.0)
    same(parallel.gelu(BIG), fastact.gelu(BIG))
    assert count() == before


def test_calls_that_lose_time_become_rare():
    drive = _parallel.state()["drive"]

    def late(*task: int) -> None:
        drive(*task)
        time.sleep(0.03)

    x = normal(400_000)  # in many chunks, but far below what is always tried, on a busy machine too
    _parallel.configure(threshold=1.0, drive=late)
    before = count()
    for _ in range(100):
        parallel.relu(x)
    assert 1 <= count() - before <= 20


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", True, None])
def test_set_num_threads_refuses(wrong: Any):
    before = parallel.get_num_threads()
    with pytest.raises((TypeError, ValueError), match=r"^n must be"):
        parallel.set_num_threads(wrong)
    assert parallel.get_num_threads() == before


def test_limits():
    parallel.set_num_threads(1000)
    assert parallel.get_num_threads() == _threads._pool()
    numba = pytest.importorskip("numba")
    before = count()
    numba.set_num_threads(1)  # of this thread
    try:
        same(parallel.gelu(BIG), fastact.gelu(BIG))
        assert count() == before
    finally:
        numba.set_num_threads(_threads._pool())
    compare(parallel.gelu, fastact.gelu, BIG)


def test_threadpoolctl_limits_the_threads():
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="threadpoolctl is not installed")
    before = count()
    for api in ("fastact", None):
        with threadpoolctl.threadpool_limits(limits=1, user_api=api):
            assert parallel.get_num_threads() == 1
            same(parallel.gelu(BIG), fastact.gelu(BIG))
        assert parallel.get_num_threads() == 2
    assert count() == before
    (known,) = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "fastact"]
    assert known["num_threads"] == 2
    assert known["version"] == fastact.__version__


def test_show_config_says_so():
    parallel.set_num_threads(2)
    said = fastact.show_config("dict")["fastact.parallel"]
    assert said.startswith(f"2 threads by {_threads._layer}, for calls of ")
    parallel.set_num_threads(1)
    assert fastact.show_config("dict")["fastact.parallel"] == "serial: limited to 1 thread"


DOCUMENT = Path(__file__).parents[1] / "docs" / "parallel.md"


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_documentation_runs(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("scipy", reason="scipy is not installed")
    code = "".join(re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL))
    names: dict[str, Any] = {}
    before = count()
    exec(compile(code, str(DOCUMENT), "exec"), names)
    assert count() - before >= 6
    assert "fastact.parallel  " in capsys.readouterr().out
    assert np.array_equal(names["z"], np.sin(names["x"]))
