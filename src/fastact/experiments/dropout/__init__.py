r"""Dropout: training and test loss with it and without.

In training each hidden output is put to 0 with probability p, and the others are divided by 1 - p; in evaluation all
pass (`fastact.mlp.Dropout`). Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting,
JMLR 15, 2014, see it as training many thinned networks that share their weights.

Networks that can learn their samples by heart are trained on few of them, of whose labels a share is replaced by
labels drawn at random: then there is something that must not be learnt. Test labels are as they are. Losses are taken
in evaluation, without dropping, after every epoch.
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
from ..experiment import Cell, Experiment, Row
from . import figure as dropout_figure
from .claims import findings


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("relu", "tanh"))
    dropped: Sequence[float] = options.numbers(
        (0.0, 0.2, 0.5, 0.7), "Probabilities of dropping a hidden output.", upper=1.0, closed=True
    )
    noises: Sequence[float] = options.numbers(
        (0.0, 0.4), "Shares of the training labels that are replaced at random.", upper=1.0, closed=True
    )
    samples: int = options.integer(600, "Training samples, at most as many as there are.", lower=8)
    depth: int = options.integer(2, "Hidden layers.")
    width: int = options.integer(128, "Units of every hidden layer.")
    epochs: int = options.integer(60, "Passes over the training samples.")
    rate: float = options.number(0.001, "Learning rate of Adam.")
    target: float = options.number(0.1, "Training loss to which epochs are counted.")
    seeds: int = options.seeds(4)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """One for each activation, share of wrong labels, probability and seed."""
    return [
        {"activation": activation, "noise": noise, "dropped": dropped, "seed": settings.seed + at}
        for activation in settings.activations
        for noise in settings.noises
        for dropped in settings.dropped
        for at in range(settings.seeds)
    ]


def network(settings: Settings, dataset: data.Dataset, cell: Cell) -> mlp.Network:
    """The network of a cell, before training: without dropping there is no dropout layer."""
    layers: list[mlp.Layer] = []
    for _ in range(settings.depth):
        layers.append(mlp.Dense(settings.width, cell["activation"]))
        if cell["dropped"] > 0:
            layers.append(mlp.Dropout(cell["dropped"]))
    return mlp.Network(
        [*layers, mlp.Dense(len(dataset.classes))],
        inputs=dataset.X.shape[1],
        seed=cell["seed"],
        initialiser=initialiser_for(cell["activation"]),
    )


def with_noise(y: NDArray[np.int64], classes: int, share: float, seed: int) -> NDArray[np.int64]:
    """The labels, each replaced with the probability ``share`` by one drawn from all classes alike."""
    rng = np.random.default_rng(seed)
    replaced = rng.random(len(y)) < share
    return np.where(replaced, rng.integers(0, classes, len(y)), y)


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    X = parts.X_train[: settings.samples]
    y = with_noise(parts.y_train[: settings.samples], len(dataset.classes), cell["noise"], cell["seed"])
    net = network(settings, dataset, cell)
    losses: list[float] = []
    test_losses: list[float] = []

    def watch(*_: Any) -> bool:
        losses.append(net.loss(X, y))
        test_losses.append(net.loss(parts.X_test, parts.y_test))
        return False

    outcome = training.train(net, X, y, epochs=settings.epochs, optimiser=mlp.Adam(settings.rate), until=watch)
    row: Row = {
        "training_loss": losses,
        "test_loss": test_losses,
        "epochs_to_target": next((at + 1 for at, loss in enumerate(losses) if loss <= settings.target), None),
    }
    if outcome.diverged:
        return {
            **row,
            "last_training_loss": None,
            "last_test_loss": None,
            "least_test_loss": None,
            "test_accuracy": None,
        }
    return {
        **row,
        "last_training_loss": losses[-1],
        "last_test_loss": test_losses[-1],
        "least_test_loss": min(test_losses),
        "test_accuracy": net.score(parts.X_test, parts.y_test),
    }


DEFINITIONS = {
    "activation": "of all hidden layers",
    "noise": "share of the training labels replaced by labels drawn from all classes alike",
    "dropped": "probability with which a hidden output is dropped in training",
    "seed": "of data's division, labels replaced, weights, order of the samples and what is dropped",
    "training_loss": "after each epoch: mean cross-entropy over the training samples and the labels trained on, "
    "without dropping",
    "test_loss": "after each epoch: mean cross-entropy over held-out samples and their true labels",
    "epochs_to_target": "number of the epoch after which the training loss is first at the target or below; null if it "
    "never is",
    "last_training_loss": "training loss after the last epoch; only without wrong labels is the test loss less this "
    "the gap that is judged; null, as what follows, if training diverged",
    "last_test_loss": "test loss after the last epoch",
    "least_test_loss": "the least test loss after any epoch: what stopping in time could reach at best",
    "test_accuracy": "share of held-out samples classified rightly after the last epoch",
}

EXPERIMENT = Experiment(
    name="dropout",
    title="Dropout: what it does to training and test loss",
    summary="Networks that can learn their samples by heart are trained with several probabilities of dropping hidden "
    "outputs, on samples whose labels are right, and on samples of whose labels a share is wrong. Training and test "
    "loss are followed epoch by epoch.",
    settings=Settings,
    axes=("activation", "noise", "dropped", "seed"),
    listed={"dropped": "dropped"},
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=dropout_figure.panels,
    table=dropout_figure.table,
    quick={"dropped": (0.0, 0.5), "noises": (0.0, 0.4), "samples": 300, "epochs": 30, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
