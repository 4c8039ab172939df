"""The experiment ``linear``: the collapsed network, the best line of the exclusive or, verdicts from rows."""

import numpy as np
import pytest

from fastact import mlp
from fastact.experiments import linear, shapes


def test_the_best_line_is_found_by_brute_force():
    side = (np.arange(100) + 0.5) / 50 - 1
    x, y = np.meshgrid(side, side)
    positive = x * y > 0
    best = 0.0
    for angle in np.linspace(0, np.pi, 41):
        for offset in np.linspace(-1.4, 1.4, 57):
            right = ((np.cos(angle) * x + np.sin(angle) * y > offset) == positive).mean()
            best = max(best, right, 1 - right)
    assert linear.MOST_BY_A_LINE - 0.005 < best <= linear.MOST_BY_A_LINE
    X = shapes.points("xor", 20_000, 0).X
    assert np.abs(X).max() <= 1.0
    np.testing.assert_allclose([X.mean(), X.var()], [0.0, 1 / 3], atol=0.01)


def test_layers_multiply_out():
    layers = [mlp.Dense(4, "identity"), mlp.Dense(3, "identity"), mlp.Dense(2)]
    net = mlp.Network(layers, inputs=5, dtype="float64", seed=0)
    net.parameters += np.random.default_rng(1).normal(size=net.parameters.shape)
    X = np.random.default_rng(0).normal(size=(30, 5))
    weight, bias = linear.collapsed(net)
    np.testing.assert_allclose(X @ weight + bias, net.forward(X), rtol=1e-10, atol=1e-10)
    assert linear.affine_r2(X, net.forward(X)) == pytest.approx(1.0, abs=1e-12)
    assert linear.affine_r2(X, np.abs(X)) < 0.5


# --- the verdicts, over rows made by hand


def judged(words, plain=(0.6, 0.61, 0.62), relu=(0.97, 0.98, 0.99), r2=1.0, accuracies=(0.9, 0.9)):
    rows = [
        {
            "activation": name, "depth": depth, "seed": seed, "diverged": False, "test_accuracy": accuracy,
            "affine_r2": r2, "collapse_difference": 1e-15, "rank": 3, "xor_accuracy": xor,
        }
        for name, values in (("identity", plain), ("relu", relu))
        for depth, accuracy in zip((1, 4), accuracies, strict=True)
        for seed, xor in enumerate(values)
    ]  # fmt: skip
    found = linear.EXPERIMENT.findings({"rows": rows, "data": {"name": "digits"}})
    return next(one.judgement for one in found if words in one.claim)


def test_both_halves_are_judged():
    claim = "what a line does not separate"
    assert judged(claim) == "holds"
    # More than the best line, beyond the error bars.
    assert judged(claim, plain=(0.8, 0.81, 0.82)) == "does not hold"
    assert judged(claim, plain=(0.6, 0.7, 0.8)) == "holds"
    assert judged(claim, relu=(0.8, 0.81, 0.82)) == "does not hold"
    assert judged(claim, relu=(0.85, 0.95, 1.0)) == "not decided: the error bars of relu reach under 90%"


def test_depth_is_judged_by_what_is_represented():
    claim = "adds nothing"
    assert judged(claim) == "holds"
    # Accuracy is what was learned, not what can be represented.
    assert judged(claim, accuracies=(0.5, 0.9)) == "holds"
    assert judged(claim, r2=0.99) == "does not hold"
