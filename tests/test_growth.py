"""What is added to the library changes nothing that is there: no test and no answer.

Each test adds something in a copy of the tree and runs the tests that know most about it there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("cevnslib", "tests", "tools", "validation", "pyproject.toml", "README.md")

EXPERIMENT = """
[added-reactor]
title = "An experiment that was added"
source = "reactor"
thermal_power_GW = 4.5
baseline_m = 25
target = "Si"
mass_kg = 2
threshold_keV = 0.05
threshold_kind = "electron-equivalent"
exposure_days = 300
statistics = { kind = "projection", sigma_stat = 0.2, sigma_sys = 0.1 }
references = { thermal_power_GW = "x", baseline_m = "x", target = "x", mass_kg = "x", \
threshold_keV = "x", threshold_kind = "x", exposure_days = "x", statistics = "x" }
"""
INTERACTION = '''

@dataclass(frozen=True)
class Contact(Interaction):
    """A cross section that falls as the recoil grows, made up for a test.

    Examples
    --------
    >>> Contact().strength
    1e-45
    """

    strength: float = 1e-45

    def coefficients(self, T: NDArray[np.float64], struck: Struck) -> NDArray[np.float64]:
        """Return c_0."""
        return self.strength * struck.mass / (1 + T[np.newaxis])
'''


@pytest.fixture
def tree(tmp_path):
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(tree, *tests, **code):
    """Run some tests in the copy; all must pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("paper", ["miranda2019", "added2026"])
def test_an_experiment_is_added(tree, paper):
    """To the file of a paper that is there, or in a folder of its own."""
    folder = tree / "cevnslib" / "data" / paper
    folder.mkdir(exist_ok=True)
    file = folder / "experiments.toml"
    file.touch()
    append(file, EXPERIMENT)
    names = ("experiments", "moments", "claims", "sheets", "sterile_curves")
    modules = ("experiments.py", "studies", "files.py", "claims.py")
    run(
        tree,
        *(f"tests/test_{name}.py" for name in names),
        *(f"cevnslib/{name}" for name in modules),
    )
    told = "from cevnslib import experiments; print(experiments.load('added-reactor').title)"
    done = subprocess.run([sys.executable, "-c", told], cwd=tree, capture_output=True, text=True)
    assert done.stdout == "An experiment that was added\n", done.stderr


def test_a_nuclide_is_added(tree):
    """One that nothing here has used: its name is enough."""
    told = (
        "from cevnslib import experiments, rates\n"
        "from cevnslib.physics.interactions import StandardModel\n"
        "csi = experiments.load('coherent-csi', target='W', efficiency=1.0, threshold_keV=1)\n"
        "print(rates.expected_counts(csi, StandardModel()) > 0)"
    )
    done = subprocess.run([sys.executable, "-c", told], cwd=tree, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


def test_an_interaction_is_added(tree):
    module = tree / "cevnslib" / "physics" / "interactions.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(
        text.replace('    "DipolePortal",\n', '    "Contact",\n    "DipolePortal",\n')
    )
    append(module, INTERACTION)
    names = ("interactions", "rates")
    run(tree, *(f"tests/test_{name}.py" for name in names), "cevnslib/physics")
