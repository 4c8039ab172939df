"""The result for an element depends on its value alone, bit for bit; NaN payloads have a test of their own.

Every test compares with the element computed alone, in a call of length 1: for every length and alignment, stride,
order, byte order, broadcast, overlap, mask, method and thread, and for the instruction sets that have an fma.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import fastact
from fastact import _ufuncs

from .cases import CASES, DTYPES, Case, all_halves, bits, every_exponent, outputs, samples

FUSED = [name for name in fastact.show_config("dict")["usable here"] if name != "baseline"]
COUNT = 211  # more than 130 with every offset, and prime: strides and vector lanes never line up
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=str)
# Parameters constant, as numbers, and where there are any also varying from element to element: these are two kernels.
EVERY_KERNEL = pytest.mark.parametrize(
    ("case", "vary"),
    [
        pytest.param(case, vary, id=f"{case}{'-varying' * vary}")
        for case in CASES
        for vary in ((False, True) if case.row.parameters else (False,))
    ],
)
DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def prepared(case: Case, dtype: type, vary: bool, length: int = COUNT, seed: int = 5) -> list[np.ndarray]:
    """Operands with hostile values everywhere, NaN among them."""
    return case.operands(dtype, length, seed=seed, vary=vary)


def alone(ufunc: np.ufunc, operands: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Each element computed in a call of its own."""
    with np.errstate(all="ignore"):
        single = [outputs(ufunc(*(operand[i : i + 1] for operand in operands))) for i in range(len(operands[0]))]
    return tuple(np.concatenate(column) for column in zip(*single, strict=True))


def difference(got: Any, expected: Any, payloads_too: bool = False) -> str:
    """The first element that has not the same bits, in words; empty if there is none. Two NaNs are the same unless
    their payloads are asked about."""
    for a, b in zip(outputs(got), outputs(expected), strict=True):
        a, b = np.asarray(a), np.asarray(b)  # noqa: PLW2901
        if a.shape != b.shape or bits(a).dtype != bits(b).dtype:
            return f"{a.dtype}{a.shape} instead of {b.dtype}{b.shape}"
        differs = bits(a) != bits(b)
        if not payloads_too:
            differs &= ~(np.isnan(a) & np.isnan(b))
        if differs.any():
            where = tuple(np.argwhere(differs)[0])
            return (
                f"{a[where]!r} = {bits(a)[where]:#x} instead of {b[where]!r} = {bits(b)[where]:#x} at {where}; "
                f"{int(differs.sum())} of {a.size} differ"
            )
    return ""


def unaligned(array: np.ndarray, offset: int) -> np.ndarray:
    """A copy of a 1-d array that starts ``offset`` bytes after a 64-byte boundary."""
    raw = np.empty(array.nbytes + 128, np.uint8)
    start = -raw.ctypes.data % 64 + offset
    copied = raw[start : start + array.nbytes].view(array.dtype)
    copied[...] = array
    return copied


@pytest.fixture(autouse=True)
def _quiet():
    """Overflow is signalled where it is due; test_ufuncs.py looks at that."""
    with np.errstate(over="ignore"):
        yield


@DTYPE
@EVERY_KERNEL
def test_every_length_and_alignment(case: Case, dtype: type, vary: bool):
    operands = prepared(case, dtype, vary)
    ufunc = case.ufunc()
    expected = alone(ufunc, operands)
    scalars = operands if vary else [*operands[: case.arguments], *(p[0] for p in operands[case.arguments :])]

    def check(offset: int, length: int) -> None:
        # Every operand at its own alignment, and every value in every vector lane as the offset moves.
        moved = [
            unaligned(operand[offset : offset + length], (offset * (2 * i + 1)) % 64) if np.ndim(operand) else operand
            for i, operand in enumerate(scalars)
        ]
        out = tuple(unaligned(e[:length], (offset * 3 + 1) % 64) for e in expected)
        result = ufunc(*moved, out=out)
        assert not difference(result, [e[offset : offset + length] for e in expected]), (offset, length)

    for length in range(131):
        check(length * 7 % 64, length)
    for offset in range(64):
        for length in (1, 17, 130):
            check(offset, length)


