"""The keys of interactions: what scatters neutrinos beside the Standard Model's weak force."""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..errors import quoted
from ..physics.form_factors import helm, klein_nystrand, point_like, symmetrized_fermi
from ..physics.interactions import (
    NSI,
    RADIATIVE,
    TREE_LEVEL,
    Charge,
    ChargeRadius,
    DipolePortal,
    Interaction,
    LightScalar,
    LightVector,
    MagneticMoment,
    Millicharge,
    StandardModel,
    Sum,
    WeakCouplings,
    WeakScattering,
)
from ..physics.mediators import CHARGES
from ..physics.neutrinos import FLAVOURS
from .keys import Key, Table

_FLAVOURS = "a number, or a table by flavour such as { mu = ... }"
#: The keys of these tables.
KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "[interactions]": (
            Key("weak", '"radiative"', "weak couplings: radiative or tree level"),
            Key("sin2_theta", "", "sin^2 of the weak mixing angle at tree level, instead"),
            Key("form_factor", '"helm"', "helm, klein-nystrand, symmetrized fermi or point-like"),
            Key("axial", "false", "whether unpaired nucleons scatter by their spin"),
            Key("charge_radius_cm2", "", f"mean squared charge radius: {_FLAVOURS}"),
            Key("millicharge", "", f"charge of the neutrino in that of the proton: {_FLAVOURS}"),
            Key("magnetic_moment", "", "effective magnetic moment in Bohr magnetons"),
            Key("nsi", "", "non-standard vector couplings, a table as below"),
            Key("light_vector", "", "a vector mediator, a table as below"),
            Key("light_scalar", "", "a scalar mediator, a table as below"),
            Key("dipole_portal", "", "a heavy partner by a moment, a table as below"),
        ),
        "nsi = { ... }": (
            Key("up", "0.0", f"to up quarks: {_FLAVOURS}, or rows of a matrix"),
            Key("down", "0.0", "the same to down quarks"),
            Key("electron", "0.0", "the same to electrons"),
        ),
        "light_vector = { ... }": (
            Key("mass_MeV", "needed", "mass of the mediator"),
            Key("coupling", "", "its coupling g"),
            Key("coupling_squared", "", "g^2, instead"),
            Key("charges", '"universal"', "universal, b-l, or a table as below"),
        ),
        "charges = { ... }": (
            Key("neutrino", "needed", f"charge of neutrinos: {_FLAVOURS}"),
            Key("up", "0.0", "charge of up quarks"),
            Key("down", "0.0", "charge of down quarks"),
            Key("electron", "0.0", "charge of electrons"),
        ),
        "light_scalar = { ... }": (
            Key("mass_MeV", "needed", "mass of the mediator"),
            Key("coupling", "", "its coupling g"),
            Key("coupling_squared", "", "g^2, instead"),
            Key("proton", "15.1", "charge of protons"),
            Key("neutron", "14.0", "charge of neutrons"),
            Key("electron", "1.0", "charge of electrons"),
        ),
        "dipole_portal = { ... }": (
            Key("mass_MeV", "needed", "mass of the partner"),
            Key("moment", "needed", "transition moment in Bohr magnetons"),
        ),
    }
)
_FORM_FACTORS = MappingProxyType(
    {
        **{"helm": helm, "klein-nystrand": klein_nystrand},
        **{"symmetrized fermi": symmetrized_fermi, "point-like": point_like},
    }
)


def read_interaction(table: Table) -> Interaction:
    """Return what scatters neutrinos, as the table ``interactions`` of a file says.

    Without that table, and where nothing is in it, it is the Standard Model.
    """
    if not table.has("interactions"):
        return StandardModel()
    own = table.table("interactions")
    couplings = _couplings(own)
    nucleus: dict[str, Any] = {
        "form_factor": _FORM_FACTORS[own.choice("form_factor", tuple(_FORM_FACTORS), "helm")],
        "axial": own.boolean("axial", False),
    }
    with own.place_said():
        charges, added = _charges(own), _added(own, nucleus["form_factor"])
        own.finish()
        weak: Interaction = StandardModel(couplings, **nucleus)
        if charges:
            weak = WeakScattering(couplings, *charges, **nucleus)
        return Sum((weak, *added)) if added else weak


