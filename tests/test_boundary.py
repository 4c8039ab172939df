"""The experiment ``boundary``: what it measures against geometry, NumPy and least squares, and verdicts from rows."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score

import fastact
from fastact import mlp
from fastact.experiments import boundary as experiment
from fastact.experiments import figure, results
from fastact.experiments.boundary import claims as findings
from fastact.experiments.boundary import measures, tasks

EXPERIMENT = experiment.EXPERIMENT


def network(activation, weight, bias, out, out_bias):
    """One hidden layer with given weights, whose second logit is the decision value."""
    weight = np.array(weight, float)
    net = mlp.Network([mlp.Dense(weight.shape[1], activation), mlp.Dense(2)], inputs=len(weight), dtype="float64")
    net.layers[0].weight[...], net.layers[0].bias[...] = weight, bias
    net.layers[1].weight[...] = np.column_stack([np.zeros(len(out)), out])
    net.layers[1].bias[...] = 0.0, out_bias
    return net


# --- boundaries


def diamond(radius=0.8):
    """radius - |x| - |y|, of four relu units."""
    return network("relu", [[1, -1, 0, 0], [0, 0, 1, -1]], 0.0, [-1, -1, -1, -1], radius)


def test_the_boundary_of_four_relu_units_is_a_diamond_of_four_straight_pieces():
    net = diamond()
    value = measures.decision(net)
    points = measures.boundary(value)
    np.testing.assert_allclose(np.abs(points).sum(axis=1), 0.8, atol=1e-11)
    angles = np.sort(np.arctan2(points[:, 1], points[:, 0]))
    assert np.diff(angles).max() < 0.06, "the whole of it was found"
    assert measures.pieces(net, "relu", points[np.abs(points).min(axis=1) > 1e-9]) == 4
    assert measures.straight_share(value, points) > 0.98
    # A corner is not straight.
    assert measures.straight_share(value, np.array([[0.8, 0.0], [0.4, 0.4]])) == 0.5


def test_a_line_is_one_piece_and_nothing_is_none():
    net = network("relu", [[1, -1], [1, -1]], 0.0, [1, -1], 0.3)  # x + y + 0.3
    points = measures.boundary(measures.decision(net))
    np.testing.assert_allclose(points.sum(axis=1), -0.3, atol=1e-11)
    assert measures.pieces(net, "relu", points) <= 2
    nothing = measures.boundary(lambda at: np.ones(len(at)))
    assert nothing.shape == (0, 2)
    assert measures.straight_share(lambda at: np.ones(len(at)), nothing) is None


def test_two_squares_make_an_ellipse():
    net = network("square", [[2, 0], [0, 1]], 0.0, [-1, -1], 0.9)
    value = measures.decision(net)
    points = measures.boundary(value)
    np.testing.assert_allclose(4 * points[:, 0] ** 2 + points[:, 1] ** 2, 0.9, atol=1e-11)
    assert measures.straight_share(value, points) == 0.0
    assert measures.pieces(net, "square", points) is None


def test_which_activations_are_made_of_straight_pieces():
    straight = {name for name in fastact.activations if measures.piecewise_linear(name)}
    assert {"relu", "leaky_relu", "prelu", "relu6", "hard_tanh", "hard_sigmoid", "srelu"} <= straight
    assert not straight & {"identity", "square", "squared_relu", "hard_swish", "elu", "tanh", "cos", "softplus"}


def test_which_activations_are_polynomials():
    assert {name for name in fastact.activations if findings.polynomial(name)} == {"identity", "square"}


def test_the_picture_has_y_in_lines():
    shown = np.array(measures.picture(lambda at: 10.0 * at[:, 0] + 100.0 * at[:, 1]))
    side = measures.grid(measures.SHOWN - 1)
    expected = np.clip(10.0 * side[np.newaxis] + 100.0 * side[:, np.newaxis], -20, 20)
    np.testing.assert_allclose(shown, expected, rtol=0.06)
    assert measures.rounded([[0.123456], [1234.5]], 3) == [[0.123], [1230.0]]


# --- features and frequencies


def test_features_are_the_units_or_the_principal_components():
    X = np.random.default_rng(0).normal(size=(50, 2))
    two = network("tanh", [[1, 2], [3, -1]], 0.1, [1, 1], 0.0)
    space, seen = measures.features(two, X)
    np.testing.assert_allclose(space, np.tanh(X @ [[1, 2], [3, -1]] + 0.1), rtol=1e-12)
    assert seen == 1.0
    weight = np.random.default_rng(1).normal(size=(2, 7))
    space, seen = measures.features(network("tanh", weight, 0.2, np.ones(7), 0.0), X)
    reference = PCA(2).fit(hidden := np.tanh(X @ weight + 0.2))
    np.testing.assert_allclose(np.abs(space), np.abs(reference.transform(hidden)), atol=1e-12)
    assert seen == pytest.approx(reference.explained_variance_ratio_.sum(), rel=1e-12)


def test_the_power_at_harmonics():
    net = network("cos", [[1.05, 2.5, -3.0, 0.01, 0.93]], 0.0, [1, 2, 3, 50, 4], 0.0)
    net.layers[1].weight[:, 0] = [1, 2, 3, 50, 4]
    # The constant unit counts for nothing, 2.5 is no harmonic.
    assert measures.harmonic_share(net) == pytest.approx((1 + 9 + 16) / (1 + 4 + 9 + 16))


# --- tasks


def test_units_take_the_mixture_in_turn_and_compute_it():
    names = tasks.hidden_units(tasks.MIXED, 6, ("relu", "tanh", "cos", "square"))
    assert names == ["relu", "tanh", "cos", "square", "relu", "tanh"]
    assert tasks.hidden_units("relu", 6, ()) == "relu"
    net, (X, y), diverged = tasks.separated("moons", names, 6, 60, 3, 1.0)
    assert not diverged
    first, second = net.layers
    z = X @ first.weight + first.bias
    each = [lambda v: np.maximum(v, 0), np.tanh, np.cos, np.square, lambda v: np.maximum(v, 0), np.tanh]
    hidden = np.column_stack([f(column) for f, column in zip(each, z.T, strict=True)])
    logits = hidden @ second.weight + second.bias
    np.testing.assert_allclose(net.forward(X), logits, rtol=1e-9, atol=1e-9)
    assert net.score(X, y) == (logits.argmax(axis=1) == y).mean()


def test_points_of_the_tasks():
    X, y = tasks.plane(tasks.NOISY, 300, 5)
    assert X.shape == (tasks.FEW, 2)
    assert (y != np.arange(tasks.FEW) % 2).sum() == round(tasks.FLIPPED * tasks.FEW)
    for task in (*tasks.PLANE, tasks.UNBIASED):
        X, y = tasks.plane(task, 50, 5)
        new, _ = tasks.held_out(task, 5)
        assert (X.shape, y.shape, new.shape) == ((50, 2), (50,), (tasks.TESTED, 2))
        assert not (X[:, np.newaxis] == new[:50]).all(axis=-1).any()
    inside = np.square(tasks.plane(tasks.UNBIASED, 50, 5)[0]).sum(axis=1) < 2 / np.pi
    np.testing.assert_array_equal(inside, tasks.plane(tasks.UNBIASED, 50, 5)[1])
    assert tasks.separated(tasks.UNBIASED, "square", 2, 20, 0, 1.0)[0].layers[0].bias is None


def test_the_fourier_network_comes_to_the_least_squares_fit():
    fit = tasks.fitted("square wave", tasks.FOURIER, 6, 200, 0)
    x = np.random.default_rng(0).uniform(-2 * np.pi, 2 * np.pi, 200)
    columns = [np.ones_like, *(lambda v, k=k: np.cos(k * v) for k in (1, 2, 3))]
    columns += [lambda v, k=k: np.sin(k * v) for k in (1, 2, 3)]

    def basis(v):
        return np.column_stack([column(v) for column in columns])

    best = np.linalg.lstsq(basis(x), np.sign(np.sin(x)), rcond=None)[0]
    new = np.linspace(-6, 12, 500)
    # A cosine for each odd unit and a sine for each even one: 3 of each.
    np.testing.assert_allclose(fit(new), basis(new) @ best, atol=0.02)
    assert fit.r2(new) == pytest.approx(r2_score(np.sign(np.sin(new)), fit(new)), rel=1e-12)


def test_functions_are_what_they_say():
    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(tasks.FUNCTIONS["logarithm"].value(x), [0.5 - 0.6931471805599453, 2.6931471805599454])
    for function in tasks.FUNCTIONS.values():
        assert function.inside[1] == function.outside[0]
        assert np.isfinite(function.value(np.linspace(function.inside[0], function.outside[1], 99))).all()


# --- verdicts


NAMES = tuple(name for name in experiment.DEFINITIONS if name not in EXPERIMENT.axes)


def rows(task, hidden, units, *values, **names):
    """A row for each seed: accuracies on new points, or the entries named."""
    each = [{"test_accuracy": value} for value in values] or [
        dict(zip(names, of_seed, strict=True)) for of_seed in zip(*names.values(), strict=True)
    ]
    return [
        {**dict.fromkeys(NAMES), "task": task, "hidden": hidden, "units": units, "seed": seed, "diverged": False, **one}
        for seed, one in enumerate(each)
    ]


def verdict(words, *groups):
    report = {"rows": [row for group in groups for row in group], "settings": {"mixture": ["relu", "cos"]}, "data": {}}
    found = [finding for finding in findings.findings(report) if words in finding.claim]
    return found[0].judgement if found else None


def test_straight_pieces():
    def judged(share, last):
        return verdict(
            "straight pieces, and",
            rows("circle", "relu", 2, straight_share=(share, share), pieces=(2, 3)),
            rows("circle", "relu", 10, straight_share=(share, share), pieces=last),
        )

    assert judged(1.0, (9, 11)) == "holds"
    assert judged(1.0, (2, 4)) == "does not hold"
    assert judged(0.5, (9, 11)) == "does not hold"


def test_any_shape():
    def judged(square, tanh):
        return verdict(
            "unless its activation", rows("spiral", "square", 60, *square), rows("spiral", "tanh", 60, *tanh),
            rows("spiral", "relu", 60, 0.99, 0.98),
        )  # fmt: skip

    assert judged((0.6, 0.6), (0.7, 0.99)) == "holds"
    assert judged((0.6, 0.96), (0.7, 0.99)) == "does not hold"
    assert judged((0.6, 0.6), (0.7, 0.9)) == "holds only if the activation is among relu, with these trainings"
    assert verdict("unless its activation", rows("spiral", "tanh", 3, 1.0)) is None


def test_two_squares():
    def judged(*values):
        return verdict("x² neurons", rows(tasks.UNBIASED, "square", 2, *values))

    assert judged(0.99, 0.98) == "holds"
    assert judged(0.99, 0.6) == "holds only if the start is a good one: 50% are"
    assert judged(0.7, 0.6) == "does not hold"


def test_stuck_or_not():
    def judged(two, three, six):
        starts = {2: two, 3: three, 6: six}
        return verdict("get stuck", *(rows(tasks.STARTS, "cos", units, *values) for units, values in starts.items()))

    good, bad = [1.0] * 20, [0.5] * 20
    assert judged(bad, good, good) == "holds"
    assert judged(bad, good[:14] + bad[:6], good) == "holds only if “three” is 6 units"
    assert judged(good, good, good) == "does not hold"
    assert judged(bad, bad, bad) == "does not hold"


def test_mixed_layers():
    def judged(at_three, at_ten):
        return verdict(
            "different activation", rows("circle", "tanh", 3, 0.8, 0.82), rows("circle", "tanh", 10, 0.9, 0.92),
            rows("circle", tasks.MIXED, 3, *at_three), rows("circle", tasks.MIXED, 10, *at_ten),
        )  # fmt: skip

    assert judged((0.95, 0.96), (0.98, 0.99)) == "holds"
    assert judged((0.7, 0.8), (0.98, 0.99)) == "holds only if there are 10 units"
    assert judged((0.7, 0.8), (0.9, 0.93)) == "does not hold"


def test_functions_of_one_number():
    def fit(task, hidden, inside, outside):
        return rows(task, hidden, 16, inside_r2=inside, outside_r2=outside)

    def log(tanh, snake):
        groups = (("relu", (0.99, 0.991)), ("tanh", tanh), ("snake", snake))
        return verdict("X + log X", *(fit("logarithm", name, values, (0, 0)) for name, values in groups))

    assert log((0.999, 0.998), (0.997, 0.998)) == "holds"
    assert log((0.999, 0.998), (0.9, 0.9)) == "holds only if the activation is among tanh"
    assert log((0.98, 0.97), (0.9, 0.9)) == "does not hold"

    def wave(relu, snake, cos):
        groups = (("relu", relu), ("snake", snake), ("cos", cos))
        return verdict("periodic pattern", *(fit("wave", name, (1, 1), values) for name, values in groups))

    assert wave((-9, -8), (0.97, 0.96), (0.95, 0.96)) == "holds"
    assert wave((0.99, 0.99), (0.97, 0.96), (0.95, 0.96)) == "does not hold"
    assert wave((-9, -8), (0.97, 0.96), (0.1, 0.11)).startswith("holds only if the activation is snake")
    assert wave((-9, -8), (0.1, 0.11), (0.1, 0.11)) == "does not hold"
    undecided = "not decided: the error bars of cos reach over R² = 0.5"
    assert wave((-9, -8), (0.97, 0.96), (0.1, 0.9)) == undecided

    def series(free, fixed):
        learned = [{**row, "harmonic_share": 0.4} for row in fit("square wave", tasks.SINUSOIDS, (1, 1), free)]
        return verdict("Fourier series", learned, fit("square wave", tasks.FOURIER, (1, 1), fixed))

    assert series((0.9, 0.9), (0.9, 0.9)) == "holds"
    assert series((0.1, 0.1), (0.9, 0.9)).startswith("holds only if the frequencies are the harmonics")
    assert series((0.1, 0.1), (0.1, 0.1)) == "does not hold"
    assert series((0.1, 0.9), (0.9, 0.9)) == "not decided: the error bars of learned ones reach over R² = 0.5"
    assert series((0.1, 0.1), (0.1, 0.9)) == "not decided: the error bars of fixed ones reach over R² = 0.5"


def test_noise_is_compared_on_the_same_points():
    def judged(few, most, learned=1.0, middle=(0.99, 0.99, 0.99)):
        return verdict(
            "by heart",
            rows(tasks.NOISY, "relu", 3, train_accuracy=(0.8, 0.8, 0.8), test_accuracy=few),
            rows(tasks.NOISY, "relu", 10, train_accuracy=(0.9, 0.9, 0.9), test_accuracy=middle),
            rows(tasks.NOISY, "relu", 100, train_accuracy=(learned,) * 3, test_accuracy=most),
        )

    # The seeds differ by much more than the widths do; it is the smallest width that counts, not the best.
    assert judged((0.7, 0.8, 0.9), (0.65, 0.74, 0.85)) == "holds"
    assert judged((0.7, 0.8, 0.9), (0.75, 0.84, 0.95)) == "does not hold"
    assert judged((0.7, 0.8, 0.9), (0.65, 0.74, 0.85), learned=0.8) == "does not hold"
    open_ = "not decided: the error bars of relu allow no difference; it holds for none"
    assert judged((0.7, 0.8, 0.9), (0.7, 0.7, 0.9)) == open_


# --- settings


@pytest.mark.parametrize(
    "settings",
    [
        {"activations": ("tanh",), "widths": (1,), "few_units": (1,), "mixture": ("relu",), "fit_units": 1},
        {"activations": ("exponential",), "widths": (2,), "few_units": (2,), "gain": 300.0, "periodic": "exponential"},
    ],
)
def test_odd_settings_are_measured_judged_and_drawn(settings, monkeypatch):
    for name in ("EPOCHS", "FIT_EPOCHS", "NOISY_EPOCHS"):
        monkeypatch.setattr(tasks, name, 3)
    report = EXPERIMENT.run(experiment.Settings(points=8, seeds=1, **settings))
    if "gain" in settings:
        assert any(row["diverged"] for row in report["rows"])
    EXPERIMENT.findings(report)
    assert EXPERIMENT.table(report).lines
    figure.draw(EXPERIMENT.panels(report))


def test_rows_hold_what_numpy_says(monkeypatch):
    monkeypatch.setattr(tasks, "EPOCHS", 20)
    settings = experiment.Settings(points=50)
    row = experiment.measure(settings, None, {"task": "spiral", "hidden": "relu", "units": 3, "seed": 0})
    net, (X, y), _ = tasks.separated("spiral", "relu", 3, 50, 0, settings.gain)
    first, second = net.layers

    def decide(points):
        hidden = np.maximum(points @ first.weight + first.bias, 0)
        return hidden @ (second.weight[:, 1] - second.weight[:, 0]) + second.bias[1] - second.bias[0]

    new, right = tasks.held_out("spiral", 0)
    assert row["test_accuracy"] == ((decide(new) > 0) == right).mean()
    assert row["train_accuracy"] == ((decide(X) > 0) == y).mean()
    side = np.linspace(-1.25, 1.25, measures.SHOWN)
    expected = np.clip(decide(np.array([[side[4], side[9]]])), -20, 20)
    np.testing.assert_allclose(row["decision"][9][4], expected[0], rtol=0.06)
    assert len(row["samples"]) == len(row["features"]) == 50
    assert results.plain(row) == row


def test_the_mixture_is_part_of_what_a_row_is(tmp_path):
    small = {"activations": ("tanh",), "widths": (2,), "few_units": (2,), "points": 8, "seeds": 1}
    EXPERIMENT.run(experiment.Settings(mixture=("relu",), **small), folder=tmp_path)
    with pytest.raises(results.ResumeError, match="mixture"):
        EXPERIMENT.run(experiment.Settings(mixture=("cos",), **small), folder=tmp_path, resume=True)
