"""The commands of the experiments, one for each: their options are the fields of the experiment's settings."""

# No "from __future__ import annotations": typer reads the annotations of commands that are defined inside a function.

import dataclasses
import inspect
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    import typer

    from fastact.experiments.experiment import Experiment


def register(app: "typer.Typer", bad: int, interrupted: int) -> None:
    """Add the commands to the application; ``bad`` and ``interrupted`` are their exit codes besides 0."""
    from fastact import experiments

    for name in experiments.NAMES:
        app.command(name)(_command(experiments.load(name), bad, interrupted))


def _command(experiment: "Experiment", bad: int, interrupted: int) -> Any:
    """The function that typer makes a command of."""
    import typer

    from fastact import cli_options
    from fastact.experiments import data

    fields, usual = dataclasses.fields(experiment.settings), experiment.settings()

    def command(context: typer.Context, **given: Any) -> None:
        try:
            cli_options.define(given.pop("define") or [])
            output, resume, file = given.pop("output"), given.pop("resume"), given.pop("data", None)
            scheduler = given.pop("scheduler")
            jobs = cli_options.jobs(given.pop("n_jobs"), scheduler)
            settings = experiment.settings(
                **{
                    field.name: cli_options.several(field.name, given[field.name], field.metadata["kind"])
                    if field.metadata["several"]
                    else given[field.name]
                    for field in fields
                }
            )
            dataset = None if not experiment.on_data else data.digits() if file is None else data.load(file)
            with cli_options.cluster(scheduler):
                finished = _run(
                    experiment, settings, dataset, output, resume, jobs,
                    again=cli_options.again(context),
                )  # fmt: skip
        except (ValueError, OSError) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(bad) from None
        raise typer.Exit(0 if finished else interrupted)

    keywords: list[tuple[str, Any, Any]] = []
    for field in fields:
        several = field.metadata["several"]
        kind = str if several else field.metadata["kind"]
        text = field.metadata["help"] + (" Several with commas between." if several else "")
        default = cli_options.joined(getattr(usual, field.name)) if several else getattr(usual, field.name)
        words = [f"--{field.name.replace('_', '-')}"] if kind is bool else []
        keywords.append((field.name, Annotated[kind, typer.Option(*words, help=text)], default))
    keywords.append(("define", Annotated[list[str] | None, cli_options.define_option()], None))
    if experiment.on_data:
        text = "A .csv or .npz file, the last column the label. Default: scikit-learn's digits."
        keywords.append(("data", Annotated[Path | None, typer.Option(help=text)], None))
    files = f"Folder for {experiment.name}.json, {experiment.name}.png and {experiment.name}.svg."
    keywords += [
        ("output", Annotated[Path, typer.Option(show_default="here", help=files)], Path()),
        ("resume", Annotated[bool, typer.Option("--resume", help="Go on with the rows in the output folder.")], False),
        ("n_jobs", Annotated[int | None, cli_options.jobs_option()], None),
        ("scheduler", Annotated[str | None, cli_options.scheduler_option()], None),
    ]
    parameters = [inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, annotation, default in keywords
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    written = (
        f"Writes {experiment.name}.json, .png and .svg. Ctrl-C leaves the finished rows; --resume goes on with them."
    )
    command.__doc__ = f"{experiment.title}\n\n{experiment.summary}\n\n{written}"
    return command


def _run(
    experiment: "Experiment",
    settings: Any,
    dataset: Any,
    output: Path,
    resume: bool,
    jobs: int | None,
    *,
    again: str,
) -> bool:
    """Run one experiment in the terminal; whether it came to its end."""
    from rich.console import Console

    from fastact import cli_options
    from fastact.experiments import figure

    started = time.perf_counter()
    console = Console()
    total, done = len(experiment.cells(settings)), 0
    try:
        with cli_options.progress_bar(console, "rows") as progress:
            task = progress.add_task(experiment.name, total=total)

            def on_row(row: dict[str, Any], taken_over: bool) -> None:
                nonlocal done
                done += 1
                words = " ".join(str(row[name]) for name in experiment.axes)
                progress.update(task, advance=1, description=f"{'taken over' if taken_over else 'measured'} {words}")

            report = experiment.run(settings, dataset, folder=output, resume=resume, n_jobs=jobs, on_row=on_row)
    except KeyboardInterrupt:
        cli_options.say(
            console,
            f"Stopped. {done} of {total} rows are finished, in {output / experiment.file}. "
            f"Go on with:\n\n    {again}\n",
        )
        return False
    console.print(table(experiment.table(report)))
    for sentence in experiment.notes(report):
        console.print(sentence, style="dim", highlight=False, markup=False)
    findings = experiment.findings(report)
    if not findings:
        console.print("These rows decide none of the claims: more activations, depths or seeds may.")
    for finding in findings:
        console.print()
        console.print(f"Claim: {finding.claim} ({finding.source})", highlight=False, markup=False)
        console.print(f"Measured: {finding.measurement}", highlight=False, markup=False)
        console.print(f"Verdict: {finding.judgement}.", style="bold", highlight=False, markup=False)
    files = [output / experiment.file, *figure.save(experiment, report, output)]
    cli_options.say(console, f"\n{', '.join(map(str, files))} written after {time.perf_counter() - started:.0f} s.")
    return True


def table(shown: Any) -> Any:
    """A table for the terminal."""
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    numeric = [all(_number(line[at]) for line in shown.lines) for at in range(len(shown.headings))]
    for heading, right in zip(shown.headings, numeric, strict=True):
        drawn.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for at, line in enumerate(shown.lines):
        drawn.add_row(*line, end_section=at + 1 in shown.sections or at + 1 == len(shown.lines))
    return drawn


def _number(cell: str) -> bool:
    return not cell[:1].isalpha() or cell in ("n/a", "diverged", "none")
