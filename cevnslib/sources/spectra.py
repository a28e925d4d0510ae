r"""Energy spectra, known by their moments.

The moments of a spectrum :math:`f(E)` are :math:`I_n(E_\min)=\int_{E_\min}^\infty f(E)E^{-n}dE`;
nothing else of a spectrum enters a rate.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property
from typing import ClassVar

import numpy as np
from numpy.polynomial import legendre, polynomial, polyutils
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    Doors,
    checked,
    checked_integer,
    checked_number,
    checked_numbers,
    checked_table,
    keep,
)
from ..errors import DomainError
from ..quadrature import panel_rule

__all__ = [
    "LineSpectrum",
    "NumericalSpectrum",
    "PolynomialSpectrum",
    "SmoothSpectrum",
    "Spectrum",
    "TabulatedSpectrum",
]
#: Orders that are kept, and the nodes of a panel.
_ORDERS, _NODES = 8, 12
#: Energies in MeV below this count as 0.
_LEAST_ENERGY = 1e-30
#: Energies in MeV above which powers of them may not be finite.
_GREATEST_ENERGY = 1e12


class Spectrum(Doors, ABC):
    """What every spectrum offers: its moments, and the energies where it is not smooth.

    Energies are in MeV; what cannot be is a DomainError.
    """

    doors: ClassVar[tuple[str, ...]] = ("moments",)

    @property
    @abstractmethod
    def breakpoints(self) -> tuple[float, ...]:
        """Energies in MeV, rising, where the spectrum is not smooth; the last is its end."""

    def moments(self, E_min: ArrayLike, order: int) -> NDArray[np.float64]:
        """Return the moments I_0 to I_order above an energy.

        Parameters
        ----------
        E_min : array_like
            Lower ends of the integrals, any shape, at least 0; above 0 where a moment diverges.
        order : int
            The highest power of 1/E, up to 7.

        Returns
        -------
        ndarray
            I_n in MeV^-n, n along a new first axis, 0 above the end of the spectrum.
        """
        least = checked("E_min", E_min, "MeV", at_least=0)
        return self._moments(
            least, checked_integer("order", order, at_least=0, at_most=_ORDERS - 1)
        )

    @abstractmethod
    def _moments(self, E_min: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the moments; see `moments`."""


