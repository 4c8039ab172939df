"""The trainer: gradients, trajectories, repeatability, statistics, bad input."""

import copy
import doctest
import math
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastact
from fastact import mlp
from fastact.mlp import network as network_module

ACTIVATIONS = sorted(fastact.activations)
PAGE = Path(__file__).parents[1] / "docs" / "mlp.md"


def problem(samples=12, inputs=5, classes=3, seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((samples, inputs)), rng.integers(0, classes, samples)


def small(activation="tanh", *, parameters=None, units=(6, 4), inputs=5, classes=3, **options):
    hidden = [mlp.Dense(n, activation, parameters=parameters or {}) for n in units]
    return mlp.Network([*hidden, mlp.Dense(classes)], inputs=inputs, **{"dtype": "float64"} | options)


def plain_forward(net, X):
    """The activations of every layer, samples in rows, from the weights and the public activations alone."""
    activations = [np.asarray(X, net.dtype)]
    for layer in net.layers:
        f = getattr(fastact, layer.activation)
        activations.append(f(activations[-1] @ layer.weight + layer.bias, **layer.parameters))
    return activations


def plain_loss(net, X, y):
    return -log_softmax(plain_forward(net, X)[-1], axis=1)[np.arange(len(y)), y].mean()


def numerical_gradients(net, X, y, step=1e-6):
    gradients = np.empty_like(net.parameters)
    for i, value in enumerate(net.parameters.copy()):
        net.parameters[i] = value + step
        above = plain_loss(net, X, y)
        net.parameters[i] = value - step
        gradients[i] = (above - plain_loss(net, X, y)) / (2 * step)
        net.parameters[i] = value
    return gradients


def non_default(row):
    """Parameters of an activation away from their defaults, within their domains."""
    values = {p.name: p.default + 0.25 for p in row.parameters}
    assert all(values[p.name] in p.domain for p in row.parameters)
    return values


# --- gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("derivatives", ["exact", "textbook"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_against_central_differences(activation, derivatives):
    X, y = problem()
    for parameters in ({}, non_default(fastact.activations[activation])):
        net = small(activation, parameters=parameters, derivatives=derivatives, seed=5)
        net.parameters += 0.1 * np.random.default_rng(0).standard_normal(net.parameters.size)
        loss = net.loss_and_gradients(X, y)
        assert loss == pytest.approx(plain_loss(net, X, y), rel=1e-12)
        # Differences lose what their largest neighbours round away: those of exponential reach 10^6.
        largest = max(1.0, float(np.abs(net.gradients).max()))
        np.testing.assert_allclose(net.gradients, numerical_gradients(net, X, y), rtol=1e-5, atol=1e-9 * largest)


def test_gradients_where_the_last_layer_has_an_activation():
    X, y = problem()
    net = mlp.Network([mlp.Dense(4, "gelu"), mlp.Dense(3, "softplus")], inputs=5, dtype="float64")
    net.loss_and_gradients(X, y)
    np.testing.assert_allclose(net.gradients, numerical_gradients(net, X, y), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("depth", [1, 4])
def test_gradients_of_any_depth_and_one_sample(depth):
    X, y = problem(samples=1)
    net = small("sigmoid", units=(3,) * (depth - 1))
    net.loss_and_gradients(X, y)
    np.testing.assert_allclose(net.gradients, numerical_gradients(net, X, y), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_textbook_derivatives_differ_by_rounding_alone_where_nothing_is_saturated(activation):
    X, y = problem()
    exact, textbook = (small(activation, derivatives=d) for d in ("exact", "textbook"))
    assert exact.loss_and_gradients(X, y) == textbook.loss_and_gradients(X, y)
    np.testing.assert_allclose(textbook.gradients, exact.gradients, rtol=1e-12, atol=1e-16)
    if activation not in ("sigmoid", "tanh"):
        np.testing.assert_array_equal(textbook.gradients, exact.gradients)


@pytest.mark.parametrize(("dtype", "at"), [("float32", 20.0), ("float64", 40.0)])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_textbook_derivatives_vanish_where_the_true_ones_do_not(activation, dtype, at):
    X, y = problem()
    exact, textbook = (small(activation, units=(6,), dtype=dtype, derivatives=d) for d in ("exact", "textbook"))
    for net in (exact, textbook):
        net.layers[0].weight *= 1e-3
        net.layers[0].bias[:] = at
        net.loss_and_gradients(X, y)
    assert not textbook.layers[0].weight_gradient.any()
    assert exact.layers[0].weight_gradient.all()
    np.testing.assert_array_equal(textbook.layers[1].weight_gradient, exact.layers[1].weight_gradient)
    true = {"sigmoid": lambda z: np.exp(-z), "tanh": lambda z: 4 * np.exp(-2 * z)}[activation]
    z = np.float64(X) @ exact.layers[0].weight.astype(float) + at
    delta = (softmax(exact.forward(X).astype(float), axis=1) - np.eye(3)[y]) / len(y)
    expected = X.T @ (delta @ exact.layers[1].weight.astype(float).T * true(z))
    np.testing.assert_allclose(exact.layers[0].weight_gradient, expected, rtol=1e-4 if dtype == "float32" else 1e-10)


# --- parameters, initialisers, seeds ---------------------------------------------------------------------------------


def test_weights_and_biases_are_views_into_the_flat_vectors():
    net = small()
    assert [layer.weight.shape for layer in net.layers] == [(5, 6), (6, 4), (4, 3)]
    assert [layer.bias.shape for layer in net.layers] == [(6,), (4,), (3,)]
    assert net.parameters.size == net.gradients.size == sum(w.weight.size + w.bias.size for w in net.layers)
    for i, layer in enumerate(net.layers):
        layer.weight[...] = i + 1
        layer.bias[...] = -i - 1
        layer.weight_gradient[...] = i + 1
        layer.bias_gradient[...] = -i - 1
    for vector in (net.parameters, net.gradients):
        values, counts = np.unique(vector, return_counts=True)
        assert dict(zip(values, counts, strict=True)) == {1: 30, 2: 24, 3: 12, -1: 6, -2: 4, -3: 3}


@pytest.mark.parametrize(
    ("name", "variance", "uniform"),
    [
        ("xavier_uniform", 2 / 700, True),
        ("xavier", 2 / 700, True),
        ("xavier_normal", 2 / 700, False),
        ("he_uniform", 2 / 300, True),
        ("he_normal", 2 / 300, False),
        ("he", 2 / 300, False),
    ],
)
def test_initial_weights_have_the_distribution_of_their_paper(name, variance, uniform):
    gain = 1.5
    net = mlp.Network([mlp.Dense(400), mlp.Dense(2)], inputs=300, initialiser=name, gain=gain, dtype="float64")
    weights, std = net.layers[0].weight.ravel(), gain * math.sqrt(variance)
    n = weights.size
    # five standard errors of mean, standard deviation and fourth moment (whose variance is below 96 for the normal)
    assert abs(weights.mean()) < 5 * std / math.sqrt(n)
    assert weights.std() == pytest.approx(std, rel=5 / math.sqrt(2 * n))
    assert np.mean((weights / std) ** 4) == pytest.approx(1.8 if uniform else 3.0, abs=5 * math.sqrt(96 / n))
    if uniform:
        assert abs(weights).max() <= math.sqrt(3) * std
    assert not net.layers[0].bias.any()


def test_a_float32_network_starts_from_the_rounded_weights_of_the_float64_one():
    np.testing.assert_array_equal(small(dtype="float32").parameters, small().parameters.astype(np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimiser", [lambda: mlp.SGD(0.1, 0.9), mlp.Adam])
def test_a_seed_makes_a_run_repeatable_bit_for_bit(dtype, optimiser):
    X, y = problem(samples=50)
    runs = []
    for seed in (7, 7, 8):
        net = small("gelu", dtype=dtype, seed=seed)
        history = net.fit(X, y, epochs=4, batch_size=8, optimiser=optimiser())
        runs.append((net.parameters.copy(), history.loss, net.predict_proba(X)))
    for first, second, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)
        assert np.all(np.not_equal(first, other).any())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copied_network_and_optimiser_go_on_as_the_original(duplicate):
    X, y = problem(samples=50)
    net, optimiser = small(), mlp.Adam(0.01)
    net.fit(X, y, epochs=2, optimiser=optimiser)
    twin, twin_optimiser = duplicate((net, optimiser))
    np.testing.assert_array_equal(twin.parameters, net.parameters)
    before = net.parameters.copy()
    twin.fit(X, y, epochs=2, optimiser=twin_optimiser)
    np.testing.assert_array_equal(net.parameters, before)
    net.fit(X, y, epochs=2, optimiser=optimiser)
    np.testing.assert_array_equal(twin.parameters, net.parameters)
    twin.layers[0].weight[0, 0] = 5.0
    assert twin.parameters[0] == 5.0


def test_pickles_hold_the_parameters_once_and_no_buffers():
    net = small(units=(100, 100))
    net.loss_and_gradients(*problem(samples=500))
    assert len(pickle.dumps(net)) < 1.5 * net.parameters.nbytes


def test_networks_made_of_the_same_layers_are_independent():
    layers = [mlp.Dense(4, "relu"), mlp.Dense(3)]
    first, second = (mlp.Network(layers, inputs=5, seed=seed) for seed in (0, 1))
    before = second.parameters.copy()
    first.fit(*problem(), epochs=1)
    np.testing.assert_array_equal(second.parameters, before)
    assert first.layers[0].weight.base is not second.layers[0].weight.base


# --- training --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=0.3, random_state=0, stratify=y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("activation", "optimiser"),
    [
        ("sigmoid", lambda: mlp.Adam(0.01)),
        ("tanh", lambda: mlp.SGD(0.1, momentum=0.9)),
        ("relu", lambda: mlp.SGD(0.2)),
        ("gelu", lambda: mlp.Adam(0.003)),
    ],
)
def test_learns_the_digits(digits, activation, optimiser, dtype):
    """On held-out digits a network must err at most half as often as the nearest class mean does (0.1 of them)."""
    X_train, X_test, y_train, y_test = digits
    means = np.array([X_train[y_train == label].mean(axis=0) for label in range(10)])
    nearest = np.linalg.norm(X_test[:, None] - means, axis=2).argmin(axis=1)
    assert 0.05 < np.mean(nearest != y_test) < 0.15
    net = mlp.Network([mlp.Dense(64, activation), mlp.Dense(64, activation), mlp.Dense(10)], inputs=64, dtype=dtype)
    assert net.score(X_test, y_test) < 0.4
    history = net.fit(X_train, y_train, epochs=30, batch_size=32, optimiser=optimiser())
    assert 1 - net.score(X_test, y_test) <= np.mean(nearest != y_test) / 2
    assert len(history.loss) == 30
    assert history.loss[-1] < history.loss[0] / 10


@pytest.mark.parametrize("seed", range(3))
def test_the_defaults_learn_the_digits(digits, seed):
    X_train, X_test, y_train, y_test = digits
    net = mlp.Network([mlp.Dense(100, "relu"), mlp.Dense(10)], inputs=64, seed=seed)
    net.fit(X_train, y_train)
    assert net.score(X_test, y_test) >= 0.97


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_trajectories_agree_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours, theirs = {
        "sgd": (mlp.SGD(0.3), lambda p: torch.optim.SGD(p, lr=0.3)),
        "momentum": (mlp.SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        "adam": (mlp.Adam(0.02, 0.8, 0.99, 1e-6), lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.99), eps=1e-6)),
    }[name]
    X, y = problem(samples=30)
    net = small("tanh")
    twin = torch.nn.Sequential()
    for layer in net.layers:
        linear = torch.nn.Linear(*layer.weight.shape, dtype=torch.float64)
        linear.weight.data = torch.tensor(layer.weight.T.copy())
        linear.bias.data = torch.tensor(layer.bias.copy())
        twin.append(linear)
        if layer.activation == "tanh":
            twin.append(torch.nn.Tanh())
    optimiser = theirs(twin.parameters())
    losses = []
    for _ in range(25):
        for start in range(0, 30, 8):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                twin(torch.tensor(X[start : start + 8])), torch.tensor(y[start : start + 8])
            )
            loss.backward()
            optimiser.step()
            losses.append(loss.item() * len(y[start : start + 8]) / 30)
    history = net.fit(X, y, epochs=25, batch_size=8, optimiser=ours, shuffle=False)
    np.testing.assert_allclose(history.loss, np.reshape(losses, (25, 4)).sum(axis=1), rtol=1e-9)
    for layer, linear in zip(net.layers, [m for m in twin if isinstance(m, torch.nn.Linear)], strict=True):
        np.testing.assert_allclose(layer.weight, linear.weight.detach().T, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(layer.bias, linear.bias.detach(), rtol=1e-8, atol=1e-10)


def test_shuffling_takes_every_sample_once_per_epoch():
    X, y = problem(samples=23)
    net = small(seed=1)
    net.layers[-1].weight[...] = 0.0
    # The parameters hardly move, so that the epoch's loss is the loss over all samples whatever their order.
    history = net.fit(X, y, epochs=3, batch_size=5, optimiser=mlp.SGD(1e-12))
    np.testing.assert_allclose(history.loss, plain_loss(net, X, y), rtol=1e-9)
    assert not np.array_equal(net.rng.bit_generator.state["state"], small(seed=1).rng.bit_generator.state["state"])


def test_training_in_two_calls_is_training_in_one():
    X, y = problem(samples=40)
    whole, pieces = small(), small()
    whole.fit(X, y, epochs=5, shuffle=False, optimiser=mlp.Adam(0.01))
    optimiser = mlp.Adam(0.01)
    pieces.fit(X, y, epochs=2, shuffle=False, optimiser=optimiser)
    pieces.fit(X, y, epochs=3, shuffle=False, optimiser=optimiser)
    np.testing.assert_array_equal(pieces.parameters, whole.parameters)


def test_callback_sees_every_epoch_and_may_end_the_training():
    X, y = problem()
    seen = []
    history = small().fit(X, y, epochs=3, callback=lambda *arguments: seen.append(arguments))
    assert seen == list(enumerate(history.loss, 1))

    def stop(epoch, loss):  # noqa: ARG001
        if epoch == 2:
            raise KeyboardInterrupt

    stopped, short = small(), small()
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(X, y, epochs=5, callback=stop)
    short.fit(X, y, epochs=2)
    np.testing.assert_array_equal(stopped.parameters, short.parameters)


@pytest.mark.parametrize("epochs", [1, 20])
def test_divergence_is_an_error_and_no_warning(epochs):
    X, y = problem()
    net = small("identity", dtype="float32")
    with pytest.raises(FloatingPointError, match=r"diverged in epoch \d+ .*learning_rate"), np.errstate(all="raise"):
        net.fit(X, y, epochs=epochs, batch_size=len(X), optimiser=mlp.SGD(1e39 if epochs == 1 else 1e6))


# Those that draw slopes make arrays of them.
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if not fastact.activations[name].drawn])
@pytest.mark.parametrize("derivatives", ["exact", "textbook"])
def test_a_step_allocates_nothing_that_grows_with_the_layers(activation, derivatives):
    X, y = problem(samples=300, inputs=40, classes=10)
    net = small(activation, units=(150, 150), inputs=40, classes=10, derivatives=derivatives)
    grown = []

    def measure(epoch, loss):  # noqa: ARG001
        if epoch > 1:
            current, peak = tracemalloc.get_traced_memory()
            grown.append(peak - current)
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        net.fit(X, y, epochs=3, batch_size=100, callback=measure, optimiser=mlp.SGD(1e-4))
    finally:
        tracemalloc.stop()
    smallest_buffer = 100 * 40 * 8  # the batch itself; activations and weights are several times as large
    assert max(grown) < smallest_buffer / 2


