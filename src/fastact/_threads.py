"""How many threads `fastact.parallel` uses, on which of Numba's layers, and when it had better use none.

Numba's workqueue layer ends the process when two threads call it at once, and OpenMP ends a forked child: so parallel
calls need TBB or OpenMP, and a process that was not forked after threads were started. Everything is decided when the
first call is large enough.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import statistics
import sys
import threading
from typing import Any

from . import _parallel

# A call must be expected to take this many times what a dispatch costs. At 2 threads it gains half its time at most,
# so that twice is the break-even point; OpenMP's threads spin, and wait for one that another process holds up.
_MARGIN = {"tbb": 4.0, "omp": 20.0}
# Nanoseconds: no measurement of a dispatch is believed to be outside.
_LEAST, _MOST = 30e3, 5e6

_lock = threading.Lock()
_chosen: int | None = None  # by set_num_threads
_layer = ""  # of the threads that were started
_serial = ""  # why there are none


def _from_environment(name: str) -> int | None:
    """A positive number, or the first of several as in ``OMP_NUM_THREADS=4,2``; None if there is none."""
    first = os.environ.get(name, "").partition(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def usable_cpus() -> int:
    """The CPUs that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _pool() -> int:
    """The most threads that there can be: what Numba starts."""
    config = sys.modules.get("numba.core.config")
    return getattr(config, "NUMBA_NUM_THREADS", None) or _from_environment("NUMBA_NUM_THREADS") or usable_cpus()


def _default() -> int:
    own = os.environ.get("FASTACT_NUM_THREADS", "").strip()
    if own and (not own.isdecimal() or int(own) < 1):
        raise ImportError(f"FASTACT_NUM_THREADS={own}: must be a positive integer")
    asked = (_from_environment(f"{name}_NUM_THREADS") for name in ("FASTACT", "NUMBA", "OMP"))
    return min(next((number for number in asked if number), usable_cpus()), _pool())


def get_num_threads() -> int:
    """The number of threads that a large call of `fastact.parallel` uses at most.

    Returns
    -------
    int
        What was set by `set_num_threads`; else by the environment, FASTACT_NUM_THREADS, NUMBA_NUM_THREADS or
        OMP_NUM_THREADS, whichever comes first; else the number of CPUs that the process may run on. Never more than
        Numba has threads. ``numba.set_num_threads`` limits it further in the thread that calls it.
    """
    return _parallel.state()["limit"]


def set_num_threads(n: int) -> None:
    """Set the number of threads that large calls of `fastact.parallel` use at most, in all threads of the process.

    Parameters
    ----------
    n : int
        At least 1, which means serial. No more are used than Numba has threads (NUMBA_NUM_THREADS, by default the
        number of CPUs that the process may run on).

    Raises
    ------
    TypeError
        If n is not an integer.
    ValueError
        If n is less than 1.
    """
    global _chosen  # noqa: PLW0603
    from ._arguments import integer

    number = integer("n", n)
    if number < 1:
        raise ValueError(f"n must be at least 1, got {number}")
    _chosen = number
    _parallel.configure(limit=min(number, _pool()))


def describe() -> str:
    """What large calls do, in words."""
    if not _parallel.state()["limit"]:
        try:
            prepare()
        except ImportError as error:
            return f"cannot be imported: {error}"
    state = _parallel.state()
    if _serial:
        return f"serial: {_serial}"
    if state["limit"] == 1:
        return "serial: limited to 1 thread"
    if not _layer:
        return f"{state['limit']} threads, not started yet"
    return f"{state['limit']} threads by {_layer}, for calls of {state['threshold'] / 1e3:.0f} us or more"


def _give_up(reason: str) -> None:
    global _serial  # noqa: PLW0603
    _serial = reason
    _parallel.configure(serial=True)


def _started_by_numba() -> bool:
    return getattr(sys.modules.get("numba.np.ufunc.parallel"), "_is_initialized", False)


