"""The map of the chapters: their order, and the ways through them."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...checks import checked_tuple
from .canvas import SMALL, Canvas, Drawing

__all__ = ["Chapter", "Part", "chapter_map"]

#: Inks of the ways, in order.
_INKS = ("blue", "red")


@dataclass(frozen=True)
class Chapter:
    """A stop on the map.

    Parameters
    ----------
    title : str
        What it is called.
    link : str, optional
        Its address, as seen from the page with the map.
    ways : tuple of str, optional
        The ways that lead through it.
    minutes : int, optional
        How long it takes to read; 0 if nobody says.

    Examples
    --------
    >>> Chapter("Sources", "book/events/sources.html", ("learn",), 20).minutes
    20
    """

    title: str
    link: str = ""
    ways: tuple[str, ...] = ()
    minutes: int = 0


@dataclass(frozen=True)
class Part:
    """Some chapters under one title.

    Parameters
    ----------
    title : str
        What it is called, with its number.
    chapters : tuple of Chapter
        In the order of the book.

    Examples
    --------
    >>> len(Part("2. The experiment", (Chapter("Sources"), Chapter("Detectors"))).chapters)
    2
    """

    title: str
    chapters: tuple[Chapter, ...]


def chapter_map(parts: Sequence[Part]) -> Drawing:
    """Draw the chapters as stops of a line, with at most two ways through them in colour.

    Parameters
    ----------
    parts : sequence of Part
        In the order of the book. Ways are those that its chapters name, in order of appearance.

    Examples
    --------
    >>> way = ("learn",)
    >>> chapter_map([Part("1. The process", (Chapter("From quarks to nuclei", "", way),))]).title
    'The chapters and the ways through them'
    """
    parts = checked_tuple("parts", parts, Part)
    ways = list(dict.fromkeys(way for part in parts for c in part.chapters for way in c.ways))
    ways = ways[: len(_INKS)]
    top = 24 + 32 * bool(ways)
    sheet = Canvas(top + sum(46 + 34 * len(part.chapters) for part in parts))
    stops: list[tuple[float, Chapter]] = []
    titles: list[tuple[float, Part]] = []
    y = float(top)
    for part in parts:
        titles.append((y + 14, part))
        stops += [(y + 46 + 34 * k, chapter) for k, chapter in enumerate(part.chapters)]
        y += 46 + 34 * len(part.chapters)
    if stops:
        sheet.line([(24, stops[0][0]), (24, stops[-1][0])], "faint")
    for k, way in enumerate(ways):
        x, on = 24 + 22 * (k + 1), [place for place, chapter in stops if way in chapter.ways]
        sheet.line([(x, on[0]), (x, on[-1])], _INKS[k])
        sheet.line([(8 + 310 * k, 18), (44 + 310 * k, 18)], _INKS[k])
        sheet.text(54 + 310 * k, 24, way, _INKS[k])
        for place in on:
            sheet.circle(x, place, 6, _INKS[k], fill=True)
    left = 24 + 22 * (len(ways) + 1)
    for place, part in titles:
        sheet.text(left, place + 4, part.title, "bold")
    for place, chapter in stops:
        sheet.circle(24, place, 4, fill=True)
        sheet.text(left, place + 6, chapter.title, size=SMALL, link=chapter.link)
        if chapter.minutes:
            sheet.text(632, place + 6, f"{chapter.minutes} min", "", "end", SMALL)
    words = "; ".join(
        f"{part.title}: {', '.join(chapter.title for chapter in part.chapters)}" for part in parts
    )
    return sheet.drawing(
        "chapters",
        "The chapters and the ways through them",
        f"In the order of the book. {words}.",
        "group",
    )
