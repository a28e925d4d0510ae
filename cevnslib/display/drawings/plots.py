"""What a drawing with axes needs: a scale, and labels that do not touch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Axis", "labels_apart"]


@dataclass(frozen=True)
class Axis:
    """From values to places on a sheet.

    Parameters
    ----------
    values, places : tuple of float
        Two values, and where they lie.
    logarithmic : bool, optional
        Whether equal ratios have equal lengths.

    Examples
    --------
    >>> Axis((1.0, 100.0), (0.0, 200.0), logarithmic=True)(10.0)
    100.0
    """

    values: tuple[float, float]
    places: tuple[float, float]
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        low, high, x = (
            map(math.log, (*self.values, value)) if self.logarithmic else (*self.values, value)
        )
        share = (x - low) / (high - low)
        return self.places[0] + share * (self.places[1] - self.places[0])


def labels_apart(heights: Sequence[float], gap: float) -> list[float]:
    """Return heights that are moved apart, as little as that takes.

    Examples
    --------
    >>> labels_apart([10.0, 12.0, 50.0], 20)
    [1.0, 21.0, 50.0]
    """
    order = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[list[float]] = []  # middle and number of labels that touch
    for index in order:
        groups.append([heights[index], 1])
        while len(groups) > 1:
            (first, n), (second, m) = groups[-2:]
            if second - first >= gap * (n + m) / 2:
                break
            groups[-2:] = [[(first * n + second * m) / (n + m), n + m]]
    placed: list[float] = []
    for middle, number in groups:
        placed += [middle + gap * (k - (number - 1) / 2) for k in range(int(number))]
    apart = [0.0] * len(heights)
    for index, height in zip(order, placed, strict=True):
        apart[index] = height
    return apart
