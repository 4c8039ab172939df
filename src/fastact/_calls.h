/*
 * The call of a ufunc, without NumPy's machinery where that has nothing to decide.
 *
 * Finding the dtypes, casting, broadcasting, looking for overlap and for operands with a protocol of their own takes NumPy
 * about as long as a kernel takes for 1000 to 5000 elements. If every operand is a contiguous array of one shape and one
 * dtype that has a loop, or a number, nothing of that is open, and the loop is called at once. All else is NumPy's, as
 * is every keyword but `out`. Values, dtypes, errors, warnings and `np.errstate` are the same either way.
 *
 * Every ufunc holds the function that calls it (PyUFuncObject.vectorcall), and all that NumPy makes hold the same one.
 * It is exchanged before anyone has seen the ufunc.
 */
#ifndef FASTACT_CALLS_H
#define FASTACT_CALLS_H

#include <fenv.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <numpy/npy_math.h>
#include <numpy/ufuncobject.h>

/* The loops of every ufunc, in this order. */
enum { FASTACT_HALF, FASTACT_FLOAT, FASTACT_DOUBLE, FASTACT_DTYPES };

/* The GIL is kept for no more elements than these: they take microseconds, as releasing it may. */
enum { FASTACT_WITH_GIL = 2000 };

static vectorcallfunc fastact_numpys_call;
static PyArray_Descr *fastact_dtypes[FASTACT_DTYPES];
static PyObject *fastact_out, *fastact_only_out; /* "out" and ("out",) */

static int fastact_calls_ready(void) {
    const int numbers[FASTACT_DTYPES] = {NPY_HALF, NPY_FLOAT, NPY_DOUBLE};
    for (int i = 0; i < FASTACT_DTYPES; i++) {
        fastact_dtypes[i] = PyArray_DescrFromType(numbers[i]);
        if (fastact_dtypes[i] == NULL) return -1;
    }
    fastact_out = PyUnicode_InternFromString("out");
    if (fastact_out == NULL) return -1;
    fastact_only_out = PyTuple_Pack(1, fastact_out);
    return fastact_only_out == NULL ? -1 : 0;
}

/* Calls of the ufunc go through this function from now on. Returns that which they went through, NULL with an exception. */
static vectorcallfunc fastact_call_through(PyObject *ufunc, vectorcallfunc call) {
    if (Py_TYPE(ufunc)->tp_vectorcall_offset != (Py_ssize_t)offsetof(PyUFuncObject, vectorcall)) {
        PyErr_SetString(PyExc_ImportError, "fastact was built for another NumPy: ufuncs are not laid out as in its headers");
        return NULL;
    }
    const vectorcallfunc before = ((PyUFuncObject *)ufunc)->vectorcall;
    if (fastact_numpys_call == NULL) fastact_numpys_call = before;
    ((PyUFuncObject *)ufunc)->vectorcall = call;
    return before;
}

/* The index of the loop for the dtype, or -1. Most are NumPy's own objects; those of unpickled arrays only equal them. */
static inline int fastact_loop_of(const PyArray_Descr *dtype) {
    for (int i = 0; i < FASTACT_DTYPES; i++) {
        if (dtype == fastact_dtypes[i]) return i;
    }
    if (!PyArray_ISNBO(dtype->byteorder) || PyDataType_METADATA(dtype) != NULL || PyDataType_HASFIELDS(dtype)) return -1;
    for (int i = 0; i < FASTACT_DTYPES; i++) {
        if (dtype->type_num == fastact_dtypes[i]->type_num) return i;
    }
    return -1;
}

/* An array that a loop can take as one piece. Those without dimensions are not: NumPy makes numbers of their results. */
static inline int fastact_is_contiguous(PyArrayObject *array) {
    return PyArray_NDIM(array) > 0 && PyArray_IS_C_CONTIGUOUS(array) && PyArray_ISALIGNED(array);
}

