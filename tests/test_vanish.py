"""The main job: its bounds hold, its numbers are right, and no finished row is lost."""

import itertools
import json
import math
import os
import re

import mpmath
import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.experiments import configuration, data, figure, results, vanish
from fastact.experiments.vanish import claims as vanish_claims
from fastact.experiments.vanish import text as vanish_text

# Of the others a network of some depth overflows.
BOUNDED = tuple(name for name, row in fastact.activations.items() if math.isfinite(row.sup_derivative))
FAST = {"width": 8, "epochs": 2, "probe": 40, "batch_size": 16, "seeds": 1, "cures": ("none",)}
FILE = vanish.EXPERIMENT.file


@pytest.fixture(scope="module")
def little():
    """Three noisy clusters in five dimensions."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = rng.normal(size=(90, 5)) + np.eye(5)[y] * 4
    return data.Dataset("clusters", X, y, ("a", "b", "c"))


@pytest.fixture(scope="module")
def report(little):
    settings = vanish.Settings(depths=(1, 3, 6), activations=BOUNDED, **FAST)
    return vanish.run(settings, little)


@pytest.fixture(scope="module")
def saturated(little):
    return vanish.run(vanish.Settings(depths=(1, 2, 4), saturated=True, **FAST), little)


def small_network(activation, *, dtype="float64", width=3, depth=3, seed=5):
    layers = [*(mlp.Dense(width, activation) for _ in range(depth)), mlp.Dense(3)]
    return mlp.Network(layers, inputs=4, dtype=dtype, seed=seed)


def reference(activation):
    """f' in 30 digits by mpmath's own differentiation, at one point."""
    f = {
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "tanh": mpmath.tanh,
        "gelu": lambda x: x * mpmath.ncdf(x),
        "relu": lambda x: max(x, mpmath.mpf(0)),
    }[activation]
    return lambda x: mpmath.diff(f, mpmath.mpf(float(x)))


def sup_of(row):
    return fastact.activations[row["activation"]].sup_derivative


# --- the bounds


def measurements(report):
    return [(row, row[when]) for row in report["rows"] for when in ("initial", "trained") if row[when] is not None]


def log10(value):
    """The logarithm that a report holds, where None stands for that of 0."""
    return -math.inf if value is None else value


ROUNDING = 1e-5  # in log10: what float32 may add to a bound that is reached


def test_there_is_a_row_for_every_depth_and_activation(report):
    assert {(row["depth"], row["activation"]) for row in report["rows"]} == {
        (depth, name) for depth in (1, 3, 6) for name in BOUNDED
    }
    assert report["complete"]
    assert all(len(row["initial"]["layers"]) == row["depth"] + 1 for row in report["rows"])
    assert not [row["activation"] for row in report["rows"] if row["diverged"] and math.isfinite(sup_of(row))]


def test_the_path_bound_holds_for_the_path_product(report):
    for row, measured in measurements(report):
        sup = sup_of(row)
        bound = measured["path_product_bound_log10"]
        assert bound == pytest.approx(row["depth"] * math.log10(sup) if math.isfinite(sup) else None)
        if bound is not None:
            assert log10(measured["path_product_max_log10"]) <= bound + ROUNDING
        assert log10(measured["path_product_mean_log10"]) <= log10(measured["path_product_max_log10"]) + ROUNDING


def test_the_gradient_bound_holds_for_the_gradient_in_every_layer(report):
    for row, measured in measurements(report):
        if not math.isfinite(sup_of(row)):
            assert measured["gradient_ratio_bound_log10"] is None
            continue
        assert log10(measured["gradient_ratio_log10"]) <= measured["gradient_ratio_bound_log10"] + ROUNDING
        for layer in measured["layers"]:
            norm = layer["activation_gradient_norm"]
            assert norm == 0 or math.log10(norm) <= layer["gradient_norm_bound_log10"] + ROUNDING


def test_the_gradient_bound_is_the_product_it_says(report):
    for row, measured in measurements(report):
        sup = sup_of(row)
        if math.isfinite(sup):
            norms = [layer["weight_spectral_norm"] for layer in measured["layers"][1:]]
            assert 10 ** measured["gradient_ratio_bound_log10"] == pytest.approx(math.prod(sup * n for n in norms))


def test_one_bound_does_not_hold_for_the_other_quantity(little):
    """0.25^depth is no bound on the gradient: with larger weights its ratio exceeds it."""
    settings = vanish.Settings(depths=(4,), activations=("sigmoid",), gain=4.0, **FAST)
    measured = vanish.run(settings, little)["rows"][0]["initial"]
    assert measured["gradient_ratio_log10"] > measured["path_product_bound_log10"]
    assert measured["gradient_ratio_log10"] <= measured["gradient_ratio_bound_log10"]


# --- the measured quantities, each computed in another way


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "gelu"])
def test_path_products_are_those_over_all_paths(activation):
    net = small_network(activation)
    X = np.random.default_rng(6).normal(size=(4, 4))
    slope = reference(activation)
    a = X
    per_layer = []
    for layer in net.layers[:-1]:
        z = a @ layer.weight + layer.bias
        per_layer.append([[abs(slope(value)) for value in sample] for sample in z])
        a = getattr(fastact, activation)(z)
    products = [
        mpmath.fprod(per_layer[at][sample][unit] for at, unit in enumerate(path))
        for sample in range(len(X))
        for path in itertools.product(range(3), repeat=3)
    ]
    largest, mean = vanish.path_products(net, X)
    assert largest == pytest.approx(float(mpmath.log10(max(products))), rel=1e-10)
    assert mean == pytest.approx(float(mpmath.log10(mpmath.fsum(products) / len(products))), rel=1e-10)


def test_path_products_of_dead_rectifiers_are_zero():
    net = small_network("relu")
    net.layers[1].bias[:] = -1e6
    assert vanish.path_products(net, np.ones((2, 4))) == (-math.inf, -math.inf)


def test_path_products_leave_the_range_of_float64():
    net = small_network("tanh", depth=12)
    for layer in net.layers[:-1]:
        layer.bias[:] = 100.0
    largest, mean = vanish.path_products(net, np.zeros((2, 4)))
    assert largest == pytest.approx(12 * float(mpmath.log10(mpmath.sech(100) ** 2)), rel=0.05)
    assert mean <= largest < -1000


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "gelu", "relu"])
def test_gradient_norms_are_those_of_central_differences(activation):
    """The first hidden layer's bias shifts its pre-activations: with one sample dL/db_1 is dL/dz_1."""
    net = small_network(activation)
    X, y = np.random.default_rng(7).normal(size=(1, 4)), np.array([1])
    measured = vanish.measurement(net, X, y)

    def loss():
        z = net.forward(X)[0]
        return np.log(np.exp(z - z.max()).sum()) + z.max() - z[y[0]]

    for layer, found in zip((net.layers[0], net.layers[-1]), ("first", "last"), strict=True):
        gradient = []
        for unit in range(layer.units):
            values = []
            for step in (1e-5, -1e-5):
                layer.bias[unit] += step
                values.append(loss())
                layer.bias[unit] -= step
            gradient.append((values[0] - values[1]) / 2e-5)
        assert measured[f"{found}_gradient_norm"] == pytest.approx(np.linalg.norm(gradient), rel=1e-6)
    assert measured["gradient_ratio"] == measured["first_gradient_norm"] / measured["last_gradient_norm"]


