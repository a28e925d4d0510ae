"""A sheet to draw on, and the drawing that comes off it: one SVG for light pages and dark ones.

Lengths are in units of a sheet that is 640 wide, with y downwards. A phone shows a unit as half a
pixel, a desktop as nearly one. Ink has the colour of the text around it; the two accents are told
apart by readers with any kind of sight, on white and on black.
"""

import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

__all__ = ["STYLE", "WIDTH", "Canvas", "Drawing"]

Point = Sequence[float] | NDArray[np.float64]
#: Width of every drawing.
WIDTH = 640
#: What tells the build of the book from a running notebook.
STATIC = "CEVNSLIB_STATIC"
#: Sizes of text: the smallest is nine pixels on a phone.
NORMAL, SMALL = 21.0, 18.0
#: One line weight; inks are the text's own colour, weak ink, and the accents.
STYLE = """
.drawing{--blue:#0072b2;--red:#c04a00;display:block;width:100%;max-width:36rem;height:auto;\
margin:0 auto;font-family:var(--pst-font-family-base,system-ui,sans-serif);fill:currentColor}
html[data-theme="dark"] .drawing{--blue:#56b4e9;--red:#f5853f}
.drawing .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;\
stroke-linejoin:round}
.drawing .dashed{stroke-dasharray:7 7}
.drawing .blue{fill:var(--blue)}.drawing .red{fill:var(--red)}
.drawing .line.blue{fill:none;stroke:var(--blue)}.drawing .line.red{fill:none;stroke:var(--red)}
.drawing .faint{opacity:.4}.drawing .wash{opacity:.16}
.drawing .bold{font-weight:600}
.drawing a:hover text,.drawing a:focus text{text-decoration:underline}
""".strip()
#: Pieces of a label: *italic*, _{below} and ^{above}.
_PIECES = re.compile(r"\*([^*]+)\*|([_^])\{([^}]*)\}|([^*_^]+|.)")


