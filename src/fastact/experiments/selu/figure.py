"""The figure of ``selu``, and its table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import drawing
from ..experiment import Panel, Report, Row, Table
from ..spread import Spread, grouped, spread
from .claims import deepest, gradient_growth, label, written


def by_layer(
    report: Report, name: str, curve: Callable[[Any], Any], chosen: Callable[[Any], bool]
) -> dict[tuple[Any, Any], Spread]:
    """Means or variances by curve and layer, of the rows that are chosen."""
    values: dict[tuple[Any, Any], Spread] = {}
    for rows in grouped(report["rows"], ("activation", "treatment", "input_std")).values():
        if chosen(rows[0]):
            for at, layer in enumerate(rows[0]["layers"]):
                values[curve(rows[0]), layer] = spread(row[name][at] for row in rows)
    return values


def _label(row: Row) -> str:
    return label((row["activation"], row["treatment"]))


def _without_dropout(row: Row) -> bool:
    """Without He's initialisation and normalisation of SELU and ELU, which would fill the picture."""
    shown = ("none",) if row["activation"] in ("selu", "elu") else ("none", "he", "batch")
    return row["input_std"] == 1.0 and row["treatment"] in shown


def panels(report: Report) -> list[Panel]:
    """Variance and mean by layer, SELU from several inputs, and the two dropouts; those that have rows."""
    drop = report["settings"]["drop"]
    bars = "mean and standard deviation over the seeds; dotted: SELU's fixed point"
    return [
        *_panel(
            "Variance of the activations",
            "over units and samples; mean over the seeds; dotted: SELU's fixed point",
            "variance",
            by_layer(report, "variances", _label, _without_dropout),
            log=True,
        ),
        *_panel(
            "Mean of the activations",
            f"over units and samples; {bars}",
            "mean",
            by_layer(report, "means", _label, _without_dropout),
        ),
        *_panel(
            "SELU draws the variance to 1",
            f"from inputs of several standard deviations; {bars}",
            "variance",
            by_layer(
                report,
                "variances",
                lambda row: f"inputs of deviation {row['input_std']:g}",
                lambda row: row["activation"] == "selu" and row["treatment"] == "none",
            ),
        ),
        *_panel(
            "Two dropouts with SELU",
            f"{drop:.0%} dropped in every layer; {bars}",
            "variance",
            by_layer(
                report,
                "variances",
                lambda row: "alpha dropout" if row["treatment"] == "alpha" else "dropout",
                lambda row: row["treatment"] in ("dropout", "alpha"),
            ),
        ),
    ]


def _panel(
    title: str, note: str, what: str, values: dict[tuple[Any, Any], Spread], *, log: bool = False
) -> list[Panel]:
    """A panel, if it has something to show."""
    if not values:
        return []

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        # A deviation that exceeds the mean has no lower end on a logarithmic axis.
        drawing.curves(axes, values, xlabel="hidden layer", ylog=log, bars=not log)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_ylabel(what)
        drawing.reference(axes, 0.0 if what == "mean" else 1.0, "")

    return [Panel(title=title, note=note, alt=f"{title}, by layer. {drawing.ends(values, place='layer')}", draw=draw)]


def table(report: Report) -> Table:
    """A line for each activation, treatment and standard deviation of the inputs."""
    means, variances, ratios = deepest(report, "means"), deepest(report, "variances"), gradient_growth(report)
    lines = [
        (*key[:2], f"{key[2]:g}", written(means[key]), written(variances[key]), f"{ratios[key]:.1f}") for key in means
    ]
    depth = report["settings"]["depth"]
    headings = (
        "activation", "treatment", "input\nstd", f"mean,\nlayer {depth}", f"variance,\nlayer {depth}",
        f"log10 gradient\nlayer 1/{depth}",
    )  # fmt: skip
    return Table(headings=headings, lines=lines, sections=drawing.sections(list(means)))
