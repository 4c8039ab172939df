"""Picks the instruction set and makes the ufuncs. Never hot, always compiled for the baseline.

The ufuncs are complete before NumPy sees them: NumPy caches loops, so a ufunc is never patched afterwards.
"""

import importlib
import os

import numpy as np

cimport numpy as cnp
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdlib cimport free, malloc

from fastact._build_info import instruction_sets
from fastact._dask import two_outputs

from fastact._table cimport MAX_OPERANDS, MAX_PARAMETERS, entry, kernel, row_entry, table, ufunc_loop

cnp.import_array()
cnp.import_umath()

cdef extern from "numpy/ufuncobject.h":
    int PyUFunc_AddPromoter(object ufunc, object dtypes, object promoter) except -1

cdef extern from *:
    """
    /* NumPy asks this before it looks at how many rows there are, and never runs a loop for none. */
    static int fastact_some_of_each_row(PyUFuncObject *ufunc, npy_intp *sizes) {
        if (sizes[0] != 0) return 0;
        PyErr_SetString(PyExc_ValueError, "axis must not be empty: there is nothing to sum");
        return -1;
    }
    static void fastact_refuse_empty_rows(PyObject *ufunc) {
        ((PyUFuncObject *)ufunc)->process_core_dims_func = fastact_some_of_each_row;
    }
    """
    void refuse_empty_rows "fastact_refuse_empty_rows"(object ufunc)

cdef extern from "_calls.h":
    ctypedef object (*vectorcallfunc)(object ufunc, PyObject *const *arguments, size_t flagged, PyObject *names)
    int calls_ready "fastact_calls_ready"() except -1
    vectorcallfunc call_through "fastact_call_through"(object ufunc, vectorcallfunc call) except NULL
    object call_directly "fastact_call_directly"(object ufunc, PyObject *const *arguments, Py_ssize_t given)
    object call "fastact_call"(object ufunc, PyObject *const *arguments, size_t flagged, PyObject *names)
    object call_at_defaults "fastact_call_at_defaults"(
        object ufunc, PyObject *const *arguments, size_t flagged, PyObject *names
    )
    object numpys_call "fastact_numpys_call"(object ufunc, PyObject *const *arguments, size_t flagged, PyObject *names)
    Py_ssize_t PyVectorcall_NARGS(size_t flagged)
    ctypedef struct with_parameters "fastact_with_parameters":
        PyObject *ufunc
        PyObject **defaults
        int parameters
        vectorcallfunc otherwise

calls_ready()


cdef object call_with_several_outputs(object ufunc, PyObject *const *arguments, size_t flagged, PyObject *names):
    """The call of a ufunc with several outputs: NumPy's, and where that refuses Dask's arrays, one that takes them."""
    cdef Py_ssize_t i, count = PyVectorcall_NARGS(flagged)
    try:
        return numpys_call(ufunc, arguments, flagged, names)
    except TypeError:
        operands = tuple([<object> arguments[i] for i in range(count)])
        keywords = {} if names == NULL else {name: <object> arguments[count + i] for i, name in enumerate(<tuple> names)}
        result = two_outputs(ufunc, operands, keywords)
        if result is None:
            raise
    return result


cdef extern from *:
    """
    static PyObject *fastact_promoted(npy_intp length, void **dtypes) {
        return (PyObject *)PyArray_PromoteDTypeSequence(length, (PyArray_DTypeMeta **)dtypes);
    }
    """
    object promoted "fastact_promoted"(Py_ssize_t length, void **dtypes)

cdef extern from *:
    """
    #if (defined(__x86_64__) || defined(__amd64__)) && defined(__GNUC__)
    #include <cpuid.h>
    /* What x86-64-v3 has besides, and compilers may use: MOVBE and F16C, and LZCNT. Not all compilers know their names. */
    static int fastact_cpu_has_rest_of_v3(void) {
        unsigned int a, b, c, d;
        if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 22)) || !(c & (1u << 29))) return 0;
        return __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & (1u << 5));
    }
    static int fastact_cpu_has_avx2(void) {
        __builtin_cpu_init();
        return fastact_cpu_has_rest_of_v3() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
            && __builtin_cpu_supports("bmi2");
    }
    static int fastact_cpu_has_avx512(void) {
        return fastact_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl");
    }
    #else
    static int fastact_cpu_has_avx2(void) { return 0; }
    static int fastact_cpu_has_avx512(void) { return 0; }
    #endif
    """
    bint fastact_cpu_has_avx2()
    bint fastact_cpu_has_avx512()

# From the one that every CPU has to the widest.
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")


