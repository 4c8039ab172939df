"""The figure of ``sparsity``, and its table."""

from __future__ import annotations

from typing import Any

from .. import drawing
from ..experiment import Panel, Report, Table
from ..spread import Spread, grouped, over_seeds, spread
from .claims import RELU, accuracy, mean, zeros


def _sparsest(report: Report) -> str:
    """The activation that is looked at layer by layer: relu, if it is there."""
    names = list(dict.fromkeys(row["activation"] for row in report["rows"]))
    return RELU if RELU in names else names[0]


def panels(report: Report) -> list[Panel]:
    """Zeros by layer during training, by penalty, and the accuracy beside them."""
    name = _sparsest(report)
    penalties = sorted({row["l1"] for row in report["rows"] if row["activation"] == name})
    bars = "mean and standard deviation over the seeds"
    found = [
        _panel(
            f"Zeros without a penalty: {name}" if l1 == 0.0 else f"Zeros at a penalty of {l1:g}: {name}",
            f"share over units and held-out samples, by hidden layer; {bars}",
            _by_layer(report, name, l1), "epoch", "share of zeros", epochs=True,
        )
        for l1 in dict.fromkeys((penalties[0], penalties[-1]))
    ]  # fmt: skip
    if len(penalties) > 1:
        found += [
            _panel("Zeros by penalty", f"all hidden layers, after training; {bars}", zeros(report), "penalty",
                   "share of zeros"),
            _panel("Accuracy by penalty", f"share of held-out samples classified rightly; {bars}", accuracy(report),
                   "penalty", "test accuracy"),
        ]  # fmt: skip
    return found


def _by_layer(report: Report, name: str, l1: float) -> dict[tuple[Any, Any], Spread]:
    """Share of zeros by hidden layer and epoch; of deep networks five layers."""
    rows = [row for row in report["rows"] if (row["activation"], row["l1"]) == (name, l1)]
    count = len(rows[0]["zeros"][0])
    shown = sorted({round(at * (count - 1) / 4) for at in range(5)})
    return {
        (f"layer {layer + 1}", epoch): spread(row["zeros"][at][layer] for row in rows if row["zeros"][at])
        for layer in shown
        for at, epoch in enumerate(rows[0]["epochs"])
    }


def _panel(
    title: str, note: str, values: dict[tuple[Any, Any], Spread], place: str, ylabel: str, *, epochs: bool = False
) -> Panel:
    def draw(figure: Any) -> None:
        axes = figure.subplots()
        drawing.curves(axes, values, xlabel="epoch" if epochs else "L1 penalty on activations", percent=True)
        places = sorted({x for _, x in values})
        positive = [x for x in places if x > 0.0]
        if positive:
            # 0 has a place of its own, left of the logarithms.
            axes.set_xscale("symlog", linthresh=positive[0], linscale=0.7)
            axes.set_xticks(places, [f"{x:g}" for x in places])
            axes.set_xticks([], minor=True)
        if ylabel == "share of zeros":
            axes.set_ylim(-0.03, 1.08)
        axes.set_ylabel(ylabel)

    alt = f"{title}, by {place}. {drawing.ends(values, '.1%', place=place)}"
    return Panel(title=title, note=note, alt=alt, draw=draw)


def table(report: Report) -> Table:
    """A line for each activation and penalty."""
    by = ("activation", "l1")
    before, after, rates = zeros(report, 0), zeros(report), accuracy(report)
    silent = over_seeds(report["rows"], by, lambda row: mean(row["silent"]))
    groups = list(grouped(report["rows"], by))
    lines = [
        (
            str(key[0]), f"{key[1]:g}", f"{before[key]:.1%}", f"{after[key]:.1%}", f"{silent[key]:.1%}",
            f"{rates[key]:.1%}",
        )
        for key in groups
    ]  # fmt: skip
    headings = (
        "activation", "L1\npenalty", "zeros\nbefore", "zeros\nafter training", "silent\nunits", "test\naccuracy",
    )  # fmt: skip
    return Table(headings=headings, lines=lines, sections=drawing.sections(groups))
