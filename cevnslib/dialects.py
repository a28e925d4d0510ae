"""How tables of numbers are written, found out without guessing.

Every way of writing is tried on all lines, and what two ways read differently is refused.
``csv.Sniffer`` decides by how often signs occur, and NumPy must be told: neither can refuse.
"""

import csv
import math
import re

import numpy as np
from numpy.typing import NDArray

from .errors import quoted

__all__ = ["numbers_of"]

#: The most columns, and the longest line; `csv` takes no longer one.
_MOST_COLUMNS, _LONGEST = 200, 100_000
#: What begins a comment on a line of its own, and behind numbers; lines without any content.
_COMMENT, _BEHIND = re.compile(r'[\s"]*(?:#|%|//|!|;)[#%/!;\s]*'), re.compile("#|!|//")
_BLANK = re.compile(r"[\s,;]*")
#: How a line of numbers begins.
_NUMBERS = re.compile(r'[\s"]*[+-]?[.,]?\d')
#: Numbers by their decimal sign, Fortran's too.
_NUMBER = {
    ".": re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?(?:\d+(?:,\d+)?|,\d+)(?:[eEdD][+-]?\d+)?", re.ASCII),
}
_DECIMAL = {".": "a decimal point", ",": "a decimal comma"}
#: What is put in for float() to read a number.
_PYTHON = str.maketrans(",dD", ".ee")
#: What stands in tables for a number that is none.
_NONE = {"nan", "inf", "infinity", "na", "n/a"}
#: What may be a number with a decimal comma, or one of thousands.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
#: Separators and decimal signs; " " is any run of blanks, or one tab.
_WAYS = [*((sign, decimal) for sign in (";", "\t", ",", " ") for decimal in ".,"), (", ", ",")]
_SPLIT = {" ": re.compile(r"[ ]*\t[ ]*|[ ]+"), ", ": re.compile(r",\s+")}
#: A unit of energy, in a line of units.
_ENERGY = re.compile(r"[(\[]?[kMG]?eV[_ ]?(?:nr|ee)?[)\]]?", re.IGNORECASE)
#: Lines with their places in the file.
_Lines = list[tuple[int, str]]


class _Misfit(ValueError):  # noqa: N818, it is told only if nothing fits
    """A line that is not written in some way; ``reached`` says how far the reading came."""

    def __init__(self, words: str, *reached: int) -> None:
        super().__init__(words)
        self.reached = reached


def _wrong(line: int, column: int, cell: str, allowed: str, row: int) -> _Misfit:
    place = f"line {line}, column {column}"
    got = f"got {quoted(cell)}" if cell else "got nothing between two separators"
    return _Misfit(f"{place}: {got}; allowed: {allowed}", row, column)


def numbers_of(
    text: str,
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[int, ...]]:
    r"""Return the names of columns, if there are any, the numbers, and the line of each row.

    Columns are separated by commas, semicolons, tabs or spaces; numbers have a decimal point or
    comma, and exponents may be Fortran's. Before them may stand a line of names, and one of units
    below it; without one, the last comment is taken as names if it has one word for each column.
    Comments begin with ``#``, ``%``, ``//``, ``!`` or ``;``.

    Raises
    ------
    ValueError
        If it is no table of numbers, or can be read in two ways; with line and column.

    Examples
    --------
    >>> numbers_of("E (keV);eff\n5;0,03\n10;0,35\n")
    (('E (keV)', 'eff'), array([[ 5.  ,  0.03],
           [10.  ,  0.35]]), (2, 3))
    >>> numbers_of("5,3\n10,4\n")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: line 1, column 1: got '5,3', whose comma may stand between numbers, before ...
    """
    head, comment, data = _sorted(text.replace("\N{MINUS SIGN}", "-"))
    names, rows = _the_only_reading(head, comment, data)
    return names, rows, tuple(line for line, _ in data)


def counted(columns: int) -> str:
    """Say how many columns there are."""
    return f"{columns} column{'s' * (columns != 1)}"


def _sorted(text: str) -> tuple[_Lines, str, _Lines]:
    """Return the lines before the numbers, the last comment there, and the lines of numbers."""
    head: _Lines = []
    data: _Lines = []
    comment, doubtful = "", _Lines()
    for line, words in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if _BLANK.fullmatch(words) or not (data or any(map(str.isalnum, words))):
            continue
        if len(words) > _LONGEST:
            raise ValueError(f"line {line}: got {len(words)} signs; allowed: at most {_LONGEST}")
        if mark := _COMMENT.match(words):
            comment = comment if data else words[mark.end() :].strip()
            doubtful += [(line, words)] if mark[0].strip() == ";" else []
        elif data or _NUMBERS.match(words):
            data.append((line, _BEHIND.split(words)[0].strip(" ")))
        else:
            head.append((line, words))
    if not data:
        raise ValueError("there is no line of numbers; allowed: a table of numbers")
    for line, words in doubtful:
        if ";" in data[0][1] and all(not x or _is_number(x) for x in _cells(words, ";")):
            raise ValueError(
                f"line {line}: got {quoted(words)}, a comment or a row without its first number; "
                "allowed: '#' before a comment"
            )
    return head, comment, data


