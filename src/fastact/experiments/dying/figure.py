"""The panels and the table of ``dying``."""

from __future__ import annotations

from typing import Any

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread, spread
from .claims import CLAIMED, accuracy, base, best_rate, dead, deadly_rate

Values = dict[tuple[Any, Any], Spread]
STEPS_DRAWN = 5
"""Learning rates whose units are counted step by step in the figure."""


def panels(report: Report) -> list[Panel]:
    """Dead units and accuracy by learning rate and activation; dead units by everything else, and step by step."""
    first, settings = base(report), report["settings"]
    shown = max(settings["optimisers"], key=lambda one: _comparable(report, one))
    by_activation = {
        (name, rate): share
        for name in settings["activations"]
        for rate, share in dead(report, activation=name, optimiser=shown).items()
    }
    scores = {
        (name, rate): score
        for name in settings["activations"]
        for rate, score in accuracy(report, activation=name, optimiser=shown).items()
    }
    bars = "mean and standard deviation over the seeds"
    return [
        _by_rate(
            f"Dead units, {shown}", f"dotted: the {CLAIMED:.0%} that are claimed; {bars}", by_activation, line=True
        ),
        _by_rate(f"Accuracy, {shown}", f"diverged counts as guessing; {bars}", scores),
        _by_rate(
            f"Dead {first['activation']} units otherwise",
            f"one thing changed at a time; {bars}",
            _changes(report),
            line=True,
        ),
        _over_steps(report),
    ]


def _comparable(report: Report, optimiser: str) -> tuple[bool, int]:
    """Whether the claim comes true with an optimiser, and in how many places training stays finite."""
    names = report["settings"]["activations"]
    deadly = deadly_rate(dead(report, optimiser=optimiser)) is not None
    return deadly, sum(len(dead(report, activation=name, optimiser=optimiser)) for name in names)


def _changes(report: Report) -> Values:
    first, settings = base(report), report["settings"]
    changes: dict[str, dict[str, Any]] = {f"{first['optimiser']}, {first['initialiser']}": {}}
    changes |= {name: {"optimiser": name} for name in settings["optimisers"][1:]}
    changes |= {name: {"initialiser": name} for name in settings["initialisers"][1:]}
    changes |= {f"bias {bias:g}": {"bias": bias} for bias in settings["biases"][1:]}
    return {(name, rate): share for name, change in changes.items() for rate, share in dead(report, **change).items()}


def _by_rate(title: str, note: str, values: Values, *, line: bool = False) -> Panel:
    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="learning rate", percent=True, xlog=True, legend=False)
        axes.set_ylim(-0.03, 1.03 * max(0.5 if line else 1.0, *(value.highest for value in values.values()), 0.0))
        drawing.legend_above(axes, 3)
        axes.set_ylabel("dead hidden units" if line else "test accuracy")
        if line:
            drawing.reference(axes, CLAIMED, "")

    return Panel(
        title=title,
        note=note,
        alt=f"{title}, by learning rate. {drawing.ends(values, '.1%', place='rate')}",
        draw=draw,
    )


def _over_steps(report: Report) -> Panel:
    first = base(report)
    rows = [row for row in report["rows"] if all(row[name] == value for name, value in first.items())]
    shares: dict[tuple[Any, Any], list[float]] = {}
    for row in rows:
        for step, *by_layer in row["dead_by_step"] or []:
            shares.setdefault((row["rate"], step), []).append(sum(by_layer) / len(by_layer))
    rates = sorted({rate for rate, _ in shares})[-STEPS_DRAWN:]
    values = {(f"rate {rate:g}", step): spread(shares[rate, step]) for rate, step in shares if rate in rates}
    window = report["settings"]["window"]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="step", percent=True, legend=False)
        axes.set_ylim(-0.03, 1.03 * max(0.5, *(value.highest for value in values.values()), 0.0))
        drawing.legend_above(axes, 3)
        axes.set_ylabel("dead hidden units")
        drawing.reference(axes, CLAIMED, "")

    return Panel(
        title=f"Dead {first['activation']} units by step, {first['optimiser']}",
        note=f"without a gradient for {window} steps; mean and standard deviation over the seeds "
        "whose training stayed finite",
        alt=f"Dead units by step. {drawing.ends(values, '.1%', place='step')}" if values else "No training stayed "
        "finite for as long as the window.",
        draw=draw,
    )  # fmt: skip


def table(report: Report) -> Table:
    """A line for each activation and optimiser, initialiser and bias."""
    first, settings = base(report), report["settings"]
    changes: list[dict[str, Any]] = [
        {"activation": name, "optimiser": optimiser}
        for optimiser in settings["optimisers"]
        for name in settings["activations"]
    ]
    changes += [{"initialiser": name} for name in settings["initialisers"][1:]]
    changes += [{"bias": bias} for bias in settings["biases"][1:]]
    lines, keys = [], []
    for change in changes:
        shares, scores = dead(report, **change), accuracy(report, **change)
        if not scores:
            continue
        best, deadly = best_rate(scores), deadly_rate(shares)
        most = max(shares.values(), key=lambda share: share.mean, default=None)
        one = first | change
        keys.append((one["optimiser"], one["initialiser"] == first["initialiser"], one["bias"] == first["bias"]))
        lines.append(
            (
                one["activation"],
                one["optimiser"],
                one["initialiser"],
                f"{one['bias']:g}",
                f"{best:g}",
                f"{scores[best]:.0%}",
                f"{shares[best]:.0%}" if best in shares else "diverged",
                "none" if most is None else f"{most:.0%}",
                "none" if deadly is None else f"{deadly:g}",
            )
        )
    headings = ("activation", "optimiser", "initial\nweights", "bias", "best\nrate", "test\nacc.", "dead\nthere",
                "most\ndead", f"{CLAIMED:.0%}\nfrom")  # fmt: skip
    return Table(
        headings=headings,
        lines=lines,
        sections=[at + 1 for at in range(len(keys) - 1) if keys[at] != keys[at + 1]],
    )
