"""What the rows of ``boundary`` say: claims about shapes, noise and functions, each with its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

import fastact

from .. import drawing
from ..experiment import Finding, Report, Row, Table, Verdict, verdict
from ..spread import Spread, spread
from .figure import of_task, solved
from .tasks import FEW, FLIPPED, FOURIER, FUNCTIONS, MIXED, NOISY, PLANE, SINUSOIDS, SOLVED, STARTS, UNBIASED

ENOUGH = 50
"""Fewer units are not called enough."""
POLYNOMIAL = 4
"""Activations that are polynomials up to this degree are known as such."""
CONTINUED = 0.5
"""R^2 from which on a function counts as continued outside it."""
PERIODIC = "wave"
HARMONICS = "the frequencies are the harmonics from the start, as in their network"

Values = dict[tuple[Any, ...], Spread]


def findings(report: Report) -> list[Finding]:
    """Those that the rows can judge."""
    judged = (_straight, _universal, _square, _stuck, _mixed, _logarithm, _fourier, _noise, _periodic)
    return [finding for one in judged if (finding := one(report)) is not None]


def _named(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"


def _known(values: Values) -> Values:
    return {key: value for key, value in values.items() if value.count}


def _pooled(report: Report, hidden: str, units: int, value: str, tasks: Sequence[str] = PLANE) -> Spread:
    """Over the tasks and seeds, with the error of a mean over each seed's tasks."""
    by_seed: dict[int, list[float]] = {}
    for row in report["rows"]:
        if row["task"] in tasks and (row["hidden"], row["units"]) == (hidden, units) and row[value] is not None:
            by_seed.setdefault(row["seed"], []).append(row[value])
    return spread(sum(each) / len(each) for each in by_seed.values())


def _in_plane(report: Report) -> tuple[list[str], list[int]]:
    rows = [row for row in report["rows"] if row["task"] in PLANE]
    return list(dict.fromkeys(row["hidden"] for row in rows)), sorted({row["units"] for row in rows})


def _straight(report: Report) -> Finding | None:
    hidden, widths = _in_plane(report)
    name = next((row["hidden"] for row in report["rows"] if row["pieces"]), None)
    if name is None or len(widths) < 2:
        return None
    straight = {one: spread(row["straight_share"] for row in _rows(report, PLANE, one)) for one in hidden}
    counts = {units: _pooled(report, name, units, "pieces") for units in widths}
    counts = {units: value for units, value in counts.items() if value.count}
    first, last = counts[min(counts)], counts[max(counts)]
    others = _named(
        f"{one} {straight[one].mean:.1%}" for one in hidden if one not in (name, MIXED) and straight[one].count
    )
    grown = ", ".join(f"{value:.1f} with {units}" for units, value in counts.items())
    return Finding(
        claim=f"With {name} the boundary is made of straight pieces, and more units give it more of them.",
        source="Montúfar, Pascanu, Cho and Bengio, On the number of linear regions of deep neural networks, 2014",
        measurement=f"The decision value is affine near {straight[name].mean:.1%} of the boundary's points ({others}). "
        f"Straight pieces of a boundary of {name} units, over the shapes: {grown}.",
        verdict="holds" if straight[name].mean > 0.95 and last.above(first) else "does not hold",
    )


def _rows(report: Report, tasks: Sequence[str], hidden: str) -> list[Row]:
    return [row for row in report["rows"] if row["task"] in tasks and row["hidden"] == hidden]


def polynomial(activation: str) -> bool:
    """Whether an activation is a polynomial of low degree: one through some of its values meets all others."""
    x = np.linspace(-10.0, 10.0, 101)
    y = np.asarray(fastact.registered(activation)(x), np.float64)
    fitted = np.polynomial.Polynomial.fit(x, y, POLYNOMIAL)(x)
    return bool(np.abs(fitted - y).max() <= 1e-9 * max(1.0, np.abs(y).max()))


