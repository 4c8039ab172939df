"""What the rows of ``dropout`` say about overfitting, early stopping, the usual probability and the time it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..experiment import Finding, Report, verdict
from ..spread import Spread, over_seeds, spread

USUAL = 0.5
SRIVASTAVA = "Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014"
ROUGHLY = 0.5
"""Times as many epochs that "roughly" leaves open."""
CLOSE = 0.1
"""A loss that is above the least by no more than this share of it is close to the least."""

Task = tuple[str, float]
"""An activation, and the share of wrong labels."""
Value = Callable[[Mapping[str, Any]], float | None]
Case = TypeVar("Case")


def gap(row: Mapping[str, Any]) -> float | None:
    """Test loss less training loss at the end; None where labels are wrong, for there only the latter is over them."""
    if row["last_test_loss"] is None or row["noise"] > 0:
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


def _said(
    good: Sequence[Case],
    undecided: Sequence[Case],
    every: Sequence[Case],
    condition: Callable[[Sequence[Case]], str],
    reason: str,
) -> dict[str, Any]:
    """As `verdict`; but not decided, for a reason, where the claim is true nowhere and may be true somewhere."""
    if undecided and not good:
        return {"verdict": "not decided", "condition": reason}
    return verdict(good, every, condition)


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
    return Finding(
        claim=claim,
        source=source,
        measurement=words,
        **_said(
            lower,
            [] if higher else list(tasks),
            list(tasks),
            lambda fit: _condition(list(fit), list(tasks)),
            "no difference is larger than its error bars",
        ),
    )


def _optimal(report: Report) -> Finding | None:
    """Whether the test loss of the usual probability is close to that of the best one, seed by seed."""
    dropped = usual(report)
    tasks = {
        task: one
        for task, one in by_task(report, lambda row: row["last_test_loss"]).items()
        if dropped in one and len(one) > 1
    }
    if dropped is None or not tasks:
        return None
    loss = {
        (row["activation"], row["noise"], row["dropped"], row["seed"]): row["last_test_loss"] for row in report["rows"]
    }
    fit, undecided, told = [], [], []
    for task, one in tasks.items():
        best = min(one, key=lambda p, one=one: one[p].mean)  # type: ignore[misc]
        seeds = [seed for *which, p, seed in loss if (tuple(which), p) == (task, dropped)]
        pairs = [(loss.get((*task, best, seed)), loss.get((*task, dropped, seed))) for seed in seeds]
        excess = spread(mine / least - 1.0 if mine is not None and least else None for least, mine in pairs)
        least, most = (0.0, 0.0) if best == dropped else _interval(excess)
        told.append(f"{named(task)} {best:.0%}" + (f" (higher by {excess:.0%})" if best != dropped else ""))
        if most <= CLOSE:
            fit.append(task)
        elif least <= CLOSE:
            undecided.append(task)
    return Finding(
        claim=f"Dropping {dropped:.0%} is close to optimal for a wide range of networks and tasks.",
        source=SRIVASTAVA,
        measurement=f"Probability with the least test loss at the end, and by how much it is higher at {dropped:.0%}, "
        f"where {CLOSE:.0%} counts as close: {'; '.join(told)}.",
        **_said(
            fit,
            undecided,
            list(tasks),
            lambda good: _condition(list(good), list(tasks)),
            f"the error bars allow less than {CLOSE:.0%} and more",
        ),
    )


def _interval(one: Spread) -> tuple[float, float]:
    """Student's, of the mean; a single value is taken as it is."""
    margin = one.margin if one.count > 1 else 0.0
    return one.mean - margin, one.mean + margin


def _epochs(report: Report) -> Finding | None:
    """How many times as many epochs the training loss takes to the target, seed by seed, for the best labels."""
    dropped = usual(report)
    noise = min(row["noise"] for row in report["rows"])
    rows = [row for row in report["rows"] if row["noise"] == noise]
    bounds = {
        name: one
        for name in dict.fromkeys(row["activation"] for row in rows)
        if dropped is not None and (one := _bounds([row for row in rows if row["activation"] == name], dropped))
    }
    if not bounds:
        return None
    double, undecided, told = [], [], []
    for name, (low, high) in bounds.items():
        least, most = _interval(low)[0], _interval(high)[1] if high.count == low.count else math.inf
        told.append(f"{name} {'at least ' if most == math.inf else ''}{low:.2f}")
        if least >= 2.0 - ROUGHLY and most <= 2.0 + ROUGHLY:
            double.append(name)
        elif least <= 2.0 + ROUGHLY and most >= 2.0 - ROUGHLY:
            undecided.append(f"{name} {least:.1f}" + (f" to {most:.1f}" if most < math.inf else " or more"))
    return Finding(
        claim="Dropout roughly doubles the number of iterations required to converge.",
        source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, "
        "2012",
        measurement=f"How many times as many epochs it takes until the training loss is "
        f"{report['settings']['target']:g}, with {dropped:.0%} dropped and {labels(noise)}: {', '.join(told)}; from "
        f"{2.0 - ROUGHLY:g} to {2.0 + ROUGHLY:g} is roughly double.",
        **_said(
            double,
            undecided,
            list(bounds),
            lambda good: f"the activation is {' or '.join(good)}",
            f"the error bars leave {', '.join(undecided)}",
        ),
    )


def _bounds(rows: Sequence[Mapping[str, Any]], dropped: float) -> tuple[Spread, Spread] | None:
    """The least and the most times as many epochs that each seed allows, where the network without dropping arrives.

    Without the target reached, the time with dropping is known to be longer than the training only: the seed has a
    lower bound and none above. None where no seed has one.
    """
    taken = {(row["dropped"], row["seed"]): row for row in rows}
    pairs = [
        (row["epochs_to_target"], taken[dropped, seed])
        for (p, seed), row in taken.items()
        if p == 0.0 and row["epochs_to_target"] and (dropped, seed) in taken
    ]
    known = [(less, row["epochs_to_target"], len(row["training_loss"])) for less, row in pairs]
    low = spread((more or trained + 1) / less for less, more, trained in known)
    high = spread(more / less if more else None for less, more, _ in known)
    return (low, high) if low.count else None
