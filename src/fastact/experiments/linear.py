r"""Without an activation, a network of any depth is one layer.

With f(z) = z the network is a_{l} = a_{l-1} W_l + b_l, and its outputs are x W + b with

    W = W_1 W_2 ... W_{d+1},   b = (...(b_1 W_2 + b_2) W_3 + ...) + b_{d+1}:

one matrix, whose rank is at most the smallest width. The experiment trains networks with and without an activation,
multiplies the matrices of those without, and compares. For any activation it says how much of the outputs the best
affine map of the inputs explains (R^2, by least squares), and how well the network separates what no line separates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

from . import data, drawing, options, shapes, training
from .configuration import initialiser_for
from .experiment import Experiment, Finding, Panel, Report, Row, Table
from .spread import Spread, over_seeds

IDENTITY = "identity"
MOST_BY_A_LINE = 2.0 / 3.0
"""Share of the square's points on the right side of the best line, which cuts off a corner: x + y = 2/3, or one of the
three like it. One of x + y = c is right for (3 - c^2 / 2 - (1 - c)^2) / 4 of them."""
LEARNED = 0.9
"""Accuracy above which the exclusive or counts as learned."""
AFFINE = 1e-9
"""How far R^2 may be from 1 for outputs that are affine but for rounding."""


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations((IDENTITY, "relu", "tanh"))
    depths: Sequence[int] = options.integers((1, 2, 4, 8), "Numbers of hidden layers.")
    width: int = options.integer(32, "Units of every hidden layer.")
    epochs: int = options.integer(30, "Passes over the training samples.")
    points: int = options.integer(400, "Points of the exclusive or in the plane.", lower=8)
    seeds: int = options.seeds(3)
    seed: int = options.seed()


def cells(settings: Settings) -> list[Row]:
    """One for each activation, depth and seed."""
    return [
        {"activation": activation, "depth": depth, "seed": settings.seed + at}
        for activation in settings.activations
        for depth in settings.depths
        for at in range(settings.seeds)
    ]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    net, parts, row = _trained(settings, dataset, cell)
    if row["diverged"]:
        return {**row, "affine_r2": None, "collapse_difference": None, "rank": None, "xor_accuracy": None}
    outputs = net.forward(parts.X_test).astype(np.float64)
    row["affine_r2"] = affine_r2(parts.X_test, outputs)
    row["collapse_difference"], row["rank"] = None, None
    if cell["activation"] == IDENTITY:
        weight, bias = collapsed(net)
        difference = np.abs(parts.X_test @ weight + bias - outputs).max()
        row["collapse_difference"] = difference / np.abs(outputs).max()
        row["rank"] = int(np.linalg.matrix_rank(weight))
    _, _, xor = _trained(settings, shapes.points("xor", settings.points, cell["seed"]), cell)
    row["xor_accuracy"] = xor["test_accuracy"]
    return row


def _trained(settings: Settings, dataset: data.Dataset, cell: Row) -> tuple[mlp.Network, data.Split, Row]:
    """A trained network, in float64 so that the difference from its collapsed form is rounding only."""
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float64")
    net = mlp.Network(
        [
            *(mlp.Dense(settings.width, cell["activation"]) for _ in range(cell["depth"])),
            mlp.Dense(len(dataset.classes)),
        ],
        inputs=dataset.X.shape[1],
        dtype="float64",
        seed=cell["seed"],
        initialiser=initialiser_for(cell["activation"]),
    )
    outcome = training.train(net, parts.X_train, parts.y_train, epochs=settings.epochs, optimiser=mlp.Adam(3e-3))
    accuracy = None if outcome.diverged else net.score(parts.X_test, parts.y_test)
    return net, parts, {"diverged": outcome.diverged, "test_accuracy": accuracy}


def collapsed(net: mlp.Network) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The matrix and the bias that layers without activations multiply to."""
    weight, bias = np.eye(net.inputs), np.zeros(net.inputs)
    for layer in net.layers:
        weight, bias = weight @ layer.weight, bias @ layer.weight + layer.bias
    return weight, bias


def affine_r2(X: NDArray[np.floating], outputs: NDArray[np.floating]) -> float:
    """Share of the outputs' variance, over samples, that the best affine map of the inputs explains."""
    inputs = np.column_stack([X, np.ones(len(X))])
    fitted = inputs @ np.linalg.lstsq(inputs, outputs, rcond=None)[0]
    total = np.square(outputs - outputs.mean(axis=0)).sum()
    return float(1.0 - np.square(outputs - fitted).sum() / total) if total > 0 else 1.0


DEFINITIONS = {
    "activation": "of all hidden layers",
    "depth": "number of hidden layers",
    "seed": "of data's division, weights, order of the samples and points in the plane",
    "diverged": "whether training left the finite numbers; everything measured is null then",
    "test_accuracy": "share of held-out samples of the data classified rightly after training",
    "affine_r2": "share of the variance of the logits, over held-out samples, that the best affine map of the inputs "
    "explains",
    "collapse_difference": "largest difference between the network's logits and those of the product of its matrices, "
    "relative to the largest logit; null with an activation",
    "rank": "numerical rank of that product; null with an activation",
    "xor_accuracy": "share of held-out points classified rightly by a network trained on the exclusive or of two "
    f"signs, whose points are uniform on the square; the best line is right for {MOST_BY_A_LINE:.1%} of them",
}


def _of(report: Report, value: str) -> dict[tuple[Any, ...], Spread]:
    return over_seeds(report["rows"], ("activation", "depth"), lambda row: row[value])


