"""Sweeps: a row for every configuration, the same however they are computed, none lost and none an exception."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import fastact
from fastact import cli, mlp
from fastact.experiments import configuration, data, results, sweep
from fastact.experiments.sweep import table as sweep_table

FAST: dict[str, Any] = {"widths": (6,), "epochs": 2, "batch_size": 16}
GRID: dict[str, Any] = {"activations": ("tanh", "relu"), "depths": (1, 2), "seeds": (0, 1), **FAST}


@pytest.fixture(scope="module")
def little() -> data.Dataset:
    """Three noisy clusters in five dimensions."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    return data.Dataset("clusters", rng.normal(size=(90, 5)) + np.eye(5)[y] * 4, y, ("a", "b", "c"))


@pytest.fixture(scope="module")
def rows(little: data.Dataset) -> list[dict[str, Any]]:
    return sweep.run(sweep.Settings(**GRID), little)


def numbers(rows: Any) -> list[dict[str, Any]]:
    """All that must not depend on when and where rows are computed."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


# What a row says ----------------------------------------------------------------------------------------------------


def test_there_is_a_row_for_every_configuration_in_order(rows: list[dict[str, Any]]):
    settings = sweep.Settings(**GRID)
    assert [{name: row[name] for name in sweep.AXES} for row in rows] == list(settings.configurations())
    assert len(settings) == len(rows) == len({row["key"] for row in rows}) == 8
    assert {row["status"] for row in rows} == {"ok"}
    assert json.loads(json.dumps(rows)) == rows
    assert {name for row in rows for name in row} == {
        *sweep.AXES, "key", "status", "error", "epochs", "loss", "train_accuracy", "test_accuracy", "seconds"
    }  # fmt: skip


@pytest.mark.parametrize("normalised", [False, True])
def test_a_row_is_what_the_trainer_does(little: data.Dataset, normalised: bool):
    settings = sweep.Settings(
        activations=("gelu",), depths=(2,), initialisers=("he_normal",), optimisers=("rmsprop",),
        learning_rates=(0.01,), batch_normalisation=(normalised,), seeds=(4,), **FAST,
    )  # fmt: skip
    (row,) = sweep.run(settings, little)
    parts = data.split(little, test_share=0.25, seed=4, dtype="float32")
    hidden = [mlp.Dense(6, use_bias=False), mlp.BatchNormalisation(), mlp.Activation("gelu")]
    layers = hidden * 2 if normalised else [mlp.Dense(6, "gelu")] * 2
    net = mlp.Network([*layers, mlp.Dense(3)], inputs=5, seed=4, initialiser="he_normal")
    losses: list[float] = []
    net.fit(
        parts.X_train, parts.y_train, epochs=2, batch_size=16, optimiser=mlp.RMSProp(learning_rate=0.01),
        callback=lambda _, loss: losses.append(loss),
    )  # fmt: skip
    assert row["loss"] == losses[-1]
    assert row["test_accuracy"] == net.score(parts.X_test, parts.y_test)
    assert row["train_accuracy"] == net.score(parts.X_train, parts.y_train)
    assert row["epochs"] == 2


def test_training_gets_somewhere(little: data.Dataset):
    settings = sweep.Settings(activations=("relu",), depths=(1,), widths=(16,), epochs=30, learning_rates=(0.01,))
    assert all(row["test_accuracy"] > 0.9 for row in sweep.run(settings, little))


def test_auto_is_the_initialiser_made_for_the_activation():
    one = dict(next(sweep.Settings(activations=("relu",)).configurations()))
    settings = sweep.Settings()
    net = sweep.network(one, settings, 5, 3)
    same = sweep.network({**one, "initialiser": configuration.initialiser_for("relu")}, settings, 5, 3)
    other = sweep.network({**one, "initialiser": "xavier_uniform"}, settings, 5, 3)
    assert np.array_equal(net.parameters, same.parameters)
    assert not np.array_equal(net.parameters, other.parameters)


def test_what_diverges_or_fails_is_a_row(little: data.Dataset, monkeypatch: pytest.MonkeyPatch):
    settings = sweep.Settings(
        activations=("square", "tanh"), depths=(4,), optimisers=("sgd",), learning_rates=(0.1, 1e30), seeds=(0,), **FAST
    )
    found = {(row["activation"], row["learning_rate"]): row for row in sweep.run(settings, little)}
    assert found["square", 1e30]["status"] == "diverged"
    assert found["tanh", 0.1]["status"] == "ok"
    for row in found.values():
        if row["status"] == "diverged":
            assert row["loss"] is row["test_accuracy"] is row["train_accuracy"] is row["error"] is None

    def fail(*_: Any) -> Any:
        raise MemoryError("too large")

    monkeypatch.setattr(sweep, "network", fail)
    (row,) = sweep.run(sweep.Settings(activations=("tanh",), depths=(1,), seeds=(0,), **FAST), little)
    assert (row["status"], row["error"], row["loss"]) == ("failed", "MemoryError: too large", None)

    def lack(*_: Any) -> Any:
        raise ModuleNotFoundError("No module named 'threadpoolctl'")

    monkeypatch.setattr(sweep, "network", lack)
    with pytest.raises(ModuleNotFoundError, match="threadpoolctl"):
        sweep.run(settings, little)


# However it is computed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_rows_do_not_depend_on_the_backend(little: data.Dataset, rows: list[dict[str, Any]], backend: str):
    with joblib.parallel_config(backend):
        assert numbers(sweep.run(sweep.Settings(**GRID), little, n_jobs=2)) == numbers(rows)


# On disk ------------------------------------------------------------------------------------------------------------


def test_an_interrupted_run_is_resumed(little: data.Dataset, rows: list[dict[str, Any]], tmp_path: Path):
    file = tmp_path / "new" / "sweep.json"

    def stop_after_three(_: Any, __: bool) -> None:
        count.append(1)
        if len(count) == 3:
            raise KeyboardInterrupt

    count: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        sweep.run(sweep.Settings(**GRID), little, file=file, on_row=stop_after_three)
    report = json.loads(file.read_text())
    assert not report["complete"]
    assert len(report["rows"]) == 3
    seen: list[bool] = []
    again = sweep.run(sweep.Settings(**GRID), little, file=file, resume=True, on_row=lambda _, old: seen.append(old))
    assert numbers(again) == numbers(rows)
    assert seen == [True] * 3 + [False] * 5
    report = json.loads(file.read_text())
    assert report["complete"]
    assert report["rows"] == again
    assert report["data"]["name"] == "clusters"


def test_other_configurations_join_the_file(little: data.Dataset, tmp_path: Path):
    file = tmp_path / "sweep.json"
    sweep.run(sweep.Settings(**{**GRID, "depths": (1,)}), little, file=file)
    seen: list[bool] = []
    more = sweep.Settings(**{**GRID, "seeds": (1, 2)})
    got = sweep.run(more, little, file=file, resume=True, on_row=lambda _, old: seen.append(old))
    assert seen.count(True) == 2
    assert len(got) == 8
    assert len(json.loads(file.read_text())["rows"]) == 10


def test_failed_rows_are_tried_again(little: data.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, settings = tmp_path / "sweep.json", sweep.Settings(activations=("tanh",), depths=(1,), seeds=(0,), **FAST)

    def fail(*_: Any) -> Any:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "network", fail)
        assert sweep.run(settings, little, file=file)[0]["status"] == "failed"
    assert sweep.run(settings, little, file=file, resume=True)[0]["status"] == "ok"
    assert [row["status"] for row in json.loads(file.read_text())["rows"]] == ["ok"]


def test_rows_of_another_definition_or_version_are_not_taken_over(
    little: data.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "sweep.json"
    fastact.custom("x*sin(x)", name="wave_of_a_sweep")
    settings = sweep.Settings(activations=("wave_of_a_sweep",), depths=(1,), seeds=(0,), **FAST)
    (first,) = sweep.run(settings, little, file=file)
    fastact.custom("x*cos(x)", name="wave_of_a_sweep")
    (second,) = sweep.run(settings, little, file=file, resume=True)
    assert first["key"] != second["key"]
    assert first["loss"] != second["loss"]
    monkeypatch.setattr(fastact, "__version__", "99")
    assert sweep.run(settings, little)[0]["key"] not in (first["key"], second["key"])


def test_other_data_and_settings_are_refused(little: data.Dataset, tmp_path: Path):
    file, settings = tmp_path / "sweep.json", sweep.Settings(activations=("tanh",), depths=(1,), seeds=(0,), **FAST)
    with pytest.raises(results.ResumeError, match="there is nothing to resume"):
        sweep.run(settings, little, file=file, resume=True)
    with pytest.raises(ValueError, match="resume needs a file"):
        sweep.run(settings, little, resume=True)
    with pytest.raises(ValueError, match="file must be a file in a folder"):
        sweep.run(settings, little, file=tmp_path)
    sweep.run(settings, little, file=file)
    before = file.read_bytes()
    with pytest.raises(results.ResumeError, match="epochs = 2 there and 3 here"):
        sweep.run(sweep.Settings(**{**FAST, "epochs": 3}), little, file=file, resume=True)
    other = data.Dataset("other", little.X + 1, little.y, little.classes)
    with pytest.raises(results.ResumeError, match="with other data"):
        sweep.run(settings, other, file=file, resume=True)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"activations": ("gelo",)}, "activations must be among"),
        ({"activations": ("silu", "silu")}, "activations must be one or more different values"),
        ({"depths": ()}, "depths must be one or more different values"),
        ({"depths": (0,)}, "depths must be an integer >= 1, got 0"),
        ({"widths": (2.0,)}, "widths must be an integer >= 1, got 2.0"),
        ({"initialisers": ("best",)}, "initialisers must be one of auto, zeros, .*got 'best'"),
        ({"optimisers": ("best",)}, "optimisers must be one of sgd, .*got 'best'"),
        ({"learning_rates": (0.0,)}, r"learning_rates must be a number in \(0, inf\), got 0.0"),
        ({"batch_normalisation": ("yes",)}, "batch_normalisation must be one of True, False, got 'yes'"),
        ({"seeds": (-1,)}, "seeds must be an integer >= 0, got -1"),
        ({"epochs": 0}, "epochs must be an integer >= 1, got 0"),
        ({"gain": -1}, "gain must be a number in"),
        ({"dtype": "float16"}, "dtype must be one of float32, float64"),
        ({"test_share": 1.0}, r"test_share must be a number in \(0, 1\)"),
    ],
)
def test_bad_settings_are_named(wrong: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        sweep.Settings(**wrong)


# Tables -------------------------------------------------------------------------------------------------------------


def test_error_bars_are_those_over_seeds(rows: list[dict[str, Any]]):
    lost = {**rows[0], "seed": 9, "status": "diverged", "loss": None, "train_accuracy": None, "test_accuracy": None}
    table = sweep_table.over_seeds([*rows, lost])
    assert len(table) == 4
    for line in table:
        losses = [r["loss"] for r in rows if (r["activation"], r["depth"]) == (line["activation"], line["depth"])]
        assert line["loss_mean"] == pytest.approx(np.mean(losses))
        assert line["loss_std"] == pytest.approx(np.std(losses, ddof=1)) == pytest.approx(statistics.stdev(losses))
        assert line["ok"] == 2
    assert [line["diverged"] for line in table] == [1, 0, 0, 0]
    (alone,) = sweep_table.over_seeds(rows[:1])
    assert (alone["loss_mean"], alone["loss_std"]) == (rows[0]["loss"], None)
    (nothing,) = sweep_table.over_seeds([lost])
    assert nothing["loss_mean"] is nothing["loss_std"] is None
    headings, cells = sweep_table.printed([*rows, lost])
    assert headings == ["activation", "depth", "test accuracy", "train accuracy", "loss", "seeds"]
    assert cells[0][-1] == "2, 1 diverged"
    assert " ± " in cells[1][2]
    assert sweep_table.printed([lost])[1][0][2:] == ["-", "-", "-", "0, 1 diverged"]


def test_csv_and_pandas_hold_the_rows(rows: list[dict[str, Any]], tmp_path: Path):
    path = tmp_path / "rows.csv"
    sweep_table.to_csv(rows, path)
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows] == found
    frame = sweep_table.to_frame(rows)
    assert frame.shape == (len(rows), len(rows[0]))
    pd.testing.assert_frame_equal(frame[["activation", "loss"]], pd.read_csv(path)[["activation", "loss"]])


# The command --------------------------------------------------------------------------------------------------------

SHORT = ["--depths", "1", "--activations", "tanh,wide_of_a_sweep", "--define", "wide_of_a_sweep=x*sigmoid(x)"]
SHORT += ["--widths", "4", "--epochs", "1", "--seeds", "0,1", "--batch-normalisation", "both"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    app = cli.make_app()
    return lambda *arguments: CliRunner().invoke(app, ["sweep", *map(str, arguments)])


def test_the_command_prints_error_bars_and_writes_rows(run: Any, tmp_path: Path):
    result = run(*SHORT, "--jobs", "1")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines() if line.startswith(("tanh", "wide"))]
    assert [line[:3] for line in lines] == [
        [name, "1", yes] for name in ("tanh", "wide_of_a_sweep") for yes in ("no", "yes")
    ]
    assert all("±" in line for line in lines)
    rows = json.loads((tmp_path / "sweep.json").read_text())["rows"]
    with (tmp_path / "sweep.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(rows) == 8
    again = run(*SHORT, "--resume")
    assert again.exit_code == 0
    assert json.loads((tmp_path / "sweep.json").read_text())["rows"] == rows


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--depths", "x"], "depths must be integers with commas between, got 'x'"),
        (["--learning-rates", "fast"], "learning-rates must be numbers with commas between, got 'fast'"),
        (["--jobs", "0"], "n-jobs must be an integer >= 1, got 0"),
        (["--output", "rows.txt"], "output must be the name of a .json file, got rows.txt"),
        (["--batch-normalisation", "maybe"], "batch-normalisation must be no, yes or both, got 'maybe'"),
        (["--define", "phish"], "define must be NAME=EXPRESSION, got 'phish'"),
        (["--resume"], "there is nothing to resume: sweep.json does not exist"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_written(run: Any, tmp_path: Path, arguments: list[str], message: str):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_command_says_how_to_go_on(run: Any, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run", interrupt)
    result = run(*SHORT)
    assert result.exit_code == 130
    assert "Stopped. 0 of 8 rows are finished, in sweep.json" in result.output
    assert "--resume" in result.output


def test_the_command_names_every_axis_and_setting(run: Any):
    text = " ".join(run("--help").output.split())
    for name in (*sweep.AXES.values(), *sweep.Settings().common, "data", "jobs", "output", "resume", "scheduler"):
        assert f"--{name.replace('_', '-')}" in text
