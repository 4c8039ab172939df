"""Settings of the whole suite."""

from __future__ import annotations

import os
import tempfile

from hypothesis import settings

# The same examples on every machine and in every run: a red suite is the code's doing.
settings.register_profile("fastact", deadline=None, derandomize=True, max_examples=30, database=None)
settings.load_profile("fastact")

# Options of this run are not those of the runs of pytest that some tests start.
os.environ.pop("PYTEST_ADDOPTS", None)

# Compiled definitions: not in the home directory of whoever runs the tests, and shared by the workers of a run.
if "FASTACT_CACHE_DIR" not in os.environ:
    _definitions = tempfile.TemporaryDirectory(prefix="fastact-tests-")
    os.environ["FASTACT_CACHE_DIR"] = _definitions.name
