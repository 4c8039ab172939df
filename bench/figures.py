"""The benchmark's cells as pictures: for each form, time an element against size, beside the best peer and the copy."""

from __future__ import annotations

import math
from typing import Any

from fastact.figures import COLOURS, GREY, render

from .cases import COPY, size_label
from .cells import Cell

COLUMNS = 8
# One line of each panel by its name in the legend: colour, dashes, and nanoseconds an element of a cell.
LINES = {
    "fastact": (COLOURS[0], "-", lambda cell: cell.seconds),
    "best peer": (COLOURS[1], "-", lambda cell: cell.seconds * cell.best_ratio if cell.best else math.nan),
    "numpy.copyto of the same bytes": (GREY, ":", lambda cell: cell.seconds * cell.ratio(COPY)),
}


def figure(cells: list[Cell], title: str, formats: tuple[str, ...] = ("svg",)) -> dict[str, bytes]:
    """A panel for each activation, logarithmic both ways, the same axes in all of them.

    Parameters
    ----------
    cells : list of Cell
        Of one form and one dtype, at two sizes at least, in the order of the panels.
    title : str
    formats : tuple of {"png", "svg"}

    Returns
    -------
    dict of bytes
        The content of a file by format; the same cells give the same bytes.
    """
    names = list(dict.fromkeys(cell.activation for cell in cells))
    sizes = sorted({cell.size for cell in cells})
    rows = -(-len(names) // COLUMNS)

    def draw() -> Any:
        import matplotlib.pyplot as plt

        shape = (1.5 * COLUMNS, 1.35 * rows + 0.9)
        drawn, axes = plt.subplots(rows, COLUMNS, figsize=shape, sharex=True, sharey=True, squeeze=False)
        for name, ax in zip(names, axes.flat, strict=False):
            own = sorted((cell for cell in cells if cell.activation == name), key=lambda cell: cell.size)
            for label, (colour, dashes, seconds) in LINES.items():
                times = [seconds(cell) / cell.size * 1e9 for cell in own]
                ax.plot([cell.size for cell in own], times, dashes, color=colour, label=label, marker=".")
            ax.set_title(name, fontsize=8)
            ax.tick_params(labelsize=7)
        for ax in axes.flat[len(names) :]:
            ax.set_axis_off()
        axes[0, 0].set(xscale="log", yscale="log", xticks=sizes, xticklabels=list(map(size_label, sizes)))
        axes[0, 0].minorticks_off()
        drawn.supxlabel("elements", fontsize=9)
        drawn.supylabel("ns an element", fontsize=9)
        drawn.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="upper right", ncols=len(LINES), fontsize=9)
        drawn.tight_layout(rect=(0, 0, 1, 0.99), h_pad=0.5, w_pad=0.5)
        return drawn

    return render(draw, formats, text=True)
