"""Charges: what adds to the amplitude of weak scattering, beside the weak couplings.

A photon or a heavy mediator adds a vector coupling to the proton, the neutron and the electron. It
may differ by flavour, or change it; then another neutrino goes out, and the rate is added.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, keep
from ..constants import CODATA_2022, Constants
from ..errors import DomainError, quoted
from .neutrinos import FLAVOURS, Neutrino
from .scattering import Flavoured
from .targets import Electron, Struck

__all__ = ["NSI", "Charge", "ChargeRadius", "Millicharge", "VectorCharge"]
#: Vector couplings of proton and neutron, then axial ones, which may be left out; on an electron
#: one of each. Numbers, or arrays of the shape of the recoil energy.
Couplings = Sequence[Any]
#: Electric charges of proton, neutron and electron.
_ELECTRIC = np.array([1.0, 0.0, -1.0])


class Charge(Flavoured, ABC):
    """What adds to the amplitude of weak scattering.

    A new one gives ``couplings``, as a formula of arrays.
    """

    doors = ("couplings",)
    asks = "couplings"

    def couplings(
        self, T: ArrayLike, struck: Struck, neutrino: Neutrino | None = None
    ) -> NDArray[np.float64]:
        """Return what each constituent adds, in the units of g_p^V = 1/2 - 2 sin^2 theta_W.

        Parameters
        ----------
        T : array_like
            Recoil energy in MeV, above 0.
        struck : Nuclide or Electron
        neutrino : Neutrino, optional
            It may be left out where ``flavour_blind``.

        Returns
        -------
        ndarray
            On a nucleus vector couplings of proton and neutron, then axial ones if there are; on an
            electron vector and axial one. Along a new first axis.
        """
        checked_kind("struck", struck, Struck)
        T = checked("recoil energy T", T, "MeV", above=0)
        given = self._couplings(T, struck, self._checked_neutrino(neutrino, struck))
        return np.stack([np.broadcast_to(x, T.shape) for x in given])

    @abstractmethod
    def _couplings(
        self, T: NDArray[np.float64], struck: Struck, *neutrino: Any, **options: Any
    ) -> Couplings:
        """Return couplings; see `couplings`."""

    def _changing(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None
    ) -> Mapping[str, Couplings]:
        """Return the couplings by which another flavour goes out, by its name."""
        return {}


class VectorCharge(Charge):
    """A charge that is the same for all neutrinos but for a matrix in flavour, and has no spin.

    A subclass gives its strengths, and how they depend on the recoil.
    """

    @abstractmethod
    def _strengths(self) -> NDArray[np.float64]:
        """Return couplings of proton, neutron and electron, by flavours: shape (3, 3, 3)."""

    def _propagator(self, T: NDArray[np.float64], struck: Struck) -> Any:
        """Return what multiplies the strengths."""
        return 1.0

    def _of(self, struck: Struck) -> NDArray[np.float64]:
        return self._strengths()[2:] if isinstance(struck, Electron) else self._strengths()[:2]

    def _flavour_blind(self, struck: Struck) -> bool:
        strengths = self._of(struck)
        return bool(np.all(strengths == strengths[:, :1, :1] * np.eye(3)))

    def _couplings(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None = None
    ) -> Couplings:
        i = FLAVOURS.index(neutrino.flavour) if neutrino else 0
        propagator = self._propagator(T, struck)
        return [x * propagator for x in self._of(struck)[:, i, i]]

    def _changing(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None
    ) -> Mapping[str, Couplings]:
        i = FLAVOURS.index(neutrino.flavour) if neutrino else 0
        rows = self._of(struck)[:, i]
        others = [j for j in range(3) if j != i and rows[:, j].any()]
        return {FLAVOURS[j]: [x * self._propagator(T, struck) for x in rows[:, j]] for j in others}


def flavour_matrix(name: str, values: ArrayLike, unit: str = "") -> tuple[tuple[float, ...], ...]:
    """Return numbers for each flavour, or each pair, as a real symmetric matrix, or refuse them.

    One number is that of all flavours, three are those of e, mu and tau.
    """
    matrix = checked(name, values, unit)
    if matrix.ndim < 2:
        if matrix.shape not in ((), (3,)):
            matrix = np.zeros((0, 0))
        matrix = np.diag(np.broadcast_to(matrix, 3)) if matrix.ndim < 2 else matrix
    if matrix.shape != (3, 3) or not np.array_equal(matrix, matrix.T):
        raise DomainError(
            f"{name}: got {quoted(values)}; allowed: a number for all flavours, three for e, mu "
            "and tau, or a symmetric matrix of these"
        )
    return tuple(tuple(row) for row in matrix.tolist())


@dataclass(frozen=True)
class NSI(VectorCharge):
    r"""Non-standard interactions of neutrinos with quarks and electrons.

    .. math:: \mathcal L = -\sqrt2\, G_F\, \varepsilon^{fV}_{\alpha\beta}
              (\bar\nu_\alpha \gamma^\mu P_L \nu_\beta)(\bar f \gamma_\mu f),
              \quad \varepsilon^{fV} = \varepsilon^{fL} + \varepsilon^{fR}

    Each is a number for all flavours, three for e, mu and tau, or a real symmetric matrix of these.

    Parameters
    ----------
    up, down, electron : array_like, optional
        The vector couplings of both quarks and the electron.

    References
    ----------
    J. Barranco, O. G. Miranda, T. I. Rashba, JHEP 12 (2005) 021, hep-ph/0508299.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> NSI(down=(0.2, 0, 0)).couplings(0.01, nuclide("Cs133"), Neutrino("e"))
    array([0.2, 0.4])
    """

    up: ArrayLike = 0.0
    down: ArrayLike = 0.0
    electron: ArrayLike = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no matrix in flavour."""
        keep(self, **{key: flavour_matrix(f"NSI {key}", x) for key, x in vars(self).items()})

    def _strengths(self) -> NDArray[np.float64]:
        up, down, electron = np.array(self.up), np.array(self.down), np.array(self.electron)
        return np.stack([2 * up + down, up + 2 * down, electron])


