"""What the rows of ``vanish`` say about the claims that are made of vanishing gradients."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..experiment import Finding, Report, Verdict, verdict
from ..spread import Spread, grouped, over_seeds, spread
from .text import SAME, power, rounding, sup, worst_difference

Row = Mapping[str, Any]

NO_CURE = "none"
VANISHED = 0.5
"""A factor a layer below which gradients count as vanishing: a thousandth after ten layers."""
LINEAR = 0.95
"""R^2 from which the logarithm of the gradient counts as linear in depth, and the gradient as exponential."""
LOST = 0.05
"""Accuracy that a network may lose to depth and still count as trained: five points."""
NAMES = {
    "xavier": "Xavier's initial weights",
    "he": "He's initial weights",
    "lecun": "LeCun's initial weights",
    "critical": "Initial weights on the edge of chaos",
    "batch_normalisation": "Normalised batches",
}
SOURCES = {
    "xavier": "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010",
    "he": "He et al., Delving deep into rectifiers, 2015, carried over to others",
    "lecun": "LeCun et al., Efficient backprop, 1998",
    "critical": "Schoenholz et al., Deep information propagation, 2017, carried over to others",
    "batch_normalisation": "Ioffe and Szegedy, Batch normalization, 2015",
}


def findings(report: Report) -> list[Finding]:
    """Bounds, shrinking gradients, accuracy by depth, cures, and what is rounding."""
    plain = [row for row in report["rows"] if row["cure"] == NO_CURE]
    classes = report["data"]["classes"]
    found = []
    for name in dict.fromkeys(row["activation"] for row in plain):
        rows = [row for row in plain if row["activation"] == name]
        if name == "sigmoid":
            found += _sigmoid(rows, classes)
        elif len({row["depth"] for row in rows}) > 1:
            found += _other(name, rows, classes)
    for name, cure in dict.fromkeys((row["activation"], row["cure"]) for row in report["rows"]):
        if cure != NO_CURE:
            found += _cure(report["rows"], name, cure, classes)
    return [*found, *_rounding(plain, saturated=report["settings"]["saturated"])]


def _sigmoid(rows: Sequence[Row], classes: int) -> list[Finding]:
    """The two bounds that are mixed up, and what depth does."""
    depth = max(row["depth"] for row in rows)
    deepest = [row["initial"] for row in rows if row["depth"] == depth]
    kept = all(
        (row["initial"]["path_product_max_log10"] or -math.inf) <= row["initial"]["path_product_bound_log10"] + 1e-9
        for row in rows
    )
    largest = max(
        (m["path_product_max_log10"] for m in deepest if m["path_product_max_log10"] is not None), default=None
    )
    bound = power(depth * math.log10(sup("sigmoid")), digits=3)
    found = [
        Finding(
            claim="The sigmoid's derivatives along a path through n layers multiply to at most 0.25^n.",
            source="textbook chain rule; Hochreiter, 1991",
            measurement=f"Depth {depth}: the largest product over all paths and samples is "
            f"{power(largest, digits=3)}, the bound {bound}; it is kept in {'all' if kept else 'not all'} of "
            f"{len(rows)} networks.",
            verdict="holds" if kept else "does not hold",
        )
    ]
    over = [
        row for row in rows
        if (row["initial"]["gradient_ratio_log10"] or -math.inf) > row["initial"]["path_product_bound_log10"]
    ]  # fmt: skip
    weights = all(
        (row["initial"]["gradient_ratio_log10"] or -math.inf) <= row["initial"]["gradient_ratio_bound_log10"] + 1e-5
        for row in rows
    )
    ratio = _ratio(deepest)
    words = (
        f"Depth {depth}: the gradient of the first layer is {power(_log10(ratio))} of the last's, where 0.25^n is "
        f"{bound}; it is above 0.25^n in {len(over)} of {len(rows)} networks, and within the product of 0.25 and "
        f"the weights' spectral norms in {'all' if weights else 'not all'}."
    )
    found.append(
        Finding(
            claim="So the gradient of the first layer is at most 0.25^n of the last's.",
            source="folklore",
            measurement=words,
            verdict="holds only if" if over and weights else "holds" if not over else "does not hold",
            condition="the spectral norms of the weights, which multiply too, are counted in"
            if over and weights
            else "",
        )
    )
    depths = sorted({row["depth"] for row in rows})
    if len(depths) > 1:
        found += _shrinks("sigmoid", rows, claimed=True)
        found += _accuracy("sigmoid", rows, classes, falls=True)
    return found


def _other(name: str, rows: Sequence[Row], classes: int) -> list[Finding]:
    return [*_shrinks(name, rows, claimed=False), *_accuracy(name, rows, classes, falls=False)]


def _ratio(measurements: Sequence[Row]) -> float:
    known = [m["gradient_ratio"] for m in measurements if m["gradient_ratio"] is not None]
    return statistics.median(known) if known else math.nan


def _log10(value: float) -> float | None:
    return math.log10(value) if value > 0 else None


def _shrinks(name: str, rows: Sequence[Row], *, claimed: bool) -> list[Finding]:
    """Whether the gradient ratio falls with depth, and exponentially: a line through its logarithm, seed by seed."""
    fits = [_fit(mine) for (_,), mine in grouped(rows, ("seed",)).items()]
    known = [fit for fit in fits if fit is not None]
    if not known or len(known) < len(fits):
        return []  # where gradients leave the range of the dtype there is nothing to fit
    slopes, r2 = spread(slope for slope, _ in known), min(r2 for _, r2 in known)
    factor = 10.0**slopes.mean
    depths = sorted({row["depth"] for row in rows})
    first, last = (
        _ratio([row["initial"] for row in rows if row["depth"] == depth]) for depth in (depths[0], depths[-1])
    )
    margin = slopes.margin if slopes.count > 1 else 0.0
    vanishes = slopes.mean + margin < math.log10(VANISHED)
    keeps = slopes.mean - margin > math.log10(VANISHED)
    verdict: Verdict
    if claimed:
        verdict = "holds" if vanishes and r2 >= LINEAR else "does not hold"
    else:
        verdict = "holds" if keeps else "does not hold"
    return [
        Finding(
            claim=f"The gradients of {name} layers shrink exponentially with depth."
            if claimed
            else f"The gradients of {name} layers do not vanish with depth.",
            source="Bengio et al., Learning long-term dependencies with gradient descent is difficult, 1994"
            if claimed
            else "textbooks",
            measurement=f"First over last layer before training: {power(_log10(first))} at depth {depths[0]}, "
            f"{power(_log10(last))} at depth {depths[-1]}; a factor of {factor:.3g} a layer"
            + (f" ({10.0 ** (slopes.mean - margin):.3g} to {10.0 ** (slopes.mean + margin):.3g})" if margin else "")
            + f", by a line through the logarithms with R² of at least {r2:.3f}.",
            verdict=verdict,
        )
    ]


def _fit(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Slope of log10 of the gradient ratio by depth, and R²; None if one is no number."""
    points = [(row["depth"], row["initial"]["gradient_ratio_log10"]) for row in rows]
    if len({depth for depth, _ in points}) < 2 or any(value is None for _, value in points):
        return None
    depths, values = zip(*points, strict=True)
    slope, start = statistics.linear_regression(depths, values)
    total = math.fsum((value - statistics.fmean(values)) ** 2 for value in values)
    rest = math.fsum((value - start - slope * depth) ** 2 for depth, value in points)
    return slope, 1.0 - rest / total if total > 0 else 1.0


