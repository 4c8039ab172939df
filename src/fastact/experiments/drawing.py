"""Drawing what most panels show: quantities with error bars over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastact.figures import GREY, looks

from .spread import Spread

FEW = 5
"""So many whole numbers have a tick each."""

Values = Mapping[tuple[Any, Any], Spread]
"""Spreads by curve and place: ``values["relu", 3]``; what no seed has is left out."""


def curves(
    axes: Any,
    values: Values,
    *,
    xlabel: str,
    percent: bool = False,
    xlog: bool = False,
    ylog: bool = False,
    bars: bool = True,
    legend: bool = True,
) -> None:
    """Draw each curve through its means, with bars of one standard deviation.

    Parameters
    ----------
    axes : matplotlib Axes
    values : mapping
        See ``Values``. Places are numbers.
    xlabel : str
        With the unit, if it has one.
    percent : bool
        Whether the values are shares, written as percentages.
    xlog, ylog : bool
        Logarithmic axes; with ``xlog`` every place has its tick. Values of 0 or less are left out of ``ylog``.
    bars, legend : bool
        Whether there are error bars, and a legend.
    """
    names = list(dict.fromkeys(name for name, _ in values))
    for name, look in looks(names).items():
        mine = {x: value for (other, x), value in sorted(values.items(), key=lambda item: item[0][1]) if other == name}
        shown = {x: value for x, value in mine.items() if value.count and not (ylog and value.mean <= 0)}
        error = [value.std for value in shown.values()] if bars else None
        axes.errorbar(
            list(shown), [value.mean for value in shown.values()], error, label=str(name), capsize=2.5,
            elinewidth=1.2, markevery=max(1, len(shown) // 12), **look,
        )  # fmt: skip
    places = sorted({x for _, x in values})
    if xlog:
        axes.set_xscale("log")
    if xlog or (len(places) <= FEW and all(place == int(place) for place in places)):
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.set_xticks([], minor=True)
    if ylog:
        axes.set_yscale("log", nonpositive="clip")
    if percent:
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    axes.set_xlabel(xlabel)
    if legend:
        axes.legend()


def reference(axes: Any, at: float, text: str, *, below: bool = False) -> None:
    """A dotted horizontal line with its name at the right end, above it or below."""
    axes.axhline(at, color=GREY, linestyle=":", linewidth=1.2)
    axes.annotate(
        text, (1, at), xycoords=("axes fraction", "data"), xytext=(0, -3 if below else 3), textcoords="offset points",
        ha="right", va="top" if below else "baseline", fontsize=9, color=GREY,
    )  # fmt: skip


def legend_above(axes: Any, columns: int = 2) -> None:
    """A legend over the axes, where curves leave no room among them; none where nothing has a name."""
    if not axes.get_legend_handles_labels()[0]:
        return
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, fontsize=8.5, borderaxespad=0.2)


def ends(values: Values, spec: str = ".3g", *, place: str = "") -> str:
    """In words, where each curve begins and where it ends: the text alternative of `curves`.

    Parameters
    ----------
    values : mapping
        See ``Values``.
    spec : str
        Format of the numbers.
    place : str
        What the places are: "depth".
    """
    sentences = []
    for name in dict.fromkeys(name for name, _ in values):
        known = sorted(x for other, x in values if other == name and values[other, x].count)
        if not known:
            sentences.append(f"{name}: no value")
        elif len(known) == 1:
            sentences.append(f"{name}: {values[name, known[0]]:{spec}} at {place} {_written(known[0])}")
        else:
            first, last = (f"{values[name, x]:{spec}} at {place} {_written(x)}" for x in (known[0], known[-1]))
            sentences.append(f"{name}: from {first} to {last}")
    return "; ".join(sentences) + "."


def _written(x: Any) -> str:
    return f"{x:g}" if isinstance(x, (int, float)) and not (isinstance(x, float) and math.isnan(x)) else str(x)


def sections(keys: Sequence[Sequence[Any]]) -> list[int]:
    """Numbers of lines of a table after which the first entry changes."""
    return [at + 1 for at in range(len(keys) - 1) if keys[at][0] != keys[at + 1][0]]
