"""What the rows of ``claims`` say: five claims, each with its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import fastact

from .. import stepping
from ..experiment import Finding, Report, Row, Table, verdict
from ..spread import Spread, grouped, over_seeds, spread
from ..stepping import Best
from .measures import LIKELIHOOD, RAW, SCALINGS, SQUARED, STANDARDISED

CONVEX, TRAIN, INPUTS, TWINS = "convex", "train", "inputs", "twins"
"""The tasks."""
NEAR = 1e-9
"""Values at 0 that are computed may be rounded."""
ALIKE = 1.1
"""A ratio of steps that makes no difference."""
SAME = 1e-12
"""What rounding leaves of the difference of two forms of one function."""


def of_task(report: Report, task: str) -> list[Row]:
    """The rows of a task."""
    return [row for row in report["rows"] if row["task"] == task]


def tuned(rows: Sequence[Mapping[str, Any]], by: str, steps: str = "steps") -> dict[Any, Best | None]:
    """The best rate for each value of an entry; None for one that reaches the target at none."""
    found = stepping.best(rows, by, steps)
    return {row[by]: found.get(row[by]) for row in rows}


def faster(one: Best | None, other: Best | None) -> bool:
    """Whether the first reached the target in fewer steps, or alone."""
    return one is not None and (other is None or other.steps.above(one.steps))


def told(one: Best | None) -> str:
    """In words."""
    return "not reached" if one is None else f"{one.steps:.0f} at {one.rate:g}"


def identity_like(activation: str) -> bool:
    """Whether f(0) = 0 and f'(0) = 1."""
    value, slope = fastact.registered(activation).spec.at_zero
    return abs(value) < NEAR and abs(slope - 1.0) < NEAR


def bounded(activation: str) -> bool:
    """Whether the range is finite on both sides."""
    return bool(fastact.registered(activation).spec.bounded)


def monotone(activation: str) -> bool:
    """Whether f never falls, or never rises."""
    return bool(fastact.registered(activation).spec.monotone)


def findings(report: Report) -> list[Finding]:
    """Those that the rows can judge."""
    judged = (_convex, _small, _bounded, _twins, _same_training, _inputs)
    return [finding for one in judged if (finding := one(report)) is not None]


def bends(report: Report) -> dict[tuple[str, str], Spread]:
    """Share of bent segments by activation and loss."""
    found = over_seeds(of_task(report, CONVEX), ("activation", "variant"), lambda row: row["bent_share"])
    return {(name, loss): value for (name, loss), value in found.items()}


def _convex(report: Report) -> Finding | None:
    shares = bends(report)
    asked = [key for key in shares if monotone(key[0])]
    if not asked:
        return None
    convex = [key for key in asked if shares[key].highest == 0.0]
    others = [key for key in shares if key not in asked]

    def words(keys: Iterable[tuple[str, str]]) -> str:
        return ", ".join(f"{name} with {loss} {shares[name, loss].mean:.0%}" for name, loss in keys)

    matched = " or ".join(f"{name} with the {loss}" for name, loss in convex)
    return Finding(
        claim="With a monotone activation, the loss of a single layer is convex.",
        source="Wikipedia, Activation function, with reference to Wu, Global stability analysis of a general class of "
        "discontinuous neural networks with linear growth activation functions, 2009",
        measurement=f"Share of segments between random weights on which the loss is not convex: {words(asked)}"
        f"{f'; not monotone: {words(others)}' if others else ''}.",
        **verdict(convex, asked, lambda _: f"loss and activation fit each other: {matched}"),
    )


def by_gain(report: Report) -> dict[float, dict[str, Best | None]]:
    """Each activation at its best rate, by the factor of the weights."""
    groups = grouped(of_task(report, TRAIN), ("variant",))
    return {gain: tuned(rows, "activation") for (gain,), rows in sorted(groups.items())}


