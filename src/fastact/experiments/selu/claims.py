"""What ``selu`` says about mean and variance through many layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import fastact
from fastact import theory

from ..experiment import Finding, Report, verdict
from ..spread import Spread, over_seeds

SETTLED = 20
"""Layers after which a deviation from SELU's fixed point has shrunk to less than a hundredth."""
TOLERANCE = 0.1
"""How far mean and variance may be from the fixed point to be called kept."""
REACH = f"the error bars reach over the tolerance of {TOLERANCE:g}"
KLAMBAUER = "Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks, 2017"


def width_shift(width: int) -> float:
    """How far the variance of a SELU layer of so many units lies from 1, to first order in 1/width.

    It is negative: see (1) in `fastact.experiments.selu`.
    """
    step = 1e-3
    below, at, above = (theory.second_moment("selu", 1.0 + by) for by in (-step, 0.0, step))
    slope, curvature = (above - below) / (2.0 * step), (above - 2.0 * at + below) / step**2
    scatter = _fourth_moment() - 1.0
    return curvature * scatter / (2.0 * width * (1.0 - slope**2) * (1.0 - slope))


def _fourth_moment() -> float:
    """E selu(Z)^4, from E exp(k Z) over Z < 0, which is exp(k^2 / 2) times the normal distribution at -k."""
    left = fastact.activations["selu"].limits[0]
    scale = fastact.activations["selu"].derivative_limits[1]
    below = [math.exp(k * k / 2.0) * math.erfc(k / math.sqrt(2.0)) / 2.0 for k in range(5)]
    return scale**4 * 1.5 + left**4 * sum((-1) ** k * math.comb(4, k) * below[k] for k in range(5))


def deepest(report: Report, name: str) -> dict[tuple[Any, ...], Spread]:
    """Mean or variance of the last hidden layer by activation, treatment and standard deviation of the inputs."""
    return over_seeds(report["rows"], ("activation", "treatment", "input_std"), lambda row: row[name][-1])


def gradient_growth(report: Report) -> dict[tuple[Any, ...], Spread]:
    """Logarithm to base 10 of the gradient's norm at the first layer over that at the last."""
    return over_seeds(
        report["rows"],
        ("activation", "treatment", "input_std"),
        lambda row: math.log10(row["gradient_ratio"]) if row["gradient_ratio"] else None,
    )


def findings(report: Report) -> list[Finding]:
    """What the rows say about five claims."""
    makers: Sequence[Callable[[Report], Finding | None]] = (_fixed_point, _others, _normalised, _dropouts, _gradients)
    return [finding for make in makers if (finding := make(report)) is not None]


def _moments(mean: Spread, variance: Spread) -> str:
    return f"mean {written(mean)} and variance {written(variance)}"


def written(values: Spread) -> str:
    """With three decimals where these say something, else in powers of ten."""
    large = max(abs(values.mean), values.std)
    return f"{values:.3f}" if 0.01 <= large < 100.0 or large == 0.0 else f"{values:.0e}"


def _agrees(mean: Spread, variance: Spread, shift: float) -> bool | None:
    """Whether the means over seeds are those of the fixed point in a layer of that width, with all of their intervals.

    None if an interval is partly within the tolerance.
    """
    off = [(abs(mean.mean), mean.margin), (abs(variance.mean - 1.0 - shift), variance.margin)]
    if any(by - margin > TOLERANCE for by, margin in off):
        return False
    return True if all(by + margin <= TOLERANCE for by, margin in off) else None


def _fixed_point(report: Report) -> Finding | None:
    depth, width = report["settings"]["depth"], report["settings"]["width"]
    means, variances = deepest(report, "means"), deepest(report, "variances")
    found = {
        key[2]: (means[key], variances[key])
        for key in means
        if key[:2] == ("selu", "none") and variances[key].count > 1
    }
    if not found or depth < SETTLED:
        return None
    shift = width_shift(width)
    agree = {std: _agrees(*moments, shift) for std, moments in found.items()}
    open_ = [f"{std:g}" for std, known in agree.items() if known is None]
    parts = [f"{_moments(*moments)} from inputs of deviation {std:g}" for std, moments in found.items()]
    return Finding(
        claim="A deep SELU network with LeCun's initialisation keeps its activations at mean 0 and variance 1, and "
        "draws them there from elsewhere.",
        source=KLAMBAUER,
        measurement=f"After {depth} layers of {width} units, over {next(iter(found.values()))[0].count} seeds: "
        f"{'; '.join(parts)}. The fixed point is mean 0 and variance 1 in wide layers, and variance {1 + shift:.3f} in "
        f"layers of {width} units.",
        **(
            {"verdict": "not decided", "condition": f"{REACH} with inputs of deviation {' and '.join(open_)}"}
            if open_
            else verdict(
                [std for std, known in agree.items() if known],
                list(found),
                lambda stds: f"the inputs have deviation {' or '.join(f'{s:g}' for s in stds)}",
            )
        ),
    )


