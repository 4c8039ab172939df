"""What the tests know of every loss: the textbook's formula for mpmath, samples of its domain, and PyTorch's form.

The formulas are of one sample, a row of predictions and its target, and are the textbook's: at 120 digits nothing
cancels. Their derivatives are taken by mpmath's differences, so no gradient is written down here. ``spread`` samples
reach into the tails; none lies at a kink.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

OUTPUTS = 4
EPSILON = mp.mpf(1e-7)


def mean_of(elementwise: Callable[..., Any]) -> Callable[..., Any]:
    """The loss of a row that is the mean over its outputs."""

    def of_row(x: list[Any], t: list[Any], **parameters: Any) -> Any:
        return mp.fsum(elementwise(a, b, **parameters) for a, b in zip(x, t, strict=True)) / len(x)

    return of_row


def clipped_log(p: Any, epsilon: Any = EPSILON) -> Any:
    return mp.log(max(p, epsilon))


def huber(x: Any, t: Any, delta: Any = 1) -> Any:
    e = abs(x - t)
    return e * e / 2 if e <= delta else delta * (e - delta / 2)


def cross_entropy(x: list[Any], t: Any, label_smoothing: Any = 0) -> Any:
    if not isinstance(t, list):
        t = [mp.mpf(k == t) for k in range(len(x))]
    t = [(1 - label_smoothing) * share + label_smoothing / len(x) for share in t]
    total = mp.log(mp.fsum(map(mp.exp, x)))
    return mp.fsum(share * (total - a) for share, a in zip(t, x, strict=True))


def of_probabilities(x: list[Any], t: Any, epsilon: Any = EPSILON) -> Any:
    if not isinstance(t, list):
        t = [mp.mpf(k == t) for k in range(len(x))]
    total = mp.fsum(x)
    return -mp.fsum(share * clipped_log(a / total, epsilon) for share, a in zip(t, x, strict=True))


def categorical_hinge(x: list[Any], t: list[Any]) -> Any:
    right = mp.fsum(a * b for a, b in zip(x, t, strict=True))
    return max(0, 1 - right + max((1 - b) * a for a, b in zip(x, t, strict=True)))


def cosine(x: list[Any], t: list[Any]) -> Any:
    lengths = [mp.sqrt(mp.fsum(a * a for a in row)) for row in (x, t)]
    return -mp.fsum(a * b for a, b in zip(x, t, strict=True)) / lengths[0] / lengths[1]


def sign(t: Any) -> Any:
    return -1 if t == 0 else t


# Samples --------------------------------------------------------------------------------------------------------------

Arrays = tuple[np.ndarray, np.ndarray]


def spread(rng: np.random.Generator, size: Any, lower: float = -6.0, upper: float = 6.0) -> np.ndarray:
    """Numbers of either sign and of very different sizes."""
    return rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(lower, upper, size)


def numbers(rng: np.random.Generator, n: int) -> Arrays:
    t = rng.normal(size=(n, OUTPUTS))
    return t + spread(rng, t.shape, -5.0, 3.0), t


def rates(rng: np.random.Generator, n: int) -> Arrays:
    x, t = numbers(rng, n)
    return abs(x), abs(t)


def hard(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 2, (n, OUTPUTS)).astype(float)


def one_hot(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.eye(OUTPUTS)[rng.integers(0, OUTPUTS, n)]


def distributions(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.dirichlet(np.ones(OUTPUTS), n)


def probabilities(rng: np.random.Generator, n: int) -> np.ndarray:
    """Some near 0 and near 1, none below epsilon."""
    p = np.concatenate([rng.uniform(0.0, 1.0, n * OUTPUTS // 2), 10.0 ** rng.uniform(-6.0, 0.0, n * OUTPUTS // 4)])
    p = np.concatenate([p, 1.0 - 10.0 ** rng.uniform(-6.0, -1.0, n * OUTPUTS - len(p))])
    return rng.permutation(p).reshape(n, OUTPUTS)


def confident(rng: np.random.Generator, n: int) -> np.ndarray:
    """Rows of which one number is near 1 and the others are small."""
    p = 10.0 ** rng.uniform(-6.5, -2.0, (n, OUTPUTS))
    p[np.arange(n), rng.integers(0, OUTPUTS, n)] = rng.uniform(0.1, 1.0, n)
    return p


def labels(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, OUTPUTS, n)


@dataclass(frozen=True)
class LossCase:
    """A loss with parameters: its truth, its samples, its error bound, and PyTorch's form of each sample's loss.

    ``bound`` is in units of the dtype's rounding error, relative to the truth or, where terms of either sign are added,
    relative to the largest one; ``torch`` has (functional module, torch, x, t).
    """

    name: str
    truth: Callable[..., Any]
    draw: Callable[[np.random.Generator, int], Arrays]
    bound: float = 8.0
    absolute: bool = False
    parameters: dict[str, float] | None = None
    convex: bool = True
    torch: Callable[..., Any] | None = None

    @property
    def keywords(self) -> dict[str, float]:
        return self.parameters or {}

    def __str__(self) -> str:
        return "-".join([self.name, self.draw.__name__, *(f"{name}={value}" for name, value in self.keywords.items())])


def drawn(x: Callable[..., np.ndarray], t: Callable[..., np.ndarray]) -> Callable[..., Arrays]:
    def draw(rng: np.random.Generator, n: int) -> Arrays:
        return x(rng, n), t(rng, n)

    draw.__name__ = f"{x.__name__}_{t.__name__}"
    return draw


def beside_each_other(rng: np.random.Generator, n: int) -> Arrays:
    """Rows of one probability, and targets near it or far below."""
    x = rng.uniform(0.1, 0.9, (n, 1))
    return x, x * np.where(rng.random((n, 1)) < 0.5, 1.0 + spread(rng, (n, 1), -5.0, -1.0), 10.0 ** -rng.uniform(2, 30))


def logits(rng: np.random.Generator, n: int) -> np.ndarray:
    return 12.0 * rng.standard_normal((n, OUTPUTS))


def log_probabilities(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.log(probabilities(rng, n))


def spread_rows(rng: np.random.Generator, n: int) -> np.ndarray:
    return spread(rng, (n, OUTPUTS), -2.0, 2.0) * 10.0 ** rng.uniform(-8.0, 8.0, (n, 1))


def scores(rng: np.random.Generator, n: int) -> np.ndarray:
    return 2.0 * rng.standard_normal((n, OUTPUTS))


def signs(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.choice([-1.0, 1.0], (n, OUTPUTS))


def sigmoid_loss(x: Any, t: Any) -> Any:
    return t * mp.log1p(mp.exp(-x)) + (1 - t) * mp.log1p(mp.exp(x))


def by_mean(function: str, **keywords: Any) -> Callable[..., Any]:
    """PyTorch's function of single numbers, as the mean over the outputs."""
    return lambda F, _, x, t: getattr(F, function)(x, t, reduction="none", **keywords).mean(dim=1)


