"""What formulas of rows share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sums_of_others(terms: NDArray) -> NDArray:
    """Of each number in a row the sum of the others, for numbers that are not negative, without cancellation.

    Of any but the largest, the others' sum is at least half of the whole, and the difference of both keeps its
    precision; of the largest, they are summed by themselves.
    """
    samples, at = np.arange(len(terms)), terms.argmax(axis=1)
    largest = terms[samples, at]
    without = terms.copy()
    without[samples, at] = 0.0
    rest = np.add.reduce(without, axis=1)
    others = np.subtract((rest + largest)[:, np.newaxis], terms, out=without)
    others[samples, at] = rest
    return others


def times(share: NDArray, quantity: NDArray) -> NDArray:
    """The product; 0 where the share is 0, even of what is infinite."""
    return np.multiply(share, quantity, out=np.zeros_like(quantity), where=share != 0)
