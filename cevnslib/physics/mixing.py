r"""Lepton mixing, and the effective magnetic moment that each flavour sees.

Majorana transition moments form the antisymmetric matrix :math:`\lambda_{ij} = \varepsilon_{ijk}
\Lambda_k`. The effective moment of a beam of flavour alpha is, for neutrinos and antineutrinos,

.. math:: \mu^2_{\nu_\alpha} = \Lambda^\dagger P_\alpha \Lambda, \quad
          (P_\alpha)_{ij} = \delta_{ij} - U^*_{\alpha i} U_{\alpha j},

which holds every closed form printed for it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_choice, checked_kind, checked_number, keep
from ..errors import DomainError, quoted
from .neutrinos import FLAVOURS as FLAVOURS

__all__ = [
    "TALK_2019",
    "OscillationParameters",
    "complex_moments",
    "dirac_moment_squared",
    "effective_moment_squared",
    "flavour_projector",
    "moment_matrix_flavour",
    "moment_matrix_mass",
    "pmns",
]

#: A turn in radians, with what rounds.
_TURN = 2 * np.pi * (1 + 1e-12)


@dataclass(frozen=True)
class OscillationParameters:
    """Three-flavour mixing angles and the Dirac phase.

    Parameters
    ----------
    sin2_theta12, sin2_theta13, sin2_theta23 : float
        sin^2 of the mixing angles, from 0 to 1.
    delta_cp : float, optional
        Dirac phase in radians, from -2 pi to 2 pi; in degrees by `from_degrees`.

    Examples
    --------
    >>> OscillationParameters(0.32, 0.0216, 0.547).delta_cp
    0.0
    >>> OscillationParameters(0.32, 0.0216, 0.547, 212)
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: delta_cp: got 212 rad; allowed: from -2 pi to 2 pi rad (did you \
give degrees? 212 degrees are 3.70010 rad; in a file say delta_cp_degrees)
    """

    sin2_theta12: float
    sin2_theta13: float
    sin2_theta23: float
    delta_cp: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no mixing angle."""
        angles = {name: x for name, x in vars(self).items() if name != "delta_cp"}
        keep(
            self,
            **{name: checked_number(name, x, at_least=0, at_most=1) for name, x in angles.items()},
            delta_cp=checked_number("delta_cp", self.delta_cp, "rad"),
        )
        delta = self.delta_cp
        if abs(delta) > _TURN:
            raise DomainError(
                f"delta_cp: got {delta:g} rad; allowed: from -2 pi to 2 pi rad (did you give "
                f"degrees? {delta:g} degrees are {np.radians(delta):.5f} rad; in a file say "
                "delta_cp_degrees)"
            )

    @classmethod
    def from_degrees(
        cls, theta12: float, theta13: float, theta23: float, delta_cp: float = 0.0
    ) -> "OscillationParameters":
        """Return the parameters from angles and phase in degrees.

        Examples
        --------
        >>> round(OscillationParameters.from_degrees(34.5, 8.45, 47.7).sin2_theta12, 3)
        0.321
        """
        angles = {"theta12": theta12, "theta13": theta13, "theta23": theta23}
        sines = []
        for name, angle in angles.items():
            degrees = checked_number(name, angle, "degrees", at_least=0, at_most=90)
            sines.append(float(np.sin(np.radians(degrees)) ** 2))
        return cls(sines[0], sines[1], sines[2], phase_from_degrees("delta_cp", delta_cp))


def phase_from_degrees(name: str, degrees: float) -> float:
    """Return a phase in radians from one in degrees, at most a turn to either side.

    Examples
    --------
    >>> round(phase_from_degrees("delta_cp_degrees", 212), 4)
    3.7001
    """
    return float(np.radians(checked_number(name, degrees, "degrees", at_least=-360, at_most=360)))


#: To which states a matrix of moments belongs.
BASES = ("flavour", "mass")
#: Best fit of de Salas et al., Phys. Lett. B 782 (2018) 633, arXiv:1708.01186, normal ordering,
#: but with delta_CP = 0, as in the published table of limits.
TALK_2019 = OscillationParameters(0.320, 0.0216, 0.547)


