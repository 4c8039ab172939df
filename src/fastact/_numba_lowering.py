"""The code of a call of a public function that Numba compiles.

For scalars it calls the kernel with one element, for arrays it allocates the result and hands all operands as they are
to the walk in ``_jit.pyx``, which calls the loop of the ufunc.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _jit
from ._numba_calls import Call, Callee, resolve

if TYPE_CHECKING:
    from ._schema import Interval

# What compiled code asks for addresses: see ``numba_ext.py`` on why it must stay.
SYMBOL = "fastact_jit_find"

# The members of `target` in _jit.pyx.
DATA, FLOAT32, FLOAT64, SCALAR_FLOAT32, SCALAR_FLOAT64, BROADCAST, RUN = range(7)

# With the identity of the fastact that compiles.
STALE = (
    "{callee}: this code was compiled with fastact {identity}, and another runs: delete the files *.nbi and *.nbc "
    "in its __pycache__, and it will be compiled again"
)

# What the functions of _jit.pyx return, and what to raise for it.
SHAPES_DIFFER, NO_MEMORY, NO_SUCH_AXIS, EMPTY_AXIS = range(1, 5)
FAILURES: dict[int, tuple[type[Exception], str]] = {
    SHAPES_DIFFER: (ValueError, "operands could not be broadcast together"),
    NO_MEMORY: (MemoryError, "no memory for a copy of what out overlaps"),
    NO_SUCH_AXIS: (ValueError, "axis is out of bounds"),
    EMPTY_AXIS: (ValueError, "axis must not be empty: there is nothing to sum"),
}


def implementation(callee: Callee) -> Callable[..., Any]:
    """The function that writes the code of a call, as ``lower_builtin`` wants it."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        names = callee.signature.parameters
        return Writer(context, builder, callee, dict(zip(names, sig.args, strict=True))).call(
            dict(zip(names, args, strict=True))
        )

    return lower


@dataclass(frozen=True)
class Operand:
    """What the walk takes of an operand: the number of its dimensions and pointers, all as LLVM values."""

    ndim: Any
    shape: Any
    strides: Any
    data: Any