class SmoothSpectrum(Spectrum):
    """A spectrum with a density."""

    doors: ClassVar[tuple[str, ...]] = ("moments", "density")

    def density(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the number of neutrinos per MeV, 0 outside the spectrum.

        Parameters
        ----------
        E : array_like
            Energies, any shape, at least 0.

        Returns
        -------
        ndarray
            f(E) in 1/MeV, the shape of ``E``.
        """
        return self._density(checked("neutrino energy E", E, "MeV", at_least=0))

    @abstractmethod
    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density; see `density`."""


@dataclass(frozen=True)
class LineSpectrum(Spectrum):
    """Neutrinos of one energy, normalised to one.

    Parameters
    ----------
    energy : float
        The energy, above 0.

    Examples
    --------
    >>> LineSpectrum(2.0).moments([1.0, 3.0], order=2)
    array([[1.  , 0.  ],
           [0.5 , 0.  ],
           [0.25, 0.  ]])
    """

    energy: float

    def __post_init__(self) -> None:
        """Refuse an energy that is not positive and finite."""
        keep(self, energy=checked_number("line energy", self.energy, "MeV", above=0))

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The energy of the line."""
        return (self.energy,)

    def _moments(self, E_min: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        powers = [self.energy**-n for n in range(order + 1)]
        return np.multiply.outer(powers, E_min <= self.energy)


@dataclass(frozen=True)
class PolynomialSpectrum(SmoothSpectrum):
    r"""A polynomial in the energy up to an end point, with its moments in closed form.

    Parameters
    ----------
    coefficients : tuple of float
        :math:`a_k` of :math:`f(E) = \sum_k a_k E^k`, in MeV^-(k+1).
    end : float
        End point in MeV.

    Examples
    --------
    >>> uniform = PolynomialSpectrum((0.5,), end=2.0)
    >>> uniform.moments(1.0, order=1).round(6)
    array([0.5     , 0.346574])
    """

    coefficients: tuple[float, ...]
    end: float

    def __post_init__(self) -> None:
        """Refuse what is not finite."""
        keep(
            self,
            coefficients=checked_numbers("coefficients", self.coefficients),
            end=checked_number("end point", self.end, "MeV", above=0, at_most=_GREATEST_ENERGY),
        )
        shape = polyutils.trimcoef(self.coefficients or (0.0,))
        turns = polynomial.polyroots(polynomial.polyder(shape)).real
        inside = turns[(turns > 0) & (turns < self.end)]
        heights = polynomial.polyval(np.concatenate([[0.0, self.end], inside]), shape)
        if not 0 < np.max(heights) >= -1e9 * np.min(heights):  # but for rounding
            raise DomainError(
                f"spectrum: got from {np.min(heights):g} to {np.max(heights):g} per MeV between 0 "
                f"and {self.end:g} MeV; allowed: at least 0 everywhere, above 0 somewhere"
            )

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The end point."""
        return (self.end,)

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self.end >= E, polynomial.polyval(E, self.coefficients), 0.0)

    def _moments(self, E_min: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        low = np.minimum(E_min, self.end)
        lowest_power = next((k for k, a in enumerate(self.coefficients) if a), 0)
        if order > lowest_power and np.any(low < _LEAST_ENERGY):
            raise DomainError(
                f"E_min: got {low.min():g} MeV, where the moment of order {order} diverges; "
                f"allowed: above 0 MeV, or orders up to {lowest_power}"
            )
        # The integrals of E^(p - 1), which the moments share.
        integrals = {
            p: (self.end**p - low**p) / p if p else np.log(self.end / low)
            for p in range(lowest_power - order + 1, len(self.coefficients) + 1)
        }
        moments = np.zeros((order + 1, *low.shape))
        for n in range(order + 1):
            for k, a in enumerate(self.coefficients[lowest_power:], lowest_power):
                moments[n] += a * integrals[k - n + 1]
        return moments


@cache
def _integration() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From weighted values at the nodes to Legendre coefficients, and from these to G.

    G(x) is the integral from x to 1 divided by 1 - x: that of P_k is (1 - x^2) P_k'/k(k + 1). Both
    steps in one matrix would lose six digits.
    """
    x, _ = panel_rule(-1.0, 1.0, _NODES)
    to_legendre = legendre.legvander(x, _NODES - 1) * (np.arange(_NODES) + 0.5)
    to_powers = np.zeros((_NODES, _NODES))
    to_powers[0, 0] = 1.0
    for k in range(1, _NODES):
        slope = legendre.leg2poly(legendre.legder([0] * k + [1])) / (k * (k + 1))
        to_powers[k, : k + 1] = np.convolve(slope, [1, 1])
    return to_legendre, to_powers


class NumericalSpectrum(SmoothSpectrum):
    """A spectrum given by its density; its moments are polynomials on panels, found once and kept.

    A subclass gives ``density`` and ``breakpoints``; the first breakpoint is where the spectrum
    starts, above 0, and between two of them the density must be smooth.
    """

    @cached_property
    def _panels(self) -> NDArray[np.float64]:
        """Ends of panels: the breakpoints, and points between them."""
        checked("start of the spectrum", self.breakpoints[0], "MeV", above=0)
        edges = np.array(self.breakpoints)
        pieces = np.maximum(4, np.ceil(4 * np.log2(edges[1:] / edges[:-1])))
        place = np.concatenate([[0.0], np.cumsum(pieces)])
        panels: NDArray[np.float64] = np.exp(
            np.interp(np.arange(place[-1] + 1), place, np.log(edges))
        )
        panels[place.astype(int)] = edges
        return panels

    @cached_property
    def _integrals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The moments on each panel, (1 - x) G(x) + tail, with x from -1 to 1 over the panel.

        G has a power, an order and a panel to each axis, the tail an order and a panel.
        """
        E, weights = panel_rule(self._panels[:-1], self._panels[1:], _NODES)
        weighted = np.stack([self._density(E) * weights * E**-n for n in range(_ORDERS)])
        tails = np.zeros((_ORDERS, len(E)))
        tails[:, :-1] = np.cumsum(weighted.sum(axis=-1)[:, :0:-1], axis=-1)[:, ::-1]
        to_legendre, to_powers = _integration()
        powers = weighted @ to_legendre @ to_powers
        return np.ascontiguousarray(powers.transpose(2, 0, 1)), tails

    def _moments(self, E_min: NDArray[np.float64], order: int) -> NDArray[np.float64]:
        """Return the moments, to 1e-10; below the start of the spectrum, those of all of it."""
        ends, (powers, tails) = self._panels, self._integrals
        energy = np.minimum(np.maximum(E_min, ends[0]), ends[-1])
        panel = np.searchsorted(ends[1:-1], energy, side="right")
        high = ends[1:].take(panel)
        below_end = 2 * (high - energy) / (high - ends.take(panel))  # 1 - x
        x = 1 - below_end
        moments: NDArray[np.float64] = powers[-1, : order + 1].take(panel, axis=-1)
        for power in powers[-2::-1, : order + 1]:  # Horner's scheme
            moments *= x
            moments += power.take(panel, axis=-1)
        moments *= below_end
        moments += tails[: order + 1].take(panel, axis=-1)
        return moments


@dataclass(frozen=True)
class TabulatedSpectrum(NumericalSpectrum):
    """A spectrum between tabulated points, linear from one to the next.

    Parameters
    ----------
    energies : tuple of float
        Energies in MeV, rising, above 0; at least two.
    values : tuple of float
        Neutrinos per MeV there, at least 0.

    Examples
    --------
    >>> triangle = TabulatedSpectrum((1.0, 2.0, 3.0), (0.0, 1.0, 0.0))
    >>> triangle.moments([0.5, 2.0], order=0)
    array([[1. , 0.5]])
    """

    energies: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no table."""
        energies, values = checked_table("spectrum", self.energies, self.values)
        checked_number("first energy", energies[0], "MeV", above=0)
        keep(self, energies=energies, values=values)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The tabulated energies."""
        return self.energies

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(E, self.energies, self.values, left=0.0, right=0.0)
