"""Networks as ONNX models, evaluated by onnx itself."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

import fastact
from fastact import mlp
from fastact.mlp.onnx_formulas import FORMULAS


def evaluated(net, X, **options):
    model = mlp.to_onnx(net, **options)
    return ReferenceEvaluator(model).run(None, {"X": X.astype(net.dtype)})[0]


def samples(count=20, inputs=6):
    return np.random.default_rng(1).normal(size=(count, inputs))


def network(*layers, **options):
    net = mlp.Network(layers, 6, **{"dtype": "float64", "initialiser": "normal"} | options)
    net.parameters += 0.1 * np.random.default_rng(0).normal(size=net.parameters.size)
    return net


def test_every_activation_has_its_formula():
    assert FORMULAS.keys() == fastact.activations.keys()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", fastact.activations)
def test_every_activation_against_the_evaluator(activation, dtype):
    row = fastact.activations[activation]
    # The evaluator computes erf in float32.
    tolerance = 1e-5 if dtype == "float32" or activation in ("erf", "gelu") else 1e-12
    for parameters in ({}, {p.name: p.default + 0.25 for p in row.parameters}):
        net = network(mlp.Dense(30, activation, parameters), mlp.Dense(3), dtype=dtype)
        X = samples()
        theirs = evaluated(net, X)
        assert theirs.dtype == net.dtype
        scale = np.abs(net.activations(X)[0]).max() * 30  # sums of so many terms lose digits where they cancel
        np.testing.assert_allclose(theirs, net.forward(X), rtol=0, atol=scale * tolerance)


def test_negative_alpha_of_celu():
    net = network(mlp.Dense(4, "celu", {"alpha": -0.5}), mlp.Dense(2))
    np.testing.assert_allclose(evaluated(net, samples()), net.forward(samples()), rtol=1e-10)


@pytest.mark.parametrize(
    "layers",
    [
        [mlp.Dense(4, "relu", use_bias=False), mlp.Dense(2)],
        [mlp.Maxout(4, 3), mlp.Dense(2)],
        [mlp.Dense(5), mlp.BatchNormalisation(), mlp.Activation("silu"), mlp.Dense(2)],
        [mlp.Dense(5), mlp.BatchNormalisation(affine=False), mlp.Dense(2)],
        [mlp.Dense(6, "selu"), mlp.AlphaDropout(0.1), mlp.Dropout2d(0.2, (2, 1, 3)), mlp.Dense(2)],
        [mlp.Dense(5, ["relu", "relu", ("elu", {"alpha": 2.0}), "tanh", "relu"]), mlp.Dense(2)],
        [mlp.Dense(5, "prelu", learn="unit"), mlp.Dense(3, "snake", learn="layer")],
        *([mlp.Dense(4), mlp.Rowwise(f)] for f in ("softmax", "log_softmax", "softmin", "sparsemax")),
    ],
    ids=str,
)
def test_every_layer_against_the_evaluator(layers):
    net = network(*layers)
    X = samples()
    net.fit(X, np.arange(20) % 2, epochs=3)  # so that running statistics are not what they began with
    np.testing.assert_allclose(evaluated(net, X), net.forward(X), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "bce_with_logits", "binary_crossentropy"])
def test_probabilities(loss):
    last = mlp.Dense(3, "sigmoid" if loss == "binary_crossentropy" else "identity")
    net = network(mlp.Dense(4, "tanh"), last, loss=loss)
    np.testing.assert_allclose(evaluated(net, samples(), probabilities=True), net.predict_proba(samples()), rtol=1e-12)


def test_what_cannot_be_exported_is_named():
    with pytest.raises(
        ValueError, match=r"predict_proba needs a loss of probabilities or logits.*'mean_squared_error'"
    ):
        mlp.to_onnx(network(mlp.Dense(1), loss="mse"), probabilities=True)

    class Own(mlp.Dropout):
        pass

    class Other(mlp.Layer):
        def connect(self, inputs):
            return inputs

        def forward(self, at):
            at.y[...] = at.x

        def forward_with_derivative(self, at, rng):  # noqa: ARG002
            self.forward(at)

        def backward(self, at):
            at.dx[...] = at.dy

    assert mlp.to_onnx(network(mlp.Dense(2), Own()))
    with pytest.raises(ValueError, match="layers must be fastact's own to be exported, got Other"):
        mlp.to_onnx(network(mlp.Dense(2), Other()))
    fastact.custom("x*sin(x)", name="own_in_onnx")
    with pytest.raises(ValueError, match="activation: own_in_onnx is not fastact's own"):
        mlp.to_onnx(network(mlp.Dense(2, ["relu", "own_in_onnx"])))
