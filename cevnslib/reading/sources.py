"""The keys of a source: what emits neutrinos, or what arrives of them at the detector.

A file has one table ``source``, or a list of them, whose fluxes add up. In files of the first
edition ``source`` names the kind, and its keys stand beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from types import MappingProxyType
from typing import Any

from ..constants import DAY
from ..errors import quoted
from ..physics.mixing import OscillationParameters
from ..sources.arrivals import Unpulsed
from ..sources.beams import Beam, Source
from ..sources.flux import Flux
from ..sources.radioactive import (
    ARGON_HALF_LIFE_DAYS,
    CHROMIUM_HALF_LIFE_DAYS,
    CURIE,
    argon_lines,
    chromium_lines,
    line_source,
    mean_activity,
)
from ..sources.sns import (
    pion_decay_at_rest,
    protons_on_target,
    protons_per_second,
    spallation_source,
)
from ..sources.solar import SOLAR_BRANCHES, SOLAR_MODELS, solar_flux
from .keys import Key, Table
from .mixing import oscillated
from .reactors import CORE, REACTOR, read_reactor
from .setting import MOST_FLUX, Setting, distance_of
from .spectra import PULSE, SPECTRUM, TABLE, read_flux_table, read_lines, read_pulse, read_spectrum

_SPALLATION = (
    Key("protons_on_target", "", "protons in the whole exposure"),
    Key("beam_energy_GWh", "", "energy of the beam in the whole exposure, instead"),
    Key("beam_power_MW", "", "mean power of the beam, instead"),
    Key("protons_per_second", "", "mean rate of protons, instead; by default that of the SNS"),
    Key("neutrinos_per_second", "", "neutrinos of each flavour, instead"),
    Key("flux_per_cm2_s", "", "those of each flavour at the detector, instead"),
    Key("fluence_per_cm2", "", "those of each flavour at the detector in all, instead"),
    Key("proton_energy_GeV", "", "kinetic energy of a proton, beside energy or power of the beam"),
    Key("neutrinos_per_proton", "0.08", "neutrinos of each flavour per proton"),
    Key("pulse", "", "when protons come; at once by default"),
)
_SOLAR = (
    Key("branches", "all", f"a list of some of {', '.join(SOLAR_BRANCHES)}"),
    Key("model", '"b16-gs98"', f"the model of the Sun: {' or '.join(SOLAR_MODELS)}"),
    Key("flux_per_cm2_s", "", "fluxes of your own, a table by branch: { b8 = 5.46e6 }"),
    Key("spectra", "", 'spectra of your own, a table by branch: { b8 = "b8.csv" }'),
    Key("oscillated", "true", "whether they arrive mixed, or all as electron neutrinos"),
    Key("delta_m2_21_eV2", "7.55e-5", "the splitting on which the mixing in the Sun depends"),
)
_RADIOACTIVE = (
    Key("isotope", "", "51Cr or 37Ar"),
    Key("lines", "", "a list of lines { energy_MeV = 0.747, share = 0.8163 }, instead"),
    Key("spectrum", "", "a table of neutrinos per MeV and decay, instead"),
    Key("antineutrino", "false", "whether a spectrum is one of antineutrinos"),
    Key("activity_PBq", "", "activity to begin with"),
    Key("activity_Bq", "", "the same in Bq"),
    Key("activity_MCi", "", "the same in millions of curies"),
    Key("half_life_days", "", "half-life; needed without an isotope"),
    Key("delay_days", "0.0", "from the time of the activity to the begin of the exposure"),
)
_COMMON = (
    Key("kind", "needed", "reactor, spallation, solar, radioactive or table"),
    Key("baseline_m", "", "distance, here or above all tables; needed where a source emits"),
)
#: The keys of these tables.
KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        '[source] kind = "reactor"': (*_COMMON, *REACTOR),
        "cores = [{ ... }]": CORE,
        '[source] kind = "spallation"': (*_COMMON, *_SPALLATION),
        '[source] kind = "solar"': (_COMMON[0], *_SOLAR),
        '[source] kind = "radioactive"': (*_COMMON, *_RADIOACTIVE),
        '[source] kind = "table"': (*_COMMON, *TABLE),
        "spectrum = { ... }": SPECTRUM,
        "pulse = { ... }": PULSE,
    }
)


def read_source(
    table: Table, seconds: float, mixing: OscillationParameters
) -> tuple[Source | Flux, float | None]:
    """Return what a file says of the source, and its distance in m if it has one.

    Parameters
    ----------
    table : Table
        The file.
    seconds : float
        The exposure in s, over which what is given as a whole is spread.
    mixing : OscillationParameters
        That of the three neutrinos.
    """
    source: Source | Flux
    baseline: float | None
    given = table.left.get("source")
    if isinstance(given, list | tuple):
        fluxes, common = [], distance_of(table)
        taken = common is None
        for own in table.tables("source"):
            distance = distance_of(own)
            if distance is None and own.left.get("kind") != "solar" and not own.has("cores"):
                distance, taken = common, True
            at = Setting(table, seconds, distance, mixing)
            source = _of_kind(own, "kind", at)
            own.finish()
            fluxes.append(source.at(at.distance(own)) if isinstance(source, Source) else source)
        if not taken:
            raise table.refuse("got 'baseline_m' above all tables, and no source that needs it")
        source, baseline = reduce(add, fluxes), None
    else:
        own = table.table("source") if isinstance(given, Mapping) else table
        baseline = distance_of(own, *([table] if own is not table else []))
        source = _of_kind(
            own, "source" if own is table else "kind", Setting(table, seconds, baseline, mixing)
        )
        if own is not table:
            own.finish()
    source = oscillated(table, source, baseline)
    if table.at_most_one_of("window_us", "bins_us") == "window_us":
        source = _in_window(table, source)
    return source, baseline if isinstance(source, Source) else None


def _of_kind(own: Table, key: str, at: Setting) -> Source | Flux:
    kinds: dict[str, Callable[[Table, Setting], Source | Flux]] = {
        **{"sns": _spallation, "reactor": read_reactor, "spallation": _spallation, "solar": _solar},
        **{"radioactive": _radioactive, "table": _table},
    }
    kind = own.choice(key, tuple(kinds))
    with own.place_said():
        return kinds[kind](own, at)


def _spallation(own: Table, at: Setting) -> Source | Flux:
    key = own.at_most_one_of(
        *("protons_on_target", "protons_per_second", "beam_power_MW", "beam_energy_GWh"),
        *("neutrinos_per_second", "flux_per_cm2_s", "fluence_per_cm2"),
    )
    options: dict[str, Any] = read_pulse(own)
    if key == "neutrinos_per_second":
        at.distance(own)
        rate = own.number(key, above=0)
    elif key == "flux_per_cm2_s":
        rate = own.number(key, above=0, **MOST_FLUX) * at.area()
    elif key == "fluence_per_cm2":
        rate = own.number(key, above=0, at_most=1e25) * at.area() / at.seconds
    else:
        at.distance(own)
        options |= _protons(own, key, at.seconds)
        if own.has("neutrinos_per_proton"):
            options["neutrinos_per_proton"] = own.number(
                "neutrinos_per_proton", above=0, at_most=10
            )
        return spallation_source(**options)
    return at.seen(pion_decay_at_rest(rate, **options))


def _protons(own: Table, key: str, seconds: float) -> dict[str, float]:
    """Return the protons per second, if something is said of them."""
    if not key:
        return {}
    if key == "protons_per_second":
        return {"protons_per_second": own.number(key, at_least=1e6, at_most=1e22)}
    if key == "protons_on_target":
        return {"protons_per_second": own.number(key, at_least=1e12, at_most=1e28) / seconds}
    energy = own.number("proton_energy_GeV", above=0, at_most=500, hint="did you give MeV?")
    if key == "beam_power_MW":
        power = own.number(key, above=0, at_most=100, hint="did you give kW?")
        return {"protons_per_second": protons_per_second(power, energy)}
    whole = own.number(key, above=0, at_most=1e4, hint="did you give MWh?")
    return {"protons_per_second": protons_on_target(whole, energy) / seconds}


def _solar(own: Table, at: Setting) -> Flux:
    if at.baseline_m is not None:
        raise own.refuse("got 'baseline_m' for neutrinos of the Sun; allowed: none")
    options: dict[str, Any] = {"parameters": at.mixing}
    if own.has("branches"):
        options["branches"] = own.choices("branches", SOLAR_BRANCHES)
    if own.has("model"):
        options["model"] = own.choice("model", SOLAR_MODELS)
    if own.has("flux_per_cm2_s"):
        fluxes = own.table("flux_per_cm2_s")
        numbers = {key: fluxes.number(key, at_least=0, **MOST_FLUX) for key in [*fluxes.left]}
        options["fluxes"] = numbers
    if own.has("spectra"):
        given = own.table("spectra")
        each = {
            key: read_spectrum(given.table_or_file(key), normalised=True) for key in [*given.left]
        }
        options["spectra"] = each
    if own.has("delta_m2_21_eV2"):
        options["splitting"] = own.number("delta_m2_21_eV2", above=0, at_most=1)
    if not own.boolean("oscillated", True):
        options["parameters"] = None
    return solar_flux(**options)


def _radioactive(own: Table, at: Setting) -> Source:
    at.distance(own)
    activity = _activity(own)
    days, delay = at.seconds / DAY, own.number("delay_days", 0.0, at_least=0, at_most=1e5)
    kind = own.one_of("isotope", "lines", "spectrum")
    isotopes = {
        "51Cr": (chromium_lines, CHROMIUM_HALF_LIFE_DAYS),
        "37Ar": (argon_lines, ARGON_HALF_LIFE_DAYS),
    }
    lines: Mapping[float, float] | None = None
    life, name = None, "radioactive"
    if kind == "isotope":
        name = own.choice(kind, tuple(isotopes))
        lines, life = isotopes[name][0](), isotopes[name][1]
    elif kind == "lines":
        lines = read_lines(own)
    life = own.number("half_life_days", life, above=0)
    if lines is not None:
        title = f"a source of {name}" if kind == "isotope" else "a radioactive source"
        options: dict[str, Any] = {"half_life_days": life, "delay_days": delay}
        return line_source(activity, days, lines=lines, name=name, title=title, **options)
    antineutrino = own.boolean("antineutrino", False)
    spectrum = read_spectrum(own.table_or_file("spectrum"))
    mean = mean_activity(activity, life, days, delay_days=delay)
    label = "nubar_e" if antineutrino else "nu_e"
    beam = Beam(label, "e", antineutrino, "continuous", spectrum, mean)
    return Source(name, (beam,), "a radioactive source")


def _activity(own: Table) -> float:
    """Return an activity in Bq."""
    key = own.one_of("activity_PBq", "activity_Bq", "activity_MCi")
    units = {"activity_PBq": 1e15, "activity_Bq": 1.0, "activity_MCi": 1e6 * CURIE}
    most = 1e20 / units[key]
    hint = "did you give Bq?" if key == "activity_PBq" else "did you give another unit?"
    return own.number(key, above=0, at_most=most, hint=hint) * units[key]


def _table(own: Table, at: Setting) -> Source | Flux:
    return read_flux_table(own, at.seconds, at.baseline_m)


def _in_window(table: Table, source: Source | Flux) -> Source | Flux:
    """Return what comes in a window of time; within it nothing is told apart by time."""
    edges = table.numbers("window_us", at_most=1e9, at_least=-1e9)
    if len(edges) != 2 or edges[0] >= edges[1]:
        raise table.refuse(f"window_us: got {quoted(list(edges))}; allowed: two rising times in us")
    parts = source.at(1.0).components if isinstance(source, Source) else source.components
    with table.place_said():
        shares = [float(part.arrival.share(*edges)) for part in parts]
    if not any(shares):
        raise table.refuse(f"window_us: got {quoted(list(edges))}; allowed: when neutrinos come")
    always: dict[str, Any] = {"arrival": Unpulsed(), "timing": "continuous"}
    title = f"{source.title}, from {edges[0]:g} to {edges[1]:g} us"
    if isinstance(source, Source):
        beams = zip(source.beams, shares, strict=True)
        seen = tuple(replace(x, rate=x.rate * y, **always) for x, y in beams)
        return replace(source, beams=seen, title=title)
    every = zip(source.components, shares, strict=True)
    components = tuple(replace(x, intensity=x.intensity * y, **always) for x, y in every)
    return replace(source, components=components, title=title)
