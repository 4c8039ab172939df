"""The experiment ``race``: epochs until a training error, at the best rate of each activation."""

import copy

import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.experiments import data, race
from fastact.experiments.race import claims as race_claims
from fastact.experiments.spread import spread

SMALL = {"depths": (1,), "rates": (0.5, 1.0), "width": 8, "epochs": 2, "seeds": 2}


@pytest.fixture(scope="module")
def report():
    return race.run(race.Settings(**(SMALL | {"depths": (1, 2), "width": 16, "epochs": 3, "late_error": 0.2})))


# --- what is measured


def test_epochs_are_counted_in_steps():
    """Against a training of its own, batch by batch."""
    digits = data.digits()
    settings = race.Settings(**SMALL, error=0.4, late_error=0.3)
    row = race.measure(settings, digits, {"activation": "tanh", "depth": 1, "rate": 0.5, "seed": 3})
    parts = data.split(digits, test_share=0.25, seed=3, dtype="float32")
    net = mlp.Network([mlp.Dense(8, "tanh"), mlp.Dense(10)], inputs=64, seed=3, initialiser="xavier_uniform")
    count = len(parts.y_train) // 32
    rng = np.random.default_rng(3)
    order = np.concatenate([rng.permutation(len(parts.y_train))[: 32 * count] for _ in range(2)])
    errors = [np.mean(net.predict(parts.X_train) != parts.y_train)]
    optimiser = mlp.SGD(0.5)
    while errors[-1] > 0.3:
        batch = order[32 * (len(errors) - 1) : 32 * len(errors)]
        net.fit(parts.X_train[batch], parts.y_train[batch], epochs=1, batch_size=32, optimiser=optimiser, shuffle=False)
        errors.append(np.mean(net.predict(parts.X_train) != parts.y_train))
    assert row["late_epochs"] == pytest.approx((len(errors) - 1) / count)
    first = next(at for at, error in enumerate(errors) if error <= 0.4)
    assert 0 < first < len(errors) - 1
    assert row["epochs"] == pytest.approx(first / count)
    for at, epoch, error in zip(race.LOOKS, row["error_after"], row["errors"], strict=True):
        assert epoch == pytest.approx(at / count)
        assert error == (pytest.approx(errors[at]) if at < len(errors) else None)
    assert row["clock"]["step_seconds"] > 0.0


def test_giving_up_and_diverging_are_told():
    digits = data.digits()
    cell = {"activation": "sigmoid", "depth": 1, "rate": 1e-6, "seed": 0}
    row = race.measure(race.Settings(**SMALL), digits, cell)
    assert (row["epochs"], row["late_epochs"], row["diverged"]) == (None, None, False)
    row = race.measure(race.Settings(**SMALL), digits, cell | {"activation": "relu", "rate": 1e30})
    assert row["diverged"]


def test_the_late_target_comes_later():
    with pytest.raises(ValueError, match="late_error must be at most error"):
        race.Settings(error=0.1, late_error=0.2)


# --- the verdicts, over rows made by hand


def made(relu=(1.0, 1.01, 1.02), tanh=(6.5, 6.51, 6.52), sigmoid=(9.0, 9.1, 9.2), depths=(2,), clock=(1.0, 1.0, 1.0)):
    """Three seeds and two rates, of which the second is twice as slow; late targets take three times as long."""
    rows = []
    for (name, epochs), step in zip({"relu": relu, "tanh": tanh, "sigmoid": sigmoid}.items(), clock, strict=True):
        for depth in depths:
            for rate, factor in ((0.1, 1.0), (0.2, 2.0)):
                for seed, value in enumerate(epochs or (None,) * 3):
                    taken = None if value is None else factor * value
                    rows.append(
                        {
                            "activation": name, "depth": depth, "rate": rate, "seed": seed, "diverged": False,
                            "epochs": taken, "late_epochs": None if taken is None else 3.0 * taken, "limit": 20,
                            "error_after": [at / 10 for at in race.LOOKS], "errors": [0.5] * len(race.LOOKS),
                            "clock": {"step_seconds": step * (1e-4 + 1e-6 * seed)},
                        }
                    )  # fmt: skip
    return {
        "rows": rows, "settings": {"error": 0.25, "late_error": 0.05, "epochs": 20, "batch_size": 32},
        "data": {"name": "digits", "samples": 1797},
    }  # fmt: skip


