"""Running experiments: every cell is measured once, in any process, and its row is on disk soon after."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import fastact
from fastact.compiler.activation import register

from . import configuration, data, execution, load, results
from .experiment import Cell, Experiment, Row
from .options import Settings

SAVED_EVERY = 1.0
"""Seconds between two writes of a file: a run of many short rows would do nothing else."""


class Run:
    """One experiment with its settings and data: the rows there are, those that are missing, and their file.

    Parameters
    ----------
    experiment, settings, dataset, folder, resume
        As of `Experiment.run`, which lists the errors too. Nothing is written yet.

    Attributes
    ----------
    rows : dict
        Rows by key.
    missing : dict
        Cells asked for that have no row, by key.
    """

    def __init__(
        self,
        experiment: Experiment,
        settings: Settings | None,
        dataset: data.Dataset | None,
        *,
        folder: str | Path | None,
        resume: bool,
    ) -> None:
        self.experiment = experiment
        self.settings = experiment.settings() if settings is None else settings
        if not isinstance(self.settings, experiment.settings):
            raise ValueError(f"settings must be those of {experiment.name}, got {settings!r:.80}")
        self.dataset: data.Dataset | None = None
        if experiment.on_data:
            self.dataset = dataset or data.digits()
        elif dataset is not None:
            raise ValueError(f"dataset must be None: {experiment.name} makes its own data")
        if resume and folder is None:
            raise ValueError("resume needs a folder")
        self.path = None if folder is None else Path(folder) / experiment.file
        if self.path is not None and self.path.parent.exists() and not self.path.parent.is_dir():
            raise ValueError(f"folder must be a folder, or a name that is free; {self.path.parent} is a file")
        self.own = self.settings.own_definitions
        self.description = {} if self.dataset is None else _description(self.dataset)
        self.identity = {
            "experiment": experiment.name,
            "data": self.description.get("sha256"),
            "fastact": fastact.__version__,
            "numpy": np.__version__,
            # The last bits depend on these.
            **{name: configuration.versions()[name] for name in ("instruction set", "machine")},
            **self.settings.common,
        }
        self.wanted: dict[str, Cell] = {self._key(cell): cell for cell in experiment.cells(self.settings)}
        self.rows: dict[str, Row] = self._taken_over() if resume else {}
        self.missing = {key: cell for key, cell in self.wanted.items() if key not in self.rows}
        self._saved = time.monotonic() - SAVED_EVERY
        self._unsaved = 0

    def _key(self, cell: Mapping[str, Any]) -> str:
        # A name of one's own may be given to something else.
        axes = {name: cell[name] for name in self.experiment.axes}
        named = set(_texts([list(axes.values()), list(self.settings.common.values())]))
        own = {name: function.spec.formula for name, function in self.own.items() if name in named}
        return results.key({**self.identity, "own": own, **axes})

    def _taken_over(self) -> dict[str, Row]:
        assert self.path is not None
        before = results.read(self.path, {})
        if before.get("experiment") != self.experiment.name:
            raise results.ResumeError(f"{self.path} holds no results of {self.experiment.name}")
        settings, axes = before.get("settings", {}), self.experiment.axes
        for row in before["rows"]:
            if not all(name in row for name in axes):
                raise results.ResumeError(
                    f"{self.path} is not a report of this version of fastact; start afresh without resuming"
                )
        results.check_same(self.path, "settings", settings, {**settings, **self.settings.common})
        results.check_same(self.path, "data", before.get("data", {}), self.description)
        return {row["key"]: row for row in before["rows"] if row["key"] == self._key(row)}

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        """The arguments of `measured` for every missing cell, in the order of the cells."""
        return [
            (self.experiment.name, key, self.settings, self.dataset, cell, self.own)
            for key, cell in self.missing.items()
        ]

    def add(self, row: Row) -> None:
        """Take a row, and write the file if the last time is a while ago."""
        self.rows[row["key"]] = row
        self._unsaved += 1
        if time.monotonic() - self._saved >= SAVED_EVERY:
            self.save()

    def save(self, *, whole: bool = False) -> None:
        """Write the file, if there is one and a row that it lacks; ``whole``: in any case."""
        # A finished file of before stays until there is a row to replace it with.
        if self.path is not None and (self._unsaved or whole):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            results.write(self.path, self.report())
            self._saved, self._unsaved = time.monotonic(), 0

    def report(self) -> dict[str, Any]:
        """What `Experiment.run` returns, with the rows there are: those asked for, then others that were found."""
        order = [*self.wanted, *(key for key in self.rows if key not in self.wanted)]
        rows = [self.rows[key] for key in order if key in self.rows]
        settings = self.settings.as_dict()
        # What rows have that were not asked for goes with the settings.
        others = [row for row in rows if row["key"] not in self.wanted]
        for name, field in self.experiment.lists.items():
            values = [row[name] for row in others if row[name] is not None]
            if isinstance(settings[field], int):  # how many there are
                settings[field] = max(settings[field], len({row[name] for row in rows}))
            else:
                settings[field] = list(dict.fromkeys([*settings[field], *values]))
        report = {
            "experiment": self.experiment.name,
            "complete": self.wanted.keys() <= self.rows.keys(),
            "settings": settings,
            "data": self.description,
            "versions": configuration.versions(),
            "definitions": dict(self.experiment.definitions),
            "rows": rows,
        }
        plain: dict[str, Any] = results.plain(report)
        return plain


def _texts(value: Any) -> Iterator[str]:
    """All texts in nested lists and tuples: cells read from a file have lists where they had tuples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def _description(dataset: data.Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "samples": len(dataset.y),
        "features": dataset.X.shape[1],
        "classes": len(dataset.classes),
        "sha256": dataset.fingerprint,
    }


def measured(
    experiment: str, key: str, settings: Settings, dataset: data.Dataset | None, cell: Cell, own: Mapping[str, Any]
) -> tuple[str, Row]:
    """The experiment's name and the row of one cell."""
    for definition in own.values():
        # A process that runs for longer may know another one by that name.
        register(definition)
    with execution.one_blas_thread():
        outcome = load(experiment).measure(settings, dataset, cell)
    row: Row = results.plain({"key": key, **cell, **outcome})
    return experiment, row


def measure_all(runs: Iterable[Run], n_jobs: int | None) -> Generator[tuple[Run, Row], None, None]:
    """Measure what the runs miss, all in one pool, and yield every row once its run has it."""
    by_name = {run.experiment.name: run for run in runs}
    calls = [call for run in by_name.values() for call in run.calls]
    try:
        with contextlib.closing(execution.computed(measured, calls, n_jobs)) as rows:
            for name, row in rows:
                by_name[name].add(row)
                yield by_name[name], row
    finally:
        for run in by_name.values():
            run.save()


def run(
    experiment: Experiment,
    settings: Settings | None = None,
    dataset: data.Dataset | None = None,
    *,
    folder: str | Path | None = None,
    resume: bool = False,
    n_jobs: int | None = None,
    on_row: Callable[[Row, bool], None] | None = None,
) -> dict[str, Any]:
    """See `Experiment.run`."""
    one = Run(experiment, settings, dataset, folder=folder, resume=resume)
    told = on_row or (lambda *_: None)
    for key in one.wanted:
        if key in one.rows:
            told(one.rows[key], True)
    with contextlib.closing(measure_all([one], n_jobs)) as rows:
        for _, row in rows:
            told(row, False)
    one.save(whole=not one.missing)
    return one.report()
