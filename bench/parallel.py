"""``fastact.parallel`` beside the serial functions and PyTorch on as many threads: ``python -m bench.parallel``.

Prints, for every size, how many times faster the parallel call is than the serial one and than PyTorch's, as Markdown;
then the geometric mean and the least of each. All contestants of a cell run in one process and in turns, after it was
seen that they agree. Between two turns the process is busy for a while: OpenMP's threads, which PyTorch has, spin on
after a call, and would take a CPU from whoever comes next.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import fastact

from . import peers
from .agreement import require_agreement
from .cases import COPY, Buffers, Case, Contestant, size_label
from .interleave import Turns, geometric_mean
from .peers.entry import DTYPES
from .report import number, table

ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "elu", "gelu", "silu", "softplus", "mish")
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
PARALLEL, SERIAL = "parallel", "serial"
SETTLE = 12e-3
TURN = 5e-3
# Where the serial call takes longer than so many copies of as many bytes, memory does not bound two threads.
COMPUTING = 2.5


class Bystanders:
    """How many CPUs other processes used since it was made: a parallel time means little where they had any."""

    def __init__(self) -> None:
        self._since = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        """Seconds by the clock, and of processor time that others used."""
        try:
            first = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        except OSError:  # not on macOS
            return time.perf_counter(), math.nan
        user, nice, system, _, _, irq, soft, steal = map(int, first)
        busy = (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")
        return time.perf_counter(), busy - time.process_time()

    def __str__(self) -> str:
        clock, used = (now - then for now, then in zip(self._now(), self._since, strict=True))
        return f"Other processes used {max(0.0, used / clock):.2f} CPUs meanwhile."


def contestants(case: Case, threads: int) -> dict[str, Contestant]:
    """The parallel and the serial function, a copy of as many bytes, and PyTorch where it has the function."""
    buffers = Buffers(case)
    rivals = buffers.peers(("torch",)) if peers.installed("torch") else {}
    require_agreement(buffers, rivals)
    if rivals:
        peers.torch.set_num_threads(threads)
    inputs, out = tuple(buffers.arrays[name] for name in case.inputs), buffers.arrays["out"]
    own = {}
    for name, module in ((PARALLEL, fastact.parallel), (SERIAL, fastact)):
        function = getattr(getattr(module, case.activation), case.form, None) or getattr(module, case.activation)
        function(*inputs, out=out)
        own[name] = out.tobytes()

        def run(*given: Any, function: Any = function) -> None:
            *operands, out = given
            function(*operands, out=out)

        rivals[name] = Contestant(run, (*inputs, out))
    if own[PARALLEL] != own[SERIAL]:
        raise ValueError(f"{case}: the parallel result has other bits than the serial one")
    return rivals | buffers.copy()


def measure(case: Case, threads: int, seconds: float) -> dict[str, float]:
    """Times of the contestants over that of the parallel call, and of the serial call over that of a copy."""
    turns = Turns(
        {name: (contestant.run, contestant.arguments) for name, contestant in contestants(case, threads).items()},
        turn=TURN,
        settle=SETTLE,
    )
    for _ in range(turns.rounds_within(seconds)):
        turns.round()
    found = {name: figures["ratio"]["median"] for name, figures in turns.summary(PARALLEL).items()}
    torch = [ratio for name, ratio in found.items() if peers.package_of(name) == "torch"]
    return {"serial": found[SERIAL], "copies": found[SERIAL] / found[COPY]} | ({"torch": min(torch)} if torch else {})


def summary(title: str, ratios: dict[str, float]) -> str:
    """One line on ratios by case."""
    if not ratios:
        return f"- {title}: none"
    least = min(ratios, key=ratios.__getitem__)
    mean = geometric_mean(list(ratios.values()))
    return f"- {title}: geometric mean {mean:.2f}, least {ratios[least]:.2f} ({least}), of {len(ratios)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.parallel", description=__doc__.partition("\n")[0])
    parser.add_argument("activations", nargs="*", help=f"names of the catalogue; {', '.join(ACTIVATIONS)} by default")
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=SIZES)
    parser.add_argument("--dtypes", nargs="+", default=DTYPES, choices=DTYPES)
    parser.add_argument("--forms", nargs="+", default=("value", "backward"), choices=peers.FORMS)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each cell")
    options = parser.parse_args(arguments)
    for name in options.activations:
        if name not in fastact.activations:
            parser.error(f"activations must be among {', '.join(fastact.activations)}, got {name!r}")
    fastact.parallel.gelu(np.zeros(10_000_000, np.float32))  # starts the threads
    threads = fastact.parallel.get_num_threads()
    print(f"fastact.parallel: {fastact.show_config('dict')['fastact.parallel']}\n")
    rows, cells, bystanders = [], {}, Bystanders()
    for name in options.activations or ACTIVATIONS:
        for form in options.forms:
            if form not in {form.name for form in fastact.activations[name].forms}:
                continue
            for dtype in options.dtypes:
                row = [f"`{name}`", form, dtype]
                for size in options.sizes:
                    case = Case(name, form, dtype, size)
                    cell = cells[case] = measure(case, threads, options.seconds)
                    row.append(f"{number(cell['serial'])} / {number(cell['torch']) if 'torch' in cell else '-'}")
                rows.append(row)
    head = ["activation", "form", "dtype", *(size_label(size) for size in options.sizes)]
    print(f"{bystanders}\n")
    print(f"Times faster than serial / than PyTorch, {threads} threads each:\n\n{table(head, rows)}\n")
    largest = max(options.sizes)
    print(summary("than serial, every size", {str(case): cell["serial"] for case, cell in cells.items()}))
    computing = {
        str(case): cell["serial"] for case, cell in cells.items() if case.size == largest and cell["copies"] > COMPUTING
    }
    print(summary(f"than serial at {size_label(largest)}, where it takes over {COMPUTING} copies", computing))
    print(summary("than PyTorch", {str(case): cell["torch"] for case, cell in cells.items() if "torch" in cell}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
