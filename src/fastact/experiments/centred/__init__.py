r"""Outputs that are not centred at zero push all weights of a unit the same way.

For one sample the gradient of a unit's weights is dL/dw_i = (dL/dz) a_i: one number for the unit times its inputs.
Where all inputs a_i have one sign, as behind a sigmoid, so have all components of the gradient. One step then moves all
weights up or all down, and a weight vector that has to turn can only zig-zag: successive steps point along or against
each other.

Whether that is what makes an activation slow is asked of the activation itself: its outputs are moved by a constant,
which the biases of the next layer make up for: both networks start as the same function, and can represent the same
ones. What is one-sided is centred by the mean E f(Z) over standard normal numbers Z, and what is not is lifted until
it is positive (or lowered, if only its supremum is finite). All learn with plain gradient descent, each with the rate
that suits it best.
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

from .. import data, options
from ..configuration import initialiser_for
from ..experiment import Experiment, Row
from ..layers import Shift
from ..reaching import reach
from .claims import REVERSED, findings
from .figure import ANGLES, panels, table

OUTPUTS = ("own", "moved")


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("sigmoid", "tanh", "relu", "elu"))
    outputs: Sequence[str] = options.choices(
        OUTPUTS, "The activation's own outputs, or moved: one-sided ones centred, others made one-sided.", OUTPUTS
    )
    rates: Sequence[float] = options.numbers((0.2, 0.5, 1.0, 2.0, 5.0, 10.0), "Learning rates; the best is taken.")
    depth: int = options.integer(2, "Hidden layers.")
    width: int = options.integer(32, "Units of every hidden layer.")
    batch_size: int = options.integer(32, "Samples of a step.")
    epochs: int = options.integer(8, "Passes over the training samples after which the target is given up.")
    loss: float = options.number(0.2, "Training loss that is the target, in nats.")
    watched: int = options.integer(100, "Steps over which signs and angles are taken.", lower=2)
    seeds: int = options.seeds(4)
    seed: int = options.seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not cells(self):
            raise ValueError("outputs must have 'own' where no activation has a lower or an upper bound")


def cells(settings: Settings) -> list[Row]:
    """One for each activation, its outputs, rate and seed; what is bounded on no side is not moved."""
    return [
        {"activation": activation, "outputs": outputs, "rate": rate, "seed": settings.seed + at}
        for activation in settings.activations
        for outputs in settings.outputs
        if outputs == "own" or shift_of(activation) is not None
        for rate in settings.rates
        for at in range(settings.seeds)
    ]


def one_sided(activation: str) -> bool:
    """Whether an activation has outputs of one sign only."""
    reach = fastact.registered(activation).spec.range
    return bool(reach.lower >= 0.0 or reach.upper <= 0.0)


def shift_of(activation: str) -> float | None:
    """By how much outputs are moved, or None if they have no bound."""
    reach = fastact.registered(activation).spec.range
    if one_sided(activation):
        return -normal_mean(activation)
    bounds = [bound for bound in (reach.lower, reach.upper) if math.isfinite(bound)]
    return -bounds[0] if bounds else None


def normal_mean(activation: str) -> float:
    """E f(Z), Z standard normal, by the midpoint rule, whose error is below 1e-6 at a kink too."""
    edges = np.linspace(-12.0, 12.0, 24_001)
    z = (edges[1:] + edges[:-1]) / 2.0
    density = np.exp(-np.square(z) / 2.0) / math.sqrt(2.0 * math.pi)
    return float((fastact.registered(activation)(z) * density).sum() * (edges[1] - edges[0]))


def network(settings: Settings, cell: Row, inputs: int, classes: int) -> mlp.Network:
    """The network of a cell, with outputs moved where it says so; as a function it is the same either way."""
    shift = shift_of(cell["activation"]) if cell["outputs"] == "moved" else 0.0
    assert shift is not None
    layers: list[mlp.Layer] = []
    for _ in range(settings.depth):
        layers += [mlp.Dense(settings.width, cell["activation"]), Shift(shift)]
    net = mlp.Network(
        [*layers, mlp.Dense(classes)],
        inputs=inputs,
        seed=cell["seed"],
        initialiser=initialiser_for(cell["activation"]),
    )
    for layer in net.layers[2::2]:
        # What the move adds to the sums of the next layer.
        layer.bias -= shift * layer.weight.sum(axis=0)
    return net


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    X, y = parts.X_train, parts.y_train

    def fresh() -> mlp.Network:
        return network(settings, cell, X.shape[1], len(dataset.classes))

    net = fresh()
    outcome = reach(
        net, X, y, lambda: net.loss(X, y) <= settings.loss, optimiser=mlp.SGD(cell["rate"]),
        batch_size=settings.batch_size, epochs=settings.epochs, every=1, seed=cell["seed"],
    )  # fmt: skip
    row: Row = {
        "one_sided": _sides(fresh(), X),
        "steps": outcome.steps,
        "diverged": outcome.diverged,
        "mean_activation": None,
        "unit_mean": None,
    }
    if outcome.steps is not None:
        means = np.array([outputs.mean(axis=0, dtype=np.float64) for outputs in net.activations(X)[1:-1:2]])
        row |= {"mean_activation": means.mean(), "unit_mean": np.abs(means).mean()}
    # A sample's gradient is as large as that of a batch, of which there are so many fewer.
    row |= {f"sample_{name}": value for name, value in watch(
        fresh(), X, y, 1, cell["rate"] / settings.batch_size, settings.watched, cell["seed"]
    ).items()}  # fmt: skip
    alike = watch(fresh(), X, y, settings.batch_size, cell["rate"], settings.watched, cell["seed"])
    return row | {f"batch_{name}": value for name, value in alike.items()}


def _sides(net: mlp.Network, X: NDArray[Any]) -> bool:
    """Whether no two outputs of hidden layers have different signs."""
    outputs = net.activations(X)[1:-1:2]
    return bool(min(map(np.min, outputs)) >= 0.0 or max(map(np.max, outputs)) <= 0.0)


def watch(
    net: mlp.Network, X: NDArray[Any], y: NDArray[Any], batch_size: int, rate: float, steps: int, seed: int
) -> Row:
    """Train for some steps, and say what signs and angles the steps of single units have.

    Taken together are the weights of all layers whose inputs are activations. Gradient descent without momentum goes
    against the gradient, so that the angle between two gradients is that between the steps.
    """
    rng = np.random.default_rng(seed)
    watched = [layer for layer in net.layers if isinstance(layer, mlp.Dense)][1:]
    optimiser = mlp.SGD(rate)
    shares, wholes, cosines = [], [], []
    before: list[NDArray[np.float64]] | None = None
    for _ in range(steps):
        batch = rng.integers(0, len(y), min(batch_size, len(y)))
        try:
            net.fit(X[batch], y[batch], epochs=1, batch_size=batch_size, optimiser=optimiser, shuffle=False)
        except FloatingPointError:
            return dict.fromkeys(("same_sign", "one_sign", "reversed", "aligned", "angles"))
        gradients = [layer.weight_gradient.astype(np.float64) for layer in watched]
        for gradient in gradients:
            share = same_sign(gradient)
            shares.append(share)
            wholes.append(share == 1.0)
        if before is not None:
            cosines += [cosine(*pair) for pair in zip(before, gradients, strict=True)]
        before = gradients
    every, cosines_of_all = np.concatenate(shares), np.concatenate(cosines)
    if not every.size or not cosines_of_all.size:
        return dict.fromkeys(("same_sign", "one_sign", "reversed", "aligned", "angles"))
    angles = np.degrees(np.arccos(cosines_of_all))
    counts, _ = np.histogram(angles, ANGLES)
    return {
        "same_sign": every.mean(),
        "one_sign": np.concatenate(wholes).mean(),
        "reversed": (angles > REVERSED).mean(),
        "aligned": np.abs(cosines_of_all).mean(),
        "angles": (counts / counts.sum()).tolist(),
    }


def same_sign(gradient: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each column the share of the more frequent sign among the components that are not 0; without columns of 0."""
    positive, negative = (gradient > 0.0).sum(axis=0), (gradient < 0.0).sum(axis=0)
    some = positive + negative > 0
    return np.maximum(positive, negative)[some] / (positive + negative)[some]


def cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the angles between the columns of two matrices; without columns of 0."""
    lengths = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    some = lengths > 0.0
    return np.clip((first * second).sum(axis=0)[some] / lengths[some], -1.0, 1.0)


_OF_STEPS = {
    "same_sign": "share of the weights of a unit whose gradient has the sign that is more frequent in it, mean over "
    "units and steps; gradients of exactly 0 are left out",
    "one_sign": "share of units and steps in which all of a unit's gradients have one sign",
    "reversed": f"share of units and pairs of successive steps whose angle is above {REVERSED:g} degrees",
    "aligned": "mean absolute cosine of the angle between a unit's successive steps",
    "angles": f"shares of these angles, in {len(ANGLES) - 1} equal intervals from 0 to 180 degrees",
}
DEFINITIONS = {
    "activation": "of all hidden layers",
    "outputs": "own: as they are; moved: one-sided ones by their mean over standard normal numbers, others by their "
    "bound, so that they are one-sided; the initial biases of the next layer make up for it",
    "rate": "learning rate of gradient descent",
    "seed": "of data's division, weights and order of the samples",
    "one_sided": "whether no two outputs of hidden layers, of any units and training samples, have different signs "
    "before training",
    "steps": "number of the step after which the training loss is at the target or below; null if it never was",
    "diverged": "whether training left the finite numbers",
    "mean_activation": "mean of what the hidden layers hand on, over units and training samples, when the target is "
    "reached; else null",
    "unit_mean": "mean over the units of the absolute mean of their outputs over training samples; as above",
    **{f"sample_{name}": f"one sample a step, at rate / batch size: {text}" for name, text in _OF_STEPS.items()},
    **{f"batch_{name}": f"a batch a step: {text}; null if it diverged" for name, text in _OF_STEPS.items()},
}

EXPERIMENT = Experiment(
    name="centred",
    title="Outputs that are not centred at zero make a zig-zag",
    summary="Signs of the gradients of a unit's weights and angles between its steps, and the steps to a target loss, "
    "with the best learning rate of each activation. Every activation also has its outputs moved by a constant, from "
    "one-sided to centred or from centred to one-sided, and nothing else about it changed.",
    settings=Settings,
    axes=("activation", "outputs", "rate", "seed"),
    listed={"outputs": "outputs"},
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    quick={"rates": (0.5, 1.0, 2.0), "epochs": 4, "watched": 30, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
