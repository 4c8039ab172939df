"""The rows of a sweep as other tables: over seeds, as CSV, as a pandas frame, and as the cells that are printed."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import results
from . import AXES, DIVERGED, FAILED, OK

if TYPE_CHECKING:
    import pandas

Row = Mapping[str, Any]

MEASURES = ("test_accuracy", "train_accuracy", "loss")
GROUP = tuple(name for name in AXES if name != "seed")
ALWAYS = ("activation", "depth")
"""Columns that are printed even if they hold one value."""


def over_seeds(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One row for all seeds of a configuration, in the order in which they first come.

    Returns
    -------
    list of dict
        The axes but for the seed; ``ok``, ``diverged`` and ``failed``: how many seeds were; and of each name in
        ``MEASURES`` the mean over those that are ok (None if none is) and the sample standard deviation (None for
        fewer than two), as ``<name>_mean`` and ``<name>_std``.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in GROUP), []).append(row)
    table = []
    for values, members in groups.items():
        line: dict[str, Any] = dict(zip(GROUP, values, strict=True))
        line |= {status: sum(row["status"] == status for row in members) for status in (OK, DIVERGED, FAILED)}
        for name in MEASURES:
            known = [row[name] for row in members if row[name] is not None]
            line[f"{name}_mean"] = math.fsum(known) / len(known) if known else None
            line[f"{name}_std"] = statistics.stdev(known) if len(known) > 1 else None
        table.append(line)
    return table


def to_csv(rows: Sequence[Row], path: str | Path) -> None:
    """Write rows as CSV with a line of column names, atomically; None is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    results.write_bytes(Path(path), text.getvalue().encode())


def to_frame(rows: Sequence[Row]) -> pandas.DataFrame:
    """The rows as a pandas DataFrame.

    Raises
    ------
    ModuleNotFoundError
        Without pandas.
    """
    import pandas

    return pandas.DataFrame(list(rows))


def printed(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of ``over_seeds``: the axes that vary, then means with their standard deviations."""
    table = over_seeds(rows)
    axes = [name for name in GROUP if name in ALWAYS or len({line[name] for line in table}) > 1]
    headings = [*(name.replace("_", " ") for name in axes), "test accuracy", "train accuracy", "loss", "seeds"]
    return headings, [
        [
            *(_value(line[name]) for name in axes),
            _spread(line, "test_accuracy", ".1%"),
            _spread(line, "train_accuracy", ".1%"),
            _spread(line, "loss", ".3g"),
            _seeds(line),
        ]
        for line in table
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _spread(line: Row, name: str, form: str) -> str:
    mean, deviation = line[f"{name}_mean"], line[f"{name}_std"]
    if mean is None:
        return "-"
    return f"{mean:{form}}" if deviation is None else f"{mean:{form}} ± {deviation:{form}}"


def _seeds(line: Row) -> str:
    others = [f"{line[status]} {status}" for status in (DIVERGED, FAILED) if line[status]]
    return ", ".join([str(line[OK]), *others])
