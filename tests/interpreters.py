"""The Pythons of this machine that the project admits: the newest of each minor version.

python -m tests.interpreters        prints one a line
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADMITTED = SpecifierSet(PROJECT["requires-python"])
#: The minor versions that the project is said to run on.
NAMED = sorted(
    re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"])),
    key=lambda version: int(version.split(".")[1]),
)
UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def candidates():
    """Yield what may be an interpreter: this one, pyenv's, uv's, and what PATH names."""
    yield Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from pyenv.glob("*/bin/python3")
    options = ["python", "list", "--only-installed", "--no-config", "--offline"]
    listed = subprocess.run([UV, *options], capture_output=True, text=True) if UV else None
    for line in listed.stdout.splitlines() if listed else ():
        yield Path(line.split()[1])
    for folder in os.environ["PATH"].split(os.pathsep):
        yield from Path(folder).glob("python3.[0-9]*")


@cache
def interpreters():
    """Return interpreters by minor version, for instance ``{"3.11": Path(...)}``."""
    code = "import sys; print(*sys.version_info[:3], sys.implementation.name, sys.version_info[3])"
    found: dict[str, dict[int, Path]] = {}
    for path in dict.fromkeys(path.absolute() for path in candidates()):
        if not re.fullmatch(r"python3?(\.\d+)?", path.name):
            continue
        try:
            said = subprocess.run(
                [path, "-I", "-c", code], capture_output=True, text=True, timeout=30
            )
            major, minor, patch, kind, level = said.stdout.split()
        except (OSError, ValueError, subprocess.TimeoutExpired):
            continue  # a broken one, or a shim that leads nowhere
        version = f"{major}.{minor}.{patch}"
        if kind == "cpython" and level == "final" and ADMITTED.contains(version):
            found.setdefault(f"{major}.{minor}", {})[int(patch)] = path
    return {minor: patches[max(patches)] for minor, patches in sorted(found.items())}


if __name__ == "__main__":
    print(*interpreters().values(), sep="\n")
