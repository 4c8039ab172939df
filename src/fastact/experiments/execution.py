"""Rows of an experiment computed by joblib: in this process, in several, or on a cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any


def computed(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], n_jobs: int | None
) -> Generator[Any, None, None]:
    """The results of a function for each of some tuples of arguments, in the order in which they are ready.

    Parameters
    ----------
    function : callable
        Of a module, so that other processes find it.
    calls : sequence of tuples
        Arrays among the arguments reach each process once.
    n_jobs : int, optional
        As joblib's: by default what ``joblib.parallel_config`` says, or 1.

    Raises
    ------
    ModuleNotFoundError
        Without joblib.
    """
    import joblib

    if n_jobs is not None and n_jobs > len(calls):
        n_jobs = max(1, len(calls))  # joblib would start a process for each all the same
    tasks = (joblib.delayed(_called)(function, arguments) for arguments in calls)
    # Closed at once when its consumer stops, or is stopped: processes would go on with what nobody waits for.
    with contextlib.closing(joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks)) as results:
        yield from results


class _OneThread:
    """The limit on BLAS threads, which is the process's: it stays until the last thread that needs it has left."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.limits: Any = None

    @contextlib.contextmanager
    def __call__(self) -> Generator[None, None, None]:
        from threadpoolctl import threadpool_limits

        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.limits = threadpool_limits(1)
        try:
            yield
        finally:
            with self.lock:
                self.inside -= 1
                if self.inside == 0:
                    self.limits.restore_original_limits()


one_blas_thread = _OneThread()
"""A context with one BLAS thread: matrices of these sizes gain nothing from more, and sums split over several would
round otherwise."""


def _called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    # Ctrl-C reaches every process of a terminal. The one that waits says so and stops the others, which would each
    # print where they were.
    if multiprocessing.current_process().name.startswith("LokyProcess"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return function(*arguments)