def _accuracies(rows: Sequence[Row]) -> dict[int, Spread]:
    values = over_seeds(rows, ("depth",), lambda row: row["train_accuracy"])
    return {depth: value for (depth,), value in sorted(values.items())}


@dataclass(frozen=True)
class Trained:
    """How deep networks can be.

    Attributes
    ----------
    best : Spread
        Of the depth with the highest mean.
    good : list of int
        The depths up to the first, beyond that of the best, at which the mean is lower by more than a few points.
    open_at : int or None
        That depth, if its error bars allow both.
    """

    best: Spread
    good: list[int]
    open_at: int | None

    @property
    def limit(self) -> str:
        """Up to which depth, as a condition."""
        beyond = "" if self.open_at is None else f"; the error bars at depth {self.open_at} allow more"
        return f"there are at most {self.good[-1]} layers{beyond}"


def _trained(accuracies: Mapping[int, Spread], best: Spread | None = None) -> Trained:
    """Of some depths; ``best`` is what they are held to, if it is not among them."""
    at = 0
    if best is None:
        at, best = max(accuracies.items(), key=lambda item: item[1].mean if item[1].count else -1.0)
    good: list[int] = []
    for depth, value in accuracies.items():
        if depth > at and not (value.count and value.mean >= best.mean - LOST):
            return Trained(best, good, None if not value.count or best.above(value) else depth)
        good.append(depth)
    return Trained(best, good, None)


