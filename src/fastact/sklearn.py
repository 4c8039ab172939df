"""scikit-learn's multilayer perceptrons on fastact's kernels, with every activation of the catalogue by name.

``patched()`` is a context manager; ``patch()`` and ``unpatch()`` do the same for a whole program::

    with fastact.sklearn.patched():
        MLPClassifier(activation="gelu").fit(X, y).predict(X)

Design
------
scikit-learn keeps two tables: of functions that overwrite a layer's input with its output, and of functions that take
that *output* Z and multiply the gradient ``delta`` in place. Both tables get fastact's functions. Where f' is a
function of the output, that is all.

Elsewhere f' must be computed before the input is overwritten. It is computed with f, from one exponential, and kept
until the derivative is asked for. The one method in which both happen is ``_backprop``, once per step of every solver,
and so it is wrapped: it opens a dictionary of slopes that the two functions share, and drops it when it returns or
raises. That is sound because

* within ``_backprop`` scikit-learn hands the very array object that it gave to the function to its derivative. The
  dictionary is keyed by that object and holds it, so that its id cannot come to mean another array;
* it belongs to one call in one thread: other estimators, other threads and later steps cannot see it, and nothing
  outlives the step;
* prediction, also that of early stopping between two steps, happens outside ``_backprop``: there f alone is computed,
  and nothing is kept.

A derivative that finds no slope raises: a wrong gradient is never returned.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastact

__all__ = ["patch", "patched", "unpatch"]

# What scikit-learn calls an activation of the catalogue, where that is another name.
_THEIR_NAMES = {"sigmoid": "logistic"}

# Its functions for the identity do nothing; a kernel would copy the array onto itself.
_LEFT_ALONE = {"identity"}

# A function that overwrites a layer's input with its output, and one that multiplies the gradient by f'.
_Pair = tuple[Callable[..., None], Callable[..., None]]


class _Step(threading.local):
    """The slopes of this thread's running step, by id of the array that holds the output; None between steps."""

    slopes: dict[int, tuple[np.ndarray, np.ndarray]] | None = None


_step = _Step()


def _from_output(function: Any) -> _Pair:
    """scikit-learn's pair of functions for an activation whose f' is a function of the output."""

    def inplace(X: np.ndarray) -> None:
        function(X, out=X)

    def inplace_derivative(Z: np.ndarray, delta: np.ndarray) -> None:
        function.backward_from_output(delta, Z, out=delta)

    return inplace, inplace_derivative


def _from_input(function: Any) -> _Pair:
    """scikit-learn's pair of functions for any other activation."""

    def inplace(X: np.ndarray) -> None:
        if _step.slopes is None:
            function(X, out=X)
            return
        slope = np.empty_like(X)
        function.with_derivative(X, out=(X, slope))
        _step.slopes[id(X)] = X, slope

    def inplace_derivative(Z: np.ndarray, delta: np.ndarray) -> None:
        found = None if _step.slopes is None else _step.slopes.pop(id(Z), None)
        if found is None:
            raise RuntimeError(
                f"fastact.sklearn: the derivative of {function.spec.name} needs the layer's input, which is kept only "
                "within BaseMultilayerPerceptron._backprop: it was called elsewhere, or for an array that the "
                "activation did not write, or the patch came or went during fit."
            )
        np.multiply(delta, found[1], out=delta)

    return inplace, inplace_derivative


def _functions() -> dict[str, _Pair]:
    """The pairs of functions for scikit-learn's tables by name, aliases included."""
    functions: dict[str, _Pair] = {}
    for row in fastact.activations.values():
        pair = (_from_output if row.from_output else _from_input)(getattr(fastact, row.name))
        functions |= dict.fromkeys((row.name, *row.aliases), pair)
        if row.name in _THEIR_NAMES:
            functions[_THEIR_NAMES[row.name]] = pair
    return {name: pair for name, pair in functions.items() if name not in _LEFT_ALONE}


