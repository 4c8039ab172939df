"""Mean-field theory against closed forms, other quadratures, published values and random networks."""

import doctest
import importlib
import math
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad

import fastact
from fastact import mlp, theory

PAGE = Path(__file__).parents[1] / "docs" / "theory.md"
MODULES = ("moments", "layers", "phases", "criticality")


@pytest.fixture(scope="module")
def sharp():
    """An activation whose pieces meet, and change, where no table says so."""
    pytest.importorskip("sympy", reason="SymPy is not installed")
    return fastact.custom("sigmoid(300 * (x - 0.37))", name="sharp")


# --- moments


@pytest.mark.parametrize("activation", list(fastact.activations))
def test_moments_against_scipys_quadrature(activation):
    row = fastact.activations[activation]
    f = getattr(fastact, activation)
    for moment, function in (
        (theory.second_moment, f),
        (theory.second_moment_of_derivative, f.derivative),
    ):
        for variance in (1e-4, 1.0, 9.0):
            sigma = math.sqrt(variance)

            def integrand(z, function=function, sigma=sigma):
                return float(function(sigma * z)) ** 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

            breaks = sorted({k / sigma for k in row.kinks_at() if abs(k / sigma) < 18} | {0.0, 6.0})
            edges = [-18.0, *breaks, 18.0]
            expected = sum(quad(integrand, a, b, limit=200, epsabs=1e-13, epsrel=1e-11)[0] for a, b in pairwise(edges))
            assert moment(activation, variance) == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(
    ("activation", "f", "slope"),
    [
        ("gelu", lambda x: x * mpmath.ncdf(x), lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x)),
        ("tanh", mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
        ("softplus", lambda x: mpmath.log1p(mpmath.exp(x)), lambda x: 1 / (1 + mpmath.exp(-x))),
    ],
)
@pytest.mark.parametrize("variance", [0.01, 1.0, 6.25])
def test_moments_in_many_digits(activation, f, slope, variance):
    sigma = mpmath.sqrt(variance)

    def truth(function):
        return mpmath.quad(lambda z: function(sigma * z) ** 2 * mpmath.npdf(z), list(range(-14, 15, 2)))

    assert theory.second_moment(activation, variance) == pytest.approx(float(truth(f)), rel=1e-13)
    assert theory.second_moment_of_derivative(activation, variance) == pytest.approx(float(truth(slope)), rel=1e-13)


@pytest.mark.parametrize("variance", [1.0, 50.0**2, 1000.0**2])
def test_moments_of_what_oscillates(variance):
    def cosine(k):
        """E cos(k X)."""
        return math.exp(-(k**2) * variance / 2)

    assert theory.second_moment("sin", variance) == pytest.approx((1 - cosine(2)) / 2, rel=1e-9)
    assert theory.second_moment_of_derivative("sin", variance) == pytest.approx((1 + cosine(2)) / 2, rel=1e-9)
    for a in (1.0, 10.0):  # snake is x + sin(a x)^2 / a, its derivative 1 + sin(2 a x)
        fourth = (3 - 4 * cosine(2 * a) + cosine(4 * a)) / 8
        assert theory.second_moment("snake", variance, a=a) == pytest.approx(variance + fourth / a**2, rel=1e-9)
        slopes = theory.second_moment_of_derivative("snake", variance, a=a)
        assert slopes == pytest.approx(1 + (1 - cosine(4 * a)) / 2, rel=1e-9)


def test_moments_of_what_grows_fast_or_has_none():
    for variance in (1.0, 25.0, 100.0):  # E exp(2 X)
        assert theory.second_moment("exponential", variance) == pytest.approx(math.exp(2 * variance), rel=1e-12)
    assert theory.second_moment("exponential", 1e4) == math.inf
    assert theory.second_moment("square", 2.0) == pytest.approx(3 * 4, rel=1e-13)
    assert theory.second_moment_of_derivative("square", 2.0) == pytest.approx(8, rel=1e-13)


