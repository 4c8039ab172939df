"""Whether every installed peer computes what fastact computes: ``python -m bench.agreement``.

Nothing is timed that has not agreed on the very arrays of its case, and ``tests/test_peers.py`` holds the same for a
grid of inputs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastact

from . import peers
from .cases import DTYPES, FASTACT, Buffers, Contestant, cases

SAMPLE = 65_536


class DisagreementError(ValueError):
    """A peer's result differs from fastact's by more than its tolerance."""


@dataclass(frozen=True)
class Finding:
    """How far a peer is from fastact: the largest deviation, in units of ``eps * max(1, abs(result))``, and where."""

    case: str
    contestant: str
    deviation: float
    at: float
    tolerance: float
    within: tuple[float, float]

    @property
    def agrees(self) -> bool:
        """Whether the deviation is a number and within the tolerance."""
        return self.deviation <= self.tolerance

    def __str__(self) -> str:
        verdict = "agrees with" if self.agrees else "DIFFERS from"
        return (
            f"{self.case}: {self.contestant} {verdict} fastact: {self.deviation:.3g} eps at x = {self.at:.9g}, "
            f"allowed {self.tolerance:g} on [{self.within[0]:g}, {self.within[1]:g}]"
        )


def grid(activation: str, dtype: str, within: tuple[float, float] = peers.RANGE) -> NDArray[Any]:
    """Inputs to agree on: evenly spaced, and close to zero and to every kink on both sides.

    Parameters
    ----------
    activation : str
        Name of a row.
    dtype : str
        ``"float32"`` or ``"float64"``.
    within : tuple of float
        Closed range.

    Returns
    -------
    ndarray of shape (n,)
        Without the kinks themselves.
    """
    kinks = np.array([0.0, *fastact.activations[activation].kinks_at()])
    steps = np.concatenate([-(2.0 ** np.arange(-20, 1)), 2.0 ** np.arange(-20, 1)])
    x = np.concatenate([np.linspace(*within, 2001), np.add.outer(kinks, steps).ravel()])
    x = np.unique(x.astype(dtype))
    return x[(x >= within[0]) & (x <= within[1]) & ~np.isin(x, kinks)]


def _sample(buffers: Buffers, name: str, contestant: Contestant) -> NDArray[Any]:
    """Run a contestant, and take the elements that are compared from its result, as float64."""
    x, out = buffers.arrays["x"], buffers.arrays["out"]
    out.fill(np.nan)
    result = np.asarray(contestant.run(*contestant.arguments))
    if result.shape != x.shape or result.dtype != x.dtype:
        raise DisagreementError(
            f"{buffers.case}: {name} gives {result.dtype} of shape {result.shape}, not {x.dtype} of {x.shape}"
        )
    return _chosen(result)


def _chosen(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array[:SAMPLE], array[SAMPLE:][-1000:]]).astype(np.float64)


def compare(buffers: Buffers, contestants: Mapping[str, Contestant]) -> list[Finding]:
    """Run peers and fastact on the buffers of a case, and say how far apart they are.

    Compared are the first 65 536 elements and the last 1 000, so that neither a wrong tail nor the time it takes to
    look at ten million numbers goes unnoticed.

    Parameters
    ----------
    buffers : Buffers
        Of the case.
    contestants : mapping of str to Contestant
        Peers bound to the buffers, by name.

    Returns
    -------
    list of Finding
        One for each. A NaN or infinity on one side only is an infinite deviation, as is nothing to compare.

    Raises
    ------
    DisagreementError
        If a result has another shape or dtype than x.
    """
    case = buffers.case
    ours = _sample(buffers, FASTACT, buffers.fastact()[FASTACT])
    x = _chosen(buffers.arrays["x"])
    smooth = ~np.isin(x, [0.0, *fastact.activations[case.activation].kinks_at()])
    findings = []
    for name, contestant in contestants.items():
        peer = contestant.peer
        if peer is None:
            raise TypeError(f"contestants must be peers, got {name}")
        theirs = _sample(buffers, name, contestant)
        with np.errstate(invalid="ignore"):
            deviation = np.abs(theirs - ours) / (np.finfo(case.dtype).eps * np.maximum(1.0, np.abs(ours)))
        deviation[theirs == ours] = 0.0
        deviation[np.isnan(deviation)] = np.inf
        deviation[~(smooth & (x >= peer.within[0]) & (x <= peer.within[1]))] = -1.0
        worst = int(np.argmax(deviation))
        found = float(deviation[worst]) if deviation[worst] >= 0 else np.inf
        findings.append(Finding(str(case), name, found, float(x[worst]), peer.tolerance, peer.within))
    return findings


def require_agreement(buffers: Buffers, peers_bound: Mapping[str, Contestant]) -> dict[str, float]:
    """Deviation of every peer, in units of ``eps * max(1, abs(result))``.

    Raises
    ------
    DisagreementError
        If one does not agree; the message names all of them.
    """
    findings = compare(buffers, peers_bound)
    wrong = [str(finding) for finding in findings if not finding.agrees]
    if wrong:
        raise DisagreementError("\n".join(wrong))
    return {finding.contestant: finding.deviation for finding in findings}


def agreeing(buffers: Buffers, peers_bound: Mapping[str, Contestant]) -> dict[str, float]:
    """As `require_agreement`, of those peers that work and agree: in float16 many overflow or lose too many digits."""
    found = {}
    for name, contestant in peers_bound.items():
        try:
            (finding,) = compare(buffers, {name: contestant})
        except (DisagreementError, TypeError, RuntimeError, RuntimeWarning):  # it has no float16, or overflows
            continue
        if finding.agrees:
            found[name] = finding.deviation
    return found


def survey(libraries: Sequence[str] = peers.LIBRARIES) -> list[Finding]:
    """Every installed peer of the given libraries on the grid of each activation, each on its own range."""
    findings = []
    for case in cases(peers.COMPARED, DTYPES, sizes=(1,)):
        ranges = {peer.within for peer in peers.peers_of(case.activation, case.form).values()}
        for within in sorted(ranges):
            buffers = Buffers(case, grid(case.activation, case.dtype, within))
            bound = buffers.peers(libraries).items()
            findings += compare(buffers, {name: c for name, c in bound if c.peer and c.peer.within == within})
    return findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for every peer; status 1 if one does not agree."""
    parser = argparse.ArgumentParser(prog="python -m bench.agreement", description=__doc__)
    parser.add_argument("libraries", nargs="*", default=peers.LIBRARIES, choices=[*peers.LIBRARIES, peers.LIBRARIES])
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    missing = [library for library in options.libraries if not peers.installed(library)]
    findings = survey(options.libraries)
    if options.json:
        json.dump({"missing": missing, "findings": [asdict(finding) for finding in findings]}, sys.stdout)
        return 0
    for finding in findings:
        print(finding)
    wrong = sum(not finding.agrees for finding in findings)
    print(f"{len(findings)} compared, {wrong} differ; not installed: {', '.join(missing) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