static inline int fastact_same_shape(PyArrayObject *a, PyArrayObject *b) {
    return PyArray_NDIM(a) == PyArray_NDIM(b) && PyArray_CompareLists(PyArray_DIMS(a), PyArray_DIMS(b), PyArray_NDIM(a));
}

typedef union {
    npy_half half;
    float f32;
    double f64;
} fastact_scalar;

/* An array, or a scalar, and its loop; -1 for a Python float, which fits any. */
typedef struct {
    PyArrayObject *array;
    int loop;
    fastact_scalar scalar;
} fastact_operand;

static inline int fastact_parse_operand(PyObject *object, fastact_operand *operand) {
    operand->array = NULL;
    if (PyArray_CheckExact(object)) {
        operand->array = (PyArrayObject *)object;
        operand->loop = fastact_loop_of(PyArray_DESCR(operand->array));
        return operand->loop >= 0 && fastact_is_contiguous(operand->array);
    }
    if (PyFloat_CheckExact(object)) {
        operand->loop = -1;
        operand->scalar.f64 = PyFloat_AS_DOUBLE(object);
    } else if (Py_TYPE(object) == &PyDoubleArrType_Type) {
        operand->loop = FASTACT_DOUBLE;
        operand->scalar.f64 = PyArrayScalar_VAL(object, Double);
    } else if (Py_TYPE(object) == &PyFloatArrType_Type) {
        operand->loop = FASTACT_FLOAT;
        operand->scalar.f32 = PyArrayScalar_VAL(object, Float);
    } else if (Py_TYPE(object) == &PyHalfArrType_Type) {
        operand->loop = FASTACT_HALF;
        operand->scalar.half = PyArrayScalar_VAL(object, Half);
    } else {
        return 0;
    }
    return 1;
}

/* A Python float in the dtype of the loop; 0 if that is float16, or if float32 overflows, which is NumPy's to report. */
static inline int fastact_convert_float(fastact_operand *operand, int loop) {
    const double value = operand->scalar.f64;
    if (loop == FASTACT_DOUBLE) return 1;
    if (loop == FASTACT_HALF) return 0;
    operand->scalar.f32 = (float)value;
    return isfinite(operand->scalar.f32) || !isfinite(value);
}

/* Whether the output can be written without anyone noticing when: it is the input, or shares nothing with it. */
static inline int fastact_same_or_disjoint(PyArrayObject *in, PyArrayObject *out) {
    const uintptr_t a = (uintptr_t)PyArray_BYTES(in), b = (uintptr_t)PyArray_BYTES(out);
    const uintptr_t bytes = (uintptr_t)PyArray_NBYTES(out);
    return a == b || a + bytes <= b || b + bytes <= a;
}

/* An output that a loop can fill as one piece, but for its flag. */
static inline int fastact_output_fits(PyObject *object, int loop, PyArrayObject *shaped) {
    PyArrayObject *out = (PyArrayObject *)object;
    return PyArray_CheckExact(object) && fastact_loop_of(PyArray_DESCR(out)) == loop && fastact_is_contiguous(out)
        && fastact_same_shape(out, shaped);
}

/* What NumPy does around a loop: what the loop signals is reported as np.errstate says. -1 with an exception. */
static int fastact_run(
    PyUFuncObject *ufunc, int loop, char **data, npy_intp *strides, npy_intp length, PyObject *const *inputs
) {
    const int watched = FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID;
    if (fetestexcept(watched)) feclearexcept(watched);
    if (length > FASTACT_WITH_GIL) {
        /* Others could resize an array that seems to be theirs alone, as arguments do from CPython 3.14 on. */
        for (int i = 0; i < ufunc->nin; i++) Py_INCREF(inputs[i]);
        Py_BEGIN_ALLOW_THREADS;
        ufunc->functions[loop](data, &length, strides, ufunc->data[loop]);
        Py_END_ALLOW_THREADS;
        for (int i = 0; i < ufunc->nin; i++) Py_DECREF(inputs[i]);
    } else if (length > 0) {
        ufunc->functions[loop](data, &length, strides, ufunc->data[loop]);
    }
    const int raised = fetestexcept(watched);
    if (!raised) return 0;
    return PyUFunc_GiveFloatingpointErrors(
        ufunc->name, (raised & FE_DIVBYZERO ? NPY_FPE_DIVIDEBYZERO : 0) | (raised & FE_OVERFLOW ? NPY_FPE_OVERFLOW : 0)
            | (raised & FE_UNDERFLOW ? NPY_FPE_UNDERFLOW : 0) | (raised & FE_INVALID ? NPY_FPE_INVALID : 0)
    );
}

