"""Calls that go to the loop at once give what NumPy's own call gives: values, dtypes, layouts, errors and warnings.

Which calls those are is nobody's business but the clock's; every kind of operand is tried. A keyword besides ``out``
makes any call NumPy's, which is what the others are compared with.
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import fastact
from fastact import _ufuncs

from .cases import CASES, DTYPES, Case, bits, outputs, special_values

NUMPYS: dict[str, Any] = {"casting": "same_kind"}  # the default, but said

ONE_OUTPUT = [case for case in CASES if len(case.form.outputs) == 1]
# Without parameters and with, one input and two.
FUNCTIONS = [fastact.tanh, fastact.elu, fastact.tanh.backward, fastact.elu.backward]
UFUNCS = [fastact.tanh, fastact.tanh.backward, fastact.elu.ufunc, fastact.elu.at_defaults, fastact.elu.backward.ufunc]


def inputs_of(function: Any) -> int:
    return 2 if "backward" in function.__name__ else 1


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives or raises, and the warnings, so that two can be compared."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call()
        except (TypeError, ValueError) as error:
            return TypeError if isinstance(error, TypeError) else ValueError, str(error)
    told = [(warning.category, str(warning.message)) for warning in caught]
    if not isinstance(result, (np.ndarray, np.generic)):
        return type(result), result, told
    array = np.asarray(result)
    kept = bits(array.view(array.dtype.type)).tolist() if array.dtype.type in DTYPES else array.tolist()
    layout = array.flags.c_contiguous, array.flags.f_contiguous, array.flags.owndata, array.flags.writeable
    if array.size > 1 and 1 not in array.shape:
        layout += array.strides
    return type(result), array.dtype, array.shape, kept, layout, told


def compare(function: Any, *operands: Any, out: Callable[[], Any] | None = None) -> None:
    """The call of a function as it stands, and NumPy's, give and raise the same. ``out`` makes an output for each."""
    first, second = (out(), out()) if out is not None else (None, None)
    got, want = (
        outcome(lambda: function(*operands, out=first)),
        outcome(lambda: function(*operands, out=second, **NUMPYS)),
    )
    assert what(got, function) == what(want, function)
    if isinstance(first, np.ndarray):
        assert first.tobytes() == second.tobytes()
    if out is None:
        assert what(outcome(lambda: function(*operands)), function) == what(want, function)


def what(found: Any, function: Any) -> Any:
    """An outcome without the words, where the ufunc with the parameters has others than that of the inputs alone."""
    if isinstance(function, np.ufunc) and function is not fastact.elu.at_defaults:
        return found
    if found[0] in {TypeError, ValueError}:
        return found[0]
    return *found[:-1], [category for category, _ in found[-1]]


# Values of every form -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", ONE_OUTPUT, ids=str)
def test_every_form_gives_the_bits_and_the_signals_of_numpys_call(case: Case, dtype: type):
    values = special_values(dtype)
    inputs = (values, values[::-1].copy())[: case.arguments]
    compare(case.function, *inputs)
    compare(case.function, *inputs, out=lambda: np.ones_like(values))
    compare(case.ufunc(), *inputs, *case.defaults(dtype))
    compare(case.ufunc(), *inputs, *case.row.defaults.values())
    for i in range(0, values.size, 5):
        compare(case.function, *(x[i] for x in inputs))
        compare(case.function, *(float(x[i]) for x in inputs))
        compare(case.ufunc(), *(float(x[i]) for x in inputs), *case.defaults(dtype))


# Kinds of operands --------------------------------------------------------------------------------------------------


class Subclass(np.ndarray):
    """An array that NumPy has to ask."""


class Number(float):
    """A Python float that is of another class."""


def misaligned(x: np.ndarray) -> np.ndarray:
    raw = np.zeros(x.nbytes + 1, np.uint8)[1:]
    raw[:] = np.frombuffer(x.tobytes(), np.uint8)
    return raw.view(x.dtype).reshape(x.shape)


