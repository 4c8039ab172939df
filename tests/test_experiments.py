"""What all experiments have in common: rows, files, claims, figures and commands follow from their descriptions."""

import dataclasses
import inspect
import itertools
import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import fastact
from fastact import experiments
from fastact.experiments import data, drawing, figure, options, results, running
from fastact.experiments.experiment import CLOCK, Experiment, Finding, Table, verdict
from fastact.experiments.spread import grouped, over_seeds, spread
from fastact.figures import render

EVERY = pytest.mark.parametrize("name", experiments.NAMES)


SMALL = {"seeds": 2, "epochs": 2, "width": 16}


def shortest(experiment):
    """The quick settings, with less of everything that takes time: what is found then is of no interest here."""
    usual = experiment.settings(**experiment.quick).as_dict()
    small = {name: min(limit, usual[name]) for name, limit in SMALL.items() if isinstance(usual.get(name), int)}
    return experiment.settings(**{**experiment.quick, **small})


@pytest.fixture(scope="session")
def report_of(tmp_path_factory, worker_id):
    """One run of an experiment for all tests, in whatever process they are."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "experiments"
    folder.mkdir(exist_ok=True)
    known = {}

    def report(name):
        if name not in known:
            path = folder / f"{name}.json"
            if not path.exists():
                experiment = experiments.load(name)
                results.write(path, experiment.run(shortest(experiment)))
            known[name] = strict(path.read_text())
            del known[name]["format"]
        return known[name]

    return report


def without_clock(report):
    return {**report, "rows": [{k: v for k, v in row.items() if k != CLOCK} for row in report["rows"]]}


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@EVERY
def test_the_description_is_whole(name):
    experiment = experiments.load(name)
    assert experiment.name == name
    assert inspect.getmodule(experiment.measure).__name__.startswith("fastact.experiments.")
    assert experiment.title
    assert not experiment.title.endswith(".")
    assert experiment.summary.endswith(".")
    settings = experiment.settings()
    names = [field.name for field in dataclasses.fields(settings)]
    assert set(experiment.quick) <= set(names)
    assert "seed" in names
    for field in dataclasses.fields(settings):
        assert field.metadata["help"].endswith("."), field.name
    cells = experiment.cells(settings)
    assert cells
    assert all(tuple(cell) == tuple(experiment.axes) for cell in cells)
    assert len({tuple(cell.values()) for cell in cells}) == len(cells)
    assert {experiment.listed[axis] for axis in experiment.listed} <= set(names)
    assert "seed" not in experiment.axes or experiment.lists["seed"] == "seeds"


def test_the_page_lists_every_experiment():
    page = Path(__file__).parents[1] / "docs" / "experiments.md"
    if not page.exists():
        pytest.skip("the source tree is not here, only an installed fastact")
    listed = re.findall(r"^\| `fastact (\w+)` \| (.*) \|$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert listed == [(name, experiments.load(name).title) for name in experiments.NAMES]


@EVERY
def test_rows_are_complete_plain_and_defined(name, report_of):
    experiment, report = experiments.load(name), report_of(name)
    assert report["complete"]
    assert strict(json.dumps(report, allow_nan=False)) == report
    assert [tuple(row[axis] for axis in experiment.axes) for row in report["rows"]] == [
        tuple(results.plain(cell).values()) for cell in experiment.cells(shortest(experiment))
    ]
    for row in report["rows"]:
        assert set(row) - {"key"} <= set(experiment.definitions), "an entry of a row has no definition"
        assert set(row) == set(report["rows"][0])


@EVERY
def test_the_same_seed_gives_the_same_bytes_and_processes_change_none(name, tmp_path, report_of):
    experiment = experiments.load(name)
    # In other processes for one of them: starting these takes longer than most.
    again = experiment.run(shortest(experiment), folder=tmp_path, n_jobs=2 if name == "linear" else 1)
    assert without_clock(again) == without_clock(report_of(name))
    assert {
        key: value for key, value in strict((tmp_path / experiment.file).read_text()).items() if key != "format"
    } == again


@EVERY
def test_another_seed_gives_other_numbers(name, report_of):
    experiment = experiments.load(name)
    settings = shortest(experiment)
    other = experiment.run(dataclasses.replace(settings, seed=settings.seed + 100))

    def numbers(report):
        names = {"key", CLOCK, "seed"}
        return [{k: v for k, v in row.items() if k not in names} for row in report["rows"]]

    if any("seed" in cell for cell in experiment.cells(settings)):
        assert numbers(other) != numbers(report_of(name))


@EVERY
def test_claims_are_judged_from_the_rows(name, report_of):
    experiment, report = experiments.load(name), report_of(name)
    found = experiment.findings(report)
    assert found
    for finding in found:
        assert finding.claim.endswith(".")
        assert finding.source
        assert any(character.isdigit() for character in finding.measurement), "a measurement has a number"
        assert finding.measurement.endswith(".")
        assert "nan" not in finding.measurement.lower().split()
    assert strict(json.dumps(experiment.judged(report))) == experiment.judged(report)


@EVERY
def test_panels_are_drawn_and_told(name, report_of):
    experiment, report = experiments.load(name), report_of(name)
    panels = experiment.panels(report)
    assert panels
    assert len({panel.title for panel in panels}) == len(panels)
    for panel in panels:
        assert len(panel.alt) > len(panel.title)
        assert panel.note
        files = render(lambda panel=panel: figure.single(panel))
        assert files["png"].startswith(b"\x89PNG")
    first, second = (render(lambda: figure.draw(panels, figure.caption(report))) for _ in range(2))
    assert first == second


@EVERY
def test_figures_are_drawn_from_what_the_file_holds(name, report_of):
    experiment = experiments.load(name)
    report = strict(json.dumps(report_of(name)))
    before = json.dumps(report)
    experiment.panels(report)
    experiment.table(report)
    experiment.findings(report)
    assert json.dumps(report) == before


@EVERY
def test_the_table_has_a_cell_for_every_heading(name, report_of):
    experiment, report = experiments.load(name), report_of(name)
    table = experiment.table(report)
    assert isinstance(table, Table)
    assert table.lines
    assert all(len(line) == len(table.headings) for line in table.lines)
    assert all(isinstance(cell, str) for line in table.lines for cell in line)
    assert all(0 < at < len(table.lines) for at in table.sections)


@EVERY
def test_a_report_without_rows_is_not_drawn(name, tmp_path, report_of):
    experiment = experiments.load(name)
    with pytest.raises(ValueError, match="at least one row"):
        figure.save(experiment, {**report_of(name), "rows": []}, tmp_path)


# --- running, with an experiment of the tests' own


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(options.Settings):
    sizes: tuple = options.integers((1, 2), "Sizes.")
    rate: float = options.number(0.5, "A rate.")
    activations: tuple = options.activations(("relu", "tanh"))
    seed: int = options.seed()


def cells(settings):
    return [
        {"size": size, "activation": name} for name, size in itertools.product(settings.activations, settings.sizes)
    ]


def own_experiment(name="linear"):
    """Counts and adds; its rows are made in this process, where the package's registry is not asked."""
    return Experiment(
        name=name,
        title="A title",
        summary="A summary.",
        settings=Settings,
        axes=("size", "activation"),
        cells=cells,
        measure=lambda settings, _, cell: {"value": cell["size"] + settings.rate},
        definitions={"value": "a number"},
        findings=lambda _: [],
        panels=lambda _: [],
        table=lambda _: Table(headings=(), lines=()),
    )


