"""Functions of rows: softmax, log_softmax, softmin, logsumexp, sparsemax, and the pieces of maxout and crelu.

The first five are functions around gufuncs, made from the table in ``_units.py``: with an integer ``axis`` a call goes
straight to the gufunc; a tuple of axes, or None, makes one row of several axes first. Maxout and crelu change the
length of an axis, which a gufunc with ``axis=`` cannot, and are plain functions.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple
from numpy.typing import ArrayLike, NDArray

from ._units import ROW_FUNCTIONS, RowForm, RowFunction

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
    try:
        return normalize_axis_tuple(axis, ndim, argname=f"{public}: axis")
    except TypeError:
        raise TypeError(f"{public}: axis must be an integer, a tuple of integers or None, got {axis!r:.60}") from None


def _one_row(x: NDArray, axes: tuple[int, ...]) -> NDArray:
    """The axes made one, and moved to the end."""
    outer = x.ndim - len(axes)
    moved = np.moveaxis(x, axes, range(outer, x.ndim))
    return moved.reshape(*moved.shape[:outer], math.prod(moved.shape[outer:]))


def _along(row: RowFunction, form: RowForm, ufunc: np.ufunc) -> Callable[..., Any]:
    """The call for an ``axis`` that the gufunc does not take itself, or with ``keepdims`` where that changes shapes."""
    public = row.name + form.suffix
    reduced = form.signature.startswith("()")

    def along(*arrays: ArrayLike, axis: Axis, keepdims: bool = False, **keywords: Any) -> Any:
        given = [np.asanyarray(array) for array in arrays]
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
            x = np.broadcast_to(x, tuple(x.shape[i] if i in axes else n for i, n in enumerate(shape)), subok=True)
            grad = np.broadcast_to(grad, shape, subok=True)
            given = [_one_row(grad, axes)[..., 0], _one_row(x, axes)]
        else:
            given = list(np.broadcast_arrays(*given, subok=True))
            x = given[-1]
            axes = _axes(public, axis, x.ndim)
            given = [_one_row(array, axes) for array in given]
        out = keywords.pop("out", None)
        result = ufunc(*given, **keywords)
        if row.reduces and form.kind == "value":
            if keepdims:
                result = np.expand_dims(result, axes)
        else:
            moved = tuple(size for i, size in enumerate(x.shape) if i not in axes) + tuple(x.shape[i] for i in axes)
            result = np.moveaxis(result.reshape(moved), range(x.ndim - len(axes), x.ndim), axes)
        if out is None:
            return result
        (target,) = out if isinstance(out, tuple) else (out,)
        if target.shape != np.shape(result):
            raise ValueError(f"{public}: out must have the shape {np.shape(result)}, got {target.shape}")
        np.copyto(target, result, casting=keywords.get("casting", "same_kind"))
        return target

    return along


_ARRAYS = {
    "x": "x : array_like\n    float16, float32 or float64 (integers and bools are taken as float64).",
    "y": "y : array_like\n    Output of the function.",
    "grad": "grad : array_like\n    Gradient with respect to the output; broadcasts with the other input.",
}


def _documentation(row: RowFunction, form: RowForm) -> str:
    reduces = row.reduces and form.kind == "value"
    lines = [row.summary] if form.kind == "value" else [f"The gradient passed back through {row.name}."]
    lines += ["", f"    {row.formula}"]
    if form.kind == "backward":
        lines.append(f"    {row.backward_formula}")
    elif form.kind == "backward_from_output":
        lines.append(f"    {row.backward_from_output_formula}")
    lines += ["", "Parameters", "----------", *(_ARRAYS[name] for name in form.inputs)]
    lines += [
        "axis : int, tuple of int or None, default -1",
        "    What makes a row; None takes all axes. ``.ufunc`` takes an integer only.",
    ]
    if row.reduces:
        kept = "leave the axis in the result, with length 1" if reduces else "grad has the axis, with length 1"
        lines += ["keepdims : bool, default False", f"    Whether to {kept}." if reduces else f"    Whether {kept}."]
    lines += [
        "**keywords",
        "    Those of a NumPy gufunc: ``out``, ``dtype``, ``casting``, ``order``, ...",
        "",
        "Returns",
        "-------",
        "ndarray or scalar" if reduces else "ndarray",
        "    Of the common dtype; " + ("without the axis." if reduces else "of the shape of the row's array."),
        "",
        "Raises",
        "------",
        "ValueError",
        "    For an axis that does not exist or is empty, and for shapes that do not fit.",
        "TypeError",
        "    For complex, longdouble, object and other dtypes that are not computed.",
        "",
        "Notes",
        "-----",
    ]
    if form.kind == "value":
        lines += [f"Range {row.range}. {row.infinities} NaN gives NaN for the whole row."]
        lines.append(
            f"Maximum error: {row.accuracy.float32:g} ULP in float32, {row.accuracy.float64:g} in float64"
            + (
                f", or {row.absolute[0]:.2g} and {row.absolute[1]:.2g} times {row.absolute_of} where that is more."
                if any(row.absolute)
                else "."
            )
        )
    else:
        lines.append(
            f"Maximum error: {row.backward_error:g} eps times the largest product that the formula adds for an element."
        )
        if form.kind == "backward_from_output" and "softm" in row.name:
            lines.append("Where one number of a row takes nearly all, the gradient from the input keeps more digits.")
    lines += ["", "References", "----------", row.reference]
    if form.kind == "value":
        lines += [
            "",
            "Examples",
            "--------",
            ">>> import numpy as np, fastact",
            f">>> fastact.{row.name}(np.float32([1000, 0, -1000]))",
        ]
    return "\n".join(lines)


def _keyword_function(row: RowFunction, form: RowForm, ufunc: Any) -> Callable[..., Any]:
    """The public function of one form: compiled from a template, so that its signature is real and the call short."""
    public = row.name + form.suffix
    source = _TEMPLATE.format(
        name=public,
        inputs=", ".join(form.inputs),
        keepdims="keepdims=False, " if row.reduces else "",
        direct=" and not keepdims" if row.reduces else "",
        passed="keepdims=keepdims, " if row.reduces else "",
    )
    namespace: dict[str, Any] = {"ufunc": ufunc, "along": _along(row, form, ufunc)}
    exec(compile(source, f"<fastact.{public}>", "exec"), namespace)
    function = namespace[public]
    function.__module__ = ufunc.__module__ = "fastact"
    function.__doc__ = ufunc.__doc__ = _documentation(row, form)
    function.ufunc, function.spec = ufunc, row
    return function


def names() -> dict[str, str]:
    """The names of the gufuncs, by public name."""
    public = [row.name + form.suffix for row in ROW_FUNCTIONS.values() for form in row.forms]
    return {name: f"{name}.ufunc" for name in public}


def make(ufuncs: dict[str, np.ufunc]) -> dict[str, Any]:
    """Every public function of this module, by name, from ufuncs of one instruction set."""
    public: dict[str, Any] = {}
    for row in ROW_FUNCTIONS.values():
        forms = {form.name: _keyword_function(row, form, ufuncs[row.name + form.suffix]) for form in row.forms}
        for form in row.forms:
            public[row.name + form.suffix] = forms[form.name]
            if form.kind != "value":
                setattr(forms["value"], form.name, forms[form.name])
    relu, relu_backward = ufuncs["relu"], ufuncs["relu_backward"]

    def crelu(x: ArrayLike, axis: int = -1) -> NDArray:
        """Rectified x and rectified -x, side by side: nothing is lost but the axis doubles.

            f(x) = concatenate(max(0, x), max(0, -x))

        Parameters
        ----------
        x : array_like
            float16, float32 or float64 (integers and bools are taken as float64); at least one dimension.
        axis : int, default -1
            The axis along which the two stand side by side.

        Returns
        -------
        ndarray
            Of the dtype of x, twice as long along the axis.

        Raises
        ------
        ValueError
            For an axis that does not exist.
        TypeError
            For dtypes that are not computed.

        References
        ----------
        Shang, Sohn, Almeida & Lee, Understanding and improving CNNs via concatenated ReLU, ICML 2016, arXiv:1603.05201
        """
        x = _floating("crelu", "x", x)
        return np.concatenate((relu(x), relu(-x)), _one_axis("crelu", axis, x.ndim))

    def crelu_backward(grad: ArrayLike, x: ArrayLike, axis: int = -1) -> NDArray:
        """The gradient passed back through `crelu` at input x.

            grad of the first half * (x > 0) - grad of the second half * (x < 0); 0 * inf is NaN

        Parameters
        ----------
        grad : array_like
            Gradient with respect to the output; twice as long as x along the axis.
        x : array_like
            Input of the function.
        axis : int, default -1
            As it was given to `crelu`.

        Returns
        -------
        ndarray
            Of the shape of x and the common dtype.

        Raises
        ------
        ValueError
            For shapes that do not fit and an axis that does not exist.
        TypeError
            For dtypes that are not computed.
        """
        x, grad = _floating("crelu_backward", "x", x), _floating("crelu_backward", "grad", grad)
        axis = _one_axis("crelu_backward", axis, x.ndim)
        wanted = (*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
        if grad.shape != wanted:
            raise ValueError(f"crelu_backward: grad must have the shape {wanted}, got {grad.shape}")
        first, second = np.split(grad, 2, axis)
        return relu_backward(first, x) - relu_backward(second, -x)

    for function in (crelu, crelu_backward):
        function.__module__, function.__qualname__ = "fastact", function.__name__
    crelu.backward = crelu_backward  # type: ignore[attr-defined]
    return public | {
        "crelu": crelu,
        "crelu_backward": crelu_backward,
        "maxout": maxout,
        "maxout_backward": maxout_backward,
    }


def _floating(public: str, argument: str, x: ArrayLike) -> NDArray:
    """An array of a dtype that is computed."""
    array = np.asanyarray(x)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{public}: {argument} must be float16, float32 or float64 (integers and bools are taken as float64), "
            f"got {array.dtype}"
        )
    return array


def _one_axis(public: str, axis: int, ndim: int) -> int:
    """The axis as an index from 0."""
    try:
        return normalize_axis_index(operator.index(axis), ndim, f"{public}: axis")
    except TypeError:
        raise TypeError(f"{public}: axis must be an integer, got {axis!r:.60}") from None


def _pieces(public: str, x: NDArray, num_pieces: int, axis: int) -> tuple[NDArray, int]:
    """x with the axis split in two, (units, pieces), and the first of them."""
    axis = _one_axis(public, axis, x.ndim)
    try:
        pieces = operator.index(num_pieces)
    except TypeError:
        raise TypeError(f"{public}: num_pieces must be an integer, got {num_pieces!r:.60}") from None
    length = x.shape[axis]
    if pieces < 1 or length % pieces:
        raise ValueError(
            f"{public}: num_pieces must be at least 1 and divide the length {length} of axis {axis}, got {pieces}"
        )
    return x.reshape(*x.shape[:axis], length // pieces, pieces, *x.shape[axis + 1 :]), axis


def maxout(x: ArrayLike, num_pieces: int, axis: int = -1) -> NDArray:
    """The largest of every ``num_pieces`` neighbours along an axis: each unit is a maximum of linear pieces.

        f(x)_i = max of x_j for j = i * num_pieces ... (i + 1) * num_pieces - 1

    Parameters
    ----------
    x : array_like
        float16, float32 or float64 (integers and bools are taken as float64).
    num_pieces : int
        At least 1; divides the length of the axis.
    axis : int, default -1
        The axis whose length is divided by num_pieces.

    Returns
    -------
    ndarray
        Of the dtype of x. NaN among the pieces gives NaN.

    Raises
    ------
    ValueError
        For a num_pieces that does not divide the axis, and an axis that does not exist.
    TypeError
        For dtypes that are not computed, and for numbers that are no integers.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville & Bengio, Maxout networks, ICML 2013, arXiv:1302.4389

    Examples
    --------
    >>> import fastact
    >>> fastact.maxout([1.0, 5.0, -2.0, -3.0], 2)
    array([ 5., -2.])
    """
    pieces, axis = _pieces("maxout", _floating("maxout", "x", x), num_pieces, axis)
    return np.maximum.reduce(pieces, axis=axis + 1)


def maxout_backward(grad: ArrayLike, x: ArrayLike, num_pieces: int, axis: int = -1) -> NDArray:
    """The gradient passed back through `maxout` at input x: to the first of the largest pieces, 0 to the others.

    Parameters
    ----------
    grad : array_like
        Gradient with respect to the output, of its shape.
    x : array_like
        Input of the function.
    num_pieces, axis
        As they were given to `maxout`.

    Returns
    -------
    ndarray
        Of the shape of x and the common dtype. The first NaN counts as the largest piece.

    Raises
    ------
    ValueError
        For shapes that do not fit; as `maxout`.
    TypeError
        As `maxout`.
    """
    x, grad = _floating("maxout_backward", "x", x), _floating("maxout_backward", "grad", grad)
    pieces, axis = _pieces("maxout_backward", x, num_pieces, axis)
    wanted = pieces.shape[: axis + 1] + pieces.shape[axis + 2 :]
    if grad.shape != wanted:
        raise ValueError(f"maxout_backward: grad must have the shape {wanted}, got {grad.shape}")
    out = np.zeros(pieces.shape, np.result_type(x, grad))
    largest = np.expand_dims(pieces.argmax(axis + 1), axis + 1)
    np.put_along_axis(out, largest, np.expand_dims(grad, axis + 1), axis + 1)
    return out.reshape(x.shape)


for _function in (maxout, maxout_backward):
    _function.__module__ = "fastact"
maxout.backward = maxout_backward  # type: ignore[attr-defined]
