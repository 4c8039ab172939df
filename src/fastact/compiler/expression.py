"""The expression of an activation that a user defines: what it is made of, and how it is kept.

A definition is traced or parsed into nodes; SymPy differentiates them, and the results are nodes again. A node is made
once for what it says: equal expressions are the same object, so that what occurs twice is computed once.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import fastact

# What a definition may hold, with every repetition counted: SymPy works on trees.
MAX_NODES = 2000
MAX_PARAMETERS = 4  # of one activation, as the kernels allow
MAX_EXPONENT = 64  # of a constant power
MAX_INTEGER = 2**53

ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
COMPARISONS = {"less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="}
LOGICAL = {"logical_and": "&", "logical_or": "|", "logical_not": "~"}
# Computed where they stand, as arithmetic is; all others by kernels.
PLAIN = {"negative": 1, "absolute": 1, "sign": 1, "sqrt": 1, "power": 2, "maximum": 2, "minimum": 2, "where": 3}
# NumPy's functions that are not in the catalogue. (exp is ``exponential`` there.)
PRIMITIVES = ("log", "log1p", "expm1")
# Written with others once they are differentiated.
COMPOSED = ("sinh", "cosh", "tan", "arcsinh", "arctanh")

BOOLEAN = {*COMPARISONS, *LOGICAL}


class Node:
    """One operation on others. ``op`` is "x", "parameter", "constant", a name of the tables above, or "call"; ``value``
    is the name of the parameter, the constant, or the name of the catalogue's function that is called.
    """

    __slots__ = ("__weakref__", "args", "boolean", "op", "value")

    op: str
    value: Any
    args: tuple[Node, ...]
    boolean: bool

    def __repr__(self) -> str:
        return text(self)


_made: weakref.WeakValueDictionary[tuple[Any, ...], Node] = weakref.WeakValueDictionary()


def node(op: str, *args: Node, value: Any = None) -> Node:
    """The node that says this."""
    # 0.0 and -0.0 are equal, and so are 1 and 1.0.
    key = (op, repr(value), *map(id, args))
    found = _made.get(key)
    if found is None:
        found = Node()
        found.op, found.value, found.args, found.boolean = op, value, args, op in BOOLEAN
        found = _made.setdefault(key, found)
    return found


X = node("x")


def constant(value: float) -> Node:
    """A constant; ValueError unless it is a finite number."""
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        value = to_float(value)
    if not math.isfinite(value):
        raise ValueError(f"constants must be finite numbers, got {value!r}")
    return node("constant", value=value)


def to_float(value: Any) -> float:
    """A number as a float; ValueError for one that is too large."""
    try:
        return float(value)
    except OverflowError:
        raise ValueError("constants must be within the range of float64") from None


def parameter(name: str) -> Node:
    """A parameter by name."""
    return node("parameter", value=name)


def is_constant(given: Node, value: float | None = None) -> bool:
    """Whether a node is a constant, or that one."""
    return given.op == "constant" and (value is None or given.value == value)


def topological(outputs: Iterable[Node]) -> list[Node]:
    """All nodes below the outputs, arguments first, each once."""
    done: dict[Node, None] = {}
    stack = [(output, False) for output in reversed(list(outputs))]
    while stack:
        at, ready = stack.pop()
        if at in done:
            continue
        if ready:
            done[at] = None
        else:
            stack.append((at, True))
            stack += [(arg, False) for arg in reversed(at.args)]
    return list(done)


def check_size(output: Node) -> None:
    """Raise ValueError for an expression that is too large, with every repetition counted."""
    sizes: dict[Node, int] = {}
    for at in topological([output]):
        sizes[at] = 1 + sum(sizes[arg] for arg in at.args)
    if sizes[output] > MAX_NODES:
        raise ValueError(
            f"the expression must have at most {MAX_NODES} operations, repetitions counted, got {sizes[output]}"
        )


def parameters(output: Node) -> list[str]:
    """The parameters below a node."""
    return [at.value for at in topological([output]) if at.op == "parameter"]


# The catalogue -------------------------------------------------------------------------------------------------------


@cache
def callables() -> dict[str, tuple[str, ...]]:
    """The functions of one array input that the catalogue has kernels for: name to the names of its parameters."""
    found = {}
    for row in fastact.activations.values():
        for form in row.forms:
            if form.inputs == ("x",) and len(form.outputs) == 1:
                for name in (row.name, *row.aliases):
                    found[name + form.suffix] = tuple(row.defaults)
    return found


def canonical(name: str) -> str:
    """The name of a function of `callables` whose alias may be given: that of its kernel."""
    if name in _aliases():
        return _aliases()[name]
    return name


@cache
def _aliases() -> dict[str, str]:
    return {
        alias + form.suffix: row.name + form.suffix
        for row in fastact.activations.values()
        for alias in row.aliases
        for form in row.forms
    }


def call(name: str, argument: Node, *values: Node) -> Node:
    """A function of `callables` with the values of all its parameters."""
    return node("call", argument, *values, value=canonical(name))


# Keeping -------------------------------------------------------------------------------------------------------------


def to_data(outputs: Sequence[Node]) -> list[list[Any]]:
    """Expressions as plain data, for JSON: [op, value, places of the arguments] in order; the outputs' places last."""
    places: dict[Node, int] = {}
    lines: list[list[Any]] = []
    for at in topological(outputs):
        places[at] = len(lines)
        lines.append([at.op, at.value, [places[arg] for arg in at.args]])
    return [*lines, [places[output] for output in outputs]]


