"""The panels and the table of ``saturate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastact.figures import COLOURS

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread
from ..training import accuracy_or_chance
from .claims import at_start, average, left, of

RIDGES = 2
"""How many activations have a ridge plot."""
OVERLAP = 1.6
"""Height of the highest peak of a ridge, in distances between ridges."""

Values = dict[tuple[Any, Any], Spread]


def panels(report: Report) -> list[Panel]:
    """Ridges of the first activations; what is left of differences by layer; saturation and accuracy by gain."""
    names = list(dict.fromkeys(row["activation"] for row in report["rows"]))
    ridges = [panel for name in names[:RIDGES] if (panel := _ridges(report, name)) is not None]
    return [*ridges, _differences(report), _by_gain(report)]


def _few(gains: Sequence[float]) -> list[float]:
    """The least, the middle and the greatest."""
    gains = sorted(set(gains))
    return list(dict.fromkeys([gains[0], gains[len(gains) // 2], gains[-1]]))


def _ridges(report: Report, name: str) -> Panel | None:
    rows: dict[float, Any] = {}
    for row in report["rows"]:
        if row["activation"] == name and row["histogram"] is not None:
            rows.setdefault(row["gain"], row)
    if not rows:
        return None
    gains = _few(list(rows))

    def draw(figure: Any) -> None:
        for axes, gain in zip(figure.subplots(1, len(gains), sharey=True, squeeze=False)[0], gains, strict=True):
            low, high = rows[gain]["histogram_ends"]
            layers = rows[gain]["histogram"]
            x = np.linspace(low, high, len(layers[0]) + 1)
            for at, shares in enumerate(layers):
                # Each ridge by its own peak: a constant layer would hide all others.
                height = OVERLAP * np.asarray(shares) / max(shares)
                base = -float(at + 1)
                colour = COLOURS[at % len(COLOURS)]
                axes.stairs(base + height, x, baseline=base, fill=True, color=colour, alpha=0.55, zorder=2 * at)
                axes.stairs(base + height, x, baseline=base, color=colour, linewidth=1.0, zorder=2 * at + 1)
            axes.set_title(f"gain {gain:g}", fontsize=9.5, fontweight="normal", loc="center")
            axes.set_yticks([-float(at + 1) for at in range(len(layers))], [str(at + 1) for at in range(len(layers))])
            axes.set_ylim(-len(layers) - 0.15, -1 + OVERLAP + 0.1)
            axes.locator_params(axis="x", nbins=3)
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        figure.supylabel("hidden layer", fontsize=10)
        figure.axes[len(gains) // 2].set_xlabel("output of a unit")

    told = [
        f"gain {gain:g}: samples differ by {_number(rows[gain]['deviation'][0])} in layer 1 and by "
        f"{_number(rows[gain]['deviation'][-1])} in layer {len(rows[gain]['deviation'])}, and "
        f"{rows[gain]['saturated'][-1]:.0%} of the last layer are saturated"
        for gain in gains
    ]
    return Panel(
        title=f"Outputs of {name} layers",
        note="distribution over units and samples before training, one seed; each layer to the height of its peak",
        alt=f"Distributions of the outputs of {name} layers before training. {'; '.join(told)}.",
        draw=draw,
    )


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2g}"


def _differences(report: Report) -> Panel:
    values: Values = {}
    for name in list(dict.fromkeys(row["activation"] for row in report["rows"]))[:RIDGES]:
        mine = [row for row in at_start(report)["rows"] if row["activation"] == name]
        for gain in _few([row["gain"] for row in mine]):
            for at in range(report["settings"]["depth"]):
                found = of({"rows": mine}, lambda row, at=at: row["deviation"][at], "gain")  # type: ignore[misc]
                if (gain,) in found:
                    values[f"{name}, gain {gain:g}", at + 1] = found[gain,]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="hidden layer", ylog=True, legend=False)
        axes.set_ylabel("deviation of outputs over samples")
        drawing.legend_above(axes)

    return Panel(
        title="How much samples differ, by layer",
        note="standard deviation of a unit's output over samples, mean over units, before training; bars: over the "
        "seeds",
        alt=f"Deviation over samples by layer. {drawing.ends(values, '.2g', place='layer')}",
        draw=draw,
    )


def _by_gain(report: Report) -> Panel:
    saturated = of(at_start(report), average("saturated"), "activation", "gain")
    scores = of(report, accuracy_or_chance, "activation", "optimiser", "gain")
    accuracy = {(f"{name}, {optimiser}", gain): one for (name, optimiser, gain), one in scores.items()}

    def draw(figure: Any) -> None:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.0, 1.25))
        drawing.curves(top, saturated, xlabel="", percent=True, xlog=True, legend=False)
        top.set_ylim(-0.05, 1.05)
        top.set_ylabel("saturated")
        drawing.legend_above(top)
        drawing.curves(bottom, accuracy, xlabel="gain of the initial weights", percent=True, xlog=True, legend=False)
        bottom.set_ylim(-0.05, 1.05)
        bottom.set_ylabel("accuracy")
        drawing.legend_above(bottom)

    return Panel(
        title="Saturation and what is learned",
        note="units x samples saturated before training; test accuracy with the best learning rate; mean and standard "
        "deviation over the seeds",
        alt="By gain of the initial weights. Saturated units before training: "
        f"{drawing.ends(saturated, '.0%', place='gain')} Test accuracy: {drawing.ends(accuracy, '.0%', place='gain')}",
        draw=draw,
    )


def table(report: Report) -> Table:
    """A line for each activation and gain."""
    saturated = of(at_start(report), average("saturated"), "activation", "gain")
    remains = of(at_start(report), left, "activation", "gain")
    gradients = of(at_start(report), lambda row: row["gradient"][0], "activation", "gain")
    scores = of(report, accuracy_or_chance, "activation", "optimiser", "gain")
    after = of(report, average("saturated_after"), "activation", "optimiser", "gain")
    optimisers = list(dict.fromkeys(key[1] for key in scores))
    groups = list(dict.fromkeys((name, gain) for name, _, gain in scores))
    lines = [
        (
            name,
            f"{gain:g}",
            f"{saturated[name, gain].mean:.0%}" if (name, gain) in saturated else "n/a",
            f"{remains[name, gain].mean:.1e}" if (name, gain) in remains else "n/a",
            f"{gradients[name, gain].mean:.1e}" if (name, gain) in gradients else "n/a",
            *(
                cell
                for optimiser in optimisers
                for cell in (
                    f"{scores[name, optimiser, gain]:.0%}",
                    f"{after[name, optimiser, gain].mean:.0%}" if (name, optimiser, gain) in after else "diverged",
                )
            ),
        )
        for name, gain in groups
    ]
    headings = (
        "activation",
        "gain",
        "satu-\nrated",
        "last/first\ndeviation",
        "gradient\nlayer 1",
        *(heading for one in optimisers for heading in (f"{one}\ntest acc.", "sat.\nafter")),
    )
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))
