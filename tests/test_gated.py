"""Gated units: a * act(b), its gradients, and the functions that split one array, by iteration over their table."""

from __future__ import annotations

import copy
import doctest
import inspect
import itertools
import pickle
from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastact
from fastact._units import GATED_UNITS, GatedUnit

from .cases import DTYPES, bits, special_values
from .oracle import TRUTHS, mp, ulp_error_exact

CONFIGURATION = fastact.show_config("dict")
USABLE = CONFIGURATION["usable here"]
FUSED = [name for name in USABLE if name != "baseline"]
FLOATS = (np.float32, np.float64)
UNIT = pytest.mark.parametrize("unit", GATED_UNITS.values(), ids=lambda unit: unit.name)
DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def of(unit: GatedUnit, suffix: str = "", namespace: Any = fastact) -> Any:
    return getattr(namespace, unit.name + suffix)


def operands(dtype: Any, count: int, length: int, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng([seed, length])
    special = special_values(dtype)
    return [
        np.where(rng.random(length) < 0.1, rng.choice(special, length), rng.normal(0, 3, length).astype(dtype))
        for _ in range(count)
    ]


def same(got: Any, expected: Any) -> bool:
    for a, b in zip(np.atleast_1d(got), np.atleast_1d(expected), strict=True):
        a, b = np.asarray(a), np.asarray(b)  # noqa: PLW2901
        if a.shape != b.shape or not ((bits(a) == bits(b)) | (np.isnan(a) & np.isnan(b))).all():
            return False
    return True


def computed(unit: GatedUnit, arrays: list[np.ndarray], namespace: Any = fastact) -> list[np.ndarray]:
    """The value, and both gradients for a gradient of the first array."""
    with np.errstate(over="ignore"):
        return [of(unit, "", namespace)(*arrays[1:]), *of(unit, "_backward", namespace)(*arrays)]


@DTYPE
@UNIT
def test_products_of_the_activation_rounded_as_promised(unit: GatedUnit, dtype: type):
    grad, a, b = operands(dtype, 3, 5000)
    wide = np.float32 if dtype is np.float16 else dtype
    g, x, y = (array.astype(wide) for array in (grad, a, b))
    with np.errstate(all="ignore"):
        gate, slope = (getattr(fastact, unit.activation + form)(y) for form in ("", "_derivative"))
        expected = [(x * gate).astype(dtype), (g * gate).astype(dtype), (g * (x * slope)).astype(dtype)]
    for got, wanted in zip(computed(unit, [grad, a, b]), expected, strict=True):
        assert same(got, wanted)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", USABLE)
@UNIT
def test_accuracy(unit: GatedUnit, name: str, dtype: type):
    truth = TRUTHS[unit.activation]
    rng = np.random.default_rng(3)
    b = np.concatenate([rng.normal(0, 4, 250), rng.uniform(-80, 20, 250)]).astype(dtype)
    grad, a = (rng.normal(0, 3, b.size).astype(dtype) for _ in range(2))
    row = fastact.activations[unit.activation]
    key = np.dtype(dtype).name
    for g, x, y, *got in zip(grad, a, b, *computed(unit, [grad, a, b], fastact.for_instruction_set(name)), strict=True):
        g_, x_, y_ = (mp.mpf(float(v)) for v in (g, x, y))
        gate, slope = truth.value(y_), truth.derivative(y_)
        assert ulp_error_exact(got[0], x_ * gate) <= unit.accuracy[key], (x, y)
        assert ulp_error_exact(got[1], g_ * gate) <= unit.backward_accuracy[key], (g, y)
        if any(abs(float(y) - root) < 2**-4 for root in row.derivative_roots):
            continue
        assert ulp_error_exact(got[2], g_ * x_ * slope) <= unit.backward_accuracy[key], (g, x, y)


@DTYPE
@UNIT
def test_each_element_alone_in_any_layout(unit: GatedUnit, dtype: type):
    arrays = operands(dtype, 3, 150)
    whole = computed(unit, arrays)
    single = [computed(unit, [array[i : i + 1] for array in arrays]) for i in range(150)]
    assert all(same(w, np.concatenate(s)) for w, s in zip(whole, zip(*single, strict=True), strict=True))
    for step in (2, -1, -3):
        cut = computed(unit, [np.repeat(array, 3)[::step] for array in arrays])
        assert all(same(c, np.repeat(w, 3)[::step]) for c, w in zip(cut, whole, strict=True))
    for length in range(131):
        part = computed(unit, [array[7 : 7 + length] for array in arrays])
        assert all(same(p, w[7 : 7 + length]) for p, w in zip(part, whole, strict=True))
    for j in range(3):
        fresh = [array.copy() for array in arrays]
        with np.errstate(over="ignore"):
            of(unit, "_backward")(*fresh, out=(fresh[j], None))
        assert same(fresh[j], whole[1])
    fresh = [array.copy() for array in arrays]
    with np.errstate(over="ignore"):
        of(unit, "_backward")(*fresh, out=(fresh[1], fresh[2]))
    assert same(fresh[1], whole[1])
    assert same(fresh[2], whole[2])
    outer = of(unit).outer(arrays[1][:5], arrays[2][:7])
    assert same(outer.ravel(), [of(unit)(*pair) for pair in itertools.product(arrays[1][:5], arrays[2][:7])])


@DTYPE
@UNIT
def test_instruction_sets(unit: GatedUnit, dtype: type):
    if len(FUSED) < 2:
        pytest.skip("this CPU has not two of them")
    arrays = operands(dtype, 3, 1000)
    first, *others = (computed(unit, arrays, fastact.for_instruction_set(name)) for name in FUSED)
    for other in others:
        assert all(same(a, b) for a, b in zip(first, other, strict=True))


@DTYPE
@UNIT
def test_silence_and_overflow(unit: GatedUnit, dtype: type):
    values = [*special_values(dtype)[:-6], dtype(-50), dtype(300)]
    seen: list[str] = []
    with np.errstate(all="call", call=lambda kind, _: seen.append(kind)):
        for a, b in itertools.product(values, values):
            seen.clear()
            infinite = bool(np.isinf(of(unit)(a, b)))
            assert seen == (["overflow"] if infinite and np.isfinite(a) and np.isfinite(b) else []), (a, b)
        nan = dtype(np.nan)
        seen.clear()
        for arguments in itertools.permutations((nan, dtype(1), dtype(-2))):
            of(unit, "_backward")(*arguments)
        assert not seen


@UNIT
def test_names_attributes_documentation(unit: GatedUnit):
    value, backward = of(unit), of(unit, "_backward")
    split, split_backward = of(unit, "_split"), of(unit, "_split_backward")
    assert isinstance(value, np.ufunc)
    assert isinstance(backward, np.ufunc)
    assert (value.nin, value.nout, backward.nin, backward.nout) == (2, 1, 3, 2)
    assert value.backward is backward
    assert value.split is split
    assert split.backward is split_backward
    assert list(inspect.signature(split).parameters) == ["x", "axis", "keywords"]
    assert list(inspect.signature(split_backward).parameters) == ["grad", "x", "axis", "out"]
    for suffix in ("", "_backward", "_split", "_split_backward"):
        function = of(unit, suffix)
        assert function.__name__ == unit.name + suffix
        assert function.__module__ == "fastact"
        assert function.spec is unit
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function
        assert unit.reference in function.__doc__
    assert unit.formula in value.__doc__
    assert unit.backward_formula in backward.__doc__
    assert f"{unit.accuracy.float32:g} ULP in float32, {unit.accuracy.float64:g} in float64" in value.__doc__
    assert unit.activation in fastact.activations
    assert not fastact.activations[unit.activation].parameters


@UNIT
def test_the_example_of_the_docstring_prints_what_it_says(unit: GatedUnit):
    example = doctest.DocTestParser().get_doctest(of(unit).__doc__, {}, unit.name, None, None)
    assert len(example.examples) == 2
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


@UNIT
def test_dtypes(unit: GatedUnit):
    assert of(unit)(1, 2).dtype == of(unit)(True, np.int8(1)).dtype == np.float64
    assert of(unit)(np.float32(1), 2.0).dtype == np.float32
    assert of(unit)(np.float16(1), np.float32(2)).dtype == np.float32
    for wrong in (np.complex64, np.longdouble, object):
        with pytest.raises(TypeError, match="float16, float32 and float64"):
            of(unit)(np.ones(2, wrong), np.ones(2, wrong))


# Splits -------------------------------------------------------------------------------------------------------------


@DTYPE
@UNIT
def test_split_is_the_unit_of_the_halves(unit: GatedUnit, dtype: type):
    x = np.random.default_rng(2).normal(0, 2, (4, 6, 8)).astype(dtype)
    for axis in (0, 1, 2, -1, -2, np.int64(1)):
        a, b = np.split(x, 2, axis)
        got = of(unit, "_split")(x, axis)
        assert same(got.ravel(), of(unit)(a, b).ravel())
        assert got.shape == a.shape
        out = np.empty_like(got)
        assert of(unit, "_split")(x, axis=axis, out=out) is out
        assert same(out.ravel(), got.ravel())
        grad = np.random.default_rng(3).normal(0, 2, got.shape).astype(dtype)
        back = of(unit, "_split_backward")(grad, x, axis)
        assert back.dtype == dtype
        assert same(back.ravel(), np.concatenate(of(unit, "_backward")(grad, a, b), axis).ravel())
        assert of(unit, "_split_backward")(grad.tolist(), x, axis).dtype == np.float64


@DTYPE
@UNIT
def test_backward_split_into_out(unit: GatedUnit, dtype: type):
    back = of(unit, "_split_backward")
    x, grad = (np.random.default_rng(i).normal(0, 2, (3, n)).astype(dtype) for i, n in ((2, 8), (3, 4)))
    expected = back(grad, x)
    for out in (np.empty_like(x), np.empty_like(x, order="F"), x.copy()):
        assert back(grad, x, out=out) is out
        assert same(out.ravel(), expected.ravel())
    memory = x.copy()
    assert back(grad, memory, out=memory) is memory
    assert same(memory.ravel(), expected.ravel())
    memory = np.concatenate([grad, grad], 1)
    wanted = back(memory[:, 2:6].copy(), x)
    assert same(back(memory[:, 2:6], x, out=(memory,)).ravel(), wanted.ravel())
    wide = np.empty(x.shape)
    assert np.array_equal(back(grad, x, out=wide), expected.astype(np.float64))
    for wrong, error in ((np.full((3, 4), 7.0), ValueError), (np.full((3, 8), 7), TypeError), ([0.0], TypeError)):
        with pytest.raises(error, match=f"{unit.name}_split_backward: out"):
            back(grad, x, out=wrong)
        assert not isinstance(wrong, np.ndarray) or (wrong == 7).all()
    with pytest.raises(TypeError, match="x must not be a masked array"):
        back(grad, np.ma.masked_array(x, x > 0))


@UNIT
def test_split_agrees_with_pytorch(unit: GatedUnit):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    act = {"glu": torch.sigmoid, "reglu": torch.relu, "geglu": torch.nn.functional.gelu}
    act["swiglu"] = torch.nn.functional.silu
    x = np.random.default_rng(2).normal(0, 2, (4, 6))
    tensor = torch.tensor(x, requires_grad=True)
    a, b = torch.chunk(tensor, 2, 1)
    y = a * act[unit.name](b)
    np.testing.assert_allclose(of(unit, "_split")(x), y.detach(), rtol=1e-10)
    y.sum().backward()
    np.testing.assert_allclose(of(unit, "_split_backward")(np.ones((4, 3)), x), tensor.grad, rtol=1e-10)
    if unit.name == "glu":
        np.testing.assert_allclose(fastact.glu_split(x), torch.nn.functional.glu(torch.tensor(x)), rtol=1e-13)


@UNIT
def test_split_of_other_containers(unit: GatedUnit):
    x = np.random.default_rng(2).normal(0, 2, (4, 6))
    lazy = da.from_array(x, chunks=(2, 3))
    got = of(unit, "_split")(lazy)
    assert isinstance(got, da.Array)
    assert np.array_equal(got.compute(), of(unit, "_split")(x))
    frozen = x.copy()
    frozen.flags.writeable = False
    assert np.array_equal(of(unit, "_split")(frozen), of(unit, "_split")(x))
    assert np.array_equal(of(unit, "_split")(x.tolist()), of(unit, "_split")(x))
    assert of(unit, "_split")([1, 2]).dtype == np.float64
    assert of(unit, "_split_backward")([1], [1, 2]).dtype == np.float64


@UNIT
@given(st.integers(0, 3), st.integers(0, 3))
def test_split_of_any_even_shape(unit: GatedUnit, rows: int, half: int):
    x = np.ones((rows, 2 * half), np.float32)
    assert of(unit, "_split")(x).shape == (rows, half)
    assert of(unit, "_split_backward")(np.ones((rows, half), np.float32), x).shape == x.shape


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((2, 3)),), ValueError, "_split: the length of axis 1 must be even, got 3"),
        ((np.zeros((3, 2)), 0), ValueError, "_split: the length of axis 0 must be even, got 3"),
        ((np.zeros((2, 2)), 2), ValueError, "_split: axis: axis 2 is out of bounds"),
        ((3.0,), ValueError, "_split: axis: axis -1 is out of bounds"),
        ((np.zeros(2), 0.0), TypeError, "_split: axis must be an integer"),
        ((np.zeros(2), None), TypeError, "_split: axis must be an integer"),
        ((np.zeros((2, 2)), True), TypeError, "_split: axis must be an integer"),
        ((np.zeros(2, complex),), TypeError, "float16, float32 and float64"),
    ],
)
@UNIT
def test_errors_of_splits(unit: GatedUnit, arguments: tuple[Any, ...], error: type, message: str):
    with pytest.raises(error, match=message):
        of(unit, "_split")(*arguments)


@UNIT
def test_labels_do_not_align_the_halves(unit: GatedUnit):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    x = np.array([1.0, 2.0, 3.0, 4.0])
    split, back = getattr(fastact, f"{unit.name}_split"), getattr(fastact, f"{unit.name}_split_backward")
    labelled = pandas.Series(x)
    assert np.array_equal(split(labelled), split(x))
    assert np.array_equal(back(labelled[:2], labelled), back(x[:2], x))


@UNIT
def test_errors_of_backward_splits_and_outputs(unit: GatedUnit):
    with pytest.raises(ValueError, match=r"_split_backward: grad must have the shape \(2, 1\), got \(2, 2\)"):
        of(unit, "_split_backward")(np.ones((2, 2)), np.ones((2, 2)))
    out = np.full(3, 7.0)
    with pytest.raises(ValueError, match=r"operand|broadcast"):
        of(unit, "_split")(np.ones((2, 2)), out=out)
    assert (out == 7).all()
