"""What compiled code gains on single counts: the weak counts of CONUS in a loop of Numba's.

Numba is none of the project's packages, so this is no part of ``make bench``. In an environment of
its own, from the repository,

    python -m venv /tmp/compiled && /tmp/compiled/bin/pip install numba .
    /tmp/compiled/bin/python -m benchmarks.compiled

writes book/behind/compiled.json, which *How it is fast* reads.
"""

import csv
import importlib
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cevnslib import experiments
from cevnslib.constants import CODATA_2022 as C
from cevnslib.experiments import Experiment
from cevnslib.folding import Folding
from cevnslib.physics.interactions import RADIATIVE, StandardModel

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[1]
GOAL = ROOT / "book" / "behind" / "compiled.json"
TABLE = ROOT / "tests" / "reference" / "reactor_spectra.csv"
RUNS, CALLS = 5, 200
#: In MeV fm; Numba takes a global number as a constant.
HBAR_C = C.hbar_c
#: Nodes of Gauss in each panel of recoils, and of neutrino energies above the least.
NODES = (8, 6)


def counts(
    threshold: float,
    nuclides: Floats,
    shares: Floats,
    fits: Floats,
    knots: Floats,
    above: Floats,
    x: Floats,
    w: Floats,
    y: Floats,
    v: Floats,
) -> float:
    """Return weak counts above an ionisation in MeV, without any check.

    Nuclides are rows of mass, protons, nucleons and a factor; the spectrum is that above 2 MeV,
    whose moments above each knot are known.
    """
    total = 0.0
    for i in range(len(nuclides)):
        m, Z, A, factor = nuclides[i]
        low, high = threshold, 1.0
        while high - low > 1e-15 * high:  # the recoil that is seen at the threshold
            T = (low + high) / 2
            if T in (low, high):
                break
            epsilon = 11.5 * Z ** (-7 / 3) * T * 1e3
            g = 3 * epsilon**0.15 + 0.7 * epsilon**0.6 + epsilon
            kg = 0.133 * Z ** (2 / 3) * A**-0.5 * g
            if T * kg / (1 + kg) < threshold:
                low = T
            else:
                high = T
        first = high
        c = 1.23 * A ** (1 / 3) - 0.60
        radius = math.sqrt(c**2 + 7 / 3 * math.pi**2 * 0.52**2 - 5 * 0.9**2)
        for j in range(len(knots) - 1):
            end = 2 * knots[j + 1] ** 2 / (m + 2 * knots[j + 1])
            start = max(first, 2 * knots[j] ** 2 / (m + 2 * knots[j]))
            if start >= end:
                continue
            half = math.log(end / start) / 2
            for a in range(len(x)):
                T = start * math.exp(half * (1 + x[a]))
                E_min = (T + math.sqrt(T * T + 2 * m * T)) / 2
                width = (knots[j + 1] - E_min) / 2
                I_0, I_2 = above[0, j + 1], above[1, j + 1]
                for b in range(len(y)):
                    E = E_min + width * (1 + y[b])
                    density = 0.0
                    for k in range(len(shares)):
                        power = 0.0
                        for n in range(fits.shape[1] - 1, -1, -1):
                            power = power * E + fits[k, n]
                        density += shares[k] * math.exp(power)
                    I_0 += width * v[b] * density
                    I_2 += width * v[b] * density / (E * E)
                q = math.sqrt(2 * m * T) / HBAR_C
                s = q * radius
                form = 3 * (math.sin(s) / s - math.cos(s)) / (s * s)
                square = form * form * math.exp(-((0.9 * q) ** 2))
                total += factor * half * w[a] * T * square * (I_0 - m * T / 2 * I_2)
    return total


def arguments(conus: Experiment) -> tuple[Floats, ...]:
    """Return what the loop needs beside a threshold."""
    (beam,), detector = conus.beams, conus.detector
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    fits = {row[1]: row[2:] for row in csv.reader(lines[2:]) if row[0] == "mueller"}
    fractions = {"u235": 0.55, "pu239": 0.32, "u238": 0.07, "pu241": 0.06}
    polynomials = np.array([[float(a) for a in fits[name]] for name in fractions])
    shares, knots = np.array([*fractions.values()]), np.arange(2.0, 9.0)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    E = knots[:-1, np.newaxis] + (1 + nodes) / 2
    density = np.einsum(
        "k,kne->ne", shares, np.exp(np.polynomial.polynomial.polyval(E, polynomials.T))
    )
    panels = np.stack([density, density / E**2]) @ weights / 2
    above = np.zeros((2, len(knots)))
    above[:, :-1] = np.cumsum(panels[:, ::-1], axis=1)[:, ::-1]
    nuclides = []
    for nucleus, number in detector.nuclear_targets:
        weak = (
            RADIATIVE.proton_vector * nucleus.protons + RADIATIVE.neutron_vector * nucleus.neutrons
        )
        factor = C.fermi**2 * nucleus.mass / math.pi * weak**2 * (C.hbar_c * 1e-13) ** 2
        factor *= number * conus.fluence(beam) * float(detector.efficiency(detector.threshold))
        nuclides.append([nucleus.mass, nucleus.protons, nucleus.nucleons, factor])
    rules = [rule for count in NODES for rule in np.polynomial.legendre.leggauss(count)]
    return np.array(nuclides), shares, polynomials, knots, above, *rules


def seconds(function: Callable[[], float]) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    for _ in range(CALLS):
        function()
    return (time.process_time() - start) / CALLS


def main() -> None:
    """Measure and write."""
    numba = importlib.import_module("numba")
    conus, weak = experiments.load("conus"), StandardModel()
    threshold, rest = conus.detector.threshold, arguments(conus)
    compiled = numba.njit(counts)
    start = time.process_time()
    found = compiled(threshold, *rest)
    compilation = time.process_time() - start
    folding = Folding(conus)
    expected = float(folding.events(weak).sum())
    ways = {
        "library, folded anew": lambda: float(Folding(conus).events(weak).sum()),
        "library, folding kept": lambda: float(folding.events(weak).sum()),
        "compiled loop": lambda: float(compiled(threshold, *rest)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            times[name].append(seconds(way))
    result = {
        "what": f"weak counts of CONUS, median of {RUNS} interleaved runs of {CALLS} calls",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
        },
        "seconds": {name: float(f"{statistics.median(t):.3g}") for name, t in times.items()},
        "compilation": float(f"{compilation:.3g}"),
        "difference": float(f"{abs(found / expected - 1):.1e}"),
    }
    text = json.dumps(result, indent=2) + "\n"
    GOAL.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
