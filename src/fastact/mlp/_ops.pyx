"""Operations bound to their arrays: checked once, when a batch size is planned, then called without arguments; a norm.

What a call of a NumPy function costs on arrays of a few thousand elements is mostly the call itself. Here the pointers
are known, and a call is one call of C. An operation keeps its arrays alive; they must not be resized.
"""

cimport numpy as cnp
from libc.math cimport sqrt
from libc.string cimport memcpy

import numpy as np

cnp.import_array()

cdef extern from *:
    """
    /* in product.c */
    #include <stddef.h>
    extern const int fastact_product_vector_bytes, fastact_product_tile_vectors;
    void fastact_product_f32(
        ptrdiff_t, ptrdiff_t, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t, const float *, ptrdiff_t, ptrdiff_t,
        const float *, float *, ptrdiff_t, float *);
    void fastact_product_f64(
        ptrdiff_t, ptrdiff_t, ptrdiff_t, const double *, ptrdiff_t, ptrdiff_t, const double *, ptrdiff_t, ptrdiff_t,
        const double *, double *, ptrdiff_t, double *);
    """
    const int fastact_product_vector_bytes
    const int fastact_product_tile_vectors
    void fastact_product_f32(
        Py_ssize_t, Py_ssize_t, Py_ssize_t, const float *, Py_ssize_t, Py_ssize_t, const float *, Py_ssize_t, Py_ssize_t,
        const float *, float *, Py_ssize_t, float *,
    ) noexcept nogil
    void fastact_product_f64(
        Py_ssize_t, Py_ssize_t, Py_ssize_t, const double *, Py_ssize_t, Py_ssize_t, const double *, Py_ssize_t,
        Py_ssize_t, const double *, double *, Py_ssize_t, double *,
    ) noexcept nogil

cdef extern from "numpy/ufuncobject.h":
    ctypedef struct PyUFuncObject:
        int nin
        int nout
        int nargs
        int ntypes
        cnp.PyUFuncGenericFunction *functions
        void **data
        char *types

ctypedef fused real:
    float
    double

cdef enum:
    # Multiplications from which on BLAS takes over, which blocks for the caches and has threads. On one thread it is
    # slower up to twice as many: by 1.04 to 1.25 at 512 x 512 x 64 (float32, AVX-512, OpenBLAS 0.3.31).
    LARGE = 1 << 25
    MAX_OPERANDS = 8
    LANES = 16  # partial sums: as many on every instruction set, so that a sum's bits are the same


cdef int kind_of(cnp.ndarray array) except -1:
    cdef int kind = cnp.PyArray_TYPE(array)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        raise ValueError(f"arrays must be float32 or float64, got {array.dtype}")
    return kind


