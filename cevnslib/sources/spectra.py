r"""Energy spectra, known by their moments.

The moments of a spectrum :math:`f(E)` are :math:`I_n(E_\min)=\int_{E_\min}^\infty f(E)E^{-n}dE`;
nothing else of a spectrum enters a rate. A negative n is a positive power of the energy.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from operator import mul
from typing import Any, ClassVar

import numpy as np
from numpy.polynomial import legendre, polynomial, polyutils
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    Doors,
    checked,
    checked_integer,
    checked_kind,
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
    "WeightedSpectrum",
]
#: The least and the greatest order of a moment, and the nodes of a panel.
_LOWEST, _HIGHEST, _NODES = -2, 7, 12
#: The share of the first interval of a spectrum from 0 MeV that is taken as a straight line.
_FOOT = 2.0**-20
#: The last part of a polynomial's range, where closed forms would cancel.
_LAST = 1e-3
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

    def moments(self, E_min: ArrayLike, order: int, lowest: int = 0) -> NDArray[np.float64]:
        """Return the moments I_lowest to I_order above an energy.

        Parameters
        ----------
        E_min : array_like
            Lower ends of the integrals, any shape, at least 0; above 0 where a moment diverges.
        order : int
            The highest power of 1/E, up to 7.
        lowest : int, optional
            The lowest power of 1/E, from -2 on: -1 and -2 weigh with E and E^2.

        Returns
        -------
        ndarray
            I_n in MeV^-n, n along a new first axis; at least 0, and 0 above the end of the
            spectrum.
        """
        least = checked("E_min", E_min, "MeV", at_least=0)
        lowest = checked_integer("lowest", lowest, at_least=_LOWEST, at_most=0)
        order = checked_integer("order", order, at_least=lowest, at_most=_HIGHEST)
        # A reader's spectrum may know of no positive powers.
        return self._moments(least, order, lowest) if lowest else self._moments(least, order)

    @abstractmethod
    def _moments(
        self, E_min: NDArray[np.float64], order: int, lowest: int = 0
    ) -> NDArray[np.float64]:
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

    def _moments(
        self, E_min: NDArray[np.float64], order: int, lowest: int = 0
    ) -> NDArray[np.float64]:
        powers = [self.energy**-n for n in range(lowest, order + 1)]
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
        density = np.maximum(polynomial.polyval(E, self.coefficients), 0.0)
        return np.where(self.end >= E, density, 0.0)

    def _moments(
        self, E_min: NDArray[np.float64], order: int, lowest: int = 0
    ) -> NDArray[np.float64]:
        low = np.minimum(E_min, self.end)
        lowest_power = next((k for k, a in enumerate(self.coefficients) if a), 0)
        if order > lowest_power and np.any(low < _LEAST_ENERGY):
            raise DomainError(
                f"E_min: got {low.min():g} MeV, where the moment of order {order} diverges; "
                f"allowed: above 0 MeV, or orders up to {lowest_power}"
            )
        # The integrals of E^(p - 1), which the moments share; products are quicker than powers.
        least, most = lowest_power - order + 1, len(self.coefficients) - lowest
        rising = enumerate(accumulate([low] * most, mul), 1)
        integrals = {p: (self.end**p - power) / p for p, power in rising}
        if least <= 0:
            integrals[0] = np.log(self.end / low)
            falling = enumerate(accumulate([1 / low] * -least, mul), 1)
            integrals |= {-p: (power - self.end**-p) / p for p, power in falling}
        orders = range(lowest, order + 1)
        moments = np.zeros((len(orders), *low.shape))
        for row, n in enumerate(orders):
            for k, a in enumerate(self.coefficients[lowest_power:], lowest_power):
                moments[row] += a * integrals[k - n + 1]
        # Close to the end the terms cancel, and Gauss's rule is exact.
        last = low > (1 - _LAST) * self.end
        if np.any(last):
            E, weights = panel_rule(low[last], self.end, _NODES // 2)
            weighted = self._density(E) * weights
            for row, n in enumerate(orders):
                moments[row, last] = np.sum(weighted * E**-n, axis=-1)
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
    starts, and between two of them the density must be smooth. A spectrum may start at 0 MeV: the
    first millionth of its first interval is taken as a straight line, and where a moment of that
    line diverges it is refused.
    """

    @cached_property
    def _panels(self) -> NDArray[np.float64]:
        """Ends of panels: the breakpoints, and points between them."""
        checked("start of the spectrum", self.breakpoints[0], "MeV", at_least=0)
        edges = np.array(self.breakpoints)
        edges[0] = edges[0] or _FOOT * edges[1]
        pieces = np.maximum(4, np.ceil(4 * np.log2(edges[1:] / edges[:-1])))
        place = np.concatenate([[0.0], np.cumsum(pieces)])
        panels: NDArray[np.float64] = np.exp(
            np.interp(np.arange(place[-1] + 1), place, np.log(edges))
        )
        panels[place.astype(int)] = edges
        return panels

    @cached_property
    def _foot(self) -> PolynomialSpectrum | None:
        """What lies between 0 MeV and the first panel, if there is anything."""
        end = float(self._panels[0])
        if self.breakpoints[0]:
            return None
        low, high = self._density(np.array([0.0, end])).tolist()
        return PolynomialSpectrum((low, (high - low) / end), end) if low or high else None

    @cached_property
    def _integrals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The moments on each panel, (1 - x) G(x) + tail, with x from -1 to 1 over the panel.

        G has a power, an order and a panel to each axis, the tail an order and a panel.
        """
        E, weights = panel_rule(self._panels[:-1], self._panels[1:], _NODES)
        weighted = self._density(E) * weights
        weighted = np.stack([weighted * E**-n for n in range(_LOWEST, _HIGHEST + 1)])
        tails = np.zeros(weighted.shape[:2])
        tails[:, :-1] = np.cumsum(weighted.sum(axis=-1)[:, :0:-1], axis=-1)[:, ::-1]
        to_legendre, to_powers = _integration()
        powers = weighted @ to_legendre @ to_powers
        return np.ascontiguousarray(powers.transpose(2, 0, 1)), tails

    def _moments(
        self, E_min: NDArray[np.float64], order: int, lowest: int = 0
    ) -> NDArray[np.float64]:
        """Return the moments, to 1e-10; below the start of the spectrum, those of all of it."""
        ends, (powers, tails) = self._panels, self._integrals
        orders = slice(lowest - _LOWEST, order + 1 - _LOWEST)
        energy = np.minimum(np.maximum(E_min, ends[0]), ends[-1])
        panel = np.searchsorted(ends[1:-1], energy, side="right")
        high = ends[1:].take(panel)
        below_end = 2 * (high - energy) / (high - ends.take(panel))  # 1 - x
        x = 1 - below_end
        taken = powers[:, orders].take(panel, axis=-1)
        moments: NDArray[np.float64] = taken[-1]
        for power in taken[-2::-1]:  # Horner's scheme
            moments *= x
            moments += power
        moments *= below_end
        moments += tails[orders].take(panel, axis=-1)
        np.maximum(moments, 0.0, out=moments)  # close to the end rounding may win
        if self._foot and np.any(E_min < ends[0]):
            moments += self._foot._moments(E_min, order, lowest)
        return moments


@dataclass(frozen=True)
class TabulatedSpectrum(NumericalSpectrum):
    """A spectrum between tabulated points, linear from one to the next.

    Parameters
    ----------
    energies : tuple of float
        Energies in MeV, rising, at least 0; at least two.
    values : tuple of float
        Neutrinos per MeV there, at least 0 and above 0 somewhere. From a value at 0 MeV above 0
        only the moments that are finite can be had.

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
        if not any(values):
            raise DomainError("spectrum: got zeros only; allowed: values above 0 somewhere")
        keep(self, energies=energies, values=values)

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """The tabulated energies, without those that only repeat the zeros at either end."""
        above = np.flatnonzero(self.values)
        return self.energies[max(above[0] - 1, 0) : above[-1] + 2]

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(E, self.energies, self.values, left=0.0, right=0.0)


