"""How a call becomes a task for the threads: its loop, its operands as NumPy's iterator sees them, and new outputs.

None is returned, with nothing written, wherever the call is one for the ufunc itself: it knows what to do, or what to
say of the arguments.
"""

cdef class Call:
    """The arguments of a call, as the ufunc understands them."""

    cdef list operands  # inputs and outputs; None for an output that is to be made
    cdef list casts  # pairs of an output and what is cast to it in the end
    cdef object dtype, signature, axis, casting, order


cdef Call understand(ParallelUfunc self, PyObject *const *args, Py_ssize_t given, PyObject *names):
    """None where the call is one for the ufunc itself: operands that decide for themselves, masks, mistakes."""
    cdef Call call = Call.__new__(Call)
    cdef Py_ssize_t j
    cdef object value
    if given > self.nargs:
        return None
    call.operands = [<object> args[j] for j in range(given)] + [None] * (self.nargs - given)
    call.casting, call.order, call.casts = "same_kind", "K", []
    if names != NULL:
        for j, name in enumerate(<tuple> names):
            value = <object> args[given + j]
            if name == "out":
                if given > self.nin:
                    return None
                outputs = value if type(value) is tuple else (value,)
                if len(outputs) != self.nout:
                    return None
                call.operands[self.nin:] = outputs
            elif name == "dtype":
                call.dtype = value
            elif name == "signature" or name == "sig":
                if value is not None and type(value) not in (tuple, str):
                    return None
                call.signature = value
            elif name == "casting":
                call.casting = value
            elif name == "order":
                call.order = value
            elif name == "axis" and self.cores:
                call.axis = value
            elif not (name == "where" and value is True) and name != "subok":
                return None
    if type(call.casting) is not str or type(call.order) is not str:
        return None
    if call.casting not in CASTING or call.order not in ORDER:
        return None
    if call.dtype is not None and call.signature is not None:
        return None
    for j in range(self.nin):
        value = call.operands[j]
        if type(value) in (bool, float, int, complex) or isinstance(value, np.generic):
            continue
        if type(value) is not np.ndarray:
            return None
    for value in call.operands[self.nin:]:
        if value is not None and (type(value) is not np.ndarray or not value.flags.writeable):
            return None
    return call


CASTING = {
    "no": cnp.NPY_NO_CASTING, "equiv": cnp.NPY_EQUIV_CASTING, "safe": cnp.NPY_SAFE_CASTING,
    "same_kind": cnp.NPY_SAME_KIND_CASTING, "unsafe": cnp.NPY_UNSAFE_CASTING,
}
ORDER = {
    "C": cnp.NPY_CORDER, "F": cnp.NPY_FORTRANORDER, "A": cnp.NPY_ANYORDER, "K": cnp.NPY_KEEPORDER,
}


cdef int find_loop(ParallelUfunc self, tuple dtypes) except -2:
    """The number of the loop for these dtypes; -1 if it is none of numbers."""
    cdef cnp.ufunc ufunc = <cnp.ufunc> self.serial
    cdef int i, j, number
    cdef list numbers = []
    for dtype in dtypes:
        number = dtype.num
        if not 0 <= number < TYPES or dtype.kind not in "?biufc":
            return -1
        numbers.append(number)
    for i in range(ufunc.ntypes):
        for j in range(self.nargs):
            if ufunc.types[i * self.nargs + j] != <int> numbers[j]:
                break
        else:
            return i
    return -1


cdef object as_operands(Call call, int nin, tuple dtypes):
    """Numbers as arrays of the dtype that computes; so are arrays of one element. OverflowError as NumPy has it."""
    cdef int j
    for j in range(nin):
        value = call.operands[j]
        if type(value) in (int, float, complex):
            call.operands[j] = np.asarray(value, dtypes[j])
        elif type(value) is not np.ndarray or (value.size == 1 and value.dtype is not dtypes[j]):
            call.operands[j] = np.asarray(value).astype(dtypes[j])


cdef bint ready(cnp.ndarray array, object dtype):
    """Whether a loop of the dtype can read it as it stands."""
    return cnp.PyArray_ISBEHAVED_RO(array) and cnp.PyArray_TYPE(array) == dtype.num


cdef bint tangled(cnp.ndarray array):
    """Whether two elements of an output may be one in memory."""
    cdef npy_intp reach = cnp.PyArray_ITEMSIZE(array)
    for stride, length in sorted((abs(array.strides[d]), array.shape[d]) for d in range(array.ndim)):
        if length > 1 and stride < reach:
            return True
        reach += stride * (length - 1)
    return False


