"""The experiment ``sparsity``: zeros of relu by layer, during training, and what an L1 penalty on activations does."""

import copy

import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.experiments import data, sparsity
from fastact.experiments.layers import ActivityPenalty

SMALL = {"l1": (0.0, 0.01), "width": 12, "epochs": 3, "seeds": 2}


@pytest.fixture(scope="module")
def report():
    return sparsity.run(sparsity.Settings(**SMALL))


# --- what is measured


def test_the_penalty_and_its_gradient_are_those_of_finite_differences():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 3)), rng.integers(0, 2, 7)
    layers = [mlp.Dense(5, "elu"), ActivityPenalty(0.3), mlp.Dense(4, "tanh"), ActivityPenalty(0.3), mlp.Dense(2)]
    net = mlp.Network(layers, inputs=3, dtype="float64", seed=1)

    def loss():
        a = X @ net.layers[0].weight + net.layers[0].bias
        a = np.where(a > 0, a, np.expm1(a))
        b = np.tanh(a @ net.layers[2].weight + net.layers[2].bias)
        logits = b @ net.layers[4].weight + net.layers[4].bias
        entropy = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(7), y])
        return entropy + 0.3 * (np.abs(a).sum() + np.abs(b).sum()) / 7

    assert net.loss_and_gradients(X, y) == pytest.approx(loss(), rel=1e-12)
    gradients = net.gradients.copy()
    for at in range(len(net.parameters)):
        around = []
        for step in (1e-6, -1e-6):
            net.parameters[at] += step
            around.append(loss())
            net.parameters[at] -= step
        assert gradients[at] == pytest.approx((around[0] - around[1]) / 2e-6, abs=1e-7)


def test_zeros_are_counted_by_layer():
    X = np.random.default_rng(0).normal(size=(30, 3))
    net = mlp.Network(
        [mlp.Dense(5, "relu"), ActivityPenalty(), mlp.Dense(4, "relu"), ActivityPenalty(), mlp.Dense(2)],
        inputs=3,
        dtype="float64",
        seed=1,
    )
    net.layers[2].bias[1] = -100.0
    a = np.maximum(X @ net.layers[0].weight, 0.0)
    b = np.maximum(a @ net.layers[2].weight + net.layers[2].bias, 0.0)
    zeros, silent = sparsity.counted(net, X)
    assert zeros == pytest.approx([(a == 0).mean(), (b == 0).mean()])
    assert silent == pytest.approx([(a == 0).all(axis=0).mean(), (b == 0).all(axis=0).mean()])
    assert silent[1] >= 0.25


def test_training_is_followed_epoch_by_epoch():
    digits = data.digits()
    settings = sparsity.Settings(**SMALL)
    row = sparsity.measure(settings, digits, {"activation": "relu", "l1": 0.01, "seed": 1})
    parts = data.split(digits, test_share=0.25, seed=1, dtype="float32")
    layers = [mlp.Dense(12, "relu"), ActivityPenalty(0.01)] * 3
    net = mlp.Network([*layers, mlp.Dense(10)], inputs=64, seed=1, initialiser="he_uniform")
    optimiser, expected, order = mlp.Adam(1e-3), [], np.arange(len(parts.y_train))
    for epoch in range(4):
        if epoch:
            net.rng.shuffle(order)
            net.fit(parts.X_train[order], parts.y_train[order], epochs=1, shuffle=False, optimiser=optimiser)
        expected.append([float((layer == 0).mean()) for layer in net.activations(parts.X_test)[0:-1:2]])
    assert row["epochs"] == [0, 1, 2, 3]
    np.testing.assert_allclose(row["zeros"], expected)
    assert row["test_accuracy"] == net.score(parts.X_test, parts.y_test)


def test_a_penalty_makes_zeros(report):
    rows = [row for row in report["rows"] if row["activation"] == "relu" and row["seed"] == 0]
    free, sparse = (next(row for row in rows if row["l1"] == l1) for l1 in (0.0, 0.01))
    assert np.mean(sparse["zeros"][-1]) > np.mean(free["zeros"][-1]) + 0.01
    assert sparse["zeros"][0] == free["zeros"][0]


# --- the verdicts, over rows made by hand


