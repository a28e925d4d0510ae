r"""Coverage of limits, by pseudo-experiments, and the intervals of Feldman and Cousins.

An experiment is repeated many times in a world with :math:`s = \Lambda^\dagger K \Lambda` magnetic
events. In each repetition

- what calibrations leave open is drawn: the true signal is :math:`(N_\text{SM} + s)(1 + a)` and the
  true background :math:`B(1 + b)`, with a and b Gaussian of widths :math:`\sigma_a, \sigma_b` about
  zero and above -1, as no rate is negative;
- events are counted, a Poisson number, and a steady-state background, measured in a window of its
  own with its own Poisson number, is subtracted;
- the count is analysed as the real one was: with nominal predictions, with the chi2 that has a and
  b profiled, and with the variance made from this count.

So coverage is that of counts for given s, averaged over the pulls. Fits of data in many bins are
repeated in the same way, see `cevnslib.statistics.toys`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_integer, checked_kind, checked_number, keep
from ..errors import DomainError, quoted
from ..scale import map_tasks
from .chi2 import CountChi2, delta_chi2
from .data import Measurement

__all__ = [
    "Coverage",
    "Ensemble",
    "Interval",
    "Repeatable",
    "study",
]
#: Pseudo-experiments in one chunk. Each chunk has a random generator of its own, so results depend
#: on this number, and not on who works.
CHUNK = 100_000
#: A study is cut into as many tasks at most, and one for each truth; more would only be more mail.
TASKS = 1000
#: Delta chi2 is sorted into bins of this width, up to a highest value.
STEP, HIGHEST = 0.002, 16.0
BINS = round(HIGHEST / STEP) + 2
#: More events than anyone counts, and more experiments than anyone repeats.
MOST = 10**12
#: What a Poisson number may be on average, and how many repetitions are made in one call.
_MOST_COUNTED, _MOST_TOGETHER = 1e18, 10**8


class Repeatable(ABC):
    """What `study` can repeat: an `Ensemble`, or a `cevnslib.statistics.toys.FitEnsemble`."""

    #: Repetitions in one chunk.
    _chunk: ClassVar[int] = CHUNK

    @abstractmethod
    def _checked_truths(self, truths: ArrayLike) -> NDArray[np.float64]:
        """Return true values of the parameter, of any shape."""

    @abstractmethod
    def _repetitions(
        self, truth: float, size: int, level: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return Delta chi2 at the truth, and whether the upper end of the interval is above."""

    @abstractmethod
    def _rise_of_seen(self, seen: Any, truths: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Delta chi2 of what was seen, or of the real data, at truths."""


@dataclass(frozen=True)
class Ensemble(Repeatable):
    r"""An experiment with a single count that can be repeated.

    The chi2 of a repetition is that of the measurement with its numbers in it: the variance is
    D + B + 2 B_ss with the counted D and B_ss, and :math:`(1+\sigma_\text{stat}) D` for a
    projection. Below one event it is 1.

    Parameters
    ----------
    signal : float
        Expected events of the Standard Model, above 0.
    measurement : CountingMeasurement, Projection or PoissonProjection
        Its backgrounds and its systematic errors, from which the pulls are drawn. A
        `cevnslib.statistics.data.Projection` has a background of
        :math:`\sigma_\text{stat} N_\text{SM}` events whose mean is known,
        which gives it the variance of its chi2.
    analysed : Measurement, optional
        The measurement whose chi2 analyses the repetitions, where it is another: one without a
        nuisance, say, though its pull is drawn.

    Raises
    ------
    NoLimitError
        If no events are expected.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> csi = Ensemble(180.2, experiments.load("coherent-csi").measurement)
    >>> seen = csi.repeat(50.0, 100_000, np.random.default_rng(1))
    >>> round(seen.observed.mean()), round(seen.variance.mean())
    (236, 1052)
    """

    signal: float
    measurement: Measurement
    analysed: Measurement | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be analysed."""
        checked_kind("measurement", self.measurement, Measurement)
        signal = checked_number("Standard Model events", self.signal, above=0, at_most=MOST)
        keep(self, signal=signal)
        checked_kind("analysed", self.analysed, Measurement | None)
        self.chi2  # noqa: B018, it refuses what cannot be analysed

    @property
    def chi2(self) -> CountChi2:
        """The chi2 of what was really counted, or is assumed to be."""
        return (self.analysed or self.measurement).chi2(self.signal)

    def repeat(self, excess: float, size: int, rng: np.random.Generator) -> CountChi2:
        """Repeat the experiment.

        Parameters
        ----------
        excess : float
            The true magnetic events s, at least 0.
        size : int
            Number of repetitions, up to 1e8.
        rng : numpy.random.Generator
            What draws.

        Returns
        -------
        CountChi2
            With ``observed`` and ``variance`` of shape (size,).

        Examples
        --------
        >>> from cevnslib.statistics.data import Projection
        >>> reactor = Ensemble(100.0, Projection(0.2, 0.0))
        >>> reactor.repeat(0.0, 4, np.random.default_rng(1)).observed
        array([100.,  87.,  94., 112.])
        """
        excess = checked_number("magnetic events", excess, at_least=0, at_most=MOST)
        size = checked_integer("size", size, at_least=1, at_most=_MOST_TOGETHER)
        checked_kind("rng", rng, np.random.Generator)
        windows = self.measurement.windows(self.signal)
        mean = (self.signal + excess) * _scale(windows.sigma_signal, size, rng)
        mean = mean + windows.background * _scale(windows.sigma_background, size, rng)
        checked("expected events", mean + windows.steady, at_most=_MOST_COUNTED)
        steady = rng.poisson(windows.steady, size).astype(np.float64)
        observed = rng.poisson(mean + windows.steady, size) - steady - windows.known
        return self.repeated(observed, windows.variance(observed, steady))

    def repeated(self, observed: NDArray[np.float64], variance: NDArray[np.float64]) -> CountChi2:
        """Return the chi2 of other counts, analysed as this experiment's.

        Parameters
        ----------
        observed, variance : ndarray
            What was counted, and its variance; shapes that broadcast.
        """
        return replace(self.chi2, observed=observed, variance=variance)

    # Behind the doors.

    def _checked_truths(self, truths: ArrayLike) -> NDArray[np.float64]:
        return checked("true magnetic events", truths, at_least=0, at_most=MOST)

    def _repetitions(
        self, truth: float, size: int, level: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        chi2 = self.repeat(truth, size, rng)
        rise = rise_of(chi2, self.signal, truth)
        endless = chi2.least(self.signal) + level >= chi2.at_infinity
        more = self.signal + truth <= chi2.observed - chi2.background
        return rise, np.asarray((rise <= level) | endless | more)

    def _rise_of_seen(self, seen: Any, truths: NDArray[np.float64]) -> NDArray[np.float64]:
        chi2 = self.chi2 if seen is None else checked_kind("chi2", seen, CountChi2)
        checked_number("observed events", chi2.observed)
        return rise_of(chi2, self.signal, truths)


def _scale(sigma: float, size: int, rng: np.random.Generator) -> NDArray[np.float64] | float:
    """Draw 1 + a: a Gaussian about 1 that is above 0."""
    if sigma == 0:
        return 1.0
    from scipy.special import ndtr, ndtri

    below = ndtr(-1 / sigma)
    scale: NDArray[np.float64] = 1 + sigma * ndtri(below + (1 - below) * rng.random(size))
    return np.maximum(scale, 0.0)


def rise_of(chi2: CountChi2, signal: float, excess: ArrayLike) -> NDArray[np.float64]:
    """Return chi2 at an excess less the least over all that are not negative."""
    rise: NDArray[np.float64] = chi2(signal + np.asarray(excess)) - chi2.least(signal)
    return np.maximum(rise, 0.0)  # of two numbers that may be equal but for rounding


@dataclass(frozen=True)
class Interval:
    """The magnetic events, or values of a parameter, that a measurement allows.

    Parameters
    ----------
    lower, upper : float
        Its ends; the lower is 0 if no magnetic events are allowed too.
    lower_error, upper_error : float, optional
        Their statistical errors, 0 where none was drawn.

    Examples
    --------
    >>> Interval(0.0, 115.5).upper
    115.5
    """

    lower: float
    upper: float
    lower_error: float = 0.0
    upper_error: float = 0.0


def _ends(
    truths: NDArray[np.float64],
    margin: NDArray[np.float64],
    error: NDArray[np.float64],
) -> Interval:
    """Return the outermost ends of where the margin is at least 0, and their errors."""
    allowed = np.flatnonzero(margin >= 0)
    if not allowed.size or allowed[-1] == len(truths) - 1:
        raise DomainError(
            f"truths: got {truths[0]:g} to {truths[-1]:g}; allowed: values that "
            "reach past both ends of the interval"
        )

    def crossing(i: int) -> tuple[float, float]:
        share = margin[i] / (margin[i] - margin[i + 1])
        slope = (margin[i + 1] - margin[i]) / (truths[i + 1] - truths[i])
        place = truths[i] + share * (truths[i + 1] - truths[i])
        return float(place), float(((1 - share) * error[i] + share * error[i + 1]) / abs(slope))

    upper, upper_error = crossing(int(allowed[-1]))
    lower, lower_error = (
        crossing(int(allowed[0]) - 1) if allowed[0] > 0 else (float(truths[0]), 0.0)
    )
    return Interval(lower, upper, lower_error, upper_error)


@dataclass(frozen=True, eq=False)
class Coverage:
    """What pseudo-experiments say of an experiment's limits; made by `study`.

    Its methods return shares of the pseudo-experiments with their statistical errors, two arrays of
    shape (truths,).

    Parameters
    ----------
    ensemble : Ensemble or FitEnsemble
        What was repeated.
    confidence : float
        Confidence level, between 0 and 1.
    experiments : int
        Pseudo-experiments for each truth.
    truths : ndarray, shape (truths,)
        The true magnetic events, or values of the parameter.
    within, below : ndarray of int, shape (truths,)
        In how many the truth lies in the Delta chi2 interval, and in how many below its upper end,
        which is infinite where a pull can hide any signal.
    histogram : ndarray of int, shape (truths, bins)
        In how many Delta chi2 at the truth is at most 0, 0.002, 0.004 and so on, and above the one
        before; the last bin holds the rest.

    Examples
    --------
    >>> from cevnslib.statistics.data import Projection
    >>> found = study(Ensemble(1000.0, Projection(0.2, 0.2)), [0.0, 2000.0], 20_000)
    >>> share, error = found.interval_coverage()
    >>> share.round(2), error.round(3)
    (array([0.95, 0.9 ]), array([0.002, 0.002]))
    """

    ensemble: Repeatable
    confidence: float
    experiments: int
    truths: NDArray[np.float64]
    within: NDArray[np.int64]
    below: NDArray[np.int64]
    histogram: NDArray[np.int64]

    def interval_coverage(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how often the Delta chi2 interval covers the truth."""
        return _share(self.within, self.experiments)

    def limit_coverage(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how often the upper end of the Delta chi2 interval lies above the truth."""
        return _share(self.below, self.experiments)

    def coverage(self, critical: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how often Delta chi2 at the truth is at most some value.

        Parameters
        ----------
        critical : array_like
            One value for each truth, or one for all, from 0 to 16; rounded to the bins.
        """
        value = checked("critical value", critical, at_least=0, at_most=HIGHEST)
        if value.size not in (1, self.truths.size) or value.ndim > 1:
            raise DomainError(
                f"critical value: got the shape {value.shape}; allowed: one value for each of "
                f"{self.truths.size} truths, or one for all"
            )
        bins = np.broadcast_to(np.rint(value / STEP).astype(int), self.truths.shape)
        summed = np.cumsum(self.histogram, axis=1)
        return _share(np.take_along_axis(summed, bins[:, np.newaxis], 1)[:, 0], self.experiments)

    def critical_values(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the Delta chi2 that is not exceeded at the confidence level.

        Returns
        -------
        value, error : ndarray, shape (truths,)
            The quantile, rounded up to a bin's end, and its statistical error.
        """
        summed = np.cumsum(self.histogram, axis=1)
        spread = np.sqrt(self.confidence * (1 - self.confidence) / self.experiments)
        wanted = self.experiments * (self.confidence + spread * np.array([-1.0, 0.0, 1.0]))
        if np.any(wanted[2] > summed[:, -2]):
            raise DomainError(
                f"confidence level: got {self.confidence:g} with {self.experiments} experiments; "
                f"allowed: levels at which Delta chi2 is below {HIGHEST:g}, within the errors"
            )
        bins = np.array(
            [np.argmax(summed >= number, axis=1) for number in wanted], dtype=np.float64
        )
        low, value, high = STEP * bins
        return value, np.maximum((high - low) / 2, STEP / 2)

    def feldman_cousins(self, seen: Any = None) -> Interval:
        r"""Return the interval of Feldman and Cousins, with the pulls profiled.

        Parameters
        ----------
        seen : CountChi2 or Likelihood, optional
            What was seen: the chi2 of a count, or the likelihood of other data for a fit; by
            default what was really seen.

        Returns
        -------
        Interval
            The truths at which :math:`\Delta\chi^2` is at most its critical value,
            interpolated between the truths, with the errors of the critical values.

        References
        ----------
        Feldman and Cousins, Phys. Rev. D 57 (1998) 3873, physics/9711021.
        """
        critical, error = self.critical_values()
        rise = self.ensemble._rise_of_seen(seen, self.truths)
        return _ends(self.truths, critical - rise, error)


def _share(
    count: NDArray[np.int64], experiments: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a share and its binomial error, which is never 0."""
    share = (count + 1) / (experiments + 2)
    return count / experiments, np.sqrt(share * (1 - share) / experiments)


def _tally(
    ensemble: Repeatable,
    truths: NDArray[np.float64],
    experiments: int,
    level: float,
    seed: int,
    task: tuple[int, range],
) -> NDArray[np.int64]:
    """Return, summed over some chunks of one truth, within, below and the histogram."""
    number, chunks = task
    total = np.zeros(2 + BINS, dtype=np.int64)
    for chunk in chunks:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, chunk)))
        size = min(ensemble._chunk, experiments - chunk * ensemble._chunk)
        rise, below = ensemble._repetitions(float(truths[number]), size, level, rng)
        bins = np.ceil(np.minimum(rise, HIGHEST + STEP) / STEP).astype(np.int64)
        histogram = np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)
        total += np.concatenate([[(rise <= level).sum(), below.sum()], histogram])
    return total


def study(
    ensemble: Repeatable,
    truths: ArrayLike,
    experiments: int = 1_000_000,
    *,
    confidence: float = 0.90,
    seed: int = 0,
    executor: Any = None,
    progress: Callable[..., Iterable[Any]] | None = None,
) -> Coverage:
    """Repeat an experiment many times for each of some truths.

    Parameters
    ----------
    ensemble : Ensemble or FitEnsemble
        What is repeated, and how it is analysed.
    truths : array_like, shape (truths,)
        True magnetic events, at least 0, or values of a fit's parameter; rising.
    experiments : int, optional
        Pseudo-experiments for each truth, at least 1.
    confidence : float, optional
        Confidence level, between 0 and 1; limits are those of one parameter.
    seed : int, optional
        With the number of the truth and of the chunk it fixes all that is drawn, so results are the
        same whoever works, and however many.
    executor, progress
        Who works, and what shows how far they are; see `cevnslib.scale.map_tasks`.

    Raises
    ------
    ConfigurationError
        If the executor is none.

    Examples
    --------
    >>> from cevnslib.statistics.data import CountingMeasurement
    >>> csi = Ensemble(180.2, CountingMeasurement(142, 6, 405, 0.28, 0.25))
    >>> found = study(csi, [0.0, 100.0], 20_000)
    >>> found.limit_coverage()[0].round(2)
    array([1.  , 0.99])
    """
    checked_kind("ensemble", ensemble, Repeatable)
    places = np.atleast_1d(ensemble._checked_truths(truths))
    if places.ndim != 1 or not places.size or np.any(np.diff(places) <= 0):
        raise DomainError(f"truths: got {quoted(truths)}; allowed: rising numbers")
    experiments = checked_integer("experiments", experiments, at_least=1, at_most=MOST)
    seed = checked_integer("seed", seed, at_least=0, at_most=2**63 - 1)
    level = delta_chi2(confidence)
    chunks = range(-(-experiments // ensemble._chunk))
    together = -(-len(chunks) * len(places) // TASKS)
    tasks = [
        (number, chunks[first : first + together])
        for number in range(len(places))
        for first in range(0, len(chunks), together)
    ]
    work = partial(_tally, ensemble, places, experiments, level, seed)
    sums = np.zeros((len(places), 2 + BINS), dtype=np.int64)
    done = map_tasks(work, tasks, executor=executor, progress=progress)
    for (number, _), tally in zip(tasks, done, strict=True):
        sums[number] += tally
    within, below, histogram = sums[:, 0], sums[:, 1], sums[:, 2:]
    return Coverage(ensemble, confidence, experiments, places, within, below, histogram)
