"""What Dask's arrays need besides NumPy's protocols: two outputs, rows in one chunk, and slopes drawn chunk by chunk.

Ufuncs with one output, and gufuncs, reach Dask by ``__array_ufunc__`` as they are; a ufunc with two outputs Dask looks
up in a list of its own, and refuses. Nothing here computes anything, nor loads Dask: who has none of its arrays has not
come here.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._domains import resolved


def is_array(value: Any) -> bool:
    """Whether it is an array of Dask's."""
    module = sys.modules.get("dask.array")
    return module is not None and isinstance(value, module.Array)


def whole(array: Any, *axes: int) -> Any:
    """The array, one of Dask's with a single chunk along the axes."""
    return array.rechunk(dict.fromkeys(axes, -1)) if is_array(array) else array


def aligned(*arrays: Any, without: int | None = None) -> tuple[Any, ...]:
    """Arrays that broadcast, as Dask's with the same chunks; numbers, and all if none is Dask's, as they are.

    ``without`` is an axis of the last array, counted from its end, that the others do not have.
    """
    if not any(map(is_array, arrays)):
        return arrays
    from dask.array import asarray
    from dask.array.core import unify_chunks

    pairs: list[Any] = []
    places = [i for i, array in enumerate(arrays) if np.ndim(array)]
    for i in places:
        array = asarray(arrays[i])
        axes = list(range(-array.ndim, 0))
        if without is not None and i < len(arrays) - 1:
            axes = [axis for axis in range(-array.ndim - 1, 0) if axis != without][-array.ndim :]
        pairs += [array, tuple(axes)]
    result = list(arrays)
    for i, array in zip(places, unify_chunks(*pairs)[1], strict=True):
        result[i] = array
    return tuple(result)


def two_outputs(ufunc: np.ufunc, operands: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """A call of a ufunc with several outputs that NumPy has refused: lazy arrays; None if that was no fault of Dask's.

    Raises
    ------
    TypeError
        For ``out=`` and ``where=``, which lazy results do not have.
    """
    if len(operands) != ufunc.nin or not any(map(is_array, operands)):
        return None
    for name in ("out", "where"):
        if name in keywords:
            raise TypeError(f"{ufunc.__name__}: {name} must not be given where operands are Dask arrays")
    from dask.array import apply_gufunc

    # Python's numbers stay what they are: as arrays they would take part in the choice of the dtype.
    arrays = {i: x for i, x in enumerate(operands) if type(x) not in (int, float)}
    numbers = {i: x for i, x in enumerate(operands) if i not in arrays}
    signature = f"{','.join(['()'] * len(arrays))}->{','.join(['()'] * ufunc.nout)}"
    dtype = resolved(ufunc, operands, keywords)
    call = functools.partial(_call, ufunc, tuple(arrays), numbers, dict(keywords))
    return apply_gufunc(call, signature, *aligned(*arrays.values()), output_dtypes=(dtype,) * ufunc.nout)


def _call(
    ufunc: np.ufunc, places: tuple[int, ...], numbers: Mapping[int, Any], keywords: Mapping[str, Any], *arrays: Any
) -> Any:
    operands = {**numbers, **dict(zip(places, arrays, strict=True))}
    return ufunc(*(operands[i] for i in range(ufunc.nin)), **keywords)


def uniform(rng: np.random.Generator, draw: Any, dtype: np.dtype, *operands: Any) -> Any:
    """Numbers drawn when they are asked for: each chunk by a generator of its own, and the same ones every time.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of which one child is spawned; that seeds the chunks.
    draw : callable
        Of a generator and a chunk of every operand.
    dtype : numpy.dtype
        Of what is drawn.
    operands
        Broadcast together; at least one an array of Dask's.

    Raises
    ------
    TypeError
        If the generator has no seed sequence to spawn from.
    """
    from dask.array import map_blocks

    operands = aligned(*operands)
    (child,) = rng.spawn(1)
    call = functools.partial(_draw, draw, type(child.bit_generator), child.bit_generator.seed_seq)
    return map_blocks(call, *operands, dtype=dtype, meta=np.empty((0,) * max(map(np.ndim, operands)), dtype))


def _draw(draw: Any, kind: Any, seed: Any, *chunks: Any, block_id: tuple[int, ...]) -> Any:
    of_chunk = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *block_id), pool_size=seed.pool_size)
    return draw(np.random.Generator(kind(of_chunk)), *chunks)
