"""The command: its words, its JSON, its exit codes, and what it writes."""

import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from cevnslib import __version__, cli, experiments
from cevnslib.commands import answers, formats, gallery, sheet, terminal
from cevnslib.display.sheets import SheetParameters, rows, solar_row
from cevnslib.studies import moments, published
from tools.notebooks import ROOT

MINE = """\
title = "my own"
source = "reactor"
thermal_power_GW = 3.9
baseline_m = 20
target = "Ge"
mass_kg = 4
exposure_days = 300
threshold_keV = 0.3
threshold_kind = "electron-equivalent"
statistics = { kind = "projection", sigma_stat = 0.1, sigma_sys = 0.05 }
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The file of an experiment in the folder in which the command is called."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    return file


@pytest.fixture
def said(capsys):
    """Return what the command says on stdout; it must end well and be silent on stderr."""

    def call(*arguments):
        assert cli.main(list(map(str, arguments))) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return call


def test_limits_in_words(mine, said):
    words = said("limits", mine)
    experiment = experiments.load(mine)
    first, *_ = moments.tmm_limits(experiment) / 1e-10
    assert words.startswith("my own\n")
    assert f"|Λ₁|                     < {first:.4g} × 10⁻¹⁰ μ_B" in words
    (electron,) = moments.effective_limits(experiment).values()
    assert f"effective moment of ν_e  < {electron / 1e-10:.4g} × 10⁻¹⁰ μ_B" in words
    assert "Limits at 90% C.L." in words
    assert "Asimov" in words
    assert words.isprintable() or "\n" in words


def test_limits_as_json(mine, said):
    found = json.loads(said("limits", mine, "--json"))
    weak, magnetic = found["expected"]["standard_model"], found["expected"]["magnetic_per_1e-10"]
    assert weak["total"] == pytest.approx(sum(weak["by_beam"].values()))
    assert weak["total"] == pytest.approx(sum(weak["by_bin"]))
    assert magnetic["total"] == pytest.approx(magnetic["nuclei"] + magnetic["electrons"])
    experiment = experiments.load(mine)
    limits = found["limits"]
    assert limits["transition_moments"] == pytest.approx(moments.tmm_limits(experiment), rel=1e-6)
    effective = moments.effective_limits(experiment)
    assert limits["effective_moment"] == pytest.approx(effective, rel=1e-6)
    assert found["warnings"] == []
    assert found["inputs"]["mass"] == {"value": 4.0, "unit": "kg"}
    assert found["inputs"]["file: thermal_power_GW"]["value"] == 3.9


def test_fit_where_something_was_counted(said):
    fit = json.loads(said("limits", "coherent-csi", "--json"))["fit"]
    assert {"best", "error", "chi2", "degrees_of_freedom", "signal_upper"} <= fit.keys()
    assert fit["signal_best"] == pytest.approx(136, abs=1e-3)
    assert "signal in the data" in said("limits", "coherent-csi")


def test_json_is_written_whole_and_to_no_other_file(mine, said, capsys):
    words = said("limits", "mine.toml", "--output", "out/found.json")
    assert words == "written: out/found.json\n"
    assert json.loads(Path("out/found.json").read_text())["title"] == "my own"
    assert os.listdir("out") == ["found.json"]
    assert cli.main(["limits", "mine.toml", "--output", "mine.toml"]) == 2
    assert mine.read_text() == MINE
    assert "allowed: a name that ends in .json" in capsys.readouterr().err


def test_options_stand_anywhere(mine, said):
    first, *others = (
        json.loads(said(*arguments))
        for arguments in (
            ["limits", "mine.toml", "--json"],
            ["limits", "--json", "mine.toml"],
            ["limits", "--json", "--confidence", "0.9", "mine.toml"],
        )
    )
    assert others == [first, first]


def test_inputs_are_in_words_and_units(mine, said):
    mine.write_text(
        MINE + "resolution = { constant_keV = 0.05 }\nleast_ionisation_keV = 0.003\n"
        "efficiency = { kind = 'table', energies_keV = [0.2, 0.5], values = [0, 0.9] }\n"
    )
    inputs = json.loads(said("limits", mine, "--json"))["inputs"]
    for name, words in (
        ("quenching", "lindhard"),
        ("resolution", "resolution, constant = 0.05 keV"),
        ("efficiency", "tabulated efficiency, energies = 0.2, 0.5 keV, values = 0, 0.9"),
    ):
        assert inputs[name] == {"value": words, "unit": ""}
    assert "(" not in inputs["efficiency"]["value"]


def test_bins_are_shown_by_their_edges(mine, said):
    mine.write_text(MINE.replace("threshold_keV = 0.3", "bins_keV = [0.2, 0.3, 0.5]"))
    words = said("limits", mine)
    assert re.search(r"(?m)^    0.2 to 0.3 keV +\d", words)
    assert re.search(r"(?m)^    0.3 to 0.5 keV +\d", words)


def test_confidence(mine, said):
    strict, loose = (
        json.loads(said("limits", mine, "--json", "--confidence", level))["limits"]
        for level in ("0.99", "0.68")
    )
    assert strict["transition_moments"] > loose["transition_moments"]


def test_two_files_together(mine, said):
    Path("other.toml").write_text(MINE.replace("mass_kg = 4", "mass_kg = 8"))
    found = json.loads(said("limits", "mine.toml", "other.toml", "--json"))
    each = [one["limits"]["transition_moments"] for one in found["experiments"]]
    assert np.all(np.array(found["limits"]["transition_moments"]) < np.min(each, axis=0))
    words = said("limits", "mine.toml", "other.toml")
    assert words.count("Limits at 90% C.L.") == 3
    assert "got twice" not in words
    assert "mine.toml: got twice" in said("limits", "mine.toml", "mine.toml")


def test_what_one_is_blind_to(said, tmp_path):
    """The source has no tau neutrinos, and a huge error absorbs all: said, not hidden."""
    file = tmp_path / "mine.toml"
    file.write_text(MINE.replace("sigma_sys = 0.05", "sigma_sys = 5"))
    found = json.loads(said("limits", file, "--json"))
    assert found["limits"]["transition_moments"] == [None] * 3
    assert found["warnings"]
    words = said("limits", file)
    assert "no limit" in words
    assert "Warnings" in words


def test_check_says_what_was_understood(mine, said):
    words = said("check", mine)
    for part in ("a reactor", "20 m", "4 kg of Ge", "0.3 keV, measured", "lindhard", "300 days"):
        assert part in words
    assert "Λ" not in words


@pytest.mark.parametrize("name", experiments.names())
def test_every_experiment_is_understood(said, name):
    assert experiments.load(name).title in said("check", name)
    assert name in said("experiments")


def test_the_table(said):
    shown = [row for name in experiments.names() for row in rows(SheetParameters(name))]
    for name in cli.FORMATS:
        assert said("table", "--format", name) == formats.FORMATS[name]([*shown, solar_row()])
    assert tuple(formats.FORMATS) == cli.FORMATS
    printed = [claim.printed for claim in published.numbers()]
    words = said("table")
    assert all(f"({number})" in words for number in printed[:20])


def test_the_gallery_is_listed(said):
    words = said("new", "--list")
    assert len(words.splitlines()) == len(gallery.names()) >= 10
    for name, title in gallery.titles().items():
        assert re.search(rf"(?m)^{name} +{re.escape(title)}$", words)


@pytest.mark.parametrize("like", gallery.names())
def test_the_gallery_is_copied_and_works(tmp_path, monkeypatch, said, like):
    monkeypatch.chdir(tmp_path)
    assert said("new", "my.toml", "--like", like).startswith("written: my.toml\n")
    before = {name: Path(name).read_bytes() for name in os.listdir()}
    assert Path("my.toml").read_text().startswith("#")
    said("check", "my.toml")
    found = json.loads(said("limits", "--json", "my.toml"))
    assert found["expected"]["standard_model"]["total"] > 0
    limits = found["limits"]
    every = [*limits["effective_moment"].values(), *limits["transition_moments"]]
    assert all(0 < limit < 1e-8 for limit in every)
    assert found["warnings"] == []
    content = tomllib.loads(Path("my.toml").read_text())
    references = content.pop("references")
    assert references
    assert set(references) <= set(keys_and_names(content))  # each of something in the file
    assert cli.main(["new", "my.toml", "--like", like]) == 1
    assert {name: Path(name).read_bytes() for name in os.listdir()} == before


def keys_and_names(given):
    """Yield the keys of a file, and the names that stand in it."""
    for key, value in given.items() if isinstance(given, dict) else enumerate(given):
        yield value if key == "name" else key
        if isinstance(value, dict | list):
            yield from keys_and_names(value)


def test_nothing_is_overwritten(tmp_path, monkeypatch, capsys):
    """Neither the file nor its tables, nor what a link points at."""
    monkeypatch.chdir(tmp_path)
    like = next(name for name in gallery.names() if len(gallery.files(name)) > 1)
    table = next(name for name in gallery.files(like) if not name.endswith(".toml"))
    Path(table).write_text("mine")
    assert cli.main(["new", "my.toml", "--like", like]) == 1
    assert os.listdir() == [table]
    Path(table).unlink()
    Path("my.toml").symlink_to("elsewhere.toml")
    assert cli.main(["new", "my.toml", "--like", like]) == 1
    assert os.listdir() == ["my.toml"]
    said = capsys.readouterr().err
    assert said.count("\n") == 2
    assert said.count("nothing is overwritten") == 2


def test_a_file_that_appears_meanwhile(tmp_path, monkeypatch, capsys):
    """Between the look and the writing: the other one's file stays, and no table is left."""
    monkeypatch.chdir(tmp_path)
    like = next(name for name in gallery.names() if len(gallery.files(name)) > 1)
    monkeypatch.setattr(Path, "exists", lambda path: False)
    Path("my.toml").write_text("theirs")
    assert cli.main(["new", "my.toml", "--like", like]) == 1
    assert "nothing is overwritten" in capsys.readouterr().err
    assert os.listdir() == ["my.toml"]
    assert Path("my.toml").read_text() == "theirs"


