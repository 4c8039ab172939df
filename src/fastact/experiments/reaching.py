"""Training until a target is reached, looked for every few steps as epochs are too coarse a clock; the best rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from .spread import Row, Spread, grouped, spread


@dataclass(frozen=True)
class Reached:
    """How long it took.

    Attributes
    ----------
    steps : int or None
        Steps until the target was first seen to be reached, None if it was not.
    diverged : bool
        Whether loss or parameters left the finite numbers.
    """

    steps: int | None
    diverged: bool


def reach(
    net: mlp.Network,
    X: NDArray[np.floating],
    y: NDArray[np.int64],
    there: Callable[[], bool],
    *,
    optimiser: mlp.Optimiser,
    batch_size: int,
    epochs: int,
    every: int,
    seed: int,
) -> Reached:
    """Train until ``there`` says so, or to the end.

    Parameters
    ----------
    net, X, y, optimiser, batch_size
        As of `Network.fit`. Every epoch has a new order, and as many whole batches as there are.
    there : callable
        Called before the first step and after every so many.
    epochs : int >= 1
        After which the target is given up.
    every : int >= 1
        Steps between two looks.
    seed : int >= 0
        Of the orders.
    """
    rng = np.random.default_rng(seed)
    size = min(batch_size, len(y))
    whole = len(y) // size * size
    order = np.concatenate([rng.permutation(len(y))[:whole] for _ in range(epochs)])
    steps = 0
    while not there():
        piece = order[steps * size : (steps + every) * size]
        if not len(piece):
            return Reached(None, False)
        part, labels = X[piece], y[piece]
        try:
            net.fit(part, labels, epochs=1, batch_size=size, optimiser=optimiser, shuffle=False)
        except FloatingPointError:
            return Reached(None, True)
        steps += len(piece) // size
    return Reached(steps, False)


@dataclass(frozen=True)
class Tuned:
    """The learning rate with which a target is reached in the fewest steps.

    Attributes
    ----------
    rate : float
    rows : list of mappings
        Those of that rate, one for each seed.
    edge : bool
        Whether it is the smallest or largest rate that was tried, beyond which there may be a better one.
    """

    rate: float
    rows: list[Row]
    edge: bool

    def spread(self, value: Callable[[Row], float | None]) -> Spread:
        """Of a value over the seeds."""
        return spread(value(row) for row in self.rows)


def tuned(rows: Iterable[Row], by: Sequence[str], value: Callable[[Row], float | None]) -> dict[tuple[Any, ...], Tuned]:
    """The best learning rate of each group.

    Parameters
    ----------
    rows : iterable of mappings
        Each with its "rate".
    by : sequence of str
        The entries that make a group.
    value : callable
        What is to be smallest, of a row; None if it did not reach the target.

    Returns
    -------
    dict
        By group. A rate counts only if every seed reached the target with it; a group without one is left out.
    """
    found = {}
    for group, members in grouped(rows, by).items():
        rates = {rate: of_rate for (rate,), of_rate in grouped(members, ("rate",)).items()}
        means = {
            rate: spread(map(value, of_rate)).mean
            for rate, of_rate in rates.items()
            if all(value(row) is not None for row in of_rate)
        }
        if means:
            best = min(means, key=lambda rate: means[rate])
            found[group] = Tuned(best, rates[best], best in (min(rates), max(rates)))
    return found
