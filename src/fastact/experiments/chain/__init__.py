r"""The chain rule, step by step, with the numbers of every step.

First on f = (x + y) z with q = x + y: df/dq = z and dq/dx = dq/dy = 1, so that

    df/dx = df/dq dq/dx = z,   df/dy = df/dq dq/dy = z,   df/dz = q.

Then on a chain of layers with one unit each, a_l = W_l f_{l-1} + b_l, f_l = S(a_l), f_0 = x, and the loss
L = (f_n - t)^2 / 2. Backpropagation multiplies, from the loss down,

    dL/dW_1 = dL/df_n  S'(a_n) W_n  ...  S'(a_2) W_2  S'(a_1) x,

and the derivatives among the factors multiply to at most sup|S'|^n: with three sigmoids 0.25^3 = 0.015625. The factors
are computed here one by one; their product stands beside the gradient of the trainer's backpropagation
(`mlp.Network.loss_and_gradients`) and beside central differences of its loss, all in float64.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact
from fastact import mlp

from .. import data, options
from ..experiment import Experiment, Report, Row, Table
from ..spread import grouped
from .claims import findings, finite, relative
from .figure import panels

STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
"""Of central differences: where truncation and rounding are about equal."""


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    x: float = options.number(-2.0, "x of f = (x + y) z.", lower=-math.inf)
    y: float = options.number(5.0, "y of f = (x + y) z.", lower=-math.inf)
    z: float = options.number(-4.0, "z of f = (x + y) z.", lower=-math.inf)
    activations: Sequence[str] = options.activations(("sigmoid", "tanh", "gelu"), "S, of every layer.")
    depth: int = options.integer(3, "Number of layers, of one unit each.")
    scale: float = options.number(1.0, "Standard deviation of weights, biases and inputs.")
    seeds: int = options.seeds(50)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Row]:
    """One for each activation and seed."""
    return [
        {"activation": activation, "seed": settings.seed + at}
        for activation in settings.activations
        for at in range(settings.seeds)
    ]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:  # noqa: ARG001
    """See ``DEFINITIONS``."""
    rng = np.random.default_rng(cell["seed"])
    name, depth = cell["activation"], settings.depth
    net = mlp.Network([mlp.Dense(1, name) for _ in range(depth)], 1, loss="mse", dtype="float64", seed=cell["seed"])
    net.parameters[...] = rng.normal(0.0, settings.scale, net.parameters.size)
    x, target = (float(value) for value in rng.normal(0.0, settings.scale, 2))
    weights = [layer.weight.item() for layer in net.layers]
    biases = [layer.bias.item() for layer in net.layers]
    with np.errstate(all="ignore"):
        sums, outputs, slopes = _forward(fastact.registered(name), weights, biases, x)
        factors = _factors(weights, slopes, x, outputs[-1] - target)
        backpropagation = _by_backpropagation(net, x, target)
        differences = _by_differences(net, x, target)
    return {
        **_graph((settings.x, settings.y, settings.z)),
        "input": x,
        "target": target,
        "weights": weights,
        "biases": biases,
        "loss": (outputs[-1] - target) ** 2 / 2,
        "sums": sums,
        "outputs": outputs,
        "derivatives": slopes,
        "product_of_derivatives": math.prod(slopes),
        "bound": _power(fastact.registered(name).spec.sup_derivative, depth),
        "factors": [value for _, value in factors],
        "factor_names": [text for text, _ in factors],
        "product": math.prod(value for _, value in factors),
        "backpropagation": backpropagation,
        "differences": differences,
    }


def _power(supremum: float, depth: int) -> float | None:
    """sup^depth; None where that is infinite, or leaves float64."""
    try:
        bound = float(supremum**depth)
    except OverflowError:
        return None
    return bound if 0.0 < bound < math.inf else None


def _forward(
    function: Any, weights: Sequence[float], biases: Sequence[float], x: float
) -> tuple[list[float], list[float], list[float]]:
    """a_l, f_l and S'(a_l) of every layer."""
    sums, outputs, slopes, value = [], [], [], x
    for weight, bias in zip(weights, biases, strict=True):
        sums.append(weight * value + bias)
        value = float(function(sums[-1]))
        outputs.append(value)
        slopes.append(float(function.derivative(sums[-1])))
    return sums, outputs, slopes


def _factors(weights: Sequence[float], slopes: Sequence[float], x: float, gradient: float) -> list[tuple[str, float]]:
    """The factors of dL/dW_1 with their names, from the loss down."""
    factors = [(f"dL/df{len(slopes)}", gradient)]
    for at in range(len(slopes), 0, -1):
        factors.append((f"S'(a{at})", slopes[at - 1]))
        factors.append((f"W{at}", weights[at - 1]) if at > 1 else ("x", x))
    return factors


