"""The keys of a detector and its response: files against independent numbers.

The cases and their numbers are those of `tests.test_cases_response`, here without any Python.
"""

import math
import re

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import gamma, poisson

from cevnslib import experiments, rates
from cevnslib.errors import AssumedWarning, ConfigurationError, NoLimitError, UnseenWarning
from cevnslib.physics.interactions import MagneticMoment, StandardModel
from cevnslib.studies import moments
from tests.test_cases_response import TABLES, dense

WEAK, MOMENT = StandardModel(), MagneticMoment(1e-10)
REST = "statistics = { kind = 'projection', sigma_stat = 0.1, sigma_sys = 0.1 }\n"


@pytest.fixture
def load(tmp_path):
    """Write a file, and a table beside it if one is given, and load it."""

    def loaded(text, table=None):
        if table is not None:
            (tmp_path / "table.txt").write_text(table)
        path = tmp_path / "mine.toml"
        path.write_text(REST + text)
        return experiments.load(path)

    return loaded


def released(name):
    """Return the numbers of a table as a release has them: in columns, without names."""
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if re.match(r"[\d.]", line)]
    return "\n".join(" ".join(row.split(",")) for row in rows)


GERMANIUM = """
target = "Ge"
mass_kg = 2.83
exposure_days = 115.5
threshold_keV = 0.17
maximum_keV = 0.8
{}
[source]
kind = "reactor"
total_flux_per_cm2_s = 1.5e13
spectrum_end_MeV = 8.0
fission_fractions = {{ u235 = 0.53, u238 = 0.08, pu239 = 0.32, pu241 = 0.07 }}
[quenching]
kind = "lindhard"
"""
NOISE = "[resolution]\n constant_keV = 0.020\n stochastic_sqrt_keV = 0.01804\n"


@pytest.mark.parametrize(
    ("k", "expected"), [("", 308.1), ("k = 0.162", 343.1), ("k = 0.18", 490.1)]
)
def test_lindhard_of_ones_own_strength(load, k, expected):
    """D01: to the four digits of the case."""
    mine = load(GERMANIUM.format('channels = "nuclei"') + k + "\n" + NOISE)
    assert rates.expected_counts(mine, WEAK) == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize(
    ("electrons", "magnetic", "weak"), [("shells", 297, 0.5), ("free", 434, 0.7)]
)
def test_electrons_alone(load, electrons, magnetic, weak):
    """D02: the counts of electrons, those beside nuclei being the rest."""
    mine = load(GERMANIUM.format(f'channels = "electrons"\n electrons = "{electrons}"'))
    assert rates.expected_counts(mine, MOMENT) == pytest.approx(magnetic, rel=0.02)
    assert rates.expected_counts(mine, WEAK) == pytest.approx(weak, abs=0.05)
    both = load(GERMANIUM.format(f'channels = "both"\n electrons = "{electrons}"'))
    nuclei = load(GERMANIUM.format('channels = "nuclei"'))
    counts = [rates.expected_counts(one, MOMENT) for one in (both, mine, nuclei)]
    assert counts[0] == pytest.approx(sum(counts[1:]))
    assert both == load(GERMANIUM.format(f'electrons = "{electrons}"'))


DRESDEN = """
target = "Ge"
mass_kg = 2.924
exposure_days = 1
channels = "nuclei"
bins_keV = [0.2, 0.21, 0.22, 0.23, 0.24, 0.25, 0.26, 1.5]
[source]
kind = "table"
file = "flux.txt"
energy_column = 1
value_column = 2
values_per = "cm2 s MeV"
antineutrino = true
[quenching]
kind = "table"
file = "table.txt"
energy_column = 1
value_column = 2
"""


