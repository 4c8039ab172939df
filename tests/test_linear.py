"""Without an activation any depth is one layer: the collapse, what is affine, and the claims about them."""

import copy

import numpy as np
import pytest

from fastact import mlp
from fastact.experiments import data, linear


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
