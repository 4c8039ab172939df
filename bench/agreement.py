"""Whether every installed peer computes what fastact computes: ``python -m bench.agreement``.

Nothing is timed that has not agreed on the very arrays of its case, and ``tests/test_peers.py`` holds the same for a
grid of inputs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
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
    kinks = np.array([0.0, *fastact.activations[activation].kinks])
    steps = np.concatenate([-(2.0 ** np.arange(-20, 1)), 2.0 ** np.arange(-20, 1)])
    x = np.concatenate([np.linspace(*within, 2001), np.add.outer(kinks, steps).ravel()])
    x = np.unique(x.astype(dtype))
    return x[(x >= within[0]) & (x <= within[1]) & ~np.isin(x, kinks)]


def compare(buffers: Buffers, name: str, contestant: Contestant) -> Finding:
    """Run one peer and fastact on the buffers of a case, and say how far they are apart.

    Compared are the first 65 536 elements and the last 1 000, so that neither a wrong tail nor the time it takes to
    look at ten million numbers goes unnoticed.

    Parameters
    ----------
    buffers : Buffers
        Of the case.
    name : str
        The contestant's name, for the finding.
    contestant : Contestant
        A peer bound to the buffers.

    Returns
    -------
    Finding
        A NaN on one side only, or a result of another shape or dtype, is a deviation of infinity.
    """
    peer = contestant.peer
    if peer is None:
        raise TypeError(f"contestant must be a peer, got {name}")
    x, case = buffers.arrays["x"], buffers.case
    own = buffers.fastact()[FASTACT]

    def sample(result: Any) -> NDArray[Any]:
        result = np.asarray(result)
        if result.shape != x.shape or result.dtype != x.dtype:
            raise DisagreementError(
                f"{case}: {name} gives {result.dtype} of shape {result.shape}, not {x.dtype} of {x.shape}"
            )
        return np.concatenate([result[:SAMPLE], result[SAMPLE:][-1000:]]).astype(np.float64)

    buffers.arrays["out"].fill(np.nan)
    theirs = sample(contestant.run(*contestant.arguments))
    buffers.arrays["out"].fill(np.nan)
    ours = sample(own.run(*own.arguments))
    at = sample(x)
    counted = (at >= peer.within[0]) & (at <= peer.within[1])
    counted &= ~np.isin(at, [0.0, *fastact.activations[case.activation].kinks])
    theirs, ours, at = theirs[counted], ours[counted], at[counted]
    deviation = np.abs(theirs - ours) / (np.finfo(case.dtype).eps * np.maximum(1.0, np.abs(ours)))
    deviation[~np.isfinite(deviation)] = np.inf
    worst = int(np.argmax(deviation)) if deviation.size else 0
    found = (float(deviation[worst]), float(at[worst])) if deviation.size else (np.inf, np.nan)
    return Finding(str(case), name, *found, peer.tolerance, peer.within)


def require_agreement(buffers: Buffers, contestants: dict[str, Contestant]) -> dict[str, float]:
    """Deviation of every peer, in units of ``eps * max(1, abs(result))``.

    Raises
    ------
    DisagreementError
        If one does not agree; the message names all of them.
    """
    findings = [compare(buffers, name, contestant) for name, contestant in contestants.items() if contestant.peer]
    wrong = [str(finding) for finding in findings if not finding.agrees]
    if wrong:
        raise DisagreementError("\n".join(wrong))
    return {finding.contestant: finding.deviation for finding in findings}


def survey(libraries: Sequence[str] = peers.LIBRARIES) -> list[Finding]:
    """Every installed peer of the given libraries on the grid of each activation, each on its own range."""
    findings = []
    for case in cases(dtypes=DTYPES, sizes=(1,)):
        ranges = {peer.within for peer in peers.peers_of(case.activation, case.form).values()}
        for within in sorted(ranges):
            buffers = Buffers(case, grid(case.activation, case.dtype, within))
            findings += [
                compare(buffers, name, contestant)
                for name, contestant in buffers.peers(libraries).items()
                if contestant.peer is not None and contestant.peer.within == within
            ]
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
