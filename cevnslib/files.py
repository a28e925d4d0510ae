"""Files: those of the library, and the text of those that readers write."""

import csv
import stat
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


def text_of(path: Path) -> str:
    """Return the text of a file that a reader wrote, or raise OSError or ValueError."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
        raise OSError("this is no regular file")
    return path.read_text(encoding="utf-8-sig")  # some editors begin with a byte order mark
