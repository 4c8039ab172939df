"""Distributions of the initial weights. Biases start at 0.

With n inputs, m units and the network's gain g, a weight has mean 0 and the standard deviation

    Xavier  g * sqrt(2 / (n + m))   Glorot & Bengio, Understanding the difficulty of training deep feedforward
                                    neural networks, AISTATS 2010, eq. 16
    He      g * sqrt(2 / n)         He et al., Delving deep into rectifiers, ICCV 2015, eq. 10

drawn from the normal distribution, or from the uniform one on (-sqrt(3), sqrt(3)) standard deviations.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Initialiser = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


def xavier_std(inputs: int, units: int) -> float:
    """The standard deviation that keeps the variance both of activations and of gradients, for f' = 1 at 0."""
    return math.sqrt(2.0 / (inputs + units))


def he_std(inputs: int, units: int) -> float:  # noqa: ARG001
    """The standard deviation that keeps the variance of activations through rectifiers, which halve it."""
    return math.sqrt(2.0 / inputs)


def _normal(std: Callable[[int, int], float]) -> Initialiser:
    return lambda rng, inputs, units: rng.normal(0.0, std(inputs, units), (inputs, units))


def _uniform(std: Callable[[int, int], float]) -> Initialiser:
    def draw(rng: np.random.Generator, inputs: int, units: int) -> NDArray[np.float64]:
        bound = math.sqrt(3.0) * std(inputs, units)
        return rng.uniform(-bound, bound, (inputs, units))

    return draw


INITIALISERS: dict[str, Initialiser] = {
    "xavier_uniform": _uniform(xavier_std),
    "xavier_normal": _normal(xavier_std),
    "he_uniform": _uniform(he_std),
    "he_normal": _normal(he_std),
}
"""Draws (rng, inputs, units) -> weights of shape (inputs, units) in float64, by name; `xavier` and `he` are aliases."""

INITIALISERS["xavier"] = INITIALISERS["xavier_uniform"]
INITIALISERS["he"] = INITIALISERS["he_normal"]
