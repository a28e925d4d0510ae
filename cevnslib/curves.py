"""The exclusion curves of the sterile study: what its figures, sheets and tables show."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import experiments
from .disappearance import (
    Disappearance,
    checked_splittings,
    disappearance,
    scenarios,
    set_up,
    set_ups,
)
from .errors import DomainError, checked_choice, checked_kind, checked_tuple
from .experiments import Experiment
from .statistics import READINGS

__all__ = [
    "SPLITTINGS",
    "ExclusionCurve",
    "as_csv",
    "best",
    "detectors",
    "exclusion_curves",
    "introduction",
    "summary",
]

#: Splittings of a curve in eV^2: first, last and how many.
SPLITTINGS = (0.05, 50.0, 800)
#: Beams that are counted apart.
TIMING = ("prompt", "delayed")
#: Flavours whose disappearance is studied.
DISAPPEARING = ("e", "mu")


@dataclass(frozen=True, eq=False)
class ExclusionCurve:
    """The largest amplitude that a set-up allows by splitting; made by `exclusion_curves`.

    Parameters
    ----------
    flavour : {"e", "mu"}
        The flavour that disappears.
    label : str
        The scenario, or the stage and the reading of the chi2.
    splittings : ndarray, shape (n,)
        In eV^2.
    amplitudes : ndarray, shape (n,)
        sin^2 2theta; infinite where nothing is excluded.

    Examples
    --------
    >>> curve = exclusion_curves("coherent-lar", [0.5, 1.5])[0]
    >>> curve.flavour, curve.label, curve.amplitudes.round(3)
    ('e', '100%, 0%, 0%', array([0.476, 0.108]))
    """

    flavour: str
    label: str
    splittings: NDArray[np.float64]
    amplitudes: NDArray[np.float64]


def checked_curves(curves: Sequence[ExclusionCurve]) -> None:
    """Refuse what is no sequence of curves with the same splittings."""
    first, *others = checked_tuple("curves", curves, ExclusionCurve)
    if any(not np.array_equal(one.splittings, first.splittings) for one in others):
        raise DomainError(
            f"curves: got {len(curves)} with {[len(one.splittings) for one in curves]} splittings; "
            "allowed: the same splittings in all"
        )


def detectors() -> tuple[str, ...]:
    """Return the names of all detectors of the study.

    Returns
    -------
    tuple of str
        The set-ups at the spallation source, then the reactor experiments.

    Examples
    --------
    >>> ", ".join(detectors()[5:])
    'conus, connie, miner, texono, red100'
    """
    reactors = [one for one in experiments.names() if _at_reactor(one)]
    return (*set_ups(), *reactors)


def _at_reactor(name: str) -> bool:
    return experiments.load(name).source.name == "reactor"


def exclusion_curves(
    name: str, splittings: ArrayLike | None = None, *, confidence: float = 0.90
) -> tuple[ExclusionCurve, ...]:
    """Return every curve of a detector.

    Parameters
    ----------
    name : str
        One of `detectors`.
    splittings : array_like, shape (n,), optional
        In eV^2, at least 0; by default `SPLITTINGS`, evenly in their logarithm.
    confidence : float, optional
        Confidence level for the two parameters together.

    Returns
    -------
    tuple of ExclusionCurve
        At the spallation source both flavours in all scenarios and, of the 100 kg of CsI, also with
        prompt and delayed events apart; at a reactor both stages, read in two ways.

    Raises
    ------
    UnknownNameError
        If there is no such detector.
    DomainError
        If a splitting is negative, or the level impossible.

    Examples
    --------
    >>> [curve.label for curve in exclusion_curves("conus", [1.0])]
    ['current, as printed', 'current, as tabulated', 'future, as printed', 'future, as tabulated']
    """
    checked_choice("detector of the sterile study", name, detectors())
    first, last, points = SPLITTINGS
    x = np.geomspace(first, last, points) if splittings is None else splittings
    x = checked_splittings(x)
    return tuple(
        ExclusionCurve(flavour, label, x, study(x).exclusion(confidence))
        for flavour, label, study in _studies(name)
    )


def _studies(name: str) -> list[tuple[str, str, partial[Disappearance]]]:
    """Return flavour, label, and what computes the curve, of every curve of a detector."""

    def study(one: Experiment, flavour: str, **options: object) -> partial[Disappearance]:
        return partial(disappearance, one, flavour=flavour, **options)  # type: ignore[arg-type]

    if name not in set_ups():
        return [
            ("e", f"{stage}, {reading}", study(experiments.load(name, stage), "e", reading=reading))
            for stage in experiments.stages(name)
            for reading in READINGS
        ]
    found = [
        (flavour, scenario, study(set_up(name, scenario), flavour))
        for flavour in DISAPPEARING
        for scenario in scenarios()
    ]
    if name == "csi-100kg":
        found += [
            (flavour, f"{scenario}, timing", study(set_up(name, scenario), flavour, samples=TIMING))
            for flavour in DISAPPEARING
            for scenario in scenarios()
        ]
    return found


def best(curve: ExclusionCurve) -> tuple[float, float]:
    """Return the smallest excluded amplitude of a curve, and its splitting.

    Parameters
    ----------
    curve : ExclusionCurve
        The curve.

    Returns
    -------
    tuple of float
        sin^2 2theta, infinite if nothing is excluded, and the splitting in eV^2.

    Examples
    --------
    >>> curve = exclusion_curves("coherent-lar", [0.5, 1.5, 50.0])[0]
    >>> best(curve)[1]
    1.5
    """
    checked_kind("curve", curve, ExclusionCurve)
    if not len(curve.splittings):
        raise DomainError("curve: got no splittings; allowed: at least one")
    place = int(np.argmin(curve.amplitudes))
    return float(curve.amplitudes[place]), float(curve.splittings[place])


def as_csv(curves: Sequence[ExclusionCurve]) -> str:
    """Return curves of one detector as CSV, a splitting a row.

    Parameters
    ----------
    curves : sequence of ExclusionCurve
        Curves with the same splittings.

    Returns
    -------
    str
        Splittings in eV^2, then the amplitudes of each curve; empty where nothing is excluded.

    Examples
    --------
    >>> print(as_csv(exclusion_curves("conus", [0.001, 0.45])).splitlines()[-1])
    0.45,0.3122,0.03566,0.1829,0.001498
    """
    checked_curves(curves)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"sin2_2theta_{curve.flavour}{curve.flavour} ({curve.label})" for curve in curves]
    writer.writerow(["dm2_eV2", *names])
    columns = [curve.amplitudes for curve in curves]
    for splitting, *row in zip(curves[0].splittings, *columns, strict=True):
        cells = [f"{value:.4g}" if np.isfinite(value) else "" for value in row]
        writer.writerow([f"{splitting:.6g}", *cells])
    return "# excluded above these amplitudes; empty: nothing is excluded\n" + text.getvalue()


def summary(curves: Sequence[ExclusionCurve]) -> str:
    """Return where each curve reaches furthest, as a Markdown table.

    Parameters
    ----------
    curves : sequence of ExclusionCurve
        The curves of a detector.

    Returns
    -------
    str
        A Markdown table: the flavour, the label, the smallest excluded amplitude and its splitting,
        and the amplitude at the largest splitting.

    Examples
    --------
    >>> print(summary(exclusion_curves("conus", [0.45, 10.0])).splitlines()[2])
    | e | current, as printed | 0.312 | 0.45 | 0.609 |
    """
    checked_curves(curves)
    lines = [
        r"| flavour | curve | least $\sin^2 2\theta$ | at $\Delta m^2$ (eV²) | averaged |",
        "| --- | --- | --- | --- | --- |",
    ]
    for curve in curves:
        amplitude, splitting = best(curve)
        shown = [f"{amplitude:.3g}", f"{splitting:.2g}", f"{curve.amplitudes[-1]:.3g}"]
        if not np.isfinite(amplitude):
            shown = ["none", "", "none"]
        cells = [curve.flavour, curve.label, *(one.replace("inf", "none") for one in shown)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def introduction(name: str) -> str:
    """Return the title of a sterile sheet and what it is about, as Markdown.

    Parameters
    ----------
    name : str
        One of `detectors`.

    Returns
    -------
    str
        A heading and a paragraph.

    Examples
    --------
    >>> introduction("conus").splitlines()[0]
    '# Sterile: CONUS'
    """
    checked_choice("detector of the sterile study", name, detectors())
    one = set_up(name) if name in set_ups() else experiments.load(name)
    source = "a reactor" if one.source.name == "reactor" else "the spallation source"
    return (
        f"# Sterile: {one.title}\n\n{one.detector.target.name} at {one.baseline / 100:g} m from "
        f"{source}: what it excludes of a flavour that disappears into a sterile neutrino, at 90% "
        "C.L. for amplitude and splitting together. This sheet is made from a template."
    )
