"""The peers of piecewise polynomials."""

# A lambda names the buffers it wants, and looks its library up when it is called.
# ruff: noqa: PLW0108

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .entry import Peer, Table, torch_second, torch_vjp
from .libraries import aten, jax, jnp, torch, torch_nn


def _numpy_copy(of: Any, out: Any) -> Any:
    np.copyto(out, of)
    return out


def _numpy_relu_backward(grad: Any, of: Any, out: Any, mask: Any) -> Any:
    return np.multiply(grad, np.greater(of, 0, out=mask), out=out)


def _numpy_leaky(x: Any, out: Any, slope: float) -> Any:
    np.multiply(x, slope, out=out)
    return np.maximum(out, x, out=out)


def _numpy_leaky_backward(grad: Any, of: Any, out: Any, mask: Any, slope: float) -> Any:
    np.greater(of, 0, out=mask)
    np.multiply(mask, out.dtype.type(1 - slope), out=out)
    np.add(out, slope, out=out)
    return np.multiply(grad, out, out=out)


def _numpy_clip_backward(grad: Any, x: Any, out: Any, mask: Any, low: float, high: float) -> Any:
    np.equal(x, np.clip(x, low, high, out=out), out=mask)
    return np.multiply(grad, mask, out=out)


def _numpy_between_backward(grad: Any, y: Any, out: Any, mask: Any, low: float, high: float) -> Any:
    np.multiply(grad, np.greater(y, low, out=mask), out=out)
    return np.multiply(out, np.less(y, high, out=mask), out=out)


def _numpy_srelu(x: Any, out: Any, tmp: Any, t_left: float, a_left: float, t_right: float, a_right: float) -> Any:
    np.minimum(np.subtract(x, t_left, out=out), 0, out=out)
    np.multiply(out, a_left, out=out)
    np.maximum(np.subtract(x, t_right, out=tmp), 0, out=tmp)
    np.multiply(tmp, a_right, out=tmp)
    np.add(out, tmp, out=out)
    return np.add(out, np.clip(x, t_left, t_right, out=tmp), out=out)


def _numpy_srelu_backward(
    grad: Any, x: Any, out: Any, tmp: Any, mask: Any, t_left: float, a_left: float, t_right: float, a_right: float
) -> Any:
    np.multiply(np.less_equal(x, t_left, out=mask), out.dtype.type(a_left - 1), out=out)
    np.multiply(np.greater_equal(x, t_right, out=mask), out.dtype.type(a_right - 1), out=tmp)
    np.add(np.add(out, tmp, out=out), 1, out=out)
    return np.multiply(grad, out, out=out)


def _jax_srelu(x: Any, t_left: float, a_left: float, t_right: float, a_right: float) -> Any:
    left, right = t_left + a_left * (x - t_left), t_right + a_right * (x - t_right)
    return jnp.where(x >= t_right, right, jnp.where(x <= t_left, left, x))


def _torch_srelu(x: Any, t_left: float, a_left: float, t_right: float, a_right: float) -> Any:
    left, right = t_left + a_left * (x - t_left), t_right + a_right * (x - t_right)
    return torch.where(x >= t_right, right, torch.where(x <= t_left, left, x))


def _numpy_hard_sigmoid(x: Any, out: Any) -> Any:
    np.multiply(np.add(x, 3, out=out), 1 / 6, out=out)
    return np.clip(out, 0, 1, out=out)


def _numpy_hard_swish(x: Any, out: Any) -> Any:
    np.clip(np.add(x, 3, out=out), 0, 6, out=out)
    np.multiply(out, x, out=out)
    return np.multiply(out, 1 / 6, out=out)


def _numpy_hard_swish_backward(grad: Any, x: Any, out: Any, mask: Any) -> Any:
    np.less(np.abs(x, out=out), 3, out=mask)
    np.add(np.multiply(x, 1 / 3, out=out), 0.5, out=out)
    np.multiply(out, mask, out=out)
    np.add(out, np.greater_equal(x, 3, out=mask), out=out)
    return np.multiply(grad, out, out=out)


