"""``tools/exhaustive.py`` on samples: fastact passes, wrong functions of every kind do not, and the figures are right.

The figures of the full runs are data in the rows, in ``docs/accuracy.json`` and in the table made of it: they are held
to the bounds, and to each other.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fastact
from fastact import _ufuncs

from . import oracle, test_accuracy
from .cases import OWN_FORMULAS, Case, call

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools" / "exhaustive.py"
FIGURES = ROOT / "docs" / "accuracy.json"

if not TOOL.is_file():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)

USABLE = [name for name in _ufuncs.built() if _ufuncs.cpu_supports(name)]
# A large prime: about a hundred thousand inputs with all kinds of last bits.
EVERY = 40_009


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("exhaustive", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def results(tool: ModuleType, tmp_path: Path, *arguments: str, every: int = EVERY) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and figures of the command, in one process."""
    path = tmp_path / "figures.json"
    status = tool.main([*arguments, "--every", str(every), "--jobs", "1", "--json", str(path)])
    return status, json.loads(path.read_text())


def command(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, in some directory."""
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False, cwd=directory
    )


# Right functions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", fastact.activations.values(), ids=lambda row: row.name)
def test_every_form_on_every_instruction_set_keeps_its_bound(tool: ModuleType, tmp_path: Path, row):
    status, found = results(tool, tmp_path, row.name, "--isa", ",".join(USABLE))
    assert status == 0
    forms = [case.form.name for case in OWN_FORMULAS if case.row is row]
    assert [(figures["form"], figures["by"]) for figures in found] == [(form, isa) for form in forms for isa in USABLE]
    for figures in found:
        if figures["form"] != "backward_from_output":
            assert figures["inputs"] == math.ceil(2**32 / EVERY)
        assert figures["max_ulp_within_5"] <= figures["max_ulp"] <= figures["bound"] + 1e-4
        judged = figures["form"] == "value" and row.monotone
        assert figures["falling_steps"] == (0 if judged else None)
        assert figures["asymmetric"] == (0 if row.odd else None)
        assert ("near_root" in figures) == bool(row.roots_of(figures["form"]))


@pytest.mark.parametrize("every", [1, 2, 63, 4099, 40_009, 10**9])
def test_the_chunks_hold_every_pattern_once(tool: ModuleType, every: int):
    pieces = tool.chunks(every)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == 2**32
    assert all(stop == start for (_, stop), (start, _) in itertools.pairwise(pieces))
    assert sum(len(range(start, stop, every)) for start, stop in pieces) == math.ceil(2**32 / every)


@pytest.mark.parametrize("case", OWN_FORMULAS, ids=str)
def test_the_largest_error_is_that_of_mpmath(tool: ModuleType, case: Case):
    """Consecutive floats from 0.3 or -0.3 on, one by one, on the instruction set that runs."""
    outside = case.form.name == "backward_from_output" and 0.3 not in case.row.range
    start = int(np.float32(-0.3 if outside else 0.3).view(np.uint32))
    job = tool.Job(case.row.name, case.form.name, (_ufuncs.running,))
    [tally] = tool.scan(job, start, start + 300)
    assert tally.inputs == 300
    x = np.arange(start, start + 300, dtype=np.uint32).view(np.float32)
    y = call(case, x, job.parameters)
    exact = [
        oracle.ulp_error_exact(got, oracle.exact(case.row.name, case.form.name, float(at), *job.parameters))
        for at, got in zip(x, y, strict=True)
    ]
    worst = max(exact)
    again = tool.exactly(job, tool.function(job, _ufuncs.running), tally.everywhere)
    if worst > 0.5:
        assert tally.everywhere.error == pytest.approx(worst, abs=2**-13)
        assert again.error == worst
    else:
        # Nearest floats all: 0, or about a half where the truth in double cannot tell on which side of a tie it is.
        assert tally.everywhere.error == pytest.approx(0.0, abs=0.5 + 2**-13)
        assert again.error <= 0.5


def test_all_processes_together_find_what_one_finds(tmp_path: Path):
    """The command itself, and the document that it writes."""
    found = []
    arguments = ("tanh", "gelu", "--forms", "value,derivative", "--every", "4099")
    for jobs in ("1", "2"):
        done = command(tmp_path, *arguments, "--jobs", jobs, "--json", jobs, "--markdown", "accuracy.md")
        assert done.returncode == 0, done.stderr
        figures = json.loads((tmp_path / jobs).read_text())
        found.append([{key: value for key, value in entry.items() if key != "seconds"} for entry in figures])
    assert len(found[0]) == 4
    assert found[0] == found[1]
    document = (tmp_path / "accuracy.md").read_text()
    assert done.stdout.strip() in document
    for about in found[0][0]["about"].values():
        if about != fastact.__version__:
            assert about in document
    assert "every 4099th float32" in document


def test_figures_are_added_to_a_file_and_replaced_there(tool: ModuleType, tmp_path: Path):
    def run(name: str, every: int) -> list[tuple[str, str, int]]:
        _, found = results(tool, tmp_path, name, "--forms", "value,derivative", every=every)
        return [(figures["activation"], figures["form"], figures["every"]) for figures in found]

    assert run("tanh", 10**8) == [("tanh", "value", 10**8), ("tanh", "derivative", 10**8)]
    assert run("relu", 10**7)[:2] == [("relu", "value", 10**7), ("relu", "derivative", 10**7)]
    assert run("tanh", 10**7)[2:] == [("tanh", "value", 10**7), ("tanh", "derivative", 10**7)]


# Wrong functions ----------------------------------------------------------------------------------------------------

WRONG = """
import numpy as np
from scipy import special

def up(y):
    near = y.astype(np.float32)
    return np.where(near < y, np.nextafter(near, np.float32(np.inf)), near)

def down(y):
    return -up(-y)

def wide(x):
    return x.astype(np.float64)

def no_fault(x):
    return special.expit(wide(x)).astype(np.float32)

def coarse(x):
    return (special.expit(wide(x)) * (1 + 2.0**-22)).astype(np.float32)

def falls(x):  # neighbours rounded to different sides, each within 1 ULP
    y = special.expit(wide(x))
    return np.where(x.view(np.uint32) % 2 == 0, up(y), down(y))

def falls_at_zero(x):
    return np.where((x == 0) & np.signbit(x), np.float32(0.5) + np.float32(2**-24), no_fault(x))

def no_limit(x):
    return np.where(x == np.inf, np.float32(0.5), no_fault(x))

def no_nan(x):
    return np.nan_to_num(no_fault(x), nan=0.5)

def nan_for_some(x):
    return np.where(x > 1e4, np.float32(np.nan), no_fault(x))

def crooked(x):
    return up(np.tanh(wide(x)))

def gelu_slope(x):
    held = np.clip(wide(x), -1e4, 1e4)
    return special.ndtr(held) + held * np.exp(-held * held / 2) / np.sqrt(2 * np.pi)

def near_root(x):
    return (gelu_slope(x) + 2.0**-25 * (np.abs(x + 0.75) < 0.06)).astype(np.float32)

def too_far_near_root(x):
    return (gelu_slope(x) + 2.0**-22 * (np.abs(x + 0.75) < 0.06)).astype(np.float32)

def double(x):
    return special.expit(wide(x))
"""

FAULTS = {
    ("sigmoid", "value", "no_fault"): set(),
    ("sigmoid", "value", "coarse"): {"above_bound", "limits_wrong"},
    ("sigmoid", "value", "falls"): {"falling_steps"},
    ("sigmoid", "value", "falls_at_zero"): {"falling_steps"},
    ("sigmoid", "value", "no_limit"): {"limits_wrong"},
    ("sigmoid", "value", "no_nan"): {"above_bound", "nan_wrong"},
    ("sigmoid", "value", "nan_for_some"): {"above_bound", "nan_wrong", "limits_wrong"},
    ("tanh", "value", "crooked"): {"asymmetric"},
    ("gelu", "derivative", "near_root"): set(),
    ("gelu", "derivative", "too_far_near_root"): {"above_bound"},
}


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: ModuleType):
    (tmp_path / "wrong_functions.py").write_text(WRONG)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("wrong_functions", None)
    tool.function.cache_clear()


@pytest.mark.parametrize("function", FAULTS, ids="-".join)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.usefixtures("wrong")
def test_a_wrong_function_is_found_out(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture, function: tuple[str, str, str]
):
    activation, form, name = function
    expected = FAULTS[function]
    arguments = [activation, "--forms", form, "--function", f"wrong_functions:{name}"]
    status, [figures] = results(tool, tmp_path, *arguments, every=4099)
    assert {fault for fault in tool.FAULTS if figures[fault]} == expected
    assert status == (1 if expected else 0)
    said = capsys.readouterr()
    for fault in expected:
        assert f"{fault.replace('_', ' ')}: {figures[fault]}" in said.err
        assert f"{fault.replace('_', ' ')}: {figures[fault]}" in said.out
    if name == "near_root":
        assert 0.5 <= figures["near_root"] <= 1


def test_a_root_is_found_among_inputs_of_both_signs(tool: ModuleType):
    """As a sample so coarse has it that all float32 are one block."""
    x = np.array([0.0, 3.0, np.nan, -1e-30, -0.75, -9.0, np.nan], np.float32)
    truth = oracle.fast("gelu", "derivative", x)
    y = truth.astype(np.float32)
    y[4] = truth[4] + 2.0**-25
    tally = tool.judge_errors(tool.Job("gelu", "derivative", ()), x, y, truth)
    assert tally.near_root.error == pytest.approx(0.5, abs=0.01)
    assert tally.above_bound.number == 0


@pytest.mark.usefixtures("wrong")
def test_functions_judged_together_are_judged_as_each_alone(tool: ModuleType):
    functions = (*USABLE, "wrong_functions:no_fault", "wrong_functions:coarse")
    start = int(np.float32(0.3).view(np.uint32))
    together = tool.scan(tool.Job("sigmoid", "value", functions), start, start + 30_000)
    alone = [tool.scan(tool.Job("sigmoid", "value", (name,)), start, start + 30_000)[0] for name in functions]
    # NaN, where nothing was wrong, is not equal to itself.
    assert list(map(repr, together)) == list(map(repr, alone))
    assert alone[-1].above_bound.number > 0


def test_the_process_ends_with_status_1(tmp_path: Path):
    """SciPy's sigmoid in float32, whose error is 2 ULP and far more among the subnormals."""
    done = command(tmp_path, "sigmoid", "--forms", "value", "--function", "scipy.special:expit", "--every", "4099")
    assert done.returncode == 1
    assert "above bound" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sigmoids"], "activation 'sigmoids' is unknown; allowed: identity"),
        (["--forms", "backward"], "form 'backward' is unknown; allowed: value"),
        (["gelu", "--forms", "backward_from_output"], "none of gelu has the form"),
        (["--isa", "mmx"], "instruction set 'mmx' is unknown"),
        (["--every", "0"], "must be at least 1"),
        (["--every", "two"], "--every"),
        (["--rows"], "--rows needs --json"),
        (["--rows", "--json", "x.json", "--every", "3"], "--rows takes full runs"),
        (["tanh", "--function", "numpy:tanh"], "exactly one activation and one form"),
        (["tanh", "--forms", "value", "--function", "numpy"], "MODULE:NAME"),
        (["tanh", "--forms", "value", "--function", "numpy:tanhh"], "tanhh"),
        (["tanh", "--forms", "value", "--function", "nowhere:tanh"], "nowhere"),
        (["tanh", "--forms", "value", "--function", "wrong_functions:double"], "must return float32"),
    ],
)
@pytest.mark.usefixtures("wrong")
def test_a_wrong_command_says_what_is_allowed(
    tool: ModuleType, capsys: pytest.CaptureFixture, arguments: list[str], said: str
):
    with pytest.raises(SystemExit) as stop:
        tool.main(arguments)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


