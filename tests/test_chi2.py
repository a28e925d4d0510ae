"""The profiled chi2 against numerical minimisation."""

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize
from scipy.special import gammaincinv

from cevnslib.errors import DomainError, NoLimitError
from cevnslib.statistics.chi2 import BinnedChi2, CountChi2, delta_chi2
from cevnslib.statistics.data import CountingMeasurement, PoissonProjection, Projection

CSI = CountingMeasurement(142, 6, 405, 0.28, 0.25).chi2(180.0)


def printed(pulls, N):
    """The chi2 of arXiv:1905.03750, statistical analysis, before minimisation."""
    a, b = pulls
    residual = 142 - N * (1 + a) - 6 * (1 + b)
    return residual**2 / (142 + 6 + 2 * 405) + (a / 0.28) ** 2 + (b / 0.25) ** 2


@pytest.mark.parametrize("N", [0.0, 50.0, 136.0, 180.0, 500.0])
def test_profile_is_the_minimum(N):
    found = minimize(printed, [0, 0], args=(N,), tol=1e-14)
    assert CSI(N) == pytest.approx(found.fun, abs=1e-9)
    assert CSI.nuisances(N) == pytest.approx(found.x, abs=1e-5)
    assert printed(CSI.nuisances(N), N) == pytest.approx(float(CSI(N)), rel=1e-12, abs=1e-12)


@given(
    observed=st.floats(1, 1e5),
    relative=st.floats(0.01, 3),
    least=st.floats(0, 1e5),
    sigma=st.floats(0, 0.4),
)
def test_upper_limit_is_the_root(observed, relative, least, sigma):
    chi = CountChi2(observed, relative * observed, sigma_signal=sigma)
    try:
        limit = chi.upper_limit(least, 2.71)
    except NoLimitError:
        far = max(observed, least) * 1e9
        floor = float(chi(max(least, observed)))
        assert chi(far) - floor <= 2.71 * (1 + 1e-6)
        return
    floor = float(chi(max(least, observed)))
    assert limit >= max(least, observed) * (1 - 1e-9)
    assert float(chi(limit)) - floor == pytest.approx(2.71, rel=1e-6, abs=1e-13 * floor)


def test_upper_limit_on_both_sides_of_the_data():
    """Below the data the minimum is at N = D - B; above, at the least signal: mu^2 >= 0."""
    for least, floor in ((100.0, 0.0), (180.0, float(CSI(180.0)))):
        root = brentq(lambda N, c=floor: float(CSI(N)) - c - 2.71, max(136.0, least), 1e4)
        assert CSI.upper_limit(least, 2.71) == pytest.approx(root, rel=1e-10)


def test_no_limit_when_the_pull_absorbs_all():
    chi = CountChi2(100, 100, sigma_signal=0.7)
    with pytest.raises(NoLimitError, match=r"stays below 2.04.*allowed: less than that"):
        chi.upper_limit(100, 2.71)


def test_many_experiments_in_one_array():
    observed = np.array([-12.0, 0.0, 142.0, 400.0])
    variance = np.array([800.0, 816.0, 958.0, 1216.0])
    many = CountChi2(observed, variance, 6, 0.28, 0.25)
    each = [CountChi2(d, v, 6, 0.28, 0.25) for d, v in zip(observed, variance, strict=True)]
    assert many(180.0) == pytest.approx([float(one(180.0)) for one in each], rel=1e-15)
    assert many.least(180.0) == pytest.approx([float(one.least(180.0)) for one in each])
    assert many.least(180.0)[3] == 0
    with pytest.raises(DomainError, match="observed: got inf at index 1"):
        CountChi2(np.array([1.0, np.inf]), 1.0)


@given(observed=st.floats(-300, 300), least=st.floats(0, 400), sigma=st.floats(0.05, 1))
def test_least_is_below_all(observed, least, sigma):
    """Also where the count is below its background, and chi2 falls again at a large signal."""
    chi = CountChi2(observed, 958, 6, sigma, 0.25)
    N = least + np.concatenate([[0], np.geomspace(1e-3, 1e9, 2000)])
    assert float(chi.least(least)) <= chi(N).min() * (1 + 1e-12)
    assert float(chi.least(least)) == pytest.approx(chi(N).min(), abs=2e-3, rel=1e-5)


