"""The experiment ``centred``: signs of gradients, angles between steps, moved outputs, steps to a target."""

import copy
import math

import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.experiments import centred, data, reaching
from fastact.experiments.layers import Shift

SMALL = {"rates": (0.5, 2.0), "epochs": 2, "watched": 10, "loss": 1.0, "width": 8}


@pytest.fixture(scope="module")
def report():
    return centred.run(centred.Settings(**centred.EXPERIMENT.quick))


@pytest.fixture(scope="module")
def digits():
    return data.digits()


# --- what is measured


def test_shares_of_signs():
    gradient = np.array([[1.0, -1.0, 0.0, 0.0], [2.0, 3.0, 0.0, -1.0], [3.0, -2.0, 0.0, 0.0], [1.0, -1.0, 0.0, -2.0]])
    np.testing.assert_array_equal(centred.same_sign(gradient), [1.0, 0.75, 1.0])


def test_cosines_are_those_of_the_angles():
    angles = np.radians([0.0, 30.0, 90.0, 150.0, 180.0])
    first = np.vstack([np.ones(5), np.zeros(5)])
    second = 3.0 * np.vstack([np.cos(angles), np.sin(angles)])
    np.testing.assert_allclose(centred.cosine(first, second), np.cos(angles), atol=1e-15)
    assert centred.cosine(first, np.zeros((2, 5))).size == 0


