"""Minima of convex costs over nuisances, for many predictions at once.

Means are linear in the nuisances and each bin's cost is convex, so there is one minimum. Newton's
steps lead to it, each shortened until it stays inside and goes down; for Gaussian data the first is
exact. Means of counts are not negative, nor is a nuisance below its least value: where Newton's
minimum would be, it is sought again inside, with logarithmic barriers that are lowered to 1e-10, or
to what rounding leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FitError

__all__ = ["ConvexProblem", "pairs_of"]
Floats = NDArray[np.float64]
#: Newton's steps, and halvings of one; either is far more than was ever needed.
STEPS, HALVINGS = 200, 60
#: The square of a last step, in units of -2 ln L; what it leaves is smaller by as much again.
CLOSE = 1e-12
#: Heights of the barriers, one after the other; the last moves -2 ln L by about its own size.
BARRIERS = 10.0 ** np.arange(0, -11, -2)
#: How many times its rounding a mean is from 0 at least: barriers lower than that are noise.
ROUNDING = 100 * np.finfo(np.float64).eps
#: Relative rounding of a mean.
_DIGITS = 10 * np.finfo(np.float64).eps


def pairs_of(shifts: Floats, relative: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the products of two columns in each bin: by the power of the signal that goes along.

    Each is of shape (bins, nuisances squared).

    Examples
    --------
    >>> [one.tolist() for one in pairs_of(np.array([[2.0]]), np.array([[3.0]]))]
    [[[4.0]], [[12.0]], [[9.0]]]
    """

    def pairs(first: Floats, second: Floats) -> Floats:
        return (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)

    mixed = pairs(shifts, relative) + pairs(relative, shifts)
    return pairs(shifts, shifts), mixed, pairs(relative, relative)


