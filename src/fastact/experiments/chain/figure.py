"""The panels of ``chain``: the graph with its numbers, the factors of one gradient, and products of derivatives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastact.figures import COLOURS, GREY, looks

from ..experiment import Panel, Report
from ..spread import grouped
from .claims import finite

Row = Mapping[str, Any]
VALUE, GRADIENT = COLOURS[0], COLOURS[1]
LABELLED = 12
"""Factors whose numbers have room."""


def panels(report: Report) -> list[Panel]:
    """The graph, and of networks whose numbers are in float64 the factors and products."""
    rows = report["rows"]
    known = finite(rows)
    shown = [_graph(rows[0])] if rows else []
    if known:
        shown.append(_factors(known[0]))
        if any(row["product_of_derivatives"] for row in known):
            shown.append(_products(known))
    return shown


def _graph(row: Row) -> Panel:
    at, gradient = row["graph"], row["graph_gradient"]
    return Panel(
        title="f = (x + y) z, with q = x + y",
        note="values go from left to right, derivatives of f (with a d) from right to left",
        alt=f"Graph of x = {at['x']:g} and y = {at['y']:g} into q = {at['q']:g}, and q and z = {at['z']:g} into f = "
        f"{at['f']:g}. Derivatives of f: by x {gradient[0]:g}, by y {gradient[1]:g}, by z {gradient[2]:g}, by q "
        f"{at['df/dq']:g}.",
        draw=lambda figure: _draw_graph(figure.subplots(), row),
    )


def _draw_graph(axes: Any, row: Row) -> None:
    at, (by_x, by_y, by_z) = row["graph"], row["graph_gradient"]
    nodes = {
        "x": (0.0, 2.0, at["x"], f"df/dx = {at['df/dq']:g} · {at['dq/dx']:g} = {by_x:g}"),
        "y": (0.0, 1.0, at["y"], f"df/dy = {at['df/dq']:g} · {at['dq/dy']:g} = {by_y:g}"),
        "z": (0.0, 0.0, at["z"], f"df/dz = q = {by_z:g}"),
        "q": (1.35, 1.5, at["q"], f"df/dq = z = {at['df/dq']:g}"),
        "f": (2.5, 0.75, at["f"], "df/df = 1"),
    }
    for start, end in (("x", "q"), ("y", "q"), ("q", "f"), ("z", "f")):
        axes.annotate(
            "", nodes[end][:2], nodes[start][:2],
            arrowprops={"arrowstyle": "-|>", "color": GREY, "shrinkA": 11, "shrinkB": 11, "linewidth": 1.3},
        )  # fmt: skip
    for name, (x, y, value, derivative) in nodes.items():
        sign = {"q": " +", "f": " ·"}.get(name, "")
        axes.plot([x], [y], marker="o", markersize=18, color=GREY, fillstyle="none", markeredgewidth=1.3)
        axes.text(x, y, name + sign, ha="center", va="center", fontsize=9, color=GREY)
        left, place = (x - 0.12, "left") if x == 0.0 else (x, "center")
        # Where an arrow goes down from a node, there is room above it only.
        above = name in ("x", "q")
        axes.text(left, y + 0.2 + 0.24 * above, f"{name} = {value:g}", ha=place, va="bottom", fontsize=10, color=VALUE)
        height, side = (y + 0.2, "bottom") if above else (y - 0.2, "top")
        axes.text(left, height, derivative, ha=place, va=side, fontsize=10, color=GRADIENT)
    axes.set_xlim(-0.25, 3.0)
    axes.set_ylim(-0.65, 2.8)
    axes.axis("off")


def _factors(row: Row) -> Panel:
    name, depth = row["activation"], len(row["weights"])
    told = "; ".join(f"{text} {value:.3g}" for text, value in zip(row["factor_names"], row["factors"], strict=True))
    return Panel(
        title=f"dL/dW1 through {depth} layers of {name}",
        note=f"bars: size of each factor, seed {row['seed']}; line: product so far, from the loss down",
        alt=f"Factors of dL/dW1 from the loss down: {told}; their product is {row['product']:.3g}.",
        draw=lambda figure: _draw_factors(figure.subplots(), row),
        width=1.25,
    )


def _draw_factors(axes: Any, row: Row) -> None:
    factors = row["factors"]
    sizes = [abs(value) if value else math.nan for value in factors]
    places = list(range(len(factors)))
    products = [abs(math.prod(factors[: at + 1])) or math.nan for at in places]
    known = [value for value in (*sizes, *products) if math.isfinite(value)] or [1.0]
    # An axis must begin above 0.
    low = max(10.0 ** math.floor(math.log10(min(known)) - 0.3), 1e-300)
    high = 10.0 ** (math.log10(max(*known, 1.0)) + 1.3)
    derivative = [text.startswith("S'") for text in row["factor_names"]]
    for kind, label, colour in ((True, "derivatives S'", COLOURS[0]), (False, "other factors", COLOURS[4])):
        chosen = [at for at in places if derivative[at] is kind]
        tops = [max(sizes[at] - low, 0.0) if math.isfinite(sizes[at]) else 0.0 for at in chosen]
        axes.bar(chosen, tops, 0.62, low, color=colour, label=label)
    axes.plot(places, products, label="product so far", **looks(["", "product"])["product"])
    if len(factors) <= LABELLED:
        for at in places:
            axes.annotate(
                f"{factors[at]:.3g}", (at, max(sizes[at], products[at]) if factors[at] else low), xytext=(0, 5),
                textcoords="offset points", ha="center", fontsize=8.5, color=GREY,
            )  # fmt: skip
        axes.set_xticks(places, row["factor_names"], fontsize=9)
    else:
        axes.set_xticks([0, len(places) - 1], [row["factor_names"][0], row["factor_names"][-1]])
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.set_ylabel("size")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper left", ncols=3, fontsize=8.5)


def _products(rows: Sequence[Row]) -> Panel:
    depth = len(rows[0]["weights"])
    groups = {name: mine for (name,), mine in grouped(rows, ("activation",)).items()}
    told = []
    for name, mine in groups.items():
        bound = mine[0]["bound"]
        most = max(abs(row["product_of_derivatives"]) for row in mine)
        told.append(f"{name} at most {most:.3g}, {'no bound' if bound is None else f'bound {bound:.3g}'}")
    return Panel(
        title=f"Product of the {depth} derivatives" if depth > 1 else "The derivative",
        note="each marker a network; bar: the bound, sup|S'| to the power of the number of layers",
        alt=f"Products of derivatives of random networks, on a logarithmic axis: {'; '.join(told)}.",
        draw=lambda figure: _draw_products(figure.subplots(), groups),
    )


def _draw_products(axes: Any, groups: Mapping[str, Sequence[Row]]) -> None:
    look = looks(groups)
    for at, (name, mine) in enumerate(groups.items()):
        values = [abs(row["product_of_derivatives"]) for row in mine]
        # Side by side in the order of the seeds, so that none hides another.
        across = [at + 0.6 * ((index + 0.5) / len(values) - 0.5) for index in range(len(values))]
        shown = [(x, value) for x, value in zip(across, values, strict=True) if value]
        axes.plot([x for x, _ in shown], [value for _, value in shown], linestyle="none", alpha=0.75, **look[name])
        bound = mine[0]["bound"]
        if bound:
            axes.plot([at - 0.38, at + 0.38], [bound, bound], color=GREY, linewidth=2.2)
            axes.annotate(
                f"{bound:.6g}", (at, bound), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9,
                color=GREY,
            )  # fmt: skip
    axes.set_yscale("log")
    _, high = axes.get_ylim()
    axes.set_ylim(top=high * 2)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.set_ylabel("product of S'")
    axes.grid(visible=False, axis="x")
