"""The figure of ``vanish``: gradients against layer, path products against depth, accuracy against depth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastact.figures import COLOURS, GREY, render

from . import results
from .vanish_text import first_layer_stopped

# Markers tell the curves apart without any colour.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
NOTE: dict[str, Any] = {"fontsize": 8.8, "color": GREY, "va": "bottom", "in_layout": False}
# A broad pale band: it stays visible under a measured curve that reaches its bound.
BOUND: dict[str, Any] = {"linewidth": 5.0, "alpha": 0.3, "solid_capstyle": "butt", "zorder": 1.5}
MEAN: dict[str, Any] = {"linewidth": 1.2, "linestyle": (0, (1.2, 1.5))}


def save(report: Mapping[str, Any], folder: str | Path, stem: str = "vanish") -> list[Path]:
    """Draw the figure and write it as PNG and SVG.

    Parameters
    ----------
    report : mapping
        What ``vanish.run`` returned or wrote, with at least one row.
    folder : path
        An existing folder; each file is replaced whole.
    stem : str
        Name of the files, without the suffix.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    ValueError
        If the report has no rows.
    """
    written = []
    for suffix, content in render(lambda: draw(report)).items():
        path = Path(folder) / f"{stem}.{suffix}"
        results.write_bytes(path, content)
        written.append(path)
    return written


def draw(report: Mapping[str, Any]) -> Any:
    """The figure, as a ``matplotlib.figure.Figure``. Every bound is a pale band in the colour of what it bounds."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    if not report["rows"]:
        raise ValueError("report must have at least one row")
    names = list(dict.fromkeys(row["activation"] for row in report["rows"]))
    rows = {name: sorted(_of(report, name), key=lambda row: row["depth"]) for name in names}
    looks: dict[str, dict[str, Any]] = {
        name: {"color": COLOURS[at % len(COLOURS)], "marker": MARKERS[at % len(MARKERS)]}
        for at, name in enumerate(names)
    }
    figure = Figure(figsize=(12.5, 4.9), layout="constrained")
    gradients, paths, accuracy = figure.subplots(1, 3, width_ratios=(1.35, 1, 1))
    _gradients(gradients, rows, looks)
    _paths(paths, rows, looks)
    _accuracy(accuracy, rows, looks, report["data"]["classes"])
    handles = [Line2D([], [], label=name, **looks[name]) for name in names]
    handles.append(Line2D([], [], color=GREY, label="measured"))
    handles.append(Line2D([], [], color=GREY, label="its bound", **BOUND))
    handles.append(Line2D([], [], color=GREY, label="mean over paths", **MEAN))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=10.5)
    settings, data = report["settings"], report["data"]
    figure.supxlabel(
        f"{data['name']}: {data['training_samples']} training and {data['test_samples']} test samples, "
        f"{settings['width']} units per layer, {settings['epochs']} epochs of {settings['optimiser']}, "
        f"{settings['dtype']}, seed {settings['seed']}"
        + (", last hidden layer saturated" if settings["saturated"] else ""),
        fontsize=8.5,
        color=GREY,
    )
    return figure


def _of(report: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row for row in report["rows"] if row["activation"] == name]


def _power(value: float | None) -> float:
    """10**value for a logarithmic axis; what is 0, missing or out of range of float64 is left out."""
    return 10.0**value if value is not None and abs(value) < 300 else math.nan


def _positive(value: float | None) -> float:
    return value if value else math.nan


def _gradients(axes: Any, rows: Mapping[str, list], looks: Mapping[str, dict]) -> None:
    deepest = {name: mine[-1] for name, mine in rows.items()}
    depth = max(row["depth"] for row in deepest.values())
    for name, row in deepest.items():
        layers = row["initial"]["layers"]
        at = range(1, len(layers) + 1)
        axes.plot(
            at, [_positive(layer["activation_gradient_norm"]) for layer in layers], **looks[name], markevery=_every(at)
        )
        bounds = [_power(layer["gradient_norm_bound_log10"]) for layer in layers]
        axes.plot(at, bounds, color=looks[name]["color"], **BOUND)
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
    axes.set_title(f"Gradient norm at initialisation, depth {depth}\n")
    axes.text(0, 1.015, "‖∂L/∂z‖ by layer;  bound: ∏ sup|f'| · ‖W‖₂ up to the logits", transform=axes.transAxes, **NOTE)


def _every(at: range) -> int:
    return max(1, len(at) // 10)


def _paths(axes: Any, rows: Mapping[str, list], looks: Mapping[str, dict]) -> None:
    for name, mine in rows.items():
        depths = [row["depth"] for row in mine]
        axes.plot(depths, [_power(row["initial"]["path_product_max_log10"]) for row in mine], **looks[name])
        mean = [_power(row["initial"]["path_product_mean_log10"]) for row in mine]
        axes.plot(depths, mean, color=looks[name]["color"], **MEAN)
        bounds = [_power(row["initial"]["path_product_bound_log10"]) for row in mine]
        axes.plot(depths, bounds, color=looks[name]["color"], **BOUND)
    axes.set_yscale("log")
    _depths(axes, rows)
    axes.set_title("Derivatives along one path\n")
    axes.text(0, 1.015, "largest ∏|f'| over all paths;  bound: sup|f'|^depth", transform=axes.transAxes, **NOTE)


def _accuracy(axes: Any, rows: Mapping[str, list], looks: Mapping[str, dict], classes: int) -> None:
    for name, mine in rows.items():
        axes.plot([row["depth"] for row in mine], [row["test_accuracy"] for row in mine], **looks[name])
    axes.axhline(1 / classes, color=GREY, linestyle=":", linewidth=1.2)
    axes.annotate(
        "chance", (1, 1 / classes), xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points",
        ha="right", fontsize=9, color=GREY,
    )  # fmt: skip
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    _depths(axes, rows)
    axes.set_title("Test accuracy after training\n")
    axes.text(0, 1.015, "share of held-out samples, one run each", transform=axes.transAxes, **NOTE)


def _depths(axes: Any, rows: Mapping[str, list]) -> None:
    """A depth axis on which 1, 2 and 3 are as readable as 20 and 30."""
    depths = sorted({row["depth"] for mine in rows.values() for row in mine})
    axes.set_xscale("log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("depth (hidden layers)")
