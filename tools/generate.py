"""Write what the build derives from the table.

``kernel_table.pxi`` for Cython, ``__init__.pyi`` and ``parallel.pyi`` for type checkers, the docstrings in
``_documentation.py``, and the keyword functions in ``_keyword_functions.py``.

Called by meson: ``generate.py catalogue.py OUTPUT``, the kind of output being told from its name. Standard library
only, and reads nothing but the catalogue.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import docstrings
import keyword_functions
import unit_docstrings

MAX_PARAMETERS = 4  # as in _table.pxd
PRECISIONS = {"f32": "float", "f64": "double"}


def load_catalogue(path: str) -> ModuleType:
    """The catalogue as a module, in a package of its own: the real one needs what is yet to be compiled."""
    package = ModuleType("table")
    package.__path__ = [str(Path(path).parent)]
    sys.modules["table"] = package
    return importlib.import_module("table.catalogue")


def load_units() -> ModuleType:
    """The tables of row functions and gated units, after the catalogue."""
    return importlib.import_module("table._units")


def formula(row, kind: str) -> str:
    """The name of a formula of a row in the header, without the precision."""
    return row.name if kind == "value" else f"{row.name}_{kind}"


def form_formulas(row, form) -> list[str]:
    """The formulas of a form in the header."""
    return [formula(row, kind) for kind in form.formulas]


def formulas(row) -> list[str]:
    """The formulas of a row in the header."""
    return list(dict.fromkeys(name for form in row.forms for name in form_formulas(row, form)))


def scalar_functions(row) -> list[str]:
    """All that the kernels of a row take from the header."""
    names = formulas(row)
    if row.name in NEAR_AND_FAR:
        names = [*names, *(f"{name}_near" for name in names), f"{row.name}_is_far"]
    defaults = (at_defaults(name) for name in names)
    own = [name for name in defaults if name.startswith(row.name) and name not in names]
    return [*names, *own, *(general(name) for name in names if name in AT_DEFAULTS)]


def parameters_of(row, name: str) -> int:
    """How many parameters a formula takes."""
    return 0 if name.removesuffix("_near").endswith("_default") else len(row.parameters)


# The generic loop that makes each kind of form of its formulas.
LOOPS = {
    "value": "map_value",
    "derivative": "map_value",
    "second_derivative": "map_value",
    "parameter_derivative": "map_value",
    "with_derivative": "map_both",
    "backward": "map_backward",
    "backward_from_output": "map_backward",
    "parameter_backward": "map_backward",
}


# Formulas without parameters that are functions of a whole array, too, in vectors.h and vectors_f64.h.
ARRAY_FORMULAS = {
    "f32": {
        "arctan",
        "elu_default",
        "erf",
        "erf_derivative",
        "exponential",
        "exponential_derivative",
        "exponential_second_derivative",
        "gaussian",
        "gaussian_derivative",
        "gelu",
        "gelu_derivative",
        "gelu_tanh",
        "gelu_tanh_derivative",
        "log_sigmoid",
        "log_sigmoid_derivative",
        "log_sigmoid_derivative_from_output",
        "log_sigmoid_second_derivative",
        "mish",
        "mish_derivative",
        "quick_gelu",
        "quick_gelu_derivative",
        "selu",
        "sigmoid",
        "sigmoid_derivative",
        "silu",
        "silu_derivative",
        "softcap_default",
        "softcap_derivative_default",
        "softplus_default",
        "softplus_derivative_from_output_default",
        "tanh",
        "tanh_derivative",
        "tanh_shrink",
        "tanh_shrink_derivative",
    },
    "f64": {
        "elu_default",
        "elu_derivative_default",
        "erf",
        "exponential",
        "exponential_derivative",
        "exponential_second_derivative",
        "gaussian",
        "gaussian_derivative",
        "gelu",
        "gelu_tanh",
        "log_sigmoid",
        "log_sigmoid_derivative",
        "log_sigmoid_second_derivative",
        "mish_derivative",
        "quick_gelu",
        "selu",
        "selu_derivative",
        "sigmoid",
        "sigmoid_derivative",
        "silu",
        "silu_derivative",
        "softcap_derivative_default",
        "softplus_default",
        "tanh_derivative",
        "tanh_shrink",
        "tanh_shrink_derivative",
    },
}


# What the functions of a row that draws take besides, as in fastact/stochastic.py.
FURTHER_KEYWORDS = {"value": "rng: np.random.Generator | None", "backward": "slope: ArrayLike | None"}

# Activations whose formulas have a branch for far arguments, and a form named `near` without it that vectorises.
NEAR_AND_FAR = {"sin", "cos", "snake"}

# Activations whose formulas take less time than memory takes for their operands, and such formulas of others.
# Measured at 1e7, each form with its outputs past the caches and not: equal where the kernel alone takes 0.23 ns an
# element in float32 and 0.4 in float64 with one input, 0.3 and 0.6 with two; past the caches, half of that gains a
# quarter, and twice loses it.
LIGHT_ROWS = {
    "clipped_linear",
    "erelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "identity",
    "leaky_relu",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "signed_square",
    "soft_shrink",
    "sparse_plus",
    "sparse_sigmoid",
    "square",
    "squared_relu",
    "srelu",
    "threshold",
}
LIGHT_FORMULAS = {
    "celu_derivative_from_output",
    "elu_derivative_from_output",
    "exponential_derivative_from_output",
    "selu_derivative_from_output",
    "sigmoid_derivative_from_output",
    "softcap_derivative_from_output",
    "softsign_derivative_from_output",
    "tanh_derivative_from_output",
}


def is_light(row, form) -> bool:
    """Whether moving the operands of a form takes more than its formulas: then large outputs go past the caches."""
    return row.name in LIGHT_ROWS or LIGHT_FORMULAS.issuperset(form_formulas(row, form))


# Formulas with a parameter that are cheaper where it is at its default: the formula for that. For all other values
# there is one named `general`. One named `leaky` takes the parameters, and `is_leaky` says for which of them.
AT_DEFAULTS = {
    "celu": "elu_default",
    "celu_derivative": "elu_derivative_default",
    "celu_derivative_from_output": "elu_derivative_from_output",
    "clipped_linear": "clipped_linear_default",
    "clipped_linear_derivative": "clipped_linear_derivative_default",
    "elu": "elu_default",
    "elu_derivative": "elu_derivative_default",
    "rrelu": "rrelu_leaky",
    "snake_near": "snake_default_near",
    "snake_derivative_near": "snake_derivative_default_near",
    "softcap": "softcap_default",
    "softcap_derivative": "softcap_derivative_default",
    "softcap_derivative_from_output": "softcap_derivative_from_output_default",
    "softplus": "softplus_default",
    "softplus_derivative": "sigmoid",
    "softplus_derivative_from_output": "softplus_derivative_from_output_default",
    "srelu": "srelu_leaky",
    "squareplus": "squareplus_default",
    "squareplus_derivative": "squareplus_derivative_default",
    "squareplus_derivative_from_output": "squareplus_derivative_from_output_default",
    "swish": "silu",
    "swish_derivative": "silu_derivative",
}


def at_defaults(name: str) -> str:
    """The formula that takes the place of another where its parameters are at their defaults."""
    return AT_DEFAULTS.get(name, name)


def is_leaky(names: list[str]) -> list[str]:
    """The names of what says whether the parameters are as those at the defaults, for formulas where that is known."""
    return [f"{name}_is_leaky" for name in names if at_defaults(name).endswith("_leaky")]


def general(name: str) -> str:
    """The formula that takes the place of another where its parameters are not all at their defaults."""
    near = "_near" * name.endswith("_near")
    return f"{name.removesuffix(near)}_general{near}" if name in AT_DEFAULTS else name


def loop(row, form, names: list[str], suffix: str, varying: int, operands: str, length: str) -> list[str]:
    """The call of a generic loop over formulas; of one parameter for all, by whether that is the default."""
    c_type, count, inputs = PRECISIONS[suffix], len(row.parameters), len(form.inputs)

    def call(names: list[str]) -> str:
        if takes_arrays(names, suffix) and not varying:
            arrays = LOOPS[form.kind].replace("map_", "map_array_")
            return f"{arrays}[{c_type}]({array_functions(names, suffix)}, {operands}, {length}, {count})"
        passed = ", ".join(f"{name}_{suffix}" for name in names)
        return f"{LOOPS[form.kind]}[{c_type}]({passed}, {operands}, {length}, {count}, {bool(varying)})"

    if varying or not any(name in AT_DEFAULTS for name in names):
        return [call(names)]
    values = [f"(<const {c_type} *> {operands}[{inputs + i}])[0]" for i in range(count)]
    all_default = " and ".join(
        f"{value} == <{c_type}> {parameter.default!r}" for value, parameter in zip(values, row.parameters, strict=True)
    )
    for name in is_leaky(names):
        all_default = f"fastact_{name}_{suffix}({', '.join(values)})"
    at, other = list(map(at_defaults, names)), list(map(general, names))
    return [f"if {all_default}:", f"    {call(at)}", "else:", f"    {call(other)}"]


# Functions of whole arrays of float16, on their bits, by the generic loop that they take the place of.
HALF_BITS = {
    ("identity", "map_value"): "fastact_identity_halves",
    ("identity_derivative", "map_backward"): "fastact_identity_backward_halves",
    ("identity_derivative_from_output", "map_backward"): "fastact_identity_backward_halves",
}
# Formulas of halves that give the same as those of floats, rounded to halves.
HALF_FORMULAS = {"cos": "cos_of_half", "sin": "sin_of_half"}

# Formulas with a -x inside: with which sign a NaN comes out is the compiler's choice, and differs among kernels.
WITHOUT_HALVES = {"log_sigmoid_derivative", "sigmoid"}


def half_formulas() -> list[str]:
    """Their declarations and adapters."""
    lines = ["", 'cdef extern from "fastact/activations.h" nogil:']
    lines += [f"    float fastact_{name}_f32(float) noexcept" for name in HALF_FORMULAS.values()]
    for name in HALF_FORMULAS.values():
        lines += ["", f"cdef inline float {name}_f32(float x, const float *p) noexcept nogil:"]
        lines += [f"    return fastact_{name}_f32(x)"]
    return lines


def half_bits(row, form) -> str:
    """The function of float16's bits that makes a form, if there is one."""
    return HALF_BITS.get((form_formulas(row, form)[0], LOOPS[form.kind]), "")


