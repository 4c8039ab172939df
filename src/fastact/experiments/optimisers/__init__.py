r"""How optimisers go: the noise of mini-batches, local minima, ravines, rates that decay, and steps to a target loss.

All optimisers are those of `fastact.mlp`, with their rules there. On surfaces of two parameters their paths can be
seen; on the data, steps are counted until the loss over all training samples is small, at every learning rate of a
grid, and each optimiser is judged at its own best rate. The effective rate of a step is

    |step| / |gradient|:

constant for SGD, and what Adagrad, RMSprop and Adam change as they go. Adagrad divides by the root of the sum of all
squared gradients, which grows as the square root of the number of steps where the gradients keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from .. import data, options, stepping
from ..configuration import initialiser_for
from ..experiment import Cell, Experiment, Row
from . import claims as optimisers_findings
from . import figure as optimisers_figure
from .surfaces import (
    DATA,
    NOISE,
    RAVINE,
    SETTLED,
    STARTS,
    STEPS,
    SURFACES,
    WELLS,
    LeastSquares,
    Surface,
    crossed,
    descend,
    settled,
    starts,
)

LARGEST_NOISE_RATE = 0.1
WANDERED = 3000
"""Steps of SGD on least squares; the second half counts as rest."""
PATH = 120
"""Points of a path that is kept."""


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    optimisers: Sequence[str] = options.choices(
        ("sgd", "momentum", "adagrad", "rmsprop", "adam"), "Names in fastact.mlp.OPTIMISERS.", mlp.OPTIMISERS
    )
    rates: Sequence[float] = options.numbers(
        (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0), "Learning rates, of which each optimiser may take its best."
    )
    batches: Sequence[int] = options.integers((1, 4, 16, 64), "Samples in a mini-batch of least squares.")
    activation: str = options.activation("tanh", "Of the hidden layers, on the data.")
    depth: int = options.integer(2, "Hidden layers.")
    width: int = options.integer(32, "Units of every hidden layer.")
    batch_size: int = options.integer(32, "Samples of a step on the data.")
    steps: int = options.integer(1000, "Steps on the data, at most.", lower=20)
    target: float = options.number(0.01, "Loss over all training samples at which steps stop counting.")
    seeds: int = options.seeds(3)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Cell]:
    """One for each task, optimiser, rate, batch where it matters, and seed."""
    noise_rate = _noise_rate(settings.rates)
    tasks = [
        *(
            (task, name, rate, None)
            for task in (DATA, *SURFACES)
            for name in settings.optimisers
            for rate in settings.rates
        ),
        *((NOISE, "sgd", rate, batch) for rate in noise_rate for batch in settings.batches),
        *(
            (NOISE, name, rate, settings.batches[0])
            for rate in noise_rate
            for name in settings.optimisers
            if name != "sgd"
        ),
    ]
    return [
        {"task": task, "optimiser": name, "rate": rate, "batch": batch, "seed": settings.seed + at}
        for task, name, rate, batch in tasks
        for at in range(settings.seeds)
    ]


def _noise_rate(rates: Sequence[float]) -> list[float]:
    """The largest rate at which least squares are noise about the minimum and not divergence, if there is one."""
    return sorted(rate for rate in rates if rate <= LARGEST_NOISE_RATE)[-1:]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    row: Row = dict.fromkeys(name for name in DEFINITIONS if name not in EXPERIMENT.axes)
    make, shown = mlp.OPTIMISERS[cell["optimiser"]], cell["seed"] == settings.seed
    if cell["task"] == NOISE:
        return {**row, **_noise(make, cell["rate"], cell["batch"], cell["seed"], shown)}
    optimiser = make(cell["rate"])
    if cell["task"] in SURFACES:
        return {**row, **_on_surface(SURFACES[cell["task"]], optimiser, cell["seed"], shown)}
    return {**row, **_on_data(settings, dataset, optimiser, cell["seed"])}


def _on_surface(surface: Surface, optimiser: mlp.Optimiser, seed: int, shown: bool) -> Row:
    way = descend(surface, optimiser, starts(surface, seed))
    row: Row = {"diverged": False}
    if surface is WELLS:
        row["crossed_share"] = crossed(way)
    else:
        counts = settled(surface, way)
        row["steps"] = float(np.median(counts)) if np.isfinite(np.median(counts)) else None
    if shown:
        row["path"] = _path(way[:, :, 0])
    return row


def _path(way: NDArray[np.float64]) -> list[list[float]]:
    """Points of a path, dense where it begins."""
    at = np.unique(np.round(np.geomspace(1, len(way), PATH)).astype(int) - 1)
    return [[float(f"{x:.4g}") for x in point] for point in way[at]]


def _noise(make: Callable[..., mlp.Optimiser], rate: float, batch: int, seed: int, shown: bool) -> Row:
    """Steps from the minimum on, at a constant rate and at one that falls to 0."""
    problem = LeastSquares.drawn(seed)

    def way(schedule: mlp.Schedule, begin: NDArray[np.float64], steps: int) -> tuple[NDArray[np.float64], ...]:
        return problem.wander(make(schedule), batch, steps, np.random.default_rng(seed), begin)

    constant, effective = way(mlp.Constant(rate), problem.minimum, WANDERED)
    falling, _ = way(mlp.Cosine(rate, WANDERED), problem.minimum, WANDERED)
    row: Row = {
        "diverged": False,
        "excess": float(problem.excess(constant[WANDERED // 2 :]).mean()),
        "falling_excess": float(problem.excess(falling[-WANDERED // 40 :]).mean()),
        "rate_exponent": exponent(effective),
    }
    if make is mlp.SGD:
        row["predicted_excess"] = problem.predicted_excess(rate, batch)
        if shown:
            begin = problem.minimum + np.array([-2.0, 1.5])
            row["path"] = _path(way(mlp.Constant(rate), begin, STEPS)[0] - problem.minimum)
    return row


def _on_data(settings: Settings, dataset: data.Dataset, optimiser: mlp.Optimiser, seed: int) -> Row:
    """Steps until the target, and how the effective rate changes."""
    parts = data.split(dataset, test_share=0.25, seed=seed, dtype="float32")
    X, y = parts.X_train, parts.y_train
    net = mlp.Network(
        [
            *(mlp.Dense(settings.width, settings.activation) for _ in range(settings.depth)),
            mlp.Dense(len(dataset.classes)),
        ],
        inputs=X.shape[1],
        seed=seed,
        initialiser=initialiser_for(settings.activation),
    )
    effective = np.full(settings.steps, np.nan)

    def after(step: int, before: NDArray[np.floating]) -> None:
        size = np.linalg.norm(net.gradients)
        if size > 0:
            effective[step - 1] = np.linalg.norm(net.parameters - before) / size

    done = stepping.train(
        net,
        X,
        y,
        optimiser,
        steps=settings.steps,
        batch_size=settings.batch_size,
        target=settings.target,
        rng=np.random.default_rng(seed),
        after=after,
    )
    if done.diverged:
        return {"diverged": True}
    marks = sorted({round(mark) for mark in np.geomspace(1, settings.steps, 16)})
    return {
        "diverged": False,
        "steps": done.reached,
        "final_loss": done.final,
        "rate_exponent": exponent(effective),
        "marks": marks,
        "effective_rates": [_typical(effective, mark) for mark in marks],
    }


def _typical(effective: NDArray[np.float64], mark: int) -> float | None:
    """The median of the effective rates about a step: within a tenth of it."""
    near = effective[math.ceil(mark / 1.1) - 1 : math.floor(mark * 1.1)]
    near = near[np.isfinite(near)]
    return float(f"{np.median(near):.4g}") if near.size else None


def exponent(effective: NDArray[np.float64]) -> float | None:
    """The slope of the effective rate over the steps, both in logarithms, over all steps but the first tenth."""
    steps = np.arange(1, len(effective) + 1)
    good = np.isfinite(effective) & (effective > 0) & (steps > len(effective) // 10)
    if good.sum() < 3:
        return None
    # Weights 1/step: every factor of the steps counts alike.
    x, y = np.log(steps[good]), np.log(effective[good])
    return float(np.polynomial.Polynomial.fit(x, y, 1, w=1.0 / np.sqrt(steps[good])).convert().coef[1])


DEFINITIONS = {
    "task": f"'{DATA}': a network learns the data; 'ravine': f = {RAVINE.formula}; 'local minimum': f = "
    f"{WELLS.formula}; "
    f"'{NOISE}': least squares of two parameters, 500 samples drawn about a line",
    "optimiser": "with the momentum 0.9 and the other constants of its defaults",
    "rate": "learning rate",
    "batch": "samples of a mini-batch of least squares, drawn independently; null for the other tasks",
    "seed": "of data's division, weights, samples and starts",
    "diverged": "whether parameters left the finite numbers; everything measured is null then",
    "steps": "steps after which the target was reached: on the data the loss over all training samples at or under the "
    f"settings' target, looked at every {stepping.EVERY} steps; in the ravine the median over {STARTS} starts until f "
    f"stays below {SETTLED:g} of its start, within {STEPS} steps; null if it was not",
    "final_loss": "loss over all training samples after the last step",
    "rate_exponent": "slope of log(|step| / |gradient|), both in the 2-norm, against log(step number) over the last "
    "nine tenths of the steps",
    "marks": "numbers of steps",
    "effective_rates": "median of |step| / |gradient| about these steps",
    "crossed_share": f"share of {STARTS} starts that are in the global minimum's valley after {STEPS} steps",
    "excess": f"mean of the loss less the smallest over the second half of {WANDERED} steps from the minimum on, at a "
    "constant rate",
    "predicted_excess": "the same by the stationary variance of SGD with constant noise on a quadratic; null for "
    "others",
    "falling_excess": f"the same over the last {WANDERED // 40} steps, as the rate falls to 0 as a cosine",
    "path": "points from one start, relative to the minimum for least squares; kept for the first seed",
}

EXPERIMENT = Experiment(
    name="optimisers",
    title="How optimisers find their way",
    summary="Optimisers step on surfaces of two parameters, where their paths can be drawn: a ravine, a local minimum, "
    "and the noise of mini-batches about a minimum. On the data, steps are counted until the loss is small, at every "
    "learning rate of a grid, so that each optimiser is judged at its own best rate.",
    settings=Settings,
    axes=("task", "optimiser", "rate", "batch", "seed"),
    listed={"batch": "batches"},
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=optimisers_findings.findings,
    panels=optimisers_figure.panels,
    table=optimisers_findings.table,
    quick={"rates": (1e-2, 0.1, 0.3), "batches": (4, 64), "steps": 300, "target": 0.3, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
