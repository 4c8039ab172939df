"""Polynomials as activations: gradients against NumPy, the law of powers, remedies, and verdicts made of rows."""

import math

import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.experiments import data, explode, figure, training
from fastact.experiments.explode import Settings
from fastact.experiments.explode import claims as explode_findings
from fastact.experiments.explode import figure as explode_figure
from fastact.figures import render

FEW = {"epochs": 2, "width": 8, "seeds": 1}


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    return data.Dataset("points", X, (X[:, 0] * X[:, 1] > 0).astype(np.int64), ("0", "1"))


def cell(**changes):
    return {"activation": "square", "times": 1, "depth": 2, "remedy": "none", "seed": 3, **changes}


# --- what is measured

POWERS = {
    ("square", 1): (lambda z: z**2, lambda z: 2 * z),
    ("square", 2): (lambda z: z**4, lambda z: 4 * z**3),
    ("signed_square", 1): (lambda z: z * abs(z), lambda z: 2 * abs(z)),
}


@pytest.mark.parametrize("remedy", ["none", "range"])
@pytest.mark.parametrize(("activation", "times"), POWERS)
def test_gradients_are_those_of_numpy(points, activation, times, remedy):
    settings = Settings(**FEW, limit=0.25)
    net = explode.network(settings, points, cell(activation=activation, times=times, remedy=remedy), "float64")
    parts = data.split(points, test_share=0.25, seed=3, dtype="float64")
    f, slope = POWERS[activation, times]
    dense = [layer for layer in net.layers if isinstance(layer, mlp.Dense)]
    a, zs, passes = parts.X_train, [], []
    for layer in dense[:-1]:
        zs.append(a @ layer.weight + layer.bias)
        a = f(zs[-1])
        passes.append(abs(a) < 0.25 if remedy == "range" else np.ones_like(a))
        a = np.clip(a, -0.25, 0.25) if remedy == "range" else a
    logits = a @ dense[-1].weight + dense[-1].bias
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), parts.y_train] -= 1.0
    gradient = p / len(p)
    squares = np.square(a.T @ gradient).sum() + np.square(gradient.sum(axis=0)).sum()
    inputs = [parts.X_train, f(zs[0]) if remedy == "none" else np.clip(f(zs[0]), -0.25, 0.25)]
    for at in (1, 0):
        gradient = (gradient @ dense[at + 1].weight.T) * slope(zs[at]) * passes[at]
        first = inputs[at].T @ gradient
        squares += np.square(first).sum() + np.square(gradient.sum(axis=0)).sum()
    found = explode.at_start(net, parts)
    assert found["gradient_log10"] == pytest.approx(math.log10(np.sqrt(np.square(first).sum())), abs=1e-10)
    weights = np.sqrt(sum(np.square(layer.weight).sum() for layer in dense))
    assert found["step_log10"] == pytest.approx(math.log10(np.sqrt(squares) / weights), abs=1e-10)
    assert found["largest_log10"] == pytest.approx(math.log10(abs(a).max()), abs=1e-10)


@pytest.mark.parametrize(("activation", "times"), POWERS)
def test_outputs_follow_the_law_of_powers(points, activation, times):
    """Without biases, inputs c times as large make outputs of layer l c^(degree^l) times as large."""
    net = explode.network(Settings(**FEW), points, cell(activation=activation, times=times, depth=3), "float64")
    outputs = [net.activations(c * points.X[:5])[-2] for c in (1.0, 1.5)]
    np.testing.assert_allclose(outputs[1] / outputs[0], 1.5 ** ((2 * times) ** 3), rtol=1e-10)


def test_what_leaves_the_range_of_float64_has_no_logarithm(points):
    row = explode.measure(Settings(**FEW), points, cell(times=2, depth=8))
    assert row["gradient_log10"] is None
    assert row["diverged_share"] == 1.0
    assert (row["rate"], row["test_accuracy"], row["weight_growth"]) == (None, None, None)
    assert explode.log10(0.0) is explode.log10(math.nan) is explode.log10(math.inf) is None
    assert explode.norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert explode.norm(np.zeros(3)) == 0.0


def test_the_best_rate_is_that_of_the_least_training_loss(points):
    settings = Settings(**FEW, rates=(1e-6, 0.05, 1e6))
    row = explode.measure(settings, points, cell(depth=1))
    assert (row["rate"], row["diverged_share"]) == (0.05, pytest.approx(1 / 3))
    assert row["weight_growth"] >= 1.0
    alone = explode.measure(Settings(**FEW, rates=(0.05,)), points, cell(depth=1))
    assert alone["test_accuracy"] == row["test_accuracy"]


