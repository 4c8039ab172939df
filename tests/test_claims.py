"""The experiment ``claims``: convexity against Hessians, twins against NumPy, steps written out, verdicts from rows."""

import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.experiments import claims as experiment
from fastact.experiments import data, figure, shapes, stepping
from fastact.experiments.claims import claims as findings
from fastact.experiments.claims import measures

EXPERIMENT = experiment.EXPERIMENT


# --- a single layer


@pytest.mark.parametrize(
    ("activation", "loss", "value"),
    [
        ("tanh", measures.SQUARED, lambda z, t: (np.tanh(z) - t) ** 2),
        ("relu", measures.SQUARED, lambda z, t: (np.maximum(z, 0) - t) ** 2),
        ("sigmoid", measures.LIKELIHOOD, lambda z, t: np.log1p(np.exp(-z)) + (1 - t) * z),
    ],
)
def test_losses_of_a_single_layer_are_the_textbooks(activation, loss, value):
    rng = np.random.default_rng(0)
    X, t, w = rng.normal(size=(7, 3)), rng.integers(0, 2, 7).astype(float), rng.normal(size=(4, 5))
    found = measures.single_layer_losses(activation, loss, X, t, w)
    expected = [value(X @ w[:3, k] + w[3, k], t).mean() for k in range(5)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def lowest_curvature(activation, loss, seed=0):
    """The lowest eigenvalue of the loss's Hessian at many weights, by finite differences."""
    dataset = data.digits()
    parts = data.split(dataset, test_share=0.25, seed=seed, dtype="float64")
    X, t = parts.X_train[:200, 20:23], (parts.y_train[:200] < 5).astype(float)
    rng, h, lowest = np.random.default_rng(seed), 1e-4, np.inf
    steps = h * np.eye(4)
    for w in rng.normal(size=(40, 4)) * np.geomspace(0.3, 10, 40)[:, np.newaxis]:
        pairs = [(i, j) for i in range(4) for j in range(4)]
        places = [w + a * steps[i] + b * steps[j] for i, j in pairs for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
        values = measures.single_layer_losses(activation, loss, X, t, np.array(places).T).reshape(16, 4)
        hessian = (values @ [1, -1, -1, 1] / (4 * h * h)).reshape(4, 4)
        lowest = min(lowest, np.linalg.eigvalsh(hessian)[0] / max(1.0, np.abs(hessian).max()))
    return lowest


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("identity", measures.SQUARED), ("sigmoid", measures.LIKELIHOOD), ("sigmoid", measures.SQUARED),
        ("tanh", measures.SQUARED), ("softplus", measures.SQUARED),
    ],
)  # fmt: skip
def test_segments_find_what_hessians_find(activation, loss):
    found = measures.convexity(activation, loss, data.digits(), 0)
    assert (found["bent_share"] > 0) == (lowest_curvature(activation, loss) < -1e-5)
    assert (found["largest_bend"] > 1e-9) == (found["bent_share"] > 0)


def test_where_a_loss_is_defined():
    assert measures.defined("tanh", measures.SQUARED)
    assert measures.defined("sigmoid", measures.LIKELIHOOD)
    assert not measures.defined("tanh", measures.LIKELIHOOD)


# --- twins, scaling, steps


def test_the_twin_is_the_same_function_with_sigmoids():
    net = mlp.Network([mlp.Dense(5, "tanh"), mlp.Dense(4, "tanh"), mlp.Dense(3)], inputs=2, dtype="float64", seed=3)
    net.parameters += np.random.default_rng(0).normal(size=net.parameters.shape)
    X = np.random.default_rng(1).normal(size=(20, 2))
    twin = measures.as_sigmoid(net)
    assert [layer.activation for layer in twin.layers] == ["sigmoid", "sigmoid", "identity"]
    np.testing.assert_allclose(twin.forward(X), net.forward(X), rtol=1e-12, atol=1e-12)
    at = X
    for layer in twin.layers:
        at = at @ layer.weight + layer.bias
        at = 1 / (1 + np.exp(-at)) if layer.activation == "sigmoid" else at
    np.testing.assert_allclose(at, net.forward(X), rtol=1e-10, atol=1e-12)


def test_scalings():
    dataset = data.digits()
    parts = data.split(dataset, test_share=0.25, seed=4, dtype="float32")
    raw = measures.scaled(parts, dataset, 4, measures.RAW).astype(float)
    varying = raw.std(axis=0) > 0
    standard = (raw - raw.mean(axis=0))[:, varying] / raw.std(axis=0)[varying]
    np.testing.assert_allclose(parts.X_train[:, varying], standard, atol=1e-5, rtol=1e-5)
    assert (measures.scaled(parts, dataset, 4, measures.STANDARDISED) == parts.X_train).all()
    whole = data.split(dataset, test_share=0.25, seed=4, dtype="float64", standardise=False)
    assert (whole.y_test == parts.y_test).all()
    np.testing.assert_array_equal(np.sort(np.vstack([raw, whole.X_test]), axis=0), np.sort(dataset.X, axis=0))
    np.testing.assert_allclose(measures.scaled(parts, dataset, 4, measures.UNIT), raw / 16, rtol=1e-6)
    np.testing.assert_allclose(measures.scaled(parts, dataset, 4, measures.CENTRED), raw - raw.mean(axis=0), atol=1e-5)


