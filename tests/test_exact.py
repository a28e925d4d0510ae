"""Sums of probabilities against plain ones, pseudo-experiments, and published intervals."""

import time
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import poisson, truncnorm

from cevnslib import experiments
from cevnslib.errors import DomainError, KindError
from cevnslib.quadrature import panel_rule
from cevnslib.statistics.coverage import Ensemble, study
from cevnslib.statistics.data import (
    CountingMeasurement,
    Measurement,
    PoissonProjection,
    Projection,
)
from cevnslib.statistics.exact import ExactCoverage, feldman_cousins

RISE = chi2_distribution.ppf(0.90, 1)
CSI = Ensemble(180.0, experiments.load("coherent-csi").measurement)
SIGMAS = 4.5  # of the statistical error; one comparison in 150 000 is farther off by chance


def rise_of(D, V, N, least, sigma=0.0, background=0.0, sigma_background=0.0):
    """Delta chi2 of the published formula, minimised over N >= least on a list of candidates."""

    def value(N):
        pulls = (sigma * N) ** 2 + (sigma_background * background) ** 2
        return (D - N - background) ** 2 / (V + pulls)

    candidates = [value(least), value(np.maximum(least, D - background)), value(1e14)]
    return value(N) - np.min(np.broadcast_arrays(*candidates), axis=0)


@pytest.mark.parametrize("excess", [0.0, 5.0, 17.0, 60.0])
def test_a_count_without_errors_is_a_plain_sum(excess):
    exact = ExactCoverage(Ensemble(100.0, CountingMeasurement(100, 0, 0, 0, 0)))
    D = np.arange(1, 400)
    chance = poisson.pmf(D, 100 + excess)
    rise = rise_of(D, D, 100 + excess, 100)
    # The tails that are left out hold some 1e-12.
    assert exact.interval_coverage(excess) == pytest.approx(chance[rise <= RISE].sum(), abs=1e-10)
    above = chance[(rise <= RISE) | (100 + excess <= D)].sum()
    assert exact.limit_coverage(excess) == pytest.approx(above, abs=1e-10)


@pytest.mark.parametrize("excess", [0.0, 40.0, 150.0])
def test_all_errors_are_a_plain_sum(excess):
    """COHERENT-CsI: both windows, both pulls, each by a rule of its own."""
    m = CSI.measurement
    assert isinstance(m, CountingMeasurement)
    a = np.linspace(-1, 6 * 0.28, 401)
    weights = truncnorm.pdf(a / 0.28, -1 / 0.28, np.inf)
    weights[[0, -1]] /= 2
    share = (np.arange(12) + 0.5) / 12
    signal = (180 + excess) * (1 + a)
    neutrons = 6 * (1 + 0.25 * truncnorm.ppf(share, -1 / 0.25, np.inf))
    on, off = np.arange(250, 1500), np.arange(250, 600)[:, np.newaxis]
    mean = (signal[:, np.newaxis] + neutrons).ravel() + 405
    weights = np.repeat(weights / weights.sum() / 12, 12)
    chance = weights @ poisson.pmf(on, mean[:, np.newaxis]) * poisson.pmf(off, 405)
    D = on - off
    rise = rise_of(D, np.maximum(D + 6 + 2 * off, 1), 180 + excess, 180, 0.28, 6, 0.25)
    expected = chance[rise <= RISE].sum()
    # Twelve midpoints leave out a tenth of the 1.5 neutrons squared, 1e-4 of the variance.
    assert ExactCoverage(CSI).interval_coverage(excess) == pytest.approx(expected, abs=1e-5)


