"""The table: one row per activation.

A row states independent facts about an activation (``_schema.py`` says which); everything else (ufuncs, stubs,
docstrings, tests, benchmark cases, documentation) follows from the row and from the formulas of the same name in
``include/fastact/activations.h``. Standard library only: the build reads this file before anything is compiled.
"""

from __future__ import annotations

from ._schema import Accuracy, Activation, Form, Interval, Parameter, inf

__all__ = ["ACTIVATIONS", "Accuracy", "Activation", "Form", "Interval", "Parameter"]

REALS = Interval(-inf, inf)
POSITIVE = Interval(0.0, inf)


def _exact() -> Accuracy:
    return Accuracy(0.0, 0.0, 0.0)


def _value(float32: float = 1.0, float64: float = 2.0, **measured: float) -> Accuracy:
    return Accuracy(float32, float64, 0.501, measured)


def _curvature(float32: float = 4.0, float64: float = 5.0, **measured: float) -> Accuracy:
    return Accuracy(float32, float64, 0.503, measured)


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
        at_zero=(0.0, 1.0),
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
        at_zero=(0.0, 0.0),
        smoothness=0,
        constant_below=0.0,
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
        at_zero=(0.0, 0.01),
        smoothness=0,
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
        at_zero=(0.5, 0.25),
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
        at_zero=(0.0, 1.0),
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
        at_zero=(0.6931471805599453, 0.5),
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
        at_zero=(0.0, 0.5),
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


class _ByName(dict[str, Activation]):
    """Rows by name; an alias is found too, though not listed."""

    def __missing__(self, name: str) -> Activation:
        for row in self.values():
            if name in row.aliases:
                return row
        raise KeyError(f"{name!r} is not an activation; there are {', '.join(self)}")


ACTIVATIONS: dict[str, Activation] = _ByName((row.name, row) for row in _ROWS)
