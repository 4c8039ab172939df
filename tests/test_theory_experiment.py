"""Random networks beside the theory: what is measured is what it is said to be, and verdicts follow the rows."""

import copy
import math

import numpy as np
import pytest

import fastact
from fastact import mlp, theory
from fastact.experiments import theory as experiment
from fastact.experiments.theory import claims as theory_claims

SMALL = {"depth": 6, "width": 64, "samples": 3, "pairs": 6, "seeds": 3}


@pytest.fixture(scope="module")
def report():
    return experiment.run(experiment.Settings(activations=("tanh", "relu"), variances=(1.0, 1.3, 2.2, 4.0), **SMALL))


def of(report, kind, **entries):
    return [
        row for row in report["rows"] if row["measured"] == kind and all(row[k] == v for k, v in entries.items())
    ]  # fmt: skip


@pytest.mark.parametrize("initialiser", ["critical", "edge_of_chaos", "he_normal", "lecun_normal"])
def test_layers_are_those_of_a_pass_written_out(initialiser):
    settings = experiment.Settings(
        activations=("tanh",), initialiser=initialiser, gain=1.2, start=1.7, variances=(1.0,), **SMALL
    )
    cell = experiment.cells(settings)[1]
    row = experiment.measure(settings, None, cell)
    layers = [layer for _ in range(6) for layer in (mlp.Dense(64), mlp.Activation("tanh"))]
    net = mlp.Network([*layers, mlp.Dense(10)], 64, initialiser=initialiser, gain=1.2, seed=cell["seed"])
    weights = [layer.weight.astype(float) for layer in net.layers[::2]]
    # The first layer's variance is as asked for, by the expected weights.
    rng = np.random.default_rng([cell["seed"], 1])
    X = rng.standard_normal((3, 64))
    first = 1.2 * (math.sqrt(2) if initialiser == "he_normal" else 1.0)
    X *= np.sqrt(1.7 * 64) / first / np.linalg.norm(X, axis=1, keepdims=True)
    assert row["variances"][0] == pytest.approx(1.7, rel=0.4)
    sums, a = [], X
    for weight in weights:
        sums.append(a @ weight)
        a = np.tanh(sums[-1])
    np.testing.assert_allclose(row["variances"], [np.mean(z * z) for z in sums[:-1]], rtol=1e-4)
    logits = sums[-1]
    squares = []
    for at in range(3):
        shares = np.exp(logits[at] - logits[at].max())
        gradient = shares / shares.sum()
        gradient[rng.integers(10, size=1)] -= 1
        start, mine = gradient @ gradient, []
        for weight, z in zip(weights[:0:-1], sums[-2::-1], strict=True):
            gradient = (weight @ gradient) / np.cosh(z[at]) ** 2
            mine.append(gradient @ gradient / start)
        squares.append(mine[::-1])
    np.testing.assert_allclose(row["squared_gradients"], np.mean(squares, axis=0), rtol=1e-3)
    w = 1.2 * experiment.gain_of(initialiser, "tanh")
    assert cell["weight_variance"] == pytest.approx(w * w)
    assert weights[1].std() * 8 == pytest.approx(w, rel=0.05)
    assert row["predicted_variances"][1] == pytest.approx(theory.variance_map("tanh", 1.7, w))


def test_pairs_have_their_correlations_in_every_network(report):
    for variance in (1.0, 4.0):
        rows = of(report, "correlation", weight_variance=variance)
        found = theory.mean_field("tanh", math.sqrt(variance), math.sqrt(0.05))
        limit = found.correlation
        assert rows[0]["predicted_correlation"] == pytest.approx(limit)
        step = experiment.NEAR if limit == 1 else experiment.SHARE * (1 - limit)
        assert np.mean([row["lower_gaps"][0] for row in rows]) == pytest.approx(1 - limit + step, rel=0.15)
        upper = np.mean([row["upper_gaps"][0] for row in rows])
        assert upper == pytest.approx(max(1 - limit - step, 0), rel=0.15, abs=1e-12)
        assert rows[0]["predicted_rate"] == pytest.approx(1 / found.correlation_depth)
    assert rows[0]["edge"] == pytest.approx(1.761, abs=1e-3)


def test_inputs_have_exactly_the_cosines_asked_for():
    one, *others = experiment.pairs_of_inputs(np.random.default_rng(0), 5, 40, 2.0, [0.3, -0.8, 1.0])
    for cosine, other in zip([0.3, -0.8, 1.0], others, strict=True):
        np.testing.assert_allclose((one * other).sum(axis=1), 40 * 2.0 * cosine, rtol=1e-12)
        np.testing.assert_allclose((other * other).sum(axis=1), 80.0, rtol=1e-12)


def test_a_rate_is_that_of_an_exponential():
    values = [0.7 * math.exp(-layer / 5.5) for layer in range(9)]
    lower, upper = [0.4 + value for value in values], [0.4] * 9
    ratio = theory_claims.differences(lower, upper)
    assert ratio[0] == 1.0
    assert theory_claims.rate(ratio) == pytest.approx(1 / 5.5)
    assert theory_claims.rate([1.0, 0.5, -0.1]) is None


