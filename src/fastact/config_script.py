"""The command ``fastact-config``: where a build finds the headers, and with which flags. Needs no extra."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import __version__, get_include
from ._build_info import loop_cflags


def options() -> dict[str, tuple[str, str]]:
    """What each option prints, and its help."""
    include = Path(get_include())
    libraries = include.parent / "lib"
    return {
        "--version": (__version__, "the version of fastact"),
        "--cflags": (f"-I{include}", "the compiler's flag for the headers"),
        "--loop-cflags": (loop_cflags, "the compiler's flags with which loops over the formulas vectorise"),
        "--includedir": (str(include), "the directory of the headers"),
        "--pxddir": (str(include.parents[1]), "what Cython needs as -I where fastact is installed as editable"),
        "--pkgconfigdir": (str(libraries / "pkgconfig"), "the directory of fastact.pc, for PKG_CONFIG_PATH"),
        "--cmakedir": (str(libraries / "cmake" / "fastact"), "the directory for CMake's -Dfastact_DIR="),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the options ask for, in the order given, each on a line."""
    parser = argparse.ArgumentParser(prog="fastact-config", description="Say how to compile against fastact.")
    for option, (value, explanation) in options().items():
        parser.add_argument(option, dest="values", action="append_const", const=value, help=f"print {explanation}")
    values = parser.parse_args(arguments).values
    if not values:
        parser.error("nothing to print: give at least one option (--help lists them)")
    print("\n".join(values))
