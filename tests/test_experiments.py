"""The catalogue of experiments."""

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevnslib import experiments
from cevnslib.detectors.efficiency import (
    ConstantEfficiency,
    PhotoelectronAcceptance,
    TabulatedEfficiency,
)
from cevnslib.detectors.quenching import Lindhard
from cevnslib.detectors.resolution import Resolution
from cevnslib.errors import ConfigurationError, NoLimitError, UnknownNameError, UnseenWarning
from cevnslib.files import packaged
from cevnslib.physics import targets
from cevnslib.studies import moments

REFERENCE = Path(__file__).parent / "reference" / "experiments.csv"


def configurations():
    lines = [line for line in REFERENCE.read_text().splitlines() if not line.startswith("#")]
    return [
        pytest.param(row, id=f"{row['experiment']}-{row['stage']}") for row in csv.DictReader(lines)
    ]


@pytest.mark.parametrize("row", configurations())
def test_catalogue_is_the_published_table(row):
    experiment = experiments.load(row["experiment"], row["stage"])
    detector = experiment.detector
    assert experiment.source.name == row["source"]
    assert detector.target.name == row["target"]
    assert detector.mass == float(row["mass_kg"])
    assert experiment.baseline == pytest.approx(float(row["baseline_m"]) * 100)
    length, unit = row["exposure"].split()
    seconds = float(length) * {"d": 86400, "yr": 365 * 86400}[unit]
    assert experiment.exposure == pytest.approx(seconds)
    if row["efficiency"] == "acceptance function":  # its lower step stands for the 5 keV
        assert isinstance(detector.efficiency, PhotoelectronAcceptance)
        assert detector.breakpoints(detector.target.nuclides[0])[0] == pytest.approx(
            0.00427, abs=1e-5
        )
    else:
        assert detector.efficiency == ConstantEfficiency(float(row["efficiency"]))
        assert detector.threshold == pytest.approx(float(row["threshold_keV"]) * 1e-3)


def test_every_number_has_a_source():
    for name in experiments.names():
        keys = set()
        for stage in experiments.stages(name):
            table = experiments.description(name, stage)
            keys |= set(table) - {"title", "source", "references"}
        assert keys <= set(table["references"]), name


def test_fluence():
    csi = experiments.load("coherent-csi")
    expected = 0.08 * 1.76e23 / (4 * 3.141592653589793 * 1930**2)
    for beam in csi.beams:
        assert csi.fluence(beam) == pytest.approx(expected, rel=1e-12)


def test_unknown_names():
    with pytest.raises(UnknownNameError, match=r"unknown experiment 'coherent'.*allowed: .*conus"):
        experiments.load("coherent")
    with pytest.raises(
        UnknownNameError, match=r"unknown stage of coherent-csi 'then'; allowed: 2019"
    ):
        experiments.load("coherent-csi", stage="then")


MINE = """
title = "My germanium detector"
source = "reactor"
thermal_power_GW = 4.5
baseline_m = 20
target = "Ge"
mass_kg = 3
threshold_keV = 0.2
threshold_kind = "electron-equivalent"
exposure_years = 1
statistics = { kind = "projection", sigma_stat = 0.1, sigma_sys = 0.1 }
"""


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return written


def test_own_file_works_like_a_built_in_one(write):
    path = write(MINE)
    mine = experiments.load(path)
    assert mine == experiments.load(str(path))
    assert (mine.name, mine.title, mine.stage) == ("mine", "My germanium detector", "")
    assert experiments.stages(path) == ("",)
    limits = moments.tmm_limits(mine)
    nuclei = moments.tmm_limits(experiments.load(path, electrons="left out"))
    conus = moments.tmm_limits(experiments.load("conus"))
    assert np.all((nuclei / conus > 0.1) & (nuclei / conus < 10))
    assert np.all(limits < nuclei / 3)  # where it sees electrons, they dominate


