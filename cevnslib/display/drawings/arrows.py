"""Drawings of the moments: arrows whose sum a beam misses, and the direction it is blind to."""

import cmath
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...experiments import load
from ...physics.mixing import TALK_2019, effective_moment_squared, pmns
from ...studies.moments import constraint
from .canvas import Canvas, Drawing

__all__ = ["blind_direction", "triangle"]


def closing(sides: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return directions that make three arrows close a triangle, the first that of the axis."""
    a, b, c = map(float, sides)
    at_b = math.acos((a**2 + b**2 - c**2) / (2 * a * b))  # between the first and the second
    second = cmath.exp(1j * (math.pi - at_b))
    return np.array([1.0, second, -(a + b * second) / c])


def triangle() -> Drawing:
    """Draw what a beam misses of three moments, for phases that agree and for those that close.

    Examples
    --------
    >>> triangle().title
    'Phases decide what a beam misses'
    """
    sheet, row = Canvas(412), pmns(TALK_2019)[1]
    sides = np.abs(row)
    words = []
    beside = ((0, 30, "middle"), (12, -4, "start"), (-12, -4, "end"))  # the sides of the triangle
    for middle, turns in ((160, np.ones(3, dtype=complex)), (480, closing(sides))):
        moments = turns * row.conj() / sides  # of equal size, one each
        arrows = row * moments
        seen = float(effective_moment_squared(moments, "mu")) / 3
        aligned = bool(np.allclose(turns, 1))
        sheet.text(
            middle, 26, "phases agree" if aligned else "the triangle closes", "bold", "middle"
        )
        unit = 152.0
        chain = np.concatenate([[0], np.cumsum(arrows)]) * unit
        chain = chain - (chain.real.max() + chain.real.min()) / 2
        level = 112 if aligned else 186
        points = [(middle + float(z.real), level - float(z.imag)) for z in chain]
        for k, (start, end) in enumerate(pairwise(points)):
            sheet.arrow(start, end, "blue", 13)
            x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
            dx, dy, anchor = (0, -14, "middle") if aligned else beside[k]
            sheet.text(x + dx, y + dy, f"*U*_{{μ{k + 1}}}Λ_{{{k + 1}}}", "", anchor)
        if aligned:
            sheet.arrow((points[0][0], level + 30), (points[-1][0], level + 30), "red", 14)
            sheet.text(middle, level + 64, "the sum: Λ_{μ}", "red", "middle")
        left, full, top = middle - 140, 280, 288
        sheet.box(left, top, full * seen, 30, "blue")
        sheet.box(left + full * seen, top, full * (1 - seen), 30, "red")
        sheet.text(left, top + 58, f"seen: {seen:.0%}", "blue")
        sheet.text(left + full, top + 58, f"missed: {abs(1 - seen):.0%}", "red", "end")
        words.append(f"{seen:.0%}")
    sheet.text(320, 268, "what a beam of ν_{μ} sees of three equal moments", anchor="middle")
    sheet.text(320, 398, "*μ*^{2} = |Λ|^{2} − |Λ_{μ}|^{2}", anchor="middle")
    return sheet.drawing(
        "triangle",
        "Phases decide what a beam misses",
        "Three arrows, the moments of the masses times their mixing with the muon flavour, head to "
        "tail. Left, with phases that agree, they make one long arrow, the moment that a beam of "
        f"muon neutrinos misses, and {words[0]} of the whole is seen. Right, with other phases and "
        f"the same lengths, they close a triangle: nothing is missed, {words[1]} is seen.",
    )


def _view(towards: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return unit vectors to the right, down and away, as seen from some place; the third is up."""
    back = -np.array(towards) / math.hypot(*towards)
    right = np.cross(back, [0.0, 0.0, 1.0])
    right /= math.hypot(*right)
    return np.array([right, np.cross(back, right), back])


#: The eye is across the blind direction, so that this lies along the sheet.
_VIEW = _view((0.75, 0.55, 0.37))


@dataclass(frozen=True)
class _Surface:
    """The surface of a limit: an ellipsoid, or a cylinder where one of its sizes is infinite.

    Sizes are in units of the sheet, the largest first, with the axes as columns.
    """

    middle: tuple[float, float]
    sizes: NDArray[np.float64]
    axes: NDArray[np.float64]
    shown: float

    def at(self, points: NDArray[np.float64]) -> list[tuple[float, float]]:
        """Return places on the sheet."""
        return [(self.middle[0] + x, self.middle[1] + y) for x, y in points @ _VIEW[:2].T]

    def ring(self, height: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the points and normals of a ring across the long axis."""
        length = min(float(self.sizes[0]), self.shown)
        shrink = 1.0 if length < self.sizes[0] else math.sqrt(1 - height**2)
        turn = np.linspace(0, 2 * np.pi, 73)
        local = np.array([np.full(73, height), shrink * np.cos(turn), shrink * np.sin(turn)]).T
        points = local * [length, *self.sizes[1:]] @ self.axes.T
        normals = local * [length / self.sizes[0] ** 2, *(1 / self.sizes[1:])] @ self.axes.T
        return points, normals

    def outline(self) -> list[NDArray[np.float64]]:
        """Return the lines that bound what is seen of it, in places around its middle."""
        flat = _VIEW[:2] @ self.axes
        if np.isfinite(self.sizes[0]):
            image = flat * self.sizes  # of the unit sphere, on the sheet
            values, vectors = np.linalg.eigh(image @ image.T)
            turn = np.linspace(0, 2 * np.pi, 97)
            circle = np.array([np.cos(turn), np.sin(turn)]).T
            return [circle @ (vectors * np.sqrt(values)) @ vectors.T]
        along = flat[:, 0] / math.hypot(*flat[:, 0])
        across = np.array([-along[1], along[0]])
        half = math.hypot(*(across @ flat[:, 1:] * self.sizes[1:]))
        ends = np.outer([-0.98, 0.98], self.shown * flat[:, 0])
        return [ends + sign * half * across for sign in (1, -1)]

    def draw(self, sheet: Canvas) -> None:
        """Draw rings, stronger in front than behind, and the outline."""
        for height in np.linspace(-0.9, 0.9, 7):
            points, normals = self.ring(height)
            hidden = normals @ _VIEW[2] > 0
            start = int(np.argmax(hidden[1:] != hidden[:-1])) + 1
            points, hidden = (np.roll(x[:-1], -start, axis=0) for x in (points, hidden))
            points, hidden = (np.concatenate([x, x[:1]]) for x in (points, hidden))
            half = int(np.argmax(hidden != hidden[0]))
            for part, back in ((points[: half + 1], hidden[0]), (points[half:], not hidden[0])):
                sheet.line(self.at(part), "blue wash" if back else "blue faint")
        for edge in self.outline():
            sheet.line(edge + self.middle, "blue")


def blind_direction() -> Drawing:
    """Draw the surface of a limit in the space of three real moments, of one flavour and of two.

    Examples
    --------
    >>> blind_direction().title
    'A limit that one flavour leaves open'
    """
    sheet, csi = Canvas(470), load("coherent-csi")
    blind = pmns(TALK_2019)[1].real
    unit, shown = 1.15, 150.0
    sizes = {}
    for middle, beam, words in ((150.0, "prompt", "ν_{μ} alone"), (490.0, "all", "with ν_{e}")):
        found = constraint(csi, beam)
        K = found.matrix.real / found.allowed_counts() * 1e-20  # for moments in 1e-10 mu_B
        weights, axes = np.linalg.eigh(K)
        reach = np.where(weights > 1e-9 * weights[2], 1 / np.sqrt(np.abs(weights)), np.inf)
        sizes[beam] = reach
        # Signs, and directions across a round surface, are the computer's choice, so make it ours.
        axes *= np.sign(axes.T @ (blind + 0.1 * _VIEW[0]))
        if math.isclose(weights[1], weights[2], rel_tol=1e-6):
            axes[:, 1] = np.cross(axes[:, 0], _VIEW[2])
            axes[:, 1] /= math.hypot(*axes[:, 1])
            axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
        surface = _Surface((middle, 216.0), unit * reach, axes, shown)
        (start, end, out) = surface.at(np.outer([-1.28, 1.28, 0.5], shown * blind))
        sheet.line([start, end], "red dashed")
        surface.draw(sheet)
        sheet.arrow(out, end, "red", 15)
        sheet.text(middle, 26, words, "bold", "middle")
    corner = np.array([306.0, 402.0])
    for k in range(3):
        tip = corner + 46 * _VIEW[:2, k]
        sheet.arrow(corner, tip, head=9)
        place = corner + 66 * _VIEW[:2, k]
        sheet.text(place[0], place[1] + 7, f"Λ_{{{k + 1}}}", "", "middle")
    open_, closed = sizes["prompt"], sizes["all"]
    sheet.text(8, 400, f"across: {open_[1]:.0f}")
    sheet.text(8, 430, "along: no limit", "red")
    sheet.text(632, 400, f"across: {closed[2]:.0f} to {closed[1]:.0f}", "", "end")
    sheet.text(632, 430, f"along: {closed[0]:.0f}", "red", "end")
    sheet.text(632, 462, "in 10^{−10} μ_{B}", "", "end")
    return sheet.drawing(
        "blind-direction",
        "A limit that one flavour leaves open",
        "Two surfaces in the space of three moments, inside which COHERENT-CsI allows them. With "
        f"muon neutrinos alone it is a cylinder of radius {open_[1]:.0f}e-10 Bohr magnetons around "
        "an arrow, the blind direction, open at both ends. With electron neutrinos, too, it is an "
        f"ellipsoid that ends at {closed[0]:.0f}e-10 along the arrow and at {closed[2]:.0f} to "
        f"{closed[1]:.0f}e-10 across.",
    )
