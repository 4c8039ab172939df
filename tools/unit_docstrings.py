"""The docstrings of functions of rows and of gated units, from their rows; for ``generate.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from fastact._units import GatedUnit, RowForm, RowFunction


def unit_documentation(units: ModuleType) -> Iterator[tuple[str, str]]:
    """Public names and docstrings."""
    for row in units.ROW_FUNCTIONS.values():
        for form in row.forms:
            yield row.name + form.suffix, row_documentation(row, form)
    texts = {"": _VALUE, "_backward": _BACKWARD, "_split": _SPLIT, "_split_backward": _SPLIT_BACKWARD}
    for unit in units.GATED_UNITS.values():
        for suffix, text in texts.items():
            yield unit.name + suffix, gate_documentation(unit, suffix, text)


def _example(call: str, result: str) -> list[str]:
    return ["Examples", "--------", ">>> import numpy as np, fastact", f">>> fastact.{call}", result]


# Functions of rows --------------------------------------------------------------------------------------------------

_ARRAYS = {
    "x": "x : array_like\n    float16, float32 or float64 (integers and bools are taken as float64).",
    "y": "y : array_like\n    Output of the function.",
    "grad": (
        "grad : array_like\n"
        "    Gradient with respect to the output; broadcasts with the other input, but not along the axis."
    ),
}


def row_documentation(row: RowFunction, form: RowForm) -> str:
    """The docstring of one form of a function of rows."""
    reduces = row.reduces and form.kind == "value"
    lines = [row.summary] if form.kind == "value" else [f"The gradient passed back through {row.name}."]
    lines += ["", f"    {row.formula}"]
    if form.kind == "backward":
        lines.append(f"    {row.backward_formula}")
    elif form.kind == "backward_from_output":
        lines.append(f"    {row.backward_from_output_formula}")
    lines += ["", "Parameters", "----------", *(_ARRAYS[name] for name in form.inputs)]
    lines += [
        "axis : int, tuple of int or None, default -1",
        "    What makes a row; None takes all axes. ``.ufunc`` takes an integer only.",
    ]
    if row.reduces:
        kept = "leave the axis in the result, with length 1" if reduces else "grad has the axis, with length 1"
        lines += ["keepdims : bool, default False", f"    Whether to {kept}." if reduces else f"    Whether {kept}."]
    lines += [
        "**keywords",
        "    Those of a NumPy gufunc: ``out``, ``dtype``, ``casting``, ``order``, ...",
        "",
        "Returns",
        "-------",
        "ndarray or scalar" if reduces else "ndarray",
        "    Of the common dtype; " + ("without the axis." if reduces else "of the shape of the row's array."),
        "",
        "Raises",
        "------",
        "ValueError",
        "    For an axis that does not exist or is empty, and for shapes that do not fit.",
        "TypeError",
        "    For complex, longdouble, object and other dtypes that are not computed, and masked arrays.",
        "",
        "Notes",
        "-----",
    ]
    if form.kind == "value":
        lines += [f"Range {row.range}. {row.infinities} NaN gives NaN for the whole row."]
        lines.append(
            f"Maximum error: {row.accuracy.float32:g} ULP in float32, {row.accuracy.float64:g} in float64"
            + (
                f", or {row.absolute[0]:.2g} and {row.absolute[1]:.2g} times {row.absolute_of} where that is more."
                if any(row.absolute)
                else "."
            )
        )
    else:
        lines.append(f"Maximum error: {row.backward_error:g} eps times {row.backward_error_of}.")
        if row.name != "sparsemax" and (form.kind == "backward" or row.name == "log_softmax"):
            lines.append("A softmax below an eighth of the smallest subnormal number may count as 0.")
        if row.name in ("softmax", "softmin", "sparsemax"):
            lines.append("Where gradients differ by more than the largest number, or sum to more, it may overflow.")
        if form.kind == "backward_from_output" and "softm" in row.name:
            lines.append("Where one number of a row takes nearly all, the gradient from the input keeps more digits.")
    lines += ["", "References", "----------", row.reference]
    if form.kind == "value":
        lines += ["", *_example(*row.example)]
    return "\n".join(lines)


# Gated units --------------------------------------------------------------------------------------------------------

_DTYPES = """TypeError
    For complex, longdouble, object and other dtypes that are not computed."""

_VALUE = """{name}(a, b, /, out=None, *, where=True, ...)

{summary} Elementwise, of two inputs.

    {formula}

Parameters
----------
a, b : array_like
    float16, float32 or float64 (integers and bools are taken as float64); they broadcast.
**keywords
    Those of every NumPy ufunc: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ...

Returns
-------
ndarray or scalar
    Of the common dtype.

Raises
------
{dtypes}

Notes
-----
Bit for bit a times fastact.{activation}(b) in float32 and float64, rounded once; float16 is computed in float32.
0 * inf is NaN, as everywhere in IEEE arithmetic.
Maximum error: {value.float32:g} ULP in float32, {value.float64:g} in float64, {value.float16:g} in float16.

References
----------
{reference}
"""

_BACKWARD = """{name}_backward(grad, a, b, /, out=(None, None), *, where=True, ...)

The gradients passed back through {name} at inputs a and b.

    {backward_formula}

Parameters
----------
grad, a, b : array_like
    Gradient with respect to the output, and the inputs; they broadcast.
**keywords
    Those of every NumPy ufunc: ``out``, ``where``, ``dtype``, ``casting``, ``order``, ...

Returns
-------
grad_a, grad_b : ndarray or scalar
    Gradients with respect to a and to b, of the common dtype.

Raises
------
{dtypes}

Notes
-----
The second is grad * (a * f'(b)), f being fastact.{activation}, each product rounded; 0 * inf is NaN.
Maximum error where a times the slope and the results are normal numbers: {backward.float32:g} ULP in float32,
{backward.float64:g} in float64; near a root of f' that of f', times grad * a.

References
----------
{reference}
"""

_SPLIT = """{summary} Of the two halves of an array along an axis.

    {formula}, a the first half of x and b the second

Parameters
----------
x : array_like
    float16, float32 or float64 (integers and bools are taken as float64).
axis : int, default -1
    The axis that is cut; its length must be even.
**keywords
    Those of `{name}`.

Returns
-------
ndarray
    Of the dtype of x, half as long along the axis.

Raises
------
ValueError
    For an axis that does not exist, or of odd length.
{dtypes}

References
----------
{reference}
"""

_SPLIT_BACKWARD = """The gradient passed back through {name}_split at input x.

    {backward_formula}, side by side

Parameters
----------
grad : array_like
    Gradient with respect to the output; half as long as x along the axis.
x : array_like
    Input of the function.
axis : int, default -1
    As it was given to `{name}_split`.
out : ndarray, optional
    Receives the result; may overlap the inputs.

Returns
-------
ndarray
    Of the shape of x and the common dtype, or out.

Raises
------
ValueError
    For an axis that does not exist, or of odd length, for a grad of another shape than the output, and an out of
    another than x.
{dtypes} For masked arrays.

References
----------
{reference}
"""


def gate_documentation(unit: GatedUnit, suffix: str, text: str) -> str:
    """The docstring of one function of a gated unit, from its template."""
    filled = text.format(
        name=unit.name,
        activation=unit.activation,
        summary=unit.summary,
        formula=unit.formula,
        backward_formula=unit.backward_formula,
        value=unit.accuracy,
        backward=unit.backward_accuracy,
        dtypes=_DTYPES,
        reference=unit.reference,
    )
    return filled if suffix else filled + "\n".join(["", *_example(*unit.example), ""])