@pytest.fixture
def own(monkeypatch):
    experiment = own_experiment()
    monkeypatch.setattr(running, "load", lambda _: experiment)
    return experiment


def test_an_interrupted_run_goes_on_where_it_stopped(own, tmp_path):
    seen = []

    def stop(row, taken_over):
        seen.append((row["size"], taken_over))
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        own.run(folder=tmp_path / "parts", on_row=stop)
    left = strict((tmp_path / "parts" / own.file).read_text())
    assert [row["value"] for row in left["rows"]] == [1.5, 2.5]
    assert not left["complete"]
    taken = []
    own.run(folder=tmp_path / "parts", resume=True, on_row=lambda row, before: taken.append(before))  # noqa: ARG005
    assert taken == [True, True, False, False]
    own.run(folder=tmp_path / "whole")
    assert (tmp_path / "parts" / own.file).read_bytes() == (tmp_path / "whole" / own.file).read_bytes()


def test_resumed_rows_that_are_not_asked_for_stay(own, tmp_path):
    own.run(Settings(sizes=(1, 3)), folder=tmp_path)
    report = own.run(Settings(sizes=(2,)), folder=tmp_path, resume=True)
    assert [(row["activation"], row["size"]) for row in report["rows"]] == [
        ("relu", 2), ("tanh", 2), ("relu", 1), ("relu", 3), ("tanh", 1), ("tanh", 3),
    ]  # fmt: skip
    assert report["settings"]["sizes"] == [2, 1, 3]
    assert report["complete"]


