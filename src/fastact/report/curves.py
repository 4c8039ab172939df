"""f, f' and f'' of every activation, and its properties, as data for the page's picker."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastact
from fastact.listing import COLUMNS
from fastact.properties import properties

REACH, POINTS = 5.0, 101
DIGITS = 6
"""Significant digits of a curve: more than a picture shows."""


def curves() -> dict[str, dict[str, Any]]:
    """Of each activation, at its default parameters, its curves and what is known of it.

    Returns
    -------
    dict
        By name: ``x`` and ``f``, ``f'`` and ``f''`` there (None where it has no second derivative), the summary, the
        formulas, the properties as text and the reference.
    """
    x = np.linspace(-REACH, REACH, POINTS)
    return {name: _of(name, x) for name in fastact.activations}


def _of(name: str, x: np.ndarray) -> dict[str, Any]:
    row = fastact.activations[name]
    known = properties(row)
    second = row.second_derivative_formula
    forms = {"f": "", "f'": "_derivative", "f''": "_second_derivative" if second else None}
    formulas = [row.formula, row.derivative_formula, *([second] if second else [])]
    return {
        "summary": row.summary,
        "formulas": formulas,
        "properties": {heading: cell(known) for heading, cell in COLUMNS.items() if heading != "activation"},
        "reference": row.reference,
        "x": _digits(x),
        **{
            label: None if suffix is None else _digits(getattr(fastact, name + suffix)(x))
            for label, suffix in forms.items()
        },
    }


def _digits(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
