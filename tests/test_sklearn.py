"""scikit-learn on fastact's kernels: right gradients for every name, everything restored, and its own tests pass."""

from __future__ import annotations

import contextlib
import copy
import doctest
import io
import itertools
import os
import pickle
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import scipy.optimize
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor, _base, _multilayer_perceptron
from sklearn.utils._param_validation import InvalidParameterError, StrOptions
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

import fastact.sklearn
from fastact.sklearn import patch, patched, unpatch

from .oracle import TRUTHS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PERCEPTRON = _multilayer_perceptron.BaseMultilayerPerceptron
OWN_NAMES = ("identity", "logistic", "relu", "tanh")

# Every name that `activation=` takes, and the row that it means.
NAMES = {name: row for row in fastact.activations.values() for name in (row.name, *row.aliases)}
NAMES["logistic"] = fastact.activations["sigmoid"]
ADDED = sorted(set(NAMES) - set(OWN_NAMES))
FROM_INPUT = [name for name in ADDED if not NAMES[name].from_output]


def inside() -> list[Any]:
    """What scikit-learn holds where the patch changes it."""
    constraints = [each._parameter_constraints["activation"] for each in (PERCEPTRON, MLPClassifier, MLPRegressor)]
    return [
        dict(_base.ACTIVATIONS),
        dict(_base.DERIVATIVES),
        _multilayer_perceptron.ACTIVATIONS is _base.ACTIVATIONS,
        _multilayer_perceptron.DERIVATIVES is _base.DERIVATIVES,
        dict(vars(PERCEPTRON)),
        [id(each) for each in constraints],
        [list(each) for each in constraints],
    ]


UNTOUCHED = inside()


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    # One thread of BLAS: on a busy machine more of them wait for each other, many times as long as they compute.
    with threadpool_limits(1):
        yield
    unpatch()
    assert inside() == UNTOUCHED
    assert fastact.sklearn._step.slopes is None


