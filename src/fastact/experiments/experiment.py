"""What an experiment is: cells that are measured, claims that the rows decide, and panels that show them.

A module of this package describes one experiment as an `Experiment`; running it, its command, its files and its place
in the report all follow from that description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from . import data
from .options import Settings

Row = dict[str, Any]
Cell = dict[str, Any]
Report = Mapping[str, Any]
"""What `Experiment.run` returns: plain data."""

Verdict = Literal["holds", "holds only if", "does not hold", "not decided"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
CLOCK = "clock"
"""The entry of a row that depends on the clock; everything else is the same for the same seed."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A claim beside what was measured.

    Parameters
    ----------
    claim : str
        One sentence, as it is told.
    source : str
        Who says so: authors, title, year, or "folklore".
    measurement : str
        One or two sentences with the numbers measured, made from the rows, with their error bars.
    verdict : {"holds", "holds only if", "does not hold", "not decided"}
        Decided from the rows; "not decided" where their error bars allow both.
    condition : str
        If it "holds only if", or is "not decided": the words that go on from there, without a full stop.
    clock : bool
        Whether the measurement depends on the clock.
    """

    claim: str
    source: str
    measurement: str
    verdict: Verdict
    condition: str = ""
    clock: bool = False

    def __post_init__(self) -> None:
        if (self.verdict in ("holds only if", "not decided")) != bool(self.condition):
            raise ValueError(
                "condition must be given with 'holds only if' and 'not decided', and with no other verdict"
            )

    @property
    def judgement(self) -> str:
        """The verdict with its condition."""
        between = ": " if self.verdict == "not decided" else " "
        return f"{self.verdict}{between}{self.condition}" if self.condition else self.verdict


def listed(names: Iterable[str], word: str = "and") -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"; at least one."""
    *some, last = names
    return f"{', '.join(some)} {word} {last}" if some else last


def verdict(good: Sequence[Any], every: Sequence[Any], condition: Callable[[Sequence[Any]], str]) -> dict[str, Any]:
    """What is said of a claim that was put to several cases, as keywords of `Finding`.

    Parameters
    ----------
    good, every : sequence
        The cases where it was found true, and all of them; at least one.
    condition : callable
        Takes the good ones and says what they have in common, if they are some of several.
    """
    if len(good) == len(every):
        return {"verdict": "holds"}
    return {"verdict": "holds only if", "condition": condition(good)} if good else {"verdict": "does not hold"}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture of an experiment's figure.

    Parameters
    ----------
    title : str
        A few words.
    note : str
        One line: what is drawn over what, and what the bars are.
    alt : str
        What a reader who cannot see it should know, with the numbers that matter.
    draw : callable
        Takes a ``matplotlib.figure.SubFigure`` (or Figure) and draws axes with labels into it, without the title.
    width : float
        Relative to the other panels beside it.
    """

    title: str
    note: str
    alt: str
    draw: Callable[[Any], None]
    width: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Table:
    """A summary of the rows, over seeds, for the terminal and the report.

    Parameters
    ----------
    headings : sequence of str
        A line break may stand in them.
    lines : sequence of sequences of str
        A cell for each heading; numbers with their spread.
    sections : sequence of int
        Numbers of lines after which a rule is drawn.
    """

    headings: Sequence[str]
    lines: Sequence[Sequence[str]]
    sections: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment.

    Parameters
    ----------
    name : str
        Its module and its command.
    title : str
        Its heading: a short sentence.
    summary : str
        A paragraph or two: what is done, and why; plain text, blank lines between paragraphs.
    settings : type of Settings
        Its fields are the options of the command.
    axes : sequence of str
        The entries of a cell.
    cells : callable
        Settings to cells: plain values by the names of ``axes``, all different, in the order of the rows.
    measure : callable
        Settings, dataset (None unless ``on_data``) and cell to the entries of its row, of plain or NumPy numbers and
        lists. It runs in any process, and has one BLAS thread.
    definitions : mapping
        What the entries of a row are, with units, by name.
    findings, panels, table : callable
        What the report with all its rows says; rows without an outcome, of trainings that diverged, are among them.
    notes : callable, optional
        Sentences under the table.
    listed : mapping
        The settings that list the values of axes, by axis, where these are not called as the axis with an s.
    quick : mapping
        Values of settings with which it takes a few seconds.
    on_data : bool
        Whether it is done on a dataset of the user's choice.
    """

    name: str
    title: str
    summary: str
    settings: type[Settings]
    axes: Sequence[str]
    cells: Callable[[Any], list[Cell]]
    measure: Callable[[Any, data.Dataset | None, Cell], Row]
    definitions: Mapping[str, str]
    findings: Callable[[Report], list[Finding]]
    panels: Callable[[Report], list[Panel]]
    table: Callable[[Report], Table]
    notes: Callable[[Report], list[str]] = lambda _: []
    listed: Mapping[str, str] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)
    on_data: bool = False

    @property
    def file(self) -> str:
        """Name of its results."""
        return f"{self.name}.json"

    @property
    def lists(self) -> dict[str, str]:
        """The setting of every axis that has one."""
        names = {one.name for one in fields(self.settings)}
        every = {axis: self.listed.get(axis, f"{axis}s") for axis in self.axes}
        return {axis: name for axis, name in every.items() if name in names}

    def run(
        self,
        settings: Settings | None = None,
        dataset: data.Dataset | None = None,
        *,
        folder: str | Path | None = None,
        resume: bool = False,
        n_jobs: int | None = None,
        on_row: Callable[[Row, bool], None] | None = None,
    ) -> dict[str, Any]:
        """Measure every cell.

        Parameters
        ----------
        settings : Settings, optional
            Of this experiment; default: ``settings()``.
        dataset : Dataset, optional
            Default: scikit-learn's digits. Only for experiments on data.
        folder : path, optional
            Where the rows are kept, as JSON, replaced whole at most a second after each is ready. The folder is made
            if there is none. Default: nothing is written.
        resume : bool
            Keep the rows that the file holds and compute those that are missing. The axes may differ: the report then
            has the rows of both runs. With other settings or data it is a ResumeError. Rows that another version of
            fastact or NumPy made are computed anew, or left out if they are not asked for.
        n_jobs : int, optional
            Processes, as joblib's: by default what ``joblib.parallel_config`` says, or 1. The numbers do not depend
            on it.
        on_row : callable, optional
            Called with each row asked for, and whether it was taken over. What it raises ends the run and leaves the
            rows.

        Returns
        -------
        dict
            Plain data, as in the file: settings, data, versions, definitions, ``rows`` in the order of the cells,
            and ``complete``: whether every row asked for is there.

        Raises
        ------
        ResumeError
            If there is nothing to resume, or it was made otherwise.
        ValueError
            If the folder is not one, resume is asked for without a folder, or there is a dataset for an experiment
            that takes none.
        DataError
            If the data cannot be standardised.
        ModuleNotFoundError
            Without joblib and threadpoolctl, which come with scikit-learn.
        """
        from . import running

        return running.run(self, settings, dataset, folder=folder, resume=resume, n_jobs=n_jobs, on_row=on_row)

    def judged(self, report: Report) -> list[dict[str, Any]]:
        """The findings as plain data."""
        return [asdict(finding) for finding in self.findings(report)]
