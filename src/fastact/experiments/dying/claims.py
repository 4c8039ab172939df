"""What the rows of ``dying`` say about dead units and about what is said to cure them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..experiment import Finding, Report, listed, verdict
from ..spread import Spread, over_seeds
from ..training import accuracy_or_chance

CLAIMED = 0.4
"""The share of dead units that the course notes tell of."""
FEW = 0.01
"""Shares of dead units below this, and differences below this, do not count."""
ALIKE = 1.2
"""Learning rates that differ by less than this factor are compared with each other."""
MATTERS = 0.05
"""A difference of two accuracies by this much is worth telling."""
RECTIFIER = "relu"
NOTES = "Karpathy, CS231n course notes, Neural networks, 2015"
SOURCES = {
    "leaky_relu": "Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, 2013",
    "prelu": "He et al., Delving deep into rectifiers, 2015",
    "rrelu": "Xu et al., Empirical evaluation of rectified activations in convolutional network, 2015",
    "elu": "Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear units, "
    "2015",
    "gelu": "Hendrycks and Gimpel, Gaussian error linear units, 2016",
}

ByRate = dict[float, Spread]


def base(report: Report) -> dict[str, Any]:
    """The first of each: what the others are compared with."""
    settings = report["settings"]
    return {
        "activation": settings["activations"][0],
        "optimiser": settings["optimisers"][0],
        "initialiser": settings["initialisers"][0],
        "bias": settings["biases"][0],
    }


def by_rate(report: Report, value: Callable[[Mapping[str, Any]], float | None], **changes: Any) -> ByRate:
    """The spread of a value by learning rate, for the first of everything but the changes."""
    wanted = base(report) | changes
    rows = [row for row in report["rows"] if all(row[name] == one for name, one in wanted.items())]
    return {rate: spread for (rate,), spread in sorted(over_seeds(rows, ("rate",), value).items())}


def dead(report: Report, **changes: Any) -> ByRate:
    """The share of dead units by learning rate, where training stayed finite with half of the seeds at least."""
    found = by_rate(report, lambda row: row["dead"], **changes)
    seeds = by_rate(report, lambda _: 1.0, **changes)
    return {rate: share for rate, share in found.items() if 2 * share.count >= seeds[rate].count}


def accuracy(report: Report, **changes: Any) -> ByRate:
    """The test accuracy by learning rate; what diverged counts as guessing."""
    return by_rate(report, accuracy_or_chance, **changes)


def interval(one: Spread) -> tuple[float, float]:
    """Student's, of the mean; a single value is taken as it is."""
    margin = one.margin if one.count > 1 else 0.0
    return one.mean - margin, one.mean + margin


def deadly_rates(shares: ByRate) -> list[float]:
    """The learning rates with at least as many dead units as is claimed, whatever the error."""
    return [rate for rate, share in shares.items() if interval(share)[0] >= CLAIMED]


def deadly_rate(shares: ByRate) -> float | None:
    """The least of them."""
    return min(deadly_rates(shares), default=None)


def best_rate(scores: ByRate) -> float:
    """The learning rate with the highest accuracy."""
    return max(scores, key=lambda rate: scores[rate].mean)


def findings(report: Report) -> list[Finding]:
    """What the rows say about the claims, as far as they can be judged."""
    found = [
        *([_claimed(report), _forever(report)] if base(report)["activation"] == RECTIFIER else []),
        _cures(report),
        _learning(report),
        *_compared(report),
    ]
    return [finding for finding in found if finding is not None]


