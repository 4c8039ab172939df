"""docs/activations.md is what the catalogue makes of it, its links lead somewhere, and all pictures are there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import fastact

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "activations.md"

if not (ROOT / "tools" / "pages.py").is_file():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import pages
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return pages


def test_the_page_is_that_of_the_catalogue(tool: ModuleType):
    assert PAGE.read_text(encoding="utf-8") == tool.page(), "run python tools/pages.py"


def test_links_lead_somewhere():
    text = PAGE.read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.*)$", text, flags=re.MULTILINE)}
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets
    for target in targets:
        path, _, anchor = target.partition("#")
        assert (PAGE.parent / path).is_file() if path else anchor in headings, target


def test_every_activation_has_its_section_and_picture(tool: ModuleType):
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == list(fastact.activations)
    pictures = {path.stem for path in tool.PICTURES.glob("*.svg")}
    assert pictures == set(fastact.activations), "run python tools/pages.py"
    for path in tool.PICTURES.glob("*.svg"):
        assert path.stat().st_size < 60_000


def test_pictures_are_reproducible(tool: ModuleType):
    row = fastact.activations["relu"]
    assert tool.picture(row) == tool.picture(row)


def test_examples_run(tool: ModuleType):
    """What stands after >>> is what was run."""
    for row in fastact.activations.values():
        lines = "\n".join(tool.section(row))
        (example,) = re.findall(r"^```pycon\n(.*?)^```$", lines, flags=re.MULTILINE | re.DOTALL)
        assert example.count(">>> ") == 1 + sum(form.own and form.inputs == ("x",) for form in row.forms)