def _accuracy(name: str, rows: Sequence[Row], classes: int, *, falls: bool) -> list[Finding]:
    """Whether accuracy falls as layers are added; nothing where no network is better than guessing."""
    accuracies = _accuracies(rows)
    trained = _trained(accuracies)
    if not _learned(trained.best, classes):
        return []
    words = ", ".join(f"{accuracies[depth]:.1%} at depth {depth}" for depth in _few(list(accuracies)))
    good, deepest = trained.good, max(accuracies)
    judged: dict[str, Any]
    if not falls:
        judged = verdict(good, list(accuracies), lambda _: trained.limit)
    elif len(good) == len(accuracies):
        judged = {"verdict": "does not hold"}
    elif not trained.best.above(accuracies[deepest]):
        judged = {"verdict": "not decided", "condition": f"the error bars at depth {deepest} allow both"}
    elif len(good) > 1:
        judged = {"verdict": "holds only if", "condition": f"there are more than {good[-1]} layers"}
    else:
        judged = {"verdict": "holds"}
    return [
        Finding(
            claim=f"Accuracy falls as {name} layers are added."
            if falls
            else f"Deep networks of {name} layers can be trained.",
            source="textbooks",
            measurement=f"Share of the training samples classified rightly: {words}.",
            **judged,
        )
    ]


def _learned(best: Spread, classes: int) -> bool:
    """Whether a network is better than one that guesses, beyond its error bar."""
    margin = best.margin if best.count > 1 else 0.0
    return bool(best.count) and best.mean - margin > 1.0 / classes


def _few(depths: Sequence[int]) -> list[int]:
    """Up to four of some depths, first and last among them."""
    return [depths[at] for at in dict.fromkeys(round(i * (len(depths) - 1) / 3) for i in range(4))] if depths else []


def _cure(every: Sequence[Row], name: str, cure: str, classes: int) -> list[Finding]:
    """Whether networks with a cure train at depths where those without do not."""
    plain = _accuracies([row for row in every if (row["activation"], row["cure"]) == (name, NO_CURE)])
    cured = _accuracies([row for row in every if (row["activation"], row["cure"]) == (name, cure)])
    if not any(value.count for value in plain.values()):
        return []
    fine = _trained(plain)
    if not _learned(fine.best, classes):
        return []
    lost = {depth: cured[depth] for depth in plain if depth not in fine.good and depth in cured}
    if not lost:
        return []
    helped = _trained(lost, fine.best)
    depth = max(lost)
    ratio = _ratio([
        row["initial"] for row in every if (row["activation"], row["cure"], row["depth"]) == (name, cure, depth)
    ])  # fmt: skip
    return [
        Finding(
            claim=f"{NAMES[cure]} make deep networks of {name} layers trainable.",
            source=SOURCES[cure],
            measurement=f"Depth {depth}: training accuracy {cured[depth]:.1%}, without {plain[depth]:.1%}, without at "
            f"its best depth {fine.best:.1%}; the first layer's gradient is {power(_log10(ratio), 'n/a')} of the "
            "last's at the start.",
            **verdict(helped.good, list(lost), lambda _: helped.limit),
        )
    ]


def _rounding(rows: Sequence[Row], *, saturated: bool) -> list[Finding]:
    if not rows:
        return []
    changed = any(worst_difference(row) > SAME for row in rows)
    return [
        Finding(
            claim="Gradients vanish because derivatives computed from rounded outputs, s(1 - s) and 1 - t^2, become 0.",
            source="folklore",
            measurement=" ".join(rounding(rows, saturated=saturated)),
            verdict="holds only if" if changed else "does not hold",
            condition=("units are saturated, as they are here" if changed else ""),
        )
    ]