/*
 * Whether the arguments are all inputs and, of a ufunc with one output, at most that, by position or as `out`: which it is,
 * or NULL if there is none.
 */
static inline int fastact_is_ordinary(
    const PyUFuncObject *ufunc, PyObject *const *arguments, Py_ssize_t given, PyObject *names, PyObject **out
) {
    const Py_ssize_t nin = ufunc->nin, named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    *out = NULL;
    if (given == nin && named == 0) return 1;
    if (ufunc->nout != 1 || given < nin || given + named != nin + 1) return 0;
    if (named && PyTuple_GET_ITEM(names, 0) != fastact_out) return 0;
    if (arguments[nin] != Py_None) *out = arguments[nin];
    return 1;
}

/* Calls a ufunc with one output; 0 if that is for NumPy to do, else 1 and the result, which is NULL after an exception. */
static int fastact_directly(
    PyUFuncObject *ufunc, PyObject *const *arguments, Py_ssize_t given, PyObject *names, PyObject **result
) {
    const Py_ssize_t nin = ufunc->nin;
    PyObject *out;
    if (ufunc->nout != 1 || !fastact_is_ordinary(ufunc, arguments, given, names, &out)) return 0;

    fastact_operand operands[FASTACT_MAX_OPERANDS];
    PyArrayObject *shaped = NULL;
    int loop = -1;
    for (Py_ssize_t i = 0; i < nin; i++) {
        fastact_operand *operand = &operands[i];
        if (!fastact_parse_operand(arguments[i], operand)) return 0;
        if (loop < 0) loop = operand->loop;
        else if (operand->loop >= 0 && operand->loop != loop) return 0;
        if (operand->array == NULL) continue;
        if (shaped == NULL) shaped = operand->array;
        else if (!fastact_same_shape(operand->array, shaped)) return 0;
    }
    if (loop < 0) loop = FASTACT_DOUBLE; /* Python floats alone */
    if (out != NULL && (shaped == NULL || !fastact_output_fits(out, loop, shaped))) return 0;

    char *data[FASTACT_MAX_OPERANDS];
    npy_intp strides[FASTACT_MAX_OPERANDS];
    const npy_intp size = PyDataType_ELSIZE(fastact_dtypes[loop]);
    for (Py_ssize_t i = 0; i < nin; i++) {
        fastact_operand *operand = &operands[i];
        if (operand->array != NULL) {
            if (out != NULL && !fastact_same_or_disjoint(operand->array, (PyArrayObject *)out)) return 0;
            strides[i] = size;
        } else {
            if (operand->loop < 0 && !fastact_convert_float(operand, loop)) return 0;
            strides[i] = 0;
        }
    }

    *result = NULL;
    if (shaped == NULL) {
        fastact_scalar scalar;
        for (Py_ssize_t i = 0; i < nin; i++) data[i] = (char *)&operands[i].scalar;
        data[nin] = (char *)&scalar;
        strides[nin] = size;
        if (fastact_run(ufunc, loop, data, strides, 1, arguments) < 0) return 1;
        *result = PyArray_Scalar(&scalar, fastact_dtypes[loop], NULL);
        return 1;
    }
    if (out != NULL) {
        /* An error, or the warning that some of np.broadcast_arrays' results give. */
        if (PyArray_FailUnlessWriteable((PyArrayObject *)out, "output array") < 0) return 1;
        Py_INCREF(out);
    } else {
        Py_INCREF(fastact_dtypes[loop]);
        out = PyArray_NewFromDescr(
            &PyArray_Type, fastact_dtypes[loop], PyArray_NDIM(shaped), PyArray_DIMS(shaped), NULL, NULL, 0, NULL
        );
        if (out == NULL) return 1;
    }
    /* Only now: a warning runs Python. */
    for (Py_ssize_t i = 0; i < nin; i++) {
        data[i] = operands[i].array != NULL ? PyArray_BYTES(operands[i].array) : (char *)&operands[i].scalar;
    }
    data[nin] = PyArray_BYTES((PyArrayObject *)out);
    strides[nin] = size;
    if (fastact_run(ufunc, loop, data, strides, PyArray_SIZE(shaped), arguments) == 0) *result = out;
    else Py_DECREF(out);
    return 1;
}

