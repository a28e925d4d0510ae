r"""How strong a signal the data allow: one number from 0 on, or of either sign, without a grid.

What is expected in each bin is a polynomial of the strength x, :math:`N_j(x) = \sum_p c_{pj} x^p`:
of a squared moment or a number of events it is a straight line, of a squared coupling that
interferes a parabola. All places are asked at once, over many decades about the strength at which
the data would notice anything, so that no piece of an interval is left out and none costs long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, checked_tuple
from ..errors import DomainError
from .chi2 import delta_chi2
from .counts import Counts, GaussianCounts, OnOffCounts
from .likelihood import Likelihood

__all__ = ["Strengths", "strengths"]
Floats = NDArray[np.float64]
Pieces = tuple[tuple[float, float], ...]
#: Decades below and above the strength that would be noticed, and places in each.
_BELOW, _ABOVE, _EACH = 4, 9, 20
#: Into how many parts a bracket is cut, and how often: to 1e-13 of its width, and minima, which are
#: flat, to 1e-7.
_PARTS, _ROUNDS, _FLAT = 65, 7, 5


@dataclass(frozen=True, eq=False)
class Strengths:
    """What data say of one strength; made by `strengths`.

    Parameters
    ----------
    best : float
        The strength of the best fit.
    chi2 : float
        -2 ln L there, minimised over the nuisances.
    pieces : tuple of (float, float)
        Where the strength is allowed, piece by piece; an end is infinite where the data do not
        bound it.

    Examples
    --------
    >>> Strengths(2.0, 0.1, ((0.5, 4.0),)).upper
    4.0
    """

    best: float
    chi2: float
    pieces: Pieces

    @property
    def upper(self) -> float:
        """The largest strength that is allowed."""
        return self.pieces[-1][1]


def strengths(
    likelihood: Likelihood,
    coefficients: Sequence[Mapping[str, ArrayLike]],
    confidence: float = 0.90,
    *,
    signed: bool = False,
) -> Strengths:
    """Return the strengths of a signal that data allow, the nuisances profiled.

    Parameters
    ----------
    likelihood : Likelihood
        The data sets with their nuisances.
    coefficients : sequence of mapping of str to array_like, shape (bins,)
        The events that go with the powers 0, 1, ... of the strength, by the names of the data sets;
        at least two powers.
    confidence : float, optional
        Between 0 and 1; chi2 may rise by that of one parameter (Wilks' theorem).
    signed : bool, optional
        Whether the strength may be negative: only where all data are Gaussian.

    Returns
    -------
    Strengths

    Examples
    --------
    >>> from cevnslib.statistics.counts import PoissonCounts
    >>> from cevnslib.statistics.templates import Template
    >>> paired = Likelihood([PoissonCounts("paired", 3, [Template("background", 2.8)])])
    >>> round(strengths(paired, [{"paired": 0.0}, {"paired": 1.0}]).upper, 3)
    4.014
    """
    checked_kind("likelihood", likelihood, Likelihood)
    powers = checked_tuple("coefficients", coefficients, Mapping)
    if len(powers) < 2:
        raise DomainError("coefficients: got one power of the strength; allowed: at least two")
    if signed and any(one.counting for one in likelihood.data):
        raise DomainError(
            "signed: got True for counts, which are not negative; allowed: Gaussian data sets"
        )
    rise = delta_chi2(confidence)
    names = [one.name for one in likelihood.data]
    rows = []
    for power in powers:
        if sorted(power) != sorted(names):
            raise DomainError(
                f"coefficients: got the names {sorted(power)}; allowed: {sorted(names)}"
            )
        parts = [
            np.broadcast_to(checked(f"coefficients of {one.name}", power[one.name]), shape)
            for one in likelihood.data
            for shape in [one.observed.shape]
        ]
        rows.append(np.concatenate(parts))
    table = np.array(rows)
    counting = np.repeat([one.counting for one in likelihood.data], _sizes(likelihood))
    scale = _noticed(table, np.concatenate([_variance(one) for one in likelihood.data]))
    if not np.isfinite(scale):  # nothing depends on the strength
        chi2 = float(likelihood._minimum(table[0][np.newaxis])[0][0])
        return Strengths(0.0, chi2, ((-np.inf if signed else 0.0, np.inf),))

    def height(x: Floats) -> Floats:
        """Return -2 ln L at strengths in units of the scale, of any shape."""
        mean = (scale * x)[..., np.newaxis] ** np.arange(len(table)) @ table
        bare = likelihood._minimum(np.where(counting, np.maximum(mean, 0.0), mean))[0]
        return np.asarray(bare)

    up = np.geomspace(10.0**-_BELOW, 10.0**_ABOVE, (_BELOW + _ABOVE) * _EACH + 1)
    x = np.concatenate([-up[::-1] if signed else [], [0.0], up])
    best, least, pieces = _allowed(height, x, rise)
    return Strengths(
        scale * best, least, tuple((scale * low, scale * high) for low, high in pieces)
    )


def _sizes(likelihood: Likelihood) -> list[int]:
    return [len(one.observed) for one in likelihood.data]


def _variance(data: Counts) -> Floats:
    """Return roughly the squared errors of the bins, above 0."""
    if isinstance(data, GaussianCounts):
        return np.asarray(data.variance)
    off = data.ratio**2 * data.off if isinstance(data, OnOffCounts) else 0.0
    return np.asarray(1 + data.observed + off)


def _noticed(table: Floats, variance: Floats) -> float:
    """Return the strength at which the first power that does anything is as large as its error."""
    sizes = []
    for power, row in enumerate(table[1:], 1):
        seen = float(np.sum(row**2 / variance))
        if seen > 0:
            sizes.append(seen ** (-0.5 / power))
    return min(sizes, default=np.inf)


def _allowed(
    height: Callable[[Floats], Floats], x: Floats, rise: float
) -> tuple[float, float, Pieces]:
    """Return the best place, the height there and the pieces below it plus a rise."""
    y = height(x)
    if not np.any(np.isfinite(y)):
        raise DomainError("-2 ln L: got infinity at all strengths; allowed: data that are possible")
    # Every dip and peak of the grid is looked at more closely, so that none is cut.
    left, middle, right = y[:-2], y[1:-1], y[2:]
    for sign in (1.0, -1.0):
        with np.errstate(invalid="ignore"):
            turns = np.flatnonzero((sign * left > sign * middle) & (sign * middle <= sign * right))
        if sign < 0:
            turns = turns[np.isfinite(y[1:-1][turns])]
        if turns.size:
            places = _closer(partial(_times, sign, height), x[turns], x[turns + 2])
            x = np.concatenate([x, places])
            y = np.concatenate([y, height(places)])
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    k = int(np.argmin(y))
    inside = y - y[k] <= rise
    turns = np.flatnonzero(inside[1:] != inside[:-1])
    ends = _crossings(height, x[turns], x[turns + 1], inside[turns], y[k] + rise)
    every = ([-np.inf if x[0] else 0.0] if inside[0] else []) + ends.tolist()
    every += [np.inf] if inside[-1] else []
    return float(x[k]), float(y[k]), tuple(zip(every[::2], every[1::2], strict=True))


def _times(sign: float, height: Callable[[Floats], Floats], x: Floats) -> Floats:
    return sign * height(x)


def _closer(height: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return where a height is least in each of several brackets."""
    shares, rows = np.linspace(0, 1, _PARTS), np.arange(len(low))
    for _ in range(_FLAT):
        places = low[:, np.newaxis] + (high - low)[:, np.newaxis] * shares
        k = np.argmin(height(places), axis=1)
        low, high = (places[rows, np.clip(k + step, 0, _PARTS - 1)] for step in (-1, 1))
        best = places[rows, k]
    return np.asarray(best)


def _crossings(
    height: Callable[[Floats], Floats],
    low: Floats,
    high: Floats,
    inside: NDArray[np.bool_],
    level: float,
) -> Floats:
    """Return where a height crosses a level between places of which one is inside."""
    if not low.size:
        return low
    shares, rows = np.linspace(0, 1, _PARTS), np.arange(len(low))
    for _ in range(_ROUNDS):
        places = low[:, np.newaxis] + (high - low)[:, np.newaxis] * shares
        within = height(places) <= level
        within[:, 0], within[:, -1] = inside, ~inside  # whatever rounding says
        k = np.argmax(within != inside[:, np.newaxis], axis=1)
        low, high = places[rows, k - 1], places[rows, k]
    return np.asarray((low + high) / 2)
