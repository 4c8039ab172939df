"""Two-parameter losses on which ``optimisers`` steps: a ravine, a local minimum, and least squares in mini-batches.

The rules are those of `fastact.mlp`, whose optimisers move any flat vector of parameters. All of them work on each
parameter by itself, so that many starts are one vector: the first half are the x, the second half the y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastact import mlp

Array = NDArray[np.float64]

STEPS = 400
STARTS = 25
"""Starts on a surface, for each seed."""
ESCAPED = 1e6
"""What is further away than this has diverged, and stays there."""
WITHIN = 10.0
"""What ends further away than this has found no minimum."""
SETTLED = 1e-3


@dataclass(frozen=True)
class Surface:
    """A loss of two parameters.

    Attributes
    ----------
    formula : str
    value, slope : callable
        f(x, y), and its two partial derivatives.
    centre, spread : pair of float
        Starts are drawn evenly from centre +- spread.
    window : four floats
        What pictures show: x from, to, y from, to.
    """

    formula: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], tuple[Array, Array]]
    centre: tuple[float, float]
    spread: tuple[float, float]
    window: tuple[float, float, float, float]


RAVINE = Surface(
    "(x² + 40 y²) / 2",
    lambda x, y: (x**2 + 40.0 * y**2) / 2.0,
    lambda x, y: (x, 40.0 * y),
    centre=(-8.0, 1.5),
    spread=(1.0, 0.5),
    window=(-9.5, 3.0, -2.6, 2.6),
)
WELLS = Surface(
    "(x² - 1)² / 4 - x / 5 + y² / 2",
    lambda x, y: (x**2 - 1.0) ** 2 / 4.0 - x / 5.0 + y**2 / 2.0,
    lambda x, y: (x**3 - x - 0.2, y),
    centre=(-1.8, 0.8),
    spread=(0.3, 0.3),
    window=(-2.4, 2.4, -1.4, 1.4),
)
BARRIER = float(min(root.real for root in np.roots([1.0, 0.0, -1.0, -0.2]) if -0.5 < root.real < 0.5))
"""The x of the saddle between the two minima of ``WELLS``; the one to the right of it is the global minimum."""
DATA, NOISE, VALLEY, LOCAL = "data", "mini-batches", "ravine", "local minimum"
"""The tasks: a network on the data, least squares, and the surfaces."""
SURFACES = {VALLEY: RAVINE, LOCAL: WELLS}


def starts(surface: Surface, seed: int) -> Array:
    """The x of all starts, then the y."""
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [
            middle + reach * rng.uniform(-1.0, 1.0, STARTS)
            for middle, reach in zip(surface.centre, surface.spread, strict=True)
        ]
    )


def descend(surface: Surface, optimiser: mlp.Optimiser, begin: Array) -> Array:
    """The way from the starts: an array (STEPS + 1, 2, starts)."""
    at = begin.copy()
    gradient = np.empty_like(at)
    count = len(at) // 2
    way = np.empty((STEPS + 1, 2, count))
    way[0] = at.reshape(2, count)
    with np.errstate(all="ignore"):
        for step in range(STEPS):
            gradient[:count], gradient[count:] = surface.slope(*at.reshape(2, count))
            optimiser.step(at, gradient)
            np.nan_to_num(at, copy=False, nan=ESCAPED, posinf=ESCAPED, neginf=-ESCAPED)
            np.clip(at, -ESCAPED, ESCAPED, out=at)
            way[step + 1] = at.reshape(2, count)
    return way


def settled(surface: Surface, way: Array) -> Array:
    """For each start the number of steps after which f stays under SETTLED of its first value; inf for never."""
    values = surface.value(way[:, 0], way[:, 1])
    above = values > SETTLED * values[0]
    last = len(values) - 1 - above[::-1].argmax(axis=0)
    return np.where(last == len(values) - 1, np.inf, last + 1.0)


def crossed(way: Array) -> float:
    """Share of the starts on ``WELLS`` that end right of the barrier, and have not diverged."""
    x = way[-1, 0]
    return float(((x > BARRIER) & (np.abs(way[-1]) < WITHIN).all(axis=0)).mean())


@dataclass(frozen=True)
class LeastSquares:
    """The mean of (w . a - b)^2 / 2 over samples (a, b), with w of two numbers.

    Attributes
    ----------
    A, b : arrays (samples, 2) and (samples,)
    """

    A: Array
    b: Array

    @classmethod
    def drawn(cls, seed: int, samples: int = 500) -> LeastSquares:
        """Samples about the line w = (1, -1), with noise of deviation 1."""
        rng = np.random.default_rng(seed)
        A = rng.normal(size=(samples, 2)) * (1.0, 0.6)
        return cls(A, A @ (1.0, -1.0) + rng.normal(size=samples))

    @property
    def curvature(self) -> Array:
        """The Hessian (2, 2)."""
        return self.A.T @ self.A / len(self.b)

    @property
    def minimum(self) -> Array:
        """The best w."""
        return np.linalg.solve(self.curvature, self.A.T @ self.b / len(self.b))

    def excess(self, w: Array) -> Array:
        """How far the loss of some w (n, 2) is above the least."""
        off = w - self.minimum
        return np.einsum("ni,ij,nj->n", off, self.curvature, off) / 2.0

    def predicted_excess(self, rate: float, batch: int) -> float:
        """The mean excess where SGD with samples drawn independently comes to rest, for gradients of constant noise.

        In the eigenvectors of the Hessian each coordinate is an autoregression with the factor 1 - rate lambda and
        noise of variance rate^2 c / batch, c the variance of a sample's gradient: its variance is rate c /
        (batch lambda (2 - rate lambda)).
        """
        values, vectors = np.linalg.eigh(self.curvature)
        residual = self.A @ self.minimum - self.b
        noise = np.var((residual[:, np.newaxis] * self.A) @ vectors, axis=0)
        if (rate * values >= 2.0).any():
            return float("inf")
        return float((rate * noise / (2.0 * batch * (2.0 - rate * values))).sum())

    def wander(
        self, optimiser: mlp.Optimiser, batch: int, steps: int, rng: np.random.Generator, begin: Array
    ) -> tuple[Array, Array]:
        """The way (steps + 1, 2) of an optimiser that sees that many samples at each step, drawn independently.

        Beside it are the effective rates |step| / |gradient| (steps,).
        """
        w, way, sizes = begin.copy(), np.empty((steps + 1, 2)), np.empty(steps)
        way[0] = w
        chosen = rng.integers(len(self.b), size=(steps, batch))
        for step in range(steps):
            a = self.A[chosen[step]]
            gradient = a.T @ (a @ w - self.b[chosen[step]]) / batch
            sizes[step] = np.hypot(*gradient)
            optimiser.step(w, gradient)
            np.clip(w, -ESCAPED, ESCAPED, out=w)
            way[step + 1] = w
        moved = np.hypot(*np.diff(way, axis=0).T)
        return way, np.divide(moved, sizes, out=np.full(steps, np.nan), where=sizes > 0)
