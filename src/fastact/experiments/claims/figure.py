"""The figure of ``claims``: bent losses, small weights, stable rates, and scaled data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastact.figures import COLOURS, GREY, looks

from .. import drawing
from ..experiment import Panel, Report
from ..spread import Spread, over_seeds, spread
from .claims import (
    INPUTS,
    TRAIN,
    TWINS,
    bends,
    bounded,
    by_gain,
    largest_rates,
    monotone,
    of_task,
    told,
    tuned,
)
from .measures import SCALINGS


def panels(report: Report) -> list[Panel]:
    """Those that the rows have something for."""
    made = (_convex(report), _small(report), _stable(report), _losses(report), _twins(report), _inputs(report))
    return [panel for panel in made if panel is not None]


def _bars(axes: Any, values: Mapping[str, Spread], colours: Mapping[str, str]) -> None:
    """Horizontal bars with the standard deviation, the first on top."""
    for at, (name, value) in enumerate(values.items()):
        if value.count:
            axes.barh(at, value.mean, 0.65, color=colours[name], alpha=0.85)
            axes.errorbar(value.mean, at, xerr=value.std, color=GREY, capsize=2.5, linewidth=1.2)
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.4, -0.6)


def _convex(report: Report) -> Panel | None:
    shares = bends(report)
    if not shares:
        return None
    values = {f"{name},\n{loss}": value for (name, loss), value in shares.items()}
    colours = {f"{name},\n{loss}": COLOURS[0] if monotone(name) else COLOURS[1] for name, loss in shares}

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        _bars(axes, values, colours)
        axes.tick_params(axis="y", labelsize=8)
        axes.set(xlabel="segments on which the loss is not convex", xlim=(0, None))
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")

    every = "; ".join(f"{name} with {loss} {value:.0%}" for (name, loss), value in shares.items())
    return Panel(
        title="Is a single layer's loss convex?",
        note="blue: monotone, orange: not; mean and standard deviation over the seeds",
        alt=f"Share of segments between random weights on which the loss is not convex. {every}.",
        draw=draw,
    )


def _small(report: Report) -> Panel | None:
    values = {
        (name, gain): one.steps
        for gain, best in by_gain(report).items()
        for name, one in best.items()
        if one is not None
    }
    if not values:
        return None
    target = report["settings"]["target"]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="initial weights, times the usual", xlog=True, ylog=True, legend=False)
        axes.legend(loc="lower left", fontsize=8.5, ncols=2)
        axes.set_ylabel(f"steps to a loss of {target:g}")

    return Panel(
        title="From small and usual weights",
        note="at each one's best rate, where all seeds reach it; mean and standard deviation over the seeds",
        alt=f"Steps to a loss of {target:g} by the size of the weights. {drawing.ends(values, '.0f', place='weights')}",
        draw=draw,
    )


def _stable(report: Report) -> Panel | None:
    largest = largest_rates(report)
    largest = {
        name: value for name, value in largest.items() if value.count and value.mean > 0
    }  # on a logarithmic axis
    if not largest:
        return None
    colours = {name: COLOURS[0] if bounded(name) else COLOURS[1] for name in largest}
    rates = sorted({row["rate"] for row in of_task(report, TRAIN)})

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        _bars(axes, largest, colours)
        axes.set(
            xscale="log", xlabel="largest learning rate of SGD at which it learns", xlim=(rates[0] / 2, rates[-1] * 1.6)
        )

    every = "; ".join(f"{name} {value:.2g}" for name, value in largest.items())
    return Panel(
        title="Are bounded activations stabler?",
        note="blue: bounded, orange: not; mean and standard deviation over the seeds",
        alt=f"Largest learning rate of {rates[0]:g} to {rates[-1]:g} at which the loss falls to half. {every}.",
        draw=draw,
    )


def _losses(report: Report) -> Panel | None:
    """The last loss against the rate, from the largest weights: where training breaks."""
    rows = of_task(report, TRAIN)
    gain = max((row["variant"] for row in rows), default=None)
    rows = [row for row in rows if row["variant"] == gain]
    values = {
        (name, rate): value
        for (name, rate), value in over_seeds(rows, ("activation", "rate"), lambda row: row["final_loss"]).items()
        if value.count
    }
    if not values:
        return None

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for name, look in looks(name for name, _ in values).items():
            mine = sorted((rate, value.mean) for (other, rate), value in values.items() if other == name)
            axes.plot(*zip(*mine, strict=True), label=name, **look)
        axes.set(xscale="log", yscale="log", xlabel="learning rate of SGD", ylabel="loss after the last step")
        axes.legend(fontsize=8.5)

    return Panel(
        title="Where training breaks",
        note=f"weights {gain:g} times the usual; means over the seeds whose loss is finite",
        alt=f"Loss after the last step by learning rate. {drawing.ends(values, '.2g', place='rate')}",
        draw=draw,
    )


def _twins(report: Report) -> Panel | None:
    rows = of_task(report, TWINS)
    values = {
        (words, rate): value
        for words, name in (("tanh", "steps"), ("sigmoid, same function", "twin_steps"))
        for rate in sorted({row["rate"] for row in rows})
        if (value := spread(row[name] for row in rows if row["rate"] == rate)).count
    }
    if not values:
        return None
    target = report["settings"]["target"]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="learning rate of SGD", ylog=True)
        axes.set_xscale("log")
        axes.set_ylabel(f"steps to a loss of {target:g}")

    return Panel(
        title="The same function, trained twice",
        note="seeds that reach it; mean and standard deviation over them",
        alt=f"Steps to a loss of {target:g} of two networks that begin as the same function. "
        f"{drawing.ends(values, '.0f', place='rate')}",
        draw=draw,
    )


def _inputs(report: Report) -> Panel | None:
    rows = of_task(report, INPUTS)
    best = tuned(rows, "variant")
    known = over_seeds(rows, ("variant", "rate"), lambda row: row["steps"])
    values = {key: known[key] for key in sorted(known, key=lambda key: SCALINGS.index(key[0])) if known[key].count}
    if not values:
        return None
    target = report["settings"]["target"]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="learning rate of SGD", ylog=True, legend=False)
        axes.set_xscale("log")
        axes.legend(loc="lower left", fontsize=8.5)
        axes.set_ylabel(f"steps to a loss of {target:g}")

    every = "; ".join(f"{scaling}: {told(best[scaling])}" for scaling in SCALINGS if scaling in best)
    return Panel(
        title="How the features are scaled",
        note="seeds that reach it; mean and standard deviation over them",
        alt=f"Steps to a loss of {target:g} by learning rate and scaling. At the best rates: {every}.",
        draw=draw,
    )