def readonly(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


BASE = np.linspace(-3, 3, 12).reshape(3, 4)
KINDS: dict[str, Callable[[type], Any]] = {
    "array": BASE.astype,
    "vector": lambda dtype: BASE.ravel().astype(dtype),
    "Fortran": lambda dtype: np.asfortranarray(BASE.astype(dtype)),
    "strided": lambda dtype: np.repeat(BASE.astype(dtype), 2, axis=1)[:, ::2],
    "backwards": lambda dtype: BASE.astype(dtype)[::-1],
    "broadcast": lambda dtype: np.broadcast_to(BASE.astype(dtype)[0], (3, 4)),
    "row": lambda dtype: BASE.astype(dtype)[:1],
    "column": lambda dtype: BASE.astype(dtype)[:, :1],
    "without dimensions": lambda dtype: np.array(0.5, dtype),
    "one element": lambda dtype: np.array([[0.5]], dtype),
    "empty": lambda dtype: np.empty((3, 0, 4), dtype),
    "byte-swapped": lambda dtype: BASE.astype(np.dtype(dtype).newbyteorder()),
    "with metadata": lambda dtype: BASE.astype(np.dtype(dtype, metadata={"unit": "m"})),
    "unpickled": lambda dtype: pickle.loads(pickle.dumps(BASE.astype(dtype))),
    "with fields": lambda dtype: BASE.astype(dtype).view(np.dtype((dtype, {"all": (np.dtype(dtype), 0)}))),
    "misaligned": lambda dtype: misaligned(BASE.astype(dtype)),
    "read-only": lambda dtype: readonly(BASE.astype(dtype)),
    "subclass": lambda dtype: BASE.astype(dtype).view(Subclass),
    "matrix": lambda dtype: np.matrix(BASE.astype(dtype)),
    "masked": lambda dtype: np.ma.masked_greater(BASE.astype(dtype), 1),
    "number": lambda dtype: dtype(-0.75),
}
OTHERS: dict[str, Any] = {
    "float": -0.75,
    "subclass of float": Number(-0.75),
    "int": -2,
    "bool": True,
    "too large for float32": 1e300,
    "inf": float("inf"),
    "NaN": float("nan"),
    "list": BASE.tolist(),
    "integers": np.arange(12).reshape(3, 4),
    "text": "text",
    "None": None,
}


# What NumPy is not asked about, as an operand and as the output.
DIRECT = {"array", "vector", "one element", "row", "empty", "unpickled", "read-only", "number"}
DIRECT |= {"float", "too large for float32", "inf", "NaN"}


def operand(kind: str, dtype: type) -> Any:
    """An operand of a kind, of the dtype where it has one."""
    return KINDS[kind](dtype) if kind in KINDS else OTHERS[kind]


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [*KINDS, *OTHERS])
def test_one_operand_of_every_kind(kind: str, dtype: type):
    for ufunc in (fastact.tanh, fastact.elu.at_defaults, fastact.elu):
        compare(ufunc, operand(kind, dtype))
        compare(ufunc, operand(kind, dtype), out=lambda: np.ones((3, 4), dtype))


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("kind", [*KINDS, *OTHERS])
def test_which_operands_go_to_the_loop_at_once(kind: str):
    """The others would give the same, only later."""
    for dtype in DTYPES:
        x = operand(kind, dtype)
        assert (_ufuncs.directly(fastact.tanh, x) is not NotImplemented) == (kind in DIRECT)
        if kind not in OTHERS:
            same = [x, operand(kind, dtype)]
            assert (_ufuncs.directly(fastact.tanh.backward, *same) is not NotImplemented) == (kind in DIRECT)
            other_shape = _ufuncs.directly(fastact.tanh.backward, x, np.ones(5, dtype))
            assert (other_shape is not NotImplemented) == (kind == "number")
            with_number = _ufuncs.directly(fastact.elu.ufunc, x, dtype(2))
            assert (with_number is not NotImplemented) == (kind in DIRECT)
        out = np.ones((3, 4), dtype)
        fits = kind in {"array", "unpickled", "read-only"}
        assert (_ufuncs.directly(fastact.tanh, x, out) is out) == fits
    for dtype in (np.float32, np.float64):
        x = BASE.astype(dtype)
        fits = kind in {"array", "unpickled"}
        assert (kind == "read-only") or (
            _ufuncs.directly(fastact.tanh, x, operand(kind, dtype)) is not NotImplemented
        ) == (fits or kind == "None")
        assert _ufuncs.directly(fastact.elu.ufunc, x, 2.0) is not NotImplemented
        assert _ufuncs.directly(fastact.elu.ufunc, x, 1e300) is NotImplemented or dtype is np.float64
    assert _ufuncs.directly(fastact.elu.with_derivative.ufunc, 1.0, 1.0) is NotImplemented


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("kinds", list(itertools.product([*KINDS, *OTHERS], repeat=2)), ids="-".join)
def test_two_operands_of_any_kinds(kinds: tuple[str, str]):
    for dtypes in itertools.product((np.float32, np.float64), repeat=2):
        operands = [operand(kind, dtype) for kind, dtype in zip(kinds, dtypes, strict=True)]
        for ufunc in (fastact.tanh.backward, fastact.elu.ufunc):
            compare(ufunc, *operands)
            compare(ufunc, *operands, out=lambda: np.ones((3, 4), np.float32))


