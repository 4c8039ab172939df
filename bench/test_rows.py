"""Functions of rows and cross-entropy, with their gradients, beside PyTorch, JAX and SciPy: short, middling and long
rows, and other axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastact
from fastact import losses
from fastact._units import ROW_FUNCTIONS

from . import peers
from .cases import DTYPES, FASTACT, Contestant, aligned_empty, normal

SHAPES = {"rows of 10": ((1000, 10), 1), "rows of 100": ((1000, 100), 1), "rows of 1000": ((100, 1000), 1)}
SHAPES["columns of 100"] = ((100, 1000), 0)


def torch_peers(name: str, form: str, x: Any, grad: Any, axis: int) -> dict[str, Contestant]:
    """PyTorch's function, or the one that its backward pass calls with the output."""
    torch = peers.torch
    given = torch.from_numpy(x)
    if form == "value" and name in ("softmax", "log_softmax", "logsumexp"):
        return {f"torch.{name}": Contestant(getattr(torch, name), (given, axis))}
    if form == "backward_from_output" and name in ("softmax", "log_softmax"):
        y = getattr(torch, name)(given, axis)
        own = getattr(torch, f"_{name}_backward_data")
        return {f"torch._{name}_backward_data": Contestant(own, (torch.from_numpy(grad), y, axis, y.dtype))}
    return {}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "form"), [(n, form.name) for n, row in ROW_FUNCTIONS.items() for form in row.forms])
def test_rows(
    name: str,
    form: str,
    shape: str,
    dtype: str,
    compete: Callable[..., None],
    libraries: list[str],
    benchmark: Any,
) -> None:
    benchmark.group = f"{form} {dtype} {shape}"
    (height, width), axis = SHAPES[shape]
    size = height * width
    x, grad, out = (aligned_empty(size, dtype).reshape(height, width) for _ in range(3))
    np.multiply(normal(size, dtype, 1).reshape(height, width), 3, out=x)
    grad[:] = normal(size, dtype, 2).reshape(height, width)
    value = getattr(fastact, name)
    y = np.ascontiguousarray(value(x, axis=axis))  # as x lies, whose rows NumPy puts last
    first: tuple[Any, ...] = (grad[0] if axis == 0 else grad[:, 0],) if ROW_FUNCTIONS[name].reduces else (grad,)
    arguments = (x,) if form == "value" else (*first, y if form == "backward_from_output" else x)
    function = value if form == "value" else getattr(value, form)
    target = y.copy() if form == "value" else out
    rivals: dict[str, Contestant] = {}
    if "torch" in libraries and peers.installed("torch"):
        peers.load("torch")
        rivals |= torch_peers(name, form, x, grad, axis)
    if "scipy" in libraries and peers.installed("scipy") and form == "value":
        peers.load("scipy")
        if hasattr(peers.special, name):
            own = getattr(peers.special, name)
            rivals[f"scipy.special.{name}"] = Contestant(lambda array: own(array, axis=axis), (x,))
    expected = function(*arguments, axis=axis)
    for rival in rivals.values():
        tolerance = 64 * np.finfo(dtype).eps
        np.testing.assert_allclose(rival.run(*rival.arguments), expected, rtol=tolerance, atol=tolerance)
    compete(
        {FASTACT: Contestant(lambda *arrays: function(*arrays, axis=axis, out=target), arguments)} | rivals,
        kind="rows",
        function=name,
        form=form,
        dtype=dtype,
        shape=shape,
    )


def cross_entropy_peers(libraries: list[str], x: Any, labels: Any) -> dict[str, Contestant]:
    """The mean loss and its gradient, as people call them: PyTorch's with its automatic differentiation, and JAX's."""
    rivals: dict[str, Contestant] = {}
    if "torch" in libraries and peers.installed("torch"):
        peers.load("torch")
        torch = peers.torch
        functional = torch.nn.functional

        def differentiated(given: Any, target: Any) -> tuple[Any, Any]:
            with torch.enable_grad():
                loss = functional.cross_entropy(given, target)
                return loss.detach(), torch.autograd.grad(loss, given)[0]

        given = torch.from_numpy(x).requires_grad_()
        rivals["torch cross_entropy, autograd"] = Contestant(differentiated, (given, torch.from_numpy(labels)))
    if "jax" in libraries and peers.installed("jax"):
        peers.load("jax")
        jax, jnp = peers.jax, peers.jnp

        def loss(given: Any, target: Any) -> Any:
            return -jnp.take_along_axis(jax.nn.log_softmax(given), target[:, None], 1).mean()

        both = jax.jit(jax.value_and_grad(loss))
        arrays = (jnp.asarray(x), jnp.asarray(labels))
        rivals["jax.value_and_grad"] = Contestant(lambda *given: jax.block_until_ready(both(*given)), arrays)
    return rivals


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [name for name, (_, axis) in SHAPES.items() if axis == 1])
def test_cross_entropy(
    shape: str, dtype: str, compete: Callable[..., None], libraries: list[str], benchmark: Any
) -> None:
    benchmark.group = f"cross-entropy {dtype} {shape}"
    (height, width), _ = SHAPES[shape]
    x, out = (aligned_empty(height * width, dtype).reshape(height, width) for _ in range(2))
    np.multiply(normal(height * width, dtype, 1).reshape(height, width), 3, out=x)
    labels = np.random.default_rng(3).integers(0, width, height)
    rivals = cross_entropy_peers(libraries, x, labels)
    function = losses.cross_entropy_value_and_gradient
    tolerance = 64 * np.finfo(dtype).eps
    for rival in rivals.values():
        for got, expected in zip(rival.run(*rival.arguments), function(x, labels), strict=True):
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
    compete(
        {FASTACT: Contestant(lambda *arrays: function(*arrays, out=out), (x, labels))} | rivals,
        kind="rows",
        function="cross_entropy",
        form="value_and_gradient",
        dtype=dtype,
        shape=shape,
    )
