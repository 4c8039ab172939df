"""The figure of ``boundary``: regions, feature spaces, pieces, luck, noise and what follows outside the range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastact.figures import COLOURS, GREY, looks

from .. import drawing
from ..experiment import Panel, Report, Row
from ..spread import Spread, over_seeds
from .measures import EXTENT, SHOWN, grid
from .tasks import FUNCTIONS, NOISY, PLANE, SOLVED, STARTS, UNBIASED

CLASSES = (COLOURS[1], COLOURS[0])
MOST_ROWS = 6
"""Activations in a gallery: more would be too small to see."""
TYPICAL = 10
"""The gallery of shapes has the width nearest to this one."""


def of_task(report: Report, task: str, value: str) -> dict[tuple[Any, ...], Spread]:
    """Spreads over seeds by hidden layer and units."""
    rows = [row for row in report["rows"] if row["task"] == task]
    return over_seeds(rows, ("hidden", "units"), lambda row: row[value])


def shown(report: Report, task: str) -> dict[tuple[str, int], Row]:
    """The rows of a task that have pictures, by hidden layer and units."""
    return {
        (row["hidden"], row["units"]): row
        for row in report["rows"]
        if row["task"] == task and (row["decision"] or row["curve"])
    }


def panels(report: Report) -> list[Panel]:
    """Those that the rows have something for."""
    made = (
        _gallery(report),
        _spaces(report),
        _unbiased(report),
        _pieces(report),
        _starts(report),
        _noisy(report),
        *_functions(report),
    )
    return [panel for panel in made if panel is not None]


def _gallery(report: Report) -> Panel | None:
    """Each shape as each activation separates it."""
    pictures = {task: shown(report, task) for task in PLANE}
    widths = {units for rows in pictures.values() for _, units in rows}
    if not widths:
        return None
    units = min(widths, key=lambda width: abs(np.log(width / TYPICAL)))
    hidden = list(dict.fromkeys(name for rows in pictures.values() for name, width in rows if width == units))
    hidden = hidden[:MOST_ROWS]

    def draw(figure: Any) -> None:
        axes = _board(figure, hidden, PLANE)
        for line, task in enumerate(PLANE):
            for column, name in enumerate(hidden):
                row = pictures[task].get((name, units))
                if row is not None:
                    _region(axes, row, column, line, points=30)
                    _caption(axes, f"{row['test_accuracy']:.0%}", column, line)

    told = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{task} {pictures[task][name, units]['test_accuracy']:.0%}"
            for task in PLANE
            if (name, units) in pictures[task]
        )
        for name in hidden
    )
    return Panel(
        title=f"Regions that {units} units decide for",
        note="below each, the share of new points classified rightly; first seed",
        alt=f"Decision regions of networks with {units} hidden units, and the training points. Accuracies: {told}.",
        draw=draw,
    )


def _spaces(report: Report) -> Panel | None:
    """Decision region and feature space, one under the other, by number of units."""
    task = next((task for task in PLANE if shown(report, task)), None)
    if task is None:
        return None
    rows = shown(report, task)
    hidden = list(dict.fromkeys(name for name, _ in rows))[:2]
    widths = sorted({units for _, units in rows})[:4]

    def draw(figure: Any) -> None:
        axes = _board(
            figure, [_units(units) for units in widths], [f"{n}\n{w}" for n in hidden for w in ("region", "space")]
        )
        for at, name in enumerate(hidden):
            for column, units in enumerate(widths):
                row = rows.get((name, units))
                if row is not None:
                    _region(axes, row, column, 2 * at)
                    _space(axes, row, column, 2 * at + 1)

    told = "; ".join(
        f"{name}, {_units(units)}: {rows[name, units]['test_accuracy']:.0%} right, "
        f"{rows[name, units]['feature_variance']:.0%} of the features' variance is seen"
        for name in hidden
        for units in widths
        if (name, units) in rows
    )
    return Panel(
        title=f"The {task} and its feature space",
        note="features: outputs of the two hidden units, or two principal components of more; first seed",
        alt=f"Decision regions and learned features for the {task}. {told}.",
        draw=draw,
    )


def _unbiased(report: Report) -> Panel | None:
    """The circle with few units that have no biases, by activation."""
    rows = {name: row for (name, _), row in shown(report, UNBIASED).items()}
    if not rows:
        return None
    share = {name: value.mean for (name, _), value in solved(report, UNBIASED).items()}
    units = next(iter(rows.values()))["units"]

    def draw(figure: Any) -> None:
        names = list(rows)[:MOST_ROWS]
        columns = min(3, len(names))
        axes = _board(figure, [""] * columns, [""] * -(-len(names) // columns))
        for at, name in enumerate(names):
            line, column = divmod(at, columns)
            _region(axes, rows[name], column, line)
            _caption(axes, f"{name}: {share[name]:.0%}", column, line)

    told = "; ".join(f"{name} {row['test_accuracy']:.0%}, {share[name]:.0%}" for name, row in rows.items())
    return Panel(
        title=f"The circle with {_units(units)} without biases",
        note=f"first seed; below each, the share of starts that come to {SOLVED:.0%} of new points",
        alt=f"Decision regions of {_units(units)} without biases. New points right in the first training, and share of "
        f"trainings that come to {SOLVED:.0%}: {told}.",
        draw=draw,
    )


def _units(count: int) -> str:
    return f"{count} unit{'s' * (count > 1)}"


TILE = 0.43
"""Half the side of a picture on a board whose columns are 1 apart."""
PITCH = 1.16
"""How far its lines are apart."""


def _board(figure: Any, columns: Sequence[str], lines: Sequence[str]) -> Any:
    """One pair of axes for all pictures, at whole numbers (times PITCH for lines): the layout is exact then."""
    axes = figure.subplots()
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(PITCH * (len(lines) - 0.44), -0.5), aspect="equal")
    axes.set_xticks(range(len(columns)), columns, fontsize=9)
    axes.set_yticks([PITCH * line for line in range(len(lines))], lines, fontsize=9)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _caption(axes: Any, text: str, column: int, line: int) -> None:
    axes.text(column, PITCH * line + TILE + 0.01, text, ha="center", va="top", fontsize=7.5)


def _region(axes: Any, row: Row, column: int, line: int, points: int | None = None) -> None:
    side = grid(SHOWN - 1) * (TILE / EXTENT)
    values = np.array(row["decision"])
    where = column + side, PITCH * line - side
    axes.contourf(*where, values, levels=(-np.inf, 0.0, np.inf), colors=CLASSES, alpha=0.3)
    if (values > 0.0).any() and (values <= 0.0).any():
        axes.contour(*where, values, levels=(0.0,), colors=GREY, linewidths=1.0)
    samples = np.array(row["samples"])[:points]
    _points(axes, samples[:, :2] * (TILE / EXTENT), samples[:, 2], column, line)


def _space(axes: Any, row: Row, column: int, line: int) -> None:
    at = np.array(row["features"])
    middle, reach = (at.max(axis=0) + at.min(axis=0)) / 2, float(np.ptp(at, axis=0).max()) / 2
    at = (at - middle) * (0.9 * TILE / reach if reach > 0 else 0.0)
    _points(axes, at, np.array(row["samples"])[:, 2], column, line)


def _points(axes: Any, at: Any, labels: Any, column: int, line: int) -> None:
    inside = np.abs(at).max(axis=1) <= TILE
    for label, marker in enumerate("os"):
        x, y = at[(labels == label) & inside].T
        axes.plot(column + x, PITCH * line - y, marker, color=CLASSES[label], markersize=1.6, alpha=0.9)


def _pieces(report: Report) -> Panel | None:
    """Straight pieces against units, a curve for each shape, of the first activation that has some."""
    hidden = next((row["hidden"] for row in report["rows"] if row["pieces"]), None)
    if hidden is None:
        return None
    values = {
        (task, units): value
        for task in PLANE
        for (name, units), value in of_task(report, task, "pieces").items()
        if name == hidden and value.count
    }

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="hidden units", xlog=True, ylog=True)
        axes.set(ylabel="straight pieces", ylim=(0.8, None))

    return Panel(
        title=f"A boundary of {hidden} is made of straight pieces",
        note="pieces of the boundary on a grid of 200 x 200; mean and standard deviation over the seeds",
        alt=f"Straight pieces of the boundary of {hidden} by hidden units. "
        f"{drawing.ends(values, '.1f', place='units')}",
        draw=draw,
    )


def solved(report: Report, task: str) -> dict[tuple[str, int], Spread]:
    """Share of the starts that end with nearly all points right, by hidden layer and units; its error is binomial."""
    rows = [row for row in report["rows"] if row["task"] == task]
    return over_seeds(rows, ("hidden", "units"), lambda row: float((row["test_accuracy"] or 0.0) >= SOLVED))


def _starts(report: Report) -> Panel | None:
    values = solved(report, STARTS)
    if not values:
        return None

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for name, look in looks(name for name, _ in values).items():
            mine = sorted((units, value) for (other, units), value in values.items() if other == name)
            axes.errorbar(
                [units for units, _ in mine], [value.mean for _, value in mine], [value.error for _, value in mine],
                label=name, capsize=2.5, **look,
            )  # fmt: skip
        axes.set(xlabel="hidden units", ylabel="trainings that find the stripes", ylim=(-0.05, 1.08))
        axes.set_xticks(sorted({units for _, units in values}))
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
        axes.legend()

    starts = max(value.count for value in values.values())
    told = "; ".join(f"{name}, {_units(units)}: {value.mean:.0%}" for (name, units), value in sorted(values.items()))
    return Panel(
        title="Stuck in a local minimum, or not",
        note=f"share of {starts} initial weights that reach {SOLVED:.0%}; bars: standard error",
        alt=f"Share of {starts} trainings on the stripes that classify {SOLVED:.0%} of new points rightly. {told}.",
        draw=draw,
    )


def _noisy(report: Report) -> Panel | None:
    """Training and test accuracy on few noisy points, by units."""
    rows = [row for row in report["rows"] if row["task"] == NOISY]
    if not rows:
        return None
    hidden = rows[0]["hidden"]
    train, test = (of_task(report, NOISY, name) for name in ("train_accuracy", "test_accuracy"))
    values = {
        (words, units): value
        for words, found in (("training points", train), ("new points", test))
        for (name, units), value in found.items()
        if name == hidden
    }

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="hidden units", xlog=True, percent=True)
        axes.set_ylabel("accuracy")

    return Panel(
        title=f"Few noisy points learned by heart: {hidden}",
        note="some of the training points have the wrong class; mean and standard deviation over the seeds",
        alt=f"Accuracy of {hidden} on few noisy points of the moons. {drawing.ends(values, '.1%', place='units')}",
        draw=draw,
    )


def _functions(report: Report) -> list[Panel]:
    """Each function, what the networks make of it, and how it goes on."""
    found = []
    for task, function in FUNCTIONS.items():
        rows = {name: row for (name, _), row in shown(report, task).items()}
        if rows:
            found.append(_function(task, function, rows))
    return found


def _function(task: str, function: Any, rows: dict[str, Row]) -> Panel:
    def draw(figure: Any) -> None:
        axes = figure.subplots()
        count = len(next(iter(rows.values()))["curve"])
        x = np.linspace(function.inside[0], function.outside[1], count)
        y = function.value(x)
        axes.plot(x, y, color=GREY, linewidth=5.0, alpha=0.35, label=f"Y = {function.formula}")
        for name, look in looks(rows).items():
            axes.plot(x, rows[name]["curve"], label=name, linewidth=1.3, markersize=4, markevery=(3, 16), **look)
        axes.axvline(function.inside[1], color=GREY, linestyle=":", linewidth=1.2)
        height = float(np.ptp(y))
        axes.set(xlabel="X", ylabel="Y", ylim=(y.min() - 0.4 * height, y.max() + 0.9 * height))
        axes.legend(fontsize=7.5, ncols=3, loc="upper left")

    told = "; ".join(f"{name} {row['inside_r2']:.3f} and {row['outside_r2']:.3g}" for name, row in rows.items())
    return Panel(
        title=f"Y = {function.formula}, and how it goes on",
        note="networks are trained left of the dotted line; first seed",
        alt=f"Y = {function.formula} and the networks trained on the {task}, which lies left of "
        f"X = {function.inside[1]:.3g}. R² in the training range and beyond: {told}.",
        draw=draw,
    )
