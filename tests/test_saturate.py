"""Saturation: outputs, derivatives and gradients against NumPy and theory, and verdicts that follow the rows."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import expit

import fastact
from fastact import mlp
from fastact.experiments import data, figure, saturate
from fastact.experiments.saturate import Settings
from fastact.experiments.saturate import claims as saturate_findings
from fastact.experiments.saturate import figure as saturate_figure
from fastact.figures import render

SMALL = {"width": 16, "epochs": 1, "depth": 2, "seeds": 1, "rates": (0.01,)}


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    return data.Dataset("points", X, (X[:, 0] * X[:, 1] > 0).astype(np.int64), ("0", "1"))


def cell(**changes):
    return {"activation": "sigmoid", "gain": 1.0, "optimiser": "adam", "seed": 1, **changes}


# --- what is measured

FUNCTIONS = {
    "sigmoid": (expit, lambda z: expit(z) * expit(-z), 0.25, (0.0, 1.0)),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2, 1.0, (-1.0, 1.0)),
}


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("gain", [0.5, 20.0])
def test_layers_are_those_of_numpy(points, activation, gain):
    f, slope, most, ends = FUNCTIONS[activation]
    net = saturate.network(Settings(**SMALL), points, cell(activation=activation, gain=gain))
    parts = data.split(points, test_share=0.25, seed=1, dtype="float32")
    row = saturate.at_start(net, parts)
    a, slopes, outputs = parts.X_train.astype(float), [], []
    for layer in net.layers[:-1]:
        z = a @ layer.weight + layer.bias
        a = f(z)
        slopes.append(slope(z))
        outputs.append(a)
    logits = a @ net.layers[-1].weight + net.layers[-1].bias
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), parts.y_train] -= 1.0
    second = (p / len(p)) @ net.layers[2].weight.T * slopes[1]
    first = second @ net.layers[1].weight.T * slopes[0]
    gradients = [np.linalg.norm(parts.X_train.T @ first), np.linalg.norm(outputs[0].T @ second)]
    assert row["gradient"] == pytest.approx(gradients, rel=1e-4)
    assert row["saturated"] == pytest.approx([np.mean(one < 1e-3 * most) for one in slopes], abs=2e-3)
    deviations = [np.mean([np.sqrt(np.mean((u - u.mean()) ** 2)) for u in values.T]) for values in outputs]
    assert row["deviation"] == pytest.approx(deviations, rel=1e-4)
    assert row["histogram_ends"] == list(ends)
    for shares, values in zip(row["histogram"], outputs, strict=True):
        assert len(shares) == saturate.BINS
        at = np.minimum((values - ends[0]) / (ends[1] - ends[0]) * saturate.BINS, saturate.BINS - 1).astype(int)
        np.testing.assert_allclose(shares, np.bincount(at.ravel(), minlength=saturate.BINS) / at.size, atol=2e-3)
    assert (row["saturated"][0] > 0.3) == (gain == 20.0)


def test_small_weights_shrink_differences_by_their_gain(points):
    """Where f is a line each layer multiplies the deviation by gain f'(0), up to the scatter of a finite width."""
    settings = Settings(**{**SMALL, "width": 400, "depth": 4})
    for activation, slope in (("tanh", 1.0), ("sigmoid", 0.25)):
        net = saturate.network(settings, points, cell(activation=activation, gain=0.05))
        deviation = saturate.at_start(net, data.split(points, test_share=0.25, seed=1, dtype="float32"))["deviation"]
        ratios = [b / a for a, b in itertools.pairwise(deviation[:3])]
        np.testing.assert_allclose(ratios, 0.05 * slope, rtol=0.15)


def test_histograms_of_unbounded_activations():
    values = [np.linspace(-1.0, 9.0, 1001)]
    low, high = saturate.histogram_ends("softplus", values)
    # softplus has a lower end, 0, and none above.
    assert (low, high) == (0.0, pytest.approx(8.95))
    shares = saturate.histogram(values[0], (low, high))
    assert sum(shares) == pytest.approx(1.0)
    assert saturate.histogram_ends("relu", [np.array([0.0, np.inf])]) is None
    assert saturate.histogram_ends("identity", [np.full(5, 2.0)]) == (1.5, 2.5)


