"""What jitted code calls: the loops of the ufuncs by name, and the walk over operands of any shape and strides.

Compiled code asks for everything through one symbol, `find`, which is registered with LLVM under a name that never
changes. Its answer, a `target`, is the whole of the binary interface; a question asked by code that another fastact
compiled is answered by NULL. ``numba_ext.py`` says why.
"""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, strcmp
from numpy cimport npy_intp

from fastact._build_info import version
from fastact._ufuncs import load, running

from fastact._table cimport MAX_OPERANDS, entry, table, ufunc_loop

cdef extern from *:
    """
    /* What a loop does to the floating-point status, for one number: of the exceptions that NumPy reports, overflow alone
     * may be new. `inexact` stays as it is: writing the status takes longer than most formulas. */
    #if defined(__SSE2__)
    #include <xmmintrin.h>
    #define FASTACT_SPURIOUS (_MM_EXCEPT_INVALID | _MM_EXCEPT_DENORM | _MM_EXCEPT_DIV_ZERO | _MM_EXCEPT_UNDERFLOW)
    typedef unsigned int fastact_flags;
    static inline fastact_flags fastact_flags_now(void) { return _mm_getcsr(); }
    static inline void fastact_flags_keep(fastact_flags before) {
        const unsigned int now = _mm_getcsr(), spurious = now & ~before & FASTACT_SPURIOUS;
        if (spurious) _mm_setcsr(now & ~spurious);
    }
    #else
    #include <fenv.h>
    #define FASTACT_SPURIOUS (FE_INVALID | FE_DIVBYZERO | FE_UNDERFLOW)
    typedef int fastact_flags;
    static inline fastact_flags fastact_flags_now(void) { return fetestexcept(FASTACT_SPURIOUS); }
    static inline void fastact_flags_keep(fastact_flags before) {
        const int spurious = fetestexcept(FASTACT_SPURIOUS) & ~before;
        if (spurious) feclearexcept(spurious);
    }
    #endif
    """
    ctypedef struct fastact_flags:
        pass
    fastact_flags fastact_flags_now() noexcept nogil
    void fastact_flags_keep(fastact_flags before) noexcept nogil

# To be raised with every change of `target`, of the functions that it points to, or of the code made around them.
ABI = 1

cdef enum:
    DIMENSIONS = 32

# What the functions below return.
cdef enum:
    DONE = 0
    SHAPES_DIFFER = 1
    NO_MEMORY = 2
    NO_SUCH_AXIS = 3
    EMPTY_AXIS = 4

pointer_bits = 8 * sizeof(npy_intp)
max_dimensions = DIMENSIONS - 1  # `copy_back` needs one more

# `rows` has bit j set if operand j has an axis of rows; all such have ``ndim`` dimensions, and the others at most those
# that remain without the axis. Elementwise: 0, and ``axis`` means nothing.
ctypedef int (*broadcast_function)(
    int inputs, const int *ndims, npy_intp **shapes, int rows, npy_intp axis, int ndim, npy_intp *result
) noexcept nogil
ctypedef int (*run_function)(
    ufunc_loop loop, void *data, int inputs, int outputs, const int *ndims, npy_intp **shapes, npy_intp **strides,
    char **pointers, int rows, npy_intp axis, int ndim, npy_intp itemsize,
) noexcept nogil
ctypedef void (*scalar_function)(void *data, void **operands) noexcept nogil

cdef struct target:
    void *data
    ufunc_loop float32
    ufunc_loop float64
    scalar_function scalar_float32  # NULL for functions of rows
    scalar_function scalar_float64
    broadcast_function broadcast
    run_function run

# Operands as they are walked: the same dimensions for all, those of rows apart.
cdef struct walk:
    int count
    int dimensions
    npy_intp shape[DIMENSIONS]
    npy_intp sizes[MAX_OPERANDS][DIMENSIONS]
    npy_intp steps[MAX_OPERANDS][DIMENSIONS]
    npy_intp n                  # the length of rows
    npy_intp core[MAX_OPERANDS] # their steps


cdef int align(
    walk *w, int count, const int *ndims, npy_intp **shapes, npy_intp **strides, int rows, npy_intp *axis, int ndim,
) noexcept nogil:
    """Sizes and steps of every operand, lined up at the last dimension; the axis of rows set apart."""
    cdef int j, d, own, source
    cdef bint row
    w.count = count
    w.dimensions = ndim - (rows != 0)
    w.n = -1
    if rows:
        if axis[0] < 0:
            axis[0] += ndim
        if axis[0] < 0 or axis[0] >= ndim:
            return NO_SUCH_AXIS
    for j in range(count):
        row = (rows >> j) & 1
        own = ndims[j] - row
        for d in range(w.dimensions):
            w.sizes[j][d] = 1
            w.steps[j][d] = 0
        for d in range(own):
            source = d + 1 if row and d >= axis[0] else d
            w.sizes[j][w.dimensions - own + d] = shapes[j][source]
            if strides != NULL and shapes[j][source] != 1:
                w.steps[j][w.dimensions - own + d] = strides[j][source]
        w.core[j] = 0
        if row:
            if w.n >= 0 and w.n != shapes[j][axis[0]]:
                return SHAPES_DIFFER
            w.n = shapes[j][axis[0]]
            if strides != NULL:
                w.core[j] = strides[j][axis[0]]
    return DONE


