"""The settings of an experiment: fields that carry their help and their check, from which its command is made."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from . import configuration


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that determines an experiment's numbers, but for the data.

    A subclass is a frozen dataclass too, whose fields come from the functions of this module; it may extend
    ``__post_init__`` by checks of fields together.

    Raises
    ------
    ValueError
        Naming the field and what is allowed.
    """

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, one.metadata["check"](one.name, getattr(self, one.name)))

    @property
    def common(self) -> dict[str, Any]:
        """What all rows share: the fields that are no axis."""
        return {one.name: getattr(self, one.name) for one in fields(self) if not one.metadata["axis"]}

    @property
    def own_definitions(self) -> dict[str, Any]:
        """Of the activations that the settings name, those that are not in the catalogue, by name."""
        values = [getattr(self, one.name) for one in fields(self) if one.metadata["activation"]]
        names = [name for value in values for name in ([value] if isinstance(value, str) else value)]
        return configuration.own_definitions(names)

    def as_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return dataclasses.asdict(self)


def _option(
    default: Any,
    text: str,
    kind: type,
    check: Callable[[str, Any], Any],
    *,
    several: bool = False,
    axis: bool = False,
    activation: bool = False,
) -> Any:
    metadata = {"help": text, "kind": kind, "check": check}
    return field(default=default, metadata={**metadata, "several": several, "axis": axis, "activation": activation})


def _each(check: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    return lambda name, values: tuple(check(name, value) for value in configuration.distinct(name, values))


def integer(default: int, text: str, *, lower: int = 1) -> Any:
    """A field: an integer >= ``lower``; ``text`` says what it is."""
    return _option(default, text, int, lambda name, value: configuration.integer(name, value, lower))


def integers(default: Iterable[int], text: str, *, lower: int = 1) -> Any:
    """A field and an axis: one or more different integers >= ``lower``."""
    check = _each(lambda name, value: configuration.integer(name, value, lower))
    return _option(tuple(default), text, int, check, several=True, axis=True)


def number(default: float, text: str, *, lower: float = 0.0, upper: float = math.inf, closed: bool = False) -> Any:
    """A field: a number in (lower, upper), or in [lower, upper) if ``closed``."""
    return _option(
        default, text, float, lambda name, value: configuration.number(name, value, upper, lower=lower, closed=closed)
    )


def numbers(
    default: Iterable[float], text: str, *, lower: float = 0.0, upper: float = math.inf, closed: bool = False
) -> Any:
    """A field and an axis: one or more different numbers in (lower, upper), or in [lower, upper) if ``closed``."""
    check = _each(lambda name, value: configuration.number(name, value, upper, lower=lower, closed=closed))
    return _option(tuple(default), text, float, check, several=True, axis=True)


def choice(default: str, text: str, allowed: Iterable[str]) -> Any:
    """A field: one of the values allowed."""
    allowed = tuple(allowed)
    text = f"{text} One of {', '.join(allowed)}."
    return _option(default, text, str, lambda name, value: configuration.choice(name, value, allowed))


def choices(default: Iterable[str], text: str, allowed: Iterable[str]) -> Any:
    """A field and an axis: one or more of the values allowed, each once."""
    allowed = tuple(allowed)
    check = _each(lambda name, value: configuration.choice(name, value, allowed))
    return _option(tuple(default), f"{text} Among {', '.join(allowed)}.", str, check, several=True, axis=True)


def activation(default: str, text: str) -> Any:
    """A field: the name of an activation."""
    return _option(default, text, str, lambda name, value: configuration.activations([value], name)[0], activation=True)


def activations(default: Iterable[str], text: str = "Names in fastact.activations.", *, axis: bool = True) -> Any:
    """A field, and an axis unless all rows share it: names of activations, each once; aliases are replaced by names."""

    def check(name: str, values: Iterable[Any]) -> tuple[str, ...]:
        return configuration.activations(values, name)

    return _option(tuple(default), text, str, check, several=True, axis=axis, activation=True)


def flag(text: str) -> Any:
    """A field that is False unless it is asked for."""
    return _option(False, text, bool, lambda name, value: configuration.choice(name, value, (True, False)))


def seeds(default: int) -> Any:
    """A field and an axis: how many seeds the error bars are over; `seed` says which is the first."""
    text = "Number of seeds, over which error bars are taken."
    return _option(default, text, int, lambda name, value: configuration.integer(name, value, 1), axis=True)


def seed() -> Any:
    """A field: the first seed."""
    text = "The first seed; the same seed gives the same numbers."
    return _option(0, text, int, lambda name, value: configuration.integer(name, value, 0))
