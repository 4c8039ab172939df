/* An extension module that calls the kernels through the capsule, without the GIL and without NumPy: any writeable,
 * contiguous buffer of floats or doubles will do. */
#include <fastact/fastact.h> /* includes Python.h */

#include <string.h>

/* A form's parameters at their defaults, in the precision of the buffer, as operands of stride 0. */
typedef struct {
    float f32[4];
    double f64[4];
} parameters;

/* scaled_gelu(buffer, scale): gelu(scale * x) in place. A function of the table, called directly. */
static PyObject *scaled_gelu(PyObject *self, PyObject *arguments) {
    Py_buffer buffer;
    float scale;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "w*f", &buffer, &scale)) return NULL;
    float *x = buffer.buf;
    const Py_ssize_t length = buffer.len / (Py_ssize_t)sizeof *x;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < length; ++i) x[i] *= scale;
    fastact_api->gelu_array_f32(x, x, length);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&buffer);
    Py_RETURN_NONE;
}

/* activate(name, buffer): any activation in place, at its default parameters, found by name. Returns sup |f'|. */
static PyObject *activate(PyObject *self, PyObject *arguments) {
    const char *name;
    PyObject *object;
    Py_buffer buffer;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "sO", &name, &object)) return NULL;
    const fastact_form *form = fastact_api->find(name);
    if (!form || fastact_api->form_inputs(form) != 1 || fastact_api->form_outputs(form) != 1)
        return PyErr_Format(PyExc_ValueError, "no activation is called %s", name);
    if (PyObject_GetBuffer(object, &buffer, PyBUF_CONTIG | PyBUF_FORMAT) < 0) return NULL;
    const int single = strcmp(buffer.format, "f") == 0;
    if (!single && strcmp(buffer.format, "d") != 0) {
        PyBuffer_Release(&buffer);
        return PyErr_Format(PyExc_TypeError, "the buffer must hold floats or doubles");
    }
    /* Operands: the input, the parameters, the output. */
    const int count = fastact_api->form_parameters(form);
    parameters values;
    char *operands[6];
    ptrdiff_t strides[6] = {0};
    operands[0] = operands[count + 1] = buffer.buf;
    strides[0] = strides[count + 1] = buffer.itemsize;
    for (int i = 0; i < count; ++i) {
        values.f64[i] = fastact_api->form_parameter_default(form, i);
        values.f32[i] = (float)values.f64[i];
        operands[i + 1] = single ? (char *)&values.f32[i] : (char *)&values.f64[i];
    }
    Py_BEGIN_ALLOW_THREADS
    (single ? fastact_api->call_f32 : fastact_api->call_f64)(form, operands, strides, buffer.len / buffer.itemsize);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&buffer);
    return PyFloat_FromDouble(fastact_api->form_sup_derivative(form));
}

static PyMethodDef methods[] = {
    {"scaled_gelu", scaled_gelu, METH_VARARGS, "gelu(scale * x) of a buffer of floats, in place."},
    {"activate", activate, METH_VARARGS, "An activation by name, in place; returns its largest slope."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "layer", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_layer(void) {
    if (fastact_import() < 0) return NULL;
    return PyModule_Create(&definition);
}
