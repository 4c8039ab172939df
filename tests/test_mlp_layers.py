"""Layers: gradients of every combination with activations and losses, PyTorch's normalisation, what dropout keeps."""

import copy
import math

import numpy as np
import pytest

import fastact
from fastact import losses, mlp

ACTIVATIONS = sorted(fastact.activations)
LEARNABLE = [row.name for row in fastact.activations.values() if any(p.learnable for p in row.parameters)]

# What makes predictions of the kind that a loss takes.
LAST = {
    "binary_crossentropy": lambda: [mlp.Dense(3, "sigmoid")],
    "categorical_crossentropy": lambda: [mlp.Dense(3), mlp.Rowwise("softmax")],
    "sparse_categorical_crossentropy": lambda: [mlp.Dense(3), mlp.Rowwise("softmax")],
    "kl_divergence": lambda: [mlp.Dense(3), mlp.Rowwise("softmax")],
    "nll": lambda: [mlp.Dense(3), mlp.Rowwise("log_softmax")],
    "mean_squared_logarithmic_error": lambda: [mlp.Dense(3, "softplus")],
    "poisson": lambda: [mlp.Dense(3, "softplus")],
}

# Hidden layers with an activation in them.
HIDDEN = {
    "dense": lambda f, **p: [mlp.Dense(4, f, p)],
    "dense without biases, with penalties": lambda f, **p: [mlp.Dense(4, f, p, use_bias=False, l1=0.02, l2=0.03)],
    "activations of units": lambda f, **p: [mlp.Dense(4, [(f, p), "tanh", (f, p), (f, p)])],
    "activation by itself": lambda f, **p: [mlp.Dense(4), mlp.Activation(f, p)],
    "batch normalisation": lambda f, **p: [mlp.Dense(4), mlp.BatchNormalisation(), mlp.Activation(f, p)],
    "batch normalisation first": lambda f, **p: [mlp.BatchNormalisation(affine=False), mlp.Dense(4, f, p)],
    "dropout": lambda f, **p: [mlp.Dropout(0.3), mlp.Dense(4, f, p), mlp.Dropout(0.3)],
    "alpha dropout": lambda f, **p: [mlp.Dense(4, f, p), mlp.AlphaDropout(0.3)],
    "dropout of maps": lambda f, **p: [
        mlp.Dense(8, f, p),
        mlp.Dropout2d(0.3, (2, 2, 2)),
        mlp.Dropout3d(0.3, (2, 2, 2, 1)),
    ],
    "maxout": lambda f, **p: [mlp.Dense(4, f, p), mlp.Maxout(3, 2)],
}


def targets(loss, samples=7, outputs=3):
    rng = np.random.default_rng(5)
    record = losses.get(loss)
    if record.target == "labels":
        return rng.integers(0, outputs, samples)
    if loss in ("categorical_crossentropy", "kl_divergence"):
        return rng.dirichlet(np.ones(outputs), samples)
    if "hinge" in loss:
        return rng.integers(0, 2, (samples, outputs)) * 1.0
    return rng.uniform(0.1, 0.9, (samples, outputs))


def network(layers, loss="cross_entropy", inputs=5, **options):
    net = mlp.Network(
        layers, inputs, loss=loss, **{"dtype": "float64", "seed": 1, "initialiser": "normal", "gain": 0.4} | options
    )
    net.parameters += 0.1 * np.random.default_rng(2).standard_normal(net.parameters.size)
    return net


def samples(count=7, inputs=5):
    return np.random.default_rng(3).standard_normal((count, inputs))


def check_gradients(net, X, y, *, training=True, weights=None, step=1e-6, directions=2):
    """Derivatives along random directions against central differences; what is drawn is drawn alike each time."""

    def loss():
        rng = np.random.default_rng(4) if training else None
        return net.loss_and_gradients(X, y, rng=rng, sample_weight=weights)

    for seed in range(directions):
        direction = np.random.default_rng(seed).standard_normal(net.parameters.size)
        loss()
        gradients, start = net.gradients.copy(), net.parameters.copy()
        assert np.isfinite(gradients).all()
        net.parameters[...] = start + step * direction
        above = loss()
        net.parameters[...] = start - step * direction
        below = loss()
        net.parameters[...] = start
        size = np.linalg.norm(gradients) * np.linalg.norm(direction) + 1e-3 * (abs(above) + 1e-3)
        assert gradients @ direction == pytest.approx((above - below) / (2 * step), abs=2e-6 * size, rel=1e-5)
        assert above != below or not gradients.any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", HIDDEN)
