"""What ``fastact.h`` and Cython modules call: the loops of the ufuncs, in functions of plain C types.

Never hot, always compiled for the baseline: every function puts its operands in order and calls the loop that the ufunc
itself calls, so that its bits are the ufunc's, strides, overlap and the floating-point status included.
"""

from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer, PyCapsule_New
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport strcmp
from numpy cimport npy_intp

from fastact._build_info import version
from fastact._ufuncs import load, running

from fastact._table cimport entry, table, ufunc_loop

cdef extern from "fastact/table.h" nogil:
    int FASTACT_ABI_VERSION
    int FASTACT_API_VERSION

cdef extern from "capi_forms.h" nogil:
    ctypedef struct fastact_form:
        const char *name
        const char *activation
        int inputs
        int outputs
        int parameters
        const char **parameter_names
        const double *parameter_defaults
        double lower
        double upper
        double sup_derivative
    struct fastact_alias:
        const char *name
        int form
    enum:
        FASTACT_FORM_COUNT
        FASTACT_MAX_PARAMETERS
    const fastact_form fastact_forms[]
    const fastact_alias fastact_aliases[]
    double FASTACT_NAN

cdef entry *entries
cdef ufunc_loop loop_f16
cdef ufunc_loop loop_f32
cdef ufunc_loop loop_f64

# The functions of every form, named as in _capi.pxd, and `fill_functions(table)`.
include "capi_functions.pxi"


# Look-up by name ---------------------------------------------------------------------------------------------------

cdef ptrdiff_t form_count() noexcept nogil:
    return FASTACT_FORM_COUNT


cdef const fastact_form *form_at(ptrdiff_t index) noexcept nogil:
    if 0 <= index < FASTACT_FORM_COUNT:
        return fastact_forms + index
    return NULL


cdef const fastact_form *find(const char *name) noexcept nogil:
    cdef int i
    for i in range(FASTACT_FORM_COUNT):
        if strcmp(fastact_forms[i].name, name) == 0:
            return fastact_forms + i
    i = 0
    while fastact_aliases[i].name != NULL:
        if strcmp(fastact_aliases[i].name, name) == 0:
            return fastact_forms + fastact_aliases[i].form
        i += 1
    return NULL


cdef const char *form_name(const fastact_form *form) noexcept nogil:
    return form.name


cdef const char *form_activation(const fastact_form *form) noexcept nogil:
    return form.activation


cdef int form_inputs(const fastact_form *form) noexcept nogil:
    return form.inputs


cdef int form_outputs(const fastact_form *form) noexcept nogil:
    return form.outputs


cdef int form_parameters(const fastact_form *form) noexcept nogil:
    return form.parameters


cdef const char *form_parameter_name(const fastact_form *form, int index) noexcept nogil:
    return form.parameter_names[index] if 0 <= index < form.parameters else NULL


cdef double form_parameter_default(const fastact_form *form, int index) noexcept nogil:
    return form.parameter_defaults[index] if 0 <= index < form.parameters else FASTACT_NAN


cdef double form_lower(const fastact_form *form) noexcept nogil:
    return form.lower


cdef double form_upper(const fastact_form *form) noexcept nogil:
    return form.upper


cdef double form_sup_derivative(const fastact_form *form) noexcept nogil:
    return form.sup_derivative


cdef void call_f16(
    const fastact_form *form, char **operands, const ptrdiff_t *strides, ptrdiff_t length
) noexcept nogil:
    loop_f16(operands, <const npy_intp *> &length, <const npy_intp *> strides, entries + (form - fastact_forms))


cdef void call_f32(
    const fastact_form *form, char **operands, const ptrdiff_t *strides, ptrdiff_t length
) noexcept nogil:
    loop_f32(operands, <const npy_intp *> &length, <const npy_intp *> strides, entries + (form - fastact_forms))


cdef void call_f64(
    const fastact_form *form, char **operands, const ptrdiff_t *strides, ptrdiff_t length
) noexcept nogil:
    loop_f64(operands, <const npy_intp *> &length, <const npy_intp *> strides, entries + (form - fastact_forms))


# The table ---------------------------------------------------------------------------------------------------------

_kept = (running.encode(), version.encode())  # the table points to them

cdef fastact_api_table exported


cdef void fill(const char *instruction_set, const char *library):
    exported.abi_version = FASTACT_ABI_VERSION
    exported.api_version = FASTACT_API_VERSION
    exported.size = sizeof(exported)
    exported.instruction_set = instruction_set
    exported.version = library
    exported.form_count = <void *> form_count
    exported.form_at = <void *> form_at
    exported.find = <void *> find
    exported.form_name = <void *> form_name
    exported.form_activation = <void *> form_activation
    exported.form_inputs = <void *> form_inputs
    exported.form_outputs = <void *> form_outputs
    exported.form_parameters = <void *> form_parameters
    exported.form_parameter_name = <void *> form_parameter_name
    exported.form_parameter_default = <void *> form_parameter_default
    exported.form_lower = <void *> form_lower
    exported.form_upper = <void *> form_upper
    exported.form_sup_derivative = <void *> form_sup_derivative
    exported.call_f16 = <void *> call_f16
    exported.call_f32 = <void *> call_f32
    exported.call_f64 = <void *> call_f64
    fill_functions(&exported)


