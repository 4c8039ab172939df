"""The charts of the page in which something moves, as Vega-Lite specifications made by Altair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Part = Mapping[str, Any]

# What a page in light or dark sets: axes and text have the colour of the text around them.
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor", "titleColor": "currentColor", "domainColor": "currentColor",
        "tickColor": "currentColor", "gridColor": "currentColor", "gridOpacity": 0.15, "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal",
    },
    "legend": {"labelColor": "currentColor", "titleColor": "currentColor", "labelFontSize": 12, "orient": "top"},
    "text": {"color": "currentColor"},
}  # fmt: skip
PALETTE = ("#2f8fd0", "#d9661f", "#17a07c", "#c96fa2", "#8a7bd0", "#9a7400", "#8c8c8c")
"""Readable on white and on black, where the figures' own have a colour for each."""
HEIGHT = 300


@dataclass(frozen=True)
class Control:
    """What moves something in a chart: a slider over numbers, or a list of names.

    Parameters
    ----------
    signal : str
        The chart's parameter that it sets.
    label : str
    values : list
        In order; a slider stops at each.
    start : object
        One of them.
    """

    signal: str
    label: str
    values: list[Any]
    start: Any

    @property
    def slider(self) -> bool:
        """Whether it is a slider."""
        return all(isinstance(value, (int, float)) for value in self.values)


@dataclass(frozen=True)
class Chart:
    """A chart with its controls.

    Parameters
    ----------
    name : str
        Of its element on the page.
    title, text : str
        The text says what to move and what is seen.
    controls : list of Control
    told : mapping
        By value of the first control, what the chart shows then: its text alternative.
    specification : dict
        Vega-Lite.
    """

    name: str
    title: str
    text: str
    controls: list[Control]
    told: Mapping[str, str]
    specification: dict[str, Any] = field(repr=False)


def of_experiment(name: str, part: Part) -> list[Chart]:
    """The moving charts of an experiment's section."""
    makers: dict[str, Callable[[Part], Chart | None]] = {"vanish": gradient_profile}
    chart = makers[name](part) if name in makers else None
    return [] if chart is None else [chart]


def gradient_profile(part: Part) -> Chart | None:
    """The gradient of every layer, at the depth that a slider chooses."""
    import altair as alt

    rows = [row for row in part["rows"] if row["cure"] == "none"]
    if not rows:
        return None
    first = min(row["seed"] for row in rows)
    points = [
        {"depth": row["depth"], "activation": row["activation"], "layer": at, "norm": layer["activation_gradient_norm"]}
        for row in rows
        if row["seed"] == first
        for at, layer in enumerate(row["initial"]["layers"], 1)
        if layer["activation_gradient_norm"]
    ]
    depths = sorted({row["depth"] for row in rows})
    names = list(dict.fromkeys(row["activation"] for row in rows))
    depth = alt.param(name="depth", value=depths[-1])
    chart = (
        alt.Chart(alt.Data(values=points))
        .mark_line(point=alt.OverlayMarkDef(size=45, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("layer:Q", title="layer (the last: logits)", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("norm:Q", title="‖∂L/∂z‖", scale=alt.Scale(type="log"), axis=alt.Axis(format=".0e", tickCount=7)),
            color=_colours(names, "activation"),
            shape=alt.Shape("activation:N", sort=names, legend=None),
            tooltip=["activation:N", "layer:Q", alt.Tooltip("norm:Q", format=".3g")],
        )
        .transform_filter("datum.depth == depth")
        .add_params(depth)
    )
    return Chart(
        "gradient-profile",
        "Move the depth",
        "The gradient norm at every layer before training, for the depth chosen; of the first seed.",
        [Control("depth", "Depth (hidden layers)", depths, depths[-1])],
        {str(depth): _profile_told(depth, rows, first) for depth in depths},
        _specification(chart),
    )


def _profile_told(depth: int, rows: Sequence[Mapping[str, Any]], seed: int) -> str:
    told = []
    for row in rows:
        if (row["depth"], row["seed"]) == (depth, seed):
            ratio = row["initial"]["gradient_ratio"]
            told.append(f"{row['activation']} {'n/a' if ratio is None else f'{ratio:.2g}'}")
    return f"At depth {depth} the gradient of the first layer, relative to that of the logits: {', '.join(told)}."


def _curves_told(name: str, known: Mapping[str, Any]) -> str:
    ends = f"from {known['f'][0]:.3g} at {known['x'][0]:g} to {known['f'][-1]:.3g} at {known['x'][-1]:g}"
    highest = max(value for value in known["f'"] if value is not None)
    return f"{name} goes {ends}; its slope is {highest:.3g} at most there. {known['summary']}"


def picker(activations: Mapping[str, Any]) -> Chart:
    """f, f' and f'' of the activation chosen."""
    import altair as alt

    labels = ["f", "f'", "f''"]
    values = [
        {"name": name, "curve": label, "x": x, "y": y}
        for name, known in activations.items()
        for label in labels
        if known[label] is not None
        for x, y in zip(known["x"], known[label], strict=True)
        if y is not None and math.isfinite(y) and abs(y) <= 10.0
    ]
    start = "gelu" if "gelu" in activations else next(iter(activations))
    chosen = alt.param(name="chosen", value=start)
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("x:Q", title="x"),
            y=alt.Y("y:Q", title=None),
            color=_colours(labels, "curve"),
            strokeDash=alt.StrokeDash("curve:N", sort=labels, legend=None),
            tooltip=["curve:N", "x:Q", "y:Q"],
        )
        .transform_filter("datum.name == chosen")
        .add_params(chosen)
    )
    return Chart(
        "picker",
        "Pick an activation",
        "The function and its first two derivatives, at the default parameters; its properties stand below.",
        [Control("chosen", "Activation", list(activations), start)],
        {name: _curves_told(name, known) for name, known in activations.items()},
        _specification(chart),
    )


def _colours(names: list[str], column: str) -> Any:
    import altair as alt

    palette = [PALETTE[at % len(PALETTE)] for at in range(len(names))]
    return alt.Color(f"{column}:N", sort=names, scale=alt.Scale(domain=names, range=palette), title=None)


def _specification(chart: Any) -> dict[str, Any]:
    made: dict[str, Any] = chart.properties(width="container", height=HEIGHT).to_dict()
    # Altair's own look is taken away, and its schema's address, which nobody is to ask for.
    made["config"] = CONFIG
    made.pop("$schema", None)
    return made
