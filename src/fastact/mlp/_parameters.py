"""The parameters that both estimators share: a table, of which their signatures, texts and checks are made."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any

import fastact

from . import _checks
from .initialisers import INITIALISERS
from .optimisers import OPTIMISERS

# What scikit-learn calls an activation, where that is another name.
_THEIR_ACTIVATIONS = {"logistic": "sigmoid"}

# Name: default, type and meaning, in scikit-learn's order; what it does not have comes last.
SHARED: dict[str, tuple[Any, str, str]] = {
    "hidden_layer_sizes": (
        (100,),
        "int or sequence of int",
        "Units of each hidden layer; none for a linear model.",
    ),
    "activation": (
        "relu",
        "str or sequence of str",
        'A name in ``fastact.activations`` or "logistic", for all hidden layers or one for each.',
    ),
    "solver": ("adam", "str", 'A name in ``mlp.OPTIMISERS``, or "lbfgs" for all samples at once with SciPy.'),
    "alpha": (
        1e-4,
        "float",
        "In [0, inf). alpha / 2 times the sum of the squared weights, divided by the samples of a batch, is added to\n"
        "the loss.",
    ),
    "batch_size": ("auto", 'int or "auto"', 'Samples of a batch; "auto" is 200, or all if they are fewer.'),
    "learning_rate": (
        "constant",
        '{"constant", "invscaling", "adaptive"}',
        "What becomes of the rate: nothing; after every epoch it is the first one divided by (samples seen +\n"
        "1)^power_t; it is a fifth whenever the training gets no better, until it is below 1e-6.",
    ),
    "learning_rate_init": (1e-3, "float", "The first rate, in (0, inf)."),
    "power_t": (0.5, "float", 'For "invscaling", in [0, inf).'),
    "max_iter": (200, "int", 'Epochs, or iterations of "lbfgs".'),
    "shuffle": (True, "bool", "Whether each epoch takes the samples in a new random order."),
    "random_state": (
        None,
        "int, RandomState or None",
        "Decides initial weights, order of samples, what dropout drops and what early stopping holds out.",
    ),
    "tol": (
        1e-4,
        "float",
        "In [0, inf). By how much the loss, or validation score, must get better within n_iter_no_change epochs; the\n"
        'largest derivative with which "lbfgs" ends.',
    ),
    "verbose": (False, "bool", "Whether to print the loss of every epoch."),
    "warm_start": (False, "bool", "Whether `fit` goes on from the weights of the fit before."),
    "momentum": (0.9, "float", 'For "sgd", "momentum" and "nesterov", in [0, 1).'),
    "nesterovs_momentum": (True, "bool", 'For "sgd", whether the momentum is Nesterov\'s.'),
    "early_stopping": (
        False,
        "bool",
        "Whether to hold out samples, stop when their score gets no better, and put back the weights of the best.",
    ),
    "validation_fraction": (0.1, "float", "The share that is held out, in (0, 1)."),
    "beta_1": (0.9, "float", 'For "adam", "adamax", "adamw" and "nadam", in [0, 1).'),
    "beta_2": (0.999, "float", "For the same, in [0, 1)."),
    "epsilon": (1e-8, "float", "For the same, in (0, inf)."),
    "n_iter_no_change": (10, "int or inf", "Epochs without progress after which the training ends."),
    "max_fun": (15000, "int", 'Evaluations of the loss by "lbfgs".'),
    "initialiser": (
        "xavier_uniform",
        "str",
        "Distribution of the initial weights, a name in ``mlp.INITIALISERS``.",
    ),
    "dropout": (
        0.0,
        "float",
        "Probability in [0, 1) with which the output of a hidden unit is dropped in training.",
    ),
    "batch_normalisation": (
        False,
        "bool",
        "Whether what hidden layers apply their activation to is normalised over the batch.",
    ),
}

_ATTRIBUTES = """network_ : Network
    The trained network.
coefs_, intercepts_ : list of ndarray
    Weights (inputs, units) and biases (units,) of each layer, as views.
n_features_in_, n_outputs_, n_layers_ : int
    Features, outputs, and layers with inputs and outputs counted.