# The figures of the full runs ---------------------------------------------------------------------------------------


def test_the_tolerance_near_roots_is_that_of_the_tests(tool: ModuleType):
    assert test_accuracy.ABSOLUTE[np.float32] == tool.ROOT_UNIT


def measured() -> dict[tuple[str, str, str], float]:
    """The figures in the rows, by activation, form and instruction set."""
    return {
        (case.row.name, case.form.name, isa): figure
        for case in OWN_FORMULAS
        for isa, figure in case.row.measured(case.form.name).items()
    }


def test_no_measured_figure_exceeds_its_bound():
    assert measured()
    for (name, form, isa), figure in measured().items():
        assert isa in _ufuncs.INSTRUCTION_SETS
        assert 0 <= figure <= fastact.activations[name].accuracy_of(form).float32, (name, form, isa)


def test_the_rows_hold_the_figures_of_the_full_runs(tool: ModuleType):
    found = json.loads(FIGURES.read_text())
    for figures in found:
        assert figures["every"] == 1, "not a full run"
        assert not tool.faults(figures)
        assert figures["bound"] == fastact.activations[figures["activation"]].accuracy_of(figures["form"]).float32
    assert measured() == {
        (figures["activation"], figures["form"], figures["by"]): float(tool.rounded_up(figures["max_ulp"]))
        for figures in found
    }