def digits(count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return X[:count] / 16.0, y[:count]


# Gradients ----------------------------------------------------------------------------------------------------------


class _CapturedError(Exception):
    pass


def objective(estimator: Any, X: np.ndarray, y: np.ndarray) -> tuple[Callable[..., Any], np.ndarray]:
    """The function that lbfgs would minimise, of packed weights, giving loss and gradient; and where it would begin."""
    captured: list[Any] = []

    def minimize(fun: Any, x0: Any, *, args: tuple[Any, ...], **_: Any) -> None:
        captured.extend((fun, x0, args))
        raise _CapturedError

    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(scipy.optimize, "minimize", minimize)
        with pytest.raises(_CapturedError):
            estimator.fit(X, y)
    function, start, arguments = captured
    return lambda packed: function(packed, *arguments), start


LAYERS = (3, 5, 4, 1)
WEIGHT_DECAY = 0.1


def problem(dtype: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray]:
    """A regressor without its activation, inputs, targets, and packed weights that reach all parts of f."""
    rng = np.random.default_rng(5)
    size = sum(m * n + n for m, n in itertools.pairwise(LAYERS))
    estimator = MLPRegressor(hidden_layer_sizes=LAYERS[1:-1], solver="lbfgs", alpha=WEIGHT_DECAY, random_state=0)
    X, y = rng.normal(0, 1.5, (12, LAYERS[0])), rng.normal(0, 1, 12)
    packed = rng.normal(0, 0.8, size)
    # Small in the second layer: exponentials of exponentials overflow.
    packed[LAYERS[0] * LAYERS[1] :][: LAYERS[1] * LAYERS[2]] /= 4
    return estimator, X.astype(dtype), y.astype(dtype), packed.astype(dtype)


def true_loss(name: str, packed: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
    """What the regressor minimises, from the oracle's activation: half the mean square and the weights' decay."""
    row = NAMES[name]
    end = sum(m * n for m, n in itertools.pairwise(LAYERS))
    weights, biases = packed[:end], packed[end:]
    hidden, squares = X, weights @ weights
    for layer, (m, n) in enumerate(itertools.pairwise(LAYERS)):
        hidden = hidden @ weights[: m * n].reshape(m, n) + biases[:n]
        weights, biases = weights[m * n :], biases[n:]
        if layer < len(LAYERS) - 2:
            hidden = TRUTHS[row.name].fast_value(hidden, *row.defaults.values())
    return 0.5 * np.mean((hidden[:, 0] - y) ** 2) + 0.5 * WEIGHT_DECAY * squares / len(X)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_that_of_central_differences(name: str):
    estimator, X, y, packed = problem(np.float64)
    with patched():
        function, _ = objective(estimator.set_params(activation=name), X, y)
        loss, gradient = function(packed)
    assert loss == pytest.approx(true_loss(name, packed, X, y), rel=1e-9)
    step = 2.0**-18
    expected = np.array(
        [
            (true_loss(name, packed + step * unit, X, y) - true_loss(name, packed - step * unit, X, y)) / (2 * step)
            for unit in np.eye(len(packed))
        ]
    )
    first = expected[: LAYERS[0] * LAYERS[1]]
    assert np.abs(first).max() > 0.01, "nothing comes through to the first layer"
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(name: str):
    estimator, X, y, packed = problem(np.float32)
    with patched():
        net = estimator.set_params(activation=name)
        function, _ = objective(net, X, y)
        expected_loss, expected = function(packed.astype(np.float64))
        loss, gradient = function(packed)
        assert net.predict(X).dtype == gradient.dtype == np.float32
    assert loss == pytest.approx(expected_loss, rel=1e-4)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OWN_NAMES)
def test_own_names_compute_the_same_to_rounding(name: str, dtype: Any):
    estimator, X, y, packed = problem(dtype)
    estimator.set_params(activation=name)
    loss, gradient = objective(estimator, X, y)[0](packed)
    with patched():
        our_loss, our_gradient = objective(estimator, X, y)[0](packed)
    rounding = 50 * float(np.finfo(dtype).eps)
    assert our_loss == pytest.approx(loss, rel=rounding)
    assert our_gradient.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(our_gradient, gradient, rtol=rounding, atol=rounding * np.abs(gradient).max())


@pytest.mark.parametrize("name", OWN_NAMES)
def test_own_names_fit_the_same_network(name: str):
    X, y = digits(300)
    net = MLPClassifier((12, 8), activation=name, max_iter=8, random_state=3)
    theirs = clone(net).fit(X, y)
    with patched():
        ours = clone(net).fit(X, y)
    assert ours.loss_curve_ == pytest.approx(theirs.loss_curve_, rel=1e-9)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-6, atol=1e-9)


# Fitting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["lbfgs", "sgd", "adam"])
@pytest.mark.parametrize("name", ["gelu", "mish", "softplus", "leaky_relu", "sin"])
def test_digits_are_learnt(name: str, solver: str):
    X, y = digits(300)
    rate = 0.1 if solver == "sgd" else 0.01
    net = MLPClassifier(24, activation=name, solver=solver, max_iter=60, learning_rate_init=rate, random_state=0)
    with patched():
        assert net.set_params(batch_size=50).fit(X, y).score(X, y) > 0.97