def half_loop(row, form) -> list[str]:
    """The body of a kernel on float16, empty where blocks of float32 take as little."""
    names, generic, inputs = form_formulas(row, form), LOOPS[form.kind], len(form.inputs)
    lines = loop(row, form, names, "f32", 0, "operands", "length")
    if on_bits := half_bits(row, form):
        operands = ", ".join(f"<unsigned short *> operands[{i}]" for i in range(inputs + 1))
        return [f"{on_bits}({operands}, length)", "return False"]
    if form.kind == "value" and row.name in HALF_FORMULAS:
        return [f"return map_halves({HALF_FORMULAS[row.name]}_f32, operands, length, {inputs}, {len(row.parameters)})"]
    taken = list(map(at_defaults, names))
    arrays = takes_arrays(taken, "f32") and WITHOUT_HALVES.isdisjoint(taken)
    if generic not in ("map_value", "map_backward") or not (arrays or is_light(row, form)):
        return []
    counted = f"length, {inputs}, {len(row.parameters)})"
    call = re.compile(r"map(_array)?_(value|backward)\[float\]\((\w+), operands, .*\)")
    found = [call.subn(rf"return map_halves\1(\3, operands, {counted}", line) for line in lines]
    for line, (_, count) in zip(lines, found, strict=True):
        if count != ("map_" in line):
            raise ValueError(f"this call is of floats, and cannot be made one of halves: {line}")
    return [line for line, _ in found]