def test_the_figures_are_of_the_formulas_as_they_are(tool: ModuleType):
    """A changed formula gives other results, at the sample or at the largest error: the full run is due again."""
    judged = 0
    for figures in json.loads(FIGURES.read_text()):
        if figures["about"]["system"].split()[-1] != platform.machine() or figures["by"] not in USABLE:
            continue
        job = tool.Job(figures["activation"], figures["form"], (figures["by"],))
        compute = tool.function(job, figures["by"])
        assert figures["digest"] == tool.digest(compute), job
        for key in ("max_ulp", "max_ulp_within_5"):
            then = tool.Worst(figures[key], float.fromhex(figures[f"{key}_at"]))
            if not math.isnan(then.at):
                assert tool.exactly(job, compute, then) == then, (job, key)
            judged += 1
    assert judged or platform.machine() != "x86_64"


def test_the_rows_have_their_figures_from_there(tool: ModuleType):
    assert tool.MEASURED.read_text() == tool.measured_module(json.loads(FIGURES.read_text()))


def test_the_document_is_that_of_the_figures(tool: ModuleType):
    assert FIGURES.with_suffix(".md").read_text() == tool.document(json.loads(FIGURES.read_text()))


def test_errors_are_printed_rounded_up(tool: ModuleType):
    assert [tool.rounded_up(error) for error in (0.0, 0.5, 0.50001, 0.7479, 2093110.2, math.inf)] == [
        "0",
        "0.5",
        "0.501",
        "0.748",
        "2.09e+06",
        "inf",
    ]


def test_inputs_are_printed_as_short_exact_floats(tool: ModuleType):
    for x in (0.0, 1.0, -1.5, 2.0**-149, float(np.float32(0.1)), math.inf, math.nan):
        text = tool.hexadecimal(x)
        assert float.fromhex(text) == x or math.isnan(x)
        assert "0p" not in text or x == 0
        assert len(text) <= len("-0x1.abcdefp-126")
