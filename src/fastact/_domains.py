"""Whether the parameters of an activation lie in their domains, as given and as the ufunc computes with them.

NumPy rounds a Python number to the dtype of the arrays beside it: a positive 1e-50 is 0 in float32, and 1e6 is infinite
in float16. So both are judged. Most calls give Python floats far from every edge, for which the few comparisons do that
``tools/keyword_functions.py`` writes into the keyword functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ._schema import Interval


def _array(subject: str, value: Any) -> np.ndarray:
    """A parameter as an array of real numbers; an integer that fits into none of NumPy's dtypes as a float."""
    try:
        array = np.asarray(float(value) if type(value) is int else value)
    except OverflowError:
        array = np.asarray(math.inf if value > 0 else -math.inf)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{subject} must be a real number or an array of them, got {value!r:.60}")
    return array


def _outside(array: np.ndarray, domain: Interval) -> bool:
    """Whether any element lies outside the domain; NaN is let through, to give NaN."""
    array = array.astype(np.float64, copy=False)
    above = array >= domain.lower if domain.lower_closed else array > domain.lower
    below = array <= domain.upper if domain.upper_closed else array < domain.upper
    inside = above & below
    if domain.without is not None:
        inside &= array != domain.without
    return not np.all(inside | np.isnan(array))


def _lazy(value: Any) -> bool:
    """Whether asking for values would compute them: a Dask collection; or there are none, in a definition."""
    if getattr(type(value), "without_values", False):
        return True
    graph = getattr(value, "__dask_graph__", None)
    return graph is not None and graph() is not None


def _python_number(value: Any) -> bool:
    """Whether NumPy lets the dtypes of other operands decide on the dtype of this one."""
    return isinstance(value, (int, float)) and not isinstance(value, (bool, np.generic))


def _type(operand: Any) -> Any:
    """What an operand has to say about the dtype that computes: a dtype, or a Python type."""
    if _python_number(operand):
        return int if isinstance(operand, int) else float
    dtype = getattr(operand, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype
    if hasattr(operand, "__array_ufunc__"):
        raise TypeError("only it knows the dtypes it holds")
    return np.asarray(operand).dtype


def computing(ufunc: np.ufunc, operands: tuple[Any, ...], keywords: Mapping[str, Any]) -> np.dtype | None:
    """The dtype that a call of a ufunc computes in: that of the operands together, or what ``dtype=`` or ``signature=``
    says; not that of ``out=``, to which results are only cast. None where the ufunc will refuse, with its own words,
    and for operands that do not say what they hold (pandas' frames)."""
    try:
        return resolved(ufunc, operands, keywords)
    except (TypeError, ValueError):
        return None


def resolved(ufunc: np.ufunc, operands: tuple[Any, ...], keywords: Mapping[str, Any]) -> np.dtype:
    """As `computing`, but raises what the ufunc would."""
    signature = keywords.get("signature", keywords.get("sig"))
    if signature is None:
        signature = (None,) * ufunc.nin + (keywords.get("dtype"),) * ufunc.nout
    types = (*map(_type, operands), *(None,) * ufunc.nout)
    return ufunc.resolve_dtypes(types, signature=signature, casting="unsafe")[0]


_HOLDS: dict[str, Callable[..., Any]] = {"<": np.less, "<=": np.less_equal}


# The largest float16: integers up to it are as good as floats.
_LARGEST = 65504


def checker(
    public: str,
    ufunc: np.ufunc,
    domains: Mapping[str, Interval],
    relations: tuple[tuple[str, str, str], ...],
    ordinary: Callable[..., bool],
) -> Callable[[tuple[Any, ...], tuple[Any, ...], Mapping[str, Any]], None]:
    """A function of the inputs, parameters and keywords of a call that raises ValueError, naming the parameter, unless
    all lie in their domains and the relations between them hold: as given, and as rounded to the dtype that computes.
    ``ordinary`` tells it of the parameters, if they are Python floats for which that is plain.
    """

    def require(arrays: Mapping[str, np.ndarray], values: Mapping[str, Any], rounded: str) -> None:
        # The domains of all first.
        for name, array in arrays.items():
            if _outside(array, domains[name]):
                raise ValueError(f"{public}: {name} must be in {domains[name]}{rounded}, got {values[name]!r:.60}")
        for left, relation, right in relations:
            if left not in arrays or right not in arrays:
                continue
            low, high = arrays[left], arrays[right]
            if not np.all(_HOLDS[relation](low, high) | np.isnan(low) | np.isnan(high)):
                low, high = np.asarray(values[left]), np.asarray(values[right])
                raise ValueError(
                    f"{public}: {left} must be {relation} {right}{rounded}, got {low!s:.60} and {high!s:.60}"
                )

    def check(inputs: tuple[Any, ...], parameters: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        # Small integers of Python are as common as floats.
        if ordinary(*(float(v) if type(v) is int and -_LARGEST <= v <= _LARGEST else v for v in parameters)):
            return
        values = {name: v for name, v in zip(domains, parameters, strict=True) if not _lazy(v)}
        arrays = {name: _array(f"{public}: {name}", value) for name, value in values.items()}
        require(arrays, values, "")
        # Others are not rounded at all: what computes is at least as wide as they are.
        if keywords.keys() & {"dtype", "signature", "sig"} or any(map(_python_number, values.values())):
            dtype = computing(ufunc, (*inputs, *parameters), keywords)
            if dtype is None or dtype.itemsize == 8:
                return
            with np.errstate(all="ignore"):
                arrays = {
                    name: array if np.can_cast(array.dtype, dtype) else array.astype(dtype)
                    for name, array in arrays.items()
                }
            require(arrays, values, f" as rounded to {dtype}")

    return check
