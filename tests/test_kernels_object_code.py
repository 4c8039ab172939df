"""The compiled kernels, disassembled: no call inside a kernel, and packed instructions of the full width.

Formulas are inlined into loops that the compiler vectorises; if either stops happening nothing gives a wrong result,
it only becomes slow. This is where it shows.
"""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from functools import lru_cache

import pytest

import fastact
from fastact import _ufuncs, gated, rowwise

from .cases import CASES

CONFIGURATION = fastact.show_config("dict")
OBJDUMP = shutil.which("objdump")

pytestmark = pytest.mark.skipif(OBJDUMP is None, reason="objdump (binutils) is not installed")

CALLS = re.compile(r"^(call|bl|blr)[a-z]*$")
JUMPS = re.compile(r"^(j[a-z]+|b|b\.[a-z]+|cbn?z|tbn?z|br)$")
# What an instruction on whole vectors looks like, by instruction set (baseline: by machine).
PACKED = {
    "avx512": re.compile(r"^v\w+\s.*%zmm"),
    "avx2": re.compile(r"^v\w+\s.*%ymm"),
    "x86_64": re.compile(r"^\w+p[sd]\s.*%xmm"),
    "aarch64": re.compile(r"\bv\d+\.(4s|2d|16b)"),
    "arm64": re.compile(r"\.(4s|2d|16b)\b"),
}


@lru_cache
def kernels(instruction_set: str) -> dict[str, list[str]]:
    """The instructions of every function of a kernel module that belongs to a kernel, by symbol."""
    if not _ufuncs.cpu_supports(instruction_set):
        pytest.skip(f"this CPU cannot load the kernels for {instruction_set}")
    path = importlib.import_module(f"fastact._kernels_{instruction_set}").__file__
    command = [OBJDUMP, "--disassemble", "--no-show-raw-insn", path]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in listing.splitlines():
        if header := re.match(r"^[0-9a-f]+ <(.+)>:$", line):
            name = header[1]
            current = functions.setdefault(name, []) if re.search(r"_kernel_f(32|64)", name) else None
        elif current is not None and (instruction := re.match(r"^\s*[0-9a-f]+:\s+(\S.*?)\s*$", line)):
            current.append(instruction[1])
    if not functions:
        pytest.skip(f"the kernels of {path} have no symbols: it was stripped")
    return functions


def expected_kernels() -> set[str]:
    return {
        f"{case}_kernel_{precision}{varying}"
        for case in CASES
        for precision in ("f32", "f64")
        for varying in (("", "_varying") if case.row.parameters else ("",))
    } | {f"{name}_kernel_{precision}" for name in (*gated.names(), *rowwise.names()) for precision in ("f32", "f64")}


@pytest.fixture(params=CONFIGURATION["built"])
def listing(request: pytest.FixtureRequest) -> tuple[str, dict[str, list[str]]]:
    return request.param, kernels(request.param)


def test_every_kernel_is_there(listing: tuple[str, dict[str, list[str]]]):
    """Each as a function of its own, so that the tests below look at all of them."""
    instruction_set, functions = listing
    short = {name.split(f"_kernels_{instruction_set}_", 1)[-1].partition(".")[0] for name in functions}
    assert short == expected_kernels()


def test_no_kernel_calls_anything(listing: tuple[str, dict[str, list[str]]]):
    _, functions = listing
    outside = []
    for name, instructions in functions.items():
        for instruction in instructions:
            mnemonic, _, operands = instruction.replace("bnd ", "").replace("notrack ", "").partition(" ")
            target = re.search(r"<([^>+]+)(\+0x[0-9a-f]+)?>", operands)
            leaves = JUMPS.match(mnemonic) and (target is None or target[1].partition(".")[0] != name.partition(".")[0])
            if CALLS.match(mnemonic) or leaves:
                outside.append(f"{name}: {instruction}")
    assert not outside, "\n".join(outside[:20])


def test_every_kernel_works_on_whole_vectors(listing: tuple[str, dict[str, list[str]]]):
    instruction_set, functions = listing
    pattern = PACKED[CONFIGURATION["machine"] if instruction_set == "baseline" else instruction_set]
    parts = {name for name in functions if "." not in name}
    scalar = sorted(name for name in parts if not any(pattern.search(instruction) for instruction in functions[name]))
    assert not scalar, "\n".join(scalar)
