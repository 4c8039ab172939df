"""Schedules: the learning rate as a function of the number of steps taken before.

An optimiser takes one wherever it takes a number. A schedule is frozen data without state, so that training can stop
and go on anywhere.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from . import _checks


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate that depends on the step."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """The learning rate of the step that follows ``step`` others: 0 for the first."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The same learning rate at every step.

    Parameters
    ----------
    learning_rate : float
        In (0, inf).
    """

    learning_rate: float

    def __post_init__(self) -> None:
        _checks.number("learning_rate", self.learning_rate, 0.0)

    def __call__(self, step: int) -> float:  # noqa: ARG002
        return self.learning_rate


@dataclass(frozen=True)
class Step(Schedule):
    """A learning rate that is multiplied by a factor every so many steps: learning_rate * gamma^floor(t / step_size).

    Parameters
    ----------
    learning_rate : float
        Of the first steps, in (0, inf).
    step_size : int
        At least 1.
    gamma : float, default 0.1
        In (0, inf).
    """

    learning_rate: float
    step_size: int
    gamma: float = 0.1

    def __post_init__(self) -> None:
        _checks.number("learning_rate", self.learning_rate, 0.0)
        _checks.integer("step_size", self.step_size, 1)
        _checks.number("gamma", self.gamma, 0.0)

    def __call__(self, step: int) -> float:
        return self.learning_rate * self.gamma ** (step // self.step_size)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from one learning rate to another, which stays.

        final + (learning_rate - final) (1 + cos(pi min(t, steps) / steps)) / 2

    Parameters
    ----------
    learning_rate : float
        Of the first step, in (0, inf).
    steps : int
        At least 1.
    final : float, default 0
        In [0, inf).

    References
    ----------
    Loshchilov & Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017, eq. 5, without restarts.
    """

    learning_rate: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        _checks.number("learning_rate", self.learning_rate, 0.0)
        _checks.integer("steps", self.steps, 1)
        _checks.number("final", self.final, 0.0, closed=True)

    def __call__(self, step: int) -> float:
        return _between(self.learning_rate, self.final, min(step, self.steps) / self.steps)


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A linear rise over the first steps to what another schedule, which begins after them, starts with.

        then(0) (t + 1) / steps for t < steps, else then(t - steps)

    Parameters
    ----------
    steps : int
        At least 1.
    then : float or Schedule
        A number in (0, inf) stays.

    References
    ----------
    Goyal et al., Accurate, large minibatch SGD, 2017, arXiv:1706.02677, section 2.2.
    """

    steps: int
    then: float | Schedule

    def __post_init__(self) -> None:
        _checks.integer("steps", self.steps, 1)
        if not isinstance(self.then, Schedule):
            _checks.number("then", self.then, 0.0)

    def __call__(self, step: int) -> float:
        if step < self.steps:
            return rate_at(self.then, 0) * (step + 1) / self.steps
        return rate_at(self.then, step - self.steps)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up along half a cosine to the largest learning rate, and down along another to almost nothing.

    From max_learning_rate / div_factor to max_learning_rate over the share ``pct_start`` of the steps, then down to
    max_learning_rate / (div_factor final_div_factor), which stays.

    Parameters
    ----------
    max_learning_rate : float
        In (0, inf).
    steps : int
        At least 2.
    pct_start : float, default 0.3
        In (0, 1).
    div_factor, final_div_factor : float, default 25 and 1e4
        In (0, inf).

    References
    ----------
    Smith & Topin, Super-convergence, 2018, arXiv:1708.07120, in the convention of
    ``torch.optim.lr_scheduler.OneCycleLR``: the last of the steps has the smallest learning rate.
    """

    max_learning_rate: float
    steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self) -> None:
        _checks.number("max_learning_rate", self.max_learning_rate, 0.0)
        _checks.integer("steps", self.steps, 2)
        _checks.number("pct_start", self.pct_start, 0.0, 1.0)
        _checks.number("div_factor", self.div_factor, 0.0)
        _checks.number("final_div_factor", self.final_div_factor, 0.0)

    def __call__(self, step: int) -> float:
        largest, first = self.max_learning_rate, self.max_learning_rate / self.div_factor
        peak = self.pct_start * self.steps - 1.0
        if peak > 0.0 and step <= peak:  # without a rise the first step has the largest
            return _between(first, largest, step / peak)
        share = min(1.0, (step - peak) / (self.steps - 1.0 - peak))
        return _between(largest, first / self.final_div_factor, share)


def _between(start: float, end: float, share: float) -> float:
    """Along half a cosine from one value to another."""
    return end + (start - end) * (1.0 + math.cos(math.pi * share)) / 2.0


def rate_at(rate: float | Schedule, step: int) -> float:
    """The learning rate after so many steps, of a schedule or a number."""
    return rate(step) if isinstance(rate, Schedule) else rate


SCHEDULES: dict[str, type[Schedule]] = {kind.__name__: kind for kind in (Constant, Step, Cosine, WarmUp, OneCycle)}
"""The schedules by name."""