def test_moments_of_ones_own(sharp):
    def truth(function, power):
        edges = [-40, 0.37, *(0.37 + step for step in (0.05, 0.2)), 40]
        edges = sorted({*edges, 0.17, 0.32})
        return float(mpmath.quad(lambda x: function(x) ** power * mpmath.npdf(x), [mpmath.mpf(e) for e in edges]))

    def sigmoid(x):
        return 1 / (1 + mpmath.exp(-300 * (x - mpmath.mpf("0.37"))))

    assert theory.second_moment(sharp) == pytest.approx(truth(sigmoid, 2), rel=1e-10)
    assert theory.second_moment("sharp") == theory.second_moment(sharp)
    slopes = truth(lambda x: 300 * sigmoid(x) * (1 - sigmoid(x)), 2)
    assert theory.second_moment_of_derivative("sharp") == pytest.approx(slopes, rel=1e-10)


def test_a_name_given_anew_is_computed_anew():
    pytest.importorskip("sympy", reason="SymPy is not installed")
    for factor in (2.0, 3.0):
        fastact.custom(f"{factor} * x", name="stretch")
        assert theory.second_moment("stretch") == pytest.approx(factor**2)


def test_a_singular_slope_has_no_second_moment():
    pytest.importorskip("sympy", reason="SymPy is not installed")
    fastact.custom("sqrt(abs(x))", name="root")  # f'^2 = 1 / (4 abs x)
    assert theory.second_moment_of_derivative("root") == math.inf
    assert theory.second_moment("root", 4.0) == pytest.approx(2 * math.sqrt(2 / math.pi), rel=1e-9)


CORRELATIONS = (-1.0, -1 + 1e-9, -0.9, -0.3, 0.0, 0.5, 0.99, 1 - 1e-6, 1 - 1e-13, 1.0)


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("variance", [0.01, 1.0, 7.0])
def test_cross_moments_in_closed_form(correlation, variance):
    c, q = correlation, variance
    angle = math.atan2(math.sqrt((1 - c) * (1 + c)), c)
    # Cho & Saul, Kernel methods for deep learning, 2009, eq. 6; half the sine and cosine terms for E relu relu.
    relu = q * (math.sin(angle) + (math.pi - angle) * c) / (2 * math.pi)
    assert theory.cross_moment("relu", c, q) == pytest.approx(relu, abs=1e-13 * q)
    steps = (math.pi - angle) / (2 * math.pi)
    assert theory.cross_moment_of_derivative("relu", c, q) == pytest.approx(steps, abs=1e-13)
    # Williams, Computing with infinite networks, 1996, eq. 11.
    erf = 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q))
    assert theory.cross_moment("erf", c, q) == pytest.approx(erf, abs=1e-13)
    slopes = 4 / math.pi / math.sqrt((1 + 2 * q) ** 2 - (2 * q * c) ** 2)
    assert theory.cross_moment_of_derivative("erf", c, q) == pytest.approx(slopes, rel=1e-12)
    sines = (math.exp(-q * (1 - c)) - math.exp(-q * (1 + c))) / 2
    assert theory.cross_moment("sin", c, q) == pytest.approx(sines, abs=1e-13)


@pytest.mark.parametrize("activation", ["tanh", "gelu", "hard_swish"])
def test_cross_moments_against_scipys_double_quadrature(activation):
    f, c, q = getattr(fastact, activation), 0.6, 1.5

    def integrand(y, x):
        density = math.exp(-(x * x - 2 * c * x * y + y * y) / (2 * (1 - c * c))) / (2 * math.pi * math.sqrt(1 - c * c))
        return float(f(math.sqrt(q) * x)) * float(f(math.sqrt(q) * y)) * density

    expected, _ = dblquad(integrand, -7, 7, -7, 7, epsabs=1e-8, epsrel=1e-8)
    assert theory.cross_moment(activation, c, q) == pytest.approx(expected, abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(set(fastact.activations) - {"exponential", "square", "signed_square", "squared_relu"})),
    st.floats(-1, 1),
    st.floats(0.01, 4.0),
)
def test_cross_moments_are_at_most_second_moments(activation, correlation, variance):
    whole = theory.second_moment(activation, variance)
    assert abs(theory.cross_moment(activation, correlation, variance)) <= whole * (1 + 1e-12)


