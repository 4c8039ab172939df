"""The chain rule's numbers against automatic ones, and the verdicts on its bound."""

import copy
import math

import mpmath
import pytest

import fastact
from fastact.experiments import chain, figure
from fastact.figures import render

FUNCTIONS = {
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "tanh": mpmath.tanh,
    "gelu": lambda a: a * mpmath.ncdf(a),
    "square": lambda a: a * a,
}


@pytest.fixture(scope="module")
def report():
    return chain.run(chain.Settings(activations=("sigmoid", "tanh", "gelu", "square"), seeds=25))


def gradient_of(row):
    """dL/dW1 in 30 digits, by mpmath's own differentiation of the loss."""
    f = FUNCTIONS[row["activation"]]

    def loss(first):
        value = mpmath.mpf(row["input"])
        for weight, bias in zip([first, *row["weights"][1:]], row["biases"], strict=True):
            value = f(weight * value + bias)
        return (value - row["target"]) ** 2 / 2

    return mpmath.diff(loss, mpmath.mpf(row["weights"][0]))


def test_product_backpropagation_and_differences_are_the_derivative(report):
    for row in report["rows"][::4]:
        truth = float(gradient_of(row))
        assert row["product"] == pytest.approx(truth, rel=1e-11)
        assert row["backpropagation"] == pytest.approx(truth, rel=1e-11)
        assert row["differences"] == pytest.approx(truth, rel=1e-6, abs=1e-9 * (1 + row["loss"]))


def test_the_factors_are_those_of_the_text(report):
    row = report["rows"][3]
    assert row["factor_names"] == ["dL/df3", "S'(a3)", "W3", "S'(a2)", "W2", "S'(a1)", "x"]
    (w1, w2, w3), (b1, b2, b3), x = row["weights"], row["biases"], row["input"]

    def S(a):
        return 1 / (1 + math.exp(-a))

    f1 = S(w1 * x + b1)
    f2 = S(w2 * f1 + b2)
    f3 = S(w3 * f2 + b3)
    expected = [f3 - row["target"], f3 * (1 - f3), w3, f2 * (1 - f2), w2, f1 * (1 - f1), x]
    assert row["factors"] == pytest.approx(expected, rel=1e-12)
    assert row["loss"] == pytest.approx((f3 - row["target"]) ** 2 / 2)
    assert row["bound"] == 0.015625
    assert row["product_of_derivatives"] == pytest.approx(math.prod(expected[1::2]))


def test_the_graph_by_hand():
    row = chain.run(chain.Settings(seeds=1, activations=("tanh",)))["rows"][0]
    assert row["graph"] == {
        "x": -2.0, "y": 5.0, "z": -4.0, "q": 3.0, "f": -12.0, "df/dq": -4.0, "dq/dx": 1.0, "dq/dy": 1.0
    }  # fmt: skip
    assert row["graph_gradient"] == [-4.0, -4.0, 3.0]
    assert row["graph_differences"] == pytest.approx([-4.0, -4.0, 3.0], rel=1e-9)
    other = chain.run(chain.Settings(seeds=1, activations=("tanh",), x=0.5, y=0.25, z=1e6))
    assert chain.findings(other)[0].verdict == "holds"
    assert other["rows"][0]["graph_gradient"] == [1e6, 1e6, 0.75]


def verdicts(report):
    return [finding.verdict for finding in chain.findings(report)]


def test_verdicts_follow_the_rows(report):
    found = chain.findings(report)
    # graph, product, sigmoid's bound, its gradient, tanh's bound, gelu's; square has none.
    assert [finding.claim.split()[1] for finding in found] == [
        "f",
        "gradient",
        "derivatives",
        "at",
        "derivatives",
        "derivatives",
    ]
    assert verdicts(report)[:3] == ["holds"] * 3
    changes = [
        (0, lambda row: row.update(graph_differences=[-4.0, -4.1, 3.0])),
        (1, lambda row: row.update(backpropagation=row["product"] * (1 + 1e-9))),
        (1, lambda row: row.update(differences=row["product"] + 1e-4)),
        (2, lambda row: row.update(product_of_derivatives=0.01563)),
        (3, lambda row: row.update(product=row["factors"][0] * 0.02, weights=[1.0, 0.5, 0.5], input=1.0)),
    ]
    for at, change in changes:
        wrong = copy.deepcopy(report)
        change(wrong["rows"][0])
        assert verdicts(wrong)[at] == "does not hold", at
    large = copy.deepcopy(report)
    for row in large["rows"]:
        row["product"] = row["backpropagation"] = row["differences"] = row["factors"][0] * 1e-3
    assert verdicts(large)[3] == "holds"
    large["rows"][0].update(product=large["rows"][0]["factors"][0], weights=[1.0, 90.0, 90.0], input=1.0)
    assert chain.findings(large)[3].judgement.startswith("holds only if weights and input")


@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 1, "seeds": 1},
        {"depth": 12, "activations": ("square",), "scale": 50.0},  # beyond float64
        {"depth": 40, "activations": ("relu",)},  # many gradients are exactly 0
        {"activations": ("exponential", "hard_shrink", "identity")},
        {"depth": 600, "activations": ("sigmoid",), "seeds": 1},
    ],
)
def test_edge_settings_do_not_crash(settings):
    report = chain.run(chain.Settings(**{"seeds": 3, **settings}))
    assert chain.findings(report)
    for finding in chain.findings(report):
        assert "nan" not in finding.measurement
    assert chain.table(report).lines
    for panel in chain.panels(report):
        assert render(lambda panel=panel: figure.single(panel), ("png",))["png"]


def test_ones_own_activation():
    pytest.importorskip("sympy", reason="SymPy is not installed")
    fastact.custom("x * tanh(gelu(x))", name="phish")
    report = chain.run(chain.Settings(activations=("phish",), seeds=4))
    assert verdicts(report)[:3] == ["holds"] * 3
