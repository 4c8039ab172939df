"""Networks as ONNX models, of ONNX's own operators alone: any runtime evaluates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .dropout import Dropout
from .elementwise import Elementwise
from .layers import Activation, Affine, Dense, Maxout
from .normalisation import BatchNormalisation
from .onnx_formulas import FORMULAS, Graph, Value
from .rowwise import Rowwise

if TYPE_CHECKING:
    from .network import Network

OPSET = 18


def to_onnx(network: Network, *, probabilities: bool = False) -> Any:
    """A network in evaluation as an ONNX model.

    Parameters
    ----------
    network : Network
        Of fastact's own layers.
    probabilities : bool, default False
        Whether the model gives what `Network.predict_proba` gives; by default what `Network.forward` gives.

    Returns
    -------
    onnx.ModelProto
        With one input "X" (samples, inputs) and one output "Y" (samples, outputs) of the network's dtype, checked by
        ``onnx.checker``.

    Raises
    ------
    ValueError
        For other layers, activations of one's own, and for probabilities of a loss of neither probabilities nor logits.
    ModuleNotFoundError
        Without onnx.
    """
    from onnx import checker, helper

    graph = Graph(network.dtype)
    kind = helper.np_dtype_to_tensor_dtype(network.dtype)
    value = Value(graph, "X")
    for index, layer in enumerate(network.layers):
        value = _layer(graph, value, layer, f"layers.{index}.")
    if probabilities:
        network.objective.probabilities(np.ones((1, network.outputs), network.dtype))  # or the error
        if network.objective.record.logits:
            labels = network.objective.labels
            value = graph.op("Softmax", value, axis=-1) if labels else value.f("Sigmoid")
        elif network.objective.name == "nll":
            value = value.f("Exp")
    graph.nodes.append(helper.make_node("Identity", [value.name], ["Y"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "fastact",
            [helper.make_tensor_value_info("X", kind, ["samples", network.inputs])],
            [helper.make_tensor_value_info("Y", kind, ["samples", network.outputs])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="fastact",
    )
    checker.check_model(model, full_check=True)
    return model


def _layer(graph: Graph, x: Value, layer: Any, prefix: str) -> Value:
    """What a layer makes of x (samples, inputs)."""
    if isinstance(layer, Affine):
        z = graph.op("MatMul", x, graph.constant(layer.weight, f"{prefix}weight"))
        if layer.bias is not None:
            z = graph.op("Add", z, graph.constant(layer.bias, f"{prefix}bias"))
        if isinstance(layer, Maxout):
            pieces = graph.op("Reshape", z, np.array([-1, layer.units, layer.pieces]))
            return graph.op("ReduceMax", pieces, np.array([2]), keepdims=0)
        if isinstance(layer, Dense):
            return _elementwise(graph, z, layer.elementwise)
    if isinstance(layer, Activation):
        return _elementwise(graph, x, layer.elementwise)
    if isinstance(layer, Dropout):
        return x
    if isinstance(layer, BatchNormalisation):
        normalised = (x - layer.running_mean) / np.sqrt(layer.running_variance + layer.epsilon)
        return normalised if layer.scale is None else normalised * layer.scale + layer.shift
    if isinstance(layer, Rowwise):
        return _rowwise(graph, x, layer.function)
    raise ValueError(f"layers must be fastact's own to be exported, got {type(layer).__name__}")


def _elementwise(graph: Graph, z: Value, elementwise: Elementwise) -> Value:
    parts = []
    for run in elementwise.runs:
        part = z
        if len(elementwise.runs) > 1:
            start, stop = np.array([run.units.start]), np.array([run.units.stop])
            part = graph.op("Slice", z, start, stop, np.array([1]))
        # Columns of numbers for units are rows here.
        parameters = {
            name: float(value) if value.ndim == 0 else value.reshape(1, -1) for name, value in run.values.items()
        }
        if run.activation not in FORMULAS:
            raise ValueError(f"activation: {run.activation} is not fastact's own, and has no formula in ONNX")
        parts.append(FORMULAS[run.activation](part, **parameters))
    return parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)


def _rowwise(graph: Graph, x: Value, function: str) -> Value:
    if function == "softmax":
        return graph.op("Softmax", x, axis=-1)
    if function == "log_softmax":
        return graph.op("LogSoftmax", x, axis=-1)
    if function == "softmin":
        return graph.op("Softmax", -x, axis=-1)
    # sparsemax: the largest k of the sorted x with 1 + k x_k > their sum; what is above the threshold stays.
    length = graph.op("Slice", graph.op("Shape", x), np.array([1]), np.array([2]))
    ordered, _ = graph.op("TopK", x, length, outputs=2, axis=-1)
    sums = graph.op("CumSum", ordered, np.array(1))
    ones = graph.op("Exp", x * 0)
    within = graph.op("CumSum", ones, np.array(1)) * ordered + 1 > sums
    inside = within.where(ones, 0.0)
    count = graph.op("ReduceSum", inside, np.array([1]), keepdims=1)
    threshold = (graph.op("ReduceSum", ordered * inside, np.array([1]), keepdims=1) - 1) / count
    return (x - threshold).at_least(0)
