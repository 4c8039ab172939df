"""How the house is built: header and table belong together, imports point one way, importing costs little."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mpmath import mp

import fastact
from fastact import _ufuncs
from fastact._units import GATED_UNITS, ROW_FUNCTIONS
from fastact.catalogue import Activation, Interval

from .cases import CASES, Case

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "fastact"
HEADERS = SOURCES / "include" / "fastact"
CONFIGURATION = fastact.show_config("dict")

if not SOURCES.is_dir():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)


def python(code: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, in an empty directory."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **environment},
    )


def load(path: Path) -> ModuleType:
    """A Python file as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# The header and the table -------------------------------------------------------------------------------------------


def header_functions() -> dict[str, list[str]]:
    """The functions that activations.h defines, with the names of their arguments."""
    text = re.sub(r"/\*.*?\*/", "", (HEADERS / "activations.h").read_text(), flags=re.DOTALL)
    found = re.findall(r"^FASTACT_INLINE\s+\S+\s+FN\((\w+)\)\(([^)]*)\)\s*\{", text, flags=re.MULTILINE)
    found += re.findall(r"^FASTACT_INLINE\s+FN\(\w+\)\s+FN\((\w+)\)\(([^)]*)\)\s*\{", text, flags=re.MULTILINE)
    return {name: [argument.split()[-1] for argument in arguments.split(",")] for name, arguments in found}


def test_every_row_has_its_formulas_and_every_formula_its_row():
    functions = header_functions()
    rows = fastact.activations
    second = {name for name in functions if name.endswith("_second_derivative")}
    derivatives = {name.removesuffix("_derivative") for name in set(functions) - second if name.endswith("_derivative")}
    suffix = "_derivative_from_output"
    assert derivatives == set(rows)
    assert second == {f"{row.name}_second_derivative" for row in rows.values() if row.second_derivative_formula}
    assert set(rows) <= set(functions)
    assert {name.removesuffix(suffix) for name in functions if name.endswith(suffix)} == {
        row.name for row in rows.values() if row.from_output
    }


@pytest.mark.parametrize("row", fastact.activations.values(), ids=lambda row: row.name)
def test_formulas_take_the_parameters_of_the_row(row: Activation):
    functions = header_functions()
    assert functions[row.name] == functions[f"{row.name}_derivative"] == ["x", *row.defaults]
    if row.from_output:
        assert functions[f"{row.name}_derivative_from_output"] == ["y", *row.defaults]


def test_no_function_of_the_headers_is_shared_between_instruction_sets():
    """Plain `inline` would be merged by the linker, and run instructions that the CPU may lack."""
    for header in HEADERS.glob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        for line in text.splitlines():
            if re.search(r"\binline\b", line):
                assert re.match(r"#define \w*INLINE\w* static inline", line), f"{header.name}: {line}"


@pytest.mark.parametrize("row", fastact.activations.values(), ids=lambda row: row.name)
def test_rows_are_complete(row: Activation):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", row.name)
    assert fastact.activations[row.name] is row
    assert row.formula.startswith("f(x) = ")
    assert row.derivative_formula.startswith("f'(x) = ")
    assert row.summary.endswith(".")
    assert bool(row.from_output) == (row.from_output_accuracy is not None)
    assert bool(row.second_derivative_formula) == (row.second_derivative_accuracy is not None)
    for parameter in row.parameters:
        assert parameter.default in parameter.domain
        if row.from_output and parameter.output_domain is not None:
            assert parameter.default in parameter.output_domain
        assert parameter.name.isidentifier()
        assert parameter.learnable == (parameter.derivative_accuracy is not None)
    assert all(Case(row, form).allowed(row.defaults.values()) for form in row.forms)
    row.kinks_at()  # raises for an expression of what is no parameter
    with pytest.raises(KeyError):
        row.accuracy_of("with_derivative")


def test_intervals():
    half_open = Interval(0.0, 1.0, lower_closed=True)
    assert str(half_open) == "[0, 1)"
    assert [value in half_open for value in (-0.1, 0.0, 0.5, 1.0, float("nan"))] == [False, True, True, False, False]


def test_constants_are_those_that_the_script_computes():
    coefficients = load(ROOT / "tools" / "coefficients.py")
    header = (HEADERS / "precision.h").read_text()
    assert coefficients.updated(header) == header


def test_the_tables_of_powers_are_as_exact_as_the_script_says():
    coefficients = load(ROOT / "tools" / "coefficients.py")
    for precision, scheme in coefficients.EXPONENTIALS.items():
        bits = coefficients.BITS[precision]
        powers = [scheme.factor * mp.mpf(2) ** (mp.mpf(i) / scheme.parts) for i in range(scheme.parts)]
        errors = [abs(coefficients.round_to(power, bits) / power - 1) * mp.mpf(2) ** (bits - 1) for power in powers]
        assert 0.99 * scheme.error < max(errors) <= scheme.error


def test_the_constants_of_the_table_of_erf_are_as_exact_as_the_script_says():
    coefficients = load(ROOT / "tools" / "coefficients.py")
    constants = [mp.erf(k * coefficients.ERF_STEP) for k in range(coefficients.ERF_PIECES)]
    errors = [abs(coefficients.round_to(c, 53) - c) * mp.mpf(2) ** 53 for c in constants]
    assert 0.99 * coefficients.ERF_STEP_ERROR < max(errors) <= coefficients.ERF_STEP_ERROR


# Imports ------------------------------------------------------------------------------------------------------------

HEAVY = {"numba", "scipy", "dask", "sklearn", "matplotlib", "typer", "rich", "joblib", "pandas", "xarray", "torch"}
HEAVY |= {"altair", "jinja2", "vl_convert", "fpdf", "sympy", "llvmlite", "mpmath", "threadpoolctl", "distributed"}

# What subclasses those of a library cannot import it later; it is itself imported when it is asked for.
BASED_ON = {"mlp.estimators": {"sklearn"}, "mlp._perceptron": {"sklearn"}}

# Who may import whom, inside the package: every module that stands below the packages and commands of UPPER.
ALLOWED = {
    "_measured": set(),
    "_record": set(),
    "_schema": {"_measured", "_record"},
    "catalogue": {"_schema"},
    "_units": {"_record", "_schema"},
    "_documentation": set(),
    "_keyword_functions": set(),
    "_arguments": set(),
    "rowwise": {"_arguments", "_dask", "_documentation", "_units"},
    "gated": {"_arguments", "_documentation", "_units"},
    "resizing": {"_arguments", "_units"},
    "_build_info": set(),
    "_table": set(),
    "_kernels": {"_table"},
    "_primitives": {"_table"},
    "_ufuncs": {"_build_info", "_dask", "_table", "_kernels", "_primitives"},
    "_capi": {"_build_info", "_table", "_ufuncs"},
    "_config": {"_build_info", "_ufuncs", "_threads"},
    "_parallel": set(),
    "_driver": set(),
    "_threads": {"_arguments", "_build_info", "_driver", "_parallel"},
    "parallel": {"", "_parallel", "_public", "_threads"},
    "_domains": {"_schema"},
    "_dask": {"_domains"},
    "_jit": {"_build_info", "_table", "_ufuncs"},
    "stochastic": {"_dask", "_domains"},
    "_public": {
        "_schema",
        "_documentation",
        "_domains",
        "_keyword_functions",
        "catalogue",
        "_ufuncs",
        "gated",
        "resizing",
        "rowwise",
        "stochastic",
    },
    "": {"catalogue", "_ufuncs", "_public", "_config"},
    "capi": {"", "_capi", "catalogue"},
    "config_script": {"", "_build_info"},
    "numba_ext": {"", "_jit", "_numba_calls", "_numba_lowering"},
    "_numba_calls": {"", "_jit", "_schema", "_units"},
    "_numba_lowering": {"_jit", "_schema", "_numba_calls"},
    "properties": {"", "_schema"},
    "listing": {"_schema", "properties"},
    "sklearn": {""},
    "figures": set(),
    "plots": {"", "_schema", "figures", "properties"},
}
# These import what they like of the public face and of what stands before them here.
UPPER = (
    "losses", "compiler", "theory", "mlp", "experiments", "report", "cli_options", "cli_catalogue", "cli_sweep",
    "cli_experiments", "cli_report", "cli",
)  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    """Dotted names below the package, and files."""
    for path in sorted(SOURCES.rglob("*")):
        if path.suffix in (".py", ".pyx", ".pxd"):
            parts = path.relative_to(SOURCES).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def imported(name: str, path: Path) -> Iterator[tuple[str, bool]]:
    """What a file imports, as absolute dotted names, and whether that is at the level of the module."""
    if path.suffix != ".py":
        for line in path.read_text().splitlines():
            if match := re.match(r"(\s*)(?:from\s+([\w.]+)\s+c?import|c?import\s+([\w.]+))", line):
                yield match[2] or match[3], not match[1]
        return
    tree = ast.parse(path.read_text())
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    typing_only = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test).endswith("TYPE_CHECKING")
        for node in ast.walk(test)
    }
    package = ["fastact", *name.split(".")] if name else ["fastact"]
    if path.stem != "__init__":
        package = package[:-1]
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        top = id(node) not in inside
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, top
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                below = f"{source}.{alias.name}".removeprefix("fastact.").replace(".", "/")
                is_module = source.startswith("fastact") and any(
                    (SOURCES / f"{below}{suffix}").exists() for suffix in (".py", ".pyx", ".pxd", "/__init__.py")
                )
                yield (f"{source}.{alias.name}" if is_module else source), top


def within(name: str) -> str | None:
    """The module inside the package that an absolute name means: "" is the public face; None is outside."""
    if name.partition(".")[0] != "fastact":
        return None
    return name.partition(".")[2]


EVERY_MODULE = pytest.mark.parametrize(
    ("name", "path"), [pytest.param(name, path, id=f"{name or '__init__'}{path.suffix}") for name, path in modules()]
)


def test_every_module_is_looked_at():
    assert {"", "catalogue", "_kernels", "_ufuncs", "_public", "_config"} <= {name for name, _ in modules()}


@EVERY_MODULE
def test_imports_point_one_way(name: str, path: Path):
    inner = {target for source, _ in imported(name, path) if (target := within(source)) is not None}
    if name in ALLOWED:
        assert inner <= ALLOWED[name]
        return
    top = name.partition(".")[0]
    assert top in UPPER, f"{name} is in neither ALLOWED nor UPPER"
    for target in inner:
        aim = target.partition(".")[0]
        if aim == top:
            continue
        if top in ("theory", "mlp", "experiments"):
            # Only the public face, and what stands below on it.
            assert not any(part.startswith("_") for part in target.split(".")), target
        if aim in UPPER:
            assert UPPER.index(aim) < UPPER.index(top), f"{name} imports {target}"


# What the build runs before anything is compiled.
BEFORE_THE_BUILD = (
    *(SOURCES / f"{name}.py" for name in ("_measured", "_record", "_schema", "_units", "catalogue")),
    *(ROOT / "tools" / f"{name}.py" for name in ("docstrings", "generate", "generate_capi", "keyword_functions")),
    ROOT / "tools" / "unit_docstrings.py",
)


def test_what_the_build_runs_needs_nothing_but_the_standard_library():
    own = {path.stem for path in BEFORE_THE_BUILD}
    for path in BEFORE_THE_BUILD:
        for source, _ in imported(path.stem, path):
            name = source.removeprefix("fastact.")
            assert name.partition(".")[0] in sys.stdlib_module_names | own, (path, source)


@EVERY_MODULE
def test_heavy_libraries_are_imported_inside_functions(name: str, path: Path):
    at_once = {source.partition(".")[0] for source, top in imported(name, path) if top}
    assert at_once & HEAVY == BASED_ON.get(name, set())


def test_importing_loads_nothing_heavy(tmp_path: Path):
    code = f"import fastact, sys; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = python(code, tmp_path)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_importing_starts_no_thread_and_changes_no_state(tmp_path: Path):
    code = (
        "import threading, warnings, numpy as np;"
        "before = np.geterr(), list(warnings.filters), threading.active_count();"
        "import fastact; after = np.geterr(), list(warnings.filters), threading.active_count(); print(before == after)"
    )
    done = python(code, tmp_path)
    assert (done.stdout.strip(), done.returncode) == ("True", 0), done.stderr


# Instruction sets ---------------------------------------------------------------------------------------------------

SHOW = "import fastact; print(fastact.show_config('dict')['instruction set'])"


@pytest.mark.parametrize("name", CONFIGURATION["usable here"])
def test_a_usable_instruction_set_is_honoured(name: str, tmp_path: Path):
    done = python(SHOW, tmp_path, FASTACT_ISA=name)
    assert (done.stdout.strip(), done.returncode) == (name, 0), done.stderr


def test_the_widest_is_the_default(tmp_path: Path):
    done = python(SHOW, tmp_path, FASTACT_ISA="")
    assert done.stdout.strip() == CONFIGURATION["usable here"][-1], done.stderr


@pytest.mark.parametrize("name", ["sse9", "AVX2", "avx2 ", "avx512,avx2"])
def test_an_unknown_instruction_set_is_an_import_error(name: str, tmp_path: Path):
    done = python("import fastact", tmp_path, FASTACT_ISA=name)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: FASTACT_ISA={name}: ")
    assert "baseline, avx2, avx512" in last


def test_an_instruction_set_that_the_cpu_lacks(monkeypatch: pytest.MonkeyPatch):
    """Never a crash: an ImportError that says what would run, and the next one by default."""
    monkeypatch.setattr(_ufuncs, "cpu_supports", lambda name: name == "baseline")
    monkeypatch.setattr(_ufuncs, "instruction_sets", ("baseline", "avx2", "avx512"))
    monkeypatch.setenv("FASTACT_ISA", "avx512")
    with pytest.raises(ImportError, match=r"FASTACT_ISA=avx512: this CPU .*avx512.* it can run: baseline"):
        _ufuncs.choose()
    with pytest.raises(ValueError, match="this CPU"):
        fastact.for_instruction_set("avx2")
    monkeypatch.delenv("FASTACT_ISA")
    assert _ufuncs.choose() == "baseline"


def test_an_instruction_set_that_was_not_built(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_ufuncs, "instruction_sets", ("baseline",))
    monkeypatch.setenv("FASTACT_ISA", "avx2")
    with pytest.raises(ImportError, match=r"FASTACT_ISA=avx2: .*not built.*built: baseline"):
        _ufuncs.choose()


def test_each_instruction_set_is_made_once():
    """NumPy keeps what a ufunc points to for the life of the process."""
    kept = len(_ufuncs._kept)
    for name in CONFIGURATION["usable here"]:
        first, second = vars(fastact.for_instruction_set(name)), vars(fastact.for_instruction_set(name))
        assert first.keys() == second.keys()
        assert all(function is second[public] for public, function in first.items())
        assert (first["elu"] is fastact.elu) == (name == CONFIGURATION["instruction set"])
    grown = len(_ufuncs._kept)
    assert kept <= grown <= kept + len(first) * len(CONFIGURATION["usable here"])
    for name in CONFIGURATION["usable here"]:
        fastact.for_instruction_set(name)
    assert len(_ufuncs._kept) == grown


def test_show_config(capsys: pytest.CaptureFixture[str]):
    assert fastact.show_config() is None
    printed = capsys.readouterr().out
    for key, value in (fastact.show_config("dict") or {}).items():
        assert key in printed
        assert str(value) in printed or isinstance(value, list)
    assert CONFIGURATION["fastact"] == fastact.__version__ == importlib.metadata.version("fastact")
    assert CONFIGURATION["instruction set"] in CONFIGURATION["usable here"]
    assert set(CONFIGURATION["usable here"]) <= set(CONFIGURATION["built"])
    wrong: Any = "json"
    with pytest.raises(ValueError, match=r"mode.*'print'.*'dict'"):
        fastact.show_config(wrong)


def test_get_include():
    assert Path(fastact.get_include()).is_absolute()
    for header in HEADERS.glob("*.h"):
        assert (Path(fastact.get_include()) / "fastact" / header.name).read_text() == header.read_text()


# Stubs --------------------------------------------------------------------------------------------------------------


def stub_path() -> Path:
    """Next to the package where it is installed; next to the modules in the build directory of an editable install."""
    places = [Path(module.__file__ or "").parent / "__init__.pyi" for module in (fastact, _ufuncs)]
    found = [place for place in places if place.exists()]
    assert found, f"no stub at {places}"
    return found[0]


def test_stubs_name_exactly_what_is_public():
    tree = ast.parse(stub_path().read_text())
    named = {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    named |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert named == {*fastact.__all__, *fastact._LAZY_FUNCTIONS}


PROGRAM = """
import numpy as np
import fastact
from fastact.catalogue import Activation

x = np.linspace(-3, 3, 7, dtype=np.float32)
row: Activation = fastact.activations["gelu"]
{calls}
text: str = fastact.get_include()
other = fastact.for_instruction_set("baseline")
"""

MISTAKES = [
    "fastact.nonsense(x)",
    "fastact.show_config('json')",
    "fastact.activations['relu'].nonsense",
    "fastact.parallel.nonsense(x)",
]


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_accepts_a_program_and_finds_its_mistakes(tmp_path: Path):
    package = tmp_path / "stubs" / "fastact"
    package.mkdir(parents=True)
    stubs = (stub_path(), stub_path().with_name("parallel.pyi"))
    for path in (*stubs, *SOURCES.glob("_*.py"), SOURCES / "catalogue.py", SOURCES / "py.typed"):
        shutil.copy(path, package)
    calls = [f"fastact.{case}({', '.join('x' for _ in case.form.inputs)})" for case in CASES]
    calls += [f"fastact.{case}.spec.name" for case in CASES if case.form.name == "value"]
    calls += [
        f"fastact.{case}({', '.join('x' for _ in case.form.inputs)}, {name}={default})"
        for case in CASES
        for name, default in case.row.defaults.items()
    ]
    calls += [
        f"fastact.{row.name}{form.suffix}({', '.join('x' for _ in form.inputs)}, axis=(0,))"
        for row in ROW_FUNCTIONS.values()
        for form in row.forms
    ]
    calls += [f"fastact.{name}.spec.reference" for name in (*ROW_FUNCTIONS, *GATED_UNITS)]
    calls += [
        f"fastact.{name}(x, x), fastact.{name}_backward(x, x, x), fastact.{name}_split(x, axis=0)"
        for name in GATED_UNITS
    ]
    calls += ["fastact.maxout(x, 7), fastact.crelu(x, axis=0, out=x), fastact.glu_split_backward(x, x, out=x)"]
    calls += [f"fastact.{row.name}.{form.name}" for row in fastact.activations.values() for form in row.forms[1:]]
    calls += [call.replace("fastact.", "fastact.parallel.") for call in calls]
    calls += ["fastact.parallel.of(np.sin)(x)", "fastact.parallel.set_num_threads(fastact.parallel.get_num_threads())"]
    program = tmp_path / "program.py"
    good = PROGRAM.format(calls="\n".join(calls))
    program.write_text(good + "\n".join(MISTAKES) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), str(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path / "stubs")},
    )
    first = good.count("\n") + 1
    complaints = [int(line) for line in re.findall(r"^program\.py:(\d+): error", done.stdout, flags=re.MULTILINE)]
    assert complaints == [first + i for i in range(len(MISTAKES))], done.stdout + done.stderr
