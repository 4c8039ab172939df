"""How far compiled definitions are from the truth, and that they are right for any expression."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import fastact
from fastact import _ufuncs
from fastact.compiler import activation, code, differentiation, expression, facts, functions, library, parsing
from fastact.compiler.expression import Node

from .definitions import error, truth
from .oracle import mp

# Text, and the bounds in ULP of f and f' in float32 and in float64. Where a sum has a root its relative error is
# unbounded; there the error is in ULP of 1, the size of what cancels: (bound, 1).
ACCURACY = {
    "x^2": (0.5, 0, 0.5, 0),
    "sign(x)*x^2": (0.5, 0, 0.5, 0),
    "sin(x)": (1, 1, 2, 2),
    "cos(x)": (1, 1, 2, 2),
    "x + sin(x)^2": ((2, 1), (1.5, 1), (2.5, 1), (1.5, 1)),
    "x + log(x)": ((1.5, 1), (1, 1), (1.5, 1), (1, 1)),
    "x*tanh(gelu(x))": (3, (1.5, 1), 3, (1.5, 1)),
    "x*tanh(softplus(x))": (1, (1, 1), 2, (1, 1)),
    "x*sigmoid(x)": (1, (1, 1), 2, (1, 1)),
    "x*sigmoid(1.5*x)": (1, (1, 1), 2, (1, 1)),
    "log(1 + exp(x))": (1, 2, 2, 3),
    "1 - tanh(x)^2": (2, 4, 3, 5),
    "exp(x) - 1": (2, 1, 2.5, 2),
    "log(1 + x^2)": (1.5, 2, 1.5, 2.5),
    "x/(1 + abs(x))": (1, 2, 2, 3),
    "sinh(x)": (2.5, 2, 2.5, 2),
    "arcsinh(x)": (2, 2.5, 2, 2.5),
    "x*arctan(x)": (2, (2, 1), 2, (2, 1)),
}


@pytest.mark.parametrize("text", ACCURACY)
def test_errors_in_units_in_the_last_place(text):
    f = fastact.custom(text)
    rng = np.random.default_rng(len(text))
    given = np.concatenate([rng.normal(0, 3, 120), 10.0 ** rng.uniform(-6, 1.3, 40) * rng.choice([-1, 1], 40)])
    given = np.abs(given) if "log(x)" in text else given
    bounds = iter(ACCURACY[text])
    for dtype in (np.float32, np.float64):
        x = given.astype(dtype)
        exact = [truth(f.definition.value, float(v)) for v in x]
        for form, form_of in enumerate((f, f.derivative)):
            bound = next(bounds)
            limit, scale = bound if isinstance(bound, tuple) else (bound, 0.0)
            worst = max(error(y, pair[form], scale) for y, pair in zip(form_of(x), exact, strict=True))
            assert worst <= limit, (dtype.__name__, form)


def test_derivatives_keep_their_digits_far_out():
    """Where 1 - tanh^2 and s (1 - s) have none left."""
    x = np.array([20.0, -40.0, 300.0])
    e = np.exp(-np.abs(x))
    for text, exact in (("tanh(x)", 4 * e**2 / (1 + e**2) ** 2), ("1/(1+exp(-x))", e / (1 + e) ** 2)):
        np.testing.assert_allclose(fastact.custom(text).derivative(x), exact, rtol=1e-14)


# Any expression -------------------------------------------------------------------------------------------------------

SMOOTH = ("sin", "cos", "tanh", "arctan", "exp")
CATALOGUE = ("sigmoid", "gelu", "silu", "relu", "gelu_tanh", "softsign", "erf", "hard_swish")


def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """An operation on smaller expressions."""
    two = st.tuples(inner, inner)
    apply = functions.UFUNCS
    return st.one_of(
        st.builds(lambda name, u: apply[name](*u), st.sampled_from(["add", "subtract", "multiply", "maximum"]), two),
        st.builds(lambda name, u: apply[name](u), st.sampled_from([*SMOOTH, "negative", "absolute", "log1p"]), inner),
        st.builds(expression.call, st.sampled_from(CATALOGUE), inner),
        st.builds(lambda u: apply["divide"](u[0], apply["add"](expression.constant(2), apply["absolute"](u[1]))), two),
        st.builds(lambda u: functions.where(apply["less"](*u), u[1], apply["square"](u[0])), two),
        st.builds(lambda u, n: functions.power(u, expression.constant(n)), inner, st.sampled_from([2, 3])),
        # Not of 0, where 0 times its infinite slope is NaN.
        st.builds(lambda u: apply["sqrt"](apply["add"](expression.constant(0.5), apply["absolute"](u))), inner),
    )


CONSTANTS = st.sampled_from([0.5, 1, 2, -1, 3, 0.1, -0.7])
EXPRESSIONS = st.recursive(
    st.one_of(st.just(expression.X), st.builds(expression.constant, CONSTANTS)), grown, max_leaves=5
)
INPUTS = np.array([-2.5, -0.3, 0.2, 0.9, 3.1])


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(EXPRESSIONS)
def test_any_expression(definition: Node):
    assume(any(at is expression.X for at in expression.topological([definition])))
    assert parsing.parse(expression.text(definition)) is definition
    assert expression.from_data(expression.to_data([definition])) == [definition]
    exact = []
    for x in INPUTS:
        try:
            pair = truth(definition, x)
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):  # of complex numbers: outside the domain
            pair = (mp.nan, mp.nan)
        exact.append([v if isinstance(v, mp.mpf) else mp.nan for v in pair])
    value, slope = differentiation.differentiate(definition, ["x"])
    for node, form, compiled in zip((value, slope), (0, 1), _compiled(value, slope), strict=True):
        for x, want in zip(INPUTS, (pair[form] for pair in exact), strict=True):
            if mp.isnan(want) or abs(want) > 1e8:
                continue
            # Not where a kink or the end of a domain is near: there the rounding of an argument decides.
            near = [truth_or_nan(definition, x + step)[form] for step in (-1e-7, 1e-7)]
            if not all(abs(v - want) <= 1e-4 * (1 + abs(want)) for v in near):
                continue
            scale = 1 + abs(float(want))
            for dtype, bound in ((np.float64, 1e-9), (np.float32, 3e-2)):
                got = float(compiled(dtype(x)))
                if dtype is np.float32 and not all(abs(v - want) <= 1e-6 * scale for v in near):
                    continue
                assert abs(got - float(want)) <= bound * scale, (dtype, x, got, float(want), expression.text(node))
        assert np.isnan(compiled(math.nan))
        # What is compiled is what NumPy's functions give one after the other, but for their rounding.
        np.testing.assert_allclose(
            compiled(INPUTS), facts.evaluator(node, {})(INPUTS), rtol=1e-9, atol=1e-9, equal_nan=True
        )


def truth_or_nan(definition: Node, x: float) -> tuple:
    try:
        pair = truth(definition, x)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return mp.nan, mp.nan
    return tuple(v if isinstance(v, mp.mpf) else mp.nan for v in pair)


_count = iter(range(10**6))


def _compiled(*nodes: Node) -> list[np.ufunc]:
    """Expressions as ufuncs, without the cache."""
    kernels = [code.Kernel(f"of{i}", False, (), (code.Output(node),)) for i, node in enumerate(nodes)]
    prefix = f"test_{next(_count)}"
    compiled, symbols = library.compile_kernels(prefix, kernels)
    address = library.load(compiled, prefix, symbols)
    return [
        _ufuncs.define(
            kernel.name, 1, 0, 1, False, {(b, v): address(kernel.name, b, False) for b in (32, 64) for v in (0, 1)}
        )
        for kernel in kernels
    ]


def test_rounding_does_not_depend_on_the_hash_seed():
    """SymPy's sets have an order of their own in each process; the order of a sum must not."""
    script = (
        "from fastact.compiler import differentiation, expression, parsing;"
        "n = parsing.parse('tanh(x)*exp(x)*x + sin(x)*cos(2*x)/x + gelu(x)*sigmoid(3*x) + x*log(1+x^2) + sqrt(x+9)');"
        "print(*map(expression.text, differentiation.differentiate(n, ['x'])))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": s},
        ).stdout
        for s in ("0", "1", "2", "3")
    }
    assert len(texts) == 1, texts


def test_a_ufunc_of_another_definition_is_another():
    a, b = fastact.custom("x + 1"), fastact.custom("x + 2")
    assert (a(1.0), b(1.0)) == (2.0, 3.0)
    assert activation.rebuild(a.definition.to_text(), "value") is a
