"""Measure how many pseudo-experiments a second this machine makes, and with how many processes.

    python -m tools.throughput          writes book/speed/throughput.json

The page on work beyond one machine reads the file; it is measured anew when the library has become
faster or slower, on a machine that does nothing else.
"""

import json
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor

from cevnslib import experiments, limits
from cevnslib.coverage import CHUNK, Ensemble, study
from cevnslib.scale import map_tasks

from . import files, notebooks

GOAL = notebooks.ROOT / "book" / "speed" / "throughput.json"
#: Each measurement is made so often, and the fastest counts: other programs can only slow it.
ROUNDS = 5
MILLIONS = 8


def seconds(ensemble: Ensemble, number: int, client: object) -> float:
    """Return the wall time of pseudo-experiments, the least of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        study(ensemble, 100.0, number, client=client)
        times.append(time.perf_counter() - start)
    return min(times)


def empty(task: int) -> int:
    """Do nothing, for the cost of a task."""
    return task


def cluster_overhead(tasks: int = 2000) -> float:
    """Return the seconds that a task of dask.distributed costs beside its work."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        list(map_tasks(empty, range(100), client=client))
        start = time.perf_counter()
        list(map_tasks(empty, range(tasks), client=client))
        return (time.perf_counter() - start) / tasks


def main() -> None:
    """Measure and write."""
    cores = os.cpu_count() or 1
    csi = experiments.load("coherent-csi")
    ensemble = Ensemble(limits.constraint(csi).signal, csi.measurement)
    number = MILLIONS * 1_000_000
    wall = {}
    for workers in sorted({1, *(2**k for k in range(1, 10) if 2**k <= cores), cores}):
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(empty, range(10 * workers)))  # started, and warm
            study(ensemble, 100.0, workers * CHUNK, client=pool)
            wall[workers] = seconds(ensemble, number, pool)
    found = {
        "machine": f"{cores} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "experiments": number,
        "chunk": CHUNK,
        "seconds": {str(workers): round(time, 3) for workers, time in wall.items()},
        "seconds_per_cluster_task": round(cluster_overhead(), 5),
    }
    files.write(GOAL, json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
