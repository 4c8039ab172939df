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
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import fastact
from fastact import mlp
from fastact.compiler.activation import register

from . import configuration, data, execution, results
from .configuration import initialiser_for

FILE = "vanish.json"
DEPTHS = (1, 2, 3, 5, 8, 12, 20, 30)
ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu")
INITIALISERS = ("auto", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal")
OPTIMISERS = ("adam", "sgd")

# Beyond the point where the output rounds to 1 (25 ln 2 = 17.33 and 54 ln 2 = 37.43 for the sigmoid), with a margin
# for rounded sums.
SATURATION = {"float32": 17.5, "float64": 38.0}

DEFINITIONS = {
    "depth": "number of hidden layers",
    "test_accuracy": "share of the held-out samples classified rightly after training; null if training diverged",
    "first_gradient_norm": "Frobenius norm of dL/dz over the probe samples, at the first hidden layer",
    "last_gradient_norm": "the same at the logits",
    "gradient_ratio": "first_gradient_norm / last_gradient_norm",
    "gradient_ratio_bound_log10": "log10 of the product over the hidden layers of sup|f'| times the spectral norm "
    "of the next layer's weights; bounds gradient_ratio; null where sup|f'| is infinite",
    "path_product_max": "largest product of |f'| along one path through the hidden layers, over all paths and samples",
    "path_product_mean": "mean of that product over all paths and samples",
    "path_product_bound_log10": "log10 of sup|f'|^depth; bounds path_product_max; null where sup|f'| is infinite",
    "..._log10": "null for the logarithm of 0; kept because the products leave the range of float64 in deep networks",
    "initial, trained": "measured before and after training, on the same probe samples of the training part",
    "layers": "layer by layer, the logits last; gradient_norm_bound is what the gradient bound allows there",
    "textbook": "gradients with s(1-s) and 1-t^2 from the rounded output, before training, by layer: the ratio of the "
    "norm to the exact one, the norm of the difference relative to the exact one (null: that one is 0), and the share "
    "of derivatives rounded to exactly 0",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that determines the numbers, but for the data.

    Parameters
    ----------
    depths : sequence of int >= 1
        Numbers of hidden layers, each once.
    activations : sequence of str
        Names in ``fastact.activations`` or given to `fastact.custom`, each once; parameters have their defaults.
        Aliases are replaced by names.
    width : int >= 1
        Units of every hidden layer.
    epochs : int >= 1
        Passes over the training part.
    batch_size : int >= 1
        Samples per step.
    learning_rate : float > 0
        Of the optimiser.
    optimiser : {"adam", "sgd"}
        Adam with its usual constants, or plain gradient descent.
    initialiser : {"auto", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal"}
        "auto" takes the one made for the activation: He (uniform) where f' has different limits on the two sides, as
        rectifiers have, and Xavier (uniform) elsewhere.
    gain : float > 0
        Factor on the initial weights.
    dtype : {"float32", "float64"}
        Of parameters and computation.
    seed : int >= 0
        Of the division of the data, of the initial weights and of the order of the batches.
    test_share : float in (0, 1)
        Share of the samples held out.
    probe : int >= 1
        Number of training samples on which gradients are measured; all, if there are fewer.
    saturated : bool
        The preset in which the last hidden layer starts saturated.

    Raises
    ------
    ValueError
        Naming the argument and what is allowed.
    """

    depths: Sequence[int] = DEPTHS
    activations: Sequence[str] = ACTIVATIONS
    width: int = 64
    epochs: int = 50
    batch_size: int = 64
    learning_rate: float = 1e-3
    optimiser: str = "adam"
    initialiser: str = "auto"
    gain: float = 1.0
    dtype: str = "float32"
    seed: int = 0
    test_share: float = 0.25
    probe: int = 512
    saturated: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "depths", configuration.distinct("depths", self.depths))
        object.__setattr__(self, "activations", configuration.activations(self.activations))
        for depth in self.depths:
            configuration.integer("depths", depth, 1)
        for name in ("width", "epochs", "batch_size", "probe"):
            configuration.integer(name, getattr(self, name), 1)
        configuration.integer("seed", self.seed, 0)
        for name, upper in (("learning_rate", math.inf), ("gain", math.inf), ("test_share", 1.0)):
            object.__setattr__(self, name, configuration.number(name, getattr(self, name), upper))
        for name, allowed in (
            ("optimiser", OPTIMISERS),
            ("initialiser", INITIALISERS),
            ("dtype", tuple(SATURATION)),
            ("saturated", (True, False)),
        ):
            configuration.choice(name, getattr(self, name), allowed)

    @property
    def common(self) -> dict[str, Any]:
        """What all rows share: everything but depths and activations."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("depths", "activations")}


def run(
    settings: Settings | None = None,
    dataset: data.Dataset | None = None,
    *,
    folder: str | Path | None = None,
    resume: bool = False,
    jobs: int | None = None,
    on_row: Callable[[dict[str, Any], bool], None] | None = None,
) -> dict[str, Any]:
    """Measure every depth with every activation.

    Parameters
    ----------
    settings : Settings, optional
        Default: ``Settings()``.
    dataset : Dataset, optional
        Default: scikit-learn's digits.
    folder : path, optional
        Where ``vanish.json`` is kept, rewritten atomically after every row. The folder is made if there is none.
        Default: nothing is written.
    resume : bool
        Keep the rows that ``vanish.json`` holds and compute those that are missing. Depths and activations may differ:
        the report then has the rows of both runs. With other settings or data it is a ResumeError. Rows that another
        version of fastact or NumPy made are computed anew, or left out if they are not asked for.
    jobs : int, optional
        Processes, as joblib's ``n_jobs``; by default what ``joblib.parallel_config`` says, or 1. The numbers do not
        depend on it.
    on_row : callable, optional
        Called with each row asked for, and whether it was taken over, once the row is on disk. What it raises ends the
        run and leaves the rows.

    Returns
    -------
    dict
        Plain data, as in ``vanish.json``: settings, data, versions, definitions, ``rows`` by activation and then by
        depth, and ``complete``: whether every row asked for is there.

    Raises
    ------
    ResumeError
        If there is nothing to resume, or it was made otherwise.
    ValueError
        If the folder is not one, or resume is asked for without a folder.
    DataError
        If the data cannot be standardised.
    ModuleNotFoundError
        Without joblib and threadpoolctl, which come with scikit-learn.
    """
    settings = settings or Settings()
    dataset = dataset or data.digits()
    if resume and folder is None:
        raise ValueError("resume needs a folder")
    parts = data.split(dataset, test_share=settings.test_share, seed=settings.seed, dtype=settings.dtype)
    description = {
        "name": dataset.name,
        "samples": len(dataset.y),
        "features": dataset.X.shape[1],
        "classes": len(dataset.classes),
        "training_samples": len(parts.y_train),
        "test_samples": len(parts.y_test),
        "sha256": dataset.fingerprint,
    }
    identity = {"data": dataset.fingerprint, "fastact": fastact.__version__, "numpy": np.__version__, **settings.common}

    own_definitions = configuration.own_definitions(settings.activations)

    def key(depth: int, activation: str) -> str:
        # A name of one's own may be given to something else.
        own = {"formula": own_definitions[activation].spec.formula} if activation in own_definitions else {}
        return results.key({**identity, **own, "depth": depth, "activation": activation})

    cells = {key(depth, name): (depth, name) for name in settings.activations for depth in settings.depths}
    path = None if folder is None else Path(folder) / FILE
    if path is not None and path.parent.exists() and not path.parent.is_dir():
        raise ValueError(f"folder must be a folder, or a name that is free; {path.parent} is a file")
    rows: dict[str, dict[str, Any]] = {}
    if path is not None and resume:
        before = results.read(path, {"depth": int, "activation": str})
        mine = {**before.get("settings", {}), **settings.common}
        results.check_same(path, "settings", before.get("settings", {}), mine)
        results.check_same(path, "data", before.get("data", {}), description)
        rows = {row["key"]: row for row in before["rows"] if row["key"] == key(row["depth"], row["activation"])}

    def report() -> dict[str, Any]:
        # The rows of an earlier run may go beyond what this one asks for.
        depths = sorted({*settings.depths, *(row["depth"] for row in rows.values())})
        names = list(dict.fromkeys([*settings.activations, *(row["activation"] for row in rows.values())]))
        return {
            "experiment": "vanish",
            "complete": cells.keys() <= rows.keys(),
            "settings": {**asdict(settings), "depths": depths, "activations": names},
            "data": description,
            "versions": configuration.versions(),
            "definitions": DEFINITIONS,
            "rows": sorted(rows.values(), key=lambda row: (names.index(row["activation"]), row["depth"])),
        }

    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if rows or not path.exists():  # a finished report of before stays until there is a row to replace it with
            results.write(path, report())
    if on_row is not None:
        for name in [name for name in cells if name in rows]:
            on_row(rows[name], True)
    # Deepest first would balance processes better; shallow first shows results early and leaves more rows when stopped.
    missing = sorted((cell for cell in cells.items() if cell[0] not in rows), key=lambda cell: cell[1][0])
    calls = [
        (name, settings, parts, len(dataset.classes), cell, own_definitions.get(cell[1])) for name, cell in missing
    ]
    for row in execution.computed(_keyed_row, calls, jobs):
        rows[row["key"]] = row
        if path is not None:
            results.write(path, report())
        if on_row is not None:
            on_row(row, False)
    return results.plain(report())


def _keyed_row(
    name: str,
    settings: Settings,
    parts: data.Split,
    classes: int,
    cell: tuple[int, str],
    own: Any,
) -> dict[str, Any]:
    if own is not None:
        # A process that runs for longer may know another one by that name.
        register(own)
    return {"key": name, **results.plain(measure(settings, parts, classes, *cell))}


def measure(settings: Settings, parts: data.Split, classes: int, depth: int, activation: str) -> dict[str, Any]:
    """One row: train a network of one depth and activation, and measure it before and after.

    Parameters
    ----------
    settings : Settings
        Of which ``depths`` and ``activations`` are not used.
    parts : Split
        Standardised data in ``settings.dtype``.
    classes : int >= 2
        Number of logits.
    depth : int >= 1
        Number of hidden layers.
    activation : str
        A name in ``fastact.activations``, or one given to `fastact.custom`.

    Returns
    -------
    dict
        See ``DEFINITIONS``.
    """
    from threadpoolctl import threadpool_limits

    # One thread: matrices of this size gain nothing from more, and sums split over threads would round otherwise.
    with threadpool_limits(1):
        X, y = parts.X_train[: settings.probe], parts.y_train[: settings.probe]
        initialiser = initialiser_for(activation) if settings.initialiser == "auto" else settings.initialiser

        def network(derivatives: Literal["exact", "textbook"]) -> mlp.Network:
            net = mlp.Network(
                [*(mlp.Dense(settings.width, activation) for _ in range(depth)), mlp.Dense(classes)],
                inputs=X.shape[1],
                dtype=settings.dtype,
                seed=settings.seed,
                initialiser=initialiser,
                gain=settings.gain,
                derivatives=derivatives,
            )
            if settings.saturated:
                saturate(net, X, SATURATION[settings.dtype])
            return net

        net = network("exact")
        initial = measurement(net, X, y)
        other = network("textbook")
        textbook = _compare(initial, measurement(other, X, y), net, other)
        losses: list[float] = []
        row = {
            "depth": depth,
            "activation": activation,
            "initialiser": initialiser,
            "train_accuracy": None,
            "test_accuracy": None,
            "diverged": False,
            "loss": losses,
            "initial": initial,
            "trained": None,
            "textbook": textbook,
        }
        optimisers = {"adam": mlp.Adam, "sgd": mlp.SGD}
        try:
            net.fit(
                parts.X_train,
                parts.y_train,
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                optimiser=optimisers[settings.optimiser](learning_rate=settings.learning_rate),
                callback=lambda _, loss: losses.append(loss),
            )
        except FloatingPointError:
            row["diverged"] = True
        if row["diverged"] or not np.isfinite(net.parameters).all():
            return {**row, "diverged": True}
        row["train_accuracy"] = net.score(parts.X_train, parts.y_train)
        row["test_accuracy"] = net.score(parts.X_test, parts.y_test)
        row["trained"] = measurement(net, X, y)
    return row


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
        Hidden layers of one activation, then a linear layer.
    X : (samples, features) array
        In the network's dtype.
    y : (samples,) integer array
        Class numbers.
    """
    statistics = [asdict(layer) for layer in net.statistics(X, y)]
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
