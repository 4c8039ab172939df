"""The report as one HTML page that needs no network."""

from __future__ import annotations

import base64
import gzip
import json
import shlex
from collections.abc import Mapping
from importlib import resources
from typing import Any

from fastact import experiments
from fastact.experiments import results
from fastact.experiments.experiment import VERDICTS

from . import charts, pictures
from .gather import with_clock


def render(report: Mapping[str, Any], clock: Mapping[str, Any]) -> str:
    """The page of a report.

    Parameters
    ----------
    report, clock : mapping
        As `gather.collect` made them, or read from their files: nothing else has a number on the page.

    Returns
    -------
    str
        HTML; equal for equal reports.

    Raises
    ------
    ModuleNotFoundError
        Without the ``report`` extra.
    """
    import jinja2
    import vl_convert

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_file("page.html"))
    sections = [_section(name, part) for name, part in with_clock(report, clock).items()]
    picker = charts.picker(report["activations"])
    every = [picker, *(chart for section in sections for chart in section["charts"])]
    verdicts = [finding.verdict for section in sections for finding in section["findings"]]
    return template.render(
        report=report,
        sections=sections,
        picker=picker,
        counts={verdict: verdicts.count(verdict) for verdict in VERDICTS if verdict in verdicts},
        css=_file("page.css"),
        js=_file("page.js"),
        vega=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
        specifications=_script({chart.name: chart.specification for chart in every}),
        told=_script({chart.name: chart.told for chart in every}),
        known=_script(
            {
                name: {"summary": one["summary"], "formulas": one["formulas"], "properties": one["properties"]}
                for name, one in report["activations"].items()
            }
        ),
        numbers=_packed(report),
        times=_packed(clock),
    )


def _section(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    experiment = experiments.load(name)
    panels = experiment.panels(part)
    return {
        "name": name,
        "part": part,
        "paragraphs": part["summary"].split("\n\n"),
        "findings": experiment.findings(part),
        "panels": [{"panel": panel, "svg": pictures.svg(panel, f"{name}-{at}")} for at, panel in enumerate(panels, 1)],
        "charts": charts.of_experiment(name, part),
        "command": command(name, part["settings"]),
    }


def command(name: str, settings: Mapping[str, Any]) -> str:
    """The command that measures an experiment with these settings: those that differ from the usual ones."""
    usual = results.plain(experiments.load(name).settings().as_dict())
    words = ["fastact", name]
    for setting, value in settings.items():
        if value == usual[setting]:
            continue
        words.append(f"--{setting.replace('_', '-')}")
        if value is not True:
            words.append(",".join(map(str, value)) if isinstance(value, list) else str(value))
    return shlex.join(words)


def _file(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _script(value: Any) -> str:
    """JSON that may stand in a ``<script>``: nothing in it ends the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")


def _packed(value: Any) -> str:
    """JSON as gzip in base64, for the page to give out; without a date."""
    text = json.dumps(value, allow_nan=False, indent=1)
    return base64.b64encode(gzip.compress(f"{text}\n".encode(), mtime=0)).decode()
