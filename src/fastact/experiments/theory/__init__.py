r"""Mean-field theory beside random networks: no parameter is fitted, and nothing is trained.

In a wide network whose weights have the variance w^2 / inputs and whose biases have b^2, pre-activations are normal,
and their variance, the norms of gradients and the correlation of two inputs are predicted layer by layer
(`fastact.theory`):

    q_{l+1} = w^2 E f(sqrt(q_l) Z)^2 + b^2,
    E |dL/dz_l|^2 = w^2 E f'(sqrt(q_l) Z)^2  E |dL/dz_{l+1}|^2.

"layers" rows measure the first two in random networks, by the trainer's passes forward and back: the variance is the
mean square of a layer's pre-activations, over units and samples, and the gradient norm is that of dL/dz for one sample,
relative to the logits', squared, averaged over samples. The theory speaks of means over random weights; so squares are
averaged, over seeds too, and the error bars are those of their means.

"correlation" rows follow pairs of inputs. Near its fixed point c* a correlation goes as abs(c_l - c*) ~ exp(-l / xi_c).
Pairs begin on both sides of c*, at the fixed point of the variance, and what is fitted is the difference of the two
means, D_l ~ exp(-l / xi_c), in which c* itself drops out. In the ordered phase, c* = 1, the upper pair is one input
twice. The rate 1 / xi_c is the slope of log D_l, by least squares, from the first layer on, as long as D_l stands out
of the differences between networks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastact import mlp, theory

from .. import data, options
from ..experiment import Experiment, Report, Row, Table
from .claims import agreements, differences, findings, rates
from .claims import rate as fitted_rate
from .figure import panels

OUTPUTS = 10
NEAR = 1e-3
"""How far from 1 pairs begin in the ordered phase: linear already, and far above rounding."""
SHARE = 0.25
"""How far from c* they begin in the chaotic phase, of the way to 1."""
STANDS_OUT = {"chaotic": 0.1, "ordered": 1e-6}
"""Down to which share of its first value D is fitted: around c* < 1 networks differ by about 1 / sqrt(width), around 1
only in proportion to D."""
FEWEST = 3
"""Layers that a rate is fitted to."""


def gain_of(initialiser: str, activation: str) -> float:
    """w of the trainer's initialiser, for all layers after the first."""
    if initialiser == "critical":
        return theory.gain(activation)
    if initialiser == "edge_of_chaos":
        return theory.edge_of_chaos(activation).weight_std
    return {"he_normal": math.sqrt(2.0), "lecun_normal": 1.0}[initialiser]


@dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    """See `options.Settings`. ValueError too for an activation without the weights or fixed point asked for."""

    activations: Sequence[str] = options.activations(
        ("sigmoid", "tanh", "relu", "gelu", "selu", "sin"), "Activations whose variances and gradients are measured."
    )
    initialiser: str = options.choice(
        "critical", "Distribution of their weights.", ("critical", "edge_of_chaos", "he_normal", "lecun_normal")
    )
    gain: float = options.number(1.0, "Factor of these weights.")
    start: float = options.number(2.0, "Variance of the first layer's pre-activations.")
    correlated: str = options.activation("tanh", "Activation with which correlations of two inputs are followed.")
    variances: Sequence[float] = options.numbers(
        (1.0, 1.3, 1.5, 1.65, 1.9, 2.2, 2.6, 3.2, 4.0), "Variances of its weights, times the inputs."
    )
    bias_variance: float = options.number(0.05, "Variance of its biases.")
    depth: int = options.integer(30, "Number of hidden layers.", lower=4)
    width: int = options.integer(512, "Units of every hidden layer.", lower=8)
    samples: int = options.integer(8, "Samples whose gradients are measured one by one, in each network.")
    pairs: int = options.integer(32, "Pairs of inputs in each network.")
    seeds: int = options.seeds(24)
    seed: int = options.seed()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.activations:
            gain_of(self.initialiser, name)
        for variance in self.variances:
            if math.isinf(theory.fixed_point(self.correlated, math.sqrt(variance), math.sqrt(self.bias_variance))):
                raise ValueError(
                    f"variances must be some with which pre-activations of {self.correlated} settle, got {variance:g}"
                )


