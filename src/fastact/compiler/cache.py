"""Compiled definitions on disk, so that a process need not compile what another has.

A file is named by what its contents depend on: the definition, fastact, Numba, the CPU, the catalogue and the sources
of this package. SymPy's version is within: a file is good for that SymPy, and where there is none. It ends in the
SHA-256 of the rest, and what does not match is compiled again. A directory that cannot be written is no error: nothing
is kept then.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any


def directory() -> Path:
    """Where compiled definitions are kept: ``FASTACT_CACHE_DIR``, or the user's directory for caches."""
    asked = os.environ.get("FASTACT_CACHE_DIR")
    if asked:
        return Path(asked)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fastact"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastact"


def sources() -> list[Path]:
    """The files that say what is made of a definition."""
    package = Path(__file__).parent
    return [*sorted(package.glob("*.py")), package.parent / "catalogue.py"]


@cache
def _sources() -> str:
    """What tells one state of this package and the catalogue from another."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key(definition: Any, compiler: Any) -> str:
    """The name of what a definition compiles to, by a compiler that says what it depends on."""
    import fastact

    whole = [definition, compiler, fastact.__version__, _sources()]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:40]


def read(name: str) -> dict[str, Any] | None:
    """What was kept under a name; None if there is nothing, or it is damaged."""
    try:
        path = directory() / f"{name}.json"
        # What is read is run: only what this user or root wrote.
        if path.stat().st_uid not in (0, os.geteuid()):
            return None
        text, _, digest = path.read_text().rpartition("\n")
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            return None
        kept = json.loads(text)
        for part in ("object", "bitcode"):
            kept[part] = base64.b64decode(kept[part])
        return kept
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):  # no home directory is a RuntimeError
        return None


def write(name: str, kept: dict[str, Any]) -> None:
    """Keep it, where that can be done: whole or not at all."""
    text = json.dumps({**kept, **{part: base64.b64encode(kept[part]).decode() for part in ("object", "bitcode")}})
    temporary = None
    try:
        directory().mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=directory(), suffix=".part", delete=False) as file:
            temporary = file.name
            file.write(f"{text}\n{hashlib.sha256(text.encode()).hexdigest()}")
        os.replace(temporary, directory() / f"{name}.json")
    except (OSError, RuntimeError):
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
