"""What a source is asked with, beside its own keys."""

import math
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ..physics.mixing import OscillationParameters
from ..sources.beams import Source
from ..sources.flux import Flux
from .keys import Table

#: The largest flux in 1/(cm^2 s) that is believed.
MOST_FLUX: MappingProxyType[str, Any] = MappingProxyType(
    {"at_most": 1e16, "hint": "did you give it per m^2?"}
)


@dataclass(frozen=True)
class Setting:
    """What a source is asked with: the file, the exposure, the distance if any, the mixing."""

    table: Table
    seconds: float
    baseline_m: float | None
    mixing: OscillationParameters

    def distance(self, own: Table) -> float:
        """Return the distance in m, which must be given."""
        if self.baseline_m is None:
            raise own.refuse(f"the key 'baseline_m' is missing{self.table.meant('baseline_m')}")
        return self.baseline_m

    def area(self) -> float:
        """Return the area of the sphere in cm^2 at the distance, or at 1 m."""
        return 4 * math.pi * (100 * (self.baseline_m or 1.0)) ** 2

    def seen(self, source: Source) -> Source | Flux:
        """Return a source made for that area; at no known distance, as the flux that arrives."""
        if self.baseline_m is not None:
            return source
        flux = source.at(1.0)
        return replace(
            flux, components=tuple(replace(each, baseline_m=None) for each in flux.components)
        )


def distance_of(*tables: Table) -> float | None:
    """Return the distance in m, which one of some tables may have."""
    holding = [table for table in tables if table.has("baseline_m")]
    if len(holding) > 1:
        raise holding[0].refuse("got 'baseline_m' here and above all tables; allowed: once")
    hint = "did you give cm?"
    most = 1.3e7  # through the Earth
    return holding[0].number("baseline_m", above=0, at_most=most, hint=hint) if holding else None
