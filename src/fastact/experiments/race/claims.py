"""What ``race`` says about who is faster, and by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..experiment import CLOCK, Finding, Report, verdict
from ..reaching import Tuned, tuned
from ..spread import Row, Spread, grouped, spread

TIMES = 6.0
"""The factor that is claimed."""
KRIZHEVSKY = "Krizhevsky, Sutskever, Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012"
RIVALS = ("tanh", "sigmoid")
Key = tuple[Any, ...]


def best(report: Report, target: str = "epochs") -> dict[Key, Tuned]:
    """The best learning rate of each activation and depth for a target."""
    return tuned(report["rows"], ("activation", "depth"), lambda row: row[target])


def epochs(report: Report, target: str = "epochs") -> dict[Key, Spread]:
    """Epochs to a target at these rates."""
    return {key: one.spread(lambda row: row[target]) for key, one in best(report, target).items()}


def step_seconds(row: Any) -> float | None:
    """Mean time of a step, if it is known."""
    known: float | None = row.get(CLOCK, {}).get("step_seconds")
    return known


def seconds(report: Report) -> dict[Key, Spread]:
    """Seconds to the first target at the best rates, where times are known."""
    found = {}
    for key, one in best(report).items():
        times = [(row, step_seconds(row)) for row in one.rows]
        # The first place after 0 where errors are kept is that of one step.
        known = spread(row["epochs"] / row["error_after"][1] * step for row, step in times if step is not None)
        if known.count:
            found[key] = known
    return found


class Ratio:
    """How many times as long one takes as another, with its standard error.

    Parameters
    ----------
    slow, fast : Spread
    least : bool
        Whether it is only known to be at least so much: the slower one did not arrive with every seed.

    Attributes
    ----------
    value, error : float
    """

    def __init__(self, slow: Spread, fast: Spread, *, least: bool = False) -> None:
        self.least = least
        self.value = slow.mean / fast.mean
        self.error = self.value * math.hypot(slow.error / slow.mean if slow.mean else 0.0, fast.error / fast.mean)

    def __str__(self) -> str:
        return f"at least {self.value:.2g}" if self.least else f"{self.value:.2f} ± {self.error:.2f}"

    def reaches(self, times: float) -> bool:
        """Whether it is as large as claimed, or larger, within two standard errors."""
        return self.value + 2.0 * self.error >= times

    @property
    def exceeds_one(self) -> bool:
        """Whether one is slower than the other, by more than two standard errors."""
        return self.value - 2.0 * self.error > 1.0


def ratios(report: Report, rival: str, target: str = "epochs") -> dict[int, Ratio]:
    """Epochs with another activation over those with relu, by depth."""
    found, raced = epochs(report, target), grouped(report["rows"], ("activation", "depth"))
    factors = {}
    for (name, depth), relu in found.items():
        if name == "relu" and (rival, depth) in raced and relu.mean > 0.0:
            known = found.get((rival, depth))
            slow = at_least(raced[rival, depth], target) if known is None else known
            factors[depth] = Ratio(slow, relu, least=known is None)
    return factors


def at_least(rows: Sequence[Row], target: str) -> Spread:
    """A lower bound of the epochs at the best rate, where a seed that did not arrive counts with those that it had."""
    rates = grouped(rows, ("rate",)).values()
    bounds = [spread(row["limit"] if row[target] is None else row[target] for row in of_rate) for of_rate in rates]
    return min(bounds, key=lambda bound: bound.mean)


def findings(report: Report) -> list[Finding]:
    """What the rows say about each rival of relu, and about the clock."""
    found = [_times(report, rival) for rival in RIVALS]
    makers: Sequence[Callable[[Report], Finding | None]] = (_faster, _seconds, _cheaper)
    found += [make(report) for make in makers]
    return [finding for finding in found if finding is not None]


def hidden(depth: int) -> str:
    """A number of hidden layers in words."""
    return f"{depth} hidden layer{'s' if depth > 1 else ''}"


def _depths(depths: Sequence[int]) -> str:
    return f"the network has {' or '.join(map(hidden, depths))}"


def _times(report: Report, rival: str) -> Finding | None:
    found, arrived, error = ratios(report, rival), best(report), report["settings"]["error"]
    if not found:
        return None
    parts = []
    for depth, ratio in found.items():
        relu, other = arrived["relu", depth], arrived.get((rival, depth))
        theirs = f"not every seed within {report['settings']['epochs']} with {rival}"
        if other is not None:
            theirs = f"{other.spread(lambda row: row['epochs']):.2f} with {rival} (rate {other.rate:g})"
        parts.append(
            f"with {hidden(depth)} {relu.spread(lambda row: row['epochs']):.2f} with relu (rate {relu.rate:g}), "
            f"{theirs}: {ratio} times as many"
        )
    good = [depth for depth, ratio in found.items() if ratio.reaches(TIMES)]
    return Finding(
        claim=f"With relu a network reaches {error:.0%} training error {TIMES:g} times faster than with {rival}.",
        source=KRIZHEVSKY if rival == "tanh" else f"{KRIZHEVSKY}, who say it of tanh",
        measurement=f"Epochs at the best learning rate of each: {'; '.join(parts)}.",
        **verdict(good, list(found), _depths),
    )


def _faster(report: Report) -> Finding | None:
    """The weaker claim, at both targets."""
    settings = report["settings"]
    parts, good, every = [], [], []
    for target, error in (("epochs", settings["error"]), ("late_epochs", settings["late_error"])):
        for rival in RIVALS:
            for depth, ratio in ratios(report, rival, target).items():
                every.append((rival, depth, error))
                good += [every[-1]] if ratio.exceeds_one else []
                parts.append(f"{rival} {ratio} times those of relu to {error:.0%} ({hidden(depth)})")
    if not every:
        return None

    return Finding(
        claim="Networks with relu, which does not saturate, learn faster than those with tanh or sigmoid, which do.",
        source=KRIZHEVSKY,
        measurement=f"Epochs at the best learning rate of each: {'; '.join(parts)}.",
        **verdict(good, every, lambda those: _others(those, every)),
    )


def _others(those: Sequence[Any], every: Sequence[Any]) -> str:
    """Which rivals, and where: at how many hidden layers and to which error, unless it is everywhere."""
    named = []
    for rival in dict.fromkeys(one[0] for one in those):
        mine = [one for one in those if one[0] == rival]
        places = [
            f"with {hidden(one[1])}" + (f" to {one[2]:.0%}" if len(one) > 2 else "")
            for one in mine
            if len(mine) < sum(one[0] == rival for one in every)
        ]
        named.append(" ".join([rival, " and ".join(places)]).strip())
    return f"the other is {' or '.join(named)}"


def _seconds(report: Report) -> Finding | None:
    found, error = seconds(report), report["settings"]["error"]
    pairs = [(rival, depth) for rival in RIVALS for name, depth in found if name == "relu" and (rival, depth) in found]
    pairs = [pair for pair in pairs if found["relu", pair[1]].mean > 0.0]
    if not pairs:
        return None
    factors = {pair: Ratio(found[pair], found["relu", pair[1]]) for pair in pairs}
    parts = [
        f"{rival} {1e3 * found[rival, depth].mean:.3g} ms, relu {1e3 * found['relu', depth].mean:.3g} ms with "
        f"{hidden(depth)} ({factors[rival, depth]} times)"
        for rival, depth in pairs
    ]
    return Finding(
        claim=f"By the clock too, relu is {TIMES:g} times faster to {error:.0%} training error.",
        source=KRIZHEVSKY,
        measurement=f"Time of the steps until then: {'; '.join(parts)}.",
        **verdict(
            [pair for pair in pairs if factors[pair].reaches(TIMES)],
            pairs,
            lambda those: _others(those, pairs),
        ),
        clock=True,
    )


def _fastest(times: Iterable[float | None]) -> float | None:
    return min((time for time in times if time is not None), default=None)


def _cheaper(report: Report) -> Finding | None:
    deepest = max(row["depth"] for row in report["rows"])
    times = {}
    for name in ("relu", *RIVALS):
        rows = [row for row in report["rows"] if (row["activation"], row["depth"]) == (name, deepest)]
        # The rate does not change what a step costs: the fastest of a seed was disturbed least.
        known = spread(_fastest(map(step_seconds, of_seed)) for of_seed in grouped(rows, ("seed",)).values())
        if known.count:
            times[name] = known
    rivals = [name for name in RIVALS if name in times]
    if "relu" not in times or not rivals:
        return None
    slower = [name for name in rivals if times[name].above(times["relu"])]
    listed = ", ".join(f"{name} {1e6 * time.mean:.0f} ± {1e6 * time.error:.0f} µs" for name, time in times.items())
    return Finding(
        claim="A step with relu takes less time, as it is cheaper to compute.",
        source="folklore",
        measurement=f"Time of a step with {hidden(deepest)}, with standard errors: {listed}.",
        **verdict(slower, rivals, lambda those: f"the other is {' or '.join(those)}"),
        clock=True,
    )
