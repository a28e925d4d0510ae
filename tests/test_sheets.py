"""Sheets: parameters that are refused, rows that agree with the table of limits."""

import math

import pytest

from cevnslib import experiments
from cevnslib.display import sheets
from cevnslib.display.sheets import SheetParameters
from cevnslib.errors import CevnsError, ConfigurationError, UnknownNameError
from cevnslib.physics.mixing import OscillationParameters
from cevnslib.studies import published


def test_rows_are_the_table_of_limits():
    for treatment in experiments.SIGNAL_NUISANCE:
        table = {
            (r.experiment, r.stage, r.beam): r.values
            for r in published.limit_table(signal_nuisance=treatment)
        }
        for name in experiments.names():
            for row in sheets.rows(SheetParameters(name, signal_nuisance=treatment)):
                assert row.limits == table[row.experiment, row.stage, row.beam]
    assert sheets.solar_row().limits == table["borexino", "2019", "solar"]


def test_every_published_number_stands_on_a_sheet():
    shown = [
        number
        for name in experiments.names()
        for row in sheets.rows(SheetParameters(name, signal_nuisance="left out"))
        for number in row.published
    ]
    shown += sheets.solar_row().published
    assert sorted(shown, key=repr) == sorted(published.numbers(), key=repr)


def test_choices():
    rows = sheets.rows(SheetParameters("coherent-csi", "projected", "prompt", "fitted"))
    assert [(r.stage, r.beam, r.signal_nuisance) for r in rows] == [
        ("projected", "prompt", "fitted")
    ]
    other = sheets.rows(SheetParameters("conus", confidence=0.95, signal_nuisance="fitted"))
    assert all(r.published == () and r.verdicts == () for r in other)
    assert other[0].limits[0] > sheets.rows(SheetParameters("conus"))[0].limits[0]


def test_no_limit_is_infinite(tmp_path):
    path = tmp_path / "blind.toml"
    path.write_text(
        'source = "reactor"\nthermal_power_GW = 1\nbaseline_m = 10\ntarget = "Xe"\nmass_kg = 1\n'
        "threshold_keV = 50\nexposure_years = 1\n"
        'statistics = { kind = "projection", sigma_stat = 0.1, sigma_sys = 0.1 }\n'
    )
    rows = sheets.rows(SheetParameters(str(path)))
    assert all(value == float("inf") for row in rows for value in row.limits)
    assert "inf" in sheets.limits_table(rows)


def test_tables_in_markdown():
    csi = experiments.load("coherent-csi")
    table = sheets.inputs_table(csi)
    for key in ("baseline_m", "efficiency", "statistics", "target"):
        assert f"| {key} |" in table
    assert "4.27 keV, recoil" in table
    assert "electron-equivalent" in sheets.inputs_table(experiments.load("conus"))
    assert sheets.counts_table(csi).splitlines()[-1].startswith("| all | 180.2 |")
    assert len(sheets.counts_table(experiments.load("conus")).splitlines()) == 3


@pytest.mark.parametrize(
    ("keywords", "error", "words"),
    [
        ({"experiment": "coherent-cs"}, UnknownNameError, "did you mean 'coherent-csi'"),
        ({"experiment": "none.toml"}, ConfigurationError, "none.toml: the file cannot be read"),
        ({"experiment": 3}, ConfigurationError, "parameter experiment: got 3; allowed: text"),
        (
            {"stage": "past"},
            UnknownNameError,
            "unknown stage 'past'; allowed: all, 2019, projected",
        ),
        ({"beam": "reactor"}, UnknownNameError, "unknown beam 'reactor'"),
        (
            {"signal_nuisance": "x"},
            UnknownNameError,
            "unknown signal_nuisance 'x'; allowed: all, fi",
        ),
        ({"confidence": "0.9"}, ConfigurationError, "confidence: got the text '0.9'; allowed: a n"),
        ({"confidence": 90}, CevnsError, "parameter confidence: got 90"),
        ({"confidence": 1.0}, CevnsError, "parameter confidence: got 1"),
        ({"delta_cp": float("nan")}, CevnsError, "parameter delta_cp: got nan"),
        ({"delta_cp": 212}, CevnsError, "did you give degrees? 212 degrees are 3.70010 rad"),
        ({"delta_cp_degrees": 400}, CevnsError, "parameter delta_cp_degrees: got 400 degrees"),
        ({"delta_cp_degrees": "212"}, ConfigurationError, "delta_cp_degrees: got the text '212'"),
        ({"delta_cp": 1.0, "delta_cp_degrees": 5}, ConfigurationError, "got both; allowed: one"),
        ({"sin2_theta12": 2.0}, CevnsError, "sin2_theta12: got 2"),
    ],
)
def test_bad_parameters(keywords, error, words):
    with pytest.raises(error) as refused:
        SheetParameters(**keywords)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "changes", [{"delta_cp": 1.0}, {"sin2_theta12": 0.3}, {"confidence": 0.95}]
)
def test_nothing_published_stands_beside_another_mixing_or_level(changes):
    assert all(row.published for row in sheets.rows(SheetParameters("conus")))
    assert not any(row.published for row in sheets.rows(SheetParameters("conus", **changes)))


def test_phase_in_degrees():
    """D17: NuFIT's 212 degrees, limits as the library gives them for 3.7001 rad."""
    angles = (0.308, 0.02215, 0.470)
    sheet = SheetParameters("coherent-csi", "all", "prompt", "all", 0.9, *angles, 0.0, 212)
    assert sheet.delta_cp == pytest.approx(212 / 180 * math.pi, rel=1e-15)
    assert sheet.oscillation == OscillationParameters(*angles, sheet.delta_cp)
    row = next(row for row in sheets.rows(sheet) if row.signal_nuisance == "fitted")
    assert [round(limit / 1e-10, 2) for limit in row.limits] == [66.63, 83.01, 85.39]
