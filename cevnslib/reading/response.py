"""The keys of what becomes of a recoil: quenching, resolution, efficiency."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..constants import KEV
from ..detectors.efficiency import (
    AXES,
    ConstantEfficiency,
    Efficiency,
    PhotoelectronAcceptance,
    TabulatedEfficiency,
)
from ..detectors.quenching import (
    FrozenQuenching,
    Lindhard,
    ModifiedLindhard,
    PolynomialQuenching,
    Quenching,
    TabulatedQuenching,
)
from ..detectors.resolution import GammaResolution, PoissonResolution, Readout, Resolution
from .keys import Key, Table, curve_keys

_KEV_CURVE = curve_keys("keV", "; in an efficiency one may stand twice", ", from 0 to 1")
_YIELD = Key("photoelectrons_per_keV", "", "light yield, unless it stands above all tables")
_KIND = Key("kind", "needed", "lindhard, modified lindhard, polynomial, table or constant")
_READOUT = Key("kind", '"gaussian"', "gaussian, poisson or gamma")
_CHANCE = Key("kind", "needed", "table or photoelectrons")
_FROZEN = Key("frozen_at_keV", "", "energy seen at which the share is taken for all recoils")
#: The keys of these tables.
KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        '[quenching] kind = "lindhard"': (
            _KIND,
            Key("k", "", "Lindhard's k; by default 0.133 Z^(2/3) A^(-1/2)"),
            _FROZEN,
        ),
        '[quenching] kind = "modified lindhard"': (
            _KIND,
            Key("k", "", "Lindhard's k; by default 0.133 Z^(2/3) A^(-1/2)"),
            Key("q", "0.0", "what is lost for the lattice"),
            _FROZEN,
        ),
        '[quenching] kind = "polynomial"': (
            _KIND,
            Key("coefficients_per_keV", "", "a0, a1, ... of the share a0 + a1 T + ..., T in keV"),
            Key("coefficients_per_MeV", "", "the same with T in MeV"),
            _FROZEN,
        ),
        '[quenching] kind = "table"': (_KIND, *_KEV_CURVE, _FROZEN),
        '[quenching] kind = "constant"': (
            _KIND,
            Key("share", "needed", "the share that is seen"),
            _FROZEN,
        ),
        '[resolution] kind = "gaussian"': (
            _READOUT,
            Key("constant_keV", "0.0", "sigma that does not depend on the energy"),
            Key("fwhm_keV", "", "the same as a full width at half maximum, instead"),
            Key("stochastic_sqrt_keV", "0.0", "s of a term s sqrt(E)"),
            Key("fano", "", "Fano factor F of the term sqrt(F e E), instead"),
            Key("energy_per_pair_eV", "", "e, beside a Fano factor"),
            Key("relative", "0.0", "r of a term r E"),
            Key("linear", "false", "whether terms add up as they are, not in quadrature"),
            Key("renormalised", "false", "whether what is measured below 0 is drawn anew"),
        ),
        '[resolution] kind = "poisson"': (_READOUT, _YIELD),
        '[resolution] kind = "gamma"': (
            _READOUT,
            Key("shape_per_keV", "needed", "b: the variance is E^2/(1 + b E)"),
        ),
        '[efficiency] kind = "table"': (
            _CHANCE,
            *_KEV_CURVE,
            Key(
                "of", '"measured"', "energy it depends on: measured, nuclear-recoil, photoelectrons"
            ),
            Key("photoelectrons", "", "a list of numbers of them, where it depends on these"),
            Key("photoelectrons_column", "", "number or name of their column"),
            _YIELD,
        ),
        '[efficiency] kind = "photoelectrons"': (
            _CHANCE,
            Key("amplitude", "needed", "a of a/(1 + exp(-k (x - x0))) + d"),
            Key("slope", "needed", "k, per photoelectron"),
            Key("midpoint", "needed", "x0, photoelectrons"),
            _YIELD,
            Key("half", "5.0", "photoelectrons from which it opens by half"),
            Key("full", "6.0", "photoelectrons from which it opens"),
            Key("last", "inf", "photoelectrons at which it closes"),
            Key("offset", "0.0", "d"),
        ),
    }
)
_SHARE: Mapping[str, Any] = MappingProxyType({"at_least": 0.0, "at_most": 1.0})
_TITLES = MappingProxyType({"energies_keV": "energy_keV", "values": "value"})


def light_of(own: Table, light: float | None) -> float:
    """Return the light yield in photoelectrons per keV, given here or above all tables."""
    key = "photoelectrons_per_keV"
    if own.has(key) and light is not None:
        raise own.refuse(f"got {key!r} here and above all tables; allowed: once")
    return own.number(key, light, above=0)


def read_quenching(own: Table) -> Quenching:
    """Return the quenching that a table describes."""
    kinds = ("lindhard", "modified lindhard", "polynomial", "table", "constant")
    kind = own.choice("kind", kinds)
    with own.place_said():
        made = _quenching(own, kind)
        if own.has("frozen_at_keV"):
            made = FrozenQuenching(made, own.number("frozen_at_keV", above=0, at_most=1e3) * KEV)
    own.finish()
    return made


def _quenching(own: Table, kind: str) -> Quenching:
    if kind.endswith("lindhard"):
        k = own.number("k", above=0, at_most=10) if own.has("k") else None
        if kind == "lindhard":
            return Lindhard(k)
        return ModifiedLindhard(k, own.number("q", 0.0, at_least=-10, at_most=10))
    if kind == "polynomial":
        key = own.one_of("coefficients_per_keV", "coefficients_per_MeV")
        unit = KEV if key.endswith("keV") else 1.0
        given = own.numbers(key)
        if not 0 < len(given) <= 20:
            raise own.refuse(f"{key}: got {len(given)} numbers; allowed: from 1 to 20")
        return PolynomialQuenching(tuple(x / unit**power for power, x in enumerate(given)))
    if kind == "table":
        energies, shares = own.curve(_TITLES, **_SHARE)
        return TabulatedQuenching(tuple(energies * KEV), tuple(shares))
    return PolynomialQuenching((own.number("share", above=0, at_most=1),))


def read_resolution(own: Table, light: float | None) -> Readout:
    """Return the resolution that a table describes; a light yield may stand above it."""
    kind = own.choice("kind", ("gaussian", "poisson", "gamma"), "gaussian")
    made: Readout
    if kind == "poisson":
        made = PoissonResolution(light_of(own, light))
    elif kind == "gamma":
        made = GammaResolution(own.number("shape_per_keV", at_least=0))
    else:
        made = _gaussian(own)
    own.finish()
    return made


def _gaussian(own: Table) -> Resolution:
    hint = "did you give eV?"
    width: dict[str, Any] = {"at_least": 0, "at_most": 1000, "hint": hint}
    if own.at_most_one_of("constant_keV", "fwhm_keV") == "fwhm_keV":
        constant = own.number("fwhm_keV", **width) / math.sqrt(8 * math.log(2))
    else:
        constant = own.number("constant_keV", 0.0, **width)
    if own.at_most_one_of("stochastic_sqrt_keV", "fano") == "fano":
        pair = own.number("energy_per_pair_eV", above=0, at_most=1000) / 1e6
        stochastic = math.sqrt(own.number("fano", at_least=0, at_most=100) * pair)
    else:
        stochastic = own.number("stochastic_sqrt_keV", 0.0, at_least=0) * math.sqrt(KEV)
    relative = own.number("relative", 0.0, at_least=0, at_most=10)
    linear, renormalised = own.boolean("linear", False), own.boolean("renormalised", False)
    own.finish()
    if not constant + stochastic + relative:
        raise own.refuse("got no width; allowed: constant_keV, stochastic_sqrt_keV or relative")
    return Resolution(constant * KEV, stochastic, relative, linear, renormalised)


def read_efficiency(table: Table, light: float | None) -> Efficiency:
    """Return the efficiency of a file: a number, or what its table describes."""
    if not isinstance(table.left.get("efficiency", 1.0), Mapping | str):
        return ConstantEfficiency(table.number("efficiency", 1.0, **_SHARE))
    own = table.table("efficiency")
    with own.place_said():
        if own.choice("kind", ("photoelectrons", "table")) == "table":
            made = _tabulated(own, light)
        else:
            made = _acceptance(own, light)
    own.finish()
    return made


def _tabulated(own: Table, light: float | None) -> Efficiency:
    of = own.choice("of", (*AXES, "photoelectrons"), AXES[0])
    if of == "photoelectrons":
        titles = {"photoelectrons": "photoelectrons", "values": "value"}
        numbers, values = own.curve(titles, twice=True, **_SHARE)
        energies, axis = numbers / light_of(own, light), AXES[0]
    else:
        energies, values = own.curve(_TITLES, twice=True, **_SHARE)
        axis = of
    counted = energies[np.flatnonzero(values)]
    if not counted.size:
        raise own.refuse("values: got zeros only; allowed: values above 0 somewhere")
    if counted[0] > 1000:
        raise own.refuse(
            f"energies_keV: got efficiencies above 0 from {counted[0]:g} keV on; allowed: from "
            "energies of at most 1000 keV on (did you give eV?)"
        )
    return TabulatedEfficiency(tuple(energies * KEV), tuple(values), axis)


def _acceptance(own: Table, light: float | None) -> Efficiency:
    half = own.number("half", 5.0, at_least=0)
    full = own.number("full", max(6.0, half), at_least=half)
    return PhotoelectronAcceptance(
        own.number("amplitude", at_least=0),
        own.number("slope", at_least=0),
        own.number("midpoint", at_least=0),
        light_of(own, light),
        half,
        full,
        own.number("last", math.inf, at_least=full, at_most=math.inf),
        own.number("offset", 0.0),
    )
