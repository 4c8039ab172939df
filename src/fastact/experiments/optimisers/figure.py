"""The figure of ``optimisers``: paths on surfaces, noise about a minimum, steps by rate, and rates that decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastact.figures import GREY, looks

from .. import drawing
from ..experiment import Panel, Report, Row
from ..spread import over_seeds, spread
from .claims import noisy, of_task, tuned
from .surfaces import DATA, LOCAL, SURFACES, VALLEY, LeastSquares


def panels(report: Report) -> list[Panel]:
    """Those that the rows have something for."""
    made = (_ravine(report), _local(report), _noise(report), _steps(report), _rates(report), _excess(report))
    return [panel for panel in made if panel is not None]


def _paths(report: Report, task: str, rates: dict[str, float]) -> dict[str, Row]:
    return {
        name: row
        for name, rate in rates.items()
        for row in of_task(report, task)
        if (row["optimiser"], row["rate"]) == (name, rate) and row["path"]
    }


def _surface(task: str, rows: dict[str, Row], title: str, note: str, told: str) -> Panel:
    surface = SURFACES[task]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        x, y = np.meshgrid(np.linspace(*surface.window[:2], 121), np.linspace(*surface.window[2:], 81))
        values = surface.value(x, y)
        levels = np.quantile(values, np.linspace(0.01, 0.97, 14))
        axes.contour(x, y, values, levels=levels, colors=GREY, linewidths=0.6, alpha=0.5)
        _draw_paths(axes, rows)
        axes.set(xlabel="x", ylabel="y", xlim=surface.window[:2], ylim=surface.window[2:])
        axes.grid(visible=False)

    return Panel(
        title=title, note=note, alt=f"Contours of f = {surface.formula}, with a path for each: {told}.", draw=draw
    )


def _draw_paths(axes: Any, rows: dict[str, Row]) -> None:
    for name, look in looks(rows).items():
        x, y = np.array(rows[name]["path"]).T
        axes.plot(x, y, label=name, linewidth=1.1, markersize=3, markevery=(0, 3), alpha=0.9, **look)
    axes.plot(*np.array(next(iter(rows.values()))["path"]).T[:, :1], "o", color=GREY, markersize=7)
    axes.legend(fontsize=8, loc="best")


def _ravine(report: Report) -> Panel | None:
    best = tuned(report, VALLEY)
    rows = _paths(report, VALLEY, {name: one.rate for name, one in best.items()})
    if not rows:
        return None
    told = "; ".join(f"{name} at rate {best[name].rate:g}: {best[name].steps:.0f} steps" for name in rows)
    return _surface(VALLEY, rows, "Along a ravine", "each at its best rate, from the grey point; first seed", told)


def _local(report: Report) -> Panel | None:
    share = over_seeds(of_task(report, LOCAL), ("optimiser", "rate"), lambda row: row["crossed_share"])
    known = {key: value.mean for key, value in share.items() if value.count}
    if not known:
        return None
    names = {name for name, _ in known}
    guide = "momentum" if "momentum" in names else min(names)
    rate = max((rate for name, rate in known if name == guide), key=lambda rate: (known[guide, rate], -rate))
    rows = _paths(report, LOCAL, dict.fromkeys(dict.fromkeys(name for name, _ in known), rate))
    if not rows:
        return None
    told = "; ".join(f"{name}: {known[name, rate]:.0%} of the starts come to the minimum on the right" for name in rows)
    note = f"all at rate {rate:g}, from the grey point; the deeper minimum is on the right; first seed"
    return _surface(LOCAL, rows, "Past a local minimum", note, told)


def _noise(report: Report) -> Panel | None:
    rows = [row for row in noisy(report) if row["path"]]
    if not rows:
        return None
    rate = rows[0]["rate"]
    shown = {f"batches of {row['batch']}": row for row in rows}
    problem = LeastSquares.drawn(rows[0]["seed"])

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        ends = np.concatenate([np.array(row["path"]) for row in shown.values()])
        low, high = ends.min(axis=0) - 0.2, ends.max(axis=0) + 0.2
        x, y = np.meshgrid(np.linspace(low[0], high[0], 81), np.linspace(low[1], high[1], 81))
        off = np.column_stack([x.ravel(), y.ravel()])
        values = problem.excess(problem.minimum + off).reshape(x.shape)
        axes.contour(x, y, values, levels=10, colors=GREY, linewidths=0.6, alpha=0.5)
        _draw_paths(axes, shown)
        axes.set(xlabel="first parameter, from the minimum", ylabel="second parameter")
        axes.grid(visible=False)

    told = "; ".join(f"{name} {row['excess']:.1e}" for name, row in shown.items())
    return Panel(
        title="The noise of mini-batches",
        note=f"SGD at rate {rate:g} on least squares, from the grey point; first seed",
        alt=f"Contours of least squares, with paths of SGD. How far above the minimum the loss stays: {told}.",
        draw=draw,
    )


def _excess(report: Report) -> Panel | None:
    rows = noisy(report)
    if not rows:
        return None
    rate = rows[0]["rate"]
    values = {}
    for words, name in (
        ("constant rate", "excess"),
        ("its theory", "predicted_excess"),
        ("falling rate", "falling_excess"),
    ):
        for batch in sorted({row["batch"] for row in rows}):
            values[words, batch] = spread(row[name] for row in rows if row["batch"] == batch)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="samples in a mini-batch", xlog=True, ylog=True)
        axes.set_ylabel("loss above its minimum")

    return Panel(
        title="How far from the minimum SGD stays",
        note=f"rate {rate:g}; mean and standard deviation over the seeds",
        alt=f"Loss above the minimum by batch at rate {rate:g}. {drawing.ends(values, '.1e', place='batch')}",
        draw=draw,
    )


def _steps(report: Report) -> Panel | None:
    rows = of_task(report, DATA)
    values = {
        (name, rate): value
        for (name, rate), value in over_seeds(rows, ("optimiser", "rate"), lambda row: row["steps"]).items()
        if value.count
    }
    if not values:
        return None
    target = report["settings"]["target"]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="learning rate", ylog=True, legend=False)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0.6 * min(value.mean for value in values.values()))
        axes.legend(loc="lower left", ncols=3, fontsize=8.5)
        axes.set_ylabel(f"steps to a loss of {target:g}")

    best = "; ".join(f"{name} {one.steps:.0f} at {one.rate:g}" for name, one in tuned(report, DATA).items())
    return Panel(
        title=f"Steps to a loss of {target:g}",
        note="seeds that reach it; mean and standard deviation over them",
        alt=f"Steps to a training loss of {target:g} by learning rate. At the best rates: {best or 'none reaches it'}.",
        draw=draw,
    )


def _rates(report: Report) -> Panel | None:
    """The effective rate, relative to its first value, at each optimiser's best rate."""
    rates = {name: one.rate for name, one in tuned(report, DATA).items()}
    values = {}
    for name, rate in rates.items():
        mine = [
            row for row in of_task(report, DATA) if (row["optimiser"], row["rate"]) == (name, rate) and row["marks"]
        ]
        for at, mark in enumerate(mine[0]["marks"] if mine else ()):
            each = [
                row["effective_rates"][at] / row["effective_rates"][0]
                for row in mine
                if row["effective_rates"][at] and row["effective_rates"][0]
            ]
            if each:
                values[name, mark] = spread(each)
    if not values:
        return None

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="step", ylog=True)
        axes.set_xscale("log")
        axes.set_ylabel("|step| / |gradient|, first = 1")

    return Panel(
        title="Rates that decay, and rates that do not",
        note="effective rate at each optimiser's best rate; mean and standard deviation over the seeds",
        alt=f"Effective rate relative to the first step. {drawing.ends(values, '.2g', place='step')}",
        draw=draw,
    )