cdef bint same_elements(cnp.ndarray one, cnp.ndarray other):
    return (
        cnp.PyArray_DATA(one) == cnp.PyArray_DATA(other) and one.dtype is other.dtype
        and (<object> one).shape == (<object> other).shape and (<object> one).strides == (<object> other).strides
    )


cdef bint overlaps(Call call, int nin, bint elementwise):
    """Whether an output shares memory with another operand, other than by being it."""
    cdef int i, o, count = len(call.operands)
    for o in range(nin, count):
        output = call.operands[o]
        if output is None:
            continue
        if tangled(output):
            return True
        for i in range(o):
            other = call.operands[i]
            if other is None or not np.may_share_memory(other, output, 1):
                continue
            if i >= nin or not elementwise or not same_elements(other, output):
                return True
    return False


cdef tuple resolve(ParallelUfunc self, Call call):
    """The dtypes of the loop that NumPy would call."""
    cdef int j
    types = []
    for j in range(self.nargs):
        value = call.operands[j]
        if value is None:
            types.append(None)
        elif type(value) in (int, float, complex):
            types.append(type(value))
        else:
            types.append(np.dtype(bool) if type(value) is bool else value.dtype)
    signature = call.signature
    if call.dtype is not None:
        signature = (None,) * self.nin + (np.dtype(call.dtype),) * self.nout
    if signature is None:  # not taken by that name
        return self.serial.resolve_dtypes(tuple(types), casting=call.casting)
    return self.serial.resolve_dtypes(tuple(types), signature=signature, casting=call.casting)


cdef list prepare(ParallelUfunc self, task *t, Call call, tuple dtypes):
    """The outputs of an elementwise call, and the task that fills them; None if operands overlap."""
    cdef bint cast = False
    cdef int j
    if overlaps(call, self.nin, True):
        return None
    for j in range(self.nargs):
        value = call.operands[j]
        cast = cast or (value is not None and not ready(value, dtypes[j]))
    return iterated(self, t, call.operands, dtypes, CASTING[call.casting], ORDER[call.order], cast)


cdef list iterated(
    ParallelUfunc self, task *t, list operands, tuple dtypes, int casting, int order, bint cast,
):
    """Let NumPy's iterator bring operands to one shape and make outputs; None if it needs the interpreter."""
    cdef cnp.PyArrayObject *arrays[MAX_OPERANDS]
    cdef cnp.PyArray_Descr *wanted[MAX_OPERANDS]
    cdef cnp.npy_uint32 flags[MAX_OPERANDS]
    cdef cnp.npy_uint32 of_all = 0
    cdef cnp.NpyIter *iterator
    cdef cnp.ndarray view
    cdef int i, j, d
    for j in range(self.nargs):
        arrays[j] = <cnp.PyArrayObject *> (NULL if operands[j] is None else <PyObject *> operands[j])
        wanted[j] = <cnp.PyArray_Descr *> <PyObject *> dtypes[j]
        if j < self.nin:
            flags[j] = cnp.NPY_ITER_READONLY | cnp.NPY_ITER_ALIGNED | cnp.NPY_ITER_NBO
        else:
            flags[j] = (
                cnp.NPY_ITER_WRITEONLY | cnp.NPY_ITER_ALIGNED | cnp.NPY_ITER_NBO | cnp.NPY_ITER_ALLOCATE
                | cnp.NPY_ITER_NO_BROADCAST | cnp.NPY_ITER_NO_SUBTYPE
            )
    if cast:
        of_all = (
            cnp.NPY_ITER_EXTERNAL_LOOP | cnp.NPY_ITER_BUFFERED | cnp.NPY_ITER_GROWINNER | cnp.NPY_ITER_DELAY_BUFALLOC
            | cnp.NPY_ITER_RANGED
        )
    iterator = cnp.NpyIter_AdvancedNew(
        self.nargs, <cnp.PyArrayObject **> arrays, of_all, <cnp.NPY_ORDER> order, <cnp.NPY_CASTING> casting, flags,
        <cnp.PyArray_Descr **> wanted, -1, NULL, NULL, 0,
    )
    try:
        outputs = [
            <object> <PyObject *> cnp.NpyIter_GetOperandArray(iterator)[j] for j in range(self.nin, self.nargs)
        ]
        if cast:
            t.size = cnp.NpyIter_GetIterSize(iterator)
            if cnp.NpyIter_IterationNeedsAPI(iterator):
                return None
            t.iterators = <cnp.NpyIter **> calloc(t.workers, sizeof(cnp.NpyIter *))
            t.advance = <cnp.NpyIter_IterNextFunc *> calloc(t.workers, sizeof(cnp.NpyIter_IterNextFunc))
            if t.iterators == NULL or t.advance == NULL:
                raise MemoryError
            for i in range(t.workers):
                t.iterators[i] = cnp.NpyIter_Copy(iterator)
                t.advance[i] = cnp.NpyIter_GetIterNext(t.iterators[i], NULL)
            return outputs
        for j in range(self.nargs):
            view = cnp.NpyIter_GetIterView(iterator, j)
            if view.ndim > MAX_DIMENSIONS:
                return None
            t.pointers[j] = <char *> cnp.PyArray_DATA(view)
            t.dimensions = view.ndim
            for d in range(view.ndim):
                t.shape[d] = view.shape[d]
                t.strides[j][d] = view.strides[d]
        t.size = 1
        for d in range(t.dimensions):
            t.size *= t.shape[d]
        return outputs
    finally:
        cnp.NpyIter_Deallocate(iterator)


