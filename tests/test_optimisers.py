"""The experiment ``optimisers``: surfaces by finite differences, rules written out, theory of noise, verdicts."""

import math

import numpy as np
import pytest

from fastact import mlp
from fastact.experiments import data, figure, shapes, stepping
from fastact.experiments import optimisers as experiment
from fastact.experiments.optimisers import claims as findings
from fastact.experiments.optimisers import surfaces

EXPERIMENT = experiment.EXPERIMENT
SURFACES = pytest.mark.parametrize("name", surfaces.SURFACES)


@SURFACES
def test_slopes_are_finite_differences(name):
    surface = surfaces.SURFACES[name]
    x, y = np.random.default_rng(0).uniform(-2, 2, (2, 20))
    h = 1e-6
    expected = (
        (surface.value(x + h, y) - surface.value(x - h, y)) / (2 * h),
        (surface.value(x, y + h) - surface.value(x, y - h)) / (2 * h),
    )
    np.testing.assert_allclose(surface.slope(x, y), expected, atol=1e-7)


def test_the_barrier_lies_between_two_minima():
    slope, _ = surfaces.WELLS.slope(np.array([surfaces.BARRIER]), np.zeros(1))
    np.testing.assert_allclose(slope, 0, atol=1e-12)
    x = np.linspace(-2, 2, 4001)
    value = surfaces.WELLS.value(x, 0 * x)
    left, right = value[x < surfaces.BARRIER].min(), value[x > surfaces.BARRIER].min()
    assert right < left < surfaces.WELLS.value(surfaces.BARRIER, 0.0)
    centre, reach = surfaces.WELLS.centre[0], surfaces.WELLS.spread[0]
    assert centre + reach < x[x < surfaces.BARRIER][value[x < surfaces.BARRIER].argmin()], "starts are left of both"


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_paths_are_those_of_the_rule_written_out(momentum):
    begin = surfaces.starts(surfaces.WELLS, 3)
    way = surfaces.descend(surfaces.WELLS, mlp.SGD(0.03, momentum=momentum), begin)
    at, speed = begin.reshape(2, -1).copy(), 0.0
    for step in range(surfaces.STEPS):
        speed = momentum * speed + np.stack([at[0] ** 3 - at[0] - 0.2, at[1]])
        at = at - 0.03 * speed
        np.testing.assert_allclose(way[step + 1], at, rtol=1e-9, atol=1e-12)
    assert surfaces.crossed(way) == (at[0] > surfaces.BARRIER).mean() == (1.0 if momentum else 0.0)


def test_every_start_is_its_own_run():
    begin = surfaces.starts(surfaces.RAVINE, 0)
    together = surfaces.descend(surfaces.RAVINE, mlp.Adam(0.1), begin)
    alone = surfaces.descend(surfaces.RAVINE, mlp.Adam(0.1), begin[[4, 4 + surfaces.STARTS]])
    np.testing.assert_allclose(together[:, :, 4], alone[:, :, 0], rtol=1e-12, atol=1e-14)


def test_steps_in_a_ravine_are_those_of_the_closed_form():
    begin = np.array([-8.0, 0.0])  # along the valley: x shrinks by 0.99 at each step
    way = surfaces.descend(surfaces.RAVINE, mlp.SGD(0.01), begin)
    (steps,) = surfaces.settled(surfaces.RAVINE, way)
    assert steps == math.ceil(math.log(surfaces.SETTLED) / (2 * math.log(0.99)))
    diverged = surfaces.descend(surfaces.RAVINE, mlp.SGD(1.0), np.array([-8.0, 1.0]))
    assert np.isfinite(diverged).all()
    assert surfaces.settled(surfaces.RAVINE, diverged)[0] == math.inf
    assert surfaces.crossed(diverged) == 0.0


def test_leaving_again_does_not_count_as_settled():
    way = np.zeros((5, 2, 1))
    way[:, 0, 0] = 1.0, 0.0, 0.5, 0.0, 0.0
    assert surfaces.settled(surfaces.RAVINE, way)[0] == 3.0


