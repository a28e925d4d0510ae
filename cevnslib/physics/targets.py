"""Nuclides, electrons, and the targets made of them.

Isotopic masses and natural abundances come from the package ``periodictable``, binding energies
of electrons from a table of the library, see `electron`.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    checked,
    checked_choice,
    checked_integer,
    checked_kind,
    checked_number,
    checked_numbers,
    checked_tuple,
    keep,
    owned,
)
from ..constants import AVOGADRO, CODATA_2022, Constants
from ..errors import DomainError, RoundedSharesWarning, quoted
from ..files import packaged_table
from .formulas import UnknownTargetError as UnknownTargetError
from .formulas import elements, read

__all__ = [
    "Electron",
    "Nuclide",
    "Target",
    "electron",
    "nuclide",
    "target",
]


#: What the shares of a composition are shares of.
BY = ("atoms", "formulas", "mass")
#: By how much rounded shares may miss 1.
SHARES_WITHIN = 0.01 + 1e-12
#: More protons or neutrons than any nucleus has.
_MOST_NUCLEONS = 1000


@dataclass(frozen=True)
class Nuclide:
    """A nucleus.

    Parameters
    ----------
    name : str
        Element and mass number, for instance ``"Ge72"``.
    protons, neutrons : int
        Z and N.
    mass : float
        Mass of the bare nucleus in MeV.

    Examples
    --------
    >>> nuclide("Cs133").neutrons
    78
    """

    name: str
    protons: int
    neutrons: int
    mass: float

    def __post_init__(self) -> None:
        """Refuse what is no nucleus."""
        keep(
            self,
            name=checked_kind("name", self.name, str),
            protons=checked_integer("protons", self.protons, at_least=1, at_most=_MOST_NUCLEONS),
            neutrons=checked_integer("neutrons", self.neutrons, at_least=0, at_most=_MOST_NUCLEONS),
            mass=checked_number("nuclear mass", self.mass, "MeV", above=0),
        )

    @property
    def nucleons(self) -> int:
        """Mass number A = Z + N."""
        return self.protons + self.neutrons

    @property
    def unpaired_protons(self) -> int:
        """Number of protons with spin up minus spin down, 1 for odd Z, else 0."""
        return self.protons % 2

    @property
    def unpaired_neutrons(self) -> int:
        """Number of neutrons with spin up minus spin down, 1 for odd N, else 0."""
        return self.neutrons % 2


@dataclass(frozen=True)
class Electron:
    """An electron of an element, at rest until it is struck, with what binds it.

    Parameters
    ----------
    element : str
        Symbol of the element.
    shells : tuple of tuple of float
        Binding energy in MeV, at least 0, and number of electrons, above 0, of each shell. They are
        kept in rising order.

    Examples
    --------
    >>> electron("Ge").available([0.2e-3, 0.8e-3, 2e-3, 20e-3])
    array([22., 22., 30., 32.])
    """

    element: str
    shells: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Refuse what is no shell."""
        checked_kind("element", self.element, str)
        shells = checked("shells", self.shells, at_least=0)
        if shells.ndim != 2 or shells.shape[1] != 2 or not shells.size:
            raise DomainError(
                f"shells: got {quoted(self.shells)}; allowed: pairs of a binding energy in MeV and "
                "a number of electrons, at least one"
            )
        checked("number of electrons", shells[:, 1], above=0)
        keep(self, shells=tuple((energy, number) for energy, number in sorted(shells.tolist())))

    @property
    def name(self) -> str:
        """What it is, in words: ``"electron of Ge"``."""
        return f"electron of {self.element}"

    @property
    def mass(self) -> float:
        """Its mass in MeV."""
        return CODATA_2022.electron_mass

    @property
    def number(self) -> float:
        """The number of electrons of an atom."""
        return sum(number for _, number in self.shells)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """Energies in MeV, rising, above 0, at which another shell opens."""
        return tuple(dict.fromkeys(energy for energy, _ in self.shells if energy > 0))

    def available(self, T: ArrayLike) -> NDArray[np.float64]:
        """Return how many electrons of an atom are bound by at most an energy.

        Those count as free, the others not at all: the stepping approximation, tested for germanium
        by K. A. Kouzakov, A. I. Studenikin, M. B. Voloshin, JETP Lett. 93 (2011) 699,
        arXiv:1105.5543.

        Parameters
        ----------
        T : array_like
            Energy given to an electron, its binding energy included, in MeV, above 0.

        Returns
        -------
        ndarray
            Numbers from 0 to `number`, the shape of ``T``.
        """
        return self._available(checked("energy T", T, "MeV", above=0))

    def _available(self, T: NDArray[np.float64]) -> NDArray[np.float64]:
        energies, numbers = np.array(self.shells).T
        opened = np.concatenate([[0.0], np.cumsum(numbers)])
        return opened[np.searchsorted(energies, T, side="right")]


