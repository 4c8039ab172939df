"""One thread for every library: called before any of them is imported, because most read this only once."""

from __future__ import annotations

import os

# NPROC is what XLA takes for the number of CPUs when it sizes the thread pools of its CPU client.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_MAX_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}


def single_thread() -> None:
    """Restrict the libraries that this process imports from now on to one thread each.

    ``peers.load`` repeats it through the interface of those that have one (torch, numexpr). The benchmark records
    processor time over elapsed time of every contestant, so that a library that escapes shows in the report.
    """
    os.environ.update(ENVIRONMENT)
