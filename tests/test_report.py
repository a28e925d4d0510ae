"""Reports of limits from files alone: the needs of people outside, and others of their kind."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_distribution

from cevnslib import experiments
from cevnslib.errors import ConfigurationError, DomainError, NoLimitError
from cevnslib.physics.interactions import MagneticMoment, StandardModel
from cevnslib.physics.mixing import TALK_2019, pmns
from cevnslib.rates import counts_by_beam
from cevnslib.reading.data import read_measurement
from cevnslib.reading.keys import Table
from cevnslib.sources.flux import Flux
from cevnslib.statistics.data import NotMeasured
from cevnslib.studies.moments import constraint, effective_limits
from cevnslib.studies.report import distinct, limits_report

RISE = chi2_distribution.ppf(0.90, 1)
#: Of places that are bracketed to 1e-12, from counts that a quadrature gives to 1e-12.
FOUND = 1e-9
#: A best fit, at which chi2 is flat.
FLAT = 1e-6

REACTOR = """
title = "germanium at 20.7 m"
source = "reactor"
total_flux_per_cm2_s = 1.5e13
baseline_m = 20.7
target = "Ge"
mass_kg = 2.83
threshold_keV = 0.17
maximum_keV = 0.8
threshold_kind = "electron-equivalent"
exposure_days = 115.5
"""
SNS = """
source = "sns"
target = "CsI"
baseline_m = 20
mass_kg = 14.6
threshold_keV = 6
exposure_days = 300
"""


@pytest.fixture
def report(tmp_path):
    """Return what makes the report of files with some texts."""

    def made(*texts, **options):
        given = []
        for number, text in enumerate(texts):
            path = tmp_path / f"folder {number} é" / "mine.toml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            given.append(experiments.load(path))
        return limits_report(given, **options)

    return made


# Counts: what is compared are events of a signal, whatever the prediction.


@pytest.mark.parametrize(
    ("on", "off", "times", "best", "error", "upper"),
    [
        (1000, 230, "on_off_ratio = 4.22959183673469", 27.2, 71.5, 144.8),  # D08
        (1000, 230, "on_days = 248.7\noff_days = 58.8", 27.2, 71.5, 144.8),
        (5200, 1380, "on_days = 96.4\noff_days = 25", None, None, None),
    ],
)
@pytest.mark.parametrize("setting", [REACTOR, SNS])
def test_counts_with_the_source_on_and_off(report, setting, on, off, times, best, error, upper):
    fit = report(f"{setting}\n[data]\ncounts = {on}\noff_counts = {off}\n{times}").fit
    ratio = 248.7 / 58.8 if on == 1000 else 96.4 / 25
    excess, sigma = on - ratio * off, (on + ratio**2 * off) ** 0.5
    expected = excess + (RISE * sigma**2 + min(excess, 0) ** 2) ** 0.5
    assert fit["signal_best"] == pytest.approx(excess, rel=FLAT)
    assert fit["signal_error"] == pytest.approx(sigma, rel=FOUND)
    assert fit["signal_upper"] == pytest.approx(expected, rel=FOUND)
    if upper:
        assert fit["signal_best"] == pytest.approx(best, rel=5e-3)
        assert fit["signal_error"] == pytest.approx(error, rel=5e-3)
        assert fit["signal_upper"] == pytest.approx(upper, rel=5e-3)


def test_on_days_are_the_exposure(report):
    texts = [f"{REACTOR}\n[data]\ncounts = 900\noff_counts = 200\noff_days = 25\n"] * 2
    texts[1] += "on_days = 115.5"
    first, second = (report(text).fit for text in texts)
    assert first == second


@pytest.mark.parametrize(("seen", "variance", "upper"), [(-20, 1000, 35.7), (-70, 820, None)])
def test_a_negative_excess(report, seen, variance, upper):
    """D09, in the keys of now and in those of the first edition."""
    error = variance**0.5
    now = report(f"{REACTOR}\n[data]\ncounts = {seen}\nerrors = {error}").fit
    then = report(
        f"{REACTOR}\n[statistics]\nkind = 'counting'\nobserved = {seen}\nbackground = 0\n"
        f"steady_state = {(variance - seen) / 2}\nsigma_signal = 0.1\nsigma_background = 0\n"
    ).fit
    expected = seen + (variance * RISE + seen**2) ** 0.5
    for fit in (now, then):
        assert fit["signal_best"] == pytest.approx(seen, rel=FLAT)
        assert fit["signal_error"] == pytest.approx(error, rel=FOUND)
        assert fit["signal_upper"] == pytest.approx(expected, rel=FOUND)
        if upper:
            assert fit["signal_upper"] == pytest.approx(upper, rel=5e-3)


@pytest.mark.parametrize(
    ("seen", "background", "upper", "interval"),
    [
        (3, 2.8, 4.014, [0.0, 4.62]),  # D10
        (0, 0.5, 1.353, [0.0, 1.935]),
        (0, 0, 1.353, [0.0, 2.435]),
        (9, 4.2, None, None),
    ],
)
@pytest.mark.parametrize("setting", [REACTOR, SNS])
def test_few_events(report, setting, seen, background, upper, interval):
    text = f"{setting}\n[data]\ncounts = {seen}\n"
    if background:
        text += f"[[data.backgrounds]]\nname = 'all'\ncounts = {background}".replace("all", "dust")
    fit = report(text).fit

    def cost(s):
        m = s + background
        return 2 * (m - seen) + (2 * seen * np.log(seen / m) if seen else 0.0)

    best = max(seen - background, 0.0)
    expected = brentq(
        lambda s: cost(s) - (cost(best) if best or background else 0) - RISE, best, 50
    )
    assert fit["signal_upper"] == pytest.approx(expected, rel=FOUND)
    if upper:
        assert fit["signal_upper"] == pytest.approx(upper, rel=1e-3)
        assert fit["feldman_cousins"] == pytest.approx(interval, rel=2e-3)


@pytest.mark.parametrize(
    ("seen", "background", "error", "level", "upper"),
    [
        (40_000, 40_000, "relative_error = 0.025", 0.95, 1999),  # D11
        (40_000, 40_000, "error = 1000", 0.95, 1999),
        (40_000, 40_000, "", 0.95, 392),
        (700, 650, "error = 20", 0.90, None),
    ],
)
@pytest.mark.parametrize("law", ["poisson", "gaussian"])
def test_a_background_with_an_error(report, seen, background, error, level, upper, law):
    text = f"{REACTOR}\nconfidence = {level}\n[data]\ncounts = {seen}\nlaw = '{law}'\n"
    text += f"[[data.backgrounds]]\nname = 'dust'\ncounts = {background}\n{error}"
    found = report(text)
    assert found.confidence == level
    sigma = {"": 0.0, "error = 20": 20.0}.get(error, 1000.0)
    excess = seen - background
    rise = chi2_distribution.ppf(level, 1)
    expected = excess + (rise * (seen + sigma**2)) ** 0.5
    # Poisson's law is skew: by some z^2/3 events, and the variance is that of the expectation.
    near = FOUND if law == "gaussian" else 4 / expected
    assert found.fit["signal_upper"] == pytest.approx(expected, rel=near)
    if upper:
        assert found.fit["signal_upper"] == pytest.approx(upper, rel=5e-3)


CSI_PE = [25.1, 106.9, 102.7, 69.5, 44.2, 27.9, 17.1, 10.0, 5.5, 2.8, 1.3]
CSI_ON = [63, 267, 229, 183, 146, 137, 125, 114, 117, 87, 110]
CSI_OFF = [37, 163, 169, 133, 129, 106, 121, 100, 116, 119, 102]


@pytest.mark.parametrize("first", [0, 3])
def test_a_factor_on_a_prediction_in_bins(tmp_path, first):
    """D07: differences of counts of a file's columns; with bins as wide as they must be."""
    rows = zip(CSI_ON, CSI_OFF, strict=True)
    lines = ["low,on,off", "0,0,0", *(f"{i},{on},{off}" for i, (on, off) in enumerate(rows))]
    (tmp_path / "counts.csv").write_text("\n".join(lines))
    chosen = f"rows = [{first + 2}, 12]"
    (tmp_path / "mine.toml").write_text(
        f"{SNS}\n[data]\ncounts = {{file = 'counts.csv', column = 'on', {chosen}}}\n"
        f"off_counts = {{file = 'counts.csv', column = 3, {chosen}}}\non_off_ratio = 1\n"
    )
    description = experiments.description(tmp_path / "mine.toml")
    bins = len(CSI_ON) - first
    edges = tuple(np.linspace(0.006, 0.03, bins + 1).tolist())
    measured = read_measurement(Table(description, "mine", tmp_path), bins)
    loaded = experiments.load("coherent-csi")
    detector = replace(loaded.detector, bins=edges, threshold=0.0, maximum=np.inf)
    mine = replace(loaded, detector=detector, measurement=measured)
    report = limits_report([mine])
    assert report.fit is not None
    expected = np.array(report.expected["standard_model"]["by_bin"])
    on, off = np.array(CSI_ON[first:], float), np.array(CSI_OFF[first:], float)
    weight = np.sum(expected**2 / (on + off))
    best = np.sum(expected * (on - off) / (on + off)) / weight
    assert report.fit["best"] == pytest.approx(best, rel=FLAT)
    assert report.fit["error"] == pytest.approx(weight**-0.5, rel=FOUND)
    assert report.fit["degrees_of_freedom"] == bins - 1
    chi2 = np.sum((on - off - best * expected) ** 2 / (on + off))
    assert report.fit["chi2"] == pytest.approx(chi2, rel=FOUND)


