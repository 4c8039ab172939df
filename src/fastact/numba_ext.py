"""The public functions inside code that Numba compiles: their registration.

``init`` is the entry point that Numba calls before it compiles or loads anything; so ``fastact.gelu(x)`` works in
``@njit`` without a further import. ``_numba_calls.py`` has the types of a call, ``_numba_lowering.py`` writes its code.

Compiled code may be cached, and a cache outlives the fastact that it was made with. Two things keep that safe:

* The *identity* of fastact, its version and ABI, is part of the key of what Numba caches: with another fastact nothing
  is found, and Numba compiles again. That holds for all cached functions, also for those that have nothing to do with
  fastact: a function may call one that does, and Numba does not know.
* Cached code knows no address. It asks for one by name, once in each process, through `SYMBOL`, a symbol that is
  registered with LLVM here and that never changes its name or its meaning: to say the identity of the fastact that
  compiled the code, and the name of a ufunc. Another identity is answered by NULL, and the code raises RuntimeError.
  Were the ABI part of the symbol's name, code of another ABI would ask LLVM for what is not there, which ends the
  process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fastact

from . import _jit
from ._numba_calls import Callee, callees, resolve
from ._numba_lowering import SYMBOL, implementation


def _template(callee: Callee) -> type:
    """The class that answers Numba's questions about the types of a call."""
    from numba.core import errors, types
    from numba.core.typing import signature
    from numba.core.typing.templates import AbstractTemplate

    pysig = callee.signature
    # What is not given: the parameters' defaults, the axis, no out.
    omitted: dict[str, Any] = dict.fromkeys(callee.defaults, types.float64) | {"axis": types.intp, "out": types.none}

    def generic(self: Any, args: tuple[Any, ...], kws: Mapping[str, Any]) -> Any:  # noqa: ARG001
        if len(args) > callee.positional:
            raise errors.TypingError(f"{callee}: takes {callee.positional} positional arguments, got {len(args)}")
        try:
            bound = pysig.bind(*args, **kws).arguments
        except TypeError as error:
            raise errors.TypingError(f"{callee}: {error}") from None
        given = {name: types.unliteral(bound[name]) if name in bound else omitted[name] for name in pysig.parameters}
        typed = signature(resolve(callee, given).returned, *given.values())
        return typed.replace(pysig=pysig)

    return type(f"Template_{callee.name}", (AbstractTemplate,), {"key": callee, "generic": generic})


def register_symbol() -> None:
    """Let LLVM find what compiled code asks for."""
    import llvmlite.binding

    llvmlite.binding.add_symbol(SYMBOL, _jit.find_address)


def key_caches() -> None:
    """Make the identity of fastact part of the key of what Numba caches."""
    from numba.core.codegen import JITCPUCodegen

    original = JITCPUCodegen.magic_tuple
    mark = f"fastact {_jit.identity}"

    def magic_tuple(self: Any) -> tuple[Any, ...]:
        return (*original(self), mark)

    JITCPUCodegen.magic_tuple = magic_tuple  # type: ignore[method-assign]


_done = False


def init() -> None:
    """Make the public functions callable in jitted code. Numba calls it; a second call does nothing."""
    global _done  # noqa: PLW0603
    if _done:
        return
    from numba.core import types
    from numba.core.typing.templates import infer_global
    from numba.extending import lower_builtin

    key_caches()
    register_symbol()
    for callee in callees():
        template = _template(callee)
        # By a key of its own: calls of a np.ufunc would be fused, element by element, with the arithmetic around them.
        infer_global(getattr(fastact, callee.name), types.Function(template))
        lower_builtin(callee, types.VarArg(types.Any))(implementation(callee))
    _done = True
