"""The command ``fastact``.

This module imports without the ``demo`` extra, so that the command can say what to install.
"""

# No "from __future__ import annotations": typer reads the annotations of commands that are defined inside a function.

import importlib.util
import re
import shlex
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    import typer

EXTRA = "demo"
MODULES = {"typer": "typer", "rich": "rich", "matplotlib": "matplotlib", "sklearn": "scikit-learn", "joblib": "joblib"}

# Exit codes: 1 for what is missing, 2 for bad arguments and data (as typer), 130 as shells do for Ctrl-C.
MISSING, BAD, INTERRUPTED = 1, 2, 130


def main() -> None:
    """Entry point: run the command line, or say what it lacks."""
    missing = missing_packages()
    if missing:
        print(advice(missing), file=sys.stderr)
        raise SystemExit(MISSING)
    make_app()(prog_name="fastact")


def missing_packages() -> list[str]:
    """The packages of the ``demo`` extra that are not installed."""
    return [package for module, package in MODULES.items() if importlib.util.find_spec(module) is None]


def advice(missing: Sequence[str]) -> str:
    """What to install, as one command to paste: the requirements of the extra, with their versions."""
    wanted = [re.match(r"[\w.-]+[^;]*", text) for text in metadata.requires("fastact") or [] if EXTRA in text]
    requirements = [match[0].strip() for match in wanted if match and re.split(r"[^\w.-]", match[0])[0] in missing]
    command = shlex.join([sys.executable, "-m", "pip", "install", *(requirements or missing)])
    return (
        f"fastact: the command line needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
        f"installed.\nInstall with:\n\n    {command}\n\n"
        f"or install fastact with its {EXTRA!r} extra: pip install 'fastact[{EXTRA}]', in its source tree '.[{EXTRA}]'."
    )


def make_app() -> "typer.Typer":
    """The command line as a typer application."""
    import typer

    from fastact import (
        __version__,
        cli_catalogue,
        cli_experiments,
        cli_report,
        cli_sweep,
        show_config,
    )

    app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

    def version(wanted: bool) -> None:
        if wanted:
            typer.echo(__version__)
            raise typer.Exit

    @app.callback()
    def fastact(
        version: Annotated[
            bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        """Activation functions of neural networks: what they do to gradients, measured."""

    @app.command()
    def config() -> None:
        """Say which instruction set runs, which were built, and the versions."""
        show_config()

    cli_catalogue.register(app, BAD)
    cli_sweep.register(app, BAD, INTERRUPTED)
    cli_experiments.register(app, BAD, INTERRUPTED)
    cli_report.register(app, BAD, INTERRUPTED)

    return app


if __name__ == "__main__":
    main()
