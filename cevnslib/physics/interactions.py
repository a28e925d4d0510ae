r"""Cross sections of neutrinos on nuclei, as polynomials in 1/E.

Every cross section here has the form

.. math:: \frac{d\sigma}{dT} = \sum_n c_n(T)\, E^{-n} \quad\text{for}\quad E > E_\min(T),

so that a beam enters a rate only through the moments of its spectrum. A new interaction gives its
coefficients and, if its kinematics differ, its least neutrino energy; all else follows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import Doors, checked, checked_kind, checked_number, checked_shapes, keep
from ..constants import CODATA_2022, Constants
from .form_factors import FormFactor, bare, helm
from .targets import Nuclide

__all__ = [
    "RADIATIVE",
    "TREE_LEVEL",
    "DipolePortal",
    "Interaction",
    "MagneticMoment",
    "StandardModel",
    "WeakCouplings",
]
#: Momentum transfer in MeV above which a nucleus no longer recoils as a whole.
_LARGEST_MOMENTUM = 1e3


def coherent_recoil(name: str, T: ArrayLike, *nuclides: Nuclide) -> NDArray[np.float64]:
    """Return recoil energies of nuclei as a whole; an energy in keV is refused with a hint."""
    for nuclide in nuclides:
        checked_kind("nuclide", nuclide, Nuclide)
    largest = _LARGEST_MOMENTUM**2 / (2 * min(nuclide.mass for nuclide in nuclides))
    hint = "a momentum transfer of 1 GeV; energies are in MeV, did you give keV?"
    return checked(name, T, "MeV", above=0, at_most=largest, hint=hint)


def _recoil_energy(T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
    checked_kind("nuclide", nuclide, Nuclide)
    return checked("recoil energy T", T, "MeV", above=0)


def _neutrino_energy(E: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
    checked_kind("nuclide", nuclide, Nuclide)
    return checked("neutrino energy E", E, "MeV", above=0)


@dataclass(frozen=True)
class WeakCouplings:
    """Neutral-current couplings of the nucleons.

    Parameters
    ----------
    proton_vector, neutron_vector : float
        g_p^V and g_n^V, which multiply Z and N in the weak charge.
    proton_axial, neutron_axial : float
        g_p^A and g_n^A, which multiply the unpaired protons and neutrons.

    Examples
    --------
    >>> round(RADIATIVE.proton_vector, 4), round(RADIATIVE.neutron_vector, 4)
    (0.0304, -0.5122)
    """

    proton_vector: float
    neutron_vector: float
    proton_axial: float
    neutron_axial: float

    def __post_init__(self) -> None:
        """Refuse couplings that are not finite."""
        keep(self, **{key: checked_number(key, value) for key, value in vars(self).items()})

    @classmethod
    def from_quarks(
        cls, up_left: float, up_right: float, down_left: float, down_right: float
    ) -> "WeakCouplings":
        """Add the couplings of two up and one down quark (proton), one up and two down (neutron).

        Parameters
        ----------
        up_left, up_right, down_left, down_right : float
            The chiral couplings g_u^L, g_u^R, g_d^L, g_d^R.

        Returns
        -------
        WeakCouplings
            The nucleons' couplings; Barranco, Miranda, Rashba, hep-ph/0508299.
        """
        quarks = {"up_left": up_left, "up_right": up_right}
        quarks |= {"down_left": down_left, "down_right": down_right}
        left_up, right_up, left_down, right_down = (
            checked_number(name, value) for name, value in quarks.items()
        )
        up_vector, down_vector = left_up + right_up, left_down + right_down
        up_axial, down_axial = left_up - right_up, left_down - right_down
        return cls(
            proton_vector=2 * up_vector + down_vector,
            neutron_vector=up_vector + 2 * down_vector,
            proton_axial=2 * up_axial + down_axial,
            neutron_axial=up_axial + 2 * down_axial,
        )

    @classmethod
    def with_angle(
        cls,
        sin2_theta: float,
        *,
        rho: float = 1.0,
        kappa: float = 1.0,
        lambda_up_left: float = 0.0,
        lambda_down_left: float = 0.0,
        lambda_right: float = 0.0,
    ) -> "WeakCouplings":
        """Compute the couplings from the weak mixing angle and radiative corrections.

        Parameters
        ----------
        sin2_theta : float
            sin^2 of the weak mixing angle, from 0 to 1.
        rho, kappa : float, optional
            Multiplicative corrections to the couplings and to the mixing angle.
        lambda_up_left, lambda_down_left, lambda_right : float, optional
            Additive corrections; ``lambda_right`` is the up quark's, the down quark's is twice it.

        Returns
        -------
        WeakCouplings
            The nucleons' couplings; Barranco, Miranda, Rashba, hep-ph/0508299.
        """
        corrections = {"rho": rho, "kappa": kappa, "lambda_up_left": lambda_up_left}
        corrections |= {"lambda_down_left": lambda_down_left, "lambda_right": lambda_right}
        corrections = {name: checked_number(name, value) for name, value in corrections.items()}
        s2 = corrections["kappa"] * checked_number("sin2_theta", sin2_theta, at_least=0, at_most=1)
        factor, right = corrections["rho"], corrections["lambda_right"]
        return cls.from_quarks(
            up_left=factor * (1 / 2 - 2 / 3 * s2) + corrections["lambda_up_left"],
            up_right=factor * (-2 / 3 * s2) + right,
            down_left=factor * (-1 / 2 + 1 / 3 * s2) + corrections["lambda_down_left"],
            down_right=factor * (1 / 3 * s2) + 2 * right,
        )


#: MS-bar angle at the Z mass with radiative corrections, as in hep-ph/0508299; the default.
RADIATIVE = WeakCouplings.with_angle(
    0.23120,
    rho=1.0086,
    kappa=0.9978,
    lambda_up_left=-0.0031,
    lambda_down_left=-0.0025,
    lambda_right=3.75e-5,
)
#: Tree level with the angle at zero momentum transfer, sin^2 theta_W = 0.23857.
TREE_LEVEL = WeakCouplings.with_angle(0.23857)


class Interaction(Doors, ABC):
    """What every interaction offers: coefficients, kinematics and the cross section itself.

    The public methods check their arguments and call the private ones, which hold the formulas: a
    new interaction gives `coefficients` and, if its kinematics differ, the other three, as formulas
    of arrays: see `cevnslib.checks.Doors`. Energies are in MeV, any shape, above 0; a nuclide is
    the nucleus that recoils. What cannot be is a DomainError or a KindError.
    """

    doors = ("coefficients", "minimum_energy", "maximum_recoil", "minimum_recoil")

    def coefficients(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the coefficients c_n(T) of the cross section.

        Parameters
        ----------
        T : array_like
            Recoil energy.
        nuclide : Nuclide

        Returns
        -------
        ndarray
            c_0, c_1, ... in cm^2 MeV^(n-1), along a new first axis.
        """
        return self._coefficients(_recoil_energy(T, nuclide), nuclide)

    def minimum_energy(self, T: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        r"""Return the least neutrino energy that can give a recoil T.

        .. math:: E_\min = \tfrac12 \left(T + \sqrt{T^2 + 2 m_A T}\right),

        exact for a massless outgoing neutrino; arXiv:1905.03750 uses its limit sqrt(m_A T/2).

        Parameters
        ----------
        T : array_like
            Recoil energy.
        nuclide : Nuclide

        Returns
        -------
        ndarray
            Energies, the shape of ``T``.
        """
        return self._minimum_energy(_recoil_energy(T, nuclide), nuclide)

    def maximum_recoil(self, E: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        r"""Return the greatest recoil that an energy E can give: the inverse of E_min(T).

        .. math:: T_\max = \frac{2 E^2}{m_A + 2 E}

        Parameters
        ----------
        E : array_like
            Neutrino energy.
        nuclide : Nuclide

        Returns
        -------
        ndarray
            Recoil energies, the shape of ``E``.
        """
        return self._maximum_recoil(_neutrino_energy(E, nuclide), nuclide)

    def minimum_recoil(self, E: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the least recoil that an energy E can give: 0 for a massless outgoing neutrino.

        Parameters
        ----------
        E : array_like
            Neutrino energy.
        nuclide : Nuclide

        Returns
        -------
        ndarray
            Recoil energies, the shape of ``E``.
        """
        return self._minimum_recoil(_neutrino_energy(E, nuclide), nuclide)

    def differential_cross_section(
        self, T: ArrayLike, E: ArrayLike, nuclide: Nuclide
    ) -> NDArray[np.float64]:
        """Return dsigma/dT, zero where the kinematics forbid the recoil.

        Parameters
        ----------
        T, E : array_like
            Recoil and neutrino energies; their shapes are broadcast. A recoil so great that the
            nucleus would break is refused: an energy in keV, most likely.
        nuclide : Nuclide

        Returns
        -------
        ndarray
            In cm^2/MeV, the broadcast shape.
        """
        T, E = coherent_recoil("recoil energy T", T, nuclide), _neutrino_energy(E, nuclide)
        polynomial = np.zeros(checked_shapes(T=T, E=E))
        for coefficient in self._coefficients(T, nuclide)[::-1]:
            polynomial = polynomial / E + coefficient
        allowed = self._minimum_energy(T, nuclide) <= E
        return checked("cross section", np.where(allowed, polynomial, 0.0), "cm^2/MeV")

    @abstractmethod
    def _coefficients(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        """Return c_0, c_1, ...; see `coefficients`."""

    def _minimum_energy(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return (T + np.sqrt(T * (T + 2 * nuclide.mass))) / 2

    def _maximum_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return 2 * E**2 / (nuclide.mass + 2 * E)

    def _minimum_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return np.zeros_like(E)


@dataclass(frozen=True)
class StandardModel(Interaction):
    r"""Coherent elastic scattering by Z exchange.

    .. math:: \frac{d\sigma}{dT} = \frac{G_F^2 m_A}{\pi} \left[
              Q_V^2 \left(1 - \frac{m_A T}{2 E^2}\right) +
              Q_A^2 \left(1 + \frac{m_A T}{2 E^2}\right)\right] F^2(q)

    Parameters
    ----------
    couplings : WeakCouplings, optional
        The nucleons' neutral-current couplings.
    form_factor : callable, optional
        F(q, nuclide), see `cevnslib.physics.form_factors`.
    axial : bool, optional
        Whether to add the axial term of the unpaired nucleons, below 1% for the targets here.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    D. K. Papoulias and T. S. Kosmas, Phys. Rev. D 97 (2018) 033003, arXiv:1711.09773.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> StandardModel().differential_cross_section(0.005, [10.0, 30.0], nuclide("Cs133"))
    array([0.00000000e+00, 1.56586479e-36])
    """

    couplings: WeakCouplings = RADIATIVE
    form_factor: FormFactor = helm
    axial: bool = False
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse what is neither couplings nor a form factor."""
        checked_kind("couplings", self.couplings, WeakCouplings)
        checked_kind("form_factor", self.form_factor, Callable)
        checked_kind("axial", self.axial, bool)
        checked_kind("constants", self.constants, Constants)

    def weak_charge(self, nuclide: Nuclide) -> float:
        """Return the weak charge Q_V = g_p^V Z + g_n^V N; a neutron counts about -1/2."""
        return self._weak_charge(checked_kind("nuclide", nuclide, Nuclide))

    def axial_charge(self, nuclide: Nuclide) -> float:
        """Return g_p^A (Z_up - Z_down) + g_n^A (N_up - N_down), 0 if the axial term is off."""
        return self._axial_charge(checked_kind("nuclide", nuclide, Nuclide))

    def _weak_charge(self, nuclide: Nuclide) -> float:
        g = self.couplings
        return g.proton_vector * nuclide.protons + g.neutron_vector * nuclide.neutrons

    def _axial_charge(self, nuclide: Nuclide) -> float:
        if not self.axial:
            return 0.0
        g = self.couplings
        protons, neutrons = nuclide.unpaired_protons, nuclide.unpaired_neutrons
        return g.proton_axial * protons + g.neutron_axial * neutrons

    def _coefficients(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        square = _form_factor(self.form_factor, T, nuclide, self.constants) ** 2
        scale = self.constants.fermi**2 * nuclide.mass / np.pi * self.constants.square_centimetres
        vector, axial = self._weak_charge(nuclide) ** 2, self._axial_charge(nuclide) ** 2
        c = np.zeros((3, *T.shape))
        c[0] = square * (scale * (vector + axial))
        c[2] = square * T * (scale * (axial - vector) * nuclide.mass / 2)
        return c


@dataclass(frozen=True)
class MagneticMoment(Interaction):
    r"""Scattering by photon exchange through a neutrino magnetic moment.

    .. math:: \frac{d\sigma}{dT} = \frac{\pi \alpha^2 Z^2}{m_e^2}
              \left(\frac{\mu_\nu}{\mu_B}\right)^2
              \left(\frac1T - \frac1E \left[+ \frac{T}{4E^2}\right]\right) F^2(q)

    The helicity of the neutrino flips, so this adds to the Standard Model without interference.
    The term in brackets belongs to a spin-0 nucleus; it is below 1e-7 of the rest at keV recoils.

    Parameters
    ----------
    moment : float, optional
        Effective moment in Bohr magnetons, at least 0.
    form_factor : callable, optional
        F(q, nuclide), see `cevnslib.physics.form_factors`.
    spin_zero : bool, optional
        Whether to keep the term of a spin-0 nucleus; without it, the formula of Vogel and Engel.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    P. Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378; arXiv:1905.03750.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> MagneticMoment(1e-10).differential_cross_section(0.001, 30.0, nuclide("Ge72"))
    array(2.50803601e-39)
    """

    moment: float = 1.0
    form_factor: FormFactor = helm
    spin_zero: bool = False
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse a moment that is negative or not finite."""
        keep(self, moment=checked_number("moment", self.moment, "mu_B", at_least=0))
        checked_kind("form_factor", self.form_factor, Callable)
        checked_kind("spin_zero", self.spin_zero, bool)
        checked_kind("constants", self.constants, Constants)

    def _coefficients(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        form_factor = _form_factor(self.form_factor, T, nuclide, self.constants)
        common = _photon_exchange(self.moment, nuclide, self.constants) * form_factor**2
        c = np.empty((3 if self.spin_zero else 2, *T.shape))
        c[0], c[1] = common / T, -common
        if self.spin_zero:
            c[2] = common * T / 4
        return c


@dataclass(frozen=True)
class DipolePortal(Interaction):
    r"""Scattering by photon exchange that turns the neutrino into a fermion of mass m.

    With :math:`r = m^2 / 2 m_A T`,

    .. math:: \frac{d\sigma}{dT} = \frac{\pi \alpha^2 Z^2}{m_e^2}
              \left(\frac{\mu}{\mu_B}\right)^2
              \left[\frac1T - \frac{1 + r}{E} - \frac{r (1 + r) (m_A - T)}{2 E^2}\right] F^2(q)

    between the least and the greatest recoil, for a nucleus of spin 1/2. The
    coupling is half mu times chi-bar sigma P_L nu F, that of `MagneticMoment` for m = 0. The
    kinematics are

    .. math:: E_\min = \tfrac12 \left(T + \sqrt{T^2 + 2 m_A T}\right) (1 + r), \quad
              T_- = \frac{m^4}{4 m_A (m_A + 2 E)\, T_+},

    .. math:: T_+ = \frac{2 m_A E^2 - m^2 (m_A + E) + E \sqrt{(2 m_A E - m^2)^2 - 4 m_A^2 m^2}}
              {2 m_A (m_A + 2 E)},

    both recoils 0 below `threshold`. The least is taken from the product of the two roots: the
    difference that gives it directly loses its digits when m is small.

    Parameters
    ----------
    mass : float
        Mass m of the outgoing fermion in MeV, at least 0.
    moment : float, optional
        Transition moment in Bohr magnetons, at least 0.
    form_factor : callable, optional
        F(q, nuclide), see `cevnslib.physics.form_factors`.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    G. Magill, R. Plestid, M. Pospelov, Y.-D. Tsai, Phys. Rev. D 98 (2018) 115015, arXiv:1803.03262;
    O. G. Miranda et al., JHEP 12 (2021) 191, arXiv:2109.09545.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> ge72, argon = nuclide("Ge72"), nuclide("Ar40")
    >>> [f"{DipolePortal(m, 1e-10).differential_cross_section(0.001, 30.0, ge72):.3e}"
    ...  for m in (0.0, 10.0, 20.0, 30.0)]
    ['2.508e-39', '2.386e-39', '1.397e-39', '0.000e+00']
    >>> DipolePortal(20.0).maximum_recoil([10.0, 30.0], argon).round(4)
    array([0.    , 0.0368])
    """

    mass: float
    moment: float = 1.0
    form_factor: FormFactor = helm
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse a mass or a moment that is negative or not finite."""
        keep(
            self,
            mass=checked_number("mass", self.mass, "MeV", at_least=0),
            moment=checked_number("moment", self.moment, "mu_B", at_least=0),
        )
        checked_kind("form_factor", self.form_factor, Callable)
        checked_kind("constants", self.constants, Constants)

    def threshold(self, nuclide: Nuclide) -> float:
        r"""Return the least neutrino energy that can make the fermion, :math:`m + m^2/2 m_A`."""
        return self._threshold(checked_kind("nuclide", nuclide, Nuclide))

    def _threshold(self, nuclide: Nuclide) -> float:
        return self.mass + self.mass**2 / (2 * nuclide.mass)

    def _coefficients(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        form_factor = _form_factor(self.form_factor, T, nuclide, self.constants)
        scale = _photon_exchange(self.moment, nuclide, self.constants)
        r = self.mass**2 / (2 * nuclide.mass * T)
        terms = [1 / T, -(1 + r), -r * (1 + r) * (nuclide.mass - T) / 2]
        return scale * form_factor**2 * np.stack(terms)

    def _minimum_energy(self, T: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        return super()._minimum_energy(T, nuclide) * (1 + self.mass**2 / (2 * nuclide.mass * T))

    def _maximum_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        M, m = nuclide.mass, self.mass
        above = E - self._threshold(nuclide)
        # The root is 2M times this one: its two factors keep their digits close to threshold.
        root = np.sqrt(np.maximum(above, 0) * (above + 2 * m))
        greatest = (2 * M * E**2 - m**2 * (M + E) + 2 * M * E * root) / (2 * M * (M + 2 * E))
        return np.where(above >= 0, greatest, 0.0)

    def _minimum_recoil(self, E: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
        M, greatest = nuclide.mass, self._maximum_recoil(E, nuclide)
        positive = np.where(greatest > 0, greatest, np.inf)
        return self.mass**4 / (4 * M * (M + 2 * E) * positive)


def _photon_exchange(moment: float, nuclide: Nuclide, constants: Constants) -> float:
    """Return pi alpha^2 Z^2 / m_e^2 times the moment squared, in cm^2."""
    amplitude = constants.fine_structure * moment / constants.electron_mass
    return np.pi * amplitude**2 * nuclide.protons**2 * constants.square_centimetres


def _form_factor(
    form_factor: FormFactor, T: NDArray[np.float64], nuclide: Nuclide, constants: Constants
) -> NDArray[np.float64]:
    """Evaluate a form factor at the momentum transfer q = sqrt(2 m_A T)/hbar c of a recoil."""
    q = np.sqrt(T) * (np.sqrt(2 * nuclide.mass) / constants.hbar_c)
    return bare(form_factor)(q, nuclide)
