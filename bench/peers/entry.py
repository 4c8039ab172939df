"""What an entry of the table of peers is, and where and how closely it must agree."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .libraries import jax, jnp, torch

# The contestants' inputs lie in RANGE; TOLERANCE is in units of eps * max(1, |result|).
RANGE = (-16.0, 16.0)
TOLERANCE = 8.0

# The forms that are timed, and those that are compared.
FORMS = ("value", "derivative", "backward", "backward_from_output")
COMPARED = (*FORMS, "second_derivative")
BUFFERS = ("x", "grad", "y", "out", "tmp", "mask")
DTYPES = ("float32", "float64")
# Timed besides, at one size, by these libraries where their float32 expression works and agrees in it.
HALF = "float16"
HALF_LIBRARIES = ("numpy", "torch", "jax")

# Numbers that numexpr entries may name, and get in the dtype of x: as literals they would be float64.
CONSTANTS = {
    "quick": 1.702,
    "tanh_scale": math.sqrt(2 / math.pi),
    "tanh_cubic": 0.044715,
    "selu_scale": 1.0507009873554804934193349852946,
    "selu_alpha": 1.6732632423543772848170429916717,
}


@dataclass(frozen=True)
class Peer:
    """One expression of one library, and where it is right.

    Parameters
    ----------
    entry : callable or str
        A function of buffers and parameters by name, or a numexpr expression.
    tolerance : float
        Largest deviation allowed, in units of ``eps * max(1, abs(result))``, on ``within``.
    within : tuple of float
        Closed range of x on which the peer is right, except at the kinks of the activation, where conventions differ.
    dtypes : tuple of str
        Those in which it is right.
    """

    entry: Callable[..., Any] | str
    tolerance: float = TOLERANCE
    within: tuple[float, float] = RANGE
    dtypes: tuple[str, ...] = DTYPES


Entry = Callable[..., Any] | str | Peer
# By activation, form and contestant.
Table = dict[str, dict[str, dict[str, Entry]]]


def torch_second(forward: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f'' by PyTorch's automatic differentiation, twice, of a forward that it knows how to differentiate."""

    def second_derivative(x: Any) -> Any:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(forward(x).sum(), x, create_graph=True)
            (curvature,) = torch.autograd.grad(slope.sum(), x)
        return curvature

    return second_derivative


def torch_vjp(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The function of (grad, x) and of forward's parameters that PyTorch's automatic differentiation makes of it."""

    def backward(grad: Any, x: Any, *parameters: float) -> Any:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (result,) = torch.autograd.grad(forward(x, *parameters), x, grad)
        return result

    return _with_signature(backward, forward)


def jax_vjp(forward: Any) -> Callable[..., Any]:
    """The function of (grad, x) and of forward's parameters that JAX makes from forward."""

    def backward(grad: Any, x: Any, **parameters: float) -> Any:
        return jax.vjp(lambda x: forward(x, **parameters), x)[1](grad)[0]

    return _with_signature(backward, forward)


def _with_signature(backward: Any, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The backward function, said to take the gradient and what its forward takes."""
    grad = inspect.Parameter("grad", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    backward.__signature__ = inspect.Signature([grad, *inspect.signature(forward).parameters.values()])
    return backward  # type: ignore[no-any-return]


def jax_derivative(forward: Any) -> Callable[..., Any]:
    """The derivative, a function of x and of forward's parameters, that JAX makes from forward."""

    def derivative(x: Any, **parameters: float) -> Any:
        value, vjp = jax.vjp(lambda x: forward(x, **parameters), x)
        return vjp(jnp.ones_like(value))[0]

    derivative.__signature__ = inspect.signature(forward)  # type: ignore[attr-defined]
    return derivative


def jax_second(forward: Any) -> Callable[..., Any]:
    """The second derivative, a function of x and of forward's parameters, that JAX makes from forward."""

    def second_derivative(x: Any, **parameters: float) -> Any:
        return jax.vmap(jax.grad(jax.grad(lambda x: forward(x, **parameters))))(x)

    second_derivative.__signature__ = inspect.signature(forward)  # type: ignore[attr-defined]
    return second_derivative