class Writer:
    """Writes one call at the place where the builder stands.

    Parameters
    ----------
    context, builder
        Numba's target context and llvmlite's builder.
    callee : Callee
        What is called.
    types : dict of str to Numba type
        Those of its arguments, by name.
    """

    def __init__(self, context: Any, builder: Any, callee: Callee, types: dict[str, Any]) -> None:
        from llvmlite import ir

        self.context, self.builder, self.callee, self.types = context, builder, callee, types
        self.typed: Call = resolve(callee, types)
        self.byte = ir.IntType(8).as_pointer()
        self.int = ir.IntType(32)
        self.intp = ir.IntType(_jit.pointer_bits)

    def call(self, values: dict[str, Any]) -> Any:
        """The value of the call."""
        from numba.core import types

        self.check(values)
        given = [self.types[name] for name in self.callee.operands]
        if self.types["out"] is not types.none or any(isinstance(type_, types.Array) for type_ in given):
            return self.arrays(values)
        return self.scalars(values)

    def fail(self, error: type[Exception], message: str) -> None:
        """Raise, where the builder stands."""
        self.context.call_conv.return_user_exc(self.builder, error, (message,))

    # Parameters

    def check(self, values: dict[str, Any]) -> None:
        """Raise ValueError where a scalar parameter lies outside its domain. NaN passes, to give NaN."""
        from numba.core import types

        real = {
            name: self.context.cast(self.builder, values[name], self.types[name], types.float64)
            for name in self.callee.defaults
            if not isinstance(self.types[name], types.Array)
        }
        for name, value in real.items():
            domain = self.callee.domains[name]
            outside = self.outside(value, domain)
            if outside is not None:
                with self.builder.if_then(outside, likely=False):
                    self.fail(ValueError, f"{self.callee.name}: {name} must be in {domain}")
        for left, relation, right in self.callee.relations:
            if left in real and right in real:
                opposite = {"<": ">=", "<=": ">"}[relation]
                with self.builder.if_then(self.builder.fcmp_ordered(opposite, real[left], real[right]), likely=False):
                    self.fail(ValueError, f"{self.callee.name}: {left} must be {relation} {right}")

    def outside(self, value: Any, domain: Interval) -> Any:
        """Whether a float64 lies outside, as a bit; None if none does."""
        from llvmlite import ir

        tests = []
        if domain.lower != float("-inf") or not domain.lower_closed:
            tests.append(("<" if domain.lower_closed else "<=", domain.lower))
        if domain.upper != float("inf") or not domain.upper_closed:
            tests.append((">" if domain.upper_closed else ">=", domain.upper))
        if domain.without is not None:
            tests.append(("==", domain.without))
        outside = None
        for relation, bound in tests:
            bit = self.builder.fcmp_ordered(relation, value, ir.Constant(value.type, bound))
            outside = bit if outside is None else self.builder.or_(outside, bit)
        return outside

    # What is called

    def string(self, text: str) -> Any:
        """A pointer to a constant."""
        return self.context.insert_const_string(self.builder.module, text)

    def target(self) -> Any:
        """The target of the ufunc: asked for once in each process, and kept in a variable of the module."""
        from llvmlite import ir
        from numba.core import cgutils

        module, builder = self.builder.module, self.builder
        name = f".fastact.{self.callee.name}"
        slot = module.globals.get(name)
        if slot is None:
            slot = cgutils.add_global_variable(module, self.byte, name)
            slot.linkage, slot.initializer = "internal", ir.Constant(self.byte, None)
        # Two threads may both ask; they store the same answer.
        align = _jit.pointer_bits // 8
        kept = builder.load_atomic(slot, "monotonic", align)
        with builder.if_then(cgutils.is_null(builder, kept), likely=False):
            find = cgutils.get_or_insert_function(module, ir.FunctionType(self.byte, [self.byte, self.byte]), SYMBOL)
            found = builder.call(find, [self.string(_jit.identity), self.string(self.callee.name)])
            with builder.if_then(cgutils.is_null(builder, found), likely=False):
                self.fail(RuntimeError, STALE.format(callee=self.callee, identity=_jit.identity))
            builder.store_atomic(found, slot, "monotonic", align)
        return builder.bitcast(builder.load_atomic(slot, "monotonic", align), self.byte.as_pointer())

    def member(self, target: Any, index: int, function: Any = None) -> Any:
        """A member of the target, as a pointer to a function of the type."""
        pointer = self.builder.load(self.builder.gep(target, [self.int(index)]))
        return pointer if function is None else self.builder.bitcast(pointer, function.as_pointer())

    def by_dtype(self, float32: int, float64: int) -> int:
        """The index of the member that computes in the dtype of the call."""
        from numba.core import types

        return float32 if self.typed.dtype == types.float32 else float64

    def table(self, type_: Any, values: list[Any]) -> Any:
        """An array of values on the stack, as a pointer to the first."""
        from numba.core import cgutils

        memory = cgutils.alloca_once(self.builder, type_, size=len(values))
        for i, value in enumerate(values):
            self.builder.store(value, self.builder.gep(memory, [self.int(i)]))
        return memory

    def address(self, pointer: Any) -> Any:
        """A pointer to anything, as one to bytes."""
        return self.builder.bitcast(pointer, self.byte)

    def spilled(self, name: str, values: dict[str, Any]) -> Any:
        """A scalar operand in the dtype of the call, on the stack."""
        from numba.core import cgutils

        value = self.context.cast(self.builder, values[name], self.types[name], self.typed.dtype)
        return cgutils.alloca_once_value(self.builder, value)

    # Scalars

    def scalars(self, values: dict[str, Any]) -> Any:
        """One call of the kernel."""
        from llvmlite import ir
        from numba.core import cgutils

        builder = self.builder
        target = self.target()
        real = self.context.get_value_type(self.typed.dtype)
        results = [cgutils.alloca_once(builder, real) for _ in self.typed.outputs]
        operands = [self.spilled(name, values) for name in self.callee.operands] + results
        pointers = self.table(self.byte, [self.address(operand) for operand in operands])
        function = ir.FunctionType(ir.VoidType(), [self.byte, self.byte.as_pointer()])
        index = self.by_dtype(SCALAR_FLOAT32, SCALAR_FLOAT64)
        builder.call(self.member(target, index, function), [self.member(target, DATA), pointers])
        return self.returned([builder.load(result) for result in results])

    def returned(self, values: list[Any]) -> Any:
        """One value, or a tuple."""
        if len(values) == 1:
            return values[0]
        return self.context.make_tuple(self.builder, self.typed.returned, values)

    # Arrays

    def arrays(self, values: dict[str, Any]) -> Any:
        """A walk over all operands."""
        from numba.core import types

        owned: list[tuple[Any, Any]] = []  # to be given up: types and values
        operands = []
        for name in self.callee.operands:
            given, value = self.types[name], values.get(name)
            if not isinstance(given, types.Array):
                given, value = self.typed.dtype, self.spilled(name, values)
            elif given.dtype != self.typed.dtype:
                given, value = self.converted(given, value)
                owned.append((given, value))
            operands.append(self.parts(given, value))
        target, axis = self.target(), self.axis(values)
        new = self.types["out"] is types.none
        if new:
            shape = self.broadcast(target, operands, axis, owned)
            results = [self.empty(type_, shape) for type_ in self.typed.outputs]
        elif isinstance(self.types["out"], types.BaseTuple):
            results = [self.builder.extract_value(values["out"], i) for i in range(self.callee.outputs)]
        else:
            results = [values["out"]]
        written = list(zip(self.typed.outputs, results, strict=True))
        made = [(type_, result) for type_, result in written if isinstance(type_, types.Array)]
        operands += [self.parts(type_, result) for type_, result in written]
        self.run(target, operands, axis, owned + made * new, not new)
        for type_, value in owned:
            self.context.nrt.decref(self.builder, type_, value)
        if not new:
            for type_, result in made:
                self.context.nrt.incref(self.builder, type_, result)
        return self.returned([r if isinstance(t, types.Array) else self.builder.load(r) for t, r in written])

    def parts(self, type_: Any, value: Any) -> Operand:
        """An array, or a pointer to a number, as the walk takes it."""
        from llvmlite import ir
        from numba.core import cgutils, types

        nothing = ir.Constant(self.intp.as_pointer(), None)
        if not isinstance(type_, types.Array):
            return Operand(self.int(0), nothing, nothing, self.address(value))
        array = self.context.make_array(type_)(self.context, self.builder, value)
        if type_.ndim == 0:
            return Operand(self.int(0), nothing, nothing, self.address(array.data))
        shape, strides = (
            self.builder.bitcast(cgutils.alloca_once_value(self.builder, numbers), self.intp.as_pointer())
            for numbers in (array.shape, array.strides)
        )
        return Operand(self.int(type_.ndim), shape, strides, self.address(array.data))

    def converted(self, type_: Any, value: Any) -> tuple[Any, Any]:
        """A copy of an array in the dtype of the call."""
        import numpy as np
        from numba.core import types
        from numba.core.typing import signature

        def to_float32(array: Any) -> Any:
            return array.astype(np.float32)

        def to_float64(array: Any) -> Any:
            return array.astype(np.float64)

        convert = to_float32 if self.typed.dtype == types.float32 else to_float64
        layout = type_.layout if type_.layout in "CF" else "C"
        result = type_.copy(dtype=self.typed.dtype, layout=layout, readonly=False)
        return result, self.context.compile_internal(self.builder, convert, signature(result, type_), (value,))

    def axis(self, values: dict[str, Any]) -> Any:
        """The axis of rows."""
        from numba.core import types

        if not self.callee.rows:
            return self.intp(0)
        return self.context.cast(self.builder, values["axis"], self.types["axis"], types.intp)

    @property
    def dimensions(self) -> int:
        """Those of the arrays that are walked: a result without the axis of rows has one fewer."""
        rows = self.callee.rows
        return self.typed.ndim + (rows != 0 and not rows >> len(self.callee.inputs) & 1)

    def broadcast(self, target: Any, operands: list[Operand], axis: Any, owned: list[tuple[Any, Any]]) -> list[Any]:
        """The lengths of the result of the inputs."""
        from llvmlite import ir
        from numba.core import cgutils

        builder, pointer = self.builder, self.intp.as_pointer()
        result = cgutils.alloca_once(builder, self.intp, size=max(1, self.typed.ndim))
        arguments = [
            self.int(len(operands)),
            self.table(self.int, [operand.ndim for operand in operands]),
            self.table(pointer, [operand.shape for operand in operands]),
            self.int(self.callee.rows),
            axis,
            self.int(self.dimensions),
            result,
        ]
        function = ir.FunctionType(self.int, [argument.type for argument in arguments])
        status = builder.call(self.member(target, BROADCAST, function), arguments)
        self.raise_if_failed(status, owned, SHAPES_DIFFER, *[NO_SUCH_AXIS] * (self.callee.rows != 0))
        return [builder.load(builder.gep(result, [self.int(i)])) for i in range(self.typed.ndim)]

    def run(self, target: Any, operands: list[Operand], axis: Any, owned: list[tuple[Any, Any]], given: bool) -> None:
        """Compute the outputs, which are new or were given."""
        from llvmlite import ir

        pointer = self.intp.as_pointer()
        arguments = [
            self.member(target, self.by_dtype(FLOAT32, FLOAT64)),
            self.member(target, DATA),
            self.int(len(self.callee.operands)),
            self.int(self.callee.outputs),
            self.table(self.int, [operand.ndim for operand in operands]),
            self.table(pointer, [operand.shape for operand in operands]),
            self.table(pointer, [operand.strides for operand in operands]),
            self.table(self.byte, [operand.data for operand in operands]),
            self.int(self.callee.rows),
            axis,
            self.int(self.dimensions),
            self.intp(self.typed.dtype.bitwidth // 8),
        ]
        function = ir.FunctionType(self.int, [argument.type for argument in arguments])
        status = self.builder.call(self.member(target, RUN, function), arguments)
        # The shapes and the axis have been looked at for a new result, which overlaps nothing.
        codes = [SHAPES_DIFFER, NO_MEMORY] if given else []
        if self.callee.rows:
            codes += [NO_SUCH_AXIS, EMPTY_AXIS] if given else [EMPTY_AXIS]
        if codes:
            self.raise_if_failed(status, owned, *codes)

    def empty(self, type_: Any, shape: list[Any]) -> Any:
        """A new array, or room for a number."""
        from numba.core import cgutils, types
        from numba.np.arrayobj import _empty_nd_impl

        if not isinstance(type_, types.Array):
            return cgutils.alloca_once(self.builder, self.context.get_value_type(type_))
        return _empty_nd_impl(self.context, self.builder, type_, shape)._getvalue()

    def raise_if_failed(self, status: Any, owned: list[tuple[Any, Any]], *codes: int) -> None:
        """Raise what a status other than 0 means, one of the codes, after giving up arrays."""
        builder = self.builder
        with builder.if_then(builder.icmp_signed("!=", status, self.int(0)), likely=False):
            for type_, value in owned:
                self.context.nrt.decref(builder, type_, value)
            *others, last = codes
            for code in others:
                with builder.if_then(builder.icmp_signed("==", status, self.int(code))):
                    self.fail_with(code)
            self.fail_with(last)

    def fail_with(self, code: int) -> None:
        """Raise what a code means."""
        error, message = FAILURES[code]
        self.fail(error, f"{self.callee.name}: {message}")
