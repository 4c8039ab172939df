"""Networks and trainings in files: arrays as safetensors, all else as JSON in its header, never pickle.

A file of format 1 is one safetensors file. Its header's metadata has one entry, "fastact", a JSON object:

    format        1; a reader refuses a larger number
    kind          "network" or "training"
    sha256        of the whole file's bytes with this digest as 64 zeros: one changed bit anywhere is seen
    network       arguments of the network and, in order, of its layers; what activations of one's own are made from;
                  the state of its random generator
    training      where kind says so: the arguments of the run, what it has seen and what it draws on

and its arrays are named "layers.0.weight" ... as `Layer.shapes` and `Layer.state` name them, "optimiser.0" ... for the
optimiser's states, "training.order" ... for the loop's. Arrays are written as they are in memory: a file read gives
the same bits.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import dropout, layers, normalisation, optimisers, rowwise, schedules
from .history import History
from .layer import Layer
from .network import Network, require_definitions
from .optimisers import Optimiser
from .probes import Probe
from .training import EarlyStopping, Training

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1
KEY = "fastact"
NO_DIGEST = "0" * 64

LAYERS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (
        layers.Dense,
        layers.Maxout,
        layers.Activation,
        normalisation.BatchNormalisation,
        dropout.Dropout,
        dropout.AlphaDropout,
        dropout.Dropout2d,
        dropout.Dropout3d,
        rowwise.Rowwise,
    )
}
"""The layers that a file can hold, by the name that it calls them."""

OPTIMISERS: dict[str, type[Optimiser]] = {
    kind.__name__: kind
    for kind in (
        optimisers.SGD,
        optimisers.AdaGrad,
        optimisers.RMSProp,
        optimisers.Adam,
        optimisers.AdamW,
        optimisers.NAdam,
        optimisers.Adamax,
        optimisers.AdaDelta,
        optimisers.Lion,
    )
}
"""The optimisers that a file can hold."""


# The file ------------------------------------------------------------------------------------------------------------


def write(path: str | Path, document: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> None:
    """Replace a file atomically: whoever looks finds the old one or the new one, also after a crash.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    ModuleNotFoundError
        Without safetensors: ``pip install fastact[mlp]``.
    """
    from safetensors.numpy import save as to_bytes

    path = Path(path)
    text = json.dumps({"format": FORMAT, "sha256": NO_DIGEST} | dict(document))
    content = to_bytes({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata={KEY: text})
    digest = hashlib.sha256(content).hexdigest()
    # In the header the JSON is a string in JSON; hexadecimal digits need no escape.
    content = content.replace(NO_DIGEST.encode(), digest.encode(), 1)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def read(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """What `write` wrote: document and arrays.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is no file of fastact, of a newer format, of another kind, truncated or altered.
    ModuleNotFoundError
        Without safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    content = Path(path).read_bytes()
    try:
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        document = json.loads(header["__metadata__"][KEY])
        version, digest = document["format"], document["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{path} is not a file of fastact, or its header is damaged") from None
    if not isinstance(version, int) or version > FORMAT:
        raise ValueError(f"{path} has format {version!r:.60}; this fastact reads up to {FORMAT}")
    blank = content.replace(str(digest).encode(), NO_DIGEST.encode(), 1)
    if hashlib.sha256(blank).hexdigest() != digest:
        raise ValueError(f"{path} is truncated or was altered: its checksum is not that of its content")
    if document.get("kind") != kind:
        raise ValueError(f"{path} holds a {document.get('kind')!r:.60}, not a {kind!r}")
    try:
        return document, from_bytes(content)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def fingerprint(*arrays: NDArray | None) -> str:
    """Tells data apart: the SHA-256 of their dtypes, shapes and contents."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(b"none" if array is None else f"{array.dtype} {array.shape}".encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


# Objects as plain data -----------------------------------------------------------------------------------------------


def _described(name: str, value: Any, kinds: Mapping[str, type]) -> dict[str, Any]:
    """The kind and the arguments of a layer, an optimiser or a schedule; ValueError for one of others."""
    if type(value) not in kinds.values():
        raise ValueError(f"{name} must be fastact's own to be written, got {type(value).__name__}")
    found: dict[str, Any] = {"kind": type(value).__name__}
    for of in fields(value):
        if of.init:
            argument = getattr(value, of.name)
            if isinstance(argument, schedules.Schedule):
                argument = _described(of.name, argument, schedules.SCHEDULES)
            elif isinstance(argument, Mapping):
                argument = dict(argument)
            found[of.name] = argument
    return found


def _made(description: Mapping[str, Any], kinds: Mapping[str, Callable[..., Any]]) -> Any:
    """What `_described` described."""
    arguments = dict(description)
    kind = arguments.pop("kind")
    if kind not in kinds:
        raise ValueError(f"unknown kind {kind!r:.60}; known: {', '.join(kinds)}")
    for name, argument in arguments.items():
        if isinstance(argument, Mapping) and "kind" in argument:
            arguments[name] = _made(argument, schedules.SCHEDULES)
    return kinds[kind](**arguments)


def _network(network: Network) -> tuple[dict[str, Any], dict[str, NDArray]]:
    document = {
        "inputs": network.inputs,
        "loss": network.objective.name,
        "loss_parameters": network.objective.parameters,
        "dtype": network.dtype.name,
        "derivatives": network.derivatives,
        "layers": [_described("layers", layer, LAYERS) for layer in network.layers],
        "definitions": network.definitions,
        "rng": network.rng.bit_generator.state,
    }
    arrays = {
        f"layers.{index}.{name}": array
        for index, named in enumerate(network.named_arrays())
        for name, array in named.items()
    }
    return document, arrays


def _rebuilt(document: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Network:
    require_definitions(document.get("definitions", []))
    network = Network(
        [_made(layer, LAYERS) for layer in document["layers"]],
        document["inputs"],
        loss=document["loss"],
        loss_parameters=document["loss_parameters"],
        dtype=document["dtype"],
        derivatives=document["derivatives"],
        initialiser="zeros",
    )
    for index, named in enumerate(network.named_arrays()):
        for name, array in named.items():
            array[...] = arrays[f"layers.{index}.{name}"]
    network.rng.bit_generator.state = document["rng"]
    return network


# Networks ------------------------------------------------------------------------------------------------------------


def save(network: Network, path: str | Path) -> None:
    """Write a network to a file, atomically.

    Parameters
    ----------
    network : Network
        Of fastact's own layers.
    path : path
        In a folder that exists. A file that is there is replaced.

    Raises
    ------
    ValueError, OSError, ModuleNotFoundError
        For other layers; as `write`.
    """
    document, arrays = _network(network)
    write(path, {"kind": "network", "network": document}, arrays)


def load(path: str | Path) -> Network:
    """The network that a file holds: the same predictions, bit for bit, and the same random numbers from here on.

    Raises
    ------
    ValueError, OSError, ModuleNotFoundError
        As `read`; ValueError where the name of an activation of one's own was given to another one. Where the name is
        free, `fastact.custom` makes the activation again.
    """
    document, arrays = read(path, "network")
    return _rebuilt(document["network"], arrays)


# Trainings -----------------------------------------------------------------------------------------------------------


def check_checkpoint(training: Training, path: Path) -> None:
    """Raise, before the training begins, what `write_checkpoint` would raise after an epoch of it."""
    import safetensors.numpy  # noqa: F401

    if not path.parent.is_dir() or path.is_dir():
        raise ValueError(f"checkpoint must be a file in a folder that exists, got {path}")
    json.dumps(_training(training)[0])


def write_checkpoint(training: Training, path: str | Path) -> None:
    """Everything that the rest of a training depends on, but for the data."""
    write(path, *_training(training))


def _training(training: Training) -> tuple[dict[str, Any], dict[str, NDArray]]:
    network, optimiser = training.network, training.optimiser
    document, arrays = _network(network)
    arrays |= {f"optimiser.{index}": state for index, state in enumerate(optimiser._state)}
    arrays["training.order"] = training.order if training.order is not None else np.zeros(0, np.intp)
    if training.drawn is not None:
        arrays["training.drawn"] = training.drawn
    best = {name: value for name, value in training.best.items() if name in ("loss", "epoch")}
    if "parameters" in training.best:
        arrays["best.parameters"] = training.best["parameters"]
        for index, state in enumerate(training.best["states"]):
            arrays |= {f"best.{index}.{name}": array for name, array in state.items()}
    if training.probe is not None and training.probe.features:
        for index, record in enumerate(training.history.probes):
            if record.features is not None:
                arrays[f"features.{index}"] = record.features
    state = {
        "arguments": training.arguments(),
        "fingerprint": training.fingerprint,
        "epoch": training.epoch,
        "step": training.step,
        "best": best,
        "history": training.history.to_dict(),
        "observer": None if training.observer is None else training.observer.state(),
        "optimiser": _described("optimiser", optimiser, OPTIMISERS)
        | {"steps": optimiser.steps, "memory": optimiser.memory()},
    }
    return {"kind": "training", "network": document, "training": state}, arrays


def resume(
    path: str | Path,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    validation_data: tuple[ArrayLike, ArrayLike] | None = None,
    epochs: int | None = None,
    callback: Callable[[int, float], object] | None = None,
) -> tuple[Network, History]:
    """Go on with the training of a checkpoint; it ends with the same bits as one that was never interrupted.

    Parameters
    ----------
    path : path
        What `Network.fit` was given as ``checkpoint``; it goes on to be written.
    X, y, sample_weight, validation_data
        The same data as `Network.fit` was given. All other arguments are in the file.
    epochs : int, optional
        Another number of epochs in all, at least those finished. A training that ended has put the best parameters
        back, where it was to, and goes on from these.
    callback : callable, optional
        As for `Network.fit`.

    Returns
    -------
    network : Network
    history : History
        Of the whole training, the part before the checkpoint included.

    Raises
    ------
    ValueError, OSError, ModuleNotFoundError
        As `load`; for data that are not those of the checkpoint; as `Network.fit`.
    """
    document, arrays = read(path, "training")
    state = document["training"]
    network = _rebuilt(document["network"], arrays)
    rng = network.rng.bit_generator.state
    described = dict(state["optimiser"])
    steps, memory = described.pop("steps"), described.pop("memory")
    arguments = dict(state["arguments"])
    for name, kind in (("early_stopping", EarlyStopping), ("probe", Probe)):
        if arguments[name] is not None:
            arguments[name] = kind(**arguments[name])
    if arguments["class_weight"] is not None and not isinstance(arguments["class_weight"], str):
        arguments["class_weight"] = dict(arguments["class_weight"])
    training = Training(
        network,
        X,
        y,
        sample_weight=sample_weight,
        validation_data=validation_data,
        optimiser=_made(described, OPTIMISERS),
        checkpoint=path,
        callback=callback,
        **arguments,
    )
    if training.fingerprint != state["fingerprint"]:
        raise ValueError(
            f"X, y, sample_weight and validation_data must be those of the training in {path}: they differ"
        )
    if epochs is not None:
        if not isinstance(epochs, int) or epochs < state["epoch"]:
            raise ValueError(f"epochs must be an integer of at least the {state['epoch']} finished, got {epochs!r:.60}")
        training.epochs = epochs
    training.optimiser.steps = steps
    training.optimiser.remember(memory)
    for index, moments in enumerate(training.optimiser._state):
        moments[...] = arrays[f"optimiser.{index}"]
    training.epoch, training.step = state["epoch"], state["step"]
    training.order = arrays["training.order"]
    training.drawn = arrays.get("training.drawn")
    training.history = History.from_dict(state["history"])
    for index, record in enumerate(training.history.probes):
        if f"features.{index}" in arrays:
            object.__setattr__(record, "features", arrays[f"features.{index}"])
    if training.observer is not None:
        training.observer.restore(state["observer"], training.history.probes)
    training.best = dict(state["best"])
    if "best.parameters" in arrays:
        training.best["parameters"] = arrays["best.parameters"]
        training.best["states"] = [
            {name: arrays[f"best.{index}.{name}"] for name in of_layer} for index, of_layer in enumerate(network.states)
        ]
    network.rng.bit_generator.state = rng
    return network, training.run()
