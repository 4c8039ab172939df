"""Error bars: what the rows of several seeds say together."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Spread:
    """Several values of one quantity.

    Attributes
    ----------
    mean : float
        NaN of none.
    std : float
        Sample standard deviation; 0 of a single value, NaN of none.
    count : int
    lowest, highest : float
    """

    mean: float
    std: float
    count: int
    lowest: float
    highest: float

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.std / math.sqrt(self.count) if self.count else math.nan

    @property
    def margin(self) -> float:
        """Half of Student's 95 % interval of the mean: 12.7 standard errors of two values, 4.3 of three, 2.3 of ten.

        0 of values that are all the same, infinite of a single one.
        """
        if self.count < 2:
            return math.inf
        return _student(self.count - 1.0) * self.error if self.error else 0.0

    def above(self, other: Spread) -> bool:
        """Whether this mean is larger, by Welch's test at 95 %. Of single values, which have no spread, any difference
        counts."""
        difference = self.mean - other.mean
        first, second = self.error**2, other.error**2
        error = first + second
        if min(self.count, other.count) < 2 or error == 0.0:
            return difference > 0.0
        freedom = error**2 / (first**2 / (self.count - 1) + second**2 / (other.count - 1))
        return difference > _student(freedom) * math.sqrt(error)

    def __format__(self, spec: str) -> str:
        """Mean ± standard deviation, each as the specification says; only the mean of a single value."""
        if not self.count:
            return "n/a"
        mean = format(self.mean, spec)
        return mean if self.count == 1 else f"{mean.removesuffix('%')} ± {format(self.std, spec)}"


def _student(freedom: float) -> float:
    """The two-sided 95 % point of Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def spread(values: Iterable[float | None]) -> Spread:
    """The spread of those values that are numbers: None, NaN and infinities are left out."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    if not known:
        return Spread(math.nan, math.nan, 0, math.nan, math.nan)
    std = statistics.stdev(known) if len(known) > 1 else 0.0
    return Spread(math.fsum(known) / len(known), std, len(known), min(known), max(known))


def grouped(rows: Iterable[Row], by: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """Rows with the same values of some entries, in the order in which these values first come."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return groups


def over_seeds(
    rows: Iterable[Row], by: Sequence[str], value: Callable[[Row], float | None]
) -> dict[tuple[Any, ...], Spread]:
    """The spread of a value over the rows of each group."""
    return {name: spread(value(row) for row in members) for name, members in grouped(rows, by).items()}
