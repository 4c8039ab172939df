"""What configurations of experiments have in common: activations by name, checks of values, versions."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable
from typing import Any

import numpy as np

import fastact


def initialiser_for(activation: str) -> str:
    """The initialiser made for an activation: He for rectifiers, whose slopes differ on the two sides; else Xavier."""
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


def activations(values: Iterable[Any]) -> tuple[str, ...]:
    """Names of activations, each once; aliases are replaced by names."""
    rows = fastact.activations
    # An alias and its name are one activation.
    names = distinct(
        "activations", (rows[value].name if isinstance(value, str) and value in rows else value for value in values)
    )
    for name in names:
        if not _known(name):
            raise ValueError(
                f"activations must be among {', '.join(fastact.activations)} or names given to fastact.custom, "
                f"got {name!r}"
            )
    return names


def _known(activation: Any) -> bool:
    try:
        return isinstance(activation, str) and fastact.registered(activation) is not None
    except ValueError:
        return False


def integer(name: str, value: Any, lower: int) -> None:
    """Raise ValueError unless it is an integer >= lower."""
    if isinstance(value, bool) or not isinstance(value, int) or value < lower:
        raise ValueError(f"{name} must be an integer >= {lower}, got {value!r}")


def number(name: str, value: Any, upper: float = math.inf) -> float:
    """A number in (0, upper), as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < upper:
        raise ValueError(f"{name} must be a number in (0, {upper:g}), got {value!r}")
    return float(value)


def choice(name: str, value: Any, allowed: Iterable[Any]) -> None:
    """Raise ValueError unless it is one of those allowed."""
    allowed = tuple(allowed)
    if value not in allowed:
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
