"""What `fastact.custom` returns: ufuncs with all that the built-in ones have."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import json
import math
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.compiler import activation, cache
from fastact.experiments import data, vanish

from .cases import bits

SOURCES = Path(__file__).parents[1]
DTYPES = (np.float16, np.float32, np.float64)


@pytest.fixture(scope="module")
def phish():
    return fastact.custom(lambda x: x * np.tanh(fastact.gelu(x)), name="phish")


@pytest.fixture(scope="module")
def leaky():
    """With two parameters."""
    return fastact.custom(lambda x, a=0.5, b=2.0: np.where(x > 0, x, a * np.expm1(x)) + fastact.swish(x, beta=b))


@pytest.fixture
def registry():
    """The registry as it was, afterwards."""
    before = dict(activation._registry)
    yield activation._registry
    activation._registry.clear()
    activation._registry.update(before)


def reference(x):
    return x * np.tanh(fastact.gelu(x))


# Ufuncs -------------------------------------------------------------------------------------------------------------


def test_they_are_ufuncs(phish):
    for name, nin, nout in (("derivative", 1, 1), ("with_derivative", 1, 2), ("backward", 2, 1)):
        form = getattr(phish, name)
        assert isinstance(form, np.ufunc)
        assert (form.nin, form.nout, form.__name__) == (nin, nout, f"phish_{name}")
    assert isinstance(phish, np.ufunc)
    assert (phish.__name__, phish.__module__) == ("phish", "fastact")
    assert "x * tanh(gelu(x))" in phish.__doc__
    assert phish.spec.name == "phish"


@pytest.mark.parametrize("dtype", DTYPES)
def test_values(phish, dtype):
    x = np.linspace(-6, 6, 1001).astype(dtype)
    exact = reference(x.astype(np.float64))
    y = phish(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y.astype(np.float64), exact, rtol=4 * np.finfo(dtype).eps, atol=1e-7)


def test_dtypes(phish):
    x = np.float32([1, 2])
    assert (phish(x) * 1.0).dtype == np.float32
    assert phish(np.int8([1])).dtype == phish([True]).dtype == phish(1).dtype == np.float64
    assert phish.backward(2.0, x).dtype == np.float32
    assert phish(x, dtype=np.float64).dtype == np.float64
    for wrong in (np.array([1j]), np.array([None]), np.array(["a"]), np.longdouble([1])):
        with pytest.raises(TypeError):
            phish(wrong)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", ["x*tanh(gelu(x))", "x + sin(x)^2", "where(x > 0, x, log1p(-x))", "abs(x)^1.7", "x^2"])
def test_the_bits_depend_on_the_element_alone(text, dtype):
    f = fastact.custom(text)
    x = np.random.default_rng(0).normal(0, 3, 3000).astype(dtype)
    y, slope = f.with_derivative(x)
    grad = np.random.default_rng(1).normal(size=3000).astype(dtype)
    alone = np.array([f(v) for v in x[:300]], dtype)
    assert np.array_equal(bits(y[:300]), bits(alone))
    for start, stop, step in ((0, 130, 1), (1, 2600, 1), (5, 2999, 7), (2999, 3, -2), (64, 65, 1)):
        part = slice(start, stop, step)
        assert np.array_equal(bits(f(x[part])), bits(y[part]))
        assert np.array_equal(bits(f.derivative(x[part])), bits(slope[part]))
        out = np.zeros(2 * len(x[part]), dtype)[::2]
        f(x[part], out=out)
        assert np.array_equal(bits(out), bits(y[part]))
    assert np.array_equal(bits(f(x.reshape(30, 100).T)), bits(y.reshape(30, 100).T))
    both = x.copy()
    f(both, out=both)
    assert np.array_equal(bits(both), bits(y))
    both = x.copy()
    f.backward(grad, both, out=both)
    assert np.array_equal(bits(both), bits(f.backward(grad, x)))
    both = grad.copy()
    f.backward(both, x, out=both)
    assert np.array_equal(bits(both), bits(f.backward(grad, x)))
    both, other = x.copy(), np.empty_like(x)
    f.with_derivative(both, out=(other, both))
    assert np.array_equal(bits(other), bits(y))
    assert np.array_equal(bits(both), bits(slope))


def test_backward_is_the_gradient_times_the_derivative(phish):
    x = np.random.default_rng(0).normal(0, 3, 999)
    grad = np.random.default_rng(1).normal(size=999)
    assert np.array_equal(phish.backward(grad, x), grad * phish.derivative(x))


def test_broadcasting_where_and_reductions(phish):
    x, g = np.linspace(-2, 2, 5), np.ones((3, 1))
    assert phish.backward(g, x).shape == (3, 5)
    out = np.full(5, 7.0)
    phish(x, out=out, where=x > 0)
    assert list(out[:3]) == [7, 7, 7]
    assert phish(np.empty((0, 3))).shape == (0, 3)
    assert isinstance(phish(1.0), np.float64)


def test_large_outputs(phish):
    """From 8 MiB on they are streamed where there is little to compute."""
    x = np.random.default_rng(0).normal(0, 3, 2_200_003).astype(np.float32)
    for f in (phish, fastact.custom("max(x, 0)^2 - x")):
        assert np.array_equal(bits(f(x)[-5000:]), bits(f(x[-5000:])))


# What is at the ends, and the floating-point status -----------------------------------------------------------------


def test_infinities_and_nan(phish):
    ends = np.array([-math.inf, math.inf])
    assert list(phish(ends)) == [0.0, math.inf]
    assert list(phish.derivative(ends)) == [0.0, 1.0]
    assert list(phish.backward(2.0, ends)) == [0.0, 2.0]
    constant = fastact.custom("where(x > 0, 1, 2)")
    for f in (phish, constant, fastact.custom("max(x, 0)"), fastact.custom("3")):
        for form in (f, f.derivative):
            assert np.isnan(form(math.nan))
            assert np.isnan(form(np.float32([math.nan] * 70))).all()


@pytest.mark.parametrize("length", [1, 3, 70, 5000])
def test_silent_but_for_overflow(length):
    texts = ("x*tanh(gelu(x))", "exp(x)*exp(-2*x)/(1+exp(x))^3", "where(x > 0, x, log1p(-x))", "log(exp(x)+exp(-x))")
    for text in texts:
        f = fastact.custom(text)
        for values in ((-90.0, 90.0), (math.nan, -1e30), (math.inf, -math.inf), (1e-42, -1e-300), (0.0, -0.0)):
            x = np.resize(np.float64(values), length)
            with np.errstate(all="ignore"):
                arrays = [x.astype(dtype) for dtype in (np.float32, np.float64)]
            with np.errstate(all="raise", over="ignore"):
                for array in arrays:
                    f(array)
                    f.derivative(array)
        with np.errstate(all="raise"):
            f(np.full(length, -300.0))  # e^(-2 x) is out of float32, but not the result
    square = fastact.custom("x^2")
    with np.errstate(all="raise"):
        square(np.full(length, np.inf))
        with pytest.raises(FloatingPointError, match="overflow"):
            square(np.full(length, 1e200))
        with pytest.raises(FloatingPointError, match="overflow"):
            fastact.custom("log(abs(x))")(np.zeros(length))


# Parameters ---------------------------------------------------------------------------------------------------------


def test_parameters(leaky):
    x = np.linspace(-3, 3, 701)
    want = np.where(x > 0, x, 0.1 * np.expm1(x)) + fastact.swish(x, beta=3.0)
    for got in (leaky(x, a=0.1, b=3.0), leaky(x, 0.1, 3.0), leaky(x, 0.1, b=3.0), leaky.ufunc(x, 0.1, 3.0)):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-15)
    each = np.linspace(0.1, 0.9, 701)
    np.testing.assert_allclose(leaky(x, each)[350:], leaky(x)[350:], rtol=1e-15)
    assert np.array_equal(leaky(x, each)[10:20], [leaky(v, a) for v, a in zip(x[10:20], each[10:20], strict=True)])
    assert leaky(np.float32([1])).dtype == np.float32
    assert leaky(x, out=np.empty_like(x)) is not None
    assert leaky.spec.defaults == {"a": 0.5, "b": 2.0}
    assert list(inspect.signature(leaky).parameters) == ["x", "a", "b", "keywords"]
    assert list(inspect.signature(leaky.backward_a).parameters) == ["grad", "x", "a", "b", "keywords"]


def test_derivatives_by_parameters(leaky):
    x, step = np.linspace(-3, 3, 100), 1e-6
    for name in ("a", "b"):
        value = leaky.spec.defaults[name]
        up, down = (leaky(x, **{name: value + s}) for s in (step, -step))
        slope = getattr(leaky, f"derivative_{name}")(x)
        np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-7, atol=1e-8)
        assert np.array_equal(getattr(leaky, f"backward_{name}")(x, x), x * slope)
    assert not hasattr(fastact.custom(lambda x, a=1.0: fastact.elu(x, alpha=a)), "derivative_a")


def test_wrong_parameters(leaky):
    for wrong in (1j, "a", None, np.array(["a"])):
        with pytest.raises(TypeError, match=r"a must be a real number"):
            leaky(1.0, a=wrong)
    with pytest.raises(TypeError, match="c"):
        leaky(1.0, c=1)
    with pytest.raises(TypeError):
        leaky()


# Definitions by other definitions, and by text ----------------------------------------------------------------------


def test_a_definition_within_another(phish, leaky):
    x = np.linspace(-3, 3, 50)
    twice = fastact.custom(lambda x: phish(phish(x)) + leaky(2 * x, a=0.25))
    np.testing.assert_allclose(twice(x), phish(phish(x)) + leaky(2 * x, a=0.25), rtol=1e-13)
    with pytest.raises(TypeError, match="phish_derivative is not known"):
        fastact.custom(phish.derivative)


def test_conditions_are_numbers_to_another_definition(leaky):
    x = np.linspace(-3, 3, 50)
    for given in (fastact.custom(lambda x: leaky(x, a=x < -1)), fastact.custom(lambda x: leaky(x, a=(x < -1) * 1.0))):
        np.testing.assert_allclose(given(x), leaky(x, a=x < -1), rtol=1e-14, atol=1e-15)
        assert list(given.derivative([-2.0, 2.0])) == pytest.approx(list(leaky.derivative([-2.0, 2.0], a=[1.0, 0.0])))


def test_exponents_are_bounded_within_another_definition():
    power = fastact.custom(lambda x, a=2.0: abs(x) ** a)
    assert fastact.custom(lambda x: power(x, a=3))(2.0) == 8.0
    with pytest.raises(ValueError, match="exponents must be at most 64"):
        fastact.custom(lambda x: power(x, a=10**6))


@pytest.mark.parametrize("ufunc", [np.multiply, np.divmod, np.modf, fastact.elu.ufunc, fastact.gelu.with_derivative])
def test_ufuncs_of_more_than_one_array_are_refused(ufunc):
    with pytest.raises(TypeError, match="function must take one array and return one"):
        fastact.custom(ufunc)


def test_text_and_function_are_the_same_definition(phish):
    assert fastact.custom("x * tanh(gelu(x))", name="phish") is phish
    assert fastact.custom("x*tanh(gelu(x))") is not phish
    text = fastact.custom("a*x + b", parameters={"a": 2, "b": 1.0})
    assert list(text(np.arange(3.0))) == [1, 3, 5]
    assert list(text.derivative_a(np.arange(3.0))) == [0, 1, 2]


@pytest.mark.parametrize(
    "text", ["x", "3", "-x^2 + (x - (2 - x))/3/(x/7)", "where(x < 1, elu(x, alpha=0.3), -x)", "2**-x"]
)
def test_the_formula_of_the_row_is_the_definition(text):
    f = fastact.custom(text)
    again = fastact.custom(f.spec.formula.removeprefix("f(x) = "))
    assert again is f


# Pickling -----------------------------------------------------------------------------------------------------------


def test_pickles_are_definitions(phish, leaky):
    for thing in (
        phish,
        phish.derivative,
        phish.with_derivative,
        leaky,
        leaky.backward_a,
        leaky.ufunc,
        leaky.derivative.ufunc,
    ):
        assert pickle.loads(pickle.dumps(thing)) is thing
        assert copy.deepcopy(thing) is thing
    assert pickle.loads(pickle.dumps(np.sin)) is np.sin
    assert pickle.loads(pickle.dumps(fastact.elu.ufunc)) is fastact.elu.ufunc


@pytest.mark.usefixtures("registry")
def test_pickling_gives_no_name():
    one = fastact.custom("x*2", name="one_name")
    other = fastact.custom("x*3", name="one_name")
    text = pickle.dumps(one)
    copy.deepcopy(one)
    assert fastact.registered("one_name") is other
    assert pickle.loads(text) is one
    assert fastact.registered("one_name") is other
    assert fastact.custom("x*2", name="one_name") is fastact.registered("one_name") is one


def test_unpickling_gives_a_name_that_is_free(registry):
    made = fastact.custom("x*2", name="one_name")
    text = pickle.dumps(made)
    del registry["one_name"]
    assert pickle.loads(text) is fastact.registered("one_name") is made


def altered(lines=None, **changes) -> str:
    """A definition in which something else is said."""
    data = [["x", None, []], ["constant", 2, []], ["multiply", None, [0, 1]], [2]]
    for at, line in (lines or {}).items():
        data[at] = line
    whole = {"name": "altered", "data": data, "defaults": {}, "reference": "", "registered": True} | changes
    return json.dumps(list(whole.values()))


@pytest.mark.parametrize(
    "text",
    [
        "", "3", "[1, 2]", altered()[:-3],
        altered(name="gelu"), altered(name=3), altered(reference=None), altered(defaults={"a": "1"}),
        altered(defaults={"where": 1.0}), altered(defaults=[]),
        *(
            altered(lines={2: line})
            for line in (
                ["system", None, [0]], ["call", "custom", [0]], ["call", "elu", [0]], ["multiply", None, [0]],
                ["multiply", None, [0, 3]], ["multiply", None, [0, -1]], ["parameter", "a", []], ["less", None, [0, 1]],
                ["constant", "2", []], ["constant", math.nan, []], ["where", None, [0, 0, 1]], ["tan", "x", [0]], [],
            )
        ),
        altered(lines={1: ["constant", 65, []], 2: ["power", None, [0, 1]]}),
        altered(lines={1: ["less", None, [0, 0]]}),
        altered(lines={3: [2, 2]}),
    ],
)  # fmt: skip
def test_text_that_defines_nothing_is_a_value_error(text):
    """Definitions come out of networks' files, and compiled code must not do what they say unchecked."""
    with pytest.raises(ValueError, match="defines no activation"):
        activation.Definition.from_text(text)
    good = activation.Definition.from_text(altered())
    assert good.formula == "x * 2"
    assert good.to_text() == altered()


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_another_process_unpickles_without_sympy(phish, tmp_path: Path):
    file = tmp_path / "phish.pickle"
    file.write_bytes(pickle.dumps(phish.backward))
    code = (
        "import pickle, sys; f = pickle.load(open(sys.argv[1], 'rb')); import fastact;"
        "print(f(1.0, 1.0).hex(), fastact.registered('phish').__name__, 'sympy' in sys.modules)"
    )
    for _ in range(2):  # what this process has compiled may be in another directory: some tests choose theirs
        done = run(code, str(file))
    assert done.stdout.split() == [phish.backward(1.0, 1.0).hex(), "phish", "False"], done.stderr