def torch_signs(torch: Any, t: Any) -> Any:
    return torch.where(t == 0, -torch.ones_like(t), t)


CASES = [
    LossCase("mean_squared_error", mean_of(lambda x, t: (x - t) ** 2), numbers, torch=by_mean("mse_loss")),
    LossCase("mean_absolute_error", mean_of(lambda x, t: abs(x - t)), numbers, torch=by_mean("l1_loss")),
    LossCase(
        "mean_absolute_percentage_error",
        mean_of(lambda x, t: 100 * abs(x - t) / max(abs(t), EPSILON)),
        numbers,
        torch=lambda _F, _, x, t: (100 * (x - t).abs() / t.abs().clamp(min=1e-7)).mean(dim=1),
    ),
    LossCase(
        "mean_squared_logarithmic_error",
        mean_of(lambda x, t: (mp.log(1 + max(x, EPSILON)) - mp.log(1 + max(t, EPSILON))) ** 2),
        rates,
        convex=False,
        torch=lambda _F, _, x, t: (x.clamp(min=1e-7).log1p() - t.clamp(min=1e-7).log1p()).square().mean(dim=1),
    ),
    LossCase("huber", mean_of(huber), numbers, torch=by_mean("huber_loss")),
    LossCase("huber", mean_of(huber), numbers, parameters={"delta": 0.25}, torch=by_mean("huber_loss", delta=0.25)),
    LossCase(
        "log_cosh",
        mean_of(lambda x, t: mp.log(mp.cosh(x - t))),
        numbers,
        torch=lambda F, _, x, t: (x - t + F.softplus(-2 * (x - t)) - np.log(2)).mean(dim=1),
    ),
    LossCase(
        "poisson",
        mean_of(lambda x, t: x - t * mp.log(x + EPSILON)),
        rates,
        absolute=True,
        torch=by_mean("poisson_nll_loss", log_input=False, eps=1e-7),
    ),
    LossCase(
        "cosine_similarity",
        cosine,
        drawn(spread_rows, scores),
        absolute=True,
        convex=False,
        torch=lambda F, _, x, t: -F.cosine_similarity(x, t, dim=1),
    ),
    LossCase(
        "hinge",
        mean_of(lambda x, t: max(0, 1 - sign(t) * x)),
        drawn(scores, hard),
        torch=lambda _, torch, x, t: (1 - torch_signs(torch, t) * x).relu().mean(dim=1),
    ),
    LossCase(
        "squared_hinge",
        mean_of(lambda x, t: max(0, 1 - sign(t) * x) ** 2),
        drawn(scores, signs),
        torch=lambda _, torch, x, t: (1 - torch_signs(torch, t) * x).relu().square().mean(dim=1),
    ),
    LossCase(
        "categorical_hinge",
        categorical_hinge,
        drawn(scores, one_hot),
        torch=lambda _F, _, x, t: (1 + ((1 - t) * x).amax(dim=1) - (t * x).sum(dim=1)).relu(),
    ),
    LossCase(
        "binary_crossentropy",
        mean_of(lambda x, t: -t * clipped_log(x) - (1 - t) * clipped_log(1 - x)),
        drawn(probabilities, hard),
        torch=by_mean("binary_cross_entropy"),
    ),
    LossCase(
        "binary_crossentropy",
        mean_of(lambda x, t: -t * clipped_log(x) - (1 - t) * clipped_log(1 - x)),
        drawn(probabilities, distributions),
        absolute=True,
        torch=by_mean("binary_cross_entropy"),
    ),
    LossCase(
        "categorical_crossentropy",
        of_probabilities,
        drawn(confident, one_hot),
        convex=False,
        torch=lambda _F, _, x, t: -(t * (x / x.sum(dim=1, keepdim=True)).log()).sum(dim=1),
    ),
    LossCase(
        "categorical_crossentropy", of_probabilities, drawn(probabilities, distributions), 16.0, True, convex=False
    ),
    LossCase("categorical_crossentropy", of_probabilities, drawn(probabilities, hard), 16.0, True, convex=False),
    LossCase(
        "sparse_categorical_crossentropy",
        of_probabilities,
        drawn(confident, labels),
        convex=False,
        torch=lambda F, _, x, t: F.nll_loss((x / x.sum(dim=1, keepdim=True)).log(), t, reduction="none"),
    ),
    LossCase(
        "kl_divergence",
        lambda x, t: mp.fsum(b * mp.log(b / a) if b else 0 for a, b in zip(x, t, strict=True)),
        drawn(probabilities, distributions),
        absolute=True,
        torch=lambda F, _, x, t: F.kl_div(x.log(), t, reduction="none").sum(dim=1),
    ),
    LossCase("kl_divergence", lambda x, t: t[0] * mp.log(t[0] / x[0]), beside_each_other),
    LossCase(
        "nll",
        lambda x, t: -x[t],
        drawn(log_probabilities, labels),
        torch=lambda F, _, x, t: F.nll_loss(x, t, reduction="none"),
    ),
    LossCase(
        "bce_with_logits",
        mean_of(sigmoid_loss),
        drawn(logits, hard),
        torch=by_mean("binary_cross_entropy_with_logits"),
    ),
    LossCase(
        "bce_with_logits",
        mean_of(sigmoid_loss),
        drawn(logits, distributions),
        absolute=True,
        torch=by_mean("binary_cross_entropy_with_logits"),
    ),
    LossCase(
        "cross_entropy",
        cross_entropy,
        drawn(logits, labels),
        torch=lambda F, _, x, t: F.cross_entropy(x, t, reduction="none"),
    ),
    # exp(d) of a difference d that was rounded is off by abs(d) / 2 rounding errors; here d reaches about 70.
    LossCase(
        "cross_entropy",
        cross_entropy,
        drawn(logits, one_hot),
        48.0,
        torch=lambda F, _, x, t: F.cross_entropy(x, t, reduction="none"),
    ),
    LossCase("cross_entropy", cross_entropy, drawn(logits, hard), 48.0, absolute=True),
    LossCase(
        "cross_entropy",
        cross_entropy,
        drawn(logits, labels),
        16.0,
        absolute=True,
        parameters={"label_smoothing": 0.125},
        torch=lambda F, _, x, t: F.cross_entropy(x, t, reduction="none", label_smoothing=0.125),
    ),
    LossCase(
        "cross_entropy",
        cross_entropy,
        drawn(logits, distributions),
        16.0,
        absolute=True,
        parameters={"label_smoothing": 0.25},
        torch=lambda F, _, x, t: F.cross_entropy(x, t, reduction="none", label_smoothing=0.25),
    ),
]