# --- gains and maps


def test_gains():
    assert theory.gain("relu") == pytest.approx(math.sqrt(2), rel=1e-14)
    assert theory.gain("relu", "backward", variance=9.0) == pytest.approx(math.sqrt(2), rel=1e-14)
    assert theory.gain("leaky_relu", negative_slope=0.5) == pytest.approx(math.sqrt(2 / 1.25), rel=1e-14)
    assert [theory.gain("identity", way) for way in ("forward", "backward")] == pytest.approx([1.0, 1.0], rel=1e-13)
    assert theory.gain("selu") == pytest.approx(1.0, rel=1e-12)  # Klambauer et al., 2017: the fixed point is 1
    moment = mpmath.quad(lambda z: (z * mpmath.ncdf(z)) ** 2 * mpmath.npdf(z), [-20, 0, 20])
    assert theory.gain("gelu") == pytest.approx(float(1 / mpmath.sqrt(moment)), rel=1e-13)
    assert theory.gain("erf", variance=2.0) == pytest.approx(math.sqrt(2 / (2 / math.pi * math.asin(4 / 5))), rel=1e-13)


@pytest.mark.parametrize("activation", ["gelu", "tanh", "sigmoid", "mish"])
@pytest.mark.parametrize("variance", [0.5, 1.0, 4.0])
def test_gains_keep_what_they_promise_in_random_layers(activation, variance):
    rng, n = np.random.default_rng(3), 2000
    z = rng.normal(0, math.sqrt(variance), (n, 20))
    y, slopes = getattr(fastact, activation).with_derivative(z)
    forward = rng.normal(0, theory.gain(activation, variance=variance) / math.sqrt(n), (n, n)).T @ y
    assert np.mean(forward**2) == pytest.approx(variance, rel=0.04)
    gradient = rng.normal(size=(n, 20))
    weights = rng.normal(0, theory.gain(activation, "backward", variance=variance) / math.sqrt(n), (n, n))
    assert np.sum((slopes * (weights @ gradient)) ** 2) == pytest.approx(np.sum(gradient**2), rel=0.04)


def test_the_trainers_critical_weights_have_the_gain():
    for activation in ("gelu", "sin"):
        layers = [mlp.Dense(400, activation), mlp.Dense(400)]
        critical = mlp.Network(layers, 400, initialiser="critical", dtype="float64")
        lecun = mlp.Network(layers, 400, initialiser="lecun_normal", gain=theory.gain(activation), dtype="float64")
        np.testing.assert_allclose(critical.layers[1].weight, lecun.layers[1].weight, rtol=1e-12)


def test_maps_in_closed_form():
    w, b, q = 1.7, 0.3, 2.5
    assert theory.variance_map("relu", q, w, b) == pytest.approx(w * w * q / 2 + b * b, rel=1e-14)
    assert theory.variance_map("square", q, w, b) == pytest.approx(3 * w * w * q * q + b * b, rel=1e-13)
    erf = w * w * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + b * b
    assert theory.variance_map("erf", q, w, b) == pytest.approx(erf, rel=1e-13)
    crossed = w * w * 2 / math.pi * math.asin(2 * q * 0.4 / (1 + 2 * q)) + b * b
    assert theory.correlation_map("erf", 0.4, q, w, b) == pytest.approx(crossed / erf, rel=1e-13)
    assert theory.correlation_map("tanh", 1.0, q, w, b) == 1.0
    assert theory.chi("relu", q, w) == pytest.approx(w * w / 2, rel=1e-14)
    assert theory.chi("erf", q, w) == pytest.approx(w * w * 4 / math.pi / math.sqrt(1 + 4 * q), rel=1e-13)
    assert theory.chi("hard_shrink", q, w) == math.inf
    assert theory.chi("threshold", q, w) == pytest.approx(w * w / 2)  # with a value equal to the threshold: relu
    assert theory.chi("threshold", q, w, threshold=1.0, value=0.0) == math.inf


