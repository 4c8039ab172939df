"""Points in the plane with two classes: what one can see a network learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .data import Dataset

Points = tuple[NDArray[np.float64], NDArray[np.int64]]


def _square(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    return rng.uniform(-1.0, 1.0, (samples, 2))


def _circle(rng: np.random.Generator, samples: int) -> Points:
    X = _square(rng, samples)
    # Of radius sqrt(2 / pi): half of the square lies inside.
    return X, (np.square(X).sum(axis=1) < 2.0 / np.pi).astype(np.int64)


def _xor(rng: np.random.Generator, samples: int) -> Points:
    X = _square(rng, samples)
    return X, (X[:, 0] * X[:, 1] > 0.0).astype(np.int64)


def _stripes(rng: np.random.Generator, samples: int) -> Points:
    X = _square(rng, samples)
    return X, (np.cos(2.0 * np.pi * X[:, 0]) > 0.0).astype(np.int64)


def _moons(rng: np.random.Generator, samples: int) -> Points:
    y = np.arange(samples) % 2
    angle = rng.uniform(0.0, np.pi, samples)
    X = np.column_stack([np.cos(angle), np.sin(angle)]) * np.where(y, 1.0, -1.0)[:, np.newaxis]
    X += np.where(y, -0.5, 0.5)[:, np.newaxis] * (1.0, 0.5)
    return (X + rng.normal(0.0, 0.1, X.shape)) / 1.6, y


def _spiral(rng: np.random.Generator, samples: int) -> Points:
    y = np.arange(samples) % 2
    along = np.sqrt(rng.uniform(0.02, 1.0, samples))
    angle = 3.0 * np.pi * along + np.pi * y
    X = along[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + rng.normal(0.0, 0.02, X.shape), y


SHAPES: dict[str, Callable[[np.random.Generator, int], Points]] = {
    "circle": _circle,
    "moons": _moons,
    "spiral": _spiral,
    "stripes": _stripes,
    "xor": _xor,
}
"""Points about [-1, 1]^2 by name: inside a circle or out; two moons; two arms of a spiral; the stripes where
cos(2 pi x) > 0; the signs of x and y equal or not."""


def points(shape: str, samples: int, seed: int) -> Dataset:
    """So many points of a shape, of both classes.

    Parameters
    ----------
    shape : str
        A name in ``SHAPES``.
    samples : int >= 8
    seed : int >= 0

    Returns
    -------
    Dataset
        With two features and the classes "0" and "1".
    """
    X, y = SHAPES[shape](np.random.default_rng(seed), samples)
    return Dataset(shape, X, y, ("0", "1"))