def _keeping_slopes(backprop: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with slopes kept while it runs."""

    @functools.wraps(backprop)
    def _backprop(self: Any, *args: Any, **keywords: Any) -> Any:
        outer, _step.slopes = _step.slopes, {}
        try:
            return backprop(self, *args, **keywords)
        finally:
            _step.slopes = outer

    return _backprop


class _Inside:
    """The objects inside scikit-learn that are changed; raises, and changes nothing, if they are not as expected."""

    def __init__(self) -> None:
        try:
            import sklearn
        except ModuleNotFoundError as error:
            if error.name != "sklearn":
                raise
            raise ImportError("fastact.sklearn needs scikit-learn: pip install scikit-learn") from error
        self.version = sklearn.__version__
        try:
            from sklearn.neural_network import _base, _multilayer_perceptron
            from sklearn.utils._param_validation import StrOptions

            self.activations: dict[str, Any] = _base.ACTIVATIONS
            self.derivatives: dict[str, Any] = _base.DERIVATIVES
            self.perceptron: Any = _multilayer_perceptron.BaseMultilayerPerceptron
            self.options: Any = StrOptions
            self.backprop: Callable[..., Any] = self.perceptron.__dict__["_backprop"]
            used = _multilayer_perceptron.ACTIVATIONS, _multilayer_perceptron.DERIVATIVES
            classes = self.perceptron, _multilayer_perceptron.MLPClassifier, _multilayer_perceptron.MLPRegressor
            # Usually one list: subclasses copy the dictionary, not what is in it.
            constraints = [each._parameter_constraints["activation"] for each in classes]
            self.constraints: list[list[Any]] = list({id(each): each for each in constraints}.values())
            self.names = {name for each in self.constraints for rule in each for name in rule.options}
        except (ImportError, AttributeError, KeyError, TypeError) as error:
            raise self.different(f"{type(error).__name__}: {error}") from error
        if used[0] is not self.activations or used[1] is not self.derivatives:
            raise self.different("the tables of activations are not shared")
        if any(len(each) != 1 or not isinstance(each[0], StrOptions) for each in self.constraints):
            raise self.different("the allowed names of activations are not one StrOptions")
        if not self.names >= {"identity", "tanh", "relu", *_THEIR_NAMES.values()}:
            raise self.different(f"it offers the activations {', '.join(sorted(self.names))}")
        self._try_functions()

    def different(self, what: str) -> RuntimeError:
        """The error to raise."""
        return RuntimeError(
            f"fastact.sklearn does not fit the inside of scikit-learn {self.version} ({what}). Nothing was changed."
        )

    def _try_functions(self) -> None:
        """That each pair of its functions does what those do that replace it."""
        x = np.array([[-2.0, -0.5, 0.0, 1.5]])
        functions = _functions()
        for name in self.names & set(functions):
            results = []
            try:
                for activation, derivative in ((self.activations[name], self.derivatives[name]), functions[name]):
                    Z, delta = x.copy(), np.full_like(x, 3.0)
                    activation(Z)
                    derivative(Z, delta)
                    results.append(np.stack([Z, delta]))
            except Exception as error:
                raise self.different(f"{name}: {type(error).__name__}: {error}") from error
            if not np.allclose(results[0], results[1], rtol=1e-6, atol=1e-9):
                raise self.different(f"its {name} is another function")


def _restore(table: dict[str, Any], ours: dict[str, Any], before: dict[str, Any]) -> None:
    """Put a table's former entries back, except where somebody else has replaced ours since."""
    for name, function in ours.items():
        if table.get(name) is function:
            if name in before:
                table[name] = before[name]
            else:
                del table[name]


def _install() -> contextlib.ExitStack:
    """Change scikit-learn; closing what is returned changes it back."""
    inside = _Inside()
    functions = _functions()
    with contextlib.ExitStack() as undo:
        for i, table in enumerate((inside.activations, inside.derivatives)):
            ours = {name: pair[i] for name, pair in functions.items()}
            undo.callback(_restore, table, ours, dict(table))
            table.update(ours)
        undo.callback(setattr, inside.perceptron, "_backprop", inside.backprop)
        inside.perceptron._backprop = _keeping_slopes(inside.backprop)
        # Last: a name is allowed once it works. The lists are changed in place, as subclasses share them.
        for constraint in inside.constraints:
            undo.callback(constraint.__setitem__, slice(None), list(constraint))
            constraint[:] = [inside.options(inside.names | set(functions))]
        return undo.pop_all()


class _Patch:
    """Whether scikit-learn is changed: while ``patch()`` holds, or any ``patched()`` block runs in any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held = False
        self.blocks = 0
        self.undo: contextlib.ExitStack | None = None

    def change(self, *, held: bool | None = None, blocks: int = 0) -> None:
        """Note who wants the patch from now on; install or remove it."""
        with self.lock:
            wanted_held = self.held if held is None else held
            wanted_blocks = self.blocks + blocks
            wanted = wanted_held or wanted_blocks > 0
            if wanted and self.undo is None:
                self.undo = _install()
            elif not wanted and self.undo is not None:
                self.undo.close()
                self.undo = None
            self.held, self.blocks = wanted_held, wanted_blocks


_patch = _Patch()


def patch() -> None:
    """Put fastact's kernels under scikit-learn's multilayer perceptrons, until `unpatch`.

    From then on ``MLPClassifier`` and ``MLPRegressor`` compute "logistic", "tanh" and "relu" and their derivatives with
    fastact, to rounding the same numbers, and ``activation=`` takes the name of every other activation of
    ``fastact.activations``, with its parameters at their defaults. Output layers, losses and solvers stay. Calling it
    again does nothing.

    The patch holds for the whole process, all threads included; switching is thread-safe, and estimators may be fitted
    in several threads at once. An estimator with one of the added names works while the patch is active: without it
    ``fit`` raises scikit-learn's ``InvalidParameterError``, and ``predict`` a ``KeyError`` with the name. The same
    holds in other processes, such as workers of joblib: each must call ``patch()``. Pickles and clones need nothing.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    RuntimeError
        If the installed scikit-learn differs inside from what this module knows. It is left as it was.

    Examples
    --------
    >>> import fastact.sklearn
    >>> from sklearn.neural_network import MLPRegressor
    >>> fastact.sklearn.patch()
    >>> net = MLPRegressor(hidden_layer_sizes=5, activation="mish", solver="lbfgs", random_state=0)
    >>> net.fit([[0.0], [1.0], [2.0]], [0, 1, 4]).predict([[1.0]]).round(2)
    array([1.])
    >>> fastact.sklearn.unpatch()
    """
    _patch.change(held=True)


def unpatch() -> None:
    """Undo `patch`: scikit-learn has its own functions and names again.

    Without a patch it does nothing; within a `patched` block, it takes effect when the last such block ends.
    """
    _patch.change(held=False)


@contextlib.contextmanager
def patched() -> Iterator[None]:
    """The context in which scikit-learn's multilayer perceptrons run on fastact's kernels, as after `patch`.

    When the block ends, by an exception too, scikit-learn is as before. Blocks may be nested and may overlap between
    threads: the end of the last one counts, and after `patch` that of none. It serves as a decorator too.

    Raises
    ------
    ImportError, RuntimeError
        As `patch` does.
    """
    _patch.change(blocks=1)
    try:
        yield
    finally:
        _patch.change(blocks=-1)
