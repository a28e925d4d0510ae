"""Strengths that data allow: beside closed forms, root finders, and fits on a grid."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_distribution

from cevnslib.errors import DomainError, NoLimitError
from cevnslib.statistics.chi2 import CountChi2
from cevnslib.statistics.counts import Counts, GaussianCounts, OnOffCounts, PoissonCounts
from cevnslib.statistics.fit import Fit, Parameter
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.strengths import strengths
from cevnslib.statistics.templates import Nuisance, Template

RISE = chi2_distribution.ppf(0.90, 1)
#: Of ends that are bracketed to 1e-12.
FOUND = 1e-10


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_one_gaussian_count_with_nuisances(rng):
    """Beside the root of a quadratic equation, in cases of all sizes."""
    for _ in range(200):
        size = 10 ** rng.uniform(-1, 6)
        signal, background = size * rng.uniform(0, 2), size * rng.uniform(0, 2)
        seen, variance = size * rng.uniform(-0.5, 4), size * rng.uniform(0.5, 20)
        errors = rng.choice([0.0, 0.1, 0.3], 2)
        chi2 = CountChi2(seen, variance, background, *errors)
        data = GaussianCounts(
            "x",
            seen,
            [Template("B", background, {Nuisance("b", errors[1]): 1})],
            {Nuisance("s", errors[0]): 1},
            variance=variance,
        )
        found = strengths(Likelihood([data]), [{"x": signal}, {"x": 1.0}])
        try:
            expected = chi2.allowed_excess(signal, RISE)
        except NoLimitError:
            expected = np.inf
        assert found.upper == pytest.approx(expected, rel=1e-8)
        # What is least at infinity is looked for up to 1e9 errors only.
        assert found.chi2 == pytest.approx(float(chi2.least(signal)), rel=1e-6, abs=1e-9)


def test_what_a_nuisance_absorbs(rng):
    """chi2 stays below 1/sigma^2 at any signal: there is no end."""
    for sigma, bounded in ((0.55, True), (0.65, False)):  # 1/sigma^2 is 3.3 and 2.4
        data = GaussianCounts("x", 100.0, variations={Nuisance("s", sigma): 1}, variance=100.0)
        found = strengths(Likelihood([data]), [{"x": 100.0}, {"x": 1.0}])
        assert np.isfinite(found.upper) == bounded


@pytest.mark.parametrize("kind", ["poisson", "on and off"])
def test_beside_fits_on_a_grid(rng, kind):
    for _ in range(10):
        bins = int(rng.integers(1, 4))
        background, weight = rng.uniform(1, 20, bins), rng.uniform(0.1, 2, bins)
        seen = rng.poisson(background + 5 * weight).astype(float)
        known = {Nuisance("b", 0.2, -1): 1}
        data: Counts
        if kind == "poisson":
            data = PoissonCounts("x", seen, [Template("B", background, known)])
        else:
            data = OnOffCounts("x", seen, off=rng.poisson(3 * background), ratio=1 / 3)
        likelihood = Likelihood([data])
        found = strengths(likelihood, [{"x": np.zeros(bins)}, {"x": weight}])
        fit = Fit(likelihood, lambda s, w=weight: s * w, [Parameter("s", 1.0, at_least=0)])
        (piece,) = fit.interval("s", np.linspace(0, 400, 401))
        assert found.pieces[0] == pytest.approx(piece, rel=1e-6, abs=1e-9)


def test_two_pieces_of_a_parabola():
    """Where a coupling interferes, (1 - x)^2 comes back to 1 at 2."""
    data = Likelihood([GaussianCounts("x", 1e4, variance=1e4)])
    found = strengths(data, [{"x": 1e4}, {"x": -2e4}, {"x": 1e4}])
    far = RISE**0.5 / 100
    first = 1 - (1 - far) ** 0.5
    second = 1 + (1 - far) ** 0.5, 1 + (1 + far) ** 0.5
    assert np.array(found.pieces) == pytest.approx(np.array([(0, first), second]), rel=FOUND, abs=0)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e25])
def test_any_unit(scale):
    data = Likelihood([PoissonCounts("x", 3, [Template("B", 2.8)])])
    found = strengths(data, [{"x": 0.0}, {"x": scale}])
    assert found.upper * scale == pytest.approx(4.0137727781, rel=FOUND)
    assert found.best * scale == pytest.approx(0.2, rel=1e-6)


def test_either_sign():
    data = Likelihood([GaussianCounts("x", [-4.0, 2.0], variance=[1.0, 4.0])])
    found = strengths(data, [{"x": [0, 0]}, {"x": [1, 1]}], signed=True)
    best, error = (-4 + 0.5) / 1.25, (RISE / 1.25) ** 0.5
    assert found.best == pytest.approx(best, rel=1e-6)
    assert found.pieces[0] == pytest.approx((best - error, best + error), rel=FOUND)
    with pytest.raises(DomainError, match="signed"):
        strengths(Likelihood([PoissonCounts("x", 1)]), [{"x": 0.0}, {"x": 1.0}], signed=True)


def test_nothing_depends_on_it():
    found = strengths(Likelihood([PoissonCounts("x", 3)]), [{"x": 3.0}, {"x": 0.0}])
    assert found.pieces == ((0.0, np.inf),)
    assert found.chi2 == 0


def test_two_data_sets_share_a_nuisance():
    """Beside a minimum over the nuisance on a grid."""
    flux = Nuisance("flux", 0.1)
    data = [PoissonCounts(name, 20.0, variations={flux: 1}) for name in "ab"]
    weights = {"a": np.array([1.0]), "b": np.array([3.0])}
    start = {"a": np.array([20.0]), "b": np.array([20.0])}
    found = strengths(Likelihood(data), [start, weights])
    pulls = np.linspace(-0.5, 0.5, 200_001)

    def cost(x):
        total = (pulls / 0.1) ** 2
        for w in (1, 3):
            m = (20 + w * x) * (1 + pulls)
            total = total + 2 * (m - 20 + 20 * np.log(20 / m))
        return total.min()

    assert found.upper == pytest.approx(brentq(lambda x: cost(x) - RISE, 1, 20), rel=1e-6)


@pytest.mark.parametrize(
    ("coefficients", "words"),
    [
        ([{"x": 1.0}], "coefficients: got one power"),
        ([{"x": 1.0}, {"y": 1.0}], r"coefficients: got the names \['y'\]"),
        ([{"x": 1.0}, {"x": np.nan}], "coefficients of x: got nan"),
    ],
)
def test_what_is_refused(coefficients, words):
    with pytest.raises(DomainError, match=words):
        strengths(Likelihood([PoissonCounts("x", 1)]), coefficients)
