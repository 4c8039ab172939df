"""Cross-entropy of logits against labels, and its gradient in the same passes.

Written once and compiled once for each instruction set, like the kernels of activations. Samples do not depend on each
other, nor on how they lie in memory, and their losses are added in their order, so that the bits are the same on each
that has an fma.
"""

from libc.stdlib cimport free, malloc

cimport numpy as cnp

cnp.import_array()

cdef extern from "fastact/rowwise.h" nogil:
    float fastact_cross_entropy_f32(const float *, float *, Py_ssize_t, Py_ssize_t, float) noexcept
    double fastact_cross_entropy_f64(const double *, double *, Py_ssize_t, Py_ssize_t, double) noexcept
    bint fastact_cross_entropy_columns_f32(
        const float *, Py_ssize_t, float *, Py_ssize_t, const Py_ssize_t *, const float *, float *, Py_ssize_t,
        Py_ssize_t) noexcept
    bint fastact_cross_entropy_columns_f64(
        const double *, Py_ssize_t, double *, Py_ssize_t, const Py_ssize_t *, const double *, double *, Py_ssize_t,
        Py_ssize_t) noexcept
    void fastact_rows_to_columns_f32(const float *, Py_ssize_t, float *, Py_ssize_t) noexcept
    void fastact_rows_to_columns_f64(const double *, Py_ssize_t, double *, Py_ssize_t) noexcept
    void fastact_columns_to_rows_f32(const float *, float *, Py_ssize_t, Py_ssize_t) noexcept
    void fastact_columns_to_rows_f64(const double *, double *, Py_ssize_t, Py_ssize_t) noexcept

ctypedef fused real:
    float
    double

cdef enum:
    BLOCK = 16  # samples at a time: FASTACT_LANES
    SHORT = 128  # classes up to which contiguous samples are made columns


cdef inline real of_row(const real *x, real *g, Py_ssize_t classes, Py_ssize_t label, real factor) noexcept nogil:
    if real is float:
        return fastact_cross_entropy_f32(x, g, classes, label, factor)
    else:
        return fastact_cross_entropy_f64(x, g, classes, label, factor)


cdef inline bint of_columns(
    const real *x, Py_ssize_t pitch, real *g, Py_ssize_t gradient_pitch, const Py_ssize_t *labels, const real *factors,
    real *losses, Py_ssize_t classes, Py_ssize_t n,
) noexcept nogil:
    if real is float:
        return fastact_cross_entropy_columns_f32(x, pitch, g, gradient_pitch, labels, factors, losses, classes, n)
    else:
        return fastact_cross_entropy_columns_f64(x, pitch, g, gradient_pitch, labels, factors, losses, classes, n)


cdef inline bint of_short_rows(
    const real *x, Py_ssize_t pitch, real *g, Py_ssize_t gradient_pitch, const Py_ssize_t *labels, const real *factors,
    real *losses, Py_ssize_t classes,
) noexcept nogil:
    """BLOCK contiguous samples as columns."""
    cdef real block[BLOCK * SHORT]
    if real is float:
        fastact_rows_to_columns_f32(x, pitch, block, classes)
    else:
        fastact_rows_to_columns_f64(x, pitch, block, classes)
    if not of_columns(<const real *> block, BLOCK, block, BLOCK, labels, factors, losses, classes, BLOCK):
        return False
    if real is float:
        fastact_columns_to_rows_f32(block, g, gradient_pitch, classes)
    else:
        fastact_columns_to_rows_f64(block, g, gradient_pitch, classes)
    return True


cdef struct layout:
    # Steps from class to class and from sample to sample, in numbers; one of them is 1, and the same of both arrays.
    Py_ssize_t down, right, gradient_down, gradient_right
    bint columns


