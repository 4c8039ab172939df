"""What a training step computes over flat vectors: the optimisers' rules, the norm of a gradient, cross-entropy.

Written once and compiled once for each instruction set, like the kernels of activations. Every rule is one pass: each
parameter, its gradient and its state are read once and written once. Elements do not depend on each other, so that the
bits of a step are those of the same operations one array at a time.
"""

from libc.math cimport fabs, fabsf, log1p, log1pf, sqrt, sqrtf

cimport numpy as cnp

cnp.import_array()

cdef extern from "fastact/activations.h" nogil:
    float fastact_exponential_f32(float x) noexcept
    double fastact_exponential_f64(double x) noexcept

ctypedef fused real:
    float
    double

cdef enum:
    MAX_STATES = 3
    MAX_CONSTANTS = 8
    LANES = 16  # partial sums of a norm: as many on every instruction set, so that its bits are the same
    BLOCK = 64  # samples of cross-entropy at a time


cdef inline real root(real x) noexcept nogil:
    return sqrtf(x) if real is float else sqrt(x)


cdef inline real magnitude(real x) noexcept nogil:
    return fabsf(x) if real is float else fabs(x)


cdef inline real exponential(real x) noexcept nogil:
    return fastact_exponential_f32(x) if real is float else fastact_exponential_f64(x)


cdef inline real log_of_one_plus(real x) noexcept nogil:
    return log1pf(x) if real is float else log1p(x)


# The rules: p parameters, g gradients, s0 ... s2 states, c constants of this step. They are stated in optimisers.py.

cdef void sgd(real *p, const real *g, real *s0, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0]
    cdef Py_ssize_t i
    for i in range(n):
        p[i] = p[i] - g[i] * rate


cdef void momentum(real *p, const real *g, real *u, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], decay = <real> c[1]
    cdef real next
    cdef Py_ssize_t i
    for i in range(n):
        next = u[i] * decay + g[i]
        u[i] = next
        p[i] = p[i] - next * rate


cdef void nesterov(real *p, const real *g, real *u, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], decay = <real> c[1]
    cdef real next
    cdef Py_ssize_t i
    for i in range(n):
        next = u[i] * decay + g[i]
        u[i] = next
        p[i] = p[i] - (g[i] + next * decay) * rate


cdef void adagrad(real *p, const real *g, real *v, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], epsilon = <real> c[1]
    cdef real next
    cdef Py_ssize_t i
    for i in range(n):
        next = v[i] + g[i] * g[i]
        v[i] = next
        p[i] = p[i] - g[i] / (root(next) + epsilon) * rate


cdef void rmsprop(real *p, const real *g, real *v, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], decay = <real> c[1], fresh = <real> c[2], epsilon = <real> c[3]
    cdef real next
    cdef Py_ssize_t i
    for i in range(n):
        next = v[i] * decay + g[i] * g[i] * fresh
        v[i] = next
        p[i] = p[i] - g[i] / (root(next) + epsilon) * rate


cdef void rmsprop_momentum(
    real *p, const real *g, real *v, real *u, real *s2, const double *c, Py_ssize_t n
) noexcept nogil:
    cdef real rate = <real> c[0], decay = <real> c[1], fresh = <real> c[2], epsilon = <real> c[3], inertia = <real> c[4]
    cdef real next, moved
    cdef Py_ssize_t i
    for i in range(n):
        next = v[i] * decay + g[i] * g[i] * fresh
        v[i] = next
        moved = u[i] * inertia + g[i] / (root(next) + epsilon)
        u[i] = moved
        p[i] = p[i] - moved * rate


cdef void adam(real *p, const real *g, real *m, real *v, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], beta1 = <real> c[1], beta2 = <real> c[2], epsilon = <real> c[3]
    cdef real first, second
    cdef Py_ssize_t i
    for i in range(n):
        first = m[i] * beta1 + g[i]
        second = v[i] * beta2 + g[i] * g[i]
        m[i] = first
        v[i] = second
        p[i] = p[i] - first / (root(second) + epsilon) * rate


