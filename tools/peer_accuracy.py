"""Measure how far fastact and every installed peer are from the truth: f, f' and f'' in float16, float32 and float64.

``python tools/peer_accuracy.py`` from a checkout with fastact installed writes ``docs/peer-accuracy.json`` and
``docs/peer-accuracy.md``; with names of activations it prints their tables instead. The peers are those of
``bench/peers``; f' is what their backward gives for a gradient of 1, f'' what automatic differentiation gives.

Judged are all float16, every Nth float32 together with a dense sample of the hard places, and a sample of float64 over
all exponents and the hard places. For each contestant it reports

* the largest error in units in the last place (ULP), over abs(x) <= 5 and over all finite inputs, and where;
* the same where x or the exact result is subnormal, apart: some libraries flush these to zero;
* within 1/16 of a root of f' or f'', the largest absolute error in units of 2^-24 (float64: 2^-53), instead;
* from where on f' is 0 though the truth is not; where finite or infinite inputs give NaN though the truth does not.

Kinks are left out, where conventions differ. The truth is that of the tests (``tests/oracle.py``): in float64, within
2^-14 ULP of float32, to judge float16 and float32; mpmath to judge float64. Parameters have their defaults, rounded to
the dtype. Figures of float32 and float64 are of a sample: the true maxima are not smaller.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import peers  # noqa: E402
from bench.single_thread import single_thread  # noqa: E402
from fastact import _ufuncs  # noqa: E402
from fastact._schema import NEAR_ROOT, NEAR_ROOT_ERROR  # noqa: E402
from tests import oracle  # noqa: E402
from tests.cases import BITS, Case, call, samples  # noqa: E402
from tools.exhaustive import CASES, Job, Worst, hexadecimal, judge_errors, positive, provenance, rounded_up  # noqa: E402

FASTACT = "fastact"
LIBRARIES = ("torch", "jax", "scipy", "numpy")
DTYPES = ("float16", "float32", "float64")
# What is measured, and from which form of the table of peers it comes.
FORMS = {"value": "value", "derivative": "backward", "second_derivative": "second_derivative"}
SYMBOLS = {"value": "f", "derivative": "f'", "second_derivative": "f''"}

# One length for all calls: JAX compiles anew for each.
BLOCK = 1 << 14
EVERY = 151
SAMPLES = 4000

Function = Callable[[np.ndarray], np.ndarray]


# Contestants --------------------------------------------------------------------------------------------------------


def parameters_of(case: Case, dtype: str) -> dict[str, float]:
    """The default parameters by name, as rounded to the dtype."""
    return dict(zip(case.row.defaults, map(float, case.defaults(np.dtype(dtype).type)), strict=True))


def bound_peer(case: Case, library: str, peer: peers.Peer, dtype: str) -> Function:
    """A peer as a function of x alone: its gradient is 1, its parameters have their defaults."""
    parameters = parameters_of(case, dtype)
    entry: Any = peer.entry
    names = list(inspect.signature(entry).parameters)
    static = {name: parameters[name] for name in names if name in parameters}
    if library == "jax":
        compiled = peers.jax.jit(lambda *arrays: entry(*arrays, **static))
        convert: Callable[[Any], Any] = peers.jnp.asarray
    else:
        convert = peers.torch.from_numpy if library == "torch" else np.asarray

    def compute(x: np.ndarray) -> np.ndarray:
        buffers = {"x": x, "grad": np.ones_like(x), "mask": np.empty(x.shape, bool)}
        buffers |= {"out": np.empty_like(x), "tmp": np.empty_like(x)}
        if library == "jax":
            return np.asarray(compiled(*(convert(buffers[name]) for name in names if name not in static)))
        return np.asarray(entry(*(static[name] if name in static else convert(buffers[name]) for name in names)))

    return compute


def contestants(case: Case, dtype: str) -> dict[str, Function]:
    """fastact, and the installed peers that have the form in the dtype, as functions of x."""
    parameters = tuple(parameters_of(case, dtype).values())
    found: dict[str, Function] = {FASTACT: lambda x: call(case, x, parameters)}
    for name, peer in peers.peers_of(case.row.name, FORMS[case.form.name]).items():
        library = peers.package_of(name)
        if library not in LIBRARIES or not peers.installed(library):
            continue
        peers.load(library)
        compute = bound_peer(case, library, peer, dtype)
        try:
            result = compute(np.full(BLOCK, 0.5, dtype))
        except (RuntimeError, TypeError, NotImplementedError):
            continue  # not in this dtype
        if result.dtype == dtype:
            found[name] = compute
    return found


# Judging ------------------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What one contestant did on the inputs judged so far; inputs are those nearest to 0, or of the largest error."""

    inputs: int = 0
    everywhere: Worst = field(default_factory=Worst)
    within_5: Worst = field(default_factory=Worst)
    subnormal: Worst = field(default_factory=Worst)
    near_root: Worst = field(default_factory=Worst)
    zero_below: float = -math.inf
    zero_above: float = math.inf
    nan_below: float = -math.inf
    nan_above: float = math.inf

    def __add__(self, other: Figures) -> Figures:
        def larger(one: Worst, two: Worst) -> Worst:
            return max(one, two, key=lambda worst: worst.error)

        return Figures(
            self.inputs + other.inputs,
            larger(self.everywhere, other.everywhere),
            larger(self.within_5, other.within_5),
            larger(self.subnormal, other.subnormal),
            larger(self.near_root, other.near_root),
            max(self.zero_below, other.zero_below),
            min(self.zero_above, other.zero_above),
            max(self.nan_below, other.nan_below),
            min(self.nan_above, other.nan_above),
        )