@pytest.mark.parametrize(
    "noise",
    [
        "constant_keV = 0.0685\n fano = 0.11\n energy_per_pair_eV = 2.96\n",
        f"constant_keV = 0.0685\n stochastic_sqrt_keV = {math.sqrt(2.96e-3 * 0.11)!r}\n",
        f"fwhm_keV = {0.0685 * 2.354820045!r}\n fano = 0.11\n energy_per_pair_eV = 2.96\n",
    ],
)
def test_a_table_of_quenching_and_a_wide_noise(load, tmp_path, noise):
    """D03, with straight shares, which change 0.2%; the noise as a sigma or as a full width."""
    rows = np.array([row.split() for row in released("reactor_summation.csv").splitlines()], float)
    rows[:, 1] *= 4.8e13 / 7.17059  # the whole table's antineutrinos per fission
    (tmp_path / "flux.txt").write_text("\n".join(f"{E!r}\t{x!r}" for E, x in rows.tolist()))
    quenching = released("germanium_quenching.csv")
    events = rates.binned_counts(load(f"{DRESDEN}[resolution]\n{noise}", quenching), WEAK)
    assert events.sum() == pytest.approx(90.7, rel=3e-3)
    first = [16.013, 13.52, 11.368, 9.515, 7.924, 6.561]
    assert events[:6] == pytest.approx(first, rel=3e-3)
    sharp = rates.expected_counts(load(DRESDEN, quenching), WEAK)
    assert sharp == pytest.approx(39.08, abs=0.005)


ARGON = """
target = "Ar"
mass_kg = 24.4
exposure_days = 200
baseline_m = 27.5
{}
[source]
kind = "spallation"
protons_on_target = 13.8e22
neutrinos_per_proton = 0.09
[quenching]
kind = "polynomial"
coefficients_per_{}
[efficiency]
kind = "table"
{}
"""
LIGHT = "keV = [0.246, 7.8e-4]"
MEASURED = 'file = "table.txt"\n energy_column = 1\n value_column = 3\n'
RECOIL = 'file = "table.txt"\n energy_column = 2\n value_column = 3\n of = "nuclear-recoil"\n'
NUCLEI = 'channels = "nuclei"\n'


@pytest.mark.parametrize("light", [LIGHT, "MeV = [0.246, 0.78]"])
@pytest.mark.parametrize("columns", [MEASURED, RECOIL])
def test_a_released_efficiency_as_it_is(load, light, columns):
    """D04: 141.07 by either column."""
    mine = load(ARGON.format(NUCLEI, light, columns), released("argon_efficiency.csv"))
    assert rates.expected_counts(mine, WEAK) == pytest.approx(141.07, rel=5e-4)


def test_an_efficiency_of_recoils_leaves_electrons_out(load):
    """Which it cannot be asked for: that is said; where electrons are asked for, it is refused."""
    file = ARGON.format("{}", LIGHT, RECOIL)
    with pytest.warns(AssumedWarning, match="electrons do not have; taken: nuclei alone"):
        mine = load(file.format(""), released("argon_efficiency.csv"))
    assert mine == load(file.format(NUCLEI), released("argon_efficiency.csv"))
    with pytest.raises(ConfigurationError, match="electrons do not have; allowed: channels"):
        load(file.format('channels = "both"'), released("argon_efficiency.csv"))


