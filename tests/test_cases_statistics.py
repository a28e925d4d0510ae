"""Needs of people outside, in numbers: each case, and one of the same kind with other numbers."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm, poisson

from cevnslib.errors import BadFitWarning
from cevnslib.statistics.chi2 import BinnedChi2
from cevnslib.statistics.counts import (
    GaussianCounts,
    OnOffCounts,
    PoissonCounts,
)
from cevnslib.statistics.data import CountingMeasurement
from cevnslib.statistics.fit import Fit, Parameter
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance, Template

RISE = chi2_distribution.ppf(0.90, 1)
#: Of root finding and of a best fit between the points of a grid.
FOUND = 1e-6


def limit(*data, confidence=0.90, reach=1e4):
    """Return the upper limit on a signal of one bin in each data set, at least 0."""
    names = [one.name for one in data]
    fit = Fit(
        Likelihood(data), lambda s: dict.fromkeys(names, s), [Parameter("s", 1.0, at_least=0)]
    )
    values = np.concatenate([[0], np.geomspace(1e-6, 1, 60) * reach])
    return fit.upper_limit("s", values, confidence)


# COHERENT CsI, full data set: events with t < 6 us, in bins of 5 photoelectrons from 5 on.
CSI_ON = [63, 267, 229, 183, 146, 137, 125, 114, 117, 87, 110]
CSI_OFF = [37, 163, 169, 133, 129, 106, 121, 100, 116, 119, 102]
CSI_EXPECTED = np.array([25.1, 106.9, 102.7, 69.5, 44.2, 27.9, 17.1, 10.0, 5.5, 2.8, 1.3])


@pytest.mark.parametrize("first", [0, 3])
def test_negative_bins(first):
    """A factor on a prediction for differences of counts, of which one is negative."""
    on, off = np.array(CSI_ON[first:], float), np.array(CSI_OFF[first:], float)
    expected = CSI_EXPECTED[first:]
    D, V = on - off, on + off
    weight = np.sum(expected**2 / V)
    best, error = np.sum(expected * D / V) / weight, weight**-0.5
    data = GaussianCounts.on_off("csi", on, off, 1.0)
    fit = Fit(Likelihood([data]), lambda factor: factor * expected, [Parameter("factor", 1.0)])
    scan = fit.scan({"factor": np.linspace(0, 2, 21)})
    assert scan.best.values["factor"] == pytest.approx(best, rel=FOUND)
    ends = fit.interval("factor", np.linspace(-3, 3, 21), 0.6826894921370859)[0]
    assert ends == pytest.approx([best - error, best + error], rel=FOUND)
    assert scan.best.chi2 == pytest.approx(BinnedChi2(D, V, np.zeros(len(D)))(best * expected))
    if first == 0:  # to the digits given
        assert best == pytest.approx(0.757, abs=5e-4)
        assert error == pytest.approx(0.107, abs=5e-4)
        assert scan.best.chi2 == pytest.approx(10.4, abs=0.05)


@pytest.mark.parametrize(
    ("on", "off", "ratio", "printed"),
    [(1000, 230, 248.7 / 58.8, 144.8), (5200, 1380, 96.4 / 25, None), (90, 400, 0.2, None)],
)
def test_on_and_off_for_different_times(on, off, ratio, printed):
    excess, variance = on - ratio * off, on + ratio**2 * off
    below = min(excess, 0)
    expected = excess + np.sqrt(RISE * variance + below**2)
    found = limit(GaussianCounts.on_off("mine", on, off, ratio))
    assert found == pytest.approx(expected, rel=FOUND)
    if printed:
        assert found == pytest.approx(printed, rel=0.005)
    # Poisson's law is skew: by some 1/sqrt(counts) of the error.
    few = limit(OnOffCounts("mine", on, off=off, ratio=ratio))
    assert abs(few - found) < np.sqrt(variance / min(on, off))


@pytest.mark.parametrize(("seen", "variance", "printed"), [(-20, 1000, 35.7), (-70, 820, None)])
def test_a_negative_excess(seen, variance, printed):
    found = limit(GaussianCounts("mine", seen, variance=variance))
    assert (found - seen) ** 2 == pytest.approx(variance * RISE + seen**2, rel=FOUND)
    counted = CountingMeasurement(seen, 0, (variance - seen) / 2, 0, 0).chi2(1.0)
    assert counted.upper_limit(0.0, RISE) == pytest.approx(found, rel=FOUND)
    if printed:
        assert found == pytest.approx(printed, rel=0.005)


@pytest.mark.parametrize(
    ("seen", "background", "printed"),
    [(3, 2.8, 4.014), (0, 0.5, 1.353), (0, 0.0, 1.353), (1, 0.5, None), (9, 4.2, None)],
)
def test_few_events(seen, background, printed):
    """-2 ln L by scipy's probabilities, from its least value at a signal of at least 0."""

    def two_ln_l(s):
        return -2 * poisson.logpmf(seen, s + background)

    least = two_ln_l(max(seen - background, 0))
    expected = brentq(lambda s: two_ln_l(s) - least - RISE, max(seen - background, 0), 100)
    found = limit(PoissonCounts("mine", seen, [Template("B", background)]), reach=100)
    assert found == pytest.approx(expected, rel=FOUND)
    if printed:
        assert found == pytest.approx(printed, rel=0.001)