def _small(report: Report) -> Finding | None:
    best = by_gain(report)
    if not best:
        return None
    gain = min(best)
    small = best[gain]
    like = [name for name in small if identity_like(name)]
    others = [name for name in small if name not in like]
    if not like or not others:
        return None
    behind = [other for other in others if all(faster(small[name], small[other]) for name in like)]
    later = max(best)
    after = f" With weights of {later:g}: " + "; ".join(
        f"{name} {told(best[later][name])}" for name in (*like, *others)
    )
    return Finding(
        claim="An activation with f(x) ~ x near 0 trains faster from small weights.",
        source="Wikipedia, Activation function, with reference to Sussillo and Abbott, Random walk initialization for "
        "training very deep feedforward networks, 2014",
        measurement=f"Steps to a loss of {report['settings']['target']:g} from weights of {gain:g} of the usual, at "
        f"the best rate: {'; '.join(f'{name} {told(small[name])}' for name in like)}; others: "
        f"{'; '.join(f'{name} {told(small[name])}' for name in others)}.{after + '.' if later != gain else ''}",
        **verdict(behind, others, lambda good: f"it is compared with {', '.join(good)}"),
    )


def largest_rates(report: Report) -> dict[str, Spread]:
    """The largest rate of the grid at which a network still learns, by activation, from the largest weights.

    A seed that learns at no rate counts as 0: it would need a smaller one than those of the grid, if any.
    """
    rows = of_task(report, TRAIN)
    gain = max((row["variant"] for row in rows), default=None)
    groups = grouped([row for row in rows if row["variant"] == gain], ("activation", "seed"))
    largest: dict[str, list[float]] = {}
    for (name, _), members in groups.items():
        largest.setdefault(name, []).append(max((row["rate"] for row in members if row["learned"]), default=0.0))
    return {name: spread(values) for name, values in largest.items()}


def _needs_less(other: Spread, ones: Iterable[Spread], end: float) -> bool | None:
    """Whether one largest rate is below all of some; None if that is not decided.

    At the end of the grid a largest rate is not known.
    """
    ones = list(ones)
    if all(one.above(other) for one in ones) and other.highest < end:
        return True
    for one in ones:
        equal = one.mean == other.mean and not one.error and not other.error
        if one.highest < end and (other.above(one) or equal):
            return False
    return None


def _bounded(report: Report) -> Finding | None:
    known = largest_rates(report)
    inside = {name: value for name, value in known.items() if bounded(name)}
    outside = {name: value for name, value in known.items() if name not in inside}
    rates = sorted({row["rate"] for row in of_task(report, TRAIN)})
    if not inside or not outside or len(rates) < 2 or not any(value.mean for value in known.values()):
        return None
    best = by_gain(report)
    at_best = best[max(best)]
    less = {name: _needs_less(value, inside.values(), rates[-1]) for name, value in outside.items()}
    open_ = [name for name, one in less.items() if one is None]

    def words(values: dict[str, Spread]) -> str:
        return ", ".join(
            f"{name} {'at least ' if value.highest == rates[-1] else ''}{value:.2g}"
            + (f" ({value.mean / one.rate:.2g})" if (one := at_best[name]) else "")
            for name, value in values.items()
        )

    return Finding(
        claim="Training is stabler with bounded activations; others need smaller learning rates.",
        source="Wikipedia, Activation function",
        measurement=f"Of {len(rates)} rates of SGD from {rates[0]:g} to {rates[-1]:g}, the largest at which the loss "
        "still falls to half, in brackets over the best one, which is not judged: bounded: "
        f"{words(inside)}; not bounded: {words(outside)}.",
        **(
            {
                "verdict": "not decided",
                "condition": f"the error bars or the end of the grid allow both for {', '.join(open_)}",
            }
            if open_
            else verdict(
                [name for name, one in less.items() if one],
                list(outside),
                lambda good: f"it is compared with {', '.join(good)}",
            )
        ),
    )


def _twins(report: Report) -> Finding | None:
    rows = of_task(report, TWINS)
    if not rows:
        return None
    function, network = (max(row[f"{name}_difference"] for row in rows) for name in ("function", "network"))
    return Finding(
        claim="tanh is a scaled sigmoid, tanh(x) = 2 sigmoid(2x) - 1, and so is every network of it.",
        source="algebra",
        measurement=f"The two differ by at most {function:.1e} on [-20, 20], and the outputs of a network of tanh and "
        f"of its twin of sigmoids by {network:.1e} of the largest, in float64.",
        verdict="holds" if max(function, network) < SAME else "does not hold",
    )


