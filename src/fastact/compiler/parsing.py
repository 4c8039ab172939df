"""Text as an expression: Python's own grammar of expressions, of which a few nodes are allowed. Nothing is evaluated.

Every name is looked up in the tables of what is known here; attributes, subscripts, strings, calls of anything but a
name and all other syntax are refused before anything is done with them.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import fastact

from . import expression, functions, tracing
from .expression import Node

MAX_LENGTH = 2000  # characters
MAX_DEPTH = 50

_CONSTANTS = {"pi": math.pi, "e": math.e}
_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
}
_UNARY: dict[type[ast.AST], str] = {
    ast.USub: "negative",
    ast.UAdd: "positive",
    ast.Invert: "invert",
    ast.Not: "logical_not",
}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_BOOLEAN: dict[type[ast.AST], str] = {ast.And: "logical_and", ast.Or: "logical_or"}


def parse(source: str, parameters: tuple[str, ...] = ()) -> Node:
    """The expression that a text says, of x and the parameters.

    Raises
    ------
    ValueError
        If it is no expression of numbers, x, the parameters and the functions known here, or too long or too deep.
    """
    if len(source) > MAX_LENGTH:
        raise ValueError(f"text must have at most {MAX_LENGTH} characters, got {len(source)}")
    if "^" in source and "**" in source:
        raise ValueError("text: powers must be written ^ or **, not both, which bind differently")
    if "^" in source:
        # A power, as in mathematics: in Python ^ binds less than +.
        source = source.replace("^", "**")
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"text must be an expression, got {source!r:.60}: {error}") from None
    return functions.real(_Reader(parameters).read(tree.body, 0))


def _operation(tree: ast.AST) -> tuple[str, list[ast.expr]] | None:
    """The name of the function that an operator stands for, and its operands; None for other syntax."""
    if isinstance(tree, ast.BinOp) and type(tree.op) in _BINARY:
        return _BINARY[type(tree.op)], [tree.left, tree.right]
    if isinstance(tree, ast.UnaryOp) and type(tree.op) in _UNARY:
        return _UNARY[type(tree.op)], [tree.operand]
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1 and type(tree.ops[0]) in _COMPARE:
        return _COMPARE[type(tree.ops[0])], [tree.left, *tree.comparators]
    return None


class _Reader:
    """Reads one text."""

    def __init__(self, parameters: tuple[str, ...]) -> None:
        self.names = {"x": expression.X} | {name: expression.parameter(name) for name in parameters}
        self.names |= {name: expression.constant(v) for name, v in _CONSTANTS.items() if name not in self.names}

    def read(self, tree: ast.AST, depth: int) -> Node:
        """The expression of a part."""
        if depth > MAX_DEPTH:
            raise ValueError(f"text must not be nested deeper than {MAX_DEPTH}")

        def inner(*parts: ast.AST) -> list[Node]:
            return [self.read(part, depth + 1) for part in parts]

        if isinstance(tree, (ast.Constant, ast.Name)):
            return self.leaf(tree)
        operation = _operation(tree)
        if operation is not None:
            name, parts = operation
            return functions.UFUNCS[name](*inner(*parts))
        if isinstance(tree, ast.BoolOp):
            first, *others = inner(*tree.values)
            for other in others:
                first = functions.UFUNCS[_BOOLEAN[type(tree.op)]](first, other)
            return first
        if isinstance(tree, ast.IfExp):
            return functions.where(*inner(tree.test, tree.body, tree.orelse))
        if isinstance(tree, ast.Call):
            return self.call(tree, depth)
        raise ValueError(f"text: {type(tree).__name__} is not allowed in {ast.unparse(tree)!r:.60}")

    def leaf(self, tree: ast.Constant | ast.Name) -> Node:
        """A number, x or a parameter."""
        if isinstance(tree, ast.Constant):
            if not isinstance(tree.value, (int, float)) or isinstance(tree.value, bool):
                raise ValueError(f"text: constants must be real numbers, got {tree.value!r:.60}")
            return expression.constant(tree.value)
        if tree.id not in self.names:
            allowed = ", ".join(self.names)
            raise ValueError(f"text: names must be {allowed} or functions that are called, got {tree.id!r:.60}")
        return self.names[tree.id]

    def call(self, tree: ast.Call, depth: int) -> Node:
        """A call of a function by its name."""
        if not isinstance(tree.func, ast.Name):
            raise ValueError(f"text: only functions by name may be called, got {ast.unparse(tree.func)!r:.60}")
        name = tree.func.id
        args = [self.read(arg, depth + 1) for arg in tree.args]
        keywords = {}
        for keyword in tree.keywords:
            if keyword.arg is None or keyword.arg in keywords:
                raise ValueError(f"text: {name}(** ...) is not allowed")
            keywords[keyword.arg] = self.read(keyword.value, depth + 1)
        function = _find(name)
        try:
            inspect.signature(function).bind(*args, **keywords)
        except TypeError as error:
            raise ValueError(f"text: {name}: {error}") from None
        return function(*args, **keywords)


def _find(name: str) -> Callable[..., Node]:
    """A function of expressions by name."""
    if name == "where":
        return functions.where
    if name in ("abs", "min", "max"):
        name = {"abs": "absolute", "min": "minimum", "max": "maximum"}[name]
        return _of(getattr(np, name).nin, functions.UFUNCS[name])
    if name == "clip":
        return lambda a, lower, upper: functions.UFUNCS["minimum"](functions.UFUNCS["maximum"](a, lower), upper)
    if name in functions.NAMES:
        return _of(getattr(np, name).nin, functions.UFUNCS[name])
    if name in expression.callables():
        return _activation(getattr(fastact, name), expression.callables()[name])
    try:
        own = fastact.registered(name)
    except ValueError:
        raise ValueError(f"text: {tracing.unknown(name)}") from None
    return _activation(own, [parameter.name for parameter in own.spec.parameters])


def _of(operands: int, function: Callable[..., Node]) -> Callable[..., Node]:
    """The function of that many operands, which its signature says."""

    def apply(*args: Node) -> Node:
        return function(*args)

    only = inspect.Parameter.POSITIONAL_ONLY
    apply.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, only) for name in ("x1", "x2")[:operands]]
    )
    return apply


def _activation(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Node]:
    """A function of the catalogue or one's own, which checks the domains of parameters that are constants."""

    def apply(*args: Node, **keywords: Node) -> Node:
        bound = signature.bind(*args, **keywords).arguments
        x = tracing.Traced(bound.pop("x"))
        return function(x, **{key: _given(value) for key, value in bound.items()}).node

    kinds = inspect.Parameter
    signature = inspect.Signature(
        [kinds("x", kinds.POSITIONAL_OR_KEYWORD)]
        + [kinds(key, kinds.POSITIONAL_OR_KEYWORD, default=None) for key in names]
    )
    apply.__signature__ = signature  # type: ignore[attr-defined]
    return apply


def _given(value: Node) -> object:
    """An argument as a function of fastact takes it: numbers as such, so that their domains are checked."""
    return value.value if expression.is_constant(value) else tracing.Traced(value)
