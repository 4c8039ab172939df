"""``fastact.parallel`` in processes of their own: threads, forks, layers, the environment and the cache on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastact import _threads

LAYERS = ("tbb", "omp", "workqueue")
SECONDS = 200

if _threads.usable_cpus() < 2:
    pytest.skip("one CPU only: there is nothing to run in parallel", allow_module_level=True)

BEGINNING = """
import faulthandler, os, sys, threading
import numpy as np
import fastact
from fastact import _parallel, _threads

faulthandler.enable()
x = np.random.default_rng(0).normal(0, 3, 20_000).astype(np.float32)
wanted = fastact.gelu(x)
def right(result):
    return np.array_equal(result.view(np.uint32), wanted.view(np.uint32))
def count():
    return _parallel.state()["calls"]
def begin():
    _threads.start()
    fastact.parallel.set_num_threads(2)
    _parallel.configure(threshold=0.0)
"""


def run(code: str, tmp_path: Path, **environment: str) -> str:
    """What a script prints; an error if it fails, hangs or says anything on stderr."""
    script = tmp_path / "script.py"
    script.write_text(BEGINNING + code)
    ours = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=SECONDS,
        env={**ours, **environment},
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.strip()


CROWD = """
begin()
wrong = []
def calls():
    for i in range(1000):
        if not right(fastact.parallel.gelu(x)):
            wrong.append(i)
threads = [threading.Thread(target=calls) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(wrong), count(), _threads.describe())
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_eight_threads_call_at_once(layer: str, tmp_path: Path):
    # OpenMP's threads spin by default, and eight pairs of them for each other's CPU: it works, but takes a minute.
    wrong, parallel, said = run(CROWD, tmp_path, NUMBA_THREADING_LAYER=layer, OMP_WAIT_POLICY="passive").split(" ", 2)
    assert wrong == "0"
    if layer == "workqueue":
        assert (parallel, said) == ("0", "serial: Numba's layer 'workqueue' is not safe; TBB (pip install tbb) is")
    else:
        assert parallel == "8000"
        assert said.startswith(f"2 threads by {layer}")


FORK = """
begin()
assert right(fastact.parallel.gelu(x))
before = count()
def child():
    before = count()
    assert right(fastact.parallel.gelu(x)) and count() == before
    assert fastact.show_config("dict")["fastact.parallel"].startswith("serial: "), _threads.describe()
    fastact.parallel.set_num_threads(2)
    assert right(fastact.parallel.gelu(x)) and count() == before
for _ in range(3):
    process = os.fork()
    if process == 0:
        try:
            child()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    assert right(fastact.parallel.gelu(x))
print(count() - before)
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_fork_after_use(layer: str, tmp_path: Path):
    expected = "0" if layer == "workqueue" else "3"
    assert run(FORK, tmp_path, NUMBA_THREADING_LAYER=layer) == expected


@pytest.mark.parametrize("layer", LAYERS)
def test_fork_before_use(layer: str, tmp_path: Path):
    code = """
process = os.fork()
if process == 0:
    begin()
    os._exit(0 if right(fastact.parallel.gelu(x)) and count() == (sys.argv[1:] == []) * int(EXPECTED) else 1)
print(os.waitpid(process, 0)[1])
""".replace("EXPECTED", "0" if layer == "workqueue" else "1")
    assert run(code, tmp_path, NUMBA_THREADING_LAYER=layer) == "0"


POOLS = """
import multiprocessing
def task(i):
    begin()
    return right(fastact.parallel.gelu(x)) and count() > 0
if __name__ == "__main__":
    begin()
    assert right(fastact.parallel.gelu(x))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(all(pool.map(task, range(4))))
"""


def test_spawn_after_use(tmp_path: Path):
    assert run(POOLS, tmp_path) == "True"


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(backend: str, tmp_path: Path):
    pytest.importorskip("joblib", reason="joblib is not installed")
    code = f"""
import joblib
if __name__ == "__main__":
    begin()
    assert right(fastact.parallel.gelu(x))
    results = joblib.Parallel(2, backend="{backend}")(joblib.delayed(fastact.parallel.gelu)(x) for _ in range(200))
    print(all(map(right, results)))
"""
    assert run(code, tmp_path) == "True"


def test_inside_a_parallel_loop_of_numba(tmp_path: Path):
    code = """
import numba
@numba.njit(parallel=True)
def loop(n):
    good = np.zeros(n, np.int64)
    for i in numba.prange(n):
        with numba.objmode(one="int64"):
            one = int(right(fastact.parallel.gelu(x)))
        good[i] = one
    return good.sum()
begin()
assert right(fastact.parallel.gelu(x))
print(loop(16))
"""
    assert run(code, tmp_path) == "16"


# What is loaded, and when ---------------------------------------------------------------------------------------------


def test_nothing_is_loaded_before_a_large_call(tmp_path: Path):
    code = """
