"""THE TABLE of peers: what else computes each activation, forward and backward.

``PEERS[activation][form][contestant]``, in one file for each family of the catalogue. The first word of a contestant's
name is its library; further words tell several expressions of one library apart. An entry is one of

- a function whose arguments are named after the buffers and parameters that it wants: ``x``, ``grad``, ``y`` (the
  output of the activation), ``out`` (write here, and return it), ``tmp`` and ``mask`` (scratch, of the dtype of x and
  of bool), and the activation's parameters by name, at their defaults. It is given arrays of its own library;
- a numexpr expression, as a string over the same inputs and parameters, ``CONSTANTS``, and integers (numexpr takes
  ``0.5`` as float64, and would compute in it);
- ``Peer(entry, tolerance=, within=, dtypes=)``, for one that agrees only to a wider tolerance, on a narrower range or
  in one precision.

JAX functions are jitted; their backward is the jitted vector-Jacobian product of their forward, their derivatives are
those of it, and none of these is listed. The other peers of a derivative are not listed either: they are those of the
backward form, given a gradient of ones, which is how PyTorch computes one.

The NumPy expressions are what a careful user would write: whole arrays, nothing allocated, no pass too many. The
frameworks' backward entries are the operators that their automatic differentiation runs.
"""

from __future__ import annotations

from . import exponential, piecewise, quotients, trigonometric
from .entry import (
    BUFFERS,
    COMPARED,
    CONSTANTS,
    FORMS,
    RANGE,
    TOLERANCE,
    Peer,
    Table,
    jax_derivative,
    jax_second,
    jax_vjp,
)
from .libraries import LIBRARIES, installed, jax, jnp, load, numexpr, special, torch, version

__all__ = [
    "BUFFERS",
    "COMPARED",
    "CONSTANTS",
    "FORMS",
    "LIBRARIES",
    "PEERS",
    "RANGE",
    "TOLERANCE",
    "Peer",
    "installed",
    "jax",
    "jnp",
    "load",
    "numexpr",
    "package_of",
    "peers_of",
    "special",
    "torch",
    "version",
]

PEERS: Table = piecewise.PEERS | exponential.PEERS | quotients.PEERS | trigonometric.PEERS


DERIVE = {"derivative": jax_derivative, "backward": jax_vjp, "second_derivative": jax_second}


def package_of(contestant: str) -> str:
    """The library of a contestant: the first word of its name."""
    return contestant.partition(" ")[0]


def peers_of(activation: str, form: str) -> dict[str, Peer]:
    """The peers of one form of an activation, by contestant.

    Parameters
    ----------
    activation : str
        Name of a row; one that the table does not name has no peers.
    form : str
        One of ``COMPARED``.

    Returns
    -------
    dict of str to Peer
        In the order of the table. For ``"derivative"``, those of ``"backward"``, which want a ``grad`` of ones. For
        all derivatives, with those that JAX makes of its forward.
    """
    forms = PEERS.get(activation, {})
    listed = forms.get("backward" if form == "derivative" else form, {})
    peers = {name: entry if isinstance(entry, Peer) else Peer(entry) for name, entry in listed.items()}
    derive = DERIVE.get(form)
    if derive and "jax" not in peers and "jax" in forms.get("value", {}):
        forward = peers_of(activation, "value")["jax"]
        peers["jax"] = Peer(derive(forward.entry), forward.tolerance, forward.within, forward.dtypes)
    return peers
