r"""Polynomials as activations: gradients and weights blow up with depth, and what holds them back.

An activation of degree k, |f(z)| = |z|^k, makes a power of a power: inputs c times as large make pre-activations of
layer l c^(k^(l-1)) times as large. In a wide network with weights of variance s^2 / n the variance of pre-activations
goes from layer to layer as

    q <- s^2 m_k q^k,   m_k = E |Z|^(2k),   Z standard normal

(`fastact.theory`), whose fixed point is unstable: a deviation of log q from it is multiplied by k in every layer.
So is that of the gradient, whose factor of a layer is s^2 k^2 m_(k-1) q^(k-1): the number of its digits, and not the
gradient itself, grows exponentially. The initialisation "critical" puts q at the fixed point, where a network of
finite width does not stay.

The square and the signed square z |z| have the same m_k: to gradients at the start the sign makes no difference. It
makes one to what is learned, for z |z| is monotone and keeps the sign.

Remedies: the critical initialisation; clipping the norm of the gradient before each step; clipping the outputs of
every hidden layer to [-limit, limit], as `hard_tanh` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastact
from fastact import mlp

from .. import data, options, training
from ..experiment import Cell, Experiment, Row
from . import figure as explode_figure
from .claims import findings

REMEDIES = ("none", "critical", "gradient", "range")


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("square", "signed_square", "relu"))
    twice: Sequence[str] = options.activations(
        ("square",), "Activations applied twice in turn, besides: the square twice is x^4."
    )
    depths: Sequence[int] = options.integers((1, 2, 3, 4, 6, 8), "Numbers of hidden layers.")
    remedies: Sequence[str] = options.choices(
        REMEDIES,
        "What is done against it: nothing, the critical initialisation, clipping the gradient's norm, or clipping the "
        "range of the hidden layers' outputs.",
        REMEDIES,
    )
    rates: Sequence[float] = options.numbers((0.1, 0.01, 0.001), "Learning rates tried in each cell.")
    width: int = options.integer(32, "Units of every hidden layer.")
    epochs: int = options.integer(10, "Passes over the training samples.")
    initialiser: str = options.choice(
        "xavier_uniform", "Distribution of the weights, but with the remedy critical.", sorted(mlp.INITIALISERS)
    )
    clip_norm: float = options.number(1.0, "Largest norm of the gradient where it is clipped.")
    limit: float = options.number(1.0, "Largest output of hidden layers where their range is clipped.")
    seeds: int = options.seeds(3)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """One for each activation, depth, remedy and seed."""
    variants = [*((name, 1) for name in settings.activations), *((name, 2) for name in settings.twice)]
    return [
        {"activation": name, "times": times, "depth": depth, "remedy": remedy, "seed": settings.seed + at}
        for name, times in variants
        for depth in settings.depths
        for remedy in settings.remedies
        for at in range(settings.seeds)
    ]


def network(settings: Settings, dataset: data.Dataset, cell: Cell, dtype: str) -> mlp.Network:
    """The network of a cell, before training."""
    layers: list[mlp.Layer] = []
    for _ in range(cell["depth"]):
        layers.append(mlp.Dense(settings.width, cell["activation"]))
        layers += [mlp.Activation(cell["activation"]) for _ in range(cell["times"] - 1)]
        if cell["remedy"] == "range":
            layers.append(mlp.Activation("hard_tanh", {"min_val": -settings.limit, "max_val": settings.limit}))
    layers.append(mlp.Dense(len(dataset.classes)))
    return mlp.Network(
        layers,
        inputs=dataset.X.shape[1],
        dtype=dtype,
        seed=cell["seed"],
        initialiser="critical" if cell["remedy"] == "critical" else settings.initialiser,
    )


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    row: Row = {
        "bounded_slope": math.isfinite(fastact.registered(cell["activation"]).spec.sup_derivative),
        "chance": training.chance(dataset),
    }
    exact = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float64")
    row |= at_start(network(settings, dataset, cell, "float64"), exact)
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    best: Row = {"rate": None, "train_loss": None, "test_accuracy": None, "weight_growth": None}
    failed = 0
    for rate in settings.rates:
        found = trained(settings, network(settings, dataset, cell, "float32"), parts, cell["remedy"], rate)
        if found is None:
            failed += 1
        elif best["train_loss"] is None or found["train_loss"] < best["train_loss"]:
            best = found
    return {**row, **best, "diverged_share": failed / len(settings.rates)}


def at_start(net: mlp.Network, parts: data.Split) -> Row:
    """Gradients and outputs before training, over the training samples."""
    start = norm(net.parameters)
    net.loss_and_gradients(parts.X_train, parts.y_train)
    with np.errstate(all="ignore"):
        largest = float(np.abs(net.activations(parts.X_train)[-2]).max())
    return {
        "gradient_log10": log10(norm(net.layers[0].weight_gradient)),
        "step_log10": log10(norm(net.gradients) / start),
        "largest_log10": log10(largest),
    }


def norm(values: NDArray[np.floating]) -> float:
    """L2 norm of all elements, without overflow of their squares; NaN or infinite if one of them is."""
    largest = float(np.abs(values).max())
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(values / largest))


def log10(value: float) -> float | None:
    """None for what has no finite logarithm."""
    return math.log10(value) if 0.0 < value < math.inf else None


def trained(settings: Settings, net: mlp.Network, parts: data.Split, remedy: str, rate: float) -> Row | None:
    """What a training with this learning rate comes to; None if it diverges."""
    start = norm(net.parameters)
    norms = [start]

    def watch(*_: Any) -> bool:
        norms.append(norm(net.parameters))
        return False

    outcome = training.train(
        net,
        parts.X_train,
        parts.y_train,
        epochs=settings.epochs,
        optimiser=mlp.SGD(rate, clip_norm=settings.clip_norm if remedy == "gradient" else None),
        until=watch,
    )
    if outcome.diverged:
        return None
    return {
        "rate": rate,
        "train_loss": outcome.losses[-1],
        "test_accuracy": net.score(parts.X_test, parts.y_test),
        "weight_growth": max(norms) / start,
    }


DEFINITIONS: dict[str, Any] = {
    "activation": "of all hidden layers",
    "times": "how often it is applied in turn in each hidden layer",
    "depth": "number of hidden layers",
    "remedy": "none; critical: the initialisation that keeps the variance of pre-activations; gradient: the gradient's "
    "L2 norm is clipped before each step; range: hidden layers' outputs are clipped",
    "seed": "of data's division, weights and order of the samples",
    "bounded_slope": "whether sup|f'| is finite",
    "chance": "share of the most frequent class",
    "gradient_log10": "log10 of the L2 norm of dL/dW of the first layer over the training samples, before training and "
    "before any clipping of gradients, in float64; null for 0 and where it leaves the range of float64",
    "step_log10": "the same of the gradient of all weights and biases, divided by the L2 norm of these: how far, "
    "relative to the weights, a first step of learning rate 1 goes",
    "largest_log10": "log10 of the largest magnitude among the outputs of the last hidden layer before training, in "
    "float64",
    "rate": "the learning rate of those tried with the least training loss; this and what follows is of training by "
    "SGD in float32, and null if all diverged",
    "train_loss": "mean cross-entropy over the last epoch",
    "test_accuracy": "share of held-out samples classified rightly after training",
    "weight_growth": "largest L2 norm of all weights and biases after an epoch, relative to that at the start",
    "diverged_share": "share of the learning rates with which loss or weights left the finite numbers of float32",
}

EXPERIMENT = Experiment(
    name="explode",
    title="With polynomials, gradients and weights blow up",
    summary="Networks whose activation is the square, the square of the square, or the square with its sign are made "
    "at several depths. Their gradients are measured at the start, then each is trained by gradient descent, with the "
    "best of several learning rates, without a remedy and with one: a critical initialisation, clipped gradients, or "
    "clipped outputs.",
    settings=Settings,
    axes=("activation", "times", "depth", "remedy", "seed"),
    listed={"remedy": "remedies"},
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=explode_figure.panels,
    table=explode_figure.table,
    quick={"depths": (1, 2, 4), "rates": (0.1, 0.01), "epochs": 3, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