def test_gradients_of_every_layer_with_every_activation_and_loss(kind, activation):
    row = fastact.activations[activation]
    parameters = {p.name: p.default + 0.25 for p in row.parameters}
    for loss in losses.LOSSES:
        last = LAST.get(loss, lambda: [mlp.Dense(3)])()
        net = network([*HIDDEN[kind](activation, **parameters), *last], loss)
        check_gradients(net, samples(), targets(loss), directions=1)


@pytest.mark.parametrize("kind", HIDDEN)
def test_gradients_in_evaluation(kind):
    net = network([*HIDDEN[kind]("gelu"), mlp.Dense(3)])
    net.fit(samples(), targets("cross_entropy"), epochs=2)  # running statistics of something
    check_gradients(net, samples(), targets("cross_entropy"), training=False)


@pytest.mark.parametrize("function", ["softmax", "log_softmax", "softmin", "sparsemax"])
def test_gradients_of_functions_of_rows(function):
    check_gradients(network([mlp.Dense(4), mlp.Rowwise(function), mlp.Dense(3)]), samples(), targets("cross_entropy"))


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_gradients_with_weights_and_parameters_of_losses(loss):
    net = network([mlp.Dense(4, "tanh"), *LAST.get(loss, lambda: [mlp.Dense(3)])()], loss)
    weights = np.array([0.0, 1.0, 2.0, 0.5, 1.5, 1.0, 3.0])
    check_gradients(net, samples(), targets(loss), weights=weights)
    for parameter in losses.get(loss).parameters:
        layers = [mlp.Dense(4, "tanh"), *LAST.get(loss, lambda: [mlp.Dense(3)])()]
        plain = net.loss_and_gradients(samples(), targets(loss))
        other = network(layers, loss, loss_parameters={parameter.name: parameter.default + 0.1})
        check_gradients(other, samples(), targets(loss))
        if parameter.name != "epsilon":  # which counts near the ends alone
            assert other.loss_and_gradients(samples(), targets(loss)) != plain


@pytest.mark.parametrize("learn", ["layer", "unit"])
@pytest.mark.parametrize("activation", LEARNABLE)
def test_gradients_of_learned_parameters(activation, learn):
    for layers in (
        [mlp.Dense(4, activation, learn=learn), mlp.Dense(3)],
        [mlp.Dense(4), mlp.Activation(activation, learn=learn), mlp.Dense(3)],
        [mlp.Dense(4, ["relu", activation, activation, ("swish", {"beta": 0.5})], learn=learn), mlp.Dense(3)],
    ):
        net = network(layers, seed=3)
        check_gradients(net, samples(), targets("cross_entropy"), directions=4)


def test_what_is_learned_starts_where_it_is_said_and_moves():
    net = mlp.Network([mlp.Dense(4, "prelu", {"weight": 0.4}, learn="unit"), mlp.Dense(3)], 5, dtype="float64")
    weights = net.layers[0].arrays["prelu_weight"]
    np.testing.assert_array_equal(weights, np.full((4, 1), 0.4))
    assert net.parameters.size == 5 * 4 + 4 + 4 + 4 * 3 + 3
    net.fit(samples(), targets("cross_entropy"), epochs=3, optimiser=mlp.SGD(0.1))
    assert len(set(weights.ravel())) == 4
    assert net.layers[0].arrays["prelu_weight"].base is net.parameters
    shared = mlp.Network([mlp.Dense(4, "prelu", learn="layer"), mlp.Dense(3)], 5)
    assert shared.parameters.size == 5 * 4 + 4 + 1 + 4 * 3 + 3