def _claimed(report: Report) -> Finding | None:
    told, conditions, undecided = [], [], []
    for optimiser in report["settings"]["optimisers"]:
        shares, scores = dead(report, optimiser=optimiser), accuracy(report, optimiser=optimiser)
        if not shares:
            continue
        best, deadly = best_rate(scores), deadly_rates(shares)
        words = f"{optimiser}: {scores[best]:.1%} right at the best rate, {best:g}"
        if deadly:
            least = deadly[0]
            told.append(f"{words}; at {least:g}, {shares[least]:.1%} dead and {scores[least]:.1%} right")
            conditions.append(
                f"{_range(deadly, list(shares))} with {optimiser}, {least / best:.3g} times the best, where accuracy "
                f"is {scores[least].mean:.0%} instead of {scores[best].mean:.0%}"
            )
            continue
        most = max(shares, key=lambda rate: shares[rate].mean)
        maybe = [f"{optimiser} at {rate:g}" for rate, share in shares.items() if interval(share)[1] >= CLAIMED]
        told.append(
            f"{words}; at most {shares[most]:.1%} dead, at {most:g}"
            + (f", where the error bars allow less than {CLAIMED:.0%} and more" if maybe else "")
        )
        undecided += maybe
    if not told:
        return None
    said: dict[str, Any] = {"verdict": "does not hold"}
    if conditions:
        said = {"verdict": "holds only if", "condition": f"the learning rate is {', or '.join(conditions)}"}
    elif undecided:
        condition = f"the error bars allow less than {CLAIMED:.0%} and more with {listed(undecided)}"
        said = {"verdict": "not decided", "condition": condition}
    return Finding(
        claim=f"If the learning rate is too high, as much as {CLAIMED:.0%} of the relu units can be dead.",
        source=NOTES,
        measurement=f"{'. '.join(told)}.",
        **said,
    )


def _forever(report: Report) -> Finding | None:
    """Whether the share of dead units in a layer, as counted over a window, ever falls."""
    falls: dict[int, list[float]] = {}
    for row in report["rows"]:
        if row["activation"] != RECTIFIER or not row["dead_by_step"]:
            continue
        for layer, shares in enumerate(zip(*row["dead_by_step"], strict=True)):
            # The first of each is the step.
            if layer and max(shares) > 0.0:
                falls.setdefault(layer, []).append(max(max(shares[: at + 1]) - one for at, one in enumerate(shares)))
    if not falls:
        return None
    told = [
        f"layer {layer}: in {sum(fall > 0 for fall in mine)} of {len(mine)} trainings with dead units, {max(mine):.1%}"
        for layer, mine in sorted(falls.items())
    ]
    forever = [str(layer) for layer, mine in sorted(falls.items()) if max(mine) == 0.0]
    return Finding(
        claim="The share of dead relu units in a layer does not fall again in training.",
        source=f"after {NOTES}, which say that a dead unit stays dead",
        measurement=f"How often the share of dead units, counted over {report['settings']['window']} steps, falls "
        f"again, and by how much at most: {'; '.join(told)}.",
        **verdict(forever, list(falls), lambda good: f"the layer is {listed(good, 'or')}"),
    )


def _others(report: Report) -> list[str]:
    return [name for name in report["settings"]["activations"] if name != base(report)["activation"]]


def _most_dead(report: Report) -> dict[str, tuple[str, float, Spread]]:
    """Of each other activation the optimiser and the rate with most dead units, and their share."""
    found = {}
    for name in _others(report):
        shares = {
            (optimiser, rate): share
            for optimiser in report["settings"]["optimisers"]
            for rate, share in dead(report, activation=name, optimiser=optimiser).items()
        }
        if shares:
            optimiser, rate = max(shares, key=lambda key: shares[key].mean)
            found[name] = (optimiser, rate, shares[optimiser, rate])
    return found


def alive(report: Report) -> list[str]:
    """The other activations that have hardly a dead unit with any optimiser at any rate."""
    return [name for name, (_, _, share) in _most_dead(report).items() if share.mean < FEW]


