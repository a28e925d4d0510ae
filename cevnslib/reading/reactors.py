"""The keys of reactors, of one core or several."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..sources.beams import Source
from ..sources.flux import Component, Flux
from ..sources.reactor import FISSION_FRACTIONS, REACTOR_END, reactor_of_flux, reactor_of_power
from .keys import Key, Table
from .setting import MOST_FLUX, Setting, distance_of
from .spectra import read_spectrum

_FISSIONS = (
    Key("fission_fractions", "", "shares of u235, u238, pu239, pu241; a cycle's mean by default"),
    Key("captures_per_fission", "0.0", "neutron captures on 238U per fission"),
    Key("spectrum_end_MeV", "12.5", "where the spectrum is cut off"),
    Key("spectrum", "", "a table of your own: antineutrinos per MeV and fission"),
    Key("energy_per_fission_MeV", "", "energy released, in place of what the shares release"),
)
_POWER = (
    Key("thermal_power_GW", "", "thermal power"),
    Key("total_flux_per_cm2_s", "", "antineutrinos of all energies at the detector, instead"),
)
_PLACE = (
    Key("name", "core 1, ...", "a short name"),
    Key("baseline_m", "", "its distance; needed with a power"),
)
#: The keys of one core among several, and those of a reactor.
CORE = (*_PLACE, *_POWER, *_FISSIONS)
REACTOR = (*_POWER, *_FISSIONS, Key("cores", "", "a list of cores, instead of power or flux"))


def read_reactor(own: Table, at: Setting) -> Source | Flux:
    """Return the reactor, or the flux of all cores, that the keys of a source describe."""
    options = _fissions(own, {})
    if not own.has("cores"):
        return _core(own, options, at)
    if own.at_most_one_of("cores", "thermal_power_GW", "total_flux_per_cm2_s") and at.baseline_m:
        raise own.refuse("got 'baseline_m' beside 'cores'; allowed: a baseline_m for each core")
    components: list[Component] = []
    for number, core in enumerate(own.tables("cores"), 1):
        name = core.text("name", f"core {number}")
        where = replace(at, baseline_m=distance_of(core))
        with core.place_said():
            source = _core(core, _fissions(core, options), where)
            core.finish()
            flux = source.at(where.distance(core)) if isinstance(source, Source) else source
        components += [replace(each, name=name) for each in flux.components]
    return Flux("reactor", tuple(components), "reactor cores")


def _core(own: Table, options: Mapping[str, Any], at: Setting) -> Source | Flux:
    if own.one_of("thermal_power_GW", "total_flux_per_cm2_s") == "thermal_power_GW":
        hint = "did you give MW?"
        power = own.number("thermal_power_GW", above=0, at_most=100, hint=hint)
        at.distance(own)
        return reactor_of_power(power, **options)
    flux = own.number("total_flux_per_cm2_s", above=0, **MOST_FLUX)
    fixed = {key: value for key, value in options.items() if key != "energy_per_fission"}
    return at.seen(reactor_of_flux(flux, 100 * (at.baseline_m or 1.0), **fixed))


def _fissions(own: Table, above: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of the fissions, beside what is said above of all cores."""
    options = dict(above)
    if own.has("fission_fractions"):
        options["fractions"] = own.take("fission_fractions")
    else:
        options.setdefault("fractions", dict(FISSION_FRACTIONS))
    if own.has("spectrum"):
        options = {key: x for key, x in options.items() if key not in ("captures", "end")}
        options["spectrum"] = read_spectrum(own.table_or_file("spectrum"))
    if own.has("captures_per_fission"):
        options["captures"] = own.number("captures_per_fission", at_least=0, at_most=10)
    if own.has("spectrum_end_MeV"):
        options["end"] = own.number("spectrum_end_MeV", above=2, at_most=REACTOR_END)
    if own.has("energy_per_fission_MeV"):
        bounds = {"at_least": 150.0, "at_most": 250.0}
        options["energy_per_fission"] = own.number("energy_per_fission_MeV", **bounds)
    return options