def _universal(report: Report) -> Finding | None:
    hidden, widths = _in_plane(report)
    hidden = [name for name in hidden if name != MIXED]
    if not widths or max(widths) < ENOUGH:
        return None
    units = max(widths)
    worst: dict[str, tuple[Spread, str]] = {}
    for name in hidden:
        each = [(value[name, units], task) for task in PLANE if (name, units) in (value := _accuracy(report, task))]
        if each:
            worst[name] = min(each, key=lambda one: one[0].highest)
    if not worst:
        return None
    curved = {name: one for name, one in worst.items() if not polynomial(name)}
    able = [name for name, (value, _) in curved.items() if value.highest >= SOLVED]
    wrong = [name for name, (value, _) in worst.items() if name not in curved and value.highest >= SOLVED]
    told = "; ".join(
        f"{name} {value.highest:.1%} ({task}{f', mean {value.mean:.1%}' if value.count > 1 else ''})"
        for name, (value, task) in worst.items()
    )
    judged: Verdict = "holds"
    condition = ""
    if wrong or not able:
        judged = "does not hold"
    elif len(able) < len(curved):
        judged, condition = "holds only if", f"the activation is among {_named(able)}, with these trainings"
    return Finding(
        claim="One hidden layer with enough units learns any shape, unless its activation is a polynomial.",
        source="Cybenko, Approximation by superpositions of a sigmoidal function, 1989; Leshno, Lin, Pinkus and "
        "Schocken, Multilayer feedforward networks with a nonpolynomial activation function, 1993",
        measurement=f"Share of new points right, with {units} units, on the worst of {len(PLANE)} shapes in its best "
        f"training: {told}.",
        verdict=judged,
        condition=condition,
    )


def _accuracy(report: Report, task: str) -> Values:
    return _known(of_task(report, task, "test_accuracy"))


def _square(report: Report) -> Finding | None:
    values = {name: value for (name, _), value in solved(report, UNBIASED).items()}
    if "square" not in values:
        return None
    square, best = values["square"], {name: value.highest for (name, _), value in _accuracy(report, UNBIASED).items()}
    others = "; ".join(
        f"{name} {best[name]:.1%}, {value.mean:.0%}"
        for name, value in values.items()
        if name != "square" and name in best
    )
    some = 0.0 < square.mean < SOLVED
    return Finding(
        claim="Two x² neurons without biases are enough for the circle.",
        source="algebra: v₁ (w₁·x)² + v₂ (w₂·x)² + c has every ellipse about 0 as a level line",
        measurement=f"Of {square.count} starts, the best share of new points right, and how many starts come to "
        f"{SOLVED:.0%}: square {best['square']:.1%}, {square.mean:.0%}{'; ' + others if others else ''}.",
        verdict="holds only if" if some else "holds" if square.mean else "does not hold",
        condition=f"the start is a good one: {square.mean:.0%} are" if some else "",
    )


def _stuck(report: Report) -> Finding | None:
    values = solved(report, STARTS)
    name = next((hidden for hidden, units in values if {(hidden, 2), (hidden, 3)} <= values.keys()), None)
    if name is None:
        return None
    two, three = values[name, 2], values[name, 3]
    told = ", ".join(f"{value.mean:.0%} with {units}" for (hidden, units), value in values.items() if hidden == name)
    enough = sorted(units for (hidden, units), value in values.items() if hidden == name and value.mean >= SOLVED)
    judged: Verdict = "does not hold"
    condition = ""
    if three.above(two):
        if three.mean >= SOLVED:
            judged = "holds"
        elif enough:
            judged, condition = "holds only if", f"“three” is {enough[0]} units"
    return Finding(
        claim=f"On the stripes, networks of two {name} units get stuck in local minima; with three they do not.",
        source="folklore",
        measurement=f"Share of {two.count} starts that come to {SOLVED:.0%} of new points right: {told} units "
        f"(standard error at most {max(value.error for value in values.values()):.0%}).",
        verdict=judged,
        condition=condition,
    )


