"""Losses against mpmath, PyTorch and central differences."""

import mpmath
import numpy as np
import pytest

from fastact import losses

DTYPES = ["float32", "float64"]
CONFIDENT = [[0.0, -40.0, -45.0], [0.0, -16.0, -80.0], [3.0, -1.0, -2.0]]


def batch(dtype, samples=40, classes=7, scale=8.0, seed=1):
    rng = np.random.default_rng(seed)
    x = (scale * rng.standard_normal((samples, classes))).astype(dtype)
    x[: len(CONFIDENT), :3] = CONFIDENT
    x[: len(CONFIDENT), 3:] = -90.0
    labels = rng.integers(0, classes, samples)
    labels[: len(CONFIDENT)] = 0
    return x, labels


def exact(x, labels):
    """Losses and gradients of each sample by mpmath, rounded to float64 at the end."""
    with mpmath.workdps(80):
        values, gradients = [], []
        for row, label in zip(x, labels, strict=True):
            exponentials = [mpmath.exp(mpmath.mpf(float(v))) for v in row]
            total = mpmath.fsum(exponentials)
            values.append(float(mpmath.log(total) - mpmath.mpf(float(row[label]))))
            gradients.append([float(e / total - (k == label)) for k, e in enumerate(exponentials)])
    return np.array(values), np.array(gradients)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_value_and_gradient_keeps_its_relative_precision(dtype):
    x, labels = batch(dtype)
    value, gradient = losses.cross_entropy_value_and_gradient(x, labels, reduction="none")
    true_value, true_gradient = exact(x, labels)
    assert value.dtype == gradient.dtype == dtype
    # exp(d) of a difference d that was rounded is off by abs(d) / 2 rounding errors; sum and quotient add a few.
    spread = np.ptp(x.astype(np.float64), axis=1)
    bound = (spread / 2 + 8) * np.finfo(dtype).eps
    assert np.all(abs(value - true_value) <= bound * true_value)
    assert np.all(abs(gradient - true_gradient) <= bound[:, None] * abs(true_gradient))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_reductions_agree_with_pytorch(reduction):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x, labels = batch("float64", scale=2.0)
    logits = torch.tensor(x, requires_grad=True)
    value = torch.nn.functional.cross_entropy(logits, torch.tensor(labels), reduction=reduction)
    value.sum().backward()
    np.testing.assert_allclose(
        losses.cross_entropy(x, labels, reduction=reduction), value.detach(), rtol=1e-12, atol=1e-15
    )
    gradient = losses.cross_entropy_gradient(x, labels, reduction=reduction)
    np.testing.assert_allclose(gradient, logits.grad, rtol=1e-12, atol=1e-15)


