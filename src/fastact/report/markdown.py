"""The report as Markdown, with its figures beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastact import experiments
from fastact.experiments import figure, results

from .gather import with_clock

IMAGES = "images"


def write(report: Mapping[str, Any], clock: Mapping[str, Any], folder: str | Path) -> list[Path]:
    """Write ``report.md`` and the figures of all experiments.

    Parameters
    ----------
    report, clock : mapping
        As `gather.collect` made them.
    folder : path
        An existing folder; figures go to its folder ``images``.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    folder = Path(folder)
    (folder / IMAGES).mkdir(exist_ok=True)
    written, sections = [], []
    for name, part in with_clock(report, clock).items():
        written += figure.save(experiments.load(name), part, folder / IMAGES)
        sections.append(_section(name, part))
    claims = [
        ("Claim", "Verdict", "Measured"),
        *(
            (f"{finding.claim} ({finding.source})", f"**{finding.judgement}**", finding.measurement)
            for name, part in with_clock(report, clock).items()
            for finding in experiments.load(name).findings(part)
        ),
    ]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    quick = " These are quick runs, with fewer seeds and epochs than usual." if report["quick"] else ""
    text = "\n".join(
        [
            "# What activations do: every claim measured",
            "",
            f"Made by `fastact report`, seed {report['seed']}.{quick} {versions}. The numbers: `report.json`; what "
            "depends on the clock: `report-clock.json`.",
            "",
            table(claims),
            "",
            *sections,
        ]
    )
    path = folder / "report.md"
    results.write_bytes(path, text.encode())
    return [path, *written]


def _section(name: str, part: Mapping[str, Any]) -> str:
    experiment = experiments.load(name)
    lines = [f"## {part['title']}", "", part["summary"], "", f"![{_alt(experiment, part)}]({IMAGES}/{name}.png)", ""]
    for finding in experiment.findings(part):
        lines += [f"- **{finding.judgement}**: {finding.claim} *{finding.source}.* {finding.measurement}"]
    headings = tuple(heading.replace("\n", " ") for heading in part["table"]["headings"])
    lines += ["", table([headings, *part["table"]["lines"]]), "", *(f"{note}\n" for note in part["notes"])]
    return "\n".join(lines)


def _alt(experiment: Any, part: Mapping[str, Any]) -> str:
    return " ".join(panel.alt for panel in experiment.panels(part)).replace("]", ")").replace("[", "(")


def table(lines: list[Any]) -> str:
    """A table of Markdown; the first line has the headings."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    head, *body = ["| " + " | ".join(line) + " |" for line in cells]
    return "\n".join([head, "|" + " --- |" * len(cells[0]), *body])