def test_early_stopping_predicts_between_the_steps():
    X, y = digits()
    with patched():
        net = MLPClassifier(
            24, activation="silu", early_stopping=True, batch_size=50, learning_rate_init=0.01, random_state=0
        ).fit(X, y)
        assert max(net.validation_scores_) > 0.9


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_takes_the_steps_of_fit(solver: str):
    X, y = digits(120)
    net = MLPRegressor(hidden_layer_sizes=(7, 5), activation="mish", solver=solver, max_iter=3, random_state=0)
    net.set_params(shuffle=False)
    with patched():
        whole = clone(net).fit(X, y / 9)
        stepwise = clone(net)
        for _ in range(3):
            stepwise.partial_fit(X, y / 9)
            stepwise.predict(X)
        np.testing.assert_allclose(stepwise.predict(X), whole.predict(X), rtol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_accepts_the_estimator():
    """Its checks of an estimator: sparse input, pickles, clones, dtypes, weights of samples, refusals."""
    with patched():
        check_estimator(MLPClassifier(activation="gelu", max_iter=100))


# Names and errors ---------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_refused_with_all_that_are_known():
    X, y = digits(20)
    with patched(), pytest.raises(InvalidParameterError, match="'activation' parameter of MLPClassifier") as error:
        MLPClassifier(activation="nonsense").fit(X, y)
    assert set(re.findall(r"'(\w+)'", str(error.value))) >= {*NAMES, *OWN_NAMES, "nonsense"}
    with pytest.raises(InvalidParameterError) as error:
        MLPClassifier(activation="gelu").fit(X, y)
    assert "mish" not in str(error.value)


def test_outputs_losses_and_the_identity_are_left_alone():
    before, losses = dict(_base.ACTIVATIONS), dict(_base.LOSS_FUNCTIONS)
    with patched():
        assert set(_base.DERIVATIVES) == {*NAMES}
        for name in set(before) - {"logistic", "tanh", "relu"}:
            assert _base.ACTIVATIONS[name] is before[name]
        assert losses == _base.LOSS_FUNCTIONS


def test_outside_the_added_names_are_unknown_and_inside_pickles_and_clones_work():
    X, y = digits(100)
    with patched():
        net = MLPClassifier(6, activation="gelu", max_iter=5, random_state=0).fit(X, y)
        expected = net.predict_proba(X)
    with pytest.raises(KeyError, match="gelu"):
        net.predict(X)
    copies = [pickle.loads(pickle.dumps(net)), copy.deepcopy(net)]
    fresh = clone(net)
    with patched():
        for each in (*copies, fresh.fit(X, y)):
            np.testing.assert_array_equal(each.predict_proba(X), expected)
    with patched():
        own = MLPClassifier(6, activation="tanh", max_iter=5, random_state=0).fit(X, y)
    assert own.predict(X).shape == y.shape


@pytest.mark.parametrize("name", FROM_INPUT)
def test_a_derivative_without_its_input_is_an_error_and_never_a_wrong_gradient(name: str):
    with patched():
        Z, delta = np.ones((2, 3)), np.ones((2, 3))
        _base.ACTIVATIONS[name](Z)
        with pytest.raises(RuntimeError, match=f"derivative of {NAMES[name].name} needs the layer's input"):
            _base.DERIVATIVES[name](Z, delta)
        np.testing.assert_array_equal(delta, 1)


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        patch()
    with pytest.raises(ImportError, match="pip install scikit-learn"), patched():
        pass


def _takes_the_input(X: np.ndarray, delta: np.ndarray) -> None:
    delta *= np.cosh(X) ** -2


OTHER_VERSIONS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no table": lambda m: m.delattr(_base, "DERIVATIVES"),
    "a table of its own": lambda m: m.setattr(_multilayer_perceptron, "ACTIVATIONS", dict(_base.ACTIVATIONS)),
    "no _backprop": lambda m: m.delattr(PERCEPTRON, "_backprop"),
    "no constraints": lambda m: m.delitem(PERCEPTRON._parameter_constraints, "activation"),
    "two constraints": lambda m: m.setitem(
        MLPClassifier._parameter_constraints, "activation", [StrOptions({*OWN_NAMES}), StrOptions({"callable"})]
    ),
    "callables allowed": lambda m: m.setitem(PERCEPTRON._parameter_constraints, "activation", [callable]),
    "fewer names": lambda m: m.setattr(
        PERCEPTRON._parameter_constraints["activation"][0], "options", {"tanh", "identity"}
    ),
    "another function": lambda m: m.setitem(_base.ACTIVATIONS, "tanh", lambda X: np.sin(X, out=X)),
    "not in place": lambda m: m.setitem(_base.ACTIVATIONS, "logistic", lambda X: 1 / (1 + np.exp(-X))),
    "a derivative of the input": lambda m: m.setitem(_base.DERIVATIVES, "tanh", _takes_the_input),
    "more arguments": lambda m: m.setitem(_base.DERIVATIVES, "relu", lambda Z, delta, extra: None),  # noqa: ARG005
    "a name less": lambda m: m.delitem(_base.DERIVATIVES, "relu"),
}


