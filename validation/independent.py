"""Computations of the same quantities that share no code with the library.

Counts: plain floats, the formulas as printed, scipy's adaptive quadrature in two dimensions, and in
three where what is measured fluctuates. Limits of small numbers: mpmath with 50 digits. Of the
library they use the descriptions of experiments, the masses of nuclei, the shells of electrons and
the constants of nature.
"""

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad, quad_vec
from scipy.optimize import brentq

from cevnslib.constants import CODATA_2022 as C
from cevnslib.detectors.efficiency import ConstantEfficiency
from cevnslib.experiments import Experiment
from cevnslib.physics.interactions import RADIATIVE
from cevnslib.physics.targets import Electron, Nuclide

#: Tables that were not made by this project's code.
TABLES = Path(__file__).resolve().parents[1] / "tests" / "reference"

#: A spectrum, None if it is a line, and where it has kinks.
EnergyDensity = tuple[Callable[[float], float] | None, list[float]]

#: Arithmetic with 50 digits, apart from everybody else's.
mp = mpmath.mp.clone()
mp.dps = 50


def helm_squared(T: float, A: int, mass: float) -> float:
    """Return the Helm form factor squared."""
    q = math.sqrt(2 * mass * T) / C.hbar_c
    c = 1.23 * A ** (1 / 3) - 0.60
    x = q * math.sqrt(c**2 + 7 / 3 * math.pi**2 * 0.52**2 - 5 * 0.9**2)
    return (3 * (math.sin(x) - x * math.cos(x)) / x**3) ** 2 * math.exp(-((q * 0.9) ** 2))


def powers_of_energy(kind: str, T: float, nucleus: Nuclide) -> tuple[float, float, float]:
    """Return the coefficients of 1, 1/E, 1/E^2 in dsigma/dT, cm^2/MeV."""
    Z, N, mass = nucleus.protons, nucleus.neutrons, nucleus.mass
    F2 = helm_squared(T, Z + N, mass) * (C.hbar_c * 1e-13) ** 2
    if kind == "magnetic":
        scale = math.pi * (C.fine_structure * 1e-10 * Z / C.electron_mass) ** 2 * F2
        return scale / T, -scale, 0.0
    charge = RADIATIVE.proton_vector * Z + RADIATIVE.neutron_vector * N
    scale = C.fermi**2 * mass / math.pi * charge**2 * F2
    return scale, 0.0, -scale * mass * T / 2


def michel(name: str) -> Callable[[float], float]:
    """Return the spectrum of a delayed beam of a spallation source."""
    m = C.muon_mass
    if name == "nu_e":
        return lambda E: 192 * E**2 / m**3 * (1 / 2 - E / m)
    return lambda E: 64 * E**2 / m**3 * (3 / 4 - E / m)


