"""The peers of exponentials and logarithms."""

# A lambda names the buffers it wants, and looks its library up when it is called.
# ruff: noqa: PLW0108

from __future__ import annotations

from typing import Any

import numpy as np

from .entry import CONSTANTS, Peer, Table, jax_second, jax_vjp, torch_second, torch_vjp
from .libraries import aten, jax, jnp, special, torch, torch_nn

_QUICK, _TANH_SCALE, _TANH_CUBIC = CONSTANTS["quick"], CONSTANTS["tanh_scale"], CONSTANTS["tanh_cubic"]
_SELU_SCALE, _SELU_ALPHA = CONSTANTS["selu_scale"], CONSTANTS["selu_alpha"]


def _numpy_sigmoid(x: Any, out: Any) -> Any:
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    return np.reciprocal(out, out=out)


def _numpy_sigmoid_by_tanh(x: Any, out: Any) -> Any:
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    return np.add(out, 0.5, out=out)


def _numpy_sigmoid_backward_from_output(grad: Any, y: Any, out: Any) -> Any:
    np.square(y, out=out)
    np.subtract(y, out, out=out)
    return np.multiply(grad, out, out=out)


def _numpy_tanh_backward_from_output(grad: Any, y: Any, out: Any) -> Any:
    np.square(y, out=out)
    np.subtract(1, out, out=out)
    return np.multiply(grad, out, out=out)


def _numpy_softplus(x: Any, out: Any) -> Any:
    np.exp(x, out=out)
    return np.log1p(out, out=out)


def _numpy_softplus_backward_from_output(grad: Any, y: Any, out: Any) -> Any:
    np.negative(y, out=out)
    np.exp(out, out=out)
    np.subtract(1, out, out=out)
    return np.multiply(grad, out, out=out)


def _scipy_softplus(x: Any, out: Any) -> Any:
    np.negative(x, out=out)
    special.log_expit(out, out=out)
    return np.negative(out, out=out)


def _torch_sigmoid_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    return aten.sigmoid_backward.grad_input(grad, torch.sigmoid(x, out=tmp), grad_input=out)


def _torch_tanh_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    return aten.tanh_backward.grad_input(grad, torch.tanh(x, out=tmp), grad_input=out)


# elu and celu at alpha = 1, where the exponential branch lies above the line and never crosses it.


def _numpy_elu(x: Any, out: Any) -> Any:
    np.expm1(np.minimum(x, 0, out=out), out=out)
    return np.maximum(x, out, out=out)


def _numpy_elu_backward(grad: Any, x: Any, out: Any) -> Any:
    np.exp(np.minimum(x, 0, out=out), out=out)
    return np.multiply(grad, out, out=out)


def _numpy_elu_backward_from_output(grad: Any, y: Any, out: Any) -> Any:
    np.add(np.minimum(y, 0, out=out), 1, out=out)
    return np.multiply(grad, out, out=out)


def _numpy_selu(x: Any, out: Any, tmp: Any) -> Any:
    np.expm1(np.minimum(x, 0, out=out), out=out)
    np.multiply(out, _SELU_SCALE * _SELU_ALPHA, out=out)
    np.multiply(np.maximum(x, 0, out=tmp), _SELU_SCALE, out=tmp)
    return np.add(out, tmp, out=out)


def _numpy_selu_step(grad: Any, of: Any, out: Any, tmp: Any, mask: Any) -> Any:
    """Take from the slope what it jumps by at 0."""
    np.multiply(np.greater(of, 0, out=mask), out.dtype.type(_SELU_SCALE * (_SELU_ALPHA - 1)), out=tmp)
    return np.multiply(grad, np.subtract(out, tmp, out=out), out=out)


def _numpy_selu_backward(grad: Any, x: Any, out: Any, tmp: Any, mask: Any) -> Any:
    np.exp(np.minimum(x, 0, out=out), out=out)
    np.multiply(out, _SELU_SCALE * _SELU_ALPHA, out=out)
    return _numpy_selu_step(grad, x, out, tmp, mask)


def _numpy_selu_backward_from_output(grad: Any, y: Any, out: Any, tmp: Any, mask: Any) -> Any:
    np.add(np.minimum(y, 0, out=out), _SELU_SCALE * _SELU_ALPHA, out=out)
    return _numpy_selu_step(grad, y, out, tmp, mask)


def _numpy_silu(x: Any, out: Any) -> Any:
    np.exp(np.negative(x, out=out), out=out)
    return np.divide(x, np.add(out, 1, out=out), out=out)


