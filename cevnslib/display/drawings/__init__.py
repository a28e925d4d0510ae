"""The drawings of the book: functions that return a `canvas.Drawing`."""

from .arrows import blind_direction, triangle
from .chapters import Chapter, Part, chapter_map
from .instruments import crystal, pulse, reactors, spallation_hall
from .process import cross_sections, diagrams, recoil, waves

__all__ = [
    "Chapter",
    "Part",
    "blind_direction",
    "chapter_map",
    "cross_sections",
    "crystal",
    "diagrams",
    "pulse",
    "reactors",
    "recoil",
    "spallation_hall",
    "triangle",
    "waves",
]