def test_own_file_with_options(write):
    text = MINE.replace("thermal_power_GW = 4.5", "total_flux_per_cm2_s = 1e13")
    text += """
maximum_keV = 5.0
captures_per_fission = 0.6
fission_fractions = { u235 = 0.9, pu239 = 0.1 }
resolution = { constant_keV = 0.02 }
efficiency = { kind = "table", energies_keV = [0.1, 0.5, 10], values = [0.2, 0.9, 1.0] }
"""
    mine = experiments.load(write(text))
    (beam,) = mine.beams
    assert mine.detector.maximum == pytest.approx(5e-3)
    resolution = mine.detector.resolution
    assert isinstance(resolution, Resolution)
    assert resolution.constant == pytest.approx(2e-5)
    assert isinstance(mine.detector.efficiency, TabulatedEfficiency)
    assert mine.detector.efficiency.values == (0.2, 0.9, 1.0)
    flux = beam.rate * beam.spectrum.moments(0.0, 0)[0] / (4 * np.pi * 2000**2)
    assert flux == pytest.approx(1e13)


def test_own_file_with_stages(write):
    text = (
        MINE.replace("mass_kg = 3\n", "")
        + "[stages.now]\nmass_kg = 3\n[stages.later]\nmass_kg = 30\n"
    )
    path = write(text)
    assert experiments.stages(path) == ("now", "later")
    assert experiments.load(path, "later").detector.mass == 30


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('target = "Ge"\n', "", "the key 'target' is missing"),
        ("mass_kg = 3", "mass = 3", "the key 'mass_kg' is missing"),
        ("mass_kg = 3", "mas_kg = 3", "missing (got 'mas_kg'; did you mean 'mass_kg'?)"),
        (
            "mass_kg = 3",
            "mass_kg = 3\nmas_kg = 4",
            "unknown key 'mas_kg' (did you mean 'mass_kg'?)",
        ),
        ("mass_kg = 3", 'mass_kg = "3"', "mass_kg: got '3'; allowed: a number"),
        ("mass_kg = 3", "mass_kg = true", "mass_kg: got True; allowed: a number"),
        ("mass_kg = 3", "mass_kg = -3", "mass_kg: got -3 kg; allowed: finite, above 0 kg"),
        ("mass_kg = 3", "mass_kg = nan", "mass_kg: got nan kg; allowed: finite"),
        ('"Ge"', '"Gx"', "unknown target 'Gx'"),
        ('"Ge"', "7", "target: got 7; allowed: text"),
        ('"reactor"', '"beam"', "unknown source 'beam'; allowed: sns, reactor"),
        ("thermal_power_GW = 4.5\n", "", "got neither of 'thermal_power_GW' and 'total_flux"),
        ("exposure_years = 1", "exposure_years = 1\nexposure_days = 1", "got both of 'exposure_d"),
        (
            '"electron-equivalent"',
            '"keVee"',
            "unknown threshold_kind 'keVee'; allowed: nuclear-rec",
        ),
        ('"projection"', '"guess"', "unknown kind 'guess'; allowed: counting, projection"),
        (", sigma_sys = 0.1", "", "statistics: the key 'sigma_sys' is missing"),
        ("sigma_sys = 0.1", "sigma_sys = 0.1, sigma = 1", "statistics: unknown key 'sigma'"),
        ("baseline_m = 20", "baseline_m = 0", "baseline_m: got 0 m; allowed: finite, above 0 m"),
        ("mass_kg = 3", "mass_kg = 3\nefficiency = 1.5", "efficiency: got 1.5; allowed"),
        ("mass_kg = 3", "mass_kg = 3\nfission_fractions = { u235 = 0.5 }", "got a sum of 0.5"),
        ("mass_kg = 3", "mass_kg = 3\nelectrons = 'all'", "unknown electrons 'all'"),
        (
            'target = "Ge"',
            'target = "PbWO4"',
            "electrons: got 'shells' with the target PbWO4, not all of whose shells are known",
        ),
        ("mass_kg = 3", "mass_kg = 3\nleast_ionisation_keV = -1", "least_ionisation_keV: got -1 k"),
        ("mass_kg = 3", "mass_kg = = 3", "this is no TOML"),
        ("mass_kg = 3", f"mass_kg = {'[' * 2000}", "the file cannot be read: maximum recursion"),
        ("mass_kg = 3", f"mass_kg = 0x{'f' * 5000}", "mass_kg: got (int without a representation)"),
        ("mass_kg = 3", f"mass_kg = {'1' * 5000}", "the file cannot be read: Exceeds the limit"),
        ("My germanium detector", r"My\ndetector", r"title: got 'My\ndetector'; allowed"),
    ],
)
def test_wrong_files_are_answered_in_words(write, old, new, words):
    with pytest.raises(ConfigurationError) as refused:
        experiments.load(write(MINE.replace(old, new)))
    assert words in str(refused.value)


