"""What makes the public functions first-class ufuncs: dtypes, names, documentation, keywords, domains, silence.

Iterates over every form of every row. Values are judged elsewhere; here only what is exact is compared.
"""

from __future__ import annotations

import copy
import ctypes
import inspect
import itertools
import math
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastact
from fastact import gated, rowwise
from fastact._units import GATED_UNITS, RESIZING_UNITS

from .cases import CASES, DTYPES, Case, bits, outputs, special_values

# What is not of the catalogue: looked at in test_rowwise.py, test_gated.py and test_resizing.py.
UNITS = {
    *rowwise.names(),
    *gated.names(),
    *(form.name for unit in GATED_UNITS.values() for form in unit.split_forms),
    *(form.name for unit in RESIZING_UNITS.values() for form in unit.forms),
}

KEYWORD = [case for case in CASES if case.row.parameters]
PLAIN = [case for case in CASES if not case.row.parameters]
FORM_NAMES = sorted({case.form.name for case in CASES} - {"value"})
PARAMETERS = [
    pytest.param(case, i, id=f"{case}-{parameter.name}")
    for case in KEYWORD
    for i, parameter in enumerate(case.row.parameters)
]


def call(case: Case, *values: Any, **keywords: Any) -> Any:
    """The public callable with every array argument the same value, and default parameters."""
    arguments = values if len(values) == case.arguments else values * case.arguments
    return case.function(*arguments, **keywords)


def dtypes_of(result: Any) -> set[np.dtype]:
    return {np.asarray(output).dtype for output in outputs(result)}


# Names, attributes, documentation -----------------------------------------------------------------------------------


def test_every_form_of_every_row_is_public_and_nothing_else():
    functions = {name + case.form.suffix for case in CASES for name in (case.row.name, *case.row.aliases)} | UNITS
    others = {"__version__", "activations", "for_instruction_set", "get_include", "show_config"}
    assert set(fastact.__all__) == functions | others
    assert set(dir(fastact)) == functions | others | {
        "custom",
        "parallel",
        "registered",
        "theory",
    }  # loaded when asked for
    assert len(fastact.__all__) == len(set(fastact.__all__))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_names(case: Case):
    function, ufunc = case.function, case.ufunc()
    assert function.__name__ == str(case)
    assert getattr(function, "__qualname__", str(case)) == str(case)  # NumPy's ufuncs have none before 2.5
    assert ufunc.__name__ == str(case) + (".ufunc" if case.row.parameters else "")
    assert function.__module__ == ufunc.__module__ == "fastact"
    assert isinstance(function, np.ufunc) == (not case.row.parameters)
    assert (ufunc.nin, ufunc.nout) == (case.arguments + len(case.row.parameters), len(case.form.outputs))
    assert ufunc.types == [f"{letter * ufunc.nin}->{letter * ufunc.nout}" for letter in ("e", "f", "d")]
    assert ufunc.identity is None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_attributes(case: Case):
    assert case.function.spec is case.row is fastact.activations[case.row.name]
    if case.form.name != "value":
        return
    existing = {form.name for form in case.row.forms}
    for name in FORM_NAMES:
        if name in existing:
            assert getattr(case.function, name) is getattr(fastact, f"{case.row.name}_{name}")
        else:
            assert not hasattr(case.function, name)


