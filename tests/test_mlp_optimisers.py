"""Optimisers and schedules: PyTorch's trajectories, plain formulas, the same bits on every instruction set."""

import copy
import importlib
import pickle
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

import fastact
from fastact import losses, mlp
from fastact.mlp._kernels import RULES, norm

from . import loss_cases

USABLE = fastact.show_config("dict")["usable here"]

# What each of ours is in PyTorch: class and keywords.
PYTORCH = {
    "sgd": (mlp.SGD(0.3), "SGD", {"lr": 0.3}),
    "momentum": (mlp.SGD(0.1, 0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    "nesterov": (mlp.SGD(0.1, 0.9, nesterov=True), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "adagrad": (mlp.AdaGrad(0.05, 0.01), "Adagrad", {"lr": 0.05, "lr_decay": 0.01}),
    "rmsprop": (mlp.RMSProp(0.01, 0.9), "RMSprop", {"lr": 0.01, "alpha": 0.9}),
    "rmsprop with momentum": (
        mlp.RMSProp(0.005, 0.9, momentum=0.8),
        "RMSprop",
        {"lr": 0.005, "alpha": 0.9, "momentum": 0.8},
    ),
    "adam": (mlp.Adam(0.02, 0.8, 0.99, 1e-6), "Adam", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6}),
    "adam, defaults": (mlp.Adam(), "Adam", {}),
    "adamw": (mlp.AdamW(0.02, weight_decay=0.1), "AdamW", {"lr": 0.02, "weight_decay": 0.1}),
    "nadam": (mlp.NAdam(0.02), "NAdam", {"lr": 0.02}),
    "adamax": (mlp.Adamax(0.02), "Adamax", {"lr": 0.02}),
    "adadelta": (mlp.AdaDelta(), "Adadelta", {}),
    "adagrad, defaults": (mlp.AdaGrad(), "Adagrad", {}),
    "rmsprop, defaults": (mlp.RMSProp(), "RMSprop", {}),
    "nadam, defaults": (mlp.NAdam(), "NAdam", {}),
    "adamax, defaults": (mlp.Adamax(), "Adamax", {}),
    "adamw, defaults": (mlp.AdamW(), "AdamW", {}),
    "clipped by norm": (mlp.SGD(0.3, clip_norm=0.05), "SGD", {"lr": 0.3}),
    "clipped by value": (mlp.SGD(0.3, clip_value=0.01), "SGD", {"lr": 0.3}),
}
MODULES = {"relu": "ReLU", "gelu": "GELU", "selu": "SELU", "tanh": "Tanh"}


def problem(samples=40, inputs=5, classes=3):
    rng = np.random.default_rng(3)
    return rng.standard_normal((samples, inputs)), rng.integers(0, classes, samples)


def pytorch_twin(net, torch):
    """The network in PyTorch, from the same weights."""
    twin = torch.nn.Sequential()
    for layer in net.layers:
        linear = torch.nn.Linear(*layer.weight.shape, dtype=torch.float64)
        linear.weight.data = torch.tensor(layer.weight.T.copy())
        linear.bias.data = torch.tensor(layer.bias.copy())
        twin.append(linear)
        if layer.activation in MODULES:
            twin.append(getattr(torch.nn, MODULES[layer.activation])())
    return twin


@pytest.mark.parametrize("activation", ["relu", "gelu", "selu"])
@pytest.mark.parametrize("name", PYTORCH)
def test_fifty_steps_of_pytorch(name, activation, request):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    # PyTorch keeps products of momenta in the default dtype.
    torch.set_default_dtype(torch.float64)
    request.addfinalizer(lambda: torch.set_default_dtype(torch.float32))
    ours, kind, keywords = PYTORCH[name]
    ours = copy.deepcopy(ours)
    X, y = problem()
    net = mlp.Network(
        [mlp.Dense(7, activation), mlp.Dense(6, activation), mlp.Dense(3)], 5, dtype="float64", initialiser="he"
    )
    twin = pytorch_twin(net, torch)
    optimiser = getattr(torch.optim, kind)(twin.parameters(), **keywords)
    mine, theirs = [], []
    for step in range(50):
        batch = np.arange(step * 8, step * 8 + 8) % 40
        mine.append(net.loss_and_gradients(X[batch], y[batch]))
        ours.step(net.parameters, net.gradients)
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(twin(torch.tensor(X[batch])), torch.tensor(y[batch]))
        loss.backward()
        if ours.clip_norm:
            torch.nn.utils.clip_grad_norm_(twin.parameters(), ours.clip_norm)
        if ours.clip_value:
            torch.nn.utils.clip_grad_value_(twin.parameters(), ours.clip_value)
        optimiser.step()
        theirs.append(loss.item())
    np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    assert mine[-1] != mine[0]
    linears = [module for module in twin if isinstance(module, torch.nn.Linear)]
    for layer, linear in zip(net.layers, linears, strict=True):
        np.testing.assert_allclose(layer.weight, linear.weight.detach().T, rtol=1e-8, atol=1e-10)


# What makes of a last layer's outputs the predictions that a loss takes; none for those that take any numbers.
LAST = {
    "mean_squared_logarithmic_error": "softplus",
    "poisson": "softplus",
    "binary_crossentropy": "sigmoid",
    "categorical_crossentropy": "softmax",
    "sparse_categorical_crossentropy": "softmax",
    "kl_divergence": "softmax",
    "nll": "log_softmax",
}


# Networks take labels where a loss takes both.
TAKEN = [
    case
    for case in loss_cases.CASES
    if case.torch and (losses.get(case.name).target == "dense" or case.draw.__name__.endswith("labels"))
]


@pytest.mark.parametrize("case", TAKEN, ids=str)
def test_fifty_steps_of_pytorch_with_every_loss(case, request):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functional = torch.nn.functional
    torch.set_default_dtype(torch.float64)
    request.addfinalizer(lambda: torch.set_default_dtype(torch.float32))
    rng = np.random.default_rng(4)
    X, (_, y) = rng.standard_normal((40, 5)), case.draw(rng, 40)
    last = LAST.get(case.name)
    rows = [mlp.Rowwise(last)] if last in ("softmax", "log_softmax") else []
    net = mlp.Network(
        [mlp.Dense(7, "tanh"), mlp.Dense(loss_cases.OUTPUTS, "identity" if rows or not last else last), *rows],
        5,
        loss=case.name,
        loss_parameters=case.keywords,
        dtype="float64",
    )
    one, two = (
        [torch.tensor(array.copy(), requires_grad=True) for array in (layer.weight, layer.bias)]
        for layer in net.layers[:2]
    )
    ours, theirs = mlp.Adam(0.01), torch.optim.Adam([*one, *two], lr=0.01)
    mine, its = [], []
    for step in range(50):
        batch = np.arange(step * 8, step * 8 + 8) % 40
        mine.append(net.loss_and_gradients(X[batch], y[batch]))
        ours.step(net.parameters, net.gradients)
        theirs.zero_grad()
        out = torch.tanh(torch.tensor(X[batch]) @ one[0] + one[1]) @ two[0] + two[1]
        if last:
            out = getattr(functional, last)(out, **({"dim": 1} if rows else {}))
        loss = case.torch(functional, torch, out, torch.tensor(y[batch])).mean()
        loss.backward()
        theirs.step()
        its.append(loss.item())
    np.testing.assert_allclose(mine, its, rtol=1e-9)
    assert mine[-1] != mine[0]


def plain_steps(name, p, gradients):
    """The rules again, array by array, from their papers."""
    m, v, u, d = (np.zeros_like(p) for _ in range(4))
    product = 1.0
    for t, g in enumerate(gradients, 1):
        if name == "lion":
            blend = 0.9 * m + 0.1 * g
            p = p - 1e-2 * (np.sign(blend) + 0.3 * p)
            m = 0.99 * m + 0.01 * g
        elif name == "sgd":
            p = p - 0.1 * g
        elif name in ("momentum", "nesterov"):
            u = 0.9 * u + g
            p = p - 0.1 * (g + 0.9 * u if name == "nesterov" else u)
        elif name == "adagrad":
            v = v + g**2
            p = p - 0.01 * g / (np.sqrt(v) + 1e-10)
        elif name == "rmsprop":
            v = 0.99 * v + 0.01 * g**2
            p = p - 0.01 * g / (np.sqrt(v) + 1e-8)
        elif name == "adadelta":
            v = 0.9 * v + 0.1 * g**2
            change = np.sqrt(d + 1e-6) / np.sqrt(v + 1e-6) * g
            d = 0.9 * d + 0.1 * change**2
            p = p - change
        else:
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            root = np.sqrt(v / (1 - 0.999**t)) + 1e-8
            if name == "adam":
                p = p - 1e-3 * m / (1 - 0.9**t) / root
            elif name == "adamw":
                p = p * (1 - 1e-3 * 0.01) - 1e-3 * m / (1 - 0.9**t) / root
            elif name == "adamax":
                u = np.maximum(0.999 * u, abs(g) + 1e-8)
                p = p - 2e-3 / (1 - 0.9**t) * m / u
            elif name == "nadam":
                mu, following = (0.9 * (1 - 0.5 * 0.96 ** (i * 0.004)) for i in (t, t + 1))
                product *= mu
                p = p - 2e-3 * ((1 - mu) * g / (1 - product) + following * m / (1 - product * following)) / root
    return p


@pytest.mark.parametrize("size", [1, 15, 16, 17, 1000])
@pytest.mark.parametrize("name", mlp.OPTIMISERS)
def test_rules_against_plain_numpy(name, size):
    make = mlp.OPTIMISERS[name]
    optimiser = make(1e-2, weight_decay=0.3) if name == "lion" else make()
    rng = np.random.default_rng(size)
    gradients = rng.normal(size=(6, size))
    gradients[:, ::7] = 0.0  # the sign of 0 is 0, and a moment that stays 0 moves nothing
    p = start = rng.normal(size=size)
    p = p.copy()
    for g in gradients:
        optimiser.step(p, g.copy())
    np.testing.assert_allclose(p, plain_steps(name, start, gradients), rtol=1e-12, atol=1e-15)
    if name != "lion" and "w" not in name:
        np.testing.assert_array_equal(p[::7], start[::7])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RULES)
def test_the_bits_of_a_step_are_those_of_one_element_alone_on_every_instruction_set(name, dtype):
    found = {}
    for isa in USABLE:
        rule = importlib.import_module(f"fastact.mlp._rules_{isa}").RULES[name]
        p, g, *states = np.abs(np.random.default_rng(2).normal(size=(2 + rule.states, 101))).astype(dtype)
        constants = tuple(np.linspace(0.01, 0.9, rule.constants))
        alone = [[array[i : i + 1].copy() for array in (p, g, *states)] for i in range(101)]
        rule(p, g, tuple(states), constants)
        for i, (p1, g1, *states1) in enumerate(alone):
            rule(p1, g1, tuple(states1), constants)
            for array, one in zip((p, *states), (p1, *states1), strict=True):
                assert array[i] == one[0]
        found[isa] = np.concatenate([p, *states])
    first = found.pop(USABLE[0])
    for other in found.values():
        np.testing.assert_array_equal(other, first)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
def test_norm(size, dtype):
    x = np.random.default_rng(size).normal(size=size).astype(dtype)
    assert norm(x) == pytest.approx(float(np.linalg.norm(x.astype(float))), rel=1e-14)
    large = np.full(4, 1e30, "float32")
    assert norm(large) == pytest.approx(2e30, rel=1e-6)  # whose squares float32 does not hold


def test_rules_refuse_what_is_not_theirs():
    p, g = np.zeros(4), np.ones(4)
    for arguments in [
        (p, g, (), ()),
        (p, g, (p,), (0.1,)),
        (p, g[:3].copy(), (), (0.1,)),
        (p, g[::2], (), (0.1,)),
        (p, g.astype("float32"), (), (0.1,)),
        (p.astype("float16"), g.astype("float16"), (), (0.1,)),
    ]:
        with pytest.raises(ValueError, match=r"rule takes|must be"):
            RULES["sgd"](*arguments)
    np.testing.assert_array_equal(p, 0)


@pytest.mark.parametrize("name", mlp.OPTIMISERS)
def test_copies_go_on_as_the_original(name):
    optimiser, p = mlp.OPTIMISERS[name](), np.ones(5)
    optimiser.step(p, np.full(5, 0.5))
    for duplicate in (copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))):
        twin, q = duplicate((optimiser, p))
        original, r = copy.deepcopy((optimiser, p))
        twin.step(q, np.full(5, -0.2))
        original.step(r, np.full(5, -0.2))
        np.testing.assert_array_equal(q, r)