def pmns(parameters: OscillationParameters) -> NDArray[np.complex128]:
    """Return the lepton mixing matrix U in the standard parametrisation, without Majorana phases.

    The Majorana phases are absorbed in the phases of the Lambda_i.

    Parameters
    ----------
    parameters : OscillationParameters
        Angles and Dirac phase.

    Returns
    -------
    ndarray of complex, shape (3, 3)
        Rows e, mu, tau; columns 1, 2, 3. Review of Particle Physics, "Neutrino masses, mixing and
        oscillations".

    Examples
    --------
    >>> abs(pmns(TALK_2019)[0]) ** 2  # the shares of nu_1, nu_2, nu_3 in nu_e
    array([0.665312, 0.313088, 0.0216  ])
    """
    checked_kind("parameters", parameters, OscillationParameters)
    s12, s13, s23 = np.sqrt(
        [parameters.sin2_theta12, parameters.sin2_theta13, parameters.sin2_theta23]
    )
    c12, c13, c23 = np.sqrt(
        [1 - parameters.sin2_theta12, 1 - parameters.sin2_theta13, 1 - parameters.sin2_theta23]
    )
    phase = np.exp(1j * parameters.delta_cp)
    return np.array(
        [
            [c12 * c13, s12 * c13, s13 / phase],
            [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13],
            [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13],
        ]
    )


def moment_matrix_mass(moments: ArrayLike) -> NDArray[np.complex128]:
    r"""Return the transition-moment matrix of Majorana neutrinos in the mass basis.

    .. math:: \tilde\lambda = \begin{pmatrix} 0 & \Lambda_3 & -\Lambda_2 \\
              -\Lambda_3 & 0 & \Lambda_1 \\ \Lambda_2 & -\Lambda_1 & 0 \end{pmatrix}

    Parameters
    ----------
    moments : array_like, shape (..., 3)
        Lambda_1, Lambda_2, Lambda_3, complex, in Bohr magnetons.

    Returns
    -------
    ndarray of complex, shape (..., 3, 3)
        The antisymmetric matrix; arXiv:1905.03750, the TMM matrix.

    Examples
    --------
    >>> moment_matrix_mass([1, 2, 3]).real
    array([[ 0.,  3., -2.],
           [-3.,  0.,  1.],
           [ 2., -1.,  0.]])
    """
    values = complex_moments(moments)
    matrix = np.zeros((*values.shape, 3), dtype=np.complex128)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        matrix[..., i, j] = values[..., k]
        matrix[..., j, i] = -values[..., k]
    return matrix


def moment_matrix_flavour(
    moments: ArrayLike, parameters: OscillationParameters
) -> NDArray[np.complex128]:
    r"""Return the same matrix in the flavour basis.

    .. math:: \lambda = U^* \tilde\lambda U^\dagger, \quad\text{as}\quad
              \tilde\lambda = U^T \lambda U

    Parameters
    ----------
    moments, parameters
        See `moment_matrix_mass` and `pmns`.

    Returns
    -------
    ndarray of complex, shape (..., 3, 3)
        Rows and columns e, mu, tau; W. Grimus and T. Schwetz, hep-ph/0006028.

    Examples
    --------
    >>> flavour = moment_matrix_flavour([1, 2, 3], TALK_2019)
    >>> bool(np.allclose(flavour, -flavour.T))
    True
    """
    U = pmns(parameters)
    matrix: NDArray[np.complex128] = U.conj() @ moment_matrix_mass(moments) @ U.conj().T
    return matrix


def flavour_projector(
    flavour: str, parameters: OscillationParameters = TALK_2019
) -> NDArray[np.complex128]:
    r"""Return P_alpha, which turns transition moments into the effective moment of a flavour.

    The identity behind it replaces the closed forms of arXiv:1905.03750.

    Parameters
    ----------
    flavour : {"e", "mu", "tau"}
        Flavour of the beam at the detector, neutrino or antineutrino.
    parameters : OscillationParameters, optional
        Angles and Dirac phase.

    Returns
    -------
    ndarray of complex, shape (3, 3)
        A projector of rank two, which is blind to Lambda parallel to U*_alpha.

    Examples
    --------
    >>> flavour_projector("e").diagonal().real.round(4)
    array([0.3347, 0.6869, 0.9784])
    """
    checked_choice("flavour", flavour, FLAVOURS)
    return _projector(flavour, checked_kind("parameters", parameters, OscillationParameters)).copy()


@lru_cache(256)
def _projector(flavour: str, parameters: OscillationParameters) -> NDArray[np.complex128]:
    row = pmns(parameters)[FLAVOURS.index(flavour)]
    blind = np.outer(row.conj(), row)
    projector: NDArray[np.complex128] = np.eye(3, dtype=np.complex128) - blind
    projector = (projector + projector.conj().T) / 2  # Hermitian exactly, whatever rounds
    return projector


