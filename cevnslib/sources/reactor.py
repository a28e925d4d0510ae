"""Reactors: their antineutrinos per fission, and how many fissions there are."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_choice, checked_kind, checked_number, keep
from ..constants import CODATA_2022, ELEMENTARY_CHARGE
from ..errors import DomainError, quoted
from ..quadrature import panel_rule
from .beams import Beam, Source
from .spectra import NumericalSpectrum

__all__ = [
    "FISSION_FRACTIONS",
    "ReactorSpectrum",
    "reactor_of_flux",
    "reactor_of_power",
]
#: Shares of the fissions of a light-water reactor, averaged over its cycle.
FISSION_FRACTIONS: Mapping[str, float] = MappingProxyType(
    {"u235": 0.55, "pu239": 0.32, "u238": 0.07, "pu241": 0.06}
)
#: Order of the columns of the low-energy table.
_LOW_COLUMNS = ("u235", "pu239", "u238", "pu241")


@cache
def _reactor_table() -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    """Read the table of reactor spectra: rows by kind, each a key and its numbers."""
    path = resources.files("cevnslib") / "data" / "spectra" / "reactor.csv"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    table: dict[str, list[tuple[str, tuple[float, ...]]]] = {}
    for kind, key, *numbers in list(csv.reader(lines))[1:]:
        row = (key, tuple(float(number) for number in numbers if number))
        table.setdefault(kind, []).append(row)
    return table


@dataclass(frozen=True)
class ReactorSpectrum(NumericalSpectrum):
    r"""Antineutrinos of a reactor, per fission.

    Above 2 MeV :math:`f = \sum_j p_j \exp \sum_k a_{jk} E^k`, below a table, linear between its
    points; nothing below the table's first energy, 7.8 keV.

    Parameters
    ----------
    fractions : tuple of (str, float), optional
        Isotopes ``u235``, ``u238``, ``pu239``, ``pu241`` and their shares, which add up to 1.
    captures : float, optional
        Neutron captures on 238U per fission; each gives two antineutrinos below 1.3 MeV. About 0.6
        in a light-water reactor; 0, the default, leaves them out.
    end : float, optional
        Energy in MeV where the spectrum is cut off, above 2 and at most 20; the fit was made up to
        8 MeV.

    References
    ----------
    Th. A. Mueller et al., arXiv:1101.2663; P. Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378.

    Examples
    --------
    >>> spectrum = ReactorSpectrum()
    >>> spectrum.density([1.0, 3.0, 5.0]).round(3)
    array([2.418, 0.621, 0.098])
    """

    fractions: tuple[tuple[str, float], ...] = tuple(FISSION_FRACTIONS.items())
    captures: float = 0.0
    end: float = 8.0

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        try:
            shares: dict[str, float] = dict(self.fractions)
            good = len(shares) == len(self.fractions)
        except (TypeError, ValueError):
            good = False
        if not good:
            raise DomainError(
                f"fission fractions: got {quoted(self.fractions)}; allowed: pairs of an isotope "
                "and its share, each isotope once"
            )
        known = [key for key, _ in _reactor_table()["mueller"]]
        for isotope, share in shares.items():
            checked_choice("fissile isotope", isotope, known)
            name = f"fission fraction of {isotope}"
            shares[isotope] = checked_number(name, share, at_least=0, at_most=1)
        total = sum(shares.values())
        if abs(total - 1) > 1e-6:
            raise DomainError(f"fission fractions: got a sum of {total:g}; allowed: 1")
        keep(
            self,
            fractions=tuple(shares.items()),
            captures=checked_number("captures per fission", self.captures, at_least=0),
            end=checked_number("end of the spectrum", self.end, "MeV", above=2, at_most=20),
        )

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """The energies of the table, the ends of capture branches, whole MeV, and the end."""
        table = _reactor_table()
        knots = {float(key) for key, _ in table["vogel-engel"]}
        knots |= {E for E in np.arange(3.0, self.end)} | {self.end}
        if self.captures:
            # The branches rise steeply up to their end: smaller panels there.
            for _, (end, *_) in table["capture"]:
                knots |= {end - step for step in (0.1, 0.03, 0.01, 0.003, 0.001)} | {end}
        return tuple(sorted(knots))

    @cached_property
    def _low(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The table up to 2 MeV, summed over the isotopes."""
        rows = _reactor_table()["vogel-engel"]
        shares = dict(self.fractions)
        weights = np.array([shares.get(isotope, 0.0) for isotope in _LOW_COLUMNS])
        energies = np.array([float(key) for key, _ in rows])
        return energies, np.array([values for _, values in rows]) @ weights

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        energies, values = self._low
        shares = dict(self.fractions)
        density = np.array(np.interp(E, energies, values, left=0.0, right=0.0))
        high = (energies[-1] < E) & (self.end >= E)
        above = E[high]
        density[high] = sum(
            shares[key] * np.exp(np.polynomial.polynomial.polyval(above, a))
            for key, a in _reactor_table()["mueller"]
            if key in shares
        )
        if self.captures:
            for _, (end, share, charge) in _reactor_table()["capture"]:
                shape = np.where(energies[0] <= E, _allowed_shape(E, end, charge), 0.0)
                density += self.captures * share * shape
        return density


