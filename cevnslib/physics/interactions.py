"""The interactions of neutrinos with what they strike, by one name for each.

Here are the magnetic moment and, from modules of their own, all others: amplitudes that interfere
with weak scattering (``weak``, ``charges``), light mediators (``mediators``), and heavy partners of
the neutrino (``partners``). What all have in common is in ``scattering``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_kind, checked_number, keep
from ..constants import CODATA_2022, Constants
from .charges import NSI, Charge, ChargeRadius, Millicharge
from .form_factors import FormFactor, helm
from .mediators import LightScalar, LightVector
from .partners import DipolePortal
from .scattering import Interaction, Sum, dipole_strength, electric_charge
from .targets import Electron, Struck
from .weak import RADIATIVE, TREE_LEVEL, StandardModel, WeakCouplings, WeakScattering

__all__ = [
    "NSI",
    "RADIATIVE",
    "TREE_LEVEL",
    "Charge",
    "ChargeRadius",
    "DipolePortal",
    "Interaction",
    "LightScalar",
    "LightVector",
    "MagneticMoment",
    "Millicharge",
    "StandardModel",
    "Sum",
    "WeakCouplings",
    "WeakScattering",
]


@dataclass(frozen=True)
class MagneticMoment(Interaction):
    r"""Scattering by photon exchange through a neutrino magnetic moment.

    .. math:: \frac{d\sigma}{dT} = \frac{\pi \alpha^2 Z^2}{m_e^2}
              \left(\frac{\mu_\nu}{\mu_B}\right)^2
              \left(\frac1T - \frac1E \left[+ \frac{T}{4E^2}\right]\right) F^2(q)

    The helicity of the neutrino flips, so this adds to the Standard Model without interference.
    The term in brackets belongs to a spin-0 nucleus; it is below 1e-7 of the rest at keV recoils.
    On an electron Z and F are 1, and the formula is exact.

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

    def _coefficients(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        charge = electric_charge(self.form_factor, T, struck, self.constants)
        common = dipole_strength(self.moment, self.constants) * charge**2
        spin_zero = self.spin_zero and not isinstance(struck, Electron)
        return np.stack([common / T, -common, *([common * T / 4] if spin_zero else [])])