def cpu_supports(str name):
    """Whether this CPU and operating system can run the instruction set."""
    return {"baseline": True, "avx2": fastact_cpu_has_avx2(), "avx512": fastact_cpu_has_avx512()}[name]


def built():
    """The instruction sets that the build compiled kernels for."""
    return tuple(name for name in INSTRUCTION_SETS if name in instruction_sets)


def require(str name):
    """Raise unless the instruction set exists, was built and runs on this CPU."""
    if name not in INSTRUCTION_SETS:
        raise ValueError(f"instruction set {name!r} is unknown; allowed: {', '.join(INSTRUCTION_SETS)}")
    if name not in built():
        raise ValueError(f"instruction set {name!r} was not built into this fastact; built: {', '.join(built())}")
    if not cpu_supports(name):
        usable = ", ".join(other for other in built() if cpu_supports(other))
        raise ValueError(f"this CPU does not have the instruction set {name!r}; it can run: {usable}")


def choose():
    """The instruction set to run: the value of FASTACT_ISA, or the widest that was built and the CPU has."""
    asked = os.environ.get("FASTACT_ISA", "")
    if asked:
        try:
            require(asked)
        except ValueError as error:
            raise ImportError(f"FASTACT_ISA={asked}: {error}") from None
        return asked
    return [name for name in built() if cpu_supports(name)][-1]


running = choose()  # FASTACT_ISA is read once

_INTEGER = np.dtypes.Int64DType.__mro__[1]
_FLOATS = (np.dtypes.Float16DType, np.dtypes.Float32DType, np.dtypes.Float64DType)


cdef object resolve(str name, object common):
    """The dtype class that computes for a common dtype class: itself, or float64 for numbers that are not floats."""
    if common in _FLOATS:
        return common
    if common is np.dtypes.BoolDType or issubclass(common, _INTEGER) or common.__name__ in _PYTHON_SCALARS:
        return np.dtypes.Float64DType
    raise TypeError(
        f"fastact.{name} computes in float16, float32 and float64 and takes integers and bools as float64; "
        f"got {getattr(common, '__name__', common)}"
    )


_PYTHON_SCALARS = ("_PyFloatDType", "_PyIntDType", "_PyLongDType", "PyFloatDType", "PyIntDType", "PyLongDType")


cdef int promote(void *ufunc, void **operands, void **signature, void **chosen) noexcept with gil:
    """NumPy asks this for every combination of dtypes without a loop of its own; NumPy caches the answer."""
    cdef object self = <object> ufunc
    cdef int nin = self.nin
    cdef int nargs = self.nargs
    cdef object common = None
    cdef int i
    try:
        for i in range(nargs):
            if signature[i] != NULL:  # dtype= or signature= was given
                if common is not None and common is not <object> signature[i]:
                    raise TypeError(f"fastact.{self.__name__} computes all operands in one dtype, not in several")
                common = <object> signature[i]
        if common is None:
            common = promoted(nin, operands)
        common = resolve(self.__name__, common)
        for i in range(nargs):
            (<PyObjectSlot> chosen)[i] = incref(common)
        return 0
    except BaseException as error:
        set_error(error)
        return -1


cdef extern from *:
    """
    typedef PyObject **PyObjectSlot;
    static PyObject *fastact_new_reference(PyObject *object) { Py_INCREF(object); return object; }
    static void fastact_set_error(PyObject *error) { PyErr_SetObject((PyObject *)Py_TYPE(error), error); }
    """
    ctypedef void **PyObjectSlot
    void *incref "fastact_new_reference"(object)
    void set_error "fastact_set_error"(object)


def load(str name, str module="_kernels"):
    """The kernel table of an instruction set, as a capsule. ValueError where it cannot run here.

    ``"_primitives"`` is the other module: functions that are not activations, for those that people define.
    """
    require(name)
    return importlib.import_module(f"fastact.{module}_{name}").kernel_table


_kept = []  # names that NumPy points to
_defaults = []  # ufuncs and numbers that calls at defaults point to


cdef struct loop_data:
    # What the loop for each dtype is given.
    void *float16
    void *float32
    void *float64


cdef loop_data for_all(void *form) noexcept:
    cdef loop_data data
    data.float16 = data.float32 = data.float64 = form
    return data


