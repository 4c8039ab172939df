"""The peers' libraries: each is imported when it is first used, restricted to one thread by ``load``."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
from typing import Any

LIBRARIES = ("numpy", "scipy", "torch", "jax", "numexpr")


class Library:
    """A module, or an object in one ("torch:ops.aten"), that is imported when an attribute is first asked for.

    What was asked for once is found at once, as fast as in the module itself: entries are timed.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        module, _, inside = self._path.partition(":")
        owner = functools.reduce(getattr, filter(None, inside.split(".")), importlib.import_module(module))
        value = getattr(owner, name)
        setattr(self, name, value)
        return value


special = Library("scipy.special")
torch = Library("torch")
aten = Library("torch:ops.aten")
torch_nn = Library("torch:_C._nn")  # torch.nn.functional has no out=
jax = Library("jax")
jnp = Library("jax.numpy")
numexpr = Library("numexpr")


def installed(library: str) -> bool:
    """Whether the library can be imported, found out without importing it."""
    return importlib.util.find_spec(library) is not None


def version(library: str) -> str:
    """Version of an installed library."""
    return importlib.metadata.version(library)


def load(library: str) -> None:
    """Restrict a library to one thread, and let it have float64 and no automatic differentiation unless asked.

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
    match library:
        case "numpy" | "scipy":
            importlib.import_module(library)
        case "torch":
            torch.set_num_threads(1)
            torch.set_grad_enabled(False)
        case "jax":
            jax.config.update("jax_enable_x64", True)
        case "numexpr":
            numexpr.set_num_threads(1)
        case _:
            raise ValueError(f"library must be one of {', '.join(LIBRARIES)}, got {library!r}")