def test_depth_vanishes_with_the_sigmoid_and_not_with_tanh():
    """What the figure says, on the digits: the sigmoid's gradient falls with depth as the path product does."""
    settings = vanish.Settings(depths=(2, 10), activations=("sigmoid", "tanh"), epochs=1, seeds=1, cures=("none",))
    rows = {(row["activation"], row["depth"]): row["initial"] for row in vanish.run(settings)["rows"]}
    assert rows["sigmoid", 10]["gradient_ratio"] < 1e-4 * rows["sigmoid", 2]["gradient_ratio"]
    assert rows["tanh", 10]["gradient_ratio"] > 0.1 * rows["tanh", 2]["gradient_ratio"]


# --- exact and textbook derivatives


def test_at_an_ordinary_initialisation_the_textbook_makes_no_difference(report):
    for row in report["rows"]:
        assert row["textbook"]["rounded_to_zero"] == 0
        assert vanish_text.worst_difference(row) < 1e-5
        ratios = [ratio for ratio in row["textbook"]["gradient_ratio_by_layer"] if ratio is not None]
        assert ratios == pytest.approx([1] * len(ratios), rel=1e-5)
    (sentence,) = vanish_text.rounding(report["rows"], saturated=False)
    assert re.search(r"ratio of textbook to exact gradient norm is 1 to within \de-\d\d", sentence)
    assert "make no difference: no derivative was rounded to exactly 0" in sentence


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturated_the_textbook_gradient_is_exactly_zero_and_the_true_one_is_not(saturated, activation):
    rows = [row for row in saturated["rows"] if row["activation"] == activation]
    assert len(rows) == 3
    for row in rows:
        assert row["textbook"]["gradient_norm_by_layer"] == [0.0] * row["depth"]
        assert row["textbook"]["gradient_ratio_by_layer"] == [0.0] * row["depth"]
        assert row["textbook"]["rounded_to_zero_by_layer"][-1] == 1.0
        assert all(layer["activation_gradient_norm"] > 0 for layer in row["initial"]["layers"])
        assert vanish_text.first_layer_stopped(row)
    (sentence,) = [s for s in vanish_text.rounding(saturated["rows"], saturated=True) if activation in s]
    assert "in 3 of 3 networks the textbook gradient of the first layer is exactly 0" in sentence


