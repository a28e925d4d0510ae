"""Repeated fits: beside the chi-squared law, sums of probabilities, and fits one by one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import poisson

from cevnslib.errors import DomainError, KindError, UnknownNameError
from cevnslib.statistics.counts import GaussianCounts, OnOffCounts, PoissonCounts
from cevnslib.statistics.coverage import Ensemble, study
from cevnslib.statistics.data import Projection
from cevnslib.statistics.exact import ExactCoverage
from cevnslib.statistics.fit import Fit, Parameter
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance, Template
from cevnslib.statistics.toys import FitEnsemble

RISE = chi2_distribution.ppf(0.90, 1)
SIGMAS = 4.5  # of the statistical error; one comparison in 150 000 is farther off by chance
SHAPE = np.array([5.0, 3.0, 1.0, 0.5])


def linear(**bounds):
    """Four bins, two data sets that share a nuisance, a free slope: all Gaussian and linear."""
    tilt, norm = Nuisance("tilt", np.inf), Nuisance("norm", 0.5, **bounds)
    background = Template("b", [40, 30, 20, 10], {norm: 0.1, tilt: [1, 0, -1, -2]})
    near = GaussianCounts("near", [50, 38, 21, 9], [background], variance=[50, 40, 20, 10])
    far = GaussianCounts("far", [5.0], [Template("b", 4.0, {norm: 2})], variance=4.0)

    def prediction(s):
        return {"near": s * SHAPE, "far": s * 0.3}

    return Fit(Likelihood([near, far]), prediction, [Parameter("s", 1.0, at_least=0)])


def agree(found, exact):
    share, error = found
    assert np.all(np.abs(share - exact) < SIGMAS * error), (share, exact, error)


def test_the_law_of_chi2_where_all_is_linear():
    """Far from the boundary Wilks' theorem is exact; at it, half of the fits lie there."""
    toys = study(FitEnsemble(linear(), "s", np.linspace(0, 60, 61)), [0.0, 30.0], 40_000)
    agree(toys.interval_coverage(), [0.95, 0.90])
    agree(toys.limit_coverage(), [1.0, 0.95])
    value, error = toys.critical_values()
    expected = [chi2_distribution.ppf(0.80, 1), RISE]
    assert np.all(np.abs(value - expected) < SIGMAS * error + 0.002)


def test_all_at_once_is_one_after_another():
    """The covariance form beside a likelihood that is minimised, for the same data."""
    likelihood = linear().likelihood
    model, signal = likelihood._model, np.append(7 * SHAPE, 2.1)
    observed = model.drawn(signal, 5, np.random.default_rng(1))
    again = [
        Likelihood(
            [
                replace(one, observed=part)
                for one, part in zip(likelihood.data, np.split(row, [4]), strict=True)
            ]
        )
        for row in observed
    ]
    signals = np.array([signal, 2 * signal, 0 * signal])
    expected = [one({"near": signals[:, :4], "far": signals[:, 4:]}) for one in again]
    assert model.covariance_form(observed, signals) == pytest.approx(np.array(expected), rel=1e-10)
    # A bound that is never met takes the other way.
    bounded = FitEnsemble(linear(at_least=-50), "s", np.linspace(0, 60, 61))
    assert not bounded.fit.likelihood._model.quadratic
    agree(study(bounded, [0.0, 25.0], 500).interval_coverage(), [0.95, 0.90])


def test_what_is_drawn_at_once_has_the_covariance():
    """Constrained nuisances vary with their widths, free ones stay at the best fit."""
    model = linear().likelihood._model
    signal = np.append(7 * SHAPE, 2.1)
    observed = model.drawn(signal, 400_000, np.random.default_rng(2))
    norm = 0.5 * np.array([4, 3, 2, 1, 8.0])
    expected = np.diag([50, 40, 20, 10, 4.0]) + np.outer(norm, norm)
    assert np.cov(observed.T) == pytest.approx(expected, abs=4.5 * 70 / np.sqrt(400_000 / 2))


def test_a_single_poisson_count_is_a_sum():
    background, values = 2.8, np.linspace(0, 25, 126)
    data = Likelihood([PoissonCounts("x", 3, [Template("b", background)])])
    fit = Fit(data, lambda s: s, [Parameter("s", 1.0, at_least=0)])
    truths = [0.0, 1.5, 6.0]
    toys = study(FitEnsemble(fit, "s", values), truths, 2000)
    n = np.arange(60)

    def cost(mean):
        return -2 * poisson.logpmf(n, mean)

    for i, s in enumerate(truths):
        rise = cost(background + s) - cost(np.maximum(n, background))
        chance = poisson.pmf(n, background + s)
        share, error = (part[i] for part in toys.interval_coverage())
        assert share == pytest.approx(chance[rise <= RISE].sum(), abs=SIGMAS * error)
        above = (rise <= RISE) | (n > background + s)
        share, error = (part[i] for part in toys.limit_coverage())
        assert share == pytest.approx(chance[above].sum(), abs=SIGMAS * error)


def test_the_interval_of_feldman_and_cousins():
    """A Gaussian bounded at 0: table X of physics/9711021."""
    measured = GaussianCounts("x", 0.0, variance=1.0)
    fit = Fit(Likelihood([measured]), lambda s: s, [Parameter("s", 1.0, at_least=0)])
    ensemble = FitEnsemble(fit, "s", np.linspace(0, 12, 61))
    toys = study(ensemble, np.linspace(0, 4, 41), 20_000)
    assert toys.feldman_cousins() == toys.feldman_cousins(fit.likelihood)
    for x0, upper in ((-2.0, 0.40), (-1.0, 0.81), (0.0, 1.64), (1.0, 2.64), (2.0, 3.64)):
        seen = Likelihood([replace(measured, observed=x0)])
        interval = toys.feldman_cousins(seen)
        near = SIGMAS * interval.upper_error + 0.005  # half of the table's last digit
        assert interval.upper == pytest.approx(upper, abs=near)
        assert near < 0.1


