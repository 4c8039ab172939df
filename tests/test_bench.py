"""The benchmark's machinery: turns, cases, and the report that is made from the JSON."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastact
from bench import instructions, report, training
from bench.cases import COPY, FASTACT, FASTACT_ALLOCATING, Buffers, Case, cases, size_label
from bench.figures import LINES
from bench.interleave import Turns, geometric_mean
from bench.peers import FORMS, RANGE

ROOT = Path(__file__).parents[1]


def run_alone(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as from a shell: inside a worker of pytest-xdist, pytest-benchmark would switch itself off."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


class Machine:
    """A clock that contestants advance; its speed changes while they run."""

    def __init__(self, slowness: list[int]) -> None:
        self.now, self.ran, self.slowness = 0, 0, slowness

    def clock(self) -> int:
        return self.now

    def contestant(self, cost: int) -> tuple[Any, tuple[()]]:
        def run() -> None:
            self.now += cost * self.slowness[min(self.ran // 5000, len(self.slowness) - 1)]
            self.ran += 1

        return run, ()


def test_ratios_survive_a_machine_that_slows_down() -> None:
    machine = Machine([1, 1, 7, 2, 5, 1, 3, 1])
    contestants = {"own": machine.contestant(1000), "peer": machine.contestant(2500)}
    turns = Turns(contestants, 1e-3, machine.clock, machine.clock)
    assert turns.calls == {"own": 1000, "peer": 400}
    for _ in range(41):
        turns.round()
    result = turns.summary("own")
    assert result["peer"]["ratio"]["median"] == pytest.approx(2.5)
    assert result["own"]["ratio"] == {"median": 1.0, "q1": 1.0, "q3": 1.0}
    assert max(turns.samples["own"]) > 2 * min(turns.samples["own"]), "the machine did change its speed"
    assert result["peer"]["rounds"] == 41
    assert result["peer"]["processor"] == 1.0


def test_every_contestant_has_one_turn_a_round_and_not_always_the_same_place() -> None:
    machine, order = Machine([1]), []

    def note(name: str) -> tuple[Any, tuple[()]]:
        run, arguments = machine.contestant(2_000_000)
        return lambda: (order.append(name), run()), arguments

    turns = Turns({name: note(name) for name in "abc"}, 1e-3, machine.clock, machine.clock)
    assert set(turns.calls.values()) == {1}
    order.clear()
    rounds = []
    for _ in range(10):
        turns.round()
        rounds.append("".join(order[::2]))  # an untimed and a timed call each
        assert order[::2] == order[1::2]
        order.clear()
    assert {"".join(sorted(places)) for places in rounds} == {"abc"}
    assert len(set(rounds)) > 1


def test_long_calls_have_no_untimed_call() -> None:
    machine = Machine([1])
    turns = Turns({"own": machine.contestant(4_100_000)}, 1e-3, machine.clock, machine.clock)
    ran = machine.ran
    turns.round()
    assert machine.ran == ran + 1
    assert turns.samples == {"own": [4.1e-3]}


def test_an_interruption_while_calibrating_is_not_believed() -> None:
    machine = Machine([1])
    run, arguments = machine.contestant(500_000)
    calls = 0

    def interrupted_once() -> None:
        nonlocal calls
        calls += 1
        run()
        machine.now += 400_000 if calls == 2 else 0

    turns = Turns({"own": (interrupted_once, arguments)}, 1e-3, machine.clock, machine.clock)
    assert turns.calls == {"own": 2}


def test_rounds_fit_the_time_and_are_odd() -> None:
    machine = Machine([1])
    turns = Turns({"own": machine.contestant(1000)}, 1e-3, machine.clock, machine.clock)
    assert turns.seconds_per_round == pytest.approx(1.001e-3)
    assert turns.rounds_within(0.05) == 49
    assert turns.rounds_within(0.0) == 5
    assert turns.rounds_within(1e9) == 501


def test_geometric_mean() -> None:
    assert geometric_mean([0.5, 2.0, 8.0]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("size", "label"),
    [(1, "1"), (999, "999"), (1000, "1e3"), (250_000, "2.5e5"), (10_000_000, "1e7"), (1_234_567, "1.234567e6")],
)
def test_size_label(size: int, label: str) -> None:
    assert size_label(size) == label
    assert int(float(label)) == size


def test_cases_are_every_row_form_and_dtype() -> None:
    found = {(case.activation, case.form, case.dtype) for case in cases(sizes=(10,))}
    expected = {
        (name, form.name, dtype)
        for name, row in fastact.activations.items()
        for form in row.forms
        if form.name in FORMS
        for dtype in ("float32", "float64")
    }
    assert found == expected


@pytest.mark.parametrize("case", cases(sizes=(1, 1001)), ids=str)
def test_buffers(case: Case) -> None:
    buffers = Buffers(case)
    x, y, out = (buffers.arrays[name] for name in ("x", "y", "out"))
    assert {array.size for array in buffers.arrays.values()} == {case.size}
    assert all(array.ctypes.data % 4096 == 0 for array in buffers.arrays.values())
    assert x.dtype == y.dtype == out.dtype == case.dtype
    assert np.all((x >= RANGE[0]) & (x <= RANGE[1]))
    np.testing.assert_array_equal(y, getattr(fastact, case.activation)(x))
    np.testing.assert_array_equal(x, Buffers(case).arrays["x"], err_msg="the data differs from run to run")

    contestants = buffers.fastact()
    out.fill(np.nan)
    result = contestants[FASTACT].run(*contestants[FASTACT].arguments)
    assert result is out or np.shares_memory(result, out)
    expected = case.function(*(buffers.arrays[name] for name in case.inputs))
    np.testing.assert_array_equal(out, expected)
    allocated = contestants[FASTACT_ALLOCATING].run(*contestants[FASTACT_ALLOCATING].arguments)
    assert not np.shares_memory(allocated, out)
    np.testing.assert_array_equal(allocated, expected)

    moved = buffers.copy()[COPY]
    moved.run(*moved.arguments)
    source, target = moved.arguments
    np.testing.assert_array_equal(source, target)
    np.testing.assert_array_equal(source[: case.size], buffers.arrays["grad" if "y" in case.inputs else "x"])
    assert np.shares_memory(target, out)
    read_and_written = (len(case.inputs) + 1) * x.nbytes
    assert read_and_written <= source.nbytes + target.nbytes <= read_and_written + x.itemsize


def result(seconds: float, own: float) -> dict[str, Any]:
    ratio = seconds / own
    return {
        "seconds": {"median": seconds, "q1": seconds, "q3": seconds},
        "ratio": {"median": ratio, "q1": ratio * 0.9, "q3": ratio * 1.1},
        "calls": 1,
        "rounds": 9,
        "processor": 1.0,
    }


def benchmark(activation: str, dtype: str, size: int, own: float, **others: float) -> dict[str, Any]:
    results = {FASTACT: result(own, own), FASTACT_ALLOCATING: result(1.5 * own, own), COPY: result(0.25e-3, own)}
    results |= {name.replace("_", " "): result(seconds, own) for name, seconds in others.items()}
    extra = {"kind": "elementwise", "activation": activation, "form": "value", "dtype": dtype, "size": size}
    return {"extra_info": extra | {"results": results, "deviations": {}}}


@pytest.fixture
def data() -> dict[str, Any]:
    """What ``pytest bench`` would write for two rows with peers, one without, and one that was not run."""
    return {
        "machine_info": {"machine": "x86_64", "system": "Linux", "cpu": {"brand_raw": "A Processor", "count": 2}},
        "datetime": "2025-01-31T12:00:00",
        "fastact": {
            "configuration": {"instruction set": "avx2", "fastact": "0.1", "python": "3.12"},
            "versions": {"numpy": "2.9"},
            "missing": ["torch", "jax"],
            "failed": ["test_speed[relu-value-float64-1e3]"],
            "environment": {"OMP_NUM_THREADS": "1"},
            "activations": {
                "sigmoid": {"value": ["numpy"]},
                "relu": {"value": ["numpy"]},
                "lonely": {"value": []},
                "absent": {"value": ["numpy"]},
            },
        },
        "benchmarks": [
            benchmark("sigmoid", "float32", 100_000, 1e-3, numpy=8e-3, numpy_tanh=4e-3, scipy=5e-3),
            benchmark("relu", "float32", 100_000, 1e-3, numpy=0.5e-3),
            benchmark("lonely", "float32", 100_000, 2e-3),
        ],
    }


def line_of(text: str, *words: str) -> str:
    found = [line for line in text.splitlines() if all(word in line for word in words)]
    assert len(found) == 1, (words, found)
    return found[0]


def test_report_ratios(data: dict[str, Any]) -> None:
    text = report.report(data)
    assert line_of(text, "| sigmoid | float32 |") == "| sigmoid | float32 | 4 numpy tanh; 4 copies |"
    assert line_of(text, "| relu | float32 |") == "| relu | float32 | **0.5** numpy; 4 copies |"
    summary = line_of(text, "| value | float32 | 1e5 |")
    assert "| 1.41 | 5.66 | 2 | 1 | 1.5 | relu float32 1e5: **0.5** (numpy, 4 copies) |" in summary


def test_report_shows_what_cannot_be_compared(data: dict[str, Any]) -> None:
    text = report.report(data)
    assert line_of(text, "| lonely | float32 |") == "| lonely | float32 | no peer; 8 copies |"
    assert line_of(text, "without a peer").endswith(": lonely (value)")
    assert line_of(text, "not in this run").endswith(": absent")
    assert line_of(text, "- failed").endswith(": test_speed[relu-value-float64-1e3]")
    assert line_of(text, "peers not installed").endswith(": torch, jax")


def test_report_names_the_machine(data: dict[str, Any]) -> None:
    text = report.report(data)
    assert "A Processor, 2 CPUs, Linux" in line_of(text, "- processor:")
    assert line_of(text, "instruction set of fastact:").endswith("avx2")
    assert "fastact 0.1, Python 3.12, numpy 2.9" in line_of(text, "- versions:")
    assert "`OMP_NUM_THREADS=1`" in line_of(text, "- threads:")


def test_full_report_has_every_contestant(data: dict[str, Any]) -> None:
    assert "to 8.8)" not in report.report(data)
    row = line_of(report.report(data, full=True), "| sigmoid | float32 | 1e5 |")
    assert "| 1 ms | 10 | 4 | 9 | 1.5 (1.35 to 1.65) | 8 (7.2 to 8.8) | 4 (3.6 to 4.4) | 5 (4.5 to 5.5) |" in row


@pytest.mark.parametrize(
    ("own", "numpy", "short"),
    [(1e-3, 0.99e-3, True), (1e-3, 1e-3, False), (0.29e-3, 0.28e-3, False), (0.29e-3, 0.27e-3, True)],
    ids=["slower", "equal", "bound by memory", "bound by memory and slower"],
)
def test_behind(own: float, numpy: float, short: bool) -> None:
    cell = report.Cell(benchmark("relu", "float32", 1000, own, numpy=numpy)["extra_info"])
    assert cell.short is short


def test_one_element_report(data: dict[str, Any]) -> None:
    own = 2e-7
    results = {FASTACT: result(own, own), "numpy.tanh": result(3e-7, own), "scipy.special.expit": result(1e-7, own)}
    extra = {"kind": "one element", "activation": "elu", "argument": "float", "parameters": 1, "results": results}
    data["benchmarks"].append({"extra_info": extra})
    text = report.report(data)
    assert line_of(text, "| elu") == "| elu (keyword function) | 200 ns; 1.5, **0.5** |"
    assert line_of(text, "Time; time of") == "Time; time of numpy.tanh and of scipy.special.expit over it."


def test_report_of_functions_of_rows(data: dict[str, Any]) -> None:
    results = {FASTACT: result(1e-6, 1e-6), "torch.softmax": result(3e-6, 1e-6)}
    extra = {"kind": "rows", "function": "softmax", "form": "value", "dtype": "float32"}
    data["benchmarks"] += [
        {"extra_info": extra | {"shape": "rows of 10", "results": results}},
        {"extra_info": extra | {"shape": "rows of 100", "results": {FASTACT: result(2e-3, 2e-3)}}},
    ]
    assert line_of(report.report(data), "| softmax |") == "| softmax | value | float32 | 1 us; 3 torch.softmax | 2 ms |"


def test_figures(data: dict[str, Any], tmp_path: Path) -> None:
    data["benchmarks"] += [
        benchmark("sigmoid", "float32", 1000, 1e-6, numpy=10e-6),
        benchmark("relu", "float32", 1000, 1e-6, numpy=1e-6),
        benchmark("relu", "float64", 1000, 1e-6, numpy=1e-6),
    ]
    source, target = tmp_path / "bench.json", tmp_path / "serial.md"
    source.write_text(json.dumps(data), encoding="utf-8")
    assert report.main([str(source), "--output", str(target)]) == 0
    # What was run at one size is no line.
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == ["value-float32.svg"]
    assert "(value-float32.svg)" in line_of(target.read_text(encoding="utf-8"), "![")
    drawn = (tmp_path / "value-float32.svg").read_text(encoding="utf-8")
    for text in ("sigmoid", "relu", "lonely", "best peer", "numpy.copyto of the same bytes", "1e3", "1e5"):
        assert f">{text}<" in drawn
    assert report.main([str(source), "--output", str(target)]) == 0
    assert (tmp_path / "value-float32.svg").read_text(encoding="utf-8") == drawn


def test_lines_of_figures() -> None:
    cell = report.Cell(benchmark("relu", "float32", 1000, 1e-6, numpy=3e-6, scipy=2e-6)["extra_info"])
    times = {name: seconds(cell) for name, (_, _, seconds) in LINES.items()}
    expected = {"fastact": 1e-6, "best peer": 2e-6, "numpy.copyto of the same bytes": 0.25e-3}
    assert times == pytest.approx(expected)


@pytest.mark.parametrize("key", ["fastact", "benchmarks"])
def test_json_of_something_else_is_refused(data: dict[str, Any], key: str) -> None:
    other = copy.copy(data)
    del other[key]
    with pytest.raises(ValueError, match="must come from pytest bench"):
        report.report(other)


def test_json_without_results_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no results"):
        report.report(data | {"benchmarks": []})


def test_report_command(data: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "bench.json", tmp_path / "docs" / "performance" / "serial.md"
    source.write_text(json.dumps(data), encoding="utf-8")
    assert report.main([str(source)]) == 0
    printed = capsys.readouterr().out
    assert printed == report.report(data)
    assert report.main([str(source), "--output", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == printed  # all were run at one size: no figures
    assert report.main([str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("pytest_benchmark") is None, reason="pytest-benchmark is not installed")
def test_from_benchmark_to_report(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    arguments = ["--sizes", "2e2", "--dtypes", "float32", "--peers", "numpy", "--minutes", "0.01", "-k", "relu or one"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "bench",
        *arguments,
        f"--benchmark-json={path}",
        "-p",
        "no:cacheprovider",
    ]
    run = run_alone(command)
    assert run.returncode == 0, run.stdout + run.stderr
    text = report.report(json.loads(path.read_text(encoding="utf-8")), full=True)
    assert text.count("\n| relu | float32 | 200 |") == 4, "four forms, all contestants"
    assert text.count("\n| relu | float32 |") == 8, "four forms, best peer and all contestants"
    assert "sigmoid" in line_of(text, "not in this run")
    for name in fastact.activations:
        assert f"\n| {name} " in text.split("## One element")[1]


WRONG_PEER = """
import sys
import numpy, pytest
from bench.peers import PEERS
PEERS["relu"]["value"] = {"numpy": lambda x, out: numpy.maximum(x, 0.001, out=out)}
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.skipif(importlib.util.find_spec("pytest_benchmark") is None, reason="pytest-benchmark is not installed")
def test_wrong_peer_is_not_timed_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    arguments = ["--sizes", "200", "--dtypes", "float32", "--peers", "numpy", "--minutes", "0.01", "-k", "[relu-"]
    command = [
        sys.executable,
        "-c",
        WRONG_PEER,
        "bench",
        *arguments,
        f"--benchmark-json={path}",
        "-p",
        "no:cacheprovider",
    ]
    run = run_alone(command)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "relu-value-float32-200: numpy DIFFERS from fastact" in run.stdout
    text = report.report(json.loads(path.read_text(encoding="utf-8")))
    assert line_of(text, "- failed").endswith(": test_speed[relu-value-float32-200]")
    assert "Forward" not in text, "the other forms of relu were timed, this one was not"


