"""Reactors: their antineutrinos per fission, and how many fissions there are."""

import csv
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from importlib import resources
from types import MappingProxyType, NoneType

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_choice, checked_kind, checked_number, checked_numbers, keep
from ..constants import ELEMENTARY_CHARGE
from ..errors import DomainError, RoundedSharesWarning, quoted
from .beams import Beam, Source
from .beta import allowed_shape
from .flux import Component, Flux
from .spectra import NumericalSpectrum, Spectrum

__all__ = [
    "FISSION_FRACTIONS",
    "REACTOR_END",
    "ReactorSpectrum",
    "cores",
    "reactor_of_flux",
    "reactor_of_power",
]
#: Shares of the fissions of a light-water reactor, averaged over its cycle.
FISSION_FRACTIONS: Mapping[str, float] = MappingProxyType(
    {"u235": 0.55, "pu239": 0.32, "u238": 0.07, "pu241": 0.06}
)
#: Order of the columns of the tables below 2 and above 8 MeV.
_COLUMNS = ("u235", "pu239", "u238", "pu241")
#: How far the sum of rounded shares may be from 1; then all are scaled, and it is said.
_ROUNDED = 0.01
#: Energy in MeV where the table of reactor antineutrinos ends, and up to which the fit was made.
REACTOR_END, _FITTED = 12.5, 8.0


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

    From 2 to 8 MeV :math:`f = \sum_j p_j \exp \sum_k a_{jk} E^k`, below a table, linear between
    its points; nothing below its first energy, 7.8 keV. Above 8 MeV, where the polynomials fall
    too fast, a table of a summation of fission products, exponential between its points; it is
    uncertain by a fifth there.

    Parameters
    ----------
    fractions : tuple of (str, float), optional
        Isotopes ``u235``, ``u238``, ``pu239``, ``pu241`` and their shares, which add up to 1; if
        they do so only to rounding, 0.01, they are scaled, and
        `cevnslib.errors.RoundedSharesWarning` tells.
    captures : float, optional
        Neutron captures on 238U per fission; each gives two antineutrinos below 1.3 MeV. About 0.6
        in a light-water reactor; 0, the default, leaves them out.
    end : float, optional
        Energy in MeV where the spectrum is cut off, above 2 and at most 12.5, the default. Papers
        that took the polynomials alone ended at 8 MeV, as their fit did.

    References
    ----------
    Th. A. Mueller et al., arXiv:1101.2663; P. Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378;
    above 8 MeV BESTIOLE 2023, arXiv:2304.14992.

    Examples
    --------
    >>> spectrum = ReactorSpectrum()
    >>> spectrum.density([1.0, 3.0, 5.0]).round(3)
    array([2.418, 0.621, 0.098])
    """

    fractions: tuple[tuple[str, float], ...] = tuple(FISSION_FRACTIONS.items())
    captures: float = 0.0
    end: float = REACTOR_END

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
            hint = "did you give per cent?"
            shares[isotope] = checked_number(name, share, at_least=0, at_most=1, hint=hint)
        total = sum(shares.values())
        if abs(total - 1) > _ROUNDED * (1 + 1e-9):
            raise DomainError(
                f"fission fractions: got a sum of {total:g}; allowed: 1, to {_ROUNDED:g} (rounded "
                "shares are scaled)"
            )
        if abs(total - 1) > 1e-9:
            warnings.warn(
                f"fission fractions: got a sum of {total:g}; all shares were divided by it",
                RoundedSharesWarning,
                stacklevel=3,
            )
            shares = {isotope: share / total for isotope, share in shares.items()}
        keep(
            self,
            fractions=tuple(shares.items()),
            captures=checked_number("captures per fission", self.captures, at_least=0),
            end=checked_number(
                "end of the spectrum", self.end, "MeV", above=2, at_most=REACTOR_END
            ),
        )

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """The energies of the table, the ends of capture branches, whole MeV, and the end."""
        table = _reactor_table()
        knots = {float(key) for key, _ in (*table["vogel-engel"], *table["bestiole"])}
        knots = {E for E in (*knots, *np.arange(3.0, _FITTED)) if self.end > E} | {self.end}
        if self.captures:
            # The branches rise steeply up to their end: smaller panels there.
            for _, (end, *_) in table["capture"]:
                knots |= {end - step for step in (0.1, 0.03, 0.01, 0.003, 0.001)} | {end}
        return tuple(sorted(knots))

    def _summed(self, kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return energies and values of a table, summed over the isotopes."""
        rows, shares = _reactor_table()[kind], dict(self.fractions)
        weights = np.array([shares.get(isotope, 0.0) for isotope in _COLUMNS])
        energies = np.array([float(key) for key, _ in rows])
        return energies, np.array([row for _, row in rows]) @ weights

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        energies, values = self._summed("vogel-engel")
        shares = dict(self.fractions)
        density = np.array(np.interp(E, energies, values, left=0.0, right=0.0))
        high = (energies[-1] < E) & (self.end >= E)
        fitted = high & (_FITTED >= E)
        density[fitted] = sum(
            shares[key] * np.exp(np.polynomial.polynomial.polyval(E[fitted], a))
            for key, a in _reactor_table()["mueller"]
            if key in shares
        )
        beyond = high & (_FITTED < E)
        grid, summation = self._summed("bestiole")
        density[beyond] = np.exp(np.interp(E[beyond], grid, np.log(summation)))
        if self.captures:
            for _, (end, share, charge) in _reactor_table()["capture"]:
                shape = np.where(energies[0] <= E, allowed_shape(E, end, charge), 0.0)
                density += self.captures * share * shape
        return density


@lru_cache(32)
def _shared(spectrum: ReactorSpectrum) -> ReactorSpectrum:
    """Return the first of equal spectra, which has its integrals already."""
    return spectrum


