"""Make small mistakes in the library and its data one at a time, and see whether a test fails.

    python -m tools.mutants [NUMBER [SEED]]

Works on a copy of the tree. Signs, factors, comparisons, powers, indices and the numbers of data
files are changed, at places that a seed chooses: of each file in proportion to how many places it
has. Prints each mistake, and those that no test has noticed once more.
"""

import io
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from .notebooks import ROOT

#: All that can be mistaken, from the root of the project.
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for suffix in ("py", "toml", "csv")
    for path in (ROOT / "cevnslib").rglob(f"*.{suffix}")
)
#: A number in a data file, outside of comments and text.
NUMBER = re.compile(r'"[^"]*"|#.*|(?<![\w.])(\d+\.?\d*(?:e-?\d+)?)(?![\w.])')
SWAPPED = {"+": "-", "-": "+", "*": "/", "/": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
SWAPPED |= {"**": "*", "==": "!="}
SKIPPED = ("from", "import", "def", "class", "@", "__all__", '"', "r'", 'r"')
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider")
#: Tests of the book and of what writes it, which the copy leaves out.
IGNORED = (
    *("browser", "test_project.py", "test_prose.py", "test_tables.py", "test_files.py"),
    *("test_execute.py", "test_wheel.py", "test_growth.py"),
)
COPIED = ("cevnslib", "tests", "tools", "validation", "pyproject.toml", "README.md", "_toc.yml")


class Mutant(NamedTuple):
    """One mistake: where it is, what stood there, what stands there now."""

    file: str
    line: int
    column: int
    old: str
    new: str


def mutants(file: str) -> list[Mutant]:
    """Return every small mistake that can be made in a file."""
    source = (ROOT / file).read_text(encoding="utf-8")
    places = in_code(source) if file.endswith(".py") else in_data(source)
    return [Mutant(file, *place) for place in places]


def in_code(source: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield line, column, what stands there and a mistake for it."""
    lines = source.splitlines()
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
            new = another(token.string)
        if new:
            yield *token.start, token.string, new


def in_data(source: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield the same for the numbers of a TOML or CSV file."""
    for number, line in enumerate(source.splitlines(), 1):
        for match in NUMBER.finditer(line):
            new = another(match[1]) if match[1] and not line.startswith("[") else None
            if new:
                yield number, match.start(1), match[1], new


def another(number: str) -> str | None:
    """Return another number, or none where all that can be done changes nothing."""
    value = float(number)
    new = str(int(value) + 1) if number.isdigit() else repr(2 * value)
    return None if float(new) == value else new


def survives(mutant: Mutant | None) -> bool:
    """Make one mistake, or none, in a copy of the tree and run the tests, the nearest first."""
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, Path(folder) / name)
        runs = [["tests", "cevnslib", *(f"--ignore=tests/{name}" for name in IGNORED)]]
        if mutant is not None:
            make(mutant, Path(folder) / mutant.file)
            nearest = sorted((ROOT / "tests").glob(f"test_{Path(mutant.file).stem}*.py"))
            near = [path.relative_to(ROOT).as_posix() for path in nearest]
            near += [mutant.file] if mutant.file.endswith(".py") else []
            runs[:0] = [near] if near else []
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


def main(number: int = 50, seed: int = 2019) -> int:
    """Make the mistakes and count those that were noticed; return the exit code."""
    if not survives(None):
        sys.exit("The tests fail without any mistake: mend that first.")
    every = [mutant for file in FILES for mutant in mutants(file)]
    chosen = sorted(random.Random(seed).sample(every, number))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = []
        for mutant, alive in zip(chosen, pool.map(survives, chosen), strict=True):
            place = f"{mutant.file}:{mutant.line}: {mutant.old} -> {mutant.new}"
            print("SURVIVED" if alive else "noticed ", place, flush=True)
            survivors += [place] if alive else []
    print(
        f"\n{number - len(survivors)} of {number} mistakes made a test fail", *survivors, sep="\n"
    )
    return 0 if len(survivors) <= number // 10 else 1


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
