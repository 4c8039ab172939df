"""What the rows of ``optimisers`` say: claims about noise, momentum, decaying rates and Adam, with their verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import drawing, stepping
from ..experiment import Finding, Report, Row, Table, verdict
from ..spread import Spread, over_seeds, spread
from ..stepping import Best
from .surfaces import DATA, LOCAL, NOISE, STARTS, VALLEY

NEAR_BEST = 2.0
"""A rate is near an optimiser's best if it takes at most this many times as many steps."""
DECAYS = -0.25
"""An effective rate whose exponent is below this one decays: half of the way to the -1/2 of Adagrad's theory."""


def of_task(report: Report, task: str) -> list[Row]:
    """The rows of a task."""
    return [row for row in report["rows"] if row["task"] == task]


def noisy(report: Report) -> list[Row]:
    """The rows of SGD on least squares, at the largest rate if a resumed run has left several."""
    rows = [row for row in of_task(report, NOISE) if row["optimiser"] == "sgd"]
    largest = max((row["rate"] for row in rows), default=None)
    return [row for row in rows if row["rate"] == largest]


def tuned(report: Report, task: str) -> dict[str, Best]:
    """Each optimiser at its best rate; those that reach the target at none are left out."""
    return stepping.best(of_task(report, task), "optimiser")


def findings(report: Report) -> list[Finding]:
    """Those that the rows can judge."""
    judged = (_noise, _through, _ravine, _decay, _cost, _adam, _sensitive)
    return [finding for one in judged if (finding := one(report)) is not None]


def _compared(others: Iterable[str], ahead: Callable[[str], bool], behind: Callable[[str], bool]) -> dict[str, Any]:
    """Keywords of `Finding` for a claim to be ahead of all others.

    Parameters
    ----------
    others : iterable of str
    ahead, behind : callable
        Whether it is ahead of that one, and behind it or just equal, beyond the error bars.
    """
    open_ = [name for name in others if not ahead(name)]
    if not open_:
        return {"verdict": "holds"}
    if any(map(behind, open_)):
        return {"verdict": "does not hold"}
    return {"verdict": "not decided", "condition": f"the error bars overlap with those of {', '.join(open_)}"}


def _beats(one: Spread, other: Spread) -> bool:
    """Whether the first is larger, or just as large without any error."""
    return one.above(other) or (one.mean >= other.mean and not one.error and not other.error)


def _noise(report: Report) -> Finding | None:
    rows = noisy(report)
    batches = sorted({row["batch"] for row in rows})
    if len(batches) < 2:
        return None
    rate = rows[0]["rate"]
    excess = over_seeds(rows, ("batch",), lambda row: row["excess"])
    falling = over_seeds(rows, ("batch",), lambda row: row["falling_excess"])
    theory = spread(
        math.log(row["excess"] / row["predicted_excess"])
        for row in rows
        if row["excess"] and row["predicted_excess"] and row["batch"] > 1
    )
    small, large = excess[batches[0],], excess[batches[-1],]
    wider = small.above(large)
    cured = all(excess[batch,].above(falling[batch,]) for batch in batches)
    ratio = (
        f" Theory for constant noise is met to a factor of {math.exp(abs(theory.mean)):.2f}." if theory.count else ""
    )
    cure = ", ".join(f"{falling[batch,].mean:.1e}" for batch in (batches[0], batches[-1]))
    return Finding(
        claim="At a constant rate the noise of mini-batches keeps SGD away from the minimum, the further the smaller "
        "the batch; with a falling rate it settles.",
        source="Robbins and Monro, A stochastic approximation method, 1951; Bottou, Stochastic gradient descent "
        "tricks, 2012",
        measurement=f"Least squares at rate {rate:g}, started at the minimum: the loss stays {small:.1e} above it with "
        f"batches of {batches[0]} and {large:.1e} with {batches[-1]}; with a rate that falls to 0 {cure}.{ratio}",
        verdict="holds" if wider and cured else "does not hold",
    )