def test_settings_list_what_resumed_rows_have(own, tmp_path):
    other = dataclasses.replace(own, axes=("size", "activation"), listed={"size": "sizes"})
    assert other.lists == {"size": "sizes", "activation": "activations"}
    other.run(Settings(sizes=(1, 3)), folder=tmp_path)
    assert other.run(Settings(sizes=(2,)), folder=tmp_path, resume=True)["settings"]["sizes"] == [2, 1, 3]


def test_an_outcome_with_the_name_of_an_activation_changes_no_key(own, tmp_path, monkeypatch):
    """A row read from its file has its outcomes beside what it is known by."""
    named = dataclasses.replace(own, measure=lambda *_: {"value": "mine"})
    monkeypatch.setattr(running, "load", lambda _: named)
    monkeypatch.setattr(Settings, "own_definitions", {"mine": SimpleNamespace(spec=fastact.relu.spec)})
    monkeypatch.setattr(running, "register", lambda _: None)
    named.run(folder=tmp_path)
    seen = []
    named.run(folder=tmp_path, resume=True, on_row=lambda _, taken_over: seen.append(taken_over))
    assert all(seen)


def test_a_finished_file_stays_until_there_is_a_row(own, tmp_path, monkeypatch):
    own.run(folder=tmp_path)
    before = (tmp_path / own.file).read_bytes()

    def fail(*_):
        raise ArithmeticError("no")

    broken = dataclasses.replace(own, measure=fail)
    monkeypatch.setattr(running, "load", lambda _: broken)
    with pytest.raises(ArithmeticError):
        broken.run(Settings(rate=0.25), folder=tmp_path)
    assert (tmp_path / own.file).read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "dataset", "keywords", "message"),
    [
        (Settings(rate=0.25), None, {"resume": True}, "other settings: rate = 0.5 there and 0.25 here"),
        (None, data.Dataset("d", np.zeros((8, 1)), np.zeros(8, np.int64), ("0",)), {}, "dataset must be None"),
        (options.Settings(), None, {}, "settings must be those of linear"),
        (None, None, {"resume": True, "folder": None}, "resume needs a folder"),
    ],
)
def test_bad_runs_are_refused_and_change_nothing(own, tmp_path, settings, dataset, keywords, message):
    own.run(folder=tmp_path)
    before = (tmp_path / own.file).read_bytes()
    with pytest.raises(ValueError, match=message):
        own.run(settings, dataset, **{"folder": tmp_path, **keywords})
    assert (tmp_path / own.file).read_bytes() == before


def test_results_of_another_experiment_are_not_resumed(own, tmp_path):
    other = own_experiment("vanish")
    other.run(folder=tmp_path)
    (tmp_path / other.file).rename(tmp_path / own.file)
    with pytest.raises(results.ResumeError, match="holds no results of linear"):
        own.run(folder=tmp_path, resume=True)


@pytest.mark.parametrize(
    "bad",
    [
        {"sizes": ()},
        {"sizes": (1, 1)},
        {"sizes": (0,)},
        {"sizes": (True,)},
        {"rate": 0.0},
        {"rate": math.nan},
        {"rate": "1"},
        {"activations": ("swoosh",)},
        {"activations": ("sigmoid", "sigmoid")},
        {"seed": -1},
        {"seed": 1.0},
    ],
)
def test_bad_settings_are_refused_by_name(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=rf"^{name} must be"):
        Settings(**bad)


def test_settings_with_a_choice_and_a_closed_bound():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class More(options.Settings):
        kind: str = options.choice("a", "Which.", ("a", "b"))
        kinds: tuple = options.choices(("a",), "Which.", ("a", "b"))
        shares: tuple = options.numbers((0.0,), "Shares.", upper=1.0, closed=True)
        plain: bool = options.flag("Plainly.")

    assert More(kinds=["b", "a"], shares=[0, 0.5]).shares == (0.0, 0.5)
    for bad in ({"kind": "c"}, {"kinds": ("a", "a")}, {"shares": (1.0,)}, {"shares": (-0.1,)}, {"plain": 1}):
        with pytest.raises(ValueError, match=f"^{next(iter(bad))} must be"):
            More(**bad)


def test_activations_that_all_rows_share_are_part_of_what_a_row_is():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Shared(options.Settings):
        sizes: tuple = options.integers((1,), "Sizes.")
        mixture: tuple = options.activations(("relu", "sigmoid"), axis=False)

    assert Shared().common == {"mixture": ("relu", "sigmoid")}
    assert Settings().common == {"rate": 0.5, "seed": 0}


