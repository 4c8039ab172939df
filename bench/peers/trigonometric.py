"""The peers of trigonometric and error functions."""

# A lambda names the buffers it wants, and looks its library up when it is called.
# ruff: noqa: PLW0108

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .entry import Peer, Table, torch_second
from .libraries import aten, jax, jnp, special, torch, torch_nn


def _scipy_gelu(x: Any, out: Any) -> Any:
    return np.multiply(x, special.ndtr(x, out=out), out=out)


def _scipy_gelu_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    np.square(x, out=tmp)
    np.multiply(tmp, -0.5, out=tmp)
    np.exp(tmp, out=tmp)
    np.multiply(tmp, 1 / math.sqrt(2 * math.pi), out=tmp)
    np.multiply(tmp, x, out=tmp)
    np.add(tmp, special.ndtr(x, out=out), out=out)
    return np.multiply(grad, out, out=out)


def _numpy_erf_backward(grad: Any, x: Any, out: Any) -> Any:
    np.exp(np.negative(np.square(x, out=out), out=out), out=out)
    return np.multiply(grad, np.multiply(out, 2 / math.sqrt(math.pi), out=out), out=out)


def _numpy_arctan_backward(grad: Any, x: Any, out: Any) -> Any:
    return np.divide(grad, np.add(np.square(x, out=out), 1, out=out), out=out)


def _numpy_snake(x: Any, out: Any, a: float) -> Any:
    np.square(np.sin(np.multiply(x, a, out=out), out=out), out=out)
    return np.add(np.multiply(out, 1 / a, out=out), x, out=out)


def _numpy_snake_backward(grad: Any, x: Any, out: Any, a: float) -> Any:
    np.add(np.sin(np.multiply(x, 2 * a, out=out), out=out), 1, out=out)
    return np.multiply(grad, out, out=out)


PEERS: Table = {
    "gelu": {
        "value": {
            "scipy": _scipy_gelu,
            # Its float32 loses digits at x near -3.5, by the cancellation in 1 + erf.
            "torch": Peer(lambda x, out: torch_nn.gelu(x, approximate="none", out=out), tolerance=32.0),
            "jax": lambda x: jax.nn.gelu(x, approximate=False),
        },
        "backward": {
            "scipy": _scipy_gelu_backward,
            "torch": lambda grad, x, out: aten.gelu_backward.grad_input(grad, x, approximate="none", grad_input=out),
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch_nn.gelu(x)),
        },
    },
    "sin": {
        "value": {
            "numpy": lambda x, out: np.sin(x, out=out),
            "torch": lambda x, out: torch.sin(x, out=out),
            "jax": lambda x: jnp.sin(x),
            "numexpr": "sin(x)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, np.cos(x, out=out), out=out),
            "torch": lambda grad, x, out: torch.cos(x, out=out).mul_(grad),
            "numexpr": "grad * cos(x)",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.sin(x)),
        },
    },
    "cos": {
        "value": {
            "numpy": lambda x, out: np.cos(x, out=out),
            "torch": lambda x, out: torch.cos(x, out=out),
            "jax": lambda x: jnp.cos(x),
            "numexpr": "cos(x)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, np.negative(np.sin(x, out=out), out=out), out=out),
            "torch": lambda grad, x, out: torch.sin(x, out=out).neg_().mul_(grad),
            "numexpr": "-sin(x) * grad",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.cos(x)),
        },
    },
    "snake": {
        "value": {
            "numpy": _numpy_snake,
            "torch": lambda x, out, a: torch.mul(x, a, out=out).sin_().square_().div_(a).add_(x),
            "jax": lambda x, a: x + jnp.square(jnp.sin(a * x)) / a,
            "numexpr": "x + sin(a * x)**2 / a",
        },
        "backward": {
            "numpy": _numpy_snake_backward,
            "torch": lambda grad, x, out, a: torch.mul(x, 2 * a, out=out).sin_().add_(1).mul_(grad),
            "numexpr": "grad * (1 + sin(2 * a * x))",
        },
    },
    "arctan": {
        "value": {
            "numpy": lambda x, out: np.arctan(x, out=out),
            "torch": lambda x, out: torch.arctan(x, out=out),
            "jax": lambda x: jnp.arctan(x),
            "numexpr": "arctan(x)",
        },
        "backward": {
            "numpy": _numpy_arctan_backward,
            "torch": lambda grad, x, out: torch.div(grad, torch.square(x, out=out).add_(1), out=out),
            "numexpr": "grad / (1 + x * x)",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.arctan(x)),
        },
    },
    "erf": {
        "value": {
            "scipy": lambda x, out: special.erf(x, out=out),
            "torch": lambda x, out: torch.erf(x, out=out),
            "jax": lambda x: jax.lax.erf(x),
        },
        "backward": {
            "numpy": _numpy_erf_backward,
            "torch": lambda grad, x, out: (
                torch.square(x, out=out).neg_().exp_().mul_(2 / math.sqrt(math.pi)).mul_(grad)
            ),
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.erf(x)),
        },
    },
}