@pytest.mark.parametrize("tamper", OTHER_VERSIONS.values(), ids=OTHER_VERSIONS)
def test_another_inside_is_refused_and_left_alone(tamper: Callable[..., None]):
    import sklearn

    with pytest.MonkeyPatch.context() as patcher:
        tamper(patcher)
        tables = [dict(getattr(_base, name, {})) for name in ("ACTIVATIONS", "DERIVATIVES")]
        method = vars(PERCEPTRON).get("_backprop")
        with pytest.raises(RuntimeError, match=f"scikit-learn {re.escape(sklearn.__version__)}.*Nothing was changed"):
            patch()
        assert tables == [dict(getattr(_base, name, {})) for name in ("ACTIVATIONS", "DERIVATIVES")]
        assert vars(PERCEPTRON).get("_backprop") is method


def test_a_failure_half_way_is_undone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(fastact.sklearn, "_keeping_slopes")
    with pytest.raises(NameError, match="_keeping_slopes"), patched():
        pass
    assert inside() == UNTOUCHED
    monkeypatch.undo()
    with patched():
        assert "gelu" in _base.ACTIVATIONS


# Coming and going ---------------------------------------------------------------------------------------------------


def active() -> bool:
    """Whether scikit-learn is patched; all of it or nothing."""
    differs = [now != before for now, before in zip(inside(), UNTOUCHED, strict=True)]
    assert differs in ([False] * 7, [True, True, False, False, True, False, True])
    return differs[0]


def test_patch_and_unpatch_twice():
    unpatch()
    assert not active()
    patch()
    functions = dict(_base.ACTIVATIONS)
    patch()
    assert active()
    assert functions == _base.ACTIVATIONS
    unpatch()
    assert not active()
    unpatch()
    assert not active()


def test_blocks_nest():
    with patched():
        with patched():
            assert active()
        assert active()
        patch()
    assert active()
    with patched():
        unpatch()
        assert active()
    assert not active()


def test_an_exception_restores():
    with pytest.raises(ZeroDivisionError), patched():
        _ = 1 / 0
    assert not active()


def test_a_decorator():
    @patched()
    def function() -> bool:
        return active()

    assert function()
    assert not active()
    assert function()


def test_another_patch_on_top_survives():
    def theirs(X: np.ndarray) -> None:
        np.maximum(X, 0, out=X)

    with pytest.MonkeyPatch.context() as patcher:
        with patched():
            patcher.setitem(_base.ACTIVATIONS, "relu", theirs)
        assert _base.ACTIVATIONS["relu"] is theirs
        patcher.undo()
        _base.ACTIVATIONS["relu"] = UNTOUCHED[0]["relu"]


def test_blocks_overlap_between_threads():
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with patched():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with patched():
        thread.start()
        assert entered.wait(60)
    assert active()
    leave.set()
    thread.join()
    assert not active()