def _cures(report: Report) -> Finding | None:
    most, without = _most_dead(report), alive(report)
    if not most:
        return None
    told = [
        f"{name} {share:.1%}" + (f" ({optimiser}, {rate:g})" if share.mean > 0 else "")
        for name, (optimiser, rate, share) in most.items()
    ]
    judged = list(most)
    return Finding(
        claim=f"{listed(judged)} have no dead units." if len(judged) > 1 else f"{judged[0]} has no dead units.",
        source="; ".join(SOURCES[name] for name in judged if name in SOURCES) or "folklore",
        measurement=f"Most dead units at any learning rate where training mostly stays finite: {', '.join(told)}; "
        f"{base(report)['activation']}: {_most(report)}.",
        **verdict(without, judged, lambda good: f"the activation is {listed(good, 'or')}"),
    )


def _most(report: Report) -> str:
    shares = [
        share for optimiser in report["settings"]["optimisers"] for share in dead(report, optimiser=optimiser).values()
    ]
    return f"{max(shares, key=lambda share: share.mean):.1%}" if shares else "mostly diverged"


def _learning(report: Report) -> Finding | None:
    """Whether others without dead units learn at the rates at which units of the first activation die."""
    told, better, every, others = [], [], True, alive(report)
    first = base(report)["activation"]
    for optimiser in report["settings"]["optimisers"]:
        rate = deadly_rate(dead(report, optimiser=optimiser))
        if rate is None or not others:
            continue
        dying = accuracy(report, optimiser=optimiser)[rate]
        scores = {name: accuracy(report, activation=name, optimiser=optimiser)[rate] for name in others}
        told.append(
            f"{optimiser} at {rate:g}: {first} {dying:.0%}, "
            + ", ".join(f"{name} {score:.0%}" for name, score in scores.items())
        )
        learn = [name for name, score in scores.items() if score.above(dying) and score.mean - dying.mean > MATTERS]
        if learn:
            better.append(f"the optimiser is {optimiser} and the activation is {listed(learn, 'or')}")
        every = every and len(learn) == len(scores)
    if not told:
        return None
    return Finding(
        claim=f"At a learning rate that kills {first} units, activations without dead units still learn.",
        source="folklore",
        measurement=f"Test accuracy at the least rate with {CLAIMED:.0%} or more of the {first} units dead, where what "
        f"diverged counts as guessing: {'; '.join(told)}.",
        verdict="holds" if every else "holds only if" if better else "does not hold",
        condition="" if every else ", or ".join(better),
    )


def _compared(report: Report) -> list[Finding | None]:
    """Xavier's initialisation, biases, and AdaGrad beside the first of each."""
    settings, first = report["settings"], base(report)
    found = []
    for name in settings["initialisers"][1:]:
        if name.startswith(("xavier", "glorot")):
            found.append(
                _fewer(
                    report,
                    {"initialiser": name},
                    claim=f"Xavier initialisation protects {first['activation']} units from dying.",
                    source="Glorot and Bengio, Understanding the difficulty of training deep feedforward neural "
                    "networks, 2010, as cited for relu",
                )
            )
        elif name in ("normal", "uniform"):
            found.append(
                _fewer(
                    report,
                    {"initialiser": name},
                    claim=f"Large initial weights (deviation 1) make {first['activation']} units die.",
                    source="folklore",
                    more=True,
                )
            )
    for bias in settings["biases"][1:]:
        positive = bias > first["bias"]
        found.append(
            _fewer(
                report,
                {"bias": bias},
                claim=f"Initial biases of {bias:g} {'keep' if positive else 'make'} {first['activation']} units "
                f"{'alive' if positive else 'die'}.",
                source=f"{NOTES}, which doubt it" if positive else "folklore",
                more=not positive,
            )
        )
    if "adagrad" in settings["optimisers"][1:]:
        found.append(
            _fewer(
                report,
                {"optimiser": "adagrad"},
                claim=f"Adagrad, whose steps shrink, protects {first['activation']} units from dying.",
                source="folklore, after Duchi, Hazan and Singer, Adaptive subgradient methods, 2011",
            )
        )
    return found


