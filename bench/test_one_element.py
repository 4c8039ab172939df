"""What one element costs: a scalar and an array of one, beside ``numpy.tanh`` and ``scipy.special.expit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastact

from . import peers
from .cases import FASTACT, Contestant

ARGUMENTS = {"float64 scalar": np.float64(0.5), "array of one": np.array([0.5]), "float": 0.5}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("activation", list(fastact.activations))
def test_one_element(
    activation: str, argument: str, compete: Callable[..., None], libraries: list[str], benchmark: Any
) -> None:
    benchmark.group = f"one element, {argument}"
    arguments = (ARGUMENTS[argument],)
    contestants = {FASTACT: Contestant(getattr(fastact, activation), arguments)}
    contestants["numpy.tanh"] = Contestant(np.tanh, arguments)
    if "scipy" in libraries and peers.installed("scipy"):
        peers.load("scipy")
        contestants["scipy.special.expit"] = Contestant(peers.special.expit, arguments)
    compete(
        contestants,
        kind="one element",
        activation=activation,
        argument=argument,
        parameters=len(fastact.activations[activation].parameters),
    )