@pytest.mark.parametrize("batch_size", [1, 7])
def test_watching_follows_gradient_descent(batch_size):
    """Against back-propagation written out, for one hidden layer behind another."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    layers = [mlp.Dense(5, "sigmoid"), mlp.Dense(4, "tanh"), mlp.Dense(2)]
    net = mlp.Network(layers, inputs=3, dtype="float64", seed=2)
    weights = [layer.weight.copy() for layer in net.layers]
    biases = [np.zeros(layer.weight.shape[1]) for layer in net.layers]
    found = centred.watch(net, X, y, batch_size, 0.3, 6, seed=4)
    draw, before, shares, angles = np.random.default_rng(4), None, [], []
    for _ in range(6):
        batch = draw.integers(0, 20, batch_size)
        a0 = X[batch]
        a1 = 1.0 / (1.0 + np.exp(-(a0 @ weights[0] + biases[0])))
        a2 = np.tanh(a1 @ weights[1] + biases[1])
        logits = a2 @ weights[2] + biases[2]
        d3 = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        d3[np.arange(batch_size), y[batch]] -= 1.0
        d3 /= batch_size
        d2 = d3 @ weights[2].T * (1.0 - a2**2)
        d1 = d2 @ weights[1].T * a1 * (1.0 - a1)
        gradients = [a0.T @ d1, a1.T @ d2, a2.T @ d3]
        for at, delta in enumerate((d1, d2, d3)):
            weights[at] -= 0.3 * gradients[at]
            biases[at] -= 0.3 * delta.sum(axis=0)
        units = np.concatenate([gradients[1].T, np.pad(gradients[2].T, ((0, 0), (0, 1)), constant_values=np.nan)])
        for unit in units:
            positive, negative = (unit > 0).sum(), (unit < 0).sum()
            shares.append(max(positive, negative) / (positive + negative))
        if before is not None:
            for old, new in zip(before, units, strict=True):
                known = ~np.isnan(new)
                old, new = old[known], new[known]  # noqa: PLW2901
                angles.append(math.degrees(math.acos(old @ new / np.linalg.norm(old) / np.linalg.norm(new))))
        before = units
    assert found["same_sign"] == pytest.approx(np.mean(shares), rel=1e-9)
    assert found["one_sign"] == pytest.approx(np.mean(np.array(shares) == 1.0), rel=1e-9)
    assert found["reversed"] == pytest.approx(np.mean(np.array(angles) > 135.0), rel=1e-9)
    assert found["aligned"] == pytest.approx(np.mean(np.abs(np.cos(np.radians(angles)))), rel=1e-6)
    assert sum(found["angles"]) == pytest.approx(1.0)
    assert sum(found["angles"][9:]) == pytest.approx(np.mean(np.array(angles) > 90.0))


def test_moved_outputs_are_centred_or_one_sided(digits):
    # Of a standard normal number: 1/2 by symmetry, and the density at 0.
    assert centred.normal_mean("sigmoid") == pytest.approx(0.5, abs=1e-9)
    assert centred.normal_mean("relu") == pytest.approx(1.0 / math.sqrt(2.0 * math.pi), abs=1e-6)
    assert centred.shift_of("tanh") == 1.0
    assert centred.shift_of("identity") is None
    for activation, outputs, expected in (("sigmoid", "own", True), ("sigmoid", "moved", False), ("elu", "own", False),
                                          ("elu", "moved", True)):  # fmt: skip
        cell = {"activation": activation, "outputs": outputs, "rate": 1.0, "seed": 0}
        row = centred.measure(centred.Settings(**SMALL), digits, cell)
        assert row["one_sided"] is expected
        assert bool(row["sample_same_sign"] == 1.0) is expected
        assert bool(row["sample_one_sign"] == 1.0) is expected


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "elu"])
def test_moved_outputs_start_as_the_same_function(activation):
    X = np.random.default_rng(0).normal(size=(9, 5)).astype("float32")
    own, moved = (
        centred.network(centred.Settings(depth=3), {"activation": activation, "outputs": outputs, "seed": 1}, 5, 3)
        for outputs in ("own", "moved")
    )
    np.testing.assert_allclose(moved.forward(X), own.forward(X), atol=3e-6)
    hidden = moved.activations(X)[1:-1:2]
    np.testing.assert_allclose(hidden[2], own.activations(X)[1:-1:2][2] + centred.shift_of(activation), atol=3e-6)


def test_a_shift_has_the_derivative_one():
    X, y = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 0, 1, 1, 0])
    net = mlp.Network([mlp.Dense(4, "tanh"), Shift(0.7), mlp.Dense(2)], inputs=3, dtype="float64")
    net.loss_and_gradients(X, y)
    gradients = net.gradients.copy()
    for at in range(len(net.parameters)):
        around = []
        for step in (1e-6, -1e-6):
            net.parameters[at] += step
            around.append(net.loss(X, y))
            net.parameters[at] -= step
        assert gradients[at] == pytest.approx((around[0] - around[1]) / 2e-6, abs=1e-8)


# --- reaching a target


def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2)).astype("float32")
    return X, (X[:, 0] > 0).astype(np.int64), mlp.Network([mlp.Dense(2)], inputs=2, seed=1)


def test_steps_are_counted():
    X, y, net = problem()
    looks = []

    def there():
        looks.append(net.loss(X, y))
        return len(looks) == 4

    found = reaching.reach(net, X, y, there, optimiser=mlp.SGD(0.1), batch_size=8, epochs=9, every=5, seed=3)
    assert found.steps == 15
    assert not found.diverged
    order = np.concatenate([np.random.default_rng(3).permutation(50)[:48]])
    other = problem()[2]
    optimiser = mlp.SGD(0.1)
    other.fit(X[order[:40]], y[order[:40]], epochs=1, batch_size=8, optimiser=optimiser, shuffle=False)
    assert looks[1] == other.loss(X, y)


def test_targets_may_be_out_of_reach():
    X, y, net = problem()
    found = reaching.reach(net, X, y, lambda: False, optimiser=mlp.SGD(0.1), batch_size=8, epochs=2, every=5, seed=3)
    assert found.steps is None
    net.parameters[...] = 3e38
    found = reaching.reach(net, X, y, lambda: False, optimiser=mlp.SGD(1e30), batch_size=8, epochs=2, every=5, seed=3)
    assert found.diverged


def test_the_best_rate_has_the_fewest_steps_and_reaches_with_every_seed():
    rows = [
        {"kind": kind, "rate": rate, "steps": steps}
        for kind, rate, steps in [
            ("a", 0.1, 90), ("a", 0.1, 80), ("a", 0.2, 50), ("a", 0.2, 40), ("a", 0.5, 10), ("a", 0.5, None),
            ("b", 0.1, 7), ("b", 0.1, 7), ("b", 0.2, 9), ("b", 0.2, 9), ("c", 0.1, None), ("c", 0.1, 5),
        ]
    ]  # fmt: skip
    found = reaching.tuned(rows, ("kind",), lambda row: row["steps"])
    assert {key: (one.rate, one.edge) for key, one in found.items()} == {("a",): (0.2, False), ("b",): (0.1, True)}
    assert found["a",].spread(lambda row: row["steps"]).mean == 45.0


# --- the verdicts


def finding(report, words):
    return next((one for one in centred.EXPERIMENT.findings(report) if words in one.claim), None)


def changed(report, activation=None, outputs=None, **entries):
    other = copy.deepcopy(report)
    for row in other["rows"]:
        if activation in (None, row["activation"]) and outputs in (None, row["outputs"]):
            row.update({name: value(row) if callable(value) else value for name, value in entries.items()})
    return other


def test_signs_are_judged(report):
    assert finding(report, "have one sign").verdict == "holds"
    other = changed(report, "sigmoid", "own", sample_same_sign=0.99)
    assert finding(other, "have one sign").verdict == "does not hold"
    assert finding(changed(report, one_sided=False), "have one sign") is None


def test_zigzag_is_judged(report):
    one_sided = changed(report, sample_reversed=lambda row: 0.3 if row["one_sided"] else 0.01,
                        batch_reversed=lambda row: 0.2 if row["one_sided"] else 0.01)  # fmt: skip
    assert finding(one_sided, "zig-zag").verdict == "holds"
    assert finding(changed(one_sided, batch_reversed=0.1), "zig-zag").condition.startswith("a step takes one sample")
    only = changed(one_sided, "relu", sample_reversed=0.01)
    assert finding(only, "zig-zag").condition.startswith("the activation is sigmoid or tanh or elu")
    assert finding(changed(one_sided, sample_reversed=0.2), "zig-zag").verdict == "does not hold"


def test_steps_are_judged(report):
    fast = changed(report, steps=lambda row: 100 if row["one_sided"] else 50)
    assert finding(fast, "faster with tanh").verdict == "holds"
    assert finding(fast, "moved to one side").verdict == "holds"
    assert "2.0 times" in finding(fast, "faster with tanh").measurement
    slow = changed(fast, "tanh", steps=lambda row: 100 + row["seed"])
    assert finding(slow, "faster with tanh").verdict == "does not hold"
    assert finding(slow, "moved to one side").condition == "the activation is sigmoid or relu or elu"
    assert finding(changed(report, steps=50), "moved to one side").verdict == "does not hold"
    never = changed(report, "tanh", "own", steps=None)
    assert finding(never, "faster with tanh") is None


def test_means_are_judged(report):
    small = changed(report, "elu", mean_activation=-0.1, unit_mean=0.1)
    small = changed(small, "relu", mean_activation=0.8, unit_mean=0.8)
    small = changed(small, steps=10)
    assert finding(small, "negative values of ELU").verdict == "holds"
    other = changed(small, "elu", mean_activation=-0.9, unit_mean=0.9)
    assert finding(other, "negative values of ELU").verdict == "does not hold"


# --- edge settings


def test_what_cannot_be_judged_is_left_out():
    fastact.custom("x*tanh(gelu(x))", name="phish_of_centred_test")
    for settings in (
        {"activations": ("identity",), "depth": 1},
        {"activations": ("phish_of_centred_test",), "depth": 1, "seeds": 1},
        {"activations": ("sigmoid",), "outputs": ("own",), "loss": 1e-9, "seeds": 1},
        {"activations": ("relu",), "rates": (1e9,), "seeds": 1},
    ):
        report = centred.run(centred.Settings(**(SMALL | settings)))
        for one in centred.EXPERIMENT.findings(report):
            assert "nan" not in one.measurement
        for panel in centred.EXPERIMENT.panels(report):
            assert "nan" not in panel.alt
        centred.EXPERIMENT.table(report)


def test_outputs_that_cannot_be_moved_are_refused():
    with pytest.raises(ValueError, match="outputs must have 'own'"):
        centred.Settings(activations=("identity",), outputs=("moved",))