def _through(report: Report) -> Finding | None:
    share = over_seeds(of_task(report, LOCAL), ("optimiser", "rate"), lambda row: row["crossed_share"])
    best: dict[str, tuple[float, Spread]] = {}
    for (name, rate), value in share.items():
        if value.count and (name not in best or value.mean > best[name][1].mean):
            best[name] = rate, value
    if not {"momentum", "sgd"} <= best.keys():
        return None
    told = ", ".join(f"{name} {value:.0%} (rate {rate:g})" for name, (rate, value) in best.items())
    ours, plain = best["momentum"][1], best["sgd"][1]
    return Finding(
        claim="Momentum carries gradient descent through a local minimum in which it would stop without.",
        source="folklore",
        # Momentum 0.9 makes steps up to ten times as long: at equal rates it would be compared with smaller steps.
        measurement=f"Share of {STARTS} starts that come to the global minimum, at the best rate of each: {told}.",
        **_compared(["sgd"], lambda _: ours.above(plain), lambda _: _beats(plain, ours)),
    )


def _steps(names: Iterable[str], best: dict[str, Best]) -> str:
    return "; ".join(
        f"{name} {best[name].steps:.0f} at {best[name].rate:g}" if name in best else f"{name} at no rate"
        for name in names
    )


def _fewest(report: Report, task: str, first: str, others: Sequence[str]) -> tuple[dict[str, Any], str] | None:
    """Whether the first needs fewer steps than all others, each at its best rate, and all in words.

    Who reaches the target at no rate is slower than who does. None if some were not asked, or none reaches it.
    """
    there = {row["optimiser"] for row in of_task(report, task)}
    best = tuned(report, task)
    if not others or not {first, *others} <= there or not {first, *others} & best.keys():
        return None

    def slower(one: str, other: str, above: Callable[[Spread, Spread], bool]) -> bool:
        if one in best and other in best:
            return above(best[one].steps, best[other].steps)
        return other in best or (one not in best and above is _beats)

    judged = _compared(others, lambda name: slower(name, first, Spread.above), lambda name: slower(first, name, _beats))
    return judged, _steps((first, *others), best)


def _ravine(report: Report) -> Finding | None:
    judged = _fewest(report, VALLEY, "momentum", ["sgd"])
    if judged is None:
        return None
    return Finding(
        claim="Momentum is faster than plain gradient descent along a ravine.",
        source="Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
        measurement="Curvatures 1 and 40, steps until f is 1e-3 of its start, each at the best rate of the grid: "
        f"{judged[1]}.",
        **judged[0],
    )


def _decay(report: Report) -> Finding | None:
    noise, data = _exponents(report, NOISE), _exponents(report, DATA)
    places = [each for each in (noise, data) if {"adagrad", "rmsprop"} <= each.keys()]
    if len(places) < 2:
        return None
    decided = [_decays(each) for each in places]
    words = ("gradients keep their size, as noise does", f"the problem is one like {report['data']['name']}")
    under_noise, on_data = (", ".join(f"{name} {value:.2f}" for name, value in each.items()) for each in places)
    return Finding(
        claim="Adagrad's rate decays to nothing; RMSprop's does not.",
        source="Zeiler, ADADELTA: an adaptive learning rate method, 2012; Tieleman and Hinton, Lecture 6.5, 2012",
        measurement="The effective rate |step| / |gradient| as a power of the step number: under the noise of least "
        f"squares, whose gradients keep their size, {under_noise}; on {report['data']['name']} {on_data}.",
        **(
            {"verdict": "not decided", "condition": f"the error bars reach over {DECAYS:g}"}
            if None in decided
            else verdict(
                [word for word, known in zip(words, decided, strict=True) if known], words, lambda those: those[0]
            )
        ),
    )


def _decays(exponents: dict[str, Spread]) -> bool | None:
    """Whether the one rate decays and the other does not; None where an interval reaches over the border."""
    falling, steady = exponents["adagrad"], exponents["rmsprop"]
    if falling.mean - falling.margin >= DECAYS or steady.mean + steady.margin <= DECAYS:
        return False
    return True if falling.mean + falling.margin < DECAYS < steady.mean - steady.margin else None


def _exponents(report: Report, task: str) -> dict[str, Spread]:
    """How the effective rate of those that adapt it goes with the steps, at the best rate on the data."""
    best = tuned(report, DATA) if task == DATA else {}
    found = {}
    for name in ("adagrad", "rmsprop", "adam"):
        mine = [row for row in of_task(report, task) if row["optimiser"] == name and row["rate_exponent"] is not None]
        if mine:
            # Where no rate reaches the target, the one with the smallest loss speaks for the optimiser.
            rate = best[name].rate if name in best else min(mine, key=lambda row: row["final_loss"] or 0.0)["rate"]
            found[name] = spread(row["rate_exponent"] for row in mine if row["rate"] == rate)
    return found


