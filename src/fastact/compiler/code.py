"""LLVM's intermediate code of kernels for expressions; ``library.py`` compiles it.

Each form of an activation becomes one kernel for each precision, called as those of the catalogue are: pointers to
contiguous operands (inputs, parameters, outputs, which may be the inputs) and their length. It works through blocks
that stay in the first-level cache, in the order of `schedule`. Loops are functions of their own whose arguments do not
overlap, so that LLVM vectorises them. Arithmetic is IEEE's, without permission to reorder: an element's bits depend on
its value alone.

The code holds no address. What it calls stands in a table that is filled when the code is loaded.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fastact

from . import expression
from .arithmetic import Arithmetic
from .expression import Node
from .schedule import Call, Schedule, is_call, leaves, schedule

GRAD = expression.node("grad")

BUFFER_BYTES = 1 << 14  # of all buffers: half of the smallest first-level cache
LEAST_BLOCK, LARGEST_BLOCK = 64, 1024  # elements


@dataclass(frozen=True)
class Output:
    """What a kernel computes: an expression, and its limits at -inf and inf, for where it gives NaN there."""

    node: Node
    limits: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class Kernel:
    """A kernel to compile: its name, whether it takes a gradient before x, its parameters and outputs."""

    name: str
    with_gradient: bool
    parameters: tuple[str, ...]
    outputs: tuple[Output, ...]

    @property
    def variants(self) -> tuple[bool, ...]:
        """Whether parameters vary, in all ways that there are."""
        return (False, True) if self.parameters else (False,)


@dataclass
class _Symbols:
    """What a module calls, in the order of its table."""

    places: dict[Any, int]

    def place(self, key: Any) -> int:
        return self.places.setdefault(key, len(self.places))


def symbol(prefix: str, kernel: str, bits: int, varying: bool) -> str:
    """The name of a compiled function."""
    return f"{prefix}_{kernel}_{bits}{'_varying' * varying}"


def write(module: Any, prefix: str, kernels: Sequence[Kernel]) -> list[Any]:
    """Write the code of kernels into a module of llvmlite; what its table must hold, in order."""
    from llvmlite import ir

    byte = ir.IntType(8).as_pointer()
    symbols = _Symbols({"status_before": 0, "status_after": 1})
    # As long as can be needed: three for each node that calls.
    nodes = [output.node for kernel in kernels for output in kernel.outputs]
    length = 2 + 12 * sum(map(is_call, expression.topological(nodes)))
    table = ir.GlobalVariable(module, ir.ArrayType(byte, length), f"{prefix}_table")
    table.linkage, table.initializer = "internal", ir.Constant(table.value_type, None)
    for kernel in kernels:
        for bits in (32, 64):
            for varying in kernel.variants:
                _Writer(module, prefix, kernel, bits, varying, table, symbols).write()
    _write_load(module, prefix, table)
    return list(symbols.places)


def _write_load(module: Any, prefix: str, table: Any) -> None:
    """The function that fills the table: of addresses and how many."""
    from llvmlite import ir

    byte, intp = ir.IntType(8).as_pointer(), ir.IntType(64)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [byte.as_pointer(), intp]), f"{prefix}_load")
    builder = ir.IRBuilder(function.append_basic_block())
    source, count = function.args
    with Counting(builder, count) as i:
        builder.store(builder.load(builder.gep(source, [i])), builder.gep(table, [intp(0), i]))
    builder.ret_void()


class Counting:
    """A loop of a builder: for i in range(count), count at least 1; values may be carried through it."""

    def __init__(self, builder: Any, count: Any, step: Any = None) -> None:
        self.builder, self.count, self.step = builder, count, step
        self.carried: list[tuple[Any, Any]] = []

    def __enter__(self) -> Any:
        from llvmlite import ir

        builder, intp = self.builder, ir.IntType(64)
        self.before = builder.block
        self.body = builder.append_basic_block("loop")
        builder.branch(self.body)
        builder.position_at_end(self.body)
        self.index = builder.phi(intp)
        self.index.add_incoming(intp(0), self.before)
        return self.index

    def carry(self, initial: Any) -> Any:
        """A value from one turn to the next; `keep` gives it its new one. Before all else in the body."""
        value = self.builder.phi(initial.type)
        value.add_incoming(initial, self.before)
        return value

    def keep(self, value: Any, new: Any) -> None:
        """Give a carried value its new one."""
        self.carried.append((value, new))

    def __exit__(self, *_: object) -> None:
        from llvmlite import ir

        builder, intp = self.builder, ir.IntType(64)
        following = builder.add(self.index, self.step or intp(1), flags=["nsw"])
        self.index.add_incoming(following, builder.block)
        for value, new in self.carried:
            value.add_incoming(new, builder.block)
        after = builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", following, self.count), self.body, after)
        builder.position_at_end(after)


class _Writer:
    """Writes one kernel in one precision."""

    def __init__(
        self, module: Any, prefix: str, kernel: Kernel, bits: int, varying: bool, table: Any, symbols: _Symbols
    ) -> None:
        from llvmlite import ir

        self.ir, self.module, self.kernel, self.bits, self.varying = ir, module, kernel, bits, varying
        self.table, self.symbols = table, symbols
        self.name = symbol(prefix, kernel.name, bits, varying)
        self.real = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.pointer = self.real.as_pointer()
        self.intp, self.int = ir.IntType(64), ir.IntType(32)
        self.byte = ir.IntType(8).as_pointer()
        outputs = [output.node for output in kernel.outputs]
        self.plan: Schedule = schedule(outputs, varying)
        self.loops = 0

    # Loops -----------------------------------------------------------------------------------------------------------

    def loop(self, targets: Sequence[Node], final: bool) -> tuple[Any, list[Node]]:
        """The function of a loop that writes targets, and what it reads, in the order of its arguments.

        The last loop returns whether a finite input gave an infinite output.
        """
        ir = self.ir
        reads = leaves(targets)
        if final:
            # NaN is kept, and an overflow is one of finite inputs.
            ends = [expression.X, *[GRAD] * self.kernel.with_gradient]
            reads += [at for at in ends if at not in reads]
        arguments = [self.real if self.is_number(at) else self.pointer for at in reads]
        arguments += [self.pointer] * len(targets)
        returned = self.int if final else ir.VoidType()
        type_ = ir.FunctionType(returned, [*arguments, self.intp])
        function = ir.Function(self.module, type_, f"{self.name}_loop{self.loops}")
        self.loops += 1
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.add("nounwind")
        for argument in function.args:
            if argument.type == self.pointer:
                argument.add_attribute("noalias")
        builder = ir.IRBuilder(function.append_basic_block())
        count = function.args[-1]
        counting = Counting(builder, count)
        with counting as i:
            overflow = counting.carry(self.int(0)) if final else None
            values: dict[Node, Any] = {}
            for at, argument in zip(reads, function.args, strict=False):
                values[at] = argument if self.is_number(at) else builder.load(builder.gep(argument, [i]))
            emit = Arithmetic(self.module, builder, self.real, values)
            results = [emit.value(target) for target in targets]
            if final:
                results = [
                    emit.finished(result, output.limits)
                    for result, output in zip(results, self.kernel.outputs, strict=True)
                ]
                new = emit.overflowed(results, [values[at] for at in reads if at.op in ("x", "grad")])
                overflowed = builder.or_(overflow, new)
                counting.keep(overflow, overflowed)
            for result, argument in zip(results, function.args[len(reads) :], strict=False):
                builder.store(result, builder.gep(argument, [i]))
        if final:
            builder.ret(overflowed)
        else:
            builder.ret_void()
        return function, reads

    def power_loop(self) -> Any:
        """The function of a loop of powers that are no products: the C library's, one by one."""
        ir = self.ir
        name = f"{self.name}_power"
        if name in self.module.globals:
            return self.module.globals[name]
        type_ = ir.FunctionType(ir.VoidType(), [self.pointer] * 3 + [self.intp])
        function = ir.Function(self.module, type_, name)
        function.linkage = "internal"
        builder = ir.IRBuilder(function.append_basic_block())
        base, exponent, result, count = function.args
        power = self.module.declare_intrinsic("llvm.pow", [self.real])
        with Counting(builder, count) as i:
            pair = [builder.load(builder.gep(at, [i])) for at in (base, exponent)]
            builder.store(builder.call(power, pair), builder.gep(result, [i]))
        builder.ret_void()
        return function

    def is_number(self, at: Node) -> bool:
        """Whether a leaf is one number for all elements."""
        return at.op == "parameter" and not self.varying

    # The kernel ------------------------------------------------------------------------------------------------------

    def forwarded(self) -> Call | None:
        """The one call of a kernel of the catalogue that is all that there is to do, if so."""
        outputs, plan, backward = [output.node for output in self.kernel.outputs], self.plan, ""
        if self.kernel.with_gradient:
            slope = outputs[0].args[1]
            name = slope.value.removesuffix("_derivative") if slope.op == "call" else ""
            backward = f"{name}_backward" if name in fastact.activations and name != slope.value else "none"
            outputs, plan = [slope], schedule([slope], self.varying)
        calls = [call for level in plan.levels for call in level.calls]
        limited = any(output.limits != (None, None) for output in self.kernel.outputs)
        if limited or backward == "none" or len(calls) != 1 or not self.is_all(calls[0], outputs):
            return None
        (call,) = calls
        return Call(backward, (GRAD, *call.arguments), call.results, call.varying) if backward else call

    def is_all(self, call: Call, outputs: Sequence[Node]) -> bool:
        """Whether a call takes x and parameters as they are, and its results are the outputs."""
        rest = call.arguments[1:]
        return (
            outputs[0].op == "call"
            and call.arguments[0] is expression.X
            and list(call.results) == list(outputs)
            and all(expression.is_constant(at) or at.op == "parameter" for at in rest)
            and not (call.varying and any(map(expression.is_constant, rest)))
        )

    def write(self) -> None:
        """The function that the ufunc's loop calls."""
        ir, kernel = self.ir, self.kernel
        type_ = ir.FunctionType(ir.VoidType(), [self.byte.as_pointer(), self.intp])
        function = ir.Function(self.module, type_, self.name)
        self.builder = ir.IRBuilder(function.append_basic_block())
        # Loops run once at least.
        with self.builder.if_then(self.builder.icmp_signed("<", function.args[1], self.intp(1)), likely=False):
            self.builder.ret_void()
        inputs = [*[GRAD] * kernel.with_gradient, expression.X, *map(expression.parameter, kernel.parameters)]
        forwarded = self.forwarded()
        if forwarded is not None:
            self.forward(forwarded, function, inputs)
        else:
            self.write_blocks(function, inputs)

    def forward(self, call: Call, function: Any, inputs: Sequence[Node]) -> None:
        """All of it by a kernel of the catalogue, which keeps NaN and overflows by itself."""
        builder = self.builder
        operands, length = function.args
        self.constants = self.spilled_constants([call])
        slots = builder.alloca(self.byte, size=8)
        places: list[Any] = [
            builder.bitcast(self.constants[at], self.byte)
            if expression.is_constant(at)
            else builder.load(builder.gep(operands, [self.intp(inputs.index(at))]))
            for at in call.arguments
        ]
        places += [builder.load(builder.gep(operands, [self.intp(len(inputs) + i)])) for i in range(len(call.results))]
        for i, place in enumerate(places):
            builder.store(place, builder.gep(slots, [self.intp(i)]))
        type_ = self.ir.FunctionType(self.ir.VoidType(), [self.byte.as_pointer(), self.intp])
        builder.call(self.helper((call.kernel, self.bits, call.varying), type_), [slots, length])
        builder.ret_void()

    def write_blocks(self, function: Any, inputs: Sequence[Node]) -> None:
        """Block by block."""
        plan, kernel, builder = self.plan, self.kernel, self.builder
        outputs = [output.node for output in kernel.outputs]
        loops = [self.loop(level.writes, False) if level.writes else None for level in plan.levels]
        last = self.loop(outputs, True)
        operands, length = function.args
        block = self.allocate(plan.buffers + len(outputs))
        given = [
            builder.bitcast(builder.load(builder.gep(operands, [self.intp(i)])), self.pointer)
            for i in range(len(inputs) + len(outputs))
        ]
        self.inputs, targets = dict(zip(inputs, given, strict=False)), given[len(inputs) :]
        self.numbers = {at: builder.load(self.inputs[at]) for at in inputs if self.is_number(at)}
        self.constants = self.spilled_constants([call for level in plan.levels for call in level.calls])
        # An output that is an input is written through a buffer: loops take their arguments to be apart.
        apart = []
        for target in targets:
            same = [builder.icmp_unsigned("==", target, self.inputs[at]) for at in inputs]
            apart.append(builder.not_(functools.reduce(builder.or_, same)))
        before = builder.call(self.helper("status_before", self.ir.FunctionType(self.intp, [])), [])
        step = self.intp(block)
        counting = Counting(builder, length, step)
        with counting as start:
            overflow = counting.carry(self.int(0))
            rest = builder.sub(length, start)
            size = builder.select(builder.icmp_signed("<", rest, step), rest, step)
            self.here = {
                at: pointer if self.is_number(at) else builder.gep(pointer, [start])
                for at, pointer in self.inputs.items()
            }
            for level, arguments, written in zip(plan.levels, plan.argument_buffer, loops, strict=True):
                if written is not None:
                    loop, reads = written
                    buffers = [self.buffer[arguments[at]] for at in level.writes]
                    builder.call(loop, [*map(self.read, reads), *buffers, size])
                for call in level.calls:
                    self.call(call, arguments, size)
            total = builder.or_(overflow, self.finish(last, targets, apart, start, size))
            counting.keep(overflow, total)
        after = self.helper("status_after", self.ir.FunctionType(self.ir.VoidType(), [self.intp, self.int]))
        builder.call(after, [before, total])
        builder.ret_void()

    def allocate(self, buffers: int) -> int:
        """Memory for buffers and for the operands of calls; the elements of a block."""
        block = BUFFER_BYTES // (self.bits // 8) // buffers // LEAST_BLOCK * LEAST_BLOCK
        block = max(LEAST_BLOCK, min(LARGEST_BLOCK, block))
        memory = self.builder.alloca(self.ir.ArrayType(self.real, buffers * block))
        memory.align = 64
        self.buffer = [self.builder.gep(memory, [self.intp(0), self.intp(i * block)]) for i in range(buffers)]
        self.slots = self.builder.alloca(self.byte, size=8)
        return block

    def finish(
        self, last: tuple[Any, list[Node]], targets: Sequence[Any], apart: Sequence[Any], start: Any, size: Any
    ) -> Any:
        """Write the outputs of a block; whether one overflowed."""
        builder, spare = self.builder, self.buffer[self.plan.buffers :]
        wanted = [builder.gep(target, [start]) for target in targets]
        chosen = [builder.select(a, w, s) for a, w, s in zip(apart, wanted, spare, strict=True)]
        loop, reads = last
        overflow = builder.call(loop, [*map(self.read, reads), *chosen, size])
        copy = self.module.declare_intrinsic("llvm.memcpy", [self.byte, self.byte, self.intp])
        length = builder.mul(size, self.intp(self.bits // 8))
        for is_apart, target, buffer in zip(apart, wanted, spare, strict=True):
            with builder.if_then(builder.not_(is_apart), likely=False):
                pair = [builder.bitcast(pointer, self.byte) for pointer in (target, buffer)]
                builder.call(copy, [*pair, length, self.ir.IntType(1)(0)])
        return overflow

    def spilled_constants(self, calls: Sequence[Call]) -> dict[Node, Any]:
        """Constants that are parameters of kernels, in memory."""
        found: dict[Node, Any] = {}
        for call in calls:
            for at in call.arguments[1:]:
                if expression.is_constant(at) and at not in found:
                    found[at] = self.builder.alloca(self.real)
                    self.builder.store(self.real(float(at.value)), found[at])
        return found

    def read(self, at: Node) -> Any:
        """A leaf as a loop takes it in this block."""
        if at in self.numbers:
            return self.numbers[at]
        return self.buffer[self.plan.result_buffer[at]] if is_call(at) else self.here[at]

    def helper(self, key: Any, type_: Any) -> Any:
        """A function of the table."""
        place = self.symbols.place(key)
        pointer = self.builder.load(self.builder.gep(self.table, [self.intp(0), self.intp(place)]))
        return self.builder.bitcast(pointer, type_.as_pointer())

    def call(self, call: Call, arguments: Mapping[Node, int], size: Any) -> None:
        """One call of a kernel for the block."""
        builder = self.builder

        def place(at: Node, first: bool) -> Any:
            if (first or call.varying) and at in arguments:
                return self.buffer[arguments[at]]
            if is_call(at):
                return self.buffer[self.plan.result_buffer[at]]
            return self.constants[at] if expression.is_constant(at) else self.here[at]

        pointers = [place(at, i == 0) for i, at in enumerate(call.arguments)]
        pointers += [self.buffer[self.plan.result_buffer[at]] for at in call.results]
        if call.kernel == "power":
            builder.call(self.power_loop(), [*pointers, size])
            return
        for i, pointer in enumerate(pointers):
            builder.store(builder.bitcast(pointer, self.byte), builder.gep(self.slots, [self.intp(i)]))
        type_ = self.ir.FunctionType(self.ir.VoidType(), [self.byte.as_pointer(), self.intp])
        builder.call(self.helper((call.kernel, self.bits, call.varying), type_), [self.slots, size])
