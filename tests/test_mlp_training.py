"""The loop: weights, validation, early stopping, probes, history; initialisers and the theory that they follow."""

import copy
import dataclasses
import math

import numpy as np
import pytest

import fastact
from fastact import mlp


def problem(samples=40, inputs=5, classes=3, seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((samples, inputs)), rng.integers(0, classes, samples)


def small(*layers, inputs=5, **options):
    layers = layers or (mlp.Dense(6, "tanh"), mlp.Dense(3))
    return mlp.Network(layers, inputs, **{"dtype": "float64"} | options)


# --- regression and many labels --------------------------------------------------------------------------------------


def test_learns_a_function_of_several_outputs():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (400, 2))
    y = np.stack([np.sin(X[:, 0]), X[:, 0] * X[:, 1]], axis=1)
    net = mlp.Network([mlp.Dense(32, "tanh"), mlp.Dense(2)], 2, loss="mse", initialiser="lecun")
    assert net.score(X, y) < 0.3
    net.fit(X, y, epochs=150, optimiser=mlp.Adam(0.01))
    assert net.score(X, y) > 0.98
    assert net.predict(X).shape == (400, 2)
    np.testing.assert_array_equal(net.predict(X), net.forward(X))
    residual, total = np.square(y - net.predict(X)).sum(0), np.square(y - y.mean(0)).sum(0)
    assert net.score(X, y) == pytest.approx(np.mean(1 - residual / total), rel=1e-5)


def test_learns_several_labels_at_once():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 3))
    y = (X > 0).astype(int)
    net = mlp.Network([mlp.Dense(16, "relu"), mlp.Dense(3)], 3, loss="bce_with_logits", initialiser="he")
    net.fit(X, y, epochs=60, optimiser=mlp.Adam(0.01))
    probabilities = net.predict_proba(X)
    assert np.mean((probabilities > 0.5) == y) > 0.97
    np.testing.assert_allclose(probabilities, fastact.sigmoid(net.forward(X)))


def test_one_output_may_have_targets_of_one_dimension():
    X, _ = problem()
    y = X[:, 0]
    first, second = (small(mlp.Dense(1), loss="mse") for _ in range(2))
    assert first.fit(X, y).loss == second.fit(X, y[:, None]).loss
    constant = np.full(len(X), 2.0)
    assert first.score(X, constant) == 0.0  # an output without variance that is not exact
    first.parameters[...] = 0
    first.layers[0].bias[...] = 2.0
    assert first.score(X, constant) == 1.0


def test_no_probabilities_of_what_has_none():
    with pytest.raises(ValueError, match=r"predict_proba needs a loss of probabilities or logits.*mean_squared"):
        small(mlp.Dense(2), loss="mse").predict_proba(problem()[0])


# --- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("batch_size", [40, 7])
def test_a_sample_of_weight_two_counts_twice(loss, batch_size):
    X, y = problem()
    if loss == "mse":
        y = np.eye(3)[y]
    weights = np.ones(40)
    weights[::3] = 2.0
    net = small(loss=loss)
    value = net.loss_and_gradients(X, y, sample_weight=weights)
    gradients = net.gradients.copy()
    again = np.concatenate([X, X[::3]]), np.concatenate([y, y[::3]])
    assert value * 40 == pytest.approx(net.loss_and_gradients(*again) * len(again[0]), rel=1e-12)
    np.testing.assert_allclose(gradients * 40, net.gradients * len(again[0]), rtol=1e-10, atol=1e-13)
    plain, weighted = small(loss=loss), small(loss=loss)
    plain.fit(X, y, batch_size=batch_size)
    weighted.fit(X, y, batch_size=batch_size, sample_weight=np.ones(40))
    np.testing.assert_array_equal(plain.parameters, weighted.parameters)


def test_class_weights_are_weights_of_samples():
    X, y = problem()
    counts = np.bincount(y)
    for class_weight, weights in [
        ({0: 3.0, 2: 0.5}, np.array([3.0, 1.0, 0.5])[y]),
        ("balanced", (40 / (3 * counts))[y]),
    ]:
        by_class, by_sample = small(), small()
        by_class.fit(X, y, class_weight=class_weight)
        by_sample.fit(X, y, sample_weight=weights)
        np.testing.assert_array_equal(by_class.parameters, by_sample.parameters)
        both = small()
        both.fit(X, y, class_weight=class_weight, sample_weight=np.arange(40))
        by_sample = small()
        by_sample.fit(X, y, sample_weight=weights * np.arange(40))
        np.testing.assert_array_equal(both.parameters, by_sample.parameters)


# --- validation and stopping -----------------------------------------------------------------------------------------


