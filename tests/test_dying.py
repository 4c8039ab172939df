"""Dead units: the count against NumPy, what kills units on purpose, and verdicts that follow the rows."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import ndtr

import fastact
from fastact.experiments import data, dying, figure
from fastact.experiments.dying import Settings
from fastact.experiments.dying import claims as dying_findings
from fastact.experiments.dying import figure as dying_figure
from fastact.figures import render

SMALL = {"width": 16, "epochs": 2, "window": 2, "seeds": 1}


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    return data.Dataset("points", X, (X[:, 0] * X[:, 1] > 0).astype(np.int64), ("0", "1"))


def cell(**changes):
    usual = {"activation": "relu", "optimiser": "sgd", "initialiser": "he_normal", "bias": 0.0, "rate": 0.1, "seed": 1}
    return {**usual, **changes}


# --- what is measured


@pytest.mark.parametrize(
    ("activation", "f", "slope"),
    [
        ("relu", lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
        ("leaky_relu", lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
        # Far below 0 the derivative of gelu underflows in float32: such units are dead, too.
        (
            "gelu",
            lambda z: z * ndtr(z),
            lambda z: np.float32(ndtr(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)),
        ),
    ],
)
def test_dead_units_are_those_without_a_slope(points, activation, f, slope):
    net = dying.network(Settings(width=300, depth=2), points, cell(activation=activation, bias=-16.0))
    for layer in net.layers[:-1]:
        layer.weight *= 4.0
    parts = data.split(points, test_share=0.25, seed=1, dtype="float32")
    a, shares = parts.X_train.astype(float), []
    for layer in net.layers[:-1]:
        z = a @ layer.weight + layer.bias
        a = f(z)
        shares.append(np.mean([not slope(column).any() for column in z.T]))
    found = dying.dead(net, parts)
    assert found == pytest.approx(np.mean(shares), abs=1e-3)
    assert (found == 0) == (activation == "leaky_relu")


def test_a_bias_far_below_zero_kills_every_unit_for_ever(points):
    row = dying.measure(Settings(**SMALL), points, cell(bias=-1000.0))
    assert (row["dead_before"], row["dead"]) == (1.0, 1.0)
    # Two steps are an epoch of 60 samples: from the second on the window is full.
    assert row["dead_by_step"] == [[2, 1.0, 1.0]]
    alive = dying.measure(Settings(**SMALL, depth=1), points, cell(bias=1000.0, rate=1e-9))
    assert (alive["dead_before"], alive["dead"]) == (0.0, 0.0)


def test_what_diverges_has_no_count(points):
    row = dying.measure(Settings(**SMALL), points, cell(activation="leaky_relu", rate=1e20))
    assert (row["dead"], row["dead_by_step"], row["test_accuracy"]) == (None, None, None)
    assert row["chance"] == max(np.mean(points.y), 1 - np.mean(points.y))


def test_networks_are_made_as_their_cells_say(points):
    net = dying.network(Settings(width=200, depth=3), points, cell(initialiser="xavier_normal", bias=0.25))
    assert [float(layer.bias.mean()) for layer in net.layers] == [0.25, 0.25, 0.25, 0.0]
    assert net.layers[1].weight.std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert dying.network(Settings(), points, cell(activation="prelu")).layers[0].learn == "unit"


def test_one_thing_is_changed_at_a_time():
    settings = Settings(activations=("relu", "elu"), optimisers=("sgd", "adam"), rates=(0.1,), seeds=2, seed=5)
    found = [tuple(one.values()) for one in dying.cells(settings)]
    assert found[::2] == [
        ("relu", "sgd", "he_normal", 0.0, 0.1, 5),
        ("elu", "sgd", "he_normal", 0.0, 0.1, 5),
        ("relu", "adam", "he_normal", 0.0, 0.1, 5),
        ("elu", "adam", "he_normal", 0.0, 0.1, 5),
        ("relu", "sgd", "xavier_normal", 0.0, 0.1, 5),
        ("relu", "sgd", "normal", 0.0, 0.1, 5),
        ("relu", "sgd", "he_normal", -5.0, 0.1, 5),
        ("relu", "sgd", "he_normal", 0.1, 0.1, 5),
    ]
    assert {one[-1] for one in found} == {5, 6}


# --- what is said about it

RATES = (0.1, 1.0, 10.0)


def report(**curves):
    """Two seeds: by what differs from the first of everything, dead share and accuracy by rate; None: diverged."""
    settings = {"activations": ["relu"], "optimisers": ["sgd"], "initialisers": ["he_normal"], "biases": [0.0]}
    rows = []
    for name, curve in curves.items():
        entry, _, value = name.partition("__")
        change = {"relu": {}}.get(name) if name == "relu" else {entry: float(value) if entry == "bias" else value}
        for key, one in change.items():
            settings[{"bias": "biases"}.get(key, f"{key}s")].append(one)
        for (rate, found), seed in itertools.product(zip(RATES, curve, strict=True), (0, 1)):
            dead, right = (None, None) if found is None else (found[0] + 0.001 * seed, found[1])
            rows.append(
                cell(**change, rate=rate, seed=seed)
                | {"chance": 0.1, "dead_before": 0.0, "dead": dead, "test_accuracy": right}
                | {"dead_by_step": None if dead is None else [[0, 0.0, dead / 2], [1, 0.0, dead]]}
            )
    return {"rows": rows, "settings": {**settings, "rates": list(RATES), "window": 2}}


def judgements(made):
    assert dying_figure.table(made).lines
    assert dying_figure.panels(made)
    return {finding.claim.split()[0]: finding.judgement for finding in dying.findings(made)}


DIES = ((0.0, 0.9), (0.1, 0.8), (0.5, 0.2))
LIVES = ((0.0, 0.9), (0.0, 0.8), (0.0, 0.7))


def test_the_rate_at_which_the_claim_is_true():
    assert judgements(report(relu=DIES))["If"] == (
        "holds only if the learning rate is at least 10 with sgd, 100 times the best, where accuracy is 20% instead of "
        "90%"
    )
    assert judgements(report(relu=LIVES))["If"] == "does not hold"


def test_the_rate_is_judged_by_the_whole_interval():
    noisy = report(relu=(*DIES[:2], (0.41, 0.2)))
    for row in noisy["rows"]:
        if row["rate"] == 10.0:
            row["dead"] = 0.35 + 0.12 * row["seed"]
    assert judgements(noisy)["If"] == "not decided: the error bars allow less than 40% and more with sgd at 10"
    # Above the rate units may live again: no "at least".
    between = judgements(report(relu=((0.0, 0.9), (0.5, 0.2), (0.1, 0.2))))["If"]
    assert between.startswith("holds only if the learning rate is 1 with sgd")


def test_a_single_rate_is_a_condition():
    one = report(relu=((0.0, 0.9), (0.0, 0.8), (0.5, 0.2)), **{"bias__0.1": LIVES})
    assert judgements(one)["Initial"] == "holds only if the learning rate is 10"


def test_what_is_worse_somewhere_does_not_protect():
    mixed = report(relu=((0.0, 0.9), (0.2, 0.8), (0.5, 0.2)), **{"bias__0.1": ((0.0, 0.9), (0.4, 0.8), (0.2, 0.2))})
    assert judgements(mixed)["Initial"] == "does not hold"


def test_optimisers_are_compared_at_multiples_of_their_best_rates():
    # At the same rates Adagrad has more dead units; its best rate is a tenth of SGD's, and at the same multiples less.
    made = report(
        relu=((0.0, 0.3), (0.2, 0.9), (0.5, 0.8)),
        optimiser__adagrad=((0.0, 0.9), (0.3, 0.8), (0.6, 0.2)),
    )
    (found,) = [finding for finding in dying.findings(made) if finding.claim.startswith("Adagrad")]
    assert found.judgement == "holds"
    assert "at 10 times the best 30.0" in found.measurement


def test_units_that_come_back():
    made = report(relu=DIES)
    assert judgements(made)["The"] == "holds"
    for row in made["rows"]:
        row["dead_by_step"] = [[0, 0.25, 0.5], [1, 0.25, 0.25]]
    assert judgements(made)["The"] == "holds only if the layer is 1"
    made["rows"][0]["dead_by_step"] = [[0, 0.25, 0.5], [1, 0.0, 0.5]]
    assert judgements(made)["The"] == "does not hold"


@pytest.mark.parametrize(
    ("elu", "gelu", "cured", "learns"),
    [
        (LIVES, LIVES, "holds", "holds"),
        (DIES, DIES, "does not hold", None),
        (
            LIVES,
            ((0.0, 0.9), (0.0, 0.8), (0.0, 0.2)),
            "holds",
            "holds only if the optimiser is sgd and the activation is elu",
        ),
        (
            LIVES,
            DIES,
            "holds only if the activation is elu",
            # gelu has dead units here: it is not asked for.
            "holds",
        ),
        # Alive is not all: what diverges learns nothing.
        ((LIVES[0], LIVES[1], None), (LIVES[0], LIVES[1], None), "holds", "does not hold"),
    ],
)
def test_other_activations(elu, gelu, cured, learns):
    found = judgements(report(relu=DIES, activation__elu=elu, activation__gelu=gelu))
    assert (found["elu"], found.get("At")) == (cured, learns)


@pytest.mark.parametrize(
    ("change", "claim", "more"),
    [
        ("initialiser__xavier_normal", "Xavier", False),
        ("initialiser__normal", "Large", True),
        ("bias__0.1", "Initial", False),
        ("bias__-1", "Initial", True),
        ("optimiser__adagrad", "Adagrad,", False),
    ],
)
def test_changes_are_compared_at_the_same_rate(change, claim, more):
    middle = ((0.0, 0.9), (0.2, 0.8), (0.2, 0.2))
    higher = ((0.0, 0.9), (0.2, 0.8), (0.5, 0.2))
    everywhere = ((0.3, 0.9), (0.5, 0.8), (0.5, 0.2))
    before, after = (middle, higher) if more else (higher, middle)
    assert judgements(report(relu=before, **{change: after}))[claim] == (
        "holds only if the learning rate is at least "
        + ("100 times the best" if change.startswith("optimiser") else "10")
    )
    assert judgements(report(relu=after, **{change: before}))[claim] == "does not hold"
    before, after = (middle, everywhere) if more else (everywhere, middle)
    assert judgements(report(relu=before, **{change: after}))[claim] == "holds"
    # Where nothing dies there is nothing to judge.
    assert claim not in judgements(report(relu=LIVES, **{change: LIVES}))


def test_noise_is_no_difference():
    made = report(relu=DIES, bias__01=((0.0, 0.9), (0.1, 0.8), (0.6, 0.2)))
    for row in made["rows"]:
        if row["bias"] == 0.0 and row["rate"] == 10.0:
            row["dead"] = 0.3 + 0.4 * row["seed"]
    assert judgements(made)["Initial"] == "not decided: the error bars allow a difference of 5% at 10"


def test_ranges_of_rates_in_words():
    every = [0.1, 1.0, 10.0]
    assert dying_findings._range([0.1, 1.0], every) == "at most 1"
    assert dying_findings._range([10.0], every) == "at least 10"
    assert dying_findings._range([0.1, 10.0], every) == "0.1 or 10"


@pytest.mark.parametrize(
    "settings",
    [
        {"activations": ("tanh",), "initialisers": ("zeros",), "biases": (-1.0,), "optimisers": ("adam",)},
        {"activations": ("relu",), "rates": (1e20,), "window": 1000},
        {"activations": ("leaky_relu", "relu"), "rates": (1e20, 0.1), "depth": 1},
    ],
)
def test_any_settings_can_be_told(points, settings):
    settings = {"rates": (0.1,), "optimisers": ("sgd",), **settings}
    made = dying.run(Settings(**{**SMALL, **settings}), points)
    for finding in dying.findings(made):
        assert "nan" not in finding.measurement
    assert dying_figure.table(made).lines
    panels = dying_figure.panels(made)
    for panel in panels:
        assert "nan" not in panel.alt
    assert render(lambda: figure.draw(panels), ("svg",))["svg"]


def test_activations_of_ones_own(points):
    pytest.importorskip("sympy")
    fastact.custom("x*tanh(gelu(x))", name="phish_of_the_tests")
    settings = Settings(**SMALL, activations=("relu", "phish_of_the_tests"), rates=(0.1,), optimisers=("sgd",))
    made = dying.run(settings, points)
    assert any("phish_of_the_tests" in finding.claim for finding in dying.findings(made))
