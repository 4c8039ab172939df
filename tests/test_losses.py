"""Every loss against mpmath, PyTorch and differences; reductions, weights, convexity; bad input."""

from __future__ import annotations

import doctest
import inspect
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as any_array

from fastact import losses

from .loss_cases import CASES, LossCase, arrays, exact

EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=str)
EVERY_LOSS = pytest.mark.parametrize("row", losses.LOSSES.values(), ids=lambda row: row.name)
FIRST = {case.name: case for case in reversed(CASES)}
DTYPES = ["float32", "float64"]


def test_every_loss_is_tested():
    assert set(FIRST) == set(losses.LOSSES)
    names = {case.name for case in CASES if case.parameters}
    assert {row.name for row in losses.LOSSES.values() if set(row.defaults) - {"epsilon"}} == names


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_CASE
def test_values_and_gradients_are_those_of_mpmath(case: LossCase, dtype: str):
    row = losses.get(case.name)
    x, t = arrays(case, dtype)
    if not row.rows:  # each number by itself: in a mean over outputs the large would hide the small
        x, t = x.reshape(-1, 1), t.reshape(-1, 1)
    value, gradient = row.value_and_gradient(x, t, reduction="none", **case.keywords)
    true_value, true_gradient = exact(case, x, t)
    assert value.dtype == gradient.dtype == dtype
    bound = case.bound * np.finfo(dtype).eps
    scale = (abs(true_value).max(), abs(true_gradient).max(axis=1, keepdims=True)) if case.absolute else (0.0, 0.0)
    assert np.all(abs(value - true_value) <= bound * np.maximum(abs(true_value), scale[0]))
    assert np.all(abs(gradient - true_gradient) <= bound * np.maximum(abs(true_gradient), scale[1]))


