"""The wheel, in an empty environment of each Python, with the oldest and the newest packages.

They come from PyPI, so `make wheels` runs these, not `make test`. Versions that the project names
and this machine lacks are skipped, in words.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.interpreters import NAMED, ROOT, UV, interpreters

PYTHONS = sorted({*NAMED, *interpreters()}, key=lambda version: int(version.split(".")[1]))
RESOLUTIONS = ("lowest-direct", "highest")
DATA = sorted(
    path.relative_to(ROOT / "cevnslib").as_posix()
    for folder in ("data", "commands/templates")
    for path in (ROOT / "cevnslib" / folder).rglob("*")
    if path.is_file()
)
BUILD = """
import sys
from flit_core.buildapi import build_sdist, build_wheel
build_wheel(sys.argv[1]), build_sdist(sys.argv[1])
"""
README = """
import doctest, re, sys
blocks = re.findall(r"```python\\n(.*?)```", open(sys.argv[1], encoding="utf-8").read(), re.S)
assert len(blocks) >= 3
test = doctest.DocTestParser().get_doctest("\\n".join(blocks), {}, "README.md", None, 0)
done = doctest.DocTestRunner().run(test)
assert done.attempted >= 8 and not done.failed, done
"""
FILES = """
import json, sys
from importlib import resources
package = resources.files("cevnslib")
print(json.dumps([str(package), [name for name in sys.argv[1:] if not (package / name).is_file()]]))
"""
FIGURE = """
import matplotlib
matplotlib.use("Agg")
import io
from cevnslib import experiments
from cevnslib.display import explorers, figures
from matplotlib import pyplot
figures.use_house_style()
figures.flux(experiments.load("conus"))
pyplot.savefig(io.BytesIO())
assert "Explorer" in repr(type(explorers.recoil_explorer()))
"""
TIMES = """
import time
start = time.process_time()
from cevnslib import experiments
from cevnslib.studies import moments
loaded = time.process_time()
moments.tmm_limits(experiments.load("conus"))
print(loaded - start, time.process_time() - loaded)
"""
COMMANDS = (
    "new my.toml --like germanium-reactor",
    "check my.toml",
    "limits my.toml",
    "limits my.toml --output found.json",
    "limits coherent-csi conus",
    "scan coherent-csi --parameter light-vector --from 1 --to 100 --points 2",
    "table --format csv",
    "experiments",
)
SPENT = """
import resource, subprocess, sys
before = resource.getrusage(resource.RUSAGE_CHILDREN)
subprocess.run([sys.argv[1], "limits", "my.toml"], check=True, capture_output=True)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""
#: Seconds of CPU that loading, and then the first limit, should take.
GOALS = (0.25, 0.30, 1.0)

pytestmark = pytest.mark.wheel


def call(*command, **options):
    """Run something that must end well, in a process that knows nothing of this checkout."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    kept.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=240, env=kept, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def distributions(tmp_path_factory):
    """The wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-c", BUILD, folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="session")
def wheel(distributions):
    (path,) = distributions.glob("*.whl")
    return path


def environment(version, folder, *packages, resolution="highest"):
    """Make an empty environment with some packages, and return its interpreter."""
    if version not in interpreters():
        pytest.skip(f"there is no Python {version} on this machine")
    call(UV, "venv", "--quiet", "--python", interpreters()[version], folder / "env")
    python = folder / "env" / "bin" / "python"
    options = ["--quiet", "--python", python, "--resolution", resolution, "--only-binary", ":all:"]
    call(UV, "pip", "install", *options, *packages)
    return python


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("version", PYTHONS)
def test_core(version, resolution, wheel, tmp_path, record_property):
    """The README's lines run, every file of data is there, and nothing warns."""
    python = environment(version, tmp_path, wheel, resolution=resolution)
    strict = [python, "-I", "-W", "error", "-c"]
    place, missing = json.loads(call(*strict, FILES, "py.typed", *DATA, cwd=tmp_path))
    assert Path(place).is_relative_to(tmp_path)
    assert missing == []
    call(*strict, README, ROOT / "README.md", cwd=tmp_path)
    listed = call(UV, "pip", "list", "--quiet", "--python", python, "--format", "json")
    names = {entry["name"] for entry in json.loads(listed)}
    assert {"cevnslib", "numpy"} <= names
    assert not names & {"matplotlib", "ipywidgets", "jupyter-book"}
    command = python.parent / "cevns"
    for arguments in COMMANDS:
        call(command, *arguments.split(), cwd=tmp_path)
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["limits"]["effective_moment"]["e"] > 0
    sheet = subprocess.run(
        [command, "sheet", "my.toml"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (sheet.returncode, sheet.stderr.count("\n")) == (1, 1)
    assert "pip install 'cevnslib[sheets]'" in sheet.stderr
    files = (tmp_path / "env" / "lib").rglob("*")
    size = sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())
    if resolution == "highest":
        runs = [map(float, call(*strict, TIMES, cwd=tmp_path).split()) for _ in range(3)]
        times = [*map(min, zip(*runs, strict=True))]  # other programs can only slow a run
        times.append(min(float(call(*strict, SPENT, command, cwd=tmp_path)) for _ in range(3)))
        record_property("wheel", (version, size / 1e6, *zip(times, GOALS, strict=True)))
        assert size < 200e6


@pytest.mark.parametrize("version", PYTHONS)
def test_with_figures(version, wheel, tmp_path):
    python = environment(version, tmp_path, f"{wheel}[plot]")
    call(python, "-I", "-c", FIGURE, cwd=tmp_path)


@pytest.mark.parametrize("version", PYTHONS)
def test_with_sheets(version, wheel, tmp_path):
    """The command finds its template and runs it with its own interpreter, whatever else is set."""
    python = environment(version, tmp_path, f"{wheel}[sheets]")
    here = tmp_path / "a folder with é"
    here.mkdir()
    command = python.parent / "cevns"
    call(command, "new", "my.toml", cwd=here)
    call(command, "sheet", "my.toml", "--output", "sheets", cwd=here)
    page = (here / "sheets" / "my-sheet.html").read_text("utf-8")
    assert "Germanium at a reactor" in page
    assert page.count("data:image/png") == 2


def test_what_is_in_them(distributions, wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"cevnslib/{name}" for name in ["py.typed", *DATA]} <= names
    assert all(re.match(r"cevnslib(-[\d.]+\.dist-info)?/", name) for name in names)
    (source,) = distributions.glob("*.tar.gz")
    assert source.stat().st_size < 2e6


def test_a_package_index_would_take_them(distributions):
    """What the release does before it publishes."""
    call(UV, "tool", "run", "--quiet", "twine", "check", "--strict", *distributions.iterdir())
