"""The activations of a layer: one for all its units or one for each, with parameters that are given or learned.

Arrays are (units, samples). Neighbouring units of one activation with the same parameters are a run, which one call of
the ufunc computes; their parameters are columns that NumPy broadcasts along the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import fastact

from ._kernels import Pointwise

Derivatives = Literal["exact", "textbook"]
Learn = Literal["layer", "unit"]
OneActivation = str | tuple[str, Mapping[str, float]]


def _sigmoid_textbook(y: NDArray, slopes: NDArray) -> None:
    np.subtract(1.0, y, out=slopes)
    np.multiply(y, slopes, out=slopes)


def _tanh_textbook(y: NDArray, slopes: NDArray) -> None:
    np.multiply(y, y, out=slopes)
    np.subtract(1.0, slopes, out=slopes)


# y (1 - y) and 1 - y^2 from the rounded output: 0 as soon as y rounds to 1.
TEXTBOOK = {"sigmoid": _sigmoid_textbook, "tanh": _tanh_textbook}


def checked_activation(activation: Any, parameters: Any) -> tuple[str, dict[str, float]]:
    """The name of an activation and its parameters, within their domains; ValueError naming what is not allowed."""
    row = fastact.registered(activation).spec
    domains = {parameter.name: parameter.domain for parameter in row.parameters}
    if not isinstance(parameters, Mapping):
        raise ValueError(f"parameters must map names to numbers, got {parameters!r:.60}")
    for name, value in parameters.items():
        if name not in domains:
            allowed = ", ".join(domains) or "none"
            raise ValueError(f"parameters of {row.name} must be among: {allowed}; got {name!r}")
        if not isinstance(value, Real) or float(value) not in domains[name]:
            raise ValueError(f"parameters: {name} of {row.name} must be in {domains[name]}, got {value!r:.60}")
    given = {name: float(value) for name, value in parameters.items()}
    values = row.defaults | given
    for left, relation, right in row.broken_order(values):
        raise ValueError(
            f"parameters: {left} of {row.name} must be {relation} {right}, got {values[left]:g} and {values[right]:g}"
        )
    return row.name, given


@dataclass(eq=False)
class Run:
    """Neighbouring units of one activation, and the arrays that its parameters are in."""

    units: slice
    activation: str
    function: Any
    parameters: dict[str, float]
    learned: tuple[str, ...] = ()
    values: dict[str, NDArray] = field(default_factory=dict)
    gradients: dict[str, NDArray] = field(default_factory=dict)

    @property
    def row(self) -> Any:
        """The activation's row, in the catalogue or of one's own."""
        return self.function.spec

    def attach(self, prefix: str, arrays: Mapping[str, NDArray], gradients: Mapping[str, NDArray], dtype: Any) -> None:
        """Take the memory for what is learned, and fill it with the initial values."""
        # A parameter that rounding to the network's dtype takes out of its domain is refused here.
        self.function(dtype.type(0), **self.parameters)
        for name, value in (self.row.defaults | self.parameters).items():
            if name in self.learned:
                column = arrays[prefix + name]
                # A number for all units is one to the ufunc too.
                self.values[name] = column.reshape(()) if column.size == 1 else column
                self.gradients[name] = gradients[prefix + name]
            else:
                self.values[name] = np.array(value, dtype)
        function = self.function
        self.value = getattr(function, "ufunc", function)
        self.with_derivative = getattr(function.with_derivative, "ufunc", function.with_derivative)
        self.backward_to = {name: getattr(function, f"backward_{name}").ufunc for name in self.learned}
        self.textbook = TEXTBOOK.get(self.activation)

    def inputs(self, z: NDArray) -> list[Any]:
        """z and the parameters, in the order of the ufunc's inputs."""
        return [z, *self.values.values()]

    def draw(self, z: NDArray, y: NDArray, slopes: NDArray, rng: np.random.Generator) -> None:
        """What rrelu and erelu do in training: f and f' with slopes that are drawn."""
        # y may be z, which the derivative is taken at
        value, slope = self.function(z, rng=rng, **self.parameters)
        slopes[...] = self.function.backward(z.dtype.type(1), z, slope=slope, **self.parameters)
        y[...] = value

    def constrain(self) -> None:
        """Put learned parameters that a step took out of their domain back to its nearest point."""
        for name in self.learned:
            domain = next(parameter.domain for parameter in self.row.parameters if parameter.name == name)
            if domain.lower == 0.0:
                smallest = 0.0 if domain.lower_closed else np.finfo(self.values[name].dtype).tiny
                np.maximum(self.values[name], smallest, out=self.values[name])
        for left, _, right in self.row.parameter_order:
            if left in self.learned:
                np.minimum(self.values[left], self.values[right], out=self.values[left])
            elif right in self.learned:
                np.maximum(self.values[right], self.values[left], out=self.values[right])


