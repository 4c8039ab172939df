"""THE TABLE of peers: what else computes each activation, forward and backward.

``PEERS[activation][form][contestant]``. The first word of a contestant's name is its library; further words tell
several expressions of one library apart. An entry is one of

- a function whose arguments are named after the buffers and parameters that it wants: ``x``, ``grad``, ``y`` (the
  output of the activation), ``out`` (write here, and return it), ``tmp`` and ``mask`` (scratch, of the dtype of x and
  of bool), and the activation's parameters by name, at their defaults. It is given arrays of its own library;
- a numexpr expression, as a string over the same inputs and parameters (and integers: numexpr takes ``0.5`` as float64,
  and would compute in it);
- ``Peer(entry, tolerance=, within=)``, for one that agrees only to a wider tolerance or on a narrower range.

JAX functions are jitted; their backward is the jitted vector-Jacobian product of their forward and is not listed.

The NumPy expressions are the fastest of several that were tried at every size: whole arrays, nothing allocated. The
frameworks' backward entries are the operators that their automatic differentiation runs.
"""

# A lambda names the buffers it wants, and looks its library up when it is called: after load().
# ruff: noqa: PLW0108

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

aten: Any
jax: Any
jnp: Any
numexpr: Any
special: Any
torch: Any
torch_nn: Any

# The contestants' inputs lie in RANGE; TOLERANCE is in units of eps * max(1, |result|).
RANGE = (-16.0, 16.0)
TOLERANCE = 8.0

LIBRARIES = ("numpy", "scipy", "torch", "jax", "numexpr")
FORMS = ("value", "backward", "backward_from_output")
BUFFERS = ("x", "grad", "y", "out", "tmp", "mask")


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
    """

    entry: Callable[..., Any] | str
    tolerance: float = TOLERANCE
    within: tuple[float, float] = RANGE


def installed(library: str) -> bool:
    """Whether the library can be imported, found out without importing it."""
    return importlib.util.find_spec(library) is not None


def version(library: str) -> str:
    """Version of an installed library."""
    return importlib.metadata.version(library)


def load(library: str) -> None:
    """Import a library under the name that the table uses for it, restricted to one thread.

    Parameters
    ----------
    library : str
        One of ``LIBRARIES``.

    Raises
    ------
    ValueError
        If it is not one of them.
    ModuleNotFoundError
        If it is not installed.
    """
    global aten, jax, jnp, numexpr, special, torch, torch_nn  # noqa: PLW0603
    match library:
        case "numpy":
            pass
        case "scipy":
            special = importlib.import_module("scipy.special")
        case "torch":
            torch = importlib.import_module("torch")
            torch.set_num_threads(1)
            torch.set_grad_enabled(False)
            aten, torch_nn = torch.ops.aten, torch._C._nn  # torch.nn.functional has no out=
        case "jax":
            jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
            jax.config.update("jax_enable_x64", True)
        case "numexpr":
            numexpr = importlib.import_module("numexpr")
            numexpr.set_num_threads(1)
        case _:
            raise ValueError(f"library must be one of {', '.join(LIBRARIES)}, got {library!r}")


def _numpy_copy(of: Any, out: Any) -> Any:
    np.copyto(out, of)
    return out


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


def _numpy_relu_backward(grad: Any, of: Any, out: Any, mask: Any) -> Any:
    return np.multiply(grad, np.greater(of, 0, out=mask), out=out)


def _numpy_leaky_relu(x: Any, out: Any, negative_slope: float) -> Any:
    np.multiply(x, negative_slope, out=out)
    return np.maximum(out, x, out=out)


def _numpy_leaky_relu_backward(grad: Any, of: Any, out: Any, mask: Any, negative_slope: float) -> Any:
    np.greater(of, 0, out=mask)
    np.multiply(mask, out.dtype.type(1 - negative_slope), out=out)
    np.add(out, negative_slope, out=out)
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


def _torch_sigmoid_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    return aten.sigmoid_backward.grad_input(grad, torch.sigmoid(x, out=tmp), grad_input=out)


def _torch_tanh_backward(grad: Any, x: Any, out: Any, tmp: Any) -> Any:
    return aten.tanh_backward.grad_input(grad, torch.tanh(x, out=tmp), grad_input=out)


PEERS: dict[str, dict[str, dict[str, Callable[..., Any] | str | Peer]]] = {
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
    "relu": {
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
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask: _numpy_relu_backward(grad, y, out, mask),
            "torch": lambda grad, y, out: aten.threshold_backward.grad_input(grad, y, 0, grad_input=out),
            "jax": lambda grad, y: jnp.where(y > 0, grad, 0),
            "numexpr": "where(y > 0, grad, 0)",
        },
    },
    "leaky_relu": {
        "value": {
            "numpy": _numpy_leaky_relu,
            "torch": lambda x, out, negative_slope: torch_nn.leaky_relu(x, negative_slope, out=out),
            "jax": lambda x, negative_slope: jax.nn.leaky_relu(x, negative_slope),
            "numexpr": "where(x > 0, x, negative_slope * x)",
        },
        "backward": {
            "numpy": lambda grad, x, out, mask, negative_slope: _numpy_leaky_relu_backward(
                grad, x, out, mask, negative_slope
            ),
            "torch": lambda grad, x, out, negative_slope: aten.leaky_relu_backward.grad_input(
                grad, x, negative_slope, False, grad_input=out
            ),
            "numexpr": "where(x > 0, grad, negative_slope * grad)",
        },
        "backward_from_output": {
            "numpy": lambda grad, y, out, mask, negative_slope: _numpy_leaky_relu_backward(
                grad, y, out, mask, negative_slope
            ),
            "torch": lambda grad, y, out, negative_slope: aten.leaky_relu_backward.grad_input(
                grad, y, negative_slope, True, grad_input=out
            ),
            "jax": lambda grad, y, negative_slope: jnp.where(y > 0, grad, negative_slope * grad),
            "numexpr": "where(y > 0, grad, negative_slope * grad)",
        },
    },
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
    },
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
    },
}


def library_of(contestant: str) -> str:
    """The library of a contestant: the first word of its name."""
    return contestant.partition(" ")[0]


def peers_of(activation: str, form: str) -> dict[str, Peer]:
    """The peers of one form of an activation, by contestant.

    Parameters
    ----------
    activation : str
        Name of a row; one that the table does not name has no peers.
    form : str
        One of ``FORMS``.

    Returns
    -------
    dict of str to Peer
        In the order of the table. For ``"backward"``, with the vector-Jacobian product of JAX's forward.
    """
    forms = PEERS.get(activation, {})
    peers = {name: entry if isinstance(entry, Peer) else Peer(entry) for name, entry in forms.get(form, {}).items()}
    if form == "backward" and "jax" not in peers and "jax" in forms.get("value", {}):
        forward = peers_of(activation, "value")["jax"]
        peers["jax"] = Peer(_vjp(forward.entry), forward.tolerance, forward.within)
    return peers


def _vjp(forward: Any) -> Callable[..., Any]:
    """The function of (grad, x) and of forward's parameters that JAX makes from forward."""

    def backward(grad: Any, x: Any, **parameters: float) -> Any:
        return jax.vjp(lambda x: forward(x, **parameters), x)[1](grad)[0]

    grad = inspect.Parameter("grad", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    backward.__signature__ = inspect.Signature([grad, *inspect.signature(forward).parameters.values()])  # type: ignore[attr-defined]
    return backward