/* For tests: the result of a call at once; NotImplemented where that is for NumPy to do. */
static PyObject *fastact_call_directly(PyObject *ufunc, PyObject *const *arguments, Py_ssize_t given) {
    PyObject *result;
    if (fastact_directly((PyUFuncObject *)ufunc, arguments, given, NULL, &result)) return result;
    Py_RETURN_NOTIMPLEMENTED;
}

static PyObject *fastact_call(PyObject *ufunc, PyObject *const *arguments, size_t flagged, PyObject *names) {
    PyObject *result;
    if (fastact_directly((PyUFuncObject *)ufunc, arguments, PyVectorcall_NARGS(flagged), names, &result)) return result;
    return fastact_numpys_call(ufunc, arguments, flagged, names);
}

/* Of a ufunc with parameters at their defaults: the one that takes them, and the function that calls in its stead what is
 * no ordinary call. The data of all its loops begin with this. */
typedef struct {
    PyObject *ufunc;
    PyObject *defaults[FASTACT_MAX_OPERANDS];
    int parameters;
    vectorcallfunc otherwise;
} fastact_with_parameters;

/* Whether NumPy takes the operand without asking it: what has an `__array_ufunc__` of its own is not of these types. Nor are
 * integers, of which only a whole ufunc takes those beyond int64, by its other operands. */
static inline int fastact_is_numpys(PyObject *object) {
    return PyArray_CheckExact(object) || PyFloat_CheckExact(object)
        || Py_TYPE(object) == &PyDoubleArrType_Type || Py_TYPE(object) == &PyFloatArrType_Type
        || Py_TYPE(object) == &PyHalfArrType_Type;
}

/* The same for a ufunc with parameters at their defaults. Unless there are keywords besides `out`, an operand with a protocol
 * of its own is asked about the ufunc that takes the parameters, which it may know. */
static PyObject *fastact_call_at_defaults(PyObject *object, PyObject *const *arguments, size_t flagged, PyObject *names) {
    PyUFuncObject *ufunc = (PyUFuncObject *)object;
    const fastact_with_parameters *whole = ufunc->data[0];
    const Py_ssize_t given = PyVectorcall_NARGS(flagged), nin = ufunc->nin;
    PyObject *result, *out, *all[2 * FASTACT_MAX_OPERANDS];
    if (fastact_directly(ufunc, arguments, given, names, &result)) return result;
    int numpys = !fastact_is_ordinary(ufunc, arguments, given, names, &out);
    if (!numpys) {
        numpys = out == NULL || fastact_is_numpys(out);
        for (Py_ssize_t i = 0; i < nin; i++) numpys &= fastact_is_numpys(arguments[i]);
    }
    if (numpys) return whole->otherwise(object, arguments, flagged, names);
    size_t count = 0;
    for (Py_ssize_t i = 0; i < nin; i++) all[count++] = arguments[i];
    for (int i = 0; i < whole->parameters; i++) all[count++] = whole->defaults[i];
    all[count] = out;
    return PyObject_Vectorcall(whole->ufunc, all, count, out == NULL ? NULL : fastact_only_out);
}

#endif
