"""Fits, profiles, intervals and regions against closed forms and plain grids."""

import sys
import time
import warnings
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_distribution

from cevnslib.errors import (
    BadFitWarning,
    ConfigurationError,
    DomainError,
    FitError,
    KindError,
    NoLimitError,
    UnknownNameError,
)
from cevnslib.statistics.counts import GaussianCounts, PoissonCounts
from cevnslib.statistics.fit import Fit, Parameter
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance, Template

RISE = chi2_distribution.ppf(0.90, 1)
X = np.array([0.5, 1.0, 2.0, 3.0, 5.0])


def line(slope, offset):
    return 100 + slope * X + offset


def straight(**kinds):
    """A straight line through points, whose best fit and profile are known."""
    data = GaussianCounts("x", [103, 104.5, 111, 113, 128.0], variance=[4, 4, 9, 9, 16.0])
    parameters = [Parameter("slope", 1.0, **kinds), Parameter("offset", 0.0)]
    return Fit(Likelihood([data]), line, parameters)


def weighted_least_squares(fit):
    (data,) = fit.likelihood.data
    design = np.stack([X, np.ones(5)], axis=1) / np.sqrt(data.variance)[:, None]
    residual = (data.observed - 100) / np.sqrt(data.variance)
    best, (chi2,), *_ = np.linalg.lstsq(design, residual)
    return best, chi2, np.linalg.inv(design.T @ design)


def test_a_straight_line():
    """Least squares in closed form; Minuit's goal of 1e-7 in chi2 is 3e-4 of an error."""
    fit = straight()
    best, chi2, covariance = weighted_least_squares(fit)
    errors = np.sqrt(np.diag(covariance))
    found = fit.best_fit()
    assert found.chi2 == pytest.approx(chi2, abs=1e-6)
    assert (np.array([*found.values.values()]) - best) / errors == pytest.approx([0, 0], abs=1e-3)
    assert found.goodness.degrees_of_freedom == 3
    assert found.goodness.p == pytest.approx(chi2_distribution.sf(chi2, 3), rel=1e-6)
    grid = best[0] + errors[0] * np.linspace(-4, 4, 9)
    expected = chi2 + np.linspace(-4, 4, 9) ** 2
    assert fit.profile({"slope": grid}) == pytest.approx(expected, abs=1e-6)
    ((low, high),) = fit.interval("slope", grid)
    ends = best[0] + np.sqrt(RISE) * errors[0] * np.array([-1, 1])
    assert [low, high] == pytest.approx(ends, abs=1e-4 * errors[0])
    assert fit.best_fit({"slope": 2.0}).values["slope"] == 2.0


def test_a_region_of_two_parameters():
    """An ellipse: 4.61 at 90%."""
    fit = straight()
    best, chi2, covariance = weighted_least_squares(fit)
    a, b = (best[k] + np.linspace(-4, 4, 41) * np.sqrt(covariance[k, k]) for k in (0, 1))
    scan = fit.scan({"slope": a, "offset": b})
    apart = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1) - best
    rise = np.einsum("abi,ij,abj->ab", apart, np.linalg.inv(covariance), apart)
    assert scan.rise == pytest.approx(rise, abs=1e-8)
    assert scan.best.chi2 == pytest.approx(chi2, abs=1e-9)
    inside = fit.region({"slope": a, "offset": b})
    assert np.array_equal(inside, rise <= chi2_distribution.ppf(0.90, 2))


def test_a_constrained_parameter():
    """A constraint is a datum: in closed form, and with a nuisance in its place."""
    fit = straight(sigma=0.5)
    (data,) = fit.likelihood.data
    nuisance = Nuisance("slope", 0.5)
    template = Template("line", 100 + X, {nuisance: X})
    same = GaussianCounts("x", data.observed, [template], variance=data.variance)
    other = Fit(Likelihood([same]), lambda offset: offset * np.ones(5), [Parameter("offset", 0.0)])
    grid = np.linspace(-5, 6, 12)
    assert fit.profile({"offset": grid}) == pytest.approx(other.profile({"offset": grid}), abs=1e-6)
    assert fit.best_fit().goodness.degrees_of_freedom == 4
    assert other.best_fit().nuisances["slope"] == pytest.approx(
        fit.best_fit().values["slope"] - 1, abs=1e-3
    )


def test_a_boundary():
    """Where the best fit would be below 0, the limit is counted from 0."""
    for seen, lower in ((-20.0, 0.0), (80.0, 80 - np.sqrt(RISE * 1000))):
        data = GaussianCounts("x", seen, variance=1000)
        fit = Fit(Likelihood([data]), lambda s: s, [Parameter("s", 10.0, at_least=0)])
        ((low, high),) = fit.interval("s", np.linspace(0, 300, 31))
        upper = seen + np.sqrt(1000 * (RISE + min(seen, 0) ** 2 / 1000))
        assert low == pytest.approx(lower, abs=1e-6)
        assert high == pytest.approx(upper, rel=1e-9)
        # Minuit's goal of 1e-7 in chi2 is 3e-4 of an error.
        error = np.sqrt(1000)
        assert fit.best_fit().values["s"] == pytest.approx(max(seen, 0), abs=3e-4 * error)
        assert fit.upper_limit("s", np.linspace(0, 300, 31)) == high