def test_every_remedy_does_what_its_name_says(points):
    settings = Settings(**FEW, clip_norm=1e-3, limit=0.5, rates=(0.1,))
    parts = data.split(points, test_share=0.25, seed=3, dtype="float32")
    clipped = explode.network(settings, points, cell(remedy="gradient"), "float32")
    before = clipped.parameters.copy()
    assert explode.trained(settings, clipped, parts, "gradient", 0.1) is not None
    steps = 2 * math.ceil(len(parts.y_train) / 32)
    assert 0 < np.linalg.norm(clipped.parameters - before) <= 0.1 * 1e-3 * steps * (1 + 1e-5)
    bounded = explode.network(settings, points, cell(remedy="range"), "float32")
    assert max(abs(outputs).max() for outputs in bounded.activations(100.0 * points.X)[1:-1:2]) == 0.5
    critical = explode.network(Settings(width=400, depths=(2,)), points, cell(remedy="critical"), "float64")
    # E Z^4 = 3: weights of variance 1 / (3 n) behind a square.
    assert critical.layers[1].weight.var() == pytest.approx(1 / (3 * 400), rel=0.02)


def test_activations_of_ones_own():
    pytest.importorskip("sympy")
    cube = fastact.custom("x**3", name="cube_of_the_tests")
    settings = Settings(activations=[cube.__name__], twice=("square",), depths=(1, 2), seeds=1, epochs=1)
    report = explode.run(settings)
    assert {row["bounded_slope"] for row in report["rows"]} == {False}
    assert "cube_of_the_tests" in explode.findings(report)[0].measurement


# --- what is said about it


def made(by_depth, *, activation="square", times=1, bounded=False):
    """Rows of two seeds: by remedy and depth the logarithm of the gradient and the accuracy."""
    return [
        {
            "activation": activation, "times": times, "depth": depth, "remedy": remedy, "seed": seed, "chance": 0.1,
            "bounded_slope": bounded, "gradient_log10": gradient + 0.01 * seed, "step_log10": gradient,
            "largest_log10": 0.0, "rate": None if accuracy is None else 0.1, "train_loss": None,
            "test_accuracy": accuracy, "weight_growth": None if accuracy is None else 1.25,
            "diverged_share": 1.0 if accuracy is None else 0.0,
        }
        for remedy, depths in by_depth.items()
        for depth, (gradient, accuracy) in depths.items()
        for seed in (0, 1)
    ]  # fmt: skip


def judged(rows):
    """The findings; panels and table are drawn as well."""
    report = {"rows": rows, "settings": {"rates": [0.1]}, "data": {"name": "points", "classes": 10}}
    assert explode_figure.table(report).lines
    assert explode_figure.panels(report)
    return explode.findings(report)


EXPLODES = {1: (1.0, 0.9), 2: (3.0, None), 3: (7.0, None)}
CALM = {1: (1.0, 0.9), 2: (1.0, 0.9), 3: (1.0, 0.9)}
EXPONENTIAL = {1: (1.0, 0.9), 2: (3.0, 0.9), 3: (5.0, 0.9)}


def claim(rows, start):
    (found,) = [finding for finding in judged(rows) if finding.claim.startswith(start)]
    return found


@pytest.mark.parametrize(
    ("depths", "expected"),
    [
        (EXPLODES, ("holds", "does not hold", "holds only if the depth is at least 2 (square)")),
        (CALM, ("does not hold", "holds", "does not hold")),
        (EXPONENTIAL, ("holds", "holds", "does not hold")),
        (
            {1: (1.0, None), 2: (3.0, None), 3: (7.0, None)},
            ("holds", "does not hold", "holds"),
        ),
    ],
)
def test_growth_is_judged_from_the_rows(depths, expected):
    rows = made({"none": depths})
    starts = (
        "With x^2 and other polynomials as activations",
        "Where gradients explode",
        "With x^2 and other polynomials the",
    )
    assert tuple(claim(rows, start).judgement for start in starts) == expected


def test_digits_gained_are_compared_layer_by_layer():
    rows = made({"none": {1: (1.0, 0.9), 2: (3.0, None), 4: (21.0, None)}})
    # 2 a layer at depth 1.5 and 9 at depth 3: (9 / 2)^(1 / 1.5) times as many.
    assert "times 2.73 a layer" in claim(rows, "Where gradients explode").measurement


