"""Measurements as data sets: of the first kinds beside their chi2, and what a file records."""

from dataclasses import replace

import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.errors import DomainError, KindError, NoLimitError, UnknownNameError
from cevnslib.statistics.chi2 import delta_chi2
from cevnslib.statistics.counts import GaussianCounts, OnOffCounts, PoissonCounts
from cevnslib.statistics.data import (
    CountingMeasurement,
    NotMeasured,
    PoissonProjection,
    Projection,
)
from cevnslib.statistics.likelihood import Likelihood
from cevnslib.statistics.recorded import Recorded, WithNuisances
from cevnslib.statistics.strengths import strengths
from cevnslib.statistics.templates import Nuisance, Template
from cevnslib.studies.moments import constraint
from cevnslib.studies.report import limits_report

FLUX = Nuisance("flux", 0.1)
DUST = Template("dust", [6.0], {Nuisance("dust", 0.25): 1})


def random_measurements(rng):
    """Return measurements of the first kinds, and a prediction in the same range."""
    size = 10 ** rng.uniform(0, 6)
    errors = rng.choice([0.0, 0.05, 0.2], 2)
    shares = rng.uniform(0, 2, 2)
    yield CountingMeasurement(size * rng.uniform(0.2, 2), *(size * shares), *errors), size
    yield Projection(shares[0], errors[0]), size
    yield PoissonProjection(*shares, *errors), size


@pytest.mark.parametrize("seed", range(8))
def test_the_first_kinds_as_data_sets(seed):
    """Their -2 ln L is the chi2 of one count, and so are the limits."""
    rng = np.random.default_rng(seed)
    for measurement, size in random_measurements(rng):
        chi2 = measurement.chi2(size)
        likelihood = Likelihood([measurement.counts("mine", size)])
        signals = size * rng.uniform(0, 4, 50)
        assert likelihood(signals[:, None]) == pytest.approx(chi2(signals), rel=1e-9, abs=1e-12)
        found = strengths(likelihood, [{"mine": size}, {"mine": 1.0}])
        try:
            expected = chi2.allowed_excess(size, delta_chi2())
        except NoLimitError:
            expected = np.inf
        assert found.upper == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("kind", [Projection(0.3, 0.2), PoissonProjection(0.1, 0.5, 0.2, 0.3)])
def test_projections_in_bins(kind):
    expected = np.array([60.0, 40.0, 5.0])
    signals = expected * np.random.default_rng(1).uniform(0.5, 2, (20, 3))
    found = Likelihood([kind.counts("mine", expected)])(signals)
    assert found == pytest.approx(kind.binned_chi2(expected)(signals), rel=1e-9)
    with pytest.raises(NoLimitError):
        kind.counts("mine", [1.0, 0.0])


@pytest.mark.filterwarnings("ignore::cevnslib.errors.BadFitWarning")
@pytest.mark.parametrize("seed", range(4))
def test_limits_of_constraints(seed):
    """With other numbers in place of those measured."""
    rng = np.random.default_rng(seed)
    given = experiments.load(("coherent-csi", "texono")[seed % 2])
    total = constraint(given).signal
    for measurement, size in random_measurements(rng):
        if isinstance(measurement, CountingMeasurement):
            names = ("observed", "background", "steady_state")
            scale = total / size
            changes = {name: scale * getattr(measurement, name) for name in names}
            measurement = replace(measurement, **changes)
        mine = replace(given, measurement=measurement)
        limits = limits_report([mine]).limits["transition_moments"]
        try:
            expected = constraint(mine).limits()
        except NoLimitError:
            expected = np.full(3, np.inf)
        assert limits == pytest.approx(expected, rel=1e-8)


def test_one_gaussian_count_has_a_chi2():
    """So that sheets and tables take what a file records, where its chi2 is theirs."""
    recorded = Recorded([142.0], "gaussian", [958.0], templates=[DUST], variations={FLUX: 2.8})
    chi2, data = recorded.chi2(180.0), recorded.counts("mine", 180.0)
    counted = CountingMeasurement(142, 6, 405, 0.28, 0.25).chi2(180.0)
    assert vars(chi2) == pytest.approx(vars(counted))
    signals = np.linspace(0, 400, 9)
    assert Likelihood([data])(signals[:, None]) == pytest.approx(chi2(signals), rel=1e-9)
    for other in (
        Recorded([142.0]),
        Recorded([1.0, 2.0], "gaussian"),
        replace(recorded, templates=[Template("dust", [6.0], {FLUX: 1})]),
    ):
        with pytest.raises((KindError, DomainError)):
            other.chi2(180.0)
    with pytest.raises(KindError, match="2 bins"):
        recorded.binned_chi2([90.0, 90.0])