def nearest(x: np.ndarray) -> tuple[float, float]:
    """The negative and the positive one next to 0; the infinities where there is none."""
    return float(np.max(x[x < 0], initial=-np.inf)), float(np.min(x[x >= 0], initial=np.inf))


def root_distance(case: Case, x: np.ndarray) -> np.ndarray:
    """How far inputs are from the nearest root of the form; infinite where the row states none."""
    roots = case.row.roots_of(case.form.name)
    return np.min([np.full(x.shape, np.inf), *(np.abs(x.astype(np.float64) - root) for root in roots)], axis=0)


def in_a_tail(case: Case, x: np.ndarray) -> np.ndarray:
    """Where a result of 0 is no matter of a root: a periodic function has them everywhere."""
    return (np.abs(x) >= 1) & (root_distance(case, x) > NEAR_ROOT) & (case.row.period is None)


def judge_block(job: Job, x: np.ndarray, y: np.ndarray, truth: np.ndarray) -> Figures:
    """Judge results in float16 or float32 at finite inputs of one sign, in order."""
    info = np.finfo(y.dtype)
    figures = Figures(x.size)
    lost = np.isnan(y) & ~np.isnan(truth)
    figures.nan_below, figures.nan_above = nearest(x[lost].astype(np.float64))
    vanished = (y == 0) & (np.abs(truth) >= info.smallest_subnormal) & in_a_tail(job.case, x)
    figures.zero_below, figures.zero_above = nearest(x[vanished].astype(np.float64))
    sizes = [np.abs(x).astype(np.float64), np.abs(truth)]
    subnormal = np.logical_or.reduce([(size > 0) & (size < float(info.tiny)) for size in sizes])
    normal, small = ~lost & ~subnormal, ~lost & subnormal
    if normal.any():
        tally = judge_errors(job, x[normal], y[normal], truth[normal])
        figures.everywhere, figures.within_5, figures.near_root = tally.everywhere, tally.within_5, tally.near_root
        if y.dtype == np.float16 and job.case.row.roots_of(job.form):
            figures.near_root = half_at_roots(job, x[normal], y[normal], truth[normal])
    if small.any():
        tally = judge_errors(job, x[small], y[small], truth[small])
        figures.subnormal = tally.everywhere
    return figures


