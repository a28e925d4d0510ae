"""The same results on threads, in processes and on a cluster, also if a worker is killed."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.errors import ConfigurationError, KindError
from cevnslib.scale import map_tasks, process_pool
from cevnslib.statistics.coverage import CHUNK, Ensemble, study
from tests.processes import gone, needs_proc, wait_for

CSI = Ensemble(180.0, experiments.load("coherent-csi").measurement)
TRUTHS = [0.0, 30.0, 100.0]


def square(number):
    return number**2


def die_once(marker, number):
    """Kill the process half-way through the tasks, the first time that one comes there."""
    if number == 6:
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return number**2
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return number**2


def stumble(folder, number):
    """Fail the first time, as a full disk or a lost connection does."""
    seen = folder / str(number)
    if not seen.exists():
        seen.touch()
        raise OSError("a disk was full")
    return number


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            memory_limit=0,
        ) as two,
        distributed.Client(two) as client,
    ):
        yield client


@pytest.mark.parametrize("pool", [None, ThreadPoolExecutor, ProcessPoolExecutor, process_pool])
def test_results_come_in_the_order_of_the_tasks(pool):
    if pool is None:
        assert list(map_tasks(square, range(20))) == [n**2 for n in range(20)]
        return
    with pool(2) as client:
        assert list(map_tasks(square, range(20), executor=client)) == [n**2 for n in range(20)]


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_processes_of_a_pool_end_with_their_parent(tmp_path, how):
    file = tmp_path / "pids"
    code = f"""
import os, time
from pathlib import Path
from cevnslib.scale import process_pool
with process_pool(2) as pool:
    pids = {{pool.submit(time.sleep, 0.2) and pool.submit(os.getpid).result() for _ in range(9)}}
    Path({str(file)!r}).write_text(" ".join(map(str, pids)) + ".")
    time.sleep(100)
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_for(lambda: file.exists() and file.read_text().endswith("."))
    finally:
        parent.send_signal(how)
        parent.wait()
    pids = [int(pid) for pid in file.read_text()[:-1].split()]
    assert pids
    assert parent.pid not in pids
    assert gone(pids)


def test_no_tasks():
    assert list(map_tasks(square, [])) == []


def test_an_error_comes_through_and_the_rest_is_not_done():
    done = []

    def work(number):
        if number == 3:
            raise ZeroDivisionError("number three")
        time.sleep(0.01)
        done.append(number)

    with (
        ThreadPoolExecutor(1) as client,
        pytest.raises(ZeroDivisionError, match="number three"),
    ):
        list(map_tasks(work, range(100), executor=client))
    assert len(done) < 20


def test_bad_input():
    three: Any = 3
    truth: Any = True
    with pytest.raises(ConfigurationError, match="executor: got 3; allowed: None, a concurrent"):
        map_tasks(square, [1], executor=three)
    with pytest.raises(KindError, match="function: got 3; allowed: a function"):
        map_tasks(three, [1])
    with pytest.raises(KindError, match="progress: got True"):
        map_tasks(square, [1], progress=truth)


def test_nothing_imports_dask():
    code = "import sys, cevnslib.statistics.coverage; print(sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cevnslib.scale" in said.stdout
    assert "dask" not in said.stdout
    assert "distributed" not in said.stdout


def test_a_cluster_gives_what_threads_give(cluster):
    number = 2 * CHUNK + 5
    here, there = (study(CSI, TRUTHS, number, executor=client) for client in (None, cluster))
    for name in ("within", "below", "histogram"):
        assert np.array_equal(getattr(here, name), getattr(there, name))


def test_a_task_that_stumbles_is_tried_again(cluster, tmp_path):
    work = partial(stumble, tmp_path)
    assert list(map_tasks(work, range(4), executor=cluster)) == list(range(4))
    with pytest.raises(TypeError, match="unsupported operand"):  # and one that cannot, is not
        list(map_tasks(square, ["text"], executor=cluster))


def test_a_worker_that_is_killed_loses_nothing(cluster, tmp_path):
    """Results that lay on it are made again, what it was at goes to another, a new one starts."""
    marker = tmp_path / "died"
    before = set(cluster.run(os.getpid).values())
    work = partial(die_once, str(marker))
    assert list(map_tasks(work, range(12), executor=cluster)) == [n**2 for n in range(12)]
    assert marker.exists()
    cluster.wait_for_workers(2, timeout=30)
    after = set(cluster.run(os.getpid).values())
    assert len(before & after) < 2


def test_a_study_during_which_a_worker_is_killed(cluster):
    """From outside, in the middle of the work."""
    cluster.wait_for_workers(2, timeout=30)
    pids = cluster.run(os.getpid)
    killed = []

    def kill_half_way(results, total):
        for number, one in enumerate(results):
            if number == total // 2:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)
            yield one

    number = 6 * CHUNK
    there = study(CSI, TRUTHS, number, executor=cluster, progress=kill_half_way)
    assert len(killed) == 1
    here = study(CSI, TRUTHS, number)
    assert np.array_equal(here.histogram, there.histogram)
    assert np.array_equal(here.below, there.below)