def test_all_pieces():
    """A squared amplitude that interferes: (x^2 - 4)^2 allows both signs, each in two pieces."""
    data = GaussianCounts("x", 4.0, variance=0.5)
    fit = Fit(Likelihood([data]), lambda x: x**2, [Parameter("x", 1.0)])
    half = np.sqrt(RISE * 0.5)
    ends = np.sqrt([4 - half, 4 + half])
    pieces = fit.interval("x", np.linspace(-5, 5, 41))
    assert np.ravel(pieces) == pytest.approx([-ends[1], -ends[0], ends[0], ends[1]], rel=1e-9)
    # A grid whose points jump over both pieces: they are found between its points.
    narrow = Fit(
        Likelihood([GaussianCounts("x", 4.0, variance=1e-4)]),
        lambda x: x**2,
        [Parameter("x", 1.0)],
    )
    half = np.sqrt(RISE * 1e-4)
    ends = np.sqrt([4 - half, 4 + half])
    pieces = narrow.interval("x", np.linspace(-5, 5, 13))
    assert np.ravel(pieces) == pytest.approx([-ends[1], -ends[0], ends[0], ends[1]], rel=1e-7)


def test_the_deepest_minimum_counts():
    """It is narrow and lies between the points of the grid."""

    def two_dips(x):
        return np.sqrt(min((x - 2) ** 2 + 1, ((x + 2.13) / 0.1) ** 2))

    data = GaussianCounts("x", 0.0, variance=1)
    fit = Fit(Likelihood([data]), two_dips, [Parameter("x", 1.0)])
    wide, narrow = np.sqrt(RISE - 1), 0.1 * np.sqrt(RISE)
    expected = [-2.13 - narrow, -2.13 + narrow, 2 - wide, 2 + wide]
    pieces = fit.interval("x", np.linspace(-5, 5, 21))
    assert np.ravel(pieces) == pytest.approx(expected, abs=1e-6)


def test_the_best_fit_of_a_sum():
    """Two sets that disagree: the interval is that of the mean, and chi2 tells of them."""
    first, second = (GaussianCounts(name, x, variance=1) for name, x in (("a", 0.0), ("b", 3.0)))
    both = Fit(Likelihood([first, second]), lambda x: {"a": x, "b": x}, [Parameter("x", 1.0)])
    ((low, high),) = both.interval("x", np.linspace(-5, 8, 27))
    assert [low, high] == pytest.approx(1.5 + np.sqrt(RISE / 2) * np.array([-1, 1]), rel=1e-9)
    assert both.best_fit().chi2 == pytest.approx(4.5, abs=1e-6)


def test_a_fit_does_not_depend_on_its_neighbours():
    fit = straight()
    grid = np.linspace(0, 8, 5)
    assert np.array_equal(fit.profile({"slope": grid[::-1]})[::-1], fit.profile({"slope": grid}))


def test_a_bad_fit_is_told():
    data = GaussianCounts("x", 0.0, variance=1)
    fit = Fit(Likelihood([data]), lambda s: 10 + s, [Parameter("s", 1.0, at_least=0)])
    with pytest.warns(BadFitWarning, match="chi2 = 100 for 1 degrees of freedom"):
        fit.upper_limit("s", np.linspace(0, 20, 41))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit.scan({"s": np.linspace(0, 20, 41)})


def big():
    """130 bins, seven nuisances, a prediction of two parameters; Poisson counts."""
    rng = np.random.default_rng(3)
    bins = 130
    B = rng.uniform(0.5, 20, bins)
    n = rng.poisson(B + 3)
    nuisances = [
        Nuisance(f"n{k}", sigma) for k, sigma in enumerate([0.1, 0.2, np.inf, 1, 1, 0.05, 0.3])
    ]
    shapes = rng.normal(0, 0.1, (2, bins)) * B
    templates = [
        Template("a", B / 2, {nuisances[1]: 1, nuisances[3]: shapes[0]}),
        Template("b", B / 2, {nuisances[2]: 1, nuisances[4]: shapes[1]}),
    ]
    variations = {
        nuisances[0]: 1,
        nuisances[5]: rng.normal(size=bins),
        nuisances[6]: rng.normal(size=bins),
    }
    energy, shape = np.arange(bins), rng.uniform(0, 6, bins)

    def prediction(coupling, mass):
        return coupling**2 * shape * np.exp(-energy / (20 * mass))

    return Fit(
        Likelihood([PoissonCounts("x", n, templates, variations)]),
        prediction,
        [Parameter("coupling", 0.5, at_least=0), Parameter("mass", 1.0, at_least=0.1, at_most=9)],
    )