def test_where_the_true_gradient_underflows_too_the_words_do_not_claim_it(little):
    """60 sigmoid layers below the saturated one: float32 ends before the first layer."""
    settings = vanish.Settings(depths=(60,), activations=("sigmoid",), saturated=True, **{**FAST, "epochs": 1})
    rows = vanish.run(settings, little)["rows"]
    assert rows[0]["initial"]["first_gradient_norm"] == 0
    assert rows[0]["textbook"]["gradient_ratio_by_layer"][0] is None
    assert not vanish_text.first_layer_stopped(rows[0])
    (sentence,) = vanish_text.rounding(rows, saturated=True)
    assert "in the networks the ratio of textbook to true gradient norm falls to 0." in sentence
    assert "true norm" not in sentence


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_saturated_makes_no_difference_without_a_textbook_form(saturated, activation):
    for row in saturated["rows"]:
        if row["activation"] == activation:
            assert vanish_text.worst_difference(row) == 0
            assert row["textbook"]["rounded_to_zero"] == 0
    assert "relu, gelu" in vanish_text.rounding(saturated["rows"], saturated=True)[-1]


@pytest.mark.parametrize(("dtype", "level"), [("float32", 17), ("float64", 37.5)])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_the_saturated_gradient_is_the_true_one(dtype, level, activation):
    net = small_network(activation, dtype=dtype, depth=1)
    X, y = np.random.default_rng(8).normal(size=(5, 4)).astype(dtype), np.arange(5) % 3
    vanish.saturate(net, X, vanish.SATURATION[dtype])
    z = X @ net.layers[0].weight + net.layers[0].bias
    assert z.min() > level
    # The whole chain in mpmath, from the network's own numbers.
    slope = reference(activation)
    a = np.ones_like(z)  # f(z) rounds to it
    logits = (a @ net.layers[1].weight + net.layers[1].bias).astype(np.float64)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    output = (softmax - np.eye(3)[y]) / len(y)
    with mpmath.workdps(60):
        slopes = np.array([[float(slope(value)) for value in sample] for sample in z])
    expected = (output @ net.layers[1].weight.T.astype(np.float64)) * slopes
    measured = vanish.measurement(net, X, y)
    assert measured["first_gradient_norm"] == pytest.approx(np.linalg.norm(expected), rel=1e-4)


# --- repeatability, files, resuming


