"""Neutrinos of the Sun: the shares of the mass eigenstates that reach the Earth."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, checked_number, checked_shapes
from ..constants import AVOGADRO, CODATA_2022, Constants
from ..physics.mixing import TALK_2019, OscillationParameters

__all__ = [
    "solar_shares",
]


def solar_shares(
    energy: ArrayLike,
    electron_density: ArrayLike,
    parameters: OscillationParameters = TALK_2019,
    *,
    splitting: float = 7.55e-5,
    constants: Constants = CODATA_2022,
) -> NDArray[np.float64]:
    r"""Return the shares of the mass eigenstates in solar neutrinos that reach the Earth.

    Born as electron neutrinos in matter, they leave the Sun adiabatically:

    .. math:: P_{e1} = c_{13}^2 \cos^2\theta_m, \quad P_{e2} = c_{13}^2 \sin^2\theta_m, \quad
              P_{e3} = s_{13}^2, \quad
              \cos 2\theta_m = \frac{\cos 2\theta_{12} - x}
              {\sqrt{(\cos 2\theta_{12} - x)^2 + \sin^2 2\theta_{12}}}, \quad
              x = \frac{2\sqrt2\, G_F N_e E\, c_{13}^2}{\Delta m^2_{21}}

    Parameters
    ----------
    energy : array_like
        Neutrino energy in MeV, at least 0.
    electron_density : array_like
        Electrons at the place of production in mol/cm^3, at least 0; broadcast with the energy.
    parameters : OscillationParameters, optional
        Mixing angles.
    splitting : float, optional
        Delta m^2_21 in eV^2, above 0; the default is that of arXiv:1708.01186.
    constants : Constants, optional
        Set of constants.

    Returns
    -------
    ndarray, shape (..., 3)
        P_e1, P_e2, P_e3, which add up to 1.

    References
    ----------
    Review of Particle Physics, "Neutrino masses, mixing and oscillations"; arXiv:1905.03750.

    Examples
    --------
    >>> solar_shares(0.862, 86.0).round(3)  # the beryllium line
    array([0.598, 0.38 , 0.022])
    """
    E = checked("energy", energy, "MeV", at_least=0)
    density = checked("electron density", electron_density, "mol/cm^3", at_least=0)
    dm2 = checked_number("splitting", splitting, "eV^2", above=0) * 1e-12  # in MeV^2
    checked_kind("parameters", parameters, OscillationParameters)
    checked_kind("constants", constants, Constants)
    checked_shapes(energy=E, electron_density=density)
    electrons = density * AVOGADRO * (constants.hbar_c * 1e-13) ** 3  # in MeV^3
    c13_squared = 1 - parameters.sin2_theta13
    x = 2 * np.sqrt(2) * constants.fermi * electrons * E * c13_squared / dm2
    cos2 = 1 - 2 * parameters.sin2_theta12
    sin2_squared = 4 * parameters.sin2_theta12 * (1 - parameters.sin2_theta12)
    cos2_matter = np.cos(np.arctan2(np.sqrt(sin2_squared), cos2 - x))
    shares = [
        c13_squared * (1 + cos2_matter) / 2,
        c13_squared * (1 - cos2_matter) / 2,
        np.full_like(x, parameters.sin2_theta13),
    ]
    return np.stack(shares, axis=-1)
