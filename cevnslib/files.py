"""Files: those of the library, and those that readers write, TOML."""

import csv
import stat
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .checks import checked_choice, checked_number
from .errors import ConfigurationError, UnknownNameError, quoted

__all__ = ["packaged", "packaged_table", "papers"]

#: What the folder of a paper may hold.
FILES = ("experiments.toml", "solar.toml", "claims.toml")
#: Units at the end of a key, and how they are written in a message.
_UNITS = {unit: unit for unit in ("MeV", "keV", "m", "kg", "days", "years", "GW")}


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


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a reader's TOML file, or raise ConfigurationError."""
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path}: this is no TOML: {error}; allowed: a TOML file"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: the file cannot be read: {error}; allowed: a TOML file in UTF-8"
        ) from error


class Table:
    """A table of a description whose keys are taken one by one; what is left over is refused.

    Numbers are checked here, so that a message names the key that the reader typed, and its unit.
    """

    def __init__(self, table: object, place: str) -> None:
        """Take the keys of a table; ``place`` begins every message."""
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{place}: got {quoted(table)}; allowed: a table of keys")
        self.left, self.place, self.known = dict(table), place, list[str]()

    def has(self, key: str) -> bool:
        """Whether a key is there and not yet taken."""
        self.known.append(key)
        return key in self.left

    def take(self, key: str, default: Any = None) -> Any:
        """Return what stands under a key."""
        if not self.has(key) and default is None:
            raise ConfigurationError(f"{self.place}: the key {key!r} is missing")
        return self.left.pop(key, default)

    def table(self, key: str) -> "Table":
        """Return the table under a key."""
        return Table(self.take(key), f"{self.place}: {key}")

    def number(self, key: str, default: float | None = None, **domain: Any) -> float:
        """Return the number under a key, inside its domain; see `cevnslib.checks.checked`."""
        value = self.take(key, default)
        fits = not isinstance(value, int) or value.bit_length() < 1000
        if isinstance(value, bool) or not isinstance(value, int | float) or not fits:
            raise ConfigurationError(f"{self.place}: {key}: got {quoted(value)}; allowed: a number")
        unit = _UNITS.get(key.rpartition("_")[2], "")
        return value if value is default else checked_number(key, value, unit, **domain)

    def text(self, key: str, default: str | None = None) -> str:
        """Return the text under a key, which is one line."""
        value = self.take(key, default)
        if not isinstance(value, str) or value.splitlines() != [value]:
            raise ConfigurationError(
                f"{self.place}: {key}: got {quoted(value)}; allowed: text on one line"
            )
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return the name under a key, one of those allowed."""
        return checked_choice(key, self.take(key, default), allowed)

    def one_of(self, first: str, second: str) -> str:
        """Return which of two keys is there."""
        if self.has(first) == self.has(second):
            which = "both" if first in self.left else "neither"
            raise ConfigurationError(
                f"{self.place}: got {which} of {first!r} and {second!r}; allowed: one of them"
            )
        return first if first in self.left else second

    def finish(self) -> None:
        """Refuse the keys that are left."""
        for key in self.left:
            raise ConfigurationError(
                f"{self.place}: {UnknownNameError('key', key, dict.fromkeys(self.known))}"
            )