def cells(settings: Settings) -> list[Row]:
    """One for each activation and seed, and one for each variance of the weights and seed."""
    seeds = range(settings.seed, settings.seed + settings.seeds)
    own = {name: (settings.gain * gain_of(settings.initialiser, name)) ** 2 for name in settings.activations}
    layers = [
        {"measured": "layers", "activation": name, "weight_variance": variance, "seed": seed}
        for name, variance in own.items()
        for seed in seeds
    ]
    correlations = [
        {"measured": "correlation", "activation": settings.correlated, "weight_variance": variance, "seed": seed}
        for variance in settings.variances
        for seed in seeds
    ]
    return layers + correlations


ENTRIES = (
    "variances", "predicted_variances", "squared_gradients", "predicted_squared_gradients", "lower_gaps", "upper_gaps",
    "predicted_variance", "predicted_correlation", "phase", "fitted_layers", "rate", "predicted_rate", "edge",
)  # fmt: skip


def measure(settings: Settings, dataset: data.Dataset | None, cell: Row) -> Row:  # noqa: ARG001
    """See ``DEFINITIONS``; what the other kind of row has is null."""
    found = _layers(settings, cell) if cell["measured"] == "layers" else _correlation(settings, cell)
    return dict.fromkeys(ENTRIES) | found


def _layers(settings: Settings, cell: Row) -> Row:
    name, depth, width = cell["activation"], settings.depth, settings.width
    layers: list[mlp.Layer] = []
    for _ in range(depth):
        layers += [mlp.Dense(width), mlp.Activation(name)]
    net = mlp.Network(
        [*layers, mlp.Dense(OUTPUTS)], width, initialiser=settings.initialiser, gain=settings.gain, seed=cell["seed"]
    )
    rng = np.random.default_rng([cell["seed"], 1])
    X = rng.standard_normal((settings.samples, width))
    # The first layer's weights are those for inputs of variance 1, whatever the activation.
    first = settings.gain * (math.sqrt(2.0) if settings.initialiser == "he_normal" else 1.0)
    X *= math.sqrt(settings.start * width) / first / np.linalg.norm(X, axis=1, keepdims=True)
    sums = net.activations(X)[::2]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        variances = [float(np.square(z, dtype=np.float64).mean()) for z in sums[:-1]]
        squares = []
        for x in X:
            net.loss_and_gradients(x[np.newaxis], rng.integers(OUTPUTS, size=1))
            # Of a single sample the biases' gradient is dL/dz.
            squares.append([np.square(layer.bias_gradient, dtype=np.float64).sum() for layer in net.layers[::2]])
        relative = np.array(squares)[:, :-1] / np.array(squares)[:, -1:]
    predicted = theory.propagate(name, depth, math.sqrt(cell["weight_variance"]), variance=settings.start)
    with np.errstate(over="ignore", under="ignore"):
        expected = np.square(predicted.gradient_norms)
    return {
        "variances": variances,
        "predicted_variances": predicted.variances.tolist(),
        "squared_gradients": relative.mean(axis=0).tolist(),
        "predicted_squared_gradients": expected.tolist(),
    }


def pairs_of_inputs(
    rng: np.random.Generator, count: int, width: int, mean_square: float, cosines: Sequence[float]
) -> list[NDArray[np.float64]]:
    """Random inputs (count, width) of a mean square, and for each cosine others that have it with them, exactly."""
    u = rng.standard_normal((count, width))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = rng.standard_normal((count, width))
    v -= u * (u * v).sum(axis=1, keepdims=True)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    length = math.sqrt(mean_square * width)
    return [length * u, *(length * (c * u + math.sqrt(max(0.0, 1.0 - c * c)) * v) for c in cosines)]


def _correlation(settings: Settings, cell: Row) -> Row:
    w2, b2, name = cell["weight_variance"], settings.bias_variance, settings.correlated
    found = theory.mean_field(name, math.sqrt(w2), math.sqrt(b2))
    q, limit = found.variance, found.correlation
    step = NEAR if limit == 1.0 else SHARE * (1.0 - limit)
    starts = (limit - step, min(limit + step, 1.0))
    layers: list[mlp.Layer] = []
    for _ in range(settings.depth):
        layers += [mlp.Dense(settings.width), mlp.Activation(name)]
    net = mlp.Network(
        layers[:-1], settings.width, loss="mse", initialiser="lecun_normal", gain=math.sqrt(w2), seed=cell["seed"]
    )
    rng = np.random.default_rng([cell["seed"], 2])
    for layer in net.layers[::2]:
        layer.bias[...] = rng.normal(0.0, math.sqrt(b2), settings.width)
    # So that the first pre-activations have the variance q and these correlations.
    cosines = [max(-1.0, (c * q - b2) / (q - b2)) for c in starts]
    inputs = pairs_of_inputs(rng, settings.pairs, settings.width, (q - b2) / w2, cosines)
    lower, upper = [], []
    for z in net.activations(np.concatenate(inputs))[::2]:
        units = z.astype(np.float64)
        units /= np.linalg.norm(units, axis=1, keepdims=True)
        one, below, above = np.split(units, 3)
        # 1 - c without cancellation.
        lower.append(float(np.square(one - below).sum(axis=1).mean() / 2))
        upper.append(float(np.square(one - above).sum(axis=1).mean() / 2))
    kind = "ordered" if limit == 1.0 else "chaotic"
    ratio = differences(lower, upper)
    fitted = next((at for at, value in enumerate(ratio) if not value > STANDS_OUT[kind]), settings.depth)
    fitted = max(fitted, FEWEST)
    return {
        "lower_gaps": lower,
        "upper_gaps": upper,
        "predicted_variance": q,
        "predicted_correlation": limit,
        "phase": found.phase,
        "fitted_layers": fitted,
        "rate": fitted_rate(ratio[:fitted]),
        "predicted_rate": 1.0 / found.correlation_depth,
        "edge": _edge(name, b2),
    }


