r"""Counting statistics: chi2 with nuisance pulls profiled exactly, and the limits they set.

Both chi2 of arXiv:1905.03750 are

.. math:: \chi^2(N) = \min_{a,b} \left[\frac{\big(D - N(1+a) - B(1+b)\big)^2}{V}
          + \frac{a^2}{\sigma_a^2} + \frac{b^2}{\sigma_b^2}\right]
          = \frac{(D - N - B)^2}{V + \sigma_a^2 N^2 + \sigma_b^2 B^2}

for expected signal N, data D, background B and statistical variance V.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist  # Python's own

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_integer, checked_number, checked_shapes, keep, owned
from ..errors import DomainError, NoLimitError

__all__ = [
    "BinnedChi2",
    "CountChi2",
    "delta_chi2",
]


def delta_chi2(confidence: float = 0.90, parameters: int = 1) -> float:
    """Return the rise of chi2 above its minimum that bounds a confidence region.

    Parameters
    ----------
    confidence : float, optional
        Confidence level, between 0 and 1.
    parameters : int, optional
        Number of parameters that are bounded together, from 1 to 1000.

    Returns
    -------
    float
        The quantile of the chi2 distribution (Wilks' theorem).

    Examples
    --------
    >>> round(delta_chi2(0.90, 1), 2), round(delta_chi2(0.90, 2), 2)
    (2.71, 4.61)
    """
    hint = "did you give a percentage?"
    level = checked_number("confidence level", confidence, above=0, at_most=1, hint=hint)
    if level == 1:
        raise DomainError("confidence level: got 1; allowed: above 0 and below 1")
    number = checked_integer("number of parameters", parameters, at_least=1, at_most=1000)
    if number == 1:
        z = -NormalDist().inv_cdf((1 - level) / 2)
        if level < 0.5:  # one step of Newton's, as 1 - level has lost digits of the level
            z -= (math.erf(z / math.sqrt(2)) - level) * math.sqrt(math.pi / 2) * math.exp(z**2 / 2)
        return z**2
    if number == 2:
        return -2 * math.log1p(-level)
    from scipy.special import gammaincinv  # here, as it loads more slowly than all else

    return float(2 * gammaincinv(number / 2, level))


@dataclass(frozen=True)
class CountChi2:
    """The chi2 of one count, with a nuisance on the signal and one on the background profiled.

    Parameters
    ----------
    observed : float or ndarray
        D, the number of events seen; below 0 if more was subtracted than counted. An array stands
        for many experiments and is broadcast with the signal.
    variance : float or ndarray
        V, the statistical variance, above 0.
    background : float, optional
        B, the expected background that carries a nuisance.
    sigma_signal, sigma_background : float, optional
        Relative systematic errors of signal and background; 0 fixes the nuisance to 0.

    Examples
    --------
    >>> chi = CountChi2(observed=142, variance=958, background=6, sigma_signal=0.28,
    ...                  sigma_background=0.25)
    >>> chi([136.0, 180.0]).round(3)
    array([0.   , 0.553])
    """

    observed: float | NDArray[np.float64]
    variance: float | NDArray[np.float64]
    background: float = 0.0
    sigma_signal: float = 0.0
    sigma_background: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no count or no error."""
        keep(
            self,
            observed=_one_or_many(checked("observed", self.observed)),
            variance=_one_or_many(checked("variance", self.variance, above=0)),
            background=checked_number("background", self.background, at_least=0),
            **_errors(self.sigma_signal, self.sigma_background),
        )
        checked_shapes(observed=np.asarray(self.observed), variance=np.asarray(self.variance))

    def _signal(self, signal: ArrayLike) -> NDArray[np.float64]:
        """Return expected signals that broadcast with what was seen, or refuse them."""
        N = checked("expected signal", signal, at_least=0)
        if np.ndim(self.observed) or np.ndim(self.variance):
            seen, variance = np.asarray(self.observed), np.asarray(self.variance)
            checked_shapes(observed=seen, variance=variance, signal=N)
        return N

    def _total_variance(self, N: NDArray[np.float64]) -> NDArray[np.float64]:
        pulls = (self.sigma_signal * N) ** 2 + (self.sigma_background * self.background) ** 2
        return self.variance + pulls

    def __call__(self, signal: ArrayLike) -> NDArray[np.float64]:
        """Return chi2, minimised over the nuisances.

        The signal N has any shape, at least 0, and is broadcast with ``observed``.
        """
        return self._at(self._signal(signal))

    def _at(self, N: NDArray[np.float64]) -> NDArray[np.float64]:
        residual = self.observed - N - self.background
        value: NDArray[np.float64] = residual**2 / self._total_variance(N)
        return value

    def least(self, least_signal: float) -> NDArray[np.float64]:
        """Return the least chi2 of all signals that are at least some value.

        Parameters
        ----------
        least_signal : float
            Signal without new physics, at least 0; new physics can only add to it.

        Returns
        -------
        ndarray
            The shape of ``observed``. chi2 falls until N = D - B, then rises to its value at
            infinity. If D < B it may come down to that instead.
        """
        return self._least(checked_number("least signal", least_signal, at_least=0))

    def _least(self, lowest: float) -> NDArray[np.float64]:
        nearest = np.maximum(lowest, self.observed - self.background)
        value: NDArray[np.float64] = np.minimum(self._at(nearest), self.at_infinity)
        return value

    @property
    def at_infinity(self) -> float:
        """The chi2 of an infinite signal, which a nuisance removes at a finite price."""
        return 1 / self.sigma_signal / self.sigma_signal if self.sigma_signal > 0 else math.inf

    def nuisances(self, signal: ArrayLike) -> NDArray[np.float64]:
        """Return the nuisances a and b at which chi2 is least.

        They lie along a new first axis before that of the signals.
        """
        N = self._signal(signal)
        residual = (self.observed - N - self.background) / self._total_variance(N)
        return np.stack(
            [
                residual * N * self.sigma_signal**2,
                residual * self.background * self.sigma_background**2,
            ]
        )

    def upper_limit(self, least_signal: float, rise: float) -> float:
        r"""Return the largest signal that the data allow, given that it is at least some value.

        Parameters
        ----------
        least_signal : float
            Signal without new physics; new physics can only add to it.
        rise : float
            Allowed rise of chi2 above its least value over all signals from ``least_signal`` on.

        Returns
        -------
        float
            The largest N with chi2(N) - min chi2 <= rise: the upper root of a quadratic equation.
            Of one experiment only: ``observed`` and ``variance`` are numbers here.

        Raises
        ------
        NoLimitError
            If the signal's nuisance keeps chi2 below that at any N.
        """
        excess = self.allowed_excess(least_signal, rise)
        return float(least_signal) + excess

    def allowed_excess(self, least_signal: float, rise: float) -> float:
        """Return how far the largest signal that the data allow lies above the least one.

        Parameters
        ----------
        least_signal, rise : float
            See `upper_limit`.

        Returns
        -------
        float
            With all its digits, also where the excess is small beside the signal; of one
            experiment only.
        """
        rise = checked_number("rise of chi2", rise, at_least=0)
        N = checked_number("least signal", least_signal, at_least=0)
        seen = checked_number("observed events", self.observed) - self.background
        return self._allowed_excess(N, rise, seen)

    def _allowed_excess(self, N: float, rise: float, seen: float) -> float:
        start, least = float(self._at(np.array(N))), float(self._least(N))
        fixed, variance = (float(self._total_variance(np.array(x))) for x in (0.0, N))
        # chi2(N + x) = least + rise is square x^2 - 2 half x - constant = 0. Where chi2 is least at
        # x = 0, what cancels is left out.
        slope = self.sigma_signal**2
        if least == start:
            square = (fixed + slope * seen * (2 * N - seen)) / variance - rise * slope
            constant = rise * variance
        else:
            square = 1 - (least + rise) * slope
            constant = (least + rise - start) * variance
        if square <= 0:
            raise NoLimitError(
                f"rise of chi2: got {rise:g}, but with a signal error of {self.sigma_signal:g} it "
                f"stays below {square / slope + rise:g}; allowed: less than that"
            )
        half = seen - N * square
        root = math.sqrt(max(half**2 + square * constant, 0.0))
        return constant / (root - half) if half < 0 else (half + root) / square


@dataclass(frozen=True, eq=False)
class BinnedChi2:
    r"""The chi2 of several counts that share a nuisance on the signal and one on the background.

    .. math:: \chi^2 = \min_{a,b}\left[\sum_j \frac{\big(D_j - N_j(1+a) - B_j(1+b)\big)^2}{V_j}
              + \frac{a^2}{\sigma_a^2} + \frac{b^2}{\sigma_b^2}\right]

    Parameters
    ----------
    observed : ndarray, shape (bins,)
        D, the numbers of events seen; below 0 where more was subtracted than counted.
    variance : ndarray, shape (bins,)
        V, the statistical variances, above 0.
    background : ndarray, shape (bins,)
        B, the expected backgrounds.
    sigma_signal, sigma_background : float, optional
        Relative systematic errors, common to all bins; 0 fixes the nuisance to 0.

    Examples
    --------
    >>> chi = BinnedChi2(np.array([90.0, 50.0]), np.array([90.0, 50.0]), np.zeros(2), 0.1)
    >>> chi([[90.0, 50.0], [99.0, 55.0], [99.0, 45.0]]).round(3)
    array([0.   , 0.52 , 1.283])
    """

    observed: NDArray[np.float64]
    variance: NDArray[np.float64]
    background: NDArray[np.float64]
    sigma_signal: float = 0.0
    sigma_background: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no count or no error."""
        seen = checked("observed events", self.observed)
        variance = checked("variance", self.variance, above=0)
        background = checked("background", self.background, at_least=0)
        if seen.ndim != 1 or not seen.shape == variance.shape == background.shape:
            raise DomainError(
                f"bins: got {seen.shape} counts, {variance.shape} variances and "
                f"{background.shape} backgrounds; allowed: one each for every bin"
            )
        errors = _errors(self.sigma_signal, self.sigma_background)
        arrays = {"observed": seen, "variance": variance, "background": background}
        keep(self, **{name: owned(array) for name, array in arrays.items()}, **errors)

    def __call__(self, signal: ArrayLike) -> NDArray[np.float64]:
        """Return chi2, minimised over the nuisances.

        Expected signals N of shape (..., bins), at least 0, give chi2 of shape (...).

        """
        N = checked("expected signal", signal, at_least=0)
        if N.shape[-1:] != np.shape(self.observed):
            raise DomainError(
                f"expected signal: got the shape {N.shape}; allowed: {len(self.observed)} bins "
                "along the last axis"
            )
        # In units of the statistical errors, what one sigma of each pull adds.
        error = np.sqrt(self.variance)
        residual = (self.observed - N - self.background) / error
        a = self.sigma_signal * N / error
        b = np.broadcast_to(self.sigma_background * self.background / error, N.shape)
        ra, rb = np.sum(residual * a, axis=-1), np.sum(residual * b, axis=-1)
        aa, bb = np.sum(a * a, axis=-1), np.sum(b * b, axis=-1)
        ab = np.sum(a * b, axis=-1)
        # The least value of a quadratic form in the two pulls; aa bb is at least ab^2.
        determinant = 1 + aa + bb + np.maximum(aa * bb - ab**2, 0.0)
        gain = ((1 + bb) * ra**2 - 2 * ab * ra * rb + (1 + aa) * rb**2) / determinant
        least: NDArray[np.float64] = np.maximum(np.sum(residual**2, axis=-1) - gain, 0.0)
        return least


def _errors(signal: float, background: float) -> dict[str, float]:
    """Return the relative systematic errors of a chi2, checked."""
    errors = {"sigma_signal": signal, "sigma_background": background}
    return {name: checked_number(name, sigma, at_least=0) for name, sigma in errors.items()}


def _one_or_many(numbers: NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Return one number, or what an instance keeps of many."""
    return owned(numbers) if numbers.ndim else float(numbers)