def test_a_seed_fixes_every_number_and_another_changes_them(little):
    settings = dict(depths=(2,), activations=("gelu",), **FAST)
    one = vanish.run(vanish.Settings(**settings), little)
    assert one == vanish.run(vanish.Settings(**settings), little)
    other = vanish.run(vanish.Settings(**settings, seed=1), little)
    assert other["rows"][0]["initial"] != one["rows"][0]["initial"]
    assert other["rows"][0]["key"] != one["rows"][0]["key"]


SETTINGS = vanish.Settings(depths=(1, 2, 3), activations=("sigmoid", "relu"), **FAST)


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_file_holds_what_run_returns(little, tmp_path):
    report = vanish.run(SETTINGS, little, folder=tmp_path / "new" / "folder")
    path = tmp_path / "new" / "folder" / FILE
    on_disk = strict(path.read_text(encoding="utf-8"))
    assert on_disk.pop("format") == results.FORMAT
    assert on_disk == report
    assert os.listdir(path.parent) == [FILE]
    assert on_disk["settings"]["width"] == 8
    assert on_disk["data"]["sha256"] == little.fingerprint
    assert on_disk["versions"]["fastact"] == fastact.__version__


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"epochs": 3},
        {"learning_rate": 0.5},
        {"dtype": "float64"},
        {"saturated": True},
        {"initialiser": "he_normal"},
    ],
)
def test_resuming_with_other_settings_names_them_and_changes_nothing(little, tmp_path, change):
    settings = dict(depths=(1,), activations=("tanh",), **FAST)
    vanish.run(vanish.Settings(**settings), little, folder=tmp_path)
    before = (tmp_path / FILE).read_bytes()
    (name,) = change
    with pytest.raises(results.ResumeError, match=f"other settings: {name} = "):
        vanish.run(vanish.Settings(**{**settings, **change}), little, folder=tmp_path, resume=True)
    assert (tmp_path / FILE).read_bytes() == before


def test_resuming_with_other_data_is_refused(little, tmp_path):
    settings = vanish.Settings(depths=(1,), activations=("tanh",), **FAST)
    vanish.run(settings, little, folder=tmp_path)
    other = data.Dataset("clusters", little.X + 1e-9, little.y, little.classes)
    with pytest.raises(results.ResumeError, match="other data: sha256 = "):
        vanish.run(settings, other, folder=tmp_path, resume=True)


def test_rows_that_another_version_made_are_computed_anew(little, tmp_path, monkeypatch):
    settings = vanish.Settings(depths=(1, 2), activations=("tanh",), **FAST)
    with monkeypatch.context() as patch:
        patch.setattr(fastact, "__version__", "0.0.0")
        vanish.run(settings, little, folder=tmp_path)
    seen = []
    report = vanish.run(settings, little, folder=tmp_path, resume=True, on_row=lambda _, taken: seen.append(taken))
    assert seen == [False, False]
    assert len(report["rows"]) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "nothing to resume: .* does not exist"),
        ("", "cannot be read as JSON"),
        ('{"format": 1, "rows": [', "cannot be read as JSON"),
        ("[]", "not a report of this version"),
        ('{"format": 0, "rows": []}', "not a report of this version"),
        ('{"format": 1, "rows": [{}]}', "not a report of this version"),
        ('{"format": 1, "rows": []}', "holds no results of vanish"),
        ('{"format": 1, "experiment": "vanish", "rows": [{"key": "x"}]}', "not a report of this version"),
    ],
)
def test_what_is_no_report_cannot_be_resumed(little, tmp_path, content, message):
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with pytest.raises(results.ResumeError, match=message):
        vanish.run(SETTINGS, little, folder=tmp_path, resume=True)


