r"""Limits on transition moments.

An experiment constrains the moments through three things only: the Standard Model signal, the
Hermitian matrix K of the magnetic one, and the chi2 of its count. `Constraint` holds them.
Moments are in Bohr magnetons, :math:`\Lambda_1, \Lambda_2, \Lambda_3` along a last axis of three,
complex; a limit is infinite where the experiment is blind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    checked,
    checked_choice,
    checked_kind,
    checked_number,
    checked_tuple,
    keep,
    made,
    owned,
)
from ..errors import DomainError, NoLimitError, quoted
from ..experiments import Experiment, SolarMeasurement
from ..folding import fold
from ..physics.interactions import Interaction, MagneticMoment, StandardModel
from ..physics.mixing import TALK_2019, OscillationParameters, complex_moments, dirac_square
from ..physics.neutrinos import FLAVOURS
from ..rates import matrices_of_events, saying_why_nothing_is_seen
from ..sources.flux import Component
from ..sources.solar import solar_shares
from ..statistics.chi2 import CountChi2, delta_chi2
from ..statistics.goodness import SUSPECT, goodness_of_fit

__all__ = [
    "PHASES",
    "TREATMENTS",
    "Constraint",
    "constraint",
    "dirac_limit",
    "effective_limits",
    "limits_by_beam",
    "luminosity_scan",
    "solar_limits",
    "tmm_limits",
]
#: How delta_CP enters a limit: as given, or as the value that makes the limit weakest.
PHASES = ("fixed", "profiled")
#: What is done with what is not shown: set to zero, or to what hides the rest best.
TREATMENTS = ("zero", "profiled")
#: A share of the events of the moment seen best, below which a moment is not seen.
BLIND = 1e-12


@dataclass(frozen=True, eq=False)
class Constraint:
    r"""What one experiment says of the transition moments.

    Its methods raise `cevnslib.errors.NoLimitError` if the nuisance of the signal absorbs any
    number of events.

    Parameters
    ----------
    signal : float
        Expected events of the Standard Model, at least 0.
    matrix : ndarray of complex, shape (3, 3)
        K, magnetic events per Bohr magneton squared: :math:`\Lambda^\dagger K \Lambda` events;
        Hermitian, without negative eigenvalues.
    chi2 : CountChi2
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
    chi2: CountChi2

    def __post_init__(self) -> None:
        """Refuse a signal and a matrix that no experiment can have."""
        checked_kind("chi2", self.chi2, CountChi2)
        checked_number("observed events", self.chi2.observed)
        checked_number("variance", self.chi2.variance)
        keep(
            self,
            signal=checked_number("signal", self.signal, at_least=0),
            matrix=owned(checked_moment_matrix(self.matrix)),
        )

    @property
    def least_chi2(self) -> float:
        """The least chi2 over signals from the Standard Model's upwards, as mu^2 >= 0."""
        return float(self.chi2._least(self.signal))

    def magnetic_counts(self, moments: ArrayLike) -> NDArray[np.float64]:
        r"""Return the magnetic events :math:`\Lambda^\dagger K \Lambda`.

        Moments of shape (..., 3) give events of shape (...), at least 0.

        Examples
        --------
        >>> csi = Constraint(180.0, np.eye(3) + 0j, CountChi2(142, 958))
        >>> csi.magnetic_counts([[1, 2j, 0], [0, 0, 0]])
        array([5., 0.])
        """
        return self._magnetic_counts(complex_moments(moments))

    def _magnetic_counts(self, moments: NDArray[np.complex128]) -> NDArray[np.float64]:
        counts: NDArray[np.float64] = np.einsum(
            "...i,ij,...j->...", moments.conj(), self.matrix, moments
        ).real
        return np.maximum(counts, 0.0)  # K is positive semidefinite; rounding is not

    def delta_chi2(self, moments: ArrayLike) -> NDArray[np.float64]:
        """Return chi2 less its least value over mu^2 >= 0.

        Moments of shape (..., 3) give numbers of shape (...), at least 0.
        """
        return self.chi2._at(self.signal + self.magnetic_counts(moments)) - self.least_chi2

    def allowed_counts(self, confidence: float = 0.90, parameters: int = 1) -> float:
        """Return the most magnetic events that the data allow, on top of the Standard Model's.

        Parameters
        ----------
        confidence, parameters
            See `cevnslib.statistics.chi2.delta_chi2`.
        """
        seen = float(self.chi2.observed) - self.chi2.background
        return self.chi2._allowed_excess(self.signal, delta_chi2(confidence, parameters), seen)

    def limits(self, confidence: float = 0.90, others: str = "zero") -> NDArray[np.float64]:
        r"""Return the upper limits on the three moments, one at a time.

        .. math:: |\Lambda_i| < \sqrt{N_\text{allowed} / K_{ii}}
                  \quad\text{or}\quad \sqrt{N_\text{allowed}\, (K^{-1})_{ii}}

        Parameters
        ----------
        confidence : float, optional
            Between 0 and 1.
        others : {"zero", "profiled"}, optional
            The other two moments: zero, or what hides the first one best, with any phases.

        Returns
        -------
        ndarray, shape (3,)

        Examples
        --------
        >>> K = np.array([[2, 1, 0], [1, 2, 0], [0, 0, 1]]) + 0j
        >>> mine = Constraint(180.0, K, CountChi2(180, 958))
        >>> mine.limits().round(2)
        array([5.05, 5.05, 7.14])
        >>> mine.limits(others="profiled").round(2)
        array([5.83, 5.83, 7.14])
        """
        checked_choice("treatment of the others", others, TREATMENTS)
        allowed = self.allowed_counts(confidence)
        weights = self.matrix.diagonal().real.copy()
        largest = weights.max(initial=0.0)
        if others == "profiled":  # Schur complements: 1/(K^-1)_ii, and 0 where K has no inverse
            for i in range(3):
                j = [k for k in range(3) if k != i]
                inverse = np.linalg.pinv(self.matrix[np.ix_(j, j)], rcond=1e-12, hermitian=True)
                weights[i] -= (self.matrix[i, j] @ inverse @ self.matrix[j, i]).real
        return _sizes(allowed, weights, largest)

    def limit_along(self, direction: ArrayLike, confidence: float = 0.90) -> NDArray[np.float64]:
        r"""Return the upper limit on the size of the moments along a direction.

        .. math:: |\Lambda| < \sqrt{N_\text{allowed} / \hat\Lambda^\dagger K \hat\Lambda}

        Parameters
        ----------
        direction : array_like of complex, shape (..., 3)
            Ratios and phases of the three moments; of any length but zero.
        confidence : float, optional
            Between 0 and 1.
        """
        vectors = complex_moments(direction)
        size = np.sqrt(np.sum(np.abs(vectors) ** 2, axis=-1))
        size = checked("length of the direction", size, above=0)
        counts = self._magnetic_counts(vectors / size[..., np.newaxis])
        return _sizes(self.allowed_counts(confidence), counts, self.matrix.diagonal().real.max())


