"""What the patch of fastact.sklearn makes of scikit-learn's speed, as Markdown: ``python -m bench.scikit_learn``.

Times `MLPClassifier.fit` on the digits, and the activation with its derivative alone on the arrays of one step, with
the patch and without, in turns and on one thread. After a minute it prints the ratios.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .interleave import Turns
from .single_thread import single_thread

OWN_NAMES = ("logistic", "tanh", "relu")
ADDED_NAMES = ("gelu", "silu", "mish", "softplus")
LAYERS = (100, 100)
BATCH = 200
SECONDS = 20.0


def fits(dtype: str) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Contestants that fit ten epochs; all take equally many steps."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    from fastact.sklearn import patched

    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(dtype)

    def plain(name: str) -> None:
        net = MLPClassifier(
            LAYERS, activation=name, batch_size=BATCH, max_iter=10, n_iter_no_change=10, tol=0, random_state=0
        )
        assert net.fit(X, y).n_iter_ == 10

    def with_patch(name: str) -> None:
        with patched():
            plain(name)

    contestants = {f"{name} without": (plain, (name,)) for name in OWN_NAMES}
    return contestants | {f"{name} with": (with_patch, (name,)) for name in OWN_NAMES + ADDED_NAMES}


def functions(dtype: str) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Contestants that overwrite a batch with an activation, and a gradient with its product with f'."""
    import numpy as np
    from sklearn.neural_network import _base

    from fastact.sklearn import patched

    rng = np.random.default_rng(0)
    x, gradient = (rng.normal(size=(BATCH, LAYERS[0])).astype(dtype) for _ in range(2))
    Z, delta = np.empty_like(x), np.empty_like(x)

    def run(activation: Callable[..., Any], derivative: Callable[..., Any]) -> None:
        np.copyto(Z, x)
        np.copyto(delta, gradient)
        activation(Z)
        derivative(Z, delta)

    def pair(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
        return _base.ACTIVATIONS[name], _base.DERIVATIVES[name]

    contestants = {f"{name} without": (run, pair(name)) for name in OWN_NAMES}
    with patched():
        return contestants | {f"{name} with": (run, pair(name)) for name in OWN_NAMES}


def ratios(contestants: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]], seconds: float) -> dict[str, str]:
    """For each activation the time with the patch over that without; without an own one, that of relu."""
    turns = Turns(contestants)
    for _ in range(turns.rounds_within(seconds)):
        turns.round()
    found = {}
    for name in OWN_NAMES + ADDED_NAMES:
        if f"{name} with" in contestants:
            reference = f"{name if name in OWN_NAMES else 'relu'} without"
            ratio = turns.summary(reference)[f"{name} with"]["ratio"]
            found[name] = f"{ratio['median']:.2f} ({ratio['q1']:.2f} to {ratio['q3']:.2f})"
    return found


def main() -> None:
    """Measure and print."""
    single_thread()
    from sklearn.exceptions import ConvergenceWarning

    warnings.simplefilter("ignore", ConvergenceWarning)
    dtypes = ("float32", "float64")
    columns = [ratios(fits(dtype), SECONDS) for dtype in dtypes]
    columns += [ratios(functions(dtype), SECONDS / 20) for dtype in dtypes]
    titles = [f"{what}, {dtype}" for what in ("fit", "activation and derivative") for dtype in dtypes]
    print(f"| activation | {' | '.join(titles)} |\n| --- |{' ---: |' * len(titles)}")
    for name in OWN_NAMES + ADDED_NAMES:
        print(f"| `{name}` | {' | '.join(column.get(name, '') for column in columns)} |")


if __name__ == "__main__":
    main()
