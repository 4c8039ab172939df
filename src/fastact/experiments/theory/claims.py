"""What the rows of ``theory`` say: where prediction and measurement agree within the error bars, and where not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..experiment import Finding, Report, Row, Verdict, listed
from ..spread import Spread, grouped, spread

LEVEL = 0.05
"""A difference counts where chance alone would make the largest of those compared as large in so few of many runs."""
PRECISE = 0.5
"""Up to which share of what is predicted the differences that chance allows may reach for agreement to mean much."""
DIVERGES = 2.0
"""How many times as long a depth scale must be beside the edge of chaos as at the ends."""
POOLE = "Poole et al., Exponential expressivity in deep neural networks through transient chaos, 2016"
SCHOENHOLZ = "Schoenholz et al., Deep information propagation, 2017"
HANIN = "Hanin, Which neural net architectures give rise to exploding and vanishing gradients?, 2018"
QUANTITIES = (
    ("variance", "variances", "predicted_variances"),
    ("squared gradient", "squared_gradients", "predicted_squared_gradients"),
)


def differences(lower: Sequence[float], upper: Sequence[float]) -> list[float]:
    """D_l by layer, relative to that of the first: the difference of two correlations."""
    gap = np.subtract(lower, upper)
    return [float(value) for value in gap / gap[0]]


def rate(values: Sequence[float]) -> float | None:
    """1 / xi_c from D_l by layer: minus the slope of its logarithm by least squares; None where one is not positive."""
    if not all(value > 0 for value in values):
        return None
    return float(-np.polyfit(np.arange(len(values)), np.log(values), 1)[0])


@cache
def allowed(count: int, compared: int) -> float:
    """How many standard errors means of so many values, at least 2, may be off, the worst of those compared.

    By Student's t and Bonferroni's inequality.
    """
    from scipy.stats import t

    return float(t.isf(LEVEL / (2 * compared), count - 1))


def errors_off(measured: Spread, predicted: float) -> float:
    """By how many standard errors a mean differs; NaN of a single value."""
    if measured.count < 2:
        return math.nan
    difference = abs(measured.mean - predicted)
    return difference / measured.error if measured.error > 0 else math.inf if difference > 0 else 0.0


@dataclass(frozen=True)
class Agreement:
    """One quantity of one activation, measured and predicted in every layer.

    ``measured`` and ``predicted`` are those at the far end: the last layer for variances, the first for gradients.
    ``worst`` is the largest difference in standard errors, ``agree`` the number of layers before the first that
    differs, counted from where the quantity starts, of ``depth``. ``scatter`` is the standard deviation over networks
    of its logarithm, at the near end and at the far one. ``blunt`` is
    the largest difference, relative to the prediction, that chance allows in any layer.
    """

    activation: str
    weight_variance: float
    quantity: str
    measured: Spread
    predicted: float
    worst: float
    agree: int
    depth: int
    scatter: tuple[float, float]
    blunt: float

    @property
    def judged(self) -> bool:
        """Whether there are networks enough for an error."""
        return self.measured.count > 1 and not math.isnan(self.worst)

    @property
    def holds(self) -> bool:
        """Whether the two agree in every layer."""
        return self.agree == self.depth


def agreements(rows: Sequence[Row]) -> list[Agreement]:
    """Of every activation, for variances and for gradients."""
    layers = [row for row in rows if row["measured"] == "layers"]
    return [
        _agreement(name, w2, quantity, [row[entry] for row in mine], mine[0][prediction])
        for (name, w2), mine in grouped(layers, ("activation", "weight_variance")).items()
        for quantity, entry, prediction in QUANTITIES
    ]


def _agreement(
    name: str, w2: float, quantity: str, measured: Sequence[Sequence[Any]], predicted: Sequence[Any]
) -> Agreement:
    # What is beyond float64 is null in a report.
    spreads, depth = [spread(values) for values in zip(*measured, strict=True)], len(predicted)
    order = list(range(depth)) if quantity == "variance" else list(range(depth - 1, -1, -1))
    known = [at for at in order if predicted[at] is not None and spreads[at].count == len(measured)]
    off = [errors_off(spreads[at], predicted[at]) for at in known]
    most = allowed(len(measured), depth) if len(measured) > 1 else math.inf
    allowances = [most * spreads[at].error / abs(predicted[at]) if predicted[at] else math.inf for at in known]
    agree = next((at for at, value in enumerate(off) if value > most), depth if len(known) == depth else len(known))
    far = known[-1] if known else order[0]
    expected = predicted[far]
    return Agreement(
        name, w2, quantity, spreads[far], math.nan if expected is None else expected, max(off, default=math.nan), agree,
        depth, (_scatter(measured, order[0]), _scatter(measured, order[-1])), max(allowances, default=math.inf),
    )  # fmt: skip


def _scatter(measured: Sequence[Sequence[Any]], at: int) -> float:
    values = [of_layer[at] for of_layer in measured]
    return spread(math.log(value) for value in values if value).std if all(values) else math.nan


@dataclass(frozen=True)
class Rate:
    """1 / xi_c for one variance of the weights."""

    measured: Spread
    predicted: float
    phase: str
    edge: float | None

    @property
    def deviation(self) -> float:
        """In standard errors."""
        return errors_off(self.measured, self.predicted)

    def holds(self, compared: int) -> bool:
        """Whether measured and predicted agree, as one of so many; of two or more networks."""
        return self.deviation <= allowed(self.measured.count, compared)

    @property
    def depth(self) -> float | None:
        """xi_c as measured, in layers; None where nothing converges."""
        return 1.0 / self.measured.mean if self.measured.count and self.measured.mean > 0 else None


def rates(rows: Sequence[Row]) -> dict[tuple[str, float], Rate]:
    """By activation and variance of the weights, by size."""
    correlations = sorted(
        (row for row in rows if row["measured"] == "correlation"), key=lambda row: row["weight_variance"]
    )
    return {
        key: Rate(spread(row["rate"] for row in mine), mine[0]["predicted_rate"], mine[0]["phase"], mine[0]["edge"])
        for key, mine in grouped(correlations, ("activation", "weight_variance")).items()
    }


def findings(report: Report) -> list[Finding]:
    """Variances, gradients, their scatter, depth scales and their divergence."""
    rows, width = report["rows"], report["settings"]["width"]
    known = [one for one in agreements(rows) if one.judged]
    found = []
    for quantity, claim, source in (
        (
            "variance",
            f"Mean-field theory predicts the variance of pre-activations in every layer at width {width}.",
            POOLE,
        ),
        ("squared gradient", f"It predicts the norm of gradients in every layer at width {width}.", SCHOENHOLZ),
    ):
        mine = [one for one in known if one.quantity == quantity]
        if mine:
            found.append(_predicted(claim, source, mine))
    return [*found, *_scattered(known), *_depth_scales(rates(rows))]


def _predicted(claim: str, source: str, mine: Sequence[Agreement]) -> Finding:
    """Whether one quantity is as predicted in all layers, for all activations."""
    count = mine[0].measured.count
    told = "; ".join(
        f"{one.activation} {one.measured.mean:.3g} ± {one.measured.error:.2g}, predicted {one.predicted:.3g}, nowhere "
        f"more than {one.worst:.1f} errors off"
        for one in mine
    )
    place = "last" if mine[0].quantity == "variance" else "first"
    what = "Variance" if mine[0].quantity == "variance" else "Squared norm, relative to the logits',"
    good, bad = [one for one in mine if one.holds], [one for one in mine if not one.holds]
    blunt = [one.activation for one in good if one.blunt > PRECISE]
    verdict: Verdict = (
        "holds" if not bad else "holds only if" if good or all(one.agree for one in bad) else "does not hold"
    )
    if blunt and not bad:
        verdict = "not decided"
    end = "the first" if mine[0].quantity == "variance" else "the last"
    limits = " and ".join(f"{end} {one.agree} of {one.depth} for {one.activation}" for one in bad)
    return Finding(
        claim=claim,
        source=source,
        measurement=f"{what} in the {place} layer, mean ± standard error over {count} networks: {told}. "
        f"Chance alone puts the worst of {mine[0].depth} layers {allowed(count, mine[0].depth):.1f} errors off once in "
        f"{round(1 / LEVEL)} times.",
        verdict=verdict,
        condition=f"layers are left out but for {limits}"
        if verdict == "holds only if"
        else f"{count} networks would not show a difference of {PRECISE:.0%} for {', '.join(blunt)}"
        if verdict == "not decided"
        else "",
    )


def _scattered(known: Sequence[Agreement]) -> list[Finding]:
    """Why single networks are off, and how far."""
    mine = [one for one in known if all(value > 0 for value in one.scatter)]
    if not mine or min(one.depth for one in mine) < 2:
        return []
    grown = [one for one in mine if one.scatter[1] > one.scatter[0]]
    most = max(mine, key=lambda one: one.scatter[1])
    told = "; ".join(f"{one.activation} {one.quantity} {one.scatter[0]:.2f} and {one.scatter[1]:.2f}" for one in mine)
    share = len(grown) / len(mine)
    return [
        Finding(
            claim="A single network of finite width strays from the prediction, the further the deeper it is.",
            source=HANIN,
            measurement="Standard deviation over networks of the natural logarithm, one layer from the start and "
            f"at the far end: {told}. So a single network is typically off by a factor of "
            f"{math.exp(most.scatter[1]):.2g} at most ({most.activation}, {most.quantity}).",
            verdict="holds" if share == 1 else "holds only if" if share >= 0.5 else "does not hold",
            condition="" if share in (0, 1) or share < 0.5 else "it is about " + ", ".join(
                f"{one.activation}'s {one.quantity}" for one in grown
            ),
        )
    ]  # fmt: skip


def _depth_scales(found: dict[tuple[str, float], Rate]) -> list[Finding]:
    known = {w2: one for (_, w2), one in found.items() if one.measured.count > 1 and one.predicted is not None}
    if not known:
        return []
    name, count = next(iter(found))[0], min(one.measured.count for one in known.values())
    good = [w2 for w2, one in known.items() if one.holds(len(known))]
    told = "; ".join(
        f"{w2:g}: {_layers(one)} (predicted {_predicted_layers(one)}, {one.deviation:.1f} errors off)"
        for w2, one in known.items()
    )
    verdict: Verdict = "holds" if len(good) == len(known) else "holds only if" if good else "does not hold"
    out = [
        Finding(
            claim=f"Correlations of two inputs converge as exp(-l / xi_c) in networks of {name}, xi_c as predicted.",
            source=SCHOENHOLZ,
            measurement=f"xi_c in layers, by the variance of the weights, from {count} networks: {told}.",
            verdict=verdict,
            condition=f"the variance of the weights is {listed((f'{w2:g}' for w2 in good), 'or')}"
            if verdict == "holds only if"
            else "",
        )
    ]
    return out + _divergence(name, known)


def _predicted_layers(one: Rate) -> str:
    return f"{1 / one.predicted:.3g}" if one.predicted else "infinite"


def _layers(one: Rate) -> str:
    """xi_c with its error."""
    if one.depth is None:
        return "no convergence"
    return f"{one.depth:.3g} ± {one.depth * one.measured.error / one.measured.mean:.2g}"


def _divergence(name: str, known: dict[float, Rate]) -> list[Finding]:
    """Whether depth scales grow towards the edge of chaos on both sides."""
    edge = next(iter(known.values())).edge
    if edge is None:
        return []
    sides = [[one for w2, one in known.items() if w2 < edge], [one for w2, one in known.items() if w2 > edge][::-1]]
    if any(len(side) < 2 for side in sides):
        return []
    told, grows = [], []
    for side, words in zip(sides, ("below", "above"), strict=True):
        far, near = side[0], side[-1]
        error = math.hypot(far.measured.error, DIVERGES * near.measured.error)
        grows.append(far.measured.mean - DIVERGES * near.measured.mean > 2 * error)
        told.append(f"{words} it from {_layers(far)} to {_layers(near)} layers")
    verdict: Verdict = "holds" if all(grows) else "holds only if" if any(grows) else "does not hold"
    return [
        Finding(
            claim=f"The depth scale diverges at the edge of chaos: for {name} at a weight variance of {edge:.3f}.",
            source=SCHOENHOLZ,
            measurement=f"Towards the edge xi_c goes {' and '.join(told)}.",
            verdict=verdict,
            condition=f"the edge is approached from {'below' if grows[0] else 'above'}"
            if verdict == "holds only if"
            else "",
        )
    ]
