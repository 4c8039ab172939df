"""Ufuncs on several threads.

A call that is worth it (``_parallel_worth.pxi``) resolves the loop, casts, broadcasts and allocates as NumPy would, by
NumPy's own means: ``resolve_dtypes`` for the loop, its iterator for shapes, strides, new outputs and, where operands
must be cast, for the buffers of each thread (``_parallel_task.pxi``). Then the threads call the ufunc's own C loop,
through its pointer, on parts of the operands (``_parallel_work.pxi``). Everything else goes to the ufunc itself, which
also says what is wrong.
"""

import re
import sys

import numpy as np

cimport numpy as cnp
from cpython.object cimport PyObject
from libc.stdlib cimport calloc, free
from numpy cimport npy_intp

cnp.import_array()
cnp.import_umath()

include "_parallel_work.pxi"
include "_parallel_worth.pxi"
include "_parallel_task.pxi"

cdef extern from *:
    """
    #define FASTACT_TYPES 24  /* NumPy's own type numbers are below */

    /* Where threads are limited. Found by name: threadpoolctl looks at the symbols of loaded libraries. */
    static int fastact_limit = 0;
    __attribute__((visibility("default"))) int fastact_parallel_limit(void) { return fastact_limit; }
    static void fastact_set_limit(int limit) { fastact_limit = limit; }

    static void fastact_take_vectorcall(PyObject *type, Py_ssize_t offset) {
        ((PyTypeObject *)type)->tp_vectorcall_offset = offset;
        ((PyTypeObject *)type)->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
        PyType_Modified((PyTypeObject *)type);
    }
    """
    enum:
        TYPES "FASTACT_TYPES"
    int fastact_parallel_limit() noexcept nogil
    void fastact_set_limit(int) noexcept nogil
    void take_vectorcall "fastact_take_vectorcall"(object type, Py_ssize_t offset)

cdef extern from "Python.h":
    object PyObject_Vectorcall(object callable, PyObject *const *args, size_t nargsf, PyObject *names)
    object PyVectorcall_Call(object callable, object args, object keywords)
    size_t PY_VECTORCALL_ARGUMENTS_OFFSET

cdef extern from *:
    """
    #define FASTACT_SIZE(array) PyArray_SIZE((PyArrayObject *)(array))
    #define FASTACT_TYPE(array) PyArray_TYPE((PyArrayObject *)(array))
    #define FASTACT_NDIM(array) PyArray_NDIM((PyArrayObject *)(array))
    #define FASTACT_DIMS(array) PyArray_DIMS((PyArrayObject *)(array))
    """
    bint is_array "PyArray_CheckExact"(PyObject *) noexcept
    npy_intp size_of "FASTACT_SIZE"(PyObject *) noexcept
    int type_of "FASTACT_TYPE"(PyObject *) noexcept
    int ndim_of "FASTACT_NDIM"(PyObject *) noexcept
    npy_intp *shape_of "FASTACT_DIMS"(PyObject *) noexcept

cdef extern from "numpy/ufuncobject.h":
    int PyUFunc_GiveFloatingpointErrors(const char *name, int exceptions) except -1

cdef enum:
    SMALL = 4096  # elements: below, a call is not even timed
    SAMPLES = 16  # serial calls that are timed for each dtype
    STREAMED = 1 << 23  # bytes of an output from which on fastact's loops write past the caches
    CACHED = 1 << 18  # bytes of a chunk of other outputs
    GRAIN = 64  # elements: chunks are multiples of it

# Nanoseconds an element of a loop that was never timed, about what copying takes.
cdef double UNKNOWN = 0.25

SMALL_CALL = SMALL  # for tests

cdef object drive = None  # the driver, once the threads are started
cdef object start = None  # starts them
cdef object mask = None  # how many threads Numba would use for this thread
cdef bint no_threads = False  # there is no safe way to have threads
cdef unsigned long long parallel_calls = 0


