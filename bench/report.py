"""The benchmark's JSON as Markdown: ``python -m bench.report bench.json [--output FILE] [--full]``.

With ``--output``, a figure for each form and dtype is written beside the file, and shown in it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from .cases import COPY, DTYPES, FASTACT, FASTACT_ALLOCATING, HALF, size_label
from .cells import MEMORY_BOUND, Cell, cells_of
from .figures import figure
from .interleave import geometric_mean
from .peers import FORMS, package_of

TITLES = {
    "value": "Forward: `f(x)`",
    "derivative": "Derivative: `f_derivative(x)`",
    "backward": "Backward from the input: `f_backward(grad, x)`",
    "backward_from_output": "Backward from the output: `f_backward_from_output(grad, y)`",
}
LARGE = 100_000

READING = f"""\
Ratios are **time of the best peer / time of fastact**: above 1, fastact is faster; bold is below 1. Behind the ratio,
the peer; then fastact's time as a multiple of `numpy.copyto` moving as many bytes as the function reads and writes.
All contestants of a cell ran in one process, in turns; a ratio is the median over rounds of the ratio within a round.
Every peer agreed with fastact on the data of its cell before it was timed. Inputs are 3 N(0, 1). Everything runs on one
thread and writes to the same `out`, except JAX and `torch.relu`, which allocate their results. In float16 those of
NumPy, PyTorch and JAX compete that work and agree. The peers of a derivative are JAX's, and the others' backward with a
gradient of ones, which is how PyTorch computes one. From the output, JAX and NumPy run the formula that their users
would write. A cell is *behind* if its ratio is below 1, or below 0.95 where both need no more than {MEMORY_BOUND} times
a copy. *As fast as a copy* is the mean that a group would have if fastact took no longer than the copy anywhere: where
it is below 2, no kernel could make it 2. *Without `out`* is the time of fastact allocating its results over its time
with `out`, again as a mean."""


def number(ratio: float) -> str:
    """A ratio with three significant digits; bold below 1, as rounded."""
    text = f"{ratio:.3g}" if ratio < 100 else f"{ratio:.0f}"
    return f"**{text}**" if float(text) < 1 else text


def duration(seconds: float) -> str:
    """A time with three significant digits and its unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def unique(values: Iterable[Any]) -> list[Any]:
    """The distinct values in order of appearance."""
    return list(dict.fromkeys(values))


def machine(data: dict[str, Any], cells: list[Cell]) -> str:
    """What ran where: processor, instruction set, versions, threads, peers that are missing."""
    info, own = data["machine_info"], data["fastact"]
    cpu = info.get("cpu", {})
    configuration = own["configuration"]
    versions = ", ".join(f"{name} {version}" for name, version in own["versions"].items())
    busy: dict[str, list[float]] = {}
    for cell in cells:
        if cell.extra.get("size", 0) >= LARGE:
            for name, result in cell.results.items():
                busy.setdefault(package_of(name).strip(","), []).append(result["processor"])
    lines = [
        ("date", data["datetime"][:10]),
        ("processor", f"{cpu.get('brand_raw', info['machine'])}, {cpu.get('count', '?')} CPUs, {info['system']}"),
        ("instruction set of fastact", configuration["instruction set"]),
        ("versions", f"fastact {configuration['fastact']}, Python {configuration['python']}, {versions}"),
        ("peers not installed", ", ".join(own["missing"]) or "none"),
        ("threads", "one for every library: " + " ".join(f"`{k}={v}`" for k, v in own["environment"].items())),
    ]
    if busy:
        shares = ", ".join(f"{name} {statistics.median(values):.2f}" for name, values in busy.items())
        lines.append(("processor time / elapsed time", f"{shares} (medians; above 1 means more than one thread)"))
    return "\n".join(f"- {name}: {value}" for name, value in lines)