def _ratio(rows: Sequence[Row], rate: float, twin_rate: float) -> Spread:
    """Steps of the twin over those of tanh, seed by seed, each at its rate."""
    ours = {row["seed"]: row["steps"] for row in rows if row["rate"] == rate}
    twins = {row["seed"]: row["twin_steps"] for row in rows if row["rate"] == twin_rate}
    return spread(twins[seed] / steps for seed, steps in ours.items() if seed in twins)


def _alike(ratio: Spread) -> dict[str, Any]:
    """Keywords of `Finding`: whether a ratio is 1 to the tolerance, with all of its interval."""
    low, high = ratio.mean - ratio.margin, ratio.mean + ratio.margin
    if ratio.count < 2:
        return {"verdict": "not decided", "condition": "one seed has no error bar"}
    if low >= 1.0 / ALIKE and high <= ALIKE:
        return {"verdict": "holds"}
    if low > ALIKE or high < 1.0 / ALIKE:
        return {"verdict": "does not hold"}
    words = f"the error bars of sigmoid over tanh reach from {max(low, 0.0):.2g} to {high:.2g} times"
    return {"verdict": "not decided", "condition": words}


def _same_training(report: Report) -> Finding | None:
    rows = of_task(report, TWINS)
    ours, twins = (tuned(rows, "task", name).get(TWINS) for name in ("steps", "twin_steps"))
    if ours is None and twins is None:
        return None
    rates = sorted({row["rate"] for row in rows})
    judged: dict[str, Any] = {"verdict": "does not hold"}
    if ours is not None and twins is not None:
        judged = _alike(_ratio(rows, ours.rate, twins.rate))
    return Finding(
        claim="So it makes no difference to training which of the two is taken.",
        source="folklore; against it LeCun, Bottou, Orr and Müller, Efficient backprop, 1998",
        measurement="From weights that give the same function, steps of SGD to a loss of "
        f"{report['settings']['target']:g} at the best rate: tanh {told(ours)}, sigmoid {told(twins)} (rates from "
        f"{rates[0]:g} to {rates[-1]:g}).",
        **judged,
    )


def _inputs(report: Report) -> Finding | None:
    best = tuned(of_task(report, INPUTS), "variant")
    if STANDARDISED not in best or RAW not in best or not any(best.values()):
        return None
    scalings = [scaling for scaling in SCALINGS if scaling in best]
    behind = [scaling for scaling in scalings if scaling != STANDARDISED and faster(best[STANDARDISED], best[scaling])]
    return Finding(
        claim="Networks train faster on normalised data.",
        source="LeCun, Bottou, Orr and Müller, Efficient backprop, 1998",
        measurement=f"Steps to a loss of {report['settings']['target']:g} on {report['data']['name']}, each at its "
        f"best rate: {'; '.join(f'{scaling}: {told(best[scaling])}' for scaling in scalings)}.",
        **verdict(behind, scalings[:-1], lambda good: f"normalised data are compared with data {' or '.join(good)}"),
    )


def table(report: Report) -> Table:
    """A line for each activation: steps by gain, its largest rate, and how convex a single layer is."""
    best, largest, shares = by_gain(report), largest_rates(report), bends(report)
    names = list(dict.fromkeys([*largest, *(name for name, _ in shares)]))
    none = spread([])

    def bent(name: str, loss: str) -> str:
        value = shares.get((name, loss), none)
        return f"{value.mean:.0%}" if value.count else ""

    lines = [
        (
            name,
            *(told(best[gain][name]).replace("not reached", "n/a") if name in best[gain] else "" for gain in best),
            f"{largest[name]:.2g}" if name in largest else "",
            bent(name, SQUARED),
            bent(name, LIKELIHOOD),
        )
        for name in names
    ]
    headings = (
        "activation",
        *(f"steps from\nweights of {gain:g}" for gain in best),
        "largest\nrate",
        "not convex:\nsquared",
        "\nlikelihood",
    )
    return Table(headings=headings, lines=lines)
