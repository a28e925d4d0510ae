"""What an experiment has counted, or is assumed to count, and the chi2 that follows."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..checks import checked, checked_choice, checked_kind, checked_number, keep
from ..errors import DomainError, NoLimitError
from .chi2 import BinnedChi2, PulledChi2

__all__ = [
    "READINGS",
    "CountingMeasurement",
    "Measurement",
    "PoissonProjection",
    "Projection",
    "binned_chi2",
]
#: Two ways to read the chi2 of arXiv:1905.03750: with its pulls, as its formula is printed, or with
#: the signal's pull fixed to zero, as its table of limits was made.
READINGS = ("as printed", "as tabulated")


@dataclass(frozen=True)
class CountingMeasurement:
    """Events that were counted, and the backgrounds among them.

    Parameters
    ----------
    observed : float
        Events counted after the steady-state background was subtracted, at least 0.
    background : float
        Expected beam-related background among them.
    steady_state : float
        Steady-state background, which was measured and subtracted.
    sigma_signal, sigma_background : float
        Relative systematic errors of the expected signal and of the beam-related background.

    Raises
    ------
    DomainError
        If a number is negative or not finite.

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

    def __post_init__(self) -> None:
        """Refuse what is no count or no error."""
        keep(self, **{key: checked_number(key, x, at_least=0) for key, x in vars(self).items()})

    def chi2(self, standard_model: float, reading: str = "as printed") -> PulledChi2:
        """Return the chi2 of the measurement, with variance D + B + 2 B_ss.

        Parameters
        ----------
        standard_model : float
            Expected events of the Standard Model; not used, as events were counted.
        reading : {"as printed", "as tabulated"}, optional
            With the pulls, or with the signal's fixed to zero.

        Returns
        -------
        PulledChi2
            arXiv:1905.03750, statistical analysis, first phase of COHERENT.

        Raises
        ------
        UnknownNameError
            If there is no such reading.

        Examples
        --------
        >>> float(CountingMeasurement(142, 6, 405, 0.28, 0.25).chi2(180.0)(136.0))
        0.0
        """
        checked_number("Standard Model events", standard_model, at_least=0)
        return PulledChi2(
            self.observed,
            self.observed + self.background + 2 * self.steady_state,
            self.background,
            _signal_error(self.sigma_signal, reading),
            self.sigma_background,
        )

    def scaled(self, factor: float) -> "CountingMeasurement":
        """Return what would be measured at the same rates in a multiple of the exposure.

        Parameters
        ----------
        factor : float
            By what the exposure, the flux or the mass is multiplied, above 0.

        Returns
        -------
        CountingMeasurement
            With all counts multiplied; relative errors stay.

        Raises
        ------
        DomainError
            If the factor is not positive and finite.

        Examples
        --------
        >>> CountingMeasurement(142, 6, 405, 0.28, 0.25).scaled(10).observed
        1420.0
        """
        factor = checked_number("luminosity factor", factor, above=0)
        return replace(
            self,
            observed=factor * self.observed,
            background=factor * self.background,
            steady_state=factor * self.steady_state,
        )


@dataclass(frozen=True)
class Projection:
    r"""An experiment that is assumed to see what the Standard Model predicts.

    .. math:: \chi^2 = \min_a \left[\frac{\big(N_\text{SM} - N(1+a)\big)^2}
              {(1+\sigma_\text{stat})\, N_\text{SM}} + \frac{a^2}{\sigma_\text{sys}^2}\right]

    Parameters
    ----------
    sigma_stat, sigma_sys : float
        The two sigmas of the formula, at least 0.

    Raises
    ------
    DomainError
        If a number is negative or not finite.

    Examples
    --------
    >>> Projection(0.2, 0.2).chi2(100.0).variance
    120.0
    """

    sigma_stat: float
    sigma_sys: float

    def __post_init__(self) -> None:
        """Refuse what is no error."""
        keep(self, **{key: checked_number(key, x, at_least=0) for key, x in vars(self).items()})

    def chi2(self, standard_model: float, reading: str = "as printed") -> PulledChi2:
        """Return the chi2 of the projection.

        Parameters
        ----------
        standard_model : float
            Expected events of the Standard Model, above 0.
        reading : {"as printed", "as tabulated"}, optional
            With the pull, or with the pull fixed to zero.

        Returns
        -------
        PulledChi2
            arXiv:1905.03750, statistical analysis, reactors and next generation of COHERENT.

        Raises
        ------
        UnknownNameError
            If there is no such reading.
        NoLimitError
            If no events are expected.

        Examples
        --------
        >>> Projection(0.2, 0.2).chi2(100.0, "as tabulated").sigma_signal
        0.0
        """
        expected = _expected(standard_model)
        variance = (1 + self.sigma_stat) * expected
        return PulledChi2(expected, variance, sigma_signal=_signal_error(self.sigma_sys, reading))


