r"""Dead units: relu units that no sample activates, and that no gradient reaches any more.

relu(z) = max(0, z) has f'(z) = 0 for z <= 0. A unit with z <= 0 for every sample gets no gradient, and its weights
stay as they are, unless the layers before it change its inputs. One step that is too long may take many units there.

A unit is dead here if f', as computed, is 0 for every sample of the training part: also a gelu or elu unit whose
derivative underflows. Beside that count after training stands the trainer's own during training
(`fastact.mlp.Probe`): a unit counts as dead once f' was 0 for every sample of so many steps in a row.

Everything is measured over the learning rate, for every activation with every optimiser, and for the first of each
with other initialisations and other initial biases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact
from fastact import mlp

from .. import data, options, training
from ..experiment import Cell, Experiment, Row
from . import figure as dying_figure
from .claims import findings


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("relu", "leaky_relu", "prelu", "rrelu", "elu", "gelu"))
    optimisers: Sequence[str] = options.choices(("sgd", "adagrad", "adam"), "Optimisers.", mlp.OPTIMISERS)
    initialisers: Sequence[str] = options.choices(
        ("he_normal", "xavier_normal", "normal"),
        "Distributions of the initial weights; all but the first with the first activation and optimiser only.",
        sorted(mlp.INITIALISERS),
    )
    biases: Sequence[float] = options.numbers(
        (0.0, -5.0, 0.1),
        "Initial biases of hidden units; all but the first with the first activation and optimiser only.",
        lower=-math.inf,
    )
    rates: Sequence[float] = options.numbers((0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0, 3.0), "Learning rates.")
    depth: int = options.integer(2, "Hidden layers.")
    width: int = options.integer(64, "Units of every hidden layer.")
    epochs: int = options.integer(10, "Passes over the training samples.")
    batch_size: int = options.integer(32, "Samples per step.")
    window: int = options.integer(100, "Steps without any gradient after which a unit counts as dead in training.")
    seeds: int = options.seeds(4)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """Every activation with every optimiser; then the first of both with other initialisers and other biases."""
    activation, optimiser = settings.activations[0], settings.optimisers[0]
    initialiser, bias = settings.initialisers[0], settings.biases[0]
    variants = [(a, o, initialiser, bias) for o in settings.optimisers for a in settings.activations]
    variants += [(activation, optimiser, other, bias) for other in settings.initialisers[1:]]
    variants += [(activation, optimiser, initialiser, other) for other in settings.biases[1:]]
    names = ("activation", "optimiser", "initialiser", "bias")
    return [
        {**dict(zip(names, variant, strict=True)), "rate": rate, "seed": settings.seed + at}
        for variant in variants
        for rate in settings.rates
        for at in range(settings.seeds)
    ]


def network(settings: Settings, dataset: data.Dataset, cell: Cell) -> mlp.Network:
    """The network of a cell, before training; parameters that an activation learns (prelu) are learned by unit."""
    row = fastact.registered(cell["activation"]).spec
    learn: Any = "unit" if any(parameter.learnable for parameter in row.parameters) else None
    layers: list[mlp.Layer] = [
        mlp.Dense(settings.width, cell["activation"], learn=learn) for _ in range(settings.depth)
    ]
    net = mlp.Network(
        [*layers, mlp.Dense(len(dataset.classes))],
        inputs=dataset.X.shape[1],
        seed=cell["seed"],
        initialiser=cell["initialiser"],
    )
    for layer in net.layers[:-1]:
        layer.bias[...] = cell["bias"]
    return net


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    net = network(settings, dataset, cell)
    row: Row = {"chance": training.chance(dataset), "dead_before": dead(net, parts)}
    steps = math.ceil(len(parts.y_train) / settings.batch_size)
    outcome = training.train(
        net,
        parts.X_train,
        parts.y_train,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        optimiser=mlp.OPTIMISERS[cell["optimiser"]](cell["rate"]),
        probe=mlp.Probe(every=steps, window=settings.window),
    )
    if outcome.history is None or outcome.diverged:
        return {**row, "dead": None, "dead_by_step": None, "test_accuracy": None}
    by_step: dict[int, list[float]] = {}
    for record in outcome.history.probes:
        if record.layer < settings.depth and not math.isnan(record.dead):
            by_step.setdefault(record.step, []).append(record.dead)
    return {
        **row,
        "dead": dead(net, parts),
        "dead_by_step": [[step, *shares] for step, shares in by_step.items()],
        "test_accuracy": net.score(parts.X_test, parts.y_test),
    }


def dead(net: mlp.Network, parts: data.Split) -> float:
    """Share of the hidden units whose f' is 0 for every training sample."""
    return float(np.mean([layer.dead for layer in net.statistics(parts.X_train, parts.y_train)[:-1]]))


DEFINITIONS = {
    "activation": "of all hidden layers",
    "optimiser": "by its name in fastact.mlp.OPTIMISERS, with its defaults but for the learning rate",
    "initialiser": "of the weights",
    "bias": "initial bias of every hidden unit",
    "rate": "learning rate",
    "seed": "of data's division, weights and order of the samples",
    "chance": "share of the most frequent class",
    "dead_before": "share of the hidden units with f' = 0 for every training sample, before training",
    "dead": "the same after training; null, as what follows, if loss or weights left the finite numbers",
    "dead_by_step": "once an epoch: the step, counted from 0, and of each hidden layer the share of units with f' = 0 "
    "for every sample of the window of steps up to it; from when there were so many steps",
    "test_accuracy": "share of held-out samples classified rightly after training",
}

EXPERIMENT = Experiment(
    name="dying",
    title="When relu units die, and what keeps them alive",
    summary="Small classifiers are trained over a range of learning rates, and the hidden units are counted to which "
    "no sample sends a gradient any more. Then again with other activations, other optimisers, other initial weights "
    "and other initial biases.",
    settings=Settings,
    axes=("activation", "optimiser", "initialiser", "bias", "rate", "seed"),
    listed={"bias": "biases"},
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=dying_figure.panels,
    table=dying_figure.table,
    quick={"optimisers": ("sgd", "adam"), "rates": (0.1, 1.0), "epochs": 4, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
