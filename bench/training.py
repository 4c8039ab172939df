"""One training step of small networks beside JAX, PyTorch and scikit-learn, as Markdown: ``python -m bench.training``.

The networks classify random samples: relu, cross-entropy, Adam with the same constants, float32, one thread. All start
from the same weights and see the same batches, and before anything is timed their losses over a first epoch must agree.
A turn is an epoch of STEPS batches through each library's own front door: `Network.fit`, a jitted function with donated
arguments, a loop over ``torch.optim.Adam(fused=True)``, ``MLPClassifier.partial_fit``. Peers that are not installed are
left out. ``--seconds`` says how long each network is timed; names of networks choose some.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from .interleave import Turns, quartiles
from .single_thread import single_thread

STEPS = 32
LEARNING_RATE = 1e-3

# inputs, hidden layers, classes, batch, and how many times as fast as the best peer it should be
NETWORKS: dict[str, tuple[int, tuple[int, ...], int, int, float]] = {
    "2-10-2": (2, (10,), 2, 32, 5.0),
    "64-64-64-10": (64, (64, 64), 10, 64, 3.0),
    "20 layers of 64": (64, (64,) * 20, 10, 64, 2.0),
    "3 layers of 512": (64, (512,) * 3, 10, 64, 1.3),
}

Epoch = Callable[[], float]
Weights = list[tuple[Any, Any]]


def fastact_epochs(X: Any, y: Any, weights: Weights, batch: int) -> Epoch:
    """An epoch with fastact."""
    from fastact import mlp

    layers = [mlp.Dense(len(bias), "relu") for _, bias in weights[:-1]] + [mlp.Dense(len(weights[-1][1]))]
    net = mlp.Network(layers, X.shape[1])
    for layer, (weight, bias) in zip(net.layers, weights, strict=True):
        layer.weight[...], layer.bias[...] = weight, bias
    optimiser = mlp.Adam(LEARNING_RATE)
    return lambda: net.fit(X, y, epochs=1, batch_size=batch, optimiser=optimiser, shuffle=False).loss[0]


def jax_epochs(X: Any, y: Any, weights: Weights, batch: int) -> Epoch:
    """An epoch with JAX."""
    import jax
    import jax.numpy as jnp

    def loss(parameters: Any, x: Any, t: Any) -> Any:
        for weight, bias in parameters[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = parameters[-1]
        logarithms = jax.nn.log_softmax(x @ weight + bias)
        return -jnp.take_along_axis(logarithms, t[:, None], axis=1).mean()

    def step(parameters: Any, first: Any, second: Any, count: Any, x: Any, t: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters, x, t)
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = LEARNING_RATE / (1 - 0.9**count)
        root = 1 - 0.999**count
        parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v / root) + 1e-8), parameters, first, second)
        return parameters, first, second, count, value

    compiled = jax.jit(step, donate_argnums=(0, 1, 2, 3))
    parameters = [(jnp.array(weight), jnp.array(bias)) for weight, bias in weights]
    state = [
        parameters,
        jax.tree.map(jnp.zeros_like, parameters),
        jax.tree.map(jnp.zeros_like, parameters),
        jnp.zeros((), jnp.float32),
    ]
    batches = [
        (jnp.array(X[start : start + batch]), jnp.array(y[start : start + batch])) for start in range(0, len(X), batch)
    ]

    def epoch() -> float:
        losses = []
        for x, t in batches:
            *state[:], value = compiled(*state, x, t)
            losses.append(value)
        jax.block_until_ready(state)
        return float(sum(float(value) for value in losses) / len(losses))

    return epoch


def torch_epochs(X: Any, y: Any, weights: Weights, batch: int) -> Epoch:
    """An epoch with PyTorch."""
    import torch

    torch.set_num_threads(1)
    model = torch.nn.Sequential()
    for weight, bias in weights:
        linear = torch.nn.Linear(*weight.shape)
        linear.weight.data, linear.bias.data = torch.tensor(weight.T.copy()), torch.tensor(bias)
        model.append(linear)
        model.append(torch.nn.ReLU())
    model = model[:-1]
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    criterion = torch.nn.CrossEntropyLoss()
    batches = list(zip(torch.tensor(X).split(batch), torch.tensor(y).split(batch), strict=True))

    def epoch() -> float:
        total = 0.0
        for x, t in batches:
            optimiser.zero_grad(set_to_none=True)
            loss = criterion(model(x), t)
            loss.backward()
            optimiser.step()
            total += loss.item()
        return total / len(batches)

    return epoch


def scikit_learn_epochs(X: Any, y: Any, weights: Weights, batch: int) -> Epoch:
    """An epoch with scikit-learn."""
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # it speaks of convergence
    hidden = tuple(len(bias) for _, bias in weights[:-1])
    net = MLPClassifier(hidden, batch_size=batch, alpha=0.0, shuffle=False, learning_rate_init=LEARNING_RATE)
    two = weights[-1][1].shape[0] == 2
    net.partial_fit(X[:batch], y[:batch], classes=range(weights[-1][1].shape[0]))
    for i, (weight, bias) in enumerate(weights):
        last = two and i == len(weights) - 1
        # Of two classes it learns one logit, whose weights are the difference.
        net.coefs_[i][...] = weight[:, 1:] - weight[:, :1] if last else weight
        net.intercepts_[i][...] = bias[1:] - bias[:1] if last else bias
    for moments in (net._optimizer.ms, net._optimizer.vs):
        for array in moments:
            array[...] = 0.0
    net._optimizer.t = 0

    def epoch() -> float:
        net.partial_fit(X, y)
        return float(net.loss_)

    return epoch


CONTESTANTS: dict[str, tuple[str, Callable[[Any, Any, Weights, int], Epoch]]] = {
    "fastact": ("fastact", fastact_epochs),
    "JAX": ("jax", jax_epochs),
    "PyTorch": ("torch", torch_epochs),
    "scikit-learn": ("sklearn", scikit_learn_epochs),
}


def contestants(name: str) -> dict[str, Epoch]:
    """The epochs of one network by library, once all agree about the first."""
    import numpy as np

    inputs, hidden, classes, batch, _ = NETWORKS[name]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(STEPS * batch, inputs)).astype(np.float32)
    y = rng.integers(0, classes, len(X))
    widths = [inputs, *hidden, classes]
    weights = [
        (rng.normal(0, (2 / n) ** 0.5, (n, m)).astype(np.float32), np.zeros(m, np.float32)) for n, m in pairwise(widths)
    ]
    made = {
        library: make(X, y, weights, batch)
        for library, (module, make) in CONTESTANTS.items()
        if importlib.util.find_spec(module) is not None
    }
    losses = {library: epoch() for library, epoch in made.items()}
    for library, loss in losses.items():
        # scikit-learn has one logit for two classes, which takes other steps than two.
        tolerance = 0.2 if library == "scikit-learn" and classes == 2 else 2e-3
        if abs(loss - losses["fastact"]) > tolerance * loss:
            raise AssertionError(f"{name}: {library}'s loss is {loss}, fastact's {losses['fastact']}")
    return made


def measured(name: str, seconds: float) -> str:
    """A row of the table."""
    epochs = contestants(name)
    turns = Turns({library: (epoch, ()) for library, epoch in epochs.items()})
    for _ in range(turns.rounds_within(seconds)):
        turns.round()
    microseconds = {library: quartiles(turns.samples[library])["median"] / STEPS * 1e6 for library in epochs}
    peers = [library for library in epochs if library != "fastact"]
    # In every round against the best of that round.
    rounds = zip(*(turns.samples[library] for library in peers), strict=True)
    ratio = quartiles([min(times) / own for times, own in zip(rounds, turns.samples["fastact"], strict=True)])
    cells = [f"{microseconds[library]:.0f}" if library in microseconds else "" for library in CONTESTANTS]
    ratios = f"{ratio['median']:.2f} ({ratio['q1']:.2f} to {ratio['q3']:.2f})"
    return f"| {name} | {' | '.join(cells)} | {ratios} | {NETWORKS[name][4]:g} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NETWORKS)}; all by default")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each network (default: %(default)g)")
    arguments = parser.parse_args()
    for name in arguments.networks:
        if name not in NETWORKS:
            parser.error(f"NETWORK must be one of {', '.join(NETWORKS)}, got {name!r}")
    single_thread()
    print(f"| microseconds per step | {' | '.join(CONTESTANTS)} | best peer / fastact | target |")
    print(f"| --- |{' ---: |' * (len(CONTESTANTS) + 2)}")
    for name in arguments.networks or NETWORKS:
        print(measured(name, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
