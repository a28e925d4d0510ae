"""The tables: refused before anything runs, byte-identical, and whole or not at all."""

import csv
import os
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from functools import partial
from threading import Timer

import pytest
import yaml
from papermill.exceptions import PapermillExecutionError

from cevnslib import experiments
from cevnslib.claims import judge
from cevnslib.commands import formats
from cevnslib.display import sheets
from cevnslib.display.sheets import SheetParameters, rows, solar_row
from cevnslib.errors import ConfigurationError
from cevnslib.scale import map_tasks
from cevnslib.studies import sterile
from cevnslib.studies.published import UNIT
from tools import notebooks, tables

ROWS = [*rows(SheetParameters("conus")), solar_row()]
MINE = (
    'source = "sns"\ntarget = "Ar"\nmass_kg = 10\nthreshold_keV = 20\nbaseline_m = 29\n'
    'exposure_days = 100\nstatistics = { kind = "projection", sigma_stat = 0.1, '
    "sigma_sys = 0.1 }\n"
)


@pytest.fixture
def refused(capsys, monkeypatch):
    """Return what is said, on one line, of arguments with which nothing is run."""
    monkeypatch.setattr(tables, "executor_of", lambda *_: pytest.fail("a sheet was run"))

    def words(*arguments):
        assert tables.main(list(map(str, arguments))) == 2
        said = capsys.readouterr().err
        assert said.startswith("Nothing was run.")
        assert said.endswith("\n")
        assert said.count("\n") == 1
        return said

    return words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("confidance: 0.9", "unknown parameter 'confidance' (did you mean 'confidence'?); allowed"),
        ("delta_cp_degrees: 2e2", "parameter delta_cp_degrees: got the text '2e2'; allowed: a n"),
        ("delta_cp: 212", "did you give degrees? 212 degrees are 3.70010 rad"),
        ("delta_cp: 1e-1", "parameter delta_cp: got the text '1e-1'; allowed: a number"),
        ("experiment: coherent-cs", "unknown experiment 'coherent-cs' (did you mean"),
        ("signal_nuisance: best", "unknown signal_nuisance 'best'; allowed: all, fitted, left"),
        ("- a\n- b", "allowed: a mapping of parameters"),
        ("a: [", "this cannot be read as YAML"),
        ("experiment: 2020-13-45", "this cannot be read as YAML: month must be in 1..12"),
        ("confidence: !!float abc", "this cannot be read as YAML"),
        ("confidence: !!int abc", "this cannot be read as YAML"),
        ("confidence: !!int ''", "this cannot be read as YAML"),
        ("confidence: !!bool x", "this cannot be read as YAML"),
        ("experiment: !!timestamp abc", "this cannot be read as YAML"),
        pytest.param(f"delta_cp: {'1' * 5000}", "this cannot be read as YAML", id="5000 digits"),
        pytest.param("delta_cp: " + "[" * 3000, "this cannot be read as YAML", id="deep nesting"),
        (
            "delta_cp: 0.1\nsignal_nuisance: all\ndelta_cp: 0.2",
            "got 'delta_cp' 2 times; allowed: once",
        ),
        (r'experiment: "mine.toml"', "unknown experiment 'mine.toml'; allowed: coherent-csi"),
    ],
)
def test_refused_before_anything_runs(tmp_path, refused, text, words):
    file = tmp_path / "parameters.yml"
    file.write_text(text)
    assert words in refused("--parameters", file, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--parameters", "none.yml"], "none.yml"),
        (["--parameters", "a\0.yml"], "this cannot be read as YAML"),
        (["--parameters", "pipe.toml"], "this is no regular file"),
        (["--sterile", "conus", "--parameters", "mine.yml"], "--sterile and --parameters: got bo"),
        (["--cluster", "tcp://127.0.0.1:1", "--workers", "2"], "--cluster and --workers: got both"),
        (["--workers", "0"], "workers: got 0; allowed: at least 1"),
    ],
)
def test_arguments_that_are_refused(tmp_path, monkeypatch, refused, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yml").write_text("experiment: conus")
    os.mkfifo(tmp_path / "pipe.toml")
    assert words in refused(*arguments)


def test_no_more_processes_than_jobs(tmp_path, capsys, monkeypatch):
    def stop(workers, cluster):
        raise ConfigurationError(f"{workers} of them")

    monkeypatch.setattr(tables, "executor_of", stop)
    assert tables.main(["--sterile", "conus", "--workers", "1000000000"]) == 1
    assert "1 of them" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://127.0.0.1:1", "tls://127.0.0.1:1"])
def test_a_cluster_that_cannot_be_reached(tmp_path, capsys, address):
    pytest.importorskip("distributed")
    from dask import config

    with config.set({"distributed.comm.timeouts.connect": "100ms"}):
        assert tables.main(["--output", str(tmp_path), "--cluster", address]) == 1
    said = capsys.readouterr().err
    assert f"the tables are as they were. --cluster: got {address!r}, where no cluster can" in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("tables", '--parameters "my p.yml"'),
        ("sheet", 'cevns sheet "my file.toml" --output _build'),
    ],
)
def test_file_names_with_spaces_reach_the_tools_whole(target, words):
    command = ["make", "--dry-run", target, "CONFIG=my file.toml", "PARAMETERS=my p.yml"]
    said = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True, check=True)
    assert words in said.stdout


