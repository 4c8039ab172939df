"""Without an activation any depth is one layer: the collapse, what is affine, and the claims about them."""

import copy

import numpy as np
import pytest

from fastact import mlp
from fastact.experiments import data, linear, shapes


def trained(activation, depth=3):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), np.arange(60) % 3
    layers = [*(mlp.Dense(5, activation) for _ in range(depth)), mlp.Dense(3)]
    net = mlp.Network(layers, inputs=4, dtype="float64", seed=1)
    net.fit(X, y, epochs=3)
    return net, X


def test_a_network_collapses_to_the_matrix_that_its_layers_multiply_to():
    net, X = trained("identity")
    weight, bias = linear.collapsed(net)
    one, two, three, four = (layer.weight for layer in net.layers)
    np.testing.assert_allclose(weight, one @ two @ three @ four, rtol=1e-12)
    np.testing.assert_allclose(X @ weight + bias, net.forward(X), rtol=1e-9)


def test_with_an_activation_it_does_not():
    net, X = trained("tanh")
    weight, bias = linear.collapsed(net)
    assert np.abs(X @ weight + bias - net.forward(X)).max() > 0.01


def test_affine_r2_is_that_of_scikit_learn():
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 4))
    outputs = np.tanh(X @ rng.normal(size=(4, 3))) + 0.3
    fitted = LinearRegression().fit(X, outputs).predict(X)
    expected = r2_score(outputs, fitted, multioutput="variance_weighted")
    assert linear.affine_r2(X, outputs) == pytest.approx(expected, rel=1e-12)
    assert linear.affine_r2(X, X @ rng.normal(size=(4, 2)) + 1.0) == pytest.approx(1.0)
    assert linear.affine_r2(X, np.ones((80, 2))) == 1.0


@pytest.fixture(scope="module")
def report():
    settings = linear.Settings(activations=("identity", "relu"), depths=(1, 3), seeds=3, epochs=12, points=400)
    return linear.run(settings)


def verdicts(report):
    return [finding.verdict for finding in linear.findings(report)]


def test_rows_hold_what_was_measured(report):
    for row in report["rows"]:
        assert not row["diverged"]
        if row["activation"] == "identity":
            assert row["affine_r2"] == pytest.approx(1.0, abs=1e-12)
            assert row["collapse_difference"] < 1e-12
            assert 1 <= row["rank"] <= 10
        else:
            assert row["affine_r2"] < 0.99
            assert row["collapse_difference"] is row["rank"] is None


def test_verdicts_follow_the_rows(report):
    first, *others = verdicts(report)
    assert first == "holds"
    wrong = copy.deepcopy(report)
    for row in wrong["rows"]:
        if row["activation"] == "identity":
            row["collapse_difference"] = 0.1
            row["affine_r2"] = 0.9 if row["depth"] == 3 else 1.0
            row["xor_accuracy"] = 0.97
    assert verdicts(wrong) != [first, *others]
    assert verdicts(wrong)[0] == "does not hold"
    assert "holds" not in verdicts(wrong)


def test_one_half_of_the_evidence_decides_nothing_else(report):
    only = copy.deepcopy(report)
    only["rows"] = [row for row in only["rows"] if row["activation"] == "relu"]
    assert linear.findings(only) == []
    assert linear.panels(only)
    assert linear.table(only).lines


def test_a_training_that_diverges_is_left_out(report):
    broken = copy.deepcopy(report)
    broken["rows"][0] |= dict.fromkeys(("test_accuracy", "affine_r2", "collapse_difference", "rank", "xor_accuracy"))
    broken["rows"][0]["diverged"] = True
    assert linear.findings(broken)
    assert "nan" not in " ".join(finding.measurement for finding in linear.findings(broken))


def test_data_of_ones_own_are_taken():
    rng = np.random.default_rng(3)
    y = np.arange(40) % 2
    own = data.Dataset("own", rng.normal(size=(40, 2)) + 3 * y[:, np.newaxis], y, ("a", "b"))
    report = linear.run(linear.Settings(activations=("identity",), depths=(1,), seeds=1, epochs=5), own)
    assert report["data"]["name"] == "own"
    assert report["rows"][0]["test_accuracy"] > 0.7


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