def test_samples_held_out_are_not_trained_on():
    X, y = problem(samples=50)
    net = small(seed=4)
    history = net.fit(X, y, epochs=4, validation_split=0.2)
    assert len(history.validation_loss) == len(history.validation_score) == 4
    held = small(seed=4).rng
    held.bit_generator.state = copy.deepcopy(small(seed=4).rng.bit_generator.state)
    order = held.permutation(50)
    kept, out = order[:-10], order[-10:]
    assert history.validation_loss[-1] == net.loss(X[out], y[out])
    assert history.validation_score[-1] == net.score(X[out], y[out])
    twin = small(seed=4)
    twin.rng.permutation(50)
    twin.fit(X[kept], y[kept], epochs=4)
    np.testing.assert_array_equal(twin.parameters, net.parameters)


def test_validation_data_are_looked_at_and_change_nothing():
    X, y = problem(samples=50)
    watched, plain = small(), small()
    history = watched.fit(X, y, epochs=3, validation_data=(X[:5], y[:5]))
    plain.fit(X, y, epochs=3)
    np.testing.assert_array_equal(watched.parameters, plain.parameters)
    assert history.validation_loss[-1] == watched.loss(X[:5], y[:5])


@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_ends_with_the_best(restore):
    X, y = problem(samples=60)  # random labels: validation gets worse soon
    net = small(mlp.Dense(40, "tanh"), mlp.BatchNormalisation(), mlp.Dense(3))
    seen = []

    def keep(epoch, loss):  # noqa: ARG001
        seen.append((net.parameters.copy(), net.states[1]["running_mean"].copy()))

    history = net.fit(
        X, y, epochs=200, validation_split=0.3, optimiser=mlp.Adam(0.01), callback=keep,
        early_stopping=mlp.EarlyStopping(patience=5, restore_best=restore),
    )  # fmt: skip
    best = int(np.argmin(history.validation_loss))
    assert len(history.loss) == best + 6 < 200
    assert str(best + 1) in history.stopped
    assert history.best_epoch == (best + 1 if restore else 0)
    expected = seen[best] if restore else seen[-1]
    np.testing.assert_array_equal(net.parameters, expected[0])
    np.testing.assert_array_equal(net.states[1]["running_mean"], expected[1])


def test_early_stopping_watches_training_where_nothing_is_held_out():
    X, y = problem()
    history = small().fit(X, y, epochs=50, early_stopping=mlp.EarlyStopping(patience=2, min_delta=10.0))
    assert len(history.loss) == 3
    full = small().fit(X, y, epochs=5, early_stopping=mlp.EarlyStopping(patience=5))
    assert len(full.loss) == 5
    assert full.stopped == ""


def test_what_cannot_be_put_right_by_training_is_refused():
    X, y = problem()
    for arguments, names in [
        ({"sample_weight": np.ones(39)}, "sample_weight must be 40 numbers"),
        ({"sample_weight": -np.ones(40)}, "sample_weight must be finite in float64, none negative"),
        ({"sample_weight": np.zeros(40)}, "sample_weight must be finite in float64, none negative and not all 0"),
        ({"sample_weight": np.full(40, np.nan)}, "sample_weight must be finite"),
        ({"class_weight": {3: 1.0}}, r"class_weight must have labels in \[0, 3\)"),
        ({"class_weight": {0: -1.0}}, "class_weight must be a number"),
        ({"class_weight": {"a": 1.0}}, "class_weight: a label must be an integer"),
        ({"class_weight": "even"}, "class_weight must be a mapping of labels to weights or 'balanced'"),
        ({"validation_split": 1.0}, r"validation_split must be a number in \[0, 1\)"),
        ({"validation_split": 0.001}, "validation_split must leave samples on both sides"),
        ({"validation_split": 0.5, "validation_data": (X, y)}, "validation_split must be 0 where"),
        ({"validation_data": (X[:, :2], y)}, "X must have the shape"),
        ({"validation_data": X}, "validation_data must be a pair"),
        ({"early_stopping": True}, r"early_stopping must be EarlyStopping\(\) or None"),
        ({"probe": 5}, r"probe must be Probe\(\) or None"),
        ({"checkpoint_every": 0}, "checkpoint_every must be an integer of at least 1"),
    ]:
        net = small()
        before, rng = net.parameters.copy(), copy.deepcopy(net.rng.bit_generator.state)
        with pytest.raises(ValueError, match=names):
            net.fit(X, y, **arguments)
        np.testing.assert_array_equal(net.parameters, before)
        assert net.rng.bit_generator.state == rng
    with pytest.raises(ValueError, match="class_weight must be None where targets are no labels"):
        small(mlp.Dense(3), loss="mse").fit(X, np.eye(3)[y], class_weight="balanced")
    for make, names in [
        (lambda: mlp.EarlyStopping(0), "patience must be an integer"),
        (lambda: mlp.EarlyStopping(min_delta=-1), "min_delta must be a number"),
        (lambda: mlp.EarlyStopping(restore_best=None), "restore_best must be True or False"),
        (lambda: mlp.Probe(0), "every must be an integer"),
        (lambda: mlp.Probe(window=0), "window must be an integer"),
        (lambda: mlp.Probe(features=1), "features must be True or False"),
        (lambda: small().loss_and_gradients(X, y, rng=3), "rng must be a numpy.random.Generator or None"),
    ]:
        with pytest.raises(ValueError, match=names):
            make()


