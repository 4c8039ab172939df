"""One case of the benchmark (activation, form, dtype, size): its buffers, and its contestants bound to them."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastact

from . import peers
from .peers.entry import DTYPES, HALF, HALF_LIBRARIES, Peer

SIZES = (1, 1_000, 100_000, 10_000_000)
HALF_SIZES = (100_000,)
HALF_RANGE = (-8.0, 8.0)  # 20 e^8 is below the largest float16
PAGE = 4096

FASTACT = "fastact"
FASTACT_ALLOCATING = "fastact, no out"
COPY = "copy"


@dataclass(frozen=True)
class Contestant:
    """Something that is timed: ``run(*arguments)``, whose result ``numpy.asarray`` understands."""

    run: Callable[..., Any]
    arguments: tuple[Any, ...]
    peer: Peer | None = None


@dataclass(frozen=True)
class Case:
    """One form of one activation at one dtype and size."""

    activation: str
    form: str
    dtype: str
    size: int

    def __str__(self) -> str:
        return f"{self.activation}-{self.form}-{self.dtype}-{size_label(self.size)}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the array inputs."""
        return next(form.inputs for form in fastact.activations[self.activation].forms if form.name == self.form)

    @property
    def function(self) -> Callable[..., Any]:
        """The public function of fastact."""
        function = getattr(fastact, self.activation)
        return function if self.form == "value" else getattr(function, self.form)


def size_label(size: int) -> str:
    """``1``, ``100``, ``1e3``, ``2.5e5``."""
    if size < 1000:
        return str(size)
    exponent = int(math.log10(size))
    return f"{size / 10**exponent:.12g}e{exponent}"


def cases(
    forms: Iterable[str] = peers.FORMS, dtypes: Iterable[str] = DTYPES, sizes: Iterable[int] = SIZES
) -> list[Case]:
    """Every case of the given forms, dtypes and sizes: all rows of ``fastact.activations``, with or without peers."""
    return [
        Case(name, form, dtype, size)
        for name, row in fastact.activations.items()
        for form in forms
        if form in {form.name for form in row.forms}
        for dtype in dtypes
        for size in sizes
    ]


def aligned_empty(size: int, dtype: str) -> NDArray[Any]:
    """An uninitialised array that starts at a page, so that no run is lucky with its alignment."""
    bytes_needed = size * np.dtype(dtype).itemsize
    memory = np.empty(bytes_needed + PAGE, np.uint8)
    start = -memory.ctypes.data % PAGE
    return memory[start : start + bytes_needed].view(dtype)


@functools.lru_cache(maxsize=16)
def normal(size: int, dtype: Any, seed: int) -> NDArray[Any]:
    """Standard normal numbers, the same at every run; read-only."""
    drawn = np.float32 if dtype == HALF else dtype
    numbers = np.random.default_rng(seed).standard_normal(size, dtype=drawn).astype(dtype)
    numbers.flags.writeable = False
    return numbers