# Limits on moments.


def test_the_printed_effective_moments():
    """D30: as printed; and beside other functions for an experiment with a nuisance left out."""
    csi = experiments.load("coherent-csi")
    limits = limits_report([csi]).limits["effective_moment"]
    assert limits == pytest.approx({"mu": 4.155e-9, "e": 6.156e-9}, rel=1e-3)
    for given in (csi, csi.without_signal_nuisance(), experiments.load("texono")):
        limits = limits_report([given]).limits
        assert limits["effective_moment"] == pytest.approx(effective_limits(given), rel=FOUND)
        assert limits["transition_moments"] == pytest.approx(constraint(given).limits(), rel=FOUND)


@pytest.mark.parametrize("others", [("coherent-lar", 0.1), ("coherent-nai", 0.2)])
def test_a_flux_error_in_common(tmp_path, others):
    """D24: two detectors in one beam, beside the minimum over a grid of the flux."""
    name, width = others
    changes = {
        "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.0},
        "nuisances": [{"name": "flux", "relative_error": width}],
    }
    both = [experiments.load(one, "projected", **changes) for one in ("coherent-csi", name)]
    found = limits_report(both).limits["transition_moments"][0]
    S = np.array([constraint(one).signal for one in both])
    K = np.array([constraint(one).matrix[0, 0].real for one in both])
    pulls = np.linspace(-0.7, 0.3, 200_001)

    def rise(moment):
        N = (S + K * moment**2) * (1 + pulls[:, None])
        return np.min(np.sum((S - N) ** 2 / (1.1 * S), axis=1) + (pulls / width) ** 2) - RISE

    assert found == pytest.approx(brentq(rise, 1e-11, 1e-8), rel=1e-5)
    if width == 0.1:
        assert found == pytest.approx(12.64e-10, rel=0.01)
        apart = [replace(one, measurement=own(one, i)) for i, one in enumerate(both)]
        found = limits_report(apart).limits["transition_moments"][0]
        assert found == pytest.approx(15.19e-10, rel=0.01)


