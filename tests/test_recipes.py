"""The recipes in examples/ for autograd and onnx: the very files run where only the installed fastact is."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fastact

EXAMPLES = Path(__file__).parents[1] / "examples"

if not EXAMPLES.is_dir():
    pytest.skip("the source tree is not here, only an installed fastact", allow_module_level=True)

RECIPES = ("autograd", "onnx")


def file_of(library: str) -> Path:
    """The file of a recipe; the test is skipped if its library is not installed."""
    pytest.importorskip(library, reason=f"{library} is not installed: pip install 'fastact[test]'")
    return EXAMPLES / library / f"fastact_{library}.py"


def load(library: str) -> ModuleType:
    """A recipe as a module."""
    path = file_of(library)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("library", RECIPES)
def test_the_file_runs_in_an_empty_directory(library: str, tmp_path: Path):
    path = shutil.copy(file_of(library), tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", path], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{len(fastact.activations)} ")
    assert len(done.stdout.splitlines()) == 3


# autograd -----------------------------------------------------------------------------------------------------------


def test_autograd_knows_every_activation():
    load("autograd")
    from autograd import elementwise_grad, grad

    x = np.array([-3.2, -0.7, 0.3, 2.6])
    for name, row in fastact.activations.items():
        f = getattr(fastact, name)
        np.testing.assert_array_equal(elementwise_grad(f)(x), f.derivative(x), err_msg=name)
        assert elementwise_grad(f)(x.astype(np.float32)).dtype == np.float32
        if row.second_derivative_formula:
            twice = elementwise_grad(elementwise_grad(lambda at, f=f: f(at) ** 2))(x)
            expected = 2 * (f.derivative(x) ** 2 + f(x) * f.second_derivative(x))
            np.testing.assert_allclose(twice, expected, rtol=1e-12, atol=1e-12, err_msg=name)
        else:
            with pytest.raises(NotImplementedError, match=name):
                elementwise_grad(elementwise_grad(f))(x)
    assert grad(lambda at: fastact.elu(at, alpha=3.0).sum())(x)[0] == pytest.approx(3 * np.exp(-3.2))


def test_autograd_sums_over_what_was_broadcast():
    load("autograd")
    from autograd import grad

    x, weight = np.array([[-1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]]), np.array([0.1, 0.2, 0.3])
    gradient = grad(lambda w: fastact.prelu.ufunc(x, w).sum())(weight)
    np.testing.assert_allclose(gradient, [-5.0, -2.0, 0.0])
    gradient = grad(lambda at: (fastact.prelu.ufunc(at, weight) * np.ones((4, 2, 3))).sum())(x)
    np.testing.assert_allclose(gradient, 4 * np.where(x > 0, 1, weight))


# onnx ---------------------------------------------------------------------------------------------------------------


def evaluate(name: str, domain: str, inputs: list[np.ndarray], attributes: dict[str, Any], new_ops: Any) -> Any:
    """One operator, by the reference evaluator."""
    from onnx import defs, helper
    from onnx.reference import ReferenceEvaluator

    names = [f"x{i}" for i in range(len(inputs))]
    kind = helper.np_dtype_to_tensor_dtype(inputs[0].dtype)
    graph = helper.make_graph(
        [helper.make_node(name, names, ["y"], domain=domain, **attributes)],
        "one",
        [helper.make_tensor_value_info(each, kind, None) for each in names],
        [helper.make_tensor_value_info("y", kind, None)],
    )
    opsets = [helper.make_opsetid("", defs.onnx_opset_version()), helper.make_opsetid("fastact", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    (result,) = ReferenceEvaluator(model, new_ops=new_ops).run(None, dict(zip(names, inputs, strict=True)))
    return result


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_onnx_has_every_activation_with_its_parameters(dtype: Any):
    recipe = load("onnx")
    x = np.linspace(-4, 4, 34).astype(dtype).reshape(2, 17)
    for name, row in fastact.activations.items():
        for attributes in ({}, row.defaults):
            result = evaluate(name, "fastact", [x], attributes, recipe.CATALOGUE)
            values = {key: float(np.float32(value)) for key, value in attributes.items()}
            assert result.dtype == dtype
            np.testing.assert_array_equal(result, getattr(fastact, name)(x, **values), err_msg=name)


# Bounds for what onnx computes in the dtype itself, float64 with a rational erf of Abramowitz and Stegun, or with 1/6
# rounded to float32.
TOLERANCE = {np.float16: 4e-3, np.float32: 2e-6, np.float64: 2e-7}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_onnx_own_operators_compute_the_same(dtype: Any):
    recipe = load("onnx")
    x = np.linspace(-4, 4, 34).astype(dtype).reshape(2, 17)
    cases: list[tuple[str, dict[str, Any]]] = [(operator.__name__, {}) for operator in recipe.STANDARD]
    cases += [("Gelu", {"approximate": "tanh"}), ("Selu", {"alpha": 1.5, "gamma": 1.25}), ("Celu", {"alpha": 0.75})]
    cases += [("HardSigmoid", {"alpha": 0.25, "beta": 0.375}), ("ThresholdedRelu", {"alpha": 0.5})]
    for name, attributes in cases:
        inputs = [x, np.full(17, 0.25, dtype)] if name == "PRelu" else [x]
        ours, theirs = (evaluate(name, "", inputs, attributes, ops) for ops in (recipe.STANDARD, None))
        assert ours.dtype == dtype, name
        np.testing.assert_allclose(
            ours.astype(np.float64), theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype], err_msg=name
        )


def test_onnx_refuses_integers():
    recipe = load("onnx")
    with pytest.raises(TypeError) as error:
        evaluate("mish", "fastact", [np.arange(3)], {}, recipe.CATALOGUE)
    assert "mish: takes float16, float32 or float64, got int64" in str(error.value.__cause__)
