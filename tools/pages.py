"""Write ``docs/activations.md`` and its pictures from the catalogue: ``python tools/pages.py``.

``--pages`` leaves the pictures as they are. Needs fastact installed from this tree and matplotlib. The page is made of
the rows, with their measured figures, and of what the examples print; ``tests/test_pages.py`` regenerates it. The
pictures have no date and no random names in them: the same rows give the same bytes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np

import fastact
from fastact import figures, listing, plots
from fastact._schema import NEAR_ROOT_ERROR, Activation, Form
from fastact.properties import properties

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "activations.md"
PICTURES = ROOT / "docs" / "images" / "activations"

INTRODUCTION = """\
# The activations

Written by `python tools/pages.py` from the catalogue; `fastact list` prints this table, `fastact plot` draws the
pictures at other parameters and over other ranges, and `fastact.properties.properties(row)` has all of it as data.

{table}

{legend}

Each `f` has `f_derivative(x)`, `f_with_derivative(x)` and `f_backward(grad, x)`; where the column f'' says yes also
`f_second_derivative(x)`, and where "from y" does, `f_backward_from_output(grad, y)`. A parameter `p` that learns has
`f_derivative_p(x)` and `f_backward_p(grad, x)`. NaN gives NaN.

Errors are the largest allowed, in units in the last place (ULP) of the exact result, for parameters as rounded to the
dtype that computes; the tests assert these numbers. What was measured over all 2^32 float32 inputs stands beside them;
[accuracy.md](accuracy.md) says how and where. The examples were run after