def arrays(case: LossCase, dtype: str, n: int = 24, seed: int = 0) -> Arrays:
    """Predictions and targets of a case in a dtype."""
    x, t = case.draw(np.random.default_rng(seed), n)
    return x.astype(dtype), t if t.dtype.kind == "i" else t.astype(dtype)


def exact(case: LossCase, x: np.ndarray, t: np.ndarray) -> Arrays:
    """Losses and gradients of each sample by mpmath, rounded to float64 at the end."""
    keywords = {name: mp.mpf(value) for name, value in case.keywords.items()}
    with mp.workdps(120):
        step = mp.mpf(10) ** -40
        values, gradients = [], []
        for row, target in zip(x, t, strict=True):
            exact_row = [mp.mpf(float(a)) for a in row]
            exact_target = int(target) if t.ndim == 1 else [mp.mpf(float(b)) for b in target]
            values.append(float(case.truth(exact_row, exact_target, **keywords)))
            slopes = []
            for k in range(len(row)):
                above, below = list(exact_row), list(exact_row)
                above[k] += step
                below[k] -= step
                change = case.truth(above, exact_target, **keywords) - case.truth(below, exact_target, **keywords)
                slopes.append(float(change / (2 * step)))
            gradients.append(slopes)
    return np.array(values), np.array(gradients)