cdef int broadcast(
    int inputs, const int *ndims, npy_intp **shapes, int rows, npy_intp axis, int ndim, npy_intp *result
) noexcept nogil:
    """The shape of the first output."""
    cdef walk w
    cdef int j, d
    cdef int status = align(&w, inputs, ndims, shapes, NULL, rows, &axis, ndim)
    cdef npy_intp common, size
    cdef bint row = (rows >> inputs) & 1
    if status != DONE:
        return status
    for d in range(w.dimensions):
        common = 1
        for j in range(inputs):
            size = w.sizes[j][d]
            if size == 1 or size == common:
                continue
            if common != 1:
                return SHAPES_DIFFER
            common = size
        result[d + 1 if row and d >= axis else d] = common
    if row:
        result[axis] = w.n
    return DONE


cdef inline npy_intp distance(npy_intp step) noexcept nogil:
    return -step if step < 0 else step


cdef void extent(const walk *w, int j, npy_intp itemsize, npy_intp *low, npy_intp *high) noexcept nogil:
    """The bytes that an operand covers, from its first element."""
    cdef int d
    cdef npy_intp reach
    low[0] = 0
    high[0] = itemsize
    for d in range(w.dimensions + 1):
        reach = w.core[j] * (w.n - 1) if d == w.dimensions else w.steps[j][d] * (w.shape[d] - 1)
        if reach < 0:
            low[0] += reach
        else:
            high[0] += reach


cdef bint clashes(const walk *w, char **pointers, int i, int o, npy_intp itemsize) noexcept nogil:
    """Whether output o overlaps input i, other than by being it: the loops allow that."""
    cdef npy_intp low, high, other_low, other_high
    cdef int d
    cdef bint same = pointers[i] == pointers[o] and w.core[i] == w.core[o]
    for d in range(w.dimensions):
        same = same and w.steps[i][d] == w.steps[o][d]
    if same:
        return False
    extent(w, i, itemsize, &low, &high)
    extent(w, o, itemsize, &other_low, &other_high)
    return pointers[i] + low < pointers[o] + other_high and pointers[o] + other_low < pointers[i] + high


