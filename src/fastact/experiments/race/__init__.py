"""How long a network needs until it makes 25 % errors on its training samples, activation against activation.

The claim is old and much quoted: with relu a network gets there six times faster than with tanh (Krizhevsky,
Sutskever and Hinton, 2012, figure 1; a convolutional network of four layers on CIFAR-10, learning rates chosen for
each, no regularisation). Here fully connected networks learn by plain gradient descent. Every activation has the
initialisation made for it and, at every depth, that learning rate of a grid with which all seeds arrive in the fewest
epochs. The error over all training samples is looked at after every step, as an epoch is too coarse.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from .. import data, options
from ..configuration import initialiser_for
from ..experiment import CLOCK, Experiment, Row
from ..reaching import reach
from .claims import findings
from .figure import notes, panels, table

LOOKS = (0, 1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896)
"""Steps after which the training error is kept."""


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("relu", "tanh", "sigmoid"))
    depths: Sequence[int] = options.integers((2, 4), "Numbers of hidden layers.")
    rates: Sequence[float] = options.numbers((0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0), "Learning rates; the best is taken.")
    error: float = options.number(0.25, "Training error that is the target.", upper=1.0)
    late_error: float = options.number(0.05, "A second target, at most the first.", upper=1.0)
    width: int = options.integer(64, "Units of every hidden layer.")
    batch_size: int = options.integer(32, "Samples of a step.")
    epochs: int = options.integer(16, "Passes over the training samples after which a network gives up.")
    seeds: int = options.seeds(3)
    seed: int = options.seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.late_error > self.error:
            raise ValueError(f"late_error must be at most error, {self.error:g}, got {self.late_error:g}")


def cells(settings: Settings) -> list[Row]:
    """One for each activation, depth, rate and seed."""
    return [
        {"activation": activation, "depth": depth, "rate": rate, "seed": settings.seed + at}
        for activation in settings.activations
        for depth in settings.depths
        for rate in settings.rates
        for at in range(settings.seeds)
    ]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    X, y = parts.X_train, parts.y_train

    def fresh() -> mlp.Network:
        hidden = [mlp.Dense(settings.width, cell["activation"]) for _ in range(cell["depth"])]
        return mlp.Network(
            [*hidden, mlp.Dense(len(dataset.classes))],
            inputs=X.shape[1],
            seed=cell["seed"],
            initialiser=initialiser_for(cell["activation"]),
        )

    net = fresh()
    errors: list[float] = []

    def there() -> bool:
        errors.append(1.0 - net.score(X, y))
        return errors[-1] <= settings.late_error

    outcome = reach(
        net, X, y, there, optimiser=mlp.SGD(cell["rate"]), batch_size=settings.batch_size, epochs=settings.epochs,
        every=1, seed=cell["seed"],
    )  # fmt: skip
    steps = max(1, len(y) // min(settings.batch_size, len(y)))
    first = next((at for at, error in enumerate(errors) if error <= settings.error), None)
    return {
        "diverged": outcome.diverged,
        "epochs": None if first is None else first / steps,
        "late_epochs": None if outcome.steps is None else outcome.steps / steps,
        "limit": settings.epochs,
        "error_after": [at / steps for at in LOOKS],
        "errors": [errors[at] if at < len(errors) else None for at in LOOKS],
        CLOCK: {"step_seconds": _step_seconds(fresh(), X, y, settings.batch_size)},
    }


def _step_seconds(net: mlp.Network, X: NDArray[np.floating], y: NDArray[np.int64], batch_size: int) -> float:
    """Mean time of a step in the fastest of three epochs, at a rate that changes next to nothing."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        net.fit(X, y, epochs=1, batch_size=batch_size, optimiser=mlp.SGD(1e-9))
        times.append(time.perf_counter() - started)
    return min(times) / math.ceil(len(y) / batch_size)


DEFINITIONS = {
    "activation": "of all hidden layers",
    "depth": "number of hidden layers",
    "rate": "learning rate of gradient descent",
    "seed": "of data's division, weights and order of the samples",
    "diverged": "whether training left the finite numbers before the second target",
    "epochs": "passes over the training samples, in steps of one batch, until the share of these that are classified "
    "wrongly is at the first target or below for the first time; null if it never was",
    "late_epochs": "the same for the second target",
    "limit": "epochs after which the network gave up",
    "error_after": "epochs after which errors are kept",
    "errors": "share of the training samples classified wrongly after these; null after the end",
    CLOCK: "step_seconds: mean time of a step in the fastest of three epochs, in seconds",
}

EXPERIMENT = Experiment(
    name="race",
    title="A race to 25% training error",
    summary="Networks of each activation learn with several learning rates until their training error is at 25%, and "
    "on to a lower one. Compared are the epochs, and the seconds, at the best rate of each.",
    settings=Settings,
    axes=("activation", "depth", "rate", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    notes=notes,
    quick={"depths": (2,), "rates": (0.2, 0.5, 1.0, 2.0), "epochs": 6, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