@pytest.mark.parametrize(
    ("seen", "expected", "error", "confidence", "printed"),
    [
        (40_000, 40_000, 1000, 0.95, 1999),
        (40_000, 40_000, 0, 0.95, 392),
        (332, 251, 32, 0.6826894921370859, 81 + 36.8),
        (700, 650, 20, 0.90, None),
    ],
)
def test_a_background_known_from_elsewhere(seen, expected, error, confidence, printed):
    """The variance is the count and the background's error squared, nothing else."""
    known = Nuisance("background", error)
    data = GaussianCounts("mine", seen, [Template("B", expected, {known: [1.0]})], variance=seen)
    z = norm.ppf((1 + confidence) / 2)
    found = limit(data, confidence=confidence, reach=1e5)
    assert found == pytest.approx(seen - expected + z * np.sqrt(seen + error**2), rel=FOUND)
    if printed:
        assert found == pytest.approx(printed, rel=0.005)


#: Standard Model events of COHERENT-CsI and -LAr, future stage, and magnetic ones per mu_B^2.
FUTURE = {"csi": (82364.639, 4.850247e21), "lar": (899280.526, 4.961299e22)}


@pytest.mark.parametrize(("sigma", "printed"), [(0.10, 12.64), (0.04, None)])
def test_a_flux_error_in_common(sigma, printed):
    """Against the covariance of both counts, whose errors move together."""
    moments = np.linspace(0, 40, 4001)  # 1e-10 Bohr magnetons
    N = np.stack([n + k * (moments * 1e-10) ** 2 for n, k in FUTURE.values()])
    seen = N[:, :1]
    residual = seen - N
    V = 1.1 * seen
    total = []
    for r, n in zip(residual.T, N.T, strict=True):
        total.append(r @ np.linalg.solve(np.diag(V[:, 0]) + sigma**2 * np.outer(n, n), r))
    edge = np.interp(RISE, total, moments)

    def joint(flux):
        data = [
            GaussianCounts(name, n, (), {one: 1}, variance=1.1 * n)
            for (name, (n, _)), one in zip(FUTURE.items(), flux, strict=True)
        ]

        def prediction(mu2):
            return {name: n + k * mu2 * 1e-20 for name, (n, k) in FUTURE.items()}

        fit = Fit(Likelihood(data), prediction, [Parameter("mu2", 100.0, at_least=0)])
        return np.sqrt(fit.upper_limit("mu2", np.linspace(0, 1600, 41)))

    one = Nuisance("flux", sigma)
    found = joint([one, one])
    assert found == pytest.approx(edge, rel=1e-4)  # of interpolation between 4001 moments
    if printed:
        assert found == pytest.approx(printed, rel=1e-3)
        apart = joint([Nuisance("first", sigma), Nuisance("second", sigma)])
        assert apart == pytest.approx(15.19, rel=1e-3)


@pytest.mark.parametrize(("seen", "printed"), [((100, 140), (2.03, 5.41)), ((110, 150), None)])
def test_combining_measurements_that_differ(seen, printed):
    data = [GaussianCounts(f"set {k}", n, variance=n) for k, n in enumerate(seen)]

    def prediction(mu):
        return {one.name: 100 + mu**2 for one in data}

    fit = Fit(Likelihood(data), prediction, [Parameter("mu", 3.0, at_least=0)])
    ((low, high),) = fit.interval("mu", np.linspace(0, 20, 81))
    weights = 1 / np.array(seen)
    mean, error = np.average(seen, weights=weights) - 100, weights.sum() ** -0.5
    ends = np.sqrt(mean + np.sqrt(RISE) * error * np.array([-1, 1]))
    assert [low, high] == pytest.approx(ends, rel=FOUND)
    if printed:
        assert [low, high] == pytest.approx(printed, abs=0.005)


@pytest.mark.parametrize(("expected", "printed"), [(0.206, 1.82), (0.03, None), (4.0, None)])
def test_less_than_one_event(expected, printed):
    """The data set of Asimov: what is expected is what is seen."""

    def rise(s):
        return 2 * (s - expected * np.log1p(s / expected)) - RISE

    exact = brentq(rise, 1e-9, 100)
    found = limit(PoissonCounts("mine", expected, [Template("SM", expected)]), reach=100)
    assert found == pytest.approx(exact, rel=FOUND)
    if printed:
        assert found == pytest.approx(printed, rel=0.005)


@pytest.mark.parametrize(("seen", "expected", "sigma"), [(3000, 11_797, 0.05), (900, 1900, 0.1)])
def test_data_that_do_not_fit(seen, expected, sigma):
    flux = Nuisance("flux", sigma)
    data = GaussianCounts("mine", seen, (), {flux: 1}, variance=seen)
    fit = Fit(Likelihood([data]), lambda s: expected + s, [Parameter("s", 1.0, at_least=0)])
    values = np.linspace(0, 3000, 61)
    chi2 = (seen - expected) ** 2 / (seen + (sigma * expected) ** 2)
    words = f"the best fit has chi2 = {chi2:.4g} for 1 degrees of freedom"
    with pytest.warns(BadFitWarning, match=words):
        assert fit.upper_limit("s", values) > 0