@dataclass(frozen=True)
class PoissonProjection:
    """An experiment that is assumed to see the Standard Model's events on top of backgrounds.

    Parameters
    ----------
    background_share, steady_state_share : float
        Beam-related background, and steady-state background that is measured and subtracted, both
        relative to the Standard Model's events.
    sigma_signal, sigma_background : float
        Relative systematic errors of the expected signal and of the beam-related background.

    Raises
    ------
    DomainError
        If a number is negative or not finite.

    Examples
    --------
    >>> PoissonProjection(0.05, 3.0, 0.28, 0.25).chi2(100.0).variance
    710.0
    """

    background_share: float
    steady_state_share: float
    sigma_signal: float
    sigma_background: float

    def __post_init__(self) -> None:
        """Refuse what is no share or no error."""
        keep(self, **{key: checked_number(key, x, at_least=0) for key, x in vars(self).items()})

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

        Examples
        --------
        >>> PoissonProjection(0.05, 3.0, 0.28, 0.25).counting(100.0).steady_state
        300.0
        """
        expected = _expected(standard_model)
        background = self.background_share * expected
        return CountingMeasurement(
            expected + background,
            background,
            self.steady_state_share * expected,
            self.sigma_signal,
            self.sigma_background,
        )

    def chi2(self, standard_model: float, reading: str = "as printed") -> PulledChi2:
        """Return the chi2 of the projection: that of a `CountingMeasurement` with N_SM + B events.

        Parameters
        ----------
        standard_model : float
            Expected events of the Standard Model, above 0.
        reading : {"as printed", "as tabulated"}, optional
            With the pulls, or with the signal's fixed to zero.

        Returns
        -------
        PulledChi2
            With variance N_SM + 2 B + 2 B_ss.

        Raises
        ------
        UnknownNameError
            If there is no such reading.
        NoLimitError
            If no events are expected.

        Examples
        --------
        >>> float(PoissonProjection(0.0, 0.0, 0.1, 0.0).chi2(100.0)(110.0).round(3))
        0.452
        """
        return self.counting(standard_model).chi2(standard_model, reading)


Measurement = CountingMeasurement | Projection | PoissonProjection


def binned_chi2(
    measurement: Measurement, standard_model: ArrayLike, reading: str = "as printed"
) -> BinnedChi2:
    """Return the chi2 of a measurement whose events are sorted into bins.

    Parameters
    ----------
    measurement : CountingMeasurement, Projection or PoissonProjection
        What was counted, or is assumed to be.
    standard_model : array_like, shape (bins,)
        Expected events of the Standard Model in each bin, above 0.
    reading : {"as printed", "as tabulated"}, optional
        With the pulls, or with the signal's fixed to zero.

    Returns
    -------
    BinnedChi2
        Each bin has the variance of its own count; the pulls are common to all.

    Raises
    ------
    UnknownNameError
        If there is no such reading.
    NoLimitError
        If a projection expects no events in a bin.
    DomainError
        If events that were counted in one bin are asked for in several.

    Examples
    --------
    >>> binned_chi2(Projection(0.2, 0.1), [60.0, 40.0]).variance
    array([72., 48.])
    """
    checked_kind("measurement", measurement, Measurement)
    expected = np.atleast_1d(checked("Standard Model events", standard_model, at_least=0))
    if expected.ndim > 1 or not expected.size:
        raise DomainError(f"bins: got the shape {expected.shape}; allowed: one axis, at least one")
    if isinstance(measurement, CountingMeasurement) and len(expected) > 1:
        raise DomainError(
            f"bins: got {len(expected)}; allowed: 1, as {measurement.observed:g} events were "
            "counted in one"
        )
    each = [measurement.chi2(float(one), reading) for one in expected]
    return BinnedChi2(
        np.array([one.observed for one in each], dtype=np.float64),
        np.array([one.variance for one in each], dtype=np.float64),
        np.array([one.background for one in each], dtype=np.float64),
        each[0].sigma_signal,
        each[0].sigma_background,
    )


def _expected(standard_model: float) -> float:
    expected = checked_number("Standard Model events", standard_model, at_least=0)
    if expected == 0:
        raise NoLimitError(
            "Standard Model events: got 0; allowed: above 0, as an experiment that sees no "
            "neutrinos sets no limit (energies are in MeV: a threshold of 5 keV is 0.005)"
        )
    return expected


def _signal_error(sigma: float, reading: str) -> float:
    return sigma if checked_choice("reading", reading, READINGS) == "as printed" else 0.0
