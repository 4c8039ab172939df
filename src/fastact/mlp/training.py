"""The training loop, and everything that it must remember to go on where it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks
from ._kernels import Rows
from .history import History
from .optimisers import Adam, Optimiser
from .probes import Observer, Probe
from .schedules import rate_at

if TYPE_CHECKING:
    from .network import Network


@dataclass(frozen=True)
class EarlyStopping:
    """When to end a training that no longer gets better.

    The loss watched is that of validation or, where nothing is held out, that of training.

    Parameters
    ----------
    patience : int, default 10
        Epochs without a new least loss after which training ends; at least 1.
    min_delta : float, default 0
        By how much a loss must be less than the least to be a new one; in [0, inf).
    restore_best : bool, default True
        Whether the parameters of the least loss are put back at the end. (A loss of training is that on the way to
        them.)
    """

    patience: int = 10
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        _checks.integer("patience", self.patience, 1)
        _checks.number("min_delta", self.min_delta, 0.0, closed=True)
        _checks.boolean("restore_best", self.restore_best)


class Training:
    """One run of `Network.fit`, whose parameters these are; everything is checked before anything changes.

    Attributes
    ----------
    epoch, step : int
        Epochs finished and steps taken.
    order : ndarray of intp
        The order in which the last epoch took the samples; the next one is a permutation of it.
    best : dict
        With early stopping, the least loss, its epoch, and copies of parameters and states.
    """

    def __init__(
        self,
        network: Network,
        X: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int,
        batch_size: int,
        optimiser: Optimiser | None,
        shuffle: bool,
        sample_weight: ArrayLike | None,
        class_weight: Mapping[int, float] | str | None,
        validation_split: float,
        validation_data: tuple[ArrayLike, ArrayLike] | None,
        early_stopping: EarlyStopping | None,
        probe: Probe | None,
        checkpoint: str | Path | None,
        checkpoint_every: int,
        callback: Callable[[int, float], object] | None,
    ) -> None:
        self.network = network
        objective, dtype = network.objective, network.dtype
        X = _checks.samples(X, network.inputs, dtype)
        y = objective.checked(y, len(X), dtype)
        self.epochs = _checks.integer("epochs", epochs, 1)
        self.batch_size = _checks.integer("batch_size", batch_size, 1)
        self.optimiser = Adam() if optimiser is None else optimiser
        if not isinstance(self.optimiser, Optimiser):
            raise ValueError(f"optimiser must be an Optimiser such as SGD or Adam, got {optimiser!r:.60}")
        self.shuffle = _checks.boolean("shuffle", shuffle)
        weights = None
        if sample_weight is not None:
            weights = _checks.weights("sample_weight", sample_weight, len(X), dtype)
        if class_weight is not None:
            by_class = class_weights(class_weight, y, network.outputs, labels=objective.labels)
            weights = (by_class if weights is None else weights * by_class).astype(dtype)
        for name, value, kind in (("early_stopping", early_stopping, EarlyStopping), ("probe", probe, Probe)):
            if value is not None and not isinstance(value, kind):
                raise ValueError(f"{name} must be {kind.__name__}() or None, got {value!r:.60}")
        self.early_stopping, self.probe = early_stopping, probe
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.checkpoint_every = _checks.integer("checkpoint_every", checkpoint_every, 1)
        if callback is not None and not callable(callback):
            raise ValueError(f"callback must be callable or None, got {callback!r:.60}")
        self.callback = callback
        self.class_weight = class_weight
        self.validation_split = share = _checks.number("validation_split", validation_split, 0.0, 1.0, closed=True)
        held_out = round(share * len(X))
        if share and not 0 < held_out < len(X):
            raise ValueError(f"validation_split must leave samples on both sides, got {share:g} of {len(X)}")
        if share and validation_data is not None:
            raise ValueError("validation_split must be 0 where there is validation_data")
        self.validation = None if validation_data is None else self._checked_validation(validation_data)
        self.held_out = held_out
        self.drawn: NDArray[np.intp] | None = None
        self.all = X, y, weights
        self.epoch = self.step = 0
        self.order: NDArray[np.intp] | None = None
        self.history = History()
        self.best: dict[str, Any] = {}
        self.observer: Observer | None = None
        if probe is not None:
            self.observer = Observer(probe, network.layers, network._widths[1:])
        if self.checkpoint is not None:
            from . import files

            # Hashing is not free, and nobody else needs it.
            self.fingerprint = files.fingerprint(X, y, weights, *(self.validation or ()))
            files.check_checkpoint(self, self.checkpoint)
        self.optimiser.attach(network.parameters)

    def _checked_validation(self, data: Any) -> tuple[NDArray, NDArray]:
        try:
            X, y = data
        except (TypeError, ValueError):
            raise ValueError(f"validation_data must be a pair (X, y), got {data!r:.60}") from None
        X = _checks.samples(X, self.network.inputs, self.network.dtype)
        return X, self.network.objective.checked(y, len(X), self.network.dtype)

    def arguments(self) -> dict[str, Any]:
        """The arguments as plain data, but for data, optimiser and checkpoint: what a checkpoint keeps of them."""
        class_weight: Any = self.class_weight
        if isinstance(class_weight, Mapping):  # JSON's names are texts
            class_weight = [[int(label), float(weight)] for label, weight in class_weight.items()]
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "class_weight": class_weight,
            "validation_split": self.validation_split,
            "early_stopping": None if self.early_stopping is None else asdict(self.early_stopping),
            "probe": None if self.probe is None else asdict(self.probe),
            "checkpoint_every": self.checkpoint_every,
        }

    def _divide(self) -> None:
        """Hold out what validation_split says; `drawn` is the permutation, whose last samples are held out."""
        X, y, weights = self.all
        if self.held_out:
            if self.drawn is None:
                self.drawn = self.network.rng.permutation(len(X))
            kept, held = self.drawn[: -self.held_out], self.drawn[-self.held_out :]
            self.validation = X[held], y[held]
            X, y, weights = X[kept], y[kept], None if weights is None else weights[kept]
        # Bound operations read the memory as it is: contiguous, and the training's own.
        self.samples, self.targets = X.copy(order="C"), y.copy(order="C")
        self.weights = None if weights is None else np.ascontiguousarray(weights)
        if self.order is None:
            self.order = np.arange(len(X))

    def run(self) -> History:
        """Train to the last epoch; what `Network.fit` returns and raises."""
        self._divide()
        while self.epoch < self.epochs and not self.history.stopped:
            loss = self._run_epoch()
            self.epoch += 1
            if not all(map(math.isfinite, (loss, self.network.parameters.min(), self.network.parameters.max()))):
                raise FloatingPointError(
                    f"training diverged in epoch {self.epoch} (loss {loss}): lower the learning_rate"
                )
            self.history.loss.append(loss)
            self.history.learning_rate.append(rate_at(self.optimiser.learning_rate, self.optimiser.steps - 1))
            if self.validation is not None:
                self.history.validation_loss.append(self.network.loss(*self.validation))
                self.history.validation_score.append(self.network.score(*self.validation))
            if self.early_stopping is not None:
                self._watch(self.early_stopping)
            last = self.epoch == self.epochs or self.history.stopped
            if last and self.best:
                self._restore_best()
            if self.checkpoint is not None and (last or self.epoch % self.checkpoint_every == 0):
                from . import files

                files.write_checkpoint(self, self.checkpoint)
            if self.callback is not None:
                self.callback(self.epoch, loss)
        return self.history

    def _run_epoch(self) -> float:
        """One pass over the samples; the mean loss."""
        network, order = self.network, self.order
        assert order is not None
        if self.shuffle:
            network.rng.shuffle(order)
        count, size = len(order), min(self.batch_size, len(order))
        with np.errstate(all="ignore"):
            total = self._run_steps(order, range(0, count - size + 1, size), size)
            if rest := count % size:
                total += self._run_steps(order, range(count - rest, count, rest), rest)
        return total / count

    def _run_steps(self, order: NDArray[np.intp], starts: range, size: int) -> float:
        """A step for each batch of a size, which begin at some places of the order; the sum of the samples' losses."""
        network, optimiser, observer = self.network, self.optimiser, self.observer
        plan, rng, parameters, gradients = network._plan(size), network.rng, network.parameters, network.gradients
        weighted = self.weights is not None
        take_samples, take_targets = Rows(self.samples, plan.samples), Rows(self.targets, plan.targets)
        take_weights = Rows(self.weights, plan.weights) if weighted else None
        total = 0.0
        for start in starts:
            take_samples(order, start)
            take_targets(order, start)
            if take_weights is not None:
                take_weights(order, start)
            network._forward_with_derivatives(plan, rng)
            if observer is None:
                total += network._backpropagate(plan, weighted=weighted)
                optimiser.step(parameters, gradients)
            else:
                total += self._observed(observer, plan)
            for layer in network._constrained:
                layer.constrain()
            self.step += 1
        return total * size

    def _observed(self, observer: Observer, plan: Any) -> float:
        """The pass back and the step, told to the observer."""
        network, step = self.network, self.step
        observer.forward(step, plan.buffers)
        loss = network._backpropagate(
            plan, weighted=self.weights is not None, after=lambda index, at: observer.backward(step, index, at)
        )
        self.optimiser.step(network.parameters, network.gradients)
        observer.stepped(step, self.epoch + 1)
        self.history.probes = observer.records
        return loss

    def _watch(self, stopping: EarlyStopping) -> None:
        """Remember the least loss, and stop after too many others."""
        watched = (self.history.validation_loss or self.history.loss)[-1]
        if not self.best or watched < self.best["loss"] - stopping.min_delta:
            self.best = {"loss": watched, "epoch": self.epoch}
            if stopping.restore_best:
                self.best["parameters"] = self.network.parameters.copy()
                self.best["states"] = [
                    {name: array.copy() for name, array in state.items()} for state in self.network.states
                ]
        elif self.epoch - self.best["epoch"] >= stopping.patience:
            self.history.stopped = f"no loss below that of epoch {self.best['epoch']} in {stopping.patience} epochs"

    def _restore_best(self) -> None:
        if "parameters" in self.best:
            self.network.parameters[...] = self.best["parameters"]
            self.network._restore(self.best["states"])
            self.history.best_epoch = self.best["epoch"]


def class_weights(given: Any, y: NDArray, classes: int, *, labels: bool) -> NDArray[np.float64]:
    """The weight of each sample by its label."""
    if not labels:
        raise ValueError("class_weight must be None where targets are no labels")
    by_class = np.ones(classes)
    if isinstance(given, str) and given == "balanced":
        counts = np.bincount(y, minlength=classes)
        by_class = len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    elif isinstance(given, Mapping):
        for label, weight in given.items():
            index = _checks.integer("class_weight: a label", label, 0)
            if index >= classes:
                raise ValueError(f"class_weight must have labels in [0, {classes}), got {label!r:.60}")
            by_class[index] = _checks.number("class_weight", weight, 0.0, closed=True)
    else:
        raise ValueError(f"class_weight must be a mapping of labels to weights or 'balanced', got {given!r:.60}")
    return by_class[y]