def findings(report: Report) -> list[Finding]:
    """What the rows say about three claims."""
    rows = [row for row in report["rows"] if row["activation"] == IDENTITY and not row["diverged"]]
    found = []
    if rows:
        worst = max(row["collapse_difference"] for row in rows)
        ranks = sorted({row["rank"] for row in rows})
        deepest = max(row["depth"] for row in rows)
        found.append(
            Finding(
                claim="Without activation functions, a network of any depth is equivalent to a single layer.",
                source="textbook algebra",
                measurement=f"The product of the matrices of up to {deepest + 1} layers gives the logits of the "
                f"trained network to {worst:.1e} of the largest (float64 rounds to 1.1e-16), over {len(rows)} "
                f"networks; it is one matrix of rank {', '.join(map(str, ranks))}.",
                verdict="holds" if worst < 1e-9 else "does not hold",
            )
        )
        found += _power(report)
    return found


def _power(report: Report) -> list[Finding]:
    """What a network without an activation cannot learn, and whether depth makes up for it."""
    return [one for one in (_exclusive_or(report), _adds(report)) if one is not None]


def _exclusive_or(report: Report) -> Finding | None:
    xor = {key: value for key, value in _of(report, "xor_accuracy").items() if value.count}
    without = {depth: value for (name, depth), value in xor.items() if name == IDENTITY}
    others = {key: value for key, value in xor.items() if key[0] != IDENTITY}
    if not others:
        return None
    (name, depth), best = max(others.items(), key=lambda item: item[1].mean)
    top = max(without, key=lambda depth: without[depth].mean)
    beyond = any(value.mean - value.margin > MOST_BY_A_LINE for value in without.values())
    judged: dict[str, Any] = {"verdict": "holds"}
    if beyond or best.mean + best.margin <= LEARNED:
        judged = {"verdict": "does not hold"}
    elif best.mean - best.margin <= LEARNED:
        judged = {"verdict": "not decided", "condition": f"the error bars of {name} reach under {LEARNED:.0%}"}
    return Finding(
        claim="Without an activation a network cannot learn what a line does not separate; with one it can.",
        source="Minsky and Papert, Perceptrons, 1969",
        measurement=f"Exclusive or of two signs, where the best line is right for {MOST_BY_A_LINE:.1%} of the points: "
        f"at most {without[top]:.1%} without an activation (depth {top}), at most {best:.1%} with one ({name}, depth "
        f"{depth}).",
        **judged,
    )


def _adds(report: Report) -> Finding | None:
    rows = [row for row in report["rows"] if row["activation"] == IDENTITY and not row["diverged"]]
    depths = sorted({row["depth"] for row in rows})
    if len(depths) < 2:
        return None
    accuracy = _of(report, "test_accuracy")
    off = max(abs(1.0 - row["affine_r2"]) for row in rows)
    return Finding(
        claim="Adding layers without activations adds nothing to what the network can represent.",
        source="textbook algebra",
        measurement=f"R² of the best affine map of the inputs is 1 to {off:.0e} at every depth from {depths[0]} to "
        f"{depths[-1]}. Test accuracy on {report['data']['name']}: {accuracy[IDENTITY, depths[0]]:.1%} with "
        f"{depths[0]}, {accuracy[IDENTITY, depths[-1]]:.1%} with {depths[-1]} hidden layers.",
        verdict="holds" if off <= AFFINE else "does not hold",
    )


def panels(report: Report) -> list[Panel]:
    """R^2 of the best affine map, and accuracies, against depth."""
    bars = "mean and standard deviation over the seeds"
    data_name = report["data"]["name"]
    return [
        _panel(
            "How affine the network is", f"R² of the best affine map of its inputs; {bars}", _of(report, "affine_r2")
        ),
        _panel(
            f"Accuracy on {data_name}", f"share of held-out samples; {bars}", _of(report, "test_accuracy"), percent=True
        ),
        _panel(
            "Accuracy on the exclusive or",
            f"share of held-out points; {bars}",
            _of(report, "xor_accuracy"),
            percent=True,
            line=MOST_BY_A_LINE,
        ),
    ]


def _panel(
    title: str,
    note: str,
    values: dict[tuple[Any, ...], Spread],
    *,
    percent: bool = False,
    line: float | None = None,
) -> Panel:
    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="depth (hidden layers)", percent=percent)
        if line is not None:
            drawing.reference(axes, line, f"a line: at most {line:.0%}")

    alt = f"{title}, by depth. {drawing.ends(values, '.1%' if percent else '.3f', place='depth')}"
    return Panel(title=title, note=note, alt=alt, draw=draw)


def table(report: Report) -> Table:
    """A line for each activation and depth."""
    values = {name: _of(report, name) for name in ("affine_r2", "collapse_difference", "test_accuracy", "xor_accuracy")}
    groups = list(values["affine_r2"])
    lines = [
        (
            name,
            str(depth),
            f"{values['affine_r2'][name, depth]:.3f}",
            f"{values['collapse_difference'][name, depth].highest:.1e}" if name == IDENTITY else "",
            f"{values['test_accuracy'][name, depth]:.1%}",
            f"{values['xor_accuracy'][name, depth]:.1%}",
        )
        for name, depth in groups
    ]
    headings = ("activation", "depth", "affine\nR²", "collapse\nat most", "test\naccuracy", "xor\naccuracy")
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))


EXPERIMENT = Experiment(
    name="linear",
    title="Without an activation, any depth is one layer",
    summary="Networks with and without an activation are trained at several depths. Those without are multiplied out "
    "to one matrix, which gives the same outputs; and they are asked for what no line separates.",
    settings=Settings,
    axes=("activation", "depth", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    quick={"depths": (1, 4), "epochs": 10, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
