"""How many outputs of relu are exactly zero: layer by layer, before and during training.

A rectifier is 0 on half of the line, so that sums that are symmetric about 0 make half of its outputs zeros. How many
there are after training depends on what training asks for. An L1 penalty on activations, l1 times the sum of their
absolute values over the units of all hidden layers (mean over samples), is how Glorot, Bordes and Bengio (2011) made
their networks sparser. Zeros are counted on held-out samples, beside the units that are 0 for all of them, which carry
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from .. import data, options, training
from ..configuration import initialiser_for
from ..experiment import Experiment, Row
from ..layers import ActivityPenalty
from .claims import findings
from .figure import panels, table


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("relu", "softplus"))
    l1: Sequence[float] = options.numbers(
        (0.0, 1e-4, 1e-3, 1e-2, 3e-2), "L1 penalties on the activations.", closed=True
    )
    depth: int = options.integer(3, "Hidden layers.")
    width: int = options.integer(64, "Units of every hidden layer.")
    epochs: int = options.integer(40, "Passes over the training samples.")
    learning_rate: float = options.number(1e-3, "Of Adam.")
    seeds: int = options.seeds(5)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Row]:
    """One for each activation, penalty and seed."""
    return [
        {"activation": activation, "l1": l1, "seed": settings.seed + at}
        for activation in settings.activations
        for l1 in settings.l1
        for at in range(settings.seeds)
    ]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    layers: list[mlp.Layer] = []
    for _ in range(settings.depth):
        layers += [mlp.Dense(settings.width, cell["activation"]), ActivityPenalty(cell["l1"])]
    net = mlp.Network(
        [*layers, mlp.Dense(len(dataset.classes))],
        inputs=parts.X_train.shape[1],
        seed=cell["seed"],
        initialiser=initialiser_for(cell["activation"]),
    )
    looks = sorted({0, *(round(float(at)) for at in np.geomspace(1, settings.epochs, 8))})
    zeros, silent = counted(net, parts.X_test)
    by_epoch: list[list[float] | None] = [zeros]

    def after(epoch: int, _: float) -> bool:
        nonlocal silent
        if epoch in looks:
            zeros, silent = counted(net, parts.X_test)
            by_epoch.append(zeros)
        return False

    outcome = training.train(
        net, parts.X_train, parts.y_train, epochs=settings.epochs, optimiser=mlp.Adam(settings.learning_rate),
        until=after,
    )  # fmt: skip
    by_epoch += [None] * (len(looks) - len(by_epoch))
    return {
        "diverged": outcome.diverged,
        "epochs": looks,
        "zeros": by_epoch,
        "silent": None if outcome.diverged else silent,
        "test_accuracy": None if outcome.diverged else net.score(parts.X_test, parts.y_test),
    }


def counted(net: mlp.Network, X: NDArray[Any]) -> tuple[list[float], list[float]]:
    """By hidden layer, the share of outputs that are exactly 0, and of units that are so for every sample."""
    outputs = net.activations(X)[1:-1:2]
    zero = [layer == 0.0 for layer in outputs]
    return [float(layer.mean()) for layer in zero], [float(layer.all(axis=0).mean()) for layer in zero]


DEFINITIONS = {
    "activation": "of all hidden layers",
    "l1": "factor of the sum of absolute activations of all hidden units, mean over samples, in the loss",
    "seed": "of data's division, weights and order of the samples",
    "diverged": "whether training left the finite numbers; what is measured after it is null then",
    "epochs": "passes over the training samples after which zeros are counted",
    "zeros": "by these epochs, and by hidden layer from the inputs on: share of outputs, over units and held-out "
    "samples, that are exactly 0; null after a divergence",
    "silent": "by hidden layer: share of units whose output is 0 for every held-out sample, after training",
    "test_accuracy": "share of the held-out samples classified rightly after training",
}

EXPERIMENT = Experiment(
    name="sparsity",
    title="How many outputs of relu are zero",
    summary="Zeros are counted in every hidden layer before and during training, without and with an L1 penalty on "
    "activations, beside the accuracy that remains.",
    settings=Settings,
    axes=("activation", "l1", "seed"),
    listed={"l1": "l1"},
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    quick={"l1": (0.0, 1e-2), "epochs": 15, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
