"""What a terminal is told: text that cannot steer it, and that work goes on."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

#: Seconds of work before which nothing is said, and between two words.
PATIENCE, PAUSE = 2.0, 0.5
#: Places of a bar.
BAR = 30


def plain(text: str) -> str:
    r"""Return text whose control characters are written out: a reader's text steers no terminal.

    Examples
    --------
    >>> plain("my\x1b[2J title")
    'my\\x1b[2J title'
    """
    return "".join(
        character
        if character.isprintable() or character == "\n"
        else character.encode("unicode_escape").decode()
        for character in text
    )


def columns(rows: Sequence[Sequence[str]], indent: str = "", left: int = 1) -> list[str]:
    """Return rows as lines whose columns stand below each other, all but the first to the right.

    Parameters
    ----------
    rows : sequence of sequence of str
        The cells.
    indent : str, optional
        What each line begins with.
    left : int, optional
        How many columns have their texts to the left.

    Examples
    --------
    >>> columns([["nu_e", "9.5"], ["nubar_mu", "10"]])
    ['nu_e      9.5', 'nubar_mu   10']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        indent
        + "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


@contextmanager
def waiting(words: str, total: int = 0) -> Iterator[Callable[[], None]]:
    """Show on the terminal that work goes on, once it takes more than two seconds.

    Nothing is shown where nobody looks: where stderr is a file or a pipe.

    Parameters
    ----------
    words : str
        What is being done.
    total : int, optional
        In how many steps; without it the time alone is shown.

    Yields
    ------
    callable
        To be called after each step.

    Examples
    --------
    >>> with waiting("adding up", 3) as step:
    ...     for _ in range(3):
    ...         step()
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    ended, steps, start = Event(), [0], time.monotonic()

    def show() -> None:
        if ended.wait(PATIENCE):
            return
        while True:
            full = round(BAR * steps[0] / total) if total else 0
            bar = f" [{'#' * full:{BAR}}] {steps[0]}/{total}," if total else ","
            said = f"\r{words}{bar} {time.monotonic() - start:.0f} s\x1b[K"
            print(said, end="", file=sys.stderr, flush=True)
            if ended.wait(PAUSE):
                break
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def step() -> None:
        steps[0] += 1

    thread = Thread(target=show, daemon=True)
    thread.start()
    try:
        yield step
    finally:
        ended.set()
        thread.join()
