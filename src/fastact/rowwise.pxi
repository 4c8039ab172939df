# The gufunc loops of the functions of rowwise.h, part of _kernels.pyx.
#
# A kernel computes contiguous rows. Those that are not, or float16, are copied, several at a time: where the numbers of a
# row lie far apart and its neighbours' beside them, each cache line is read once for all of them. There, the functions
# that have a kernel of columns need no copy; and they make columns of short rows, to fill their vectors.

from cpython.exc cimport PyErr_NoMemory, PyErr_SetString
from libc.stdlib cimport free, malloc

cdef enum:
    ROW_OPERANDS = 3
    ROWS_AT_ONCE = 16  # as FASTACT_LANES
    LONGEST_SHORT = 128
    COPIED_AT_ONCE = 1 << 18  # numbers of one operand, unless a row has more


cdef extern from "fastact/rowwise.h" nogil:
    void fastact_transpose_f32(const float *, Py_ssize_t, float *, Py_ssize_t) noexcept
    void fastact_transpose_f64(const double *, Py_ssize_t, double *, Py_ssize_t) noexcept
    void fastact_rows_to_columns_f32(const float *, Py_ssize_t, float *, Py_ssize_t) noexcept
    void fastact_rows_to_columns_f64(const double *, Py_ssize_t, double *, Py_ssize_t) noexcept
    void fastact_columns_to_rows_f32(const float *, float *, Py_ssize_t, Py_ssize_t) noexcept
    void fastact_columns_to_rows_f64(const double *, double *, Py_ssize_t, Py_ssize_t) noexcept


cdef inline void transpose(
    const char *source, npy_intp down, npy_intp right, char *target, npy_intp target_down, npy_intp target_right,
    Py_ssize_t height, Py_ssize_t width, real *_,
) noexcept nogil:
    """target[j][i] = source[i][j], for any steps; in tiles where source[i] and target[j] are contiguous."""
    cdef Py_ssize_t tile = 32 // sizeof(real), i = 0, j, size = sizeof(real)
    cdef bint tiled = (
        right == size and target_right == size and down % size == 0 and target_down % size == 0
    )
    cdef Py_ssize_t tall = height // tile * tile if tiled else 0
    cdef Py_ssize_t wide = width // tile * tile
    while i < tall:
        j = 0
        while j < wide:
            if real is float:
                fastact_transpose_f32(
                    <const float *> (source + i * down) + j, down // size, <float *> (target + j * target_down) + i,
                    target_down // size,
                )
            else:
                fastact_transpose_f64(
                    <const double *> (source + i * down) + j, down // size, <double *> (target + j * target_down) + i,
                    target_down // size,
                )
            j += tile
        i += tile
    for i in range(height):
        for j in range(wide if i < tall else 0, width):
            (<real *> (target + j * target_down + i * target_right))[0] = (
                (<const real *> (source + i * down + j * right))[0]
            )


cdef inline void load_rows(
    real *target, Py_ssize_t pitch, const char *source, npy_intp outer, npy_intp step, Py_ssize_t rows, Py_ssize_t n,
    bint half,
) noexcept nogil:
    """Copy rows to contiguous ones, ``pitch`` apart."""
    cdef Py_ssize_t r, i
    if half:
        for r in range(rows):
            load_half(<float *> (target + r * pitch), source + r * outer, step, n)
    elif distance(outer) < distance(step):
        transpose[real](
            source, step, outer, <char *> target, pitch * <npy_intp> sizeof(real), sizeof(real), n, rows, NULL
        )
    else:
        for r in range(rows):
            load[real](target + r * pitch, source + r * outer, step, n)


cdef inline bint store_rows(
    const real *source, Py_ssize_t pitch, char *target, npy_intp outer, npy_intp step, Py_ssize_t rows, Py_ssize_t n,
    bint half,
) noexcept nogil:
    """The reverse. Returns whether a half overflowed."""
    cdef Py_ssize_t r, i, size
    cdef bint overflow = False
    if half:
        fastact_status_forget_overflow()  # of the kernel
        for r in range(rows):
            i = 0
            while i < n:
                size = min(<Py_ssize_t> FLOATS, n - i)
                overflow |= store_half(
                    <const float *> (source + r * pitch + i), target + r * outer + i * step, step, size
                )
                i += size
        overflow |= fastact_status_overflow()
    elif distance(outer) < distance(step):
        transpose[real](
            <const char *> source, pitch * <npy_intp> sizeof(real), sizeof(real), target, step, outer, rows, n, NULL
        )
    else:
        for r in range(rows):
            store[real](source + r * pitch, target + r * outer, step, n)
    return overflow


