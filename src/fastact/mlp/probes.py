"""Probes: what happens in every layer while a network trains, at the steps asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _checks
from .statistics import LayerStatistics, backward_statistics, forward_statistics, l2_norm

if TYPE_CHECKING:
    from .layer import Buffers, Layer


@dataclass(frozen=True)
class Probe:
    """Which steps of a training are probed, and what is kept.

    Parameters
    ----------
    every : int, default 1
        Every so many steps, the first included; at least 1.
    window : int, default 100
        A unit is dead at a step if f' was 0 for every sample of so many steps up to this one; at least 1.
    features : bool, default False
        Keep a copy of the weights: column by column what each unit has learned to look for.
    """

    every: int = 1
    window: int = 100
    features: bool = False

    def __post_init__(self) -> None:
        _checks.integer("every", self.every, 1)
        _checks.integer("window", self.window, 1)
        _checks.boolean("features", self.features)


@dataclass(frozen=True)
class Record(LayerStatistics):
    """What a step did in one layer: `LayerStatistics` over the batch, and the following.

    Attributes
    ----------
    step, epoch : int
        Steps before this one in the training, and the number of the epoch, from 1.
    dead : float
        Share of units with f' = 0 for every sample of the window; NaN before so many steps were taken.
    sparsity : float
        Share of units x samples with outputs of exactly 0.
    update_ratio : float
        L2 norm of the step's change of the weights (without biases) over that of the weights before.
    features : ndarray, shape (inputs, units), or None
        The weights before the step, if they are kept.
    """

    step: int = 0
    epoch: int = 0
    sparsity: float = float("nan")
    update_ratio: float = float("nan")
    features: NDArray | None = None


class Observer:
    """Follows a training for a `Probe`.

    It is told of every pass forward, of every layer's pass back and of every step, in this order.
    """

    def __init__(self, probe: Probe, layers: list[Layer], outputs: list[int]) -> None:
        self.probe, self.layers = probe, layers
        self.records: list[Record] = []
        # The step at which each unit was last active; none was before the first.
        self.active = [np.full(units, -1, np.int64) for units in outputs]
        self._partial: list[dict[str, Any]] = []

    def due(self, step: int) -> bool:
        """Whether the step is probed."""
        return step % self.probe.every == 0

    def forward(self, step: int, buffers: list[Buffers]) -> None:
        """After the pass forward, with f' in the slopes."""
        for active, at in zip(self.active, buffers, strict=True):
            active[... if at.slopes is None else at.slopes.any(axis=1)] = step
        if self.due(step):
            self._partial = [
                forward_statistics(layer, at.y, at.slopes) for layer, at in zip(self.layers, buffers, strict=True)
            ]

    def backward(self, step: int, index: int, at: Buffers) -> None:
        """After the pass back of one layer, while its gradients are there."""
        if self.due(step):
            layer = self.layers[index]
            self._partial[index] |= backward_statistics(layer, at.dz)
            self._partial[index]["sparsity"] = float((at.y == 0).mean())
            if layer.weighted:
                weight: NDArray = layer.weight  # type: ignore[attr-defined]
                self._partial[index]["features"] = weight.copy()

    def stepped(self, step: int, epoch: int) -> None:
        """After the step."""
        if not self.due(step):
            return
        for index, (layer, found, active) in enumerate(zip(self.layers, self._partial, self.active, strict=True)):
            before = found.pop("features", None)
            if before is not None:
                norm = l2_norm(before)
                change = l2_norm(layer.weight.astype(np.float64) - before)  # type: ignore[attr-defined]
                found["update_ratio"] = change / norm if norm else float("nan")
            window = self.probe.window
            if not np.isnan(found["dead"]):
                found["dead"] = float((active <= step - window).mean()) if step + 1 >= window else float("nan")
            name = layer_name(layer)
            features = before if self.probe.features else None
            self.records.append(
                Record(layer=index, activation=name, step=step, epoch=epoch, features=features, **found)
            )
        self._partial = []

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps besides the records."""
        return {"active": [active.tolist() for active in self.active]}

    def restore(self, state: dict[str, Any], records: list[Record]) -> None:
        """Put `state` and the records back."""
        self.records = records
        self.active = [np.array(active, np.int64) for active in state["active"]]


def layer_name(layer: Layer) -> str:
    """The activation of a layer that has one, else what kind of layer it is."""
    elementwise = getattr(layer, "elementwise", None)
    return type(layer).__name__ if elementwise is None else elementwise.name
