"""The code of a call of a public function that Numba compiles.

For scalars it calls the loop of the ufunc with one element, which keeps the floating-point status as NumPy's ufuncs
need it. For arrays it allocates the result and hands all operands as they are to the walk in ``_jit.pyx``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _jit
from .numba_ext import STAMP, SYMBOL, Call, Callee, resolve

if TYPE_CHECKING:
    from ._schema import Interval

# The members of `target` in _jit.pyx.
DATA, FLOAT32, FLOAT64, BROADCAST, RUN = range(5)

STALE = (
    f"this code was compiled with another fastact than {_jit.identity} and cached: delete the files *.nbi and *.nbc "
    "in its __pycache__, and it will be compiled again"
)


def _failures(callee: Callee) -> dict[int, tuple[type[Exception], str]]:
    """What to raise for the values that the functions of _jit.pyx return."""
    return {
        1: (ValueError, f"{callee.name}: operands could not be broadcast together"),
        2: (MemoryError, f"{callee.name}: no memory for a copy of what out overlaps"),
        3: (ValueError, f"{callee.name}: axis is out of bounds"),
        4: (ValueError, f"{callee.name}: axis must not be empty: there is nothing to sum"),
    }


def implementation(callee: Callee) -> Callable[..., Any]:
    """The function that writes the code of a call, as ``lower_builtin`` wants it."""

    def lower(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        names = callee.signature.parameters
        return Writer(context, builder, callee, dict(zip(names, sig.args, strict=True))).call(
            dict(zip(names, args, strict=True))
        )

    return lower


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
        self.stamp()
        self.check(values)
        if self.typed.ndim == 0 and not any(hasattr(self.types[name], "ndim") for name in self.callee.operands):
            return self.scalars(values)
        return self.arrays(values)

    def stamp(self) -> None:
        """Put the stamp among the constants of the function that is compiled."""
        environment = self.context.environment
        if environment is not None and not any(constant is STAMP for constant in environment.consts):
            environment.consts.append(STAMP)

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
                self.fail(RuntimeError, f"{self.callee}: {STALE}")
            builder.store_atomic(found, slot, "monotonic", align)
        return builder.bitcast(builder.load_atomic(slot, "monotonic", align), self.byte.as_pointer())

    def member(self, target: Any, index: int, function: Any = None) -> Any:
        """A member of the target, as a pointer to a function of the type."""
        pointer = self.builder.load(self.builder.gep(target, [self.int(index)]))
        return pointer if function is None else self.builder.bitcast(pointer, function.as_pointer())

    def loop(self, target: Any) -> Any:
        """The loop of the ufunc for the dtype of the call."""
        from numba.core import types

        return self.member(target, FLOAT32 if self.typed.dtype == types.float32 else FLOAT64)

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
        """One call of the loop."""
        from llvmlite import ir
        from numba.core import cgutils

        builder = self.builder
        target = self.target()
        real = self.context.get_value_type(self.typed.dtype)
        results = [cgutils.alloca_once(builder, real) for _ in self.typed.outputs]
        operands = [self.spilled(name, values) for name in self.callee.operands] + results
        pointers = self.table(self.byte, [self.address(operand) for operand in operands])
        length = self.table(self.intp, [self.intp(1)])
        steps = self.table(self.intp, [self.intp(0)] * len(operands))
        loop = ir.FunctionType(
            ir.VoidType(), [self.byte.as_pointer(), self.intp.as_pointer(), self.intp.as_pointer(), self.byte]
        )
        function = builder.bitcast(self.loop(target), loop.as_pointer())
        builder.call(function, [pointers, length, steps, self.member(target, DATA)])
        return self.returned([builder.load(result) for result in results])

    def returned(self, values: list[Any]) -> Any:
        """One value, or a tuple."""
        if len(values) == 1:
            return values[0]
        return self.context.make_tuple(self.builder, self.typed.returned, values)

    # Arrays

    def arrays(self, values: dict[str, Any]) -> Any:
        """A walk over all operands."""
        from llvmlite import ir
        from numba.core import types

        builder, callee, intp = self.builder, self.callee, self.intp
        owned: list[tuple[Any, Any]] = []  # to be released: types and values
        shapes, strides, pointers, ndims = [], [], [], []

        def append(type_: Any, value: Any) -> None:
            shape, stride, data = self.parts(type_, value)
            shapes.append(shape)
            strides.append(stride)
            pointers.append(data)
            ndims.append(self.int(type_.ndim))

        def append_scalar(pointer: Any) -> None:
            for table in (shapes, strides):
                table.append(ir.Constant(intp.as_pointer(), None))
            pointers.append(self.address(pointer))
            ndims.append(self.int(0))

        for name in callee.operands:
            given = self.types[name]
            if not isinstance(given, types.Array):
                append_scalar(self.spilled(name, values))
                continue
            value = values[name]
            if given.dtype != self.typed.dtype:
                given, value = self.converted(given, value)
                owned.append((given, value))
            append(given, value)

        target = self.target()
        axis = self.axis(values)
        rows = self.int(callee.rows)
        inputs = len(callee.operands)
        # Of the arrays that are walked: a result without the axis of rows has one dimension fewer.
        ndim = self.int(self.typed.ndim + (callee.rows != 0 and not callee.rows >> len(callee.inputs) & 1))
        results: list[Any] = []
        if self.types["out"] is types.none:
            shape = self.broadcast(target, inputs, ndims, shapes, rows, axis, ndim, owned)
            for type_ in self.typed.outputs:
                results.append(self.empty(type_, shape))
        else:
            out = values["out"]
            results = [out]
            if isinstance(self.types["out"], types.BaseTuple):
                results = [builder.extract_value(out, i) for i in range(callee.outputs)]
        for type_, result in zip(self.typed.outputs, results, strict=True):
            if isinstance(type_, types.Array):
                append(type_, result)
            else:
                append_scalar(result)

        pointer = intp.as_pointer()
        run = ir.FunctionType(
            self.int,
            [self.byte, self.byte, self.int, self.int, self.int.as_pointer(), pointer.as_pointer()]
            + [pointer.as_pointer(), self.byte.as_pointer(), self.int, intp, self.int, intp],
        )
        status = builder.call(
            self.member(target, RUN, run),
            [
                self.loop(target),
                self.member(target, DATA),
                self.int(inputs),
                self.int(callee.outputs),
                self.table(self.int, ndims),
                self.table(pointer, shapes),
                self.table(pointer, strides),
                self.table(self.byte, pointers),
                rows,
                axis,
                ndim,
                intp(self.typed.dtype.bitwidth // 8),
            ],
        )
        new = self.types["out"] is types.none
        made = [(t, r) for t, r in zip(self.typed.outputs, results, strict=True) if isinstance(t, types.Array)]
        self.raise_if_failed(status, owned + made * new)
        self.release(owned)
        if not new:
            for type_, result in made:
                self.context.nrt.incref(builder, type_, result)
        return self.returned(
            [
                r if isinstance(t, types.Array) else builder.load(r)
                for t, r in zip(self.typed.outputs, results, strict=True)
            ]
        )

    def parts(self, type_: Any, value: Any) -> tuple[Any, Any, Any]:
        """Pointers to the shape, the strides and the data of an array."""
        from llvmlite import ir
        from numba.core import cgutils

        array = self.context.make_array(type_)(self.context, self.builder, value)
        if type_.ndim == 0:
            nothing = ir.Constant(self.intp.as_pointer(), None)
            return nothing, nothing, self.address(array.data)
        shape, strides = (
            self.builder.bitcast(cgutils.alloca_once_value(self.builder, numbers), self.intp.as_pointer())
            for numbers in (array.shape, array.strides)
        )
        return shape, strides, self.address(array.data)

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

    def broadcast(
        self,
        target: Any,
        inputs: int,
        ndims: list[Any],
        shapes: list[Any],
        rows: Any,
        axis: Any,
        ndim: Any,
        owned: list[tuple[Any, Any]],
    ) -> list[Any]:
        """The lengths of the result."""
        from llvmlite import ir
        from numba.core import cgutils

        builder, pointer = self.builder, self.intp.as_pointer()
        function = ir.FunctionType(
            self.int, [self.int, self.int.as_pointer(), pointer.as_pointer(), self.int, self.intp, self.int, pointer]
        )
        result = cgutils.alloca_once(builder, self.intp, size=max(1, self.typed.ndim))
        tables = self.table(self.int, ndims), self.table(pointer, shapes)
        status = builder.call(
            self.member(target, BROADCAST, function), [self.int(inputs), *tables, rows, axis, ndim, result]
        )
        self.raise_if_failed(status, owned)
        return [builder.load(builder.gep(result, [self.int(i)])) for i in range(self.typed.ndim)]

    def empty(self, type_: Any, shape: list[Any]) -> Any:
        """A new array, or room for a number."""
        from numba.core import cgutils, types
        from numba.np.arrayobj import _empty_nd_impl

        if not isinstance(type_, types.Array):
            return cgutils.alloca_once(self.builder, self.context.get_value_type(type_))
        return _empty_nd_impl(self.context, self.builder, type_, shape)._getvalue()

    def release(self, owned: list[tuple[Any, Any]]) -> None:
        """Give up arrays."""
        for type_, value in owned:
            self.context.nrt.decref(self.builder, type_, value)

    def raise_if_failed(self, status: Any, owned: list[tuple[Any, Any]]) -> None:
        """Raise what a status other than 0 means, after giving up arrays."""
        builder = self.builder
        with builder.if_then(builder.icmp_signed("!=", status, self.int(0)), likely=False):
            self.release(owned)
            *others, last = _failures(self.callee).items()
            for code, (error, message) in others:
                with builder.if_then(builder.icmp_signed("==", status, self.int(code))):
                    self.fail(error, message)
            self.fail(*last[1])