cdef inline bint finite_gave_infinite(
    char **args, Py_ssize_t rows, Py_ssize_t n, const npy_intp *steps, const npy_intp *core, const row_entry *form,
    real *_,
) noexcept nogil:
    """Whether an infinity stands in the output of a row of finite inputs."""
    cdef Py_ssize_t r, i, size
    cdef int j
    cdef bint finite, infinite
    cdef real value
    for r in range(rows):
        finite = True
        infinite = False
        for j in range(form.inputs + 1):
            size = n if (form.rows >> j) & 1 else 1
            for i in range(size):
                value = (<const real *> (args[j] + r * steps[j] + i * core[j]))[0]
                if j < form.inputs:
                    finite = finite and value - value == 0
                else:
                    infinite = infinite or (value == value and value - value != 0)
        if finite and infinite:
            return True
    return False


cdef inline bint run_columns(
    char **args, const npy_intp *steps, const npy_intp *core, Py_ssize_t start, Py_ssize_t rows, Py_ssize_t n,
    const row_entry *form, column_kernel kernel, real *_,
) noexcept nogil:
    """Up to ROWS_AT_ONCE rows as columns, which they are already or, if they are as many, are made of contiguous ones
    that are short, and back. Returns whether it has."""
    cdef real blocks[ROW_OPERANDS * ROWS_AT_ONCE * LONGEST_SHORT]
    cdef void *operands[ROW_OPERANDS]
    cdef Py_ssize_t pitches[ROW_OPERANDS]
    cdef bint moved = False
    cdef real *result
    cdef char *at
    cdef Py_ssize_t r, pitch
    cdef int j
    for j in range(form.inputs + 1):
        at = args[j] + start * steps[j]
        moved = core[j] == sizeof(real) if (form.rows >> j) & 1 else steps[j] != sizeof(real)
        operands[j] = at
        pitches[j] = core[j] // <npy_intp> sizeof(real)
        if moved:
            # A row that is moved is short; of a long one, its number may be.
            operands[j] = blocks + j * ROWS_AT_ONCE * min(n, <Py_ssize_t> LONGEST_SHORT)
            pitches[j] = ROWS_AT_ONCE
            pitch = steps[j] // <npy_intp> sizeof(real)
            if j == form.inputs:
                break
            if real is float:
                fastact_rows_to_columns_f32(<const float *> at, pitch, <float *> operands[j], n)
            else:
                fastact_rows_to_columns_f64(<const double *> at, pitch, <double *> operands[j], n)
    if not kernel(operands, pitches, n, rows):
        return False
    if moved:
        result = <real *> operands[form.inputs]
        if not (form.rows >> form.inputs) & 1:
            for r in range(rows):
                (<real *> (at + r * steps[form.inputs]))[0] = result[r]
        elif real is float:
            fastact_columns_to_rows_f32(<const float *> result, <float *> at, pitch, n)
        else:
            fastact_columns_to_rows_f64(<const double *> result, <double *> at, pitch, n)
    return True