def _edge(name: str, bias_variance: float) -> float | None:
    try:
        return theory.edge_of_chaos(name, math.sqrt(bias_variance)).weight_std ** 2
    except ValueError:
        return None


DEFINITIONS = {
    "measured": "layers: variances and gradients; correlation: pairs of inputs",
    "activation": "of all hidden layers",
    "weight_variance": "of the weights after the first layer, times their inputs: w^2",
    "seed": "of weights, biases and inputs",
    "variances": "mean square of each hidden layer's pre-activations, over units and samples",
    "predicted_variances": "q_l by mean-field theory",
    "squared_gradients": "squared L2 norm of dL/dz for each hidden layer's pre-activations z, L the cross-entropy of "
    "one sample, relative to that of the logits; mean over samples",
    "predicted_squared_gradients": "its mean over random weights by mean-field theory",
    "lower_gaps": "1 - c of the pairs that begin below c*, c the cosine of the angle between pre-activations, by "
    "layer; mean over pairs",
    "upper_gaps": "the same of those that begin above c*, or, if that is 1, at it",
    "predicted_variance": "q*: fixed point of the variance, at which pairs begin",
    "predicted_correlation": "c*: fixed point of the correlation",
    "phase": "ordered (chi_1 < 1), critical or chaotic (chi_1 > 1), by mean-field theory",
    "fitted_layers": "number of layers, from the first on, to which the rate was fitted",
    "rate": "1 / xi_c, in 1 / layers: minus the slope of log(lower_gaps - upper_gaps)",
    "predicted_rate": "1 / xi_c by mean-field theory",
    "edge": "w^2 at the edge of chaos for this variance of the biases; null if there is none",
}


def table(report: Report) -> Table:
    """A line for each activation, and one for each variance of the weights."""
    lines = [
        (
            one.activation,
            f"{one.weight_variance:.3f}",
            one.quantity,
            f"{one.measured:.3g}",
            f"{one.predicted:.3g}",
            f"{one.worst:.1f}",
        )
        for one in agreements(report["rows"])
    ]
    first = len(lines)
    for (name, w2), rate in rates(report["rows"]).items():
        words = ("none" if math.isnan(rate.measured.mean) else f"{rate.measured:.4f}", f"{rate.predicted or 0.0:.4f}")
        lines.append((name, f"{w2:g}", "rate of correlation", *words, f"{rate.deviation:.1f}"))
    headings = ("activation", "w²", "at the far end", "measured", "predicted", "at most\nerrors off")
    return Table(headings=headings, lines=lines, sections=[first] if 0 < first < len(lines) else [])


EXPERIMENT = Experiment(
    name="theory",
    title="What theory says before anything is trained",
    summary="Random networks are measured beside mean-field theory, which has nothing to fit: the variance of "
    "pre-activations and the norm of gradients in every layer, for any activation; and how many layers it takes until "
    "two inputs have come together or parted, on both sides of the edge of chaos. Predictions and measurements are "
    "drawn over each other, with the standard error over networks.",
    settings=Settings,
    axes=("measured", "activation", "weight_variance", "seed"),
    cells=cells,
    measure=measure,
    definitions=DEFINITIONS,
    findings=findings,
    panels=panels,
    table=table,
    quick={"activations": ("tanh", "relu", "gelu"), "variances": (1.3, 2.6), "depth": 20, "width": 256, "seeds": 3},
)
run = EXPERIMENT.run
