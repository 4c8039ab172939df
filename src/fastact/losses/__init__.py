"""Losses with their gradients.

A loss of the prediction x comes in three forms: the value, the gradient with respect to x, and both in one pass:
``losses.NAME(x, target)``, ``losses.NAME_gradient(x, target)``, ``losses.NAME_value_and_gradient(x, target)``. All take
``sample_weight`` and ``reduction``; ``losses.get(name)`` has what is known of a loss, ``losses.LOSSES`` all of them.

>>> from fastact import losses
>>> losses.mean_squared_error_value_and_gradient([1.0, 2.0], [1.0, 4.0])
(2.0, array([ 0., -2.]))
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import _loss, logits, margins, probabilities, regression  # noqa: F401
from ._encoding import to_categorical
from ._loss import FUNCTIONS, SUFFIXES, Loss

LOSSES = MappingProxyType(_loss.LOSSES)
"""Every loss by name."""

_names = {name: row for row in LOSSES.values() for name in (row.name, *row.aliases)}
_functions = {
    name + suffix: FUNCTIONS[row.name + suffix] for name, row in _names.items() for suffix in SUFFIXES.values()
}
globals().update(_functions)

__all__ = ["LOSSES", "Loss", "get", "to_categorical", *_functions]  # noqa: PLE0604

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


def get(name: str) -> Loss:
    """What is known of a loss, by its name or an alias.

    Raises
    ------
    ValueError
        For a name that is none; the message lists all.

    Examples
    --------
    >>> from fastact import losses
    >>> losses.get("mse").name
    'mean_squared_error'
    """
    if not isinstance(name, str) or name not in _names:
        raise ValueError(f"name must be that of a loss, one of {', '.join(_names)}; got {name!r:.60}")
    return _names[name]


def __dir__() -> list[str]:
    return sorted(__all__)