def half_at_roots(job: Job, x: np.ndarray, y: np.ndarray, truth: np.ndarray) -> Worst:
    """The absolute error near roots, less the half ULP that rounding to float16 takes, in units of 2^-24."""
    near = root_distance(job.case, x) <= NEAR_ROOT
    excess = np.abs(y[near].astype(np.float64) - truth[near]) - np.abs(np.spacing(y[near])).astype(np.float64) / 2
    return Worst.of(np.maximum(excess, 0) / NEAR_ROOT_ERROR["float16"], x[near])


def judge_exactly(case: Case, x: np.ndarray, y: np.ndarray, truth: list[Any]) -> Figures:
    """Judge results in float64 at finite inputs by mpmath."""
    figures = Figures()
    tiny, smallest = float(np.finfo(y.dtype).tiny), 2.0**-1074
    near, tail = root_distance(case, x) <= NEAR_ROOT, in_a_tail(case, x)
    for i, (at, got, exact) in enumerate(zip(map(float, x), y, truth, strict=True)):
        one = Figures(1)
        if np.isnan(got):
            one.nan_below, one.nan_above = nearest(np.array([at]))
        elif near[i]:
            absolute = abs(oracle.mp.mpf(float(got)) - exact) / NEAR_ROOT_ERROR["float64"]
            one.near_root = Worst(float(absolute), at)
        else:
            worst = Worst(oracle.ulp_error_exact(got, exact), at)
            if 0 < abs(at) < tiny or 0 < abs(exact) < tiny:
                one.subnormal = worst
            else:
                one.everywhere = worst
                one.within_5 = worst if abs(at) <= 5 else one.within_5
            if got == 0 and abs(exact) >= smallest and tail[i]:
                one.zero_below, one.zero_above = nearest(np.array([at]))
        figures += one
    return figures


def inputs(case: Case, dtype: str, every: int, count: int) -> Iterator[np.ndarray]:
    """Finite inputs without kinks, in blocks of one sign and in order."""
    kind = np.dtype(dtype).type
    parameters = parameters_of(case, dtype)
    kinks = list(case.row.kinks_at(**parameters))
    end = int(np.array(np.inf, kind).view(BITS[np.dtype(kind)]))
    if kind is not np.float64:
        step = 1 if kind is np.float16 else every
        for sign in (1, -1):
            for start in range(0, end, BLOCK * step):
                patterns = np.arange(start, min(start + BLOCK * step, end), step)
                x = sign * patterns.astype(BITS[np.dtype(kind)]).view(kind)
                yield x[~np.isin(x, kinks)]
    if kind is np.float16:
        return
    hard = np.unique(samples(case, kind, count, tuple(parameters.values())))
    hard = hard[np.isfinite(hard) & ~np.isin(hard, kinks)]
    for part in (hard[hard < 0], hard[hard >= 0]):
        for start in range(0, part.size, BLOCK):
            yield part[start : start + BLOCK]


def run_padded(compute: Function, x: np.ndarray) -> np.ndarray:
    """The results at up to `BLOCK` inputs, from a call with `BLOCK` of them."""
    y = compute(np.concatenate([x, np.full(BLOCK - x.size, 0.5, x.dtype)]))
    return np.array(y[: x.size])


def judge(case: Case, dtype: str, functions: dict[str, Function], every: int, count: int) -> dict[str, Figures]:
    """Judge functions of one form and dtype, by name, all on the same inputs."""
    job = Job(case.row.name, case.form.name, tuple(functions), every)
    parameters = tuple(parameters_of(case, dtype).values())
    figures = {name: Figures() for name in functions}
    with np.errstate(all="ignore"):
        for x in inputs(case, dtype, every, count):
            if dtype == "float64":
                exact = [oracle.exact(case.row.name, case.form.name, float(at), *parameters) for at in x]
                for name, compute in functions.items():
                    figures[name] += judge_exactly(case, x, run_padded(compute, x), exact)
                continue
            truth = oracle.fast(case.row.name, case.form.name, x, *parameters)
            for name, compute in functions.items():
                figures[name] += judge_block(job, x, run_padded(compute, x), truth)
    return figures


