"""The command ``fastact sweep``: a table of networks over all combinations of what they are made of."""

# No "from __future__ import annotations": typer reads the annotations of commands that are defined inside a function.

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    import typer


def register(app: "typer.Typer", bad: int, interrupted: int) -> None:
    """Add the command to the application; ``bad`` and ``interrupted`` are its exit codes besides 0."""
    import typer

    from fastact import cli_options
    from fastact.experiments import sweep

    usual = sweep.Settings()

    @app.command("sweep")
    def sweep_command(
        context: typer.Context,
        *,
        activations: Annotated[
            str, typer.Option(help="Names in fastact.activations; several values with commas, here and below.")
        ] = cli_options.joined(usual.activations),
        define: Annotated[list[str] | None, cli_options.define_option()] = None,
        depths: Annotated[str, typer.Option(help="Numbers of hidden layers.")] = cli_options.joined(usual.depths),
        widths: Annotated[str, typer.Option(help="Units of every hidden layer.")] = cli_options.joined(usual.widths),
        initialisers: Annotated[
            str,
            typer.Option(help="Names in fastact.mlp.INITIALISERS, or auto: He for rectifiers, Xavier for the rest."),
        ] = cli_options.joined(usual.initialisers),
        optimisers: Annotated[str, typer.Option(help="Names in fastact.mlp.OPTIMISERS.")] = cli_options.joined(
            usual.optimisers
        ),
        learning_rates: Annotated[str, typer.Option(help="Of the optimiser.")] = cli_options.joined(
            usual.learning_rates
        ),
        batch_normalisation: Annotated[str, typer.Option(help="no, yes or both, before every activation.")] = "no",
        seeds: Annotated[
            str,
            typer.Option(help="Of data's division, weights and batches; error bars are over them."),
        ] = cli_options.joined(usual.seeds),
        epochs: Annotated[int, typer.Option(help="Passes over the training samples.")] = usual.epochs,
        batch_size: Annotated[int, typer.Option(help="Samples per step.")] = usual.batch_size,
        gain: Annotated[float, typer.Option(help="Factor on the initial weights.")] = usual.gain,
        dtype: Annotated[str, typer.Option(help="One of float32, float64.")] = usual.dtype,
        test_share: Annotated[float, typer.Option(help="Share of the samples held out.")] = usual.test_share,
        data: Annotated[
            Path | None,
            typer.Option(help="A .csv or .npz file, the last column the label. Default: scikit-learn's digits."),
        ] = None,
        output: Annotated[
            Path, typer.Option(help="File of all rows, as JSON; the same name with .csv has them as CSV.")
        ] = Path(sweep.FILE),
        resume: Annotated[bool, typer.Option("--resume", help="Go on with the rows in the output file.")] = False,
        n_jobs: Annotated[int | None, cli_options.jobs_option()] = None,
        scheduler: Annotated[str | None, cli_options.scheduler_option()] = None,
    ) -> None:
        """Train a network for every combination and show how well it did, with error bars over the seeds.

        Prints a table and writes a row for every network to sweep.json and sweep.csv. Training that diverges is a row
        too. Ctrl-C leaves the finished rows there; --resume goes on with them.
        """
        try:
            jobs = cli_options.jobs(n_jobs, scheduler)
            if output.suffix.lower() != ".json":
                raise ValueError(f"output must be the name of a .json file, got {output}")
            if batch_normalisation not in _NORMALISATION:
                raise ValueError(f"batch-normalisation must be no, yes or both, got {batch_normalisation!r}")
            cli_options.define(define or [])
            settings = sweep.Settings(
                activations=cli_options.split(activations),
                depths=cli_options.integers("depths", depths),
                widths=cli_options.integers("widths", widths),
                initialisers=cli_options.split(initialisers),
                optimisers=cli_options.split(optimisers),
                learning_rates=cli_options.numbers("learning-rates", learning_rates),
                batch_normalisation=_NORMALISATION[batch_normalisation],
                seeds=cli_options.integers("seeds", seeds),
                epochs=epochs,
                batch_size=batch_size,
                gain=gain,
                dtype=dtype,
                test_share=test_share,
            )
            with cli_options.cluster(scheduler):
                finished = _sweep(settings, data, output, resume, jobs, again=cli_options.again(context))
        except (ValueError, OSError) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(bad) from None
        raise typer.Exit(0 if finished else interrupted)


_NORMALISATION = {"no": (False,), "yes": (True,), "both": (False, True)}


def _sweep(settings: Any, file: Path | None, output: Path, resume: bool, jobs: int | None, *, again: str) -> bool:
    """Run the sweep in the terminal; whether it came to its end."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from fastact import cli_options
    from fastact.experiments import data, sweep
    from fastact.experiments.sweep import table as sweep_table

    started = time.perf_counter()
    console = Console()
    dataset = data.digits() if file is None else data.load(file)
    done = 0
    try:
        with cli_options.progress_bar(console, "networks") as progress:
            task = progress.add_task("training", total=len(settings))

            def on_row(row: dict[str, Any], taken_over: bool) -> None:
                nonlocal done
                done += 1
                what = "taken over" if taken_over else "trained"
                progress.update(task, advance=1, description=f"{what} {row['activation']} x {row['depth']}")

            rows = sweep.run(settings, dataset, file=output, resume=resume, n_jobs=jobs, on_row=on_row)
    except KeyboardInterrupt:
        console.print(
            f"Stopped. {done} of {len(settings)} rows are finished, in {output}. Go on with:\n\n    {again}\n",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
        return False
    headings, cells = sweep_table.printed(rows)
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for at, heading in enumerate(headings):
        table.add_column(heading, justify="left" if at == 0 else "right")
    for line in cells:
        table.add_row(*line)
    console.print(table)
    console.print("Mean ± standard deviation over the seeds that neither diverged nor failed.", style="dim")
    errors = {row["error"]: None for row in rows if row["error"]}
    for error in errors:
        console.print(f"Failed: {error}", soft_wrap=True, highlight=False, markup=False)
    sweep_table.to_csv(rows, output.with_suffix(".csv"))
    console.print(
        f"\n{output}, {output.with_suffix('.csv')} written after {time.perf_counter() - started:.0f} s.",
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip
    return True
