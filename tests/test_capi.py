"""The C API from inside the process: the table behind the capsule, its record, addresses and callbacks."""

from __future__ import annotations

import ctypes
import json
import math
import platform
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fastact
from fastact import _capi, _ufuncs, capi, config_script
from fastact._units import GATED_UNITS

from .cases import CASES, Case, bits, parameter_grid

ROOT = Path(__file__).parents[1]
INCLUDE = Path(fastact.get_include())

if not (ROOT / "src").is_dir():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)

RECORD = json.loads((ROOT / "src" / "fastact" / "abi.json").read_text())


@pytest.fixture(scope="module")
def generator() -> Any:
    """What writes the table's header."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import generate_capi

        yield generate_capi
    finally:
        sys.path.remove(str(ROOT / "tools"))


# The table, read as the record says that it lies in memory -----------------------------------------------------------

C_TYPES = {"uint32_t": ctypes.c_uint32, "size_t": ctypes.c_size_t, "const char *": ctypes.c_char_p}
MEMBERS = {name: text for version in RECORD["table"] for name, text in version.items()}


class Table(ctypes.Structure):
    """The recorded members in the recorded order; functions as addresses."""

    _fields_ = [(name, C_TYPES.get(text, ctypes.c_void_p)) for name, text in MEMBERS.items()]


TABLE = Table.from_address(_capi.pointer(capi.API))
TYPES = {
    "void": None,
    "int": ctypes.c_int,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "ptrdiff_t": ctypes.c_ssize_t,
    "const char *": ctypes.c_char_p,
}


def member(name: str) -> Callable[..., Any]:
    """A function of the table; a call releases the GIL."""
    result, _, arguments = MEMBERS[name].rstrip(")").partition("(")
    types = [] if arguments == "void" else [TYPES.get(text, ctypes.c_void_p) for text in arguments.split(", ")]
    return ctypes.CFUNCTYPE(TYPES.get(result.strip(), ctypes.c_void_p), *types)(getattr(TABLE, name))


def test_the_table_opens_with_what_the_import_checks():
    assert _capi.text(capi.API) == "fastact.capi.API"
    assert (TABLE.abi_version, TABLE.api_version) == (capi.ABI_VERSION, capi.API_VERSION)
    assert TABLE.abi_version == RECORD["abi"]
    assert TABLE.api_version >= len(RECORD["table"])
    assert TABLE.size >= ctypes.sizeof(Table)
    assert TABLE.instruction_set.decode() == _ufuncs.running
    assert TABLE.version.decode() == fastact.__version__


def test_recorded_members_lie_where_they_were_recorded():
    """A row added in the middle of the catalogue comes last in the table: compiled users find what they did."""
    for name in MEMBERS:
        if f"fastact_{name}" in capi.__pyx_capi__:
            assert getattr(TABLE, name) == _capi.pointer(capi.__pyx_capi__[f"fastact_{name}"]), name
    assert sum(f"fastact_{name}" in capi.__pyx_capi__ for name in MEMBERS) >= 4 * len(CASES)


def test_recorded_functions_for_cython_are_as_recorded():
    """Additions pass; `python tools/abi.py` records them at a release."""
    present = {name: _capi.text(capsule) for name, capsule in capi.__pyx_capi__.items()}
    assert {name: present.get(name) for name in RECORD["pyx_capi"]} == RECORD["pyx_capi"]


def test_the_record_is_what_orders_the_table(generator: Any):
    declared = {"abi_version": "uint32_t", "a": "void (int x)", "b": "int (void)", "c": "void (const float *x)"}
    record = {"abi": 1, "table": [{"abi_version": "uint32_t", "c": "void (const float *)"}, {"a": "void (int)"}]}
    parts = generator.versions(declared, record)
    assert [list(part) for part in parts] == [["abi_version", "c"], ["a"], ["b"]]
    for change in ({"c": "void (const float *x, int y)"}, {"c": "void (float *x)"}, {"abi_version": "uint64_t"}):
        with pytest.raises(ValueError, match=f"abi.json: {next(iter(change))} was recorded as"):
            generator.versions(declared | change, record)
    with pytest.raises(ValueError, match=r"a was recorded as .* is now 'gone'"):
        generator.versions({name: declared[name] for name in ("abi_version", "b", "c")}, record)


def test_the_header_lists_the_table(generator: Any):
    header = (INCLUDE / "fastact" / "table.h").read_text()
    catalogue = generator.load_catalogue(str(ROOT / "src" / "fastact" / "catalogue.py"))
    assert header == generator.table_header(catalogue, RECORD, fastact.__version__)


# Look-up by name ---------------------------------------------------------------------------------------------------


def test_look_up_finds_every_form_and_nothing_else():
    count, at, find, name = (member(n) for n in ("form_count", "form_at", "find", "form_name"))
    names = [name(at(i)).decode() for i in range(count())]
    units = [unit + suffix for unit in GATED_UNITS for suffix in ("", "_backward")]
    assert sorted(names) == sorted([str(case) for case in CASES] + units)
    assert all(find(text.encode()) == at(i) for i, text in enumerate(names))
    for row in fastact.activations.values():
        for form in row.forms:
            assert {find((alias + form.suffix).encode()) for alias in row.aliases} <= {
                find(f"{row.name}{form.suffix}".encode())
            }
    assert [find(text) for text in (b"", b"gelu ", b"gelu_array", b"nonsense")] == [None] * 4
    assert [at(-1), at(count())] == [None, None]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_look_up_states_the_row(case: Case):
    form = member("find")(str(case).encode())
    assert member("form_activation")(form).decode() == case.row.name
    counts = [member(f"form_{what}")(form) for what in ("inputs", "outputs", "parameters")]
    assert counts == [len(case.form.inputs), len(case.form.outputs), len(case.row.parameters)]
    indices = range(len(case.row.parameters))
    assert {
        member("form_parameter_name")(form, i).decode(): member("form_parameter_default")(form, i) for i in indices
    } == case.row.defaults
    for outside in (-1, len(case.row.parameters)):
        assert member("form_parameter_name")(form, outside) is None
        assert math.isnan(member("form_parameter_default")(form, outside))
    facts = [member(f"form_{what}")(form) for what in ("lower", "upper", "sup_derivative")]
    assert facts == [case.row.range.lower, case.row.range.upper, case.row.sup_derivative]


def test_nothing_is_stated_of_gated_units():
    for name in GATED_UNITS:
        form = member("find")(name.encode())
        assert all(math.isnan(member(f"form_{what}")(form)) for what in ("lower", "upper", "sup_derivative"))


# The same bits as the ufunc ----------------------------------------------------------------------------------------


def expected(case: Case, arrays: list[np.ndarray], parameters: list[Any]) -> list[np.ndarray]:
    with np.errstate(over="ignore"):
        out = case.ufunc()(*arrays, *parameters)
    return list(out) if isinstance(out, tuple) else [out]


def same(left: list[Any], right: list[Any]) -> bool:
    return all(np.array_equal(bits(a), bits(b)) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize(
    ("case", "choice"),
    [pytest.param(case, i, id=f"{case}-{i}") for case in CASES for i in (range(3) if case.row.parameters else (0,))],
)
def test_bits_of_the_ufunc(case: Case, choice: int, dtype: Any):
    name, itemsize, length = str(case), np.dtype(dtype).itemsize, 133
    arrays = case.operands(dtype, length)[: case.arguments]
    # The defaults, and values of which one differs: parameters in the wrong order would show.
    grid = parameter_grid(case, dtype)
    parameters = [dtype(value) for value in grid[choice * (len(grid) - 1) // 2]]
    wanted = expected(case, arrays, parameters)

    outs = [np.empty(length, dtype) for _ in wanted]
    capi.ctypes_function(name, dtype, "array")(*arrays, *outs, length, *parameters)
    assert same(outs, wanted)

    if len(wanted) == 1:
        scalar = capi.ctypes_function(name, dtype)
        numbers = [scalar(*numbers, *parameters) for numbers in zip(*(a[:20].tolist() for a in arrays), strict=True)]
        assert same([np.array(numbers, dtype)], [w[:20] for w in wanted])

    # Every third element, backwards; each operand from an array of its own.
    wide = [np.repeat(array, 3)[::-1].copy() for array in arrays]
    outs = [np.zeros(3 * length, dtype) for _ in wanted]
    strided = capi.ctypes_function(name, dtype, "strided")
    views = [array[::-3] for array in wide] + [out[::-3] for out in outs]
    strided(*(part for view in views for part in (view, -3 * itemsize)), length, *parameters)
    assert same([out[::-3] for out in outs], wanted)
    assert not any(np.delete(out, np.s_[::-3]).any() for out in outs)

    # In place, over the first input.
    copied = arrays[0].copy()
    others = [np.empty(length, dtype) for _ in wanted[1:]]
    capi.ctypes_function(name, dtype, "array")(copied, *arrays[1:], copied, *others, length, *parameters)
    assert same([copied, *others], wanted)


@pytest.mark.parametrize("unit", GATED_UNITS)
def test_bits_of_gated_units(unit: str):
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        grad, a, b = (rng.normal(0, 3, 77).astype(dtype) for _ in range(3))
        out, grad_a, grad_b = (np.empty(77, dtype) for _ in range(3))
        capi.ctypes_function(unit, dtype, "array")(a, b, out, 77)
        assert same([out], [getattr(fastact, unit)(a, b)])
        capi.ctypes_function(f"{unit}_backward", dtype, "array")(grad, a, b, grad_a, grad_b, 77)
        assert same([grad_a, grad_b], list(getattr(fastact, f"{unit}_backward")(grad, a, b)))


@pytest.mark.parametrize(
    ("call", "dtype"), [("call_f16", np.float16), ("call_f32", np.float32), ("call_f64", np.float64)]
)
def test_generic_calls_of_every_form(call: str, dtype: Any):
    """Operands in the order of the ufunc, with parameters that vary."""
    function, itemsize = member(call), np.dtype(dtype).itemsize
    for case in CASES:
        inputs = case.operands(dtype, 50, vary=True)
        wanted = expected(case, inputs, [])
        outs = [np.empty(50, dtype) for _ in wanted]
        everything = [*inputs, *outs]
        pointers = (ctypes.c_void_p * len(everything))(*(array.ctypes.data for array in everything))
        strides = (ctypes.c_ssize_t * len(everything))(*([itemsize] * len(everything)))
        function(member("find")(str(case).encode()), pointers, strides, 50)
        assert same(outs, wanted), str(case)


def test_an_input_may_be_one_number_and_lengths_may_be_zero():
    x, out = np.linspace(-3, 3, 9), np.empty(9)
    capi.ctypes_function("gelu_backward", kind="strided")(np.full(1, 2.5), 0, x, 8, out, 8, 9)
    assert same([out], [fastact.gelu_backward(2.5, x)])
    before = out.copy()
    for length in (0, -1):
        capi.ctypes_function("gelu", kind="array")(x, out, length)
    assert same([out], [before])


def test_eight_threads_without_the_gil_give_the_same_bits():
    """ctypes releases the GIL; the functions come out of the capsule."""
    x = np.random.default_rng(1).normal(0, 3, 200_000).astype(np.float32)
    names = ["gelu", "mish_derivative", "softplus", "sin"]
    jobs = [(name, getattr(fastact, name)(x)) for name in names] * 2
    outs = [np.empty_like(x) for _ in jobs]
    barrier = threading.Barrier(len(jobs))
    wrong: list[str] = []

    def work(i: int) -> None:
        name, wanted = jobs[i]
        row = name.removesuffix("_derivative")
        parameters = fastact.activations[row].defaults.values()
        function = member(f"{name}_array_f32")
        barrier.wait()
        for _ in range(20):
            outs[i][:] = 0
            function(x.ctypes.data, outs[i].ctypes.data, x.size, *parameters)
            if not np.array_equal(outs[i].view(np.uint32), wanted.view(np.uint32)):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


FLAGS = {"x86_64": (0x3D, 0x08), "aarch64": (0x1F, 0x04)}  # all exceptions, overflow


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() not in FLAGS, reason="the flags' values are Linux's")
def test_the_floating_point_status_stays_but_for_overflow():
    libm = ctypes.CDLL("libm.so.6")
    everything, overflow = FLAGS[platform.machine()]
    hard = np.array([np.nan, -np.inf, 1e-310, 3.0, -700.0, 5e-324])
    for values, flags in ((hard, 0), (np.append(hard, 1e308), 0), (np.append(hard, 1000.0), overflow)):
        function, out = member("exponential_array_f64" if flags else "silu_array_f64"), np.empty_like(values)
        pointers = values.ctypes.data, out.ctypes.data, values.size
        libm.feclearexcept(everything)
        function(*pointers)
        raised = libm.fetestexcept(everything)
        libm.feclearexcept(everything)
        assert raised == flags


# Addresses ---------------------------------------------------------------------------------------------------------


def test_addresses_and_signatures():
    assert capi.signature("gelu") == "double (double)"
    assert capi.signature("elu_backward", "float32") == "float (float, float, float)"
    assert capi.signature("gelu", np.float32, "array") == "void (float const *, float *, ptrdiff_t)"
    assert capi.address("gelu", np.float32, "array") == TABLE.gelu_array_f32
    assert capi.address("hard_silu_derivative") == capi.address("hard_swish_derivative")
    addresses = {capi.address(str(case), dtype, "array") for case in CASES for dtype in ("f4", "f8")}
    assert len(addresses) == 2 * len(CASES)


@pytest.mark.parametrize("function", [capi.address, capi.signature, capi.ctypes_function])
def test_what_does_not_exist_is_named(function: Callable[..., Any]):
    with pytest.raises(ValueError, match=r"name must be .* got 'nonsense'"):
        function("nonsense")
    with pytest.raises(ValueError, match=r"name must be .* got 'softmax'"):
        function("softmax")
    with pytest.raises(ValueError, match=r"kind must be one of 'scalar', 'array', 'strided', got 'vector'"):
        function("gelu", kind="vector")
    with pytest.raises(ValueError, match=r"kind must be 'array' or 'strided' for gelu_with_derivative"):
        function("gelu_with_derivative")
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got 'float16'"):
        function("gelu", "float16")
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got '>f4'"):
        function("gelu", ">f4")
    with pytest.raises(TypeError):
        function("gelu", "nonsense")
    with pytest.raises(TypeError, match="name must be a str, got 3"):
        function(3)


def test_ctypes_functions_refuse_wrong_arrays():
    function = capi.ctypes_function("gelu", np.float32, "array")
    x, out = np.zeros(4, np.float32), np.zeros(4, np.float32)
    function(x, out, 4)
    frozen = out.copy()
    frozen.flags.writeable = False
    for wrong in (out.astype(np.float64), np.zeros(8, np.float32)[::2], frozen):
        with pytest.raises(ctypes.ArgumentError):
            function(x, wrong, 4)
    function(frozen, out, 4)


# SciPy -------------------------------------------------------------------------------------------------------------


def test_quadrature():
    from scipy.integrate import quad

    assert quad(capi.low_level_callable("sigmoid_derivative"), -np.inf, np.inf)[0] == pytest.approx(1, abs=1e-12)
    assert quad(capi.low_level_callable("hard_silu"), -3, 3)[0] == pytest.approx(3, abs=1e-9)
    # alpha (e^x - 1) over [-1, 0]
    elu = quad(capi.low_level_callable("elu", alpha=0.25), -1, 0)[0]
    assert elu == pytest.approx(-0.25 * math.exp(-1), rel=1e-12)
    default = quad(capi.low_level_callable("leaky_relu"), -1, 0)[0]
    assert default == pytest.approx(-0.01 / 2, rel=1e-9)


def test_filters_have_the_bits_of_the_ufunc():
    from scipy import ndimage

    image = np.random.default_rng(2).normal(0, 2, (6, 9))
    one = ndimage.generic_filter(image, capi.low_level_callable("softplus", "filter", beta=2.0), size=1)
    assert same([one], [fastact.softplus(image, 2.0)])
    lines = ndimage.generic_filter1d(image, capi.low_level_callable("mish_derivative", "filter1d"), 1)
    assert same([lines], [fastact.mish_derivative(image)])
    weights = np.random.default_rng(3).normal(size=(3, 3))
    padded = np.pad(image, 1, mode="symmetric")
    sums = np.zeros_like(image)
    for (i, j), weight in np.ndenumerate(weights):
        sums += weight * padded[i : i + 6, j : j + 9]
    callback = capi.low_level_callable("gelu", "filter", weights=weights.ravel())
    assert same([ndimage.generic_filter(image, callback, size=3)], [fastact.gelu(sums)])
    line = capi.low_level_callable("gelu", "filter1d", weights=[0.5, -1.0, 2.0])
    sums = 0.5 * padded[1:-1, :-2] - padded[1:-1, 1:-1] + 2.0 * padded[1:-1, 2:]
    assert same([ndimage.generic_filter1d(image, line, 3)], [fastact.gelu(sums)])
    for wrong in (capi.low_level_callable("gelu", "filter"), capi.low_level_callable("gelu", "filter", weights=[1.0])):
        with pytest.raises(RuntimeError):
            ndimage.generic_filter(image, wrong, size=3)


def test_callbacks_that_do_not_exist_are_named():
    with pytest.raises(ValueError, match="kind must be one of 'scalar', 'filter', 'filter1d', got 'array'"):
        capi.low_level_callable("gelu", "array")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="name must be a function of one input, got 'gelu_backward'"):
        capi.low_level_callable("gelu_backward")
    with pytest.raises(ValueError, match="name must be a function of one input, got 'swiglu'"):
        capi.low_level_callable("swiglu")
    with pytest.raises(ValueError, match=r"name must be .* got 'nonsense'"):
        capi.low_level_callable("nonsense")
    with pytest.raises(ValueError, match=r"softplus: beta must be in \(0, inf\), got -1"):
        capi.low_level_callable("softplus", beta=-1.0)
    with pytest.raises(TypeError, match="gelu has no parameter 'alpha'; it has: none"):
        capi.low_level_callable("gelu", alpha=1.0)
    with pytest.raises(TypeError, match="elu: alpha must be one number, got an array of 1 dimensions"):
        capi.low_level_callable("elu", alpha=np.ones(2))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="weights are for the kinds 'filter' and 'filter1d'"):
        capi.low_level_callable("gelu", weights=[1.0])


# The import, from modules compiled here -----------------------------------------------------------------------------

MODULE = """
#include <fastact/fastact.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "NAME", NULL, -1, NULL, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_NAME(void) {
    if (fastact_import() < 0) return NULL;
    PyObject *module = PyModule_Create(&definition);
    PyModule_AddStringConstant(module, "instruction_set", fastact_api->instruction_set);
    PyModule_AddObject(module, "one", PyLong_FromSize_t((size_t)fastact_api->sigmoid_array_f32));
    return module;
}
"""


def compiled(
    name: str, directory: Path, change: Callable[[str], str] = lambda header: header, language: str = "c"
) -> ModuleType:
    """Compile a module against a changed table.h, and import it."""
    command, standard = {"c": ("cc", "c11"), "c++": ("c++", "c++17")}[language]
    if (compiler := shutil.which(command)) is None:
        pytest.skip(f"no compiler called {command} is installed")
    shutil.copytree(INCLUDE / "fastact", directory / "fastact")
    header = directory / "fastact" / "table.h"
    before = header.read_text()
    header.write_text(change(before))
    (directory / f"{name}.c").write_text(MODULE.replace("NAME", name))
    target = directory / (name + EXTENSION_SUFFIXES[0])
    flags = [f"-std={standard}", "-x", language, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]
    flags += ["-undefined", "dynamic_lookup"] * (sys.platform == "darwin")
    include = [f"-I{directory}", "-isystem", sysconfig.get_path("include")]
    done = subprocess.run(
        [compiler, *flags, *include, f"{name}.c", "-o", target],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    spec = spec_from_file_location(name, target)
    assert spec is not None
    return module_from_spec(spec)


@pytest.mark.parametrize(("name", "language"), [("good", "c"), ("goodpp", "c++")])
def test_the_import_finds_the_table(name: str, language: str, tmp_path: Path):
    module = compiled(name, tmp_path, language=language)
    assert module.instruction_set == _ufuncs.running
    assert module.one == capi.address("sigmoid", "float32", "array")


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(header: str) -> str:
        assert old in header
        return header.replace(old, new)

    return change


API, ABI = f"FASTACT_API_VERSION {capi.API_VERSION}u", f"FASTACT_ABI_VERSION {capi.ABI_VERSION}u"


def test_a_newer_header_is_an_import_error_that_says_which_versions(tmp_path: Path):
    def newer(header: str) -> str:
        header = replaced(API, "FASTACT_API_VERSION 99u")(header)
        return replaced(f'FASTACT_VERSION "{fastact.__version__}"', 'FASTACT_VERSION "9.8.7"')(header)

    with pytest.raises(ImportError) as caught:
        compiled("newer", tmp_path, newer)
    assert str(caught.value) == (
        "this module was compiled with the headers of fastact 9.8.7 (API version 99); the installed fastact "
        f"{fastact.__version__} (API version {capi.API_VERSION}) is older: install fastact >= 9.8.7"
    )


def test_a_longer_table_is_an_import_error(tmp_path: Path):
    """Between two releases the table grows without a new number."""
    longer = replaced("} fastact_api_table;", "    void (*another)(void);\n} fastact_api_table;")
    with pytest.raises(ImportError, match="is older: install fastact >="):
        compiled("longer", tmp_path, longer)


def test_an_older_header_is_welcome(tmp_path: Path):
    def older(header: str) -> str:
        head, last = header.split("} fastact_api_table;")
        return head.rpartition("    void (*")[0] + "} fastact_api_table;" + last

    assert compiled("older", tmp_path, older).instruction_set == _ufuncs.running


def test_another_abi_is_an_import_error(tmp_path: Path):
    with pytest.raises(ImportError, match=r"\(ABI version 0\); the installed fastact has ABI version 1: compile"):
        compiled("other", tmp_path, replaced(ABI, "FASTACT_ABI_VERSION 0u"))


# Where things are --------------------------------------------------------------------------------------------------


def test_fastact_config(capsys: pytest.CaptureFixture[str]):
    config_script.main(["--version", "--includedir", "--cflags"])
    assert capsys.readouterr().out.splitlines() == [fastact.__version__, str(INCLUDE), f"-I{INCLUDE}"]
    config_script.main(["--pkgconfigdir", "--cmakedir", "--pxddir", "--loop-cflags"])
    pkgconfig, cmake, pxd, flags = capsys.readouterr().out.splitlines()
    assert (Path(pkgconfig) / "fastact.pc").exists()
    assert (Path(cmake) / "fastact-config.cmake").exists()
    assert (Path(pxd) / "fastact" / "capi.pxd").exists()
    assert (Path(pxd) / "fastact" / "inline.pxd").exists()
    assert "-fno-math-errno" in flags.split()
    with pytest.raises(SystemExit):
        config_script.main([])
    assert "--help" in capsys.readouterr().err