@pytest.mark.parametrize("of", ["measured", "nuclear-recoil"])
def test_another_efficiency_with_a_step(load, of):
    """Sodium iodide 25 m away, in MeV, against a sum over recoils."""
    rows = "1e-3 0.0\n3e-3 0.3\n3e-3 0.5\n15e-3 0.7\n"
    file = (
        'target = "NaI"\n mass_kg = 100\n exposure_days = 1\n baseline_m = 25\n'
        'threshold_keV = 0.5\n maximum_keV = 9\n channels = "nuclei"\n source = "sns"\n'
        '[quenching]\n kind = "polynomial"\n coefficients_per_MeV = [0.15, 1.0, -3.0]\n'
        f'[efficiency]\n kind = "table"\n of = "{of}"\n file = "table.txt"\n'
        'energy_column = 1\n value_column = 2\n energy_unit = "MeV"\n'
    )
    mine, total = load(file, rows), 0.0
    points, chances = np.array([1e-3, 3e-3, 3e-3, 15e-3]), [0.0, 0.3, 0.5, 0.7]
    for T, events in dense(mine.flux, mine.detector.target, 100.0, 1e-4):
        seen = T * (0.15 + T - 3 * T**2)
        E = seen if of == "measured" else T
        chance = np.where(
            points[1] > E,
            np.interp(E, points[:2], chances[:2], left=0.0),
            np.interp(E, points[2:], chances[2:], right=0.0),
        )
        total += float(np.sum(events * chance * ((seen >= 0.5e-3) & (seen <= 9e-3))))
    # A step is missed by part of a midpoint's step, of 1e-3 in T.
    assert rates.expected_counts(mine, WEAK) == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize(
    "bins",
    [
        "{ from = 0, to = 50, width = 10 }",
        "{ from = 0, to = 50, number = 5 }",
        "[0, 10, 20, 30, 40, 50]",
        '{ file = "edges.txt" }',
    ],
)
def test_bins_of_a_scintillator(load, tmp_path, bins):
    """D05: 86.94, 39.44 and 10.32 in bins of 10 keVee; of the fourth see the case."""
    (tmp_path / "edges.txt").write_text("0\n10\n20\n30\n40\n50\n")
    file = ARGON.format(f"{NUCLEI}bins_keV = {bins}", LIGHT, MEASURED)
    table = released("argon_efficiency.csv")
    sharp = rates.binned_counts(load(file, table), WEAK)
    assert sharp == pytest.approx([89.76, 38.75, 10.11, 2.43, 0.0], abs=0.005)
    file += "[resolution]\n stochastic_sqrt_keV = 0.58\n"
    events = rates.binned_counts(load(file, table), WEAK)
    assert events[:3] == pytest.approx([86.94, 39.44, 10.32], rel=2.5e-3)
    assert events[3] == pytest.approx(2.58, abs=0.005)


CAESIUM = """
target = "CsI"
mass_kg = 14.6
exposure_days = 300
baseline_m = 19.3
channels = "nuclei"
photoelectrons_per_keV = 13.35
bins_photoelectrons = { from = 0, to = 60, width = 5 }
[source]
kind = "spallation"
protons_on_target = 3.198e23
neutrinos_per_proton = 0.0848
[quenching]
kind = "polynomial"
coefficients_per_MeV = [0.0554628, 4.30681, -111.707, 840.384]
"""
SIGMOID = """
[efficiency]
kind = "photoelectrons"
amplitude = 1.32045
slope = 0.285979
midpoint = 10.8646
half = 0
full = 0
last = 60
offset = -0.333322
"""


def sigmoid(x):
    return np.maximum(1.32045 / (1 + np.exp(-0.285979 * (x - 10.8646))) - 0.333322, 0)


def test_photoelectrons_of_caesium_iodide(load):
    """D06: 403.0 events sharp and 413.1 smeared; the sigmoid as a formula, or as a table."""
    assert rates.expected_counts(load(CAESIUM + SIGMOID), WEAK) == pytest.approx(403.0, abs=0.1)
    smeared = '[resolution]\n kind = "gamma"\n shape_per_keV = 9.56\n'
    events = rates.binned_counts(load(CAESIUM + SIGMOID + smeared), WEAK)
    assert events.sum() == pytest.approx(413.1, rel=0.01)
    printed = [0.0, 25.1, 106.9, 102.7, 69.5, 44.2, 27.9, 17.1, 10.0, 5.5, 2.8, 1.3]
    assert events == pytest.approx(printed, rel=0.01, abs=0.05)
    zero = 10.8646 - math.log(1.32045 / 0.333322 - 1) / 0.285979
    x = np.union1d(np.linspace(0, 60, 601), zero)
    lists = f"photoelectrons = {x.tolist()}\n values = {sigmoid(x).tolist()}\n"
    table = f'[efficiency]\n kind = "table"\n of = "photoelectrons"\n {lists}'
    # Straight between points 0.1 photoelectrons apart.
    again = rates.binned_counts(load(CAESIUM + table + smeared), WEAK)
    assert again == pytest.approx(events, rel=1e-4, abs=1e-6)


SALT = """
target = "NaI"
mass_kg = 50
exposure_days = 1
baseline_m = 21
channels = "nuclei"
photoelectrons_per_keV = 20.0
bins_photoelectrons = [4, 8, 16, 40]
source = "sns"
[quenching]
kind = "constant"
share = 0.12
"""