cdef void adamw(real *p, const real *g, real *m, real *v, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], beta1 = <real> c[1], beta2 = <real> c[2], epsilon = <real> c[3], kept = <real> c[4]
    cdef real first, second
    cdef Py_ssize_t i
    for i in range(n):
        first = m[i] * beta1 + g[i]
        second = v[i] * beta2 + g[i] * g[i]
        m[i] = first
        v[i] = second
        p[i] = p[i] * kept - first / (root(second) + epsilon) * rate


cdef void nadam(real *p, const real *g, real *m, real *v, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real of_gradient = <real> c[0], of_moment = <real> c[1]
    cdef real beta1 = <real> c[2], beta2 = <real> c[3], epsilon = <real> c[4]
    cdef real first, second
    cdef Py_ssize_t i
    for i in range(n):
        first = m[i] * beta1 + g[i]
        second = v[i] * beta2 + g[i] * g[i]
        m[i] = first
        v[i] = second
        p[i] = p[i] - (g[i] * of_gradient + first * of_moment) / (root(second) + epsilon)


cdef void adamax(real *p, const real *g, real *m, real *u, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], beta1 = <real> c[1], beta2 = <real> c[2], epsilon = <real> c[3]
    cdef real first, decayed, fresh, largest
    cdef Py_ssize_t i
    for i in range(n):
        first = m[i] * beta1 + g[i]
        m[i] = first
        decayed = u[i] * beta2
        fresh = magnitude(g[i]) + epsilon
        largest = decayed if decayed > fresh else fresh
        u[i] = largest
        p[i] = p[i] - first / largest * rate


cdef void adadelta(real *p, const real *g, real *v, real *d, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], decay = <real> c[1], fresh = <real> c[2], epsilon = <real> c[3]
    cdef real second, change
    cdef Py_ssize_t i
    for i in range(n):
        second = v[i] * decay + g[i] * g[i] * fresh
        v[i] = second
        change = root(d[i] + epsilon) / root(second + epsilon) * g[i]
        d[i] = d[i] * decay + change * change * fresh
        p[i] = p[i] - change * rate


cdef void lion(real *p, const real *g, real *m, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0], beta1 = <real> c[1], fresh1 = <real> c[2]
    cdef real beta2 = <real> c[3], fresh2 = <real> c[4], kept = <real> c[5]
    cdef real blend, up, down, zero = 0, one = 1
    cdef Py_ssize_t i
    for i in range(n):
        blend = m[i] * beta1 + g[i] * fresh1
        up = one if blend > zero else zero
        down = one if blend < zero else zero
        m[i] = m[i] * beta2 + g[i] * fresh2
        p[i] = p[i] * kept - (up - down) * rate


ctypedef void (*rule32)(float *, const float *, float *, float *, float *, const double *, Py_ssize_t) noexcept nogil
ctypedef void (*rule64)(double *, const double *, double *, double *, double *, const double *, Py_ssize_t) noexcept nogil


cdef int checked(cnp.ndarray array, int kind, Py_ssize_t size) except -1:
    if cnp.PyArray_TYPE(array) != kind or cnp.PyArray_SIZE(array) != size or not cnp.PyArray_ISCARRAY(array):
        raise ValueError("parameters, gradients and states must be contiguous vectors of one length and dtype")
    return 0


cdef class Rule:
    """A rule as a callable that takes the parameters one step: ``rule(p, g, states, constants)``.

    ``p``, ``g`` and those in the tuple ``states`` are contiguous vectors of one length, all float32 or all float64,
    that share no memory; ``constants`` is a tuple of floats. ``p`` and the states change in place.
    """

    cdef rule32 in_float
    cdef rule64 in_double
    cdef readonly int states
    cdef readonly int constants

    def __call__(self, cnp.ndarray p, cnp.ndarray g, tuple states, tuple constants):
        cdef void *s[MAX_STATES]
        cdef double c[MAX_CONSTANTS]
        cdef int i, kind = cnp.PyArray_TYPE(p)
        cdef Py_ssize_t n = cnp.PyArray_SIZE(p)
        if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
            raise ValueError("parameters must be float32 or float64")
        if len(states) != self.states or len(constants) != self.constants:
            raise ValueError(f"the rule takes {self.states} states and {self.constants} constants")
        checked(p, kind, n)
        checked(g, kind, n)
        for i in range(self.states):
            checked(states[i], kind, n)
            s[i] = cnp.PyArray_DATA(<cnp.ndarray> states[i])
        for i in range(self.states, MAX_STATES):
            s[i] = NULL
        for i in range(self.constants):
            c[i] = constants[i]
        cdef void *to = cnp.PyArray_DATA(p)
        cdef void *slope = cnp.PyArray_DATA(g)
        with nogil:
            if kind == cnp.NPY_FLOAT:
                self.in_float(<float *> to, <float *> slope, <float *> s[0], <float *> s[1], <float *> s[2], c, n)
            else:
                self.in_double(<double *> to, <double *> slope, <double *> s[0], <double *> s[1], <double *> s[2], c, n)


cdef Rule rule(rule32 in_float, rule64 in_double, int states, int constants):
    cdef Rule made = Rule.__new__(Rule)
    made.in_float, made.in_double, made.states, made.constants = in_float, in_double, states, constants
    return made


RULES = {
    "sgd": rule(sgd[float], sgd[double], 0, 1),
    "momentum": rule(momentum[float], momentum[double], 1, 2),
    "nesterov": rule(nesterov[float], nesterov[double], 1, 2),
    "adagrad": rule(adagrad[float], adagrad[double], 1, 2),
    "rmsprop": rule(rmsprop[float], rmsprop[double], 1, 4),
    "rmsprop_momentum": rule(rmsprop_momentum[float], rmsprop_momentum[double], 2, 5),
    "adam": rule(adam[float], adam[double], 2, 4),
    "adamw": rule(adamw[float], adamw[double], 2, 5),
    "nadam": rule(nadam[float], nadam[double], 2, 5),
    "adamax": rule(adamax[float], adamax[double], 2, 4),
    "adadelta": rule(adadelta[float], adadelta[double], 2, 4),
    "lion": rule(lion[float], lion[double], 1, 6),
}


cdef double sum_of_squares(const real *x, Py_ssize_t n) noexcept nogil:
    """In double precision: the square of a float32 leaves its range where the norm does not."""
    cdef double parts[LANES]
    cdef double total = 0.0, value
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
    for j in range(LANES):
        total += parts[j]
    return total


def norm(cnp.ndarray x):
    """The L2 norm of a contiguous float32 or float64 vector, summed in float64."""
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        raise ValueError("x must be float32 or float64")
    checked(x, kind, n)
    if kind == cnp.NPY_FLOAT:
        return sqrt(sum_of_squares(<float *> cnp.PyArray_DATA(x), n))
    return sqrt(sum_of_squares(<double *> cnp.PyArray_DATA(x), n))


cdef double of_block(
    const real *x, real *g, const cnp.npy_intp *labels, const real *weights, double scale, Py_ssize_t classes,
    Py_ssize_t stride, Py_ssize_t gradient_stride, Py_ssize_t n,
) noexcept nogil:
    """Cross-entropy of up to BLOCK neighbouring samples; the textbook forms and these are compared in losses.py."""
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
            e = exponential(x[k * stride + j] - top[j])
            rest[j] = rest[j] + (zero if label[j] == index else e)
            own[j] = own[j] + (e if label[j] == index else zero)
            g[k * gradient_stride + j] = e
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
    checked(labels, cnp.NPY_INTP, n)
    if weights is not None:
        checked(weights, kind, n)
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