assert "fastact.parallel" not in sys.modules
threads = threading.active_count(), len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
assert right(fastact.parallel.gelu(x))
small = fastact.parallel.softmax(x.reshape(200, 100))
assert not {"numba", "scipy", "threadpoolctl"} & set(sys.modules)
assert threads[0] == threading.active_count()
print(fastact.show_config("dict")["fastact.parallel"])
"""
    assert run(code, tmp_path).endswith(" threads, not started yet")


def test_the_driver_is_cached(tmp_path: Path):
    code = """
begin()
fastact.parallel.gelu(x)
stats = _parallel.state()["drive"].stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""
    cache = tmp_path / "cache"
    assert [run(code, tmp_path, NUMBA_CACHE_DIR=str(cache)) for _ in range(2)] == ["0 1", "1 0"]
    assert list(cache.rglob("*.nbc"))


@pytest.mark.parametrize("place", ["/dev/null/cache", "read-only"])
def test_a_cache_that_cannot_be_written(place: str, tmp_path: Path):
    if place == "read-only":
        directory = tmp_path / "cache"
        directory.mkdir()
        directory.chmod(0o500)
        place = str(directory)
    code = "begin()\nprint(right(fastact.parallel.gelu(x)), count())"
    assert run(code, tmp_path, NUMBA_CACHE_DIR=place) == "True 1"


def test_a_cache_on_a_full_disk(tmp_path: Path):
    code = """
import resource
from numba.np.ufunc import parallel as numba_parallel
numba_parallel._set_init_process_lock()  # is a file too
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
begin()
print(right(fastact.parallel.gelu(x)), count())
"""
    assert run(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "new")) == "True 1"


# The number of threads ------------------------------------------------------------------------------------------------

CPUS = _threads.usable_cpus()


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({}, CPUS),
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "2,4"}, 2),
        ({"OMP_NUM_THREADS": "nonsense"}, CPUS),
        ({"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2"}, 2),
        ({"OMP_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "1", "FASTACT_NUM_THREADS": "2"}, 2),
        ({"NUMBA_NUM_THREADS": "2", "FASTACT_NUM_THREADS": "1"}, 1),
        ({"NUMBA_NUM_THREADS": "3", "FASTACT_NUM_THREADS": "8"}, 3),
    ],
)
def test_the_environment_limits_threads(environment: dict[str, str], threads: int, tmp_path: Path):
    assert run("print(fastact.parallel.get_num_threads())", tmp_path, **environment) == str(threads)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system knows no affinity")
@pytest.mark.parametrize("layer", ["tbb", "omp"])
def test_on_one_cpu_all_is_serial(layer: str, tmp_path: Path):
    """However many threads are asked for; and the process ends, after forks too."""
    code = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})" + FORK + "print(_threads.describe())"
    said = run(code, tmp_path, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="2")
    assert said == "0\nserial: one CPU only"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system knows no affinity")
def test_the_affinity_limits_threads(tmp_path: Path):
    code = """
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(fastact.parallel.get_num_threads())
"""
    assert run(code, tmp_path) == "1"


def test_what_was_set_before_the_start_stays(tmp_path: Path):
    code = """
fastact.parallel.set_num_threads(2)
_threads.start()
print(fastact.parallel.get_num_threads())
"""
    assert run(code, tmp_path, FASTACT_NUM_THREADS="1") == "2"


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_in_the_environment(wrong: str, tmp_path: Path):
    code = """
assert "must be a positive integer" in fastact.show_config("dict")["fastact.parallel"]
try:
    fastact.parallel
except ImportError as error:
    print(error)
"""
    said = f"FASTACT_NUM_THREADS={wrong}: must be a positive integer"
    assert run(code, tmp_path, FASTACT_NUM_THREADS=wrong) == said


def test_threads_that_do_not_start(tmp_path: Path):
    """The call is answered all the same."""
    code = """
from fastact import _driver
def broken():
    raise RuntimeError("no threads today")
_driver.make = broken
begin()
assert right(fastact.parallel.gelu(x)) and count() == 0
print(fastact.show_config("dict")["fastact.parallel"])
"""
    assert run(code, tmp_path) == "serial: RuntimeError: no threads today"


def test_without_a_safe_layer_all_is_serial(tmp_path: Path):
    """TBB is hidden, and OpenMP cannot be loaded: Numba would take its workqueue."""
    code = """
sys.modules["numba.np.ufunc.tbbpool"] = sys.modules["numba.np.ufunc.omppool"] = None
begin()
assert right(fastact.parallel.gelu(x)) and count() == 0
print(fastact.show_config("dict")["fastact.parallel"])
"""
    assert run(code, tmp_path).startswith("serial: Numba's layer 'workqueue' is not safe")
