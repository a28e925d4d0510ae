"""Where a function of one or two numbers is least, turns, or crosses 0."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["lowest", "root", "turning_points"]
Floats = NDArray[np.float64]


def lowest(
    height: Callable[[Floats], float],
    centre: Mapping[str, float],
    box: Mapping[str, tuple[float, float]],
) -> tuple[float, dict[str, float]]:
    """Return the least height in a box, by the simplex of Nelder and Mead, and where it is.

    Examples
    --------
    >>> height, place = lowest(lambda at: (at[0] - 0.3) ** 2, {"x": 0.0}, {"x": (-1.0, 1.0)})
    >>> round(place["x"], 6)
    0.3
    """
    from scipy.optimize import minimize

    low, high = np.array([*box.values()]).T
    begin = (np.array([*centre.values()]) - low) / (high - low)
    corners = np.stack([begin] * (len(begin) + 1))
    corners[1:] += np.diag(np.where(begin > 0.5, -0.3, 0.3))
    options = {"initial_simplex": corners, "xatol": 1e-9, "fatol": 1e-12, "maxiter": 500}
    found = minimize(
        lambda share: height(low + (high - low) * share),
        begin,
        method="Nelder-Mead",
        bounds=[(0, 1)] * len(begin),
        options=options,
    )
    place = low + (high - low) * found.x
    return float(found.fun), dict(zip(centre, place.tolist(), strict=True))


def root(margin: Callable[[float], float], a: float, b: float, at_a: float, at_b: float) -> float:
    """Return where a margin crosses 0 between two places.

    Examples
    --------
    >>> round(root(lambda x: x**2 - 2, 1.0, 2.0, -1.0, 2.0), 6)
    1.414214
    """
    from scipy.optimize import brentq

    if not (np.isfinite(at_a) and np.isfinite(at_b)):  # an end at which data are impossible
        for _ in range(200):
            middle = (a + b) / 2
            below = margin(middle) <= 0
            a, b = (middle, b) if below == (at_a <= 0) else (a, middle)
        return (a + b) / 2
    return float(brentq(margin, a, b, xtol=1e-14 * max(abs(a), abs(b)), rtol=1e-12))


def turning_points(
    places: Mapping[float, float], margin: Callable[[float], float]
) -> Iterator[tuple[float, float]]:
    """Yield minima and maxima between places that may cross 0 there, with their margins.

    Minima that may be the least of all are among them.

    Examples
    --------
    >>> def margin(x):
    ...     return (x - 1.2) ** 2 - 0.01
    >>> places = {x: margin(x) for x in (0.0, 1.0, 2.0)}
    >>> [(round(x, 3), round(y, 3)) for x, y in turning_points(places, margin)]
    [(1.2, -0.01)]
    """
    from scipy.optimize import minimize_scalar

    x, least = sorted(places), min(places.values()) + 1e-9
    for left, centre, right in zip(x, x[1:], x[2:], strict=False):
        a, b, c = (places[place] for place in (left, centre, right))
        low, high = b - (max(a, c) - b), b + (b - min(a, c))  # how far it may go beyond b
        dip = a >= b <= c and (b > 0 > low or b > least > low)
        peak = a <= b >= c and b <= 0 < high
        if dip or peak:
            sign = 1.0 if dip else -1.0
            found = minimize_scalar(
                lambda place, sign=sign: sign * margin(place),
                bounds=(left, right),
                method="bounded",
            )
            yield float(found.x), sign * float(found.fun)