@pytest.mark.parametrize("excess", [0.0, 400.0, 5000.0])
def test_one_bin_is_the_exact_sum(excess):
    """100,000 counts and a pull of 1%: the laws of Gauss and Poisson differ by 1e-3 there."""
    signal, flux = 1e5, Nuisance("flux", 0.01)
    exact = ExactCoverage(Ensemble(signal, Projection(0.0, 0.01)))
    variance = signal + excess
    data = GaussianCounts("x", signal, variations={flux: 1}, variance=variance)
    fit = Fit(Likelihood([data]), lambda s: signal + s, [Parameter("s", 1.0, at_least=0)])
    toys = study(FitEnsemble(fit, "s", np.linspace(0, 2e4, 101)), [excess], 20_000)
    share, error = toys.interval_coverage()
    assert share == pytest.approx(exact.interval_coverage([excess]), abs=SIGMAS * error[0] + 1e-3)
    share, error = toys.limit_coverage()
    assert share == pytest.approx(exact.limit_coverage([excess]), abs=SIGMAS * error[0] + 1e-3)
    value, error = toys.critical_values()
    expected = exact.critical_values([excess])
    assert value == pytest.approx(expected, abs=SIGMAS * error[0] + 0.01)


def test_each_repetition_is_a_fit():
    """On-off counts, a Poisson count and a second parameter: the same as fits one by one."""
    on_off = OnOffCounts("a", [12, 9, 4], off=[20, 22, 18], ratio=0.25)
    rare = PoissonCounts("b", [1.0], [Template("b", 0.8, {Nuisance("norm", 0.3): 1})])

    def prediction(s, tilt):
        return {"a": s * np.array([3, 2, 1]) * (1 + tilt * np.array([0.2, 0, -0.2])), "b": s * 0.2}

    parameters = [Parameter("s", 1.0, at_least=0), Parameter("tilt", 0.0, sigma=0.5)]
    fit = Fit(Likelihood([on_off, rare]), prediction, parameters)
    values = np.linspace(0, 6, 25)
    ensemble = FitEnsemble(fit, "s", values)
    rise, above = ensemble._repetitions(1.5, 4, RISE, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    for i in range(4):
        point = {"s": 1.5, "tilt": rng.normal(0.0, 0.5)}
        again = replace(fit, likelihood=fit.likelihood.drawn(prediction(**point), rng))
        best = again.best_fit()
        # A parabola between values that lie a quarter of an error apart.
        assert rise[i] == pytest.approx(float(again.profile({"s": 1.5})) - best.chi2, abs=5e-3)
        assert above[i] == (again.upper_limit("s", np.linspace(0, 12, 49)) > 1.5)


def test_other_parameters_have_true_values():
    data = Likelihood([GaussianCounts("x", [10, 10], variance=[10, 10])])
    fit = Fit(
        data,
        lambda s, b: np.array([s + b, b]),
        [Parameter("s", 1.0, at_least=0), Parameter("b", 10.0)],
    )
    values = np.linspace(0, 40, 11)
    ensemble = FitEnsemble(fit, "s", values, {"b": 500.0})
    drawn = [ensemble._again(fit, 20.0, np.random.default_rng(k)) for k in range(3)]
    assert np.all(np.isfinite(drawn))
    # b is profiled: only the difference of the bins counts, whatever b is.
    toys = study(ensemble, [20.0], 60)
    agree(toys.interval_coverage(), [0.90])


TEXT: Any = "x"  # what type checkers would refuse
ONE = Fit(
    Likelihood([GaussianCounts("x", 1.0, variance=1.0)]), lambda s: s, [Parameter("s", 1, 0, 9)]
)
TIED = Fit(ONE.likelihood, lambda s: s, [Parameter("s", 1, sigma=0.1)])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: FitEnsemble(TEXT, "s", [0, 1, 2]), KindError, "fit: got 'x'"),
        (lambda: FitEnsemble(ONE, "t", [0, 1, 2]), UnknownNameError, "unknown parameter 't'"),
        (lambda: FitEnsemble(ONE, "s", [0, 1]), DomainError, "values of s: got .*at least three"),
        (lambda: FitEnsemble(ONE, "s", [0, 2, 1]), DomainError, "values of s: got .*rising"),
        (lambda: FitEnsemble(ONE, "s", [0, 1, 10]), DomainError, "values of s: got 10 at index 2"),
        (lambda: FitEnsemble(TIED, "s", [0, 1, 2]), DomainError, "got a constraint of width 0.1"),
        (lambda: FitEnsemble(ONE, "s", [0, 1, 2], {"s": 1}), DomainError, "others: got s"),
        (lambda: FitEnsemble(ONE, "s", [0, 1, 2], {"u": 1}), UnknownNameError, "parameter 'u'"),
        (lambda: study(FitEnsemble(ONE, "s", [0, 1, 2]), [-1.0], 10), DomainError, "s: got -1"),
        (
            lambda: study(FitEnsemble(ONE, "s", [0, 1, 2]), [0, 1], 100).feldman_cousins("x"),
            KindError,
            "seen: got 'x'",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()