def test_least_squares():
    problem = surfaces.LeastSquares.drawn(1)
    best = np.linalg.lstsq(problem.A, problem.b, rcond=None)[0]
    np.testing.assert_allclose(problem.minimum, best, rtol=1e-10)

    def loss(w):
        return np.square(problem.A @ w - problem.b).mean() / 2

    w = np.array([0.3, -2.0])
    np.testing.assert_allclose(problem.excess(w[np.newaxis]), loss(w) - loss(best), rtol=1e-9)


def test_the_theory_of_noise_solves_its_equation():
    """The stationary covariance S of w <- w - r (H w + noise) has S = (1 - r H) S (1 - r H) + r^2 C / batch."""
    problem, rate, batch = surfaces.LeastSquares.drawn(1), 0.2, 3
    H = problem.curvature
    C = np.cov(((problem.A @ problem.minimum - problem.b)[:, np.newaxis] * problem.A).T, bias=True)
    shrink = np.eye(2) - rate * H
    S = np.linalg.solve(np.eye(4) - np.kron(shrink, shrink), (rate**2 * C / batch).ravel()).reshape(2, 2)
    assert problem.predicted_excess(rate, batch) == pytest.approx(np.trace(H @ S) / 2, rel=0.03)
    assert problem.predicted_excess(5.0, batch) == math.inf


def test_wandering_is_sgd_on_the_samples_drawn():
    problem, begin = surfaces.LeastSquares.drawn(1), np.array([1.0, 1.0])
    way, effective = problem.wander(mlp.SGD(0.05), 4, 50, np.random.default_rng(7), begin)
    chosen = np.random.default_rng(7).integers(500, size=(50, 4))
    w = begin
    for step in range(50):
        a, b = problem.A[chosen[step]], problem.b[chosen[step]]
        w = w - 0.05 * np.mean((a @ w - b)[:, np.newaxis] * a, axis=0)
        np.testing.assert_allclose(way[step + 1], w, rtol=1e-9)
    np.testing.assert_allclose(effective, 0.05, rtol=1e-9)
    assert begin.tolist() == [1.0, 1.0]


def test_exponents():
    steps = np.arange(1, 1001)
    assert experiment.exponent(3.0 * steps**-0.5) == pytest.approx(-0.5, abs=1e-12)
    assert experiment.exponent(np.where(steps <= 100, 9.0, 0.1)) == pytest.approx(0.0, abs=1e-12)
    assert experiment.exponent(np.full(10, np.nan)) is None


def test_adagrad_decays_as_the_root_of_the_steps_under_noise():
    problem = surfaces.LeastSquares.drawn(0)
    _, effective = problem.wander(mlp.AdaGrad(0.1), 1, 3000, np.random.default_rng(0), problem.minimum)
    assert experiment.exponent(effective) == pytest.approx(-0.5, abs=0.1)


def test_steps_on_the_data_are_those_of_plain_numpy():
    dataset = shapes.points("moons", 60, 0)
    settings = experiment.Settings(depth=1, width=4, batch_size=8, steps=200, target=0.3)
    cell = {"task": surfaces.DATA, "optimiser": "sgd", "rate": 0.3, "batch": None, "seed": 1}
    row = experiment.measure(settings, dataset, cell)
    parts = data.split(dataset, test_share=0.25, seed=1, dtype="float64")
    X, Y = parts.X_train, np.eye(2)[parts.y_train]
    layers = [mlp.Dense(4, "tanh"), mlp.Dense(2)]
    first, second = mlp.Network(layers, inputs=2, seed=1, initialiser="xavier_uniform").layers
    W, b, V, c = (array.astype(float) for array in (first.weight, first.bias, second.weight, second.bias))

    def probabilities(x):
        hidden = np.tanh(x @ W + b)
        odds = np.exp(hidden @ V + c)
        return hidden, odds / odds.sum(axis=1, keepdims=True)

    rng, losses = np.random.default_rng(1), {}
    for step in range(1, 201):
        chosen = rng.integers(len(X), size=8)
        hidden, p = probabilities(X[chosen])
        dz = (p - Y[chosen]) / 8
        dh = dz @ V.T * (1 - hidden**2)
        V, c, W, b = V - 0.3 * hidden.T @ dz, c - 0.3 * dz.sum(0), W - 0.3 * X[chosen].T @ dh, b - 0.3 * dh.sum(0)
        if step % stepping.EVERY == 0:
            losses[step] = -np.log(probabilities(X)[1][Y > 0]).mean()
    assert row["steps"] == next(step for step, loss in losses.items() if loss <= 0.3)
    assert row["final_loss"] == pytest.approx(losses[200], rel=1e-3)
    np.testing.assert_allclose(row["effective_rates"], 0.3, rtol=1e-3)


