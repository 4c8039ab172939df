"""Networks and trainings in files: exact round trips, damage seen, a killed training that ends with the same bits."""

import copy
import dataclasses
import json
import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest

import fastact
from fastact import mlp
from fastact.compiler import activation
from fastact.mlp import files

pytest.importorskip("safetensors", reason="safetensors is not installed")


def problem(samples=60, inputs=6, classes=3):
    rng = np.random.default_rng(3)
    return rng.standard_normal((samples, inputs)), rng.integers(0, classes, samples)


LAYERS = {
    "dense": lambda: [mlp.Dense(4, "elu", {"alpha": 0.5}, l1=0.01, l2=0.1, use_bias=False), mlp.Dense(3)],
    "activations of units": lambda: [mlp.Dense(3, ["relu", ("elu", {"alpha": 2.0}), "sin"]), mlp.Dense(3)],
    "learned": lambda: [mlp.Dense(4, "srelu", learn="unit"), mlp.Activation("snake", learn="layer"), mlp.Dense(3)],
    "maxout": lambda: [mlp.Maxout(4, 3), mlp.Dense(3)],
    "normalised": lambda: [mlp.Dense(4), mlp.BatchNormalisation(0.3), mlp.Activation("gelu"), mlp.Dense(3)],
    "dropouts": lambda: [
        mlp.Dropout(0.2),
        mlp.Dense(8, "selu"),
        mlp.AlphaDropout(0.1),
        mlp.Dropout2d(0.1, (2, 2, 2)),
        mlp.Dropout3d(0.1, (2, 2, 2, 1)),
        mlp.Dense(3),
    ],
}

OPTIMISERS = {
    "sgd": lambda: mlp.SGD(mlp.WarmUp(5, mlp.Cosine(0.1, 40)), 0.9, nesterov=True, clip_norm=1.0),
    "adagrad": mlp.AdaGrad,
    "rmsprop": lambda: mlp.RMSProp(momentum=0.5),
    "adam": lambda: mlp.Adam(clip_value=0.1),
    "adamw": mlp.AdamW,
    "nadam": mlp.NAdam,
    "adamax": mlp.Adamax,
    "adadelta": mlp.AdaDelta,
    "lion": mlp.Lion,
}


def network(layers=LAYERS["normalised"], **options):
    return mlp.Network(layers(), 6, **options)


# --- networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_a_network_read_is_the_one_written_and_goes_on_alike(tmp_path, layers, dtype):
    X, y = problem()
    net = network(layers, dtype=dtype, derivatives="textbook", loss_parameters={"label_smoothing": 0.1})
    net.fit(X, y, epochs=2)
    path = tmp_path / "net.safetensors"
    net.save(path)
    twin = mlp.load(path)
    assert repr(twin) == repr(net)
    np.testing.assert_array_equal(twin.parameters, net.parameters)
    np.testing.assert_array_equal(twin.forward(X), net.forward(X))
    assert twin.fit(X, y, epochs=2) == net.fit(X, y, epochs=2)  # the same order, and the same is dropped
    np.testing.assert_array_equal(twin.parameters, net.parameters)
    assert os.listdir(tmp_path) == ["net.safetensors"]


def test_other_losses_round_trip(tmp_path):
    net = mlp.Network([mlp.Dense(2)], 6, loss="huber", loss_parameters={"delta": 0.5})
    net.save(tmp_path / "a")
    assert mlp.load(tmp_path / "a").objective.parameters == {"delta": 0.5}


def test_the_file_is_safetensors_and_json(tmp_path):
    from safetensors import safe_open

    net = network()
    net.save(tmp_path / "a")
    with safe_open(tmp_path / "a", "np") as opened:
        document = json.loads(opened.metadata()["fastact"])
        weight = opened.get_tensor("layers.0.weight")
    assert (document["format"], document["kind"]) == (1, "network")
    np.testing.assert_array_equal(weight, net.layers[0].weight)


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 0.1, 0.5, 0.9, -1])
def test_a_truncated_file_is_an_error(tmp_path, cut):
    network().save(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[: int(cut * len(content)) if isinstance(cut, float) else cut])
    with pytest.raises(ValueError, match=r"a .*(truncated|damaged|not a file of fastact)"):
        mlp.load(tmp_path / "a")


