"""Gauss-Legendre quadrature on panels: every integral of the library that has no closed form."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "panel_rule",
]


@cache
def _rule(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return nodes and weights on [-1, 1], which take longer to find than to use."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


def panel_rule(
    low: ArrayLike, high: ArrayLike, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where to evaluate a function in each panel, and with what weights to add it up.

    It stands behind the doors: nothing is checked here.

    Parameters
    ----------
    low, high : array_like
        The ends of the panels; their shapes are broadcast. A panel from high to low counts
        negative.
    count : int
        Nodes in each panel, from 1 to 1000; polynomials up to degree 2 count - 1 are exact.

    Returns
    -------
    nodes, weights : ndarray
        The broadcast shape and a last axis of ``count`` nodes.

    Examples
    --------
    >>> x, w = panel_rule([0.0, 1.0], [1.0, 3.0], 4)
    >>> np.sum(w * x**2, axis=-1).round(6)
    array([0.333333, 8.666667])
    """
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    nodes, weights = _rule(count)
    half = ((high - low) / 2)[..., np.newaxis]
    return low[..., np.newaxis] + half * (1 + nodes), half * weights
