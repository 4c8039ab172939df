"""The functions of fastact on several threads: the same names, signatures and bits, for large arrays.

A call whose work is worth it is cut into parts that run on threads of Numba's, above the loops, so that broadcasting,
rows, strides and casts run in parallel too. The rest is serial, by the ufunc itself: calls under a measured threshold,
with ``where=``, with operands that overlap an output other than by being it, subclasses of arrays and arrays of other
libraries, reductions and the other methods of ufuncs; and everything where threads are not safe, which
``fastact.show_config()`` says. Numba is loaded when the first call is large enough.

``of(ufunc)`` does the same for NumPy's, SciPy's and other ufuncs.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import fastact

from . import _public, _threads
from ._parallel import ParallelUfunc
from ._threads import get_num_threads, set_num_threads

_threads.prepare()


def _serial_ufunc(name: str) -> np.ufunc:
    function = getattr(fastact, name)
    return function if isinstance(function, np.ufunc) else function.ufunc


def _make() -> dict[str, Any]:
    """Every public function of fastact, around ufuncs on several threads."""
    streaming = _public.streaming()
    ufuncs = {name: ParallelUfunc(_serial_ufunc(name), streams=name in streaming) for name in _public.ufunc_names()}
    functions = _public.around(ufuncs)
    for name, function in functions.items():
        if function is not getattr(fastact, name):  # maxout has no ufunc inside, and is what it was
            function.__module__ = __name__
    for ufunc in ufuncs.values():
        ufunc.__module__ = __name__
    return functions


_functions = _make()
globals().update(_functions)

__all__ = ["get_num_threads", "of", "set_num_threads", *_functions]  # noqa: PLE0604


@functools.cache
def _of(ufunc: np.ufunc) -> ParallelUfunc:
    return ParallelUfunc(ufunc)


_OWN = {id(getattr(fastact, name)): function for name, function in _functions.items()}
_OWN |= {
    id(_serial_ufunc(name)): getattr(_functions[name], "ufunc", _functions[name]) for name in _public.ufunc_names()
}


def of(ufunc: Any) -> Any:
    """A ufunc of any library on several threads, with the bits and the calling convention that it has.

    Parameters
    ----------
    ufunc : numpy.ufunc
        With loops over numbers; also a public function of fastact. A loop may run on several threads at once, without
        the interpreter's lock: those of NumPy and SciPy are made for that. Of a gufunc, calls run in parallel where
        all dimensions of its core are those of inputs.

    Returns
    -------
    callable
        The same object for the same ufunc. Calls that resolve to loops over objects, dates or text are serial, and so
        are those of SciPy's functions while ``scipy.special.errstate`` has them report errors. Floating-point errors
        of all threads are reported to `numpy.errstate` as those of one call.

    Raises
    ------
    TypeError
        If it is no ufunc, or all its loops are over Python objects, as those of `numpy.frompyfunc`.

    Examples
    --------
    >>> import numpy as np
    >>> import fastact.parallel
    >>> sine = fastact.parallel.of(np.sin)
    >>> y = sine(np.linspace(0, 1, 1_000_000))
    """
    own = _OWN.get(id(ufunc))
    if own is not None:
        return own
    if isinstance(ufunc, ParallelUfunc):
        return ufunc
    if not isinstance(ufunc, np.ufunc):
        raise TypeError(f"ufunc must be a numpy.ufunc, got {ufunc!r:.60}")
    return _of(ufunc)


def __dir__() -> list[str]:
    return sorted(__all__)
