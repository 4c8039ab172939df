"""What ``rrelu`` and ``erelu`` do in training: slopes drawn for each element, and the gradient through them.

``_public.py`` gives a function of a row that draws one more keyword, ``rng`` forward and ``slope`` backward; where it
is not None, a function from here is called instead of the row's own ufunc. The arithmetic is that of the table's
ufuncs, with the slope as a parameter that has one value per element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# The keyword of each form that draws, or takes what was drawn.
KEYWORDS = {"value": "rng", "backward": "slope"}

Replacement = Callable[..., Any]


def uniform(public: str, rng: Any, x: Any, lower: Any, upper: Any, dtype: Any) -> Any:
    """Slopes for x, uniform between ``lower`` and ``upper``: one per element of the three broadcast together.

    In the floating dtype of x (float64 for integers and bools) unless ``dtype`` says another. float16 is drawn in
    float32 and rounded, so that ``lower`` and ``upper`` themselves may occur.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{public}: rng must be a numpy.random.Generator or None, got {rng!r:.60}")
    target = np.asarray(x).dtype if dtype is None else np.dtype(dtype)
    if target.kind in "iub":
        target = np.dtype(np.float64)
    # Refused before anything is drawn.
    if target.kind != "f" or target.itemsize > 8:
        raise TypeError(f"{public}: x must be of float16, float32, float64, an integer dtype or bool, not {target}")
    wide = np.dtype(np.float64 if target.itemsize == 8 else np.float32)
    low, high = np.asarray(lower, wide), np.asarray(upper, wide)
    slope = rng.random(np.broadcast_shapes(np.shape(x), low.shape, high.shape), dtype=wide.type)
    # Rounding could leave the interval by one unit in the last place.
    slope = np.clip(low + (high - low) * slope, low, high)
    return slope.astype(target.newbyteorder("="), copy=False)[()]


def checked(public: str, slope: Any) -> Any:
    """The slope, if it is real."""
    dtype = getattr(slope, "dtype", None)
    if (np.asarray(slope).dtype if dtype is None else np.dtype(dtype)).kind not in "fiub":
        raise TypeError(f"{public}: slope must be a real number or an array of them, got {slope!r:.60}")
    return slope


def _rrelu(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Replacement]:
    leaky, leaky_backward = ufuncs["leaky_relu"], ufuncs["leaky_relu_backward"]

    def value(rng: Any, x: Any, lower: Any, upper: Any, **keywords: Any) -> tuple[Any, Any]:
        slope = uniform("rrelu", rng, x, lower, upper, keywords.get("dtype"))
        return leaky(x, slope, **keywords), slope

    def backward(slope: Any, grad: Any, x: Any, _lower: Any, _upper: Any, **keywords: Any) -> Any:
        return leaky_backward(grad, x, checked("rrelu_backward", slope), **keywords)

    return {"value": value, "backward": backward}


def _erelu(ufuncs: Mapping[str, np.ufunc]) -> dict[str, Replacement]:
    srelu, relu_derivative = ufuncs["srelu"], ufuncs["relu_derivative"]
    leaky_backward = ufuncs["leaky_relu_backward"]

    def value(rng: Any, x: Any, alpha: Any, **keywords: Any) -> tuple[Any, Any]:
        alpha = np.asarray(alpha)
        slope = uniform("erelu", rng, x, 1 - alpha, 1 + alpha, keywords.get("dtype"))
        # slope * max(0, x) in one pass, and 0 where a slope of 0 meets infinity.
        zero = slope.dtype.type(0)
        return srelu(x, zero, zero, zero, slope, **keywords), slope

    def backward(slope: Any, grad: Any, x: Any, _alpha: Any, **keywords: Any) -> Any:
        factor = relu_derivative(x) * checked("erelu_backward", slope)
        # At -1 this is grad * factor, for the dtypes that the other functions take.
        dtype = factor.dtype if hasattr(factor, "dtype") else np.asarray(factor).dtype  # of a lazy one, not computed
        return leaky_backward(grad, dtype.type(-1), factor, **keywords)

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
