"""Judge activations on every float32 there is: 2^32 inputs a form, against a truth in float64, in minutes.

``python tools/exhaustive.py sigmoid tanh --forms value,derivative --isa avx512,baseline`` from a checkout with fastact
installed. For each activation, form and instruction set it reports

* the largest error in units in the last place (ULP), over all inputs and over abs(x) <= 5, and where;
* within 1/16 of a root of f', the largest absolute error in units of 2^-24, instead;
* how many inputs lie above the bound of the catalogue's row;
* how many steps from a float to the next go the wrong way, where the row says monotone;
* how many inputs break f(-x) = -f(x), or f'(-x) = f'(x), in a bit, where the row says odd;
* how many NaNs are missing or too many, and how many limits at -inf and inf are wrong.

The exit status is 1 if a bound is exceeded or anything of the last four is not zero, 2 if the command is wrong.

The truth is that of the tests (``tests/oracle.py``): libm and SciPy in float64, within 2^-38. The largest errors that
it finds are computed again with mpmath. Parameters have their defaults, as rounded to float32; the form
``backward_from_output`` is taken at grad = 1, over the outputs that the function has.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import functools
import hashlib
import importlib
import json
import math
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "src" / "fastact" / "_measured.py"
sys.path.insert(0, str(ROOT))

from fastact import _build_info, _public, _ufuncs  # noqa: E402
from fastact._schema import NEAR_ROOT, NEAR_ROOT_ERROR  # noqa: E402
from tests import oracle  # noqa: E402
from tests.cases import OWN_FORMULAS, Case, bits, call  # noqa: E402

PATTERNS = 1 << 32
CHUNK = 1 << 22
# So many at a time that all the arrays of a step stay in the level-2 cache: twice as fast as a chunk at once.
BLOCK = 1 << 13

# Near a root the error is absolute: the unit in which it is told and bounded.
ROOT_UNIT = NEAR_ROOT_ERROR["float32"]

CASES = {(case.row.name, case.form.name): case for case in OWN_FORMULAS}
FORMS = tuple(dict.fromkeys(form for _, form in CASES))

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Job:
    """A form to judge: who computes it, on which inputs.

    ``functions`` are names of instruction sets, or ``module:attribute`` of any function from a float32 array to one.
    """

    activation: str
    form: str
    functions: tuple[str, ...]
    every: int = 1

    @property
    def case(self) -> Case:
        """The form of the activation as the tests know it."""
        return CASES[self.activation, self.form]

    @property
    def bound(self) -> float:
        """What the row allows, in ULP."""
        return self.case.row.accuracy_of(self.form).float32

    @functools.cached_property
    def parameters(self) -> tuple[float, ...]:
        """The default parameters, as rounded to float32."""
        return tuple(map(float, self.case.defaults(np.float32)))

    @property
    def parity(self) -> int:
        """-1 where the row says that the form is odd, 1 where it says even, 0 where it says neither."""
        if not self.case.row.odd:
            return 0
        return -1 if self.form in ("value", "second_derivative") else 1


@dataclass(frozen=True)
class Worst:
    """The largest error met so far, and the input where it was."""

    error: float = 0.0
    at: float = math.nan

    @classmethod
    def of(cls, errors: np.ndarray, x: np.ndarray) -> Worst:
        """The largest of some errors, and its input."""
        if not errors.size:
            return cls()
        i = int(np.argmax(errors))
        return cls(float(errors[i]), float(x[i])) if errors[i] > 0 else cls()


@dataclass
class Count:
    """How many inputs are wrong in one way, and one of them."""

    number: int = 0
    at: float = math.nan

    def add(self, wrong: np.ndarray, x: np.ndarray) -> None:
        """Count the inputs that are marked."""
        if wrong.any():
            self.at = self.at if self.number else float(x[np.argmax(wrong)])
            self.number += int(np.count_nonzero(wrong))

    def __add__(self, other: Count) -> Count:
        return Count(self.number + other.number, self.at if self.number else other.at)


@dataclass
class Tally:
    """What one function did on the inputs judged so far."""

    inputs: int = 0
    everywhere: Worst = Worst()
    within_5: Worst = Worst()
    near_root: Worst = Worst()
    above_bound: Count = field(default_factory=Count)
    nan: Count = field(default_factory=Count)
    falling: Count = field(default_factory=Count)
    asymmetric: Count = field(default_factory=Count)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.inputs + other.inputs,
            max(self.everywhere, other.everywhere, key=lambda worst: worst.error),
            max(self.within_5, other.within_5, key=lambda worst: worst.error),
            max(self.near_root, other.near_root, key=lambda worst: worst.error),
            self.above_bound + other.above_bound,
            self.nan + other.nan,
            self.falling + other.falling,
            self.asymmetric + other.asymmetric,
        )


@functools.cache
def function(job: Job, name: str) -> Function:
    """The function of that name: an instruction set's, or any other that Python can import."""
    if ":" not in name:
        namespace = SimpleNamespace(**_public.make(name))
        return lambda x: call(job.case, x, job.parameters, namespace)
    module, attribute = name.split(":", 1)
    other: Any = functools.reduce(getattr, attribute.split("."), importlib.import_module(module))

    def checked(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            y = np.asarray(other(x))
        if y.dtype != np.float32 or y.shape != x.shape:
            raise TypeError(f"{name} must return float32 of the shape it is given, got {y.dtype} of shape {y.shape}")
        return y

    return checked


def judge_errors(job: Job, x: np.ndarray, y: np.ndarray, truth: np.ndarray) -> Tally:
    """The errors of results y at inputs x, of one float type, beside the truth in float64: arrays of one length.

    A result that is the float nearest to the truth errs by half an ULP at most, and is not looked at again: most are,
    and finding them takes a fraction of the time.
    """
    tally = Tally(inputs=x.size)
    with np.errstate(over="ignore"):
        rounded = bits(y) == bits(truth.astype(y.dtype))
    near = np.zeros(x.shape, bool)
    if roots := job.case.row.roots_of(job.form):
        # A coarse sample has blocks of both signs, with NaNs between.
        low, high = (np.fmin.reduce(x), np.fmax.reduce(x)) if x.size else (0.0, 0.0)
        for root in roots:
            if not (high < root - NEAR_ROOT or low > root + NEAR_ROOT):
                near |= np.abs(x - root) <= NEAR_ROOT
    if near.any():
        absolute = np.abs(y[near].astype(np.float64) - truth[near]) / ROOT_UNIT
        tally.near_root = Worst.of(absolute, x[near])
    if rounded.all():
        return tally
    x, y, truth, near = x[~rounded], y[~rounded], truth[~rounded], near[~rounded]
    tally.nan.add(np.isnan(y) != np.isnan(truth), x)
    error = oracle.ulp_error(y, truth)
    # Where results are not exact, the truth itself is known to so many ULP.
    wrong = error > job.bound + (oracle.FAST_ERROR * 2.0**24 if job.bound else 0.0)
    # Near a root either bound will do; the largest ULP are told of the rest.
    wrong[near] &= ~(np.abs(y[near].astype(np.float64) - truth[near]) <= ROOT_UNIT)
    error[near] = 0.0
    tally.above_bound.add(wrong, x)
    tally.everywhere = Worst.of(error, x)
    inner = np.abs(x) <= 5
    tally.within_5 = tally.everywhere if inner.all() else Worst.of(error[inner], x[inner])
    return tally


def judge_shape(job: Job, compute: Function, x: np.ndarray, y: np.ndarray) -> Tally:
    """What results y at inputs x do to order and symmetry, which takes results at other inputs."""
    tally = Tally()
    if job.form == "value" and job.case.row.monotone:
        # The next pattern is the next float away from zero: it rises with the pattern for positive x, else it falls.
        if job.every == 1:
            last = (bits(x[-1:]) + np.uint32(1)).view(np.float32)
            next_y = np.concatenate([y[1:], compute(last)])
        else:
            next_y = compute((bits(x) + np.uint32(1)).view(np.float32))
        negative = bits(x) >> 31
        wrong = np.where(negative, next_y > y, next_y < y)
        if wrong.any():  # after -inf and inf come NaNs
            tally.falling.add(wrong & ~np.isinf(x), x)
    if job.parity:
        sign = np.uint32(0 if job.parity > 0 else 1 << 31)
        wrong = (bits(compute(-x)) ^ sign) != bits(y)
        if wrong.any():
            tally.asymmetric.add(wrong & ~np.isnan(y), x)
    return tally


def scan_block(job: Job, start: int, stop: int) -> list[Tally]:
    """Judge the float32 whose bit patterns are start, start + every, ... below stop: a tally for each function."""
    x = np.arange(start, stop, job.every, dtype=np.uint64).astype(np.uint32).view(np.float32)
    if job.form == "backward_from_output":
        limits = job.case.row.range
        x = x[np.isnan(x) | ((x >= limits.lower) & (x <= limits.upper))]
    if job.parity and job.every == 1 and start >= PATTERNS // 2:
        # Negative inputs, whose mirror images were all judged: the same bits have the same errors.
        functions = [function(job, name) for name in job.functions]
        return [Tally(inputs=x.size) + judge_shape(job, compute, x, compute(x)) for compute in functions]
    truth = oracle.fast(job.activation, job.form, x, *job.parameters)
    tallies = []
    known: list[tuple[np.ndarray, Tally]] = []
    for name in job.functions:
        compute = function(job, name)
        y = compute(x)
        # Instruction sets with the same bits have the same errors.
        errors = next((tally for other, tally in known if np.array_equal(bits(other), bits(y))), None)
        if errors is None:
            errors = judge_errors(job, x, y, truth)
            known.append((y, errors))
        tallies.append(errors + judge_shape(job, compute, x, y))
    return tallies


def scan(job: Job, start: int, stop: int) -> list[Tally]:
    """The same for many patterns, a few at a time."""
    tallies = [Tally() for _ in job.functions]
    stride = BLOCK * job.every
    with np.errstate(invalid="ignore"):  # signalling NaNs are among the inputs
        for first in range(start, stop, stride):
            block = scan_block(job, first, min(first + stride, stop))
            tallies = [tally + more for tally, more in zip(tallies, block, strict=True)]
    return tallies


# The command --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def progress(job: Job, total: int) -> Iterator[Callable[[], None]]:
    """A function to call after each of so many chunks: a bar on stderr, or plain lines without rich or a terminal."""
    label = f"{job.activation} {job.form} ({', '.join(job.functions)})"
    started = told = time.monotonic()
    done = 0

    def plain() -> None:
        nonlocal done, told
        done += 1
        now = time.monotonic()
        if done == total or now - told > 10:
            told = now
            print(f"{label}: {done * 100 // total} %, {now - started:.0f} s", file=sys.stderr, flush=True)

    try:
        import rich.console
        import rich.progress
    except ImportError:
        yield plain
        return
    console = rich.console.Console(stderr=True)
    if not console.is_terminal:
        yield plain
        return
    columns = (*rich.progress.Progress.get_default_columns(), rich.progress.TimeElapsedColumn())
    with rich.progress.Progress(*columns, console=console) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def chunks(every: int) -> list[tuple[int, int]]:
    """All bit patterns in pieces that are whole multiples of the step, so that together they are one even sample."""
    length = every * max(4 * BLOCK, CHUNK // every)
    return [(start, min(start + length, PATTERNS)) for start in range(0, PATTERNS, length)]


def run(job: Job, jobs: int) -> list[Tally]:
    """Judge all inputs of a job in so many processes: a tally for each function."""
    pieces = chunks(job.every)
    totals = [Tally() for _ in job.functions]

    def gather(results: Iterable[list[Tally]]) -> None:
        with progress(job, len(pieces)) as tick:
            for tallies in results:
                totals[:] = [total + tally for total, tally in zip(totals, tallies, strict=True)]
                tick()

    if jobs == 1:
        gather(scan(job, *piece) for piece in pieces)
        return totals
    # An interruption from the keyboard reaches the workers too, and is for this process to answer.
    pool = ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        futures = [pool.submit(scan, job, *piece) for piece in pieces]
        # In order, so that of equal errors the first is told in every run.
        gather(future.result() for future in futures)
    finally:
        pool.shutdown(cancel_futures=True)
    return totals


def ends_wrong(job: Job, compute: Function) -> int:
    """How many of f(-inf), f(inf) are not the limits of the row, where it states them."""
    if job.form not in ("value", "derivative", "second_derivative"):
        return 0
    row = job.case.row
    limits = np.array(row.limits_of(job.form))
    # A limit that is a parameter's default is one as rounded to float32.
    allowed = job.bound + (1.0 if row.parameters else 0.0)
    return int(np.count_nonzero(oracle.ulp_error(compute(np.array([-np.inf, np.inf], np.float32)), limits) > allowed))


def zeros_out_of_order(job: Job, compute: Function) -> bool:
    """Whether f(-0.0) > f(0.0): the one step between neighbours that no bit pattern leads over."""
    if not (job.form == "value" and job.case.row.monotone):
        return False
    below, above = compute(np.array([-0.0, 0.0], np.float32))
    return bool(below > above)


def exactly(job: Job, compute: Function, worst: Worst) -> Worst:
    """The same largest error in ULP with mpmath as the truth."""
    if not math.isfinite(worst.error) or math.isnan(worst.at):
        return worst
    y = compute(np.array([worst.at], np.float32))[0]
    return Worst(oracle.ulp_error_exact(y, oracle.exact(job.activation, job.form, worst.at, *job.parameters)), worst.at)


def provenance() -> dict[str, str]:
    """Where and of what the figures are: all that they may depend on."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):  # only Linux has it
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), processor)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "fastact": _build_info.version,
        "compiler": _build_info.compiler,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor,
    }


def digest(compute: Function) -> str:
    """A check sum of the results at a hundred thousand inputs: figures belong to a function that still has it."""
    with np.errstate(invalid="ignore"):
        y = compute(np.arange(0, PATTERNS, 40_009, dtype=np.uint64).astype(np.uint32).view(np.float32))
    return hashlib.sha256(bits(np.where(np.isnan(y), np.float32(np.nan), y)).tobytes()).hexdigest()[:12]


def report(job: Job, name: str, tally: Tally) -> dict[str, Any]:
    """The figures of one function as data: numbers, with inputs as hexadecimal floats."""
    compute = function(job, name)
    everywhere, within_5 = (exactly(job, compute, worst) for worst in (tally.everywhere, tally.within_5))
    if job.bound:
        # Every result was the nearest float.
        everywhere, within_5 = (worst if worst.error else Worst(0.5) for worst in (everywhere, within_5))
    order = job.form == "value" and job.case.row.monotone
    figures: dict[str, Any] = {
        "activation": job.activation,
        "form": job.form,
        "by": name,
        "bound": job.bound,
        "every": job.every,
        "inputs": tally.inputs,
        "max_ulp": everywhere.error,
        "max_ulp_at": hexadecimal(everywhere.at),
        "max_ulp_within_5": within_5.error,
        "max_ulp_within_5_at": hexadecimal(within_5.at),
        "above_bound": tally.above_bound.number,
        "nan_wrong": tally.nan.number,
        "limits_wrong": ends_wrong(job, compute),
        "falling_steps": tally.falling.number + zeros_out_of_order(job, compute) if order else None,
        "asymmetric": tally.asymmetric.number if job.parity else None,
        "digest": digest(compute),
    }
    if job.case.row.roots_of(job.form):
        figures["near_root"] = tally.near_root.error
        figures["near_root_at"] = hexadecimal(tally.near_root.at)
    counts = {"above_bound": tally.above_bound, "nan_wrong": tally.nan}
    counts |= {"falling_steps": tally.falling, "asymmetric": tally.asymmetric}
    figures |= {f"{key}_at": hexadecimal(count.at) for key, count in counts.items() if count.number}
    return figures


FAULTS = ("above_bound", "nan_wrong", "limits_wrong", "falling_steps", "asymmetric")


def faults(figures: dict[str, Any]) -> str:
    """What is wrong, in words; empty if all is well."""
    return ", ".join(
        f"{key.replace('_', ' ')}: {figures[key]}" + (f" ({figures[key + '_at']})" if key + "_at" in figures else "")
        for key in FAULTS
        if figures[key]
    )


def hexadecimal(x: float) -> str:
    """A float32 as exact text, without the zeros that make it as long as a float64."""
    text = x.hex()
    if "p" not in text:
        return text
    digits, exponent = text.split("p")
    return f"{digits.rstrip('0').rstrip('.')}p{exponent}" if "." in digits else text


def rounded_up(error: float) -> str:
    """An error as it is printed, never below what was measured."""
    return f"{math.ceil(error * 1000) / 1000:g}" if error < 1e6 else f"{error:.3g}"


HEADINGS = ("activation", "form", "computed by", "bound", "max ULP, abs(x) <= 5", "max ULP, all", "where", "wrong")


def markdown(results: list[dict[str, Any]]) -> str:
    """A table of figures; functions with the same figures share a line."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for figures in results:
        everywhere = rounded_up(figures["max_ulp"])
        if "near_root" in figures:
            everywhere += f"; {rounded_up(figures['near_root'])} * 2^-24 near a root"
        key = (
            figures["activation"],
            figures["form"],
            f"{figures['bound']:g}",
            rounded_up(figures["max_ulp_within_5"]),
            everywhere,
            "-" if figures["max_ulp_at"] == "nan" else f"`{figures['max_ulp_at']}`",
            faults(figures) or "nothing",
        )
        lines.setdefault(key, []).append(figures["by"])
    table = ["| " + " | ".join(HEADINGS) + " |", "| --- | --- | --- | ---: | ---: | ---: | --- | --- |"]
    table += ["| " + " | ".join((*key[:2], ", ".join(by), *key[2:])) + " |" for key, by in lines.items()]
    return "\n".join(table)


def document(results: list[dict[str, Any]]) -> str:
    """The file that is committed: what was done, the figures, and where they are from."""
    runs: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for figures in results:
        share = "all 2^32 float32" if figures["every"] == 1 else f"every {figures['every']}th float32"
        about = figures["about"]
        key = (about["date"], share, about["compiler"], about["system"], about["processor"])
        what = runs.setdefault(key, {}).setdefault(f"{figures['activation']} {figures['form']}", [])
        what.append(figures["by"])
    notes = [
        f"- {date}, {share}, compiled with {compiler} for {system}, on {processor}: "
        + "; ".join(f"{form} by {', '.join(by)}" for form, by in what.items())
        + "."
        for (date, share, compiler, system, processor), what in runs.items()
    ]
    return "\n".join(
        [
            "# Accuracy in float32, measured over all inputs",
            "",
            "Written by `tools/exhaustive.py`, which says how to repeat it. Errors are in units in the last place",
            "(ULP) of the exact result, and rounded up; `bound` is what the row of the catalogue promises; 0.5 without",
            "a place says that every result was the float nearest to the exact one. Within 1/16 of a root of f' or",
            "f'' the error may be absolute instead, and at most 2^-24. The column `wrong` counts inputs above",
            "the bound, NaNs missing or too many, wrong limits at infinity, steps between neighbouring floats that",
            "fall where the function rises, and inputs where an odd function is not odd to the bit. The results of",
            "`avx2` are those of `avx512` to the bit, which a test of its own holds.",
            "",
            markdown(results),
            "",
            "Measured:",
            "",
            *notes,
            "",
        ]
    )


def measured_module(results: list[dict[str, Any]]) -> str:
    """The source of the module that gives the rows their measured figures."""
    figures: dict[tuple[str, str], dict[str, float]] = {}
    for found in results:
        of_form = figures.setdefault((found["activation"], found["form"]), {})
        of_form[found["by"]] = float(rounded_up(found["max_ulp"]))
    lines = [f"    {key!r}: {by!r},".replace("'", '"') for key, by in figures.items()]
    head = '"""The largest errors over all 2^32 float32 inputs, in ULP: written by ``tools/exhaustive.py --rows``."""'
    return "\n".join([head, "", "MEASURED: dict[tuple[str, str], dict[str, float]] = {", *lines, "}", ""])


def merged(path: Path, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results that a file holds, those of the same form and function replaced, in the catalogue's order."""
    found = json.loads(path.read_text()) if path.exists() else []
    by_key = {(old["activation"], old["form"], old["by"]): old for old in [*found, *results]}
    rank = {key: i for i, key in enumerate(CASES)}
    return sorted(by_key.values(), key=lambda new: rank.get((new["activation"], new["form"]), len(rank)))


def positive(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def parse(arguments: list[str] | None) -> tuple[argparse.Namespace, list[Job]]:
    """The options and what there is to judge; exits with status 2 on a wrong command."""
    names = tuple(dict.fromkeys(name for name, _ in CASES))
    usable = [name for name in _ufuncs.built() if _ufuncs.cpu_supports(name)]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("activations", nargs="*", metavar="ACTIVATION", help="names of the catalogue; all if none")
    parser.add_argument(
        "--forms", default=",".join(FORMS), help=f"some of {', '.join(FORMS)}, with commas; all if none"
    )
    parser.add_argument("--isa", default=_ufuncs.choose(), help=f"instruction sets, with commas: {', '.join(usable)}")
    parser.add_argument("--function", metavar="MODULE:NAME", help="judge this function instead of fastact's")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help="processes (all CPUs)")
    parser.add_argument("--every", type=positive, default=1, metavar="N", help="only each Nth bit pattern; best odd")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the figures to this file")
    parser.add_argument("--rows", action="store_true", help="with --json: write its figures into the package too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a document, of all that --json holds")
    options = parser.parse_args(arguments)
    chosen, forms = options.activations or names, options.forms.split(",")
    for given, allowed, what in ((chosen, names, "activation"), (forms, FORMS, "form")):
        for name in given:
            if name not in allowed:
                parser.error(f"{what} {name!r} is unknown; allowed: {', '.join(allowed)}")
    if options.rows and options.json is None:
        parser.error("--rows needs --json, whose figures it writes")
    if options.rows and (options.every != 1 or options.function is not None):
        parser.error("--rows takes full runs of fastact's own functions only, without --every and --function")
    functions = tuple(options.isa.split(","))
    try:
        for name in functions:
            _ufuncs.require(name)
    except ValueError as error:
        parser.error(f"--isa: {error}")
    cases = [key for key in CASES if key[0] in chosen and key[1] in forms]
    if not cases:
        parser.error(f"none of {', '.join(chosen)} has the form {options.forms}")
    if options.function is not None:
        if len(cases) != 1 or ":" not in options.function:
            parser.error("--function takes MODULE:NAME, and exactly one activation and one form")
        functions = (options.function,)
    jobs = [Job(*key, functions, options.every) for key in cases]
    if options.function is not None:
        try:
            function(jobs[0], options.function)(np.zeros(3, np.float32))
        except (ImportError, AttributeError, TypeError) as error:
            parser.error(f"--function: {error}")
    return options, jobs


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options, jobs = parse(arguments)
    about = provenance()
    results: list[dict[str, Any]] = []
    for job in jobs:
        started = time.monotonic()
        tallies = run(job, options.jobs)
        seconds = round(time.monotonic() - started, 1)
        for name, tally in zip(job.functions, tallies, strict=True):
            results.append(report(job, name, tally) | {"about": about, "seconds": seconds})
        kept = results
        if options.json is not None:
            kept = merged(options.json, results)
            options.json.write_text(json.dumps(kept, indent=1) + "\n")
        if options.rows:
            MEASURED.write_text(measured_module(kept))
        if options.markdown is not None:
            options.markdown.write_text(document(kept))
    print(markdown(results))
    for figures in results:
        if faults(figures):
            print(f"{figures['activation']} {figures['form']} by {figures['by']}: {faults(figures)}", file=sys.stderr)
    return int(any(map(faults, results)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted. What --json and --markdown name holds the forms that were finished.")