def test_every_altered_bit_is_an_error(tmp_path):
    network().save(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    rng = np.random.default_rng(0)
    for position in [*range(20), *rng.integers(0, len(content), 300)]:
        altered = bytearray(content)
        altered[position] ^= 1 << int(rng.integers(8))
        (tmp_path / "b").write_bytes(altered)
        with pytest.raises(ValueError, match=r"b (has|holds|is)"):
            mlp.load(tmp_path / "b")
    (tmp_path / "b").write_bytes(content + b"\0")
    with pytest.raises(ValueError, match=r"truncated or was altered"):
        mlp.load(tmp_path / "b")


def test_files_of_others_are_errors(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3)}, tmp_path / "a")
    with pytest.raises(ValueError, match="not a file of fastact"):
        mlp.load(tmp_path / "a")
    with pytest.raises(FileNotFoundError):
        mlp.load(tmp_path / "none")
    net = network()
    net.fit(*problem(), epochs=1, checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match="holds a 'training', not a 'network'"):
        mlp.load(tmp_path / "c")
    net.save(tmp_path / "n")
    with pytest.raises(ValueError, match="holds a 'network', not a 'training'"):
        mlp.resume(tmp_path / "n", *problem())


def test_a_newer_format_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FORMAT", 2)
    network().save(tmp_path / "a")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="has format 2; this fastact reads up to 1"):
        mlp.load(tmp_path / "a")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    net = network()
    net.save(tmp_path / "a")
    before = (tmp_path / "a").read_bytes()
    net.parameters += 1

    def fail(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        net.save(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == before
    assert os.listdir(tmp_path) == ["a"]


def test_layers_and_optimisers_of_others_are_refused(tmp_path):
    class Own(mlp.Dropout):
        pass

    class Mine(mlp.Adam):
        pass

    class Rate(mlp.Schedule):
        def __call__(self, step):
            return 0.1 / (step + 1)

    with pytest.raises(ValueError, match="layers must be fastact's own to be written, got Own"):
        mlp.Network([Own(), mlp.Dense(2)], 6).save(tmp_path / "a")
    for net, optimiser, message in [
        (mlp.Network([Own(), mlp.Dense(3)], 6), mlp.Adam(), "layers must be fastact's own to be written, got Own"),
        (network(), Mine(), "optimiser must be fastact's own to be written, got Mine"),
        (network(), mlp.SGD(Rate()), "learning_rate must be fastact's own to be written, got Rate"),
        (network(), mlp.SGD(mlp.WarmUp(2, Rate())), "then must be fastact's own to be written, got Rate"),
    ]:
        unchanged(net, optimiser, ValueError, message, checkpoint=tmp_path / "a")
    assert not os.listdir(tmp_path)


def unchanged(net, optimiser, error, message, **arguments):
    """That a training is refused, and neither network nor optimiser has changed."""
    before, drawn = net.parameters.copy(), copy.deepcopy(net.rng.bit_generator.state)
    with pytest.raises(error, match=message):
        net.fit(*problem(), optimiser=optimiser, **arguments)
    np.testing.assert_array_equal(net.parameters, before)
    assert net.rng.bit_generator.state == drawn
    assert optimiser.steps == 0
    network().fit(*problem(), epochs=1, optimiser=optimiser)  # it belongs to nobody


def test_what_a_checkpoint_lacks_is_said_before_training(tmp_path, monkeypatch):
    unchanged(network(), mlp.Adam(), ValueError, "callback must be callable or None", callback=3)
    unchanged(network(), mlp.Adam(), ValueError, "checkpoint must be a file", checkpoint=tmp_path / "none" / "a")
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    unchanged(network(), mlp.Adam(), ModuleNotFoundError, "safetensors", checkpoint=tmp_path / "a")
    assert not os.listdir(tmp_path)


# --- activations of one's own ----------------------------------------------------------------------------------------


@pytest.fixture
def names():
    """The names given to activations, as they were, afterwards."""
    before = dict(activation._registry)
    yield activation._registry
    activation._registry.clear()
    activation._registry.update(before)


def own(text="x*tanh(gelu(x))"):
    fastact.custom(text, name="own_in_file")
    leaky = fastact.custom(lambda x, a=0.3: np.maximum(x, a * x), name="own_leaky")
    each = ["relu", "own_in_file", (leaky, {"a": 0.1})]
    return mlp.Network([mlp.Dense(3, each), mlp.Activation("own_in_file"), mlp.Dense(3)], 6)


def through_a_file(net, tmp_path):
    net.save(tmp_path / "a")
    return lambda: mlp.load(tmp_path / "a")


def through_a_pickle(net, tmp_path):  # noqa: ARG001
    text = pickle.dumps(net)
    return lambda: pickle.loads(text)


@pytest.mark.parametrize("keep", [through_a_file, through_a_pickle])
def test_definitions_are_kept_with_networks(tmp_path, names, keep):
    X, _ = problem()
    net = own()
    again = keep(net, tmp_path)
    np.testing.assert_array_equal(again().forward(X), net.forward(X))
    names.clear()
    np.testing.assert_array_equal(again().forward(X), net.forward(X))
    assert set(names) == {"own_in_file", "own_leaky"}
    fastact.custom("x * tanh(gelu(x))", name="own_in_file", reference="Own, 2026")  # which computes the same
    again()
    fastact.custom("x*sin(x)", name="own_in_file")
    with pytest.raises(ValueError, match=r"'own_in_file' must be x \* tanh\(gelu\(x\)\).*was given to x \* sin\(x\)"):
        again()


def test_a_network_goes_on_with_what_it_was_made_of(tmp_path, names):
    X, _ = problem()
    net = own()
    before = net.forward(X)
    fastact.custom("x*sin(x)", name="own_in_file")
    np.testing.assert_array_equal(net.forward(X[:7]), before[:7])
    net.save(tmp_path / "a")
    names.clear()
    np.testing.assert_array_equal(mlp.load(tmp_path / "a").forward(X), before)


@pytest.mark.usefixtures("names")
def test_definitions_are_kept_with_checkpoints(tmp_path):
    X, y = problem()
    own().fit(X, y, epochs=1, checkpoint=tmp_path / "c")
    fastact.custom("x*sin(x)", name="own_in_file")
    with pytest.raises(ValueError, match="'own_in_file' must be"):
        mlp.resume(tmp_path / "c", X, y, epochs=2)


@pytest.mark.usefixtures("names")
def test_another_process_reads_and_unpickles(tmp_path):
    X, _ = problem()
    net = own()
    net.save(tmp_path / "net")
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(net))
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, pickle; import numpy as np; from fastact import mlp\n"
        "path, X = sys.argv[2], np.load(sys.argv[1])\n"
        "net = pickle.load(open(path, 'rb')) if path.endswith('e') else mlp.load(path)\n"
        "np.save(path + '.npy', net.forward(X))"
    )
    for name in ("net", "net.pickle"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "X.npy"), str(tmp_path / name)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), net.forward(X))