@pytest.mark.parametrize("activation", ["snake", "srelu"])
def test_learned_parameters_stay_where_the_activation_is_defined(activation):
    net = mlp.Network([mlp.Dense(4, activation, learn="unit"), mlp.Dense(3)], 5, dtype="float64")
    net.gradients[...] = 0.0
    arrays = net.layers[0].arrays
    if activation == "snake":
        arrays["snake_a"][...] = [[-1.0], [0.0], [0.5], [-1e-9]]
        net.layers[0].constrain()
        np.testing.assert_array_equal(arrays["snake_a"].ravel()[2], 0.5)
        assert (arrays["snake_a"] > 0).all()
    else:
        arrays["srelu_t_left"][...] = [[2.0], [0.0], [-1.0], [1.0]]
        net.layers[0].constrain()
        assert (arrays["srelu_t_left"] <= arrays["srelu_t_right"]).all()
    assert np.isfinite(net.forward(samples())).all()


# --- per unit --------------------------------------------------------------------------------------------------------


def test_each_unit_has_its_own_activation():
    names = ["relu", ("elu", {"alpha": 2.0}), "relu", "relu", "sin"]
    net = network([mlp.Dense(5, names), mlp.Dense(3)])
    z = samples() @ net.layers[0].weight + net.layers[0].bias
    expected = np.stack(
        [fastact.relu(z[:, 0]), fastact.elu(z[:, 1], 2.0), *fastact.relu(z[:, 2:4].T), np.sin(z[:, 4])], axis=1
    )
    np.testing.assert_allclose(net.activations(samples())[0], expected, rtol=1e-14, atol=1e-15)
    assert net.statistics(samples(), targets("cross_entropy"))[0].activation == "relu, elu, sin"


def test_rrelu_and_erelu_draw_in_training_alone():
    for activation in ("rrelu", "erelu"):
        net = network([mlp.Dense(50, activation), mlp.Dense(3)])
        X, y = samples(), targets("cross_entropy")
        evaluation = net.loss_and_gradients(X, y)
        assert net.loss_and_gradients(X, y) == evaluation
        drawn = {net.loss_and_gradients(X, y, rng=np.random.default_rng(seed)) for seed in range(5)}
        assert len(drawn | {evaluation}) == 6


# --- maxout ----------------------------------------------------------------------------------------------------------


def test_maxout_is_fastacts():
    net = network([mlp.Maxout(3, 4), mlp.Dense(3)])
    z = samples() @ net.layers[0].weight + net.layers[0].bias
    np.testing.assert_allclose(net.activations(samples())[0], fastact.maxout(z, 4, axis=1), rtol=1e-13)


# --- penalties -------------------------------------------------------------------------------------------------------


def test_penalties_are_those_of_the_weights_without_biases():
    X, y = samples(), targets("cross_entropy")
    plain, penalised = (network([mlp.Dense(4, "tanh", l1=l1, l2=l2), mlp.Dense(3)]) for l1, l2 in ((0, 0), (0.1, 0.2)))
    W = plain.layers[0].weight
    expected = plain.loss_and_gradients(X, y) + 0.1 * abs(W).sum() + 0.2 * (W**2).sum()
    assert penalised.loss_and_gradients(X, y) == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(
        penalised.layers[0].weight_gradient, plain.layers[0].weight_gradient + 0.1 * np.sign(W) + 0.4 * W, rtol=1e-12
    )
    np.testing.assert_array_equal(penalised.layers[0].bias_gradient, plain.layers[0].bias_gradient)


