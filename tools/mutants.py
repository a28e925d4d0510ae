"""Make small mistakes in the library one at a time, and see whether a test fails.

    python -m tools.mutants [NUMBER]

Works on a copy of the tree. Signs, factors, comparisons, powers and indices are changed, at places
that a fixed seed chooses. Prints each mistake, and those that no test has noticed once more.
"""

import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tokenize
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from .notebooks import ROOT

MODULES = ("interactions", "sources", "mixing", "rates", "statistics", "limits", "sterile")
SWAPPED = {"+": "-", "-": "+", "*": "/", "/": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
SWAPPED |= {"**": "*", "==": "!="}
SKIPPED = ("from", "import", "def", "class", "@", "__all__", '"', "r'", 'r"')
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider")
#: Tests of the book and of what writes it, which the copy leaves out.
IGNORED = (
    *("browser", "test_project.py", "test_prose.py", "test_tables.py", "test_files.py"),
    *("test_execute.py", "test_wheel.py"),
)
COPIED = ("cevnslib", "tests", "tools", "validation", "pyproject.toml", "README.md", "_toc.yml")


class Mutant(NamedTuple):
    """One mistake: where it is, what stood there, what stands there now."""

    module: str
    line: int
    column: int
    old: str
    new: str


def mutants(module: str) -> list[Mutant]:
    """Return every small mistake that can be made in a module."""
    source = (ROOT / "cevnslib" / f"{module}.py").read_text(encoding="utf-8")
    lines, found = source.splitlines(), []
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.start[0] > len(lines) or lines[token.start[0] - 1].strip().startswith(SKIPPED):
            continue
        new = None
        if token.type == tokenize.OP and token.string in SWAPPED:
            starred = token.string in ("*", "**") and before.string in ("(", "[", ",", "{")
            alone = token.string == "*" and after.string in (",", ")")
            new = None if starred or alone else SWAPPED[token.string]
        elif token.type == tokenize.NUMBER and "j" not in token.string:
            value = float(token.string)
            new = str(int(value) + 1) if token.string.isdigit() else repr(2 * value)
            new = None if float(new) == value else new
        if new:
            found.append(Mutant(module, *token.start, token.string, new))
    return found


def survives(mutant: Mutant | None) -> bool:
    """Make one mistake, or none, in a copy of the tree and run the tests, the nearest first."""
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, Path(folder) / name)
        runs = [["tests", "cevnslib", *(f"--ignore=tests/{name}" for name in IGNORED)]]
        if mutant is not None:
            make(mutant, Path(folder) / "cevnslib" / f"{mutant.module}.py")
            runs.insert(0, [f"tests/test_{mutant.module}.py", f"cevnslib/{mutant.module}.py"])
        environment = {**os.environ, "PYTHONPATH": folder}
        return all(
            subprocess.run(
                [*PYTEST, *tests], cwd=folder, env=environment, capture_output=True
            ).returncode
            == 0
            for tests in runs
        )


def make(mutant: Mutant, file: Path) -> None:
    """Write a mistake into a file."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    line = lines[mutant.line - 1]
    end = mutant.column + len(mutant.old)
    lines[mutant.line - 1] = line[: mutant.column] + mutant.new + line[end:]
    file.write_text("".join(lines), encoding="utf-8")


def main(number: int = 50) -> int:
    """Make the mistakes and count those that were noticed; return the exit code."""
    if not survives(None):
        sys.exit("The tests fail without any mistake: mend that first.")
    chance = random.Random(2019)
    shares = [number // len(MODULES) + (i < number % len(MODULES)) for i in range(len(MODULES))]
    chosen = [
        mutant
        for module, share in zip(MODULES, shares, strict=True)
        for mutant in chance.sample(mutants(module), share)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = []
        for mutant, alive in zip(chosen, pool.map(survives, chosen), strict=True):
            place = f"{mutant.module}.py:{mutant.line}: {mutant.old} -> {mutant.new}"
            print("SURVIVED" if alive else "noticed ", place, flush=True)
            survivors += [place] if alive else []
    print(
        f"\n{number - len(survivors)} of {number} mistakes made a test fail", *survivors, sep="\n"
    )
    return 0 if len(survivors) <= number // 10 else 1


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
