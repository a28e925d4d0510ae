"""The second way: a double grid in recoil and neutrino energy, whole arrays at once.

Plain numpy, no checks. Points lie in log T between kinks and jumps and, for each T, in E between
the kinks above E_min(T): at equal steps with Simpson's weights, as one would write it down, or at
Gauss-Legendre nodes, the best that a double grid can be.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from cevnslib.constants import CODATA_2022 as C
from cevnslib.experiments import Experiment
from cevnslib.physics.interactions import RADIATIVE
from cevnslib.physics.targets import Nuclide
from cevnslib.sources.reactor import ReactorSpectrum
from validation import independent

from . import textbook

Floats = NDArray[np.float64]


@cache
def rule(steps: int) -> tuple[Floats, Floats]:
    """Return points and weights of Simpson's rule on [-1, 1], a little inside the ends.

    The number of steps is even; a negative one asks for so many Gauss-Legendre nodes.
    """
    if steps < 0:
        return np.polynomial.legendre.leggauss(-steps)
    weights = np.full(steps + 1, 2.0)
    weights[1::2], weights[[0, -1]] = 4.0, 1.0
    return np.linspace(-1, 1, steps + 1) * (1 - 1e-13), weights * 2 / steps / 3


def panels(ends: Floats, steps: int) -> tuple[Floats, Floats]:
    """Return points and weights between rising ends, a row for each panel."""
    x, w = rule(steps)
    half = np.diff(ends, axis=-1)[..., None] / 2
    return ends[..., :-1, None] + half * (1 + x), half * w


def helm_squared(T: Floats, nucleus: Nuclide) -> Floats:
    """Return the Helm form factor squared."""
    q = np.sqrt(2 * nucleus.mass * T) / C.hbar_c
    c = 1.23 * nucleus.nucleons ** (1 / 3) - 0.60
    x = q * np.sqrt(c**2 + 7 / 3 * np.pi**2 * 0.52**2 - 5 * 0.9**2)
    sphere: Floats = 3 * (np.sin(x) / x - np.cos(x)) / x**2
    skin: Floats = np.exp(-((q * 0.9) ** 2))
    return sphere**2 * skin


def powers_of_energy(kind: str, T: Floats, nucleus: Nuclide) -> tuple[Floats, Floats, Floats]:
    """Return the coefficients of 1, 1/E and 1/E^2 in dsigma/dT, cm^2/MeV."""
    F2 = helm_squared(T, nucleus) * (C.hbar_c * 1e-13) ** 2
    if kind == "magnetic":
        scale = np.pi * (C.fine_structure * 1e-10 * nucleus.protons / C.electron_mass) ** 2 * F2
        return scale / T, -scale, 0 * scale
    charge = RADIATIVE.proton_vector * nucleus.protons + RADIATIVE.neutron_vector * nucleus.neutrons
    scale = C.fermi**2 * nucleus.mass / np.pi * charge**2 * F2
    return scale, 0 * scale, -scale * nucleus.mass * T / 2


@cache
def density(beam: str) -> tuple[Callable[[Any], Any] | None, Floats]:
    """Return the spectrum of a beam, as a function of arrays, and where it has kinks."""
    if beam == "nubar_e":
        spectrum = ReactorSpectrum(end=8.0)
        return spectrum.density, np.array(spectrum.breakpoints)
    function, knots = independent.energy_density(beam)
    return function, np.array(knots)


def folded(
    kind: str,
    T: Floats,
    nucleus: Nuclide,
    beam: str,
    steps: int,
    fading: Callable[[Floats], Floats] | None = None,
) -> Floats:
    """Return the cross section averaged over a spectrum, a row of energies for each recoil."""
    c0, c1, c2 = powers_of_energy(kind, T, nucleus)
    low = (T + np.sqrt(T**2 + 2 * nucleus.mass * T)) / 2
    function, knots = density(beam)
    if function is None:
        return np.where(low <= knots[0], c0 + c1 / knots[0] + c2 / knots[0] ** 2, 0.0)
    E, w = panels(np.maximum(low[:, None], np.concatenate([[0.0], knots])), steps)
    cross_section = c0[:, None, None] + c1[:, None, None] / E + c2[:, None, None] / E**2
    weighted = w * function(E) * cross_section
    average: Floats = np.sum(weighted if fading is None else weighted * fading(E), axis=(1, 2))
    return average


def csi_acceptance(T: Floats) -> Floats:
    """Return the acceptance that COHERENT released with its first data."""
    x = 1170 * T
    steps = np.where((x < 5) | (x > 30), 0.0, np.where(x < 6, 0.5, 1.0))
    chance: Floats = steps * 0.6655 / (1 + np.exp(-0.4942 * (x - 10.8507)))
    return chance


def counts(
    experiment: Experiment,
    kind: str,
    steps: tuple[int, int],
    fading: Callable[[Floats], Floats] | None = None,
) -> dict[str, float]:
    """Return counts by beam, with so many steps in T and in E in each panel."""
    target = experiment.detector.target
    found: dict[str, float] = {}
    csi = experiment.name == "coherent-csi" and experiment.stage == "2019"
    for beam in experiment.beams:
        _, knots = density(beam.name)
        total = 0.0
        for nucleus, per_kg in zip(target.nuclides, target.nuclei_per_kg, strict=True):
            weight, jumps = independent.counted(experiment, nucleus)
            kinks = 2 * knots**2 / (nucleus.mass + 2 * knots)
            last = min(kinks[-1], jumps[-1])
            if jumps[0] >= last:
                continue
            inner = sorted(T for T in (*kinks, *jumps) if jumps[0] < T < last)
            log_T, w = panels(np.log([jumps[0], *inner, last]), steps[0])
            T = np.exp(log_T.ravel())
            chance = csi_acceptance(T) if csi else weight(T)
            average = folded(kind, T, nucleus, beam.name, steps[1], fading)
            area = np.sum(w.ravel() * T * chance * average)
            total += per_kg * experiment.detector.mass * experiment.fluence(beam) * area
        found[beam.name] = total
    return found


def binned(
    experiment: Experiment,
    kind: str,
    steps: tuple[int, int],
    factors: Callable[[Floats, Nuclide], Any] = lambda T, nucleus: 1.0,
) -> Floats:
    """Return events in all bins of a germanium detector with noise.

    Panels in T end at kinks, and wherever what is seen of a recoil has moved by two widths. Factors
    of shape (terms, recoils) give events of shape (bins, terms).
    """
    detector, (beam,) = experiment.detector, experiment.beams
    edges, found = np.array(detector.edges), 0.0
    assert detector.resolution is not None
    _, knots = density(beam.name)
    for nucleus, per_kg in zip(
        detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
    ):
        fine = np.geomspace(1e-7, 1e-1, 4000)
        seen = textbook.ionisation(fine, nucleus)
        sigma = detector.resolution.sigma(seen)
        way = np.cumsum(np.diff(seen) / sigma[1:])
        first = textbook.first_recoil(experiment, nucleus)
        kinks = 2 * knots**2 / (nucleus.mass + 2 * knots)
        moved = np.interp(np.arange(0, way[-1], 2.0), way, fine[1:])
        ends = np.union1d(np.geomspace(first, kinks[-1], 12), np.concatenate([moved, kinks]))
        log_T, w = panels(np.log(ends[(ends >= first) & (ends <= kinks[-1])]), steps[0])
        T = np.exp(log_T.ravel())
        E = textbook.ionisation(T, nucleus)
        root = np.sqrt(2) * detector.resolution.sigma(E)
        up_to = erf((edges[:, None] - E) / root) / 2
        area = w.ravel() * T * folded(kind, T, nucleus, beam.name, steps[1])
        number = per_kg * detector.mass * experiment.fluence(beam)
        found += number * np.diff(up_to, axis=0) @ (area * factors(T, nucleus)).T
    return found * detector.efficiency(edges[0])


def spectrum(experiment: Experiment, kind: str, T: Floats, steps: int) -> Floats:
    """Return recoils per MeV above the threshold, all nuclides and beams."""
    target, rate = experiment.detector.target, np.zeros_like(T)
    for nucleus, per_kg in zip(target.nuclides, target.nuclei_per_kg, strict=True):
        weight, jumps = independent.counted(experiment, nucleus)
        inside = (jumps[0] <= T) & (jumps[-1] >= T)
        for beam in experiment.beams:
            average = folded(kind, T[inside], nucleus, beam.name, steps)
            number = per_kg * experiment.detector.mass * experiment.fluence(beam)
            rate[inside] += weight(T[inside]) * number * average
    return rate


def fading(splitting: float, baseline: float, E: Floats) -> Floats:
    """Return sin^2 of half the phase of an oscillation; eV^2, cm and MeV."""
    return np.sin(splitting * 1e-12 / 4 * baseline * 1e13 / C.hbar_c / E) ** 2


def least_magnetic_counts(
    experiment: Experiment,
    by_beam: Mapping[str, float],
    x: Floats,
    y: Floats,
    halvings: int = 45,
) -> Floats:
    """Return the fewest magnetic events of two moduli, all phases searched at once."""
    cross: complex = 0.0
    diagonal = [0.0, 0.0]
    for beam in experiment.beams:
        row, number = textbook.ROWS[beam.flavour], by_beam[beam.name]
        cross = cross - number * row[0].conj() * row[1]
        diagonal = [d + number * (1 - abs(u) ** 2) for d, u in zip(diagonal, row, strict=False)]
    fixed = diagonal[0] * x**2 + diagonal[1] * y**2

    def events(phase: Floats) -> Floats:
        interference: Floats = (cross * np.exp(1j * phase)).real
        return fixed + 2 * x * y * interference

    shape = np.broadcast_shapes(np.shape(x), np.shape(y))
    starts = np.linspace(-np.pi, np.pi, 13)
    coarse = np.stack([events(np.full(shape, start)) for start in starts])
    middle = starts[np.argmin(coarse, axis=0)]
    low, high = middle - 0.6, middle + 0.6
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(halvings):
        a, b = high - golden * (high - low), low + golden * (high - low)
        left = events(a) < events(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
    return events((low + high) / 2)