# --- batch normalisation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("affine", [True, False])
def test_batch_normalisation_is_pytorchs(affine):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    net = network([mlp.BatchNormalisation(0.2, 1e-3, affine), mlp.Dense(3)])
    normalise = torch.nn.BatchNorm1d(5, 1e-3, 0.2, affine=affine, dtype=torch.float64)
    linear = torch.nn.Linear(5, 3, dtype=torch.float64)
    linear.weight.data = torch.tensor(net.layers[1].weight.T.copy())
    linear.bias.data = torch.tensor(net.layers[1].bias.copy())
    if affine:
        normalise.weight.data = torch.tensor(net.layers[0].scale.copy())
        normalise.bias.data = torch.tensor(net.layers[0].shift.copy())
    y = targets("cross_entropy")
    for seed in range(4):
        X = 3 + 2 * np.random.default_rng(seed).standard_normal((7, 5))
        normalise.zero_grad()
        loss = torch.nn.functional.cross_entropy(linear(normalise(torch.tensor(X))), torch.tensor(y))
        loss.backward()
        assert net.loss_and_gradients(X, y, rng=np.random.default_rng(0)) == pytest.approx(loss.item(), rel=1e-12)
        if affine:
            np.testing.assert_allclose(net.layers[0].scale_gradient, normalise.weight.grad, rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(net.layers[0].shift_gradient, normalise.bias.grad, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(net.layers[0].running_mean, normalise.running_mean, rtol=1e-13)
    np.testing.assert_allclose(net.layers[0].running_variance, normalise.running_var, rtol=1e-13)
    normalise.eval()
    X = samples()
    np.testing.assert_allclose(net.forward(X), linear(normalise(torch.tensor(X))).detach(), rtol=1e-12)


def test_batch_normalisation_of_one_sample_and_of_copies():
    net = network([mlp.BatchNormalisation(), mlp.Dense(3)])
    assert math.isfinite(net.loss_and_gradients(samples(1), [1], rng=np.random.default_rng(0)))
    np.testing.assert_array_equal(net.layers[0].running_variance, np.full(5, 0.9))
    twin = copy.deepcopy(net)
    np.testing.assert_array_equal(twin.layers[0].running_variance, net.layers[0].running_variance)
    twin.loss_and_gradients(samples(), targets("cross_entropy"), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(net.layers[0].running_variance, np.full(5, 0.9))


# --- dropout ---------------------------------------------------------------------------------------------------------


def dropped(layer, X, seed=0):
    """What a layer by itself makes of samples in training: the second of two, so that there is a gradient too."""
    net = mlp.Network([layer], X.shape[1], loss="mse", dtype="float64")
    net.loss_and_gradients(X, X, rng=np.random.default_rng(seed))
    return net._plan(len(X)).outputs.T.copy(), net


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout_drops_with_its_probability_and_keeps_the_expected_value(p, dtype):
    X = np.ones((500, 200))
    net = mlp.Network([mlp.Dropout(p)], 200, loss="mse", dtype=dtype)
    net.loss_and_gradients(X, X, rng=np.random.default_rng(0))
    y = net._plan(500).outputs
    assert set(np.unique(y)) <= {0, np.dtype(dtype).type(1 / (1 - p))}
    n = X.size
    assert np.mean(y == 0) == pytest.approx(p, abs=5 * math.sqrt(max(p * (1 - p), 1e-9) / n))
    assert y.mean() == pytest.approx(1.0, abs=5 * math.sqrt(p / (1 - p) / n) + 1e-6)
    np.testing.assert_array_equal(net.forward(X), X.astype(dtype))


@pytest.mark.parametrize("p", [0.05, 0.3])
def test_alpha_dropout_keeps_mean_and_variance_of_selu(p):
    X = np.random.default_rng(0).standard_normal((2000, 200))
    y, net = dropped(mlp.AlphaDropout(p), X)
    # Of what SELU makes of standard normal inputs: mean 0 and variance 1, as here.
    assert y.mean() == pytest.approx(0.0, abs=0.02)
    assert y.var() == pytest.approx(1.0, abs=0.02)
    limit = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
    a = (1 - p + p * limit**2 * (1 - p)) ** -0.5
    low = a * limit * (1 - p)
    kept = ~np.isclose(y, low, rtol=1e-12)
    assert np.mean(~kept) == pytest.approx(p, abs=0.005)
    np.testing.assert_allclose(y[kept], (a * X - a * p * limit)[kept], rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(net.forward(X), X)


@pytest.mark.parametrize(
    ("layer", "shape"), [(mlp.Dropout2d(0.4, (10, 3, 4)), (10, 12)), (mlp.Dropout3d(0.4, (10, 2, 3, 2)), (10, 12))]
)
def test_dropout_of_maps_drops_whole_channels_of_single_samples(layer, shape):
    X = np.ones((400, 120))
    y, net = dropped(layer, X)
    maps = y.reshape(400, *shape)
    assert ((maps == 0).all(axis=2) | np.isclose(maps, 1 / 0.6).all(axis=2)).all()
    channels = maps[:, :, 0] == 0
    assert channels.mean() == pytest.approx(0.4, abs=5 * math.sqrt(0.24 / channels.size))
    assert channels.any(axis=1).mean() > 0.9
    assert not channels.all()
    np.testing.assert_array_equal(net.forward(X), X)


def test_masks_are_drawn_anew_and_by_the_generator_alone():
    X = np.ones((50, 20))
    first, _ = dropped(mlp.Dropout(), X, seed=0)
    np.testing.assert_array_equal(first, dropped(mlp.Dropout(), X, seed=0)[0])
    assert not np.array_equal(first, dropped(mlp.Dropout(), X, seed=1)[0])


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: mlp.Dense(3, ["relu", "tanh"]), "activation must be a name, or one for each of 3 units, got 2"),
        (lambda: mlp.Dense(2, ["relu", 3]), "activation: each must be a name, or a name with its parameters, got 3"),
        (lambda: mlp.Dense(2, ["relu", "gelo"]), "activation must be one of .*gelu"),
        (lambda: mlp.Dense(2, ["relu", ("elu", {"alpha": -1})]), "alpha of elu must be in"),
        (lambda: mlp.Dense(2, ["relu", "elu"], {"alpha": 1.0}), "parameters must be empty where each unit"),
        (lambda: mlp.Dense(2, "elu", [1.0]), "parameters must map names to numbers"),
        (lambda: mlp.Dense(2, "prelu", learn="all"), "learn must be None, 'layer' or 'unit', got 'all'"),
        (lambda: mlp.Dense(2, "relu", learn="unit"), "learn must be None for activations without .*prelu"),
        (lambda: mlp.Activation("gelo"), "activation must be one of"),
        (lambda: mlp.Dense(2, use_bias=1), "use_bias must be True or False"),
        (lambda: mlp.Dense(2, l1=-1), r"l1 must be a number in \[0, inf\)"),
        (lambda: mlp.Dense(2, l2=math.nan), r"l2 must be a number in \[0, inf\)"),
        (lambda: mlp.Maxout(2, 0), "pieces must be an integer of at least 1"),
        (lambda: mlp.BatchNormalisation(0), r"momentum must be a number in \(0, 1\)"),
        (lambda: mlp.BatchNormalisation(epsilon=0), "epsilon must be a number"),
        (lambda: mlp.BatchNormalisation(affine=None), "affine must be True or False"),
        (lambda: mlp.Dropout(1.0), r"p must be a number in \[0, 1\)"),
        (lambda: mlp.AlphaDropout(-0.1), r"p must be a number in \[0, 1\)"),
        (lambda: mlp.Dropout2d(0.5), r"shape must be \(channels, and 2 lengths\)"),
        (lambda: mlp.Dropout3d(0.5, (1, 2, 3)), r"shape must be \(channels, and 3 lengths\)"),
        (lambda: network([mlp.Dropout2d(0.5, (2, 2, 2)), mlp.Dense(3)]), "shape must hold the 5 inputs"),
        (lambda: mlp.Rowwise("logsumexp"), "function must be one of softmax, log_softmax, softmin, sparsemax"),
        (lambda: network([mlp.Activation(["relu", "tanh"]), mlp.Dense(3)]), "one for each of 5 units, got 2"),
        (lambda: network([mlp.Dense(3)], "mean_sq"), "mean_squared_error"),
        (lambda: network([mlp.Dense(3)], 3), "loss must be a name in fastact.losses"),
        (lambda: network([mlp.Dense(3)], loss_parameters={"delta": 1}), "delta"),
        (lambda: network([mlp.Dense(3)], loss_parameters=3), "loss_parameters must map names to numbers"),
    ],
)
def test_bad_arguments_are_named(make, names):
    with pytest.raises(ValueError, match=names):
        make()


@pytest.mark.parametrize(
    ("loss", "y", "names"),
    [
        ("mse", np.zeros((7, 2)), r"y must have the shape \(7, 3\)"),
        ("mse", np.zeros(7), r"y must have the shape \(7, 3\)"),
        ("mse", np.full((7, 3), np.nan), "y must be finite"),
        ("mse", np.full((7, 3), "a"), "y must be an array of real numbers"),
        ("binary_crossentropy", np.full((7, 3), 2.0), "y does not fit the loss binary_crossentropy"),
        ("cross_entropy", np.zeros((7, 3)), "y must be 7 integer labels"),
    ],
)
def test_bad_targets_are_named(loss, y, names):
    net = network([mlp.Dense(3, "sigmoid")], loss)
    for method in (net.fit, net.loss_and_gradients, net.score, net.loss):
        with pytest.raises(ValueError, match=names):
            method(samples(), y)