def test_rows_are_found_by_alias_too():
    table = fastact.activations
    aliases = {alias: row for row in table.values() for alias in row.aliases}
    assert aliases
    for alias, row in aliases.items():
        assert table[alias] is table.get(alias) is table.get(alias, None) is row
        assert alias in table
        assert alias not in list(table)
    assert len(table) == len(list(table)) == len({case.row.name for case in CASES})
    for missing in ("nonsense", "", None, 3):
        assert missing not in table
        assert table.get(missing) is None
        assert table.get(missing, 7) == 7
        with pytest.raises(KeyError, match="is not an activation; there are identity"):
            table[missing]


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        fastact.activations["mine"] = None
    row = next(iter(fastact.activations.values()))
    with pytest.raises(AttributeError):
        row.name = "other"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_documentation(case: Case):
    text = case.function.__doc__
    for formula in case.form.formulas:
        bound = case.row.accuracy_of({"derivative_from_output": "backward_from_output"}.get(formula, formula))
        assert f"{bound.float32:g} ULP in float32, {bound.float64:g} in float64, {bound.float16:g} in float16" in text
    if case.form.kind == "backward_from_output":
        assert case.row.from_output in text
    assert case.row.summary in text
    assert case.row.formula in text
    assert case.row.derivative_formula in text
    assert case.row.reference in text
    for name in case.form.inputs:
        assert f"{name} : array_like" in text
    for parameter in case.row.parameters:
        assert f"{parameter.name} : array_like, default {parameter.default:.17g}" in text
        assert f"in {case.domain(parameter)}" in text
    assert case.ufunc().__doc__.endswith(text) or text in case.ufunc().__doc__


@pytest.mark.parametrize("case", KEYWORD, ids=str)
def test_signatures_of_keyword_functions(case: Case):
    signature = inspect.signature(case.function)
    *named, rest = signature.parameters.values()
    assert rest.kind is inspect.Parameter.VAR_KEYWORD
    further_keywords = {"value": "rng", "backward": "slope"}
    names = ["out"]
    if case.row.drawn and case.form.kind in further_keywords:
        names.append(further_keywords[case.form.kind])
    for name in names:
        further = named.pop()
        assert further.kind is inspect.Parameter.KEYWORD_ONLY
        assert (further.name, further.default) == (name, None)
    assert [parameter.name for parameter in named] == [*case.form.inputs, *case.row.defaults]
    assert {p.name: p.default for p in named if p.default is not p.empty} == case.row.defaults


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pickle_and_copy_give_the_same_object(case: Case):
    for function in {case.function, case.ufunc(), getattr(case.function, "at_defaults", case.function)}:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(function, protocol)) is function
        assert copy.copy(function) is function
        assert copy.deepcopy(function) is function
        assert copy.deepcopy([function])[0] is function


@pytest.mark.parametrize("row", fastact.activations.values(), ids=lambda row: row.name)
def test_rows_pickle(row: Any):
    assert repr(pickle.loads(pickle.dumps(row))) == repr(row)  # a limit may be NaN, which equals nothing


# Types --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_floats_keep_their_dtype(case: Case, dtype: type):
    assert dtypes_of(call(case, np.zeros(3, dtype))) == {np.dtype(dtype)}
    assert dtypes_of(call(case, dtype(0.5))) == {np.dtype(dtype)}
    for result in outputs(call(case, dtype(0.5))):
        assert type(result) is dtype


