"""A Python function of arrays as an expression: it is called with an object that writes down what is done to it.

NumPy and fastact hand operations on it over through NumPy's own protocols, ``__array_ufunc__`` and
``__array_function__``. Nothing of the function's source is read.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

import fastact

from . import expression, functions
from .expression import Node


class NoSuchAttribute(AttributeError, TypeError):
    """An attribute of arrays that what stands for one does not have: for ``hasattr`` it is not there."""


class Traced(NDArrayOperatorsMixin):
    """The input, a parameter, or what was computed from them. TypeError for what has no derivative or no element."""

    __slots__ = ("node",)
    without_values = True  # parameters of fastact's functions are checked otherwise
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Node) -> None:
        self.node = node

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Traced:
        name = ufunc.__name__.removesuffix(".ufunc")
        if method != "__call__":
            raise TypeError(f"{name}.{method} makes no elementwise function, which an activation must be")
        if keywords:
            raise TypeError(f"{name}: {next(iter(keywords))}= must not be given in the definition of an activation")
        operands = tuple(as_node(value, name) for value in inputs)
        if getattr(np, name, None) is ufunc and name in functions.UFUNCS:
            return Traced(functions.UFUNCS[name](*operands))
        if name in expression.callables() and ufunc is getattr(getattr(fastact, name), "ufunc", getattr(fastact, name)):
            return Traced(expression.call(name, *map(functions.real, operands)))
        if getattr(ufunc, "form", None) == "value":
            return Traced(ufunc.definition.applied(*operands))  # type: ignore[attr-defined]
        raise TypeError(unknown(ufunc.__name__))

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], keywords: Mapping[str, Any]
    ) -> Traced:
        name = function.__name__
        if function is np.where:
            if len(args) != 3 or keywords:
                raise TypeError("where: condition, x and y must be given")
            return Traced(functions.where(*(as_node(value, name) for value in args)))
        if function is np.clip:
            bound = inspect.signature(np.clip).bind(*args, **keywords).arguments
            lower = bound.get("a_min", bound.get("min"))
            upper = bound.get("a_max", bound.get("max"))
            if set(bound) - {"a", "a_min", "a_max", "min", "max"}:
                raise TypeError("clip: only the bounds may be given in the definition of an activation")
            result = as_node(bound["a"], name)
            for op, end in (("maximum", lower), ("minimum", upper)):
                if end is not None:
                    result = functions.UFUNCS[op](result, as_node(end, name))
            return Traced(result)
        raise TypeError(unknown(name))

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "the input of an activation must not be made an array: what it is defined by must be elementwise"
        )

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"a branch on the value of an array, ({self.node}), has no one answer: use np.where(condition, a, b)"
        )

    def __getattr__(self, name: str) -> NoReturn:
        raise NoSuchAttribute(f"the attribute {name} of the input must not be used in the definition of an activation")

    def _refuse(self, what: str) -> NoReturn:
        raise TypeError(f"{what} of the input must not be used in the definition of an activation: it is elementwise")

    def __float__(self) -> NoReturn:
        self._refuse("float(), which functions of math call,")

    def __int__(self) -> NoReturn:
        self._refuse("int()")

    def __index__(self) -> NoReturn:  # noqa: PLE0305
        self._refuse("index()")

    def __complex__(self) -> NoReturn:
        self._refuse("complex()")

    def __len__(self) -> NoReturn:  # noqa: PLE0303
        self._refuse("len()")

    def __iter__(self) -> NoReturn:
        self._refuse("iteration")

    def __getitem__(self, _: Any) -> NoReturn:
        self._refuse("an element")

    def __setitem__(self, _: Any, __: Any) -> NoReturn:
        self._refuse("an element")

    def __round__(self, *_: Any) -> NoReturn:
        self._refuse("round()")


def unknown(name: str) -> str:
    """What to say of a function that is not known here."""
    return (
        f"{name} is not known in the definition of an activation; there are arithmetic, comparisons, where, clip, "
        f"{', '.join(sorted(functions.NAMES))} and the activations of fastact"
    )


def as_node(value: Any, where: str) -> Node:
    """An operand: what was traced, or a real number."""
    if isinstance(value, Traced):
        return value.node
    if isinstance(value, (bool, np.bool_)):
        return expression.constant(int(value))
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, Real):
        exact = int(value) if isinstance(value, (int, np.integer)) else expression.to_float(value)
        return expression.constant(exact)
    raise TypeError(f"{where}: operands must be the input, parameters and real numbers, got {value!r:.60}")


def trace(function: Callable[..., Any]) -> tuple[Node, dict[str, float]]:
    """What a function computes, and its parameters with their defaults.

    Parameters
    ----------
    function : callable
        Of one array; further arguments must have a real number as default and are parameters.

    Raises
    ------
    TypeError
        If it branches on a value, calls what is not known here, or returns anything but one number for each element.
    ValueError
        If a constant is not finite, a power is too large, or the whole.
    """
    if isinstance(function, np.ufunc):
        if (function.nin, function.nout) != (1, 1):
            raise TypeError(
                f"function must take one array and return one, got the ufunc {function.__name__} of {function.nin} "
                f"inputs and {function.nout} outputs; write lambda x: ..."
            )
        return functions.real(as_node(function(Traced(expression.X)), "result")), {}
    try:
        signature = inspect.signature(function)
    except ValueError:
        raise TypeError(f"function: the arguments of {function!r:.60} are not known; write lambda x: ...") from None
    arguments = list(signature.parameters.values())
    kinds = inspect.Parameter
    if not arguments or arguments[0].kind in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD, kinds.KEYWORD_ONLY):
        raise TypeError("function must take an array as its first argument")
    defaults: dict[str, float] = {}
    for argument in arguments[1:]:
        if argument.kind in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD):
            raise TypeError(f"function: *{argument.name} cannot be a parameter of an activation")
        default = argument.default
        if isinstance(default, (bool, np.bool_)) or not isinstance(default, Real):
            raise TypeError(
                f"function: the parameter {argument.name} must have a real number as its default, got "
                f"{'none' if default is kinds.empty else repr(default)[:60]}"
            )
        defaults[argument.name] = float(default)
    positional = [Traced(expression.X)]
    traced = {name: Traced(expression.parameter(name)) for name in defaults}
    given = {}
    for argument in arguments[1:]:
        if argument.kind is kinds.POSITIONAL_ONLY:
            positional.append(traced[argument.name])
        else:
            given[argument.name] = traced[argument.name]
    result = function(*positional, **given)
    if isinstance(result, (Traced, Real, np.generic)):
        return functions.real(as_node(result, "result")), defaults
    raise TypeError(f"function must return one number for each element, got {type(result).__name__}: {result!r:.60}")
