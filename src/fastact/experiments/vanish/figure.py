"""The panels of ``vanish``: gradients against layer, path products, accuracy and cures against depth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastact.figures import GREY, looks

from .. import drawing
from ..experiment import Panel, Report
from ..spread import over_seeds
from .text import first_layer_stopped, power

Row = Mapping[str, Any]

NO_CURE = "none"
# A broad pale band: it stays visible under a measured curve that reaches its bound.
BOUND: dict[str, Any] = {"linewidth": 5.0, "alpha": 0.3, "solid_capstyle": "butt", "zorder": 1.5}
MEAN: dict[str, Any] = {"linewidth": 1.2, "linestyle": (0, (1.2, 1.5))}


def panels(report: Report) -> list[Panel]:
    """Every bound is a pale band in the colour of what it bounds. Gradients and paths are those of the first seed."""
    first = min(row["seed"] for row in report["rows"])
    plain = [row for row in report["rows"] if row["cure"] == NO_CURE]
    names = list(dict.fromkeys(row["activation"] for row in plain))
    rows = {
        name: sorted(
            (row for row in plain if row["activation"] == name and row["seed"] == first), key=lambda row: row["depth"]
        )
        for name in names
    }
    shown = []
    if plain:
        depth = max(row["depth"] for mine in rows.values() for row in mine)
        shown = [
            Panel(
                title=f"Gradient norm at initialisation, depth {depth}",
                note="‖∂L/∂z‖ by layer, of the first seed. Pale: its bound, ∏ sup|f'| · ‖W‖₂ up to the logits",
                alt=_gradients_told(rows),
                draw=lambda figure: _gradients(figure.subplots(), rows),
            ),
            Panel(
                title="Derivatives along one path",
                note="largest ∏|f'| over all paths, of the first seed; dotted: mean. Pale: its bound, sup|f'|^depth",
                alt=_paths_told(rows),
                draw=lambda figure: _paths(figure.subplots(), rows),
            ),
            _accuracy("Test accuracy after training", plain, report),
        ]
    cured = [row for row in report["rows"] if row["cure"] != NO_CURE]
    for name in dict.fromkeys(row["activation"] for row in cured):
        mine = [row for row in report["rows"] if row["activation"] == name]
        shown.append(_accuracy(f"{name}: what helps", mine, report, by="cure"))
    return shown


def _gradients_told(rows: Mapping[str, Sequence[Row]]) -> str:
    told = [
        f"{name}: {power(mine[-1]['initial']['gradient_ratio_log10'])} of the logits' in the first of "
        f"{mine[-1]['depth']} layers"
        for name, mine in rows.items()
    ]
    return f"Gradient norms by layer before training. {'; '.join(told)}."


def _paths_told(rows: Mapping[str, Sequence[Row]]) -> str:
    told = [
        f"{name}: {power(mine[-1]['initial']['path_product_max_log10'])} at depth {mine[-1]['depth']}, bound "
        f"{power(mine[-1]['initial']['path_product_bound_log10'], 'none')}"
        for name, mine in rows.items()
    ]
    return f"Largest products of derivatives along a path, by depth. {'; '.join(told)}."


def _accuracy(title: str, rows: Sequence[Row], report: Report, by: str = "activation") -> Panel:
    values = {
        ("no cure" if name == NO_CURE else name.replace("_", " "), depth): value
        for (name, depth), value in over_seeds(rows, (by, "depth"), lambda row: row["test_accuracy"]).items()
    }

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="depth (hidden layers)", percent=True, xlog=True)
        drawing.reference(axes, 1 / report["data"]["classes"], "chance")
        axes.set_ylim(0, 1.02)

    return Panel(
        title=title,
        note="share of held-out samples classified rightly; mean and standard deviation over the seeds",
        alt=f"{title}, by depth. {drawing.ends(values, '.1%', place='depth')}",
        draw=draw,
    )


def _power(value: float | None) -> float:
    """10**value for a logarithmic axis; what is 0, missing or out of range of float64 is left out."""
    return 10.0**value if value is not None and abs(value) < 300 else math.nan


def _positive(value: float | None) -> float:
    return value if value else math.nan


def _gradients(axes: Any, rows: Mapping[str, Sequence[Row]]) -> None:
    look = looks(rows)
    deepest = {name: mine[-1] for name, mine in rows.items()}
    depth = max(row["depth"] for row in deepest.values())
    for name, row in deepest.items():
        layers = row["initial"]["layers"]
        at = range(1, len(layers) + 1)
        axes.plot(
            at, [_positive(layer["activation_gradient_norm"]) for layer in layers], label=name, **look[name],
            markevery=_every(at),
        )  # fmt: skip
        bounds = [_power(layer["gradient_norm_bound_log10"]) for layer in layers]
        axes.plot(at, bounds, color=look[name]["color"], **BOUND)
    axes.set_yscale("log")
    dead = [name for name, row in deepest.items() if first_layer_stopped(row)]
    if dead:
        low, high = axes.get_ylim()
        axes.set_ylim(low * (low / high) ** 0.2, high)
        text = f"Textbook derivatives ({', '.join(dead)}): exactly 0\nin the saturated layer and all below it"
        axes.text(0.03, 0.03, text, transform=axes.transAxes, fontsize=9, color=GREY, va="bottom")
    ticks = [t for t in axes.get_xticks() if 1 <= t <= depth and t == int(t)]
    ticks = sorted({1, *(int(t) for t in ticks if 1 < t < 0.93 * depth), depth + 1})
    axes.set_xticks(ticks, [str(t) if t <= depth else "logits" for t in ticks])
    axes.set_xlim(1 - 0.02 * depth, depth + 1 + 0.02 * depth)
    axes.set_xlabel("layer")
    axes.legend()


def _every(at: range) -> int:
    return max(1, len(at) // 10)


def _paths(axes: Any, rows: Mapping[str, Sequence[Row]]) -> None:
    look = looks(rows)
    for name, mine in rows.items():
        depths = [row["depth"] for row in mine]
        axes.plot(depths, [_power(row["initial"]["path_product_max_log10"]) for row in mine], label=name, **look[name])
        mean = [_power(row["initial"]["path_product_mean_log10"]) for row in mine]
        axes.plot(depths, mean, color=look[name]["color"], **MEAN)
        bounds = [_power(row["initial"]["path_product_bound_log10"]) for row in mine]
        axes.plot(depths, bounds, color=look[name]["color"], **BOUND)
    axes.set_yscale("log")
    _depths(axes, rows)
    axes.legend()


def _depths(axes: Any, rows: Mapping[str, Sequence[Row]]) -> None:
    """A depth axis on which 1, 2 and 3 are as readable as 20 and 30."""
    depths = sorted({row["depth"] for mine in rows.values() for row in mine})
    axes.set_xscale("log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("depth (hidden layers)")
