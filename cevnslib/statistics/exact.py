r"""Coverage of single counts, and the intervals of Feldman and Cousins, as sums of probabilities.

What `cevnslib.statistics.coverage` draws is summed here: over all counts with the source and
without, each with its Poisson probability, averaged over the nuisances by Gauss's rule. In
:math:`u = \sqrt{\text{mean}}` a Poisson probability has the width 1/2 whatever the mean, so panels
of width 1 with eight nodes resolve it, to some eight digits. Shares have no statistical errors.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_integer, checked_kind, checked_number, keep
from ..errors import DomainError
from ..quadrature import panel_rule
from .chi2 import CountChi2, delta_chi2
from .coverage import MOST, Ensemble, Interval, rise_of

__all__ = ["ExactCoverage", "feldman_cousins"]
Floats = NDArray[np.float64]
#: Standard deviations of a nuisance, and of a count, beyond which nothing is summed.
FAR = 6.5
#: A probability that is left out at the ends.
NOTHING = 1e-13
#: An error in events that changes none of the digits.
NEGLIGIBLE = 1e-9
#: More counts than are summed in a moment; beyond that `cevnslib.statistics.coverage` draws.
MOST_OUTCOMES = 5_000_000
#: By how much two equal rises may differ in their last digits.
_ROUNDING = 1e-9


def _nodes(mean: float, sigma: float, floor: float = 0.0) -> tuple[Floats, Floats]:
    """Return means (1 + x) mean and weights for a Gaussian x of some width, above -1.

    At least ``floor`` events come beside them.
    """
    if sigma * mean < NEGLIGIBLE:
        return np.array([mean]), np.array([1.0])
    ends = mean * np.array([max(0.0, 1 - FAR * sigma), 1 + FAR * sigma])
    low, high = np.sqrt(floor + ends)
    edges = np.linspace(low, high, max(8, math.ceil(high - low)) + 1)
    u, weights = panel_rule(edges[:-1], edges[1:], 8)
    means = u.ravel() ** 2 - floor
    weights = (weights * u).ravel() * np.exp(-(((means / mean - 1) / sigma) ** 2) / 2)
    if high - low < 2:  # few nodes are enough where a Poisson probability hardly changes
        return _gauss(means, weights / weights.sum(), 12)
    return means, weights / weights.sum()


def _gauss(nodes: Floats, weights: Floats, count: int) -> tuple[Floats, Floats]:
    """Return Gauss's rule for a weight that is given at many nodes, by the way of Lanczos."""
    basis, last = [np.sqrt(weights)], np.zeros(len(weights))
    diagonal, beside = [], [0.0]
    for _ in range(count):
        new = nodes * basis[-1] - beside[-1] * last
        diagonal.append(float(new @ basis[-1]))
        for vector in basis * 2:  # twice, so that what rounding leaves goes too
            new = new - (new @ vector) * vector
        beside.append(float(np.linalg.norm(new)))
        last = basis[-1]
        basis.append(new / beside[-1])
    off = np.diag(beside[1:-1], 1)
    places, vectors = np.linalg.eigh(np.diag(diagonal) + off + off.T)
    return places, vectors[0] ** 2


def _probabilities(means: Floats, weights: Floats) -> tuple[int, Floats]:
    """Return a first count, and the probabilities of it and the next, averaged over means."""
    from scipy.special import gammaln, xlogy

    reach = FAR * np.sqrt(means) + 40  # enough where a mean is small and its tail is long
    first = np.maximum(np.floor(means - reach), 0).astype(int)
    last = np.ceil(means + reach).astype(int)
    start, end = int(first.min()), int(last.max())
    if end - start > MOST_OUTCOMES:
        raise DomainError(
            f"expected events: got counts from {start} to {end}; allowed: up to {MOST_OUTCOMES} "
            "of them (coverage.study draws from more)"
        )
    counts = np.arange(start, end + 1.0)
    factorials = gammaln(counts + 1)
    total = np.zeros(len(counts))
    for mean, weight, low, high in zip(means, weights, first - start, last - start, strict=True):
        part = slice(low, high + 1)
        total[part] += weight * np.exp(xlogy(counts[part], mean) - mean - factorials[part])
    some = np.flatnonzero(total > NOTHING)
    total = total[some[0] : some[-1] + 1]
    return start + int(some[0]), total / total.sum()