@pytest.mark.parametrize("kind", ["poisson", "gamma"])
def test_photoelectrons_of_sodium_iodide(load, kind):
    """A constant share; photoelectrons by Poisson's law, or a gamma's, against sums."""
    words = 'kind = "poisson"\n' if kind == "poisson" else 'kind = "gamma"\n shape_per_keV = 5.0\n'
    mine = load(f"{SALT}[resolution]\n{words}")
    edges, expected = np.array([4, 8, 16, 40]), np.zeros(3)
    for T, events in dense(mine.flux, mine.detector.target, 50.0, 1e-4, steps=3000):
        mean = 20 * 0.12e3 * T
        if kind == "poisson":
            below = poisson.cdf(edges - 1, mean[:, np.newaxis])  # at an edge: the bin above
        else:
            shape = (1 + 5 * 0.12e3 * T)[:, np.newaxis]
            below = gamma.cdf(edges, shape, scale=mean[:, np.newaxis] / shape)
        expected += events @ np.diff(below, axis=1)
    # Of the steps in the recoil, at the ends of the neutrino spectra.
    assert rates.binned_counts(mine, WEAK) == pytest.approx(expected, rel=2e-4)


CURVE = """
target = "Ar"
mass_kg = 24.4
exposure_days = 272
baseline_m = 27.5
source = "sns"
efficiency = {{ kind = "table", energies_keV = {}, values = {} }}
"""


def test_a_curve_from_zero_and_one_with_a_step(load):
    """D19: rows of efficiency 0 add nothing; a step is a threshold."""
    without = rates.expected_counts(load(CURVE.format([5, 20, 100], [0, 0.6, 0.95])), WEAK)
    assert without == pytest.approx(108.723, abs=5e-4)
    assert rates.expected_counts(load(CURVE.format([0, 5, 20, 100], [0, 0, 0.6, 0.95])), WEAK) == (
        without
    )
    step = load(CURVE.format([10, 20, 20, 100], [0, 0, 0.9, 0.9]))
    sharp = CURVE.partition("efficiency")[0].format() + (
        "efficiency = 0.9\n threshold_keV = 20\n maximum_keV = 100\n"
    )
    assert rates.expected_counts(step, WEAK) == (
        pytest.approx(rates.expected_counts(load(sharp), WEAK), rel=1e-11)
    )


def test_events_before_one_microsecond(load):
    """D32: 71.5 of 31.4 prompt and 109.7 delayed events."""
    file = ARGON.format("{}" + NUCLEI, LIGHT, RECOIL)
    table = released("argon_efficiency.csv")
    early = load(file.format("window_us = [0, 1]\n"), table)
    assert rates.expected_counts(early, WEAK) == pytest.approx(71.5, abs=0.05)
    rest = load(file.format("window_us = [1, 1e6]\n"), table)
    assert rates.expected_counts(rest, WEAK) == pytest.approx(31.4 + 109.7 - 71.5, abs=0.1)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        # Of 1 keV: k g/(1 + k g) with Lindhard's formula as printed, and what is taken from it.
        ('kind = "lindhard"\n k = 0.162', lambda T, e, g: T * 0.162 * g / (1 + 0.162 * g)),
        (
            'kind = "modified lindhard"\n k = 0.162\n q = 1e-5',
            lambda T, e, g: T * (0.162 * g / (1 + 0.162 * g) - 1e-5 / e),
        ),
        ('kind = "constant"\n share = 0.2', lambda T, e, g: 0.2 * T),
        (
            'kind = "polynomial"\n coefficients_per_keV = [0.1, 0.01]',
            lambda T, e, g: T * 0.1 + T**2 / 100,
        ),
        (
            'kind = "table"\n energies_keV = [0.5, 2]\n values = [0.1, 0.25]',
            lambda T, e, g: T * 0.1 * (T + 0.5),
        ),
        (
            'kind = "polynomial"\n coefficients_per_keV = [0.1, 0.01]\n frozen_at_keV = 0.56',
            lambda T, e, g: 0.14 * T,  # 4 keV are seen as 0.56
        ),
    ],
)
def test_quenching_of_every_kind(load, words, seen):
    mine = load(GERMANIUM.replace('kind = "lindhard"', words).format(""))
    (germanium,) = [each for each in mine.detector.target.nuclides if each.name == "Ge74"]
    for keV in (0.6, 1.0, 1.9):
        e = 11.5 * 32 ** (-7 / 3) * keV
        g = 3 * e**0.15 + 0.7 * e**0.6 + e
        measured = float(mine.detector.measured(keV * 1e-3, germanium)) * 1e3
        assert measured == pytest.approx(seen(keV, e, g), rel=1e-9)