def _checked_spectrum(
    fractions: Mapping[str, float],
    captures: float,
    end: float,
    spectrum: Spectrum | None,
    energy_per_fission: float | None = None,
) -> tuple[Spectrum, float]:
    """Return antineutrinos per fission, and the energy released per fission in MeV."""
    checked_kind("fractions", fractions, Mapping)
    checked_kind("spectrum", spectrum, Spectrum | NoneType)
    library = _shared(ReactorSpectrum(tuple(fractions.items()), captures, end))
    if spectrum and (captures or end != REACTOR_END):
        raise DomainError(
            f"spectrum: got one beside captures {captures:g} and end {end:g} MeV; allowed: a "
            "spectrum that holds all antineutrinos of a fission, alone"
        )
    if energy_per_fission is not None:
        released = checked_number(
            "energy per fission", energy_per_fission, "MeV", at_least=150, at_most=250
        )
        return spectrum or library, released
    energies = {isotope: released for isotope, (released,) in _reactor_table()["energy"]}
    released = sum(share * energies[isotope] for isotope, share in library.fractions)
    return spectrum or library, released


def reactor_of_power(
    thermal_power: float,
    *,
    fractions: Mapping[str, float] = FISSION_FRACTIONS,
    captures: float = 0.0,
    end: float = REACTOR_END,
    spectrum: Spectrum | None = None,
    energy_per_fission: float | None = None,
) -> Source:
    """Return a reactor of known thermal power.

    Parameters
    ----------
    thermal_power : float
        In GW, above 0.
    fractions : mapping of str to float, optional
        Shares of the fissile isotopes, see `ReactorSpectrum`; they fix the energy per fission.
    captures : float, optional
        Neutron captures on 238U per fission, see `ReactorSpectrum`.
    end : float, optional
        Energy in MeV where the spectrum is cut off, see `ReactorSpectrum`.
    spectrum : Spectrum, optional
        Antineutrinos per fission in place of `ReactorSpectrum`, say a ``TabulatedSpectrum`` of your
        own.
    energy_per_fission : float, optional
        In MeV, from 150 to 250, in place of what the shares release.

    References
    ----------
    Energy per fission: X. B. Ma et al., arXiv:1212.6625.

    Examples
    --------
    >>> f"{reactor_of_power(3.9).beams[0].rate:.3e} fissions per second"
    '1.181e+20 fissions per second'
    """
    power = checked_number("thermal power", thermal_power, "GW", above=0)
    per_fission, released = _checked_spectrum(
        fractions, captures, end, spectrum, energy_per_fission
    )
    return _reactor(per_fission, power * 1e9 / (released * 1e6 * ELEMENTARY_CHARGE))


def reactor_of_flux(
    flux: float,
    baseline: float,
    *,
    fractions: Mapping[str, float] = FISSION_FRACTIONS,
    captures: float = 0.0,
    end: float = REACTOR_END,
    spectrum: Spectrum | None = None,
) -> Source:
    """Return a reactor of known total flux at a distance.

    Parameters
    ----------
    flux : float
        Antineutrinos of all energies per cm^2 and s, above 0.
    baseline : float
        Distance in cm at which the flux is that, above 0.
    fractions, captures, end, spectrum
        See `reactor_of_power`.

    Examples
    --------
    >>> source = reactor_of_flux(2.4e13, 1700.0, captures=0.6)
    >>> f"{source.beams[0].rate:.2e} fissions per second"
    '1.28e+20 fissions per second'
    """
    flux = checked_number("flux", flux, "1/(cm^2 s)", above=0)
    area = 4 * np.pi * checked_number("baseline", baseline, "cm", above=0) ** 2
    per_fission, _ = _checked_spectrum(fractions, captures, end, spectrum)
    return _reactor(per_fission, flux * area / float(per_fission.moments(0.0, 0)[0]))


def _reactor(spectrum: Spectrum, fissions: float) -> Source:
    beam = Beam("nubar_e", "e", True, "continuous", spectrum, fissions)
    return Source("reactor", (beam,), "a reactor")


def cores(
    places: Mapping[str, tuple[float, float]],
    *,
    fractions: Mapping[str, float] = FISSION_FRACTIONS,
    captures: float = 0.0,
    end: float = REACTOR_END,
    spectrum: Spectrum | None = None,
) -> Flux:
    """Return the flux of several reactor cores.

    Parameters
    ----------
    places : mapping of str to (float, float)
        Thermal power in GW and distance in m of each core, by its name.
    fractions, captures, end, spectrum
        See `reactor_of_power`; the same for all.

    Returns
    -------
    Flux
        A component for each core, by its name.

    Examples
    --------
    >>> flux = cores({"B1": (4.25, 72.0), "B2": (4.25, 102.0)})
    >>> per_fission = flux.components[0].spectrum.moments(0.0, 0)[0]
    >>> f"{per_fission * sum(core.intensity for core in flux.components):.2e} per cm2 and s"
    '1.66e+12 per cm2 and s'
    """
    checked_kind("cores", places, Mapping)
    components: list[Component] = []
    for name, place in places.items():
        power_and_distance = checked_numbers(f"power and distance of {quoted(name)}", place)
        if len(power_and_distance) != 2:
            raise DomainError(
                f"core {quoted(name)}: got {quoted(place)}; allowed: its power in GW and its "
                "distance in m"
            )
        power, distance = power_and_distance
        source = reactor_of_power(
            power, fractions=fractions, captures=captures, end=end, spectrum=spectrum
        )
        (core,) = source.at(distance).components
        components.append(replace(core, name=name))
    return Flux("reactor", tuple(components), "reactor cores")
