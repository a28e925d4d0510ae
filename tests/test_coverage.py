"""Pseudo-experiments against sums of probabilities, and Feldman and Cousins against their paper."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm, poisson, truncnorm

from cevnslib import experiments
from cevnslib.errors import ConfigurationError, DomainError, KindError, NoLimitError
from cevnslib.statistics import coverage
from cevnslib.statistics.chi2 import CountChi2
from cevnslib.statistics.coverage import CHUNK, Ensemble, study
from cevnslib.statistics.data import CountingMeasurement, PoissonProjection, Projection

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


def agree(found, exact):
    share, error = found
    assert np.all(np.abs(share - exact) < SIGMAS * error), (share, exact, error)


@pytest.mark.parametrize("excess", [0.0, 5.0, 17.0, 60.0])
def test_pure_counting_is_a_sum_of_poisson_probabilities(excess):
    ensemble = Ensemble(100.0, CountingMeasurement(100, 0, 0, 0, 0))
    found = study(ensemble, excess, 500_000)
    D = np.arange(1, 400)
    chance = poisson.pmf(D, 100 + excess)
    rise = rise_of(D, D, 100 + excess, 100)
    agree(found.interval_coverage(), chance[rise <= RISE].sum())
    agree(found.limit_coverage(), chance[(rise <= RISE) | (100 + excess <= D)].sum())


@pytest.mark.parametrize("excess", [0.0, 40.0, 150.0])
def test_a_steady_background_is_a_sum_over_both_windows(excess):
    """COHERENT-CsI with its pulls at zero: the window with beam and the one without fluctuate."""
    counted = CSI.measurement
    assert isinstance(counted, CountingMeasurement)
    ensemble = replace(CSI, measurement=replace(counted, sigma_signal=0.0, sigma_background=0.0))
    found = study(ensemble, excess, 500_000)
    on, off = np.arange(200, 1200)[:, np.newaxis], np.arange(250, 600)
    chance = poisson.pmf(on, 180 + excess + 6 + 405) * poisson.pmf(off, 405)
    D = on - off
    rise = rise_of(D, D + 6 + 2 * off, 180 + excess, 180, background=6)
    agree(found.interval_coverage(), chance[rise <= RISE].sum())


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("excess", [0.0, 10.0, 50.0])
def test_a_drawn_pull_is_an_integral(excess, fitted):
    """Few events and a wide pull, so that its end at -1 and counts below one play a part."""
    sigma, N_SM = 0.45, 20.0
    drawn = Projection(0.2, sigma)
    analysed = drawn if fitted else drawn.without_signal_nuisance()
    found = study(Ensemble(N_SM, drawn, analysed), excess, 500_000)
    share = (np.arange(4000) + 0.5) / 4000
    a = truncnorm.ppf(share, -1 / sigma, np.inf)
    count = np.arange(0, 400)
    mean = (N_SM + excess) * (1 + sigma * a) + 0.2 * N_SM
    chance = poisson.pmf(count, mean[:, np.newaxis]).mean(axis=0)
    D = count - 0.2 * N_SM
    pull = sigma if fitted else 0.0
    rise = rise_of(D, np.maximum(1.2 * D, 1), N_SM + excess, N_SM, pull)
    agree(found.interval_coverage(), chance[rise <= RISE].sum())
    for critical in (0.5, 1.5):  # the histogram, too
        agree(found.coverage(critical), chance[rise <= critical].sum())


def test_what_is_drawn():
    seen = CSI.repeat(70.0, 2_000_000, np.random.default_rng(5))
    signal = truncnorm(-1 / 0.28, np.inf, loc=1, scale=0.28)
    neutrons = truncnorm(-1 / 0.25, np.inf, loc=1, scale=0.25)
    mean = 250 * signal.mean() + 6 * neutrons.mean()
    variance = (250 * signal.std()) ** 2 + (6 * neutrons.std()) ** 2 + mean + 2 * 405
    error = np.sqrt(variance / 2e6)
    observed, variances = np.asarray(seen.observed), np.asarray(seen.variance)
    assert observed.mean() == pytest.approx(mean, abs=SIGMAS * error)
    assert observed.var() == pytest.approx(variance, rel=SIGMAS * np.sqrt(2 / 2e6))
    assert variances.mean() == pytest.approx(mean + 6 + 2 * 405, abs=SIGMAS * error)


def test_a_repetition_is_analysed_as_the_measurement():
    rng = np.random.default_rng(1)
    for m in (CSI.measurement, CSI.measurement.without_signal_nuisance()):
        assert isinstance(m, CountingMeasurement)
        seen = replace(CSI, analysed=m).repeat(20.0, 50, rng)
        for D, V in zip(np.asarray(seen.observed), np.asarray(seen.variance), strict=True):
            steady = (V - D - m.background) / 2
            chi2 = replace(m, observed=D, steady_state=steady).chi2(180.0)
            assert chi2 == replace(seen, observed=D, variance=V)
    for m in (Projection(0.2, 0.1), Projection(0.2, 0.0)):
        seen = Ensemble(50.0, Projection(0.2, 0.1), m).repeat(20.0, 50, rng)
        for D, V in zip(np.asarray(seen.observed), np.asarray(seen.variance), strict=True):
            chi2 = m.chi2(D)
            assert chi2.variance == pytest.approx(V, rel=1e-14)
            assert replace(chi2, variance=V) == replace(seen, observed=D, variance=V)


def test_a_projection_in_shares_is_the_measurement_it_assumes():
    shares = Ensemble(100.0, PoissonProjection(0.05, 2.0, 0.1, 0.25))
    counts = Ensemble(100.0, CountingMeasurement(105, 5, 200, 0.1, 0.25))
    assert shares.chi2 == counts.chi2
    first, second = (study(one, [0.0, 30.0], 10_000) for one in (shares, counts))
    assert np.array_equal(first.histogram, second.histogram)


def test_wilks_and_half_of_it_at_the_boundary():
    found = study(Ensemble(1e8, Projection(0.0, 0.0)), [0.0, 1e5], 500_000)
    value, error = found.critical_values()
    expected = [chi2_distribution.ppf(0.80, 1), RISE]
    assert np.all(np.abs(value - expected) < SIGMAS * error + 0.002)
    agree(found.interval_coverage(), [0.95, 0.90])
    agree(found.limit_coverage(), [1.0, 0.95])


def feldman_cousins_of_a_gaussian(x0, level=0.90):
    """Feldman and Cousins 1998, section IV B, by their construction on a fine grid of x."""
    x = np.linspace(-8, 12, 20_001)
    mus = np.linspace(0, 5, 1001)
    accepted = []
    for mu in mus:
        ratio = -((x - mu) ** 2) / 2 + np.minimum(x, 0) ** 2 / 2
        order = np.argsort(-ratio)
        chance = np.cumsum(norm.pdf(x[order] - mu)) * (x[1] - x[0])
        inside = x[order[: np.searchsorted(chance, level) + 1]]
        accepted.append(inside.min() <= x0 <= inside.max())
    ends = mus[np.flatnonzero(accepted)[[0, -1]]]
    return ends[0], ends[1]


GAUSSIAN = study(Ensemble(1e8, Projection(0.0, 0.0)), np.linspace(0, 5e4, 101), 200_000)


@pytest.mark.parametrize(
    ("x0", "upper"), [(-2.0, 0.40), (-1.0, 0.81), (0.0, 1.64), (1.0, 2.64), (2.0, 3.64)]
)
def test_the_bounded_gaussian_of_feldman_and_cousins(x0, upper):
    """Table X of physics/9711021, of which `upper` is the 90% column, and its construction."""
    low, high = feldman_cousins_of_a_gaussian(x0)
    assert high == pytest.approx(upper, abs=0.008)
    found = GAUSSIAN.feldman_cousins(CountChi2(1e8 + x0 * 1e4, 1e8))
    assert found.upper / 1e4 == pytest.approx(high, abs=SIGMAS * found.upper_error / 1e4 + 0.005)
    assert found.lower / 1e4 == pytest.approx(low, abs=SIGMAS * found.lower_error / 1e4 + 0.005)
    assert 0 < found.upper_error < 0.02 * 1e4
    assert (found.lower == 0) == (x0 < 1.28)


def test_feldman_cousins_covers_what_it_says():
    """Critical values of one seed hold in 90% of the experiments of another."""
    truths = [0.0, 20.0, 60.0, 150.0, 400.0]
    value, value_error = study(CSI, truths, 400_000, seed=1).critical_values()
    other = study(CSI, truths, 400_000, seed=2)
    share, error = other.coverage(value)
    both = np.sqrt(2) * error
    assert np.all(np.abs(share - 0.90) < SIGMAS * both + 2e-4)
    assert value[0] < value[-1] - SIGMAS * value_error[-1]  # weaker at the boundary


def same(first, second):
    return all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("within", "below", "histogram")
    )


def test_results_do_not_depend_on_who_works():
    truths, number = [0.0, 50.0], 2 * CHUNK + 77
    here = study(CSI, truths, number)
    assert np.all(here.histogram.sum(axis=1) == number)
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as pool:
            assert same(study(CSI, truths, number, executor=pool), here)
    assert same(study(CSI, truths, number, seed=0), here)
    assert not same(study(CSI, truths, number, seed=1), here)
    first = study(CSI, truths, CHUNK)  # more experiments are added to those that were
    assert np.all(first.histogram <= here.histogram)
    assert same(study(CSI, truths[:1], number), study(CSI, [0.0, 1.0], number)) is False
    alone = study(CSI, truths[:1], number)
    assert np.array_equal(alone.histogram[0], here.histogram[0])


def test_results_do_not_depend_on_the_tasks(monkeypatch):
    truths, number = [0.0, 50.0], 4 * CHUNK + 77
    fine = study(CSI, truths, number)
    for tasks in (1, 3, 5):
        monkeypatch.setattr(coverage, "TASKS", tasks)
        assert same(study(CSI, truths, number), fine)


def test_two_truths_do_not_share_their_draws():
    found = study(Ensemble(1e8, Projection(0.0, 0.0)), [5e4, 6e4], 1000)
    assert not np.array_equal(found.histogram[0], found.histogram[1])


def test_where_a_pull_hides_any_signal():
    """At infinity chi2 is 1/sigma^2 = 2.04: the upper end of the interval is there."""
    ensemble = Ensemble(50.0, Projection(0.2, 0.7))
    found = study(ensemble, [0.0, 50.0, 500.0], 20_000)
    assert np.all(found.limit_coverage()[0] == 1)
    with pytest.raises(DomainError, match="allowed: values that reach past both ends"):
        found.feldman_cousins()


def test_errors_are_never_zero():
    share, error = study(CSI, 0.0, 100).limit_coverage()
    assert share == 1
    assert 0 < error < 0.02


def test_progress_is_shown_where_it_is_asked_for():
    shown = []

    def progress(results, total):
        for number, one in enumerate(results, 1):
            shown.append(number / total)
            yield one

    study(CSI, [0.0, 50.0], 2 * CHUNK, progress=progress)
    assert shown == [0.25, 0.5, 0.75, 1.0]


#: What type checkers would refuse.
HALF: Any = 1.5
TEXT: Any = "x"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: study(CSI, [1.0, 0.0]), DomainError, "truths: .*rising numbers"),
        (lambda: study(CSI, [[1.0]]), DomainError, "truths: got .*rising numbers"),
        (lambda: study(CSI, [-1.0]), DomainError, "true magnetic events: got -1 at index 0"),
        (lambda: study(CSI, [0.0], 0), DomainError, "experiments: got 0; allowed: integers from 1"),
        (lambda: study(CSI, [0.0], HALF), DomainError, "experiments: got 1.5"),
        (lambda: study(CSI, [0.0], seed=-1), DomainError, "seed: got -1"),
        (lambda: study(CSI, [0.0], 10, confidence=90), DomainError, "confidence level: got 90"),
        (lambda: study(CSI, [0.0], 10, executor="x"), ConfigurationError, "executor: got 'x'"),
        (lambda: replace(CSI, analysed=TEXT), KindError, "analysed: got 'x'"),
        (lambda: replace(CSI, signal=0.0), DomainError, "Standard Model events: got 0"),
        (lambda: Ensemble(0.0, Projection(0.1, 0.1)), (DomainError, NoLimitError), "got 0"),
        (lambda: GAUSSIAN.coverage(-1.0), DomainError, "critical value: got -1"),
        (lambda: GAUSSIAN.coverage([1.0, 2.0]), DomainError, r"got the shape \(2,\)"),
        (
            lambda: replace(GAUSSIAN, confidence=0.99999).critical_values(),
            DomainError,
            "with 200000 experiments; allowed: levels at which Delta chi2 is below 16",
        ),
        (
            lambda: GAUSSIAN.feldman_cousins(CountChi2(1e8 + 5e4, 1e8)),
            DomainError,
            "truths: got 0 to 50000; allowed: values that reach past both ends",
        ),
        (
            lambda: GAUSSIAN.feldman_cousins(CountChi2(np.array([1.0, 2.0]), 1e8)),
            DomainError,
            "observed events: got .*allowed: one number",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_more_events_than_can_be_drawn_are_refused():
    crowded = Ensemble(1e12, Projection(1.0, 1e9))
    with pytest.raises(
        DomainError, match=r"expected events: got .* allowed: finite, at most 1e.18"
    ):
        crowded.repeat(0.0, 10, np.random.default_rng(1))


def test_the_background_of_a_counting_experiment_is_drawn():
    """With its error: what it adds to the spread of the counts is seen."""
    measurement = CountingMeasurement(800.0, 600.0, 0.0, 0.0, 0.2)
    seen = Ensemble(200.0, measurement).repeat(0.0, 400_000, np.random.default_rng(3))
    expected = 800 + (0.2 * 600) ** 2
    observed = np.asarray(seen.observed)
    assert observed.mean() == pytest.approx(800, rel=0.002)
    assert observed.var() == pytest.approx(expected, rel=0.01)


def test_the_variance_of_next_to_no_events_is_one():
    seen = Ensemble(0.05, Projection(0.2, 0.0)).repeat(0.0, 1000, np.random.default_rng(1))
    variance, observed = np.asarray(seen.variance), np.asarray(seen.observed)
    assert variance.min() == 1.0
    assert variance[observed >= 1].min() > 1.0


def test_both_ends_of_an_interval_have_their_own_errors():
    """Where a signal is seen, the lower end is one of a steeper critical value."""
    truths = np.linspace(0, 2000, 41)
    found = study(Ensemble(1000.0, Projection(0.0, 0.0)), truths, 20_000)
    chi2 = CountChi2(observed=1600.0, variance=1000.0)
    interval = found.feldman_cousins(chi2)
    _, errors = found.critical_values()
    rise = (600 - truths) ** 2 / 1000
    for end, error in (
        (interval.lower, interval.lower_error),
        (interval.upper, interval.upper_error),
    ):
        i = int(np.searchsorted(truths, end)) - 1
        slope = (rise[i + 1] - rise[i]) / (truths[i + 1] - truths[i])
        low, high = sorted((errors[i], errors[i + 1]))
        assert 0.7 * low / abs(slope) < error < 1.4 * high / abs(slope)
