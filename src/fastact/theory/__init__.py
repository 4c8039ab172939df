"""What the table predicts for wide networks: gains, fixed points, depth scales, and the edge of chaos.

In a wide network with weights of variance w^2 / n (n inputs) and biases of variance b^2, pre-activations are normal
with a variance q that passes from layer to layer as

    q <- w^2 E f(sqrt(q) Z)^2 + b^2,    Z standard normal,

two inputs' pre-activations of correlation c have, one layer on, that of

    c <- (w^2 E f(X) f(Y) + b^2) / q,   X and Y normal, of variance q and correlation c,

and squared gradients grow by the factor chi_1 = w^2 E f'(sqrt(q) Z)^2 on their way down, which is also the slope of the
second map at c = 1. Where q stays and chi_1 is 1, signals and gradients go through any depth: the edge of chaos.

All of it holds for any activation, of the catalogue or of one's own, and is computed by quadrature.

Poole et al., Exponential expressivity in deep neural networks through transient chaos, NeurIPS 2016;
Schoenholz et al., Deep information propagation, ICLR 2017.
"""

from .criticality import CriticalPoint, critical_line, edge_of_chaos
from .layers import Propagation, chi, correlation_map, gain, propagate, variance_map
from .moments import cross_moment, cross_moment_of_derivative, second_moment, second_moment_of_derivative
from .phases import FixedPoint, MeanField, depth_scale, fixed_point, fixed_points, mean_field

__all__ = [
    "CriticalPoint",
    "FixedPoint",
    "MeanField",
    "Propagation",
    "chi",
    "correlation_map",
    "critical_line",
    "cross_moment",
    "cross_moment_of_derivative",
    "depth_scale",
    "edge_of_chaos",
    "fixed_point",
    "fixed_points",
    "gain",
    "mean_field",
    "propagate",
    "second_moment",
    "second_moment_of_derivative",
    "variance_map",
]
