"""The command line: what it prints, writes and refuses, and how it ends when interrupted."""

import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import fastact
from fastact import cli
from fastact.experiments import running, vanish

SHORT = ["--epochs", "2", "--width", "8", "--probe", "64", "--seeds", "1", "--cures", "none"]
FILE = vanish.EXPERIMENT.file


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    app = cli.make_app()

    def invoke(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture
def clusters(tmp_path):
    """A small user file: three clusters, text labels."""
    rng = np.random.default_rng(0)
    labels = np.array(["red", "green", "blue"])[np.arange(60) % 3]
    X = rng.normal(size=(60, 2)) + 5 * np.column_stack([labels == "red", labels == "blue"])
    path = tmp_path / "clusters.csv"
    path.write_text(
        "x,y,colour\n" + "".join(f"{a!r},{b!r},{label}\n" for (a, b), label in zip(X.tolist(), labels, strict=True))
    )
    return path


def read(folder):
    return json.loads((folder / FILE).read_text())


def test_vanish_prints_the_table_and_writes_everything(run, tmp_path):
    out = tmp_path / "out"
    result = run("vanish", "--depths", "1,3", *SHORT, "--output", out)
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir(out)) == ["vanish.json", "vanish.png", "vanish.svg"]
    lines = [line.split() for line in result.output.splitlines()]
    table = [line for line in lines if len(line) == 9 and line[0] in ("1", "3")]
    rows = read(out)["rows"]
    assert [(int(line[0]), line[1]) for line in table] == [(row["depth"], row["activation"]) for row in rows]
    assert [line[3] for line in table] == [f"{row['test_accuracy']:.1%}" for row in rows]
    assert [float(line[5]) for line in table] == pytest.approx([r["initial"]["gradient_ratio"] for r in rows], rel=0.06)
    assert max(map(len, result.output.splitlines()[:20])) <= 80
    text = " ".join(result.output.split())
    assert "make no difference" in text
    assert "It alone is bounded by sup|f'|^depth" in text
    assert f"{out / 'vanish.svg'} written after" in text


def test_without_an_output_the_results_are_written_here(run, tmp_path, monkeypatch, clusters):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert run("vanish", "--depths", "1", "--activations", "relu", *SHORT, "--data", clusters).exit_code == 0
    assert sorted(os.listdir(here)) == ["vanish.json", "vanish.png", "vanish.svg"]


def test_defaults_are_those_of_the_settings(run):
    text = " ".join(run("vanish", "--help").output.split())
    for name, value in vanish.Settings().common.items():
        assert f"--{name.replace('_', '-')}" in text
        if name != "saturated" and not isinstance(value, tuple):
            assert f"[default: {value}]" in text
    assert "[default: 1,2,3,5,8,12,20,30]" in text
    assert "[default: sigmoid,tanh,relu,gelu,selu]" in text


def test_every_option_reaches_the_settings(run, tmp_path, clusters):
    given = {
        "depths": "2", "activations": "softplus", "width": 5, "epochs": 3, "batch_size": 7, "learning_rate": 0.02,
        "optimiser": "sgd", "initialiser": "he_normal", "gain": 0.5, "dtype": "float64", "seed": 9, "test_share": 0.5,
        "probe": 11, "seeds": 1, "cures": "he", "cured": "softplus",
    }  # fmt: skip
    words = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
    result = run("vanish", *words, "--saturated", "--data", clusters, "--output", tmp_path)
    assert result.exit_code == 0, result.output
    expected = {**given, "depths": [2], "activations": ["softplus"], "saturated": True}
    expected |= {"cures": ["he"], "cured": ["softplus"]}
    assert read(tmp_path)["settings"] == expected


def test_saturated_says_that_the_textbook_gradient_is_zero(run, tmp_path):
    result = run("vanish", "--depths", "1,4", "--saturated", *SHORT, "--output", tmp_path)
    text = " ".join(result.output.split())
    assert "sigmoid: 100.00% of its textbook derivatives are rounded to exactly 0" in text
    assert "in 2 of 2 networks the textbook gradient of the first layer is exactly 0" in text


