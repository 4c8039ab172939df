"""The examples in the docstrings of the public functions: they print what they say, which is mpmath's number."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest

import fastact

ROOT = Path(__file__).parents[1]


def has_example(name: str) -> bool:
    return ">>>" in (getattr(fastact, name).__doc__ or "")


@pytest.mark.parametrize("name", [name for name in fastact.__all__ if has_example(name)])
def test_the_example_prints_what_it_says(name: str) -> None:
    found = doctest.DocTestParser().get_doctest(getattr(fastact, name).__doc__, {}, name, None, None)
    assert found.examples[-1].want, "it shows no output"
    assert doctest.DocTestRunner(verbose=False).run(found).failed == 0


def test_every_activation_has_an_example() -> None:
    for name, row in fastact.activations.items():
        for form in row.forms:
            assert has_example(name + form.suffix) == (form.inputs == ("x",) and len(form.outputs) == 1), form.name


@pytest.mark.skipif(not (ROOT / "tools" / "examples.py").is_file(), reason="the tool is not beside the tests")
def test_the_results_are_those_of_the_tool() -> None:
    from tools import examples

    written = json.loads(examples.EXAMPLES.read_text(encoding="utf-8"))
    assert written == examples.results(), "run python tools/examples.py"
