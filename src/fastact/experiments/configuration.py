"""What configurations of experiments have in common: activations by name, checks of values, versions."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

import fastact

T = TypeVar("T")


def initialiser_for(activation: str) -> str:
    """The initialiser made for an activation.

    LeCun's for selu, He's for rectifiers, whose slopes differ on the two sides, and Xavier's for the rest.
    """
    if activation == "selu":  # the fixed point of its variance is that of these weights
        return "lecun_normal"
    left, right = fastact.registered(activation).spec.derivative_limits
    return "he_uniform" if abs(left - right) > 0 else "xavier_uniform"


def own_definitions(names: Iterable[str]) -> dict[str, Any]:
    """Of some activations those that are not in the catalogue, by name."""
    return {name: fastact.registered(name) for name in names if name not in fastact.activations}


def distinct(name: str, values: Iterable[Any]) -> tuple[Any, ...]:
    """One or more values, none of them twice."""
    values = tuple(values)
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{name} must be one or more different values, got {list(values)}")
    return values


def activations(values: Iterable[Any], argument: str = "activations") -> tuple[str, ...]:
    """Names of activations, each once; aliases are replaced by names."""
    rows = fastact.activations
    # An alias and its name are one activation.
    names = distinct(
        argument, (rows[value].name if isinstance(value, str) and value in rows else value for value in values)
    )
    for name in names:
        if not _known(name):
            raise ValueError(
                f"{argument} must be among {', '.join(fastact.activations)} or names given to fastact.custom, "
                f"got {name!r}"
            )
    return names


def _known(activation: Any) -> bool:
    try:
        return isinstance(activation, str) and fastact.registered(activation) is not None
    except ValueError:
        return False


def integer(name: str, value: Any, lower: int) -> int:
    """The value; ValueError unless it is an integer >= lower."""
    if isinstance(value, bool) or not isinstance(value, int) or value < lower:
        raise ValueError(f"{name} must be an integer >= {lower}, got {value!r}")
    return value


def number(name: str, value: Any, upper: float = math.inf, *, lower: float = 0.0, closed: bool = False) -> float:
    """A number in (lower, upper), or in [lower, upper) if ``closed``, as a float."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not lower <= value < upper or (value == lower and not closed):
        raise ValueError(f"{name} must be a number in {'[' if closed else '('}{lower:g}, {upper:g}), got {value!r}")
    return float(value)


def choice(name: str, value: Any, allowed: Sequence[T]) -> T:
    """The value; ValueError unless it is one of those allowed."""
    for one in allowed:
        if type(value) is type(one) and value == one:
            return one
    raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, got {value!r}")


def versions() -> dict[str, str]:
    """What the last bits of results may depend on."""
    return {
        "fastact": fastact.__version__,
        "instruction set": (fastact.show_config("dict") or {})["instruction set"],
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