def _cost(report: Report) -> Finding | None:
    judged = _fewest(report, DATA, "rmsprop", ["adagrad"])
    if judged is None:
        return None
    return Finding(
        claim="So RMSprop reaches a target that Adagrad reaches late or never.",
        source="Tieleman and Hinton, Lecture 6.5, 2012",
        measurement=f"Steps until the training loss is {report['settings']['target']:g} on "
        f"{report['data']['name']}, each at the best rate of the grid: {judged[1]}.",
        **judged[0],
    )


def _adam(report: Report) -> Finding | None:
    names = list(dict.fromkeys(row["optimiser"] for row in of_task(report, DATA)))
    judged = _fewest(report, DATA, "adam", [name for name in names if name != "adam"])
    if judged is None:
        return None
    return Finding(
        claim="Adam needs the fewest steps.",
        source="Kingma and Ba, Adam: a method for stochastic optimization, 2015",
        measurement=f"Steps until the training loss is {report['settings']['target']:g} on "
        f"{report['data']['name']}, each at the best rate of the grid: {judged[1]}.",
        **judged[0],
    )


def near_best(report: Report) -> dict[str, Spread]:
    """At how many rates of the grid each optimiser is near its best, by optimiser, over the seeds."""
    counts: dict[str, list[float]] = {}
    by: dict[tuple[str, int], list[float]] = {}
    for row in of_task(report, DATA):
        by.setdefault((row["optimiser"], row["seed"]), []).append(row["steps"] or math.inf)
    for (name, _), steps in by.items():
        fewest = min(steps)
        near = sum(count <= NEAR_BEST * fewest for count in steps) if math.isfinite(fewest) else 0
        counts.setdefault(name, []).append(float(near))
    return {name: spread(values) for name, values in counts.items()}


def _sensitive(report: Report) -> Finding | None:
    counts = near_best(report)
    rates = sorted({row["rate"] for row in of_task(report, DATA)})
    others = {name: value for name, value in counts.items() if name != "adam"}
    if "adam" not in counts or not others or len(rates) < 3:
        return None
    told = "; ".join(f"{name} {value:.1f}" for name, value in counts.items())
    return Finding(
        claim="Adam depends less on its learning rate than the others.",
        source="Goodfellow, Bengio and Courville, Deep learning, 2016, section 8.5",
        measurement=f"Of {len(rates)} rates from {rates[0]:g} to {rates[-1]:g}, those with at most {NEAR_BEST:g} times "
        f"the steps of the optimiser's best: {told}.",
        **_compared(
            others,
            lambda name: counts["adam"].above(others[name]),
            lambda name: _beats(others[name], counts["adam"]),
        ),
    )


def table(report: Report) -> Table:
    """A line for each optimiser: its best rate and steps in the ravine and on the data."""
    names = list(dict.fromkeys(row["optimiser"] for row in of_task(report, DATA)))
    ravine, data, near = tuned(report, VALLEY), tuned(report, DATA), near_best(report)
    share = over_seeds(of_task(report, LOCAL), ("optimiser", "rate"), lambda row: row["crossed_share"])
    lines = []
    for name in names:
        through = max(
            (value.mean for (other, _), value in share.items() if other == name and value.count), default=math.nan
        )
        lines.append(
            (
                name,
                *_cells(ravine.get(name)),
                "n/a" if math.isnan(through) else f"{through:.0%}",
                *_cells(data.get(name)),
                f"{near[name]:.1f}",
            )
        )
    headings = (
        "optimiser", "ravine:\nrate", "\nsteps", "local minimum:\npassed at best", "data:\nrate", "\nsteps",
        "rates\nnear best",
    )  # fmt: skip
    return Table(headings=headings, lines=lines, sections=drawing.sections([[""]] * len(lines)))


def _cells(one: Best | None) -> tuple[str, str]:
    return ("n/a", "n/a") if one is None else (f"{one.rate:g}", f"{one.steps:.0f}")
