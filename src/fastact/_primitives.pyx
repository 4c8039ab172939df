"""Kernels of log, log1p and expm1, for activations that people define: compiled once for each instruction set."""

from cpython.pycapsule cimport PyCapsule_New

from fastact._table cimport entry, kernel, table

cdef extern from "_primitives.h" nogil:
    void fastact_log_loop_f32(void **operands, Py_ssize_t length) noexcept
    void fastact_log_loop_f64(void **operands, Py_ssize_t length) noexcept
    void fastact_log1p_loop_f32(void **operands, Py_ssize_t length) noexcept
    void fastact_log1p_loop_f64(void **operands, Py_ssize_t length) noexcept
    void fastact_expm1_loop_f32(void **operands, Py_ssize_t length) noexcept
    void fastact_expm1_loop_f64(void **operands, Py_ssize_t length) noexcept

cdef entry entries[3]
cdef table exported


cdef void fill(entry *form, const char *name, kernel float32, kernel float64) noexcept:
    form.name = name
    form.inputs = form.outputs = 1
    form.parameters = form.streams = 0
    form.float32[0] = form.float32[1] = float32
    form.float64[0] = form.float64[1] = float64
    form.float16 = NULL


fill(&entries[0], "log", fastact_log_loop_f32, fastact_log_loop_f64)
fill(&entries[1], "log1p", fastact_log1p_loop_f32, fastact_log1p_loop_f64)
fill(&entries[2], "expm1", fastact_expm1_loop_f32, fastact_expm1_loop_f64)
exported.length = 3
exported.entries = entries

kernel_table = PyCapsule_New(&exported, "fastact.kernel_table", NULL)
