"""The row of a loss, and the factory of its three public functions.

Design
------
A loss is one decorated function: the decorator holds the row (names, domains, text), the function the formulas. It is
a generator of two values, the loss and then its derivative, so that both stand side by side and share what they
compute, while a caller that wants the loss alone never asks for the second:

    formula(x, t, out, **parameters)
        x     predictions, float32 or float64: (samples, outputs), or (samples,) where the loss is not one of rows
        t     targets: of the shape and dtype of x, or integer labels (samples,)
        yield the loss of each number of x, or of each row where the loss is one of rows: (samples,)
        yield its derivative with respect to x, an array of its own or ``out``, which may be x itself or None

Everything that all losses do alike, checks, the mean over outputs, weights and reductions, is here and nowhere else.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._record import Record
from .._schema import Interval, Parameter
from . import _checks
from ._rows import times

Formula = Callable[..., Iterator[NDArray]]
Check = Callable[[NDArray], None]


class Loss(Record, kw_only=True):
    """What is known of a loss, and its three public functions.

    Attributes
    ----------
    name : str
        Its public name; ``aliases`` are others.
    summary, formula, gradient_formula : str
        As its docstrings say them.
    target : {"labels", "dense"}
        Whether targets are integer labels (samples,), or numbers of the prediction's shape.
    distributions : bool
        Whether a loss of labels takes numbers of the prediction's shape, too.
    logits : bool
        Whether predictions are logits, from which the loss takes the softmax or sigmoid itself.
    rows : bool
        Whether it is a loss of whole rows, (samples, classes); else the mean over the outputs of a sample.
    prediction_domain, target_domain : Interval
        Where they must lie.
    arguments : tuple of str
        What its functions call predictions and targets.
    parameters : tuple of Parameter
        What else they take, by name.
    prediction_check, target_check : callable, optional
        Raise for what the domains do not say.
    """

    name: str
    summary: str
    formula: str
    gradient_formula: str
    reference: str
    example: str
    note: str = ""
    target: Literal["labels", "dense"] = "dense"
    distributions: bool = False
    logits: bool = False
    rows: bool = False
    prediction_domain: Interval = _checks.REAL
    target_domain: Interval = _checks.REAL
    target_meaning: str = ""
    arguments: tuple[str, str] = ("prediction", "target")
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    prediction_check: Check | None = None
    target_check: Check | None = None

    @property
    def value(self) -> Callable[..., Any]:
        """The loss."""
        return FUNCTIONS[self.name]

    @property
    def gradient(self) -> Callable[..., Any]:
        """Its gradient."""
        return FUNCTIONS[self.name + SUFFIXES["gradient"]]

    @property
    def value_and_gradient(self) -> Callable[..., Any]:
        """Both."""
        return FUNCTIONS[self.name + SUFFIXES["value_and_gradient"]]

    @property
    def defaults(self) -> Mapping[str, float]:
        """The parameters' default values by name."""
        return MappingProxyType({parameter.name: parameter.default for parameter in self.parameters})

    def checked_target(self, target: Any, prediction: NDArray[np.floating]) -> NDArray:
        """Targets as the functions take them unchecked, for a prediction of which only shape and dtype count.

        Raises
        ------
        TypeError, ValueError
            As `value` does for a bad target.
        """
        name = self.arguments[1]
        t = _checks.array(name, target)
        if self.target == "labels" and not (self.distributions and t.shape == prediction.shape):
            return _checks.labels(name, t, *prediction.shape, distributions=self.distributions)
        t = _checks.dense(name, t, prediction, self.target_domain)
        if self.target_check is not None:
            self.target_check(t)
        return t

    def checked_parameters(self, parameters: Mapping[str, Any]) -> dict[str, float]:
        """Values of parameters by name as the functions take them.

        Raises
        ------
        ValueError
            For a name that the loss does not have, a value outside its domain.
        """
        domains = {parameter.name: parameter.domain for parameter in self.parameters}
        for name in parameters:
            if name not in domains:
                raise ValueError(f"the parameters of {self.name} are {', '.join(domains) or 'none'}; got {name!r:.60}")
        return {name: _checks.parameter(name, value, domains[name]) for name, value in parameters.items()}


