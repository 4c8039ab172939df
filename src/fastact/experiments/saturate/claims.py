"""What the rows of ``saturate`` say about large and small initial weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..experiment import Finding, Report, listed, verdict
from ..spread import Spread, over_seeds
from ..training import accuracy_or_chance

MOST = 0.5
"""Layers are saturated where this share of units x samples is."""
CONSTANT = 0.1
"""A layer has drifted to a constant where samples differ by less than this share of their difference in the first."""
BARELY = 0.5
"""A network barely learns that comes less than this share of the way from guessing to the best accuracy with the same
activation and optimiser."""
KEPT = 0.1
"""Layers stay saturated whose share of saturated units x samples falls by less than this."""
NOTES = "Karpathy, CS231n course notes, Neural networks, 2015"

Values = dict[Any, Spread]
Value = Callable[[Mapping[str, Any]], float | None]


def of(report: Report, value: Value, *by: str) -> dict[tuple[Any, ...], Spread]:
    """The spread of a value by some entries; groups without any value are left out."""
    return {key: one for key, one in over_seeds(report["rows"], by, value).items() if one.count}


def by_gain(report: Report, value: Value, **only: Any) -> dict[str, Values]:
    """The spread of a value by activation and gain, for rows with some entries only."""
    rows = [row for row in report["rows"] if all(row[name] == one for name, one in only.items())]
    found: dict[str, Values] = {}
    for (name, gain), one in sorted(of({"rows": rows}, value, "activation", "gain").items(), key=lambda at: at[0][1]):
        found.setdefault(name, {})[gain] = one
    return {name: found[name] for name in dict.fromkeys(row["activation"] for row in rows) if name in found}


def at_start(report: Report) -> Report:
    """The report with one row of each network before training: the optimiser makes no difference yet."""
    rows: dict[Any, Any] = {}
    for row in report["rows"]:
        rows.setdefault((row["activation"], row["gain"], row["seed"]), row)
    return {**report, "rows": list(rows.values())}


def interval(one: Spread) -> tuple[float, float]:
    """Student's, of the mean; a single value is taken as it is."""
    margin = one.margin if one.count > 1 else 0.0
    return one.mean - margin, one.mean + margin


def average(entry: str) -> Value:
    """The mean over the hidden layers."""

    def mean(row: Mapping[str, Any]) -> float | None:
        values = row[entry]
        return None if values is None or None in values else math.fsum(values) / len(values)

    return mean


def left(row: Mapping[str, Any]) -> float | None:
    """What is left in the last hidden layer of the differences between samples in the first."""
    first, last = row["deviation"][0], row["deviation"][-1]
    if first is None or last is None:
        return None
    return last / first if first > 0 else 0.0


def findings(report: Report) -> list[Finding]:
    """What the rows say about five claims, as far as they can be judged."""
    found = [_saturated(report), _learning(report), _gradients(report), _stay(report), _constant(report)]
    return [finding for finding in found if finding is not None]


def saturated_gains(report: Report) -> dict[str, list[float]]:
    """By activation the gains with which most of its units are saturated before training, whatever the error.

    Without those whose share does not grow with the gain: half of relu's derivatives are 0 whatever the weights are.
    """
    found = {}
    for name, values in by_gain(at_start(report), average("saturated")).items():
        if len(values) > 1 and values[max(values)].above(values[min(values)]):
            found[name] = [gain for gain, one in values.items() if interval(one)[0] >= MOST]
    return found


def _limits(limits: Mapping[str, float]) -> str:
    return ", ".join(f"{gain:g} ({name})" for name, gain in limits.items())


def upper(values: Values, fits: Callable[[Spread], bool]) -> float | None:
    """The least gain from which on all fit."""
    fitting = None
    for gain in sorted(values, reverse=True):
        if not fits(values[gain]):
            break
        fitting = gain
    return fitting


def lower(values: Values, fits: Callable[[Spread], bool]) -> float | None:
    """The greatest gain up to which all fit."""
    fitting = None
    for gain in sorted(values):
        if not fits(values[gain]):
            break
        fitting = gain
    return fitting


