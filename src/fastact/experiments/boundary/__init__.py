r"""What shapes an activation can learn: boundaries in the plane, and functions of one number.

A network with one hidden layer separates two classes where

    d(x) = sum_i v_i f(w_i . x + b_i) + c

changes its sign: its boundary is a level line of a sum of copies of f, each along one direction, and its hidden layer
maps the plane to a space in which a plane separates the classes. So with relu the boundary is made of straight pieces,
one for each combination of active units that it meets; with f(z) = z^2 it is a conic section however many units there
are; and a function of one number goes on outside the training range as f goes on: straight, flat or periodic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import data, options
from ..experiment import Cell, Experiment, Row
from . import claims as boundary_findings
from . import figure as boundary_figure
from .measures import (
    SHOWN,
    boundary,
    decision,
    features,
    harmonic_share,
    picture,
    pieces,
    rounded,
    straight_share,
)
from .tasks import (
    FEW,
    FLIPPED,
    FOURIER,
    FUNCTIONS,
    MIXED,
    NOISY,
    PLANE,
    SINUSOIDS,
    STARTS,
    UNBIASED,
    fitted,
    held_out,
    hidden_units,
    separated,
)

STARTS_A_SEED = 8
"""Trainings from other initial weights, for each seed, where the question is how often one succeeds."""
DRAWN = 60
"""Points of a picture."""
CURVE = 161
"""Numbers of the curve that is kept of a function."""


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("relu", "tanh", "square", "cos", "snake"))
    widths: Sequence[int] = options.integers((2, 3, 10, 100), "Numbers of hidden units, in the plane.")
    mixture: Sequence[str] = options.activations(
        ("relu", "tanh", "cos", "square"), "What the units of the mixed layer take in turn.", axis=False
    )
    periodic: str = options.activation("cos", "What is asked for the stripes from many starts.")
    few_units: Sequence[int] = options.integers((1, 2, 3, 4, 6, 8), "Numbers of its units.")
    gain: float = options.number(3.0, "Factor of the initial weights, in the plane.")
    fit_units: int = options.integer(16, "Hidden units for functions of one number.")
    points: int = options.integer(300, "Training points of every task but the noisy one.", lower=8)
    seeds: int = options.seeds(3)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """One for each task, kind of hidden layer, number of units and seed."""
    named, mixed = list(settings.activations), [*settings.activations, MIXED]
    groups = [
        *((task, hidden, units, 1) for task in PLANE for hidden in mixed for units in settings.widths),
        *((UNBIASED, hidden, 2, STARTS_A_SEED) for hidden in named),
        *((STARTS, settings.periodic, units, STARTS_A_SEED) for units in settings.few_units),
        *((NOISY, hidden, units, 2) for hidden in named for units in settings.widths),
        *((task, hidden, settings.fit_units, 1) for task in FUNCTIONS for hidden in named),
        *(("square wave", hidden, settings.fit_units, 1) for hidden in (SINUSOIDS, FOURIER)),
    ]
    return [
        {"task": task, "hidden": hidden, "units": units, "seed": settings.seed + at}
        for task, hidden, units, each in groups
        for at in range(settings.seeds * each)
    ]


def measure(settings: Settings, _: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    row: Row = dict.fromkeys(name for name in DEFINITIONS if name not in EXPERIMENT.axes)
    shown = cell["seed"] == settings.seed
    if cell["task"] in FUNCTIONS:
        return {**row, **_of_function(settings, cell, shown)}
    return {**row, **_in_the_plane(settings, cell, shown and cell["task"] in (*PLANE, UNBIASED))}


def _in_the_plane(settings: Settings, cell: Cell, shown: bool) -> Row:
    task, seed = cell["task"], cell["seed"]
    units = hidden_units(cell["hidden"], cell["units"], settings.mixture)
    net, (X, y), diverged = separated(task, units, cell["units"], settings.points, seed, settings.gain)
    row: Row = {"diverged": diverged}
    if diverged:
        return row
    row |= {"train_accuracy": net.score(X, y), "test_accuracy": net.score(*held_out(task, seed))}
    if task in PLANE:
        value = decision(net)
        points = boundary(value)
        row["straight_share"] = straight_share(value, points)
        row["pieces"] = pieces(net, units, points) if isinstance(units, str) else None
    if shown:
        space, row["feature_variance"] = features(net, X)
        row["decision"] = picture(decision(net))
        row["samples"] = [[*rounded(point), int(label)] for point, label in zip(X[:DRAWN], y[:DRAWN], strict=True)]
        row["features"] = rounded(space[:DRAWN])
    return row


def _of_function(settings: Settings, cell: Cell, shown: bool) -> Row:
    fit = fitted(cell["task"], cell["hidden"], cell["units"], settings.points, cell["seed"])
    row: Row = {"diverged": fit is None}
    if fit is None:
        return row
    inside, outside = fit.function.inside, fit.function.outside
    row["inside_r2"], row["outside_r2"] = (fit.r2(np.linspace(*ends, 1001)) for ends in (inside, outside))
    if cell["hidden"] == SINUSOIDS:
        row["harmonic_share"] = harmonic_share(fit.net)
    if shown:
        row["curve"] = rounded(fit(np.linspace(inside[0], outside[1], CURVE)))
    return row


DEFINITIONS = {
    "task": f"what is learned: {', '.join(PLANE)} are points in the plane with two classes; '{UNBIASED}' has a hidden "
    f"layer without biases and more seeds; '{STARTS}' has more seeds; '{NOISY}' are {FEW} points of the moons, "
    f"{FLIPPED:.0%} of them with the wrong class; "
    + ", ".join(
        f"{name} is Y = {one.formula} for X in ({one.inside[0]:.3g}, {one.inside[1]:.3g})"
        for name, one in FUNCTIONS.items()
    ),
    "hidden": f"activation of the hidden layer; '{MIXED}': the settings' mixture in turn, '{SINUSOIDS}': these two in "
    f"turn, '{FOURIER}': the same, with the harmonics for frequencies, which stay",
    "units": "number of hidden units",
    "seed": "of points, weights and order of the samples",
    "diverged": "whether training left the finite numbers; everything measured is null then",
    "train_accuracy": "share of the training points, some of them with wrong classes in the noisy task, classified as "
    "they say; null for functions",
    "test_accuracy": "share of 1000 new points classified rightly; null for functions",
    "straight_share": "share of the boundary's points, at the edges of a fine grid, near which the decision value is "
    "affine; null without a boundary in sight",
    "pieces": "number of combinations of the units' linear pieces that the boundary meets on the fine grid; null for "
    "activations that are not piecewise linear",
    "inside_r2": "share of the variance of Y explained by the network, over 1001 numbers of the training range; at "
    "most 1; null in the plane",
    "outside_r2": "the same over a range as long that follows on the training range",
    "harmonic_share": "share of the squared output weights of the units that oscillate which belongs to frequencies "
    "within 0.1 of a whole number of periods in 2 pi; one fifth by chance; null for others",
    "feature_variance": "share of the variance of the hidden outputs in the two components that are drawn",
    "decision": f"difference of the two logits on a grid of {SHOWN} x {SHOWN} points of [-1.25, 1.25]^2, a list for "
    "each y, cut off at 20; kept for the first seed",
    "samples": "x, y and class of some training points; kept for the first seed",
    "features": "hidden outputs for these points: those of the two units, or the first two principal components over "
    "all training points",
    "curve": f"the network's Y at {CURVE} equidistant numbers from the start of the training range to the end of the "
    "range after it; kept for the first seed",
}

EXPERIMENT = Experiment(
    name="boundary",
    title="What shapes an activation can learn",
    summary="Networks with one hidden layer learn to separate points in the plane, with few and many units. Drawn are "
    "the regions they decide for and the space that the hidden layer maps the points to; measured are accuracy on new "
    "points, and in how many straight pieces a boundary falls.\n\n"
    "Others learn functions of one number, and are asked for numbers beyond those they were trained on.",
    settings=Settings,
    axes=("task", "hidden", "units", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=boundary_findings.findings,
    panels=boundary_figure.panels,
    table=boundary_findings.table,
    quick={"activations": ("relu", "cos", "square"), "widths": (2, 10), "few_units": (2, 3), "points": 60, "seeds": 2},
)
run = EXPERIMENT.run
