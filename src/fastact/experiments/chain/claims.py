"""What the rows of ``chain`` say of the chain rule, and of the bound on its derivatives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..experiment import Finding, Report, Verdict
from ..spread import grouped, spread

SAME = 1e-12
"""Relative difference that rounding may make between a product of factors and backpropagation."""
NEAR = 1e-6
"""The same of central differences, relative to the derivative; and `ROUNDED`, to the values that they are of."""
ROUNDED = 1e-9
CS231N = "Karpathy and Li, CS231n: Backpropagation, intuitions, 2016"
RUMELHART = "Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, 1986"
Row = Mapping[str, Any]


def finite(rows: Sequence[Row]) -> list[Row]:
    """The networks all of whose numbers are in float64."""
    single = ("product_of_derivatives", "product", "backpropagation", "differences", "loss")
    return [row for row in rows if all(row[name] is not None for name in single) and None not in row["factors"]]


def relative(value: float, truth: float) -> float:
    """Their difference, relative to the second where that is not 0."""
    return abs(value - truth) / (abs(truth) or 1.0)


def near(differences: float, derivative: float, size: float) -> bool:
    """Whether a derivative is what central differences say, for a function of that size."""
    return abs(differences - derivative) <= NEAR * abs(derivative) + ROUNDED * (1.0 + abs(size))


def findings(report: Report) -> list[Finding]:
    """The graph, the product of factors, and for every activation its bound and what it says of gradients."""
    rows = report["rows"]
    known = finite(rows)
    found = [_graph(rows[0])] if rows else []
    if known:
        found.append(_product(known))
    for (name,), mine in grouped(known, ("activation",)).items():
        if mine[0]["bound"] is not None:
            found.append(_bound(name, mine))
            if mine[0]["bound"] < 1.0:
                found.append(_gradient(name, mine))
    return found


def _graph(row: Row) -> Finding:
    at, gradient, numeric = row["graph"], row["graph_gradient"], row["graph_differences"]
    good = all(
        value is not None and other is not None and near(other, value, at["f"])
        for value, other in zip(gradient, numeric, strict=True)
    )
    return Finding(
        claim="For f = (x + y) z with q = x + y, df/dx = df/dq dq/dx.",
        source=CS231N,
        measurement=f"x = {at['x']:g}, y = {at['y']:g}, z = {at['z']:g}: q = {at['q']:g}, f = {at['f']:g}; df/dq = z = "
        f"{at['df/dq']:g} and dq/dx = {at['dq/dx']:g} give df/dx = {gradient[0]:g}, and likewise df/dy = "
        f"{gradient[1]:g}; df/dz = q = {gradient[2]:g}. Central differences: "
        f"{', '.join(f'{value:.9g}' for value in numeric)}.",
        verdict="holds" if good else "does not hold",
    )


def _product(rows: Sequence[Row]) -> Finding:
    """Whether product, backpropagation and differences are one number, in every network."""
    first = rows[0]
    depth = len(first["weights"])
    named = zip(first["factor_names"], first["factors"], strict=True)
    written = "; ".join(f"{name} = {value:.4g}" for name, value in named)
    exact = max(relative(row["backpropagation"], row["product"]) for row in rows)
    off = max(abs(row["differences"] - row["product"]) for row in rows)
    right = all(
        relative(row["backpropagation"], row["product"]) <= SAME
        and near(row["differences"], row["product"], row["loss"])
        for row in rows
    )
    return Finding(
        claim=f"The gradient of the first of {depth} layers is the product of the derivatives of all steps from the "
        "loss down to it.",
        source=RUMELHART,
        measurement=f"{first['activation']}, seed {first['seed']}: {written}; product {first['product']:.9g}, "
        f"backpropagation {first['backpropagation']:.9g}, central differences {first['differences']:.9g}. Over "
        f"{len(rows)} networks backpropagation is at most {exact:.1e} off, relatively, and central differences are "
        f"{off:.1e} off.",
        verdict="holds" if right else "does not hold",
    )


def _bound(name: str, rows: Sequence[Row]) -> Finding:
    """Whether derivatives multiply to no more than the power of their supremum."""
    depth, bound = len(rows[0]["weights"]), rows[0]["bound"]
    products = spread(abs(row["product_of_derivatives"]) for row in rows)
    return Finding(
        claim=f"The derivatives of {depth} layers of {name} multiply to at most {bound:.6g}.",
        source="textbook chain rule" if name == "sigmoid" else "the catalogue's sup abs f'",
        measurement=f"Largest product in {len(rows)} networks: {products.highest:.6g}, which is "
        f"{products.highest / bound:.1%} of sup abs f' to the power of {depth}; "
        f"mean {products.mean:.3g} ± {products.error:.2g} (standard error).",
        verdict="holds" if products.highest <= bound * (1.0 + SAME) else "does not hold",
    )


def _gradient(name: str, rows: Sequence[Row]) -> Finding:
    """Whether the bound on derivatives is one on the gradient."""
    depth, bound = len(rows[0]["weights"]), rows[0]["bound"]
    ratios, others = [], []
    for row in rows:
        if row["factors"][0]:
            ratios.append(abs(row["product"] / row["factors"][0]))
            others.append(abs(math.prod(row["weights"][1:]) * row["input"]))
    over = [ratio > bound for ratio in ratios]
    small = [ratio for ratio, other in zip(ratios, others, strict=True) if other <= 1.0]
    kept = all(ratio <= bound * (1.0 + SAME) for ratio in small)
    verdict: Verdict = "holds" if not any(over) else "holds only if" if kept else "does not hold"
    return Finding(
        claim=f"So at most {bound:.6g} of the loss's derivative arrives at the first of {depth} layers of {name}.",
        source="folklore",
        measurement=f"dL/dW1 over dL/df{depth} is {max(ratios, default=0.0):.3g} at most, and above {bound:.6g} in "
        f"{sum(over)} of {len(ratios)} networks; with weights and input that multiply to at most 1 it is above it in "
        f"{sum(ratio > bound * (1.0 + SAME) for ratio in small)} of {len(small)}.",
        verdict=verdict,
        condition="weights and input multiply to no more than 1: they are factors too"
        if verdict == "holds only if"
        else "",
    )