#: What a neutrino may strike.
Struck = Nuclide | Electron


@dataclass(frozen=True)
class Target:
    """A material, as the number of each nucleus in a kilogram of it.

    Parameters
    ----------
    name : str
        The name it was made from.
    nuclides : tuple of Nuclide
        The nuclides in it.
    nuclei_per_kg : tuple of float
        The number of each in one kilogram, in the same order.

    Examples
    --------
    >>> csi = target("CsI")
    >>> [(n.name, f"{count:.3e}") for n, count in zip(csi.nuclides, csi.nuclei_per_kg)]
    [('Cs133', '2.318e+24'), ('I127', '2.318e+24')]
    """

    name: str
    nuclides: tuple[Nuclide, ...]
    nuclei_per_kg: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no material."""
        keep(
            self,
            name=checked_kind("name", self.name, str),
            nuclides=checked_tuple("nuclides", self.nuclides, Nuclide),
            nuclei_per_kg=checked_numbers("nuclei_per_kg", self.nuclei_per_kg, "1/kg", above=0),
        )
        if len(self.nuclides) != len(self.nuclei_per_kg):
            raise DomainError(
                f"target {self.name}: got {len(self.nuclides)} nuclides and "
                f"{len(self.nuclei_per_kg)} numbers; allowed: as many of both"
            )

    def electrons(self, free: bool = False) -> tuple[tuple[Electron, float], ...]:
        """Return the electrons of each element, and the number of its atoms in one kilogram.

        Parameters
        ----------
        free : bool, optional
            Whether all electrons count as free, see `electron`.

        Examples
        --------
        >>> [(e.name, f"{atoms:.3e}") for e, atoms in target("2Ge:1Si").electrons()]
        [('electron of Ge', '6.948e+24'), ('electron of Si', '3.474e+24')]
        """
        symbols = {number: symbol for symbol, number in elements().items()}
        atoms: dict[str, float] = {}
        for nucleus, per_kg in zip(self.nuclides, self.nuclei_per_kg, strict=True):
            if nucleus.protons not in symbols:
                raise UnknownTargetError(nucleus.name)
            element = symbols[nucleus.protons]
            atoms[element] = atoms.get(element, 0.0) + per_kg
        checked_kind("free", free, bool)
        return tuple((_electron(element, free), number) for element, number in atoms.items())


def _from_isotope(isotope: Any, constants: Constants) -> Nuclide:
    """Make a bare nucleus from an isotope of ``periodictable``, less its electrons' mass."""
    mass = isotope.mass * constants.atomic_mass - isotope.number * constants.electron_mass
    name = f"{isotope.symbol}{isotope.isotope}"
    return Nuclide(name, isotope.number, isotope.isotope - isotope.number, mass)


