"""Detectors: a target, its mass, and the chance that a recoil is counted."""

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from .constants import KEV
from .errors import checked
from .nuclei import Target

__all__ = ["ConstantEfficiency", "Detector", "Efficiency", "PhotoelectronAcceptance"]


class Efficiency(Protocol):
    """The chance that a recoil is counted, as a function of its energy."""

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Recoil energies in MeV, rising, where the efficiency jumps; it is 0 outside them all."""

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the efficiency, from 0 to 1, at recoil energies in MeV."""


@dataclass(frozen=True)
class ConstantEfficiency:
    """The same chance at every energy.

    Parameters
    ----------
    value : float, optional
        From 0 to 1.

    Raises
    ------
    DomainError
        If the value lies outside 0 to 1.

    Examples
    --------
    >>> ConstantEfficiency(0.5)([0.001, 0.01])
    array([0.5, 0.5])
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no chance."""
        checked("efficiency", self.value, at_least=0, at_most=1)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The whole axis: it never jumps."""
        return (0.0, math.inf)

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the value, in the shape of ``T``."""
        return np.full(np.shape(T), self.value)


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

    Raises
    ------
    DomainError
        If a number is negative, not finite (but ``last`` may be infinite) or out of order, or if
        the amplitude exceeds 1.

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
        checked("amplitude", self.amplitude, at_least=0, at_most=1)
        checked("slope", self.slope, "per photoelectron", at_least=0)
        checked("midpoint", self.midpoint, "photoelectrons", at_least=0)
        checked("photoelectrons_per_keV", self.photoelectrons_per_keV, "1/keV", above=0)
        checked("half", self.half, "photoelectrons", at_least=0)
        checked("full", self.full, "photoelectrons", at_least=self.half)
        if self.last != math.inf:
            checked("last", self.last, "photoelectrons", at_least=self.full)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The recoil energies where it opens, opens fully and closes, in MeV."""
        steps = (self.half, self.full, self.last)
        return tuple(x / self.photoelectrons_per_keV * KEV for x in steps)

    def __call__(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the acceptance at recoil energies in MeV."""
        T = np.asarray(T, dtype=np.float64)
        x = self.photoelectrons_per_keV * T / KEV
        half, full, last = self.breakpoints
        steps = ((half <= T).astype(np.float64) + (full <= T)) / 2 * (last >= T)
        acceptance: NDArray[np.float64] = (
            steps * self.amplitude * expit(self.slope * (x - self.midpoint))
        )
        return acceptance


@dataclass(frozen=True)
class Detector:
    """A target, its mass, and what of its recoils is counted.

    Parameters
    ----------
    target : Target
        The material.
    mass : float
        Fiducial mass in kg.
    threshold : float, optional
        Least recoil energy that is counted, in MeV.
    efficiency : Efficiency, optional
        Chance to count a recoil above the threshold.

    Raises
    ------
    DomainError
        If the mass is not positive, or the threshold negative.

    Examples
    --------
    >>> from cevnslib.nuclei import target
    >>> germanium = Detector(target("Ge"), mass=15.0, threshold=5e-3,
    ...                      efficiency=ConstantEfficiency(0.5))
    >>> germanium.weight([0.004, 0.006])
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

    def __post_init__(self) -> None:
        """Refuse an impossible mass or threshold."""
        checked("mass", self.mass, "kg", above=0)
        checked("threshold", self.threshold, "MeV", at_least=0)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Recoil energies in MeV, rising, where the weight jumps; it is 0 outside them all."""
        jumps = self.efficiency.breakpoints
        first = max(self.threshold, jumps[0])
        return (first, *(T for T in jumps if first < T))

    def weight(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return the chance that a recoil is counted.

        Parameters
        ----------
        T : array_like
            Recoil energy in MeV, any shape, at least 0.

        Returns
        -------
        ndarray
            From 0 to 1, the shape of ``T``; 0 below the threshold.

        Raises
        ------
        DomainError
            If ``T`` is negative or not finite.
        """
        T = checked("recoil energy T", T, "MeV", at_least=0)
        return np.where(self.threshold <= T, self.efficiency(T), 0.0)
