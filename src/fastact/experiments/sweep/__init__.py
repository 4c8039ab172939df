"""Train one network for every combination of activation, depth, width, initialiser, optimiser, learning rate and seed.

A configuration is one such combination; the result is a table with a row for each. A row is plain data, and a
configuration in which training diverges or fails is a row too, which says so. Rows are computed by joblib: in several
processes with ``n_jobs``, on a Dask cluster inside ``joblib.parallel_config("dask")``, with the same numbers.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastact
from fastact import mlp
from fastact.compiler.activation import register

from .. import configuration, data, execution, results

FILE = "sweep.json"
INITIALISERS = ("auto", *mlp.INITIALISERS)
OPTIMISERS = tuple(mlp.OPTIMISERS)

# What a configuration is made of, and the setting that lists its values; the seeds vary fastest.
AXES = {
    "activation": "activations",
    "depth": "depths",
    "width": "widths",
    "initialiser": "initialisers",
    "optimiser": "optimisers",
    "learning_rate": "learning_rates",
    "batch_normalisation": "batch_normalisation",
    "seed": "seeds",
}

DEFINITIONS = {
    "depth": "number of hidden layers",
    "status": "ok; diverged: a loss, gradient or parameter became infinite or NaN; failed: error says why",
    "epochs": "epochs that training went through",
    "loss": "mean cross-entropy over the batches of the last epoch; null unless ok",
    "train_accuracy, test_accuracy": "share of the training and held-out samples classified rightly; null unless ok",
    "seconds": "wall time of training and scoring, the one entry that two runs differ in",
}

OK, DIVERGED, FAILED = "ok", "diverged", "failed"

SAVED_EVERY = 2.0
"""Seconds between two writings of the file, which is written whole: thousands of short rows would wait for the disk."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that determines the numbers, but for the data.

    Parameters
    ----------
    activations : sequence of str
        Names in ``fastact.activations`` or given to `fastact.custom`, each once, as the values of every sequence here;
        parameters have their defaults. Aliases are replaced by names.
    depths : sequence of int >= 1
        Numbers of hidden layers.
    widths : sequence of int >= 1
        Units of every hidden layer.
    initialisers : sequence of str
        Names in ``mlp.INITIALISERS``, or "auto": the one made for the activation, as in ``vanish``.
    optimisers : sequence of str
        Names in ``mlp.OPTIMISERS``.
    learning_rates : sequence of float > 0
        Of the optimiser.
    batch_normalisation : sequence of bool
        Whether each hidden layer normalises its sums over the batch before the activation.
    seeds : sequence of int >= 0
        Of the division of the data, of the initial weights and of the order of the batches.
    epochs : int >= 1
        Passes over the training part.
    batch_size : int >= 1
        Samples per step.
    gain : float > 0
        Factor on the initial weights.
    dtype : {"float32", "float64"}
        Of parameters and computation.
    test_share : float in (0, 1)
        Share of the samples held out.

    Raises
    ------
    ValueError
        Naming the argument and what is allowed.
    """

    activations: Sequence[str] = ("sigmoid", "tanh", "relu", "gelu")
    depths: Sequence[int] = (1, 3, 10)
    widths: Sequence[int] = (64,)
    initialisers: Sequence[str] = ("auto",)
    optimisers: Sequence[str] = ("adam",)
    learning_rates: Sequence[float] = (1e-3,)
    batch_normalisation: Sequence[bool] = (False,)
    seeds: Sequence[int] = (0, 1, 2)
    epochs: int = 20
    batch_size: int = 64
    gain: float = 1.0
    dtype: str = "float32"
    test_share: float = 0.25

    def __post_init__(self) -> None:
        def keep(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        keep("activations", configuration.activations(self.activations))
        keep("learning_rates", tuple(configuration.number("learning_rates", rate) for rate in self.learning_rates))
        for name in AXES.values():
            keep(name, configuration.distinct(name, getattr(self, name)))
        for name, lower in (("depths", 1), ("widths", 1), ("seeds", 0)):
            for value in getattr(self, name):
                configuration.integer(name, value, lower)
        for name, allowed in (
            ("initialisers", INITIALISERS),
            ("optimisers", OPTIMISERS),
            ("batch_normalisation", (True, False)),
        ):
            for value in getattr(self, name):
                configuration.choice(name, value, allowed)
        for name in ("epochs", "batch_size"):
            configuration.integer(name, getattr(self, name), 1)
        keep("gain", configuration.number("gain", self.gain))
        keep("test_share", configuration.number("test_share", self.test_share, 1.0))
        configuration.choice("dtype", self.dtype, ("float32", "float64"))

    @property
    def common(self) -> dict[str, Any]:
        """What all rows share: everything that is no axis."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in AXES.values()}

    def __len__(self) -> int:
        """The number of configurations."""
        return math.prod(len(getattr(self, name)) for name in AXES.values())

    def configurations(self) -> Iterator[dict[str, Any]]:
        """Every combination of the axes' values, by the names in ``AXES``."""
        for values in itertools.product(*(getattr(self, name) for name in AXES.values())):
            yield dict(zip(AXES, values, strict=True))


