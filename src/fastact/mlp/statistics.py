"""What one pass forward and back over some samples says about a layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .layer import Layer

SATURATED = 1e-3
"""A unit is saturated for a sample where abs f' is below this share of its supremum."""


@dataclass(frozen=True)
class LayerStatistics:
    """Figures of one layer; all of them are taken in float64 from the arrays of the network's dtype.

    Attributes
    ----------
    layer : int
        Index in ``network.layers``: 0 is the layer next to the inputs.
    activation : str
        Name of the activation, or of the kind of layer that has none; what speaks of f, or of W, is then NaN.
    weight_gradient_norm : float
        L2 norm of dL/dW (without the biases), L the mean loss.
    activation_gradient_norm : float
        L2 norm of dL/dz over all units and samples, z the pre-activations, L the mean loss.
    activation_mean, activation_std : float
        Of the outputs f(z) over all units and samples.
    saturated : float
        Share of units x samples with abs f'(z) < 1e-3 sup abs f'. The supremum is the catalogue's (at the default
        parameters), or the largest abs f' seen if that is greater; where it is infinite nothing saturates.
    dead : float
        Share of units whose f'(z), as computed, is 0 for every sample.
    derivative_zero : float
        Share of units x samples whose f'(z), as computed, is exactly 0.
    derivative_mean : float
        Mean of f'(z) over all units and samples.
    weight_spectral_norm : float
        Largest singular value of W; NaN once training has diverged and W is not finite.
    """

    layer: int
    activation: str
    weight_gradient_norm: float
    activation_gradient_norm: float
    activation_mean: float
    activation_std: float
    saturated: float
    dead: float
    derivative_zero: float
    derivative_mean: float
    weight_spectral_norm: float


def l2_norm(array: ArrayLike) -> float:
    """L2 norm of all elements, in float64 and scaled by the largest: the squares of tiny gradients would underflow."""
    values = np.asarray(array, np.float64)
    largest = float(np.abs(values).max())
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.square(values / largest).sum()))


def spectral_norm(weight: NDArray) -> float:
    """Largest singular value, in float64; NaN for a matrix that diverging training has left without one."""
    if not np.isfinite(weight).all():
        return math.nan
    return float(np.linalg.norm(weight.astype(np.float64), 2))


def forward_statistics(layer: Layer, outputs: NDArray, slopes: NDArray | None) -> dict[str, Any]:
    """Statistics of the pass forward, from f(z) and f'(z), both (units, samples); None for f' of the identity."""
    found = {
        "activation_mean": float(outputs.mean(dtype=np.float64)),
        "activation_std": float(outputs.std(dtype=np.float64)),
    }
    elementwise = getattr(layer, "elementwise", None)
    if elementwise is None:
        return found | dict.fromkeys(("saturated", "dead", "derivative_zero", "derivative_mean"), math.nan)
    if slopes is None:
        return found | {"saturated": 0.0, "dead": 0.0, "derivative_zero": 0.0, "derivative_mean": 1.0}
    zero = slopes == 0.0
    magnitude = np.abs(slopes)
    below = np.zeros_like(zero)
    for run in elementwise.runs:
        here = magnitude[run.units]
        supremum = max(run.row.sup_derivative, float(here.max()))
        if math.isfinite(supremum):
            below[run.units] = here < SATURATED * supremum
    return found | {
        "saturated": float(below.mean()),
        "dead": float(zero.all(axis=1).mean()),
        "derivative_zero": float(zero.mean()),
        "derivative_mean": float(slopes.mean(dtype=np.float64)),
    }


def backward_statistics(layer: Layer, pre_activation_gradients: NDArray) -> dict[str, float]:
    """Statistics of the pass back, from the layer's gradients and dL/dz of shape (units, samples)."""
    found = {"activation_gradient_norm": l2_norm(pre_activation_gradients)}
    if not layer.weighted:
        return found | {"weight_gradient_norm": math.nan, "weight_spectral_norm": math.nan}
    weight: NDArray = layer.weight  # type: ignore[attr-defined]
    return found | {
        "weight_gradient_norm": l2_norm(layer.weight_gradient),  # type: ignore[attr-defined]
        "weight_spectral_norm": spectral_norm(weight),
    }
