"""What the rows of ``saturate`` say about large and small initial weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..experiment import Finding, Report, Verdict
from ..spread import Spread, over_seeds
from ..training import accuracy_or_chance

MOST = 0.5
"""Layers are saturated where this share of units x samples is."""
CONSTANT = 0.1
"""A layer has drifted to a constant where samples differ by less than this share of their difference in the first."""
LEARNT = 0.9
"""A network learns where its accuracy is this share of the best with the same activation and optimiser."""
FEW = 0.01
"""A share of saturated units that changes by less is the same."""
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
    found = [_saturated(report), _learning(report), _gradients(report), _frozen(report), _constant(report)]
    return [finding for finding in found if finding is not None]


def saturated_gains(report: Report) -> dict[str, list[float]]:
    """By activation the gains with which most of its units are saturated before training.

    Without those whose share does not grow with the gain: half of relu's derivatives are 0 whatever the weights are.
    """
    found = {}
    for name, values in by_gain(report, average("saturated")).items():
        if len(values) > 1 and values[max(values)].above(values[min(values)]):
            found[name] = [gain for gain, one in values.items() if one.mean >= MOST]
    return found


def _named(names: Any) -> str:
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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


def _judged(found: Mapping[str, float], every: Mapping[str, Values], *, end: Callable[..., float]) -> Verdict:
    """Holds where the limit of each is its end: everywhere."""
    if not found:
        return "does not hold"
    return "holds" if len(found) == len(every) and all(found[n] == end(every[n]) for n in found) else "holds only if"


def _saturated(report: Report) -> Finding | None:
    shares = {name: values for name, values in by_gain(report, average("saturated")).items() if len(values) > 1}
    if not shares:
        return None
    growing = saturated_gains(report)
    limits = {
        name: gain
        for name, values in shares.items()
        if name in growing and (gain := upper(values, lambda one: one.mean >= MOST))
    }
    verdict = _judged(limits, shares, end=min)
    return Finding(
        claim=f"Large initial weights saturate most units of {_named(shares)} layers.",
        source=NOTES,
        measurement="Share of units x samples that are saturated before training: "
        + "; ".join(
            f"{name} " + ", ".join(f"{one.mean:.0%} with gain {gain:g}" for gain, one in values.items())
            for name, values in shares.items()
        )
        + ".",
        verdict=verdict,
        condition=f"the gain is at least {_limits(limits)}" if verdict == "holds only if" else "",
    )


def _learning(report: Report) -> Finding | None:
    """Whether networks with most units saturated learn, with either optimiser."""
    most = saturated_gains(report)
    told: list[str] = []
    learn: list[str] = []
    barely: list[str] = []
    for optimiser in dict.fromkeys(row["optimiser"] for row in report["rows"]):
        for name, scores in by_gain(report, accuracy_or_chance, optimiser=optimiser).items():
            best = max(scores, key=lambda gain, scores=scores: scores[gain].mean)  # type: ignore[misc]
            saturated = [gain for gain in scores if gain in most.get(name, [])]
            if not saturated:
                continue
            told.append(
                f"{name} with {optimiser}: {scores[best]:.1%} with gain {best:g}, "
                + ", ".join(f"{scores[gain]:.1%} with {gain:g}" for gain in saturated)
            )
            fine = max(scores[gain].mean for gain in saturated) >= LEARNT * scores[best].mean
            (learn if fine else barely).append(f"{name} with {optimiser}")
    if not told:
        return None
    return Finding(
        claim="If the initial weights are too large, most neurons become saturated and the network will barely learn.",
        source=NOTES,
        measurement=f"Test accuracy of the best gain, and where {MOST:.0%} are saturated before training: "
        f"{'; '.join(told)}.",
        verdict="holds" if not learn else "holds only if" if barely else "does not hold",
        condition=f"the network is one of {_named(barely)}" if learn and barely else "",
    )


def _gradients(report: Report) -> Finding | None:
    """Whether the first layer's gradient is smaller where most units are saturated than where networks learn best."""
    most, gradients = saturated_gains(report), by_gain(report, lambda row: row["gradient"][0])
    told: list[str] = []
    killed: list[str] = []
    alive: list[str] = []
    for name, scores in by_gain(report, accuracy_or_chance).items():
        mine = gradients.get(name, {}) if name in most else {}
        known = [gain for gain in scores if gain in mine and gain not in most[name]]
        saturated = [gain for gain in mine if gain in most[name]]
        if not known or not saturated:
            continue
        best, largest = max(known, key=lambda gain, scores=scores: scores[gain].mean), max(saturated)  # type: ignore[misc]
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
        verdict="holds" if not alive else "holds only if" if killed else "does not hold",
        condition=f"the activation is {_named(killed)}" if killed and alive else "",
    )


def _frozen(report: Report) -> Finding | None:
    """Whether the share of saturated units falls in training, where most were saturated at the start."""
    most = saturated_gains(report)
    told: list[str] = []
    freed: list[str] = []
    frozen: list[str] = []
    for optimiser in dict.fromkeys(row["optimiser"] for row in report["rows"]):
        after = by_gain(report, average("saturated_after"), optimiser=optimiser)
        change = by_gain(report, average("weight_change"), optimiser=optimiser)
        for name, before in by_gain(report, average("saturated"), optimiser=optimiser).items():
            gains = [gain for gain in before if gain in most.get(name, []) and gain in after.get(name, {})]
            if not gains:
                continue
            told.append(
                f"{name} with {optimiser} "
                + ", ".join(
                    f"{before[gain].mean:.1%} to {after[name][gain].mean:.1%} with gain {gain:g} (weights change by "
                    f"{change[name][gain].mean:.0%})"
                    for gain in gains
                )
            )
            falls = [
                gain
                for gain in gains
                if before[gain].above(after[name][gain]) and before[gain].mean - after[name][gain].mean > FEW
            ]
            (freed if falls else frozen).append(f"{name} with {optimiser}")
    if not told:
        return None
    return Finding(
        claim="Layers that start saturated are frozen: training does not bring them back.",
        source="folklore",
        measurement=f"Share of saturated units x samples from before training to after: {'; '.join(told)}.",
        verdict="holds" if not freed else "holds only if" if frozen else "does not hold",
        condition=f"the network is one of {_named(frozen)}" if freed and frozen else "",
    )


def _constant(report: Report) -> Finding | None:
    remains = by_gain(report, left)
    if not remains:
        return None
    limits = {
        name: gain for name, values in remains.items() if (gain := lower(values, lambda one: one.mean < CONSTANT))
    }
    verdict = _judged(limits, remains, end=max)
    depth = report["settings"]["depth"]
    return Finding(
        claim="Deeper layers drift to a constant: their outputs come to be the same for all samples.",
        source="Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010",
        measurement=f"Deviation over samples in layer {depth} relative to layer 1, before training: "
        + "; ".join(
            f"{name} " + ", ".join(f"{one.mean:.2g} with gain {gain:g}" for gain, one in values.items())
            for name, values in remains.items()
        )
        + f". Below {CONSTANT:g} counts as constant.",
        verdict=verdict,
        condition=f"the gain is at most {_limits(limits)}" if verdict == "holds only if" else "",
    )
