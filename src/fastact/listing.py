"""The table of properties that ``fastact list`` prints: which activations, which columns, what stands in a cell."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .properties import Properties

SATURATION = ("hard", "soft", "none")

# Yes or no, in the order of the options.
QUESTIONS: dict[str, Callable[[Properties], bool]] = {
    "bounded": lambda table: table["bounded"],
    "monotone": lambda table: table["monotone"],
    "zero_centred": lambda table: table["zero_centred"],
    "odd": lambda table: table["odd"],
    "differentiable": lambda table: table["differentiable"],
    "smooth": lambda table: table["smoothness"] == "smooth",
    "parameters": lambda table: bool(table["parameters"]),
    "from_output": lambda table: table["from_output"] is not None,
    "second_derivative": lambda table: table["second_derivative_formula"] is not None,
}


def number(value: float | None, digits: int = 4) -> str:
    """A number for reading; what does not exist is "-"."""
    return "-" if value is None else f"{value:.{digits}g}"


def _yes(value: bool) -> str:
    return "yes" if value else "-"


def _saturation(table: Properties) -> str:
    left, right = table["saturation_left"], table["saturation_right"]
    return f"{left}, {right}" if left != right else "-" if left == "none" else left


def _range(table: Properties) -> str:
    text = table["range"]
    return f"{text[0]}{number(table['infimum'])}, {number(table['supremum'])}{text[-1]}"


COLUMNS: dict[str, Callable[[Properties], str]] = {
    "activation": lambda table: table["name"],
    "range": _range,
    "sup|f'|": lambda table: number(table["sup_derivative"]),
    "class": lambda table: {"discontinuous": "jumps"}.get(table["smoothness"], table["smoothness"]),
    "monotone": lambda table: _yes(table["monotone"]),
    "odd": lambda table: _yes(table["odd"]),
    "saturates": _saturation,
    "threshold": lambda table: number(table["threshold"]),
    "f''": lambda table: _yes(QUESTIONS["second_derivative"](table)),
    "from y": lambda table: _yes(QUESTIONS["from_output"](table)),
    "near 0": lambda table: table["near_zero"].removeprefix("f(x) ~ "),
    "parameters": lambda table: ", ".join(f"{p['name']}={p['default']:.4g}" for p in table["parameters"]) or "-",
}
RIGHT = ("sup|f'|", "threshold")

LEGEND = (
    "class: jumps where f jumps, C0 where only f' does, C1 where only f'' does, else smooth. monotone: never falls. "
    "saturates: towards -inf, inf; hard where f is constant, soft where it tends to a limit. threshold: where f stops "
    "being constant, else where f' first reaches half of its supremum. f'': fastact has it. from y: f' is a function "
    "of the output. All at the default parameters."
)


def select(
    tables: Iterable[Properties], wanted: Mapping[str, bool | None], saturating: str | None = None
) -> list[Properties]:
    """The activations with all wanted properties.

    Parameters
    ----------
    tables : iterable of Properties
    wanted : mapping of str to bool or None
        An answer for some of ``QUESTIONS``; None for any.
    saturating : {"hard", "soft", "none"}, optional
        How f saturates on at least one side, or that it does on none.

    Returns
    -------
    list of Properties

    Raises
    ------
    ValueError
        For another word than those three.
    """
    if saturating not in (None, *SATURATION):
        raise ValueError(f"saturating must be one of {', '.join(SATURATION)}, got {saturating!r}")

    def saturates(table: Properties) -> bool:
        sides = {table["saturation_left"], table["saturation_right"]}
        return saturating is None or (sides == {"none"} if saturating == "none" else saturating in sides)

    return [
        table
        for table in tables
        if saturates(table)
        and all(QUESTIONS[name](table) == answer for name, answer in wanted.items() if answer is not None)
    ]


def cells(tables: Sequence[Properties]) -> list[list[str]]:
    """The cells of the table, row by row, under ``COLUMNS``."""
    return [[cell(table) for cell in COLUMNS.values()] for table in tables]


def plain(tables: Sequence[Properties]) -> str:
    """The table as text for other programs and files: one line for each activation, however wide."""
    lines = [list(COLUMNS), *cells(tables)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = []
    for line in lines:
        padded = [
            cell.rjust(width) if heading in RIGHT else cell.ljust(width)
            for heading, cell, width in zip(COLUMNS, line, widths, strict=True)
        ]
        text.append("  ".join(padded).rstrip())
    return "\n".join(text)


def fitting(tables: Sequence[Properties], width: int) -> list[str]:
    """The columns that a terminal of some width has room for; the first one always."""
    room = width
    columns: list[str] = []
    for heading, column in zip(COLUMNS, zip(*cells(tables), strict=True), strict=True):
        room -= max(map(len, (heading, *column))) + (2 if columns else 0)
        if columns and room < 0:
            break
        columns.append(heading)
    return columns


def as_json(tables: Sequence[Properties]) -> str:
    """All properties as JSON. JSON has no infinities and no NaN: these are the strings "inf", "-inf" and "nan"."""
    return json.dumps([_strict(table) for table in tables], indent=1, allow_nan=False, ensure_ascii=False)


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _strict(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
