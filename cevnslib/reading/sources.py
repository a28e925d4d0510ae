"""The keys of a source."""

from ..sources.beams import Source
from ..sources.reactor import FISSION_FRACTIONS, REACTOR_END, reactor_of_flux, reactor_of_power
from ..sources.sns import spallation_source
from .keys import Table


def read_source(table: Table, baseline: float) -> Source:
    """Return the source that the keys of a file describe."""
    if table.choice("source", ("sns", "reactor")) == "sns":
        return spallation_source()
    options = {
        "fractions": table.take("fission_fractions", dict(FISSION_FRACTIONS)),
        "captures": table.number("captures_per_fission", 0.0, at_least=0),
        "end": table.number("spectrum_end_MeV", REACTOR_END, above=2, at_most=REACTOR_END),
    }
    if table.one_of("thermal_power_GW", "total_flux_per_cm2_s") == "thermal_power_GW":
        return reactor_of_power(table.number("thermal_power_GW", above=0), **options)
    flux = table.number("total_flux_per_cm2_s", above=0)
    return reactor_of_flux(flux, baseline, **options)
