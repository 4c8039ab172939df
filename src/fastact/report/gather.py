"""Measure all experiments, and collect their rows and what they say in one report."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastact import experiments
from fastact.experiments import configuration, data, results
from fastact.experiments.experiment import CLOCK
from fastact.experiments.running import Run, measure_all

from .curves import curves

FILE, CLOCK_FILE = "report.json", "report-clock.json"
ROWS = "rows"
"""Folder of the experiments' own files, to which an interrupted report returns."""


def runs(
    names: Iterable[str],
    folder: str | Path,
    *,
    quick: bool = False,
    seed: int = 0,
    dataset: data.Dataset | None = None,
    resume: bool = False,
) -> list[Run]:
    """The experiments that a report is made of, ready to be measured.

    Parameters
    ----------
    names : iterable of str
        Among ``experiments.NAMES``.
    folder : path
        Of the report: the rows are kept in a folder in it.
    quick : bool
        Measure each with settings that take a few seconds.
    seed : int >= 0
        The first seed of all.
    dataset : Dataset, optional
        For those that are done on data; default: scikit-learn's digits.
    resume : bool
        Go on with the rows that are there.

    Raises
    ------
    ValueError
        For an unknown name or bad seed.
    ResumeError
        If rows that are there were made otherwise.
    """
    if Path(folder).exists() and not Path(folder).is_dir():
        raise ValueError(f"folder must be a folder, or a name that is free; {folder} is a file")
    names = configuration.distinct("only", names)
    made = []
    for name in names:
        experiment = experiments.load(name)
        settings = experiment.settings(**{**(experiment.quick if quick else {}), "seed": seed})
        rows = Path(folder) / ROWS
        made.append(
            Run(
                experiment, settings, dataset if experiment.on_data else None, folder=rows,
                resume=resume and (rows / experiment.file).exists(),
            )
        )  # fmt: skip
    return made


def measure(
    made: Sequence[Run], *, n_jobs: int | None = None, on_row: Callable[[str, bool], None] | None = None
) -> None:
    """Measure what the runs miss, all in one pool.

    Parameters
    ----------
    made : sequence of Run
    n_jobs : int, optional
        Processes, as joblib's: by default what ``joblib.parallel_config`` says, or 1. The numbers do not depend on it.
    on_row : callable, optional
        Called with the experiment's name for every row, and whether it was taken over.
    """
    told = on_row or (lambda *_: None)
    for run in made:
        for key in run.wanted:
            if key in run.rows:
                told(run.experiment.name, True)
    with contextlib.closing(measure_all(made, n_jobs)) as rows:
        for run, _ in rows:
            told(run.experiment.name, False)


def collect(made: Sequence[Run], *, quick: bool = False, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report of finished runs, and what in it depends on the clock.

    Returns
    -------
    report : dict
        Plain data: of each experiment title, summary, settings, data, definitions, rows, findings and table; the
        curves of all activations; the versions. Equal for equal seeds.
    clock : dict
        Of each experiment the entries of its rows that depend on the clock, by the rows' keys.
    """
    whole: dict[str, Any] = {
        "format": results.FORMAT,
        "quick": quick,
        "seed": seed,
        "versions": configuration.versions(),
        "experiments": {},
    }
    clock: dict[str, Any] = {"format": results.FORMAT, "experiments": {}}
    for run in made:
        experiment, report = run.experiment, run.report()
        timeless = {**report, "rows": [{k: v for k, v in row.items() if k != CLOCK} for row in report["rows"]]}
        findings = [finding for finding in experiment.judged(timeless) if not finding["clock"]]
        whole["experiments"][experiment.name] = {
            "title": experiment.title,
            "summary": experiment.summary,
            **{name: timeless[name] for name in ("settings", "data", "definitions", "rows")},
            "findings": findings,
            "table": dataclasses.asdict(experiment.table(timeless)),
            "notes": experiment.notes(timeless),
        }
        clock["experiments"][experiment.name] = {
            row["key"]: row[CLOCK] for row in report["rows"] if row.get(CLOCK) is not None
        }
    whole["activations"] = curves()
    return results.plain(whole), results.plain(clock)


def with_clock(report: Mapping[str, Any], clock: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each experiment in a report what its functions take: with the clock's entries in the rows."""
    merged = {}
    for name, part in report["experiments"].items():
        times = clock["experiments"].get(name, {})
        rows = [{**row, CLOCK: times[row["key"]]} if row["key"] in times else row for row in part["rows"]]
        merged[name] = {**part, "experiment": name, "rows": rows, "versions": report["versions"]}
    return merged