def test_a_remedy_that_helps_by_chance_does_not_help():
    rows = made({"none": EXPLODES, "range": {**EXPLODES, 2: (3.0, 0.85)}})
    assert claim(rows, "Clipping the range").judgement == "holds only if the depth is at most 2 (square)"
    for row in rows:
        if row["depth"] == 2:
            row["test_accuracy"] = 0.7 if row["remedy"] == "none" else 0.85 + 0.15 * (-1) ** row["seed"]
    assert claim(rows, "Clipping the range").judgement == "does not hold"


def test_a_remedy_must_do_better_than_none():
    # What learns without a remedy is no evidence for one.
    assert not any(
        finding.claim.startswith("Clipping the range") for finding in judged(made({"none": CALM, "range": CALM}))
    )
    rows = made({"none": {1: (1.0, 0.9), 2: (1.0, 0.9), 3: (1.0, 0.79)}, "range": CALM})
    assert claim(rows, "Clipping the range").judgement == "holds"
    for row in rows:
        if row["depth"] == 3 and row["remedy"] == "none":
            row["test_accuracy"] = 0.7 + 0.18 * row["seed"]
    assert claim(rows, "Clipping the range").judgement == "does not hold"


def test_some_activations_may_explode_and_others_not():
    rows = made({"none": EXPLODES}) + made({"none": CALM}, activation="signed_square")
    assert claim(rows, "With x^2 and other polynomials as").judgement == "holds only if the activation is square"
    assert claim(rows, "Where").judgement == "holds only if the activation is signed_square"


@pytest.mark.parametrize("remedy", ["critical", "gradient", "range"])
@pytest.mark.parametrize(
    ("cured", "expected"),
    [
        (CALM, "holds"),
        (EXPLODES, "does not hold"),
        ({1: (1.0, 0.9), 2: (1.0, 0.85), 3: (1.0, 0.3)}, "holds only if the depth is at most 2 (square)"),
    ],
)
def test_remedies_are_judged_by_the_depth_that_they_allow(remedy, cured, expected):
    found = [finding.judgement for finding in explode.findings(
        {"rows": made({"none": EXPLODES, remedy: cured}), "settings": {"rates": [0.1]}}
    )]  # fmt: skip
    assert found[3] == expected


@pytest.mark.parametrize(
    ("signed", "clipped", "expected"),
    [
        (CALM, CALM, "holds"),
        (EXPLODES, EXPLODES, "does not hold"),
        (
            EXPLODES,
            CALM,
            "holds only if it is judged by what is learned with clipped gradients, not by the gradients before "
            "training",
        ),
    ],
)
def test_the_milder_form(signed, clipped, expected):
    rows = made({"none": EXPLODES, "gradient": EXPLODES})
    rows += made({"none": signed, "gradient": clipped}, activation="signed_square")
    assert claim(rows, "sign(x)").judgement == expected


def test_diverged_networks_count_as_guessing():
    rows = made({"none": EXPLODES})
    assert [training.accuracy_or_chance(row) for row in rows] == [0.9, 0.9, 0.1, 0.1, 0.1, 0.1]
    assert explode_findings.learns_up_to({"rows": rows}) == {("square", "none"): 1}
    rows[2]["test_accuracy"] = 0.5
    lines = explode_figure.table({"rows": rows}).lines
    assert [line[3] for line in lines] == ["90 ± 0%", "50% of 1/2", "diverged"]


@pytest.mark.parametrize(
    "settings",
    [
        {"activations": ("relu",), "twice": ("tanh",), "depths": (1,), "remedies": ("none",)},
        {"activations": ("square",), "twice": ("square",), "depths": (2,), "remedies": ("gradient",)},
        {"activations": ("signed_square", "square"), "depths": (12,), "remedies": ("range", "critical")},
    ],
)
def test_any_settings_can_be_told(points, settings):
    report = explode.run(Settings(**FEW, **settings), points)
    for finding in explode.findings(report):
        assert "nan" not in finding.measurement
    assert explode.EXPERIMENT.table(report).lines
    panels = explode.EXPERIMENT.panels(report)
    for panel in panels:
        assert "nan" not in panel.alt

    assert render(lambda: figure.draw(panels), ("svg",))["svg"]
