"""What may be done in the definition of an activation: NumPy's functions by name, as operations of expressions."""

from __future__ import annotations

from collections.abc import Callable

from . import expression
from .expression import Node, call, constant, node


def real(given: Node) -> Node:
    """A number: a condition counts as 1 or 0, as in NumPy's arithmetic."""
    return node("where", given, constant(1), constant(0)) if given.boolean else given


def _condition(given: Node) -> Node:
    """A condition: a number is one where it is not 0."""
    return given if given.boolean else node("not_equal", given, constant(0))


def _arithmetic(op: str) -> Callable[..., Node]:
    def apply(*args: Node) -> Node:
        return folded(node(op, *map(real, args)))

    return apply


def folded(given: Node) -> Node:
    """A constant for an operation on constants; ValueError if that is not finite."""
    if not all(map(expression.is_constant, given.args)):
        return given
    values = [arg.value for arg in given.args]
    try:
        if given.op in _FOLDS:
            return constant(_FOLDS[given.op](*values))
        if given.op == "power":
            return constant(expression.to_float(values[0]) ** values[1])
    except (ZeroDivisionError, OverflowError, TypeError):
        raise ValueError(f"{expression.text(given)} is not a finite real number") from None
    return given


_FOLDS: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda a: -a,
    "absolute": abs,
}


def power(base: Node, exponent: Node) -> Node:
    """A power; ValueError for a large constant exponent."""
    base, exponent = real(base), real(exponent)
    if expression.is_constant(exponent):
        value = exponent.value
        if abs(value) > expression.MAX_EXPONENT:
            raise ValueError(
                f"exponents must be at most {expression.MAX_EXPONENT} in magnitude, got {expression.text(exponent)}"
            )
        if value == int(value):
            exponent = constant(int(value))
    return folded(node("power", base, exponent))


def _comparison(op: str, swapped: bool = False) -> Callable[..., Node]:
    def apply(left: Node, right: Node) -> Node:
        left, right = real(left), real(right)
        return node(op, right, left) if swapped else node(op, left, right)

    return apply


def _logical(op: str) -> Callable[..., Node]:
    def apply(*args: Node) -> Node:
        return node(op, *map(_condition, args))

    return apply


def where(condition: Node, a: Node, b: Node) -> Node:
    """``a`` where the condition holds, else ``b``."""
    return node("where", _condition(condition), real(a), real(b))


def _of_one(op: str) -> Callable[..., Node]:
    """A function that a kernel computes."""

    def apply(argument: Node) -> Node:
        return node(op, real(argument))

    return apply


def _catalogue(name: str) -> Callable[..., Node]:
    def apply(argument: Node) -> Node:
        return call(name, real(argument))

    return apply


_add, _subtract, _multiply, _divide = map(_arithmetic, ("add", "subtract", "multiply", "divide"))
_negative, _absolute, _maximum = map(_arithmetic, ("negative", "absolute", "maximum"))
_LN2, _LN10 = 0.6931471805599453, 2.302585092994046


def _hypot(a: Node, b: Node) -> Node:
    return node("sqrt", _add(power(a, constant(2)), power(b, constant(2))))


def _logaddexp(a: Node, b: Node) -> Node:
    a, b = real(a), real(b)
    for given, other in ((a, b), (b, a)):
        if all(at.op != "x" for at in expression.topological([given])):
            return _add(given, call("softplus", _subtract(other, given), constant(1.0)))
    # The maximum and the distance have a kink each, and together none: by the rule for equal operands.
    distance = _negative(_absolute(_subtract(a, b)))
    return _add(_maximum(a, b), call("softplus", distance, constant(1.0)))


# By the names of NumPy's ufuncs.
UFUNCS: dict[str, Callable[..., Node]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negative": _negative,
    "positive": real,
    "absolute": _absolute,
    "fabs": _absolute,
    "sign": _arithmetic("sign"),
    "sqrt": _arithmetic("sqrt"),
    "maximum": _maximum,
    "minimum": _arithmetic("minimum"),
    "power": power,
    "float_power": power,
    "square": lambda a: power(a, constant(2)),
    "reciprocal": lambda a: _divide(constant(1), a),
    "hypot": _hypot,
    "heaviside": lambda a, b: where(
        node("equal", real(a), constant(0)),
        b,
        node("where", node("less", constant(0), real(a)), constant(1), constant(0)),
    ),
    "less": _comparison("less"),
    "less_equal": _comparison("less_equal"),
    "greater": _comparison("less", swapped=True),
    "greater_equal": _comparison("less_equal", swapped=True),
    "equal": _comparison("equal"),
    "not_equal": _comparison("not_equal"),
    "logical_and": _logical("logical_and"),
    "logical_or": _logical("logical_or"),
    "logical_not": _logical("logical_not"),
    "bitwise_and": _logical("logical_and"),
    "bitwise_or": _logical("logical_or"),
    "invert": _logical("logical_not"),
    "exp": _catalogue("exponential"),
    "exp2": lambda a: call("exponential", _multiply(constant(_LN2), a)),
    "sin": _catalogue("sin"),
    "cos": _catalogue("cos"),
    "tanh": _catalogue("tanh"),
    "arctan": _catalogue("arctan"),
    "log2": lambda a: _divide(node("log", real(a)), constant(_LN2)),
    "log10": lambda a: _divide(node("log", real(a)), constant(_LN10)),
    "logaddexp": _logaddexp,
    **{name: _of_one(name) for name in (*expression.PRIMITIVES, *expression.COMPOSED)},
}

# Names of what is called by name, in messages and in text: operators have none.
_OPERATORS = {"add", "subtract", "multiply", "divide", "negative", "positive", "absolute", "fabs", "float_power"}
_OPERATORS |= {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
_OPERATORS |= {"bitwise_and", "bitwise_or", "invert", "logical_and", "logical_or", "logical_not"}
NAMES = {*UFUNCS} - _OPERATORS | {"abs"}
