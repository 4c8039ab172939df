"""Write what the build derives from the table for those who embed fastact in C and Cython.

``table.h``, the struct that the capsule points to; ``capi.pxd`` (and ``_capi.pxd``), the functions that a Cython module
can import; ``inline.pxd``, the formulas of ``activations.h``; ``capi_functions.pxi`` and ``capi_forms.h``, what
``_capi.pyx`` is made of.

The struct may only grow at its end, wherever in the catalogue a row is added: its members have the order in which
``src/fastact/abi.json`` recorded them, and those not yet recorded come last. That file is written by ``tools/abi.py``
when a version is released; a list for each version of the API.

Called by meson: ``generate_capi.py catalogue.py VERSION OUTPUT``, the kind of output being told from its name. Standard
library only, and reads nothing but the tables and the record.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from generate import ARRAY_FORMULAS, MAX_PARAMETERS, PRECISIONS, formulas, load_catalogue, load_units

# Members of the table that are not functions of one form, with their C types; a function's as "result (arguments)".
HEAD = {
    "abi_version": "uint32_t",
    "api_version": "uint32_t",
    "size": "size_t",
    "instruction_set": "const char *",
    "version": "const char *",
    "form_count": "ptrdiff_t (void)",
    "form_at": "const fastact_form *(ptrdiff_t index)",
    "find": "const fastact_form *(const char *name)",
    "form_name": "const char *(const fastact_form *form)",
    "form_activation": "const char *(const fastact_form *form)",
    "form_inputs": "int (const fastact_form *form)",
    "form_outputs": "int (const fastact_form *form)",
    "form_parameters": "int (const fastact_form *form)",
    "form_parameter_name": "const char *(const fastact_form *form, int index)",
    "form_parameter_default": "double (const fastact_form *form, int index)",
    "form_lower": "double (const fastact_form *form)",
    "form_upper": "double (const fastact_form *form)",
    "form_sup_derivative": "double (const fastact_form *form)",
} | {
    f"call_{suffix}": "void (const fastact_form *form, char **operands, const ptrdiff_t *strides, ptrdiff_t length)"
    for suffix in ("f16", "f32", "f64")
}

# Names of the outputs of forms that have two.
TWO_OUTPUTS = {"with_derivative": ("y", "derivative"), "gate_backward": ("grad_a", "grad_b")}


@dataclass(frozen=True)
class CForm:
    """What C needs to know of a ufunc: its name, operands in order, parameters with defaults, facts of its row."""

    name: str
    activation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    defaults: dict[str, float]
    lower: float = math.nan
    upper: float = math.nan
    sup_derivative: float = math.nan
    aliases: tuple[str, ...] = ()

    def arguments(self, kind: str, c_type: str) -> list[str]:
        """The declarations of a function's arguments: "scalar", "array" or "strided"."""
        if kind == "scalar":
            return [f"{c_type} {name}" for name in (*self.inputs, *self.defaults)]
        strided = kind == "strided"
        out: list[str] = []
        for qualifier, names in (("const ", self.inputs), ("", self.outputs)):
            for name in names:
                out += [f"{qualifier}{c_type} *{name}", *([f"ptrdiff_t {name}_stride"] if strided else [])]
        return [*out, "ptrdiff_t length", *(f"{c_type} {name}" for name in self.defaults)]

    def function(self, kind: str, suffix: str) -> str:
        """The name of a function of this form, without the prefix of the library."""
        return self.name + {"scalar": "", "array": "_array", "strided": "_strided"}[kind] + f"_{suffix}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """A function of numbers returns one, so that there is none of a form with two outputs."""
        return ("scalar", "array", "strided") if len(self.outputs) == 1 else ("array", "strided")


def forms(catalogue: ModuleType) -> list[CForm]:
    """All that is elementwise, in the order of the kernel table."""
    out = [
        CForm(
            row.name + form.suffix,
            row.name,
            form.inputs,
            TWO_OUTPUTS[form.kind] if len(form.outputs) == 2 else ("out",),
            row.defaults,
            row.range.lower,
            row.range.upper,
            row.sup_derivative,
            tuple(alias + form.suffix for alias in row.aliases),
        )
        for row in catalogue.ACTIVATIONS.values()
        for form in row.forms
    ]
    for unit in load_units().GATED_UNITS.values():
        out.append(CForm(unit.name, unit.name, ("a", "b"), ("out",), {}))
        out.append(CForm(f"{unit.name}_backward", unit.name, ("grad", "a", "b"), TWO_OUTPUTS["gate_backward"], {}))
    return out


def type_of(declaration: str) -> str:
    """An argument's type, its name taken off."""
    return declaration.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789").rstrip()


