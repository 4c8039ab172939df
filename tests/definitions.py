"""The truth for definitions of `fastact.custom`: dual numbers of mpmath, from the definition as it was given.

Neither SymPy nor what it makes of a definition is used: a value and its derivative are carried through the operations
one by one, at `oracle.PRECISION` bits, those of the catalogue's functions by the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastact.compiler import expression
from fastact.compiler.expression import Node

from .oracle import TRUTHS, mp

Dual = tuple[Any, Any]

_OF_ONE: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "negative": (lambda a: -a, lambda _: mp.mpf(-1)),
    "absolute": (abs, mp.sign),
    "sign": (mp.sign, lambda _: mp.mpf(0)),
    "sqrt": (mp.sqrt, lambda a: 1 / (2 * mp.sqrt(a))),
    "log": (mp.log, lambda a: 1 / a),
    "log1p": (mp.log1p, lambda a: 1 / (1 + a)),
    "expm1": (mp.expm1, mp.exp),
    "sinh": (mp.sinh, mp.cosh),
    "cosh": (mp.cosh, mp.sinh),
    "tan": (mp.tan, lambda a: 1 / mp.cos(a) ** 2),
    "arcsinh": (mp.asinh, lambda a: 1 / mp.sqrt(1 + a * a)),
    "arctanh": (mp.atanh, lambda a: 1 / (1 - a * a)),
}


def truth(definition: Node, x: float, parameters: Mapping[str, float] | None = None, by: str = "x") -> Dual:
    """f(x) and its derivative with respect to "x" or a parameter, as mpmath numbers. ValueError outside the domain."""
    given = {"x": x, **(parameters or {})}
    done: dict[Node, Any] = {}
    for at in expression.topological([definition]):
        done[at] = _dual(at, [done[arg] for arg in at.args], given, by)
        if isinstance(done[at], tuple) and any(isinstance(part, mp.mpc) for part in done[at]):
            raise ValueError(f"{at} at {x} is not real")
    return done[definition]


def _dual(at: Node, args: list[Any], given: Mapping[str, float], by: str) -> Any:
    op = at.op
    if op in ("x", "parameter", "constant"):
        name = at.value or "x"
        return (mp.mpf(at.value), mp.mpf(0)) if op == "constant" else (mp.mpf(float(given[name])), mp.mpf(name == by))
    if op == "call":
        return _call(at, args)
    if op in _OF_ONE:
        value, slope = _OF_ONE[op]
        ((a, da),) = args
        return value(a), slope(a) * da if da else mp.mpf(0)
    return _OF_MORE[op](*args)


def _call(at: Node, args: list[Dual]) -> Dual:
    """A function of the catalogue."""
    row = at.value.removesuffix("_derivative")
    function = TRUTHS[row]
    (a, da), *others = args
    rest = [value for value, _ in others]
    if row != at.value:
        return function.derivative(a, *rest), function.second(a) * da if da else mp.mpf(0)
    total = function.derivative(a, *rest) * da if da else mp.mpf(0)
    for name, (_, d) in zip(expression.callables()[at.value], others, strict=True):
        if d:
            total += function.by_parameter[name][0](a, *rest) * d
    return function.value(a, *rest), total


def _power(u: Dual, v: Dual) -> Dual:
    (a, da), (b, db) = u, v
    slope = b * a ** (b - 1) * da if da else mp.mpf(0)
    return a**b, slope + (mp.log(a) * a**b * db if db else 0)


_OF_MORE: dict[str, Callable[..., Any]] = {
    "add": lambda u, v: (u[0] + v[0], u[1] + v[1]),
    "subtract": lambda u, v: (u[0] - v[0], u[1] - v[1]),
    "multiply": lambda u, v: (u[0] * v[0], u[0] * v[1] + v[0] * u[1]),
    "divide": lambda u, v: (u[0] / v[0], (u[1] - u[0] / v[0] * v[1]) / v[0]),
    "power": _power,
    "maximum": lambda u, v: u if u[0] > v[0] else v,
    "minimum": lambda u, v: u if u[0] < v[0] else v,
    "where": lambda condition, u, v: u if condition else v,
    "less": lambda u, v: u[0] < v[0],
    "less_equal": lambda u, v: u[0] <= v[0],
    "equal": lambda u, v: u[0] == v[0],
    "not_equal": lambda u, v: u[0] != v[0],
    "logical_and": lambda p, q: p and q,
    "logical_or": lambda p, q: p or q,
    "logical_not": lambda p: not p,
}


def error(computed: Any, exact: Any, scale: float = 0.0) -> float:
    """In units in the last place of the exact result, or of the scale where that is larger."""
    dtype = np.asarray(computed).dtype.type
    size = max(abs(float(exact)), scale)
    if float(computed) == float(dtype(float(exact))):
        return abs(float(mp.mpf(float(computed)) - exact)) / float(np.spacing(dtype(size))) if size else 0.0
    return float(abs(mp.mpf(float(computed)) - exact)) / float(np.spacing(dtype(size)))
