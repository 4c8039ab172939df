"""HIPS autograd differentiates fastact's own functions: pip install 'autograd>=1.9' fastact

Put this file beside your code and import it once: fastact.gelu and all others are primitives of autograd from then on,

    autograd.elementwise_grad(fastact.gelu)(x)
    autograd.grad(lambda x: fastact.elu(x, alpha=0.5).sum())(x)

Gradients of parameters that learn are taken through the ufunc, which has the parameters as further inputs:

    autograd.grad(lambda weight: fastact.prelu.ufunc(x, weight).sum())(weight)

Second derivatives exist where fastact has them, ``row.second_derivative_formula``; elsewhere autograd raises
NotImplementedError. Run as a script, this file checks itself and fits a network.
"""

import autograd.numpy as np
from autograd import elementwise_grad, grad
from autograd.extend import defvjp, primitive
from autograd.numpy.numpy_vjps import unbroadcast_f

import fastact


def register(row):
    """Make the ufuncs of one activation known to autograd; `fastact.<name>` then takes its boxes by itself."""
    ufuncs = {}
    for form in row.forms:
        function = getattr(fastact, row.name + form.suffix)
        ufuncs[form.name] = getattr(function, "ufunc", function)
    value = primitive(ufuncs["value"])
    backward = primitive(ufuncs["backward"])

    # grad * f'(x) from one pass, without cancellation; then the gradients of the parameters that learn.
    def passed_back(_, x, *parameters):
        return unbroadcast_f(x, lambda g: backward(g, x, *parameters))

    def passed_to(position, parameter):
        pass_back = ufuncs[f"backward_{parameter.name}"]
        return lambda _, x, *values: unbroadcast_f(values[position], lambda g: pass_back(g, x, *values))

    learning = {i: passed_to(i, p) for i, p in enumerate(row.parameters) if p.learnable}
    defvjp(value, passed_back, *learning.values(), argnums=[0, *(1 + i for i in learning)])

    # The backward form is linear in its gradient; the way through its x needs f''.
    def of_gradient(_, g, x, *parameters):
        return unbroadcast_f(g, lambda h: backward(h, x, *parameters))

    def of_input(_, g, x, *parameters):
        return unbroadcast_f(x, lambda h: h * g * curvature(x, *parameters))

    if row.second_derivative_formula:
        curvature = primitive(ufuncs["second_derivative"])
        slope = primitive(ufuncs["derivative"])
        defvjp(backward, of_gradient, of_input)
        defvjp(slope, lambda _, x, *parameters: unbroadcast_f(x, lambda g: g * curvature(x, *parameters)))
    else:
        defvjp(backward, of_gradient)


for _row in fastact.activations.values():
    register(_row)


def check():
    """Every gradient against central differences of the function; away from kinks, where f' jumps."""
    step = 2.0**-17
    x = np.linspace(-7.3, 7.1, 400)
    worst = {"f'": 0.0, "f''": 0.0, "parameters": 0.0}

    def compare(what, ours, f, at):
        expected = (f(at + step) - f(at - step)) / (2 * step)
        worst[what] = max(worst[what], np.max(np.abs(ours - expected) / (1 + np.abs(expected))))

    for row in fastact.activations.values():
        f = getattr(fastact, row.name)
        compare("f'", elementwise_grad(f)(x), f, x)
        if row.second_derivative_formula:
            compare("f''", elementwise_grad(elementwise_grad(f))(x), elementwise_grad(f), x)
        values = list(row.defaults.values())
        for i, parameter in enumerate(row.parameters):
            if parameter.learnable:

                def total(value, i=i, f=f, values=values):
                    return f.ufunc(x, *values[:i], value, *values[i + 1 :]).sum() / len(x)

                compare("parameters", grad(total)(values[i]), total, values[i])
    print(f"{len(fastact.activations)} activations; largest difference from central differences:")
    print(", ".join(f"{what} {error:.0e}" for what, error in worst.items()))
    assert max(worst.values()) < 1e-6


def fit(steps=300, rate=0.1):
    """A network of mish units learns a sine by gradient descent, the slopes of its units by prelu's gradient too."""
    rng = np.random.RandomState(0)
    x = np.linspace(-3, 3, 64).reshape(-1, 1)
    parameters = [rng.normal(0, 1, (1, 16)), rng.normal(0, 1, 16), rng.normal(0, 0.3, (16, 1)), 0.25 * np.ones(16)]

    def loss(parameters):
        weights, biases, readout, slopes = parameters
        hidden = fastact.mish(x @ weights + biases)
        hidden = fastact.prelu.ufunc(hidden - 1, slopes)
        return np.mean((hidden @ readout - np.sin(x)) ** 2)

    first = loss(parameters)
    for _ in range(steps):
        parameters = [p - rate * g for p, g in zip(parameters, grad(loss)(parameters), strict=True)]
    print(f"mean square error of the fit: {first:.3f} before, {loss(parameters):.3f} after {steps} steps")
    assert loss(parameters) < 0.1 * first


if __name__ == "__main__":
    check()
    fit()
