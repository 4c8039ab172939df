r"""The main job: train one network at many depths and measure what depth does to its gradients.

A network of depth d has d hidden layers of one activation f and one width, then a linear layer of logits:

    z_1 = x W_1 + b_1,   a_l = f(z_l),   z_{l+1} = a_l W_{l+1} + b_{l+1},   logits = z_{d+1}.

For the mean cross-entropy L over N samples let G_l be the N x units array dL/dz_l of pre-activation gradients; norms
of it are Frobenius norms, over samples and units. Backpropagation is, with * elementwise,

    G_l = (G_{l+1} W_{l+1}^T) * f'(z_l),   l = d, ..., 1.                                                      (1)

Two different quantities carry the name "0.25^depth", and each has a bound of its own:

The product of derivatives along one path.
    Written out, (1) sums over the paths from a unit of layer 1 through one unit of every hidden layer to the logits,
    and each path contributes its product of weights times f'(z_1[i_1]) ... f'(z_d[i_d]). That last product is at most

        sup|f'|^d                                                                                   (the path bound)

    which for the sigmoid is 0.25^d. In a dense network every choice of one unit per layer is a path, so the largest
    product over all width^d paths of a sample is exactly prod_l max_i |f'(z_l[i])|, and the mean over all paths is
    exactly prod_l mean_i |f'(z_l[i])|. Both are reported: the largest over all samples, and the mean over all samples.
    The path bound says nothing about the gradient itself: the weights may make up for it, or the sum over paths.

The gradient.
    Taking norms in (1), ||G W^T|| <= ||G|| ||W||_2 with the spectral norm, and ||G * f'|| <= sup|f'| ||G||. Hence

        ||G_1|| / ||G_{d+1}||  <=  prod_{l=1..d} sup|f'| ||W_{l+1}||_2                          (the gradient bound)

    and the same from any layer l on, which is the curve in the figure. It holds for the norm over a batch because it
    holds for every sample. There are d factors sup|f'|, as many as in the path bound; "first layer" is layer 1 and
    "last layer" the logits, whose gradient (softmax - one-hot) / N no derivative of f has touched.

Exact and textbook derivatives.
    The textbook takes f' from the rounded output, s (1 - s) and 1 - t^2. In float32 s rounds to 1 for x > 17.33 and
    tanh to +-1 for |x| > 9.01, and the textbook derivative is then exactly 0, where f' is 6e-8 or less but not 0. Both
    gradients of the same network on the same samples are compared layer by layer. The saturated preset shifts the
    biases of the last hidden layer so that its pre-activations all lie at 17.5 or more (float64: at 38 or more); one
    such layer stops the textbook gradient of everything below it. (With all layers saturated the true gradient would
    leave the range of float32 too, after five of them.)

Cures.
    Some activations are trained once more with what is said to help: another distribution of the initial weights
    (Xavier, He, LeCun, or the edge of chaos of mean-field theory, "critical"), or batch normalisation before every
    activation, whose pre-activations z are then what the normalisation gives. The bounds above do not hold through a
    normalisation, and are left out there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import fastact
from fastact import mlp, theory

from .. import data, options, training
from ..configuration import initialiser_for
from ..experiment import Cell, Experiment
from .claims import findings
from .figure import panels
from .text import notes, table

DEPTHS = (1, 2, 3, 5, 8, 12, 20, 30)
ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu", "selu")
INITIALISERS = ("auto", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "lecun_normal", "critical")
OPTIMISERS = {"adam": mlp.Adam, "sgd": mlp.SGD}
NO_CURE, NORMALISED, CRITICAL = "none", "batch_normalisation", "critical"
CURES = {
    "xavier": "xavier_uniform",
    "he": "he_uniform",
    "lecun": "lecun_normal",
    CRITICAL: "edge_of_chaos",
    NORMALISED: None,
}
"""The initialiser that each is; None for the one without a cure."""

SHOWN = ("activation_gradient_norm", "weight_gradient_norm", "weight_spectral_norm", "derivative_zero")
"""Of a layer's statistics those that a row keeps, besides the bound."""

# Beyond the point where the output rounds to 1 (25 ln 2 = 17.33 and 54 ln 2 = 37.43 for the sigmoid), with a margin
# for rounded sums.
SATURATION = {"float32": 17.5, "float64": 38.0}