NOT_FLOATS = [1, True, 1.0, [1, 0], np.bool_(True), np.zeros(2, bool), *(np.ones(2, code) for code in "bBhHiIlLqQ"), []]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_integers_bools_and_python_numbers_are_computed_in_float64(case: Case):
    for value in NOT_FLOATS:
        result, expected = call(case, value), call(case, np.asarray(value, np.float64))
        assert dtypes_of(result) == {np.dtype(np.float64)}, repr(value)
        for got, want in zip(outputs(result), outputs(expected), strict=True):
            assert np.array_equal(bits(got), bits(want)), repr(value)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_python_scalars_are_weak_in_every_place(case: Case, dtype: type):
    ufunc = case.ufunc()
    if ufunc.nin == 1:
        return
    for position, scalar in itertools.product(range(ufunc.nin), (0.5, 1, True)):
        operands: list[Any] = [scalar] * ufunc.nin
        operands[position] = np.full(2, 0.5, dtype)
        assert dtypes_of(ufunc(*operands)) == {np.dtype(dtype)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_mixed_floats_are_computed_in_the_widest(case: Case):
    ufunc = case.ufunc()
    for chosen in itertools.product((*DTYPES, np.int64, np.int8, bool), repeat=min(ufunc.nin, 2)):
        padded = (*chosen, *chosen[-1:] * ufunc.nin)[: ufunc.nin]
        operands = [np.ones(2, dtype) for dtype in padded]
        common = np.result_type(*operands)
        expected = common if common.kind == "f" else np.dtype(np.float64)
        assert dtypes_of(ufunc(*operands)) == {expected}


BAD = {
    "longdouble": np.ones(2, np.longdouble),
    "complex": np.ones(2, complex),
    "Python complex": 1j,
    "complex64": np.ones(2, np.complex64),
    "object": np.array([1, 2], object),
    "None": None,
    "str": np.array(["1"]),
    "Python str": "1",
    "bytes": np.array([b"1"]),
    "datetime64": np.ones(2, "M8[s]"),
    "timedelta64": np.ones(2, "m8[s]"),
    "structured": np.ones(2, "f4,f4"),
}
if np.dtype(np.longdouble) == np.dtype(np.float64):  # as on macOS
    del BAD["longdouble"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_other_types_are_type_errors(case: Case):
    ufunc = case.ufunc()
    for kind, position in itertools.product(BAD, range(ufunc.nin)):
        operands: list[Any] = [np.ones(1)] * ufunc.nin
        operands[position] = BAD[kind]
        with pytest.raises(TypeError):
            ufunc(*operands)
        if position < case.arguments:
            with pytest.raises(TypeError, match=case.row.name):
                case.function(*operands[: case.arguments])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dtype_signature_and_casting(case: Case):
    x, ufunc = np.full(3, 0.75, np.float32), case.ufunc()
    for dtype in DTYPES:
        wide = np.dtype(dtype)
        letters = wide.char
        assert dtypes_of(call(case, x, dtype=dtype)) == {wide}
        assert dtypes_of(call(case, x, dtype=wide.str)) == {wide}
        signature = f"{letters * ufunc.nin}->{letters * ufunc.nout}"
        assert dtypes_of(call(case, x, signature=signature)) == {wide}
        if dtype is np.float16:
            with pytest.raises(TypeError):
                call(case, x, dtype=dtype, casting="safe")
    for dtype in (np.int64, complex, object, "M8[s]", *([np.longdouble] if "longdouble" in BAD else [])):
        with pytest.raises(TypeError):
            call(case, x, dtype=dtype)
    with pytest.raises(TypeError):
        call(case, np.ones(2, np.int64), casting="no")
    assert dtypes_of(call(case, np.ones(2, np.int8), dtype=np.float32)) == {np.dtype(np.float32)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dtype_computes_in_that_dtype(case: Case):
    x = np.array([-1.7, -0.3, 0.2, 1.1], np.float32)
    if case.form.name == "backward_from_output":
        x = np.abs(x) / 2
    for got, want in zip(
        outputs(call(case, x, dtype=np.float64)), outputs(call(case, x.astype(np.float64))), strict=True
    ):
        assert np.array_equal(bits(got), bits(want))


# Keywords and shapes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_ufunc_keyword_is_forwarded(case: Case):
    class Own(np.ndarray):
        pass

    x = np.asfortranarray(np.linspace(0, 0.9, 12, dtype=np.float32).reshape(3, 4))
    expected = outputs(call(case, x))
    nout = len(expected)

    out = tuple(np.full(x.shape, 7, np.float32) for _ in range(nout))
    result = outputs(call(case, x, out=out if nout > 1 else out[0]))
    assert all(got is target for got, target in zip(result, out, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(out, expected, strict=True))

    mask = np.arange(12).reshape(3, 4) % 3 == 0
    out = tuple(np.full(x.shape, 7, np.float32) for _ in range(nout))
    call(case, x, out=out, where=mask)
    for target, want in zip(out, expected, strict=True):
        assert np.array_equal(target[mask], want[mask])
        assert (target[~mask] == 7).all()

    assert all(array.flags.f_contiguous for array in outputs(call(case, x)))
    assert all(array.flags.c_contiguous for array in outputs(call(case, x, order="C")))
    assert all(type(array) is Own for array in outputs(call(case, x.view(Own))))
    assert all(type(array) is np.ndarray for array in outputs(call(case, x.view(Own), subok=False)))
    assert dtypes_of(call(case, x, dtype=np.float64)) == {np.dtype(np.float64)}
    assert dtypes_of(call(case, x, casting="unsafe", dtype="e")) == {np.dtype(np.float16)}
    with pytest.raises(TypeError, match="nonsense"):
        call(case, x, nonsense=1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_wrong_shapes_and_outputs(case: Case):
    x, out = np.zeros(3, np.float32), np.full(4, 7, np.float32)
    nout = len(case.form.outputs)
    with pytest.raises(ValueError, match=r"broadcast|shape"):
        call(case, x, out=(out,) * nout)
    frozen = np.full(3, 7, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        call(case, x, out=(frozen,) * nout)
    integers = np.full(3, 7, np.int32)
    with pytest.raises(TypeError):
        call(case, x, out=(integers,) * nout)
    for untouched in (out, frozen, integers):
        assert (untouched == 7).all()
    if case.arguments == 2:
        with pytest.raises(ValueError, match="broadcast"):
            case.function(x, np.zeros(4, np.float32))
    with pytest.raises(TypeError):
        case.function()


# Parameter domains --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "position"), PARAMETERS)
def test_parameters_outside_their_domain(case: Case, position: int):
    parameter = case.row.parameters[position]
    domain = case.domain(parameter)
    outside = [value for value in (-math.inf, math.inf, 0.0, -1.0, 2.0, -0.0, -5e-324, 1e308) if value not in domain]
    assert outside, "a parameter that may be anything, even infinite, is not in the catalogue"
    x = np.linspace(0, 0.9, 3)
    inputs = (x,) * case.arguments
    for value in outside:
        inside = parameter.default
        for bad in (value, np.float64(value), np.array([inside, value, inside]), [inside, inside, value]):
            out = tuple(np.full(3, 7.0) for _ in case.form.outputs)
            with pytest.raises(ValueError, match=f"{case}: {parameter.name} must be in") as caught:
                case.function(*inputs, **{parameter.name: bad}, out=out)
            assert str(domain) in str(caught.value)
            assert all((array == 7).all() for array in out)
    for bad in ("1", 1j, None, [None], np.array(["1"]), np.ones(3, "M8[s]")):
        with pytest.raises(TypeError, match=parameter.name):
            case.function(*inputs, **{parameter.name: bad})


@pytest.mark.parametrize(("case", "position"), PARAMETERS)
def test_parameters_inside_their_domain_reach_the_ufunc(case: Case, position: int):
    parameter = case.row.parameters[position]
    x = np.linspace(0, 0.9, 3, dtype=np.float32)
    inputs = (x,) * case.arguments
    defaults = [p.default for p in case.row.parameters]
    for value in (0.5, 1, 2.0, 3, -1.0, 0.0, True):
        if value not in case.domain(parameter) or not case.allowed(
            [*defaults[:position], value, *defaults[position + 1 :]]
        ):
            continue
        for given_as in (value, np.float32(value), np.full(3, value, np.float32), np.full((2, 1), value, np.float32)):
            others = [*defaults[:position], given_as, *defaults[position + 1 :]]
            got = case.function(*inputs, **{parameter.name: given_as})
            want = case.ufunc()(*inputs, *others)
            for a, b in zip(outputs(got), outputs(want), strict=True):
                assert a.dtype == np.float32
                assert np.array_equal(bits(a), bits(b))
    arguments = [*inputs, *defaults]
    for a, b in zip(outputs(case.function(*arguments)), outputs(case.function(*inputs)), strict=True):
        assert np.array_equal(bits(a), bits(b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", KEYWORD, ids=str)
def test_without_parameters_it_is_as_with_the_defaults(case: Case, dtype: type):
    """Another ufunc computes it, in a loop of its own: the same bits, as arrays, strided, as numbers and into out."""
    values = special_values(dtype)
    inputs = (values, values[::-1])[: case.arguments]
    with np.errstate(all="ignore"):
        want = outputs(case.ufunc()(*inputs, *(dtype(value) for value in case.row.defaults.values())))
        for got in (
            case.function(*inputs),
            case.function.at_defaults(*inputs),
            case.function(*inputs, out=tuple(map(np.empty_like, want))),
            case.function(*(np.repeat(x, 2)[::2] for x in inputs)),
        ):
            for a, b in zip(outputs(got), want, strict=True):
                assert a.dtype == b.dtype == dtype
                assert np.array_equal(bits(a), bits(b))
        for i in range(0, values.size, 7):
            for a, b in zip(outputs(case.function(*(x[i] for x in inputs))), want, strict=True):
                assert bits(np.asarray(a)) == bits(b[i : i + 1])


@pytest.mark.parametrize(("case", "position"), PARAMETERS)
def test_nan_parameters_are_let_through(case: Case, position: int):
    name = case.row.parameters[position].name
    inputs = (np.ones(2),) * case.arguments
    for value in (math.nan, np.array([math.nan, math.nan])):
        for result in outputs(case.function(*inputs, **{name: value})):
            assert np.isnan(result).all()


# Floating-point status ----------------------------------------------------------------------------------------------


def hostile(dtype: type) -> dict[str, np.ndarray]:
    """Inputs that make a careless loop signal something, none of which may overflow."""
    info = np.finfo(dtype)
    signalling = {2: 0x7C01, 4: 0x7F800001, 8: 0x7FF0000000000001}[info.dtype.itemsize]
    return {
        "nan": np.array([np.nan], dtype),
        "signalling nan": np.array([signalling], f"u{info.dtype.itemsize}").view(dtype),
        "subnormal": np.array([info.smallest_subnormal, -info.smallest_subnormal, info.tiny / 2], dtype),
        "infinite": np.array([np.inf, -np.inf], dtype),
        "tiny": np.array([info.tiny, -info.tiny], dtype),
        "tail": np.array([-8, -15, -90, -105, -700, -745, 18, 90, 745], dtype),
        "large": np.array([info.max, -info.max, info.max / 2, -info.max / 2], dtype),
        "zero": np.array([0.0, -0.0], dtype),
    }


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_silence_at_every_length(case: Case, dtype: type):
    """No status but overflow, whatever the input: hostile values alone, and scattered among ordinary ones."""
    ufunc = case.ufunc()
    gradients = {"one": dtype(1), "tiny": np.finfo(dtype).tiny, "infinite": dtype(np.inf)}
    if case.arguments == 1:
        gradients = {"none": dtype(0)}
    scalars = case.defaults(dtype)
    with np.errstate(all="raise", over="ignore"):
        for values in hostile(dtype).values():
            whole = np.resize(values, 131)
            mixed = np.where(np.arange(131) % 7 == 3, whole, dtype(0.5))
            for gradient in gradients.values():
                leading = [np.full(131, gradient, dtype)] if case.arguments == 2 else []
                for length in range(131):
                    for x in (whole, mixed):
                        ufunc(*(operand[:length] for operand in leading), x[:length], *scalars)
            arrays = [np.full(131, p, dtype) for p in scalars]
            strided = [np.repeat(array, 2)[::2] for array in (*leading, whole, *arrays)]
            ufunc(*strided)
            ufunc(*leading, whole, *arrays)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_overflow_is_signalled_exactly_when_a_finite_input_gives_infinity(case: Case, dtype: type):
    """One element at a time and in bulk, among neighbours that overflow and that do not."""
    values = special_values(dtype)
    info = np.finfo(dtype)
    values = np.concatenate([values, np.array([info.max / 2, -info.max / 4, 4, -4, 0.01], dtype)])
    ufunc = case.ufunc()
    defaults = case.defaults(dtype)
    parameter_values = [defaults]
    for i, parameter in enumerate(case.row.parameters):
        for v in (4, 0.25, 1e-3, 30000):
            tried = (*defaults[:i], dtype(v), *defaults[i + 1 :])
            if v in case.domain(parameter) and case.allowed(tried):
                parameter_values.append(tried)
    seen: list[str] = []
    arguments = [values] * case.arguments
    if case.form.name == "backward_from_output":
        arguments[1] = values[(values >= case.row.range.lower) & (values <= case.row.range.upper)]
    combinations = [
        (*inputs, *parameters) for inputs in itertools.product(*arguments) for parameters in parameter_values
    ]
    due = []
    with np.errstate(all="call", call=lambda kind, _: seen.append(kind)):
        for operands in combinations:
            seen.clear()
            infinite = any(np.isinf(result) for result in outputs(ufunc(*operands)))
            signalled = list(seen)
            due.append(infinite and bool(np.isfinite(operands).all()))
            if case.arguments == 2:
                # A product overflows where its factors are finite, though x be infinite; or f' does, whatever grad is.
                wide = np.float32 if dtype is np.float16 else dtype
                slope = ufunc(wide(1), *map(wide, operands[1:]))
                lost = np.isinf(slope) and np.isfinite(operands[1:]).all()
                due[-1] = bool(lost or (infinite and np.isfinite([operands[0], slope]).all()))
            assert signalled == (["overflow"] if due[-1] else []), operands
        columns = [np.array(column, dtype) for column in zip(*combinations, strict=True)]
        for wanted in (True, False):
            chosen = np.array(due) == wanted
            if chosen.any():
                for step in (1, 2):
                    seen.clear()
                    ufunc(*(np.repeat(column[chosen], step)[::step] for column in columns))
                    assert seen == (["overflow"] if wanted else [])


class UfuncObject(ctypes.Structure):
    """The head of NumPy's PyUFuncObject, a public structure that cannot change."""

    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
    )


LOOP = ctypes.CFUNCTYPE(
    None, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_ssize_t), ctypes.POINTER(ctypes.c_ssize_t),
    ctypes.c_void_p,
)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_loop_keeps_the_status_it_found(case: Case, dtype: type):
    """The bare loop, as parallel drivers call it: flags raised before stay, and none is added but a due overflow."""
    libm = ctypes.CDLL(None)
    intel = fastact.show_config("dict")["machine"] in ("x86_64", "AMD64")
    division, overflow, every = (4, 8, 1 | 4 | 8 | 16) if intel else (2, 4, 1 | 2 | 4 | 8)  # all but inexact
    ufunc = case.ufunc()
    head = UfuncObject.from_address(id(ufunc))
    assert (head.nin, head.nout, head.ntypes) == (ufunc.nin, ufunc.nout, 3)
    which = DTYPES.index(dtype)
    loop = LOOP(head.functions[which])
    for values in hostile(dtype).values():
        for length in (1, 3, 16, 67):
            operands = [np.full(length, 1, dtype)] * (case.arguments - 1) + [np.resize(values, length)]
            operands += [np.full(length, p, dtype) for p in case.defaults(dtype)]
            results = [np.zeros(length, dtype) for _ in range(ufunc.nout)]
            arrays = operands + results
            pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
            steps = (ctypes.c_ssize_t * len(arrays))(*(array.strides[0] for array in arrays))
            dimension = (ctypes.c_ssize_t * 1)(length)
            data = head.data[which]
            for before in (0, division):
                libm.feclearexcept(every)
                libm.feraiseexcept(before)
                loop(pointers, dimension, steps, data)
                after = libm.fetestexcept(every)
                libm.feclearexcept(every)
                finite = np.isfinite(operands).all(axis=0)
                due = overflow if any((np.isinf(result) & finite).any() for result in results) else 0
                assert after == before | due


# Forms that are defined by others -----------------------------------------------------------------------------------


def rounded_product(grad: np.ndarray, slope: np.ndarray, dtype: type) -> np.ndarray:
    """grad * slope, rounded once in the computing precision (float16: rounded to float32, then to float16)."""
    with np.errstate(all="ignore"):
        return (grad.astype(slope.dtype) * slope).astype(dtype)


def check_backward(case: Case, dtype: type, grad: np.ndarray, x: np.ndarray, parameters: list[np.ndarray]) -> None:
    wide = np.float32 if dtype is np.float16 else dtype
    with np.errstate(all="ignore"):
        result = case.ufunc()(grad, x, *parameters)
        widened = [operand.astype(wide) for operand in (x, *parameters)]
        if case.form.own:  # from the output: nothing else computes that slope
            slope = case.ufunc()(wide(1), *widened)
        else:
            own = next(form for form in case.row.forms if form.own and form.formulas == case.form.formulas)
            slope = Case(case.row, own).ufunc()(*widened)
    expected = rounded_product(grad, slope, dtype)
    nan = np.isnan(expected)
    assert np.array_equal(np.isnan(result), nan)
    assert np.array_equal(bits(result)[~nan], bits(expected)[~nan])


@pytest.mark.parametrize("vary", [False, True], ids=["constant", "varying"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [case for case in CASES if case.arguments == 2], ids=str)
def test_backward_is_the_gradient_times_the_derivative_rounded_once(case: Case, dtype: type, vary: bool):
    grad, x, *parameters = case.operands(dtype, 5000, seed=2, vary=vary)
    check_backward(case, dtype, grad, x, parameters)


@pytest.mark.parametrize("case", [case for case in CASES if case.arguments == 2], ids=str)
@given(grad=st.floats(width=32), x=st.floats(width=32))
def test_backward_of_any_floats(case: Case, grad: float, x: float):
    parameters = [np.array([p], np.float32) for p in case.row.defaults.values()]
    check_backward(case, np.float32, np.array([grad], np.float32), np.array([x], np.float32), parameters)


@pytest.mark.parametrize("vary", [False, True], ids=["constant", "varying"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [case for case in CASES if case.form.name == "with_derivative"], ids=str)
def test_with_derivative_is_both_bit_for_bit(case: Case, dtype: type, vary: bool):
    operands = case.operands(dtype, 5000, seed=3, vary=vary)
    with np.errstate(over="ignore"):
        value, slope = case.ufunc()(*operands)
        for form, got in ((case.row.forms[0], value), (case.row.forms[1], slope)):
            want = Case(case.row, form).ufunc()(*operands)
            nan = np.isnan(want)
            assert np.array_equal(np.isnan(got), nan)
            assert np.array_equal(bits(got)[~nan], bits(want)[~nan])


@pytest.mark.skipif(sys.byteorder != "little", reason="the platforms that are built for are little-endian")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_float16_is_float32_rounded_once(case: Case):
    operands = case.operands(np.float16, 5000, seed=4)
    with np.errstate(over="ignore"):
        halves = outputs(case.ufunc()(*operands))
        floats = outputs(case.ufunc()(*(operand.astype(np.float32) for operand in operands)))
        for half, wide in zip(halves, floats, strict=True):
            expected = wide.astype(np.float16)
            nan = np.isnan(expected)
            assert np.array_equal(np.isnan(half), nan)
            assert np.array_equal(bits(half)[~nan], bits(expected)[~nan])
