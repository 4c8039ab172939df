"""What ``rrelu`` and ``erelu`` do in training: slopes drawn for each element, and the gradient through them.

``_public.py`` gives a function of a row that draws one more keyword, ``rng`` forward and ``slope`` backward; where it
is not None, a function from here is called instead of the row's own ufunc. The arithmetic is that of the table's
ufuncs, with the slope as a parameter that has one value per element.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import _dask
from ._domains import resolved

Replacement = Callable[..., Any]


def uniform(public: str, rng: np.random.Generator, x: Any, lower: Any, upper: Any, dtype: Any) -> Any:
    """Slopes for x, uniform between ``lower`` and ``upper``: one per element of the three broadcast together.

    In the floating dtype of x (float64 for integers and bools) unless ``dtype`` says another. float16 is drawn in
    float32 and rounded, so that ``lower`` and ``upper`` themselves may occur. Dask's arrays stay lazy.
    """
    target = _dtype(x) if dtype is None else np.dtype(dtype)
    if target.kind in "iub":
        target = np.dtype(np.float64)
    # Refused before anything is drawn.
    if target.kind != "f" or target.itemsize > 8:
        raise TypeError(f"{public}: x must be of float16, float32, float64, an integer dtype or bool, not {target}")
    target = target.newbyteorder("=")
    if any(map(_dask.is_array, (x, lower, upper))):
        return _dask.uniform(rng, functools.partial(_drawn, target), target, x, lower, upper)
    return _drawn(target, rng, x, lower, upper)


def _dtype(x: Any) -> np.dtype:
    """The dtype of an array or a number, without asking a lazy one for its values."""
    return x.dtype if _dask.is_array(x) else np.asarray(x).dtype


def _drawn(target: np.dtype, rng: np.random.Generator, x: Any, lower: Any, upper: Any) -> Any:
    """The slopes of arrays and numbers, in a floating dtype."""
    wide = np.dtype(np.float64 if target.itemsize == 8 else np.float32)
    low, high = np.asarray(lower, wide), np.asarray(upper, wide)
    slope = rng.random(np.broadcast_shapes(np.shape(x), low.shape, high.shape), dtype=wide.type)
    # Rounding could leave the interval by one unit in the last place.
    slope = np.clip(low + (high - low) * slope, low, high)
    return slope.astype(target, copy=False)[()]


@contextmanager
def drawing(public: str, rng: Any) -> Iterator[None]:
    """Puts the generator's state back if what is done with the numbers drawn fails."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{public}: rng must be a numpy.random.Generator or None, got {rng!r:.60}")
    state = rng.bit_generator.state
    try:
        yield
    except BaseException:
        rng.bit_generator.state = state
        raise


@contextmanager
def speaking_of(public: str, *inner: np.ufunc) -> Iterator[None]:
    """What a ufunc complains about is said of the function that was called."""
    try:
        yield
    except (TypeError, ValueError, FloatingPointError) as error:
        text = str(error)
        for ufunc in inner:
            text = text.replace(ufunc.__name__, public)
        # NumPy's own classes are not made of a text.
        kind = next(kind for kind in (TypeError, ValueError, FloatingPointError) if isinstance(error, kind))
        raise kind(text) from None


def by_dtype(own: np.ufunc, operands: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
    """The keywords, with ``signature=``, which is one of the public function's own ufunc, as ``dtype=``."""
    if "dtype" in keywords or not keywords.keys() & {"signature", "sig"}:
        return keywords
    others = {name: value for name, value in keywords.items() if name not in ("signature", "sig")}
    return others | {"dtype": resolved(own, operands, keywords)}


def checked(public: str, slope: Any) -> Any:
    """The slope, if it is real."""
    dtype = getattr(slope, "dtype", None)
    if (np.asarray(slope).dtype if dtype is None else np.dtype(dtype)).kind not in "fiub":
        raise TypeError(f"{public}: slope must be a real number or an array of them, got {slope!r:.60}")
    return slope


def _rrelu(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Replacement]:
    leaky, leaky_backward = ufuncs["leaky_relu"], ufuncs["leaky_relu_backward"]
    own, own_backward = ufuncs["rrelu"], ufuncs["rrelu_backward"]

    def value(rng: Any, x: Any, lower: Any, upper: Any, **keywords: Any) -> tuple[Any, Any]:
        with speaking_of("rrelu", leaky, own), drawing("rrelu", rng):
            keywords = by_dtype(own, (x, lower, upper), keywords)
            slope = uniform("rrelu", rng, x, lower, upper, keywords.get("dtype"))
            return leaky(x, slope, **keywords), slope

    def backward(slope: Any, grad: Any, x: Any, lower: Any, upper: Any, **keywords: Any) -> Any:
        with speaking_of("rrelu_backward", leaky_backward, own_backward):
            keywords = by_dtype(own_backward, (grad, x, lower, upper), keywords)
            return leaky_backward(grad, x, checked("rrelu_backward", slope), **keywords)

    return {"value": value, "backward": backward}


def _erelu(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Replacement]:
    srelu, relu_derivative = ufuncs["srelu"], ufuncs["relu_derivative"]
    leaky_backward = ufuncs["leaky_relu_backward"]
    own, own_backward = ufuncs["erelu"], ufuncs["erelu_backward"]

    def value(rng: Any, x: Any, alpha: Any, **keywords: Any) -> tuple[Any, Any]:
        with speaking_of("erelu", srelu, own), drawing("erelu", rng):
            keywords = by_dtype(own, (x, alpha), keywords)
            width = alpha if _dask.is_array(alpha) else np.asarray(alpha)
            slope = uniform("erelu", rng, x, 1 - width, 1 + width, keywords.get("dtype"))
            # slope * max(0, x) in one pass, and 0 where a slope of 0 meets infinity.
            zero = slope.dtype.type(0)
            return srelu(x, zero, zero, zero, slope, **keywords), slope

    def backward(slope: Any, grad: Any, x: Any, alpha: Any, **keywords: Any) -> Any:
        with speaking_of("erelu_backward", leaky_backward, relu_derivative, own_backward):
            keywords = by_dtype(own_backward, (grad, x, alpha), keywords)
            factor = relu_derivative(x) * checked("erelu_backward", slope)
            # At -1 this is grad * factor, for the dtypes that the other functions take.
            dtype = getattr(factor, "dtype", None)  # a lazy factor stays lazy
            below = (np.asarray(factor).dtype if dtype is None else dtype).type(-1)
            return leaky_backward(grad, below, factor, **keywords)

    return {"value": value, "backward": backward}


_MAKERS = {"rrelu": _rrelu, "erelu": _erelu}


def replacements(name: str, ufuncs: Mapping[str, np.ufunc]) -> dict[str, Replacement]:
    """By form, what the functions of a row that draws call when their further keyword is given.

    Parameters
    ----------
    name : str
        The row's name.
    ufuncs : mapping of str to ufunc
        The ufuncs of an instruction set, by the public name of the function around each.
    """
    return _MAKERS[name](ufuncs)
