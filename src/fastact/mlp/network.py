"""The network: parameters in one flat vector, buffers planned once per batch size, gradients and prediction."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import _checks
from .elementwise import Derivatives
from .history import History
from .initialisers import Initialiser, filler, initialiser_named
from .layer import Buffers, Layer
from .objective import Objective
from .optimisers import Optimiser
from .probes import Probe, layer_name
from .statistics import LayerStatistics, backward_statistics, forward_statistics
from .training import EarlyStopping, Training

CHUNK = 1024
"""Samples that a prediction takes at a time: its memory does not grow with the number of samples."""

PLANS = 4
"""Batch sizes whose buffers are kept: the batch, the rest of the epoch, a prediction and its rest."""


def require_definitions(definitions: Sequence[str]) -> None:
    """Make sure that names of activations mean what `Network.definitions` said; ValueError for one that does not."""
    if definitions:
        from fastact.compiler.activation import require

        for text in definitions:
            require(text)


class Plan:
    """Every buffer that a batch of a given size needs.

    Attributes
    ----------
    samples : ndarray, shape (size, inputs)
        The batch.
    targets : ndarray
        Its labels (size,) or numbers (size, outputs).
    weights : ndarray, shape (size,)
        Those of its samples, where samples have weights.
    buffers : list of Buffers
        Those of each layer. Each has the outputs of the one before as its inputs; the gradients with respect to the
        layers' outputs are alive for one layer at a time, and take turns in two memories.
    """

    def __init__(
        self, size: int, layers: Sequence[Layer], widths: Sequence[int], dtype: np.dtype, labels: bool
    ) -> None:
        inputs, *outputs = widths
        self.samples = np.zeros((size, inputs), dtype)
        self.targets = np.zeros(size, np.intp) if labels else np.zeros((size, outputs[-1]), dtype)
        self.weights = np.ones(size, dtype)
        below = self.samples.T
        memories = [np.empty(max(outputs) * size, dtype) for _ in range(min(2, len(outputs)))]
        dx = None
        self.buffers: list[Buffers] = []
        for index, (layer, width) in enumerate(zip(layers, outputs, strict=True)):
            dy = memories[index % 2][: width * size].reshape(width, size)
            at = Buffers(below, np.zeros((width, size), dtype), dy, dx)
            layer.plan(at)
            self.buffers.append(at)
            below, dx = at.y, dy
        self.outputs, self.gradient = self.buffers[-1].y, self.buffers[-1].dy


class Network:
    """A multi-layer perceptron: layers, and a loss between the last one's outputs and targets.

    Parameters
    ----------
    layers : sequence of Layer
        At least one. For a loss of labels the last has one output per class, at least 2.
        The network works on copies.
    inputs : int
        Number of features, at least 1.
    loss : str, default "cross_entropy"
        A name in ``fastact.losses``. One of labels takes integers in [0, outputs) as targets, the others an array
        (samples, outputs). "cross_entropy" and "bce_with_logits" take logits, so that the last layer's activation is
        usually "identity".
    loss_parameters : mapping of str to float, optional
        Keywords of the loss, such as ``{"label_smoothing": 0.1}``.
    dtype : {"float32", "float64"}
        Of parameters, activations and gradients.
    seed : int, default 0
        At least 0. It alone decides the initial weights, the order of the samples and what dropout drops: two runs
        agree bit for bit. Weights are drawn in float64, so a float32 network starts from the rounded weights of the
        float64 one.
    initialiser : str, default "xavier_uniform"
        Distribution of the initial weights: a name in ``mlp.INITIALISERS``. Biases start at 0.
    gain : float, default 1
        In (0, inf); multiplies the initial weights.
    derivatives : {"exact", "textbook"}
        "textbook" takes sigmoid' as y (1 - y) and tanh' as 1 - y^2 from the rounded output y, to show what is lost;
        all else is exact in either case.

    Attributes
    ----------
    parameters, gradients : ndarray, 1-D
        All that is learned, and the derivatives of the last loss with respect to it.
    layers : list of Layer
        Their weights, biases and gradients are views into these two.
    rng : numpy.random.Generator
        What the seed began.

    Raises
    ------
    ValueError
        For an argument that is not allowed, here and in every method; the message names it, and nothing has changed.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        inputs: int,
        *,
        loss: str = "cross_entropy",
        loss_parameters: Mapping[str, float] = MappingProxyType({}),
        dtype: DTypeLike = "float32",
        seed: int = 0,
        initialiser: str = "xavier_uniform",
        gain: float = 1.0,
        derivatives: Derivatives = "exact",
    ) -> None:
        given = layers
        layers = list(given) if isinstance(given, Iterable) else []
        if not layers or not all(isinstance(layer, Layer) for layer in layers):
            raise ValueError(f"layers must be a sequence of at least one layer such as Dense, got {given!r:.60}")
        draw = initialiser_named(initialiser)
        gain = _checks.number("gain", gain, 0.0)
        self.inputs = _checks.integer("inputs", inputs, 1)
        self.dtype = _float_dtype(dtype)
        _checks.choice("derivatives", derivatives, ("exact", "textbook"))
        self.derivatives: Derivatives = derivatives
        self.rng = np.random.default_rng(_checks.integer("seed", seed, 0))
        self._connect(layers)
        self.objective = Objective(loss, loss_parameters, self.outputs)
        self.parameters = np.zeros(self._size, self.dtype)
        self._attach()
        self._initialise(draw, gain)

    # What it is made of ----------------------------------------------------------------------------------------------

    @property
    def outputs(self) -> int:
        """Number of outputs of the last layer; of classes, where targets are labels."""
        return self._widths[-1]

    @property
    def _size(self) -> int:
        return sum(math.prod(shape) for layer in self.layers for shape in layer.shapes().values())

    def _connect(self, layers: Sequence[Layer]) -> None:
        """Fresh layers that know their inputs, and their widths."""
        self.layers: list[Any] = [layer.fresh() for layer in layers]
        self._widths = [self.inputs]
        for layer in self.layers:
            self._widths.append(layer.connect(self._widths[-1]))

    def _attach(self) -> None:
        """Give the layers their parts of the flat vectors."""
        self.gradients = np.zeros_like(self.parameters)
        self._plans: dict[int, Plan] = {}
        start = 0
        for layer in self.layers:
            arrays, gradients = {}, {}
            for name, shape in layer.shapes().items():
                stop = start + math.prod(shape)
                arrays[name] = self.parameters[start:stop].reshape(shape)
                gradients[name] = self.gradients[start:stop].reshape(shape)
                start = stop
            layer.arrays = arrays
            layer.attach(arrays, gradients, self.dtype, self.derivatives)
        self._gather()

    def _initialise(self, draw: Initialiser, gain: float) -> None:
        """Draw what is learned, layer by layer."""
        feeding = None
        for layer in self.layers:
            layer.initialise(filler(draw, self.rng, gain, feeding))
            feeding = getattr(layer, "elementwise", feeding)

    @property
    def states(self) -> list[dict[str, NDArray]]:
        """Of each layer the arrays that training changes without learning them."""
        return [layer.state() for layer in self.layers]

    @property
    def definitions(self) -> list[str]:
        """What the layers' activations of one's own are made from, as text: layers only know them by name."""
        each = [layer.elementwise.definitions for layer in self.layers if hasattr(layer, "elementwise")]
        return list(dict.fromkeys(itertools.chain.from_iterable(each)))

    def named_arrays(self) -> list[dict[str, NDArray]]:
        """Of each layer everything that training changes, by name: views."""
        return [layer.arrays | layer.state() for layer in self.layers]

    def _restore(self, states: Sequence[Mapping[str, NDArray]]) -> None:
        for layer, state in zip(self.layers, states, strict=True):
            for name, array in layer.state().items():
                array[...] = state[name]

    def set_state(self, parameters: NDArray, states: Sequence[Mapping[str, NDArray]]) -> None:
        """Take parameters and ``states`` of a network of the same layers; they are copied."""
        self.parameters[...] = parameters
        self._restore(states)

    def set_l2(self, l2: float) -> None:
        """Put the same l2 on the weights of every layer that has some."""
        for layer in self.layers:
            if layer.weighted:
                layer.l2 = _checks.number("l2", l2, 0.0, closed=True)
        self._gather()

    def _gather(self) -> None:
        """Find the layers of which a step asks more: most have neither penalties nor bounds."""
        self._penalised = [layer for layer in self.layers if getattr(layer, "l1", 0.0) or getattr(layer, "l2", 0.0)]
        self._constrained = [layer for layer in self.layers if getattr(layer, "learn", None)]

    def __getstate__(self) -> dict[str, Any]:
        """Without views and buffers, which `__setstate__` makes anew: pickled views would be copies."""
        layers = [layer.fresh() for layer in self.layers]
        state = self.__dict__ | {"layers": layers, "states": self.states, "definitions": self.definitions}
        for name in ("gradients", "_plans", "_penalised", "_constrained"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        require_definitions(state.pop("definitions"))
        states = state.pop("states")
        self.__dict__.update(state)
        self._connect(self.layers)
        self._attach()
        self._restore(states)

    def __repr__(self) -> str:
        return (
            f"Network({self.layers!r}, inputs={self.inputs}, loss={self.objective.name!r}, dtype={self.dtype.name!r})"
        )

    # Forward and back ------------------------------------------------------------------------------------------------

    def _plan(self, size: int) -> Plan:
        """The buffers for a batch size, which are kept."""
        plan = self._taken(size)
        self._keep(size, plan)
        return plan

    def _taken(self, size: int) -> Plan:
        """Buffers for a batch size that nobody else has, in whatever thread: a prediction puts them back at its end."""
        plan = self._plans.pop(size, None)
        return plan or Plan(size, self.layers, self._widths, self.dtype, self.objective.labels)

    def _keep(self, size: int, plan: Plan) -> None:
        """Put buffers back; those of the size not used for longest make room for new ones."""
        self._plans[size] = plan
        for oldest in list(self._plans)[:-PLANS]:
            self._plans.pop(oldest, None)

    def _forward_with_derivatives(self, plan: Plan, rng: np.random.Generator | None) -> None:
        for layer, at in zip(self.layers, plan.buffers, strict=True):
            layer.forward_with_derivative(at, rng)

    def _backpropagate(
        self, plan: Plan, *, weighted: bool = False, after: Callable[[int, Buffers], object] | None = None
    ) -> float:
        """The mean loss of the planned batch; fills the gradients from what the pass forward left in the plan.

        ``after`` is called with each layer's index and buffers, once its gradients are there.
        """
        weights = plan.weights if weighted else None
        loss = self.objective.value_and_gradient(plan.outputs, plan.targets, weights, plan.gradient)
        for index in range(len(self.layers) - 1, -1, -1):
            self.layers[index].backward(plan.buffers[index])
            if after is not None:
                after(index, plan.buffers[index])
        for layer in self._penalised:
            loss += layer.penalise()
        return loss

    def _load(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None) -> Plan:
        """A plan that holds the given samples, targets and weights, checked."""
        X = _checks.samples(X, self.inputs, self.dtype)
        y = self.objective.checked(y, len(X), self.dtype)
        if sample_weight is not None:
            sample_weight = _checks.weights("sample_weight", sample_weight, len(X), self.dtype)
        plan = self._plan(len(X))
        plan.samples[...] = X
        plan.targets[...] = y
        if sample_weight is not None:
            plan.weights[...] = sample_weight
        return plan

    def loss_and_gradients(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> float:
        """The mean loss over the samples, penalties included; fills ``gradients`` with its derivatives.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
            Finite numbers.
        y : array_like
            For a loss of labels integers (samples,) in [0, classes), else numbers (samples, outputs).
        sample_weight : array_like, shape (samples,), optional
            In [0, inf). They multiply the samples' losses, whose sum is divided by the number of samples.
        rng : numpy.random.Generator, optional
            Work as in training: drop at random, normalise by these samples and move the running statistics.
        """
        plan = self._load(X, y, sample_weight)
        _check_generator(rng)
        with np.errstate(all="ignore"):
            self._forward_with_derivatives(plan, rng)
            return self._backpropagate(plan, weighted=sample_weight is not None)

    def statistics(
        self, X: ArrayLike, y: ArrayLike, *, rng: np.random.Generator | None = None
    ) -> list[LayerStatistics]:
        """Statistics of every layer from one pass forward and back over all samples; fills ``gradients`` as well.

        Without an ``rng`` it works as in evaluation. Parameters are those of `loss_and_gradients`.
        """
        plan = self._load(X, y, None)
        _check_generator(rng)
        found: list[dict[str, Any]] = []

        def after(index: int, at: Buffers) -> None:
            found[index] |= backward_statistics(self.layers[index], at.dz)

        with np.errstate(all="ignore"):
            self._forward_with_derivatives(plan, rng)
            found += [
                forward_statistics(layer, at.y, at.slopes) for layer, at in zip(self.layers, plan.buffers, strict=True)
            ]
            self._backpropagate(plan, after=after)
        return [
            LayerStatistics(layer=index, activation=layer_name(layer), **of_layer)
            for index, (layer, of_layer) in enumerate(zip(self.layers, found, strict=True))
        ]

    # Training --------------------------------------------------------------------------------------------------------

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int = 50,
        batch_size: int = 32,
        optimiser: Optimiser | None = None,
        shuffle: bool = True,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[int, float] | str | None = None,
        validation_split: float = 0.0,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
        early_stopping: EarlyStopping | None = None,
        probe: Probe | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 1,
        callback: Callable[[int, float], object] | None = None,
    ) -> History:
        """Train from the present parameters on.

        Parameters
        ----------
        X, y, sample_weight
            As for `loss_and_gradients`. One copy is made.
        epochs, batch_size : int
            At least 1. The last batch of an epoch is smaller where the batch size does not divide the samples.
        optimiser : Optimiser, optional
            A new ``Adam()`` by default. One that trained this network before goes on with its moments.
        shuffle : bool, default True
            Whether each epoch takes the samples in a new random order.
        class_weight : mapping of int to float or "balanced", optional
            For a loss of labels: weights by label (1 for those left out), times those of the samples; "balanced" takes
            samples / (classes seen * samples of the label).
        validation_split : float, default 0
            Share of the samples, drawn at random, that is held out, in [0, 1).
        validation_data : (X, y), optional
            Samples to validate with; with no validation_split.
        early_stopping : EarlyStopping, optional
            When to end before the last epoch.
        probe : Probe, optional
            Which steps to record layer by layer, in ``History.probes``.
        checkpoint : path, optional
            A file that is replaced after epochs with all that `mlp.resume` needs to go on, atomically. Needs
            safetensors, and layers, optimiser and schedule of fastact's own.
        checkpoint_every : int, default 1
            After how many epochs; after the last one always.
        callback : callable, optional
            Called after each epoch with the number of finished epochs and the epoch's mean loss. What it raises ends
            the training and leaves the network as trained so far.

        Raises
        ------
        ValueError
            For bad arguments, before anything changes.
        ModuleNotFoundError
            For a checkpoint without safetensors, before anything changes.
        FloatingPointError
            If an epoch's loss or the parameters after it are not finite: the training has diverged.
        """
        training = Training(
            self,
            X,
            y,
            epochs=epochs,
            batch_size=batch_size,
            optimiser=optimiser,
            shuffle=shuffle,
            sample_weight=sample_weight,
            class_weight=class_weight,
            validation_split=validation_split,
            validation_data=validation_data,
            early_stopping=early_stopping,
            probe=probe,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            callback=callback,
        )
        return training.run()

    # Prediction ------------------------------------------------------------------------------------------------------

    def forward(self, X: ArrayLike) -> NDArray:
        """The outputs, an array (samples, outputs) of the network's dtype, for finite samples (samples, inputs).

        Several threads may predict with one network, by this and by what is based on it, while none trains it.
        """
        X = _checks.samples(X, self.inputs, self.dtype)
        outputs = np.empty((len(X), self.outputs), self.dtype)
        with np.errstate(all="ignore"):
            for start in range(0, len(X), CHUNK):
                chunk = X[start : start + CHUNK]
                plan = self._taken(len(chunk))
                plan.samples[...] = chunk
                for layer, at in zip(self.layers, plan.buffers, strict=True):
                    layer.forward(at)
                outputs[start : start + CHUNK] = plan.outputs.T
                self._keep(len(chunk), plan)
        return outputs

    def activations(self, X: ArrayLike) -> list[NDArray]:
        """The outputs of every layer for samples (samples, inputs): arrays (samples, outputs of the layer)."""
        X = _checks.samples(X, self.inputs, self.dtype)
        plan = self._plan(len(X))
        plan.samples[...] = X
        with np.errstate(all="ignore"):
            for layer, at in zip(self.layers, plan.buffers, strict=True):
                layer.forward(at)
        return [at.y.T.copy() for at in plan.buffers]

    def predict(self, X: ArrayLike) -> NDArray:
        """For samples (samples, inputs): the label of the largest output (the first of several), or the outputs.

        Labels (samples,) where the loss is one of labels, else what `forward` gives.
        """
        outputs = self.forward(X)
        return outputs.argmax(axis=1) if self.objective.labels else outputs

    def predict_proba(self, X: ArrayLike) -> NDArray:
        """Probabilities (samples, outputs): softmax or sigmoid of logits, or the outputs that are probabilities.

        Raises
        ------
        ValueError
            If the loss is one of neither.
        """
        return self.objective.probabilities(self.forward(X))

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """How well targets are predicted.

        The accuracy, the share of labels predicted right; for other losses the coefficient of determination R^2, the
        mean over the outputs, where an output without variance counts as 1 if it is exact and else 0.
        """
        predicted = self.predict(X)
        y = self.objective.checked(y, len(predicted), self.dtype)
        if self.objective.labels:
            return float((predicted == y).mean())
        targets = y.astype(np.float64)
        residual = np.square(targets - predicted).sum(axis=0)
        total = np.square(targets - targets.mean(axis=0)).sum(axis=0)
        explained = 1.0 - np.divide(residual, total, out=np.sign(residual), where=total > 0)
        return float(explained.mean())

    def loss(self, X: ArrayLike, y: ArrayLike) -> float:
        """The mean loss over samples and targets, without penalties."""
        X = _checks.samples(X, self.inputs, self.dtype)
        y = self.objective.checked(y, len(X), self.dtype)
        outputs = self.forward(X)
        with np.errstate(all="ignore"):
            value = self.objective.record.value(outputs, y, **self.objective.parameters)
        return float(value)

    def save(self, path: str | Path) -> None:
        """Write the network to one file, which `mlp.load` reads: see `fastact.mlp.files`. Needs safetensors."""
        from .files import save

        save(self, path)


def _check_generator(rng: Any) -> None:
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator or None, got {rng!r:.60}")


def _float_dtype(dtype: DTypeLike) -> np.dtype:
    try:
        result = np.dtype(dtype)
    except TypeError:
        result = None
    if result not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r:.60}")
    return result