def _numpy_silu_by_tanh(x: Any, out: Any) -> Any:
    np.tanh(np.multiply(x, 0.5, out=out), out=out)
    np.multiply(np.add(out, 1, out=out), x, out=out)
    return np.multiply(out, 0.5, out=out)


def _numpy_silu_slope(x: Any, sigmoid: Any, out: Any) -> Any:
    """s(x) (1 + x (1 - s(x)))."""
    np.multiply(np.subtract(1, sigmoid, out=out), x, out=out)
    return np.multiply(np.add(out, 1, out=out), sigmoid, out=out)


def _numpy_silu_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    return np.multiply(grad, _numpy_silu_slope(x, _numpy_sigmoid(x, tmp), out), out=out)


def _scipy_silu_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    return np.multiply(grad, _numpy_silu_slope(x, special.expit(x, out=tmp), out), out=out)


def _numpy_swish(x: Any, out: Any, beta: float) -> Any:
    np.exp(np.multiply(x, -beta, out=out), out=out)
    return np.divide(x, np.add(out, 1, out=out), out=out)


def _numpy_swish_backward(grad: Any, x: Any, out: Any, tmp: Any, beta: float) -> Any:
    np.exp(np.multiply(x, -beta, out=tmp), out=tmp)
    np.reciprocal(np.add(tmp, 1, out=tmp), out=tmp)
    np.multiply(np.subtract(1, tmp, out=out), x, out=out)
    np.add(np.multiply(out, beta, out=out), 1, out=out)
    return np.multiply(grad, np.multiply(out, tmp, out=out), out=out)


def _numpy_gelu_tanh_inner(x: Any, out: Any) -> Any:
    """tanh(sqrt(2 / pi) (x + 0.044715 x^3))."""
    np.multiply(np.square(x, out=out), _TANH_SCALE * _TANH_CUBIC, out=out)
    np.multiply(np.add(out, _TANH_SCALE, out=out), x, out=out)
    return np.tanh(out, out=out)


def _numpy_gelu_tanh(x: Any, out: Any) -> Any:
    np.add(_numpy_gelu_tanh_inner(x, out), 1, out=out)
    return np.multiply(np.multiply(out, x, out=out), 0.5, out=out)


def _numpy_gelu_tanh_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    """(1 + t) / 2 (1 + x (1 - t) z'), with t the tanh of z, for (1 + t) / 2 + x (1 - t^2) z' / 2."""
    _numpy_gelu_tanh_inner(x, tmp)
    np.multiply(np.square(x, out=out), 3 * _TANH_SCALE * _TANH_CUBIC, out=out)
    np.multiply(np.add(out, _TANH_SCALE, out=out), x, out=out)
    np.subtract(1, tmp, out=tmp)
    np.add(np.multiply(out, tmp, out=out), 1, out=out)
    np.multiply(np.subtract(2, tmp, out=tmp), 0.5, out=tmp)
    return np.multiply(grad, np.multiply(out, tmp, out=out), out=out)


def _numpy_mish(x: Any, out: Any, tmp: Any) -> Any:
    """x n / (n + 2), with n = e^x (e^x + 2): one exponential for three functions."""
    np.exp(x, out=tmp)
    np.multiply(tmp, np.add(tmp, 2, out=out), out=out)
    np.divide(out, np.add(out, 2, out=tmp), out=out)
    return np.multiply(x, out, out=out)


def _numpy_mish_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    """1 + (4 x (q^2 - q) / d - 2) / d, with q = 1 + e^x and d = q^2 + 1."""
    np.add(np.exp(x, out=tmp), 1, out=tmp)
    np.add(np.square(tmp, out=out), 1, out=out)
    np.subtract(out, tmp, out=tmp)
    np.multiply(np.subtract(tmp, 1, out=tmp), x, out=tmp)
    np.divide(np.multiply(tmp, 4, out=tmp), out, out=tmp)
    np.divide(np.subtract(tmp, 2, out=tmp), out, out=out)
    return np.multiply(grad, np.add(out, 1, out=out), out=out)


def _numpy_log_sigmoid(x: Any, out: Any) -> Any:
    np.exp(np.negative(x, out=out), out=out)
    return np.negative(np.log1p(out, out=out), out=out)


def _numpy_reversed_sigmoid(x: Any, out: Any) -> Any:
    np.add(np.exp(x, out=out), 1, out=out)
    return np.reciprocal(out, out=out)


