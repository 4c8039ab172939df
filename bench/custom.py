"""An activation of one's own beside the ways to compile one elsewhere, as Markdown: ``python -m bench.custom``.

Times f and f' of some definitions in turns, on one thread, with an output that exists, for arrays that stay in the
cache; before anything is timed all must agree. The peers: JAX (jit, and grad by vmap), Numba's vectorize of the formula
and of its derivative by hand, numexpr of the same, NumPy's functions one after the other. Beside them stands the sum of
the ufuncs of fastact and NumPy that a definition amounts to, which no way of calling them can beat that does not fuse
them, and the built-in activation where there is one. At last the seconds that defining takes, from an empty cache and
from a full one. It takes about a minute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .interleave import Turns
from .single_thread import single_thread

SIZE = 100_000
SECONDS = 0.7  # each table row


@dataclass(frozen=True)
class Definition:
    """A definition, and f and f' as text for numexpr and Numba; ``parts`` names the ufuncs that f and f' amount to."""

    text: str
    value: str
    slope: str
    parts: tuple[str, ...]
    slope_parts: tuple[str, ...]
    built_in: str = ""


_E = "exp(-abs(x))"
_SIGMOID = "(1/(1 + exp(-x)))"
_SOFTPLUS = f"(log1p({_E}) + where(x > 0, x, 0))"
_SLOPE_OF_TANH = f"(1 - tanh({_SOFTPLUS})**2)"

DEFINITIONS = (
    Definition(
        "x*tanh(softplus(x))",
        f"x*tanh({_SOFTPLUS})",
        f"tanh({_SOFTPLUS}) + x*{_SLOPE_OF_TANH}*{_SIGMOID}",
        ("softplus", "tanh", "multiply"),
        ("softplus", "softplus_derivative", "tanh", "tanh_derivative", "multiply", "multiply", "add"),
        "mish",
    ),
    Definition(
        "x*sigmoid(x)",
        f"x*{_SIGMOID}",
        f"{_SIGMOID}*(1 + x*(1 - {_SIGMOID}))",
        ("sigmoid", "multiply"),
        ("sigmoid", "sigmoid_derivative", "multiply", "add"),
        "silu",
    ),
    Definition(
        "x*sigmoid(x) + 0.1*x",
        f"x*{_SIGMOID} + 0.1*x",
        f"{_SIGMOID}*(1 + x*(1 - {_SIGMOID})) + 0.1",
        ("silu", "multiply", "add"),
        ("silu_derivative", "add"),
    ),
    Definition(
        "tanh(x)*sigmoid(x)",
        f"tanh(x)*{_SIGMOID}",
        f"{_SIGMOID}*(1 - tanh(x)**2 + tanh(x)*(1 - {_SIGMOID}))",
        ("tanh", "sigmoid", "multiply"),
        ("tanh", "tanh_derivative", "sigmoid", "sigmoid_derivative", "multiply", "multiply", "add"),
    ),
    Definition(
        "x + sin(x)^2",
        "x + sin(x)**2",
        "1 + 2*sin(x)*cos(x)",
        ("sin", "multiply", "add"),
        ("sin", "cos", "multiply", "add"),
    ),
    Definition("sign(x)*x^2", "x*abs(x)", "2*abs(x)", ("abs", "multiply"), ("abs", "multiply")),
)

Contestants = dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]


def _numba(text: str) -> Callable[..., Any]:
    """A formula as Numba's vectorize compiles it."""
    import math

    import numba

    def where(condition: Any, a: Any, b: Any) -> Any:
        return a if condition else b

    names = {name: getattr(math, name) for name in ("exp", "log1p", "tanh", "sin", "cos")}
    formula = eval(f"lambda x: {text}", names | {"where": numba.njit(where), "abs": abs})
    return numba.vectorize(["float32(float32)", "float64(float64)"])(formula)