def test_steps_are_counted_as_written_out():
    dataset = shapes.points("moons", 40, 0)
    y = dataset.y

    def net():
        return mlp.Network([mlp.Dense(2)], inputs=2, dtype="float64", seed=0)

    one = net()
    done = stepping.train(
        one, dataset.X, y, mlp.SGD(0.5), steps=33, batch_size=6, target=0.4, rng=np.random.default_rng(9)
    )
    (layer,), rng = net().layers, np.random.default_rng(9)
    W, b, expected = layer.weight.copy(), layer.bias.copy(), {}

    def soft(x):
        p = np.exp(x @ W + b)
        return p / p.sum(axis=1, keepdims=True)

    for step in range(34):
        if step % stepping.EVERY == 0 or step == 33:
            expected[step] = -np.log(soft(dataset.X)[np.arange(40), y]).mean()
        chosen = rng.integers(40, size=6)
        dz = (soft(dataset.X[chosen]) - np.eye(2)[y[chosen]]) / 6
        W, b = W - 0.5 * dataset.X[chosen].T @ dz, b - 0.5 * dz.sum(axis=0)
    assert list(done.losses) == [0, 5, 10, 15, 20, 25, 30, 33]
    np.testing.assert_allclose(list(done.losses.values()), list(expected.values()), rtol=1e-9)
    assert done.reached == next(step for step, loss in expected.items() if step and loss <= 0.4)
    assert done.final == done.losses[33]