def test_gradient_is_the_slope_of_the_value():
    x, labels = batch("float64", samples=6, classes=4, scale=1.0)
    gradient, step = losses.cross_entropy_gradient(x, labels), 1e-5
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += step
        below[at] -= step
        slope = (losses.cross_entropy(above, labels) - losses.cross_entropy(below, labels)) / (2 * step)
        assert gradient[at] == pytest.approx(slope, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits(dtype):
    largest = np.finfo(dtype).max
    rows = [
        ([1e30, 0.0], 0, 0.0, [0.0, 0.0]),
        ([1e30, 0.0], 1, 1e30, [1.0, -1.0]),
        ([-1e30, -1e30], 0, np.log(2.0), [-0.5, 0.5]),
        ([largest, largest / 2], 1, largest / 2, [1.0, -1.0]),
        ([0.0, -np.inf], 0, 0.0, [0.0, 0.0]),
        ([0.0, -np.inf], 1, np.inf, [1.0, -1.0]),
        ([np.nan, 0.0], 1, np.nan, [np.nan, np.nan]),
        ([np.inf, 0.0], 0, np.nan, [np.nan, np.nan]),
        ([-np.inf, -np.inf], 0, np.nan, [np.nan, np.nan]),
    ]
    for row, label, expected_value, expected_gradient in rows:
        x = np.array([row], dtype)
        with np.errstate(all="raise"):
            value, gradient = losses.cross_entropy_value_and_gradient(x, [label], reduction="none")
        np.testing.assert_allclose(value, [expected_value], rtol=1e-6, err_msg=f"value at {row}, {label}")
        np.testing.assert_allclose(gradient, [expected_gradient], rtol=1e-6, err_msg=f"gradient at {row}, {label}")


def test_sums_of_large_losses_do_not_overflow():
    x = np.tile(np.array([3e38, 0.0], np.float32), (4, 1))
    assert losses.cross_entropy(x, [1] * 4, reduction="sum") == pytest.approx(1.2e39, rel=1e-6)
    assert losses.cross_entropy(x, [1] * 4) == pytest.approx(3e38, rel=1e-6)


def test_one_class_costs_nothing():
    value, gradient = losses.cross_entropy_value_and_gradient(np.ones((3, 1)), [0, 0, 0])
    assert value == 0.0
    assert not gradient.any()


def test_integers_are_taken_as_float64():
    gradient = losses.cross_entropy_gradient([[2, 1, 0]], np.array([1], np.uint8))
    assert gradient.dtype == np.float64
    np.testing.assert_array_equal(gradient, losses.cross_entropy_gradient([[2.0, 1.0, 0.0]], [1]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_out_receives_the_same_bits_in_any_layout(dtype):
    x, labels = batch(dtype)
    value, gradient = losses.cross_entropy_value_and_gradient(x, labels)
    for out in (
        np.empty_like(x),
        np.empty_like(x, order="F"),
        np.empty((2 * len(x), x.shape[1]), dtype)[::-2],
        x.copy(),
    ):
        logits = out if np.shares_memory(out, x) or np.array_equal(out, x) else x
        got_value, got = losses.cross_entropy_value_and_gradient(logits, labels, out=out)
        assert got is out
        np.testing.assert_array_equal(got, gradient)
        assert got_value == value
    unchecked = losses.cross_entropy_value_and_gradient(x, labels, validate=False)
    assert unchecked[0] == value
    np.testing.assert_array_equal(unchecked[1], gradient)


X = np.zeros((3, 4))
OUT = np.full((3, 4), 7.0)


@pytest.mark.parametrize(
    ("arguments", "error", "names"),
    [
        ({"reduction": "max"}, ValueError, "reduction must be one of mean, sum, none"),
        ({"logits": np.zeros(4)}, ValueError, "logits must have the shape"),
        ({"logits": np.zeros((0, 4)), "labels": np.zeros(0, int)}, ValueError, "logits must have the shape"),
        ({"logits": np.zeros((3, 0))}, ValueError, "logits must have the shape"),
        ({"logits": X + 0j}, TypeError, "logits must be float32 or float64"),
        ({"logits": X.astype(np.float16)}, TypeError, "logits must be float32 or float64"),
        ({"logits": [["a", "b"]] * 3}, TypeError, "logits must be float32 or float64"),
        ({"labels": [0.0, 1.0, 2.0]}, ValueError, "labels must be 3 integers"),
        ({"labels": [0, 1]}, ValueError, "labels must be 3 integers"),
        ({"labels": [[0], [1], [2]]}, ValueError, "labels must be 3 integers"),
        ({"labels": [0, 1, 4]}, ValueError, r"labels must be in \[0, 4\), got 0 to 4"),
        ({"labels": [0, -1, 3]}, ValueError, r"labels must be in \[0, 4\), got -1 to 3"),
        ({"out": OUT[:2]}, ValueError, "out must be float64 of shape"),
        ({"out": OUT.astype(np.float32)}, ValueError, "out must be float64 of shape"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(arguments, error, names):
    out = arguments.setdefault("out", OUT)
    before = out.copy()
    with pytest.raises(error, match=names):
        losses.cross_entropy_value_and_gradient(**{"logits": X, "labels": [0, 1, 2]} | arguments)
    np.testing.assert_array_equal(out, before)
