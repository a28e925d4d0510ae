"""Files are written whole or not at all, whatever happens in the middle."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from cevnslib import files
from cevnslib.display.sheets import solar_row
from tools import tables
from tools.notebooks import ROOT

OLD = "what was there\n"


def run(code):
    """Run Python in a process of its own and return it when it has ended."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True
    )


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    goal = tmp_path / "new" / "table.csv"
    files.write({goal: "ä, first"})
    files.write({goal: b"second"})
    assert goal.read_bytes() == b"second"
    assert os.listdir(goal.parent) == ["table.csv"]
    assert goal.stat().st_mode & 0o777 == 0o644


def test_a_disk_that_is_full(tmp_path):
    """The process may write no file larger than 1000 bytes: the write stops in the middle."""
    goal = tmp_path / "table.csv"
    goal.write_text(OLD)
    done = run(f"""
        import resource, signal
        from pathlib import Path
        from cevnslib import files
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        files.write({{Path({str(goal)!r}): "x" * 100_000}})
    """)
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert goal.read_text() == OLD
    assert os.listdir(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_kill_in_the_middle(tmp_path, moment):
    """Killed with the content half-way to the disk, or before it takes its name."""
    goal = tmp_path / "table.csv"
    goal.write_text(OLD)
    done = run(f"""
        import os, signal
        from pathlib import Path
        from cevnslib import files
        os.{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        files.write({{Path({str(goal)!r}): "new"}})
    """)
    assert done.returncode == -signal.SIGKILL
    assert goal.read_text() == OLD


def nothing(request, detector):
    return "{}"


def test_a_folder_that_takes_no_files(tmp_path, capsys, monkeypatch):
    """A file stands where the folder should be: nobody, not even root, can write below it."""
    wall = tmp_path / "out"
    wall.write_text(OLD)
    parameters = tmp_path / "conus.yml"
    parameters.write_text("experiment: conus\n")
    monkeypatch.setattr(tables, "make_sheet", nothing)
    assert tables.main(["--parameters", str(parameters), "--output", str(wall)]) == 1
    said = capsys.readouterr().err
    assert "A file could not be written; the tables are as they were." in said
    assert "Traceback" not in said
    assert wall.read_text() == OLD


def test_tables_survive_a_disk_that_fills_up(tmp_path, capsys, monkeypatch):
    """The second of four tables meets a full disk: all are as they were."""
    rows = [solar_row()]
    tables.write_tables(rows, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls = []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        tables.write_tables(rows, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_importing_the_library_loads_nothing_that_draws():
    done = run("""
        import sys
        from cevnslib.studies import moments, published, sterile
        heavy = ("matplotlib", "ipywidgets", "sympy", "scipy", "periodictable")
        print([name for name in heavy if name in sys.modules])
    """)
    assert done.stdout.strip() == "[]", done.stderr


def test_without_what_draws():
    """All but the figures and explorers works; those name the extra that is missing."""
    done = run("""
        import importlib, pkgutil, sys
        sys.modules["matplotlib"] = sys.modules["ipywidgets"] = None
        import cevnslib
        for module in pkgutil.walk_packages(cevnslib.__path__, "cevnslib."):
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                print(module.name.split(".")[-1], str(error).split(": ")[1])
        from cevnslib import experiments
        from cevnslib.display import sheets
        from cevnslib.statistics import coverage
        from cevnslib.studies import moments, published, sterile
        csi = experiments.load("coherent-csi")
        found = moments.constraint(csi)
        sheets.limits_table(sheets.rows(sheets.SheetParameters("conus")))
        sterile.as_csv(sterile.exclusion_curves("conus", [1.0]))
        coverage.study(coverage.Ensemble(found.signal, csi.measurement), [0.0, 50.0], 100)
        print(len(published.verdicts()))
    """)
    words = "figures and explorers need the extra 'plot' (pip install '.[plot]')"
    drawing = ("explorers", "figures", "interactive", "views")
    assert done.stdout.splitlines() == [*(f"{name} {words}" for name in drawing), "81"], done.stderr


@pytest.mark.parametrize("module", ["interactive", "explorers"])
def test_without_widgets(module):
    done = run(f"""
        import sys
        sys.modules["ipywidgets"] = None
        import cevnslib.display.views
        import cevnslib.display.{module}
    """)
    assert done.stderr.splitlines()[-1].startswith("ImportError: ")
    assert "need the extra 'plot' (pip install '.[plot]')" in done.stderr


def test_the_first_limit_loads_no_scipy():
    """It takes longer to load than the limit to find."""
    done = run("""
        import sys
        from cevnslib import experiments
        from cevnslib.studies import moments, regions, sterile
        found = moments.constraint(experiments.load("conus"))
        found.limits()
        regions.boundary(found, (1, 2))
        sterile.disappearance(sterile.set_up("coherent-lar"), [1.0], "mu").exclusion()
        print("scipy" in sys.modules)
    """)
    assert done.stdout.strip() == "False", done.stderr
