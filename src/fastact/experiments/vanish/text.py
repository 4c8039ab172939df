"""What ``vanish`` found, for the terminal: the cells of the table and the sentences under it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import fastact

from ..drawing import sections
from ..experiment import Report, Table
from ..spread import grouped, spread

Row = Mapping[str, Any]

HEADINGS = (
    "depth",
    "activation",
    "cure",
    "test\naccuracy",
    "first\ngrad.",
    "first\n/ last",
    "<= by\nweights",
    "path\nproduct",
    "<= by\nsup^d",
)
SHORT = {"none": "-", "batch_normalisation": "norm."}
SAME = 1e-3  # relative difference of two gradients that train alike: gradients of two batches differ far more


def power(log10: float | None, missing: str = "0", *, digits: int = 2) -> str:
    """10**log10 with so many digits, also where it leaves the range of float64; ``missing`` stands for None."""
    if log10 is None:
        return missing
    exponent = int(log10 // 1)
    mantissa = f"{10 ** (log10 - exponent):.{digits - 1}f}"
    if float(mantissa) == 10:
        mantissa, exponent = f"{1:.{digits - 1}f}", exponent + 1
    return f"{float(mantissa) * 10**exponent:g}" if -3 <= exponent <= 2 else f"{mantissa}e{exponent:+03d}"


def number(value: float | None) -> str:
    """A norm or a ratio with two digits; None, which stands for NaN or infinity, is "n/a"."""
    return "n/a" if value is None else f"{value:.2g}" if value == 0 or 1e-3 <= abs(value) < 1e3 else f"{value:.1e}"


def table(report: Report) -> Table:
    """A line for each activation, cure and depth. Gradients are those at initialisation: medians over the seeds."""
    groups = grouped(report["rows"], ("activation", "cure", "depth"))
    lines = [cells(rows) for rows in groups.values()]
    return Table(headings=HEADINGS, lines=lines, sections=sections([((name, cure),) for name, cure, _ in groups]))


def cells(rows: Sequence[Row]) -> tuple[str, ...]:
    """The cells of one line, under ``HEADINGS``, from the rows of all seeds."""
    first = rows[0]
    accuracies = spread(row["test_accuracy"] for row in rows)
    diverged = sum(row["diverged"] for row in rows)

    def middle(name: str) -> float | None:
        known = [row["initial"][name] for row in rows if row["initial"][name] is not None]
        return statistics.median(known) if known else None

    normalised = first["cure"] == "batch_normalisation"
    return (
        str(first["depth"]),
        first["activation"],
        str(SHORT.get(first["cure"], first["cure"])),
        f"{accuracies:.1%}" if accuracies.count else f"diverged ({diverged})",
        number(middle("first_gradient_norm")),
        number(middle("gradient_ratio")),
        power(middle("gradient_ratio_bound_log10"), "none"),
        "n/a" if normalised else power(middle("path_product_max_log10")),
        power(middle("path_product_bound_log10"), "none"),
    )


def sup(activation: str) -> float:
    """sup|f'|; NaN for an activation of one's own of an earlier run, which this process does not know."""
    try:
        return fastact.registered(activation).spec.sup_derivative
    except ValueError:
        return math.nan


def notes(report: Report) -> list[str]:
    """What the columns mean, what bounds what, and what rounding did."""
    rows = report["rows"]
    sups = {row["activation"]: sup(row["activation"]) for row in rows}
    listed = ", ".join(f"{name} {sup:.4g}" for name, sup in sups.items())
    return [
        "first grad.: Frobenius norm of dL/dz over the probe samples before training, z the pre-activations of the "
        "first hidden layer; first / last: over that of the last layer, the logits, which is bounded by the product "
        "over the hidden layers of sup|f'| times the spectral norm of the next layer's weights.",
        "path product: the largest product of |f'| along one path through the hidden layers. It alone is bounded by "
        f"sup|f'|^depth (sup|f'|: {listed}).",
        "Accuracies are means and standard deviations over the seeds, the rest medians.",
    ]


def rounding(rows: Sequence[Row], *, saturated: bool) -> list[str]:
    """What the comparison of exact and textbook derivatives showed, in words made from the numbers; rows of no cure."""
    start = "With the last hidden layer saturated" if saturated else "At this initialisation"
    changed = [row for row in rows if worst_difference(row) > SAME]
    same = [row for row in rows if row not in changed]
    if not changed:
        share, name = max((max(row["textbook"]["rounded_to_zero_by_layer"]), row["activation"]) for row in rows)
        rounded = f"at most {share:.1e} of a layer's derivatives ({name}) were" if share else "no derivative was"
        return [
            f"{start} the textbook derivatives s(1-s) and 1-t^2 make no difference: {rounded} rounded to exactly 0; "
            f"in every layer of the {len(rows)} networks the ratio of textbook to exact gradient norm is 1 to within "
            f"{max(abs(r - 1) for row in rows for r in [1.0, *_ratios(row)]):.0e}, and the gradient of "
            f"the weights differs by at most {max(map(worst_difference, rows)):.0e} of its norm. What vanishes here, "
            "vanishes in exact arithmetic too."
        ]
    sentences = []
    for name in dict.fromkeys(row["activation"] for row in changed):
        mine = [row for row in changed if row["activation"] == name]
        shares = [max(row["textbook"]["rounded_to_zero_by_layer"]) for row in mine]
        sentence = f"{start}, {name}: {_span(shares, '.2%')} of its textbook derivatives are rounded to exactly 0"
        stopped = [row for row in mine if first_layer_stopped(row)]
        if stopped:
            norms = [row["initial"]["first_gradient_norm"] for row in stopped]
            sentence += (
                f"; in {len(stopped)} of {len(mine)} networks the textbook gradient of the first layer is exactly 0 "
                f"(ratio 0), where the true norm is {_span(norms, '.1e')}"
            )
        if len(stopped) < len(mine):
            ratios = [min(_ratios(row), default=0.0) for row in mine if row not in stopped]
            where = "elsewhere" if stopped else "in the networks"
            sentence += f"; {where} the ratio of textbook to true gradient norm falls to {_span(ratios, '.2g')}"
        sentences.append(sentence + ".")
    if same:
        names = ", ".join(dict.fromkeys(row["activation"] for row in same))
        worst = max(map(worst_difference, same))
        agree = f"agree to {worst:.0e} of their norm" if worst else "are the same"
        sentences.append(f"For {names} exact and textbook gradients {agree}.")
    return sentences


def first_layer_stopped(row: Row) -> bool:
    """Whether the textbook gradient of the first layer is exactly 0 where the true one is not."""
    return row["textbook"]["gradient_norm_by_layer"][0] == 0 and bool(row["initial"]["first_gradient_norm"])


def worst_difference(row: Row) -> float:
    """The largest relative difference, over the layers, of the textbook gradient of the weights from the exact one."""
    return max((d for d in row["textbook"]["weight_gradient_difference_by_layer"] if d is not None), default=0.0)


def _ratios(row: Row) -> list[float]:
    """Layer by layer, those that exist: where the exact gradient is 0 too there is none."""
    return [ratio for ratio in row["textbook"]["gradient_ratio_by_layer"] if ratio is not None]


def _span(values: Sequence[float], spec: str) -> str:
    low, high = format(min(values), spec), format(max(values), spec)
    return low if low == high else f"{low} to {high}"