cdef void connect(object kernel_table) except *:
    """Take the loops of the instruction set that runs."""
    global entries, loop_f16, loop_f32, loop_f64
    cdef table *kernels = <table *> PyCapsule_GetPointer(kernel_table, "fastact.kernel_table")
    cdef int i
    for i in range(FASTACT_FORM_COUNT):
        if i >= kernels.length or strcmp(kernels.entries[i].name, fastact_forms[i].name) != 0:
            raise ImportError("fastact's kernels and its C API come from different builds: reinstall fastact")
    entries = kernels.entries
    loop_f16, loop_f32, loop_f64 = kernels.float16, kernels.float32, kernels.float64


connect(load(running))
fill(_kept[0], _kept[1])

ABI_VERSION = FASTACT_ABI_VERSION
API_VERSION = FASTACT_API_VERSION
API = PyCapsule_New(&exported, "fastact.capi.API", NULL)


# For SciPy: a form of one number with its parameters bound, as a callback with user data --------------------------

cdef struct bound:
    int form
    double parameters[FASTACT_MAX_PARAMETERS]
    ptrdiff_t size
    double *weights           # of the window; NULL for a window of one element, taken as it is


cdef inline void call_bound(const bound *what, double *x, double *out, npy_intp length) noexcept nogil:
    cdef char *operands[2 + FASTACT_MAX_PARAMETERS]
    cdef npy_intp strides[2 + FASTACT_MAX_PARAMETERS]
    cdef int j, count = fastact_forms[what.form].parameters
    operands[0] = <char *> x
    strides[0] = sizeof(double)
    for j in range(count):
        operands[1 + j] = <char *> &what.parameters[j]
        strides[1 + j] = 0
    operands[1 + count] = <char *> out
    strides[1 + count] = sizeof(double)
    loop_f64(operands, &length, strides, entries + what.form)


cdef double number(double x, void *user_data) noexcept nogil:
    cdef double out
    call_bound(<const bound *> user_data, &x, &out, 1)
    return out


cdef inline double weighted(const bound *what, const double *window) noexcept nogil:
    cdef double total = 0
    cdef ptrdiff_t i
    for i in range(what.size):
        total += what.weights[i] * window[i]
    return total


cdef int window(double *elements, npy_intp size, double *out, void *user_data) noexcept nogil:
    cdef const bound *what = <const bound *> user_data
    if size != what.size:
        return 0
    out[0] = elements[0] if what.weights == NULL else weighted(what, elements)
    call_bound(what, out, out, 1)
    return 1


cdef int line(double *inputs, npy_intp inputs_length, double *out, npy_intp length, void *user_data) noexcept nogil:
    cdef const bound *what = <const bound *> user_data
    cdef npy_intp i
    if inputs_length - length + 1 != what.size:
        return 0
    for i in range(length):
        out[i] = inputs[i] if what.weights == NULL else weighted(what, inputs + i)
    call_bound(what, out, out, length)
    return 1


cdef void release(object capsule) noexcept:
    cdef bound *what = <bound *> PyCapsule_GetPointer(capsule, "fastact.capi.bound")
    free(what.weights)
    free(what)


CALLBACKS = {
    "scalar": PyCapsule_New(<void *> number, "double (double, void *)", NULL),
    "filter": PyCapsule_New(<void *> window, "int (double *, npy_intp, double *, void *)", NULL),
    "filter1d": PyCapsule_New(<void *> line, "int (double *, npy_intp, double *, npy_intp, void *)", NULL),
}


def bind(str name, list parameters, list weights):
    """The user data of `CALLBACKS`: a form of one input and one output, its parameters, and None or weights."""
    cdef const fastact_form *form = find(name.encode())
    cdef Py_ssize_t i
    assert form != NULL and form.inputs == form.outputs == 1 and form.parameters == len(parameters)
    cdef bound *what = <bound *> malloc(sizeof(bound))
    if what == NULL:
        raise MemoryError
    what.form = form - fastact_forms
    what.weights = NULL
    what.size = 1
    capsule = PyCapsule_New(what, "fastact.capi.bound", release)  # frees what follows if that fails
    for i in range(len(parameters)):
        what.parameters[i] = parameters[i]
    if weights is not None:
        what.size = len(weights)
        what.weights = <double *> malloc(len(weights) * sizeof(double))
        if what.weights == NULL:
            raise MemoryError
        for i in range(len(weights)):
            what.weights[i] = weights[i]
    return capsule


def pointer(capsule):
    """The address in a capsule, as an int."""
    return <size_t> PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule))


def text(capsule):
    """The name of a capsule: for functions, their C type."""
    return PyCapsule_GetName(capsule).decode()
