r"""Limits on transition moments.

An experiment constrains the moments through three things only: the Standard Model signal, the
Hermitian matrix K of the magnetic one, and the chi2 of its count. `Constraint` holds them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .experiments import Experiment
from .interactions import Interaction, MagneticMoment, StandardModel
from .mixing import TALK_2019, OscillationParameters, complex_moments
from .rates import expected_counts, moment_matrix
from .statistics import PulledChi2, delta_chi2

__all__ = ["Constraint", "constraint", "tmm_limits"]


@dataclass(frozen=True, eq=False)
class Constraint:
    r"""What one experiment says of the transition moments.

    Parameters
    ----------
    signal : float
        Expected events of the Standard Model.
    matrix : ndarray of complex, shape (3, 3)
        K, magnetic events per Bohr magneton squared: :math:`\Lambda^\dagger K \Lambda` events.
    chi2 : PulledChi2
        The chi2 of the count.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = constraint(experiments.load("coherent-csi"), beam="prompt")
    >>> round(csi.signal, 1)
    180.2
    """

    signal: float
    matrix: NDArray[np.complex128]
    chi2: PulledChi2

    @property
    def least_chi2(self) -> float:
        """The least chi2 over signals from the Standard Model's upwards, as mu^2 >= 0."""
        return float(self.chi2(max(self.signal, self.chi2.observed - self.chi2.background)))

    def magnetic_counts(self, moments: ArrayLike) -> NDArray[np.float64]:
        r"""Return the magnetic events :math:`\Lambda^\dagger K \Lambda`.

        Parameters
        ----------
        moments : array_like, shape (..., 3)
            Lambda_1, Lambda_2, Lambda_3, complex, in Bohr magnetons.

        Returns
        -------
        ndarray, shape (...)
            Events, at least 0.

        Raises
        ------
        DomainError
            If the last axis does not hold three finite numbers.

        Examples
        --------
        >>> csi = Constraint(180.0, np.eye(3) + 0j, PulledChi2(142, 958))
        >>> csi.magnetic_counts([[1, 2j, 0], [0, 0, 0]])
        array([5., 0.])
        """
        values = complex_moments(moments)
        counts: NDArray[np.float64] = np.einsum(
            "...i,ij,...j->...", values.conj(), self.matrix, values
        ).real
        return np.maximum(counts, 0.0)  # K is positive semidefinite; rounding is not

    def delta_chi2(self, moments: ArrayLike) -> NDArray[np.float64]:
        """Return chi2 less its least value over mu^2 >= 0.

        Parameters
        ----------
        moments : array_like, shape (..., 3)
            Lambda_1, Lambda_2, Lambda_3, complex, in Bohr magnetons.

        Returns
        -------
        ndarray, shape (...)
            Delta chi2, at least 0.

        Raises
        ------
        DomainError
            If the last axis does not hold three finite numbers.

        Examples
        --------
        >>> csi = Constraint(180.0, np.eye(3) + 0j, PulledChi2(136, 958))
        >>> csi.delta_chi2([[0, 0, 0], [0, 0, 5]]).round(3)
        array([0.   , 2.949])
        """
        return self.chi2(self.signal + self.magnetic_counts(moments)) - self.least_chi2

    def allowed_counts(self, confidence: float = 0.90, parameters: int = 1) -> float:
        """Return the most magnetic events that the data allow.

        Parameters
        ----------
        confidence : float, optional
            Confidence level, between 0 and 1.
        parameters : int, optional
            Number of moments that are bounded together.

        Returns
        -------
        float
            Events on top of the Standard Model's.

        Raises
        ------
        NoLimitError
            If the systematic pull absorbs any signal.
        DomainError
            If the level or the number of parameters is impossible.

        Examples
        --------
        >>> round(Constraint(180.0, np.eye(3) + 0j, PulledChi2(180, 958)).allowed_counts(), 1)
        50.9
        """
        rise = delta_chi2(confidence, parameters)
        return self.chi2.upper_limit(self.signal, rise) - self.signal

    def limits(self, confidence: float = 0.90) -> NDArray[np.float64]:
        r"""Return the upper limits on the three moments, one at a time, the others zero.

        .. math:: |\Lambda_i| < \sqrt{N_\text{allowed} / K_{ii}}

        Parameters
        ----------
        confidence : float, optional
            Confidence level, between 0 and 1.

        Returns
        -------
        ndarray, shape (3,)
            Limits in Bohr magnetons.

        Raises
        ------
        NoLimitError
            If the systematic pull absorbs any signal.

        Examples
        --------
        >>> Constraint(180.0, np.eye(3) + 0j, PulledChi2(180, 958)).limits().round(2)
        array([7.14, 7.14, 7.14])
        """
        values: NDArray[np.float64] = np.sqrt(
            self.allowed_counts(confidence) / self.matrix.diagonal().real
        )
        return values


def constraint(
    experiment: Experiment,
    beam: str = "all",
    *,
    parameters: OscillationParameters = TALK_2019,
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> Constraint:
    """Compute what an experiment says of the transition moments.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    beam : str, optional
        Whose magnetic signal counts: ``"all"``, a timing such as ``"prompt"``, or the name of one
        beam. The Standard Model signal is always that of all beams.
    parameters : OscillationParameters, optional
        Mixing angles and Dirac phase.
    standard_model, magnetic : Interaction, optional
        Cross sections, the magnetic one for one Bohr magneton; give both to change form factors.

    Returns
    -------
    Constraint
        Signal, moment matrix and chi2.

    Raises
    ------
    UnknownNameError
        If the source has no such beam.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = constraint(experiments.load("coherent-csi"), beam="prompt")
    >>> csi.delta_chi2([[0, 0, 0], [70e-10, 0, 0]]).round(2)
    array([0.  , 2.63])
    """
    return Constraint(
        expected_counts(experiment, standard_model),
        moment_matrix(experiment, parameters, beam, magnetic),
        experiment.measurement.chi2(),
    )


def tmm_limits(
    experiment: Experiment,
    beam: str = "all",
    *,
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> NDArray[np.float64]:
    r"""Return upper limits on :math:`|\Lambda_1|, |\Lambda_2|, |\Lambda_3|`, one at a time.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    beam : str, optional
        Whose magnetic signal counts: ``"all"``, a timing such as ``"prompt"``, or a beam's name.
    parameters : OscillationParameters, optional
        Mixing angles and Dirac phase.
    confidence : float, optional
        Confidence level, between 0 and 1.
    standard_model, magnetic : Interaction, optional
        Cross sections; see `constraint`.

    Returns
    -------
    ndarray, shape (3,)
        Limits in Bohr magnetons; the other two moments are zero, and so are all phases.

    Raises
    ------
    UnknownNameError
        If the source has no such beam.
    NoLimitError
        If the systematic pull absorbs any signal.

    References
    ----------
    arXiv:1905.03750, table of 90% C.L. limits.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> limits = tmm_limits(experiments.load("coherent-csi"), "prompt")
    >>> (limits / 1e-10).round(1)  # in 1e-10 mu_B
    array([71.1, 72.2, 92.1])
    """
    return constraint(
        experiment,
        beam,
        parameters=parameters,
        standard_model=standard_model,
        magnetic=magnetic,
    ).limits(confidence)