cdef object make_one(
    ufunc_loop float16, ufunc_loop float32, ufunc_loop float64, loop_data forms, int nin, int nout, str public,
    const char *signature, object promoter,
):
    """A ufunc, or a gufunc if there is a signature, of loops for float16, float32 and float64."""
    cdef int j, nargs = nin + nout
    # NumPy keeps these pointers for the life of the ufunc, which is that of the process. One block has all of them.
    cdef cnp.PyUFuncGenericFunction *loops
    loops = <cnp.PyUFuncGenericFunction *> malloc(
        3 * (sizeof(cnp.PyUFuncGenericFunction) + sizeof(void *) + <size_t> nargs)
    )
    if loops == NULL:
        raise MemoryError
    cdef void **data = <void **> (loops + 3)
    cdef char *types = <char *> (data + 3)
    loops[0] = <cnp.PyUFuncGenericFunction> float16
    loops[1] = <cnp.PyUFuncGenericFunction> float32
    loops[2] = <cnp.PyUFuncGenericFunction> float64
    data[0], data[1], data[2] = forms.float16, forms.float32, forms.float64
    for j in range(nargs):
        types[j] = cnp.NPY_FLOAT16
        types[nargs + j] = cnp.NPY_FLOAT
        types[2 * nargs + j] = cnp.NPY_DOUBLE
    name = public.encode()
    try:
        ufunc = cnp.PyUFunc_FromFuncAndDataAndSignature(
            loops, data, types, 3, nin, nout, cnp.PyUFunc_None, name, b"", 0, signature
        )
    except BaseException:
        free(loops)
        raise
    _kept.append(name)
    if signature != NULL:
        refuse_empty_rows(ufunc)
    if nout > 1:
        call_through(ufunc, call_with_several_outputs)
    elif signature == NULL:
        call_through(ufunc, call)
    PyUFunc_AddPromoter(ufunc, (np.dtype,) * nin + (None,) * nout, promoter)
    return ufunc


# With the parameters at their defaults: a ufunc of the inputs alone, which makes the call cheaper.

cdef struct defaulted:
    with_parameters whole
    ufunc_loop loop
    const entry *form
    # In the dtype of the loop.
    double values[MAX_PARAMETERS]


cdef void run_at_defaults(char **args, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, void *data) noexcept nogil:
    cdef defaulted *at = <defaulted *> data
    cdef char *operands[MAX_OPERANDS]
    cdef cnp.npy_intp strides[MAX_OPERANDS]
    cdef int j, inputs = at.form.inputs, parameters = at.form.parameters
    for j in range(inputs + at.form.outputs):
        operands[j + parameters * (j >= inputs)] = args[j]
        strides[j + parameters * (j >= inputs)] = steps[j]
    for j in range(parameters):
        operands[inputs + j] = <char *> (at.values + j)
        strides[inputs + j] = 0
    at.loop(operands, dimensions, strides, <void *> at.form)


cdef object make_at_defaults(
    table *kernels, entry *form, object whole, tuple defaults, str public, object promoter
):
    """The ufunc of a form with parameters that takes the inputs alone, beside the whole one.

    NumPy rounds the defaults to each dtype.
    """
    # For the life of the process, as what `make_one` keeps.
    cdef defaulted *data = <defaulted *> malloc(3 * sizeof(defaulted))
    if data == NULL:
        raise MemoryError
    cdef int i, j
    for i in range(3):
        data[i].form = form
        data[i].whole.ufunc = <PyObject *> whole
        data[i].whole.parameters = form.parameters
        for j, value in enumerate(defaults):
            data[i].whole.defaults[j] = <PyObject *> value
            if i == 0:
                (<cnp.npy_uint16 *> (data[i].values + j))[0] = np.float16(value).view(np.uint16)
            elif i == 1:
                (<float *> (data[i].values + j))[0] = value
            else:
                data[i].values[j] = value
    data[0].loop, data[1].loop, data[2].loop = kernels.float16, kernels.float32, kernels.float64
    cdef loop_data each
    each.float16, each.float32, each.float64 = data, data + 1, data + 2
    ufunc = make_one(
        run_at_defaults, run_at_defaults, run_at_defaults, each, form.inputs, form.outputs, public, NULL, promoter
    )
    _defaults.append((whole, defaults))
    data[0].whole.otherwise = call_through(ufunc, call_at_defaults)
    return ufunc


def make(object kernel_table, dict public_names, dict defaults):
    """A dict of ufuncs: one for each entry of the kernel table, called ``public_names[entry name]``.

    ``defaults`` has those of the parameters of entries that get a second ufunc, called ``at_defaults`` after the entry,
    of the inputs alone.
    """
    cdef table *kernels = <table *> PyCapsule_GetPointer(kernel_table, "fastact.kernel_table")
    cdef object promoter = PyCapsule_New(<void *> promote, "numpy._ufunc_promoter", NULL)
    cdef entry *form
    cdef row_entry *row
    cdef int i, nin
    made = {}
    for i in range(kernels.length):
        form = &kernels.entries[i]
        nin = form.inputs + form.parameters
        name = form.name.decode()
        made[name] = make_one(
            kernels.float16, kernels.float32, kernels.float64, for_all(form), nin, form.outputs,
            public_names[name], NULL, promoter,
        )
        if name in defaults:
            plain = f"{name}.at_defaults"
            made[plain] = make_at_defaults(kernels, form, made[name], defaults[name], plain, promoter)
    for i in range(kernels.row_length):
        row = &kernels.row_entries[i]
        made[row.name.decode()] = make_one(
            kernels.row_float16, kernels.row_float32, kernels.row_float64, for_all(row), row.inputs, 1,
            public_names[row.name.decode()], row.signature, promoter,
        )
    return made