def test_tables_are_byte_identical_and_agree(tmp_path):
    for folder in ("one", "two"):
        tables.write_tables(ROWS, tmp_path / folder)
    for suffix in tables.SUFFIXES:
        first, second = (tmp_path / folder / f"limits.{suffix}" for folder in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
    lines = (tmp_path / "one" / "limits.csv").read_text().splitlines()
    found = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    hepdata = yaml.safe_load((tmp_path / "one" / "limits.yaml").read_text())
    assert len(found) == len(ROWS)
    for number, (line, row) in enumerate(zip(found, ROWS, strict=True)):
        for i in range(3):
            value = float(line[f"lambda{i + 1}"])
            assert value == pytest.approx(row.limits[i] / 1e-10, rel=1e-3)
            assert value == hepdata["dependent_variables"][i]["values"][number]["value"]
            assert line[f"published{i + 1}"] == row.published[i].printed
            assert line[f"verdict{i + 1}"] == row.verdicts[i]
            ratio = judge(row.published[i], row.limits[i] / UNIT).ratio
            assert float(line[f"ratio{i + 1}"]) == pytest.approx(ratio, abs=1e-4)
    latex = (tmp_path / "one" / "limits.tex").read_text()
    assert latex.count(r"\\") == len(ROWS) + 2
    assert "CONUS & 2019 & reactor & fitted" in latex


def test_titles_are_only_text_in_latex():
    row = replace(ROWS[0], title=r"[A] & B_1 50% # \x infill", limits=(1e-10, 1e-10, float("inf")))
    (line,) = (line for line in formats.as_latex([row]).splitlines() if "infill" in line)
    assert line.startswith(r"{[}A] \& B\_1 50\% \# \textbackslash{}x infill & 2019 & reactor")
    assert r"$\infty$ [" in line


def test_sources_stay_in_their_cell_of_a_markdown_table():
    description = {**tomllib.loads(MINE), "references": {"mass_kg": "a | b\nc"}}
    table = sheets.inputs_table(experiments.from_description("mine", description))
    assert r"| mass_kg | 10 kg | a \| b c |" in table.splitlines()


def fail(request, detector):
    raise PapermillExecutionError(0, 0, "", "ValueError", "", ["no such thing"])


def die(request, detector):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_failed_sheet_leaves_the_tables(tmp_path, capsys, monkeypatch):
    tables.write_tables(ROWS, tmp_path / "tables")
    before = {path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()}

    monkeypatch.setattr(tables, "make_sheet", fail)
    assert tables.main(["--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "The sheet of coherent-csi failed; the tables are as they were." in said
    assert "no such thing" in said
    assert {p.name: p.read_bytes() for p in (tmp_path / "tables").iterdir()} == before


def test_a_process_that_dies_leaves_the_tables(tmp_path, capsys, monkeypatch):
    tables.write_tables(ROWS, tmp_path / "tables")
    before = {path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    monkeypatch.setattr(tables, "make_sheet", die)
    assert tables.main(["--output", str(tmp_path), "--workers", "1"]) == 1
    assert "A process died; the tables are as they were." in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in (tmp_path / "tables").iterdir()} == before


@pytest.mark.parametrize("delay", [1.0, 4.0, 8.0])
def test_a_killed_run_loses_nothing(tmp_path, delay):
    """Killed at start, in the middle of a sheet, or late: what was there is there, and whole."""
    parameters = tmp_path / "conus.yml"
    parameters.write_text("experiment: conus\n")
    tables.write_tables(ROWS, tmp_path / "tables", "limits-conus")
    before = {path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    command = [sys.executable, "-m", "tools.tables", "--parameters", str(parameters)]
    run = subprocess.Popen(
        [*command, "--output", str(tmp_path)],
        cwd=notebooks.ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    after = {path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    tables.write_tables(rows(SheetParameters("conus")), tmp_path / "new", "limits-conus")
    new = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    for name, content in before.items():
        assert after[name] in (content, new[name])
    sheet = tmp_path / "sheets" / "conus.ipynb"
    if sheet.exists():
        assert notebooks.text(notebooks.read(sheet)) == sheet.read_text()


def test_sterile_curves_of_one_detector(tmp_path, capsys):
    assert tables.main(["--sterile", "coherent-xe", "--output", str(tmp_path)]) == 2
    assert "unknown detector 'coherent-xe'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert tables.main(["--sterile", "conus", "--output", str(tmp_path)]) == 0
    written = (tmp_path / "tables" / "sterile-conus.csv").read_text()
    assert written == sterile.as_csv(sterile.exclusion_curves("conus"))
    sheet = notebooks.read(tmp_path / "sheets" / "conus.ipynb")
    assert sheet.cells[0].source.startswith("# Sterile: CONUS\n")
    assert not (tmp_path / "tables" / "limits.csv").exists()


def test_a_sheet_on_a_cluster_whose_worker_is_killed():
    """Another worker makes it anew, and it is the one made here."""
    distributed = pytest.importorskip("distributed")
    sheet = partial(tables.make_sheet, None, "conus")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as cluster,
        tables.executor_of(None, cluster.scheduler_address) as client,
    ):
        client.wait_for_workers(2, timeout=30)
        pids = client.run(os.getpid)
        made = map_tasks(tables.make, [("a sheet", sheet)], executor=client)
        at_work: list[str] = []

        def kill():
            at_work.extend(name for name, jobs in client.processing().items() if jobs)
            os.kill(pids[at_work[0]], signal.SIGKILL)

        killer = Timer(1.5, kill)
        killer.start()
        (there,) = made
        killer.join()
        assert len(at_work) == 1
        assert pids[at_work[0]] not in client.run(os.getpid).values()
    assert there == sheet()


@pytest.mark.parametrize(
    ("character", "written"),
    [("^", r"\textasciicircum{}"), ("~", r"\textasciitilde{}"), ("\\", r"\textbackslash{}")],
)
def test_characters_that_latex_would_obey(character, written):
    (line,) = (
        line
        for line in formats.as_latex([replace(ROWS[0], title=f"a{character}b")]).splitlines()
        if line.startswith("a")
    )
    assert line.startswith(f"a{written}b & 2019")