def effective_moment_squared(
    moments: ArrayLike, flavour: str, parameters: OscillationParameters = TALK_2019
) -> NDArray[np.float64]:
    r"""Return the effective moment squared that a beam of one flavour sees.

    .. math:: \mu^2_{\nu_\alpha} = |\Lambda|^2 - \Big|\sum_i U_{\alpha i} \Lambda_i\Big|^2

    Parameters
    ----------
    moments, flavour, parameters
        See `moment_matrix_mass` and `flavour_projector`.

    Returns
    -------
    ndarray, shape (...)
        In units of the Bohr magneton squared, at least 0.

    Examples
    --------
    >>> float(effective_moment_squared([1e-10, 0, 0], "e").round(24))
    3.347e-21
    """
    values = complex_moments(moments)
    projector = flavour_projector(flavour, parameters)
    # |P v|^2 equals v^dagger P v for a projector and cannot fall below 0 by rounding.
    squared: NDArray[np.float64] = np.sum(np.abs(values @ projector.T) ** 2, axis=-1)
    return squared


def dirac_moment_squared(
    matrix: ArrayLike,
    flavour: str,
    parameters: OscillationParameters = TALK_2019,
    *,
    basis: str = "flavour",
) -> NDArray[np.float64]:
    r"""Return the effective moment squared of one flavour of Dirac neutrinos.

    .. math:: \mu^2_{\nu_\alpha} = (\lambda^\dagger \lambda)_{\alpha\alpha} \quad\text{or}\quad
              \sum_j \Big|\sum_i \lambda_{ji} U^*_{\alpha i}\Big|^2

    Parameters
    ----------
    matrix : array_like of complex, shape (..., 3, 3)
        Moments in Bohr magnetons: columns are what comes in, rows the right-handed states that go
        out. It may have a diagonal.
    flavour, parameters
        See `flavour_projector`; neutrinos and antineutrinos are alike.
    basis : {"flavour", "mass"}, optional
        To which states the columns belong.

    Returns
    -------
    ndarray, shape (...)
        In units of the Bohr magneton squared.

    References
    ----------
    W. Grimus and T. Schwetz, hep-ph/0006028.

    Examples
    --------
    >>> diagonal = np.diag([3e-11, 4e-11, 0])
    >>> float(dirac_moment_squared(diagonal, "mu").round(24))
    1.6e-21
    """
    checked_choice("flavour", flavour, FLAVOURS)
    square = dirac_square(matrix, parameters, basis)
    index = FLAVOURS.index(flavour)
    return np.asarray(square[..., index, index].real)


def dirac_square(
    matrix: ArrayLike, parameters: OscillationParameters, basis: str
) -> NDArray[np.complex128]:
    """Return lambda^dagger lambda in flavour of moments of Dirac neutrinos, or refuse them."""
    checked_choice("basis", basis, BASES)
    checked_kind("parameters", parameters, OscillationParameters)
    values = complex_moments(matrix)
    if values.shape[-2:] != (3, 3):
        raise DomainError(f"matrix: got the shape {values.shape}; allowed: (3, 3) at its end")
    if basis == "mass":
        values = values @ pmns(parameters).conj().T
    square: NDArray[np.complex128] = np.swapaxes(values.conj(), -1, -2) @ values
    return square


def complex_moments(moments: ArrayLike) -> NDArray[np.complex128]:
    """Return transition moments as a complex array, or refuse them.

    Examples
    --------
    >>> complex_moments([1, 2])
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: moments: got [1, 2]; allowed: numbers with three entries, \
Lambda_1, Lambda_2 and Lambda_3, along the last axis
    """
    try:
        values = np.asanyarray(moments)  # a mask stays, and is refused below
    except Exception:  # a ragged list, or what an object's own code raises
        values = np.asarray(None)
    if values.dtype.kind not in "iufc" or values.ndim == 0 or values.shape[-1] != 3:
        raise DomainError(
            f"moments: got {quoted(moments)}; allowed: numbers with three entries, Lambda_1, "
            "Lambda_2 and Lambda_3, along the last axis"
        )
    checked("real part of the moments", values.real, "mu_B")
    checked("imaginary part of the moments", values.imag, "mu_B")
    return np.array(values, dtype=np.complex128)