def half_kernel(row, form, index: int, fills: list[str]) -> list[str]:
    """The kernel of a form on float16, if it has one; its place in the entries is appended to ``fills``."""
    public, body = row.name + form.suffix, half_loop(row, form)
    fills.append(f"    entries[{index}].float16 = NULL")
    if not body:
        return []
    # Without instructions for it, converting takes more than all else, and by blocks no longer.
    condition = "" if half_bits(row, form) else "if CONVERTS: "
    fills.append(f"    {condition}entries[{index}].float16 = {public}_halves")
    head = f"cdef bint {public}_halves(void **operands, Py_ssize_t length) noexcept nogil:"
    return ["", head, *(f"    {line}" for line in body)]


def near_and_far(row, form, suffix: str, varying: int) -> list[str]:
    """The body of a kernel that, block by block, takes the formulas for near arguments where no argument is far."""
    c_type, count, inputs, outputs = PRECISIONS[suffix], len(row.parameters), len(form.inputs), len(form.outputs)
    names = form_formulas(row, form)
    calls = [
        loop(row, form, [f"{name}{which}" for name in names], suffix, varying, "part", "size")
        for which in ("", "_near")
    ]
    far = f"any_far[{c_type}]({row.name}_is_far_{suffix}, part, {inputs - 1}, size, {count}, {bool(varying)})"
    return [
        "cdef void *part[MAX_OPERANDS]",
        "cdef Py_ssize_t start = 0, size",
        "while start < length:",
        "    size = min(<Py_ssize_t> NEAR_BLOCK, length - start)",
        f"    advance(operands, part, start * sizeof({c_type}), {inputs}, {count}, {outputs}, {bool(varying)})",
        f"    if {far}:",
        *(f"        {line}" for line in calls[0]),
        "    else:",
        *(f"        {line}" for line in calls[1]),
        "    start += size",
    ]