@dataclass(frozen=True, eq=False)
class ConvexProblem:
    """The minimum over z of a convex cost of means base + (shifts + signal relative) z.

    `cevnslib.statistics.likelihood` makes it; nothing is checked here.

    Examples
    --------
    One bin with 12 counts where 10 are expected, and a free template of 1:

    >>> def poisson(mean):
    ...     return 2 * (mean - 12 + 12 * np.log(12 / mean)), 2 - 24 / mean, 24 / mean**2
    >>> one, none = np.ones((1, 1)), np.zeros((1, 1))
    >>> problem = ConvexProblem(
    ...     cost=poisson, base=10 * one, signal=none, shifts=one, relative=none, weight=none,
    ...     pairs=pairs_of(one, none), least=np.array([-np.inf]), needed=np.array([True]),
    ...     counting=np.array([True]),
    ... )
    >>> value, z = problem.solve()
    >>> z.round(9)
    array([[2.]])
    """

    cost: Callable[[Floats], tuple[Floats, Floats, Floats]]
    base: Floats  # (number, bins)
    signal: Floats
    shifts: Floats  # (bins, nuisances)
    relative: Floats
    weight: Floats  # (number, nuisances): 1, or 0 for a free nuisance
    pairs: tuple[Floats, Floats, Floats]  # of shifts and relative, as `pairs_of` makes them
    least: Floats
    needed: NDArray[np.bool_]
    counting: NDArray[np.bool_]

    def solve(self) -> tuple[Floats, Floats]:
        """Return the least costs, and where along the last axis they are."""
        number, nuisances = self.weight.shape
        z = np.zeros((number, nuisances))
        blocked = self.least >= 0  # an amplitude that starts at 0 begins inside instead
        moves = (self.shifts != 0).any(axis=1) | (
            (self.relative != 0).any(axis=1) & (self.signal > 0)
        )
        impossible = np.any(self.needed & ~moves & (self.base <= 0), axis=1)
        stuck = np.any(self.needed & moves & (self.base <= 0), axis=1) & ~impossible
        todo = np.flatnonzero(~impossible & ~stuck)
        if not nuisances:
            return self._value(z, ~impossible), z
        done = self._some(todo)._newton(z[todo])
        z[todo] = np.where(np.isfinite(done), done, 0.0)
        outside = ~np.isfinite(done).all(axis=1)
        mean = self._some(todo).mean(z[todo])
        outside |= np.any(self.counting & (mean < 0), axis=1)
        outside |= np.any(z[todo] < self.least, axis=1)
        inner = np.sort(np.concatenate([todo[outside], np.flatnonzero(stuck)]))
        if inner.size:
            part = self._some(inner)
            start = np.zeros((len(inner), nuisances))
            start[:, blocked] = part._amplitudes()[:, blocked]
            z[inner] = part._inside(start)
        return self._value(z, ~impossible), z

    def _some(self, which: NDArray[np.int64]) -> "ConvexProblem":
        fields: dict[str, Any] = {**vars(self)}
        chosen = {name: fields[name][which] for name in ("base", "signal", "weight")}
        return ConvexProblem(**{**fields, **chosen})

    def _amplitudes(self) -> Floats:
        """Return amplitudes of bounded nuisances that are above their bounds."""
        total = np.sum(np.abs(self.shifts), axis=0) + self.signal @ np.abs(self.relative)
        events = 1 + np.sum(self.base, axis=1, keepdims=True)
        amplitudes: Floats = np.maximum(self.least, 0.0) + events / (1 + total)
        return amplitudes

    def _moved(self, z: Floats) -> Floats:
        """Return by how much nuisances move each mean."""
        moved: Floats = z @ self.shifts.T + self.signal * (z @ self.relative.T)
        return moved

    def mean(self, z: Floats) -> Floats:
        """Return the means at nuisances z."""
        return self.base + self._moved(z)

    def _value(self, z: Floats, possible: NDArray[np.bool_]) -> Floats:
        part = self._some(np.flatnonzero(possible))
        value = np.full(len(z), np.inf)
        means = part.mean(z[possible])
        means = np.where(self.counting, np.maximum(means, 0.0), means)
        value[possible] = np.sum(self.cost(means)[0], axis=-1) + np.sum(
            z[possible] ** 2 * part.weight, axis=-1
        )
        return value

    def _objective(self, costs: Floats, mean: Floats, z: Floats, height: float) -> Floats:
        """Return -2 ln L of costs in bins, with barriers of some height."""
        value: Floats = np.sum(costs, axis=-1) + np.sum(z**2 * self.weight, axis=-1)
        if height:
            bounded = np.isfinite(self.least)
            with np.errstate(divide="ignore", invalid="ignore"):  # at a wall, but for rounding
                value -= 2 * height * np.sum(np.log(self._rooms(mean)), axis=-1)
                value -= 2 * height * np.sum(np.log((z - self.least)[:, bounded]), axis=-1)
        return value

    def _rooms(self, mean: Floats) -> Floats:
        """Return how far means are from being negative, 1 where they may be or do not move."""
        slack = 1e-10  # so that a mean of 0 is inside, too
        rooms: Floats = np.where(self.counting, mean + slack, 1.0)
        return rooms

    def _newton(self, z: Floats, height: float = 0.0, close: float = CLOSE) -> Floats:
        """Return where Newton's damped steps end; NaN where they reach no minimum."""
        z = z.copy()
        exact = not self.counting.any() and not height
        active, part = np.arange(len(z)), self
        for _ in range(STEPS):
            mean = part.mean(z[active])
            value, gradient, step, noise = part._step(mean, z[active], height)
            decrement = -np.sum(gradient * step, axis=1)
            moved = part._moved(step)
            share = np.ones(len(active))
            enough = np.maximum(close, noise)
            last = np.full(len(active), exact) | (decrement < enough)
            rest = np.flatnonzero(~last)
            if rest.size:
                share[rest] = part._some(rest)._share(
                    mean[rest],
                    z[active][rest],
                    step[rest],
                    moved[rest],
                    value[rest],
                    -decrement[rest],
                    height,
                )
            step *= share[:, None]
            lost: NDArray[np.bool_] = np.any(~(np.abs(step) <= 1e30), axis=1)
            z[active] = np.where(lost[:, None], np.nan, z[active] + step)
            going = np.flatnonzero(~last & ~lost)
            if not going.size:
                return z
            active, part = active[going], part._some(going)
        z[active] = np.nan
        return z

    def _step(self, mean: Floats, z: Floats, height: float) -> tuple[Floats, ...]:
        """Return -2 ln L with the barriers, its gradient, Newton's step, and what rounding does."""
        costs, slope, curvature = self.cost(mean)
        # Where nuisances cancel nearly all of a mean, it has no more digits than what they cancel.
        noise = np.sum(curvature * (_DIGITS * self.base) ** 2, axis=1)
        value = self._objective(costs, mean, z, height)
        weight = 2 * self.weight
        gradient = weight * z
        if height:
            rooms = self._rooms(mean)
            slope = slope - np.where(self.counting, 2 * height / rooms, 0.0)
            curvature = curvature + np.where(self.counting, 2 * height / rooms**2, 0.0)
            apart = np.where(np.isfinite(self.least), z - self.least, np.inf)
            gradient -= 2 * height / apart
            weight = weight + 2 * height / apart**2
        S, R, s = self.shifts, self.relative, self.signal
        gradient += slope @ S + (slope * s) @ R
        pairs, K = self.pairs, len(self.least)
        hessian = curvature @ pairs[0] + (curvature * s) @ pairs[1] + (curvature * s**2) @ pairs[2]
        hessian = hessian.reshape(-1, K, K)
        diagonal = np.arange(K)
        hessian[:, diagonal, diagonal] += weight
        # Where nothing depends on a combination of free nuisances, a little keeps it in place.
        size = np.sqrt(hessian[:, diagonal, diagonal])
        size = np.where(size > 0, size, 1.0)
        scaled = hessian / (size[:, :, None] * size[:, None, :])
        scaled[:, diagonal, diagonal] += 1e-13 * (1 - self.weight)
        wanted = (gradient / size)[..., np.newaxis]
        try:
            step = -np.linalg.solve(scaled, wanted)[..., 0] / size
        except np.linalg.LinAlgError:  # errors of some 1e8 times what the bins tell
            step = -np.linalg.solve(scaled + 1e-12 * np.eye(K), wanted)[..., 0] / size
        return value, gradient, step, noise

    def _share(
        self,
        mean: Floats,
        z: Floats,
        step: Floats,
        moved: Floats,
        start: Floats,
        slope: Floats,
        height: float,
    ) -> Floats:
        """Return the share of each step that stays inside and goes down enough."""
        walls = self.counting if height else self.needed
        room = self._rooms(mean) if height else mean
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(walls & (moved < 0), room / -moved, np.inf).min(axis=1)
            if height:
                apart = np.where(step < 0, (z - self.least) / -step, np.inf)
                reach = np.minimum(reach, apart.min(axis=1))
        share: Floats = np.minimum(1.0, 0.95 * reach)
        for _ in range(HALVINGS):
            to = mean + share[:, None] * moved
            there = self._objective(self.cost(to)[0], to, z + share[:, None] * step, height)
            high = ~(there <= start + 1e-4 * share * slope + 1e-13 * (1 + np.abs(start)))
            if not high.any():
                break
            share[high] /= 2
        return share

    def _inside(self, start: Floats) -> Floats:
        """Return the minimum among means and nuisances that are allowed."""
        mean = self.mean(start)
        below = (self.needed & (mean <= 0)) | (self.counting & (mean < 0))
        bad = below.any(axis=1)
        if bad.any():
            where = np.flatnonzero(below[np.argmax(bad)]).tolist()
            raise FitError(
                f"minimum over the nuisances: got no events in bins {where} (of all data sets, "
                "counted from 0) with the nuisances at 0, though some were seen there; allowed: "
                "templates or predictions above 0 in such bins"
            )
        z = start.copy()
        lowest = ROUNDING * np.sum(np.abs(self.base), axis=1)
        for height in BARRIERS:
            which = np.flatnonzero((height > lowest) | (height == BARRIERS[0]))
            if which.size:
                part = self._some(which)
                z[which] = part._newton(z[which], height, close=max(CLOSE, 1e-3 * height))
        lost = ~np.isfinite(z).all(axis=1)
        if lost.any():
            raise FitError(
                f"minimum over the nuisances: got none in {STEPS} steps for {int(lost.sum())} "
                f"predictions, the first with the means {self.base[np.argmax(lost)].tolist()}; "
                "allowed: free nuisances that some bin depends on, and finite errors"
            )
        return z