def test_resume_needs_a_folder_and_the_folder_is_one(little, tmp_path):
    with pytest.raises(ValueError, match="resume needs a folder"):
        vanish.run(SETTINGS, little, resume=True)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="folder must be a folder"):
        vanish.run(SETTINGS, little, folder=tmp_path / "file")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch, step):
    path = tmp_path / "report.json"
    results.write(path, {"rows": [1]})
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        results.write(path, {"rows": [1, 2]})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_written_file_has_the_usual_permissions(tmp_path):
    results.write(tmp_path / "report.json", {})
    (tmp_path / "usual").touch()
    assert (tmp_path / "report.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_plain_data_are_json():
    value = {"a": np.float32(0.5), "b": (np.int64(2), np.nan, -math.inf), "c": np.True_, "d": None}
    assert results.plain(value) == {"a": 0.5, "b": [2, None, None], "c": True, "d": None}


# --- bad settings, and runs that go wrong


@pytest.mark.parametrize(
    "bad",
    [
        {"depths": ()},
        {"depths": (0,)},
        {"depths": (1, 1)},
        {"depths": (1.5,)},
        {"depths": (True,)},
        {"activations": ()},
        {"activations": ("sigmoid", "sigmoid")},
        {"activations": ("sigmoidal",)},
        {"width": 0},
        {"width": "8"},
        {"epochs": 0},
        {"batch_size": -1},
        {"probe": 0},
        {"seed": -1},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"learning_rate": math.inf},
        {"gain": -1.0},
        {"test_share": 1.0},
        {"optimiser": "adamant"},
        {"initialiser": "zero"},
        {"dtype": "float16"},
    ],
)
def test_bad_settings_are_refused_by_name(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=rf"^{name} must be"):
        vanish.Settings(**bad)


def test_a_training_that_diverges_is_a_row_that_says_so(little, tmp_path):
    settings = vanish.Settings(
        depths=(3,), activations=("relu", "tanh"), optimiser="sgd", learning_rate=1e30, **{**FAST, "epochs": 20}
    )
    report = vanish.run(settings, little, folder=tmp_path)
    assert report["complete"]
    row = report["rows"][0]
    assert row["diverged"]
    assert row["test_accuracy"] is None
    assert row["trained"] is None
    assert row["initial"]["first_gradient_norm"] > 0
    assert "diverged (1)" in vanish_text.cells([row])
    assert vanish_claims.findings(report)
    figure.save(vanish.EXPERIMENT, report, tmp_path)


@pytest.mark.parametrize("optimiser", vanish.OPTIMISERS)
@pytest.mark.parametrize("dtype", tuple(vanish.SATURATION))
def test_training_learns(little, optimiser, dtype):
    settings = vanish.Settings(
        depths=(1,), activations=("tanh",), cures=("none",), seeds=1, optimiser=optimiser, dtype=dtype,
        learning_rate=0.03, width=16, epochs=30,
    )  # fmt: skip
    (row,) = vanish.run(settings, little)["rows"]
    assert row["test_accuracy"] > 0.8
    assert len(row["loss"]) == 30
    assert row["loss"][-1] < 0.5 * row["loss"][0]


def test_initialisers_follow_the_table():
    kinds = {name: configuration.initialiser_for(name) for name in fastact.activations}
    assert kinds["sigmoid"] == kinds["tanh"] == kinds["identity"] == "xavier_uniform"
    assert kinds["relu"] == kinds["gelu"] == kinds["softplus"] == kinds["leaky_relu"] == "he_uniform"
    assert kinds["selu"] == "lecun_normal"


# --- what a person reads and sees


@pytest.mark.parametrize(
    ("log10", "text"),
    [
        (0.0, "1"),
        (math.log10(0.25), "0.25"),
        (math.log10(37.9), "38"),
        (math.log10(0.0996), "0.1"),
        (30 * math.log10(0.25), "8.7e-19"),
        (-1350.3, "5.0e-1351"),
        (12.5, "3.2e+12"),
        (-7.00001, "1.0e-07"),
        (None, "0"),
    ],
)
def test_powers_are_written_in_any_range(log10, text):
    assert vanish_text.power(log10) == text


def test_the_cells_are_the_numbers_of_the_row(report):
    for row in (row for row in report["rows"] if math.isfinite(sup_of(row)) and not row["diverged"]):
        shown = vanish_text.cells([row])
        assert len(shown) == len(vanish_text.HEADINGS)
        initial = row["initial"]
        assert shown[:3] == (str(row["depth"]), row["activation"], "-")
        assert float(shown[3].rstrip("%")) / 100 == pytest.approx(row["test_accuracy"], abs=5e-4)
        expected = [initial["first_gradient_norm"], initial["gradient_ratio"]]
        expected += [10 ** initial["gradient_ratio_bound_log10"], initial["path_product_max"]]
        expected += [10 ** initial["path_product_bound_log10"]]
        assert [float(cell) for cell in shown[4:]] == pytest.approx(expected, rel=0.06)