def members(catalogue: ModuleType) -> dict[str, str]:
    """Every member of the table with its declaration, in the order of the catalogue."""
    return HEAD | {
        form.function(kind, suffix): f"void ({', '.join(form.arguments(kind, c_type))})"
        for form in forms(catalogue)
        for kind in ("array", "strided")
        for suffix, c_type in PRECISIONS.items()
    }


def signature(declaration: str) -> str:
    """A member's type as the record has it: without the names of arguments, which may change."""
    if "(" not in declaration:
        return declaration
    result, arguments = declaration.rstrip(")").split("(")
    types = [argument if argument == "void" else type_of(argument) for argument in arguments.split(", ")]
    return f"{result}({', '.join(types)})"


def load_record(catalogue_path: str) -> dict:
    """The record beside the catalogue."""
    return json.loads(Path(catalogue_path).with_name("abi.json").read_text())


def versions(declared: dict[str, str], record: dict) -> list[dict[str, str]]:
    """The members with their declarations, for each version of the API: the recorded ones, then one for the others.

    ValueError where what was recorded is gone or has another type: compiled users would call something else.
    """
    out = []
    for version in record["table"]:
        for name, recorded in version.items():
            present = signature(declared[name]) if name in declared else "gone"
            if present != recorded:
                raise ValueError(
                    f"abi.json: {name} was recorded as {recorded!r} and is now {present!r}; within ABI version "
                    f"{record['abi']} the table may only grow (python tools/abi.py --new-abi starts another)"
                )
        out.append({name: declared[name] for name in version})
    known = {name for version in out for name in version}
    if added := {name: declaration for name, declaration in declared.items() if name not in known}:
        out.append(added)
    return out


def member_declaration(name: str, declaration: str) -> str:
    """A member in C."""
    if "(" in declaration:
        result, arguments = declaration.split("(")
        space = "" if result.endswith("*") else " "
        return f"{result.rstrip()}{space}(*{name})({arguments}"
    return f"{declaration}{'' if declaration.endswith('*') else ' '}{name}"


TABLE = """\
/*
 * The table of functions that fastact.h imports; no Python needed. Written by the build from the catalogue.
 *
 * Members are only ever added at the end: a program compiled with this header runs with every later fastact of the same
 * ABI version. Everything here may be called from any thread, without the GIL, and leaves the floating-point status as
 * it was, but for overflow where a finite input gives an infinity.
 *
 * Elementwise functions, for each form of each activation (its ufunc's name, f32 for float and f64 for double):
 *
 *     <form>_array_f32(inputs..., outputs..., length, parameters...)
 *     <form>_strided_f32(each input and output followed by its stride in bytes, length, parameters...)
 *
 * An output may be an input itself (the same address and, strided, the same stride: in place); otherwise outputs
 * overlap nothing. Pointers and strides are multiples of the element's size; a stride may be negative, or 0 for an
 * input that is one number. Parameters are not checked: see their domains in the catalogue.
 *
 * Any form by name: `find` gives NULL for what does not exist, `form_at` outside of 0 <= index < form_count(). What is
 * stated about a form's activation holds at its default parameters: form_lower and form_upper bound its range,
 * form_sup_derivative is the supremum of |f'|; NaN for gated units, of which nothing is stated. Outside of
 * 0 <= index < form_parameters(), a parameter's name is NULL and its default NaN. call_f16, call_f32 and call_f64 take
 * operands and strides in the order inputs, parameters, outputs; parameters are pointers too, and vary with a stride.
 */
#ifndef FASTACT_TABLE_H
#define FASTACT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define FASTACT_VERSION "{version}"
#define FASTACT_ABI_VERSION {abi}u
#define FASTACT_API_VERSION {api}u

typedef struct fastact_form fastact_form;

typedef struct fastact_api_table {{
{members}
}} fastact_api_table;

#endif /* FASTACT_TABLE_H */
"""


