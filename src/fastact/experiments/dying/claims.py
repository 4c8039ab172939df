"""What the rows of ``dying`` say about dead units and about what is said to cure them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..experiment import Finding, Report, Verdict
from ..spread import Spread, over_seeds
from ..training import accuracy_or_chance

CLAIMED = 0.4
"""The share of dead units that the course notes tell of."""
FEW = 0.01
"""Shares of dead units below this, and differences below this, do not count."""
MATTERS = 0.05
"""A difference of two accuracies by this much is worth telling."""
RECTIFIER = "relu"
NOTES = "Karpathy, CS231n course notes, Neural networks, 2015"
SOURCES = {
    "leaky_relu": "Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, 2013",
    "prelu": "He et al., Delving deep into rectifiers, 2015",
    "rrelu": "Xu et al., Empirical evaluation of rectified activations, 2015",
    "elu": "Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear units, "
    "2016",
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


def deadly_rate(shares: ByRate) -> float | None:
    """The least learning rate from which as many units are dead as is claimed."""
    return min((rate for rate, share in shares.items() if share.mean >= CLAIMED), default=None)


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
    told, conditions = [], []
    for optimiser in report["settings"]["optimisers"]:
        shares, scores = dead(report, optimiser=optimiser), accuracy(report, optimiser=optimiser)
        if not shares:
            continue
        best, deadly = best_rate(scores), deadly_rate(shares)
        words = f"{optimiser}: {scores[best]:.1%} right at the best rate, {best:g}"
        if best in shares:
            words += f", with {shares[best]:.1%} of the units dead"
        if deadly is None:
            most = max(shares, key=lambda rate: shares[rate].mean)
            told.append(f"{words}; at most {shares[most]:.1%} dead, at {most:g}")
        else:
            told.append(f"{words}; at {deadly:g}, {shares[deadly]:.1%} dead and {scores[deadly]:.1%} right")
            conditions.append(
                f"{deadly:g} with {optimiser}, {deadly / best:.3g} times the best, where accuracy is "
                f"{scores[deadly].mean:.0%} instead of {scores[best].mean:.0%}"
            )
    if not told:
        return None
    return Finding(
        claim=f"If the learning rate is too high, as much as {CLAIMED:.0%} of the relu units can be dead.",
        source=NOTES,
        measurement=f"{'. '.join(told)}.",
        verdict="holds only if" if conditions else "does not hold",
        condition=f"the learning rate is at least {', or '.join(conditions)}" if conditions else "",
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
    revived = len(forever) < len(falls)
    return Finding(
        claim="A relu unit that has died stays dead for the rest of the training.",
        source=NOTES,
        measurement=f"How often the share of dead units, counted over {report['settings']['window']} steps, falls "
        f"again, and by how much at most: {'; '.join(told)}.",
        verdict="holds" if not revived else "holds only if" if forever else "does not hold",
        condition=f"the unit is in layer {_listed(forever, 'or')}" if revived and forever else "",
    )


def _others(report: Report) -> list[str]:
    return [name for name in report["settings"]["activations"] if name != base(report)["activation"]]


def _cures(report: Report) -> Finding | None:
    told, without, judged = [], [], []
    for name in _others(report):
        shares = {
            (optimiser, rate): share
            for optimiser in report["settings"]["optimisers"]
            for rate, share in dead(report, activation=name, optimiser=optimiser).items()
        }
        if not shares:
            continue
        judged.append(name)
        optimiser, rate = max(shares, key=lambda key: shares[key].mean)
        most = shares[optimiser, rate]
        told.append(f"{name} {most:.1%}" + (f" ({optimiser}, {rate:g})" if most.mean > 0 else ""))
        if most.mean < FEW:
            without.append(name)
    if not judged:
        return None
    everywhere = len(without) == len(judged)
    return Finding(
        claim=f"{_listed(judged)} have no dead units." if len(judged) > 1 else f"{judged[0]} has no dead units.",
        source="; ".join(SOURCES[name] for name in judged if name in SOURCES) or "folklore",
        measurement=f"Most dead units at any learning rate where training mostly stays finite: {', '.join(told)}; "
        f"{base(report)['activation']}: {_most(report)}.",
        verdict="holds" if everywhere else "holds only if" if without else "does not hold",
        condition="" if everywhere or not without else f"the activation is {_listed(without, 'or')}",
    )


def _most(report: Report) -> str:
    shares = [
        share for optimiser in report["settings"]["optimisers"] for share in dead(report, optimiser=optimiser).values()
    ]
    return f"{max(shares, key=lambda share: share.mean):.1%}" if shares else "mostly diverged"


def _listed(names: list[str], word: str = "and") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _learning(report: Report) -> Finding | None:
    """Whether others learn at the rates at which units of the first activation die."""
    told, better, every = [], [], True
    first = base(report)["activation"]
    for optimiser in report["settings"]["optimisers"]:
        rate = deadly_rate(dead(report, optimiser=optimiser))
        if rate is None or not _others(report):
            continue
        dying = accuracy(report, optimiser=optimiser)[rate]
        scores = {name: accuracy(report, activation=name, optimiser=optimiser)[rate] for name in _others(report)}
        told.append(
            f"{optimiser} at {rate:g}: {first} {dying:.0%}, "
            + ", ".join(f"{name} {score:.0%}" for name, score in scores.items())
        )
        learn = [name for name, score in scores.items() if score.above(dying) and score.mean - dying.mean > MATTERS]
        if learn:
            better.append(f"the optimiser is {optimiser} and the activation is {_listed(learn, 'or')}")
        every = every and len(learn) == len(scores)
    if not told:
        return None
    return Finding(
        claim=f"At a learning rate that kills {first} units, activations without dead units still learn.",
        source="folklore",
        measurement=f"Test accuracy at the least rate with {CLAIMED:.0%} of the {first} units dead, where what "
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
    """Whether a change leaves fewer dead units (``more``: more of them) at the same learning rates."""
    ((entry, changed),) = change.items()
    before, after = dead(report), dead(report, **change)
    common = [rate for rate in before if rate in after]
    if not common or max(share.mean for share in (*before.values(), *after.values())) < FEW:
        return None
    differ = [rate for rate in common if _differ(after[rate], before[rate])]
    agree = [rate for rate in differ if (after[rate].mean > before[rate].mean) == more]
    shown = differ or common[-2:]
    was = base(report)[entry]
    start = {value: by_rate(report, lambda row: row["dead_before"], **{entry: value}) for value in (was, changed)}
    words = "; ".join(f"at {rate:g} {after[rate]:.1%} instead of {before[rate]:.1%}" for rate in shown)
    at_start = {value: next(iter(spreads.values())).mean for value, spreads in start.items()}
    measurement = f"Dead after training with {_written(changed)} instead of {_written(was)}: {words}"
    if at_start[was] != at_start[changed]:
        measurement += f"; before training {at_start[changed]:.1%} instead of {at_start[was]:.1%}"
    lost = [rate for rate in by_rate(report, lambda row: row["dead"], **change) if rate not in common]
    if lost:
        measurement += f"; at {', '.join(f'{rate:g}' for rate in lost)} one of the two mostly diverged"
    everywhere = len(agree) == len(common)
    verdict: Verdict = "holds" if everywhere else "holds only if" if agree else "does not hold"
    return Finding(
        claim=claim,
        source=source,
        measurement=measurement + ".",
        verdict=verdict,
        condition=f"the learning rate is {_range(agree, common)}" if verdict == "holds only if" else "",
    )


def _range(some: list[float], every: list[float]) -> str:
    """Some of sorted rates in words, as one range where they are one."""
    if some == every[: len(some)]:
        return f"at most {some[-1]:g}"
    if some == every[-len(some) :]:
        return f"at least {some[0]:g}"
    return _listed([f"{rate:g}" for rate in some], "or")


def _differ(one: Spread, other: Spread) -> bool:
    return (one.above(other) or other.above(one)) and math.fabs(one.mean - other.mean) > FEW


def _written(value: Any) -> str:
    return f"bias {value:g}" if isinstance(value, float) else str(value)
