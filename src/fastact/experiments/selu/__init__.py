r"""Mean and variance of activations through a hundred layers.

Let the inputs of a wide layer have the second moment q over its units, and its n inputs weights of variance 1/n
(LeCun's initialisation). Its sums are normal with mean 0 and variance q, and its outputs have, for standard normal Z,

    mean E f(sqrt(q) Z),    second moment g(q) = E f(sqrt(q) Z)^2.

SELU's two constants are chosen such that mean 0 and variance 1 come back: E selu(Z) = 0 and g(1) = 1. Since g'(1) is
0.783, deviations shrink by that factor in every layer: the fixed point attracts.

In a layer of finite width q is not g(q) of the layer before but scatters about it with the variance (E f^4 - 1) / n.
Deviations are carried on with the factor g', so that q has the variance s = (E f^4 - 1) / (n (1 - g'^2)), and because
g is curved its mean is off by d = g' d + g'' s / 2:

    d = g''(1) (E f^4 - 1) / (2 n (1 - g'^2) (1 - g')),   which is -1.57 / n.                                     (1)

Nothing is trained: the networks are as initialised, and the pass is one of training, in which dropout drops and batch
normalisation takes the mean and variance of the batch. The gradient of the cross-entropy goes back through them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastact import mlp

from .. import data, options
from ..experiment import Experiment, Row
from ..layers import Tap
from .claims import findings
from .figure import panels, table

TREATMENTS = ("none", "he", "batch", "dropout", "alpha")


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`."""

    activations: Sequence[str] = options.activations(("selu", "elu", "relu"))
    treatments: Sequence[str] = options.choices(
        TREATMENTS,
        "What is done besides LeCun's initialisation: nothing, He's initialisation instead, batch normalisation, "
        "dropout, alpha dropout (both only with selu).",
        TREATMENTS,
    )
    input_stds: Sequence[float] = options.numbers(
        (0.5, 1.0, 2.0), "Standard deviations of the inputs; others than 1 only with treatment none."
    )
    depth: int = options.integer(100, "Hidden layers.")
    width: int = options.integer(256, "Units of every hidden layer.")
    samples: int = options.integer(128, "Samples that pass through the network, at most as many as there are.", lower=2)
    drop: float = options.number(0.1, "Probability of dropping.", upper=1.0)
    seeds: int = options.seeds(5)
    seed: int = options.seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not cells(self):
            raise ValueError(
                "treatments must have one that goes with the activations and input_stds: 'none' with all, the "
                "dropouts with selu only, and all but 'none' with an input_std of 1 only"
            )


def cells(settings: Settings) -> list[Row]:
    """One for each activation, treatment, standard deviation of the inputs and seed, where these go together."""
    return [
        {"activation": activation, "treatment": treatment, "input_std": std, "seed": settings.seed + at}
        for activation in settings.activations
        for treatment in settings.treatments
        if activation == "selu" or treatment not in ("dropout", "alpha")
        for std in settings.input_stds
        if std == 1.0 or treatment == "none"
        for at in range(settings.seeds)
    ]


def network(settings: Settings, cell: Row, inputs: int, classes: int) -> mlp.Network:
    """The network of a cell, with a tap after every hidden layer."""
    treatment, activation = cell["treatment"], cell["activation"]
    layers: list[mlp.Layer] = []
    for _ in range(settings.depth):
        if treatment == "batch":
            layers += [mlp.Dense(settings.width), mlp.BatchNormalisation(), mlp.Activation(activation)]
        else:
            layers.append(mlp.Dense(settings.width, activation))
        if treatment == "dropout":
            layers.append(mlp.Dropout(settings.drop))
        elif treatment == "alpha":
            layers.append(mlp.AlphaDropout(settings.drop))
        layers.append(Tap())
    return mlp.Network(
        [*layers, mlp.Dense(classes)],
        inputs=inputs,
        seed=cell["seed"],
        initialiser="he_normal" if treatment == "he" else "lecun_normal",
    )


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:
    """See ``DEFINITIONS``."""
    assert dataset is not None
    parts = data.split(dataset, test_share=0.25, seed=cell["seed"], dtype="float32")
    X, y = parts.X_train[: settings.samples], parts.y_train[: settings.samples]
    net = network(settings, cell, X.shape[1], len(dataset.classes))
    net.loss_and_gradients(np.float32(cell["input_std"]) * X, y, rng=net.rng)
    taps = [layer for layer in net.layers if isinstance(layer, Tap)]
    shown = sorted({round(float(at)) for at in np.geomspace(1, settings.depth, 30)})
    last = taps[-1].gradient_norm
    return {
        "layers": shown,
        "means": [taps[at - 1].mean for at in shown],
        "variances": [taps[at - 1].variance for at in shown],
        "gradient_ratio": taps[0].gradient_norm / last if last > 0.0 else None,
    }


DEFINITIONS = {
    "activation": "of all hidden layers",
    "treatment": "none: LeCun's initialisation, weights of variance 1/inputs; he: of variance 2/inputs; batch: batch "
    "normalisation before every activation; dropout, alpha: that dropout after every activation",
    "input_std": "factor on the standardised inputs",
    "seed": "of the samples, the weights and what is dropped",
    "layers": "numbers of some hidden layers; 1 is next to the inputs",
    "means": "mean of what such a layer hands on, over units and samples; null where it is no finite number",
    "variances": "variance of it, over units and samples; null where it is no finite number",
    "gradient_ratio": "L2 norm, over units and samples, of the loss's gradient with respect to the outputs of the "
    "first hidden layer, over that of the last; null where the latter is 0 or one is no finite number",
}

EXPERIMENT = Experiment(
    name="selu",
    title="SELU keeps mean 0 and variance 1 through a hundred layers",
    summary="One pass through deep networks as they are initialised: mean and variance of what every layer hands on, "
    "with and without batch normalisation, with ordinary and with alpha dropout, and from inputs of several sizes.",
    settings=Settings,
    axes=("activation", "treatment", "input_std", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    quick={"depth": 50, "width": 128, "input_stds": (1.0, 2.0), "seeds": 3},
    on_data=True,
)
run = EXPERIMENT.run