def test_eight_digits(monkeypatch):
    """Twice as many nodes, and farther, change no more."""
    from cevnslib.statistics import exact

    cases = [CSI, Ensemble(20.0, Projection(0.2, 0.45)), Ensemble(3000.0, Projection(0.1, 0.2))]
    cases += [Ensemble(200.0, CountingMeasurement(800.0, 600.0, 0.0, 0.1, 0.2))]
    before = [ExactCoverage(one).interval_coverage([0.0, one.signal / 3]) for one in cases]
    monkeypatch.setattr(exact, "FAR", 8.5)
    monkeypatch.setattr(exact, "NOTHING", 1e-17)
    rule = panel_rule
    monkeypatch.setattr(exact, "panel_rule", lambda low, high, count: rule(low, high, 2 * count))
    gauss = exact._gauss
    monkeypatch.setattr(exact, "_gauss", lambda x, w, count: gauss(x, w, count + 8))
    for one, shares in zip(cases, before, strict=True):
        after = ExactCoverage(one).interval_coverage([0.0, one.signal / 3])
        assert shares == pytest.approx(after, abs=1e-8)


@pytest.mark.parametrize(
    "ensemble",
    [
        CSI,
        Ensemble(180.0, CSI.measurement, CSI.measurement.without_signal_nuisance()),
        Ensemble(5000.0, Projection(0.2, 0.2)),
        Ensemble(100.0, PoissonProjection(0.05, 2.0, 0.1, 0.25)),
        Ensemble(20.0, Projection(0.2, 0.45)),
        Ensemble(1e7, Projection(0.0, 0.0)),
    ],
)
def test_pseudo_experiments_agree(ensemble):
    truths = np.array([0.0, 0.1, 0.5]) * ensemble.signal
    drawn, exact = study(ensemble, truths, 400_000), ExactCoverage(ensemble)
    pairs = [
        (drawn.interval_coverage(), exact.interval_coverage(truths)),
        (drawn.limit_coverage(), exact.limit_coverage(truths)),
    ]
    if ensemble.analysed is None:  # otherwise they lie beyond the histogram
        pairs.append((drawn.critical_values(), exact.critical_values(truths)))
    for (share, error), summed in pairs:
        step = 0.002  # of the histogram from which critical values are read
        assert np.all(np.abs(share - summed) < SIGMAS * error + step * (summed > 1))


def test_an_interval_is_that_of_pseudo_experiments():
    drawn = study(CSI, np.linspace(0, 250, 51), 200_000).feldman_cousins()
    exact = ExactCoverage(CSI).feldman_cousins()
    assert exact.upper == pytest.approx(drawn.upper, abs=SIGMAS * drawn.upper_error + 0.1)
    assert exact.lower == drawn.lower == 0
    seen = CountingMeasurement(460, 6, 405, 0.28, 0.25).chi2(180.0)
    drawn = study(CSI, np.linspace(0, 1500, 101), 100_000).feldman_cousins(seen)
    exact = ExactCoverage(CSI).feldman_cousins(seen)
    assert exact.lower > 0
    assert exact.lower == pytest.approx(drawn.lower, abs=SIGMAS * drawn.lower_error + 0.5)
    assert exact.upper == pytest.approx(drawn.upper, abs=SIGMAS * drawn.upper_error + 2)


def test_a_truth_takes_a_moment():
    exact = ExactCoverage(CSI)
    exact.interval_coverage(0.0)
    times = []
    for _ in range(5):
        start = time.process_time()
        exact.interval_coverage(50.0)
        times.append(time.process_time() - start)
    assert min(times) < 0.2


#: Table IV of physics/9711021: 90% for a known background; not those entries that were raised so
#: that no larger background gives a larger upper end.
PUBLISHED = {
    (0, 0.0): (0.00, 2.44),
    (1, 0.0): (0.11, 4.36),
    (2, 0.0): (0.53, 5.91),
    (3, 0.0): (1.10, 7.42),
    (4, 0.0): (1.47, 8.60),
    (5, 0.0): (1.84, 9.99),
    (0, 0.5): (0.00, 1.94),
    (1, 0.5): (0.00, 3.86),
    (2, 0.5): (0.03, 5.41),
    (3, 0.5): (0.60, 6.92),
    (3, 3.0): (0.00, 4.42),
    (10, 3.0): (2.63, 13.50),
}


@pytest.mark.parametrize(("seen", "background"), PUBLISHED)
def test_the_published_intervals(seen, background):
    """To the hundredth that is printed, of a construction in steps of 0.005."""
    found = feldman_cousins(seen, background)
    assert [found.lower, found.upper] == pytest.approx(PUBLISHED[seen, background], abs=0.0101)