def test_every_dead_rectifier_can_be_shown(report):
    row = json.loads(json.dumps(report["rows"][0]))
    row["initial"].update(
        first_gradient_norm=0.0, gradient_ratio=None, path_product_max_log10=None, gradient_ratio_bound_log10=None
    )
    assert vanish_text.cells([row])[4:8] == ("0", "n/a", "none", "0")


# --- cures and claims


@pytest.fixture(scope="module")
def cured(little):
    settings = vanish.Settings(depths=(1, 4), activations=("sigmoid", "relu"), **{**FAST, "cures": vanish.CURES})
    return vanish.run(settings, little)


def test_cures_are_rows_of_their_own(cured):
    assert {(row["activation"], row["cure"]) for row in cured["rows"]} == {
        ("sigmoid", "none"), ("relu", "none"), *(("sigmoid", cure) for cure in vanish.CURES),
    }  # fmt: skip
    initialisers = {row["cure"]: row["initialiser"] for row in cured["rows"] if row["activation"] == "sigmoid"}
    assert initialisers == {
        "none": "xavier_uniform", "xavier": "xavier_uniform", "he": "he_uniform", "lecun": "lecun_normal",
        "critical": "edge_of_chaos", "batch_normalisation": "xavier_uniform",
    }  # fmt: skip


def test_normalised_gradients_are_those_of_training(little):
    """Against the chain rule written out, through the normalisation by the batch."""
    settings = vanish.Settings(dtype="float64", **FAST)
    cell = {"activation": "tanh", "cure": vanish.NORMALISED, "depth": 2, "seed": 3}
    X, y = little.X[:20], little.y[:20]
    net = vanish.network(settings, cell, "xavier_uniform", 5, 3)
    measured = vanish.measurement(net, X, y)
    first, second, last = net.layers[0].weight, net.layers[3].weight, net.layers[6]

    def normalise(a):
        mean, variance = a.mean(axis=0), a.var(axis=0)
        return (a - mean) / np.sqrt(variance + 1e-5), variance

    z1, _ = normalise(X @ first)
    z2, variance = normalise(np.tanh(z1) @ second)
    logits = np.tanh(z2) @ last.weight + last.bias
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    at_logits = (softmax - np.eye(3)[y]) / len(y)
    at_z2 = (at_logits @ last.weight.T) / np.cosh(z2) ** 2
    through = (at_z2 - at_z2.mean(axis=0) - z2 * (at_z2 * z2).mean(axis=0)) / np.sqrt(variance + 1e-5)
    at_z1 = (through @ second.T) / np.cosh(z1) ** 2
    norms = [layer["activation_gradient_norm"] for layer in measured["layers"]]
    assert norms == pytest.approx([np.linalg.norm(g) for g in (at_z1, at_z2, at_logits)], rel=1e-10)
    assert measured["gradient_ratio"] == pytest.approx(norms[0] / norms[-1])
    assert all(
        (net.layers[at].state()[name] == start).all()
        for at in (1, 4)
        for name, start in {"running_mean": 0.0, "running_variance": 1.0}.items()
    )


def test_an_activation_without_an_edge_of_chaos_has_no_such_cure():
    with pytest.raises(ValueError, match="cures must not have critical with softplus"):
        vanish.Settings(cured=("softplus",))
    assert vanish.Settings(cured=("softplus",), cures=("he",)).cured == ("softplus",)