def _mixed(report: Report) -> Finding | None:
    hidden, widths = _in_plane(report)
    single = [name for name in hidden if name != MIXED]
    if MIXED not in hidden or not single:
        return None
    better, told = [], []
    for units in widths:
        mixed = _pooled(report, MIXED, units, "test_accuracy")
        each = {name: value for name in single if (value := _pooled(report, name, units, "test_accuracy")).count}
        if not mixed.count or not each:
            continue
        best = max(each, key=lambda name: each[name].mean)
        told.append(f"{mixed:.1%} against {each[best]:.1%} ({best}) with {units} units")
        if mixed.above(each[best]):
            better.append(units)
    if not told:
        return None
    everywhere = len(better) == len(told)
    return Finding(
        claim="A layer with a different activation for each neuron learns more shapes than any single activation.",
        source="Hagg, Mensing and Asteroth, Evolving parsimonious networks by mixing activation functions, 2017",
        measurement=f"New points right over {len(PLANE)} shapes, {_named(report['settings']['mixture'])} in turn "
        f"against the best single activation: {'; '.join(told)}.",
        verdict="holds" if everywhere else "holds only if" if better else "does not hold",
        condition=f"there are {_or(better)} units" if better and not everywhere else "",
    )


def _or(values: Sequence[int]) -> str:
    return " or ".join(map(str, values))


def _r2(report: Report, task: str) -> tuple[dict[str, Spread], dict[str, Spread]]:
    inside, outside = (_known(of_task(report, task, f"{place}_r2")) for place in ("inside", "outside"))
    return {name: value for (name, _), value in inside.items()}, {name: value for (name, _), value in outside.items()}


def _continued(outside: Spread) -> bool | None:
    """Whether a function goes on; None where the interval of R^2 reaches over the border."""
    if outside.count < 2:
        return outside.mean >= CONTINUED
    if outside.mean - outside.margin >= CONTINUED:
        return True
    return None if outside.mean + outside.margin >= CONTINUED else False


def _undecided(names: Iterable[str]) -> dict[str, Any]:
    return {"verdict": "not decided", "condition": f"the error bars of {_named(names)} reach over R² = {CONTINUED:g}"}


def _missed(value: Spread) -> str:
    return f"{1.0 - value.mean:.1e} ± {value.std:.0e}" if value.count > 1 else f"{1.0 - value.mean:.1e}"


def _logarithm(report: Report) -> Finding | None:
    inside, outside = _r2(report, "logarithm")
    smooth = {name: value for name, value in inside.items() if not fastact.registered(name).spec.kinks}
    kinked = {name: value for name, value in inside.items() if name not in smooth}
    smooth = {name: value for name, value in smooth.items() if not polynomial(name)}
    if not smooth or not kinked:
        return None
    name = max(kinked, key=lambda one: kinked[one].mean)
    better = [one for one, value in smooth.items() if value.above(kinked[name])]
    told = "; ".join(f"{one} {_missed(value)}" for one, value in sorted(inside.items(), key=lambda item: -item[1].mean))
    on = ", ".join(f"{one} {value.mean:.3f}" for one, value in outside.items())
    return Finding(
        claim=f"Smooth activations learn Y = X + log X better than {name}, which draws it in straight pieces.",
        source="folklore",
        measurement=f"Share of the variance missed in the training range: {told}. R² beyond it: {on}.",
        **verdict(better, list(smooth), lambda good: f"the activation is among {_named(good)}"),
    )


def _fourier(report: Report) -> Finding | None:
    inside, outside = _r2(report, "square wave")
    if FOURIER not in inside or SINUSOIDS not in inside:
        return None
    shares = of_task(report, "square wave", "harmonic_share")
    (share,) = (value for (name, _), value in shares.items() if name == SINUSOIDS)
    others = "; ".join(
        f"{one} {inside[one].mean:.2f} and {outside[one].mean:.2f}" for one in inside if one not in (FOURIER, SINUSOIDS)
    )
    free, fixed = (_continued(outside[name]) for name in (SINUSOIDS, FOURIER))
    return Finding(
        claim="A network of cosines and sines learns a periodic signal as its Fourier series, and so continues it.",
        source="Gallant and White, There exists a neural network that does not make avoidable mistakes, 1988",
        measurement="Square wave, R² in the training range and beyond: with frequencies that are learned "
        f"{inside[SINUSOIDS]:.2f} and {outside[SINUSOIDS]:.2f}, {share.mean:.0%} of the power at harmonics; with the "
        f"harmonics for frequencies {inside[FOURIER]:.2f} and {outside[FOURIER]:.2f}"
        f"{f'. Others: {others}' if others else ''}.",
        **(
            _undecided(name for name, known in (("learned ones", free), ("fixed ones", fixed)) if known is None)
            if free is None or (free is False and fixed is None)
            else {"verdict": "holds"}
            if free
            else verdict([FOURIER] if fixed else [], [FOURIER, SINUSOIDS], lambda _: HARMONICS)
        ),
    )


