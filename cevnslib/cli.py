"""The command ``cevns``: limits from the file of an experiment, without a line of Python.

It ends with 0; with 1 if what it reads is wrong, or a file cannot be written; with 2 if it is
called wrongly. What is wrong stands on one line of stderr.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cevnslib

from .checks import checked_number
from .commands.terminal import columns, plain, waiting
from .errors import CevnsError, quoted

__all__ = ["main"]
#: What a shell is told of a program that was interrupted, or whose reader went away.
INTERRUPTED, UNHEARD = 130, 141
#: The most characters of a message.
LONGEST = 1500
#: How many values are scanned between two ends.
POINTS = 13


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``cevns`` on the command line; by default what stands there.

    Examples
    --------
    >>> main(["experiments"])  # doctest: +ELLIPSIS
    coherent-csi ...
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal of another alphabet gets what it can show
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        said = options.run(options)
        print(plain(said), end="" if said.endswith("\n") or not said else "\n", flush=True)
        return 0
    except SystemExit as ended:  # argparse has said why
        return ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere
        return UNHEARD
    except CevnsError as error:
        return _say(str(error))
    except ImportError as error:
        return _say(str(error))
    except OSError as error:
        return _say(f"a file could not be read or written: {error}")
    except (MemoryError, RecursionError, OverflowError) as error:
        return _say(f"this is too large or too deep: {type(error).__name__}: {error}")
    except Exception as error:
        if os.environ.get("CEVNS_DEBUG"):
            raise
        return _say(
            f"a mistake of the library, please report it: {type(error).__name__}: {error} "
            "(CEVNS_DEBUG=1 shows where)"
        )


def _say(words: str, code: int = 1) -> int:
    """Print on one line of stderr what is wrong, and return the exit code."""
    words = plain(" ".join(words.split()))
    words = words if len(words) <= LONGEST else f"{words[:LONGEST]}..."
    print(f"cevns: {words}", file=sys.stderr, flush=True)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cevns",
        description="Limits on neutrino magnetic moments and more from the file of an experiment.",
        epilog="Start with: cevns new my.toml; cevns check my.toml; cevns limits my.toml",
    )
    parser.add_argument("--version", action="version", version=f"cevns {cevnslib.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], str], words: str) -> Any:
        added = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        added.set_defaults(run=run, parser=added)
        return added

    def one_file(command: Any) -> None:
        command.add_argument("file", metavar="FILE.toml", help=_FILE)
        command.add_argument("--stage", help=_STAGE)

    def several_files(command: Any) -> None:
        command.add_argument(
            "files", nargs="+", metavar="FILE.toml", help=f"{_FILE}; more are fitted together"
        )
        command.add_argument("--stage", help=_STAGE)

    def confidence(command: Any) -> None:
        words = "confidence level, above 0 and below 1 (default: that of the file, or 0.9)"
        command.add_argument("--confidence", type=_confidence, metavar="LEVEL", help=words)

    limits = command("limits", _limits, "print expected counts and limits")
    several_files(limits)
    confidence(limits)
    limits.add_argument("--json", action="store_true", help="print JSON")
    words = "write JSON to a file instead"
    limits.add_argument("--output", type=_json_file, metavar="FILE.json", help=words)

    sheet = command("sheet", _sheet, "write a page without network, and the executed notebook")
    one_file(sheet)
    confidence(sheet)
    words = "where the two files go (default: the folder you are in)"
    sheet.add_argument("--output", type=Path, default=Path(), metavar="FOLDER", help=words)

    scan = command("scan", _scan, "print limits on a parameter of new physics, value by value")
    several_files(scan)
    confidence(scan)
    scan.add_argument("--parameter", required=True, choices=SCANS, help="what is limited")
    scan.add_argument("--from", type=float, dest="least", metavar="VALUE", help="least value")
    scan.add_argument("--to", type=float, dest="most", metavar="VALUE", help="largest value")
    scan.add_argument("--points", type=_points, help=f"how many values (default: {POINTS})")
    words = "the values themselves instead, with commas between them"
    scan.add_argument("--values", type=_list, metavar="VALUE,...", help=words)
    scan.add_argument("--json", action="store_true", help="print JSON")
    scan.add_argument("--csv", type=_csv_file, metavar="FILE", help="write it to a file, too")

    table = command("table", _table, "print the table of all limits beside the published ones")
    table.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="(default: txt)")

    command("experiments", _experiments, "list the experiments that are built in")

    new = command("new", _new, "write a commented file to start from")
    new.add_argument("file", nargs="?", metavar="NAME.toml", help="(default: that of the gallery)")
    new.add_argument("--like", metavar="NAME", help="a file of the gallery; --list names them")
    new.add_argument("--list", action="store_true", help="list the files of the gallery")

    check = command("check", _check, "say what was understood of a file, and compute no limit")
    one_file(check)
    return parser


_FILE = "a file, or the name of an experiment that is built in"
_STAGE = "which of the stages of an experiment that has some"
#: What `cevns scan` limits, and the formats of `cevns table`: here, so that help loads nothing.
SCANS = ("light-vector", "light-scalar", "sterile", "dipole")
FORMATS = ("txt", "csv", "md", "tex", "yaml")


def _confidence(text: str) -> float:
    hint = "did you give a percentage?"
    try:
        level = checked_number("confidence", _number(text), above=0, at_most=1, hint=hint)
        if level < 1:
            return level
    except CevnsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    raise argparse.ArgumentTypeError("confidence: got 1; allowed: above 0 and below 1")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {quoted(text)}; allowed: a number") from None


def _list(text: str) -> list[float]:
    return [_number(part) for part in text.split(",")]


def _points(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 5 and 2 <= int(text) <= 1000:
        return int(text)
    raise argparse.ArgumentTypeError(f"got {quoted(text)}; allowed: a number from 2 to 1000")


def _json_file(text: str) -> Path:
    return _named(text, ".json")


def _csv_file(text: str) -> Path:
    return _named(text, ".csv")


def _named(text: str, suffix: str) -> Path:
    """Return a path whose name ends as it should, so that no file of another kind is replaced."""
    if not text.endswith(suffix):
        raise argparse.ArgumentTypeError(
            f"got {quoted(text)}; allowed: a name that ends in {suffix}"
        )
    return Path(text)


def _limits(options: argparse.Namespace) -> str:
    from .commands.answers import answer, as_text

    with waiting("computing limits"):
        _, found = answer(options.files, options.stage, options.confidence)
    if options.output is not None:
        return _written(options.output, _as_json(found))
    return _as_json(found) if options.json else as_text(found)


def _as_json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def _written(path: Path, content: str) -> str:
    from .files import write

    write({path: content})
    return f"written: {path}"


def _sheet(options: argparse.Namespace) -> str:
    from .commands.sheet import make

    with waiting("making the sheet"):
        written = make(options.file, options.stage, options.confidence, options.output)
    return "\n".join(f"written: {path}" for path in written)


def _scan(options: argparse.Namespace) -> str:
    values = _values(options)
    from .commands.answers import listening, loaded
    from .studies.report import agreed, distinct
    from .studies.scans import SCANS

    with waiting("computing limits"), listening() as said:
        experiments = [loaded(name, options.stage) for name in options.files]
        level = agreed("confidence", options.confidence, distinct(experiments))
        found = SCANS[options.parameter](experiments, values, level)
    written = [] if options.csv is None else [_written(options.csv, found.as_csv())]
    names = " and ".join(one.title for one in experiments)
    if options.json:
        return _as_json({"experiments": names, **found.as_json(), **said._asdict()})
    rows = [list(found.columns)]
    rows += [["none" if x == math.inf else f"{x:.4g}" for x in row] for row in found.rows.tolist()]
    lines = [f"{names}: {found.title}", "", *columns(rows, left=0)]
    for title, words in {**said._asdict(), "": written}.items():
        if words:
            lines += ["", *([title.capitalize()] if title else [])]
            lines += [f"  {text}" if title else text for text in words]
    return "\n".join(lines)


def _values(options: argparse.Namespace) -> Any:
    """Return the values of a scan, from the least to the largest in equal factors, or None."""
    least, most = options.least, options.most
    if least is None and most is None and options.points is None:
        return options.values
    if options.values is not None:
        options.parser.error("got --values beside --from, --to or --points; allowed: one of them")
    if least is None or most is None or not 0 < least < most < math.inf:
        options.parser.error(
            f"got --from {least} and --to {most}; allowed: both, above 0, the first one smaller"
        )
    import numpy as np

    return np.geomspace(least, most, options.points or POINTS)


def _table(options: argparse.Namespace) -> str:
    from . import experiments
    from .commands.formats import FORMATS
    from .display.sheets import Row, SheetParameters, rows, solar_row

    names = experiments.names()
    shown: list[Row] = []
    with waiting("computing limits", len(names)) as step:
        for name in names:
            shown += rows(SheetParameters(name))
            step()
    return FORMATS[options.format]([*shown, solar_row()])


def _experiments(options: argparse.Namespace) -> str:
    from . import experiments

    rows = []
    for name in experiments.names():
        for stage in experiments.stages(name):
            described = experiments.load(name, stage)
            detector = described.detector
            rows.append(
                [
                    *(name, stage, described.title, described.source.title),
                    *(detector.target.name, f"{detector.mass:g} kg"),
                ]
            )
    return "\n".join(columns(rows, left=5))


def _new(options: argparse.Namespace) -> str:
    from .commands import gallery

    if options.list:
        return "\n".join(columns([list(row) for row in gallery.titles().items()], left=2))
    like = gallery.FIRST if options.like is None else options.like
    name = f"{like}.toml" if options.file is None else options.file
    written = gallery.copy(Path(name), like)
    return "\n".join(f"written: {path}" for path in written)


def _check(options: argparse.Namespace) -> str:
    from .commands.understood import understood

    return understood(options.file, options.stage)
