"""Results of an experiment on disk: one JSON file of rows, replaced whole, to which an interrupted run returns."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMAT = 1


class ResumeError(ValueError):
    """The results on disk cannot be continued; the message says why and what to do."""


def plain(value: Any) -> Any:
    """The value in JSON's types: NumPy scalars become Python's, tuples lists, NaN and infinities None."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def key(configuration: Mapping[str, Any]) -> str:
    """The name of a row: a hash of everything that determines its numbers.

    Parameters
    ----------
    configuration : mapping
        Plain data; the order of its entries does not matter.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    text = json.dumps(plain(configuration), sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash at any moment, sees the old content or the new, never a part.

    The content goes to a temporary file in the same directory, reaches the disk and is renamed.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone; results are as readable as any other file of the user's.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report as JSON, atomically; equal reports give equal bytes."""
    text = json.dumps(plain({"format": FORMAT, **report}), indent=1, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def read(path: Path, entries: Mapping[str, type]) -> dict[str, Any]:
    """Read a report that ``write`` wrote, whose rows have a key and further entries of some types.

    Raises
    ------
    ResumeError
        If there is none, or it is not such a report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResumeError(f"there is nothing to resume: {path} does not exist") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ResumeError(f"{path} cannot be read as JSON ({error}); start afresh without resuming") from error
    known = isinstance(report, dict) and report.get("format") == FORMAT and isinstance(report.get("rows"), list)
    needed = {"key": str, **entries}
    if not known or not all(
        isinstance(row, dict) and all(isinstance(row.get(name), kind) for name, kind in needed.items())
        for row in report["rows"]
    ):
        raise ResumeError(f"{path} is not a report of this version of fastact; start afresh without resuming")
    return report


def check_same(path: Path, what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to continue results that were made otherwise.

    Raises
    ------
    ResumeError
        Naming every entry that differs.
    """
    before, now = plain(before), plain(now)
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if names:
        changes = ", ".join(f"{name} = {before.get(name)!r} there and {now.get(name)!r} here" for name in names)
        raise ResumeError(
            f"{path} was made with other {what}: {changes}. Use the same, choose another output folder, "
            "or start afresh without resuming"
        )
