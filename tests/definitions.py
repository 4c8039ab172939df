"""The truth for definitions of `fastact.custom`: dual numbers of mpmath, from the definition as it was given.

Neither SymPy nor what it makes of a definition is used: a value and its derivative are carried through the operations one
by one, at `oracle.PRECISION` bits, those of the catalogue's functions by the oracle.
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
    "absolute": (abs, lambda a: mp.sign(a)),
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
    if op in ("x", "parameter"):
        name = at.value or "x"
        return mp.mpf(float(given[name])), mp.mpf(name == by)
    if op == "constant":
        return mp.mpf(at.value), mp.mpf(0)
    if op == "logical_not":
        return not args[0]
    if op in ("logical_and", "logical_or"):
        return (args[0] and args[1]) if op == "logical_and" else (args[0] or args[1])
    if op == "where":
        return args[1] if args[0] else args[2]
    if op in _OF_ONE:
        value, slope = _OF_ONE[op]
        ((a, da),) = args
        return value(a), slope(a) * da if da else mp.mpf(0)
    if op == "call":
        row = at.value.removesuffix("_derivative")
        function = TRUTHS[row]
        if row != at.value:
            ((a, da),) = args
            return function.derivative(a), function.second(a) * da if da else mp.mpf(0)
        rest = [a for a, _ in args[1:]]
        a, da = args[0]
        total = function.derivative(a, *rest) * da if da else mp.mpf(0)
        names = list(expression.callables()[at.value])
        for name, (_, d) in zip(names, args[1:], strict=True):
            if d:
                total += function.by_parameter[name][0](a, *rest) * d
        return function.value(a, *rest), total
    (a, da), (b, db) = args
    if op in expression.COMPARISONS:
        return {"less": a < b, "less_equal": a <= b, "equal": a == b, "not_equal": a != b}[op]
    if op in ("maximum", "minimum"):
        first = a > b if op == "maximum" else a < b
        return (a, da) if first else (b, db)
    if op == "power":
        slope = b * a ** (b - 1) * da if da else mp.mpf(0)
        return a**b, slope + (mp.log(a) * a**b * db if db else 0)
    return {
        "add": lambda: (a + b, da + db),
        "subtract": lambda: (a - b, da - db),
        "multiply": lambda: (a * b, a * db + b * da),
        "divide": lambda: (a / b, (da - a / b * db) / b),
    }[op]()


def error(computed: Any, exact: Any, scale: float = 0.0) -> float:
    """In units in the last place of the exact result, or of the scale where that is larger."""
    dtype = np.asarray(computed).dtype.type
    size = max(abs(float(exact)), scale)
    if float(computed) == float(dtype(float(exact))):
        return abs(float(mp.mpf(float(computed)) - exact)) / float(np.spacing(dtype(size))) if size else 0.0
    return float(abs(mp.mpf(float(computed)) - exact)) / float(np.spacing(dtype(size)))