# The trainer's mean squared error is (f - t)^2; half of it is L.
def _loss(net: mlp.Network, x: float, target: float) -> float:
    return net.loss_and_gradients([[x]], [[target]]) / 2


def _by_backpropagation(net: mlp.Network, x: float, target: float) -> float:
    _loss(net, x, target)
    return float(net.layers[0].weight_gradient.item()) / 2


def _by_differences(net: mlp.Network, x: float, target: float) -> float:
    """dL/dW_1 from the loss at two neighbouring weights."""
    weight = net.layers[0].weight
    middle, losses = weight.item(), []
    step = STEP * max(1.0, abs(middle))
    places = (middle + step, middle - step)
    for place in places:
        weight[...] = place
        losses.append(_loss(net, x, target))
    weight[...] = middle
    return (losses[0] - losses[1]) / (places[0] - places[1])


def _graph(point: tuple[float, float, float]) -> Row:
    """Every number of f = (x + y) z, and its derivatives by the chain rule and by central differences."""
    x, y, z = point
    q = x + y
    df_dq, dq_dx, dq_dy = z, 1.0, 1.0

    def f(x: float, y: float, z: float) -> float:
        return (x + y) * z

    numeric = []
    for at in range(3):
        step = STEP * max(1.0, abs(point[at]))
        above, below = list(point), list(point)
        above[at] += step
        below[at] -= step
        numeric.append((f(*above) - f(*below)) / (above[at] - below[at]))
    return {
        "graph": {"x": x, "y": y, "z": z, "q": q, "f": q * z, "df/dq": df_dq, "dq/dx": dq_dx, "dq/dy": dq_dy},
        "graph_gradient": [df_dq * dq_dx, df_dq * dq_dy, q],
        "graph_differences": numeric,
    }


DEFINITIONS = {
    "activation": "S, of every layer",
    "seed": "of weights, biases, input and target",
    "graph": "the numbers of f = (x + y) z with q = x + y, and the derivatives of each step",
    "graph_gradient": "df/dx, df/dy and df/dz by the chain rule",
    "graph_differences": "the same by central differences",
    "input": "x, what the first layer gets",
    "target": "t, which the loss (f - t)^2 / 2 compares the last layer's output with",
    "weights": "W of every layer, from the first on",
    "biases": "b of every layer",
    "loss": "(f - t)^2 / 2",
    "sums": "a = W f + b of every layer",
    "outputs": "f = S(a) of every layer",
    "derivatives": "S'(a) of every layer",
    "product_of_derivatives": "their product",
    "bound": "sup abs S' to the power of the number of layers; null where that leaves float64",
    "factors": "of dL/dW1, from the loss down",
    "factor_names": "what they are",
    "product": "of the factors",
    "backpropagation": "dL/dW1 as the trainer computes it",
    "differences": "dL/dW1 by central differences of the loss",
}


def table(report: Report) -> Table:
    """A line for each activation."""
    lines = []
    for (name,), mine in grouped(report["rows"], ("activation",)).items():
        known = finite(mine)
        if not known:
            lines.append((name, str(len(mine)), *["n/a"] * 5))
            continue
        products = [abs(row["product_of_derivatives"]) for row in known]
        bound = known[0]["bound"]
        lines.append((
            name, str(len(mine)), f"{max(products):.3g}", "none" if bound is None else f"{bound:.6g}",
            f"{statistics.median(abs(row['product']) for row in known):.3g}",
            f"{max(relative(row['backpropagation'], row['product']) for row in known):.1e}",
            f"{max(abs(row['differences'] - row['product']) for row in known):.1e}",
        ))  # fmt: skip
    headings = (
        "S", "networks", "product of S'\nat most", "bound", "abs dL/dW1\nmedian", "backpropagation\nrelatively off",
        "differences\noff",
    )  # fmt: skip
    return Table(headings=headings, lines=lines)


EXPERIMENT = Experiment(
    name="chain",
    title="The chain rule, step by step",
    summary="The derivatives of f = (x + y) z by the chain rule, with every number; then those of a chain of layers of "
    "one unit each, S(W3 S(W2 S(W1 x + b1) + b2) + b3) with three of them, factor by factor. Their product stands "
    "beside the trainer's backpropagation and beside central differences.",
    settings=Settings,
    axes=("activation", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    quick={"seeds": 20},
)
run = EXPERIMENT.run