LOSSES: dict[str, Loss] = {}
"""Every loss by name, in the order of their definition."""

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Their public functions by name."""

SUFFIXES = {"value": "", "gradient": "_gradient", "value_and_gradient": "_value_and_gradient"}
"""What the names of the public functions end in."""


def loss(**fields: Any) -> Callable[[Formula], Loss]:
    """Make a loss of a formula, whose name and docstring are its name and summary; the other fields are given."""

    def define(function: Formula) -> Loss:
        row = Loss(name=function.__name__, summary=function.__doc__ or "", **fields)
        LOSSES[row.name] = row
        FUNCTIONS.update(_functions(row, function))
        return row

    return define


# What all losses do alike --------------------------------------------------------------------------------------------

# What is wanted of a loss.
_VALUE, _GRADIENT, _BOTH = 1, 2, 3


def _compute(
    row: Loss,
    function: Formula,
    given: tuple[Any, Any, Any],
    parameters: Mapping[str, Any],
    reduction: str,
    out: NDArray | None = None,
    validate: bool = True,
    wanted: int = _BOTH,
) -> tuple[Any, Any]:
    """The loss and its gradient, or None for the one that is not wanted."""
    if validate:
        x, t, weight = _validated(row, given, reduction)
        _checks.output(out, x)
        parameters = row.checked_parameters(parameters)
        with np.errstate(all="ignore"):
            return _reduced(function(x, t, out, **parameters), len(x), weight, reduction, out, wanted)
    x, t, weight = np.asarray(given[0]), np.asarray(given[1]), given[2]
    return _reduced(function(x, t, out, **parameters), len(x), weight, reduction, out, wanted)


def _validated(row: Loss, given: tuple[Any, Any, Any], reduction: Any) -> tuple[NDArray, NDArray, NDArray | None]:
    """Predictions, targets and weights as arrays, or an error that names the argument."""
    _checks.reduction_name(reduction)
    x = _checks.prediction(row.arguments[0], given[0], row.prediction_domain, rows=row.rows)
    if row.prediction_check is not None:
        row.prediction_check(x)
    return x, row.checked_target(given[1], x), _checks.sample_weight(given[2], x)


def _reduced(
    steps: Iterator[NDArray], samples: int, weight: NDArray | None, reduction: str, out: NDArray | None, wanted: int
) -> tuple[Any, Any]:
    """What a formula yields, by weights and reduction."""
    losses = next(steps)
    value: Any = None
    slopes: Any = None
    # A loss that is not one of rows yields a number for each output.
    outputs = losses.size // samples
    if wanted & _VALUE:
        if reduction == "none" or weight is not None:
            value = _of_samples(losses, weight, outputs)
            if reduction != "none":
                value = float(np.add.reduce(value, dtype=np.float64))
        else:
            value = float(np.add.reduce(losses, axis=None, dtype=np.float64)) / outputs
        if reduction == "mean":
            value /= samples
    if wanted & _GRADIENT:
        slopes = next(steps)
        if weight is not None:
            # A sample without weight counts for nothing, not even by an infinite slope.
            slopes[weight == 0] = 0
            slopes *= weight[:, np.newaxis] if slopes.ndim == 2 else weight
        divisor = outputs * samples if reduction == "mean" else outputs
        if divisor > 1:
            slopes = np.divide(slopes, divisor, out=slopes if out is None else out)
        elif out is not None and out is not slopes:
            np.copyto(out, slopes)
            slopes = out
    return value, slopes


def _of_samples(losses: NDArray, weight: NDArray | None, outputs: int) -> NDArray:
    """The loss of each sample: its mean over the outputs, with its weight. Sums run in float64."""
    if losses.ndim == 2:
        losses = (np.add.reduce(losses, axis=1, dtype=np.float64) / outputs).astype(losses.dtype)
    return losses if weight is None else times(weight, losses)


# The public functions ------------------------------------------------------------------------------------------------

_TEMPLATE = """
def {name}({x}, {t}, *, {signature}sample_weight=None, reduction="mean"):
    return compute(({x}, {t}, sample_weight), {passed}, reduction, wanted={value})[0]


def {name}_gradient({x}, {t}, *, {signature}sample_weight=None, reduction="mean", out=None):
    return compute(({x}, {t}, sample_weight), {passed}, reduction, out, wanted={gradient})[1]


def {name}_value_and_gradient(
    {x}, {t}, *, {signature}sample_weight=None, reduction="mean", out=None, validate=True
):
    return compute(({x}, {t}, sample_weight), {passed}, reduction, out, validate)