@dataclass(frozen=True)
class Drawing:
    """A drawing, which a notebook shows.

    On the page it stands in the page, in its colours and letters; elsewhere it is a picture on
    white.

    Parameters
    ----------
    name : str
        One word, different from that of every other drawing on its page.
    title, description : str
        What those are told who cannot see it.
    height : float
        In the units of the sheet.
    content : str
        The elements of the SVG.
    role : str, optional
        ``"img"``, or ``"group"`` if it has links.

    Examples
    --------
    >>> Drawing("empty", "Nothing", "An empty sheet.", 10, "").svg[:24]
    '<svg class="drawing" xml'
    """

    name: str
    title: str
    description: str
    height: float
    content: str
    role: str = "img"

    @property
    def svg(self) -> str:
        """A picture that stands for itself, dark on white."""
        return self._element('style="background:#fff;color:#222"')

    @property
    def inline(self) -> str:
        """A part of a page."""
        return self._element("")

    def _element(self, attributes: str) -> str:
        about = f"{self.name}-title {self.name}-description"
        return (
            f'<svg class="drawing" xmlns="http://www.w3.org/2000/svg" role="{self.role}" '
            f'viewBox="0 0 {WIDTH} {_short(self.height)}" aria-labelledby="{about}" {attributes}>'
            f'<title id="{self.name}-title">{escape(self.title)}</title>'
            f'<desc id="{self.name}-description">{escape(self.description)}</desc>'
            f"<style>{STYLE}</style>\n{self.content}\n</svg>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        shown = {"image/svg+xml": self.svg, "text/plain": f"{self.title}. {self.description}"}
        return shown | ({"text/html": self.inline} if os.environ.get(STATIC) else {})


def _short(number: float) -> str:
    """Return a number with one decimal at most."""
    short = f"{number:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def _pairs(points: Iterable[Point]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)


@dataclass
class Canvas:
    """A sheet to draw on.

    An ink is any of ``blue``, ``red``, ``faint``, ``wash`` and ``dashed``, separated by spaces;
    without one it is that of the text.

    Parameters
    ----------
    height : float
        Of the sheet, whose width is `WIDTH`.

    Examples
    --------
    >>> sheet = Canvas(100)
    >>> sheet.arrow((10, 50), (90, 50), "blue")
    >>> sheet.text(100, 57, "*q*^{2}, growing")
    >>> sheet.drawing("arrow", "An arrow", "It points to the right.").height
    100
    """

    height: float
    elements: list[str] = field(default_factory=list)

    def drawing(self, name: str, title: str, description: str, role: str = "img") -> Drawing:
        """Return what has been drawn."""
        return Drawing(name, title, description, self.height, "\n".join(self.elements), role)

    def line(self, points: Iterable[Point], ink: str = "") -> None:
        """Draw straight lines from each point to the next."""
        self.elements.append(
            f'<polyline class="{_classes("line", ink)}" points="{_pairs(points)}"/>'
        )

    def area(self, points: Iterable[Point], ink: str = "") -> None:
        """Fill a polygon."""
        self.elements.append(f'<polygon class="{_classes(ink)}" points="{_pairs(points)}"/>')

    def circle(self, x: float, y: float, radius: float, ink: str = "", fill: bool = False) -> None:
        """Draw a circle, or fill it."""
        kind = _classes("" if fill else "line", ink)
        numbers = f'cx="{_short(x)}" cy="{_short(y)}" r="{_short(radius)}"'
        self.elements.append(f'<circle class="{kind}" {numbers}/>')

    def box(self, x: float, y: float, width: float, height: float, ink: str = "") -> None:
        """Fill a rectangle."""
        self.area([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], ink)

    def frame(self, x: float, y: float, width: float, height: float, ink: str = "") -> None:
        """Draw a rectangle."""
        around = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        self.line(around, ink)

    def arrow(self, start: Point, end: Point, ink: str = "", head: float = 9.0) -> None:
        """Draw an arrow; one that is shorter than its head is all head."""
        (x, y), (dx, dy) = end, (end[0] - start[0], end[1] - start[1])
        length = math.hypot(dx, dy)
        if length == 0:
            return
        ux, uy = dx / length, dy / length
        head = min(head, length)
        back = (x - head * ux, y - head * uy)
        if length > head:
            self.line([start, back], ink)
        wings = [(back[0] - s * uy * head * 0.5, back[1] + s * ux * head * 0.5) for s in (1, -1)]
        self.area([end, *wings], ink)

    def wave(
        self, start: Point, end: Point, ink: str = "", turns: int = 6, size: float = 7.0
    ) -> None:
        """Draw a wavy line of some whole turns."""
        along = np.subtract(end, start)
        across = np.array([-along[1], along[0]]) * size / math.hypot(*along)
        steps = np.linspace(0, 1, 8 * turns + 1)[:, np.newaxis]
        self.line(start + steps * along + np.sin(2 * math.pi * turns * steps) * across, ink)

    def text(
        self,
        x: float,
        y: float,
        label: str,
        ink: str = "",
        anchor: str = "start",
        size: float = NORMAL,
        link: str = "",
    ) -> None:
        """Write a label, whose line stands on y: ``*q*^{2}`` has an italic q and a raised 2."""
        attributes = f'x="{_short(x)}" y="{_short(y)}" font-size="{_short(size)}"'
        if anchor != "start":
            attributes += f' text-anchor="{anchor}"'
        if ink:
            attributes += f' class="{_classes(ink)}"'
        element = f"<text {attributes}>{_spans(label, size)}</text>"
        self.elements.append(f'<a href="{escape(link)}">{element}</a>' if link else element)


def _classes(*names: str) -> str:
    return " ".join(filter(None, names))


def _spans(label: str, size: float) -> str:
    """Return a label's pieces as elements; what is raised or lowered comes back."""
    spans, level = [], 0.0
    for italic, place, script, plain in _PIECES.findall(label):
        wanted = {"_": 0.26, "^": -0.38}.get(place, 0.0) * size
        attributes = f' dy="{_short(wanted - level)}"' if wanted != level else ""
        level = wanted
        if place:
            attributes += f' font-size="{_short(max(17, 0.78 * size))}"'
        if italic or (place and script.isalpha() and len(script) == 1):
            attributes += ' font-style="italic"'
        piece = escape(italic or script or plain)
        spans.append(f"<tspan{attributes}>{piece}</tspan>" if attributes else piece)
    return "".join(spans)
