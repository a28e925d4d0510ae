"""Moments from data in bins: the needs of people outside, and what must hold of any data."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_distribution

from cevnslib import experiments, rates
from cevnslib.detectors.detector import Detector
from cevnslib.errors import BadFitWarning, ConfigurationError, UnknownNameError
from cevnslib.physics.interactions import StandardModel
from cevnslib.physics.targets import target
from cevnslib.sources.reactor import reactor_of_flux
from cevnslib.statistics.chi2 import CountChi2
from cevnslib.statistics.counts import GaussianCounts, PoissonCounts
from cevnslib.statistics.data import CountingMeasurement, Projection
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.templates import Nuisance
from cevnslib.studies import moments, regions
from cevnslib.studies.spectral import SpectralConstraint, spectral_constraint

WEAK = StandardModel()
RISE = chi2_distribution.ppf(0.90, 1)
CSI, CONUS = experiments.load("coherent-csi"), experiments.load("conus")
#: Of root finding.
FOUND = 1e-6


def projection(name, experiment, nuisance):
    """Return the projection of the 2019 paper as a data set with a named nuisance."""
    expected = rates.expected_counts(experiment, WEAK)
    share = experiment.measurement.sigma_stat
    variations = {nuisance: 1.0}
    return GaussianCounts(name, expected, variance=(1 + share) * expected, variations=variations)


@pytest.mark.parametrize(
    ("names", "shared", "printed"),
    [
        (("coherent-csi", "coherent-lar"), True, 12.64),
        (("coherent-csi", "coherent-lar"), False, 15.19),
        (("coherent-hpge", "coherent-nai"), True, None),
    ],
)
def test_detectors_share_the_error_of_their_flux(names, shared, printed):
    """D24; two counts and one pull by hand, on a grid of pulls that is refined at its best."""
    loaded = {name: experiments.load(name, "projected") for name in names}
    data = [
        projection(name, experiment, Nuisance("flux" if shared else name, 0.1))
        for name, experiment in loaded.items()
    ]
    limit = spectral_constraint(loaded, data).limits()[0] / 1e-10
    if printed:
        assert limit == pytest.approx(printed, abs=0.005)
    if shared:
        weights = [rates.moment_matrix(experiment)[0, 0].real for experiment in loaded.values()]
        seen = np.array([each.observed[0] for each in data])
        variance = np.array([each.variance[0] for each in data])

        def chi2(moment):
            mean = seen + (moment * 1e-10) ** 2 * np.array(weights)
            pull = np.sum(mean * (seen - mean) / variance) / (np.sum(mean**2 / variance) + 100)
            return np.sum((seen - mean * (1 + pull)) ** 2 / variance) + 100 * pull**2

        assert limit == pytest.approx(brentq(lambda x: chi2(x) - RISE, 0.1, 1e3), rel=FOUND)


@pytest.mark.parametrize(
    ("seen", "printed"), [((100, 140), (2.03, 5.41)), ((130, 150), None), ((90, 95), None)]
)
def test_counts_that_disagree_are_combined_at_the_best_fit_of_their_sum(seen, printed):
    """D25: K = 1e20 per Bohr magneton squared and 100 events of the Standard Model, each."""
    K, signal = 1e20, 100.0
    data = [GaussianCounts(str(i), n, variance=n) for i, n in enumerate(seen)]
    both = SpectralConstraint(
        {each.name: np.array([signal]) for each in data},
        {each.name: K * np.eye(3, dtype=np.complex128)[np.newaxis] + 0j for each in data},
        {each.name: np.zeros((3, 1)) for each in data},
        Likelihood(data),
    )
    pieces = both.interval_along([1, 0, 0])

    def chi2(moment):
        mean = signal + K * (moment * 1e-10) ** 2
        return sum((n - mean) ** 2 / n for n in seen)

    grid = np.linspace(0, 12, 120_001)
    allowed = grid[chi2(grid) <= chi2(grid).min() + RISE]
    assert len(pieces) == 1
    assert np.array(pieces[0]) / 1e-10 == pytest.approx([allowed[0], allowed[-1]], abs=2e-4)
    if printed:
        assert np.array(pieces[0]) / 1e-10 == pytest.approx(printed, abs=0.005)


@pytest.mark.parametrize("seen", [(100, 140), (130, 150), (90, 95), (60, 180)])
def test_combined_counts_are_less_the_best_fit_of_their_sum(seen):
    """The same, of counting experiments; on a grid of the size of the only moment they see."""
    K = 1e20 * np.diag([1.0, 0, 0]).astype(np.complex128)
    parts = [moments.Constraint(100.0, K, CountChi2(n, n)) for n in seen]
    sizes = np.linspace(0, 12e-10, 120_001)
    chi2 = sum((n - 100 - 1e20 * sizes**2) ** 2 / n for n in seen)
    ours = regions.combined_delta_chi2(parts, sizes[::1000, np.newaxis] * np.eye(3)[0])
    assert ours == pytest.approx((chi2 - chi2.min())[::1000], abs=1e-5)
    assert np.all(ours >= -1e-9)


@pytest.mark.parametrize(("mass", "days", "printed"), [(0.010, 3, 5.17), (0.010, 30, None)])
def test_less_than_one_event(mass, days, printed):
    """D26: 10 g of sapphire for three days; what is expected is taken as counted."""
    flux = 1.7e12
    detector = Detector(target("Al2O3"), mass, 20e-6)
    source = reactor_of_flux(flux, 8000.0, end=8.0)
    mine = experiments.Experiment(
        "mine", "", "mine", source, detector, 8000.0, days * 86400.0, Projection(0, 0), {}
    )
    n = rates.expected_counts(mine, WEAK)
    limit = spectral_constraint({"mine": mine}, [PoissonCounts("mine", n)]).effective_limit("e")
    events = brentq(lambda s: 2 * (s - n * np.log(1 + s / n)) - RISE, 1e-3, 100)
    one = rates.moment_matrix(mine).trace().real / 2  # of a projector of rank two
    assert limit == pytest.approx(np.sqrt(events / one), rel=FOUND)
    if printed:
        assert n == pytest.approx(0.206, abs=0.001)
        assert events == pytest.approx(1.82, abs=0.005)
        assert limit / 1e-10 == pytest.approx(printed, abs=0.005)


def test_one_bin_is_the_count():
    """Of one bin without nuisances the limits are those of the counting experiment."""
    blind = CONUS.without_signal_nuisance()
    constraint = moments.constraint(blind)
    chi2 = constraint.chi2
    data = GaussianCounts("conus", chi2.observed, variance=chi2.variance)
    same = spectral_constraint({"conus": blind}, [data])
    assert same.limits() == pytest.approx(constraint.limits(), rel=FOUND)
    assert same.chi2([1e-10, 2e-10j, 0]) == pytest.approx(
        constraint.chi2(constraint.signal + constraint.magnetic_counts([1e-10, 2e-10j, 0]))
    )
    limit = moments.effective_limits(blind)["e"]
    assert same.effective_limit("e") == pytest.approx(limit, rel=FOUND)
    assert same.effective_limit("mu") == np.inf


def test_bins_help_where_shapes_differ():
    """The magnetic spectrum is steeper: more bins never weaken an expected limit."""
    limits = []
    for edges in ((0.1e-3, 0.4e-3), (0.1e-3, 0.15e-3, 0.4e-3), (0.1e-3, 0.12e-3, 0.15e-3, 0.4e-3)):
        detector = replace(CONUS.detector, threshold=0.0, bins=edges)
        conus = replace(CONUS, detector=detector)
        expected = rates.binned_counts(conus, WEAK)
        data = PoissonCounts("conus", expected, variations={Nuisance("flux", 0.1): 1})
        limits.append(spectral_constraint({"conus": conus}, [data]).limits()[0])
    assert limits[0] > limits[1] > limits[2]


def test_data_that_do_not_fit():
    """D27: a count far below what is expected gives a limit, and a word on it."""
    data = GaussianCounts("csi", 40.0, variance=40.0)
    constraint = spectral_constraint({"csi": CSI}, [data])
    with pytest.warns(BadFitWarning):
        constraint.limits()
    bad = replace(CSI, measurement=CountingMeasurement(3000, 0, 0, 0.05, 0.0), exposure=1.75e9)
    with pytest.warns(BadFitWarning, match="chi2"):
        moments.tmm_limits(bad)


def test_a_moment_that_nuisances_absorb_has_no_limit():
    data = GaussianCounts("csi", 180.0, variance=180.0, variations={Nuisance("all", np.inf): 1})
    assert np.all(np.isinf(spectral_constraint({"csi": CSI}, [data]).limits()))


def test_bad_input():
    data = PoissonCounts("csi", 180.0)
    with pytest.raises(ConfigurationError, match="experiments: got the names conus; allowed: thos"):
        spectral_constraint({"conus": CONUS}, [data])
    with pytest.raises(ConfigurationError, match="data csi: got 2 bins; allowed: 1, as many as th"):
        spectral_constraint({"csi": CSI}, [PoissonCounts("csi", [1.0, 2.0])])
    with pytest.raises(UnknownNameError, match="unknown flavour 'x'"):
        spectral_constraint({"csi": CSI}, [data]).effective_limit("x")