def takes_arrays(names: list[str], suffix: str) -> bool:
    """Whether a kernel of these formulas calls functions of arrays."""
    return not ARRAY_FORMULAS[suffix].isdisjoint(names)


def array_functions(names: list[str], suffix: str) -> str:
    """The arguments for it: functions of vectors.h, and loops over the other formulas."""
    return ", ".join(f"{'fastact_' * (name in ARRAY_FORMULAS[suffix])}{name}_array_{suffix}" for name in names)


def kernel_table(catalogue: ModuleType) -> str:
    """The Cython source of all kernels: a row without formulas in the header does not compile."""
    rows = catalogue.ACTIVATIONS.values()
    lines = ['cdef extern from "fastact/activations.h" nogil:']
    for row in rows:
        if len(row.parameters) > MAX_PARAMETERS:
            raise ValueError(f"{row.name}: at most {MAX_PARAMETERS} parameters fit the loops of _kernels.pyx")
        for name in scalar_functions(row):
            for suffix, c_type in PRECISIONS.items():
                arguments = ", ".join([c_type] * (1 + parameters_of(row, name)))
                result = "int" if name.endswith("_is_far") else c_type
                lines.append(f"    {result} fastact_{name}_{suffix}({arguments}) noexcept")
        lines += [
            f"    bint fastact_{name}_{suffix}({', '.join([c_type] * len(row.parameters))}) noexcept"
            for name in is_leaky(formulas(row))
            for suffix, c_type in PRECISIONS.items()
        ]
    lines += ["", 'cdef extern from "fastact/vectors.h" nogil:']
    lines += [
        f"    void fastact_{name}_array_{suffix}(const {c_type} *, {c_type} *, Py_ssize_t) noexcept"
        for suffix, c_type in PRECISIONS.items()
        for name in sorted(ARRAY_FORMULAS[suffix])
    ]
    lines += half_formulas()
    fills: list[str] = []
    looped: set[tuple[str, str]] = set()
    for row in rows:
        count = len(row.parameters)
        for name in scalar_functions(row):
            for suffix, c_type in PRECISIONS.items():
                arguments = "".join(f", p[{i}]" for i in range(parameters_of(row, name)))
                result = "int" if name.endswith("_is_far") else c_type
                lines += [
                    "",
                    f"cdef inline {result} {name}_{suffix}({c_type} x, const {c_type} *p) noexcept nogil:",
                    f"    return fastact_{name}_{suffix}(x{arguments})",
                ]
        beside = {
            (name, suffix)
            for suffix in PRECISIONS
            for form in row.forms
            for which in (at_defaults, general)
            if takes_arrays(names := list(map(which, form_formulas(row, form))), suffix)
            for name in names
            if name not in ARRAY_FORMULAS[suffix]
        }
        for name, suffix in sorted(beside - looped):
            looped.add((name, suffix))
            c_type, loop_name = PRECISIONS[suffix], f"{name}_array_{suffix}"
            lines += [
                "",
                f"cdef inline void {loop_name}(const {c_type} *x, {c_type} *y, Py_ssize_t length) noexcept nogil:",
                "    cdef Py_ssize_t i",
                "    for i in range(length):",
                f"        y[i] = fastact_{name}_{suffix}(x[i])",
            ]
        for form in row.forms:
            public = row.name + form.suffix
            index = sum(".name" in line for line in fills)
            fills += [
                f'    entries[{index}].name = b"{public}"',
                f"    entries[{index}].inputs = {len(form.inputs)}",
                f"    entries[{index}].parameters = {count}",
                f"    entries[{index}].outputs = {len(form.outputs)}",
                f"    entries[{index}].streams = {is_light(row, form)}",
            ]
            lines += half_kernel(row, form, index, fills)
            for suffix in PRECISIONS:
                member = {"f32": "float32", "f64": "float64"}[suffix]
                for varying in (0, 1) if count else (0,):
                    kernel = f"{public}_kernel_{suffix}" + "_varying" * varying
                    names = form_formulas(row, form)
                    head = f"cdef void {kernel}(void **operands, Py_ssize_t length) noexcept nogil:"
                    far = row.name in NEAR_AND_FAR
                    body = (
                        near_and_far(row, form, suffix, varying)
                        if far
                        else loop(row, form, names, suffix, varying, "operands", "length")
                    )
                    lines += ["", head, *(f"    {line}" for line in body)]
                    fills.append(f"    entries[{index}].{member}[{varying}] = {kernel}")
    units = load_units()
    lines += [line for unit in units.GATED_UNITS.values() for line in gate_kernels(catalogue, unit, fills)]
    total = sum(".name" in line for line in fills)
    lines += ["", "cdef enum:", f"    ENTRIES = {total}", "", "cdef void fill(entry *entries):", *fills, ""]
    lines += row_kernels(units)
    return "\n".join(lines)