"""


def _functions(row: Loss, function: Formula) -> dict[str, Callable[..., Any]]:
    """The three public functions, compiled from a template so that their signatures are real."""
    source = _TEMPLATE.format(
        name=row.name,
        x=row.arguments[0],
        t=row.arguments[1],
        signature="".join(f"{parameter.name}={parameter.default!r}, " for parameter in row.parameters),
        passed="{" + ", ".join(f"{parameter.name!r}: {parameter.name}" for parameter in row.parameters) + "}",
        value=_VALUE,
        gradient=_GRADIENT,
    )
    namespace: dict[str, Any] = {"compute": functools.partial(_compute, row, function)}
    exec(compile(source, f"<fastact.losses.{row.name}>", "exec"), namespace)
    made = {row.name + suffix: namespace[row.name + suffix] for suffix in SUFFIXES.values()}
    for form, suffix in SUFFIXES.items():
        public = made[row.name + suffix]
        public.__module__ = "fastact.losses"
        public.__doc__ = _DOCUMENTATION[form](row)
    return made


def _value_documentation(row: Loss) -> str:
    shape = "(samples, classes)" if row.rows else "(samples, outputs) or (samples,)"
    target_shape = "(samples,)" if row.target == "labels" else f"{shape}, the prediction's"
    domain = "" if row.prediction_domain is _checks.REAL else f" In {row.prediction_domain}."
    targets = row.target_meaning or ("" if row.target_domain is _checks.REAL else f"In {row.target_domain}.")
    kind = "integers" if row.target == "labels" and "one-hot" not in targets else "numbers"
    parameters = "".join(
        f"{parameter.name} : float, default {parameter.default:g}\n    In {parameter.domain}. {parameter.meaning}\n"
        for parameter in row.parameters
    )
    text = f"""{row.summary}

{textwrap.indent(textwrap.dedent(row.formula).strip(), "    ")}

Parameters
----------
{row.arguments[0]} : array_like, shape {shape}
    float32 or float64; integers and bools are taken as float64.{domain}
{row.arguments[1]} : array_like of {kind}, shape {target_shape}
    {targets or "Finite; taken in the prediction's dtype."}
{parameters}sample_weight : array_like, shape (samples,), optional
    In [0, inf); multiplies the samples' losses. A sample of weight 0 counts for nothing, whatever its loss.
reduction : {{"mean", "sum", "none"}}
    What is returned of the samples' losses; the mean is their sum by the number of samples, whatever their weights.

Returns
-------
float or ndarray, shape (samples,)
    The array, of the prediction's dtype, for ``reduction="none"``. Sums run in float64.

Raises
------
TypeError
    For predictions that are complex, longdouble, float16 or no numbers; for masked arrays.
ValueError
    For shapes that do not fit, numbers outside the domains above, targets or weights that are not finite, an unknown
    reduction.
"""
    if row.note:
        text += f"\nNotes\n-----\n{textwrap.dedent(row.note).strip()}\n"
    text += f"\nReferences\n----------\n{row.reference}\n"
    return text + f"\nExamples\n--------\n>>> from fastact import losses\n{textwrap.dedent(row.example).strip()}\n"


def _gradient_documentation(row: Loss) -> str:
    shape = "(samples, classes)" if row.rows else "of the prediction's shape"
    per = "" if row.rows else "by the number of outputs and "
    return f"""Gradient of `{row.name}` with respect to the {row.arguments[0]}.

{textwrap.indent(textwrap.dedent(row.gradient_formula).strip(), "    ")}

times the sample's weight, divided {per}for "mean" by the number of samples. For
``reduction="none"`` row i is the gradient of the loss of sample i.

Parameters and errors are those of `{row.name}_value_and_gradient`, without ``validate``.

Returns
-------
ndarray, {"shape " if row.rows else ""}{shape}
    ``out`` if it was given.
"""


def _both_documentation(row: Loss) -> str:
    others = "".join(f", {parameter.name}" for parameter in row.parameters)
    return f"""`{row.name}` and `{row.name}_gradient` in one pass, sharing what they have in common.

Parameters
----------
{row.arguments[0]}, {row.arguments[1]}{others}, sample_weight, reduction
    As for `{row.name}`.
out : ndarray, optional
    Receives the gradient; of the prediction's shape and dtype, any strides; may be the prediction itself.
validate : bool, default True
    False skips all checks, for a caller that has made them (predictions are then a float array, targets an array of
    the same dtype or of labels in intp, weights None or an array of the same dtype), and leaves floating-point
    warnings to the caller's ``np.errstate``.

Returns
-------
value : float or ndarray
    As from `{row.name}`.
gradient : ndarray
    As from `{row.name}_gradient`; ``out`` if it was given.

Raises
------
TypeError, ValueError
    As `{row.name}`; also for an ``out`` that does not fit. Nothing is written then.
"""


_DOCUMENTATION = {
    "value": _value_documentation,
    "gradient": _gradient_documentation,
    "value_and_gradient": _both_documentation,
}
