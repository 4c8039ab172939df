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

    def above(self, other: Spread) -> bool:
        """Whether this mean is larger, by more than two standard errors of the difference."""
        return self.mean - other.mean > 2.0 * math.hypot(self.error, other.error)

    def __format__(self, spec: str) -> str:
        """Mean ± standard deviation, each as the specification says; only the mean of a single value."""
        if not self.count:
            return "n/a"
        mean = format(self.mean, spec)
        return mean if self.count == 1 else f"{mean} ± {format(self.std, spec)}"


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