def test_threads_fit_what_one_thread_fits():
    X, y = digits(200)
    # Equal shapes, so that a slope of another thread's network would fit in.
    nets = [
        MLPClassifier((16, 16), activation=name, max_iter=6, random_state=seed)
        for seed in range(3)
        for name in ("gelu", "mish", "gaussian", "sin")
    ]

    def fitted(net: MLPClassifier) -> np.ndarray:
        with patched():
            return clone(net).fit(X, y).predict_proba(X)

    expected = [fitted(net) for net in nets]
    with ThreadPoolExecutor(6) as pool:
        for ours, theirs in zip(pool.map(fitted, nets), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


# Memory -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def watched(name: str) -> Iterator[list[tuple[weakref.ref, weakref.ref]]]:
    """Within a patch: weak references to each output that an activation wrote within a step, and to its slope."""
    references: list[tuple[weakref.ref, weakref.ref]] = []
    activation = _base.ACTIVATIONS[name]

    def watching(X: np.ndarray) -> None:
        activation(X)
        if (slopes := fastact.sklearn._step.slopes) is not None:
            assert len(slopes) <= 2
            references.append((weakref.ref(X), weakref.ref(slopes[id(X)][1])))

    with pytest.MonkeyPatch.context() as patcher:
        patcher.setitem(_base.ACTIVATIONS, name, watching)
        yield references


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_nothing_is_kept_after_a_step(solver: str):
    X, y = digits(100)
    with patched(), watched("gelu") as references:
        net = MLPClassifier((9, 7), activation="gelu", solver=solver, max_iter=4, random_state=0).fit(X, y)
        steps = len(references)
        assert steps >= 2 * 4
        assert all(ref() is None for pair in references for ref in pair)
        net.predict(X)
        assert len(references) == steps, "predicting kept slopes"


def test_nothing_is_kept_after_a_step_that_fails():
    X, y = digits(100)

    def failing(*_: Any) -> float:
        raise ZeroDivisionError

    with patched(), watched("gelu") as references, pytest.MonkeyPatch.context() as patcher:
        patcher.setitem(_base.LOSS_FUNCTIONS, "log_loss", failing)
        with pytest.raises(ZeroDivisionError):
            MLPClassifier((9, 7), activation="gelu", random_state=0).fit(X, y)
        assert fastact.sklearn._step.slopes is None
        assert [slope() for _, slope in references] == [None, None]


# scikit-learn's own tests, and the page -----------------------------------------------------------------------------

PLUGIN = """
import fastact.sklearn
from sklearn.neural_network import _base

fastact.sklearn.patch()


def pytest_sessionfinish():
    assert {function.__module__ for function in map(_base.DERIVATIVES.get, ("relu", "tanh", "gelu"))} == {
        "fastact.sklearn"
    }
    print("patched to the end")
"""


def test_scikit_learns_own_tests_pass(tmp_path: Path):
    (tmp_path / "fastact_patch.py").write_text(PLUGIN)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "fastact_patch", "-p", "no:cacheprovider"),
            *("--junitxml=result.xml", "--pyargs"),
            *("sklearn.neural_network.tests.test_mlp", "sklearn.neural_network.tests.test_base"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert "patched to the end" in done.stdout, done.stdout + done.stderr
    suite = ElementTree.parse(tmp_path / "result.xml").getroot().find("testsuite")
    assert suite is not None
    counts = {key: int(suite.attrib[key]) for key in ("tests", "failures", "errors")}
    assert counts["tests"] > 50
    assert (counts["failures"], counts["errors"], done.returncode) == (0, 0, 0), done.stdout


PAGE = Path(__file__).parents[1] / "docs" / "scikit-learn.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_page_prints_what_it_shows():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    namespace: dict[str, Any] = {}
    for block in blocks:
        shown = re.findall(r"^# (.*)$", block, flags=re.MULTILINE)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block, str(PAGE), "exec"), namespace)
        assert printed.getvalue().splitlines() == shown


def test_the_docstring_prints_what_it_shows():
    result = doctest.testmod(fastact.sklearn)
    assert (result.failed, result.attempted > 4) == (0, True)


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_benchmark_of_the_page_runs():
    from bench import scikit_learn

    assert set(scikit_learn.ratios(scikit_learn.functions("float32"), 0)) == set(scikit_learn.OWN_NAMES)
    run, arguments = scikit_learn.fits("float32")["gelu with"]
    run(*arguments)
