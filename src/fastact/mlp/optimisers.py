"""Optimisers: rules that move a flat vector of parameters in place, given the gradients.

An optimiser keeps its state (step count, moments) from call to call, so training goes on where it stopped; the state
belongs to the one vector of parameters that it was first used with. The rules are those of PyTorch's optimisers of the
same names, but for Lion's, which it has not; ``_rules.pyx`` computes them in one pass. Here p are the parameters, g the
gradient and t counts the steps from 1.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _checks
from ._kernels import RULES, check_step, norm
from .schedules import Schedule, rate_at


@dataclass(eq=False)
class Optimiser(ABC):
    """What all optimisers share.

    Parameters
    ----------
    learning_rate : float or Schedule
        A number in (0, inf), or what gives one for each step.
    clip_value : float, optional
        In (0, inf): gradients are cut off beyond this magnitude, each by itself, before anything else is done.
    clip_norm : float, optional
        In (0, inf): the whole gradient is multiplied by clip_norm / (norm + 1e-6) where that is below 1, as
        ``torch.nn.utils.clip_grad_norm_`` does; after clip_value.

    Raises
    ------
    ValueError
        For a parameter outside its domain.
    """

    learning_rate: float | Schedule
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule):
            self.learning_rate = _checks.number("learning_rate", self.learning_rate, 0.0)
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                setattr(self, name, _checks.number(name, getattr(self, name), 0.0))
        for name, upper, closed in (
            ("beta1", 1.0, True),
            ("beta2", 1.0, True),
            ("decay", 1.0, True),
            ("momentum", 1.0, True),
            ("epsilon", math.inf, False),
            ("weight_decay", math.inf, True),
            ("learning_rate_decay", math.inf, True),
            ("momentum_decay", math.inf, True),
        ):
            if hasattr(self, name):
                setattr(self, name, _checks.number(name, getattr(self, name), 0.0, upper, closed=closed))
        self.steps = 0
        self._parameters: NDArray | None = None
        self._state: tuple[NDArray, ...] = ()

    @property
    @abstractmethod
    def rule(self) -> str:
        """The name of the rule in ``_rules.pyx``."""

    @abstractmethod
    def constants(self, rate: float, t: int) -> tuple[float, ...]:
        """What the rule needs besides vectors at step t, the next one, with that step's learning rate."""

    def attach(self, parameters: NDArray) -> None:
        """Make the state for a vector of parameters, all zeros; nothing happens if it is attached to it already.

        A copy, or what was read from a pickle, is attached to nothing: it keeps its state for the vector that it is
        first used with.

        Raises
        ------
        ValueError
            If the optimiser is attached to another vector: its moments would be those of another network. If it is a
            copy whose state has another length or dtype.
        """
        if self._parameters is parameters:
            return
        if self._parameters is not None:
            raise ValueError("optimiser must be new or have trained this network before: it belongs to another one")
        for state in self._state:
            if state.shape != parameters.shape or state.dtype != parameters.dtype:
                raise ValueError(
                    f"optimiser must be new or have trained this network before: it is one of {state.size} parameters "
                    f"in {state.dtype}, not {parameters.size} in {parameters.dtype}"
                )
        self._rule = RULES[self.rule]
        self._state = self._state or tuple(np.zeros_like(parameters) for _ in range(self._rule.states))
        self._parameters = parameters

    def step(self, parameters: NDArray, gradients: NDArray) -> None:
        """Move the parameters in place by one step; both are vectors of one length and dtype.

        Where clipping is asked for, the gradients are clipped in place.

        Raises
        ------
        ValueError
            For other vectors, and as `attach`; nothing has changed.
        """
        constants = self.constants(rate_at(self.learning_rate, self.steps), self.steps + 1)
        check_step(parameters, gradients)
        if self._parameters is not parameters:
            self.attach(parameters)
        if self.clip_value is not None:
            np.clip(gradients, -self.clip_value, self.clip_value, out=gradients)
        if self.clip_norm is not None:
            share = self.clip_norm / (norm(gradients) + 1e-6)
            if share < 1.0:
                np.multiply(gradients, share, out=gradients)
        self._rule(parameters, gradients, self._state, constants)
        self.steps += 1

    def memory(self) -> dict[str, float]:
        """Numbers that go on from step to step besides `steps`, for a checkpoint."""
        return {}

    def remember(self, memory: Mapping[str, float]) -> None:
        """Put `memory` back."""

    def __getstate__(self) -> dict[str, Any]:
        """Without the compiled rule and without the parameters, of which there would be a copy: see `attach`."""
        return {name: value for name, value in self.__dict__.items() if name != "_rule"} | {"_parameters": None}