def test_stages_that_are_no_tables(write):
    with pytest.raises(ConfigurationError, match="'mine', now: got 3; allowed: a table of keys"):
        experiments.load(write("stages.now = 3\n" + MINE))
    with pytest.raises(
        ConfigurationError, match="'mine': stages: got 3; allowed: a table for each"
    ):
        experiments.load(write("stages = 3\n" + MINE))


def test_a_file_name_that_is_none(write):
    for name in ("3", '"a\\u0000b"'):
        text = (TABLE % "x").replace('"x"', name)
        with pytest.raises(
            ConfigurationError, match=r"efficiency: file: got .*; allowed: the name"
        ):
            experiments.load(write(text))


TABLE = MINE + 'efficiency = { kind = "table", file = "%s" }\n'
COLUMNS = "# chance to count\nenergy_keV,value\n0.1,0.2\n0.5, 0.9\n10,1.0\n"


def test_efficiency_from_a_file_beside(write, tmp_path):
    (tmp_path / "seen.csv").write_text(COLUMNS)
    detector = experiments.load(write(TABLE % "seen.csv")).detector
    assert isinstance(detector.efficiency, TabulatedEfficiency)
    assert detector.efficiency.energies == pytest.approx((1e-4, 5e-4, 1e-2))
    assert detector.efficiency.values == (0.2, 0.9, 1.0)
    text = TABLE.replace('efficiency = { kind = "table", file = "%s" }', "")
    inline = text + (
        'efficiency = { kind = "table", energies_keV = [0.1, 0.5, 10], values = [0.2, 0.9, 1] }'
    )
    assert detector == experiments.load(write(inline)).detector


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("", "there is no line of numbers"),
        ("energy_keV,value\n", "there is no line of numbers"),
        ("energy_PE,value\n1,a\n2,0.2\n", "line 2, column 2: got 'a'"),
        ("energy_keV,value\n1,0.1\n2\n", "line 3, column 2: got 1 column; allowed: 2"),
        ("energy_keV,value\n1,0.1,3\n2,0.2,3\n", "line 1: got 2 names over 3 columns"),
        ("energy_keV,value\n1,0.1\n2,nan\n", "line 3, column 2: got 'nan'"),
        (
            "energy_keV,value\n1,0.1\n2,1.5\n",
            "line 3, column 2: got 1.5; allowed: value from 0 to 1",
        ),
        ("energy_keV,value\n2,0.1\n1,0.5\n", "line 3, column 1: got 1; allowed: numbers that rise"),
        ("energy_keV,value\n1,0.1\n", "allowed: as many of one as of the other, at least two"),
        (b"\xff\xfe\x00", "this is no text"),
    ],
)
def test_wrong_efficiency_files(write, tmp_path, content, words):
    if isinstance(content, bytes):
        (tmp_path / "seen.csv").write_bytes(content)
    elif content is not None:
        (tmp_path / "seen.csv").write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        experiments.load(write(TABLE % "seen.csv"))
    assert words in str(refused.value)
    assert "allowed" in str(refused.value)