def made(shares=(0.4, 0.6, 0.85), accuracies=(0.97, 0.97, 0.97), before=0.5, other=0.0):
    rows = []
    for name in ("relu", "softplus"):
        for l1, share, accuracy in zip((0.0, 0.01, 0.1), shares, accuracies, strict=True):
            for seed in range(2):
                first = [before + 0.001 * seed] * 2 if name == "relu" else [0.0, 0.0]
                last = [share - 0.01 + 0.001 * seed, share + 0.01] if name == "relu" else [other, other]
                rows.append(
                    {
                        "activation": name, "l1": l1, "seed": seed, "diverged": False, "epochs": [0, 5],
                        "zeros": [first, last], "silent": [0.0, 0.0], "test_accuracy": accuracy + 0.001 * seed,
                    }
                )  # fmt: skip
    return {"rows": rows, "settings": {"epochs": 5}, "data": {"name": "digits", "samples": 1797}}


def finding(report, words):
    return next((one for one in sparsity.EXPERIMENT.findings(report) if words in one.claim), None)


@pytest.mark.parametrize(
    ("shares", "judgement"),
    [
        ((0.4, 0.6, 0.85), "holds only if there is an L1 penalty of at least 0.1 on activations"),
        ((0.4, 0.82, 0.85), "holds only if there is an L1 penalty of at least 0.01 on activations"),
        ((0.4, 0.82, 0.7), "does not hold"),
        ((0.81, 0.82, 0.9), "holds"),
        ((0.4, 0.6, 0.801), "not decided: the error bars reach over 80% with an L1 penalty of 0.1"),
        ((0.801, 0.82, 0.9), "not decided: the error bars reach over 80% without a penalty"),
        ((0.1, 0.2, 0.7), "does not hold"),
    ],
)
def test_eighty_percent_are_judged(shares, judgement):
    found = finding(made(shares), "80 to 90%")
    assert found.judgement == judgement
    assert all(f"{100 * share:.1f} ± " in found.measurement for share in shares)


def test_a_half_is_judged():
    assert finding(made(), "half").verdict == "holds"
    assert finding(made(before=0.7), "half").verdict == "does not hold"
    assert finding(made(before=0.55), "half").judgement == "not decided: the error bars reach over 45% or 55%"


def test_growth_is_judged():
    assert finding(made(), "sparser by itself").verdict == "does not hold"
    assert finding(made((0.7, 0.8, 0.9)), "sparser by itself").verdict == "holds"
    report = made()
    for row in report["rows"]:
        row["zeros"][-1][1] = 0.9
    assert finding(report, "sparser by itself").condition == "the layer is 2"


def test_accuracy_is_judged():
    assert finding(made(), "as accurate").verdict == "holds"
    assert finding(made(accuracies=(0.97, 0.97, 0.9)), "as accurate").condition == "at most 60% are zero"
    assert finding(made(accuracies=(0.97, 0.9, 0.97)), "as accurate").verdict == "does not hold"


def test_other_activations_are_judged():
    assert finding(made(), "other than relu").verdict == "holds"
    assert finding(made(other=0.2), "other than relu").verdict == "does not hold"
    report = made(other=0.2)
    smooth = [row | {"activation": "gelu", "zeros": [[0.0, 0.0]] * 2} for row in copy.deepcopy(report["rows"][:6])]
    report["rows"] += smooth
    assert finding(report, "other than relu").condition == "the activation is gelu"


# --- edge settings


def test_what_cannot_be_judged_is_left_out():
    fastact.custom("x*tanh(gelu(x))", name="phish_of_sparsity_test")
    for settings in (
        {"activations": ("phish_of_sparsity_test",), "seeds": 1, "depth": 1},
        {"activations": ("relu",), "l1": (0.1,), "seeds": 1, "epochs": 1},
        {"activations": ("relu",), "l1": (0.0,), "seeds": 1, "depth": 8},
        {"learning_rate": 1e30},
    ):
        report = sparsity.run(sparsity.Settings(**(SMALL | settings)))
        for one in sparsity.EXPERIMENT.findings(report):
            assert "nan" not in one.measurement
        for panel in sparsity.EXPERIMENT.panels(report):
            assert "nan" not in panel.alt
        sparsity.EXPERIMENT.table(report)
    assert all(row["diverged"] and row["zeros"][-1] is None for row in report["rows"])
