"""In which order a compiled kernel computes a block: loops of arithmetic, and calls of array kernels between them.

A kernel of the catalogue takes a block of its argument and leaves a block of its results; a kernel whose argument
depends on no other's result is of the first level, and so on. So a block is computed by, level after level, one loop
that writes what the kernels of that level take, and their calls; at last by a loop that writes the outputs. A loop
computes all that it needs from the inputs and from results of kernels: arithmetic twice costs less than a buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import fastact

from . import expression
from .expression import PRIMITIVES, Node


@dataclass
class Call:
    """A call of a kernel: what it takes, in which node's buffers, and the nodes that are its results."""

    kernel: str
    arguments: tuple[Node, ...]
    results: tuple[Node, ...]
    varying: bool  # whether its parameters are arrays


@dataclass
class Level:
    """The nodes that a loop writes to buffers, and the calls that follow."""

    writes: list[Node]
    calls: list[Call]


@dataclass
class Schedule:
    """Levels, and the number of the buffer of each node that has one. Numbers are used again."""

    levels: list[Level]
    buffers: int = 0
    argument_buffer: list[dict[Node, int]] = field(default_factory=list)  # of each level
    result_buffer: dict[Node, int] = field(default_factory=dict)


def is_call(at: Node) -> bool:
    """Whether a node is computed by a kernel: a function, or a power that is not a product."""
    return at.op == "call" or at.op in PRIMITIVES or (at.op == "power" and not is_product(at))


def is_product(at: Node) -> bool:
    """Whether a power is a product of its base with itself."""
    exponent = at.args[1]
    return expression.is_constant(exponent) and exponent.value == int(exponent.value) and exponent.value >= 0


def _kernel(at: Node) -> str:
    return at.value if at.op == "call" else at.op


def _calls(nodes: Sequence[Node], varying: bool) -> list[Call]:
    """One call for each kernel, and one for a function and its derivative at the same place."""
    found: dict[tuple[str, tuple[Node, ...]], Node] = {(_kernel(at), at.args): at for at in nodes}
    calls = []
    for (kernel, args), at in found.items():
        row = fastact.activations.get(kernel.removesuffix("_derivative"))
        arrays = any(
            not expression.is_constant(arg) and not (arg.op == "parameter" and not varying) for arg in args[1:]
        )
        if row is not None and at.op == "call":
            slope = found.get((f"{row.name}_derivative", args))
            if kernel == row.name and slope is not None:
                calls.append(Call(f"{kernel}_with_derivative", args, (at, slope), arrays))
                continue
            if kernel == f"{row.name}_derivative" and (row.name, args) in found:
                continue
        calls.append(Call(kernel, args, (at,), arrays or kernel == "power"))
    return calls


def schedule(outputs: Sequence[Node], varying: bool) -> Schedule:
    """The order in which outputs are computed.

    Parameters
    ----------
    outputs : sequence of Node
    varying : bool
        Whether the parameters are arrays.
    """
    order = expression.topological(outputs)
    depth: dict[Node, int] = {}
    for at in order:
        below = max((depth[arg] for arg in at.args), default=0)
        depth[at] = below + is_call(at)
    levels = []
    for level in range(1, max(depth.values(), default=0) + 1):
        calls = _calls([at for at in order if is_call(at) and depth[at] == level], varying)
        writes: dict[Node, None] = {}
        for call in calls:
            given = call.arguments if call.varying else call.arguments[:1]
            writes |= dict.fromkeys(arg for arg in given if not _stands(arg, varying))
        levels.append(Level(list(writes), calls))
    plan = Schedule(levels)
    _assign(plan, outputs, varying)
    return plan


def _stands(at: Node, varying: bool) -> bool:
    """Whether a node is in memory already: an input, or the result of a kernel."""
    return at.op in ("x", "grad") or (at.op == "parameter" and varying) or is_call(at)


def leaves(targets: Sequence[Node]) -> list[Node]:
    """The inputs, parameters and results of kernels that a loop reads to compute nodes."""
    found: dict[Node, None] = {}
    seen: set[Node] = set()
    stack = list(targets)
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        if at.op in ("x", "grad", "parameter") or is_call(at):
            found[at] = None
        else:
            stack += at.args
    return list(found)


def _assign(plan: Schedule, outputs: Sequence[Node], varying: bool) -> None:
    """Give buffers, a number again when what it holds is not read any more."""
    last: dict[Node, int] = dict.fromkeys(leaves(outputs), len(plan.levels))
    for i, level in reversed(list(enumerate(plan.levels))):
        read = leaves(level.writes)
        for call in level.calls:
            read += [arg for arg in call.arguments if _stands(arg, varying)]
        for at in read:
            last[at] = max(last.get(at, 0), i)
    free: list[int] = []

    def take() -> int:
        if free:
            return free.pop()
        plan.buffers += 1
        return plan.buffers - 1

    for i, level in enumerate(plan.levels):
        arguments = {at: take() for at in level.writes}
        plan.argument_buffer.append(arguments)
        users = [arg for call in level.calls for arg in call.arguments]
        kept = set()
        for call in level.calls:
            for j, result in enumerate(call.results):
                first = call.arguments[0]
                # A kernel's first result may stand where its argument stood.
                if j == 0 and first in arguments and users.count(first) == 1:
                    plan.result_buffer[result] = arguments[first]
                    kept.add(first)
                else:
                    plan.result_buffer[result] = take()
        free += [number for at, number in arguments.items() if at not in kept]
        for result, number in plan.result_buffer.items():
            if last.get(result, 0) == i and number not in free:
                free.append(number)
