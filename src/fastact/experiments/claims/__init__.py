r"""Five smaller claims of textbooks and articles, each with its verdict.

A single layer's loss L(w) is convex if L((a + b) / 2) <= (L(a) + L(b)) / 2 for all weights a and b. With the squared
error and f(z) = z it is; with f monotone it need not be: (sigmoid(z) - 1)^2 is flat at both ends. With the logarithm of
the likelihood, -log sigmoid(z) = log(1 + exp(-z)), it is convex again.

A layer with f(z) ~ z keeps small signals as they are, one with another slope at 0 scales them, and one with f(0) != 0
adds a constant to them. And tanh(z) = 2 sigmoid(2 z) - 1, so that every network of one is a network of the other with
other weights; but the gradients with respect to these weights are others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import data, options, stepping
from ..experiment import Cell, Experiment, Row
from . import claims as claims_findings
from . import figure as claims_figure
from .claims import CONVEX, INPUTS, TRAIN, TWINS
from .measures import (
    CONVEX_SAMPLES,
    LONGEST,
    LOSSES,
    SCALINGS,
    SEGMENTS,
    SHORTEST,
    convexity,
    defined,
    network,
    scaled,
    trained,
    twins,
)


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("tanh", "softsign", "sigmoid", "relu", "elu", "softplus"))
    single: Sequence[str] = options.activations(
        ("identity", "relu", "softplus", "sigmoid", "tanh", "gelu", "sin"), "Activations of the single layer."
    )
    gains: Sequence[float] = options.numbers((0.1, 1.0), "Factors of the initial weights.")
    rates: Sequence[float] = options.numbers(
        (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0), "Learning rates of SGD, of which the best is taken."
    )
    depth: int = options.integer(2, "Hidden layers.")
    width: int = options.integer(32, "Units of every hidden layer.")
    batch_size: int = options.integer(32, "Samples of a step.")
    steps: int = options.integer(400, "Steps, at most.", lower=20)
    target: float = options.number(0.3, "Loss over all training samples at which steps stop counting.")
    seeds: int = options.seeds(3)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """One for each task, activation, variant of the task, rate and seed."""
    kinds: list[tuple[str, str, str | float | None, float | None]] = [
        *((CONVEX, name, loss, None) for name in settings.single for loss in LOSSES if defined(name, loss)),
        *(
            (TRAIN, name, gain, rate)
            for name in settings.activations
            for gain in settings.gains
            for rate in settings.rates
        ),
        *((INPUTS, settings.activations[0], scaling, rate) for scaling in SCALINGS for rate in settings.rates),
        *((TWINS, "tanh", None, rate) for rate in settings.rates),
    ]
    return [
        {"task": task, "activation": name, "variant": variant, "rate": rate, "seed": settings.seed + at}
        for task, name, variant, rate in kinds
        for at in range(settings.seeds)
    ]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    task, name, variant, rate, seed = (cell[axis] for axis in EXPERIMENT.axes)
    row: Row = dict.fromkeys(entry for entry in DEFINITIONS if entry not in EXPERIMENT.axes)
    if task == CONVEX:
        return {**row, **convexity(name, variant, dataset, seed)}
    if task == TWINS:
        return {**row, **twins(dataset, rate, settings, seed)}
    parts = data.split(dataset, test_share=0.25, seed=seed, dtype="float32")
    X = scaled(parts, dataset, seed, variant) if task == INPUTS else parts.X_train
    gain = variant if task == TRAIN else 1.0
    net = network(dataset, name, depth=settings.depth, width=settings.width, gain=gain, seed=seed)
    return {**row, **trained(net, X, parts.y_train, rate, settings, seed)}


DEFINITIONS = {
    "task": f"'{CONVEX}': the loss of one layer with one output, without hidden ones; '{TRAIN}': a network is trained "
    f"on standardised features; '{INPUTS}': on features that are scaled in another way; '{TWINS}': a network of tanh "
    "is trained, and the network of sigmoids that is the same function",
    "activation": "of the single layer or of the hidden ones",
    "variant": f"the loss for '{CONVEX}', the factor of the initial weights for '{TRAIN}', the scaling for '{INPUTS}'",
    "rate": "learning rate of SGD; null without training",
    "seed": "of data's division, weights and samples",
    "bent_share": f"share of {SEGMENTS} segments between random weights on which the loss over {CONVEX_SAMPLES} "
    "samples is somewhere above the mean of two places as far left and right; the sums' deviation at the ends is "
    f"between {SHORTEST:g} and {LONGEST:g}; the target is 1 for the first half of the classes, else 0",
    "largest_bend": "by how much, at most, relative to the largest loss on the segment; 0 if nowhere",
    "steps": "steps until the loss over all training samples is at or under the settings' target, looked at every "
    f"{stepping.EVERY} steps; null if it is not",
    "learned": "whether that loss ended at or under half of where it began",
    "final_loss": "that loss after the last step; null if it left the finite numbers",
    "function_difference": "largest difference of tanh(x) and 2 sigmoid(2x) - 1 in float64, over 100001 x in [-20, 20]",
    "network_difference": "largest difference of the outputs of the two networks before training, in float64, relative "
    "to the largest output",
    "twin_steps": "steps of the network of sigmoids",
}

EXPERIMENT = Experiment(
    name="claims",
    title="Smaller claims, one by one",
    summary="Five things that are often said of activations: that monotone ones make a single layer's loss convex, "
    "that f(x) ~ x at 0 helps small weights, that bounded ones are stabler, that tanh is a scaled sigmoid, and that "
    "normalised data train faster. Losses are followed along segments between random weights, and networks are trained "
    "at every learning rate of a grid.",
    settings=Settings,
    axes=("task", "activation", "variant", "rate", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=claims_findings.findings,
    panels=claims_figure.panels,
    table=claims_findings.table,
    quick={
        "activations": ("tanh", "sigmoid", "relu"),
        "rates": (0.1, 1.0, 3.0),
        "steps": 200,
        "target": 0.7,
        "seeds": 2,
    },
    on_data=True,
)
run = EXPERIMENT.run