cdef list prepare_rows(ParallelUfunc self, task *t, Call call, tuple dtypes):
    """As `prepare`, of a gufunc: the threads share what its core is called on."""
    cdef int j, position
    cdef list cores = self.cores
    cdef list operands = call.operands
    if overlaps(call, self.nin, False) or call.order != "K":
        return None
    if call.axis is not None:
        if type(call.axis) is not int or len(set().union(*cores)) != 1 or any(len(core) > 1 for core in cores):
            return None
    sizes = {}
    for j in range(self.nin):
        if not ready(operands[j], dtypes[j]):
            if not np.can_cast(operands[j].dtype, dtypes[j], call.casting):
                return None
            operands[j] = operands[j].astype(dtypes[j])
    given = list(operands)
    for j in range(self.nargs):
        if operands[j] is not None:
            operands[j] = rows_last(operands[j], cores[j], call.axis)
            if operands[j].ndim < len(cores[j]):
                return None
    for j in range(self.nin):
        for name, length in zip(cores[j], operands[j].shape[operands[j].ndim - len(cores[j]):], strict=True):
            if sizes.setdefault(name, length) != length or length == 0:
                return None
    outer = np.broadcast_shapes(*(operands[j].shape[:operands[j].ndim - len(cores[j])] for j in range(self.nin)))
    for j in range(self.nin, self.nargs):
        shape = outer + tuple(sizes[name] for name in cores[j])
        if operands[j] is None:
            given[j], operands[j] = new_rows(shape, dtypes[j], operands[:self.nin], cores[j], call.axis)
        elif operands[j].shape != shape or not np.can_cast(dtypes[j], operands[j].dtype, call.casting):
            return None
        elif not ready(operands[j], dtypes[j]):
            target, operands[j] = operands[j], np.empty(shape, dtypes[j])
            call.casts.append((target, operands[j]))
    position = 0
    for j in range(self.nargs):
        array = operands[j]
        for stride in array.strides[array.ndim - len(cores[j]):]:
            t.core_strides[position] = stride
            position += 1
        # One element of each core stands for all.
        operands[j] = array[(..., *(0,) * len(cores[j]))] if cores[j] else array
    t.core_steps = position
    names = list(dict.fromkeys(name for core in cores for name in core))
    t.cores = len(names)
    for j in range(t.cores):
        t.core_sizes[j] = sizes[names[j]]
    if iterated(self, t, operands, dtypes, cnp.NPY_NO_CASTING, cnp.NPY_KEEPORDER, False) is None or t.size < 2:
        return None
    return given[self.nin:]


cdef object rows_last(object array, tuple core, object axis):
    return array if axis is None or not core else np.moveaxis(array, axis, -1)


cdef tuple new_rows(tuple shape, object dtype, list inputs, tuple core, object axis):
    """A new output, as it is returned and with its rows last: these are contiguous, the rest in the order of memory of the
    first input of its shape, as NumPy has it. The inputs have their rows last."""
    outer = len(shape) - len(core)
    model = next((array for array in inputs if array.shape[:outer] == shape[:outer]), None)
    if model is None:
        made = np.empty(shape, dtype)
    else:
        order = sorted(range(outer), key=lambda d: -abs(model.strides[d]))
        made = np.empty([*(shape[d] for d in order), *shape[outer:]], dtype)
        made = made.transpose([*map(order.index, range(outer)), *range(outer, len(shape))])
    return (made if axis is None or not core else np.moveaxis(made, -1, axis)), made