def configure(**settings):
    """Set what is known of the threads: ``limit``, ``threshold``, ``drive``, ``start``, ``mask`` and ``serial``.

    With a threshold of 0 every call of ``SMALL`` elements or more is tried, whatever it gains: for tests.
    """
    global threshold, debt, drive, start, mask, no_threads
    fastact_set_limit(settings.get("limit", fastact_parallel_limit()))
    if "threshold" in settings:
        threshold, debt = settings["threshold"], 0
    start = settings.get("start", start)
    mask = settings.get("mask", mask)
    no_threads = settings.get("serial", no_threads)
    drive = settings.get("drive", drive)  # the last: from then on other threads use all of them


def state():
    """What `configure` has set, and ``calls``, how many calls have run on several threads."""
    return {
        "limit": fastact_parallel_limit(), "threshold": threshold, "drive": drive, "start": start, "mask": mask,
        "serial": no_threads, "calls": parallel_calls,
    }


work_address = <size_t> &work


def empty_task(int workers):
    """The address of a task without chunks, for measuring what a dispatch costs. It is never freed."""
    cdef task *t = <task *> calloc(1, sizeof(task))
    if t == NULL:
        raise MemoryError
    t.shares = <share *> calloc(workers, sizeof(share))
    if t.shares == NULL:
        free(t)
        raise MemoryError
    t.workers = workers
    fegetenv(&t.environment)
    return <size_t> t


cdef npy_intp broadcast_size(PyObject *const *args, Py_ssize_t count) noexcept:
    """The number of elements that arrays broadcast to; of shapes that do not fit, some number."""
    cdef npy_intp total = 1, length
    cdef int most = 0, d, own
    cdef Py_ssize_t j
    for j in range(count):
        if is_array(args[j]):
            most = max(most, ndim_of(args[j]))
    for d in range(most):
        length = 1
        for j in range(count):
            if is_array(args[j]):
                own = ndim_of(args[j]) - most + d
                if own >= 0 and shape_of(args[j])[own] != 1:
                    length = shape_of(args[j])[own]
        total *= length
    return total


cdef object vectorcall(object callable, PyObject *const *args, size_t nargsf, PyObject *names):
    """A call: to the ufunc as it stands, unless operands are large."""
    cdef ParallelUfunc self = <ParallelUfunc> callable
    cdef Py_ssize_t given = nargsf & ~PY_VECTORCALL_ARGUMENTS_OFFSET, j
    cdef Py_ssize_t inputs = min(given, <Py_ssize_t> self.nin)
    cdef npy_intp size = 0, product = 1, own
    cdef int kind = -1
    for j in range(inputs):
        if is_array(args[j]):
            own = size_of(args[j])
            product = min(product * min(own, <npy_intp> SMALL), <npy_intp> SMALL)
            if own > size:
                size = own
                kind = type_of(args[j])
    if inputs > 1 and product >= SMALL and not self.cores:
        size = broadcast_size(args, inputs)
    if size < SMALL or not 0 <= kind < TYPES or given < self.nin or self.unable:
        return PyObject_Vectorcall(self.serial, args, nargsf, names)
    return large(self, args, nargsf, names, size, kind)


cdef object large(
    ParallelUfunc self, PyObject *const *args, size_t nargsf, PyObject *names, npy_intp size, int kind,
):
    cdef double cost = self.cost[kind] if self.cost[kind] else UNKNOWN
    cdef double begun
    global finished
    if size * cost >= threshold:
        result = None
        if is_worthwhile(size * cost):
            result = in_parallel(self, args, nargsf & ~PY_VECTORCALL_ARGUMENTS_OFFSET, names, size, kind)
        if result is None:
            result = PyObject_Vectorcall(self.serial, args, nargsf, names)
        finished = now()
        return result
    if self.samples[kind] < SAMPLES:
        begun = now()
        result = PyObject_Vectorcall(self.serial, args, nargsf, names)
        note(self, kind, (now() - begun) / size)
        self.samples[kind] += 1
        return result
    return PyObject_Vectorcall(self.serial, args, nargsf, names)


cdef void note(ParallelUfunc self, int kind, double cost) noexcept:
    """Remember the least: whatever disturbs a measurement adds to it."""
    if self.cost[kind] == 0 or cost < self.cost[kind]:
        self.cost[kind] = cost


# A call on several threads -------------------------------------------------------------------------------------------

