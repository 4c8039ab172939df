"""The panels and the table of ``explode``."""

from __future__ import annotations

from typing import Any

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread, over_seeds
from ..training import accuracy_or_chance
from .claims import REMEDY_NAMES, labelled, of, only, steep

LARGEST_FLOAT32 = 38.53
"""log10 of the largest number of float32."""
DRAWN = 2
"""How many activations have a panel of their own."""


def panels(report: Report) -> list[Panel]:
    """Gradients against depth, and for the first activations what each remedy makes of training."""
    scores = of(report, accuracy_or_chance, "remedy", "depth")
    names = (steep(report) or list(dict.fromkeys(key[0] for key in scores)))[:DRAWN]
    return [_gradients(report), *(_accuracy(report, name, scores) for name in names)]


def _shown(report: Report) -> Report:
    """The rows whose gradients are shown: without a remedy, or with the first one if there are none."""
    remedies = {row["remedy"] for row in report["rows"]}
    return only(report, "none" if "none" in remedies else report["rows"][0]["remedy"])


def _gradients(report: Report) -> Panel:
    values = of(_shown(report), lambda row: row["gradient_log10"], "depth")

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="depth (hidden layers)")
        highest = max((value.highest for value in values.values()), default=0.0)
        if highest > LARGEST_FLOAT32:
            axes.set_ylim(top=1.5 * LARGEST_FLOAT32)
            drawing.reference(axes, LARGEST_FLOAT32, "end of float32")
        axes.yaxis.set_major_formatter(lambda value, _: f"$10^{{{value:.3g}}}$")
        axes.set_ylabel("‖∂L/∂W‖ of the first layer")

    return Panel(
        title="Gradient before training",
        note="L2 norm over the training samples; mean and standard deviation of the exponent over the seeds",
        alt="Powers of ten of the gradient of the first layer before training, by depth. "
        + drawing.ends(values, ".1f", place="depth"),
        draw=draw,
    )


def _accuracy(report: Report, name: str, scores: dict[tuple[Any, ...], Spread]) -> Panel:
    values = {(REMEDY_NAMES[remedy], depth): value for (other, remedy, depth), value in scores.items() if other == name}
    chance = report["rows"][0]["chance"]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="depth (hidden layers)", percent=True, legend=False)
        drawing.legend_above(axes)
        axes.set_ylim(0.0, 1.02)
        axes.set_ylabel("test accuracy")
        drawing.reference(axes, chance, "guessing, or diverged", below=True)

    return Panel(
        title=f"What {name} learns",
        note="with the best learning rate; mean and standard deviation over the seeds; networks that "
        "diverged count as guessing",
        alt=f"Test accuracy with {name} by depth, for each remedy. {drawing.ends(values, '.1%', place='depth')}",
        draw=draw,
    )


def table(report: Report) -> Table:
    """A line for each activation and depth, a column for each remedy."""
    gradients = of(_shown(report), lambda row: row["gradient_log10"], "depth")
    scores = over_seeds(labelled(report), ("label", "remedy", "depth"), lambda row: row["test_accuracy"])
    every = of(report, accuracy_or_chance, "remedy", "depth")
    remedies = list(dict.fromkeys(key[1] for key in every))
    groups = list(dict.fromkeys((name, depth) for name, _, depth in every))
    lines = [
        (
            name,
            str(depth),
            f"{gradients[name, depth]:.1f}" if (name, depth) in gradients else "n/a",
            *(_cell(scores[name, remedy, depth], every[name, remedy, depth].count) for remedy in remedies),
        )
        for name, depth in groups
    ]
    headings = ("activation", "depth", "log10\ngradient", *(f"test acc.\n{remedy}" for remedy in remedies))
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))


def _cell(score: Spread, seeds: int) -> str:
    if not score.count:
        return "diverged"
    return f"{score:.0%}" + (f" of {score.count}/{seeds}" if score.count < seeds else "")
