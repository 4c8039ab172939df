"""What the functions around ufuncs ask of their arguments. Errors name the function and the argument."""

from __future__ import annotations

import operator
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray  # a millisecond of the import


def as_array(x: Any) -> NDArray[Any]:
    """An array. One of another library that NumPy's functions keep, such as Dask's, stays what it is.

    Labelled ones such as pandas', whose parts would be aligned by their labels, become NumPy's.
    """
    return x if hasattr(x, "__array_function__") else np.asanyarray(x)


def refuse_masked(public: str, **arrays: Any) -> None:
    """Raise TypeError for a masked array, where its masked numbers would be counted or its mask would be lost."""
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())
    for name, array in arrays.items():
        if isinstance(array, masked):
            raise TypeError(
                f"{public}: {name} must not be a masked array, whose masked numbers would count as all others: "
                f"give {name}.filled(value) with a value that fits"
            )


def floating(argument: str, x: ArrayLike, *, half: bool = True) -> NDArray[Any]:
    """An array of a dtype that is computed: integers and bools as float64; float16 too, unless not ``half``."""
    array = as_array(x)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8 or (array.dtype.itemsize < 4 and not half):
        raise TypeError(
            f"{argument} must be {'float16, ' * half}float32 or float64 (integers and bools are taken as float64), "
            f"got {array.dtype}"
        )
    return array


def integer(argument: str, value: Any) -> int:
    """An integer, which True is not."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{argument} must be an integer, got {value!r:.60}")


def one_axis(public: str, axis: Any, ndim: int) -> int:
    """The axis as an index from 0."""
    return normalize_axis_index(integer(f"{public}: axis", axis), ndim, f"{public}: axis")


def halves(public: str, x: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both halves along the axis, as views."""
    if x.shape[axis] % 2:
        raise ValueError(f"{public}: the length of axis {axis} must be even, got {x.shape[axis]}")
    before, middle = (slice(None),) * axis, x.shape[axis] // 2
    first, second = (*before, slice(None, middle)), (*before, slice(middle, None))
    return x[first], x[second]


def output(
    public: str, out: Any, shape: tuple[int, ...], dtype: DTypeLike, *arrays: Any, casting: Any = "same_kind"
) -> Any:
    """``out``, alone or in a tuple, once it is known to fit a result made of these arrays; None if it is None."""
    if isinstance(out, tuple) and len(out) == 1:
        (out,) = out
    if out is None:
        return None
    if not isinstance(out, np.ndarray) or not all(isinstance(array, np.ndarray) for array in arrays):
        raise TypeError(f"{public}: out must be a NumPy array, and so must the others then, got {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"{public}: out must have the shape {shape}, got {out.shape}")
    if not out.flags.writeable:
        raise ValueError(f"{public}: out must be writeable")
    if not np.can_cast(dtype, out.dtype, casting):
        raise TypeError(f"{public}: out must be of a dtype that {np.dtype(dtype)} casts to, got {out.dtype}")
    return out