def test_variance_of_the_measurement():
    assert CountChi2(142, 958, 6, 0.28, 0.25) == CSI


@pytest.mark.parametrize("N", [50.0, 100.0, 170.0])
def test_projection_against_minimisation(N):
    """arXiv:1905.03750's chi2 of reactors and next generation, minimised numerically over a."""
    found = minimize(
        lambda a: (100 - N * (1 + a[0])) ** 2 / (1.2 * 100) + (a[0] / 0.2) ** 2, [0], tol=1e-14
    )
    assert Projection(0.2, 0.2).chi2(100.0)(N) == pytest.approx(found.fun, rel=1e-9, abs=1e-12)
    tabulated = Projection(0.2, 0.2).without_signal_nuisance().chi2(100.0)
    assert tabulated(N) == pytest.approx((100 - N) ** 2 / 120)


def test_what_a_measurement_refuses():
    counted = CountingMeasurement(142, 6, 405, 0.28, 0.25)
    assert counted.without_signal_nuisance().chi2(180.0) == CountChi2(142, 958, 6, 0.0, 0.25)
    with pytest.raises(DomainError, match="Standard Model events: got 0"):
        Projection(0.1, 0.1).chi2(0.0)
    with pytest.raises(DomainError, match="sigma_sys: got -1"):
        Projection(0.1, -1)


def test_levels():
    assert delta_chi2(0.90, 1) == pytest.approx(2.7055, abs=1e-4)
    assert delta_chi2(0.90, 2) == pytest.approx(4.6052, abs=1e-4)
    assert delta_chi2(0.6826894921) == pytest.approx(1, abs=1e-8)


LEVELS = [*np.geomspace(1e-3, 0.5, 60).tolist(), *(1 - np.geomspace(0.5, 1e-10, 60)).tolist()]


@pytest.mark.parametrize("level", [1e-39, 1e-12, *LEVELS, 1 - 2**-53])
def test_levels_keep_their_digits(level):
    """To a few roundings, and as far as scipy does."""
    with mpmath.workdps(40):
        exact = 2 * mpmath.erfinv(mpmath.mpf(level)) ** 2, -2 * mpmath.log1p(-mpmath.mpf(level))
    for parameters in (1, 2):
        found = delta_chi2(level, parameters)
        assert found == pytest.approx(float(exact[parameters - 1]), rel=2e-15, abs=0)
        if level in LEVELS:
            known = 2 * gammaincinv(parameters / 2, level)
            assert found == pytest.approx(known, rel=1e-13, abs=0)


@pytest.mark.parametrize("level", [0, 1, -0.1, 90, np.nan])
def test_bad_levels(level):
    with pytest.raises(DomainError, match="confidence level: got"):
        delta_chi2(level)


def test_bad_input():
    with pytest.raises(DomainError, match="number of parameters: got 0"):
        delta_chi2(0.9, 0)
    half: Any = 1.5
    with pytest.raises(DomainError, match=r"number of parameters: got 1\.5; allowed: integers"):
        delta_chi2(0.9, half)
    with pytest.raises(DomainError, match="expected signal: got -1"):
        CSI(-1)
    with pytest.raises(DomainError, match="variance: got 0; allowed: finite, above 0"):
        CountChi2(1, 0)
    with pytest.raises(DomainError, match="steady_state: got nan"):
        CountingMeasurement(142, 6, np.nan, 0.28, 0.25)


@pytest.mark.parametrize("sigmas", [(0.0, 0.0), (0.28, 0.25), (0.1, 0.0), (0.0, 0.3)])
def test_one_bin_is_the_single_count(sigmas):
    single = CountChi2(142, 958, 6, *sigmas)
    binned = BinnedChi2(np.array([142.0]), np.array([958.0]), np.array([6.0]), *sigmas)
    N = np.array([50.0, 136.0, 180.0, 400.0])
    np.testing.assert_allclose(binned(N[:, np.newaxis]), single(N), rtol=1e-12, atol=1e-13)


