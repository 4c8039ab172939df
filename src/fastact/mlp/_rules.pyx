"""The optimisers' rules, over flat vectors.

Written once and compiled once for each instruction set, like the kernels of activations. Every rule is one pass: each
parameter, its gradient and its state are read once and written once. Elements do not depend on each other, so that the
bits of a step are those of the same operations one array at a time.
"""

from libc.math cimport fabs, fabsf, sqrt, sqrtf

cimport numpy as cnp

cnp.import_array()

ctypedef fused real:
    float
    double

cdef enum:
    MAX_STATES = 3
    MAX_CONSTANTS = 8


cdef inline real root(real x) noexcept nogil:
    return sqrtf(x) if real is float else sqrt(x)


cdef inline real magnitude(real x) noexcept nogil:
    if real is float:  # as a statement: of an expression the C compiler sees both sides, and warns
        return fabsf(x)
    return fabs(x)


# The rules: p parameters, g gradients, s0 ... s2 states, c constants of this step. They are stated in optimisers.py.

cdef void sgd(real *p, const real *g, real *s0, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    cdef real rate = <real> c[0]
    cdef Py_ssize_t i
    for i in range(n):
        p[i] = p[i] - g[i] * rate


cdef inline void accumulated(real *p, const real *g, real *u, const double *c, Py_ssize_t n, bint ahead) noexcept nogil:
    cdef real rate = <real> c[0], decay = <real> c[1]
    cdef real next
    cdef Py_ssize_t i
    for i in range(n):
        next = u[i] * decay + g[i]
        u[i] = next
        p[i] = p[i] - (g[i] + next * decay if ahead else next) * rate


cdef void momentum(real *p, const real *g, real *u, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    accumulated(p, g, u, c, n, False)


cdef void nesterov(real *p, const real *g, real *u, real *s1, real *s2, const double *c, Py_ssize_t n) noexcept nogil:
    accumulated(p, g, u, c, n, True)


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


cdef int check_vectors(cnp.ndarray p, cnp.ndarray g) except -1:
    cdef int kind = cnp.PyArray_TYPE(p)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(p)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        raise ValueError("parameters must be float32 or float64")
    checked(p, kind, n)
    checked(g, kind, n)
    return 0


def check_step(cnp.ndarray p, cnp.ndarray g):
    """Raise ValueError for parameters or gradients that no rule takes."""
    check_vectors(p, g)


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
        if len(states) != self.states or len(constants) != self.constants:
            raise ValueError(f"the rule takes {self.states} states and {self.constants} constants")
        check_vectors(p, g)
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
