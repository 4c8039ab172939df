"""What the rows of ``optimisers`` say: claims about noise, momentum, decaying rates and Adam, with their verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import drawing, stepping
from ..experiment import Finding, Report, Row, Table, Verdict, verdict
from ..spread import Spread, over_seeds, spread
from ..stepping import Best
from .surfaces import DATA, LOCAL, NOISE, STARTS, VALLEY

NEAR_BEST = 2.0
"""A rate is near an optimiser's best if it takes at most this many times as many steps."""
DECAYS = -0.1
"""An effective rate whose exponent is below this one decays."""


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


def _rates(rates: Iterable[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in rates)


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
    rates = [rate for name, rate in share if name == "momentum" and ("sgd", rate) in share]
    if not rates:
        return None
    better = [rate for rate in rates if share["momentum", rate].above(share["sgd", rate])]
    told = "; ".join(
        f"{share['momentum', rate].mean:.0%} and {share['sgd', rate].mean:.0%} at {rate:g}" for rate in rates
    )
    others = sorted({name for name, _ in share} - {"momentum", "sgd"})
    best = ", ".join(
        f"{name} {max(share[other, rate].mean for other, rate in share if other == name):.0%}" for name in others
    )
    return Finding(
        claim="Momentum carries gradient descent through a local minimum in which it would stop without.",
        source="folklore",
        measurement=f"Share of {STARTS} starts that come to the global minimum with momentum 0.9 and without, by rate: "
        f"{told}{f'. Others at their best rate: {best}' if best else ''}.",
        **verdict(better, rates, lambda good: f"the rate fits the surface, here at {_rates(good)}"),
    )


def _faster(report: Report, task: str, first: str, second: str) -> tuple[Verdict, str] | None:
    """Whether the first needs fewer steps at its best rate, and both in words; None if one is not there."""
    there = {row["optimiser"] for row in of_task(report, task)}
    if not {first, second} <= there:
        return None
    best = tuned(report, task)
    words = ", ".join(
        f"{name} {best[name].steps:.0f} steps at {best[name].rate:g}" if name in best else f"{name} does not reach it"
        for name in (first, second)
    )
    if first not in best:
        return "does not hold", words
    if second not in best or best[second].steps.above(best[first].steps):
        return "holds", words
    return "does not hold", words


def _ravine(report: Report) -> Finding | None:
    judged = _faster(report, VALLEY, "momentum", "sgd")
    if judged is None:
        return None
    return Finding(
        claim="Momentum is faster than plain gradient descent along a ravine.",
        source="Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
        measurement="Curvatures 1 and 40, each at the best rate of the grid, until f is 1e-3 of its start: "
        f"{judged[1]}.",
        verdict=judged[0],
    )


def _decay(report: Report) -> Finding | None:
    noise, data = _exponents(report, NOISE), _exponents(report, DATA)
    places = [each for each in (noise, data) if {"adagrad", "rmsprop"} <= each.keys()]
    if len(places) < 2:
        return None
    holds = [
        each["adagrad"].mean + 2 * each["adagrad"].error < DECAYS < each["rmsprop"].mean - 2 * each["rmsprop"].error
        for each in places
    ]
    under_noise, on_data = (", ".join(f"{name} {value:.2f}" for name, value in each.items()) for each in places)
    return Finding(
        claim="Adagrad's rate decays to nothing; RMSprop's does not.",
        source="Zeiler, ADADELTA: an adaptive learning rate method, 2012; Tieleman and Hinton, Lecture 6.5, 2012",
        measurement="The effective rate |step| / |gradient| as a power of the step number: under the noise of least "
        f"squares, whose gradients keep their size, {under_noise}; on {report['data']['name']} {on_data}.",
        verdict="holds" if all(holds) else "holds only if" if any(holds) else "does not hold",
        condition=""
        if all(holds) or not any(holds)
        else "gradients keep their size, as noise does"
        if holds[0]
        else f"the problem is one like {report['data']['name']}",
    )


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
    judged = _faster(report, DATA, "rmsprop", "adagrad")
    if judged is None:
        return None
    return Finding(
        claim="So RMSprop reaches a target that Adagrad reaches late or never.",
        source="Tieleman and Hinton, Lecture 6.5, 2012",
        measurement=f"Until the training loss is {report['settings']['target']:g} on {report['data']['name']}, each "
        f"at the best rate of the grid: {judged[1]}.",
        verdict=judged[0],
    )


def _adam(report: Report) -> Finding | None:
    best = tuned(report, DATA)
    others = {name: one for name, one in best.items() if name != "adam"}
    if "adam" not in best or not others:
        return None
    behind = [name for name, one in others.items() if one.steps.above(best["adam"].steps)]
    told = "; ".join(f"{name} {one.steps:.0f} at {one.rate:g}" for name, one in best.items())
    ahead = [name for name, one in others.items() if best["adam"].steps.above(one.steps)]
    some = not ahead and 0 < len(behind) < len(others)
    equal = [name for name in others if name not in behind]
    return Finding(
        claim="Adam needs the fewest steps.",
        source="Kingma and Ba, Adam: a method for stochastic optimization, 2015",
        measurement=f"Steps until the training loss is {report['settings']['target']:g} on "
        f"{report['data']['name']}, each at the best rate of the grid: {told}.",
        verdict="holds" if len(behind) == len(others) else "holds only if" if some else "does not hold",
        condition=f"it is not compared with {', '.join(equal)}, no slower within the error bars" if some else "",
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
    best = max(others, key=lambda name: others[name].mean)
    told = "; ".join(f"{name} {value:.1f}" for name, value in counts.items())
    return Finding(
        claim="Adam depends less on its learning rate than the others.",
        source="Goodfellow, Bengio and Courville, Deep learning, 2016, section 8.5",
        measurement=f"Of {len(rates)} rates from {rates[0]:g} to {rates[-1]:g}, those with at most {NEAR_BEST:g} times "
        f"the steps of the optimiser's best: {told}.",
        verdict="holds" if counts["adam"].above(others[best]) else "does not hold",
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
