"""The keys of the mixing of neutrinos: three flavours, and a fourth one."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ..physics.mixing import TALK_2019, OscillationParameters, phase_from_degrees
from ..physics.oscillations import SIGNALS, SterileMixing
from ..sources.beams import Source
from ..sources.flux import Flux
from ..sources.oscillated import seen_flux, seen_source
from .keys import Key, Table

_OSCILLATION = (
    Key("sin2_theta12", "0.320", "sin^2 of the mixing angle"),
    Key("sin2_theta13", "0.0216", "sin^2 of the mixing angle"),
    Key("sin2_theta23", "0.547", "sin^2 of the mixing angle"),
    Key("delta_cp_degrees", "0.0", "Dirac phase in degrees"),
    Key("delta_cp", "", "Dirac phase in radians, instead"),
)
_STERILE = (
    Key("delta_m2_eV2", "needed", "splitting of the fourth neutrino from the others"),
    Key("sin2_theta14", "0.0", "sin^2 of the mixing angle"),
    Key("sin2_theta24", "0.0", "sin^2 of the mixing angle"),
    Key("sin2_theta34", "0.0", "sin^2 of the mixing angle"),
    Key("sin2_2theta_ee", "", "amplitude of the disappearance of nu_e, instead of sin2_theta14"),
    Key("sin2_2theta_mumu", "", "amplitude of that of nu_mu, instead of sin2_theta24"),
    Key("spread_m", "0.0", "standard deviation of the distance that neutrinos travel"),
    Key("signal", '"active"', f"what still counts: {', '.join(SIGNALS)}"),
)
#: The keys of these tables.
KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {"[oscillation]": _OSCILLATION, "[sterile]": _STERILE}
)
_SHARE = MappingProxyType({"at_least": 0.0, "at_most": 1.0})


def read_oscillation(table: Table) -> OscillationParameters:
    """Return the mixing that the table ``oscillation`` of a file describes, or the default."""
    if not table.has("oscillation"):
        return TALK_2019
    own = table.table("oscillation")
    sines = [
        own.number(name, getattr(TALK_2019, name), **_SHARE)
        for name in ("sin2_theta12", "sin2_theta13", "sin2_theta23")
    ]
    if own.at_most_one_of("delta_cp", "delta_cp_degrees") == "delta_cp":
        hint = "did you give degrees? Their key is delta_cp_degrees"
        turn = 2 * math.pi
        phase = own.number("delta_cp", at_least=-turn, at_most=turn, hint=hint)
    else:
        with own.place_said():
            phase = phase_from_degrees("delta_cp_degrees", own.number("delta_cp_degrees", 0.0))
    own.finish()
    return OscillationParameters(sines[0], sines[1], sines[2], phase)


def oscillated(table: Table, source: Source | Flux, baseline_m: float | None) -> Source | Flux:
    """Return a source as it is seen through what the table ``sterile`` of a file says."""
    if not table.has("sterile"):
        return source
    own = table.table("sterile")
    splitting = own.number("delta_m2_eV2", at_least=0)
    first = _mixed(own, "sin2_theta14", "sin2_2theta_ee", 1.0)
    mixing = SterileMixing(
        first,
        _mixed(own, "sin2_theta24", "sin2_2theta_mumu", 1 - first),
        own.number("sin2_theta34", 0.0, **_SHARE),
    )
    spread = 100 * own.number("spread_m", 0.0, at_least=0)
    signal = own.choice("signal", SIGNALS, SIGNALS[0])
    own.finish()
    seen: Source | Flux
    with own.place_said():
        if isinstance(source, Flux):
            seen = seen_flux(source, mixing, splitting, spread=spread, signal=signal)
        else:
            assert baseline_m is not None
            baseline = 100 * baseline_m
            seen = seen_source(source, mixing, splitting, baseline, spread=spread, signal=signal)
    angles = "".join(f", {name} = {value:.4g}" for name, value in vars(mixing).items() if value)
    words = f"{source.title}, mixed with a fourth neutrino (delta_m2 = {splitting:g} eV2{angles})"
    return replace(seen, title=words)


def _mixed(own: Table, angle: str, amplitude: str, rest: float) -> float:
    """Return sin^2 of an angle, or from the amplitude that its flavour disappears with.

    The amplitude is 4 x (1 - x) with the flavour's share x, which is sin^2 of the angle times what
    the angles before it leave over; of both solutions the one below 1/2 is taken.
    """
    if own.at_most_one_of(angle, amplitude) != amplitude:
        return own.number(angle, 0.0, **_SHARE)
    share = (1 - float(np.sqrt(1 - own.number(amplitude, **_SHARE)))) / 2
    if share > rest:
        raise own.refuse(
            f"{amplitude}: got a share {share:g} of the fourth neutrino beside {1 - rest:g} of "
            "nu_e; allowed: together at most 1"
        )
    return share / rest if rest else 0.0