@pytest.mark.skipif(importlib.util.find_spec("pytest_benchmark") is None, reason="pytest-benchmark is not installed")
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--sizes", "1e3,0", "--sizes must be positive numbers"),
        ("--dtypes", "int8", "--dtypes must be among float16, float32, float64"),
        ("--peers", "numpy,theano", "--peers must be among numpy"),
        ("--minutes", "-1", "--minutes must be a positive number"),
    ],
)
def test_bad_option_is_named(option: str, value: str, message: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "bench",
        f"{option}={value}",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    run = run_alone(command)
    assert run.returncode != 0
    assert message in run.stdout + run.stderr


def test_more_instructions_are_told() -> None:
    kept = {"avx2": {"relu": {"float32": 1.0, "float64": 2.0}}}
    table, worse = instructions.compare(kept, {"avx2": {"relu": {"float32": 1.01, "float64": 1.9}}}, 0.02)
    assert not worse
    assert line_of(table, "float64") == "| `relu` | avx2 | float64 | 2 | 1.9 | fewer |"
    table, worse = instructions.compare(kept, {"avx2": {"relu": {"float32": 1.03}, "gelu": {"float32": 9.0}}}, 0.02)
    assert worse
    assert line_of(table, "relu") == "| `relu` | avx2 | float32 | 1 | 1.03 | **more** |"
    assert line_of(table, "gelu") == "| `gelu` | avx2 | float32 |  | 9 |  |"


def test_counted_kernels_exist() -> None:
    kept = json.loads(instructions.FILE.read_text(encoding="utf-8"))
    assert tuple(kept) == instructions.INSTRUCTION_SETS
    for by_name in kept.values():
        for name, counts in by_name.items():
            assert hasattr(fastact, name)
            assert list(counts) == ["float32", "float64"]


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_counting() -> None:
    """Of the baseline, whose relu takes one instruction on four numbers for each of load, comparison and so on."""
    counted = instructions.count("baseline", ["relu", "relu_backward"])
    assert list(counted) == ["relu", "relu_backward"]
    for counts in counted.values():
        assert 0 < counts["float32"] < 8
        assert counts["float64"] == pytest.approx(2 * counts["float32"], rel=0.05)


def test_training_steps_agree_before_they_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {name: training.CONTESTANTS[name] for name in ("fastact", "scikit-learn")}
    monkeypatch.setattr(training, "CONTESTANTS", own)
    epochs = training.contestants("2-10-2")
    assert list(epochs) == list(own)
    assert epochs["fastact"]() > 0
    assert training.measured("2-10-2", 0.05).startswith("| 2-10-2 |")

    def wrong(*arguments: Any) -> Any:
        epoch = training.fastact_epochs(*arguments)
        return lambda: epoch() * 1.01

    monkeypatch.setitem(own, "PyTorch", ("fastact", wrong))
    with pytest.raises(AssertionError, match=r"2-10-2: PyTorch's loss is .*, fastact's"):
        training.contestants("2-10-2")
