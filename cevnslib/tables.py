"""Tables of numbers that readers bring: files, their columns, and curves in a reader's folder."""

import math
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .checks import checked_kind
from .dialects import counted, numbers_of
from .errors import ConfigurationError, UnknownNameError, quoted

__all__ = ["Columns", "read_beside", "read_curve", "read_table"]

#: The largest file that is read, in bytes.
_LARGEST = 20_000_000
#: A column's name and its unit: in brackets, or an energy's behind a sign or "in" and no "per".
_UNIT = r"([kMG]?eV_?(?:nr|ee)?)"
_NAME_AND_UNIT = (
    re.compile(r"(.*?)\s*(?:\(([^()]*)\)|\[([^][]*)\])"),
    re.compile(
        r"(?!.*(?<![a-z])per(?![a-z]))(.*?)(?:\s*[_,]\s*|\s+in\s+|\s+)" + _UNIT, re.IGNORECASE
    ),
    re.compile(r"([a-z]{1,2}|energy)\s*/\s*" + _UNIT, re.IGNORECASE),
)
#: Sizes of units, relative to each other; and of the unit "%" to none.
_SIZES = {"eV": 1e-3, "keV": 1.0, "kev": 1.0, "KeV": 1.0, "MeV": 1e3, "GeV": 1e6}


@dataclass(frozen=True)
class Columns:
    """A table as it was read.

    Parameters
    ----------
    place : str
        Where it was read, the begin of every message.
    header : tuple of str
        The names of the columns, or none.
    rows : ndarray, shape (rows, columns)
        The numbers.
    lines : tuple of int
        The line of each row in the file, from 1.

    Examples
    --------
    >>> table = Columns("x.csv", ("E (keV)", "eff"), np.array([[5.0, 0.1], [9.0, 0.8]]), (1, 2))
    >>> table.column("e"), table.column(2)
    (array([5., 9.]), array([0.1, 0.8]))
    """

    place: str
    header: tuple[str, ...]
    rows: NDArray[np.float64]
    lines: tuple[int, ...]

    def column(self, which: str | int, key: str = "column") -> NDArray[np.float64]:
        """Return a column by its number, from 1, or by its name, with or without its unit.

        Parameters
        ----------
        which : str or int
            Names match whatever their case.
        key : str, optional
            Where ``which`` was typed, for the message.

        Raises
        ------
        ConfigurationError
            If there is no such column, or more than one.
        """
        return self.rows[:, self.index(which, key)]

    def index(self, which: object, key: str = "column") -> int:
        """Return the place of a column, from 0; see `column`."""
        count = self.rows.shape[1]
        places: list[int] = []
        if isinstance(which, int) and not isinstance(which, bool):
            places = [which - 1] if 1 <= which <= count else []
        elif isinstance(which, str):
            same = [i for i, name in enumerate(self.header) if _folded(name) == _folded(which)]
            name, unit = _name_and_unit(which)
            named = [(i, *_name_and_unit(each)) for i, each in enumerate(self.header)]
            near = [i for i, each, its in named if each == name and (not unit or its in (unit, ""))]
            places = same or near
        if len(places) != 1:
            many = f", which are {len(places)} columns" if places else ""
            raise ConfigurationError(
                f"{self.place}: {key}: got {quoted(which)}{many}; allowed: {self.words}"
            )
        return places[0]

    @property
    def words(self) -> str:
        """Which columns there are, for a message."""
        names = f", or {', '.join(map(quoted, self.header))}" if self.header else ""
        count = self.rows.shape[1]
        return f"{'1' if count == 1 else f'a number from 1 to {count}'}{names}"


def read_table(path: str | Path) -> Columns:
    r"""Read a table of numbers, in whichever way it is written.

    Columns are separated by commas, semicolons, tabs or spaces; numbers have a decimal point or
    comma. Before them may stand a line of names; without one, the last comment is taken as names if
    it has one word for each column. Comments begin with ``#``, ``%``, ``//``, ``!`` or ``;``.
    The text is UTF-8, UTF-16 with a byte order mark, or, if it is neither and has no control
    characters, Latin-1 as Windows writes it.

    Parameters
    ----------
    path : str or path
        The file, of at most 20 MB.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is no table, or can be read in two ways; with line and column.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "efficiency.csv")
    >>> _ = path.write_text("E (keV);eff\n5;0,03\n10;0,35\n")
    >>> table = read_table(path)
    >>> table.header, table.column("eff")
    (('E (keV)', 'eff'), array([0.03, 0.35]))
    """
    checked_kind("path", path, str | Path)
    return _read(Path(path), " ".join(str(path).split()))