def finding(report, words):
    return next((one for one in race.EXPERIMENT.findings(report) if words in one.claim), None)


@pytest.mark.parametrize(
    ("tanh", "judgement"),
    [
        ((6.5, 6.51, 6.52), "holds"),
        ((5.0, 5.1, 5.2), "does not hold"),
        ((60.0, 61.0, 62.0), "holds"),
        ((5.0, 5.5, 6.0), "not decided: with 2 hidden layers the error bars reach from 4.2 to 6.7 times"),
        ((6.2, 7.2, 8.2), "not decided: with 2 hidden layers the error bars reach from 4.7 to 9.6 times"),
    ],
)
def test_six_times_is_judged(tanh, judgement):
    report = made(tanh=tanh)
    found = finding(report, "6 times faster than with tanh")
    assert found.judgement == judgement
    assert f"{np.mean(tanh) / 1.01:.2f} ± " in found.measurement


def test_it_may_hold_at_some_depths():
    claim, report = "6 times faster than with tanh", made(depths=(2, 4))
    for row in report["rows"]:
        if row["depth"] == 4 and row["activation"] == "tanh":
            row["epochs"] = 2.0
    assert finding(report, claim).judgement == "holds only if the network has 2 hidden layers"
    for row in report["rows"]:
        if row["depth"] == 4 and row["activation"] == "tanh":
            row["epochs"] = 5.0 + row["seed"]
    assert finding(report, claim).judgement.startswith("not decided: with 4 hidden layers the error bars reach")


def test_who_never_arrives_is_slower_than_the_limit():
    report = made(sigmoid=None)
    found = finding(report, "6 times faster than with sigmoid")
    assert found.verdict == "holds"
    assert "at least 20 times" in found.measurement
    # A lower bound under 6 refutes nothing.
    late = finding(made(relu=(19.0, 19.1, 19.2), sigmoid=None), "than with sigmoid")
    assert late.judgement == "not decided: with 2 hidden layers at least 1 times is all that is known"
    # One seed of three arrived with the first rate: 4 epochs, and the 20 of the limit.
    half = made(sigmoid=None)
    next(row for row in half["rows"] if row["activation"] == "sigmoid")["epochs"] = 4.0
    assert f"at least {44.0 / 3.0 / 1.01:.2g} times" in finding(half, "than with sigmoid").measurement


def test_relu_may_not_arrive():
    found = finding(made(relu=None), "than with sigmoid")
    assert found.verdict == "does not hold"
    assert "not every seed within 20 with relu, 9.10 ± 0.10 with sigmoid (rate 0.1): less than 1 times" in (
        found.measurement
    )
    assert finding(made(relu=None), "learn faster than those").verdict == "does not hold"
    assert finding(made(relu=None, sigmoid=None), "than with sigmoid") is None
    report = made(depths=(2, 4))
    for row in report["rows"]:
        if row["depth"] == 4 and row["activation"] != "sigmoid":
            row["epochs"] = None
    found = finding(report, "6 times faster than with tanh")
    assert found.verdict == "holds"
    assert found.measurement.endswith("Left out, as neither arrives: tanh with 4 hidden layers.")
    assert "neither arrives: tanh with 4 hidden layers to 25%." in finding(report, "learn faster").measurement


def test_one_seed_decides_no_factor():
    report = made(relu=(1.0,), tanh=(60.0,), sigmoid=None)
    for rival in ("tanh", "sigmoid"):
        found = finding(report, f"6 times faster than with {rival}")
        assert found.condition == "with 2 hidden layers one seed has no error bar"


