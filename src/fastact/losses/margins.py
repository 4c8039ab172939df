"""Losses of a margin. Conventions are Keras'; at a kink the derivative is that of the side where the loss is 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._schema import Interval
from ._checks import UNIT
from ._loss import loss
from ._rows import times


def _two_signs(t: NDArray) -> None:
    """Raise ValueError unless targets are -1 and 1 alone, or 0 and 1 alone."""
    if not (np.isin(t, (-1, 1)).all() or np.isin(t, (0, 1)).all()):
        raise ValueError(f"target must have the values -1 and 1 alone, or 0 and 1 alone, got {np.unique(t)[:5]}")


_OF_SIGNS: dict[str, Any] = {
    "target_domain": Interval(-1.0, 1.0, lower_closed=True, upper_closed=True),
    "target_meaning": "-1 or 1; or 0 or 1, where 0 is taken as -1.",
    "target_check": _two_signs,
}


def _missing(x: NDArray, t: NDArray) -> tuple[NDArray, NDArray]:
    """What the signed predictions lack of the margin 1, and the signs."""
    sign = np.where(t == 0, x.dtype.type(-1), t)
    return np.maximum(1.0 - sign * x, 0.0), sign


@loss(
    formula="L_ik = max(0, 1 - t_ik x_ik),  t_ik = -1 or 1",
    gradient_formula="dL_ik/dx_ik = -t_ik where t_ik x_ik < 1, else 0",
    reference="``keras.losses.hinge``.",
    example="""
    >>> losses.hinge([2.0, 0.5, -1.0], [1, 1, 1], reduction="none")
    array([0. , 0.5, 2. ])
    """,
    **_OF_SIGNS,
)
def hinge(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """Mean over the outputs of the hinge loss."""
    missing, sign = _missing(x, t)
    yield missing
    yield np.multiply(-sign, np.heaviside(missing, 0.0), out=out)


@loss(
    formula="L_ik = max(0, 1 - t_ik x_ik)^2,  t_ik = -1 or 1",
    gradient_formula="dL_ik/dx_ik = -2 t_ik max(0, 1 - t_ik x_ik)",
    reference="``keras.losses.squared_hinge``.",
    example="""
    >>> losses.squared_hinge([2.0, 0.5, -1.0], [1, 1, 1], reduction="none")
    array([0.  , 0.25, 4.  ])
    """,
    **_OF_SIGNS,
)
def squared_hinge(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """Mean over the outputs of the squared hinge loss."""
    missing, sign = _missing(x, t)
    yield missing * missing
    yield np.multiply(-2.0 * sign, missing, out=out)


@loss(
    formula="L_i = max(0, 1 + max_k (1 - t_ik) x_ik - sum_k t_ik x_ik)",
    gradient_formula="""
    dL_i/dx_ik = (1 - t_ik) [k = m] - t_ik where L_i > 0, else 0;  m the first k with the largest (1 - t_ik) x_ik
    """,
    note="As in Keras the true class itself, with (1 - 1) x = 0, is among those of which the best is taken.",
    reference="``keras.losses.categorical_hinge``.",
    example="""
    >>> losses.categorical_hinge([[3.0, 1.0, 2.5]], [[1, 0, 0]])
    0.5
    """,
    rows=True,
    target_domain=UNIT,
    target_meaning="One-hot rows: in [0, 1].",
)
def categorical_hinge(x: NDArray, t: NDArray, out: NDArray | None) -> Iterator[NDArray]:
    """The hinge loss of rows: the true class's score against the best of the others."""
    others = times(1.0 - t, x)
    samples, best = np.arange(len(x)), others.argmax(axis=1)
    missing = np.maximum(others[samples, best] - np.add.reduce(times(t, x), axis=1) + 1.0, 0.0)
    yield missing
    slope = -t
    slope[samples, best] += 1.0 - t[samples, best]
    yield np.multiply(slope, np.heaviside(missing, 0.0)[:, np.newaxis], out=out)
