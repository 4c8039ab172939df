"""Every installed peer of ``bench/peers`` computes what fastact computes: nothing is timed that does not agree."""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastact
from bench import peers
from bench.agreement import DisagreementError, Finding, compare, grid, require_agreement
from bench.cases import DTYPES, Buffers, Case, Contestant
from bench.peers import COMPARED, CONSTANTS, PEERS, Peer, package_of, peers_of

ROOT = Path(__file__).parents[1]
ENTRIES = [
    pytest.param(activation, form.name, name, id=f"{activation}-{form.name}-{name.replace(' ', '_')}")
    for activation, row in fastact.activations.items()
    for form in row.forms
    if form.name in COMPARED
    for name in peers_of(activation, form.name)
]
NUMEXPR_FUNCTIONS = {"where", "exp", "expm1", "log1p", "tanh", "sqrt", "abs", "sin", "cos", "arctan"}


@functools.cache
def findings(library: str) -> dict[tuple[str, str], Finding]:
    """What ``python -m bench.agreement`` finds for one library, by case and contestant.

    In its own process: the frameworks bring thread pools and fork handlers that other tests must not meet.
    """
    command = [sys.executable, "-m", "bench.agreement", library, "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    found = [Finding(**finding) for finding in json.loads(run.stdout)["findings"]]
    return {(finding.case, finding.contestant): finding for finding in found}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("activation", "form", "name"), ENTRIES)
def test_peer_agrees(activation: str, form: str, name: str, dtype: str) -> None:
    library = package_of(name)
    if not peers.installed(library):
        pytest.skip(f"{library} is not installed")
    if dtype not in peers_of(activation, form)[name].dtypes:
        pytest.skip(f"not right in {dtype}, says the table")
    finding = findings(library)[str(Case(activation, form, dtype, 1)), name]
    assert finding.agrees, str(finding)


def test_table_names_only_rows_and_their_forms() -> None:
    assert set(PEERS) <= set(fastact.activations)
    for activation, forms in PEERS.items():
        assert set(forms) <= {form.name for form in fastact.activations[activation].forms} & set(COMPARED), activation


@pytest.mark.parametrize("activation", list(fastact.activations))
def test_every_form_of_a_row_has_a_peer(activation: str) -> None:
    for form in fastact.activations[activation].forms:
        if form.name in COMPARED:
            assert peers_of(activation, form.name), form.name


@pytest.mark.parametrize(("activation", "form", "name"), ENTRIES)
def test_entry_is_well_formed(activation: str, form: str, name: str) -> None:
    peer = peers_of(activation, form)[name]
    row = fastact.activations[activation]
    assert package_of(name) in peers.LIBRARIES
    assert peer.tolerance <= 256, "a peer that needs more than this computes something else"
    assert peer.within[0] <= -8, "at least this range"
    assert peer.within[1] >= 8
    inputs = set(next(f for f in row.forms if f.name == form).inputs)
    inputs |= {"grad"} if form == "derivative" else set()  # it is of ones
    if isinstance(peer.entry, str):
        assert package_of(name) == "numexpr"
        allowed = inputs | set(row.defaults) | set(CONSTANTS) | NUMEXPR_FUNCTIONS
        assert set(compile(peer.entry, name, "eval").co_names) <= allowed
    else:
        scratch = set() if package_of(name) == "jax" else {"out", "tmp", "mask"}
        assert set(inspect.signature(peer.entry).parameters) <= inputs | scratch | set(row.defaults)


def test_row_without_peers_is_a_case_without_peers() -> None:
    assert peers_of("no such row", "value") == {}


def test_unknown_library_is_refused() -> None:
    with pytest.raises(ValueError, match=r"library must be one of numpy, .* got 'theano'"):
        peers.load("theano")


@pytest.fixture
def buffers() -> Buffers:
    return Buffers(Case("sigmoid", "value", "float32", 1), grid("sigmoid", "float32"))


def contestant(buffers: Buffers, entry: Any, **limits: Any) -> Contestant:
    return Contestant(entry, (buffers.arrays["x"],), Peer(entry, **limits))


def agrees(buffers: Buffers, peer: Contestant) -> bool:
    (finding,) = compare(buffers, {"numpy": peer})
    return finding.agrees


def right(x: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(np.float32)


def with_nan_last(x: np.ndarray) -> np.ndarray:
    result = right(x)
    result[-1] = np.nan
    return result


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: right(np.float32(1.001) * x),
        lambda x: right(x) + np.float32(2e-6),
        with_nan_last,
        lambda x: right(x).astype(np.float64),
        lambda x: right(x)[:-1],
        np.zeros_like,
    ],
    ids=["scaled", "shifted by 17 eps", "one NaN", "other dtype", "one short", "zeros"],
)
def test_wrong_peer_is_refused(buffers: Buffers, wrong: Any) -> None:
    with pytest.raises(DisagreementError, match="sigmoid-value-float32"):
        require_agreement(buffers, {"numpy": contestant(buffers, wrong)})


def test_right_peer_is_accepted(buffers: Buffers) -> None:
    deviations = require_agreement(buffers, {"numpy": contestant(buffers, right)})
    assert 0 <= deviations["numpy"] <= 1


def test_peer_that_leaves_the_output_as_it_was_is_refused(buffers: Buffers) -> None:
    lazy = Contestant(lambda out: out, (buffers.arrays["out"],), Peer(lambda out: out))
    buffers.arrays["out"][:] = right(buffers.arrays["x"])
    assert not agrees(buffers, lazy)


def test_only_the_stated_range_counts(buffers: Buffers) -> None:
    def wrong_beyond_ten(x: np.ndarray) -> np.ndarray:
        return np.where(np.abs(x) > 10, np.float32(7), right(x))

    assert not agrees(buffers, contestant(buffers, wrong_beyond_ten))
    assert agrees(buffers, contestant(buffers, wrong_beyond_ten, within=(-10.0, 10.0)))


def test_a_range_without_data_is_no_agreement(buffers: Buffers) -> None:
    assert not agrees(buffers, contestant(buffers, right, within=(50.0, 60.0)))


def test_the_tail_of_a_large_case_counts() -> None:
    large = Buffers(Case("sigmoid", "value", "float32", 200_000))
    assert agrees(large, contestant(large, right))
    assert not agrees(large, contestant(large, with_nan_last))


@pytest.mark.parametrize("activation", list(fastact.activations))
@pytest.mark.parametrize("dtype", DTYPES)
def test_grid_avoids_kinks_and_comes_close(activation: str, dtype: str) -> None:
    x = grid(activation, dtype)
    assert x.dtype == dtype
    assert x.min() == peers.RANGE[0]
    assert x.max() == peers.RANGE[1]
    for kink in fastact.activations[activation].kinks_at():
        assert not np.any(x == kink)
        assert np.any((x > kink) & (x < kink + 1e-5))
        assert np.any((x < kink) & (x > kink - 1e-5))
