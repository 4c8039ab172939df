"""What the commands that train have in common: options as text, definitions of activations, the progress bar."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import typer
    from rich.console import Console
    from rich.progress import Progress

T = TypeVar("T")


def joined(values: Sequence[object]) -> str:
    """The default of an option that takes several values."""
    return ",".join(map(str, values))


def either(values: Sequence[str]) -> str:
    """Help for an option that takes one of some values."""
    return f"One of {', '.join(values)}."


def define_option() -> typer.models.OptionInfo:
    """What ``--define`` is, whose texts `define` takes."""
    import typer

    return typer.Option(
        metavar="NAME=EXPRESSION", help="An activation of your own for --activations: 'phish=x*tanh(gelu(x))'."
    )


def split(text: str) -> list[str]:
    """The values between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def integers(name: str, text: str) -> list[int]:
    """Integers between commas."""
    return _each(name, text, int, "integers")


def numbers(name: str, text: str) -> list[float]:
    """Numbers between commas."""
    return _each(name, text, float, "numbers")


def _each(name: str, text: str, kind: Callable[[str], T], what: str) -> list[T]:
    try:
        return [kind(part) for part in split(text)]
    except ValueError:
        raise ValueError(f"{name} must be {what} with commas between, got {text!r}") from None


def define(definitions: Sequence[str]) -> None:
    """Register activations given as NAME=EXPRESSION."""
    import fastact

    for definition in definitions:
        name, sign, text = definition.partition("=")
        if not sign:
            raise ValueError(f"define must be NAME=EXPRESSION, got {definition!r:.60}")
        try:
            fastact.custom(text, name=name.strip())
        except TypeError as error:
            raise ValueError(f"define: {error}") from None
        except ModuleNotFoundError as error:
            if error.name != "sympy":
                raise
            raise ValueError("define needs SymPy: pip install 'fastact[custom]'") from None


def again(context: typer.Context) -> str:
    """The command that was given, with --resume."""
    words = [sys.argv[0], str(context.info_name)]  # as it was called: its folder need not be on the PATH
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is None or source.name != "COMMANDLINE" or parameter.name == "resume":
            continue
        value = context.params[parameter.name or ""]
        for one in value if isinstance(value, (list, tuple)) else [value]:
            words += [parameter.opts[0]] if one is True else [parameter.opts[0], str(one)]
    return shlex.join([*words, "--resume"])


def progress_bar(console: Console, counted: str) -> Progress:
    """A bar that vanishes when it is done, with the number of what is counted and the time that is left."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(counted),
        TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip
