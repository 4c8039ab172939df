"""The examples, built and run as they are from an installed wheel in an empty directory: the bits of the ufuncs."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pytest

import fastact

from .installed import ROOT, Installed, find

EXAMPLES = ROOT / "examples"
CONFIGURATION = fastact.show_config("dict")

if not EXAMPLES.is_dir():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)
if CONFIGURATION["instruction set"] != CONFIGURATION["usable here"][-1]:
    pytest.skip("FASTACT_ISA does not change what is built: tested with this CPU's own", allow_module_level=True)

# Ordinary numbers and hard ones, for code that is run in an empty directory.
NUMBERS = """
import sys
import numpy as np
import fastact

def numbers(dtype):
    info = np.finfo(dtype)
    hard = [0.0, -0.0, info.tiny, info.smallest_subnormal, info.eps, info.max, -info.max, np.inf, -np.inf, np.nan]
    return np.concatenate([np.linspace(-40, 40, 1003), np.linspace(-4, 4, 1001), hard]).astype(dtype)

def same(left, right):
    kind = {4: np.uint32, 8: np.uint64}[left.dtype.itemsize]
    assert left.dtype == right.dtype and left.shape == right.shape
    assert np.array_equal(left.view(kind), right.view(kind)), (left, right)
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """What `find` finds; under pytest-xdist the directory above is that of all workers."""
    base = tmp_path_factory.getbasetemp()
    return find(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the example's files, in a directory that has nothing else."""
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


def needed(*names: str) -> str:
    """The first of these commands that is installed."""
    for name in names:
        if found := shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])):
            return found
    pytest.skip(f"{' or '.join(names)} is not installed")


def of(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", [name], indirect=True, ids=[name])


# What is installed -------------------------------------------------------------------------------------------------


def test_the_wheel_holds_what_others_compile_against(installed: Installed, tmp_path: Path):
    code = "from importlib.metadata import files; print(*files('fastact'), sep='\\n')"
    files = set(installed.check(code, tmp_path).split())
    headers = {path.name for path in (ROOT / "src" / "fastact" / "include" / "fastact").glob("*.h")} | {"table.h"}
    assert {f"fastact/include/fastact/{name}" for name in headers} <= files
    assert {"fastact/capi.pxd", "fastact/inline.pxd", "fastact/capi.py"} <= files
    assert "fastact/lib/pkgconfig/fastact.pc" in files
    assert {f"fastact/lib/cmake/fastact/fastact-config{part}.cmake" for part in ("", "-version")} <= files
    assert any(path.endswith("/bin/fastact-config") for path in files)
    assert not [path for path in files if path.endswith(("meson.build", ".in", ".pyx", ".pxi", "abi.json"))]
    include = Path(installed.check("import fastact; print(fastact.get_include())", tmp_path).strip())
    assert {path.name for path in (include / "fastact").iterdir()} == headers
    assert not include.is_relative_to(ROOT / "src")


@pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="meson makes an sdist of what git tracks, and there is no .git"
)
def test_the_sdist_holds_what_the_build_reads(tmp_path: Path):
    pytest.importorskip("mesonpy", reason="meson-python is not installed")
    code = f"import mesonpy, sys; print('\\n' + mesonpy.build_sdist({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(tmp_path / done.stdout.split()[-1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for path in ("src/fastact/abi.json", "src/fastact/lib/pkgconfig/fastact.pc.in", "tools/generate_capi.py"):
        assert path in names
    assert {path.relative_to(ROOT).as_posix() for path in EXAMPLES.rglob("*.c")} <= names


def test_fastact_config_and_pkg_config_agree(installed: Installed, tmp_path: Path):
    cflags, loop_cflags, version, directory = installed.run(
        "fastact-config", "--cflags", "--loop-cflags", "--version", "--pkgconfigdir", cwd=tmp_path
    ).splitlines()
    assert version == fastact.__version__
    assert Path(cflags.removeprefix("-I")).joinpath("fastact", "fastact.h").exists()
    pkg_config = needed("pkg-config", "pkgconf")

    def ask(*options: str) -> str:
        return installed.run(pkg_config, *options, "fastact", cwd=tmp_path, PKG_CONFIG_PATH=directory).strip()

    assert ask("--modversion") == version
    assert ask("--variable=loop_cflags") == loop_cflags
    assert Path(ask("--cflags").removeprefix("-I")).resolve() == Path(cflags.removeprefix("-I")).resolve()


def test_the_pkgconf_of_pypi_needs_no_path(installed: Installed, tmp_path: Path):
    pytest.importorskip("pkgconf", reason="the PyPI package pkgconf is not installed")
    out = installed.run(installed.python, "-m", "pkgconf", "--cflags", "fastact", cwd=tmp_path).strip()
    assert Path(out.removeprefix("-I")).joinpath("fastact", "activations.h").exists()


# The formulas inline -----------------------------------------------------------------------------------------------

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
COMPILERS = [(("cc",), "c11", "c"), (("clang", "clang-14"), "c11", "c")]
COMPILERS += [(("c++", "g++"), "c++17", "c++"), (("clang++", "clang++-14"), "c++17", "c++")]


@of("c")
@pytest.mark.parametrize(("names", "standard", "language"), COMPILERS, ids=lambda value: str(value).strip("(',)"))
def test_ten_lines(example: Path, installed: Installed, names: tuple[str, ...], standard: str, language: str):
    """With this CPU's instructions the bits are those of the ufuncs; without, those of the baseline's."""
    compiler = needed(*names)
    flags = installed.run("fastact-config", "--cflags", "--loop-cflags", cwd=example).split()
    for instruction_set, machine in (("baseline", []), (CONFIGURATION["instruction set"], ["-march=native"])):
        source = ["-x", language, "ten_lines.c", "-o", "ten_lines"]
        installed.run(compiler, f"-std={standard}", *STRICT, *flags, *machine, *source, cwd=example)
        check = NUMBERS + (
            "x, y, slope = np.array([[float.fromhex(part) for part in line.split()] for line in sys.stdin]).T\n"
            "ufuncs = fastact.for_instruction_set(sys.argv[1])\n"
            "assert x.size == 17\n"
            "same(y.copy(), ufuncs.gelu(x)), same(slope.copy(), ufuncs.gelu_derivative(x))"
        )
        printed = installed.run("./ten_lines", cwd=example)
        done = subprocess.run(
            [installed.python, "-c", check, instruction_set],
            input=printed, text=True, capture_output=True, cwd=example, env=installed.environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


PACKED = {"x86_64": r"\sv\w+ps\s.*%ymm", "aarch64": r"\bv\d+\.4s", "arm64": r"\.4s\b"}

LOOP = """
#include <stddef.h>
#include <fastact/activations.h>
void loop(const float *x, float *y, ptrdiff_t length) {
    for (ptrdiff_t i = 0; i < length; ++i) y[i] = fastact_gelu_f32(x[i]);
}
"""


def test_a_loop_over_a_formula_vectorises(installed: Installed, tmp_path: Path):
    """With the flags that fastact-config prints: packed instructions, and no call into libm or anywhere else."""
    objdump, compiler = needed("objdump"), needed("cc")
    machine = platform.machine()
    (tmp_path / "loop.c").write_text(LOOP)
    flags = installed.run("fastact-config", "--cflags", "--loop-cflags", cwd=tmp_path).split()
    flags += ["-march=x86-64-v3"] * (machine == "x86_64")
    installed.run(compiler, "-std=c11", *flags, "-c", "loop.c", "-o", "loop.o", cwd=tmp_path)
    listing = installed.run(objdump, "--disassemble", "--reloc", "--no-show-raw-insn", "loop.o", cwd=tmp_path)
    assert re.search(PACKED[machine], listing)
    assert not re.search(r"\scall|\sbl\s", listing), listing
    symbols = installed.run(objdump, "--syms", "loop.o", cwd=tmp_path)
    assert not re.findall(r"\*UND\*\s.*", symbols), symbols


@of("cpp")
def test_cpp_with_cmake(example: Path, installed: Installed):
    cmake = needed("cmake")
    needed("c++")
    directory = installed.run("fastact-config", "--cmakedir", cwd=example).strip()
    flags = "-DCMAKE_CXX_FLAGS=-march=native"
    installed.run(cmake, "-S", ".", "-B", "build", f"-Dfastact_DIR={directory}", flags, cwd=example)
    installed.run(cmake, "--build", "build", cwd=example)
    code = NUMBERS + (
        "import subprocess\n"
        "x = numbers(np.float32)\n"
        "out = subprocess.check_output(['build/activate', *(float(v).hex() for v in x)], text=True)\n"
        "lines = [[float.fromhex(part) for part in line.split()] for line in out.splitlines()]\n"
        "_, y, slope = np.array(lines, np.float32).T\n"
        "nan = np.isnan(x)\n"  # its sign is printed, and not read again
        "assert np.isnan(y[nan]).all() and np.isnan(slope[nan]).all() and len(y) == len(x)\n"
        "same(y[~nan], fastact.mish(x[~nan])), same(slope[~nan], fastact.mish_derivative(x[~nan]))"
    )
    installed.check(code, example)
    for version, accepted in ((fastact.__version__, True), ("99.0", False)):
        (example / "CMakeLists.txt").write_text(
            f"cmake_minimum_required(VERSION 3.20)\nproject(p NONE)\nfind_package(fastact {version} CONFIG)\n"
            "message(STATUS found=${fastact_FOUND})\n"
        )
        out = installed.run(cmake, "-S", ".", "-B", version, f"-Dfastact_DIR={directory}", cwd=example)
        assert ("found=1" in out) == accepted, out


# Extension modules -------------------------------------------------------------------------------------------------


def build_with_meson(installed: Installed, directory: Path, **environment: str) -> None:
    """Configure and compile; the module is then in ``build``."""
    meson = needed("meson")
    needed("ninja")
    # The Python that has the wheel, and Cython run by it: Cython finds .pxd files where its own Python finds modules.
    native = directory / "python.ini"
    native.write_text(f"[binaries]\npython = '{installed.python}'\ncython = ['{installed.python}', '-m', 'cython']\n")
    installed.run(meson, "setup", "--native-file", native, "build", ".", cwd=directory, **environment)
    installed.run(meson, "compile", "-C", "build", cwd=directory, **environment)


needs_python_h = pytest.mark.skipif(
    not Path(sysconfig.get_path("include"), "Python.h").exists(), reason="Python's headers are not installed"
)


@needs_python_h
@of("c")
def test_an_extension_in_c(example: Path, installed: Installed):
    build_with_meson(installed, example)
    code = NUMBERS + (
        "import layer\n"
        "for row in fastact.activations.values():\n"
        "    for dtype in (np.float32, np.float64):\n"
        "        x = numbers(dtype)\n"
        "        with np.errstate(over='ignore'):\n"
        "            wanted = getattr(fastact, row.name)(x)\n"
        "        assert layer.activate(row.name, x) == row.sup_derivative\n"
        "        same(x, wanted)\n"
        "x = np.linspace(-5, 5, 999, dtype=np.float32)\n"
        "wanted = fastact.gelu(x * np.float32(0.3))\n"
        "layer.scaled_gelu(x, 0.3)\n"
        "same(x, wanted)\n"
        "for arguments in (('nonsense', x), ('gelu_backward', x)):\n"
        "    try:\n"
        "        layer.activate(*arguments)\n"
        "    except ValueError:\n"
        "        continue\n"
        "    raise SystemExit('no error')\n"
    )
    installed.check(code, example / "build")


@needs_python_h
@of("cython")
def test_a_module_in_cython(example: Path, installed: Installed):
    needed("cython")
    directory = installed.run("fastact-config", "--pkgconfigdir", cwd=example).strip()
    build_with_meson(installed, example, PKG_CONFIG_PATH=directory)
    code = NUMBERS + (
        "import loops\n"
        "x = numbers(np.float32)\n"
        "out = np.empty_like(x)\n"
        "loops.gelu(x, out)\n"
        "same(out, fastact.gelu(x))\n"
        "x = numbers(np.float64)\n"
        "same(np.array([loops.softplus(v, 2.0) for v in x]), fastact.softplus(x, 2.0))\n"
        "with np.errstate(invalid='ignore'):\n"
        "    wanted = x * fastact.sigmoid(x[::-1])\n"
        "out = np.empty_like(x)\n"
        "loops.sigmoid_gate(x, x[::-1].copy(), out)\n"
        "same(out[np.isfinite(wanted)], wanted[np.isfinite(wanted)])\n"
        "assert np.array_equal(np.isnan(out), np.isnan(wanted))\n"
    )
    installed.check(code, example / "build")


# Scripts -----------------------------------------------------------------------------------------------------------


@of("cffi")
def test_cffi(example: Path, installed: Installed):
    pytest.importorskip("cffi", reason="cffi is not installed")
    code = NUMBERS + (
        "import kernels\n"
        "x = numbers(np.float64)\n"
        "same(np.array([kernels.elu(v, 0.5) for v in x]), fastact.elu(x, 0.5))\n"
        "x = numbers(np.float32)\n"
        "same(kernels.silu(x), fastact.silu(x))\n"
    )
    installed.check(code, example)
    assert str(fastact.elu(-1.0, 0.5)) in installed.run(installed.python, "kernels.py", cwd=example)


@of("scipy")
def test_scipy(example: Path, installed: Installed):
    pytest.importorskip("scipy", reason="SciPy is not installed")
    code = NUMBERS + (
        "import callbacks\n"
        "assert abs(callbacks.total_slope('sigmoid') - 1) < 1e-12\n"
        "assert abs(callbacks.total_slope('softcap', cap=2.0) - 4) < 1e-9\n"
        "image = np.random.default_rng(0).normal(0, 2, (7, 9))\n"
        "same(callbacks.leaky_lines(image, 0.2), fastact.leaky_relu(image, 0.2))\n"
        "weights = np.random.default_rng(1).normal(size=(3, 3))\n"
        "padded, sums = np.pad(image, 1, mode='edge'), np.zeros_like(image)\n"
        "for (i, j), weight in np.ndenumerate(weights):\n"
        "    sums += weight * padded[i : i + 7, j : j + 9]\n"
        "same(callbacks.neurons(image, weights), fastact.gelu(sums))\n"
    )
    installed.check(code, example)
    assert "sigmoid rises by" in installed.run(installed.python, "callbacks.py", cwd=example)