def _limited(
    limits: Mapping[str, float], every: Mapping[str, Values], end: Callable[..., float], bound: str, level: float
) -> dict[str, Any]:
    """As `verdict`: holds where the limit of each activation is its end, which is everywhere."""
    unclear = [
        f"{name} with gain {gain:g}"
        for name, values in every.items()
        for gain, one in values.items()
        if interval(one)[0] < level <= interval(one)[1]
    ]
    if not limits and unclear:
        reason = f"the error bars reach from below {level:g} to above for {listed(unclear)}"
        return {"verdict": "not decided", "condition": reason}
    everywhere = [name for name in limits if limits[name] == end(every[name])]
    if limits and len(everywhere) < len(every):
        return {"verdict": "holds only if", "condition": f"the gain is at {bound} {_limits(limits)}"}
    return verdict(everywhere, list(every), listed)


def _around(values: Values, limit: float | None, bound: str, form: str) -> str:
    """The numbers at a limit and beside it; without one, the number that comes closest to it."""
    if limit is None:
        limit = max(values) if bound == "least" else min(values)
        shown = [limit]
    else:
        beside = [gain for gain in values if (gain < limit if bound == "least" else gain > limit)]
        shown = [*([max(beside)] if bound == "least" and beside else []), limit]
        shown += [min(beside)] if bound == "most" and beside else []
    return ", ".join(f"{values[gain].mean:{form}} with gain {gain:g}" for gain in shown)


def _saturated(report: Report) -> Finding | None:
    start = at_start(report)
    shares = {name: values for name, values in by_gain(start, average("saturated")).items() if len(values) > 1}
    if not shares:
        return None
    growing = saturated_gains(report)
    limits = {
        name: gain
        for name, values in shares.items()
        if name in growing and (gain := upper(values, lambda one: interval(one)[0] >= MOST))
    }
    return Finding(
        claim=f"Large initial weights saturate most units of {listed(shares)} layers.",
        source=NOTES,
        measurement="Share of units x samples that are saturated before training: "
        + "; ".join(f"{name} {_around(values, limits.get(name), 'least', '.0%')}" for name, values in shares.items())
        + ".",
        **_limited(limits, {name: shares[name] if name in growing else {} for name in shares}, min, "least", MOST),
    )


def _learning(report: Report) -> Finding | None:
    """Whether networks with most units saturated learn, with either optimiser."""
    most, chance = saturated_gains(report), max((row["chance"] for row in report["rows"]), default=0.0)
    told: list[str] = []
    barely: list[str] = []
    unclear: list[str] = []
    every: list[str] = []
    for optimiser in dict.fromkeys(row["optimiser"] for row in report["rows"]):
        for name, scores in by_gain(report, accuracy_or_chance, optimiser=optimiser).items():
            saturated = {gain: one for gain, one in scores.items() if gain in most.get(name, [])}
            if not saturated:
                continue
            best, learns = _highest(scores), _highest(saturated)
            told.append(
                f"{name} with {optimiser} {scores[best]:.0%} with gain {best:g}, {scores[learns]:.0%} with {learns:g}"
            )
            least, greatest = interval(scores[learns])
            half = chance + BARELY * (scores[best].mean - chance)
            every.append(f"{name} with {optimiser}")
            if greatest < half:
                barely.append(every[-1])
            elif least < half:
                unclear.append(every[-1])
    if not told:
        return None
    said = verdict(barely, every, lambda good: f"the network is one of {listed(good)}")
    if unclear and not barely:
        reason = f"the error bars allow more and less than half of the way for {listed(unclear)}"
        said = {"verdict": "not decided", "condition": reason}
    return Finding(
        claim="If the initial weights are too large, most neurons become saturated and the network will barely learn.",
        source=NOTES,
        measurement=f"Test accuracy with the best gain, and with the best of those that saturate {MOST:.0%}: "
        f"{'; '.join(told)}. Less than half of the way from guessing, {chance:.0%}, to the best is barely.",
        **said,
    )


def _highest(scores: Values) -> float:
    """The gain with the highest accuracy."""
    return float(max(scores, key=lambda gain: scores[gain].mean))


