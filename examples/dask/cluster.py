"""A cluster of several processes on this machine: a large array through fastact's ufuncs, and a sweep of networks.

    pip install 'fastact[dask,demo]'
    python cluster.py                # 1e9 elements, 200 networks; --help says how to make it smaller

On a real cluster ``Client`` gets the scheduler's address, and nothing else changes.
"""

from __future__ import annotations

import argparse
import time

import dask.array as da
import joblib
import numpy as np
from dask.distributed import Client, LocalCluster

import fastact
from fastact.experiments import sweep
from fastact.experiments.sweep import table as sweep_table


def large_array(elements: int, chunk: int) -> None:
    """Apply a ufunc with two outputs to a grid on [-8, 8] chunk by chunk, and reduce: no process ever holds it all."""
    x = da.linspace(-8, 8, elements, chunks=chunk, dtype=np.float64).astype(np.float32)
    y, slope = fastact.sigmoid_with_derivative(x)  # nothing is computed yet
    started = time.perf_counter()
    mean, total = da.compute(y.mean(dtype=np.float64), slope.mean(dtype=np.float64) * 16)
    seconds = time.perf_counter() - started
    print(f"{elements:.3g} elements, {x.nbytes / 1e9:.3g} GB, in {x.npartitions} chunks: {seconds:.1f} s")
    # The sigmoid is odd about (0, 1/2), and its derivative integrates to its increase.
    increase = float(fastact.sigmoid(8.0) - fastact.sigmoid(-8.0))
    print(f"mean of the sigmoid {mean:.8f}, which is 1/2; integral of its derivative {total:.6f} of {increase:.6f}")


def networks(epochs: int, seeds: int) -> None:
    """Train 40 networks for each seed on the cluster's processes."""
    settings = sweep.Settings(
        activations=("sigmoid", "tanh", "relu", "gelu", "silu"),
        depths=(1, 3, 6, 10),
        widths=(32,),
        learning_rates=(1e-3, 1e-2),
        seeds=range(seeds),
        epochs=epochs,
    )
    started = time.perf_counter()
    with joblib.parallel_config("dask"):
        rows = sweep.run(settings)
    print(f"{len(rows)} networks: {time.perf_counter() - started:.1f} s")
    headings, cells = sweep_table.printed(rows)
    for line in [headings, *cells]:
        print("  ".join(f"{cell:<15}" for cell in line).rstrip())


def main() -> None:
    """Start the cluster and give it both."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--elements", type=float, default=1e9)
    parser.add_argument("--chunk", type=float, default=1e7, help="elements of a chunk (default: 1e7, 40 MB)")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5, help="40 networks for each")
    given = parser.parse_args()
    with (
        LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        print(f"{len(client.scheduler_info()['workers'])} worker processes")
        large_array(int(given.elements), int(given.chunk))
        networks(given.epochs, given.seeds)


if __name__ == "__main__":  # the worker processes import this file
    main()