def summary(cells: list[Cell]) -> str:
    """The geometric mean and the worst cell of every group of cells that have a peer, and what the mean would be if no
    cell of fastact took longer than the copy."""
    head = ["form", "dtype", "size", "geometric mean", "as fast as a copy", "cells", "behind", "without `out`", "worst"]

    def row(form: str, dtype: str, size: str, chosen: list[Cell]) -> list[str]:
        worst = min(chosen, key=lambda cell: cell.best_ratio)
        where = f"{worst.activation} {worst.dtype} {size_label(worst.size)}"
        return [
            form,
            dtype,
            size,
            number(geometric_mean([cell.best_ratio for cell in chosen])),
            number(geometric_mean([cell.best_ratio * max(1.0, cell.copies) for cell in chosen])),
            str(len(chosen)),
            str(sum(cell.short for cell in chosen)),
            f"{geometric_mean([cell.ratio(FASTACT_ALLOCATING) for cell in chosen]):.3g}",
            f"{where}: {number(worst.best_ratio)} ({worst.best}, {worst.copies:.3g} copies)",
        ]

    rows = []
    fought = [cell for cell in cells if cell.best is not None]
    for form in FORMS:
        of_form = [cell for cell in fought if cell.form == form]
        for dtype in unique(cell.dtype for cell in of_form):
            for size in sorted({cell.size for cell in of_form}):
                chosen = [cell for cell in of_form if (cell.dtype, cell.size) == (dtype, size)]
                rows += [row(form, dtype, size_label(size), chosen)] if chosen else []
        arrays = [cell for cell in of_form if cell.size > 1 and cell.dtype != HALF]
        rows += [row(f"**{form}**", " and ".join(DTYPES), "all but 1", arrays)] if arrays else []
    return table(head, rows) if rows else "No cell has a peer."


def grid(cells: list[Cell], form: str, text: Callable[[Cell], str]) -> str:
    """Activation and dtype downwards, size across."""
    chosen = [cell for cell in cells if cell.form == form]
    sizes = sorted({cell.size for cell in chosen})
    found = {(cell.activation, cell.dtype, cell.size): text(cell) for cell in chosen}
    rows = [
        [activation, dtype, *(found.get((activation, dtype, size), "") for size in sizes)]
        for activation, dtype in unique((cell.activation, cell.dtype) for cell in chosen)
    ]
    return table(["activation", "dtype", *map(size_label, sizes)], rows)


def short(cell: Cell) -> str:
    """Ratio, peer and multiple of the copy."""
    copies = f"{cell.copies:.3g} copies"
    return f"no peer; {copies}" if cell.best is None else f"{number(cell.best_ratio)} {cell.best}; {copies}"


def everything(cells: list[Cell], form: str) -> str:
    """All contestants of every cell of a form, with the quartiles of their ratios."""
    chosen = [cell for cell in cells if cell.form == form]
    peers = unique(name for cell in chosen for name in cell.results if name not in (FASTACT, COPY))

    def spread(cell: Cell, name: str) -> str:
        if name not in cell.results:
            return ""
        ratio = cell.results[name]["ratio"]
        return f"{number(ratio['median'])} ({ratio['q1']:.3g} to {ratio['q3']:.3g})"

    rows = [
        [
            cell.activation,
            cell.dtype,
            size_label(cell.size),
            duration(cell.seconds),
            f"{cell.seconds / cell.size * 1e9:.3g}",
            f"{cell.copies:.3g}",
            str(cell.results[FASTACT]["rounds"]),
            *(spread(cell, name) for name in peers),
        ]
        for cell in chosen
    ]
    return table(["activation", "dtype", "size", "fastact", "ns/element", "copies", "rounds", *peers], rows)


def one_element(cells: list[Cell]) -> str:
    """Time of one element by kind of argument, and the references' time over fastact's."""
    arguments = unique(cell.argument for cell in cells)
    found = {(cell.activation, cell.argument): cell for cell in cells}
    references = unique(name for cell in cells for name in cell.peers)

    def text(cell: Cell | None) -> str:
        if cell is None:
            return ""
        ratios = ", ".join(number(cell.ratio(name)) if name in cell.results else "-" for name in references)
        return f"{duration(cell.seconds)}; {ratios}"

    rows = [
        [
            activation + (" (keyword function)" if parameters else ""),
            *(text(found.get((activation, a))) for a in arguments),
        ]
        for activation, parameters in unique((cell.activation, cell.parameters) for cell in cells)
    ]
    legend = f"Time; time of {' and of '.join(references)} over it."
    return f"{legend}\n\n{table(['activation', *arguments], rows)}"


