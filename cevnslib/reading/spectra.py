"""The keys of tables of neutrinos: spectra, lines, pulses, and fluxes that are given as tables."""

from typing import Any

import numpy as np

from ..physics.neutrinos import FLAVOURS
from ..sources.arrivals import Arrival, GaussianPulse, Pulse, Pulsed, TabulatedPulse, Unpulsed
from ..sources.beams import Source
from ..sources.flux import TIMINGS, Component, Flux
from ..sources.spectra import LineSpectrum, Spectrum, TabulatedSpectrum
from .keys import Key, Table, curve_keys
from .setting import MOST_FLUX

_CURVE = curve_keys("MeV")
#: The keys of a spectrum.
SPECTRUM = _CURVE
#: The keys of a pulse.
PULSE = (
    Key("kind", '"gaussian"', "gaussian or table"),
    Key("mean_us", "0.0", "mean time of a Gaussian"),
    Key("sigma_us", "0.0", "standard deviation of a Gaussian"),
    Key("file", "", "a table of times and values beside the file"),
    Key("time_column", "", "number or name of the column of times"),
    Key("value_column", "", "number or name of the column of values"),
    Key("times_us", "", "a list of times, instead"),
    Key("values", "", "a list of values there"),
)
#: The keys of a flux from a table.
TABLE = (
    *_CURVE,
    Key("lines", "", "a list of lines { energy_MeV = 236, share = 1.0 }, instead of a table"),
    Key("values_per", "", "what values are per: cm2 s MeV, cm2 MeV in all, or s MeV at the source"),
    Key("total_flux_per_cm2_s", "", "the flux of all energies, values being a shape"),
    Key("fluence_per_cm2", "", "the same in the whole exposure, values being a shape"),
    Key("neutrinos_per_second", "", "emitted at all energies, values being a shape"),
    Key("flavour", '"e"', "e, mu or tau"),
    Key("flavours", "", "shares of flavours instead, { e = 0.3, mu = 0.3, tau = 0.4 }"),
    Key("antineutrino", "false", "whether they are antineutrinos"),
    Key("name", '"table"', "a short name"),
    Key("timing", '"continuous"', "which sample they belong to: prompt, delayed or continuous"),
    Key("pulse", "", "when the source pulses; at all times by default"),
    Key("lifetimes_us", "", "a list of lives of what decays to them after the pulse"),
)
_VALUES_PER = ("cm2 s MeV", "cm2 MeV", "s MeV")


def read_spectrum(own: Table, *, normalised: bool = False) -> TabulatedSpectrum:
    """Return the spectrum that a table describes, if wanted with an integral of 1."""
    with own.place_said():
        energies, values = own.curve({"energies_MeV": "energy_MeV", "values": "value"}, at_least=0)
        own.finish()
        spectrum = TabulatedSpectrum(tuple(energies), tuple(values))
        if not normalised:
            return spectrum
        return TabulatedSpectrum(spectrum.energies, tuple(values / np.trapezoid(values, energies)))


def read_lines(own: Table) -> dict[float, float]:
    """Return the shares of lines by their energies in MeV."""
    lines: dict[float, float] = {}
    for each in own.tables("lines"):
        energy = each.number("energy_MeV", above=0, at_most=1e6)
        if energy in lines:
            raise each.refuse(f"energy_MeV: got {energy:g} MeV twice; allowed: once")
        lines[energy] = each.number("share", at_least=0, at_most=10)
        each.finish()
    if not any(lines.values()):
        raise own.refuse("lines: got shares of 0 only; allowed: one above 0")
    return lines


def read_pulse(own: Table) -> dict[str, Any]:
    """Return the pulse that a table has under ``pulse``, as an argument, or none."""
    if not own.has("pulse"):
        return {}
    given = own.table("pulse")
    if given.choice("kind", ("gaussian", "table"), "gaussian") == "gaussian":
        mean = given.number("mean_us", 0.0)
        pulse: Pulse = GaussianPulse(mean, given.number("sigma_us", 0.0, at_least=0))
    else:
        times, values = given.curve({"times_us": "time", "values": "value"}, at_least=0)
        with given.place_said():
            pulse = TabulatedPulse(tuple(times), tuple(values))
    given.finish()
    return {"pulse": pulse}


def read_flux_table(own: Table, seconds: float, baseline_m: float | None) -> Source | Flux:
    """Return the flux, or what is emitted, that a table describes."""
    key = own.one_of(
        "total_flux_per_cm2_s", "fluence_per_cm2", "neutrinos_per_second", "values_per"
    )
    options: dict[str, Any] = {
        "antineutrino": own.boolean("antineutrino", False),
        "timing": own.choice("timing", TIMINGS, "continuous"),
        "arrival": _arrival(own),
        "baseline_m": baseline_m,
    }
    name, density = own.text("name", "table"), _density(own)
    parts, whole = _shapes(own, name)
    if key != "values_per":
        whole = own.number(key, above=0, **(MOST_FLUX if key == "total_flux_per_cm2_s" else {}))
    elif not whole:
        raise own.refuse("got 'values_per' beside 'lines'; allowed: a flux or fluence of all lines")
    per = own.choice(key, _VALUES_PER) if key == "values_per" else ""
    if key == "fluence_per_cm2" or per == _VALUES_PER[1]:
        whole /= seconds
    if key == "neutrinos_per_second" or per == _VALUES_PER[2]:
        if baseline_m is None:
            raise own.refuse("the key 'baseline_m' is missing")
        whole /= 4 * np.pi * (100 * baseline_m) ** 2
    components = [
        Component(label, spectrum, whole * share, density, **options)
        for label, spectrum, share in parts
    ]
    return Flux(name, tuple(components), "a flux of one's own" if name == "table" else name)


def _shapes(own: Table, name: str) -> tuple[list[tuple[str, Spectrum, float]], float]:
    """Return normalised spectra with names and shares, and the integral of a table."""
    if own.has("lines"):
        if own.has("file", "energies_MeV", "values"):
            raise own.refuse("got 'lines' and a table; allowed: one of them")
        lines = read_lines(own)
        total = sum(lines.values())
        each: list[tuple[str, Spectrum, float]] = [
            (f"{name} {E:g} MeV", LineSpectrum(E), share / total) for E, share in lines.items()
        ]
        return each, 0.0
    energies, values = own.curve({"energies_MeV": "energy_MeV", "values": "value"}, at_least=0)
    whole = float(np.trapezoid(values, energies))
    if not whole:
        raise own.refuse("values: got zeros only; allowed: values above 0 somewhere")
    shape = TabulatedSpectrum(tuple(energies), tuple(values / whole))
    return [(name, shape, 1.0)], whole


def _arrival(own: Table) -> Arrival:
    pulse = read_pulse(own)
    if not pulse and not own.has("lifetimes_us"):
        return Unpulsed()
    lives = own.numbers("lifetimes_us", (), above=0)
    with own.place_said():
        return Pulsed(lives, **pulse)


def _density(own: Table) -> Any:
    """Return a flavour, or the density matrix of a mixture."""
    if own.at_most_one_of("flavour", "flavours") != "flavours":
        return own.choice("flavour", FLAVOURS, "e")
    given = own.table("flavours")
    shares = [given.number(name, 0.0, at_least=0, at_most=1) for name in FLAVOURS]
    given.finish()
    if abs(sum(shares) - 1) > 0.01:
        raise given.refuse(f"got a sum of {sum(shares):g}; allowed: 1, to 0.01")
    return np.diag(np.array(shares) / sum(shares))