@dataclass(eq=False)
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum if asked for.

        u <- momentum u + g,    p <- p - learning_rate u,    with nesterov p <- p - learning_rate (g + momentum u)

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.1
        In (0, inf).
    momentum : float, default 0
        In [0, 1).
    nesterov : bool, default False
        Needs a momentum.

    References
    ----------
    Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013, in the convention
    of ``torch.optim.SGD``: the learning rate multiplies the accumulated gradient.
    """

    learning_rate: float | Schedule = 0.1
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov not in (True, False) or (self.nesterov and not self.momentum):
            raise ValueError(f"nesterov must be False, or True with a momentum, got {self.nesterov!r:.60}")

    @property
    def rule(self) -> str:
        return ("nesterov" if self.nesterov else "momentum") if self.momentum else "sgd"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        return (rate, self.momentum) if self.momentum else (rate,)


@dataclass(eq=False)
class AdaGrad(Optimiser):
    """AdaGrad: steps shrink with the sum of all squared gradients.

        v <- v + g^2,    p <- p - learning_rate / (1 + (t - 1) learning_rate_decay) g / (sqrt(v) + epsilon)

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.01
        In (0, inf).
    learning_rate_decay : float, default 0
        In [0, inf).
    epsilon : float, default 1e-10
        In (0, inf).

    References
    ----------
    Duchi, Hazan & Singer, Adaptive subgradient methods for online learning and stochastic optimization, JMLR 12, 2011.
    """

    learning_rate: float | Schedule = 0.01
    learning_rate_decay: float = 0.0
    epsilon: float = 1e-10

    @property
    def rule(self) -> str:
        return "adagrad"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:
        return rate / (1.0 + (t - 1) * self.learning_rate_decay), self.epsilon


@dataclass(eq=False)
class RMSProp(Optimiser):
    """RMSProp: gradients divided by a running root mean square.

        v <- decay v + (1 - decay) g^2,    u <- momentum u + g / (sqrt(v) + epsilon),    p <- p - learning_rate u

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.01
        In (0, inf).
    decay : float, default 0.99
        In [0, 1).
    epsilon : float, default 1e-8
        In (0, inf).
    momentum : float, default 0
        In [0, 1).

    References
    ----------
    Tieleman & Hinton, Lecture 6.5, Neural networks for machine learning, 2012, in the convention of
    ``torch.optim.RMSprop``.
    """

    learning_rate: float | Schedule = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0

    @property
    def rule(self) -> str:
        return "rmsprop_momentum" if self.momentum else "rmsprop"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        found = rate, self.decay, 1.0 - self.decay, self.epsilon
        return (*found, self.momentum) if self.momentum else found


@dataclass(eq=False)
class Adam(Optimiser):
    """Adam: steps scaled by running moments of the gradient.

        m <- beta1 m + (1 - beta1) g,    v <- beta2 v + (1 - beta2) g^2
        p <- p - learning_rate m' / (sqrt(v') + epsilon),    m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        In (0, inf).
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the moments, in [0, 1).
    epsilon : float, default 1e-8
        In (0, inf).

    References
    ----------
    Kingma & Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.
    """

    learning_rate: float | Schedule = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    @property
    def rule(self) -> str:
        return "adam"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:
        # The states are m / (1 - beta1) and v / (1 - beta2): so two factors are taken out of the loop.
        root = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2**t))
        scaled = rate * (1.0 - self.beta1) / ((1.0 - self.beta1**t) * root)
        return scaled, self.beta1, self.beta2, self.epsilon / root


@dataclass(eq=False)
class AdamW(Adam):
    """Adam, with weights that decay by themselves: p <- (1 - learning_rate weight_decay) p before each step of Adam.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon
        As for `Adam`.
    weight_decay : float, default 0.01
        In [0, inf). Of all parameters, biases too.

    References
    ----------
    Loshchilov & Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.
    """

    weight_decay: float = 0.01

    @property
    def rule(self) -> str:
        return "adamw"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:
        return *super().constants(rate, t), 1.0 - rate * self.weight_decay


@dataclass(eq=False)
class NAdam(Optimiser):
    """Adam with Nesterov's momentum.

        mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2),    m and v as for Adam, v' = v / (1 - beta2^t)
        s = (1 - mu_t) g / (1 - prod_t mu) + mu_{t+1} m / (1 - prod_{t+1} mu)
        p <- p - learning_rate s / (sqrt(v') + epsilon)

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.002
        In (0, inf).
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the moments, in [0, 1).
    epsilon : float, default 1e-8
        In (0, inf).
    momentum_decay : float, default 0.004
        In [0, inf).

    References
    ----------
    Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016, in the convention of ``torch.optim.NAdam``.
    """

    learning_rate: float | Schedule = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    momentum_decay: float = 4e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        self.momentum_product = 1.0

    @property
    def rule(self) -> str:
        return "nadam"

    def memory(self) -> dict[str, float]:
        return {"momentum_product": self.momentum_product}

    def remember(self, memory: Mapping[str, float]) -> None:
        self.momentum_product = memory["momentum_product"]

    def _mu(self, t: int) -> float:
        return self.beta1 * (1.0 - 0.5 * 0.96 ** (t * self.momentum_decay))

    def step(self, parameters: NDArray, gradients: NDArray) -> None:
        """As for every optimiser; the product of the momenta goes on with it."""
        super().step(parameters, gradients)
        self.momentum_product *= self._mu(self.steps)

    def constants(self, rate: float, t: int) -> tuple[float, ...]:
        mu, following = self._mu(t), self._mu(t + 1)
        product = self.momentum_product * mu
        root = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2**t))  # the states are those of Adam
        of_gradient = rate * (1.0 - mu) / (1.0 - product)
        of_moment = rate * following / (1.0 - product * following) * (1.0 - self.beta1)
        return of_gradient / root, of_moment / root, self.beta1, self.beta2, self.epsilon / root


@dataclass(eq=False)
class Adamax(Optimiser):
    """Adam with the largest gradient, decayed, in place of the root mean square.

        m <- beta1 m + (1 - beta1) g,    u <- max(beta2 u, abs g + epsilon)
        p <- p - learning_rate / (1 - beta1^t) m / u

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.002
        In (0, inf).
    beta1, beta2 : float, default 0.9 and 0.999
        In [0, 1).
    epsilon : float, default 1e-8
        In (0, inf).

    References
    ----------
    Kingma & Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 2, with the epsilon of
    ``torch.optim.Adamax``.
    """

    learning_rate: float | Schedule = 2e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    @property
    def rule(self) -> str:
        return "adamax"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:
        return rate * (1.0 - self.beta1) / (1.0 - self.beta1**t), self.beta1, self.beta2, self.epsilon


@dataclass(eq=False)
class AdaDelta(Optimiser):
    """AdaDelta: steps in the units of the parameters.

        v <- decay v + (1 - decay) g^2,    s = sqrt(d + epsilon) / sqrt(v + epsilon) g
        d <- decay d + (1 - decay) s^2,    p <- p - learning_rate s

    Parameters
    ----------
    learning_rate : float or Schedule, default 1
        In (0, inf).
    decay : float, default 0.9
        In [0, 1).
    epsilon : float, default 1e-6
        In (0, inf).

    References
    ----------
    Zeiler, ADADELTA: an adaptive learning rate method, 2012, arXiv:1212.5701, algorithm 1.
    """

    learning_rate: float | Schedule = 1.0
    decay: float = 0.9
    epsilon: float = 1e-6

    @property
    def rule(self) -> str:
        return "adadelta"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        return rate, self.decay, 1.0 - self.decay, self.epsilon


@dataclass(eq=False)
class Lion(Optimiser):
    """Lion: the sign of a blend of gradient and momentum.

        p <- p - learning_rate (sign(beta1 m + (1 - beta1) g) + weight_decay p),    m <- beta2 m + (1 - beta2) g

    Parameters
    ----------
    learning_rate : float or Schedule, default 1e-4
        In (0, inf).
    beta1, beta2 : float, default 0.9 and 0.99
        In [0, 1).
    weight_decay : float, default 0
        In [0, inf).

    References
    ----------
    Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023, arXiv:2302.06675, algorithm 2.
    """

    learning_rate: float | Schedule = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    @property
    def rule(self) -> str:
        return "lion"

    def constants(self, rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        kept = 1.0 - rate * self.weight_decay
        return rate, self.beta1, 1.0 - self.beta1, self.beta2, 1.0 - self.beta2, kept


OPTIMISERS: dict[str, Callable[..., Optimiser]] = {
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "nesterov": partial(SGD, momentum=0.9, nesterov=True),
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adadelta": AdaDelta,
    "adamax": Adamax,
    "adamw": AdamW,
    "nadam": NAdam,
    "lion": Lion,
}
"""What makes each optimiser with its defaults, by the names of the field."""