feature_names_in_ : ndarray of str
    The names of X's columns, where it had some.
out_activation_ : str
    The activation of the outputs.
loss_ : float
    The loss of the last epoch, penalty included; ``loss_curve_`` has all, ``best_loss_`` is the least of them, or None
    with early stopping.
validation_scores_ : list of float
    With early stopping, the score after each epoch; ``best_validation_score_`` is the best of them.
n_iter_, t_ : int
    Epochs of the last fit, and samples seen in them.
"""


def constructor(before: dict[str, Any], after: dict[str, Any]) -> Callable[..., None]:
    """An ``__init__`` that sets the shared parameters and others before and after: scikit-learn reads its signature.

    Those before, the layers and the activation may be given by position.
    """
    defaults = before | {name: default for name, (default, _, _) in SHARED.items()} | after
    signature = [f"{name}=defaults[{name!r}]" for name in defaults]
    signature.insert(len(before) + 2, "*")
    body = "".join(f"    self.{name} = {name}\n" for name in defaults)
    namespace: dict[str, Any] = {"defaults": defaults}
    exec(f"def __init__(self, {', '.join(signature)}):\n{body}", namespace)
    return namespace["__init__"]


def documented(estimator: Any) -> Any:
    """The class, with the places for shared parameters and attributes in its docstring filled in."""
    parameters = ""
    for name, (default, kind, meaning) in SHARED.items():
        indented = meaning.replace("\n", "\n    ")
        parameters += f"{name} : {kind}, default {default!r}\n    {indented}\n"
    text = inspect.cleandoc(estimator.__doc__)
    estimator.__doc__ = text.replace("{parameters}\n", parameters).replace("{attributes}\n", _ATTRIBUTES)
    return estimator


def sizes(estimator: Any) -> list[int]:
    """The units of each hidden layer."""
    given = estimator.hidden_layer_sizes
    given = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    return [_checks.integer("hidden_layer_sizes", units, 1) for units in given]


def activations(estimator: Any) -> list[str]:
    """The activation of each hidden layer, by fastact's names."""
    given, layers = estimator.activation, len(sizes(estimator))
    names = [given] * layers if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    names = [_THEIR_ACTIVATIONS.get(name, name) if isinstance(name, str) else name for name in names]
    if len(names) != layers:
        raise ValueError(f"activation must be a name, or one for each of the {layers} hidden layers, got {len(names)}")
    return [fastact.registered(name).spec.name for name in names]


def check(estimator: Any) -> None:
    """Raise ValueError for a shared parameter that is not allowed, naming it."""

    def each(test: Callable[..., Any], *names: str, **keywords: Any) -> None:
        for name in names:
            test(name, getattr(estimator, name), **keywords)

    activations(estimator)
    each(_checks.choice, "solver", allowed=(*OPTIMISERS, "lbfgs"))
    each(_checks.choice, "learning_rate", allowed=("constant", "invscaling", "adaptive"))
    each(_checks.choice, "initialiser", allowed=INITIALISERS)
    each(_checks.number, "alpha", "power_t", "tol", lower=0.0, closed=True)
    each(_checks.number, "momentum", "beta_1", "beta_2", "dropout", lower=0.0, upper=1.0, closed=True)
    each(_checks.number, "learning_rate_init", "epsilon", lower=0.0)
    each(_checks.number, "validation_fraction", lower=0.0, upper=1.0)
    each(_checks.integer, "max_iter", "max_fun", minimum=1)
    each(_checks.boolean, "shuffle", "warm_start", "nesterovs_momentum", "early_stopping", "batch_normalisation")
    if estimator.n_iter_no_change != math.inf:
        each(_checks.integer, "n_iter_no_change", minimum=1)
    if not isinstance(estimator.batch_size, str) or estimator.batch_size != "auto":
        each(_checks.integer, "batch_size", minimum=1)
    if estimator.solver == "lbfgs" and (estimator.dropout or estimator.batch_normalisation or estimator.early_stopping):
        raise ValueError("solver must not be lbfgs with dropout, batch_normalisation or early_stopping")
