"""Options of the whole suite."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The same examples on every machine and in every run: a red suite is the code's doing.
settings.register_profile("fastact", deadline=None, derandomize=True, max_examples=60, database=None)
settings.load_profile("fastact")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also what takes long: the float64 coefficients of the header")


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of a test was asked for."""
    return request.config.getoption("--full")
