"""Machine code for expressions: LLVM's intermediate code, which Numba's compiler optimises for this CPU.

Each form of an activation becomes one kernel for each precision, called as those of the catalogue are: pointers to
contiguous operands (inputs, parameters, outputs, which may be the inputs) and their length. It works through blocks that
stay in the first-level cache, in the order of `schedule`. Loops are functions of their own whose arguments do not overlap,
so that LLVM vectorises them. Arithmetic is IEEE's, without permission to reorder: an element's bits depend on its value
alone.

The code holds no address. What it calls stands in a table that is filled when the code is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fastact

from . import expression
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
    with _counting(builder, count) as i:
        builder.store(builder.load(builder.gep(source, [i])), builder.gep(table, [intp(0), i]))
    builder.ret_void()


class _counting:  # noqa: N801
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
        self.carried.append((value, new))

    def __exit__(self, *_: object) -> None:
        from llvmlite import ir

        builder, intp = self.builder, ir.IntType(64)
        following = builder.add(self.index, self.step or intp(1), flags=["nsw"])
        self.index.add_incoming(following, builder.block)
        for value, new in self.carried:
            value.add_incoming(new, builder.block)
        after = builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", following, self.count), builder.block and self.body, after)
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
        counting = _counting(builder, count)
        with counting as i:
            overflow = counting.carry(self.int(0)) if final else None
            values: dict[Node, Any] = {}
            for at, argument in zip(reads, function.args, strict=False):
                values[at] = argument if self.is_number(at) else builder.load(builder.gep(argument, [i]))
            emit = _Arithmetic(self.module, builder, self.real, values)
            results = [emit.value(target) for target in targets]
            if final:
                results = [
                    emit.finished(result, output.limits)
                    for result, output in zip(results, self.kernel.outputs, strict=True)
                ]
                new = emit.overflowed(results, [values[at] for at in reads if at.op in ("x", "grad")])
                counting.keep(overflow, builder.or_(overflow, new))
                self_overflow = builder.or_(overflow, new)
            for result, argument in zip(results, function.args[len(reads) :], strict=False):
                builder.store(result, builder.gep(argument, [i]))
        if final:
            builder.ret(self_overflow)
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
        with _counting(builder, count) as i:
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
        outputs = [output.node for output in self.kernel.outputs]
        if any(output.limits != (None, None) for output in self.kernel.outputs):
            return None
        if self.kernel.with_gradient:
            (output,) = outputs
            slope = output.args[1]
            name = slope.value if slope.op == "call" else ""
            if not name.endswith("_derivative") or name.removesuffix("_derivative") not in fastact.activations:
                return None
            plan = schedule([slope], self.varying)
            name, outputs = f"{name.removesuffix('_derivative')}_backward", [slope]
        else:
            plan, name = self.plan, ""
        if len(plan.levels) != 1 or len(plan.levels[0].calls) != 1:
            return None
        (call,) = plan.levels[0].calls
        plain = call.kernel in expression.PRIMITIVES or call.kernel == "power"
        if plain or call.arguments[0] is not expression.X or list(call.results) != outputs:
            return None
        if not all(expression.is_constant(at) or at.op == "parameter" for at in call.arguments[1:]):
            return None
        if call.varying and any(map(expression.is_constant, call.arguments[1:])):
            return None
        arguments = (GRAD, *call.arguments) if name else call.arguments
        return Call(name or call.kernel, arguments, call.results, call.varying)

    def write(self) -> None:
        """The function that the ufunc's loop calls."""
        ir, kernel = self.ir, self.kernel
        type_ = ir.FunctionType(ir.VoidType(), [self.byte.as_pointer(), self.intp])
        function = ir.Function(self.module, type_, self.name)
        self.builder = ir.IRBuilder(function.append_basic_block())
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
        for i in range(len(call.results)):
            places.append(builder.load(builder.gep(operands, [self.intp(len(inputs) + i)])))
        for i, place in enumerate(places):
            builder.store(place, builder.gep(slots, [self.intp(i)]))
        type_ = self.ir.FunctionType(self.ir.VoidType(), [self.byte.as_pointer(), self.intp])
        builder.call(self.helper((call.kernel, self.bits, call.varying), type_), [slots, length])
        builder.ret_void()

    def write_blocks(self, function: Any, inputs: Sequence[Node]) -> None:
        """Block by block."""
        ir, plan, kernel, builder = self.ir, self.plan, self.kernel, self.builder
        outputs = [output.node for output in kernel.outputs]
        loops = [self.loop(level.writes, False) if level.writes else None for level in plan.levels]
        last, last_reads = self.loop(outputs, True)
        operands, length = function.args
        item = self.bits // 8
        buffers = plan.buffers + len(outputs)
        block = max(LEAST_BLOCK, min(LARGEST_BLOCK, BUFFER_BYTES // item // buffers // 64 * 64))
        memory = builder.alloca(ir.ArrayType(self.real, buffers * block))
        memory.align = 64
        self.slots = builder.alloca(self.byte, size=8)
        self.buffer = [builder.gep(memory, [self.intp(0), self.intp(i * block)]) for i in range(buffers)]
        spare = self.buffer[plan.buffers :]
        given = []
        for i in range(len(inputs) + len(outputs)):
            pointer = builder.load(builder.gep(operands, [self.intp(i)]))
            given.append(builder.bitcast(pointer, self.pointer))
        self.inputs = dict(zip(inputs, given, strict=False))
        self.numbers: dict[Node, Any] = {}
        for at in inputs:
            if self.is_number(at):
                self.numbers[at] = builder.load(self.inputs[at])
        self.constants = self.spilled_constants([call for level in plan.levels for call in level.calls])
        # An output that is an input is written through a buffer: loops take their arguments to be apart.
        apart = []
        for output in given[len(inputs) :]:
            same = ir.Constant(ir.IntType(1), 0)
            for at in inputs:
                same = builder.or_(same, builder.icmp_unsigned("==", output, self.inputs[at]))
            apart.append(builder.not_(same))
        before = builder.call(self.helper("status_before", ir.FunctionType(self.intp, [])), [])
        step = self.intp(block)
        counting = _counting(builder, length, step)
        with counting as start:
            overflow = counting.carry(self.int(0))
            rest = builder.sub(length, start)
            size = builder.select(builder.icmp_signed("<", rest, step), rest, step)
            self.here = {
                at: pointer if self.is_number(at) else builder.gep(pointer, [start])
                for at, pointer in self.inputs.items()
            }
            for i, level in enumerate(plan.levels):
                arguments = plan.argument_buffer[i]
                written = loops[i]
                if written is not None:
                    loop, reads = written
                    targets = [self.buffer[arguments[at]] for at in level.writes]
                    builder.call(loop, [*map(self.read, reads), *targets, size])
                for call in level.calls:
                    self.call(call, arguments, size)
            wanted = [builder.gep(output, [start]) for output in given[len(inputs) :]]
            targets = [builder.select(a, w, s) for a, w, s in zip(apart, wanted, spare, strict=True)]
            new = builder.call(last, [*map(self.read, last_reads), *targets, size])
            copy = self.module.declare_intrinsic("llvm.memcpy", [self.byte, self.byte, self.intp])
            for is_apart, target, buffer in zip(apart, wanted, spare, strict=True):
                with builder.if_then(builder.not_(is_apart), likely=False):
                    pair = [builder.bitcast(p, self.byte) for p in (target, buffer)]
                    builder.call(copy, [*pair, builder.mul(size, self.intp(item)), ir.IntType(1)(0)])
            total = builder.or_(overflow, new)
            counting.keep(overflow, total)
        after = self.helper("status_after", ir.FunctionType(ir.VoidType(), [self.intp, self.int]))
        builder.call(after, [before, total])
        builder.ret_void()

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


class _Arithmetic:
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
        b, op = self.builder, at.op
        if op == "constant":
            return self.real(float(at.value))
        if op == "power":
            return self.product(self.values[at.args[0]], int(at.args[1].value))
        args = [self.values[arg] for arg in at.args]
        if op in _BINARY:
            return getattr(b, _BINARY[op])(*args)
        if op in _ORDERED:
            return b.fcmp_ordered(_ORDERED[op], *args)
        if op == "not_equal":
            return b.fcmp_unordered("!=", *args)
        if op == "negative":
            return b.fneg(args[0])
        if op == "absolute":
            return self.intrinsic("fabs", *args)
        if op == "sqrt":
            return self.intrinsic("sqrt", *args)
        if op in ("maximum", "minimum"):
            # Either NaN is kept.
            a, c = args
            first = b.fcmp_ordered(">" if op == "maximum" else "<", a, c)
            return b.select(b.or_(first, b.fcmp_unordered("uno", a, a)), a, c)
        if op == "where":
            return b.select(*args)
        if op == "ends":
            return self.at_ends(*args, at.value)
        if op == "sign":
            (a,) = args
            zero, one = self.real(0.0), self.real(1.0)
            below = b.select(b.fcmp_ordered("<", a, zero), self.real(-1.0), a)
            return b.select(b.fcmp_ordered(">", a, zero), one, below)
        if op == "logical_not":
            return b.not_(args[0])
        return {"logical_and": b.and_, "logical_or": b.or_}[op](*args)

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
        b, ir_inf = self.builder, self.real(float("inf"))
        infinite = None
        for result in results:
            bit = b.fcmp_ordered("==", self.intrinsic("fabs", result), ir_inf)
            infinite = bit if infinite is None else b.or_(infinite, bit)
        for given in inputs:
            infinite = b.and_(infinite, b.fcmp_ordered("<", self.intrinsic("fabs", given), ir_inf))
        from llvmlite import ir

        return b.zext(infinite, ir.IntType(32))


_BINARY = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
_ORDERED = {"less": "<", "less_equal": "<=", "equal": "=="}


# Compiling -----------------------------------------------------------------------------------------------------------

_codegen: Any = None


def compiler() -> Any:
    """Numba's compiler for this CPU, without its types and functions."""
    global _codegen  # noqa: PLW0603
    if _codegen is None:
        from numba.core.codegen import JITCPUCodegen

        _codegen = JITCPUCodegen("fastact.custom")
    return _codegen


def compile_kernels(prefix: str, kernels: Sequence[Kernel]) -> tuple[Any, list[Any]]:
    """Compiled code as data that `load` takes, and what its table must hold."""
    from numba.core.compiler_lock import global_compiler_lock

    with global_compiler_lock:
        library = compiler().create_library(prefix)
        library.enable_object_caching()
        module = library.create_ir_module(prefix)
        symbols = write(module, prefix, kernels)
        library.add_ir_module(module)
        library.finalize()
        return library, symbols


def to_cache(library: Any) -> tuple[bytes, bytes]:
    """Object code and bitcode, once the library was loaded."""
    _, _, (object_code, bitcode) = library.serialize_using_object_code()
    return object_code, bitcode


def from_cache(prefix: str, object_code: bytes, bitcode: bytes) -> Any:
    """The library that `to_cache` took apart."""
    from numba.core.compiler_lock import global_compiler_lock

    with global_compiler_lock:
        return compiler().unserialize_library((prefix, "object", (object_code, bitcode)))


_kept: list[Any] = []  # code that ufuncs point to


def load(library: Any, prefix: str, symbols: Sequence[Any]) -> Callable[[str, int, bool], int]:
    """Fill the table of compiled code; a function of kernel, precision and variant that gives its address."""
    import ctypes

    from fastact import _ufuncs

    addresses = _ufuncs.addresses()
    table = (ctypes.c_void_p * len(symbols))(*(addresses[key] for key in symbols))
    fill = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(library.get_pointer_to_function(f"{prefix}_load"))
    fill(ctypes.addressof(table), len(symbols))
    _kept.append(library)
    return lambda kernel, bits, varying: library.get_pointer_to_function(symbol(prefix, kernel, bits, varying))
