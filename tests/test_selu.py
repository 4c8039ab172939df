"""The experiment ``selu``: moments through many layers, SELU's fixed point and the dropouts."""

import copy
import math

import mpmath
import numpy as np
import pytest

from fastact import theory
from fastact.experiments import data, selu
from fastact.experiments.layers import Shift, Tap
from fastact.experiments.selu import claims as selu_claims
from fastact.mlp import Dense, Network

SMALL = {"depth": 3, "width": 16, "samples": 40}


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.fixture(scope="module")
def report():
    settings = selu.Settings(depth=25, width=256, samples=64, input_stds=(1.0,), seeds=6)
    return selu.run(settings)


def cell(activation="selu", treatment="none", input_std=1.0, seed=0):
    return {"activation": activation, "treatment": treatment, "input_std": input_std, "seed": seed}


# --- what is measured


@pytest.mark.parametrize("input_std", [1.0, 2.0])
def test_moments_are_those_of_numpy(digits, input_std):
    settings = selu.Settings(**SMALL)
    row = selu.measure(settings, digits, cell(input_std=input_std))
    net = selu.network(settings, cell(), 64, 10)
    a = input_std * data.split(digits, test_share=0.25, seed=0, dtype="float64").X_train[:40]
    for at, layer in enumerate([layer for layer in net.layers if isinstance(layer, Dense)][:-1]):
        z = a @ layer.weight.astype(float) + layer.bias
        a = 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543773 * np.expm1(np.minimum(z, 0.0)))
        assert row["layers"][at] == at + 1
        np.testing.assert_allclose(row["means"][at], a.mean(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(row["variances"][at], a.var(), rtol=1e-4)


def test_batch_normalisation_takes_the_batch(digits):
    """relu of what has mean 0 and variance 1 in every unit, so the second moment of the outputs is near a half."""
    row = selu.measure(selu.Settings(**SMALL), digits, cell("relu", "batch"))
    second = np.square(row["means"]) + np.array(row["variances"])
    assert np.all(np.abs(second - 0.5) < 0.2)
    assert row["variances"] != selu.measure(selu.Settings(**SMALL), digits, cell("relu"))["variances"]


def test_weights_have_the_variance_of_the_initialisation():
    for treatment, factor in (("none", 1.0), ("he", 2.0)):
        net = selu.network(selu.Settings(depth=2, width=300), cell("relu", treatment), 64, 10)
        assert net.layers[2].weight.var() * 300 == pytest.approx(factor, rel=0.02)


def test_dropouts_are_those_of_training(digits):
    settings = selu.Settings(depth=1, width=400, samples=100, drop=0.3)
    plain, dropped, alpha = (selu.measure(settings, digits, cell(treatment=t)) for t in ("none", "dropout", "alpha"))
    mean, variance = plain["means"][0], plain["variances"][0]
    second = mean**2 + variance
    assert dropped["means"][0] == pytest.approx(mean, abs=0.02)
    assert dropped["variances"][0] == pytest.approx(second / 0.7 - mean**2, rel=0.02)
    limit = -1.7580993408473766
    a = 1.0 / math.sqrt(0.7 * (1.0 + 0.3 * limit**2))
    assert alpha["means"][0] == pytest.approx(0.7 * a * mean, abs=0.02)
    expected = a**2 * (0.7 * second + 0.3 * limit**2 - (0.7 * mean + 0.3 * limit) ** 2)
    assert alpha["variances"][0] == pytest.approx(expected, rel=0.02)


def test_gradients_are_those_of_finite_differences():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])
    net = Network([Dense(4, "tanh"), Tap(), Shift(0.25), Dense(2)], inputs=3, dtype="float64", seed=1)
    net.loss_and_gradients(X, y)
    h = np.tanh(X @ net.layers[0].weight + net.layers[0].bias)

    def loss(h):
        logits = (h + 0.25) @ net.layers[3].weight + net.layers[3].bias
        return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(5), y])

    numeric = np.empty_like(h)
    for at in np.ndindex(h.shape):
        step = np.zeros_like(h)
        step[at] = 1e-6
        numeric[at] = (loss(h + step) - loss(h - step)) / 2e-6
    assert net.layers[1].gradient_norm == pytest.approx(np.linalg.norm(numeric), rel=1e-6)
    assert net.layers[1].mean == pytest.approx(h.mean(), rel=1e-12)
    assert net.layers[1].variance == pytest.approx(h.var(), rel=1e-12)


# --- the theory


def test_the_shift_of_narrow_layers_is_that_of_mpmath():
    scale, alpha = mpmath.mpf("1.0507009873554804934193349852946"), mpmath.mpf("1.6732632423543772848170429916717")

    def f(z):
        return scale * (z if z > 0 else alpha * mpmath.expm1(z))

    def expected(g):
        return mpmath.quad(lambda z: g(z) * mpmath.npdf(z), [-15, -5, 0, 5, 15])

    def moment(q):
        return expected(lambda z: f(mpmath.sqrt(q) * z) ** 2)

    assert abs(expected(f)) < 1e-12
    assert abs(moment(1) - 1) < 1e-12
    slope, curvature = (mpmath.diff(moment, 1, order, h=mpmath.mpf("1e-4")) for order in (1, 2))
    scatter = expected(lambda z: f(z) ** 4) - 1
    predicted = curvature * scatter / (2 * (1 - slope**2) * (1 - slope))
    assert 100 * selu_claims.width_shift(100) == pytest.approx(float(predicted), rel=1e-3)
    assert float(slope) == pytest.approx(0.783, abs=5e-4)
    assert float(predicted) == pytest.approx(-1.57, abs=5e-3)