# --- probes ----------------------------------------------------------------------------------------------------------


def test_a_probed_training_that_diverges_says_so():
    X, y = problem(samples=24)
    net = mlp.Network([mlp.Dense(4, "square"), mlp.Dense(4, "square"), mlp.Dense(3)], inputs=5)
    with pytest.raises(FloatingPointError, match="training diverged"):
        net.fit(X, y, batch_size=8, optimiser=mlp.SGD(1e30), probe=mlp.Probe())
    assert not np.isfinite(net.parameters).all()
    for found, layer in zip(net.statistics(X, y), net.layers, strict=True):
        assert math.isnan(found.weight_spectral_norm) == (not np.isfinite(layer.weight).all())


def test_probes_change_nothing_and_see_what_statistics_see():
    X, y = problem(samples=24)
    probed, plain = small(), small()
    history = probed.fit(X, y, epochs=3, batch_size=8, probe=mlp.Probe(every=4, window=2), shuffle=False)
    plain.fit(X, y, epochs=3, batch_size=8, shuffle=False)
    np.testing.assert_array_equal(probed.parameters, plain.parameters)
    assert [(r.step, r.layer, r.epoch) for r in history.probes] == [
        (0, 0, 1), (0, 1, 1), (4, 0, 2), (4, 1, 2), (8, 0, 3), (8, 1, 3),
    ]  # fmt: skip
    net, optimiser = small(), mlp.Adam()
    for step in range(9):
        batch = slice(step % 3 * 8, step % 3 * 8 + 8)
        before = [layer.weight.copy() for layer in net.layers]
        statistics = net.statistics(X[batch], y[batch])
        optimiser.step(net.parameters, net.gradients)
        for record in (r for r in history.probes if r.step == step):
            expected = statistics[record.layer]
            for field in dataclasses.fields(expected):
                if field.name != "dead":
                    assert getattr(record, field.name) == getattr(expected, field.name)
            W = before[record.layer]
            change = np.linalg.norm(net.layers[record.layer].weight - W) / np.linalg.norm(W)
            assert record.update_ratio == pytest.approx(change, rel=1e-12)


def test_dead_units_are_those_silent_for_a_window():
    X, y = problem(samples=16)
    net = small(mlp.Dense(6, "relu"), mlp.Dense(3))
    layer = net.layers[0]
    layer.bias[:2] = -100.0  # never active
    layer.weight[:, 2] = 0.0
    layer.weight[0, 2] = 1.0
    layer.bias[2] = -X[:8, 0].max() - 1e-9  # active in the second of two batches at most
    X[12, 0] = X[:8, 0].max() + 5
    history = net.fit(
        X, y, epochs=3, batch_size=8, shuffle=False, optimiser=mlp.SGD(1e-12), probe=mlp.Probe(every=1, window=2)
    )
    first = [record for record in history.probes if record.layer == 0]
    assert math.isnan(first[0].dead)
    assert [record.dead for record in first[1:]] == [2 / 6] * 5
    z = X[:8] @ layer.weight + layer.bias
    assert first[0].sparsity == np.mean(z <= 0)
    last = [record for record in history.probes if record.layer == 1]
    assert all(record.dead == 0 for record in last[1:])


def test_features_are_the_weights_before_the_step():
    X, y = problem()
    net = small(mlp.Dense(6, "relu"), mlp.Dropout(0.1), mlp.Dense(3))
    start = net.layers[0].weight.copy()
    history = net.fit(X, y, epochs=1, probe=mlp.Probe(every=100, features=True))
    np.testing.assert_array_equal(history.probes[0].features, start)
    assert history.probes[1].features is None
    assert history.probes[1].activation == "Dropout"
    assert math.isnan(history.probes[1].weight_gradient_norm)


# --- history ---------------------------------------------------------------------------------------------------------


