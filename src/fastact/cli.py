"""The command ``fastact``.

This module imports without the ``demo`` extra, so that the command can say what to install.
"""

# No "from __future__ import annotations": typer reads the annotations of commands that are defined inside a function.

import importlib.util
import re
import shlex
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

    from fastact import __version__, cli_catalogue, cli_experiments, cli_options, cli_sweep, show_config
    from fastact.experiments import vanish

    app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    usual = vanish.Settings()

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

    @app.command("vanish")
    def vanish_command(
        context: typer.Context,
        *,
        depths: Annotated[
            str, typer.Option(help="Numbers of hidden layers, with commas between.")
        ] = cli_options.joined(usual.depths),
        activations: Annotated[
            str, typer.Option(help="Names in fastact.activations, with commas.")
        ] = cli_options.joined(usual.activations),
        define: Annotated[list[str] | None, cli_options.define_option()] = None,
        width: Annotated[int, typer.Option(help="Units of every hidden layer.")] = usual.width,
        epochs: Annotated[int, typer.Option(help="Passes over the training samples.")] = usual.epochs,
        batch_size: Annotated[int, typer.Option(help="Samples per step.")] = usual.batch_size,
        learning_rate: Annotated[float, typer.Option(help="Of the optimiser.")] = usual.learning_rate,
        optimiser: Annotated[str, typer.Option(help=cli_options.either(vanish.OPTIMISERS))] = usual.optimiser,
        initialiser: Annotated[
            str,
            typer.Option(
                help=f"{cli_options.either(vanish.INITIALISERS)} auto: He for rectifiers, Xavier for the rest."
            ),
        ] = usual.initialiser,
        gain: Annotated[float, typer.Option(help="Factor on the initial weights.")] = usual.gain,
        dtype: Annotated[str, typer.Option(help=cli_options.either(tuple(vanish.SATURATION)))] = usual.dtype,
        seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = usual.seed,
        test_share: Annotated[float, typer.Option(help="Share of the samples held out.")] = usual.test_share,
        probe: Annotated[int, typer.Option(help="Training samples on which gradients are measured.")] = usual.probe,
        saturated: Annotated[
            bool,
            typer.Option(
                "--saturated", help="Start with the last hidden layer's pre-activations at 17.5 or more (float64: 38)."
            ),
        ] = usual.saturated,
        data: Annotated[
            Path | None,
            typer.Option(help="A .csv or .npz file, the last column the label. Default: scikit-learn's digits."),
        ] = None,
        output: Annotated[
            Path, typer.Option(show_default="here", help="Folder for vanish.json, vanish.png and vanish.svg.")
        ] = Path(),
        resume: Annotated[bool, typer.Option("--resume", help="Go on with the rows in the output folder.")] = False,
        jobs: Annotated[int, typer.Option(help="Networks trained at once (processes).")] = 1,
    ) -> None:
        """Train one network at many depths and show what depth does to its gradients.

        Prints a table and writes all numbers to vanish.json and a figure to vanish.png and vanish.svg. Ctrl-C leaves
        the finished rows there; --resume goes on with them.
        """
        try:
            if jobs < 1:
                raise ValueError(f"jobs must be an integer >= 1, got {jobs}")
            cli_options.define(define or [])
            settings = vanish.Settings(
                depths=cli_options.integers("depths", depths),
                activations=cli_options.split(activations),
                width=width,
                epochs=epochs,
                batch_size=batch_size,
                learning_rate=learning_rate,
                optimiser=optimiser,
                initialiser=initialiser,
                gain=gain,
                dtype=dtype,
                seed=seed,
                test_share=test_share,
                probe=probe,
                saturated=saturated,
            )
            status = _vanish(settings, data, output, resume, jobs, again=cli_options.again(context))
        except (ValueError, OSError) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(BAD) from None
        raise typer.Exit(status)

    return app


def _vanish(settings: Any, file: Path | None, output: Path, resume: bool, jobs: int, *, again: str) -> int:
    """Run the main job in the terminal; returns the exit code."""
    from rich.console import Console

    from fastact import cli_options
    from fastact.experiments import data, vanish, vanish_figure, vanish_text

    started = time.perf_counter()
    console = Console()
    dataset = data.digits() if file is None else data.load(file)
    rows: list[dict[str, Any]] = []
    progress = cli_options.progress_bar(console, "hidden layers")
    try:
        with progress:
            # Layers, not networks: a network of 30 layers takes as long as 30 of one.
            task = progress.add_task("training", total=len(settings.activations) * sum(settings.depths))

            def on_row(row: dict[str, Any], taken_over: bool) -> None:
                rows.append(row)
                what = "taken over" if taken_over else "trained"
                progress.update(task, advance=row["depth"], description=f"{what} {row['activation']} x {row['depth']}")

            report = vanish.run(settings, dataset, folder=output, resume=resume, jobs=jobs, on_row=on_row)
    except KeyboardInterrupt:
        total = len(settings.activations) * len(settings.depths)
        console.print(
            f"Stopped. {len(rows)} of {total} rows are finished, in {output / vanish.FILE}. "
            f"Go on with:\n\n    {again}\n",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
        return INTERRUPTED
    console.print(_table(report["rows"]))
    for sentence in vanish_text.legend(report["rows"]):
        console.print(sentence, style="dim", highlight=False, markup=False)
    console.print()
    for sentence in vanish_text.findings(report["rows"], saturated=settings.saturated):
        console.print(sentence, highlight=False, markup=False)
    files = [output / vanish.FILE, *vanish_figure.save(report, output)]
    console.print(
        f"\n{', '.join(map(str, files))} written after {time.perf_counter() - started:.0f} s.",
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip
    return 0


def _table(rows: Sequence[dict[str, Any]]) -> Any:
    from rich import box
    from rich.table import Table

    from fastact.experiments import vanish_text

    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for at, (upper, lower) in enumerate(vanish_text.HEADINGS):
        table.add_column(f"{upper}\n{lower}", justify="left" if at == 1 else "right", no_wrap=True)
    for at, row in enumerate(rows):
        last = at + 1 == len(rows) or rows[at + 1]["activation"] != row["activation"]
        table.add_row(*vanish_text.cells(row), end_section=last)
    return table


if __name__ == "__main__":
    main()