def gate_kernels(catalogue: ModuleType, unit, fills: list[str]) -> list[str]:
    """The kernels of a gated unit, a * act(b) and its gradients; their entries are appended to ``fills``."""
    row, lines = catalogue.ACTIVATIONS[unit.activation], []
    for public, inputs, outputs in ((unit.name, 2, 1), (f"{unit.name}_backward", 3, 2)):
        index = sum(".name" in line for line in fills)
        fills += [
            f'    entries[{index}].name = b"{public}"',
            f"    entries[{index}].inputs = {inputs}",
            f"    entries[{index}].parameters = 0",
            f"    entries[{index}].outputs = {outputs}",
            f"    entries[{index}].streams = {row.name in LIGHT_ROWS}",
            f"    entries[{index}].float16 = NULL",
        ]
        for suffix, c_type in PRECISIONS.items():
            names = [row.name, f"{row.name}_derivative"][:outputs]
            arrays = takes_arrays(names, suffix)
            passed = array_functions(names, suffix) if arrays else ", ".join(f"{name}_{suffix}" for name in names)
            generic = "map" + "_gate" * (outputs - 1) + "_array" * arrays + f"_backward[{c_type}]"
            none = ", 0" + ", False" * (not arrays) if outputs == 1 else ""
            body = f"{generic}({passed}, operands, length{none})"
            kernel = f"{public}_kernel_{suffix}"
            lines += ["", f"cdef void {kernel}(void **operands, Py_ssize_t length) noexcept nogil:", f"    {body}"]
            member = {"f32": "float32", "f64": "float64"}[suffix]
            fills.append(f"    entries[{index}].{member}[0] = {kernel}")
    return lines