def test_many_write_at_once(tmp_path):
    """One of them makes the file, the others are told; it is whole."""
    goal = tmp_path / "my.toml"
    command = [sys.executable, "-m", "cevnslib", "new", str(goal)]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "abc"
    ]
    ended = [(*one.communicate(timeout=100), one.returncode) for one in runs]
    assert sorted(code for *_, code in ended) == [0, 1, 1]
    assert all(err.count(b"\n") == code for _, err, code in ended)
    assert sorted(os.listdir(tmp_path)) == sorted(["my.toml", *gallery.files(gallery.FIRST)[1:]])
    assert cli.main(["check", str(goal)]) == 0


def test_a_stage_that_nobody_chose_is_said(said):
    assert "CONUS: the stage 2019, of 2019, projected" in said("limits", "conus")
    chosen = json.loads(said("limits", "conus", "--stage", "projected", "--json"))
    assert not any("stage" in words for words in chosen["assumed"])
    assert chosen["inputs"]["mass"]["value"] == 100


def test_new_refuses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments in (["my.txt"], ["my.toml", "--like", "../secrets"], ["my.toml", "--like", ""]):
        assert cli.main(["new", *arguments]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert os.listdir() == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["limit"],
        ["limits"],
        ["limits", "mine.toml", "--confidence", "90"],
        ["limits", "mine.toml", "--confidence", "1"],
        ["limits", "mine.toml", "--confidence", "nan"],
        ["limits", "mine.toml", "--confidence", "high"],
        ["limits", "mine.toml", "--xml"],
        ["scan", "mine.toml"],
        ["scan", "mine.toml", "--parameter", "luck"],
        ["scan", "mine.toml", "--parameter", "dipole", "--points", "1"],
        ["scan", "mine.toml", "--parameter", "dipole", "--points", "1000000"],
        ["scan", "mine.toml", "--parameter", "dipole", "--csv", "mine.toml"],
        ["scan", "mine.toml", "--parameter", "dipole", "--values", "1,two"],
        ["scan", "mine.toml", "--parameter", "dipole", "--values", "1", "--points", "3"],
        ["table", "--format", "xls"],
    ],
)
def test_usage(mine, capsys, arguments):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: cevns")
    assert mine.read_text() == MINE


