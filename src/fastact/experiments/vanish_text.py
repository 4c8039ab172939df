"""What ``vanish`` found, for the terminal: the cells of the table and the sentences under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fastact

Row = Mapping[str, Any]

HEADINGS = (
    ("depth", ""),
    ("activation", ""),
    ("test", "accuracy"),
    ("gradient", "first layer"),
    ("gradient", "last layer"),
    ("their", "ratio"),
    ("<= bound", "(weights)"),
    ("largest", "path prod."),
    ("<= bound", "sup|f'|^d"),
)
SAME = 1e-3  # gradients whose ratio differs from 1 by less train alike: far less than two batches differ


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


def legend(rows: Sequence[Row]) -> list[str]:
    """What the columns mean, and what bounds what."""
    sups = {row["activation"]: fastact.activations[row["activation"]].sup_derivative for row in rows}
    listed = ", ".join(f"{name} {sup:.4g}" for name, sup in sups.items())
    return [
        "Gradients: Frobenius norm of dL/dz over the probe samples before training, z the pre-activations; first layer "
        "= first hidden, last layer = logits.",
        "Bound on the ratio: product over the hidden layers of sup|f'| times the spectral norm of the next weights.",
        f"Bound on the product of derivatives along one path, and on that alone: sup|f'|^depth ({listed}).",
    ]


def findings(rows: Sequence[Row], *, saturated: bool) -> list[str]:
    """What the comparison of exact and textbook derivatives showed, in words made from the numbers."""
    changed = [row for row in rows if _differs(row)]
    start = "With the last hidden layer saturated" if saturated else "At this initialisation"
    others = sorted({row["activation"] for row in rows} - {row["activation"] for row in changed})
    sentences = []
    if not changed:
        worst = max((abs(r - 1) for row in rows for r in _ratios(row) if r is not None), default=0.0)
        sentences.append(
            f"{start} the textbook derivatives s(1-s) and 1-t^2 make no difference: in all {len(rows)} networks no "
            f"derivative was rounded to 0, and in every layer the two gradients' norms agree to {max(worst, 1e-16):.0e} "
            "or better. Nothing vanishes here because of rounding; what vanishes, vanishes in exact arithmetic."
        )
        return sentences
    for name in dict.fromkeys(row["activation"] for row in changed):
        mine = [row for row in changed if row["activation"] == name]
        shares = [row["textbook"]["rounded_to_zero_by_layer"][-1] for row in mine]
        dead = [row for row in mine if row["textbook"]["gradient_norm_by_layer"][0] == 0]
        dead = [row for row in dead if row["initial"]["first_gradient_norm"]]
        sentence = (
            f"{start}, {name}: the textbook derivative was rounded to exactly 0 in {_span(shares, '.0%')} of the last "
            f"hidden layer"
        )
        if dead:
            norms = [row["initial"]["first_gradient_norm"] for row in dead]
            sentence += (
                f"; the textbook gradient of the first layer is exactly 0 in {len(dead)} of {len(mine)} networks, where "
                f"the true one is {_span(norms, '.1e')}"
            )
        else:
            ratios = [r for row in mine for r in _ratios(row) if r is not None]
            sentence += f"; the ratio of the two gradients is {_span(ratios, '.2g')}"
        sentences.append(sentence + ".")
    if others:
        sentences.append(f"It makes no difference to {', '.join(others)}.")
    return sentences


def _ratios(row: Row) -> list[float | None]:
    return row["textbook"]["gradient_ratio_by_layer"]


def _differs(row: Row) -> bool:
    return row["textbook"]["rounded_to_zero"] > 0 or any(r is not None and abs(r - 1) > SAME for r in _ratios(row))


def _span(values: Sequence[float], spec: str) -> str:
    low, high = format(min(values), spec), format(max(values), spec)
    return low if low == high else f"{low} to {high}"
