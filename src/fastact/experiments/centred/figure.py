"""The figure of ``centred``, and its table."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from fastact.figures import GREY, looks

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread, grouped, spread
from .claims import REVERSED, best, label, of_steps, sides, steps

ANGLES = tuple(range(0, 181, 10))
"""Ends of the intervals in which angles are counted, in degrees."""


def panels(report: Report) -> list[Panel]:
    """Angles between steps, signs of gradients, steps to the target and mean activations."""
    found = [_angles_panel(report)] if _angles(report) else []
    found += _bars(
        "Gradients of one sign",
        "share of a unit's weights with the more frequent sign, one sample; mean and standard deviation over the seeds",
        "share of weights", report, of_steps(report, "sample_same_sign"), percent=True,
    )  # fmt: skip
    found += _bars(
        "Steps to the target loss",
        f"to a training loss of {report['settings']['loss']:g}, each at its best learning rate; mean and standard "
        "deviation over the seeds",
        "steps", report, steps(report),
    )  # fmt: skip
    found += _bars(
        "Mean activation",
        "of the hidden layers when the target is reached; mean and standard deviation over the seeds",
        "mean activation", report,
        {key: one.spread(lambda row: row["mean_activation"]) for key, one in best(report).items()},
    )  # fmt: skip
    return found


def _angles_panel(report: Report) -> Panel:
    shares, angles = of_steps(report, "sample_reversed"), _angles(report)
    told = [f"{label(key)}: {value:.1%} above {REVERSED:g} degrees" for key, value in shares.items() if key[1] == "own"]
    return Panel(
        title="Angles between successive steps",
        note="share of a unit's successive steps, one sample a step, in intervals of 10°; mean and standard deviation "
        "over the seeds",
        alt=f"Angles between successive steps of a unit's weights. {'; '.join(told)}.",
        draw=lambda figure: _draw_angles(figure, angles),
    )


def _angles(report: Report) -> dict[tuple[Any, Any], Spread]:
    """Shares of the angles by activation and middle of the interval, of outputs that were not moved."""
    rates = {key: one.rate for key, one in best(report).items()}
    values = {}
    for key, rows in grouped(report["rows"], ("activation", "outputs")).items():
        rate = rates.get(key, min(row["rate"] for row in rows))
        shown = [row["sample_angles"] for row in rows if row["rate"] == rate and row["sample_angles"]]
        if key[1] == "own" and shown:
            for at, (low, high) in enumerate(pairwise(ANGLES)):
                values[key[0], (low + high) / 2.0] = spread(shares[at] for shares in shown)
    return values


def _draw_angles(figure: Any, values: dict[tuple[Any, Any], Spread]) -> None:
    axes = figure.subplots()
    drawing.curves(axes, values, xlabel="angle (degrees)", percent=True, legend=False)
    axes.set_ylim(top=axes.get_ylim()[1] * 1.15)
    axes.legend(loc="upper center", ncols=4, fontsize=9, columnspacing=1, handletextpad=0.4)
    axes.set_xticks(range(0, 181, 45))
    axes.set_ylabel("share of steps")


def _bars(
    title: str, note: str, what: str, report: Report, values: dict[tuple[Any, ...], Spread], *, percent: bool = False
) -> list[Panel]:
    """A panel with a point for each activation, those that were moved beside their own; none without values."""
    if not values:
        return []
    one_sided = sides(report)
    spec = ".1%" if percent else ".3g"

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        names = list(dict.fromkeys(key[0] for key in values))
        groups = {True: "one-sided outputs", False: "centred outputs"}
        for (side, text), look in zip(groups.items(), looks(groups).values(), strict=True):
            mine = {key: value for key, value in values.items() if one_sided[key] is side}
            if mine:
                places = [names.index(key[0]) + (0.12 if side else -0.12) for key in mine]
                axes.errorbar(
                    places, [value.mean for value in mine.values()], [value.std for value in mine.values()],
                    linestyle="none", capsize=3, label=text, markersize=8, **look,
                )  # fmt: skip
                for place, (key, value) in zip(places, mine.items(), strict=True):
                    if key[1] == "moved":
                        axes.annotate(
                            "moved", (place, value.mean), xytext=(0, -13), textcoords="offset points", fontsize=8,
                            ha="center", color=GREY,
                        )  # fmt: skip
        axes.set_xticks(range(len(names)), names)
        axes.set_xlim(-0.5, len(names) - 0.3)
        top = axes.get_ylim()[1] * 1.2
        axes.set_ylim(min(-0.08 * top, axes.get_ylim()[0]), top)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel(what)
        if percent:
            axes.set_ylim(0.0, 1.2)
            axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
            axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
        axes.legend(loc="upper right", ncols=2, fontsize=9, columnspacing=1, handletextpad=0.3)

    listed = ", ".join(f"{label(key, one_sided[key])} {value:{spec}}" for key, value in values.items())
    return [Panel(title=title, note=note, alt=f"{title}: {listed}.", draw=draw)]


def table(report: Report) -> Table:
    """A line for each activation and its outputs."""
    found, to_target = best(report), steps(report)
    names = ("sample_same_sign", "sample_reversed", "batch_reversed")
    values = {name: of_steps(report, name) for name in names}
    none = spread([])
    groups = list(sides(report))
    lines = [
        (
            key[0],
            key[1],
            f"{values['sample_same_sign'].get(key, none):.1%}",
            f"{values['sample_reversed'].get(key, none):.0%}",
            f"{values['batch_reversed'].get(key, none):.0%}",
            f"{found[key].rate:g}" if key in found else "none",
            f"{to_target.get(key, none):.0f}",
        )
        for key in groups
    ]
    headings = (
        "activation", "outputs", "same\nsign", "reversed,\n1 sample", "reversed,\nbatch", "best\nrate", "steps",
    )  # fmt: skip
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))
