"""fastact's kernels in onnx's ReferenceEvaluator: pip install onnx fastact

Put this file beside your code and hand one of its lists to the evaluator, or both:

    ReferenceEvaluator(model, new_ops=CATALOGUE + STANDARD)

CATALOGUE: every activation as an operator of the domain "fastact" by its name, with its parameters as attributes; those
that a node does not give have their defaults. (ONNX stores the attributes of a node as float32.)
STANDARD: ONNX's own activations, which a model from anywhere uses, computed by fastact.

Tensors of float16, float32 and float64; for others a TypeError. Run as a script, this file checks itself on two models.
"""

import numpy as np
from onnx import TensorProto, checker, defs, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

import fastact

DOMAIN = "fastact"


def operator(name, domain, function):
    """The class by which the evaluator computes an operator: inputs by position, attributes by keyword."""

    def _run(_, *inputs, **attributes):
        # ONNX keeps the type, where fastact makes float64 of integers, and float32 of float16 beside a np.float32.
        if inputs[0].dtype.name not in ("float16", "float32", "float64"):
            raise TypeError(f"{name}: takes float16, float32 or float64, got {inputs[0].dtype}")
        numbers = {key: value.item() if isinstance(value, np.generic) else value for key, value in attributes.items()}
        return (function(*inputs, **numbers),)

    return type(name, (OpRun,), {"op_domain": domain, "_run": _run})


CATALOGUE = [operator(name, DOMAIN, getattr(fastact, name)) for name in fastact.activations]

STANDARD = [
    operator(name, "", function)
    for name, function in {
        "Atan": fastact.arctan,
        "Celu": fastact.celu,
        "Cos": fastact.cos,
        "Elu": fastact.elu,
        "Erf": fastact.erf,
        "Exp": fastact.exponential,
        "Gelu": lambda x, approximate: fastact.gelu_tanh(x) if approximate == "tanh" else fastact.gelu(x),
        "HardSigmoid": lambda x, alpha, beta: fastact.clipped_linear(x, slope=alpha, offset=beta),
        "HardSwish": fastact.hard_swish,
        "LeakyRelu": lambda x, alpha: fastact.leaky_relu(x, negative_slope=alpha),
        "Mish": fastact.mish,
        "PRelu": lambda x, slope: fastact.prelu(x, weight=slope),
        "Relu": fastact.relu,
        "Selu": lambda x, alpha, gamma: gamma * fastact.elu(x, alpha),
        "Sigmoid": fastact.sigmoid,
        "Sin": fastact.sin,
        "Softplus": fastact.softplus,
        "Softsign": fastact.softsign,
        "Swish": lambda x, alpha: fastact.swish(x, beta=alpha),
        "Tanh": fastact.tanh,
        "ThresholdedRelu": lambda x, alpha: fastact.threshold(x, threshold=alpha),
    }.items()
    if defs.has(name)  # Swish came with onnx 1.20
]


def network(layers, weights):
    """A model: for each layer a matrix product, then a node of the operator (name, domain, attributes)."""
    nodes, value = [], "x"
    for i, (name, domain, attributes) in enumerate(layers):
        nodes.append(helper.make_node("MatMul", [value, f"w{i}"], [f"z{i}"]))
        nodes.append(helper.make_node(name, [f"z{i}"], [f"y{i}"], domain=domain, **attributes))
        value = f"y{i}"
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["samples", weights[0].shape[0]])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["samples", weights[-1].shape[1]])],
        [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)],
    )
    opsets = [helper.make_opsetid("", min(20, defs.onnx_opset_version())), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    checker.check_model(model)
    return model


def check_standard(x, weights):
    """One model of ONNX's own operators, by onnx and by fastact."""
    layers = [("Gelu", "", {}), ("HardSigmoid", "", {"alpha": 0.25}), ("Softplus", "", {}), ("Elu", "", {"alpha": 0.5})]
    model = network(layers, weights)
    (theirs,) = ReferenceEvaluator(model).run(None, {"x": x})
    (ours,) = ReferenceEvaluator(model, new_ops=STANDARD).run(None, {"x": x})
    assert ours.dtype == theirs.dtype == np.float32
    difference = np.max(np.abs(ours - theirs) / np.abs(theirs))
    print(f"{', '.join(name for name, *_ in layers)} by fastact and by onnx: relative difference {difference:.0e}")
    assert difference < 1e-5


def check_catalogue(x, weights):
    """One model of operators that only fastact has, against NumPy."""
    layers = [("snake", DOMAIN, {"a": 0.5}), ("squareplus", DOMAIN, {}), ("dish", DOMAIN, {}), ("mish", DOMAIN, {})]
    model = network(layers, weights)
    (ours,) = ReferenceEvaluator(model, new_ops=CATALOGUE).run(None, {"x": x})
    hidden = x
    for (name, _, attributes), w in zip(layers, weights, strict=True):
        hidden = getattr(fastact, name)(hidden @ w, **attributes)
    print(f"{', '.join(name for name, *_ in layers)} as operators: {ours.dtype} {ours.shape}, the numbers of NumPy")
    assert np.array_equal(ours, hidden)


if __name__ == "__main__":
    random = np.random.default_rng(0)
    samples = random.normal(size=(100, 4)).astype(np.float32)
    matrices = [random.normal(0, 0.5, (4, 4)).astype(np.float32) for _ in range(4)]
    print(f"{len(CATALOGUE)} operators of the domain {DOMAIN!r}, {len(STANDARD)} of ONNX's own")
    check_standard(samples, matrices)
    check_catalogue(samples, matrices)