# The cache ----------------------------------------------------------------------------------------------------------

MAKE = "import fastact, sys; f = fastact.custom('x*exp(-abs(x))'); print(f(1.0), 'sympy' in sys.modules)"


def test_the_cache(tmp_path: Path):
    folder = str(tmp_path / "new" / "folder")
    first, second = (run(MAKE, FASTACT_CACHE_DIR=folder).stdout for _ in range(2))
    assert first.split() == ["0.36787944117144233", "True"]
    assert second.split() == ["0.36787944117144233", "False"]
    (kept,) = Path(folder).iterdir()
    kept.write_text(kept.read_text()[:-100])
    assert run(MAKE, FASTACT_CACHE_DIR=folder).stdout == first
    assert run(MAKE, FASTACT_CACHE_DIR=folder).stdout == second


def test_a_cache_that_cannot_be_written(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("")
    done = run(MAKE, FASTACT_CACHE_DIR=str(file / "below"))
    assert done.stdout.split() == ["0.36787944117144233", "True"], done.stderr
    assert done.stderr == ""


def test_the_key_of_the_cache_depends_on_everything():
    keys = {cache.key(definition, compiler) for definition in ("a", "b") for compiler in (["c"], ["d"])}
    assert len(keys) == 4


def test_another_catalogue_has_another_key(tmp_path: Path, monkeypatch):
    before = cache.key("a", [])
    *others, catalogue = cache.sources()
    assert catalogue.samefile(Path(fastact.__file__).with_name("catalogue.py"))
    edited = tmp_path / "catalogue.py"
    edited.write_text("# another")
    monkeypatch.setattr(cache, "sources", lambda: [*others, edited])
    cache._sources.cache_clear()
    assert cache.key("a", []) != before
    cache._sources.cache_clear()


def test_another_sympy_differentiates_anew(tmp_path: Path):
    code = (
        "import sys, importlib.metadata as m; real = m.version\n"
        "def version(name):\n"
        "    if name != 'sympy': return real(name)\n"
        "    if not sys.argv[1]: raise m.PackageNotFoundError(name)\n"
        "    return sys.argv[1]\n"
        "m.version = version\n"
    ) + MAKE
    for version, differentiated in (("1", "True"), ("1", "False"), ("2", "True"), ("", "False"), ("2", "False")):
        done = run(code, version, FASTACT_CACHE_DIR=str(tmp_path))
        assert done.stdout.split() == ["0.36787944117144233", differentiated], (version, done.stderr)


def test_without_sympy_an_error_says_what_to_install(tmp_path: Path):
    code = "import sys; sys.modules['sympy'] = None; import fastact; fastact.custom('x*x*x*x*x')"
    done = run(code, FASTACT_CACHE_DIR=str(tmp_path))
    assert done.stderr.strip().splitlines()[-1].endswith("pip install 'fastact[custom]'")


def test_eight_threads_define_and_call():
    texts = [f"x*tanh({i} + x)" for i in range(4)]
    x = np.linspace(-3, 3, 10_000)
    want = {text: x * np.tanh(i + x) for i, text in enumerate(texts)}
    failures = []

    def work() -> None:
        for text in texts:
            f = fastact.custom(text)
            for _ in range(50):
                failures.extend([text] * (not np.allclose(f(x), want[text], rtol=1e-13, atol=1e-15)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# Where they are used ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask(phish, leaky, scheduler):
    x = np.linspace(-3, 3, 1000)
    lazy = da.from_array(x, chunks=300)
    with dask.config.set(scheduler=scheduler):
        forms = (phish, phish.derivative, leaky, leaky.derivative_a)
        results = [form(lazy) for form in forms]
        assert all(isinstance(result, da.Array) for result in results)
        for form, got in zip(forms, dask.compute(*results), strict=True):
            assert np.array_equal(got, form(x))


def test_parallel(phish, leaky):
    if not hasattr(fastact, "parallel"):
        pytest.skip("this fastact has no fastact.parallel")
    x = np.linspace(-3, 3, 1_000_000)
    assert np.array_equal(phish.parallel(x), phish(x))
    assert np.array_equal(phish.backward.parallel(x, x), phish.backward(x, x))
    assert np.array_equal(leaky.parallel(x, a=0.1), leaky(x, a=0.1))


@pytest.mark.usefixtures("registry")
def test_registered(phish):
    assert fastact.registered("phish") is phish
    assert fastact.registered(phish) is phish
    assert fastact.registered("gelu") is fastact.gelu
    again = fastact.custom("x*sin(x)", name="phish")
    assert fastact.registered("phish") is again
    with pytest.raises(ValueError, match="'phish' is the name of another by now"):
        fastact.registered(phish)
    with pytest.raises(ValueError, match=r"'custom' was not given as its name; .*name="):
        fastact.registered(fastact.custom("x*x"))
    for wrong in ("gelo", "", None, 3, np.tanh, phish.derivative, []):
        with pytest.raises(ValueError, match=r"activation must be one of .*gelu.*phish"):
            fastact.registered(wrong)


@pytest.mark.parametrize(
    "name", ["gelu", "swish", "elu_derivative", "softmax", "a b", "1a", "", "lambda", "é", "a" * 61]
)
def test_names_that_are_not_allowed(name):
    with pytest.raises(ValueError, match="name must"):
        fastact.custom("x", name=name)


@pytest.mark.usefixtures("registry")
def test_in_the_trainer():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, 2, 200)
    bump = fastact.custom("x*tanh(gelu(x)) + 0.1*x", name="bump")
    leaky = fastact.custom(lambda x, a=0.3: np.maximum(x, a * x), name="own_leaky")
    for given, f in ((bump, bump), ("bump", bump), (leaky, lambda z: leaky(z, a=0.2))):
        parameters = {"a": 0.2} if given is leaky else {}
        net = mlp.Network([mlp.Dense(8, given, parameters=parameters), mlp.Dense(2)], inputs=2, dtype="float64", seed=1)
        hidden, logits = net.layers
        z = X @ hidden.weight + hidden.bias
        np.testing.assert_allclose(net.forward(X), f(z) @ logits.weight + logits.bias, rtol=1e-12, atol=1e-14)
        net.loss_and_gradients(X, y)
        slope = hidden.weight_gradient[0, 3]
        weight, losses = hidden.weight[0, 3], []
        for step in (1e-6, -1e-6):
            hidden.weight[0, 3] = weight + step
            losses.append(net.loss_and_gradients(X, y))
        assert slope == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-8)
        assert net.statistics(X, y)[0].activation == hidden.activation == ("own_leaky" if given is leaky else "bump")
    with pytest.raises(ValueError, match="parameters of bump"):
        mlp.Dense(3, "bump", parameters={"b": 1.0})


SMALL = {"epochs": 1, "width": 8, "probe": 64}


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("jobs", [1, 2])
def test_in_vanish(tmp_path: Path, jobs):
    fastact.custom("x*tanh(gelu(x))", name="phish")
    settings = vanish.Settings(depths=(1, 2), activations=("phish", "relu"), cures=("none",), seeds=1, **SMALL)
    report = vanish.run(settings, data.digits(), folder=tmp_path, n_jobs=jobs)
    rows = [row for row in report["rows"] if row["activation"] == "phish"]
    assert len(rows) == 2
    assert all(row["initialiser"] == "he_uniform" and not row["diverged"] for row in rows)
    kept = json.loads((tmp_path / vanish.EXPERIMENT.file).read_text())["rows"]
    # The same name with another definition is another row.
    fastact.custom("x*sin(x)", name="phish")
    again = vanish.run(settings, data.digits(), folder=tmp_path, resume=True)
    assert {row["key"] for row in again["rows"]} & {row["key"] for row in kept} == {
        row["key"] for row in kept if row["activation"] == "relu"
    }
    with pytest.raises(ValueError, match=r"names given to fastact\.custom, got 'phash'"):
        vanish.Settings(activations=("phash",))


@pytest.mark.usefixtures("registry")
def test_vanish_in_a_process_that_knows_another_by_the_name():
    """The processes of joblib outlive a run."""
    rows = []
    for text in ("x*tanh(gelu(x))", "x*sin(x)"):
        fastact.custom(text, name="twice_given")
        settings = vanish.Settings(depths=(1, 2), activations=("twice_given",), cures=("none",), seeds=1, **SMALL)
        here, there = (vanish.run(settings, data.digits(), n_jobs=jobs)["rows"] for jobs in (1, 2))
        assert here == there
        rows.append(here)
    assert rows[0][0]["loss"] != rows[1][0]["loss"]


def test_log_of_nan_has_no_undefined_behaviour(tmp_path: Path):
    source = SOURCES / "src" / "fastact" / "_primitives.h"
    if not source.is_file() or (compiler := shutil.which("cc")) is None:
        pytest.skip("the source tree or a C compiler is not here")
    program = tmp_path / "nan.c"
    program.write_text(
        f'#include <math.h>\n#include <stdlib.h>\n#include "{source}"\n'
        "int main(int argc, char **argv) { double x = strtod(argv[argc - 1], NULL);\n"
        "  double y = fastact_log_in_double(x, 11), z = fastact_log1p_in_double(x, 11);\n"
        "  return !(isnan(x) ? isnan(y) && isnan(z) : fabs(y - log(x)) < 1e-15 && fabs(z - log1p(x)) < 1e-15); }\n"
    )
    flags = ["-std=c11", "-O1", "-fsanitize=signed-integer-overflow", "-fsanitize-undefined-trap-on-error"]
    command = [compiler, *flags, f"-I{fastact.get_include()}", str(program), "-o", str(tmp_path / "nan"), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    for x in ("2.5", "nan", "-nan"):
        assert subprocess.run([tmp_path / "nan", x], check=False).returncode == 0, x


# The page -----------------------------------------------------------------------------------------------------------

PAGE = SOURCES / "docs" / "custom.md"


@pytest.mark.usefixtures("registry")
@pytest.mark.skipif(not PAGE.is_file(), reason="the source tree is not here, only an installed fastact")
def test_the_page_prints_what_it_shows():
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL))
    printed = io.StringIO()
    with np.printoptions(), contextlib.redirect_stdout(printed):
        exec(compile(code, str(PAGE), "exec"), {})
    assert printed.getvalue().splitlines() == re.findall(r"^# (.*)$", code, flags=re.MULTILINE)