def target(
    name: str | Mapping[str, float], constants: Constants = CODATA_2022, *, by: str = BY[0]
) -> Target:
    """Make a target from its name as laboratories write it, or from its composition.

    Masses: Atomic Mass Evaluation, abundances: IUPAC, both through ``periodictable``. Binding
    energies of electrons, below 1 MeV in 100 GeV, are left out.

    A number before an element, at the beginning, in brackets, raised or after a space, is a mass
    number (``"130TeO2"``, ``"Li2(100Mo)O4"``); one after an element counts atoms, unless there is
    nothing else (``"Ge72"``), and ``"Te_130O2"`` always does. A number that may be either is
    refused: a count that is also a mass number of that element, natural or from 20 on, or of a
    natural isotope of the next element; but not what compounds of H, C, N and O commonly count
    (``"C12H26"``), and a large number that fits only the next element is its own (``"Zn82Se"``).

    One element without a number, after a colon or in brackets at the end of a compound, is a
    dopant and left out (``"NaI:Tl"``); numbers before all parts make a mixture (``"2Ge:1Si"``).

    Parameters
    ----------
    name : str or mapping of str to float
        An element (``"Ge"``), an isotope (``"Ge72"``, ``"76Ge"``), a compound (``"CsI"``), a
        mixture, or a name of the trade (``"HPGe"``, ``"LAr"``, ``"CCD"``, ``"BGO"``); or names
        with their shares. Shares that sum to 1 within a percent are scaled, with a warning.
    constants : Constants, optional
        Set of constants that turns atomic masses into nuclear ones.
    by : {"atoms", "formulas", "mass"}, optional
        What shares count: atoms, of elements and isotopes; formulas, of compounds; or mass. Whole
        numbers, but of mass, are ratios.

    Returns
    -------
    Target
        Nuclides in order of the formula, then of mass number. Its name says what was understood.

    Raises
    ------
    UnknownTargetError
        If the name cannot be read, or in two ways, or an element in it has no natural isotopes.
    DomainError
        If shares do not sum to 1.

    Examples
    --------
    >>> [n.name for n in target("2Ge:1Si").nuclides]
    ['Ge70', 'Ge72', 'Ge73', 'Ge74', 'Ge76', 'Si28', 'Si29', 'Si30']
    >>> target("HPGe").name, target({"Ge76": 0.87, "Ge74": 0.13}).name
    ('Ge (HPGe)', '0.87 Ge76 + 0.13 Ge74 by atoms')
    >>> target("Unobtainium")
    Traceback (most recent call last):
    ...
    cevnslib.physics.formulas.UnknownTargetError: unknown target 'Unobtainium': it names no \
element, isotope or compound; allowed: an element (Ge), an isotope (Ge72), a compound (CsI) or a \
mixture by number of atoms (2Ge:1Si)
    """
    checked_kind("constants", constants, Constants)
    checked_choice("by", by, BY)
    if isinstance(name, Mapping):
        return _composed(name, constants, by)
    if not isinstance(name, str) or not name.strip():
        raise UnknownTargetError(name)
    return _target(name.strip(), constants)


@cache
def _target(name: str, constants: Constants) -> Target:
    """Make a target once."""
    material = read(name)
    return _made(material.name, material.atoms, name, constants)


def _composed(given: Mapping[str, float], constants: Constants, by: str) -> Target:
    """Make a target from names with their shares."""
    shares = {}
    for key, value in given.items():
        if not isinstance(key, str) or not key.strip():
            raise UnknownTargetError(key)
        shares[key] = checked_number(f"share of {key}", value, above=0)
    total = sum(shares.values())
    ratios = by != "mass" and all(share.is_integer() for share in shares.values())
    if not shares or (not ratios and abs(total - 1) > SHARES_WITHIN):
        hint = " (did you give percentages?)" if abs(total - 100) <= 100 * SHARES_WITHIN else ""
        raise DomainError(f"shares by {by}: got a sum of {total:g}; allowed: 1{hint}")
    if not ratios and abs(total - 1) > 1e-9:
        words = f"shares by {by} sum to {total:g}; they are scaled to 1"
        warnings.warn(words, RoundedSharesWarning, stacklevel=3)
    atoms: dict[tuple[str, int], float] = {}
    for key, share in shares.items():
        parts = read(key.strip()).atoms
        if by == "atoms" and sum(parts.values()) != 1:
            raise UnknownTargetError(
                key, 'it holds more than one atom; say by="formulas" or by="mass", or list atoms'
            )
        if by == "mass":
            share /= _molar_mass(parts, key)
        for atom, count in parts.items():
            atoms[atom] = atoms.get(atom, 0.0) + share / total * count
    words = " + ".join(f"{share:g} {key.strip()}" for key, share in shares.items())
    return _made(f"{words} by {by}", atoms, words, constants)


def _isotopes(symbol: str, mass: int, name: str) -> list[tuple[Any, float]]:
    """Return the isotopes of an element with their abundances, or one alone."""
    import periodictable  # here, as loading its tables takes longer than all else

    element = periodictable.elements.symbol(symbol)
    if mass:
        return [(element[mass], 1.0)]
    isotopes = [(isotope, isotope.abundance) for isotope in element if isotope.abundance > 0]
    total = sum(abundance for _, abundance in isotopes)
    if not total:
        raise UnknownTargetError(name, f"{symbol} has no natural isotopes")
    return [(isotope, abundance / total) for isotope, abundance in isotopes]


def _molar_mass(atoms: Mapping[tuple[str, int], float], name: str) -> float:
    """Return the mass of a formula in g/mol."""
    return sum(
        count * abundance * float(isotope.mass)
        for (symbol, mass), count in atoms.items()
        for isotope, abundance in _isotopes(symbol, mass, name)
    )