def nan_at_infinity(case: Case, dtype: str, compute: Function) -> list[str]:
    """Which infinities give NaN though the truth does not."""
    ends = np.array([-np.inf, np.inf], dtype)
    truth = oracle.fast(case.row.name, case.form.name, ends, *parameters_of(case, dtype).values())
    with np.errstate(all="ignore"):
        y = run_padded(compute, ends)
    return [f"{end:g}" for end, got, due in zip(ends, y, truth, strict=True) if np.isnan(got) and not np.isnan(due)]


def measure(activation: str, form: str, dtype: str, every: int, count: int) -> list[dict[str, Any]]:
    """The figures of every contestant of one form in one dtype, as data."""
    case = CASES[activation, form]
    functions = contestants(case, dtype)
    found = []
    for name, figures in judge(case, dtype, functions, every, count).items():
        infinite = nan_at_infinity(case, dtype, functions[name])
        found.append(as_data(case, dtype, name, figures) | {"nan_at_infinity": infinite})
    return found


def as_data(case: Case, dtype: str, name: str, figures: Figures) -> dict[str, Any]:
    """Figures for JSON: numbers, with inputs as hexadecimal floats; absent where there is nothing to tell."""
    # Every result was the nearest float.
    least = 0.5 if case.row.accuracy_of(case.form.name)[dtype] else 0.0
    data: dict[str, Any] = {
        "activation": case.row.name,
        "form": case.form.name,
        "dtype": dtype,
        "by": name,
        "inputs": figures.inputs,
        "max_ulp": max(figures.everywhere.error, least),
        "max_ulp_within_5": max(figures.within_5.error, least),
        "max_ulp_subnormal": max(figures.subnormal.error, least),
    }
    worst = {"max_ulp": figures.everywhere, "max_ulp_within_5": figures.within_5}
    worst["max_ulp_subnormal"] = figures.subnormal
    if case.row.roots_of(case.form.name):
        data["near_root"] = figures.near_root.error
        worst["near_root"] = figures.near_root
    data |= {f"{key}_at": hexadecimal(value.at) for key, value in worst.items() if value.error}
    for key in ("zero_below", "zero_above", "nan_below", "nan_above"):
        at = getattr(figures, key)
        if math.isfinite(at):
            data[key] = hexadecimal(at)
    return data


def as_json(data: dict[str, Any]) -> str:
    """The document of figures, one contestant to a line."""
    lines = ",\n".join(json.dumps(one) for one in data["figures"])
    return f'{{"about": {json.dumps(data["about"])},\n"figures": [\n{lines}\n]}}\n'


# The page -----------------------------------------------------------------------------------------------------------


def lost_from(dtype: str) -> float:
    """The error in ULP from which on no digit is right."""
    return 2.0 ** np.finfo(dtype).nmant


def cell(error: float, dtype: str = "float64") -> str:
    """An error as it is printed: three decimals or three digits, never below what was measured."""
    if error >= lost_from(dtype):
        return "all lost"
    if error <= 10:
        return rounded_up(error)
    unit = 10.0 ** (math.floor(math.log10(error)) - 2)
    return f"{math.ceil(error / unit) * unit:.3g}"


def both(figures: dict[str, Any]) -> str:
    """The two errors of the main tables: abs(x) <= 5 and all; NaN where a finite input gives NaN."""
    dtype = figures["dtype"]
    nans = [float.fromhex(figures[key]) for key in ("nan_below", "nan_above") if key in figures]
    near = "NaN" if any(abs(at) <= 5 for at in nans) else cell(figures["max_ulp_within_5"], dtype)
    return f"{near} / {'NaN' if nans else cell(figures['max_ulp'], dtype)}"


def subnormal(figures: dict[str, Any]) -> str:
    """The error among subnormal numbers."""
    return cell(figures["max_ulp_subnormal"], figures["dtype"])


def at_root(figures: dict[str, Any]) -> str:
    """The error near a root."""
    return cell(figures["near_root"])