def test_faster_at_all_is_judged():
    claim = "learn faster than those"
    assert finding(made(), claim).verdict == "holds"
    assert finding(made(tanh=(0.5, 0.6, 0.7)), claim).condition == "the other is sigmoid"
    assert finding(made(tanh=(0.5, 0.6, 0.7), sigmoid=(0.5, 0.6, 0.7)), claim).verdict == "does not hold"
    overlapping = finding(made(tanh=(0.5, 1.0, 1.5)), claim).judgement
    assert overlapping.startswith("not decided: the error bars overlap with tanh and 2 hidden layers to 25%; ")
    report = made()
    for row in report["rows"]:
        row["late_epochs"] = 5.0 if row["activation"] == "tanh" else row["late_epochs"]
        row["late_epochs"] = 6.0 if row["activation"] == "relu" else row["late_epochs"]
    assert finding(report, claim).condition == "the other is tanh with 2 hidden layers to 25% or sigmoid"


def test_the_clock_is_judged_by_itself():
    assert finding(made(), "By the clock").verdict == "holds"
    assert finding(made(clock=(1.0, 0.5, 1.0)), "By the clock").condition == "the other is sigmoid"
    assert finding(made(clock=(1.0, 1.5, 1.2)), "A step with relu").verdict == "holds"
    assert finding(made(clock=(1.0, 1.0, 1.2)), "A step with relu").condition == "the other is sigmoid"
    assert finding(made(clock=(1.0, 0.9, 0.9)), "A step with relu").verdict == "does not hold"
    disturbed = made(clock=(1.0, 1.5, 1.2))
    disturbed["rows"][0]["clock"]["step_seconds"] *= 100.0
    words = "A step with relu"
    assert finding(disturbed, words) == finding(made(clock=(1.0, 1.5, 1.2)), words)
    # 2 hidden layers, 10 steps an epoch, a step 1e-4, 1.01e-4 and 1.02e-4 s
    expected = sum(10 * (1.0 + at) * 1e-4 * (1.0 + at) for at in (0.0, 0.01, 0.02)) / 3
    assert race_claims.seconds(made())["relu", 2].mean == pytest.approx(expected)


def test_without_the_clock_there_are_the_other_findings():
    report = made()
    clocked = race.EXPERIMENT.findings(report)
    without = copy.deepcopy(report)
    for row in without["rows"]:
        del row["clock"]
    found = race.EXPERIMENT.findings(without)
    assert found == [one for one in clocked if not one.clock]
    assert len(clocked) - len(found) == 2
    assert race.EXPERIMENT.table(without).lines[0][-1] == "n/a"
    assert race.EXPERIMENT.panels(without)


def test_ratios_carry_their_errors():
    slow, fast = spread([10.0, 12.0]), spread([2.0, 2.2])
    ratio = race_claims.Ratio(slow, fast)
    assert ratio.value == pytest.approx(11.0 / 2.1)
    assert ratio.error == pytest.approx(ratio.value * np.hypot(1.0 / 11.0, 0.1 / 2.1))
    # Student's t of one degree of freedom.
    assert ratio.upper == pytest.approx(ratio.value + 12.7062 * ratio.error, rel=1e-5)
    assert ratio.lower == 0.0
    assert race_claims.Ratio(spread([1.0]), spread([1.0])).slower is None
    assert race_claims.Ratio(spread([2.0]), spread([1.0])).slower is True
    assert race_claims.Ratio(spread([0.0, 0.0]), spread([1.0])).reaches(6.0) is False


# --- edge settings


def test_verdicts_of_a_run(report):
    found = race.EXPERIMENT.findings(report)
    assert len(found) == 5
    assert any("epochs" in panel.alt.lower() for panel in race.EXPERIMENT.panels(report))


def test_what_cannot_be_judged_is_left_out():
    fastact.custom("x*tanh(gelu(x))", name="phish_of_race_test")
    for settings in (
        {"activations": ("phish_of_race_test",), "seeds": 1},
        {"activations": ("relu", "tanh"), "rates": (1e-9,), "seeds": 1},
        {"activations": ("relu", "tanh"), "error": 0.99, "late_error": 0.98, "seeds": 1},
        {"batch_size": 5000, "seeds": 1},
    ):
        report = race.run(race.Settings(**(SMALL | settings)))
        for one in race.EXPERIMENT.findings(report):
            assert "nan" not in one.measurement
        for panel in race.EXPERIMENT.panels(report):
            assert "nan" not in panel.alt
        race.EXPERIMENT.table(report)
        race.EXPERIMENT.notes(report)
