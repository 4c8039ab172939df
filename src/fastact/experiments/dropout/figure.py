"""The panels and the table of ``dropout``."""

from __future__ import annotations

from typing import Any

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread, over_seeds, spread
from .claims import Value, by_task, labels, usual

Values = dict[tuple[Any, Any], Spread]
BARS = "mean and standard deviation over the seeds"


def panels(report: Report) -> list[Panel]:
    """Losses by epoch with the fewest and the most wrong labels; test losses by probability."""
    noises = sorted({row["noise"] for row in report["rows"]})
    return [
        *(_epochs(report, noise) for noise in dict.fromkeys([noises[0], noises[-1]])),
        _by_probability(report, "Test loss at the end", lambda row: row["last_test_loss"]),
        _by_probability(report, "Least test loss", lambda row: row["least_test_loss"]),
    ]


def _epochs(report: Report, noise: float) -> Panel:
    name = report["rows"][0]["activation"]
    values: Values = {}
    for dropped in dict.fromkeys([0.0, usual(report) or 0.0]):
        rows = [
            row for row in report["rows"] if (row["activation"], row["noise"], row["dropped"]) == (name, noise, dropped)
        ]
        for entry, word in (("training_loss", "training"), ("test_loss", "test")):
            for at in range(max((len(row[entry]) for row in rows), default=0)):
                values[f"{word}, {dropped:.0%} dropped", at + 1] = spread(
                    row[entry][at] if at < len(row[entry]) else None for row in rows
                )

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="epoch", ylog=True, bars=False, legend=False)
        axes.set_ylabel("cross-entropy (nats)")
        drawing.legend_above(axes)

    return Panel(
        title=f"{name}, {labels(noise)}",
        note="loss over training and held-out samples after each epoch; mean over the seeds",
        alt=f"Losses of {name} by epoch, {labels(noise)}. {drawing.ends(values, '.3g', place='epoch')}",
        draw=draw,
    )


def _by_probability(report: Report, title: str, value: Value) -> Panel:
    values: Values = {
        (f"{name}, {noise:.0%} wrong", dropped): one
        for (name, noise), by_dropped in by_task(report, value).items()
        for dropped, one in by_dropped.items()
    }

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="probability of dropping", legend=False)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel("cross-entropy (nats)")
        axes.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.3g}%")
        drawing.legend_above(axes)

    return Panel(
        title=title,
        note=f"over held-out samples, by the share of wrong labels in training; {BARS}",
        alt=f"{title} by probability of dropping. {drawing.ends(values, '.2f', place='probability')}",
        draw=draw,
    )


def table(report: Report) -> Table:
    """A line for each activation, share of wrong labels and probability."""
    by = ("activation", "noise", "dropped")
    columns: list[dict[tuple[Any, ...], Spread]] = [
        over_seeds(report["rows"], by, value)
        for value in (
            lambda row: row["last_training_loss"],
            lambda row: row["last_test_loss"],
            lambda row: row["least_test_loss"],
        )
    ]
    accuracy = over_seeds(report["rows"], by, lambda row: row["test_accuracy"])
    lines = [
        (
            str(name),
            f"{noise:.0%}",
            f"{dropped:.0%}",
            *(f"{column[name, noise, dropped]:.2f}" for column in columns),
            f"{accuracy[name, noise, dropped]:.1%}",
        )
        for name, noise, dropped in accuracy
    ]
    headings = (
        "activation",
        "wrong\nlabels",
        "dropped",
        "training\nloss",
        "test\nloss",
        "least test\nloss",
        "test acc.",
    )
    return Table(headings=headings, lines=lines, sections=drawing.sections([key[:2] for key in accuracy]))
