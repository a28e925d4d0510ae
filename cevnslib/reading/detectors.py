"""The keys of a detector and its response."""

import math
import re
from collections.abc import Mapping

import numpy as np

from ..checks import checked, checked_number
from ..constants import KEV
from ..detectors.detector import ELECTRONS, Detector
from ..detectors.efficiency import (
    ConstantEfficiency,
    Efficiency,
    PhotoelectronAcceptance,
    TabulatedEfficiency,
)
from ..detectors.quenching import FrozenQuenching, Lindhard, Quenching
from ..detectors.resolution import Resolution
from ..errors import DomainError
from ..physics.targets import target
from .keys import Table

#: What a threshold is an energy of: the recoil, or what is seen of it after Lindhard; or it stands
#: for the recoil that would be seen as it, were the share of recoils with that energy seen of all.
THRESHOLD_KINDS = ("nuclear-recoil", "electron-equivalent", "quenched at threshold")


def read_detector(table: Table) -> Detector:
    """Return the detector that the keys of a file describe."""
    kind = table.choice("threshold_kind", THRESHOLD_KINDS, THRESHOLD_KINDS[0])
    hint = "did you give eV?"
    threshold = table.number("threshold_keV", 0.0, at_least=0, at_most=1000, hint=hint)
    maximum = table.number("maximum_keV", math.inf, above=threshold, at_most=math.inf)
    made = target(table.text("target")), table.number("mass_kg", above=0), threshold * KEV
    efficiency, resolution = _efficiency(table), None
    if table.has("resolution"):
        widths = table.table("resolution")
        resolution = Resolution(
            widths.number("constant_keV", 0.0, at_least=0) * KEV,
            widths.number("stochastic_sqrt_keV", 0.0, at_least=0) * math.sqrt(KEV),
        )
        widths.finish()
    quenching: Quenching | None = None if kind == THRESHOLD_KINDS[0] else Lindhard()
    if quenching is not None and kind == THRESHOLD_KINDS[2]:
        at = checked_number("threshold_keV", threshold, "keV", above=0) * KEV
        quenching = FrozenQuenching(quenching, at, of_recoil=True)
    electrons = table.choice("electrons", ELECTRONS, ELECTRONS[0])
    least = table.number("least_ionisation_keV", 0.0, at_least=0) * KEV
    try:
        return Detector(
            *made,
            efficiency,
            maximum * KEV,
            quenching,
            resolution,
            electrons=electrons,
            least_ionisation=least,
        )
    except DomainError as error:
        raise DomainError(_in_keV(str(error))) from error


def _in_keV(message: str) -> str:
    """Return a message about energies in MeV in the unit of the file's keys."""
    return re.sub(
        r"(\d[\d.]*(?:e[+-]?\d+)?) MeV", lambda number: f"{float(number[1]) / KEV:g} keV", message
    )


def _efficiency(table: Table) -> Efficiency:
    if not isinstance(table.left.get("efficiency", 1.0), Mapping):
        return ConstantEfficiency(table.number("efficiency", 1.0, at_least=0, at_most=1))
    own = table.table("efficiency")
    if own.choice("kind", ("photoelectrons", "table")) == "table":
        titles = {"energies_keV": "energy_keV", "values": "value"}
        ranges = {"energy_keV": (0.0, math.inf), "value": (0.0, 1.0)}
        given = dict(zip(titles, own.curve(titles, ranges), strict=True))
        energies = checked("energies_keV", given["energies_keV"], "keV", at_least=0) * KEV
        values = checked("values", given["values"], at_least=0, at_most=1)
        try:
            made: Efficiency = TabulatedEfficiency(
                tuple(np.atleast_1d(energies)), tuple(np.atleast_1d(values))
            )
        except DomainError as error:
            raise DomainError(_in_keV(str(error))) from error
    else:
        made = PhotoelectronAcceptance(
            own.number("amplitude"),
            own.number("slope"),
            own.number("midpoint"),
            own.number("photoelectrons_per_keV"),
            own.number("half", 5.0),
            own.number("full", 6.0),
            own.number("last", math.inf),
        )
    own.finish()
    return made
