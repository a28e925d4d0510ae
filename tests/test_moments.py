"""Limits of COHERENT-CsI."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cevnslib import experiments, rates
from cevnslib.claims import judge
from cevnslib.errors import DomainError, NoLimitError, UnknownNameError
from cevnslib.physics import interactions, mixing
from cevnslib.physics.mixing import OscillationParameters, flavour_projector, pmns
from cevnslib.statistics.chi2 import delta_chi2
from cevnslib.statistics.data import CountingMeasurement
from cevnslib.studies import moments, published
from cevnslib.studies.moments import constraint, luminosity_scan, solar_limits, tmm_limits
from cevnslib.studies.published import UNIT, limit_table

CSI = experiments.load("coherent-csi")


@pytest.mark.parametrize("beam", ["prompt", "delayed"])
def test_published_row(beam):
    row = published.numbers(experiment="coherent-csi", beam=beam, stage="2019")
    for number, ours in zip(row, tmm_limits(CSI, beam), strict=True):
        assert judge(number, ours / UNIT).ratio == pytest.approx(1, abs=0.05)


def ratios(values):
    return np.array(values[1:]) / values[0]


def printed_ratio_ranges(row):
    low = [(n.value - n.half_unit) / (row[0].value + row[0].half_unit) for n in row[1:]]
    high = [(n.value + n.half_unit) / (row[0].value - row[0].half_unit) for n in row[1:]]
    return np.array(low), np.array(high)


@pytest.mark.parametrize("beam", ["prompt", "delayed"])
def test_column_ratios_are_mixing_weights(beam):
    """The ratios of the columns depend on the mixing alone; ours agree with print to rounding."""
    ours = tmm_limits(CSI, beam)
    low, high = printed_ratio_ranges(
        published.numbers(experiment="coherent-csi", beam=beam, stage="2019")
    )
    assert np.all(low <= ratios(ours))
    assert np.all(ratios(ours) <= high)


def test_prompt_ratios_are_those_of_the_projector():
    weights = flavour_projector("mu").diagonal().real ** -0.5
    assert ratios(tmm_limits(CSI, "prompt")) == pytest.approx(ratios(weights), rel=1e-12)


def test_limit_lies_where_chi2_has_risen():
    for beam in ("prompt", "delayed", "all"):
        found = constraint(CSI, beam)
        for i, limit in enumerate(found.limits()):
            at_limit = found.delta_chi2(limit * np.eye(3)[i])
            assert at_limit == pytest.approx(delta_chi2(), rel=1e-9)
            assert found.delta_chi2(0.99 * limit * np.eye(3)[i]) < delta_chi2()
    assert found.delta_chi2([0, 0, 0]) >= 0


def test_all_beams_limit_more_than_each():
    both = tmm_limits(CSI)
    for beam in ("prompt", "delayed"):
        assert np.all(both < tmm_limits(CSI, beam))


def test_higher_confidence_allows_more():
    assert np.all(tmm_limits(CSI, confidence=0.99) > tmm_limits(CSI, confidence=0.90))


def test_global_phase_and_blind_direction():
    p = OscillationParameters(0.32, 0.0216, 0.547, 1.3)
    found = constraint(CSI, "prompt", parameters=p)
    L = np.array([3e-9, 2e-9j, 1e-9 * np.exp(0.7j)])
    assert found.delta_chi2(L * np.exp(0.4j)) == pytest.approx(float(found.delta_chi2(L)), rel=1e-9)
    blind = 1e-8 * pmns(p)[1].conj()
    assert found.magnetic_counts(blind) == pytest.approx(0, abs=1e-10)


def test_limits_with_the_others_profiled():
    """sqrt(N (K^-1)_ii); a beam of one flavour alone is blind to one combination."""
    p = OscillationParameters(0.32, 0.0216, 0.547, 1.3)
    found = constraint(CSI, parameters=p)
    inverse = np.linalg.inv(found.matrix).diagonal().real
    expected = np.sqrt(found.allowed_counts() * inverse)
    assert found.limits(others="profiled") == pytest.approx(expected, rel=1e-9)
    assert np.all(found.limits(others="profiled") > found.limits())
    assert np.all(np.isinf(constraint(CSI, "prompt", parameters=p).limits(others="profiled")))
    with pytest.raises(UnknownNameError, match="unknown treatment of the others 'free'; allowed"):
        found.limits(others="free")


def test_limit_along_a_direction():
    p = OscillationParameters(0.32, 0.0216, 0.547, 1.3)
    found = constraint(CSI, "prompt", parameters=p)
    assert found.limit_along(np.eye(3)) == pytest.approx(found.limits(), rel=1e-12)
    direction = np.array([3.0, 1j, -2.0])
    limit = found.limit_along(direction)
    moments = limit * direction / np.linalg.norm(direction)
    assert found.delta_chi2(moments) == pytest.approx(delta_chi2(), rel=1e-9)
    assert found.limit_along(5 * direction) == pytest.approx(float(limit), rel=1e-12)
    assert np.isinf(found.limit_along(pmns(p)[1].conj()))
    with pytest.raises(DomainError, match="length of the direction: got 0; allowed: finite, above"):
        found.limit_along([0, 0, 0])


def test_bad_input():
    with pytest.raises(UnknownNameError, match="unknown beam 'solar'"):
        tmm_limits(CSI, "solar")
    with pytest.raises(DomainError, match="confidence level: got 90"):
        tmm_limits(CSI, confidence=90)
    with pytest.raises(DomainError, match="moments: got"):
        constraint(CSI).delta_chi2([1e-10, 2e-10])


VERDICTS = {
    tuple(v.claim.subject[key] for key in ("experiment", "beam", "stage", "quantity")): v
    for v in published.verdicts("left out")
}


@pytest.mark.parametrize(("stage", "precision"), [("2019", 0.035), ("projected", 0.025)])
def test_spallation_rows_as_tabulated(stage, precision):
    rows = [v for key, v in VERDICTS.items() if key[1] in ("prompt", "delayed") and key[2] == stage]
    assert len(rows) == 24
    for verdict in rows:
        assert verdict.ratio == pytest.approx(1, abs=precision), verdict.claim
        assert verdict.word == "reproduced"


def test_borexino_row():
    for index in (1, 2, 3):
        assert VERDICTS["borexino", "solar", "2019", f"lambda{index}"].to_rounding


def test_borexino_row_needs_the_beryllium_line():
    pp = solar_limits(experiments.load_solar(line="pp"))
    numbers = published.numbers(experiment="borexino")
    found = [judge(n, x / UNIT).to_rounding for n, x in zip(numbers, pp, strict=True)]
    assert found == [False, False, True]


def test_solar_limits_of_what_is_not_seen():
    """If all solar neutrinos were nu_3, they would see nothing of Lambda_3."""
    only_third = OscillationParameters(0.32, 1.0, 0.547)
    ours = solar_limits(experiments.load_solar(), only_third)
    assert ours[:2] == pytest.approx([2.8e-11, 2.8e-11], rel=1e-12)
    assert np.isinf(ours[2])


@pytest.mark.parametrize("stage", ["2019", "projected"])
@pytest.mark.parametrize("name", ["conus", "connie", "miner", "texono", "red100"])
@pytest.mark.parametrize("kind", experiments.THRESHOLD_KINDS)
def test_reactor_columns_as_published(name, stage, kind):
    """Whatever the size of a limit, the ratios of the columns follow from mixing."""
    experiment = experiments.load(name, stage, threshold_kind=kind)
    if name == "red100" and kind != "nuclear-recoil":
        with pytest.raises(NoLimitError, match=r"threshold: got 0\.5 keV, above which no events"):
            tmm_limits(experiment)
        return
    ours = tmm_limits(experiment)
    low, high = printed_ratio_ranges(
        published.numbers(experiment=name, beam="reactor", stage=stage)
    )
    assert np.all(low <= ratios(ours))
    assert np.all(ratios(ours) <= high)


@pytest.mark.parametrize("treatment", experiments.SIGNAL_NUISANCE)
def test_limits_and_exposure(treatment):
    """Statistics alone: limits fall as exposure^(-1/4); the nuisance flattens them."""
    base = experiments.variants(experiments.load("coherent-lar"))[treatment]
    more = replace(base, exposure=16 * base.exposure)
    gain = tmm_limits(base) / tmm_limits(more)
    if treatment == "left out":
        assert gain == pytest.approx(2.0, rel=1e-9)
    else:
        assert np.all(gain < 1.2)


def test_limits_and_detection_efficiency():
    base = experiments.load("conus")
    worse = replace(base, detector=replace(base.detector, threshold=1.5e-4))
    assert np.all(tmm_limits(worse) > tmm_limits(base))


def test_as_tabulated_formula():
    """mu^2_lim = sqrt(2.71 (1 + sigma_stat) N_SM) / N_EM(mu = 1)."""
    found = constraint(experiments.load("coherent-hpge").without_signal_nuisance(), "prompt")
    squared = np.sqrt(delta_chi2() * 1.2 * found.signal) / found.matrix.diagonal().real
    assert found.limits() ** 2 == pytest.approx(squared, rel=1e-12)


def test_profiled_phases_are_the_weakest():
    scan = [
        tmm_limits(CSI, "prompt", parameters=OscillationParameters(0.32, 0.0216, 0.547, delta))
        for delta in np.linspace(0, 2 * np.pi, 37)
    ]
    profiled = tmm_limits(CSI, "prompt", phases="profiled")
    assert profiled == pytest.approx(np.max(scan, axis=0), rel=1e-9)
    with pytest.raises(
        UnknownNameError, match="unknown treatment of phases 'free'; allowed: fixed"
    ):
        tmm_limits(CSI, phases="free")


def test_table_of_limits():
    rows = limit_table()
    assert len({(row.experiment, row.stage, row.beam) for row in rows}) == len(rows) >= 35
    for row in rows:
        assert all(np.isfinite(row.values))
        assert all(1e-12 < value < 2e-8 for value in row.values)
    with pytest.raises(UnknownNameError, match="unknown threshold_kind 'x'"):
        limit_table(threshold_kind="x")
    with pytest.raises(UnknownNameError, match="signal's nuisance 'x'; allowed: fitted, left out"):
        limit_table(signal_nuisance="x")


def test_every_published_number_has_a_verdict():
    for kind in (None, *experiments.THRESHOLD_KINDS):
        found = published.verdicts(threshold_kind=kind)
        assert [v.claim for v in found] == list(published.numbers())
        unseen = kind in experiments.THRESHOLD_KINDS[1:]  # RED100 sees nothing above 0.5 keV then
        assert sum(v.ours == np.inf for v in found) == (6 if unseen else 0)
        assert {v.word for v in found} <= {"reproduced", "close", "not reproduced"}


#: Reproduced, close and not, with no inference, with the first, with the first two, and so on.
TOTALS = [(55, 20, 6), (65, 10, 6), (66, 9, 6), (68, 10, 3), (71, 10, 0)]


def test_inferences_reproduce_more():
    """As an independent count found them, without any fit."""
    names = [each.name for each in published.inferences()]
    assert len(names) == len(TOTALS) - 1
    for steps, totals in enumerate(TOTALS):
        words = Counter(v.word for v in published.verdicts(assuming=names[:steps]))
        assert tuple(words[w] for w in ("reproduced", "close", "not reproduced")) == totals


def test_inferences_touch_reactors_only():
    every = [each.name for each in published.inferences()]
    pairs = zip(published.verdicts(), published.verdicts(assuming=every), strict=True)
    for before, after in pairs:
        if before.claim.beam != "reactor":
            assert after.ours == before.ours
    assert all(each.what and each.why and each.changes for each in published.inferences())
    with pytest.raises(UnknownNameError, match="unknown inference 'x'; allowed: quenched at thr"):
        published.verdicts(assuming=["x"])


def test_miner_by_mass():
    """58 atoms of germanium to 75 of silicon are two parts to one by mass, to 1e-4."""
    (changes,) = published.inferences()[1].changes
    detector = experiments.load("miner", target=changes["target"]).detector
    germanium, silicon = (
        sum(
            n * nuclide.mass
            for nuclide, n in zip(
                detector.target.nuclides, detector.target.nuclei_per_kg, strict=True
            )
            if nuclide.protons == Z
        )
        for Z in (32, 14)
    )
    assert germanium / silicon == pytest.approx(2, rel=2e-4)


@pytest.mark.filterwarnings("ignore::cevnslib.errors.BadFitWarning")  # a deficit that stays
@pytest.mark.parametrize("treatment", experiments.SIGNAL_NUISANCE)
@pytest.mark.parametrize("name", ["coherent-hpge", "coherent-csi"])
def test_luminosity_scan_equals_a_longer_exposure(name, treatment):
    """Ten times the time the long way round, through the integrals."""
    base = experiments.load(name)
    measurement = base.measurement
    if name == "coherent-csi":
        measurement = CountingMeasurement(1420, 60, 4050, 0.28, 0.25)
    longer = replace(base, exposure=10 * base.exposure, measurement=measurement)
    base, longer = (experiments.variants(e)[treatment] for e in (base, longer))
    found = luminosity_scan(base, [1, 10], "delayed")
    assert found[0] == pytest.approx(tmm_limits(base, "delayed"), rel=1e-12)
    assert found[1] == pytest.approx(tmm_limits(longer, "delayed"), rel=1e-9)


def test_luminosity_scan_refuses():
    with pytest.raises(DomainError, match="luminosity factor: got 0"):
        luminosity_scan(experiments.load("conus"), [1, 0])
    with pytest.raises(DomainError, match="got the shape"):
        luminosity_scan(experiments.load("conus"), [[2.0]])


def test_limits_on_effective_moments():
    """D30: of COHERENT-CsI as printed, and of a reactor, whose moment is Lambda_3 times cos13."""
    csi = moments.effective_limits(experiments.load("coherent-csi"))
    assert csi == {"e": pytest.approx(6.156e-9, rel=1e-3), "mu": pytest.approx(4.155e-9, rel=1e-3)}
    for name in ("conus", "texono"):
        reactor = experiments.load(name)
        third = moments.tmm_limits(reactor)[2]
        # |U_e3|^2 = s13^2 is what a beam of nu_e does not see of Lambda_3.
        expected = third * np.sqrt(1 - mixing.TALK_2019.sin2_theta13)
        assert moments.effective_limits(reactor) == {"e": pytest.approx(expected, rel=1e-10)}


@pytest.mark.parametrize("basis", ["flavour", "mass"])
def test_limits_on_moments_of_dirac_neutrinos(basis):
    """Against the sum over what goes out, flavour by flavour, of a matrix with a diagonal."""
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    csi = experiments.load("coherent-csi")
    U = mixing.pmns(mixing.TALK_2019)
    counts = rates.counts_by_beam(csi, interactions.MagneticMoment())
    total = 0.0
    for beam in csi.beams:
        row = ["e", "mu", "tau"].index(beam.flavour)
        comes_in = np.eye(3)[row] if basis == "flavour" else U[row].conj()
        total += counts[beam.name] * np.sum(np.abs(matrix @ comes_in) ** 2)
    allowed = moments.constraint(csi).allowed_counts()
    limit = moments.dirac_limit(csi, matrix, basis=basis)
    assert limit == pytest.approx(np.sqrt(allowed / total), rel=1e-12)


def test_a_majorana_matrix_is_one_of_dirac():
    """The antisymmetric matrix of Lambda gives the limit along Lambda."""
    csi, direction = experiments.load("coherent-csi"), np.array([1.0, 2j, -0.5])
    antisymmetric = mixing.moment_matrix_mass(direction)
    size = np.linalg.norm(direction)
    along = moments.constraint(csi).limit_along(direction)
    assert moments.dirac_limit(csi, antisymmetric, basis="mass") * size == pytest.approx(along)
    with pytest.raises(DomainError, match=r"matrix: got the shape \(3,\)"):
        moments.dirac_limit(csi, direction)
