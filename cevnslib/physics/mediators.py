"""Light mediators: a vector, which interferes with weak scattering, and a scalar, which adds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked_kind, checked_number, keep
from ..constants import CODATA_2022, Constants
from ..errors import DomainError, quoted
from .charges import VectorCharge, exchange, flavour_matrix
from .form_factors import FormFactor, helm
from .scattering import Interaction, form_factors
from .targets import Electron, Struck

__all__ = ["CHARGES", "LightScalar", "LightVector"]
#: Charges under a light vector, by the name of what it couples to; all are 1 unless told.
CHARGES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "universal": MappingProxyType({}),
        "b-l": MappingProxyType({"up": 1 / 3, "down": 1 / 3, "electron": -1.0, "neutrino": -1.0}),
    }
)


@dataclass(frozen=True)
class LightVector(VectorCharge):
    r"""A charge by exchange of a vector of mass M that couples to neutrinos, quarks and electrons.

    With the charges :math:`q` of these under :math:`\mathcal L = -g Z'_\mu \sum_f q_f \bar f
    \gamma^\mu f` (left-handed for neutrinos), a particle of mass m has

    .. math:: g_f^V \to g_f^V + \frac{g^2 q_\nu q_f}{\sqrt2 G_F (2 m T + M^2)}.

    Parameters
    ----------
    mass : float
        Mass of the mediator in MeV, at least 0.
    coupling : float
        g, at least 0.
    neutrino : array_like, optional
        Charge of the neutrinos, for all flavours or for e, mu and tau.
    up, down, electron : float, optional
        Charges of the quarks and the electron. By default all are 1; B - L has 1/3 for quarks and
        -1 for leptons.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    D. G. Cerdeno et al., JHEP 05 (2016) 118, arXiv:1604.01025.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> from cevnslib.physics.weak import RADIATIVE, WeakScattering
    >>> heavy, light = LightVector(1e4, 1e-3), LightVector(10.0, 2e-5)
    >>> cs = nuclide("Cs133")
    >>> [f"{WeakScattering(RADIATIVE, vector).differential_cross_section(0.005, 30.0, cs):.3e}"
    ...  for vector in (heavy, light)]
    ['1.546e-36', '1.030e-36']
    """

    mass: float
    coupling: float
    neutrino: ArrayLike = 1.0
    up: float = 1.0
    down: float = 1.0
    electron: float = 1.0
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse what is no mass or charge."""
        matrix = flavour_matrix("charge of the neutrinos", self.neutrino)
        if np.any(np.array(matrix) * (1 - np.eye(3))):
            raise DomainError(
                f"charge of the neutrinos: got {quoted(self.neutrino)}; allowed: a number for all "
                "flavours, or three for e, mu and tau"
            )
        keep(
            self,
            mass=checked_number("mass", self.mass, "MeV", at_least=0),
            coupling=checked_number("coupling", self.coupling, at_least=0),
            neutrino=tuple(matrix[i][i] for i in range(3)),
            up=checked_number("up", self.up),
            down=checked_number("down", self.down),
            electron=checked_number("electron", self.electron),
        )
        checked_kind("constants", self.constants, Constants)

    def _strengths(self) -> NDArray[np.float64]:
        nucleons = [2 * self.up + self.down, self.up + 2 * self.down]
        charges = np.array([*nucleons, self.electron])
        return np.tensordot(charges, np.diag(np.array(self.neutrino)), axes=0)

    def _propagator(self, T: NDArray[np.float64], struck: Struck) -> Any:
        return exchange(self.coupling**2, self.mass, T, struck, self.constants)


@dataclass(frozen=True)
class LightScalar(Interaction):
    r"""Exchange of a scalar of mass M, with coupling g to neutrinos and g q to what is struck.

    The helicity of the neutrino flips, so this adds to the Standard Model without interference.

    .. math:: \frac{d\sigma}{dT} = \frac{g^4 Q^2 m^2\, T}{4\pi E^2 (2 m T + M^2)^2}
              \left[1 + \frac{T}{2m}\right]

    with :math:`Q = q_p Z F_p + q_n N F_n` on a nucleus. The bracket belongs to spin 1/2 and is kept
    for electrons.

    Parameters
    ----------
    mass : float
        Mass of the mediator in MeV, at least 0.
    coupling : float
        g, at least 0.
    proton, neutron, electron : float, optional
        The charges q. Those of the nucleons are for equal couplings to all quarks, from nucleon
        sigma terms as public codes have them.
    form_factor : callable, optional
        F(q, nuclide), see `cevnslib.physics.form_factors`.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    D. G. Cerdeno et al., JHEP 05 (2016) 118, arXiv:1604.01025.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> LightScalar(10.0, 1e-5).differential_cross_section(0.005, 30.0, nuclide("Cs133"))
    array(4.24991367e-38)
    """

    mass: float
    coupling: float
    proton: float = 15.1
    neutron: float = 14.0
    electron: float = 1.0
    form_factor: FormFactor = helm
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse what is no mass or charge."""
        keep(
            self,
            mass=checked_number("mass", self.mass, "MeV", at_least=0),
            coupling=checked_number("coupling", self.coupling, at_least=0),
            proton=checked_number("proton", self.proton),
            neutron=checked_number("neutron", self.neutron),
            electron=checked_number("electron", self.electron),
        )
        checked_kind("form_factor", self.form_factor, Callable)
        checked_kind("constants", self.constants, Constants)

    def _coefficients(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        if isinstance(struck, Electron):
            square: Any = self.electron**2 * (1 + T / (2 * struck.mass))
        else:
            F_p, F_n = form_factors(self.form_factor, T, struck, self.constants)
            square = (
                self.proton * struck.protons * F_p + self.neutron * struck.neutrons * F_n
            ) ** 2
        exchanged = self.coupling**2 * struck.mass / (2 * struck.mass * T + self.mass**2)
        second = square * exchanged**2 * T / (4 * np.pi) * self.constants.square_centimetres
        return np.stack([np.zeros_like(second), np.zeros_like(second), second])
