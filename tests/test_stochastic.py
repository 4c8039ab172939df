"""rrelu and erelu in training: the slopes drawn, what is done with them, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import fastact

from .cases import DTYPES, bits

COUNT = 200_000
ENDS = {"rrelu": (1 / 8, 1 / 3), "erelu": (0.5, 1.5)}
NAMES = pytest.mark.parametrize("name", ENDS)
DTYPE = pytest.mark.parametrize("dtype", DTYPES)


def function(name: str) -> Any:
    return getattr(fastact, name)


def ordinary(dtype: type, count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 3, count).astype(dtype)


def check_uniform(slope: np.ndarray, lower: float, upper: float) -> None:
    """Within the ends, as rounded, and as far from uniform as chance is once in a million times."""
    dtype = slope.dtype.type
    assert slope.min() >= dtype(lower)
    assert slope.max() <= dtype(upper)
    sample = np.sort(slope.astype(np.float64).ravel())
    expected = (np.arange(sample.size) + 0.5) / sample.size
    distance = np.abs((sample - lower) / (upper - lower) - expected).max()
    # Kolmogorov's statistic; float16 has few values between the ends.
    allowed = 2.7 / math.sqrt(sample.size) + float(np.finfo(dtype).eps) * upper / (upper - lower)
    assert distance < allowed
    neighbours = np.corrcoef(slope[:-1].astype(np.float64), slope[1:].astype(np.float64))[0, 1]
    assert abs(neighbours) < 5 / math.sqrt(sample.size)


@DTYPE
@NAMES
def test_slopes_are_uniform_between_the_ends(name: str, dtype: type):
    _, slope = function(name)(ordinary(dtype), rng=np.random.default_rng(7))
    assert slope.dtype == dtype
    check_uniform(slope, *ENDS[name])


@DTYPE
def test_slopes_follow_the_parameters(dtype: type):
    x = ordinary(dtype)
    check_uniform(fastact.rrelu(x, 0.5, upper=2.0, rng=np.random.default_rng(8))[1], 0.5, 2.0)
    check_uniform(fastact.erelu(x, 1.0, rng=np.random.default_rng(9))[1], 0.0, 2.0)
    assert (fastact.rrelu(x, 0.25, 0.25, rng=np.random.default_rng(10))[1] == 0.25).all()
    assert (fastact.erelu(x, 0.0, rng=np.random.default_rng(10))[1] == 1).all()


@DTYPE
@NAMES
def test_the_same_seed_gives_the_same_numbers(name: str, dtype: type):
    x = ordinary(dtype, 1000)
    first, again, other = (function(name)(x, rng=np.random.default_rng(seed)) for seed in (3, 3, 4))
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(bits(one), bits(two))
    assert (first[1] != other[1]).mean() > 0.9
    rng = np.random.default_rng(3)
    function(name)(x, rng=rng)
    assert not np.array_equal(function(name)(x, rng=rng)[1], first[1]), "the generator did not move on"


@DTYPE
def test_rrelu_is_prelu_with_the_slope_drawn(dtype: type):
    x = np.concatenate([ordinary(dtype, 5000), np.array([0, -0.0, np.inf, -np.inf, np.nan], dtype)])
    grad = ordinary(dtype, x.size)[::-1]
    y, slope = fastact.rrelu(x, rng=np.random.default_rng(5))
    assert np.array_equal(bits(y), bits(fastact.prelu.ufunc(x, slope)))
    back = fastact.rrelu_backward(grad, x, slope=slope)
    assert np.array_equal(bits(back), bits(fastact.prelu_backward.ufunc(grad, x, slope)))
    negative = x < 0
    assert np.array_equal(back[negative], (grad * slope)[negative])


@DTYPE
def test_erelu_is_the_slope_drawn_above_zero(dtype: type):
    x = np.concatenate([ordinary(dtype, 5000), np.array([0, -0.0, np.inf, -np.inf, np.nan], dtype)])
    grad = ordinary(dtype, x.size)[::-1]
    y, slope = fastact.erelu(x, rng=np.random.default_rng(5))
    above = x > 0
    assert np.array_equal(bits(y[above]), bits((slope * x)[above]))
    assert (y[x <= 0] == 0).all()
    assert np.isnan(y[-1])
    back = fastact.erelu_backward(grad, x, slope=slope)
    assert np.array_equal(bits(back[above]), bits((grad * slope)[above]))
    assert (back[x <= 0] == 0).all()
    assert np.isnan(back[-1])


def test_a_slope_of_zero_at_infinity_gives_the_limit():
    class Zeros(np.random.Generator):
        def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:  # noqa: ARG002
            return np.zeros(size, dtype)

    y, slope = fastact.erelu(np.array([np.inf, 2.0]), 1.0, rng=Zeros(np.random.PCG64(1)))
    assert slope.tolist() == [0, 0]
    assert y.tolist() == [0, 0]


@DTYPE
@NAMES
def test_without_a_generator_it_evaluates(name: str, dtype: type):
    x, grad = ordinary(dtype, 1000), ordinary(dtype, 1000)[::-1]
    for f, arguments in ((function(name), (x,)), (function(name + "_backward"), (grad, x))):
        defaults = [dtype(value) for value in f.spec.defaults.values()]
        expected = bits(f.ufunc(*arguments, *defaults))
        assert np.array_equal(bits(f(*arguments)), expected)
        assert np.array_equal(bits(f(*arguments, **{"rng" if f is function(name) else "slope": None})), expected)


@NAMES
def test_keywords_of_ufuncs(name: str):
    x, f = ordinary(np.float32, 100).reshape(10, 10), function(name)
    expected, slope = f(x, rng=np.random.default_rng(2))
    out = np.empty_like(x)
    y, again = f(x, rng=np.random.default_rng(2), out=out)
    assert y is out
    assert np.array_equal(bits(out), bits(expected))
    assert np.array_equal(again, slope)
    back = function(name + "_backward")(np.ones_like(x), x, slope=slope, out=out)
    assert back is out
    y, slope = f(x, rng=np.random.default_rng(2), dtype=np.float64)
    assert y.dtype == slope.dtype == np.float64
    kept = np.full_like(x, 7)
    f(x, rng=np.random.default_rng(2), out=kept, where=x > 0)
    assert np.array_equal(kept, np.where(x > 0, expected, 7))


@NAMES
def test_dtypes_and_shapes(name: str):
    f = function(name)
    for x in ([-1, 0, 2], np.array([True, False]), np.arange(-3, 3, dtype=np.int8)):
        y, slope = f(x, rng=np.random.default_rng(1))
        assert y.dtype == slope.dtype == np.float64
        assert y.shape == slope.shape == np.shape(x)
    y, slope = f(-1.5, rng=np.random.default_rng(1))
    assert isinstance(y, np.float64)
    assert isinstance(slope, np.float64)
    swapped = np.array([-1.0, 2.0], np.dtype(np.float32).newbyteorder())
    y, slope = f(swapped, rng=np.random.default_rng(1))
    assert y.dtype == slope.dtype == np.float32
    assert slope.dtype.isnative
    y, slope = f(np.zeros((0, 3)), rng=np.random.default_rng(1))
    assert y.shape == slope.shape == (0, 3)


def test_parameters_broadcast():
    x = np.full((2, 5), -1.0, np.float32)
    y, slope = fastact.rrelu(x, np.array([[0.0], [2.0]]), np.array([[1.0], [3.0]]), rng=np.random.default_rng(1))
    assert slope.shape == y.shape == (2, 5)
    assert slope.dtype == np.float32
    assert (slope[0] <= 1).all()
    assert (slope[1] >= 2).all()
    column, _ = fastact.erelu(np.float32(1), np.array([0.0, 0.5]), rng=np.random.default_rng(1))
    assert column.shape == (2,)
    assert column[0] == 1


@NAMES
@pytest.mark.parametrize("rng", [0, 42, "seed", np.random.RandomState(1), np.random, np.random.PCG64(1)])
def test_only_generators_draw(name: str, rng: Any):
    with pytest.raises(TypeError, match=rf"^{name}: rng must be a numpy.random.Generator or None"):
        function(name)(np.ones(3), rng=rng)


@NAMES
@pytest.mark.parametrize("x", [np.ones(3, complex), np.ones(3, np.longdouble), np.array([None]), "text"])
def test_what_cannot_be_computed_is_refused_before_anything_is_drawn(name: str, x: Any):
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    with pytest.raises(TypeError, match=rf"^{name}: x must be"):
        function(name)(x, rng=rng)
    for parameters in ({"lower": 2, "upper": 1}, {"lower": -1}) if name == "rrelu" else ({"alpha": 2}, {"alpha": -1}):
        with pytest.raises(ValueError, match=rf"^{name}: (lower|alpha) must be"):
            function(name)(np.ones(3), rng=rng, **parameters)
    assert rng.bit_generator.state == before


REFUSED = {
    "a shape": (ValueError, {"out": np.empty(4)}),
    "a dtype": (TypeError, {"out": np.empty(3, int)}),
    "no array": (TypeError, {"out": 3}),
    "a mask": (ValueError, {"where": np.ones(5, bool), "out": np.empty(3)}),
    "a casting": (TypeError, {"dtype": np.float32, "casting": "no"}),
    "a dtype in a signature": ((TypeError, ValueError), {"signature": "ggg->g"}),
    "the length of a signature": (ValueError, {"signature": "fffff->f"}),
    "dtype and signature": (TypeError, {"dtype": "f", "signature": "fff->f"}),
    "an unknown keyword": (TypeError, {"nonsense": 1}),
}


@NAMES
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_the_generator_as_it_was(name: str, what: str):
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    error, keywords = REFUSED[what]
    with pytest.raises(error) as caught:
        function(name)(np.ones(3), rng=rng, **keywords)
    assert rng.bit_generator.state == before
    with pytest.raises(error) as back:
        function(name + "_backward")(np.ones(3), np.ones(3), slope=0.5, **keywords)
    for message in map(str, (caught.value, back.value)):
        assert not any(other in message for other in ("leaky_relu", "srelu", ".ufunc")), message
    if "nonsense" in keywords or ("signature" in keywords and "dtype" not in keywords):
        assert name in str(caught.value)
        assert f"{name}_backward" in str(back.value)


@NAMES
@DTYPE
def test_a_signature_is_that_of_the_function(name: str, dtype: type):
    """As without a generator: of its inputs and parameters, though what computes takes others."""
    x, letter = np.array([-1.5, 2.5]), np.dtype(dtype).char
    for f, arguments, drawn in (
        (function(name), (x,), {"rng": np.random.default_rng(1)}),
        (function(name + "_backward"), (x, x), {"slope": 0.5}),
    ):
        signature = f"{letter * f.ufunc.nin}->{letter}"
        assert f(*arguments, signature=signature).dtype == dtype
        result = f(*arguments, signature=signature, **drawn)
        assert {part.dtype for part in (result if "rng" in drawn else [result])} == {np.dtype(dtype)}


@NAMES
def test_a_lazy_gradient_stays_lazy(name: str):
    @dask.delayed
    def explode() -> np.ndarray:
        raise AssertionError("computed")

    lazy = da.from_delayed(explode(), (3,), np.float32)
    result = function(name + "_backward")(lazy, lazy, slope=lazy)
    assert isinstance(result, da.Array)
    assert result.dtype == np.float32


@NAMES
@pytest.mark.parametrize("slope", [1j, "steep", np.array([None])])
def test_slopes_are_real(name: str, slope: Any):
    with pytest.raises(TypeError, match=rf"^{name}_backward: slope must be a real number"):
        function(name + "_backward")(1.0, 2.0, slope=slope)


@NAMES
def test_documentation_says_what_is_drawn(name: str):
    row = fastact.activations[name]
    assert "rng : numpy.random.Generator, optional" in function(name).__doc__
    assert "slope : array_like, optional" in function(name + "_backward").__doc__
    assert row.drawn in function(name).__doc__
    assert row.drawn in function(name + "_backward").__doc__
