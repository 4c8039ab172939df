"""The table: one row per activation.

A row states independent facts about an activation; everything else (ufuncs, stubs, docstrings, tests, benchmark
cases, documentation) follows from the row and from the formula pair of the same name in
``include/fastact/activations.h``. Standard library only: the build reads this file before anything is compiled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

inf = math.inf


@dataclass(frozen=True)
class Interval:
    """A real interval: the documentation of a domain or range and, through ``in``, its test."""

    lower: float
    upper: float
    lower_closed: bool = False
    upper_closed: bool = False

    def __contains__(self, value: float) -> bool:
        above = value >= self.lower if self.lower_closed else value > self.lower
        below = value <= self.upper if self.upper_closed else value < self.upper
        return above and below

    def __str__(self) -> str:
        left, right = "[" if self.lower_closed else "(", "]" if self.upper_closed else ")"
        return f"{left}{self.lower:g}, {self.upper:g}{right}"


REALS = Interval(-inf, inf)
POSITIVE = Interval(0.0, inf)


@dataclass(frozen=True)
class Parameter:
    """A parameter of an activation: its name in the field, default and allowed values.

    ``output_domain`` is the part of the domain on which f' is a function of the output.
    """

    name: str
    default: float
    domain: Interval
    meaning: str
    output_domain: Interval | None = None


@dataclass(frozen=True)
class Accuracy:
    """The largest error allowed, in units in the last place (ULP) of the exact result.

    ``measured`` are the maxima found over all 2^32 float32 inputs, by instruction set, with ``tools/exhaustive.py``.
    """

    float32: float
    float64: float
    float16: float
    measured: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, dtype: str) -> float:
        return {"float16": self.float16, "float32": self.float32, "float64": self.float64}[dtype]


@dataclass(frozen=True)
class Form:
    """One way to evaluate an activation: the suffix of its public name, its array inputs and its outputs."""

    name: str
    suffix: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    summary: str


FORMS = (
    Form("value", "", ("x",), ("f(x)",), "The activation f, elementwise."),
    Form("derivative", "_derivative", ("x",), ("f'(x)",), "The derivative of f with respect to its input."),
    Form("with_derivative", "_with_derivative", ("x",), ("f(x)", "f'(x)"), "f and f' in one pass over x."),
    Form("backward", "_backward", ("grad", "x"), ("grad * f'(x)",), "The gradient passed back through f at input x."),
    Form(
        "backward_from_output",
        "_backward_from_output",
        ("grad", "y"),
        ("grad * f'(x)",),
        "The gradient passed back through f where only the output y = f(x) was kept.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Activation:
    """One activation. Kinks map a point to f' there, a number or the name of the parameter that it equals."""

    name: str
    summary: str
    formula: str
    derivative_formula: str
    limits: tuple[float, float]
    derivative_limits: tuple[float, float]
    range: Interval
    sup_derivative: float
    accuracy: Accuracy
    derivative_accuracy: Accuracy
    reference: str
    parameters: tuple[Parameter, ...] = ()
    from_output: str = ""
    from_output_accuracy: Accuracy | None = None
    kinks: dict[float, float | str] = field(default_factory=dict)
    derivative_roots: tuple[float, ...] = ()
    monotone: bool = True
    odd: bool = False
    example: float = -100.0

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that exist: all, or all but the one from the output."""
        return FORMS if self.from_output else FORMS[:-1]

    @property
    def bounded(self) -> bool:
        """Whether the range is finite on both sides."""
        return math.isfinite(self.range.lower) and math.isfinite(self.range.upper)

    @property
    def defaults(self) -> dict[str, float]:
        """The parameters' default values by name."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def kinks_at(self, **parameters: float) -> dict[float, float]:
        """f' at each kink for given parameters; those not given have their defaults."""
        values = self.defaults | parameters
        return {at: values[slope] if isinstance(slope, str) else slope for at, slope in self.kinks.items()}

    def accuracy_of(self, form: str) -> Accuracy:
        """The bound for one of the forms that have their own formula."""
        bound = {
            "value": self.accuracy,
            "derivative": self.derivative_accuracy,
            "backward_from_output": self.from_output_accuracy,
        }[form]
        if bound is None:
            raise KeyError(f"{self.name} has no form {form!r}")
        return bound


def _exact() -> Accuracy:
    return Accuracy(0.0, 0.0, 0.0)


def _value(float32: float = 1.0, float64: float = 2.0, **measured: float) -> Accuracy:
    return Accuracy(float32, float64, 0.501, measured)


def _slope(float32: float = 2.0, float64: float = 3.0, **measured: float) -> Accuracy:
    return Accuracy(float32, float64, 0.502, measured)


