r"""Saturation: large weights drive sigmoid and tanh units to the ends of their range, small ones to a constant.

With weights of standard deviation g / sqrt(n) (n inputs; g the gain) pre-activations have the deviation g times the
root mean square of the layer's inputs. Where it is large, most units sit at an end of their range, where f' is next to
0: they are saturated (`fastact.mlp.LayerStatistics`: abs f' below a thousandth of its supremum). Where it is small,
f is a line, and a layer shrinks the differences between samples by g f'(0): after some layers all samples look alike,
and every unit is a constant, 1/2 for the sigmoid and 0 for tanh.

Gradients are another matter. On its way down a gradient is multiplied by f' and by the weights, and large weights may
make up for small f': see (1) in `fastact.experiments.vanish`. It is measured, not taken for granted.
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
from . import figure as saturate_figure
from .claims import at_an_edge, findings

BINS = 40
"""Of a histogram."""
OUTSIDE = 0.005
"""Share of the outputs at either end that the histogram of an unbounded activation leaves out."""


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("sigmoid", "tanh"))
    gains: Sequence[float] = options.numbers(
        (0.3, 1.0, 4.0, 8.0, 16.0, 32.0), "Factors on the initial weights of Xavier's uniform distribution."
    )
    optimisers: Sequence[str] = options.choices(("sgd", "adam"), "Optimisers.", mlp.OPTIMISERS)
    rates: Sequence[float] = options.numbers((2.0, 0.5, 0.1, 0.01, 0.001), "Learning rates tried in each cell.")
    depth: int = options.integer(6, "Hidden layers.", lower=2)
    width: int = options.integer(48, "Units of every hidden layer.")
    epochs: int = options.integer(10, "Passes over the training samples.")
    seeds: int = options.seeds(3)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """One for each activation, gain, optimiser and seed."""
    return [
        {"activation": activation, "gain": gain, "optimiser": optimiser, "seed": settings.seed + at}
        for activation in settings.activations
        for gain in settings.gains
        for optimiser in settings.optimisers
        for at in range(settings.seeds)
    ]


def network(settings: Settings, dataset: data.Dataset, cell: Cell) -> mlp.Network:
    """The network of a cell, before training."""
    return mlp.Network(
        [
            *(mlp.Dense(settings.width, cell["activation"]) for _ in range(settings.depth)),
            mlp.Dense(len(dataset.classes)),
        ],
        inputs=dataset.X.shape[1],
        seed=cell["seed"],
        gain=cell["gain"],
    )


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    row: Row = {"chance": training.chance(dataset), **at_start(network(settings, dataset, cell), parts)}
    best: Row = {
        "rate": None, "train_loss": None, "test_accuracy": None, "saturated_after": None, "weight_change": None,
    }  # fmt: skip
    for rate in settings.rates:
        net = network(settings, dataset, cell)
        found = trained(settings, net, parts, mlp.OPTIMISERS[cell["optimiser"]](rate))
        if found is not None and (best["train_loss"] is None or found["train_loss"] < best["train_loss"]):
            best = {"rate": rate, **found}
    return {**row, **best}


def at_start(net: mlp.Network, parts: data.Split) -> Row:
    """What the hidden layers do before training, over the training samples."""
    statistics = net.statistics(parts.X_train, parts.y_train)[:-1]
    outputs = [values.astype(np.float64) for values in net.activations(parts.X_train)[:-1]]
    ends = histogram_ends(statistics[0].activation, outputs)
    with np.errstate(all="ignore"):  # where outputs overflow, there is no deviation
        deviation = [float(values.std(axis=0).mean()) for values in outputs]
    return {
        "saturated": [layer.saturated for layer in statistics],
        "gradient": [layer.weight_gradient_norm for layer in statistics],
        "deviation": deviation,
        "histogram_ends": None if ends is None else list(ends),
        "histogram": None if ends is None else [histogram(values, ends) for values in outputs],
    }


def histogram_ends(activation: str, outputs: Sequence[NDArray[np.float64]]) -> tuple[float, float] | None:
    """The range of a bounded activation, else where nearly all outputs are; None if they are not finite."""
    if not all(np.isfinite(values).all() for values in outputs):
        return None
    interval = fastact.registered(activation).spec.range
    every = np.concatenate([values.ravel() for values in outputs])
    low, high = (float(end) for end in np.quantile(every, (OUTSIDE, 1.0 - OUTSIDE)))
    low = interval.lower if math.isfinite(interval.lower) else low
    high = interval.upper if math.isfinite(interval.upper) else high
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def histogram(values: NDArray[np.float64], ends: tuple[float, float]) -> list[float]:
    """The share of all values in each of equal bins between the ends; what is beyond them counts as at the ends."""
    counts, _ = np.histogram(np.clip(values, *ends), BINS, ends)
    return [float(count) for count in counts / values.size]


def trained(settings: Settings, net: mlp.Network, parts: data.Split, optimiser: mlp.Optimiser) -> Row | None:
    """What a training comes to; None if it diverges."""
    before = [layer.weight.astype(np.float64) for layer in net.layers[:-1]]
    outcome = training.train(net, parts.X_train, parts.y_train, epochs=settings.epochs, optimiser=optimiser)
    if outcome.diverged:
        return None
    statistics = net.statistics(parts.X_train, parts.y_train)[:-1]
    return {
        "train_loss": outcome.losses[-1],
        "test_accuracy": net.score(parts.X_test, parts.y_test),
        "saturated_after": [layer.saturated for layer in statistics],
        "weight_change": [
            float(np.linalg.norm(layer.weight - start) / np.linalg.norm(start))
            for layer, start in zip(net.layers[:-1], before, strict=True)
        ],
    }


DEFINITIONS: dict[str, Any] = {
    "activation": "of all hidden layers",
    "gain": "factor on the initial weights of Xavier's uniform distribution",
    "optimiser": "by its name in fastact.mlp.OPTIMISERS, with its defaults but for the learning rate",
    "seed": "of data's division, weights and order of the samples",
    "chance": "share of the most frequent class",
    "saturated": "by hidden layer, before training: share of units x training samples with |f'| below a thousandth of "
    "its supremum",
    "gradient": "by hidden layer, before training: L2 norm of dL/dW over the training samples",
    "deviation": "by hidden layer, before training: standard deviation of a unit's output over the training samples, "
    "mean over the units; 0 for a layer that is a constant",
    "histogram_ends": "between which outputs lie in the bins of the histogram: the range of f, or where it is "
    f"unbounded the quantiles {OUTSIDE} and {1 - OUTSIDE} over all layers; null if outputs are not finite",
    "histogram": f"by hidden layer, before training: shares of units x training samples in {BINS} equal bins",
    "rate": "the learning rate of those tried with the least training loss; this and what follows is null if all "
    "diverged",
    "train_loss": "mean cross-entropy over the last epoch",
    "test_accuracy": "share of held-out samples classified rightly after training",
    "saturated_after": "as saturated, after training",
    "weight_change": "by hidden layer: L2 norm of the change of the weights in training relative to that of the "
    "initial weights",
}

EXPERIMENT = Experiment(
    name="saturate",
    title="Weights too large saturate layers, weights too small make them constant",
    summary="Deep networks of sigmoid and tanh units start from weights of very different sizes. Before training the "
    "distribution of every layer's outputs is taken, the share of saturated units, what is left of the differences "
    "between samples, and the gradients; then each network is trained with the best of several learning rates.",
    settings=Settings,
    axes=("activation", "gain", "optimiser", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=saturate_figure.panels,
    table=saturate_figure.table,
    notes=at_an_edge,
    quick={"gains": (0.3, 4.0, 32.0), "optimisers": ("adam",), "rates": (0.01, 0.001), "epochs": 6, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