cdef object in_parallel(
    ParallelUfunc self, PyObject *const *args, Py_ssize_t given, PyObject *names, npy_intp size, int kind,
):
    """The result; None if the call is one for the ufunc itself. Nothing has been written then."""
    cdef int workers, loop
    cdef Call call
    cdef task *t
    cdef double cost = self.cost[kind] if self.cost[kind] else UNKNOWN
    call = understand(self, args, given, names)
    if call is None or (self.reports is not None and reports_errors(self.reports())):
        return None
    try:
        dtypes = resolve(self, call)
        loop = find_loop(self, dtypes)
        if loop < 0:
            return None
        as_operands(call, self.nin, dtypes)
    except (TypeError, ValueError, OverflowError, FloatingPointError):
        return None  # in the words of the ufunc
    if drive is None:
        start()
        if not is_worthwhile(size * cost):
            return None
    workers = min(fastact_parallel_limit(), <int> mask())
    workers = <int> min(<double> workers, max(2.0, 2 * size * cost / max(threshold, 1.0)))
    if workers < 2:
        return None
    t = <task *> calloc(1, sizeof(task))
    if t == NULL:
        raise MemoryError
    try:
        t.workers = workers
        t.operands = self.nargs
        t.loop = <loop_function> <void *> (<cnp.ufunc> self.serial).functions[loop]
        t.data = (<cnp.ufunc> self.serial).data[loop]
        t.shares = <share *> calloc(workers, sizeof(share))
        if t.shares == NULL:
            raise MemoryError
        try:
            outputs = prepare_rows(self, t, call, dtypes) if self.cores else prepare(self, t, call, dtypes)
        except (TypeError, ValueError):
            return None  # shapes that do not fit, casts that are not allowed
        if outputs is None:
            return None
        run(self, t, size, kind, dtypes)
        for target, result in call.casts:
            np.copyto(target, result, casting=call.casting)
    finally:
        release(t)
    return outputs[0] if self.nout == 1 else tuple(outputs)


cdef bint reports_errors(dict actions):
    """Whether SciPy reports errors beyond those that it does by default, of memory."""
    return any(action != "ignore" for kind, action in actions.items() if kind != "memory")


cdef void release(task *t) noexcept:
    cdef int i
    if t.iterators != NULL:
        for i in range(t.workers):
            if t.iterators[i] != NULL:
                cnp.NpyIter_Deallocate(t.iterators[i])
        free(t.iterators)
    free(t.advance)
    free(t.shares)
    free(t)


