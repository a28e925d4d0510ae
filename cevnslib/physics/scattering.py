r"""What every cross section here is: a short polynomial in 1/E, on whatever is struck.

.. math:: \frac{d\sigma}{dT} = \sum_{n \ge n_0} c_n(T)\, E^{-n} \quad\text{for}\quad E > E_\min(T),

so that a beam enters a rate only through the moments of its spectrum. A new interaction gives its
coefficients and, if its kinematics differ, its least neutrino energy; all else follows.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import Doors, checked, checked_kind, checked_shapes, checked_tuple, keep
from ..constants import Constants
from ..errors import KindError
from .form_factors import FormFactor, of_nucleons
from .neutrinos import Neutrino
from .targets import Electron, Nuclide, Struck

__all__ = ["Flavoured", "Interaction", "Sum"]
#: Momentum transfer in MeV above which a nucleus no longer recoils as a whole.
_LARGEST_MOMENTUM = 1e3


def coherent_recoil(name: str, T: ArrayLike, *struck: Struck) -> NDArray[np.float64]:
    """Return recoil energies of nuclei as a whole; an energy in keV is refused with a hint."""
    for thing in struck:
        checked_kind("struck", thing, Struck)
    masses = [thing.mass for thing in struck if isinstance(thing, Nuclide)]
    largest = _LARGEST_MOMENTUM**2 / (2 * min(masses)) if masses else None
    hint = "a momentum transfer of 1 GeV; energies are in MeV, did you give keV?"
    return checked(name, T, "MeV", above=0, at_most=largest, hint=hint)


def _recoil_energy(T: ArrayLike, struck: Struck) -> NDArray[np.float64]:
    checked_kind("struck", struck, Struck)
    return checked("recoil energy T", T, "MeV", above=0)


def _neutrino_energy(E: ArrayLike, struck: Struck) -> NDArray[np.float64]:
    checked_kind("struck", struck, Struck)
    return checked("neutrino energy E", E, "MeV", above=0)


class Flavoured(Doors):
    """Base of classes with a formula that may ask which neutrino comes in.

    ``asks`` names its public method, of a recoil energy, what is struck, and the neutrino. A
    formula that leaves out the last is blind to it: what it gives holds for every neutrino.
    """

    asks: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        """Let a formula without a neutrino take one."""
        super().__init_subclass__(**options)
        formula = getattr(cls, f"_{cls.asks}")
        kinds = [
            p.kind for p in inspect.signature(formula, follow_wrapped=False).parameters.values()
        ]
        if len(kinds) < 4 and inspect.Parameter.VAR_POSITIONAL not in kinds:
            setattr(cls, f"_{cls.asks}", _blind(formula))

    def flavour_blind(self, struck: Struck) -> bool:
        """Return whether all neutrinos and antineutrinos scatter alike off what is struck."""
        return self._flavour_blind(checked_kind("struck", struck, Struck))

    def _flavour_blind(self, struck: Struck) -> bool:
        return hasattr(getattr(self, f"_{self.asks}"), "blind")

    def _checked_neutrino(self, neutrino: Neutrino | None, struck: Struck) -> Neutrino | None:
        """Return a neutrino, or refuse to go without it where it is asked for."""
        checked_kind("neutrino", neutrino, Neutrino | None)
        if neutrino is None and not self._flavour_blind(struck):
            raise KindError(
                f"neutrino: got None; allowed: a Neutrino, as what {type(self).__name__} gives on "
                f"{struck.name} depends on its kind"
            )
        return neutrino


def _blind(formula: Callable[..., Any]) -> Callable[..., Any]:
    def of_any(self: Any, T: Any, struck: Any, neutrino: object = None) -> Any:
        return formula(self, T, struck)

    of_any.__name__, of_any.__doc__ = formula.__name__, formula.__doc__
    of_any.blind = True  # type: ignore[attr-defined]
    return of_any


class Interaction(Flavoured, ABC):
    """What every interaction offers: coefficients, kinematics and the cross section itself.

    The public methods check their arguments and call the private ones, which hold the formulas: a
    new interaction gives ``coefficients`` and, if its kinematics differ, the other three, as
    formulas of arrays: see `cevnslib.checks.Doors`. Energies are in MeV, any shape, above 0; what
    is struck is a ``Nuclide``, or an ``Electron``, of which an interaction counts one. The neutrino
    may be left out where ``flavour_blind``, and a formula that does not ask for it takes two
    arguments only. What cannot be is a DomainError or a KindError. Interactions that end in
    different states add up: their sum is a `Sum`.
    """

    doors = ("coefficients", "minimum_energy", "maximum_recoil", "minimum_recoil")
    asks = "coefficients"
    #: The power n_0 of 1/E that belongs to the first coefficient, below 0 if the amplitude grows.
    lowest: ClassVar[int] = 0

    def coefficients(
        self, T: ArrayLike, struck: Struck, neutrino: Neutrino | None = None
    ) -> NDArray[np.float64]:
        """Return the coefficients c_n(T) of the cross section.

        Parameters
        ----------
        T : array_like
            Recoil energy.
        struck : Nuclide or Electron
        neutrino : Neutrino, optional

        Returns
        -------
        ndarray
            c_n in cm^2 MeV^(n-1) for n from `lowest` on, along a new first axis.
        """
        T = _recoil_energy(T, struck)
        return self._coefficients(T, struck, self._checked_neutrino(neutrino, struck))

    def minimum_energy(self, T: ArrayLike, struck: Struck) -> NDArray[np.float64]:
        r"""Return the least neutrino energy that can give a recoil T.

        .. math:: E_\min = \tfrac12 \left(T + \sqrt{T^2 + 2 m_A T}\right),

        exact for a massless outgoing neutrino; arXiv:1905.03750 uses its limit sqrt(m_A T/2).

        Parameters
        ----------
        T : array_like
            Recoil energy.
        struck : Nuclide or Electron

        Returns
        -------
        ndarray
            Energies, the shape of ``T``.
        """
        return self._minimum_energy(_recoil_energy(T, struck), struck)

    def maximum_recoil(self, E: ArrayLike, struck: Struck) -> NDArray[np.float64]:
        r"""Return the greatest recoil that an energy E can give: the inverse of E_min(T).

        .. math:: T_\max = \frac{2 E^2}{m_A + 2 E}

        Parameters
        ----------
        E : array_like
            Neutrino energy.
        struck : Nuclide or Electron

        Returns
        -------
        ndarray
            Recoil energies, the shape of ``E``.
        """
        return self._maximum_recoil(_neutrino_energy(E, struck), struck)

    def minimum_recoil(self, E: ArrayLike, struck: Struck) -> NDArray[np.float64]:
        """Return the least recoil that an energy E can give: 0 for a massless outgoing neutrino.

        Parameters
        ----------
        E : array_like
            Neutrino energy.
        struck : Nuclide or Electron

        Returns
        -------
        ndarray
            Recoil energies, the shape of ``E``.
        """
        return self._minimum_recoil(_neutrino_energy(E, struck), struck)

    def differential_cross_section(
        self, T: ArrayLike, E: ArrayLike, struck: Struck, neutrino: Neutrino | None = None
    ) -> NDArray[np.float64]:
        """Return dsigma/dT, zero where the kinematics forbid the recoil.

        Parameters
        ----------
        T, E : array_like
            Recoil and neutrino energies; their shapes are broadcast. A recoil so great that the
            nucleus would break is refused: an energy in keV, most likely.
        struck : Nuclide or Electron
        neutrino : Neutrino, optional

        Returns
        -------
        ndarray
            In cm^2/MeV, the broadcast shape.
        """
        T, E = coherent_recoil("recoil energy T", T, struck), _neutrino_energy(E, struck)
        checked_shapes(T=T, E=E)
        neutrino = self._checked_neutrino(neutrino, struck)
        values = sum(part._cross_section(T, E, struck, neutrino) for part in self.parts)
        return checked("cross section", values, "cm^2/MeV")

    @property
    def parts(self) -> "tuple[Interaction, ...]":
        """The interactions whose rates add up to this one, each with kinematics of its own."""
        return (self,)

    def __add__(self, other: "Interaction") -> "Sum":
        """Add the rates of two interactions that end in different states."""
        return Sum((*self.parts, *checked_kind("interaction", other, Interaction).parts))

    def _cross_section(
        self,
        T: NDArray[np.float64],
        E: NDArray[np.float64],
        struck: Struck,
        neutrino: Neutrino | None,
    ) -> NDArray[np.float64]:
        polynomial = np.zeros(np.broadcast_shapes(T.shape, E.shape))
        for coefficient in self._coefficients(T, struck, neutrino)[::-1]:
            polynomial = polynomial / E + coefficient
        if self.lowest:
            polynomial = polynomial * E**-self.lowest
        return np.where(self._minimum_energy(T, struck) <= E, polynomial, 0.0)

    @abstractmethod
    def _coefficients(
        self, T: NDArray[np.float64], struck: Struck, *neutrino: Any, **options: Any
    ) -> NDArray[np.float64]:
        """Return c_n from n_0 on; see `coefficients`."""

    def _minimum_energy(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return (T + np.sqrt(T * (T + 2 * struck.mass))) / 2

    def _maximum_recoil(self, E: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return 2 * E**2 / (struck.mass + 2 * E)

    def _minimum_recoil(self, E: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return np.zeros_like(E)


@dataclass(frozen=True)
class Sum(Interaction):
    """Interactions whose rates add up, as they end in different states.

    Parameters
    ----------
    terms : tuple of Interaction
        At least one. Where all recoil as from a massless outgoing neutrino, the sum has
        ``coefficients``; else it has its parts' only.

    Examples
    --------
    >>> from cevnslib.physics.interactions import MagneticMoment, StandardModel
    >>> from cevnslib.physics.targets import nuclide
    >>> both = StandardModel() + MagneticMoment(1e-9)
    >>> both.differential_cross_section(0.001, 30.0, nuclide("Ge72"))
    array(6.57409728e-37)
    """

    terms: tuple[Interaction, ...]

    def __post_init__(self) -> None:
        """Refuse what is no interaction, and open sums within."""
        terms = checked_tuple("terms", self.terms, Interaction)
        terms = tuple(part for term in terms for part in term.parts)
        keep(self, terms=terms)

    @property
    def parts(self) -> tuple[Interaction, ...]:
        """The interactions that add up, none of them a sum."""
        return self.terms

    @property
    def lowest(self) -> int:  # type: ignore[override]
        """The lowest power of 1/E of all parts."""
        return min(part.lowest for part in self.parts)

    def _flavour_blind(self, struck: Struck) -> bool:
        return all(part._flavour_blind(struck) for part in self.parts)

    def _coefficients(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None = None
    ) -> NDArray[np.float64]:
        for part in self.parts:
            if type(part)._minimum_energy is not Interaction._minimum_energy:
                raise KindError(
                    f"coefficients of a sum: got {type(part).__name__}, with kinematics of its "
                    "own; allowed: those of its parts, one by one"
                )
        every = [part._coefficients(T, struck, neutrino) for part in self.parts]
        starts = [part.lowest - self.lowest for part in self.parts]
        length = max(start + len(c) for start, c in zip(starts, every, strict=True))
        total = np.zeros((length, *np.broadcast_shapes(*(c.shape[1:] for c in every))))
        for start, c in zip(starts, every, strict=True):
            total[start : start + len(c)] += c
        return total

    def _minimum_energy(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return _every(np.minimum, (part._minimum_energy(T, struck) for part in self.parts))

    def _maximum_recoil(self, E: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return _every(np.maximum, (part._maximum_recoil(E, struck) for part in self.parts))

    def _minimum_recoil(self, E: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return _every(np.minimum, (part._minimum_recoil(E, struck) for part in self.parts))


def _every(extreme: np.ufunc, arrays: Iterator[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the least or the greatest of arrays, place by place."""
    ends: NDArray[np.float64] = extreme.reduce(list(arrays))
    return ends


def electric_charge(
    form_factor: FormFactor, T: NDArray[np.float64], struck: Struck, constants: Constants
) -> Any:
    """Return the size of the charge that a photon sees: Z F_p of a nucleus, 1 of an electron."""
    if isinstance(struck, Electron):
        return np.ones_like(T)
    return struck.protons * form_factors(form_factor, T, struck, constants)[0]


def form_factors(
    form_factor: FormFactor, T: NDArray[np.float64], nuclide: Nuclide, constants: Constants
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate form factors at the momentum transfer q = sqrt(2 m_A T)/hbar c of a recoil."""
    q = np.sqrt(T) * (np.sqrt(2 * nuclide.mass) / constants.hbar_c)
    return of_nucleons(form_factor, q, nuclide)


def dipole_strength(moment: float, constants: Constants) -> float:
    """Return pi alpha^2 / m_e^2 times the moment squared, in cm^2."""
    amplitude = constants.fine_structure * moment / constants.electron_mass
    return np.pi * amplitude**2 * constants.square_centimetres
