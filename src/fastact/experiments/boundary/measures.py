"""What ``boundary`` measures of a trained network: how straight it is, in how many pieces, and what it has learned."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastact
from fastact import mlp

Array = NDArray[np.float64]
Value = Callable[[Array], Array]

EXTENT = 1.25
"""The plane is looked at on [-EXTENT, EXTENT]^2."""
SHOWN = 27
"""Points on a side of the grid that is kept for pictures."""
FINE = 200
"""Intervals on a side of the grid on whose edges the boundary is sought."""
LARGEST = 20.0
"""Decision values are cut off here in pictures."""
OVERFLOWN = 1e100
"""What is larger than this counts as this."""
NEARBY = 1e-4
"""The distance over which the decision value is asked whether it is affine."""
AFFINE = 1e-11
"""What rounding leaves of the second differences of an affine function, relative to its largest value."""
HARMONIC = 0.1
"""So near to a harmonic a frequency counts as one."""


def decision(net: mlp.Network) -> Value:
    """The difference of a network's two logits as a function of points (n, 2): 0 on the boundary."""

    def value(points: Array) -> Array:
        logits = np.asarray(net.forward(points), np.float64)
        # Away from the training points logits may overflow.
        return np.diff(np.nan_to_num(np.clip(logits, -OVERFLOWN, OVERFLOWN)), axis=1)[:, 0]

    return value


def grid(intervals: int) -> Array:
    """The coordinates of a grid's points on one side."""
    return np.linspace(-EXTENT, EXTENT, intervals + 1)


def on_grid(value: Value, intervals: int) -> Array:
    """Values on the grid, [i, j] at x_j and y_i."""
    side = grid(intervals)
    x, y = np.meshgrid(side, side)
    return value(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)


def boundary(value: Value) -> Array:
    """Points (n, 2) where the edges of the fine grid cross the boundary, to rounding."""
    side, known = grid(FINE), on_grid(value, FINE)
    positive = known > 0.0
    ends = []
    for axis in (0, 1):
        low, high = np.array(np.nonzero(np.diff(positive.astype(np.int8), axis=axis))), 0
        high = low + np.array([[1], [0]] if axis == 0 else [[0], [1]])
        ends.append(np.stack([np.column_stack([side[at[1]], side[at[0]]]) for at in (low, high)]))
    a, b = np.concatenate(ends, axis=1)
    if not len(a):
        return a
    above = value(a) > 0.0
    for _ in range(40):  # bisection: 2^-40 of an edge
        middle = (a + b) / 2.0
        same = ((value(middle) > 0.0) == above)[:, np.newaxis]
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    return (a + b) / 2.0


def straight_share(value: Value, points: Array) -> float | None:
    """Share of the points near which the decision value is an affine function; None without points."""
    if not len(points):
        return None
    steps = NEARBY * np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    here = value(points)
    second = [np.abs(value(points + step) - 2.0 * here + value(points - step)) for step in steps]
    scale = max(float(np.abs(on_grid(value, SHOWN)).max()), 1.0)
    return float((np.max(second, axis=0) <= AFFINE * scale).mean())


def piecewise_linear(activation: str) -> bool:
    """Whether a function is straight between its kinks, of which it has at least one."""
    function = fastact.registered(activation)
    at = sorted(function.spec.kinks_at(**function.spec.defaults)) if function.spec.kinks else []
    if not at:
        return False
    edges = [at[0] - 4.0, *at, at[-1] + 4.0]
    between = [np.linspace(a, b, 9)[1:-1] for a, b in itertools.pairwise(edges)]
    return all(np.ptp(function.derivative(x)) == 0.0 for x in between)


def pieces(net: mlp.Network, activation: str, points: Array) -> int | None:
    """In how many of the straight pieces' regions the boundary is, as far as the fine grid sees it.

    On each side of the kinks of its units the network is one affine function, so that the boundary is straight there:
    a piece for each combination of sides that is met. None for what is not piecewise linear.
    """
    if not piecewise_linear(activation):
        return None
    spec = fastact.registered(activation).spec
    layer = net.layers[0]
    sums = points @ layer.weight + (0.0 if layer.bias is None else layer.bias)
    sides = np.searchsorted(sorted(spec.kinks_at(**spec.defaults)), sums)
    return len(np.unique(sides, axis=0))


def features(net: mlp.Network, X: Array) -> tuple[Array, float]:
    """The hidden layer's outputs in two dimensions, and the share of their variance that is seen.

    Those of the two units, or the first two principal components; a single unit is drawn over zeros.
    """
    hidden = np.asarray(net.activations(X)[0], np.float64)
    if hidden.shape[1] == 1:
        return np.column_stack([hidden, np.zeros(len(hidden))]), 1.0
    if hidden.shape[1] == 2:
        return hidden, 1.0
    centred = hidden - hidden.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    # Which way a component points is chosen such that its largest entry is positive.
    components = left[:, :2] * singular[:2]
    components *= np.sign(components[np.abs(components).argmax(axis=0), [0, 1]])
    total = float(np.square(singular).sum())
    return components, float(np.square(singular[:2]).sum() / total) if total > 0 else 1.0


def rounded(values: Any, digits: int = 3) -> Any:
    """Numbers of a picture, with so many significant digits."""
    array = np.asarray(values, np.float64)
    return [rounded(one, digits) for one in array] if array.ndim else float(f"{float(array):.{digits}g}")


def picture(value: Value) -> list[list[float]]:
    """Decision values on the grid that is kept."""
    side: list[list[float]] = rounded(np.clip(on_grid(value, SHOWN - 1), -LARGEST, LARGEST), 2)
    return side


def harmonic_share(net: mlp.Network) -> float:
    """Share of the power of a network of sinusoids that has a whole number of periods in 2 pi.

    A unit cos(w x + b) with the weight v in the output has the power v^2 / 2; constants count for nothing.
    """
    frequency = np.abs(net.layers[0].weight[0])
    power = np.square(net.layers[1].weight[:, 0])
    moving = frequency > HARMONIC
    whole = moving & (np.abs(frequency - np.round(frequency)) < HARMONIC)
    total = float(power[moving].sum())
    return float(power[whole].sum()) / total if total > 0 else 0.0
