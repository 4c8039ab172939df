"""A small multi-layer perceptron trainer over NumPy arrays that shows what activations do to gradients.

>>> from fastact import mlp
>>> net = mlp.Network([mlp.Dense(32, "gelu"), mlp.Dense(10)], inputs=64, seed=0)
>>> [layer.weight.shape for layer in net.layers]
[(64, 32), (32, 10)]
"""

from typing import TYPE_CHECKING, Any

from .dropout import AlphaDropout, Dropout, Dropout2d, Dropout3d
from .files import load, resume, save
from .history import History
from .initialisers import INITIALISERS
from .layer import Layer
from .layers import Activation, Dense, Maxout
from .network import Network
from .normalisation import BatchNormalisation
from .onnx_export import to_onnx
from .optimisers import (
    OPTIMISERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    Optimiser,
    RMSProp,
)
from .probes import Probe, Record
from .rowwise import Rowwise
from .schedules import SCHEDULES, Constant, Cosine, OneCycle, Schedule, Step, WarmUp
from .statistics import LayerStatistics
from .training import EarlyStopping

# What needs scikit-learn is imported when it is asked for.
_ESTIMATORS = ("MLPClassifier", "MLPRegressor")

if TYPE_CHECKING:
    from .estimators import MLPClassifier, MLPRegressor  # noqa: F401


def __getattr__(name: str) -> Any:
    if name in _ESTIMATORS:
        try:
            from . import estimators
        except ImportError as error:
            if (error.name or "").partition(".")[0] != "sklearn":
                raise
            raise ImportError(
                f"fastact.mlp.{name} needs scikit-learn 1.6 or newer: pip install 'fastact[estimators]'"
            ) from error
        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ESTIMATORS])


__all__ = [
    "INITIALISERS",
    "OPTIMISERS",
    "SCHEDULES",
    "SGD",
    "Activation",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AlphaDropout",
    "BatchNormalisation",
    "Constant",
    "Cosine",
    "Dense",
    "Dropout",
    "Dropout2d",
    "Dropout3d",
    "EarlyStopping",
    "History",
    "Layer",
    "LayerStatistics",
    "Lion",
    "Maxout",
    "NAdam",
    "Network",
    "OneCycle",
    "Optimiser",
    "Probe",
    "RMSProp",
    "Record",
    "Rowwise",
    "Schedule",
    "Step",
    "WarmUp",
    "load",
    "resume",
    "save",
    "to_onnx",
]
