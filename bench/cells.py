"""What the benchmark recorded of one case, and what follows from it."""

from __future__ import annotations

from typing import Any

from .cases import COPY, FASTACT, FASTACT_ALLOCATING

NOT_PEERS = (FASTACT, FASTACT_ALLOCATING, COPY)
MEMORY_BOUND = 1.2


class Cell:
    """One case as the benchmark recorded it."""

    def __init__(self, extra: dict[str, Any]) -> None:
        self.extra = extra
        self.results: dict[str, dict[str, Any]] = extra["results"]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.extra[name]
        except KeyError:
            raise AttributeError(name) from None

    def ratio(self, contestant: str) -> float:
        """Time of a contestant over time of fastact."""
        return float(self.results[contestant]["ratio"]["median"])

    @property
    def peers(self) -> list[str]:
        """The peers that were timed."""
        return [name for name in self.results if name not in NOT_PEERS]

    @property
    def best(self) -> str | None:
        """The fastest peer, or None if there is none."""
        return min(self.peers, key=self.ratio, default=None)

    @property
    def best_ratio(self) -> float:
        """Time of the fastest peer over time of fastact."""
        if self.best is None:
            raise ValueError(f"{self.activation} {self.form} has no peer")
        return self.ratio(self.best)

    @property
    def seconds(self) -> float:
        """Median time of fastact, writing to ``out``."""
        return float(self.results[FASTACT]["seconds"]["median"])

    @property
    def copies(self) -> float:
        """Time of fastact as a multiple of the time of the copy."""
        return 1 / self.ratio(COPY)

    @property
    def short(self) -> bool:
        """Whether fastact is behind: a ratio below 1, or below 0.95 where both are bound by memory."""
        bound_by_memory = self.copies <= MEMORY_BOUND and self.copies * self.best_ratio <= MEMORY_BOUND
        return self.best_ratio < (0.95 if bound_by_memory else 1.0)


def cells_of(data: dict[str, Any]) -> list[Cell]:
    """What was recorded of every benchmark that ran to its end."""
    return [Cell(benchmark["extra_info"]) for benchmark in data["benchmarks"] if benchmark["extra_info"]]
