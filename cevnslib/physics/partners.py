r"""Heavy partners: the neutrino goes out as a fermion of mass m.

With a mass :math:`m_A` at rest before and :math:`r = m^2 / 2 m_A T`, the kinematics are

.. math:: E_\min = \tfrac12 \left(T + \sqrt{T^2 + 2 m_A T}\right) (1 + r), \quad
          T_- = \frac{m^4}{4 m_A (m_A + 2 E)\, T_+},

.. math:: T_+ = \frac{2 m_A E^2 - m^2 (m_A + E) + E \sqrt{(2 m_A E - m^2)^2 - 4 m_A^2 m^2}}
          {2 m_A (m_A + 2 E)},

both recoils 0 below the threshold :math:`m + m^2/2 m_A`. The least recoil is taken from the product
of the two roots: the difference that gives it directly loses its digits when m is small.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_kind, checked_number, keep
from ..constants import CODATA_2022, Constants
from .form_factors import FormFactor, helm
from .scattering import Interaction, dipole_strength, electric_charge
from .targets import Struck

__all__ = ["DipolePortal", "MassiveFermion"]


class MassiveFermion(Interaction):
    """Base of interactions that turn the neutrino into a fermion, with its kinematics.

    A subclass has the fermion's ``mass`` in MeV, at least 0, and gives its coefficients.
    """

    mass: float

    def threshold(self, struck: Struck) -> float:
        r"""Return the least neutrino energy that can make the fermion, :math:`m + m^2/2 m_A`."""
        return self._threshold(checked_kind("struck", struck, Struck))

    def _threshold(self, struck: Struck) -> float:
        return self.mass + self.mass**2 / (2 * struck.mass)

    def _minimum_energy(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        return super()._minimum_energy(T, struck) * (1 + self.mass**2 / (2 * struck.mass * T))

    def _maximum_recoil(self, E: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        M, m = struck.mass, self.mass
        above = E - self._threshold(struck)
        # The root is 2M times this one: its two factors keep their digits close to threshold.
        root = np.sqrt(np.maximum(above, 0) * (above + 2 * m))
        greatest = (2 * M * E**2 - m**2 * (M + E) + 2 * M * E * root) / (2 * M * (M + 2 * E))
        return np.where(above >= 0, greatest, 0.0)

    def _minimum_recoil(self, E: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        M, greatest = struck.mass, self._maximum_recoil(E, struck)
        positive = np.where(greatest > 0, greatest, np.inf)
        return self.mass**4 / (4 * M * (M + 2 * E) * positive)


@dataclass(frozen=True)
class DipolePortal(MassiveFermion):
    r"""Scattering by photon exchange that turns the neutrino into a fermion of mass m.

    With :math:`r = m^2 / 2 m_A T`,

    .. math:: \frac{d\sigma}{dT} = \frac{\pi \alpha^2 Z^2}{m_e^2}
              \left(\frac{\mu}{\mu_B}\right)^2
              \left[\frac1T - \frac{1 + r}{E} - \frac{r (1 + r) (m_A - T)}{2 E^2}\right] F^2(q)

    between the least and the greatest recoil, for a nucleus of spin 1/2 or, with Z and F of 1, an
    electron. The coupling is half mu times chi-bar sigma P_L nu F, that of
    `cevnslib.physics.interactions.MagneticMoment` for m = 0.

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

    def _coefficients(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        charge = electric_charge(self.form_factor, T, struck, self.constants)
        r = self.mass**2 / (2 * struck.mass * T)
        common = dipole_strength(self.moment, self.constants) * charge**2
        terms = [1 / T, -(1 + r), -r * (1 + r) * (struck.mass - T) / 2]
        return np.stack([common * term for term in terms])