def _after_fork() -> None:
    """In the child: threads do not survive a fork, and nobody holds the lock any more."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    if (_layer or _started_by_numba()) and not _serial:
        _give_up("forked after threads were started")


os.register_at_fork(after_in_child=_after_fork)


def preload_tbb() -> None:
    """Let Numba's TBB layer find the library of the ``tbb`` package, which no loader looks for where pip puts it."""
    import ctypes

    name = "libtbb.12.dylib" if sys.platform == "darwin" else "libtbb.so.12"
    for place in (name, os.path.join(sys.prefix, "lib", name)):  # the system's first
        with contextlib.suppress(OSError):
            ctypes.CDLL(place, mode=ctypes.RTLD_GLOBAL)
            return


def _available(layer: str) -> bool:
    """Whether Numba could load one of its layers, without starting it."""
    from numba.np.ufunc import parallel

    try:
        if layer == "tbb":
            parallel._check_tbb_version_compatible()
        importlib.import_module(f"numba.np.ufunc.{layer if layer == 'workqueue' else layer + 'pool'}")
    except ImportError:
        return False
    return True


def coming_layer() -> str:
    """The layer that Numba runs, or would start: the first one that is there of those its configuration allows."""
    import numba

    if _started_by_numba():
        return numba.threading_layer()
    config: Any = importlib.import_module("numba.core.config")
    asked = str(config.THREADING_LAYER).lower()
    allowed = {
        "default": tuple(config.THREADING_LAYER_PRIORITY),
        "safe": ("tbb",),
        "threadsafe": ("tbb", "omp"),
        "forksafe": ("tbb", "workqueue") if sys.platform == "linux" else ("tbb", "omp", "workqueue"),
    }.get(asked, (asked,))
    return next((layer for layer in allowed if _available(layer)), asked)


def start() -> None:
    """Start Numba's threads and measure what a dispatch costs; or find that there is no safe way to have threads."""
    with _lock:
        if _layer or _serial:
            return
        try:
            _start()
        except Exception as error:  # whatever it is: a call can be answered without threads
            _give_up(f"{type(error).__name__}: {error}")


def _start() -> None:
    global _layer  # noqa: PLW0603
    if usable_cpus() < 2:
        # Threads gain nothing. And TBB has no worker for the task by which Numba starts it, so that a process which has
        # forked waits for that at its exit, for ever.
        _give_up("one CPU only")
        return
    preload_tbb()
    import numba

    from . import _driver

    layer = coming_layer()
    if layer not in _MARGIN or not _available(layer):
        why = "is not safe" if layer == "workqueue" else "is not there"
        _give_up(f"Numba's layer {layer!r} {why}; TBB (pip install tbb) is")
        return
    drive = _driver.make()
    threads = numba.get_num_threads()
    drive(_parallel.work_address, _parallel.empty_task(threads), threads)
    limit = min(_chosen, _pool()) if _chosen else _default()
    _parallel.configure(limit=limit, threshold=_threshold(drive, layer), mask=numba.get_num_threads, drive=drive)
    _layer = layer
    _register_with_threadpoolctl()


def _threshold(drive: Any, layer: str) -> float:
    """The nanoseconds from which on a call is dispatched."""
    from time import perf_counter_ns

    task, times = _parallel.empty_task(2), []
    for _ in range(21):
        begun = perf_counter_ns()
        drive(_parallel.work_address, task, 2)
        times.append(perf_counter_ns() - begun)
    return min(max(_MARGIN[layer] * statistics.median(times), _LEAST), _MOST)


def _register_with_threadpoolctl() -> None:
    """Let ``threadpoolctl.threadpool_limits`` limit these threads, where it is installed."""
    try:
        import threadpoolctl
    except ImportError:
        return

    class FastactController(threadpoolctl.LibController):
        """These threads, as threadpoolctl sees them."""

        user_api = "fastact"
        internal_api = "fastact"
        filename_prefixes = ("_parallel",)
        check_symbols = ("fastact_parallel_limit",)

        def get_num_threads(self) -> int:
            return get_num_threads()

        def set_num_threads(self, num_threads: int) -> None:
            set_num_threads(num_threads)

        def get_version(self) -> str:
            from ._build_info import version

            return version

    threadpoolctl.register(FastactController)


def prepare() -> None:
    """Read the environment. ImportError if it says something wrong of FASTACT_NUM_THREADS."""
    _parallel.configure(limit=_default(), start=start)