def made_up(accuracies, *, ratio=lambda depth: 0.25**depth, name="sigmoid"):
    """A report in which a network of each depth has an accuracy, without or with a cure."""
    rows = []
    for cure, by_depth in accuracies.items():
        for depth, accuracy in by_depth.items():
            measured = {
                "gradient_ratio": ratio(depth), "gradient_ratio_log10": math.log10(ratio(depth)),
                "gradient_ratio_bound_log10": math.log10(ratio(depth)) + 0.1,
                "path_product_max_log10": depth * math.log10(0.25) - 0.01,
                "path_product_bound_log10": depth * math.log10(0.25),
            }  # fmt: skip
            textbook = {"rounded_to_zero_by_layer": [0.0], "gradient_ratio_by_layer": [1.0]}
            textbook["weight_gradient_difference_by_layer"] = [0.0]
            rows.append(
                {"activation": name, "cure": cure, "depth": depth, "seed": 0, "train_accuracy": accuracy,
                 "initial": measured, "textbook": textbook if cure == "none" else None}
            )  # fmt: skip
    return {"rows": rows, "settings": {"saturated": False}, "data": {"classes": 10}}


@pytest.mark.parametrize(
    ("accuracies", "part", "judgement"),
    [
        ({1: 0.9, 5: 0.89, 9: 0.3}, "Accuracy falls", "holds only if there are more than 5 layers"),
        ({1: 0.9, 5: 0.4, 9: 0.3}, "Accuracy falls", "holds"),
        ({1: 0.9, 5: 0.4, 9: 0.88}, "Accuracy falls", "holds"),  # good again further on is not good so far
        ({1: 0.9, 5: 0.87, 9: 0.88}, "Accuracy falls", "does not hold"),
        ({1: 0.3, 5: 0.4, 9: 0.9}, "Accuracy falls", "does not hold"),  # it rises
        ({1: 0.3, 5: 0.9, 9: 0.4}, "Accuracy falls", "holds only if there are more than 5 layers"),
    ],
)
def test_verdicts_on_accuracy_follow_the_rows(accuracies, part, judgement):
    (found,) = [f for f in vanish_claims.findings(made_up({"none": accuracies})) if f.claim.startswith(part)]
    assert found.judgement == judgement


@pytest.mark.parametrize(
    ("cured_accuracies", "judgement"),
    [
        ({5: 0.9, 9: 0.9}, "holds"),
        ({5: 0.9, 9: 0.3}, "holds only if there are at most 5 layers"),
        ({5: 0.3, 9: 0.3}, "does not hold"),
        ({5: None, 9: None}, "does not hold"),
    ],
)
def test_verdicts_on_cures_follow_the_rows(cured_accuracies, judgement):
    report = made_up({"none": {1: 0.9, 5: 0.3, 9: 0.1}, "critical": cured_accuracies})
    (found,) = [f for f in vanish_claims.findings(report) if "edge of chaos" in f.claim]
    assert found.judgement == judgement


@pytest.mark.parametrize(
    ("ratio", "name", "judgement"),
    [
        (lambda depth: 0.25**depth, "sigmoid", "holds"),
        (lambda depth: 0.99**depth, "sigmoid", "does not hold"),
        (lambda depth: 0.25**depth, "relu", "does not hold"),
        (lambda depth: 0.99**depth, "relu", "holds"),
        (lambda depth: 2.0 ** -(depth**3), "sigmoid", "does not hold"),  # falls, but not exponentially
    ],
)
def test_verdicts_on_gradients_follow_the_rows(ratio, name, judgement):
    report = made_up({"none": {1: 0.9, 5: 0.9, 9: 0.9}}, ratio=ratio, name=name)
    (found,) = [f for f in vanish_claims.findings(report) if "gradients of" in f.claim]
    assert found.judgement == judgement


def test_what_error_bars_allow_is_not_called_good():
    report = made_up({"none": {1: 0.9, 9: 0.1}, "critical": {9: 0.8}})
    for seed, accuracy in ((1, 0.99), (2, 0.5)):
        more = made_up({"none": {1: 0.9, 9: 0.1}, "critical": {9: accuracy}})["rows"]
        report["rows"] += [row | {"seed": seed} for row in more]
    (found,) = [f for f in vanish_claims.findings(report) if "edge of chaos" in f.claim]
    assert found.verdict == "does not hold"


