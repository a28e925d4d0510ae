"""Files that are wrong, of every kind: one line says why, and nothing is written or run."""

import gzip
import json
import os
import subprocess
import sys

import pytest

from cevnslib import cli

#: A file that is right; its last line, too, is needed.
RIGHT = """\
title = "my own"
target = "Ge"
mass_kg = 4
exposure_days = 300
energy = "electron-equivalent"
bins_keV = [0.3, 0.5, 1.0]
least_ionisation_keV = 0.003
[quenching]
kind = "lindhard"
k = 0.16
[resolution]
constant_keV = 0.07
[efficiency]
kind = "table"
file = "efficiency.csv"
[data]
counts = [1200, 300]
off_counts = [180, 40]
off_days = 50
[[data.backgrounds]]
name = "neutrons"
counts = [100, 50]
relative_error = 0.2
[[nuisances]]
name = "flux"
relative_error = 0.03
acts_on = "signal"
[source]
kind = "reactor"
thermal_power_GW = 3.9
baseline_m = 20
"""
#: What a file needs, and what stands once for all that may stand there.
NEEDED = ("target", "mass_kg", "exposure_days", "thermal_power_GW", "baseline_m")
POSITIVE = (*NEEDED[1:], "off_days")
LINES = RIGHT.splitlines()
EFFICIENCY = "energy_keV,value\n0.3,0.5\n1.0,0.9\n"
#: What would leave a file behind, were it run.
CODE = {
    "shell": "$(touch pwned)",
    "backticks": "`touch pwned`",
    "semicolon": "Ge; touch pwned",
    "pipe": "|touch pwned",
    "python": "__import__('os').system('touch pwned')",
    "lambda": "(lambda: open('pwned', 'w'))()",
    "template": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "format": "{0.__class__.__init__.__globals__}",
    "percent": "%(x)s%n%n",
    "yaml": "!!python/object/apply:os.system ['touch pwned']",
    "html": "<script>alert(1)</script>",
    "latex": r"\\immediate\\write18{touch pwned}",
    "magic": "%%bash\\ntouch pwned",
    "escape": r"\u001b]0;pwned\u0007\u001b[2J",
    "newline": r"Ge\nmass_kg = 5",
    "nul": r"Ge\u0000",
    "long": "Ge" * 50_000,
}
#: What stands where a number should.
NO_NUMBERS = {
    "text": '"4"',
    "code": "\"__import__('os').system('touch pwned')\"",
    "true": "true",
    "list": "[4, 5]",
    "empty list": "[]",
    "table": "{ a = 1 }",
    "date": "2020-01-01",
    "infinite": "inf",
    "not a number": "nan",
    "negative": "-4",
    "zero": "0",
    "1e300": "1e300",
    "1e400": "1e400",
    "400 digits": "9" * 400,
    "5000 digits": "9" * 5000,
    "hexadecimal": "0x" + "f" * 500,
}
#: Names of a table that is not a file of the folder.
NO_TABLES = {
    "missing": "none.csv",
    "nothing": "",
    "the folder": ".",
    "above": "../outside.csv",
    "above, hidden": "sub/../../outside.csv",
    "absolute": "/etc/passwd",
    "a link out": "link.csv",
    "a link out, to a folder": "away/outside.csv",
    "a link to itself": "loop.csv",
    "a device": "/dev/zero",
    "a link to a device": "zero.csv",
    "a pipe": "pipe.csv",
    "an address": "https://example.org/efficiency.csv",
    "a command": "$(touch pwned).csv",
    "nul": r"a\u0000.csv",
    "long": "a" * 5000,
    "home": "~/efficiency.csv",
    "binary": "binary.csv",
    "huge": "huge.csv",
    "words": "words.csv",
    "formula": "formula.csv",
}
#: What is no TOML at all.
BYTES = {
    "empty": b"",
    "a mark alone": b"\xef\xbb\xbf",
    "a comment": b"# nothing\n",
    "random": bytes((i * 167 + 13) % 256 for i in range(4000)),
    "a program": b"\x7fELF\x02\x01\x01" + bytes(500),
    "compressed": gzip.compress(RIGHT.encode(), mtime=0),
    "zeros": bytes(1000),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "UTF-16": RIGHT.encode("utf-16"),
    "Latin": RIGHT.replace("my own", "\xe9").encode("latin-1"),
    "JSON": json.dumps({"mass_kg": 4}).encode(),
    "YAML": RIGHT.replace(" = ", ": ").encode(),
    "HTML": b"<!DOCTYPE html><script>alert(1)</script>",
    "Python": b"import os\nos.system('touch pwned')\n",
    "a pickle": b"cposix\nsystem\n(S'touch pwned'\ntR.",
    "a script": b"#!/bin/sh\ntouch pwned\n",
    "huge": b"#" * 10_000_000,
    "huge, one text": b'title = "' + b"x" * 10_000_000 + b'"\n' + RIGHT.encode(),
    "many keys": b"".join(b"k%d = 1\n" % i for i in range(5_000)),
    "deep lists": b"a = " + b"[" * 5000,
    "deep lists, closed": b"a = " + b"[" * 5000 + b"]" * 5000,
    "deep tables": b"a = " + b"{a=" * 5000,
    "deep key": b"a" + b".a" * 5000 + b" = 1",
    "deep key in a table": b"x = {a" + b".a" * 5000 + b" = 1}",
    "an open text": b'title = "',
    "an open text of lines": b'title = """' + b"\n" * 1000,
}
#: Other units, names and statements that contradict others.
EDITS = {
    "bins above all": ("[0.3, 0.5, 1.0]", "[3000, 5000]"),
    "bins that fall": ("[0.3, 0.5, 1.0]", "[1.0, 0.5, 0.3]"),
    "one edge": ("[0.3, 0.5, 1.0]", "[0.3]"),
    "no edges": ("[0.3, 0.5, 1.0]", "[]"),
    "edges of text": ("[0.3, 0.5, 1.0]", '["0.3", "0.5", "1.0"]'),
    "too many bins": ("[0.3, 0.5, 1.0]", "{ from = 0, to = 1, number = 1000000000 }"),
    "bins without a width": ("[0.3, 0.5, 1.0]", "{ from = 0.3, to = 1, width = 0 }"),
    "a key in eV": ("bins_keV", "bins_eV"),
    "a key in g": ("mass_kg = 4", "mass_g = 4000"),
    "a key in km": ("baseline_m = 20", "baseline_km = 0.02"),
    "a key in hours": ("exposure_days = 300", "exposure_hours = 7200"),
    "two exposures": ("exposure_days = 300", "exposure_days = 300\nexposure_years = 1"),
    "two powers": ("thermal_power_GW = 3.9", "thermal_power_GW = 3.9\ntotal_flux_per_cm2_s = 1e13"),
    "a power in MW": ("thermal_power_GW = 3.9", "thermal_power_MW = 3900"),
    "a misspelt key": ("baseline_m", "basline_m"),
    "another case": ("mass_kg", "Mass_kg"),
    "another alphabet": ("mass_kg = 4", '"m\u0430ss_kg" = 4'),
    "a comma": ("mass_kg = 4", "mass_kg = 4,5"),
    "no quotes": ('target = "Ge"', "target = Ge"),
    "two targets": ('target = "Ge"', 'target = ["Ge", "Si"]'),
    "no such target": ('target = "Ge"', 'target = "Unobtainium"'),
    "no such source": ('kind = "reactor"', 'kind = "supernova"'),
    "no such quenching": ('kind = "lindhard"', 'kind = "guessing"'),
    "no such energy": ('"electron-equivalent"', '"total"'),
    "a table doubled": ("[data]", "[efficiency]\n[data]"),
    "a table and a key": ("[data]", "[mass_kg]\n[data]"),
    "tables in a row": ("[efficiency]", "[[efficiency]]"),
    "an unknown table": ("[data]", "[astrology]\nsign = 'Leo'\n[data]"),
    "a negative error": ("relative_error = 0.03", "relative_error = -0.03"),
    "too many counts": ("[1200, 300]", "[1200, 300, 100]"),
    "counts below 0": ("[1200, 300]", "[1200, -300]"),
    "counts of text": ("[1200, 300]", '["many", "few"]'),
    "counts in lists": ("[1200, 300]", "[[1200], [300]]"),
    "counts that are a link out": ("[1200, 300]", '{ file = "link.csv" }'),
    "counts from above": ("[1200, 300]", '{ file = "../outside.csv", column = 1 }'),
    "counts and a limit": ("counts = [1200, 300]", "counts = [1200, 300]\nupper_limit = 3"),
    "backgrounds of one bin": ("counts = [100, 50]", "counts = [100]"),
    "a nuisance of nothing": ('acts_on = "signal"', 'acts_on = "neutrinos"'),
    "a nuisance doubled": (
        "[source]",
        '[[nuisances]]\nname = "flux"\nrelative_error = 1\n[source]',
    ),
    "statistics and data": ("[data]", '[statistics]\nkind = "projection"\n[data]'),
    "two thresholds": ("[quenching]", "threshold_kind = 'electron-equivalent'\n[quenching]"),
    "a title of two lines": ('title = "my own"', 'title = """my\nown"""'),
    "a title that is a number": ('title = "my own"', "title = 7"),
    "references that are none": ('title = "my own"', 'references = ["a"]'),
    "a reference that is none": ('title = "my own"', "references = { mass_kg = 4 }"),
    "stages that are none": ('title = "my own"', "stages = 3"),
    "a stage that is none": ('title = "my own"', "stages = { now = 3 }"),
    "a confidence in percent": ('title = "my own"', "confidence = 90"),
    "degrees as radians": ("[source]", "[oscillation]\ndelta_cp = 212\n[source]"),
    "a share above 1": ("[source]", "[oscillation]\nsin2_theta12 = 1.2\n[source]"),
    "no such interaction": ("[source]", "[interactions]\nfifth_force = 1\n[source]"),
    "no splitting": ("[source]", "[sterile]\nsin2_theta14 = 0.1\n[source]"),
}