def own(experiment, number):
    """Return a measurement whose nuisance has a name of its own."""
    measurement = experiment.measurement
    ((nuisance, share),) = measurement.variations.items()
    other = replace(nuisance, name=f"{nuisance.name} {number}")
    return replace(measurement, variations={other: share})


@pytest.mark.parametrize(
    ("seen", "ends"), [((1.0, 1.4), (2.03, 5.41)), ((1.2, 1.5), None), ((0.7, 1.5), None)]
)
def test_two_data_sets_that_disagree(report, seen, ends):
    """D25: an interval where the sum of both chi2 is least, and never an empty set."""
    expected = report(REACTOR).expected["standard_model"]["total"]
    weight = report(REACTOR).expected["magnetic_per_1e-10"]["total"] * 1e20
    # An exposure that gives 100 events, so that the errors are those of the case.
    setting = REACTOR.replace("115.5", str(115.5 * 100 / expected))
    texts = [f"{setting}\n[data]\ncounts = {100 * x}\nerrors = {(100 * x) ** 0.5}" for x in seen]
    found = report(*texts)
    K = weight * 100 / expected
    (piece,) = found.limits["intervals"]["effective_moment"]["e"]
    n = 100 * np.array(seen)

    def chi2(x):
        return np.sum((n - 100 - x) ** 2 / n)

    best = max(np.sum((n - 100) / n) / np.sum(1 / n), 0.0)
    upper = brentq(lambda x: chi2(x) - chi2(best) - RISE, best, 1000)
    lower = (
        brentq(lambda x: chi2(x) - chi2(best) - RISE, 0, best) if chi2(0) > chi2(best) + RISE else 0
    )
    assert np.array(piece) == pytest.approx(np.sqrt(np.array([lower, upper]) / K), rel=FOUND)
    if ends:  # there K is 1e20
        assert np.array(piece) * (K / 1e20) ** 0.5 / 1e-10 == pytest.approx(ends, rel=0.01)
        assert any("0 is excluded" in words for words in found.warnings)
    assert [each.name for each in found.experiments] == ["mine", "mine 2"]