cdef object run(ParallelUfunc self, task *t, npy_intp size, int kind, tuple dtypes):
    """Cut a task into chunks, let the threads work, and say what floating-point exceptions there were."""
    global parallel_calls
    cdef npy_intp chunks, per_element = max(1, size // t.size), bytes = 0, done = 0
    cdef double elapsed, busy = 0
    cdef int i
    for dtype in dtypes[self.nin:]:
        bytes = max(bytes, <npy_intp> dtype.itemsize)
    bytes *= size
    t.chunk = chunk_length(self, t, per_element, bytes)
    chunks = over(t.size, t.chunk)
    for i in range(t.workers):
        t.shares[i].next = chunks * i // t.workers
        t.shares[i].end = chunks * (i + 1) // t.workers
    fegetenv(&t.environment)
    t.caller = this_thread()
    elapsed = now()
    try:
        drive(work_address, <size_t> t, t.workers)
    except SystemError as error:
        # A loop has left an exception on this thread, and Numba's caller did not expect that.
        raise error.__cause__ or error from None
    elapsed = now() - elapsed
    parallel_calls += 1
    if t.failed:
        raise MemoryError(f"no memory for the buffers of fastact.parallel's {self.serial.__name__}")
    for i in range(t.workers):
        if t.shares[i].elements:
            note(self, kind, t.shares[i].nanoseconds / (t.shares[i].elements * per_element))
        if t.shares[i].called:
            done += t.shares[i].elements
            busy += t.shares[i].nanoseconds
    if done:
        learn(busy / done * t.size, elapsed)
    if t.exceptions and any(dtype.kind in "fc" for dtype in dtypes):
        name = self.serial.__name__.encode()
        PyUFunc_GiveFloatingpointErrors(name, t.exceptions)


cdef inline npy_intp over(npy_intp size, npy_intp part) noexcept:
    """How many parts make up the size, the last one perhaps smaller."""
    return (size + part - 1) // part


cdef npy_intp chunk_length(ParallelUfunc self, const task *t, npy_intp per_element, npy_intp bytes):
    """Elements, or rows, of a chunk: as many chunks for each worker, small enough to even out what the workers take,
    large enough for streaming."""
    cdef npy_intp share = over(t.size, t.workers), bytes_of_share = bytes // t.workers
    cdef bint streamed = self.streams and t.dimensions == 1 and bytes_of_share >= STREAMED
    cdef npy_intp length = over(share, max(bytes_of_share // (STREAMED if streamed else CACHED), <npy_intp> 1))
    return over(length, GRAIN) * GRAIN if per_element == 1 else length


# The public callable -------------------------------------------------------------------------------------------------

cdef class ParallelUfunc:
    """A ufunc whose large calls run on several threads. Called like the ufunc; its attributes are the ufunc's.

    Parameters
    ----------
    ufunc : numpy.ufunc
        With loops over numbers.
    streams : bool
        Whether its loops write large outputs past the caches.

    Raises
    ------
    TypeError
        If it is no ufunc, or all its loops are over Python objects.
    """

    cdef void *vectorcall
    cdef readonly object serial
    cdef object reports  # says what SciPy does with the errors of its functions, on the thread that calls
    cdef list cores  # of a gufunc: for each operand the names of its core's dimensions
    cdef int nin, nout, nargs
    cdef bint streams
    cdef bint unable  # a gufunc of another kind, or of too many operands
    cdef double cost[24]  # nanoseconds an element, by the type number of the largest input
    cdef int samples[24]
    cdef dict __dict__

    def __init__(self, ufunc, streams=False):
        if not isinstance(ufunc, np.ufunc):
            raise TypeError(f"ufunc must be a numpy.ufunc, got {ufunc!r:.60}")
        if all("O" in types for types in ufunc.types):
            raise TypeError(f"ufunc must have loops over numbers; {ufunc.__name__} works on Python objects")
        self.serial, self.streams = ufunc, streams
        self.nin, self.nout, self.nargs = ufunc.nin, ufunc.nout, ufunc.nargs
        self.cores = cores_of(ufunc.signature) if ufunc.signature else []
        self.unable = self.nargs > MAX_OPERANDS or (ufunc.signature is not None and not self.cores)
        special = sys.modules.get("scipy.special")
        self.reports = special.geterr if getattr(special, ufunc.__name__, None) is ufunc else None
        self.vectorcall = <void *> vectorcall

    def __call__(self, *args, **keywords):
        return PyVectorcall_Call(self, args, keywords)

    def __getattr__(self, name):
        # Pickle and copy look for methods of theirs before there is a ufunc.
        if self.serial is None:
            raise AttributeError(name)
        return getattr(self.serial, name)

    def __reduce__(self):
        # By name, as ufuncs are; around one of another library, as what is inside.
        return self.serial.__name__ if "__module__" in vars(self) else (type(self), (self.serial,))

    def __repr__(self):
        return f"<parallel ufunc '{self.serial.__name__}'>"


_NAME = r"[A-Za-z_]\w*"
_CORE = rf"\((?:{_NAME}(?:,{_NAME})*)?\)"


cdef list cores_of(str signature):
    """The names of the core's dimensions of each operand; None if there are some that inputs do not say."""
    compact = signature.replace(" ", "")
    if not re.fullmatch(rf"{_CORE}(,{_CORE})*->{_CORE}(,{_CORE})*", compact):
        return None
    inputs, outputs = ([tuple(re.findall(_NAME, core)) for core in re.findall(_CORE, side)]
                       for side in compact.split("->"))
    names = set().union(*inputs)
    if not set().union(*outputs) <= names or len(names) > MAX_CORES:
        return None
    return inputs + outputs


cdef ParallelUfunc _probe = ParallelUfunc.__new__(ParallelUfunc)
take_vectorcall(ParallelUfunc, <char *> &_probe.vectorcall - <char *> <PyObject *> _probe)
_probe = None