@pytest.mark.parametrize(
    ("deepest", "judgement"),
    [
        ((0.6, 0.9, 0.9), "holds only if there are at most 5 layers; the error bars at depth 9 allow more"),
        ((0.6, 0.61, 0.59), "holds only if there are at most 5 layers"),
        ((0.88, 0.9, 0.89), "holds"),
    ],
)
def test_a_depth_that_is_open_is_told(deepest, judgement):
    rows = []
    for seed, accuracy in enumerate(deepest):
        made = made_up({"none": {1: 0.9 + 0.001 * seed, 5: 0.9, 9: accuracy}}, name="relu")
        rows += [row | {"seed": seed} for row in made["rows"]]
    (found,) = [f for f in vanish_claims.findings(made | {"rows": rows}) if "can be trained" in f.claim]
    assert found.judgement == judgement


def test_networks_that_guess_are_not_judged():
    report = made_up({"none": {1: 0.1, 5: 0.05, 9: 0.1}, "critical": {9: 0.1}})
    assert not [f for f in vanish_claims.findings(report) if "Accuracy" in f.claim or "trainable" in f.claim]


@pytest.mark.parametrize(("depths", "few"), [((1, 2), [1, 2]), ((1,), [1]), ((1, 2, 3, 4, 5, 6, 7), [1, 3, 5, 7])])
def test_a_few_depths_are_told_once_each(depths, few):
    assert vanish_claims._few(depths) == few


def test_gradients_that_overflow_are_not_told_to_vanish():
    report = made_up({"none": {1: 0.9, 9: 0.9}}, name="relu")
    report["rows"][1]["initial"] |= {"gradient_ratio": None, "gradient_ratio_log10": None}
    assert not [f for f in vanish_claims.findings(report) if "gradients of" in f.claim]


def test_the_bound_that_is_none_is_judged_as_such():
    def told(ratio):
        (found,) = [f for f in vanish_claims.findings(made_up({"none": {4: 0.9}}, ratio=ratio)) if "So the" in f.claim]
        return found.verdict

    assert told(lambda depth: 0.2**depth) == "holds"
    assert told(lambda depth: 0.3**depth) == "holds only if"


def curves(axes):
    return [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]


def test_an_alias_is_the_activation_once():
    (alias, name), *_ = [(alias, row.name) for row in fastact.activations.values() for alias in row.aliases]
    assert vanish.Settings(activations=[alias, "tanh"]).activations == (name, "tanh")
    with pytest.raises(ValueError, match="activations must be one or more different values"):
        vanish.Settings(activations=(alias, name))


def among(expected, found, *, logarithmic=True):
    expected = np.array(expected, dtype=float)  # None becomes NaN
    if logarithmic:
        expected[expected == 0] = np.nan  # which the axis has no place for
    return any(len(c) == len(expected) and np.allclose(c, expected, rtol=1e-12, equal_nan=True) for c in found)


def powers(values):
    return [None if value is None else 10**value for value in values]


def drawn(report):
    return [axes for panel in vanish.EXPERIMENT.panels(report) for axes in figure.single(panel).axes]


def test_the_figure_draws_the_numbers_and_each_bound(report):
    gradients, paths, accuracy = (curves(axes) for axes in drawn(report))
    for name in BOUNDED:
        rows = sorted((row for row in report["rows"] if row["activation"] == name), key=lambda row: row["depth"])
        layers = rows[-1]["initial"]["layers"]
        assert among([layer["activation_gradient_norm"] for layer in layers], gradients)
        assert among(powers(layer["gradient_norm_bound_log10"] for layer in layers), gradients)
        assert among(powers(row["initial"]["path_product_max_log10"] for row in rows), paths)
        if math.isfinite(sup_of(rows[0])):
            assert among([sup_of(row) ** row["depth"] for row in rows], paths)
        assert among([row["test_accuracy"] for row in rows], accuracy, logarithmic=False)


def test_the_figure_says_where_the_textbook_gradient_is_zero(saturated, report):
    def texts(report):
        return " ".join(text.get_text() for text in drawn(report)[0].texts)

    assert re.search(r"Textbook derivatives \(sigmoid, tanh\): exactly 0", texts(saturated))
    assert "Textbook" not in texts(report)