def _torch_log_sigmoid_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    buffer = torch.abs(x, out=tmp).neg_().exp_()  # which the forward leaves
    return aten.log_sigmoid_backward.grad_input(grad, x, buffer, grad_input=out)


def _numpy_softcap(x: Any, out: Any, cap: float) -> Any:
    np.tanh(np.multiply(x, 1 / cap, out=out), out=out)
    return np.multiply(out, cap, out=out)


def _numpy_softcap_backward(grad: Any, x: Any, out: Any, cap: float) -> Any:
    np.square(np.tanh(np.multiply(x, 1 / cap, out=out), out=out), out=out)
    return np.multiply(grad, np.subtract(1, out, out=out), out=out)


def _numpy_softcap_backward_from_output(grad: Any, y: Any, out: Any, cap: float) -> Any:
    np.square(np.multiply(y, 1 / cap, out=out), out=out)
    return np.multiply(grad, np.subtract(1, out, out=out), out=out)


def _numpy_gaussian(x: Any, out: Any) -> Any:
    return np.exp(np.negative(np.square(x, out=out), out=out), out=out)


def _numpy_gaussian_backward(grad: Any, x: Any, out: Any) -> Any:
    np.multiply(_numpy_gaussian(x, out), x, out=out)
    return np.multiply(grad, np.multiply(out, -2, out=out), out=out)