@pytest.mark.parametrize("activation", ["tanh", "gelu", "relu"])
def test_chi_is_the_slope_of_the_correlation_map(activation):
    w, b = 1.2, 0.4
    found = theory.mean_field(activation, w, b)
    step = 1e-6
    drop = 1 - theory.correlation_map(activation, 1 - step, found.variance, w, b)
    assert drop / step == pytest.approx(found.chi, rel=3e-3)  # relu's map has a term (1 - c)^(3/2)


# --- where layers lead


def iterated(activation, w, b, q, c, layers):
    """Variance and correlation of a pair after many layers, by nothing but the maps."""
    for _ in range(layers):
        c = theory.correlation_map(activation, c, q, w, b)
        q = theory.variance_map(activation, q, w, b)
    return q, c


@pytest.mark.parametrize(
    ("activation", "w", "b"),
    [("tanh", 1.6, 0.2), ("tanh", 0.9, 0.3), ("tanh", 1.7, 0.0), ("gelu", 1.2, 0.5), ("sigmoid", 2.0, 0.1),
     ("gaussian", 2.0, 0.2), ("sin", 1.3, 0.3)],
)  # fmt: skip
def test_fixed_points_are_where_iteration_ends(activation, w, b):
    found = theory.mean_field(activation, w, b)
    q, _ = iterated(activation, w, b, 1.0, 1.0, 200)
    _, c = iterated(activation, w, b, q, 0.5, 40)
    assert found.variance == pytest.approx(q, rel=1e-9)
    assert found.correlation == pytest.approx(c, abs=2 * math.exp(-40 / found.correlation_depth) + 1e-9)
    assert found.variance == theory.fixed_point(activation, w, b)
    assert any(p.variance == pytest.approx(q, rel=1e-9) and p.stable for p in theory.fixed_points(activation, w, b))
    assert found.phase == ("ordered" if found.chi < 1 else "chaotic")
    assert (found.correlation == 1.0) == (found.phase == "ordered")


@pytest.mark.parametrize(("activation", "w", "b"), [("tanh", 1.6, 0.2), ("tanh", 0.9, 0.3), ("erf", 1.5, 0.1)])
def test_depth_scales_are_the_rates_of_the_iteration(activation, w, b):
    found = theory.mean_field(activation, w, b)
    step = 1e-4
    q, c = found.variance, found.correlation
    slope = (
        (theory.variance_map(activation, q + step, w, b) - theory.variance_map(activation, q - step, w, b)) / 2 / step
    )
    assert found.variance_slope == pytest.approx(slope, rel=1e-6)
    assert found.variance_depth == pytest.approx(-1 / math.log(slope), rel=1e-6)
    near = theory.correlation_map(activation, c - step, q, w, b)
    assert found.correlation_slope == pytest.approx((c - near) / step, rel=1e-3)
    assert found.correlation_depth == -1 / math.log(found.correlation_slope)
    assert found.gradient_depth == pytest.approx(abs(1 / math.log(found.chi)))


def test_a_chaotic_fixed_point_of_erf_by_its_kernel():
    w, b = 2.0, 0.3
    q = theory.fixed_point("erf", w, b)
    assert w * w * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + b * b == pytest.approx(q, rel=1e-10)
    c = theory.mean_field("erf", w, b).correlation
    assert c < 0.9
    assert w * w * 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q)) + b * b == pytest.approx(q * c, rel=1e-10)


def test_an_activation_that_jumps_is_chaotic_without_measure():
    # E sign sign is 2 / pi arcsin(c): with b = 0 inputs part until they are uncorrelated.
    pytest.importorskip("sympy", reason="SymPy is not installed")
    fastact.custom("where(x > 0, 1, -1) + 0 * x", name="signum")
    found = theory.mean_field("signum", 1.3, 0.2)
    assert found.variance == pytest.approx(1.3**2 + 0.2**2)
    assert (found.chi, found.phase, found.gradient_depth) == (math.inf, "chaotic", 0.0)
    q, c = found.variance, found.correlation
    assert (1.3**2 * 2 / math.pi * math.asin(c) + 0.04) / q == pytest.approx(c, abs=1e-10)
    assert found.correlation_slope == pytest.approx(1.3**2 * 2 / math.pi / math.sqrt(1 - c * c) / q, rel=1e-6)
    assert theory.second_moment_of_derivative("signum") == 0.0


