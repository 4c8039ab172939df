"""``fastact list`` and ``fastact plot``: what they print, filter, write and refuse."""

from __future__ import annotations

import io
import json
import math
import os

import pytest
from rich.console import Console
from typer.testing import CliRunner

import fastact
from fastact import cli, listing
from fastact.properties import properties

TABLES = {row.name: properties(row) for row in fastact.activations.values()}

FILTERS = {
    "bounded": ("unbounded", lambda table: math.isfinite(table["infimum"]) and math.isfinite(table["supremum"])),
    "monotone": ("not-monotone", lambda table: table["monotone"]),
    "zero-centred": ("not-zero-centred", lambda table: table["infimum"] == -table["supremum"]),
    "odd": ("not-odd", lambda table: table["odd"]),
    "differentiable": ("not-differentiable", lambda table: table["smoothness"] in ("C1", "smooth")),
    "smooth": ("not-smooth", lambda table: table["smoothness"] == "smooth"),
    "parameters": ("no-parameters", lambda table: table["parameters"] != []),
    "from-output": ("not-from-output", lambda table: table["from_output"] is not None),
    "second-derivative": ("no-second-derivative", lambda table: table["second_derivative_formula"] is not None),
}


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    app = cli.make_app()

    def invoke(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


def listed(result):
    assert result.exit_code == 0, result.output
    return [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_the_table_has_a_line_for_each_activation_and_no_terminal_changes_it(run, monkeypatch):
    result = run("list")
    assert listed(result) == list(fastact.activations)
    heading, *lines = result.stdout.splitlines()
    assert heading.split()[:3] == ["activation", "range", "sup|f'|"]
    assert "\x1b" not in result.stdout
    at = heading.index("class")
    for line, table in zip(lines, TABLES.values(), strict=True):
        word = {"discontinuous": "jumps"}.get(table["smoothness"], table["smoothness"])
        assert line[at:].split()[0] == word
        assert line == line.rstrip()
    monkeypatch.setenv("COLUMNS", "200")
    assert run("list").stdout == result.stdout


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_and_its_opposite_share_the_table_out(run, name):
    opposite, holds = FILTERS[name]
    assert listed_or_none(run("list", f"--{name}")) == [key for key, table in TABLES.items() if holds(table)]
    assert listed_or_none(run("list", f"--{opposite}")) == [key for key, table in TABLES.items() if not holds(table)]


def listed_or_none(result):
    if result.stdout:
        return listed(result)
    assert (result.exit_code, result.stderr) == (0, "No activation has all of these properties.\n")
    return []


def test_every_question_has_a_filter():
    assert {name.replace("_", "-") for name in listing.QUESTIONS} == set(FILTERS)


def test_filters_by_saturation(run):
    assert "tanh" in listed(run("list", "--saturating", "soft"))
    assert "relu" in listed(run("list", "--saturating", "hard"))
    for word in ("hard", "soft", "none"):
        sides = [{TABLES[name][f"saturation_{side}"] for side in ("left", "right")} for name in
                 listed(run("list", "--saturating", word))]  # fmt: skip
        assert all(word in side and (word != "none" or side == {"none"}) for side in sides)
    result = run("list", "--saturating", "maybe")
    assert result.exit_code == cli.BAD
    assert "saturating must be one of hard, soft, none, got 'maybe'" in result.stderr


def test_filters_and_names_combine(run):
    assert listed(run("list", "--odd", "--bounded", "tanh", "sigmoid", "identity")) == ["tanh"]
    assert listed(run("list", "relu", "gelu")) == ["relu", "gelu"]
    for row in fastact.activations.values():
        for alias in row.aliases:
            assert listed(run("list", alias)) == [row.name]


def test_nothing_found_is_said_and_is_an_empty_list(run):
    nothing = ["list", "relu", "--unbounded", "--bounded", "--odd"]
    result = run(*nothing)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No activation has all of these properties.\n"
    assert json.loads(run(*nothing, "--json").stdout) == []


def test_json_is_strict_and_has_everything(run):
    def refuse(constant):
        raise AssertionError(constant)

    tables = json.loads(run("list", "--json").stdout, parse_constant=refuse)
    assert [table["name"] for table in tables] == list(fastact.activations)
    relu = tables[list(fastact.activations).index("relu")]
    assert set(relu) == set(TABLES["relu"])
    assert (relu["infimum"], float(relu["supremum"])) == (0.0, math.inf)
    assert relu["kinks"] == [[0.0, 0.0]]


@pytest.mark.parametrize("command", ["list", "plot"])
def test_an_unknown_name_names_the_closest(run, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(command, "tahn", "relu")
    assert result.exit_code == cli.BAD
    assert result.stderr.startswith("Error: there is no activation 'tahn': did you mean tanh")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("width", [40, 80, 120, 400])
def test_a_terminal_gets_the_columns_that_it_has_room_for(monkeypatch, width):
    from fastact import cli_catalogue

    file = io.StringIO()
    monkeypatch.setattr("rich.console.Console", lambda: Console(file=file, width=width, force_terminal=True,
                                                                 color_system=None))  # fmt: skip
    cli_catalogue._print(list(TABLES.values()))
    heading, _, *lines = file.getvalue().splitlines()
    columns = listing.fitting(list(TABLES.values()), width)
    assert heading.split() == " ".join(columns).split()
    assert [line.split()[0] for line in lines[: len(TABLES)]] == list(TABLES)
    assert max(map(len, (heading, *lines))) <= width
    assert "\N{HORIZONTAL ELLIPSIS}" not in file.getvalue()
    assert ("No room for" in file.getvalue()) == (len(columns) < len(listing.COLUMNS))
    if width == 400:
        assert columns == list(listing.COLUMNS)


def test_plot_writes_a_picture_in_two_formats(run, tmp_path):
    result = run("plot", "gelu", "--output", tmp_path / "new" / "folder")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "new" / "folder"
    assert sorted(os.listdir(folder)) == ["gelu.png", "gelu.svg"]
    assert result.stdout == f"{folder / 'gelu.png'}, {folder / 'gelu.svg'} written.\n"


def test_plot_draws_several_with_parameters_over_a_range(run, tmp_path):
    settings = ["--set", "beta=2", "--set", "negative_slope=0.2"]
    result = run("plot", "softplus", "leaky_relu", "tanh", *settings, "--range", "-2", "5", "--output", tmp_path)
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir(tmp_path)) == ["activations.png", "activations.svg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "beta"], "set must be PARAMETER=VALUE with a number, got 'beta'"),
        (["--set", "beta=two"], "set must be PARAMETER=VALUE with a number, got 'beta=two'"),
        (["--set", "beta=-1"], "softplus: beta must be in (0, inf), got -1.0"),
        (["--set", "gamma=1"], "no activation here has a parameter 'gamma'; known are beta"),
        (["--range", "3", "-3"], "the range of x must be two finite numbers, the first one smaller, got (3.0, -3.0)"),
        (["--range", "nan", "3"], "the range of x must be two finite numbers"),
    ],
)
def test_bad_arguments_of_plot_are_named_and_nothing_is_written(run, tmp_path, arguments, message):
    result = run("plot", "softplus", *arguments, "--output", tmp_path / "out")
    assert result.exit_code == cli.BAD
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "file").write_text("")
    result = run("plot", "tanh", "--output", tmp_path / "file")
    assert result.exit_code == cli.BAD
    assert "file" in result.stderr


def test_the_commands_are_listed_with_what_they_do(run):
    text = run("--help").output
    assert "List the activations and their properties" in " ".join(text.split())
    assert "Draw activations" in " ".join(text.split())
