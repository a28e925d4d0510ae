"""The first way, as public codes do it: nested adaptive quadrature, one point after another.

It is kind to that way: the integrals are split at every kink, asked for no more digits than the
comparison needs, and done once where a result is linear in what is scanned.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2 as chi2_distribution

from cevnslib.constants import CODATA_2022 as C
from cevnslib.experiments import Experiment
from cevnslib.physics.mixing import TALK_2019, pmns
from cevnslib.physics.targets import Nuclide
from cevnslib.sources.beams import Beam, Source
from cevnslib.statistics.chi2 import CountChi2
from validation import independent

Floats = NDArray[np.float64]

TOLERANCE = 1e-9
ROWS = dict(zip(("e", "mu", "tau"), pmns(TALK_2019), strict=True))


def counts(experiment: Experiment, kind: str) -> dict[str, float]:
    """Return counts by beam, of the weak force or of a moment of 1e-10 mu_B."""
    return independent.adaptive_counts(experiment, kind, tolerance=TOLERANCE)


def spectrum(experiment: Experiment, kind: str, energies: Iterable[float]) -> Floats:
    """Return recoils per MeV above the threshold, all nuclides and beams."""
    target, found = experiment.detector.target, []
    for T in energies:
        rate = 0.0
        for nucleus, per_kg in zip(target.nuclides, target.nuclei_per_kg, strict=True):
            weight, jumps = independent.counted(experiment, nucleus)
            if not jumps[0] <= T <= jumps[-1]:
                continue
            for beam in experiment.beams:
                density, knots = independent.energy_density(beam.name)
                average = independent.folded(kind, T, nucleus, density, knots, tolerance=TOLERANCE)
                number = per_kg * experiment.detector.mass * experiment.fluence(beam)
                rate += weight(T) * number * average
        found.append(rate)
    return np.array(found)


def ionisation(T: Any, nucleus: Nuclide) -> Any:
    """Return what is seen of a recoil after Lindhard."""
    epsilon = 11.5 * nucleus.protons ** (-7 / 3) * T * 1e3
    kg = 0.133 * nucleus.protons ** (2 / 3) * nucleus.nucleons**-0.5
    kg = kg * (3 * epsilon**0.15 + 0.7 * epsilon**0.6 + epsilon)
    return T * kg / (1 + kg)


def first_recoil(experiment: Experiment, nucleus: Nuclide) -> float:
    """Return the recoil that is seen as the least ionisation."""
    least = experiment.detector.least_ionisation
    recoil: float = brentq(lambda T: ionisation(T, nucleus) - least, 1e-9, 1.0, xtol=1e-18)
    return recoil


def share(E: float, sigma: float, low: float, high: float) -> float:
    """Return the part of a Gaussian between two energies."""
    root = sigma * math.sqrt(2)
    return (math.erf((high - E) / root) - math.erf((low - E) / root)) / 2


def binned(experiment: Experiment, kind: str, sample: Iterable[int]) -> Floats:
    """Return events in some bins of a germanium detector with noise, one nested integral each."""
    target, edges = experiment.detector.target, experiment.detector.edges
    (beam,), resolution = experiment.beams, experiment.detector.resolution
    assert resolution is not None
    density, knots = independent.energy_density(beam.name)
    efficiency = float(experiment.detector.efficiency(edges[0]))
    found = []
    for i in sample:
        total = 0.0
        for nucleus, per_kg in zip(target.nuclides, target.nuclei_per_kg, strict=True):
            kinks = [2 * E**2 / (nucleus.mass + 2 * E) for E in knots]

            def rate(log_T: float, nucleus: Nuclide = nucleus, i: int = i) -> float:
                T = math.exp(log_T)
                E = float(ionisation(T, nucleus))
                chance = share(E, float(resolution.sigma(E)), edges[i], edges[i + 1])
                if chance < 1e-18:
                    return 0.0
                average = independent.folded(kind, T, nucleus, density, knots, tolerance=TOLERANCE)
                return T * chance * average

            first = first_recoil(experiment, nucleus)
            ends = [first, *(T for T in kinks if first < T)]
            logs = [math.log(T) for T in ends]
            area = sum(quad(rate, a, b, epsabs=0, epsrel=1e-8)[0] for a, b in pairwise(logs))
            total += per_kg * area
        found.append(total * experiment.detector.mass * experiment.fluence(beam) * efficiency)
    return np.array(found)


def effective_moment_squared(flavour: str, moments: Sequence[complex] | Floats) -> float:
    """Return the square of the effective moment: |Lambda|^2 less what lies along U_alpha."""
    row = ROWS[flavour]
    square: float = sum(abs(x) ** 2 for x in moments) - abs(sum(row * np.asarray(moments))) ** 2
    return square


def magnetic_counts(
    experiment: Experiment,
    by_beam: Mapping[str, float],
    moments: Sequence[complex] | Floats,
    beams: Iterable[Beam] | None = None,
) -> float:
    """Return the magnetic events of three moments in 1e-10 mu_B."""
    return sum(
        by_beam[beam.name] * effective_moment_squared(beam.flavour, moments)
        for beam in beams or experiment.beams
    )


def chi2(of: CountChi2, N: Any) -> Any:
    """Return the chi2 of a count, or of an array, with its two pulls at their best."""
    variance = of.variance + (of.sigma_signal * N) ** 2
    variance += (of.sigma_background * of.background) ** 2
    return (of.observed - N - of.background) ** 2 / variance


def limits(
    experiment: Experiment,
    timings: Iterable[str],
    weak: Mapping[str, float],
    magnetic: Mapping[str, float],
) -> list[float]:
    """Return the limits on each moment alone, in 1e-10 mu_B, by a search for the root."""
    signal = sum(weak.values())
    of = experiment.measurement.chi2(signal)
    least = chi2(of, max(signal, of.observed - of.background))
    rise = chi2_distribution.ppf(0.90, 1)
    found = []
    for timing in timings:
        beams = Source("seen", experiment.beams).select(timing)
        for i in range(3):
            unit = magnetic_counts(experiment, magnetic, np.eye(3)[i], beams)

            def excess(x: float, unit: float = unit) -> float:
                above: float = chi2(of, signal + x**2 * unit) - least - rise
                return above

            high = 1.0
            while high < 1e12 and excess(high) < 0:
                high *= 2
            found.append(brentq(excess, 0, high, xtol=1e-12) if high < 1e12 else math.inf)
    return found


def least_magnetic_counts(
    experiment: Experiment, by_beam: Mapping[str, float], x: float, y: float
) -> float:
    """Return the fewest magnetic events of two moduli, by a search over their relative phase."""

    def events(phase: float) -> float:
        moments = (x, y * complex(math.cos(phase), math.sin(phase)), 0.0)
        return magnetic_counts(experiment, by_beam, moments)

    start = min(np.linspace(-math.pi, math.pi, 13), key=events)
    bracket = (start - 0.6, start + 0.6)
    found = minimize_scalar(events, bounds=bracket, method="bounded", options={"xatol": 1e-6})
    fewest: float = found.fun
    return fewest


def lost_counts(experiment: Experiment, splitting: float) -> float:
    """Return the electron neutrinos' events that an oscillation of full amplitude takes away."""
    beams = tuple(beam for beam in experiment.beams if beam.flavour == "e")
    alone = replace(experiment, source=Source("electron neutrinos", beams))

    def fading(beam: str) -> tuple[Callable[[float], float], list[float]]:
        density, knots = independent.energy_density(beam)
        assert density is not None

        def faded(E: float) -> float:
            half_phase = splitting * 1e-12 / (4 * E) * (100 * experiment.metres) * 1e13 / C.hbar_c
            return density(E) * math.sin(half_phase) ** 2

        return faded, knots

    found = independent.adaptive_counts(alone, "weak", tolerance=TOLERANCE, spectra=fading)
    return sum(found.values())