def run(
    settings: Settings | None = None,
    dataset: data.Dataset | None = None,
    *,
    file: str | Path | None = None,
    resume: bool = False,
    n_jobs: int | None = None,
    on_row: Callable[[dict[str, Any], bool], None] | None = None,
) -> list[dict[str, Any]]:
    """Train and score every configuration.

    Parameters
    ----------
    settings : Settings, optional
        Default: ``Settings()``.
    dataset : Dataset, optional
        Default: scikit-learn's digits.
    file : path, optional
        A JSON file for the rows, rewritten atomically every few seconds and at the end, however that comes. Its folder
        is made if there is none. Default: nothing is written.
    resume : bool
        Take over the rows of ``file`` and compute those that are missing or failed, each recognised by a hash of all
        that determines it, the versions of fastact and NumPy too. The configurations may be others than before: the
        file then has the rows of both runs. With other data or settings that are no axis it is a ResumeError.
    n_jobs : int, optional
        As joblib's: processes; by default what ``joblib.parallel_config`` says, or 1. Inside
        ``joblib.parallel_config("dask")`` the tasks go to the cluster of the current client. Numbers do not depend on
        it.
    on_row : callable, optional
        Called with each row and whether it was taken over, for a progress bar say. What it raises ends the run and
        leaves the rows.

    Returns
    -------
    list of dict
        A row for each configuration, in the order of ``settings.configurations()``; see ``DEFINITIONS``.

    Raises
    ------
    ResumeError
        If there is nothing to resume, or it was made otherwise.
    ValueError
        If resume is asked for without a file, or the file's folder is none.
    DataError
        If the data cannot be standardised.
    ModuleNotFoundError
        Without joblib and threadpoolctl, which come with scikit-learn.
    """
    settings = settings or Settings()
    dataset = dataset or data.digits()
    for seed in settings.seeds:  # what cannot be standardised is no failure of a configuration
        data.split(dataset, test_share=settings.test_share, seed=seed, dtype=settings.dtype)
    description = {
        "name": dataset.name,
        "samples": len(dataset.y),
        "features": dataset.X.shape[1],
        "classes": len(dataset.classes),
        "sha256": dataset.fingerprint,
    }
    identity = {"data": dataset.fingerprint, "fastact": fastact.__version__, "numpy": np.__version__, **settings.common}
    own = configuration.own_definitions(settings.activations)

    def key(one: Mapping[str, Any]) -> str:
        # A name of one's own may be given to something else.
        formula = {"formula": own[one["activation"]].spec.formula} if one["activation"] in own else {}
        return results.key({**identity, **formula, **one})

    wanted = {key(one): one for one in settings.configurations()}
    table = _Table(None if file is None else Path(file), settings, description, wanted)
    if resume:
        table.take_over()
    if on_row is not None:
        for name in wanted:
            if name in table.rows:
                on_row(table.rows[name], True)
    # Shallow networks first: results show early, and more rows are left when it is stopped.
    missing = sorted((item for item in wanted.items() if item[0] not in table.rows), key=lambda item: item[1]["depth"])
    # Features and labels as arguments of their own: joblib hands large arrays to each process once.
    calls = [
        (name, one, settings, dataset.X, dataset.y, len(dataset.classes), own.get(one["activation"]))
        for name, one in missing
    ]
    try:
        with contextlib.closing(execution.computed(_row, calls, n_jobs)) as rows:
            for row in rows:
                table.add(row)
                if on_row is not None:
                    on_row(row, False)
    finally:
        # A finished file of before stays until there is a row to replace it with.
        if table.added or not missing:
            table.save()
    return [table.rows[name] for name in wanted]


