"""Training counted in steps instead of epochs: how many it takes until the loss is small."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from . import reaching
from .spread import Row, Spread

EVERY = 5
"""Steps between two looks at the loss over all samples."""


@dataclass
class Steps:
    """How a training went.

    Attributes
    ----------
    diverged : bool
        Whether the parameters left the finite numbers, which ended it.
    reached : int or None
        The first step looked at after which the loss over all samples was at or under the target.
    losses : dict
        That loss by the number of steps, from 0 on.
    """

    diverged: bool = False
    reached: int | None = None
    losses: dict[int, float] = field(default_factory=dict)

    @property
    def final(self) -> float:
        """The last loss looked at."""
        return list(self.losses.values())[-1]


def train(
    net: mlp.Network,
    X: NDArray,
    y: NDArray,
    optimiser: mlp.Optimiser,
    *,
    steps: int,
    batch_size: int,
    target: float,
    rng: np.random.Generator,
    after: Callable[[int, NDArray], object] | None = None,
) -> Steps:
    """Train by batches of samples drawn independently.

    Parameters
    ----------
    net, X, y, optimiser
        The network is changed in place.
    steps, batch_size : int
    target : float
        The training goes on when it is reached.
    rng : numpy.random.Generator
        Draws the samples.
    after : callable, optional
        Called after each step with its number, from 1 on, and the parameters before it.
    """
    done = Steps()
    before = np.empty_like(net.parameters)
    with np.errstate(all="ignore"):
        done.losses[0] = net.loss(X, y)
        for step in range(1, steps + 1):
            chosen = rng.integers(len(y), size=min(batch_size, len(y)))
            net.loss_and_gradients(X[chosen], y[chosen])
            before[...] = net.parameters
            optimiser.step(net.parameters, net.gradients)
            if not np.isfinite(net.parameters).all():
                done.diverged = True
                return done
            if after is not None:
                after(step, before)
            if step % EVERY == 0 or step == steps:
                done.losses[step] = net.loss(X, y)
                if done.reached is None and done.losses[step] <= target:
                    done.reached = step
    return done


@dataclass(frozen=True)
class Best:
    """A training at its best rate.

    Attributes
    ----------
    rate : float
    steps : Spread
        Until the target, over the seeds.
    """

    rate: float
    steps: Spread


def best(rows: Iterable[Row], by: str, entry: str = "steps") -> dict[Any, Best]:
    """For each value of an entry the rate with the fewest steps, of those at which every seed reached the target."""
    found = reaching.tuned(rows, (by,), lambda row: row[entry])
    return {value: Best(one.rate, one.spread(lambda row: row[entry])) for (value,), one in found.items()}