def test_students_quantile():
    # Tables of Student's t: 97.5 % at 7 degrees of freedom, and 99.5 % at 4 (0.01 two-sided as one of five).
    assert theory_claims.allowed(8, 1) == pytest.approx(2.365, abs=1e-3)
    assert theory_claims.allowed(5, 5) == pytest.approx(4.604, abs=1e-3)


def claims(report):
    return {finding.claim.split()[0] + finding.claim.split()[1]: finding for finding in experiment.findings(report)}


def test_agreement_within_wide_error_bars_decides_nothing(report):
    finding = claims(report)["Mean-fieldtheory"]
    assert finding.verdict == "not decided"
    assert "networks would not show a difference of 50% for" in finding.condition


def test_verdicts_follow_the_rows(report, monkeypatch):
    monkeypatch.setattr(theory_claims, "PRECISE", math.inf)
    kept = claims(report)
    assert [finding.verdict for finding in kept.values()][:2] == ["holds", "holds"]
    wrong = copy.deepcopy(report)
    for row in of(wrong, "layers", activation="relu"):
        row["predicted_variances"][4] *= 30
    finding = claims(wrong)["Mean-fieldtheory"]
    assert finding.judgement == "holds only if layers are left out but for the first 4 of 6 for relu"
    for row in of(wrong, "layers"):
        row["predicted_squared_gradients"][-1] *= 30
    assert claims(wrong)["Itpredicts"].verdict == "does not hold"


def test_depth_scales_are_judged(report):
    exact = copy.deepcopy(report)
    for at, row in enumerate(of(exact, "correlation")):
        row["rate"] = row["predicted_rate"] * (1 + 0.02 * (at % 3 - 1))
    assert claims(exact)["Correlationsof"].verdict == "holds"
    assert claims(exact)["Thedepth"].verdict == "holds"
    for row in of(exact, "correlation", weight_variance=4.0):
        row["rate"] *= 2
    finding = claims(exact)["Correlationsof"]
    assert finding.judgement == "holds only if the variance of the weights is 1, 1.3 or 2.2"
    flat = copy.deepcopy(exact)
    for at, row in enumerate(of(flat, "correlation")):
        row["rate"] = 0.1 + 0.001 * (at % 3)
    assert claims(flat)["Thedepth"].verdict == "does not hold"
    for row in of(flat, "correlation", weight_variance=1.0):
        row["rate"] *= 5
    assert claims(flat)["Thedepth"].judgement == "holds only if the edge is approached from below"
    lost = copy.deepcopy(report)
    for row in of(lost, "correlation"):
        row["rate"] = None
    assert "Correlationsof" not in claims(lost)
    experiment.table(lost)
    experiment.panels(lost)


def test_the_mean_at_finite_width_is_the_theorys():
    """relu's variance is a martingale: its mean over many small networks is the prediction."""
    settings = experiment.Settings(
        activations=("relu",), variances=(1.0,), depth=5, width=24, samples=2, pairs=2, seeds=120
    )
    rows = [experiment.measure(settings, None, cell) for cell in experiment.cells(settings)[:120]]
    last = [row["variances"][-1] for row in rows]
    assert abs(np.mean(last) - 2.0) < 4 * np.std(last) / math.sqrt(120)
    first = [row["squared_gradients"][0] for row in rows]
    assert abs(np.mean(first) - 1.0) < 4 * np.std(first) / math.sqrt(120)


@pytest.mark.parametrize(
    "settings",
    [
        {"activations": ("square",), "depth": 20, "start": 9.0},  # beyond float64 within a few layers
        {"activations": ("tanh",), "seeds": 1},
        {"activations": ("sigmoid",), "correlated": "erf", "variances": (1.0,), "depth": 4},
        {"activations": ("tanh",), "correlated": "selu", "variances": (0.5,)},
    ],
)
def test_edge_settings_do_not_crash(settings):
    settings = {**SMALL, "variances": (1.5,), "seeds": 2, **settings}
    report = experiment.run(experiment.Settings(**settings))
    for finding in experiment.findings(report):
        assert "nan" not in finding.measurement
    assert experiment.table(report).lines
    for panel in experiment.panels(report):
        from fastact.experiments import figure
        from fastact.figures import render

        assert render(lambda panel=panel: figure.single(panel), ("png",))["png"]


def test_ones_own_activation():
    pytest.importorskip("sympy", reason="SymPy is not installed")
    fastact.custom("x * tanh(gelu(x))", name="phish")
    report = experiment.run(
        experiment.Settings(activations=("phish",), correlated="phish", variances=(1.5,), **{**SMALL, "seeds": 2})
    )
    assert {row["activation"] for row in report["rows"]} == {"phish"}
    assert of(report, "layers")[0]["weight_variance"] == pytest.approx(theory.gain("phish") ** 2)


@pytest.mark.parametrize(
    ("bad", "names"),
    [
        ({"activations": ("relu",), "initialiser": "edge_of_chaos", "correlated": "swoosh"}, "correlated must be"),
        ({"activations": ("softplus",), "initialiser": "edge_of_chaos"}, "softplus has an edge of chaos"),
        ({"correlated": "relu", "variances": (3.0,)}, "variances must be some with which"),
        ({"depth": 3}, "depth must be an integer >= 4"),
    ],
)
def test_settings_without_a_prediction_are_refused(bad, names):
    with pytest.raises(ValueError, match=names):
        experiment.Settings(**bad)
