"""Detectors: a target, its mass, and the chance that a recoil is counted."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, checked_number, checked_table, keep
from ..constants import KEV
from ..physics.targets import Nuclide, Target
from ..quadrature import panel_rule
from .quenching import Quenching

__all__ = [
    "ConstantEfficiency",
    "Detector",
    "Efficiency",
    "PhotoelectronAcceptance",
    "Resolution",
    "TabulatedEfficiency",
]
#: Slope of an acceptance, per photoelectron, beyond which its rise needs panels of its own.
_STEEP = 0.5
#: The least resolution, in units of the least energy that is counted.
_NARROWEST = 1e-6


@runtime_checkable
class Efficiency(Protocol):
    """The chance that an event is counted, as a function of the measured energy."""

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Energies in MeV, rising, where the efficiency jumps; it is 0 outside them all."""

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the efficiency, from 0 to 1, at measured energies in MeV."""


@dataclass(frozen=True)
class ConstantEfficiency:
    """The same chance at every energy.

    Parameters
    ----------
    value : float, optional
        From 0 to 1.

    Examples
    --------
    >>> ConstantEfficiency(0.5)([0.001, 0.01])
    array([0.5, 0.5])
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no chance."""
        keep(self, value=checked_number("efficiency", self.value, at_least=0, at_most=1))

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The whole axis: it never jumps."""
        return (0.0, math.inf)

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the value, in the shape of ``T``."""
        return self._chance(checked("energy", T, "MeV"))

    def _chance(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(E, self.value)


@dataclass(frozen=True)
class PhotoelectronAcceptance:
    r"""Acceptance as a function of the mean number x of photoelectrons.

    .. math:: A(x) = \frac{a}{1 + e^{-k (x - x_0)}}\, \Theta(x), \quad
              \Theta = 0, \tfrac12, 1 \ \text{for}\ x < 5,\ 5 \le x < 6,\ 6 \le x \le x_\text{last}

    Parameters
    ----------
    amplitude, slope, midpoint : float
        a, k (per photoelectron) and x_0 (photoelectrons).
    photoelectrons_per_keV : float
        x per keV of nuclear recoil: light yield times quenching factor.
    half, full, last : float, optional
        Where the acceptance opens by half, opens fully, and closes, in photoelectrons.

    References
    ----------
    COHERENT's data release, arXiv:1804.09459.

    Examples
    --------
    >>> acceptance = PhotoelectronAcceptance(0.6655, 0.4942, 10.8507, 1.17)
    >>> acceptance([0.004, 0.005, 0.010]).round(4)
    array([0.    , 0.0259, 0.4016])
    """

    amplitude: float
    slope: float
    midpoint: float
    photoelectrons_per_keV: float
    half: float = 5.0
    full: float = 6.0
    last: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be an acceptance."""
        unit, per_keV = "photoelectrons", self.photoelectrons_per_keV
        half = checked_number("half", self.half, unit, at_least=0)
        full = checked_number("full", self.full, unit, at_least=half)
        keep(
            self,
            amplitude=checked_number("amplitude", self.amplitude, at_least=0, at_most=1),
            slope=checked_number("slope", self.slope, "per photoelectron", at_least=0),
            midpoint=checked_number("midpoint", self.midpoint, unit, at_least=0),
            photoelectrons_per_keV=checked_number("photoelectrons", per_keV, "per keV", above=0),
            half=half,
            full=full,
            last=checked_number("last", self.last, unit, at_least=full, at_most=math.inf),
        )

    @property
    def _steps(self) -> tuple[float, float, float]:
        """The recoil energies where it opens, opens fully and closes, in MeV."""
        per_MeV = self.photoelectrons_per_keV / KEV
        return self.half / per_MeV, self.full / per_MeV, self.last / per_MeV

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The recoil energies where it opens, opens fully, rises steeply and closes, in MeV."""
        first, _, last = self._steps
        energies = {*self._steps}
        if self.slope > _STEEP:
            middle = self.midpoint * KEV / self.photoelectrons_per_keV
            width = KEV / self.photoelectrons_per_keV / self.slope
            rise = (middle + width * x for x in (-30, -10, -3, 3, 10, 30))
            energies |= {T for T in rise if first < T < last}
        return tuple(sorted(energies))

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the acceptance at recoil energies in MeV."""
        return self._chance(checked("energy", T, "MeV"))

    def _chance(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        x = self.photoelectrons_per_keV * E / KEV
        half, full, last = self._steps
        steps = ((half <= E).astype(np.float64) + (full <= E)) / 2 * (last >= E)
        acceptance: NDArray[np.float64] = (
            steps * self.amplitude * (1 + np.tanh(self.slope * (x - self.midpoint) / 2)) / 2
        )
        return acceptance


@dataclass(frozen=True)
class TabulatedEfficiency:
    """A chance between tabulated points, linear from one to the next and 0 outside.

    Parameters
    ----------
    energies : tuple of float
        Energies in MeV, rising; at least two.
    values : tuple of float
        The chance there, from 0 to 1.

    Examples
    --------
    >>> TabulatedEfficiency((0.001, 0.003), (0.2, 0.8))([0.0005, 0.002])
    array([0. , 0.5])
    """

    energies: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no table."""
        energies, values = checked_table("efficiency", self.energies, self.values, at_most=1)
        keep(self, energies=energies, values=values)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The tabulated energies."""
        return self.energies

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the interpolated chance, in the shape of ``T``."""
        return self._chance(checked("energy", T, "MeV"))

    def _chance(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(E, self.energies, self.values, left=0.0, right=0.0)


@dataclass(frozen=True)
class Resolution:
    r"""A Gaussian energy resolution.

    .. math:: \sigma^2 = \sigma_0^2 + s^2 E

    Parameters
    ----------
    constant : float, optional
        :math:`\sigma_0` in MeV, at least 0; not both terms may be 0.
    stochastic : float, optional
        :math:`s` in MeV^(1/2).
    reach : float, optional
        How many standard deviations a fluctuation may be off; the rest is cut and the Gaussian
        normalised anew.

    Examples
    --------
    >>> float(Resolution(constant=3e-5, stochastic=4e-4).sigma(1e-2).round(8))
    5e-05
    """

    constant: float = 0.0
    stochastic: float = 0.0
    reach: float = 4.0

    def __post_init__(self) -> None:
        """Refuse what is no width."""
        keep(
            self,
            constant=checked_number("constant", self.constant, "MeV", at_least=0),
            stochastic=checked_number("stochastic", self.stochastic, "MeV^(1/2)", at_least=0),
            reach=checked_number("reach", self.reach, "standard deviations", above=0),
        )
        checked_number("width", self.constant + self.stochastic, above=0)

    def sigma(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation in MeV at energies in MeV, at least 0."""
        return self._sigma(checked("energy", E, "MeV", at_least=0))

    def _sigma(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt(self.constant**2 + self.stochastic**2 * E)


@dataclass(frozen=True)
class Detector:
    """A target, its mass, and what of its recoils is counted.

    Threshold, maximum, efficiency and resolution are functions of the energy that is measured: the
    recoil energy or, with a quenching, the electron-equivalent energy.

    Parameters
    ----------
    target : Target
        The material.
    mass : float
        Fiducial mass in kg.
    threshold : float, optional
        Least energy that is counted, in MeV, at most 1.
    efficiency : Efficiency, optional
        Chance to count an event above the threshold.
    maximum : float, optional
        Greatest energy that is counted, in MeV.
    quenching : Quenching, optional
        How a recoil is seen; without it, the recoil energy itself is measured.
    resolution : Resolution, optional
        How the measured energy fluctuates; without it, not at all.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide, target
    >>> germanium = Detector(target("Ge"), mass=15.0, threshold=5e-3,
    ...                      efficiency=ConstantEfficiency(0.5))
    >>> germanium.weight([0.004, 0.006], nuclide("Ge74"))
    array([0. , 0.5])
    >>> Detector(target("Ge"), mass=15.0, threshold=-5e-3)
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: threshold: got -0.005 MeV; allowed: finite, at least 0 MeV
    """

    target: Target
    mass: float
    threshold: float = 0.0
    efficiency: Efficiency = field(default_factory=ConstantEfficiency)
    maximum: float = math.inf
    quenching: Quenching | None = None
    resolution: Resolution | None = None

    def __post_init__(self) -> None:
        """Refuse what no detector can be."""
        checked_kind("target", self.target, Target)
        checked_kind("efficiency", self.efficiency, Efficiency)
        checked_kind("quenching", self.quenching, Quenching | None)
        checked_kind("resolution", self.resolution, Resolution | None)
        low = checked_number("threshold", self.threshold, "MeV", at_least=0)
        keep(
            self,
            mass=checked_number("mass", self.mass, "kg", above=0),
            threshold=low,
            maximum=checked_number("maximum", self.maximum, "MeV", above=low, at_most=math.inf),
        )
        hint = "energies are in MeV, did you give keV?"
        least = checked_number("least energy counted", self._steps[0], "MeV", at_most=1, hint=hint)
        if self.resolution is not None:
            width, most = float(self.resolution.sigma(least)), least / self._reach / 1.01
            unit, low = "MeV at threshold", least * _NARROWEST
            checked_number("resolution", width, unit, at_least=low, at_most=most)

    @property
    def _reach(self) -> float:
        return 0.0 if self.resolution is None else self.resolution.reach

    @property
    def _steps(self) -> tuple[float, ...]:
        """Measured energies where the weight would jump without resolution; it is 0 outside."""
        jumps = self.efficiency.breakpoints
        first = max(self.threshold, jumps[0])
        last = max(first, min(self.maximum, jumps[-1]))
        return (first, *(E for E in jumps if first < E < last), last)

    def breakpoints(self, nuclide: Nuclide) -> tuple[float, ...]:
        """Return the recoil energies at which the weight is not smooth; it is 0 outside them all.

        Returns
        -------
        tuple of float
            Energies in MeV, rising; the last may be infinite.
        """
        return self._breakpoints(checked_kind("nuclide", nuclide, Nuclide))

    def _breakpoints(self, nuclide: Nuclide) -> tuple[float, ...]:
        energies = set(self._steps)
        if self.resolution is not None:
            # Each step is smeared over a few widths; panels of a width or two follow it.
            for step in self._steps:
                if step != math.inf:
                    width = float(self.resolution.sigma(step)) * 1.01
                    energies |= {step + width * x for x in np.linspace(-1, 1, 9) * self._reach}
        finite = sorted(E for E in energies if math.inf != E)
        recoils = np.array(finite)
        if self.quenching is not None:
            recoils = self._recoil_seen_as(recoils, nuclide)
        ends = (math.inf,) if math.inf in energies else ()
        return (*(float(T) for T in recoils), *ends)

    def measured(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the mean energy that is measured of a recoil.

        Parameters
        ----------
        T : array_like
            Recoil energy in MeV, any shape, at least 0.
        nuclide : Nuclide
            The nucleus that recoils.

        Returns
        -------
        ndarray
            Energies in MeV, the shape of ``T``.
        """
        checked_kind("nuclide", nuclide, Nuclide)
        return self._measured(checked("recoil energy T", T, "MeV", at_least=0), nuclide)

    def _measured(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return T if self.quenching is None else self._quenched("electron_equivalent", T, nuclide)

    def _slope(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        """Return d(energy measured)/dT; there must be a quenching."""
        return self._quenched("slope", T, nuclide)

    def _recoil_seen_as(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the inverse of `_measured`; there must be a quenching."""
        return self._quenched("nuclear_recoil", E, nuclide)

    def _quenched(
        self, name: str, energy: NDArray[np.float64], nuclide: Nuclide
    ) -> NDArray[np.float64]:
        """Ask the quenching; what one of a reader's own answers is checked."""
        bare = getattr(self.quenching, f"_{name}", None)
        if bare is None:
            answer = getattr(self.quenching, name)(energy, nuclide)
            return checked(f"{name} of the quenching", answer, at_least=0)
        seen: NDArray[np.float64] = bare(energy, nuclide)
        return seen

    def weight(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the chance that a recoil is counted.

        Parameters
        ----------
        T, nuclide
            See `measured`.

        Returns
        -------
        ndarray
            From 0 to 1, the shape of ``T``.
        """
        return self._acceptance(self.measured(T, nuclide))

    def _weight(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return self._acceptance(self._measured(T, nuclide))

    def acceptance(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the chance that an event of a mean measured energy is counted.

        Parameters
        ----------
        E : array_like
            Mean measured energy in MeV, any shape, at least 0.

        Returns
        -------
        ndarray
            From 0 to 1, the shape of ``E``.
        """
        return self._acceptance(checked("measured energy", E, "MeV", at_least=0))

    def _acceptance(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.resolution is None:
            return self._passed(E)
        # Integrate the truncated Gaussian over each stretch between two steps.
        sigma = np.maximum(self.resolution._sigma(E), 1e-300)  # not 0 at rest
        low, high = E - self._reach * sigma, E + self._reach * sigma
        total = np.zeros_like(E)
        for start, end in pairwise(self._steps):
            a, b = np.clip(start, low, high), np.clip(end, low, high)
            x, weights = panel_rule(a, b, 40)
            z = (x - E[..., np.newaxis]) / sigma[..., np.newaxis]
            gauss = np.exp(-(z**2) / 2) / sigma[..., np.newaxis] / math.sqrt(2 * math.pi)
            total += np.sum(weights * gauss * self._passed(x), axis=-1)
        return total / math.erf(self._reach / math.sqrt(2))

    def _passed(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance to count an event of a measured energy."""
        counted = (self.threshold <= E) & (self.maximum >= E)
        bare = getattr(self.efficiency, "_chance", None)
        if bare is None:  # a reader's own
            chance = checked("efficiency", self.efficiency(E), at_least=0, at_most=1)
        else:
            chance = bare(E)
        return np.where(counted, chance, 0.0)
