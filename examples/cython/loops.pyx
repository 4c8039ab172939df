"""Kernels and formulas of fastact in Cython: nothing here goes through Python once a function is called."""

from fastact cimport inline
from fastact.capi cimport fastact_gelu_array_f32, fastact_softplus_f64


def gelu(const float[::1] x, float[::1] out):
    """The kernel that the ufunc runs, on arrays, without the GIL."""
    assert x.shape[0] == out.shape[0]
    if x.shape[0]:
        with nogil:
            fastact_gelu_array_f32(&x[0], &out[0], x.shape[0])


def softplus(double x, double beta=1.0):
    """The same of one number."""
    return fastact_softplus_f64(x, beta)


def sigmoid_gate(const double[::1] x, const double[::1] gate, double[::1] out):
    """x * sigmoid(gate), in a loop of our own: the formula is inlined, and the compiler vectorises all of it."""
    cdef Py_ssize_t i
    assert x.shape[0] == gate.shape[0] == out.shape[0]
    for i in range(x.shape[0]):
        out[i] = x[i] * inline.fastact_sigmoid_f64(gate[i])
