"""What both estimators share: samples, weights, the network, its training and what is left of it.

An estimator says what targets are: it has

    _targets(y, weight, *, first, incremental)
        targets as the network takes them, and weights, of classes too; sets what is known of them: ``_loss``,
        ``n_outputs_``, ``out_activation_``
    _stratification(y)
        of such targets what the held out samples must have the same shares of, or None
    _score(X, y, weight)
        the validation score of the present network
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from . import _parameters
from ._watch import Stop, Watch
from .dropout import Dropout
from .layer import Layer
from .layers import Activation, Dense
from .network import Network
from .normalisation import BatchNormalisation
from .optimisers import OPTIMISERS, Optimiser

_WITH_MOMENTUM = ("sgd", "momentum", "nesterov")
_WITH_BETAS = ("adam", "adamax", "adamw", "nadam")


class Perceptron(BaseEstimator):
    """What both estimators share. They say what targets are, and what outputs mean."""

    # The loss and the activation of the network's last layer; a classifier's outputs are logits.
    _loss: str
    _last_activation = "identity"
    _multilabel: bool
    _optimiser: Any
    network_: Any
    classes_: Any
    n_outputs_: int

    # What is made of the parameters ----------------------------------------------------------------------------------

    def _layers(self, outputs: int) -> list[Layer]:
        layers: list[Layer] = []
        for units, name in zip(_parameters.sizes(self), _parameters.activations(self), strict=True):
            if self.batch_normalisation:
                layers += [Dense(units), BatchNormalisation(), Activation(name)]
            else:
                layers.append(Dense(units, name))
            if self.dropout:
                layers.append(Dropout(self.dropout))
        return [*layers, Dense(outputs, self._last_activation)]

    def _new_optimiser(self) -> Optimiser:
        keywords: dict[str, Any] = {"learning_rate": float(self.learning_rate_init)}
        if self.solver in _WITH_MOMENTUM:
            keywords["momentum"] = self.momentum
            if self.solver == "sgd":
                keywords["nesterov"] = bool(self.nesterovs_momentum and self.momentum)
        elif self.solver in _WITH_BETAS:
            keywords |= {"beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon}
        return OPTIMISERS[self.solver](**keywords)

    # Training --------------------------------------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool, **targets: Any) -> Any:
        """What fit and partial_fit share; ``targets`` is for the subclass."""
        _parameters.check(self)
        if incremental and self.early_stopping:
            raise ValueError("early_stopping must be False for partial_fit, which sees no samples to hold out")
        first = not hasattr(self, "network_") or not (self.warm_start or incremental)
        X, given, weight = self._samples(X, y, sample_weight, first)
        y, weight = self._targets(given, weight, first=first, incremental=incremental, **targets)
        if weight is not None and not weight.all():  # classes may weigh nothing, too
            kept = weight > 0
            X, y, weight = X[kept], y[kept], weight[kept]
        random_state = check_random_state(self.random_state)
        held_out = None
        if self.early_stopping:
            X, y, weight, held_out = self._divided(X, y, weight, random_state)
        self._prepare(X, random_state, first=first, incremental=incremental)
        size = len(X) if self.solver == "lbfgs" else min(200 if self.batch_size == "auto" else self.batch_size, len(X))
        mean = 1.0
        if weight is not None:
            mean = float(weight.mean(dtype=np.float64))
            weight = weight / mean
        self.network_.set_l2(self.alpha / (2.0 * size * mean))
        if self.solver == "lbfgs":
            self._minimise(X, y, weight)
        else:
            self._descend(X, y, weight, size, held_out, incremental=incremental)
        return self

    def _samples(self, X: Any, y: Any, sample_weight: Any, first: bool) -> tuple[NDArray, NDArray, NDArray | None]:
        """Samples, targets as they are given, and weights of which none is 0."""
        X, y = validate_data(
            self,
            X,
            y,
            dtype=(np.float64, np.float32),
            multi_output=True,
            y_numeric=isinstance(self, RegressorMixin),
            reset=first,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if sample_weight is None:
            return X, y, None
        weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        kept = weight > 0
        if not kept.any():
            raise ValueError("sample_weight must have a weight that is not zero")
        return X[kept], y[kept], weight[kept]

    def _prepare(self, X: NDArray, random_state: Any, *, first: bool, incremental: bool) -> None:
        """A network, new or with the weights of before, and all that a fit counts from 0."""
        if incremental and not first:
            return
        before = None if first else self.network_
        network = Network(
            self._layers(self.n_outputs_),
            X.shape[1],
            loss=self._loss,
            dtype=X.dtype if before is None else before.dtype,
            seed=int(random_state.randint(np.iinfo(np.int32).max)),
            initialiser=self.initialiser,
        )
        if before is not None:
            if [a.shape for a in self.coefs_] != [a.weight.shape for a in network.layers if a.weighted]:
                raise ValueError("hidden_layer_sizes must be those of the fit before, for warm_start")
            network.set_state(before.parameters, before.states)
        self.network_ = network
        self._optimiser = None
        self.n_layers_ = len(_parameters.sizes(self)) + 2
        self.n_iter_ = self.t_ = 0
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = [] if self.early_stopping else None
        self.best_validation_score_ = -math.inf if self.early_stopping else None
        self.best_loss_ = None if self.early_stopping else math.inf

    def _divided(
        self, X: NDArray, y: NDArray, weight: NDArray | None, random_state: Any
    ) -> tuple[NDArray, NDArray, NDArray | None, Any]:
        """The samples to train with, and those held out."""
        by_class = self._stratification(y)
        smallest = 2 if by_class is None else max(2, len(np.unique(by_class)))
        if not smallest <= math.ceil(self.validation_fraction * len(X)) <= len(X) - smallest:
            raise ValueError(
                f"validation_fraction must leave at least {smallest} samples on both sides, one of each class, "
                f"got {self.validation_fraction:g} of {len(X)}"
            )
        kept, held = train_test_split(
            np.arange(len(X)), test_size=self.validation_fraction, random_state=random_state, stratify=by_class
        )
        held_out = X[held], y[held], None if weight is None else weight[held]
        return X[kept], y[kept], None if weight is None else weight[kept], held_out

    def _descend(
        self, X: NDArray, y: NDArray, weight: NDArray | None, size: int, held_out: Any, *, incremental: bool
    ) -> None:
        """Epochs of the optimiser, watched."""
        if self._optimiser is None:
            self._optimiser = self._new_optimiser()
        score = None if held_out is None else (lambda: self._score(*held_out))
        watch = Watch(self, self._optimiser, len(X), score)
        try:
            self.network_.fit(
                X,
                y,
                epochs=1 if incremental else self.max_iter,
                batch_size=size,
                optimiser=self._optimiser,
                shuffle=bool(self.shuffle),
                sample_weight=weight,
                callback=watch,
            )
        except Stop:
            pass
        else:
            if not incremental:
                warnings.warn(
                    f"max_iter={self.max_iter} epochs are over, and the training has not converged",
                    ConvergenceWarning,
                    stacklevel=4,
                )
        watch.restore_best()

    def _minimise(self, X: NDArray, y: NDArray, weight: NDArray | None) -> None:
        """All samples at once, by SciPy's L-BFGS-B."""
        from scipy.optimize import minimize

        network = self.network_

        def loss_and_gradients(parameters: NDArray) -> tuple[float, NDArray]:
            network.parameters[...] = parameters
            return network.loss_and_gradients(X, y, sample_weight=weight), network.gradients.astype(np.float64)

        def remember(intermediate_result: Any) -> None:
            self.loss_curve_.append(float(intermediate_result.fun))
            if self.verbose:
                print(f"Iteration {len(self.loss_curve_)}, loss = {self.loss_curve_[-1]:.8f}")

        found = minimize(
            loss_and_gradients,
            network.parameters.astype(np.float64),
            method="L-BFGS-B",
            jac=True,
            callback=remember,
            # It ends by the gradient alone: not where the loss falls slowly.
            options={"maxiter": self.max_iter, "maxfun": self.max_fun, "gtol": self.tol, "ftol": 0.0},
        )
        network.parameters[...] = found.x
        if not np.isfinite(network.parameters).all():
            raise FloatingPointError(f"training diverged (loss {found.fun})")
        self.n_iter_, self.loss_ = max(1, int(found.nit)), float(found.fun)
        self.best_loss_ = self.loss_
        self.t_ += int(found.nfev) * len(X)
        if found.status == 1:
            warnings.warn(f"lbfgs has not converged: {found.message}", ConvergenceWarning, stacklevel=4)

    def _takes_batches(self) -> bool:
        """Whether there is a partial_fit."""
        if self.solver == "lbfgs":
            raise AttributeError("partial_fit needs a solver that takes batches, which lbfgs does not")
        return True

    # What a fit leaves -----------------------------------------------------------------------------------------------

    @property
    def coefs_(self) -> list[NDArray]:
        """The weights of each layer, (inputs, units)."""
        return [layer.weight for layer in self._fitted().layers if layer.weighted]

    @property
    def intercepts_(self) -> list[NDArray]:
        """The biases of each layer, (units,)."""
        return [layer.bias for layer in self._fitted().layers if layer.weighted]

    def _fitted(self) -> Network:
        if "network_" not in self.__dict__:
            raise AttributeError(f"this {type(self).__name__} is not fitted")
        return self.network_

    def _outputs(self, X: ArrayLike) -> NDArray:
        """The network's outputs for samples as they are given."""
        check_is_fitted(self)
        return self.network_.forward(validate_data(self, X, dtype=(np.float64, np.float32), reset=False))
