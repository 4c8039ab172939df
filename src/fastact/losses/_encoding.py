"""Labels as one-hot rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .._arguments import integer
from . import _checks


def to_categorical(x: ArrayLike, num_classes: int | None = None, *, dtype: DTypeLike = "float64") -> NDArray:
    """One-hot rows of integer labels.

    Parameters
    ----------
    x : array_like of integers, any shape
        Labels in [0, num_classes). A last axis of length 1, beside others, is dropped, as Keras does.
    num_classes : int, optional
        At least 1; the largest label and one by default.
    dtype : dtype, default float64
        Of the result.

    Returns
    -------
    ndarray, shape (..., num_classes)
        1 at the label, else 0.

    Raises
    ------
    TypeError
        For a ``num_classes`` that is no integer.
    ValueError
        For labels that are no integers or out of range, for no labels where ``num_classes`` is not given.

    References
    ----------
    ``keras.utils.to_categorical``.

    Examples
    --------
    >>> from fastact import losses
    >>> losses.to_categorical([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = _checks.array("x", x)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"x must be integers, got {labels.dtype}")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        if not labels.size:
            raise ValueError("x must have a label at least, where num_classes is not given")
        classes = int(labels.max()) + 1
    else:
        classes = integer("num_classes", num_classes)
        if classes < 1:
            raise ValueError(f"num_classes must be at least 1, got {classes}")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(f"x must be in [0, {max(classes, 1)}), got {labels.min()} to {labels.max()}")
    rows = np.zeros((labels.size, classes), dtype)
    rows[np.arange(labels.size), labels.ravel()] = 1
    return rows.reshape(*labels.shape, classes)
