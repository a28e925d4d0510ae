"""A scan of couplings and masses of a light vector, with seven nuisances profiled, in three ways.

A germanium detector with noise near a reactor counts in 130 bins. At each mass of the mediator the
counts are a square in g^2, so that every way integrates three terms for each mass and takes all
couplings from them. Then -2 ln L of Poisson counts is minimised over the nuisances at each point.
Nested integrals and double grids do a mass or two, which stand for all.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec
from scipy.special import erf

from cevnslib import experiments
from cevnslib.constants import CODATA_2022 as C
from cevnslib.detectors.resolution import Resolution
from cevnslib.folding import Folding
from cevnslib.physics.interactions import RADIATIVE, LightVector, WeakScattering
from cevnslib.physics.targets import Nuclide
from cevnslib.statistics.counts import PoissonCounts
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance, Template
from validation import independent

from . import grid, textbook

Floats = NDArray[np.float64]

CONUS = experiments.load("conus")
NOISE = Resolution(constant=68.5e-6, stochastic=math.sqrt(2.96e-6 * 0.11))
BINNED = replace(
    CONUS,
    detector=replace(
        CONUS.detector,
        threshold=0.0,
        bins=tuple(np.linspace(0.2e-3, 1.5e-3, 131)),
        resolution=NOISE,
        least_ionisation=3e-6,
    ),
)
MASSES = np.geomspace(0.1, 1000, 50)  # MeV
STRENGTHS = np.linspace(0, 10, 100)
#: Couplings, a row for each mass: g is a strength times 1e-6, or more where the mediator is heavy.
COUPLINGS = 1e-6 * STRENGTHS * np.hypot(1, MASSES[:, np.newaxis] / 10)

ENERGIES = np.linspace(0.205, 1.495, 130)  # keV
RISE = 200 * np.exp(-(ENERGIES - 0.2) / 0.1)
LINE = 400 * 0.01 * np.exp(-(((ENERGIES - 1.297) / 0.07) ** 2) / 2) / math.sqrt(2 * math.pi) / 0.07
FLAT = np.full(130, 50.0)
FIXED = RISE + LINE + FLAT
#: Widths of the nuisances; what a unit of each makes of the signal, as a share, and adds to counts.
SIGMAS = np.array([0.1, 0.15, 0.05, 0.1, 0.1, 0.3, math.inf])
RELATIVE = np.zeros((7, 130))
RELATIVE[:3] = np.ones(130), 1 - ENERGIES, np.exp(-(ENERGIES - 0.2) / 0.05)
SHIFTS = np.zeros((7, 130))
SHIFTS[3:] = FLAT, FLAT * (ENERGIES - 0.85), RISE, LINE
#: What was counted: the background and something like the weak signal, drawn once.
OBSERVED = np.random.default_rng(17).poisson(FIXED + 500 * np.exp(-(ENERGIES - 0.2) / 0.035))


def factors(mass: float, T: Any, nucleus: Nuclide) -> Floats:
    """Return what multiplies weak counts in the terms 1, g^2 and g^4, along a first axis."""
    weak = RADIATIVE.proton_vector * nucleus.protons + RADIATIVE.neutron_vector * nucleus.neutrons
    exchange = 1 / (math.sqrt(2) * C.fermi * (2 * nucleus.mass * T + mass**2))
    ratio = 3 * nucleus.nucleons / weak * exchange
    return np.stack([np.ones_like(T), 2 * ratio, ratio**2])


def signals(terms: Floats, couplings: Floats) -> Floats:
    """Return counts of shape (couplings, bins) from those of the three terms, (bins, 3)."""
    counts: Floats = np.vander(couplings**2, 3, increasing=True) @ terms.T
    return counts


# Nested integrals, and Minuit at each point.


def nested_terms(mass: float) -> Floats:
    """Return the three terms in all bins, whose integral over the recoil is one of a vector."""
    detector, (beam,) = BINNED.detector, BINNED.beams
    density, knots = independent.energy_density(beam.name)
    edges, total = np.array(detector.edges), np.zeros((130, 3))
    for nucleus, per_kg in zip(
        detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
    ):

        def rate(log_T: float, nucleus: Nuclide = nucleus) -> Floats:
            T = math.exp(log_T)
            E = float(textbook.ionisation(T, nucleus))
            shares = np.diff(erf((edges - E) / float(NOISE.sigma(E)) / math.sqrt(2))) / 2
            average = independent.folded(
                "weak", T, nucleus, density, knots, tolerance=textbook.TOLERANCE
            )
            seen: Floats = T * average * shares[:, np.newaxis] * factors(mass, T, nucleus)
            return seen

        first = textbook.first_recoil(BINNED, nucleus)
        kinks = [2 * E**2 / (nucleus.mass + 2 * E) for E in knots]
        logs = [math.log(T) for T in (first, *(T for T in kinks if first < T))]
        for a, b in pairwise(logs):
            total += per_kg * quad_vec(rate, a, b, epsabs=0, epsrel=1e-9, norm="max")[0]
    number = detector.mass * BINNED.fluence(beam) * float(detector.efficiency(edges[0]))
    return total * number


def minuit(signal: Floats) -> float:
    """Return the least -2 ln L at one point."""
    from iminuit import Minuit

    def cost(x: Floats) -> float:
        mean = signal * (1 + x @ RELATIVE) + FIXED + x @ SHIFTS
        if np.any(mean <= 0):
            return math.inf
        ratio = np.where(OBSERVED > 0, OBSERVED, 1.0) / mean
        poisson = 2 * np.sum(mean - OBSERVED + OBSERVED * np.log(ratio))
        return float(poisson + np.sum((x / SIGMAS) ** 2))

    fit = Minuit(cost, np.zeros(7))
    fit.errordef, fit.tol, fit.precision = 1, 1e-7, 1e-15
    fit.errors = np.minimum(SIGMAS, 0.1)
    fit.migrad()
    return float(fit.fval)


def textbook_scan(sample: Sequence[int]) -> Floats:
    """Return -2 ln L of all couplings at some masses."""
    found = []
    for i in sample:
        points = signals(nested_terms(MASSES[i]), COUPLINGS[i])
        found.append([minuit(signal) for signal in points])
    return np.array(found).T


# A double grid for each mass, and Newton's method for all couplings at once.


def newton(signal: Floats) -> Floats:
    """Return the least -2 ln L at points of shape (points, bins)."""
    x = np.zeros((len(signal), 7))
    directions = signal[:, np.newaxis] * RELATIVE + SHIFTS
    fixed = signal + FIXED

    def cost(x: Floats) -> Floats:
        mean = fixed + np.einsum("pk,pkb->pb", x, directions)
        good = np.all(mean > 0, axis=1)
        mean = np.where(mean > 0, mean, 1.0)
        ratio = np.where(OBSERVED > 0, OBSERVED, 1.0) / mean
        poisson = 2 * np.sum(mean - OBSERVED + OBSERVED * np.log(ratio), axis=1)
        return np.where(good, poisson + np.sum((x / SIGMAS) ** 2, axis=1), math.inf)

    value = cost(x)
    for _ in range(50):
        mean = fixed + np.einsum("pk,pkb->pb", x, directions)
        slope = directions @ (2 - 2 * OBSERVED / mean)[..., np.newaxis]
        slope += (2 * x / SIGMAS**2)[..., np.newaxis]
        weighted = directions * (2 * OBSERVED / mean**2)[:, np.newaxis]
        curvature = weighted @ directions.swapaxes(1, 2) + np.diag(2 / SIGMAS**2)
        step = np.linalg.solve(curvature, slope)[..., 0]
        gain = np.sum(step * slope[..., 0], axis=1)
        length = np.ones(len(x))
        for _ in range(30):
            new = cost(x - length[:, np.newaxis] * step)
            worse = new > value + 1e-12 * abs(value)
            if not worse.any():
                break
            length[worse] /= 2
        x, value = x - length[:, np.newaxis] * step, new
        if gain.max() < 1e-9:
            return value
    raise AssertionError("no minimum")


def grid_scan(sample: Sequence[int]) -> Callable[[tuple[int, int]], Floats]:
    """Return the way to -2 ln L of all couplings at some masses."""

    def at_masses(steps: tuple[int, int]) -> Floats:
        found = []
        for i in sample:
            terms = grid.binned(BINNED, "weak", steps, partial(factors, MASSES[i]))
            found.append(newton(signals(terms, COUPLINGS[i])))
        return np.array(found).T

    return at_masses


# The library.


def likelihood() -> Likelihood:
    """Return the data with their nuisances."""
    names = ("flux", "quenching", "noise", "flat", "slope", "rise", "line")
    nuisances = [Nuisance(name, s) for name, s in zip(names, SIGMAS.tolist(), strict=True)]
    background = Template("background", FIXED, dict(zip(nuisances[3:], SHIFTS[3:], strict=True)))
    variations = dict(zip(nuisances[:3], RELATIVE[:3], strict=True))
    return Likelihood([PoissonCounts("germanium", OBSERVED, [background], variations)])


def library_scan() -> Floats:
    """Return -2 ln L of all couplings and masses."""
    folding, few = Folding(BINNED), np.array([0, 1e-6, 2e-6])
    points = []
    for mass, couplings in zip(MASSES, COUPLINGS, strict=True):
        scale = few * math.hypot(1, mass / 10)
        counts = [
            folding.events(WeakScattering(RADIATIVE, LightVector(mass, g))).sum(axis=0)
            for g in scale.tolist()
        ]
        terms = np.linalg.solve(np.vander(scale**2, 3, increasing=True), counts)
        points.append(signals(terms.T, couplings))
    return likelihood()(np.stack(points, axis=1))