def functions_of_rows(cells: list[Cell]) -> str:
    """Functions of rows: time, and the ratio of the best peer, by shape."""
    shapes = unique(cell.shape for cell in cells)
    found = {(cell.function, cell.form, cell.dtype, cell.shape): cell for cell in cells}

    def text(cell: Cell | None) -> str:
        if cell is None:
            return ""
        peer = f"; {number(cell.best_ratio)} {cell.best}" if cell.best else ""
        return duration(cell.seconds) + peer

    rows = [
        [function, form, dtype, *(text(found.get((function, form, dtype, shape))) for shape in shapes)]
        for function, form, dtype in unique((cell.function, cell.form, cell.dtype) for cell in cells)
    ]
    legend = "Time of the whole array; time of the best peer over it, where there is one."
    return f"{legend}\n\n{table(['function', 'form', 'dtype', *shapes], rows)}"


def figures(cells: list[Cell]) -> dict[str, bytes]:
    """The pictures of a report by file name; none of what was run at one size only."""
    drawn = {}
    for form, dtype in unique((cell.form, cell.dtype) for cell in cells):
        chosen = [cell for cell in cells if (cell.form, cell.dtype) == (form, dtype)]
        if len({cell.size for cell in chosen}) > 1:
            title = f"{TITLES[form].replace('`', '')}, {dtype}"
            drawn[f"{form}-{dtype}.svg"] = figure(chosen, title)["svg"]
    return drawn


def without(data: dict[str, Any], cells: list[Cell]) -> str:
    """What this report cannot compare: rows without a peer in the table, rows that were not run, and failures."""
    rows = data["fastact"]["activations"]
    lonely = [f"{name} ({form})" for name, forms in rows.items() for form, peers in forms.items() if not peers]
    absent = [name for name in rows if name not in {cell.activation for cell in cells}]
    lines = {"without a peer in the table": lonely, "not in this run": absent, "failed": data["fastact"]["failed"]}
    return "\n".join(f"- {what}: {', '.join(names) or 'none'}" for what, names in lines.items())


def report(data: dict[str, Any], full: bool = False, pictures: Iterable[str] = ()) -> str:
    """The report as Markdown.

    Parameters
    ----------
    data : dict
        What ``pytest bench --benchmark-json`` wrote.
    full : bool
        Whether to add every contestant of every cell, with quartiles.
    pictures : iterable of str
        The names of those files of `figures` that the report shows.

    Raises
    ------
    ValueError
        If the data is not of this benchmark, or has no results.
    """
    if "fastact" not in data or "benchmarks" not in data:
        raise ValueError("the JSON must come from pytest bench --benchmark-json=FILE: it has no 'fastact' entry")
    cells = cells_of(data)
    elementwise = [cell for cell in cells if cell.kind == "elementwise"]
    rowwise = [cell for cell in cells if cell.kind == "rows"]
    single = [cell for cell in cells if cell.kind == "one element"]
    if not cells:
        raise ValueError("the JSON has no results: no benchmark ran to its end")
    parts = ["# Speed beside the peers", machine(data, elementwise), READING]
    if elementwise:
        parts += ["## Summary", summary(elementwise), without(data, elementwise)]
    for form in FORMS:
        if any(cell.form == form for cell in elementwise):
            parts += [f"## {TITLES[form]}"]
            parts += [f"![{TITLES[form]} by size]({name})" for name in pictures if name.startswith(form + "-")]
            parts += [grid(elementwise, form, short)]
    if rowwise:
        parts += ["## Functions of rows", functions_of_rows(rowwise)]
    if single:
        parts += ["## One element", one_element(single)]
    if full:
        for form in FORMS:
            if any(cell.form == form for cell in elementwise):
                parts += [f"## All contestants. {TITLES[form]}", everything(elementwise, form)]
    return "\n\n".join(parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write the report; status 1 with a message if the file is not of this benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("json", nargs="?", type=Path, default=Path("bench.json"), help="default: bench.json")
    parser.add_argument("--output", "-o", type=Path, help="write here, for example docs/performance/serial.md")
    parser.add_argument("--full", action="store_true", help="add every contestant of every cell, with quartiles")
    options = parser.parse_args(arguments)
    try:
        data = json.loads(options.json.read_text(encoding="utf-8"))
        pictures: dict[str, bytes] = {}
        if options.output is not None and "benchmarks" in data:
            pictures = figures([cell for cell in cells_of(data) if cell.kind == "elementwise"])
        text = report(data, options.full, pictures)
    except (OSError, ValueError) as error:
        print(f"{options.json}: {error}", file=sys.stderr)
        return 1
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text, encoding="utf-8")
        for name, content in pictures.items():
            (options.output.parent / name).write_bytes(content)
        print(f"wrote {', '.join(str(options.output.parent / name) for name in (options.output.name, *pictures))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
