"""Timing in turns, for ratios that survive a noisy machine.

One round gives every contestant one turn, in an order that changes from round to round. A turn is one untimed call
(it brings the contestant's own data and code into the caches; left out where a call takes so long that its data is in
none) and then as many timed calls as fill a quarter of a millisecond: long beside the clock, short beside the time
slices of a busy system, so that most turns are not interrupted. Whatever slows the machine for longer than a round
slows all contestants alike: a ratio is taken within each round, and reported is the median of these ratios over the
rounds, with quartiles.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
from collections.abc import Callable, Mapping
from itertools import repeat
from time import perf_counter_ns, process_time_ns
from typing import Any

TURN = 0.25e-3
LONG = 4e-3
MINIMUM_ROUNDS = 5
MAXIMUM_ROUNDS = 501


def quartiles(values: list[float]) -> dict[str, float]:
    """Median and both quartiles."""
    if len(values) == 1:
        return {"median": values[0], "q1": values[0], "q3": values[0]}
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": median, "q1": q1, "q3": q3}


class Turns:
    """Contestants that take turns.

    Parameters
    ----------
    contestants : mapping of str to (callable, tuple)
        What each calls in its turn, and with which arguments. Each is called a few times at once, to calibrate.
    turn : float
        Seconds that a turn should take; one call, if that takes longer.
    settle : float
        Seconds to be busy before each turn, for threads that spin on after the turn before.
    clock, processor_clock : callable
        Nanoseconds of elapsed time and of processor time of all threads of the process.

    Attributes
    ----------
    calls : dict of str to int
        Timed calls per turn.
    samples : dict of str to list of float
        Seconds per call, one for each round.
    """

    def __init__(
        self,
        contestants: Mapping[str, tuple[Callable[..., Any], tuple[Any, ...]]],
        turn: float = TURN,
        clock: Callable[[], int] = perf_counter_ns,
        processor_clock: Callable[[], int] = process_time_ns,
        settle: float = 0.0,
    ) -> None:
        self._contestants = dict(contestants)
        self._clock, self._processor_clock = clock, processor_clock
        self._settle = round(settle * 1e9)
        self._order = random.Random(0)
        self.samples: dict[str, list[float]] = {name: [] for name in contestants}
        self.calls: dict[str, int] = {}
        self._estimate: dict[str, float] = {}
        self._elapsed = dict.fromkeys(contestants, 0)
        self._processor = dict.fromkeys(contestants, 0)
        for name, (run, arguments) in self._contestants.items():
            run(*arguments)  # the first call compiles
            self.calls[name], self._estimate[name] = self._calibrate(run, arguments, turn)

    def _calibrate(self, run: Callable[..., Any], arguments: tuple[Any, ...], turn: float) -> tuple[int, float]:
        """Calls per turn, and seconds per call: the least of three, because an interruption only ever adds."""
        calls = 1
        while (elapsed := self._time(run, arguments, calls)) * 1e-9 < turn / 8:
            calls *= 4
        if elapsed * 1e-9 < turn:
            elapsed = min(elapsed, *(self._time(run, arguments, calls) for _ in range(2)))
        per_call = max(1, elapsed) * 1e-9 / calls
        return max(1, round(turn / per_call)), per_call

    def _time(self, run: Callable[..., Any], arguments: tuple[Any, ...], calls: int) -> int:
        start = self._clock()
        for _ in repeat(None, calls):
            run(*arguments)
        return self._clock() - start

    @property
    def seconds_per_round(self) -> float:
        """What a round is expected to take."""
        turns = sum((self.calls[name] + (estimate < LONG)) * estimate for name, estimate in self._estimate.items())
        return turns + len(self.calls) * self._settle * 1e-9

    def rounds_within(self, seconds: float) -> int:
        """How many rounds fit into the given time; an odd number from 5 to 501."""
        rounds = int(seconds / self.seconds_per_round)
        return min(max(rounds, MINIMUM_ROUNDS), MAXIMUM_ROUNDS) | 1

    def round(self) -> None:
        """Give every contestant one turn."""
        order = list(self._contestants)
        self._order.shuffle(order)
        collecting = gc.isenabled()
        gc.disable()
        try:
            for name in order:
                run, arguments = self._contestants[name]
                calls = self.calls[name]
                settled = self._clock() + self._settle
                while self._settle and self._clock() < settled:
                    pass
                if self._estimate[name] < LONG:
                    run(*arguments)
                processor = self._processor_clock()
                elapsed = self._time(run, arguments, calls)
                self._processor[name] += self._processor_clock() - processor
                self._elapsed[name] += elapsed
                self.samples[name].append(elapsed * 1e-9 / calls)
        finally:
            if collecting:
                gc.enable()

    def summary(self, reference: str) -> dict[str, dict[str, Any]]:
        """What was measured, by contestant.

        Parameters
        ----------
        reference : str
            The contestant that ratios are relative to.

        Returns
        -------
        dict of str to dict
            ``seconds`` per call and ``ratio`` (time over the reference's of the same round), each with ``median``,
            ``q1`` and ``q3``; ``calls`` per turn; ``rounds``; ``processor``, processor time over elapsed time, which
            exceeds 1 for a contestant that uses more than one thread.
        """
        base = self.samples[reference]
        return {
            name: {
                "seconds": quartiles(samples),
                "ratio": quartiles([sample / own for sample, own in zip(samples, base, strict=True)]),
                "calls": self.calls[name],
                "rounds": len(samples),
                "processor": self._processor[name] / max(1, self._elapsed[name]),
            }
            for name, samples in self.samples.items()
        }


def geometric_mean(values: list[float]) -> float:
    """The mean that a ratio and its inverse agree on."""
    return math.exp(statistics.fmean(map(math.log, values)))
