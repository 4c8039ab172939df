"""What the commands that train have in common: options as text, definitions of activations, the progress bar."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

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


def jobs(given: int | None, scheduler: str | None) -> int | None:
    """The number of processes: what was asked for, or all that a cluster has (None), or one for each core."""
    import os

    if given is None and scheduler is not None:
        return None
    if given is None:
        return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if given < 1:
        raise ValueError(f"n-jobs must be an integer >= 1, got {given}")
    return given


def jobs_option() -> typer.models.OptionInfo:
    """What ``--n-jobs`` is, whose value `jobs` takes."""
    import typer

    return typer.Option(
        "--n-jobs", "--jobs", help="Rows computed at once, by so many processes.", show_default="one for each core"
    )


def scheduler_option() -> typer.models.OptionInfo:
    """What ``--scheduler`` is, whose value `cluster` takes."""
    import typer

    return typer.Option(metavar="ADDRESS", help="Of a Dask cluster that computes them: tcp://host:8786.")


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Inside, joblib's tasks go to a Dask cluster, if there is an address."""
    if address is None:
        yield
        return
    import joblib

    try:
        from dask.distributed import Client
    except ImportError:
        raise ValueError("scheduler needs Dask: pip install 'fastact[dask]'") from None
    with Client(address), joblib.parallel_config("dask"):
        yield


def say(console: Console, text: str) -> None:
    """Print as it is: paths and commands keep in one line."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def several(name: str, text: str, kind: type) -> list[Any]:
    """The values of an option that takes several of a kind: texts, integers or numbers."""
    return split(text) if kind is str else _each(name, text, kind, "integers" if kind is int else "numbers")


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
