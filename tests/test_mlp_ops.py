"""Operations bound to arrays, on every instruction set: against NumPy, and refusing what does not fit."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastact
from fastact import losses

from .cases import bits
from .oracle import mp

USABLE = fastact.show_config("dict")["usable here"]


def ops(isa):
    return importlib.import_module(f"fastact.mlp._ops_{isa}")


def compiled_cross_entropy(isa):
    return importlib.import_module(f"fastact.losses._cross_entropy_{isa}").cross_entropy


def matrix(rng, rows, columns, dtype, layout):
    """A matrix of one of the layouts that a network has, or a part of a larger one."""
    if layout == "transposed":
        return rng.standard_normal((columns, rows)).astype(dtype).T
    if layout == "part":
        return rng.standard_normal((rows + 2, columns + 3)).astype(dtype)[1:-1, 2:-1]
    return rng.standard_normal((rows, columns)).astype(dtype)


LAYOUTS = ("plain", "transposed", "part")


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(1, 70),
    inner=st.integers(1, 70),
    columns=st.integers(1, 140),
    layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS), st.sampled_from(("plain", "part"))),
    bias=st.booleans(),
    dtype=st.sampled_from(("float32", "float64")),
)
def test_products_of_any_shape(rows, inner, columns, layouts, bias, dtype):
    rng = np.random.default_rng(rows * 10007 + inner * 101 + columns)
    a, b = matrix(rng, rows, inner, dtype, layouts[0]), matrix(rng, inner, columns, dtype, layouts[1])
    c = rng.standard_normal(rows).astype(dtype) if bias else None
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble) + (0 if c is None else c[:, None])
    scale = np.abs(a).astype(float) @ np.abs(b).astype(float) + 1
    found = {}
    for isa in USABLE:
        out = matrix(rng, rows, columns, dtype, layouts[2])
        around = out.base.copy() if layouts[2] == "part" else None
        ops(isa).Product(a, b, out, c)()
        assert np.all(np.abs(out - exact) <= (inner + 2) * np.finfo(dtype).eps * scale)
        if around is not None:  # what lies around the part is not touched
            around[1:-1, 2:-1] = out
            np.testing.assert_array_equal(out.base, around)
        found[isa] = out.copy()
    fused = [found[isa] for isa in USABLE if isa != "baseline"]
    for other in fused[1:]:
        np.testing.assert_array_equal(other, fused[0])


def test_large_products_are_left_to_blas_and_get_their_bias():
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((600, 300)), rng.standard_normal((300, 200)), rng.standard_normal(600)
    out = np.empty((600, 200))
    ops(USABLE[-1]).Product(a, b, out, c)()
    np.testing.assert_allclose(out, a @ b + c[:, None], rtol=1e-10, atol=1e-10)
    assert 600 * 300 * 200 > 1 << 25


def test_the_bits_of_a_product_do_not_depend_on_what_stands_beside():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((37, 29)).astype("float32"), rng.standard_normal((29, 75)).astype("float32")
    for isa in USABLE:
        whole = np.empty((37, 75), "float32")
        ops(isa).Product(a, b, whole)()
        for i, j in ((0, 0), (36, 74), (17, 63), (4, 64)):
            one = np.empty((1, 1), "float32")
            ops(isa).Product(a[i : i + 1], b[:, j : j + 1], one)()
            assert one[0, 0] == whole[i, j]


def test_negative_zero_and_what_is_not_finite_pass_as_in_numpy():
    for isa in USABLE:
        out = np.empty((1, 2))
        ops(isa).Product(np.array([[1.0]]), np.array([[np.inf, np.nan]]), out, np.array([-0.0]))()
        np.testing.assert_array_equal(out, [[np.inf, np.nan]])
        ops(isa).Product(np.array([[-0.0]]), np.array([[1.0, 0.0]]), out, np.array([-0.0]))()
        np.testing.assert_array_equal(np.signbit(out), [[True, True]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("columns", [1, 15, 16, 17, 100])
def test_sums_of_rows(columns, dtype):
    x = np.random.default_rng(columns).standard_normal((5, columns)).astype(dtype)
    found = []
    for isa in USABLE:
        out = np.empty(5, dtype)
        ops(isa).RowSums(x, out)()
        np.testing.assert_allclose(out, x.sum(axis=1, dtype=np.longdouble), rtol=0, atol=20 * np.finfo(dtype).eps * 10)
        found.append(out)
    assert all((other == found[0]).all() for other in found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ufuncs_are_called_as_they_are(dtype):
    x = np.random.default_rng(0).standard_normal((7, 9)).astype(dtype)
    y, slopes = np.empty_like(x), np.empty_like(x)
    bound = ops(USABLE[-1])
    bound.Pointwise(fastact.gelu.with_derivative, x, y, slopes)()
    np.testing.assert_array_equal(y, fastact.gelu(x))
    np.testing.assert_array_equal(slopes, fastact.gelu_derivative(x))
    alpha = np.array(0.5, dtype)
    call = bound.Pointwise(fastact.elu.ufunc, x, alpha, y)
    call()
    np.testing.assert_array_equal(y, fastact.elu(x, 0.5))
    alpha[...] = 2.0  # read when it is called
    call()
    np.testing.assert_array_equal(y, fastact.elu(x, 2.0))
    bound.Pointwise(np.multiply, x, y, y)()
    np.testing.assert_array_equal(y, x * fastact.elu(x, 2.0))


def test_rows_are_gathered():
    source = np.arange(40.0).reshape(10, 4)
    out = np.empty((3, 4))
    order = np.array([7, 1, 1, 9, 0])
    take = ops(USABLE[-1]).Rows(source, out)
    for start in range(3):
        take(order, start)
        np.testing.assert_array_equal(out, source[order[start : start + 3]])
    for wrong, start in ((order, 3), (order, -1), (np.array([0, 1, 10]), 0), (np.array([0, -1, 1]), 0)):
        with pytest.raises(IndexError, match="order must"):
            take(wrong, start)
    with pytest.raises(ValueError, match="order must be a contiguous vector of intp"):
        take(order.astype("int32"), 0)


Z = np.zeros
REFUSED = [
    ("Product", (Z((2, 3)), Z((4, 2)), Z((2, 2))), "have shapes that fit"),
    ("Product", (Z((2, 3)), Z((3, 2)), Z((2, 3))), "have shapes that fit"),
    ("Product", (Z(3), Z((3, 2)), Z((2, 2))), "must be matrices"),
    ("Product", (Z((2, 3), "f4"), Z((3, 2)), Z((2, 2))), "of one dtype"),
    ("Product", (Z((2, 3), "f2"), Z((3, 2), "f2"), Z((2, 2), "f2")), "must be float32 or float64"),
    ("Product", (Z((2, 3)), Z((3, 2)), Z((2, 4))[:, ::2]), "contiguous rows"),
    ("Product", (Z((2, 3)), Z((3, 2)), Z((2, 2)), Z(3)), "bias must be one contiguous number for each row"),
    ("RowSums", (Z((2, 3)), Z(3)), "a number for each row"),
    ("RowSums", (Z((3, 2)).T, Z(2)), "must be contiguous"),
    ("Pointwise", (abs, Z(3), Z(3)), "ufunc must be a numpy.ufunc"),
    ("Pointwise", (np.add, Z(3), Z(3)), "ufunc must be one of 2 operands"),
    ("Pointwise", (np.isnan, Z(3), Z(3)), "must have a loop for float64"),
    ("Pointwise", (np.negative, Z(3), Z(4)), "must have one shape"),
    ("Pointwise", (np.negative, Z(6)[::2], Z(3)), "must be contiguous"),
    ("Pointwise", (np.matmul, Z((2, 2)), Z((2, 2)), Z((2, 2))), "element by element"),
    ("Rows", (Z((4, 2)), Z((2, 3))), "with rows of one shape"),
    ("Rows", (Z((4, 2)), Z((2, 2), "f4")), "of one dtype"),
    ("Rows", (Z((4, 4))[:, ::2], Z((2, 2))), "must be contiguous"),
]


@pytest.mark.parametrize(("name", "arguments", "names"), REFUSED)
def test_what_does_not_fit_is_refused(name, arguments, names):
    with pytest.raises(ValueError, match=names):
        getattr(ops(USABLE[-1]), name)(*arguments)


# --- cross-entropy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 1), (2, 32), (10, 64), (10, 65), (3, 200), (1, 5)])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_cross_entropy_is_that_of_the_losses(shape, dtype, scale):
    rng = np.random.default_rng(shape[1])
    x = (scale * rng.standard_normal(shape)).astype(dtype)
    labels = rng.integers(0, shape[0], shape[1])
    weights = rng.uniform(0, 2, shape[1]).astype(dtype)
    for isa in USABLE:
        for w in (None, weights):
            out = np.empty_like(x)
            total = compiled_cross_entropy(isa)(x, labels, w, 0.5, out)
            value, gradient = fastact_cross_entropy(x, labels, w)
            tolerance = 2e-6 if dtype == "float32" else 1e-14
            assert total == pytest.approx(value, rel=tolerance, abs=1e-300)
            np.testing.assert_allclose(out, 0.5 * gradient, rtol=4 * tolerance, atol=1e-40)


def fastact_cross_entropy(x, labels, weights):
    value, gradient = losses.cross_entropy_value_and_gradient(
        x.T.astype(float), labels, sample_weight=weights, reduction="sum"
    )
    return value, gradient.T


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [1, 2, 9, 16, 40, 128, 129, 300])
def test_cross_entropy_gives_each_sample_the_same_bits_however_it_lies(classes, dtype):
    """Near and far from 0, led by one number and not, in rows and in columns, alone and among others, in place."""
    rng = np.random.default_rng(classes)
    x = 3 * rng.standard_normal((53, classes))
    labels = rng.integers(0, classes, 53)
    x[8:16] *= 30
    x[16:24] += 1000
    x[np.arange(24, 32), labels[24:32]] += 60
    x[32:40, ::2] = -np.inf
    x = x.astype(dtype)
    weights = rng.uniform(0, 2, 53).astype(dtype)
    kernels = [compiled_cross_entropy(isa) for isa in USABLE if isa != "baseline"]
    found = []
    for kernel in kernels or [compiled_cross_entropy("baseline")]:
        value, gradient = np.empty(53, dtype), np.empty_like(x)
        for i in range(53):
            kernel(
                x[i, :, None].copy(),
                labels[i : i + 1],
                weights[i : i + 1],
                0.25,
                gradient[i, :, None],
                value[i : i + 1],
            )
        found.append((value, gradient))
        wide = np.zeros((53, 2 * classes), dtype)
        wide[:, :classes] = x
        for logits, out in (
            (x, np.empty_like(x)),
            (wide[:, :classes], np.empty_like(x)),
            (np.asfortranarray(x), np.empty_like(x, order="F")),
            (2 * [x.copy()]),
            (2 * [np.asfortranarray(x)]),
        ):
            each = np.empty(53, dtype)
            total = kernel(logits.T, labels, weights, 0.25, out.T, each)
            assert np.array_equal(bits(out), bits(gradient))
            assert np.array_equal(bits(each), bits(value))
            np.testing.assert_equal(total, sum((weights.astype(float) * value).tolist()))
    for value, gradient in found:
        assert np.array_equal(bits(value), bits(found[0][0]))
        assert np.array_equal(bits(gradient), bits(found[0][1]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 9, 40, 300])
def test_cross_entropy_keeps_its_relative_precision(classes, dtype):
    """Against mpmath, also where a sample's loss is far below eps."""
    rng = np.random.default_rng(classes)
    x = 3 * rng.standard_normal((24, classes))
    labels = rng.integers(0, classes, 24)
    x[np.arange(6, 18), labels[6:18]] += np.repeat([15, 20, 30, 70], 3)
    x[18:] *= 20
    x = x.astype(dtype)
    eps = mp.mpf(float(np.finfo(dtype).eps))
    least = 4 * mp.mpf(float(np.finfo(dtype).smallest_subnormal))
    for isa in USABLE:
        value, gradient = np.empty(24, dtype), np.empty_like(x)
        compiled_cross_entropy(isa)(x.T, labels, None, 1.0, gradient.T, value)
        for i in range(24):
            row = [mp.mpf(float(v)) for v in x[i]]
            first = max(range(classes), key=row.__getitem__)
            others = mp.fsum(mp.exp(v - row[first]) for k, v in enumerate(row) if k != first)
            loss = mp.log1p(others) - (row[labels[i]] - row[first])
            assert abs(mp.mpf(float(value[i])) - loss) <= 2 * eps * loss + least
            for k in range(classes):
                slope = mp.exp(row[k] - row[first]) / (1 + others)
                if k == labels[i]:
                    slope = -others / (1 + others) if k == first else slope - 1
                assert abs(mp.mpf(float(gradient[i, k])) - slope) <= 3 * eps * abs(slope) + least