def test_logaddexp_has_no_kink():
    """A constant operand has the rule of maxima for equal operands; the sum of both parts is smooth all the same."""
    for text, at in (("logaddexp(x, 0)", 0.0), ("logaddexp(x, -3)", -3.0), ("logaddexp(1, x)", 1.0)):
        function = fastact.custom(text)
        assert function.derivative(at) == 0.5
        assert function.derivative(800.0) == 1.0
        assert function.derivative(-800.0) == 0.0
        assert function(800.0) == 800.0
    own = fastact.custom(lambda x, a=1.0: np.logaddexp(x, a))
    assert own.derivative(1.0) == own.derivative_a(1.0) == 0.5
    assert fastact.custom("logaddexp(x, -x)").derivative(0.0) == 0.0


@pytest.mark.parametrize("text", ["x/0", "1/(x-x)", "log(0)*x", "(-2)**x", "log(-1)*x", "sqrt(-1)*x", "sqrt(x-x-1)"])
def test_constants_that_are_no_numbers(text: str):
    with pytest.raises(ValueError, match="is not a finite real number"):
        fastact.custom(text)


@pytest.mark.parametrize("text", ["maximum(x)", "max(x, 1, 2)", "minimum()", "abs(x, x)", "sqrt(x, 2)"])
def test_wrong_numbers_of_operands(text: str):
    with pytest.raises(ValueError, match=rf"^text: {text.partition('(')[0]}: .*argument"):
        fastact.custom(text)


def test_text_knows_activations_of_ones_own():
    fastact.custom("x * tanh(b * x)", parameters={"b": 2.0}, name="steep")
    whole = fastact.custom("1 + steep(x, b=3)")
    assert whole(0.5) == 1.0 + 0.5 * np.tanh(1.5)
    with pytest.raises(ValueError, match="steeper is not known"):
        fastact.custom("steeper(x)")


def test_parameters_must_be_a_mapping():
    with pytest.raises(TypeError, match=r"^parameters must map names"):
        fastact.custom("x * a", parameters=["a"])