_ROWS = (
    Activation(
        name="identity",
        summary="The identity: a linear layer.",
        formula="f(x) = x",
        derivative_formula="f'(x) = 1",
        from_output="1",
        limits=(-inf, inf),
        derivative_limits=(1.0, 1.0),
        range=REALS,
        sup_derivative=1.0,
        odd=True,
        accuracy=_exact(),
        derivative_accuracy=_exact(),
        from_output_accuracy=_exact(),
        reference="-",
    ),
    Activation(
        name="relu",
        summary="Rectified linear unit.",
        formula="f(x) = max(0, x)",
        derivative_formula="f'(x) = 1 for x > 0, else 0",
        from_output="1 for y > 0, else 0",
        limits=(0.0, inf),
        derivative_limits=(0.0, 1.0),
        range=Interval(0.0, inf, lower_closed=True),
        sup_derivative=1.0,
        kinks={0.0: 0.0},
        accuracy=_exact(),
        derivative_accuracy=_exact(),
        from_output_accuracy=_exact(),
        reference="Nair & Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010",
    ),
    Activation(
        name="leaky_relu",
        summary="Rectified linear unit that leaks for negative inputs.",
        formula="f(x) = x for x > 0, else negative_slope * x",
        derivative_formula="f'(x) = 1 for x > 0, else negative_slope",
        from_output="1 for y > 0, else negative_slope",
        parameters=(Parameter("negative_slope", 0.01, REALS, "slope for x <= 0", output_domain=POSITIVE),),
        limits=(-inf, inf),
        derivative_limits=(0.01, 1.0),
        range=REALS,
        sup_derivative=1.0,
        kinks={0.0: "negative_slope"},
        accuracy=Accuracy(0.5, 0.5, 0.501),
        derivative_accuracy=Accuracy(0.0, 0.0, 0.501),
        from_output_accuracy=Accuracy(0.0, 0.0, 0.501),
        reference="Maas, Hannun & Ng, Rectifier nonlinearities improve neural network acoustic models, ICML 2013",
    ),
    Activation(
        name="sigmoid",
        summary="Logistic sigmoid.",
        formula="f(x) = 1 / (1 + exp(-x))",
        derivative_formula="f'(x) = exp(-|x|) / (1 + exp(-|x|))^2",
        from_output="y * (1 - y)",
        limits=(0.0, 1.0),
        derivative_limits=(0.0, 0.0),
        range=Interval(0.0, 1.0),
        sup_derivative=0.25,
        accuracy=_value(avx512=0.81, baseline=0.817),
        derivative_accuracy=_slope(avx512=1.497, baseline=1.511),
        from_output_accuracy=_slope(),
        reference="Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, Nature 1986",
    ),
    Activation(
        name="tanh",
        summary="Hyperbolic tangent.",
        formula="f(x) = tanh(x)",
        derivative_formula="f'(x) = 4 e / (1 + e)^2 with e = exp(-2 |x|)",
        from_output="(1 - y) * (1 + y)",
        limits=(-1.0, 1.0),
        derivative_limits=(0.0, 0.0),
        range=Interval(-1.0, 1.0),
        sup_derivative=1.0,
        odd=True,
        accuracy=_value(avx512=0.87),
        derivative_accuracy=_slope(avx512=1.497),
        from_output_accuracy=_slope(),
        reference="LeCun, Bottou, Orr & Mueller, Efficient BackProp, 1998",
    ),
    Activation(
        name="softplus",
        summary="Smooth rectifier.",
        formula="f(x) = log(1 + exp(beta * x)) / beta",
        derivative_formula="f'(x) = 1 / (1 + exp(-beta * x))",
        from_output="1 - exp(-beta * y)",
        parameters=(Parameter("beta", 1.0, POSITIVE, "sharpness", output_domain=POSITIVE),),
        limits=(0.0, inf),
        derivative_limits=(0.0, 1.0),
        range=Interval(0.0, inf),
        sup_derivative=1.0,
        accuracy=_value(),
        derivative_accuracy=_slope(),
        from_output_accuracy=_slope(),
        reference="Dugas et al., Incorporating second-order functional knowledge for better option pricing, NIPS 2000",
    ),
    Activation(
        name="gelu",
        summary="Gaussian error linear unit (exact, with the normal distribution function).",
        formula="f(x) = x * Phi(x), Phi(x) = (1 + erf(x / sqrt(2))) / 2",
        derivative_formula="f'(x) = Phi(x) + x * phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi)",
        limits=(0.0, inf),
        derivative_limits=(0.0, 1.0),
        range=Interval(-0.16997120747990369, inf, lower_closed=True),
        sup_derivative=1.1289041451851548,
        monotone=False,
        derivative_roots=(-0.7517915246935645,),
        example=-10.0,
        # A table and float arithmetic: in double it would be 0.7, at half the speed.
        accuracy=_value(float32=2.0, avx512=1.955, baseline=1.955),
        derivative_accuracy=_slope(avx512=0.718),
        reference="Hendrycks & Gimpel, Gaussian error linear units (GELUs), arXiv:1606.08415",
    ),
    # Piecewise polynomials ------------------------------------------------------------------------------------------
    # Exponentials and logarithms ------------------------------------------------------------------------------------
    # Roots and quotients --------------------------------------------------------------------------------------------
    # Trigonometric and error functions ------------------------------------------------------------------------------
)

ACTIVATIONS: dict[str, Activation] = {row.name: row for row in _ROWS}