def test_a_quenching_that_is_not_given_is_said(load):
    file = GERMANIUM.partition("[quenching]")[0]
    with pytest.warns(AssumedWarning, match="quenching: got none .*; taken: Lindhard's"):
        assumed = load(file.format("energy = 'electron-equivalent'"))
    assert assumed == load(GERMANIUM.format("energy = 'electron-equivalent'"))
    assert assumed == load(file.format("threshold_kind = 'electron-equivalent'"))


def test_resolutions_of_every_kind(load):
    """Widths at 1.5 keV, by hand."""
    widths = {
        "constant_keV = 0.1\n relative = 0.2": math.hypot(0.1, 0.3),
        "constant_keV = 0.1\n relative = 0.2\n linear = true": 0.4,
        "fwhm_keV = 0.2354820045": 0.1,
        "fano = 0.1\n energy_per_pair_eV = 3": math.sqrt(0.1 * 3e-3 * 1.5),
        "kind = 'poisson'\n photoelectrons_per_keV = 6": 0.5,
        "kind = 'gamma'\n shape_per_keV = 2": 0.75,
    }
    for words, width in widths.items():
        mine = load(f"{GERMANIUM.format('')}[resolution]\n{words}\n")
        readout = mine.detector.resolution
        assert readout is not None
        assert float(readout.sigma(1.5e-3)) * 1e3 == pytest.approx(width, rel=1e-6)
    cut = load(f"{GERMANIUM.format('')}[resolution]\n constant_keV = 1\n renormalised = true\n")
    assert cut.detector.resolution is not None
    share = float(cut.detector.resolution.up_to(2e-3, 1e-3))
    assert share == pytest.approx((ndtr(1) - ndtr(-1)) / ndtr(1), rel=1e-9)


def test_a_threshold_in_electronvolts_is_led_back_to_its_key(load):
    """D21: an error where nothing is seen, a warning where electrons remain, in keV."""
    file = GERMANIUM.replace("threshold_keV = 0.17\nmaximum_keV = 0.8", "threshold_keV = 100")
    words = (
        r"threshold: got 100 keV, above which no {}events are expected; allowed: below 0\.\d+ keV, "
        r"the largest electron-equivalent energy that a reactor gives in Ge; "
        r"did you mean 0\.1 keV \(100 eV\)\? \(in a file: threshold_keV\)"
    )
    blind, seeing = load(file.format('channels = "nuclei"')), load(file.format(""))
    with pytest.raises(NoLimitError, match=words.format("")):
        moments.tmm_limits(blind)
    with pytest.warns(UnseenWarning, match=words.format("nuclear ")):
        moments.tmm_limits(seeing)
    assert re.search(words.format(""), rates.unseen(blind, WEAK))
    assert not rates.unseen(load(GERMANIUM.format("")), WEAK)
    # Where as many electronvolts would see nothing either, nothing is guessed.
    high = load(file.replace("= 100\n", "= 900\n").format('channels = "nuclei"'))
    assert "did you mean" not in rates.unseen(high, WEAK)


