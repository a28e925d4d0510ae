"""Nuclides, electrons, and the targets made of them.

Isotopic masses and natural abundances come from the package ``periodictable``, binding energies
of electrons from a table of the library, see `electron`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    checked,
    checked_integer,
    checked_kind,
    checked_number,
    checked_numbers,
    checked_tuple,
    keep,
    owned,
)
from ..constants import AVOGADRO, CODATA_2022, Constants
from ..errors import CevnsError, DomainError, quoted
from ..files import packaged_table

__all__ = [
    "Electron",
    "Nuclide",
    "Target",
    "UnknownTargetError",
    "electron",
    "nuclide",
    "target",
]


class UnknownTargetError(CevnsError):
    """A target or nuclide cannot be made from the name given."""

    def __init__(self, name: object, why: str = "it names no element, isotope or compound") -> None:
        super().__init__(
            f"unknown target {quoted(name)}: {why}; allowed: an element (Ge), an isotope (Ge72), "
            "a compound (CsI) or a mixture by number of atoms (2Ge:1Si)"
        )


#: Elements with numbers of atoms, and groups of these in brackets with theirs.
_FORMULA = r"((?:[A-Z][a-z]?\d*|\((?:[A-Z][a-z]?\d*)+\)\d+)+)"
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
        symbols = {number: symbol for symbol, number in _elements().items()}
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


def target(name: str, constants: Constants = CODATA_2022) -> Target:
    """Make a target of natural isotopic composition from its name.

    Masses: Atomic Mass Evaluation, abundances: IUPAC, both through ``periodictable``. Binding
    energies of electrons, below 1 MeV in 100 GeV, are left out.

    Parameters
    ----------
    name : str
        An element (``"Ge"``), one isotope (``"Ge72"``), a compound (``"CsI"``), or a mixture by
        number of atoms (``"2Ge:1Si"``).
    constants : Constants, optional
        Set of constants that turns atomic masses into nuclear ones.

    Returns
    -------
    Target
        Nuclides in order of the formula, then of mass number.

    Raises
    ------
    UnknownTargetError
        If the name cannot be read, or an element in it has no natural isotopes.

    Examples
    --------
    >>> [n.name for n in target("2Ge:1Si").nuclides]
    ['Ge70', 'Ge72', 'Ge73', 'Ge74', 'Ge76', 'Si28', 'Si29', 'Si30']
    >>> target("Unobtainium")
    Traceback (most recent call last):
    ...
    cevnslib.physics.targets.UnknownTargetError: unknown target 'Unobtainium': it names no \
element, isotope or compound; allowed: an element (Ge), an isotope (Ge72), a compound (CsI) or a \
mixture by number of atoms (2Ge:1Si)
    """
    if not isinstance(name, str) or not name.strip():
        raise UnknownTargetError(name)
    checked_kind("constants", constants, Constants)
    return _target(name.strip(), constants)


@cache
def _target(name: str, constants: Constants) -> Target:
    """Make a target once."""
    import periodictable  # here, as loading its tables takes longer than all else

    parts = name.split(":")  # of a mixture by number of atoms
    formula = ""
    for part in parts:
        read = re.fullmatch(rf"(\d*){_FORMULA}", part)
        if read is None or (read[1] and len(parts) == 1):
            raise UnknownTargetError(name)
        isotope = re.fullmatch(r"([A-Z][a-z]?)(\d+)", read[2])
        formula += f"({isotope[1]}[{isotope[2]}])" if isotope else f"({read[2]})"
        formula += read[1]
    try:
        atoms = periodictable.formula(formula).atoms
    except Exception:  # the parser's own errors, of many types, say nothing to our reader
        raise UnknownTargetError(name) from None

    numbers: dict[Nuclide, float] = {}
    molar_mass = 0.0
    for atom, count in atoms.items():
        if getattr(atom, "charge", 0):
            raise UnknownTargetError(name, f"{atom} is an ion")
        isotopes = [(atom, 1.0)] if hasattr(atom, "isotope") else []
        if not isotopes:
            isotopes = [(iso, iso.abundance) for iso in atom if iso.abundance > 0]
        total = sum(abundance for _, abundance in isotopes)
        if not total:
            raise UnknownTargetError(name, f"{atom.symbol} has no natural isotopes")
        for isotope, abundance in isotopes:
            key = _from_isotope(isotope, constants)
            numbers[key] = numbers.get(key, 0.0) + count * abundance / total
            molar_mass += count * abundance / total * isotope.mass
    if not molar_mass or not all(numbers.values()):
        raise UnknownTargetError(name)
    per_kg = 1000 * AVOGADRO / molar_mass
    return Target(name, tuple(numbers), tuple(per_kg * number for number in numbers.values()))


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
    if not isinstance(element, str) or element not in _elements():
        raise UnknownTargetError(element, "it is no symbol of an element")
    return _electron(element, checked_kind("free", free, bool))


@cache
def _electron(element: str, free: bool) -> Electron:
    """Make an electron once."""
    number = float(_elements()[element])
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
def _elements() -> dict[str, int]:
    """Return the numbers of protons of all elements, by their symbols."""
    import periodictable  # see _target

    return {element.symbol: element.number for element in periodictable.elements if element.number}


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
