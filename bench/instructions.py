"""A guard that needs no clock: instructions an element of some kernels, counted by valgrind and kept in a file.

``python -m bench.instructions`` counts again for the kernels in ``bench/instructions.json`` and compares: status 1 if a
count has grown by more than the tolerance. ``--write`` keeps the new counts; with names of ufuncs (``sigmoid
gelu_backward``) for these too. Callgrind runs the same instructions whatever else the machine does, so that two counts
of one build are equal; valgrind knows no AVX-512, and only the baseline's and AVX2's kernels are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")
INSTRUCTION_SETS = ("baseline", "avx2")
SIZE = 1 << 14
TOLERANCE = 0.02

# What valgrind runs: every form once in each precision, on ordinary numbers.
PROGRAM = """
import sys
import numpy as np
import fastact
for name in sys.argv[2:]:
    function = getattr(fastact, name)
    ufunc = function if isinstance(function, np.ufunc) else function.ufunc
    row = function.spec
    parameters = list(getattr(row, "defaults", {}).values())
    for dtype in (np.float32, np.float64):
        x = np.linspace(-8, 8, int(sys.argv[1])).astype(dtype)
        ufunc(*[x] * (ufunc.nin - len(parameters)), *map(dtype, parameters))
"""
LINE = re.compile(r"^\s*([\d,]+) .*:__pyx_f_\w*?_kernels_[a-z0-9]+_(\w+)_kernel_f(32|64)\b")

Counts = dict[str, dict[str, dict[str, float]]]


def count(instruction_set: str, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Instructions an element of the kernels of some ufuncs.

    Parameters
    ----------
    instruction_set : {"baseline", "avx2"}
    names : sequence of str
        Names of public functions of fastact that are ufuncs or have one.

    Returns
    -------
    dict of dict of float
        Counts by ufunc and by dtype, with two digits after the point.

    Raises
    ------
    RuntimeError
        If valgrind fails, or saw a kernel of some ufunc not at all: its symbols may have been stripped.
    """
    environment = os.environ | {"FASTACT_ISA": instruction_set, "PYTHONMALLOC": "malloc", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--collect-atstart=no"]
        command += ["--toggle-collect=*_kernel_f32*", "--toggle-collect=*_kernel_f64*"]
        command += [sys.executable, "-c", PROGRAM, str(SIZE), *names]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"valgrind failed:\n{done.stderr[-2000:]}")
        read = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)]
        listing = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    found: dict[str, dict[str, float]] = {}
    for line in listing.splitlines():
        if match := LINE.match(line):
            number = int(match[1].replace(",", ""))
            found.setdefault(match[2], {})[f"float{match[3]}"] = round(number / SIZE, 2)
    missing = [name for name in names if len(found.get(name, {})) != 2]
    if missing:
        raise RuntimeError(f"valgrind saw no kernel of {', '.join(missing)}: is the build stripped?")
    return {name: dict(sorted(found[name].items())) for name in names}


def compare(kept: Counts, counted: Counts, tolerance: float) -> tuple[str, bool]:
    """A table of both counts as Markdown, and whether one has grown by more than the tolerance."""
    lines = ["| kernel | instruction set | dtype | kept | now | |", "| --- | --- | --- | ---: | ---: | --- |"]
    worse = False
    for instruction_set, by_name in counted.items():
        for name, by_dtype in by_name.items():
            for dtype, now in by_dtype.items():
                before = kept.get(instruction_set, {}).get(name, {}).get(dtype)
                grown = before is not None and now > before * (1 + tolerance)
                fewer = before is not None and now < before * (1 - tolerance)
                worse |= grown
                said = "**more**" if grown else "fewer" if fewer else ""
                shown = "" if before is None else f"{before:g}"
                lines.append(f"| `{name}` | {instruction_set} | {dtype} | {shown} | {now:g} | {said} |")
    return "\n".join(lines), worse


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, compare and print; returns 1 where there are more instructions than before, 2 where valgrind fails."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.instructions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="UFUNC", help="default: those in the file")
    parser.add_argument("--write", action="store_true", help=f"keep the counts in {FILE.name}")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help=f"default: {TOLERANCE}")
    options = parser.parse_args(arguments)
    kept: Counts = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    names = options.names or list(next(iter(kept.values()), {}))
    if not names:
        parser.error(f"name ufuncs to count: {FILE.name} holds none yet")
    if shutil.which("valgrind") is None:
        parser.error("valgrind is not installed (Debian: apt install valgrind)")
    try:
        counted = {instruction_set: count(instruction_set, names) for instruction_set in INSTRUCTION_SETS}
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    table, worse = compare(kept, counted, options.tolerance)
    print(table)
    if options.write:
        merged = {isa: kept.get(isa, {}) | by_name for isa, by_name in counted.items()}
        FILE.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
        return 0
    return int(worse)


if __name__ == "__main__":
    sys.exit(main())