@pytest.mark.parametrize(("days", "moment"), [(3, 5.17e-10), (0.5, None), (40, None)])
def test_less_than_an_event(report, days, moment):
    """D26: the Asimov data set of Poisson's law, and a word on a Gaussian projection."""
    text = f"""
source = "reactor"
total_flux_per_cm2_s = 1.7e12
baseline_m = 72
target = "Al2O3"
mass_kg = 0.01
threshold_keV = 0.02
exposure_days = {days}
"""
    found = report(text)
    n = found.expected["standard_model"]["total"]
    s = brentq(lambda s: 2 * (s - n * np.log1p(s / n)) - RISE, 1e-9, 1000)
    K = found.expected["magnetic_per_1e-10"]["total"] * 1e20
    assert found.limits["effective_moment"]["e"] == pytest.approx((s / K) ** 0.5, rel=FOUND)
    if moment:
        assert n == pytest.approx(0.206, rel=0.02)
        assert s == pytest.approx(1.82, rel=0.02)
        assert found.limits["effective_moment"]["e"] == pytest.approx(moment, rel=0.02)
    assert any("fewer than one event" in words for words in found.warnings) == (n < 1)
    assert any("Asimov" in words for words in found.assumed)
    assert found.fit is None
    gaussian = report(f"{text}\n[statistics]\nkind = 'projection'\nsigma_stat = 0\nsigma_sys = 0\n")
    assert any("Gaussian law is wrong" in words for words in gaussian.warnings) == (n < 1)


@pytest.mark.parametrize(("seen", "bad"), [(3000, True), (None, False)])
def test_data_that_do_not_fit(report, seen, bad):
    """D27: a slip of units is told beside the limit, good data are not."""
    expected = report(REACTOR).expected["standard_model"]["total"]
    seen = seen or round(expected)
    text = f"{REACTOR}\n[statistics]\nkind = 'counting'\nobserved = {seen}\nbackground = 0\n"
    text += "steady_state = 0\nsigma_signal = 0.05\nsigma_background = 0\n"
    text = text if bad else text.replace("sigma_signal = 0.05", "sigma_signal = 0.1")
    found = report(text.replace("observed = 3000", f"observed = {round(expected * 0.25)}"))
    told = [words for words in found.warnings if "best fit has chi2" in words]
    assert bool(told) == bad
    if bad:
        n = round(expected * 0.25)
        chi2 = (n - expected) ** 2 / (n + (0.05 * expected) ** 2)
        assert f"chi2 = {chi2:.4g}" in told[0]


# The report itself.