def _others(report: Report) -> Finding | None:
    means, variances = deepest(report, "means"), deepest(report, "variances")
    shown = [key for key in means if _plain(key) and key[0] != "selu" and variances[key].count]
    if not shown:
        return None
    kept = [key for key in shown if abs(means[key].mean) <= 0.1 and abs(variances[key].mean - 1.0) <= 0.2]
    parts = [f"{label(key)} {_moments(means[key], variances[key])}" for key in shown]
    return Finding(
        claim="Other activations do not keep mean 0 and variance 1 without normalisation.",
        source=KLAMBAUER,
        measurement=f"After {report['settings']['depth']} layers: {'; '.join(parts)}.",
        verdict="holds" if not kept else "does not hold" if len(kept) == len(shown) else "holds only if",
        condition=f"{' and '.join(map(label, kept))} {'is' if len(kept) == 1 else 'are'} left out"
        if 0 < len(kept) < len(shown)
        else "",
    )


def _plain(key: tuple[str, str, float]) -> bool:
    """Whether a network has no normalisation and no dropout, and standardised inputs."""
    return key[1] in ("none", "he") and key[2] == 1.0


def _normalised(report: Report) -> Finding | None:
    groups = ("activation", "treatment", "input_std")
    first = over_seeds(report["rows"], groups, lambda row: row["variances"][0])
    last = deepest(report, "variances")
    known = [key for key in last if first[key].count and last[key].count and first[key].mean > 0.0]
    normalised = [key for key in known if key[1] == "batch"]
    if not normalised or report["settings"]["depth"] == 1:
        return None
    growth = {key: last[key].mean / first[key].mean for key in known}
    kept = [key for key in normalised if 0.5 <= growth[key] <= 2.0]
    shown = normalised + [key for key in known if key[1] in ("none", "he") and key[2] == 1.0]
    return Finding(
        claim="Batch normalisation keeps the size of activations the same from layer to layer at any depth.",
        source="Ioffe, Szegedy, Batch Normalization, 2015",
        measurement=f"Variance of layer {report['settings']['depth']} over that of layer 1: "
        f"{', '.join(f'{label(key)} {growth[key]:.3g}' for key in shown)}.",
        **verdict(kept, normalised, lambda keys: f"the activation is {' or '.join(str(key[0]) for key in keys)}"),
    )


def _dropouts(report: Report) -> Finding | None:
    means, variances = deepest(report, "means"), deepest(report, "variances")
    alpha, ordinary = ("selu", "alpha", 1.0), ("selu", "dropout", 1.0)
    if not all(key in means and variances[key].count > 1 for key in (alpha, ordinary)):
        return None
    settings = report["settings"]
    shift = width_shift(settings["width"])
    kept, lost = (_agrees(means[key], variances[key], shift) for key in (alpha, ordinary))
    undecided = (kept is None and lost is not True) or (lost is None and kept is not False)
    return Finding(
        claim="Alpha dropout keeps SELU's mean 0 and variance 1, and ordinary dropout does not.",
        source=KLAMBAUER,
        measurement=f"After {settings['depth']} layers that drop {settings['drop']:.0%}: alpha dropout "
        f"{_moments(means[alpha], variances[alpha])}, ordinary dropout {_moments(means[ordinary], variances[ordinary])}"
        ".",
        verdict="not decided" if undecided else "holds" if kept and lost is False else "does not hold",
        condition=REACH if undecided else "",
    )


def _gradients(report: Report) -> Finding | None:
    depth = report["settings"]["depth"]
    ratios = gradient_growth(report)
    shown = [key for key in ratios if key[2] == 1.0 and ratios[key].count and key[:2] != ("selu", "he")]
    own = ratios.get(("selu", "none", 1.0))
    if own is None or not own.count or depth < SETTLED:
        return None
    rate = own.mean / (depth - 1)
    size = abs(own.mean)
    judged: dict[str, Any]
    if size - own.margin <= 1.0 < size + own.margin:
        judged = {"verdict": "not decided", "condition": "the error bars reach over a factor of ten"}
    elif size <= 1.0:
        judged = {"verdict": "holds"}
    else:
        judged = {
            "verdict": "holds only if",
            "condition": f"there are at most {1 + math.floor(1.0 / abs(rate))} layers, within which the norm "
            f"{'grows' if rate > 0 else 'shrinks'} less than tenfold",
        }
    parts = [f"{label(key)} {10 ** ratios[key].mean:.1e}" for key in shown]
    return Finding(
        claim="With SELU, gradients can neither vanish nor explode.",
        source=KLAMBAUER,
        measurement=f"Norm of the gradient at layer 1 over that at layer {depth}: {', '.join(parts)} (geometric "
        f"means over the seeds). With selu alone it is {10**rate:.3f} times as large in every layer further back.",
        **judged,
    )


def label(key: Sequence[Any]) -> str:
    """Activation and treatment in a few words."""
    words = {"none": "", "he": ", He", "batch": ", batch norm.", "dropout": ", dropout", "alpha": ", alpha dropout"}
    return f"{key[0]}{words[key[1]]}"