OUTS: dict[str, Callable[[], Any]] = {
    **{f"out {kind}": lambda kind=kind: operand(kind, np.float32) for kind in [*KINDS, *OTHERS] if kind != "masked"},
    "out of another dtype": lambda: np.ones((3, 4)),
    "out of the transposed shape": lambda: np.ones((4, 3), np.float32),
    "out as a tuple": lambda: (np.ones((3, 4), np.float32),),
    "a tuple of None": lambda: (None,),
    "out as a tuple of two": lambda: (np.ones((3, 4), np.float32), None),
    "an empty tuple": lambda: (),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("kind", OUTS)
def test_outputs_of_every_kind(kind: str):
    x = BASE.astype(np.float32)
    for function in FUNCTIONS:
        inputs = (x,) * inputs_of(function)
        compare(function, *inputs, out=OUTS[kind])
    for ufunc in UFUNCS:
        inputs = (x,) * ufunc.nin
        first, second = OUTS[kind](), OUTS[kind]()
        if not isinstance(first, tuple):
            by_position = outcome(lambda ufunc=ufunc, x=inputs, out=first: ufunc(*x, out))
            assert by_position == outcome(lambda ufunc=ufunc, x=inputs, out=second: ufunc(*x, out, **NUMPYS))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("offset", [0, 1, 5, 11, 12, 13])
def test_overlap_of_output_and_inputs(function: Any, offset: int):
    for backwards in (False, True):

        def made(backwards: bool = backwards) -> tuple[np.ndarray, np.ndarray]:
            memory = np.linspace(-3, 3, 40)
            x, y = memory[offset : offset + 12], memory[:12]
            return (y, x) if backwards else (x, y)

        results = []
        for keywords in ({}, NUMPYS):
            x, y = made()
            inputs = (x, x.copy())[: inputs_of(function)]
            function(*inputs, out=y, **keywords)
            results.append(y.tolist())
        assert results[0] == results[1]


def test_the_output_is_the_array_that_was_given():
    x, y = np.ones(5), np.empty(5)
    for ufunc in UFUNCS:
        inputs = (x,) * ufunc.nin
        assert ufunc(*inputs, out=y) is y
        assert ufunc(*inputs, y) is y
        assert ufunc(*inputs, out=(y,)) is y


@pytest.mark.parametrize("length", [3, 5000])
def test_no_reference_is_lost_or_kept(length: int):
    x, y = np.full(length, 1e200), np.empty(length)
    fixed = np.empty(length)
    fixed.flags.writeable = False
    watched = (x, y, fixed, x.dtype, fastact.square, fastact.elu.ufunc, fastact.elu.at_defaults)
    before = [sys.getrefcount(each) for each in watched]
    with np.errstate(over="raise"):
        for _ in range(100):
            for call in (
                lambda: fastact.square(x, out=y),
                lambda: fastact.square(x),
                lambda: fastact.square(1e200),
                lambda: fastact.tanh(x, out=fixed),
                lambda: fastact.elu(x, out=fixed),
                lambda: fastact.elu(x, out=y),
                lambda: fastact.elu(x),
                lambda: fastact.elu(x.tolist()[:2]),
                lambda: fastact.elu.ufunc(x, 2.0),
            ):
                with contextlib.suppress(FloatingPointError, ValueError):
                    call()
    del call
    assert [sys.getrefcount(each) for each in watched] == before


def test_an_output_that_must_not_be_written_to_unsaid_gives_numpys_warning():
    x = np.ones(3)
    made = [np.broadcast_arrays(np.ones(3), np.ones((1, 3)))[0] for _ in range(2)]
    got, want = (
        outcome(lambda out=out, keywords=keywords: fastact.tanh(x[None], out=out, **keywords))
        for out, keywords in zip(made, ({}, NUMPYS), strict=True)
    )
    assert got == want


@pytest.mark.parametrize("ufunc", UFUNCS, ids=str)
def test_wrong_calls_are_numpys_errors(ufunc: Any):
    x = np.ones(3)
    for count in (0, ufunc.nin - 1, ufunc.nin + 2, 20):
        if count != ufunc.nin:
            assert outcome(lambda count=count: ufunc(*(x,) * count)) == outcome(
                lambda count=count: ufunc(*(x,) * count, **NUMPYS)
            )
    with pytest.raises(TypeError, match="nonsense"):
        ufunc(*(x,) * ufunc.nin, nonsense=1)
    with pytest.raises(TypeError):
        ufunc(*(x,) * ufunc.nin, x, out=x)
    with pytest.raises(TypeError, match="refused"):
        ufunc(*(Refusing(),) * ufunc.nin)
    with pytest.raises(TypeError, match="refused"):
        ufunc(*(x,) * ufunc.nin, out=Refusing())


class Refusing:
    """What NumPy asks before it does anything."""

    def __array_ufunc__(self, ufunc: Any, *_: Any, **__: Any) -> Any:
        raise TypeError(f"refused {ufunc.__name__}")


class Telling:
    """What tells which ufunc it was asked about, and with what."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return ufunc, method, inputs, keywords


def test_what_has_a_protocol_of_its_own_gets_the_ufunc_with_the_parameters():
    telling = Telling()
    for call in (fastact.elu, fastact.elu.at_defaults):
        assert call(telling) == (fastact.elu.ufunc, "__call__", (telling, 1.0), {})
        x = np.ones(3)
        ufunc, _, inputs, keywords = call(x, out=telling)
        assert (ufunc, keywords) == (fastact.elu.ufunc, {"out": (telling,)})
        assert inputs[0] is x
    ufunc, _, inputs, keywords = fastact.elu.with_derivative(telling)
    assert (ufunc, inputs, keywords) == (fastact.elu.with_derivative.ufunc, (telling, 1.0), {})


# Signals ------------------------------------------------------------------------------------------------------------

LARGE = np.full(3, 1e200)


@pytest.mark.parametrize("dtype", DTYPES)
def test_overflow_is_reported_as_errstate_says(dtype: type):
    x = np.full(3, np.finfo(dtype).max)
    told: list[Any] = []
    for large in (x, x[0], *([float(x[0])] if dtype is np.float64 else [])):
        compare(fastact.square, large)
        with pytest.warns(RuntimeWarning, match="overflow encountered in square"):
            fastact.square(large)
        with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow encountered in square"):
            fastact.square(large)
        with np.errstate(over="ignore"):
            assert np.isinf(fastact.square(large)).all()
        with np.errstate(over="call", call=lambda *words: told.append(words)):
            fastact.square(large)
            fastact.square(large, **NUMPYS)
    assert len(told) >= 4
    assert len(set(told)) == 1


def test_the_output_is_written_before_the_error():
    results = []
    for keywords in ({}, NUMPYS):
        y = np.zeros(3)
        with np.errstate(over="raise"), pytest.raises(FloatingPointError):
            fastact.square(LARGE, out=y, **keywords)
        results.append(y.tolist())
    assert results[0] == results[1] == [np.inf] * 3


def test_what_was_signalled_before_is_not_reported_again():
    with np.errstate(all="ignore"):
        np.exp(np.full(3, 1e4))
        np.log(np.zeros(3))
    with np.errstate(all="raise"):
        fastact.tanh(np.ones(3))
        fastact.elu(np.ones(3))
        fastact.elu(1.0)


def test_underflow_in_the_conversion_of_a_number_is_no_signal():
    with np.errstate(all="raise"):
        compare(fastact.elu.ufunc, np.ones(3, np.float32), 1e-300)


# Sizes and threads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [1999, 2000, 2001, 50_000])
def test_lengths_around_the_one_from_which_other_threads_may_run(length: int, dtype: type):
    x = np.random.default_rng(length).normal(0, 4, length).astype(dtype)
    for function in FUNCTIONS:
        compare(function, *(x,) * inputs_of(function))


def test_threads_that_call_at_once_get_their_own_results():
    x = np.random.default_rng(0).normal(0, 4, (8, 30_000))
    want = fastact.elu(x, **NUMPYS)
    wrong = []

    def work(i: int) -> None:
        wrong.extend(i for _ in range(200) if not np.array_equal(fastact.elu(x[i]), want[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(x))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


ELEMENTS = st.floats(width=32)


@given(
    x=arrays.arrays(st.sampled_from(DTYPES), arrays.array_shapes(min_dims=0, min_side=0), elements=st.floats(width=16)),
    order=st.sampled_from("CFAK"),
    number=st.floats() | ELEMENTS.map(np.float32) | st.floats().map(np.float64),
    data=st.data(),
)
def test_any_array_and_number(x: np.ndarray, order: Any, number: Any, data: st.DataObject):
    x = np.array(x, order=order)
    if x.ndim:
        x = x[data.draw(arrays.basic_indices(x.shape, allow_newaxis=True))]
    function = data.draw(st.sampled_from([fastact.tanh, fastact.elu]))
    compare(function, x)
    compare(fastact.elu.ufunc, x, number)
    compare(fastact.elu.ufunc, number, x)
    compare(fastact.tanh.backward, x, x)
    if isinstance(x, np.ndarray):
        compare(function, x, out=lambda: np.zeros_like(x, order=order))
    assert outputs(function(x))


def test_large_integers_are_numbers_with_the_default_parameters_as_with_others():
    for function in (fastact.elu, fastact.leaky_relu, fastact.hard_tanh):
        assert function(10**30) == function(1e30)
        assert function(-2) == function(-2.0)