@pytest.mark.parametrize("kind", ["csv", "npz"])
def test_vanish_takes_the_users_own_data(run, tmp_path, clusters, kind):
    if kind == "npz":
        rng = np.random.default_rng(1)
        clusters = tmp_path / "own.npz"
        np.savez(clusters, np.column_stack([rng.normal(size=(60, 3)), np.arange(60) % 2]))
    result = run("vanish", "--depths", "1", "--activations", "tanh", *SHORT, "--data", clusters, "--output", tmp_path)
    assert result.exit_code == 0, result.output
    data = read(tmp_path)["data"]
    assert (data["name"], data["samples"]) == (clusters.name, 60)
    assert (data["features"], data["classes"]) == ((2, 3) if kind == "csv" else (3, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--depths", "1,x"], "depths must be integers with commas between"),
        (["--depths", ""], "depths must be one or more"),
        (["--depths", "0"], "depths must be an integer >= 1"),
        (["--activations", "sigmoid,swoosh"], "activations must be among identity, relu"),
        (["--width", "0"], "width must be an integer >= 1"),
        (["--learning-rate", "-1"], "learning_rate must be a number in (0, inf)"),
        (["--dtype", "float16"], "dtype must be one of float32, float64"),
        (["--initialiser", "none"], "initialiser must be one of auto"),
        (["--seed", "-1"], "seed must be an integer >= 0"),
        (["--jobs", "0"], "n-jobs must be an integer >= 1"),
        (["--data", "nowhere.csv"], "nowhere.csv: there is no such file"),
        (["--data", "picture.png"], "data must be a .csv or .npz file"),
        (["--resume"], "nothing to resume"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_written(run, tmp_path, arguments, message):
    result = run("vanish", *arguments, "--output", tmp_path / "out")
    assert result.exit_code == cli.BAD
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["vanish", "sweep"])
def test_without_sympy_define_says_what_to_install(tmp_path, command):
    code = "import sys; sys.modules['sympy'] = None; from fastact import cli; cli.main()"
    words = [command, "--define", "own=x*sin(x)", "--activations", "own", "--output", str(tmp_path / "out.json")]
    environment = os.environ | {"FASTACT_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == cli.BAD
    assert done.stderr == "Error: define needs SymPy: pip install 'fastact[custom]'\n"


def test_a_bad_file_is_named_with_the_line(run, tmp_path, clusters):
    clusters.write_text(clusters.read_text() + "1.0,oops,red\n")
    result = run("vanish", "--data", clusters, "--output", tmp_path / "out")
    assert result.exit_code == cli.BAD
    assert f"{clusters}, line 62, column 2: 'oops' is not a finite number" in result.stderr


def test_an_output_that_is_a_file_is_refused(run, clusters):
    result = run("vanish", "--output", clusters)
    assert result.exit_code == cli.BAD
    assert "is a file" in result.stderr


def test_an_interrupted_run_says_how_to_go_on_and_does(run, tmp_path, monkeypatch, clusters):
    out = tmp_path / "an output"
    arguments = ["vanish", "--depths", "1,2", "--activations", "tanh,relu", *SHORT, "--data", clusters, "--output", out]
    whole = run(*arguments[:-1], tmp_path / "whole")
    measure, calls = vanish.measure, []
    arguments += ["--n-jobs", "1"]

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(*args)

    called = str(tmp_path / "not on the path" / "fastact")
    with monkeypatch.context() as patch:
        patch.setattr(running, "load", lambda _: dataclasses.replace(vanish.EXPERIMENT, measure=interrupted))
        patch.setattr(sys, "argv", [called, "vanish"])
        result = run(*arguments)
    assert result.exit_code == cli.INTERRUPTED
    assert "Stopped. 2 of 4 rows are finished" in result.output
    assert len(read(out)["rows"]) == 2
    (advice,) = [line for line in result.output.splitlines() if line.endswith("--resume")]
    program, *again = shlex.split(advice)
    assert program == called
    assert again[-1] == "--resume"
    assert sorted(again[:-1]) == sorted(map(str, arguments))  # in the order of the options
    result = run(*again)
    assert result.exit_code == 0, result.output
    assert (out / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()
    assert whole.exit_code == 0


def test_resume_with_other_settings_is_an_error_and_not_a_mixture(run, tmp_path, clusters):
    arguments = ["vanish", "--depths", "1", "--activations", "tanh", *SHORT, "--data", clusters, "--output", tmp_path]
    assert run(*arguments).exit_code == 0
    result = run(*arguments, "--seed", "3", "--resume")
    assert result.exit_code == cli.BAD
    assert "other settings: seed = 0 there and 3 here" in result.stderr


def test_version_and_config(run):
    assert run("--version").output == f"{fastact.__version__}\n"
    result = run("config")
    assert result.exit_code == 0
    assert "instruction set" in result.output


def test_without_arguments_the_commands_are_listed(run):
    assert "vanish" in run().output


# --- as processes of their own


def python(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    ("modules", "packages"),
    [
        (["typer"], ["typer"]),
        (["rich"], ["rich"]),
        (["typer", "sklearn"], ["typer", "scikit-learn"]),
        (["matplotlib"],) * 2,
    ],
)
def test_without_the_extra_the_command_says_what_to_install(modules, packages):
    block = "; ".join(f"sys.modules[{name!r}] = None" for name in modules)
    done = python(f"import sys; {block}; import fastact.cli; sys.exit(fastact.cli.main())", "vanish")
    assert done.returncode == cli.MISSING
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert f"needs {', '.join(packages)}, which" in done.stderr
    (command,) = [line for line in done.stderr.splitlines() if " -m pip install " in line]
    executable, *words = shlex.split(command)
    assert executable == sys.executable
    assert [word.split(">=")[0] for word in words[3:]] == packages
    assert "'fastact[demo]'" in done.stderr


def test_importing_the_command_line_loads_nothing_heavy():
    heavy = "'typer', 'rich', 'matplotlib', 'sklearn', 'scipy', 'numba', 'joblib'"
    done = python(f"import sys, fastact.cli, fastact.experiments.vanish; print({{{heavy}}} & set(sys.modules))")
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process group")
def test_ctrl_c_leaves_the_finished_rows(tmp_path, clusters):
    """A real SIGINT, once the first row is on disk; the second would take minutes."""
    arguments = ["vanish", "--depths", "1,300", "--activations", "tanh", "--epochs", "2000", "--data", clusters]
    arguments += ["--seeds", "1", "--cures", "none"]
    command = [sys.executable, "-m", "fastact.cli", *map(str, arguments), "--output", str(tmp_path)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Threads of a BLAS that wait for each other on busy processors take minutes for the first row.
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        # A background job of a shell script, as tests may be, ignores SIGINT and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    try:
        for _ in range(6000):
            if (tmp_path / FILE).exists() and read(tmp_path)["rows"]:
                break
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        else:
            pytest.fail("no row in five minutes")
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == cli.INTERRUPTED, output
    assert "1 of 2 rows are finished" in output
    assert "--resume" in output
    assert "Traceback" not in output
    assert [row["depth"] for row in read(tmp_path)["rows"]] == [1]
