"""What the rows of ``vanish`` say about the claims that are made of vanishing gradients."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ..experiment import Finding, Report, Verdict
from ..spread import Spread, over_seeds
from .text import SAME, power, rounding, sup, worst_difference

Row = Mapping[str, Any]

NO_CURE = "none"
VANISHED = 1e-3
"""A gradient ratio below which a first layer learns a thousand times more slowly than the last."""
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
    "he": "He et al., Delving deep into rectifiers, 2015",
    "lecun": "LeCun et al., Efficient backprop, 1998",
    "critical": "Schoenholz et al., Deep information propagation, 2017",
    "batch_normalisation": "Ioffe and Szegedy, Batch normalization, 2015",
}


def findings(report: Report) -> list[Finding]:
    """Bounds, shrinking gradients, accuracy by depth, cures, and what is rounding."""
    plain = [row for row in report["rows"] if row["cure"] == NO_CURE]
    found = []
    for name in dict.fromkeys(row["activation"] for row in plain):
        rows = [row for row in plain if row["activation"] == name]
        if name == "sigmoid":
            found += _sigmoid(rows)
        elif len({row["depth"] for row in rows}) > 1:
            found += _other(name, rows)
    for name, cure in dict.fromkeys((row["activation"], row["cure"]) for row in report["rows"]):
        if cure != NO_CURE:
            found += _cure(report["rows"], name, cure)
    return [*found, *_rounding(plain, saturated=report["settings"]["saturated"])]


def _sigmoid(rows: Sequence[Row]) -> list[Finding]:
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
        found.append(_shrinks("sigmoid", rows, claimed=True))
        found.append(_accuracy("sigmoid", rows, falls=True))
    return found


def _other(name: str, rows: Sequence[Row]) -> list[Finding]:
    return [_shrinks(name, rows, claimed=False), _accuracy(name, rows, falls=False)]


def _ratio(measurements: Sequence[Row]) -> float:
    known = [m["gradient_ratio"] for m in measurements if m["gradient_ratio"] is not None]
    return statistics.median(known) if known else math.nan


def _log10(value: float) -> float | None:
    return math.log10(value) if value > 0 else None


def _shrinks(name: str, rows: Sequence[Row], *, claimed: bool) -> Finding:
    """Whether the gradient ratio falls with depth below what counts as vanished."""
    ratios = {
        depth: _ratio([row["initial"] for row in rows if row["depth"] == depth])
        for depth in sorted({row["depth"] for row in rows})
    }
    (first, before), *_, (last, after) = ratios.items()
    factor = (after / before) ** (1.0 / (last - first)) if before > 0 and after > 0 else 0.0
    vanishes = not after >= VANISHED
    told = (
        f"The gradients of {name} layers shrink exponentially with depth."
        if claimed
        else f"The gradients of {name} layers do not vanish with depth."
    )
    return Finding(
        claim=told,
        source="Bengio et al., Learning long-term dependencies with gradient descent is difficult, 1994"
        if claimed
        else "textbooks",
        measurement=f"First over last layer before training: {power(_log10(before))} at depth {first}, "
        f"{power(_log10(after))} at depth {last}: a factor of {factor:.3g} a layer.",
        verdict="holds" if vanishes == claimed else "does not hold",
    )


def _accuracies(rows: Sequence[Row]) -> dict[int, Spread]:
    values = over_seeds(rows, ("depth",), lambda row: row["test_accuracy"])
    return {depth: value for (depth,), value in sorted(values.items())}


def _trained(accuracies: Mapping[int, Spread]) -> tuple[list[int], Spread]:
    """The depths at which networks are as good as the best, but for a few points, and the best."""
    best = max(accuracies.values(), key=lambda value: value.mean if value.count else -1.0)
    return [depth for depth, value in accuracies.items() if value.count and value.mean >= best.mean - LOST], best


def _accuracy(name: str, rows: Sequence[Row], *, falls: bool) -> Finding:
    """Whether accuracy falls as layers are added."""
    accuracies = _accuracies(rows)
    good, _ = _trained(accuracies)
    last = max(accuracies)
    words = ", ".join(f"{accuracies[depth]:.1%} at depth {depth}" for depth in _few(list(accuracies)))
    told = f"Accuracy falls as {name} layers are added." if falls else f"Deep networks of {name} layers can be trained."
    verdict: Verdict
    condition = ""
    if falls:
        verdict = "does not hold" if last in good else "holds"
        if last not in good and len(good) > 1:
            verdict, condition = "holds only if", f"there are more than {max(good)} layers"
    else:
        verdict = "holds" if last in good else "does not hold"
        if last not in good and good:
            verdict, condition = "holds only if", f"there are at most {max(good)} layers"
    return Finding(
        claim=told, source="textbooks", measurement=f"Test accuracy {words}.", verdict=verdict, condition=condition
    )


def _few(depths: Sequence[int]) -> list[int]:
    """Up to four of some depths, first and last among them."""
    return [depths[round(at)] for at in {i * (len(depths) - 1) / 3: None for i in range(4)}] if depths else []


def _cure(every: Sequence[Row], name: str, cure: str) -> list[Finding]:
    """Whether networks with a cure train where those without do not."""
    plain = _accuracies([row for row in every if (row["activation"], row["cure"]) == (name, NO_CURE)])
    cured = _accuracies([row for row in every if (row["activation"], row["cure"]) == (name, cure)])
    if not plain or not any(value.count for value in plain.values()):
        return []
    fine, best = _trained(plain)
    lost = [depth for depth in plain if depth not in fine and depth in cured]
    if not lost:
        return []
    helped = [depth for depth in lost if cured[depth].count and cured[depth].mean >= best.mean - LOST]
    depth = max(lost)
    verdict: Verdict = "holds" if len(helped) == len(lost) else "holds only if" if helped else "does not hold"
    condition = f"there are at most {max(helped)} layers" if 0 < len(helped) < len(lost) else ""
    ratio = _ratio([
        row["initial"] for row in every if (row["activation"], row["cure"], row["depth"]) == (name, cure, depth)
    ])  # fmt: skip
    return [
        Finding(
            claim=f"{NAMES[cure]} make deep networks of {name} layers trainable.",
            source=SOURCES[cure],
            measurement=f"Depth {depth}: test accuracy {cured[depth]:.1%}, without {plain[depth]:.1%}, without at its "
            f"best depth {best:.1%}; the first layer's gradient is {power(_log10(ratio), 'n/a')} of the last's at the "
            "start.",
            verdict=verdict,
            condition=condition,
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