# --- verdicts


NAMES = tuple(name for name in experiment.DEFINITIONS if name not in EXPERIMENT.axes)


def rows(task, optimiser, rate=0.1, batch=None, **values):
    """A row for each seed, with the entries named."""
    return [
        {
            **dict.fromkeys(NAMES), "task": task, "optimiser": optimiser, "rate": rate, "batch": batch, "seed": seed,
            "diverged": False, **dict(zip(values, each, strict=True)),
        }
        for seed, each in enumerate(zip(*values.values(), strict=True))
    ]  # fmt: skip


def verdict(words, *groups):
    report = {"rows": [row for group in groups for row in group], "settings": {"target": 0.1}, "data": {"name": "d"}}
    found = [finding for finding in findings.findings(report) if words in finding.claim]
    return found[0].judgement if found else None


def test_noise():
    def judged(small, large, falling):
        return verdict(
            "mini-batches",
            rows(surfaces.NOISE, "sgd", 0.1, 1, excess=small, falling_excess=falling, predicted_excess=small),
            rows(surfaces.NOISE, "sgd", 0.1, 64, excess=large, falling_excess=falling, predicted_excess=large),
            rows(surfaces.NOISE, "adagrad", 0.3, 1, excess=(9, 9), falling_excess=(9, 9)),
        )

    assert judged((0.4, 0.41), (0.04, 0.041), (0.001, 0.001)) == "holds"
    assert judged((0.4, 0.5), (0.4, 0.5), (0.001, 0.001)) == "does not hold"
    assert judged((0.4, 0.41), (0.04, 0.041), (0.5, 0.5)) == "does not hold"


def test_momentum_through_a_local_minimum():
    def judged(at_small, at_large):
        def at(rate, shares):
            return [
                *rows(surfaces.LOCAL, "momentum", rate, crossed_share=shares),
                *rows(surfaces.LOCAL, "sgd", rate, crossed_share=(0.0, 0.1)),
            ]

        return verdict("local minimum", at(0.01, at_small), at(0.1, at_large))

    # Best against best: equal rates are unequal steps.
    assert judged((0.8, 0.9), (1, 1)) == "holds"
    assert judged((0, 0.1), (1, 1)) == "holds"
    assert judged((0, 0.1), (0.1, 0)) == "not decided: the error bars overlap with those of sgd"
    assert judged((0, 0), (0, 0)) == "not decided: the error bars overlap with those of sgd"
    far = [
        *rows(surfaces.LOCAL, "momentum", 0.1, crossed_share=(0.9, 0.9)),
        *rows(surfaces.LOCAL, "sgd", 0.1, crossed_share=(0.0, 0.0)),
        *rows(surfaces.LOCAL, "sgd", 1.0, crossed_share=(0.9, 0.9)),
    ]
    assert verdict("local minimum", far) == "does not hold"


def test_tuning_takes_a_rate_that_every_seed_reaches():
    report = {
        "rows": [
            *rows(surfaces.DATA, "sgd", 0.1, steps=(100, 120)),
            *rows(surfaces.DATA, "sgd", 0.3, steps=(50, 60)),
            *rows(surfaces.DATA, "sgd", 1.0, steps=(10, None)),
        ]
    }
    assert findings.tuned(report, surfaces.DATA)["sgd"] == stepping.Best(0.3, findings.spread([50, 60]))
    # Near the best of each seed: 0.3 and 1.0 would take 50 and 10, of which only 10 counts; then 120 and 60.
    assert findings.near_best(report)["sgd"] == findings.spread([1.0, 2.0])