def test_a_large_scan_is_quick():
    """A hundred couplings, fifty masses, 130 bins, seven nuisances: two seconds of processor."""
    fit = big()
    grid = {"coupling": np.linspace(0, 2, 100), "mass": np.linspace(0.3, 3, 50)}
    times = []
    for _ in range(3):  # others may work on the same machine
        start = time.process_time()
        inside = fit.region(grid)
        times.append(time.process_time() - start)
    assert 0 < inside.sum() < inside.size
    assert min(times) < 2


def test_the_grid_holds_the_profile():
    """A scan's points are those of a profile, and no point is below the best fit."""
    fit = big()
    grid = {"coupling": np.linspace(0, 2, 9), "mass": np.linspace(0.3, 3, 7)}
    scan = fit.scan(grid)
    assert fit.profile({"coupling": 0.5, "mass": 0.75}) == pytest.approx(scan.chi2[2, 1])
    assert scan.rise.min() >= 0
    assert scan.best.chi2 <= scan.chi2.min()
    inner = fit.profile({"coupling": np.linspace(0.9, 1.1, 5), "mass": 2.0})
    assert np.all(inner >= fit.profile({"mass": 2.0}) - 1e-6)


def test_a_fit_that_fails_shows_its_state():
    rng = np.random.default_rng(1)

    def noisy(x):
        return x + 100 * rng.normal()

    fit = Fit(Likelihood([GaussianCounts("x", 0.0, variance=1)]), noisy, [Parameter("x", 1.0)])
    with pytest.raises(FitError, match=r"fit: got no minimum after \d+ calls, at x = .*allowed"):
        fit.best_fit()


def test_iminuit_is_asked_for_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "iminuit", None)
    with pytest.raises(ConfigurationError, match=r"iminuit: got none; .*cevnslib\[fit\]"):
        straight().best_fit()
    data = GaussianCounts("x", 3.0, variance=1)
    alone = Fit(Likelihood([data]), lambda s: s, [Parameter("s", 1.0)])
    assert alone.upper_limit("s", [-9, 0, 9]) == pytest.approx(3 + np.sqrt(RISE))


TEXT: Any = "x"
LINE = straight()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Parameter("", 0.0), DomainError, "name of the parameter: got ''; allowed"),
        (lambda: Parameter("x", np.nan), DomainError, "start of x: got nan"),
        (lambda: Parameter("x", 0.0, at_least=1.0), DomainError, "start of x: got 0; allowed"),
        (lambda: Parameter("x", 0.0, 2.0, 1.0), DomainError, "boundaries of x: got 2 and 1"),
        (lambda: Parameter("x", 0.0, sigma=0), DomainError, "sigma of x: got 0"),
        (lambda: Fit(TEXT, line, [Parameter("x", 0.0)]), KindError, "likelihood: got 'x'"),
        (lambda: Fit(LINE.likelihood, line, []), DomainError, "parameters: got none"),
        (
            lambda: Fit(LINE.likelihood, line, [Parameter("x", 0.0)] * 2),
            DomainError,
            "parameters: got the names .*each name once",
        ),
        (lambda: LINE.profile({}), DomainError, "values: got none; allowed: those of slope"),
        (lambda: LINE.profile({"slop": 1}), UnknownNameError, "parameter 'slop'.*mean 'slope'"),
        (lambda: LINE.profile({"slope": np.nan}), DomainError, "slope: got nan"),
        (
            lambda: LINE.profile({"slope": [1, 2], "offset": [1, 2, 3]}),
            DomainError,
            "values: got the shapes .*allowed: shapes that broadcast",
        ),
        (lambda: LINE.scan({"slope": [2, 1]}), DomainError, "values of slope: got .*rising"),
        (lambda: LINE.interval("slope", [0, 3], 90), DomainError, "confidence level: got 90"),
        (
            lambda: LINE.interval("slope", np.linspace(4.5, 6, 7)),
            NoLimitError,
            "values of slope: got an end at .*, which is allowed at 0.9; allowed: values that",
        ),
        (
            lambda: Fit(LINE.likelihood, lambda x: [x], [Parameter("x", 1.0)]).profile({"x": 1}),
            DomainError,
            r"prediction for x: got the shape \(1,\); allowed: 5 bins",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_no_value_at_which_the_data_are_possible():
    fit = Fit(Likelihood([PoissonCounts("x", 3)]), lambda s: 0 * s, [Parameter("s", 1.0)])
    with pytest.raises(NoLimitError, match="-2 ln L: got infinity at all values"):
        fit.scan({"s": [0.0, 1.0]})