def _fewer(report: Report, change: Mapping[str, Any], *, claim: str, source: str, more: bool = False) -> Finding | None:
    """Whether a change leaves fewer dead units (``more``: more of them) where there are any.

    At the same learning rates; of optimisers, whose rates mean different things, at the same multiples of the rate
    that learns best with each.
    """
    ((entry, changed),) = change.items()
    before, after = dead(report), dead(report, **change)
    unit = ""
    if entry == "optimiser":
        unit = " times the best"
        before = {rate / best_rate(accuracy(report)): share for rate, share in before.items()}
        after = {rate / best_rate(accuracy(report, **change)): share for rate, share in after.items()}
    pairs = {
        rate: (before[rate], after[other])
        for rate in before
        for other in after
        if max(rate, other) < ALIKE * min(rate, other)
    }
    dying = [rate for rate, shares in pairs.items() if max(share.mean for share in shares) >= FEW]
    if not dying:
        return None
    # There is nothing to protect where nothing dies; but what is said to kill should kill there.
    common = list(pairs) if more else dying
    differ = [rate for rate in common if _differ(*pairs[rate])]
    agree = [rate for rate in differ if (pairs[rate][1].mean > pairs[rate][0].mean) == more]
    contrary = [rate for rate in differ if rate not in agree]
    was = base(report)[entry]
    shown = agree[:1] + agree[1:][-1:] + contrary if differ else common[-2:]
    words = "; ".join(f"at {rate:.3g}{unit} {pairs[rate][1]:.1%} instead of {pairs[rate][0]:.1%}" for rate in shown)
    if len(agree) > 2:
        words += f"; likewise at {len(agree) - 2} more rates"
    measurement = f"Dead after training with {_written(changed)} instead of {_written(was)}: {words}"
    start = [by_rate(report, lambda row: row["dead_before"], **{entry: value}) for value in (was, changed)]
    at_start = [next(iter(spreads.values())).mean for spreads in start]
    if at_start[0] != at_start[1]:
        measurement += f"; before training {at_start[1]:.1%} instead of {at_start[0]:.1%}"
    said = verdict(agree, common, lambda good: f"the learning rate is {_range(list(good), common)}{unit}")
    sign = 1.0 if more else -1.0
    unclear = [
        rate
        for rate in common
        if sign * (pairs[rate][1].mean - pairs[rate][0].mean) + _margin(*pairs[rate]) > MATTERS and not agree
    ]
    if unclear:
        reason = f"the error bars allow a difference of {MATTERS:.0%} at {listed([f'{rate:.3g}' for rate in unclear])}"
        said = {"verdict": "not decided", "condition": reason + unit}
    if len(agree) == len(common) == 1 < len(pairs):
        said = {"verdict": "holds only if", "condition": f"the learning rate is {agree[0]:.3g}{unit}"}
        measurement += ", the only rate to compare them at"
    return Finding(
        claim=claim,
        source=source,
        measurement=measurement + ".",
        # Where the contrary is found there is no condition that saves a claim of protection.
        **({"verdict": "does not hold"} if contrary else said),
    )


def _range(some: list[float], every: list[float]) -> str:
    """Some of sorted rates in words, as one range where they are one."""
    if some == every[: len(some)]:
        return f"at most {some[-1]:.3g}"
    if some == every[-len(some) :]:
        return f"at least {some[0]:.3g}"
    return listed([f"{rate:.3g}" for rate in some], "or")


def _margin(*both: Spread) -> float:
    """Half of the 95 % interval of a difference, about; single values are taken as they are."""
    return math.hypot(*(one.margin if one.count > 1 else 0.0 for one in both))


def _differ(one: Spread, other: Spread) -> bool:
    return (one.above(other) or other.above(one)) and math.fabs(one.mean - other.mean) > FEW


def _written(value: Any) -> str:
    return f"bias {value:g}" if isinstance(value, float) else str(value)
