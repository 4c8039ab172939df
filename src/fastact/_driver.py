"""The threads' driver: one function, compiled by Numba once and cached on disk, that starts workers on a task.

Numba owns the threads: their number, the layer below them (TBB, OpenMP) and what a fork does to them. What a worker
does is compiled already, and called through its address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A global of this module: as a variable of a closure it would be part of the cache's key, and differ in each process.
_call: Any = None


def _intrinsic() -> Any:
    """What calls a C function ``void (task *, npy_intp worker)`` by its address."""
    from llvmlite import ir
    from numba.core import types
    from numba.core.typing import signature
    from numba.extending import intrinsic

    @intrinsic
    def call(typingctx: Any, function: Any, task: Any, worker: Any) -> Any:  # noqa: ARG001
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            address, *given = arguments
            kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in given])
            builder.call(builder.inttoptr(address, kind.as_pointer()), given)
            return context.get_dummy_value()

        return signature(types.void, types.intp, types.intp, types.intp), code

    return call


def make() -> Callable[[int, int, int], None]:
    """``drive(function, task, workers)``, which calls ``function(task, worker)`` for each worker, and waits for all.

    Its first call compiles it, or loads it from the cache, and starts Numba's threads. Where no directory for a cache
    can be written, it is compiled in each process.
    """
    global _call  # noqa: PLW0603
    import numba

    _call = _intrinsic()

    def drive(function: int, task: int, workers: int) -> None:
        for worker in numba.prange(workers):
            _call(function, task, worker)

    signature = "void(intp, intp, intp)"
    try:
        return numba.njit(signature, parallel=True, nogil=True, cache=True)(drive)
    except (OSError, RuntimeError):  # nowhere to cache
        return numba.njit(signature, parallel=True, nogil=True)(drive)
