"""What README.md says is so: the tour prints what it shows, commands name what exists, the table is the catalogue."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastact

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

if not README.is_file():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)

TEXT = README.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_tour_prints_what_it_shows() -> None:
    (tour,) = blocks("python")
    shown = re.findall(r"^# (.*)$", tour, flags=re.MULTILINE)
    assert len(shown) == tour.count("print(") > 0
    printed = io.StringIO()
    with np.printoptions(), contextlib.redirect_stdout(printed):
        exec(compile(tour, str(README), "exec"), {})
    assert printed.getvalue().splitlines() == shown


def test_tour_is_short() -> None:
    (tour,) = blocks("python")
    statements = [line for line in tour.splitlines() if line and not line.startswith("#")]
    assert len(statements) <= 18


def test_speeds_are_those_of_the_report() -> None:
    report = (ROOT / "docs" / "performance" / "serial.md").read_text(encoding="utf-8")
    said = " ".join(TEXT.split())
    limits = []
    said_as = {"value": "forward", "derivative": "derivative", "backward": "backward"}
    for form, words in (said_as | {"backward_from_output": "from the output"}).items():
        (line,) = re.findall(rf"^\| \*\*{form}\*\* \|.*$", report, flags=re.MULTILINE)
        _, _, _, _, mean, limit, cells, behind, *_ = (cell.strip() for cell in line.split("|"))
        assert re.search(rf"{words} {re.escape(mean)} \({behind} of {cells}\b", said), line
        limits.append(limit)
    assert "it would be {}, {}, {} and {}.".format(*limits) in said


def test_there_are_two_commands_of_one_line_each() -> None:
    commands = blocks("sh")
    assert [command.count("\n") for command in commands] == [1, 1]
    for command in commands:
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install '.[")


@pytest.mark.parametrize("command", blocks("sh"))
def test_commands_name_existing_extras_and_programs(command: str) -> None:
    extras = re.search(r"'\.\[([\w,]+)\]'", command)
    assert extras is not None
    distribution = metadata.distribution("fastact")
    declared = distribution.metadata.get_all("Provides-Extra") or []
    for extra in extras[1].split(","):
        assert extra in declared
    program = re.search(r"&& \.venv/bin/(\w+)[^&]*$", command)
    assert program is not None
    if program[1] == "pytest":
        required = [text for text in distribution.requires or [] if re.search(rf"extra == .{extras[1]}.", text)]
        assert any(text.startswith("pytest>") for text in required)
    else:
        scripts = [entry.name for entry in distribution.entry_points if entry.group == "console_scripts"]
        assert program[1] in scripts


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert targets
    for target in targets:
        assert (ROOT / target).is_file(), target


def tool() -> Any:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import readme_table
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return readme_table


def test_table_is_the_catalogue() -> None:
    readme_table = tool()
    (found,) = readme_table.BLOCK.findall(TEXT)
    assert found == readme_table.table(), "run python tools/readme_table.py"


def test_float16_bounds_are_as_said() -> None:
    said = re.search(r"in float16 they are at most ([\d.]+) / ([\d.]+)\.", TEXT)
    assert said is not None
    rows = fastact.activations.values()
    assert max(row.accuracy.float16 for row in rows) == float(said[1])
    assert max(row.derivative_accuracy.float16 for row in rows) == float(said[2])