cdef class Product:
    """``out = a @ b``, and ``out = a @ b + bias[:, np.newaxis]`` if there is one.

    Parameters
    ----------
    a : ndarray, shape (rows, inner)
    b : ndarray, shape (inner, columns)
    out : ndarray, shape (rows, columns)
        With contiguous rows. It shares no memory with the others.
    bias : ndarray, shape (rows,), or None
        All of one dtype, float32 or float64.
    """

    cdef object a, b, out, bias, packed
    cdef object matmul
    cdef void *pa
    cdef void *pb
    cdef void *pout
    cdef void *pbias
    cdef void *ppacked
    cdef Py_ssize_t rows, columns, inner, a_row, a_column, b_row, b_column, out_row
    cdef bint single

    def __init__(self, cnp.ndarray a, cnp.ndarray b, cnp.ndarray out, object bias=None):
        cdef int kind = kind_of(out)
        if not (cnp.PyArray_NDIM(a) == cnp.PyArray_NDIM(b) == cnp.PyArray_NDIM(out) == 2):
            raise ValueError("a, b and out must be matrices")
        self.rows, self.inner, self.columns = a.shape[0], a.shape[1], b.shape[1]
        if b.shape[0] != self.inner or out.shape[0] != self.rows or out.shape[1] != self.columns:
            raise ValueError("a, b and out must have shapes that fit")
        for array in (a, b) if bias is None else (a, b, bias):
            if kind_of(array) != kind:
                raise ValueError("a, b, out and bias must be of one dtype")
        cdef Py_ssize_t size = out.itemsize
        if self.columns > 1 and out.strides[1] != size:
            raise ValueError("out must have contiguous rows")
        for array in (a, b, out):
            if any(stride % size for stride in array.strides) or not array.flags.aligned:
                raise ValueError("a, b and out must be aligned")
        if bias is not None and (bias.shape != (self.rows,) or not bias.flags.c_contiguous):
            raise ValueError("bias must be one contiguous number for each row")
        self.a, self.b, self.out, self.bias = a, b, out, bias
        self.a_row, self.a_column = a.strides[0] // size, a.strides[1] // size
        self.b_row, self.b_column = b.strides[0] // size, b.strides[1] // size
        self.out_row = out.strides[0] // size
        if self.columns == 1:
            self.b_column = 1
        self.pa, self.pb, self.pout = cnp.PyArray_DATA(a), cnp.PyArray_DATA(b), cnp.PyArray_DATA(out)
        self.pbias = NULL if bias is None else cnp.PyArray_DATA(<cnp.ndarray> bias)
        self.single = kind == cnp.NPY_FLOAT
        self.matmul = None
        if self.rows * self.columns * self.inner >= LARGE:
            self.matmul = np.matmul
        else:
            width = fastact_product_tile_vectors * (fastact_product_vector_bytes // size)
            self.packed = np.empty(self.inner * width, out.dtype)
            self.ppacked = cnp.PyArray_DATA(<cnp.ndarray> self.packed)

    def __call__(self):
        if self.matmul is not None:
            self.matmul(self.a, self.b, self.out)
            if self.pbias != NULL:
                if self.single:
                    add_bias(<float *> self.pout, <const float *> self.pbias, self.rows, self.columns, self.out_row)
                else:
                    add_bias(<double *> self.pout, <const double *> self.pbias, self.rows, self.columns, self.out_row)
        elif self.single:
            fastact_product_f32(
                self.rows, self.columns, self.inner, <const float *> self.pa, self.a_row, self.a_column,
                <const float *> self.pb, self.b_row, self.b_column, <const float *> self.pbias, <float *> self.pout,
                self.out_row, <float *> self.ppacked,
            )
        else:
            fastact_product_f64(
                self.rows, self.columns, self.inner, <const double *> self.pa, self.a_row, self.a_column,
                <const double *> self.pb, self.b_row, self.b_column, <const double *> self.pbias, <double *> self.pout,
                self.out_row, <double *> self.ppacked,
            )


cdef void add_bias(
    real *out, const real *bias, Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t out_row
) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef real number
    for i in range(rows):
        number = bias[i]
        for j in range(columns):
            out[i * out_row + j] = out[i * out_row + j] + number


cdef inline real added(const real *parts) noexcept nogil:
    cdef real total = 0
    cdef int j
    for j in range(LANES):
        total = total + parts[j]
    return total


cdef void sum_rows(const real *x, real *out, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef real parts[LANES]
    cdef Py_ssize_t i, block, blocks = columns // LANES
    cdef int j
    for i in range(rows):
        for j in range(LANES):
            parts[j] = 0
        for block in range(blocks):
            for j in range(LANES):
                parts[j] = parts[j] + x[i * columns + block * LANES + j]
        for j in range(columns - blocks * LANES):
            parts[j] = parts[j] + x[i * columns + blocks * LANES + j]
        out[i] = added(<const real *> parts)


cdef double sum_of_squares(const real *x, Py_ssize_t n) noexcept nogil:
    """In double precision: the square of a float32 leaves its range where the norm does not."""
    cdef double parts[LANES]
    cdef double value
    cdef Py_ssize_t i, blocks = n // LANES
    cdef int j
    for j in range(LANES):
        parts[j] = 0.0
    for i in range(blocks):
        for j in range(LANES):
            value = <double> x[i * LANES + j]
            parts[j] = parts[j] + value * value
    for i in range(blocks * LANES, n):
        value = <double> x[i]
        parts[0] = parts[0] + value * value
    return added(<const double *> parts)


def norm(cnp.ndarray x):
    """The L2 norm of a contiguous float32 or float64 vector, summed in float64."""
    cdef int kind = kind_of(x)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x)
    if not cnp.PyArray_ISCARRAY_RO(x):
        raise ValueError("x must be contiguous")
    if kind == cnp.NPY_FLOAT:
        return sqrt(sum_of_squares(<const float *> cnp.PyArray_DATA(x), n))
    return sqrt(sum_of_squares(<const double *> cnp.PyArray_DATA(x), n))


cdef class RowSums:
    """``out = x.sum(axis=1)`` of a contiguous matrix, float32 or float64."""

    cdef object x, out
    cdef void *px
    cdef void *pout
    cdef Py_ssize_t rows, columns
    cdef bint single

    def __init__(self, cnp.ndarray x, cnp.ndarray out):
        cdef int kind = kind_of(x)
        if cnp.PyArray_NDIM(x) != 2 or cnp.PyArray_TYPE(out) != kind or (<object> out).shape != (x.shape[0],):
            raise ValueError("x must be a matrix, and out of its dtype with a number for each row")
        if not (cnp.PyArray_ISCARRAY(x) and cnp.PyArray_ISCARRAY(out)):
            raise ValueError("x and out must be contiguous")
        self.x, self.out = x, out
        self.px, self.pout = cnp.PyArray_DATA(x), cnp.PyArray_DATA(out)
        self.rows, self.columns = x.shape[0], x.shape[1]
        self.single = kind == cnp.NPY_FLOAT

    def __call__(self):
        if self.single:
            sum_rows(<const float *> self.px, <float *> self.pout, self.rows, self.columns)
        else:
            sum_rows(<const double *> self.px, <double *> self.pout, self.rows, self.columns)


cdef class Pointwise:
    """A ufunc on contiguous arrays of one shape, and on numbers (0-d arrays) that are the same for all elements.

    Parameters
    ----------
    ufunc : numpy.ufunc
        One with a loop for operands that are all of the arrays' dtype, which is called as it is: the bits are the
        ufunc's.
    *arrays : ndarray
        Inputs and outputs in the ufunc's order, of one dtype, float32 or float64.
    """

    cdef object ufunc
    cdef tuple arrays
    cdef cnp.PyUFuncGenericFunction function
    cdef void *data
    cdef int count
    cdef char *pointers[MAX_OPERANDS]
    cdef cnp.npy_intp strides[MAX_OPERANDS]
    cdef cnp.npy_intp length

    def __init__(self, object ufunc, *arrays):
        if not isinstance(ufunc, np.ufunc):
            raise ValueError(f"ufunc must be a numpy.ufunc, got {ufunc!r:.60}")
        cdef PyUFuncObject *inside = <PyUFuncObject *> <void *> ufunc
        cdef cnp.ndarray array, last
        cdef int i, j, kind
        self.count = inside.nargs
        if len(arrays) != self.count or self.count > MAX_OPERANDS or ufunc.signature is not None:
            raise ValueError(f"ufunc must be one of {len(arrays)} operands, element by element")
        last = arrays[self.count - 1]
        kind = kind_of(last)
        self.function = NULL
        for i in range(inside.ntypes):
            for j in range(self.count):
                if inside.types[i * self.count + j] != kind:
                    break
            else:
                self.function, self.data = inside.functions[i], inside.data[i]
                break
        if self.function == NULL:
            raise ValueError(f"ufunc must have a loop for {last.dtype}")
        for i in range(self.count):
            array = arrays[i]
            if kind_of(array) != kind or not cnp.PyArray_ISCARRAY_RO(array):
                raise ValueError("arrays must be contiguous and of one dtype")
            if (<object> array).shape == (<object> last).shape:
                self.strides[i] = array.itemsize
            elif cnp.PyArray_NDIM(array) == 0 and i < inside.nin:
                self.strides[i] = 0
            else:
                raise ValueError("arrays must have one shape, or be numbers")
            self.pointers[i] = cnp.PyArray_BYTES(array)
        self.length = last.size
        self.ufunc, self.arrays = ufunc, arrays

    def __call__(self):
        cdef char *pointers[MAX_OPERANDS]
        cdef int i
        for i in range(self.count):  # a loop may move them
            pointers[i] = self.pointers[i]
        self.function(pointers, &self.length, self.strides, self.data)


cdef class Rows:
    """Copies some rows of an array to another: ``out[...] = source[order[start:start + len(out)]]``.

    Parameters
    ----------
    source, out : ndarray
        Contiguous, of one dtype and one shape but for the number of rows.
    """

    cdef object source, out
    cdef char *from_
    cdef char *to
    cdef Py_ssize_t count, length, size

    def __init__(self, cnp.ndarray source, cnp.ndarray out):
        if source.dtype != out.dtype or (<object> source).shape[1:] != (<object> out).shape[1:]:
            raise ValueError("source and out must be of one dtype, with rows of one shape")
        if not (cnp.PyArray_ISCARRAY_RO(source) and cnp.PyArray_ISCARRAY(out)) or not cnp.PyArray_NDIM(out):
            raise ValueError("source and out must be contiguous")
        self.source, self.out = source, out
        self.from_, self.to = cnp.PyArray_BYTES(source), cnp.PyArray_BYTES(out)
        self.count, self.length = source.shape[0], out.shape[0]
        self.size = cnp.PyArray_NBYTES(out) // self.length if self.length else 0

    def __call__(self, cnp.ndarray order, Py_ssize_t start):
        """Take the rows that a vector of intp names, from a position in it on."""
        cdef Py_ssize_t i, row
        if cnp.PyArray_TYPE(order) != cnp.NPY_INTP or not cnp.PyArray_ISCARRAY_RO(order) or cnp.PyArray_NDIM(order) != 1:
            raise ValueError("order must be a contiguous vector of intp")
        if start < 0 or start + self.length > order.shape[0]:
            raise IndexError("order must go on for as many as there are rows")
        cdef const cnp.npy_intp *which = <const cnp.npy_intp *> cnp.PyArray_DATA(order)
        for i in range(self.length):
            row = which[start + i]
            if row < 0 or row >= self.count:
                raise IndexError(f"order must be in [0, {self.count}), got {row}")
            memcpy(self.to + i * self.size, self.from_ + row * self.size, self.size)