# --- trainings -------------------------------------------------------------------------------------------------------


def interrupted(tmp_path, make, epochs=8, stop=5, **options):
    """The network and the history of a training resumed after an interruption, and those of one without."""
    X, y = problem()
    whole = make()
    history = whole.fit(X, y, epochs=epochs, **{name: value() for name, value in options.items()})

    def end(epoch, loss):  # noqa: ARG001
        if epoch == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make().fit(
            X, y, epochs=epochs, checkpoint=tmp_path / "c", callback=end,
            **{name: value() for name, value in options.items()},
        )  # fmt: skip
    return whole, history, *mlp.resume(tmp_path / "c", X, y)


@pytest.mark.parametrize("optimiser", OPTIMISERS.values(), ids=OPTIMISERS)
def test_a_resumed_training_ends_with_the_same_bits(tmp_path, optimiser):
    whole, history, resumed, again = interrupted(tmp_path, network, optimiser=optimiser)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    assert again == history
    assert resumed.rng.bit_generator.state == whole.rng.bit_generator.state


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_whatever_the_layers(tmp_path, layers):
    whole, history, resumed, again = interrupted(tmp_path, lambda: network(layers))
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    assert again == history
    for mine, theirs in zip(resumed.states, whole.states, strict=True):
        for name, array in mine.items():
            np.testing.assert_array_equal(array, theirs[name])