def _numpy_outside_backward(grad: Any, x: Any, out: Any, mask: Any, lambd: float) -> Any:
    np.greater(np.abs(x, out=out), lambd, out=mask)
    return np.multiply(grad, mask, out=out)


def _numpy_inside_backward(grad: Any, x: Any, out: Any, mask: Any, end: float, slope: float) -> Any:
    np.less(np.abs(x, out=out), end, out=mask)
    return np.multiply(np.multiply(grad, mask, out=out), slope, out=out)


def _numpy_sparse_plus(x: Any, out: Any, tmp: Any) -> Any:
    np.clip(np.add(x, 1, out=out), 0, 2, out=out)
    np.multiply(np.square(out, out=out), 0.25, out=out)
    np.maximum(np.subtract(x, 1, out=tmp), 0, out=tmp)
    return np.add(out, tmp, out=out)


def _numpy_sparse_sigmoid(x: Any, out: Any) -> Any:
    np.add(np.multiply(x, 0.5, out=out), 0.5, out=out)
    return np.clip(out, 0, 1, out=out)


def _numpy_clipped_linear(x: Any, out: Any, slope: float, offset: float, min_val: float, max_val: float) -> Any:
    np.add(np.multiply(x, slope, out=out), offset, out=out)
    return np.clip(out, min_val, max_val, out=out)


def _numpy_clipped_linear_backward(
    grad: Any, x: Any, out: Any, tmp: Any, mask: Any, slope: float, offset: float, min_val: float, max_val: float
) -> Any:
    np.add(np.multiply(x, slope, out=tmp), offset, out=tmp)
    np.equal(tmp, np.clip(tmp, min_val, max_val, out=out), out=mask)
    return np.multiply(np.multiply(grad, mask, out=out), slope, out=out)


def _torch_sparse_plus(x: Any) -> Any:
    return torch.where(x <= -1, 0, torch.where(x >= 1, x, torch.square(x + 1) / 4))


@functools.cache
def _torch_scalar(value: float, dtype: Any) -> Any:
    return torch.tensor([value], dtype=dtype)


_RELU: dict[str, Any] = {
    "value": {
        "numpy": lambda x, out: np.maximum(x, 0, out=out),
        "torch": lambda x: torch.relu(x),
        "torch clamp_min": lambda x, out: torch.clamp_min(x, 0, out=out),
        "jax": lambda x: jax.nn.relu(x),
        "numexpr": "where(x > 0, x, 0)",
    },
    "backward": {
        "numpy": lambda grad, x, out, mask: _numpy_relu_backward(grad, x, out, mask),
        "torch": lambda grad, x, out: aten.threshold_backward.grad_input(grad, x, 0, grad_input=out),
        "numexpr": "where(x > 0, grad, 0)",
    },
}