def reactor_spectrum() -> tuple[Callable[[float], float], list[float]]:
    """Return the spectrum of a reactor, and where it has kinks, from a table of its own."""
    lines = (TABLES / "reactor_spectra.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(lines[2:]))
    shares = {"u235": 0.55, "pu239": 0.32, "u238": 0.07, "pu241": 0.06}
    fits = {row[1]: [float(x) for x in row[2:]] for row in rows if row[0] == "mueller"}
    low = [(float(row[1]), [float(x) for x in row[2:6]]) for row in rows if row[0] != "mueller"]
    points = [
        (E, sum(s * v for s, v in zip(shares.values(), values, strict=True))) for E, values in low
    ]

    def density(E: float) -> float:
        if E > 2:
            return sum(
                s * math.exp(sum(a * E**k for k, a in enumerate(fits[name])))
                for name, s in shares.items()
            )
        for (x0, y0), (x1, y1) in pairwise(points):
            if x0 <= E <= x1:
                return y0 + (y1 - y0) * (E - x0) / (x1 - x0)
        return 0.0

    return density, [E for E, _ in points] + [8.0]


def lindhard(T: float, nucleus: Nuclide, k: float | None = None) -> float:
    """Return the ionisation energy that is seen of a recoil."""
    Z, A = nucleus.protons, nucleus.nucleons
    strength: float = 0.133 * Z ** (2 / 3) * A**-0.5 if k is None else k
    eps: float = 11.5 * Z ** (-7 / 3) * T * 1e3
    kg: float = strength * (3 * eps**0.15 + 0.7 * eps**0.6 + eps)
    return T * kg / (1 + kg)


def lindhard_inverse(E: float, nucleus: Nuclide, k: float | None = None) -> float:
    """Return the recoil that leaves an ionisation energy, by bisection."""
    recoil: float = brentq(
        lambda T: lindhard(T, nucleus, k) - E, E, 100 * E, xtol=1e-18, rtol=1e-14
    )
    return recoil


def csi_acceptance(T: float) -> float:
    """Return the acceptance that COHERENT released with its first data."""
    x = 1.17 * T * 1e3
    steps = 0 if x < 5 or x > 30 else 0.5 if x < 6 else 1
    return steps * 0.6655 / (1 + math.exp(-0.4942 * (x - 10.8507)))


def energy_density(beam: str) -> EnergyDensity:
    """Return the spectrum of a beam, None if it is a line, and where it has kinks."""
    if beam == "nubar_e":
        return reactor_spectrum()
    if beam == "nu_mu":
        return None, [(C.pion_mass**2 - C.muon_mass**2) / (2 * C.pion_mass)]
    return michel(beam), [C.muon_mass / 2]


def folded(
    kind: str,
    T: float,
    nucleus: Nuclide,
    density: Callable[[float], float] | None,
    knots: list[float],
    *,
    tolerance: float = 1e-12,
    negligible: float = 0.0,
) -> float:
    """Return the cross section at a recoil energy averaged over a spectrum, in cm^2/MeV."""
    c0, c1, c2 = powers_of_energy(kind, T, nucleus)
    low = (T + math.sqrt(T**2 + 2 * nucleus.mass * T)) / 2
    if density is None:
        return c0 + c1 / knots[0] + c2 / knots[0] ** 2 if low <= knots[0] else 0.0
    total: float = sum(
        quad(
            lambda E: density(E) * (c0 + c1 / E + c2 / E**2),
            a,
            b,
            epsabs=1e-3 * tolerance * negligible,
            epsrel=tolerance,
        )[0]
        for a, b in pairwise([low, *(E for E in knots if low < E)])
    )
    return total


def counted(experiment: Experiment, nucleus: Nuclide) -> tuple[Callable[[Any], float], list[float]]:
    """Return the chance to count a recoil, and the recoil energies where it jumps."""
    if experiment.name == "coherent-csi" and experiment.stage == "2019":
        return csi_acceptance, [5 / 1170, 6 / 1170, 30 / 1170]
    detector = experiment.detector
    first = detector.threshold
    if detector.quenching is not None:
        first = lindhard_inverse(first, nucleus)
    efficiency = detector.efficiency
    assert isinstance(efficiency, ConstantEfficiency)
    return lambda T: efficiency.value, [first, math.inf]


def adaptive_counts(
    experiment: Experiment,
    kind: str,
    *,
    tolerance: float = 1e-11,
    spectra: Callable[[str], EnergyDensity] = energy_density,
) -> dict[str, float]:
    """Return counts by beam, ``"weak"`` or ``"magnetic"`` of 1e-10 mu_B, as double integrals."""
    target = experiment.detector.target
    counts: dict[str, float] = {}
    for beam in experiment.beams:
        density, knots = spectra(beam.name)
        total = 0.0
        for nucleus, per_kg in zip(target.nuclides, target.nuclei_per_kg, strict=True):
            weight, jumps = counted(experiment, nucleus)
            kinks = [2 * E**2 / (nucleus.mass + 2 * E) for E in knots]
            last = min(kinks[-1], jumps[-1])
            if jumps[0] >= last:
                continue
            inner = [T for T in (*kinks, *jumps) if jumps[0] < T < last]
            scale = folded(kind, jumps[0], nucleus, density, knots)
            average = partial(
                folded, nucleus=nucleus, density=density, knots=knots, tolerance=tolerance / 10
            )
            for a, b in pairwise([jumps[0], *sorted(inner), last]):
                area = quad(
                    lambda T, f=average, w=weight, s=scale: w(T) * f(kind, T, negligible=s),
                    a * (1 + 1e-14),
                    b * (1 - 1e-14),
                    epsabs=1e-2 * tolerance * scale * jumps[0],
                    epsrel=tolerance,
                    limit=100,
                )[0]
                total += per_kg * experiment.detector.mass * experiment.fluence(beam) * area
        counts[beam.name] = total
    return counts


#: The density of what is measured, of an event with a mean energy.
Density = Callable[[float, float], float]


def gaussian(
    constant: float, stochastic: float = 0.0, relative: float = 0.0, *, renormalised: bool = False
) -> Density:
    """Return the density of a Gaussian readout, whose terms add in quadrature."""

    def density(x: float, E: float) -> float:
        sigma = math.sqrt(constant**2 + stochastic**2 * E + relative**2 * E**2)
        norm = (1 + math.erf(E / (math.sqrt(2) * sigma))) / 2 if renormalised else 1.0
        return math.exp(-(((x - E) / sigma) ** 2) / 2) / (math.sqrt(2 * math.pi) * sigma * norm)

    return density


def gamma(shape_per_keV: float) -> Density:
    """Return the density of a readout that follows a gamma distribution."""

    def density(x: float, E: float) -> float:
        k = 1 + shape_per_keV * E * 1e3
        if x <= 0:
            return 0.0
        return math.exp(k * math.log(k / E) + (k - 1) * math.log(x) - k * x / E - math.lgamma(k))

    return density


def shares(
    density: Density,
    edges: Sequence[float],
    width: Callable[[float], float],
    chance: Callable[[float], float] = lambda _: 1.0,
    kinks: Iterable[float] = (),
) -> Callable[[float], NDArray[np.float64]]:
    """Return the chance to be counted in each bin, as a function of the mean measured energy."""

    def of_mean(E: float) -> NDArray[np.float64]:
        cuts = sorted({*kinks, *(E + n * width(E) for n in (-30, -8, -4, -2, 0, 2, 4, 8, 30))})
        inside = []
        for low, high in pairwise(edges):
            ends = [low, *(x for x in cuts if low < x < high), high]
            pieces = (
                quad(lambda x: chance(x) * density(x, E), a, b, epsabs=1e-14, epsrel=1e-11)[0]
                for a, b in pairwise(ends)
            )
            inside.append(sum(pieces))
        return np.array(inside)

    return of_mean


def poisson_shares(
    photoelectrons_per_keV: float,
    edges: Sequence[float],
    chance: Callable[[float], float] = lambda _: 1.0,
) -> Callable[[float], NDArray[np.float64]]:
    """Return the same of photoelectrons that are counted, with edges between whole numbers."""
    per_MeV = photoelectrons_per_keV * 1e3

    def of_mean(E: float) -> NDArray[np.float64]:
        inside = []
        for low, high in pairwise(edges):
            numbers = range(math.ceil(low * per_MeV), math.ceil(high * per_MeV))
            terms = (
                chance(n / per_MeV)
                * math.exp(n * math.log(E * per_MeV) - E * per_MeV - math.lgamma(n + 1))
                for n in numbers
            )
            inside.append(sum(terms))
        return np.array(inside)

    return of_mean


def over_recoils(
    rate: Callable[[float], float],
    weight: Callable[[float], NDArray[np.float64]],
    cuts: Sequence[float],
    tolerance: float = 1e-10,
) -> NDArray[np.float64]:
    """Integrate a rate with weights, one for each bin, over the logarithm of the recoil."""
    total: Any = 0.0
    for low, high in pairwise(cuts):
        part, _ = quad_vec(
            lambda x: math.exp(x) * rate(math.exp(x)) * weight(math.exp(x)),
            math.log(low),
            math.log(high),
            epsabs=1e-60,  # where nothing counts
            epsrel=tolerance,
            norm="max",
            limit=200,
        )
        total = total + part
    return np.asarray(total)


def effective_moment(
    density: NDArray[np.complex128],
    mixing: NDArray[np.complex128],
    moments: NDArray[np.complex128],
    antineutrino: bool,
) -> float:
    """Return the effective moment squared, as the trace of rho lambda^dagger lambda."""
    a, b, c = moments
    matrix = np.array([[0, c, -b], [-c, 0, a], [b, -a, 0]])
    if antineutrino:  # its states mix with U, and the conjugate of the Lagrangian flips them
        matrix, mixing = matrix.conj(), mixing.conj()
    states = mixing.conj().T @ density @ mixing
    return float(np.trace(states @ matrix.conj().T @ matrix).real)


def on_electron(kind: str, T: float, flavour: str, antineutrino: bool) -> tuple[float, ...]:
    """Return the coefficients of 1, 1/E, 1/E^2 in dsigma/dT on an electron, cm^2/MeV."""
    m, square = C.electron_mass, (C.hbar_c * 1e-13) ** 2
    if kind == "magnetic":
        scale = math.pi * (C.fine_structure * 1e-10 / m) ** 2 * square
        return scale / T, -scale, 0.0
    right = 0.23857
    left = right + (0.5 if flavour == "e" else -0.5)
    if antineutrino:
        left, right = right, left
    scale = 2 * C.fermi**2 * m / math.pi * square
    return (
        scale * (left**2 + right**2),
        scale * -2 * T * right**2,
        scale * (right**2 * T**2 - left * right * m * T),
    )


def electron_counts(
    kind: str,
    struck: Electron,
    first: float,
    last: float,
    beam: EnergyDensity,
    flavour: str,
    antineutrino: bool,
) -> float:
    """Return events on the electrons of one atom, for one neutrino per cm^2 of the spectrum."""
    density, knots = beam
    m = C.electron_mass

    def rate(T: float) -> float:
        coefficients = on_electron(kind, T, flavour, antineutrino)
        low = (T + math.sqrt(T**2 + 2 * m * T)) / 2

        def sigma(E: float) -> float:
            return sum(c * E**-n for n, c in enumerate(coefficients))

        if density is None:
            return sigma(knots[0]) if low <= knots[0] else 0.0
        cuts = [low, *(E for E in knots if low < E)]
        total: float = sum(
            quad(lambda E: density(E) * sigma(E), a, b, epsabs=1e-60, epsrel=1e-12)[0]
            for a, b in pairwise(cuts)
        )
        return total

    inner = {2 * E**2 / (m + 2 * E) for E in knots} | {energy for energy, _ in struck.shells}
    last = min(last, 2 * knots[-1] ** 2 / (m + 2 * knots[-1]))
    cuts = [first, *sorted(T for T in inner if first < T < last), last]
    total = 0.0
    for a, b in pairwise(cuts):
        number = sum(count for energy, count in struck.shells if energy < b)
        total += number * float(over_recoils(rate, lambda _: np.ones(1), [a, b])[0])
    return total


def helm_exactly(q: float, A: int) -> mpmath.mpf:
    """Return the Helm form factor as it is printed, with 50 digits."""
    q = mp.mpf(q)
    c = mp.mpf("1.23") * mp.cbrt(A) - mp.mpf("0.6")
    skin = mp.mpf("0.9")
    radius = mp.sqrt(c**2 + mp.mpf(7) / 3 * (mp.pi * mp.mpf("0.52")) ** 2 - 5 * skin**2)
    x = q * radius
    return 3 * (mp.sin(x) - x * mp.cos(x)) / x**3 * mp.exp(-((q * skin) ** 2) / 2)


def michel_moment(name: str, below_end: float, order: int) -> tuple[float, mpmath.mpf]:
    """Return an energy below the end of a delayed spectrum, and the moment above it."""
    m = mp.mpf(C.muon_mass)
    E_min = float(m / 2 * (1 - mp.mpf(below_end)))
    if name == "nu_e":
        powers = {2: 96 / m**3, 3: -192 / m**4}
    else:
        powers = {2: 48 / m**3, 3: -64 / m**4}
    low, total = mp.mpf(E_min), mp.mpf(0)
    for k, a in powers.items():
        p = k - order + 1
        total += a * (mp.log(m / 2 / low) if p == 0 else ((m / 2) ** p - low**p) / p)
    return E_min, total


def reactor_moment(E_min: float, order: int) -> mpmath.mpf:
    """Return the moment of the reactor spectrum above an energy beyond 2 MeV."""
    lines = (TABLES / "reactor_spectra.csv").read_text(encoding="utf-8").splitlines()
    shares = {"u235": "0.55", "pu239": "0.32", "u238": "0.07", "pu241": "0.06"}
    fits = {row[1]: row[2:] for row in csv.reader(lines[2:]) if row[0] == "mueller"}

    def weighted(E: mpmath.mpf) -> mpmath.mpf:
        density = sum(
            mp.mpf(share) * mp.exp(sum(mp.mpf(a) * E**k for k, a in enumerate(fits[name])))
            for name, share in shares.items()
        )
        return density * E**-order

    return mp.quad(weighted, [mp.mpf(E_min), 8])


def ends_of_recoil(m: float, E: float, M: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return the least and the greatest recoil with an outgoing fermion of mass m.

    The two roots of the quadratic equation as printed, whose difference cancels for small m.
    """
    m, E, M = mp.mpf(m), mp.mpf(E), mp.mpf(M)
    middle = 2 * M * E**2 - m**2 * (M + E)
    root = E * mp.sqrt((2 * M * E - m**2) ** 2 - 4 * M**2 * m**2)
    scale = 2 * M * (M + 2 * E)
    return (middle - root) / scale, (middle + root) / scale