def test_expected_events_by_beam_and_by_what_is_struck():
    for name in ("coherent-csi", "texono"):
        given = experiments.load(name)
        expected = limits_report([given]).expected
        weak = counts_by_beam(given, StandardModel())
        assert expected["standard_model"]["by_beam"] == pytest.approx(weak)
        assert expected["standard_model"]["total"] == pytest.approx(sum(weak.values()))
        magnetic = expected["magnetic_per_1e-10"]
        every = sum(counts_by_beam(given, MagneticMoment(1e-10)).values())
        assert magnetic["total"] == pytest.approx(every)
        assert magnetic["nuclei"] + magnetic["electrons"] == pytest.approx(every)
    electrons = replace(given.detector, electrons="left out")
    without = limits_report([replace(given, detector=electrons)]).expected
    assert without["magnetic_per_1e-10"]["total"] == pytest.approx(magnetic["nuclei"])


def test_electrons_are_counted_and_told(report):
    magnetic = report(REACTOR).expected["magnetic_per_1e-10"]
    assert 0 < magnetic["electrons"] < magnetic["total"]
    free = report(REACTOR + 'electrons = "free"\n')
    assert any("free and at rest" in words for words in free.assumed)
    assert any("bound in the shells" in words for words in report(REACTOR).assumed)
    without = report(REACTOR + 'electrons = "left out"\n')
    assert without.expected["magnetic_per_1e-10"]["electrons"] == 0
    assert without.expected["magnetic_per_1e-10"]["nuclei"] == pytest.approx(magnetic["nuclei"])


def test_json_is_finite_and_the_same_twice(report):
    text = f"{REACTOR}\n[data]\ncounts = 900\n[[nuisances]]\nname = 'flux'\nrelative_error = inf\n"
    found = report(text)
    first = json.dumps(found.as_json(), allow_nan=False)
    assert first == json.dumps(report(text).as_json(), allow_nan=False)
    made = json.loads(first)
    assert made["limits"]["effective_moment"] == {"e": None}
    assert made["limits"]["transition_moments"] == [None] * 3
    assert any("absorb any number" in words for words in made["warnings"])
    assert {"expected", "limits", "fit", "warnings", "assumed", "inputs"} <= made.keys()
    assert all(set(given) == {"value", "unit"} for given in made["inputs"].values())
    assert made["inputs"]["mass"] == {"value": 2.83, "unit": "kg"}


def test_a_blind_experiment_says_so():
    """A beam of nu_1 alone has no moment Lambda_1 to be seen by."""
    csi = experiments.load("coherent-csi")
    part = csi.flux.components[1]
    state = pmns(TALK_2019)[:, 0]
    part = replace(part, density=np.outer(state, state.conj()))
    mine = replace(csi, source=Flux("mine", (part,)), baseline=None)
    found = limits_report([mine])
    assert found.as_json()["limits"]["transition_moments"][0] is None
    assert any("|Lambda_1|: no limit" in words for words in found.warnings)


def test_several_files_and_their_confidence(report):
    texts = [f"{REACTOR}\nconfidence = {level}\n" for level in (0.90, 0.95)]
    with pytest.raises(ConfigurationError, match=r"confidence: got 0.9 of mine, 0.95 of mine 2"):
        report(*texts)
    assert report(*texts, confidence=0.95).confidence == 0.95
    assert report(texts[1]).confidence == 0.95
    with pytest.raises(DomainError, match="confidence"):
        report(texts[0], confidence=95)


def test_nuisances_of_one_name_that_differ(report):
    texts = [f"{REACTOR}\n[[nuisances]]\nname = 'flux'\nrelative_error = {x}\n" for x in (0.1, 0.2)]
    with pytest.raises(DomainError, match=r"nuisance flux: got .*0.1.* and .*0.2"):
        report(*texts)


def test_names_that_coincide():
    csi = experiments.load("coherent-csi")
    assert list(distinct([csi, csi, csi])) == ["coherent-csi", "coherent-csi 2", "coherent-csi 3"]
    assert list(distinct([replace(csi, name="a 2"), replace(csi, name="a 2")])) == ["a 2", "a 2 2"]