# Outputs of so many bytes are written past the caches (`STREAM_FROM` in _kernels.pyx) if the formula computes little:
# one kernel that does so, and one that does not, for each number of inputs, parameters and outputs.
LARGE = 1 << 23
STREAMING = _ufuncs.streaming()
EVERY_SHAPE = {
    (str(case) in STREAMING, case.arguments, len(case.row.parameters), len(case.form.outputs), vary): (case, vary)
    for case in CASES
    for vary in ((False, True) if case.row.parameters else (False,))
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("case", "vary"), EVERY_SHAPE.values(), ids=str)
def test_large_outputs(case: Case, dtype: type, vary: bool):
    """From anywhere in a cache line to anywhere in another; nothing beside the output is touched."""
    size = np.dtype(dtype).itemsize
    line = 64 // size
    operands = prepared(case, dtype, vary)
    expected = alone(case.ufunc(), operands)
    scalars = operands if vary else [*operands[: case.arguments], *(p[0] for p in operands[case.arguments :])]
    # So many elements after the beginning of a line, and so many in the last one; outputs so many apart.
    for first, last, apart in ((0, 0, 0), (3, 1, 0), (1, line - 1, 0), (2, 5, 1)):
        length = LARGE // size + -first % line + last
        large = [np.resize(operand, length) if np.ndim(operand) else operand for operand in scalars]
        memory = [np.full(length + 128, 7, dtype) for _ in expected]
        start = [(-whole.ctypes.data % 64) // size + first + apart * i for i, whole in enumerate(memory)]
        out = tuple(whole[begin : begin + length] for whole, begin in zip(memory, start, strict=True))
        result = case.ufunc()(*large, out=out)
        assert not difference(result, [np.resize(e, length) for e in expected]), (first, last, apart)
        for whole, begin in zip(memory, start, strict=True):
            assert (whole[:begin] == 7).all()
            assert (whole[begin + length :] == 7).all()
    # In place it is read and written together.
    large[0][:] = np.resize(operands[0], length)
    result = case.ufunc()(*large, out=(large[0], *out[1:]))
    assert not difference(result, [np.resize(e, length) for e in expected])


def payloads(dtype: type) -> np.ndarray:
    """Quiet NaNs of both signs with different payloads; also some whose bits, shifted into an exponent, give a NaN."""
    info = np.finfo(dtype)
    top, quiet = ((1 << info.nexp) - 1) << info.nmant, 1 << (info.nmant - 1)
    sign = 1 << (info.nexp + info.nmant)
    found = [top | quiet, top | quiet | 5, top | quiet | (quiet >> 1), sign | top | quiet, sign | top | quiet | 77]
    found += [top | quiet | 1 << shift | 5 for shift in range(info.nmant - 1)]
    return np.array(found, f"u{info.dtype.itemsize}").view(dtype)


@DTYPE
@EVERY_CASE
def test_nan_payloads(case: Case, dtype: type):
    """Signs and payloads of NaNs come out as of the element alone, at every length, alignment and stride. At most one
    operand is NaN at a time: which of two is handed on is nobody's promise."""
    rng = np.random.default_rng(6)
    ufunc = case.ufunc()
    for position in range(ufunc.nin):
        operands = [np.full(COUNT, 0.5, dtype)] * case.arguments
        operands += [np.full(COUNT, p, dtype) for p in case.row.defaults.values()]
        nans = rng.choice(payloads(dtype), COUNT)
        operands[position] = np.where(rng.random(COUNT) < 0.7, nans, dtype(0.25))
        expected = alone(ufunc, operands)
        for length in range(131):
            offset = length * 7 % 64
            views = [operand[offset : offset + length] for operand in operands]
            wanted = [e[offset : offset + length] for e in expected]
            assert not difference(ufunc(*views), wanted, payloads_too=True), (position, length)
        assert not difference(ufunc(*(np.repeat(o, 2)[::2] for o in operands)), expected, payloads_too=True), position
        if position < case.arguments:
            scalars = [*operands[: case.arguments], *(o[0] for o in operands[case.arguments :])]
            assert not difference(ufunc(*scalars), expected, payloads_too=True), position
        for name in FUSED if fastact.show_config("dict")["instruction set"] in FUSED else ():
            other = case.ufunc(fastact.for_instruction_set(name))
            assert not difference(other(*operands), expected, payloads_too=True), (position, name)


@DTYPE
@EVERY_KERNEL
def test_long_arrays(case: Case, dtype: type, vary: bool):
    """Beyond the blocks that loops and NumPy's buffers work in, with a tail: each value as in a short call."""
    operands = prepared(case, dtype, vary)
    expected = alone(case.ufunc(), operands)
    repeats = 20_011 // COUNT
    for extra in (0, 1, 3):
        shift = [np.concatenate([operand[:extra], np.tile(operand, repeats)]) for operand in operands]
        wanted = [np.concatenate([e[:extra], np.tile(e, repeats)]) for e in expected]
        assert not difference(case.ufunc()(*shift), wanted)
        scalars = shift if vary else [*shift[: case.arguments], *(p[0] for p in shift[case.arguments :])]
        assert not difference(case.ufunc()(*scalars), wanted)


def layouts(operand: np.ndarray) -> dict[str, np.ndarray]:
    """The same values in other memory."""
    spread, negative = np.zeros(3 * operand.size, operand.dtype), operand[::-1].copy()[::-1]
    spread[::3] = operand
    doubled = np.repeat(operand, 2)[::2]
    field = np.zeros(operand.size, [("pad", "u1"), ("value", operand.dtype)])
    field["value"] = operand
    frozen = operand.copy()
    frozen.flags.writeable = False
    return {
        "stride 2": doubled,
        "stride 3": spread[::3],
        "negative": negative,
        "unaligned field": field["value"],
        "byte-swapped": operand.astype(operand.dtype.newbyteorder()),
        "read-only": frozen,
        "subclass": operand.view(np.memmap),
    }


@DTYPE
@EVERY_KERNEL
def test_layouts(case: Case, dtype: type, vary: bool):
    operands = prepared(case, dtype, vary)
    ufunc = case.ufunc()
    expected = alone(ufunc, operands)
    versions = [layouts(operand) for operand in operands]
    names = list(versions[0])
    for i, name in enumerate(names):
        assert not difference(ufunc(*(version[name] for version in versions)), expected), name
        # Each operand in a layout of its own.
        assert not difference(
            ufunc(*(version[names[(i + j) % len(names)]] for j, version in enumerate(versions))), expected
        ), name
        for j, version in enumerate(versions):
            one = [*operands[:j], version[name], *operands[j + 1 :]]
            assert not difference(ufunc(*one), expected), (name, j)
    for step in (2, 3, -1, -2):
        outs = tuple(np.zeros(abs(step) * COUNT, dtype)[::step] for _ in expected)
        assert not difference(ufunc(*operands, out=outs), expected)
    swapped = tuple(np.zeros(COUNT, np.dtype(dtype).newbyteorder()) for _ in expected)
    assert not difference(ufunc(*operands, out=swapped), expected)


@DTYPE
@EVERY_CASE
def test_zero_strides_scalars_and_broadcasting(case: Case, dtype: type):
    """Constant operands as numbers, 0-d arrays, arrays of length 1 or stride 0, or full arrays: the same bits."""
    operands = prepared(case, dtype, vary=True)
    ufunc = case.ufunc()
    for position in range(ufunc.nin):
        for value in (operands[position][0], dtype(0.5), np.finfo(dtype).tiny):
            full = [*operands]
            full[position] = np.full(COUNT, value)
            expected = alone(ufunc, full)
            assert not difference(ufunc(*full), expected)
            for given_as in (value, np.array(value), np.array([value]), np.broadcast_to(value, COUNT)):
                got = outputs(ufunc(*full[:position], given_as, *full[position + 1 :]))
                assert not difference([np.broadcast_to(result, COUNT) for result in got], expected)
    first = [operand[0] for operand in operands]
    expected = alone(ufunc, [operand[:1] for operand in operands])
    assert not difference(ufunc(*first), [e[0] for e in expected])
    assert not difference(ufunc(*map(np.array, first)), [e[0] for e in expected])
    assert not difference(ufunc(*(np.broadcast_to(value, 40) for value in first)), [np.repeat(e, 40) for e in expected])
    if ufunc.nin > 1:
        column = [operand[:20, None] for operand in operands[:1]] + [operand[None, :30] for operand in operands[1:]]
        table = ufunc(*column)
        flat = [np.broadcast_to(c, (20, 30)).ravel() for c in column]
        assert not difference(table, [e.reshape(20, 30) for e in alone(ufunc, flat)])


@DTYPE
@EVERY_CASE
def test_shapes(case: Case, dtype: type):
    operands = [operand[:210] for operand in prepared(case, dtype, vary=True)]
    ufunc = case.ufunc()
    expected = alone(ufunc, operands)
    for shape in ((210, 1), (1, 210), (14, 15), (2, 3, 5, 7), (210,)):
        wanted = [e.reshape(shape) for e in expected]
        c_order = [operand.reshape(shape) for operand in operands]
        assert not difference(ufunc(*c_order), wanted)
        assert not difference(ufunc(*map(np.asfortranarray, c_order)), wanted)
        assert not difference(ufunc(*(o if i % 2 else np.asfortranarray(o) for i, o in enumerate(c_order))), wanted)
        assert not difference(ufunc(*(operand.T for operand in c_order)), [e.T for e in wanted])
    square = [operand.reshape(14, 15) for operand in operands]
    cut = np.s_[1::2, ::-3]
    assert not difference(ufunc(*(operand[cut] for operand in square)), [e.reshape(14, 15)[cut] for e in expected])
    for shape in ((0,), (3, 0), (0, 5, 2)):
        for result in outputs(ufunc(*(np.zeros(shape, dtype) for _ in operands))):
            assert result.shape == shape
            assert result.dtype == dtype


@DTYPE
@EVERY_KERNEL
def test_in_place_and_overlapping_views(case: Case, dtype: type, vary: bool):
    operands = prepared(case, dtype, vary)
    ufunc = case.ufunc()
    expected = alone(ufunc, operands)
    for position in range(ufunc.nin):
        fresh = [operand.copy() for operand in operands]
        out = (fresh[position], *(np.empty(COUNT, dtype) for _ in expected[1:]))
        assert not difference(ufunc(*fresh, out=out), expected)
        for source, target in (
            (np.s_[:-1], np.s_[1:]),
            (np.s_[1:], np.s_[:-1]),
            (np.s_[:-17], np.s_[17:]),
            (np.s_[::-1], np.s_[:]),
            (np.s_[: COUNT // 2], np.s_[: 2 * (COUNT // 2) : 2]),
        ):
            fresh = [operand.copy() for operand in operands]
            views = [operand[source] for operand in fresh]
            out = (fresh[position][target], *(np.empty(views[0].size, dtype) for _ in expected[1:]))
            assert not difference(ufunc(*views, out=out), [e[source] for e in expected])
    if ufunc.nin > 1:  # the same array as every operand, and as the output
        x = operands[case.arguments - 1].copy()
        twice = alone(ufunc, [x] * ufunc.nin)
        assert not difference(ufunc(*[x] * ufunc.nin, out=(x, *(np.empty(COUNT, dtype) for _ in expected[1:]))), twice)


@DTYPE
@EVERY_CASE
def test_masks(case: Case, dtype: type):
    operands = prepared(case, dtype, vary=True)
    ufunc = case.ufunc()
    expected = alone(ufunc, operands)
    masks = [np.arange(COUNT) % n == 0 for n in (1, 2, 7)]
    masks += [np.arange(COUNT) >= 60, np.zeros(COUNT, bool), np.random.default_rng(1).random(COUNT) < 0.5]
    for mask in masks:
        before = np.arange(COUNT).astype(dtype)
        result = outputs(ufunc(*operands, out=tuple(before.copy() for _ in expected), where=mask))
        assert not difference(result, [np.where(mask, e, before) for e in expected])


@DTYPE
@pytest.mark.parametrize("case", [case for case in CASES if case.ufunc().nin == 1 and case.ufunc().nout == 1], ids=str)
def test_at(case: Case, dtype: type):
    (x,) = prepared(case, dtype, vary=False)
    ufunc = case.ufunc()
    once, twice = alone(ufunc, [x])[0], alone(ufunc, [alone(ufunc, [x])[0]])[0]
    got = x.copy()
    ufunc.at(got, [3, 5, 3, -1, *range(10, 150)])
    expected = x.copy()
    expected[[5, -1, *range(10, 150)]] = once[[5, -1, *range(10, 150)]]
    expected[3] = twice[3]
    assert not difference(got, expected)


TWO_IN = [case for case in CASES if case.ufunc().nin == 2 and case.ufunc().nout == 1]


@DTYPE
@pytest.mark.parametrize("case", TWO_IN, ids=str)
def test_methods_of_two_input_forms(case: Case, dtype: type):
    """outer, reduce, accumulate, reduceat and at: every step is the call on two numbers."""
    a, b = prepared(case, dtype, vary=True)
    a, b = np.where(np.isnan(a), dtype(1), a), np.where(np.isnan(b), dtype(1), b)
    ufunc = case.ufunc()

    outer = ufunc.outer(a[:19], b[:37])
    pairs = np.array(list(itertools.product(a[:19], b[:37])), dtype)
    assert not difference(outer, alone(ufunc, [pairs[:, 0], pairs[:, 1]])[0].reshape(19, 37))

    for values in (b[:150], b[:150:2], b[150:10:-3], np.abs(b[:40]) * dtype(0.5)):
        folded = [values[0]]
        for value in values[1:]:
            folded.append(ufunc(folded[-1], value))
        assert not difference(ufunc.accumulate(values), np.array(folded))
        assert not difference(ufunc.reduce(values), folded[-1])
    plain = np.where(np.isfinite(b), b, dtype(1))[:60]
    table = plain.reshape(12, 5)
    for axis in (0, 1):
        columns = table if axis == 0 else table.T
        expected = columns[0]
        for row in columns[1:]:
            expected = ufunc(expected, row)
        assert np.array_equal(ufunc.reduce(table, axis=axis), expected, equal_nan=True)
        assert np.array_equal(ufunc.accumulate(table, axis=axis).take(-1, axis=axis), expected, equal_nan=True)
    pieces = [ufunc.reduce(plain[i:j]) for i, j in ((0, 7), (7, 31), (31, 60))]
    assert np.array_equal(ufunc.reduceat(plain, [0, 7, 31]), pieces, equal_nan=True)

    got, expected = a.copy(), a.copy()
    ufunc.at(got, np.arange(40), b[:40])
    expected[:40] = alone(ufunc, [a[:40], b[:40]])[0]
    assert not difference(got, expected)


@pytest.mark.skipif(
    len(FUSED) < 2, reason=f"instruction sets with fma that run here: {FUSED or 'none'}; two are needed"
)
@DTYPE
@EVERY_KERNEL
def test_instruction_sets_with_fma_agree(case: Case, dtype: type, vary: bool):
    namespaces = [fastact.for_instruction_set(name) for name in FUSED]
    lengths = (3, 130, 20_000) if vary else (3, 130)
    sets = [prepared(case, dtype, vary, length=length, seed=9) for length in lengths]
    if not vary:
        x = np.concatenate([every_exponent(dtype, 40), samples(case, dtype, 50_000, case.defaults(dtype))])
        x = x[~np.isnan(x)]
        gradient = [np.resize(np.array([1, -3, 0.1], dtype), x.size)] * (case.arguments - 1)
        sets.append([*gradient, x, *(np.full(x.size, p, dtype) for p in case.defaults(dtype))])
    for operands in sets:
        scalars = operands if vary else [*operands[: case.arguments], *(p[0] for p in operands[case.arguments :])]
        first, *others = (case.ufunc(namespace)(*scalars) for namespace in namespaces)
        for other in others:
            assert not difference(first, other)


def test_for_instruction_set_runs_what_it_says():
    chosen = fastact.show_config("dict")["instruction set"]
    x = np.linspace(-9, 9, 1000, dtype=np.float32)
    for name in fastact.show_config("dict")["usable here"]:
        namespace = fastact.for_instruction_set(name)
        assert {str(case) for case in CASES} <= set(vars(namespace)) <= set(fastact.__all__)
        if name == chosen:
            for case in CASES:
                if case.ufunc().nin == 1:
                    assert not difference(case.ufunc(namespace)(x), case.ufunc()(x))
    for name in ("sse9", "", "AVX2", "baseline "):
        with pytest.raises(ValueError, match="instruction set"):
            fastact.for_instruction_set(name)


def test_eight_threads_at_once():
    jobs = []
    for case in CASES:
        for dtype in DTYPES:
            operands = prepared(case, dtype, vary=True, length=3001)
            jobs.append((case.ufunc(), operands, outputs(case.ufunc()(*operands))))

    def work(thread: int) -> int:
        wrong = 0
        for k in range(2 * len(jobs)):
            ufunc, operands, expected = jobs[(k + thread * 13) % len(jobs)]
            with np.errstate(over="ignore"):
                wrong += bool(difference(ufunc(*operands), expected))
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [0] * 8


def spread(array: np.ndarray) -> np.ndarray:
    """The same elements, with others between them."""
    return np.repeat(array, 2)[::2]


@EVERY_CASE
def test_every_float16_contiguous_and_not(case: Case):
    """Contiguous ones have kernels of their own, which may compute less: others go through float32."""
    x = all_halves()
    others = [np.roll(x, 12_345), np.full_like(x, 1.5)][: 1 + (case.arguments > 1)]
    for grad in others:
        operands = [grad, x][-case.arguments :]
        defaults = case.defaults(np.float16)
        ufunc = case.ufunc()
        assert not difference(ufunc(*operands, *defaults), ufunc(*map(spread, operands), *defaults))


@pytest.mark.parametrize("name", ["identity", "identity_backward", "identity_backward_from_output"])
def test_the_identity_of_float16_keeps_every_bit_but_that_of_signalling(name: str):
    x, function = all_halves(), getattr(fastact, name)
    ones, quiet = np.ones_like(x), np.where(np.isnan(x), bits(x) | 0x200, bits(x))
    if name == "identity":
        assert np.array_equal(bits(function(x)), quiet)
        return
    assert np.array_equal(bits(function(ones, x)), np.where(np.isnan(x), quiet, bits(ones)))
    assert np.array_equal(bits(function(x, ones)), quiet)


@EVERY_CASE
@given(data=st.data())
def test_any_arrays(case: Case, data: st.DataObject):
    """Arrays of any shapes that broadcast, any strides, any values: as the elements alone."""
    ufunc = case.ufunc()
    width = data.draw(st.sampled_from([16, 32, 64]))
    shapes = data.draw(npst.mutually_broadcastable_shapes(num_shapes=ufunc.nin, max_dims=3, max_side=5))
    operands = []
    for shape in shapes.input_shapes:
        array = data.draw(npst.arrays(f"f{width // 8}", shape, elements=st.floats(width=width)))
        operands.append(array[tuple(slice(None, None, data.draw(st.sampled_from([1, -1]))) for _ in shape)])
    result = outputs(ufunc(*operands))
    flat = [np.broadcast_to(operand, shapes.result_shape).ravel() for operand in operands]
    if flat[0].size:
        expected = alone(ufunc, flat)
        assert not difference([np.ravel(got) for got in result], expected)
