"""One layer of a wide network: what it makes of variances, correlations and gradients; and many layers, one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .moments import Activation, Array, checked


def stds(weight_std: Any, bias_std: Any) -> tuple[float, float]:
    """Standard deviations of weights, times the root of the inputs, and of biases; ValueError if they are none."""
    return checked("weight_std", weight_std, 0.0), checked("bias_std", bias_std, 0.0, closed=True)


def gain(
    activation: Any,
    direction: Literal["forward", "backward"] = "forward",
    *,
    variance: float = 1.0,
    **parameters: float,
) -> float:
    """The standard deviation of weights, times the root of the inputs, that preserves variance through an activation.

    "forward": weights of variance gain^2 / n, n the inputs of the layer that follows the activation, keep the variance
    q of pre-activations:

        q = gain^2 E f(sqrt(q) Z)^2,   gain = sqrt(q / E f(sqrt(q) Z)^2).

    "backward": weights of variance gain^2 / n, n the layer's *inputs* still, keep the norm of the gradient with respect
    to pre-activations on its way through the layer and the activation below it:

        1 = gain^2 E f'(sqrt(q) Z)^2,  gain = 1 / sqrt(E f'(sqrt(q) Z)^2).

    (With n the layer's *outputs* it keeps the gradient's mean square instead of its norm; between layers of one width
    the two agree.) For relu both are sqrt(2), the He initialisation. Where they differ, no weights without biases keep
    both at this variance; `edge_of_chaos` finds the variance where they agree.

    Parameters
    ----------
    activation : str or what `fastact.custom` made
        As of `second_moment`.
    direction : {"forward", "backward"}
    variance : float, default 1
        q, in (0, inf).
    **parameters : float
        Of the activation.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As for `second_moment`, and where there is no such gain: the moment is 0 or infinite.

    References
    ----------
    He et al., Delving deep into rectifiers, ICCV 2015, eq. 10 (forward) and 14 (backward).

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.gain("gelu"), 6), round(theory.gain("gelu", "backward"), 6)
    (1.53353, 1.481114)
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f"direction must be one of forward, backward, got {direction!r:.60}")
    variance = checked("variance", variance, 0.0)
    f = Activation(activation, parameters)
    moment = f.moment(variance, "value" if direction == "forward" else "derivative")
    if not 0.0 < moment < math.inf:
        raise ValueError(f"activation must have a {direction} gain at variance {variance:g}; that of {f.name} is "
                         f"{'infinite' if moment == 0.0 else '0'}")  # fmt: skip
    return math.sqrt(variance / moment) if direction == "forward" else 1.0 / math.sqrt(moment)


def mapped(f: Activation, weight_std: float, bias_std: float, variance: float) -> float:
    """V(q) for q in [0, inf]."""
    return weight_std**2 * f.moment(variance) + bias_std**2


def slope_at_one(f: Activation, weight_std: float, variance: float) -> float:
    """chi_1 for q in [0, inf]; infinite where f jumps."""
    return math.inf if f.jumps else weight_std**2 * f.moment(variance, "derivative")


def variance_map(
    activation: Any, variance: float, weight_std: float, bias_std: float = 0.0, **parameters: float
) -> float:
    """The variance of pre-activations one layer on: V(q) = w^2 E f(sqrt(q) Z)^2 + b^2.

    Parameters
    ----------
    activation, **parameters
        As of `second_moment`.
    variance : float
        q, of the pre-activations of a layer, in (0, inf).
    weight_std : float
        w: the standard deviation of weights times the root of the inputs, in (0, inf).
    bias_std : float, default 0
        b: the standard deviation of biases, in [0, inf).

    Returns
    -------
    float
        ``inf`` where E f^2 is.

    Raises
    ------
    ValueError
        As for `second_moment`, and for standard deviations that are not allowed.

    References
    ----------
    Poole et al., Exponential expressivity in deep neural networks through transient chaos, NeurIPS 2016, eq. 3.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.variance_map("relu", 3.0, 2.0, 0.5), 9)  # 4 * 3 / 2 + 0.25
    6.25
    """
    variance = checked("variance", variance, 0.0)
    return mapped(Activation(activation, parameters), *stds(weight_std, bias_std), variance)


def correlation_map(
    activation: Any, correlation: float, variance: float, weight_std: float, bias_std: float = 0.0, **parameters: float
) -> float:
    """The correlation of two inputs' pre-activations one layer on: C(c) = (w^2 E f(X) f(Y) + b^2) / V(q).

    X and Y are normal, of variance q and correlation c. C(1) = 1 always; how fast inputs come together or part is its
    slope there, `chi`.

    Parameters
    ----------
    activation, variance, weight_std, bias_std, **parameters
        As of `variance_map`; the variance of both inputs' pre-activations.
    correlation : float
        c, in [-1, 1].

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        As for `variance_map`, and where V(q) is 0 or infinite.

    References
    ----------
    Poole et al., 2016, eq. 5, for inputs of the same variance.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.correlation_map("relu", 0.0, 1.0, 2.0**0.5), 6)  # 1 / pi: Cho & Saul's arc-cosine kernel
    0.31831
    """
    correlation = checked("correlation", correlation, -1.0, 1.0, closed=True)
    variance = checked("variance", variance, 0.0)
    weight_std, bias_std = stds(weight_std, bias_std)
    return correlated(Activation(activation, parameters), correlation, variance, weight_std, bias_std)