def read_beside(folder: Path | None, key: str, name: object) -> Columns:
    r"""Read a table that a file names, in the same folder or below it; see `read_table`.

    Parameters
    ----------
    folder : path or None
        What the table must lie in; without one there is none.
    key : str
        Where the name was typed, the begin of every message.
    name : str
        The name of the file.

    Raises
    ------
    ConfigurationError
        If the file lies elsewhere or is no table.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "counts.txt").write_text("on;off\n12;3,5\n25;4\n")
    >>> read_beside(folder, "counts", "counts.txt").column("off")
    array([3.5, 4. ])
    """
    if folder is None:
        raise ConfigurationError(f"{key}: got {quoted(name)}; allowed: no file outside a folder")
    return _read(_inside(folder, key, name), f"{key}: {quoted(name)}")


def read_curve(
    folder: Path,
    key: str,
    spec: object,
    columns: Sequence[str],
    *,
    steps: bool = True,
    ranges: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> list[NDArray[np.float64]]:
    r"""Return columns of a table in a reader's folder, whose first does not fall.

    Parameters
    ----------
    folder : Path
        What the file must lie in.
    key : str
        Where ``spec`` was typed, the begin of every message.
    spec : str or mapping
        The name of the file, or a table with ``file`` and, for each column wanted, its name or
        number from 1 under a key such as ``energy_column``.
    columns : sequence of str
        What is wanted, with units: ``energy_keV`` has the key ``energy_column``. Without these keys
        columns are those of the same name, or there are just as many, in this order. Energies in
        another unit, as the table names it, are converted.
    steps : bool, optional
        Whether two rows may have the same first number, where others jump.
    ranges : mapping of str to (float, float), optional
        The least and the largest number allowed in a column, by what is wanted.

    Raises
    ------
    ConfigurationError
        If the file lies elsewhere or is no such table, or if it is not said which column is which.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "released.txt").write_text("0.25 1.0 0\n0.75 3.0 0.2\n")
    >>> spec = {"file": "released.txt", "energy_column": 2, "value_column": 3}
    >>> read_curve(folder, "efficiency", spec, ("energy_keV", "value"))
    [array([1., 3.]), array([0. , 0.2])]
    """
    given = spec if isinstance(spec, Mapping) else {"file": spec}
    keys = [column_key(name) for name in columns]
    for typed in given:
        if typed != "file" and typed not in keys:
            raise ConfigurationError(f"{key}: {UnknownNameError('key', typed, ['file', *keys])}")
    name, where = given.get("file"), key if given is not spec else f"{key}: file"
    table = _read(_inside(folder, where, name), f"{where}: {quoted(name)}")
    places = [
        table.index(given[typed], typed) if typed in given else _named(table, wanted)
        for typed, wanted in zip(keys, columns, strict=True)
    ]
    in_order = all(place in (None, i) for i, place in enumerate(places))
    if in_order and table.rows.shape[1] == len(columns):
        places = list(range(len(columns)))
    found = [place for place in places if place is not None]
    if len(found) < len(columns) or len({*found}) < len(columns):
        raise ConfigurationError(
            f"{table.place}: got {counted(table.rows.shape[1])}, of which it is not clear which "
            f"are {', '.join(columns)}; allowed: {' and '.join(keys)}, each {table.words}"
        )
    chosen = [_in_unit(table, i, wanted) for i, wanted in zip(found, columns, strict=True)]
    for wanted, place, numbers in zip(columns, found, chosen, strict=True):
        least, most = ranges.get(wanted, (-math.inf, math.inf))
        allowed = f"{wanted} from {least:g}" + (f" to {most:g}" if most < math.inf else "")
        _refuse_rows(table, place, (numbers < least) | (numbers > most), allowed)
    rise = np.diff(chosen[0])
    still = np.append(False, (rise[1:] == 0) & (rise[:-1] == 0)) if steps else rise == 0
    rising = f"numbers that rise from row to row{', each at most twice' if steps else ''}"
    _refuse_rows(table, found[0], np.append(False, (rise < 0) | still), rising)
    return chosen


def column_key(wanted: str) -> str:
    """Return the key that says which column is wanted."""
    return f"{_name_and_unit(wanted)[0]}_column"


def _refuse_rows(table: Columns, place: int, wrong: NDArray[np.bool_], allowed: str) -> None:
    """Refuse the first row that is wrong, by its line."""
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise ConfigurationError(
            f"{table.place}: line {table.lines[row]}, column {place + 1}: got "
            f"{table.rows[row, place]:g}; allowed: {allowed}"
        )


def _named(table: Columns, wanted: str) -> int | None:
    """Return the only column with the name that is wanted, if there is one."""
    name = _name_and_unit(wanted)[0]
    places = [i for i, each in enumerate(table.header) if _name_and_unit(each)[0] == name]
    return places[0] if len(places) == 1 else None


def _in_unit(table: Columns, place: int, wanted: str) -> NDArray[np.float64]:
    """Return a column in the unit that is wanted, or refuse a unit of another kind."""
    numbers, unit = table.rows[:, place], _name_and_unit(wanted)[1]
    its = _name_and_unit(table.header[place])[1] if table.header else ""
    if unit in _SIZES and its in _SIZES:
        return numbers * (_SIZES[its] / _SIZES[unit])
    if not unit and its == "%":
        return numbers / 100
    if its != unit and its and (unit or its in _SIZES):
        raise ConfigurationError(
            f"{table.place}: column {place + 1}: got {quoted(table.header[place])} as {wanted}; "
            f"allowed: {'energies in eV, keV, MeV or GeV' if unit else 'no energies'}"
        )
    return numbers


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _name_and_unit(name: str) -> tuple[str, str]:
    """Return the name of a column without its unit, in small letters, and that unit."""
    matches = (form.fullmatch(name.strip()) for form in _NAME_AND_UNIT)
    parts = next(filter(None, matches), None)
    if parts is None:
        return _folded(name), ""
    plain, *units = parts.groups()
    unit = re.sub(r"(?<=[eE][vV])[_ ]?(nr|ee|_NR|_EE)$", "", "".join(filter(None, units)).strip())
    return _folded(plain), unit


def _inside(folder: Path, key: str, name: object) -> Path:
    """Return where a file lies that a reader named, or refuse one outside the folder."""
    wrong = f"{key}: got {quoted(name)}"
    allowed = "allowed: the name of a file in the same folder or below it"
    if not isinstance(name, str) or Path(name).is_absolute():
        raise ConfigurationError(f"{wrong}; {allowed}")
    try:
        path = (folder / name).resolve()  # a link to itself is a RuntimeError here
        if path.is_relative_to(folder.resolve()):
            return path
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"{wrong}, which cannot be read: {error}; {allowed}") from error
    raise ConfigurationError(f"{wrong}, which lies outside the folder; {allowed}")


def _read(path: Path, place: str) -> Columns:
    """Read a table; ``place`` begins every message."""
    try:
        return Columns(place, *numbers_of(_text(path)))
    except OSError as error:
        words = f"the file cannot be read: {error.strerror}; allowed: a file with a table"
        raise ConfigurationError(f"{place}: {words}") from error
    except ValueError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _text(path: Path) -> str:
    """Return the text of a file, or raise OSError or ValueError; see `read_table`."""
    of = path.stat()
    if not stat.S_ISREG(of.st_mode):  # a pipe would be waited for
        kind = "a folder" if stat.S_ISDIR(of.st_mode) else "no regular file"
        raise ValueError(f"this is {kind}; allowed: a file with a table")
    if of.st_size > _LARGEST:
        raise ValueError(f"got {of.st_size / 1e6:.0f} MB; allowed: at most {_LARGEST / 1e6:.0f} MB")
    content = path.read_bytes()
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            return text
    raise ValueError("this is no text; allowed: a table in UTF-8, UTF-16 with a mark, or Latin-1")