def _numbers():
    keys = [line.split(" = ")[0] for line in LINES if line[-1].isdigit()]
    for i, (name, value) in enumerate(NO_NUMBERS.items()):
        for key in dict.fromkeys((keys[i % len(keys)], POSITIVE[i % len(POSITIVE)])):
            if key not in POSITIVE and name in ("zero", "infinite"):
                continue  # what is known exactly, or not at all
            (line, *_) = (line for line in LINES if line.startswith(f"{key} ="))
            yield f"{key} is {name}", RIGHT.replace(line, f"{key} = {value}")


def _cases():
    whole = [line for line in LINES if " = " in line]
    for i in range(1, len(LINES)):
        yield f"cut before line {i + 1}", "\n".join(LINES[:i])
    for i, line in enumerate(LINES[:-1:3]):
        cut = RIGHT.index(line) + len(line) // 2
        yield f"cut in line {3 * i + 1}", RIGHT[:cut]
    for line in whole:
        yield f"doubled: {line}", RIGHT.replace(line, f"{line}\n{line}", 1)
        if line.split()[0] in NEEDED:
            yield f"without {line.split()[0]}", RIGHT.replace(line + "\n", "", 1)
    yield from _numbers()
    for name, text in CODE.items():
        yield f"target is code, {name}", RIGHT.replace('"Ge"', f'"{text}"')
        if name in ("shell", "python", "html"):
            yield f"source is code, {name}", RIGHT.replace('"reactor"', f'"{text}"')
            yield f"kind is code, {name}", RIGHT.replace('"lindhard"', f'"{text}"')
            yield f"a key is code, {name}", f'"{text}" = 1\n{RIGHT}'
    for name, file in NO_TABLES.items():
        yield f"no table: {name}", RIGHT.replace("efficiency.csv", file)
    for name, (old, new) in EDITS.items():
        assert RIGHT.count(old) >= 1, name
        yield name, RIGHT.replace(old, new)
    yield from BYTES.items()