def test_fixed_points_that_vanish_explode_or_are_everywhere():
    assert theory.fixed_point("tanh", 1.0) == 0.0  # on the edge of chaos: slowly
    assert theory.fixed_point("tanh", 0.5) == 0.0
    assert theory.fixed_point("relu", 2.0) == math.inf
    assert theory.fixed_point("relu", math.sqrt(2.0), start=3.0) == pytest.approx(3.0)
    assert theory.fixed_point("relu", 1.0, 0.5) == pytest.approx(0.25 / (1 - 0.5))
    assert theory.fixed_point("square", 1.0, start=0.3) == 0.0
    assert theory.fixed_point("square", 1.0, start=0.4) == math.inf
    assert theory.fixed_points("square", 1.0, 0.5) == ()
    zero, other = theory.fixed_points("square", 1.0)
    assert (zero.variance, zero.stable, other.stable) == (0.0, True, False)
    assert (other.variance, other.slope) == (pytest.approx(1 / 3), pytest.approx(2.0))
    with pytest.raises(ValueError, match="relu keeps every one"):
        theory.fixed_points("relu", math.sqrt(2.0))
    for start in (1.0, 0.4):
        with pytest.raises(ValueError, match=r"grow from .* without bound"):
            theory.mean_field("square", 1.0, 0.5, start=start)
    found = theory.mean_field("tanh", 0.8)
    assert (found.variance, found.correlation, found.phase) == (0.0, 1.0, "ordered")
    assert found.correlation_depth == pytest.approx(-1 / math.log(0.64), rel=1e-6)


def test_depth_scales_at_the_ends():
    assert theory.depth_scale(1.0) == theory.depth_scale(-1.0) == theory.depth_scale(1 + 1e-12) == math.inf
    assert theory.depth_scale(0.0) == theory.depth_scale(math.inf) == 0.0
    assert theory.depth_scale(0.5) == pytest.approx(theory.depth_scale(2.0)) == pytest.approx(1 / math.log(2))
    with pytest.raises(ValueError, match="slope"):
        theory.depth_scale(math.nan)


# --- the edge of chaos


@pytest.mark.parametrize(
    ("activation", "weight_std", "stable"),
    [("relu", math.sqrt(2), True), ("tanh", 1.0, True), ("elu", 1.0, True), ("softsign", 1.0, True),
     ("gelu", 2.0, False), ("silu", 2.0, False), ("bent_identity", 1.0, False)],
)  # fmt: skip
def test_the_limit_of_small_variances_and_whether_it_is_stable(activation, weight_std, stable):
    point = theory.edge_of_chaos(activation)
    assert point.weight_std == pytest.approx(weight_std, rel=1e-11)
    assert point.stable is stable
    # A signal of variance 0.01 through many layers.
    variance = 0.01
    for _ in range(2000):
        variance = theory.variance_map(activation, variance, point.weight_std)
        if not variance < 1e6:
            break
    assert (variance <= 0.01 * (1 + 1e-9)) is stable


def test_known_points_on_the_edge_of_chaos():
    relu = theory.edge_of_chaos("relu")
    assert relu.weight_std == pytest.approx(math.sqrt(2), rel=1e-12)
    tanh = theory.edge_of_chaos("tanh")
    assert tanh.weight_std == pytest.approx(1.0, rel=1e-6)
    # Pennington et al., Resurrecting the sigmoid, 2017: sigma_w and sigma_b of tanh lie on one line.
    for bias_std in (0.05, 0.2, 0.5):
        point = theory.edge_of_chaos("tanh", bias_std)
        w2, q = point.weight_std**2, point.variance
        assert w2 * theory.second_moment_of_derivative("tanh", q) == pytest.approx(1.0, rel=1e-12)
        assert w2 * theory.second_moment("tanh", q) + bias_std**2 == pytest.approx(q, rel=1e-9)
        assert point.weight_std > 1
    assert theory.edge_of_chaos("leaky_relu", negative_slope=0.5).weight_std ** 2 == pytest.approx(2 / 1.25)
    # Schoenholz et al., Deep information propagation, 2017, figures 1 and 2: tanh with biases of variance 0.05.
    published = theory.edge_of_chaos("tanh", math.sqrt(0.05))
    assert published.weight_std**2 == pytest.approx(1.76, abs=0.005)
    found = theory.mean_field("tanh", published.weight_std, math.sqrt(0.05))
    assert (found.phase, found.correlation_depth) == ("critical", math.inf)
    assert found.variance == pytest.approx(published.variance, rel=1e-9)