```python
import numpy as np, fastact

np.set_printoptions(precision=4)
```
"""
EXECUTED = " The tests execute every one of these properties."


def page() -> str:
    """The whole page."""
    rows = fastact.activations.values()
    introduction = INTRODUCTION.format(
        table="\n".join(_index()), legend="\n".join(wrap(listing.LEGEND + EXECUTED, 120))
    )
    return "\n".join([introduction, *("\n".join(section(row)) for row in rows)])


def picture(row: Activation) -> bytes:
    """The picture of an activation at its default parameters, as SVG."""
    return figures.render(lambda: plots.draw(plots.subjects([row])), ("svg",), text=True)["svg"]


def section(row: Activation) -> Iterator[str]:
    """The lines about one activation."""
    yield f"## {row.name}"
    yield ""
    names = " and ".join(f"`fastact.{alias}`" for alias in row.aliases)
    yield row.summary + (f" Also {names}." if names else "")
    yield ""
    yield "```text"
    yield from _formulas(row)
    yield "```"
    yield ""
    yield f"![{row.name}: f, its derivatives, kinks and saturation](images/activations/{row.name}.svg)"
    yield ""
    yield from _properties(row)
    yield ""
    if row.parameters:
        yield from _parameters(row)
        yield ""
    yield from _errors(row)
    yield ""
    yield from _example(row)
    yield ""
    if row.reference.strip("- "):
        yield f"Reference: {row.reference}."
        yield ""


def _table(heading: list[str], lines: list[list[str]], right: tuple[str, ...] = ()) -> Iterator[str]:
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    yield line(heading)
    yield line(["---:" if name in right else "---" for name in heading])
    yield from map(line, lines)


def _index() -> Iterator[str]:
    headings = [heading for heading in listing.COLUMNS if heading != "parameters"]
    lines = []
    for row in fastact.activations.values():
        table = properties(row)
        cells = [_unbroken(listing.COLUMNS[heading](table)) for heading in headings]
        lines.append([f"[{row.name}](#{row.name})", *cells[1:]])
    yield from _table(headings, lines, listing.RIGHT)


def _unbroken(text: str) -> str:
    """A cell that is not wrapped: browsers break lines after a hyphen too."""
    return re.sub(r"-(?=inf|\d)", "&minus;", text.replace(" ", "&nbsp;"))


def _formulas(row: Activation) -> Iterator[str]:
    formulas = [row.formula, row.derivative_formula, row.second_derivative_formula]
    if row.from_output:
        formulas.append(f"f'(x) = {row.from_output}, with y = f(x)")
    formulas += [parameter.derivative_formula for parameter in row.parameters]
    sides = [formula.partition(" = ") for formula in formulas if formula]
    width = max(len(left) for left, _, _ in sides)
    yield from (f"{left:<{width}} = {right}" if right else left for left, _, right in sides)


def _properties(row: Activation) -> Iterator[str]:
    table = properties(row)
    shown = ("range", "sup|f'|", "class", "monotone", "odd", "saturates", "threshold", "near 0")
    absent = {"threshold": "none"}
    cells = {heading: listing.COLUMNS[heading](table) for heading in shown}
    cells = {heading: absent.get(heading, "no") if cell == "-" else cell for heading, cell in cells.items()}
    cells["limits of f"] = _pair(table["limits"])
    cells["limits of f'"] = _pair(table["derivative_limits"])
    if row.second_derivative_formula:
        cells["limits of f''"] = _pair(row.second_derivative_limits)
    if table["lipschitz"] != table["sup_derivative"]:
        cells["Lipschitz constant"] = listing.number(table["lipschitz"])
    yield " · ".join(_unbroken(f"**{name}** {cell}") for name, cell in cells.items())
    sentences = [
        f"At the kink x = {_value(at, where)}, f' is {_value(slope, there)}."
        for (at, slope), (where, there) in zip(row.kinks.items(), row.kinks_at().items(), strict=True)
    ]
    for side, stated, edge in (
        ("Below", row.constant_below, table["constant_below"]),
        ("Above", row.constant_above, table["constant_above"]),
    ):
        if stated is not None and edge is not None:
            sentences.append(f"{side} x = {_value(stated, edge)}, f is constant.")
    if sentences:
        yield ""
        yield " ".join(sentences)


def _pair(ends: Sequence[float]) -> str:
    return ", ".join(map(listing.number, ends))


def _value(text: float | str, value: float) -> str:
    """A number as it stands in the row, with its value at the defaults where it is an expression of the parameters."""
    return f"`{text}` (by default {value:.6g})" if isinstance(text, str) else f"{value:.6g}"


def _parameters(row: Activation) -> Iterator[str]:
    lines = [
        [f"`{p.name}`", repr(p.default).removesuffix(".0"), str(p.domain), p.meaning, "yes" if p.learnable else "-"]
        for p in row.parameters
    ]
    yield from _table(["parameter", "default", "allowed", "meaning", "learns"], lines)
    conditions = [f"`{' '.join(relation)}`" for relation in row.parameter_order]
    outputs = [f"`{p.name}` in {p.output_domain}" for p in row.parameters if p.output_domain not in (None, p.domain)]
    outputs += [f"`{' '.join(relation)}`" for relation in row.output_order]
    sentences = [f"Required: {', '.join(conditions)}."] if conditions else []
    if row.from_output and outputs:
        sentences.append(f"f' is a function of the output for {', '.join(outputs)}.")
    if sentences:
        yield ""
        yield " ".join(sentences)


def _errors(row: Activation) -> Iterator[str]:
    lines, roots = [], []
    for form in row.forms:
        if not form.own:
            continue
        bound = row.accuracy_of(form.name)
        measured: dict[str, list[str]] = {}
        for isa, figure in row.measured(form.name).items():
            measured.setdefault(f"{figure:g}", []).append(isa)
        found = "; ".join(f"{figure} ({', '.join(isas)})" for figure, isas in measured.items())
        lines.append(
            [
                f"`{row.name}{form.suffix}`",
                *(f"{bound[t]:g}" if bound[t] else "exact" for t in ("float16", "float32", "float64")),
                found,
            ]
        )
        roots += [f"{root:.6g} of {_subject(form)}" for root in row.roots_of(form.name)]
    cancelling = {p.name: p.derivative_cancels for p in row.parameters if p.derivative_cancels}
    yield from _table(["largest error, ULP", "float16", "float32", "float64", "measured, float32"], lines)
    narrow, wide = (np.log2(NEAR_ROOT_ERROR[t]) for t in ("float32", "float64"))
    if roots:
        yield ""
        yield (
            f"Within 1/16 of a root ({', '.join(roots)}) the error is bounded absolutely instead: by 2^{narrow:.0f}, "
            f"in float64 by 2^{wide:.0f}."
        )
    for name, size in cancelling.items():
        yield ""
        yield (
            f"Near the roots of df/d{name}, where it cancels, the error is bounded absolutely instead: by "
            f"2^{narrow:.0f} times `{size}`, in float64 by 2^{wide:.0f} times that."
        )


def _subject(form: Form) -> str:
    return form.outputs[0].removeprefix("grad * ").removesuffix("(x)")


def _example(row: Activation) -> Iterator[str]:
    x = np.array([row.example, -1, 0, 1, 10], np.float32)
    yield "```pycon"
    example = f"{row.example:g}".replace("e+", "e")  # as formatters of code write it
    yield f">>> x = np.array([{example}, -1, 0, 1, 10], np.float32)"
    with np.printoptions(precision=4), np.errstate(over="ignore"):
        for form in row.forms:
            if form.own and form.inputs == ("x",):
                yield f">>> fastact.{row.name}{form.suffix}(x)"
                yield from repr(getattr(fastact, row.name + form.suffix)(x)).splitlines()
    yield "```"


def main() -> None:
    """Write the page and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", action="store_true", help="leave the pictures as they are")
    if not parser.parse_args().pages:
        PICTURES.mkdir(parents=True, exist_ok=True)
        for path in PICTURES.glob("*.svg"):
            if path.stem not in fastact.activations:
                path.unlink()
        for row in fastact.activations.values():
            (PICTURES / f"{row.name}.svg").write_bytes(picture(row))
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
