"""Kernels of fastact as SciPy's low-level callbacks: quadrature and filters that never call Python."""

from __future__ import annotations

import numpy as np
from scipy import integrate, ndimage

from fastact import capi


def total_slope(name: str, **parameters: float) -> float:
    """The integral of f' over the line: how far the activation rises."""
    return integrate.quad(capi.low_level_callable(f"{name}_derivative", **parameters), -np.inf, np.inf)[0]


def neurons(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """At every pixel, gelu of the weighted sum of its neighbourhood."""
    callback = capi.low_level_callable("gelu", "filter", weights=weights.ravel())
    return ndimage.generic_filter(image, callback, size=weights.shape, mode="nearest")


def leaky_lines(image: np.ndarray, negative_slope: float) -> np.ndarray:
    """leaky_relu of every pixel, line by line."""
    return ndimage.generic_filter1d(
        image, capi.low_level_callable("leaky_relu", "filter1d", negative_slope=negative_slope), filter_size=1
    )


if __name__ == "__main__":
    print("sigmoid rises by", total_slope("sigmoid"))
    print(neurons(np.eye(5), np.full((3, 3), 1 / 9)))
