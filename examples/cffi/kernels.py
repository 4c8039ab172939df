"""Kernels of fastact through cffi in ABI mode: nothing is compiled. A call releases the GIL."""

from __future__ import annotations

from typing import Any

import cffi
import numpy as np

from fastact import capi

ffi = cffi.FFI()


def function(name: str, dtype: Any = np.float64, kind: str = "scalar") -> Any:
    """A kernel as a cffi function."""
    pointer = capi.signature(name, dtype, kind).replace("(", "(*)(", 1)
    return ffi.cast(pointer, capi.address(name, dtype, kind))


elu = function("elu")
silu_array = function("silu", np.float32, "array")


def silu(x: np.ndarray) -> np.ndarray:
    """Silu of a contiguous float32 array."""
    out = np.empty_like(x)
    silu_array(ffi.from_buffer("float[]", x), ffi.from_buffer("float[]", out, require_writable=True), x.size)
    return out


if __name__ == "__main__":
    print(elu(-1.0, 0.5), silu(np.linspace(-3, 3, 7, dtype=np.float32)))
