"""What a compiled set of kernels exports: the contract between ``_kernels.pyx`` and ``_ufuncs.pyx``."""

from numpy cimport npy_intp

cdef enum:
    MAX_PARAMETERS = 4

cdef extern from *:
    """
    enum { FASTACT_MAX_OPERANDS = 8 };  /* for _calls.h, too */
    """
    enum:
        MAX_OPERANDS "FASTACT_MAX_OPERANDS"

# Contiguous operands in the order inputs, parameters, outputs; outputs may be the inputs themselves.
ctypedef void (*kernel)(void **operands, Py_ssize_t length) noexcept nogil

# The same on contiguous float16, the parameters one float32 each. Returns whether a finite float became an
# infinite half and that was not raised.
ctypedef bint (*half_kernel)(void **operands, Py_ssize_t length) noexcept nogil

ctypedef void (*ufunc_loop)(char **args, const npy_intp *dimensions, const npy_intp *steps, void *entry) noexcept nogil

cdef struct entry:
    const char *name          # of the ufunc: "sigmoid_derivative"
    int inputs
    int parameters
    int outputs
    bint streams              # whether large outputs go past the caches
    # float32 and float64, each with every parameter one number, and with every parameter an array.
    kernel float32[2]
    kernel float64[2]
    half_kernel float16       # NULL where it would not be faster than blocks of float32

# Rows of each operand, each contiguous (a number where the signature has no n), `steps` bytes apart; outputs overlap no
# input.
ctypedef void (*row_kernel)(
    char **operands, const npy_intp *steps, Py_ssize_t n, Py_ssize_t rows) noexcept nogil

# The same for up to ROWS_AT_ONCE rows whose numbers of one index are contiguous, `pitches` numbers behind those of the
# index before. Returns whether it has; if not, nothing was written. Outputs may be the inputs themselves.
ctypedef bint (*column_kernel)(void **operands, const Py_ssize_t *pitches, Py_ssize_t n, Py_ssize_t rows) noexcept nogil

cdef struct row_entry:
    const char *name          # of the gufunc: "softmax_backward"
    const char *signature     # "(n),(n)->(n)"
    int inputs                # before the one output
    int rows                  # bit j is set if operand j is a row
    bint overflows            # whether finite numbers can give an infinity
    row_kernel float32
    row_kernel float64
    column_kernel float32_columns  # NULL where there is none
    column_kernel float64_columns
    # Up to how many numbers rows are faster if they are made columns first.
    Py_ssize_t float32_short
    Py_ssize_t float64_short

cdef struct table:
    int length
    entry *entries
    int row_length
    row_entry *row_entries
    ufunc_loop row_float16
    ufunc_loop row_float32
    ufunc_loop row_float64
    ufunc_loop float16
    ufunc_loop float32
    ufunc_loop float64