def test_an_enriched_target_by_mass(load):
    """The nuclei in a kilogram, from the isotopes' masses."""
    given = 'target = { by = "mass", Ge76 = 0.87, Ge74 = 0.13 }'
    mine = load(PLAIN.replace('target = "Ge"', given))
    numbers = {nucleus.name: number / 4 for nucleus, number in mine.detector.nuclear_targets}
    assert numbers == {
        "Ge76": pytest.approx(0.87 * 6.02214076e26 / 75.92140, rel=1e-5),
        "Ge74": pytest.approx(0.13 * 6.02214076e26 / 73.92118, rel=1e-5),
    }
    for wrong, words in (
        ("{ Ge76 = 1 }", "target: the key 'by' is missing"),
        ('{ by = "weight", Ge76 = 1 }', "unknown by 'weight'; allowed: atoms, formulas, mass"),
        ('{ by = "mass", Ge76 = 87 }', "target: "),
        ('{ by = "mass", Ge76 = true }', "Ge76: got True; allowed: a number"),
    ):
        with pytest.raises(ConfigurationError, match=re.escape(words)):
            load(PLAIN.replace('"Ge"', wrong))


PLAIN = """
target = "Ge"
mass_kg = 4
exposure_days = 10
baseline_m = 20
source = "sns"
"""
#: What is wrong with a detector, and the words of the answer.
WRONG = {
    "threshold_keV = 1200": "threshold_keV: got 1200 keV; allowed: finite, at least 0 keV, at most",
    "threshold_keV = -1": "threshold_keV: got -1 keV",
    "threshold_keV = true": "threshold_keV: got True; allowed: a number",
    "threshold_keV = '1'": "threshold_keV: got '1'; allowed: a number",
    "threshold_keV = [1]": "threshold_keV: got [1]; allowed: a number",
    "threshold_eV = 100": "unknown key 'threshold_eV' (did you mean 'threshold_keV'?)",
    "threshold_keV = 2\n maximum_keV = 1": "maximum_keV: got 1 keV; allowed: finite or infinite, a",
    "energy = 'keVee'": "unknown energy 'keVee'; allowed: nuclear-recoil, electron-equivalent",
    "energy = 'nuclear-recoil'\n threshold_kind = 'nuclear-recoil'": "got both of 'energy' and",
    "energy = 'nuclear-recoil'\n quenching = { kind = 'lindhard' }": "beside a quenching; allowed",
    "bins_keV = 3": "bins_keV: got 3; allowed: a list of numbers",
    "bins_keV = [3]": "bins_keV: got [3.0]; allowed: at least two, rising",
    "bins_keV = [3, 2]": "bins_keV: got [3.0, 2.0]; allowed: at least two, rising",
    "bins_keV = [1, 'x']": "bins_keV: got 'x' in it; allowed: numbers",
    "bins_keV = [1, [2]]": "bins_keV: got [2] in it; allowed: numbers",
    "bins_keV = [-1, 2]": "bins_keV: got -1 keV at index 0; allowed: finite, at least 0 keV",
    "bins_keV = [2000, 3000]": "bins_keV: got 2000 keV; allowed: finite, at most 1000 keV (did you",
    "bins_keV = [1, 2]\n threshold_keV = 0.5": "threshold_keV: got 0.5 keV beside bins that end at",
    "bins_keV = { from = 1, to = 2 }": "bins_keV: got neither of 'width' and 'number'",
    "bins_keV = { from = 1, to = 2, width = 0.3 }": "width: got 0.3, which goes 3.33333 times",
    "bins_keV = { from = 1, to = 2, number = 2.5 }": "number: got 2.5; allowed: a whole number",
    "bins_keV = { from = 1, to = 2, number = 1e9 }": "number: got 1e+09; allowed: finite, at least",
    "bins_keV = { from = 2, to = 1, number = 1 }": "to: got 1; allowed: above 2",
    "bins_keV = { from = 1, to = 2, step = 1, width = 1 }": "bins_keV: unknown key 'step'",
    "bins_photoelectrons = [1, 2]": "the key 'photoelectrons_per_keV' is missing",
    "channels = 'all'": "unknown channels 'all'; allowed: both, nuclei, electrons",
    "channels = 'both'": "channels: got 'both' without a quenching",
    "channels = 'nuclei'\n electrons = 'shells'": "electrons: got 'shells' beside channels 'nuclei",
    "quenching = 3": "quenching: got 3; allowed: a table of keys",
    "quenching = { k = 0.1 }": "quenching: the key 'kind' is missing",
    "quenching = { kind = 'lindhard', k = -0.1 }": "quenching: k: got -0.1; allowed: finite, above",
    "quenching = { kind = 'lindhard', q = 1 }": "quenching: unknown key 'q'",
    "quenching = { kind = 'polynomial' }": "got neither of 'coefficients_per_keV' and 'coefficient",
    "quenching = { kind = 'polynomial', coefficients_per_keV = [] }": "got 0 numbers; allowed: fro",
    "quenching = { kind = 'constant', share = 14 }": "share: got 14; allowed: finite, above 0, at ",
    "quenching = { kind = 'table', energies_keV = [1, 2], values = [1] }": "got 2 energies_keV and",
    "quenching = { kind = 'table', energies_keV = [1, 1], values = [1, 1] }": "allowed: rising num",
    "quenching = { kind = 'table', energies_keV = [1, 2], values = [10, 20] }": "values: got 10 at",
    "resolution = 0.1": "resolution: got 0.1; allowed: a table of keys",
    "resolution = {}": "resolution: got no width; allowed: constant_keV",
    "resolution = { constant_keV = -1 }": "resolution: constant_keV: got -1 keV",
    "resolution = { constant_eV = 60 }": "unknown key 'constant_eV' (did you mean 'constant_keV'?)",
    "resolution = { constant_keV = 1, fwhm_keV = 1 }": "got both of 'constant_keV' and 'fwhm_keV'",
    "resolution = { fano = 1 }": "the key 'energy_per_pair_eV' is missing",
    "resolution = { constant_keV = 1, linear = 1 }": "linear: got 1; allowed: true or false",
    "resolution = { kind = 'poisson' }": "the key 'photoelectrons_per_keV' is missing",
    "efficiency = 90": "efficiency: got 90; allowed: finite, at least 0, at most 1",
    "efficiency = []": "efficiency: got []; allowed: a number",
    "efficiency = 'x.csv'": "efficiency: got 'x.csv'; allowed: a table of keys",
    "efficiency = { kind = 'sigmoid' }": "unknown kind 'sigmoid'; allowed: photoelectrons, table",
    "efficiency = { kind = 'table', energies_keV = [1, 2], values = [0, 0] }": "got zeros only",
    "efficiency = { kind = 'table', energies_keV = [5e3, 6e3], values = [0, 1] }": "(did you give ",
    "efficiency = { kind = 'table', of = 'keVnr', energies_keV = [1], values = [1] }": "unknown of",
    "photoelectrons_per_keV = 1\n resolution = { kind = 'poisson', photoelectrons_per_keV = 1 }": (
        "got 'photoelectrons_per_keV' here and above all tables; allowed: once"
    ),
    "least_ionisation_keV = -1": "least_ionisation_keV: got -1 keV",
    f"bins_keV = [{','.join(['1'] * 100_001)}]": "bins_keV: got 100001 numbers; allowed: at most 1",
    f"quenching = {'{a=' * 50}1{'}' * 50}": "quenching: the key 'kind' is missing",
    "photoelectrons_per_keV = 0": "photoelectrons_per_keV: got 0 per keV; allowed: finite, above 0",
}


@pytest.mark.parametrize("words", WRONG, ids=[words[:60] for words in WRONG])
def test_wrong_detectors_are_answered_in_words(load, words):
    with pytest.raises(ConfigurationError) as refused:
        load(PLAIN + words + "\n")
    assert WRONG[words] in str(refused.value)
    assert str(refused.value).startswith("experiment 'mine'")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 700
    assert "MeV" not in str(refused.value).replace("MeV, GeV", "").replace("per_MeV", "")


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (
            "mass_g = 4000",
            "the key 'mass_kg' is missing (got 'mass_g'; did you mean 'mass_kg', in kg?)",
        ),
        ("mass_kg = 0", "mass_kg: got 0 kg; allowed: finite, above 0 kg"),
        ("[resolution]\n mass_kg = 4", "(it stands in 'resolution'; keys of no table stand above"),
        ("", "the key 'mass_kg' is missing"),
    ],
)
def test_wrong_masses(load, new, words):
    with pytest.raises(ConfigurationError) as refused:
        load(PLAIN.replace("mass_kg = 4\n", "") + new)
    assert words in str(refused.value)
