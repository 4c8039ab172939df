"""The peers of roots and quotients."""

# A lambda names the buffers it wants, and looks its library up when it is called.
# ruff: noqa: PLW0108

from __future__ import annotations

from typing import Any

import numpy as np

from .entry import Table, torch_second, torch_vjp
from .libraries import jax, jnp, torch


def _numpy_root(x: Any, out: Any, b: float) -> Any:
    """sqrt(x^2 + b)."""
    return np.sqrt(np.add(np.square(x, out=out), b, out=out), out=out)


def _numpy_squareplus(x: Any, out: Any, b: float) -> Any:
    np.add(_numpy_root(x, out, b), x, out=out)
    return np.multiply(out, 0.5, out=out)


def _numpy_squareplus_backward(grad: Any, x: Any, out: Any, b: float) -> Any:
    np.divide(x, _numpy_root(x, out, b), out=out)
    np.multiply(np.add(out, 1, out=out), 0.5, out=out)
    return np.multiply(grad, out, out=out)


def _numpy_squareplus_backward_from_output(grad: Any, y: Any, out: Any, tmp: Any, b: float) -> Any:
    np.add(np.square(y, out=tmp), b / 4, out=out)
    return np.multiply(grad, np.divide(tmp, out, out=out), out=out)


def _numpy_softsign(x: Any, out: Any) -> Any:
    return np.divide(x, np.add(np.abs(x, out=out), 1, out=out), out=out)


def _numpy_softsign_backward(grad: Any, x: Any, out: Any) -> Any:
    np.square(np.add(np.abs(x, out=out), 1, out=out), out=out)
    return np.divide(grad, out, out=out)


def _numpy_softsign_backward_from_output(grad: Any, y: Any, out: Any) -> Any:
    np.square(np.subtract(1, np.abs(y, out=out), out=out), out=out)
    return np.multiply(grad, out, out=out)


def _numpy_dish(x: Any, out: Any) -> Any:
    np.add(np.divide(x, _numpy_root(x, out, 1), out=out), 1, out=out)
    return np.multiply(np.multiply(out, x, out=out), 0.5, out=out)


def _numpy_dish_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    """(1 + q (1 + 1 / (1 + x^2))) / 2, with q = x / sqrt(1 + x^2)."""
    np.add(np.square(x, out=tmp), 1, out=tmp)
    np.divide(x, np.sqrt(tmp, out=out), out=out)
    np.add(np.reciprocal(tmp, out=tmp), 1, out=tmp)
    np.add(np.multiply(out, tmp, out=out), 1, out=out)
    return np.multiply(grad, np.multiply(out, 0.5, out=out), out=out)


def _numpy_bent_identity(x: Any, out: Any) -> Any:
    np.multiply(np.subtract(_numpy_root(x, out, 1), 1, out=out), 0.5, out=out)
    return np.add(out, x, out=out)


def _numpy_bent_identity_backward(grad: Any, x: Any, out: Any) -> Any:
    np.divide(x, _numpy_root(x, out, 1), out=out)
    np.add(np.multiply(out, 0.5, out=out), 1, out=out)
    return np.multiply(grad, out, out=out)


PEERS: Table = {
    "squareplus": {
        "value": {
            "numpy": _numpy_squareplus,
            "torch": lambda x, out, b: torch.square(x, out=out).add_(b).sqrt_().add_(x).mul_(0.5),
            "jax": lambda x, b: jax.nn.squareplus(x, b),
            "numexpr": "(x + sqrt(x * x + b)) / 2",
        },
        "backward": {
            "numpy": _numpy_squareplus_backward,
            "torch": torch_vjp(lambda x, b: (x + torch.sqrt(x * x + b)) / 2),
            "numexpr": "grad * (1 + x / sqrt(x * x + b)) / 2",
        },
        "backward_from_output": {
            "numpy": _numpy_squareplus_backward_from_output,
            "jax": lambda grad, y, b: grad * (y * y / (y * y + b / 4)),
            "numexpr": "grad * (y * y / (y * y + b / 4))",
        },
    },
    "softsign": {
        "value": {
            "numpy": _numpy_softsign,
            "torch": lambda x, out: torch.div(x, torch.abs(x, out=out).add_(1), out=out),
            "jax": lambda x: jax.nn.soft_sign(x),
            "numexpr": "x / (1 + abs(x))",
        },
        "backward": {
            "numpy": _numpy_softsign_backward,
            "torch": lambda grad, x, out: torch.div(grad, torch.abs(x, out=out).add_(1).square_(), out=out),
            "numexpr": "grad / (1 + abs(x))**2",
        },
        "backward_from_output": {
            "numpy": _numpy_softsign_backward_from_output,
            "torch": lambda grad, y, out: torch.abs(y, out=out).sub_(1).square_().mul_(grad),
            "jax": lambda grad, y: grad * jnp.square(1 - jnp.abs(y)),
            "numexpr": "grad * (1 - abs(y))**2",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: x / (x.abs() + 1)),
        },
    },
    "dish": {
        "value": {
            "numpy": _numpy_dish,
            "torch": lambda x, out: torch.square(x, out=out).add_(1).rsqrt_().mul_(x).add_(1).mul_(x).mul_(0.5),
            "jax": lambda x: x / 2 * (x / jnp.sqrt(1 + x * x) + 1),
            "numexpr": "x / 2 * (x / sqrt(1 + x * x) + 1)",
        },
        "backward": {
            "numpy": _numpy_dish_backward,
            "torch": torch_vjp(lambda x: x / 2 * (x / torch.sqrt(1 + x * x) + 1)),
            "numexpr": "grad * (1 + x / sqrt(1 + x * x) * (1 + 1 / (1 + x * x))) / 2",
        },
    },
    "bent_identity": {
        "value": {
            "numpy": _numpy_bent_identity,
            "torch": lambda x, out: torch.square(x, out=out).add_(1).sqrt_().sub_(1).mul_(0.5).add_(x),
            "jax": lambda x: (jnp.sqrt(x * x + 1) - 1) / 2 + x,
            "numexpr": "(sqrt(x * x + 1) - 1) / 2 + x",
        },
        "backward": {
            "numpy": _numpy_bent_identity_backward,
            "torch": torch_vjp(lambda x: (torch.sqrt(x * x + 1) - 1) / 2 + x),
            "numexpr": "grad * (x / sqrt(x * x + 1) / 2 + 1)",
        },
    },
}
