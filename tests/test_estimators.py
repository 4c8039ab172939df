"""The estimators: scikit-learn's own checks, its linear models and perceptrons as truth, and what is theirs alone."""

from __future__ import annotations

import doctest
import io
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import threadpoolctl
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.estimator_checks import check_estimator

import fastact
from fastact import losses, mlp
from fastact.mlp import MLPClassifier, MLPRegressor, estimators

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BOTH = pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with threadpoolctl.threadpool_limits(1):  # the threads of small products only wait for each other
        yield


def blobs(n: int = 60, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping classes in the plane."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    angle = 2.0 * np.pi * y / classes
    return np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(scale=0.6, size=(n, 2)), y


def waves(n: int = 60, outputs: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Positive functions of two numbers."""
    X = np.random.default_rng(seed).uniform(-1.0, 1.0, (n, 2))
    return X, 2.0 + np.sin(X @ np.linspace(-2.0, 2.0, 2 * outputs).reshape(2, outputs))


def data(kind: type, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    return blobs(n) if kind is MLPClassifier else waves(n)


# scikit-learn's word -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters", [{}, {"solver": "sgd", "activation": "gelu", "hidden_layer_sizes": (20, 10)}], ids=str
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@BOTH
def test_every_check_of_scikit_learn_passes(kind: type, parameters: dict[str, Any]):
    skipped = set()
    for result in check_estimator(kind(**parameters)):  # raises what fails
        assert result["status"] in ("passed", "skipped")
        if result["status"] == "skipped":
            skipped.add(result["check_name"])
    # One needs an option of SciPy's, the other a decision_function.
    assert skipped <= {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}


@BOTH
def test_parameters_are_those_of_scikit_learn_in_name_order_and_default(kind: type):
    theirs = {MLPClassifier: TheirClassifier, MLPRegressor: TheirRegressor}[kind]().get_params()
    ours = kind().get_params()
    assert {name: ours[name] for name in theirs if name in ours} == {
        name: theirs[name] for name in theirs if name in ours
    }
    assert set(theirs) <= set(ours) | {"loss"}


# The linear models ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_without_hidden_layers_it_is_ridge_regression(weighted: bool):
    X, y = load_diabetes(return_X_y=True)
    y = np.column_stack([y, y[::-1]]) / 100.0
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype(float) if weighted else None
    ours = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=4.0, tol=1e-9, max_iter=2000)
    ours.fit(X, y, sample_weight=weight)
    # The mean over two outputs halves the loss of each, and alpha / 2 is theirs halved.
    theirs = Ridge(alpha=4.0, tol=1e-10).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coef_.T, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_without_hidden_layers_it_is_logistic_regression(classes: int, weighted: bool):
    X, y = blobs(200, classes)
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float) if weighted else None
    ours = MLPClassifier(hidden_layer_sizes=(), solver="lbfgs", alpha=0.5, tol=1e-9, max_iter=1000)
    ours.fit(X, y, sample_weight=weight)
    theirs = LogisticRegression(C=1.0 / 0.5, solver="newton-cg", tol=1e-10, max_iter=1000).fit(
        X, y, sample_weight=weight
    )
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-4)
    np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-4)


# Its perceptrons -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("target", ["two classes", "three classes", "labels"])
def test_steps_are_those_of_scikit_learn(target: str, solver: str):
    """From the same weights, over the same batches."""
    if target == "labels":
        X, y = make_multilabel_classification(60, 4, n_classes=3, random_state=0)
        X = X / 30.0  # else tanh saturates, and its derivative from the output loses its digits there
        classes = np.arange(3)
    else:
        X, y = blobs(60, 2 if target == "two classes" else 3)
        classes = np.unique(y)
    keywords = {
        "hidden_layer_sizes": (7, 5), "activation": "tanh", "solver": solver, "alpha": 0.3, "shuffle": False,
        "learning_rate_init": 0.01, "random_state": 1, "epsilon": 1e-30,  # which is added to something else there
    }  # fmt: skip
    # Its loss of several labels is their sum, not their mean.
    theirs = TheirClassifier(**keywords, max_iter=1).fit(X, y)
    outputs = theirs.n_outputs_ if target == "labels" else 1
    ours = MLPClassifier(**keywords | {"alpha": 0.3 / outputs}).partial_fit(X, y, classes=classes)
    for name in ("coefs_", "intercepts_"):
        for here, there in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            here[...] = there
    ours._optimiser, theirs._optimizer = ours._new_optimiser(), None
    del theirs._optimizer
    if outputs > 1 and solver == "sgd":
        ours._optimiser.learning_rate *= outputs
    for _ in range(10):
        ours.partial_fit(X, y)
        theirs.partial_fit(X, y)
    for here, there in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours.predict_proba(X), np.reshape(theirs.predict_proba(X), (len(X), -1)), rtol=1e-8)


def test_digits_are_learnt():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X.astype(np.float32) / 16, y, random_state=0, stratify=y)
    net = MLPClassifier(random_state=0).fit(X_train, y_train)
    assert net.network_.dtype == np.float32
    assert net.score(X_test, y_test) >= 0.97
    assert net.loss_curve_[-1] < 0.05 * net.loss_curve_[0]


# What targets may be -------------------------------------------------------------------------------------------------


def test_classes_may_be_strings_and_out_of_order():
    X, y = blobs(90)
    names = np.array(["z", "a", "m"])[y]
    net = MLPClassifier((16,), solver="lbfgs", random_state=0).fit(X, names)
    assert net.classes_.tolist() == ["a", "m", "z"]
    assert net.score(X, names) > 0.8
    assert net.out_activation_ == "softmax"
    assert (net.predict(X) == net.classes_[net.predict_proba(X).argmax(axis=1)]).all()


def test_several_labels():
    X, y = make_multilabel_classification(200, 10, n_classes=4, random_state=0)
    net = MLPClassifier((32,), random_state=0, learning_rate_init=0.01).fit(X, y)
    assert net.predict(X).shape == net.predict_proba(X).shape == y.shape
    assert accuracy_score(y.ravel(), net.predict(X).ravel()) > 0.85
    assert net.classes_.tolist() == [0, 1, 2, 3]
    assert (net.predict(X) == (net.predict_proba(X) > 0.5)).all()
    # One label for all is something else than none.
    assert net.predict_log_proba(X).shape == y.shape


@pytest.mark.parametrize("outputs", [1, 3])
def test_several_numbers(outputs: int):
    X, y = waves(200, outputs)
    y = y.ravel() if outputs == 1 else y
    net = MLPRegressor(hidden_layer_sizes=(32,), activation="tanh", solver="lbfgs", random_state=0).fit(X, y)
    assert net.predict(X).shape == y.shape
    assert net.score(X, y) > 0.97
    assert net.n_outputs_ == outputs


@pytest.mark.parametrize("loss", [*estimators._REGRESSION, "squared_error", "absolute_error"])
def test_losses_of_a_regressor(loss: str):
    X, y = waves()
    net = MLPRegressor(loss, (16,), "tanh", learning_rate_init=0.02, batch_size=10, random_state=0).fit(X, y)
    assert net.network_.objective.name == losses.get(estimators._THEIR_LOSSES.get(loss, loss)).name
    assert net.score(X, y) > 0.5
    positive = net.network_.objective.name in ("poisson", "mean_squared_logarithmic_error")
    assert net.out_activation_ == ("exponential" if positive else "identity")
    if positive:
        assert (net.predict(10.0 * X) > 0.0).all()


def test_probabilities_keep_their_precision_in_the_tails():
    X, y = np.array([[-1.0], [1.0]]), [0, 1]
    net = MLPClassifier((), solver="lbfgs", random_state=0).fit(X, y)
    slope, bias = net.coefs_[0][0, 0], net.intercepts_[0][0]
    x = -(600.0 + bias) / slope
    np.testing.assert_allclose(net.predict_proba([[x]]), [[1.0, np.exp(-600.0)]], rtol=1e-9)
    np.testing.assert_allclose(net.predict_log_proba([[x], [2 * x]])[:, 1], [-600.0, 2 * x * slope + bias], rtol=1e-9)
    scores = np.array([[-800.0, 0.0, -900.0]])
    net = MLPClassifier((), max_iter=1, random_state=0).fit(*blobs())
    net.coefs_[0][...], net.intercepts_[0][...] = 0.0, scores
    np.testing.assert_allclose(net.predict_log_proba([[0.0, 0.0]]), scores, rtol=1e-12)
    labels = MLPClassifier((), max_iter=1, random_state=0).fit(X, np.eye(2, dtype=int))
    labels.coefs_[0][...], labels.intercepts_[0][...] = 0.0, scores[0, :2]
    np.testing.assert_allclose(labels.predict_log_proba([[0.0]]), [[-800.0, np.log(0.5)]], rtol=1e-12)


# Weights -------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_weight_counts_a_sample_so_many_times(kind: type):
    X, y = data(kind, 30)
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    keywords = {"hidden_layer_sizes": (8,), "activation": "tanh", "alpha": 0.1, "max_iter": 50, "random_state": 0}
    weighted = kind(**keywords).fit(X, y, sample_weight=weight)
    repeated = kind(**keywords).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    # The penalty is divided by the weight of a batch.
    scaled = kind(**keywords | {"alpha": 100.0}).fit(X, y, sample_weight=1000.0 * weight)
    for other in (repeated, scaled):
        for here, there in zip(weighted.coefs_, other.coefs_, strict=True):
            np.testing.assert_allclose(here, there, rtol=1e-8, atol=1e-10)


def test_weights_of_classes():
    X, y = blobs(60, 3)
    kept = (y != 1) | (np.arange(60) < 20)
    X, y = X[kept], np.array(["a", "b", "c"])[y[kept]]
    keywords = {"hidden_layer_sizes": (8,), "max_iter": 30, "random_state": 0}

    def coefficients(weight: Any = None, class_weight: Any = None) -> np.ndarray:
        return MLPClassifier(**keywords, class_weight=class_weight).fit(X, y, sample_weight=weight).coefs_[0]

    by_hand = {name: len(y) / (3 * (y == name).sum()) for name in "abc"}
    own = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    balanced = coefficients(class_weight="balanced")
    np.testing.assert_allclose(balanced, coefficients(class_weight=by_hand), rtol=1e-9)
    np.testing.assert_allclose(balanced, coefficients(weight=[by_hand[name] for name in y]), rtol=1e-9)
    np.testing.assert_allclose(
        coefficients(own, {"a": 2.0}), coefficients(own * np.where(y == "a", 2.0, 1.0)), rtol=1e-9
    )
    assert not np.allclose(balanced, coefficients())
    labels = np.column_stack([y == "a", y == "b"]).astype(int)
    net = MLPClassifier(**keywords, class_weight="balanced").fit(X, labels)
    assert net.predict(X).shape == labels.shape


def test_samples_of_a_class_of_weight_0_are_not_there():
    X, y = blobs(60, 3)
    keywords = {"hidden_layer_sizes": (4,), "batch_size": 8, "max_iter": 5, "random_state": 0}
    net = MLPClassifier(**keywords, class_weight={1: 0.0}).fit(X, y)
    assert net.t_ == 5 * 40  # samples seen
    assert list(net.classes_) == [0, 1, 2]
    by_class = MLPClassifier(**keywords, class_weight={1: 0.0}).partial_fit(X, y, classes=[0, 1, 2])
    by_sample = MLPClassifier(**keywords).partial_fit(X, y, (y != 1).astype(float), classes=[0, 1, 2])
    np.testing.assert_array_equal(by_class.network_.parameters, by_sample.network_.parameters)


def test_samples_of_weight_0_are_not_there():
    X, y = blobs(40, 2)
    X[0], y = 1e6, np.where(np.arange(40) == 0, 7, y)
    weight = np.r_[0.0, np.ones(39)]
    net = MLPClassifier((4,), max_iter=20, random_state=0).fit(X, y, sample_weight=weight)
    assert net.classes_.tolist() == [0, 1]
    without = MLPClassifier((4,), max_iter=20, random_state=0).fit(X[1:], y[1:])
    np.testing.assert_array_equal(net.coefs_[0], without.coefs_[0])


# Training ------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_seed_decides_everything(kind: type):
    X, y = data(kind)
    net = kind(hidden_layer_sizes=(8,), dropout=0.2, batch_size=16, max_iter=5, random_state=3)
    first, again = clone(net).fit(X, y), clone(net).fit(X, y)
    other = clone(net).set_params(random_state=4).fit(X, y)
    np.testing.assert_array_equal(first.network_.parameters, again.network_.parameters)
    assert not np.array_equal(first.network_.parameters, other.network_.parameters)
    assert first.loss_curve_ == again.loss_curve_


@BOTH
def test_what_a_fit_leaves(kind: type):
    X, y = data(kind)
    net = kind(hidden_layer_sizes=(8, 4), max_iter=3, random_state=0)
    with pytest.raises(NotFittedError):
        net.predict(X)
    assert not hasattr(net, "coefs_")
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        net.fit(X, y)
    assert [a.shape for a in net.coefs_] == [(2, 8), (8, 4), (4, net.n_outputs_)]
    assert [a.shape for a in net.intercepts_] == [(8,), (4,), (net.n_outputs_,)]
    assert (net.n_layers_, net.n_iter_, net.t_) == (4, 3, 3 * len(X))
    assert len(net.loss_curve_) == 3
    assert net.loss_ == net.loss_curve_[-1]
    assert net.best_loss_ == min(net.loss_curve_)
    assert net.validation_scores_ is None
    assert net.network_.score(X, y) == pytest.approx(net.score(X, y))


@BOTH
def test_early_stopping_holds_out_and_restores_the_best(kind: type):
    X, y = data(kind, 120)
    net = kind(
        hidden_layer_sizes=(16,), early_stopping=True, validation_fraction=0.25, n_iter_no_change=5, max_iter=400,
        learning_rate_init=0.02, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert net.n_iter_ < 400
    assert len(net.validation_scores_) == net.n_iter_
    assert net.best_validation_score_ == max(net.validation_scores_)
    assert net.best_loss_ is None
    rng = check_random_state(0)
    stratify = y if kind is MLPClassifier else None
    _, held = train_test_split(np.arange(120), test_size=0.25, random_state=rng, stratify=stratify)
    assert net.score(X[held], y[held]) == pytest.approx(net.best_validation_score_, rel=1e-12)


@BOTH
def test_training_ends_where_it_gets_no_better(kind: type):
    X, y = data(kind)
    net = kind(hidden_layer_sizes=(8,), tol=0.05, n_iter_no_change=4, max_iter=500, random_state=0).fit(X, y)
    assert net.n_iter_ < 500
    best = np.minimum.accumulate(net.loss_curve_)
    better = [i for i in range(1, net.n_iter_) if net.loss_curve_[i] <= best[i - 1] - 0.05]
    assert net.n_iter_ == max(better, default=0) + 1 + 5
    endless = clone(net).set_params(n_iter_no_change=np.inf, max_iter=60).fit(X, y)
    assert endless.n_iter_ == 60


def test_schedules_of_the_learning_rate():
    X, y = blobs()
    keywords = {"solver": "sgd", "hidden_layer_sizes": (4,), "learning_rate_init": 0.5, "random_state": 0}
    adaptive = MLPClassifier(**keywords, learning_rate="adaptive", tol=10.0, max_iter=500).fit(X, y)
    rate, epochs = 0.5, 1 + 11
    while rate > 1e-6:
        rate, epochs = rate / 5.0, epochs + 11
    # The first loss of all is progress from infinity.
    assert adaptive.n_iter_ == epochs
    assert adaptive._optimiser.learning_rate == pytest.approx(rate)
    scaling = MLPClassifier(**keywords, learning_rate="invscaling", power_t=0.7, max_iter=3).fit(X, y)
    assert scaling._optimiser.learning_rate == pytest.approx(0.5 / (3 * len(X) + 1) ** 0.7)


@pytest.mark.parametrize("solver", [*mlp.OPTIMISERS, "lbfgs"])
def test_every_solver_lowers_the_loss(solver: str):
    X, y = blobs()
    net = MLPClassifier((8,), "gelu", solver=solver, learning_rate_init=0.01, max_iter=30, random_state=0).fit(X, y)
    assert net.loss_curve_[-1] < net.loss_curve_[0]
    assert net.loss_ == net.loss_curve_[-1]


def test_warm_start_goes_on():
    X, y = blobs()
    net = MLPClassifier((8,), warm_start=True, max_iter=5, random_state=0).fit(X, y)
    first = net.loss_curve_
    net.fit(X, y)
    assert net.loss_curve_[0] < first[0]
    assert len(net.loss_curve_) == 5
    assert net.set_params(warm_start=False).fit(X, y).loss_curve_ == first
    with pytest.raises(ValueError, match="hidden_layer_sizes must be those of the fit before"):
        net.set_params(warm_start=True, hidden_layer_sizes=(9,)).fit(X, y)
    with pytest.raises(ValueError, match=r"y must have the classes \[0 1 2\] alone, got \[3\]"):
        net.set_params(hidden_layer_sizes=(8,)).fit(X, np.where(y == 0, 3, y))


@BOTH
def test_partial_fit_takes_the_epochs_of_fit(kind: type):
    X, y = data(kind)
    keywords = {"hidden_layer_sizes": (8,), "batch_size": 16, "dropout": 0.2, "shuffle": False, "random_state": 0}
    whole = kind(**keywords, max_iter=4).fit(X, y)
    first = {"classes": [0, 1, 2]} if kind is MLPClassifier else {}
    parts = kind(**keywords).partial_fit(X, y, **first)
    for step in range(3):
        if step == 1:  # optimiser and generator go with it
            parts = pickle.loads(pickle.dumps(parts))
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.network_.parameters, whole.network_.parameters)
    assert parts.loss_curve_ == whole.loss_curve_


def test_partial_fit_may_not_see_all_classes_at_once():
    X, y = blobs(120)
    order = np.argsort(y)
    net = MLPClassifier((16,), random_state=0, learning_rate_init=0.01)
    with pytest.raises(ValueError, match="classes must be given in the first call"):
        net.partial_fit(X, y)
    for _ in range(60):
        for part in np.array_split(order, 4):
            net.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert net.score(X, y) > 0.8
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        net.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="y must be as in the fit before"):
        net.partial_fit(X, np.column_stack([y == 0, y == 1]).astype(int))


@BOTH
def test_lbfgs_has_no_partial_fit(kind: type):
    assert hasattr(kind(), "partial_fit")
    assert not hasattr(kind(solver="lbfgs"), "partial_fit")


def test_layers_are_those_asked_for():
    X, y = blobs()
    net = MLPClassifier((6, 4), ("logistic", "gelu"), dropout=0.1, batch_normalisation=True, max_iter=2).fit(X, y)
    names = [type(layer).__name__ for layer in net.network_.layers]
    assert names == ["Dense", "BatchNormalisation", "Activation", "Dropout"] * 2 + ["Dense"]
    assert len(net.coefs_) == len(net.intercepts_) == 3
    net = MLPClassifier((6, 4), ["logistic", "gelu"], max_iter=2).fit(X, y)
    assert [layer.activation for layer in net.network_.layers] == ["sigmoid", "gelu", "identity"]


def test_verbose_prints(capsys: pytest.CaptureFixture[str]):
    X, y = blobs()
    net = MLPClassifier((4,), verbose=True, early_stopping=True, max_iter=2, random_state=0).fit(X, y)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"Iteration 1, loss = {net.loss_curve_[0]:.8f}"
    assert printed[1] == f"Validation score: {net.validation_scores_[0]:.6f}"


# Among scikit-learn's tools ------------------------------------------------------------------------------------------


@BOTH
def test_frames_pipelines_searches_and_pickles(kind: type):
    X, y = data(kind)
    frame = pd.DataFrame(X, columns=["east", "north"])
    net = kind(hidden_layer_sizes=(8,), max_iter=20, random_state=0)
    fitted = clone(net).fit(frame, pd.Series(y) if y.ndim == 1 else pd.DataFrame(y))
    assert fitted.feature_names_in_.tolist() == ["east", "north"]
    assert fitted.n_features_in_ == 2
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[["north", "east"]])
    np.testing.assert_array_equal(fitted.predict(frame), clone(net).fit(X, y).predict(X))
    pipeline = make_pipeline(StandardScaler(), clone(net)).fit(frame, y)
    assert np.isfinite(pipeline.score(frame, y))
    search = GridSearchCV(net, {"activation": ["relu", "mish"], "alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    assert search.best_params_["activation"] in ("relu", "mish")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(frame), fitted.predict(frame))


def _through_joblib(value: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(value, file)
    file.seek(0)
    return joblib.load(file)


@BOTH
@pytest.mark.parametrize("solver", ["sgd", "adam", "nadam"])
@pytest.mark.parametrize("through", [_through_joblib, lambda value: pickle.loads(pickle.dumps(value))])
def test_an_estimator_read_again_goes_on_with_the_same_bits(kind: type, solver: str, through: Any):
    X, y = data(kind)
    options = {"classes": np.unique(y)} if kind is MLPClassifier else {}
    net = kind(hidden_layer_sizes=(5,), solver=solver, random_state=0).partial_fit(X, y, **options).partial_fit(X, y)
    twin = through(net)
    for _ in range(3):
        np.testing.assert_array_equal(
            twin.partial_fit(X, y).network_.parameters, net.partial_fit(X, y).network_.parameters
        )


@BOTH
def test_threads_may_predict_with_one_estimator(kind: type):
    X, y = data(kind, 4096)
    net = kind(hidden_layer_sizes=(64, 64), max_iter=1, random_state=0).fit(X, y)
    parts = [X[start : start + 256] for start in range(0, 4096, 256)] * 8
    expected = [net._outputs(part) for part in parts]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(net._outputs, parts))
    finally:
        sys.setswitchinterval(interval)
    for here, there in zip(found, expected, strict=True):
        np.testing.assert_array_equal(here, there)


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": 0}, "hidden_layer_sizes must be an integer of at least 1"),
        ({"hidden_layer_sizes": (4, -1)}, "hidden_layer_sizes must be"),
        ({"hidden_layer_sizes": "4"}, "hidden_layer_sizes must be"),
        ({"activation": "nonsense"}, "activation must be one of"),
        ({"activation": None}, "activation must be one of"),
        ({"activation": ["relu", "relu"]}, "activation must be a name, or one for each of the 1 hidden layers, got 2"),
        ({"solver": "newton"}, "solver must be one of .*lbfgs"),
        ({"alpha": -1.0}, "alpha must be"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"batch_size": "all"}, "batch_size must be"),
        ({"learning_rate": "fast"}, "learning_rate must be one of"),
        ({"learning_rate_init": 0.0}, "learning_rate_init must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"shuffle": 1}, "shuffle must be"),
        ({"tol": np.nan}, "tol must be"),
        ({"momentum": 1.0}, "momentum must be"),
        ({"beta_1": 1.0}, "beta_1 must be"),
        ({"epsilon": 0.0}, "epsilon must be"),
        ({"validation_fraction": 1.0}, "validation_fraction must be"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be"),
        ({"initialiser": "none"}, "initialiser must be one of"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"batch_normalisation": "yes"}, "batch_normalisation must be"),
        ({"solver": "lbfgs", "dropout": 0.5}, "solver must not be lbfgs with dropout"),
        ({"early_stopping": True, "validation_fraction": 0.01}, "validation_fraction must leave at least"),
        ({"random_state": "a"}, "seed"),
    ],
    ids=str,
)
@BOTH
def test_bad_parameters_are_named_by_fit(kind: type, parameters: dict[str, Any], message: str):
    X, y = data(kind)
    net = kind(**parameters)
    with pytest.raises(ValueError, match=message):
        net.fit(X, y)
    assert not hasattr(net, "coefs_")


@pytest.mark.parametrize(
    ("kind", "parameters", "y", "fit", "message"),
    [
        (MLPClassifier, {}, np.zeros(60), {}, "y must have at least 2 classes, got 1 class"),
        (MLPClassifier, {}, np.tile([[0, 1, 2]], (60, 1)), {}, "one class for each sample"),
        (MLPClassifier, {}, blobs()[1], {"sample_weight": np.zeros(60)}, "zero"),
        (MLPClassifier, {}, blobs()[1], {"sample_weight": -np.ones(60)}, "[Nn]egative"),
        (MLPClassifier, {"class_weight": "fair"}, blobs()[1], {}, "class_weight"),
        (MLPClassifier, {"class_weight": {0: 0, 1: 0, 2: 0}}, blobs()[1], {}, r"class_weight must have weights in \[0"),
        (MLPClassifier, {"class_weight": {0: -1, 2: 0}}, blobs()[1], {}, r"class_weight must have weights in \[0, inf"),
        (MLPClassifier, {"class_weight": {0: np.inf}}, blobs()[1], {}, r"class_weight must have weights in \[0, inf\)"),
        (MLPRegressor, {"loss": "hinge"}, np.ones(60), {}, "loss must be one of mean_squared_error, mse"),
        (MLPRegressor, {"loss": None}, np.ones(60), {}, "loss must be one of"),
        (MLPRegressor, {"loss": "poisson"}, -np.ones(60), {}, r"target must be in \[0, inf\)"),
    ],
)
def test_bad_targets_and_weights(kind, parameters, y, fit, message):
    net = kind(**parameters)
    before = dict(vars(net)) | {"n_features_in_": 2}
    with pytest.raises(ValueError, match=message):
        net.fit(blobs()[0], y, **fit)
    assert vars(net).items() <= before.items()


def test_partial_fit_refuses_what_needs_all_samples():
    X, y = blobs()
    for parameters, message in (
        ({"early_stopping": True}, "early_stopping"),
        ({"class_weight": "balanced"}, "balanced"),
    ):
        with pytest.raises(ValueError, match=message):
            MLPClassifier(**parameters).partial_fit(X, y, classes=[0, 1, 2])
    net = MLPRegressor().partial_fit(X, np.ones((60, 2)))
    with pytest.raises(ValueError, match="y must have 2 outputs as in the fit before, got 1"):
        net.partial_fit(X, np.ones(60))


def test_divergence_is_an_error():
    X, y = waves()
    with pytest.raises(FloatingPointError, match="diverged"):
        MLPRegressor(solver="sgd", learning_rate_init=1e6, random_state=0).fit(X, y)


# Without scikit-learn ------------------------------------------------------------------------------------------------


def test_scikit_learn_is_imported_when_it_is_asked_for_and_named_where_it_is_missing(tmp_path: Path):
    code = """
import sys
from fastact import mlp
assert "sklearn" not in sys.modules
assert "MLPClassifier" in dir(mlp)
sys.modules["sklearn"] = None
try:
    mlp.MLPRegressor
except ImportError as error:
    print(error)
assert not hasattr(mlp, "nonsense")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    expected = "fastact.mlp.MLPRegressor needs scikit-learn 1.6 or newer: pip install 'fastact[estimators]'\n"
    assert (done.stdout, done.returncode) == (expected, 0), done.stderr


PAGE = Path(__file__).parents[1] / "docs" / "estimators.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_page_prints_what_it_shows(capsys: pytest.CaptureFixture[str]):
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    exec(compile(block, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"^# (.*)$", block, flags=re.MULTILINE)


def test_docstrings_name_all_parameters_and_print_what_they_show():
    for kind in (MLPClassifier, MLPRegressor):
        for name in kind().get_params():
            assert f"\n{name} : " in kind.__doc__
    result = doctest.testmod(estimators)
    assert result.failed == 0
    assert result.attempted >= 6


@BOTH
def test_activations_of_ones_own(kind):
    own = fastact.custom("x * tanh(x)", name="own_of_an_estimator")
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = (X[:, 0] > 0).astype(float)
    one, other = (
        kind(hidden_layer_sizes=(4,), activation=activation, max_iter=3, random_state=0).fit(X, y)
        for activation in (own.spec.name, own)
    )
    assert one.network_.layers[0].activation == own.spec.name
    np.testing.assert_array_equal(one.network_.parameters, other.network_.parameters)
    with pytest.raises(ValueError, match=r"^activation must be one of"):
        kind(activation="nobodys_own").fit(X, y)