def _made(
    words: str, atoms: Mapping[tuple[str, int], float], name: str, constants: Constants
) -> Target:
    """Make a target from numbers of atoms."""
    per_kg = 1000 * AVOGADRO / _molar_mass(atoms, name)
    numbers: dict[Nuclide, float] = {}
    for (symbol, mass), count in atoms.items():
        for isotope, abundance in _isotopes(symbol, mass, name):
            key = _from_isotope(isotope, constants)
            numbers[key] = numbers.get(key, 0.0) + per_kg * count * abundance
    return Target(words, tuple(numbers), tuple(numbers.values()))


def nuclide(name: str, constants: Constants = CODATA_2022) -> Nuclide:
    """Make one nuclide from its name, with its measured mass.

    Parameters
    ----------
    name : str
        Element and mass number, for instance ``"Ge72"``.
    constants : Constants, optional
        Set of constants that turns the atomic mass into the nuclear one.

    Returns
    -------
    Nuclide
        With its mass in MeV.

    Raises
    ------
    UnknownTargetError
        If there is no such isotope, or the name stands for several nuclides.

    Examples
    --------
    >>> ge72 = nuclide("Ge72")
    >>> ge72.protons, ge72.nucleons, round(ge72.mass / 1000, 3)
    (32, 72, 66.979)
    """
    if isinstance(name, str):  # H2 is the deuteron here, not a molecule
        name = re.sub(r"^\s*([A-Z][a-z]?)-?(\d+)\s*$", r"\2\1", name)
    made = target(name, constants)
    if len(made.nuclides) != 1:
        raise UnknownTargetError(name, f"it stands for {len(made.nuclides)} nuclides, not one")
    return made.nuclides[0]


def electron(element: str, free: bool = False) -> Electron:
    """Make the electron of an element.

    Parameters
    ----------
    element : str
        Its symbol.
    free : bool, optional
        Whether all electrons count as free: one shell without a binding energy.

    Returns
    -------
    Electron
        Its shells as W. T. Elam et al., Radiat. Phys. Chem. 63 (2002) 121, and XrayDB have them;
        electrons outside of these, bound by a few eV, count as free.

    Raises
    ------
    UnknownTargetError
        If there is no such element, or its shells are not known and electrons are not free.

    Examples
    --------
    >>> electron("Ar").shells[:2]
    ((1.57e-05, 4.0), (1.59e-05, 2.0))
    >>> electron("Ge", free=True).shells
    ((0.0, 32.0),)
    """
    if not isinstance(element, str) or element not in elements():
        raise UnknownTargetError(element, "it is no symbol of an element")
    return _electron(element, checked_kind("free", free, bool))


@cache
def _electron(element: str, free: bool) -> Electron:
    """Make an electron once."""
    number = float(elements()[element])
    if free:
        return Electron(element, ((0.0, number),))
    shells = _shells()
    if element not in shells:
        raise UnknownTargetError(
            element, f"its shells are not known (those of {', '.join(shells)} are), say free=True"
        )
    rest = number - sum(count for _, count in shells[element])
    return Electron(element, (*shells[element], *([(0.0, rest)] if rest else [])))


@cache
def _shells() -> dict[str, tuple[tuple[float, float], ...]]:
    """Read the shells of all elements that have them."""
    shells: dict[str, tuple[tuple[float, float], ...]] = {}
    for row in packaged_table("shells", "binding_energies.csv"):
        shell = (float(f"{row['binding_eV']}e-6"), float(row["electrons"]))
        shells[row["element"]] = (*shells.get(row["element"], ()), shell)
    return shells


@dataclass(frozen=True)
class Nuclides:
    """Several nuclides as one: their numbers along a column, for formulas of arrays."""

    name: str
    mass: NDArray[np.float64]
    protons: NDArray[np.float64]
    neutrons: NDArray[np.float64]
    nucleons: NDArray[np.float64]
    unpaired_protons: NDArray[np.float64]
    unpaired_neutrons: NDArray[np.float64]


@lru_cache(256)
def stacked(nuclides: tuple[Nuclide, ...]) -> Any:
    """Return several nuclides as one, which formulas take for a nuclide."""
    columns = {
        field.name: owned(
            np.array([[getattr(nucleus, field.name)] for nucleus in nuclides], dtype=np.float64)
        )
        for field in fields(Nuclides)[1:]
    }
    return Nuclides(" ".join(nucleus.name for nucleus in nuclides), **columns)


def each_of(struck: Any) -> Iterator[Any]:
    """Yield what is stacked one by one, and what is not as it is."""
    if not isinstance(struck, Nuclides):
        yield struck
        return
    for row, name in enumerate(struck.name.split()):
        columns = {key: column[row, 0] for key, column in vars(struck).items() if key != "name"}
        yield Nuclides(name, **columns)