def correlated(f: Activation, correlation: float, variance: float, weight_std: float, bias_std: float) -> float:
    """C(c)."""
    after = mapped(f, weight_std, bias_std, variance)
    if not 0.0 < after < math.inf:
        raise ValueError(
            f"variance must be one that {f.name} maps into (0, inf), got {variance:g}, mapped to {after:g}"
        )
    value = (weight_std**2 * f.cross_moment(correlation, variance) + bias_std**2) / after
    return min(max(value, -1.0), 1.0)


def chi(activation: Any, variance: float, weight_std: float, **parameters: float) -> float:
    """The slope at c = 1 of the correlation map: chi_1 = w^2 E f'(sqrt(q) Z)^2.

    Below 1 two close inputs come together from layer to layer (the ordered phase), above 1 they part (the chaotic
    phase). The squared norm of gradients grows by the same factor on its way down. It is the slope at the variance's
    fixed point, where V(q) = q; elsewhere the map's slope is chi_1 q / V(q).

    Parameters
    ----------
    activation, variance, weight_std, **parameters
        As of `variance_map`.

    Returns
    -------
    float
        ``inf`` where f jumps, though gradients then grow by the finite w^2 `second_moment_of_derivative`.

    Raises
    ------
    ValueError
        As for `variance_map`.

    References
    ----------
    Poole et al., 2016, eq. 6.

    Examples
    --------
    >>> from fastact import theory
    >>> round(theory.chi("relu", 5.0, 2.0), 9)
    2.0
    """
    variance = checked("variance", variance, 0.0)
    return slope_at_one(Activation(activation, parameters), checked("weight_std", weight_std, 0.0), variance)


@dataclass(frozen=True, eq=False)
class Propagation:
    """What is predicted of every hidden layer, from the first on.

    Attributes
    ----------
    variances : ndarray, shape (depth,)
        Of pre-activations.
    gradient_norms : ndarray, shape (depth,)
        Root mean squares, over random weights, of the norm of dL/dz, z a layer's pre-activations, relative to that
        of the layer after the last: the linear outputs.
    """

    variances: Array
    gradient_norms: Array


def propagate(
    activation: Any,
    depth: int,
    weight_std: float,
    bias_std: float = 0.0,
    *,
    variance: float = 1.0,
    **parameters: float,
) -> Propagation:
    """Variances and gradient norms of all hidden layers of a wide network with random weights.

        q_1 given,  q_{l+1} = w^2 E f(sqrt(q_l) Z)^2 + b^2,
        E |dL/dz_l|^2 = w^2 E f'(sqrt(q_l) Z)^2  E |dL/dz_{l+1}|^2,

    for every layer after the first of weights of variance w^2 / inputs, whatever the layers' widths. The second takes
    the weights of the pass back as independent of those of the pass forward, which is right for wide layers.

    Parameters
    ----------
    activation, weight_std, bias_std, **parameters
        As of `variance_map`; weights and biases of all layers after the first, the linear outputs among them.
    depth : int
        Number of hidden layers, at least 1.
    variance : float, default 1
        q_1, in (0, inf): that of the first layer's pre-activations. With weights as of the other layers it is w^2 times
        the mean square of an input, plus b^2.

    Returns
    -------
    Propagation
        With 0 or ``inf`` where a value is beyond float64.

    Raises
    ------
    ValueError
        As for `variance_map`, and for a depth that is not allowed.

    References
    ----------
    Schoenholz et al., Deep information propagation, ICLR 2017, eq. 15 (backward) and, forward, Poole et al., 2016.

    Examples
    --------
    >>> from fastact import theory
    >>> found = theory.propagate("relu", 3, 1.0)
    >>> found.variances.round(9), (found.gradient_norms**2).round(9)
    (array([1.  , 0.5 , 0.25]), array([0.125, 0.25 , 0.5  ]))
    """
    if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)) or depth < 1:
        raise ValueError(f"depth must be an integer >= 1, got {depth!r:.60}")
    weight_std, bias_std = stds(weight_std, bias_std)
    q = checked("variance", variance, 0.0)
    f = Activation(activation, parameters)
    variances = [q]
    for _ in range(depth - 1):
        variances.append(mapped(f, weight_std, bias_std, variances[-1]))
    factors = [weight_std * math.sqrt(f.moment(q, "derivative")) for q in variances]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        norms = np.cumprod(factors[::-1])[::-1]
    return Propagation(np.array(variances), norms.copy())