def test_gradients_grow_as_mean_field_theory_says(report):
    """By the root of E f'(Z)^2 in a layer."""
    growth = selu_claims.gradient_growth(report)["selu", "none", 1.0]
    predicted = 24 / 2 * math.log10(theory.second_moment_of_derivative("selu"))
    assert growth.mean == pytest.approx(predicted, abs=0.2)


# --- the verdicts


def finding(report, words):
    return next((one for one in selu.EXPERIMENT.findings(report) if words in one.claim), None)


def changed(report, change, **where):
    other = copy.deepcopy(report)
    for row in other["rows"]:
        if all(row[name] == value for name, value in where.items()):
            change(row)
    return other


def test_the_known_result_is_reproduced(report):
    assert finding(report, "keeps its activations at mean 0").verdict == "holds"


@pytest.mark.parametrize(("entry", "by"), [("means", 0.3), ("variances", 0.3), ("variances", -0.6)])
def test_another_fixed_point_is_not(report, entry, by):
    def move(row):
        row[entry][-1] += by

    other = changed(report, move, activation="selu", treatment="none")
    assert finding(other, "keeps its activations at mean 0").verdict == "does not hold"
    other = changed(report, move, activation="selu", treatment="alpha")
    assert finding(other, "Alpha dropout").verdict == "does not hold"


def test_it_may_hold_for_some_inputs_only():
    report = selu.run(selu.Settings(activations=("selu",), treatments=("none",), depth=20, width=100, samples=32))

    def agree(row):
        row["means"][-1], row["variances"][-1] = 0.01 * (row["seed"] - 2), 0.98 + 0.01 * (row["seed"] - 2)

    def differ(row):
        row["variances"][-1] += 0.4

    other = changed(changed(report, agree), differ, input_std=2.0)
    assert finding(other, "keeps its").condition == "the inputs have deviation 0.5 or 1"


def test_other_activations_are_judged(report):
    claim = "Other activations do not keep"
    assert finding(report, claim).verdict == "holds"

    def settle(row):
        row["means"][-1], row["variances"][-1] = 0.01 * row["seed"], 1.0

    other = changed(report, settle, activation="elu", treatment="none")
    assert finding(other, claim).judgement == "holds only if elu is left out"
    everything = changed(changed(other, settle, activation="relu"), settle, activation="elu")
    assert finding(everything, claim).verdict == "does not hold"


def test_normalisation_is_judged(report):
    claim = "Batch normalisation keeps"
    assert finding(report, claim).verdict == "holds"

    def vanish(row):
        row["variances"][-1] = 1e-3 * row["variances"][0]

    other = changed(report, vanish, activation="relu", treatment="batch")
    assert finding(other, claim).condition == "the activation is selu or elu"
    assert finding(changed(report, vanish, treatment="batch"), claim).verdict == "does not hold"


def test_gradients_are_judged(report):
    claim = "neither vanish nor explode"
    assert finding(report, claim).verdict == "holds"
    other = changed(report, lambda row: row.update(gradient_ratio=1e-3 * (1 + row["seed"] / 100)), activation="selu")
    assert finding(other, claim).condition.startswith("there are at most 9 layers, within which the norm shrinks")


def test_wide_error_bars_decide_nothing(report):
    def scatter(row):
        row["variances"][-1] += 0.3 * (row["seed"] - 1)
        row["gradient_ratio"] = 10.0 ** (row["seed"] - 1)

    other = changed(report, scatter, activation="selu")
    words = "the error bars reach over the tolerance of 0.1"
    assert finding(other, "keeps its").condition == f"{words} with inputs of deviation 1"
    assert finding(other, "Alpha dropout").condition == words
    assert finding(other, "neither vanish").condition == "the error bars reach over a factor of ten"


# --- edge settings


def test_what_cannot_be_judged_is_left_out():
    report = selu.run(selu.Settings(activations=("relu",), treatments=("none",), depth=1, width=4, seeds=1))
    assert [one.claim[:5] for one in selu.EXPERIMENT.findings(report)] == ["Other"]
    assert selu.EXPERIMENT.panels(report)
    report = selu.run(selu.Settings(activations=("selu",), depth=1, width=4, samples=2, seeds=1))
    for one in selu.EXPERIMENT.findings(report):
        assert "nan" not in one.measurement


def test_what_overflows_is_no_number():
    import fastact

    fastact.custom("x**3", name="cube_of_selu_test")
    report = selu.run(selu.Settings(activations=("cube_of_selu_test",), depth=12, width=32, seeds=2))
    assert any(row["variances"][-1] is None for row in report["rows"])
    selu.EXPERIMENT.findings(report)
    selu.EXPERIMENT.table(report)


def test_treatments_that_go_with_nothing_are_refused():
    with pytest.raises(ValueError, match=r"^treatments must have one"):
        selu.Settings(activations=("relu",), treatments=("alpha",))
    with pytest.raises(ValueError, match=r"^treatments must have one"):
        selu.Settings(treatments=("batch",), input_stds=(2.0,))
