"""What an estimator does after every epoch, as scikit-learn's multi-layer perceptrons do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from .optimisers import Optimiser
from .schedules import rate_at

SMALLEST_RATE = 1e-6
"""Where learning_rate="adaptive" gives up."""


class Stop(Exception):
    """Ends a training from its callback."""


class Watch:
    """What is done after every epoch: remember the loss, validate, and decide as scikit-learn does.

    Parameters
    ----------
    estimator : Perceptron
        Whose attributes are kept.
    optimiser : Optimiser
        Whose learning rate is changed.
    samples : int
        Of an epoch.
    score : callable, optional
        The validation score of the present network, for early stopping.
    """

    def __init__(
        self, estimator: Any, optimiser: Optimiser, samples: int, score: Callable[[], float] | None = None
    ) -> None:
        self.estimator, self.optimiser, self.samples, self.score = estimator, optimiser, samples, score
        self.without_progress = 0
        self.best: tuple[NDArray, list[dict[str, NDArray]]] | None = None

    def __call__(self, epoch: int, loss: float) -> None:
        it = self.estimator
        it.n_iter_, it.loss_ = epoch, loss
        it.t_ += self.samples
        it.loss_curve_.append(loss)
        if it.verbose:
            print(f"Iteration {epoch}, loss = {loss:.8f}")
        progress = self._validated() if self.score is not None else self._lower(loss)
        self.without_progress = 0 if progress else self.without_progress + 1
        if it.learning_rate == "invscaling":
            self.optimiser.learning_rate = it.learning_rate_init / (it.t_ + 1) ** it.power_t
        if self.without_progress > it.n_iter_no_change:
            rate = rate_at(self.optimiser.learning_rate, self.optimiser.steps)
            if it.learning_rate != "adaptive" or rate <= SMALLEST_RATE:
                raise Stop
            self.optimiser.learning_rate = rate / 5.0
            self.without_progress = 0
            if it.verbose:
                print(f"Learning rate set to {rate / 5.0:.8f}")

    def _lower(self, loss: float) -> bool:
        it = self.estimator
        progress = loss <= it.best_loss_ - it.tol
        it.best_loss_ = min(loss, it.best_loss_)
        return progress

    def _validated(self) -> bool:
        it = self.estimator
        assert self.score is not None
        score = self.score()
        it.validation_scores_.append(score)
        if it.verbose:
            print(f"Validation score: {score:.6f}")
        progress = score >= it.best_validation_score_ + it.tol
        if score > it.best_validation_score_ or self.best is None:
            it.best_validation_score_ = score
            network = it.network_
            states = [{name: array.copy() for name, array in state.items()} for state in network.states]
            self.best = network.parameters.copy(), states
        return progress

    def restore_best(self) -> None:
        """Put back what had the best validation score."""
        if self.best is not None:
            self.estimator.network_.set_state(*self.best)