PEERS: Table = {
    "identity": {
        "value": {
            "numpy": lambda x, out: _numpy_copy(x, out),
            "torch": lambda x, out: out.copy_(x),
        },
        "backward": {
            "numpy": lambda grad, out: _numpy_copy(grad, out),
            "torch": lambda grad, out: out.copy_(grad),
        },
        "backward_from_output": {
            "numpy": lambda grad, out: _numpy_copy(grad, out),
            "torch": lambda grad, out: out.copy_(grad),
        },
    },
    "relu": _RELU
    | {
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: _numpy_relu_backward(grad, y, out, mask),
            "torch": lambda grad, y, out: aten.threshold_backward.grad_input(grad, y, 0, grad_input=out),
            "jax": lambda grad, y: jnp.where(y > 0, grad, 0),
            "numexpr": "where(y > 0, grad, 0)",
        },
    },
    # Without a generator it is relu.
    "erelu": _RELU,
    "leaky_relu": {
        "value": {
            "numpy": lambda x, out, negative_slope: _numpy_leaky(x, out, negative_slope),
            "torch": lambda x, out, negative_slope: torch_nn.leaky_relu(x, negative_slope, out=out),
            "jax": lambda x, negative_slope: jax.nn.leaky_relu(x, negative_slope),
            "numexpr": "where(x > 0, x, negative_slope * x)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask, negative_slope: _numpy_leaky_backward(
                grad, x, out, mask, negative_slope
            ),
            "torch": lambda grad, x, out, negative_slope: aten.leaky_relu_backward.grad_input(
                grad, x, negative_slope, False, grad_input=out
            ),
            "numexpr": "where(x > 0, grad, negative_slope * grad)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask, negative_slope: _numpy_leaky_backward(
                grad, y, out, mask, negative_slope
            ),
            "torch": lambda grad, y, out, negative_slope: aten.leaky_relu_backward.grad_input(
                grad, y, negative_slope, True, grad_input=out
            ),
            "jax": lambda grad, y, negative_slope: jnp.where(y > 0, grad, negative_slope * grad),
            "numexpr": "where(y > 0, grad, negative_slope * grad)",
        },
    },
    # PyTorch's own prelu takes the weight as a tensor, and its backward makes the weight's gradient too.
    "prelu": {
        "value": {
            "numpy": lambda x, out, weight: _numpy_leaky(x, out, weight),
            "torch": lambda x, weight: torch.prelu(x, _torch_scalar(weight, x.dtype)),
            "torch leaky_relu": lambda x, out, weight: torch_nn.leaky_relu(x, weight, out=out),
            "jax": lambda x, weight: jnp.where(x > 0, x, weight * x),
            "numexpr": "where(x > 0, x, weight * x)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask, weight: _numpy_leaky_backward(grad, x, out, mask, weight),
            "torch": lambda grad, x, weight: aten._prelu_kernel_backward(grad, x, _torch_scalar(weight, x.dtype))[0],
            "torch leaky_relu": lambda grad, x, out, weight: aten.leaky_relu_backward.grad_input(
                grad, x, weight, False, grad_input=out
            ),
            "numexpr": "where(x > 0, grad, weight * grad)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask, weight: _numpy_leaky_backward(grad, y, out, mask, weight),
            "torch leaky_relu": lambda grad, y, out, weight: aten.leaky_relu_backward.grad_input(
                grad, y, weight, True, grad_input=out
            ),
            "jax": lambda grad, y, weight: jnp.where(y > 0, grad, weight * grad),
            "numexpr": "where(y > 0, grad, weight * grad)",
        },
    },
    "rrelu": {
        "value": {
            "numpy": lambda x, out, lower, upper: _numpy_leaky(x, out, (lower + upper) / 2),
            "torch": lambda x, lower, upper: torch.rrelu(x, lower, upper, False),
            "torch leaky_relu": lambda x, out, lower, upper: torch_nn.leaky_relu(x, (lower + upper) / 2, out=out),
            "jax": lambda x, lower, upper: jnp.where(x > 0, x, (lower + upper) / 2 * x),
            "numexpr": "where(x > 0, x, (lower + upper) / 2 * x)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask, lower, upper: _numpy_leaky_backward(
                grad, x, out, mask, (lower + upper) / 2
            ),
            "torch": lambda grad, x, out, lower, upper: aten.leaky_relu_backward.grad_input(
                grad, x, (lower + upper) / 2, False, grad_input=out
            ),
            "numexpr": "where(x > 0, grad, (lower + upper) / 2 * grad)",
        },
    },
    "relu6": {
        "value": {
            "numpy": lambda x, out: np.clip(x, 0, 6, out=out),
            "torch": lambda x, out: torch_nn.hardtanh(x, 0, 6, out=out),
            "jax": lambda x: jax.nn.relu6(x),
            "numexpr": "where(x > 0, where(x < 6, x, 6), 0)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask: _numpy_clip_backward(grad, x, out, mask, 0, 6),
            "torch": lambda grad, x, out: aten.hardtanh_backward.grad_input(grad, x, 0, 6, grad_input=out),
            "numexpr": "where((x > 0) & (x < 6), grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: _numpy_between_backward(grad, y, out, mask, 0, 6),
            "torch": lambda grad, y, out: aten.hardtanh_backward.grad_input(grad, y, 0, 6, grad_input=out),
            "jax": lambda grad, y: jnp.where((y > 0) & (y < 6), grad, 0),
            "numexpr": "where((y > 0) & (y < 6), grad, 0)",
        },
    },
    "srelu": {
        "value": {
            "numpy": _numpy_srelu,
            "torch": _torch_srelu,
            "jax": _jax_srelu,
            "numexpr": "where(x >= t_right, t_right + a_right * (x - t_right), "
            "where(x <= t_left, t_left + a_left * (x - t_left), x))",
        },
        "backward": {
            "numpy": _numpy_srelu_backward,
            "torch": torch_vjp(_torch_srelu),
            "numexpr": "where(x >= t_right, a_right * grad, where(x <= t_left, a_left * grad, grad))",
        },
    },
    "square": {
        "value": {
            "numpy": lambda x, out: np.square(x, out=out),
            "torch": lambda x, out: torch.square(x, out=out),
            "jax": lambda x: jnp.square(x),
            "numexpr": "x * x",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, np.add(x, x, out=out), out=out),
            "torch": lambda grad, x, out: torch.mul(grad, torch.add(x, x, out=out), out=out),
            "numexpr": "2 * x * grad",
        },
        "second_derivative": {
            "torch": torch_second(lambda x: torch.square(x)),
        },
    },
    "signed_square": {
        "value": {
            "numpy": lambda x, out: np.multiply(x, np.abs(x, out=out), out=out),
            "torch": lambda x, out: torch.mul(x, torch.abs(x, out=out), out=out),
            "jax": lambda x: x * jnp.abs(x),
            "numexpr": "x * abs(x)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, np.abs(np.add(x, x, out=out), out=out), out=out),
            "torch": lambda grad, x, out: torch.mul(grad, torch.add(x, x, out=out).abs_(), out=out),
            "numexpr": "2 * abs(x) * grad",
        },
    },
    "squared_relu": {
        "value": {
            "numpy": lambda x, out: np.square(np.maximum(x, 0, out=out), out=out),
            "torch": lambda x, out: torch.clamp_min(x, 0, out=out).square_(),
            "jax": lambda x: jnp.square(jax.nn.relu(x)),
            "numexpr": "where(x > 0, x * x, 0)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(
                grad, np.multiply(np.maximum(x, 0, out=out), 2, out=out), out=out
            ),
            "torch": lambda grad, x, out: torch.mul(grad, torch.clamp_min(x, 0, out=out).mul_(2), out=out),
            "numexpr": "where(x > 0, 2 * x * grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out: np.multiply(grad, np.multiply(np.sqrt(y, out=out), 2, out=out), out=out),
            "torch": lambda grad, y, out: torch.mul(grad, torch.sqrt(y, out=out).mul_(2), out=out),
            "jax": lambda grad, y: grad * (2 * jnp.sqrt(y)),
            "numexpr": "2 * sqrt(y) * grad",
        },
    },
    "hard_sigmoid": {
        "value": {
            "numpy": _numpy_hard_sigmoid,
            "torch": lambda x, out: torch_nn.hardsigmoid(x, out=out),
            "jax": lambda x: jax.nn.hard_sigmoid(x),
            "numexpr": "where(x > -3, where(x < 3, (x + 3) / 6, 1), 0)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask: _numpy_inside_backward(grad, x, out, mask, 3, 1 / 6),
            # Its slope is the float32 nearest to 1/6 in float64 too.
            "torch": Peer(
                lambda grad, x, out: aten.hardsigmoid_backward.grad_input(grad, x, grad_input=out), dtypes=("float32",)
            ),
            "numexpr": "where((x > -3) & (x < 3), grad / 6, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: np.multiply(
                _numpy_between_backward(grad, y, out, mask, 0, 1), 1 / 6, out=out
            ),
            "jax": lambda grad, y: jnp.where((y > 0) & (y < 1), grad * (1 / 6), 0),
            "numexpr": "where((y > 0) & (y < 1), grad / 6, 0)",
        },
    },
    "hard_swish": {
        "value": {
            "numpy": _numpy_hard_swish,
            "torch": lambda x, out: torch_nn.hardswish(x, out=out),
            "jax": lambda x: jax.nn.hard_swish(x),
            "numexpr": "where(x > -3, where(x < 3, x * (x + 3) / 6, x), 0)",
        },
        "backward": {
            "numpy": _numpy_hard_swish_backward,
            "torch": lambda grad, x, out: aten.hardswish_backward.out(grad, x, out=out),
            "numexpr": "where(x > -3, where(x < 3, grad * (2 * x + 3) / 6, grad), 0)",
        },
    },
    "hard_tanh": {
        "value": {
            "numpy": lambda x, out, min_val, max_val: np.clip(x, min_val, max_val, out=out),
            "torch": lambda x, out, min_val, max_val: torch_nn.hardtanh(x, min_val, max_val, out=out),
            "jax": lambda x, min_val, max_val: jnp.where(x > max_val, max_val, jnp.where(x < min_val, min_val, x)),
            "numexpr": "where(x > min_val, where(x < max_val, x, max_val), min_val)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask, min_val, max_val: _numpy_clip_backward(
                grad, x, out, mask, min_val, max_val
            ),
            "torch": lambda grad, x, out, min_val, max_val: aten.hardtanh_backward.grad_input(
                grad, x, min_val, max_val, grad_input=out
            ),
            "numexpr": "where((x > min_val) & (x < max_val), grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask, min_val, max_val: _numpy_between_backward(
                grad, y, out, mask, min_val, max_val
            ),
            "torch": lambda grad, y, out, min_val, max_val: aten.hardtanh_backward.grad_input(
                grad, y, min_val, max_val, grad_input=out
            ),
            "jax": lambda grad, y, min_val, max_val: jnp.where((y > min_val) & (y < max_val), grad, 0),
            "numexpr": "where((y > min_val) & (y < max_val), grad, 0)",
        },
    },
    "soft_shrink": {
        "value": {
            "numpy": lambda x, out, lambd: np.subtract(x, np.clip(x, -lambd, lambd, out=out), out=out),
            "torch": lambda x, out, lambd: torch_nn.softshrink(x, lambd, out=out),
            "jax": lambda x, lambd: x - jnp.clip(x, -lambd, lambd),
            "numexpr": "where(x > lambd, x - lambd, where(x < -lambd, x + lambd, 0))",
        },
        "backward": {
            "numpy": _numpy_outside_backward,
            "torch": lambda grad, x, out, lambd: aten.softshrink_backward.grad_input(grad, x, lambd, grad_input=out),
            "numexpr": "where(abs(x) > lambd, grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: np.multiply(grad, np.not_equal(y, 0, out=mask), out=out),
            "torch": lambda grad, y, out: aten.softshrink_backward.grad_input(grad, y, 0, grad_input=out),
            "jax": lambda grad, y: jnp.where(y != 0, grad, 0),
            "numexpr": "where(y != 0, grad, 0)",
        },
    },
    "hard_shrink": {
        "value": {
            "numpy": lambda x, out, mask, lambd: np.multiply(
                x, np.greater(np.abs(x, out=out), lambd, out=mask), out=out
            ),
            "torch": lambda x, out, lambd: aten.hardshrink.out(x, lambd, out=out),
            "jax": lambda x, lambd: jnp.where(jnp.abs(x) > lambd, x, 0),
            "numexpr": "where(abs(x) > lambd, x, 0)",
        },
        "backward": {
            "numpy": _numpy_outside_backward,
            "torch": lambda grad, x, out, lambd: aten.hardshrink_backward.grad_input(grad, x, lambd, grad_input=out),
            "numexpr": "where(abs(x) > lambd, grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: np.multiply(grad, np.not_equal(y, 0, out=mask), out=out),
            "torch": lambda grad, y, out: aten.hardshrink_backward.grad_input(grad, y, 0, grad_input=out),
            "jax": lambda grad, y: jnp.where(y != 0, grad, 0),
            "numexpr": "where(y != 0, grad, 0)",
        },
    },
    "threshold": {
        "value": {
            # At value = 0: a copy through a mask takes ten times as long.
            "numpy": lambda x, out, mask, threshold: np.multiply(x, np.greater(x, threshold, out=mask), out=out),
            "torch": lambda x, out, threshold, value: aten.threshold.out(x, threshold, value, out=out),
            "jax": lambda x, threshold, value: jnp.where(x > threshold, x, value),
            "numexpr": "where(x > threshold, x, value)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask, threshold: np.multiply(
                grad, np.greater(x, threshold, out=mask), out=out
            ),
            "torch": lambda grad, x, out, threshold: aten.threshold_backward.grad_input(
                grad, x, threshold, grad_input=out
            ),
            "numexpr": "where(x > threshold, grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask, threshold: np.multiply(
                grad, np.greater(y, threshold, out=mask), out=out
            ),
            "torch": lambda grad, y, out, threshold: aten.threshold_backward.grad_input(
                grad, y, threshold, grad_input=out
            ),
            "jax": lambda grad, y, threshold: jnp.where(y > threshold, grad, 0),
            "numexpr": "where(y > threshold, grad, 0)",
        },
    },
    "sparse_plus": {
        "value": {
            "numpy": _numpy_sparse_plus,
            "torch": _torch_sparse_plus,
            "jax": lambda x: jax.nn.sparse_plus(x),
            "numexpr": "where(x > -1, where(x < 1, (x + 1) * (x + 1) / 4, x), 0)",
        },
        "backward": {
            "numpy": lambda grad, x, out: np.multiply(grad, _numpy_sparse_sigmoid(x, out), out=out),
            "torch": torch_vjp(_torch_sparse_plus),
            "numexpr": "where(x > -1, where(x < 1, grad * (x + 1) / 2, grad), 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out: np.multiply(grad, np.sqrt(np.minimum(y, 1, out=out), out=out), out=out),
            "jax": lambda grad, y: grad * jnp.sqrt(jnp.minimum(y, 1)),
            "numexpr": "where(y < 1, grad * sqrt(y), grad)",
        },
    },
    "sparse_sigmoid": {
        "value": {
            "numpy": _numpy_sparse_sigmoid,
            "torch": lambda x, out: torch.mul(x, 0.5, out=out).add_(0.5).clamp_(0, 1),
            "jax": lambda x: jax.nn.sparse_sigmoid(x),
            "numexpr": "where(x > -1, where(x < 1, (x + 1) / 2, 1), 0)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask: _numpy_inside_backward(grad, x, out, mask, 1, 0.5),
            "torch": lambda grad, x, out: aten.hardtanh_backward.grad_input(grad, x, -1, 1, grad_input=out).mul_(0.5),
            "numexpr": "where((x > -1) & (x < 1), grad / 2, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: np.multiply(
                _numpy_between_backward(grad, y, out, mask, 0, 1), 0.5, out=out
            ),
            "jax": lambda grad, y: jnp.where((y > 0) & (y < 1), grad * 0.5, 0),
            "numexpr": "where((y > 0) & (y < 1), grad / 2, 0)",
        },
    },
    "clipped_linear": {
        "value": {
            "numpy": _numpy_clipped_linear,
            "torch": lambda x, out, slope, offset, min_val, max_val: (
                torch.mul(x, slope, out=out).add_(offset).clamp_(min_val, max_val)
            ),
            "jax": lambda x, slope, offset, min_val, max_val: jnp.clip(slope * x + offset, min_val, max_val),
            "numexpr": "where(slope * x + offset > min_val, "
            "where(slope * x + offset < max_val, slope * x + offset, max_val), min_val)",
        },
        "backward": {
            "numpy": _numpy_clipped_linear_backward,
            "torch": torch_vjp(
                lambda x, slope, offset, min_val, max_val: torch.clamp(slope * x + offset, min_val, max_val)
            ),
            "numexpr": "where((slope * x + offset > min_val) & (slope * x + offset < max_val), slope * grad, 0)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask, slope, min_val, max_val: np.multiply(
                _numpy_between_backward(grad, y, out, mask, min_val, max_val), slope, out=out
            ),
            "torch": lambda grad, y, out, slope, min_val, max_val: aten.hardtanh_backward.grad_input(
                grad, y, min_val, max_val, grad_input=out
            ).mul_(slope),
            "jax": lambda grad, y, slope, min_val, max_val: jnp.where((y > min_val) & (y < max_val), slope * grad, 0),
            "numexpr": "where((y > min_val) & (y < max_val), slope * grad, 0)",
        },
    },
}