def test_a_byte_order_mark_is_no_part_of_a_file(write, tmp_path):
    for path, text in ((write(""), TABLE % "seen.csv"), (tmp_path / "seen.csv", COLUMNS)):
        path.write_text(text, encoding="utf-8-sig")
    efficiency = experiments.load(tmp_path / "mine.toml").detector.efficiency
    assert isinstance(efficiency, TabulatedEfficiency)
    assert efficiency.values == (0.2, 0.9, 1.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.symlink_to(path), "cannot be read"),
        (os.mkfifo, "this is no regular file"),
    ],
)
def test_what_is_no_efficiency_file(write, tmp_path, make, words):
    make(tmp_path / "seen.csv")
    with pytest.raises(ConfigurationError, match=rf"file: .*'seen\.csv'.*{words}.*; allowed: "):
        experiments.load(write(TABLE % "seen.csv"))


@pytest.mark.parametrize("key", ["energies_keV", "values"])
def test_an_efficiency_from_a_file_and_from_the_text(write, tmp_path, key):
    (tmp_path / "seen.csv").write_text(COLUMNS)
    text = (TABLE % "seen.csv").replace('kind = "table"', f'kind = "table", {key} = [1, 2]')
    with pytest.raises(ConfigurationError, match=f"got both of 'file' and '{key}'; allowed: one"):
        experiments.load(write(text))


@pytest.mark.parametrize("name", ["../seen.csv", "/etc/passwd", "a/../../seen.csv", "."])
def test_efficiency_files_outside_the_folder_or_folders(write, name):
    with pytest.raises(ConfigurationError, match=r"file: .*; allowed: (the name of )?a file"):
        experiments.load(write(TABLE % name))


def test_missing_file(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.toml: the file cannot be read"):
        experiments.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "nuclide", "recoil"), [("conus", "Ge72", 0.790), ("connie", "Si28", 0.217)]
)
def test_threshold_quenched_at_threshold(name, nuclide, recoil):
    """The recoil is the printed energy over Lindhard's factor at that energy."""
    struck = targets.nuclide(nuclide)
    detector = experiments.load(name, threshold_kind="quenched at threshold").detector
    (least, *_) = detector.breakpoints(struck)
    share = Lindhard().electron_equivalent(detector.threshold, struck) / detector.threshold
    assert least == pytest.approx(detector.threshold / share, rel=1e-12)
    assert least * 1e3 == pytest.approx(recoil, abs=5e-4)


def test_threshold_quenched_at_no_threshold():
    words = "threshold_keV: got 0 keV; allowed: finite, above 0 keV"
    with pytest.raises(ConfigurationError, match=words):
        experiments.load("conus", threshold_kind="quenched at threshold", threshold_keV=0)


def test_threshold_kind_can_be_chosen():
    seen = experiments.load("conus")
    recoil = experiments.load("conus", threshold_kind="nuclear-recoil")
    assert seen.detector.quenching is not None
    assert recoil.detector.quenching is None
    with pytest.raises(
        ConfigurationError, match="unknown threshold_kind 'x'; allowed: nuclear-recoil"
    ):
        experiments.load("conus", threshold_kind="x")


def test_solar():
    assert experiments.load_solar("borexino", "pp").energy < 0.42
    with pytest.raises(UnknownNameError, match="unknown solar line 'b8'; allowed: be7, pp"):
        experiments.load_solar(line="b8")
    with pytest.raises(UnknownNameError, match="unknown solar experiment 'sno'; allowed: borexino"):
        experiments.load_solar("sno")


def test_what_is_built_in_cannot_be_changed():
    with pytest.raises(TypeError):
        packaged("miranda2019", "experiments.toml")["conus"]["stages"]["2019"]["mass_kg"] = 385
    references: Any = experiments.load("conus").references
    references["mass_kg"] = "changed"
    assert experiments.load("conus").references["mass_kg"] != "changed"