cdef double of_samples(
    const real *x, real *g, const layout *at, const Py_ssize_t *labels, const real *weights, double scale, real *losses,
    Py_ssize_t classes, Py_ssize_t n, real *row,
) noexcept nogil:
    """The sum of the losses, each times its weight; ``row`` is room for a sample."""
    cdef real factors[BLOCK]
    cdef real found[BLOCK]
    cdef double total = 0.0
    cdef Py_ssize_t start = 0, size, j, k
    cdef const real *source
    cdef real *target
    cdef bint done
    while start < n:
        size = min(<Py_ssize_t> BLOCK, n - start)
        source = x + start * at.right
        target = g + start * at.gradient_right
        for j in range(size):
            factors[j] = <real> scale * (weights[start + j] if weights != NULL else <real> 1)
        if at.columns:
            done = of_columns(
                source, at.down, target, at.gradient_down, labels + start, <const real *> factors, found, classes, size
            )
        else:
            done = size == BLOCK and classes <= SHORT and of_short_rows(
                source, at.right, target, at.gradient_right, labels + start, <const real *> factors, found, classes
            )
        if not done and at.columns:
            for j in range(size):
                for k in range(classes):
                    row[k] = source[k * at.down + j]
                found[j] = of_row(<const real *> row, row, classes, labels[start + j], factors[j])
                for k in range(classes):
                    target[k * at.gradient_down + j] = row[k]
        elif not done:
            for j in range(size):
                found[j] = of_row(
                    source + j * at.right, target + j * at.gradient_right, classes, labels[start + j], factors[j]
                )
        for j in range(size):
            total += (<double> weights[start + j] if weights != NULL else 1.0) * <double> found[j]
            if losses != NULL:
                losses[start + j] = found[j]
        start += size
    return total


cdef int check_vector(cnp.ndarray array, int kind, Py_ssize_t size) except -1:
    if cnp.PyArray_TYPE(array) != kind or cnp.PyArray_SIZE(array) != size or not cnp.PyArray_ISCARRAY_RO(array):
        raise ValueError(
            "labels must be a vector of intp, weights and losses of the logits' dtype, with one for each sample"
        )
    return 0


def cross_entropy(
    cnp.ndarray logits, cnp.ndarray labels, object weights, double scale, cnp.ndarray out, object losses=None
):
    """The sum of the samples' cross-entropies, each times its weight; ``out`` receives its gradient times ``scale``.

    Parameters
    ----------
    logits, out : ndarray, shape (classes, samples)
        float32 or float64, both contiguous along the samples or both along the classes. They may be one array.
    labels : ndarray of intp, shape (samples,)
        In [0, classes): not checked.
    weights : ndarray of the logits' dtype, shape (samples,), or None
    scale : float
    losses : ndarray of the logits' dtype, shape (samples,), or None
        Receives the samples' cross-entropies, without their weights.
    """
    cdef int kind = cnp.PyArray_TYPE(logits)
    cdef Py_ssize_t classes, n, size
    cdef void *w = NULL
    cdef void *each = NULL
    cdef void *row
    cdef layout at
    if cnp.PyArray_NDIM(logits) != 2 or cnp.PyArray_NDIM(out) != 2 or cnp.PyArray_TYPE(out) != kind:
        raise ValueError("logits and out must be matrices of one dtype")
    classes, n = logits.shape[0], logits.shape[1]
    size = logits.itemsize
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        raise ValueError("logits must be float32 or float64")
    at.down, at.right = logits.strides[0] // size, logits.strides[1] // size
    at.gradient_down, at.gradient_right = out.strides[0] // size, out.strides[1] // size
    at.columns = n == 1 or (at.right == 1 and at.gradient_right == 1)
    if (
        out.shape[0] != classes or out.shape[1] != n or classes < 1
        or logits.strides[0] % size or logits.strides[1] % size or out.strides[0] % size or out.strides[1] % size
        or not (at.columns or classes == 1 or (at.down == 1 and at.gradient_down == 1))
    ):
        raise ValueError("logits and out must be of one shape and contiguous along the same axis")
    check_vector(labels, cnp.NPY_INTP, n)
    if weights is not None:
        check_vector(weights, kind, n)
        w = cnp.PyArray_DATA(weights)
    if losses is not None:
        check_vector(losses, kind, n)
        if not cnp.PyArray_ISWRITEABLE(losses):
            raise ValueError("losses must be writeable")
        each = cnp.PyArray_DATA(losses)
    cdef const Py_ssize_t *t = <const Py_ssize_t *> cnp.PyArray_DATA(labels)
    cdef void *x = cnp.PyArray_DATA(logits)
    cdef void *g = cnp.PyArray_DATA(out)
    cdef double total
    row = malloc(classes * size)
    if row == NULL:
        raise MemoryError
    with nogil:
        if kind == cnp.NPY_FLOAT:
            total = of_samples[float](
                <const float *> x, <float *> g, &at, t, <const float *> w, scale, <float *> each, classes, n, <float *> row
            )
        else:
            total = of_samples[double](
                <const double *> x, <double *> g, &at, t, <const double *> w, scale, <double *> each, classes, n,
                <double *> row
            )
    free(row)
    return total
