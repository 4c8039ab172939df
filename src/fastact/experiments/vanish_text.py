"""What ``vanish`` found, for the terminal: the cells of the table and the sentences under it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import fastact

Row = Mapping[str, Any]

HEADINGS = (
    ("depth", ""),
    ("activation", ""),
    ("test", "acc."),
    ("gradient", "first"),
    ("gradient", "last"),
    ("ratio", "f / l"),
    ("<= bound", "weights"),
    ("path", "product"),
    ("<= bound", "sup|f'|^d"),
)
SAME = 1e-3  # relative difference of two gradients that train alike: gradients of two batches differ far more


def power(log10: float | None, missing: str = "0") -> str:
    """10**log10 with two digits, also where it leaves the range of float64; ``missing`` stands for None."""
    if log10 is None:
        return missing
    exponent = int(log10 // 1)
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{float(mantissa) * 10**exponent:g}" if -3 <= exponent <= 2 else f"{mantissa}e{exponent:+03d}"


def number(value: float | None) -> str:
    """A norm or a ratio with two digits; None, which stands for NaN or infinity, is "n/a"."""
    return "n/a" if value is None else f"{value:.2g}" if value == 0 or 1e-3 <= abs(value) < 1e3 else f"{value:.1e}"


def cells(row: Row) -> tuple[str, ...]:
    """The cells of one row, under ``HEADINGS``. Gradients are those at initialisation."""
    before = row["initial"]
    return (
        str(row["depth"]),
        row["activation"],
        "diverged" if row["diverged"] else f"{row['test_accuracy']:.1%}",
        number(before["first_gradient_norm"]),
        number(before["last_gradient_norm"]),
        number(before["gradient_ratio"]),
        power(before["gradient_ratio_bound_log10"], "none"),
        power(before["path_product_max_log10"]),
        power(before["path_product_bound_log10"], "none"),
    )


def _sup(activation: str) -> float:
    """sup|f'|; NaN for an activation of one's own of an earlier run, which this process does not know."""
    try:
        return fastact.registered(activation).spec.sup_derivative
    except ValueError:
        return math.nan


def legend(rows: Sequence[Row]) -> list[str]:
    """What the columns mean, and what bounds what."""
    sups = {row["activation"]: _sup(row["activation"]) for row in rows}
    listed = ", ".join(f"{name} {sup:.4g}" for name, sup in sups.items())
    return [
        "gradient: Frobenius norm of dL/dz over the probe samples before training, z the pre-activations of the first "
        "hidden layer and of the last layer, the logits. Their ratio is bounded by the product over the hidden layers "
        "of sup|f'| times the spectral norm of the next layer's weights.",
        "path product: the largest product of |f'| along one path through the hidden layers. It alone is bounded by "
        f"sup|f'|^depth (sup|f'|: {listed}).",
        "test acc.: one training run each; where training barely starts or is barely stable, another seed moves it by "
        "tens of points.",
    ]


def findings(rows: Sequence[Row], *, saturated: bool) -> list[str]:
    """What the comparison of exact and textbook derivatives showed, in words made from the numbers."""
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