class Elementwise:
    """The activations of some units.

    Parameters
    ----------
    units : int
        How many.
    activation : str or what `fastact.custom` made, or a sequence of them and of (one, mapping) pairs
        One for all units, or one for each, with its parameters where they are not the defaults. The attribute
        ``named`` is the same by names.
    parameters : mapping of str to float
        Of the activation of all units; must be empty where each has its own.
    learn : None, "layer" or "unit"
        Whether learnable parameters are learned: one value for each run of units, or one for each unit.
    """

    def __init__(self, units: int, activation: Any, parameters: Mapping[str, float], learn: Learn | None) -> None:
        if isinstance(activation, str) or not isinstance(activation, Sequence):
            each = [checked_activation(activation, parameters)] * units
            self.named: Any = each[0][0]
        else:
            if parameters:
                raise ValueError("parameters must be empty where each unit has an activation: pair them with the names")
            if len(activation) != units:
                raise ValueError(
                    f"activation must be a name, or one for each of {units} units, got {len(activation)} of them"
                )
            each = [checked_activation(*_pair(one)) for one in activation]
            self.named = tuple((name, given) if given else name for name, given in each)
        if learn not in (None, "layer", "unit"):
            raise ValueError(f"learn must be None, 'layer' or 'unit', got {learn!r:.60}")
        self.learn = learn
        self.runs: list[Run] = []
        for (name, given), members in groupby(enumerate(each), key=lambda item: item[1]):
            indices = [index for index, _ in members]
            function = fastact.registered(name)
            learned = tuple(p.name for p in function.spec.parameters if p.learnable) if learn else ()
            self.runs.append(Run(slice(indices[0], indices[-1] + 1), name, function, given, learned))
        if learn and not any(run.learned for run in self.runs):
            able = ", ".join(
                row.name for row in fastact.activations.values() if any(p.learnable for p in row.parameters)
            )
            raise ValueError(f"learn must be None for activations without learnable parameters; those with: {able}")
        self.linear = all(run.activation == "identity" for run in self.runs)

    @property
    def definitions(self) -> list[str]:
        """What activations of one's own are made from, as text."""
        return [run.function.definition.to_text() for run in self.runs if hasattr(run.function, "definition")]

    def _prefix(self, index: int) -> str:
        return f"{self.runs[index].activation}_" if len(self.runs) == 1 else f"{self.runs[index].activation}{index}_"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """What is learned: columns, one number for a run or one for each of its units."""
        return {
            self._prefix(i) + name: (run.units.stop - run.units.start if self.learn == "unit" else 1, 1)
            for i, run in enumerate(self.runs)
            for name in run.learned
        }

    def attach(
        self, arrays: Mapping[str, NDArray], gradients: Mapping[str, NDArray], dtype: Any, derivatives: Derivatives
    ) -> None:
        """Take the memory for what is learned."""
        for i, run in enumerate(self.runs):
            run.attach(self._prefix(i), arrays, gradients, dtype)
        self.textbook = derivatives == "textbook"

    def initialise(self) -> None:
        """Fill what is learned with the values given."""
        for run in self.runs:
            for name in run.learned:
                run.values[name][...] = (run.row.defaults | run.parameters)[name]

    def bound(self, z: NDArray, y: NDArray, slopes: NDArray) -> Bound:
        """The calls that compute f and f' in these arrays, each (units, samples); y may be z."""
        return Bound(self, z, y, slopes)

    def backward_to_parameters(self, z: NDArray, dy: NDArray) -> None:
        """The gradients of what is learned, from dL/dy, both (units, samples)."""
        for run in self.runs:
            for name in run.learned:
                each = run.backward_to[name](dy[run.units], *run.inputs(z[run.units]))
                out = run.gradients[name]
                if self.learn == "unit":
                    np.add.reduce(each, axis=1, keepdims=True, out=out)
                else:
                    out[...] = each.sum()

    def constrain(self) -> None:
        """Put learned parameters back into their domains, where a step has taken them out."""
        for run in self.runs:
            run.constrain()

    @property
    def name(self) -> str:
        """The activation's name, or those of the runs."""
        return ", ".join(dict.fromkeys(run.activation for run in self.runs))


class Bound:
    """Activations bound to arrays: z comes in, f(z) goes to y and f'(z) to the slopes."""

    def __init__(self, elementwise: Elementwise, z: NDArray, y: NDArray, slopes: NDArray) -> None:
        self.values, self.both = [], []
        # What the runs that draw do instead, by index.
        self.drawing: dict[int, Callable[[np.random.Generator], None]] = {}
        for index, run in enumerate(elementwise.runs):
            here = z[run.units], y[run.units], slopes[run.units]
            value = _call(run.value, *run.inputs(here[0]), here[1])
            self.values.append(value)
            if elementwise.textbook and run.textbook is not None:
                self.both.append(_textbook(value, run.textbook, *here[1:]))
            else:
                self.both.append(_call(run.with_derivative, *run.inputs(here[0]), *here[1:]))
            if run.row.drawn:
                self.drawing[index] = partial(run.draw, *here)

    def forward(self) -> None:
        """f alone."""
        for call in self.values:
            call()

    def forward_with_derivative(self, rng: np.random.Generator | None) -> None:
        """f and f', in one pass; with a generator the slopes of rrelu and erelu are drawn."""
        for index, call in enumerate(self.both):
            if rng is not None and index in self.drawing:
                self.drawing[index](rng)
            else:
                call()


def _call(ufunc: np.ufunc, *arrays: NDArray) -> Callable[[], object]:
    """A ufunc bound to arrays. Parameters that differ from unit to unit are broadcast, which is left to NumPy."""
    if all(array.flags.c_contiguous and (array.ndim == 0 or array.shape == arrays[0].shape) for array in arrays):
        return Pointwise(ufunc, *arrays)
    return partial(ufunc, *arrays)


def _textbook(value: Callable[[], object], derivative: Callable[..., None], y: NDArray, slopes: NDArray) -> Any:
    def both() -> None:
        value()
        derivative(y, slopes)

    return both


def _pair(one: Any) -> tuple[Any, Any]:
    if isinstance(one, str) or hasattr(one, "spec"):
        return one, {}
    if not isinstance(one, Sequence) or len(one) != 2:
        raise ValueError(f"activation: each must be a name, or a name with its parameters, got {one!r:.60}")
    return one[0], one[1]
