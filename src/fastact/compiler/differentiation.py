"""Derivatives of expressions by SymPy, of formulas made stable before and after."""

from __future__ import annotations

from collections.abc import Sequence

from .algebra import algebra
from .expression import Node
from .rules import rules
from .writing import to_nodes


def differentiate(value: Node, by: Sequence[str]) -> list[Node]:
    """The expression made stable, and its derivatives with respect to "x" and parameters.

    What they share is the same node in all of them.

    Raises
    ------
    TypeError
        If something has no derivative here; the message names it.
    ModuleNotFoundError
        Without SymPy.
    """
    own = algebra()
    stable = rules().stable
    whole = stable(own.from_node(value))
    slopes = [stable(whole.diff(own.symbol(name))) for name in by]
    return to_nodes(own, [rules().without_overflow(whole), *slopes])