def _gradients(report: Report) -> Finding | None:
    """Whether the first layer's gradient is smaller where most units are saturated than where networks learn best.

    With the first optimiser.
    """
    most, gradients = saturated_gains(report), by_gain(at_start(report), lambda row: row["gradient"][0])
    told: list[str] = []
    killed: list[str] = []
    alive: list[str] = []
    first = report["rows"][0]["optimiser"] if report["rows"] else None
    for name, scores in by_gain(report, accuracy_or_chance, optimiser=first).items():
        mine = gradients.get(name, {}) if name in most else {}
        known = [gain for gain in scores if gain in mine and gain not in most[name]]
        saturated = [gain for gain in mine if gain in most[name]]
        if not known or not saturated:
            continue
        best, largest = _highest({gain: scores[gain] for gain in known}), max(saturated)
        told.append(f"{name} {mine[best]:.2g} with gain {best:g}, {mine[largest]:.2g} with {largest:g}")
        (killed if mine[best].above(mine[largest]) else alive).append(name)
    if not told:
        return None
    return Finding(
        claim="Saturated layers kill the gradient.",
        source=NOTES,
        measurement="Norm of the first layer's gradient before training, of the gain that learns best and of the "
        f"largest one: {'; '.join(told)}."
        + (" Large weights multiply what small derivatives let through." if alive else ""),
        **verdict(killed, [*killed, *alive], lambda good: f"the activation is {listed(good)}"),
    )


def _stay(report: Report) -> Finding | None:
    """Whether the share of saturated units falls in training, where most were saturated at the start."""
    most = saturated_gains(report)
    told: list[str] = []
    stay: list[str] = []
    unclear: list[str] = []
    every: list[str] = []
    for optimiser in dict.fromkeys(row["optimiser"] for row in report["rows"]):
        before = by_gain(report, average("saturated"), optimiser=optimiser)
        after = by_gain(report, average("saturated_after"), optimiser=optimiser)
        for name, falls in by_gain(report, fall, optimiser=optimiser).items():
            gains = [gain for gain in falls if gain in most.get(name, [])]
            if not gains:
                continue
            every.append(f"{name} with {optimiser}")
            worst = max(gains, key=lambda gain, falls=falls: falls[gain].mean)  # type: ignore[misc]
            told.append(
                f"{every[-1]} {before[name][worst].mean:.0%} to {after[name][worst].mean:.0%} with gain {worst:g}"
            )
            intervals = [interval(falls[gain]) for gain in gains]
            if all(end <= KEPT for _, end in intervals):
                stay.append(every[-1])
            elif all(start <= KEPT for start, _ in intervals):
                unclear.append(every[-1])
    if not told:
        return None
    said = verdict(stay, every, lambda good: f"the network is one of {listed(good)}")
    if unclear and not stay:
        said = {"verdict": "not decided", "condition": f"the error bars allow both for {listed(unclear)}"}
    return Finding(
        claim="Layers that start saturated stay saturated: training does not bring them back.",
        source="folklore",
        measurement="Share of saturated units x samples from before training to after, with the gain where it falls "
        f"most or rises least: {'; '.join(told)}. A fall by more than {KEPT:.0%} counts as coming back.",
        **said,
    )


def fall(row: Mapping[str, Any]) -> float | None:
    """By how much the share of saturated units falls in training."""
    before, after = average("saturated")(row), average("saturated_after")(row)
    return None if before is None or after is None else before - after


def _constant(report: Report) -> Finding | None:
    remains = by_gain(at_start(report), left)
    if not remains:
        return None
    limits = {
        name: gain
        for name, values in remains.items()
        if (gain := lower(values, lambda one: interval(one)[1] < CONSTANT))
    }
    depth = report["settings"]["depth"]
    return Finding(
        claim="Deeper layers drift to a constant: their outputs come to be the same for all samples.",
        source="after Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, "
        "2010, who tell of layers that saturate in training",
        measurement=f"Deviation over samples in layer {depth} relative to layer 1, before training: "
        + "; ".join(f"{name} {_around(values, limits.get(name), 'most', '.2g')}" for name, values in remains.items())
        + f". Below {CONSTANT:g} counts as constant.",
        **_limited(limits, remains, max, "most", CONSTANT),
    )


def at_an_edge(report: Report) -> list[str]:
    """A sentence about networks whose best learning rate is the highest of those tried."""
    highest = max(report["settings"]["rates"], default=None)
    edge = [row for row in report["rows"] if row["rate"] is not None and row["rate"] == highest]
    if not edge or len(report["settings"]["rates"]) < 2:
        return []
    names = dict.fromkeys(f"{row['activation']} with {row['optimiser']}" for row in edge)
    return [
        f"The best learning rate is the highest that was tried, {highest:g}, in {len(edge)} of {len(report['rows'])} "
        f"trainings: {', '.join(names)}."
    ]
