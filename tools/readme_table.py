"""Write the table of activations in ``README.md`` from the catalogue: ``python tools/readme_table.py``.

Standard library only, and reads nothing but those two; ``tests/test_readme.py`` holds them together.
"""

from __future__ import annotations

import re
from pathlib import Path

from generate import load_catalogue

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- table: begin (python tools/readme_table.py) -->\n", "<!-- table: end -->"
BLOCK = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={END})", re.DOTALL)


def table() -> str:
    """The catalogue as a Markdown table."""
    lines = ["| | f | ULP, float32 | ULP, float64 | f' from y = f(x) |", "|---|---|---|---|---|"]
    for row in load_catalogue(str(ROOT / "src" / "fastact" / "catalogue.py")).ACTIVATIONS.values():
        defaults = ", ".join(f"{name}={value:g}" for name, value in row.defaults.items())
        f, slope = row.accuracy, row.derivative_accuracy
        cells = [
            f"`{row.name}({defaults})`" if defaults else f"`{row.name}`",
            f"`{row.formula.removeprefix('f(x) = ')}`",
            f"{f.float32:g} / {slope.float32:g}",
            f"{f.float64:g} / {slope.float64:g}",
            f"`{row.from_output}`" if row.from_output else "",
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Replace the table in the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda _: table(), text), encoding="utf-8")


if __name__ == "__main__":
    main()
