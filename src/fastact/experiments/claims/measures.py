"""What ``claims`` measures: convexity along segments, steps to a loss, and how far tanh is a sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastact
from fastact import losses, mlp

from .. import data, stepping
from ..configuration import initialiser_for

Array = NDArray[np.float64]

SQUARED, LIKELIHOOD = "squared error", "log-likelihood"
LOSSES = (SQUARED, LIKELIHOOD)
"""Losses of a single layer; the second is that of sigmoid, from the sums, so that nothing is cut off."""
SEGMENTS, PLACES = 200, 17
SHORTEST, LONGEST = 0.3, 30.0
"""Deviation of the sums at the ends of a segment: drawn between these, evenly in the logarithm."""
CONVEX_SAMPLES = 200
HIGHEST = 1e100
"""Losses above are cut off: exponential functions overflow."""
ROUNDING = 1e-10
"""What counts as bent, relative to the losses on the segment: rounding leaves less."""

RAW, UNIT, CENTRED, STANDARDISED = "as they are", "in [0, 1]", "mean 0", "mean 0, deviation 1"
SCALINGS = (RAW, UNIT, CENTRED, STANDARDISED)
"""What is done to the features before training, by the training part."""


def defined(activation: str, loss: str) -> bool:
    """Whether the activation is asked for with a loss."""
    return loss == SQUARED or activation == "sigmoid"


def single_layer_losses(activation: str, loss: str, X: NDArray, targets: Array, weights: Array) -> Array:
    """The mean loss of the layer f(X w + b) with one output, for each column (w, b) of the weights."""
    sums = X @ weights[:-1] + weights[-1]
    targets = np.broadcast_to(targets[:, np.newaxis], sums.shape)
    with np.errstate(over="ignore"):
        if loss == LIKELIHOOD:
            each = losses.bce_with_logits(sums.ravel(), targets.ravel(), reduction="none")
        else:
            each = np.square(fastact.registered(activation)(sums) - targets)
    found: Array = np.reshape(each, sums.shape).mean(axis=0)
    return found


def convexity(activation: str, loss: str, dataset: data.Dataset, seed: int) -> dict[str, float]:
    """How often the loss of a single layer bulges between two random weights, as that of a convex one never does.

    Returns the share of segments on which some three neighbouring places violate L(middle) <= mean of L(ends), and the
    largest violation relative to the largest loss on its segment.
    """
    parts = data.split(dataset, test_share=0.25, seed=seed, dtype="float64")
    X, y = parts.X_train[:CONVEX_SAMPLES], parts.y_train[:CONVEX_SAMPLES]
    targets = (y < len(dataset.classes) / 2).astype(np.float64)
    rng = np.random.default_rng(seed)
    inputs = X.shape[1] + 1
    size = np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST), SEGMENTS)) / np.sqrt(inputs)
    a, b = size * rng.normal(size=(2, inputs, SEGMENTS))
    for end in (a, b):  # biases as large as the sums: there are places where all samples are on one side
        end[-1] *= np.sqrt(inputs)
    along = np.linspace(0.0, 1.0, PLACES)[:, np.newaxis, np.newaxis]
    weights = (a + along * (b - a)).transpose(1, 0, 2).reshape(inputs, -1)
    values = single_layer_losses(activation, loss, X, targets, weights).reshape(PLACES, SEGMENTS)
    values = np.minimum(values, HIGHEST)
    bent = values[1:-1] - (values[:-2] + values[2:]) / 2.0
    relative = np.max(bent, axis=0) / np.maximum(np.abs(values).max(axis=0), 1e-300)
    return {"bent_share": float((relative > ROUNDING).mean()), "largest_bend": float(max(relative.max(), 0.0))}


def network(
    dataset: data.Dataset, activation: str, *, depth: int, width: int, gain: float, seed: int, dtype: str = "float32"
) -> mlp.Network:
    """A classifier with that many hidden layers."""
    return mlp.Network(
        [*(mlp.Dense(width, activation) for _ in range(depth)), mlp.Dense(len(dataset.classes))],
        inputs=dataset.X.shape[1],
        seed=seed,
        initialiser=initialiser_for(activation),
        gain=gain,
        dtype=dtype,
    )


def scaled(parts: data.Split, dataset: data.Dataset, seed: int, scaling: str) -> NDArray:
    """The training samples of a split, scaled in another way."""
    if scaling == STANDARDISED:
        return parts.X_train
    X = data.split(dataset, test_share=0.25, seed=seed, dtype="float64", standardise=False).X_train
    if scaling == CENTRED:
        X = X - X.mean(axis=0)
    elif scaling == UNIT:
        X = (X - X.min()) / (np.ptp(X) or 1.0)
    return X.astype(np.float32)


def trained(net: mlp.Network, X: NDArray, y: NDArray, rate: float, settings: Any, seed: int) -> dict[str, Any]:
    """Steps of SGD until the target, and whether the loss ended at half of where it began, or less."""
    done = stepping.train(
        net,
        X,
        y,
        mlp.SGD(rate),
        steps=settings.steps,
        batch_size=settings.batch_size,
        target=settings.target,
        rng=np.random.default_rng(seed),
    )
    # NaN is no smaller than anything: a loss that overflowed has not fallen.
    learned = not done.diverged and done.final <= done.losses[0] / 2.0
    return {"steps": done.reached, "learned": learned, "final_loss": None if done.diverged else done.final}


def as_sigmoid(net: mlp.Network) -> mlp.Network:
    """The network of sigmoids that is the same function as one of tanh: tanh(z) = 2 sigmoid(2 z) - 1.

    A sum is doubled, and what the layer after it takes is 2 y - 1.
    """
    names = {"tanh": "sigmoid"}
    layers = [mlp.Dense(layer.units, names.get(layer.activation, layer.activation)) for layer in net.layers]
    twin = mlp.Network(layers, inputs=net.inputs, dtype=net.dtype)
    below = False
    for own, other in zip(net.layers, twin.layers, strict=True):
        weight, bias = own.weight.copy(), own.bias.copy()
        if below:
            bias -= weight.sum(axis=0)
            weight *= 2.0
        below = own.activation == "tanh"
        other.weight[...], other.bias[...] = (2.0 * weight, 2.0 * bias) if below else (weight, bias)
    return twin


def twins(dataset: data.Dataset, rate: float, settings: Any, seed: int) -> dict[str, Any]:
    """How far tanh and the scaled sigmoid differ, as functions, as networks, and in training."""
    x = np.linspace(-20.0, 20.0, 100_001)
    difference = fastact.tanh(x) - (2.0 * fastact.sigmoid(2.0 * x) - 1.0)
    row: dict[str, Any] = {"function_difference": float(np.abs(difference).max())}
    parts = data.split(dataset, test_share=0.25, seed=seed, dtype="float64")
    net = network(dataset, "tanh", depth=settings.depth, width=settings.width, gain=1.0, seed=seed, dtype="float64")
    twin = as_sigmoid(net)
    outputs = net.forward(parts.X_test)
    row["network_difference"] = float(np.abs(twin.forward(parts.X_test) - outputs).max() / np.abs(outputs).max())
    for name, one in (("steps", net), ("twin_steps", twin)):
        row[name] = trained(one, parts.X_train, parts.y_train, rate, settings, seed)["steps"]
    return row