PEERS: Table = {
    "sigmoid": {
        "value": {
            "numpy": _numpy_sigmoid,
            "numpy tanh": _numpy_sigmoid_by_tanh,
            "scipy": lambda x, out: special.expit(x, out=out),
            "torch": lambda x, out: torch.sigmoid(x, out=out),
            "jax": lambda x: jax.nn.sigmoid(x),
            "numexpr": "1 / (1 + exp(-x))",
        },
        "backward": {
            "numpy": lambda grad, x, out, tmp: _numpy_sigmoid_backward_from_output(grad, _numpy_sigmoid(x, tmp), out),
            "numpy tanh": lambda grad, x, out, tmp: _numpy_sigmoid_backward_from_output(
                grad, _numpy_sigmoid_by_tanh(x, tmp), out
            ),
            "scipy": lambda grad, x, out, tmp: _numpy_sigmoid_backward_from_output(
                grad, special.expit(x, out=tmp), out
            ),
            "torch": _torch_sigmoid_backward,
            "numexpr": "grad * exp(-x) / (1 + exp(-x))**2",
        },
        "backward_from_output": {
            "numpy": _numpy_sigmoid_backward_from_output,
            "torch": lambda grad, y, out: aten.sigmoid_backward.grad_input(grad, y, grad_input=out),
            "jax": lambda grad, y: grad * (y * (1 - y)),
            "numexpr": "grad * (y * (1 - y))",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.sigmoid(x)),
        },
    },
    "tanh": {
        "value": {
            "numpy": lambda x, out: np.tanh(x, out=out),
            "torch": lambda x, out: torch.tanh(x, out=out),
            "jax": Peer(lambda x: jnp.tanh(x), tolerance=32.0),  # 14 eps in the float64 derivative where tanh saturates
            "numexpr": "tanh(x)",
        },
        "backward": {
            "numpy": lambda grad, x, out, tmp: _numpy_tanh_backward_from_output(grad, np.tanh(x, out=tmp), out),
            "torch": _torch_tanh_backward,
            "numexpr": "grad * (1 - tanh(x)**2)",
        },
        "backward_from_output": {
            "numpy": _numpy_tanh_backward_from_output,
            "torch": lambda grad, y, out: aten.tanh_backward.grad_input(grad, y, grad_input=out),
            "jax": lambda grad, y: grad * (1 - y * y),
            "numexpr": "grad * (1 - y * y)",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.tanh(x)),
        },
    },
    "elu": {
        "value": {
            "numpy": _numpy_elu,
            "torch": lambda x, out, alpha: torch_nn.elu(x, alpha, 1, 1, out=out),
            "jax": lambda x, alpha: jax.nn.elu(x, alpha),
            "numexpr": "where(x > 0, x, alpha * expm1(x))",
        },
        "backward": {
            "numpy": _numpy_elu_backward,
            "torch": lambda grad, x, out, alpha: aten.elu_backward.grad_input(
                grad, alpha, 1, 1, False, x, grad_input=out
            ),
            "numexpr": "where(x > 0, grad, grad * alpha * exp(x))",
        },
        "backward_from_output": {
            "numpy": _numpy_elu_backward_from_output,
            "torch": lambda grad, y, out, alpha: aten.elu_backward.grad_input(
                grad, alpha, 1, 1, True, y, grad_input=out
            ),
            "jax": lambda grad, y, alpha: jnp.where(y > 0, grad, grad * (y + alpha)),
            "numexpr": "where(y > 0, grad, grad * (y + alpha))",
        },
    },
    "selu": {
        "value": {
            "numpy": _numpy_selu,
            "torch": lambda x, out: torch_nn.elu(x, _SELU_ALPHA, _SELU_SCALE, 1, out=out),
            "jax": lambda x: jax.nn.selu(x),
            "numexpr": "where(x > 0, selu_scale * x, selu_scale * selu_alpha * expm1(x))",
        },
        "backward": {
            "numpy": _numpy_selu_backward,
            "torch": lambda grad, x, out: aten.elu_backward.grad_input(
                grad, _SELU_ALPHA, _SELU_SCALE, 1, False, x, grad_input=out
            ),
            "numexpr": "where(x > 0, selu_scale * grad, grad * selu_scale * selu_alpha * exp(x))",
        },
        "backward_from_output": {
            "numpy": _numpy_selu_backward_from_output,
            "torch": lambda grad, y, out: aten.elu_backward.grad_input(
                grad, _SELU_ALPHA, _SELU_SCALE, 1, True, y, grad_input=out
            ),
            "jax": lambda grad, y: jnp.where(y > 0, _SELU_SCALE * grad, grad * (y + _SELU_SCALE * _SELU_ALPHA)),
            "numexpr": "where(y > 0, selu_scale * grad, grad * (y + selu_scale * selu_alpha))",
        },
    },
    "celu": {
        "value": {
            "numpy": _numpy_elu,
            "torch": lambda x, out, alpha: aten.celu.out(x, alpha, out=out),
            "jax": lambda x, alpha: jax.nn.celu(x, alpha),
            "numexpr": "where(x > 0, x, alpha * expm1(x / alpha))",
        },
        "backward": {
            "numpy": _numpy_elu_backward,
            "torch": lambda grad, x, out, alpha: aten.elu_backward.grad_input(
                grad, alpha, 1, 1 / alpha, False, x, grad_input=out
            ),
            "numexpr": "where(x > 0, grad, grad * exp(x / alpha))",
        },
        "backward_from_output": {
            "numpy": _numpy_elu_backward_from_output,
            "torch": lambda grad, y, out, alpha: aten.elu_backward.grad_input(
                grad, alpha, 1, 1 / alpha, True, y, grad_input=out
            ),
            "jax": lambda grad, y, alpha: jnp.where(y > 0, grad, grad * (1 + y / alpha)),
            "numexpr": "where(y > 0, grad, grad * (1 + y / alpha))",
        },
    },
    "softplus": {
        "value": {
            # log1p(exp(x)) is inf from x = 88.8 (float32) on; logaddexp(x, 0) is not, and is 20 times slower.
            "numpy": Peer(_numpy_softplus, within=(-80.0, 80.0)),
            "scipy": _scipy_softplus,
            # Linear above its threshold of 20.
            "torch": lambda x, out, beta: torch_nn.softplus(x, beta, 20, out=out),
            "jax": lambda x: jax.nn.softplus(x),
            "numexpr": Peer("log1p(exp(x))", within=(-80.0, 80.0)),
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, _numpy_sigmoid(x, out), out=out),
            "numpy tanh": lambda grad, x, out: np.multiply(grad, _numpy_sigmoid_by_tanh(x, out), out=out),
            "scipy": lambda grad, x, out: np.multiply(grad, special.expit(x, out=out), out=out),
            "torch": lambda grad, x, out, beta: aten.softplus_backward.grad_input(grad, x, beta, 20, grad_input=out),
            "numexpr": "grad / (1 + exp(-x))",
        },
        "backward_from_output": {
            "numpy": _numpy_softplus_backward_from_output,
            "jax": lambda grad, y: -grad * jnp.expm1(-y),
            "numexpr": "grad * (1 - exp(-y))",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch_nn.softplus(x, 1, 20)),
        },
    },
    "log_sigmoid": {
        "value": {
            "numpy": Peer(_numpy_log_sigmoid, within=(-80.0, 80.0)),
            "scipy": lambda x, out: special.log_expit(x, out=out),
            "torch": lambda x, out: aten.log_sigmoid.out(x, out=out),
            "jax": lambda x: jax.nn.log_sigmoid(x),
            "numexpr": Peer("-log1p(exp(-x))", within=(-80.0, 80.0)),
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, _numpy_reversed_sigmoid(x, out), out=out),
            "scipy": lambda grad, x, out: np.multiply(grad, special.expit(np.negative(x, out=out), out=out), out=out),
            "torch": _torch_log_sigmoid_backward,
            "torch sigmoid": lambda grad, x, out: torch.neg(x, out=out).sigmoid_().mul_(grad),
            "numexpr": "grad / (1 + exp(x))",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out: np.multiply(grad, np.negative(np.expm1(y, out=out), out=out), out=out),
            "torch": lambda grad, y, out: torch.expm1(y, out=out).neg_().mul_(grad),
            "jax": lambda grad, y: -grad * jnp.expm1(y),
            "numexpr": "-grad * expm1(y)",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch_nn.log_sigmoid(x)),
        },
    },
    # Where 1 - s(x) is rounded, the derivatives of silu, swish and quick_gelu lose x eps.
    "silu": {
        "value": {
            "numpy": _numpy_silu,
            "numpy tanh": _numpy_silu_by_tanh,
            "scipy": lambda x, out: np.multiply(x, special.expit(x, out=out), out=out),
            "torch": lambda x, out: torch_nn.silu(x, out=out),
            "jax": Peer(lambda x: jax.nn.silu(x), tolerance=32.0),
            "numexpr": "x / (1 + exp(-x))",
        },
        "backward": {
            "numpy": Peer(_numpy_silu_backward, tolerance=32.0),
            "scipy": Peer(_scipy_silu_backward, tolerance=32.0),
            "torch": Peer(lambda grad, x, out: aten.silu_backward.grad_input(grad, x, grad_input=out), tolerance=32.0),
            "numexpr": Peer("grad * (1 + x * (1 - 1 / (1 + exp(-x)))) / (1 + exp(-x))", tolerance=32.0),
        },
        "second_derivative": {
            "torch": Peer(torch_second(lambda x: torch_nn.silu(x)), tolerance=32.0),
        },
    },
    "swish": {
        "value": {
            "numpy": _numpy_swish,
            "torch": lambda x, out, beta: torch.mul(x, beta, out=out).sigmoid_().mul_(x),
            "jax": Peer(lambda x, beta: x * jax.nn.sigmoid(beta * x), tolerance=32.0),
            "numexpr": "x / (1 + exp(-beta * x))",
        },
        "backward": {
            "numpy": Peer(_numpy_swish_backward, tolerance=32.0),
            "torch": Peer(torch_vjp(lambda x, beta: x * torch.sigmoid(beta * x)), tolerance=32.0),
            "numexpr": Peer(
                "grad * (1 + beta * x * (1 - 1 / (1 + exp(-beta * x)))) / (1 + exp(-beta * x))", tolerance=32.0
            ),
        },
    },
    "quick_gelu": {
        "value": {
            "numpy": lambda x, out: _numpy_swish(x, out, _QUICK),
            "torch": lambda x, out: torch.mul(x, _QUICK, out=out).sigmoid_().mul_(x),
            "jax": Peer(lambda x: x * jax.nn.sigmoid(_QUICK * x), tolerance=32.0),
            "numexpr": "x / (1 + exp(-quick * x))",
        },
        "backward": {
            "numpy": Peer(lambda grad, x, out, tmp: _numpy_swish_backward(grad, x, out, tmp, _QUICK), tolerance=32.0),
            "torch": Peer(torch_vjp(lambda x: x * torch.sigmoid(_QUICK * x)), tolerance=32.0),
            "numexpr": Peer(
                "grad * (1 + quick * x * (1 - 1 / (1 + exp(-quick * x)))) / (1 + exp(-quick * x))", tolerance=32.0
            ),
        },
    },
    "gelu_tanh": {
        "value": {
            "numpy": _numpy_gelu_tanh,
            "torch": lambda x, out: torch_nn.gelu(x, approximate="tanh", out=out),
            "jax": Peer(lambda x: jax.nn.gelu(x, approximate=True), tolerance=32.0),  # by its tanh
            "numexpr": "x / 2 * (1 + tanh(tanh_scale * (x + tanh_cubic * x * x * x)))",
        },
        "backward": {
            # All lose digits at x near -5 (float32) and -7 (float64), by the cancellation in 1 + tanh.
            "numpy": Peer(_numpy_gelu_tanh_backward, tolerance=128.0),
            "torch": Peer(
                lambda grad, x, out: aten.gelu_backward.grad_input(grad, x, approximate="tanh", grad_input=out),
                tolerance=128.0,
            ),
            # In float64 it is 300 eps off, because its tanh is 14, and its second derivative 2000.
            "jax": Peer(jax_vjp(lambda x: jax.nn.gelu(x, approximate=True)), tolerance=256.0, dtypes=("float32",)),
        },
        "second_derivative": {
            "jax": Peer(jax_second(lambda x: jax.nn.gelu(x, approximate=True)), tolerance=256.0, dtypes=("float32",)),
            "torch": torch_second(lambda x: torch_nn.gelu(x, approximate="tanh")),
        },
    },
    "mish": {
        "value": {
            "numpy": Peer(_numpy_mish, within=(-40.0, 40.0)),  # e^2x is inf from x = 44.4 (float32) on
            "torch": lambda x, out: torch_nn.mish(x, out=out),
            "jax": Peer(lambda x: jax.nn.mish(x), tolerance=64.0),  # in its derivatives, by its tanh
            "numexpr": Peer("x * tanh(log1p(exp(x)))", within=(-80.0, 80.0)),
        },
        "backward": {
            "numpy": Peer(_numpy_mish_backward, tolerance=64.0, within=(-40.0, 40.0)),  # e^x is lost beside 1
            "torch": Peer(lambda grad, x: aten.mish_backward(grad, x), tolerance=32.0),
        },
        "second_derivative": {
            "torch": Peer(torch_second(lambda x: torch_nn.mish(x)), tolerance=64.0),
            "jax": Peer(jax_second(lambda x: jax.nn.mish(x)), tolerance=256.0),
        },
    },
    "tanh_shrink": {
        "value": {
            "numpy": lambda x, out: np.subtract(x, np.tanh(x, out=out), out=out),
            "torch": lambda x, out: torch.sub(x, torch.tanh(x, out=out), out=out),
            "jax": lambda x: x - jnp.tanh(x),
            "numexpr": "x - tanh(x)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, np.square(np.tanh(x, out=out), out=out), out=out),
            "torch": lambda grad, x, out: torch.tanh(x, out=out).square_().mul_(grad),
            "numexpr": "grad * tanh(x)**2",
        },
    },
    "softcap": {
        "value": {
            "numpy": _numpy_softcap,
            "torch": lambda x, out, cap: torch.div(x, cap, out=out).tanh_().mul_(cap),
            "jax": lambda x, cap: cap * jnp.tanh(x / cap),
            "numexpr": "cap * tanh(x / cap)",
        },
        "backward": {
            "numpy": _numpy_softcap_backward,
            "torch": lambda grad, x, out, tmp, cap: aten.tanh_backward.grad_input(
                grad, torch.div(x, cap, out=tmp).tanh_(), grad_input=out
            ),
            "numexpr": "grad * (1 - tanh(x / cap)**2)",
        },
        "backward_from_output": {
            "numpy": _numpy_softcap_backward_from_output,
            "torch": lambda grad, y, out, tmp, cap: aten.tanh_backward.grad_input(
                grad, torch.div(y, cap, out=tmp), grad_input=out
            ),
            "jax": lambda grad, y, cap: grad * (1 - (y / cap) ** 2),
            "numexpr": "grad * (1 - (y / cap)**2)",
        },
    },
    "exponential": {
        "value": {
            "numpy": lambda x, out: np.exp(x, out=out),
            "torch": lambda x, out: torch.exp(x, out=out),
            "jax": lambda x: jnp.exp(x),
            "numexpr": "exp(x)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, np.exp(x, out=out), out=out),
            "torch": lambda grad, x, out: torch.exp(x, out=out).mul_(grad),
            "numexpr": "grad * exp(x)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out: np.multiply(grad, y, out=out),
            "torch": lambda grad, y, out: torch.mul(grad, y, out=out),
            "jax": lambda grad, y: grad * y,
            "numexpr": "grad * y",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.exp(x)),
        },
    },
    "gaussian": {
        "value": {
            "numpy": _numpy_gaussian,
            "torch": lambda x, out: torch.square(x, out=out).neg_().exp_(),
            "jax": lambda x: jnp.exp(-x * x),
            "numexpr": "exp(-x * x)",
        },
        "backward": {
            "numpy": _numpy_gaussian_backward,
            "torch": lambda grad, x, out: torch.square(x, out=out).neg_().exp_().mul_(x).mul_(-2).mul_(grad),
            "numexpr": "-2 * x * exp(-x * x) * grad",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.exp(-x * x)),
        },
    },
}
