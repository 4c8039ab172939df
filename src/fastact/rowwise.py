"""Functions of rows: softmax, log_softmax, softmin, logsumexp and sparsemax.

Functions around gufuncs, made from the table in ``_units.py``: with NumPy arrays and an integer ``axis`` a call goes
straight to the gufunc; a tuple of axes, or None, makes one row of several axes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from . import _dask
from ._arguments import as_array, output, refuse_masked
from ._documentation import DOCUMENTATION
from ._units import ROW_FUNCTIONS, RowForm, RowFunction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike  # a millisecond of the import

Axis = int | tuple[int, ...] | None

_TEMPLATE = """
def {name}({inputs}, axis=-1, {keepdims}**keywords):
    if type(axis) is int{direct}:
        return ufunc({inputs}, axis=axis, **keywords)
    return along({inputs}, axis=axis, {passed}**keywords)
"""


def _axes(public: str, axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes as a tuple of indices from 0."""
    if axis is None:
        return tuple(range(ndim))
    if not any(isinstance(one, (bool, np.bool_)) for one in (axis if isinstance(axis, (tuple, list)) else (axis,))):
        try:
            return normalize_axis_tuple(axis, ndim, argname=f"{public}: axis")
        except TypeError:
            pass
    raise TypeError(f"{public}: axis must be an integer, a tuple of integers or None, got {axis!r:.60}")


def _broadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """The array in a shape; a subclass of NumPy's stays one."""
    return np.broadcast_to(x, shape, subok=True) if isinstance(x, np.ndarray) else np.broadcast_to(x, shape)


def _one_row(x: Any, axes: tuple[int, ...]) -> Any:
    """The axes made one, and moved to the end."""
    outer = x.ndim - len(axes)
    moved = np.moveaxis(_dask.whole(x, *axes), axes, range(outer, x.ndim))
    return moved.reshape(*moved.shape[:outer], math.prod(moved.shape[outer:]))


def _along(row: RowFunction, form: RowForm, ufunc: np.ufunc) -> Callable[..., Any]:
    """The call for other arrays than NumPy's, an ``axis`` that the gufunc does not take itself, and ``keepdims``."""
    public = row.name + form.suffix
    reduced = form.signature.startswith("()")

    def in_chunks(arrays: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
        """Every row in one chunk, and the same chunks for all along the other axes."""
        whole = [*arrays[:reduced], *(_dask.whole(array, axis) for array in arrays[reduced:])]
        ndim = np.ndim(arrays[-1])
        return _dask.aligned(*whole, without=_axes(public, axis, ndim)[0] - ndim if reduced else None)

    def along(*arrays: ArrayLike, axis: Axis, keepdims: bool = False, **keywords: Any) -> Any:
        refuse_masked(public, **dict(zip(form.inputs, arrays, strict=True)))
        if type(axis) is int and not keepdims:
            if any(map(_dask.is_array, arrays)):
                arrays = in_chunks(arrays, axis)
            return ufunc(*arrays, axis=axis, **keywords)
        if keepdims and not row.reduces:
            raise TypeError(f"{public}: keepdims is not an argument, as no axis is lost")
        given = [as_array(array) for array in arrays]
        if reduced:
            # A gradient for each row: it has the axes with length 1, or has them not, and broadcasts with the rest.
            grad, x = given
            axes = _axes(public, axis, x.ndim)
            if not keepdims:
                outer = x.ndim - len(axes)
                grad = np.expand_dims(grad.reshape((1,) * (outer - grad.ndim) + grad.shape), axes)
            shape = np.broadcast_shapes(grad.shape, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
            if any(shape[i - x.ndim] != 1 for i in axes) or len(shape) > x.ndim:
                raise ValueError(
                    f"{public}: grad must have one number for each row of x, got the shape {given[0].shape}"
                )
            x = _broadcast(x, tuple(x.shape[i] if i in axes else n for i, n in enumerate(shape)))
            grad = _broadcast(grad, shape)
            given = [_one_row(grad, axes)[..., 0], _one_row(x, axes)]
        else:
            if len(given) > 1:
                shape = np.broadcast_shapes(*(array.shape for array in given))
                given = [_broadcast(array, shape) for array in given]
            x = given[-1]
            axes = _axes(public, axis, x.ndim)
            given = [_one_row(array, axes) for array in given]
        out = keywords.pop("out", None)
        result = ufunc(*_dask.aligned(*given, without=-1 if reduced else None), **keywords)
        if row.reduces and form.kind == "value":
            if keepdims:
                result = np.expand_dims(result, axes)
        else:
            moved = tuple(size for i, size in enumerate(x.shape) if i not in axes) + tuple(x.shape[i] for i in axes)
            result = np.moveaxis(result.reshape(moved), range(x.ndim - len(axes), x.ndim), axes)
        casting = keywords.get("casting", "same_kind")
        target = output(public, out, np.shape(result), result.dtype, *given, casting=casting)
        if target is None:
            return result
        np.copyto(target, result, casting=casting)
        return target

    return along


def _keyword_function(row: RowFunction, form: RowForm, ufunc: Any) -> Callable[..., Any]:
    """The public function of one form: compiled from a template, so that its signature is real and the call short."""
    public = row.name + form.suffix
    source = _TEMPLATE.format(
        name=public,
        inputs=", ".join(form.inputs),
        keepdims="keepdims=False, " if row.reduces else "",
        direct=" and not keepdims" * row.reduces + "".join(f" and type({name}) is ndarray" for name in form.inputs),
        passed="keepdims=keepdims, " if row.reduces else "",
    )
    namespace: dict[str, Any] = {"ufunc": ufunc, "along": _along(row, form, ufunc), "ndarray": np.ndarray}
    exec(compile(source, f"<fastact.{public}>", "exec"), namespace)
    function = namespace[public]
    function.__module__ = ufunc.__module__ = "fastact"
    function.__doc__ = ufunc.__doc__ = DOCUMENTATION[public]
    function.ufunc, function.spec = ufunc, row
    return function


def names() -> dict[str, str]:
    """The names of the gufuncs, by public name."""
    public = [row.name + form.suffix for row in ROW_FUNCTIONS.values() for form in row.forms]
    return {name: f"{name}.ufunc" for name in public}


def make(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Any]:
    """Every public function of this module, by name, from ufuncs of one instruction set."""
    public: dict[str, Any] = {}
    for row in ROW_FUNCTIONS.values():
        forms = {form.name: _keyword_function(row, form, ufuncs[row.name + form.suffix]) for form in row.forms}
        for form in row.forms:
            public[row.name + form.suffix] = forms[form.name]
            if form.kind != "value":
                setattr(forms["value"], form.name, forms[form.name])
    return public