def directly(object ufunc, *operands):
    """What a call with these operands, and then the output if there is one, gives without NumPy's machinery.

    NotImplemented where NumPy would be asked. For tests, which could not tell otherwise.
    """
    cdef PyObject *arguments[MAX_OPERANDS]
    cdef Py_ssize_t i
    if len(operands) > MAX_OPERANDS:
        raise ValueError(f"operands must be at most {MAX_OPERANDS}, got {len(operands)}")
    for i, operand in enumerate(operands):
        arguments[i] = <PyObject *> operand
    return call_directly(ufunc, arguments, len(operands))


def streaming():
    """The names of the ufuncs whose large outputs go past the caches, but for those that people define."""
    cdef table *kernels = <table *> PyCapsule_GetPointer(load(running), "fastact.kernel_table")
    cdef int i
    return {kernels.entries[i].name.decode() for i in range(kernels.length) if kernels.entries[i].streams}


# Activations that people define -------------------------------------------------------------------------------------

cdef extern from *:
    """
    /* A compiled definition goes through large and undefined numbers on its way to a finite result: it takes the status
     * before, and puts it back with or without an overflow. */
    #if defined(__SSE2__)
    #include <xmmintrin.h>
    static size_t fastact_status_before(void) { return _mm_getcsr(); }
    static void fastact_status_after(size_t before, int overflow) {
        _mm_setcsr((unsigned int)before | (overflow ? _MM_EXCEPT_OVERFLOW : 0u));
    }
    #else
    #include <fenv.h>
    static size_t fastact_status_before(void) { return (size_t)fetestexcept(FE_ALL_EXCEPT); }
    static void fastact_status_after(size_t before, int overflow) {
        feclearexcept(FE_ALL_EXCEPT & ~(int)before);
        if (overflow) feraiseexcept(FE_OVERFLOW);
    }
    #endif
    """
    size_t status_before "fastact_status_before"() noexcept nogil
    void status_after "fastact_status_after"(size_t before, bint overflow) noexcept nogil


def addresses():
    """What compiled definitions call, by name: the kernels of the instruction set that runs, and the status.

    For a kernel: (name, 32, varying) to its address for float32, with every parameter an array if varying, else each
    one number; 64 for float64.
    """
    found = {"status_before": <size_t> &status_before, "status_after": <size_t> &status_after}
    cdef table *kernels
    cdef int i, varying
    for capsule in (load(running), load(running, "_primitives")):
        kernels = <table *> PyCapsule_GetPointer(capsule, "fastact.kernel_table")
        for i in range(kernels.length):
            name = kernels.entries[i].name.decode()
            for varying in range(2):
                found[name, 32, bool(varying)] = <size_t> kernels.entries[i].float32[varying]
                found[name, 64, bool(varying)] = <size_t> kernels.entries[i].float64[varying]
    return found


def define(str name, int inputs, int parameters, int outputs, bint streams, dict compiled):
    """A ufunc of kernels at addresses, by precision and whether parameters vary: ``compiled[32, False]``.

    They are called as the kernels of the tables are, and must stay for the life of the process. ``streams`` tells
    whether they compute so little that large outputs should go past the caches.
    """
    cdef table *kernels = <table *> PyCapsule_GetPointer(load(running), "fastact.kernel_table")
    cdef object promoter = PyCapsule_New(<void *> promote, "numpy._ufunc_promoter", NULL)
    cdef entry *form = <entry *> malloc(sizeof(entry))
    cdef int varying
    if form == NULL:
        raise MemoryError
    form.name = NULL
    form.inputs, form.parameters, form.outputs, form.streams = inputs, parameters, outputs, streams
    for varying in range(2):
        form.float32[varying] = <kernel> <size_t> compiled[32, bool(varying)]
        form.float64[varying] = <kernel> <size_t> compiled[64, bool(varying)]
    form.float16 = NULL
    return make_one(
        kernels.float16, kernels.float32, kernels.float64, for_all(form), inputs + parameters, outputs, name, NULL,
        promoter,
    )