def table_header(catalogue: ModuleType, record: dict, version: str) -> str:
    """The struct, in C."""
    parts = versions(members(catalogue), record)
    lines: list[str] = []
    for number, part in enumerate(parts, 1):
        lines.append(f"    /* API version {number} */")
        lines += [f"    {member_declaration(name, declaration)};" for name, declaration in part.items()]
    return TABLE.format(version=version, abi=record["abi"], api=len(parts), members="\n".join(lines))


def functions(catalogue: ModuleType) -> Iterator[tuple[int, CForm, str, str, str]]:
    """Every function of a form: index of the form, form, kind, precision, head of its declaration in Cython."""
    for index, form in enumerate(forms(catalogue)):
        for suffix, c_type in PRECISIONS.items():
            for kind in form.kinds:
                result = c_type if kind == "scalar" else "void"
                arguments = ", ".join(form.arguments(kind, c_type))
                head = f"cdef {result} fastact_{form.function(kind, suffix)}({arguments}) noexcept nogil"
                yield index, form, kind, suffix, head


def capi_pxd(catalogue: ModuleType) -> str:
    """The functions that Cython modules import."""
    return "\n".join(
        [
            '"""The kernels that the ufuncs run on this machine: of one number, of arrays, of strided arrays.',
            "",
            "Written by the build from the catalogue; ``fastact/table.h`` says what is allowed in place. Nothing needs",
            "linking, no header is needed: Cython finds the functions when the module is imported, and checks them.",
            '"""',
            "",
            "from libc.stddef cimport ptrdiff_t",
            "",
            *(head for *_, head in functions(catalogue)),
            "",
        ]
    )


def inline_pxd(catalogue: ModuleType) -> str:
    """The formulas of the header."""
    lines = [
        '"""The formulas of ``fastact/activations.h``, inlined into a Cython module\'s own loops.',
        "",
        "Written by the build from the catalogue. The module needs the flags that ``fastact-config --cflags`` and",
        "``--loop-cflags`` print.",
        '"""',
        "",
        'cdef extern from "fastact/activations.h" nogil:',
    ]
    for row in catalogue.ACTIVATIONS.values():
        for name in formulas(row):
            for suffix, c_type in PRECISIONS.items():
                argument = "y" if name.endswith("_from_output") else "x"
                arguments = ", ".join(f"{c_type} {a}" for a in (argument, *row.defaults))
                lines.append(f"    {c_type} fastact_{name}_{suffix}({arguments}) noexcept")
    lines += ["", 'cdef extern from "fastact/vectors.h" nogil:']
    for suffix, c_type in PRECISIONS.items():
        for name in sorted(ARRAY_FORMULAS[suffix]):
            arguments = f"const {c_type} *x, {c_type} *y, Py_ssize_t length"
            lines.append(f"    void fastact_{name}_array_{suffix}({arguments}) noexcept")
    return "\n".join([*lines, ""])


def body(index: int, form: CForm, kind: str, suffix: str) -> list[str]:
    """What a function of ``capi_functions.pxi`` does: all of them end in the loop of the ufunc."""
    c_type = PRECISIONS[suffix]
    strided = f"fastact_{form.function('strided', suffix)}"
    if kind == "scalar":
        passed = [part for name in form.inputs for part in (f"&{name}", "0")]
        return [
            f"cdef {c_type} out",
            f"{strided}({', '.join([*passed, '&out', '0', '1', *form.defaults])})",
            "return out",
        ]
    if kind == "array":
        passed = [part for name in (*form.inputs, *form.outputs) for part in (name, f"sizeof({c_type})")]
        return [f"{strided}({', '.join([*passed, 'length', *form.defaults])})"]
    operands = [*form.inputs, *(f"&{name}" for name in form.defaults), *form.outputs]
    strides = [f"{name}_stride" for name in form.inputs] + ["0"] * len(form.defaults)
    strides += [f"{name}_stride" for name in form.outputs]
    return [
        f"cdef char *operands[{len(operands)}]",
        f"cdef npy_intp strides[{len(operands)}]",
        *(f"operands[{i}] = <char *> {operand}" for i, operand in enumerate(operands)),
        *(f"strides[{i}] = {stride}" for i, stride in enumerate(strides)),
        f"loop_{suffix}(operands, <npy_intp *> &length, strides, entries + {index})",
    ]