def test_nuisances_are_its_own_or_shared():
    recorded = Recorded([3.0], templates=[DUST], variations={FLUX: 1.0}, shared=["flux"])
    names = [one.name for one in recorded.counts("mine", 2.0).nuisances]
    assert names == ["flux", "mine: dust"]


def test_the_laws():
    assert type(Recorded([3.0]).counts("x", 1.0)) is PoissonCounts
    assert type(Recorded([3.0], off=[2.0]).counts("x", 1.0)) is OnOffCounts
    both = Recorded([30.0], "gaussian", off=[20.0], ratio=2.0).counts("x", 1.0)
    assert type(both) is GaussianCounts
    assert (both.observed[0], both.variance[0]) == (-10, 110)
    assert Recorded([-3.0], "gaussian", [4.0]).projected is False
    assert Recorded().projected is True
    with pytest.raises(NoLimitError, match="expected events: got 0"):
        Recorded(law="gaussian").counts("x", 0.0)
    assert Recorded().counts("x", 0.0).observed.tolist() == [0]


def test_more_exposure():
    """Counts grow, relative errors stay, and so do limits on the rate of a large signal."""
    once = Recorded([3.0], off=[4.0], ratio=2.0, templates=[DUST], variations={FLUX: 1})
    more = once.scaled(3.0)
    assert isinstance(more, Recorded)
    assert (more.observed[0], more.off[0], more.ratio) == (9, 12, 2)
    assert more.templates[0].counts.tolist() == [18]
    absolute = Recorded([3.0], templates=[Template("a", [2.0], {FLUX: [0.5]})]).scaled(2.0)
    assert isinstance(absolute, Recorded)
    assert absolute.templates[0].variations[FLUX].tolist() == [1.0]
    assert once.without_signal_nuisance().variations == {}


def test_nuisances_beside_another_measurement():
    base = PoissonProjection(0.5, 1.0, 0.3, 0.0)
    mine = WithNuisances(base, {FLUX: 4.0}, {Nuisance("dust", 0.2): 1.0})
    chi2 = mine.chi2(100.0)
    assert chi2.sigma_signal == pytest.approx(0.5)
    assert chi2.sigma_background == pytest.approx(0.2)
    signals = np.linspace(0, 300, 7)
    found = Likelihood([mine.counts("x", 100.0)])(signals[:, None])
    assert found == pytest.approx(chi2(signals), rel=1e-9, abs=1e-12)
    without = mine.without_signal_nuisance().chi2(100.0)
    assert without.sigma_signal == 0
    assert without.sigma_background == pytest.approx(0.2)
    assert mine.scaled(2.0).chi2(200.0).observed == 300
    assert mine.projected
    with pytest.raises(KindError, match="signal and background together"):
        WithNuisances(base, {FLUX: 1.0}, {FLUX: 1.0}).chi2(100.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"observed": [1.0, -1.0]}, "counts: got -1"),
        ({"observed": [1.0, np.nan]}, "counts: got nan"),
        ({"observed": [1.0], "variance": [1.0]}, "errors: got some beside"),
        ({"observed": [1.0], "law": "gaussian", "variance": [0.0]}, "squared errors: got 0"),
        ({"observed": [1.0, 2.0], "off": [1.0]}, "bins: got 2 of counts, 1 of off counts"),
        ({"observed": [1.0, 2.0], "templates": [DUST]}, "2 of counts, 1 of background dust"),
        ({"observed": [1.0], "off": [1.0], "ratio": 0.0}, "ratio of on to off: got 0"),
        (
            {"templates": [DUST], "variations": {Nuisance("dust", 0.3): 1}},
            "nuisance dust: got .*0.3.*0.25",
        ),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(DomainError, match=words):
        Recorded(**options)


def test_what_is_refused_later():
    with pytest.raises(UnknownNameError, match="law"):
        Recorded([1.0], "poison")
    with pytest.raises(DomainError, match=r"bins: got 1 numbers.*allowed: 2"):
        Recorded([1.0]).counts("x", [1.0, 2.0])
    with pytest.raises(DomainError, match="counts: got -1 in a bin without an error"):
        Recorded([-1.0], "gaussian").counts("x", [1.0])
    with pytest.raises(KindError, match="NotMeasured"):
        NotMeasured().counts("x", 1.0)
