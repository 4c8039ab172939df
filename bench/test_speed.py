"""Every activation, forward and backward, beside its peers and beside a copy of as many bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .agreement import agreeing, require_agreement
from .cases import HALF, Buffers, Case, size_label


def test_speed(case: Case, compete: Callable[..., None], libraries: list[str], benchmark: Any) -> None:
    benchmark.group = f"{case.form} {case.dtype} {size_label(case.size)}"
    buffers = Buffers(case)
    rivals = buffers.peers(libraries)
    if case.dtype == HALF:
        deviations = agreeing(buffers, rivals)
        rivals = {name: rivals[name] for name in deviations}
    else:
        deviations = require_agreement(buffers, rivals)
    compete(
        buffers.fastact() | buffers.copy() | rivals,
        kind="elementwise",
        activation=case.activation,
        form=case.form,
        dtype=case.dtype,
        size=case.size,
        deviations=deviations,
    )
