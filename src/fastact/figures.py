"""How figures look, and how they become files: the same numbers give the same bytes on every machine's style."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# Okabe & Ito's colours, without the yellow that white swallows.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
# They tell curves apart without any colour.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#595959"
STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "fastact",  # the same numbers give the same bytes
}
# No date, and no version of matplotlib.
METADATA: Mapping[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def looks(names: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """Colour and marker for each of some names, for ``Axes.plot`` and ``Axes.errorbar``."""
    return {
        name: {"color": COLOURS[at % len(COLOURS)], "marker": MARKERS[at % len(MARKERS)]}
        for at, name in enumerate(dict.fromkeys(names))
    }


@contextmanager
def style(*, text: bool = False) -> Iterator[None]:
    """The house's style for what is drawn inside; with ``text``, an SVG holds its words as text."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # the user's own style would change the figure
        parameters: Any = matplotlib.rcParams
        parameters.update(STYLE)
        if text:
            parameters["svg.fonttype"] = "none"
        yield


def render(
    draw: Callable[[], Any], formats: tuple[str, ...] = ("png", "svg"), *, dpi: int = 130, text: bool = False
) -> dict[str, bytes]:
    """Draw a figure in the house's style and encode it.

    Parameters
    ----------
    draw : callable
        Returns a ``matplotlib.figure.Figure``; it is called under the style.
    formats : tuple of {"png", "svg"}
    dpi : int
        Resolution of the PNG.
    text : bool
        Whether an SVG holds its words as text, in the reader's fonts, instead of as outlines: smaller.

    Returns
    -------
    dict of bytes
        The content of a file by format.
    """
    files = {}
    with style(text=text):
        figure = draw()
        for name in formats:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=name, dpi=dpi, metadata=METADATA[name])
            files[name] = buffer.getvalue()
    return files
