"""The command ``fastact report``: all experiments, on one page."""

# No "from __future__ import annotations": typer reads the annotations of commands that are defined inside a function.

import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    import typer

NEEDED = {"html": {"altair": "altair", "vl_convert": "vl-convert-python", "jinja2": "jinja2"}, "pdf": {"fpdf": "fpdf2"}}
"""Packages that a form needs besides those of all commands, by module."""
FORMATS = ("html", "md", "pdf")


def register(app: "typer.Typer", bad: int, interrupted: int) -> None:
    """Add the command to the application; ``bad`` and ``interrupted`` are its exit codes besides 0."""
    import typer

    from fastact import cli_options, experiments

    @app.command("report")
    def report_command(
        context: typer.Context,
        *,
        form: Annotated[str, typer.Option("--format", help=cli_options.either(FORMATS))] = "html",
        only: Annotated[
            str, typer.Option(help="Experiments, with commas between.", show_default="all")
        ] = cli_options.joined(experiments.NAMES),
        quick: Annotated[bool, typer.Option("--quick", help="With fewer seeds and epochs: in about a minute.")] = False,
        seed: Annotated[int, typer.Option(help="The first seed; the same seed gives the same numbers.")] = 0,
        data: Annotated[
            Path | None,
            typer.Option(help="A .csv or .npz file, the last column the label. Default: scikit-learn's digits."),
        ] = None,
        output: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("fastact-report"),
        resume: Annotated[bool, typer.Option("--resume", help="Go on with the rows in the output folder.")] = False,
        n_jobs: Annotated[int | None, cli_options.jobs_option()] = None,
        scheduler: Annotated[str | None, cli_options.scheduler_option()] = None,
    ) -> None:
        """Measure every claim and write one page that needs no network.

        Writes report.html (or report.md or report.pdf), report.json with all numbers, report-clock.json with those that
        depend on the clock, and the rows of every experiment. Ctrl-C leaves the finished rows; --resume goes on with
        them.
        """
        try:
            if form not in FORMATS:
                raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
            jobs = cli_options.jobs(n_jobs, scheduler)
            missing = [
                name for module, name in NEEDED.get(form, {}).items() if importlib.util.find_spec(module) is None
            ]
            if missing:
                raise ValueError(f"format {form} needs {', '.join(missing)}: pip install 'fastact[report]'")
            with cli_options.cluster(scheduler):
                finished = _report(
                    form, cli_options.split(only), quick, seed, data, output, resume, jobs,
                    again=cli_options.again(context),
                )  # fmt: skip
        except (ValueError, OSError) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(bad) from None
        raise typer.Exit(0 if finished else interrupted)


def _report(
    form: str,
    names: list[str],
    quick: bool,
    seed: int,
    file: Path | None,
    output: Path,
    resume: bool,
    jobs: int | None,
    *,
    again: str,
) -> bool:
    """Make the report in the terminal; whether it came to its end."""
    from rich.console import Console

    from fastact import cli_options
    from fastact.experiments import data, results
    from fastact.report import gather

    started = time.perf_counter()
    console = Console()
    dataset = None if file is None else data.load(file)
    made = gather.runs(names, output, quick=quick, seed=seed, dataset=dataset, resume=resume)
    total, done = sum(len(run.wanted) for run in made), 0
    try:
        with cli_options.progress_bar(console, "rows") as progress:
            task = progress.add_task("measuring", total=total)

            def on_row(name: str, _: bool) -> None:
                nonlocal done
                done += 1
                progress.update(task, advance=1, description=f"measured {name}")

            gather.measure(made, n_jobs=jobs, on_row=on_row)
    except KeyboardInterrupt:
        cli_options.say(
            console, f"Stopped. {done} of {total} rows are finished, in {output}. Go on with:\n\n    {again}\n"
        )
        return False
    report, clock = gather.collect(made, quick=quick, seed=seed)
    output.mkdir(parents=True, exist_ok=True)
    results.write(output / gather.FILE, report)
    results.write(output / gather.CLOCK_FILE, clock)
    with console.status(f"writing report.{form}"):
        written = _written(form, report, clock, output)
    console.print(_tally(report))
    cli_options.say(
        console,
        f"{written}, {output / gather.FILE} and {output / gather.CLOCK_FILE} written after "
        f"{time.perf_counter() - started:.0f} s.",
    )
    return True


def _written(form: str, report: dict[str, Any], clock: dict[str, Any], output: Path) -> Path:
    from fastact.experiments import results
    from fastact.report import markdown, page, pdf

    if form == "md":
        return markdown.write(report, clock, output)[0]
    if form == "pdf":
        return pdf.write(report, clock, output)
    path = output / "report.html"
    results.write_bytes(path, page.render(report, clock).encode())
    return path


def _tally(report: dict[str, Any]) -> Any:
    """The claims by experiment and verdict, as a table."""
    from fastact.cli_experiments import table
    from fastact.experiments.experiment import VERDICTS, Table

    lines = []
    for name, part in report["experiments"].items():
        found = [finding["verdict"] for finding in part["findings"]]
        lines.append((name, str(len(part["rows"])), *(str(found.count(verdict)) for verdict in VERDICTS)))
    return table(Table(headings=("experiment", "rows", *VERDICTS), lines=lines))