@dataclass
class Buffers:
    """The arrays of a case by name (see ``peers``): every contestant reads the same inputs and writes the same ``out``.

    Parameters
    ----------
    case : Case
        What to compute.
    x : ndarray of shape (n,), optional
        Inputs; by default 3 N(0, 1), clipped to ``peers.RANGE``, the same at every run.
    """

    case: Case
    x: NDArray[Any] | None = None
    arrays: dict[str, NDArray[Any]] = field(init=False)

    def __post_init__(self) -> None:
        dtype = self.case.dtype
        size = self.case.size if self.x is None else self.x.size
        # Neighbours in one block, each from a page on, so that the copy can move just what the others touch.
        stride = -(-size * np.dtype(dtype).itemsize // PAGE) * PAGE // np.dtype(dtype).itemsize
        self._read, self._written = aligned_empty(3 * stride, dtype), aligned_empty(2 * stride, dtype)
        self._read.fill(0)
        self._written.fill(0)
        x, grad, y = (self._read[start : start + size] for start in range(0, 3 * stride, stride))
        out, tmp = (self._written[start : start + size] for start in range(0, 2 * stride, stride))
        mask = aligned_empty(size, "bool")
        mask.fill(0)
        self.arrays = {"x": x, "grad": grad, "y": y, "out": out, "tmp": tmp, "mask": mask}
        if self.x is None:
            np.multiply(normal(size, dtype, 1), 3, out=x)
            np.clip(x, *(HALF_RANGE if dtype == HALF else peers.RANGE), out=x)
        else:
            x[:] = self.x
        grad[:] = 1 if self.case.form == "derivative" else normal(size, dtype, 2)
        getattr(fastact, self.case.activation)(x, out=y)

    def fastact(self) -> dict[str, Contestant]:
        """fastact itself, writing to ``out`` and allocating."""
        function = self.case.function
        inputs = tuple(self.arrays[name] for name in self.case.inputs)

        # Functions of one Python frame, as the peers' entries are.
        if len(inputs) == 1:
            return {
                FASTACT: Contestant(lambda x, out: function(x, out=out), (*inputs, self.arrays["out"])),
                FASTACT_ALLOCATING: Contestant(lambda x: function(x), inputs),  # noqa: PLW0108
            }
        return {
            FASTACT: Contestant(lambda grad, x, out: function(grad, x, out=out), (*inputs, self.arrays["out"])),
            FASTACT_ALLOCATING: Contestant(lambda grad, x: function(grad, x), inputs),  # noqa: PLW0108
        }

    def copy(self) -> dict[str, Contestant]:
        """The reference line: ``numpy.copyto`` moving as many bytes as the case reads and writes."""
        size = math.ceil(self.arrays["x"].size * (len(self.case.inputs) + 1) / 2)
        first = self._read.size // 3 if self.case.form == "backward_from_output" else 0
        source, target = self._read[first : first + size], self._written[:size]
        return {COPY: Contestant(lambda x, out: np.copyto(out, x), (source, target))}

    def peers(self, libraries: Iterable[str] = peers.LIBRARIES) -> dict[str, Contestant]:
        """The case's peers in its dtype, of those libraries given that are installed, each on its own arrays."""
        found = {}
        for name, peer in peers.peers_of(self.case.activation, self.case.form).items():
            library = peers.package_of(name)
            if self.case.dtype == HALF:
                known = library in HALF_LIBRARIES and "float32" in peer.dtypes
            else:
                known = self.case.dtype in peer.dtypes
            if known and library in libraries and peers.installed(library):
                peers.load(library)
                found[name] = self._bind(library, peer)
        return found

    def _bind(self, library: str, peer: Peer) -> Contestant:
        parameters = fastact.activations[self.case.activation].defaults
        if isinstance(peer.entry, str):
            return self._bind_numexpr(peer, parameters)
        names = list(inspect.signature(peer.entry).parameters)
        if library == "jax":
            entry, static = peer.entry, {name: parameters[name] for name in names if name in parameters}
            jitted = peers.jax.jit(lambda *arrays: entry(*arrays, **static))
            inputs = tuple(peers.jnp.asarray(self.arrays[name]) for name in names if name not in parameters)
            return Contestant(lambda *arrays: jitted(*arrays).block_until_ready(), inputs, peer)
        convert = peers.torch.from_numpy if library == "torch" else np.asarray
        arguments = (parameters[name] if name in parameters else convert(self.arrays[name]) for name in names)
        return Contestant(peer.entry, tuple(arguments), peer)

    def _bind_numexpr(self, peer: Peer, parameters: dict[str, float]) -> Contestant:
        # A compiled NumExpr: numexpr.evaluate would look the expression up in its cache at every call.
        dtype = self.arrays["x"].dtype
        kind = float if dtype == np.float32 else dtype.type  # numexpr's names for single and double
        values = {name: self.arrays[name] for name in ("x", "grad", "y")}
        values |= {name: np.array(value, dtype) for name, value in (peers.CONSTANTS | parameters).items()}
        code = compile(str(peer.entry), self.case.activation, "eval")
        names = [name for name in code.co_names if name in values]
        expression = peers.numexpr.NumExpr(peer.entry, [(name, kind) for name in names])
        out = self.arrays["out"]
        arguments = tuple(values[name] for name in names)
        return Contestant(lambda *arrays: expression(*arrays, out=out, ex_uses_vml=False), arguments, peer)
