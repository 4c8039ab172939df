"""What a row of the catalogue states: the classes that ``catalogue.py`` fills.

Independent facts are fields; what follows from them is a property. Standard library only: the build reads this file
before anything is compiled.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from types import MappingProxyType

from ._measured import MEASURED
from ._record import Record

inf, nan = math.inf, math.nan

# A number, or an arithmetic expression of the activation's parameters as text: "-lambd".
Real = float | str


def number(quantity: Real, parameters: Mapping[str, float]) -> float:
    """The value of a `Real` for parameter values by name; the table's own text, never a user's, is evaluated.

    NaN for a point that there is not: where a line of slope 0 would meet a bound.
    """
    if isinstance(quantity, str):
        try:
            return float(eval(quantity, {"__builtins__": {}}, dict(parameters)))
        except ZeroDivisionError:
            return math.nan
    return float(quantity)


class Interval(Record):
    """A real interval, perhaps without one point: documents a domain or range and, through ``in``, is its test."""

    lower: float
    upper: float
    lower_closed: bool = False
    upper_closed: bool = False
    without: float | None = None

    def __contains__(self, value: float) -> bool:
        above = value >= self.lower if self.lower_closed else value > self.lower
        below = value <= self.upper if self.upper_closed else value < self.upper
        return above and below and value != self.without

    def __str__(self) -> str:
        left, right = "[" if self.lower_closed else "(", "]" if self.upper_closed else ")"
        without = "" if self.without is None else f" without {self.without:g}"
        return f"{left}{self.lower:g}, {self.upper:g}{right}{without}"


class Accuracy(Record):
    """The largest error allowed, in units in the last place (ULP) of the exact result."""

    float32: float
    float64: float
    float16: float

    def __getitem__(self, dtype: str) -> float:
        return {"float16": self.float16, "float32": self.float32, "float64": self.float64}[dtype]


class Parameter(Record):
    """A parameter of an activation: its name in the field, default and allowed values.

    ``output_domain`` is the part of the domain on which f' is a function of the output. A learnable parameter has a
    derivative of its own, df/dparameter, with its formula and accuracy. Where that derivative has infinitely many roots
    by cancellation, ``derivative_cancels`` is the size of what cancels there: an absolute error of so many times
    `NEAR_ROOT_ERROR` is allowed too.
    """

    name: str
    default: float
    domain: Interval
    meaning: str
    output_domain: Interval | None = None
    derivative_formula: str = ""
    derivative_accuracy: Accuracy | None = None
    derivative_cancels: Real = 0.0

    @property
    def learnable(self) -> bool:
        """Whether df/dparameter is provided."""
        return bool(self.derivative_formula)

    def domain_of(self, form: Form) -> Interval:
        """Where the parameter may lie for a form."""
        if form.kind == "backward_from_output" and self.output_domain is not None:
            return self.output_domain
        return self.domain


class Form(Record):
    """One way to evaluate an activation: the suffix of its public name, its array inputs and its outputs.

    ``formulas`` are what it takes from the header, by what they compute; ``own`` says that it computes something that
    no other form does.
    """

    kind: str
    suffix: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    summary: str
    formulas: tuple[str, ...]
    own: bool = True
    parameter: str = ""

    @property
    def name(self) -> str:
        """Its name among the forms of a row: "derivative", "backward_weight"."""
        return self.suffix.removeprefix("_") or "value"


VALUE = Form("value", "", ("x",), ("f(x)",), "The activation f, elementwise.", ("value",))
DERIVATIVE = Form(
    "derivative", "_derivative", ("x",), ("f'(x)",), "The derivative of f with respect to its input.", ("derivative",)
)
SECOND_DERIVATIVE = Form(
    "second_derivative",
    "_second_derivative",
    ("x",),
    ("f''(x)",),
    "The second derivative of f with respect to its input.",
    ("second_derivative",),
)
WITH_DERIVATIVE = Form(
    "with_derivative",
    "_with_derivative",
    ("x",),
    ("f(x)", "f'(x)"),
    "f and f' in one pass over x.",
    ("value", "derivative"),
    own=False,
)
BACKWARD = Form(
    "backward",
    "_backward",
    ("grad", "x"),
    ("grad * f'(x)",),
    "The gradient passed back through f at input x.",
    ("derivative",),
    own=False,
)
BACKWARD_FROM_OUTPUT = Form(
    "backward_from_output",
    "_backward_from_output",
    ("grad", "y"),
    ("grad * f'(x)",),
    "The gradient passed back through f where only the output y = f(x) was kept.",
    ("derivative_from_output",),
)


def parameter_forms(name: str) -> tuple[Form, Form]:
    """The derivative with respect to a parameter, and the gradient passed back to it."""
    formula = f"derivative_{name}"
    return (
        Form(
            "parameter_derivative",
            f"_derivative_{name}",
            ("x",),
            (f"df/d{name}",),
            f"The derivative of f with respect to its parameter {name}.",
            (formula,),
            parameter=name,
        ),
        Form(
            "parameter_backward",
            f"_backward_{name}",
            ("grad", "x"),
            (f"grad * df/d{name}",),
            f"The gradient passed back to the parameter {name}, elementwise: its sum is the gradient of the loss.",
            (formula,),
            own=False,
            parameter=name,
        ),
    )


class Activation(Record, kw_only=True):
    """One activation. Facts that depend on parameters hold at the defaults, unless they are expressions.

    ``kinks`` map a point where f or f' jumps to f' there. ``parameter_order`` are inequalities between parameters, and
    ``output_order`` those on which f' is a function of the output. ``smoothness`` is the number of continuous
    derivatives: 0 where f' jumps, -1 where f does. Below ``constant_below``, and above ``constant_above``, f does not
    change at all. ``at_zero`` is f(0) and the derivative there. ``period`` is that of f', where it has one. ``drawn``
    says which slopes are drawn in training, where they are.
    """

    name: str
    summary: str
    formula: str
    derivative_formula: str
    limits: tuple[float, float]
    derivative_limits: tuple[float, float]
    range: Interval
    sup_derivative: float
    at_zero: tuple[float, float]
    accuracy: Accuracy
    derivative_accuracy: Accuracy
    reference: str
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    parameter_order: tuple[tuple[str, str, str], ...] = ()
    output_order: tuple[tuple[str, str, str], ...] = ()
    from_output: str = ""
    from_output_accuracy: Accuracy | None = None
    second_derivative_formula: str = ""
    second_derivative_limits: tuple[float, float] = (0.0, 0.0)
    second_derivative_accuracy: Accuracy | None = None
    second_derivative_roots: tuple[float, ...] = ()
    kinks: Mapping[Real, Real] = MappingProxyType({})
    smoothness: float = inf
    constant_below: Real | None = None
    constant_above: Real | None = None
    derivative_roots: tuple[float, ...] = ()
    period: float | None = None
    drawn: str = ""
    monotone: bool = True
    odd: bool = False
    example: float = -100.0

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that exist."""
        out = [VALUE, DERIVATIVE]
        if self.second_derivative_formula:
            out.append(SECOND_DERIVATIVE)
        out += [WITH_DERIVATIVE, BACKWARD]
        if self.from_output:
            out.append(BACKWARD_FROM_OUTPUT)
        for parameter in self.parameters:
            if parameter.learnable:
                out += parameter_forms(parameter.name)
        return tuple(out)

    @property
    def defaults(self) -> dict[str, float]:
        """The parameters' default values by name."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    @property
    def bounded(self) -> bool:
        """Whether the range is finite on both sides."""
        return math.isfinite(self.range.lower) and math.isfinite(self.range.upper)

    @property
    def zero_centred(self) -> bool:
        """Whether the range is symmetric about 0."""
        return self.range.lower == -self.range.upper

    @property
    def lipschitz(self) -> float:
        """The least L with |f(a) - f(b)| <= L |a - b|; infinite where f jumps."""
        return inf if self.smoothness < 0 else self.sup_derivative

    @property
    def differentiable(self) -> bool:
        """Whether f' exists everywhere and is continuous."""
        return self.smoothness >= 1

    @property
    def saturation(self) -> tuple[str, str]:
        """How f saturates towards -inf and inf.

        "hard": it is constant from some point on, so that f' is exactly 0 there; "soft": it tends to a finite limit and
        f' to 0, but never is; "none".
        """
        constant = (self.constant_below, self.constant_above)
        return tuple(  # type: ignore[return-value]
            "hard" if at is not None else "soft" if math.isfinite(limit) and slope == 0 else "none"
            for at, limit, slope in zip(constant, self.limits, self.derivative_limits, strict=True)
        )

    @property
    def near_zero(self) -> str:
        """The behaviour near 0: "f(x) ~ x" for one that starts like the identity."""
        value, slope = self.at_zero
        linear = "" if slope == 0 else "x" if slope == 1 else f"{slope:.6g} x"
        constant = f"{value:.6g}" if value or not linear else ""
        return "f(x) ~ " + " + ".join(filter(None, (constant, linear)))

    def kinks_at(self, **parameters: float) -> dict[float, float]:
        """f' at each kink for given parameters; those not given have their defaults."""
        values = self.defaults | parameters
        return {number(at, values): number(slope, values) for at, slope in self.kinks.items()}

    def accuracy_of(self, form: str) -> Accuracy:
        """The bound for one of the forms that have their own formula."""
        bounds = {
            "value": self.accuracy,
            "derivative": self.derivative_accuracy,
            "second_derivative": self.second_derivative_accuracy,
            "backward_from_output": self.from_output_accuracy,
        }
        bounds |= {f"derivative_{p.name}": p.derivative_accuracy for p in self.parameters}
        bound = bounds.get(form)
        if bound is None:
            raise KeyError(f"{self.name} has no form {form!r} with a bound of its own")
        return bound

    def limits_of(self, form: str) -> tuple[float, float]:
        """The limits at -inf and inf of f, f' or f''."""
        return {
            "value": self.limits,
            "derivative": self.derivative_limits,
            "second_derivative": self.second_derivative_limits,
        }[form]

    def measured(self, form: str) -> dict[str, float]:
        """The largest error of a form found over all 2^32 float32 inputs, in ULP by instruction set, where known."""
        return MEASURED.get((self.name, form), {})

    def roots_of(self, form: str) -> tuple[float, ...]:
        """Where a form passes through 0 by cancellation, so that near there its error is bounded absolutely."""
        return {"derivative": self.derivative_roots, "second_derivative": self.second_derivative_roots}.get(form, ())

    def cancelling(self, form: str, **parameters: float) -> float:
        """The size of what cancels at the roots of a form that has infinitely many; 0 for the others."""
        cancels = {f"derivative_{p.name}": p.derivative_cancels for p in self.parameters}
        return number(cancels.get(form, 0.0), self.defaults | parameters)

    def order_of(self, form: Form) -> tuple[tuple[str, str, str], ...]:
        """The inequalities that the parameters of a form must satisfy."""
        return self.parameter_order + (self.output_order if form.kind == "backward_from_output" else ())

    def broken_order(self, parameters: Mapping[str, float]) -> list[tuple[str, str, str]]:
        """Those of ``parameter_order`` that do not hold for the values of all parameters."""
        holds = {"<": operator.lt, "<=": operator.le}
        return [
            (left, relation, right)
            for left, relation, right in self.parameter_order
            if not holds[relation](parameters[left], parameters[right])
        ]


# Within this distance of a root its error may be absolute, by how much in each dtype.
NEAR_ROOT = 2.0**-4
NEAR_ROOT_ERROR = {"float16": 2.0**-24, "float32": 2.0**-24, "float64": 2.0**-53}