@lru_cache(32)
def _shared(spectrum: ReactorSpectrum) -> ReactorSpectrum:
    """Return the first of equal spectra, which has its integrals already."""
    return spectrum


@cache
def _allowed_norm(end: float, charge: float) -> float:
    # In the variable sqrt(end - E) the shape is smooth up to the end.
    x, weights = panel_rule(0.0, np.sqrt(end), 200)
    shape = _unnormalised_shape(end - x**2, end, charge)
    return float(np.sum(weights * 2 * x * shape))


def _allowed_shape(E: NDArray[np.float64], end: float, charge: float) -> NDArray[np.float64]:
    """Return the antineutrino spectrum of an allowed beta decay, normalised to one."""
    return _unnormalised_shape(E, end, charge) / _allowed_norm(end, charge)


def _unnormalised_shape(E: NDArray[np.float64], end: float, charge: float) -> NDArray[np.float64]:
    """Return E^2 p_e E_e F with the non-relativistic Fermi function F of the daughter's charge."""
    mass = CODATA_2022.electron_mass
    inside = end > E
    electron = np.where(inside, end - E, 1.0) + mass
    momentum = np.sqrt(electron**2 - mass**2)
    eta = 2 * np.pi * charge * CODATA_2022.fine_structure * electron / momentum
    return np.where(inside, E**2 * momentum * electron * eta / -np.expm1(-eta), 0.0)


def reactor_of_power(
    thermal_power: float,
    *,
    fractions: Mapping[str, float] = FISSION_FRACTIONS,
    captures: float = 0.0,
    end: float = 8.0,
) -> Source:
    """Return a reactor of known thermal power.

    Parameters
    ----------
    thermal_power : float
        In GW, above 0.
    fractions : mapping of str to float, optional
        Shares of the fissile isotopes, see `ReactorSpectrum`.
    captures : float, optional
        Neutron captures on 238U per fission, see `ReactorSpectrum`.
    end : float, optional
        Energy in MeV where the spectrum is cut off, see `ReactorSpectrum`.

    References
    ----------
    Energy per fission: X. B. Ma et al., arXiv:1212.6625.

    Examples
    --------
    >>> f"{reactor_of_power(3.9).beams[0].rate:.3e} fissions per second"
    '1.181e+20 fissions per second'
    """
    power = checked_number("thermal power", thermal_power, "GW", above=0)
    checked_kind("fractions", fractions, Mapping)
    spectrum = _shared(ReactorSpectrum(tuple(fractions.items()), captures, end))
    energies = {isotope: released for isotope, (released,) in _reactor_table()["energy"]}
    released = sum(share * energies[isotope] for isotope, share in spectrum.fractions)
    fissions = power * 1e9 / (released * 1e6 * ELEMENTARY_CHARGE)
    return Source(
        "reactor", (Beam("nubar_e", "e", True, "continuous", spectrum, fissions),), "a reactor"
    )


def reactor_of_flux(
    flux: float,
    baseline: float,
    *,
    fractions: Mapping[str, float] = FISSION_FRACTIONS,
    captures: float = 0.0,
    end: float = 8.0,
) -> Source:
    """Return a reactor of known total flux at a distance.

    Parameters
    ----------
    flux : float
        Antineutrinos of all energies per cm^2 and s, above 0.
    baseline : float
        Distance in cm at which the flux is that, above 0.
    fractions, captures, end
        See `reactor_of_power`.

    Examples
    --------
    >>> source = reactor_of_flux(2.4e13, 1700.0, captures=0.6)
    >>> f"{source.beams[0].rate:.2e} fissions per second"
    '1.28e+20 fissions per second'
    """
    flux = checked_number("flux", flux, "1/(cm^2 s)", above=0)
    area = 4 * np.pi * checked_number("baseline", baseline, "cm", above=0) ** 2
    checked_kind("fractions", fractions, Mapping)
    spectrum = _shared(ReactorSpectrum(tuple(fractions.items()), captures, end))
    fissions = flux * area / float(spectrum.moments(0.0, 0)[0])
    return Source(
        "reactor", (Beam("nubar_e", "e", True, "continuous", spectrum, fissions),), "a reactor"
    )
