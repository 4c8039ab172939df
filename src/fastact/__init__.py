"""The activation functions of neural networks, their derivatives and backward forms, as NumPy ufuncs.

For every activation ``f`` of ``fastact.activations``:

``f(x)``, ``f_derivative(x)``, ``f_with_derivative(x)``, ``f_backward(grad, x)`` and, where f' is a function of the
output, ``f_backward_from_output(grad, y)``; for smooth ones ``f_second_derivative(x)``, and for a parameter ``p`` that
learns ``f_derivative_p(x)`` and ``f_backward_p(grad, x)``. Activations without parameters are ``np.ufunc`` objects; the
others are functions with the field's defaults whose ``.ufunc`` takes the parameters as further inputs.

Functions of rows, ``softmax(x, axis=-1)``, log_softmax, softmin, logsumexp and sparsemax, and gated units of two
inputs, ``glu(a, b)``, reglu, geglu and swiglu, with ``glu_split(x, axis=-1)`` for the halves of one array, have
backward forms of the same names; maxout and crelu too.

``custom(function)`` makes all of that of an activation of your own.
``fastact.parallel`` has all of them on several threads.
"""

import importlib
from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Any

from . import _public, _ufuncs
from ._config import __version__, get_include, show_config
from .catalogue import ACTIVATIONS

activations = MappingProxyType(ACTIVATIONS)

_make = cache(_public.make)  # NumPy's ufuncs live as long as the process
_functions = _make(_ufuncs.running)
globals().update(_functions)

__all__ = ["__version__", "activations", "for_instruction_set", "get_include", "show_config", *_functions]  # noqa: PLE0604


def for_instruction_set(name: str) -> SimpleNamespace:
    """The public functions compiled for one instruction set, for tests and benchmarks.

    Parameters
    ----------
    name : {"baseline", "avx2", "avx512"}
        One that was built and that this CPU has; ``show_config()`` lists them.

    Returns
    -------
    types.SimpleNamespace
        Every activation and its forms by name, the same objects at every call; for the one that runs, those of
        ``fastact`` itself. Of others they do not pickle: pickles name the functions of ``fastact``.

    Raises
    ------
    ValueError
        If the instruction set is unknown, was not built, or is not one of this CPU's.
    """
    _ufuncs.require(name)
    return SimpleNamespace(**_make(name))


# Loaded when asked for: modules that are attributes, and the functions of one.
_LAZY = ("parallel", "theory")
_LAZY_FUNCTIONS = ("custom", "registered")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f".{name}", __name__)
    if name in _LAZY_FUNCTIONS:
        return getattr(importlib.import_module(".compiler", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_LAZY, *_LAZY_FUNCTIONS])
