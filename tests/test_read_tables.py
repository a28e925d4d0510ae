"""Files of tables: encodings, columns by name and number, curves in a reader's folder."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevnslib import experiments, rates
from cevnslib.errors import CevnsError, ConfigurationError, KindError
from cevnslib.physics.interactions import MagneticMoment, StandardModel
from cevnslib.tables import Columns, read_curve, read_table

WEAK, MOMENT = StandardModel(), MagneticMoment(1e-10)
ROWS = "5,0.03\n10,0.35\n20,0.64\n40,0.92\n100,0.96\n"
CURVE = "energy_keV,value\n" + ROWS
#: The curve in every way of writing it.
WAYS = {
    "good": CURVE,
    "no header": ROWS,
    "own header": "E (keV),eff\n" + ROWS,
    "comment": " # our curve\n" + CURVE,
    "names in a comment": "% energy value\n" + ROWS,
    "trailing": CURVE.replace("0.35", "0.35,"),
    "all trailing": CURVE.replace("\n", ",\n"),
    "semicolon": CURVE.replace(",", ";"),
    "decimal comma": CURVE.replace(",", ";").replace(".", ","),
    "quoted": CURVE.replace(",", '";"')
    .replace("\n", '"\n"')
    .removesuffix('"')
    .replace("e", '"e', 1),
    "tab": CURVE.replace(",", "\t"),
    "spaces": "  " + ROWS.replace(",", "    "),
    "spaces and decimal comma": ROWS.replace(",", " ").replace(".", ","),
    "Fortran": ROWS.replace("0.35", "3.5D-01"),
    "blank lines": CURVE.replace("\n", "\n\n"),
    "comments": ROWS.replace("\n", " # seen\n! more\n"),
    "CRLF": CURVE.replace("\n", "\r\n"),
    "CR": CURVE.replace("\n", "\r"),
    "the other way round": "value,energy_keV\n"
    + "".join(",".join(reversed(row.split(","))) + "\n" for row in ROWS.split()),
    "MeV": "E (MeV);eff\n0.005;0.03\n0.01;0.35\n0.02;0.64\n0.04;0.92\n0.1;0.96\n",
    "percent": "E (keV);eff (%)\n5;3\n10;35\n20;64\n40;92\n100;96\n",
}
TOML = """
source = "sns"
baseline_m = 27.5
target = "Ar"
mass_kg = 24.4
exposure_days = 272
efficiency = { kind = "table", %s }
statistics = { kind = "projection", sigma_stat = 0.1, sigma_sys = 0.1 }
"""


@pytest.fixture
def events(tmp_path):
    """Return the events with an efficiency as a file has it."""

    def count(content, keys='file = "eff.txt"', encoding="utf-8", interaction=WEAK):
        content = content if isinstance(content, bytes) else content.encode(encoding)
        (tmp_path / "eff.txt").write_bytes(content)
        (tmp_path / "mine.toml").write_text(TOML % keys)
        return rates.expected_counts(experiments.load(tmp_path / "mine.toml"), interaction)

    return count


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_events(events, way):
    """D20: the number of the case."""
    rounding = 1e-12 if way in ("MeV", "percent") else 0
    assert events(WAYS[way]) == pytest.approx(events(CURVE), rel=rounding, abs=0)
    assert events(WAYS[way]) == pytest.approx(134.684, abs=5e-4)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(events, encoding):
    text = "# caf\N{LATIN SMALL LETTER E WITH ACUTE}, 3 \N{MICRO SIGN}s\n" + CURVE
    assert events(text, encoding=encoding) == events(CURVE)
    for order in ("le", "be"):
        marked = f"\N{ZERO WIDTH NO-BREAK SPACE}{text}".encode(f"utf-16-{order}")
        assert events(marked) == events(CURVE)


# D04: COHERENT's liquid argon, 2020, as released: seen energy, recoil and acceptance, no header.
# Public ancillary file of arXiv:2006.12659, the table of tests/reference with its comma and names.
REFERENCE = Path(__file__).parent / "reference" / "argon_efficiency.csv"
RELEASED = "\n".join(REFERENCE.read_text().replace(",", " ").splitlines()[2:])


@pytest.mark.parametrize("header", ["", "# E_keVee E_keVnr eff\n", "seen [keV]  T [keV]  eff\n"])
def test_a_released_file_is_read_as_it_was_released(events, header):
    text, by_number = header + RELEASED, "energy_column = 2, value_column = 3"
    # Protons and yield of the release, in days of the built-in rate.
    scale = 308.1 / 272 * 13.8e22 / 1.76e23 * 0.09 / 0.08
    count = events(text, f'file = "eff.txt", {by_number}')
    assert count * scale == pytest.approx(141.07, rel=1e-4)
    if header:
        recoil = "E_keVnr" if "#" in header else "t (keV)"
        by_name = f'energy_column = "{recoil}", value_column = "eff"'
        assert events(text, f'file = "eff.txt", {by_name}') == count
    with pytest.raises(
        ConfigurationError, match=r"got 3 columns, .* which are energy_keV, value; "
    ):
        events(text)
    for wrong in ("energy_column = 2", "energy_column = 2, value_column = 2"):
        with pytest.raises(ConfigurationError, match="allowed: energy_column and value_column"):
            events(text, f'file = "eff.txt", {wrong}')


def test_columns():
    table = Columns("x", ("E (keV)", "eff", "E (PE)", "Eff"), np.arange(8.0).reshape(2, 4), (1, 2))
    for which in ("E (keV)", "e  (KEV)", 1):
        assert table.column(which).tolist() == [0, 4]
    assert table.column(4).tolist() == [3, 7]
    assert Columns("x", ("E", "b"), np.eye(2), (1, 2)).column("E (keV)").tolist() == [1, 0]
    wrong: Any
    for wrong in (0, 5, -1, True, "x", "E", "eff", "E (MeV)", 1.0, None, ["E"]):
        with pytest.raises(
            ConfigurationError, match=r"x: column: got .*; allowed: a number from 1"
        ):
            table.column(wrong)


UNITS = {
    1.0: ("E (MeV)", "energy_MeV", "E_nu [MeV]", "E in MeV", "E/MeV", "x", "T MeV"),
    1e-3: ("E (keVnr)", "e_keV_ee", "Energy / keV", "E [keV ee]", "energy keV"),
    1e-6: ("E (eV)", "recoil_eV"),
}


@pytest.mark.parametrize(
    ("header", "factor"), [(name, factor) for factor, names in UNITS.items() for name in names]
)
@pytest.mark.parametrize(
    "value",
    [
        *("value", "per_MeV", "neutrinos per MeV", "flux/MeV", "dN/dE (1/keV)"),
        *("nu per fission and MeV", "Per cm2, s, MeV"),
    ],
)
def test_units_in_names(tmp_path, header, factor, value):
    """Those of energies are converted; what is counted per energy is as it is."""
    (tmp_path / "x.txt").write_text(f"{header};{value}\n2;5\n4;6\n")
    energies, values = read_curve(tmp_path, "spectrum", "x.txt", ("energy_MeV", "value"))
    assert energies == pytest.approx(factor * np.array([2, 4]), rel=1e-15)
    assert values.tolist() == [5, 6]


def test_any_number_of_columns(tmp_path):
    (tmp_path / "bins.csv").write_text("low;high;counts;error\n0;1;5;2,5\n1;2;7;3\n")
    wanted = ("low_keV", "high_keV", "counts", "error")
    low, high, counts, error = read_curve(tmp_path, "data", "bins.csv", wanted, steps=False)
    assert [*low, *high, *counts, *error] == [0, 1, 1, 2, 5, 7, 2.5, 3]
    spec = {"file": "bins.csv", "high_column": 2, "low_column": "LOW"}
    assert read_curve(tmp_path, "data", spec, ("low_keV", "high_keV"))[1].tolist() == [1, 2]
    (tmp_path / "bins.csv").write_text("0 1 5\n0 2 7\n")
    with pytest.raises(
        ConfigurationError, match=r"line 2, column 1: got 0; allowed: numbers that rise"
    ):
        read_curve(tmp_path, "data", "bins.csv", ("low_keV", "high_keV", "counts"), steps=False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("5,0.03\n20,0.64\n10,0.35\n", "line 3, column 1: got 10; allowed: numbers that rise"),
        (
            "5 0\n\n9 0\n9 .1\n9 .2\n",
            "line 5, column 1: got 9; allowed: numbers that rise from row to row, each",
        ),
        (
            "E (PE),eff\n5,0.1\n9,0.2\n",
            "column 1: got 'E (PE)' as energy_keV; allowed: energies in",
        ),
        ("eff,E (keV)\n0.1,5\n0.2,9\n", "column 2: got 'E (keV)' as value; allowed: no energies"),
        ("5,0.1\n9,1.5\n", "line 2, column 2: got 1.5; allowed: value from 0 to 1"),
        ("-5 0.1\n9 0.2\n", "line 1, column 1: got -5; allowed: energy_keV from 0"),
        ("5 0.1\n9 0.2 3\n", "line 2, column 3: got 3 columns; allowed: 2, as in line 1"),
        ("5 0.1\n9 x\n", "line 2, column 2: got 'x'; allowed: a finite number"),
        ("5\n9\n", "got 1 column, of which"),
        (bytes(range(256)), "this is no text; allowed: a table in UTF-8"),
        ("5,0.1\n9,0.2\n".encode("utf-16-le"), "this is no text"),
        (b"\xff\xfe\x00", "this is no text"),
        (b"", "there is no line of numbers"),
        (b"1 2\n" * 5_000_001, "got 20 MB; allowed: at most 20 MB"),
    ],
)
def test_bad_files_are_answered_on_one_line(events, content, words):
    with pytest.raises(ConfigurationError) as refused:
        events(content)
    assert f"efficiency: file: 'eff.txt': {words}" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.txt", "No such file"),
        ("", "this is a folder"),
        ("below", "this is a folder"),
        ("pipe", "this is no regular file"),
        ("loop", "'loop'"),
        ("out/eff.txt", "lies outside the folder; allowed: the name of a file in the same folder"),
        ("link.txt", "lies outside the folder"),
        ("../eff.txt", "lies outside the folder"),
        ("below/../../eff.txt", "lies outside the folder"),
        ("/etc/hostname", "allowed: the name of a file"),
        ("a\0b", "allowed: the name of a file"),
        (3, "got 3; allowed: the name of a file"),
        (None, "got None; allowed: the name of a file"),
    ],
)
def test_files_that_are_not_there_or_elsewhere(tmp_path, name, words):
    folder = tmp_path / "caf\N{LATIN SMALL LETTER E WITH ACUTE} 1"
    (folder / "below").mkdir(parents=True)
    (tmp_path / "eff.txt").write_text(ROWS)
    (folder / "out").symlink_to(tmp_path)
    (folder / "link.txt").symlink_to(tmp_path / "eff.txt")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    with pytest.raises(ConfigurationError) as refused:
        read_curve(folder, "efficiency", name, ("energy_keV", "value"))
    assert str(refused.value).startswith("efficiency: ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_files_within_the_folder(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "eff.txt").write_text(ROWS)
    (tmp_path / "link.txt").symlink_to(tmp_path / "below" / "eff.txt")
    for name in ("below/eff.txt", "link.txt", "below/../link.txt"):
        energies, values = read_curve(tmp_path, "efficiency", name, ("energy_keV", "value"))
        assert energies.tolist() == [5, 10, 20, 40, 100]
        assert values.tolist() == [0.03, 0.35, 0.64, 0.92, 0.96]
    # An absolute name is refused also where it lies within: the folder may move.
    with pytest.raises(ConfigurationError, match="the name of a file in the same folder"):
        read_curve(tmp_path, "efficiency", str(tmp_path / "link.txt"), ("energy_keV", "value"))
    spec = {"file": "link.txt", "energy_colum": 1}
    with pytest.raises(ConfigurationError, match=r"unknown key 'energy_colum' \(did you mean"):
        read_curve(tmp_path, "efficiency", spec, ("energy_keV", "value"))
    with pytest.raises(KindError, match="path: got 3; allowed"):
        read_table(3)  # type: ignore[arg-type]
    assert read_table(str(tmp_path / "link.txt")).lines == (1, 2, 3, 4, 5)


def test_a_curve_from_zero_with_a_step(events):
    """D19, in a file: rows of efficiency 0 add nothing; two rows at one energy are a threshold."""
    for interaction in (WEAK, MOMENT):
        without = events("5 0\n20 0.6\n100 0.95\n", interaction=interaction)
        first = events("0 0\n5 0\n20 0.6\n100 0.95\n", interaction=interaction)
        assert first == without
        step = events("0 0\n20 0\n20 0.9\n100 0.9\n", interaction=interaction)
        sharp = events("20 0.9\n100 0.9\n", interaction=interaction)
        assert step == sharp
    assert events("5 0\n20 0.6\n100 0.95\n") == pytest.approx(108.723, abs=5e-4)


def test_a_curve_that_rises_from_zero_counts_moments(events):
    """With a chance like T near 0 the count of what grows like 1/T converges: linear in the chance.

    The curve 0, 0 / 20, 0.8 / 100, 0.8 is what remains of a constant one after taking away the one
    that falls from 0.8 to 0; from some energy on both are allowed, and below it little is left.
    """

    def from_energy(curve, first):
        chance = f"{np.interp(first, *curve):.17g}"
        text = "".join(f"{x} {y}\n" for x, y in zip(*curve, strict=True) if x > first)
        return events(f"{first} 0\n{first} {chance}\n{text}", interaction=MOMENT)

    rising = ([0, 20, 100], [0.0, 0.8, 0.8])
    whole = events("0 0\n20 0.8\n100 0.8\n", interaction=MOMENT)
    above = {first: from_energy(rising, first) for first in (1e-2, 1e-4)}
    # Below a small T the count is like the integral of (1/T) T, so T itself.
    rest = whole - above[1e-2]
    assert rest > 0
    assert whole - above[1e-4] == pytest.approx(rest / 100, rel=2e-3)
    flat, falling = ([0, 100], [0.8, 0.8]), ([0, 20, 100], [0.8, 0.0, 0.0])
    differences = from_energy(flat, 1e-2) - from_energy(falling, 1e-2)
    assert differences == pytest.approx(above[1e-2], rel=1e-9)


@pytest.mark.parametrize("curve", ["0 0.5\n100 0.9\n", "0 0\n0 0.5\n100 0.9\n"])
def test_what_still_diverges_is_refused_in_the_words_of_the_file(events, curve):
    assert events(curve) > 0  # weakly there is no such trouble
    with pytest.raises(CevnsError) as refused:
        events(curve, interaction=MOMENT)
    words = str(refused.value)
    assert words.startswith("efficiency: got 0.5 at 0 keV, without a threshold; allowed: an effic")
    assert "(in a file: efficiency, threshold_keV)" in words
