"""Measure how many pseudo-experiments a second this machine makes, and with how many processes.

    python -m tools.throughput          writes book/behind/throughput.json

The page on work beyond one machine reads the file; it is measured anew when the library has become
faster or slower, on a machine that does nothing else.
"""

import json
import os
import platform
import resource
import time

from cevnslib import experiments
from cevnslib.scale import map_tasks, process_pool
from cevnslib.statistics.coverage import Ensemble, study
from cevnslib.studies import moments

from . import files, notebooks

GOAL = notebooks.ROOT / "book" / "behind" / "throughput.json"
#: Each measurement is made so often, and the least counts: other programs can only slow it.
ROUNDS = 10
NUMBER = 10_000_000


def seconds(ensemble: Ensemble, workers: int) -> dict[str, float]:
    """Return the seconds that pseudo-experiments take, on the wall and of all processors."""
    wall, processors = [], []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        with process_pool(workers) as pool:
            study(ensemble, 100.0, NUMBER, executor=pool)
        wall.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        processors.append(used)
    return {"wall": round(min(wall), 3), "processors": round(min(processors), 3)}


def empty(task: int) -> int:
    """Do nothing, for the cost of a task."""
    return task


def cluster_overhead(tasks: int = 2000) -> float:
    """Return the seconds that a task of dask.distributed costs beside its work."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        list(map_tasks(empty, range(100), executor=client))
        start = time.perf_counter()
        list(map_tasks(empty, range(tasks), executor=client))
        return (time.perf_counter() - start) / tasks


def main() -> None:
    """Measure and write."""
    cores = os.cpu_count() or 1
    csi = experiments.load("coherent-csi")
    ensemble = Ensemble(moments.constraint(csi).signal, csi.measurement)
    numbers = sorted({1, *(2**k for k in range(1, 10) if 2**k <= cores), cores})
    found = {
        "machine": f"{cores} cores, {platform.machine()}, {platform.system()}",
        "experiments": NUMBER,
        "seconds": {str(workers): seconds(ensemble, workers) for workers in numbers},
        "seconds_per_cluster_task": round(cluster_overhead(), 5),
    }
    files.write(GOAL, json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