# --- prediction ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1, network_module.CHUNK, 2 * network_module.CHUNK + 3])
def test_predictions_against_a_plain_forward_pass(samples):
    X, y = problem(samples=samples)
    net = small("softplus", parameters={"beta": 2.0})
    logits = plain_forward(net, X)[-1]
    np.testing.assert_allclose(net.forward(X), logits, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(net.predict_proba(X), softmax(logits, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(net.predict(X), logits.argmax(axis=1))
    assert net.score(X, y) == np.mean(logits.argmax(axis=1) == y)


def test_what_is_returned_is_not_overwritten_by_the_next_call():
    X, _ = problem()
    net = small()
    first = net.forward(X)
    kept = first.copy()
    net.forward(-X)
    np.testing.assert_array_equal(first, kept)


def test_predictions_leave_the_training_alone():
    X, y = problem(samples=40)
    disturbed, calm = small(), small()
    disturbed.fit(X, y, epochs=3, callback=lambda *_: (disturbed.predict(X), disturbed.statistics(X, y)))
    calm.fit(X, y, epochs=3)
    np.testing.assert_array_equal(disturbed.parameters, calm.parameters)


def test_buffers_of_few_batch_sizes_are_kept():
    net = small()
    for samples in range(1, 10):
        net.loss_and_gradients(*problem(samples=samples))
    assert len(net._plans) == network_module.PLANS


@pytest.mark.parametrize("kind", ["list", "float32", "int8", "bool", "fortran", "strided", "pandas"])
def test_samples_of_any_layout_and_dtype(kind):
    X, y = problem()
    X = np.rint(X)
    if kind == "bool":
        X = X > 0
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    same = {
        "list": X.tolist(),
        "float32": X.astype(np.float32),
        "int8": X.astype(np.int8),
        "bool": X,
        "fortran": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "pandas": pandas.DataFrame(X),
    }[kind]
    net, expected = small(), small()
    assert net.loss_and_gradients(same, y.astype(np.uint8)) == expected.loss_and_gradients(X.astype(float), y)
    np.testing.assert_array_equal(net.gradients, expected.gradients)


# --- statistics ------------------------------------------------------------------------------------------------------


def test_statistics_against_plain_numpy():
    X, y = problem(samples=30)
    net = mlp.Network([mlp.Dense(6, "tanh"), mlp.Dense(4, "sigmoid"), mlp.Dense(3)], inputs=5, dtype="float64", gain=4)
    W = [layer.weight for layer in net.layers]
    a1 = np.tanh(X @ W[0])
    a2 = expit(a1 @ W[1])
    logits = a2 @ W[2]
    slopes = [1 / np.cosh(X @ W[0]) ** 2, a2 * (1 - a2), np.ones_like(logits)]
    d3 = (softmax(logits, axis=1) - np.eye(3)[y]) / len(y)
    d2 = d3 @ W[2].T * slopes[1]
    d1 = d2 @ W[1].T * slopes[0]
    supremum = {"tanh": 1.0, "sigmoid": 0.25, "identity": 1.0}
    statistics = net.statistics(X, y)
    assert [s.layer for s in statistics] == [0, 1, 2]
    assert [s.activation for s in statistics] == ["tanh", "sigmoid", "identity"]
    for s, w, inputs, outputs, slope, delta in zip(
        statistics, W, [X, a1, a2], [a1, a2, logits], slopes, [d1, d2, d3], strict=True
    ):
        assert s.weight_gradient_norm == pytest.approx(np.linalg.norm(inputs.T @ delta), rel=1e-10)
        assert s.activation_gradient_norm == pytest.approx(np.linalg.norm(delta), rel=1e-10)
        assert s.activation_mean == pytest.approx(outputs.mean(), rel=1e-10)
        assert s.activation_std == pytest.approx(outputs.std(), rel=1e-10)
        assert s.derivative_mean == pytest.approx(slope.mean(), rel=1e-10)
        assert s.saturated == np.mean(slope < 1e-3 * supremum[s.activation])
        assert s.weight_spectral_norm == pytest.approx(math.sqrt(np.linalg.eigvalsh(w.T @ w)[-1]), rel=1e-10)
        assert s.dead == s.derivative_zero == 0.0
    assert 0 < statistics[0].saturated < 1


def test_dead_units_and_zero_derivatives_are_counted():
    X, y = problem(samples=30)
    net = small("relu", units=(8,))
    z = X @ net.layers[0].weight
    z[:, :2] -= 100
    net.layers[0].bias[:2] = -100.0
    first, last = net.statistics(X, y)
    assert first.dead == np.mean((z <= 0).all(axis=0)) >= 2 / 8
    assert first.derivative_zero == first.saturated == np.mean(z <= 0)
    assert last.dead == last.derivative_zero == last.saturated == 0.0


def test_saturation_is_judged_by_the_slopes_of_the_parameters_in_use():
    X, y = problem(samples=30)
    net = small("leaky_relu", parameters={"negative_slope": 5000.0}, units=(8,))
    assert net.statistics(X, y)[0].saturated == np.mean(X @ net.layers[0].weight > 0)


def test_statistics_as_in_training_are_those_of_the_batch():
    X, y = problem()
    layers = [mlp.Dense(4, use_bias=False), mlp.BatchNormalisation(), mlp.Activation("tanh"), mlp.Dense(3)]
    net = mlp.Network(layers, inputs=X.shape[1], dtype="float64", seed=0)
    evaluated, trained = (net.statistics(X, y, rng=rng)[1] for rng in (None, np.random.default_rng(0)))
    z = X @ net.layers[0].weight
    # Whose running statistics start at mean 0 and variance 1.
    assert evaluated.activation_std == pytest.approx(z.std() / math.sqrt(1 + net.layers[1].epsilon))
    assert trained.activation_mean == pytest.approx(0, abs=1e-12)
    assert trained.activation_std == pytest.approx(1, rel=1e-2)
    with pytest.raises(ValueError, match="rng must be"):
        net.statistics(X, y, rng=0)


def test_the_textbook_zeros_show_in_the_statistics():
    X, y = problem()
    for derivatives, expected in (("exact", 0.0), ("textbook", 1.0)):
        net = small("sigmoid", units=(6,), dtype="float32", derivatives=derivatives)
        net.layers[0].weight *= 1e-3
        net.layers[0].bias[:] = 30.0
        first = net.statistics(X, y)[0]
        assert first.derivative_zero == first.dead == expected
        assert first.saturated == 1.0
        assert (first.weight_gradient_norm == 0.0) == (derivatives == "textbook")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norms_of_gradients_whose_squares_underflow(dtype):
    X, y = problem()
    net = small("tanh", units=(6,), dtype=dtype)
    tiny = 1e-30 if dtype == "float32" else 1e-200
    net.layers[1].weight *= tiny
    first = net.statistics(X, y)[0]
    exact = net.layers[0].weight_gradient.astype(float) / tiny
    assert first.weight_gradient_norm == pytest.approx(tiny * np.sqrt(np.sum(exact**2)), rel=1e-6)
    assert first.weight_gradient_norm > 0


def test_statistics_leave_the_parameters_alone():
    net = small()
    before = net.parameters.copy()
    net.statistics(*problem())
    np.testing.assert_array_equal(net.parameters, before)


def test_an_alias_is_the_activation():
    for row in fastact.activations.values():
        for alias in row.aliases:
            assert mlp.Dense(3, alias).activation == row.name


# --- bad input -------------------------------------------------------------------------------------------------------


def dense(**changes):
    return mlp.Dense(**{"units": 3} | changes)


def network(**changes):
    return mlp.Network(**{"layers": [mlp.Dense(2)], "inputs": 5} | changes)


@pytest.mark.parametrize(
    ("make", "changes", "names"),
    [
        *[(dense, {"units": v}, "units must be an integer of at least 1") for v in (0, -1, 2.0, "3", None, True)],
        *[(dense, {"activation": v}, "activation must be one of .*gelu") for v in ("gelo", "", None, 3, np.tanh)],
        (dense, {"parameters": {"alpha": 1.0}}, "parameters of identity must be among: none; got 'alpha'"),
        *[
            (dense, {"activation": "softplus", "parameters": {"beta": v}}, r"beta of softplus must be in \(0, inf\)")
            for v in (0, -1.0, math.nan, math.inf, "1", None, [1.0])
        ],
        *[
            (dense, {"activation": "hard_tanh", "parameters": v}, "min_val of hard_tanh must be < max_val, got 2 and 1")
            for v in ({"min_val": 2.0, "max_val": 1.0}, {"min_val": 2})
        ],
        (dense, {"activation": "rrelu", "parameters": {"lower": 0.5}}, "lower of rrelu must be <= upper, got 0.5 and"),
        (
            network,
            {"layers": [mlp.Dense(2, "celu", {"alpha": 1e-50})], "dtype": "float32"},
            "celu: alpha must be in .* as rounded to float32",
        ),
        *[
            (network, {"layers": v}, "layers must be a sequence of at least one layer")
            for v in ([], [3], "ab", mlp.Dense(3))
        ],
        (network, {"layers": [mlp.Dense(1)]}, "layers: the last must have one unit per class, at least 2"),
        *[(network, {"inputs": v}, "inputs must be an integer of at least 1") for v in (0, -3, 1.5, None)],
        *[(network, {"dtype": v}, "dtype must be float32 or float64") for v in ("float16", int, "complex64", "x", 3)],
        *[(network, {"seed": v}, "seed must be an integer of at least 0") for v in (-1, 0.5, None, "1")],
        *[(network, {"initialiser": v}, "initialiser must be one of zeros, .*orthogonal") for v in ("glorrot", None)],
        *[(network, {"gain": v}, r"gain must be a number in \(0, inf\)") for v in (0, -1, math.nan, math.inf, "1")],
        (network, {"derivatives": "rounded"}, "derivatives must be one of exact, textbook"),
        *[
            (mlp.SGD, {"learning_rate": v}, r"learning_rate must be a number in \(0, inf\)")
            for v in (0, -1, math.nan, "a")
        ],
        *[(mlp.SGD, {"momentum": v}, r"momentum must be a number in \[0, 1\)") for v in (-0.1, 1.0, math.nan, None)],
        *[(mlp.Adam, {"beta1": v}, r"beta1 must be a number in \[0, 1\)") for v in (-0.1, 1.0, math.nan)],
        *[(mlp.Adam, {"beta2": v}, r"beta2 must be a number in \[0, 1\)") for v in (-0.1, 1.0, math.nan)],
        *[(mlp.Adam, {"epsilon": v}, r"epsilon must be a number in \(0, inf\)") for v in (0.0, -1.0, math.inf)],
    ],
)
def test_bad_arguments_are_named(make, changes, names):
    with pytest.raises(ValueError, match=names):
        make(**changes)


X_GOOD, Y_GOOD = problem(samples=9)
X_NAN, X_INF, X_LARGE = (np.where(np.arange(45).reshape(9, 5) == 17, v, X_GOOD) for v in (math.nan, -math.inf, 1e39))

BAD_SAMPLES = [
    (X_NAN, "X must be finite"),
    (X_INF, "X must be finite"),
    (X_LARGE, "X must be finite in float32"),
    (X_GOOD[:, :4], r"X must have the shape \(samples, 5\)"),
    (X_GOOD[0], r"X must have the shape \(samples, 5\)"),
    (X_GOOD[:0], "with at least 1 sample"),
    (X_GOOD + 0j, "X must be an array of real numbers"),
    (X_GOOD.astype(str), "X must be an array of real numbers"),
    ([[1.0] * 5, [1.0] * 4], "X must be an array"),
    (None, "X must be an array of real numbers"),
]
BAD_LABELS = [
    (Y_GOOD.astype(float), "y must be 9 integer labels"),
    (Y_GOOD.astype(str), "y must be 9 integer labels"),
    (Y_GOOD[:8], "y must be 9 integer labels"),
    (Y_GOOD[:, None], "y must be 9 integer labels"),
    (Y_GOOD + 1, r"y must have labels in \[0, 3\)"),
    (Y_GOOD - 1, r"y must have labels in \[0, 3\)"),
    (Y_GOOD.astype(np.uint64) + 2**63, r"y must have labels in \[0, 3\)"),
    (None, "y must be 9 integer labels"),
]
BAD_FIT = [
    *[({"epochs": v}, "epochs must be an integer of at least 1") for v in (0, -1, 1.0, None)],
    *[({"batch_size": v}, "batch_size must be an integer of at least 1") for v in (0, -4, 8.0, "8")],
    *[({"optimiser": v}, "optimiser must be an Optimiser") for v in ("adam", mlp.Adam, 0.1)],
    *[({"shuffle": v}, "shuffle must be True or False") for v in (None, 1, "no")],
    ({"callback": 3}, "callback must be callable or None"),
]


@pytest.mark.parametrize(
    ("method", "arguments", "names"),
    [
        *[(m, {"X": X}, names) for X, names in BAD_SAMPLES for m in ("forward", "predict", "predict_proba")],
        *[
            (m, {"X": X, "y": Y_GOOD}, names)
            for X, names in BAD_SAMPLES
            for m in ("fit", "loss_and_gradients", "statistics", "score")
        ],
        *[
            (m, {"X": X_GOOD, "y": y}, names)
            for y, names in BAD_LABELS
            for m in ("fit", "loss_and_gradients", "statistics", "score")
        ],
        *[("fit", {"X": X_GOOD, "y": Y_GOOD} | changes, names) for changes, names in BAD_FIT],
    ],
)
def test_bad_input_is_named_and_leaves_the_model_as_it_was(method, arguments, names):
    net, twin = (small(dtype="float32") for _ in range(2))
    optimisers = [mlp.Adam(0.01), mlp.Adam(0.01)]
    for model, optimiser in zip((net, twin), optimisers, strict=True):
        model.fit(X_GOOD, Y_GOOD, epochs=2, optimiser=optimiser)
    if method == "fit":
        arguments = {"optimiser": optimisers[0]} | arguments
    gradients, rng = net.gradients.copy(), copy.deepcopy(net.rng.bit_generator.state)
    with pytest.raises(ValueError, match=names):
        getattr(net, method)(**arguments)
    np.testing.assert_array_equal(net.parameters, twin.parameters)
    np.testing.assert_array_equal(net.gradients, gradients)
    assert net.rng.bit_generator.state == rng
    # Also what cannot be seen, moments and step count, is as it was: the training goes on in step with the twin's.
    for model, optimiser in zip((net, twin), optimisers, strict=True):
        model.fit(X_GOOD, Y_GOOD, epochs=2, optimiser=optimiser)
    np.testing.assert_array_equal(net.parameters, twin.parameters)


def test_an_optimiser_serves_one_network():
    optimiser = mlp.Adam()
    small().fit(X_GOOD, Y_GOOD, epochs=1, optimiser=optimiser)
    other = small()
    before, rng = other.parameters.copy(), copy.deepcopy(other.rng.bit_generator.state)
    with pytest.raises(ValueError, match="optimiser must be new or have trained this network before"):
        other.fit(X_GOOD, Y_GOOD, epochs=1, optimiser=optimiser)
    np.testing.assert_array_equal(other.parameters, before)
    assert other.rng.bit_generator.state == rng


def test_examples_in_the_docstrings():
    done = doctest.testmod(mlp)
    assert done.attempted > 0
    assert done.failed == 0


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_examples_on_the_page():
    done = doctest.testfile(str(PAGE), module_relative=False)
    assert done.attempted > 10
    assert done.failed == 0


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_page_names_every_optimiser_schedule_and_layer():
    text = PAGE.read_text()
    kinds = [kind for kind in vars(mlp).values() if isinstance(kind, type)]
    for kind in kinds:
        if issubclass(kind, (mlp.Optimiser, mlp.Schedule, mlp.Layer)) and kind not in (mlp.Optimiser, mlp.Schedule):
            assert kind.__name__ in text
