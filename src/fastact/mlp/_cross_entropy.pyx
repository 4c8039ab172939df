"""Cross-entropy of the trainer's logits, one column per sample, and its gradient in the same passes.

Written once and compiled once for each instruction set, like the kernels of activations. Samples do not depend on each
other, and their losses are added in their order, so that the bits are the same on each.
"""

from libc.math cimport log1p, log1pf

cimport numpy as cnp

cnp.import_array()

cdef extern from "fastact/activations.h" nogil:
    double fastact_exponential_f64(double x) noexcept

cdef extern from "fastact/vectors.h" nogil:
    void fastact_exponential_array_f32(const float *x, float *y, Py_ssize_t length) noexcept

ctypedef fused real:
    float
    double

cdef enum:
    BLOCK = 64  # samples at a time


cdef inline void exponentials(real *x, Py_ssize_t length) noexcept nogil:
    """Each number's in its place."""
    cdef Py_ssize_t j
    if real is float:
        fastact_exponential_array_f32(x, x, length)
    else:
        for j in range(length):
            x[j] = fastact_exponential_f64(x[j])


cdef inline real log_of_one_plus(real x) noexcept nogil:
    return log1pf(x) if real is float else log1p(x)


cdef int check_vector(cnp.ndarray array, int kind, Py_ssize_t size) except -1:
    if cnp.PyArray_TYPE(array) != kind or cnp.PyArray_SIZE(array) != size or not cnp.PyArray_ISCARRAY(array):
        raise ValueError("labels must be a vector of intp, weights one of the logits' dtype, with one for each sample")
    return 0


cdef double of_block(
    const real *x, real *g, const cnp.npy_intp *labels, const real *weights, double scale, Py_ssize_t classes,
    Py_ssize_t stride, Py_ssize_t gradient_stride, Py_ssize_t n,
) noexcept nogil:
    """Cross-entropy of up to BLOCK neighbouring samples; the forms are those of losses/logits.py."""
    cdef real label[BLOCK]
    cdef real top[BLOCK]
    cdef real rest[BLOCK]
    cdef real own[BLOCK]
    cdef real at[BLOCK]
    cdef real factor[BLOCK]
    cdef real zero = 0, one = 1, e, here, index, weight
    cdef double total = 0.0
    cdef Py_ssize_t j, k
    for j in range(n):
        label[j] = <real> labels[j]
        top[j] = x[j]
        rest[j] = own[j] = zero
        at[j] = x[labels[j] * stride + j]
    for k in range(1, classes):
        for j in range(n):
            here = x[k * stride + j]
            top[j] = here if here > top[j] else top[j]
    for k in range(classes):
        index = <real> k
        for j in range(n):
            g[k * gradient_stride + j] = x[k * stride + j] - top[j]
        exponentials(g + k * gradient_stride, n)
        for j in range(n):
            e = g[k * gradient_stride + j]
            rest[j] = rest[j] + (zero if label[j] == index else e)
            own[j] = own[j] + (e if label[j] == index else zero)
    for j in range(n):
        here = log_of_one_plus(rest[j] + (own[j] - one)) - (at[j] - top[j])
        weight = weights[j] if weights != NULL else one
        total += <double> weight * <double> here
        factor[j] = <real> scale * weight / (rest[j] + own[j])
    for k in range(classes):
        index = <real> k
        for j in range(n):
            e = g[k * gradient_stride + j]
            g[k * gradient_stride + j] = (-rest[j] if label[j] == index else e) * factor[j]
    return total


cdef double of_samples(
    const real *x, real *g, const cnp.npy_intp *labels, const real *weights, double scale, Py_ssize_t classes,
    Py_ssize_t stride, Py_ssize_t gradient_stride, Py_ssize_t n,
) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t block, start, length
    cdef const real *weight = weights
    for block in range((n + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        if weights != NULL:
            weight = weights + start
        length = BLOCK if n - start > BLOCK else n - start
        total += of_block(
            x + start, g + start, labels + start, weight, scale, classes, stride, gradient_stride, length
        )
    return total


def cross_entropy(cnp.ndarray logits, cnp.ndarray labels, object weights, double scale, cnp.ndarray out):
    """The sum of the samples' cross-entropies, each times its weight; ``out`` receives its gradient times ``scale``.

    Parameters
    ----------
    logits, out : ndarray, shape (classes, samples)
        float32 or float64, with one sample in each column and rows contiguous.
    labels : ndarray of intp, shape (samples,)
        In [0, classes): not checked.
    weights : ndarray of the logits' dtype, shape (samples,), or None
    scale : float
    """
    cdef int kind = cnp.PyArray_TYPE(logits)
    cdef Py_ssize_t classes, n, size
    cdef void *w = NULL
    if cnp.PyArray_NDIM(logits) != 2 or cnp.PyArray_NDIM(out) != 2 or cnp.PyArray_TYPE(out) != kind:
        raise ValueError("logits and out must be matrices of one dtype")
    classes, n = logits.shape[0], logits.shape[1]
    size = logits.itemsize
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        raise ValueError("logits must be float32 or float64")
    if (
        out.shape[0] != classes or out.shape[1] != n or classes < 1
        or logits.strides[0] % size or out.strides[0] % size
        or (n > 1 and (logits.strides[1] != size or out.strides[1] != size))
    ):
        raise ValueError("logits and out must be of one shape and contiguous along the samples")
    check_vector(labels, cnp.NPY_INTP, n)
    if weights is not None:
        check_vector(weights, kind, n)
        w = cnp.PyArray_DATA(weights)
    cdef const cnp.npy_intp *t = <const cnp.npy_intp *> cnp.PyArray_DATA(labels)
    cdef void *x = cnp.PyArray_DATA(logits)
    cdef void *g = cnp.PyArray_DATA(out)
    cdef Py_ssize_t stride = logits.strides[0] // size, gradient_stride = out.strides[0] // size
    cdef double total
    with nogil:
        if kind == cnp.NPY_FLOAT:
            total = of_samples(<const float *> x, <float *> g, t, <const float *> w, scale, classes, stride, gradient_stride, n)
        else:
            total = of_samples(<const double *> x, <double *> g, t, <const double *> w, scale, classes, stride, gradient_stride, n)
    return total
