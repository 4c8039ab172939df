"""What ``centred`` says about signs, zig-zag, and the steps to a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..experiment import Finding, Report, verdict
from ..reaching import Tuned, tuned
from ..spread import Spread, grouped, over_seeds

REVERSED = 135.0
"""Degrees: two steps whose angle is above go against each other."""
OFTEN = 0.05
"""Share of steps that must go against each other to be called a zig-zag."""
LECUN = "LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998"
BY = ("activation", "outputs")
Key = tuple[Any, ...]


def best(report: Report) -> dict[Key, Tuned]:
    """The best learning rate of each activation and its outputs."""
    return tuned(report["rows"], BY, lambda row: row["steps"])


def steps(report: Report) -> dict[Key, Spread]:
    """Steps to the target at these rates."""
    return {key: one.spread(lambda row: row["steps"]) for key, one in best(report).items()}


def of_steps(report: Report, name: str) -> dict[Key, Spread]:
    """What was seen of the first steps, at the best rate, or at the smallest where none reached the target."""
    rates = {key: one.rate for key, one in best(report).items()}
    smallest = {key: min(row["rate"] for row in rows) for key, rows in grouped(report["rows"], BY).items()}
    chosen = smallest | rates
    rows = [row for row in report["rows"] if row["rate"] == chosen[row["activation"], row["outputs"]]]
    return {key: value for key, value in over_seeds(rows, BY, lambda row: row[name]).items() if value.count}


def sides(report: Report) -> dict[Key, bool]:
    """Whether outputs have one sign, by activation and outputs."""
    return {key: all(row["one_sided"] for row in rows) for key, rows in grouped(report["rows"], BY).items()}


def label(key: Sequence[Any], one_sided: bool | None = None) -> str:
    """Activation and what was done to its outputs."""
    words = "moved" if one_sided is None else "moved to be one-sided" if one_sided else "centred"
    return str(key[0]) if key[1] == "own" else f"{key[0]} {words}"


def pairs(report: Report) -> list[tuple[Key, Key]]:
    """One-sided outputs, and what they are compared with: the same activation, or all others if nothing was moved."""
    one_sided = sides(report)
    bad, good = ([key for key in one_sided if one_sided[key] is wanted] for wanted in (True, False))
    same = [(one, other) for one in bad for other in good if one[0] == other[0]]
    return same or [(one, other) for one in bad for other in good]


def findings(report: Report) -> list[Finding]:
    """What the rows say about five claims."""
    makers: Sequence[Callable[[Report], Finding | None]] = (_signs, _zigzag, _faster, _because, _elu)
    return [finding for make in makers if (finding := make(report)) is not None]


def _signs(report: Report) -> Finding | None:
    one_sided, same = sides(report), of_steps(report, "sample_same_sign")
    bad = [key for key in same if one_sided[key]]
    good = [key for key in same if not one_sided[key]]
    if not bad:
        return None
    forced = all(same[key].lowest == 1.0 for key in bad)
    free = all(same[key].highest < 1.0 for key in good)
    return Finding(
        claim="Where all inputs of a unit have one sign, so have the gradients of all its weights, for one sample.",
        source=LECUN,
        measurement=f"Share of a unit's weights whose gradient has the more frequent sign: "
        f"{_listed(same, [*bad, *good], one_sided, '.1%')}.",
        verdict="holds" if forced and free else "does not hold",
    )


def _listed(values: dict[Key, Spread], keys: Sequence[Key], one_sided: dict[Key, bool], spec: str) -> str:
    return ", ".join(f"{label(key, one_sided[key])} {values[key]:{spec}}" for key in keys)


def _zigzag(report: Report) -> Finding | None:
    one_sided, single = sides(report), of_steps(report, "sample_reversed")
    batch = of_steps(report, "batch_reversed")
    compared = [pair for pair in pairs(report) if all(key in single and key in batch for key in pair)]
    if not compared:
        return None
    alone, together = (
        [(bad, good) for bad, good in compared if values[bad].above(values[good]) and values[bad].mean >= OFTEN]
        for values in (single, batch)
    )
    keys = list(dict.fromkeys(key for pair in compared for key in pair))
    size = report["settings"]["batch_size"]
    condition = ""
    if len(alone) < len(compared):
        condition = f"the activation is {_names(alone)}, where at least {OFTEN:.0%} of the steps do"
    elif len(together) < len(compared):
        condition = f"a step takes one sample; with {size} it does for {_names(together) or 'none'}"
    return Finding(
        claim="Steps from one-sided inputs zig-zag: successive steps of a unit's weights go against each other.",
        source=LECUN,
        measurement=f"Share of successive steps whose angle is above {REVERSED:g} degrees, one sample a step: "
        f"{_listed(single, keys, one_sided, '.1%')}. With {size} samples a step: "
        f"{_listed(batch, keys, one_sided, '.1%')}.",
        verdict="does not hold" if not alone else "holds only if" if condition else "holds",
        condition=condition if alone else "",
    )


def _names(compared: Sequence[tuple[Key, Key]]) -> str:
    return " or ".join(dict.fromkeys(str(bad[0]) for bad, _ in compared))


def _target(report: Report) -> str:
    return f"Steps to a training loss of {report['settings']['loss']:g}, each with its best learning rate"


def _faster(report: Report) -> Finding | None:
    found = best(report)
    sigmoid, tanh = found.get(("sigmoid", "own")), found.get(("tanh", "own"))
    if sigmoid is None or tanh is None:
        return None
    slow, fast = (one.spread(lambda row: row["steps"]) for one in (sigmoid, tanh))
    return Finding(
        claim="A network learns faster with tanh than with the sigmoid.",
        source=LECUN,
        measurement=f"{_target(report)}: sigmoid {slow:.0f} (rate {sigmoid.rate:g}), tanh {fast:.0f} (rate "
        f"{tanh.rate:g}), {slow.mean / max(fast.mean, 1.0):.1f} times fewer.",
        verdict="holds" if slow.above(fast) else "does not hold",
    )


def _because(report: Report) -> Finding | None:
    one_sided, found = sides(report), steps(report)
    compared = [pair for pair in pairs(report) if pair[0][0] == pair[1][0] and all(key in found for key in pair)]
    if not compared:
        return None
    slower = [pair for pair in compared if found[pair[0]].above(found[pair[1]])]
    keys = list(dict.fromkeys(key for pair in compared for key in pair))
    return Finding(
        claim="Outputs that are centred at zero make learning faster than the same outputs moved to one side.",
        source=LECUN,
        measurement=f"{_target(report)}: {_listed(found, keys, one_sided, '.0f')}.{_share(found)}",
        **verdict(slower, compared, lambda those: f"the activation is {_names(those)}"),
    )


def _share(found: dict[Key, Spread]) -> str:
    """How much of what lies between sigmoid and tanh is due to the centre of the outputs, on a logarithmic scale."""
    sigmoid, centred, tanh = (found.get(key) for key in (("sigmoid", "own"), ("sigmoid", "moved"), ("tanh", "own")))
    if not (sigmoid and centred and tanh) or not sigmoid.above(tanh) or min(centred.mean, tanh.mean) <= 0.0:
        return ""
    share = math.log(sigmoid.mean / centred.mean) / math.log(sigmoid.mean / tanh.mean)
    return f" On a logarithmic scale, centring its outputs takes the sigmoid {share:.0%} of the way to tanh."


def _elu(report: Report) -> Finding | None:
    found = best(report)
    relu, elu = found.get(("relu", "own")), found.get(("elu", "own"))
    if relu is None or elu is None:
        return None
    means = {
        name: (one.spread(lambda row: row["mean_activation"]), one.spread(lambda row: row["unit_mean"]))
        for name, one in (("relu", relu), ("elu", elu))
    }
    parts = [f"{name} {mean:.3f} (of single units, absolute: {unit:.3f})" for name, (mean, unit) in means.items()]
    return Finding(
        claim="The negative values of ELU push mean activations closer to zero than those of ReLU.",
        source="Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by exponential linear "
        "units, 2015",
        measurement=f"Mean activation of the hidden layers when the target is reached: {', '.join(parts)}.",
        verdict="holds" if means["relu"][1].above(means["elu"][1]) and _nearer(means) else "does not hold",
    )


def _nearer(means: dict[str, tuple[Spread, Spread]]) -> bool:
    """Whether the mean of elu is nearer to zero."""
    relu, elu = (replace(mean, mean=abs(mean.mean)) for mean in (means["relu"][0], means["elu"][0]))
    return relu.above(elu)
