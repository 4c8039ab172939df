"""Compiled kernels: Numba's compiler for this CPU makes them, and loads what it made in another process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .code import Kernel, symbol, write

_codegen: Any = None


def compiler() -> Any:
    """Numba's compiler for this CPU, without its types and functions."""
    global _codegen  # noqa: PLW0603
    if _codegen is None:
        from numba.core.codegen import JITCPUCodegen

        _codegen = JITCPUCodegen("fastact.custom")
    return _codegen


def compile_kernels(prefix: str, kernels: Sequence[Kernel]) -> tuple[Any, list[Any]]:
    """A library of compiled code, as `load` takes it, and what its table must hold."""
    from numba.core.compiler_lock import global_compiler_lock

    with global_compiler_lock:
        library = compiler().create_library(prefix)
        library.enable_object_caching()
        module = library.create_ir_module(prefix)
        symbols = write(module, prefix, kernels)
        library.add_ir_module(module)
        library.finalize()
        return library, symbols


def to_cache(library: Any) -> tuple[bytes, bytes]:
    """Object code and bitcode, once the library was loaded."""
    _, _, (object_code, bitcode) = library.serialize_using_object_code()
    return object_code, bitcode


def from_cache(prefix: str, object_code: bytes, bitcode: bytes) -> Any:
    """The library that `to_cache` took apart."""
    from numba.core.compiler_lock import global_compiler_lock

    with global_compiler_lock:
        return compiler().unserialize_library((prefix, "object", (object_code, bitcode)))


_kept: list[Any] = []  # code that ufuncs point to


def load(library: Any, prefix: str, symbols: Sequence[Any]) -> Callable[[str, int, bool], int]:
    """Fill the table of compiled code; a function of kernel, precision and variant that gives its address."""
    import ctypes

    from numba.core.compiler_lock import global_compiler_lock

    from fastact import _ufuncs

    addresses = _ufuncs.addresses()
    table = (ctypes.c_void_p * len(symbols))(*(addresses[key] for key in symbols))
    with global_compiler_lock:  # the first address makes machine code
        start = library.get_pointer_to_function(f"{prefix}_load")
    fill = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(start)
    fill(ctypes.addressof(table), len(symbols))
    _kept.append(library)
    return lambda kernel, bits, varying: library.get_pointer_to_function(symbol(prefix, kernel, bits, varying))
