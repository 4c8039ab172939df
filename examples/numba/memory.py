"""When does a neuron that excites itself remember? Activations in a compiled, parallel loop.

A rate neuron u' = -u + w tanh(u) + input has one state of rest, or, from some w on, two: it keeps what it was told.
Each of many w is simulated on a core of its own, from a low and from a high start, and the slope there,
-1 + w tanh'(u), is negative where the state of rest is stable. Run it:

    python memory.py
"""

import numba
import numpy as np

import fastact


@numba.njit(parallel=True, cache=True)
def states_of_rest(weights, start, current, steps, dt):
    """Where every neuron comes to rest from one start."""
    rest = np.empty_like(weights)
    for i in numba.prange(weights.size):
        u = start
        for _ in range(steps):
            u += dt * (-u + weights[i] * fastact.tanh(u) + current)
        rest[i] = u
    return rest


@numba.njit(cache=True)
def slopes(weights, rest):
    """The slope of u' at the states of rest, all at once."""
    return weights * fastact.tanh_derivative(rest) - 1


def main():
    """Print where two states of rest begin, and a few of them."""
    weights = np.linspace(0.5, 2.0, 1501)
    low, high = (states_of_rest(weights, start, 0.02, 4000, 0.05) for start in (-3.0, 3.0))
    two = high - low > 0.5
    print(f"two states of rest from w = {weights[two].min():.3f} on")
    low_slopes, high_slopes = slopes(weights, low), slopes(weights, high)
    for i in np.searchsorted(weights, [0.8, 1.2, 1.6]):
        states = f"rests at {low[i]:+.4f} and {high[i]:+.4f}, slopes {low_slopes[i]:+.4f} and {high_slopes[i]:+.4f}"
        print(f"w = {weights[i]:.3f}: {states}")


if __name__ == "__main__":
    main()