def _jax(text: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A formula, and its derivative by grad, as XLA compiles them."""
    import jax

    jax.config.update("jax_enable_x64", True)
    numpy = jax.numpy
    names = {name: getattr(numpy, name) for name in ("exp", "log1p", "tanh", "sin", "cos", "abs", "where")}
    formula = eval(f"lambda x: {text}", names)
    return jax.jit(formula), jax.jit(jax.vmap(jax.grad(formula)))


def contestants(definition: Definition, dtype: str) -> tuple[Contestants, Contestants]:
    """All for f, and all for f', by name."""
    import numpy as np

    import fastact

    x = np.random.default_rng(0).normal(0, 3, SIZE).astype(dtype)
    out, other = np.empty_like(x), np.random.default_rng(1).normal(0, 3, SIZE).astype(dtype)
    own = fastact.custom(definition.text)
    both: tuple[Contestants, Contestants] = ({}, {})

    def parts(names: tuple[str, ...]) -> Callable[..., Any]:
        functions = [
            getattr(np, name, None) if not hasattr(fastact, name) else getattr(fastact, name) for name in names
        ]
        ufuncs = [getattr(function, "ufunc", function) for function in functions]

        def run(x: Any) -> None:
            for ufunc in ufuncs:
                if ufunc.nin == 1:
                    ufunc(x, out)
                else:  # the parameter of softplus, or the other operand
                    ufunc(x, other if ufunc in (np.multiply, np.add) else 1.0, out)

        return run

    def numexpr(text: str) -> Callable[..., Any]:
        import numexpr

        return lambda x: numexpr.evaluate(text, local_dict={"x": x}, out=out)

    def numpy(text: str) -> Callable[..., Any]:
        names = {name: getattr(np, name) for name in ("exp", "log1p", "tanh", "sin", "cos", "abs", "where")}
        return eval(f"lambda x: {text}", names)

    jitted: dict[str, Any] = {}
    for i, (text, names) in enumerate(
        ((definition.value, definition.parts), (definition.slope, definition.slope_parts))
    ):
        found = both[i]
        function = (own, own.derivative)[i]
        found["custom"] = (lambda x, function=function: function(x, out), (x,))
        if definition.built_in:
            built_in = getattr(fastact, definition.built_in + "_derivative" * i)
            found["built-in"] = (lambda x, function=built_in: function(x, out), (x,))
        found["sum"] = (parts(names), (x,))
        found["numpy"] = (numpy(text), (x,))
        try:
            found["numexpr"] = (numexpr(text), (x,))
            numexpr(text)(x)
        except ModuleNotFoundError:
            del found["numexpr"]
        compiled = _numba(text)
        found["numba"] = (lambda x, compiled=compiled: compiled(x, out), (x,))
        try:
            jitted.setdefault("both", _jax(definition.value))
        except ModuleNotFoundError:
            continue
        found["jax"] = (lambda x, f=jitted["both"][i]: f(x).block_until_ready(), (x,))
    for i, found in enumerate(both):
        _check(definition.text, found, (own, own.derivative)[i](x.astype(np.float64)), dtype)
    return both


def _check(text: str, found: Contestants, exact: Any, dtype: str) -> None:
    """Raise unless all compute the same."""
    import numpy as np

    tolerance = 1e-4 if dtype == "float32" else 1e-9
    for name, (function, arguments) in found.items():
        if name == "sum":
            continue
        result = function(*arguments)
        if name in ("custom", "built-in", "numba", "numexpr"):
            result = result.copy()
        difference = np.max(np.abs(np.asarray(result, np.float64) - exact) / (1 + np.abs(exact)))
        if not difference <= tolerance:
            raise AssertionError(f"{name} disagrees about {text} in {dtype}: by {difference:g}")


def seconds_to_define(text: str) -> tuple[float, float]:
    """Seconds from an empty cache and from a full one, in processes of their own, without those of imports."""
    code = (
        "import sys, time, numpy, sympy, numba.core.codegen, fastact.compiler as compiler;"
        "start = time.perf_counter(); compiler.custom(sys.argv[1]); print(time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as folder:
        times = [
            float(
                subprocess.run(
                    [sys.executable, "-c", code, text],
                    env={**os.environ, "FASTACT_CACHE_DIR": folder},
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            )
            for _ in range(2)
        ]
    return times[0], times[1]


def main() -> None:
    """Measure and print."""
    single_thread()
    names = ("built-in", "sum", "numpy", "numexpr", "numba", "jax")
    print(f"Time of the peer over that of `fastact.custom`, {SIZE} elements: above 1, custom is faster.\n")
    print(f"| definition | dtype | form | ns | {' | '.join(names)} |")
    print(f"| --- | --- | --- | ---: | {' | '.join(['---:'] * len(names))} |")
    for definition in DEFINITIONS:
        for dtype in ("float32", "float64"):
            for form, found in zip(("f", "f'"), contestants(definition, dtype), strict=True):
                turns = Turns(found)
                for _ in range(turns.rounds_within(SECONDS)):
                    turns.round()
                summary = turns.summary("custom")
                cells = [f"{summary[n]['ratio']['median']:.2f}" if n in summary else "" for n in names]
                own = sorted(turns.samples["custom"])[len(turns.samples["custom"]) // 2] / SIZE * 1e9
                print(f"| `{definition.text}` | {dtype} | {form} | {own:.2f} | {' | '.join(cells)} |", flush=True)
    print("\n| definition | seconds to define | from the cache |\n| --- | ---: | ---: |")
    for definition in DEFINITIONS:
        first, again = seconds_to_define(definition.text)
        print(f"| `{definition.text}` | {first:.2f} | {again:.3f} |", flush=True)


if __name__ == "__main__":
    main()
