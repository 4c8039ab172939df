"""The panels of the experiments as pictures inside a page: text stays text, and colours follow the page."""

from __future__ import annotations

import re
from typing import Any

from fastact.experiments import figure
from fastact.experiments.experiment import Panel
from fastact.figures import COLOURS, GREY, STYLE, style

INK = "#1a1a1a"
"""What stands for the colour of the page's text while matplotlib draws."""
VARIABLES = {
    INK: "--ink",
    GREY.lower(): "--grey",
    STYLE["grid.color"].lower(): "--grid",
    **{colour.lower(): f"--c{at}" for at, colour in enumerate(COLOURS)},
}
"""The page's custom properties by the colours that they take the place of."""


def svg(panel: Panel, prefix: str) -> str:
    """A panel as the text of an ``<svg>`` element.

    Parameters
    ----------
    panel : Panel
    prefix : str
        Of all ids in it, since those of a page must differ.

    Returns
    -------
    str
        Without a size of its own: it is as wide as what it stands in.
    """
    return themed(drawn(panel), prefix)


def drawn(panel: Panel) -> str:
    """A panel as matplotlib writes it, transparent, with ``INK`` where it would be black."""
    import io

    import matplotlib

    with style(text=True):
        parameters: Any = matplotlib.rcParams
        names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        parameters.update(dict.fromkeys(names, INK))
        parameters.update({"figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none"})
        buffer = io.StringIO()
        figure.single(panel).savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def themed(text: str, prefix: str) -> str:
    """An SVG of matplotlib's as an element of a page; see `svg`."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, mark, rest = text.partition(">")
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    text = f'{head} aria-hidden="true" focusable="false"{mark}{rest}'
    text = re.sub(r'(\bid=")', rf"\g<1>{prefix}-", text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", text)

    def variable(match: re.Match[str]) -> str:
        name = VARIABLES.get(match[0].lower())
        return f"var({name})" if name else match[0]

    return re.sub(r"#[0-9a-fA-F]{6}\b", variable, text)
