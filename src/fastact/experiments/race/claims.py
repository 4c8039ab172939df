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
TARGETS = ("epochs", "late_epochs")
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
    """How many times as long one takes as another, with its 95 % interval.

    The margins of the two add up as independent errors do; that of a single seed is infinite.

    Parameters
    ----------
    slow, fast : Spread
    least : bool
        Whether it is only known to be at least so much: the slower one did not arrive with every seed.
    reversed : bool
        Whether the other one did not, which counts as being slower.

    Attributes
    ----------
    value, error, lower, upper : float
        Error is the standard error.
    slower : bool or None
        Whether the first is slower, by Welch's test; None if that is not decided.
    """

    def __init__(self, slow: Spread, fast: Spread, *, least: bool = False, reversed: bool = False) -> None:
        self.least, self.reversed = least, reversed
        self.value = slow.mean / fast.mean
        self.error = self.value * _together(slow.error, fast.error, slow, fast)
        margin = self.value * _together(slow.margin, fast.margin, slow, fast) if self.value else 0.0
        self.lower = 0.0 if reversed else max(self.value - margin, 0.0)
        self.upper = math.inf if least else 1.0 if reversed else self.value + margin
        self.slower: bool | None = True if slow.above(fast) else False if fast.above(slow) else None
        if least or reversed:
            self.slower = least

    def __str__(self) -> str:
        if self.reversed:
            return "less than 1"
        return f"at least {self.value:.2g}" if self.least else f"{self.value:.2f} ± {self.error:.2f}"

    def reaches(self, times: float) -> bool | None:
        """Whether it is as large as claimed, or larger; None if its interval allows both."""
        return True if self.lower >= times else False if self.upper < times else None

    @property
    def interval(self) -> str:
        """What is known, in words."""
        if not math.isfinite(self.error) or (self.lower == 0.0 and math.isinf(self.upper)):
            return "one seed has no error bar"
        if self.least:
            return f"at least {self.lower:.2g} times is all that is known"
        return f"the error bars reach from {self.lower:.2g} to {self.upper:.2g} times"


def _together(first: float, second: float, slow: Spread, fast: Spread) -> float:
    """The relative error of a quotient."""
    return math.hypot(first / slow.mean if slow.mean else 0.0, second / fast.mean)


def ratios(report: Report, rival: str, target: str = "epochs") -> dict[int, Ratio]:
    """Epochs with another activation over those with relu, by depth; without depths at which neither arrives."""
    found, raced = epochs(report, target), grouped(report["rows"], ("activation", "depth"))
    factors = {}
    for name, depth in raced:
        relu, other = found.get(("relu", depth)), found.get((rival, depth))
        if name != "relu" or (rival, depth) not in raced or (relu is None and other is None):
            continue
        slow = at_least(raced[rival, depth], target) if other is None else other
        fast = at_least(raced["relu", depth], target) if relu is None else relu
        if fast.mean > 0.0:
            factors[depth] = Ratio(slow, fast, least=other is None, reversed=relu is None)
    return factors


def _missing(report: Report, rivals: Sequence[str], targets: Sequence[str] = ("epochs",)) -> str:
    """A sentence on the cases that are left out because neither arrives."""
    raced = grouped(report["rows"], ("activation", "depth"))
    out = []
    for target in targets:
        found = best(report, target)
        for rival in rivals:
            out += [
                f"{rival} with {hidden(depth)}" + (f" to {_error(report, target):.0%}" if len(targets) > 1 else "")
                for name, depth in raced
                if name == "relu" and (rival, depth) in raced and not {("relu", depth), (rival, depth)} & found.keys()
            ]
    return f" Left out, as neither arrives: {', '.join(out)}." if out else ""


def _error(report: Report, target: str) -> float:
    error: float = report["settings"]["error" if target == "epochs" else "late_error"]
    return error


def _judged(
    cases: dict[Any, bool | None], condition: Callable[[Sequence[Any]], str], unknown: Callable[[Any], str]
) -> dict[str, Any]:
    """Keywords of `Finding` from cases that are true, false or, as ``unknown`` says of them, not decided."""
    good, open_ = ([case for case, known in cases.items() if known is wanted] for wanted in (True, None))
    if not open_:
        return verdict(good, list(cases), condition)
    undecided = "; ".join(map(unknown, open_))
    if good and len(good) + len(open_) < len(cases):
        return {"verdict": "holds only if", "condition": f"{condition(good)} (not decided: {undecided})"}
    return {"verdict": "not decided", "condition": undecided}


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


def _arrival(report: Report, name: str, depth: int) -> str:
    one = best(report).get((name, depth))
    if one is None:
        return f"not every seed within {report['settings']['epochs']} with {name}"
    return f"{one.spread(lambda row: row['epochs']):.2f} with {name} (rate {one.rate:g})"


def _times(report: Report, rival: str) -> Finding | None:
    found, error = ratios(report, rival), report["settings"]["error"]
    if not found:
        return None
    parts = [
        f"with {hidden(depth)} {_arrival(report, 'relu', depth)}, {_arrival(report, rival, depth)}: {ratio} times"
        for depth, ratio in found.items()
    ]
    return Finding(
        claim=f"With relu a network reaches {error:.0%} training error {TIMES:g} times faster than with {rival}.",
        source=KRIZHEVSKY if rival == "tanh" else f"{KRIZHEVSKY}, who say it of tanh",
        measurement=f"Epochs at the best learning rate of each: {'; '.join(parts)}.{_missing(report, (rival,))}",
        **_judged(
            {depth: ratio.reaches(TIMES) for depth, ratio in found.items()},
            _depths,
            lambda depth: f"with {hidden(depth)} {found[depth].interval}",
        ),
    )


def _faster(report: Report) -> Finding | None:
    """The weaker claim, at both targets."""
    parts: list[str] = []
    cases: dict[Any, bool | None] = {}
    for target in TARGETS:
        error = _error(report, target)
        told = []
        for rival in RIVALS:
            found = ratios(report, rival, target)
            cases |= {(rival, depth, error): ratio.slower for depth, ratio in found.items()}
            told += [f"{rival} {', '.join(f'{ratio} ({depth})' for depth, ratio in found.items())}"] if found else []
        parts += [f"To {error:.0%}: {'; '.join(told)}"] if told else []
    if not cases:
        return None
    return Finding(
        claim="Networks with relu, which does not saturate, learn faster than those with tanh or sigmoid, which do.",
        source=KRIZHEVSKY,
        measurement="Epochs over those of relu, each at its best learning rate (hidden layers in brackets). "
        f"{'. '.join(parts)}.{_missing(report, RIVALS, TARGETS)}",
        **_judged(
            cases,
            lambda those: _others(those, list(cases)),
            lambda case: f"the error bars overlap with {case[0]} and {hidden(case[1])} to {case[2]:.0%}",
        ),
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
        measurement=f"Time of the steps until then, where both arrive: {'; '.join(parts)}.",
        **_judged(
            {pair: factor.reaches(TIMES) for pair, factor in factors.items()},
            lambda those: _others(those, pairs),
            lambda pair: f"{pair[0]} with {hidden(pair[1])}: {factors[pair].interval}",
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
