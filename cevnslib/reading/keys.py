"""A reader's TOML file: its tables, whose keys are taken one by one and refused by their names."""

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..checks import checked_choice, checked_number
from ..errors import ConfigurationError, UnknownNameError, quoted
from ..files import text_of

#: The most bytes of a TOML file, whose tables may be larger, and the most parts of a key in it.
LARGEST, DEEPEST = 1_000_000, 1000
#: The most characters of a text.
LONGEST = 500
#: Units at the end of a key, and how they are written in a message.
_UNITS = {unit: unit for unit in ("MeV", "keV", "m", "kg", "days", "years", "GW")}


def unit_of(key: str) -> str:
    """Return the unit at the end of a key, as messages write it, or nothing."""
    return _UNITS.get(key.rpartition("_")[2], "")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a reader's TOML file, or raise ConfigurationError."""
    try:
        text = text_of(path, LARGEST)
        if any(part.count(".") > DEEPEST for part in re.split(r"[=,{\n]", text)):
            raise ValueError(f"a key has more than {DEEPEST} parts")  # they take for ever
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path}: this is no TOML: {error}; allowed: a TOML file"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: the file cannot be read: {error}; allowed: a TOML file in UTF-8"
        ) from error


def read_columns(
    folder: Path | None, place: str, name: object, titles: Sequence[str]
) -> list[list[float]]:
    """Return the columns of a CSV file in a reader's folder, or raise ConfigurationError.

    ``place`` is where the file's name stands in the TOML file, for the message.
    """
    allowed = (
        "allowed: a CSV file in the same folder or below it, with a line "
        f"{','.join(titles)} and a line of two numbers for each energy"
    )
    wrong = f"{place}: got {quoted(name)}"
    if not isinstance(name, str) or folder is None:
        raise ConfigurationError(f"{wrong}; {allowed}")
    try:
        path = (folder / name).resolve()  # a link to itself is a RuntimeError here
        if not path.is_relative_to(folder.resolve()):
            raise ValueError("it lies outside the folder")
        lines = [line for line in text_of(path).splitlines() if line.strip()]
        header, *rows = csv.reader(line for line in lines if not line.startswith("#"))
        if [title.strip() for title in header] != list(titles):
            raise ValueError(f"the first line is {quoted(','.join(header))}")
        columns = zip(*([float(x) for x in row] for row in rows), strict=True)
        first, second = columns
    except (OSError, ValueError, RuntimeError, csv.Error) as error:
        raise ConfigurationError(f"{wrong}, which cannot be read: {error}; {allowed}") from error
    return [list(first), list(second)]


class Table:
    """A table of a description whose keys are taken one by one; what is left over is refused.

    Numbers are checked here, so that a message names the key that the reader typed, and its unit.
    """

    def __init__(self, table: object, place: str, folder: Path | None = None) -> None:
        """Take the keys of a table of a file in a folder; ``place`` begins every message."""
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{place}: got {quoted(table)}; allowed: a table of keys")
        self.left, self.place, self.known = dict(table), place, list[str]()
        self.folder = folder

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
        return Table(self.take(key), f"{self.place}: {key}", self.folder)

    def curve(self, titles: Mapping[str, str]) -> list[Any]:
        """Return columns, given as lists under their keys or by the titles of a file's columns."""
        if not self.has("file"):
            return [self.take(key) for key in titles]
        for key in titles:
            if key in self.left:
                raise ConfigurationError(
                    f"{self.place}: got both of 'file' and {key!r}; allowed: one of them"
                )
        place = f"{self.place}: file"
        return list(read_columns(self.folder, place, self.take("file"), list(titles.values())))

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
        if not isinstance(value, str) or value.splitlines() != [value] or len(value) > LONGEST:
            raise ConfigurationError(
                f"{self.place}: {key}: got {quoted(value)}; allowed: text on one line, of at most "
                f"{LONGEST} characters"
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
