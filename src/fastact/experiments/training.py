"""Training inside an experiment: a divergence is an outcome, not an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastact import mlp

from .data import Dataset


class Reached(Exception):
    """Raised inside a training to end it."""


@dataclass
class Outcome:
    """How a training went.

    Attributes
    ----------
    diverged : bool
        Whether loss or parameters left the finite numbers; the network is of no use then.
    reached : bool
        Whether it was ended by what ``until`` said.
    losses : list of float
        Mean loss of each epoch that was finished.
    history : History or None
        What `Network.fit` returned, if it came to its end.
    """

    diverged: bool = False
    reached: bool = False
    losses: list[float] = field(default_factory=list)
    history: mlp.History | None = None

    @property
    def epochs(self) -> int:
        """Epochs that were finished."""
        return len(self.losses)


def train(
    net: mlp.Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    until: Callable[[int, float], bool] | None = None,
    **keywords: Any,
) -> Outcome:
    """`Network.fit` with these keywords.

    Parameters
    ----------
    net, X, y, **keywords
        As of `Network.fit`, but for its ``callback``.
    until : callable, optional
        Called after each epoch with its number and mean loss; True ends the training.

    Returns
    -------
    Outcome
    """
    outcome = Outcome()

    def after(epoch: int, loss: float) -> None:
        outcome.losses.append(float(loss))
        if until is not None and until(epoch, loss):
            raise Reached

    try:
        outcome.history = net.fit(X, y, callback=after, **keywords)
    except Reached:
        outcome.reached = True
    except FloatingPointError:
        outcome.diverged = True
    if not np.isfinite(net.parameters).all():
        outcome.diverged, outcome.reached = True, False
    return outcome


def chance(dataset: Dataset) -> float:
    """The accuracy of guessing: the share of the most frequent class."""
    return float(np.bincount(dataset.y).max() / len(dataset.y))


def accuracy_or_chance(row: Mapping[str, Any]) -> float:
    """A row's ``test_accuracy``; where it is None, training diverged, and the network counts as one that guesses."""
    value = row["chance"] if row["test_accuracy"] is None else row["test_accuracy"]
    return float(value)