# The row functions with a kernel of columns in rowwise.h, and the kind of theirs that says how long a short row is.
BY_COLUMNS = {
    "softmax": "SHARES",
    "softmin": "SHARES",
    "log_softmax": "LOGARITHMS",
    "logsumexp": "LOGARITHMS",
    "softmax_backward_from_output": "GRADIENTS",
    "softmin_backward_from_output": "GRADIENTS",
    "log_softmax_backward_from_output": "GRADIENTS",
}


def row_kernels(units: ModuleType) -> list[str]:
    """The Cython source of the kernels of row functions: a row without one in rowwise.h does not compile."""
    declarations = ['cdef extern from "fastact/rowwise.h" nogil:']
    kernels: list[str] = []
    fills: list[str] = []
    forms = [(row, form) for row in units.ROW_FUNCTIONS.values() for form in row.forms]
    for index, (row, form) in enumerate(forms):
        public, count = row.name + form.suffix, len(form.inputs)
        cores = form.signature.replace("->", ",").split(",")
        fills += [
            f'    entries[{index}].name = b"{public}"',
            f'    entries[{index}].signature = b"{form.signature}"',
            f"    entries[{index}].inputs = {count}",
            f"    entries[{index}].rows = {sum(1 << j for j, core in enumerate(cores) if core == '(n)')}",
            f"    entries[{index}].overflows = {form.kind in row.overflows}",
        ]
        for suffix, c_type in PRECISIONS.items():
            arguments = "".join(f"const {c_type} *, " for _ in form.inputs)
            declarations.append(f"    void fastact_{public}_{suffix}({arguments}{c_type} *, Py_ssize_t) noexcept")
            passed = ", ".join(f"<{c_type} *> (operands[{j}] + r * steps[{j}])" for j in range(count + 1))
            kernels += [
                "",
                f"cdef void {public}_kernel_{suffix}(",
                "    char **operands, const npy_intp *steps, Py_ssize_t n, Py_ssize_t rows,",
                ") noexcept nogil:",
                "    cdef Py_ssize_t r",
                "    for r in range(rows):",
                f"        fastact_{public}_{suffix}({passed}, n)",
            ]
            member = {"f32": "float32", "f64": "float64"}[suffix]
            fills.append(f"    entries[{index}].{member} = {public}_kernel_{suffix}")
            if public not in BY_COLUMNS:
                fills.append(f"    entries[{index}].{member}_columns = NULL")
                continue
            arguments = "".join(f"const {c_type} *, Py_ssize_t, " for _ in form.inputs)
            declarations += [
                f"    bint fastact_{public}_columns_{suffix}(",
                f"        {arguments}{c_type} *, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept",
            ]
            passed = ", ".join(f"<{c_type} *> operands[{j}], pitches[{j}]" for j in range(count + 1))
            kernels += [
                "",
                f"cdef bint {public}_columns_{suffix}(",
                "    void **operands, const Py_ssize_t *pitches, Py_ssize_t n, Py_ssize_t rows,",
                ") noexcept nogil:",
                f"    return fastact_{public}_columns_{suffix}({passed}, n, rows)",
            ]
            short = f"FASTACT_SHORT_{BY_COLUMNS[public]}_{suffix.upper()}"
            fills.append(f"    entries[{index}].{member}_columns = {public}_columns_{suffix}")
            fills.append(f"    entries[{index}].{member}_short = {short}")
    declarations += [
        f"    Py_ssize_t FASTACT_SHORT_{kind}_{suffix.upper()}"
        for kind in dict.fromkeys(BY_COLUMNS.values())
        for suffix in PRECISIONS
    ]
    enum = ["", "cdef enum:", f"    ROW_ENTRIES = {len(forms)}", "", "cdef void fill_rows(row_entry *entries):"]
    return [*declarations, *kernels, *enum, *fills, ""]