cdef void copy(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    """A loop as those of a ufunc: the second operand becomes the first. ``data`` points to the size of an item."""
    cdef npy_intp i
    for i in range(dimensions[0]):
        memcpy(args[1] + i * steps[1], args[0] + i * steps[0], (<npy_intp *> data)[0])


cdef void simplify(walk *w) noexcept nogil:
    """The dimensions in the order of the first output's memory, and neighbours made one where all operands allow it."""
    cdef int output = w.count - 1, d, e, j, kept = 0
    cdef npy_intp t
    cdef bint one
    for d in range(1, w.dimensions):
        e = d
        while e > 0 and distance(w.steps[output][e - 1]) < distance(w.steps[output][e]):
            t = w.shape[e]; w.shape[e] = w.shape[e - 1]; w.shape[e - 1] = t
            for j in range(w.count):
                t = w.steps[j][e]; w.steps[j][e] = w.steps[j][e - 1]; w.steps[j][e - 1] = t
            e -= 1
    for d in range(w.dimensions):
        if w.shape[d] == 1:
            continue
        one = kept > 0
        for j in range(w.count):
            one = one and w.steps[j][kept - 1] == w.steps[j][d] * w.shape[d]
        if one:
            w.shape[kept - 1] *= w.shape[d]
            for j in range(w.count):
                w.steps[j][kept - 1] = w.steps[j][d]
            continue
        w.shape[kept] = w.shape[d]
        for j in range(w.count):
            w.steps[j][kept] = w.steps[j][d]
        kept += 1
    w.dimensions = kept


cdef void each(walk *w, ufunc_loop loop, void *data, char **pointers, int rows) noexcept nogil:
    """Call a loop for every piece that has one step per operand."""
    cdef char *args[MAX_OPERANDS]
    cdef npy_intp lengths[2]
    cdef npy_intp steps[2 * MAX_OPERANDS]
    cdef npy_intp index[DIMENSIONS]
    cdef int j, d, cores = 0, outer
    simplify(w)
    outer = w.dimensions - 1
    lengths[0] = w.shape[outer] if outer >= 0 else 1
    lengths[1] = w.n
    for j in range(w.count):
        args[j] = pointers[j]
        steps[j] = w.steps[j][outer] if outer >= 0 else 0
        if (rows >> j) & 1:
            steps[w.count + cores] = w.core[j]
            cores += 1
    for d in range(outer):
        index[d] = 0
    while True:
        loop(args, lengths, steps, data)
        d = outer - 1
        while d >= 0:
            index[d] += 1
            for j in range(w.count):
                args[j] += w.steps[j][d]
            if index[d] < w.shape[d]:
                break
            for j in range(w.count):
                args[j] -= w.steps[j][d] * w.shape[d]
            index[d] = 0
            d -= 1
        if d < 0:
            return


cdef char *detach(walk *w, int j, bint row, npy_intp itemsize) noexcept nogil:
    """Let operand j be a new contiguous buffer, rows last. NULL if there is no memory."""
    cdef npy_intp size = itemsize
    cdef int d
    if row:
        w.core[j] = size
        size *= w.n
    for d in range(w.dimensions - 1, -1, -1):
        w.steps[j][d] = size
        size *= w.shape[d]
    return <char *> malloc(size)


cdef void copy_back(const walk *w, const walk *original, int j, npy_intp itemsize, char *source, char *to) noexcept nogil:
    """From the buffer of operand j to where it belongs. The axis of rows is one more dimension."""
    cdef walk pair
    cdef char *ends[2]
    cdef int d
    pair.count = 2
    pair.dimensions = w.dimensions + 1
    pair.n = 1
    for d in range(w.dimensions):
        pair.shape[d] = w.shape[d]
        pair.steps[0][d] = w.steps[j][d]
        pair.steps[1][d] = original.steps[j][d]
    pair.shape[w.dimensions] = w.n if w.core[j] else 1
    pair.steps[0][w.dimensions] = w.core[j]
    pair.steps[1][w.dimensions] = original.core[j]
    ends[0] = source
    ends[1] = to
    each(&pair, copy, &itemsize, ends, 0)


cdef int run(
    ufunc_loop loop, void *data, int inputs, int outputs, const int *ndims, npy_intp **shapes, npy_intp **strides,
    char **pointers, int rows, npy_intp axis, int ndim, npy_intp itemsize,
) noexcept nogil:
    """Compute the outputs, to whose shape the inputs broadcast. An output may overlap an input in any way."""
    cdef walk w, original, simple
    cdef int count = inputs + outputs, i, j, d
    cdef int status = align(&w, count, ndims, shapes, strides, rows, &axis, ndim)
    cdef char *buffers[MAX_OPERANDS]
    cdef char *used[MAX_OPERANDS]
    cdef bint empty = False, clash
    if status != DONE:
        return status
    for d in range(w.dimensions):
        w.shape[d] = w.sizes[inputs][d]
        empty = empty or w.shape[d] == 0
        for j in range(count):
            if w.sizes[j][d] != w.shape[d] and (j >= inputs or w.sizes[j][d] != 1):
                return SHAPES_DIFFER
    if empty:
        return DONE
    if rows and w.n == 0:
        return EMPTY_AXIS
    if not rows:
        w.n = 1
    original = w
    for j in range(count):
        buffers[j] = NULL
        used[j] = pointers[j]
    for j in range(inputs, count):
        clash = False
        for i in range(inputs):
            clash = clash or clashes(&original, pointers, i, j, itemsize)
        if clash:
            buffers[j] = used[j] = detach(&w, j, (rows >> j) & 1, itemsize)
            if buffers[j] == NULL:
                status = NO_MEMORY
                break
    if status == DONE:
        simple = w
        each(&simple, loop, data, used, rows)
    for j in range(inputs, count):
        if buffers[j] != NULL:
            if status == DONE:
                copy_back(&w, &original, j, itemsize, buffers[j], pointers[j])
            free(buffers[j])
    return status


# Scalars skip what a loop asks about steps and overlaps.

cdef void scalar_float32(void *data, void **operands) noexcept nogil:
    cdef fastact_flags before = fastact_flags_now()
    (<entry *> data).float32[0](operands, 1)
    fastact_flags_keep(before)


cdef void scalar_float64(void *data, void **operands) noexcept nogil:
    cdef fastact_flags before = fastact_flags_now()
    (<entry *> data).float64[0](operands, 1)
    fastact_flags_keep(before)


# By name -----------------------------------------------------------------------------------------------------------

identity = f"{version}/{ABI}"

cdef bytes _identity = identity.encode()
cdef const char *own_identity = _identity
cdef table *kernels = <table *> PyCapsule_GetPointer(load(running), "fastact.kernel_table")
# For the life of the process, as code compiled in it.
cdef target *targets = <target *> calloc(kernels.length + kernels.row_length, sizeof(target))

if targets == NULL:
    raise MemoryError

cdef int at
for at in range(kernels.length):
    targets[at] = target(
        &kernels.entries[at], kernels.float32, kernels.float64, scalar_float32, scalar_float64, broadcast, run
    )
for at in range(kernels.row_length):
    targets[kernels.length + at] = target(
        &kernels.row_entries[at], kernels.row_float32, kernels.row_float64, NULL, NULL, broadcast, run
    )


cdef void *find(const char *asked_by, const char *name) noexcept nogil:
    """The target of a ufunc by name, for code that the fastact of this identity compiled; NULL for other code."""
    cdef int i
    if strcmp(asked_by, own_identity) != 0:
        return NULL
    for i in range(kernels.length):
        if strcmp(kernels.entries[i].name, name) == 0:
            return &targets[i]
    for i in range(kernels.row_length):
        if strcmp(kernels.row_entries[i].name, name) == 0:
            return &targets[kernels.length + i]
    return NULL


find_address = <size_t> &find
