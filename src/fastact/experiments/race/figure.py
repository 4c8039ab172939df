"""The figure of ``race``, and its table."""

from __future__ import annotations

from typing import Any

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread, grouped, over_seeds, spread
from .claims import best, epochs, hidden, seconds


def panels(report: Report) -> list[Panel]:
    """Training error by epoch, epochs by learning rate, and epochs by depth."""
    deepest = max(row["depth"] for row in report["rows"])
    error = report["settings"]["error"]
    layers = hidden(deepest)
    bars = "mean and standard deviation over the seeds"
    mine = [row for row in report["rows"] if row["depth"] == deepest]
    by_rate = over_seeds(mine, ("activation", "rate"), lambda row: row["epochs"])
    complete = {
        key: value for key, value in by_rate.items()
        if value.count == sum((row["activation"], row["rate"]) == key for row in mine)
    }  # fmt: skip
    return [
        *_panel(
            "Training error", f"{layers}, best learning rate of each; {bars}; dotted: the target",
            _curves(report, deepest), "epoch", "share of training samples", percent=True, line=error,
        ),
        *_panel(
            "Epochs by learning rate", f"to {error:.0%} training error, {layers}, where every seed arrived; {bars}",
            complete, "rate", "epochs", xlabel="learning rate", log=True,
        ),
        *_panel(
            "Epochs by depth", f"to {error:.0%} training error, best learning rate of each; {bars}",
            epochs(report), "depth", "epochs", xlabel="depth (hidden layers)", log=True,
        ),
    ]  # fmt: skip


def _curves(report: Report, depth: int) -> dict[tuple[Any, Any], Spread]:
    """Training error by activation and epoch at the best rate, or at the first where none arrived."""
    found = best(report)
    values: dict[tuple[Any, Any], Spread] = {}
    for (name, own), rows in grouped(report["rows"], ("activation", "depth")).items():
        if own == depth:
            rate = found[name, own].rate if (name, own) in found else rows[0]["rate"]
            chosen = [row for row in rows if row["rate"] == rate]
            for at, epoch in enumerate(chosen[0]["error_after"]):
                known = spread(row["errors"][at] for row in chosen)
                if epoch > 0.0 and known.count == len(chosen):
                    values[name, round(epoch, 3)] = known
    return values


def _panel(
    title: str,
    note: str,
    values: dict[tuple[Any, Any], Spread],
    place: str,
    ylabel: str,
    *,
    xlabel: str = "epoch",
    percent: bool = False,
    log: bool = False,
    line: float | None = None,
) -> list[Panel]:
    """A panel, if it has something to show."""
    if not values:
        return []

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        few = place != "epoch"
        drawing.curves(axes, values, xlabel=xlabel, percent=percent, xlog=few, ylog=log)
        if not few:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:g}")
        if log:
            axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylabel(ylabel)
        if line is not None:
            drawing.reference(axes, line, "")

    alt = f"{title}, by {place}. {drawing.ends(values, '.1%' if percent else '.2f', place=place)}"
    return [Panel(title=title, note=note, alt=alt, draw=draw)]


def table(report: Report) -> Table:
    """A line for each activation and depth."""
    first, late, clock = best(report), best(report, "late_epochs"), seconds(report)
    settings, none = report["settings"], spread([])
    groups = list(grouped(report["rows"], ("activation", "depth")))
    lines = [
        (
            str(name),
            str(depth),
            f"{first[key].rate:g}{'*' if first[key].edge else ''}" if key in first else "none",
            f"{first[key].spread(lambda row: row['epochs']) if key in first else none:.2f}",
            f"{late[key].spread(lambda row: row['late_epochs']) if key in late else none:.2f}",
            f"{1e3 * clock[key].mean:.3g}" if key in clock else "n/a",
        )
        for key in groups
        for name, depth in [key]
    ]
    headings = (
        "activation", "depth", "best\nrate", f"epochs\nto {settings['error']:.0%}",
        f"epochs\nto {settings['late_error']:.0%}", f"ms to\n{settings['error']:.0%}",
    )  # fmt: skip
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))


def notes(report: Report) -> list[str]:
    """What the star means, if there is one."""
    if any(one.edge for one in best(report).values()):
        return ["* The smallest or largest rate that was tried; a better one may lie beyond."]
    return []