class _Table:
    """The rows there are by key, and their file if there is one."""

    def __init__(
        self, path: Path | None, settings: Settings, description: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> None:
        self.path, self.settings, self.description, self.wanted = path, settings, description, wanted
        self.rows: dict[str, dict[str, Any]] = {}
        self.added = 0
        self.saved = time.monotonic()
        if path is not None and (path.is_dir() or (path.parent.exists() and not path.parent.is_dir())):
            raise ValueError(f"file must be a file in a folder, got {path}")

    def take_over(self) -> None:
        """Read the rows of an earlier run, but for those that failed."""
        if self.path is None:
            raise ValueError("resume needs a file")
        before = results.read(self.path, {"status": str, "activation": str})
        results.check_same(self.path, "settings", before.get("settings", {}), self.settings.common)
        results.check_same(self.path, "data", before.get("data", {}), self.description)
        self.rows = {row["key"]: row for row in before["rows"] if row["status"] != FAILED}

    def add(self, row: dict[str, Any]) -> None:
        """Take a row, and write the file if the last time is a while ago."""
        self.rows[row["key"]] = row
        self.added += 1
        if time.monotonic() - self.saved > SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Write the rows asked for, in order, then those that an earlier run has left."""
        if self.path is None:
            return
        names = [*self.wanted, *(name for name in self.rows if name not in self.wanted)]
        report = {
            "experiment": "sweep",
            "complete": self.wanted.keys() <= self.rows.keys(),
            "settings": self.settings.common,
            "data": self.description,
            "versions": configuration.versions(),
            "definitions": DEFINITIONS,
            "rows": [self.rows[name] for name in names if name in self.rows],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        results.write(self.path, report)
        self.saved = time.monotonic()


def _row(
    name: str,
    one: Mapping[str, Any],
    settings: Settings,
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    classes: int,
    own: Any,
) -> dict[str, Any]:
    if own is not None:
        # A process that runs for longer may know another one by that name.
        register(own)
    started = time.perf_counter()
    outcome: dict[str, Any] = {"status": OK, "error": None, "epochs": 0, "loss": None}
    outcome |= {"train_accuracy": None, "test_accuracy": None}
    try:
        outcome |= train(one, settings, X, y, classes)
    except ModuleNotFoundError:  # which no other configuration will have
        raise
    except Exception as error:  # another configuration may well succeed
        outcome |= {"status": FAILED, "error": f"{type(error).__name__}: {error}"}
    return {"key": name, **results.plain({**one, **outcome, "seconds": round(time.perf_counter() - started, 3)})}


def train(
    one: Mapping[str, Any], settings: Settings, X: NDArray[np.float64], y: NDArray[np.int64], classes: int
) -> dict[str, Any]:
    """Train and score one configuration.

    Parameters
    ----------
    one : mapping
        A value for each name in ``AXES``.
    settings : Settings
        Of which only ``common`` is used.
    X : (samples, features) float64 array
    y : (samples,) int64 array
        Class numbers.
    classes : int >= 2

    Returns
    -------
    dict
        status, epochs, loss, train_accuracy and test_accuracy of ``DEFINITIONS``.
    """
    labels = tuple(map(str, range(classes)))
    dataset = data.Dataset("sweep", X, y, labels)
    parts = data.split(dataset, test_share=settings.test_share, seed=one["seed"], dtype=settings.dtype)
    losses: list[float] = []
    with execution.one_blas_thread():
        net = network(one, settings, X.shape[1], classes)
        try:
            net.fit(
                parts.X_train,
                parts.y_train,
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                optimiser=mlp.OPTIMISERS[one["optimiser"]](learning_rate=one["learning_rate"]),
                callback=lambda _, loss: losses.append(loss),
            )
        except FloatingPointError:
            return {"status": DIVERGED, "epochs": len(losses)}
        if not np.isfinite(net.parameters).all():
            return {"status": DIVERGED, "epochs": len(losses)}
        return {
            "epochs": len(losses),
            "loss": losses[-1],
            "train_accuracy": net.score(parts.X_train, parts.y_train),
            "test_accuracy": net.score(parts.X_test, parts.y_test),
        }


def network(one: Mapping[str, Any], settings: Settings, inputs: int, classes: int) -> mlp.Network:
    """The untrained network of a configuration."""
    name, width = one["activation"], one["width"]
    hidden: list[mlp.Layer] = []
    for _ in range(one["depth"]):
        if one["batch_normalisation"]:
            # The shift of the normalisation is the bias.
            hidden += [mlp.Dense(width, use_bias=False), mlp.BatchNormalisation(), mlp.Activation(name)]
        else:
            hidden.append(mlp.Dense(width, name))
    return mlp.Network(
        [*hidden, mlp.Dense(classes)],
        inputs=inputs,
        dtype=settings.dtype,
        seed=one["seed"],
        initialiser=configuration.initialiser_for(name) if one["initialiser"] == "auto" else one["initialiser"],
        gain=settings.gain,
    )
