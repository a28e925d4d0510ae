"""Every work in every way: the times go to the report, the results must agree.

Nothing here asserts a time. ``make bench`` measures with many rounds; ``make bench-check``, with
few, only sees that all agree.
"""

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from cevnslib import experiments, rates
from cevnslib.physics import interactions
from cevnslib.studies import moments, regions, sterile

from .works import AGREEMENT, BARE, UNIT, WORKS, Floats

#: Modules that load only where they are used.
HEAVY = ("matplotlib", "ipywidgets", "sympy", "scipy.integrate", "scipy.optimize", "scipy.stats")


@cache
def reference(name: str) -> Floats:
    """Return what the textbook way gives at the sample of a work."""
    work = WORKS[name]
    return work.textbook(work.sample)


def measured(
    benchmark: BenchmarkFixture, name: str, way: str, function: Callable[[], Any], rounds: int
) -> float:
    """Time a function and put beside the time how far its result is from the textbook's."""
    work = WORKS[name]
    benchmark.group = name
    found = benchmark.pedantic(function, rounds=rounds, warmup_rounds=min(rounds - 1, 3))
    difference = work.difference(found, reference(name)) if way != "textbook" else 0.0
    benchmark.extra_info |= {"work": name, "way": way, "difference": difference}
    part = way == "textbook" or (way != "library" and not work.whole)
    benchmark.extra_info["scale"] = work.points / len(work.sample) if part else 1.0
    return difference


@pytest.mark.parametrize("name", WORKS)
def test_textbook(benchmark: BenchmarkFixture, name: str) -> None:
    work = WORKS[name]
    found: list[Floats] = []
    measured(benchmark, name, "textbook", lambda: found.append(work.textbook(work.sample)), 1)
    assert np.all(np.isfinite(found[0]))


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.parametrize("way", ["equal steps", "Gauss"])
def test_grid(benchmark: BenchmarkFixture, rounds: int, name: str, way: str) -> None:
    work = WORKS[name]
    steps = work.nodes if way == "Gauss" else work.steps
    difference = measured(benchmark, name, way, lambda: work.grid(steps), min(rounds, 5))
    assert difference < AGREEMENT


@pytest.mark.parametrize("name", WORKS)
def test_library(benchmark: BenchmarkFixture, rounds: int, name: str) -> None:
    difference = measured(benchmark, name, "library", WORKS[name].library, rounds)
    assert difference < AGREEMENT


def test_import(benchmark: BenchmarkFixture, rounds: int) -> None:
    benchmark.extra_info |= {"work": "import", "way": "library", "scale": 1.0, "difference": 0.0}
    code = (
        "import sys, time; start = time.process_time(); import cevnslib.studies.moments; "
        f"print(time.process_time() - start, *[name for name in {HEAVY} if name in sys.modules])"
    )

    def once() -> list[str]:
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return run.stdout.decode().split()

    found = [benchmark.pedantic(once, rounds=1)] + [once() for _ in range(min(rounds, 5) - 1)]
    benchmark.extra_info["seconds"] = min(float(one[0]) for one in found)
    assert found[0][1:] == [], "modules that a limit does not need"


SIZES = {
    "points of a spectrum": (1000, 4000, 16_000, 64_000),
    "experiments": (4, 8, 16, 32),
    "points of a region": (40_000, 160_000, 640_000, 2_560_000),
    "points of a sterile grid": (40_000, 160_000, 640_000, 2_560_000),
}


def sized(what: str, size: int) -> Callable[[], Floats]:
    """Return a job of a size, and how many results it must give."""
    if what == "points of a spectrum":
        T = np.geomspace(1e-5, 1.8e-3, size)
        return lambda: rates.recoil_spectrum(BARE, T, interactions.StandardModel())
    if what == "experiments":
        some = [experiments.load(name) for name in ("coherent-csi", "conus")] * (size // 2)
        return lambda: np.concatenate([moments.tmm_limits(one) for one in some])
    if what == "points of a region":
        csi = moments.constraint(experiments.load("coherent-csi"))
        x = UNIT * np.linspace(0, 300, int(size**0.5))
        return lambda: csi.chi2(
            csi.signal
            + regions.least_counts(csi.matrix, (1, 2), x[:, np.newaxis], x, phases="profiled")
        )
    side = int(size**0.5)
    one = sterile.set_up("coherent-csi")
    splittings, amplitudes = np.geomspace(0.1, 30, side), np.linspace(0, 1, side)
    return lambda: sterile.disappearance(one, splittings, flavour="e").chi2(amplitudes)


@pytest.mark.parametrize(("what", "size"), [(what, n) for what in SIZES for n in SIZES[what]])
def test_scaling(benchmark: BenchmarkFixture, rounds: int, what: str, size: int) -> None:
    job = sized(what, size)
    found = benchmark.pedantic(job, rounds=min(rounds, 10), warmup_rounds=1)
    benchmark.extra_info |= {"scaling": what, "size": size}
    assert found.size == (3 * size if what == "experiments" else size)
    assert np.all(np.isfinite(found))