def stub(catalogue: ModuleType) -> str:
    """The types of the public face."""
    lines = [
        "from collections.abc import Callable, Mapping",
        "from types import SimpleNamespace",
        "from typing import Any, Literal, Protocol",
        "",
        "import numpy as np",
        "from numpy.typing import ArrayLike, NDArray",
        "",
        "from ._units import GatedUnit, RowFunction",
        "from .catalogue import Activation",
        "",
        "__version__: str",
        "activations: Mapping[str, Activation]",
        "",
        "class _ActivationUfunc(np.ufunc):  # type: ignore[misc]",
        "    spec: Activation",
        "    derivative: np.ufunc",
        "    with_derivative: np.ufunc",
        "    backward: np.ufunc",
        "",
        "class _ActivationUfuncFromOutput(_ActivationUfunc):  # type: ignore[misc]",
        "    backward_from_output: np.ufunc",
        "",
        "class _SmoothUfunc(_ActivationUfunc):  # type: ignore[misc]",
        "    second_derivative: np.ufunc",
        "",
        "class _SmoothUfuncFromOutput(_ActivationUfuncFromOutput):  # type: ignore[misc]",
        "    second_derivative: np.ufunc",
        "",
    ]
    for row in catalogue.ACTIVATIONS.values():
        for form in row.forms:
            public = row.name + form.suffix
            if not row.parameters:
                of_value = "_Smooth" if row.second_derivative_formula else "_Activation"
                of_value += "Ufunc" + "FromOutput" * bool(row.from_output)
                kind = of_value if form.kind == "value" else "np.ufunc"
                lines += [f"{alias}{form.suffix}: {kind}" for alias in (row.name, *row.aliases)]
                continue
            inputs = ", ".join(f"{name}: ArrayLike" for name in form.inputs)
            parameters = ", ".join(f"{p.name}: ArrayLike = {p.default!r}" for p in row.parameters) + ", *"
            if row.drawn and form.kind in FURTHER_KEYWORDS:
                parameters += f", {FURTHER_KEYWORDS[form.kind]} = None"
            protocol = "_" + "".join(part.capitalize() for part in public.split("_")) + "Function"
            lines += [
                "",
                f"class {protocol}(Protocol):",
                "    spec: Activation",
                "    ufunc: np.ufunc",
                "    at_defaults: np.ufunc",
            ]
            if form.kind == "value":
                lines += [f"    {other.name}: Any" for other in row.forms[1:]]
            lines += [
                f"    def __call__(self, {inputs}, {parameters}, out: Any = None, **keywords: Any) -> Any: ...",
                "",
                *(f"{alias}{form.suffix}: {protocol}" for alias in (row.name, *row.aliases)),
            ]
    lines += unit_stubs(load_units())
    lines += [
        "",
        "def get_include() -> str: ...",
        'def show_config(mode: Literal["print", "dict"] = "print") -> dict[str, Any] | None: ...',
        "def for_instruction_set(name: str) -> SimpleNamespace: ...",
        "def custom(",
        "    function: Callable[..., Any] | str,",
        "    *,",
        "    name: str | None = None,",
        "    parameters: Mapping[str, float] | None = None,",
        '    reference: str = "",',
        ") -> Any: ...",
        "def registered(activation: Any) -> Any: ...",
        "",
        "from . import parallel as parallel",
        "from . import theory as theory",
        "",
    ]
    return "\n".join(lines)


def parallel_stub(catalogue: ModuleType) -> str:
    """The types of ``fastact.parallel``: functions are those of fastact, and ufuncs have a class of their own."""
    units = load_units()
    ufuncs, functions = [], []
    for row in catalogue.ACTIVATIONS.values():
        kind = functions if row.parameters else ufuncs
        kind += [name + form.suffix for name in (row.name, *row.aliases) for form in row.forms]
    functions += [row.name + form.suffix for row in units.ROW_FUNCTIONS.values() for form in row.forms]
    functions += [form.name for unit in units.RESIZING_UNITS.values() for form in unit.forms]
    for unit in units.GATED_UNITS.values():
        ufuncs += [unit.name, f"{unit.name}_backward"]
        functions += [form.name for form in unit.split_forms]
    return "\n".join(
        [
            "from typing import Any",
            "",
            "import numpy as np",
            "from numpy.typing import ArrayLike",
            "",
            *(f"from . import {name} as {name}" for name in functions),
            "",
            "class ParallelUfunc:",
            "    serial: np.ufunc",
            "    def __call__(self, *operands: ArrayLike | None, **keywords: Any) -> Any: ...",
            "    def __getattr__(self, name: str) -> Any: ...",
            "",
            *(f"{name}: ParallelUfunc" for name in ufuncs),
            "",
            "def get_num_threads() -> int: ...",
            "def set_num_threads(n: int) -> None: ...",
            "def of(ufunc: Any) -> Any: ...",
            "",
        ]
    )