@pytest.mark.parametrize("upper", [3.0, 200.0])
def test_a_published_limit_is_a_datum(report, upper):
    """It comes back where the prediction is small beside it."""
    fit = report(f"{REACTOR}\n[data]\nupper_limit = {upper}\n").fit
    assert fit["signal_upper"] == pytest.approx(upper, rel=FOUND)
    fit = report(f"{REACTOR}\n[data]\nupper_limit = {upper}\nbest_fit = 1.0\n").fit
    assert fit["signal_best"] == pytest.approx(1.0, rel=FLAT)
    assert fit["signal_upper"] == pytest.approx(upper, rel=FOUND)


def test_nothing_to_be_seen(report):
    with pytest.raises(NoLimitError, match=r"threshold: got 100 keV.*threshold_keV"):
        report(REACTOR.replace("0.17", "100").replace("0.8", "200") + 'electrons = "left out"')


@pytest.mark.parametrize(
    "efficiency", ["0.0", "{kind = 'table', energies_keV = [50, 60], values = [1, 1]}"]
)
def test_an_efficiency_that_is_never_above_0(report, efficiency):
    text = REACTOR.replace("maximum_keV = 0.8", f"efficiency = {efficiency}")
    with pytest.raises(NoLimitError, match="efficiency: got 0 wherever"):
        report(text + 'electrons = "left out"\n')


def test_counts_without_a_measurement():
    csi = experiments.load("coherent-csi")
    with pytest.raises(Exception, match="NotMeasured"):
        limits_report([replace(csi, measurement=NotMeasured())])


def test_a_law_of_the_counts_is_told(report):
    assert any("Poisson's law in 1 bin" in words for words in report(REACTOR).assumed)
    gaussian = f"{REACTOR}\n[data]\ncounts = 900\nerrors = 40"
    assert any("the Gaussian law in 1 bin" in words for words in report(gaussian).assumed)


def test_what_a_file_adds_is_told(report):
    """A window, a fourth neutrino, interactions: what is called Standard Model holds them."""
    plain = report(SNS).assumed
    assert "source: sns" in plain
    assert not any("Standard Model" in words for words in plain)
    sterile = "\n[sterile]\ndelta_m2_eV2 = 1.3\nsin2_theta14 = 0.1\n"
    told = report(f"window_us = [0, 1.5]\n{SNS}{sterile}").assumed
    mixed = "mixed with a fourth neutrino (delta_m2 = 1.3 eV2, sin2_theta14 = 0.1)"
    assert f"source: sns, {mixed}, from 0 to 1.5 us" in told
    vector = "\n[interactions]\nlight_vector = { mass_MeV = 5, coupling = 1e-5 }\n"
    assert any("hold the other interactions" in words for words in report(SNS + vector).assumed)


@pytest.mark.parametrize(("begin", "told"), [(0.9, False), (1.1, True)])
def test_where_a_table_of_quenching_begins(report, begin, told):
    """A share of 0.17 of 1 keV is seen as the threshold."""
    table = f'[quenching]\nkind = "table"\nenergies_keV = [{begin}, 3]\nvalues = [0.17, 0.2]\n'
    assumed = report(f"{REACTOR}\n{table}").assumed
    assert any(f"the table begins at {begin:g} keV" in words for words in assumed) == told


def test_which_best_fit_is_bad(report):
    """A factor on the prediction fits 7 counts; the Standard Model and a moment do not."""
    found = report(f"{REACTOR}\n[data]\ncounts = 7")
    assert found.fit["chi2"] == pytest.approx(0, abs=FLAT)
    assert found.warnings[0].startswith("Standard Model and a moment: the best fit has chi2 = ")


@pytest.mark.parametrize("more", ["", "[[nuisances]]\nname = 'flux'\nrelative_error = 0.1\n"])
def test_counts_where_nothing_is_expected(report, more):
    """Their bin is named by its edges; a background makes them possible."""
    text = REACTOR.replace(
        "threshold_keV = 0.17\nmaximum_keV = 0.8", "bins_keV = [0.2, 0.3, 9, 12]"
    )
    text += f"electrons = 'left out'\n[data]\ncounts = [500, 0, 4]\n{more}"
    with pytest.raises(ConfigurationError, match="got 4 in the bin of 9 to 12 keV, where nothing"):
        report(text)
    dust = "[[data.backgrounds]]\nname = 'dust'\ncounts = [0, 1, 3]\n"
    assert report(text + dust).limits["effective_moment"]["e"] > 0