def test_bins_are_the_minimum_over_the_pulls():
    chi = BinnedChi2(
        np.array([90.0, 50.0, 10.0]),
        np.array([95.0, 60.0, 12.0]),
        np.array([4.0, 8.0, 1.0]),
        0.1,
        0.3,
    )
    N = np.array([100.0, 35.0, 12.0])

    def free(pulls):
        a, b = pulls
        residual = chi.observed - (1 + a) * N - (1 + b) * chi.background
        return np.sum(residual**2 / chi.variance) + (a / 0.1) ** 2 + (b / 0.3) ** 2

    least = minimize(free, [0, 0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13})
    assert float(chi(N)) == pytest.approx(least.fun, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BinnedChi2(np.ones(2), np.ones(1), np.ones(2)), "one each for every bin"),
        (lambda: BinnedChi2(np.ones(2), np.zeros(2), np.ones(2)), "variance: got 0 at index 0"),
        (lambda: BinnedChi2(np.ones(2), np.ones(2), np.ones(2))([1.0]), "allowed: 2 bins along"),
        (lambda: CountingMeasurement(9, 1, 2, 0.1, 0.1).binned_chi2([5, 4]), "bins: got 2"),
        (lambda: Projection(0.1, 0.1).binned_chi2([5.0, 0.0]), "Standard Model events: got 0"),
        (lambda: PoissonProjection(-0.1, 0, 0, 0), "background_share: got -0.1"),
    ],
)
def test_bins_refused(call, words):
    with pytest.raises(DomainError, match=words):
        call()


@pytest.mark.parametrize("rise", [0.0, 0.5, 1.0, 4.61])
def test_upper_limit_is_where_chi2_has_risen(rise):
    chi2 = CountChi2(142, 958, 6, 0.28, 0.25)
    limit = chi2.upper_limit(180.0, rise)
    assert chi2(limit) - chi2.least(180.0) == pytest.approx(rise, abs=1e-12)
    assert limit >= 180.0 * (1 - 1e-12)


def exact_excess(chi, N, rise):
    """The excess with 60 digits, from the quadratic in N as it stands."""
    with mpmath.workdps(60):
        D, V, B, s, t, N, rise = map(
            mpmath.mpf,
            (*vars(chi).values(), N, rise),
        )
        best = max(N, D - B)
        constant = V + (t * B) ** 2
        level = rise + (D - B - best) ** 2 / (constant + (s * best) ** 2)
        square, room = 1 - level * s**2, D - B
        root = mpmath.sqrt(level * ((room * s) ** 2 + square * constant))
        return float((room + root) / square - N)


@pytest.mark.parametrize("N", [10.0, 180.0, 1e5, 3.6e9, 1e15])
@pytest.mark.parametrize("sigma", [0.0, 0.1])
@pytest.mark.parametrize("rise", [1e-20, 2.71])
def test_an_excess_keeps_its_digits_beside_a_large_signal(N, sigma, rise):
    chi = CountChi2(142, 958, 6, sigma, 0.25)
    if sigma and rise + float(chi.least(N)) >= chi.at_infinity:
        return
    assert chi.allowed_excess(N, rise) == pytest.approx(exact_excess(chi, N, rise), rel=1e-9)
    assert chi.allowed_excess(N, rise) > 0


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(DomainError, match=r"shapes: got observed \(2,\), variance \(3,\)"):
        CountChi2(np.ones(2), np.ones(3))
    with pytest.raises(DomainError, match="shapes that broadcast"):
        CountChi2(np.ones(2), np.ones(2))([1.0, 2.0, 3.0])
    with pytest.raises(DomainError, match=r"observed events: got .* allowed: one number"):
        CountChi2(np.ones(2), np.ones(2)).upper_limit(1.0, 2.71)


def test_a_measurement_keeps_its_numbers_to_itself():
    observed = np.array([100.0, 200.0])
    chi = CountChi2(observed, np.array([50.0, 50.0]))
    before = chi(150.0)
    observed[:] = np.nan
    assert np.array_equal(chi(150.0), before)
    assert isinstance(chi.observed, np.ndarray)
    with pytest.raises(ValueError, match="read-only"):
        chi.observed[0] = 1.0


def test_a_percentage_gets_a_hint():
    with pytest.raises(DomainError, match=r"confidence level: got 90; .*did you give a percent"):
        delta_chi2(90)
