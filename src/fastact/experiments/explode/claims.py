"""What the rows of ``explode`` say about what is told of polynomials, exploding gradients and clipping."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..experiment import Finding, Report, Row
from ..spread import Spread, over_seeds
from ..training import accuracy_or_chance

LEARNT = 0.9
"""A network has learnt what depth allows if its test accuracy is this share of the best in the report."""
MATTERS = 0.05
"""A difference of two accuracies by this much is worth telling."""
SLOPES_ALIKE = 1.25
"""Digits gained in a layer grow from the first layers to the last ones by more than this where growth is faster than
exponential."""

REMEDY_NAMES = {
    "none": "no remedy",
    "critical": "critical initialisation",
    "gradient": "clipped gradients",
    "range": "clipped outputs",
}

Values = dict[tuple[Any, ...], Spread]


def label(row: Row) -> str:
    """The activation, and that it is applied twice."""
    return str(row["activation"]) if row["times"] == 1 else f"{row['activation']} twice"


def labelled(report: Report) -> list[Row]:
    """The rows with their labels."""
    return [{**row, "label": label(row)} for row in report["rows"]]


def of(report: Report, value: Callable[[Mapping[str, Any]], float | None], *by: str) -> Values:
    """The spread of a value over seeds, by label and further entries; a group with a missing value is left out."""
    rows = labelled(report)
    found = over_seeds(rows, ("label", *by), value)
    counts = over_seeds(rows, ("label", *by), lambda _: 1.0)
    return {key: spread for key, spread in found.items() if spread.count == counts[key].count}


def only(report: Report, remedy: str = "none") -> Report:
    """The report with the rows of one remedy."""
    return {**report, "rows": [row for row in report["rows"] if row["remedy"] == remedy]}


def findings(report: Report) -> list[Finding]:
    """What the rows say about seven claims, as far as they can be judged."""
    found = [
        _gradients(report),
        _order(report),
        _weights(report),
        _milder(report),
        _remedy(
            report,
            "critical",
            "An initialisation made to keep the variance of the signals deals with exploding gradients.",
            "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010, and "
            "He et al., Delving deep into rectifiers, 2015, carried over to polynomials",
        ),
        _remedy(
            report,
            "gradient",
            "Clipping the norm of the gradient deals with exploding gradients.",
            "Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013",
        ),
        _remedy(
            report,
            "range",
            "Clipping the range of an unbounded activation deals with exploding gradients.",
            "folklore",
        ),
    ]
    return [finding for finding in found if finding is not None]


def steep(report: Report) -> list[str]:
    """Labels of the activations whose slope has no bound."""
    return list(dict.fromkeys(label(row) for row in report["rows"] if not row["bounded_slope"]))


def _at_start(report: Report, entry: str) -> dict[str, dict[int, Spread]]:
    """By label and depth, where there are two depths at least, without a remedy."""
    by_label: dict[str, dict[int, Spread]] = {}
    values = of(only(report), lambda row: row[entry], "depth")
    for (name, depth), value in sorted(values.items(), key=lambda one: one[0][1]):
        by_label.setdefault(name, {})[depth] = value
    return {name: values for name, values in by_label.items() if len(values) > 1}


def _span(values: Mapping[int, Spread]) -> str:
    first, last = min(values), max(values)
    return f"{power(values[first])} at depth {first}, {power(values[last])} at {last}"


def power(log10: Spread) -> str:
    """A power of ten, with the standard deviation of its exponent."""
    return f"10^({log10:.1f})" if log10.count > 1 else f"10^{log10.mean:.1f}"


def _gradients(report: Report) -> Finding | None:
    gradients, wild = _at_start(report, "gradient_log10"), steep(report)
    mine = {name: values for name, values in gradients.items() if name in wild}
    others = {name: values for name, values in gradients.items() if name not in wild}
    if not mine:
        return None
    # Ten times over all layers is more than any well made network does.
    grown = [
        name
        for name, values in mine.items()
        if values[max(values)].above(values[min(values)]) and values[max(values)].mean - values[min(values)].mean > 1.0
    ]
    measurement = "Norm of the first layer's gradient before training: " + "; ".join(
        f"{name} {_span(values)}" for name, values in {**mine, **others}.items()
    )
    holds = len(grown) == len(mine)
    return Finding(
        claim="With x^2 and other polynomials as activations, gradients blow up with depth.",
        source="folklore; of exploding gradients: Bengio, Simard and Frasconi, Learning long-term dependencies with "
        "gradient descent is difficult, 1994",
        measurement=measurement + ".",
        verdict="holds" if holds else "holds only if" if grown else "does not hold",
        condition="" if holds or not grown else f"the activation is {' or '.join(grown)}",
    )


def _order(report: Report) -> Finding | None:
    """Whether digits per layer stay the same: exponential growth."""
    judged, faster = [], []
    for name, values in _at_start(report, "gradient_log10").items():
        depths = sorted(values)
        if name not in steep(report) or len(depths) < 3:
            continue
        slopes = [_slope(values, *depths[:2]), _slope(values, *depths[-2:])]
        told = f"{name} {slopes[0]:.1f} and {slopes[1]:.1f}"
        if min(slopes) > 0:
            layers = (depths[-1] + depths[-2] - depths[1] - depths[0]) / 2
            told += f", times {math.pow(slopes[1] / slopes[0], 1 / layers):.2f} a layer"
        judged.append(told)
        margin = sum(_margin(values[depth]) / (b - a) for a, b in (depths[:2], depths[-2:]) for depth in (a, b))
        if slopes[1] - slopes[0] > margin and slopes[1] > SLOPES_ALIKE * slopes[0]:
            faster.append(name)
    if not judged:
        return None
    everywhere = len(faster) == len(judged)
    others = [name for name in steep(report) if name not in faster]
    return Finding(
        claim="Where gradients explode they grow exponentially with depth: by the same factor in every layer.",
        source="textbook account, after Pascanu, Mikolov and Bengio, 2013",
        measurement="Decimal digits that the gradient gains with a layer, from the least depth to the next and up "
        f"to the greatest: {'; '.join(judged)}."
        + (" Of a polynomial of degree k theory expects k times as many." if faster else ""),
        verdict="does not hold" if everywhere else "holds only if" if faster else "holds",
        condition=f"the activation is {' or '.join(others)}" if faster and not everywhere else "",
    )


def _margin(one: Spread) -> float:
    """Half of the 95 % interval; 0 of a single value."""
    return one.margin if one.count > 1 else 0.0


def _slope(values: Mapping[int, Spread], first: int, last: int) -> float:
    return (values[last].mean - values[first].mean) / (last - first)


def _weights(report: Report) -> Finding | None:
    failed = of(only(report), lambda row: row["diverged_share"], "depth")
    mine = [name for name in steep(report) if any(other == name for other, _ in failed)]
    if not mine:
        return None
    told, blown = [], []
    for name in mine:
        shares = {depth: share for (other, depth), share in failed.items() if other == name}
        deepest = max(shares)
        always = [depth for depth in sorted(shares) if all(shares[d].lowest == 1 for d in shares if d >= depth)]
        told.append(
            f"{name} all from depth {always[0]} on"
            if always
            else f"{name} {shares[deepest].mean:.0%} at depth {deepest}"
        )
        if always:
            blown.append((name, always[0]))
    rates = sorted(report["settings"]["rates"])
    growth = [row["weight_growth"] for row in only(report)["rows"] if row["weight_growth"] and not row["bounded_slope"]]
    if growth:
        told.append(f"elsewhere the norm of the weights grows by at most {max(growth) - 1:.1%}")
    shallowest = min(row["depth"] for row in report["rows"])
    everywhere = len(blown) == len(mine) and all(depth == shallowest for _, depth in blown)
    return Finding(
        claim="With x^2 and other polynomials the weights blow up in training.",
        source="folklore",
        measurement=f"Trainings that leave float32, at learning rates {', '.join(f'{rate:g}' for rate in rates)}: "
        f"{'; '.join(told)}.",
        verdict="holds" if everywhere else "holds only if" if blown else "does not hold",
        condition=""
        if everywhere or not blown
        else f"the depth is at least {', '.join(f'{depth} ({name})' for name, depth in blown)}",
    )


def _milder(report: Report) -> Finding | None:
    start = of(only(report), lambda row: row["gradient_log10"], "depth")
    scores = of(report, accuracy_or_chance, "remedy", "depth")
    pair = ("signed_square", "square")
    if not all(any(key[0] == name for key in scores) for name in pair):
        return None
    told: list[str] = []
    learned: list[str] = []
    smaller = False
    common = sorted(depth for name, depth in start if name == pair[0] and (pair[1], depth) in start)
    if common:
        signed, square = (start[name, common[-1]] for name in pair)
        smaller = square.above(signed)
        told.append(
            f"Gradients before training, with the sign and without: {power(signed)} and {power(square)} at depth "
            f"{common[-1]}"
        )
    better = []
    for remedy in dict.fromkeys(key[1] for key in scores):
        gaps = {
            depth: (scores[pair[0], remedy, depth], scores[pair[1], remedy, depth])
            for name, other, depth in scores
            if name == pair[0] and other == remedy and (pair[1], remedy, depth) in scores
        }
        if not gaps:
            continue
        at = max(gaps, key=lambda depth, gaps=gaps: abs(gaps[depth][0].mean - gaps[depth][1].mean))  # type: ignore[misc]
        signed, square = gaps[at]
        learned.append(f"{signed.mean:.0%} and {square.mean:.0%} with {REMEDY_NAMES[remedy]} (depth {at})")
        if signed.above(square) and signed.mean - square.mean > MATTERS:
            better.append(REMEDY_NAMES[remedy])
    if learned:
        told.append(f"Test accuracy where they differ most: {', '.join(learned)}")
    if not told:
        return None
    return Finding(
        claim="sign(x) x^2 is a milder form of x^2.",
        source="folklore",
        measurement=f"{'. '.join(told)}.",
        verdict="holds" if smaller else "holds only if" if better else "does not hold",
        condition=""
        if smaller or not better
        else f"it is judged by what is learned with {' or '.join(better)}, not by the gradients before training",
    )


def learns_up_to(report: Report) -> dict[tuple[str, str], int]:
    """By label and remedy, the depth up to which networks learn (``LEARNT``); 0 if not even the shallowest does."""
    scores = of(report, accuracy_or_chance, "remedy", "depth")
    least = LEARNT * max(score.mean for score in scores.values())
    reach: dict[tuple[str, str], int] = {}
    for name, remedy in dict.fromkeys(key[:2] for key in scores):
        reach[name, remedy] = 0
        for depth in sorted(depth for *other, depth in scores if other == [name, remedy]):
            if scores[name, remedy, depth].mean < least:
                break
            reach[name, remedy] = depth
    return reach


def _remedy(report: Report, remedy: str, claim: str, source: str) -> Finding | None:
    reach = learns_up_to(report)
    deepest = max(row["depth"] for row in report["rows"])
    # What learns at any depth without a remedy needs none, and cannot be judged by one.
    names = [name for name in steep(report) if (name, remedy) in reach and reach.get((name, "none"), deepest) < deepest]
    if not names:
        return None
    scores = of(report, accuracy_or_chance, "remedy", "depth")
    told = [f"{name} {_reached(reach[name, remedy])}, {_reached(reach[name, 'none'])} without" for name in names]
    helped = [
        name
        for name in names
        if reach[name, remedy] > reach[name, "none"]
        and scores[name, remedy, reach[name, remedy]].above(scores[name, "none", reach[name, remedy]])
    ]
    cured = [name for name in helped if reach[name, remedy] == deepest]
    limits = ", ".join(f"{reach[name, remedy]} ({name})" for name in helped)
    return Finding(
        claim=claim,
        source=source,
        measurement=f"Up to what depth, of at most {deepest}, networks reach {LEARNT:.0%} of the best accuracy in the "
        f"report: {'; '.join(told)}.",
        verdict="holds" if len(cured) == len(names) else "holds only if" if helped else "does not hold",
        condition=f"the depth is at most {limits}" if helped and len(cured) < len(names) else "",
    )


def _reached(depth: int) -> str:
    return f"to depth {depth}" if depth else "at no depth"
