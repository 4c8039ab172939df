"""Experiments: each shows one thing that activations do, with its size, and judges what is said about it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .experiment import Experiment

NAMES = (
    "vanish",
    "explode",
    "linear",
    "dying",
    "saturate",
    "centred",
    "race",
    "sparsity",
    "selu",
    "boundary",
    "theory",
    "optimisers",
    "dropout",
    "chain",
    "claims",
)
"""The experiments, each a module of this package and a command, in the order of the report."""


def load(name: str) -> Experiment:
    """The experiment of that name; ValueError if there is none."""
    if name not in NAMES:
        raise ValueError(f"experiment must be one of {', '.join(NAMES)}, got {name!r:.60}")
    experiment: Experiment = import_module(f"{__name__}.{name}").EXPERIMENT
    return experiment