def test_what_training_changes(points):
    settings = Settings(**SMALL)
    net = saturate.network(settings, points, cell(gain=20.0))
    parts = data.split(points, test_share=0.25, seed=1, dtype="float32")
    before = [layer.weight.copy() for layer in net.layers[:-1]]
    found = saturate.trained(settings, net, parts, mlp.Adam(0.5))
    ratios = [np.linalg.norm(a.weight - b) / np.linalg.norm(b) for a, b in zip(net.layers[:-1], before, strict=True)]
    assert found["weight_change"] == pytest.approx(ratios, rel=1e-5)
    assert found["saturated_after"] == [s.saturated for s in net.statistics(parts.X_train, parts.y_train)[:-1]]
    steep = saturate.network(settings, points, cell(activation="square", gain=20.0))
    assert saturate.trained(settings, steep, parts, mlp.SGD(1e30)) is None


def test_the_best_rate_is_that_of_the_least_training_loss(points):
    row = saturate.measure(Settings(**{**SMALL, "rates": (1e-9, 0.01)}), points, cell())
    alone = saturate.measure(Settings(**SMALL), points, cell())
    assert row["rate"] == 0.01
    assert row == alone


# --- what is said about it

GAINS = (1.0, 4.0, 16.0)


def report(**activations):
    """Two seeds: by activation and gain saturated before and after, deviation left, gradient and accuracy."""
    rows = [
        cell(activation=activation, gain=gain, seed=seed)
        | {"chance": 0.1, "saturated": [before + 0.001 * seed] * 2, "gradient": [gradient * (1 + 0.01 * seed)] * 2}
        | {"deviation": [0.5, 0.5 * left], "histogram_ends": [0.0, 1.0], "histogram": [[0.25, 0.75]] * 2}
        | {"rate": 0.1, "train_loss": 1.0, "test_accuracy": right}
        | {"saturated_after": None if after is None else [after] * 2, "weight_change": [0.5, 0.5]}
        for activation, curve in activations.items()
        for (gain, (before, after, left, gradient, right)), seed in itertools.product(
            zip(GAINS, curve, strict=True), (0, 1)
        )
    ]
    return {"rows": rows, "settings": {"depth": 2}}


def judgements(made):
    assert saturate_figure.table(made).lines
    assert saturate_figure.panels(made)
    words = [finding.claim.split()[0] for finding in saturate.findings(made)]
    return dict(zip(words, [finding.judgement for finding in saturate.findings(made)], strict=True))


USUAL = ((0.0, 0.0, 0.01, 1.0, 0.9), (0.2, 0.2, 0.5, 2.0, 0.8), (0.7, 0.8, 1.0, 0.1, 0.2))


def changed(at, entry, value):
    """The usual curve with one entry changed."""
    curve = [list(one) for one in USUAL]
    curve[at][entry] = value
    return tuple(map(tuple, curve))


def test_the_usual_account():
    assert judgements(report(sigmoid=USUAL)) == {
        "Large": "holds only if the gain is at least 16 (sigmoid)",
        "If": "holds",
        "Saturated": "holds",
        "Layers": "holds",
        "Deeper": "holds only if the gain is at most 1 (sigmoid)",
    }


@pytest.mark.parametrize(
    ("curve", "claim", "expected"),
    [
        (changed(2, 0, 0.3), "Large", "does not hold"),
        (changed(1, 0, 0.6), "Large", "holds only if the gain is at least 4 (sigmoid)"),
        (changed(2, 4, 0.85), "If", "does not hold"),
        (changed(2, 3, 1.5), "Saturated", "does not hold"),
        (changed(2, 1, 0.5), "Layers", "does not hold"),
        (changed(0, 2, 0.5), "Deeper", "does not hold"),
        (changed(1, 2, 0.05), "Deeper", "holds only if the gain is at most 4 (sigmoid)"),
    ],
)
def test_verdicts_follow_the_rows(curve, claim, expected):
    assert judgements(report(sigmoid=curve))[claim] == expected
    # Another activation with the usual account beside it.
    both = judgements(report(sigmoid=curve, tanh=USUAL))[claim]
    assert both.startswith("holds only if")
    assert "tanh" in both


