"""Spectra of neutrinos from allowed beta decays."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_integer, checked_number, keep
from ..constants import CODATA_2022
from ..quadrature import panel_rule
from .spectra import NumericalSpectrum

__all__ = [
    "BetaSpectrum",
]
#: The exponent of Fermi's function at which a positron is taken to be kept back altogether.
_MOST = 700.0


@dataclass(frozen=True)
class BetaSpectrum(NumericalSpectrum):
    r"""Neutrinos of an allowed beta decay, normalised to one.

    .. math:: f(E) \propto E^2\, p_e E_e F(Z, E_e), \quad E_e = Q - E + m_e, \quad
              F = \frac{\eta}{1 - e^{-\eta}}, \quad \eta = \frac{2\pi Z \alpha E_e}{p_e}

    with Fermi's function F in its non-relativistic form.

    Parameters
    ----------
    end : float
        Greatest energy Q of the neutrino in MeV, above 0.
    charge : int
        Charge Z of the daughter nucleus; negative if the decay gives a positron and a neutrino.

    References
    ----------
    J. N. Bahcall, Neutrino Astrophysics (Cambridge University Press, 1989).

    Examples
    --------
    >>> pp = BetaSpectrum(0.42341, -1)
    >>> pp.moments(0.0, 0, lowest=-1).round(4)  # the mean energy, and 1
    array([0.2668, 1.    ])
    """

    end: float
    charge: int

    def __post_init__(self) -> None:
        """Refuse what is no decay."""
        keep(
            self,
            end=checked_number("end point", self.end, "MeV", above=0, at_most=1e3),
            charge=checked_integer(
                "charge of the daughter", self.charge, at_least=-120, at_most=120
            ),
        )

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """Zero, and energies that come closer and closer to the end, where a root begins."""
        return (0.0, *(self.end * (1 - 4.0**-k) for k in range(1, 13)), self.end)

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return allowed_shape(E, self.end, self.charge)


def allowed_shape(E: NDArray[np.float64], end: float, charge: float) -> NDArray[np.float64]:
    """Return the neutrino spectrum of an allowed beta decay, normalised to one."""
    return _unnormalised_shape(E, end, charge) / _allowed_norm(end, charge)


@cache
def _allowed_norm(end: float, charge: float) -> float:
    # In the variable sqrt(end - E) the shape is smooth up to the end.
    x, weights = panel_rule(0.0, np.sqrt(end), 200)
    shape = _unnormalised_shape(end - x**2, end, charge)
    return float(np.sum(weights * 2 * x * shape))


def _unnormalised_shape(E: NDArray[np.float64], end: float, charge: float) -> NDArray[np.float64]:
    """Return E^2 p_e E_e F with the non-relativistic Fermi function F of the daughter's charge."""
    mass = CODATA_2022.electron_mass
    inside = end > E
    kinetic = np.where(inside, end - E, 1.0)
    electron, momentum = kinetic + mass, np.sqrt(kinetic * (kinetic + 2 * mass))
    eta = 2 * np.pi * charge * CODATA_2022.fine_structure * electron / momentum
    eta = np.maximum(eta, -_MOST) if charge else np.full_like(eta, 1e-300)
    return np.where(inside, E**2 * momentum * electron * eta / -np.expm1(-eta), 0.0)