def from_data(data: Sequence[Sequence[Any]]) -> list[Node]:
    """The expressions that `to_data` kept of definitions; ValueError for what no definition can be."""
    *lines, outputs = data
    made: list[Node] = []
    for op, value, args in lines:
        if not all(isinstance(place, int) and 0 <= place < len(made) for place in args):
            raise ValueError(f"operands must be what comes before, got {args!r:.60}")
        made.append(_checked(op, value, [made[place] for place in args]))
    return [made[place] for place in outputs]


_OPERANDS = {"x": 0, "parameter": 0, "constant": 0, "logical_not": 1, **PLAIN}
_OPERANDS |= dict.fromkeys((*ARITHMETIC, *COMPARISONS, "logical_and", "logical_or"), 2)
_OPERANDS |= dict.fromkeys((*PRIMITIVES, *COMPOSED), 1)


def _checked(op: str, value: Any, args: Sequence[Node]) -> Node:
    """A node as tracing and parsing make it."""
    if op == "constant":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"constants must be real numbers, got {value!r:.60}")
        return constant(value)
    operands = 1 + len(callables()[value]) if op == "call" else _OPERANDS[op]
    conditions = [op in LOGICAL or (op == "where" and i == 0) for i in range(operands)]
    if [arg.boolean for arg in args] != conditions or (value is not None and op not in ("call", "parameter")):
        raise ValueError(f"{op} does not take {list(args)!r:.60} and {value!r:.60}")
    if op == "power" and args[1].op == "constant" and abs(args[1].value) > MAX_EXPONENT:
        raise ValueError(f"exponents must be at most {MAX_EXPONENT} in magnitude, got {args[1]}")
    return call(value, *args) if op == "call" else node(op, *args, value=value)


# Text ----------------------------------------------------------------------------------------------------------------

_BINDS = {"where": 9, "less": 1, "less_equal": 1, "equal": 1, "not_equal": 1, "logical_or": 1, "logical_and": 1}
_BINDS |= {"add": 3, "subtract": 3, "multiply": 4, "divide": 4, "negative": 5, "logical_not": 5, "power": 6}


def text(given: Node) -> str:
    """A node as `parse` reads it."""
    return _text(given)[0]


def _text(given: Node) -> tuple[str, int]:
    """Text, and how tightly its outermost operation binds."""
    op, args = given.op, given.args
    if op == "x":
        return "x", 9
    if op == "parameter":
        return given.value, 9
    if op == "constant":
        return repr(given.value), 9 if given.value >= 0 else 5
    binds = _BINDS.get(op, 9)
    symbol = (ARITHMETIC | COMPARISONS | LOGICAL).get(op) or {"power": "**", "negative": "-"}.get(op)
    if symbol is None:
        name = "abs" if op == "absolute" else given.value if op == "call" else op
        names = callables()[given.value] if op == "call" else ()
        first = args[: len(args) - len(names)]
        inside = [text(arg) for arg in first]
        inside += [f"{name}={text(arg)}" for name, arg in zip(names, args[len(first) :], strict=True)]
        return f"{'exp' if name == 'exponential' else name}({', '.join(inside)})", 9
    if len(args) == 1:
        return symbol + _within(args[0], binds), binds
    left, right = args
    # ** binds to the right, and all others to the left; comparisons do not chain.
    strict_left = op == "power" or op in BOOLEAN
    around = "" if op == "power" else " "
    return (
        _within(left, binds + strict_left) + f"{around}{symbol}{around}" + _within(right, binds + (op != "power")),
        binds,
    )


def _within(given: Node, binds: int) -> str:
    inside, own = _text(given)
    return inside if own >= binds else f"({inside})"


def calls(outputs: Iterable[Node]) -> Iterator[Node]:
    """The nodes that are computed by kernels."""
    for at in topological(outputs):
        if at.op == "call" or at.op in PRIMITIVES:
            yield at