def _sizes(allowed: float, counts: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
    """Return the moments that cause the events allowed; infinite where next to none are caused."""
    seen = counts > BLIND * largest
    return np.where(seen, np.sqrt(allowed / np.where(seen, counts, 1.0)), np.inf)


def checked_moment_matrix(matrix: ArrayLike) -> NDArray[np.complex128]:
    """Return K as a complex matrix, or refuse what is not Hermitian and positive semidefinite."""
    try:
        K = np.array(matrix, dtype=np.complex128)
    except Exception:  # a ragged list, too many digits, or what an object's own code raises
        K = np.zeros(0, dtype=np.complex128)
    good = K.shape == (3, 3) and bool(np.all(np.abs(K) < 1e100))
    rounding = 1e-9 * np.trace(K).real if good else 0.0
    good = good and bool(np.all(np.abs(K - K.conj().T) <= rounding))
    if not good or np.linalg.eigvalsh(K)[0] < -rounding:
        raise DomainError(
            f"matrix K: got {quoted(matrix)}; allowed: a Hermitian matrix of shape "
            "(3, 3) without negative eigenvalues"
        )
    return K


def constraint(
    experiment: Experiment,
    beam: str = "all",
    *,
    parameters: OscillationParameters = TALK_2019,
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> Constraint:
    """Compute what an experiment says of the transition moments.

    Data that exclude them all are told by `cevnslib.errors.BadFitWarning`.

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

    Raises
    ------
    NoLimitError
        If a projection expects no events.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = constraint(experiments.load("coherent-csi"), beam="prompt")
    >>> csi.delta_chi2([[0, 0, 0], [70e-10, 0, 0]]).round(2)
    array([0.  , 2.63])
    """
    checked_kind("parameters", parameters, OscillationParameters)
    return _constraints(experiment, [beam], [parameters], standard_model, magnetic)[0][0]


def _constraints(
    experiment: Experiment,
    beams: Sequence[str],
    choices: Sequence[OscillationParameters],
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> list[list[Constraint]]:
    """Return, for each beam, what is said with each choice of parameters; events count once."""
    folding = fold(experiment)
    signal = float(folding.events(standard_model).sum())
    with saying_why_nothing_is_seen(experiment, standard_model):
        chi2 = experiment.measurement.chi2(signal)
    least = float(chi2._least(signal))
    if least > SUSPECT:
        goodness_of_fit(least, bins=1).warn(stacklevel=3)
    events = folding.events(magnetic)

    def matrix(beam: str, choice: OscillationParameters) -> NDArray[np.complex128]:
        return np.asarray(matrices_of_events(events, experiment, beam, choice).sum(axis=0))

    return [
        [made(Constraint, signal=signal, matrix=matrix(beam, p), chi2=chi2) for p in choices]
        for beam in beams
    ]


def _choices(parameters: OscillationParameters, phases: str) -> list[OscillationParameters]:
    """Return the parameters among whose limits the weakest is sought."""
    checked_kind("parameters", parameters, OscillationParameters)
    if checked_choice("treatment of phases", phases, PHASES) == "fixed":
        return [parameters]
    # The diagonal of K is linear in cos(delta): its ends are extreme.
    return [replace(parameters, delta_cp=delta) for delta in (0.0, np.pi)]


def _weakest(constraints: Sequence[Constraint], confidence: float) -> NDArray[np.float64]:
    return np.asarray(np.max([given.limits(confidence) for given in constraints], axis=0))


def tmm_limits(
    experiment: Experiment,
    beam: str = "all",
    *,
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
    phases: str = "fixed",
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> NDArray[np.float64]:
    r"""Return upper limits on :math:`|\Lambda_1|, |\Lambda_2|, |\Lambda_3|`, one at a time.

    Parameters
    ----------
    experiment, beam, parameters, standard_model, magnetic
        See `constraint`.
    confidence : float, optional
        Confidence level, between 0 and 1.
    phases : {"fixed", "profiled"}, optional
        Take delta_CP from the parameters, or give the weakest limit over all its values. With one
        moment at a time its own phase drops out.

    Returns
    -------
    ndarray, shape (3,)
        Limits in Bohr magnetons; the other two moments are zero.

    Raises
    ------
    NoLimitError
        If the nuisance of the signal absorbs any number of events, or no events are expected.

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
    choices = _choices(parameters, phases)
    (constraints,) = _constraints(experiment, [beam], choices, standard_model, magnetic)
    return _weakest(constraints, confidence)


def effective_limits(
    experiment: Experiment,
    beam: str = "all",
    *,
    confidence: float = 0.90,
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> dict[str, float]:
    """Return upper limits on the effective moment of each flavour that the source has.

    Parameters
    ----------
    experiment, beam, confidence, standard_model, magnetic
        See `tmm_limits`.

    Returns
    -------
    dict of str to float
        Limits in Bohr magnetons by the flavour; those of the others are zero.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = effective_limits(experiments.load("coherent-csi"))
    >>> {flavour: f"{limit:.3e}" for flavour, limit in csi.items()}
    {'e': '6.156e-09', 'mu': '4.155e-09'}
    """
    allowed, events = _allowed_and_events(experiment, beam, confidence, standard_model, magnetic)
    counts = np.array([component.shares for component, _ in events]).T @ [n for _, n in events]
    sizes = _sizes(allowed, counts, counts.max())
    return {name: float(x) for name, x, n in zip(FLAVOURS, sizes, counts, strict=True) if n}


def dirac_limit(
    experiment: Experiment,
    matrix: ArrayLike,
    beam: str = "all",
    *,
    basis: str = "flavour",
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
    standard_model: Interaction = StandardModel(),  # noqa: B008, it is frozen
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> float:
    """Return the largest factor by which a matrix of moments of Dirac neutrinos is allowed.

    Parameters
    ----------
    experiment, beam, parameters, confidence, standard_model, magnetic
        See `tmm_limits`.
    matrix : array_like of complex, shape (3, 3)
        Moments; with one entry of 1 the limit is that on this entry, in Bohr magnetons.
    basis : {"flavour", "mass"}, optional
        See `cevnslib.physics.mixing.dirac_moment_squared`.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = experiments.load("coherent-csi")
    >>> f"{dirac_limit(csi, np.diag([0, 1, 0])):.3e}"
    '4.155e-09'
    """
    allowed, events = _allowed_and_events(experiment, beam, confidence, standard_model, magnetic)
    square = dirac_square(matrix, parameters, basis)
    if square.ndim != 2:
        raise DomainError(f"matrix: got the shape {np.shape(matrix)}; allowed: (3, 3)")
    count = 0.0
    for component, number in events:
        seen = square.conj() if component.antineutrino else square
        count += number * float(np.trace(seen @ np.array(component.density)).real)
    largest = sum(number for _, number in events) * float(np.trace(square).real)
    return float(_sizes(allowed, np.array(count), largest))


def _allowed_and_events(
    experiment: Experiment,
    beam: str,
    confidence: float,
    standard_model: Interaction,
    magnetic: Interaction,
) -> tuple[float, list[tuple[Component, float]]]:
    """Return the magnetic events that are allowed, and those of one Bohr magneton by component."""
    ((constraint,),) = _constraints(experiment, [beam], [TALK_2019], standard_model, magnetic)
    components = experiment.flux.components
    totals = fold(experiment).events(magnetic).sum(axis=1).tolist()
    chosen = experiment.flux.select(beam)
    events = [pair for pair in zip(components, totals, strict=True) if pair[0] in chosen]
    return constraint.allowed_counts(confidence), events


def limits_by_beam(
    experiment: Experiment,
    beams: Sequence[str],
    *,
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
    phases: str = "fixed",
) -> tuple[NDArray[np.float64], ...]:
    """Return the limits of `tmm_limits` for several beams, whose events are counted once.

    Parameters
    ----------
    experiment, parameters, confidence, phases
        See `tmm_limits`.
    beams : sequence of str
        Beams, as `tmm_limits` takes one.

    Returns
    -------
    tuple of ndarray, shape (3,)
        Limits in Bohr magnetons, beam by beam; all infinite if there are none.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = experiments.load("coherent-csi")
    >>> [f"{limits[0] / 1e-10:.1f}" for limits in limits_by_beam(csi, ("prompt", "delayed"))]
    ['71.1', '54.1']
    """
    beams = checked_tuple("beams", beams, str)
    choices = _choices(parameters, phases)
    try:
        constraints = _constraints(experiment, beams, choices)
        return tuple(_weakest(given, confidence) for given in constraints)
    except NoLimitError:  # the same count bounds the moments of every beam
        return (np.full(3, np.inf),) * len(beams)


def luminosity_scan(
    experiment: Experiment,
    factors: ArrayLike,
    beam: str = "all",
    *,
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
) -> NDArray[np.float64]:
    """Return the limits on the moments at multiples of the luminosity, from one pair of counts.

    Luminosity is the product of flux, time and number of nuclei; every count is linear in it. Of a
    measurement the counts are multiplied too, as if the same rates had been seen for longer.

    Parameters
    ----------
    experiment : Experiment
        The experiment at factor 1.
    factors : array_like, shape (n,)
        Luminosity relative to the experiment's, above 0.
    beam, parameters, confidence
        See `tmm_limits`.

    Returns
    -------
    ndarray, shape (n, 3)
        Limits in Bohr magnetons, one moment at a time.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> conus = experiments.load("conus").without_signal_nuisance()
    >>> (luminosity_scan(conus, [1, 16])[:, 0] / 1e-10).round(2)
    array([1.48, 0.74])
    """
    values = np.atleast_1d(checked("luminosity factor", factors, above=0))
    if values.ndim > 1:
        raise DomainError(f"luminosity factors: got the shape {values.shape}; allowed: one axis")
    base = constraint(experiment, beam, parameters=parameters)
    limits = np.empty((len(values), 3))
    for i, factor in enumerate(values.tolist()):
        signal = factor * base.signal
        chi2 = experiment.measurement.scaled(factor).chi2(signal)
        scaled = made(Constraint, signal=signal, matrix=factor * base.matrix, chi2=chi2)
        limits[i] = scaled.limits(confidence)
    return limits


def solar_limits(
    measurement: SolarMeasurement,
    parameters: OscillationParameters = TALK_2019,
    *,
    splitting: float = 7.55e-5,
) -> NDArray[np.float64]:
    r"""Return upper limits on the moments from the effective moment of solar neutrinos.

    .. math:: \mu^2_\text{sol} = \sum_i P_{ei} \left(|\Lambda|^2 - |\Lambda_i|^2\right)

    Parameters
    ----------
    measurement : SolarMeasurement
        The limit on the effective moment.
    parameters : OscillationParameters, optional
        Mixing angles; phases do not matter.
    splitting : float, optional
        Delta m^2_21 in eV^2, above 0.

    Returns
    -------
    ndarray, shape (3,)
        Limits in Bohr magnetons, at the confidence level of the measurement.

    References
    ----------
    B. C. Canas et al., arXiv:1510.01684; arXiv:1905.03750, solar neutrinos from Borexino.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> (solar_limits(experiments.load_solar("borexino")) / 1e-10).round(2)
    array([0.44, 0.36, 0.28])
    """
    checked_kind("measurement", measurement, SolarMeasurement)
    shares = solar_shares(
        measurement.energy, measurement.electron_density, parameters, splitting=splitting
    )
    seen = shares < 1
    weights = np.sqrt(np.where(seen, 1 - shares, 1.0))
    return np.where(seen, measurement.effective_moment / weights, np.inf)
