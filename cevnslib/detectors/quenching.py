"""Quenching: how much of a nuclear recoil is seen as ionisation or light."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    Doors,
    checked,
    checked_kind,
    checked_number,
    checked_numbers,
    checked_table,
    keep,
)
from ..constants import KEV
from ..errors import DomainError, KindError, quoted
from ..physics.targets import Nuclide

__all__ = [
    "FrozenQuenching",
    "Lindhard",
    "ModifiedLindhard",
    "PolynomialQuenching",
    "Quenching",
    "TabulatedQuenching",
]
#: Energies in MeV below this count as 0.
_LEAST = 1e-30
#: Where a quenching without an inverse is looked at to invert it: recoils in MeV, and how many.
_LOW, _HIGH, _SAMPLES = 1e-9, 10.0, 4000


class Quenching(Doors, ABC):
    """What every quenching offers: the energy seen of a recoil, its slope, and its inverse.

    Energies are in MeV, any shape, at least 0; the slope needs recoils above 0. A subclass gives
    `electron_equivalent`; it may give the others, where it knows better than numbers do, and
    `knots`. What cannot be is a DomainError.
    """

    doors: ClassVar[tuple[str, ...]] = ("electron_equivalent", "slope", "nuclear_recoil")
    #: Whether the energy seen rises with the recoil everywhere, so that there is one inverse.
    rising: ClassVar[bool] = False

    @property
    def knots(self) -> tuple[float, ...]:
        """Recoil energies in MeV, rising, where the energy seen is not smooth."""
        return ()

    def electron_equivalent(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the energy that is seen of a recoil T, the shape of ``T``."""
        checked_kind("nuclide", nuclide, Nuclide)
        T = checked("recoil energy T", T, "MeV", at_least=0)
        return np.asarray(self._answer("electron_equivalent", T, nuclide))

    def slope(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return d(energy seen)/dT, the shape of ``T``."""
        checked_kind("nuclide", nuclide, Nuclide)
        return self._slope(checked("recoil energy T", T, "MeV", above=0), nuclide)

    def nuclear_recoil(self, E: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the least recoil energy that is seen as E, the shape of ``E``."""
        checked_kind("nuclide", nuclide, Nuclide)
        E = checked("electron-equivalent energy", E, "MeV", at_least=0)
        return self._answer("nuclear_recoil", E, nuclide)

    def _answer(
        self, name: str, energy: NDArray[np.float64], nuclide: Nuclide
    ) -> NDArray[np.float64]:
        """Ask a formula; what one of a reader's own answers is checked."""
        answer: NDArray[np.float64] = getattr(self, f"_{name}")(energy, nuclide)
        if type(self).__module__.split(".")[0] == __package__.split(".")[0]:
            return answer
        answer = checked(f"{name} of {type(self).__name__}", answer, "MeV", at_least=0)
        return np.broadcast_to(answer, energy.shape)

    @abstractmethod
    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the energy seen; see `electron_equivalent`."""

    def _slope(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        step = 1e-5 * T
        seen = [self._electron_equivalent(T + k * step, nuclide) for k in (-2, -1, 1, 2)]
        slope: NDArray[np.float64] = (8 * (seen[2] - seen[1]) - (seen[3] - seen[0])) / (12 * step)
        return slope

    def _nuclear_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        T, level = self._crossings(E.ravel(), nuclide)
        first = np.full(E.size, np.inf)
        np.minimum.at(first, level, T)
        first[E.ravel() <= _LEAST] = 0.0
        if not np.all(np.isfinite(first)):
            least, most = self._electron_equivalent(np.array([_LOW, _HIGH]), nuclide)
            raise DomainError(
                f"electron-equivalent energy: got {E.ravel()[~np.isfinite(first)][0]:g} MeV; "
                f"allowed: 0, or what recoils are seen as, from {least:g} to {most:g} MeV"
            )
        return first.reshape(E.shape)

    def _crossings(
        self, levels: NDArray[np.float64], nuclide: Nuclide
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return all recoils that are seen as one of some energies, and as which."""
        samples = np.geomspace(_LOW, _HIGH, _SAMPLES)
        if self.knots:
            samples = np.union1d(samples, [T for T in self.knots if T > 0])
        above = self._answer("electron_equivalent", samples, nuclide) > levels[:, np.newaxis]
        level, place = np.nonzero(above[:, 1:] != above[:, :-1])
        low, high = samples[place], samples[place + 1]
        rising, wanted = above[level, place + 1], levels[level]
        for _ in range(60):
            middle = (low + high) / 2
            beyond = (self._electron_equivalent(middle, nuclide) > wanted) == rising
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        return (low + high) / 2, level


@dataclass(frozen=True)
class ReadersQuenching(Quenching):
    """A quenching of a reader's, of any class with a method ``electron_equivalent``."""

    original: Any

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        seen = self.original.electron_equivalent(T, nuclide)
        return checked("energy seen of the quenching", seen, "MeV", at_least=0)


def quenching_of(value: Any) -> Quenching | None:
    """Return a quenching, also of a reader's own class, or None, or refuse what is neither."""
    if value is None or isinstance(value, Quenching):
        return value
    if isinstance(value, type) or not callable(getattr(value, "electron_equivalent", None)):
        raise KindError(
            f"quenching: got {quoted(value)}; allowed: None, or a cevnslib.detectors.quenching."
            "Quenching or another thing with the method electron_equivalent(T, nuclide)"
        )
    return ReadersQuenching(value)


@dataclass(frozen=True)
class Lindhard(Quenching):
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

    rising: ClassVar[bool] = True

    k: float | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible strength."""
        if self.k is not None:
            keep(self, k=checked_number("Lindhard's k", self.k, above=0))

    def _terms(self, T: NDArray[np.float64], nuclide: Nuclide) -> tuple[NDArray[np.float64], ...]:
        """Return k epsilon^0.15, k epsilon^0.6 and k epsilon."""
        k: Any = self.k
        if k is None:
            k = 0.133 * nuclide.protons ** (2 / 3) * nuclide.nucleons**-0.5
        e = _epsilon(T, nuclide)
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

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        a, b, c = self._terms(T, nuclide)
        kg = 3 * a + 0.7 * b + c
        return T * kg / (1 + kg)

    def _slope(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return self._seen(T, nuclide)[1]

    def _nuclear_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        """Use Newton's method in log T, where the function is nearly straight; to rounding."""
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


@dataclass(frozen=True)
class ModifiedLindhard(Quenching):
    r"""Lindhard's quenching, less what it costs to break the lattice.

    .. math:: E_\text{ee} = \max\left[\left(\frac{k\, g(\epsilon)}{1 + k\, g(\epsilon)}
              - \frac{q}{\epsilon}\right) T,\; 0\right]

    Parameters
    ----------
    k : float, optional
        Lindhard's strength, see `Lindhard`.
    q : float, optional
        The correction: above 0 less is seen of small recoils, below 0 more. The energy it takes is
        the same at every recoil, so that for q below 0 something is seen of no recoil at all.

    References
    ----------
    P. Sorensen, Phys. Rev. D 91 (2015) 083509, arXiv:1412.3028.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> quenching = ModifiedLindhard(k=0.157, q=-17e-5)
    >>> f"{quenching.electron_equivalent(0.5e-3, nuclide('Ge72')) * 1e3:.4f} keV of 0.5 keV"
    '0.1260 keV of 0.5 keV'
    """

    k: float | None = None
    q: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an impossible strength."""
        keep(self, k=Lindhard(self.k).k, q=checked_number("q", self.q))

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        lost = self.q / _epsilon(np.array(1.0), nuclide)  # T/epsilon, whatever the recoil
        seen = Lindhard(self.k)._electron_equivalent(T, nuclide) - lost
        return np.maximum(seen, 0.0)


def _epsilon(T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
    """Return Lindhard's reduced energy."""
    return np.asarray(11.5 * nuclide.protons ** (-7 / 3) / KEV * T)


@dataclass(frozen=True)
class PolynomialQuenching(Quenching):
    r"""A quenching that is a polynomial of the recoil energy, the same for all nuclides.

    .. math:: E_\text{ee} = T \left(a_0 + a_1 T + a_2 T^2 + \dots\right)

    Parameters
    ----------
    coefficients : tuple of float
        a_0, a_1 in 1/MeV, a_2 in 1/MeV^2 and so on. It must rise up to the largest recoils that
        count; where it would be below 0 nothing is seen.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> argon = PolynomialQuenching((0.246, 0.78))  # COHERENT, arXiv:2006.12659
    >>> float(argon.electron_equivalent(0.05, nuclide("Ar40")).round(5))
    0.01425
    """

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what are no numbers."""
        keep(self, coefficients=checked_numbers("coefficients of the quenching", self.coefficients))

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return np.maximum(T * polynomial.polyval(T, self.coefficients), 0.0)


@dataclass(frozen=True)
class TabulatedQuenching(Quenching):
    """A share that is seen between tabulated points, linear from one recoil to the next.

    Parameters
    ----------
    recoils : tuple of float
        Recoil energies in MeV, rising, at least two.
    shares : tuple of float
        The share of each that is seen, from 0 to 1; below and above the table it stays as at its
        ends. The energy seen may fall in between.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> table = TabulatedQuenching((0.3e-3, 1e-3), (0.25, 0.20))
    >>> table.electron_equivalent([0.2e-3, 1e-3, 2e-3], nuclide("Ge72")) * 1e3
    array([0.05, 0.2 , 0.4 ])
    """

    recoils: tuple[float, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no table."""
        recoils, shares = checked_table("quenching", self.recoils, self.shares, at_most=1)
        keep(self, recoils=recoils, shares=shares)

    @property
    def knots(self) -> tuple[float, ...]:
        """The tabulated recoils."""
        return self.recoils

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return T * np.interp(T, self.recoils, self.shares)


@dataclass(frozen=True)
class FrozenQuenching(Quenching):
    """The share that another quenching sees of recoils that it sees as one energy, at all recoils.

    Parameters
    ----------
    original : Quenching
        The other one.
    energy : float
        The electron-equivalent energy in MeV at which the share is taken, for each nuclide, or
        with ``of_recoil`` the recoil energy.
    of_recoil : bool, optional
        Whether the share is that of a recoil with this energy.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> fixed = FrozenQuenching(Lindhard(), 0.1e-3, of_recoil=True)
    >>> f"{fixed.nuclear_recoil(0.1e-3, nuclide('Ge72')) * 1e3:.3f} keV"
    '0.790 keV'
    """

    rising: ClassVar[bool] = True

    original: Quenching
    energy: float
    of_recoil: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no quenching and no energy."""
        checked_kind("original", self.original, Quenching)
        checked_kind("of_recoil", self.of_recoil, bool)
        keep(self, energy=checked_number("energy", self.energy, "MeV", above=0))

    def _share(self, nuclide: Nuclide) -> Any:
        T = np.asarray(self.energy)
        if self.of_recoil:
            return self.original._electron_equivalent(T, nuclide) / T
        return T / self.original._nuclear_recoil(T, nuclide)

    def _electron_equivalent(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return np.asarray(T * self._share(nuclide))

    def _slope(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return np.asarray(np.ones_like(T) * self._share(nuclide))

    def _nuclear_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return np.asarray(E / self._share(nuclide))
