"""A reader's TOML file: its tables, whose keys are taken one by one and refused by their names."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..checks import checked_choice, checked_number
from ..errors import ConfigurationError, UnknownNameError, quoted
from ..files import text_of
from ..tables import column_key, read_curve

#: Units at the end of a key, and how they are written in a message.
_UNITS = {unit: unit for unit in ("MeV", "keV", "m", "kg", "days", "years", "GW")}


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

    def curve(
        self, titles: Mapping[str, str], ranges: Mapping[str, tuple[float, float]]
    ) -> list[Any]:
        """Return columns, given as lists under their keys, or by their titles in a file."""
        if not self.has("file"):
            return [self.take(key) for key in titles]
        for key in titles:
            if key in self.left:
                raise ConfigurationError(
                    f"{self.place}: got both of 'file' and {key!r}; allowed: one of them"
                )
        if self.folder is None:
            raise ConfigurationError(
                f"{self.place}: got 'file' in a description without a folder; allowed: "
                f"{', '.join(titles)}"
            )
        columns = tuple(titles.values())
        spec = {key: self.take(key) for key in ("file", *map(column_key, columns)) if self.has(key)}
        return [
            column.tolist()
            for column in read_curve(self.folder, self.place, spec, columns, ranges=ranges)
        ]

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
