"""The figure of an experiment: its panels side by side, or each by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from textwrap import fill
from typing import Any

from fastact.figures import GREY, render

from . import results
from .experiment import Experiment, Panel, Report

ABREAST = 3
"""Panels in a line, at most."""
WIDTH, HEIGHT = 4.4, 4.1
"""Of a panel, in inches."""
NOTE = 68
"""Characters of a note in a line."""


def draw(panels: Sequence[Panel], caption: str = "") -> Any:
    """All panels, as a ``matplotlib.figure.Figure``; the caption stands under them."""
    from matplotlib.figure import Figure

    abreast = ABREAST if len(panels) != ABREAST + 1 else 2
    lines = [list(panels[at : at + abreast]) for at in range(0, len(panels), abreast)]
    widest = max(sum(panel.width for panel in line) for line in lines)
    figure = Figure(figsize=(WIDTH * widest, HEIGHT * len(lines) + 0.4 * bool(caption)), layout="constrained")
    if caption:
        figure.supxlabel(fill(caption, round(NOTE * widest)), fontsize=8.5, color=GREY)
    for line, part in zip_longest(lines, _each(figure.subfigures(len(lines), 1))):
        ratios = [panel.width for panel in line]
        left = widest - sum(ratios)
        parts = _each(part.subfigures(1, len(line) + (left > 0), width_ratios=[*ratios, left] if left > 0 else ratios))
        for panel, place in zip(line, parts, strict=False):
            place.suptitle(panel.title, x=0.02, ha="left", fontsize=11, fontweight="bold")
            place.supxlabel(fill(panel.note, round(NOTE * panel.width)), fontsize=8.5, color=GREY)
            panel.draw(place)
    return figure


def _each(parts: Any) -> list[Any]:
    return list(parts.ravel()) if hasattr(parts, "ravel") else [parts]


def single(panel: Panel) -> Any:
    """One panel without its title, as a ``matplotlib.figure.Figure``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH * panel.width, HEIGHT * 0.9), layout="constrained")
    panel.draw(figure)
    return figure


def save(experiment: Experiment, report: Report, folder: str | Path) -> list[Path]:
    """Draw the figure and write it as PNG and SVG.

    Parameters
    ----------
    experiment : Experiment
    report : mapping
        What its ``run`` returned or wrote, with at least one row.
    folder : path
        An existing folder; each file is replaced whole.

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
    if not report["rows"]:
        raise ValueError("report must have at least one row")
    return write(lambda: draw(experiment.panels(report), caption(report)), Path(folder), experiment.name)


def write(drawn: Callable[[], Any], folder: Path, stem: str) -> list[Path]:
    """Write a figure as PNG and SVG."""
    written = []
    for suffix, content in render(drawn).items():
        path = folder / f"{stem}.{suffix}"
        results.write_bytes(path, content)
        written.append(path)
    return written


def caption(report: Report) -> str:
    """The settings that all rows share, and the data."""
    parts = []
    if report["data"]:
        parts.append(f"{report['data']['name']}: {report['data']['samples']} samples")
    for name, value in report["settings"].items():
        if isinstance(value, (list, tuple)):
            continue
        parts.append(
            f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
        )
    return ", ".join(parts)
