"""The docstring of every form of an activation, from its row; for ``generate.py``, before anything is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastact._schema import Activation, Form

INPUTS = {
    "x": "x : array_like\n    Input; float16, float32 or float64 (integers and bools are taken as float64).",
    "grad": "grad : array_like\n    Gradient with respect to the output; broadcasts with the other inputs.",
    "y": "y : array_like\n    Output of the activation, ``y = f(x)``.",
}
# What the examples print, by public name: see ``examples.py``.
RESULTS: dict[str, str] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))


def documentation(row: Activation, form: Form) -> str:
    """The docstring: formulas, parameters with their domains, range, limits, kinks, error bounds, source, example."""
    sections = (_head, _parameters, _notes, _references, _example)
    return "\n\n".join("\n".join(lines) for lines in (section(row, form) for section in sections) if lines)


def _head(row: Activation, form: Form) -> list[str]:
    call = ", ".join((*form.inputs, *(f"{p.name}={p.default:.6g}" for p in row.parameters)))
    lines = [] if row.parameters else [f"{row.name}{form.suffix}({call}, /, out=None, *, where=True, ...)", ""]
    lines += [f"{row.summary} {form.summary}", "", f"    {row.formula}", f"    {row.derivative_formula}"]
    if form.kind == "second_derivative":
        lines.append(f"    {row.second_derivative_formula}")
    if form.kind == "backward_from_output":
        lines.append(f"    f' from the output: {row.from_output}")
    lines += [f"    {p.derivative_formula}" for p in row.parameters if p.name == form.parameter]
    return lines


def _parameters(row: Activation, form: Form) -> list[str]:
    lines = ["Parameters", "----------", *(INPUTS[name] for name in form.inputs)]
    for p in row.parameters:
        lines += [
            f"{p.name} : array_like, default {p.default:.17g}",
            f"    {p.meaning[0].upper()}{p.meaning[1:]}, in {p.domain_of(form)}; broadcasts. NaN gives NaN.",
        ]
    if row.drawn and form.kind == "value":
        lines += [
            "rng : numpy.random.Generator, optional",
            f"    Draw {row.drawn}, and return (f(x), slope); the same",
            "    state of the generator gives the same slopes. Without it, the function is evaluated as above.",
        ]
    if row.drawn and form.kind == "backward":
        lines += [
            "slope : array_like, optional",
            f"    What was drawn going forward ({row.drawn}).",
            "    Without it, the gradient is that of the function as evaluated.",
        ]
    names = (*form.inputs, *(p.name for p in row.parameters))
    lines += [
        "**keywords",
        "    Those of every NumPy ufunc: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ...",
        "",
        "Returns",
        "-------",
        f"{', '.join(form.outputs)} : ndarray or scalar",
        f"    Of the common dtype and broadcast shape of {', '.join(names)}.",
        "",
        "Raises",
        "------",
        "TypeError",
        "    For complex, longdouble, object and other dtypes that are not computed.",
    ]
    if row.parameters:
        order = "".join(f", or unless {' '.join(relation)}" for relation in row.order_of(form))
        lines += [
            "ValueError",
            f"    For a parameter outside its domain{order}, as given or as rounded to the dtype that computes (not",
            "    checked on lazy operands, as Dask's).",
        ]
    return lines


def _notes(row: Activation, form: Form) -> list[str]:
    lines = ["Notes", "-----"]
    at_defaults = " (at the default parameters)" if row.parameters else ""
    if form.kind in ("value", "with_derivative"):
        lines.append(f"Range {row.range}; limits {row.limits[0]:g} at -inf and {row.limits[1]:g} at inf{at_defaults}.")
    if form.kind == "second_derivative":
        low, high = row.second_derivative_limits
        lines.append(f"f'' has the limits {low:g} at -inf and {high:g} at inf{at_defaults}.")
    elif form.kind != "value" and not form.parameter:
        low, high = row.derivative_limits
        lines.append(
            f"f' has the limits {low:g} at -inf and {high:g} at inf, and |f'| is at most {row.sup_derivative:.6g}"
            f"{at_defaults}."
        )
        lines += [f"At the kink x = {at:g}, f' is {slope:g}." for at, slope in row.kinks_at().items()]
    if form.inputs[0] == "grad":
        lines.append("The product is rounded once; 0 * inf is NaN, as everywhere in IEEE arithmetic.")
    for kind in form.formulas:
        of = "backward_from_output" if kind == "derivative_from_output" else kind
        bound = row.accuracy_of(of)
        subject = {"value": "f", "derivative": "f'", "derivative_from_output": "f'", "second_derivative": "f''"}
        lines.append(
            f"Maximum error of {subject.get(kind, form.outputs[0].removeprefix('grad * '))}: {bound.float32:g} ULP in "
            f"float32, {bound.float64:g} in float64, {bound.float16:g} in float16."
        )
        lines += [
            f"Within 1/16 of its root {root:.6g} the error may be absolute instead: 2^-24, in float64 2^-53."
            for root in row.roots_of(of)
        ]
        if cancels := next((p.derivative_cancels for p in row.parameters if of == f"derivative_{p.name}"), 0):
            lines.append(
                f"Near its roots, where it cancels, the error may be absolute instead: 2^-24, in float64 2^-53, times "
                f"{cancels}."
            )
    return lines


def _references(row: Activation, _: Form) -> list[str]:
    return ["References", "----------", row.reference]


def has_example(form: Form) -> bool:
    """Whether the docstring of a form ends with an example."""
    return form.inputs == ("x",) and len(form.outputs) == 1


def _example(row: Activation, form: Form) -> list[str]:
    if not has_example(form):
        return []
    public = row.name + form.suffix
    return [
        "Examples",
        "--------",
        ">>> import numpy as np, fastact",
        f'>>> print(f"{{fastact.{public}(np.float32({row.example:g})):.6g}}")',
        *([RESULTS[public]] if public in RESULTS else []),  # written after the first build of a new row
    ]