def _the_only_reading(
    head: _Lines, comment: str, data: _Lines
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return names and numbers in the only way in which all lines can be read, or ValueError."""
    signs = ";" if ";" in data[0][1] else "\t, "
    misfits, doubts = [], []
    readings = list[tuple[tuple[str, ...], NDArray[np.float64]]]()
    for separator, decimal in _WAYS:
        if separator[0] not in signs or separator[0] not in data[0][1] + " ":
            continue
        try:
            rows, doubt = _numbers(data, separator, decimal)
            names = _names(head, comment, separator, rows.shape[1], len(rows))
        except _Misfit as misfit:
            misfits.append(misfit)
            continue
        if doubt:
            doubts.append(doubt)
        elif not any(np.array_equal(rows, others) for _, others in readings):
            readings.append((names, rows))
    if not readings and not doubts:
        raise max(misfits, key=lambda misfit: misfit.reached)
    separated = bool(head) or "," in comment
    named = [reading for reading in readings if separated and len(reading[0]) > 1]
    if len(named) == 1 or (len(readings) == 1 and not doubts):
        return (named or readings)[0]
    raise ValueError(
        f"{[*doubts, f'line {data[0][0]}: got {quoted(data[0][1])}'][0]}, whose comma may stand "
        "between numbers, before decimals or between thousands; allowed: a semicolon between "
        "numbers or names over them, a decimal point, and no sign between thousands"
    )


def _numbers(data: _Lines, separator: str, decimal: str) -> tuple[NDArray[np.float64], str]:
    """Return the numbers of all lines, written in one way, and what is in doubt, or _Misfit."""
    allowed = f"a finite number with {_DECIMAL[decimal]}, without signs between thousands"
    rows, doubt, proof = list[list[float]](), "", False
    for line, words in data:
        row = list[float]()
        for column, cell in enumerate(_cells(words, separator), 1):
            fits = _NUMBER[decimal].fullmatch(cell)
            number = float(cell.translate(_PYTHON)) if fits else math.inf
            if not math.isfinite(number):
                raise _wrong(line, column, cell, allowed, len(rows))
            row.append(number)
            if decimal == "," and "," in cell:
                proof = proof or not _THOUSANDS.fullmatch(cell)
                doubt = doubt or f"line {line}, column {column}: got {quoted(cell)}"
        wanted = len(rows[0]) if rows else min(len(row), _MOST_COLUMNS)
        if len(row) != wanted:
            as_above = f"{wanted}, as in line {data[0][0]}" if rows else f"at most {wanted}"
            place = f"line {line}, column {min(len(row), wanted) + 1}"
            words = f"{place}: got {counted(len(row))}; allowed: {as_above}"
            raise _Misfit(words, len(rows), len(row))
        rows.append(row)
    return np.array(rows), "" if proof and len(rows[0]) > 1 else doubt


def _names(head: _Lines, comment: str, separator: str, count: int, rows: int) -> tuple[str, ...]:
    """Return the names of columns, from the lines before the numbers, or raise _Misfit."""
    for line, words in head:
        cells = _cells(words, separator)
        if any(map(_is_number, cells)):
            fits = [bool(_NUMBER["."].fullmatch(cell)) for cell in cells]
            allowed = "a number, as in the rest of the line, or '#' before a comment"
            column = fits.index(False)
            raise _wrong(line, column + 1, cells[column], allowed, rows)
    if head and separator in _SPLIT and count == 1 and "," in head[-1][1]:
        raise _Misfit(f"line {head[-1][0]}: got names with commas over a single column", -1)
    fitting: list[tuple[str, ...]] = []
    for _, words in head:
        every = (_words(part, separator) for part in (_BEHIND.split(words)[0], words))
        fitting += [names for names in every if len(names) == count][:1]
    if len(fitting) > 1 and any(_ENERGY.fullmatch(name) for name in fitting[-1]):
        units = [name.strip("()[] ") for name in fitting[-1]]
        return tuple(f"{name} ({unit})" for name, unit in zip(fitting[-2], units, strict=True))
    if fitting:
        return fitting[-1]
    if head and separator != " " and len(names := _words(head[-1][1], separator)) > 1:
        words = f"line {head[-1][0]}: got {len(names)} names over {count} columns"
        raise _Misfit(f"{words}; allowed: a name for each", rows)
    for sign in "" if head else ";\t, ":
        names = _words(comment, sign)
        if len(names) == count and not any(_is_number(x) or len(x.split()) > 3 for x in names):
            return names
    return ()


def _words(text: str, separator: str) -> tuple[str, ...]:
    """Return the names in a line; between spaces, a unit in brackets belongs to the name before."""
    if separator == " ":
        text = re.sub(r"(?<=\S)[ \t]+(?=[(\[])", "\N{NO-BREAK SPACE}", text.strip())
    return tuple(" ".join(cell.split()).rstrip(",;") for cell in _cells(text, separator))


def _cells(text: str, separator: str) -> list[str]:
    """Return what stands between separators, without quotes and without empty cells at the end."""
    text = text.strip(" ") if separator == "\t" else text.strip()
    if separator in _SPLIT and '"' not in text:
        cells = _SPLIT[separator].split(text)
    elif '"' in text:
        text = re.sub(" +", " ", text) if separator == " " else text
        (cells,) = csv.reader([text], delimiter=separator[0], skipinitialspace=True)
    else:
        cells = text.split(separator)
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_number(cell: str) -> bool:
    """Whether a cell is a number, or what stands for one that is missing."""
    return cell.lower().lstrip("+-") in _NONE or any(
        number.fullmatch(cell) for number in _NUMBER.values()
    )
