"""Record what compiled users of the C API rely on, in ``src/fastact/abi.json``: at a release that adds to it.

The members of the table, in the order in which they lie in memory, a group for each version of the API; and the
functions that Cython modules import, with their types. The build takes the order from there; a test fails where what
was recorded changed. With ``--new-abi`` the record starts anew under the next ABI version, and every compiled user has
to compile again.

Run as ``python tools/abi.py``, with the fastact of this tree installed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from generate import load_catalogue  # noqa: E402
from generate_capi import load_record, members, signature, versions  # noqa: E402

CATALOGUE = ROOT / "src" / "fastact" / "catalogue.py"


def recorded(record: dict, functions: dict[str, str]) -> dict:
    """The record with what was added since; ValueError where something of it changed."""
    changed = [name for name, text in record["pyx_capi"].items() if functions.get(name) != text]
    if changed:
        raise ValueError(f"functions for Cython were changed or removed: {', '.join(changed[:5])}")
    parts = versions(members(load_catalogue(str(CATALOGUE))), record)
    return {
        "abi": record["abi"],
        "table": [{name: signature(declaration) for name, declaration in part.items()} for part in parts],
        "pyx_capi": dict(sorted(functions.items())),
    }


def main() -> None:
    """Write the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--new-abi", action="store_true", help="start another ABI version")
    arguments = parser.parse_args()

    from fastact import _capi

    record = load_record(str(CATALOGUE))
    if arguments.new_abi:
        record = {"abi": record["abi"] + 1, "table": [], "pyx_capi": {}}
    functions = {name: _capi.text(capsule) for name, capsule in _capi.__pyx_capi__.items()}
    text = json.dumps(recorded(record, functions), indent=1)
    CATALOGUE.with_name("abi.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