CASES = dict(_cases())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the tables of a file, and traps, in which the command is called."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.csv").write_text(EFFICIENCY)
    (inside / "efficiency.csv").write_text(EFFICIENCY)
    (inside / "link.csv").symlink_to("../outside.csv")
    (inside / "away").symlink_to("..")
    (inside / "loop.csv").symlink_to("loop.csv")
    (inside / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(inside / "pipe.csv")
    (inside / "binary.csv").write_bytes(BYTES["random"])
    (inside / "words.csv").write_text("energy_keV,value\na,b\n")
    (inside / "formula.csv").write_text("energy_keV,value\n0.3,=1+1\n1.0,@SUM(A1)\n")
    monkeypatch.chdir(inside)
    return inside


def listing(folder):
    """Return what is in a folder: names, and when each was changed."""
    return {
        name: os.lstat(os.path.join(here, name)).st_mtime_ns
        for here, folders, files in os.walk(folder.parent)
        for name in (*folders, *files)
    }


def one_line(said):
    """Whether something was said on exactly one line, which begins as it should."""
    return said.startswith("cevns: ") and said.endswith("\n") and len(said.splitlines()) == 1


def refused(capsys, folder, *arguments):
    """Call the command, which refuses, and return what it says."""
    before = listing(folder)
    assert cli.main([*map(str, arguments)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert one_line(said.err), said.err
    assert said.err.isprintable() or said.err[:-1].isprintable()
    assert "mistake of the library" not in said.err
    assert len(said.err) < 3000
    assert listing(folder) == before
    return said.err


def test_there_are_a_hundred_at_least():
    assert len(CASES) >= 100
    assert len(set(CASES.values())) == len(CASES)


def test_what_they_were_made_from_is_right(folder, capsys):
    (folder / "my.toml").write_text(RIGHT)
    assert cli.main(["check", "my.toml"]) == 0
    assert "my own" in capsys.readouterr().out


@pytest.mark.parametrize("name", CASES)
def test_refused_in_one_line(folder, capsys, name):
    content = CASES[name]
    if name == "no table: huge":
        with open(folder / "huge.csv", "wb") as file:
            file.truncate(200_000_000)  # takes no room on the disk
    file = folder / "my.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(capsys, folder, "limits", file)


@pytest.mark.parametrize("command", ["check", "sheet", "scan --parameter light-vector"])
@pytest.mark.parametrize("name", ["without mass_kg", "random", "no table: a link out", "deep key"])
def test_by_every_command(folder, capsys, command, name):
    content = CASES[name]
    file = folder / "my.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    first, *others = command.split()
    refused(capsys, folder, first, file, *others)


PATHS = ["", ".", "..", "none.toml", "/dev/zero", "/dev/null", "pipe.csv", "loop.csv", "away"]
PATHS += ["a\0.toml", "a" * 300 + ".toml", "-", "~/my.toml", "none\n.toml", "\udc80.toml", "/etc"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("command", ["limits", "check"])
def test_paths_that_are_no_files(folder, capsys, path, command):
    refused(capsys, folder, command, path)


def test_the_second_of_two_files(folder, capsys):
    (folder / "my.toml").write_text(RIGHT)
    (folder / "other.toml").write_text(CASES["without mass_kg"])
    assert "mass_kg" in refused(capsys, folder, "limits", "my.toml", "other.toml")


@pytest.mark.parametrize("name", ["target is code, shell", "random", "huge", "no table: a pipe"])
def test_as_a_program(folder, name):
    content = CASES[name]
    (folder / "my.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    before = listing(folder)
    command = [sys.executable, "-m", "cevnslib", "limits", "my.toml"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert one_line(done.stderr.decode())
    assert listing(folder) == before
