"""What the networks of ``boundary`` are asked to learn, and the networks: one hidden layer each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from .. import shapes, training
from ..configuration import initialiser_for

Array = NDArray[np.float64]

PLANE = ("circle", "moons", "spiral", "stripes")
"""Shapes of `shapes` that every activation is asked for."""
UNBIASED = "circle without biases"
STARTS = "stripes from many starts"
NOISY = "noisy moons"

MIXED = "mixed"
"""A hidden layer whose units take the settings' ``mixture`` of activations in turn."""
SINUSOIDS = "cos and sin"
"""A hidden layer whose units are cosines and sines in turn."""
FOURIER = "Fourier"
"""The same, whose frequencies are the harmonics 1, 1, 2, 2, 3, 3 ...: only the layer after it learns."""

RATE, BATCH = 0.03, 32
EPOCHS, FIT_EPOCHS, NOISY_EPOCHS = 300, 400, 3000
FEW, FLIPPED = 40, 0.2
"""Points of the noisy task, and the share of them with the wrong class."""
LOSS = "mean_squared_error"
SOLVED = 0.95
"""Share of new points from which on a shape counts as learned."""
TESTED = 1000
"""Held-out points of each shape."""
HELD_OUT = 1_000_003
"""What is added to a seed for held-out points: no other seed of a run is as large."""


@dataclass(frozen=True)
class Function:
    """A function of one number, to be learned within a range and continued outside it.

    Attributes
    ----------
    formula : str
    value : callable
        Of an array.
    inside, outside : pair of float
        Ranges of the numbers; those outside follow on those inside.
    """

    formula: str
    value: Callable[[Array], Array]
    inside: tuple[float, float]
    outside: tuple[float, float]


FUNCTIONS = {
    "logarithm": Function("X + log X", lambda x: x + np.log(x), (0.05, 4.0), (4.0, 8.0)),
    "wave": Function("sin(X)", np.sin, (-2.0 * np.pi, 2.0 * np.pi), (2.0 * np.pi, 4.0 * np.pi)),
    "square wave": Function(
        "sign(sin(X))",
        lambda x: np.sign(np.sin(x)),
        (-2.0 * np.pi, 2.0 * np.pi),
        (2.0 * np.pi, 4.0 * np.pi),
    ),
}
"""What is learned of one number, by the name of the task."""


def hidden_units(hidden: str, units: int, mixture: Sequence[str]) -> str | list[str]:
    """The activations of a hidden layer, for `mlp.Dense`: one, or one for each unit."""
    turns = {MIXED: tuple(mixture), SINUSOIDS: ("cos", "sin"), FOURIER: ("cos", "sin")}.get(hidden)
    return hidden if turns is None else [turns[at % len(turns)] for at in range(units)]


def network(
    activations: str | list[str],
    units: int,
    seed: int,
    *,
    inputs: int = 2,
    outputs: int = 2,
    use_bias: bool = True,
    loss: str = "cross_entropy",
    gain: float = 1.0,
) -> mlp.Network:
    """A network in float64: how straight a boundary is can be measured then."""
    first = activations if isinstance(activations, str) else activations[0]
    return mlp.Network(
        [mlp.Dense(units, activations, use_bias=use_bias), mlp.Dense(outputs)],
        inputs=inputs,
        loss=loss,
        dtype="float64",
        seed=seed,
        initialiser=initialiser_for(first),
        gain=gain,
    )


def shape_of(task: str) -> str:
    """The shape in `shapes` that a task in the plane is about."""
    return {UNBIASED: "circle", STARTS: "stripes", NOISY: "moons"}.get(task, task)


def plane(task: str, samples: int, seed: int) -> shapes.Points:
    """The training points of a task in the plane; among few noisy ones some have the wrong class."""
    if task == NOISY:
        found = shapes.points("moons", FEW, seed)
        wrong = np.random.default_rng(seed).permutation(FEW)[: round(FLIPPED * FEW)]
        y = found.y.copy()
        y[wrong] = 1 - y[wrong]
        return found.X, y
    found = shapes.points(shape_of(task), samples, seed)
    return found.X, found.y


def held_out(task: str, seed: int) -> shapes.Points:
    """New points of a task's shape, all of the right class."""
    found = shapes.points(shape_of(task), TESTED, seed + HELD_OUT)
    return found.X, found.y


def separated(
    task: str, activations: str | list[str], units: int, samples: int, seed: int, gain: float
) -> tuple[mlp.Network, shapes.Points, bool]:
    """A network trained on a task in the plane, its points, and whether the training diverged."""
    X, y = plane(task, samples, seed)
    net = network(activations, units, seed, use_bias=task != UNBIASED, gain=gain)
    # All of the noisy points at once: they are to be learned by heart.
    epochs, batch = (NOISY_EPOCHS, FEW) if task == NOISY else (EPOCHS, BATCH)
    outcome = training.train(net, X, y, epochs=epochs, batch_size=batch, optimiser=_optimiser(epochs, len(y), batch))
    return net, (X, y), outcome.diverged


def _optimiser(epochs: int, samples: int, batch: int) -> mlp.Adam:
    """A rate that falls to 0: what is measured at the end is no noise of the last steps."""
    return mlp.Adam(mlp.Cosine(RATE, epochs * -(-samples // batch)))


@dataclass(frozen=True)
class Fit:
    """A network trained on a function of one number.

    Attributes
    ----------
    function : Function
    net : Network
        Its inputs are the number less the middle of the training range, times ``multiples``.
    multiples : array
        The harmonics for `FOURIER`, else 1.
    mean, std : float
        Of the training values; the network learns them with mean 0 and deviation 1.
    """

    function: Function
    net: mlp.Network
    multiples: Array
    mean: float
    std: float

    def samples(self, x: Array) -> Array:
        """The network's inputs for numbers (n,)."""
        return np.outer(x - sum(self.function.inside) / 2.0, self.multiples)

    def __call__(self, x: Array) -> Array:
        """What the network says, for numbers (n,)."""
        return self.mean + self.std * self.net.forward(self.samples(x))[:, 0].astype(np.float64)

    def r2(self, x: Array) -> float:
        """Share of the function's variance at these numbers that the network explains; negative if it adds some."""
        y = self.function.value(x)
        return float(1.0 - np.square(y - self(x)).sum() / np.square(y - y.mean()).sum())


def fitted(task: str, hidden: str, units: int, samples: int, seed: int) -> Fit | None:
    """A network trained on numbers that are drawn from the function's training range; None if it diverged."""
    function = FUNCTIONS[task]
    x = np.random.default_rng(seed).uniform(*function.inside, samples)
    y = function.value(x)
    activations = hidden_units(hidden, units, ())
    multiples: Array = np.ones(1)
    if hidden == FOURIER:
        multiples = 1.0 + np.arange(units, dtype=np.float64) // 2
        layers = [mlp.Activation(activations), mlp.Dense(1)]
        net = mlp.Network(layers, inputs=units, loss=LOSS, dtype="float64", seed=seed)
    else:
        net = network(activations, units, seed, inputs=1, outputs=1, loss=LOSS)
    fit = Fit(function, net, multiples, float(y.mean()), float(y.std()))
    outcome = training.train(
        net,
        fit.samples(x),
        ((y - fit.mean) / fit.std)[:, np.newaxis],
        epochs=FIT_EPOCHS,
        batch_size=BATCH,
        optimiser=_optimiser(FIT_EPOCHS, samples, BATCH),
    )
    return None if outcome.diverged else fit
