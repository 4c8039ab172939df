"""A small multi-layer perceptron trainer over NumPy arrays that shows what activations do to gradients.

>>> from fastact import mlp
>>> net = mlp.Network([mlp.Dense(32, "gelu"), mlp.Dense(10)], inputs=64, seed=0)
>>> [layer.weight.shape for layer in net.layers]
[(64, 32), (32, 10)]
"""

from .initialisers import INITIALISERS
from .layers import Dense
from .network import History, Network
from .optimisers import SGD, Adam, Optimiser
from .statistics import LayerStatistics

__all__ = ["INITIALISERS", "SGD", "Adam", "Dense", "History", "LayerStatistics", "Network", "Optimiser"]
