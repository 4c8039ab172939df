"""What ``sparsity`` says about the share of zeros."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..experiment import Finding, Report, verdict
from ..spread import Spread, over_seeds, spread

CLAIMED = 0.8
"""The lower end of the "80 to 90 %"."""
HALF = 0.05
"""How far from a half a share may be to count as about a half."""
GLOROT = "Glorot, Bordes, Bengio, Deep Sparse Rectifier Neural Networks, 2011"
RELU = "relu"
Key = tuple[Any, ...]


def mean(values: Iterable[float] | None) -> float | None:
    """Over layers of the same width; None of None."""
    if values is None:
        return None
    known = list(values)
    return sum(known) / len(known)


def zeros(report: Report, at: int = -1) -> dict[Key, Spread]:
    """Share of zeros over all hidden layers, after training or at another place of the epochs."""
    return over_seeds(report["rows"], ("activation", "l1"), lambda row: mean(row["zeros"][at]))


def accuracy(report: Report) -> dict[Key, Spread]:
    """Test accuracy by activation and penalty."""
    return over_seeds(report["rows"], ("activation", "l1"), lambda row: row["test_accuracy"])


def layers(report: Report, key: Key, at: int) -> list[Spread]:
    """Share of zeros of each hidden layer."""
    rows = [row for row in report["rows"] if (row["activation"], row["l1"]) == key and row["zeros"][at]]
    return [spread(of_layer) for of_layer in zip(*(row["zeros"][at] for row in rows), strict=True)]


def findings(report: Report) -> list[Finding]:
    """What the rows say about five claims."""
    makers: Sequence[Callable[[Report], Finding | None]] = (_at_first, _most, _grows, _free, _smooth)
    return [finding for make in makers if (finding := make(report)) is not None]


def _written(values: Sequence[Spread]) -> str:
    return ", ".join(f"{value:.1%}" for value in values)


def _at_first(report: Report) -> Finding | None:
    found = {key: value for key, value in zeros(report, 0).items() if key[0] == RELU}
    if not found:
        return None
    key, share = next(iter(found.items()))
    return Finding(
        claim="Before training about half of the outputs of relu are zero.",
        source=GLOROT,
        measurement=f"Share of zeros {share:.1%}; by layer from the inputs on {_written(layers(report, key, 0))}.",
        **_within(abs(share.mean - 0.5), share.margin),
    )


def _within(off: float, margin: float) -> dict[str, Any]:
    """Keywords of `Finding`: whether a share with its interval is about a half, off by so much."""
    if off + margin <= HALF:
        return {"verdict": "holds"}
    if off - margin > HALF:
        return {"verdict": "does not hold"}
    return {"verdict": "not decided", "condition": f"the error bars reach over {0.5 - HALF:.0%} or {0.5 + HALF:.0%}"}


def _most(report: Report) -> Finding | None:
    found = {l1: value for (name, l1), value in sorted(zeros(report).items()) if name == RELU and value.count}
    if not found:
        return None
    reached = [l1 for l1, value in found.items() if value.mean - value.margin >= CLAIMED]
    open_ = [l1 for l1, value in found.items() if value.mean - value.margin < CLAIMED <= value.mean + value.margin]
    # The first penalty from which on it is reached with all.
    first = next((l1 for l1 in found if all(other in reached for other in found if other >= l1)), None)
    parts = [f"{value:.1%} {_with(l1)}" for l1, value in found.items()]
    if open_ and (first is None or open_[0] == min(found)):
        where = " and ".join(map(_with, open_))
        judged: dict[str, Any] = {"verdict": "not decided", "condition": f"the error bars reach over 80% {where}"}
    elif first is None:
        judged = {"verdict": "does not hold"}
    elif first == 0.0:
        judged = {"verdict": "holds"}
    else:
        judged = {
            "verdict": "holds only if",
            "condition": f"there is an L1 penalty of at least {first:g} on activations",
        }
    by_layer = f" By layer {_with(min(found))}: {_written(layers(report, (RELU, min(found)), -1))}."
    return Finding(
        claim="With relu 80 to 90% of the outputs of a trained network are zero.",
        source=f"textbooks, after {GLOROT}",
        measurement=f"Share of zeros after {report['settings']['epochs']} epochs: {', '.join(parts)}.{by_layer}",
        **judged,
    )


def _with(l1: float) -> str:
    return f"with an L1 penalty of {l1:g}" if l1 else "without a penalty"


def _grows(report: Report) -> Finding | None:
    before, after = zeros(report, 0).get((RELU, 0.0)), zeros(report).get((RELU, 0.0))
    if before is None or after is None or not after.count:
        return None
    first, last = layers(report, (RELU, 0.0), 0), layers(report, (RELU, 0.0), -1)
    grown = [at + 1 for at, (one, other) in enumerate(zip(first, last, strict=True)) if other.above(one)]
    return Finding(
        claim="Training makes relu's outputs sparser by itself.",
        source="folklore",
        measurement=f"Share of zeros without a penalty: {before:.1%} before training, {after:.1%} after it; by layer "
        f"{_written(first)} before and {_written(last)} after.",
        **verdict(grown, first, lambda those: f"the layer is {' or '.join(map(str, those))}"),
    )


def _free(report: Report) -> Finding | None:
    rates, share = accuracy(report), zeros(report)
    free = rates.get((RELU, 0.0))
    sparse = [key for key in rates if key[0] == RELU and key[1] > 0.0 and rates[key].count]
    sparse = [key for key in sparse if share[key].mean > share[RELU, 0.0].mean] if free else []
    if free is None or not free.count or not sparse:
        return None
    sparse.sort(key=lambda key: share[key].mean)
    # Those up to the first that is less accurate.
    kept = list(itertools.takewhile(lambda key: not free.above(rates[key]), sparse))
    parts = [f"{rates[key]:.1%} with {share[key].mean:.0%} zeros" for key in sparse]
    return Finding(
        claim="Networks with up to 85% of zeros are as accurate as those with fewer.",
        source=GLOROT,
        measurement=f"Test accuracy {free:.1%} with {share[RELU, 0.0].mean:.0%} zeros (no penalty), "
        f"{', '.join(parts)}.",
        **verdict(kept, sparse, lambda those: f"at most {share[those[-1]].mean:.0%} are zero"),
    )


def _smooth(report: Report) -> Finding | None:
    found = {key: value for key, value in zeros(report).items() if key[0] != RELU and value.count}
    if not found:
        return None
    some = [key for key, value in found.items() if value.highest > 0.0]
    parts = [f"{key[0]} {_with(key[1])} {value.mean:.2%}" for key, value in found.items()]
    names = dict.fromkeys(str(key[0]) for key in found)
    none = [name for name in names if name not in {key[0] for key in some}]
    return Finding(
        claim="Activations other than relu have no outputs that are exactly zero, whatever the penalty.",
        source=GLOROT,
        measurement=f"Share of zeros after training: {', '.join(parts)}.",
        **verdict(none, list(names), lambda those: f"the activation is {' or '.join(those)}"),
    )