def unit_stubs(units: ModuleType) -> list[str]:
    """The types of row functions, gated units and functions that change the length of an axis."""
    lines = [
        "",
        "class _RowForm(Protocol):",
        "    spec: RowFunction",
        "    ufunc: np.ufunc",
        "",
    ]
    axis = "axis: int | tuple[int, ...] | None = -1"
    for row in units.ROW_FUNCTIONS.values():
        keepdims = ", keepdims: bool = False" if row.reduces else ""
        for form in row.forms:
            public = row.name + form.suffix
            protocol = "_" + "".join(part.capitalize() for part in public.split("_")) + "Rows"
            inputs = ", ".join(f"{name}: ArrayLike" for name in form.inputs)
            others = [f"    {other.name}: Any" for other in row.forms[1:]] if form.kind == "value" else []
            lines += [
                f"class {protocol}(_RowForm):",
                *others,
                f"    def __call__(self, {inputs}, {axis}{keepdims}, **keywords: Any) -> Any: ...",
                "",
                f"{public}: {protocol}",
                "",
            ]
    lines += [
        "class _BackwardOfGate(np.ufunc):  # type: ignore[misc]",
        "    spec: GatedUnit",
        "",
        "class _GateUfunc(np.ufunc):  # type: ignore[misc]",
        "    spec: GatedUnit",
        "    backward: _BackwardOfGate",
        "    split: Any",
        "",
    ]
    plain = [form for unit in units.RESIZING_UNITS.values() for form in unit.forms]
    for unit in units.GATED_UNITS.values():
        lines += [f"{unit.name}: _GateUfunc", f"{unit.name}_backward: _BackwardOfGate"]
        plain += unit.split_forms
    return [*lines, *(f"def {form.name}({form.signature}) -> Any: ..." for form in plain)]


def documentation(catalogue: ModuleType) -> str:
    """The docstrings of every form, as a module: made at import they would cost 5 ms of it."""
    texts = {
        row.name + form.suffix: docstrings.documentation(row, form)
        for row in catalogue.ACTIVATIONS.values()
        for form in row.forms
    }
    texts |= unit_docstrings.unit_documentation(load_units())
    lines = [f"    {name!r}: {text!r}," for name, text in texts.items()]
    return "\n".join(["DOCUMENTATION = {", *lines, "}", ""])


def makers(catalogue: ModuleType) -> str:
    """The functions that make the keyword functions, by name, as a module: see ``keyword_functions.py``."""
    sources = {
        row.name + form.suffix: keyword_functions.maker(
            row, form, FURTHER_KEYWORDS.get(form.kind, "").partition(":")[0] if row.drawn else ""
        )
        for row in catalogue.ACTIVATIONS.values()
        for form in row.forms
        if row.parameters
    }
    names = [f'    "{name}": {name},' for name in sources]
    return "\n".join([*sources.values(), "", "MAKERS = {", *names, "}", ""])


OUTPUTS = {
    "kernel_table.pxi": kernel_table,
    "__init__.pyi": stub,
    "parallel.pyi": parallel_stub,
    "_documentation.py": documentation,
    "_keyword_functions.py": makers,
}


def main() -> None:
    """Write the output named on the command line."""
    catalogue_path, output = sys.argv[1:]
    catalogue = load_catalogue(catalogue_path)
    Path(output).write_text(OUTPUTS[Path(output).name](catalogue))


if __name__ == "__main__":
    main()
