"""Functions that change the length of an axis, which no gufunc with ``axis=`` can: maxout and crelu.

Their names and signatures stand in the table in ``_units.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arguments import as_array, floating, halves, integer, one_axis, output, refuse_masked
from ._units import RESIZING_UNITS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray  # a millisecond of the import


def _two(public: str, grad: ArrayLike, x: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], np.dtype[Any]]:
    """A gradient and x as arrays of dtypes that are computed, and their common one."""
    grad, x = as_array(grad), as_array(x)
    refuse_masked(public, grad=grad, x=x)
    grad, x = floating(f"{public}: grad", grad), floating(f"{public}: x", x)
    return grad, x, np.result_type(grad.dtype, x.dtype)


def _pieces(public: str, x: NDArray[Any], num_pieces: int, axis: int) -> tuple[NDArray[Any], int]:
    """x with the axis split in two, (units, pieces), and the first of them."""
    axis = one_axis(public, axis, x.ndim)
    pieces = integer(f"{public}: num_pieces", num_pieces)
    length = x.shape[axis]
    if pieces < 1 or length % pieces:
        raise ValueError(
            f"{public}: num_pieces must be at least 1 and divide the length {length} of axis {axis}, got {pieces}"
        )
    return x.reshape(*x.shape[:axis], length // pieces, pieces, *x.shape[axis + 1 :]), axis


def maxout(x: ArrayLike, num_pieces: int, axis: int = -1, *, out: NDArray | None = None) -> Any:
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
    out : ndarray, optional
        Receives the result; may overlap x.

    Returns
    -------
    ndarray
        Of the dtype of x, or out. NaN among the pieces gives NaN.

    Raises
    ------
    ValueError
        For a num_pieces that does not divide the axis, an axis that does not exist, and an out of another shape.
    TypeError
        For dtypes that are not computed, masked arrays, and numbers that are no integers.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville & Bengio, Maxout networks, ICML 2013, arXiv:1302.4389

    Examples
    --------
    >>> import fastact
    >>> fastact.maxout([1.0, 5.0, -2.0, -3.0], 2)
    array([ 5., -2.])
    """
    x = as_array(x)
    refuse_masked("maxout", x=x)
    pieces, axis = _pieces("maxout", floating("maxout: x", x), num_pieces, axis)
    shape = pieces.shape[: axis + 1] + pieces.shape[axis + 2 :]
    out = output("maxout", out, shape, pieces.dtype, x)
    if out is None:
        return np.max(pieces, axis=axis + 1)
    return np.maximum.reduce(pieces, axis=axis + 1, out=out)


def maxout_backward(
    grad: ArrayLike, x: ArrayLike, num_pieces: int, axis: int = -1, *, out: NDArray | None = None
) -> Any:
    """The gradient passed back through `maxout` at input x: to the first of the largest pieces, 0 to the others.

    Parameters
    ----------
    grad : array_like
        Gradient with respect to the output, of its shape.
    x : array_like
        Input of the function.
    num_pieces, axis
        As they were given to `maxout`.
    out : ndarray, optional
        Receives the result; may overlap the inputs.

    Returns
    -------
    ndarray
        Of the shape of x and the common dtype, or out. The first NaN counts as the largest piece.

    Raises
    ------
    ValueError
        For shapes that do not fit; as `maxout`.
    TypeError
        As `maxout`.
    """
    grad, x, dtype = _two("maxout_backward", grad, x)
    pieces, axis = _pieces("maxout_backward", x, num_pieces, axis)
    wanted = pieces.shape[: axis + 1] + pieces.shape[axis + 2 :]
    if grad.shape != wanted:
        raise ValueError(f"maxout_backward: grad must have the shape {wanted}, got {grad.shape}")
    out = output("maxout_backward", out, x.shape, dtype, grad, x)
    number = np.arange(pieces.shape[axis + 1]).reshape(-1, *(1,) * (x.ndim - axis - 1))
    first = np.expand_dims(pieces.argmax(axis + 1), axis + 1) == number
    result = np.where(first, np.expand_dims(grad.astype(dtype, copy=False), axis + 1), dtype.type(0)).reshape(x.shape)
    if out is None:
        return result
    np.copyto(out, result)
    return out


def make(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Any]:
    """Every public function of this module, by name, from ufuncs of one instruction set."""
    relu, relu_backward = ufuncs["relu"], ufuncs["relu_backward"]

    def crelu(x: ArrayLike, axis: int = -1, *, out: NDArray | None = None) -> Any:
        """Rectified x and rectified -x, side by side: nothing is lost but the axis doubles.

            f(x) = concatenate(max(0, x), max(0, -x))

        Parameters
        ----------
        x : array_like
            float16, float32 or float64 (integers and bools are taken as float64); at least one dimension.
        axis : int, default -1
            The axis along which the two stand side by side.
        out : ndarray, optional
            Receives the result; may overlap x.

        Returns
        -------
        ndarray
            Of the dtype of x, or out; twice as long along the axis.

        Raises
        ------
        ValueError
            For an axis that does not exist, and an out of another shape.
        TypeError
            For dtypes that are not computed, and masked arrays.

        References
        ----------
        Shang, Sohn, Almeida & Lee, Understanding and improving CNNs via concatenated ReLU, ICML 2016, arXiv:1603.05201
        """
        x = as_array(x)
        refuse_masked("crelu", x=x)
        x = floating("crelu: x", x)
        axis = one_axis("crelu", axis, x.ndim)
        out = output("crelu", out, (*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :]), x.dtype, x)
        negative = -x  # before out is written, which may overlap x
        if out is None:
            return np.concatenate((relu(x), relu(negative)), axis)
        first, second = halves("crelu", out, axis)
        relu(x, out=first)
        relu(negative, out=second)
        return out

    def crelu_backward(grad: ArrayLike, x: ArrayLike, axis: int = -1, *, out: NDArray | None = None) -> Any:
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
        out : ndarray, optional
            Receives the result; may overlap the inputs.

        Returns
        -------
        ndarray
            Of the shape of x and the common dtype, or out.

        Raises
        ------
        ValueError
            For shapes that do not fit and an axis that does not exist.
        TypeError
            For dtypes that are not computed, and masked arrays.
        """
        grad, x, dtype = _two("crelu_backward", grad, x)
        axis = one_axis("crelu_backward", axis, x.ndim)
        wanted = (*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
        if grad.shape != wanted:
            raise ValueError(f"crelu_backward: grad must have the shape {wanted}, got {grad.shape}")
        out = output("crelu_backward", out, x.shape, dtype, grad, x)
        first, second = halves("crelu_backward", grad, axis)
        positive, negative = relu_backward(first, x), relu_backward(second, -x)
        return positive - negative if out is None else np.subtract(positive, negative, out=out)

    made: dict[str, Any] = {function.__name__: function for function in (crelu, crelu_backward)}
    made |= {function.__name__: function for function in (maxout, maxout_backward)}
    public: dict[str, Any] = {}
    for unit in RESIZING_UNITS.values():
        for form in unit.forms:
            function = public[form.name] = made[form.name]
            function.__module__, function.__qualname__ = "fastact", form.name
        made[unit.name].backward = made[f"{unit.name}_backward"]
    return public
