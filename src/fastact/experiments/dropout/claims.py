"""What the rows of ``dropout`` say about overfitting, early stopping, the usual probability and the time it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..experiment import Finding, Report
from ..spread import Spread, over_seeds, spread

USUAL = 0.5
SRIVASTAVA = "Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014"
ROUGHLY = 0.5
"""Times as many epochs that "roughly" leaves open."""

Task = tuple[str, float]
"""An activation, and the share of wrong labels."""
Value = Callable[[Mapping[str, Any]], float | None]


def gap(row: Mapping[str, Any]) -> float | None:
    """Test loss less training loss at the end."""
    if row["last_test_loss"] is None:
        return None
    return float(row["last_test_loss"] - row["last_training_loss"])


def by_task(report: Report, value: Value) -> dict[Task, dict[float, Spread]]:
    """The spread of a value by task and probability."""
    found: dict[Task, dict[float, Spread]] = {}
    for (name, noise, dropped), one in over_seeds(report["rows"], ("activation", "noise", "dropped"), value).items():
        if one.count:
            found.setdefault((name, noise), {})[dropped] = one
    return found


def usual(report: Report) -> float | None:
    """The probability next to the usual one; None if nothing was ever dropped."""
    return min((row["dropped"] for row in report["rows"] if row["dropped"] > 0), key=_distance, default=None)


def _distance(dropped: float) -> float:
    return abs(dropped - USUAL)


def findings(report: Report) -> list[Finding]:
    """What the rows say about five claims, as far as they can be judged."""
    found = [
        _lower(
            report,
            gap,
            claim="Dropout makes the gap between test and training loss smaller.",
            source=SRIVASTAVA,
            what="Test less training loss at the end",
        ),
        _lower(
            report,
            lambda row: row["last_test_loss"],
            claim="Dropout prevents overfitting: the test loss at the end is lower.",
            source=SRIVASTAVA,
            what="Test loss at the end",
        ),
        _lower(
            report,
            lambda row: row["least_test_loss"],
            claim="Dropout is better than stopping in time: its least test loss is lower, too.",
            source="folklore",
            what="Least test loss after any epoch",
        ),
        _optimal(report),
        _epochs(report),
    ]
    return [finding for finding in found if finding is not None]


def named(task: Task) -> str:
    """An activation with the share of wrong labels, in words."""
    return f"{task[0]} with {labels(task[1])}"


def labels(noise: float) -> str:
    """A share of wrong labels, in words."""
    return f"{noise:.0%} wrong labels" if noise else "right labels"


def _condition(fit: list[Task], every: list[Task]) -> str:
    """Those that fit: by the share of wrong labels alone, if that tells them from the rest."""
    shares = sorted({noise for _, noise in fit})
    if len(fit) < len(every) and all(task in fit for task in every if task[1] in shares):
        others = [noise for _, noise in every if noise not in shares]
        if shares[0] > max(others):
            return f"{shares[0]:.0%} or more of the labels are wrong"
        if shares[-1] < min(others):
            return f"at most {shares[-1]:.0%} of the labels are wrong"
    rest = [task for task in every if task not in fit]
    if len(rest) < len(fit):
        return f"the network is not {' or '.join(map(named, rest))}"
    return f"the network is {' or '.join(map(named, fit))}"


def _lower(report: Report, value: Value, *, claim: str, source: str, what: str) -> Finding | None:
    dropped = usual(report)
    tasks = {
        task: (one[0.0], one[dropped])
        for task, one in by_task(report, value).items()
        if dropped is not None and 0.0 in one and dropped in one
    }
    if not tasks:
        return None
    lower = [task for task, (without, with_it) in tasks.items() if without.above(with_it)]
    higher = [task for task, (without, with_it) in tasks.items() if with_it.above(without)]
    told = "; ".join(
        f"{named(task)} {with_it:.2f} instead of {without:.2f}" for task, (without, with_it) in tasks.items()
    )
    words = f"{what}, with {dropped:.0%} dropped instead of none: {told}."
    if higher:
        words += f" It is higher for {', '.join(map(named, higher))}."
    holds = len(lower) == len(tasks)
    return Finding(
        claim=claim,
        source=source,
        measurement=words,
        verdict="holds" if holds else "holds only if" if lower else "does not hold",
        condition=_condition(lower, list(tasks)) if lower and not holds else "",
    )


def _optimal(report: Report) -> Finding | None:
    """Whether any probability is better than the usual one."""
    dropped = usual(report)
    tasks = {
        task: one
        for task, one in by_task(report, lambda row: row["last_test_loss"]).items()
        if dropped in one and len(one) > 1
    }
    if dropped is None or not tasks:
        return None
    fit, told = [], []
    for task, one in tasks.items():
        best = min(one, key=lambda p, one=one: one[p].mean)  # type: ignore[misc]
        told.append(f"{named(task)} {best:.0%} ({one[best]:.2f}; {one[dropped]:.2f} at {dropped:.0%})")
        if not one[dropped].above(one[best]):
            fit.append(task)
    holds = len(fit) == len(tasks)
    return Finding(
        claim=f"Dropping {dropped:.0%} is close to optimal for a wide range of networks and tasks.",
        source=SRIVASTAVA,
        measurement="Probability with the least test loss at the end, of "
        f"{', '.join(f'{p:.0%}' for p in _all(tasks))}: {'; '.join(told)}.",
        verdict="holds" if holds else "holds only if" if fit else "does not hold",
        condition=_condition(fit, list(tasks)) if fit and not holds else "",
    )


def _all(tasks: Mapping[Task, Mapping[float, Spread]]) -> list[float]:
    return sorted({dropped for one in tasks.values() for dropped in one})


def _epochs(report: Report) -> Finding | None:
    """How many times as many epochs the training loss takes to the target, seed by seed, for the best labels."""
    dropped = usual(report)
    noise = min(row["noise"] for row in report["rows"])
    rows = [row for row in report["rows"] if row["noise"] == noise]
    taken = {(row["activation"], row["dropped"], row["seed"]): row["epochs_to_target"] for row in rows}
    ratios: dict[str, Spread] = {}
    for name in dict.fromkeys(row["activation"] for row in rows):
        pairs = [(taken.get((name, 0.0, row["seed"])), taken.get((name, dropped, row["seed"]))) for row in rows
                 if row["activation"] == name and row["dropped"] == 0.0]  # fmt: skip
        ratio = spread(more / less if more and less else None for less, more in pairs)
        if ratio.count:
            ratios[name] = ratio
    if dropped is None or not ratios:
        return None
    double = [name for name, ratio in ratios.items() if abs(ratio.mean - 2.0) <= max(ROUGHLY, 2.0 * ratio.error)]
    holds = len(double) == len(ratios)
    return Finding(
        claim="Dropout roughly doubles the number of iterations required to converge.",
        source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, "
        "2012",
        measurement=f"Epochs until the training loss is {report['settings']['target']:g}, with {dropped:.0%} dropped "
        f"relative to none, with {labels(noise)}: "
        + ", ".join(f"{name} {ratio:.2f} times as many" for name, ratio in ratios.items())
        + ".",
        verdict="holds" if holds else "holds only if" if double else "does not hold",
        condition=f"the activation is {' or '.join(double)}" if double and not holds else "",
    )