def test_the_edge_of_erf_in_closed_form():
    q = 0.8  # chi_1 = 1 gives w, and V(q) = q gives b
    w2 = math.pi / 4 * math.sqrt(1 + 4 * q)
    b2 = q - w2 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q))
    point = theory.edge_of_chaos("erf", math.sqrt(b2))
    assert (point.weight_std**2, point.variance) == (pytest.approx(w2, rel=1e-9), pytest.approx(q, rel=1e-9))
    (same,) = theory.critical_line("erf", [q])
    assert (same.weight_std, same.bias_std) == (pytest.approx(math.sqrt(w2)), pytest.approx(math.sqrt(b2)))


def test_the_critical_line():
    line = theory.critical_line("tanh")
    weights, biases = [p.weight_std for p in line], [p.bias_std for p in line]
    assert len(line) == 41
    assert weights == sorted(weights)
    assert biases == sorted(biases)
    for point in line[::8]:
        found = theory.mean_field("tanh", point.weight_std, point.bias_std)
        assert found.chi == pytest.approx(1.0, abs=1e-6)
    assert {(round(p.weight_std, 12), round(p.bias_std, 5)) for p in theory.critical_line("relu")} == {
        (round(math.sqrt(2), 12), 0.0)
    }
    for point in theory.critical_line("sigmoid"):
        found = theory.mean_field("sigmoid", point.weight_std, point.bias_std, start=point.variance)
        assert (found.variance, found.chi) == (pytest.approx(point.variance), pytest.approx(1.0))
    for activation in ("square", "hard_shrink"):
        with pytest.raises(ValueError, match=f"{activation} has an edge of chaos"):
            theory.critical_line(activation)


# --- layer by layer


def test_propagation_in_closed_form():
    found = theory.propagate("relu", 6, 1.3, 0.2, variance=2.0)
    q = 2.0
    for at in range(6):
        assert found.variances[at] == pytest.approx(q, rel=1e-13)
        assert found.gradient_norms[at] == pytest.approx((1.3 / math.sqrt(2)) ** (6 - at), rel=1e-13)
        q = 1.3**2 * q / 2 + 0.04
    explosion = theory.propagate("square", 12, 1.0, variance=1.0)
    assert explosion.variances[1:4].tolist() == pytest.approx([3.0, 27.0, 3.0 * 27**2])
    assert explosion.variances[-1] == explosion.gradient_norms[0] == math.inf
    vanished = theory.propagate("tanh", 3000, 0.5)
    assert (vanished.variances[-1], vanished.gradient_norms[0]) == (0.0, 0.0)


def test_propagation_is_that_of_random_networks():
    depth, width, w, b = 8, 600, 1.4, 0.3
    predicted = theory.propagate("tanh", depth, w, b, variance=2.0)
    variances, norms = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        z, slopes, weights = rng.normal(0, math.sqrt(2.0), width), [], []
        measured = []
        for _ in range(depth):
            measured.append(np.mean(z * z))
            slopes.append(1 / np.cosh(z) ** 2)
            weights.append(rng.normal(0, w / math.sqrt(width), (width, width)))
            z = np.tanh(z) @ weights[-1] + rng.normal(0, b, width)
        variances.append(measured)
        gradient = rng.normal(size=width)
        start = np.sum(gradient**2)
        squared = []
        for slope, weight in zip(slopes[::-1], weights[::-1], strict=True):
            gradient = slope * (weight @ gradient)
            squared.append(np.sum(gradient**2) / start)
        norms.append(squared[::-1])
    for found, expected in ((variances, predicted.variances), (norms, predicted.gradient_norms**2)):
        error = np.std(found, axis=0, ddof=1) / math.sqrt(6)
        assert (np.abs(np.mean(found, axis=0) - expected) < 5 * error + 0.01 * expected).all()


