"""The commands that show the catalogue: ``fastact list`` and ``fastact plot``."""

# No "from __future__ import annotations": typer reads the annotations of commands that are defined inside a function.

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    import typer


def register(app: "typer.Typer", bad: int) -> None:
    """Add the commands to the application; ``bad`` is the exit code for bad arguments."""
    import typer

    from fastact import activations, listing, plots, properties

    @app.command("list")
    def list_command(
        names: Annotated[
            list[str] | None, typer.Argument(metavar="NAME", help="Only these.", show_default=False)
        ] = None,
        *,
        bounded: Annotated[bool | None, typer.Option("--bounded/--unbounded", help="Finite range.")] = None,
        monotone: Annotated[bool | None, typer.Option("--monotone/--not-monotone", help="Never falls.")] = None,
        zero_centred: Annotated[
            bool | None, typer.Option("--zero-centred/--not-zero-centred", help="Range symmetric about 0.")
        ] = None,
        odd: Annotated[bool | None, typer.Option("--odd/--not-odd", help="f(-x) = -f(x).")] = None,
        differentiable: Annotated[
            bool | None, typer.Option("--differentiable/--not-differentiable", help="Continuous f'.")
        ] = None,
        smooth: Annotated[bool | None, typer.Option("--smooth/--not-smooth", help="All derivatives.")] = None,
        saturating: Annotated[
            str | None,
            typer.Option(metavar="hard|soft|none", help="On either side; none: on neither.", show_default=False),
        ] = None,
        parameters: Annotated[bool | None, typer.Option("--parameters/--no-parameters", help="Has parameters.")] = None,
        from_output: Annotated[
            bool | None, typer.Option("--from-output/--not-from-output", help="f' is a function of the output.")
        ] = None,
        second_derivative: Annotated[
            bool | None, typer.Option("--second-derivative/--no-second-derivative", help="fastact has f''.")
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help='Everything as JSON; infinities are the strings "inf" and "-inf".')
        ] = False,
    ) -> None:
        """List the activations and their properties; options that are given together must all hold."""
        try:
            chosen = properties.rows(names or activations)
            wanted = {
                "bounded": bounded,
                "monotone": monotone,
                "zero_centred": zero_centred,
                "odd": odd,
                "differentiable": differentiable,
                "smooth": smooth,
                "parameters": parameters,
                "from_output": from_output,
                "second_derivative": second_derivative,
            }
            tables = listing.select(map(properties.properties, chosen), wanted, saturating)
        except ValueError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(bad) from None
        if as_json:
            typer.echo(listing.as_json(tables))
        elif tables:
            _print(tables)
        else:
            typer.echo("No activation has all of these properties.", err=True)

    @app.command("plot")
    def plot_command(
        names: Annotated[list[str], typer.Argument(metavar="NAME", help="One or more; several share a figure.")],
        *,
        span: Annotated[
            tuple[float, float] | None,
            typer.Option("--range", metavar="FROM TO", help="Of x. Default: what shows all of it.", show_default=False),
        ] = None,
        settings: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="PARAMETER=VALUE", help="For those that have it; repeatable."),
        ] = None,
        output: Annotated[Path, typer.Option(show_default="here", help="Folder for the files.")] = Path(),
    ) -> None:
        """Draw activations: f, f' and, where fastact has it, f''.

        Kinks, saturation and the threshold are marked. Writes NAME.png and NAME.svg; for several activations,
        activations.png and activations.svg.
        """
        try:
            chosen = properties.rows(names)
            files = plots.save(chosen, output, span=span, parameters=_settings(settings or []))
        except (ValueError, OSError) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(bad) from None
        typer.echo(f"{', '.join(map(str, files))} written.")


def _settings(words: Sequence[str]) -> dict[str, float]:
    values = {}
    for word in words:
        name, separator, text = word.partition("=")
        try:
            values[name.strip()] = float(text if separator else "")
        except ValueError:
            raise ValueError(f"set must be PARAMETER=VALUE with a number, got {word!r}") from None
    return values


def _print(tables: Sequence[Any]) -> None:
    """To a terminal as a table of the columns that it has room for, to anything else as plain text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from fastact import listing

    console = Console()
    if not console.is_terminal:
        console.file.write(listing.plain(tables) + "\n")
        return
    columns = listing.fitting(tables, console.width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for heading in columns:
        style = "bold" if heading == "activation" else None
        justify = "right" if heading in listing.RIGHT else "left"
        table.add_column(heading, style=style, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for line in listing.cells(tables):
        table.add_row(*line[: len(columns)])
    console.print(table)
    left_out = [heading for heading in listing.COLUMNS if heading not in columns]
    if left_out:
        console.print(f"No room for {', '.join(left_out)}; --json has all.", style="dim", highlight=False, markup=False)
    console.print(listing.LEGEND, style="dim", highlight=False, markup=False)
