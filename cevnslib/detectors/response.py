"""Panels of recoils, between whose ends what counts is smooth, for integrals over a recoil."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..constants import KEV
from ..physics.targets import Electron, Struck
from .detector import Detector
from .efficiency import ConstantEfficiency

__all__: list[str] = []
#: The largest ratio of a panel's ends; and where a resolution makes the integrand smooth: there
#: bins need 1e-8.
_RATIO, _NARROW = 8.0, 3.0
#: How far below the largest recoil an integral starts that has no threshold, and what share of it
#: its first panel may hold.
START, FIRST = 1e-13, 1e-6


def response_panels(
    detector: Detector, struck: Struck, most: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithms of the ends of panels in T, up to a recoil, that hold what counts."""
    if most <= 0:
        return np.empty(0), np.empty(0)
    largest = np.array([[most]])
    low, high = panels(detector, struck, largest, kinks_of(detector, struck, largest))
    return low[0], high[0]


def panels_between(
    detector: Detector, struck: Struck, kinks: Iterable[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return such panels that end at all of some rising energies, from the first to the last."""
    ends = np.array([[*kinks]])
    largest = ends[:, -1:]
    low, high = panels(detector, struck, largest, kinks_of(detector, struck, largest, ends))
    first = np.log(max(ends[0, 0], START * largest[0, 0]))
    inside = (low[0] + high[0]) / 2 > first
    return low[0, inside], high[0, inside]


def panels(
    detector: Detector, struck: Any, most: NDArray[np.float64], kinks: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithms of the ends of panels, in rows, that together hold what is counted.

    Panels end at kinks; what has no width, or where nothing counts, is left out.
    """
    logs = np.log(np.clip(kinks, START * most, most))
    ends = [np.log(START * most), np.log(most)]
    logs = np.sort(np.concatenate([*ends, logs], axis=1), axis=1)
    low, high = logs[:, :-1], logs[:, 1:]
    wide = np.any(high > low, axis=0)
    low, high = low[:, wide], high[:, wide]
    if detector.resolution is not None:  # chances fade slowly: in pieces
        low, high = _cut(low, high, _NARROW)
        inside = 1e-9 * (high - low)  # at an end itself an efficiency may be over
        return _counted(detector, struck, low, high, low + inside, high - inside)
    return _cut(*_counted(detector, struck, low, high, (low + high) / 2), _RATIO)


def _counted(
    detector: Detector, struck: Any, low: Any, high: Any, *places: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the panels at one of whose places something is counted."""
    alive = [np.any(detector._weight(np.exp(place), struck) > 0, axis=0) for place in places]
    some = np.any(alive, axis=0)
    return low[:, some], high[:, some]


def _cut(low: Any, high: Any, ratio: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return panels in pieces, so that no ratio of their ends exceeds a number."""
    pieces = np.ceil((high - low).max(axis=0, initial=0) / np.log(ratio) - 1e-9)
    pieces = np.maximum(pieces, 1).astype(int)
    if np.any(pieces > 1):
        step = np.repeat((high - low) / pieces, pieces, axis=1)
        place = np.concatenate([np.arange(count) for count in pieces])
        low = np.repeat(low, pieces, axis=1) + step * place
        high = low + step
    return low, high


def kinks_of(
    detector: Detector, struck: Any, most: NDArray[np.float64], *others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return recoils, in rows, where the chance to be counted has a kink, and others given."""
    rows, electron = len(most), isinstance(struck, Electron)
    kinks = list(others)
    quenching = None if electron else detector.quenching
    if electron:
        kinks.append(in_rows(struck.breakpoints, rows))
    elif detector._of_recoil:
        kinks.append(in_rows(detector.efficiency.breakpoints, rows))
    if quenching is not None:
        kinks.append(in_rows(quenching.knots, rows))
    kinks.append(detector._seen_as(detector._levels, struck, rows))
    return np.concatenate(kinks, axis=1)


def in_rows(values: Iterable[float], rows: int) -> NDArray[np.float64]:
    return np.tile(np.array([x for x in values if x < np.inf], dtype=np.float64), (rows, 1))


def without_end(detector: Detector, struck: Any) -> str:
    """Say why a count of what grows like 1/T is refused."""
    why = "as the magnetic cross section grows like 1/T and its count has no limit there"
    at_rest = float(np.max(detector._measured(np.full_like(struck.mass, 1e-30), struck)))
    at_rest = at_rest if at_rest > 1e-20 else 0.0
    of_rest = f", what is seen of no recoil at all, {why}" if at_rest else f", {why}"
    if detector.resolution is not None:
        return (
            f"least ionisation: got {detector.least_ionisation / KEV:g} keV, while the resolution "
            "lifts recoils of no energy over the threshold; allowed: above "
            f"{at_rest / KEV:g} keV{of_rest} "
            "(in a file: least_ionisation_keV)"
        )
    chance = float(detector.efficiency._chance(np.array(1e-30)))
    known = isinstance(detector.efficiency, ConstantEfficiency)
    if not detector.edges[0] and not known and chance:
        return (
            f"efficiency: got {chance:g} at 0 keV, without a threshold; allowed: an efficiency "
            f"that rises from 0, or a threshold above {at_rest / KEV:g} keV{of_rest} "
            "(in a file: efficiency, threshold_keV)"
        )
    return (
        f"threshold: got {detector._steps[0] / KEV:g} keV; allowed: above {at_rest / KEV:g} keV"
        f"{of_rest} "
        "(in a file: threshold_keV)"
    )