def rank(figures: dict[str, Any]) -> tuple[bool, float, float]:
    """Orders the contestants of one library: the most accurate first."""
    return "nan_below" in figures or "nan_above" in figures, figures["max_ulp"], figures["max_ulp_within_5"]


def best_of(results: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, dict[str, Any]]]:
    """Figures by activation, form and dtype, then by library: of several expressions of one, the most accurate."""
    found: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for figures in sorted(results, key=rank):
        key = (figures["activation"], figures["form"], figures["dtype"])
        found.setdefault(key, {}).setdefault(peers.package_of(figures["by"]), figures)
    order = list(CASES)
    return dict(sorted(found.items(), key=lambda item: order.index(item[0][:2]) if item[0][:2] in order else -1))


def table(headings: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table: the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(headings) + " |", "| --- |" + " ---: |" * (len(headings) - 1)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def by_library(results: list[dict[str, Any]], show: Callable[[dict[str, Any]], str]) -> list[str]:
    """A row for each form that there is something to show of, a column for each library."""
    rows = []
    for (activation, form, _), found in best_of(results).items():
        shown = {library: show(figures) for library, figures in found.items()}
        if any(shown.values()):
            cells = [(shown[library] or "nowhere") if library in shown else "-" for library in (FASTACT, *LIBRARIES)]
            rows.append([f"{activation} {SYMBOLS[form]}", *cells])
    return table(["function", FASTACT, *LIBRARIES], rows) if rows else []


def folded(heading: str, lines: list[str]) -> list[str]:
    """A table that is unfolded by a click; nothing if it is empty."""
    return ["<details>", f"<summary>{heading}</summary>", "", *lines, "", "</details>", ""] if lines else []


def number(text: str) -> str:
    """A hexadecimal float to three digits."""
    return f"{float.fromhex(text):.3g}"


def failure(figures: dict[str, Any]) -> str:
    """From where on a derivative is falsely 0, and where results are NaN; empty if nowhere."""
    zero = [number(figures[key]) for key in ("zero_below", "zero_above") if key in figures]
    nan = [number(figures[key]) for key in ("nan_below", "nan_above") if key in figures] + figures["nan_at_infinity"]
    parts = [f"0: {', '.join(zero)}"] if zero and figures["form"] != "value" else []
    parts += [f"NaN: {', '.join(nan)}"] if nan else []
    return "; ".join(parts)


def summary(results: list[dict[str, Any]]) -> list[str]:
    """How often each library keeps the bound, and loses all digits: counts over forms and dtypes."""
    rows = []
    best = best_of(results)
    for library in (FASTACT, *LIBRARIES):
        mine = [figures for found in best.values() if (figures := found.get(library))]
        if not mine:
            continue
        kept, lost, vanished = 0, 0, 0
        for figures in mine:
            bad = "nan_below" in figures or "nan_above" in figures
            row = CASES[figures["activation"], figures["form"]].row
            bound = row.accuracy_of(figures["form"])[figures["dtype"]]
            most = max(figures["max_ulp"], figures["max_ulp_subnormal"])
            # The truth in float64 is known to 2^-14 ULP of float32.
            kept += not bad and most <= bound + 2.0**-13 and figures.get("near_root", 0.0) <= 1.0
            lost += bad or figures["max_ulp"] >= lost_from(figures["dtype"])
            vanished += figures["form"] != "value" and ("zero_below" in figures or "zero_above" in figures)
        rows.append([library, *map(str, (len(mine), kept, lost, vanished))])
    headings = ["computed by", "judged", "within fastact's bound", "all digits lost, or NaN, somewhere", "falsely 0"]
    return table(headings, rows)


UNITS = {"float16": "2^-24", "float32": "2^-24", "float64": "2^-53"}


def document(data: dict[str, Any]) -> str:
    """The page: what was measured, on what, and the tables."""
    about, results = data["about"], data["figures"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [
        "# Accuracy beside the peers",
        "",
        "Written by `tools/peer_accuracy.py`, which says how to repeat it. Errors are in units in the last place (ULP)",
        "of the exact result, and rounded up: `a / b` is the largest over abs(x) <= 5 and over all finite x. Where",
        "x or the exact result is subnormal it is told apart, since some libraries flush these to zero; so is the",
        "absolute error within 1/16 of a root of f' or f'' (in float16, beyond its last rounding). *All lost* means",
        "that no bit is right, NaN that a finite x gives NaN. A derivative is falsely 0 from a place on if it is 0",
        "there, with abs(x) >= 1 and away from roots, though the exact one is a number of that dtype. Of several",
        "expressions of one library the most accurate counts; f' is the backward function at a gradient of 1. A dash:",
        "none was measured.",
        "",
        f"Measured {about['date']}: fastact {about['fastact']} ({about['instruction set']}, {about['compiler']}), "
        f"{versions}; {about['system']}, {about['processor']}. All float16; every {about['every']}th float32 and a "
        f"sample of hard places; about {about['samples']} float64 a function.",
        "",
        *summary(results),
        "",
    ]
    for dtype in DTYPES[::-1]:
        mine = [figures for figures in results if figures["dtype"] == dtype]
        if not mine:
            continue
        rooted = [figures for figures in mine if "near_root" in figures]
        lines += [f"## {dtype}", "", *by_library(mine, both), ""]
        lines += folded(f"Near a root: absolute error in units of {UNITS[dtype]}", by_library(rooted, at_root))
        lines += folded("Where derivatives are falsely 0, and where results are NaN", by_library(mine, failure))
        lines += folded("Where x or the exact result is subnormal: max ULP", by_library(mine, subnormal))
    return "\n".join(lines)


# The command --------------------------------------------------------------------------------------------------------


def provenance_of(every: int, count: int) -> dict[str, Any]:
    """Where and of what the figures are."""
    installed = [library for library in LIBRARIES if peers.installed(library)]
    return provenance() | {
        "instruction set": _ufuncs.running,
        "every": every,
        "samples": count,
        "versions": {library: peers.version(library) for library in installed},
    }


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options; exits with status 2 on a wrong command."""
    names = tuple(dict.fromkeys(name for name, _ in CASES))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("activations", nargs="*", metavar="ACTIVATION", help="names of the catalogue; all if none")
    parser.add_argument("--every", type=positive, default=EVERY, metavar="N", help=f"each Nth float32 ({EVERY})")
    parser.add_argument("--samples", type=positive, default=SAMPLES, help=f"hard places and float64 ({SAMPLES})")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help="processes (all CPUs)")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="STEM",
        help="write STEM.json and STEM.md (docs/peer-accuracy for all activations)",
    )
    options = parser.parse_args(arguments)
    for name in options.activations:
        if name not in names:
            parser.error(f"activation {name!r} is unknown; allowed: {', '.join(names)}")
    if options.output is None and not options.activations:
        options.output = ROOT / "docs" / "peer-accuracy"
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = parse(arguments)
    chosen = [key for key in CASES if key[1] in FORMS and (not options.activations or key[0] in options.activations)]
    units = [(*key, dtype, options.every, options.samples) for key in chosen for dtype in DTYPES]
    results: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    started = time.monotonic()
    spawn = multiprocessing.get_context("spawn")  # JAX cannot be forked
    with ProcessPoolExecutor(options.jobs, spawn, initializer=single_thread) as pool:
        futures = {pool.submit(measure, *unit): unit for unit in units}
        for future in as_completed(futures):
            unit = futures[future]
            results[unit] = future.result()
            seconds = time.monotonic() - started
            print(f"{len(results)}/{len(units)} {' '.join(unit[:3])}, {seconds:.0f} s", file=sys.stderr, flush=True)
    figures = [one for unit in units for one in results[unit]]
    data = {"about": provenance_of(options.every, options.samples), "figures": figures}
    if options.output is None:
        print(document(data), end="")
        return 0
    options.output.with_suffix(".json").write_text(as_json(data))
    options.output.with_suffix(".md").write_text(document(data))
    return 0


if __name__ == "__main__":
    sys.exit(main())
