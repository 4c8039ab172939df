"""The report as PDF, to be printed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from fastact import experiments
from fastact.experiments import figure, results
from fastact.experiments.experiment import Panel
from fastact.figures import render

from .gather import with_clock

FONT = "DejaVu"
RESOLUTION = 200
"""Of figures, in dots per inch."""
COLOURS = {
    "holds": (11, 107, 79),
    "holds only if": (122, 82, 0),
    "does not hold": (163, 48, 28),
    "not decided": (89, 89, 89),
}


def write(report: Mapping[str, Any], clock: Mapping[str, Any], folder: str | Path) -> Path:
    """Write ``report.pdf``: A4, the claims first, then a section for each experiment.

    Parameters
    ----------
    report, clock : mapping
        As `gather.collect` made them.
    folder : path
        An existing folder.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ModuleNotFoundError
        Without fpdf2, which the ``report`` extra has.
    """
    document = _document(report)
    merged = with_clock(report, clock)
    document.add_page()
    _heading(document, "What activations do: every claim measured", 18)
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    quick = " Quick runs, with fewer seeds and epochs than usual." if report["quick"] else ""
    _text(document, f"Made by fastact report, seed {report['seed']}.{quick} {versions}.", size=8, grey=True)
    for name, part in merged.items():
        for finding in experiments.load(name).findings(part):
            _finding(document, finding)
    for name, part in merged.items():
        experiment = experiments.load(name)
        document.add_page()
        _heading(document, part["title"], 14)
        _text(document, part["summary"])
        panels = experiment.panels(part)
        image = _image(panels, figure.caption(part))
        document.image(io.BytesIO(image), w=document.epw, alt_text=" ".join(panel.alt for panel in panels))
        document.ln(3)
        for finding in experiment.findings(part):
            _finding(document, finding)
        _table(document, part["table"])
        for note in part["notes"]:
            _text(document, note, size=8, grey=True)
    path = Path(folder) / "report.pdf"
    results.write_bytes(path, bytes(document.output()))
    return path


def _document(report: Mapping[str, Any]) -> Any:
    import matplotlib
    from fpdf import FPDF

    class Numbered(FPDF):
        """With the number of each page under it."""

        def footer(self) -> None:
            self.set_y(-12)
            self.set_font(FONT, size=8)
            self.set_text_color(110, 110, 110)
            self.cell(0, 8, str(self.page_no()), align="C")

    document = Numbered(format="A4")
    document.set_title("What activations do: every claim measured")
    document.set_lang("en")
    document.set_creator(f"fastact {report['versions']['fastact']}")
    # The same report is the same file.
    document.set_creation_date(datetime(2000, 1, 1, tzinfo=timezone.utc))
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # which have every sign that the experiments use
    document.add_font(FONT, "", fonts / "DejaVuSans.ttf")
    document.add_font(FONT, "B", fonts / "DejaVuSans-Bold.ttf")
    document.set_auto_page_break(auto=True, margin=16)
    return document


def _image(panels: Sequence[Panel], caption: str) -> bytes:
    def drawn() -> Any:
        return figure.draw(panels, caption)

    return render(drawn, ("png",), dpi=RESOLUTION)["png"]


def _heading(document: Any, text: str, size: int) -> None:
    document.set_text_color(26, 26, 26)
    document.set_font(FONT, "B", size)
    document.start_section(text)
    document.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")
    document.ln(2)


def _text(document: Any, text: str, *, size: int = 9, style: str = "", grey: bool = False) -> None:
    document.set_text_color(*((110, 110, 110) if grey else (26, 26, 26)))
    document.set_font(FONT, style, size)
    document.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L")
    document.ln(1)


def _finding(document: Any, finding: Any) -> None:
    with document.unbreakable():
        _text(document, f"{finding.claim} ({finding.source})", style="B", size=9)
        document.set_text_color(*COLOURS[finding.verdict])
        document.set_font(FONT, "B", 9)
        document.multi_cell(0, 4.5, finding.judgement, new_x="LMARGIN", new_y="NEXT", align="L")
        _text(document, finding.measurement)
        document.ln(1)


def _table(document: Any, table: Mapping[str, Any]) -> None:
    document.set_font(FONT, size=6.5)
    document.set_text_color(26, 26, 26)
    with document.table(
        line_height=3.2, borders_layout="HORIZONTAL_LINES", first_row_as_headings=True, text_align="LEFT"
    ) as drawn:
        for line in [table["headings"], *table["lines"]]:
            row = drawn.row()
            for cell in line:
                row.cell(str(cell))
    document.ln(2)