DEFINITIONS = {
    "depth": "number of hidden layers",
    "activation": "of all hidden layers",
    "cure": "what was changed against vanishing gradients, or none",
    "seed": "of the division of the data, the initial weights and the order of the batches",
    "initialiser": "distribution of the initial weights",
    "train_accuracy": "share of the training samples classified rightly after training; null if it diverged",
    "test_accuracy": "share of the held-out samples classified rightly after training; null if training diverged",
    "diverged": "whether training left the finite numbers",
    "loss": "mean loss of each epoch",
    "initial": "measured before training, on the same probe samples of the training part: first_gradient_norm "
    "(Frobenius norm of dL/dz over the probe samples, at the first hidden layer), last_gradient_norm (the same at the "
    "logits), gradient_ratio (the first over the last), gradient_ratio_bound_log10 (log10 of the product over the "
    "hidden layers of sup|f'| times the spectral norm of the next layer's weights; bounds gradient_ratio; null where "
    "sup|f'| is infinite, and behind a normalisation), path_product_max (largest product of |f'| along one path "
    "through the hidden layers, over all paths and samples), path_product_mean (its mean over all paths and samples), "
    "path_product_bound_log10 (log10 of sup|f'|^depth; bounds path_product_max), and layers: figures layer by layer, "
    "the logits last, where gradient_norm_bound_log10 is what the gradient bound allows there; ..._log10 is null for "
    "the logarithm of 0, and kept because the products leave the range of float64 in deep networks",
    "trained": "the same after training; null if it diverged",
    "textbook": "gradients with s(1-s) and 1-t^2 from the rounded output, before training, by layer: the ratio of the "
    "norm to the exact one, the norm of the difference relative to the exact one (null: that one is 0), and the share "
    "of derivatives rounded to exactly 0; null for cures",
}


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`.

    "auto" takes the initialiser made for the activation: LeCun (normal) for selu, He (uniform) where f' has different
    limits on the two sides, as rectifiers have, and Xavier (uniform) elsewhere.
    """

    depths: Sequence[int] = options.integers(DEPTHS, "Numbers of hidden layers.")
    activations: Sequence[str] = options.activations(ACTIVATIONS)
    cures: Sequence[str] = options.choices(
        ("he", CRITICAL, NORMALISED), "What the cured activations are trained with besides.", (NO_CURE, *CURES)
    )
    cured: Sequence[str] = options.activations(("sigmoid",), "Activations that are trained with the cures too.")
    width: int = options.integer(64, "Units of every hidden layer.")
    epochs: int = options.integer(25, "Passes over the training samples.")
    batch_size: int = options.integer(64, "Samples per step.")
    learning_rate: float = options.number(1e-3, "Of the optimiser.")
    optimiser: str = options.choice("adam", "Adam with its usual constants, or plain descent.", OPTIMISERS)
    initialiser: str = options.choice(
        "auto", "Of the initial weights; auto: what is made for the activation.", INITIALISERS
    )
    gain: float = options.number(1.0, "Factor on the initial weights.")
    dtype: str = options.choice("float32", "Of parameters and computation.", SATURATION)
    seeds: int = options.seeds(3)
    seed: int = options.seed()
    test_share: float = options.number(0.25, "Share of the samples held out.", upper=1.0)
    probe: int = options.integer(512, "Training samples on which gradients are measured.")
    saturated: bool = options.flag("Start with the last hidden layer's pre-activations at 17.5 or more (float64: 38).")

    def __post_init__(self) -> None:
        super().__post_init__()
        if CRITICAL in self.cures:
            for name in self.cured:
                _edge(name)


def _edge(activation: str) -> None:
    """ValueError for an activation that has no edge of chaos."""
    try:
        theory.edge_of_chaos(activation)
    except ValueError as error:
        raise ValueError(
            f"cures must not have {CRITICAL} with {activation} among the cured, which has no edge of chaos"
        ) from error


def cells(settings: Settings) -> list[Cell]:
    """One for each activation and depth, and for each cure of those that are cured, with every seed."""
    pairs = [(name, NO_CURE) for name in settings.activations]
    pairs += [(name, cure) for name in settings.cured for cure in settings.cures if cure != NO_CURE]
    return [
        {"activation": name, "cure": cure, "depth": depth, "seed": settings.seed + at}
        for name, cure in pairs
        for depth in settings.depths
        for at in range(settings.seeds)
    ]


def measure(settings: Settings, dataset: data.Dataset | None, cell: Cell) -> dict[str, Any]:
    """Train a network of one depth and activation, and measure it before and after; see ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=settings.test_share, seed=cell["seed"], dtype=settings.dtype)
    X, y = parts.X_train[: settings.probe], parts.y_train[: settings.probe]
    initialiser = CURES.get(cell["cure"]) or settings.initialiser
    if initialiser == "auto":
        initialiser = initialiser_for(cell["activation"])
    net = network(settings, cell, initialiser, X.shape[1], len(dataset.classes))
    if settings.saturated and cell["cure"] != NORMALISED:  # which would undo it
        saturate(net, X, SATURATION[settings.dtype])
    initial = measurement(net, X, y)
    textbook = None
    if cell["cure"] == NO_CURE:
        other = network(settings, cell, initialiser, X.shape[1], len(dataset.classes), derivatives="textbook")
        if settings.saturated:
            saturate(other, X, SATURATION[settings.dtype])
        textbook = _compare(initial, measurement(other, X, y), net, other)
    outcome = training.train(
        net,
        parts.X_train,
        parts.y_train,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        optimiser=OPTIMISERS[settings.optimiser](learning_rate=settings.learning_rate),
    )
    return {
        "initialiser": initialiser,
        "train_accuracy": None if outcome.diverged else net.score(parts.X_train, parts.y_train),
        "test_accuracy": None if outcome.diverged else net.score(parts.X_test, parts.y_test),
        "diverged": outcome.diverged,
        "loss": outcome.losses,
        "initial": initial,
        "trained": None if outcome.diverged else measurement(net, X, y),
        "textbook": textbook,
    }


def network(
    settings: Settings,
    cell: Cell,
    initialiser: str,
    inputs: int,
    classes: int,
    derivatives: Literal["exact", "textbook"] = "exact",
) -> mlp.Network:
    """The untrained network of a cell."""
    hidden: list[mlp.Layer] = []
    for _ in range(cell["depth"]):
        if cell["cure"] == NORMALISED:
            # The shift of the normalisation is the bias.
            dense = mlp.Dense(settings.width, use_bias=False)
            hidden += [dense, mlp.BatchNormalisation(), mlp.Activation(cell["activation"])]
        else:
            hidden.append(mlp.Dense(settings.width, cell["activation"]))
    return mlp.Network(
        [*hidden, mlp.Dense(classes)],
        inputs=inputs,
        dtype=settings.dtype,
        seed=cell["seed"],
        initialiser=initialiser,
        gain=settings.gain,
        derivatives=derivatives,
    )


def _hidden(
    net: mlp.Network, X: NDArray[np.floating]
) -> Iterator[tuple[Any, NDArray[np.floating], NDArray[np.floating]]]:
    """Hidden layer by hidden layer: the layer, its input a_{l-1} and its pre-activation z_l.

    The pre-activation is computed when asked for, so a layer may be changed between two steps.
    """
    a = X
    for layer in net.layers[:-1]:
        z = a @ layer.weight + layer.bias
        yield layer, a, z
        a = fastact.registered(layer.activation)(a @ layer.weight + layer.bias)


def saturate(net: mlp.Network, X: NDArray[np.floating], level: float) -> None:
    """Shift the biases of the last hidden layer until each unit's smallest pre-activation over X is ``level``."""
    *_, (layer, _, z) = _hidden(net, X)
    layer.bias += level - z.min(axis=0)


@np.errstate(over="ignore", invalid="ignore")  # a network of exponentials overflows, and its row says so
def measurement(net: mlp.Network, X: NDArray[np.floating], y: NDArray[np.int64]) -> dict[str, Any]:
    """Gradients, path products and their bounds of one network on some samples; see ``DEFINITIONS``.

    Parameters
    ----------
    net : Network
        Hidden layers of one activation, normalised before it or not, then a linear layer.
    X : (samples, features) array
        In the network's dtype.
    y : (samples,) integer array
        Class numbers.
    """
    if any(isinstance(layer, mlp.BatchNormalisation) for layer in net.layers):
        # As in training; it moves the running statistics, which must not show afterwards.
        before = [{name: array.copy() for name, array in state.items()} for state in net.states]
        statistics = [_shown(layer) for layer in net.statistics(X, y, rng=np.random.default_rng(0))]
        net.set_state(net.parameters, before)
        return _normalised(net, statistics)
    statistics = [_shown(layer) for layer in net.statistics(X, y)]
    sup = fastact.registered(net.layers[0].activation).spec.sup_derivative
    depth = len(net.layers) - 1
    bounded = math.isfinite(sup)
    log_sup = math.log10(sup) if bounded else math.nan
    norms = [layer["activation_gradient_norm"] for layer in statistics]
    factor = 0.0  # log10 of the bound on the ratio to the logits' gradient, layer by layer downwards
    statistics[-1]["gradient_norm_bound_log10"] = _log10(norms[-1])
    for below, above in zip(reversed(statistics[:-1]), reversed(statistics[1:]), strict=True):
        factor += log_sup + _log10(above["weight_spectral_norm"])
        below["gradient_norm_bound_log10"] = factor + _log10(norms[-1])
    largest, mean = path_products(net, X)
    ratio = norms[0] / norms[-1] if norms[-1] > 0 else math.nan
    return {
        "first_gradient_norm": norms[0],
        "last_gradient_norm": norms[-1],
        "gradient_ratio": ratio,
        "gradient_ratio_log10": _log10(ratio),
        "gradient_ratio_bound_log10": factor,
        "path_product_max": 10.0**largest,
        "path_product_max_log10": largest,
        "path_product_mean": 10.0**mean,
        "path_product_mean_log10": mean,
        "path_product_bound_log10": depth * log_sup,
        "layers": statistics,
    }


def _shown(layer: mlp.LayerStatistics) -> dict[str, Any]:
    return {name: getattr(layer, name) for name in SHOWN}


def _normalised(net: mlp.Network, statistics: list[dict[str, Any]]) -> dict[str, Any]:
    """The same where layers are normalised: z is what the normalisation gives, and there are no bounds."""
    layers = [
        {**figures, "gradient_norm_bound_log10": math.nan}
        for layer, figures in zip(net.layers, statistics, strict=True)
        if isinstance(layer, mlp.Activation) or layer is net.layers[-1]
    ]
    first, last = (layers[at]["activation_gradient_norm"] for at in (0, -1))
    ratio = first / last if last > 0 else math.nan
    return {
        "first_gradient_norm": first,
        "last_gradient_norm": last,
        "gradient_ratio": ratio,
        "gradient_ratio_log10": _log10(ratio),
        **dict.fromkeys(
            (
                "gradient_ratio_bound_log10",
                "path_product_max",
                "path_product_max_log10",
                "path_product_mean",
                "path_product_mean_log10",
                "path_product_bound_log10",
            ),
            math.nan,
        ),
        "layers": layers,
    }


def path_products(net: mlp.Network, X: NDArray[np.floating]) -> tuple[float, float]:
    """log10 of the largest and of the mean product of |f'| along a path, over all paths and samples.

    Per sample these are exactly prod_l max_i |f'(z_l[i])| and prod_l mean_i |f'(z_l[i])|, because a path takes any one
    unit of each layer. Sums of logarithms: products over 30 saturated layers leave the range of float64. A product of
    0 gives -inf.
    """
    largest = np.zeros(len(X))
    mean = np.zeros(len(X))
    with np.errstate(divide="ignore"):
        for layer, _, z in _hidden(net, X):
            slopes = np.abs(fastact.registered(layer.activation).derivative(z).astype(np.float64))
            largest += np.log10(slopes.max(axis=1))
            mean += np.log10(slopes.mean(axis=1))
        top = mean.max()
        spread = 0.0 if not math.isfinite(top) else float(np.log10(np.mean(10.0 ** (mean - top))))
    return float(largest.max()), float(top) + spread


def _compare(
    exact: Mapping[str, Any], textbook: Mapping[str, Any], net: mlp.Network, other: mlp.Network
) -> dict[str, Any]:
    """The textbook gradient against the exact one, hidden layer by hidden layer, from two networks just measured."""
    differences = []
    for mine, theirs in zip(net.layers[:-1], other.layers[:-1], strict=True):
        g, h = mine.weight_gradient.astype(np.float64), theirs.weight_gradient.astype(np.float64)
        scale = np.abs(g).max()  # so that no square underflows
        differences.append(np.linalg.norm((h - g) / scale) / np.linalg.norm(g / scale) if scale > 0 else math.nan)
    pairs = list(zip(exact["layers"][:-1], textbook["layers"][:-1], strict=True))

    def ratios(name: str) -> list[float]:
        return [t[name] / e[name] if e[name] > 0 else math.nan for e, t in pairs]

    # A derivative that is 0 in the exact computation too, as of a rectifier that is off, was not rounded.
    rounded = [t["derivative_zero"] - e["derivative_zero"] for e, t in pairs]
    return {
        "gradient_ratio_by_layer": ratios("activation_gradient_norm"),
        "weight_gradient_ratio_by_layer": ratios("weight_gradient_norm"),
        "weight_gradient_difference_by_layer": differences,
        "gradient_norm_by_layer": [t["activation_gradient_norm"] for _, t in pairs],
        "rounded_to_zero_by_layer": rounded,
        "rounded_to_zero": math.fsum(rounded) / len(rounded),
    }


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 else (-math.inf if value == 0 else math.nan)


EXPERIMENT = Experiment(
    name="vanish",
    title="Gradients that vanish with depth",
    summary="One network is trained at many depths with several activations. Before and after training the gradient "
    "of every layer is measured, beside what the derivatives of the activation and the weights allow; then some are "
    "trained again with what is said to help.",
    settings=Settings,
    axes=("activation", "cure", "depth", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    notes=notes,
    quick={"depths": (1, 3, 8, 20), "epochs": 4, "seeds": 2},
    on_data=True,
)
run = EXPERIMENT.run