@dataclass(frozen=True)
class ChargeRadius(VectorCharge):
    r"""The charge radius of a neutrino, beyond what the Standard Model's couplings hold of it.

    .. math:: g_p^V \to g_p^V - \frac{\sqrt2 \pi \alpha}{3 G_F} \langle r^2 \rangle,

    and g_V of the electron rises by the same. A neutrino and its antineutrino, whose radius has the
    other sign, have the same shift.

    Parameters
    ----------
    radii : array_like
        The mean squared radius in cm^2: a number for all flavours, three for e, mu and tau, or a
        real symmetric matrix of these with the transition radii.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    M. Cadeddu et al., Phys. Rev. D 98 (2018) 113010, arXiv:1810.05606.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> ChargeRadius((0, 1e-32, 0)).couplings(0.01, nuclide("Cs133"), Neutrino("mu")).round(4)
    array([-0.0238,  0.    ])
    """

    radii: ArrayLike
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse what is no matrix in flavour."""
        keep(self, radii=flavour_matrix("charge radii", self.radii, "cm^2"))
        checked_kind("constants", self.constants, Constants)

    def _strengths(self) -> NDArray[np.float64]:
        c = self.constants
        scale = -np.sqrt(2) * np.pi * c.fine_structure / (3 * c.fermi * c.square_centimetres)
        return np.tensordot(_ELECTRIC, scale * np.array(self.radii), axes=0)


@dataclass(frozen=True)
class Millicharge(VectorCharge):
    r"""An electric charge of the neutrino.

    .. math:: g_p^V \to g_p^V + \frac{2 \sqrt2 \pi \alpha}{G_F\, 2 m T}\, q_\nu,

    and g_V of the electron falls by the same with its mass: the photon's exchange grows like 1/T.

    Parameters
    ----------
    charges : array_like
        In units of the elementary charge, for neutrinos; antineutrinos have the opposite. A number
        for all flavours, three for e, mu and tau, or a real symmetric matrix of these.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    K. A. Kouzakov and A. I. Studenikin, Phys. Rev. D 95 (2017) 055013, arXiv:1703.00401.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> Millicharge(1e-7).couplings([0.005, 0.01], nuclide("Cs133")).round(3)
    array([[0.449, 0.225],
           [0.   , 0.   ]])
    """

    charges: ArrayLike
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse what is no matrix in flavour."""
        keep(self, charges=flavour_matrix("millicharges", self.charges, "e"))
        checked_kind("constants", self.constants, Constants)

    def _strengths(self) -> NDArray[np.float64]:
        return np.tensordot(_ELECTRIC, np.array(self.charges), axes=0)

    def _propagator(self, T: NDArray[np.float64], struck: Struck) -> Any:
        square = 4 * np.pi * self.constants.fine_structure
        return exchange(square, 0.0, T, struck, self.constants)


def exchange(
    square: float, mass: float, T: NDArray[np.float64], struck: Struck, constants: Constants
) -> Any:
    r"""Return :math:`g^2/\sqrt2 G_F (2 m T + M^2)`: the exchange of a vector, in weak units."""
    return square / (np.sqrt(2) * constants.fermi * (2 * struck.mass * T + mass**2))