def test_who_is_faster():
    def along(momentum, sgd):
        return verdict(
            "along a ravine", rows(surfaces.VALLEY, "momentum", steps=momentum), rows(surfaces.VALLEY, "sgd", steps=sgd)
        )

    assert along((50, 52), (99, 98)) == "holds"
    assert along((50, 52), (None, None)) == "holds"
    assert along((50, 52), (51, 51)) == "not decided: the error bars overlap with those of sgd"
    assert along((51, 51), (51, 51)) == "does not hold"
    assert along((99, 98), (50, 52)) == "does not hold"
    assert along((None, None), (51, 51)) == "does not hold"
    assert along((None, None), (None, None)) is None

    def adam(adam, momentum, sgd):
        groups = {"adam": adam, "momentum": momentum, "sgd": sgd}
        return verdict("fewest steps", *(rows(surfaces.DATA, name, steps=steps) for name, steps in groups.items()))

    assert adam((50, 52), (99, 98), (80, 80)) == "holds"
    assert adam((50, 52), (50, 51), (80, 80)) == "not decided: the error bars overlap with those of momentum"
    # Who does not arrive is slower than who does.
    assert adam((50, 52), (99, 98), (None, 80)) == "holds"
    assert adam((None, 52), (99, 98), (80, 80)) == "does not hold"
    assert adam((None, 52), (None, 98), (80, 80)) == "does not hold"
    assert adam((None, 52), (None, 98), (None, 80)) is None
    assert adam((50, 52), (20, 21), (80, 80)) == "does not hold"


def test_rates_that_decay():
    def judged(noise, on_data, cure):
        def at(task, adagrad):
            return [
                *rows(task, "adagrad", rate_exponent=adagrad, final_loss=(1.0, 1.0)),
                *rows(task, "rmsprop", rate_exponent=cure, final_loss=(1.0, 1.0)),
            ]

        return verdict("decays to nothing", at(surfaces.NOISE, noise), at(surfaces.DATA, on_data))

    assert judged((-0.5, -0.49), (-0.4, -0.41), (0.0, 0.01)) == "holds"
    assert judged((-0.5, -0.49), (0.0, -0.02), (0.0, 0.01)) == "holds only if gradients keep their size, as noise does"
    assert judged((-0.5, -0.49), (-0.4, -0.4), (-0.5, -0.5)) == "does not hold"
    assert judged((-0.5, -0.3), (-0.4, -0.41), (0.0, 0.01)) == "not decided: the error bars reach over -0.25"


def test_sensitivity():
    def judged(wide, narrow):
        def at(name, steps):
            return [row for rate, each in zip((0.01, 0.1, 1), steps, strict=True) for row in rows(
                surfaces.DATA, name, rate, steps=each)]  # fmt: skip

        return verdict("depends less", at("adam", wide), at("sgd", narrow))

    assert judged(((50, 50), (60, 60), (70, 70)), ((50, 50), (None, None), (200, 300))) == "holds"
    assert judged(((50, 50), (None, None), (200, 200)), ((50, 50), (60, 60), (70, 70))) == "does not hold"
    assert judged(((50, 50), (60, 900), (70, 70)), ((50, 50), (60, 60), (700, 700))).startswith("not decided: ")


@pytest.mark.parametrize(
    "settings",
    [
        {"optimisers": ("sgd",), "rates": (0.1,), "batches": (1,)},
        {"optimisers": ("lion", "adam"), "rates": (0.5,), "batches": (600,)},
        {"optimisers": ("momentum", "sgd"), "rates": (1e30,), "activation": "square"},
    ],
)
def test_odd_settings_are_measured_judged_and_drawn(settings, monkeypatch):
    monkeypatch.setattr(experiment, "WANDERED", 50)
    report = EXPERIMENT.run(
        experiment.Settings(seeds=1, steps=20, target=1e-9, **settings), shapes.points("moons", 8, 0)
    )
    EXPERIMENT.findings(report)
    assert EXPERIMENT.table(report).lines
    if panels := EXPERIMENT.panels(report):
        figure.draw(panels)