def test_help_and_version(said):
    words = said("--help")
    for command in ("limits", "sheet", "scan", "table", "experiments", "new", "check"):
        assert re.search(rf"(?m)^    {command}\b", words)
        assert said(command, "--help")
    assert said("--version") == f"cevns {__version__}\n"


def test_an_interrupt_and_a_mistake_of_ours(mine, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    def mistaken(*_):
        raise TypeError("a mistake")

    monkeypatch.setattr(answers, "answer", interrupted)
    assert cli.main(["limits", "mine.toml"]) == 130
    assert capsys.readouterr().err == "cevns: interrupted\n"
    monkeypatch.setattr(answers, "answer", mistaken)
    assert cli.main(["limits", "mine.toml"]) == 1
    assert "a mistake of the library" in capsys.readouterr().err
    monkeypatch.setenv("CEVNS_DEBUG", "1")
    with pytest.raises(TypeError):
        cli.main(["limits", "mine.toml"])


def run(*arguments, **options):
    """Run the command as a program."""
    command = [sys.executable, "-m", "cevnslib", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_whoever_reads_may_go_away():
    command = f"{shlex.quote(sys.executable)} -m cevnslib table | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("Limits in 1e-10")


def test_a_terminal_of_another_alphabet(mine):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = run("limits", "mine.toml", cwd=mine.parent, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "effective moment of" in done.stdout


def test_what_a_file_says_steers_no_terminal(mine, said):
    mine.write_text(MINE.replace("my own", r"a\u001b[2J\u202Eb"))
    for command in ("limits", "check"):
        assert said(command, mine).startswith(r"a\x1b[2J\u202eb")


def test_progress_only_where_somebody_looks(monkeypatch, capsys):
    with terminal.waiting("work", 3) as step:
        step()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(terminal, "PATIENCE", 0.0)
    monkeypatch.setattr(terminal, "PAUSE", 0.01)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    seen = threading.Event()
    print_ = print

    def watched(*words, **options):
        print_(*words, **options)
        seen.set()

    monkeypatch.setitem(vars(terminal), "print", watched)
    with terminal.waiting("work", 2) as step:
        step()
        assert seen.wait(10)
    shown = capsys.readouterr().err
    assert "work" in shown
    assert shown.endswith("\r\x1b[K")  # nothing is left of it


# Sheets.


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A sheet of a file whose texts are code, in a folder with spaces and accents."""
    folder = tmp_path_factory.mktemp("é and spaces ñ")
    title = "<script>touch()</script> $(touch pwned) `touch pwned` "
    title += "[a](javascript:b) $x^2$ | <img src=//x>"
    references = "[references]\nmass_kg = '<img src=https://example.org/a.png onerror=a()>'\n"
    file = folder / "<b>my own $x$ `file`.toml"
    file.write_text(MINE.replace("my own", title) + references)
    assert cli.main(["sheet", str(file), "--output", str(folder / "out put")]) == 0
    return folder


def tags_of(text):
    """Return the tags of a page and their attributes."""

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    tags: list[tuple[str, dict[str, str]]] = []
    Tags().feed(text)
    return tags


def test_a_sheet_is_two_files(made):
    folder = made
    assert sorted(os.listdir(folder / "out put")) == [
        "<b>my own $x$ `file`-sheet.html",
        "<b>my own $x$ `file`-sheet.ipynb",
    ]
    assert len(os.listdir(folder)) == 2


def test_a_page_needs_nothing_and_runs_nothing(made):
    folder = made
    (page,) = (folder / "out put").glob("*.html")
    text = page.read_text("utf-8")
    tags = tags_of(text)
    names = {name for name, _ in tags}
    assert names <= {
        *("html", "head", "meta", "title", "style", "body", "main", "div", "h1", "h2", "p", "a"),
        *("table", "thead", "tbody", "tr", "th", "td", "ul", "li", "em", "code", "pre", "span"),
        *("img", "details", "summary"),
    }
    keys = {key for _, given in tags for key in given}
    assert not any(key.startswith("on") for key in keys)
    assert not keys & {"srcset", "style", "action", "data", "background"}
    assert "url(" not in text
    assert "@import" not in text
    assert all(given["href"].startswith("#") for _, given in tags if "href" in given)
    images = [given for name, given in tags if name == "img"]
    assert len(images) == 2
    assert all(one["src"].startswith("data:image/png;base64,") for one in images)
    assert all(len(one["alt"]) > 20 for one in images)
    assert "default-src 'none'" in text
    (heading,) = re.findall(r"<h1[^>]*>(.*?)<a", text)
    for code in ("&lt;script&gt;", "$(touch pwned)", "`touch pwned`", "[a](javascript:b)", "$x^2$"):
        assert code in heading
    assert "MathJax" not in text
    for word in ("Expected events", "Limits at 90% C.L.", "Λ₁", "Assumed", "Inputs", "<details>"):
        assert word in text


def test_the_notebook_has_run(made):
    folder = made
    (notebook,) = (folder / "out put").glob("*.ipynb")
    content = json.loads(notebook.read_text("utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in code[2:])
    outputs = [output for cell in code for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"display_data", "execute_result"}
    markdown = [str(output["data"].get("text/markdown", "")) for output in outputs]
    assert not any(
        sign in text for text in markdown for sign in ("<script", "<img", "$x", "`touch")
    )
    assert "papermill" not in content["metadata"]


def test_two_sheets_at_once(mine):
    command = [sys.executable, "-m", "cevnslib", "sheet", "mine.toml"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]
    for one in both:
        out, err = one.communicate(timeout=200)
        assert (one.returncode, err) == (0, b"")
        assert out == b"written: mine-sheet.html\nwritten: mine-sheet.ipynb\n"
    assert sorted(os.listdir()) == ["mine-sheet.html", "mine-sheet.ipynb", "mine.toml"]
    assert json.loads(Path("mine-sheet.ipynb").read_text())["cells"]
    assert Path("mine-sheet.html").read_text().rstrip().endswith("</html>")


def test_a_folder_that_takes_no_files(mine, capsys, monkeypatch):
    """A file stands where the folder should be: nobody, not even root, can write below it."""
    monkeypatch.setattr(sheet, "run", lambda parameters: pytest.fail("it ran for nothing"))
    Path("wall").write_text("what was there")
    assert cli.main(["sheet", "mine.toml", "--output", "wall"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("cevns: a file could not be read or written: ")
    assert err.count("\n") == 1
    assert Path("wall").read_text() == "what was there"


def test_a_sheet_without_what_makes_it(mine, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "papermill", None)
    assert cli.main(["sheet", "mine.toml"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(
        "cevns: a sheet needs the extra 'sheets' (pip install 'cevnslib[sheets]')"
    )
    assert err.count("\n") == 1
    assert os.listdir() == ["mine.toml"]


def test_the_command_loads_little():
    """Neither what draws nor what only fits and statistics need."""
    code = (
        "import sys; from cevnslib import cli; cli.main(['limits', 'coherent-csi']); "
        "print([name for name in ('matplotlib', 'papermill', 'nbformat', 'iminuit', 'scipy') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


def test_commands_of_the_readme():
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"(?m)^cevns (.*?)(?: +#.*)?$", text)
    assert len(commands) >= 5
    parser = cli._parser()
    for command in commands:
        parser.parse_args(shlex.split(command))