@EVERY_CASE
def test_gradients_are_the_slopes_of_the_values(case: LossCase):
    """By central differences of the public functions alone, for every reduction, with weights."""
    row = losses.get(case.name)
    x, t = arrays(case, "float64", n=5, seed=3)
    x = np.clip(x, 0.05, 0.95) if row.prediction_domain.upper == 1.0 else np.clip(x, -4.0, 4.0)
    if case.name == "cosine_similarity":
        x /= abs(x).max(axis=1, keepdims=True)  # its slopes are as steep as rows are short
    for keywords in ({}, {"reduction": "sum"}, {"sample_weight": [0.5, 2.0, 0.0, 1.0, 3.0]}):
        gradient, step = row.gradient(x, t, **case.keywords, **keywords), 1e-6
        for at in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[at] += step
            below[at] -= step
            change = row.value(above, t, **case.keywords, **keywords) - row.value(below, t, **case.keywords, **keywords)
            assert gradient[at] == pytest.approx(change / (2 * step), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("case", [case for case in CASES if case.torch], ids=str)
def test_values_and_gradients_are_those_of_pytorch(case: LossCase):
    """Of unsaturated numbers; PyTorch's mean over all numbers is the mean over samples of the mean over outputs."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    row = losses.get(case.name)
    x, t = arrays(case, "float64", seed=2)
    weight = np.random.default_rng(1).uniform(0.0, 3.0, len(x))
    for reduction in ("mean", "sum"):
        x_there = torch.tensor(x, requires_grad=True)
        of_samples = case.torch(torch.nn.functional, torch, x_there, torch.tensor(t))
        there = getattr(of_samples * torch.tensor(weight), reduction)()
        there.backward()
        value, gradient = row.value_and_gradient(x, t, reduction=reduction, sample_weight=weight, **case.keywords)
        assert value == pytest.approx(there.item(), rel=1e-12)
        np.testing.assert_allclose(gradient, x_there.grad, rtol=1e-9, atol=1e-13 * abs(gradient).max())


# Saturated ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_below_epsilon_count_as_it_and_have_no_gradient(dtype: str):
    epsilon = np.log(np.dtype(dtype).type(1e-7))
    x = np.array([[0.0, 1.0], [1e-9, 1.0]], dtype)
    for name, target in (
        ("binary_crossentropy", [[1, 1], [1, 1]]),
        ("categorical_crossentropy", [[1, 0], [1, 0]]),
        ("sparse_categorical_crossentropy", [0, 0]),
        ("kl_divergence", [[1, 0], [1, 0]]),
    ):
        row = losses.get(name)
        value, gradient = row.value_and_gradient(x, target, reduction="none")
        np.testing.assert_allclose(value, -epsilon / (1 if row.rows else 2), rtol=1e-6, err_msg=name)
        np.testing.assert_array_equal(gradient[:, 0], 0.0, err_msg=name)
    value, gradient = losses.binary_crossentropy_value_and_gradient(x[1:, :1], [[1]], epsilon=1e-20)
    assert value == pytest.approx(-np.log(1e-9), rel=1e-6)
    assert gradient == pytest.approx(-1e9, rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_epsilon_is_never_below_the_smallest_normal_number(dtype: str):
    tiny = np.finfo(dtype).tiny
    for name, target in (("binary_crossentropy", [[1, 0]]), ("kl_divergence", [[1, 0]])):
        value, gradient = losses.get(name).value_and_gradient(np.zeros((1, 2), dtype), target, epsilon=1e-320)
        assert value == pytest.approx(-np.log(tiny) / (1 if name == "kl_divergence" else 2), rel=1e-6)
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_confident_and_right_probabilities_keep_their_precision(dtype: str):
    """Where the logarithm of a probability that rounds to 1 would be 0."""
    x = np.array([[1.0, 1e-12, 3e-12]], dtype)
    rest = x[0, 1:].astype(float).sum()
    for value, gradient in (
        losses.categorical_crossentropy_value_and_gradient(x, [[1, 0, 0]]),
        losses.sparse_categorical_crossentropy_value_and_gradient(x, [0]),
    ):
        assert value == pytest.approx(rest, rel=1e-6)
        assert gradient[0, 0] == pytest.approx(-rest, rel=1e-6)
        np.testing.assert_allclose(gradient[0, 1:], 1.0, rtol=1e-6)
    small = np.array([1e-12], dtype)
    assert losses.binary_crossentropy(small, [0]) == pytest.approx(1e-12, rel=1e-6)


def test_predictions_below_epsilon_have_no_gradient_of_the_squared_logarithmic_error():
    assert losses.msle([1.0], [1e20]) == pytest.approx(np.square(np.log(2.0) - np.log(1e20)), rel=1e-14)
    value, gradient = losses.msle_value_and_gradient([-2.0, 5e-8, 1e-7], [1.0, 1.0, 1.0], reduction="none")
    np.testing.assert_allclose(value, np.square(np.log(2.0) - np.log1p(1e-7)), rtol=1e-14)
    assert gradient[:2].tolist() == [0.0, 0.0]
    assert gradient[2] == pytest.approx(-2.0 * np.log(2.0), rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_LOSS
def test_extreme_numbers_are_silent_and_never_nan(row: losses.Loss, dtype: str):
    """Of finite predictions no value and no gradient is NaN, and no warning is given."""
    info = np.finfo(dtype)
    extremes = [
        info.max,
        -info.max,
        info.tiny,
        -info.tiny,
        info.smallest_subnormal,
        0.0,
        1.0,
        -1.0,
        1e-7,
        1 - info.epsneg,
    ]
    x = np.array(
        [[a, b] for a in extremes for b in extremes if a in row.prediction_domain and b in row.prediction_domain]
    )
    x = x.astype(dtype)
    if row.prediction_domain.upper == 1.0:
        x = x[x.any(axis=1)]
    for labels in (0, 1):
        t = np.full(len(x), labels) if row.target == "labels" else np.eye(2)[np.full(len(x), labels)]
        with np.errstate(all="raise"), warnings.catch_warnings():
            warnings.simplefilter("error")
            value, gradient = row.value_and_gradient(x, t, reduction="none")
        assert not np.isnan(value).any()
        assert not np.isnan(gradient).any()


def test_squares_of_rows_neither_overflow_nor_underflow():
    x = np.array([[3e300, 4e300], [3e-300, 4e-300], [0.0, 0.0], [1.0, 0.0]])
    t = np.array([[4e-300, 3e-300], [4e300, 3e300], [1.0, 1.0], [0.0, 0.0]])
    value, gradient = losses.cosine_similarity_value_and_gradient(x, t, reduction="none")
    np.testing.assert_allclose(value, [-0.96, -0.96, 0.0, 0.0], rtol=1e-15)
    np.testing.assert_allclose(gradient[1], [-0.0448e300, 0.0336e300], rtol=1e-12)
    assert not gradient[2:].any()


def test_kinks():
    assert losses.hinge_gradient([1.0, 0.0], [1, 1], reduction="none").tolist() == [0.0, -1.0]
    assert losses.mean_absolute_error_gradient([0.0, 2.0], [0.0, 1.0], reduction="none").tolist() == [0.0, 1.0]
    assert losses.huber_gradient([1.0, -1.5], [0.0, 0.0], reduction="none").tolist() == [1.0, -1.0]
    assert losses.categorical_hinge_gradient([[0.0, 2.0, 2.0]], [[1, 0, 0]]).tolist() == [[-1.0, 1.0, 0.0]]
    assert losses.categorical_hinge_gradient([[3.0, 2.0]], [[1, 0]]).tolist() == [[0.0, 0.0]]


# Properties -----------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32 - 1))
@EVERY_CASE
def test_reductions_are_consistent_and_weights_linear(case: LossCase, seed: int):
    row = losses.get(case.name)
    x, t = arrays(case, "float64", n=7, seed=seed)
    w, v = np.random.default_rng(seed).uniform(0.0, 2.0, (2, len(x)))
    value, gradient = row.value_and_gradient(x, t, reduction="none", **case.keywords)
    for weight in (None, w):
        factor = np.ones(len(x)) if weight is None else weight
        for reduction, divisor in (("sum", 1), ("mean", len(x))):
            got, slope = row.value_and_gradient(x, t, reduction=reduction, sample_weight=weight, **case.keywords)
            assert got == pytest.approx((factor * value).sum() / divisor, rel=1e-12, abs=1e-12 * abs(value).max())
            np.testing.assert_allclose(slope, factor[:, None] * gradient / divisor, rtol=1e-12)
    both, one, other = (row.value(x, t, sample_weight=weight, **case.keywords) for weight in (w + v, w, v))
    assert both == pytest.approx(one + other, rel=1e-12, abs=1e-12 * abs(value).max())


@given(seed=st.integers(0, 2**32 - 1))
@EVERY_CASE
def test_a_weight_counts_a_sample_so_many_times(case: LossCase, seed: int):
    row = losses.get(case.name)
    x, t = arrays(case, "float64", n=6, seed=seed)
    times = np.random.default_rng(seed).integers(0, 3, len(x))
    times[0] = 1
    weighted = row.value(x, t, reduction="sum", sample_weight=times, **case.keywords)
    repeated = row.value(np.repeat(x, times, axis=0), np.repeat(t, times, axis=0), reduction="sum", **case.keywords)
    assert weighted == pytest.approx(repeated, rel=1e-12, abs=1e-12)


def test_a_sample_of_weight_0_counts_for_nothing_even_if_its_loss_is_infinite():
    x, weight = np.array([[0.0, -np.inf], [0.0, 1.0]]), [0.0, 1.0]
    value, gradient = losses.cross_entropy_value_and_gradient(x, [1, 1], sample_weight=weight, reduction="sum")
    assert value == losses.cross_entropy(x[1:], [1])
    assert gradient[0].tolist() == [0.0, 0.0]
    value, gradient = losses.mean_squared_error_value_and_gradient([np.inf, 2.0], [0.0, 0.0], sample_weight=weight)
    assert (value, gradient.tolist()) == (2.0, [0.0, 2.0])


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.0))
@pytest.mark.parametrize("case", [case for case in CASES if case.convex], ids=str)
def test_convex_losses_lie_above_their_tangents_and_below_their_chords(case: LossCase, seed: int, share: float):
    row = losses.get(case.name)
    x, t = arrays(case, "float64", n=6, seed=seed)
    y, _ = arrays(case, "float64", n=6, seed=seed + 1)
    at_x, slope = row.value_and_gradient(x, t, reduction="none", **case.keywords)
    at_y = row.value(y, t, reduction="none", **case.keywords)
    between = row.value(x + share * (y - x), t, reduction="none", **case.keywords)
    tolerance = 1e-9 * (1.0 + abs(at_x) + abs(at_y) + abs(slope * (y - x)).sum(axis=1))
    assert np.all(between <= (1.0 - share) * at_x + share * at_y + tolerance)
    assert np.all(at_y >= at_x + (slope * (y - x)).sum(axis=1) - tolerance)


FINITE = st.floats(-50.0, 50.0)


@given(
    x=any_array(np.float64, (3, 4), elements=FINITE), label=st.integers(0, 3), shift=FINITE, smoothing=st.floats(0, 1)
)
def test_cross_entropy_of_shifted_logits_is_the_same_and_its_gradient_sums_to_0(x, label, shift, smoothing):
    keywords = {"label_smoothing": smoothing, "reduction": "none"}
    value, gradient = losses.cross_entropy_value_and_gradient(x, [label] * 3, **keywords)
    np.testing.assert_allclose(losses.cross_entropy(x + shift, [label] * 3, **keywords), value, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-14)
    assert np.all(abs(gradient) <= 1.0)
    assert np.all(value >= 0.0)


@given(x=any_array(np.float64, (3, 4), elements=FINITE), labels=any_array(np.int64, 3, elements=st.integers(0, 3)))
def test_one_hot_rows_and_labels_agree(x, labels):
    rows = losses.to_categorical(labels, 4)
    probabilities = np.exp(x - x.max(axis=1, keepdims=True))
    for dense, sparse, given_x in (
        (losses.cross_entropy_value_and_gradient, losses.cross_entropy_value_and_gradient, x),
        (
            losses.categorical_crossentropy_value_and_gradient,
            losses.sparse_categorical_crossentropy_value_and_gradient,
            probabilities,
        ),
    ):
        (value, gradient), (its_value, its_gradient) = dense(given_x, rows), sparse(given_x, labels)
        assert value == pytest.approx(its_value, rel=1e-13, abs=1e-300)
        np.testing.assert_allclose(gradient, its_gradient, rtol=1e-12, atol=1e-300)


@given(x=any_array(np.float64, (3, 4), elements=FINITE), t=any_array(np.float64, (3, 4), elements=FINITE))
def test_cosine_similarity_is_bounded_and_its_gradient_is_perpendicular(x, t):
    value, gradient = losses.cosine_similarity_value_and_gradient(x, t, reduction="none")
    assert np.all(abs(value) <= 1.0 + 1e-15)
    length = np.hypot.reduce(x, axis=1) * np.hypot.reduce(gradient, axis=1)
    assert np.all(abs((x * gradient).sum(axis=1)) <= 1e-13 * np.maximum(length, 1.0))


# One interface --------------------------------------------------------------------------------------------------------


@EVERY_LOSS
def test_names_aliases_and_records(row: losses.Loss):
    for name in (row.name, *row.aliases):
        assert losses.get(name) is row
        assert getattr(losses, name) is row.value
        assert getattr(losses, name + "_gradient") is row.gradient
        assert getattr(losses, name + "_value_and_gradient") is row.value_and_gradient
        assert name in losses.__all__
        assert name in dir(losses)
    for function in (row.value, row.gradient, row.value_and_gradient):
        assert pickle.loads(pickle.dumps(function)) is function
        assert function.__doc__.startswith(("`", "Gradient of `", row.summary))


def test_records_check_targets_and_parameters_by_themselves():
    prediction = np.full((2, 3), 7.0, np.float32)  # of which only shape and dtype count
    assert losses.get("nll").checked_target([0, 2], prediction).dtype == np.intp
    assert losses.get("hinge").checked_target(np.eye(3)[:2], prediction).dtype == np.float32
    for name, target in (("nll", [0, 3]), ("hinge", np.full((2, 3), 0.5)), ("mse", np.zeros((3, 2)))):
        with pytest.raises(ValueError, match="target must"):
            losses.get(name).checked_target(target, prediction)
    assert losses.get("huber").checked_parameters({"delta": 2}) == {"delta": 2.0}
    with pytest.raises(ValueError, match="the parameters of huber are delta; got 'epsilon'"):
        losses.get("huber").checked_parameters({"epsilon": 1.0})


def test_all_names_of_the_list_are_there():
    named = """mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error
    squared_hinge hinge binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy kl_divergence
    cosine_similarity cross_entropy bce_with_logits huber log_cosh poisson nll categorical_hinge mse mae mape msle
    kullback_leibler_divergence cosine_proximity"""
    assert set(named.split()) <= set(losses.__all__)


@EVERY_LOSS
def test_signatures_are_alike(row: losses.Loss):
    value, gradient, both = (
        inspect.signature(function).parameters for function in (row.value, row.gradient, row.value_and_gradient)
    )
    assert list(value) == [*row.arguments, *row.defaults, "sample_weight", "reduction"]
    assert list(gradient) == [*value, "out"]
    assert list(both) == [*gradient, "validate"]
    assert {name: value[name].default for name in row.defaults} == row.defaults
    assert value["reduction"].default == "mean"
    assert [value[name].kind for name in row.arguments] == [inspect.Parameter.POSITIONAL_OR_KEYWORD] * 2


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_CASE
def test_out_receives_the_same_bits_in_any_layout(case: LossCase, dtype: str):
    row = losses.get(case.name)
    x, t = arrays(case, dtype)
    weight = np.linspace(0.0, 2.0, len(x)).astype(dtype)
    for keywords in ({}, {"reduction": "none"}, {"sample_weight": weight}):
        value, gradient = row.value_and_gradient(x, t, **case.keywords, **keywords)
        for out in (np.empty_like(x), np.empty_like(x, order="F"), np.empty((2 * len(x), x.shape[1]), dtype)[::-2]):
            before = x.copy(), t.copy()
            got_value, got = row.value_and_gradient(x, t, out=out, **case.keywords, **keywords)
            assert got is out
            np.testing.assert_array_equal(got, gradient)
            np.testing.assert_array_equal(got_value, value)
            np.testing.assert_array_equal(x, before[0])
            np.testing.assert_array_equal(t, before[1])
        own = x.copy()
        assert row.gradient(own, t, out=own, **case.keywords, **keywords) is own
        np.testing.assert_array_equal(own, gradient)
        with np.errstate(all="ignore"):
            unchecked = row.value_and_gradient(x, t, validate=False, **case.keywords, **keywords)
        np.testing.assert_array_equal(unchecked[0], value)
        np.testing.assert_array_equal(unchecked[1], gradient)
        np.testing.assert_array_equal(row.value(x, t, **case.keywords, **keywords), value)


@pytest.mark.parametrize("case", [case for case in CASES if not losses.get(case.name).rows], ids=str)
def test_one_output_may_be_without_an_axis(case: LossCase):
    row = losses.get(case.name)
    x, t = (array[:, 0].copy() for array in arrays(case, "float64"))
    for reduction in ("mean", "sum", "none"):
        value, gradient = row.value_and_gradient(x, t, reduction=reduction, **case.keywords)
        column = row.value_and_gradient(x[:, None], t[:, None], reduction=reduction, **case.keywords)
        np.testing.assert_allclose(value, column[0], rtol=1e-15)
        np.testing.assert_array_equal(gradient, column[1][:, 0])


@EVERY_LOSS
def test_integers_and_frames(row: losses.Loss):
    x, t = np.array([[1, 0], [0, 1]]), np.array([1, 0] if row.target == "labels" else [[0, 1], [1, 0]])
    x = -x if row.prediction_domain.upper == 0.0 else x
    expected = row.value_and_gradient(x.astype(float), t)
    got = row.value_and_gradient(pd.DataFrame(x, columns=["a", "b"]), pd.DataFrame(t) if t.ndim == 2 else pd.Series(t))
    assert got[1].dtype == np.float64
    assert got[0] == expected[0]
    np.testing.assert_array_equal(got[1], expected[1])


# Bad input ------------------------------------------------------------------------------------------------------------

P = [[0.5, 0.5], [0.2, 0.8]]
BAD = [
    ("binary_crossentropy", [[0.5, 1.5]], [[1, 0]], {}, ValueError, r"prediction must be in \[0, 1\], got 0.5 to 1.5"),
    ("binary_crossentropy", [[-0.1, 0.5]], [[1, 0]], {}, ValueError, r"prediction must be in \[0, 1\]"),
    ("binary_crossentropy", [[np.nan, 0.5]], [[1, 0]], {}, ValueError, r"prediction must be in \[0, 1\]"),
    ("binary_crossentropy", [[0.5, 0.5]], [[1, 2]], {}, ValueError, r"target must be in \[0, 1\]"),
    ("categorical_crossentropy", [[0.5, 1.5]], [[1, 0]], {}, ValueError, "prediction must be in"),
    ("categorical_crossentropy", P, [[1, 0], [0, -1]], {}, ValueError, "target must be in"),
    ("categorical_crossentropy", [[0.0, 0.0]], [[1, 0]], {}, ValueError, "prediction must have a number above 0"),
    ("sparse_categorical_crossentropy", P, [0, 2], {}, ValueError, r"target must be in \[0, 2\), got 0 to 2"),
    ("sparse_categorical_crossentropy", P, [0, -1], {}, ValueError, r"target must be in \[0, 2\), got -1 to 0"),
    ("sparse_categorical_crossentropy", P, [[1, 0], [0, 1]], {}, ValueError, "target must be 2 integers"),
    ("sparse_categorical_crossentropy", P, [0.0, 1.0], {}, ValueError, "target must be 2 integers, got float64"),
    ("kl_divergence", [[-0.5, 0.5]], [[1, 0]], {}, ValueError, "prediction must be in"),
    ("kl_divergence", P, [[-0.5, 1.0], [0, 1]], {}, ValueError, "target must be in"),
    ("nll", [[0.5, -0.5]], [0], {}, ValueError, r"prediction must be in \[-inf, 0\]"),
    ("cross_entropy", P, [0, 2], {}, ValueError, r"labels must be in \[0, 2\)"),
    (
        "cross_entropy",
        P,
        [[1, 0, 0], [0, 1, 0]],
        {},
        ValueError,
        r"labels must be 2 integers or have the shape \(2, 2\)",
    ),
    ("cross_entropy", P, [[2, 0], [0, 1]], {}, ValueError, "labels must be in"),
    ("cross_entropy", P, [0, 1], {"label_smoothing": 1.5}, ValueError, r"label_smoothing must be a number in \[0, 1\]"),
    ("cross_entropy", P, [0, 1], {"label_smoothing": True}, ValueError, "label_smoothing must be a number"),
    ("cross_entropy", P, [0, 1], {"label_smoothing": "a"}, ValueError, "label_smoothing must be a number"),
    ("huber", P, P, {"delta": 0.0}, ValueError, r"delta must be a number in \(0, inf\)"),
    ("huber", P, P, {"delta": np.nan}, ValueError, "delta must be a number"),
    ("poisson", [-1.0], [1.0], {}, ValueError, r"prediction must be in \[0, inf\)"),
    ("poisson", [1.0], [-1.0], {}, ValueError, r"target must be in \[0, inf\)"),
    ("mean_squared_logarithmic_error", [1.0], [-1.0], {}, ValueError, r"target must be in \[0, inf\)"),
    ("hinge", [0.5, 1.0], [1.0, 0.5], {}, ValueError, "target must have the values -1 and 1"),
    ("hinge", [0.5, 1.0, 1.0], [-1, 0, 1], {}, ValueError, "target must have the values -1 and 1"),
    ("squared_hinge", [0.5, 1.0], [2, 1], {}, ValueError, r"target must be in \[-1, 1\]"),
    ("mean_squared_error", [1.0, 2.0], [[1.0], [2.0]], {}, ValueError, r"prediction's shape \(2,\), got \(2, 1\)"),
    ("mean_squared_error", [[1.0], [2.0]], [1.0, 2.0], {}, ValueError, r"prediction's shape \(2, 1\), got \(2,\)"),
    ("mean_squared_error", [1.0], [np.nan], {}, ValueError, r"target must be in \(-inf, inf\), got nan"),
    ("mean_squared_error", np.float32([1.0]), [1e300], {}, ValueError, "target must be in"),
    ("mean_squared_error", [[1.0], [2.0, 3.0]], [1.0, 2.0], {}, ValueError, "prediction must be an array"),
    ("mean_squared_error", [1.0], [[1.0], [2.0, 3.0]], {}, ValueError, "target must be an array"),
    ("mean_squared_error", np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), {}, ValueError, "prediction must have the shape"),
    ("mean_squared_error", [], [], {}, ValueError, "prediction must have the shape"),
    ("mean_squared_error", 1.0, 1.0, {}, ValueError, "prediction must have the shape"),
    ("mean_squared_error", [1j], [1.0], {}, TypeError, "prediction must be float32 or float64"),
    ("mean_squared_error", ["a"], [1.0], {}, TypeError, "prediction must be float32 or float64"),
    ("mean_squared_error", [1.0], ["a"], {}, TypeError, "target must be"),
    ("mean_squared_error", np.ma.array([1.0], mask=[True]), [1.0], {}, TypeError, "prediction must not be a masked"),
    ("mean_squared_error", [1.0], np.ma.array([1.0], mask=[True]), {}, TypeError, "target must not be a masked"),
    ("mean_squared_error", P, P, {"reduction": "max"}, ValueError, "reduction must be one of mean, sum, none"),
    ("mean_squared_error", P, P, {"reduction": None}, ValueError, "reduction must be one of mean, sum, none"),
    ("mean_squared_error", P, P, {"sample_weight": [1.0]}, ValueError, r"sample_weight must have the shape \(2,\)"),
    ("mean_squared_error", P, P, {"sample_weight": [1.0, -1.0]}, ValueError, r"sample_weight must be in \[0, inf\)"),
    ("mean_squared_error", P, P, {"sample_weight": [1.0, np.nan]}, ValueError, "sample_weight must be in"),
    ("mean_squared_error", P, P, {"sample_weight": [1.0, np.inf]}, ValueError, "sample_weight must be in"),
    ("mean_squared_error", P, P, {"sample_weight": ["a", "b"]}, TypeError, "sample_weight must be"),
    (
        "cosine_similarity",
        [1.0, 2.0],
        [1.0, 2.0],
        {},
        ValueError,
        r"prediction must have the shape \(samples, classes\)",
    ),
]


@pytest.mark.parametrize(("name", "x", "t", "keywords", "error", "message"), BAD)
def test_bad_input_is_named_and_changes_nothing(name, x, t, keywords, error, message):
    row = losses.get(name)
    out = np.full((2, 2), 7.0)
    with pytest.raises(error, match=message):
        row.value_and_gradient(x, t, out=out, **keywords)
    assert (out == 7.0).all()
    for function in (row.value, row.gradient):
        with pytest.raises(error, match=message):
            function(x, t, **keywords)


@EVERY_LOSS
def test_an_output_that_does_not_fit_is_refused(row: losses.Loss):
    x, t = arrays(FIRST[row.name], "float64", n=3)
    read_only = np.empty_like(x)
    read_only.flags.writeable = False
    for out, error, message in (
        (np.empty((3, 5)), ValueError, "out must be float64 of shape"),
        (np.empty_like(x, np.float32), ValueError, "out must be float64 of shape"),
        (read_only, ValueError, "out must be writeable"),
        (x.tolist(), TypeError, "out must be a NumPy array"),
    ):
        with pytest.raises(error, match=message):
            row.gradient(x, t, out=out)


@pytest.mark.parametrize("name", ["", "MSE", "mse_gradient", None, 1])
def test_unknown_names_are_refused_with_all_that_are_known(name):
    with pytest.raises(ValueError, match=r"name must be that of a loss, one of .*mean_squared_error, mse, "):
        losses.get(name)


# to_categorical -------------------------------------------------------------------------------------------------------


@given(labels=any_array(np.int16, st.sampled_from([(0,), (1,), (5,), (2, 3)]), elements=st.integers(0, 6)))
def test_to_categorical_inverts_argmax(labels):
    rows = losses.to_categorical(labels, 7, dtype="float32")
    assert rows.shape == (*labels.shape, 7)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows.argmax(axis=-1), labels)
    np.testing.assert_array_equal(rows.sum(axis=-1), 1.0)


def test_to_categorical_follows_keras():
    assert losses.to_categorical([1, 0]).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert losses.to_categorical([[1], [0]], 3).shape == (2, 3)
    assert losses.to_categorical(np.uint8(2)).tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0.0, 1.0],), ValueError, "x must be integers"),
        (([True, False],), ValueError, "x must be integers"),
        (([-1, 1],), ValueError, r"x must be in \[0, 2\), got -1 to 1"),
        (([0, 3], 3), ValueError, r"x must be in \[0, 3\), got 0 to 3"),
        (([-2],), ValueError, "x must be in"),
        ((np.zeros(0, int),), ValueError, "x must have a label"),
        (([0], 0), ValueError, "num_classes must be at least 1"),
        (([0], 1.5), TypeError, "num_classes must be an integer"),
        (([[0], [1, 2]],), ValueError, "x must be an array"),
    ],
)
def test_to_categorical_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        losses.to_categorical(*arguments)


PAGE = Path(__file__).parents[1] / "docs" / "losses.md"

HAS_PAGE = pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")


@HAS_PAGE
def test_the_page_names_all_losses_with_their_aliases_and_defaults():
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|.*\| (.*?) ?\|$", PAGE.read_text(), flags=re.MULTILINE)
    named = {tuple(names.replace("`", "").split(", ")): parameters for names, parameters in rows}
    expected = {
        (row.name, *row.aliases): ", ".join(f"`{name}={value}`" for name, value in row.defaults.items())
        for row in losses.LOSSES.values()
    }
    assert named == expected


@HAS_PAGE
def test_the_page_prints_what_it_shows():
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("samples", "classes"), [(2, 3), (15, 40), (16, 2), (33, 300)])
def test_the_gradient_of_cross_entropy_may_overlap_the_logits(samples, classes, dtype):
    """Shifted by a sample or by a number, in both orders of memory, and in place."""
    rng = np.random.default_rng(samples)
    labels = rng.integers(0, classes, samples)
    for shift in (0, 1, classes, -1):
        for transposed in (False, True):
            memory = rng.normal(0, 3, (samples + 2) * classes).astype(dtype)
            start = classes
            flat = memory[start : start + samples * classes], memory[start + shift : start + shift + samples * classes]
            x, out = (v.reshape(classes, samples).T if transposed else v.reshape(samples, classes) for v in flat)
            expected = losses.cross_entropy_gradient(x.copy(), labels)
            got = losses.cross_entropy_gradient(x, labels, out=out)
            assert got is out
            np.testing.assert_array_equal(out, expected)


def test_examples_in_the_docstrings():
    result = doctest.testmod(losses)
    assert result.failed == 0
    assert result.attempted > len(losses.LOSSES)
