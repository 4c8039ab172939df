"""The panels of ``theory``: every prediction is a line, every measurement markers with error bars on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastact.figures import GREY, looks

from ..experiment import Panel, Report, Row
from ..spread import grouped, spread
from .claims import QUANTITIES, Rate, agreements, differences, rates

MARKS = 8
"""Layers that have a marker, about."""
CURVES = 4
"""Correlations that are drawn: with more of them curves cross."""


def panels(report: Report) -> list[Panel]:
    """Variances, gradients, correlations and depth scales, each where there are rows."""
    layers = [row for row in report["rows"] if row["measured"] == "layers"]
    correlations = [row for row in report["rows"] if row["measured"] == "correlation"]
    shown = []
    if layers:
        shown += [_by_layer("Variance of pre-activations", 0, layers), _by_layer("Gradient norm by layer", 1, layers)]
    if correlations:
        shown += [_correlations(correlations), _depth_scales(correlations)]
    return shown


def _by_layer(title: str, at: int, rows: Sequence[Row]) -> Panel:
    quantity, entry, prediction = QUANTITIES[at]
    gradients = quantity != "variance"
    unit = "‖∂L/∂z‖, relative to the logits'" if gradients else "mean square of z"
    told = [
        f"{one.activation} {one.measured.mean:.3g}, predicted {one.predicted:.3g}"
        for one in agreements(rows)
        if one.quantity == quantity and one.measured.count
    ]
    place = "first" if gradients else "last"
    return Panel(
        title=title,
        note=f"{unit}. Line: predicted; markers: mean and standard error over networks",
        alt=f"{title}: markers of what was measured on lines of what was predicted. "
        f"{'Squared, i' if gradients else 'I'}n the {place} layer: {'; '.join(told)}.",
        draw=lambda figure: _draw_layers(figure.subplots(), rows, entry, prediction, root=gradients, unit=unit),
        width=1.1,
    )


def _draw_layers(axes: Any, rows: Sequence[Row], entry: str, prediction: str, *, root: bool, unit: str) -> None:
    groups = grouped(rows, ("activation",))
    look = looks(name for (name,) in groups)
    for (name,), mine in groups.items():
        expected = [value if value else math.nan for value in mine[0][prediction]]
        layers = range(1, len(expected) + 1)
        power = 0.5 if root else 1.0
        axes.plot(layers, [value**power for value in expected], color=look[name]["color"], linewidth=1.3)
        marked = sorted({round(1 + i * (len(expected) - 1) / (MARKS - 1)) for i in range(MARKS)})
        found = [spread(row[entry][layer - 1] for row in mine) for layer in marked]
        means = [one.mean**power if one.mean > 0 else math.nan for one in found]
        # Of a root the error is half as large, relatively.
        errors = [
            power * one.error / one.mean * mean if one.mean > 0 else 0.0 for one, mean in zip(found, means, strict=True)
        ]
        axes.errorbar(marked, means, errors, label=name, linestyle="none", capsize=2.5, elinewidth=1.2, **look[name])
    axes.set_yscale("log")
    axes.set_xlabel("layer")
    axes.set_ylabel(unit)
    axes.legend(ncols=2, fontsize=9)


def _correlations(rows: Sequence[Row]) -> Panel:
    groups = {w2: mine for (w2,), mine in sorted(grouped(rows, ("weight_variance",)).items())}
    chosen = sorted(groups)
    if len(chosen) > CURVES:
        chosen = [chosen[round(i * (len(chosen) - 1) / (CURVES - 1))] for i in range(CURVES)]
    groups = {w2: groups[w2] for w2 in chosen}
    told = "; ".join(
        f"w² = {w2:g} ({mine[0]['phase']}): predicted to fall by e in {_reciprocal(mine[0]['predicted_rate'])} layers"
        for w2, mine in groups.items()
    )
    return Panel(
        title="Two inputs: how fast correlations converge",
        note="D, the difference of two correlations, relative to layer 1; line: exp(-(l - 1) / ξ), ξ predicted",
        alt=f"Difference of two correlations by layer, on a logarithmic axis: nearly straight lines. {told}.",
        draw=lambda figure: _draw_correlations(figure.subplots(), groups),
    )


def _reciprocal(rate: float | None) -> str:
    return f"{1 / rate:.3g}" if rate else "infinitely many"


def _draw_correlations(axes: Any, groups: Mapping[float, Sequence[Mapping[str, Any]]]) -> None:
    look = looks(groups)
    for w2, mine in groups.items():
        curves = [differences(row["lower_gaps"], row["upper_gaps"]) for row in mine]
        fitted = min(row["fitted_layers"] for row in mine)
        found = [spread(values) for values in zip(*curves, strict=True)][:fitted]
        layers, rate = range(1, fitted + 1), mine[0]["predicted_rate"] or 0.0
        axes.plot(layers, [math.exp(-rate * (at - 1)) for at in layers], color=look[w2]["color"], linewidth=1.3)
        means = [one.mean if one.mean > 0 else math.nan for one in found]
        every = max(1, fitted // MARKS)
        axes.errorbar(
            layers[::every], means[::every], [one.error for one in found][::every], label=f"w² = {w2:g}",
            linestyle="none", capsize=2.5, elinewidth=1.2, **look[w2],
        )  # fmt: skip
    axes.set_yscale("log", nonpositive="clip")
    axes.set_xlabel("layer")
    axes.set_ylabel("D, relative to layer 1")
    axes.legend()


def _depth_scales(rows: Sequence[Row]) -> Panel:
    found = {w2: one for (_, w2), one in rates(rows).items()}
    told = "; ".join(
        f"w² = {w2:g}: {f'{one.depth:.3g}' if one.depth else 'none'}, predicted {_reciprocal(one.predicted)}"
        for w2, one in found.items()
    )
    return Panel(
        title="Depth scale ξ of correlations",
        note="layers over which correlations converge by e. Line: predicted; markers: mean and standard error",
        alt=f"Depth scale by the variance of the weights; it peaks at the edge of chaos. {told}.",
        draw=lambda figure: _draw_depth_scales(figure.subplots(), found),
    )


def _draw_depth_scales(axes: Any, found: dict[float, Rate]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    edge = next(iter(found.values())).edge
    look = looks(["predicted", "measured"])
    below = [w2 for w2 in found if edge is None or w2 <= edge]
    for side in (below, [w2 for w2 in found if w2 not in below]):
        expected = [1 / found[w2].predicted if found[w2].predicted else math.nan for w2 in side]
        label = "predicted" if side is below or not below else None
        axes.plot(side, expected, color=look["predicted"]["color"], linewidth=1.3, label=label)
    shown = {w2: one.measured for w2, one in found.items() if one.depth is not None}
    means = [1 / one.mean for one in shown.values()]
    # Errors are those of the rate; where it may be 0, the depth scale may be infinite.
    lower = [1 / one.mean - 1 / (one.mean + one.error) for one in shown.values()]
    upper = [
        1 / (one.mean - one.error) - 1 / one.mean if one.mean > one.error else 9 / one.mean for one in shown.values()
    ]
    axes.errorbar(
        list(shown), means, [lower, upper], label="measured", linestyle="none", capsize=2.5, elinewidth=1.2,
        **look["measured"],
    )  # fmt: skip
    if edge is not None and shown and min(shown) < edge < max(shown):
        axes.axvline(edge, color=GREY, linestyle=":", linewidth=1.2)
        axes.annotate(
            f"edge of chaos: {edge:.2f}", (edge, 0.03), xycoords=("data", "axes fraction"), xytext=(4, 0),
            textcoords="offset points", fontsize=9, color=GREY,
        )  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("w², variance of the weights times inputs")
    axes.set_ylabel("ξ (layers)")
    axes.legend()
