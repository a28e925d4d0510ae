"""A reader's TOML file: its tables, whose keys are taken one by one and refused by their names.

Each module of this room lists its keys under the heading of their table (``Key``); the page of all
keys and what the command writes are made from these lists, which tests compare with what is taken.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked, checked_choice, checked_number
from ..errors import CevnsError, ConfigurationError, UnknownNameError, quoted
from ..files import text_of
from ..tables import column_key, read_curve

#: The most bytes of a TOML file, whose tables may be larger, and the most parts of a key in it.
LARGEST, DEEPEST = 1_000_000, 1000
#: The most characters of a text.
LONGEST = 500
#: Units at the end of a key, longer ones first, and how they are written in a message.
_UNITS = {"per_cm2_s": "1/(cm^2 s)", "per_cm2": "1/cm^2", "per_second": "1/s", "cm2": "cm^2"}
_UNITS |= {"per_keV": "per keV", "per_MeV": "per MeV", "sqrt_keV": "keV^(1/2)", "eV2": "eV^2"}
_UNITS |= {unit: unit for unit in ("GeV", "MeV", "keV", "eV", "m", "kg", "us", "GW", "MW", "GWh")}
_UNITS |= {"kg_days": "kg days", "days": "days", "years": "years", "degrees": "degrees"}
_UNITS |= {unit: unit for unit in ("Bq", "PBq", "MCi")}
#: Energies in MeV, by their units.
_ENERGIES = {"eV": 1e-6, "keV": 1e-3, "MeV": 1.0, "GeV": 1e3}
#: The longest list that a file may hold.
_LONGEST = 100_000


def unit_of(key: str) -> str:
    """Return the unit at the end of a key, as messages write it, or nothing."""
    return next((words for unit, words in _UNITS.items() if key.endswith(f"_{unit}")), "")


@dataclass(frozen=True)
class Key:
    """A key of a file, for those who read about it.

    Parameters
    ----------
    name : str
        The key.
    default : str
        What is taken without it, as a file would say it; ``"needed"``, or empty if it may be left
        out or stands in place of others.
    meaning : str
        What it is, in some words.
    """

    name: str
    default: str
    meaning: str

    @property
    def unit(self) -> str:
        """Its unit, which its name ends in."""
        return unit_of(self.name)


def curve_keys(unit: str, energies: str = "", values: str = "") -> tuple[Key, ...]:
    """Return the keys of a curve in some unit, from a file or two lists."""
    return (
        Key("file", "", "a table beside the file, of energies and values"),
        Key("energy_column", "", "number or name of the column of energies"),
        Key("value_column", "", "number or name of the column of values"),
        Key("energy_unit", f'"{unit}"', "unit of these energies: eV, keV, MeV or GeV"),
        Key(f"energies_{unit}", "", f"a list of energies, instead{energies}"),
        Key("values", "", f"a list of values there{values}"),
    )


#: The keys of tables, by the headings of these.
Listing = Mapping[str, tuple[Key, ...]]


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

    def refuse(self, words: str) -> ConfigurationError:
        """Return the error that says where something is wrong."""
        return ConfigurationError(f"{self.place}: {words}")

    @contextmanager
    def place_said(self) -> Iterator[None]:
        """Say where it is that something is refused."""
        try:
            yield
        except ConfigurationError:
            raise
        except CevnsError as error:
            raise self.refuse(str(error)) from error

    def has(self, *keys: str) -> bool:
        """Whether one of some keys is there and not yet taken."""
        self.known += keys
        return any(key in self.left for key in keys)

    def take(self, key: str, default: Any = None) -> Any:
        """Return what stands under a key."""
        if not self.has(key) and default is None:
            raise self.refuse(f"the key {key!r} is missing{self.meant(key)}")
        return self.left.pop(key, default)

    def meant(self, key: str) -> str:
        """Say what may have been meant as a key that is missing."""
        unit = unit_of(key)
        stem = key.removesuffix(f"_{unit}")
        for typed, value in self.left.items():
            if unit and re.fullmatch(rf"{re.escape(stem)}(_[A-Za-z]+)?", str(typed)):
                return f" (got {typed!r}; did you mean {key!r}, in {unit}?)"
            if isinstance(value, Mapping) and key in value:
                return f" (it stands in {typed!r}; keys of no table stand above the first [table])"
        near = get_close_matches(key, map(str, self.left), n=1, cutoff=0.8)
        return f" (got {near[0]!r}; did you mean {key!r}?)" if near else ""

    def table(self, key: str) -> "Table":
        """Return the table under a key."""
        return Table(self.take(key), f"{self.place}: {key}", self.folder)

    def table_or_file(self, key: str) -> "Table":
        """Return the table under a key, where a text alone is the name of a file."""
        if isinstance(self.left.get(key), str):
            self.left[key] = {"file": self.left[key]}
        return self.table(key)

    def tables(self, key: str) -> "list[Table]":
        """Return the tables in the list under a key, at least one."""
        given = self.take(key)
        if not isinstance(given, list | tuple) or not given or len(given) > 1000:
            raise self.refuse(f"{key}: got {quoted(given)}; allowed: a list of tables")
        every = enumerate(given, 1)
        return [Table(each, f"{self.place}: {key} {number}", self.folder) for number, each in every]

    def curve(
        self, titles: Mapping[str, str], *, twice: bool = False, **domain: Any
    ) -> list[NDArray[np.float64]]:
        """Return two columns, as lists under their keys or by the titles of a file's columns.

        The first rises, or may stand twice at a step; the second lies in the domain.
        """
        first, second = titles
        if not self.has("file"):
            columns: list[Any] = [self.numbers(key) for key in titles]
        else:
            for key in titles:
                if self.has(key):
                    raise self.refuse(f"got both of 'file' and {key!r}; allowed: one of them")
            columns = self._columns([*titles.values()], domain)
        with self.place_said():
            least = None if unit_of(first) == "us" else 0
            x = checked(first, columns[0], unit_of(first), at_least=least)
            y = checked(second, columns[1], unit_of(second), **domain)
        if x.shape != y.shape or x.size < 2:
            words = f"got {x.size} {first} and {y.size} {second}"
            raise self.refuse(f"{words}; allowed: as many of one as of the other, at least two")
        rise = np.diff(x)
        still = rise[1:] + rise[:-1] <= 0 if twice else rise <= 0
        if np.any(rise < 0) or np.any(still):
            allowed = "rising numbers" + (", each at most twice" if twice else "")
            raise self.refuse(f"{first}: got {quoted(x.tolist())}; allowed: {allowed}")
        return [x, y]

    def column(self, title: str) -> list[float]:
        """Return the column with a title of the file that is named here, by default its first."""
        spec = {"file": self.take("file"), column_key(title): self.take(column_key(title), 1)}
        return [float(x) for x in read_curve(self._folder(), self.place, spec, [title])[0]]

    def _columns(self, titles: list[str], domain: Mapping[str, Any]) -> list[NDArray[np.float64]]:
        """Return the columns of the file that is named here, the first in the unit of its title."""
        spec = {"file": self.take("file")}
        spec |= {key: self.take(key) for key in map(column_key, titles) if self.has(key)}
        name, _, unit = titles[0].rpartition("_")
        factor = 1.0
        if unit in _ENERGIES:
            typed = self.choice("energy_unit", tuple(_ENERGIES), unit)
            factor, titles = _ENERGIES[typed] / _ENERGIES[unit], [f"{name}_{typed}", *titles[1:]]
        least = -math.inf if titles[0] == "time" else 0.0
        ranges = {titles[0]: (least, math.inf)}
        ranges[titles[1]] = domain.get("at_least", -math.inf), domain.get("at_most", math.inf)
        x, y = read_curve(self._folder(), self.place, spec, titles, ranges=ranges)
        return [x * factor, y]

    def _folder(self) -> Path:
        if self.folder is None:
            raise self.refuse("got 'file' in a description without a folder; allowed: lists")
        return self.folder

    def number(self, key: str, default: float | None = None, **domain: Any) -> float:
        """Return the number under a key, inside its domain; see `cevnslib.checks.checked`."""
        value = self.take(key, default)
        if not _is_number(value):
            raise self.refuse(f"{key}: got {quoted(value)}; allowed: a number")
        with self.place_said():
            number: float = value
            return (
                number if value is default else checked_number(key, number, unit_of(key), **domain)
            )

    def number_left(self, key: str, **domain: Any) -> float:
        """Return the number under a key, which is still to be taken."""
        value = self.number(key, **domain)
        self.left[key] = value
        return value

    def checked(self, key: str, value: float, **domain: Any) -> float:
        """Return a number that was typed under a key, inside another domain."""
        with self.place_said():
            return checked_number(key, value, unit_of(key), **domain)

    def numbers(self, key: str, default: Any = None, **domain: Any) -> tuple[float, ...]:
        """Return the numbers in the list under a key, each inside the domain."""
        value = self.take(key, default)
        if not isinstance(value, list | tuple):
            raise self.refuse(f"{key}: got {quoted(value)}; allowed: a list of numbers")
        if len(value) > _LONGEST:
            raise self.refuse(f"{key}: got {len(value)} numbers; allowed: at most {_LONGEST}")
        for number in value:
            if not _is_number(number):
                raise self.refuse(f"{key}: got {quoted(number)} in it; allowed: numbers")
        with self.place_said():
            return tuple(checked(key, value, unit_of(key), **domain).tolist())

    def text(self, key: str, default: str | None = None) -> str:
        """Return the text under a key, which is one line."""
        value = self.take(key, default)
        if not isinstance(value, str) or value.splitlines() != [value] or len(value) > LONGEST:
            words = f"text on one line, of at most {LONGEST} characters"
            raise self.refuse(f"{key}: got {quoted(value)}; allowed: {words}")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        """Return whether something is so."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.refuse(f"{key}: got {quoted(value)}; allowed: true or false")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return the name under a key, one of those allowed."""
        with self.place_said():
            return checked_choice(key, self.take(key, default), allowed)

    def choices(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """Return the names in the list under a key, at least one, each one of those allowed."""
        given = self.take(key)
        if not isinstance(given, list | tuple) or not given or len(given) > len(allowed):
            words = f"got {quoted(given)}; allowed: a list of some of {', '.join(allowed)}"
            raise self.refuse(f"{key}: {words}")
        with self.place_said():
            return tuple(checked_choice(key, name, allowed) for name in given)

    def one_of(self, *keys: str) -> str:
        """Return which of some keys is there."""
        found = self.at_most_one_of(*keys)
        if not found:
            words = "neither" if len(keys) == 2 else "none"
            hints = "".join(filter(None, map(self.meant, keys)))
            raise self.refuse(f"got {words} of {_listed(keys)}; allowed: one of them{hints}")
        return found

    def at_most_one_of(self, *keys: str) -> str:
        """Return which of some keys is there, or nothing."""
        found = [key for key in keys if self.has(key)]
        if len(found) > 1:
            words = "both" if len(found) == 2 else "all"
            raise self.refuse(f"got {words} of {_listed(found)}; allowed: one of them")
        return found[0] if found else ""

    def finish(self) -> None:
        """Refuse the keys that are left."""
        for key in self.left:
            if key in self.known:
                raise self.refuse(f"{key}: got it beside what leaves it no meaning; allowed: none")
            raise self.refuse(str(UnknownNameError("key", key, dict.fromkeys(self.known))))


def _listed(keys: Sequence[str]) -> str:
    return f"{', '.join(map(repr, keys[:-1]))} and {keys[-1]!r}"


def _is_number(value: object) -> bool:
    """Whether it is a number of a file; one of thousands of digits is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or value.bit_length() < 1000