def test_history_as_tables_and_picture(tmp_path):
    pytest.importorskip("pandas", reason="pandas is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    X, y = problem()
    schedule = mlp.Step(0.01, 2)
    history = small().fit(
        X, y, epochs=3, batch_size=20, validation_split=0.2, probe=mlp.Probe(), optimiser=mlp.Adam(schedule)
    )
    table = history.to_pandas()
    assert list(table.index) == [1, 2, 3]
    assert table["loss"].tolist() == history.loss
    assert table["validation_loss"].tolist() == history.validation_loss
    np.testing.assert_allclose(table["learning_rate"], [0.01, 0.001, 0.0001])
    probes = history.to_pandas("probes")
    assert len(probes) == 2 * 6
    assert probes["weight_gradient_norm"].tolist() == [r.weight_gradient_norm for r in history.probes]
    assert "features" not in probes
    figure = history.plot(tmp_path / "history.png")
    assert len(figure.axes) == 3
    assert len(figure.axes[0].lines) == 2
    assert len(figure.axes[1].lines) == 2
    assert (tmp_path / "history.png").read_bytes()[:4] == b"\x89PNG"
    assert len(small().fit(X, y, epochs=2).plot().axes) == 1
    with pytest.raises(ValueError, match="table must be one of epochs, probes"):
        history.to_pandas("steps")


# --- initialisers and theory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variance", "uniform"),
    [
        ("normal", 1.0, False),
        ("uniform", 1.0, True),
        ("lecun_normal", 1 / 300, False),
        ("lecun_uniform", 1 / 300, True),
        ("lecun", 1 / 300, False),
        ("glorot", 2 / 700, True),
        ("glorot_normal", 2 / 700, False),
        ("kaiming", 2 / 300, False),
        ("kaiming_uniform", 2 / 300, True),
        ("critical", 1 / 300, False),
        ("edge_of_chaos", 1 / 300, False),
    ],
)
def test_initial_weights_have_the_distribution_of_their_paper(name, variance, uniform):
    net = mlp.Network([mlp.Dense(400), mlp.Dense(2)], inputs=300, initialiser=name, gain=1.5, dtype="float64")
    weights, std = net.layers[0].weight.ravel(), 1.5 * math.sqrt(variance)
    n = weights.size
    assert abs(weights.mean()) < 5 * std / math.sqrt(n)
    assert weights.std() == pytest.approx(std, rel=5 / math.sqrt(2 * n))
    assert np.mean((weights / std) ** 4) == pytest.approx(1.8 if uniform else 3.0, abs=5 * math.sqrt(96 / n))
    assert not net.layers[0].bias.any()


@pytest.mark.parametrize(("inputs", "units"), [(20, 7), (7, 20), (9, 9)])
def test_orthogonal_weights_are(inputs, units):
    net = mlp.Network([mlp.Dense(units), mlp.Dense(2)], inputs, initialiser="orthogonal", gain=3.0, dtype="float64")
    W = net.layers[0].weight / 3
    small_side = W.T @ W if inputs >= units else W @ W.T
    np.testing.assert_allclose(small_side, np.eye(min(inputs, units)), atol=1e-12)
    assert (np.diagonal(W) < 0).any()


def test_zeros():
    assert not mlp.Network([mlp.Dense(4), mlp.Dense(2)], 3, initialiser="zeros").parameters.any()


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "silu", "selu", "sin", "softplus", "sigmoid", "elu"])
def test_critical_weights_keep_the_variance_of_deep_sums(activation):
    layers = [mlp.Dense(1000, activation) for _ in range(6)]
    net = mlp.Network([*layers, mlp.Dense(2)], 1000, initialiser="critical", dtype="float64")
    X = np.random.default_rng(0).standard_normal((50, 1000))
    hidden = net.activations(X)
    for below, layer in zip(hidden[:5], net.layers[1:6], strict=True):
        z = below @ layer.weight
        # Each sum is normal with this variance; those of one sample share the mean square of the layer below.
        assert np.mean(z**2) == pytest.approx(1.0, abs=0.25)


def test_gradients_neither_vanish_nor_explode_on_the_edge_of_chaos():
    for activation in ("relu", "tanh"):
        net = mlp.Network(
            [*(mlp.Dense(300, activation) for _ in range(10)), mlp.Dense(10)], 300,
            initialiser="edge_of_chaos", dtype="float64",
        )  # fmt: skip
        X = 0.3 * np.random.default_rng(0).standard_normal((30, 300))
        norms = [s.activation_gradient_norm for s in net.statistics(X, np.arange(30) % 10)[:-1]]
        assert 0.3 < norms[0] / norms[-1] < 3
