"""Optimisers: rules that move a flat vector of parameters in place, given the gradients.

An optimiser keeps its state (step count, moments) from call to call, so training goes on where it stopped; the state
belongs to the one vector of parameters that it was first used with.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from . import _checks

# The passes over a block, after the first, find it in the L2 cache; shorter blocks cost more calls than they save. Adam
# over 560 000 float32 parameters, in ms: 1.5 with blocks of 8192, 1.0 with 32 768 and with 65 536, 1.4 in one piece.
BLOCK = 32768


class Optimiser(ABC):
    """What all optimisers share: `step` cuts the vectors into blocks that stay in the cache, `_update` moves one."""

    moments: int
    """How many vectors of state the rule keeps for each parameter."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = _checks.number("learning_rate", learning_rate, 0.0)
        self.steps = 0
        self._parameters: NDArray | None = None

    def attach(self, parameters: NDArray) -> None:
        """Make the state for a vector of parameters, all zeros; nothing happens if it is attached to it already.

        Raises
        ------
        ValueError
            If the optimiser is attached to another vector: its moments would be those of another network.
        """
        if self._parameters is parameters:
            return
        if self._parameters is not None:
            raise ValueError("optimiser must be new or have trained this network before: it belongs to another one")
        self._parameters = parameters
        self._state = [np.zeros_like(parameters) for _ in range(self.moments)]
        self._scratch = np.empty(min(BLOCK, parameters.size), parameters.dtype)

    def step(self, parameters: NDArray, gradients: NDArray) -> None:
        """Move the parameters in place by one step; both are vectors of one length and dtype."""
        self.attach(parameters)
        self.steps += 1
        for start in range(0, parameters.size, BLOCK):
            block = slice(start, start + BLOCK)
            p = parameters[block]
            self._update(p, gradients[block], self._scratch[: p.size], *[state[block] for state in self._state])

    @abstractmethod
    def _update(self, p: NDArray, g: NDArray, scratch: NDArray, *state: NDArray) -> None:
        """Move one block."""


class SGD(Optimiser):
    """Stochastic gradient descent, with momentum if asked for.

        u <- momentum u + g,    p <- p - learning_rate u

    Parameters
    ----------
    learning_rate : float, default 0.1
        In (0, inf).
    momentum : float, default 0
        In [0, 1).

    Raises
    ------
    ValueError
        For a parameter outside its domain.

    References
    ----------
    Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013, in the convention
    of ``torch.optim.SGD``: the learning rate multiplies the accumulated gradient.
    """

    def __init__(self, learning_rate: float = 0.1, momentum: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.momentum = _checks.number("momentum", momentum, 0.0, 1.0, closed=True)
        self.moments = 1 if momentum else 0

    def _update(self, p: NDArray, g: NDArray, scratch: NDArray, *state: NDArray) -> None:
        for u in state:
            np.multiply(u, self.momentum, out=u)
            np.add(u, g, out=u)
            g = u
        np.multiply(g, self.learning_rate, out=scratch)
        np.subtract(p, scratch, out=p)


class Adam(Optimiser):
    """Adam: steps scaled by running moments of the gradient.

        m <- beta1 m + (1 - beta1) g,    v <- beta2 v + (1 - beta2) g^2
        p <- p - learning_rate m' / (sqrt(v') + epsilon),    m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)

    Parameters
    ----------
    learning_rate : float, default 0.001
        In (0, inf).
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the moments, in [0, 1).
    epsilon : float, default 1e-8
        In (0, inf).

    Raises
    ------
    ValueError
        For a parameter outside its domain.

    References
    ----------
    Kingma & Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.
    """

    moments = 2

    def __init__(
        self, learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        super().__init__(learning_rate)
        self.beta1 = _checks.number("beta1", beta1, 0.0, 1.0, closed=True)
        self.beta2 = _checks.number("beta2", beta2, 0.0, 1.0, closed=True)
        self.epsilon = _checks.number("epsilon", epsilon, 0.0)

    def _update(self, p: NDArray, g: NDArray, scratch: NDArray, *state: NDArray) -> None:
        # The state is m / (1 - beta1) and v / (1 - beta2), and all constants are gathered in two: three passes fewer.
        m, v = state
        root = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2**self.steps))
        rate = self.learning_rate * (1.0 - self.beta1) / ((1.0 - self.beta1**self.steps) * root)
        np.multiply(m, self.beta1, out=m)
        np.add(m, g, out=m)
        np.multiply(v, self.beta2, out=v)
        np.multiply(g, g, out=scratch)
        np.add(v, scratch, out=v)
        np.sqrt(v, out=scratch)
        np.add(scratch, self.epsilon / root, out=scratch)
        np.divide(m, scratch, out=scratch)
        np.multiply(scratch, rate, out=scratch)
        np.subtract(p, scratch, out=p)