def _couplings(own: Table) -> WeakCouplings:
    if own.at_most_one_of("weak", "sin2_theta") == "sin2_theta":
        return WeakCouplings.with_angle(own.number("sin2_theta", at_least=0, at_most=1))
    kind = own.choice("weak", ("radiative", "tree level"), "radiative")
    return RADIATIVE if kind == "radiative" else TREE_LEVEL


def _charges(own: Table) -> list[Charge]:
    """Return what interferes with weak scattering."""
    charges: list[Charge] = []
    if own.has("charge_radius_cm2"):
        charges.append(ChargeRadius(_by_flavour(own, "charge_radius_cm2", 1e-20)))
    if own.has("millicharge"):
        charges.append(Millicharge(_by_flavour(own, "millicharge", 1.0)))
    if own.has("nsi"):
        nsi = own.table("nsi")
        each = {key: _by_flavour(nsi, key, 1e3, 0.0) for key in ("up", "down", "electron")}
        nsi.finish()
        with nsi.place_said():
            charges.append(NSI(**each))
    if own.has("light_vector"):
        vector = own.table("light_vector")
        mass, coupling = vector.number("mass_MeV", at_least=0), _coupling(vector)
        if isinstance(vector.left.get("charges", ""), Mapping):
            given = vector.table("charges")
            fields: dict[str, Any] = {"neutrino": _by_flavour(given, "neutrino", 1e3)}
            names = ("up", "down", "electron")
            fields |= {name: given.number(name, 0.0, at_least=-1e3, at_most=1e3) for name in names}
            given.finish()
        else:
            fields = dict(CHARGES[vector.choice("charges", tuple(CHARGES), "universal")])
        vector.finish()
        charges.append(LightVector(mass, coupling, **fields))
    return charges


def _added(own: Table, form_factor: Any) -> list[Interaction]:
    """Return what flips the helicity, whose rate is added."""
    added: list[Interaction] = []
    if own.has("magnetic_moment"):
        moment = own.number("magnetic_moment", at_least=0, at_most=1)
        added.append(MagneticMoment(moment, form_factor))
    if own.has("light_scalar"):
        scalar = own.table("light_scalar")
        made = LightScalar(scalar.number("mass_MeV", at_least=0), _coupling(scalar))
        names = ("proton", "neutron", "electron")
        charges: dict[str, Any] = {name: scalar.number(name, getattr(made, name)) for name in names}
        scalar.finish()
        added.append(replace(made, form_factor=form_factor, **charges))
    if own.has("dipole_portal"):
        portal = own.table("dipole_portal")
        mass = portal.number("mass_MeV", at_least=0)
        moment = portal.number("moment", at_least=0, at_most=1)
        portal.finish()
        added.append(DipolePortal(mass, moment, form_factor))
    return added


def _coupling(own: Table) -> float:
    if own.one_of("coupling", "coupling_squared") == "coupling":
        return own.number("coupling", at_least=0, at_most=1e3)
    return math.sqrt(own.number("coupling_squared", at_least=0, at_most=1e6))


def _by_flavour(own: Table, key: str, most: float, default: float | None = None) -> Any:
    """Return a number for all flavours, one for each, or a matrix of them."""
    domain = {"at_least": -most, "at_most": most}
    given = own.left.get(key)
    if isinstance(given, Mapping):
        flavours = own.table(key)
        each = tuple(flavours.number(name, 0.0, **domain) for name in FLAVOURS)
        flavours.finish()
        return each
    if isinstance(given, list | tuple):
        rows = [Table({key: row}, own.place).numbers(key, **domain) for row in own.take(key)]
        if [len(row) for row in rows] != [3, 3, 3]:
            words = f"got {quoted(given)}; allowed: a number, a table by flavour, or a 3x3 matrix"
            raise own.refuse(f"{key}: {words}")
        return rows
    return own.number(key, default, **domain)