def test_unknown_experiments_are_refused():
    with pytest.raises(ValueError, match="experiment must be one of"):
        experiments.load("results")


def test_a_condition_goes_with_its_verdict():
    words = {"claim": "C.", "source": "S", "measurement": "1."}
    assert Finding(**words, verdict="holds only if", condition="it rains").judgement == "holds only if it rains"
    assert Finding(**words, verdict="not decided", condition="too few seeds").judgement == "not decided: too few seeds"
    for one in ("holds only if", "not decided"):
        with pytest.raises(ValueError, match="condition must be given"):
            Finding(**words, verdict=one)
    with pytest.raises(ValueError, match="condition must be given"):
        Finding(**words, verdict="holds", condition="it rains")


# --- wherever rows are computed


@pytest.mark.parametrize("backend", ["threading", "dask"])
def test_rows_do_not_depend_on_where_they_are_computed(backend):
    import joblib

    experiment = experiments.load("linear")
    settings = experiment.settings(activations=("identity", "tanh"), depths=(1,), seeds=2, epochs=3)
    expected = experiment.run(settings)
    if backend == "threading":
        with joblib.parallel_config("threading"):
            assert experiment.run(settings, n_jobs=2) == expected
        return
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config("dask"),
    ):
        assert experiment.run(settings) == expected


def test_a_claim_that_is_true_of_some_cases_holds_only_there():
    def words(those):
        return f"it is {' or '.join(those)}"

    assert verdict(["a", "b"], ["a", "b"], words) == {"verdict": "holds"}
    assert verdict(["b"], ["a", "b"], words) == {"verdict": "holds only if", "condition": "it is b"}
    assert verdict([], ["a", "b"], words) == {"verdict": "does not hold"}


# --- error bars


def test_spreads_are_those_of_numpy():
    values = np.random.default_rng(0).normal(size=7)
    found = spread([*values, None, math.nan, math.inf])
    assert found.count == 7
    np.testing.assert_allclose(
        [found.mean, found.std, found.error, found.lowest, found.highest],
        [values.mean(), values.std(ddof=1), values.std(ddof=1) / math.sqrt(7), values.min(), values.max()],
        rtol=1e-12,
    )
    assert f"{found:.2f}" == f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"
    assert f"{spread([0.5]):.0%}" == "50%"
    assert f"{spread([]):.0%}" == "n/a"
    assert math.isnan(spread([None]).mean)


def test_a_mean_is_above_another_by_what_its_error_bars_allow():
    low, high = spread([1.0, 2.0, 3.0]), spread([4.0, 5.0, 6.0])
    assert high.error == pytest.approx(1 / math.sqrt(3))
    # The differences have the standard error sqrt(2/3) = 0.82; t is 2.78 at 4 degrees of freedom.
    assert high.above(low)
    assert not spread([3.2, 4.2, 5.2]).above(low)
    assert not low.above(high)
    assert not spread([]).above(low)


def test_differences_are_judged_by_welch():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(1)
    judged = set()
    for _ in range(200):
        one = rng.normal(rng.uniform(0, 2), rng.uniform(0.2, 2), rng.integers(2, 6))
        other = rng.normal(0, 1, rng.integers(2, 6))
        expected = bool(ttest_ind(one, other, equal_var=False).pvalue < 0.05 and one.mean() > other.mean())
        assert spread(one).above(spread(other)) == expected
        judged.add(expected)
    assert judged == {True, False}
    assert spread([1.0]).above(spread([0.9]))
    assert not spread([1.0, 1.0]).above(spread([1.0, 1.0]))
    assert spread([1.0, 2.0]).margin == pytest.approx(12.706 * 0.5, rel=1e-4)
    assert spread([1.0]).margin == math.inf
    assert spread([2.0, 2.0, 2.0]).margin == 0.0


def test_groups_keep_the_order_of_the_rows():
    rows = [{"a": "y", "b": 1, "v": 1.0}, {"a": "x", "b": 1, "v": 2.0}, {"a": "y", "b": 1, "v": 3.0}]
    assert list(grouped(rows, ("a", "b"))) == [("y", 1), ("x", 1)]
    assert over_seeds(rows, ("a",), lambda row: row["v"])["y",].mean == 2.0


def test_words_say_where_curves_begin_and_end():
    values = {("relu", 2): spread([3.0]), ("relu", 1): spread([1.0, 2.0]), ("tanh", 1): spread([])}
    assert drawing.ends(values, ".1f", place="depth") == (
        "relu: from 1.5 ± 0.7 at depth 1 to 3.0 at depth 2; tanh: no value."
    )
