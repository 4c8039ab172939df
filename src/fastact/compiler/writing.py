"""SymPy's expressions as nodes again: quotients instead of negative powers, and composed functions written out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from . import expression
from .algebra import Algebra
from .expression import Node, call, constant, node


def to_nodes(own: Algebra, results: list[Any]) -> list[Node]:
    """The nodes of expressions; what they share is found by SymPy's ``cse``."""
    replacements, reduced = own.sympy.cse(results, symbols=own.sympy.numbered_symbols("shared "))
    done = {symbol: expression.X if name == "x" else expression.parameter(name) for name, symbol in own.symbols.items()}
    writer = Writer(own.sympy, done)
    for symbol, shared in replacements:
        done[symbol] = writer.node(shared)
    return [writer.node(result) for result in reduced]


class Writer:
    """Makes nodes, each once."""

    def __init__(self, sympy: Any, done: dict[Any, Node]) -> None:
        self.sympy, self.done = sympy, done

    def node(self, given: Any) -> Node:
        """The node of an expression, made once."""
        found = self.done.get(given)
        if found is None:
            found = self.done[given] = self.made(given)
        return found

    def made(self, given: Any) -> Node:
        """The node of an expression."""
        if given.is_number and (given.is_extended_real is not True or self.sympy.N(given, 30).is_Number):
            return _number(self.sympy, given)
        if given.is_Pow:  # also the exponential
            return self.power(*given.as_base_exp())
        for kind, write in (("is_Add", self.sum), ("is_Mul", self.product)):
            if getattr(given, kind):
                return write(given)
        return _function(given.func.__name__, [self.node(arg) for arg in given.args])

    def ordered(self, given: Iterable[Any]) -> list[Any]:
        """The arguments in an order that depends on nothing but them: rounding depends on it."""
        return sorted(given, key=self.sympy.default_sort_key)

    def sum(self, given: Any) -> Node:
        """Positive terms first, and then those that are subtracted; constants last."""
        terms = self.ordered(given.args)
        terms.sort(key=lambda term: (term.could_extract_minus_sign(), bool(term.is_number)))
        first, *others = terms
        out = self.node(first)
        for term in others:
            if term.could_extract_minus_sign():
                out = node("subtract", out, self.node(-term))
            else:
                out = node("add", out, self.node(term))
        return out

    def product(self, given: Any) -> Node:
        """Factors over divisors, and the constant, which is exact as far as its parts are."""
        sympy = self.sympy
        coefficient, rest = given.as_coeff_Mul()
        above, below = [], []
        for factor in self.ordered(sympy.Mul.make_args(rest)):
            base, exponent = factor.as_base_exp()
            if exponent.is_number and exponent.is_negative and base is not sympy.E:
                below.append(self.power(base, -exponent))
            else:
                above.append(self.node(factor))
        negative = bool(coefficient.is_negative)
        coefficient = abs(coefficient)
        if coefficient.is_Rational and coefficient.q & (coefficient.q - 1) and coefficient.q < expression.MAX_INTEGER:
            below.insert(0, constant(int(coefficient.q)))
            coefficient = sympy.Integer(coefficient.p)
        if coefficient != 1 or not above:
            above.insert(0, _number(sympy, coefficient))
        out = reduce(lambda a, b: node("multiply", a, b), above)
        if below:
            out = node("divide", out, reduce(lambda a, b: node("multiply", a, b), below))
        return node("negative", out) if negative else out

    def power(self, base: Any, exponent: Any) -> Node:
        """A power: a product, a quotient, a root or an exponential where it is one."""
        sympy = self.sympy
        if base is sympy.E:
            return call("exponential", self.node(exponent))
        if exponent.is_number and exponent.is_negative:
            return node("divide", constant(1), self.power(base, -exponent))
        at = self.node(base)
        if exponent == 1:
            return at
        if exponent.is_Rational and exponent.q == 2:
            root = node("sqrt", at)
            whole = int(exponent.p) // 2
            return root if not whole else node("multiply", self.power(base, sympy.Integer(whole)), root)
        return node("power", at, self.node(exponent))


def _function(name: str, args: list[Node]) -> Node:
    """A function by SymPy's name, or that of its class."""
    name = {"exp": "exponential", "Abs": "absolute"}.get(name, name)
    if name in _COMPOSITIONS:
        return _COMPOSITIONS[name](*args)
    return call(name, *args) if name in expression.callables() else node(name, *args)


def _number(sympy: Any, given: Any) -> Node:
    value = sympy.N(given, 30)
    if not (value.is_Number and value.is_real and value.is_finite):
        raise ValueError(f"the constant {given} of the expression is not a finite real number")
    if given.is_Integer and abs(int(given)) <= expression.MAX_INTEGER:
        return constant(int(given))
    return constant(expression.to_float(value))


def _sinh(u: Node) -> Node:
    a, b = node("expm1", u), node("expm1", node("negative", u))
    return node("multiply", constant(0.5), node("subtract", a, b))


def _cosh(u: Node) -> Node:
    a, b = call("exponential", u), call("exponential", node("negative", u))
    return node("multiply", constant(0.5), node("add", a, b))


def _arcsinh(u: Node) -> Node:
    size = node("absolute", u)
    # a + a^2 / (1 + sqrt(1 + a^2)), with 1/a where a^2 would overflow.
    inverse = node("divide", constant(1), size)
    root = node("add", inverse, node("sqrt", node("add", constant(1), node("multiply", inverse, inverse))))
    grown = node("add", size, node("divide", size, root))
    return node("where", node("equal", u, constant(0)), u, node("multiply", node("sign", u), node("log1p", grown)))


def _arctanh(u: Node) -> Node:
    ratio = node("divide", node("multiply", constant(2), u), node("subtract", constant(1), u))
    return node("multiply", constant(0.5), node("log1p", ratio))


_COMPOSITIONS: dict[str, Callable[..., Node]] = {
    "sinh": _sinh,
    "cosh": _cosh,
    "tan": lambda u: node("divide", call("sin", u), call("cos", u)),
    "arcsinh": _arcsinh,
    "arctanh": _arctanh,
}