@pytest.mark.parametrize("name", mlp.OPTIMISERS)
def test_an_optimiser_from_a_pickle_goes_on_with_a_vector_of_its_size_and_dtype(name):
    optimiser, p = mlp.OPTIMISERS[name](), np.ones(5)
    optimiser.step(p, np.full(5, 0.5))
    for twin in (copy.deepcopy(optimiser), pickle.loads(pickle.dumps(optimiser))):
        if twin._state:
            for other in (np.ones(6), np.ones(5, "float32")):
                with pytest.raises(ValueError, match="optimiser must be new or have trained this network before"):
                    twin.step(other, np.ones_like(other))
        q, r = p.copy(), p.copy()
        original = mlp.OPTIMISERS[name]()
        original.step(start := np.ones(5), np.full(5, 0.5))
        np.testing.assert_array_equal(start, r)
        original.step(start, np.full(5, -0.2))
        twin.step(q, np.full(5, -0.2))
        np.testing.assert_array_equal(q, start)
        with pytest.raises(ValueError, match="it belongs to another one"):
            twin.step(r, np.full(5, -0.2))


@pytest.mark.parametrize("name", mlp.OPTIMISERS)
def test_a_step_that_is_refused_changes_nothing(name):
    make = partial(mlp.OPTIMISERS[name], clip_value=0.1, clip_norm=0.2)
    refused, plain = make(), make()
    for trained in (False, True):
        p = np.ones(4)
        if trained:
            for optimiser in (refused, plain):
                optimiser.step(p, np.ones(4))
                p = np.ones(4)
            p = refused._parameters
        before = p.copy()
        for g in (np.ones(3), np.ones(8)[::2], np.ones(4, "float32")):
            kept = g.copy()
            with pytest.raises(ValueError, match="must be contiguous vectors of one length and dtype"):
                refused.step(p, g)
            np.testing.assert_array_equal(g, kept)
        np.testing.assert_array_equal(p, before)
        assert refused.steps == plain.steps
        assert refused.memory() == plain.memory()
        assert (refused._parameters is None) == (not trained)