# --- the public face


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: theory.second_moment("gelo"), "activation must be one of"),
        (lambda: theory.second_moment("elu", alpha=-1.0), "alpha"),
        *(
            (lambda f=f, v=v: f("relu", v), r"variance must be a number in \(0, inf\)")
            for f in (theory.second_moment, theory.second_moment_of_derivative)
            for v in (0, -1.0, math.nan, math.inf, "1", True)
        ),
        *(
            (lambda f=f, c=c: f("relu", c), r"correlation must be a number in \[-1, 1\]")
            for f in (theory.cross_moment, theory.cross_moment_of_derivative)
            for c in (-1.1, 2, math.nan, "1")
        ),
        (lambda: theory.cross_moment("exponential", 0.5, 1e4), "finite second moment"),
        (lambda: theory.gain("gelu", "sideways"), "direction must be one of forward, backward"),
        (lambda: theory.gain("gelu", variance=0.0), "variance must be"),
        (lambda: theory.gain("exponential", variance=1e4), "that of exponential is 0"),
        (lambda: theory.gain("threshold", "backward", threshold=90.0, value=0.0), "that of threshold is infinite"),
        (lambda: theory.variance_map("tanh", 1.0, 0.0), r"weight_std must be a number in \(0, inf\)"),
        (lambda: theory.variance_map("tanh", 1.0, 1.0, -0.1), r"bias_std must be a number in \[0, inf\)"),
        (lambda: theory.correlation_map("exponential", 0.5, 1e4, 1.0), "exponential maps into"),
        (lambda: theory.chi("tanh", 1.0, math.inf), "weight_std must be"),
        (lambda: theory.fixed_point("tanh", 1.0, start=0.0), r"start must be a number in \(0, inf\)"),
        (lambda: theory.mean_field("relu", 2.0), "weight_std and bias_std must be such that variances settle"),
        (lambda: theory.propagate("relu", 0, 1.0), "depth must be an integer >= 1"),
        (lambda: theory.propagate("relu", 2.0, 1.0), "depth must be an integer >= 1"),
        (lambda: theory.critical_line("tanh", [1.0, -1.0]), "variances must be"),
        (lambda: theory.edge_of_chaos("tanh", -1), r"bias_std must be a number in \[0, inf\)"),
        (
            lambda: theory.edge_of_chaos("relu", 0.5),
            "bias_std must be one for which relu has an edge of chaos, got 0.5",
        ),
    ],
)
def test_bad_arguments_of_theory_are_named(call, names):
    with pytest.raises(ValueError, match=names):
        call()


def test_what_oscillates_too_fast_is_refused():
    with pytest.raises(ValueError, match="oscillate so fast"):
        theory.second_moment("sin", 1e16)


def test_it_is_an_attribute_that_is_loaded_when_it_is_asked_for():
    assert fastact.theory is theory
    assert "theory" in dir(fastact)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings(name):
    module = importlib.import_module(f"fastact.theory.{name}")
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0


def test_every_public_function_has_an_example():
    for name in theory.__all__:
        member = getattr(theory, name)
        if not isinstance(member, type) and name not in ("second_moment_of_derivative", "cross_moment_of_derivative"):
            assert ">>> " in member.__doc__, name


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_examples_on_the_page():
    done = doctest.testfile(str(PAGE), module_relative=False)
    assert done.attempted > 10
    assert done.failed == 0


@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_page_names_every_function():
    text = PAGE.read_text(encoding="utf-8")
    for name in theory.__all__:
        if not isinstance(getattr(theory, name), type):
            assert name in text, name
