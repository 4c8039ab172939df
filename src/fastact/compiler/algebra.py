"""Nodes as SymPy's expressions: each function of the catalogue is a class that knows its derivative.

Where a maximum or minimum has two equal operands, the derivative is that of the constant if one is constant, as
relu'(0) is 0, else the mean of both. That of a sign and of a comparison is 0 everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from . import expression
from .expression import Node

# d/du of functions that are not the catalogue's, or that is written better: of SymPy, `Algebra.operation` and u.
_DERIVATIVES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "log1p": lambda _, __, u: 1 / (1 + u),
    "expm1": lambda sympy, _, u: sympy.exp(u),
    "sin": lambda _, f, u: f("cos")(u),
    "cos": lambda _, f, u: -f("sin")(u),
    "sinh": lambda _, f, u: f("cosh")(u),
    "cosh": lambda _, f, u: f("sinh")(u),
    "tan": lambda _, f, u: 1 / f("cos")(u) ** 2,
    "arcsinh": lambda sympy, _, u: 1 / sympy.sqrt(1 + u**2),
    "arctanh": lambda _, __, u: 1 / ((1 - u) * (1 + u)),
}

# What SymPy has operators and functions of its own for.
_PLAIN: dict[str, Callable[..., Any]] = {
    "add": lambda _, a, b: a + b,
    "subtract": lambda _, a, b: a - b,
    "multiply": lambda _, a, b: a * b,
    "divide": lambda _, a, b: a / b,
    "power": lambda _, a, b: a**b,
    "negative": lambda _, a: -a,
    "absolute": lambda sympy, a: sympy.Abs(a),
    "sqrt": lambda sympy, a: sympy.sqrt(a),
    "log": lambda sympy, a: sympy.log(a),
    "exponential": lambda sympy, a: sympy.exp(a),
}


@cache
def algebra() -> Algebra:
    """The one of this process. ModuleNotFoundError without SymPy, which is imported here."""
    try:
        import sympy
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "fastact.custom differentiates with SymPy: pip install 'fastact[custom]'", name=error.name
        ) from None
    return Algebra(sympy)


class Algebra:
    """SymPy, with a class for each operation that it does not have; ``symbols`` are x and parameters by name."""

    def __init__(self, sympy: Any) -> None:
        self.sympy = sympy
        self.symbols: dict[str, Any] = {}
        self._operations: dict[str, Any] = {}
        self._bases = _bases(sympy, self)

    def symbol(self, name: str) -> Any:
        """That of "x" or of a parameter."""
        if name not in self.symbols:
            # A prefix, so that no parameter is taken for x or for a symbol of cse.
            self.symbols[name] = self.sympy.Symbol("x" if name == "x" else f"parameter {name}", real=True)
        return self.symbols[name]

    def operation(self, name: str) -> Any:
        """The class of an operation, or of a function by name."""
        if name not in self._operations:
            kind = {"maximum": "extreme", "minimum": "extreme", "where": "choice", "sign": "step"}.get(name, "function")
            base = self._bases["step" if name in expression.BOOLEAN else kind]
            self._operations[name] = type(name, (base,), {})
        return self._operations[name]

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        """``where``, unless there is nothing to choose."""
        return a if a == b else self.operation("where")(condition, a, b)

    def number(self, value: float) -> Any:
        """Exact where it is an integer or a short binary fraction; else the float itself."""
        if value == int(value):
            return self.sympy.Integer(int(value))
        numerator, denominator = value.as_integer_ratio()
        if denominator <= 1024:
            return self.sympy.Rational(numerator, denominator)
        return self.sympy.Float(value, precision=53)

    def from_node(self, output: Node) -> Any:
        """The expression of a node."""
        done: dict[Node, Any] = {}
        for at in expression.topological([output]):
            args = [done[arg] for arg in at.args]
            name = at.value if at.op == "call" else at.op
            if at.op in ("x", "parameter"):
                done[at] = self.symbol(at.value or "x")
            elif at.op == "constant":
                done[at] = self.number(at.value)
            elif name in _PLAIN:
                done[at] = _PLAIN[name](self.sympy, *args)
            else:
                done[at] = self.operation(name)(*args)
        return done[output]

    def derivative_of(self, name: str, index: int, args: tuple[Any, ...]) -> Any:
        """The derivative of a function with respect to one of its arguments, counted from 1.

        TypeError if there is none.
        """
        if name in _DERIVATIVES:
            return _DERIVATIVES[name](self.sympy, self.operation, args[0])
        if index > 1:
            parameter = expression.callables()[name][index - 2]
            derivative, by = f"{name}_derivative_{parameter}", f"its parameter {parameter}"
        else:
            row = name.removesuffix("_derivative")
            derivative, by = f"{row}_second_derivative" if row != name else f"{name}_derivative", "its input"
        if derivative not in expression.callables():
            raise TypeError(f"{name} has no derivative with respect to {by} in fastact, and it is needed here")
        return self.operation(derivative)(*args)


def _bases(sympy: Any, own: Algebra) -> dict[str, Any]:
    """The classes that operations derive from."""

    class Operation(sympy.Function):
        """One that SymPy does not evaluate."""

        is_real = True

        @classmethod
        def eval(cls, *_: Any) -> None:
            return None

    class Step(Operation):
        """One whose derivative is 0: comparisons, conditions, signs."""

        def _eval_derivative(self, _: Any) -> Any:
            return sympy.S.Zero

    class Choice(Operation):
        """where(condition, a, b)."""

        def _eval_derivative(self, by: Any) -> Any:
            condition, a, b = self.args
            return own.choose(condition, a.diff(by), b.diff(by))

    class Extreme(Operation):
        """A maximum or minimum of two."""

        def _eval_derivative(self, by: Any) -> Any:
            a, b = self.args if self.args[0].has(by) else self.args[::-1]
            slope_a, slope_b = a.diff(by), b.diff(by)

            def chosen(one: Any, other: Any) -> Any:
                pair = (other, one) if self.func.__name__ == "maximum" else (one, other)
                return own.operation("less")(*pair)

            if not b.has(by):
                return own.choose(chosen(a, b), slope_a, slope_b)
            tie = (slope_a + slope_b) / 2
            return own.choose(chosen(a, b), slope_a, own.choose(chosen(b, a), slope_b, tie))

    class Function(Operation):
        """A function of the catalogue, of NumPy's that have a kernel, or composed of those."""

        def fdiff(self, argindex: int = 1) -> Any:
            return own.derivative_of(self.func.__name__, argindex, self.args)

    return {"step": Step, "choice": Choice, "extreme": Extreme, "function": Function}
