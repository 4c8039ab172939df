"""``tools/peer_accuracy.py`` on small samples: errors of every kind are found out, and the page tells them.

The libraries run in a process of their own only: they bring thread pools and fork handlers that other tests must not
meet.
"""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fastact

from .cases import OWN_FORMULAS, Case, call

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools" / "peer_accuracy.py"
PAGE = ROOT / "docs" / "peer-accuracy.md"

if not TOOL.is_file():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)

CASES = {(case.row.name, case.form.name): case for case in OWN_FORMULAS}
JUDGED = [case for case in OWN_FORMULAS if case.form.kind in ("value", "derivative", "second_derivative")]
BOTH = ("float32", "float64")
ALL = ("float16", *BOTH)
# Large primes, so that inputs have all kinds of last bits.
EVERY, SAMPLES = 40_009, 400


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("peer_accuracy", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def command(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False, cwd=cwd, timeout=600
    )


# Judging ------------------------------------------------------------------------------------------------------------


def judged(tool: ModuleType, case: Case, dtype: str, function: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    """The figures of a function as data."""
    figures = tool.judge(case, dtype, {"peer": function}, EVERY, SAMPLES)["peer"]
    return tool.as_data(case, dtype, "peer", figures) | {"nan_at_infinity": tool.nan_at_infinity(case, dtype, function)}


def ours(case: Case) -> Callable[[np.ndarray], np.ndarray]:
    """fastact's function, within its bound."""
    return lambda x: call(case, x, case.defaults(x.dtype.type))


def steps(y: np.ndarray, number: int, where: np.ndarray) -> np.ndarray:
    """Results moved up by so many floats at some places."""
    moved = y
    for _ in range(number):
        moved = np.nextafter(moved, np.array(np.inf, y.dtype))
    return np.where(where, moved, y)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("case", JUDGED, ids=str)
def test_fastact_is_within_its_bounds(tool: ModuleType, case: Case, dtype: str) -> None:
    assert case.form.name in tool.FORMS
    found = judged(tool, case, dtype, ours(case))
    bound = case.row.accuracy_of(case.form.name)[dtype] + 2.0**-13
    assert found["max_ulp_within_5"] <= found["max_ulp"] <= bound
    assert found["max_ulp_within_5"] >= (0.5 if case.row.accuracy_of(case.form.name)[dtype] else 0.0)
    assert found["max_ulp_subnormal"] <= bound
    assert found.get("near_root", 0.0) <= 1.0
    assert not {"nan_below", "nan_above"} & set(found)
    assert case.form.name == "value" or not {"zero_below", "zero_above"} & set(found)
    assert found["nan_at_infinity"] == []
    assert found["inputs"] > SAMPLES


@pytest.mark.parametrize("dtype", ALL)
def test_an_error_is_found_where_it_is(tool: ModuleType, dtype: str) -> None:
    case = CASES["sigmoid", "value"]
    right = ours(case)

    near = judged(tool, case, dtype, lambda x: steps(right(x), 5, (x > 1) & (x < 2)))
    assert 4 <= near["max_ulp_within_5"] == near["max_ulp"] <= 6
    assert 1 < float.fromhex(near["max_ulp_at"]) < 2

    far = judged(tool, case, dtype, lambda x: steps(right(x), 5, (x < -6) & (x > -7)))
    assert far["max_ulp_within_5"] <= case.row.accuracy[dtype] + 2.0**-13
    assert 4 <= far["max_ulp"] <= 6
    assert -7 < float.fromhex(far["max_ulp_at"]) < -6

    tiny = np.finfo(dtype).tiny
    small = judged(tool, case, dtype, lambda x: steps(right(x), 5, (right(x) > 0) & (right(x) < tiny / 2)))
    assert small["max_ulp"] <= case.row.accuracy[dtype] + 2.0**-13
    assert 4 <= small["max_ulp_subnormal"] <= 6


@pytest.mark.parametrize("dtype", ALL)
def test_nan_is_found(tool: ModuleType, dtype: str) -> None:
    case = CASES["sigmoid", "value"]
    right = ours(case)
    found = judged(tool, case, dtype, lambda x: np.where((x > 9) | (x == -np.inf), np.nan, right(x)).astype(dtype))
    assert 9 < float.fromhex(found["nan_above"]) < 10
    assert "nan_below" not in found
    below = judged(tool, case, dtype, lambda x: np.where(x < -2, np.nan, right(x)).astype(dtype))
    assert -3 < float.fromhex(below["nan_below"]) < -2
    assert tool.both(below) == "NaN / NaN"
    assert found["nan_at_infinity"] == ["-inf", "inf"]
    assert tool.both(found).endswith(" / NaN")
    assert tool.failure(found).startswith("NaN: 9")
    assert found["max_ulp"] <= case.row.accuracy[dtype] + 2.0**-13, "the rest is judged all the same"


@pytest.mark.parametrize(("dtype", "end"), [("float16", 8.32), ("float32", 16.64), ("float64", 36.74)])
def test_a_derivative_that_vanishes_is_found(tool: ModuleType, dtype: str, end: float) -> None:
    """y (1 - y), whose y is 1 from where it rounds to 1, or log(2) before that if it errs by half an ULP."""
    case, right = CASES["sigmoid", "derivative"], ours(CASES["sigmoid", "value"])
    found = judged(tool, case, dtype, lambda x: right(x) * (1 - right(x)))
    assert end - 0.01 < float.fromhex(found["zero_above"]) < end + (0.01 if dtype == "float16" else 0.7)
    assert "zero_below" not in found
    assert tool.both(found).endswith("all lost")
    assert "0: " in tool.failure(found)


@pytest.mark.parametrize(("dtype", "unit"), [("float16", 2.0**-16), ("float32", 2.0**-24), ("float64", 2.0**-53)])
def test_near_a_root_the_error_is_absolute(tool: ModuleType, dtype: str, unit: float) -> None:
    case = CASES["gelu", "derivative"]
    (root,) = case.row.derivative_roots
    right = ours(case)
    found = judged(tool, case, dtype, lambda x: (right(x) + 8 * unit * (np.abs(x - root) < 0.06)).astype(dtype))
    zero = judged(tool, CASES["silu", "derivative"], dtype, lambda x: (x * (np.abs(x + 1.2785) > 0.06)).astype(dtype))
    assert "zero_below" not in zero, "a result of 0 is no fault there"
    scale = tool.NEAR_ROOT_ERROR[dtype] / unit
    assert 7 <= found["near_root"] * scale <= 9
    assert found["max_ulp"] <= case.row.derivative_accuracy[dtype] + 2.0**-13


def test_all_float16_are_judged(tool: ModuleType) -> None:
    seen = []
    identity = CASES["identity", "value"]
    tool.judge(identity, "float16", {"peer": lambda x: seen.append(x) or x}, EVERY, SAMPLES)
    patterns = np.unique(np.concatenate(seen).view(np.uint16))
    assert len(patterns) == 2 * 0x7C00


@pytest.mark.parametrize("dtype", ALL)
def test_inputs_are_ordered_finite_and_without_kinks(tool: ModuleType, dtype: str) -> None:
    for x in tool.inputs(CASES["relu", "derivative"], dtype, EVERY, SAMPLES):
        assert x.dtype == dtype
        assert 0 < x.size <= tool.BLOCK
        assert np.isfinite(x).all()
        assert not (x == 0).any()
        assert (np.diff(x) > 0).all() or (np.diff(x) < 0).all()


# The page -----------------------------------------------------------------------------------------------------------


def figures(by: str, activation: str = "gelu", form: str = "derivative", **values: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"activation": activation, "form": form, "dtype": "float32", "by": by, "inputs": 1}
    base |= {"max_ulp": 1.0, "max_ulp_within_5": 0.75, "max_ulp_subnormal": 0.5, "nan_at_infinity": []}
    return base | values


def page(tool: ModuleType, *results: dict[str, Any]) -> str:
    about = {"date": "2026-01-01", "fastact": "1", "instruction set": "avx2", "compiler": "gcc", "system": "Linux"}
    about |= {"processor": "one", "every": 7, "samples": 9, "versions": {"torch": "2.13"}}
    return tool.document({"about": about, "figures": list(results)})


def test_the_page_shows_what_was_found(tool: ModuleType) -> None:
    text = page(
        tool,
        figures("torch", max_ulp=2.0**23, zero_below="-0x1.8p+2", near_root=12.3456),
        figures("jax", max_ulp=10.01, nan_above="0x1p+7", nan_at_infinity=["-inf"], near_root=0.5),
        figures("fastact", near_root=0.25),
    )
    assert "| gelu f' | 0.75 / 1 | 0.75 / all lost | 0.75 / NaN | - | - |" in text
    assert "| gelu f' | 0.25 | 12.4 | 0.5 | - | - |" in text
    assert "| gelu f' | nowhere | 0: -6 | NaN: 128, -inf | - | - |" in text
    assert "| gelu f' | 0.5 | 0.5 | 0.5 | - | - |" in text
    assert "| fastact | 1 | 1 | 0 | 0 |" in text
    assert "| torch | 1 | 0 | 1 | 1 |" in text
    assert "| jax | 1 | 0 | 1 | 0 |" in text
    assert "every 7th float32" in text
    assert "torch 2.13" in text


def test_of_one_library_the_most_accurate_counts(tool: ModuleType) -> None:
    results = [
        figures("numpy", max_ulp=3.0),
        figures("numpy tanh", max_ulp=2.5),
        figures("numpy log", max_ulp=1.0, nan_above="0x1p+7"),
        figures("fastact"),
    ]
    assert "| gelu f' | 0.75 / 1 | - | - | - | 0.75 / 2.5 |" in page(tool, *results)


@pytest.mark.parametrize(
    ("error", "shown"),
    [(0.0, "0"), (0.50001, "0.501"), (9.9991, "10"), (10.01, "10.1"), (26930.9, "2.7e+04"), (2.0**22, "4.2e+06")],
)
def test_errors_are_rounded_up(tool: ModuleType, error: float, shown: str) -> None:
    assert tool.cell(error, "float32") == shown
    assert float(shown) >= error


def test_no_digit_is_right(tool: ModuleType) -> None:
    assert (
        tool.cell(2.0**23, "float32") == tool.cell(2.0**10, "float16") == tool.cell(math.inf, "float64") == "all lost"
    )
    assert tool.cell(2.0**23, "float64") != "all lost"


# The command --------------------------------------------------------------------------------------------------------


def test_the_command_writes_figures_and_their_page(tool: ModuleType, tmp_path: Path) -> None:
    stem = tmp_path / "found"
    done = command("tanh", "--every", "10000019", "--samples", "60", "--jobs", "1", "--output", str(stem))
    assert done.returncode == 0, done.stderr
    data = json.loads(stem.with_suffix(".json").read_text())
    assert stem.with_suffix(".md").read_text() == tool.document(data)
    assert data["about"]["every"] == 10_000_019
    forms = [form.name for form in fastact.activations["tanh"].forms if form.name in tool.FORMS]
    assert list(dict.fromkeys((one["form"], one["dtype"]) for one in data["figures"])) == [
        (form, dtype) for form in forms for dtype in ALL
    ]
    judged_by = {one["by"] for one in data["figures"] if one["form"] == "derivative"}
    installed = {name for name in ("torch", "jax") if name in data["about"]["versions"]}
    assert judged_by == {"fastact", "numpy"} | installed
    for one in data["figures"]:
        if one["by"] == "fastact":
            bound = fastact.activations["tanh"].accuracy_of(one["form"])[one["dtype"]]
            assert one["max_ulp"] <= bound + 2.0**-13
        if (one["by"], one["form"], one["dtype"]) == ("numpy", "derivative", "float64"):
            assert "zero_above" in one, "1 - tanh^2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sigmoids"], "activation 'sigmoids' is unknown; allowed: identity"),
        (["--every", "0"], "must be at least 1"),
        (["--samples", "many"], "--samples"),
    ],
)
def test_a_wrong_command_says_what_is_allowed(
    tool: ModuleType, capsys: pytest.CaptureFixture, arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        tool.main(arguments)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.skipif(not PAGE.is_file(), reason="not measured yet")
def test_the_page_is_that_of_the_figures_and_fastact_keeps_its_bounds(tool: ModuleType) -> None:
    data = json.loads(PAGE.with_suffix(".json").read_text())
    assert PAGE.read_text() == tool.document(data)
    of_fastact = [one for one in data["figures"] if one["by"] == "fastact"]
    assert {one["activation"] for one in of_fastact} == set(fastact.activations)
    for one in of_fastact:
        row = fastact.activations[one["activation"]]
        assert one["max_ulp"] <= row.accuracy_of(one["form"])[one["dtype"]] + 2.0**-13, one