def test_divergence_is_an_outcome():
    dataset = shapes.points("moons", 40, 0)
    net = mlp.Network([mlp.Dense(1)], inputs=2, loss="mean_squared_error", seed=0)
    done = stepping.train(
        net, dataset.X, dataset.y[:, np.newaxis], mlp.SGD(1e3), steps=50, batch_size=99, target=0.0,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert done.diverged
    assert done.reached is None
    assert max(done.losses) < 50


# --- verdicts


NAMES = tuple(name for name in experiment.DEFINITIONS if name not in EXPERIMENT.axes)


def rows(task, activation="tanh", variant=None, rate=0.1, **values):
    """A row for each seed, with the entries named."""
    return [
        {
            **dict.fromkeys(NAMES), "task": task, "activation": activation, "variant": variant, "rate": rate,
            "seed": seed, **dict(zip(values, each, strict=True)),
        }
        for seed, each in enumerate(zip(*values.values(), strict=True))
    ]  # fmt: skip


def verdict(words, *groups):
    report = {"rows": [row for group in groups for row in group], "settings": {"target": 0.3}, "data": {"name": "d"}}
    found = [finding for finding in findings.findings(report) if words in finding.claim]
    return found[0].judgement if found else None


def test_facts_of_activations():
    assert [findings.identity_like(name) for name in ("tanh", "softsign", "elu", "sigmoid", "relu", "cos")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert [findings.bounded(name) for name in ("tanh", "sigmoid", "relu", "elu")] == [True, True, False, False]
    assert [findings.monotone(name) for name in ("tanh", "relu", "gelu", "sin")] == [True, True, False, False]


def test_tuning_takes_a_rate_that_every_seed_reaches():
    at = [rows("train", "tanh", 1.0, rate, steps=steps) for rate, steps in ((0.1, (50, 60)), (1.0, (5, None)))]
    assert findings.tuned([row for each in at for row in each], "activation") == {
        "tanh": stepping.Best(0.1, findings.spread([50, 60]))
    }
    assert findings.tuned(at[1], "activation") == {"tanh": None}


def test_convex():
    def judged(identity, sigmoid, sin=0.5):
        return verdict(
            "is convex", *(rows("convex", name, measures.SQUARED, bent_share=(share, share))
                           for name, share in (("identity", identity), ("sigmoid", sigmoid), ("sin", sin))),
        )  # fmt: skip

    assert judged(0.0, 0.0) == "holds"
    assert judged(0.0, 0.3) == ("holds only if loss and activation fit each other: identity with the squared error")
    assert judged(0.1, 0.3) == "does not hold"
    assert judged(0.0, 0.0, 0.0) == "holds"


def test_small_weights():
    def judged(tanh, relu, sigmoid, gain=0.1):
        groups = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}
        fast = [rows("train", name, 1.0, steps=(5, 5), learned=(True, True)) for name in groups]
        small = [rows("train", name, gain, steps=steps, learned=(True, True)) for name, steps in groups.items()]
        return verdict("f(x) ~ x", *small, *fast)

    assert judged((50, 52), (80, 82), (None, None)) == "holds"
    assert judged((50, 52), (50, 51), (90, 91)) == "holds only if it is compared with sigmoid"
    assert judged((50, 52), (20, 21), (30, 31)) == "does not hold"
    # It is the smallest gain that counts.
    assert judged((50, 52), (80, 82), (90, 90), gain=3.0) == "does not hold"


def test_bounded():
    def judged(tanh, relu, elu):
        groups = {"tanh": tanh, "relu": relu, "elu": elu}
        return verdict(
            "stabler",
            *(
                rows("train", name, 1.0, rate, learned=(rate <= largest,) * 2, steps=(None, None))
                for name, largest in groups.items()
                for rate in (0.1, 1.0, 10.0)
            ),
        )

    assert judged(10.0, 1.0, 0.1) == "holds"
    assert judged(1.0, 1.0, 0.1) == "holds only if it is compared with elu"
    assert judged(0.1, 1.0, 0.1) == "does not hold"
    # Who learns at no rate needs a smaller one than those of the grid.
    assert judged(1.0, 0.1, 0.01) == "holds"
    # Beyond the end of the grid nothing is known.
    end = "not decided: the error bars or the end of the grid allow both for relu"
    assert judged(10.0, 10.0, 0.1) == end
    assert judged(1.0, 10.0, 0.1) == "holds only if it is compared with elu"


def test_where_the_end_of_the_grid_is_told():
    report = {
        "rows": [
            row
            for name, largest in (("tanh", 10.0), ("relu", 0.1))
            for rate in (0.1, 1.0, 10.0)
            for row in rows("train", name, 1.0, rate, learned=(rate <= largest,) * 2, steps=(20, 20))
        ],
        "settings": {"target": 0.3},
        "data": {"name": "d"},
    }
    (found,) = (one for one in findings.findings(report) if "stabler" in one.claim)
    assert "bounded: tanh at least 10 ± 0 (1e+02); not bounded: relu 0.1 ± 0 (1)." in found.measurement


def test_twins():
    def judged(words, difference, ours, twins):
        return verdict(
            words,
            rows(
                "twins", function_difference=(1e-16, difference), network_difference=(1e-15, 1e-15), steps=ours,
                twin_steps=twins,
            ),
        )  # fmt: skip

    assert judged("scaled sigmoid", 1e-16, (20, 21), (20, 22)) == "holds"
    assert judged("scaled sigmoid", 1e-6, (20, 21), (20, 22)) == "does not hold"
    assert judged("no difference", 1e-16, (20, 21), (20, 21)) == "holds"
    assert judged("no difference", 1e-16, (20, 21), (40, 42)) == "does not hold"
    reach = "not decided: the error bars of sigmoid over tanh reach from "
    assert judged("no difference", 1e-16, (20, 21), (20, 22)) == f"{reach}0.72 to 1.3 times"
    assert judged("no difference", 1e-16, (20, 21), (None, 42)) == "does not hold"
    assert judged("no difference", 1e-16, (None, None), (None, None)) is None


def test_inputs():
    def judged(**steps):
        names = dict(zip(("raw", "unit", "centred", "standard"), measures.SCALINGS, strict=True))
        return verdict("normalised", *(rows("inputs", "tanh", names[key], steps=value) for key, value in steps.items()))

    assert judged(raw=(90, 91), unit=(60, 61), centred=(30, 30), standard=(20, 20)) == "holds"
    assert judged(raw=(None, 91), unit=(60, 61), centred=(20, 20), standard=(20, 20)).startswith("holds only if")
    assert judged(raw=(20, 21), unit=(20, 21), centred=(20, 20), standard=(20, 20)) == "does not hold"


@pytest.mark.parametrize(
    "settings",
    [
        {"activations": ("relu",), "single": ("exponential",), "gains": (1.0,), "rates": (0.1,), "depth": 1},
        {"activations": ("square", "exponential"), "single": ("sin",), "gains": (50.0,), "rates": (1e20, 1.0)},
    ],
)
def test_odd_settings_are_measured_judged_and_drawn(settings):
    report = EXPERIMENT.run(
        experiment.Settings(seeds=1, steps=20, target=1e-9, **settings), shapes.points("moons", 8, 0)
    )
    EXPERIMENT.findings(report)
    assert EXPERIMENT.table(report).lines
    figure.draw(EXPERIMENT.panels(report))


@pytest.mark.parametrize("rate", [0.1, 0.003])
def test_a_row_is_the_training_that_it_names(rate):
    settings = experiment.Settings(steps=40, target=1.5)
    row = experiment.measure(
        settings, data.digits(), {"task": "train", "activation": "elu", "variant": 0.5, "rate": rate, "seed": 2}
    )
    parts = data.split(data.digits(), test_share=0.25, seed=2, dtype="float32")
    layers = [mlp.Dense(32, "elu"), mlp.Dense(32, "elu"), mlp.Dense(10)]
    net = mlp.Network(layers, inputs=64, seed=2, gain=0.5, initialiser="he_uniform")
    done = stepping.train(
        net, parts.X_train, parts.y_train, mlp.SGD(rate), steps=40, batch_size=32, target=1.5,
        rng=np.random.default_rng(2),
    )  # fmt: skip
    assert row["steps"] == done.reached
    assert row["final_loss"] == done.final
    assert row["learned"] == (done.final <= done.losses[0] / 2) == (rate == 0.1)
    assert done.final < done.losses[0]
    assert fastact.registered("elu").spec.derivative_limits == (0.0, 1.0)