def _quantile(rise: Floats, probability: Floats, confidence: float) -> float:
    """Return the least rise that is not exceeded at a confidence level."""
    order = np.argsort(rise, axis=None)
    summed = np.cumsum(probability.ravel()[order])
    place = np.searchsorted(summed, confidence * summed[-1])
    return float(rise.ravel()[order[place]])


@dataclass(frozen=True)
class ExactCoverage:
    """How often the limits of a counting experiment hold, without repetitions.

    Parameters
    ----------
    ensemble : Ensemble
        What is repeated, and how it is analysed.
    confidence : float, optional
        Confidence level, between 0 and 1; limits are those of one parameter.

    Examples
    --------
    >>> from cevnslib.statistics.data import CountingMeasurement
    >>> csi = ExactCoverage(Ensemble(180.2, CountingMeasurement(142, 6, 405, 0.28, 0.25)))
    >>> csi.interval_coverage([0.0, 100.0]).round(6)
    array([0.950835, 0.936852])
    """

    ensemble: Ensemble
    confidence: float = 0.90

    def __post_init__(self) -> None:
        """Refuse what cannot be repeated."""
        checked_kind("ensemble", self.ensemble, Ensemble)
        keep(self, confidence=checked_number("confidence level", self.confidence))
        delta_chi2(self.confidence)

    def interval_coverage(self, excess: ArrayLike) -> Floats:
        """Return how often the Delta chi2 interval covers the truth.

        Parameters
        ----------
        excess : array_like
            True magnetic events, at least 0, of any shape.
        """
        return self._each(excess, 0)

    def limit_coverage(self, excess: ArrayLike) -> Floats:
        """Return how often the upper end of the Delta chi2 interval lies above the truth."""
        return self._each(excess, 1)

    def critical_values(self, excess: ArrayLike) -> Floats:
        """Return the Delta chi2 that is not exceeded at the confidence level."""
        return self._each(excess, 2)

    def feldman_cousins(self, chi2: CountChi2 | None = None) -> Interval:
        """Return the interval of Feldman and Cousins, with the pulls profiled.

        Parameters
        ----------
        chi2 : CountChi2, optional
            The chi2 of what was seen; by default of what the ensemble's experiment saw.
        """
        seen = self.ensemble.chi2 if chi2 is None else chi2
        checked_kind("chi2", seen, CountChi2)
        observed = checked_number("observed events", seen.observed)
        variance = checked_number("variance", seen.variance)
        signal = self.ensemble.signal

        def allowed(excess: float) -> bool:
            _, probability, rise = self._outcomes(excess)
            own = float(rise_of(seen, signal, excess))
            smaller = float(probability[rise < own - _ROUNDING].sum())
            return bool(smaller < self.confidence * probability.sum())

        best = max(observed - seen.background - signal, 0.0)
        width = np.sqrt(variance + (seen.sigma_signal * (signal + best)) ** 2)
        return _ends(allowed, best, float(width))

    def _each(self, excess: ArrayLike, which: int) -> Floats:
        truths = checked("true magnetic events", excess, at_least=0, at_most=MOST)
        values = [_summed(self, truth)[which] for truth in truths.ravel().tolist()]
        return np.array(values, dtype=np.float64).reshape(truths.shape)

    def _outcomes(self, excess: float) -> tuple[CountChi2, Floats, Floats]:
        """Return the chi2 of all counts, their probabilities, and chi2's rise at the truth."""
        signal = self.ensemble.signal
        windows = self.ensemble.measurement.windows(signal)
        others, shares = _nodes(windows.background, windows.sigma_background, windows.steady)
        floor = windows.steady + float(others[0])
        signals, weights = _nodes(signal + excess, windows.sigma_signal, floor)
        means = signals[:, np.newaxis] + others + windows.steady
        start, on = _probabilities(means.ravel(), np.outer(weights, shares).ravel())
        first, off = _probabilities(np.array([windows.steady]), np.ones(1))
        steady = (first + np.arange(len(off)))[:, np.newaxis]
        if on.size * off.size > MOST_OUTCOMES:
            raise DomainError(
                f"expected events: got {on.size} counts with the source and {off.size} without; "
                f"allowed: {MOST_OUTCOMES} pairs (coverage.study draws from more)"
            )
        observed: Floats = start + np.arange(len(on), dtype=np.float64) - steady - windows.known
        chi2 = self.ensemble.repeated(observed, windows.variance(observed, steady))
        return chi2, off[:, np.newaxis] * on, rise_of(chi2, signal, excess)