def test_cross_entropy_in_place_and_of_what_is_not_finite():
    for isa in USABLE:
        x = np.array([[1.0, np.nan, np.inf], [2.0, 0.0, 0.0]])
        out = np.empty_like(x)
        assert np.isnan(compiled_cross_entropy(isa)(x, np.array([0, 1, 0]), None, 1.0, out))
        assert np.isfinite(out[:, 0]).all()
        assert np.isnan(out[:, 1:]).any(axis=0).all()


def test_cross_entropy_refuses_what_does_not_fit():
    x, t = np.zeros((3, 4)), np.zeros(4, np.intp)
    for arguments in (
        (x, t, None, 1.0, np.zeros((4, 3))),
        (x, t, None, 1.0, np.zeros((3, 4), "f4")),
        (x, t[:3], None, 1.0, x.copy()),
        (x, t.astype("i4"), None, 1.0, x.copy()),
        (x, t, np.ones(3), 1.0, x.copy()),
        (x, t, np.ones(4, "f4"), 1.0, x.copy()),
        (np.zeros((4, 3)).T, t, None, 1.0, x.copy()),
        (x.astype("f2"), t, None, 1.0, x.astype("f2")),
    ):
        with pytest.raises(ValueError, match="must be"):
            compiled_cross_entropy(USABLE[-1])(*arguments)
