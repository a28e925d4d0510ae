"""Files: those of the library, the text of those that readers write, and what is written."""

import csv
import os
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["packaged", "packaged_table", "papers"]

#: What the folder of a paper may hold.
FILES = ("experiments.toml", "solar.toml", "claims.toml")
#: The most bytes that are read of a file that a reader wrote.
LARGEST = 50_000_000


@cache
def papers() -> tuple[str, ...]:
    """Return the papers whose numbers the library holds: a folder of ``data`` for each.

    Examples
    --------
    >>> "miranda2019" in papers()
    True
    """
    folders = (resources.files("cevnslib") / "data").iterdir()
    return tuple(
        sorted(
            folder.name for folder in folders if any((folder / name).is_file() for name in FILES)
        )
    )


@cache
def packaged(paper: str, name: str) -> Mapping[str, Any]:
    """Return the tables of a TOML file of the library, or of none if there is no such file.

    Parameters
    ----------
    paper, name : str
        Folder and file below ``cevnslib/data``.

    Examples
    --------
    >>> packaged("miranda2019", "experiments.toml")["conus"]["target"]
    'Ge'
    """
    file = resources.files("cevnslib") / "data" / paper / name
    return _frozen(tomllib.loads(file.read_text("utf-8")) if file.is_file() else {})


def packaged_table(paper: str, name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a CSV file of the library, whose comments begin with ``#``.

    Parameters
    ----------
    paper, name : str
        Folder and file below ``cevnslib/data``.

    Returns
    -------
    tuple of dict
        A row each, by the names of the columns.

    Examples
    --------
    >>> packaged_table("miranda2019", "limits.csv")[0]["lambda1"]
    '69.2'
    """
    file = resources.files("cevnslib") / "data" / paper / name
    lines = file.read_text("utf-8").splitlines()
    return tuple(csv.DictReader(line for line in lines if not line.startswith("#")))


def _frozen(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(
        {key: _frozen(x) if isinstance(x, Mapping) else x for key, x in table.items()}
    )


def text_of(path: Path, largest: int = LARGEST) -> str:
    """Return the text of a file that a reader wrote, or raise OSError or ValueError."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # a pipe, or a device without end
            raise OSError("this is no regular file")
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(f"it has more than {largest} bytes")
    text = data.decode("utf-8-sig")  # some editors begin with a byte order mark
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, even a pipe that nobody writes into, at once."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def write(contents: Mapping[Path, str | bytes], over: bool = True) -> None:
    """Write files whole or not at all: whatever goes wrong, what was there stays.

    The content goes to files beside them, to the disk, and only then, when all of it is there, to
    their names.

    Parameters
    ----------
    contents : mapping of path to str or bytes
        What to write; folders that are missing are made.
    over : bool, optional
        Whether files that are there are replaced; else they are a FileExistsError.
    """
    parts: dict[Path, str] = {}
    fresh: list[Path] = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, parts[path] = tempfile.mkstemp(dir=path.parent, prefix=".cevns-")
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode("utf-8") if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(parts[path], 0o644)
        for path in parts if not over else ():
            with open(path, "xb"):  # the name is ours from here on, whoever else writes
                fresh.append(path)
        for path, part in parts.items():
            os.replace(part, path)
    except BaseException:
        for path in (*map(Path, parts.values()), *fresh):
            path.unlink(missing_ok=True)
        raise
