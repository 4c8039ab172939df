"""Write ``tools/examples.json``, what the examples of the docstrings print: ``python tools/examples.py``.

The docstrings are written before anything is built, so the results must lie there; the truth is mpmath's, as in the
tests, rounded to float32. ``tests/test_docstrings.py`` holds the file against it, and runs the examples.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "tools" / "examples.json"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import fastact  # noqa: E402
from tests import oracle  # noqa: E402
from tools.docstrings import has_example  # noqa: E402


def results() -> dict[str, str]:
    """What the example of every form that has one prints, by public name."""
    printed = {}
    for name, row in fastact.activations.items():
        parameters = [float(np.float32(p.default)) for p in row.parameters]
        for form in row.forms:
            if has_example(form):
                truth = oracle.exact(name, form.name, float(np.float32(row.example)), *parameters)
                rounded = math.copysign(np.float32(float(abs(truth))), truth)
                printed[name + form.suffix] = f"{rounded:.6g}"
    return printed


def main() -> None:
    """Write the file."""
    EXAMPLES.write_text(json.dumps(results(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
