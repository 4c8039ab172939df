"""LLVM's intermediate code for the arithmetic of one element of a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import expression
from .expression import Node


class Arithmetic:
    """Writes the arithmetic of one element."""

    def __init__(self, module: Any, builder: Any, real: Any, values: dict[Node, Any]) -> None:
        self.module, self.builder, self.real, self.values = module, builder, real, values

    def value(self, output: Node) -> Any:
        """The value of a node, from those that are known."""
        stack = [output]
        while stack:
            at = stack[-1]
            if at in self.values:
                stack.pop()
                continue
            missing = [arg for arg in at.args if arg not in self.values]
            if at.op == "power":
                missing = [arg for arg in at.args[:1] if arg not in self.values]
            if missing:
                stack += missing
                continue
            self.values[at] = self.made(at)
            stack.pop()
        result = self.values[output]
        return self.builder.select(result, self.real(1.0), self.real(0.0)) if output.boolean else result

    def intrinsic(self, name: str, *args: Any) -> Any:
        """A call of one of LLVM's own functions."""
        return self.builder.call(self.module.declare_intrinsic(f"llvm.{name}", [self.real]), args)

    def made(self, at: Node) -> Any:
        """One operation."""
        op = at.op
        if op == "constant":
            return self.real(float(at.value))
        if op == "power":
            return self.product(self.values[at.args[0]], int(at.args[1].value))
        if op == "ends":
            return self.at_ends(self.values[at.args[0]], at.value)
        return _OPERATIONS[op](self, *(self.values[arg] for arg in at.args))

    def extreme(self, wanted: str, a: Any, c: Any) -> Any:
        """The one of two that compares so; either NaN is kept."""
        b = self.builder
        first = b.fcmp_ordered(wanted, a, c)
        return b.select(b.or_(first, b.fcmp_unordered("uno", a, a)), a, c)

    def sign(self, a: Any) -> Any:
        """1, -1, or what is neither: zeros and NaN."""
        b, zero = self.builder, self.real(0.0)
        below = b.select(b.fcmp_ordered("<", a, zero), self.real(-1.0), a)
        return b.select(b.fcmp_ordered(">", a, zero), self.real(1.0), below)

    def product(self, base: Any, exponent: int) -> Any:
        """A power by squaring."""
        if exponent == 0:
            return self.real(1.0)
        result = None
        while True:
            if exponent & 1:
                result = base if result is None else self.builder.fmul(result, base)
            exponent >>= 1
            if not exponent:
                return result
            base = self.builder.fmul(base, base)

    def finished(self, result: Any, limits: tuple[float | None, float | None]) -> Any:
        """A result with its limits where it has no value at infinity, and NaN where x is NaN."""
        b, x = self.builder, self.values[expression.X]
        result = self.at_ends(result, limits)
        return b.select(b.fcmp_ordered("ord", x, x), result, x)

    def at_ends(self, result: Any, limits: tuple[float | None, float | None]) -> Any:
        """A result, with its limits where it is NaN at infinity."""
        b, x = self.builder, self.values[expression.X]
        ends = [
            (end, limit) for end, limit in zip((float("-inf"), float("inf")), limits, strict=True) if limit is not None
        ]
        if ends:
            missing = b.fcmp_unordered("uno", result, result)
            for end, limit in ends:
                at_end = b.fcmp_ordered("==", x, self.real(end))
                result = b.select(b.and_(missing, at_end), self.real(limit), result)
        return result

    def overflowed(self, results: Sequence[Any], inputs: Sequence[Any]) -> Any:
        """Whether a result is infinite and no input is."""
        from llvmlite import ir

        b, largest = self.builder, self.real(float("inf"))
        infinite = None
        for result in results:
            bit = b.fcmp_ordered("==", self.intrinsic("fabs", result), largest)
            infinite = bit if infinite is None else b.or_(infinite, bit)
        for given in inputs:
            infinite = b.and_(infinite, b.fcmp_ordered("<", self.intrinsic("fabs", given), largest))
        return b.zext(infinite, ir.IntType(32))


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda own, a, b: own.builder.fadd(a, b),
    "subtract": lambda own, a, b: own.builder.fsub(a, b),
    "multiply": lambda own, a, b: own.builder.fmul(a, b),
    "divide": lambda own, a, b: own.builder.fdiv(a, b),
    "negative": lambda own, a: own.builder.fneg(a),
    "absolute": lambda own, a: own.intrinsic("fabs", a),
    "sqrt": lambda own, a: own.intrinsic("sqrt", a),
    "sign": Arithmetic.sign,
    "maximum": lambda own, a, b: own.extreme(">", a, b),
    "minimum": lambda own, a, b: own.extreme("<", a, b),
    "where": lambda own, condition, a, b: own.builder.select(condition, a, b),
    "less": lambda own, a, b: own.builder.fcmp_ordered("<", a, b),
    "less_equal": lambda own, a, b: own.builder.fcmp_ordered("<=", a, b),
    "equal": lambda own, a, b: own.builder.fcmp_ordered("==", a, b),
    "not_equal": lambda own, a, b: own.builder.fcmp_unordered("!=", a, b),
    "logical_and": lambda own, a, b: own.builder.and_(a, b),
    "logical_or": lambda own, a, b: own.builder.or_(a, b),
    "logical_not": lambda own, a: own.builder.not_(a),
}