def capi_functions(catalogue: ModuleType) -> str:
    """The functions, and what puts them into the table."""
    lines = ['cdef extern from "fastact/table.h" nogil:', "    ctypedef struct fastact_api_table:"]
    declared = members(catalogue)
    for name, declaration in declared.items():
        if name not in HEAD:
            types = signature(declaration).removeprefix("void ")
            lines.append(f"        void (*{name}){types} noexcept nogil")
        elif "(" in declaration:
            lines.append(f"        void *{name}")
        else:
            lines.append(f"        {declaration} {name}")
    for index, form, kind, suffix, head in functions(catalogue):
        lines += ["", f"{head}:", *(f"    {line}" for line in body(index, form, kind, suffix))]
    lines += ["", "cdef void fill_functions(fastact_api_table *filled):"]
    lines += [f"    filled.{name} = fastact_{name}" for name in declared if name not in HEAD]
    return "\n".join([*lines, ""])


def c_number(value: float) -> str:
    """A double in C, exactly."""
    if math.isnan(value):
        return "FASTACT_NAN"
    if math.isinf(value):
        return "FASTACT_INF" if value > 0 else "-FASTACT_INF"
    return float(value).hex()


def capi_forms(catalogue: ModuleType) -> str:
    """What the look-up by name knows, in C."""
    lines = [
        "/* What fastact.h's look-up by name knows. Written by the build from the catalogue. */",
        '#define FASTACT_NAN __builtin_nan("")',
        "#define FASTACT_INF __builtin_inf()",
        f"enum {{ FASTACT_MAX_PARAMETERS = {MAX_PARAMETERS} }};",
        "struct fastact_form {",
        "    const char *name, *activation;",
        "    int inputs, outputs, parameters;",
        "    const char *parameter_names[FASTACT_MAX_PARAMETERS];",
        "    double parameter_defaults[FASTACT_MAX_PARAMETERS];",
        "    double lower, upper, sup_derivative;",
        "};",
        "static const struct fastact_form fastact_forms[] = {",
    ]
    everything = forms(catalogue)
    for form in everything:
        names = ", ".join(f'"{name}"' for name in form.defaults) or "0"
        defaults = ", ".join(map(c_number, form.defaults.values())) or "0"
        facts = ", ".join(map(c_number, (form.lower, form.upper, form.sup_derivative)))
        counts = f"{len(form.inputs)}, {len(form.outputs)}, {len(form.defaults)}"
        lines.append(f'    {{"{form.name}", "{form.activation}", {counts}, {{{names}}}, {{{defaults}}}, {facts}}},')
    lines += [
        "};",
        "enum { FASTACT_FORM_COUNT = sizeof fastact_forms / sizeof fastact_forms[0] };",
        "/* Other names, each with the index of its form; the last is none. */",
        "static const struct fastact_alias { const char *name; int form; } fastact_aliases[] = {",
        *(f'    {{"{alias}", {index}}},' for index, form in enumerate(everything) for alias in form.aliases),
        "    {0, -1},",
        "};",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the output named on the command line."""
    catalogue_path, version, output = sys.argv[1:]
    catalogue = load_catalogue(catalogue_path)
    if (name := Path(output).name) == "table.h":
        text = table_header(catalogue, load_record(catalogue_path), version)
    else:
        text = {
            "capi.pxd": capi_pxd,
            "_capi.pxd": capi_pxd,
            "inline.pxd": inline_pxd,
            "capi_functions.pxi": capi_functions,
            "capi_forms.h": capi_forms,
        }[name](catalogue)
    Path(output).write_text(text)


if __name__ == "__main__":
    main()
