"""Radioactive sources of neutrino lines, which fade while they are looked at."""

import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ..checks import checked_kind, checked_number
from ..errors import DomainError, quoted
from ..files import packaged_table
from .beams import Beam, Source
from .spectra import LineSpectrum

__all__ = [
    "ARGON_HALF_LIFE_DAYS",
    "CHROMIUM_HALF_LIFE_DAYS",
    "CURIE",
    "argon_lines",
    "chromium_lines",
    "line_source",
    "mean_activity",
]
#: One curie in Bq, exact.
CURIE = 3.7e10
#: Half-life of 51Cr in days, as remembered.
CHROMIUM_HALF_LIFE_DAYS = 27.7025
#: Half-life of 37Ar in days, of arXiv:nucl-ex/0512041, as remembered.
ARGON_HALF_LIFE_DAYS = 35.04


@cache
def chromium_lines() -> Mapping[float, float]:
    """Return the neutrino lines of 51Cr: shares of the decays by energy in MeV.

    Examples
    --------
    >>> chromium_lines()[0.747]
    0.8163
    """
    return _lines("chromium51.csv")


@cache
def argon_lines() -> Mapping[float, float]:
    """Return the neutrino lines of 37Ar: shares of the decays by energy in MeV.

    Examples
    --------
    >>> argon_lines()[0.811]
    0.902
    """
    return _lines("argon37.csv")


def _lines(name: str) -> Mapping[float, float]:
    rows = packaged_table("spectra", name)
    return MappingProxyType({float(row["energy"]): float(row["share"]) for row in rows})


def mean_activity(
    activity: float, half_life_days: float, exposure_days: float, *, delay_days: float = 0.0
) -> float:
    r"""Return the mean activity of a fading source over an exposure.

    .. math:: \bar A = A\, e^{-\lambda d}\, \frac{1 - e^{-\lambda t}}{\lambda t}, \quad
              \lambda = \frac{\ln 2}{t_{1/2}}

    Parameters
    ----------
    activity : float
        A in Bq, at the time from which the delay counts, at least 0.
    half_life_days, exposure_days : float
        In days, above 0; the exposure without pauses.
    delay_days : float, optional
        From the time of the activity to the begin of the exposure, in days.

    Returns
    -------
    float
        In Bq; times the exposure it is the number of decays.

    Examples
    --------
    >>> f"{mean_activity(3e6 * CURIE, CHROMIUM_HALF_LIFE_DAYS, 55) * 55 * 86400:.3e} decays"
    '2.865e+23 decays'
    """
    activity = checked_number("activity", activity, "Bq", at_least=0)
    rate = math.log(2) / checked_number("half-life", half_life_days, "days", above=0)
    faded = rate * checked_number("exposure", exposure_days, "days", above=0)
    delayed = rate * checked_number("delay", delay_days, "days", at_least=0)
    return activity * math.exp(-delayed) * (-math.expm1(-faded) / faded)


def line_source(
    activity: float,
    exposure_days: float,
    *,
    lines: Mapping[float, float] | None = None,
    half_life_days: float = CHROMIUM_HALF_LIFE_DAYS,
    delay_days: float = 0.0,
    name: str = "chromium",
    title: str = "a source of 51Cr",
) -> Source:
    """Return a radioactive source of lines, with its mean activity over an exposure.

    Parameters
    ----------
    activity, exposure_days, half_life_days, delay_days
        See `mean_activity`; the half-life is that of 51Cr if nothing else is said.
    lines : mapping of float to float, optional
        Neutrinos per decay of each line, by its energy in MeV; by default those of 51Cr.
    name, title : str, optional
        Short name, and what it is in words.

    Returns
    -------
    Source
        A beam of electron neutrinos for each line, named by its energy in keV. The exposure of the
        experiment must be the same one.

    Examples
    --------
    >>> source = line_source(1e17, 90.0)
    >>> [f"{beam.name}: {beam.rate:.3e}" for beam in source.beams[:2]]
    ['747 keV: 3.244e+16', '427 keV: 3.556e+15']
    """
    given = chromium_lines() if lines is None else checked_kind("lines", lines, Mapping)
    if not given:
        raise DomainError(f"lines: got {quoted(given)}; allowed: at least one")
    mean = mean_activity(activity, half_life_days, exposure_days, delay_days=delay_days)
    beams = []
    for energy, share in given.items():
        spectrum = LineSpectrum(energy)
        label = f"{1e3 * spectrum.energy:g} keV"
        part = checked_number(f"share of {label}", share, at_least=0)
        beams.append(Beam(label, "e", False, "continuous", spectrum, mean * part))
    return Source(name, tuple(beams), title)
