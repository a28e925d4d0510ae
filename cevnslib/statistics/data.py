"""What an experiment has counted, or is assumed to count, and the chi2 that follows."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_number, keep, made
from ..errors import DomainError, KindError, NoLimitError, quoted
from .chi2 import BinnedChi2, CountChi2
from .counts import Counts, GaussianCounts
from .templates import Nuisance, Template, named

__all__ = [
    "CountingMeasurement",
    "Measurement",
    "NotMeasured",
    "PoissonProjection",
    "Projection",
    "Windows",
]


@dataclass(frozen=True)
class Windows:
    """How a measurement comes about: Poisson numbers in a window with the source and one without.

    With the source the mean is N(1 + a) + B(1 + b) + B_ss, without it B_ss. What is kept is the
    difference D less what is known exactly, with variance stretch D + offset + 2 off.

    Parameters
    ----------
    sigma_signal, sigma_background : float
        The widths of a and b, which are Gaussian and above -1.
    background, steady, known : float
        B, B_ss, and what is known exactly, in events.
    stretch, offset : float
        What makes the variance.

    Examples
    --------
    >>> CountingMeasurement(142, 6, 405, 0.28, 0.25).windows(180.0).steady
    405.0
    """

    sigma_signal: float
    background: float = 0.0
    sigma_background: float = 0.0
    steady: float = 0.0
    known: float = 0.0
    stretch: float = 1.0
    offset: float = 0.0

    def variance(self, observed: NDArray[np.float64], off: ArrayLike) -> NDArray[np.float64]:
        """Return the variance of a difference; below one event it is 1."""
        variance = self.stretch * observed + self.offset + 2 * np.asarray(off, dtype=np.float64)
        return np.asarray(np.maximum(variance, 1.0))


@dataclass(frozen=True)
class Measurement(ABC):
    """What every measurement offers; its numbers are at least 0, its errors relative.

    What was observed may be below 0, where more was subtracted than counted.
    """

    def __post_init__(self) -> None:
        """Refuse what is no count, no share and no error."""
        for key, number in {**vars(self)}.items():
            least = None if key == "observed" else 0
            keep(self, **{key: checked_number(key, number, at_least=least)})

    @property
    def projected(self) -> bool:
        """Whether what is expected stands for what was counted."""
        return False

    def chi2(self, standard_model: float) -> CountChi2:
        """Return the chi2 of the measurement.

        Parameters
        ----------
        standard_model : float
            Expected events of the Standard Model, above 0 where the measurement is a projection.

        Raises
        ------
        NoLimitError
            If a projection expects no events.
        """
        return self._chi2(checked_number("Standard Model events", standard_model, at_least=0))

    def binned_chi2(self, standard_model: ArrayLike) -> BinnedChi2:
        """Return the chi2 of a measurement whose events are sorted into bins.

        Parameters
        ----------
        standard_model : array_like, shape (bins,)
            Expected events of the Standard Model in each bin, above 0.

        Raises
        ------
        NoLimitError
            If a projection expects no events in a bin.

        Examples
        --------
        >>> Projection(0.2, 0.1).binned_chi2([60.0, 40.0]).variance
        array([72., 48.])
        """
        return self._binned_chi2(self._expected(standard_model))

    def _expected(self, standard_model: ArrayLike) -> NDArray[np.float64]:
        expected = np.atleast_1d(checked("Standard Model events", standard_model, at_least=0))
        if expected.ndim > 1 or not expected.size:
            raise DomainError(
                f"bins: got the shape {expected.shape}; allowed: one axis, at least one"
            )
        return expected

    def _binned_chi2(self, expected: NDArray[np.float64]) -> BinnedChi2:
        bins = [self._chi2(count) for count in expected.tolist()]
        return BinnedChi2(
            np.array([chi2.observed for chi2 in bins], dtype=np.float64),
            np.array([chi2.variance for chi2 in bins], dtype=np.float64),
            np.array([chi2.background for chi2 in bins], dtype=np.float64),
            bins[0].sigma_signal,
            bins[0].sigma_background,
        )

    def counts(self, name: str, standard_model: ArrayLike) -> Counts:
        """Return the measurement as a data set with its nuisances.

        Parameters
        ----------
        name : str
            What the data set is called; nuisances that are its own begin with it.
        standard_model : array_like, shape (bins,)
            Expected events of the Standard Model in each bin, at least 0: what a projection is
            assumed to see.

        Raises
        ------
        NoLimitError
            If a projection expects no events in a bin.

        Examples
        --------
        >>> data = Projection(0.2, 0.1).counts("mine", [60.0, 40.0])
        >>> data.variance, data.nuisances
        (array([72., 48.]), (Nuisance(name='mine: signal', sigma=0.1, at_least=None),))
        """
        named("data set", name)
        return self._counts(name, self._expected(standard_model))

    def _counts(self, name: str, expected: NDArray[np.float64]) -> Counts:
        chi2 = self._binned_chi2(expected)
        templates, variations = [], {}
        if np.any(chi2.background):
            known = Nuisance(f"{name}: background", chi2.sigma_background)
            varied = {known: 1.0} if known.sigma else {}
            templates.append(Template("background", chi2.background, varied))
        if chi2.sigma_signal:
            variations[Nuisance(f"{name}: signal", chi2.sigma_signal)] = 1.0
        return GaussianCounts(name, chi2.observed, templates, variations, variance=chi2.variance)

    def scaled(self, factor: float) -> "Measurement":
        """Return what would be measured at the same rates in a multiple of the exposure.

        Counts are multiplied by the factor, which is above 0; relative numbers stay.
        """
        return self._scaled(checked_number("luminosity factor", factor, above=0))

    def _scaled(self, factor: float) -> "Measurement":
        return self

    @abstractmethod
    def _chi2(self, standard_model: float) -> CountChi2:
        """Return the chi2, for a number of events that is in its domain."""

    def windows(self, standard_model: float) -> Windows:
        """Return how the measurement comes about, to repeat it.

        Parameters
        ----------
        standard_model : float
            Expected events of the Standard Model, above 0.
        """
        events = checked_number("Standard Model events", standard_model, at_least=0)
        return self._windows(_seen(events))

    def _windows(self, expected: float) -> Windows:
        raise KindError(
            f"measurement: got {quoted(self)}; allowed: one whose class says how it is drawn "
            "(_windows)"
        )

    @abstractmethod
    def without_signal_nuisance(self) -> "Measurement":
        """Return the measurement with a signal that is predicted exactly."""


@dataclass(frozen=True)
class CountingMeasurement(Measurement):
    """Events that were counted, and the backgrounds among them, with variance D + B + 2 B_ss.

    Parameters
    ----------
    observed : float
        D, events counted after the steady-state background was subtracted; below 0 if that was
        more than was counted.
    background : float
        B, expected beam-related background among them.
    steady_state : float
        B_ss, steady-state background, which was measured and subtracted.
    sigma_signal, sigma_background : float
        Relative systematic errors of the expected signal and of the beam-related background.

    References
    ----------
    arXiv:1905.03750, statistical analysis, first phase of COHERENT.

    Examples
    --------
    >>> CountingMeasurement(142, 6, 405, 0.28, 0.25).chi2(180.0).variance
    958.0
    """

    observed: float
    background: float
    steady_state: float
    sigma_signal: float
    sigma_background: float

    def _chi2(self, standard_model: float) -> CountChi2:
        variance = self.observed + self.background + 2 * self.steady_state
        errors = self.sigma_signal, self.sigma_background
        return _chi2_of(self.observed, variance, self.background, *errors)

    def _windows(self, expected: float) -> Windows:
        return Windows(
            self.sigma_signal,
            self.background,
            self.sigma_background,
            self.steady_state,
            offset=self.background,
        )

    def _binned_chi2(self, expected: NDArray[np.float64]) -> BinnedChi2:
        if len(expected) > 1:
            raise DomainError(
                f"bins: got {len(expected)}; allowed: 1, as {self.observed:g} events were counted "
                "in one"
            )
        return super()._binned_chi2(expected)

    def _scaled(self, factor: float) -> "CountingMeasurement":
        return replace(
            self,
            observed=factor * self.observed,
            background=factor * self.background,
            steady_state=factor * self.steady_state,
        )

    def without_signal_nuisance(self) -> "CountingMeasurement":
        """See `Measurement.without_signal_nuisance`."""
        return replace(self, sigma_signal=0.0)


@dataclass(frozen=True)
class Projection(Measurement):
    r"""An experiment that is assumed to see what the Standard Model predicts.

    .. math:: \chi^2 = \min_a \left[\frac{\big(N_\text{SM} - N(1+a)\big)^2}
              {(1+\sigma_\text{stat})\, N_\text{SM}} + \frac{a^2}{\sigma_\text{sys}^2}\right]

    Parameters
    ----------
    sigma_stat, sigma_sys : float
        The two sigmas of the formula.

    References
    ----------
    arXiv:1905.03750, statistical analysis, reactors and next generation of COHERENT.

    Examples
    --------
    >>> Projection(0.2, 0.2).chi2(100.0).variance
    120.0
    """

    sigma_stat: float
    sigma_sys: float

    @property
    def projected(self) -> bool:
        """Whether what is expected stands for what was counted."""
        return True

    def _chi2(self, standard_model: float) -> CountChi2:
        expected = _seen(standard_model)
        return _chi2_of(expected, (1 + self.sigma_stat) * expected, 0.0, self.sigma_sys, 0.0)

    def _windows(self, expected: float) -> Windows:
        known = self.sigma_stat * expected  # which gives the variance of the chi2
        return Windows(self.sigma_sys, known, known=known, stretch=1 + self.sigma_stat)

    def without_signal_nuisance(self) -> "Projection":
        """See `Measurement.without_signal_nuisance`."""
        return replace(self, sigma_sys=0.0)


@dataclass(frozen=True)
class PoissonProjection(Measurement):
    """An experiment that is assumed to see the Standard Model's events on top of backgrounds.

    Its chi2 is that of a `CountingMeasurement` of N_SM + B events, with variance
    N_SM + 2 B + 2 B_ss.

    Parameters
    ----------
    background_share, steady_state_share : float
        Beam-related background, and steady-state background that is measured and subtracted, both
        relative to the Standard Model's events.
    sigma_signal, sigma_background : float
        Relative systematic errors of the expected signal and of the beam-related background.

    Examples
    --------
    >>> PoissonProjection(0.05, 3.0, 0.28, 0.25).chi2(100.0).variance
    710.0
    """

    background_share: float
    steady_state_share: float
    sigma_signal: float
    sigma_background: float

    @property
    def projected(self) -> bool:
        """Whether what is expected stands for what was counted."""
        return True

    def counting(self, standard_model: float) -> CountingMeasurement:
        """Return the measurement that is assumed: N_SM + B events.

        Parameters
        ----------
        standard_model : float
            Expected events of the Standard Model, above 0.

        Returns
        -------
        CountingMeasurement
            With the backgrounds in events.

        Raises
        ------
        NoLimitError
            If no events are expected.
        """
        events = checked_number("Standard Model events", standard_model, at_least=0)
        return self._counting(_seen(events))

    def _counting(self, expected: float) -> CountingMeasurement:
        background = self.background_share * expected
        return made(
            CountingMeasurement,
            observed=expected + background,
            background=background,
            steady_state=self.steady_state_share * expected,
            sigma_signal=self.sigma_signal,
            sigma_background=self.sigma_background,
        )

    def _chi2(self, standard_model: float) -> CountChi2:
        return self._counting(_seen(standard_model))._chi2(standard_model)

    def _windows(self, expected: float) -> Windows:
        return self._counting(expected)._windows(expected)

    def without_signal_nuisance(self) -> "PoissonProjection":
        """See `Measurement.without_signal_nuisance`."""
        return replace(self, sigma_signal=0.0)


@dataclass(frozen=True)
class NotMeasured(Measurement):
    """An experiment whose data are elsewhere, say in `cevnslib.statistics.counts`: it has no chi2.

    Examples
    --------
    >>> NotMeasured().chi2(100.0)
    Traceback (most recent call last):
    ...
    cevnslib.errors.KindError: measurement: got NotMeasured(); allowed: what was counted or is \
projected, such as a CountingMeasurement or a Projection, or a fit of cevnslib.statistics instead
    """

    def _chi2(self, standard_model: float) -> CountChi2:
        raise KindError(
            f"measurement: got {self}; allowed: what was counted or is projected, such as a "
            "CountingMeasurement or a Projection, or a fit of cevnslib.statistics instead"
        )

    def without_signal_nuisance(self) -> "NotMeasured":
        """See `Measurement.without_signal_nuisance`."""
        return self


def _chi2_of(
    observed: float,
    variance: float,
    background: float,
    sigma_signal: float,
    sigma_background: float,
) -> CountChi2:
    """Return the chi2 of numbers that are checked, but that their variance may be 0."""
    return made(
        CountChi2,
        observed=observed,
        variance=checked_number("variance", variance, above=0),
        background=background,
        sigma_signal=sigma_signal,
        sigma_background=sigma_background,
    )


def _seen(events: float) -> float:
    if events == 0:
        raise NoLimitError(
            "Standard Model events: got 0; allowed: above 0, as an experiment that sees no "
            "neutrinos sets no limit"
        )
    return events