@lru_cache(4096)
def _summed(exact: ExactCoverage, truth: float) -> tuple[float, float, float]:
    """Return the coverage of the interval, that of its upper end, and the critical value."""
    signal, level = exact.ensemble.signal, delta_chi2(exact.confidence)
    chi2, probability, rise = exact._outcomes(truth)
    endless = chi2.least(signal) + level >= chi2.at_infinity
    more = signal + truth <= chi2.observed - chi2.background
    within = float(probability[rise <= level].sum())
    above = float(probability[(rise <= level) | endless | more].sum())
    return within, above, _quantile(rise, probability, exact.confidence)


def _ends(allowed: Callable[[float], bool], best: float, width: float) -> Interval:
    """Return the outermost ends of what is allowed about a best value, by halving."""

    def end(inside: float, outside: float) -> float:
        for _ in range(36):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if allowed(middle) else (inside, middle)
        return (inside + outside) / 2

    high = best
    step = 0.25 * width
    while allowed(high + step) or allowed(high + 2 * step):
        high += step
        if high > best + 40 * width:
            raise DomainError(
                f"true events: got all up to {high:g} allowed; allowed: experiments whose "
                "nuisances cannot hide any signal"
            )
    low, least = best, best
    while low > 0:
        low = max(low - step, 0.0)
        if allowed(low):
            least = low
        elif low < best - 8 * width:
            break
    lower = 0.0 if least == 0 else end(least, max(least - step, 0.0))
    return Interval(lower, end(high, high + step))


def feldman_cousins(
    observed: int, background: float, sigma_background: float = 0.0, confidence: float = 0.90
) -> Interval:
    r"""Return the signal that a count allows by the construction of Feldman and Cousins.

    Counts are ordered by :math:`-2\ln L` above its least value for a signal of at least 0. A
    background that is known with an error is profiled there, and averaged over in the
    probabilities.

    Parameters
    ----------
    observed : int
        What was counted, up to 10,000.
    background : float
        The expected background.
    sigma_background : float, optional
        Its relative error.
    confidence : float, optional
        Confidence level, between 0 and 1.

    Returns
    -------
    Interval
        The signals; not raised, as in the published tables, where a larger background gives a
        smaller upper end.

    References
    ----------
    Feldman and Cousins, Phys. Rev. D 57 (1998) 3873, physics/9711021.

    Examples
    --------
    >>> round(feldman_cousins(0, 0.5).upper, 3), round(feldman_cousins(3, 2.8).upper, 2)
    (1.936, 4.62)
    """
    seen = checked_integer("observed events", observed, at_least=0, at_most=10_000)
    B = checked_number("background", background, at_least=0, at_most=10_000)
    sigma = checked_number("sigma_background", sigma_background, at_least=0)
    delta_chi2(confidence)
    variance = (sigma * B) ** 2 if sigma * B >= NEGLIGIBLE else 0.0
    means, weights = _nodes(B, sigma)

    def two_ln_l(n: Floats, signal: float) -> Floats:
        """-2 ln L at the best background, where its derivative, a square equation, is 0."""
        from scipy.special import xlogy

        half = (signal + B - variance) / 2
        m = half + np.sqrt(half**2 + n * variance) if variance else np.full_like(n, signal + B)
        m = np.maximum(m, signal)
        pull = (m - signal - B) ** 2 / variance if variance else 0.0
        with np.errstate(divide="ignore"):
            value: Floats = 2 * (m - n + xlogy(n, n) - xlogy(n, m)) + pull
        return value

    def allowed(signal: float) -> bool:
        start, probability = _probabilities(means + signal, weights)
        n = np.append(start + np.arange(len(probability), dtype=np.float64), seen)
        rise = two_ln_l(n, signal) - np.where(n >= B, 0.0, two_ln_l(n, 0.0))
        smaller = probability[rise[:-1] < rise[-1] - _ROUNDING].sum()
        return bool(smaller < confidence * probability.sum())

    best = max(seen - B, 0.0)
    return _ends(allowed, best, float(np.sqrt(max(seen, 1.0) + variance)))