cdef inline void run_rows(
    char **args, const npy_intp *dimensions, const npy_intp *steps, const row_entry *form, row_kernel kernel,
    column_kernel columns, Py_ssize_t short, real *_, bint half,
) noexcept nogil:
    """One gufunc call. ``_`` only names the precision."""
    cdef fastact_status status
    cdef npy_intp core[ROW_OPERANDS]
    cdef char *operands[ROW_OPERANDS]
    cdef npy_intp between[ROW_OPERANDS]
    cdef real *blocks[ROW_OPERANDS]
    cdef bint copied[ROW_OPERANDS]
    cdef char *part[ROW_OPERANDS]
    cdef npy_intp outer[ROW_OPERANDS]
    cdef npy_intp inner[ROW_OPERANDS]
    cdef int count = form.inputs + 1
    cdef int i, j, cores = 0, copies = 0
    cdef Py_ssize_t rows = dimensions[0], n = dimensions[1], start = 0, r, size, width = rows, pitch
    cdef real *memory = NULL
    # Whether rows go as columns, and whether some of them must be moved for that, which takes as many as fill a block.
    cdef bint before, overflow = False, as_columns = columns != NULL and not half and n > 1 and rows > 1, moved = False
    cdef bint in_place = True  # of what is stored row by row, the inputs may be gone afterwards
    if rows == 0:
        return
    if n == 0:
        with gil:
            PyErr_SetString(ValueError, "axis must not be empty: there is nothing to sum")
        return
    for j in range(count):
        core[j] = 0
        if (form.rows >> j) & 1:
            core[j] = steps[count + cores]
            cores += 1
        copied[j] = half or (core[j] != sizeof(real) and n > 1 and (form.rows >> j) & 1)
        copies += copied[j]
        if core[j] == sizeof(real):
            moved = True
        elif (form.rows >> j) & 1:
            as_columns = as_columns and steps[j] == sizeof(real)
        as_columns = as_columns and (steps[j] | core[j]) % <npy_intp> sizeof(real) == 0
        as_columns = as_columns and (j == form.inputs or (form.rows >> j) & 1)
    if moved:
        as_columns = as_columns and rows >= ROWS_AT_ONCE and n <= (LONGEST_SHORT if copies else short)
    # NumPy lets an output be exactly an input; kernels with two inputs may write before they have read both.
    # So may all that are asked afterwards whether a finite input made an infinity.
    j = form.inputs
    if (j > 1 or form.overflows) and (args[0] == args[j] or (j > 1 and args[1] == args[j])):
        copies += not copied[j]
        copied[j] = True
        as_columns = False
    pitch = (n + 31) // 16 * 16  # never a power of two, whose rows would fall into the same cache lines
    if copies:
        width = max(<Py_ssize_t> 1, min(<Py_ssize_t> ROWS_AT_ONCE, <Py_ssize_t> COPIED_AT_ONCE // n))
        width = min(width, rows)
        memory = <real *> malloc(copies * width * pitch * sizeof(real))
        if memory == NULL:
            with gil:
                PyErr_NoMemory()
            return
    status = fastact_status_save()
    before = fastact_status_overflow()
    copies = 0
    for j in range(count):
        blocks[j] = memory + copies * width * pitch
        copies += copied[j]
    while start < rows:
        size = min(width, rows - start)
        if as_columns:
            size = min(<Py_ssize_t> ROWS_AT_ONCE, rows - start)
            if (size == ROWS_AT_ONCE or not moved) and run_columns[real](
                args, steps, core, start, size, n, form, columns, NULL
            ):
                start += size
                in_place = False
                continue
            size = min(width, size)
        for j in range(form.inputs):
            if copied[j]:
                load_rows[real](
                    blocks[j], pitch, args[j] + start * steps[j], steps[j], core[j], size,
                    n if (form.rows >> j) & 1 else 1, half,
                )
        for j in range(count):
            operands[j] = <char *> blocks[j] if copied[j] else args[j] + start * steps[j]
            between[j] = pitch * <npy_intp> sizeof(real) if copied[j] else steps[j]
        kernel(operands, between, n, size)
        j = form.inputs
        if copied[j]:
            if form.overflows and not half and not before and fastact_status_overflow():
                # Before the store, which may overwrite the inputs.
                for i in range(j):
                    part[i] = args[i] + start * steps[i]
                    outer[i] = steps[i]
                    inner[i] = core[i]
                part[j] = <char *> blocks[j]
                outer[j] = pitch * sizeof(real)
                inner[j] = sizeof(real)
                overflow |= finite_gave_infinite[real](part, size, n, outer, inner, form, NULL)
            overflow |= store_rows[real](
                blocks[j], pitch, args[j] + start * steps[j], steps[j], core[j], size,
                n if (form.rows >> j) & 1 else 1, half,
            )
        start += size
    free(memory)
    in_place = in_place and copied[form.inputs]
    if form.overflows and not half and not before and not in_place and fastact_status_overflow():
        overflow |= finite_gave_infinite[real](args, rows, n, steps, core, form, NULL)
    fastact_status_set(status, overflow)


cdef void row_loop_float32(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    cdef const row_entry *form = <const row_entry *> data
    run_rows[float](args, dimensions, steps, form, form.float32, form.float32_columns, form.float32_short, NULL, False)


cdef void row_loop_float64(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    cdef const row_entry *form = <const row_entry *> data
    run_rows[double](args, dimensions, steps, form, form.float64, form.float64_columns, form.float64_short, NULL, False)


cdef void row_loop_float16(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    cdef const row_entry *form = <const row_entry *> data
    run_rows[float](args, dimensions, steps, form, form.float32, NULL, 0, NULL, True)