# --- schedules -------------------------------------------------------------------------------------------------------


def test_schedules_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    schedulers = torch.optim.lr_scheduler

    def rates(make, steps):
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
        scheduler = make(optimiser)
        found = []
        for _ in range(steps):
            found.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            scheduler.step()
        return found

    for ours, theirs, steps in [
        (mlp.Step(0.2, step_size=3, gamma=0.5), lambda o: schedulers.StepLR(o, 3, 0.5), 20),
        (mlp.Cosine(0.2, 15, 0.01), lambda o: schedulers.CosineAnnealingLR(o, 15, 0.01), 15),
        (mlp.OneCycle(0.2, 20), lambda o: schedulers.OneCycleLR(o, 0.2, total_steps=20), 20),
        (
            mlp.OneCycle(0.2, 11, pct_start=0.5, div_factor=10, final_div_factor=100),
            lambda o: schedulers.OneCycleLR(o, 0.2, 11, pct_start=0.5, div_factor=10, final_div_factor=100),
            11,
        ),
        (mlp.WarmUp(5, 0.2), lambda o: schedulers.LambdaLR(o, lambda step: min(1, (step + 1) / 5)), 12),
    ]:
        np.testing.assert_allclose([ours(t) for t in range(steps)], rates(theirs, steps), rtol=1e-9)