STAGED = [name for name in experiments.names() if "projected" in experiments.stages(name)]


@pytest.mark.parametrize("name", STAGED)
def test_equal_experiments_have_equal_hashes(name):
    one, same, other = (experiments.load(name, stage) for stage in ("2019", "2019", "projected"))
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same, other}) == 2


def test_an_efficiency_file_that_is_there_but_outside(tmp_path):
    """The guard refuses it, not a file that is missing."""
    (tmp_path / "seen.csv").write_text(COLUMNS)
    (tmp_path / "inner").mkdir()
    inside = tmp_path / "inner" / "mine.toml"
    for name in ("../seen.csv", str(tmp_path / "seen.csv")):
        inside.write_text(TABLE % name)
        with pytest.raises(ConfigurationError, match=r"lies outside the folder|in the same folder"):
            experiments.load(inside)
    (tmp_path / "mine.toml").write_text(TABLE % "inner/../seen.csv")
    efficiency = experiments.load(tmp_path / "mine.toml").detector.efficiency
    assert isinstance(efficiency, TabulatedEfficiency)
    assert efficiency.values == (0.2, 0.9, 1.0)


def test_a_resolution_is_given_in_the_units_of_its_keys(write):
    text = MINE + "resolution = { constant_keV = 0.003, stochastic_sqrt_keV = 0.02 }\n"
    resolution = experiments.load(write(text)).detector.resolution
    assert resolution is not None
    for keV in (0.25, 1.0, 9.0):
        expected = np.sqrt(0.003**2 + 0.02**2 * keV)  # in keV
        assert resolution.sigma(keV * 1e-3) * 1e3 == pytest.approx(expected, rel=1e-12)


def test_messages_are_in_the_keys_and_units_of_the_file(write):
    """As typed: a hundred electronvolts as a hundred keV, metres, days."""
    for old, new, words in (
        ("threshold_keV = 0.2", "threshold_keV = 1200", "threshold_keV: got 1200 keV; allowed"),
        ("threshold_keV = 0.2", "threshold_keV = 1200", "did you give eV?"),
        ("threshold_keV = 0.2", "threshold_keV = 2\nmaximum_keV = 1", "maximum_keV: got 1 keV"),
        ("exposure_years = 1", "exposure_days = -2", "exposure_days: got -2 days"),
        ("thermal_power_GW = 4.5", "thermal_power_GW = 0", "thermal_power_GW: got 0 GW"),
        ("sigma_stat = 0.1", "sigma_stat = -0.1", "sigma_stat: got -0.1; allowed"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            experiments.load(write(MINE.replace(old, new)))
        assert words in str(refused.value)
        assert "MeV" not in str(refused.value)
    high = MINE.replace("threshold_keV = 0.2", "threshold_keV = 100")
    blind = experiments.load(write(high + 'electrons = "left out"\n'))
    words = r"got 100 keV, above which no {}events .* below \d\.\d+ keV, .*threshold_keV"
    with pytest.raises(NoLimitError, match=words.format("")):
        moments.tmm_limits(blind)
    with pytest.warns(UnseenWarning, match=words.format("nuclear ")):  # electrons remain
        moments.tmm_limits(experiments.load(write(high)))


def test_built_in_inputs_of_the_sun_and_of_the_reactors():
    """Numbers of the data files that no other test depends on closely, once more by hand."""
    density = {line: experiments.load_solar(line=line).electron_density for line in ("be7", "pp")}
    assert density == {"be7": 86, "pp": 67}
    powers = {"conus": 3.9, "connie": 3.8, "miner": 0.001, "texono": 2.9, "red100": 3.0}
    for name, power in powers.items():
        (beam,) = experiments.load(name).beams
        assert beam.rate == pytest.approx(power * 1e9 / (206.13 * 1.602176634e-13), rel=1e-4)