@dataclass(frozen=True)
class WeightedSpectrum(NumericalSpectrum):
    """A spectrum times a weight that depends on the energy, such as a probability.

    Parameters
    ----------
    original : SmoothSpectrum
        A spectrum with a density.
    weight : callable
        Takes energies in MeV as an array and returns the weights there, at least 0. It must be
        smooth between the breakpoints of the spectrum.

    Examples
    --------
    >>> uniform = PolynomialSpectrum((0.5,), end=2.0)
    >>> WeightedSpectrum(uniform, lambda E: E / 2).moments([0.0, 1.0], order=0).round(6)
    array([[0.5  , 0.375]])
    """

    original: SmoothSpectrum
    weight: Callable[[NDArray[np.float64]], NDArray[Any]]

    def __post_init__(self) -> None:
        """Refuse a spectrum without a density, and what is no function."""
        checked_kind("original", self.original, SmoothSpectrum)
        checked_kind("weight", self.weight, Callable)

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """Those of the original; one with an end alone starts at 0 MeV."""
        given = self.original.breakpoints
        return given if len(given) > 1 else (0.0, *given)

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        weight = checked("weight", self.weight(E), at_least=0)
        if weight.shape not in ((), E.shape):
            raise DomainError(f"weight: got the shape {weight.shape}; allowed: {E.shape}")
        density: NDArray[np.float64] = self.original._density(E) * weight
        return density