def test_schedules_at_their_ends():
    assert mlp.Constant(0.3)(10**9) == 0.3
    cosine = mlp.Cosine(1.0, 10, 0.25)
    assert (cosine(0), cosine(5), cosine(10), cosine(99)) == (1.0, 0.625, 0.25, 0.25)
    warm = mlp.WarmUp(4, mlp.Step(1.0, 2, 0.5))
    assert [warm(t) for t in range(9)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    cycle = mlp.OneCycle(1.0, 101, 0.3)
    assert max(cycle(t) for t in range(101)) == pytest.approx(1.0, rel=1e-3)
    assert cycle(100) == cycle(5000) == pytest.approx(1 / 25 / 1e4)


@pytest.mark.parametrize(("steps", "pct_start"), [(10, 0.1), (4, 0.25), (2, 0.5)])
def test_a_cycle_whose_rise_is_the_first_step_alone_starts_at_the_top(steps, pct_start):
    cycle = mlp.OneCycle(0.1, steps, pct_start)
    assert cycle(0) == 0.1
    assert cycle(steps - 1) == pytest.approx(0.1 / 25 / 1e4)
    assert all(after < before for before, after in pairwise(map(cycle, range(steps))))


def test_an_optimiser_follows_its_schedule():
    p = np.zeros(1)
    optimiser = mlp.SGD(mlp.Step(0.5, 2, 0.1))
    moves = []
    for _ in range(5):
        before = p.copy()
        optimiser.step(p, np.ones(1))
        moves.append(float((before - p)[0]))
    np.testing.assert_allclose(moves, [0.5, 0.5, 0.05, 0.05, 0.005])


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: mlp.Constant(0), "learning_rate must be a number"),
        (lambda: mlp.Step(0.1, 0), "step_size must be an integer"),
        (lambda: mlp.Step(0.1, 3, -1), "gamma must be a number"),
        (lambda: mlp.Cosine(0.1, 0), "steps must be an integer"),
        (lambda: mlp.Cosine(0.1, 5, -1), "final must be a number"),
        (lambda: mlp.WarmUp(0, 0.1), "steps must be an integer"),
        (lambda: mlp.WarmUp(3, -0.1), "then must be a number"),
        (lambda: mlp.OneCycle(0.1, 1), "steps must be an integer"),
        (lambda: mlp.OneCycle(0.1, 10, 1.0), "pct_start must be a number"),
        (lambda: mlp.OneCycle(0.1, 10, div_factor=0), "div_factor must be a number"),
        (lambda: mlp.OneCycle(0.1, 10, final_div_factor=-1), "final_div_factor must be a number"),
        (lambda: mlp.SGD(0.1, nesterov=True), "nesterov must be False, or True with a momentum"),
        (lambda: mlp.SGD(0.1, 0.5, nesterov=2), "nesterov must be False, or True with a momentum"),
        (lambda: mlp.Adam(clip_norm=0), "clip_norm must be a number"),
        (lambda: mlp.Adam(clip_value=-1), "clip_value must be a number"),
        (lambda: mlp.AdamW(weight_decay=-1), "weight_decay must be a number"),
        (lambda: mlp.RMSProp(decay=1.0), "decay must be a number"),
        (lambda: mlp.AdaGrad(learning_rate_decay=-1), "learning_rate_decay must be a number"),
        (lambda: mlp.NAdam(momentum_decay=-1), "momentum_decay must be a number"),
        (lambda: mlp.Lion(0.0), "learning_rate must be a number"),
    ],
)
def test_bad_arguments_are_named(make, names):
    with pytest.raises(ValueError, match=names):
        make()
