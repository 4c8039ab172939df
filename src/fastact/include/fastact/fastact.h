/*
 * The C API: the kernels that the ufuncs run on this machine, called without going through Python. Bit for bit the
 * results of the ufuncs. C11 and C++17; NumPy is not needed. In the module's initialisation, with the GIL:
 *
 *     if (fastact_import() < 0) return NULL;
 *
 * and from then on, with or without it, from any thread:
 *
 *     fastact_api->gelu_array_f32(x, y, length);
 *
 * table.h lists what there is. Each source file that includes this header has its own `fastact_api`. Code that must not
 * know Python includes table.h alone and is given the pointer.
 */
#ifndef FASTACT_H
#define FASTACT_H

#include <Python.h>

#include "table.h"

#if defined(__GNUC__) || defined(__clang__)
#define FASTACT_MAY_BE_UNUSED __attribute__((unused))
#else
#define FASTACT_MAY_BE_UNUSED
#endif

FASTACT_MAY_BE_UNUSED static const fastact_api_table *fastact_api;

/* Find the table. Returns 0, or -1 with ImportError set: fastact is missing, is older than this header, or has another
 * ABI. May be called again. */
FASTACT_MAY_BE_UNUSED static int fastact_import(void) {
    PyObject *module = PyImport_ImportModule("fastact.capi");
    if (!module) return -1;
    PyObject *capsule = PyObject_GetAttrString(module, "API");
    Py_DECREF(module);
    if (!capsule) return -1;
    /* Static in the library: it outlives the capsule. */
    const fastact_api_table *table = (const fastact_api_table *)PyCapsule_GetPointer(capsule, "fastact.capi.API");
    Py_DECREF(capsule);
    if (!table) return -1;
    if (table->abi_version != FASTACT_ABI_VERSION) {
        PyErr_Format(PyExc_ImportError,
            "this module was compiled with the headers of fastact " FASTACT_VERSION " (ABI version %u); the installed "
            "fastact has ABI version %u: compile the module again",
            (unsigned)FASTACT_ABI_VERSION, (unsigned)table->abi_version);
        return -1;
    }
    /* The size too: between two releases the API grows without a new number. */
    if (table->api_version < FASTACT_API_VERSION || table->size < sizeof(fastact_api_table)) {
        PyErr_Format(PyExc_ImportError,
            "this module was compiled with the headers of fastact " FASTACT_VERSION " (API version %u); the installed "
            "fastact %s (API version %u) is older: install fastact >= " FASTACT_VERSION,
            (unsigned)FASTACT_API_VERSION, table->version, (unsigned)table->api_version);
        return -1;
    }
    fastact_api = table;
    return 0;
}

#endif /* FASTACT_H */
