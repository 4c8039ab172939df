"""Distributions of the initial weights; biases start at 0.

With n inputs, m units and the network's gain g, a weight has mean 0 and the standard deviation

    normal, uniform  g              (1, to be set by the gain)
    Xavier, Glorot   g * sqrt(2 / (n + m))   Glorot & Bengio, Understanding the difficulty of training deep
                                             feedforward neural networks, AISTATS 2010, eq. 16
    He, Kaiming      g * sqrt(2 / n)         He et al., Delving deep into rectifiers, ICCV 2015, eq. 10
    LeCun            g * sqrt(1 / n)         LeCun et al., Efficient backprop, 1998, section 4.6
    critical         g * c / sqrt(n)         c = `theory.gain` of the activation f whose outputs the layer gets,
                                             1 / sqrt(E f(Z)^2): keeps the variance of pre-activations at 1
    edge_of_chaos    g * w / sqrt(n)         w from `theory.edge_of_chaos` of that activation, without biases

drawn from the normal distribution, or from the uniform one on (-sqrt(3), sqrt(3)) standard deviations. "orthogonal"
draws g times a matrix with orthonormal rows or columns, uniformly (Saxe et al., Exact solutions to the nonlinear
dynamics of learning in deep linear neural networks, ICLR 2014). Inputs of a first layer count as standardised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastact import theory

from . import _checks
from .elementwise import Elementwise
from .layer import Draw

Initialiser = Callable[[np.random.Generator, int, int, "Elementwise | None"], NDArray[np.float64]]
"""(rng, inputs, units, activation of the inputs) -> weights (inputs, units)."""


def xavier_std(inputs: int, units: int) -> float:
    """The standard deviation that keeps the variance both of activations and of gradients, for f' = 1 at 0."""
    return math.sqrt(2.0 / (inputs + units))


def he_std(inputs: int, units: int) -> float:  # noqa: ARG001
    """The standard deviation that keeps the variance of activations through rectifiers, which halve it."""
    return math.sqrt(2.0 / inputs)


def lecun_std(inputs: int, units: int) -> float:  # noqa: ARG001
    """The standard deviation that keeps the variance of standardised inputs."""
    return math.sqrt(1.0 / inputs)


def _unit_std(inputs: int, units: int) -> float:  # noqa: ARG001
    return 1.0


def _normal(std: Callable[[int, int], float]) -> Initialiser:
    return lambda rng, inputs, units, _: rng.normal(0.0, std(inputs, units), (inputs, units))


def _uniform(std: Callable[[int, int], float]) -> Initialiser:
    def draw(rng: np.random.Generator, inputs: int, units: int, _: Any) -> NDArray[np.float64]:
        bound = math.sqrt(3.0) * std(inputs, units)
        return rng.uniform(-bound, bound, (inputs, units))

    return draw


def _orthogonal(rng: np.random.Generator, inputs: int, units: int, _: Any) -> NDArray[np.float64]:
    q, r = np.linalg.qr(rng.normal(size=(max(inputs, units), min(inputs, units))))
    q *= np.sign(np.diagonal(r))  # else the distribution would depend on how the decomposition chooses signs
    return q if inputs >= units else q.T


def _mean_over_units(feeding: Elementwise, of_run: Callable[[Any], float]) -> float:
    """The mean of a figure of the runs of activations over their units."""
    lengths = [run.units.stop - run.units.start for run in feeding.runs]
    return float(np.average([of_run(run) for run in feeding.runs], weights=lengths))


def _critical(rng: np.random.Generator, inputs: int, units: int, feeding: Elementwise | None) -> NDArray[np.float64]:
    moment = 1.0
    if feeding is not None:
        moment = _mean_over_units(feeding, lambda run: theory.second_moment(run.activation, **run.parameters))
    return rng.normal(0.0, math.sqrt(1.0 / (inputs * moment)), (inputs, units))


def _edge_of_chaos(
    rng: np.random.Generator, inputs: int, units: int, feeding: Elementwise | None
) -> NDArray[np.float64]:
    weight_std = 1.0
    if feeding is not None:
        if len(feeding.runs) > 1:
            raise ValueError("initialiser must not be edge_of_chaos where units of a layer differ in activation")
        run = feeding.runs[0]
        weight_std = theory.edge_of_chaos(run.activation, **run.parameters).weight_std
    return rng.normal(0.0, weight_std / math.sqrt(inputs), (inputs, units))


INITIALISERS: dict[str, Initialiser] = {
    "zeros": lambda _, inputs, units, __: np.zeros((inputs, units)),
    "normal": _normal(_unit_std),
    "uniform": _uniform(_unit_std),
    "xavier_uniform": _uniform(xavier_std),
    "xavier_normal": _normal(xavier_std),
    "he_uniform": _uniform(he_std),
    "he_normal": _normal(he_std),
    "lecun_uniform": _uniform(lecun_std),
    "lecun_normal": _normal(lecun_std),
    "orthogonal": _orthogonal,
    "critical": _critical,
    "edge_of_chaos": _edge_of_chaos,
}
"""Draws by name. Aliases: `xavier`, `glorot`, `he`, `kaiming`, `lecun`, and `glorot_` and `kaiming_` of each kind."""

INITIALISERS |= {
    "xavier": INITIALISERS["xavier_uniform"],
    "he": INITIALISERS["he_normal"],
    "lecun": INITIALISERS["lecun_normal"],
    "glorot": INITIALISERS["xavier_uniform"],
    "glorot_uniform": INITIALISERS["xavier_uniform"],
    "glorot_normal": INITIALISERS["xavier_normal"],
    "kaiming": INITIALISERS["he_normal"],
    "kaiming_uniform": INITIALISERS["he_uniform"],
    "kaiming_normal": INITIALISERS["he_normal"],
}


def initialiser_named(name: Any) -> Initialiser:
    """The draw of that name; ValueError if there is none."""
    return INITIALISERS[_checks.choice("initialiser", name, INITIALISERS)]


def filler(draw: Initialiser, rng: np.random.Generator, gain: float, feeding: Elementwise | None) -> Draw:
    """What fills a layer's weights, whose inputs come from the given activations."""

    def fill(weight: NDArray) -> None:
        weight[...] = gain * draw(rng, weight.shape[0], weight.shape[1], feeding)

    return fill