def _paired(report: Report, hidden: str, few: int, most: int, value: str) -> Spread:
    """How much larger a value is with few units than with many, on the same points."""
    by = {(row["units"], row["seed"]): row[value] for row in _rows(report, (NOISY,), hidden) if row[value] is not None}
    return spread(by[few, seed] - by[most, seed] for units, seed in by if units == few and (most, seed) in by)


def _noise(report: Report) -> Finding | None:
    test, train = _accuracy(report, NOISY), _known(of_task(report, NOISY, "train_accuracy"))
    widths = sorted({units for _, units in test})
    if len(widths) < 2:
        return None
    few, most = widths[0], widths[-1]
    known: dict[str, bool | None] = {}
    told = []
    for name in dict.fromkeys(name for name, _ in test):
        lost = _paired(report, name, few, most, "test_accuracy")
        if not lost.count:
            continue
        told.append(
            f"{name} {train[name, most].mean:.0%} and {test[name, most].mean:.1%}, {train[name, few].mean:.0%} and "
            f"{test[name, few].mean:.1%} (new ones {-lost.mean:+.1%} ± {lost.error:.1%})"
        )
        if train[name, most].mean < SOLVED or lost.mean + lost.margin <= 0.0:
            known[name] = False
        else:
            known[name] = True if lost.mean - lost.margin > 0.0 else None
    if not told:
        return None
    open_ = [name for name, value in known.items() if value is None]
    good = [name for name, value in known.items() if value]

    def among(names: Sequence[str]) -> str:
        return f"the activation is among {_named(names)}, with these points"

    return Finding(
        claim=f"With {most} hidden units a network learns few noisy points by heart, and does worse on new ones than "
        f"with {few}.",
        source="Geman, Bienenstock and Doursat, Neural networks and the bias/variance dilemma, 1992",
        measurement=f"{FEW} points of the moons, {FLIPPED:.0%} with the wrong class; training and new ones right with "
        f"{most} units and with {few} (and the difference, with its standard error): {'; '.join(told)}.",
        **(
            {
                "verdict": "not decided",
                "condition": f"the error bars of {_named(open_)} allow no difference; it holds for {_named(good)}",
            }
            if open_
            else verdict(good, list(known), among)
        ),
    )


def _periodic(report: Report) -> Finding | None:
    inside, outside = _r2(report, PERIODIC)
    going_on = {name: _continued(value) for name, value in outside.items()}
    plain = [name for name in outside if name in ("relu", "tanh")]
    periodic = [name for name in outside if name in ("snake", "sin", "cos")]
    if not plain or not periodic:
        return None
    told = "; ".join(f"{one} {inside[one].mean:.2f} and {outside[one]:.2f}" for one in inside)
    wrong = any(going_on[name] for name in plain)
    open_ = [name for name in (*plain, *periodic) if going_on[name] is None]
    return Finding(
        claim=f"Networks of {' or '.join(plain)} cannot continue a periodic pattern; those of {' or '.join(periodic)} "
        "do.",
        source="Ziyin, Hartwig and Ueda, Neural networks fail to learn periodic functions and how to fix it, 2020",
        measurement=f"Y = {FUNCTIONS[PERIODIC].formula}, R² over two periods of training and two more: {told}.",
        **(
            _undecided(open_)
            if open_ and not wrong
            else verdict(
                [name for name in periodic if going_on[name] and not wrong],
                periodic,
                lambda good: f"the activation is {_named(good)}, of these",
            )
        ),
    )


def table(report: Report) -> Table:
    """A line for each kind of hidden layer and width in the plane, with its accuracy on each shape."""
    values = {task: of_task(report, task, "test_accuracy") for task in (*PLANE, NOISY)}
    hidden, widths = _in_plane(report)
    groups = [(name, units) for name in hidden for units in widths if any((name, units) in v for v in values.values())]
    none = spread([])
    lines = [
        (
            name,
            str(units),
            *(f"{values[task].get((name, units), none).mean:.1%}".replace("nan%", "n/a") for task in values),
        )
        for name, units in groups
    ]
    headings = ("activation", "units", *(task.replace(" ", "\n") for task in values))
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))
