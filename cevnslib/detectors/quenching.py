"""Quenching: how much of a nuclear recoil is seen as ionisation or light."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, checked_number, keep
from ..constants import KEV
from ..physics.targets import Nuclide

__all__ = [
    "Lindhard",
    "Quenching",
]
#: Energies in MeV below this count as 0.
_LEAST = 1e-30


@runtime_checkable
class Quenching(Protocol):
    """How much of a nuclear recoil is seen, as electron-equivalent energy: 0 at 0, and rising."""

    def electron_equivalent(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the energy seen, in MeV, at recoil energies in MeV."""

    def slope(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return its derivative with respect to the recoil energy."""

    def nuclear_recoil(self, E: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the recoil energy, in MeV, that is seen as an energy in MeV."""


@dataclass(frozen=True)
class Lindhard:
    r"""Lindhard's quenching: the share of a recoil that goes into ionisation.

    .. math:: E_\text{ee} = \frac{k\, g(\epsilon)}{1 + k\, g(\epsilon)}\, T, \quad
              g = 3 \epsilon^{0.15} + 0.7 \epsilon^{0.6} + \epsilon, \quad
              \epsilon = 11.5\, Z^{-7/3}\, \frac{T}{\mathrm{keV}}, \quad
              k = 0.133\, Z^{2/3} A^{-1/2}

    Parameters
    ----------
    k : float, optional
        Strength, above 0; by default the formula above for each nuclide.

    References
    ----------
    J. Lindhard et al., Mat. Fys. Medd. Dan. Vid. Selsk. 33 (1963) no. 10; J. D. Lewin and P. F.
    Smith, Astropart. Phys. 6 (1996) 87.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> seen = Lindhard().electron_equivalent(1e-3, nuclide("Ge72"))
    >>> f"{seen * 1e3:.3f} keV of 1 keV"
    '0.172 keV of 1 keV'
    """

    k: float | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible strength."""
        if self.k is not None:
            keep(self, k=checked_number("Lindhard's k", self.k, above=0))

    def _terms(self, T: NDArray[np.float64], nuclide: Nuclide) -> tuple[NDArray[np.float64], ...]:
        """Return k epsilon^0.15, k epsilon^0.6 and k epsilon."""
        k = self.k
        if k is None:
            k = 0.133 * nuclide.protons ** (2 / 3) * nuclide.nucleons**-0.5
        e = 11.5 * nuclide.protons ** (-7 / 3) / KEV * T
        root = e**0.15
        return k * root, k * (root * root) ** 2, k * e

    def _seen(
        self, T: NDArray[np.float64], nuclide: Nuclide
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the share of a recoil that is seen, and d(energy seen)/dT."""
        a, b, c = self._terms(T, nuclide)
        kg = 3 * a + 0.7 * b + c
        share = kg / (1 + kg)
        return share, share + (0.45 * a + 0.42 * b + c) / (1 + kg) ** 2

    def electron_equivalent(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the energy seen of a recoil T, at least 0; see `Quenching`."""
        checked_kind("nuclide", nuclide, Nuclide)
        return self._electron_equivalent(checked("recoil energy T", T, "MeV", at_least=0), nuclide)

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        a, b, c = self._terms(T, nuclide)
        kg = 3 * a + 0.7 * b + c
        return T * kg / (1 + kg)

    def slope(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return d(energy seen)/dT; ``T`` must be above 0."""
        checked_kind("nuclide", nuclide, Nuclide)
        return self._slope(checked("recoil energy T", T, "MeV", above=0), nuclide)

    def _slope(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return self._seen(T, nuclide)[1]

    def nuclear_recoil(self, E: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the recoil energy that is seen as E, at least 0.

        Newton's method in log T, where the function is nearly a straight line; to rounding.
        """
        checked_kind("nuclide", nuclide, Nuclide)
        energy = checked("electron-equivalent energy", E, "MeV", at_least=0)
        return self._nuclear_recoil(energy, nuclide)

    def _nuclear_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        positive = np.where(E > _LEAST, E, 1.0)
        log_T = np.log(5 * positive)
        for _ in range(60):
            T = np.exp(log_T)
            share, slope = self._seen(T, nuclide)
            step = np.log(T * share / positive) * share / slope
            log_T = log_T - step
            if np.all(np.abs(step) < 1e-15):
                break
        return np.where(E > _LEAST, np.exp(log_T), 0.0)