def construction(seen, background, level):
    """The construction on a grid of signals, count by count."""
    n = np.arange(0, 200)
    signals = np.arange(0, 40, 0.002)
    allowed = []
    best = poisson.pmf(n, np.maximum(n, background))
    for s in signals:
        p = poisson.pmf(n, s + background)
        order = np.argsort(-p / best, kind="stable")
        inside = order[: np.searchsorted(np.cumsum(p[order]), level) + 1]
        allowed.append(seen in inside)
    ends = signals[np.flatnonzero(allowed)[[0, -1]]]
    return ends[0], ends[1]


@pytest.mark.parametrize(
    ("seen", "background", "level"), [(3, 2.8, 0.90), (7, 2.2, 0.95), (12, 9.5, 0.6826894921)]
)
def test_the_construction_count_by_count(seen, background, level):
    found = feldman_cousins(seen, background, confidence=level)
    low, high = construction(seen, background, level)
    assert [found.lower, found.upper] == pytest.approx([low, high], abs=0.003)


@pytest.mark.parametrize(
    ("seen", "background", "upper"), [(3, 2.8, 4.62), (0, 0.5, 1.935), (0, 0.0, 2.435)]
)
def test_few_events(seen, background, upper):
    assert feldman_cousins(seen, background).upper == pytest.approx(
        upper, rel=0.001 + 0.005 / upper
    )


def test_a_background_with_an_error():
    """A vanishing error changes nothing; many counts are those of a bounded Gaussian."""
    known, nearly = feldman_cousins(8, 3.3), feldman_cousins(8, 3.3, 1e-7)
    assert [nearly.lower, nearly.upper] == pytest.approx([known.lower, known.upper], abs=1e-4)
    assert feldman_cousins(8, 3.3, 0.4).upper - feldman_cousins(8, 3.3, 0.4).lower > 0
    # x0 = 0 and 2 of table X, in units of sqrt(2000 + 100^2); the variance of a count that
    # is higher by 2 of them is higher by 2%.
    width = np.sqrt(2000 + 100**2)
    for x0, low, high in ((0, 0.0, 1.64), (2, 0.58, 3.64)):
        found = feldman_cousins(round(2000 + x0 * width), 2000, 0.05)
        assert found.lower / width == pytest.approx(low, abs=0.05)
        assert found.upper / width == pytest.approx(high, abs=0.05)


class Odd(Measurement):
    """A measurement that does not say how it is drawn."""

    def _chi2(self, standard_model):
        return Projection(0.1, 0.1).chi2(standard_model)

    def without_signal_nuisance(self):
        return self


X: Any = "x"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ExactCoverage(X), KindError, "ensemble: got 'x'"),
        (lambda: ExactCoverage(CSI, 90), DomainError, "confidence level: got 90"),
        (lambda: ExactCoverage(CSI).interval_coverage(-1), DomainError, "true magnetic .* got -1"),
        (lambda: ExactCoverage(CSI).feldman_cousins(X), KindError, "chi2: got 'x'"),
        (
            lambda: ExactCoverage(Ensemble(1e11, Projection(0.1, 0.1))).critical_values(0),
            DomainError,
            "expected events: got counts from .*; allowed: up to 5000000",
        ),
        (
            lambda: ExactCoverage(Ensemble(9.0, Odd())).interval_coverage(0),
            KindError,
            "measurement: got .*; allowed: one whose class says how it is drawn",
        ),
        (
            lambda: ExactCoverage(Ensemble(3.0, Projection(0.2, 5.0))).feldman_cousins(),
            DomainError,
            "true events: got all up to .* allowed; allowed: experiments whose nuisances cannot",
        ),
        (lambda: feldman_cousins(X, 1), DomainError, "observed events: got 'x'; allowed: integers"),
        (lambda: feldman_cousins(3, -1), DomainError, "background: got -1"),
        (lambda: feldman_cousins(3, 1, np.nan), DomainError, "sigma_background: got nan"),
        (lambda: feldman_cousins(3, 1, confidence=1), DomainError, "confidence level: got 1"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()