def test_whatever_the_options(tmp_path):
    whole, history, resumed, again = interrupted(
        tmp_path, network, epochs=30, batch_size=lambda: 7, class_weight=lambda: {0: 2.0, 2: 0.5},
        validation_split=lambda: 0.3, early_stopping=lambda: mlp.EarlyStopping(patience=6),
        probe=lambda: mlp.Probe(3, 4, features=True), optimiser=lambda: mlp.Adam(0.02),
    )  # fmt: skip
    assert history.stopped
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    assert len(again.probes) == len(history.probes)
    for mine, theirs in zip(again.probes, history.probes, strict=True):
        for field in dataclasses.fields(mlp.Record):
            np.testing.assert_array_equal(getattr(mine, field.name), getattr(theirs, field.name))
    assert dataclasses.replace(again, probes=[]) == dataclasses.replace(history, probes=[])


def test_more_epochs_and_none(tmp_path):
    X, y = problem()
    whole, first = network(), network()
    whole.fit(X, y, epochs=6)
    first.fit(X, y, epochs=4, checkpoint=tmp_path / "c")
    done, history = mlp.resume(tmp_path / "c", X, y)
    np.testing.assert_array_equal(done.parameters, first.parameters)
    assert len(history.loss) == 4
    longer, history = mlp.resume(tmp_path / "c", X, y, epochs=6)
    np.testing.assert_array_equal(longer.parameters, whole.parameters)
    assert len(history.loss) == 6
    with pytest.raises(ValueError, match="epochs must be an integer of at least the 6 finished"):
        mlp.resume(tmp_path / "c", X, y, epochs=5)


def test_checkpoints_are_written_when_asked(tmp_path):
    X, y = problem()
    seen = []

    def look(epoch, loss):  # noqa: ARG001
        seen.append((tmp_path / "c").exists() and files.read(tmp_path / "c", "training")[0]["training"]["epoch"])

    network().fit(X, y, epochs=5, checkpoint=tmp_path / "c", checkpoint_every=2, callback=look)
    assert seen == [False, 2, 2, 4, 5]


def test_other_data_are_refused(tmp_path):
    X, y = problem()
    network().fit(X, y, epochs=2, checkpoint=tmp_path / "c", sample_weight=np.arange(60))
    other = X.copy()
    other[3, 2] += 1e-3
    for data, weights in (((other, y), np.arange(60)), ((X, y[::-1]), np.arange(60)), ((X, y), None)):
        with pytest.raises(ValueError, match="X, y, sample_weight and validation_data must be those of the training"):
            mlp.resume(tmp_path / "c", *data, sample_weight=weights)
    assert mlp.resume(tmp_path / "c", X, y, sample_weight=np.arange(60))
    with pytest.raises(ValueError, match="checkpoint must be a file in a folder that exists"):
        network().fit(X, y, checkpoint=tmp_path / "none" / "c")
    with pytest.raises(ValueError, match="checkpoint must be a file in a folder that exists"):
        network().fit(X, y, checkpoint=tmp_path)


PROGRAM = """
import sys
import numpy as np
from fastact import mlp

rng = np.random.default_rng(3)
X, y = rng.standard_normal((400, 6)), rng.integers(0, 3, 400)
what, path = sys.argv[1:]
if what == "resume":
    net, history = mlp.resume(path, X, y)
else:
    net = mlp.Network(
        [mlp.Dense(20), mlp.BatchNormalisation(), mlp.Activation("prelu", learn="unit"), mlp.Dropout(), mlp.Dense(3)],
        6,
    )
    net.fit(X, y, epochs=40, batch_size=7, optimiser=mlp.NAdam(mlp.Cosine(0.01, 2000)), validation_split=0.1,
            checkpoint=None if what == "whole" else path, callback=lambda epoch, loss: print(epoch, flush=True))
if what != "killed":
    np.save(path + ".npy", net.parameters)
"""


def test_a_killed_training_ends_with_the_same_bits(tmp_path):
    """SIGKILL in the middle of an epoch, or of writing: no handler runs, nothing is flushed."""

    def start(what, name):
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, what, str(tmp_path / name)], stdout=subprocess.PIPE, text=True
        )

    whole = start("whole", "w")
    killed = start("killed", "k")
    with killed:
        assert killed.stdout is not None
        for line in killed.stdout:
            if int(line) == 11:
                killed.send_signal(signal.SIGKILL)
                break
    assert killed.returncode == -signal.SIGKILL
    epoch = files.read(tmp_path / "k", "training")[0]["training"]["epoch"]
    assert 11 <= epoch < 40
    for process in (whole, start("resume", "k")):
        process.communicate(timeout=120)
        assert process.returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "k.npy"), np.load(tmp_path / "w.npy"))