def test_shares_that_do_not_grow_with_the_weights_are_no_saturation():
    relu = tuple((0.5, *rest) for _, *rest in USUAL)
    found = judgements(report(relu=relu))
    assert found["Large"] == "does not hold"
    assert set(found) == {"Large", "Deeper"}


def test_before_training_networks_count_once():
    made = report(sigmoid=USUAL)
    twice = {**made, "rows": [{**row, "optimiser": one} for one in ("sgd", "adam") for row in made["rows"]]}
    one, both = (
        saturate_findings.by_gain(saturate_findings.at_start(which), saturate_findings.average("saturated"))
        for which in (made, twice)
    )
    assert one == both
    assert both["sigmoid"][16.0].count == 2
    # Only one of the optimisers is worse: the gradients are compared at the gain that is best with the first.
    for row in twice["rows"]:
        if row["optimiser"] == "adam" and row["gain"] == 4.0:
            row["test_accuracy"] = 1.0
    gradients = next(found for found in saturate.findings(twice) if found.claim.startswith("Saturated"))
    assert "with gain 1," in gradients.measurement


@pytest.mark.parametrize(
    ("entry", "values", "claim", "reason"),
    [
        ("saturated", ([0.48, 0.48], [0.53, 0.53]), "Large", "the error bars reach from below 0.5 to above"),
        ("test_accuracy", (0.2, 0.5), "If", "the error bars allow more and less than half of the way"),
        ("saturated_after", ([0.4, 0.4], [0.8, 0.8]), "Layers", "the error bars allow both"),
    ],
)
def test_noise_is_not_decided(entry, values, claim, reason):
    made = report(sigmoid=USUAL)
    for row in made["rows"]:
        if row["gain"] == 16.0:
            row[entry] = values[row["seed"]]
    assert judgements(made)[claim].startswith(f"not decided: {reason}")


def test_best_rates_at_the_edge_are_told():
    made = report(sigmoid=USUAL)
    made["settings"]["rates"] = [0.01, 0.1]
    assert "0.1, in 6 of 6 trainings: sigmoid with adam" in saturate_findings.at_an_edge(made)[0]
    made["settings"]["rates"] = [0.1, 1.0]
    assert saturate_findings.at_an_edge(made) == []


def test_what_is_missing_is_left_out():
    made = report(sigmoid=USUAL)
    for row in made["rows"]:
        row["deviation"] = [0.5, None]
        row["histogram"] = row["saturated_after"] = None
        row["gradient"] = [None, None]
    assert set(judgements(made)) == {"Large", "If"}
    assert len(saturate_figure.panels(made)) == 2
    assert saturate_findings.left({"deviation": [0.0, 0.0]}) == 0.0


@pytest.mark.parametrize(
    "settings",
    [
        {"activations": ("relu",), "gains": (1e30,)},
        {"activations": ("square", "tanh", "exponential"), "gains": (0.1, 50.0), "optimisers": ("sgd",)},
        {"activations": ("sigmoid",), "gains": (1.0,), "optimisers": ("lion",)},
    ],
)
def test_any_settings_can_be_told(points, settings):
    made = saturate.run(Settings(**{**SMALL, **settings}), points)
    for finding in saturate.findings(made):
        assert "nan" not in finding.measurement
    assert saturate_figure.table(made).lines
    panels = saturate_figure.panels(made)
    for panel in panels:
        assert "nan" not in panel.alt
    assert render(lambda: figure.draw(panels), ("svg",))["svg"]


def test_activations_of_ones_own(points):
    pytest.importorskip("sympy")
    fastact.custom("2*x/(1+x**2)", name="rise_and_fall_of_the_tests")
    made = saturate.run(Settings(**{**SMALL, "activations": ("rise_and_fall_of_the_tests",)}), points)
    assert "rise_and_fall_of_the_tests" in saturate.findings(made)[0].claim
    assert not any(math.isnan(share) for row in made["rows"] for share in row["saturated"])
