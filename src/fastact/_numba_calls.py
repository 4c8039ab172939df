"""The public functions as jitted code calls them: their arguments, and the types of what a call gives."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastact

from . import _jit
from ._schema import Interval
from ._units import GATED_UNITS, ROW_FUNCTIONS


@dataclass(frozen=True, eq=False)
class Callee:
    """A public function as jitted code sees it.

    ``rows`` has bit j set if operand j (inputs before outputs) is rows along an axis; 0 for elementwise functions.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: int
    defaults: Mapping[str, float]
    domains: Mapping[str, Interval]
    relations: tuple[tuple[str, str, str], ...] = ()
    rows: int = 0

    @property
    def __name__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"fastact.{self.name}"

    @property
    def operands(self) -> tuple[str, ...]:
        """What the ufunc takes: inputs, then parameters."""
        return (*self.inputs, *self.defaults)

    @property
    def signature(self) -> inspect.Signature:
        """That of the public function, with ``out`` as the only keyword of ufuncs."""
        kinds = inspect.Parameter
        # The inputs of a ufunc have no names.
        kind = kinds.POSITIONAL_OR_KEYWORD if self.defaults or self.rows else kinds.POSITIONAL_ONLY
        parameters = [kinds(name, kind) for name in self.inputs]
        further = dict(self.defaults) | ({"axis": -1} if self.rows else {}) | {"out": None}
        parameters += [kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=value) for name, value in further.items()]
        return inspect.Signature(parameters)

    @property
    def positional(self) -> int:
        """How many arguments may be given by position: all but ``out``, which only ufuncs of one output take so."""
        return len(self.signature.parameters) - bool(self.defaults or self.rows or self.outputs > 1)


def callees() -> Iterator[Callee]:
    """Every function of the tables."""
    for row in fastact.activations.values():
        for form in row.forms:
            yield Callee(
                name=row.name + form.suffix,
                inputs=form.inputs,
                outputs=len(form.outputs),
                defaults=row.defaults,
                domains={p.name: p.domain_of(form) for p in row.parameters},
                relations=row.order_of(form),
            )
    for unit in GATED_UNITS:
        yield Callee(unit, ("a", "b"), 1, {}, {})
        yield Callee(f"{unit}_backward", ("grad", "a", "b"), 2, {}, {})
    for function in ROW_FUNCTIONS.values():
        for row_form in function.forms:
            cores = row_form.signature.replace("->", ",").split(",")
            rows = sum(1 << j for j, core in enumerate(cores) if core == "(n)")
            yield Callee(function.name + row_form.suffix, row_form.inputs, 1, {}, {}, rows=rows)


# Types ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """The types of one call: the dtype that computes, dimensions of the result (0: scalars), and its type by output."""

    dtype: Any
    ndim: int
    outputs: tuple[Any, ...]

    @property
    def returned(self) -> Any:
        """The type of the value."""
        from numba.core import types

        return types.UniTuple(self.outputs[0], len(self.outputs)) if len(self.outputs) > 1 else self.outputs[0]


def _number(callee: Callee, name: str, given: Any) -> Any:
    """The NumPy dtype of an operand, a scalar or an array. TypingError if it is neither, or not computed."""
    from numba.core import errors, types
    from numba.np.numpy_support import as_dtype

    dtype = given.dtype if isinstance(given, types.Array) else given
    if isinstance(dtype, (types.Integer, types.Boolean)) or dtype in (types.float32, types.float64):
        return as_dtype(dtype)
    raise errors.TypingError(
        f"{callee}: {name} must be a number or an array of float32 or float64 (integers and bools are taken as "
        f"float64) in jitted code, got {given}"
    )


def resolve(callee: Callee, given: Mapping[str, Any]) -> Call:
    """The types of a call.

    As in NumPy, where arrays meet scalars the arrays' dtypes decide; and parameters that are scalars never do.

    Parameters
    ----------
    callee : Callee
        What is called.
    given : mapping of str to Numba type
        By the name of the argument; all of them.

    Raises
    ------
    numba.core.errors.TypingError
        If it cannot be called so.
    """
    from numba.core import errors, types
    from numba.np.numpy_support import from_dtype

    arrays = {name: given[name] for name in callee.operands if isinstance(given[name], types.Array)}
    dtypes = {name: _number(callee, name, given[name]) for name in callee.operands}
    common = np.result_type(*(dtypes[name] for name in arrays or callee.inputs))
    dtype: Any = from_dtype(np.dtype(np.float64) if common.kind in "iub" else common)
    ndim = max((array.ndim for array in arrays.values()), default=0)
    if callee.rows:
        ndim = _check_rows(callee, given)
    if ndim > _jit.max_dimensions:
        raise errors.TypingError(f"{callee}: arrays may have {_jit.max_dimensions} dimensions, got {ndim}")
    out = given["out"]
    if out is types.none:
        layout: Any = "F" if ndim > 1 and all(a.layout == "F" for a in arrays.values() if a.ndim == ndim) else "C"
        result = dtype if ndim == 0 else types.Array(dtype, ndim, layout)
        return Call(dtype, ndim, (result,) * callee.outputs)
    outputs = tuple(given["out"]) if isinstance(out, types.BaseTuple) else (out,)
    wanted = f"{callee.outputs} arrays" if callee.outputs > 1 else "an array"
    if len(outputs) != callee.outputs or len(set(outputs)) > 1 or not isinstance(outputs[0], types.Array):
        raise errors.TypingError(f"{callee}: out must be {wanted} of {dtype}, got {out}")
    array = outputs[0]
    if array.dtype != dtype or not array.mutable or array.ndim < ndim or (callee.rows and array.ndim != ndim):
        raise errors.TypingError(
            f"{callee}: out must be {wanted} of {dtype} with {ndim} dimensions, not read-only, got {array}"
        )
    if array.ndim > _jit.max_dimensions:
        raise errors.TypingError(f"{callee}: arrays may have {_jit.max_dimensions} dimensions, got {array.ndim}")
    return Call(dtype, array.ndim, outputs)


def _check_rows(callee: Callee, given: Mapping[str, Any]) -> int:
    """The dimensions of the result of a function of rows."""
    from numba.core import errors, types

    if not isinstance(given["axis"], types.Integer):
        raise errors.TypingError(f"{callee}: axis must be an integer in jitted code, got {given['axis']}")
    ndim = 0
    for j, name in enumerate(callee.inputs):
        if not callee.rows >> j & 1:
            continue
        if getattr(given[name], "ndim", 0) == 0:
            raise errors.TypingError(f"{callee}: {name} must be an array of one dimension or more, got {given[name]}")
        if ndim and given[name].ndim != ndim:
            raise errors.TypingError(f"{callee}: arrays of rows must have equally many dimensions in jitted code")
        ndim = given[name].ndim
    for j, name in enumerate(callee.inputs):
        if not callee.rows >> j & 1 and getattr(given[name], "ndim", 0) >= ndim:
            raise errors.TypingError(f"{callee}: {name} must have one number for each row, got {given[name]}")
    return ndim if callee.rows >> len(callee.inputs) & 1 else ndim - 1
